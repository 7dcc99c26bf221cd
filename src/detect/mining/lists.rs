//! Many short lists of numbers one after another in one piece of memory: words of texts, sets of templates.
//! A list of its own for each of millions of texts would cost more in bookkeeping than in content.
//! What the numbers mean is decided by who fills the lists.

use rayon::prelude::*;

/// Lists that one core fills at a time.
const CHUNK: usize = 4096;

/// Lists of numbers, by index.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    numbers: Vec<u32>,
    ends: Vec<u64>,
}

impl Lists {
    /// So many lists; `fill` appends the numbers of the list with this index, and may use `spare` as it likes.
    #[must_use]
    pub fn fill<Spare: Default>(count: usize, fill: impl Fn(usize, &mut Spare, &mut Vec<u32>) + Sync) -> Self {
        let parts: Vec<(Vec<u32>, Vec<u32>)> = (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let (mut numbers, mut lengths, mut spare) = (Vec::new(), Vec::with_capacity(CHUNK), Spare::default());
                for index in chunk * CHUNK..((chunk + 1) * CHUNK).min(count) {
                    let start = numbers.len();
                    fill(index, &mut spare, &mut numbers);
                    lengths.push((numbers.len() - start) as u32);
                }
                (numbers, lengths)
            })
            .collect();
        let mut all = Self::default();
        all.numbers.reserve_exact(parts.iter().map(|(numbers, _)| numbers.len()).sum());
        all.ends.reserve_exact(count);
        for (numbers, lengths) in parts {
            let mut end = all.numbers.len() as u64;
            all.numbers.extend_from_slice(&numbers);
            for length in lengths {
                end += u64::from(length);
                all.ends.push(end);
            }
        }
        all
    }

    /// How many lists there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The numbers of a list; none past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u32] {
        let end = self.ends.get(index).copied().unwrap_or(0);
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.numbers.get(start as usize..end as usize).unwrap_or_default()
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
