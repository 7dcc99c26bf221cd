//! The records behind findings, each with the SHA-256 of its bytes as they stand in the source.
//! Sources are read again at the places that ingest noted: what is hashed here is the file, not our memory of it.
//! Which messages belong to a finding was settled by assess.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::assess::Finding;
use crate::ingest::database::{self, Store};
use crate::ingest::{Input, containers, hex, open};
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

/// Records that lie closer than this are read in one go.
const STRIDE: u64 = 1 << 20;

/// Hashes the records of all rows that the findings list.
#[must_use]
pub fn record_hashes(
    messages: &Messages,
    inputs: &[Input],
    findings: &[Finding],
    extent: Extent,
    max_unpacked: u64,
) -> RecordHashes {
    let mut rows: Vec<u32> = findings.iter().flat_map(|finding| extent.of(&finding.rows).iter().copied()).collect();
    rows.par_sort_unstable();
    rows.dedup();
    let mut by_file: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        by_file.entry(messages.columns.file.get(row as usize).copied().unwrap_or_default()).or_default().push(row);
    }
    let mut hashes = Vec::new();
    let mut held: BTreeMap<&Path, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    for (file, mut rows) in by_file {
        let Some(input) = inputs.get(file as usize) else { continue };
        rows.sort_unstable_by_key(|row| messages.columns.offset.get(*row as usize).copied());
        match &input.member {
            Some(name) => drop(held.entry(&input.path).or_default().insert(name, rows)),
            None => hashes.append(&mut hash_file(messages, input, &rows, max_unpacked)),
        }
    }
    for (path, members) in held {
        // One walk for all members: an archive may be readable only from its start.
        let outcome = containers::texts(path, max_unpacked, &|name| members.contains_key(name), &mut |name, text| {
            let rows = members.get(name).map_or(&[][..], Vec::as_slice);
            // Places of a database's records count in its canonical text.
            let text = if database::is_database(&text) { database::records_text(Store::Bytes(&text)) } else { text };
            hashes.extend(rows.iter().filter_map(|row| hash_record(messages, *row, 0, &text)));
        });
        // A container that cannot be read again leaves its records without hashes, as a file does.
        drop(outcome);
    }
    hashes.par_sort_unstable_by_key(|(row, _)| *row);
    RecordHashes(hashes)
}

fn hash_file(messages: &Messages, input: &Input, rows: &[u32], max_unpacked: u64) -> Vec<(u32, [u8; 32])> {
    let offset = |row: &u32| messages.columns.place(*row as usize).offset;
    let Ok(unpacked) = open::unpacked(&input.path, max_unpacked) else { return Vec::new() };
    // Places of a database's records count in its canonical text.
    let unpacked = match unpacked {
        Some(bytes) if database::is_database(&bytes) => Some(database::records_text(Store::Bytes(&bytes))),
        None if database::is_database_file(&input.path) => Some(database::records_text(Store::File(&input.path))),
        unpacked => unpacked,
    };
    match unpacked {
        Some(text) => rows.par_iter().filter_map(|row| hash_record(messages, *row, 0, &text)).collect(),
        None => {
            let near = |one: &u32, next: &u32| offset(one) / STRIDE == offset(next) / STRIDE;
            let stretches: Vec<&[u32]> = rows.chunk_by(near).collect();
            stretches.par_iter().flat_map_iter(|rows| hash_stretch(messages, input, rows).unwrap_or_default()).collect()
        }
    }
}

/// Reads the part of a file that holds some records, and hashes each.
fn hash_stretch(messages: &Messages, input: &Input, rows: &[u32]) -> std::io::Result<Vec<(u32, [u8; 32])>> {
    let places = rows.iter().map(|row| messages.columns.place(*row as usize));
    let start = places.clone().map(|place| place.offset).min().unwrap_or(0);
    let end = places.map(|place| place.offset + u64::from(place.length)).max().unwrap_or(start);
    let mut file = File::open(&input.path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut text = Vec::new();
    file.take(end - start).read_to_end(&mut text)?;
    Ok(rows.iter().filter_map(|row| hash_record(messages, *row, start, &text)).collect())
}

fn hash_record(messages: &Messages, row: u32, base: u64, text: &[u8]) -> Option<(u32, [u8; 32])> {
    let place = messages.columns.place(row as usize);
    let start = place.offset.checked_sub(base)? as usize;
    let record = text.get(start..start + place.length as usize)?;
    Some((row, Sha256::digest(record).into()))
}
