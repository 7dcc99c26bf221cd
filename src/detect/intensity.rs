//! Intensity: Kleinberg's burst automaton ("Bursty and Hierarchical Structure in Streams", 2002) over the gaps.
//! The exact optimum by dynamic programming in O(n · states); messages of one instant are a batch that shares its gap.
//! A published second opinion without a threshold of ours; the kernel sees the times of one account and nothing else.

/// Kleinberg's s: how much faster each level is than the one below.
pub const SCALING: f64 = 2.0;
/// Kleinberg's γ: what a step up costs, in units of ln n.
pub const GAMMA: f64 = 1.0;
/// More levels than any log can have: 2^64 times the mean rate.
const MOST_LEVELS: usize = 64;
/// Between two kept states of the dynamic programming; what lies between is computed again on the way back.
const BLOCK: usize = 2_048;

/// A stretch in which the automaton is at a level or above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The level, from 1.
    pub level: u8,
    /// Position of the first message in the times given.
    pub first: usize,
    /// One past the position of the last message.
    pub end: usize,
}

/// A gap and the messages that end it: `count` messages at one instant, `gap` after the instant before.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Batch {
    gap: f64,
    count: f64,
}

/// The automaton for one stream.
#[derive(Clone, Debug)]
struct Automaton {
    /// Rate of each level, messages per millisecond.
    rates: Vec<f64>,
    /// Their natural logarithms.
    logarithms: Vec<f64>,
    /// Cost of one level up.
    up: f64,
}

impl Automaton {
    fn of(batches: &[Batch]) -> Option<Self> {
        let total: f64 = batches.iter().map(|batch| batch.gap).sum();
        let messages: f64 = batches.iter().map(|batch| batch.count).sum();
        if batches.len() < 2 || total <= 0.0 {
            return None;
        }
        let base = messages / total;
        let fastest = batches.iter().map(|batch| batch.count / batch.gap).fold(0.0, f64::max);
        // Beyond the first level that is as fast as the fastest gap, every cost only grows.
        let mut rates = vec![base];
        while rates.len() < MOST_LEVELS
            && let Some(last) = rates.last().copied()
            && last < fastest
        {
            rates.push(last * SCALING);
        }
        let logarithms = rates.iter().map(|rate| rate.ln()).collect();
        Some(Self { rates, logarithms, up: GAMMA * messages.ln() })
    }

    /// −ln of the density: each message of a batch ends an equal part of its gap.
    fn cost(&self, level: usize, batch: Batch) -> f64 {
        let (Some(rate), Some(logarithm)) = (self.rates.get(level), self.logarithms.get(level)) else {
            return f64::INFINITY;
        };
        rate * batch.gap - batch.count * logarithm
    }

    /// Costs after one more batch, and for each level the level before it.
    fn advance(&self, before: &[f64], batch: Batch, after: &mut Vec<f64>, from: &mut Vec<u8>) {
        after.clear();
        from.clear();
        // Coming from below or the same level costs for each level; coming from above costs nothing.
        let (mut cheapest, mut origin) = (f64::INFINITY, 0_u8);
        for (level, known) in before.iter().enumerate() {
            cheapest += self.up;
            if *known <= cheapest {
                (cheapest, origin) = (*known, level as u8);
            }
            after.push(cheapest);
            from.push(origin);
        }
        let (mut cheapest, mut origin) = (f64::INFINITY, 0_u8);
        for (level, known) in before.iter().enumerate().rev() {
            if *known <= cheapest {
                (cheapest, origin) = (*known, level as u8);
            }
            if let Some(slot) = after.get_mut(level)
                && cheapest < *slot
            {
                *slot = cheapest;
                if let Some(from) = from.get_mut(level) {
                    *from = origin;
                }
            }
            if let Some(slot) = after.get_mut(level) {
                *slot += self.cost(level, batch);
            }
        }
    }

    /// The cheapest sequence of levels, one for each batch, starting from level 0.
    fn levels(&self, batches: &[Batch]) -> Vec<u8> {
        let mut state = vec![f64::INFINITY; self.rates.len()];
        if let Some(first) = state.first_mut() {
            *first = 0.0;
        }
        let (mut next, mut from) = (Vec::new(), Vec::new());
        let mut kept = Vec::with_capacity(batches.len() / BLOCK + 1);
        for block in batches.chunks(BLOCK) {
            kept.push(state.clone());
            for batch in block {
                self.advance(&state, *batch, &mut next, &mut from);
                std::mem::swap(&mut state, &mut next);
            }
        }
        let cheapest = state.iter().enumerate().min_by(|(_, one), (_, other)| one.total_cmp(other));
        let mut level = cheapest.map_or(0, |(level, _)| level as u8);
        let mut levels = vec![0_u8; batches.len()];
        let mut origins: Vec<u8> = Vec::with_capacity(BLOCK * self.rates.len());
        for ((block, start), levels) in batches.chunks(BLOCK).zip(kept).zip(levels.chunks_mut(BLOCK)).rev() {
            let mut state = start;
            origins.clear();
            for batch in block {
                self.advance(&state, *batch, &mut next, &mut from);
                std::mem::swap(&mut state, &mut next);
                origins.extend_from_slice(&from);
            }
            for (slot, origins) in levels.iter_mut().zip(origins.chunks_exact(self.rates.len())).rev() {
                *slot = level;
                level = origins.get(level as usize).copied().unwrap_or(0);
            }
        }
        levels
    }
}

