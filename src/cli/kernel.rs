//! `sendeschluss kernel`: one stage as a process, streams on standard input and output.
//! Nothing but the stream goes to standard output; what goes wrong is told on standard error.
//! The kernels themselves live in the library.

use std::io::Write;
use std::path::Path;

use anyhow::anyhow;

use super::arguments::{
    ContentArguments, GatherArguments, InputArguments, InputsArguments, KernelCommand, TablesArguments,
};
use super::exit::{self, Failure};
use super::progress::Bar;
use super::report::detection_with_text;
use super::settings::{self, Prepared, prepare, prepare_listed};
use crate::ingest::Wanted;
use crate::kernel::{self, Gather, KernelError, Layout, Tables, check_version};

/// Runs the command.
///
/// # Errors
/// When a stream, a setting or a work folder is not right.
pub fn run(command: &KernelCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    check_version(command.version()).map_err(failure)?;
    match command {
        KernelCommand::Schemas => {
            let contract = kernel::schema::contract().map_err(Failure::usage)?;
            writeln!(out, "{contract}")?;
        }
        KernelCommand::Inputs(InputsArguments { input, .. }) => {
            let prepared = prepare(input)?;
            kernel::inputs(&prepared.inputs, out).map_err(failure)?;
        }
        KernelCommand::Ingest(InputsArguments { input, .. }) => {
            let prepared = without_inputs(input)?;
            let how = (&prepared.case, &prepared.ingest);
            let stdin = std::io::stdin().lock();
            kernel::ingest(how, &Bar::new(&input.talk), stdin, out).map_err(failure)?;
        }
        KernelCommand::Gather(arguments) => gather(arguments, out)?,
        KernelCommand::Marks(arguments) => {
            let tables = tables(arguments)?;
            kernel::marks(&tables, std::io::stdin().lock(), out).map_err(failure)?;
        }
        KernelCommand::Bursts(arguments) => {
            let tables = tables(arguments)?;
            kernel::bursts(&tables, std::io::stdin().lock(), out).map_err(failure)?;
        }
        KernelCommand::Content(arguments) => content(arguments, out)?,
        KernelCommand::Campaigns(arguments) => {
            let tables = tables(arguments)?;
            kernel::campaigns(&tables, std::io::stdin().lock(), out).map_err(failure)?;
        }
    }
    Ok(exit::DONE)
}

/// An error of a kernel with the code it ends in: what engines hand over wrongly is wrong usage.
pub fn failure(error: KernelError) -> Failure {
    match error {
        KernelError::Io { .. } | KernelError::Parquet { .. } => Failure::unwritten(error),
        KernelError::Arrow(arrow_schema::ArrowError::IoError(_, source)) => Failure::from(source),
        _ => Failure::usage(error),
    }
}

/// What is to be gathered, or was, in a work folder.
pub fn gather_of<'a>(prepared: &'a Prepared, work: &'a Path, wanted: Wanted) -> Gather<'a> {
    let Prepared { inputs, unreadable, case, ingest: settings, .. } = prepared;
    Gather { work, inputs, unreadable, case, settings, wanted }
}

fn tables(arguments: &TablesArguments) -> Result<Tables, Failure> {
    settings::threads(arguments.threads).map_err(Failure::usage)?;
    Tables::read(&arguments.tables).map_err(failure)
}

/// The inputs come in a stream; what a settings file says of them is meant for others.
fn without_inputs(arguments: &InputArguments) -> Result<Prepared, Failure> {
    let arguments = InputArguments { inputs: Vec::new(), ..arguments.clone() };
    prepare_listed(&arguments, Vec::new(), Vec::new())
}

fn content(arguments: &ContentArguments, out: &mut dyn Write) -> Result<(), Failure> {
    settings::threads(arguments.threads).map_err(Failure::usage)?;
    let stdin = std::io::stdin().lock();
    match &arguments.tables {
        Some(path) if arguments.join => {
            let tables = Tables::read(path).map_err(failure)?;
            kernel::join(&tables, stdin, out).map_err(failure)
        }
        None if arguments.join => Err(Failure::usage(anyhow!("--join needs --tables"))),
        _ => kernel::edges(stdin, out).map_err(failure),
    }
}

fn gather(arguments: &GatherArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let prepared = prepare(&arguments.input)?;
    let period = settings::period(&arguments.since, &arguments.until, &prepared.calendar).map_err(Failure::usage)?;
    let mut files = Vec::new();
    let detectors = arguments.detectors.as_deref();
    let (detection, detectors) = detection_with_text(detectors, None, &mut files).map_err(Failure::usage)?;
    let gather = gather_of(&prepared, &arguments.work, Wanted::between(period.0, period.1));
    let slice_rows = arguments.slice_rows;
    let layout = Layout { detection: &detection, detectors: detectors.as_deref(), slice_rows };
    let messages = gather.lay_out(layout).map_err(failure)?;
    if !arguments.input.talk.quiet {
        writeln!(out, "{messages} messages laid out in {}", arguments.work.display())?;
    }
    Ok(())
}
