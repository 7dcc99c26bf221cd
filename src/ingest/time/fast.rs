//! The fast reader for the two shapes that fill most columns: `YYYY-MM-DD[T ]hh:mm[:ss[.fff…]][zone]` and the same with
//! `DD.MM.YYYY` (or `/`, or `-`) in front. It tests sixteen bytes at once and allocates nothing.
//! It answers only when everything is in order; `text` reads whatever else comes and says what is wrong with it.

use super::calendar::{DAY_MS, YEARS, calendar_days, civil_days, days_in_month, offset_seconds};
use super::{Clock, Day, Reading, Separator, Shape, Stamp};

/// Sixteen bytes of a date and a time to the minute, and how to test them all at once.
struct Layout {
    /// What the bytes are XORed with: digits become their values, marks become zero.
    zeros: u128,
    /// Added to each byte, sets the high bit where the byte is not what its place asks for.
    /// Digits may go up to 9 (+ 0x76), marks must be zero (+ 0x7f), free bytes pass.
    limits: u128,
    /// Clears the bytes that are tested apart.
    tested: u128,
}

impl Layout {
    /// Builds a layout from a picture with `0` for digits and `?` for bytes that are tested apart.
    const fn new(picture: &[u8; 16]) -> Self {
        let (mut limits, mut tested) = ([0; 16], [0; 16]);
        let mut place = 0;
        while place < 16 {
            limits[place] = match picture[place] {
                b'0' => 0x76,
                b'?' => 0,
                _ => 0x7f,
            };
            tested[place] = if picture[place] == b'?' { 0 } else { 0xff };
            place += 1;
        }
        Self {
            zeros: u128::from_le_bytes(*picture),
            limits: u128::from_le_bytes(limits),
            tested: u128::from_le_bytes(tested),
        }
    }

    /// The values of the digits, if every byte is what it must be.
    #[inline(always)]
    fn digits(&self, bytes: &[u8; 16]) -> Option<[u8; 16]> {
        const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
        let values = (u128::from_le_bytes(*bytes) ^ self.zeros) & self.tested;
        ((values.wrapping_add(self.limits) | values) & HIGH == 0).then(|| values.to_le_bytes())
    }
}

const YEAR_FIRST: Layout = Layout::new(b"0000-00-00?00:00");
const YEAR_LAST: Layout = Layout::new(b"00?00?0000 00:00");

/// Milliseconds that the first, second and third decimal of a second stand for.
const DECIMALS: [i64; 3] = [100, 10, 1];

/// Reads ten digits that can only be seconds since 1970: no telephone number and no packed date looks like them.
#[inline]
pub(super) fn seconds(field: &[u8]) -> Option<Stamp> {
    let digits: &[u8; 10] = field.try_into().ok()?;
    let value =
        digits.iter().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))?;
    let shape = Shape::UnixSeconds;
    (1_000_000_000..=i64::from(i32::MAX)).contains(&value).then(|| Stamp {
        civil_ms: value * 1000,
        offset_seconds: Some(0),
        shape,
        swappable: false,
        digits: 0,
    })
}

/// Reads a field of the ISO shape with a time of day, or gives `None`.
#[inline]
pub(super) fn iso(field: &[u8]) -> Option<Stamp> {
    let (head, tail) = field.split_first_chunk::<16>()?;
    if !matches!(head[10], b'T' | b' ' | b't') {
        return None;
    }
    let [y1, y2, y3, y4, _, m1, m2, _, d1, d2, _, h1, h2, _, n1, n2] = YEAR_FIRST.digits(head)?;
    let (year, month, day) = (pair(y1, y2) * 100 + pair(y3, y4), pair(m1, m2), pair(d1, d2));
    if !YEARS.contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let (clock, offset) = time(pair(h1, h2), pair(n1, n2), tail)?;
    Some(Stamp {
        civil_ms: civil_days(year, month, day) * DAY_MS + clock.of_day_ms,
        offset_seconds: offset,
        shape: Shape::Iso,
        swappable: false,
        digits: clock.digits,
    })
}

/// Reads a field of the shape `DD.MM.YYYY hh:mm` with a time of day, or gives `None`.
#[inline]
pub(super) fn year_last(field: &[u8]) -> Option<Reading> {
    let (head, tail) = field.split_first_chunk::<16>()?;
    let separator = match (head[2], head[5]) {
        (b'.', b'.') => Separator::Dot,
        (b'/', b'/') => Separator::Slash,
        (b'-', b'-') => Separator::Dash,
        _ => return None,
    };
    let [a1, a2, _, b1, b2, _, y1, y2, y3, y4, _, h1, h2, _, n1, n2] = YEAR_LAST.digits(head)?;
    let (first, second, last) = (pair(a1, a2), pair(b1, b2), pair(y1, y2) * 100 + pair(y3, y4));
    if !YEARS.contains(&last) {
        return None;
    }
    let (clock, offset) = time(pair(h1, h2), pair(n1, n2), tail)?;
    let day = if separator == Separator::Dot {
        Day::Settled { days: calendar_days(last, second, first).ok()?, shape: Shape::DayMonthYear(separator) }
    } else {
        Day::Open { first, second, last, short: false, separator }
    };
    Some(Reading { day: Some(day), clock: Some(clock), offset, weekday: None })
}

/// The value of two digits.
#[inline(always)]
fn pair(tens: u8, ones: u8) -> u32 {
    u32::from(tens) * 10 + u32::from(ones)
}

/// The time of day, with the seconds, decimals and zone that follow the minutes.
#[inline(always)]
fn time(hour: u32, minute: u32, mut tail: &[u8]) -> Option<(Clock, Option<i32>)> {
    if hour > 23 || minute > 59 {
        return None;
    }
    let (mut second, mut milliseconds, mut digits) = (0, 0, 0);
    if let [b':', tens @ b'0'..=b'5', ones @ b'0'..=b'9', after @ ..] = tail {
        second = pair(tens - b'0', ones - b'0');
        tail = after;
        if let [b'.' | b',', after @ ..] = tail {
            tail = after;
            while let [decimal @ b'0'..=b'9', after @ ..] = tail {
                if let Some(worth) = DECIMALS.get(usize::from(digits)) {
                    milliseconds += i64::from(decimal - b'0') * worth;
                }
                digits += 1;
                if digits > 9 {
                    return None;
                }
                tail = after;
            }
            if digits == 0 {
                return None;
            }
        }
    }
    let of_day_ms = i64::from((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
    Some((Clock { of_day_ms, digits }, zone(tail)?))
}

/// What may follow the time: nothing, `Z`, ` UTC`, `+hh`, `+hhmm`, `+hh:mm`, the last three with a blank or without.
#[inline]
pub(super) fn zone(tail: &[u8]) -> Option<Option<i32>> {
    let tail = match tail {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b' ', rest @ ..] => rest,
        _ => tail,
    };
    let (sign, hours, minutes) = match *tail {
        [b'U', b'T', b'C'] | [b'Z'] => return Some(Some(0)),
        [sign @ (b'+' | b'-'), a, b] => (sign, [a, b], [b'0', b'0']),
        [sign @ (b'+' | b'-'), a, b, c, d] | [sign @ (b'+' | b'-'), a, b, b':', c, d] => (sign, [a, b], [c, d]),
        _ => return None,
    };
    let number = |[tens, ones]: [u8; 2]| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| pair(tens - b'0', ones - b'0'))
    };
    offset_seconds(sign == b'-', number(hours)?, number(minutes)?).map(Some)
}
