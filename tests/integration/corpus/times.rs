//! How panels write times: shapes, zones, one column or two, names of months in six languages.
//! Every shape says how fine it is, so that the expected instants can be cut to what a file carries.
//! Which shape a variant takes is chosen in `write`.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::random::Random;
use super::words::Language;

/// How the zone of times without an offset comes to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSaid {
    /// By the case file.
    Case,
    /// By the header: `Sent At (UTC)`.
    Header,
    /// By nothing; the times are UTC, which is the default.
    Nothing,
}

/// One way to write a date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    IsoZ,
    IsoOffset,
    IsoOffsetPlain,
    IsoBlank,
    IsoMillis,
    UnixSeconds,
    UnixMillis,
    Mail,
    Packed,
    /// A date shape, a clock shape, and what stands between.
    Parts(Date, Clock, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    Iso,
    Dots,
    DotsShortYear,
    DotsBare,
    DayFirst,
    DayFirstShortYear,
    DayFirstDashes,
    MonthFirst,
    MonthFirstShortYear,
    YearFirst,
    Digits,
    MonthName,
    MonthShort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Seconds,
    Minutes,
    MinutesBare,
    Half,
    HalfDotted,
    HalfMinutes,
}

const DATES: [Date; 12] = [
    Date::Iso,
    Date::Dots,
    Date::DotsShortYear,
    Date::DotsBare,
    Date::DayFirst,
    Date::DayFirstShortYear,
    Date::DayFirstDashes,
    Date::MonthFirst,
    Date::MonthFirstShortYear,
    Date::YearFirst,
    Date::MonthName,
    Date::MonthShort,
];
const CLOCKS: [Clock; 6] =
    [Clock::Seconds, Clock::Minutes, Clock::MinutesBare, Clock::Half, Clock::HalfDotted, Clock::HalfMinutes];

impl Shape {
    pub fn random(random: &mut Random) -> Self {
        match random.below(18) {
            0 => Self::IsoZ,
            1 => Self::IsoOffset,
            2 => Self::IsoOffsetPlain,
            3 => Self::IsoBlank,
            4 => Self::IsoMillis,
            5 => Self::UnixSeconds,
            6 => Self::UnixMillis,
            7 => Self::Mail,
            8 => Self::Packed,
            9 | 10 => Self::Parts(Date::MonthFirst, Clock::Half, " "),
            _ => {
                let date = *random.one(&DATES);
                let between = match date {
                    Date::MonthName | Date::MonthShort => *random.one(&[" ", ", "]),
                    _ => *random.one(&[" ", " ", ", "]),
                };
                Self::Parts(date, *random.one(&CLOCKS), between)
            }
        }
    }

    pub fn random_parts(random: &mut Random) -> (Date, Clock) {
        let date = if random.percent(10) { Date::Digits } else { *random.one(&DATES) };
        (date, *random.one(&CLOCKS))
    }

    /// Whether the stamp itself fixes the instant.
    pub fn has_zone(self) -> bool {
        matches!(
            self,
            Self::IsoZ | Self::IsoOffset | Self::IsoOffsetPlain | Self::UnixSeconds | Self::UnixMillis | Self::Mail
        )
    }

    /// Seconds of its finest digit.
    pub fn step(self) -> i64 {
        match self {
            Self::Parts(_, clock, _) => clock.step(),
            _ => 1,
        }
    }

    pub fn write(self, at: i64, zone: &TimeZone, language: &Language) -> String {
        let time = zoned(at, zone);
        match self {
            Self::IsoZ => zoned(at, &TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Self::IsoOffset => time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            Self::IsoOffsetPlain => time.strftime("%Y-%m-%dT%H:%M:%S%z").to_string(),
            Self::IsoBlank => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Self::IsoMillis => time.strftime("%Y-%m-%dT%H:%M:%S.000").to_string(),
            Self::UnixSeconds => at.to_string(),
            Self::UnixMillis => format!("{at}000"),
            Self::Mail => time.strftime("%a, %d %b %Y %H:%M:%S %z").to_string(),
            Self::Packed => time.strftime("%Y%m%d%H%M%S").to_string(),
            Self::Parts(date, clock, between) => {
                format!("{}{between}{}", date.write(&time, language), clock.write(&time))
            }
        }
    }
}

fn zoned(at: i64, zone: &TimeZone) -> Zoned {
    Timestamp::from_second(at).expect("a time").to_zoned(zone.clone())
}

impl Date {
    pub fn write_at(self, at: i64, zone: &TimeZone, language: &Language) -> String {
        self.write(&zoned(at, zone), language)
    }

    fn write(self, time: &Zoned, language: &Language) -> String {
        let month = usize::from(time.month().unsigned_abs()) - 1;
        let (day, year) = (time.day(), time.year());
        let form = match self {
            Self::Iso => "%Y-%m-%d",
            Self::Dots => "%d.%m.%Y",
            Self::DotsShortYear => "%d.%m.%y",
            Self::DotsBare => "%-d.%-m.%Y",
            Self::DayFirst => "%d/%m/%Y",
            Self::DayFirstShortYear => "%d/%m/%y",
            Self::DayFirstDashes => "%d-%m-%Y",
            Self::MonthFirst => "%m/%d/%Y",
            Self::MonthFirstShortYear => "%-m/%-d/%y",
            Self::YearFirst => "%Y/%m/%d",
            Self::Digits => "%Y%m%d",
            Self::MonthName => {
                let name = language.months[month];
                return match language.code {
                    "en" => format!("{name} {day}, {year}"),
                    "de" => format!("{day}. {name} {year}"),
                    "es" | "pt" => format!("{day} de {name} de {year}"),
                    _ => format!("{day} {name} {year}"),
                };
            }
            Self::MonthShort => {
                let name = language.short_months[month];
                return if language.code == "de" {
                    format!("{day}. {name} {year}")
                } else {
                    format!("{day} {name} {year}")
                };
            }
        };
        time.strftime(form).to_string()
    }
}

impl Clock {
    pub fn step(self) -> i64 {
        if matches!(self, Self::Seconds | Self::Half | Self::HalfDotted) { 1 } else { 60 }
    }

    pub fn write_at(self, at: i64, zone: &TimeZone) -> String {
        self.write(&zoned(at, zone))
    }

    fn write(self, time: &Zoned) -> String {
        let dotted = if time.hour() < 12 { "a.\u{a0}m." } else { "p.\u{a0}m." };
        match self {
            Self::Seconds => time.strftime("%H:%M:%S").to_string(),
            Self::Minutes => time.strftime("%H:%M").to_string(),
            Self::MinutesBare => time.strftime("%-H:%M").to_string(),
            Self::Half => time.strftime("%I:%M:%S %p").to_string(),
            Self::HalfDotted => format!("{} {dotted}", time.strftime("%-I:%M:%S")),
            Self::HalfMinutes => time.strftime("%-I:%M %p").to_string(),
        }
    }
}
