//! What came near: detectors that nearly fired, contents that are nearly campaigns, runs that are nearly one, rules that
//! do not take some messages and why. Each with its distance to the threshold.
//! The counts are detection's (`detect::peaks`); rules are looked at by `assess::misses`.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::explain::Seen;
use super::instants::utc;
use crate::assess::{Finding, misses};
use crate::detect::clusters::{Cluster, Pair, SHARED_RECIPIENTS};
use crate::detect::groups::recipients_of;
use crate::detect::transactional::Ground;
use crate::detect::{Campaign, Innocent};
use crate::message::{Direction, NO_CONTENT};

/// How many contents that came near are told.
const CONTENTS: usize = 5;

/// A detector and the highest it counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NearDetector {
    /// Name.
    pub detector: String,
    /// In words.
    pub title: String,
    /// Whose figure it is.
    pub mark: &'static str,
    /// Account.
    pub account: String,
    /// Messages that it counts, of those that are told of.
    pub counted: u64,
    /// Highest count.
    pub highest: u64,
    /// First moment of it.
    pub at: Option<String>,
    /// Threshold.
    pub threshold: u64,
    /// Whether that was reached.
    pub reached: bool,
    /// How much was missing.
    pub missing: u64,
}

/// A message beside a burst.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NearMessage {
    /// Id.
    pub message_id: String,
    /// When it was sent.
    pub sent_at: String,
    /// How long before the first, or after the last, message of the burst.
    pub apart_ms: i64,
    /// The count over the window that ends with it.
    pub count: u64,
}

/// A content that is no campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NearContent {
    /// Its fingerprint.
    pub content: String,
    /// Initiated messages.
    pub messages: u64,
    /// Their distinct recipients.
    pub recipients: u64,
    /// From so many on it would be a campaign.
    pub threshold: u64,
    /// `too few`, `answers`, `transactional by words`, `transactional by category`, or `everyday or divided`.
    pub why: &'static str,
}

/// A run and its distance to the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NearRun {
    /// Id.
    pub run_id: String,
    /// First message.
    pub start: String,
    /// Last message.
    pub end: String,
    /// Messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Longest pause inside it.
    pub longest_pause_ms: i64,
    /// Pause since the run before.
    pub since_before_ms: Option<i64>,
}

/// A rule that does not take some messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NearRule {
    /// Rule.
    pub rule: String,
    /// Title.
    pub title: String,
    /// What leaves all of them out: `platform`, `route`, `country`, `days` or `trigger`.
    pub why: &'static str,
    /// Messages looked at.
    pub of: u64,
    /// How many got as far as that question.
    pub left: u64,
    /// What the rule asks for there.
    pub wanted: String,
}

/// Two accounts of a cluster and what links them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NearLink {
    /// One account.
    pub account_a: String,
    /// The other.
    pub account_b: String,
    /// `lockstep` or `recipients`.
    pub link: &'static str,
    /// Runs or recipients that both have.
    pub shared: u64,
    /// Of so many of the one.
    pub of_a: u64,
    /// And of the other.
    pub of_b: u64,
    /// First run that both have; empty for recipients.
    pub run: String,
    /// From so many common recipients on they are linked.
    pub least: u64,
}

/// The links of a cluster.
pub(super) fn links(seen: &Seen<'_>, cluster: &Cluster) -> Vec<NearLink> {
    let link = |pair: &Pair| NearLink {
        account_a: seen.account(pair.accounts.0),
        account_b: seen.account(pair.accounts.1),
        link: pair.link.as_str(),
        shared: pair.shared,
        of_a: pair.of.0,
        of_b: pair.of.1,
        run: pair.run.and_then(|run| seen.again.activity.runs.get(run)).map(|run| run.id.clone()).unwrap_or_default(),
        least: SHARED_RECIPIENTS,
    };
    cluster.pairs.iter().map(link).collect()
}

