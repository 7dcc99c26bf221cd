//! The words of each distinct text, as numbers: a hash that is the same in every run, so nothing has to be interned.
//! Counting them lives here; what is made of frequent and rare words stands in `templates`.

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64;

use crate::ingest::words_of;
use crate::message::Contents;

/// Most words kept of a text. Longer texts are told apart by their first words.
pub const MOST_WORDS: usize = 200;

/// Texts that are read by one core at a time.
const CHUNK: usize = 4096;

/// Words of all texts, one text after another.
#[derive(Clone, Debug, Default)]
pub struct Words {
    words: Vec<u32>,
    ends: Vec<u64>,
    /// Position in the texts of each content, plus one; 0 for none.
    position: Vec<u32>,
}

/// Number of a normalised word; odd for masks. `None` for what is only punctuation or emoji.
#[must_use]
pub fn number(normal: &str) -> Option<u32> {
    let mask = normal.contains('<') && normal.contains('>') && !normal.starts_with("<emoji>");
    let bare = if mask {
        normal.trim_matches(|character: char| !character.is_alphanumeric() && !matches!(character, '<' | '>'))
    } else {
        let word = normal.split("<emoji>").find(|part| !part.is_empty()).unwrap_or("");
        word.trim_matches(|character: char| !character.is_alphanumeric())
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
    let mut distinct: Vec<u32> = words.iter().copied().filter(|word| !is_mask(*word)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

impl Words {
    /// Words of the texts of all contents.
    #[must_use]
    pub fn of(contents: &Contents) -> Self {
        let count = contents.text_of.len();
        let parts: Vec<(Vec<u32>, Vec<u32>)> = (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let (mut words, mut lengths) = (Vec::new(), Vec::new());
                for text in chunk * CHUNK..((chunk + 1) * CHUNK).min(count) {
                    let start = words.len();
                    words_of(contents.texts.get(text), |_, normal| {
                        if words.len() - start < MOST_WORDS {
                            words.extend(number(normal));
                        }
                    });
                    lengths.push((words.len() - start) as u32);
                }
                (words, lengths)
            })
            .collect();
        let mut all = Self::default();
        all.words.reserve_exact(parts.iter().map(|(words, _)| words.len()).sum());
        all.ends.reserve_exact(count);
        for (words, lengths) in parts {
            let mut end = all.words.len() as u64;
            all.words.extend_from_slice(&words);
            for length in lengths {
                end += u64::from(length);
                all.ends.push(end);
            }
        }
        all.position = vec![0; contents.len()];
        for (text, content) in contents.text_of.iter().enumerate() {
            if let Some(position) = all.position.get_mut(*content as usize) {
                *position = text as u32 + 1;
            }
        }
        all
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Words of a text, in order.
    #[must_use]
    pub fn get(&self, text: usize) -> &[u32] {
        let end = self.ends.get(text).copied().unwrap_or(0);
        let start = text.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.words.get(start as usize..end as usize).unwrap_or_default()
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
        let chunks =
            (0..self.len()).into_par_iter().fold(HashMap::<u32, u64, FxBuildHasher>::default, |mut map, text| {
                for word in distinct(self.get(text)) {
                    *map.entry(word).or_default() += weight(text);
                }
                map
            });
        let mut counts = chunks.reduce(HashMap::default, |left, right| {
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
