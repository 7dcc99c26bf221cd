//! `report.xlsx`: the tables as sheets. Numbers are numbers, times are dates of the report's zone with the exact UTC
//! beside them, everything else is text, so that no cell can be a formula and no id loses a digit.
//! A first sheet says what stands where and what does not fit; what the tables hold is not known here.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::csv_files::is_number;
use super::tables::{Column, Kind, RowSink, Source, TABLES};
use super::{ReportError, identity};
use crate::assess::Calendar;
use crate::case::Language;

/// Rows of a sheet; a spreadsheet takes ten times as many, but nobody reads them there.
const MOST_ROWS: u32 = 100_000;
/// Characters that a cell can hold.
const MOST_CHARACTERS: usize = 32_767;
/// Digits that a number keeps in a spreadsheet.
const EXACT_DIGITS: usize = 15;

/// The workbook's bytes.
///
/// # Errors
/// When it cannot be built.
pub fn workbook(source: &Source<'_>, language: Language) -> Result<Vec<u8>, ReportError> {
    let mut workbook = Workbook::new();
    // A fixed date: the same report has the same bytes.
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let styles = Styles::new(language);
    let mut counts = Vec::new();
    let mut sheets = Vec::new();
    for table in TABLES {
        let mut sheet = Worksheet::new();
        sheet.set_name(table.name)?;
        let mut sink = Sheet {
            sheet: &mut sheet,
            columns: table.columns,
            calendar: source.input.calendar,
            styles: &styles,
            rows: 0,
            cut: 0,
        };
        sink.header()?;
        (table.rows)(source, &mut sink)?;
        let (rows, cut) = (sink.rows, sink.cut);
        sink.finish()?;
        counts.push((table.name, rows, cut));
        sheets.push(sheet);
    }
    workbook.push_worksheet(front(source, language, &styles, &counts)?);
    for sheet in sheets {
        workbook.push_worksheet(sheet);
    }
    Ok(workbook.save_to_buffer()?)
}

struct Styles {
    header: Format,
    date: Format,
    whole: Format,
    text: Format,
}

impl Styles {
    fn new(language: Language) -> Self {
        let date = match language {
            Language::De => "dd.mm.yyyy hh:mm:ss",
            Language::En => "yyyy-mm-dd hh:mm:ss",
        };
        Self {
            header: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top),
            date: Format::new().set_num_format(date),
            whole: Format::new().set_num_format("0"),
            // The format for text keeps a cell text when somebody edits it.
            text: Format::new().set_num_format("@"),
        }
    }
}

/// The first sheet.
fn front(
    source: &Source<'_>,
    language: Language,
    styles: &Styles,
    counts: &[(&str, u64, u64)],
) -> Result<Worksheet, XlsxError> {
    let say = |de: &'static str, en: &'static str| match language {
        Language::De => de,
        Language::En => en,
    };
    let extract = source.extract;
    let zone = &extract.timezone;
    let mut sheet = Worksheet::new();
    sheet.set_name(say("Übersicht", "Overview"))?;
    let times = match language {
        Language::De => format!("Zeiten stehen zweimal da: als Datum in {zone} und daneben in UTC, wie in csv/."),
        Language::En => format!("Times stand there twice: as a date in {zone}, and beside it in UTC, as in csv/."),
    };
    let matter = if extract.matter.is_empty() { say("nicht benannt", "not named") } else { &extract.matter };
    let shown = if extract.revealed {
        say("im Klartext: nur für den versiegelten Gebrauch", "in clear: for sealed use only")
    } else {
        say("pseudonymisiert", "pseudonymised")
    };
    let facts = [
        (say("Sache", "Matter"), matter.to_owned()),
        (say("Berichtskennung", "Report id"), identity::report_id(extract)),
        (say("Programm", "Program"), extract.program.clone()),
        (say("Empfänger", "Recipients"), shown.to_owned()),
        (say("Zeiten", "Times"), times),
    ];
    let mut row = 0;
    for (name, value) in facts {
        sheet.write_string_with_format(row, 0, name, &styles.header)?;
        sheet.write_string(row, 1, value)?;
        row += 1;
    }
    row += 1;
    let header = [
        say("Blatt", "Sheet"),
        say("Zeilen", "Rows"),
        say("Zeilen nur in csv/", "Rows in csv/ only"),
        say("Gekürzte Zellen", "Cut cells"),
    ];
    for (column, name) in (0_u16..).zip(header) {
        sheet.write_string_with_format(row, column, name, &styles.header)?;
    }
    for (name, rows, cut) in counts {
        row += 1;
        let only = rows.saturating_sub(u64::from(MOST_ROWS));
        sheet.write_url_with_text(row, 0, format!("internal:'{name}'!A1").as_str(), *name)?;
        for (column, count) in [(1, *rows), (2, only), (3, *cut)] {
            sheet.write_number_with_format(row, column, count as f64, &styles.whole)?;
        }
    }
    for (column, width) in [(0, 24.0), (1, 44.0), (2, 18.0), (3, 16.0)] {
        sheet.set_column_width(column, width)?;
    }
    Ok(sheet)
}

struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    columns: &'static [Column],
    calendar: &'a Calendar,
    styles: &'a Styles,
    rows: u64,
    cut: u64,
}

impl Sheet<'_> {
    /// Columns of the sheet: a time has two.
    fn headers(&self) -> Vec<(String, f64)> {
        let width = |name: &str, least: f64| (name.chars().count() as f64 + 4.0).max(least);
        let of = |(name, kind): &Column| match kind {
            Kind::Time => {
                // Two columns of one name would be told apart by nobody.
                let zone = if self.calendar.name() == "UTC" { "date" } else { self.calendar.name() };
                let local = format!("{name} ({zone})");
                let utc = format!("{name} (UTC)");
                vec![(local.clone(), width(&local, 20.0)), (utc, 25.0)]
            }
            Kind::Number => vec![((*name).to_owned(), width(name, 10.0))],
            Kind::Flag => vec![((*name).to_owned(), width(name, 8.0))],
            Kind::Text => vec![((*name).to_owned(), width(name, text_width(name)))],
        };
        self.columns.iter().flat_map(of).collect()
    }

    fn header(&mut self) -> Result<(), XlsxError> {
        for (column, (name, width)) in (0_u16..).zip(self.headers()) {
            self.sheet.write_string_with_format(0, column, name, &self.styles.header)?;
            self.sheet.set_column_width(column, width)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), XlsxError> {
        let last = u16::try_from(self.headers().len().saturating_sub(1)).unwrap_or(u16::MAX);
        let rows = u32::try_from(self.rows).unwrap_or(u32::MAX).min(MOST_ROWS);
        self.sheet.set_freeze_panes(1, 0)?;
        self.sheet.autofilter(0, 0, rows, last)?;
        Ok(())
    }

    fn text(&mut self, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
        if text.chars().count() <= MOST_CHARACTERS {
            self.sheet.write_string_with_format(row, column, text, &self.styles.text)?;
        } else {
            self.cut += 1;
            let kept: String = text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect();
            self.sheet.write_string_with_format(row, column, kept, &self.styles.text)?;
        }
        Ok(())
    }

    fn cells(&mut self, fields: &[&str]) -> Result<(), XlsxError> {
        let row = u32::try_from(self.rows).unwrap_or(u32::MAX);
        let mut column = 0;
        for (field, (_, kind)) in fields.iter().zip(self.columns) {
            let places = if *kind == Kind::Time { 2 } else { 1 };
            if !field.is_empty() {
                match (kind, *field) {
                    (Kind::Time, _) => {
                        if let Some(date) = local(field, self.calendar) {
                            self.sheet.write_datetime_with_format(row, column, &date, &self.styles.date)?;
                        }
                        self.text(row, column + 1, field)?;
                    }
                    (Kind::Number, _) => match number(field) {
                        Some(number) if field.contains('.') => drop(self.sheet.write_number(row, column, number)?),
                        Some(number) => {
                            self.sheet.write_number_with_format(row, column, number, &self.styles.whole)?;
                        }
                        None => self.text(row, column, field)?,
                    },
                    (Kind::Flag, "true" | "false") => drop(self.sheet.write_boolean(row, column, *field == "true")?),
                    _ => self.text(row, column, field)?,
                }
            }
            column += places;
        }
        Ok(())
    }
}

impl RowSink for Sheet<'_> {
    fn row(&mut self, fields: &[&str]) -> Result<(), ReportError> {
        self.rows += 1;
        if self.rows <= u64::from(MOST_ROWS) {
            self.cells(fields)?;
        }
        Ok(())
    }
}

/// A number that a spreadsheet keeps to the last digit.
fn number(field: &str) -> Option<f64> {
    let digits = field.bytes().filter(u8::is_ascii_digit).count();
    field.parse().ok().filter(|_| is_number(field) && digits <= EXACT_DIGITS)
}

