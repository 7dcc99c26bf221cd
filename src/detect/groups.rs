//! Orders the messages into groups by account; groups by content are the business of `mining`.
//! Inside a group messages stand by time, then by row, so that a result never depends on the order of input.
//! Groups are lists of rows; the columns stay where they are.

use rayon::prelude::*;

use crate::message::Columns;

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
