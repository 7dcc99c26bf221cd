//! The consent register: who agreed to what, when, and who took it back, over time.
//! Built from the opt-ins and opt-outs that ingest found, in exports and registers alike.
//! A declaration made to one number counts for all numbers of the same client; one that names no number counts for all.

use rayon::prelude::*;

use crate::ingest::{Consent, ConsentKind};
use crate::message::Messages;

/// All declarations, found by recipient.
#[derive(Debug)]
pub struct Register<'a> {
    /// Ordered by recipient, time and kind.
    entries: Vec<&'a Consent>,
    /// Where the entries of each recipient begin, and after the last one where they end.
    starts: Vec<u32>,
    /// For each account, the number of its client; accounts without a client are clients of their own.
    client_of: Vec<u32>,
    /// For each account, whether it stands for a file that names nobody.
    nameless: Vec<bool>,
    has_opt_ins: bool,
}

impl<'a> Register<'a> {
    /// The register of a matter. `client_of` numbers the client of each account.
    #[must_use]
    pub fn new(consents: &'a [Consent], messages: &Messages, client_of: Vec<u32>) -> Self {
        let mut entries: Vec<&Consent> = consents.iter().collect();
        entries.par_sort_by_key(|consent| {
            (consent.recipient, consent.at, consent.kind, consent.file, consent.place.record)
        });
        let recipients = entries.last().map_or(0, |last| last.recipient as usize + 1);
        let mut starts = Vec::with_capacity(recipients + 1);
        for (position, consent) in (0_u32..).zip(&entries) {
            starts.resize((consent.recipient as usize + 1).max(starts.len()), position);
        }
        starts.push(entries.len() as u32);
        let nameless = messages.accounts.iter().map(|account| account.id.starts_with('?')).collect();
        let has_opt_ins = consents.iter().any(|consent| consent.kind == ConsentKind::OptIn);
        Self { entries, starts, client_of, nameless, has_opt_ins }
    }

    /// Whether there is any opt-in: without one, a missing opt-in says little.
    #[must_use]
    pub fn has_opt_ins(&self) -> bool {
        self.has_opt_ins
    }

    /// What a recipient declared to the client of an account, in order of time.
    pub fn of(&self, recipient: u32, account: u32) -> impl DoubleEndedIterator<Item = &'a Consent> + '_ {
        let bound = |index: usize| self.starts.get(index).map_or(self.entries.len(), |start| *start as usize);
        let (first, end) = (bound(recipient as usize), bound(recipient as usize + 1));
        let client = self.client_of.get(account as usize);
        self.entries.get(first..end).unwrap_or_default().iter().copied().filter(move |consent| {
            let to = consent.account as usize;
            self.nameless.get(to).copied().unwrap_or(true) || self.client_of.get(to) == client
        })
    }

    /// The opt-in in force at an instant: the last one not taken back before it.
    #[must_use]
    pub fn opt_in_at(&self, recipient: u32, account: u32, at: i64) -> Option<&'a Consent> {
        let last = self.of(recipient, account).rev().find(|consent| consent.at <= at)?;
        (last.kind == ConsentKind::OptIn).then_some(last)
    }

    /// The opt-out in force at an instant: what was said last, if it was a refusal.
    #[must_use]
    pub fn opt_out_at(&self, recipient: u32, account: u32, at: i64) -> Option<&'a Consent> {
        let mut before = self.of(recipient, account).rev().skip_while(|consent| consent.at >= at);
        let last = before.next()?;
        if last.kind != ConsentKind::OptOut {
            return None;
        }
        // The first refusal of an unbroken row counts: repeating it does not start the clock anew.
        let mut first = last;
        for earlier in before {
            if earlier.kind != ConsentKind::OptOut {
                break;
            }
            first = earlier;
        }
        Some(first)
    }

    /// The first opt-in after an instant.
    #[must_use]
    pub fn opt_in_after(&self, recipient: u32, account: u32, at: i64) -> Option<&'a Consent> {
        self.of(recipient, account).find(|consent| consent.at > at && consent.kind == ConsentKind::OptIn)
    }
}
