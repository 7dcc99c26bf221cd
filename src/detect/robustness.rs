//! Robustness: whether a burst or campaign is still found when a setting is a tenth stricter, or when a guessed zone or
//! date order is read the other way. Only what stood in it is looked at again: all it could gain would keep it.
//! Looser settings (W + 10 %, N − 10 %) lose nothing, for every count they give is at least as high.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::bursts::{Series, bursts};
use super::groups::{pick, recipients_of};
use super::settings::{Detector, Over, Settings};
use super::{Burst, Campaign, Run};
use crate::message::{Messages, ZoneBasis};

const HOUR_MS: i64 = 3_600_000;
/// Other zones of a guessed file: so many hours later and earlier.
const HOURS: i64 = 12;
/// Up to so many guessed files are also varied one by one; more would cost more than they tell.
const FEW_FILES: usize = 16;

/// A setting without which a burst or campaign would not be found, or not as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// Found with N, not with N + 10 %.
    Threshold,
    /// Found with W, not with W − 10 %.
    Window,
    /// Found with the service window, not with one 10 % longer: what it counts would be replies.
    ReplyWindow,
    /// Coordinated with the pause G, not with G − 10 %.
    RunGap,
    /// Depends on the zone guessed for this file, or for all such files together.
    Zone(Option<u32>),
    /// Depends on the order of day and month guessed for this file, or for all such files together.
    DateOrder(Option<u32>),
}

/// A tenth more of a threshold, rounded up.
#[must_use]
pub const fn tenth_more(threshold: u64) -> u64 {
    threshold.saturating_add(threshold.div_ceil(10))
}

/// A tenth less of a length of time, rounded down, at least one millisecond.
#[must_use]
pub const fn tenth_less(length: i64) -> i64 {
    let less = length - (length + 9) / 10;
    if less < 1 { 1 } else { less }
}

/// What is repeated with other settings.
#[derive(Clone, Copy, Debug)]
pub struct Readings<'a> {
    /// The messages.
    pub messages: &'a Messages,
    /// For each row, whether it is initiated under a service window that is 10 % longer; `None` where no log holds
    /// inbound messages.
    pub initiated_longer: Option<&'a [bool]>,
}

/// The settings that a burst depends on; empty when it is robust.
#[must_use]
pub fn of_burst(readings: Readings<'_>, burst: &Burst, detector: &Detector) -> Vec<Setting> {
    let columns = &readings.messages.columns;
    let mut depends = Vec::new();
    if burst.peak < tenth_more(detector.threshold) {
        depends.push(Setting::Threshold);
    }
    let found = |rows: &[u32], times: Option<Vec<i64>>, window_ms: i64| {
        let mut rows = rows.to_vec();
        let mut times = times.unwrap_or_else(|| pick(&columns.sent_at, &rows));
        if !times.is_sorted() {
            let mut pairs: Vec<(i64, u32)> = times.iter().copied().zip(rows.iter().copied()).collect();
            pairs.sort_unstable();
            (times, rows) = pairs.into_iter().unzip();
        }
        let recipients = pick(&columns.recipient, &rows);
        let weights = pick(&readings.messages.recipients.audience, &recipients);
        let series = Series { times: &times, recipients: &recipients, weights: &weights };
        !bursts(series, window_ms, detector.threshold, detector.counts).is_empty()
    };
    if !found(&burst.rows, None, tenth_less(detector.window_ms)) {
        depends.push(Setting::Window);
    }
    if let Some(initiated) = readings.initiated_longer
        && matches!(detector.over, Over::Initiated | Over::FirstContacts)
    {
        let rows = still_initiated(&burst.rows, initiated);
        if rows.len() < burst.rows.len() && !found(&rows, None, detector.window_ms) {
            depends.push(Setting::ReplyWindow);
        }
    }
    let alone = |rows: &[u32]| found(rows, None, detector.window_ms);
    let other = |times: Vec<i64>| found(&burst.rows, Some(times), detector.window_ms);
    depends.extend(other_times(readings.messages, &burst.rows, &alone, &other));
    depends
}

