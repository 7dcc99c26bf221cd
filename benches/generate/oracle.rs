//! The definitions of the design, computed in the plainest way: slow, short, and without a line in
//! common with the program that is tested against it.

use std::collections::BTreeSet;

use crate::calendar::DAY;
use crate::newsletter::Row;

/// For each row, whether it was sent outside the 24 hours that the reader's last message opens.
pub fn initiated(rows: &[Row]) -> Vec<bool> {
    let received: Vec<&Row> = rows.iter().filter(|row| !row.outbound()).collect();
    let is_reply = |sent: &Row| {
        received.iter().any(|row| {
            let age = sent.at - row.at;
            row.person == sent.person && (0..DAY).contains(&age)
        })
    };
    rows.iter().map(|row| row.outbound() && !is_reply(row)).collect()
}

/// Messages and distinct recipients of some rows.
#[derive(Default)]
pub struct Tally {
    pub messages: usize,
    people: BTreeSet<usize>,
}

impl Tally {
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Tally {
        let mut tally = Tally::default();
        for row in rows {
            tally.messages += 1;
            tally.people.insert(row.person);
        }
        tally
    }

    pub fn recipients(&self) -> usize {
        self.people.len()
    }
}

/// What the window `(at − seconds, at]` holds; `sent` is in order of time.
fn window(sent: &[&Row], at: i64, seconds: i64) -> Tally {
    let first = sent.partition_point(|row| row.at <= at - seconds);
    let beyond = sent.partition_point(|row| row.at <= at);
    Tally::of(sent[first..beyond].iter().copied())
}

/// The most messages that any window of this length holds.
pub fn peak(sent: &[&Row], seconds: i64) -> usize {
    let windows = sent.iter().map(|row| window(sent, row.at, seconds).messages);
    windows.max().unwrap_or(0)
}

pub struct Burst {
    pub start: i64,
    pub end: i64,
    pub tally: Tally,
    pub peak: usize,
    pub peak_at: i64,
}

/// Stretches in which some window holds `threshold` messages or more.
pub fn bursts(sent: &[&Row], seconds: i64, threshold: usize) -> Vec<Burst> {
    // Each merged window as (open start, end, peak, time of the peak).
    let mut merged: Vec<(i64, i64, usize, i64)> = Vec::new();
    for row in sent {
        let messages = window(sent, row.at, seconds).messages;
        if messages < threshold {
            continue;
        }
        match merged.last_mut() {
            Some((_, end, peak, peak_at)) if row.at - seconds <= *end => {
                *end = row.at;
                if messages > *peak {
                    (*peak, *peak_at) = (messages, row.at);
                }
            }
            _ => merged.push((row.at - seconds, row.at, messages, row.at)),
        }
    }
    merged
        .into_iter()
        .map(|(after, end, peak, peak_at)| {
            let tally = window(sent, end, end - after);
            let first = sent.iter().find(|row| row.at > after);
            Burst { start: first.map_or(end, |row| row.at), end, tally, peak, peak_at }
        })
        .collect()
}
