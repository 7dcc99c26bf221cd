//! Reads one time stamp of a delimited or JSON export: which shapes there are, what a stamp states, and why one is refused.
//! `order` decides between day and month over a column; `zone` turns wall-clock times into instants.
//! Which column holds the times, and which zone a log was written in, is for the mapping and the case file to say.

mod calendar;
mod eras;
mod fast;
mod number;
mod order;
mod parts;
mod plain;
mod text;
mod words;
mod zone;

use std::fmt;

use calendar::{DAY_MS, calendar_days, century, year};
pub use order::{OrderCounts, OrderEvidence, OrderFinding};
pub use zone::{Resolution, ZoneError, Zones};

/// Which part of a date comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// Day, month, year.
    DayMonth,
    /// Month, day, year.
    MonthDay,
    /// Year, month, day: matters only where the year has two digits.
    YearMonthDay,
}

/// The mark between the numbers of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `-`
    Dash,
    /// `/`
    Slash,
    /// `.`, which settles that the day comes before the month
    Dot,
}

/// How a stamp was written, as far as its reading depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `YYYY-MM-DD` with a time.
    Iso,
    /// `YYYY/MM/DD` or `YYYY.MM.DD` with a time; also two-digit years where the order says so.
    YearFirst(Separator),
    /// `DD.MM.YYYY` and the like with a time.
    DayMonthYear(Separator),
    /// `MM/DD/YYYY` and the like with a time.
    MonthDayYear(Separator),
    /// A month by name, with a time.
    MonthName,
    /// `24 May 2019 17:44:50 +0000`, as mail writes it.
    Rfc2822,
    /// `May 24 17:44:50`, without a year.
    Syslog,
    /// `YYYYMMDDhhmmss`, `YYYYMMDDhhmm`, `YYYYMMDDThhmmss` and the like.
    Packed,
    /// `YYMMDDhhmm` or `YYMMDDhhmmss`, as SMS gateways write it.
    PackedShort,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// Microseconds since 1970.
    UnixMicros,
    /// Nanoseconds since 1970.
    UnixNanos,
    /// Seconds since 2001.
    AppleSeconds,
    /// Nanoseconds since 2001.
    AppleNanos,
    /// A date of any shape without a time, taken as midnight.
    DateOnly,
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |separator: &Separator| match separator {
            Separator::Dash => '-',
            Separator::Slash => '/',
            Separator::Dot => '.',
        };
        match self {
            Self::YearFirst(separator) => write!(formatter, "YYYY{0}MM{0}DD hh:mm", sign(separator)),
            Self::DayMonthYear(separator) => write!(formatter, "DD{0}MM{0}YYYY hh:mm", sign(separator)),
            Self::MonthDayYear(separator) => write!(formatter, "MM{0}DD{0}YYYY hh:mm", sign(separator)),
            Self::Iso => formatter.write_str("YYYY-MM-DD hh:mm"),
            Self::MonthName => formatter.write_str("date with the month's name"),
            Self::Rfc2822 => formatter.write_str("mail date (RFC 2822)"),
            Self::Syslog => formatter.write_str("month, day and time without a year"),
            Self::Packed => formatter.write_str("YYYYMMDDhhmmss"),
            Self::PackedShort => formatter.write_str("YYMMDDhhmm"),
            Self::UnixSeconds => formatter.write_str("seconds since 1970"),
            Self::UnixMillis => formatter.write_str("milliseconds since 1970"),
            Self::UnixMicros => formatter.write_str("microseconds since 1970"),
            Self::UnixNanos => formatter.write_str("nanoseconds since 1970"),
            Self::AppleSeconds => formatter.write_str("seconds since 2001"),
            Self::AppleNanos => formatter.write_str("nanoseconds since 2001"),
            Self::DateOnly => formatter.write_str("date without a time"),
        }
    }
}

/// One stamp, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// What the clock on the wall showed, in milliseconds since 1970 as if it had shown UTC. Finer digits are cut off.
    pub civil_ms: i64,
    /// Seconds east of UTC, where the stamp itself states them. Counts since an epoch state 0.
    pub offset_seconds: Option<i32>,
    /// How it was written.
    pub shape: Shape,
    /// Day and month are both 12 or less, and the shape does not settle which is which.
    pub swappable: bool,
    /// Decimals of a second that the stamp states, 9 at most: 0 for whole seconds, 3 for a count of milliseconds.
    pub digits: u8,
}

impl Stamp {
    /// The instant in UTC milliseconds, where the stamp fixes one by itself.
    #[must_use]
    #[inline]
    pub fn instant_ms(&self) -> Option<i64> {
        self.offset_seconds.map(|offset| self.civil_ms - i64::from(offset) * 1000)
    }
}

/// A date column's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatePart {
    /// Days since 1970-01-01.
    pub days: i64,
    /// The shape of the stamp that this date and a time make.
    pub shape: Shape,
    /// As in [`Stamp::swappable`].
    pub swappable: bool,
}

/// A time column's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimePart {
    /// Milliseconds since midnight.
    pub of_day_ms: i64,
    /// As in [`Stamp::offset_seconds`].
    pub offset_seconds: Option<i32>,
    /// As in [`Stamp::digits`].
    pub digits: u8,
}

impl DatePart {
    /// The stamp that a date and a time of day from two columns make.
    #[must_use]
    pub fn at(self, time: TimePart) -> Stamp {
        Stamp {
            civil_ms: self.days * DAY_MS + time.of_day_ms,
            offset_seconds: time.offset_seconds,
            shape: self.shape,
            swappable: self.swappable,
            digits: time.digits,
        }
    }
}

/// Why a field is not read as a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TimeError {
    /// Nothing there, or a word for nothing.
    #[error("the field holds no time")]
    Empty,
    /// No known shape.
    #[error("the field has no known form of a time")]
    NotATime,
    /// Longer than any stamp.
    #[error("the field is too long for a time")]
    TooLong,
    /// A year outside the range.
    #[error("the year is not between 1970 and 2100")]
    Year,
    /// No such month.
    #[error("the month is not between 1 and 12")]
    Month,
    /// No such day in its month.
    #[error("the month has no such day")]
    Day,
    /// No such hour.
    #[error("the hour is not between 0 and 23")]
    Hour,
    /// No such minute.
    #[error("the minute is not between 0 and 59")]
    Minute,
    /// No such second.
    #[error("the second is not between 0 and 59")]
    Second,
    /// Second 60.
    #[error("second 60 is a leap second, which no message clock shows")]
    LeapSecond,
    /// 24:00.
    #[error("24:00 is the end of one day and the start of the next")]
    EndOfDay,
    /// AM or PM with an hour of the 24-hour clock.
    #[error("AM or PM stands beside an hour over 12")]
    HalfDay,
    /// The weekday contradicts the date.
    #[error("the weekday is not that of the date")]
    Weekday,
    /// An offset that no zone has.
    #[error("the offset from UTC is not in use anywhere (-12:00 to +14:00, in quarter hours)")]
    Offset,
    /// A zone name that is ambiguous or unknown.
    #[error("the name of the time zone does not fix an offset")]
    ZoneName,
    /// The date exists, but not in the order of its column.
    #[error("the date does not exist in the order of day and month of its column")]
    Order,
    /// No year.
    #[error("the year is missing")]
    NoYear,
    /// A time of day alone.
    #[error("the date is missing")]
    NoDate,
    /// A date alone where a time of day belongs.
    #[error("the time of day is missing")]
    NoClock,
    /// A date column that holds more than dates.
    #[error("there is a time of day where only a date belongs")]
    ClockInDate,
    /// A time column that holds more than times of day.
    #[error("there is a date where only a time of day belongs")]
    DateInClock,
    /// Two readings.
    #[error("the digits can be read as two different times")]
    Ambiguous,
    /// A number outside every range.
    #[error("the number is no time between 2001 and 2100 in any known unit")]
    Number,
    /// `1.5E+12`.
    #[error("the number is in scientific notation and has lost its last digits")]
    Scientific,
}