/// The settings that a campaign depends on; empty when it is robust.
#[must_use]
pub fn of_campaign(readings: Readings<'_>, campaign: &Campaign, runs: &[Run], settings: &Settings) -> Vec<Setting> {
    let messages = readings.messages;
    let threshold = settings.campaign.recipients;
    let mut depends = Vec::new();
    if campaign.recipients < tenth_more(threshold) {
        depends.push(Setting::Threshold);
    }
    if let Some(initiated) = readings.initiated_longer {
        let rows = still_initiated(&campaign.rows, initiated);
        if recipients_of(messages, &rows) < threshold {
            depends.push(Setting::ReplyWindow);
        }
    }
    if runs.iter().any(|run| run.accounts.len() > 1) {
        let accounts = pick(&messages.columns.account, &campaign.rows);
        let coordinated = |times: &[i64], accounts: &[u32], gap_ms: i64| {
            let mut pairs: Vec<(i64, u32)> = times.iter().copied().zip(accounts.iter().copied()).collect();
            pairs.sort_unstable();
            let runs = pairs.chunk_by(|(at, _), (next, _)| next - at <= gap_ms);
            runs.into_iter()
                .any(|run| run.iter().any(|(_, account)| run.first().is_some_and(|first| first.1 != *account)))
        };
        let gap_ms = settings.run.milliseconds;
        let times = pick(&messages.columns.sent_at, &campaign.rows);
        if !coordinated(&times, &accounts, tenth_less(gap_ms)) {
            depends.push(Setting::RunGap);
        }
        let alone = |rows: &[u32]| {
            let accounts = pick(&messages.columns.account, rows);
            coordinated(&pick(&messages.columns.sent_at, rows), &accounts, gap_ms)
        };
        let other = |times: Vec<i64>| coordinated(&times, &accounts, gap_ms);
        depends.extend(other_times(messages, &campaign.rows, &alone, &other));
    }
    depends
}

fn still_initiated(rows: &[u32], initiated: &[bool]) -> Vec<u32> {
    rows.iter().copied().filter(|row| initiated.get(*row as usize).copied().unwrap_or(false)).collect()
}

/// Reads the times of files whose zone or date order was guessed the other ways: each such file by itself (while they
/// are few), and all together. Tells those for which `other` no longer holds. `alone` says whether it holds for a part
/// of the rows as it is.
fn other_times(
    messages: &Messages,
    rows: &[u32],
    alone: &dyn Fn(&[u32]) -> bool,
    other: &dyn Fn(Vec<i64>) -> bool,
) -> Vec<Setting> {
    let columns = &messages.columns;
    let file = |row: &u32| columns.file.get(*row as usize).copied().unwrap_or_default();
    let guessed = |row: &u32| columns.zone.get(*row as usize) == Some(&ZoneBasis::Guessed);
    let times = pick(&columns.sent_at, rows);
    let mut depends = Vec::new();
    // Times that move together keep their distances; a part that holds alone holds wherever the others move.
    let mut parts: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
    for row in rows {
        parts.entry(guessed(row).then(|| file(row))).or_default().push(*row);
    }
    if parts.len() > 1 && !parts.values().any(|part| alone(part)) {
        for moved in varied(parts.keys().copied().flatten(), parts.contains_key(&None)) {
            let holds = |hours: i64| {
                let moves = |row: &u32| guessed(row) && moved.is_none_or(|moved| file(row) == moved);
                let shift = |(row, at): (&u32, &i64)| if moves(row) { at + hours * HOUR_MS } else { *at };
                other(rows.iter().zip(&times).map(shift).collect())
            };
            if !(1..=HOURS).flat_map(|hours| [hours, -hours]).all(holds) {
                depends.push(Setting::Zone(moved));
            }
        }
    }
    let doubt = |file: u32| messages.doubts.get(file as usize).filter(|doubt| doubt.date_order);
    let doubtful: BTreeSet<u32> = rows.iter().map(file).filter(|file| doubt(*file).is_some()).collect();
    let zones: BTreeMap<u32, TimeZone> = doubtful
        .iter()
        .map(|file| (*file, doubt(*file).map_or(TimeZone::UTC, |doubt| zone_named(&doubt.zone))))
        .collect();
    for swapped in varied(doubtful.iter().copied(), doubtful.len() > 1) {
        let mut last: Option<(u32, Date, i64)> = None;
        let swap = |(row, at): (&u32, &i64)| match zones.get(&file(row)) {
            Some(zone) if swapped.is_none_or(|swapped| swapped == file(row)) => {
                swap_day_and_month(*at, file(row), zone, &mut last)
            }
            _ => *at,
        };
        if !other(rows.iter().zip(&times).map(swap).collect()) {
            depends.push(Setting::DateOrder(swapped));
        }
    }
    depends
}

