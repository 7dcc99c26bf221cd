//! Orders the messages into groups by account; groups by content are the business of `mining`.
//! Inside a group messages stand by time, then by row, so that a result never depends on the order of input.
//! Groups are lists of rows; the columns stay where they are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::bursts::distinct_recipients;
use crate::message::{Columns, Messages};

/// One account, or all accounts of a client, with its rows by time.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Accounts, ascending.
    pub accounts: Vec<u32>,
    /// Name of the client, where the case file gives one and the subject is the client.
    pub client: Option<String>,
    /// Rows by time.
    pub rows: Cow<'a, [u32]>,
}

impl<'a> Subject<'a> {
    /// One account by itself, with some of its rows.
    #[must_use]
    pub fn of_account(account: u32, rows: &'a [u32]) -> Self {
        Self { accounts: vec![account], client: None, rows: Cow::Borrowed(rows) }
    }
}

/// Clients with the rows of all their accounts, by their first account. An account whose client nobody has named
/// stands for itself.
#[must_use]
pub fn by_client<'a>(messages: &Messages, accounts: &'a [Vec<u32>]) -> Vec<Subject<'a>> {
    let mut clients: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut subjects = Vec::new();
    for (account, rows) in accounts.iter().enumerate() {
        match messages.accounts.get(account).and_then(|account| account.client.as_deref()) {
            Some(client) => clients.entry(client).or_default().push(account as u32),
            None => subjects.push(Subject::of_account(account as u32, rows)),
        }
    }
    for (client, members) in clients {
        let rows = match members.as_slice() {
            [one] => Cow::Borrowed(accounts.get(*one as usize).map_or(&[][..], Vec::as_slice)),
            _ => {
                let own = members.iter().filter_map(|account| accounts.get(*account as usize));
                let mut rows: Vec<u32> = own.flatten().copied().collect();
                order_by_time(&messages.columns, &mut rows);
                Cow::Owned(rows)
            }
        };
        subjects.push(Subject { accounts: members, client: Some(client.to_owned()), rows });
    }
    subjects.sort_by(|one, other| one.accounts.cmp(&other.accounts));
    subjects
}

/// Rows of every account, by time; index is the account.
#[must_use]
pub fn by_account(columns: &Columns, accounts: usize) -> Vec<Vec<u32>> {
    let mut sizes = vec![0_usize; accounts];
    for account in &columns.account {
        if let Some(size) = sizes.get_mut(*account as usize) {
            *size += 1;
        }
    }
    let mut groups: Vec<Vec<u32>> = sizes.into_iter().map(Vec::with_capacity).collect();
    for (row, account) in columns.account.iter().enumerate() {
        if let Some(group) = groups.get_mut(*account as usize) {
            group.push(row as u32);
        }
    }
    groups.iter_mut().for_each(|group| order_by_time(columns, group));
    groups
}

fn order_by_time(columns: &Columns, rows: &mut [u32]) {
    let key = |row: &u32| (columns.sent_at.get(*row as usize).copied().unwrap_or_default(), *row);
    // Exports mostly come in order of time already.
    if !rows.is_sorted_by_key(key) {
        rows.par_sort_unstable_by_key(key);
    }
}

/// The values of a column for some rows.
#[must_use]
pub fn pick<T: Copy + Default>(column: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|row| column.get(*row as usize).copied().unwrap_or_default()).collect()
}

/// Distinct recipients of some rows, each stated audience adding its size.
#[must_use]
pub fn recipients_of(messages: &Messages, rows: &[u32]) -> u64 {
    let recipients = pick(&messages.columns.recipient, rows);
    let weights = pick(&messages.recipients.audience, &recipients);
    distinct_recipients(&recipients, &weights)
}
