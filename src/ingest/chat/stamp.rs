//! The timestamp grammar of WhatsApp chat exports: from the head of a line to the fields of a date.
//! Here: the form of dates and times, 12-hour clocks, calendars, the check that a date exists.
//! Not here: reading characters (`cursor`), which day/month order a file uses (`shapes`), words (`words`).

use super::super::time::DateOrder;
use super::cursor::{Cursor, digit, is_mark, is_space, lower};
use super::words::{Half, Words};

/// How a line is framed around its timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// `[stamp] author: text`: iOS.
    Bracket,
    /// `stamp - author: text`: Android.
    Dash,
    /// `stamp: author: text`: iOS before 2018.
    Colon,
    /// `stamp author: text`: only rewritten files; never without an author.
    Bare,
}

/// Where the year stands, as far as one line can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum YearPlace {
    First,
    Last,
    /// Three short numbers: any of them may be the year.
    Open,
}

/// What stays the same on every line that one phone wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub frame: Frame,
    pub year: YearPlace,
    /// The character between day, month and year.
    pub separator: char,
    spaced: bool,
    time_first: bool,
    comma: bool,
    half_day: bool,
    pub seconds: bool,
}

/// The numbers of one timestamp, not yet told apart into day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    numbers: [u16; 3],
    /// What to add to the year of another calendar.
    era: i16,
    hour: u8,
    minute: u8,
    second: u8,
    half: Half,
}

/// The head of a line that may open a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub stamp: Stamp,
    pub shape: Shape,
    /// Where author or text begin, in bytes from the start of the line.
    pub body: usize,
}

const NO_SUCH_DATE: &str = "no such date in the calendar";
const NO_SUCH_TIME: &str = "no such time of day";
const FOREIGN_YEAR: &str = "year of a calendar this reader does not know";

struct Date {
    numbers: [u16; 3],
    era: i16,
    year: YearPlace,
    separator: char,
    spaced: bool,
}

/// The sign between two parts of a date, the East Asian unit words counted as signs.
fn separator(c: &mut Cursor) -> Option<char> {
    let sign = match c.peek()? {
        sign @ ('/' | '.' | '-') => sign,
        '年' | '月' | '년' | '월' => '年',
        _ => return None,
    };
    c.step();
    Some(sign)
}

fn era(c: &mut Cursor, words: &Words) -> Option<i16> {
    words.eras.iter().find(|(name, _)| c.word(name)).map(|&(_, add)| add)
}

/// A year's number, with the name of its era before or behind it.
fn numbered(c: &mut Cursor, words: &Words) -> Option<(u16, u8, Option<i16>)> {
    let named = if c.at_letter() { Some(era(c, words)?) } else { None };
    let (value, digits) = c.number()?;
    Some((value, digits, named))
}

fn date(c: &mut Cursor, words: &Words) -> Option<Date> {
    let (first, first_digits, era_before) = numbered(c, words)?;
    let sign = separator(c)?;
    let spaced = c.spaces();
    let (middle, middle_digits) = c.number()?;
    if middle_digits > 2 || separator(c)? != sign {
        return None;
    }
    c.spaces();
    let (last, last_digits, mut named) = numbered(c, words)?;
    named = named.or(era_before);
    if sign == '.' {
        c.eat('.');
    } else if sign == '年' {
        let _ = c.eat('日') || c.eat('일');
    }
    let mut behind = *c;
    behind.spaces();
    if behind.at_letter() {
        if let Some(add) = era(&mut behind, words) {
            named = Some(add);
            *c = behind;
        } else if behind.any_word(&words.after_date) {
            *c = behind;
        }
    }
    let year = match (
        first_digits > 2 || era_before.is_some() || sign == '年',
        last_digits > 2 || (named.is_some() && era_before.is_none()),
    ) {
        (true, true) => return None,
        (true, false) => YearPlace::First,
        (false, true) => YearPlace::Last,
        (false, false) => YearPlace::Open,
    };
    Some(Date { numbers: [first, middle, last], era: named.unwrap_or(0), year, separator: sign, spaced })
}

struct Time {
    hour: u8,
    minute: u8,
    second: Option<u8>,
    half: Half,
    year_first: bool,
}

/// A half-day mark, and whether its language writes the year first. Such languages set the mark before the time.
fn half_day(c: &mut Cursor, words: &Words, behind: bool) -> Option<(Half, bool)> {
    if !c.at_letter() {
        return None;
    }
    let mut known = words.halves_from(lower(c.peek()?)).iter().filter(|h| !(behind && h.year_first));
    known.find(|h| c.word(&h.letters)).map(|h| (h.half, h.year_first))
}

fn time(c: &mut Cursor, words: &Words) -> Option<Time> {
    let before = half_day(c, words, false);
    c.spaces();
    let (hour, digits) = c.number()?;
    if digits > 2 {
        return None;
    }
    let mut behind = *c;
    behind.spaces();
    let sign = match c.peek()? {
        sign @ (':' | '.') => {
            c.step();
            sign
        }
        _ if behind.eat('h') => {
            behind.spaces();
            *c = behind;
            'h'
        }
        _ => return None,
    };
    let minute = c.two_digits()?;
    let second = seconds(c, sign);
    let mut behind = *c;
    behind.spaces();
    let mut after = None;
    if behind.at_letter() {
        if before.is_none() {
            after = half_day(&mut behind, words, true);
        }
        if after.is_some() || behind.any_word(&words.after_time) {
            *c = behind;
        }
    }
    let (half, year_first) = before.or(after).unwrap_or((Half::None, false));
    Some(Time { hour: u8::try_from(hour).ok()?, minute, second, half, year_first })
}