/// Which files are read otherwise: each by itself while they are few, and, where it says something, all (`None`).
fn varied(files: impl Iterator<Item = u32> + Clone, together: bool) -> Vec<Option<u32>> {
    let few = files.clone().count() <= FEW_FILES;
    let each = files.filter(|_| few).map(Some);
    each.chain(together.then_some(None)).collect()
}

fn zone_named(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The instant that the same digits mean with day and month exchanged; the same where that is no date. `last` keeps
/// the latest file and day met and how far it moves, because many messages share a day.
fn swap_day_and_month(at: i64, file: u32, zone: &TimeZone, last: &mut Option<(u32, Date, i64)>) -> i64 {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return at };
    let date = zone.to_datetime(instant).date();
    if let Some((known_file, known, shift)) = last
        && (*known_file, *known) == (file, date)
    {
        return at + *shift;
    }
    let swapped = Date::new(date.year(), date.day(), date.month()).ok();
    let shift = swapped.map_or(0, |swapped| {
        let days = date.until(swapped).map_or(0, |span| i64::from(span.get_days()));
        days * 24 * HOUR_MS
    });
    *last = Some((file, date, shift));
    at + shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::settings::{AgeFrom, Counts, Mark, Scope};
    use crate::message::{Columns, Doubt, Recipients};
    use proptest::prelude::*;

    fn detector(threshold: u64, window_ms: i64) -> Detector {
        Detector {
            name: "x".to_owned(),
            title: Default::default(),
            window_ms,
            threshold,
            counts: Counts::Messages,
            over: Over::All,
            scope: Scope::Account,
            account_age: None,
            age_from: AgeFrom::Registration,
            mark: Mark::Own,
            source: String::new(),
        }
    }

    fn messages(times: &[i64], files: &[u32], guessed: &[bool]) -> Messages {
        let zone = |guessed: &bool| if *guessed { ZoneBasis::Guessed } else { ZoneBasis::Record };
        Messages {
            columns: Columns {
                sent_at: times.to_vec(),
                recipient: vec![0; times.len()],
                file: files.to_vec(),
                zone: guessed.iter().map(zone).collect(),
                account: vec![0; times.len()],
                ..Columns::default()
            },
            recipients: Recipients { audience: vec![1], ..Recipients::default() },
            ..Messages::default()
        }
    }

    fn burst(times: &[i64], peak: u64) -> Burst {
        Burst {
            id: String::new(),
            detector: 0,
            account: 0,
            accounts: vec![0],
            client: None,
            content: 0,
            start: times[0],
            end: times[times.len() - 1],
            recipients: 1,
            peak,
            peak_at: 0,
            rows: (0..times.len() as u32).collect(),
        }
    }

    fn depends(messages: &Messages, threshold: u64, window_ms: i64) -> Vec<Setting> {
        let times = &messages.columns.sent_at;
        let series = Series { times, recipients: &messages.columns.recipient, weights: &vec![1; times.len()] };
        let spans = bursts(series, window_ms, threshold, Counts::Messages);
        assert_eq!(spans.len(), 1, "the test needs one burst");
        let readings = Readings { messages, initiated_longer: None };
        of_burst(readings, &burst(times, spans[0].peak), &detector(threshold, window_ms))
    }

    #[test]
    fn tenths_are_rounded_to_the_strict_side() {
        assert_eq!([51, 100, 6, 1].map(tenth_more), [57, 110, 7, 2]);
        assert_eq!([15_000, 11, 1].map(tenth_less), [13_500, 9, 1]);
    }

    #[test]
    fn thresholds_and_windows_are_varied() {
        let sure = [false; 12];
        let file = [0; 12];
        let close: Vec<i64> = (0..12).collect();
        assert_eq!(depends(&messages(&close, &file, &sure), 10, 100), []);
        assert_eq!(depends(&messages(&close, &file, &sure), 12, 100), [Setting::Threshold]);
        let wide: Vec<i64> = (0..12).map(|at| at * 9).collect();
        assert_eq!(depends(&messages(&wide, &file, &sure), 12, 100), [Setting::Threshold, Setting::Window]);
    }

    #[test]
    fn guessed_zones_are_moved_against_the_rest() {
        let times: Vec<i64> = (0..12).collect();
        let halves: Vec<u32> = (0..12).map(|at| at % 2).collect();
        let one: Vec<bool> = halves.iter().map(|file| *file == 1).collect();
        // All guessed in one file: they move together. Two halves that are moved apart: neither is enough alone.
        assert_eq!(depends(&messages(&times, &[0; 12], &[true; 12]), 8, 100), []);
        assert_eq!(depends(&messages(&times, &halves, &one), 8, 100), [Setting::Zone(Some(1)), Setting::Zone(None)]);
        assert_eq!(depends(&messages(&times, &halves, &one), 5, 100), []);
        assert_eq!(
            depends(&messages(&times, &halves, &[true; 12]), 8, 100),
            [Setting::Zone(Some(0)), Setting::Zone(Some(1))]
        );
    }

    #[test]
    fn day_and_month_are_exchanged() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time").as_millisecond();
        let mut last = None;
        let zone = zone_named("Europe/Berlin");
        let swapped = swap_day_and_month(at("2024-01-02T23:30:00Z"), 0, &zone, &mut last);
        // In Berlin it was 3 January; the other reading is 1 March there.
        assert_eq!(swapped, at("2024-02-29T23:30:00Z"));
        assert_eq!(swap_day_and_month(at("2024-01-20T10:00:00Z"), 0, &zone, &mut last), at("2024-01-20T10:00:00Z"));
        // A burst over midnight falls apart: 3 April becomes 4 March, 4 April stays.
        let times = ["2024-04-03T23:59:59Z", "2024-04-04T00:00:00Z"].map(at);
        let mut doubtful = messages(&times, &[0, 0], &[false, false]);
        doubtful.doubts = vec![Doubt { zone: "UTC".to_owned(), date_order: true }];
        assert_eq!(depends(&doubtful, 2, 5_000), [Setting::Threshold, Setting::DateOrder(Some(0))]);
        doubtful.columns.sent_at[0] = doubtful.columns.sent_at[1];
        assert_eq!(depends(&doubtful, 2, 5_000), [Setting::Threshold]);
    }

    proptest! {
        /// What the module relies on: of looser settings each burst keeps a part, and the messages of a burst show by
        /// themselves what a shorter window finds in it.
        #[test]
        fn looser_settings_lose_nothing_and_stricter_ones_need_no_outsider(
            gaps in proptest::collection::vec(0_i64..6, 1..40), window in 2_i64..20, threshold in 2_u64..8,
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let of = |times: &[i64], window, threshold| {
                let (people, weights) = (vec![0; times.len()], vec![1; times.len()]);
                bursts(Series { times, recipients: &people, weights: &weights }, window, threshold, Counts::Messages)
            };
            let found = of(&times, window, threshold);
            for (window, threshold) in [(window + 1, threshold), (window, threshold - 1)] {
                let looser = of(&times, window, threshold);
                prop_assert!(found.iter().all(|one| looser.iter().any(|wide| wide.first <= one.first && one.end <= wide.end)));
            }
            let stricter = of(&times, window - 1, threshold);
            for one in &found {
                let inside = stricter.iter().any(|part| one.first <= part.first && part.end <= one.end);
                prop_assert_eq!(inside, !of(&times[one.first..one.end], window - 1, threshold).is_empty());
            }
        }
    }
}
