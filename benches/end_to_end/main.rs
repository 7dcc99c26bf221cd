//! The main job from end to end on a log of a million messages, stage by stage, through the library.
//! A plain program: one run takes seconds, so a few runs and their median say enough.
//! `cargo bench --bench end_to_end -- --messages 1_000_000 --runs 5 --threads 2`; all three may be left out.

#[allow(dead_code, reason = "the generator dates its samples with more than is needed here")]
#[path = "../generate/calendar.rs"]
mod calendar;
#[path = "../generate/log.rs"]
mod log;
#[allow(dead_code, reason = "the generator draws its samples with more than is needed here")]
#[path = "../generate/random.rs"]
mod random;
#[allow(dead_code, reason = "of the shapes only the CSV is needed here")]
#[path = "../generate/shapes.rs"]
mod shapes;
#[path = "../generate/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use sendeschluss::assess::{Calendar, Grounds, Pack, Wording, assess};
use sendeschluss::case::{Case, Language};
use sendeschluss::detect::{self, detect};
use sendeschluss::ingest::{self, NoProgress, ingest, inputs};
use sendeschluss::report::evidence::Extent;
use sendeschluss::report::{KEY_BYTES, Kind, ReportInput, Shown, write};

/// The seed of the log.
const SEED: u64 = 7;
/// What each run is timed in, in this order.
const STAGES: [&str; 4] = ["ingest", "detect", "assess", "report"];
/// As `--evidence` has it by default.
const EVIDENCE: usize = 10_000;

/// What the command line asks for.
struct Wanted {
    messages: u64,
    runs: usize,
    threads: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = wanted()?;
    rayon::ThreadPoolBuilder::new().num_threads(wanted.threads).build_global()?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log.csv");
    let bytes = generate(&log, wanted.messages)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} messages, {:.1} MB, {} threads, {} runs",
        wanted.messages,
        bytes as f64 / 1e6,
        wanted.threads,
        wanted.runs
    )?;
    let mut runs = Vec::with_capacity(wanted.runs);
    for number in 1..=wanted.runs {
        let seconds = run(&log, &folder.path().join("report"), &wanted)?;
        writeln!(out, "run {number}: {:.3} s", seconds.iter().sum::<f64>())?;
        runs.push(seconds);
    }
    writeln!(out, "\n{:<8} {:>9} {:>9} {:>13}", "median", "seconds", "MB/s", "messages/s")?;
    let stages = STAGES
        .iter()
        .enumerate()
        .map(|(stage, name)| (*name, median(runs.iter().filter_map(|seconds| seconds.get(stage)).copied().collect())));
    let whole = median(runs.iter().map(|seconds| seconds.iter().sum()).collect());
    for (name, seconds) in stages.chain([("all", whole)]) {
        let rate = |count: u64| count as f64 / seconds.max(f64::MIN_POSITIVE);
        writeln!(out, "{name:<8} {seconds:>9.3} {:>9.1} {:>13.0}", rate(bytes) / 1e6, rate(wanted.messages))?;
    }
    Ok(())
}

/// Reads the arguments; `--bench` comes from cargo.
fn wanted() -> Result<Wanted, Box<dyn Error>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wanted = Wanted { messages: 1_000_000, runs: 5, threads };
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?.replace('_', "");
        match name.as_str() {
            "--messages" => wanted.messages = value.parse()?,
            "--runs" => wanted.runs = value.parse()?,
            "--threads" => wanted.threads = value.parse()?,
            _ => return Err(format!("{name} is no option; known are --messages, --runs and --threads").into()),
        }
    }
    if wanted.runs == 0 || wanted.threads == 0 {
        return Err("at least one run and one thread are needed".into());
    }
    Ok(wanted)
}

/// Writes the log and gives its size.
fn generate(path: &Path, messages: u64) -> io::Result<u64> {
    let mut output = BufWriter::with_capacity(1 << 20, File::create(path)?);
    shapes::csv(messages, SEED, &mut output)?;
    output.flush()?;
    Ok(std::fs::metadata(path)?.len())
}

/// One run of the main job: the seconds of each stage.
fn run(log: &Path, target: &Path, wanted: &Wanted) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut clock = Stopwatch::start();
    let case = Case::default();
    let settings = ingest::Settings {
        timezone: None,
        date_order: None,
        max_unpacked: u64::MAX,
        threads: wanted.threads,
        formats: Vec::new(),
    };
    let (inputs, unreadable) = inputs::list(&[PathBuf::from(log)], None)?;
    let ingested = ingest(&inputs, &unreadable, &case, &settings, &NoProgress)?;
    if ingested.messages.columns.len() as u64 != wanted.messages {
        return Err(format!("{} messages read of {}", ingested.messages.columns.len(), wanted.messages).into());
    }
    clock.lap();

    let detection = detect::Settings::load()?;
    let activity = detect(&ingested.messages, &detection);
    clock.lap();

    let packs = Pack::load_all(&detection.detectors, &[])?;
    let wording = Wording::load()?;
    let calendar = Calendar::named("UTC")?;
    let assessment = assess(Grounds {
        messages: &ingested.messages,
        consents: &ingested.consents,
        activity: &activity,
        detectors: &detection.detectors,
        run_gap_ms: detection.run.milliseconds,
        case: &case,
        packs: &packs,
        wording: &wording,
        calendar: &calendar,
        as_of: None,
    });
    clock.lap();

    let kinds = BTreeSet::from([Kind::Csv, Kind::Json, Kind::Html]);
    let report = ReportInput {
        program: "sendeschluss".to_owned(),
        ingested: &ingested,
        detection: &detection,
        activity: &activity,
        case: &case,
        case_sha256: String::new(),
        packs: &packs,
        assessment: &assessment,
        calendar: &calendar,
        language: Language::En,
        shown: &Shown::Pseudonyms([7; KEY_BYTES]),
        evidence: Extent::First(EVIDENCE),
        max_unpacked: u64::MAX,
        settings: &[],
        files: &[],
        timestamp_request: false,
        write: &kinds,
        with_messages: false,
        load_file: false,
        reidentify: None,
        #[cfg(feature = "pdf")]
        annex: sendeschluss::report::annex::Form::default(),
        progress: &NoProgress,
    };
    write(&report, target)?;
    clock.lap();
    Ok(clock.laps)
}

/// Seconds from one lap to the next.
struct Stopwatch {
    since: Instant,
    laps: Vec<f64>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { since: Instant::now(), laps: Vec::with_capacity(STAGES.len()) }
    }

    fn lap(&mut self) {
        self.laps.push(self.since.elapsed().as_secs_f64());
        self.since = Instant::now();
    }
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or_default();
    let lower = values.len().checked_sub(1).and_then(|last| values.get(last / 2)).copied().unwrap_or(upper);
    (upper + lower) / 2.0
}