/// What each detector counted at most over an account, or in windows that hold one of some rows.
pub(super) fn detectors(seen: &Seen<'_>, account: u32, only: Option<&FxHashSet<u32>>) -> Vec<NearDetector> {
    let peaks = seen.lookout.peaks(account, only).into_iter();
    let row = |peak: crate::detect::peaks::Peak| {
        let detector = seen.again.detection.detectors.get(peak.detector)?;
        Some(NearDetector {
            detector: detector.name.clone(),
            title: seen.say(&detector.title),
            mark: detector.mark.as_str(),
            account: seen.account(account),
            counted: peak.counted,
            highest: peak.highest,
            at: peak.at.map(utc),
            threshold: detector.threshold,
            reached: peak.highest >= detector.threshold,
            missing: detector.threshold.saturating_sub(peak.highest),
        })
    };
    peaks.filter_map(row).collect()
}

/// Contents of accounts that came nearest to a campaign, the nearest first.
pub(super) fn contents(seen: &Seen<'_>, accounts: &BTreeSet<u32>) -> Vec<NearContent> {
    let columns = &seen.messages().columns;
    let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in accounts.iter().flat_map(|account| seen.lookout.rows(*account)) {
        let content = columns.content.get(*row as usize).copied().unwrap_or(NO_CONTENT);
        let in_campaign = !seen.again.activity.marks.campaign_id(*row as usize).is_empty();
        if content != NO_CONTENT && !in_campaign && is_initiated(seen, *row) {
            rows.entry(content).or_default().push(*row);
        }
    }
    let mut near: Vec<NearContent> =
        rows.into_iter().map(|(content, rows)| told(seen, content, &rows)).filter(|near| near.recipients > 1).collect();
    near.sort_by(|one, other| other.recipients.cmp(&one.recipients).then_with(|| one.content.cmp(&other.content)));
    near.truncate(CONTENTS);
    near
}

/// What became of the content of a message that is in no campaign; `None` where none is known.
pub(super) fn content_of(seen: &Seen<'_>, row: u32) -> Option<NearContent> {
    let columns = &seen.messages().columns;
    let content = columns.content.get(row as usize).copied().filter(|content| *content != NO_CONTENT)?;
    let same = |row: &u32| columns.content.get(*row as usize) == Some(&content) && is_initiated(seen, *row);
    let rows: Vec<u32> = (0..columns.len() as u32).filter(same).collect();
    Some(told(seen, content, &rows))
}

fn told(seen: &Seen<'_>, content: u32, rows: &[u32]) -> NearContent {
    let threshold = seen.again.detection.campaign.recipients;
    let recipients = recipients_of(seen.messages(), rows);
    let aside = seen.again.activity.set_aside.iter().find(|aside| aside.content == content);
    let why = match aside.map(|aside| aside.why) {
        Some(Innocent::Answers) => "answers",
        Some(Innocent::Transactional(Ground::Category)) => "transactional by category",
        Some(Innocent::Transactional(Ground::Wording)) => "transactional by words",
        None if recipients < threshold => "too few",
        None => "everyday or divided",
    };
    let content = format!("{:032x}", seen.messages().contents.fingerprint(content));
    NearContent { content, messages: rows.len() as u64, recipients, threshold, why }
}

fn is_initiated(seen: &Seen<'_>, row: u32) -> bool {
    seen.again.activity.marks.initiated.get(row as usize) == Some(&true)
}

/// The runs of a campaign with the pauses in and between them.
pub(super) fn runs(seen: &Seen<'_>, campaign: &Campaign) -> Vec<NearRun> {
    let mut last = None;
    let runs = seen.again.activity.runs.get(campaign.runs.clone()).unwrap_or_default().iter();
    runs.map(|run| {
        let rows = campaign.rows.get(run.rows.clone()).unwrap_or_default();
        let pauses = rows.windows(2).filter_map(|pair| Some(seen.at(*pair.last()?) - seen.at(*pair.first()?)));
        NearRun {
            run_id: run.id.clone(),
            start: utc(run.start),
            end: utc(run.end),
            messages: run.rows.len() as u64,
            recipients: run.recipients,
            longest_pause_ms: pauses.max().unwrap_or_default(),
            since_before_ms: last.replace(run.end).map(|end| run.start - end),
        }
    })
    .collect()
}

