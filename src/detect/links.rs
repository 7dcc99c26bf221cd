//! For each message of a series, where the same recipient stood before and stands next.
//! Found by sorting, not by hashing: a table of ten million recipients leaves the caches, a sort streams through them.
//! What the links are for (windows, stretches, replies) is decided by the kernels that ask.

use rayon::prelude::*;

/// Stands for "nowhere".
const NONE: u32 = u32::MAX;
/// Series of this many messages are sorted on all cores.
const LARGE: usize = 1 << 17;
/// Positions are written back in at most so many stretches, each of which fits a cache.
const STRETCHES: usize = 128;

/// A recipient with the position of one message to it; ordered by recipient, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Contact(u64);

impl Contact {
    fn new(recipient: u32, position: u32) -> Self {
        Self(u64::from(recipient) << 32 | u64::from(position))
    }

    /// Who.
    fn recipient(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Position in the series.
    fn position(self) -> u32 {
        self.0 as u32
    }
}

/// The messages of a series by recipient, those of one recipient in the order of the series.
fn contacts(recipients: &[u32]) -> Vec<Contact> {
    let mut contacts: Vec<Contact> =
        recipients.iter().zip(0_u32..).map(|(recipient, position)| Contact::new(*recipient, position)).collect();
    if contacts.len() < LARGE {
        contacts.sort_unstable();
    } else {
        contacts.par_sort_unstable();
    }
    contacts
}

/// See the module.
#[derive(Debug)]
pub(super) struct Links {
    previous: Vec<u32>,
    next: Vec<u32>,
}

impl Links {
    pub(super) fn new(recipients: &[u32]) -> Self {
        let contacts = contacts(recipients);
        let mut previous = vec![NONE; recipients.len()];
        let mut next = vec![NONE; recipients.len()];
        for (position, before) in by_stretch(&contacts) {
            if let Some(slot) = previous.get_mut(position as usize) {
                *slot = before;
            }
        }
        for (position, before) in (0_u32..).zip(&previous) {
            if let Some(slot) = next.get_mut(*before as usize) {
                *slot = position;
            }
        }
        Self { previous, next }
    }

    /// Position of the message before to the same recipient.
    pub(super) fn previous(&self, position: usize) -> Option<usize> {
        self.previous.get(position).filter(|before| **before != NONE).map(|before| *before as usize)
    }

    /// Position of the next message to the same recipient; past the end when there is none.
    pub(super) fn next(&self, position: usize) -> usize {
        self.next.get(position).map_or(usize::MAX, |next| if *next == NONE { usize::MAX } else { *next as usize })
    }
}

/// (position, position before) of the messages whose recipient stood before, stretch of positions by stretch.
fn by_stretch(contacts: &[Contact]) -> Vec<(u32, u32)> {
    let bits = usize::BITS - contacts.len().leading_zeros();
    let shift = bits.saturating_sub(STRETCHES.ilog2());
    let repeated = || {
        contacts.windows(2).filter_map(|pair| match pair {
            [one, next] if one.recipient() == next.recipient() => Some((next.position(), one.position())),
            _ => None,
        })
    };
    let mut start = [0_usize; STRETCHES + 1];
    for (position, _) in repeated() {
        if let Some(count) = start.get_mut((position >> shift) as usize + 1) {
            *count += 1;
        }
    }
    let mut total = 0;
    for slot in &mut start {
        total += *slot;
        *slot = total;
    }
    let mut found = vec![(0, 0); total];
    for (position, before) in repeated() {
        if let Some(next) = start.get_mut((position >> shift) as usize)
            && let Some(slot) = found.get_mut(*next)
        {
            *slot = (position, before);
            *next += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn links_are_the_definition(people in proptest::collection::vec(0_u32..40, 0..400)) {
            let links = Links::new(&people);
            for (position, person) in people.iter().enumerate() {
                let before = people[..position].iter().rposition(|one| one == person);
                let next = people[position + 1..].iter().position(|one| one == person);
                prop_assert_eq!(links.previous(position), before);
                prop_assert_eq!(links.next(position), next.map_or(usize::MAX, |next| position + 1 + next));
            }
        }
    }

    #[test]
    fn large_series_link_as_small_ones_do() {
        let people: Vec<u32> =
            (0..LARGE as u32 + 5).map(|position| position.wrapping_mul(2_654_435_761) >> 12).collect();
        let links = Links::new(&people);
        let mut last = std::collections::HashMap::new();
        for (position, person) in people.iter().enumerate() {
            let before = last.insert(*person, position);
            assert_eq!(links.previous(position), before);
            assert!(before.is_none_or(|before| links.next(before) == position));
        }
    }
}