/// Reads one stamp. `order` decides only where the shape leaves day and month open.
///
/// A date that exists, but not in `order`, is refused ([`TimeError::Order`]): reading it the other way round would hide
/// that the column contradicts itself. Fields without a time of day are read as midnight ([`Shape::DateOnly`]), fields
/// without a year are refused ([`TimeError::NoYear`], see [`parse_yearless`]).
///
/// Bare digits are read by their number and size:
///
/// | digits | from | to | read as |
/// |---|---|---|---|
/// | 8 | | | `YYYYMMDD` |
/// | 9 | 100 000 000 (2004-03-03) | 978 307 199 (2032-01-01) | seconds since 2001 |
/// | 9, 10 | 978 307 200 (2001-01-01) | 4 133 980 799 (2100-12-31) | seconds since 1970 |
/// | 10 | 2 147 483 648 (2038) | | `YYMMDDhhmm`, if such a time exists, before seconds since 1970 |
/// | 12 | | | `YYYYMMDDhhmm` or `YYMMDDhhmmss`; refused if both exist (2001 to 2012) |
/// | 12, 13 | 978 307 200 000 | 4 133 980 799 999 | milliseconds since 1970 |
/// | 14 | | | `YYYYMMDDhhmmss` |
/// | 15, 16 | 978 307 200 000 000 | 4 133 980 799 999 999 | microseconds since 1970 |
/// | 17 | | | `YYYYMMDDhhmmssfff` |
/// | 18 | 10¹⁷ (2004-03-03) | 978 307 199 999 999 999 (2032-01-01) | nanoseconds since 2001 |
/// | 18, 19 | 978 307 200 000 000 000 | 4 133 980 799 999 999 999 | nanoseconds since 1970 |
///
/// Counts may have decimals. `YYMMDDhhmm` of 2010 to 2021 looks like seconds since 1970: a format that is known to write
/// it needs [`parse_packed_short`]. Two-digit years up to 79 are 20xx, the others 19xx; four-digit years from 2400 to
/// 2700 are Buddhist.
#[inline]
pub fn parse(field: &[u8], order: DateOrder) -> Result<Stamp, TimeError> {
    if let Some(stamp) = fast::seconds(field).or_else(|| fast::iso(field)) {
        return Ok(stamp);
    }
    if let Some(reading) = fast::year_last(field) {
        return reading.stamp(order);
    }
    match open(field)? {
        Opened::Stamp(stamp) => Ok(stamp),
        Opened::Reading(reading) => reading.stamp(order),
    }
}

/// Reads a stamp that may lack its year (`Oct  4 07:00:00`, [`Shape::Syslog`]); one that has it keeps its own.
pub fn parse_yearless(field: &[u8], order: DateOrder, year_if_missing: u32) -> Result<Stamp, TimeError> {
    match open(field)? {
        Opened::Stamp(stamp) => Ok(stamp),
        Opened::Reading(mut reading) => {
            if let Some(Day::Yearless { month, day }) = reading.day {
                let days = calendar_days(year(year_if_missing)?, month, day)?;
                reading.day = Some(Day::Settled { days, shape: Shape::Syslog });
            }
            reading.stamp(order)
        }
    }
}

/// Reads `YYMMDDhhmm` or `YYMMDDhhmmss`, which SMPP delivery receipts write and which bare digits do not show.
pub fn parse_packed_short(field: &[u8]) -> Result<Stamp, TimeError> {
    match plain::unwrap(field) {
        digits if matches!(digits.len(), 10 | 12) => number::calendar(digits, 2),
        [] => Err(TimeError::Empty),
        _ => Err(TimeError::NotATime),
    }
}

/// Reads a date column's field. A time of midnight, which spreadsheets add, is let pass.
pub fn parse_date(field: &[u8], order: DateOrder) -> Result<DatePart, TimeError> {
    match open(field)? {
        Opened::Stamp(stamp) => {
            let counted = stamp.offset_seconds.is_some();
            if counted || stamp.civil_ms.rem_euclid(DAY_MS) != 0 {
                return Err(TimeError::ClockInDate);
            }
            let shape = if stamp.shape == Shape::DateOnly { Shape::Packed } else { stamp.shape };
            Ok(DatePart { days: stamp.civil_ms.div_euclid(DAY_MS), shape, swappable: stamp.swappable })
        }
        Opened::Reading(reading) => {
            let (days, shape, swappable) = reading.date(order)?;
            if reading.offset.is_some() || reading.clock.is_some_and(|clock| clock.of_day_ms != 0) {
                return Err(TimeError::ClockInDate);
            }
            Ok(DatePart { days, shape, swappable })
        }
    }
}

/// Reads a time column's field: `07:00`, `7:00:05.250 p. m.`, `07.00`, `070005`.
pub fn parse_time_of_day(field: &[u8]) -> Result<TimePart, TimeError> {
    let mut buffer = [0; plain::LONGEST];
    let field = plain(field, &mut buffer)?;
    let reading = text::read_clock(field).map_err(|error| match plain::explain(error, field) {
        TimeError::Number => TimeError::NotATime,
        error => error,
    })?;
    let clock = reading.clock.ok_or(TimeError::NoClock)?;
    if reading.day.is_some() || reading.weekday.is_some() {
        return Err(TimeError::DateInClock);
    }
    Ok(TimePart { of_day_ms: clock.of_day_ms, offset_seconds: reading.offset, digits: clock.digits })
}

/// A field that has been read as far as it can be without knowing the order of its column.
enum Opened {
    Stamp(Stamp),
    Reading(Reading),
}

/// What the patient reader made of a field.
#[derive(Clone, Copy, Debug)]
struct Reading {
    day: Option<Day>,
    clock: Option<Clock>,
    offset: Option<i32>,
    /// Monday = 0.
    weekday: Option<i64>,
}

/// A date, as far as it is known.
#[derive(Clone, Copy, Debug)]
enum Day {
    /// Days since 1970, whatever the order.
    Settled { days: i64, shape: Shape },
    /// Three numbers. `last` is the year, unless the year is short and the order puts it first.
    Open { first: u32, second: u32, last: u32, short: bool, separator: Separator },
    /// No year.
    Yearless { month: u32, day: u32 },
}

/// A time of day.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    of_day_ms: i64,
    digits: u8,
}

impl Reading {
    /// The date in days since 1970, the shape of a stamp with it, and whether it is swappable.
    fn date(&self, order: DateOrder) -> Result<(i64, Shape, bool), TimeError> {
        let date = self.day.ok_or(TimeError::NoDate)?.settle(order)?;
        // 1970-01-01 was a Thursday.
        if self.weekday.is_some_and(|weekday| (date.0 + 3).rem_euclid(7) != weekday) {
            return Err(TimeError::Weekday);
        }
        Ok(date)
    }

    /// The stamp, read in this order.
    fn stamp(&self, order: DateOrder) -> Result<Stamp, TimeError> {
        let (days, shape, swappable) = self.date(order)?;
        let Clock { of_day_ms, digits } = self.clock.unwrap_or_default();
        Ok(Stamp {
            civil_ms: days * DAY_MS + of_day_ms,
            offset_seconds: self.offset,
            shape: if self.clock.is_some() { shape } else { Shape::DateOnly },
            swappable,
            digits,
        })
    }
}

