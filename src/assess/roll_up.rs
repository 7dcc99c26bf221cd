//! The roll-up: what each party is exposed to, by rule and by country of the recipients; and mass sends before and after
//! 7 December 2019 side by side, by account and route. Counts are those of the findings and of detection; no rule is
//! applied here.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::Grounds;
use super::findings::Finding;
use super::pack::Severity;
use super::runs::count_runs;
use crate::detect::groups::recipients_of;
use crate::message::{CountryCode, Direction, Route, country_text};

/// One line of the roll-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// Name of the exposed party.
    pub exposed: String,
    /// Rule.
    pub rule: String,
    /// Country of the recipients, empty when unknown.
    pub country: String,
    /// Gravest severity.
    pub severity: Severity,
    /// Findings.
    pub findings: u64,
    /// Messages.
    pub messages: u64,
    /// Runs.
    pub runs: u64,
    /// Distinct recipients.
    pub recipients: u64,
    /// First send, UTC milliseconds.
    pub first_sent: i64,
    /// Last send, UTC milliseconds.
    pub last_sent: i64,
}

/// Findings by exposed party, rule and country of the recipients.
pub fn roll_up(grounds: Grounds<'_>, findings: &[Finding]) -> Vec<Exposure> {
    let messages = grounds.messages;
    let mut groups: BTreeMap<(String, String, String), Vec<(&Finding, Vec<u32>)>> = BTreeMap::new();
    for finding in findings {
        let Some(rule) = grounds.packs.get(finding.pack).and_then(|pack| pack.rules.get(finding.rule)) else {
            continue;
        };
        let mut by_country: BTreeMap<Option<CountryCode>, Vec<u32>> = BTreeMap::new();
        for row in &finding.rows {
            by_country.entry(messages.country(*row as usize)).or_default().push(*row);
        }
        for (_, name) in &finding.exposed {
            for (country, rows) in &by_country {
                let key = (name.clone(), rule.id.clone(), country_text(country).to_owned());
                groups.entry(key).or_default().push((finding, rows.clone()));
            }
        }
    }
    let exposure = groups.into_iter().map(|((exposed, rule, country), parts)| {
        let mut rows: Vec<u32> = parts.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
        if parts.len() > 1 {
            rows.sort_unstable_by_key(|row| (messages.columns.sent_at.get(*row as usize).copied(), *row));
            rows.dedup();
        }
        let at = |row: Option<&u32>| {
            row.and_then(|row| messages.columns.sent_at.get(*row as usize)).copied().unwrap_or_default()
        };
        Exposure {
            exposed,
            rule,
            country,
            severity: parts.iter().map(|(finding, _)| finding.severity).max().unwrap_or(Severity::Info),
            findings: parts.len() as u64,
            messages: rows.len() as u64,
            runs: count_runs(grounds, &rows),
            recipients: recipients_of(messages, &rows),
            first_sent: at(rows.first()),
            last_sent: at(rows.last()),
        }
    });
    exposure.collect()
}

/// The day that WhatsApp announced in 2019. No zone was stated, so the day itself stands apart.
pub const BOUNDARY_DAY: Date = date(2019, 12, 7);

/// Mass sends of one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Messages in campaigns or bursts.
    pub messages: u64,
    /// Their distinct recipients, each stated audience adding its size.
    pub recipients: u64,
    /// Runs that they belong to; one that crosses a boundary counts on both sides.
    pub runs: u64,
    /// First send, UTC milliseconds.
    pub first_sent: Option<i64>,
    /// Last send, UTC milliseconds.
    pub last_sent: Option<i64>,
}

/// Mass sends of one account by one route, before, on and after the boundary day of the matter's calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeforeAfter {
    /// Account and route; `None` for all together.
    pub sender: Option<(u32, Route)>,
    /// Until the day before.
    pub before: Sent,
    /// On the day itself.
    pub day: Sent,
    /// From the day after.
    pub after: Sent,
}

/// Mass sends side by side: all together first, then by account and route, in order of accounts.
pub fn before_after(grounds: Grounds<'_>) -> Vec<BeforeAfter> {
    let columns = &grounds.messages.columns;
    let marks = &grounds.activity.marks;
    let mut mass: Vec<bool> = marks.campaign.iter().map(|campaign| *campaign > 0).collect();
    for (row, _) in &marks.bursts {
        if let Some(slot) = mass.get_mut(*row as usize) {
            *slot = true;
        }
    }
    let mut senders: BTreeMap<(u32, Route), Vec<u32>> = BTreeMap::new();
    let mut all = Vec::new();
    for (row, account) in columns.account.iter().enumerate() {
        if mass.get(row) == Some(&true) && columns.direction.get(row) == Some(&Direction::Outbound) {
            let route = columns.route.get(row).copied().unwrap_or_default();
            senders.entry((*account, route)).or_default().push(row as u32);
            all.push(row as u32);
        }
    }
    let (start, end) = (grounds.calendar.start(BOUNDARY_DAY), grounds.calendar.end(BOUNDARY_DAY));
    let sent = |rows: &[u32], inside: &dyn Fn(i64) -> bool| {
        let at = |row: &u32| columns.sent_at.get(*row as usize).copied().unwrap_or_default();
        let mut rows: Vec<u32> = rows.iter().copied().filter(|row| inside(at(row))).collect();
        rows.sort_unstable_by_key(|row| (at(row), *row));
        Sent {
            messages: rows.len() as u64,
            recipients: recipients_of(grounds.messages, &rows),
            runs: count_runs(grounds, &rows),
            first_sent: rows.first().map(at),
            last_sent: rows.last().map(at),
        }
    };
    let row = |sender, rows: &[u32]| BeforeAfter {
        sender,
        before: sent(rows, &|at| at < start),
        day: sent(rows, &|at| (start..end).contains(&at)),
        after: sent(rows, &|at| at >= end),
    };
    let lines = senders.iter().map(|(sender, rows)| row(Some(*sender), rows));
    std::iter::once(row(None, &all)).chain(lines).filter(|line| line.sender.is_some() || !all.is_empty()).collect()
}
