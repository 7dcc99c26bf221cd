//! The words of each distinct text, as numbers: a hash that is the same in every run, so nothing has to be interned.
//! Counting them lives here; what is made of frequent and rare words stands in `templates`.

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64;

use super::lists::Lists;
use crate::ingest::words_of;
use crate::message::Contents;

/// Most words kept of a text. Longer texts are told apart by their first words.
pub const MOST_WORDS: usize = 200;

/// Words of all texts.
#[derive(Clone, Debug, Default)]
pub struct Words {
    words: Lists,
    /// Position in the texts of each content, plus one; 0 for none.
    position: Vec<u32>,
}

/// Number of a normalised word; odd for masks. `None` for what is only punctuation or emoji.
#[must_use]
pub fn number(normal: &str) -> Option<u32> {
    let mut mask = false;
    let bare = if normal.contains('<') {
        mask = normal.contains('>') && !normal.starts_with("<emoji>");
        let word = if mask { normal } else { normal.split("<emoji>").find(|part| !part.is_empty()).unwrap_or("") };
        let stays = |character: char| character.is_alphanumeric() || (mask && matches!(character, '<' | '>'));
        word.trim_matches(|character| !stays(character))
    } else {
        normal.trim_matches(|character: char| !character.is_alphanumeric())
    };
    if bare.is_empty() {
        return None;
    }
    let hash = xxh3_64(bare.as_bytes()) as u32;
    Some(if mask { hash | 1 } else { hash & !1 })
}

/// Whether a number stands for a mask.
#[must_use]
pub const fn is_mask(word: u32) -> bool {
    word & 1 == 1
}

/// The distinct words that are no masks, ascending.
#[must_use]
pub fn distinct(words: &[u32]) -> Vec<u32> {
    let mut distinct = Vec::with_capacity(words.len());
    distinct_into(words, &mut distinct);
    distinct
}

/// As [`distinct`], into a list that is emptied first.
pub fn distinct_into(words: &[u32], distinct: &mut Vec<u32>) {
    distinct.clear();
    distinct.extend(words.iter().copied().filter(|word| !is_mask(*word)));
    distinct.sort_unstable();
    distinct.dedup();
}

impl Words {
    /// Words of the texts of all contents.
    #[must_use]
    pub fn of(contents: &Contents) -> Self {
        Self::of_some(contents, |_| true)
    }

    /// Words of the texts of these contents; the others have none.
    #[must_use]
    pub fn of_some(contents: &Contents, wanted: impl Fn(u32) -> bool + Sync) -> Self {
        let words = Lists::fill(contents.text_of.len(), |text, (): &mut (), words| {
            if !contents.text_of.get(text).is_some_and(|content| wanted(*content)) {
                return;
            }
            let start = words.len();
            words_of(contents.texts.get(text), |_, normal| {
                if words.len() - start < MOST_WORDS {
                    words.extend(number(normal));
                }
            });
        });
        let mut position = vec![0; contents.len()];
        for (text, content) in contents.text_of.iter().enumerate() {
            if let Some(position) = position.get_mut(*content as usize) {
                *position = text as u32 + 1;
            }
        }
        Self { words, position }
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Words of a text, in order.
    #[must_use]
    pub fn get(&self, text: usize) -> &[u32] {
        self.words.get(text)
    }

    /// Words of the text of a content, in order.
    #[must_use]
    pub fn of_content(&self, content: u32) -> &[u32] {
        self.text_index(content).map_or(&[], |text| self.get(text))
    }

    /// The text of a content.
    #[must_use]
    pub fn text_of<'a>(&self, contents: &'a Contents, content: u32) -> &'a str {
        self.text_index(content).map_or("", |text| contents.texts.get(text))
    }

    fn text_index(&self, content: u32) -> Option<usize> {
        (self.position.get(content as usize).copied()? as usize).checked_sub(1)
    }

    /// Words that stand in texts of at least `support` messages.
    #[must_use]
    pub fn frequent(&self, weight: impl Fn(usize) -> u64 + Sync, support: u64) -> HashMap<u32, u64, FxBuildHasher> {
        type Counts = HashMap<u32, u64, FxBuildHasher>;
        let start = || (Counts::default(), Vec::new());
        let chunks = (0..self.len()).into_par_iter().fold(start, |(mut counts, mut own), text| {
            distinct_into(self.get(text), &mut own);
            let weight = weight(text);
            own.iter().for_each(|word| *counts.entry(*word).or_default() += weight);
            (counts, own)
        });
        let mut counts = chunks.map(|(counts, _)| counts).reduce(Counts::default, |left, right| {
            let (mut more, less) = if left.len() >= right.len() { (left, right) } else { (right, left) };
            for (word, count) in less {
                *more.entry(word).or_default() += count;
            }
            more
        });
        counts.retain(|_, count| *count >= support);
        counts
    }
}
