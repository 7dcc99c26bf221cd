//! Calendar days of the matter: on which day a send falls, and when a day begins, in the matter's time zone.
//! The law of the day of sending applies, and days begin at local midnight.
//! Formatting for people lives in report.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The zone whose calendar counts.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
}

/// A zone that jiff does not know.
#[derive(Debug, thiserror::Error)]
#[error("time zone `{0}` is not known")]
pub struct UnknownZone(pub String);

impl Calendar {
    /// The calendar of a zone by its IANA name.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let zone = if name == "UTC" { Some(TimeZone::UTC) } else { TimeZone::get(name).ok().or_else(|| fixed(name)) };
        Ok(Self { zone: zone.ok_or_else(|| UnknownZone(name.to_owned()))?, name: name.to_owned() })
    }

    /// The zone's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day on which an instant falls.
    #[must_use]
    pub fn day(&self, utc_ms: i64) -> Date {
        let instant = Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(instant).date()
    }

    /// The first instant of a day.
    #[must_use]
    pub fn start(&self, day: Date) -> i64 {
        day.to_zoned(self.zone.clone()).map_or(i64::MIN, |start| start.timestamp().as_millisecond())
    }

    /// The first instant after a day.
    #[must_use]
    pub fn end(&self, day: Date) -> i64 {
        day.tomorrow().map_or(i64::MAX, |next| self.start(next))
    }

    /// The instant that a text names: a day, by its start or its end, or an instant with its offset.
    #[must_use]
    pub fn moment(&self, text: &str, end_of_day: bool) -> Option<i64> {
        match text.parse::<Date>() {
            Ok(day) if text.len() == 10 => Some(if end_of_day { self.end(day) } else { self.start(day) }),
            _ => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
        }
    }

    /// An instant as local time with its offset.
    #[must_use]
    pub fn local(&self, utc_ms: i64) -> jiff::Zoned {
        Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone())
    }
}

/// A zone of one offset all year, as `+02:00`.
fn fixed(name: &str) -> Option<TimeZone> {
    let (sign, rest) = match name.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()?.checked_mul(3600)? + minutes.parse::<i32>().ok()?.checked_mul(60)?;
    jiff::tz::Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_local_midnight() {
        let berlin = Calendar::named("Europe/Berlin").expect("a zone");
        let day: Date = "2019-12-07".parse().expect("a day");
        let start = berlin.start(day);
        assert_eq!(berlin.local(start).to_string(), "2019-12-07T00:00:00+01:00[Europe/Berlin]");
        assert_eq!(berlin.day(start), day);
        assert_eq!(berlin.day(start - 1), day.yesterday().expect("a day before"));
        assert_eq!(berlin.end(day) - start, 86_400_000);
        assert!(Calendar::named("Mars/Olympus").is_err());
        let fixed = Calendar::named("+02:00").expect("an offset");
        assert_eq!(fixed.start(day), berlin.start(day) - 3_600_000);
    }
}
