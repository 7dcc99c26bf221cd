//! Tables whose cells have no place in a file: sheets of workbooks, Parquet, Arrow. Each becomes text of one fixed form,
//! its rows in order, cells joined by U+001F, and is then read as any delimited text is.
//! That text is what offsets count in and what `record_sha256` is taken over; row numbers are those of the table.

pub mod frames;
mod own;
mod stated;
pub mod workbook;

use std::borrow::Cow;
use std::io::Cursor;

use super::batch::Batch;
use super::context::FileContext;
use super::delimited::{self, Recognised};
use super::mapping::MapError;
use super::open::{Body, Opened, Packing, SAMPLE_BYTES, sha256};
use super::{InputFile, describe_mapping, whole_file_reject};

/// Stands between the cells of a row.
pub const CELLS: u8 = 0x1F;
/// Rows kept for finding the mapping.
const SAMPLE_ROWS: usize = 1000;
/// Rows among which the header is looked for.
const HEADER_WITHIN: usize = 20;
/// Rows that a header is tried with.
const TRIAL_ROWS: usize = 300;
/// Most cells, empty ones too, of one table.
const CELLS_AT_MOST: u64 = 1 << 30;

/// A table as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it was: a word for `inputs.csv`.
    pub format: &'static str,
    /// Rows, each ended by a line feed; cells joined by [`CELLS`], quoted as in RFC 4180 where that is needed.
    pub text: Vec<u8>,
    /// Row of the table that each row of the text is.
    pub rows: Vec<u32>,
    /// Columns of every row.
    pub columns: usize,
    /// The first rows, cell by cell.
    sample: Vec<Vec<String>>,
    /// Where the first rows begin in the text.
    starts: Vec<usize>,
    /// Things to be told of it.
    pub notes: Vec<String>,
}

impl Table {
    fn new(format: &'static str, columns: usize) -> Self {
        Self { format, columns, ..Self::default() }
    }

    /// Adds a row. Cells that are missing are empty.
    fn push<'v>(&mut self, row: u32, cells: impl Iterator<Item = Cow<'v, str>>) {
        let sampled = self.sample.len() < SAMPLE_ROWS;
        let mut kept = Vec::new();
        if sampled {
            self.starts.push(self.text.len());
        }
        let mut written = 0;
        for cell in cells.take(self.columns) {
            if written > 0 {
                self.text.push(CELLS);
            }
            written += 1;
            if memchr::memchr3(b'"', b'\n', b'\r', cell.as_bytes()).is_some() || cell.as_bytes().contains(&CELLS) {
                self.text.push(b'"');
                self.text.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
                self.text.push(b'"');
            } else {
                self.text.extend_from_slice(cell.as_bytes());
            }
            if sampled {
                kept.push(cell.into_owned());
            }
        }
        for _ in written.max(1)..self.columns {
            self.text.push(CELLS);
        }
        self.text.push(b'\n');
        self.rows.push(row);
        if sampled {
            kept.resize(self.columns, String::new());
            self.sample.push(kept);
        }
    }
}

/// Whether a table of so many rows and columns is refused.
fn too_many_cells(rows: u64, columns: u64) -> Option<String> {
    let cells = rows.saturating_mul(columns);
    (cells > CELLS_AT_MOST).then(|| format!("has {rows} rows of {columns} columns, more than are read"))
}

/// A number as its digits: telephone numbers and ids come as floats, and no float is written with an exponent.
fn digits(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e18 { format!("{}", number as i64) } else { number.to_string() }
}

/// Where the header stands, and the mapping that it gives. Titles above a header are no records.
fn recognise(file: &FileContext<'_>, table: &Table) -> Result<(usize, Recognised), MapError> {
    let filled = |row: &[String]| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let mut best: Option<((u8, usize), usize, Recognised)> = None;
    let mut first = None;
    for at in 0..table.sample.len().min(HEADER_WITHIN) {
        let rows = table.sample.get(at..(at + TRIAL_ROWS).min(table.sample.len())).unwrap_or_default();
        if at > 0 && rows.first().is_none_or(|row| filled(row) < 2) {
            continue;
        }
        let skip = table.starts.get(at).copied().unwrap_or(0);
        let found = delimited::recognise_rows(&file.context.delimited, rows, table.columns, CELLS, skip);
        match found {
            Ok(recognised) if recognised.mapping.header => {
                let score = (recognised.mapping.confidence, recognised.mapping.columns.len());
                if best.as_ref().is_none_or(|(known, ..)| score > *known) {
                    best = Some((score, at, recognised));
                }
            }
            found if at == 0 => first = Some(found),
            _ => {}
        }
    }
    match (best, first) {
        (Some((_, at, recognised)), _) => Ok((at, recognised)),
        (None, Some(Ok(recognised))) => Ok((0, recognised)),
        (None, Some(Err(error))) => Err(error),
        (None, None) => Err(MapError::NoTime("none".to_owned())),
    }
}