impl Day {
    /// Settles which number is what.
    fn settle(self, order: DateOrder) -> Result<(i64, Shape, bool), TimeError> {
        let (first, second, last, short, separator) = match self {
            Self::Settled { days, shape } => return Ok((days, shape, false)),
            Self::Yearless { .. } => return Err(TimeError::NoYear),
            Self::Open { first, second, last, short, separator } => (first, second, last, short, separator),
        };
        let year_last = if short { century(last) } else { last };
        let dotted = separator == Separator::Dot;
        let day_first = calendar_days(year_last, second, first);
        let month_first = calendar_days(year_last, first, second);
        let (days, shape) = match order {
            DateOrder::YearMonthDay if short => {
                let days = calendar_days(century(first), second, last);
                return Ok((days?, Shape::YearFirst(separator), !dotted && second <= 12 && last <= 12));
            }
            DateOrder::YearMonthDay => return Err(TimeError::Order),
            _ if dotted => return Ok((day_first?, Shape::DayMonthYear(separator), false)),
            DateOrder::DayMonth if day_first.is_err() && month_first.is_ok() => return Err(TimeError::Order),
            DateOrder::MonthDay if month_first.is_err() && day_first.is_ok() => return Err(TimeError::Order),
            DateOrder::DayMonth => (day_first?, Shape::DayMonthYear(separator)),
            DateOrder::MonthDay => (month_first?, Shape::MonthDayYear(separator)),
        };
        Ok((days, shape, first <= 12 && second <= 12))
    }
}

/// Reads a field as far as possible without knowing the order of its column.
fn open(field: &[u8]) -> Result<Opened, TimeError> {
    let mut buffer = [0; plain::LONGEST];
    let field = plain(field, &mut buffer)?;
    if let Some(stamp) = fast::iso(field) {
        return Ok(Opened::Stamp(stamp));
    }
    if let Some(reading) = fast::year_last(field) {
        return Ok(Opened::Reading(reading));
    }
    if let Some(stamp) = number::read(field) {
        return stamp.map(Opened::Stamp);
    }
    text::read(field).map(Opened::Reading).map_err(|error| plain::explain(error, field))
}

