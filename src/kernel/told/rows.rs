//! What was found as rows of the stream `activity`: written to a stream, read from the Parquet files of a folder.
//! Which things fill which columns is told where they are made into rows.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringArray};

use super::super::KernelError;
use super::super::schema::ACTIVITY;
use super::super::stream::{Out, Taken, lists, lists_of_fractions, lists_of_texts, read_folder};
use super::{Found, Told};

/// Rows of lists that are written at a time.
const PIECE_ROWS: usize = 1 << 20;

/// Writes what was found as a stream.
///
/// # Errors
/// When it cannot be written.
pub fn write(found: Vec<Told>, out: impl Write) -> Result<(), KernelError> {
    let mut writer = Out::begin(&ACTIVITY, out)?;
    let mut rest = found.as_slice();
    while !rest.is_empty() {
        let mut rows = 0;
        let fits = |told: &&Told| {
            rows += 1 + told.rows.len() + told.beside.len();
            rows <= PIECE_ROWS
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (piece, other) = rest.split_at(count);
        writer.write(columns(piece))?;
        rest = other;
    }
    writer.end()
}

fn columns(piece: &[Told]) -> Vec<ArrayRef> {
    fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
    let short = |of: fn(&Told) -> Option<u32>| -> ArrayRef {
        Arc::new(piece.iter().map(|told| of(told).map(|value| value as i32)).collect::<PrimitiveArray<Int32Type>>())
    };
    let long = |of: fn(&Told) -> Option<i64>| -> ArrayRef {
        Arc::new(piece.iter().map(of).collect::<PrimitiveArray<Int64Type>>())
    };
    let wide = |values: &[u32]| values.iter().map(|value| i64::from(*value)).collect::<Vec<i64>>();
    vec![
        texts(piece.iter().map(|told| Some(told.what.clone()))),
        texts(piece.iter().map(|told| Some(told.id.clone()))),
        short(|told| told.account),
        lists(piece.iter().map(|told| wide(&told.accounts))),
        texts(piece.iter().map(|told| told.client.clone())),
        short(|told| told.detector),
        long(|told| told.content.map(i64::from)),
        long(|told| told.start),
        long(|told| told.end),
        long(|told| told.messages.map(|value| value as i64)),
        long(|told| told.recipients.map(|value| value as i64)),
        long(|told| told.peak.map(|value| value as i64)),
        long(|told| told.peak_at),
        lists(piece.iter().map(|told| wide(&told.rows))),
        lists(piece.iter().map(|told| wide(&told.beside))),
        lists(piece.iter().map(|told| told.numbers.clone())),
        lists(piece.iter().map(|told| told.runs.clone())),
        lists_of_fractions(piece.iter().map(|told| told.fractions.clone())),
        lists_of_texts(piece.iter().map(|told| told.depends_on.clone())),
        lists_of_texts(piece.iter().map(|told| told.texts.clone())),
    ]
}

/// What kernels found, from the Parquet files of a folder.
///
/// # Errors
/// When a file is damaged, or a row does not tell what its kind must.
pub fn read_activity(folder: &Path) -> Result<Vec<Found>, KernelError> {
    let mut found = Vec::new();
    for batch in read_folder(&ACTIVITY, folder)? {
        let taken = Taken::new(&ACTIVITY, &batch);
        for row in 0..taken.rows() {
            let told = row_of(taken, row)?;
            let what = told.what.clone();
            found.push(
                Found::of(told)
                    .ok_or_else(|| ACTIVITY.wrong("what", &format!("a row does not tell what `{what}` must")))?,
            );
        }
    }
    Ok(found)
}

/// A row of a batch.
///
/// # Errors
/// When a column is not right.
pub fn row_of(taken: Taken<'_>, row: usize) -> Result<Told, KernelError> {
    let wrong = |column| ACTIVITY.wrong(column, "a number is missing or out of bounds");
    let short = |name| -> Result<Option<u32>, KernelError> {
        let column = taken.numbers::<Int32Type>(name)?;
        column.is_valid(row).then(|| u32::try_from(column.value(row)).map_err(|_| wrong(name))).transpose()
    };
    let long = |name| -> Result<Option<i64>, KernelError> {
        let column = taken.numbers::<Int64Type>(name)?;
        Ok(column.is_valid(row).then(|| column.value(row)))
    };
    let count = |name| -> Result<Option<u64>, KernelError> {
        long(name)?.map(|value| u64::try_from(value).map_err(|_| wrong(name))).transpose()
    };
    let text = |name| -> Result<Option<String>, KernelError> {
        let column = taken.texts(name)?;
        Ok(column.is_valid(row).then(|| column.value(row).to_owned()))
    };
    let whole = |name| -> Result<Vec<i64>, KernelError> {
        let list = taken.list_of_numbers::<Int64Type>(name, row)?;
        list.into_iter().map(|value| value.ok_or_else(|| wrong(name))).collect()
    };
    let indices = |name| -> Result<Vec<u32>, KernelError> {
        whole(name)?.into_iter().map(|value| u32::try_from(value).map_err(|_| wrong(name))).collect()
    };
    Ok(Told {
        what: text("what")?.unwrap_or_default(),
        id: text("id")?.unwrap_or_default(),
        account: short("account")?,
        accounts: indices("accounts")?,
        client: text("client")?,
        detector: short("detector")?,
        content: long("content")?.map(|value| u32::try_from(value).map_err(|_| wrong("content"))).transpose()?,
        start: long("start")?,
        end: long("end")?,
        messages: count("messages")?,
        recipients: count("recipients")?,
        peak: count("peak")?,
        peak_at: long("peak_at")?,
        rows: indices("rows")?,
        beside: indices("beside")?,
        numbers: whole("numbers")?,
        runs: whole("runs")?,
        fractions: taken.list_of_numbers::<Float64Type>("fractions", row)?,
        depends_on: taken.list_of_texts("depends_on", row)?,
        texts: taken.list_of_texts("texts", row)?,
    })
}
