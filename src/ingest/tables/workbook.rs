//! Sheets of workbooks as tables: xlsx, xlsb, xls and ods. Numbers become digits, dates become local date-times.
//! Cells are gathered as they come, so that a sheet with one far corner costs no more than its cells.
//! Which column holds what is found where all tables are read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Dimensions, ExcelDateTime, Ods, Reader, Sheet, SheetType, SheetVisible, Xls, Xlsb, Xlsx};
use jiff::civil;

use super::{Table, digits, too_many_cells};
use crate::ingest::containers::Content;
use crate::ingest::containers::budget::Budget;

/// A kind of workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Office Open XML.
    Xlsx,
    /// The same in binary parts.
    Xlsb,
    /// Excel 97 to 2003, and older.
    Xls,
    /// OpenDocument.
    Ods,
}

impl Kind {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xlsb => "xlsb",
            Self::Xls => "xls",
            Self::Ods => "ods",
        }
    }
}

/// Gives every sheet with data, one after another; then what is to be told of the workbook.
///
/// # Errors
/// When the workbook cannot be opened, in words for people.
pub fn sheets(
    mut source: impl Read + Seek,
    kind: Kind,
    budget: &Budget,
    give: &mut dyn FnMut(&str, Content),
) -> Result<Vec<String>, String> {
    match kind {
        Kind::Xlsx => {
            let mut book = opened(|| Xlsx::new(source).map_err(|error| error.to_string()))?;
            let sheets = book.sheets_metadata().to_vec();
            each(&sheets, budget, give, &mut |name| {
                let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
                let mut cells = Cells::default();
                let mut reader = book.worksheet_cells_reader(name).map_err(|error| error.to_string())?;
                while let Some(cell) = reader.next_cell().map_err(|error| error.to_string())? {
                    cells.add(cell.get_position(), Data::from(cell.get_value().clone()));
                }
                Ok(cells.with_merged(&merged))
            })
        }
        Kind::Xlsb => {
            let mut book = opened(|| Xlsb::new(source).map_err(|error| error.to_string()))?;
            let sheets = book.sheets_metadata().to_vec();
            each(&sheets, budget, give, &mut |name| {
                let mut cells = Cells::default();
                let mut reader = book.worksheet_cells_reader(name).map_err(|error| error.to_string())?;
                while let Some(cell) = reader.next_cell().map_err(|error| error.to_string())? {
                    cells.add(cell.get_position(), Data::from(cell.get_value().clone()));
                }
                Ok(cells)
            })
        }
        Kind::Xls => {
            let mut bytes = Vec::new();
            source.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
            if memchr::memmem::find(&bytes, &encrypted).is_some() {
                return Err("the workbook is encrypted; save it without its password".to_owned());
            }
            let mut book = opened(|| {
                Xls::new(std::io::Cursor::new(bytes)).map_err(|error| match error {
                    calamine::XlsError::Password => "it is encrypted; save it without its password".to_owned(),
                    error => error.to_string(),
                })
            })?;
            let sheets = book.sheets_metadata().to_vec();
            each(&sheets, budget, give, &mut |name| {
                let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
                let range = book.worksheet_range(name).map_err(|error| error.to_string())?;
                Ok(Cells::of(&range).with_merged(&merged))
            })
        }
        Kind::Ods => {
            let mut book = opened(|| Ods::new(source).map_err(|error| error.to_string()))?;
            let sheets = book.sheets_metadata().to_vec();
            each(&sheets, budget, give, &mut |name| {
                let range = book.worksheet_range(name).map_err(|error| error.to_string())?;
                Ok(Cells::of(&range))
            })
        }
    }
}

/// Opens a workbook. A file that brings the reader down is damaged, and no reason to stop reading the others.
fn opened<B>(open: impl FnOnce() -> Result<B, String>) -> Result<B, String> {
    let outcome = catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Err("the file is damaged".to_owned()));
    outcome.map_err(|reason| format!("the workbook cannot be read: {reason}"))
}

