//! Completeness of the source: what the logs tell of themselves, before anything is said of a sender.
//! Silent periods, holes in numbered ids, clocks that jump back, one message at times whole hours apart, one id with two
//! contents. Each is a fact about the files; none says why, and none changes what is counted.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use crate::message::{Columns, Contradiction, Messages, NO_CONTENT};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// A pause of an account is silent from so many days on …
pub const SILENT_DAYS: i64 = 7;
/// … if it is also so many times its median pause between days with messages.
pub const SILENT_TIMES: i64 = 5;
/// … of which it must have so many, or nothing is usual for it.
pub const SILENT_PAUSES: usize = 5;
/// Ids are numbered when so many of one prefix …
pub const NUMBERED_IDS: usize = 20;
/// A clock jumps back when it goes back by more than this, in a file in order of time.
pub const JUMP_MS: i64 = 60_000;
/// Of the messages of the smaller file, one in so many must stand in the other at another hour.
pub const SHIFTED_PART: u64 = 2;
/// Zones of the earth lie at most so many hours apart.
const MOST_HOURS: i64 = 26;
/// More prefixes than this in one log are no numbering.
const MOST_PREFIXES: usize = 10_000;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// No message of an account for unusually long.
    SilentPeriod,
    /// Numbers that no message has, between ids that are numbered.
    MissingIds,
    /// A record earlier than the one before, in a file in order of time.
    ClockBackward,
    /// The same message in two files (or under one id) at times whole hours apart.
    ShiftedHours,
    /// Two contents under one id.
    TwoContents,
}

impl Check {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SilentPeriod => "silent_period",
            Self::MissingIds => "missing_ids",
            Self::ClockBackward => "clock_backward",
            Self::ShiftedHours => "shifted_hours",
            Self::TwoContents => "two_contents",
        }
    }
}

/// A place in the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// File.
    pub file: u32,
    /// Record in it.
    pub record: u32,
}

/// A finding about the logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceCheck {
    /// What.
    pub check: Check,
    /// The account, where it is about one.
    pub account: Option<u32>,
    /// Where: the record before, or the first of two.
    pub first: At,
    /// And the record after, or the second of two.
    pub second: At,
    /// How often; for missing ids how many numbers.
    pub count: u64,
    /// Of how many; 0 where that means nothing.
    pub of: u64,
    /// Last time before, UTC milliseconds; where times are meant.
    pub from: Option<i64>,
    /// First time after.
    pub to: Option<i64>,
    /// Size in milliseconds: of the silence, the greatest jump, the shift.
    pub size_ms: i64,
}

/// All checks, by kind and place. `groups` are the rows of each account by time.
#[must_use]
pub fn checks(messages: &Messages, groups: &[Vec<u32>]) -> Vec<SourceCheck> {
    let columns = &messages.columns;
    let mut found: Vec<SourceCheck> =
        groups.par_iter().enumerate().flat_map_iter(|(account, rows)| silent(columns, account as u32, rows)).collect();
    // Each goes over all messages and knows nothing of the others.
    let of_files = || rayon::join(|| clock_jumps(columns), || shifted(columns, messages.files.len()));
    let (of_ids, (of_clocks, of_hours)) = rayon::join(|| missing_ids(columns), of_files);
    found.extend(of_ids.into_iter().chain(of_clocks).chain(of_hours));
    found.extend(messages.conflicts.iter().map(|conflict| SourceCheck {
        check: match conflict.kind {
            Contradiction::WholeHours => Check::ShiftedHours,
            Contradiction::Contents => Check::TwoContents,
        },
        account: None,
        first: At { file: conflict.files.0, record: conflict.records.0 },
        second: At { file: conflict.files.1, record: conflict.records.1 },
        count: conflict.count,
        of: 0,
        from: None,
        to: None,
        size_ms: conflict.shift_ms,
    }));
    found.sort();
    found
}

fn at(columns: &Columns, row: u32) -> At {
    let row = row as usize;
    At {
        file: columns.file.get(row).copied().unwrap_or_default(),
        record: columns.record.get(row).copied().unwrap_or_default(),
    }
}

fn time(columns: &Columns, row: u32) -> i64 {
    columns.sent_at.get(row as usize).copied().unwrap_or_default()
}

