//! Orders the outbound messages into groups: by account, and by content where a content is frequent enough.
//! Inside a group messages stand by time, then by row, so that a result never depends on the order of input.
//! Groups are lists of rows; the columns stay where they are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::message::{Columns, Direction, Messages, NO_CONTENT};

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

/// Clients with the rows of all their accounts, by their first account. An account whose client nobody has named
/// stands for itself.
#[must_use]
pub fn by_client<'a>(messages: &Messages, accounts: &'a [Vec<u32>]) -> Vec<Subject<'a>> {
    let mut clients: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut subjects = Vec::new();
    for (account, rows) in accounts.iter().enumerate() {
        match messages.accounts.get(account).and_then(|account| account.client.as_deref()) {
            Some(client) => clients.entry(client).or_default().push(account as u32),
            None => subjects.push(Subject { accounts: vec![account as u32], client: None, rows: Cow::Borrowed(rows) }),
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

/// Rows of every content whose outbound messages reach at least `least`, each stated audience adding its size, by
/// time: (content, rows), by content. Fewer can neither make a campaign nor trip a detector.
#[must_use]
pub fn by_content(columns: &Columns, contents: usize, least: u64) -> Vec<(u32, Vec<u32>)> {
    let mut sizes = vec![(0_u32, 0_u64); contents];
    let outbound = || {
        columns
            .content
            .iter()
            .zip(&columns.direction)
            .enumerate()
            .filter(|(_, (content, direction))| **content != NO_CONTENT && **direction == Direction::Outbound)
    };
    for (row, (content, _)) in outbound() {
        if let Some((size, reach)) = sizes.get_mut(*content as usize) {
            *size += 1;
            *reach += u64::from(columns.audience.get(row).copied().unwrap_or(1));
        }
    }
    let mut slot_of = vec![u32::MAX; contents];
    let mut groups: Vec<(u32, Vec<u32>)> = Vec::new();
    for (content, (size, reach)) in sizes.iter().enumerate() {
        if *reach >= least.max(1)
            && let Some(slot) = slot_of.get_mut(content)
        {
            *slot = groups.len() as u32;
            groups.push((content as u32, Vec::with_capacity(*size as usize)));
        }
    }
    for (row, (content, _)) in outbound() {
        let slot = slot_of.get(*content as usize).copied().unwrap_or(u32::MAX);
        if let Some((_, rows)) = groups.get_mut(slot as usize) {
            rows.push(row as u32);
        }
    }
    groups.par_iter_mut().for_each(|(_, rows)| order_by_time(columns, rows));
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