/// Local date and time; `None` outside what a spreadsheet knows.
fn local(field: &str, calendar: &Calendar) -> Option<ExcelDateTime> {
    let at = calendar.local(field.parse::<jiff::Timestamp>().ok()?.as_millisecond());
    let part = |value: i8| u8::try_from(value).unwrap_or(0);
    let date = ExcelDateTime::from_ymd(u16::try_from(at.year()).ok()?, part(at.month()), part(at.day())).ok()?;
    let second = f64::from(at.second()) + f64::from(at.millisecond()) / 1000.0;
    date.and_hms(u16::from(part(at.hour())), part(at.minute()), second).ok()
}

/// Width of a column of texts, by what it is for.
fn text_width(name: &str) -> f64 {
    match name {
        "sample" | "template" | "basis" | "limitation" | "title" | "excerpt" | "counter_evidence" | "limits"
        | "notes" => 60.0,
        "content" | "message_id" | "file" | "other_file" | "exposed" | "detector" | "reason" => 34.0,
        "sha256" | "record_sha256" => 66.0,
        _ => 18.0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::super::guard::corpus;
    use super::*;

    const COLUMNS: &[Column] =
        &[("text", Kind::Text), ("number", Kind::Number), ("at", Kind::Time), ("flag", Kind::Flag)];

    fn sheet(rows: &[[&str; 4]]) -> (calamine::Range<Data>, u64) {
        let berlin = Calendar::named("Europe/Berlin").expect("a zone");
        let styles = Styles::new(Language::De);
        let mut sheet = Worksheet::new();
        let mut sink =
            Sheet { sheet: &mut sheet, columns: COLUMNS, calendar: &berlin, styles: &styles, rows: 0, cut: 0 };
        sink.header().expect("a header");
        rows.iter().for_each(|row| sink.row(row).expect("a row"));
        let cut = sink.cut;
        sink.finish().expect("an end");
        let mut workbook = Workbook::new();
        workbook.push_worksheet(sheet);
        let bytes = workbook.save_to_buffer().expect("a workbook");
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("it opens again");
        (read.worksheet_range_at(0).expect("a sheet").expect("its cells"), cut)
    }

    #[test]
    fn values_come_back_and_no_text_becomes_anything_else() {
        let corpus: Vec<String> = corpus().into_iter().filter(|text| !text.contains(['\0', '\r'])).collect();
        let mut rows: Vec<[&str; 4]> = corpus.iter().map(|text| [text.as_str(), "12", "", "false"]).collect();
        rows.push(["+4915112345678", "-1.50", "2019-12-06T22:50:05.250Z", "true"]);
        rows.push(["007", "12345678901234567890", "no time", ""]);
        let (range, cut) = sheet(&rows);
        let header: Vec<String> = range.rows().next().expect("a header").iter().map(ToString::to_string).collect();
        assert_eq!(header, ["text", "number", "at (Europe/Berlin)", "at (UTC)", "flag"]);
        for (text, row) in corpus.iter().zip(range.rows().skip(1)) {
            assert_eq!(row[0], Data::String(text.clone()));
            assert_eq!((row[1].clone(), row[4].clone()), (Data::Float(12.0), Data::Bool(false)));
        }
        let last: Vec<&[Data]> = range.rows().skip(1 + corpus.len()).collect();
        assert_eq!(last[0][0], Data::String("+4915112345678".to_owned()));
        assert_eq!((last[0][1].clone(), last[0][4].clone()), (Data::Float(-1.5), Data::Bool(true)));
        let Data::DateTime(date) = &last[0][2] else { panic!("{:?}", last[0][2]) };
        // 6 December 2019, 23:50:05.25 in Berlin, as days since 1899-12-30.
        assert!((date.as_f64() - (43_805.0 + (23.0 * 3600.0 + 50.0 * 60.0 + 5.25) / 86_400.0)).abs() < 1e-8);
        assert_eq!(last[0][3], Data::String("2019-12-06T22:50:05.250Z".to_owned()));
        let texts = ["007", "12345678901234567890"].map(|text| Data::String(text.to_owned()));
        assert_eq!([last[1][0].clone(), last[1][1].clone()], texts);
        assert_eq!(cut, 0);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_counted() {
        let long = "ä".repeat(MOST_CHARACTERS + 1);
        let (range, cut) = sheet(&[[&long, "", "", ""], [&long[2..], "", "", ""]]);
        let read = |row: usize| range.get((row, 0)).expect("a cell").to_string();
        assert_eq!((read(1).chars().count(), read(1).ends_with('…'), cut), (MOST_CHARACTERS, true, 1));
        assert_eq!(read(2), long[2..]);
    }
}
