//! Joins templates that nearly agree: candidates by MinHash bands, each candidate checked against the sets themselves.
//! Two strengths: tight (nearly the same words) and loose (whole phrases in common). What a loose family really holds
//! is settled by `profiles`.

use rayon::prelude::*;

use super::minhash::{Function, mix, shared};
use super::templates::Templates;

/// Stands for "in no family".
pub const ALONE: u32 = u32::MAX;

/// Bands over single pairs of words, for phrases in common.
const PAIR_BANDS: u64 = 32;
/// Bands over words, for reordered ones.
const WORD_BANDS: u64 = 12;
/// Hash functions of one band over words.
const WORD_ROWS: u64 = 3;

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

/// Sets of templates, by union and find; the least index stands for its set.
#[derive(Debug)]
struct Union {
    parent: Vec<u32>,
}

impl Union {
    fn new(count: usize) -> Self {
        Self { parent: (0..count as u32).collect() }
    }

    fn find(&self, mut index: u32) -> u32 {
        while let Some(parent) = self.parent.get(index as usize).copied()
            && parent != index
        {
            index = parent;
        }
        index
    }

    /// As [`Self::find`], and halves the way for whoever comes next.
    fn find_halving(&mut self, mut index: u32) -> u32 {
        while let Some(parent) = self.parent.get(index as usize).copied()
            && parent != index
        {
            let grand = self.parent.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(index as usize) {
                *slot = grand;
            }
            index = grand;
        }
        index
    }

    fn join(&mut self, left: u32, right: u32) {
        let (left, right) = (self.find_halving(left), self.find_halving(right));
        let (least, other) = (left.min(right), left.max(right));
        if let Some(parent) = self.parent.get_mut(other as usize) {
            *parent = least;
        }
    }

    /// Shortens all ways to the root.
    fn flatten(&mut self) {
        for index in 0..self.parent.len() {
            // Parents are always smaller, so they are flat already.
            let parent = self.parent.get(index).copied().unwrap_or_default();
            let root = self.parent.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(index) {
                *slot = root;
            }
        }
    }
}

fn of(sets: &[Vec<u32>], index: u32) -> &[u32] {
    sets.get(index as usize).map_or(&[], Vec::as_slice)
}

/// A set in short: how many elements it has, and a bit for each of them, which others may share.
#[derive(Clone, Copy, Debug, Default)]
struct Outline {
    bits: u128,
    count: u32,
}

impl Outline {
    fn of(set: &[u32]) -> Self {
        let bit = |element: &u32| 1_u128 << (mix(u64::from(*element)) >> 57);
        Self { bits: set.iter().map(bit).fold(0, |bits, bit| bits | bit), count: set.len() as u32 }
    }

    /// So many elements at most are shared: a bit that only one of the sets has stands for at least one element that the
    /// other has not.
    fn most_shared(self, other: Self) -> usize {
        let left = self.count - (self.bits & !other.bits).count_ones();
        let right = other.count - (other.bits & !self.bits).count_ones();
        left.min(right) as usize
    }
}

/// The outlines of a template's words and of its pairs of neighbouring words.
#[derive(Clone, Copy, Debug, Default)]
struct Outlines {
    words: Outline,
    pairs: Outline,
}

/// How alike two templates are of which so many words and pairs are shared. More of either never makes them less alike.
fn alike(left: Outlines, right: Outlines, words: usize, pairs: usize) -> Similarity {
    let (left_words, right_words) = (left.words.count as usize, right.words.count as usize);
    let (least, most) = (left_words.min(right_words), left_words.max(right_words));
    if least * 6 < most || words < 3 {
        return Similarity::None;
    }
    let all_words = left_words + right_words - words;
    let least_pairs = left.pairs.count.min(right.pairs.count) as usize;
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

/// A template that may be like others, with what is asked of it first.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    index: u32,
    /// Its tight family so far.
    family: u32,
    outlines: Outlines,
}

/// Templates with their outlines: most pairs that are asked for are unlike, and their outlines say so already.
struct Compared<'t> {
    templates: &'t Templates,
    outlines: Vec<Outlines>,
}

impl<'t> Compared<'t> {
    fn new(templates: &'t Templates) -> Self {
        let sets = templates.sets.par_iter().zip(&templates.pairs);
        let outlines = sets.map(|(words, pairs)| Outlines { words: Outline::of(words), pairs: Outline::of(pairs) });
        Self { templates, outlines: outlines.collect() }
    }

    fn candidate(&self, index: u32, tight: &Union) -> Candidate {
        let outlines = self.outlines.get(index as usize).copied().unwrap_or_default();
        Candidate { index, family: tight.find(index), outlines }
    }

