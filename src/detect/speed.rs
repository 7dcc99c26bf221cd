//! Speed profile: the shortest time in which k distinct recipients were reached, for every k of 1, 2, 5 × 10ⁿ.
//! Exact: one pass with two pointers for each k. No threshold is involved, so none can be argued about.
//! The kernel sees one account or one campaign; nothing is judged here.

use std::ops::Range;

use super::bursts::Series;
use super::links::Links;

/// The fastest stretch to a number of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// At least so many distinct recipients, each stated audience adding its size.
    pub recipients: u64,
    /// Time from the first to the last message of the stretch, in milliseconds.
    pub shortest_ms: i64,
    /// First message of the first stretch that is as short, UTC milliseconds.
    pub from: i64,
    /// Its last message.
    pub to: i64,
}

/// The steps 1, 2, 5, 10, 20, 50 … up to `most`.
pub fn steps(most: u64) -> impl Iterator<Item = u64> {
    let tens = std::iter::successors(Some(1_u64), |ten| ten.checked_mul(10));
    tens.flat_map(|ten| [1, 2, 5].map(|digit| ten.saturating_mul(digit))).take_while(move |step| *step <= most)
}

/// The profile of a series ordered by time: for each step that it reaches, min(t_j − t_i) over all stretches i..j whose
/// distinct recipients are at least as many (docs/method.md, Speed profile).
#[must_use]
pub fn profile(series: Series<'_>) -> Vec<Step> {
    let links = Links::new(series.recipients);
    let firsts = (0..series.times.len()).filter(|position| links.previous(*position).is_none());
    let most = firsts.map(|position| weight(series, position)).sum();
    let mut pointers: Vec<Pointer> = steps(most).map(Pointer::new).collect();
    // All steps go through one stretch of the series before any goes on, so that it is read from memory once.
    for start in (0..series.times.len()).step_by(STRETCH) {
        let end = (start + STRETCH).min(series.times.len());
        pointers.iter_mut().for_each(|pointer| pointer.walk(series, &links, start..end));
    }
    pointers.into_iter().filter_map(|pointer| pointer.best).collect()
}

/// Messages of a stretch of the walk.
const STRETCH: usize = 4_096;

fn weight(series: Series<'_>, position: usize) -> u64 {
    series.weights.get(position).map_or(1, |weight| u64::from(*weight))
}

/// The search for one step, as far as it has come.
struct Pointer {
    recipients: u64,
    low: usize,
    distinct: u64,
    best: Option<Step>,
}

impl Pointer {
    fn new(recipients: u64) -> Self {
        Self { recipients, low: 0, distinct: 0, best: None }
    }

    fn walk(&mut self, series: Series<'_>, links: &Links, positions: Range<usize>) {
        for position in positions {
            let Some(to) = series.times.get(position).copied() else { return };
            if links.previous(position).is_none_or(|previous| previous < self.low) {
                self.distinct += weight(series, position);
            }
            while self.distinct >= self.recipients {
                let Some(from) = series.times.get(self.low).copied() else { break };
                if self.best.is_none_or(|best| to - from < best.shortest_ms) {
                    self.best = Some(Step { recipients: self.recipients, shortest_ms: to - from, from, to });
                }
                if links.next(self.low) > position {
                    self.distinct -= weight(series, self.low);
                }
                self.low += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn steps_go_on_in_ones_twos_and_fives() {
        assert_eq!(steps(100).collect::<Vec<_>>(), [1, 2, 5, 10, 20, 50, 100]);
        assert_eq!(steps(0).count(), 0);
        assert!(steps(u64::MAX).count() < 64);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn the_profile_is_the_definition(
            gaps in proptest::collection::vec(0_i64..6, 0..30),
            people in proptest::collection::vec(0_u32..12, 30),
            audience in proptest::collection::vec(prop_oneof![6 => Just(1_u32), 1 => 2_u32..5], 12),
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let recipients = &people[..times.len()];
            let weights: Vec<u32> = recipients.iter().map(|person| audience[*person as usize]).collect();
            let found = profile(Series { times: &times, recipients, weights: &weights });
            let reach = |from: usize, to: usize| -> u64 {
                let distinct: HashMap<u32, u32> = (from..=to).map(|at| (recipients[at], weights[at])).collect();
                distinct.values().map(|weight| u64::from(*weight)).sum()
            };
            let mut expected = Vec::new();
            for step in steps(if times.is_empty() { 0 } else { reach(0, times.len() - 1) }) {
                let all = (0..times.len()).flat_map(|from| (from..times.len()).map(move |to| (from, to)));
                let enough = all.filter(|(from, to)| reach(*from, *to) >= step);
                expected.push((step, enough.map(|(from, to)| times[to] - times[from]).min().expect("reached")));
            }
            let told: Vec<(u64, i64)> = found.iter().map(|step| (step.recipients, step.shortest_ms)).collect();
            prop_assert_eq!(told, expected);
            prop_assert!(found.iter().all(|step| step.to - step.from == step.shortest_ms));
        }
    }
}
