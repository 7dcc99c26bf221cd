//! Dumps of databases as SQL text: statements that make tables hold no messages and are ignored, each told as such.
//! A dump with rows is not read: it must first be made a database again.
//! Nothing here runs or understands SQL beyond the words that begin a statement.

use super::FileRead;
use super::batch::Batch;
use super::context::FileContext;
use super::open::sha256;
use super::scan::Source;
use crate::message::Place;

/// Name in `inputs.csv`.
pub const FORMAT: &str = "sql-dump";

const SCHEMA: &str = "statement of a database schema; it holds no rows";
const ROWS: &str = "rows in an SQL dump are not read; load it into SQLite and give the database";

/// Whether a text is such a dump, 0 to 100.
#[must_use]
pub fn recognise(sample: &str) -> u8 {
    let first = sample.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("--"));
    let begins = first.is_some_and(|line| {
        ["create ", "pragma ", "begin", "insert ", "drop ", "set "].iter().any(|word| starts(line, word))
    });
    if begins && sample.lines().any(is_schema) { 95 } else { 0 }
}

fn starts(line: &str, word: &str) -> bool {
    line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

fn is_schema(line: &str) -> bool {
    ["create table", "create index", "create unique index", "create view", "create trigger", "create virtual table"]
        .iter()
        .any(|word| starts(line, word))
}

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let mut raw = Vec::new();
    source.read_to_end(&mut raw)?;
    progress(raw.len() as u64);
    let mut batch = Batch::new(file);
    let mut offset = 0;
    for (number, line) in (1_u32..).zip(raw.split_inclusive(|byte| *byte == b'\n')) {
        let text = String::from_utf8_lossy(line);
        let place = Place { record: batch.records + 1, line: number, offset, length: line.len() as u32 };
        if is_schema(&text) {
            batch.ignore(SCHEMA);
        } else if starts(&text, "insert ") || starts(&text, "copy ") {
            batch.reject(place, ROWS, line);
        }
        offset += line.len() as u64;
    }
    batch.close();
    let sha256 = Some(sha256(&raw));
    Ok(FileRead { batches: vec![batch], sha256, hashed: raw.len() as u64, date_order: None })
}