fn batches(times: &[i64]) -> Vec<Batch> {
    let mut last: Option<i64> = None;
    let mut batches = Vec::new();
    for instant in times.chunk_by(|one, next| one == next) {
        let Some(at) = instant.first().copied() else { continue };
        if let Some(last) = last {
            batches.push(Batch { gap: (at - last) as f64, count: instant.len() as f64 });
        }
        last = Some(at);
    }
    batches
}

/// The level at each instant after the first, for ascending times; empty when there are fewer than three instants.
#[must_use]
pub fn levels(times: &[i64]) -> Vec<u8> {
    let batches = batches(times);
    Automaton::of(&batches).map(|automaton| automaton.levels(&batches)).unwrap_or_default()
}

/// For each level from 1 the longest stretches at it or above, by start and level (docs/method.md, Intensity).
///
/// A stretch begins with the instant before its first gap, for that gap is the first to be short.
#[must_use]
pub fn stretches(times: &[i64]) -> Vec<Stretch> {
    let levels = levels(times);
    let mut ends = Vec::with_capacity(levels.len() + 1);
    let mut position = 0;
    for instant in times.chunk_by(|one, next| one == next) {
        position += instant.len();
        ends.push(position);
    }
    // The position at which the k-th instant begins and ends; the k-th level belongs to instant k + 1.
    let begins = |instant: usize| instant.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let end_of = |instant: usize| ends.get(instant).copied().unwrap_or(times.len());
    let mut open: Vec<usize> = Vec::new();
    let mut found = Vec::new();
    for (at, level) in levels.iter().copied().chain([0]).enumerate() {
        while open.len() > level as usize {
            let depth = open.len() as u8;
            if let Some(start) = open.pop() {
                found.push(Stretch { level: depth, first: begins(start), end: end_of(at) });
            }
        }
        while open.len() < level as usize {
            open.push(at);
        }
    }
    found.sort_unstable_by_key(|stretch| (stretch.first, stretch.level));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a sequence of levels costs, by Kleinberg's definition.
    fn price(automaton: &Automaton, batches: &[Batch], levels: &[u8]) -> f64 {
        let mut before = 0;
        let mut sum = 0.0;
        for (batch, level) in batches.iter().zip(levels) {
            sum += f64::from(level.saturating_sub(before)) * automaton.up + automaton.cost(*level as usize, *batch);
            before = *level;
        }
        sum
    }

    fn brute_force(automaton: &Automaton, batches: &[Batch]) -> f64 {
        let states = automaton.rates.len();
        let mut best = f64::INFINITY;
        let mut levels = vec![0_u8; batches.len()];
        loop {
            best = best.min(price(automaton, batches, &levels));
            let Some(at) = levels.iter().position(|level| (*level as usize) < states - 1) else { return best };
            levels[at] += 1;
            levels[..at].fill(0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn the_path_is_the_cheapest_of_all(gaps in proptest::collection::vec(prop_oneof![2 => Just(0_i64), 3 => 1_i64..4, 2 => 10_i64..200], 3..8)) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let batches = batches(&times);
            let Some(automaton) = Automaton::of(&batches) else { prop_assert!(levels(&times).is_empty()); return Ok(()); };
            if automaton.rates.len().pow(batches.len() as u32) > 70_000 {
                return Ok(());
            }
            let (found, best) = (price(&automaton, &batches, &levels(&times)), brute_force(&automaton, &batches));
            prop_assert!((found - best).abs() < 1e-9 * best.abs().max(1.0), "{} is dearer than {}", found, best);
        }

        #[test]
        fn more_levels_than_needed_change_nothing(gaps in proptest::collection::vec(prop_oneof![1_i64..4, 10_i64..400], 3..40)) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let batches = batches(&times);
            let automaton = Automaton::of(&batches).expect("gaps");
            let mut more = automaton.clone();
            for _ in 0..4 {
                let rate = more.rates[more.rates.len() - 1] * SCALING;
                more.rates.push(rate);
                more.logarithms.push(rate.ln());
            }
            let (less, more) = (automaton.levels(&batches), more.levels(&batches));
            let difference = price(&automaton, &batches, &less) - price(&automaton, &batches, &more);
            prop_assert!(difference.abs() < 1e-6, "{difference}");
        }

        #[test]
        fn stretches_are_what_the_levels_say(gaps in proptest::collection::vec(prop_oneof![4 => 0_i64..4, 1 => 50_i64..400], 3..120)) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let levels = levels(&times);
            let mut instants = times.clone();
            instants.dedup();
            let found = stretches(&times);
            // Each instant after the first lies in as many stretches (past their first instant) as its level says.
            for (at, level) in levels.iter().enumerate() {
                let time = instants[at + 1];
                let inside = found.iter().filter(|one| times[one.first] < time && time <= times[one.end - 1]).count();
                prop_assert_eq!(inside, *level as usize);
            }
        }
    }

    #[test]
    fn long_streams_are_walked_back_over_blocks() {
        // Quiet, then dense, then quiet; much longer than a block.
        let gaps =
            std::iter::repeat_n(1000, 5000).chain(std::iter::repeat_n(10, 9000)).chain(std::iter::repeat_n(1000, 5000));
        let times: Vec<i64> = gaps
            .scan(0, |now, gap| {
                *now += gap;
                Some(*now)
            })
            .collect();
        let found = stretches(&times);
        let lowest: Vec<&Stretch> = found.iter().filter(|stretch| stretch.level == 1).collect();
        assert_eq!(lowest.len(), 1, "{lowest:?}");
        assert_eq!((lowest[0].first, lowest[0].end), (4999, 14_000));
    }

    #[test]
    fn too_little_has_no_levels() {
        assert!(stretches(&[]).is_empty());
        assert!(stretches(&[5, 5, 5]).is_empty());
        assert!(stretches(&[0, 5]).is_empty());
    }
}
