//! What was read of one source as one piece: its tables, its rows, what echoes tell, in order of records.
//! So it can be kept and joined again at any time; the cutting into batches leaves no trace here.
//! Writing it down is the ledger's work.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, Consent, Interner, Reject, Restored};
use super::echo::Echo;
use super::identity::Identity;
use super::local_contents::LocalContents;
use super::reading::Reading;
use crate::message::{Columns, RecipientKind};

/// See the module.
#[derive(Debug, Default)]
pub struct Whole {
    /// Canonical accounts, by local index.
    pub accounts: Interner,
    /// Which of them stands for records without a sender, as long as nobody names one.
    pub provisional: Option<u32>,
    /// Canonical recipients, by local index.
    pub recipients: Interner,
    /// What stands behind each of them.
    pub kinds: Vec<RecipientKind>,
    /// Contents, by local index; index 0 is "none".
    pub contents: LocalContents,
    /// Rows, with local indices.
    pub rows: Columns,
    /// What later records tell of messages in `rows`, in their order.
    pub echoes: Vec<Echo>,
    /// Records that gave echoes only.
    pub echoing: u64,
    /// Opt-ins and opt-outs, with local indices.
    pub consents: Vec<Consent>,
    /// Rejects in order of record.
    pub rejects: Vec<Reject>,
}

impl Whole {
    /// Nothing read.
    #[must_use]
    pub fn empty() -> Self {
        Self { contents: LocalContents::with_none(), ..Self::default() }
    }

    /// Puts the batches of one source together, which stand in order of places.
    #[must_use]
    pub fn of(batches: Vec<Batch<'_>>) -> Self {
        let mut whole = Self::empty();
        let mut contents: BTreeMap<u128, u32> = BTreeMap::from([(0, 0)]);
        for mut batch in batches {
            batch.close();
            let accounts: Vec<u32> =
                batch.accounts().texts.iter().map(|account| whole.accounts.intern(account).0).collect();
            if whole.provisional.is_none() && batch.provisional().starts_with('?') {
                let at = batch.accounts().texts.iter().position(|account| account == batch.provisional());
                whole.provisional = at.and_then(|at| accounts.get(at)).copied();
            }
            let recipients = whole.take_recipients(&batch);
            let contents = whole.take_contents(std::mem::take(&mut batch.contents), &mut contents);
            let map = |indices: &mut [u32], to: &[u32]| {
                indices.iter_mut().for_each(|index| *index = to.get(*index as usize).copied().unwrap_or(0));
            };
            map(&mut batch.rows.account, &accounts);
            map(&mut batch.rows.recipient, &recipients);
            map(&mut batch.rows.content, &contents);
            let before = whole.rows.len() as u32;
            whole.rows.append(&batch.rows);
            whole.echoes.extend(std::mem::take(&mut batch.echoes).into_iter().map(|mut echo| {
                echo.row += before;
                map(std::slice::from_mut(&mut echo.content), &contents);
                echo
            }));
            whole.echoing += batch.echoing;
            whole.consents.extend(std::mem::take(&mut batch.consents).into_iter().map(|mut consent| {
                map(std::slice::from_mut(&mut consent.account), &accounts);
                map(std::slice::from_mut(&mut consent.recipient), &recipients);
                consent
            }));
            whole.rejects.append(&mut batch.rejects);
        }
        whole
    }

    fn take_recipients(&mut self, batch: &Batch<'_>) -> Vec<u32> {
        let recipients = (0_u32..).zip(batch.recipients().texts.iter()).map(|(local, address)| {
            let (index, new) = self.recipients.intern(address);
            if new {
                self.kinds.push(RecipientKind::Unknown);
            }
            if let Some(known) = self.kinds.get_mut(index as usize) {
                *known = (*known).max(batch.recipient_kind(local));
            }
            index
        });
        recipients.collect()
    }