fn each(
    sheets: &[Sheet],
    budget: &Budget,
    give: &mut dyn FnMut(&str, Content),
    load: &mut dyn FnMut(&str) -> Result<Cells, String>,
) -> Result<Vec<String>, String> {
    let (mut empty, mut others) = (0_u32, 0_u32);
    for sheet in sheets {
        if sheet.typ != SheetType::WorkSheet {
            others += 1;
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| load(&sheet.name)))
            .unwrap_or_else(|_| Err("the sheet is damaged".to_owned()))
            .and_then(Cells::table);
        let content = match outcome {
            Ok(table) if table.rows.is_empty() => {
                empty += 1;
                continue;
            }
            Ok(mut table) => {
                if budget.spend(table.text.len() as u64).is_err() {
                    return Err("the workbook is too large".to_owned());
                }
                if sheet.visible != SheetVisible::Visible {
                    table.notes.insert(0, "is a hidden sheet".to_owned());
                }
                Content::Sheet(Box::new(table))
            }
            Err(reason) => Content::Refused(format!("the sheet cannot be read: {reason}")),
        };
        give(&sheet.name, content);
    }
    let told = |count: u32, what: &str| (count > 0).then(|| format!("{count} × {what}"));
    Ok([told(empty, "sheet without data"), told(others, "chart or macro sheet, passed over")]
        .into_iter()
        .flatten()
        .collect())
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Moment(civil::DateTime),
    Clock(civil::Time),
}

/// Cells of a sheet by row and column.
#[derive(Debug, Default)]
struct Cells {
    rows: BTreeMap<u32, BTreeMap<u32, Value>>,
    errors: u64,
    cut_numbers: u64,
    merged: u64,
}

impl Cells {
    fn of(range: &calamine::Range<Data>) -> Self {
        let mut cells = Self::default();
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            cells.add((top + row as u32, left + column as u32), value.clone());
        }
        cells
    }

    fn add(&mut self, (row, column): (u32, u32), cell: Data) {
        let value = match cell {
            Data::Empty => return,
            Data::String(text) if text.trim().is_empty() => return,
            Data::String(text) => Value::Text(text),
            Data::Int(number) => Value::Text(number.to_string()),
            Data::Float(number) => {
                // A workbook keeps fifteen digits; what stands behind them is not what was written.
                self.cut_numbers += u64::from(number.fract() == 0.0 && number.abs() >= 1e15);
                Value::Text(digits(number))
            }
            Data::Bool(truth) => Value::Text(truth.to_string()),
            Data::DateTime(moment) => match value_of(moment) {
                Some(value) => value,
                None => Value::Text(digits(moment.as_f64())),
            },
            Data::DateTimeIso(text) => text.parse().map_or(Value::Text(text), Value::Moment),
            Data::DurationIso(text) => clock_of(&text).map_or(Value::Text(text), Value::Clock),
            Data::Error(_) => {
                self.errors += 1;
                return;
            }
        };
        self.rows.entry(row).or_default().insert(column, value);
    }

    /// A value that spans rows holds for each of them. One that spans columns is a title, and stays where it is.
    fn with_merged(mut self, merged: &[Dimensions]) -> Self {
        for area in merged {
            let ((top, column), (bottom, _)) = (area.start, area.end);
            let Some(value) = self.rows.get(&top).and_then(|row| row.get(&column)).cloned() else { continue };
            // Only rows that hold something else too: a merged area may reach to the end of the sheet.
            for (_, row) in self.rows.range_mut(top.saturating_add(1)..=bottom.max(top.saturating_add(1))) {
                if bottom > top {
                    row.entry(column).or_insert_with(|| value.clone());
                }
            }
            self.merged += u64::from(bottom > top);
        }
        self
    }

    fn table(self) -> Result<Table, String> {
        let columns: BTreeSet<u32> = self.rows.values().flat_map(|row| row.keys().copied()).collect();
        if let Some(reason) = too_many_cells(self.rows.len() as u64, columns.len() as u64) {
            return Err(reason);
        }
        // A column of days alone is told from one of moments: midnight is a time of day, but not in a column of dates.
        let timed: BTreeSet<u32> = self
            .rows
            .values()
            .flatten()
            .filter(|(_, value)| matches!(value, Value::Moment(moment) if moment.time() != civil::Time::midnight()))
            .map(|(column, _)| *column)
            .collect();
        let mut table = Table::new("sheet", columns.len());
        for (row, values) in &self.rows {
            let cells = columns.iter().map(|column| match values.get(column) {
                None => Cow::Borrowed(""),
                Some(Value::Text(text)) => Cow::Borrowed(text.as_str()),
                Some(Value::Moment(moment)) if timed.contains(column) => Cow::Owned(moment.to_string()),
                Some(Value::Moment(moment)) => Cow::Owned(moment.date().to_string()),
                Some(Value::Clock(time)) => Cow::Owned(time.to_string()),
            });
            table.push(row.saturating_add(1), cells);
        }
        let told = |count: u64, what: &str| (count > 0).then(|| format!("{count} × {what}"));
        table.notes.extend(told(self.errors, "cell with an error value, read as empty"));
        table.notes.extend(told(self.cut_numbers, "number of more than 15 digits, of which a workbook keeps 15"));
        table.notes.extend(told(self.merged, "merged cell, its value taken for every row it spans"));
        Ok(table)
    }
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A serial number: days before the point, the time of day behind it.
fn value_of(moment: ExcelDateTime) -> Option<Value> {
    let serial = moment.as_f64();
    let whole = serial.floor();
    let milliseconds = ((serial - whole) * DAY as f64).round() as i64;
    let time = civil::Time::midnight();
    let span = jiff::SignedDuration::from_millis(milliseconds.min(DAY - 1));
    if (0.0..1.0).contains(&serial) || moment.is_duration() {
        return (0.0..1.0).contains(&serial).then(|| time.checked_add(span).ok().map(Value::Clock)).flatten();
    }
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let date = civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let start = date.at(0, 0, 0, 0);
    start.checked_add(jiff::SignedDuration::from_millis(milliseconds)).ok().map(Value::Moment)
}

