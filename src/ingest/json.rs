//! Reads JSON exports of any size by the formats of the catalogue: recognises, cuts, maps.
//! One object, an array, lines, objects in a row, or one object around a huge list; in constant memory.
//! What a format says is data; Meta's nested webhooks have a reader of their own in `meta`.

mod general;
mod recognise;
mod record;
mod resolve;
mod secrets;
mod tape;
pub mod walk;

use std::borrow::Cow;

pub use secrets::masked;
pub use tape::Fault;

use super::batch::Batch;
use super::blocks::{BLOCK_BYTES, Hasher};
use super::context::FileContext;
use super::formats::Format;
use super::mapping::{MapError, Mapping};
use super::scan::Source;
use super::time::{OrderEvidence, OrderFinding};
use super::{DateOrderDecision, FileRead};
use crate::message::Place;
use recognise::Beginning;
use record::{Documents, State};
use resolve::Item;
use tape::Tape;
use walk::{At, Stretch, Walk, layout_of, walk};

/// A recognised JSON file.
#[derive(Debug)]
pub struct Recognised {
    format: Format,
    /// How sure, 0 to 100.
    pub confidence: u8,
    /// The next best format.
    pub runner_up: Option<(String, u8)>,
    /// Which key holds what, where it had to be found out.
    pub mapping: Option<Mapping>,
}

impl Recognised {
    /// Name of the format.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.format.name
    }
}

/// Finds the format from the beginning of a file, after its byte-order mark.
///
/// # Errors
/// When no format fits and no keys hold times and recipients.
pub fn recognise(file: &FileContext<'_>, sample: &[u8]) -> Result<Recognised, MapError> {
    let catalogue = &file.context.catalogue;
    let embedded: Vec<Box<str>> = catalogue.json().flat_map(|format| format.embedded.iter().cloned()).collect();
    let beginning = Beginning::of(sample, &embedded);
    let (best, next) = beginning.best(catalogue);
    if let Some((format, confidence)) = best {
        let runner_up = next.map(|(format, score)| (format.name.clone(), score));
        return Ok(Recognised { format: format.clone(), confidence, runner_up, mapping: None });
    }
    let guess = general::guess(&file.context.delimited, &beginning)?;
    let confidence = guess.mapping.confidence;
    Ok(Recognised { format: guess.format, confidence, runner_up: None, mapping: Some(guess.mapping) })
}

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    sample: &[u8],
    bom: usize,
    recognised: &Recognised,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    read_blocks(file, sample, bom, recognised, source, progress, BLOCK_BYTES)
}

fn read_blocks<'c>(
    file: &FileContext<'c>,
    sample: &[u8],
    bom: usize,
    recognised: &Recognised,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
    block_bytes: usize,
) -> std::io::Result<FileRead<'c>> {
    let format = &recognised.format;
    let sample = sample.get(bom..).unwrap_or_default();
    let secrets = file.context.catalogue.secrets();
    let mut documents = Documents::new(file, format, &secrets);
    let date_order = settle_order(file, format, sample, &mut documents);
    let start = || State { batch: Batch::new(file), tape: Tape::default() };
    let unit = |state: &mut State<'c>, at: At, bytes: &[u8]| {
        let State { batch, tape } = state;
        let length = tape.read(bytes, &format.embedded)?;
        let bytes = bytes.get(..length).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let node = tape.root(text);
                documents.read(batch, &Item { node, around: Vec::new(), document: node }, at, text, None);
            }
            Err(_) => {
                let place =
                    Place { record: batch.records + 1, line: at.line, offset: at.offset, length: length as u32 };
                batch.reject(place, NOT_UTF8, &masked(bytes, &secrets));
            }
        }
        Ok(length)
    };
    let problem = |state: &mut State<'c>, place: Place, bytes: &[u8], reason: Cow<'static, str>, lost: bool| {
        let place = Place { record: state.batch.records + 1, ..place };
        state.batch.reject(place, reason, &masked(bytes, &secrets));
        state.batch.broken_off |= lost;
    };
    let plan =
        Walk { layout: layout_of(sample), skip: bom, block_bytes, start: &start, unit: &unit, problem: &problem };
    let mut hasher = Hasher::new(file.context.threads);
    let stretches = walk(source, 0..u64::MAX, &plan, &mut hasher, progress)?;
    let batches =
        joined(stretches.into_iter().map(|stretch| Stretch { state: stretch.state.batch, lines: stretch.lines }));
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order })
}

/// Reason for values that are no text.
pub const NOT_UTF8: &str = "not valid UTF-8";

/// Batches with their places counted from the start of the file.
pub fn joined<'c>(stretches: impl Iterator<Item = Stretch<Batch<'c>>>) -> Vec<Batch<'c>> {
    let (mut records, mut lines) = (0, 0);
    let shifted = stretches.map(|stretch| {
        let mut batch = stretch.state;
        let seen = batch.records;
        batch.shift(records, lines, 0);
        batch.close();
        records += seen;
        lines += stretch.lines;
        batch
    });
    shifted.collect()
}

/// Decides on the order of day and month from the first documents, where neither the user nor the format has.
fn settle_order(
    file: &FileContext<'_>,
    format: &Format,
    sample: &[u8],
    documents: &mut Documents<'_, '_>,
) -> Option<DateOrderDecision> {
    if file.context.date_order.is_some() || format.date_order.is_some() {
        return None;
    }
    let mut evidence = OrderEvidence::default();
    for document in Beginning::of(sample, &format.embedded).items() {
        record::times(format, &document, &mut |text| evidence.see(text.as_bytes()));
    }
    let (order, basis) = match evidence.decide() {
        OrderFinding::Settled | OrderFinding::Contradictory { .. } | OrderFinding::Undecided => return None,
        OrderFinding::ByValue(order) => (order, DateOrderDecision::BY_VALUE),
        OrderFinding::ByMonotony(order) => (order, DateOrderDecision::BY_MONOTONY),
        OrderFinding::BySpan(order) => (order, DateOrderDecision::BY_SPAN),
    };
    documents.with_order(order);
    Some(DateOrderDecision { order: super::delimited::order_text(order), basis, counts: evidence.counts() })
}
