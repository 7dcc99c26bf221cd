//! The sliding burst kernel: every stretch in which a count over (t − W, t] reaches N, with its peak.
//! Exact and never bucketed; messages of one instant count together, whatever their order.
//! It sees slices of one group (an account, or a content of an account) and knows nothing else.

use std::ops::RangeInclusive;

use super::links::Links;
use super::settings::Counts;

/// One group's messages, ordered by time.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// UTC milliseconds, ascending.
    pub times: &'a [i64],
    /// Recipient of each message.
    pub recipients: &'a [u32],
    /// What each message's recipient counts: 1, or its stated audience. Equal for equal recipients.
    pub weights: &'a [u32],
}

/// A burst, as positions in the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Position of the first message.
    pub first: usize,
    /// One past the position of the last message.
    pub end: usize,
    /// Highest count.
    pub peak: u64,
    /// First moment at which the peak is reached.
    pub peak_at: i64,
}

/// A burst, with the moments that decide whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The burst.
    pub span: Span,
    /// Its first hot moment.
    pub first_hot: i64,
    /// Its last hot moment.
    pub last_hot: i64,
}

/// Whether a hot moment's window touches or overlaps that of the hot moment before.
#[must_use]
pub const fn goes_on(last_hot: i64, next_hot: i64, window_ms: i64) -> bool {
    // The new window begins at `next_hot - window`, and touches the last hot moment's from there on.
    next_hot.saturating_sub(window_ms) <= last_hot
}

/// All bursts of a series, in order of time (docs/method.md, Burst).
///
/// A moment is hot when the count over `(t − window, t]` is at least `threshold`. Windows of hot moments that touch
/// or overlap merge; the burst holds every message in the merged window.
#[must_use]
pub fn bursts(series: Series<'_>, window_ms: i64, threshold: u64, counts: Counts) -> Vec<Span> {
    let found = stretches(series, window_ms, threshold, counts, &(i64::MIN..=i64::MAX));
    found.into_iter().map(|stretch| stretch.span).collect()
}

/// The bursts that the moments in `judged` make; messages before them still lie in their windows.
#[must_use]
pub fn stretches(
    series: Series<'_>,
    window_ms: i64,
    threshold: u64,
    counts: Counts,
    judged: &RangeInclusive<i64>,
) -> Vec<Stretch> {
    if (series.times.len() as u64) < threshold && counts == Counts::Messages {
        return Vec::new();
    }
    let mut found: Vec<Stretch> = Vec::new();
    sweep(series, window_ms, counts, |moment| {
        if moment.count < threshold || !judged.contains(&moment.at) {
            return;
        }
        match found.last_mut() {
            Some(Stretch { span, last_hot, .. }) if goes_on(*last_hot, moment.at, window_ms) => {
                span.end = moment.end;
                if moment.count > span.peak {
                    (span.peak, span.peak_at) = (moment.count, moment.at);
                }
                *last_hot = moment.at;
            }
            _ => {
                let span = Span { first: moment.low, end: moment.end, peak: moment.count, peak_at: moment.at };
                found.push(Stretch { span, first_hot: moment.at, last_hot: moment.at });
            }
        }
    });
    found
}

/// What stands in the window that ends at one instant of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant, UTC milliseconds.
    pub at: i64,
    /// Position of the first message in the window.
    pub low: usize,
    /// One past the position of the last message of the instant.
    pub end: usize,
    /// Messages, or distinct recipients with their weights, in `(at - window, at]`.
    pub count: u64,
}

/// Goes through the distinct instants of a series and tells the count over `(t - window, t]` at each.
pub fn sweep(series: Series<'_>, window_ms: i64, counts: Counts, mut see: impl FnMut(Moment)) {
    let times = series.times;
    let links = (counts == Counts::Recipients).then(|| Links::new(series.recipients));
    let weight = |position: usize| series.weights.get(position).map_or(1, |weight| u64::from(*weight));
    let (mut low, mut start, mut distinct) = (0_usize, 0_usize, 0_u64);
    while let Some(now) = times.get(start).copied() {
        while times.get(low).is_some_and(|time| now - time >= window_ms) {
            if let Some(links) = &links
                && links.next(low) >= start
            {
                distinct -= weight(low);
            }
            low += 1;
        }
        let mut end = start;
        while times.get(end) == Some(&now) {
            if let Some(links) = &links
                && links.previous(end).is_none_or(|previous| previous < low)
            {
                distinct += weight(end);
            }
            end += 1;
        }
        see(Moment { at: now, low, end, count: if links.is_some() { distinct } else { (end - low) as u64 } });
        start = end;
    }
}

