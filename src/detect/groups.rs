//! Orders the outbound messages into groups: by account, and by content where a content is frequent enough.
//! Inside a group messages stand by time, then by row, so that a result never depends on the order of input.
//! Groups are lists of rows; the columns stay where they are.

use rayon::prelude::*;

use crate::message::{Columns, Direction, NO_CONTENT};

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
