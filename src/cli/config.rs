//! `sendeschluss config`: which settings are in force and where each came from; whether a settings file is right.
//! What is printed has the form of a settings file, so that it can become one.
//! How the layers outweigh each other stands in `layers`.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::arguments::{Command, ConfigCommand, ShowArguments};
use super::exit::{self, Failure};
use super::layers::{self, Origin, Setting};
use super::report::Recipe;
use super::summary::plain_line;
use crate::assess::Calendar;
use crate::case::Case;
use crate::ingest::formats::Catalogue;
use crate::message::DEFAULT_ZONE;

/// A setting as programs get it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    values: &'a [String],
    origin: &'static str,
    place: String,
}

/// Runs the command.
///
/// # Errors
/// A settings file that is not right, or an output that cannot be written.
pub fn run(command: &ConfigCommand, settings: &[Setting], out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Show(arguments) => show(arguments, settings, out)?,
        ConfigCommand::Check { file } => {
            check(file).map_err(Failure::usage)?;
            writeln!(out, "{}: right", plain_line(&file.display().to_string()))?;
        }
    }
    Ok(exit::DONE)
}

fn show(arguments: &ShowArguments, settings: &[Setting], out: &mut dyn Write) -> Result<(), Failure> {
    if arguments.json {
        let rows: Vec<Row<'_>> = settings
            .iter()
            .map(|setting| Row {
                name: &setting.name,
                values: &setting.values,
                origin: setting.origin.kind(),
                place: setting.origin.place(),
            })
            .collect();
        serde_json::to_writer_pretty(&mut *out, &rows).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    let lines: Vec<String> = settings.iter().map(line).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    for (line, setting) in lines.iter().zip(settings) {
        if !arguments.origin {
            writeln!(out, "{line}")?;
            continue;
        }
        let origin = match &setting.origin {
            Origin::Default | Origin::Flag => setting.origin.kind().to_owned(),
            Origin::File(..) => setting.origin.place(),
            Origin::Environment(_) => format!("environment {}", setting.origin.place()),
        };
        let pad = " ".repeat(width.saturating_sub(line.chars().count()));
        writeln!(out, "{line}{pad}  # {}", plain_line(&origin))?;
    }
    Ok(())
}

/// A setting as a line of a settings file; what is not set is a comment.
fn line(setting: &Setting) -> String {
    let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
    let one = |text: &String| match text.as_str() {
        "true" | "false" => text.clone(),
        _ if text.parse::<u32>().is_ok() => text.clone(),
        _ => quoted(text),
    };
    match setting.values.as_slice() {
        [] => format!("# {} is not set", setting.name),
        values if setting.many => {
            format!("{} = [{}]", setting.name, values.iter().map(quoted).collect::<Vec<_>>().join(", "))
        }
        [value, ..] => format!("{} = {}", setting.name, one(value)),
    }
}

/// Checks a settings file, and the files that it names.
fn check(file: &Path) -> anyhow::Result<()> {
    let call = layers::read_file_alone(file)?;
    let Command::Report(arguments) = &call.arguments.command else { return Ok(()) };
    let calendar = Calendar::named(arguments.input.timezone.as_deref().unwrap_or(DEFAULT_ZONE))?;
    let inside = || file.display().to_string();
    Recipe::new(arguments, &calendar, None).with_context(inside)?;
    if let Some(case) = &arguments.input.case {
        Case::load(case).with_context(|| case.display().to_string()).with_context(inside)?;
    }
    Catalogue::with_user_files(&arguments.input.format).with_context(inside)?;
    Ok(())
}
