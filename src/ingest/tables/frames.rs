//! Parquet and Arrow files as tables, by Polars: the names of the columns are the header, the rows follow.
//! Times with a zone are instants, times without one are local; whole floats become digits.
//! Columns that hold no single value are left out and told.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use polars_core::prelude::{AnyValue, ArrowDataType, DataFrame, PolarsError, Series, TimeUnit};
use polars_io::SerReader;
use polars_io::ipc::{IpcReader, IpcStreamReader};
use polars_io::parquet::read::ParquetReader;

use super::{Table, digits, too_many_cells};
use crate::ingest::containers::budget::Budget;
use crate::ingest::containers::magic::Columnar;

/// Bytes that a cell takes in memory at the least.
const CELL: u64 = 8;

/// Reads the whole file.
///
/// # Errors
/// When it is damaged or too large, in words for people.
pub fn table(bytes: Vec<u8>, kind: Columnar, budget: &Budget) -> Result<Table, String> {
    let read = || {
        let (frame, chosen) = frame(bytes, kind, budget)?;
        let mut table = of_frame(&frame, kind, &chosen.zoned)?;
        table.notes.extend(chosen.left_out);
        Ok(table)
    };
    // A file that brings the reader down is damaged, and no reason to stop reading the others.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the file is damaged".to_owned()))
}

/// Which columns of a file are read.
struct Chosen {
    names: Vec<String>,
    /// Those of times that count from UTC: a frame forgets it.
    zoned: BTreeSet<String>,
    /// A note on the others.
    left_out: Option<String>,
}

fn frame(bytes: Vec<u8>, kind: Columnar, budget: &Budget) -> Result<(DataFrame, Chosen), String> {
    let damaged = |error: PolarsError| format!("the file cannot be read: {error}");
    match kind {
        Columnar::Parquet => {
            let mut reader = ParquetReader::new(Cursor::new(bytes));
            let schema = reader.schema().map_err(damaged)?;
            let chosen = choose(schema.iter_values().map(|field| (field.name.as_str(), field.dtype().clone())));
            let rows = reader.num_rows().map_err(damaged)? as u64;
            // A run of equal values costs nothing in the file and its length in memory.
            let size = rows.saturating_mul(chosen.names.len() as u64).saturating_mul(CELL);
            budget.spend(size).map_err(|refused| refused.to_string())?;
            let frame = reader.with_columns(Some(chosen.names.clone())).finish().map_err(damaged)?;
            Ok((frame, chosen))
        }
        Columnar::ArrowFile => {
            let mut reader = IpcReader::new(Cursor::new(bytes));
            let schema = reader.schema().map_err(damaged)?;
            let chosen = choose(schema.iter_values().map(|field| (field.name.as_str(), field.dtype().clone())));
            let frame = reader.with_columns(Some(chosen.names.clone())).finish().map_err(damaged)?;
            Ok((frame, chosen))
        }
        Columnar::ArrowStream => {
            let mut reader = IpcStreamReader::new(Cursor::new(bytes));
            let schema = reader.arrow_schema().map_err(damaged)?;
            let chosen = choose(schema.iter_values().map(|field| (field.name.as_str(), field.dtype().clone())));
            let frame = reader.with_columns(Some(chosen.names.clone())).finish().map_err(damaged)?;
            Ok((frame, chosen))
        }
    }
}

/// The columns that can be read, and a note on the others.
fn choose<'f>(fields: impl Iterator<Item = (&'f str, ArrowDataType)>) -> Chosen {
    let (mut names, mut zoned, mut others) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (name, dtype) in fields {
        if matches!(dtype, ArrowDataType::Timestamp(_, Some(_))) {
            zoned.insert(name.to_owned());
        }
        if is_single(&dtype) { names.push(name.to_owned()) } else { others.push(format!("`{name}`")) }
    }
    let left_out = (!others.is_empty())
        .then(|| format!("columns of lists, records or rare types are not read: {}", others.join(", ")));
    Chosen { names, zoned, left_out }
}

