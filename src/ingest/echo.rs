//! What a later record tells of a message that an earlier record of the same stretch gave: its status, mostly.
//! Webhook logs hold three or four records a message; kept as echoes they cost a fifth of a row each.
//! Which message an echo belongs to is decided here, what it changes in `fold`.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::identity::is_made_of_parts;
use crate::message::{Automation, Category, Columns, Form, Platform, Route, Status, ZoneBasis};

/// The parts of a record that a message known already can still take something from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Echo {
    /// Row of the message it tells more of.
    pub row: u32,
    /// Number of the record.
    pub record: u32,
    /// UTC milliseconds.
    pub sent_at: i64,
    /// Index of the content.
    pub content: u32,
    /// Hash of what the content's masks hide.
    pub values: u32,
    /// People reached.
    pub audience: u32,
    /// How the offset was known.
    pub zone: ZoneBasis,
    /// Platform.
    pub platform: Platform,
    /// Route.
    pub route: Route,
    /// Status.
    pub status: Status,
    /// Category.
    pub category: Category,
    /// Automation.
    pub automation: Automation,
    /// Template or free text.
    pub form: Form,
    /// How often forwarded.
    pub forward_score: u8,
}

impl Echo {
    /// What the record of row `from` tells of the message in row `row`.
    #[must_use]
    pub fn of(columns: &Columns, from: usize, row: u32) -> Self {
        fn at<T: Copy + Default>(column: &[T], row: usize) -> T {
            column.get(row).copied().unwrap_or_default()
        }
        Self {
            row,
            record: at(&columns.record, from),
            sent_at: at(&columns.sent_at, from),
            content: at(&columns.content, from),
            values: at(&columns.values, from),
            audience: at(&columns.audience, from),
            zone: at(&columns.zone, from),
            platform: at(&columns.platform, from),
            route: at(&columns.route, from),
            status: at(&columns.status, from),
            category: at(&columns.category, from),
            automation: at(&columns.automation, from),
            form: at(&columns.form, from),
            forward_score: at(&columns.forward_score, from),
        }
    }
}

/// Which row of a batch tells of a message first, asked record by record.
#[derive(Debug, Default)]
pub struct Firsts {
    rows: HashTable<u32>,
    /// The present record, and whether it has a row.
    record: Option<(u32, bool)>,
    /// Records before it that gave echoes only.
    silent: u64,
}

impl Firsts {
    /// The row among those of `keys` that tells of the message with this key; `None` if there is none, and then the
    /// next row will be it. Messages without an id never have one: their repetitions are counted over the whole file.
    pub fn row_of(&mut self, key: u128, keys: &[u128]) -> Option<u32> {
        if is_made_of_parts(key) {
            return None;
        }
        let hash = |key: u128| (key >> 64) as u64;
        let key_of = |row: &u32| keys.get(*row as usize).copied().unwrap_or_default();
        match self.rows.entry(hash(key), |row| key_of(row) == key, |row| hash(key_of(row))) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(keys.len() as u32);
                None
            }
        }
    }

    /// Counts what a record gave; messages of one record come one after another.
    pub fn see(&mut self, record: u32, row: bool) {
        match &mut self.record {
            Some((present, any)) if *present == record => *any |= row,
            present => {
                self.silent += u64::from(matches!(present, Some((_, false))));
                *present = Some((record, row));
            }
        }
    }

    /// How many records gave echoes only.
    #[must_use]
    pub fn silent(&self) -> u64 {
        self.silent + u64::from(matches!(self.record, Some((_, false))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_records_of_a_message_find_its_row_and_messages_without_an_id_stay() {
        let told = [(1, 3), (2, 5), (2, 3), (3, 8), (4, 8), (5, 5), (5, 3)];
        let (mut firsts, mut keys, mut echoes) = (Firsts::default(), Vec::new(), Vec::new());
        for (record, message) in told {
            let key = (message << 64) | (message & 1);
            let row = firsts.row_of(key, &keys);
            firsts.see(record, row.is_none());
            match row {
                Some(row) => echoes.push((record, row)),
                None => keys.push(key),
            }
        }
        assert_eq!(echoes, [(2, 0), (5, 1), (5, 0)]);
        assert_eq!((keys.len(), firsts.silent()), (4, 1));
    }
}
