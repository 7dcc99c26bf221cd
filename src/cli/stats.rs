//! `--stats`: what each stage took, in seconds and bytes, and the peak of memory after it.
//! Figures of this machine and this run; they go to standard error and never into a report.
//! Benchmarks proper live in `benches/`.

use std::io::Write;
use std::time::Instant;

/// Stages done so far.
#[derive(Debug)]
pub struct Stats {
    wanted: bool,
    since: Instant,
    stages: Vec<(&'static str, f64, Option<u64>)>,
}

impl Stats {
    /// A clock that starts now.
    #[must_use]
    pub fn new(wanted: bool) -> Self {
        Self { wanted, since: Instant::now(), stages: Vec::new() }
    }

    /// Ends a stage.
    pub fn done(&mut self, stage: &'static str) {
        self.stages.push((stage, self.since.elapsed().as_secs_f64(), peak_memory()));
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
        writeln!(out, "{:<12} {:>9} {:>14}", "stage", "seconds", "peak memory")?;
        for (stage, seconds, peak) in &self.stages {
            writeln!(out, "{stage:<12} {seconds:>9.3} {:>14}", memory(*peak))?;
        }
        let total: f64 = self.stages.iter().map(|(_, seconds, _)| seconds).sum();
        let rate = |count: u64| if total > 0.0 { count as f64 / total } else { 0.0 };
        writeln!(out, "{:<12} {total:>9.3} {:>14}", "all", memory(peak_memory()))?;
        writeln!(out, "{bytes} bytes, {:.1} MB/s; {messages} messages, {:.0}/s", rate(bytes) / 1e6, rate(messages))
    }
}

fn memory(peak: Option<u64>) -> String {
    peak.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0))
}

/// Peak resident memory of this process in KiB, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
