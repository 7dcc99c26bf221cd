//! Joins the local tables of many batches into one table of distinct entries, on all cores. Each entry is looked at
//! where it lies once; after that its hash goes with it, and only what has the same hash is asked for again.
//! The result depends only on the order of the batches, never on threads.
//! It knows nothing of what the entries are: callers say how to hash and compare them.

use hashbrown::HashTable;
use rayon::prelude::*;

use crate::parts::Parts;

/// Entries are spread over this many tables by the top bits of their hash.
const SHARDS: usize = 64;
const SHARD_SHIFT: u32 = 64 - SHARDS.trailing_zeros();

/// An entry: which batch, and which index in it.
pub type Entry = (u32, u32);

/// An index with the hash of its entry.
#[derive(Clone, Copy, Debug)]
struct Hashed {
    hash: u64,
    index: u32,
}

/// The entries of one batch, shard by shard, in few pieces of memory however many the shards.
#[derive(Debug)]
struct Spread {
    hashes: Vec<u64>,
    /// Local index of each.
    locals: Vec<u32>,
    shards: Parts<SHARDS>,
}

impl Spread {
    fn of(batch: u32, length: usize, hash: &(impl Fn(Entry) -> u64 + Sync)) -> Self {
        let shard_of = |hash: u64| (hash >> SHARD_SHIFT) as usize;
        let by_local: Vec<u64> = (0..length as u32).map(|local| hash((batch, local))).collect();
        let (shards, mut places) = Parts::of(by_local.iter().map(|hash| shard_of(*hash)));
        let (mut hashes, mut locals) = (vec![0; length], vec![0; length]);
        for (hash, local) in by_local.into_iter().zip(0..) {
            let Some(at) = places.next(shard_of(hash)) else { continue };
            if let Some(place) = hashes.get_mut(at).zip(locals.get_mut(at)) {
                (*place.0, *place.1) = (hash, local);
            }
        }
        Self { hashes, locals, shards }
    }

    /// The local indices of a shard.
    fn locals(&self, shard: usize) -> &[u32] {
        self.locals.get(self.shards.range(shard)).unwrap_or_default()
    }

    /// The entries of a shard.
    fn entries(&self, shard: usize) -> impl Iterator<Item = Hashed> {
        let hashes = self.hashes.get(self.shards.range(shard)).unwrap_or_default();
        hashes.iter().zip(self.locals(shard)).map(|(hash, index)| Hashed { hash: *hash, index: *index })
    }
}

/// The distinct entries of one shard.
#[derive(Debug, Default)]
struct Shard {
    first: Vec<Entry>,
    /// For each entry of the shard, batch by batch, its index among them.
    index_of: Vec<u32>,
    /// Where each batch begins.
    starts: Vec<u32>,
}

impl Shard {
    fn of(shard: usize, batches: &[Spread], same: &(impl Fn(Entry, Entry) -> bool + Sync)) -> Self {
        let mut table: HashTable<Hashed> = HashTable::new();
        let mut found = Self::default();
        found.index_of.reserve_exact(batches.iter().map(|batch| batch.locals(shard).len()).sum());
        for (batch, spread) in batches.iter().enumerate() {
            found.starts.push(found.index_of.len() as u32);
            for Hashed { hash, index: local } in spread.entries(shard) {
                let entry = (batch as u32, local);
                let first = &found.first;
                let is_known = |known: &Hashed| {
                    known.hash == hash && first.get(known.index as usize).is_some_and(|other| same(*other, entry))
                };
                let index = match table.find(hash, is_known) {
                    Some(known) => known.index,
                    None => {
                        let index = found.first.len() as u32;
                        found.first.push(entry);
                        table.insert_unique(hash, Hashed { hash, index }, |known| known.hash);
                        index
                    }
                };
                found.index_of.push(index);
            }
        }
        found
    }

    /// For each entry of a batch in this shard, its index among the distinct ones.
    fn of_batch(&self, batch: usize) -> &[u32] {
        let start = self.starts.get(batch).map_or(0, |start| *start as usize);
        self.index_of.get(start..).unwrap_or_default()
    }
}

/// The joined table.
#[derive(Debug, Default)]
pub struct Joined {
    /// For each batch, the joined index of each local index.
    pub index_of: Vec<Vec<u32>>,
    /// For each joined index, the first entry that gave it.
    pub first: Vec<Entry>,
}

/// Joins `batches` tables with `length(batch)` entries each.
pub fn join(
    batches: usize,
    length: impl Fn(usize) -> usize + Sync,
    hash: impl Fn(Entry) -> u64 + Sync,
    same: impl Fn(Entry, Entry) -> bool + Sync,
) -> Joined {
    let spread: Vec<Spread> =
        (0..batches).into_par_iter().map(|batch| Spread::of(batch as u32, length(batch), &hash)).collect();
    let shards: Vec<Shard> = (0..SHARDS).into_par_iter().map(|shard| Shard::of(shard, &spread, &same)).collect();
    let mut first = Vec::with_capacity(shards.iter().map(|shard| shard.first.len()).sum());
    let bases: Vec<u32> = shards
        .iter()
        .map(|shard| {
            let base = first.len() as u32;
            first.extend_from_slice(&shard.first);
            base
        })
        .collect();
    let index_of = spread.into_par_iter().enumerate().map(|(batch, spread)| {
        let mut map = vec![0_u32; spread.locals.len()];
        for (at, (shard, base)) in shards.iter().zip(&bases).enumerate() {
            for (local, index) in spread.locals(at).iter().zip(shard.of_batch(batch)) {
                if let Some(slot) = map.get_mut(*local as usize) {
                    *slot = base + index;
                }
            }
        }
        map
    });
    Joined { index_of: index_of.collect(), first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_entries_of_different_batches_get_one_index() {
        let tables = [vec!["a", "b"], vec!["b", "c", "a"], vec![]];
        let text = |(batch, local): Entry| tables[batch as usize][local as usize];
        let joined = join(
            tables.len(),
            |batch| tables[batch].len(),
            |entry| xxhash_rust::xxh3::xxh3_64(text(entry).as_bytes()),
            |left, right| text(left) == text(right),
        );
        assert_eq!(joined.first.len(), 3);
        assert_eq!(joined.index_of[0][0], joined.index_of[1][2]);
        assert_eq!(joined.index_of[0][1], joined.index_of[1][0]);
        assert_ne!(joined.index_of[0][0], joined.index_of[1][1]);
        for (batch, table) in tables.iter().enumerate() {
            for (local, word) in table.iter().enumerate() {
                assert_eq!(text(joined.first[joined.index_of[batch][local] as usize]), *word);
            }
        }
    }
}
