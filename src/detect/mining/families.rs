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

    fn join(&mut self, left: u32, right: u32) {
        let (left, right) = (self.find(left), self.find(right));
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

/// How alike two templates are, by their words and their pairs of neighbouring words.
fn similarity(templates: &Templates, left: u32, right: u32) -> Similarity {
    let set = |sets: &'_ [Vec<u32>], index: u32| sets.get(index as usize).map_or((0, usize::MAX), |set| (set.len(), 0));
    let (left_words, _) = set(&templates.sets, left);
    let (right_words, _) = set(&templates.sets, right);
    let (least, most) = (left_words.min(right_words), left_words.max(right_words));
    if least * 6 < most {
        return Similarity::None;
    }
    fn of(sets: &[Vec<u32>], index: u32) -> &[u32] {
        sets.get(index as usize).map_or(&[], Vec::as_slice)
    }
    let words = shared(of(&templates.sets, left), of(&templates.sets, right));
    if words < 3 {
        return Similarity::None;
    }
    let (left_pairs, right_pairs) = (of(&templates.pairs, left), of(&templates.pairs, right));
    let pairs = shared(left_pairs, right_pairs);
    let all_words = left_words + right_words - words;
    let least_pairs = left_pairs.len().min(right_pairs.len());
    // Words: J ≥ 0.6, in short texts with most pairs in the same order as well.
    if words * 10 >= all_words * 6 && (pairs * 2 >= least_pairs || (words >= 8 && pairs >= 3)) {
        return Similarity::Tight;
    }
    if (pairs >= 4 && pairs * 5 >= least_pairs) || (pairs >= 3 && words * 10 >= all_words * 4) {
        return Similarity::Loose;
    }
    Similarity::None
}

/// For each template, its loose and its tight family.
#[must_use]
pub fn join(templates: &Templates) -> Vec<(u32, u32)> {
    let count = templates.sets.len();
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
        let edges = edges(templates, &keys, &tight);
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
fn edges(templates: &Templates, keys: &[(u64, u64, u32)], tight: &Union) -> Vec<(u32, u32, Similarity)> {
    let runs: Vec<&[(u64, u64, u32)]> =
        keys.chunk_by(|one, next| one.0 == next.0).filter(|run| run.len() > 1).collect();
    runs.par_iter()
        .flat_map_iter(|run| {
            let mut found = Vec::new();
            let leader = run.first().map_or(0, |(_, _, index)| *index);
            for (position, (_, _, index)) in run.iter().enumerate().skip(1) {
                let near = position.saturating_sub(2)..position;
                let near = run.get(near).unwrap_or_default().iter().map(|(_, _, index)| *index);
                for other in near.chain([leader]) {
                    if other == *index || tight.find(other) == tight.find(*index) {
                        continue;
                    }
                    let similarity = similarity(templates, other, *index);
                    if similarity != Similarity::None {
                        found.push((other.min(*index), other.max(*index), similarity));
                    }
                }
            }
            found
        })
        .collect()
}
