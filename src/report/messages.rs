//! `messages.parquet`: every canonical message with its marks, a million rows at a time.
//! The columns are those of `message::frame`; here is only the writing.
//! Written by one thread in one order, so that the same messages give the same bytes.

use std::io::Write;

use polars_core::prelude::PolarsError;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};

use super::Shown;
use crate::message::{Marks, Messages, frame};

/// Rows of one frame.
const ROWS: usize = 1 << 20;

/// Writes the messages.
///
/// # Errors
/// When Polars cannot build or write a frame.
pub fn write(messages: &Messages, marks: &Marks, shown: &Shown, out: &mut dyn Write) -> Result<(), PolarsError> {
    let rows = messages.columns.len();
    let mut known: Vec<Option<String>> = vec![None; messages.recipients.address.len()];
    let mut show = |recipient: u32| match known.get_mut(recipient as usize) {
        Some(slot) => slot.get_or_insert_with(|| shown.recipient(messages, recipient)).clone(),
        None => String::new(),
    };
    let id = |row: usize| shown.message_id(messages, row);
    let mut first = frame(messages, marks, 0..rows.min(ROWS), &mut show, &id)?;
    let writer = ParquetWriter::new(out).with_compression(ParquetCompression::Zstd(None)).set_parallel(false);
    let mut writer = writer.batched(first.schema())?;
    first.rechunk_mut();
    writer.write_batch(&first)?;
    let mut start = ROWS;
    while start < rows {
        writer.write_batch(&frame(messages, marks, start..rows.min(start + ROWS), &mut show, &id)?)?;
        start += ROWS;
    }
    writer.finish()?;
    Ok(())
}
