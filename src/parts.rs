//! Where the parts of something lie that is laid out part by part: counted in one pass, put into place in the next, so that
//! however many parts there are, they are one piece of memory. What the parts are, whoever lays them out decides.

use std::ops::Range;

/// Where each of some parts lies; fewer than 2³² elements in all.
#[derive(Clone, Copy, Debug)]
pub struct Parts<const PARTS: usize> {
    ends: [u32; PARTS],
}

/// Where the next element of each part goes.
#[derive(Clone, Copy, Debug)]
pub struct Places<const PARTS: usize> {
    next: [u32; PARTS],
}

impl<const PARTS: usize> Default for Parts<PARTS> {
    fn default() -> Self {
        Self { ends: [0; PARTS] }
    }
}

impl<const PARTS: usize> Parts<PARTS> {
    /// The parts of elements of which each says its own, below `PARTS`; and where to put them, in the same order.
    #[must_use]
    pub fn of(parts: impl Iterator<Item = usize>) -> (Self, Places<PARTS>) {
        let mut ends = [0_u32; PARTS];
        for part in parts {
            if let Some(count) = ends.get_mut(part) {
                *count += 1;
            }
        }
        let mut next = [0_u32; PARTS];
        let mut end = 0;
        for (next, count) in next.iter_mut().zip(&mut ends) {
            *next = end;
            end += *count;
            *count = end;
        }
        (Self { ends }, Places { next })
    }

    /// Where the elements of a part lie.
    #[must_use]
    pub fn range(&self, part: usize) -> Range<usize> {
        let end = |part: usize| self.ends.get(part).map_or(0, |end| *end as usize);
        part.checked_sub(1).map_or(0, end)..end(part)
    }
}

impl<const PARTS: usize> Places<PARTS> {
    /// Where the next element of a part goes; none for a part that does not exist.
    #[must_use]
    pub fn next(&mut self, part: usize) -> Option<usize> {
        let next = self.next.get_mut(part)?;
        *next += 1;
        Some(*next as usize - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn elements_lie_part_by_part_in_their_order(parts in proptest::collection::vec(0_usize..5, 0..40)) {
            let (of, mut places) = Parts::<5>::of(parts.iter().copied());
            let mut laid = vec![None; parts.len()];
            for (element, part) in parts.iter().enumerate() {
                laid[places.next(*part).unwrap_or(usize::MAX)] = Some(element);
            }
            for part in 0..5 {
                let expected = parts.iter().enumerate().filter(|(_, of)| **of == part).map(|(element, _)| Some(element));
                prop_assert_eq!(&laid[of.range(part)], expected.collect::<Vec<_>>());
            }
            prop_assert!(places.next(5).is_none());
        }
    }
}
