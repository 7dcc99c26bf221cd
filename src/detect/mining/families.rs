//! Joins templates that nearly agree: candidates by MinHash bands, each candidate checked against the sets themselves.
//! Two strengths: tight (nearly the same words) and loose (whole phrases in common). What a loose family really holds
//! is settled by `profiles`.

use rayon::prelude::*;

use super::lists::Lists;
use super::minhash::{Function, least, mix, shared};
use super::templates::Templates;
use super::words::MOST_WORDS;
use crate::ingest::{NoProgress, Progress};

/// Stands for "in no family".
pub const ALONE: u32 = u32::MAX;

/// Bands over single pairs of words, for phrases in common.
const PAIR_BANDS: u64 = 32;
/// Bands over words, for reordered ones.
const WORD_BANDS: u64 = 12;
/// Hash functions of one band over words.
const WORD_ROWS: u64 = 3;
/// Templates that are fetched at a time.
const FETCHED: usize = 32;

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

    /// Joins two sets, and says whether they were apart.
    fn join(&mut self, left: u32, right: u32) -> bool {
        let (left, right) = (self.find_halving(left), self.find_halving(right));
        let (least, other) = (left.min(right), left.max(right));
        if let Some(parent) = self.parent.get_mut(other as usize) {
            *parent = least;
        }
        left != right
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

/// How many elements a set has, and how many of them have no bit of their own in its outline.
#[derive(Clone, Copy, Debug, Default)]
struct Elements {
    count: u16,
    beyond: u16,
}

impl Elements {
    /// Of a set of no more than [`MOST_WORDS`] elements, for which so many bits stand.
    const fn of(set: &[u32], bits: u32) -> Self {
        Self { count: set.len() as u16, beyond: set.len() as u16 - bits as u16 }
    }

    /// So many elements at most are shared by sets with so many bits in common: a bit that only one of them has stands
    /// for at least one element that the other has not. What is left of a set is the bits in common and what is beyond.
    fn most_shared(self, other: Self, in_common: u32) -> usize {
        in_common as usize + usize::from(self.beyond.min(other.beyond))
    }
}

/// The words of a template and its pairs of neighbouring words in short: a bit for each, which others may share. They
/// are fetched from all over memory, so none lies in two lines of the processor's cache; pairs tell more apart, and
/// have more bits.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Outlines {
    pair_bits: u128,
    word_bits: u64,
    pairs: Elements,
    words: Elements,
}

impl Outlines {
    fn of(words: &[u32], pairs: &[u32]) -> Self {
        let hash = |element: &u32| mix(u64::from(*element));
        let pair_bits = pairs.iter().fold(0_u128, |bits, pair| bits | 1 << (hash(pair) >> 57));
        let word_bits = words.iter().fold(0_u64, |bits, word| bits | 1 << (hash(word) >> 58));
        let (pairs, words) = (Elements::of(pairs, pair_bits.count_ones()), Elements::of(words, word_bits.count_ones()));
        Self { pair_bits, word_bits, pairs, words }
    }

    fn most_shared_pairs(self, other: Self) -> usize {
        self.pairs.most_shared(other.pairs, (self.pair_bits & other.pair_bits).count_ones())
    }

    fn most_shared_words(self, other: Self) -> usize {
        self.words.most_shared(other.words, (self.word_bits & other.word_bits).count_ones())
    }
}

const _: () = assert!(size_of::<Outlines>() == 32, "outlines lie two in a line");
const _: () = assert!(MOST_WORDS <= u16::MAX as usize, "an outline counts in 16 bits");

/// How alike two templates are of which so many words and pairs are shared. More of either never makes them less alike.
fn alike(left: Outlines, right: Outlines, words: usize, pairs: usize) -> Similarity {
    let (left_words, right_words) = (usize::from(left.words.count), usize::from(right.words.count));
    let (least, most) = (left_words.min(right_words), left_words.max(right_words));
    if least * 6 < most || words < 3 {
        return Similarity::None;
    }
    let all_words = left_words + right_words - words;
    let least_pairs = usize::from(left.pairs.count.min(right.pairs.count));
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
        let outlines = |index| Outlines::of(templates.sets.get(index), templates.pairs.get(index));
        Self { templates, outlines: (0..templates.sets.len()).into_par_iter().map(outlines).collect() }
    }

    fn candidate(&self, index: u32, tight: &Union) -> Candidate {
        let outlines = self.outlines.get(index as usize).copied().unwrap_or_default();
        Candidate { index, family: tight.find(index), outlines }
    }

    /// How alike two templates are, by their words and their pairs of neighbouring words.
    fn similarity(&self, left: Candidate, right: Candidate) -> Similarity {
        let (one, other) = (left.outlines, right.outlines);
        let (words, pairs) = (usize::from(one.words.count.min(other.words.count)), one.most_shared_pairs(other));
        if alike(one, other, words, pairs) == Similarity::None
            || alike(one, other, one.most_shared_words(other), pairs) == Similarity::None
        {
            return Similarity::None;
        }
        let shared_in = |lists: &Lists| shared(lists.get(left.index as usize), lists.get(right.index as usize));
        let (words, pairs) = (shared_in(&self.templates.sets), shared_in(&self.templates.pairs));
        alike(one, other, words, pairs)
    }
}

