//! Messages after an opt-out, by the time that had passed.

use jiff::civil::Weekday;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;

const DAY_MS: i64 = 86_400_000;

/// Advertising after an opt-out in force. With a grace, only what came after it.
pub fn after(covered: Covered<'_>, grace: Option<Length>, business_days: Option<u32>) -> Vec<Meeting> {
    let found: Vec<(u32, Option<&'static str>)> = covered
        .advertising()
        .into_iter()
        .filter_map(|row| Some((row, Some(bucket(refused_for(covered, row, grace, business_days)?)))))
        .collect();
    covered.meetings(found)
}

/// Milliseconds since the opt-out, where a row came after it and after the grace.
pub fn refused_for(covered: Covered<'_>, row: u32, grace: Option<Length>, business_days: Option<u32>) -> Option<i64> {
    let scene = covered.scene;
    let at = scene.sent_at(row);
    let refusal = scene.register.opt_out_at(scene.recipient(row), scene.account(row), at)?;
    let until = refusal.at + grace.map_or(0, |grace| grace.milliseconds);
    let until = business_days.map_or(until, |days| after_business_days(covered, refusal.at, days));
    (at > until).then_some(at - refusal.at)
}

/// The end of the n-th business day after an instant, Monday to Friday; holidays are not known here.
fn after_business_days(covered: Covered<'_>, from: i64, days: u32) -> i64 {
    let calendar = covered.scene.calendar();
    let mut day = calendar.day(from);
    let mut left = days;
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return i64::MAX };
        day = next;
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    calendar.end(day)
}

fn bucket(passed: i64) -> &'static str {
    if passed <= DAY_MS {
        "within_24h"
    } else if passed <= 2 * DAY_MS {
        "within_48h"
    } else {
        "over_48h"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_end_at_24_and_48_hours() {
        assert_eq!(bucket(1), "within_24h");
        assert_eq!(bucket(DAY_MS), "within_24h");
        assert_eq!(bucket(DAY_MS + 1), "within_48h");
        assert_eq!(bucket(2 * DAY_MS), "within_48h");
        assert_eq!(bucket(2 * DAY_MS + 1), "over_48h");
    }
}
