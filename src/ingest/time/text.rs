//! The patient reader: goes through a field part by part (numbers, words, signs) and collects what they say.
//! It reads dates by number and by name, times of day, halves of the day and offsets, in the orders people use.
//! Which of two numbers is the day stays open here; `Reading` in the parent module settles it.

use super::calendar::{calendar_days, clock, offset_seconds, year};
use super::parts::{Half, Number, half_of_day, number, numeric_date, two_digits};
use super::words::{Word, look_up};
use super::{Clock, Day, Reading, Shape, TimeError};

/// What was read last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Day,
    Clock,
    Half,
    Loose,
    Month,
    Weekday,
    Zone,
    /// A dash between date and time.
    Dash,
    /// A word that asks for something to follow.
    Filler,
    /// A word that does not.
    Name,
}

/// What the parts read so far said.
struct Reader<'a> {
    rest: &'a [u8],
    last: Part,
    /// A blank came after the last part.
    blank: bool,
    day: Option<Day>,
    /// The date came as eight digits, so the time may come as four or six.
    packed: bool,
    /// Only a time of day is looked for.
    clock_only: bool,
    month: Option<u32>,
    /// The month was `mar`, which may yet turn out to be a Tuesday.
    perhaps_tuesday: bool,
    /// Numbers beside a month's name, and how many stood before it.
    loose: [Number; 2],
    loose_count: u8,
    before_month: u8,
    /// The parts of the date were tied by dashes or slashes.
    tied: bool,
    /// A dash without blanks stands between date and time, as it would before an offset.
    tight: bool,
    weekday: Option<i64>,
    clock: Option<(Number, Number, Number)>,
    fraction: (u64, u8),
    half: Option<Half>,
    offset: Option<i32>,
    /// The offset was `UTC` or `GMT`, which a number may follow.
    offset_by_name: bool,
    american: Option<i32>,
}

/// Reads a plain ASCII field.
pub(super) fn read(text: &[u8]) -> Result<Reading, TimeError> {
    read_as(text, false)
}

/// Reads a plain ASCII field of a time column, where `07.00` and `070005` are times.
pub(super) fn read_clock(text: &[u8]) -> Result<Reading, TimeError> {
    read_as(text, true)
}

/// Goes through the parts.
fn read_as(text: &[u8], clock_only: bool) -> Result<Reading, TimeError> {
    let mut reader = Reader {
        rest: text,
        last: Part::Nothing,
        blank: false,
        day: None,
        packed: false,
        clock_only,
        month: None,
        perhaps_tuesday: false,
        loose: [Number::default(); 2],
        loose_count: 0,
        before_month: 0,
        tied: false,
        tight: false,
        weekday: None,
        clock: None,
        fraction: (0, 0),
        half: None,
        offset: None,
        offset_by_name: false,
        american: None,
    };
    while let [byte, after @ ..] = reader.rest {
        match byte {
            b' ' | b'\t' => {
                reader.rest = after;
                reader.blank = true;
                continue;
            }
            b'0'..=b'9' => reader.number()?,
            _ if reader.half_is_ahead() => return Err(TimeError::NotATime),
            b'a'..=b'z' | b'A'..=b'Z' => reader.word()?,
            b'+' | b'-' => reader.sign(*byte == b'-', after)?,
            b',' if reader.last != Part::Nothing => reader.rest = after,
            b'/' if reader.is_tie(after) => reader.rest = after,
            b'(' => reader.comment(after, b')')?,
            b'[' => reader.comment(after, b']')?,
            _ => return Err(TimeError::NotATime),
        }
        reader.blank = false;
    }
    reader.finish()
}

impl<'a> Reader<'a> {
    /// `PM` was read and its time is still to come.
    fn half_is_ahead(&self) -> bool {
        self.last == Part::Half && self.clock.is_none()
    }

    /// Whether the date is complete.
    fn has_date(&self) -> bool {
        self.day.is_some() || (self.month.is_some() && self.loose_count == 2)
    }

    /// Whether a dash or slash before `after` ties the parts of a date with a month's name.
    fn is_tie(&mut self, after: &[u8]) -> bool {
        let tie = !self.blank
            && matches!(self.last, Part::Loose | Part::Month)
            && !self.has_date()
            && after.first().is_some_and(u8::is_ascii_alphanumeric);
        self.tied |= tie;
        tie
    }

