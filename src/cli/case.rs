//! `sendeschluss case new`: a commented case file from the inputs, to be filled in by whoever knows the matter.
//! A file that is there is never overwritten. What stands in the draft is decided in `report/case_draft.rs`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};

use super::arguments::{CaseCommand, CaseNewArguments};
use super::exit::{self, Failure};
use super::progress::Bar;
use super::report::language;
use super::settings::prepare;
use super::summary::plain_line;
use crate::ingest::ingest;
use crate::report::case_draft::draft;

/// Runs the command.
///
/// # Errors
/// Wrong usage, or a case file that cannot be written.
pub fn run(command: &CaseCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let CaseCommand::New(arguments) = command;
    new(arguments, out)
}

fn new(arguments: &CaseNewArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    if let Some(path) = arguments.output.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(taken(path));
    }
    let prepared = prepare(&arguments.input)?;
    let bar = Bar::new(&arguments.input.talk);
    let ingested = ingest(&prepared.inputs, &prepared.unreadable, &prepared.case, &prepared.ingest, &bar)
        .map_err(Failure::usage)?;
    bar.finish();
    let program = concat!("sendeschluss ", env!("CARGO_PKG_VERSION"));
    let language = language(arguments.lang, prepared.case.matter.language);
    let text = draft(&ingested, &prepared.calendar, program, language).map_err(Failure::usage)?;
    match arguments.output.as_deref() {
        Some(path) => write_new(path, &text)?,
        None => out.write_all(text.as_bytes())?,
    }
    if !arguments.input.talk.quiet {
        if let Some(path) = &prepared.case_file {
            let path = plain_line(&path.display().to_string());
            tracing::warn!("the inputs were read with the case file {path}; the draft does not repeat what it says");
        }
        if let Some(path) = &arguments.output {
            writeln!(out, "Case file: {}", plain_line(&path.display().to_string()))?;
        }
    }
    Ok(if ingested.inputs.iter().any(|input| input.failed) { exit::UNREAD } else { exit::DONE })
}

/// Writes a file where none is; one that appeared in between stays as it is.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(taken(path)),
        Err(error) => {
            let what = format!("the case file {} cannot be written", path.display());
            return Err(Failure::unwritten(anyhow!(error).context(what)));
        }
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| path.display().to_string()).map_err(Failure::unwritten)
}

fn taken(path: &Path) -> Failure {
    Failure::unwritten(anyhow!("{} is there already and is not overwritten; name another file with -o", path.display()))
}
