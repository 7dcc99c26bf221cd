//! Keeps of the tables of a period only what its messages and the consents need, numbered by first use.
//! So nothing outside the period leaves a trace, not even in the order of tables.
//! Accounts stay as they are: they stand in order of their ids, and the report lists all of them.

use super::batch::Consent;
use crate::message::{Contents, Messages, NO_CONTENT, Recipients, Texts};

/// Numbers by first use.
struct Numbers {
    new: Vec<Option<u32>>,
    /// The old number of each new one.
    old: Vec<u32>,
}

impl Numbers {
    fn new(count: usize) -> Self {
        Self { new: vec![None; count], old: Vec::new() }
    }

    fn of(&mut self, index: u32) -> u32 {
        let next = self.old.len() as u32;
        match self.new.get_mut(index as usize) {
            Some(Some(known)) => *known,
            Some(slot) => {
                *slot = Some(next);
                self.old.push(index);
                next
            }
            None => 0,
        }
    }
}

/// See the module.
pub fn compact(messages: &mut Messages, consents: &mut [Consent]) {
    let mut numbers = Numbers::new(messages.recipients.address.len());
    messages.columns.recipient.iter_mut().for_each(|index| *index = numbers.of(*index));
    consents.iter_mut().for_each(|consent| consent.recipient = numbers.of(consent.recipient));
    messages.recipients = recipients(&messages.recipients, &numbers.old);
    let mut numbers = Numbers::new(messages.contents.len());
    numbers.of(NO_CONTENT);
    messages.columns.content.iter_mut().for_each(|index| *index = numbers.of(*index));
    messages.contents = contents(std::mem::take(&mut messages.contents), &numbers);
}

fn recipients(known: &Recipients, old: &[u32]) -> Recipients {
    fn pick<T: Copy + Default>(column: &[T], old: &[u32]) -> Vec<T> {
        old.iter().map(|index| column.get(*index as usize).copied().unwrap_or_default()).collect()
    }
    let mut address = Texts::default();
    old.iter().for_each(|index| {
        address.push(known.address.get(*index as usize));
    });
    Recipients {
        address,
        kind: pick(&known.kind, old),
        country: pick(&known.country, old),
        audience: old.iter().map(|index| known.audience.get(*index as usize).copied().unwrap_or(1)).collect(),
    }
}

fn contents(known: Contents, numbers: &Numbers) -> Contents {
    let new = |index: &u32| numbers.new.get(*index as usize).copied().flatten();
    let mut kept: Vec<(u32, usize)> =
        known.text_of.iter().enumerate().filter_map(|(text, content)| Some((new(content)?, text))).collect();
    kept.sort_unstable();
    let mut texts = Texts::default();
    kept.iter().for_each(|(_, text)| {
        texts.push(known.texts.get(*text));
    });
    Contents {
        kind: numbers.old.iter().map(|index| known.kind(*index)).collect(),
        fingerprint: numbers.old.iter().map(|index| known.fingerprint(*index)).collect(),
        words: known.words.into_iter().filter_map(|(index, words)| Some((new(&index)?, words))).collect(),
        texts,
        text_of: kept.into_iter().map(|(content, _)| content).collect(),
    }
}