    /// A number: a time, a date, or a part of one.
    fn number(&mut self) -> Result<(), TimeError> {
        let (first, after) = number(self.rest).ok_or(TimeError::NotATime)?;
        let digit_follows = |rest: &[u8]| rest.first().is_some_and(u8::is_ascii_digit);
        match after {
            [b':', rest @ ..] if self.clock.is_none() && first.is_short() && digit_follows(rest) => {
                return self.time(first, after, b':');
            }
            [sign @ (b'h' | b'H'), rest @ ..] if self.clock.is_none() && first.is_short() && digit_follows(rest) => {
                return self.time(first, after, *sign);
            }
            [b'.', rest @ ..]
                if self.clock.is_none()
                    && (self.has_date() || self.clock_only)
                    && first.is_short()
                    && digit_follows(rest) =>
            {
                return self.time(first, after, b'.');
            }
            _ if self.half_is_ahead() => return Err(TimeError::NotATime),
            _ => {}
        }
        let no_date = self.day.is_none() && self.loose_count == 0;
        if no_date && (self.month.is_none() || self.perhaps_tuesday) {
            if let Some((day, rest)) = numeric_date(first, after)? {
                self.day = Some(day);
                self.rest = rest;
                self.last = Part::Day;
                return Ok(());
            }
            if matches!(first.digits, 8 | 14) {
                return self.packed(first, after);
            }
        }
        if (self.packed || self.clock_only) && self.clock.is_none() && matches!(first.digits, 4 | 6) {
            if self.tight && first.digits == 4 {
                return Err(TimeError::Ambiguous);
            }
            let seconds = if first.digits == 6 { first.value % 100 } else { 0 };
            let minutes = if first.digits == 6 { first.value / 100 } else { first.value };
            let part = |value| Number { value, digits: 2 };
            self.clock = Some((part(minutes / 100), part(minutes % 100), part(seconds)));
            return self.fraction(after);
        }
        *self.loose.get_mut(usize::from(self.loose_count)).ok_or(TimeError::NotATime)? = first;
        self.loose_count += 1;
        self.last = Part::Loose;
        // `4. Okt`, and `24/May/2019:17:44:50` as web servers write it.
        self.rest = match after {
            [b'.', rest @ ..] if !digit_follows(rest) => rest,
            [b':', rest @ ..] if first.digits == 4 && self.month.is_some() => rest,
            _ => after,
        };
        Ok(())
    }

    /// `YYYYMMDD` or `YYYYMMDDhhmmss` with something behind it.
    fn packed(&mut self, digits: Number, after: &'a [u8]) -> Result<(), TimeError> {
        let date = if digits.digits == 8 { digits.value } else { digits.value / 1_000_000 };
        let part = |value: u64| u32::try_from(value).map_err(|_| TimeError::NotATime);
        let days = calendar_days(year(part(date / 10_000)?)?, part(date / 100 % 100)?, part(date % 100)?)?;
        self.day = Some(Day::Settled { days, shape: Shape::Packed });
        self.packed = true;
        self.last = Part::Day;
        self.rest = after;
        if digits.digits == 8 {
            return Ok(());
        }
        let part = |value| Number { value: value % 100, digits: 2 };
        self.clock = Some((part(digits.value / 10_000), part(digits.value / 100), part(digits.value)));
        self.fraction(after)
    }

    /// `hh:mm`, `hh:mm:ss`, `hh:mm:ss.fff`, and the same with dots or an h.
    fn time(&mut self, hour: Number, after: &'a [u8], sign: u8) -> Result<(), TimeError> {
        let (minute, rest) = two_digits(after, sign).ok_or(TimeError::NotATime)?;
        let next = if sign == b'.' { b'.' } else { b':' };
        if let Some((second, rest)) = two_digits(rest, next) {
            self.clock = Some((hour, minute, second));
            return self.fraction(rest);
        }
        // `2019-10-04-07:00` is a date with an offset in XML.
        if self.tight && sign == b':' {
            return Err(TimeError::Ambiguous);
        }
        self.clock = Some((hour, minute, Number::default()));
        self.last = Part::Clock;
        self.rest = rest;
        Ok(())
    }

    /// The decimals behind the seconds, where there are some. A comma is one only if no date follows it.
    fn fraction(&mut self, after: &'a [u8]) -> Result<(), TimeError> {
        self.last = Part::Clock;
        self.rest = after;
        let (b',' | b'.', Some((decimals, rest))) = (match after {
            [sign, rest @ ..] => (*sign, number(rest)),
            [] => return Ok(()),
        }) else {
            return Ok(());
        };
        let date_follows = after.first() == Some(&b',')
            && (matches!(rest, [b'/' | b'.', ..]) || matches!(rest, [b'-', _, _, b'-', ..]));
        if !date_follows {
            self.fraction = (decimals.value, decimals.digits);
            self.rest = rest;
        }
        Ok(())
    }

