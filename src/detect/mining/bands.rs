//! Which templates are held against each other: in each of some bands (locality-sensitive hashing) those with the same
//! key, each with the two before it and with the first. A band is worked on in parts, and a part in shelves, each small
//! enough for a core's cache, with all that is asked of a template beside its key: nothing is fetched from all over memory.
//! Whether two are alike is told by `outlines`, what becomes of it is the business of `families`.

use rayon::prelude::*;

use super::lists::Lists;
use super::minhash::{Function, least, mix};
use super::outlines::{Outlines, Similarity};
use super::templates::Templates;
use crate::parts::Parts;

/// Bands over single pairs of words, for phrases in common.
const PAIR_BANDS: u64 = 32;
/// Bands over words, for reordered ones.
const WORD_BANDS: u64 = 12;
/// Hash functions of one band over words.
const WORD_ROWS: u64 = 3;
/// How many bands there are.
pub const BANDS: u64 = PAIR_BANDS + WORD_BANDS;

/// Templates that are laid into parts at a time; few in tests, so that theirs are more than one chunk's.
const CHUNK: usize = if cfg!(test) { 8 } else { 1 << 16 };
/// First bits of a key that tell its part.
const PART_BITS: u32 = 8;
/// Parts of a band.
const PARTS: usize = 1 << PART_BITS;
/// The next bits of a key, which tell its place in a part.
const SHELF_BITS: u32 = 6;
/// Shelves of a part, each small enough for a core's own cache.
const SHELVES: usize = 1 << SHELF_BITS;

/// A template in a band.
#[derive(Clone, Copy, Debug, Default)]
struct Banded {
    /// Those with the same key are neighbours.
    key: u32,
    /// Among them like ones tend to be neighbours by this.
    order: u32,
    index: u32,
    /// Its families so far.
    known: Known,
    outlines: Outlines,
}

const _: () = assert!(size_of::<Banded>() == 56, "each template is written and read in each band");

/// A template's families so far: the least template of either.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// Of those with phrases in common.
    pub loose: u32,
    /// Of those with nearly the same words.
    pub tight: u32,
}

impl Known {
    /// How alike two templates with these families are known to be: only what is more joins anything.
    const fn same(self, other: Self) -> Similarity {
        if self.tight == other.tight {
            Similarity::Tight
        } else if self.loose == other.loose {
            Similarity::Loose
        } else {
            Similarity::None
        }
    }
}

/// Two templates, the smaller index first.
pub type Pair = (u32, u32);

/// Some templates of a band, part by part.
#[derive(Debug, Default)]
struct Chunk {
    templates: Vec<Banded>,
    parts: Parts<PARTS>,
}

/// Room for the templates of one band, which is used again for the next.
#[derive(Debug)]
pub struct Band {
    chunks: Vec<Chunk>,
}

/// A template's key, its order among equal keys, and its index.
type Keyed = (u32, u32, u32);

const fn part_of(key: u32) -> usize {
    (key >> (u32::BITS - PART_BITS)) as usize
}

const fn shelf_of(key: u32) -> usize {
    (key << PART_BITS >> (u32::BITS - SHELF_BITS)) as usize
}

impl Chunk {
    /// Takes the place of what is there. A template without a key is left out.
    fn fill(&mut self, keyed: &[Keyed], outlines: &[Outlines], known: impl Fn(u32) -> Known) {
        let (parts, mut places) = Parts::of(keyed.iter().map(|(key, ..)| part_of(*key)));
        self.parts = parts;
        self.templates.resize(keyed.len(), Banded::default());
        for (key, order, index) in keyed {
            if let Some(slot) = places.next(part_of(*key)).and_then(|at| self.templates.get_mut(at)) {
                *slot = Banded {
                    key: *key,
                    order: *order,
                    index: *index,
                    known: known(*index),
                    outlines: outlines.get(*index as usize).copied().unwrap_or_default(),
                };
            }
        }
    }

