//! How alike two templates are, and what says quickly that they are not: a few bits for all words and pairs of each.
//! Which templates are held against each other is decided by `bands`, what becomes of alike ones by `families`.

use rayon::prelude::*;

use super::minhash::{mix, shared};
use super::templates::Templates;
use super::words::MOST_WORDS;

/// How alike two templates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Similarity {
    /// Not enough.
    None,
    /// Phrases in common.
    Loose,
    /// Nearly the same words.
    Tight,
}

/// How many elements a set has, and how many of them have no bit of their own in its outline.
#[derive(Clone, Copy, Debug, Default)]
struct Elements {
    count: u8,
    beyond: u8,
}

impl Elements {
    /// Of a set of no more than [`MOST_WORDS`] elements, for which so many bits stand.
    const fn of(set: &[u32], bits: u32) -> Self {
        Self { count: set.len() as u8, beyond: (set.len() - bits as usize) as u8 }
    }

    /// So many elements at most are shared by sets with so many bits in common: a bit that only one of them has stands
    /// for at least one element that the other has not. What is left of a set is the bits in common and what is beyond.
    fn most_shared(self, other: Self, in_common: u32) -> usize {
        in_common as usize + usize::from(self.beyond.min(other.beyond))
    }
}

/// The words of a template and its pairs of neighbouring words in short: a bit for each, which others may share. Pairs
/// tell more apart, and have more bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outlines {
    pair_bits: Bits<6>,
    word_bits: Bits<2>,
    pairs: Elements,
    words: Elements,
}

/// Bits, 32 in each number.
type Bits<const NUMBERS: usize> = [u32; NUMBERS];

/// The bits that stand for these elements, and how many they are.
fn bits<const NUMBERS: usize>(elements: &[u32]) -> (Bits<NUMBERS>, u32) {
    let mut bits = [0; NUMBERS];
    for element in elements {
        let place = ((mix(u64::from(*element)) >> 32) * (NUMBERS * 32) as u64) >> 32;
        if let Some(number) = bits.get_mut((place / 32) as usize) {
            *number |= 1 << (place % 32);
        }
    }
    (bits, bits.iter().map(|number| number.count_ones()).sum())
}

/// How many bits two have in common.
fn in_common<const NUMBERS: usize>(one: Bits<NUMBERS>, other: Bits<NUMBERS>) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one & other).count_ones()).sum()
}

impl Outlines {
    fn of(words: &[u32], pairs: &[u32]) -> Self {
        let ((pair_bits, of_pairs), (word_bits, of_words)) = (bits(pairs), bits(words));
        Self { pair_bits, word_bits, pairs: Elements::of(pairs, of_pairs), words: Elements::of(words, of_words) }
    }

    /// Of all templates.
    #[must_use]
    pub fn of_all(templates: &Templates) -> Vec<Self> {
        let outlines = |index| Self::of(templates.sets.get(index), templates.pairs.get(index));
        (0..templates.sets.len()).into_par_iter().map(outlines).collect()
    }

    fn most_shared_pairs(self, other: Self) -> usize {
        self.pairs.most_shared(other.pairs, in_common(self.pair_bits, other.pair_bits))
    }

    fn most_shared_words(self, other: Self) -> usize {
        self.words.most_shared(other.words, in_common(self.word_bits, other.word_bits))
    }

    /// False only where [`alike`] says that the two are not more alike than that.
    #[must_use]
    pub fn may_be_more_than(self, known: Similarity, other: Self) -> bool {
        let words = |shared| Overlap::at_most([self.words.count, other.words.count], shared);
        let pairs = Overlap::at_most([self.pairs.count, other.pairs.count], self.most_shared_pairs(other));
        // The pairs tell most apart, so that of the words nothing need be counted.
        alike(words(usize::MAX), pairs) > known && alike(words(self.most_shared_words(other)), pairs) > known
    }
}

const _: () = assert!(size_of::<Outlines>() == 36, "outlines are copied in each band");
const _: () = assert!(MOST_WORDS <= u8::MAX as usize, "an outline counts in 8 bits");

/// What two sets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overlap {
    /// Elements of either.
    sizes: [usize; 2],
    shared: usize,
}

impl Overlap {
    /// Of two ascending sets.
    #[must_use]
    pub fn of(left: &[u32], right: &[u32]) -> Self {
        Self { sizes: [left.len(), right.len()], shared: shared(left, right) }
    }

    /// The greatest that two sets with so many elements can have, if they share so many at most.
    fn at_most([left, right]: [u8; 2], shared: usize) -> Self {
        Self { sizes: [left.into(), right.into()], shared: shared.min(left.min(right).into()) }
    }
}

/// Whether two templates of whose pairs so many are shared may be alike, whatever their words.
#[must_use]
pub fn may_be_alike_by(pairs: Overlap) -> bool {
    alike(Overlap { sizes: [MOST_WORDS; 2], shared: MOST_WORDS }, pairs) != Similarity::None
}

/// How alike two templates are, by what the sets of their words and of their pairs of neighbouring words have in common.
/// More of what is shared never makes them less alike.
#[must_use]
pub fn alike(words: Overlap, pairs: Overlap) -> Similarity {
    let Overlap { sizes: [left_words, right_words], shared: words } = words;
    let Overlap { sizes: [left_pairs, right_pairs], shared: pairs } = pairs;
    let (least, most) = (left_words.min(right_words), left_words.max(right_words));
    if least * 6 < most || words < 3 {
        return Similarity::None;
    }
    let all_words = left_words + right_words - words;
    let least_pairs = left_pairs.min(right_pairs);
    // Words: J ≥ 0.6, in short texts with most pairs in the same order as well.
    if words * 10 >= all_words * 6 && (pairs * 2 >= least_pairs || (words >= 8 && pairs >= 3)) {
        return Similarity::Tight;
    }
    let phrases = pairs >= 4 && pairs * 5 >= least_pairs;
    let most_words = words * 10 >= all_words * 4 && (pairs >= 3 || (pairs >= 2 && words >= 7));
    if phrases || most_words {
        return Similarity::Loose;
    }
    Similarity::None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lists::Lists;
    use super::*;

    fn lists(of: [&Vec<u32>; 2]) -> Lists {
        Lists::fill(2, |index, (): &mut (), list| list.extend_from_slice(of[index]))
    }

    fn set(most: usize) -> impl Strategy<Value = Vec<u32>> {
        // Few distinct elements, so that many are shared; some far apart, so that bits collide.
        let element = prop_oneof![0_u32..40, any::<u32>()];
        proptest::collection::btree_set(element, 0..most).prop_map(|set| set.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn outlines_never_hide_what_is_alike(
            left in set(40), right in set(40), left_pairs in set(MOST_WORDS), right_pairs in set(MOST_WORDS),
        ) {
            let templates = Templates {
                template_of: Vec::new(),
                sets: lists([&left, &right]),
                pairs: lists([&left_pairs, &right_pairs]),
            };
            let [one, other] = Outlines::of_all(&templates)[..] else { unreachable!() };
            prop_assert!(one.most_shared_words(other) >= shared(&left, &right));
            prop_assert!(one.most_shared_pairs(other) >= shared(&left_pairs, &right_pairs));
            let of_pairs = Overlap::of(&left_pairs, &right_pairs);
            let found = alike(Overlap::of(&left, &right), of_pairs);
            prop_assert!(may_be_alike_by(of_pairs) || found == Similarity::None);
            for known in [Similarity::None, Similarity::Loose, Similarity::Tight] {
                prop_assert!(one.may_be_more_than(known, other) || found <= known);
            }
        }
    }
}
