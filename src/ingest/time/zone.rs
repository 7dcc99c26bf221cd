//! Turns wall-clock times into instants and back in one IANA zone or fixed offset.
//! All changes of the offset are laid out in a table when the zone is named, so that a look-up costs a few nanoseconds.
//! Which zone a log was written in is not decided here.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::{DAY_MS, civil_days};
use super::fast;

/// A zone that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// The name is in no zone database.
    #[error("no time zone is called `{0}`; use a name such as `Europe/Berlin`, `UTC`, or an offset such as `+02:00`")]
    Unknown(String),
    /// The offset is outside what is in use.
    #[error("`{0}` is no offset from UTC in use (-12:00 to +14:00, in quarter hours)")]
    Offset(String),
}

/// How a wall-clock time met the zone's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The clock showed this time once.
    Exact,
    /// The clock was put forward over this time: it is read as if the clock had been put forward a moment later.
    Gap,
    /// The clock was put back and showed this time twice: the first is taken.
    Fold,
}

/// A time zone, ready to resolve times from 1970 to 2100; outside, the first and the last known offset stay in force.
#[derive(Clone, Debug)]
pub struct Zones {
    name: String,
    /// By wall-clock time: the offset to take off, in milliseconds.
    civil: Steps<(i64, Resolution)>,
    /// By instant: the offset to add, in milliseconds.
    utc: Steps<i64>,
}

impl Zones {
    /// The zone of this name: an IANA name, `UTC`, `Z`, or an offset such as `+02:00`.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        let name = name.trim();
        if name.starts_with(['+', '-']) {
            let offset = fast::zone(name.as_bytes()).flatten().ok_or_else(|| ZoneError::Offset(name.to_owned()))?;
            return Ok(Self::fixed(name, offset));
        }
        if ["UTC", "Z"].iter().any(|utc| name.eq_ignore_ascii_case(utc)) {
            return Ok(Self::fixed("UTC", 0));
        }
        let unknown = || ZoneError::Unknown(name.to_owned());
        let zone = TimeZone::get(name).map_err(|_| unknown())?;
        if zone.is_unknown() {
            return Err(unknown());
        }
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Self::of(name, &zone).ok_or_else(unknown)
    }

    /// A zone whose offset never changes.
    fn fixed(name: &str, offset_seconds: i32) -> Self {
        let offset = i64::from(offset_seconds) * 1000;
        Self { name: name.to_owned(), civil: Steps::new((offset, Resolution::Exact)), utc: Steps::new(offset) }
    }

    /// Lays out the changes of a zone.
    fn of(name: String, zone: &TimeZone) -> Option<Self> {
        let origin = Timestamp::from_millisecond(ORIGIN_MS).ok()?;
        let milliseconds = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1000;
        let mut before = milliseconds(zone.to_offset(origin));
        let mut civil = Steps::new((before, Resolution::Exact));
        let mut utc = Steps::new(before);
        for change in zone.following(origin) {
            let at = change.timestamp().as_millisecond();
            if at >= END_MS {
                break;
            }
            let after = milliseconds(change.offset());
            if after == before {
                continue;
            }
            let between = if after > before { Resolution::Gap } else { Resolution::Fold };
            civil.push(at + before.min(after), (before, between));
            civil.push(at + before.max(after), (after, Resolution::Exact));
            utc.push(at, after);
            before = after;
        }
        civil.seal();
        utc.seal();
        Some(Self { name, civil, utc })
    }

    /// The zone's name as the database writes it, or the offset as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant of a wall-clock time, both in milliseconds, and how sure it is.
    ///
    /// A time in a gap is shifted forward by the gap's length; of a time that came twice the earlier is taken.
    #[must_use]
    #[inline]
    pub fn resolve(&self, civil_ms: i64) -> (i64, Resolution) {
        let (offset, resolution) = self.civil.at(civil_ms);
        (civil_ms.saturating_sub(offset), resolution)
    }

    /// The wall-clock time of an instant, both in milliseconds.
    #[must_use]
    #[inline]
    pub fn civil_from_utc(&self, utc_ms: i64) -> i64 {
        utc_ms.saturating_add(self.utc.at(utc_ms))
    }

    /// The offset from UTC in force at an instant, in seconds.
    #[must_use]
    #[inline]
    pub fn offset_at(&self, utc_ms: i64) -> i32 {
        i32::try_from(self.utc.at(utc_ms) / 1000).unwrap_or(0)
    }
}

/// Changes of the offset are laid out from here: 1969-01-01.
const ORIGIN_MS: i64 = civil_days(1969, 1, 1) * DAY_MS;
/// Up to here: 2102-01-01.
const END_MS: i64 = civil_days(2102, 1, 1) * DAY_MS;
/// Width of an index slot in bits of a millisecond: about 25 days, in which a zone rarely changes more than once.
const SLOT_BITS: u32 = 31;

