//! The labelled benchmark of detection: makes logs of hostile and innocent senders with the truth of every message,
//! lets the program read them, and scores what it found by `messages.parquet` alone. Nothing of the program is used
//! but its output, and what a seed holds is decided by the seed alone.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for people at a terminal, over data of its own"
)]

#[path = "../generate/calendar.rs"]
#[allow(dead_code)]
mod calendar;
mod hostile;
mod innocent;
mod messages;
#[path = "../generate/random.rs"]
mod random;
mod score;
mod texts;
mod world;

use std::path::Path;
use std::process::{Command, ExitCode};

const USAGE: &str = "usage:
  detection generate --seed S --out DIR
      writes DIR/logs/*.csv and DIR/truth.csv
  detection score --truth truth.csv --messages messages.parquet
      prints precision, recall and F1 by kind, and whether campaigns stay whole and apart
  detection run --program PATH --seeds FIRST-LAST
      does both for each seed, with the program between, and prints one table over all seeds";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["generate", "--seed", seed, "--out", directory] => {
            number(seed).and_then(|seed| generate(seed, Path::new(directory)))
        }
        ["score", "--truth", truth, "--messages", parquet] => {
            let mut score = score::Score::default();
            score.add(Path::new(truth), Path::new(parquet)).map(|()| println!("{score}"))
        }
        ["run", "--program", program, "--seeds", seeds] => run(Path::new(program), seeds),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("detection: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no whole number"))
}

fn generate(seed: u64, directory: &Path) -> Result<(), String> {
    let texts = texts::Texts::load();
    let mut world = world::World::new(seed);
    hostile::all(&mut world, &texts);
    innocent::all(&mut world, &texts);
    messages::write(directory, world.lines).map_err(|error| format!("{}: {error}", directory.display()))
}

fn run(program: &Path, seeds: &str) -> Result<(), String> {
    let (first, last) = seeds.split_once('-').ok_or("--seeds wants FIRST-LAST")?;
    let mut score = score::Score::default();
    for seed in number(first)?..=number(last)? {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        generate(seed, folder.path())?;
        let report = folder.path().join("report");
        let done = Command::new(program)
            .arg("report")
            .arg(folder.path().join("logs"))
            .args(["--write", "csv", "--with-messages", "-q", "--key"])
            .arg(folder.path().join("key"))
            .arg("-o")
            .arg(&report)
            .output()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        if !matches!(done.status.code(), Some(0 | 1)) {
            return Err(format!("seed {seed}: {}\n{}", done.status, String::from_utf8_lossy(&done.stderr)));
        }
        score.add(&folder.path().join("truth.csv"), &report.join("messages.parquet"))?;
    }
    println!("{score}");
    score.verdict()
}