/// Most bands that are worked on at a time: each costs 12 bytes for each template. More would leave more work to be done
/// twice, for a band does not know what the others beside it have joined.
const BANDS_AT_A_TIME: usize = 4;

/// A template in a band: the band's key, the order among equal keys, and the template.
type Banded = (u32, u32, u32);

/// Two templates that are alike, the smaller index first.
pub type Joint = (u32, u32, Similarity);

/// How many bands there are.
pub const BANDS: u64 = PAIR_BANDS + WORD_BANDS;

/// Loose and tight families, as far as they are known.
struct Families {
    loose: Union,
    tight: Union,
}

impl Families {
    fn new(count: usize) -> Self {
        Self { loose: Union::new(count), tight: Union::new(count) }
    }

    /// Takes a joint, and says whether it joins anything that was apart.
    fn add(&mut self, (left, right, similarity): Joint) -> bool {
        let loose = self.loose.join(left, right);
        let tight = similarity == Similarity::Tight && self.tight.join(left, right);
        loose || tight
    }

    /// For each template, its loose and its tight family: the least template of either.
    fn of_templates(&self) -> Vec<(u32, u32)> {
        (0..self.loose.parent.len() as u32).map(|index| (self.loose.find(index), self.tight.find(index))).collect()
    }
}

/// For each template, its loose and its tight family. Each of [`BANDS`] bands is a step.
#[must_use]
pub fn join(templates: &Templates, progress: &dyn Progress) -> Vec<(u32, u32)> {
    let mut families = Families::new(templates.sets.len());
    joints_into(&mut families, templates, &(0..BANDS).collect::<Vec<_>>(), progress, |_| {});
    families.of_templates()
}

/// The same by joints that were found before. Families do not depend on their order, nor on how the bands were shared out.
#[must_use]
pub fn joined(templates: &Templates, joints: &[Joint]) -> Vec<(u32, u32)> {
    let mut families = Families::new(templates.sets.len());
    for joint in joints {
        families.add(*joint);
    }
    families.of_templates()
}

/// The joints that some bands give, without those that join nothing new.
#[must_use]
pub fn joints(templates: &Templates, bands: &[u64]) -> Vec<Joint> {
    let mut found = Vec::new();
    let mut families = Families::new(templates.sets.len());
    joints_into(&mut families, templates, bands, &NoProgress, |joint| found.push(joint));
    found
}

fn joints_into(
    families: &mut Families,
    templates: &Templates,
    bands: &[u64],
    progress: &dyn Progress,
    mut new: impl FnMut(Joint),
) {
    let compared = Compared::new(templates);
    // Two for each core, so that none waits for the other's band to end.
    let mut room = vec![Vec::new(); (2 * rayon::current_num_threads()).min(BANDS_AT_A_TIME)];
    for bands in bands.chunks(room.len()) {
        let tight = &families.tight;
        let found = bands.par_iter().zip(room.par_iter_mut()).map(|(band, room)| {
            banded(templates, *band, room);
            edges(&compared, room, tight)
        });
        let found: Vec<Vec<Joint>> = found.collect();
        for joint in found.into_iter().flatten() {
            if families.add(joint) {
                new(joint);
            }
        }
        families.loose.flatten();
        families.tight.flatten();
        progress.advance(bands.len() as u64);
    }
}

/// Fills in the templates of a band, by key; those with one key in an order in which like ones tend to be neighbours.
fn banded(templates: &Templates, band: u64, banded: &mut Vec<Banded>) {
    let order = Function::new(band + 1000);
    // The upper half of a hash tells what is alike; that two sets have it by chance costs one comparison.
    let halves = |key: u64, order: u64| ((key >> 32) as u32, (order >> 32) as u32);
    if let Some(band) = band.checked_sub(PAIR_BANDS) {
        let first = band * WORD_ROWS + 2000;
        let [one, two, three]: [Function; WORD_ROWS as usize] =
            std::array::from_fn(|row| Function::new(first + row as u64));
        by_key(&templates.sets, banded, |words| {
            let [one, two, three, order] = least([one, two, three, order], words);
            halves(mix(mix(mix(one) ^ two) ^ three), order)
        });
    } else {
        by_key(&templates.pairs, banded, |pairs| {
            let [key, order] = least([Function::new(band), order], pairs);
            halves(mix(key), order)
        });
    }
}

