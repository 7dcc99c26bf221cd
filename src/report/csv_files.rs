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

/// Writes a table exactly.
///
/// # Errors
/// When it cannot be written.
pub fn exact(table: &Table, source: &Source<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut sink = Exact { csv: writer(out, b','), columns: table.columns };
    sink.csv.write_record(table.columns.iter().map(|(name, _)| name))?;
    (table.rows)(source, &mut sink)?;
    Ok(sink.csv.flush()?)
}

/// Writes a table for German spreadsheets.
///
/// # Errors
/// When it cannot be written.
pub fn for_spreadsheets(table: &Table, source: &Source<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut sink = German { csv: writer(out, b';'), columns: table.columns, calendar: source.input.calendar };
    sink.csv.write_record(table.columns.iter().map(|(name, _)| name))?;
    (table.rows)(source, &mut sink)?;
    Ok(sink.csv.flush()?)
}

fn writer(out: &mut dyn Write, delimiter: u8) -> Writer<&mut dyn Write> {
    WriterBuilder::new().terminator(Terminator::CRLF).delimiter(delimiter).from_writer(out)
}

struct Exact<'a> {
    csv: Writer<&'a mut dyn Write>,
    columns: &'static [Column],
}

impl RowSink for Exact<'_> {
    fn row(&mut self, fields: &[&str]) -> Result<(), ReportError> {
        let fields = fields.iter().zip(self.columns);
        let fields = fields.map(|(field, (_, kind))| match kind {
            Kind::Text => Guard::Formulas.apply(field),
            _ => Cow::Borrowed(*field),
        });
        Ok(self.csv.write_record(fields.map(Cow::into_owned))?)
    }
}

struct German<'a> {
    csv: Writer<&'a mut dyn Write>,
    columns: &'static [Column],
    calendar: &'a Calendar,
}

impl RowSink for German<'_> {
    fn row(&mut self, fields: &[&str]) -> Result<(), ReportError> {
        let fields = fields.iter().zip(self.columns).map(|(field, (_, kind))| german(field, *kind, self.calendar));
        Ok(self.csv.write_record(fields.map(Cow::into_owned))?)
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

    fn written(delimiter: u8, fill: impl FnOnce(&mut dyn Write)) -> Vec<csv::StringRecord> {
        let mut bytes = Vec::new();
        fill(&mut bytes);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(bytes.as_slice());
        reader.records().map(|record| record.expect("a record")).collect()
    }

    #[test]
    fn formulas_stay_text_in_both_dialects() {
        let berlin = Calendar::named("Europe/Berlin").expect("a zone");
        let exact = written(b',', |out| {
            let mut sink = Exact { csv: writer(out, b','), columns: COLUMNS };
            corpus()
                .iter()
                .for_each(|text| sink.row(&[text, "-1.50", "2019-12-06T22:50:05.000Z", "true"]).expect("a row"));
        });
        let german = written(b';', |out| {
            let mut sink = German { csv: writer(out, b';'), columns: COLUMNS, calendar: &berlin };
            corpus()
                .iter()
                .for_each(|text| sink.row(&[text, "-1.50", "2019-12-06T22:50:05.000Z", "true"]).expect("a row"));
        });
        assert_eq!((exact.len(), german.len()), (corpus().len(), corpus().len()));
        for ((text, exact), german) in corpus().iter().zip(exact).zip(german) {
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
