//! Many short lists of numbers one after another in one piece of memory: words of texts, sets of templates.
//! A list of its own for each of millions of texts would cost more in bookkeeping than in content.
//! What the numbers mean is decided by who fills the lists.

use rayon::prelude::*;

/// Lists that one core fills at a time.
const CHUNK: usize = 4096;

/// Lists of numbers, by index. Those of one chunk hold fewer than 2³² numbers together.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    numbers: Vec<u32>,
    /// Where each list ends, counted from where the first list of its chunk begins.
    ends: Vec<u32>,
    /// Where the first list of each chunk begins.
    begins: Vec<usize>,
}

impl Lists {
    /// So many lists; `fill` appends the numbers of the list with this index, and may use `spare` as it likes.
    #[must_use]
    pub fn fill<Spare: Default>(count: usize, fill: impl Fn(usize, &mut Spare, &mut Vec<u32>) + Sync) -> Self {
        let [lists] = Self::fill_all(count, |index, spare: &mut Spare, [numbers]| fill(index, spare, numbers));
        lists
    }

    /// Several kinds of lists that are made of the same things, so many of each kind; as [`Self::fill`].
    #[must_use]
    pub fn fill_all<Spare: Default, const KINDS: usize>(
        count: usize,
        fill: impl Fn(usize, &mut Spare, [&mut Vec<u32>; KINDS]) + Sync,
    ) -> [Self; KINDS] {
        type Part<const KINDS: usize> = [(Vec<u32>, Vec<u32>); KINDS];
        let parts: Vec<Part<KINDS>> = (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut part: Part<KINDS> = std::array::from_fn(|_| (Vec::new(), Vec::with_capacity(CHUNK)));
                let mut spare = Spare::default();
                for index in chunk * CHUNK..((chunk + 1) * CHUNK).min(count) {
                    let starts = part.each_ref().map(|(numbers, _)| numbers.len());
                    fill(index, &mut spare, part.each_mut().map(|(numbers, _)| numbers));
                    for ((numbers, lengths), start) in part.iter_mut().zip(starts) {
                        lengths.push((numbers.len() - start) as u32);
                    }
                }
                part
            })
            .collect();
        let mut all: [Self; KINDS] = std::array::from_fn(|_| Self::default());
        for (kind, lists) in all.iter_mut().enumerate() {
            let numbers = parts.iter().filter_map(|part| part.get(kind)).map(|(numbers, _)| numbers.len()).sum();
            lists.numbers.reserve_exact(numbers);
            lists.ends.reserve_exact(count);
        }
        for part in parts {
            for (lists, (numbers, lengths)) in all.iter_mut().zip(part) {
                lists.append(&numbers, &lengths);
            }
        }
        all
    }

    /// Adds a chunk; all before it are full.
    fn append(&mut self, numbers: &[u32], lengths: &[u32]) {
        self.begins.push(self.numbers.len());
        self.numbers.extend_from_slice(numbers);
        self.ends.extend(lengths.iter().scan(0_u32, |end, length| {
            *end += length;
            Some(*end)
        }));
    }

    /// How many lists there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The numbers of a list; none past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u32] {
        let Some((begin, end)) = self.begins.get(index / CHUNK).zip(self.ends.get(index)) else { return &[] };
        let start = if index.is_multiple_of(CHUNK) { 0 } else { self.ends.get(index - 1).copied().unwrap_or(0) };
        self.numbers.get(begin + start as usize..begin + *end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_as_they_were_filled() {
        let fill =
            |index: usize, (): &mut (), list: &mut Vec<u32>| list.extend((0..index % 5).map(|at| (index + at) as u32));
        let lists = Lists::fill(2 * CHUNK + 7, fill);
        assert_eq!(lists.len(), 2 * CHUNK + 7);
        for index in 0..lists.len() {
            let expected: Vec<u32> = (0..index % 5).map(|at| (index + at) as u32).collect();
            assert_eq!(lists.get(index), expected);
        }
        assert!(lists.get(lists.len()).is_empty());
    }
}
