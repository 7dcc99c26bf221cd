//! Records as they stand in their sources, read again at the places that ingest noted.
//! Plain files by seeking, packed ones unpacked once, all members of a container in one walk.
//! What is made of the bytes (a hash, a text) is the caller's; which records are wanted was settled elsewhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::*;

use crate::ingest::database::{self, Store};
use crate::ingest::{Input, containers, open};

/// A record that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The number by which the caller knows it.
    pub number: u32,
    /// Offset of its first byte, as places count (after decompression).
    pub offset: u64,
    /// Its length in bytes.
    pub length: u32,
}

/// Records that lie closer than this are read in one go.
const STRIDE: u64 = 1 << 20;

/// Reads records again and gives what `see` makes of the bytes of each, ordered by number. What cannot be read again
/// is missing in the answer.
pub fn read_again<T: Send>(
    wanted: Vec<(&Input, Vec<Wanted>)>,
    max_unpacked: u64,
    see: &(impl Fn(u32, &[u8]) -> T + Sync),
) -> Vec<(u32, T)> {
    let mut seen = Vec::new();
    let mut held: BTreeMap<&Path, BTreeMap<&str, Vec<Wanted>>> = BTreeMap::new();
    for (input, mut records) in wanted {
        records.sort_unstable_by_key(|record| record.offset);
        match &input.member {
            Some(name) => held.entry(&input.path).or_default().entry(name).or_default().append(&mut records),
            None => seen.append(&mut of_file(&input.path, &records, max_unpacked, see)),
        }
    }
    for (path, members) in held {
        // One walk for all members: an archive may be readable only from its start.
        let outcome = containers::texts(path, max_unpacked, &|name| members.contains_key(name), &mut |name, text| {
            let records = members.get(name).map_or(&[][..], Vec::as_slice);
            // Places of a database's records count in its canonical text.
            let text = if database::is_database(&text) { database::records_text(Store::Bytes(&text)) } else { text };
            seen.extend(records.iter().filter_map(|record| Some((record.number, see_one(record, 0, &text, see)?))));
        });
        // A container that cannot be read again leaves its records out, as a file does.
        drop(outcome);
    }
    seen.par_sort_unstable_by_key(|(number, _)| *number);
    seen
}

fn of_file<T: Send>(
    path: &Path,
    records: &[Wanted],
    max_unpacked: u64,
    see: &(impl Fn(u32, &[u8]) -> T + Sync),
) -> Vec<(u32, T)> {
    let Ok(unpacked) = open::unpacked(path, max_unpacked) else { return Vec::new() };
    // Places of a database's records count in its canonical text.
    let unpacked = match unpacked {
        Some(bytes) if database::is_database(&bytes) => Some(database::records_text(Store::Bytes(&bytes))),
        None if database::is_database_file(path) => Some(database::records_text(Store::File(path))),
        unpacked => unpacked,
    };
    match unpacked {
        Some(text) => {
            records.par_iter().filter_map(|record| Some((record.number, see_one(record, 0, &text, see)?))).collect()
        }
        None => {
            let near = |one: &Wanted, next: &Wanted| one.offset / STRIDE == next.offset / STRIDE;
            let stretches: Vec<&[Wanted]> = records.chunk_by(near).collect();
            stretches.par_iter().flat_map_iter(|records| of_stretch(path, records, see).unwrap_or_default()).collect()
        }
    }
}

/// Reads the part of a file that holds some records.
fn of_stretch<T>(path: &Path, records: &[Wanted], see: &impl Fn(u32, &[u8]) -> T) -> std::io::Result<Vec<(u32, T)>> {
    let start = records.iter().map(|record| record.offset).min().unwrap_or(0);
    let end = records.iter().map(|record| record.offset.saturating_add(u64::from(record.length))).max();
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut text = Vec::new();
    file.take(end.unwrap_or(start) - start).read_to_end(&mut text)?;
    Ok(records.iter().filter_map(|record| Some((record.number, see_one(record, start, &text, see)?))).collect())
}

fn see_one<T>(record: &Wanted, base: u64, text: &[u8], see: &impl Fn(u32, &[u8]) -> T) -> Option<T> {
    let start = usize::try_from(record.offset.checked_sub(base)?).ok()?;
    Some(see(record.number, text.get(start..start.checked_add(record.length as usize)?)?))
}
