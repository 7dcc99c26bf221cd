//! Times written as bare digits: seconds and finer since 1970, the same since 2001 (Apple), and packed calendar dates.
//! The number of digits and the size decide; `parse` documents the ranges.
//! Digits that fit nothing, or two things, are refused here and never guessed.

use super::calendar::{DAY_MS, calendar_days, century, clock, year};
use super::{Clock, Shape, Stamp, TimeError};

/// First second that counts as a time since 1970: 2001-01-01.
const UNIX_FIRST: u64 = 978_307_200;
/// First second that no longer does: 2101-01-01.
const UNIX_END: u64 = 4_133_980_800;
/// Last second of the 32-bit clocks, in 2038. A greater number of ten digits may be a packed date.
const UNIX_32_BIT: u64 = i32::MAX as u64;
/// First second since 2001 that counts as Apple's: 2004-03-03, the first with nine digits.
const APPLE_FIRST: u64 = 100_000_000;
/// Milliseconds from 1970 to 2001.
const APPLE_EPOCH_MS: i64 = UNIX_FIRST as i64 * 1000;

/// Reads a field that is nothing but digits, with decimals or without; `None` if it is something else or too short.
pub(super) fn read(field: &[u8]) -> Option<Result<Stamp, TimeError>> {
    let whole = field.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, decimals) = field.split_at_checked(whole)?;
    if whole < 8 {
        return None;
    }
    let decimals = match decimals {
        [] => decimals,
        [b'.' | b',', decimals @ ..]
            if whole != 14 && !decimals.is_empty() && decimals.iter().all(u8::is_ascii_digit) =>
        {
            decimals
        }
        _ => return None,
    };
    Some(if decimals.is_empty() { integer(digits) } else { elapsed(digits, decimals) })
}

/// A packed date or a count, whichever the digits allow.
fn integer(digits: &[u8]) -> Result<Stamp, TimeError> {
    let counted = elapsed(digits, &[]);
    match digits.len() {
        8 | 14 | 17 => packed(digits),
        10 if value(digits).is_some_and(|value| (UNIX_FIRST..=UNIX_32_BIT).contains(&value)) => counted,
        10 | 12 => match (counted, packed(digits)) {
            (Ok(_), Ok(packed)) if digits.len() == 10 => Ok(packed),
            (Err(_), Ok(packed)) => Ok(packed),
            (Err(_), Err(TimeError::Ambiguous)) => Err(TimeError::Ambiguous),
            (counted, _) => counted,
        },
        _ => counted,
    }
}

/// Reads a count of seconds, or of a decimal part of them, by its digits and size.
fn elapsed(digits: &[u8], decimals: &[u8]) -> Result<Stamp, TimeError> {
    let value = value(digits).ok_or(TimeError::Number)?;
    if digits.first() == Some(&b'0') {
        return Err(TimeError::Number);
    }
    let (seconds, below, places, unix, apple) = match digits.len() {
        9 | 10 => (value, thousandths(decimals), 0_u8, Shape::UnixSeconds, Some(Shape::AppleSeconds)),
        12 | 13 => (value / 1_000, value % 1_000, 3, Shape::UnixMillis, None),
        15 | 16 => (value / 1_000_000, value / 1_000 % 1_000, 6, Shape::UnixMicros, None),
        18 | 19 => {
            let below = value / 1_000_000 % 1_000;
            (value / 1_000_000_000, below, 9, Shape::UnixNanos, Some(Shape::AppleNanos))
        }
        _ => return Err(TimeError::Number),
    };
    let (shape, epoch_ms) = match apple {
        _ if (UNIX_FIRST..UNIX_END).contains(&seconds) => (unix, 0),
        Some(apple) if (APPLE_FIRST..UNIX_FIRST).contains(&seconds) => (apple, APPLE_EPOCH_MS),
        _ => return Err(TimeError::Number),
    };
    Ok(Stamp {
        civil_ms: epoch_ms + (seconds * 1000 + below) as i64,
        offset_seconds: Some(0),
        shape,
        swappable: false,
        digits: places.saturating_add(u8::try_from(decimals.len()).unwrap_or(9)).min(9),
    })
}

/// The first three decimals as thousandths.
fn thousandths(decimals: &[u8]) -> u64 {
    [100, 10, 1].into_iter().zip(decimals).map(|(worth, byte)| worth * u64::from(byte - b'0')).sum()
}

/// The value of up to nineteen digits.
fn value(digits: &[u8]) -> Option<u64> {
    (digits.len() <= 19).then(|| digits.iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0')))
}

/// Reads a packed calendar date: `YYYYMMDD`, `YYMMDDhhmm`, `YYYYMMDDhhmm`, `YYMMDDhhmmss`, `YYYYMMDDhhmmss` or
/// `YYYYMMDDhhmmssfff`. Twelve digits that fit both of their forms are refused.
pub(super) fn packed(digits: &[u8]) -> Result<Stamp, TimeError> {
    match digits.len() {
        8 => {
            let stamp = calendar(digits, 4)?;
            Ok(Stamp { shape: Shape::DateOnly, ..stamp })
        }
        10 => calendar(digits, 2),
        12 => match (calendar(digits, 4), calendar(digits, 2)) {
            (Ok(_), Ok(_)) => Err(TimeError::Ambiguous),
            (Err(_), Ok(short)) => Ok(short),
            (long, _) => long,
        },
        14 | 17 => calendar(digits, 4),
        _ => Err(TimeError::NotATime),
    }
}

/// Reads a packed calendar date whose year has the given number of digits.
pub(super) fn calendar(digits: &[u8], year_digits: usize) -> Result<Stamp, TimeError> {
    let mut rest = digits;
    let mut take = |count: usize| -> Result<Option<u32>, TimeError> {
        if rest.is_empty() {
            return Ok(None);
        }
        let (part, after) = rest.split_at_checked(count).ok_or(TimeError::NotATime)?;
        rest = after;
        if !part.iter().all(u8::is_ascii_digit) {
            return Err(TimeError::NotATime);
        }
        Ok(Some(part.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))))
    };
    let missing = TimeError::NotATime;
    let number = take(year_digits)?.ok_or(missing)?;
    let short = year_digits == 2;
    let (month, day) = (take(2)?.ok_or(missing)?, take(2)?.ok_or(missing)?);
    let year = if short { century(number) } else { year(number)? };
    // So few digits must not turn telephone numbers into times of the 1980s.
    if short && year < 2000 {
        return Err(TimeError::Year);
    }
    let days = calendar_days(year, month, day)?;
    let Clock { of_day_ms, .. } = match (take(2)?, take(2)?, take(2)?) {
        (None, ..) => Clock::default(),
        (Some(hour), Some(minute), second) => clock(hour, minute, second.unwrap_or(0))?,
        _ => return Err(missing),
    };
    let milliseconds = take(3)?;
    Ok(Stamp {
        civil_ms: days * DAY_MS + of_day_ms + i64::from(milliseconds.unwrap_or(0)),
        offset_seconds: None,
        shape: if short { Shape::PackedShort } else { Shape::Packed },
        swappable: false,
        digits: if milliseconds.is_some() { 3 } else { 0 },
    })
}
