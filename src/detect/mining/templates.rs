//! Templates after LogCluster (Vaarandi and Pihelgas 2015): frequent words stay, runs of rare words become slots.
//! A template is only made where enough words stay; other texts keep all their words.
//! Joining templates that nearly agree is the business of `families`.

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64;

use super::words::{Words, distinct, is_mask};

/// A word is frequent when it stands in the texts of so many messages.
pub const SUPPORT: u64 = 5;
/// Texts with fewer distinct words are only themselves: anybody may say them.
pub const LEAST_WORDS: usize = 5;

/// Templates, and which text has which.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// Template of each text; [`NONE`] for texts too short to be mined.
    pub template_of: Vec<u32>,
    /// Distinct words of each template, ascending.
    pub sets: Vec<Vec<u32>>,
    /// Distinct neighbouring pairs of words of each template, ascending.
    pub pairs: Vec<Vec<u32>>,
}

/// Stands for "no template".
pub const NONE: u32 = u32::MAX;

/// The words that make a text's template, and whether slots were made.
fn kept(words: &[u32], frequent: &HashMap<u32, u64, FxBuildHasher>) -> Option<Vec<u32>> {
    let all = distinct(words).len();
    if all < LEAST_WORDS {
        return None;
    }
    let kept: Vec<u32> = words.iter().copied().filter(|word| is_mask(*word) || frequent.contains_key(word)).collect();
    let stay = distinct(&kept).len();
    Some(if stay >= LEAST_WORDS && stay * 2 >= all { kept } else { words.to_vec() })
}

fn pairs_of(words: &[u32]) -> Vec<u32> {
    let of = |pair: &[u32]| {
        let mut bytes = [0_u8; 8];
        for (slot, word) in bytes.chunks_exact_mut(4).zip(pair) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        xxh3_64(&bytes) as u32
    };
    let mut pairs: Vec<u32> = words.windows(2).filter(|pair| !pair.iter().all(|word| is_mask(*word))).map(of).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The templates of all texts, in an order that is theirs alone.
#[must_use]
pub fn mine(
    words: &Words,
    frequent: &HashMap<u32, u64, FxBuildHasher>,
    _fingerprint: impl Fn(usize) -> u128 + Sync,
) -> Templates {
    let mut keys: Vec<(u64, u32)> = (0..words.len())
        .into_par_iter()
        .filter_map(|text| {
            let kept = kept(words.get(text), frequent)?;
            let bytes: Vec<u8> = kept.iter().flat_map(|word| word.to_le_bytes()).collect();
            Some((xxh3_64(&bytes), text as u32))
        })
        .collect();
    keys.par_sort_unstable();
    let mut template_of = vec![NONE; words.len()];
    let mut firsts = Vec::new();
    for same in keys.chunk_by(|one, next| one.0 == next.0) {
        for (_, text) in same {
            if let Some(slot) = template_of.get_mut(*text as usize) {
                *slot = firsts.len() as u32;
            }
        }
        firsts.extend(same.first().map(|(_, text)| *text));
    }
    let made: Vec<(Vec<u32>, Vec<u32>)> = firsts
        .par_iter()
        .map(|text| {
            let kept = kept(words.get(*text as usize), frequent).unwrap_or_default();
            (distinct(&kept), pairs_of(&kept))
        })
        .collect();
    let (sets, pairs) = made.into_iter().unzip();
    Templates { template_of, sets, pairs }
}
