//! Makes sample data: the made-up matter that ships in `data/samples`, and logs of any size for
//! benchmarks.
//!
//! Everything comes from a seed and nothing from the clock, so the same arguments give the same
//! bytes on every machine. Only the standard library is used: the generator must not share a line
//! with the program it tests, or both would make the same mistake.

mod calendar;
mod chat;
mod editions;
mod envelope;
mod json;
mod log;
mod newsletter;
mod numbers;
mod oracle;
mod papers;
mod random;
mod shapes;
mod truth;
mod webhooks;
mod words;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage:
  generate samples DIR [TRUTH.json]
      writes the made-up matter into DIR, and what a correct reading of it must find
  generate log --messages N --seed S --shape csv|meta|chat [--out FILE]
      writes a log of N messages to FILE, or to the standard output";

/// The samples are one fixed matter; another seed would be another matter with other truths.
const SAMPLES_SEED: u64 = 20_191_207;

/// Large enough that a log of ten million rows costs a few thousand writes.
const OUTPUT_BUFFER: usize = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["samples", directory] => write_samples(Path::new(directory), None),
        ["samples", directory, truth] => write_samples(Path::new(directory), Some(Path::new(truth))),
        ["log", options @ ..] => write_log(options),
        _ => Err(wrong_usage("a command is missing or unknown")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even the standard error is closed.
            let _ = writeln!(io::stderr(), "generate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_samples(directory: &Path, truth_file: Option<&Path>) -> io::Result<()> {
    let newsletter = newsletter::Newsletter::new(SAMPLES_SEED);
    let webhooks = webhooks::Webhooks::new(SAMPLES_SEED);
    let truth = truth::Truth::new(&newsletter, &webhooks);

    fs::create_dir_all(directory).map_err(|error| at(directory, error))?;
    write_file(&directory.join(newsletter::FILE), &newsletter.csv())?;
    write_file(&directory.join(webhooks::FILE), &webhooks.json_lines())?;
    write_file(&directory.join(chat::FILE), chat::TEXT)?;
    write_file(&directory.join("case.toml"), &papers::case_file())?;
    write_file(&directory.join("README.md"), &papers::readme(&truth))?;

    let json = truth.json();
    match truth_file {
        Some(path) => write_file(path, &json),
        None => io::stdout().write_all(json.as_bytes()),
    }
}

fn write_log(options: &[&str]) -> io::Result<()> {
    let mut messages = None;
    let mut seed = None;
    let mut shape = None;
    let mut out = None;
    for pair in options.chunks(2) {
        let [name, value] = pair else {
            return Err(wrong_usage(&format!("{} needs a value", pair[0])));
        };
        match *name {
            "--messages" => messages = Some(whole_number(name, value)?),
            "--seed" => seed = Some(whole_number(name, value)?),
            "--shape" => shape = Some(*value),
            "--out" => out = Some(Path::new(*value)),
            _ => return Err(wrong_usage(&format!("{name} is no option"))),
        }
    }
    let (Some(messages), Some(seed), Some(shape)) = (messages, seed, shape) else {
        return Err(wrong_usage("log needs --messages, --seed and --shape"));
    };
    let write: fn(u64, u64, &mut dyn Write) -> io::Result<()> = match shape {
        "csv" => shapes::csv,
        "meta" => shapes::meta,
        "chat" => shapes::chat,
        _ => return Err(wrong_usage(&format!("{shape} is no shape"))),
    };
    match out {
        Some(path) => {
            let file = File::create(path).map_err(|error| at(path, error))?;
            let mut output = BufWriter::with_capacity(OUTPUT_BUFFER, file);
            write(messages, seed, &mut output).and_then(|()| output.flush()).map_err(|error| at(path, error))
        }
        None => {
            let mut output = BufWriter::with_capacity(OUTPUT_BUFFER, io::stdout().lock());
            write(messages, seed, &mut output)?;
            output.flush()
        }
    }
}

fn write_file(path: &Path, content: &str) -> io::Result<()> {
    fs::write(path, content).map_err(|error| at(path, error))
}

fn whole_number(name: &str, value: &str) -> io::Result<u64> {
    // 10_000_000 reads better than 10000000.
    value.replace('_', "").parse().map_err(|_| wrong_usage(&format!("{name} takes a whole number, not {value}")))
}

/// Says which file an error is about: the bare error of the system does not.
fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn wrong_usage(complaint: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{complaint}\n{USAGE}"))
}
