//! The tables as CSV, in two dialects: exact for programs in `csv/`, and for German spreadsheets in `csv-excel/`.
//! Both keep texts from being taken for formulas, each by its own rule (`guard`); `DIALECTS` says how they differ.
//! What the tables hold is not known here.

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use super::ReportError;
use super::guard::Guard;
use super::tables::{Column, Kind, RowSink, Source, Table};
use crate::assess::Calendar;

/// How the folders differ, for the manifest.
pub const DIALECTS: [(&str, &str); 2] = [
    (
        "csv",
        "exact: RFC 4180, UTF-8, comma, CRLF, decimal point, RFC 3339 times in UTC; a text that a spreadsheet would take \
         for a formula has one apostrophe more in front, telephone numbers and negative numbers have not",
    ),
    (
        "csv-excel",
        "for German spreadsheets: byte order mark, semicolon, CRLF, decimal comma, local times of the report's zone without \
         milliseconds; telephone numbers, long digits and leading zeros have the apostrophe too; derived from the same rows",
    ),
];

/// What a dialect is written to.
pub type Out<'a> = &'a mut (dyn Write + Send);

/// Writes a table in the dialects that have somewhere to go; its rows are made once for both.
///
/// # Errors
/// When it cannot be written.
pub fn write<'a>(
    table: &Table,
    source: &Source<'a>,
    exact: Option<Out<'a>>,
    german: Option<Out<'a>>,
) -> Result<(), ReportError> {
    let dialects = Dialects::begin(table.columns, source.input.calendar, exact, german)?;
    let mut sink = Blocks { dialects, block: Block::default() };
    (table.rows)(source, &mut sink)?;
    sink.pass_on()?;
    Ok(sink.dialects.flush()?)
}

/// Text that is held before the dialects take it, in bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// Rows one after another: their texts, and where each field ends.
#[derive(Default)]
struct Block {
    text: String,
    ends: Vec<usize>,
}

impl Block {
    fn push(&mut self, fields: &[&str]) {
        for field in fields {
            self.text.push_str(field);
            self.ends.push(self.text.len());
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| self.text.get(*start..*end).unwrap_or_default())
    }
}

/// Gathers rows and gives both dialects the same block at the same time.
struct Blocks<'a> {
    dialects: Dialects<'a>,
    block: Block,
}

impl Blocks<'_> {
    fn pass_on(&mut self) -> csv::Result<()> {
        self.dialects.rows(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

impl RowSink for Blocks<'_> {
    fn row(&mut self, fields: &[&str]) -> Result<(), ReportError> {
        self.block.push(fields);
        if self.block.text.len() >= BLOCK_BYTES {
            self.pass_on()?;
        }
        Ok(())
    }
}

/// The dialects that are wanted.
struct Dialects<'a> {
    columns: &'static [Column],
    calendar: &'a Calendar,
    exact: Option<Writer<Out<'a>>>,
    german: Option<Writer<Out<'a>>>,
}

impl<'a> Dialects<'a> {
    fn begin(
        columns: &'static [Column],
        calendar: &'a Calendar,
        exact: Option<Out<'a>>,
        german: Option<Out<'a>>,
    ) -> csv::Result<Self> {
        let writer =
            |out, delimiter| WriterBuilder::new().terminator(Terminator::CRLF).delimiter(delimiter).from_writer(out);
        let german = match german {
            Some(out) => {
                out.write_all("\u{feff}".as_bytes())?;
                Some(writer(out, b';'))
            }
            None => None,
        };
        let mut dialects = Self { columns, calendar, exact: exact.map(|out| writer(out, b',')), german };
        for csv in dialects.exact.iter_mut().chain(&mut dialects.german) {
            csv.write_record(columns.iter().map(|(name, _)| name))?;
        }
        Ok(dialects)
    }

    fn rows(&mut self, block: &Block) -> csv::Result<()> {
        let (columns, calendar) = (self.columns, self.calendar);
        let exact = self.exact.as_mut();
        let german_file = self.german.as_mut();
        let (one, other) = rayon::join(
            || exact.map_or(Ok(()), |csv| rows(csv, block, columns, |field, kind| in_clear(field, kind))),
            || german_file.map_or(Ok(()), |csv| rows(csv, block, columns, |field, kind| german(field, kind, calendar))),
        );
        one.and(other)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.exact.iter_mut().chain(&mut self.german).try_for_each(Writer::flush)
    }
}

