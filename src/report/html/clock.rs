//! Times as people read them: in the matter's zone, by the language's order of day and month.
//! Rows of tables carry seconds of local time, so that page and script write the same words without a zone database.
//! The machine files keep UTC; nothing here is written to them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::case::Language;
use crate::report::charts::day_text;

/// The matter's zone and the reader's language.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    language: Language,
}

impl Clock {
    /// A clock of a zone; UTC where the zone has no such name.
    pub fn new(zone: &str, language: Language) -> Self {
        Self { zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC), language }
    }

    /// Seconds of local time since 1970, of an instant in RFC 3339.
    pub fn seconds(&self, utc: &str) -> Option<i64> {
        let at: Timestamp = utc.parse().ok()?;
        Some(at.as_second() + i64::from(self.zone.to_offset(at).seconds()))
    }

    /// Local time in words; what is no instant stays as it is.
    pub fn text(&self, utc: &str) -> String {
        self.seconds(utc).map_or_else(|| utc.to_owned(), |seconds| local_text(seconds, self.language))
    }

    /// Local time in words with its distance from UTC.
    pub fn with_offset(&self, utc: &str) -> String {
        let offset = utc.parse().ok().map(|at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%:z").to_string());
        offset.map_or_else(|| utc.to_owned(), |offset| format!("{} {offset}", self.text(utc)))
    }

    /// A day that stands as ISO writes it.
    pub fn day(&self, day: &str) -> String {
        day.parse().map_or_else(|_| day.to_owned(), |day| day_text(day, self.language))
    }
}

/// Local seconds in words; the script does the same.
pub fn local_text(seconds: i64, language: Language) -> String {
    let Ok(at) = Timestamp::from_second(seconds) else { return seconds.to_string() };
    let at = TimeZone::UTC.to_datetime(at);
    format!("{} {:02}:{:02}:{:02}", day_text(at.date(), language), at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_in_the_order_of_the_language() {
        let clock = |language| Clock::new("Europe/Berlin", language);
        assert_eq!(clock(Language::De).text("2019-12-06T23:00:00.000Z"), "07.12.2019 00:00:00");
        assert_eq!(clock(Language::En).with_offset("2019-07-06T22:00:01.999Z"), "2019-07-07 00:00:01 +02:00");
        assert_eq!(clock(Language::De).day("2019-12-07"), "07.12.2019");
        assert_eq!(clock(Language::De).text("never"), "never");
        assert_eq!(
            Clock::new("Nowhere/None", Language::En).with_offset("2019-07-06T22:00:01Z"),
            "2019-07-06 22:00:01 +00:00"
        );
    }
}