/// When the recipient of a message last wrote before it, to any of the accounts whose inbound messages count.
pub(super) fn last_inbound(seen: &Seen<'_>, row: u32) -> Option<i64> {
    let (columns, at) = (&seen.messages().columns, seen.at(row));
    let recipient = columns.recipient.get(row as usize)?;
    let account = columns.account.get(row as usize).copied()?;
    let client = seen.messages().accounts.get(account as usize)?.client.as_deref();
    let from = seen.again.activity.accounts.get(account as usize)?.replies_from;
    let others = (0..seen.messages().accounts.len() as u32).filter(|other| match from {
        crate::detect::Inbound::Own => *other == account,
        crate::detect::Inbound::Client => {
            client.is_some()
                && seen.messages().accounts.get(*other as usize).and_then(|other| other.client.as_deref()) == client
        }
        crate::detect::Inbound::None => false,
    });
    let inbound = |row: &&u32| {
        columns.direction.get(**row as usize) == Some(&Direction::Inbound)
            && columns.recipient.get(**row as usize) == Some(recipient)
            && seen.at(**row) <= at
    };
    others.flat_map(|other| seen.lookout.rows(other).iter().filter(inbound)).map(|row| seen.at(*row)).max()
}

/// Rules that take none of some messages, and what leaves them out.
pub(super) fn rules(seen: &Seen<'_>, rows: &[u32]) -> Vec<NearRule> {
    let outbound = |row: &u32| seen.messages().columns.direction.get(*row as usize) == Some(&Direction::Outbound);
    let rows: Vec<u32> = rows.iter().copied().filter(outbound).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut of_rule: BTreeMap<(usize, usize), BTreeSet<u32>> = BTreeMap::new();
    for finding in &seen.assessed.assessment.findings {
        let own = |finding: &Finding| finding.rows.clone();
        of_rule.entry((finding.pack, finding.rule)).or_default().extend(own(finding));
    }
    let grounds = seen.again.grounds(&seen.assessed.packs, seen.wording, None);
    let taken = |pack, rule, row| of_rule.get(&(pack, rule)).is_some_and(|rows| rows.contains(&row));
    let all = misses(grounds, &rows, &taken).into_iter().filter(|miss| miss.of == rows.len() as u64);
    let told = all.filter_map(|miss| {
        let pack = seen.assessed.packs.get(miss.pack)?;
        let rule = pack.rules.get(miss.rule)?;
        let list = |words: Vec<&str>| words.join(", ");
        let day = |day: Option<jiff::civil::Date>| day.map_or_else(|| "…".to_owned(), |day| day.to_string());
        let (why, left, wanted) = if miss.platform == 0 {
            let platforms = rule.platforms.as_deref().unwrap_or(&pack.platforms);
            ("platform", miss.of, list(platforms.iter().map(|platform| platform.as_str()).collect()))
        } else if miss.route == 0 {
            ("route", miss.platform, list(rule.routes.iter().map(|route| route.as_str()).collect()))
        } else if miss.country == 0 {
            ("country", miss.route, rule.countries.join(", "))
        } else if miss.days == 0 {
            ("days", miss.country, format!("{} – {}", day(rule.from), day(rule.to)))
        } else {
            ("trigger", miss.days, trigger(rule))
        };
        Some(NearRule { rule: rule.id.clone(), title: seen.say(&rule.title), why, of: miss.of, left, wanted })
    });
    told.collect()
}

/// What a rule measures, as its pack says it.
fn trigger(rule: &crate::assess::pack::Rule) -> String {
    let Ok(serde_json::Value::Object(mut members)) = serde_json::to_value(&rule.trigger) else { return String::new() };
    let kind = members.remove("kind").map(|kind| super::reading::text_of(&kind)).unwrap_or_default();
    let filled = members.iter().filter(|(_, value)| !value.is_null());
    let parameters: Vec<String> =
        filled.map(|(name, value)| format!("{name} {}", super::reading::text_of(value))).collect();
    if parameters.is_empty() { kind } else { format!("{kind}: {}", parameters.join(", ")) }
}
