//! The command line: the only place that prints, reads arguments and the environment, or chooses an exit code.
//! Data goes to standard output, all else to standard error.
//! One file for each command below; what they have in common stands beside them.

// Printing is this module's work.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod again;
mod arguments;
mod case;
mod compare;
mod config;
mod exit;
mod explain;
mod formats;
mod import;
mod inspect;
mod kernel;
mod layers;
mod ledger;
mod log;
mod memory;
mod plan;
mod progress;
mod report;
mod rules;
mod run;
mod settings;
mod stats;
mod stop;
mod summary;
mod trace;
mod verify;
mod words;

use std::ffi::OsString;
use std::io::{BufWriter, Write};

use arguments::Command;
use exit::Failure;
use layers::{Call, LayerError};

#[cfg(target_os = "linux")]
pub use memory::Memory;

/// Runs the program with its arguments and gives the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let call = match layers::read(arguments, std::env::vars_os()) {
        Ok(call) => call,
        Err(LayerError::Clap(error)) => {
            // Help and version are no errors; clap knows where each belongs.
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            let _ = error.print();
            return code;
        }
        Err(error) => {
            // Without settings nobody has said how the log is wanted.
            log::begin(None);
            tracing::error!("{}", summary::plain(&error.to_string()));
            return exit::USAGE;
        }
    };
    log::begin(call.arguments.command.talk());
    memory::give_memory_back();
    stop::guarded(move || work(&call))
}

fn work(call: &Call) -> u8 {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let ended = dispatch(call, &mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    match ended {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => exit::DONE,
        Err(failure) => {
            tracing::error!("{}", summary::plain(&failure.message()));
            failure.code
        }
    }
}

fn dispatch(call: &Call, out: &mut dyn Write) -> Result<u8, Failure> {
    match &call.arguments.command {
        Command::Report(arguments) => report::run(arguments, &call.settings, out),
        Command::Run(arguments) => run::run(arguments, &call.settings, out),
        Command::Inspect(arguments) => inspect::run(arguments, out),
        Command::Import(arguments) => import::run(arguments, &call.settings, out),
        Command::Ledger { command } => ledger::run(command, out),
        Command::Plan(arguments) => plan::run(arguments, &call.settings, out),
        Command::Compare(arguments) => compare::run(arguments, out),
        Command::Trace(arguments) => trace::run(arguments, out),
        Command::Explain(arguments) => explain::run(arguments, out),
        Command::Formats { command } => formats::run(command, out),
        Command::Rules { command } => rules::run(command, out),
        Command::Case { command } => case::run(command, out),
        Command::Verify(arguments) => verify::run(arguments, out),
        Command::Kernel { command } => kernel::run(command, out),
        Command::Config { command } => config::run(command, &call.settings, out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut layers::command(), "sendeschluss", &mut script);
            out.write_all(&script)?;
            Ok(exit::DONE)
        }
        Command::Man { to: None } => {
            clap_mangen::Man::new(layers::command()).render(out)?;
            Ok(exit::DONE)
        }
        Command::Man { to: Some(folder) } => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(layers::command(), folder)?;
            Ok(exit::DONE)
        }
    }
}
