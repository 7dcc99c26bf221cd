//! `reidentification.csv`: which pseudonym stands for whom. Written with the sealed twin only, and in a folder apart,
//! so that handing on a report never hands on the way back to the persons in it.
//! The pseudonyms are those of the report under the matter's key.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use csv::{Terminator, WriterBuilder};
use tempfile::NamedTempFile;

use super::guard::Guard;
use super::{ReportError, Shown};
use crate::message::Messages;

/// The file.
pub const FILE: &str = "reidentification.csv";

/// The folder beside a report in which it lies.
#[must_use]
pub fn folder(report: &Path) -> PathBuf {
    let name = report.file_name().map_or_else(|| "report".to_owned(), |name| name.to_string_lossy().into_owned());
    report.with_file_name(format!("{name}-reidentification"))
}

/// Writes the file whole or not at all, readable by its owner only.
///
/// # Errors
/// When it cannot be written.
pub fn write(messages: &Messages, shown: &Shown, report: &Path) -> Result<(), ReportError> {
    let mut rows: BTreeMap<(&str, String), String> = BTreeMap::new();
    for index in 0..messages.recipients.address.len() {
        let address = messages.recipients.address.get(index);
        rows.insert(("recipient", shown.address(address)), address.to_owned());
    }
    for row in 0..messages.columns.len() {
        let (id, masked) = (messages.message_id(row), shown.message_id(messages, row));
        if id != masked {
            rows.insert(("message_id", masked), id);
        }
    }
    let folder = folder(report);
    fs::create_dir_all(&folder)?;
    let file = NamedTempFile::new_in(&folder)?;
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BufWriter::new(file.as_file()));
    csv.write_record(["kind", "pseudonym", "in_clear"])?;
    for ((kind, pseudonym), clear) in &rows {
        csv.write_record([kind, pseudonym.as_str(), &Guard::Formulas.apply(clear)])?;
    }
    csv.flush()?;
    drop(csv);
    file.persist(folder.join(FILE)).map_err(|error| error.error)?;
    Ok(())
}