/// Positions `i` after which times (ascending) are silent up to `i + 1`.
#[must_use]
pub fn silences(times: &[i64]) -> Vec<usize> {
    // Pauses between days with messages; those within a day are no pause.
    let pause = |pair: &[i64]| Some(pair.last()?.div_euclid(DAY_MS) - pair.first()?.div_euclid(DAY_MS));
    let mut pauses: Vec<i64> = times.windows(2).filter_map(pause).filter(|days| *days > 0).collect();
    if pauses.len() < SILENT_PAUSES {
        return Vec::new();
    }
    let middle = (pauses.len() - 1) / 2;
    let median = *pauses.select_nth_unstable(middle).1;
    let least = (median * SILENT_TIMES).max(SILENT_DAYS) * DAY_MS;
    let silent = |pair: &[i64]| pair.last().zip(pair.first()).is_some_and(|(next, last)| next - last >= least);
    times.windows(2).enumerate().filter(|(_, pair)| silent(pair)).map(|(position, _)| position).collect()
}

fn silent(columns: &Columns, account: u32, rows: &[u32]) -> Vec<SourceCheck> {
    let times: Vec<i64> = rows.iter().map(|row| time(columns, *row)).collect();
    let check = |position: usize| {
        let (before, after) = (*rows.get(position)?, *rows.get(position + 1)?);
        let (from, to) = (time(columns, before), time(columns, after));
        Some(SourceCheck {
            check: Check::SilentPeriod,
            account: Some(account),
            first: at(columns, before),
            second: at(columns, after),
            count: 1,
            of: 0,
            from: Some(from),
            to: Some(to),
            size_ms: to - from,
        })
    };
    silences(&times).into_iter().filter_map(check).collect()
}

/// An id as prefix and number: `KW107530` is `KW` and 107530. None for ids without digits at their end, or with more
/// than 15 of them (times and random numbers, not a numbering).
#[must_use]
pub fn numbered(id: &str) -> Option<(&str, u64)> {
    let prefix = id.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = id.get(prefix.len()..)?;
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    Some((prefix, digits.parse().ok()?))
}

/// Holes in ascending numbers: pairs of positions `(i, i + 1)` between which numbers are missing.
///
/// A gap wider than all numbers there are begins another numbering. A numbering counts if it has at least 20 numbers
/// and at least half of those between its first and last.
#[must_use]
pub fn holes(numbers: &[u64]) -> Vec<usize> {
    let step = |at: usize| numbers.get(at + 1).zip(numbers.get(at)).map_or(0, |(next, last)| next - last);
    let mut found = Vec::new();
    let mut start = 0;
    for end in 1..=numbers.len() {
        if end < numbers.len() && step(end - 1) <= numbers.len() as u64 {
            continue;
        }
        let (first, last) = (numbers.get(start).copied().unwrap_or(0), numbers.get(end - 1).copied().unwrap_or(0));
        let count = end - start;
        if count >= NUMBERED_IDS && count as u64 * 2 > last - first {
            found.extend((start..end - 1).filter(|at| step(*at) > 1));
        }
        start = end;
    }
    found
}

fn missing_ids(columns: &Columns) -> Vec<SourceCheck> {
    let mut prefixes: BTreeMap<&str, u32> = BTreeMap::new();
    let mut numbers: Vec<(u32, u64, u32)> = Vec::new();
    for row in 0..columns.len() {
        let Some((prefix, number)) = numbered(columns.message_id.get(row)) else { continue };
        let next = prefixes.len() as u32;
        let prefix = *prefixes.entry(prefix).or_insert(next);
        if prefixes.len() > MOST_PREFIXES {
            return Vec::new();
        }
        numbers.push((prefix, number, row as u32));
    }
    numbers.par_sort_unstable();
    numbers.dedup_by_key(|(prefix, number, _)| (*prefix, *number));
    let mut found = Vec::new();
    for group in numbers.chunk_by(|one, next| one.0 == next.0) {
        let own: Vec<u64> = group.iter().map(|(_, number, _)| *number).collect();
        for position in holes(&own) {
            let (Some(before), Some(after)) = (group.get(position), group.get(position + 1)) else { continue };
            let times = (time(columns, before.2), time(columns, after.2));
            found.push(SourceCheck {
                check: Check::MissingIds,
                account: None,
                first: at(columns, before.2),
                second: at(columns, after.2),
                count: after.1 - before.1 - 1,
                of: own.len() as u64,
                from: Some(times.0.min(times.1)),
                to: Some(times.0.max(times.1)),
                size_ms: 0,
            });
        }
    }
    found
}

