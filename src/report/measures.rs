//! What detection measured beside bursts and campaigns: rows of the extract and the files of `csv/` they are written to.
//! Names stand for indices, RFC 3339 for instants; nothing is computed here.
//! The measures themselves are defined in `detect`.

use serde::Serialize;

use super::instants::utc;
use super::tables::Kind::{Number, Text, Time};
use super::tables::{Column, RowSink, Source};
use super::{ReportError, ReportInput};
use crate::detect::clusters::Pair;
use crate::detect::completeness::{At, Check, SourceCheck};
use crate::detect::measures::{LimitCheck, SpeedOf};
use crate::detect::robustness::Setting;

/// A finding about the logs themselves.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceCheckRow {
    /// What.
    pub check: &'static str,
    /// Account, where it is about one.
    pub account: String,
    /// File of the record before, or of the first of two.
    pub file: String,
    /// The record.
    pub record: u32,
    /// File of the record after, or of the second of two.
    pub other_file: String,
    /// The record.
    pub other_record: u32,
    /// How often; for missing ids how many numbers.
    pub count: u64,
    /// Of how many, where that means something.
    pub of: Option<u64>,
    /// Last time before.
    pub from: Option<String>,
    /// First time after.
    pub to: Option<String>,
    /// Length of the silence, greatest jump or shift, in milliseconds.
    pub size_ms: Option<i64>,
}

/// A tier of the messaging limits and what a number or portfolio reached.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LimitCheckRow {
    /// `number` or `portfolio`.
    pub scope: &'static str,
    /// The account, or the client.
    pub subject: String,
    /// Accounts counted together.
    pub accounts: Vec<String>,
    /// First moment looked at.
    pub first_sent: String,
    /// Last moment looked at.
    pub last_sent: String,
    /// Window.
    pub window_ms: i64,
    /// Tier.
    pub tier: u64,
    /// First moment above it.
    pub passed_at: Option<String>,
    /// Highest count ever reached.
    pub highest: u64,
    /// First moment of it.
    pub highest_at: String,
    /// Whose figure the tier is.
    pub mark: &'static str,
}

/// A step of a speed profile.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SpeedRow {
    /// `account` or `campaign`.
    pub of: &'static str,
    /// Account or campaign id.
    pub subject: String,
    /// Distinct recipients.
    pub recipients: u64,
    /// Shortest time in which so many were reached.
    pub shortest_ms: i64,
    /// First message of the first such stretch.
    pub from: String,
    /// Its last message.
    pub to: String,
}

/// A stretch of raised intensity.
#[derive(Clone, Debug, Default, Serialize)]
pub struct IntensityRow {
    /// Account.
    pub account: String,
    /// Highest level of which this is the stretch, from 1.
    pub level: u8,
    /// Lowest one.
    pub from_level: u8,
    /// First message.
    pub start: String,
    /// Last message.
    pub end: String,
    /// Messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
}

/// Two linked accounts of a cluster.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ClusterRow {
    /// Id of the cluster.
    pub cluster_id: String,
    /// Accounts in the cluster.
    pub accounts: u64,
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
    /// First shared run.
    pub run_id: String,
    /// Its campaign.
    pub campaign_id: String,
}

fn account(input: &ReportInput<'_>, index: u32) -> String {
    input.ingested.messages.accounts.get(index as usize).map(|account| account.id.clone()).unwrap_or_default()
}

fn file<'a>(input: &'a ReportInput<'_>, index: u32) -> &'a str {
    input.ingested.messages.files.get(index as usize).map_or("", String::as_str)
}

/// Findings about the logs.
#[must_use]
pub fn source_checks(input: &ReportInput<'_>) -> Vec<SourceCheckRow> {
    let place = |at: At| (file(input, at.file).to_owned(), at.record);
    let row = |check: &SourceCheck| {
        let ((file, record), (other_file, other_record)) = (place(check.first), place(check.second));
        let has_size = !matches!(check.check, Check::MissingIds | Check::TwoContents);
        SourceCheckRow {
            check: check.check.as_str(),
            account: check.account.map(|index| account(input, index)).unwrap_or_default(),
            file,
            record,
            other_file,
            other_record,
            count: check.count,
            of: Some(check.of).filter(|of| *of > 0),
            from: check.from.map(utc),
            to: check.to.map(utc),
            size_ms: has_size.then_some(check.size_ms),
        }
    };
    input.activity.measures.source.iter().map(row).collect()
}

