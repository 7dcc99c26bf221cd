//! Parquet and Arrow files as tables: the names of the columns are the header, the rows follow, a piece at a time.
//! Times with a zone are instants, times without one are local; whole floats become digits.
//! Columns that hold no single value are left out and told.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};
use bytes::Bytes;
use jiff::Timestamp;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::ConvertedType;
use parquet::schema::types::SchemaDescriptor;

use super::{Table, digits, stated, too_many_cells};
use crate::ingest::containers::budget::Budget;
use crate::ingest::containers::magic::Columnar;

/// Bytes that a cell takes in memory at the least.
const CELL: u64 = 8;
/// Rows of a Parquet file that are held as columns at a time.
const PIECE: usize = 1 << 13;

/// Reads the whole file.
///
/// # Errors
/// When it is damaged or too large, in words for people.
pub fn table(bytes: Vec<u8>, kind: Columnar, budget: &Budget) -> Result<Table, String> {
    // A file that brings the reader down is damaged, and no reason to stop reading the others.
    let read = || read(bytes, kind, budget);
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the file is damaged".to_owned()))
}

fn read(bytes: Vec<u8>, kind: Columnar, budget: &Budget) -> Result<Table, String> {
    match kind {
        Columnar::Parquet => {
            let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(damaged)?;
            let mut chosen = choose(reader.schema());
            chosen.forget_zones_of_old(reader.parquet_schema());
            let mut rows = Rows::new(kind, &chosen, budget);
            // All rows before the first is read: a run of equal values costs nothing in the file and its length in memory.
            let groups = reader.metadata().row_groups().iter();
            rows.spend(groups.fold(0, |sum, group| sum.saturating_add(group.num_rows().unsigned_abs())))?;
            if !chosen.at.is_empty() {
                let mask = ProjectionMask::roots(reader.parquet_schema(), chosen.at.iter().copied());
                let pieces = reader.with_projection(mask).with_batch_size(PIECE).build().map_err(damaged)?;
                pieces.into_iter().try_for_each(|piece| rows.push(&piece.map_err(damaged)?))?;
            }
            Ok(rows.table)
        }
        Columnar::ArrowFile => {
            stated::spend_file(&bytes, budget)?;
            let chosen = choose(&FileReader::try_new(Cursor::new(&bytes), None).map_err(damaged)?.schema());
            let reader = FileReader::try_new(Cursor::new(&bytes), Some(chosen.at.clone())).map_err(damaged)?;
            of_batches(reader, kind, &chosen, budget)
        }
        Columnar::ArrowStream => {
            stated::spend_stream(&bytes, budget)?;
            let chosen = choose(&StreamReader::try_new(Cursor::new(&bytes), None).map_err(damaged)?.schema());
            let reader = StreamReader::try_new(Cursor::new(&bytes), Some(chosen.at.clone())).map_err(damaged)?;
            of_batches(reader, kind, &chosen, budget)
        }
    }
}

/// What is said of a file that cannot be read.
pub(super) fn damaged(error: impl std::fmt::Display) -> String {
    format!("the file cannot be read: {error}")
}

fn of_batches(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    kind: Columnar,
    chosen: &Chosen,
    budget: &Budget,
) -> Result<Table, String> {
    let mut rows = Rows::new(kind, chosen, budget);
    for batch in batches {
        let batch = batch.map_err(damaged)?;
        rows.spend(batch.num_rows() as u64)?;
        if !chosen.at.is_empty() {
            rows.push(&batch)?;
        }
    }
    Ok(rows.table)
}

/// Which columns of a file are read.
struct Chosen {
    names: Vec<String>,
    /// Where they stand among all columns.
    at: Vec<usize>,
    /// Those of times that count from UTC.
    zoned: BTreeSet<String>,
    /// A note on the others.
    left_out: Option<String>,
}

impl Chosen {
    /// Times in the notation before 2018 tell nothing of a zone: the libraries of then wrote local times so, too.
    fn forget_zones_of_old(&mut self, schema: &SchemaDescriptor) {
        for field in schema.root_schema().get_fields() {
            let about = field.get_basic_info();
            let old =
                matches!(about.converted_type(), ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS);
            if old && about.logical_type_ref().is_none() {
                self.zoned.remove(field.name());
            }
        }
    }
}

