//! Messages as columns of the streams `messages` and `marked`, and contents as those of `contents`.
//! Numbers are those of all messages; who knows them says how. Nothing is read back here.

use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray, StringArray};

use super::stream::{hashes, lists_of_texts};
use crate::detect::mining::Size;
use crate::detect::search::is_forwarded;
use crate::message::{Columns, ContentWords, Messages};

/// A message with the place where it is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its row here.
    pub row: u32,
    /// Its subject.
    pub subject: u32,
    /// Its slice; see [`super::tables`].
    pub slice: i32,
    /// Whether it stands before the slice, and is there for its windows only.
    pub before: bool,
}

/// How rows and recipients are numbered among all.
#[derive(Clone, Copy)]
pub struct Numbering<'a> {
    /// Number of a row.
    pub row: &'a dyn Fn(u32) -> u32,
    /// Number of a recipient.
    pub recipient: &'a dyn Fn(u32) -> u32,
}

fn numbers<Of: ArrowPrimitiveType>(values: impl Iterator<Item = Of::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<Of>::from_iter_values(values))
}

fn wide(values: impl Iterator<Item = u32>) -> ArrayRef {
    numbers::<Int64Type>(values.map(i64::from))
}

fn short(values: impl Iterator<Item = u32>) -> ArrayRef {
    numbers::<Int32Type>(values.map(|value| value as i32))
}

/// The columns of `messages` for some messages.
#[must_use]
pub fn message_columns(messages: &Messages, placed: &[Placed], numbering: Numbering<'_>) -> Vec<ArrayRef> {
    let columns: &Columns = &messages.columns;
    fn part<'c, T: Copy + Default>(column: &'c [T], placed: &'c [Placed]) -> impl Iterator<Item = T> + 'c {
        placed.iter().map(|placed| column.get(placed.row as usize).copied().unwrap_or_default())
    }
    let reach = |recipient: u32| messages.recipients.audience.get(recipient as usize).copied().unwrap_or(1);
    vec![
        wide(placed.iter().map(|placed| (numbering.row)(placed.row))),
        short(placed.iter().map(|placed| placed.subject)),
        numbers::<Int32Type>(placed.iter().map(|placed| placed.slice)),
        Arc::new(BooleanArray::from(placed.iter().map(|placed| placed.before).collect::<Vec<bool>>())),
        short(part(&columns.account, placed)),
        wide(part(&columns.recipient, placed).map(numbering.recipient)),
        wide(part(&columns.recipient, placed).map(reach)),
        wide(part(&columns.audience, placed)),
        numbers::<Int64Type>(part(&columns.sent_at, placed)),
        numbers::<Int8Type>(part(&columns.direction, placed).map(|word| word as i8)),
        numbers::<Int8Type>(part(&columns.platform, placed).map(|word| word as i8)),
        numbers::<Int8Type>(part(&columns.zone, placed).map(|word| word as i8)),
        numbers::<Int8Type>(part(&columns.category, placed).map(|word| word as i8)),
        numbers::<Int16Type>(part(&columns.forward_score, placed).map(i16::from)),
        wide(part(&columns.content, placed)),
        wide(part(&columns.values, placed)),
        short(part(&columns.file, placed)),
        hashes(part(&columns.key, placed)),
    ]
}

/// A content that an outbound message has.
#[derive(Clone, Copy, Debug)]
pub struct OutboundContent {
    /// Its number.
    pub number: u32,
    /// Outbound messages.
    pub outbound: u32,
    /// How many people they could reach.
    pub reached: u64,
    /// Whether one of them is a forward.
    pub forwarded: bool,
    /// Where its text stands among the texts, if a text makes it.
    pub text: Option<u32>,
}

/// The contents that an outbound message has, by number.
#[must_use]
pub fn outbound_contents(messages: &Messages, sizes: &[Size]) -> Vec<OutboundContent> {
    let columns = &messages.columns;
    let mut forwarded = vec![false; messages.contents.len()];
    for (row, content) in (0_u32..).zip(&columns.content) {
        if is_forwarded(columns, row)
            && let Some(slot) = forwarded.get_mut(*content as usize)
        {
            *slot = true;
        }
    }
    let mut text_of = vec![None; messages.contents.len()];
    for (text, content) in (0_u32..).zip(&messages.contents.text_of) {
        if let Some(slot) = text_of.get_mut(*content as usize) {
            *slot = Some(text);
        }
    }
    let all = (0_u32..).zip(sizes).zip(forwarded.into_iter().zip(text_of)).skip(1);
    let some = all.filter(|((_, (outbound, _)), _)| *outbound > 0);
    some.map(|((number, (outbound, reached)), (forwarded, text))| OutboundContent {
        number,
        outbound: *outbound,
        reached: *reached,
        forwarded,
        text,
    })
    .collect()
}

/// The columns of `contents`.
#[must_use]
pub fn content_columns(messages: &Messages, some: &[OutboundContent]) -> Vec<ArrayRef> {
    let contents = &messages.contents;
    let words = |content: &OutboundContent| contents.words.get(&content.number);
    let of_words = |of: fn(&ContentWords) -> &str| -> ArrayRef {
        Arc::new(some.iter().map(|content| words(content).map(of)).collect::<StringArray>())
    };
    let text = |content: &OutboundContent| content.text.map(|text| contents.texts.get(text as usize));
    let texts = some.iter().map(|content| words(content).map(|words| words.texts.clone()).unwrap_or_default());
    vec![
        wide(some.iter().map(|content| content.number)),
        numbers::<Int8Type>(some.iter().map(|content| contents.kind(content.number) as i8)),
        hashes(some.iter().map(|content| contents.fingerprint(content.number))),
        wide(some.iter().map(|content| content.outbound)),
        numbers::<Int64Type>(some.iter().map(|content| content.reached as i64)),
        Arc::new(BooleanArray::from(some.iter().map(|content| content.forwarded).collect::<Vec<bool>>())),
        Arc::new(some.iter().map(text).collect::<StringArray>()),
        of_words(|words| &words.name),
        of_words(|words| &words.sample),
        lists_of_texts(texts),
    ]
}