/// A value that changes at given moments, with an index from time to the step in force.
#[derive(Clone, Debug)]
struct Steps<T> {
    /// In force before the first step.
    initial: T,
    /// Moments and the values that hold from then on, by moment.
    steps: Vec<(i64, T)>,
    /// For each slot from [`ORIGIN_MS`] on, how many steps lie before its start.
    index: Vec<u16>,
}

impl<T: Copy> Steps<T> {
    fn new(initial: T) -> Self {
        Self { initial, steps: Vec::new(), index: Vec::new() }
    }

    fn push(&mut self, from: i64, value: T) {
        self.steps.push((from, value));
    }

    /// Builds the index once all steps are known.
    fn seal(&mut self) {
        let slots = (END_MS - ORIGIN_MS) >> SLOT_BITS;
        self.index = (0..=slots)
            .map(|slot| {
                let start = ORIGIN_MS + (slot << SLOT_BITS);
                u16::try_from(self.steps.partition_point(|(from, _)| *from <= start)).unwrap_or(u16::MAX)
            })
            .collect();
    }

    /// The value in force.
    #[inline]
    fn at(&self, ms: i64) -> T {
        let slot = usize::try_from(ms.saturating_sub(ORIGIN_MS) >> SLOT_BITS).unwrap_or(0);
        let passed = self.index.get(slot).or(self.index.last()).map_or(0, |passed| usize::from(*passed));
        // Before the origin nothing has passed; the first slot starts there.
        let ahead = self.steps.get(passed..).unwrap_or_default();
        let more = ahead.iter().take_while(|(from, _)| *from <= ms).count();
        match (passed + more).checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some((_, value)) => *value,
            None => self.initial,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

    use jiff::civil::{DateTime, datetime};
    use jiff::tz::{AmbiguousOffset, TimeZone};
    use proptest::prelude::*;

    use super::*;

    fn civil_ms(civil: DateTime) -> i64 {
        civil.to_zoned(TimeZone::UTC).unwrap().timestamp().as_millisecond()
    }

    /// What jiff makes of the same wall-clock time.
    fn by_jiff(zone: &TimeZone, civil: DateTime) -> (i64, Resolution) {
        let ambiguous = zone.to_ambiguous_timestamp(civil);
        let resolution = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Exact,
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
            AmbiguousOffset::Fold { .. } => Resolution::Fold,
        };
        (ambiguous.compatible().unwrap().as_millisecond(), resolution)
    }

    fn jiff_civil(ms: i64) -> DateTime {
        TimeZone::UTC.to_datetime(Timestamp::from_millisecond(ms).unwrap())
    }

    #[test]
    fn berlin_in_2019_has_one_gap_and_one_fold() {
        let berlin = Zones::named("Europe/Berlin").unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let expected = [
            (datetime(2019, 3, 31, 1, 59, 59, 999_000_000), Resolution::Exact),
            (datetime(2019, 3, 31, 2, 0, 0, 0), Resolution::Gap),
            (datetime(2019, 3, 31, 2, 59, 59, 999_000_000), Resolution::Gap),
            (datetime(2019, 3, 31, 3, 0, 0, 0), Resolution::Exact),
            (datetime(2019, 10, 27, 1, 59, 59, 999_000_000), Resolution::Exact),
            (datetime(2019, 10, 27, 2, 0, 0, 0), Resolution::Fold),
            (datetime(2019, 10, 27, 2, 59, 59, 999_000_000), Resolution::Fold),
            (datetime(2019, 10, 27, 3, 0, 0, 0), Resolution::Exact),
        ];
        for (civil, resolution) in expected {
            let read = berlin.resolve(civil_ms(civil));
            assert_eq!(read, by_jiff(&zone, civil), "{civil}");
            assert_eq!(read.1, resolution, "{civil}");
        }
        // Through the gap: 02:30 becomes 03:30. Of the fold the first: still summer time.
        let gap = berlin.resolve(civil_ms(datetime(2019, 3, 31, 2, 30, 0, 0))).0;
        assert_eq!(gap, civil_ms(datetime(2019, 3, 31, 1, 30, 0, 0)));
        assert_eq!(berlin.civil_from_utc(gap), civil_ms(datetime(2019, 3, 31, 3, 30, 0, 0)));
        let fold = berlin.resolve(civil_ms(datetime(2019, 10, 27, 2, 30, 0, 0))).0;
        assert_eq!(fold, civil_ms(datetime(2019, 10, 27, 0, 30, 0, 0)));
        assert_eq!(berlin.offset_at(fold), 7200);
        assert_eq!(berlin.offset_at(fold + 3_600_000), 3600);
    }

