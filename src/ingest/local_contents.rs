//! The contents of one batch by local index, and which of them its latest texts and names have.
//! Joining those of all batches is done in `fold`; what makes texts one content, `normalise` says.

use std::collections::BTreeMap;

use super::named_texts::NamedTexts;
use crate::message::{ContentKind, NO_CONTENT, SAMPLE_CHARACTERS, Texts};

/// Contents of a batch.
#[derive(Debug, Default)]
pub struct LocalContents {
    /// As in [`crate::message::Contents`].
    pub kind: Vec<ContentKind>,
    /// As in [`crate::message::Contents`].
    pub fingerprint: Vec<u128>,
    /// Names; empty for texts.
    pub name: Texts,
    /// First text of each, cut to its sample.
    pub sample: Texts,
    /// Texts under each name, by index.
    pub under_name: BTreeMap<u32, NamedTexts>,
}

impl LocalContents {
    pub(super) fn with_none() -> Self {
        let mut contents = Self::default();
        contents.push(ContentKind::Text, 0, "", "");
        contents
    }

    pub(super) fn push(&mut self, kind: ContentKind, fingerprint: u128, name: &str, text: &str) {
        self.kind.push(kind);
        self.fingerprint.push(fingerprint);
        self.name.push(name);
        self.sample.push(sample_of(text));
    }

    /// Gives contents that have no sample yet one: (index, index among `samples`).
    pub(super) fn fill_samples(&mut self, later: &[(usize, usize)], samples: &Texts) {
        let later: BTreeMap<usize, &str> = later.iter().map(|(index, at)| (*index, samples.get(*at))).collect();
        if later.values().all(|sample| sample.is_empty()) {
            return;
        }
        let mut filled = Texts::default();
        for (index, sample) in self.sample.iter().enumerate() {
            filled.push(later.get(&index).copied().unwrap_or(sample));
        }
        self.sample = filled;
    }
}

/// The beginning of a text that is kept of it.
pub(super) fn sample_of(text: &str) -> &str {
    let cut = text.char_indices().nth(SAMPLE_CHARACTERS).map_or(text.len(), |(at, _)| at);
    text.get(..cut).unwrap_or(text)
}

/// Content and values of texts and names seen lately, by hash. One place for each remainder: a text that another has
/// driven out is normalised again, which costs less than remembering the millions that are never seen twice.
#[derive(Debug, Default)]
pub(super) struct RecentContents(Vec<(u128, (u32, u32))>);

impl RecentContents {
    const PLACES: usize = 1 << 12;

    pub(super) fn get(&self, raw: u128) -> Option<(u32, u32)> {
        self.0.get(raw as usize % Self::PLACES).filter(|(known, _)| *known == raw).map(|(_, found)| *found)
    }

    pub(super) fn set(&mut self, raw: u128, found: (u32, u32)) {
        if self.0.is_empty() {
            // An empty place holds a hash that belongs into another one.
            self.0 = (0..Self::PLACES).map(|place| (!(place as u128), (NO_CONTENT, 0))).collect();
        }
        if let Some(place) = self.0.get_mut(raw as usize % Self::PLACES) {
            *place = (raw, found);
        }
    }
}