    /// A word, with the dot that may follow it.
    fn word(&mut self) -> Result<(), TimeError> {
        if let Some((half, rest)) = half_of_day(self.rest) {
            if self.half.is_some() || !(self.clock.is_none() || self.last == Part::Clock) {
                return Err(TimeError::NotATime);
            }
            self.half = Some(half);
            self.last = Part::Half;
            self.rest = rest;
            return Ok(());
        }
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at_checked(letters).ok_or(TimeError::NotATime)?;
        let after = self.last;
        if word.eq_ignore_ascii_case(b"t") && after == Part::Day && rest.first().is_some_and(u8::is_ascii_digit) {
            self.rest = rest;
            return Ok(());
        }
        self.rest = rest.strip_prefix(b".").unwrap_or(rest);
        match look_up(word) {
            Some(Word::Month(month)) => self.month(month, false),
            Some(Word::MarchOrTuesday) if self.month.is_some() && self.weekday.is_none() => self.weekday(1),
            Some(Word::MarchOrTuesday) => self.month(3, self.weekday.is_none()),
            Some(Word::Weekday(day)) => self.weekday(day),
            Some(Word::Zone(offset)) => self.zone(offset),
            // `7:00a` is American for AM, and `à` is no such thing.
            Some(Word::Filler) if after == Part::Clock && word.len() == 1 => Err(TimeError::NotATime),
            Some(Word::Ordinal) if after != Part::Loose => Err(TimeError::NotATime),
            Some(Word::OClock) if after != Part::Clock => Err(TimeError::NotATime),
            Some(Word::Filler | Word::Ordinal) => {
                self.last = Part::Filler;
                Ok(())
            }
            Some(Word::OClock) => {
                self.last = Part::Name;
                Ok(())
            }
            // A number has just fixed the offset; the name that it goes by there adds nothing.
            Some(Word::AmericanZone(_)) | None
                if after == Part::Zone && !self.offset_by_name && is_abbreviation(word) =>
            {
                self.last = Part::Name;
                Ok(())
            }
            Some(Word::AmericanZone(offset)) if self.offset.is_none() && matches!(after, Part::Clock | Part::Half) => {
                self.american = Some(offset);
                self.last = Part::Name;
                Ok(())
            }
            None if self.clock.is_some() && is_abbreviation(word) => Err(TimeError::ZoneName),
            _ => Err(TimeError::NotATime),
        }
    }

    /// A month's name.
    fn month(&mut self, month: u32, perhaps_tuesday: bool) -> Result<(), TimeError> {
        match self.month {
            Some(_) if self.perhaps_tuesday && self.weekday.is_none() => self.weekday = Some(1),
            Some(_) => return Err(TimeError::NotATime),
            None => {}
        }
        self.month = Some(month);
        self.perhaps_tuesday = perhaps_tuesday;
        self.before_month = self.loose_count;
        self.last = Part::Month;
        Ok(())
    }

    /// A weekday, Monday = 0.
    fn weekday(&mut self, weekday: i64) -> Result<(), TimeError> {
        if self.weekday.replace(weekday).is_some() {
            return Err(TimeError::NotATime);
        }
        self.perhaps_tuesday = false;
        self.last = Part::Weekday;
        Ok(())
    }

    /// The name of an offset.
    fn zone(&mut self, offset: i32) -> Result<(), TimeError> {
        match self.offset {
            _ if self.clock.is_none() => Err(TimeError::NotATime),
            Some(known) if known != offset => Err(TimeError::Offset),
            Some(_) => Ok(()),
            None => {
                self.offset = Some(offset);
                self.offset_by_name = offset == 0;
                self.last = Part::Zone;
                Ok(())
            }
        }
    }

