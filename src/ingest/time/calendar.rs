//! The calendar and the clock: which dates, times of day and offsets exist, and how many days lie before a date.
//! The same rules for every shape; years outside 1970 to 2100 are refused here.
//! How dates are written is the business of the readers.

use std::ops::RangeInclusive;

use super::{Clock, TimeError};

/// Milliseconds in a day.
pub(super) const DAY_MS: i64 = 86_400_000;
/// Years that a stamp may lie in. Outside are placeholders such as 0001-01-01, 1899-12-30 and 9999-12-31.
pub(super) const YEARS: RangeInclusive<u32> = 1970..=2100;
/// Years that are counted in the Buddhist era, 543 ahead.
pub(super) const BUDDHIST_YEARS: RangeInclusive<u32> = 2400..=2700;

/// The year that four digits write, in our era.
pub(super) fn year(written: u32) -> Result<u32, TimeError> {
    let year = if BUDDHIST_YEARS.contains(&written) { written - 543 } else { written };
    if YEARS.contains(&year) { Ok(year) } else { Err(TimeError::Year) }
}

/// The year that two digits write: up to 79 in this century, from 80 on in the last.
pub(super) fn century(written: u32) -> u32 {
    if written < 80 { 2000 + written } else { 1900 + written }
}

/// Days from 1970-01-01 to a date, which must exist.
pub(super) fn calendar_days(year: u32, month: u32, day: u32) -> Result<i64, TimeError> {
    if !(1..=12).contains(&month) {
        return Err(TimeError::Month);
    }
    if day == 0 || day > days_in_month(year, month) {
        return Err(TimeError::Day);
    }
    Ok(civil_days(year, month, day))
}

/// Days in a month of the Gregorian calendar.
#[inline]
pub(super) const fn days_in_month(year: u32, month: u32) -> u32 {
    if month == 2 {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        if leap { 29 } else { 28 }
    } else {
        // 31, except in April, June, September and November.
        30 + ((month + (month >> 3)) & 1)
    }
}

/// Days from 1970-01-01 to a date known to exist. Years are taken to begin in March, so that the leap day ends them.
#[inline]
pub(super) const fn civil_days(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = 365 * year + year / 4 - year / 100 + year / 400;
    let before_month = (153 * month + 2) / 5;
    (before_year + before_month + day) as i64 - 719_469
}

/// A time of day, which must exist.
pub(super) fn clock(hour: u32, minute: u32, second: u32) -> Result<Clock, TimeError> {
    match (hour, minute, second) {
        (24, 0, 0) => Err(TimeError::EndOfDay),
        (24.., ..) => Err(TimeError::Hour),
        (_, 60.., _) => Err(TimeError::Minute),
        (_, _, 60) => Err(TimeError::LeapSecond),
        (_, _, 61..) => Err(TimeError::Second),
        _ => Ok(Clock { of_day_ms: i64::from((hour * 60 + minute) * 60 + second) * 1000, digits: 0 }),
    }
}

/// Seconds east of UTC, if some zone could have this offset.
#[inline]
pub(super) fn offset_seconds(west: bool, hours: u32, minutes: u32) -> Option<i32> {
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    if minutes > 59 || !minutes.is_multiple_of(15) || total > if west { 12 * 60 } else { 14 * 60 } {
        return None;
    }
    let seconds = i32::try_from(total * 60).ok()?;
    Some(if west { -seconds } else { seconds })
}