    /// How alike two templates are, by their words and their pairs of neighbouring words.
    fn similarity(&self, left: Candidate, right: Candidate) -> Similarity {
        let (one, other) = (left.outlines, right.outlines);
        let at_most = alike(one, other, one.words.most_shared(other.words), one.pairs.most_shared(other.pairs));
        if at_most == Similarity::None {
            return Similarity::None;
        }
        let (left, right) = (left.index, right.index);
        let words = shared(of(&self.templates.sets, left), of(&self.templates.sets, right));
        let pairs = shared(of(&self.templates.pairs, left), of(&self.templates.pairs, right));
        alike(one, other, words, pairs)
    }
}

/// For each template, its loose and its tight family.
#[must_use]
pub fn join(templates: &Templates) -> Vec<(u32, u32)> {
    let count = templates.sets.len();
    let compared = Compared::new(templates);
    let (mut loose, mut tight) = (Union::new(count), Union::new(count));
    for band in 0..PAIR_BANDS + WORD_BANDS {
        let mut keys: Vec<(u64, u64, u32)> = (0..count)
            .into_par_iter()
            .map(|index| {
                let pairs = templates.pairs.get(index).map_or(&[][..], Vec::as_slice);
                let (key, order) = if band < PAIR_BANDS {
                    (Function::new(band).least(pairs), Function::new(band + 1000).least(pairs))
                } else {
                    let words = templates.sets.get(index).map_or(&[][..], Vec::as_slice);
                    let first = (band - PAIR_BANDS) * WORD_ROWS;
                    let key =
                        (first..first + WORD_ROWS).fold(0, |key, k| mix(key ^ Function::new(k + 2000).least(words)));
                    (key, Function::new(band + 1000).least(words))
                };
                (key, order, index as u32)
            })
            .filter(|(key, _, _)| *key != u64::MAX)
            .collect();
        keys.par_sort_unstable();
        let edges = edges(&compared, &keys, &tight);
        for (left, right, similarity) in edges {
            loose.join(left, right);
            if similarity == Similarity::Tight {
                tight.join(left, right);
            }
        }
        loose.flatten();
        tight.flatten();
    }
    (0..count as u32).map(|index| (loose.find(index), tight.find(index))).collect()
}

/// Pairs worth joining among neighbours with the same key, and with the first of them.
fn edges(compared: &Compared<'_>, keys: &[(u64, u64, u32)], tight: &Union) -> Vec<(u32, u32, Similarity)> {
    let runs: Vec<&[(u64, u64, u32)]> =
        keys.chunk_by(|one, next| one.0 == next.0).filter(|run| run.len() > 1).collect();
    runs.par_iter()
        .flat_map_iter(|run| {
            let mut found = Vec::new();
            // Each template is fetched once: they lie all over memory, and fetching takes longer than comparing.
            let mut fetched = run.iter().map(|(_, _, index)| compared.candidate(*index, tight));
            let Some(leader) = fetched.next() else { return found };
            let (mut before, mut last) = (leader, leader);
            for candidate in fetched {
                for (position, other) in [last, before, leader].iter().enumerate() {
                    let again = [last, before].iter().take(position).any(|seen| seen.index == other.index);
                    if again || other.family == candidate.family {
                        continue;
                    }
                    let similarity = compared.similarity(*other, candidate);
                    if similarity != Similarity::None {
                        let (one, two) = (other.index, candidate.index);
                        found.push((one.min(two), one.max(two), similarity));
                    }
                }
                (before, last) = (last, candidate);
            }
            found
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(most: usize) -> impl Strategy<Value = Vec<u32>> {
        // Few distinct elements, so that many are shared; some far apart, so that bits collide.
        let element = prop_oneof![0_u32..40, any::<u32>()];
        proptest::collection::btree_set(element, 0..most).prop_map(|set| set.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn outlines_never_hide_what_is_alike(left in set(40), right in set(40), left_pairs in set(300), right_pairs in set(300)) {
            let templates = Templates {
                template_of: Vec::new(),
                sets: vec![left.clone(), right.clone()],
                pairs: vec![left_pairs.clone(), right_pairs.clone()],
            };
            let compared = Compared::new(&templates);
            let (one, other) = (compared.outlines[0], compared.outlines[1]);
            let (words, pairs) = (shared(&left, &right), shared(&left_pairs, &right_pairs));
            prop_assert!(one.words.most_shared(other.words) >= words);
            prop_assert!(one.pairs.most_shared(other.pairs) >= pairs);
            let tight = Union::new(2);
            let found = compared.similarity(compared.candidate(0, &tight), compared.candidate(1, &tight));
            prop_assert_eq!(found, alike(one, other, words, pairs));
        }
    }
}
