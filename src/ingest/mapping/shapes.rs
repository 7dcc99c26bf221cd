//! What the values of a column look like: times, dates, times of day, addresses, counters, words of ours.
//! Headers are believed only where the values do not speak against them, and without headers the values decide alone.
//! What headers mean is for `header`.

use std::collections::HashSet;

use super::{Delimited, Role};
use crate::ingest::people;
use crate::ingest::time::{self, DateOrder};
use crate::message::Direction;

/// Share of a column's values that must have a shape for the column to have it.
pub(super) const SHARE: f64 = 0.8;
/// Share that suffices where the header already says what the column is.
pub(super) const SHARE_WITH_ALIAS: f64 = 0.5;
/// Filled values from which on a bare `id` must tell records apart, and how many records may share one at most.
const IDS_JUDGED: usize = 16;
const RECORDS_OF_ONE_ID: usize = 8;

/// How much of a time a column's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeKind {
    /// No times.
    None,
    /// Date and time of day.
    Full,
    /// Dates, or dates with midnight.
    DateOnly,
    /// Times of day.
    ClockOnly,
}

/// One column of the sample.
#[derive(Debug)]
pub(super) struct Column<'a> {
    /// Its values, trimmed, in order of rows.
    pub(super) values: Vec<&'a str>,
    /// Values that are not empty.
    pub(super) filled: usize,
    /// What its values are as times; `strict` as far as they are whole times, not only of their form.
    pub(super) kind: TimeKind,
    pub(super) strict: TimeKind,
    /// Share of addresses.
    pub(super) addresses: f64,
    /// Distinct values.
    pub(super) distinct: usize,
}

impl<'a> Column<'a> {
    pub(super) fn new(values: Vec<&'a str>) -> Self {
        let filled = values.iter().filter(|value| !value.is_empty()).count();
        let distinct = values.iter().collect::<HashSet<_>>().len();
        let date = share(&values, is_date_only);
        let whole = share(&values, is_time);
        let form = share(&values, has_form_of_time);
        let clock = share(&values, |value| time::parse_time_of_day(value.as_bytes()).is_ok());
        let kind = if clock >= SHARE_WITH_ALIAS && whole < SHARE_WITH_ALIAS {
            TimeKind::ClockOnly
        } else if form.max(date) < SHARE_WITH_ALIAS {
            TimeKind::None
        } else if date >= SHARE {
            TimeKind::DateOnly
        } else {
            TimeKind::Full
        };
        let marked = |value: &str| value.contains(':') && time::parse_time_of_day(value.as_bytes()).is_ok();
        let strict = if share(&values, marked) >= SHARE {
            TimeKind::ClockOnly
        } else if whole.max(date) < SHARE {
            TimeKind::None
        } else if date >= SHARE {
            TimeKind::DateOnly
        } else {
            TimeKind::Full
        };
        let address = |value: &str| {
            (people::looks_like_address(value.as_bytes()) && !is_date_only(value)) || people::lost_digits(value)
        };
        let addresses = share(&values, address);
        Self { values, filled, kind, strict, addresses, distinct }
    }

    pub(super) fn share(&self, test: impl Fn(&str) -> bool) -> f64 {
        share(&self.values, test)
    }

