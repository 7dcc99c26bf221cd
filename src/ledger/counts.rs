//! What folding a month gives: counts of each source, contradictions, from when to when. Kept in the register, so that
//! a report on some months knows the accounts of all sources without reading the others.
//! A record whose messages live in several months is set aside, and settled when all months are added up.

use std::collections::{BTreeMap, BTreeSet};

use super::part::PartRows;
use super::register::{CountRow, PartRow, SourceRow};
use super::words::Words;
use super::{Ledger, LedgerError, files};
use crate::ingest::gather::count;
use crate::ingest::whole::Whole;
use crate::ingest::{FileCounts, Reading};
use crate::message::Conflict;

/// What a month gives.
#[derive(Debug, Default)]
pub struct Month {
    pub span: (Option<i64>, Option<i64>),
    pub counts: Vec<CountRow>,
    /// Files are numbers of sources.
    pub conflicts: Vec<Conflict>,
}

/// The sources whose messages count: of several with the same bytes, the first by name.
#[must_use]
pub fn owners(sources: &[SourceRow]) -> BTreeSet<u32> {
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    let mut owners = BTreeSet::new();
    for source in sources {
        let comparable = !source.sha256.is_empty() && source.bytes > 0;
        if !comparable || *first.entry(&source.sha256).or_insert(source.id) == source.id {
            owners.insert(source.id);
        }
    }
    owners
}

impl Ledger {
    /// The rows of parts, by source.
    pub(super) fn rows_of(
        &self,
        parts: &[PartRow],
        wanted: &BTreeSet<u32>,
    ) -> Result<BTreeMap<u32, PartRows>, LedgerError> {
        let mut rows: BTreeMap<u32, PartRows> = BTreeMap::new();
        for part in parts {
            let bytes = files::read(&self.folder, &part.filed)?;
            for (source, part) in PartRows::from_bytes(bytes, &part.filed.file)?.split() {
                if wanted.contains(&source) {
                    rows.entry(source).or_default().append(&part);
                }
            }
        }
        Ok(rows)
    }

    /// The tables of a source; empty ones where it has none.
    pub(super) fn words_of(&self, source: &SourceRow) -> Result<Option<Words>, LedgerError> {
        let Some(filed) = &source.words else { return Ok(None) };
        Words::from_bytes(&files::read(&self.folder, filed)?, &filed.file).map(Some)
    }

    /// Folds a month on its own.
    pub(super) fn count_month(
        &self,
        month: i64,
        sources: &[SourceRow],
        reading: &Reading,
    ) -> Result<Month, LedgerError> {
        let rows = self.rows_of(&self.register.parts(Some(month))?, &owners(sources))?;
        let mut ids = Vec::new();
        let mut batches = Vec::new();
        for source in sources {
            let Some(part) = rows.get(&source.id) else { continue };
            let mut whole = Whole::empty();
            if let Some(filed) = &source.words {
                whole.contents = Words::bare_contents(&files::read(&self.folder, filed)?, &filed.file)?;
            }
            (whole.rows, _, whole.echoes) = part.in_order();
            batches.push(whole.into_batch(reading, ids.len() as u32));
            ids.push(source.id);
        }
        let index: BTreeMap<u32, u32> = ids.iter().copied().zip(0..).collect();
        let spanning = self.register.spanning()?;
        let elsewhere = spanning.iter().filter_map(|(source, record)| Some((*index.get(source)?, *record))).collect();
        let folded = count(batches, ids.len(), &elsewhere);
        let source = |file: u32| ids.get(file as usize).copied().unwrap_or_default();
        let mut left_out: BTreeMap<u32, Vec<(u32, bool)>> = BTreeMap::new();
        for (file, record, new) in folded.left_out {
            left_out.entry(source(file)).or_default().push((record, new));
        }
        let counts = ids.iter().zip(&folded.files).map(|(source, counts)| CountRow {
            source: *source,
            counts: *counts,
            left_out: left_out.remove(source).unwrap_or_default(),
        });
        let counts: Vec<CountRow> = counts.collect();
        let conflict = |one: &Conflict| Conflict { files: (source(one.files.0), source(one.files.1)), ..*one };
        let first = counts.iter().filter_map(|row| row.counts.first_sent).min();
        let last = counts.iter().filter_map(|row| row.counts.last_sent).max();
        Ok(Month { span: (first, last), counts, conflicts: folded.conflicts.iter().map(conflict).collect() })
    }

    /// Folds months again and writes down what that gives.
    pub(super) fn count_again(&self, months: &BTreeSet<i64>, reading: &Reading) -> Result<(), LedgerError> {
        let sources = self.register.sources()?;
        for month in months {
            if self.register.parts(Some(*month))?.is_empty() {
                self.register.remove_month(*month)?;
                continue;
            }
            let Month { span, counts, conflicts } = self.count_month(*month, &sources, reading)?;
            self.register.set_month(*month, span, &counts, &conflicts)?;
        }
        Ok(())
    }
}

/// Adds up what the months give for each source, and settles the records that live in several.
#[must_use]
pub fn added_up(rows: Vec<CountRow>) -> BTreeMap<u32, FileCounts> {
    let mut counts: BTreeMap<u32, FileCounts> = BTreeMap::new();
    let mut spanning: BTreeMap<(u32, u32), bool> = BTreeMap::new();
    for row in rows {
        counts.entry(row.source).or_default().add(&row.counts);
        for (record, new) in row.left_out {
            *spanning.entry((row.source, record)).or_default() |= new;
        }
    }
    for ((source, _), new) in spanning {
        let counts = counts.entry(source).or_default();
        let count = if new { &mut counts.read } else { &mut counts.folded };
        *count += 1;
    }
    counts
}