/// Distinct recipients of a stretch, each stated audience adding its size.
#[must_use]
pub fn distinct_recipients(recipients: &[u32], weights: &[u32]) -> u64 {
    let mut pairs: Vec<(u32, u32)> = recipients.iter().copied().zip(weights.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.dedup_by_key(|(recipient, _)| *recipient);
    pairs.iter().map(|(_, weight)| u64::from(*weight)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap as Map;

    /// The definition, word for word, in quadratic time.
    fn brute_force(series: Series<'_>, window: i64, threshold: u64, counts: Counts) -> Vec<Span> {
        let n = series.times.len();
        let count = |at: usize| {
            let inside =
                (0..n).filter(|j| series.times[*j] > series.times[at] - window && series.times[*j] <= series.times[at]);
            match counts {
                Counts::Messages => inside.count() as u64,
                Counts::Recipients => {
                    let distinct: Map<u32, u32> = inside.map(|j| (series.recipients[j], series.weights[j])).collect();
                    distinct.values().map(|weight| u64::from(*weight)).sum()
                }
            }
        };
        let hot: Vec<usize> = (0..n).filter(|i| count(*i) >= threshold).collect();
        let mut windows: Vec<(i64, i64, Vec<usize>)> = Vec::new();
        for i in hot {
            let (from, to) = (series.times[i] - window, series.times[i]);
            match windows.last_mut() {
                Some((_, last, members)) if from <= *last => {
                    *last = to;
                    members.push(i);
                }
                _ => windows.push((from, to, vec![i])),
            }
        }
        let spans = windows.into_iter().map(|(from, to, hot)| {
            let inside: Vec<usize> = (0..n).filter(|j| series.times[*j] > from && series.times[*j] <= to).collect();
            let peak = hot.iter().map(|i| count(*i)).max().unwrap();
            let peak_at = hot.iter().find(|i| count(**i) == peak).map(|i| series.times[*i]).unwrap();
            Span { first: inside[0], end: inside[inside.len() - 1] + 1, peak, peak_at }
        });
        spans.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn the_kernel_is_the_definition(
            gaps in proptest::collection::vec(prop_oneof![3 => Just(0_i64), 5 => 1_i64..4, 1 => 5_i64..30], 0..18),
            people in proptest::collection::vec(0_u32..8, 18),
            audience in proptest::collection::vec(prop_oneof![6 => Just(1_u32), 1 => 2_u32..5], 8),
            window in 1_i64..12, threshold in 1_u64..9, by_recipient: bool,
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |now, gap| { *now += gap; Some(*now) }).collect();
            let recipients = &people[..times.len()];
            let weights: Vec<u32> = recipients.iter().map(|person| audience[*person as usize]).collect();
            let series = Series { times: &times, recipients, weights: &weights };
            let counts = if by_recipient { Counts::Recipients } else { Counts::Messages };
            prop_assert_eq!(bursts(series, window, threshold, counts), brute_force(series, window, threshold, counts));
        }
    }

    #[test]
    fn a_window_is_open_at_its_start_and_closed_at_its_end() {
        let count = |times: &[i64], threshold| {
            let people = vec![0; times.len()];
            let weights = vec![1; times.len()];
            bursts(Series { times, recipients: &people, weights: &weights }, 10, threshold, Counts::Messages).len()
        };
        assert_eq!(count(&[0, 10], 2), 0);
        assert_eq!(count(&[0, 9], 2), 1);
        // Hot at 1 and at 11: the windows (-9, 1] and (1, 11] touch.
        assert_eq!(count(&[0, 1, 10, 11], 2), 1);
        assert_eq!(count(&[0, 1, 11, 12], 2), 2);
    }

    #[test]
    fn distinct_recipients_add_audiences_once() {
        assert_eq!(distinct_recipients(&[1, 2, 1, 3], &[1, 40, 1, 1]), 42);
    }
}