/// The columns that can be read, and a note on the others.
fn choose(schema: &Schema) -> Chosen {
    let mut chosen = Chosen { names: Vec::new(), at: Vec::new(), zoned: BTreeSet::new(), left_out: None };
    let mut others = Vec::new();
    for (at, field) in schema.fields().iter().enumerate() {
        if matches!(field.data_type(), DataType::Timestamp(_, Some(_))) {
            chosen.zoned.insert(field.name().clone());
        }
        if is_single(field.data_type()) && !field.metadata().contains_key(EXTENSION_TYPE_NAME_KEY) {
            chosen.names.push(field.name().clone());
            chosen.at.push(at);
        } else {
            others.push(format!("`{}`", field.name()));
        }
    }
    if !others.is_empty() {
        let left_out = format!("columns of lists, records or rare types are not read: {}", others.join(", "));
        chosen.left_out = Some(left_out);
    }
    chosen
}

fn is_single(kind: &DataType) -> bool {
    use DataType as T;
    match kind {
        T::Null | T::Boolean | T::Int8 | T::Int16 | T::Int32 | T::Int64 => true,
        T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 | T::Float32 | T::Float64 => true,
        T::Timestamp(..) | T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) => true,
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => true,
        T::Dictionary(_, values) => matches!(**values, T::Utf8 | T::LargeUtf8 | T::Utf8View),
        _ => false,
    }
}

/// The table as it grows.
struct Rows<'b> {
    table: Table,
    zoned: &'b BTreeSet<String>,
    budget: &'b Budget,
    /// Rows that were spent.
    stated: u64,
    pushed: u32,
}

impl<'b> Rows<'b> {
    fn new(kind: Columnar, chosen: &'b Chosen, budget: &'b Budget) -> Self {
        let mut table = Table::new(kind.as_str(), chosen.names.len());
        table.push(0, chosen.names.iter().map(|name| Cow::Borrowed(name.as_str())));
        table.notes.extend(chosen.left_out.clone());
        Self { table, zoned: &chosen.zoned, budget, stated: 0, pushed: 0 }
    }

    /// Takes note of rows that are to come.
    fn spend(&mut self, rows: u64) -> Result<(), String> {
        let columns = self.table.columns as u64;
        self.stated = self.stated.saturating_add(rows);
        let size = rows.saturating_mul(columns).saturating_mul(CELL);
        self.budget.spend(size).map_err(|refused| refused.to_string())?;
        too_many_cells(self.stated, columns).map_or(Ok(()), Err)
    }

    fn push(&mut self, piece: &RecordBatch) -> Result<(), String> {
        let schema = piece.schema_ref();
        let columns: Vec<Cells<'_>> = (schema.fields().iter().zip(piece.columns()))
            .map(|(field, array)| cells(array, self.zoned.contains(field.name())))
            .collect();
        for row in 0..piece.num_rows() {
            self.pushed = self.pushed.checked_add(1).ok_or_else(|| "has more rows than are counted".to_owned())?;
            self.table.push(self.pushed, columns.iter().map(|cell| cell(row)));
        }
        Ok(())
    }
}

/// The text of a row's cell.
type Cells<'a> = Box<dyn Fn(usize) -> Cow<'a, str> + 'a>;

