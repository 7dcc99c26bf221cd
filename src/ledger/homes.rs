//! In which month the records of a message live: that of the first record that told of it, for good.
//! So all that tells of one message lies together, and every month can be folded on its own.
//! The months themselves are only shelves: a message may well be sent in another one by what later records say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::LedgerError;
use super::register::Register;
use crate::ingest::whole::Whole;

/// The rows and echoes of one source that live in a month, and records that live in several.
#[derive(Debug, Default)]
pub struct Shelved {
    /// Numbers of rows and of echoes, by month.
    pub months: BTreeMap<i64, (Vec<u32>, Vec<u32>)>,
    /// Records whose rows live in more than one month.
    pub spanning: BTreeSet<u32>,
}

/// The month of an instant (UTC milliseconds), counted from year 0.
#[must_use]
pub fn month_of(sent_at: i64) -> i64 {
    let date = Timestamp::from_millisecond(sent_at).map(|at| at.to_zoned(TimeZone::UTC).date());
    date.map_or(0, |date| i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
}

/// A month as people write it: `2024-02`.
#[must_use]
pub fn month_name(month: i64) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// The hash by which a message finds its home. Two messages that share it only share a shelf.
#[must_use]
pub const fn hash_of(key: u128) -> u64 {
    (key >> 64) as u64
}

/// Shelves the rows of sources, which stand in the order of their names, and settles the homes of new messages.
pub fn shelve(register: &Register, wholes: &[&Whole]) -> Result<Vec<Shelved>, LedgerError> {
    let mut homes: Vec<(u64, usize, i64)> = Vec::new();
    for whole in wholes {
        for (key, sent_at) in whole.rows.key.iter().zip(&whole.rows.sent_at) {
            homes.push((hash_of(*key), homes.len(), *sent_at));
        }
    }
    homes.sort_unstable();
    homes.dedup_by_key(|(hash, ..)| *hash);
    let mut homes: Vec<(u64, i64)> = homes.into_iter().map(|(hash, _, sent_at)| (hash, month_of(sent_at))).collect();
    register.settle_homes(&mut homes)?;
    let home = |key: u128| {
        let found = homes.binary_search_by_key(&hash_of(key), |(hash, _)| *hash).ok();
        found.and_then(|at| homes.get(at)).map_or(0, |(_, month)| *month)
    };
    Ok(wholes.iter().map(|whole| shelved(whole, &home)).collect())
}

fn shelved(whole: &Whole, home: &dyn Fn(u128) -> i64) -> Shelved {
    let mut all = Shelved::default();
    let rows = &whole.rows;
    let mut last: Option<(u32, i64)> = None;
    for (row, (key, record)) in (0_u32..).zip(rows.key.iter().zip(&rows.record)) {
        let month = home(*key);
        all.months.entry(month).or_default().0.push(row);
        if last.is_some_and(|(before, other)| before == *record && other != month) {
            all.spanning.insert(*record);
        }
        last = Some((*record, month));
    }
    for (number, echo) in (0_u32..).zip(&whole.echoes) {
        if let Some(key) = rows.key.get(echo.row as usize) {
            all.months.entry(home(*key)).or_default().1.push(number);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time").as_millisecond();
        for (text, name) in [
            ("2024-02-29T23:59:59.999Z", "2024-02"),
            ("2024-03-01T00:00:00Z", "2024-03"),
            ("1969-12-31T23:59:59Z", "1969-12"),
        ] {
            assert_eq!(month_name(month_of(at(text))), name);
        }
        assert_eq!(month_of(i64::MAX), 0);
    }
}
