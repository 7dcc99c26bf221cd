//! Joins templates that nearly agree: candidates by MinHash bands (`bands`), each candidate checked against the sets
//! themselves (`outlines`). Two strengths: tight (nearly the same words) and loose (whole phrases in common). What a
//! loose family really holds is settled by `profiles`.

use rayon::prelude::*;

use super::bands::{BANDS, Band, Known, Pair};
use super::lists::Lists;
use super::outlines::{Outlines, Overlap, Similarity, alike, may_be_alike_by};
use super::templates::{Templates, piece};
use crate::ingest::{NoProgress, Progress};

/// Pairs of several bands are held against each other together, once they are as many as the templates through this: what
/// they consist of is fetched once for all of them. With more of them, what the first ones join would be asked again.
const PUT_OFF: usize = 8;

/// Stands for "in no family".
pub const ALONE: u32 = u32::MAX;

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

/// Two templates that are alike, the smaller index first.
pub type Joint = (u32, u32, Similarity);

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

    /// Shortens all ways to the families.
    fn flatten(&mut self) {
        self.loose.flatten();
        self.tight.flatten();
    }

    /// The families of a template, once they are flat.
    fn known(&self, index: u32) -> Known {
        let family = |of: &Union| of.parent.get(index as usize).copied().unwrap_or(index);
        Known { loose: family(&self.loose), tight: family(&self.tight) }
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
    let outlines = Outlines::of_all(templates);
    let mut room = Band::new(outlines.len());
    let mut asked = Vec::new();
    for (at, band) in bands.iter().enumerate() {
        let pairs = room.pairs(*band, templates, &outlines, |index| families.known(index));
        asked.extend(pairs.into_iter().flatten());
        if asked.len() >= outlines.len() / PUT_OFF || at + 1 == bands.len() {
            for joint in checked(templates, &mut asked) {
                if families.add(joint) {
                    new(joint);
                }
            }
            families.flatten();
        }
        progress.advance(1);
    }
}

/// Those of the pairs that are alike; none of the pairs stay.
fn checked(templates: &Templates, pairs: &mut Vec<Pair>) -> Vec<Joint> {
    pairs.par_sort_unstable();
    pairs.dedup();
    let joints = pairs.chunks(piece(templates.sets.len())).flat_map(|pairs| alike_among(templates, pairs)).collect();
    pairs.clear();
    joints
}

/// Those that are alike of some pairs in order. Few of them share enough pairs of words for their words to matter.
fn alike_among(templates: &Templates, pairs: &[Pair]) -> Vec<Joint> {
    let mut left_over = overlaps(
        &templates.pairs,
        pairs,
        |pair| *pair,
        |pair, of_pairs| may_be_alike_by(of_pairs).then_some((*pair, of_pairs)),
    );
    left_over.par_sort_unstable();
    overlaps(
        &templates.sets,
        &left_over,
        |(pair, _)| *pair,
        |((left, right), of_pairs), of_words| {
            let similarity = alike(of_words, *of_pairs);
            (similarity != Similarity::None).then_some((*left, *right, similarity))
        },
    )
}

/// What the lists of some pairs in order have in common, as far as it is wanted. They lie all over memory, so they are
/// asked for twice in the order in which they lie: those of the left ones, which are laid together, and then the right.
fn overlaps<A: Sync, B: Send>(
    lists: &Lists,
    asked: &[A],
    pair: impl Fn(&A) -> Pair + Sync,
    wanted: impl Fn(&A, Overlap) -> Option<B> + Sync,
) -> Vec<B> {
    let lefts = Lists::fill(asked.len(), |at, (): &mut (), list| {
        list.extend_from_slice(asked.get(at).map_or(&[], |asked| lists.get(pair(asked).0 as usize)));
    });
    let mut by_right: Vec<(u32, u32)> = asked.iter().zip(0..).map(|(asked, at)| (pair(asked).1, at)).collect();
    by_right.par_sort_unstable();
    let found = by_right.par_iter().filter_map(|(right, at)| {
        let overlap = Overlap::of(lefts.get(*at as usize), lists.get(*right as usize));
        wanted(asked.get(*at as usize)?, overlap)
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