    fn part(&self, part: usize) -> &[Banded] {
        self.templates.get(self.parts.range(part)).unwrap_or_default()
    }
}

impl Band {
    /// Room for so many templates.
    #[must_use]
    pub fn new(templates: usize) -> Self {
        Self { chunks: (0..templates.div_ceil(CHUNK)).map(|_| Chunk::default()).collect() }
    }

    /// The pairs that this band asks to be held against each other: their outlines leave open whether they are more alike
    /// than their families tell, which `known` says of an index. In no order, some of them twice.
    #[must_use]
    pub fn pairs(
        &mut self,
        band: u64,
        templates: &Templates,
        outlines: &[Outlines],
        known: impl Fn(u32) -> Known + Sync,
    ) -> Vec<Vec<Pair>> {
        self.chunks.par_iter_mut().enumerate().for_each_init(Vec::new, |keyed, (at, chunk)| {
            keys(templates, band, at * CHUNK, keyed);
            chunk.fill(keyed, outlines, &known);
        });
        let parts = (0..PARTS).into_par_iter().map_init(Part::default, |room, part| {
            room.fill(self.chunks.iter().map(|chunk| chunk.part(part)));
            room.pairs()
        });
        parts.collect()
    }
}

/// Puts the keys of a chunk's templates in the place of what is there; those that hold nothing have none.
fn keys(templates: &Templates, band: u64, start: usize, keyed: &mut Vec<Keyed>) {
    let order = Function::new(band + 1000);
    // The upper half of a hash tells what is alike; that two sets have it by chance costs one comparison.
    let halves = |key: u64, order: u64| ((key >> 32) as u32, (order >> 32) as u32);
    if let Some(band) = band.checked_sub(PAIR_BANDS) {
        let first = band * WORD_ROWS + 2000;
        let [one, two, three]: [Function; WORD_ROWS as usize] =
            std::array::from_fn(|row| Function::new(first + row as u64));
        keys_of(&templates.sets, start, keyed, |words| {
            let [one, two, three, order] = least([one, two, three, order], words);
            halves(mix(mix(mix(one) ^ two) ^ three), order)
        });
    } else {
        keys_of(&templates.pairs, start, keyed, |pairs| {
            let [key, order] = least([Function::new(band), order], pairs);
            halves(mix(key), order)
        });
    }
}

fn keys_of(sets: &Lists, start: usize, keyed: &mut Vec<Keyed>, key: impl Fn(&[u32]) -> (u32, u32)) {
    let of_chunk = start..(start + CHUNK).min(sets.len());
    let all = of_chunk.map(|index| (sets.get(index), index as u32)).filter(|(set, _)| !set.is_empty());
    keyed.clear();
    keyed.extend(all.map(|(set, index)| {
        let (key, order) = key(set);
        (key, order, index)
    }));
}

/// All templates of one part of a band.
#[derive(Debug, Default)]
struct Part {
    templates: Vec<Banded>,
    shelves: Parts<SHELVES>,
    /// Key and order of a shelf's templates as one, the template, and where it lies.
    sorted: Vec<(u64, u32, u32)>,
}

impl Part {
    /// Takes the place of what is there.
    fn fill<'a>(&mut self, pieces: impl Iterator<Item = &'a [Banded]> + Clone) {
        let (shelves, mut places) = Parts::of(pieces.clone().flatten().map(|template| shelf_of(template.key)));
        self.shelves = shelves;
        self.templates.resize(pieces.clone().map(<[Banded]>::len).sum(), Banded::default());
        for template in pieces.flatten() {
            if let Some(slot) = places.next(shelf_of(template.key)).and_then(|at| self.templates.get_mut(at)) {
                *slot = *template;
            }
        }
    }

    /// Pairs worth asking for among neighbours with the same key, and with the first of them.
    fn pairs(&mut self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for shelf in 0..SHELVES {
            let templates = self.templates.get(self.shelves.range(shelf)).unwrap_or_default();
            self.sorted.clear();
            self.sorted.extend(templates.iter().zip(0..).map(|(template, at)| {
                (u64::from(template.key) << u32::BITS | u64::from(template.order), template.index, at)
            }));
            self.sorted.sort_unstable();
            pairs_among(self.sorted.iter().filter_map(|(.., at)| templates.get(*at as usize)), &mut pairs);
        }
        pairs
    }
}