/// Limit checks, a row for each tier.
#[must_use]
pub fn limit_checks(input: &ReportInput<'_>) -> Vec<LimitCheckRow> {
    let limit = &input.detection.limit;
    let rows = |check: &LimitCheck| {
        let accounts: Vec<String> = check.accounts.iter().map(|index| account(input, *index)).collect();
        let first = accounts.first().cloned().unwrap_or_default();
        let of_client = check.scope == crate::detect::measures::LimitScope::Portfolio;
        let subject = check.client.clone().filter(|_| of_client).unwrap_or(first);
        let row = |(tier, passed): &(u64, Option<i64>)| LimitCheckRow {
            scope: check.scope.as_str(),
            subject: subject.clone(),
            accounts: accounts.clone(),
            first_sent: utc(check.reach.from),
            last_sent: utc(check.reach.to),
            window_ms: limit.window_ms,
            tier: *tier,
            passed_at: passed.map(utc),
            highest: check.reach.highest,
            highest_at: utc(check.reach.highest_at),
            mark: limit.mark.as_str(),
        };
        check.reach.passed.iter().map(row).collect::<Vec<_>>()
    };
    input.activity.measures.limits.iter().flat_map(rows).collect()
}

/// Speed profiles, a row for each step.
#[must_use]
pub fn speeds(input: &ReportInput<'_>) -> Vec<SpeedRow> {
    let rows = |(of, steps): &(SpeedOf, Vec<crate::detect::speed::Step>)| {
        let (of, subject) = match of {
            SpeedOf::Account(index) => ("account", account(input, *index)),
            SpeedOf::Campaign(index) => {
                let campaign = input.activity.campaigns.get(*index);
                ("campaign", campaign.map(|campaign| campaign.id.clone()).unwrap_or_default())
            }
        };
        let row = |step: &crate::detect::speed::Step| SpeedRow {
            of,
            subject: subject.clone(),
            recipients: step.recipients,
            shortest_ms: step.shortest_ms,
            from: utc(step.from),
            to: utc(step.to),
        };
        steps.iter().map(row).collect::<Vec<_>>()
    };
    input.activity.measures.speeds.iter().flat_map(rows).collect()
}

/// Stretches of raised intensity.
#[must_use]
pub fn intensity(input: &ReportInput<'_>) -> Vec<IntensityRow> {
    let row = |stretch: &crate::detect::measures::Intense| IntensityRow {
        account: account(input, stretch.account),
        level: stretch.level,
        from_level: stretch.from_level,
        start: utc(stretch.start),
        end: utc(stretch.end),
        messages: stretch.messages,
        recipients: stretch.recipients,
    };
    input.activity.measures.intensity.iter().map(row).collect()
}

/// Account clusters, a row for each pair of linked accounts.
#[must_use]
pub fn clusters(input: &ReportInput<'_>) -> Vec<ClusterRow> {
    let activity = input.activity;
    let rows = activity.measures.clusters.iter().flat_map(|cluster| {
        cluster.pairs.iter().map(|pair: &Pair| {
            let run = pair.run.and_then(|run| activity.runs.get(run));
            let campaign = run.and_then(|run| activity.campaigns.get(run.campaign));
            ClusterRow {
                cluster_id: cluster.id.clone(),
                accounts: cluster.accounts.len() as u64,
                account_a: account(input, pair.accounts.0),
                account_b: account(input, pair.accounts.1),
                link: pair.link.as_str(),
                shared: pair.shared,
                of_a: pair.of.0,
                of_b: pair.of.1,
                run_id: run.map(|run| run.id.clone()).unwrap_or_default(),
                campaign_id: campaign.map(|campaign| campaign.id.clone()).unwrap_or_default(),
            }
        })
    });
    rows.collect()
}

