//! Takes single parts off the front of a text: runs of digits, dates of three numbers, the signs for half a day.
//! What a part means beside the others is the business of `text`.

use super::calendar::{calendar_days, century, year};
use super::{Day, Separator, Shape, TimeError};

/// A run of digits.
#[derive(Clone, Copy, Default)]
pub(super) struct Number {
    pub(super) value: u64,
    pub(super) digits: u8,
}

impl Number {
    /// The value of a part of a date.
    pub(super) fn small(self) -> u32 {
        u32::try_from(self.value).unwrap_or(u32::MAX)
    }

    /// The year this number writes, with two digits or four.
    pub(super) fn year(self) -> Result<u32, TimeError> {
        match self.digits {
            2 => Ok(century(self.small())),
            4 => year(self.small()),
            _ => Err(TimeError::NotATime),
        }
    }

    /// Whether this can be a day or a month.
    pub(super) fn is_short(self) -> bool {
        self.digits <= 2
    }
}

/// The two halves of the day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// Before noon.
    Am,
    /// From noon on.
    Pm,
}

/// Takes a run of digits off the front.
pub(super) fn number(text: &[u8]) -> Option<(Number, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (run, rest) = text.split_at_checked(digits)?;
    let value = run.iter().try_fold(0_u64, |sum, byte| sum.checked_mul(10)?.checked_add(u64::from(byte - b'0')))?;
    (digits > 0).then_some((Number { value, digits: u8::try_from(digits).ok()? }, rest))
}

/// Takes a sign and a run of exactly two digits off the front.
pub(super) fn two_digits(text: &[u8], sign: u8) -> Option<(Number, &[u8])> {
    let [first, rest @ ..] = text else { return None };
    let (number, rest) = number(rest)?;
    (*first == sign && number.digits == 2).then_some((number, rest))
}

/// Reads the rest of `a-b-c`, `a/b/c`, `a.b.c` or `a. b. c.`; `None` if `after` does not go on like one.
pub(super) fn numeric_date(first: Number, after: &[u8]) -> Result<Option<(Day, &[u8])>, TimeError> {
    let [sign @ (b'-' | b'/' | b'.'), rest @ ..] = after else { return Ok(None) };
    let separator = match sign {
        b'-' => Separator::Dash,
        b'/' => Separator::Slash,
        _ => Separator::Dot,
    };
    let blanks = |rest| if separator == Separator::Dot { trim_blanks(rest) } else { rest };
    let Some((second, rest)) = number(blanks(rest)) else { return Ok(None) };
    let Some(rest) = blanks(rest).strip_prefix(&[*sign]) else { return Ok(None) };
    let (third, mut rest) = number(blanks(rest)).ok_or(TimeError::NotATime)?;
    if separator == Separator::Dot {
        rest = rest.strip_prefix(b".").unwrap_or(rest);
    }
    let settled = |of_year: Number, month: Number, day: Number, shape| -> Result<Day, TimeError> {
        let days = calendar_days(of_year.year()?, month.small(), day.small())?;
        Ok(Day::Settled { days, shape })
    };
    let day = match (first.digits, second.digits, third.digits) {
        (4, 1 | 2, 1 | 2) => {
            let shape = if separator == Separator::Dash { Shape::Iso } else { Shape::YearFirst(separator) };
            settled(first, second, third, shape)?
        }
        (1 | 2, 1 | 2, 4) if separator == Separator::Dot => {
            settled(third, second, first, Shape::DayMonthYear(separator))?
        }
        (1 | 2, 1 | 2, 4) => {
            let year = third.year()?;
            Day::Open { first: first.small(), second: second.small(), last: year, short: false, separator }
        }
        (1 | 2, 1 | 2, 2) => {
            let last = third.small();
            Day::Open { first: first.small(), second: second.small(), last, short: true, separator }
        }
        _ => return Err(TimeError::NotATime),
    };
    Ok(Some((day, rest)))
}

/// Takes blanks off the front.
fn trim_blanks(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}

/// Reads `AM`, `a.m.`, `a. m.` and the like off the front.
pub(super) fn half_of_day(text: &[u8]) -> Option<(Half, &[u8])> {
    let (half, rest) = match text {
        [b'a' | b'A', rest @ ..] => (Half::Am, rest),
        [b'p' | b'P', rest @ ..] => (Half::Pm, rest),
        _ => return None,
    };
    let rest = trim_blanks(rest.strip_prefix(b".").unwrap_or(rest));
    let [b'm' | b'M', rest @ ..] = rest else { return None };
    if rest.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    Some((half, rest.strip_prefix(b".").unwrap_or(rest)))
}
