//! What stands behind each recipient, where the files of a period say different things of it.
//! Only files that told of one of the messages kept, or hold a consent, have a say.
//! Where all files agree, nothing is looked for.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, Consent};
use crate::message::{Columns, RecipientKind};

/// What each batch says of its recipients.
#[derive(Debug, Default)]
pub struct Stated(Vec<(u32, Vec<RecipientKind>)>);

impl Stated {
    /// Takes it from the batches.
    #[must_use]
    pub fn of(batches: &[Batch<'_>]) -> Self {
        let kinds = |batch: &Batch<'_>| {
            let count = batch.recipients().texts.len() as u32;
            (batch.file, (0..count).map(|local| batch.recipient_kind(local)).collect())
        };
        Self(batches.iter().map(kinds).collect())
    }

    /// Puts into `kind` what the files say that have a say; `tellings` are the row of the message's first record and the
    /// file of a later one.
    pub fn settle(
        &self,
        kind: &mut [RecipientKind],
        index_of: &[Vec<u32>],
        columns: &Columns,
        keep: &[bool],
        consents: &[Consent],
        tellings: impl Iterator<Item = (u32, u32)>,
    ) {
        let mut seen: Vec<Option<RecipientKind>> = vec![None; kind.len()];
        let mut by_file: BTreeMap<u32, BTreeMap<u32, RecipientKind>> = BTreeMap::new();
        for ((_, kinds), map) in self.0.iter().zip(index_of) {
            for (stated, index) in kinds.iter().zip(map) {
                match seen.get_mut(*index as usize) {
                    Some(slot @ None) => *slot = Some(*stated),
                    Some(Some(known)) if known != stated => {
                        by_file.entry(*index).or_default();
                    }
                    _ => {}
                }
            }
        }
        if by_file.is_empty() {
            return;
        }
        for ((file, kinds), map) in self.0.iter().zip(index_of) {
            for (stated, index) in kinds.iter().zip(map) {
                if let Some(files) = by_file.get_mut(index) {
                    let known = files.entry(*file).or_default();
                    *known = (*known).max(*stated);
                }
            }
        }
        let kept = |row: u32| keep.get(row as usize).copied().unwrap_or(true);
        let recipient = |row: u32| columns.recipient.get(row as usize).copied().unwrap_or_default();
        let mut heard: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut hear = |recipient: u32, file: u32| {
            if by_file.contains_key(&recipient) {
                heard.insert((recipient, file));
            }
        };
        for (row, file) in (0_u32..).zip(&columns.file).filter(|(row, _)| kept(*row)) {
            hear(recipient(row), *file);
        }
        tellings.filter(|(first, _)| kept(*first)).for_each(|(first, file)| hear(recipient(first), file));
        consents.iter().for_each(|consent| hear(consent.recipient, consent.file));
        for (index, files) in &by_file {
            let said = files.iter().filter(|(file, _)| heard.contains(&(*index, **file))).map(|(_, kind)| *kind).max();
            if let Some(slot) = kind.get_mut(*index as usize) {
                *slot = said.unwrap_or_default();
            }
        }
    }
}
