//! Limit check: WhatsApp's own yardstick, distinct recipients of initiated messages in a moving 24 hours.
//! For one number or one portfolio: the highest count ever, and the first moment each tier was passed.
//! Which tier an account really had no log shows; the case file may, and counsel compares.

use super::bursts::{Series, sweep};
use super::settings::Counts;

/// What one number or portfolio reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Highest count over `(t − W, t]`.
    pub highest: u64,
    /// First moment at which it was reached, UTC milliseconds.
    pub highest_at: i64,
    /// For each tier up to the first that was not passed, the first moment at which the count was above it.
    pub passed: Vec<(u64, Option<i64>)>,
    /// First moment that was looked at.
    pub from: i64,
    /// Last moment that was looked at.
    pub to: i64,
}

/// Judges the moments in `judged`; messages before them still lie in their windows. `None` when there is no moment.
#[must_use]
pub fn reach(series: Series<'_>, window_ms: i64, tiers: &[u64], judged: std::ops::Range<i64>) -> Option<Reach> {
    let mut found: Option<Reach> = None;
    sweep(series, window_ms, Counts::Recipients, |moment| {
        if !judged.contains(&moment.at) {
            return;
        }
        let reach = found.get_or_insert_with(|| Reach {
            highest: 0,
            highest_at: moment.at,
            passed: Vec::new(),
            from: moment.at,
            to: moment.at,
        });
        reach.to = moment.at;
        if moment.count > reach.highest {
            (reach.highest, reach.highest_at) = (moment.count, moment.at);
            while let Some(tier) = tiers.get(reach.passed.len()).filter(|tier| moment.count > **tier) {
                reach.passed.push((*tier, Some(moment.at)));
            }
        }
    });
    if let Some(reach) = &mut found
        && let Some(next) = tiers.get(reach.passed.len())
    {
        reach.passed.push((*next, None));
    }
    found
}

/// What slices of one series reached, put together; they stand in order of time, and each was judged on moments of its own.
#[must_use]
pub fn joined(slices: &[Reach], tiers: &[u64]) -> Option<Reach> {
    let (first, last) = (slices.first()?, slices.last()?);
    let mut all = Reach { highest: 0, highest_at: first.from, passed: Vec::new(), from: first.from, to: last.to };
    for slice in slices {
        if slice.highest > all.highest {
            (all.highest, all.highest_at) = (slice.highest, slice.highest_at);
        }
    }
    for tier in tiers {
        let in_slice = |slice: &Reach| slice.passed.iter().find(|(passed, _)| passed == tier).and_then(|(_, at)| *at);
        let at = slices.iter().find_map(in_slice);
        all.passed.push((*tier, at));
        if at.is_none() {
            break;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn it_is_the_definition(
            gaps in proptest::collection::vec(0_i64..6, 0..40), people in proptest::collection::vec(0_u32..12, 40),
            window in 1_i64..15, start in 0_i64..60,
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let recipients = &people[..times.len()];
            let weights = vec![1; times.len()];
            let found = reach(Series { times: &times, recipients, weights: &weights }, window, &[2, 4, 8], start..i64::MAX);
            let count = |at: i64| (0..times.len()).filter(|j| times[*j] > at - window && times[*j] <= at)
                .map(|j| recipients[j]).collect::<HashSet<_>>().len() as u64;
            let counts: Vec<(i64, u64)> = times.iter().filter(|at| **at >= start).map(|at| (*at, count(*at))).collect();
            let Some(found) = found else { prop_assert!(counts.is_empty()); return Ok(()); };
            let highest = counts.iter().map(|(_, count)| *count).max().expect("a moment");
            prop_assert_eq!(found.highest, highest);
            prop_assert_eq!(Some(found.highest_at), counts.iter().find(|(_, count)| *count == highest).map(|(at, _)| *at));
            for (tier, at) in &found.passed {
                prop_assert_eq!(*at, counts.iter().find(|(_, count)| count > tier).map(|(at, _)| *at));
            }
            let unpassed = [2, 4, 8].iter().filter(|tier| highest <= **tier).count();
            prop_assert_eq!(found.passed.len(), 3 - unpassed + usize::from(unpassed > 0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn slices_put_together_are_the_whole(
            gaps in proptest::collection::vec(0_i64..6, 1..40), people in proptest::collection::vec(0_u32..12, 40),
            window in 1_i64..15, cuts in proptest::collection::vec(0_i64..120, 0..4),
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let recipients = &people[..times.len()];
            let weights = vec![1; times.len()];
            let tiers = [2, 4, 8];
            let whole = reach(Series { times: &times, recipients, weights: &weights }, window, &tiers, 0..i64::MAX);
            let mut bounds: Vec<i64> = cuts.into_iter().chain([0, i64::MAX]).collect();
            bounds.sort_unstable();
            let slice = |pair: &[i64]| {
                let inside = times.partition_point(|at| *at < pair[0] - window)..times.partition_point(|at| *at < pair[1]);
                let (times, weights) = (&times[inside.clone()], &weights[inside.clone()]);
                reach(Series { times, recipients: &recipients[inside], weights }, window, &tiers, pair[0]..pair[1])
            };
            let slices: Vec<Reach> = bounds.windows(2).filter_map(slice).collect();
            prop_assert_eq!(joined(&slices, &tiers), whole);
        }
    }

    #[test]
    fn messages_before_the_first_judged_moment_lie_in_its_window() {
        let series = Series { times: &[0, 5, 10, 11], recipients: &[1, 2, 3, 4], weights: &[1, 1, 1, 1] };
        let found = reach(series, 10, &[1, 2], 10..i64::MAX).expect("moments");
        assert_eq!((found.highest, found.highest_at, found.from, found.to), (3, 11, 10, 11));
        assert_eq!(found.passed, [(1, Some(10)), (2, Some(11))]);
    }
}
