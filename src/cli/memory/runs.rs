//! Which parts of a long row of equal grains are taken: runs are taken, grow in their place, and are given back.
//! Plain arithmetic, with nothing in it of files or of memory; what a grain is, `arena` says.

use std::collections::{BTreeMap, BTreeSet};

/// The runs of a row of grains that are free; all others before `end` are taken.
#[derive(Debug)]
pub struct Runs {
    /// Length of each free run, by its start. Free runs never touch: where two would, they are one.
    free: BTreeMap<usize, usize>,
    /// The same as (length, start), to find the one that fits best.
    by_length: BTreeSet<(usize, usize)>,
    /// From here on everything is free.
    end: usize,
    /// How many grains there are.
    most: usize,
}

impl Runs {
    /// A row of so many grains, all free.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { free: BTreeMap::new(), by_length: BTreeSet::new(), end: 0, most }
    }

    /// No grain from here on is taken.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.end
    }

    /// Takes a run of a length that is not 0 where least is left over, and gives its start; none where there is no room.
    pub fn take(&mut self, length: usize) -> Option<usize> {
        if let Some((free, start)) = self.by_length.range((length, 0)..).next().copied() {
            self.remove(start, free);
            self.insert(start + length, free - length);
            return Some(start);
        }
        let start = self.end;
        self.end = start.checked_add(length).filter(|end| *end <= self.most)?;
        Some(start)
    }

    /// Makes a run that is taken longer where it lies, and says whether there was room behind it.
    pub fn grow(&mut self, start: usize, from: usize, to: usize) -> bool {
        let (behind, more) = (start + from, to.saturating_sub(from));
        if behind == self.end {
            let end = self.end.checked_add(more).filter(|end| *end <= self.most);
            self.end = end.unwrap_or(self.end);
            return end.is_some();
        }
        let Some(free) = self.free.get(&behind).copied().filter(|free| *free >= more) else { return more == 0 };
        self.remove(behind, free);
        self.insert(behind + more, free - more);
        true
    }

    /// Gives back a run, or the end of one, that was taken.
    pub fn give(&mut self, mut start: usize, mut length: usize) {
        if let Some((before, free)) = self.free.range(..start).next_back().map(|(start, free)| (*start, *free))
            && before + free == start
        {
            self.remove(before, free);
            (start, length) = (before, length + free);
        }
        if let Some(free) = self.free.get(&(start + length)).copied() {
            self.remove(start + length, free);
            length += free;
        }
        if start + length == self.end {
            self.end = start;
        } else {
            self.insert(start, length);
        }
    }

    fn insert(&mut self, start: usize, length: usize) {
        if length > 0 {
            self.free.insert(start, length);
            self.by_length.insert((length, start));
        }
    }

    fn remove(&mut self, start: usize, length: usize) {
        self.free.remove(&start);
        self.by_length.remove(&(length, start));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Grains that are taken, one by one.
    fn taken(held: &[(usize, usize)], most: usize) -> Vec<bool> {
        let mut taken = vec![false; most];
        for (start, length) in held {
            for grain in &mut taken[*start..start + length] {
                assert!(!*grain, "two runs hold one grain");
                *grain = true;
            }
        }
        taken
    }

    proptest! {
        #[test]
        fn runs_never_overlap_and_free_ones_are_one_where_they_touch(
            steps in proptest::collection::vec((0_u8..4, 1_usize..9, any::<prop::sample::Index>()), 0..200),
        ) {
            const MOST: usize = 60;
            let mut runs = Runs::new(MOST);
            let mut held: Vec<(usize, usize)> = Vec::new();
            for (what, length, which) in steps {
                let before = taken(&held, MOST);
                let room = |length: usize| before.windows(length).any(|grains| grains.iter().all(|taken| !taken));
                match what {
                    0 | 1 => match runs.take(length) {
                        Some(start) => held.push((start, length)),
                        None => prop_assert!(!room(length), "{:?} has room for {}", runs, length),
                    },
                    2 if !held.is_empty() => {
                        let (start, own) = held.swap_remove(which.index(held.len()));
                        // The end first, as a run that becomes shorter does.
                        let kept = length.min(own) - 1;
                        runs.give(start + kept, own - kept);
                        if kept > 0 {
                            held.push((start, kept));
                        }
                    }
                    3 if !held.is_empty() => {
                        let which = which.index(held.len());
                        let (start, own) = held[which];
                        let behind = before.get(start + own..start + own + length);
                        let free = behind.is_some_and(|grains| grains.iter().all(|taken| !taken));
                        prop_assert_eq!(runs.grow(start, own, own + length), free);
                        if free {
                            held[which] = (start, own + length);
                        }
                    }
                    _ => {}
                }
                let after = taken(&held, MOST);
                let free: usize = runs.free.values().sum();
                prop_assert_eq!(after.iter().filter(|taken| **taken).count() + free, runs.end());
                prop_assert_eq!(runs.by_length.len(), runs.free.len());
                prop_assert!(after[runs.end()..].iter().all(|taken| !taken));
                for (start, length) in &runs.free {
                    prop_assert!(after[*start..start + length].iter().all(|taken| !taken));
                    prop_assert!(after.get(start + length).is_some_and(|taken| *taken), "a free run ends where one is taken");
                }
            }
        }
    }
}
