//! The records behind findings, each with the SHA-256 of its bytes as they stand in the source.
//! What is hashed here is the file as `records` reads it again, not our memory of it.
//! Which messages belong to a finding was settled by assess.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::records::{Wanted, read_again};
use crate::assess::Finding;
use crate::hash::{Sha256, hex};
use crate::ingest::{Input, Progress};
use crate::message::Messages;

/// How many messages of each finding `evidence.csv` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    All,
    /// The first so many by time.
    First(usize),
}

impl Extent {
    /// The part of a finding's rows that is listed.
    #[must_use]
    pub fn of(self, rows: &[u32]) -> &[u32] {
        match self {
            Self::All => rows,
            Self::First(count) => rows.get(..count.min(rows.len())).unwrap_or_default(),
        }
    }
}

/// SHA-256 of records, by row, as 64 hex digits on demand.
#[derive(Debug, Default)]
pub struct RecordHashes(Vec<(u32, [u8; 32])>);

impl RecordHashes {
    /// The hash of a row's record; empty when its source could not be read again.
    #[must_use]
    pub fn get(&self, row: u32) -> String {
        let found = self.0.binary_search_by_key(&row, |(row, _)| *row).ok().and_then(|at| self.0.get(at));
        found.map(|(_, digest)| hex(digest)).unwrap_or_default()
    }
}

/// All rows that the findings list, each once and ascending.
#[must_use]
pub fn listed(findings: &[Finding], extent: Extent) -> Vec<u32> {
    let mut rows: Vec<u32> = findings.iter().flat_map(|finding| extent.of(&finding.rows).iter().copied()).collect();
    rows.par_sort_unstable();
    rows.dedup();
    rows
}

/// Hashes the records of rows, which are ascending; each is a step.
#[must_use]
pub fn record_hashes(
    messages: &Messages,
    inputs: &[Input],
    rows: &[u32],
    max_unpacked: u64,
    progress: &dyn Progress,
) -> RecordHashes {
    let hash = |_, record: &[u8]| {
        progress.advance(1);
        Sha256::digest(record)
    };
    RecordHashes(read_again(by_input(messages, inputs, rows), max_unpacked, &hash))
}

/// The records of rows, by the inputs they stand in; a record's number is its row.
#[must_use]
pub fn by_input<'i>(messages: &Messages, inputs: &'i [Input], rows: &[u32]) -> Vec<(&'i Input, Vec<Wanted>)> {
    let mut by_file: BTreeMap<u32, Vec<Wanted>> = BTreeMap::new();
    for row in rows {
        let place = messages.columns.place(*row as usize);
        let file = messages.columns.file.get(*row as usize).copied().unwrap_or_default();
        by_file.entry(file).or_default().push(Wanted { number: *row, offset: place.offset, length: place.length });
    }
    by_file.into_iter().filter_map(|(file, wanted)| Some((inputs.get(file as usize)?, wanted))).collect()
}
