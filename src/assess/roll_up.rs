//! The roll-up: what each party is exposed to, by rule and by country of the recipients.

use std::collections::BTreeMap;

use super::Grounds;
use super::findings::Finding;
use super::pack::Severity;
use super::runs::count_runs;
use crate::detect::groups::recipients_of;
use crate::message::{CountryCode, country_text};

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
        rows.sort_unstable_by_key(|row| (messages.columns.sent_at.get(*row as usize).copied(), *row));
        rows.dedup();
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
