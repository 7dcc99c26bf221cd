//! Messages as columns of the streams `messages` and `marked`, and contents as those of `contents`.
//! Numbers are those of all messages; who knows them says how. Nothing is read back here.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray, StringArray};

use super::stream::{hashes, lists_of_texts};
use crate::message::{Columns, ContentWords, FORWARD_UNKNOWN, Messages};

/// How messages, recipients and accounts are numbered.
#[derive(Clone, Copy)]
pub struct Numbering<'a> {
    /// Number of a row.
    pub row: &'a dyn Fn(usize) -> u32,
    /// Subject of a row.
    pub subject: &'a dyn Fn(usize) -> u32,
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

/// The columns of `messages` for some rows.
#[must_use]
pub fn message_columns(messages: &Messages, numbering: Numbering<'_>, range: Range<usize>) -> Vec<ArrayRef> {
    let columns: &Columns = &messages.columns;
    fn part<'c, T: Copy>(column: &'c [T], range: &Range<usize>) -> impl Iterator<Item = T> + 'c {
        column.get(range.clone()).unwrap_or_default().iter().copied()
    }
    let reach = |recipient: u32| messages.recipients.audience.get(recipient as usize).copied().unwrap_or(1);
    vec![
        wide(range.clone().map(numbering.row)),
        short(range.clone().map(numbering.subject)),
        short(part(&columns.account, &range)),
        wide(part(&columns.recipient, &range).map(numbering.recipient)),
        wide(part(&columns.recipient, &range).map(reach)),
        wide(part(&columns.audience, &range)),
        numbers::<Int64Type>(part(&columns.sent_at, &range)),
        numbers::<Int8Type>(part(&columns.direction, &range).map(|word| word as i8)),
        numbers::<Int8Type>(part(&columns.platform, &range).map(|word| word as i8)),
        numbers::<Int8Type>(part(&columns.zone, &range).map(|word| word as i8)),
        numbers::<Int8Type>(part(&columns.category, &range).map(|word| word as i8)),
        numbers::<Int16Type>(part(&columns.forward_score, &range).map(i16::from)),
        wide(part(&columns.content, &range)),
        wide(part(&columns.values, &range)),
        short(part(&columns.file, &range)),
        hashes(part(&columns.key, &range)),
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
pub fn outbound_contents(messages: &Messages, sizes: &[(u32, u64)]) -> Vec<OutboundContent> {
    let columns = &messages.columns;
    let mut forwarded = vec![false; messages.contents.len()];
    for (content, score) in columns.content.iter().zip(&columns.forward_score) {
        if *score > 0
            && *score < FORWARD_UNKNOWN
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
