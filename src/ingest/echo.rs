//! What a later record tells of a message that an earlier record of the same stretch gave: its status, mostly.
//! Webhook logs hold three or four records a message; kept as echoes they cost a fifth of a row each.
//! Which message an echo belongs to is decided here, what it changes in `fold`.

use hashbrown::HashTable;

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

/// Takes the rows out of `rows` whose message another row before them gave, and returns what they tell of it, in their
/// order, with the number of records that have no row left. Messages without an id stay: their repetitions are counted
/// over the whole file.
#[must_use]
pub fn take_echoes(rows: &mut Columns) -> (Vec<Echo>, u64) {
    // Exports without repetition are the rule for tables: they are told apart without moving anything.
    let mut first_of: HashTable<u32> = HashTable::with_capacity(rows.len());
    let key_of = |row: u32| rows.key.get(row as usize).copied().unwrap_or_default();
    let hash = |key: u128| (key >> 64) as u64;
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for (row, key) in (0_u32..).zip(&rows.key) {
        if is_made_of_parts(*key) {
            continue;
        }
        match first_of.find(hash(*key), |first| key_of(*first) == *key) {
            Some(first) => pairs.push((*first, row)),
            None => {
                first_of.insert_unique(hash(*key), row, |row| hash(key_of(*row)));
            }
        }
    }
    if pairs.is_empty() {
        return (Vec::new(), 0);
    }
    let mut keep = vec![true; rows.len()];
    for (_, again) in &pairs {
        if let Some(kept) = keep.get_mut(*again as usize) {
            *kept = false;
        }
    }
    let mut left = 0_u32;
    let new_row: Vec<u32> = keep
        .iter()
        .map(|kept| {
            left += u32::from(*kept);
            left.saturating_sub(1)
        })
        .collect();
    let moved = |row: u32| new_row.get(row as usize).copied().unwrap_or_default();
    let echoes = pairs.iter().map(|(first, again)| Echo::of(rows, *again as usize, moved(*first))).collect();
    let silent = records_without_rows(rows, &keep);
    rows.retain(&keep);
    (echoes, silent)
}

fn records_without_rows(rows: &Columns, keep: &[bool]) -> u64 {
    let mut records = rows.record.iter().zip(keep).peekable();
    let mut silent = 0;
    while let Some((record, kept)) = records.next() {
        let mut any = *kept;
        while let Some((_, kept)) = records.next_if(|(next, _)| *next == record) {
            any |= *kept;
        }
        silent += u64::from(!any);
    }
    silent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_records_of_a_message_become_echoes_and_messages_without_an_id_stay() {
        let keys = [3_u128, 5, 3, 8, 8, 5, 3].map(|key| (key << 64) | (key & 1));
        let mut rows = Columns {
            sent_at: vec![10, 11, 12, 13, 14, 15, 16],
            record: vec![1, 2, 2, 3, 4, 5, 5],
            key: keys.to_vec(),
            status: [Status::Sent; 7].to_vec(),
            ..Columns::default()
        };
        (0..7).for_each(|row| {
            rows.message_id.push(&format!("id {row}"));
        });
        let (echoes, silent) = take_echoes(&mut rows);
        let told: Vec<_> = echoes.iter().map(|echo| (echo.row, echo.record, echo.sent_at)).collect();
        assert_eq!(told, [(0, 2, 12), (1, 5, 15), (0, 5, 16)]);
        assert_eq!((rows.sent_at, silent), (vec![10, 11, 13, 14], 1));
        assert_eq!(rows.message_id.iter().collect::<Vec<_>>(), ["id 0", "id 1", "id 3", "id 4"]);
    }
}
