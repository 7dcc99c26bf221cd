//! The command line: the only place that prints, reads arguments and the environment, or chooses an exit code.
//! Data goes to standard output, all else to standard error.
//! One file for each command below; what they have in common stands beside them.

// Printing is this module's work.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod case;
mod exit;
mod formats;
mod inspect;
mod plan;
mod progress;
mod report;
mod rules;
mod settings;
mod stats;
mod summary;

use std::ffi::OsString;
use std::io::{BufWriter, Write};

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use exit::Failure;

/// Runs the program with its arguments and gives the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap knows where each belongs.
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            let _ = error.print();
            return code;
        }
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let ended = dispatch(&arguments.command, &mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    match ended {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => exit::DONE,
        Err(failure) => {
            eprintln!("sendeschluss: {}", summary::plain(&failure.message()));
            failure.code
        }
    }
}

fn dispatch(command: &Command, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        Command::Report(arguments) => report::run(arguments, out),
        Command::Inspect(arguments) => inspect::run(arguments, out),
        Command::Plan(arguments) => plan::run(arguments, out),
        Command::Formats { command } => formats::run(command, out),
        Command::Rules { command } => rules::run(command, out),
        Command::Case { command } => case::run(command, out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "sendeschluss", &mut script);
            out.write_all(&script)?;
            Ok(exit::DONE)
        }
        Command::Man => {
            clap_mangen::Man::new(Arguments::command()).render(out)?;
            Ok(exit::DONE)
        }
    }
}