/// Adds the pairs worth asking for among templates in order.
fn pairs_among<'a>(templates: impl Iterator<Item = &'a Banded>, pairs: &mut Vec<Pair>) {
    let mut known: Option<[&Banded; 3]> = None;
    for template in templates {
        let Some([last, before, first]) = known.filter(|[last, ..]| last.key == template.key) else {
            known = Some([template; 3]);
            continue;
        };
        for (position, other) in [last, before, first].iter().enumerate() {
            let again = [last, before].iter().take(position).any(|seen| seen.index == other.index);
            if !again && other.outlines.may_be_more_than(other.known.same(template.known), template.outlines) {
                pairs.push((other.index.min(template.index), other.index.max(template.index)));
            }
        }
        known = Some([template, last, first]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// The pairs of a band without parts or chunks: templates by key, each with the two before it and with the first.
    fn asked_for(
        band: u64,
        templates: &Templates,
        outlines: &[Outlines],
        known: impl Fn(u32) -> Known,
    ) -> BTreeSet<Pair> {
        let mut of_keys: BTreeMap<u32, BTreeSet<(u32, u32)>> = BTreeMap::new();
        for start in (0..templates.sets.len()).step_by(CHUNK) {
            let mut keyed = Vec::new();
            keys(templates, band, start, &mut keyed);
            for (key, order, index) in keyed {
                of_keys.entry(key).or_default().insert((order, index));
            }
        }
        let mut asked = BTreeSet::new();
        for same in of_keys.into_values() {
            let same: Vec<u32> = same.into_iter().map(|(_, index)| index).collect();
            for (at, index) in same.iter().enumerate() {
                for other in [at.checked_sub(1), at.checked_sub(2), Some(0)].into_iter().flatten() {
                    let (left, right) = (same[other].min(*index), same[other].max(*index));
                    let known = known(left).same(known(right));
                    if left != right && outlines[left as usize].may_be_more_than(known, outlines[right as usize]) {
                        asked.insert((left, right));
                    }
                }
            }
        }
        asked
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn parts_ask_for_what_the_whole_band_would(
            texts in proptest::collection::vec(proptest::collection::vec(0_u32..12, 0..9), 1..60),
            families in proptest::collection::vec((0_u32..3, 0_u32..10), 60),
            bands in proptest::collection::vec(0..BANDS, 1..4),
        ) {
            let fill = |of: fn(&Vec<u32>) -> BTreeSet<u32>| {
                Lists::fill(texts.len(), |index, (): &mut (), list| list.extend(of(&texts[index])))
            };
            let templates = Templates {
                template_of: Vec::new(),
                sets: fill(|words| words.iter().map(|word| word * 2).collect()),
                pairs: fill(|words| words.windows(2).map(|pair| pair[0] * 100 + pair[1]).collect()),
            };
            let outlines = Outlines::of_all(&templates);
            // Of one tight family are only templates of one loose family.
            let known = |index: u32| {
                let (loose, tight) = families[index as usize];
                Known { loose, tight: loose * 10 + tight }
            };
            // One room for all of them: nothing of the band before may stay.
            let mut room = Band::new(texts.len());
            for band in bands {
                let found = room.pairs(band, &templates, &outlines, known);
                let found: BTreeSet<Pair> = found.into_iter().flatten().collect();
                prop_assert_eq!(found, asked_for(band, &templates, &outlines, known));
            }
        }
    }
}
