//! `--stats`: what each stage took, in seconds and bytes, what it left in memory, and the peak so far.
//! Figures of this machine and this run; they go to standard error and never into a report.
//! Benchmarks proper live in `benches/`.

use std::io::Write;
use std::time::Instant;

use super::memory;

/// What one stage took.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    seconds: f64,
    /// KiB in use at its end.
    held: Option<u64>,
    /// Most KiB in use until its end.
    peak: Option<u64>,
}

/// Stages done so far.
#[derive(Debug)]
pub struct Stats {
    wanted: bool,
    since: Instant,
    stages: Vec<Stage>,
}

impl Stats {
    /// A clock that starts now.
    #[must_use]
    pub fn new(wanted: bool) -> Self {
        Self { wanted, since: Instant::now(), stages: Vec::new() }
    }

    /// Ends a stage.
    pub fn done(&mut self, stage: &'static str) {
        let seconds = self.since.elapsed().as_secs_f64();
        tracing::info!(stage, seconds, "done");
        self.stages.push(Stage { name: stage, seconds, held: memory::held(), peak: memory::peak() });
        self.since = Instant::now();
    }

    /// Prints the table, if it is wanted.
    ///
    /// # Errors
    /// When printing fails.
    pub fn print(&self, bytes: u64, messages: u64, out: &mut dyn Write) -> std::io::Result<()> {
        if !self.wanted {
            return Ok(());
        }
        writeln!(out, "{:<12} {:>9} {:>14} {:>14}", "stage", "seconds", "memory held", "peak memory")?;
        for Stage { name, seconds, held, peak } in &self.stages {
            writeln!(out, "{name:<12} {seconds:>9.3} {:>14} {:>14}", mebibytes(*held), mebibytes(*peak))?;
        }
        let total: f64 = self.stages.iter().map(|stage| stage.seconds).sum();
        let rate = |count: u64| if total > 0.0 { count as f64 / total } else { 0.0 };
        writeln!(out, "{:<12} {total:>9.3} {:>14} {:>14}", "all", "", mebibytes(memory::peak()))?;
        writeln!(out, "{bytes} bytes, {:.1} MB/s; {messages} messages, {:.0}/s", rate(bytes) / 1e6, rate(messages))
    }
}

fn mebibytes(kib: Option<u64>) -> String {
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0))
}