fn is_single(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    match dtype {
        T::Null | T::Boolean | T::Int8 | T::Int16 | T::Int32 | T::Int64 => true,
        T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 | T::Float32 | T::Float64 => true,
        T::Timestamp(..) | T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) => true,
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => true,
        T::Dictionary(_, values, _) => matches!(**values, T::Utf8 | T::LargeUtf8 | T::Utf8View),
        _ => false,
    }
}

fn of_frame(frame: &DataFrame, kind: Columnar, zoned: &BTreeSet<String>) -> Result<Table, String> {
    if let Some(reason) = too_many_cells(frame.height() as u64, frame.width() as u64) {
        return Err(reason);
    }
    let mut table = Table::new(kind.as_str(), frame.width());
    let names: Vec<String> = frame.columns().iter().map(|column| column.name().to_string()).collect();
    table.push(0, names.iter().map(|name| Cow::Borrowed(name.as_str())));
    let whole: Vec<_> = frame.columns().iter().map(|column| column.as_materialized_series().rechunk()).collect();
    let zoned = |series: &Series| zoned.contains(series.name().as_str());
    let mut columns: Vec<_> = whole.iter().map(|series| (series.iter(), zoned(series))).collect();
    for row in 0..frame.height() {
        let cells: Vec<Cow<'_, str>> = columns
            .iter_mut()
            .map(|(column, zoned)| column.next().map_or(Cow::Borrowed(""), |value| text(value, *zoned)))
            .collect();
        table.push(row as u32 + 1, cells.into_iter());
    }
    Ok(table)
}

fn text(value: AnyValue<'_>, zoned: bool) -> Cow<'_, str> {
    match value {
        AnyValue::String(text) => Cow::Borrowed(text),
        AnyValue::Boolean(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        AnyValue::Float32(number) => Cow::Owned(digits(f64::from(number))),
        AnyValue::Float64(number) => Cow::Owned(digits(number)),
        AnyValue::Datetime(at, unit, _) => Cow::Owned(moment(at, unit, zoned)),
        AnyValue::Date(days) => Cow::Owned(day(days)),
        AnyValue::Time(nanoseconds) => {
            let time = jiff::civil::Time::midnight();
            let span = jiff::SignedDuration::from_nanos(nanoseconds);
            Cow::Owned(time.checked_add(span).map(|time| time.to_string()).unwrap_or_default())
        }
        AnyValue::Binary(bytes) => std::str::from_utf8(bytes).map_or(Cow::Borrowed(""), Cow::Borrowed),
        AnyValue::Int8(number) => Cow::Owned(number.to_string()),
        AnyValue::Int16(number) => Cow::Owned(number.to_string()),
        AnyValue::Int32(number) => Cow::Owned(number.to_string()),
        AnyValue::Int64(number) => Cow::Owned(number.to_string()),
        AnyValue::UInt8(number) => Cow::Owned(number.to_string()),
        AnyValue::UInt16(number) => Cow::Owned(number.to_string()),
        AnyValue::UInt32(number) => Cow::Owned(number.to_string()),
        AnyValue::UInt64(number) => Cow::Owned(number.to_string()),
        other => Cow::Owned(other.get_str().unwrap_or("").to_owned()),
    }
}

/// A time stamp as ISO 8601: with `Z` where the column has a zone, for then it counts from UTC; else as local time.
fn moment(at: i64, unit: TimeUnit, zoned: bool) -> String {
    let stamp = match unit {
        TimeUnit::Nanoseconds => Timestamp::from_nanosecond(i128::from(at)),
        TimeUnit::Microseconds => Timestamp::from_microsecond(at),
        TimeUnit::Milliseconds => Timestamp::from_millisecond(at),
    };
    let Ok(stamp) = stamp else { return String::new() };
    if zoned { stamp.to_string() } else { stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string() }
}

fn day(days: i32) -> String {
    let start = Timestamp::from_second(i64::from(days) * 86_400);
    start.map(|start| start.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()).unwrap_or_default()
}