/// The words `robust` or `depends on a setting`, and the settings.
#[must_use]
pub fn robustness(input: &ReportInput<'_>, settings: Option<&Vec<Setting>>) -> (&'static str, Vec<String>) {
    let words = |setting: &Setting| match setting {
        Setting::Threshold => "threshold+10%".to_owned(),
        Setting::Window => "window-10%".to_owned(),
        Setting::ReplyWindow => "reply_window+10%".to_owned(),
        Setting::RunGap => "coordinated:run_gap-10%".to_owned(),
        Setting::Zone(index) => format!("zone:{}", index.map_or("all guessed", |index| file(input, index))),
        Setting::DateOrder(index) => format!("date_order:{}", index.map_or("all guessed", |index| file(input, index))),
    };
    let depends: Vec<String> = settings.map(|settings| settings.iter().map(words).collect()).unwrap_or_default();
    (if depends.is_empty() { "robust" } else { "depends on a setting" }, depends)
}

fn text(value: &Option<impl ToString>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Its columns.
pub const SOURCE_CHECKS_COLUMNS: &[Column] = &[
    ("check", Text),
    ("account", Text),
    ("file", Text),
    ("record", Number),
    ("other_file", Text),
    ("other_record", Number),
    ("count", Number),
    ("of", Number),
    ("from", Time),
    ("to", Time),
    ("size_ms", Number),
];

/// `source_checks.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write_source_checks(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.source_checks {
        sink.row(&[
            row.check,
            &row.account,
            &row.file,
            &row.record.to_string(),
            &row.other_file,
            &row.other_record.to_string(),
            &row.count.to_string(),
            &text(&row.of),
            &text(&row.from),
            &text(&row.to),
            &text(&row.size_ms),
        ])?;
    }
    Ok(())
}

/// Its columns.
pub const LIMIT_CHECKS_COLUMNS: &[Column] = &[
    ("scope", Text),
    ("subject", Text),
    ("accounts", Text),
    ("first_sent", Time),
    ("last_sent", Time),
    ("window_ms", Number),
    ("tier", Number),
    ("passed_at", Time),
    ("highest", Number),
    ("highest_at", Time),
    ("mark", Text),
];

/// `limit_checks.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write_limit_checks(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.limit_checks {
        sink.row(&[
            row.scope,
            &row.subject,
            &row.accounts.join(" "),
            &row.first_sent,
            &row.last_sent,
            &row.window_ms.to_string(),
            &row.tier.to_string(),
            &text(&row.passed_at),
            &row.highest.to_string(),
            &row.highest_at,
            row.mark,
        ])?;
    }
    Ok(())
}

/// Its columns.
pub const SPEED_COLUMNS: &[Column] =
    &[("of", Text), ("subject", Text), ("recipients", Number), ("shortest_ms", Number), ("from", Time), ("to", Time)];

/// `speed.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write_speed(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.speed {
        sink.row(&[
            row.of,
            &row.subject,
            &row.recipients.to_string(),
            &row.shortest_ms.to_string(),
            &row.from,
            &row.to,
        ])?;
    }
    Ok(())
}

/// Its columns.
pub const INTENSITY_COLUMNS: &[Column] = &[
    ("account", Text),
    ("level", Number),
    ("from_level", Number),
    ("start", Time),
    ("end", Time),
    ("messages", Number),
    ("recipients", Number),
];

/// `intensity.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write_intensity(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.intensity {
        sink.row(&[
            &row.account,
            &row.level.to_string(),
            &row.from_level.to_string(),
            &row.start,
            &row.end,
            &row.messages.to_string(),
            &row.recipients.to_string(),
        ])?;
    }
    Ok(())
}

/// Its columns.
pub const ACCOUNT_CLUSTERS_COLUMNS: &[Column] = &[
    ("cluster_id", Text),
    ("accounts", Number),
    ("account_a", Text),
    ("account_b", Text),
    ("link", Text),
    ("shared", Number),
    ("of_a", Number),
    ("of_b", Number),
    ("run_id", Text),
    ("campaign_id", Text),
];

/// `account_clusters.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write_clusters(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.account_clusters {
        sink.row(&[
            &row.cluster_id,
            &row.accounts.to_string(),
            &row.account_a,
            &row.account_b,
            row.link,
            &row.shared.to_string(),
            &row.of_a.to_string(),
            &row.of_b.to_string(),
            &row.run_id,
            &row.campaign_id,
        ])?;
    }
    Ok(())
}
