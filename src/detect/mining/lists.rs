//! Many short lists of numbers one after another in a few pieces of memory: words of texts, sets of templates.
//! A list of its own for each of millions of texts would cost more in bookkeeping than in content.
//! What the numbers mean is decided by who fills the lists.

use rayon::prelude::*;

/// Lists in one piece of memory, which one core fills; few in tests, so that theirs are more than one segment's.
pub const SEGMENT: usize = if cfg!(test) { 16 } else { 1 << 15 };

/// Lists of numbers, by index.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// All but the last are full.
    segments: Vec<Segment>,
}

/// Lists that lie together; fewer than 2³² numbers.
#[derive(Clone, Debug, Default)]
struct Segment {
    numbers: Vec<u32>,
    /// Where each list ends.
    ends: Vec<u32>,
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
        let segments = (0..count.div_ceil(SEGMENT)).into_par_iter().map(|segment| {
            let indexes = segment * SEGMENT..((segment + 1) * SEGMENT).min(count);
            let mut kinds: [Segment; KINDS] =
                std::array::from_fn(|_| Segment { numbers: Vec::new(), ends: Vec::with_capacity(indexes.len()) });
            let mut spare = Spare::default();
            for index in indexes {
                fill(index, &mut spare, kinds.each_mut().map(|segment| &mut segment.numbers));
                kinds.iter_mut().for_each(|segment| segment.ends.push(segment.numbers.len() as u32));
            }
            kinds.iter_mut().for_each(|segment| segment.numbers.shrink_to_fit());
            kinds
        });
        let segments: Vec<[Segment; KINDS]> = segments.collect();
        let mut all: [Self; KINDS] = std::array::from_fn(|_| Self::default());
        for kinds in segments {
            for (lists, segment) in all.iter_mut().zip(kinds) {
                lists.segments.push(segment);
            }
        }
        all
    }

    /// The same lists in another order: first the one at the first of these places, and so on.
    #[must_use]
    pub fn in_order(&self, places: &[u32]) -> Self {
        Self::fill(places.len(), |index, (): &mut (), list| {
            list.extend_from_slice(places.get(index).map_or(&[], |place| self.get(*place as usize)));
        })
    }

    /// Puts other lists behind these. There must be whole [`SEGMENT`]s of these.
    pub fn append(&mut self, others: Self) {
        debug_assert!(self.len().is_multiple_of(SEGMENT), "no segment has room left");
        self.segments.extend(others.segments);
    }

    /// How many lists there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.segments.last().map_or(0, |last| (self.segments.len() - 1) * SEGMENT + last.ends.len())
    }

    /// The numbers of a list; none past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u32] {
        let (segment, within) = (index / SEGMENT, index % SEGMENT);
        let Some(Segment { numbers, ends }) = self.segments.get(segment) else { return &[] };
        let Some(end) = ends.get(within) else { return &[] };
        let start = within.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize);
        numbers.get(start..*end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_as_they_were_filled() {
        let fill =
            |index: usize, (): &mut (), list: &mut Vec<u32>| list.extend((0..index % 5).map(|at| (index + at) as u32));
        let lists = Lists::fill(2 * SEGMENT + 7, fill);
        assert_eq!(lists.len(), 2 * SEGMENT + 7);
        for index in 0..lists.len() {
            let expected: Vec<u32> = (0..index % 5).map(|at| (index + at) as u32).collect();
            assert_eq!(lists.get(index), expected);
        }
        assert!(lists.get(lists.len()).is_empty());
    }

    #[test]
    fn lists_are_put_into_another_order_and_behind_each_other() {
        let fill = |count| Lists::fill(count, |index, (): &mut (), list| list.extend(0..index as u32 % 7));
        let turned = fill(10).in_order(&(0..10).rev().collect::<Vec<u32>>());
        assert_eq!(turned.len(), 10);
        assert_eq!(turned.get(3), fill(10).get(6));
        let mut both = fill(SEGMENT);
        both.append(turned);
        assert_eq!(both.len(), SEGMENT + 10);
        assert_eq!(both.get(SEGMENT - 1), fill(SEGMENT).get(SEGMENT - 1));
        assert_eq!(both.get(SEGMENT + 3), fill(10).get(6));
        let mut none = Lists::default();
        none.append(fill(3));
        assert_eq!((none.len(), none.get(2)), (3, [0, 1].as_slice()));
    }
}