/// The cells of a column; where it has no value they are empty.
fn cells(array: &dyn Array, zoned: bool) -> Cells<'_> {
    macro_rules! texts {
        ($values:expr) => {{
            let values = $values;
            filled(array, move |row| Cow::Borrowed(values.value(row)))
        }};
    }
    macro_rules! bytes {
        ($values:expr) => {{
            let values = $values;
            filled(array, move |row| std::str::from_utf8(values.value(row)).map_or(Cow::Borrowed(""), Cow::Borrowed))
        }};
    }
    macro_rules! numbers {
        ($kind:ty, $text:expr) => {{
            let values = array.as_primitive::<$kind>();
            filled(array, move |row| Cow::Owned($text(values.value(row))))
        }};
    }
    match array.data_type() {
        DataType::Utf8 => texts!(array.as_string::<i32>()),
        DataType::LargeUtf8 => texts!(array.as_string::<i64>()),
        DataType::Utf8View => texts!(array.as_string_view()),
        DataType::Binary => bytes!(array.as_binary::<i32>()),
        DataType::LargeBinary => bytes!(array.as_binary::<i64>()),
        DataType::BinaryView => bytes!(array.as_binary_view()),
        DataType::Dictionary(..) => entries(array),
        DataType::Boolean => {
            let values = array.as_boolean();
            filled(array, move |row| Cow::Borrowed(if values.value(row) { "true" } else { "false" }))
        }
        DataType::Int8 => numbers!(Int8Type, |number: i8| number.to_string()),
        DataType::Int16 => numbers!(Int16Type, |number: i16| number.to_string()),
        DataType::Int32 => numbers!(Int32Type, |number: i32| number.to_string()),
        DataType::Int64 => numbers!(Int64Type, |number: i64| number.to_string()),
        DataType::UInt8 => numbers!(UInt8Type, |number: u8| number.to_string()),
        DataType::UInt16 => numbers!(UInt16Type, |number: u16| number.to_string()),
        DataType::UInt32 => numbers!(UInt32Type, |number: u32| number.to_string()),
        DataType::UInt64 => numbers!(UInt64Type, |number: u64| number.to_string()),
        DataType::Float32 => numbers!(Float32Type, |number| digits(f64::from(number))),
        DataType::Float64 => numbers!(Float64Type, digits),
        DataType::Timestamp(TimeUnit::Second, _) => {
            numbers!(TimestampSecondType, |at| moment(Timestamp::from_second(at), zoned))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers!(TimestampMillisecondType, |at| moment(Timestamp::from_millisecond(at), zoned))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers!(TimestampMicrosecondType, |at| moment(Timestamp::from_microsecond(at), zoned))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            numbers!(TimestampNanosecondType, |at| moment(Timestamp::from_nanosecond(i128::from(at)), zoned))
        }
        DataType::Date32 => numbers!(Date32Type, day),
        DataType::Date64 => numbers!(Date64Type, |at| moment(Timestamp::from_millisecond(at), false)),
        DataType::Time32(TimeUnit::Second) => numbers!(Time32SecondType, |at| clock(i64::from(at), 1_000_000_000)),
        DataType::Time32(_) => numbers!(Time32MillisecondType, |at| clock(i64::from(at), 1_000_000)),
        DataType::Time64(TimeUnit::Microsecond) => numbers!(Time64MicrosecondType, |at| clock(at, 1_000)),
        DataType::Time64(_) => numbers!(Time64NanosecondType, |at| clock(at, 1)),
        // Null: there is no value in any row. Others are not chosen.
        _ => Box::new(|_| Cow::Borrowed("")),
    }
}

fn filled<'a>(array: &'a dyn Array, text: impl Fn(usize) -> Cow<'a, str> + 'a) -> Cells<'a> {
    Box::new(move |row| if array.is_null(row) { Cow::Borrowed("") } else { text(row) })
}

/// The cells of a column that points into a dictionary of texts.
fn entries(array: &dyn Array) -> Cells<'_> {
    let dictionary = array.as_any_dictionary();
    let values = dictionary.values();
    let keys = if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() };
    let texts = cells(values, false);
    filled(array, move |row| keys.get(row).map_or(Cow::Borrowed(""), |key| texts(*key)))
}

/// A time stamp as ISO 8601: with `Z` where the column has a zone, for then it counts from UTC; else as local time.
fn moment(stamp: Result<Timestamp, jiff::Error>, zoned: bool) -> String {
    let Ok(stamp) = stamp else { return String::new() };
    if zoned { stamp.to_string() } else { stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string() }
}

fn day(days: i32) -> String {
    let start = Timestamp::from_second(i64::from(days) * 86_400);
    start.map(|start| start.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()).unwrap_or_default()
}

/// The time of a day, so many units of so many nanoseconds after midnight.
fn clock(units: i64, nanoseconds: i64) -> String {
    let span = jiff::SignedDuration::from_nanos(units.saturating_mul(nanoseconds));
    let time = jiff::civil::Time::midnight().checked_add(span);
    time.map(|time| time.to_string()).unwrap_or_default()
}