/// Takes the wrapping off a field and brings it into ASCII.
fn plain<'f>(field: &'f [u8], buffer: &'f mut [u8; plain::LONGEST]) -> Result<&'f [u8], TimeError> {
    let mut field = plain::unwrap(field);
    if !field.is_ascii() || eras::leading(str::from_utf8(field).unwrap_or_default()).is_some() {
        field = plain::unwrap(plain::fold(field, buffer)?);
    }
    match field.len() {
        0 => Err(TimeError::Empty),
        1..=plain::LONGEST => Ok(field),
        _ => Err(TimeError::TooLong),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::DateOrder::{DayMonth as D, MonthDay as M, YearMonthDay as Y};
    use super::Separator::{Dash, Dot, Slash};
    use super::Shape::*;
    use super::calendar::{civil_days, days_in_month};
    use super::*;

    /// A wall-clock time in ISO form as milliseconds, by another reader than ours.
    fn ms(iso: &str) -> i64 {
        let civil: jiff::civil::DateTime = iso.parse().unwrap_or_else(|error| panic!("{iso}: {error}"));
        civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond()
    }

    proptest! {
        #[test]
        fn ten_digits_are_read_alike_by_both(value in 0_u64..10_000_000_000) {
            let field = format!("{value:010}");
            if let Some(stamp) = fast::seconds(field.as_bytes()) {
                let Ok(Opened::Stamp(by_all)) = open(field.as_bytes()) else { panic!("{field}") };
                prop_assert_eq!(stamp, by_all);
            }
        }
    }

    const NONE: Option<i32> = None;
    const UTC: Option<i32> = Some(0);
    const INDIA: Option<i32> = Some(19_800);
    const CEST: Option<i32> = Some(7_200);

    /// Field, order of the column, wall-clock time, offset, shape.
    type Case = (&'static str, DateOrder, &'static str, Option<i32>, Shape);

    const CASES: &[Case] = &[
        // ISO and its relatives.
        ("2019-10-04T07:00", D, "2019-10-04T07:00", NONE, Iso),
        ("2019-10-04 07:00", D, "2019-10-04T07:00", NONE, Iso),
        ("2019-10-04 07:00:05", M, "2019-10-04T07:00:05", NONE, Iso),
        ("2019-10-04t07:00:05z", M, "2019-10-04T07:00:05", UTC, Iso),
        ("2022-11-25T08:34:10.000Z", Y, "2022-11-25T08:34:10", UTC, Iso),
        ("2024-12-19T19:09:20.061Z", D, "2024-12-19T19:09:20.061", UTC, Iso),
        ("2015-02-12T09:58:20.323+0100", D, "2015-02-12T09:58:20.323", Some(3_600), Iso),
        ("2019-11-09T16:00:00.000+0000", D, "2019-11-09T16:00:00", UTC, Iso),
        ("2019-06-28T15:30:00+0000", D, "2019-06-28T15:30:00", UTC, Iso),
        ("2022-01-05T10:02:59+00:00", D, "2022-01-05T10:02:59", UTC, Iso),
        ("2017-05-22 21:36:14+05:30", D, "2017-05-22T21:36:14", INDIA, Iso),
        ("2024-08-21 18:28:51.94772+05:30", D, "2024-08-21T18:28:51.947", INDIA, Iso),
        ("2014-08-01T13:28:10.2735393-04:00", D, "2014-08-01T13:28:10.273", Some(-14_400), Iso),
        ("2024-08-26T01:33:38.572449+00:00", D, "2024-08-26T01:33:38.572", UTC, Iso),
        ("2019-10-04 07:00:00+02", D, "2019-10-04T07:00:00", CEST, Iso),
        ("2019-10-04 07:00:00 +0000", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00 UTC", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00 Z", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00 GMT", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00 GMT+02:00", D, "2019-10-04T07:00:00", CEST, Iso),
        ("2019-10-04 07:00:00 UTC+2", D, "2019-10-04T07:00:00", CEST, Iso),
        ("2019-10-04 07:00:00 utc", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00 CEST", D, "2019-10-04T07:00:00", CEST, Iso),
        ("2019-01-04 07:00:00 MEZ", D, "2019-01-04T07:00:00", Some(3_600), Iso),
        ("2019-10-04 07:00:00 +0000 UTC", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00.123456789 +0530 IST", D, "2019-10-04T07:00:00.123", INDIA, Iso),
        ("2019-10-04T07:00:00+02:00[Europe/Berlin]", D, "2019-10-04T07:00:00", CEST, Iso),
        ("2019-10-04 07:00:00,250", D, "2019-10-04T07:00:00.250", NONE, Iso),
        ("2019-10-04 07:00:00.5", D, "2019-10-04T07:00:00.500", NONE, Iso),
        ("2019-10-04 07:00:00.1234567891", D, "2019-10-04T07:00:00.123", NONE, Iso),
        ("2019-10-04 07:00:00-0000", D, "2019-10-04T07:00:00", UTC, Iso),
        ("2019-10-04 07:00:00\u{2212}04:00", D, "2019-10-04T07:00:00", Some(-14_400), Iso),
        ("2024-02-29 23:59:59", D, "2024-02-29T23:59:59", NONE, Iso),
        ("2000-02-29 00:00:00", D, "2000-02-29T00:00:00", NONE, Iso),
        ("1970-01-01T00:00:00Z", D, "1970-01-01T00:00:00", UTC, Iso),
        ("2100-12-31T23:59:59.999Z", D, "2100-12-31T23:59:59.999", UTC, Iso),
        ("2019-12-31 23:59 +14:00", D, "2019-12-31T23:59", Some(50_400), Iso),
        ("2019-12-31 23:59 -12:00", D, "2019-12-31T23:59", Some(-43_200), Iso),
        ("2019-12-31 23:59+05:45", D, "2019-12-31T23:59", Some(20_700), Iso),
        ("2019-1-4 7:05", D, "2019-01-04T07:05", NONE, Iso),
        ("2019-10-04, 07:00", D, "2019-10-04T07:00", NONE, Iso),
        ("[2019-12-24, 12:23]", D, "2019-12-24T12:23", NONE, Iso),
        ("2024-01-05 7:00 p.m.", D, "2024-01-05T19:00", NONE, Iso),
        ("2024-01-05 7:00:09 PM", D, "2024-01-05T19:00:09", NONE, Iso),
        ("2018-06-13-07.00.00.123456", D, "2018-06-13T07:00:00.123", NONE, Iso),
        ("2565-03-27 10:00", D, "2022-03-27T10:00", NONE, Iso),
        ("2567-02-29 10:00:00", D, "2024-02-29T10:00", NONE, Iso),
        // Wrappings.
        ("  2019-10-04 07:00:00\t", D, "2019-10-04T07:00:00", NONE, Iso),
        ("\"2019-10-04 07:00:00\"", D, "2019-10-04T07:00:00", NONE, Iso),
        ("'2019-10-04 07:00:00", D, "2019-10-04T07:00:00", NONE, Iso),
        ("'2019-10-04 07:00:00'", D, "2019-10-04T07:00:00", NONE, Iso),
        ("=\"2019-10-04 07:00:00\"", D, "2019-10-04T07:00:00", NONE, Iso),
        ("'=\"2019-10-04 07:00:00\"", D, "2019-10-04T07:00:00", NONE, Iso),
        ("\u{feff}2019-10-04 07:00:00\u{a0}", D, "2019-10-04T07:00:00", NONE, Iso),
        ("=\"1521472262\"", D, "2018-03-19T15:11:02", UTC, UnixSeconds),
        ("2019-10-04-07:00:05", D, "2019-10-04T07:00:05", NONE, Iso),
        ("2019-10-04 - 07:00", D, "2019-10-04T07:00", NONE, Iso),
        ("2019-10-04 07:00:00 (UTC)", D, "2019-10-04T07:00", UTC, Iso),
        ("2019-10-04 07:00:00 -0700 PDT", D, "2019-10-04T07:00", Some(-25_200), Iso),
        // Year first.
        ("2010/11/05 20:53", D, "2010-11-05T20:53", NONE, YearFirst(Slash)),
        ("2010/11/05 20:53:01", M, "2010-11-05T20:53:01", NONE, YearFirst(Slash)),
        ("2010.11.05 20:53", D, "2010-11-05T20:53", NONE, YearFirst(Dot)),
        ("2010.11.05 20:53:59", M, "2010-11-05T20:53:59", NONE, YearFirst(Dot)),
        ("2024/1/1 9:05:00", D, "2024-01-01T09:05", NONE, YearFirst(Slash)),
        ("2024. 1. 1. 오후 3:04", D, "2024-01-01T15:04", NONE, YearFirst(Dot)),
        ("2024/2/9 下午3:04", D, "2024-02-09T15:04", NONE, YearFirst(Slash)),
        ("2018. 06. 13. 21:25", D, "2018-06-13T21:25", NONE, YearFirst(Dot)),
        ("23-03-05 10:00", Y, "2023-03-05T10:00", NONE, YearFirst(Dash)),
        ("23/03/05 10:00", Y, "2023-03-05T10:00", NONE, YearFirst(Slash)),
        ("24. 10. 11. 오전 3:04", Y, "2024-10-11T03:04", NONE, YearFirst(Dot)),
        // Day first by shape.
        ("04.10.2019 07:00", D, "2019-10-04T07:00", NONE, DayMonthYear(Dot)),
        ("04.10.2019 07:00:05", M, "2019-10-04T07:00:05", NONE, DayMonthYear(Dot)),
        ("4.1.2019 7:05", M, "2019-01-04T07:05", NONE, DayMonthYear(Dot)),
        ("04.10.19, 07:00", M, "2019-10-04T07:00", NONE, DayMonthYear(Dot)),
        ("04.10.19 07:00:05", D, "2019-10-04T07:00:05", NONE, DayMonthYear(Dot)),
        ("13.6.2018 klo 21.25.15", D, "2018-06-13T21:25:15", NONE, DayMonthYear(Dot)),
        ("13. 6. 2018. 21:25", D, "2018-06-13T21:25", NONE, DayMonthYear(Dot)),
        ("04.10.2019 07.05", D, "2019-10-04T07:05", NONE, DayMonthYear(Dot)),
        ("04.10.2019 um 07:05 Uhr", D, "2019-10-04T07:05", NONE, DayMonthYear(Dot)),
        ("04.10.2019 07:00 CEST", D, "2019-10-04T07:00", CEST, DayMonthYear(Dot)),
        ("04.10.2019 07:00 +02:00", Y, "2019-10-04T07:00", CEST, DayMonthYear(Dot)),
        ("04.10.2019 - 07:00", D, "2019-10-04T07:00", NONE, DayMonthYear(Dot)),
        ("Fr, 04.10.2019 07:00", D, "2019-10-04T07:00", NONE, DayMonthYear(Dot)),
        // Day or month first by order.
        ("21-01-2026 10:22:05", D, "2026-01-21T10:22:05", NONE, DayMonthYear(Dash)),
        ("03-04-2022 10:22:05", D, "2022-04-03T10:22:05", NONE, DayMonthYear(Dash)),
        ("03-04-2022 10:22:05", M, "2022-03-04T10:22:05", NONE, MonthDayYear(Dash)),
        ("06/01/2024, 14:02:11", D, "2024-01-06T14:02:11", NONE, DayMonthYear(Slash)),
        ("06/01/2024, 14:02:11", M, "2024-06-01T14:02:11", NONE, MonthDayYear(Slash)),
        ("3/27/22 21:41", M, "2022-03-27T21:41", NONE, MonthDayYear(Slash)),
        ("12/31/23, 8:03 PM", M, "2023-12-31T20:03", NONE, MonthDayYear(Slash)),
        ("4/15/04 2:56 PM", M, "2004-04-15T14:56", NONE, MonthDayYear(Slash)),
        ("5/6/2011 2:56:07 AM", M, "2011-05-06T02:56:07", NONE, MonthDayYear(Slash)),
        ("31/12/23, 1:55 p. m.", D, "2023-12-31T13:55", NONE, DayMonthYear(Slash)),
        ("31/12/23, 1:55\u{a0}p.\u{a0}m.", D, "2023-12-31T13:55", NONE, DayMonthYear(Slash)),
        ("31/12/23, 1:55\u{202f}p.m.", D, "2023-12-31T13:55", NONE, DayMonthYear(Slash)),
        ("12/31/23, 8:03\u{202f}PM", M, "2023-12-31T20:03", NONE, MonthDayYear(Slash)),
        ("12/31/23 8:03PM", M, "2023-12-31T20:03", NONE, MonthDayYear(Slash)),
        ("12/31/23 12:03 am", M, "2023-12-31T00:03", NONE, MonthDayYear(Slash)),
        ("12/31/23 12:03 pm", M, "2023-12-31T12:03", NONE, MonthDayYear(Slash)),
        ("12/31/23 0:03 p.m.", M, "2023-12-31T12:03", NONE, MonthDayYear(Slash)),
        ("12/31/23 8:03 a. m.", M, "2023-12-31T08:03", NONE, MonthDayYear(Slash)),
        ("21:41:55 3/27/22", M, "2022-03-27T21:41:55", NONE, MonthDayYear(Slash)),
        ("[21:41:55, 3/27/22]", M, "2022-03-27T21:41:55", NONE, MonthDayYear(Slash)),
        ("21:41:55,3/27/22", M, "2022-03-27T21:41:55", NONE, MonthDayYear(Slash)),
        ("07:00 - 04.10.2019", M, "2019-10-04T07:00", NONE, DayMonthYear(Dot)),
        ("9:41 PM 27/03/2022", D, "2022-03-27T21:41", NONE, DayMonthYear(Slash)),
        ("3/27/22 21.41.55", M, "2022-03-27T21:41:55", NONE, MonthDayYear(Slash)),
        ("04/10/2019 à 07h05", D, "2019-10-04T07:05", NONE, DayMonthYear(Slash)),
        ("04/10/79 07:00", D, "2079-10-04T07:00", NONE, DayMonthYear(Slash)),
        ("04/10/80 07:00", D, "1980-10-04T07:00", NONE, DayMonthYear(Slash)),
        ("05/04/2022 10:00 -03:00", D, "2022-04-05T10:00", Some(-10_800), DayMonthYear(Slash)),
        ("27/3/2565 21:41", D, "2022-03-27T21:41", NONE, DayMonthYear(Slash)),
        ("٢٧/٣/٢٠٢٢، ٩:٤١:٥٥ م", D, "2022-03-27T21:41:55", NONE, DayMonthYear(Slash)),
        ("\u{200f}٢٧\u{200f}/٣\u{200f}/٢٠٢٢ ٩:٤١ ص", D, "2022-03-27T09:41", NONE, DayMonthYear(Slash)),
        ("२७/३/२०२२ ९:४१ pm", D, "2022-03-27T21:41", NONE, DayMonthYear(Slash)),
        ("۲۰۲۲-۰۳-۲۷ ۰۹:۴۱:۵۵", D, "2022-03-27T09:41:55", NONE, Iso),
        ("๒๗/๓/๒๕๖๕ ๒๑:๔๑", D, "2022-03-27T21:41", NONE, DayMonthYear(Slash)),
        // Months by name.
        ("04-Oct-2019 07:00:05", D, "2019-10-04T07:00:05", NONE, MonthName),
        ("04-OCT-19 07.00.05.123456 AM", D, "2019-10-04T07:00:05.123", NONE, MonthName),
        ("04-Oct-2019 07:00:05 +0000", D, "2019-10-04T07:00:05", UTC, MonthName),
        ("4 Oct 2019 07:00", D, "2019-10-04T07:00", NONE, MonthName),
        ("Oct 4, 2019, 7:00 AM", D, "2019-10-04T07:00", NONE, MonthName),
        ("October 4, 2019 at 7:00 PM", D, "2019-10-04T19:00", NONE, MonthName),
        ("Oct 4th, 2019 7:00 PM", D, "2019-10-04T19:00", NONE, MonthName),
        ("2019-Oct-04 07:00:05", D, "2019-10-04T07:00:05", NONE, MonthName),
        ("4. Okt. 2019 07:00", D, "2019-10-04T07:00", NONE, MonthName),
        ("4. Oktober 2019 um 07:00 Uhr", M, "2019-10-04T07:00", NONE, MonthName),
        ("Freitag, 4. Oktober 2019 07:00", D, "2019-10-04T07:00", NONE, MonthName),
        ("4. März 2019 07:00", D, "2019-03-04T07:00", NONE, MonthName),
        ("4. Ma\u{308}rz 2019 07:00", D, "2019-03-04T07:00", NONE, MonthName),
        ("4. MÄRZ 2019 07:00", D, "2019-03-04T07:00", NONE, MonthName),
        ("4. Jänner 2019 07:00", D, "2019-01-04T07:00", NONE, MonthName),
        ("24 Dez 2019 07:00:30", D, "2019-12-24T07:00:30", NONE, MonthName),
        ("4 août 2019 à 07:00", D, "2019-08-04T07:00", NONE, MonthName),
        ("1er févr. 2019 07h00", D, "2019-02-01T07:00", NONE, MonthName),
        ("4 déc. 2019 07:00", D, "2019-12-04T07:00", NONE, MonthName),
        ("mar. 4 juin 2019 07:00", D, "2019-06-04T07:00", NONE, MonthName),
        ("4 mar 2019 07:00", D, "2019-03-04T07:00", NONE, MonthName),
        ("4 de octubre de 2019 a las 7:00 p. m.", D, "2019-10-04T19:00", NONE, MonthName),
        ("4 ene. 2019 07:00", D, "2019-01-04T07:00", NONE, MonthName),
        ("4 gen 2019, 07:00", D, "2019-01-04T07:00", NONE, MonthName),
        ("4 ottobre 2019 alle ore 07:00", D, "2019-10-04T07:00", NONE, MonthName),
        ("4 de março de 2019 às 07:00", D, "2019-03-04T07:00", NONE, MonthName),
        ("sexta-feira, 4 de outubro de 2019 07:00", D, "2019-10-04T07:00", NONE, MonthName),
        ("4 mrt. 2019 07:00", D, "2019-03-04T07:00", NONE, MonthName),
        ("Fri May 24 17:44:50 2019", D, "2019-05-24T17:44:50", NONE, MonthName),
        ("Fri May 24 17:44:50 UTC 2019", D, "2019-05-24T17:44:50", UTC, MonthName),
        ("Fri May 24 17:44:50 2019 -0400", D, "2019-05-24T17:44:50", Some(-14_400), MonthName),
        ("Tue Mar  5 07:00:00 2019", D, "2019-03-05T07:00", NONE, MonthName),
        ("24/May/2019:17:44:50 +0000", D, "2019-05-24T17:44:50", UTC, MonthName),
        ("Fri May 24 2019 17:44:50 GMT+0200 (Central European Summer Time)", D, "2019-05-24T17:44:50", CEST, MonthName),
        // Mail.
        ("Fri, 24 May 2019 17:44:50 +0000", D, "2019-05-24T17:44:50", UTC, Rfc2822),
        ("Wed, 27 Jan 2016 14:05:45 +0000", D, "2016-01-27T14:05:45", UTC, Rfc2822),
        ("24 May 2019 17:44:50 -0700 (PDT)", D, "2019-05-24T17:44:50", Some(-25_200), Rfc2822),
        ("Fri, 24 May 2019 17:44:50 GMT", D, "2019-05-24T17:44:50", UTC, Rfc2822),
        ("Fri, 24 May 2019 17:44:50 EDT", D, "2019-05-24T17:44:50", Some(-14_400), Rfc2822),
        ("Mon, 4 Jan 99 17:44 +0100", D, "1999-01-04T17:44", Some(3_600), Rfc2822),
        // Packed.
        ("20191004070000", D, "2019-10-04T07:00", NONE, Packed),
        ("20191004070000123", D, "2019-10-04T07:00:00.123", NONE, Packed),
        ("201910040705", D, "2019-10-04T07:05", NONE, Packed),
        ("20191004T070005Z", D, "2019-10-04T07:00:05", UTC, Packed),
        ("20191004 0705", D, "2019-10-04T07:05", NONE, Packed),
        ("20191004070005+0200", D, "2019-10-04T07:00:05", CEST, Packed),
        ("20191004070005.25Z", D, "2019-10-04T07:00:05.250", UTC, Packed),
        ("20191004-070005", D, "2019-10-04T07:00:05", NONE, Packed),
        ("191004070005", D, "2019-10-04T07:00:05", NONE, PackedShort),
        ("2411301545", D, "2024-11-30T15:45", NONE, PackedShort),
        ("0910040700", D, "2009-10-04T07:00", NONE, PackedShort),
        // Counts.
        ("1521472262", D, "2018-03-19T15:11:02", UTC, UnixSeconds),
        ("1521472262.908181", D, "2018-03-19T15:11:02.908", UTC, UnixSeconds),
        ("1377214260.049634", D, "2013-08-22T23:31:00.049", UTC, UnixSeconds),
        ("1521472262,5", D, "2018-03-19T15:11:02.500", UTC, UnixSeconds),
        ("1521472262.0", D, "2018-03-19T15:11:02", UTC, UnixSeconds),
        ("978307200", D, "2001-01-01T00:00", UTC, UnixSeconds),
        ("4133980799", D, "2100-12-31T23:59:59", UTC, UnixSeconds),
        ("1701010101", D, "2023-11-26T14:48:21", UTC, UnixSeconds),
        ("2147483648", D, "2038-01-19T03:14:08", UTC, UnixSeconds),
        ("1580227766370", D, "2020-01-28T16:09:26.370", UTC, UnixMillis),
        ("978307200000", D, "2001-01-01T00:00", UTC, UnixMillis),
        ("1580227766370.5", D, "2020-01-28T16:09:26.370", UTC, UnixMillis),
        ("1580227766370123", D, "2020-01-28T16:09:26.370", UTC, UnixMicros),
        ("978307200000000", D, "2001-01-01T00:00", UTC, UnixMicros),
        ("1580227766370123456", D, "2020-01-28T16:09:26.370", UTC, UnixNanos),
        ("591234567", D, "2019-09-26T23:49:27", UTC, AppleSeconds),
        ("591234567.891", D, "2019-09-26T23:49:27.891", UTC, AppleSeconds),
        ("978307199", D, "2032-01-01T23:59:59", UTC, AppleSeconds),
        ("591234567891234567", D, "2019-09-26T23:49:27.891", UTC, AppleNanos),
        ("978307199999999999", D, "2032-01-01T23:59:59.999", UTC, AppleNanos),
        ("978307200000000000", D, "2001-01-01T00:00", UTC, UnixNanos),
        ("١٥٢١٤٧٢٢٦٢", D, "2018-03-19T15:11:02", UTC, UnixSeconds),
        // Dates alone.
        ("2019-10-04", D, "2019-10-04T00:00", NONE, DateOnly),
        ("2019/10/04", D, "2019-10-04T00:00", NONE, DateOnly),
        ("04.10.2019", M, "2019-10-04T00:00", NONE, DateOnly),
        ("04/10/2019", D, "2019-10-04T00:00", NONE, DateOnly),
        ("04/10/2019", M, "2019-04-10T00:00", NONE, DateOnly),
        ("20191004", D, "2019-10-04T00:00", NONE, DateOnly),
        ("4. Oktober 2019", D, "2019-10-04T00:00", NONE, DateOnly),
        ("mar 05/10/2021", D, "2021-10-05T00:00", NONE, DateOnly),
    ];

    #[test]
    fn every_known_shape_is_read() {
        for (field, order, expected, offset, shape) in CASES {
            let stamp = parse(field.as_bytes(), *order).unwrap_or_else(|error| panic!("{field}: {error:?}"));
            assert_eq!(
                (stamp.civil_ms, stamp.offset_seconds, stamp.shape),
                (ms(expected), *offset, *shape),
                "{field} read as {stamp:?}"
            );
        }
        assert!(CASES.len() >= 120, "{} cases", CASES.len());
    }

    #[test]
    fn what_is_no_time_is_refused_with_its_reason() {
        use TimeError::*;
        let cases: &[(&str, DateOrder, TimeError)] = &[
            ("", D, Empty),
            ("  ", D, Empty),
            ("\"\"", D, Empty),
            ("NA", D, Empty),
            ("null", D, Empty),
            ("-", D, Empty),
            ("\\N", D, Empty),
            ("hello", D, NotATime),
            ("?", D, NotATime),
            ("2019", D, Number),
            ("0", D, Number),
            ("2019-10", D, NotATime),
            ("2019-10-04T", D, NotATime),
            ("2019-10-04 07", D, NotATime),
            ("2019-10-04 07:5", D, NotATime),
            ("2019-10-04 07:00:5", D, NotATime),
            ("2019-10-04 07:00.5", D, NotATime),
            ("2019-10-04 07:00 08:00", D, NotATime),
            ("2019-10-04 2019-10-05 07:00", D, NotATime),
            ("2019-10-04 07:00 x", D, NotATime),
            ("2019-10/04 07:00", D, NotATime),
            ("019-10-04 07:00", D, NotATime),
            ("4 2019 Oct 07:00", D, NotATime),
            ("10/2019/04 07:00", D, NotATime),
            ("3/27/2 10:00", M, NotATime),
            ("1.2.3.4", D, NotATime),
            ("PM 04.10.2019 07:00", D, NotATime),
            ("am 4.10.2019 um 12:30", D, NotATime),
            ("04.10.2019 07:00 PM PM", D, NotATime),
            ("PM", D, NotATime),
            ("+1521472262", D, NotATime),
            ("2019-10-04-07:00", D, Ambiguous),
            ("20191004-0700", D, Ambiguous),
            ("20191004 -0400", D, NotATime),
            ("04.10.2019 -7:00", D, NotATime),
            ("2019-10-04+02:00", D, NotATime),
            ("2019-10-04 -", D, NotATime),
            ("2019-10-04 - - 07:00", D, NotATime),
            ("12/31/23 12:30a", M, NotATime),
            ("12:30a 12/31/23", M, NotATime),
            ("04.10.2019 de", D, NotATime),
            ("04.10.2019 th", D, NotATime),
            ("04.10.2019 07:00 um", D, NotATime),
            ("Uhr 04.10.2019 07:00", D, NotATime),
            ("2019-10-04 07:00 Z EST", D, NotATime),
            ("2019-10-04 07:00 UTC 5", D, NotATime),
            ("2019-10-04 07:00 +0200 +0200", D, NotATime),
            ("07:00 UTC 2019-10-04 +02:00", D, NotATime),
            ("07:00 Oct 07.00", D, NotATime),
            ("2019-10-04 07:00 +0200 hello", D, NotATime),
            ("2019-10-04 07:00 (UTC) 5", D, NotATime),
            ("2019-10-04 (UTC)", D, NotATime),
            ("-1521472262", D, NotATime),
            ("2019-10-04 07:00:00.", D, NotATime),
            ("2019-00-04 07:00", D, Month),
            ("2019-13-04 07:00", D, Month),
            ("0000-00-00 00:00:00", D, Year),
            ("2019-10-00 07:00", D, Day),
            ("2019-02-29 07:00", D, Day),
            ("2100-02-29 07:00", D, Day),
            ("2019-04-31 07:00", D, Day),
            ("31.04.2019 07:00", D, Day),
            ("32/01/2019 07:00", D, Day),
            ("13/13/2019 07:00", D, Month),
            ("27/3/22 10:00", M, Order),
            ("3/27/22 10:00", D, Order),
            ("03/04/2022 10:00", Y, Order),
            ("0001-01-01T00:00:00Z", D, Year),
            ("1899-12-30 07:00:00", D, Year),
            ("1969-12-31 23:59:59", D, Year),
            ("2101-01-01 00:00:00", D, Year),
            ("9999-12-31 23:59:59", D, Year),
            ("2500-01-01 00:00:00", D, Year),
            ("2019-10-04 24:00", D, EndOfDay),
            ("2019-10-04T24:00:00Z", D, EndOfDay),
            ("2019-10-04 24:01", D, Hour),
            ("2019-10-04 25:00", D, Hour),
            ("2019-10-04 07:60", D, Minute),
            ("2019-10-04 07:00:61", D, Second),
            ("2016-12-31T23:59:60Z", D, LeapSecond),
            ("12/31/23 13:03 PM", M, HalfDay),
            ("12/31/23 17:03 am", M, HalfDay),
            ("Thu, 24 May 2019 17:44:50 +0000", D, Weekday),
            ("2019-10-04T07:00:00+15:00", D, Offset),
            ("2019-10-04T07:00:00-13:00", D, Offset),
            ("2019-10-04T07:00:00+99:99", D, Offset),
            ("2019-10-04T07:00:00+05:17", D, Offset),
            ("2019-10-04T07:00:00+530", D, Offset),
            ("2019-10-04 07:00:00 +0200 UTC", D, Offset),
            ("2019-10-04 07:00:00 IST", D, ZoneName),
            ("2019-10-04 07:00:00 EST", D, ZoneName),
            ("2019-10-04T07:00:00[Europe/Berlin]", D, ZoneName),
            ("Oct  4 07:00:00", D, NoYear),
            ("4. Okt. 07:00", D, NoYear),
            ("07:00:05", D, NoDate),
            ("7:00 PM", D, NoDate),
            ("200110040700", D, Ambiguous),
            ("12345678", D, Year),
            ("99999999", D, Year),
            ("099999999", D, Number),
            ("4133980800", D, Number),
            ("15214722621", D, Number),
            ("4133980800000", D, Number),
            ("99999999999999999999", D, Number),
            ("9999999999999999999", D, Number),
            ("20191304070000", D, Month),
            ("20191004250000", D, Hour),
            ("1.52147E+12", D, Scientific),
            ("1,52147E+09", D, Scientific),
        ];
        for (field, order, expected) in cases {
            assert_eq!(parse(field.as_bytes(), *order), Err(*expected), "{field}");
        }
        assert_eq!(parse(b"2019-10-04 \xff07:00", D), Err(NotATime));
        assert_eq!(parse(&[b' '; 4000], D), Err(Empty));
        assert_eq!(parse(&[b'1'; 4000], D), Err(TooLong));
        assert_eq!(parse("é".repeat(200).as_bytes(), D), Err(TooLong));
    }

    #[test]
    fn a_stamp_says_whether_day_and_month_may_be_swapped() {
        let swappable = |field: &str, order| parse(field.as_bytes(), order).unwrap().swappable;
        assert!(swappable("03/04/2022 10:00", D));
        assert!(swappable("03-04-22 10:00", M));
        assert!(swappable("12/12/2022", D));
        assert!(!swappable("13/04/2022 10:00", D));
        assert!(!swappable("03.04.2022 10:00", D));
        assert!(!swappable("2022-04-03 10:00", D));
        assert!(!swappable("2022/04/03 10:00", D));
        assert!(!swappable("3 Apr 2022 10:00", D));
    }

    #[test]
    fn a_stamp_says_how_fine_it_is() {
        let digits = |field: &str| parse(field.as_bytes(), D).unwrap().digits;
        assert_eq!(digits("2019-10-04 07:00:00"), 0);
        assert_eq!(digits("2019-10-04 07:00:00.5"), 1);
        assert_eq!(digits("2019-10-04 07:00:00.123456789"), 9);
        assert_eq!(digits("2019-10-04 07:00:00.1234567890123"), 9);
        assert_eq!(digits("04.10.2019 07:00:00,25"), 2);
        assert_eq!(digits("1521472262"), 0);
        assert_eq!(digits("1521472262.908181"), 6);
        assert_eq!(digits("1580227766370"), 3);
        assert_eq!(digits("1580227766370.5"), 4);
        assert_eq!(digits("1580227766370123"), 6);
        assert_eq!(digits("591234567891234567"), 9);
        assert_eq!(digits("20191004070000123"), 3);
    }

    #[test]
    fn the_instant_takes_the_offset_off() {
        let stamp = parse(b"2017-05-22 21:36:14+05:30", D).unwrap();
        assert_eq!(stamp.instant_ms(), Some(ms("2017-05-22T16:06:14")));
        assert_eq!(parse(b"2017-05-22 21:36:14", D).unwrap().instant_ms(), None);
    }

    #[test]
    fn a_missing_year_can_be_given() {
        let stamp = parse_yearless(b"Oct  4 07:00:00", D, 2019).unwrap();
        assert_eq!((stamp.civil_ms, stamp.shape), (ms("2019-10-04T07:00"), Syslog));
        assert_eq!(parse_yearless(b"Feb 29 07:00:00", D, 2019), Err(TimeError::Day));
        assert_eq!(parse_yearless(b"Feb 29 07:00:00", D, 2020).unwrap().civil_ms, ms("2020-02-29T07:00"));
        assert_eq!(parse_yearless(b"Feb 29 07:00:00", D, 1), Err(TimeError::Year));
        let dated = parse_yearless(b"2024-08-26T01:33:38.572449+00:00", D, 2019).unwrap();
        assert_eq!((dated.civil_ms, dated.shape), (ms("2024-08-26T01:33:38.572"), Iso));
    }

    #[test]
    fn short_packed_dates_are_read_where_they_are_known_to_be() {
        assert_eq!(parse_packed_short(b"1701010101").unwrap().civil_ms, ms("2017-01-01T01:01"));
        assert_eq!(parse_packed_short(b" 170101010159 ").unwrap().civil_ms, ms("2017-01-01T01:01:59"));
        assert_eq!(parse_packed_short(b"1713010101"), Err(TimeError::Month));
        assert_eq!(parse_packed_short(b"17010101"), Err(TimeError::NotATime));
        assert_eq!(parse_packed_short(b"17010101x1"), Err(TimeError::NotATime));
        assert_eq!(parse_packed_short(b""), Err(TimeError::Empty));
    }

    #[test]
    fn dates_and_times_of_two_columns_are_joined() {
        let cases = [
            ("2019-10-04", "07:00", "2019-10-04T07:00", Iso, NONE),
            ("04.10.2019", "7:00:05 PM", "2019-10-04T19:00:05", DayMonthYear(Dot), NONE),
            ("04/10/2019", "07.05", "2019-10-04T07:05", DayMonthYear(Slash), NONE),
            ("20191004", "070005", "2019-10-04T07:00:05", Packed, NONE),
            ("2019-10-04 00:00:00", "0705", "2019-10-04T07:05", Iso, NONE),
            ("4. Okt. 2019", "7:00\u{202f}p.\u{a0}m.", "2019-10-04T19:00", MonthName, NONE),
            ("Fr 04.10.2019", "07:00:00.250+02:00", "2019-10-04T07:00:00.250", DayMonthYear(Dot), CEST),
            ("=\"2019-10-04\"", "'07:00", "2019-10-04T07:00", Iso, NONE),
        ];
        for (date, time, expected, shape, offset) in cases {
            let date = parse_date(date.as_bytes(), D).unwrap_or_else(|error| panic!("{date}: {error:?}"));
            let time = parse_time_of_day(time.as_bytes()).unwrap_or_else(|error| panic!("{time}: {error:?}"));
            let stamp = date.at(time);
            assert_eq!((stamp.civil_ms, stamp.shape, stamp.offset_seconds), (ms(expected), shape, offset));
        }
        assert_eq!(parse_date(b"2019-10-04 07:00", D), Err(TimeError::ClockInDate));
        assert_eq!(parse_date(b"1521472262", D), Err(TimeError::ClockInDate));
        assert_eq!(parse_date(b"07:00", D), Err(TimeError::NoDate));
        assert_eq!(parse_date(b"03/27/2022", D), Err(TimeError::Order));
        assert_eq!(parse_time_of_day(b"2019-10-04 07:00"), Err(TimeError::DateInClock));
        assert_eq!(parse_time_of_day(b""), Err(TimeError::Empty));
        assert_eq!(parse_time_of_day(b"N/A"), Err(TimeError::Empty));
        assert_eq!(parse_time_of_day(b"24:00"), Err(TimeError::EndOfDay));
        assert_eq!(parse_time_of_day(b"7"), Err(TimeError::NotATime));
    }

    #[test]
    fn the_calendar_agrees_with_another() {
        let mut date = jiff::civil::date(1969, 1, 1);
        let mut days = -365;
        while date.year() <= 2101 {
            let (year, month, day) = (date.year() as u32, date.month() as u32, date.day() as u32);
            assert_eq!(civil_days(year, month, day), days, "{date}");
            assert_eq!(days_in_month(year, month), date.days_in_month() as u32);
            date = date.tomorrow().unwrap();
            days += 1;
        }
    }

    #[test]
    fn reasons_are_sentences_without_placeholders() {
        for error in [TimeError::Empty, TimeError::Order, TimeError::Offset, TimeError::Number] {
            let text = error.to_string();
            assert!(!text.contains(['{', '}']) && text.len() > 10, "{text}");
        }
        assert_eq!(DayMonthYear(Slash).to_string(), "DD/MM/YYYY hh:mm");
    }

    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn rendered_instants_come_back(ms in 978_307_200_000_i64..3_471_000_000_000, quarter in -48_i32..=56) {
            let utc = jiff::Timestamp::from_millisecond(ms).unwrap();
            let offset = jiff::tz::Offset::from_seconds(quarter * 900).unwrap();
            let local = offset.to_datetime(utc);
            let civil = local.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond();
            let whole = civil.div_euclid(1000) * 1000;
            let sign = if quarter < 0 { '-' } else { '+' };
            let (hours, minutes) = (quarter.abs() / 4, quarter.abs() % 4 * 15);
            let date = (local.year(), local.month(), local.day());
            let clock = (local.hour(), local.minute(), local.second());
            let below = ms.rem_euclid(1000);
            let (y, m, d) = date;
            let (h, min, s) = clock;
            let half = if h < 12 { "AM" } else { "PM" };
            let h12 = if h % 12 == 0 { 12 } else { h % 12 };
            let month = MONTHS[m as usize - 1];
            let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][local.weekday().to_monday_zero_offset() as usize];
            let offset = Some(quarter * 900);
            let read = [
                (format!("{y}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}.{below:03}{sign}{hours:02}:{minutes:02}"), D, civil, offset),
                (format!("{y}-{m:02}-{d:02} {h:02}:{min:02}:{s:02},{below:03} {sign}{hours:02}{minutes:02}"), M, civil, offset),
                (format!("{y}-{m:02}-{d:02} {h:02}:{min:02}:{s:02}"), Y, whole, None),
                (format!("{d:02}.{m:02}.{y} {h:02}:{min:02}:{s:02}"), M, whole, None),
                (format!("{d}.{m}.{:02} {h}:{min:02}:{s:02}", y % 100), D, whole, None),
                (format!("{m}/{d}/{y} {h12}:{min:02}:{s:02} {half}"), M, whole, None),
                (format!("{d:02}/{m:02}/{y} {h:02}:{min:02}:{s:02}"), D, whole, None),
                (format!("{h:02}:{min:02}:{s:02} {d:02}-{m:02}-{y}"), D, whole, None),
                (format!("{weekday}, {d} {month} {y} {h:02}:{min:02}:{s:02} {sign}{hours:02}{minutes:02}"), D, whole, offset),
                (format!("{weekday} {month} {d:2} {h:02}:{min:02}:{s:02} {y}"), D, whole, None),
                (format!("{y}{m:02}{d:02}{h:02}{min:02}{s:02}"), D, whole, None),
            ];
            for (field, order, civil, offset) in read {
                let stamp = parse(field.as_bytes(), order);
                let stamp = stamp.unwrap_or_else(|error| panic!("{field}: {error:?}"));
                prop_assert_eq!(stamp.civil_ms, civil, "{}", &field);
                prop_assert_eq!(stamp.offset_seconds, offset, "{}", &field);
                // The patient reader agrees with the fast ones.
                if fast::iso(field.as_bytes()).is_some() || fast::year_last(field.as_bytes()).is_some() {
                    prop_assert_eq!(text::read(field.as_bytes()).unwrap().stamp(order), Ok(stamp));
                }
            }
            let seconds = ms.div_euclid(1000);
            let counts = [
                (format!("{seconds}.{below:03}"), ms, UnixSeconds),
                (format!("{ms}"), ms, UnixMillis),
                (format!("{ms}999"), ms, UnixMicros),
                (format!("{ms}999999"), ms, UnixNanos),
            ];
            for (field, expected, shape) in counts {
                let stamp = parse(field.as_bytes(), D).unwrap();
                prop_assert_eq!((stamp.instant_ms(), stamp.shape), (Some(expected), shape), "{}", &field);
            }
        }

        #[test]
        fn apple_counts_come_back(ms in 100_000_000_000_i64..978_307_200_000) {
            let expected = Some(ms + 978_307_200_000);
            let nanos = parse(format!("{ms}000000").as_bytes(), D).unwrap();
            prop_assert_eq!((nanos.instant_ms(), nanos.shape), (expected, AppleNanos));
            let seconds = parse(format!("{}.{:03}", ms / 1000, ms % 1000).as_bytes(), D).unwrap();
            prop_assert_eq!((seconds.instant_ms(), seconds.shape), (expected, AppleSeconds));
        }

        #[test]
        fn no_field_is_too_strange(field in prop::collection::vec(any::<u8>(), 0..160), year in any::<u32>()) {
            for order in [D, M, Y] {
                let _ = parse(&field, order);
                let _ = parse_date(&field, order);
                let _ = parse_yearless(&field, order, year);
            }
            let _ = parse_time_of_day(&field);
            let _ = parse_packed_short(&field);
            OrderEvidence::default().see(&field);
        }

        #[test]
        fn no_field_of_times_signs_is_too_strange(
            field in r#"[0-9:./,+\-TZ apmAPM\[\]()"'=]{0,40}|([0-9]{1,20}[-./: +,TZaphm]{0,2}){1,8}|[0-9a-zé٣ ,.:]{0,30}"#,
        ) {
            for order in [D, M, Y] {
                if let Ok(stamp) = parse(field.as_bytes(), order) {
                    prop_assert!((ms("1970-01-01T00:00")..ms("2101-01-01T00:00")).contains(&stamp.civil_ms), "{}", field);
                    prop_assert!(stamp.digits <= 9);
                }
                let _ = parse_yearless(field.as_bytes(), order, 2020);
            }
            let _ = parse_time_of_day(field.as_bytes());
        }

        #[test]
        fn the_fast_readers_take_nothing_that_the_patient_one_refuses(
            place in 0_usize..25, byte in any::<u8>(), form in 0_usize..4,
        ) {
            let forms = [
                "2019-10-04T07:00:05+02:00", "2019-10-04 07:00:05.1234567", "04.10.2019 07:00:05+02:00", "04/10/2019 07:00:05.123",
            ];
            let mut field = forms[form].as_bytes().to_vec();
            if let Some(old) = field.get_mut(place) {
                *old = byte;
            }
            for order in [D, M, Y] {
                let slow = text::read(&field).and_then(|reading| reading.stamp(order));
                let shown = String::from_utf8_lossy(&field);
                if let Some(stamp) = fast::iso(&field) {
                    prop_assert_eq!(slow, Ok(stamp), "{}", shown);
                }
                if let Some(reading) = fast::year_last(&field) {
                    prop_assert_eq!(slow, reading.stamp(order), "{}", shown);
                }
            }
        }
    }

    /// `cargo test --release -- --ignored --nocapture speed`
    #[test]
    #[ignore = "a measurement"]
    fn speed() {
        type Render = fn(&jiff::civil::DateTime) -> String;
        let forms: [(&str, Render); 7] = [
            ("ISO", |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            ("ISO ms Z", |t| t.strftime("%Y-%m-%dT%H:%M:%S.123Z").to_string()),
            ("ISO offset", |t| t.strftime("%Y-%m-%dT%H:%M:%S+02:00").to_string()),
            ("D.M.Y", |t| t.strftime("%d.%m.%Y %H:%M:%S").to_string()),
            ("M/D/Y PM", |t| t.strftime("%m/%d/%Y %I:%M:%S %p").to_string()),
            ("RFC 2822", |t| t.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()),
            ("unix", |t| t.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second().to_string()),
        ];
        for (name, render) in forms {
            let fields: Vec<Vec<u8>> = (0..100_000_i64)
                .map(|n| {
                    render(&(jiff::civil::datetime(2019, 1, 1, 0, 0, 0, 0) + jiff::Span::new().seconds(n * 317))).into()
                })
                .collect();
            let mut best = f64::MAX;
            for _ in 0..20 {
                let start = std::time::Instant::now();
                let sum = fields.iter().map(|field| parse(field, M).unwrap().civil_ms).fold(0, i64::wrapping_add);
                std::hint::black_box(sum);
                best = best.min(start.elapsed().as_nanos() as f64 / fields.len() as f64);
            }
            eprintln!("{name:<12}{best:6.1} ns");
        }
    }
}
