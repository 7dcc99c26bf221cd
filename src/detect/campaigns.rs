//! Campaigns and their runs: one content to many distinct recipients, at any rate, from any number of accounts.
//! Only initiated messages count toward the threshold; replies of the same content are counted beside.
//! What a content is was settled at ingest; bursts are found elsewhere.

use std::collections::BTreeSet;

use super::bursts::distinct_recipients;
use super::groups::pick;
use crate::message::Messages;

/// A campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// `C-` and 10 hex digits of the content's fingerprint.
    pub id: String,
    /// Index of the content.
    pub content: u32,
    /// Accounts that sent it.
    pub accounts: Vec<u32>,
    /// First initiated send, UTC milliseconds.
    pub first_sent: i64,
    /// Last initiated send, UTC milliseconds.
    pub last_sent: i64,
    /// Distinct recipients of initiated messages, each stated audience adding its size.
    pub recipients: u64,
    /// Messages of the content inside service windows.
    pub replies: u64,
    /// Its runs, in order of time, as indices into the activity's runs.
    pub runs: std::ops::Range<usize>,
    /// Whether two accounts or more sent it within one run.
    pub coordinated: bool,
    /// Whether no burst detector was tripped by any of its messages. Set when bursts are known.
    pub drip: bool,
    /// Its initiated messages, by time.
    pub rows: Vec<u32>,
}

/// A part of a campaign without a long gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `R-` and 10 hex digits.
    pub id: String,
    /// Index of the campaign.
    pub campaign: usize,
    /// First send, UTC milliseconds.
    pub start: i64,
    /// Last send, UTC milliseconds.
    pub end: i64,
    /// Accounts that sent in it.
    pub accounts: Vec<u32>,
    /// Distinct recipients, each stated audience adding its size.
    pub recipients: u64,
    /// Median gap between its messages in milliseconds; `None` with fewer than two messages.
    pub median_gap_ms: Option<f64>,
    /// Standard deviation of the gaps over their mean (population); `None` with fewer than two gaps or a mean of 0.
    pub gap_cv: Option<f64>,
    /// Its messages, as positions in the campaign's rows.
    pub rows: std::ops::Range<usize>,
}

/// What one content gives, when it is a campaign.
#[must_use]
pub fn campaign(
    messages: &Messages,
    content: u32,
    rows: &[u32],
    initiated: &[bool],
    threshold: u64,
    gap_ms: i64,
) -> Option<(Campaign, Vec<Run>)> {
    let columns = &messages.columns;
    let own: Vec<u32> =
        rows.iter().copied().filter(|row| initiated.get(*row as usize).copied().unwrap_or(false)).collect();
    let recipients = recipients_of(messages, &own);
    if recipients < threshold {
        return None;
    }
    let times = pick(&columns.sent_at, &own);
    let fingerprint = messages.contents.fingerprint(content);
    let id = format!("C-{:010x}", (fingerprint >> 88) as u64);
    let mut runs = Vec::new();
    let mut start = 0;
    for end in 1..=times.len() {
        let goes_on = times.get(end).zip(times.get(end - 1)).is_some_and(|(next, last)| next - last <= gap_ms);
        if !goes_on {
            runs.push(run(messages, &id, &own, &times, start..end));
            start = end;
        }
    }
    let coordinated = runs.iter().any(|run| run.accounts.len() > 1);
    let campaign = Campaign {
        id,
        content,
        accounts: accounts_of(messages, &own),
        first_sent: times.first().copied().unwrap_or_default(),
        last_sent: times.last().copied().unwrap_or_default(),
        recipients,
        replies: (rows.len() - own.len()) as u64,
        runs: 0..runs.len(),
        coordinated,
        drip: true,
        rows: own,
    };
    Some((campaign, runs))
}

fn run(messages: &Messages, campaign: &str, rows: &[u32], times: &[i64], part: std::ops::Range<usize>) -> Run {
    let rows = rows.get(part.clone()).unwrap_or_default();
    let times = times.get(part.clone()).unwrap_or_default();
    let start = times.first().copied().unwrap_or_default();
    let (median_gap_ms, gap_cv) = gaps(times);
    Run {
        id: super::id("R", &[campaign.as_bytes(), &start.to_le_bytes()]),
        campaign: 0,
        start,
        end: times.last().copied().unwrap_or_default(),
        accounts: accounts_of(messages, rows),
        recipients: recipients_of(messages, rows),
        median_gap_ms,
        gap_cv,
        rows: part,
    }
}

fn accounts_of(messages: &Messages, rows: &[u32]) -> Vec<u32> {
    pick(&messages.columns.account, rows).into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn recipients_of(messages: &Messages, rows: &[u32]) -> u64 {
    let recipients = pick(&messages.columns.recipient, rows);
    let weights = pick(&messages.recipients.audience, &recipients);
    distinct_recipients(&recipients, &weights)
}

/// Median gap and coefficient of variation of the gaps.
#[must_use]
pub fn gaps(times: &[i64]) -> (Option<f64>, Option<f64>) {
    let mut gaps: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
    gaps.sort_unstable();
    let middle = gaps.len() / 2;
    let upper = gaps.get(middle).copied();
    let median = upper.map(|upper| {
        let lower = if gaps.len().is_multiple_of(2) {
            middle.checked_sub(1).and_then(|at| gaps.get(at)).copied()
        } else {
            None
        };
        (upper + lower.unwrap_or(upper)) as f64 / 2.0
    });
    let count = gaps.len() as f64;
    let mean = gaps.iter().map(|gap| *gap as f64).sum::<f64>() / count;
    let variance = gaps.iter().map(|gap| (*gap as f64 - mean).powi(2)).sum::<f64>() / count;
    let variation = (gaps.len() > 1 && mean > 0.0).then(|| variance.sqrt() / mean);
    (median, variation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_measured() {
        assert_eq!(gaps(&[]), (None, None));
        assert_eq!(gaps(&[5]), (None, None));
        assert_eq!(gaps(&[0, 10]), (Some(10.0), None));
        assert_eq!(gaps(&[0, 10, 20]), (Some(10.0), Some(0.0)));
        let (median, variation) = gaps(&[0, 10, 40]);
        assert_eq!(median, Some(20.0));
        assert_eq!(variation, Some(0.5));
        assert_eq!(gaps(&[7, 7, 7]).1, None);
    }
}
