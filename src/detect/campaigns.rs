//! Campaigns and their runs: one content to many distinct recipients, at any rate, from any number of accounts.
//! Only initiated messages count toward the threshold; replies of the same content are counted beside.
//! What a content is was settled at ingest; bursts are found elsewhere.

use std::collections::BTreeSet;

use super::bursts::{Series, bursts};
use super::groups::{pick, recipients_of};
use super::mining::Group;
use super::name::agreement;
use super::settings::{Counts, Settings};
use super::transactional::{Ground, ground, is_rush};
use crate::message::{ContentKind, Messages};

/// A campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// `C-` and 10 hex digits of the name, of the text, or of the words that most of the texts have.
    pub id: String,
    /// Index of the content; where several are joined, the most frequent one.
    pub content: u32,
    /// A text of the campaign as it was sent; empty where none is known.
    pub sample: String,
    /// That text with `*` for what differs; empty where none is known.
    pub template: String,
    /// Distinct normalised texts; 0 where none is known.
    pub texts: u64,
    /// What makes the messages one campaign.
    pub joined_by: JoinedBy,
    /// Where a name makes it one: how far the texts under the name agree, 0 to 1; see [`super::name`].
    pub agreement: Option<f64>,
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
    /// Messages that went out with it to people whose service window was open: they bear its id and count nowhere.
    pub beside: Vec<u32>,
}

/// What makes messages one campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JoinedBy {
    /// One normalised text.
    #[default]
    Text,
    /// Texts that mining found to be one.
    Template,
    /// The name that the export gives.
    Name,
}

impl JoinedBy {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Template => "template",
            Self::Name => "name",
        }
    }
}

/// Why a content that reached enough recipients is no campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Innocent {
    /// Notices that the recipients caused.
    Transactional(Ground),
    /// Answers, most of them inside the service window.
    Answers,
}

/// A content that reached enough recipients and is no campaign all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct SetAside {
    /// Index of the content.
    pub content: u32,
    /// Why.
    pub why: Innocent,
    /// Its initiated messages.
    pub messages: u64,
    /// Their distinct recipients.
    pub recipients: u64,
}

/// What one content gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A campaign with its runs.
    Campaign(Box<Campaign>, Vec<Run>),
    /// No campaign although it reached enough.
    SetAside(SetAside),
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

/// What one content gives; `None` when it did not reach enough.
#[must_use]
pub fn campaign(messages: &Messages, group: &Group, initiated: &[bool], settings: &Settings) -> Option<Found> {
    let columns = &messages.columns;
    let threshold = settings.campaign.recipients;
    let all: Vec<u32> =
        group.rows.iter().copied().filter(|row| initiated.get(*row as usize).copied().unwrap_or(false)).collect();
    if recipients_of(messages, &all) < threshold {
        return None;
    }
    let own = counting(messages, group, all);
    let recipients = recipients_of(messages, &own);
    if recipients < threshold {
        return None;
    }
    let content = group.content;
    let words = messages.contents.words.get(&content);
    let (sample, template, texts, fingerprint) = match &group.text {
        Some(text) => (text.sample.clone(), text.template.clone(), text.texts, text.fingerprint),
        None => {
            let sample = words.map(|words| words.sample.clone()).unwrap_or_default();
            (sample.clone(), sample, 0, messages.contents.fingerprint(content))
        }
    };
    let replies = group.rows.len() - own.len();
    let aside = |why| {
        let (messages, content) = (own.len() as u64, group.content);
        Some(Found::SetAside(SetAside { content, why, messages, recipients }))
    };
    if let Some(ground) = ground(messages, &own, &template, &settings.wording, threshold) {
        return aside(Innocent::Transactional(ground));
    }
    if replies >= own.len() && !is_rush(messages, &own, threshold) {
        return aside(Innocent::Answers);
    }
    let times = pick(&columns.sent_at, &own);
    let id = format!("C-{:010x}", (fingerprint >> 88) as u64);
    let runs = runs(messages, &id, &own, &times, settings.run.milliseconds);
    let joined_by = match messages.contents.kind(content) {
        ContentKind::Text if texts > 1 => JoinedBy::Template,
        ContentKind::Text => JoinedBy::Text,
        ContentKind::Campaign | ContentKind::Template => JoinedBy::Name,
    };
    let campaign = Campaign {
        id,
        content,
        sample,
        template,
        texts,
        joined_by,
        agreement: words.and_then(|words| agreement(&words.texts)),
        accounts: accounts_of(messages, &own),
        first_sent: times.first().copied().unwrap_or_default(),
        last_sent: times.last().copied().unwrap_or_default(),
        recipients,
        replies: replies as u64,
        runs: 0..runs.len(),
        coordinated: runs.iter().any(|run| run.accounts.len() > 1),
        drip: true,
        beside: beside(messages, group, &own, initiated),
        rows: own,
    };
    Some(Found::Campaign(Box::new(campaign), runs))
}

