//! Templates after LogCluster (Vaarandi and Pihelgas 2015): frequent words stay, runs of rare words become slots.
//! A template is only made where enough words stay; other texts keep all their words.
//! Joining templates that nearly agree is the business of `families`.

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64;

use super::lists::{Lists, SEGMENT};
use super::words::{Words, distinct_into, is_mask};

/// A word is frequent when it stands in the texts of so many messages.
pub const SUPPORT: u64 = 5;
/// Texts with fewer distinct words are only themselves: anybody may say them.
pub const LEAST_WORDS: usize = 4;

/// Most pieces in which templates are worked on one after another where texts or words are asked for from all over memory.
const PIECES: usize = 8;
/// Templates of a piece at least: so many fit into memory anywhere, and keep many cores busy. Few in tests, so that theirs
/// are more than one piece's.
const LEAST_PIECE: usize = if cfg!(test) { 1 } else { 1 << 19 };

/// How many of so many templates are worked on at a time, so that what is asked for lies near together, or at least does
/// not go to a file and back each time.
#[must_use]
pub fn piece(templates: usize) -> usize {
    templates.div_ceil(PIECES).max(LEAST_PIECE).next_multiple_of(SEGMENT)
}

/// Templates, and which text has which.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// Template of each text; [`NONE`] for texts too short to be mined.
    pub template_of: Vec<u32>,
    /// Distinct words of each template, ascending.
    pub sets: Lists,
    /// Distinct neighbouring pairs of words of each template, ascending.
    pub pairs: Lists,
}

impl Templates {
    /// Template of each text; what the templates consist of is given back.
    #[must_use]
    pub fn into_template_of(self) -> Vec<u32> {
        self.template_of
    }
}

/// Stands for "no template".
pub const NONE: u32 = u32::MAX;

/// Room for the work on one text.
#[derive(Debug, Default)]
struct Spare {
    kept: Vec<u32>,
    distinct: Vec<u32>,
    bytes: Vec<u8>,
}

impl Spare {
    /// Puts the words that make a text's template into `kept`, and the distinct ones of them into `distinct`; whether the
    /// text has enough of them.
    fn keep(&mut self, words: &[u32], frequent: &HashMap<u32, u64, FxBuildHasher>) -> bool {
        distinct_into(words, &mut self.distinct);
        let all = self.distinct.len();
        self.kept.clear();
        if all < LEAST_WORDS {
            return false;
        }
        let stay = self.distinct.iter().filter(|word| frequent.contains_key(*word)).count();
        if stay < LEAST_WORDS || stay * 2 < all {
            self.kept.extend_from_slice(words);
        } else {
            self.distinct.retain(|word| frequent.contains_key(word));
            self.kept.extend(words.iter().copied().filter(|word| is_mask(*word) || frequent.contains_key(word)));
        }
        true
    }

    fn hash(&mut self) -> u64 {
        self.bytes.clear();
        self.kept.iter().for_each(|word| self.bytes.extend_from_slice(&word.to_le_bytes()));
        xxh3_64(&self.bytes)
    }
}

fn push_pairs(words: &[u32], pairs: &mut Vec<u32>, spare: &mut Vec<u32>) {
    let of = |pair: &[u32]| {
        let mut bytes = [0_u8; 8];
        for (slot, word) in bytes.chunks_exact_mut(4).zip(pair) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        xxh3_64(&bytes) as u32
    };
    spare.clear();
    spare.extend(words.windows(2).filter(|pair| !pair.iter().all(|word| is_mask(*word))).map(of));
    spare.sort_unstable();
    spare.dedup();
    pairs.extend_from_slice(spare);
}

/// The templates of all texts, in an order that is theirs alone.
#[must_use]
pub fn mine(words: &Words, frequent: &HashMap<u32, u64, FxBuildHasher>) -> Templates {
    let mut keys: Vec<(u64, u32)> = (0..words.len())
        .into_par_iter()
        .map_init(Spare::default, |spare, text| {
            spare.keep(words.get(text), frequent).then(|| (spare.hash(), text as u32))
        })
        .flatten_iter()
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
    drop(keys);
    let (mut sets, mut pairs) = (Lists::default(), Lists::default());
    for texts in firsts.chunks(piece(firsts.len())) {
        let [more_sets, more_pairs] = of_texts(texts, words, frequent);
        sets.append(more_sets);
        pairs.append(more_pairs);
    }
    Templates { template_of, sets, pairs }
}

/// Sets and pairs of the templates of some texts, in the order of these.
fn of_texts(texts: &[u32], words: &Words, frequent: &HashMap<u32, u64, FxBuildHasher>) -> [Lists; 2] {
    // The texts in the order in which their words lie, each with where it is wanted.
    let mut lying: Vec<(u32, u32)> = texts.iter().zip(0..).map(|(text, wanted)| (*text, wanted)).collect();
    lying.par_sort_unstable();
    let made = Lists::fill_all(lying.len(), |at, spare: &mut Spare, [set, pairs]| {
        let Some((text, _)) = lying.get(at) else { return };
        spare.keep(words.get(*text as usize), frequent);
        set.extend_from_slice(&spare.distinct);
        push_pairs(&spare.kept, pairs, &mut spare.distinct);
    });
    let mut places = vec![0; texts.len()];
    for ((_, wanted), at) in lying.iter().zip(0..) {
        if let Some(place) = places.get_mut(*wanted as usize) {
            *place = at;
        }
    }
    made.map(|lists| lists.in_order(&places))
}
