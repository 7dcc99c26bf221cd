//! `sendeschluss formats`: which formats are known, what one says, whether a file of one's own is right, and a draft of one.
//! A user's own files lie in the configuration folder or are named by `--format`; both are used the same way.
//! What a format file may say stands in `ingest/formats/schema.rs`; reading with it is the library's work.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::arguments::FormatsCommand;
use super::exit::{self, Failure};
use super::summary::plain_line;
use crate::case::nearest;
use crate::ingest::formats::Catalogue;
use crate::ingest::learn;

/// Largest size that a packed file may unpack to when a format is drafted from it.
const LEARN_FROM_AT_MOST: u64 = 1 << 32;

/// The user's configuration folder; `None` without a home.
#[must_use]
pub fn configuration_folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
    base.map(|base| base.join("sendeschluss"))
}

/// The user's own format files: those of the configuration folder by name, then those named on the command line.
///
/// # Errors
/// When the configuration folder is there and cannot be listed.
pub fn own_files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if let Some(folder) = configuration_folder().map(|base| base.join("formats")).filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry.with_context(|| folder.display().to_string())?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.extend(named.iter().cloned());
    Ok(files)
}

/// Runs the command.
///
/// # Errors
/// A name or file that is none, or an output that cannot be written.
pub fn run(command: &FormatsCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let catalogue = || -> Result<Catalogue, Failure> {
        Catalogue::with_user_files(&own_files(&[]).map_err(Failure::usage)?).map_err(Failure::usage)
    };
    match command {
        FormatsCommand::List => {
            let catalogue = catalogue()?;
            let mut formats: Vec<_> = catalogue.formats().collect();
            formats.sort_by(|left, right| left.name.cmp(&right.name));
            for format in formats {
                writeln!(out, "{:<34} {:?}  {}", format.name, format.confidence, plain_line(&format.title))?;
            }
        }
        FormatsCommand::Show { name } => {
            let catalogue = catalogue()?;
            let names = || catalogue.formats().map(|format| format.name.as_str());
            let Some(format) = catalogue.get(name) else {
                let hint = nearest(name, names());
                return Err(Failure::usage(anyhow!("no format is called `{name}`{hint}")));
            };
            let text = Catalogue::text(format).with_context(|| format.file.clone()).map_err(Failure::usage)?;
            out.write_all(text.as_bytes())?;
        }
        FormatsCommand::Check { files } => {
            for file in files {
                Catalogue::with_user_files(std::slice::from_ref(file)).map_err(Failure::usage)?;
                writeln!(out, "{}: right", plain_line(&file.display().to_string()))?;
            }
        }
        FormatsCommand::Learn { file } => {
            let draft = learn::draft(file, LEARN_FROM_AT_MOST);
            let draft = draft.with_context(|| file.display().to_string()).map_err(Failure::usage)?;
            out.write_all(draft.as_bytes())?;
        }
    }
    Ok(exit::DONE)
}