    /// Whether all values are bare digits, which could be times, numbers or ids.
    pub(super) fn is_digits(&self) -> bool {
        self.values.iter().all(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Row numbers: whole numbers that go up or down by one, and short enough to be no telephone numbers.
    pub(super) fn is_counter(&self) -> bool {
        let numbers: Option<Vec<u64>> = self.values.iter().map(|value| value.parse().ok()).collect();
        numbers.is_some_and(|numbers| {
            let steps = |up: bool| {
                let pairs = numbers.iter().zip(numbers.iter().skip(1));
                pairs
                    .map(|(one, next)| if up { (one, next) } else { (next, one) })
                    .all(|(low, high)| low.checked_add(1) == Some(*high))
            };
            numbers.len() > 1 && numbers.iter().all(|number| *number < 100_000_000) && (steps(true) || steps(false))
        })
    }

    /// Whether values repeat so much that they cannot be ids of messages.
    pub(super) fn is_no_id(&self) -> bool {
        self.filled >= IDS_JUDGED && self.distinct * RECORDS_OF_ONE_ID < self.filled
    }

    /// Whether the values do not speak against a role that the header gives.
    pub(super) fn fits(&self, known: &Delimited, role: Role) -> bool {
        if self.filled == 0 {
            // Times and recipients must be there; without any row at all the header is all there is.
            return !matches!(role, Role::SentAt | Role::Date | Role::Recipient) || self.values.is_empty();
        }
        match role {
            Role::Status => self.share(|value| known.status.get(value).is_some()) > 0.0,
            Role::Direction => self.share(|value| known.direction.get(value).is_some()) > 0.0,
            Role::Category => self.share(|value| known.category.get(value).is_some()) > 0.0,
            Role::Channel => self.share(|value| known.channel.get(value).is_some()) >= SHARE_WITH_ALIAS,
            Role::Audience => self.share(|value| value.parse::<u32>().is_ok()) >= SHARE,
            // "Channel" may be our number, or the name of the messenger.
            Role::Sender => self.share(|value| known.channel.get(value).is_some()) < SHARE_WITH_ALIAS,
            // What is a time or an address throughout is no text and no name.
            Role::Text | Role::Campaign | Role::Template => self.strict != TimeKind::Full || self.is_digits(),
            _ => true,
        }
    }
}

/// Whether both directions occur, so that "sent" and "received" cannot be states of delivery.
pub(super) fn both_sides(known: &Delimited, column: &Column<'_>) -> bool {
    let sides: HashSet<Direction> = column.values.iter().filter_map(|value| known.direction.get(value)).collect();
    sides.len() == 2
}

/// Whether the values are sentences rather than names: four words on average.
pub(super) fn is_prose(column: &Column<'_>) -> bool {
    column.values.iter().map(|value| value.split_whitespace().count()).sum::<usize>() >= column.filled * 4
}

/// Whether most values are words among blanks.
pub(super) fn is_wordy(column: &Column<'_>) -> bool {
    let wordy = |value: &str| value.contains(' ') && value.chars().any(char::is_alphabetic) && !is_time(value);
    column.share(wordy) >= SHARE_WITH_ALIAS
}

fn share(values: &[&str], test: impl Fn(&str) -> bool) -> f64 {
    let filled = values.iter().filter(|value| !value.is_empty()).count();
    if filled == 0 {
        return 0.0;
    }
    let passed = values.iter().filter(|value| !value.is_empty() && test(value)).count();
    passed as f64 / filled as f64
}

/// Whether a cell is a time in some order of day and month.
pub(super) fn is_time(value: &str) -> bool {
    [DateOrder::DayMonth, DateOrder::MonthDay, DateOrder::YearMonthDay]
        .iter()
        .any(|order| time::parse(value.as_bytes(), *order).is_ok())
}

/// A time, or what would be one if its numbers were right: a column of wrong times is still a column of times.
fn has_form_of_time(value: &str) -> bool {
    use time::TimeError::{Ambiguous, Empty, NoDate, NotATime, Number, Scientific, TooLong};
    match time::parse(value.as_bytes(), DateOrder::DayMonth) {
        Ok(_) => true,
        // Digits alone have no form: a telephone number is no time of a wrong year.
        Err(_) if value.bytes().all(|byte| byte.is_ascii_digit()) => false,
        Err(error) => !matches!(error, Empty | NotATime | TooLong | Number | Scientific | Ambiguous | NoDate),
    }
}

fn is_date_only(value: &str) -> bool {
    [DateOrder::DayMonth, DateOrder::MonthDay, DateOrder::YearMonthDay]
        .iter()
        .any(|order| time::parse_date(value.as_bytes(), *order).is_ok())
}
