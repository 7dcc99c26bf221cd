//! Joins the local tables of many batches into one table of distinct entries, on all cores.
//! The result depends only on the order of the batches, never on threads.
//! It knows nothing of what the entries are: callers say how to hash and compare them.

use hashbrown::HashTable;
use rayon::prelude::*;

/// Entries are spread over this many tables by the top bits of their hash.
const SHARDS: usize = 64;
const SHARD_SHIFT: u32 = 64 - SHARDS.trailing_zeros();

/// An entry: which batch, and which index in it.
pub type Entry = (u32, u32);

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
    let buckets: Vec<Vec<Vec<u32>>> =
        (0..batches).into_par_iter().map(|batch| spread(batch as u32, length(batch), &hash)).collect();
    let shards: Vec<(Vec<Entry>, Vec<Vec<u32>>)> = (0..SHARDS)
        .into_par_iter()
        .map(|shard| {
            let mut table: HashTable<u32> = HashTable::new();
            let mut first: Vec<Entry> = Vec::new();
            let of_batch = buckets.iter().enumerate().map(|(batch, bucket)| {
                let locals = bucket.get(shard).map_or(&[][..], Vec::as_slice);
                let joined = locals.iter().map(|local| {
                    let entry = (batch as u32, *local);
                    let key = hash(entry);
                    let known = |index: &u32| first.get(*index as usize).is_some_and(|other| same(*other, entry));
                    if let Some(index) = table.find(key, known) {
                        return *index;
                    }
                    let index = first.len() as u32;
                    first.push(entry);
                    let rehash = |index: &u32| first.get(*index as usize).map_or(0, |entry| hash(*entry));
                    table.insert_unique(key, index, rehash);
                    index
                });
                joined.collect()
            });
            let of_batch = of_batch.collect();
            (first, of_batch)
        })
        .collect();
    let mut first = Vec::new();
    let bases: Vec<u32> = shards
        .iter()
        .map(|(entries, _)| {
            let base = first.len() as u32;
            first.extend_from_slice(entries);
            base
        })
        .collect();
    let index_of = (0..batches)
        .into_par_iter()
        .map(|batch| {
            let mut map = vec![0_u32; length(batch)];
            for (shard, base) in bases.iter().enumerate() {
                let locals = buckets.get(batch).and_then(|bucket| bucket.get(shard));
                let joined = shards.get(shard).and_then(|(_, of_batch)| of_batch.get(batch));
                for (local, index) in locals.into_iter().flatten().zip(joined.into_iter().flatten()) {
                    if let Some(slot) = map.get_mut(*local as usize) {
                        *slot = base + index;
                    }
                }
            }
            map
        })
        .collect();
    Joined { index_of, first }
}

fn spread(batch: u32, length: usize, hash: &(impl Fn(Entry) -> u64 + Sync)) -> Vec<Vec<u32>> {
    let mut buckets: Vec<Vec<u32>> = (0..SHARDS).map(|_| Vec::with_capacity(length / SHARDS + 1)).collect();
    for local in 0..length as u32 {
        let shard = (hash((batch, local)) >> SHARD_SHIFT) as usize;
        if let Some(bucket) = buckets.get_mut(shard) {
            bucket.push(local);
        }
    }
    buckets
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