    #[test]
    fn every_zone_agrees_with_the_database_around_every_change() {
        let steps = [-90_000_000, -3_600_001, -1, 0, 1, 1_799_999, 3_600_000, 86_400_000];
        for name in jiff::tz::db().available() {
            let (Ok(ours), Ok(zone)) = (Zones::named(name.as_str()), TimeZone::get(name.as_str())) else {
                assert!(name.as_str() == "Etc/Unknown", "{name:?}");
                continue;
            };
            let origin = Timestamp::from_millisecond(civil_days(1970, 1, 1) * DAY_MS).unwrap();
            let changes = zone.following(origin).map(|change| change.timestamp().as_millisecond());
            for change in changes.take_while(|change| *change < END_MS - 40 * DAY_MS).chain([0]) {
                for step in steps {
                    let utc = change + step;
                    let civil = zone.to_datetime(Timestamp::from_millisecond(utc).unwrap());
                    assert_eq!(ours.civil_from_utc(utc), civil_ms(civil), "{name:?} {civil}");
                    // One step either side of the wall-clock time, so that gaps and folds are met.
                    for civil in [civil_ms(civil), utc + i64::from(ours.offset_at(utc - DAY_MS)) * 1000] {
                        let (read, expected) = (ours.resolve(civil), by_jiff(&zone, jiff_civil(civil)));
                        let shown = zone.to_datetime(Timestamp::from_millisecond(read.0).unwrap());
                        if read != expected && ["America/Nuuk", "America/Godthab"].contains(&name.as_str()) {
                            // jiff 0.2.46 sees a fold on 2023-10-28 that its own table of instants does not have.
                            assert_eq!((civil_ms(shown), read.1), (civil, Resolution::Exact), "{name:?} {civil}");
                            continue;
                        }
                        assert_eq!(read, expected, "{name:?} {civil}");
                    }
                }
            }
        }
    }

    #[test]
    fn offsets_and_utc_are_zones_too() {
        assert_eq!(Zones::named("+02:00").unwrap().resolve(7_200_000), (0, Resolution::Exact));
        assert_eq!(Zones::named("-0330").unwrap().offset_at(0), -12_600);
        assert_eq!(Zones::named(" utc ").unwrap().resolve(5), (5, Resolution::Exact));
        assert_eq!(Zones::named("UTC").unwrap().name(), "UTC");
        assert_eq!(Zones::named("europe/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zones::named("Europe/Berlln").unwrap_err(), ZoneError::Unknown("Europe/Berlln".to_owned()));
        assert_eq!(Zones::named("+25:00").unwrap_err(), ZoneError::Offset("+25:00".to_owned()));
        assert!(Zones::named("").is_err());
        assert!(Zones::named("Etc/Unknown").is_err());
        let text = Zones::named("Mars/Olympus").unwrap_err().to_string();
        assert!(text.contains("`Mars/Olympus`") && !text.contains('{'), "{text}");
    }

    #[test]
    fn a_zone_is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Zones>();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_time_agrees_with_the_database(
            ms in 0_i64..4_130_000_000_000, place in 0_usize..8,
        ) {
            let name = [
                "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia",
                "America/Sao_Paulo", "Europe/Dublin",
            ][place];
            let (ours, zone) = (Zones::named(name).unwrap(), TimeZone::get(name).unwrap());
            prop_assert_eq!(ours.resolve(ms), by_jiff(&zone, jiff_civil(ms)));
            let utc = Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(ours.civil_from_utc(ms), civil_ms(zone.to_datetime(utc)));
            let (back, resolution) = ours.resolve(ours.civil_from_utc(ms));
            prop_assert!(back == ms || resolution == Resolution::Fold);
        }

        #[test]
        fn no_number_is_too_large(ms in any::<i64>()) {
            let berlin = Zones::named("Europe/Berlin").unwrap();
            let _ = (berlin.resolve(ms), berlin.civil_from_utc(ms), berlin.offset_at(ms));
        }
    }

    /// `cargo test --release -- --ignored --nocapture speed`
    #[test]
    #[ignore = "a measurement"]
    fn speed() {
        let berlin = Zones::named("Europe/Berlin").unwrap();
        for step in [317_000, 86_400_000 * 97 + 1] {
            let times: Vec<i64> = (0..100_000).map(|n| 1_500_000_000_000 + n * step % 400_000_000_000).collect();
            let mut best = f64::MAX;
            for _ in 0..20 {
                let start = std::time::Instant::now();
                let sum = times.iter().map(|ms| berlin.resolve(*ms).0).fold(0, i64::wrapping_add);
                std::hint::black_box(sum);
                best = best.min(start.elapsed().as_nanos() as f64 / times.len() as f64);
            }
            eprintln!("resolve, steps of {step} ms: {best:.1} ns");
        }
    }
}