/// An answer is written when somebody asked; a copy of a mass send goes out when its neighbours do. So far apart they
/// may stand.
const BESIDE_MS: i64 = 900_000;

/// Messages of the content inside service windows that an account sent within minutes of copies that it initiated.
fn beside(messages: &Messages, group: &Group, own: &[u32], initiated: &[bool]) -> Vec<u32> {
    let columns = &messages.columns;
    let key = |row: &u32| {
        let row = *row as usize;
        (columns.account.get(row).copied().unwrap_or_default(), columns.sent_at.get(row).copied().unwrap_or_default())
    };
    let mut copies: Vec<(u32, i64)> = own.iter().map(key).collect();
    copies.sort_unstable();
    let is_near = |row: &u32| {
        let (account, at) = key(row);
        let next = copies.partition_point(|copy| *copy < (account, at));
        let near = copies.get(next.saturating_sub(1)..(next + 1).min(copies.len())).unwrap_or_default();
        near.iter().any(|(other, other_at)| *other == account && (other_at - at).abs() <= BESIDE_MS)
    };
    let inside = |row: &&u32| !initiated.get(**row as usize).copied().unwrap_or(true);
    group.rows.iter().filter(inside).copied().filter(is_near).collect()
}

/// Everyday texts: (fewer words than this, window, recipients of one account within it that make a mass send).
const EVERYDAY: [(f64, i64, u64); 2] = [(5.0, 86_400_000, 20), (16.0, 86_400_000, 8)];
/// A text with a link needs no more words than this to be nobody's everyday text.
const LINK_WORDS: f64 = 5.0;

/// The messages that count: all, but of an everyday text ("ok danke") only those of an account that sent it to many
/// within a short time. Many people say the same in few words, and nobody told them to.
fn counting(messages: &Messages, group: &Group, rows: Vec<u32>) -> Vec<u32> {
    let Some(text) = &group.text else { return rows };
    if text.link && text.words >= LINK_WORDS {
        return rows;
    }
    let Some((_, window, least)) = EVERYDAY.iter().find(|(words, _, _)| text.words < *words) else { return rows };
    let columns = &messages.columns;
    let account = |row: &u32| columns.account.get(*row as usize).copied().unwrap_or_default();
    let mut by_account = rows;
    // Stable: inside an account the order of time stays.
    by_account.sort_by_key(account);
    let mut kept = Vec::new();
    for rows in by_account.chunk_by(|one, next| account(one) == account(next)) {
        let times = pick(&columns.sent_at, rows);
        let recipients = pick(&columns.recipient, rows);
        let weights = pick(&messages.recipients.audience, &recipients);
        let series = Series { times: &times, recipients: &recipients, weights: &weights };
        for span in bursts(series, *window, *least, Counts::Recipients) {
            kept.extend_from_slice(rows.get(span.first..span.end).unwrap_or_default());
        }
    }
    super::mining::order(messages, &mut kept);
    kept
}

fn runs(messages: &Messages, id: &str, rows: &[u32], times: &[i64], gap_ms: i64) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut start = 0;
    for end in 1..=times.len() {
        let goes_on = times.get(end).zip(times.get(end - 1)).is_some_and(|(next, last)| next - last <= gap_ms);
        if !goes_on {
            runs.push(run(messages, id, rows, times, start..end));
            start = end;
        }
    }
    runs
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