/// Reads a table with the mapping of delimited text.
pub fn read<'c>(
    file: &FileContext<'c>,
    mut table: Table,
    account: &mut InputFile,
    progress: &(dyn Fn(u64) + Sync),
) -> Vec<Batch<'c>> {
    account.notes.append(&mut table.notes);
    if table.rows.is_empty() {
        "empty".clone_into(&mut account.format);
        account.confidence = 100;
        account.notes.push("is empty".to_owned());
        return vec![Batch::new(file)];
    }
    if own::is_ours(&table.sample) {
        own::FORMAT.clone_into(&mut account.format);
        account.confidence = 99;
        return vec![own::read(file, &table)];
    }
    let (header_at, recognised) = match recognise(file, &table) {
        Ok(found) => found,
        Err(error) => {
            let head = table.text.get(..table.text.len().min(80)).unwrap_or_default();
            let mut batch = whole_file_reject(file, account, &error.to_string(), head);
            readable_excerpts(&mut batch);
            return vec![batch];
        }
    };
    describe_mapping(&recognised.mapping, file.provisional.starts_with('?'), account);
    account.seen.clone_from(&recognised.columns);
    account.format = match account.format.as_str() {
        "delimited" => table.format.to_owned(),
        "delimited-without-header" => format!("{}-without-header", table.format),
        known => known.to_owned(),
    };
    if header_at > 0 {
        account
            .notes
            .push(format!("the header is the {}. filled row; what stands above is taken as a title", header_at + 1));
    }
    let opened = Opened {
        sample: table.text.get(..table.text.len().min(SAMPLE_BYTES)).unwrap_or_default().to_vec(),
        body: Body::Memory(Vec::new()),
        bytes: table.text.len() as u64,
        sha256: None,
        packing: Packing::None,
        encoding: encoding_rs::WINDOWS_1252,
        encoding_detected: false,
        bom: 0,
        damage: None,
        utf16_mark: None,
    };
    let first = header_at + usize::from(recognised.mapping.header);
    let mut source = Cursor::new(table.text);
    match delimited::read(file, &opened, &mut source, &recognised, progress) {
        Ok(read) => {
            account.date_order = read.date_order;
            let mut batches = read.batches;
            for batch in &mut batches {
                let row = |record: u32| table.rows.get(first + record as usize - 1).copied().unwrap_or(record);
                batch.number_rows(&row);
                readable_excerpts(batch);
            }
            batches
        }
        Err(error) => vec![whole_file_reject(file, account, &format!("reading failed: {error}"), b"")],
    }
}

/// Shows the cells of an excerpt apart with a sign that people see.
fn readable_excerpts(batch: &mut Batch<'_>) {
    for reject in &mut batch.rejects {
        reject.excerpt = reject.excerpt.replace(char::from(CELLS), " | ");
    }
}

/// Size and SHA-256 of a table's text, for a sheet, which has no bytes of its own.
#[must_use]
pub fn hashed(table: &Table) -> (u64, String) {
    (table.text.len() as u64, sha256(&table.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        let mut table = Table::new("sheet", 3);
        table.push(4, ["a", "b c", "d"].into_iter().map(Cow::Borrowed));
        table.push(9, ["say \"x\"", "two\nlines"].into_iter().map(Cow::Borrowed));
        assert_eq!(table.text, b"a\x1fb c\x1fd\n\"say \"\"x\"\"\"\x1f\"two\nlines\"\x1f\n");
        assert_eq!(table.rows, [4, 9]);
        assert_eq!(table.starts, [0, 8]);
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(digits(4.917_112_223_33e11), "491711222333");
        assert_eq!(digits(1_714_557_600_000.0), "1714557600000");
        assert_eq!(digits(0.5), "0.5");
        assert_eq!(digits(-3.0), "-3");
    }
}