    fn take_contents(&mut self, table: LocalContents, known: &mut BTreeMap<u128, u32>) -> Vec<u32> {
        let mut map = Vec::with_capacity(table.fingerprint.len());
        let mut later_samples = Vec::new();
        for (local, (fingerprint, kind)) in table.fingerprint.iter().zip(&table.kind).enumerate() {
            let next = self.contents.fingerprint.len() as u32;
            let index = *known.entry(*fingerprint).or_insert(next);
            if index == next {
                self.contents.push(*kind, *fingerprint, table.name.get(local), table.sample.get(local));
            } else if index != 0 && self.contents.sample.get(index as usize).is_empty() {
                later_samples.push((index as usize, local));
            }
            map.push(index);
        }
        for (local, texts) in &table.under_name {
            if let Some(index) = map.get(*local as usize) {
                self.contents.under_name.entry(*index).or_default().merge(texts);
            }
        }
        self.contents.fill_samples(&later_samples, &table.sample);
        map
    }

    /// Takes rows out, with all that later records tell of their messages, and gives the number of records of which
    /// nothing is left.
    pub fn drop_rows(&mut self, keep: &[bool]) -> u64 {
        let kept = |row: u32| keep.get(row as usize).copied().unwrap_or(true);
        let before = self.records();
        let mut left = 0_u32;
        let moved: Vec<u32> = (0..self.rows.len() as u32)
            .map(|row| {
                left += u32::from(kept(row));
                left.saturating_sub(1)
            })
            .collect();
        self.echoes.retain(|echo| kept(echo.row));
        for echo in &mut self.echoes {
            echo.row = moved.get(echo.row as usize).copied().unwrap_or_default();
        }
        self.rows.retain(keep);
        let after = self.records();
        self.echoing = (after.len() - self.rows.record.iter().collect::<BTreeSet<_>>().len()) as u64;
        (before.len() - after.len()) as u64
    }

    /// Keeps no trace of the recipients that `erased` says yes to, by local index: an empty name stands in their place.
    pub fn erase_recipients(&mut self, erased: &dyn Fn(u32) -> bool) {
        let names = (0_u32..).zip(self.recipients.texts.iter());
        self.recipients = interned(names.map(|(index, name)| if erased(index) { "" } else { name }));
    }

    /// The records that gave a row or an echo.
    fn records(&self) -> BTreeSet<u32> {
        self.rows.record.iter().copied().chain(self.echoes.iter().map(|echo| echo.record)).collect()
    }

    /// Gives the account of records without a sender another name, and their messages the keys that follow from it.
    pub fn rename_provisional(&mut self, label: &str) {
        let Some(provisional) = self.provisional else { return };
        if self.accounts.texts.get(provisional as usize) == label {
            return;
        }
        let mut accounts = Interner::default();
        for (index, account) in (0_u32..).zip(self.accounts.texts.iter()) {
            accounts.append(if index == provisional { label } else { account });
        }
        self.accounts = accounts;
        for row in 0..self.rows.len() {
            if self.rows.account.get(row) == Some(&provisional)
                && let Some(key) = self.identity(row).map(|identity| identity.key())
                && let Some(slot) = self.rows.key.get_mut(row)
            {
                *slot = key;
            }
        }
    }

    fn identity(&self, row: usize) -> Option<Identity<'_>> {
        let content = self.rows.content.get(row)?;
        Some(Identity {
            message_id: self.rows.message_id.get(row),
            account: self.accounts.hash(*self.rows.account.get(row)?),
            recipient: self.recipients.hash(*self.rows.recipient.get(row)?),
            direction: *self.rows.direction.get(row)?,
            sent_at: *self.rows.sent_at.get(row)?,
            content: self.contents.fingerprint.get(*content as usize).copied().unwrap_or(0),
        })
    }

    /// One batch of all of it, as the file with that index.
    #[must_use]
    pub fn into_batch<'c>(mut self, reading: &'c Reading, file: u32) -> Batch<'c> {
        self.rows.file = vec![file; self.rows.len()];
        self.consents.iter_mut().for_each(|consent| consent.file = file);
        self.rejects.iter_mut().for_each(|reject| reject.file = file);
        let Self { accounts, recipients, kinds, contents, rows, echoes, echoing, consents, rejects, .. } = self;
        let whole = Restored { rows, echoes, echoing, accounts, recipients, kinds, contents, consents, rejects };
        Batch::restored(&reading.context, file, whole)
    }
}

/// Texts with their hashes, as they stand: equal ones are not joined.
#[must_use]
pub fn interned(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Interner {
    let mut interner = Interner::default();
    texts.into_iter().for_each(|text| interner.append(text.as_ref()));
    interner
}