/// Puts the sets that hold something in the place of what is there, by key.
fn by_key(sets: &Lists, banded: &mut Vec<Banded>, key: impl Fn(&[u32]) -> (u32, u32)) {
    let all = (0..sets.len()).map(|index| (sets.get(index), index as u32)).filter(|(set, _)| !set.is_empty());
    banded.clear();
    banded.reserve_exact(sets.len());
    banded.extend(all.map(|(set, index)| {
        let (key, order) = key(set);
        (key, order, index)
    }));
    banded.sort_unstable_by_key(|(key, order, index)| (u64::from(*key) << 32 | u64::from(*order), *index));
}

/// Pairs worth joining among neighbours with the same key, and with the first of them.
fn edges(compared: &Compared<'_>, banded: &[Banded], tight: &Union) -> Vec<Joint> {
    let mut found = Vec::new();
    let runs = banded.chunk_by(|one, next| one.0 == next.0).filter(|run| run.len() > 1);
    let mut fetched = Vec::with_capacity(FETCHED);
    for run in runs {
        let mut known: Option<[Candidate; 3]> = None;
        for some in run.chunks(FETCHED) {
            // Many at once, since they lie all over memory: fetching one takes longer than comparing it.
            fetched.clear();
            fetched.extend(some.iter().map(|(_, _, index)| compared.candidate(*index, tight)));
            for candidate in &fetched {
                let Some([last, before, leader]) = known else {
                    known = Some([*candidate; 3]);
                    continue;
                };
                for (position, other) in [last, before, leader].iter().enumerate() {
                    let again = [last, before].iter().take(position).any(|seen| seen.index == other.index);
                    if again || other.family == candidate.family {
                        continue;
                    }
                    let similarity = compared.similarity(*other, *candidate);
                    if similarity != Similarity::None {
                        let (one, two) = (other.index, candidate.index);
                        found.push((one.min(two), one.max(two), similarity));
                    }
                }
                known = Some([*candidate, last, leader]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        fn outlines_never_hide_what_is_alike(left in set(40), right in set(40), left_pairs in set(300), right_pairs in set(300)) {
            let templates = Templates {
                template_of: Vec::new(),
                sets: lists([&left, &right]),
                pairs: lists([&left_pairs, &right_pairs]),
            };
            let compared = Compared::new(&templates);
            let (one, other) = (compared.outlines[0], compared.outlines[1]);
            let (words, pairs) = (shared(&left, &right), shared(&left_pairs, &right_pairs));
            prop_assert!(one.most_shared_words(other) >= words);
            prop_assert!(one.most_shared_pairs(other) >= pairs);
            let tight = Union::new(2);
            let found = compared.similarity(compared.candidate(0, &tight), compared.candidate(1, &tight));
            prop_assert_eq!(found, alike(one, other, words, pairs));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn shared_out_bands_join_the_same(
            texts in proptest::collection::vec(proptest::collection::vec(0_u32..12, 4..9), 2..40),
            cuts in proptest::collection::vec(0..BANDS, 0..4),
            turn in any::<bool>(),
        ) {
            let fill = |of: fn(&Vec<u32>) -> Vec<u32>| Lists::fill(texts.len(), |index, (): &mut (), list| {
                list.extend(of(&texts[index]).into_iter().collect::<std::collections::BTreeSet<_>>());
            });
            let templates = Templates {
                template_of: Vec::new(),
                sets: fill(|words| words.iter().map(|word| word * 2).collect()),
                pairs: fill(|words| words.windows(2).map(|pair| pair[0] * 100 + pair[1]).collect()),
            };
            let mut bounds: Vec<u64> = cuts.into_iter().chain([0, BANDS]).collect();
            bounds.sort_unstable();
            let parts = bounds.windows(2).map(|pair| (pair[0]..pair[1]).collect::<Vec<u64>>());
            let mut found: Vec<Joint> = parts.flat_map(|bands| joints(&templates, &bands)).collect();
            if turn {
                found.reverse();
            }
            prop_assert_eq!(joined(&templates, &found), join(&templates, &NoProgress));
        }
    }
}