fn rows<'b>(
    csv: &mut Writer<Out<'_>>,
    block: &'b Block,
    columns: &[Column],
    form: impl Fn(&'b str, Kind) -> Cow<'b, str>,
) -> csv::Result<()> {
    for ((at, (_, kind)), field) in columns.iter().enumerate().cycle().zip(block.fields()) {
        csv.write_field(form(field, *kind).as_bytes())?;
        if at + 1 == columns.len() {
            csv.write_record(None::<&[u8]>)?;
        }
    }
    Ok(())
}

/// A field as programs read it.
fn in_clear(field: &str, kind: Kind) -> Cow<'_, str> {
    match kind {
        Kind::Text => Guard::Formulas.apply(field),
        _ => Cow::Borrowed(field),
    }
}

/// A field as a German spreadsheet reads it.
fn german<'a>(field: &'a str, kind: Kind, calendar: &Calendar) -> Cow<'a, str> {
    match kind {
        Kind::Number if is_number(field) => Cow::Owned(field.replace('.', ",")),
        Kind::Time => match field.parse::<jiff::Timestamp>() {
            Ok(at) => Cow::Owned(calendar.local(at.as_millisecond()).strftime("%d.%m.%Y %H:%M:%S").to_string()),
            Err(_) => Guard::AllButWords.apply(field),
        },
        _ => Guard::AllButWords.apply(field),
    }
}

/// Whether a field is a plain number: digits, with a sign and a decimal point where they may stand.
#[must_use]
pub fn is_number(field: &str) -> bool {
    let unsigned = field.strip_prefix('-').unwrap_or(field);
    let (whole, parts) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, parts].into_iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::guard::corpus;
    use super::*;

    const COLUMNS: &[Column] =
        &[("text", Kind::Text), ("number", Kind::Number), ("at", Kind::Time), ("flag", Kind::Flag)];

    fn written(rows: &[[&str; 4]]) -> (Vec<csv::StringRecord>, Vec<csv::StringRecord>) {
        let berlin = Calendar::named("Europe/Berlin").expect("a zone");
        let (mut exact, mut german) = (Vec::new(), Vec::new());
        let mut dialects = Dialects::begin(COLUMNS, &berlin, Some(&mut exact), Some(&mut german)).expect("a header");
        let mut block = Block::default();
        rows.iter().for_each(|row| block.push(row));
        dialects.rows(&block).expect("rows");
        dialects.flush().expect("memory");
        drop(dialects);
        assert!(german.starts_with(&[0xEF, 0xBB, 0xBF]) && !exact.starts_with(&[0xEF]));
        let read = |bytes: &[u8], delimiter| {
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
            reader.records().map(|record| record.expect("a record")).collect()
        };
        (read(&exact, b','), read(&german, b';'))
    }

    #[test]
    fn formulas_stay_text_in_both_dialects() {
        let corpus = corpus();
        let rows: Vec<[&str; 4]> =
            corpus.iter().map(|text| [text, "-1.50", "2019-12-06T22:50:05.000Z", "true"]).collect();
        let (exact, german) = written(&rows);
        assert_eq!((exact.len(), german.len()), (corpus.len(), corpus.len()));
        for ((text, exact), german) in corpus.iter().zip(exact).zip(german) {
            assert_eq!(
                exact.iter().collect::<Vec<_>>(),
                [format!("'{text}").as_str(), "-1.50", "2019-12-06T22:50:05.000Z", "true"]
            );
            assert_eq!(
                german.iter().collect::<Vec<_>>(),
                [format!("'{text}").as_str(), "-1,50", "06.12.2019 23:50:05", "true"]
            );
        }
    }

    #[test]
    fn what_is_no_number_or_time_is_guarded_as_text() {
        let berlin = Calendar::named("Europe/Berlin").expect("a zone");
        assert_eq!(german("=1", Kind::Number, &berlin), "'=1");
        assert_eq!(german("=1", Kind::Time, &berlin), "'=1");
        assert_eq!(german("", Kind::Time, &berlin), "");
        assert!(
            is_number("-0.5")
                && is_number("12")
                && !is_number("1e5")
                && !is_number("-")
                && !is_number("")
                && !is_number("1.")
        );
    }
}
