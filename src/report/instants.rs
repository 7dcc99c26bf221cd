//! Instants as the machine files write them: RFC 3339 in UTC, always with three decimals.
//! Local times for people are formatted beside them, in the matter's zone.
//! No arithmetic with calendars lives here; see `assess::Calendar`.

use jiff::Timestamp;

/// An instant in RFC 3339, UTC, with milliseconds.
#[must_use]
pub fn utc(utc_ms: i64) -> String {
    let instant = Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Local time with its offset, to the second, as `2019-12-06 23:50:05 +01:00`.
#[must_use]
pub fn local(calendar: &crate::assess::Calendar, utc_ms: i64) -> String {
    calendar.local(utc_ms).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_three_decimals_and_a_z() {
        assert_eq!(utc(1_575_672_605_000), "2019-12-06T22:50:05.000Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999Z");
        let berlin = crate::assess::Calendar::named("Europe/Berlin").expect("a zone");
        assert_eq!(local(&berlin, 1_575_672_605_000), "2019-12-06 23:50:05 +01:00");
    }
}