/// For times in order of records: positions at which the clock goes back, in a file that is in order of time but for
/// one step in twenty at most. Files from the latest to the earliest are looked at backwards.
#[must_use]
pub fn jumps(times: &[i64]) -> Vec<usize> {
    let step = |pair: &[i64]| pair.last().zip(pair.first()).map_or(0, |(next, last)| next - last);
    let steps = times.windows(2).map(step);
    let forward = steps.clone().filter(|step| *step > 0).count();
    let backward = steps.clone().filter(|step| *step < 0).count();
    let sign = if backward > forward { -1 } else { 1 };
    if forward.min(backward) * 20 > forward + backward {
        return Vec::new();
    }
    steps.enumerate().filter(|(_, step)| step * sign < -JUMP_MS).map(|(position, _)| position).collect()
}

fn clock_jumps(columns: &Columns) -> Vec<SourceCheck> {
    let mut found = Vec::new();
    let mut start = 0;
    for of_file in columns.file.chunk_by(|one, next| one == next) {
        let end = start + of_file.len();
        let times = columns.sent_at.get(start..end).unwrap_or_default();
        let all = jumps(times);
        let size = |position: &usize| {
            let pair = times.get(*position).zip(times.get(position + 1));
            pair.map_or(0, |(last, next)| (next - last).abs())
        };
        // One line for each file, with the greatest jump: a file may hold thousands.
        let greatest = all.iter().copied().max_by_key(|position| (size(position), std::cmp::Reverse(*position)));
        if let Some(position) = greatest {
            let row = (start + position) as u32;
            found.push(SourceCheck {
                check: Check::ClockBackward,
                account: None,
                first: at(columns, row),
                second: at(columns, row + 1),
                count: all.len() as u64,
                of: times.len() as u64,
                from: Some(time(columns, row)),
                to: Some(time(columns, row + 1)),
                size_ms: size(&position),
            });
        }
        start = end;
    }
    found
}

