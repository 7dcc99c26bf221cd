//! `messages.parquet`: every canonical message with its marks.
//! The columns are those of `message::frame`, the form that of `message::parquet`.
//! Here is only what the report shows of recipients and ids.

use std::io::Write;

use parquet::errors::ParquetError;

use super::Shown;
use crate::message::{Marks, Messages, Values, frame, write_parquet};

/// Ids differ in every row; places grow with the rows of a file.
const VALUES: Values<'static> = Values { close: &["sent_at", "record", "line", "offset"], unlike: &["message_id"] };

/// Writes the messages.
///
/// # Errors
/// When they cannot be written.
pub fn write(messages: &Messages, marks: &Marks, shown: &Shown, out: impl Write + Send) -> Result<(), ParquetError> {
    let mut known: Vec<Option<String>> = vec![None; messages.recipients.address.len()];
    let mut show = |recipient: u32| match known.get_mut(recipient as usize) {
        Some(slot) => slot.get_or_insert_with(|| shown.recipient(messages, recipient)).clone(),
        None => String::new(),
    };
    let id = |row: usize| shown.message_id(messages, row);
    write_parquet(out, messages.columns.len(), VALUES, &mut |range| Ok(frame(messages, marks, range, &mut show, &id)?))
}