/// A time of day that OpenDocument writes as a span: `PT10H05M00S`.
fn clock_of(text: &str) -> Option<civil::Time> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    let within = (0..DAY / 1000).contains(&span.as_secs());
    within.then(|| civil::Time::midnight().checked_add(span).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    fn moment(serial: f64, is_1904: bool) -> Data {
        Data::DateTime(ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, is_1904))
    }

    #[test]
    fn dates_are_local_date_times_and_columns_of_days_stay_days() {
        let mut cells = Cells::default();
        cells.add((0, 0), moment(45_413.416_666_666_664, false));
        cells.add((1, 0), moment(45_413.0, false));
        cells.add((0, 1), moment(45_413.0, false));
        cells.add((0, 2), moment(0.25, false));
        cells.add((0, 3), moment(45_413.0 - 1462.0, true));
        cells.add((0, 4), Data::Float(4.917_112_223_33e11));
        cells.add((0, 5), Data::Error(calamine::CellErrorType::NA));
        let table = cells.table().expect("a table");
        let text = String::from_utf8(table.text).expect("text");
        assert_eq!(
            text,
            "2024-05-01T10:00:00\u{1f}2024-05-01\u{1f}06:00:00\u{1f}2024-05-01\u{1f}491711222333\n\
             2024-05-01T00:00:00\u{1f}\u{1f}\u{1f}\u{1f}\n"
        );
        assert_eq!(table.notes, ["1 × cell with an error value, read as empty"]);
    }

    #[test]
    fn a_merged_cell_holds_for_its_rows() {
        let mut cells = Cells::default();
        for row in 0..4 {
            cells.add((row, 1), Data::Int(i64::from(row)));
        }
        cells.add((1, 0), Data::String("May".to_owned()));
        let table = cells.with_merged(&[Dimensions::new((1, 0), (2, 0))]).table().expect("a table");
        assert_eq!(String::from_utf8_lossy(&table.text), "\u{1f}0\nMay\u{1f}1\nMay\u{1f}2\n\u{1f}3\n");
    }

    #[test]
    fn spans_of_a_day_are_times_of_day() {
        assert_eq!(clock_of("PT10H05M07S"), civil::Time::new(10, 5, 7, 0).ok());
        assert_eq!(clock_of("PT30H"), None);
    }
}