fn seconds(c: &mut Cursor, sign: char) -> Option<u8> {
    let mut probe = *c;
    if sign == 'h' {
        // `21 h 41 min 55 s`
        probe.spaces();
        if !probe.word(&['m', 'i', 'n']) {
            return None;
        }
        probe.spaces();
    } else if !probe.eat(sign) {
        return None;
    }
    let second = probe.two_digits()?;
    if sign == 'h' {
        probe.spaces();
        probe.eat('s');
    }
    *c = probe;
    Some(second)
}

/// What stands between date and time: true if there was a comma; none if the two touch.
fn gap(c: &mut Cursor, words: &Words) -> Option<bool> {
    let mut apart = c.spaces();
    let comma = c.eat(',') || c.eat('،') || c.eat('、');
    apart |= c.spaces();
    if c.at_letter() && c.any_word(&words.between) {
        apart = true;
        c.eat(',');
        c.spaces();
    }
    // `2024年2月9日下午3:04`
    (apart || c.at_letter()).then_some(comma)
}

fn stamp(c: &mut Cursor, words: &Words) -> Option<(Date, Time, bool, bool)> {
    let mut probe = *c;
    let by_date = (|| {
        let date = date(&mut probe, words)?;
        let comma = gap(&mut probe, words)?;
        Some((date, time(&mut probe, words)?, comma, false))
    })();
    if by_date.is_some() {
        *c = probe;
        return by_date;
    }
    let time = time(c, words)?;
    let comma = gap(c, words)?;
    Some((date(c, words)?, time, comma, true))
}

/// Reads the head of a line that may open a record. Marks before it are passed over.
pub(super) fn header(line: &str, words: &Words) -> Option<Header> {
    let mut c = Cursor::new(line);
    let bracket = match c.peek()? {
        '[' => {
            c.step();
            c.spaces();
            true
        }
        first if digit(first).is_some() => false,
        _ => return None,
    };
    let (date, time, comma, time_first) = stamp(&mut c, words)?;
    let apart = c.spaces();
    let next = c.peek();
    let frame = match next {
        Some(']') if bracket => Frame::Bracket,
        _ if bracket => return None,
        Some('-' | '–' | '—') if apart => Frame::Dash,
        Some(':') => Frame::Colon,
        Some(_) if apart => Frame::Bare,
        _ => return None,
    };
    if frame != Frame::Bare {
        c.step();
        // Not `peek`: the marks before the text must stay in the text.
        match line.get(c.at..)?.chars().next() {
            Some(space) if is_space(space) => c.at += space.len_utf8(),
            Some(other) if frame != Frame::Bracket && !is_mark(other) => return None,
            _ => {}
        }
    }
    let year = if date.year == YearPlace::Open && time.year_first { YearPlace::First } else { date.year };
    Some(Header {
        stamp: Stamp {
            numbers: date.numbers,
            era: date.era,
            hour: time.hour,
            minute: time.minute,
            second: time.second.unwrap_or(0),
            half: time.half,
        },
        shape: Shape {
            frame,
            year,
            separator: date.separator,
            spaced: date.spaced,
            time_first,
            comma,
            half_day: time.half != Half::None,
            seconds: time.second.is_some(),
        },
        body: c.at,
    })
}

impl Stamp {
    /// The wall clock in milliseconds, read as if it were UTC; or why there is no such moment.
    pub(super) fn civil_ms(&self, order: DateOrder) -> Result<i64, &'static str> {
        let [a, b, c] = self.numbers;
        let (year, month, day) = match order {
            DateOrder::DayMonth => (c, b, a),
            DateOrder::MonthDay => (c, a, b),
            DateOrder::YearMonthDay => (a, b, c),
        };
        let year = self.gregorian(year);
        if !(1990..=2100).contains(&year) {
            return Err(FOREIGN_YEAR);
        }
        let days = days_from_civil(year, i64::from(month), i64::from(day)).ok_or(NO_SUCH_DATE)?;
        let hour = hour24(self.hour, self.half).ok_or(NO_SUCH_TIME)?;
        if self.minute > 59 || self.second > 59 {
            return Err(NO_SUCH_TIME);
        }
        Ok(((days * 24 + i64::from(hour)) * 60 + i64::from(self.minute)) * 60_000 + i64::from(self.second) * 1000)
    }

    /// The time in this order if WhatsApp existed then: the test by which orders are told apart.
    pub(super) fn plausible_ms(&self, order: DateOrder) -> Option<i64> {
        const YEAR_2009: i64 = 1_230_768_000_000;
        self.civil_ms(order).ok().filter(|&ms| ms >= YEAR_2009)
    }

    fn gregorian(&self, year: u16) -> i64 {
        let year = i64::from(year);
        match year {
            _ if self.era != 0 => year + i64::from(self.era),
            // Two digits are 20xx; but no export is of 2052, and these are 2552 and later of the Buddhist era.
            52..=79 => year + 2500 - 543,
            0..=99 => year + 2000,
            2400..=2700 => year - 543,
            _ => year,
        }
    }
}

fn hour24(hour: u8, half: Half) -> Option<u8> {
    let hour = match (half, hour) {
        (Half::None, h) | (Half::Noon, h @ 10..=24) | (Half::Pm | Half::Night, h @ 13..=24) => h,
        (Half::Am | Half::Night, 12) => 0,
        (Half::Am, h @ 0..=11) | (Half::Night, h @ 0..=4) => h,
        (Half::Pm, 12) => 12,
        (Half::Pm, h @ 0..=11) | (Half::Noon, h @ 0..=9) | (Half::Night, h @ 5..=11) => h + 12,
        _ => return None,
    };
    (hour < 24).then_some(hour)
}

/// Days since 1970-01-01 of a day in the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March, so that the leap day is the last of its year.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * m + 2) / 5 + day - 1;
    Some(y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + of_year - 719_468)
}