/// Messages of equal account, direction, recipient and content in two files, whole hours apart.
fn shifted(columns: &Columns, files: usize) -> Vec<SourceCheck> {
    let mut sizes = vec![0_u64; files];
    for file in &columns.file {
        if let Some(size) = sizes.get_mut(*file as usize) {
            *size += 1;
        }
    }
    if sizes.iter().filter(|size| **size > 0).count() < 2 {
        return Vec::new();
    }
    let key = |row: &u32| {
        let at = *row as usize;
        (
            columns.account.get(at).copied(),
            columns.recipient.get(at).copied(),
            columns.content.get(at).copied(),
            columns.direction.get(at).copied(),
            time(columns, *row).rem_euclid(HOUR_MS),
        )
    };
    // Sorted by a hash, for comparing the parts themselves would look up five columns each time.
    let content = |row: &u32| columns.content.get(*row as usize).copied().unwrap_or(NO_CONTENT);
    let hashed = |row: u32| (FxBuildHasher.hash_one(key(&row)), row);
    let mut rows: Vec<(u64, u32)> =
        (0..columns.len() as u32).into_par_iter().filter(|row| content(row) != NO_CONTENT).map(hashed).collect();
    rows.par_sort_unstable();
    let mut pairs: BTreeMap<(u32, u32, i64), (u64, u32, u32)> = BTreeMap::new();
    let mut group = Vec::new();
    for equal in rows.chunk_by(|one, next| one.0 == next.0).filter(|equal| equal.len() > 1) {
        group.clear();
        group.extend(equal.iter().map(|(_, row)| *row));
        group.sort_unstable_by_key(|row| (key(row), time(columns, *row), *row));
        for pair in group.windows(2) {
            let (Some(one), Some(other)) = (pair.first().copied(), pair.last().copied()) else { continue };
            let shift = time(columns, other) - time(columns, one);
            let files = (at(columns, one).file, at(columns, other).file);
            if key(&one) != key(&other) || files.0 == files.1 || shift == 0 || shift > MOST_HOURS * HOUR_MS {
                continue;
            }
            // By the smaller number of the file, so that one shift of two files is one line.
            let (key, rows) = if files.0 < files.1 {
                ((files.0, files.1, shift), (one, other))
            } else {
                ((files.1, files.0, -shift), (other, one))
            };
            let known = pairs.entry(key).or_insert((0, rows.0, rows.1));
            known.0 += 1;
            if rows.0 < known.1 {
                (known.1, known.2) = rows;
            }
        }
    }
    let size = |file: u32| sizes.get(file as usize).copied().unwrap_or(0);
    let enough = |((one, other, _), (count, ..)): &((u32, u32, i64), (u64, u32, u32))| {
        *count >= 2 && count * SHIFTED_PART >= size(*one).min(size(*other))
    };
    let check = |((one, other, shift), (count, first, second)): ((u32, u32, i64), (u64, u32, u32))| SourceCheck {
        check: Check::ShiftedHours,
        account: None,
        first: at(columns, first),
        second: at(columns, second),
        count,
        of: size(one).min(size(other)),
        from: Some(time(columns, first)),
        to: Some(time(columns, second)),
        size_ms: shift,
    };
    pairs.into_iter().filter(enough).map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_measured_by_what_is_usual() {
        let days = |days: &[i64]| days.iter().map(|day| day * DAY_MS).collect::<Vec<i64>>();
        // Daily, then nothing for nine days.
        assert_eq!(silences(&days(&[0, 1, 2, 3, 4, 5, 14, 15])), [5]);
        // Weekly: nine days are nothing, 35 are.
        assert!(silences(&days(&[0, 7, 14, 21, 28, 37, 44])).is_empty());
        assert_eq!(silences(&days(&[0, 7, 14, 21, 28, 35, 70])), [5]);
        assert!(silences(&days(&[0, 1, 30])).is_empty());
        assert!(silences(&[]).is_empty());
    }

    #[test]
    fn ids_are_taken_apart_and_holes_found() {
        assert_eq!(numbered("KW107530"), Some(("KW", 107_530)));
        assert_eq!(numbered("007"), Some(("", 7)));
        assert_eq!(numbered("abc"), None);
        assert_eq!(numbered("1234567890123456"), None);
        let mut numbers: Vec<u64> = (100..130).collect();
        assert!(holes(&numbers).is_empty());
        numbers.retain(|number| !(110..113).contains(number));
        assert_eq!(holes(&numbers), [9]);
        // Another numbering far away is no hole, and a sparse one is none.
        let two: Vec<u64> = (100..130).chain(5000..5030).collect();
        assert!(holes(&two).is_empty());
        assert!(holes(&(0..30).map(|number| number * 7).collect::<Vec<_>>()).is_empty());
        assert!(holes(&[]).is_empty());
    }

    #[test]
    fn clocks_that_jump_back_are_told_in_ordered_files_only() {
        let mut times: Vec<i64> = (0..60).map(|step| step * 120_000).collect();
        assert!(jumps(&times).is_empty());
        times.extend((0..60).map(|step| 3_600_000 + step * 120_000));
        assert_eq!(jumps(&times), [59]);
        let backwards: Vec<i64> = times.iter().rev().copied().collect();
        assert_eq!(jumps(&backwards), [59]);
        let wild: Vec<i64> = (0..60).map(|step| (step * 7 % 11) * 1_000_000).collect();
        assert!(jumps(&wild).is_empty());
    }

    #[test]
    fn a_second_export_in_another_zone_is_seen() {
        let columns = Columns {
            sent_at: vec![0, 60_000, 120_000, 7_200_000, 7_260_000, 7_320_000],
            recipient: vec![1, 2, 3, 1, 2, 3],
            content: vec![1; 6],
            account: vec![0; 6],
            direction: vec![Default::default(); 6],
            file: vec![0, 0, 0, 1, 1, 1],
            record: vec![1, 2, 3, 1, 2, 3],
            ..Columns::default()
        };
        let found = shifted(&columns, 2);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].count, found[0].of, found[0].size_ms), (3, 3, 7_200_000));
        let alone = Columns { file: vec![0; 6], ..columns };
        assert!(shifted(&alone, 2).is_empty());
    }
}