    /// A plus or minus: an offset, or a dash between the parts.
    fn sign(&mut self, minus: bool, after: &'a [u8]) -> Result<(), TimeError> {
        let digit_follows = after.first().is_some_and(u8::is_ascii_digit);
        let apart = self.blank && after.first() == Some(&b' ');
        let tight = !self.blank && digit_follows;
        let tied_word = self.last == Part::Weekday && after.first().is_some_and(u8::is_ascii_alphabetic);
        let between = match (self.has_date(), self.clock) {
            (true, None) => apart || tight,
            (false, Some(_)) => apart,
            _ => false,
        };
        if minus && self.last != Part::Dash && (self.is_tie(after) || tied_word || between) {
            self.tight = between && tight;
            self.last = if between { Part::Dash } else { self.last };
            self.rest = after;
            return Ok(());
        }
        let (Some((hours, rest)), Some(_)) = (number(after), self.clock) else { return Err(TimeError::NotATime) };
        if self.offset.is_some() && !(self.offset_by_name && self.last == Part::Zone) {
            return Err(TimeError::NotATime);
        }
        let (hours, minutes, rest) = match (hours.digits, two_digits(rest, b':')) {
            (1 | 2, Some((minutes, rest))) => (hours.small(), minutes.small(), rest),
            (1 | 2, None) => (hours.small(), 0, rest),
            (4, None) => (hours.small() / 100, hours.small() % 100, rest),
            _ => return Err(TimeError::Offset),
        };
        self.offset = Some(offset_seconds(minus, hours, minutes).ok_or(TimeError::Offset)?);
        self.offset_by_name = false;
        self.last = Part::Zone;
        self.rest = rest;
        Ok(())
    }

    /// What stands in brackets at the end: the name of the zone whose offset was written before, or `UTC`.
    fn comment(&mut self, after: &'a [u8], close: u8) -> Result<(), TimeError> {
        let name = after.strip_suffix(&[close]).ok_or(TimeError::NotATime)?;
        self.rest = &[];
        match (self.clock, self.offset, look_up(name)) {
            (None, ..) => Err(TimeError::NotATime),
            (_, _, Some(Word::Zone(offset))) => self.zone(offset),
            (_, Some(_), _) => Ok(()),
            (_, None, _) => Err(TimeError::ZoneName),
        }
    }

    /// Puts the parts together.
    fn finish(mut self) -> Result<Reading, TimeError> {
        if self.half_is_ahead() || matches!(self.last, Part::Dash | Part::Filler) {
            return Err(TimeError::NotATime);
        }
        if self.perhaps_tuesday && self.day.is_some() {
            self.month = None;
            self.weekday = Some(1);
        }
        let day = match (self.day, self.month) {
            (day, None) if self.loose_count == 0 => day,
            (None, Some(month)) => Some(self.named_day(month)?),
            _ => return Err(TimeError::NotATime),
        };
        let clock = match self.clock {
            None => None,
            Some((hour, minute, second)) => {
                let hour = match (self.half, hour.small()) {
                    (None, hour) => hour,
                    (Some(_), hour) if hour > 12 => return Err(TimeError::HalfDay),
                    (Some(Half::Am), hour) => hour % 12,
                    (Some(Half::Pm), hour) => hour % 12 + 12,
                };
                let (decimals, digits) = self.fraction;
                let read = clock(hour, minute.small(), second.small())?;
                let below = if digits <= 3 {
                    decimals * 10_u64.pow(u32::from(3 - digits))
                } else {
                    decimals / 10_u64.pow(u32::from(digits - 3))
                };
                Some(Clock { of_day_ms: read.of_day_ms + below as i64, digits: digits.min(9) })
            }
        };
        if let Some(offset) = self.american {
            if !matches!(day, Some(Day::Settled { shape: Shape::Rfc2822, .. })) {
                return Err(TimeError::ZoneName);
            }
            self.offset = Some(offset);
        }
        Ok(Reading { day, clock, offset: self.offset, weekday: self.weekday })
    }

    /// The date that a month's name and the numbers beside it write.
    fn named_day(&self, month: u32) -> Result<Day, TimeError> {
        let [first, second] = self.loose;
        let (day, of_year, shape) = match (self.before_month, self.loose_count) {
            (1, 2) if first.is_short() => {
                let mail = !self.tied && self.clock.is_some() && (self.offset.is_some() || self.american.is_some());
                (first, second, if mail { Shape::Rfc2822 } else { Shape::MonthName })
            }
            (1, 2) if first.digits == 4 && second.is_short() => (second, first, Shape::MonthName),
            (0, 2) if first.is_short() => (first, second, Shape::MonthName),
            (0 | 1, 1) if first.is_short() => return Ok(Day::Yearless { month, day: first.small() }),
            _ => return Err(TimeError::NotATime),
        };
        let days = calendar_days(of_year.year()?, month, day.small())?;
        Ok(Day::Settled { days, shape })
    }
}

/// Whether a word can be the short name of a time zone.
fn is_abbreviation(word: &[u8]) -> bool {
    (2..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}
