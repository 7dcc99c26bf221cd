//! Stage four: activity, case and rule packs in; findings and the exposure roll-up out.
//! The law of the day of sending applies: rows of one rule are split where the rule or its basis changes.
//! Nothing is claimed that the logs do not show: what they cannot show is a stated limit.

mod calendar;
pub mod pack;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use calendar::{Calendar, UnknownZone};
pub use pack::{Pack, PackError, Party, Severity};

use crate::case::{Case, Region};
use crate::detect::settings::Title;
use crate::detect::{Activity, Detector, Mark, id};
use crate::message::{CountryCode, Messages, Platform, Route, ZoneBasis, country_text};
use pack::{BasisVersion, Rule, Trigger};

/// How many of a finding's messages fall on a boundary day, by the zone in which the day is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryDay {
    /// The day.
    pub day: Date,
    /// (zone, messages).
    pub readings: Vec<(String, u64)>,
}

/// One rule met by one account over one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `F-` and 10 hex digits.
    pub id: String,
    /// Index of the pack.
    pub pack: usize,
    /// Index of the rule in the pack.
    pub rule: usize,
    /// Severity, after links.
    pub severity: Severity,
    /// Account.
    pub account: u32,
    /// Exposed parties by name; a role in angle brackets where the case file names nobody.
    pub exposed: Vec<(Party, String)>,
    /// Clauses in force, with their marks.
    pub basis: Vec<(Title, Mark)>,
    /// First send, UTC milliseconds.
    pub first_sent: i64,
    /// Last send, UTC milliseconds.
    pub last_sent: i64,
    /// Distinct runs; messages outside campaigns count as runs between long gaps.
    pub runs: u64,
    /// Distinct recipients, each stated audience adding its size.
    pub recipients: u64,
    /// Messages on a boundary day.
    pub boundary_day: Option<BoundaryDay>,
    /// Earliest limitation by each period: (words, last day, mark).
    pub limitation: Vec<(Title, Date, Mark)>,
    /// What speaks for the sender.
    pub counter_evidence: Vec<Title>,
    /// What the logs cannot show.
    pub limits: Vec<Title>,
    /// Its messages, ascending by time.
    pub rows: Vec<u32>,
}

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

/// What assessment gives.
#[derive(Clone, Debug, Default)]
pub struct Assessment {
    /// Findings, gravest first, then by rule, account and time.
    pub findings: Vec<Finding>,
    /// The roll-up.
    pub exposure: Vec<Exposure>,
}

/// What the stages before found, and what applies to it.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// Messages.
    pub messages: &'a Messages,
    /// Activity.
    pub activity: &'a Activity,
    /// Detectors that the activity was found with.
    pub detectors: &'a [Detector],
    /// Longest gap inside a run, in milliseconds.
    pub run_gap_ms: i64,
    /// The case file.
    pub case: &'a Case,
    /// Rule packs.
    pub packs: &'a [Pack],
    /// The matter's calendar.
    pub calendar: &'a Calendar,
}

/// Assesses the activity.
#[must_use]
pub fn assess(grounds: Grounds<'_>) -> Assessment {
    let mut findings = Vec::new();
    for (pack_index, pack) in grounds.packs.iter().enumerate() {
        for (rule_index, rule) in pack.rules.iter().enumerate() {
            let rows = triggers::rows(rule, &pack.platforms, grounds.messages, grounds.activity, grounds.detectors);
            for (account, rows) in by_account(grounds.messages, rows) {
                let regions = regions(grounds, account);
                for (bases, rows) in by_law(grounds, pack, rule, &regions, rows) {
                    findings.push(finding(
                        grounds,
                        (pack_index, pack),
                        (rule_index, rule),
                        account,
                        &regions,
                        &bases,
                        rows,
                    ));
                }
            }
        }
    }
    link(grounds.packs, &mut findings);
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| {
            (std::cmp::Reverse(finding.severity), finding.pack, finding.rule, finding.account, finding.first_sent)
        };
        key(left).cmp(&key(right))
    });
    let exposure = roll_up(grounds, &findings);
    Assessment { findings, exposure }
}

fn by_account(messages: &Messages, rows: Vec<u32>) -> BTreeMap<u32, Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        let account = messages.columns.account.get(row as usize).copied().unwrap_or_default();
        groups.entry(account).or_default().push(row);
    }
    for rows in groups.values_mut() {
        rows.sort_unstable_by_key(|row| (messages.columns.sent_at.get(*row as usize).copied(), *row));
    }
    groups
}

/// Regions whose terms may apply to an account: the matter's, else that of the number, else all.
fn regions(grounds: Grounds<'_>, account: u32) -> Vec<Region> {
    const EEA: [&CountryCode; 30] = [
        b"AT", b"BE", b"BG", b"HR", b"CY", b"CZ", b"DK", b"EE", b"FI", b"FR", b"DE", b"GR", b"HU", b"IE", b"IT", b"LV",
        b"LT", b"LU", b"MT", b"NL", b"PL", b"PT", b"RO", b"SK", b"SI", b"ES", b"SE", b"IS", b"LI", b"NO",
    ];
    if let Some(region) = grounds.case.matter.region {
        return vec![region];
    }
    match grounds.messages.accounts.get(account as usize).and_then(|account| account.country) {
        Some(country) if EEA.contains(&&country) => vec![Region::Eea],
        Some(country) if &country == b"GB" => vec![Region::Uk],
        Some(_) => vec![Region::World],
        None => vec![Region::Eea, Region::Uk, Region::World],
    }
}

/// Versions of a rule's bases that hold on one day.
type Bases<'p> = Vec<&'p BasisVersion>;

/// Splits rows, ordered by time, where the rule or its basis changes; rows on days without the rule fall away.
fn by_law<'p>(
    grounds: Grounds<'_>,
    pack: &'p Pack,
    rule: &Rule,
    regions: &[Region],
    rows: Vec<u32>,
) -> Vec<(Bases<'p>, Vec<u32>)> {
    let versions: Bases<'p> = rule.basis.iter().flat_map(|name| pack.basis(name)).collect();
    let versions: Bases<'p> =
        versions.into_iter().filter(|version| version.regions.iter().any(|region| regions.contains(region))).collect();
    let calendar = grounds.calendar;
    let starts =
        versions.iter().map(|version| version.from).chain([rule.from]).flatten().map(|day| calendar.start(day));
    let ends = versions.iter().map(|version| version.to).chain([rule.to]).flatten().map(|day| calendar.end(day));
    let mut cuts: Vec<i64> = starts.chain(ends).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let sent_at = |row: &u32| grounds.messages.columns.sent_at.get(*row as usize).copied().unwrap_or_default();
    let mut parts: Vec<(Bases<'p>, Vec<u32>)> = Vec::new();
    let mut rest = rows.as_slice();
    for cut in cuts.into_iter().chain([i64::MAX]) {
        let (part, later) = rest.split_at(rest.partition_point(|row| sent_at(row) < cut));
        rest = later;
        let Some(first) = part.first() else { continue };
        let day = calendar.day(sent_at(first));
        if !rule.covers(day) {
            continue;
        }
        let bases: Bases<'p> = versions.iter().copied().filter(|version| version.holds_on(day)).collect();
        match parts.last_mut() {
            Some((known, rows))
                if known.len() == bases.len()
                    && known.iter().zip(&bases).all(|(one, other)| std::ptr::eq(*one, *other)) =>
            {
                rows.extend_from_slice(part)
            }
            _ => parts.push((bases, part.to_vec())),
        }
    }
    parts
}

fn finding(
    grounds: Grounds<'_>,
    (pack_index, pack): (usize, &Pack),
    (rule_index, rule): (usize, &Rule),
    account: u32,
    regions: &[Region],
    bases: &Bases<'_>,
    rows: Vec<u32>,
) -> Finding {
    let messages = grounds.messages;
    let sent_at = |row: Option<&u32>| {
        row.and_then(|row| messages.columns.sent_at.get(*row as usize)).copied().unwrap_or_default()
    };
    let (first_sent, last_sent) = (sent_at(rows.first()), sent_at(rows.last()));
    let known = messages.accounts.get(account as usize);
    let subject = known.map_or("", |account| account.id.as_str());
    let name = |party: &Party| {
        let named = match party {
            Party::Client => known.and_then(|account| account.client.clone()),
            Party::Provider => known.and_then(|account| account.provider.clone()),
        };
        (*party, named.unwrap_or_else(|| format!("<{} of {subject}>", party.as_str())))
    };
    let mut basis: Vec<(Title, Mark)> = bases.iter().map(|version| (version.text.clone(), version.mark)).collect();
    if let Some(announcement) = &rule.announcement {
        basis.push((announcement.clone(), Mark::Published));
    }
    let segment = bases.first().and_then(|version| version.from).map_or_else(String::new, |from| from.to_string());
    Finding {
        id: id("F", &[pack.id.as_bytes(), rule.id.as_bytes(), subject.as_bytes(), segment.as_bytes()]),
        pack: pack_index,
        rule: rule_index,
        severity: rule.severity,
        account,
        exposed: rule.exposed.iter().map(name).collect(),
        basis,
        first_sent,
        last_sent,
        runs: count_runs(grounds, &rows),
        recipients: distinct(messages, &rows),
        boundary_day: rule.boundary_day.and_then(|day| boundary_day(grounds, day, &rows)),
        limitation: limitation(grounds.calendar, rule, last_sent),
        counter_evidence: counter_evidence(grounds, &rows),
        limits: limits(grounds, rule, account, regions, &rows),
        rows,
    }
}

fn distinct(messages: &Messages, rows: &[u32]) -> u64 {
    let recipients: BTreeSet<u32> =
        rows.iter().filter_map(|row| messages.columns.recipient.get(*row as usize)).copied().collect();
    recipients
        .iter()
        .map(|recipient| messages.recipients.audience.get(*recipient as usize).map_or(1, |size| u64::from(*size)))
        .sum()
}

/// Runs that the rows belong to; rows of no campaign are one run as long as no gap is longer than a run allows.
fn count_runs(grounds: Grounds<'_>, rows: &[u32]) -> u64 {
    let marks = &grounds.activity.marks;
    let mut runs = BTreeSet::new();
    let mut loose = 0;
    let mut last_loose: Option<i64> = None;
    for row in rows {
        match marks.run.get(*row as usize).copied() {
            Some(run) if run > 0 => {
                runs.insert(run);
            }
            _ => {
                let at = grounds.messages.columns.sent_at.get(*row as usize).copied().unwrap_or_default();
                if last_loose.is_none_or(|last| at - last > grounds.run_gap_ms) {
                    loose += 1;
                }
                last_loose = Some(at);
            }
        }
    }
    runs.len() as u64 + loose
}

/// Zones in which a boundary day without a stated zone may be meant, beside the matter's own.
const OTHER_ZONES: [&str; 2] = ["UTC", "America/Los_Angeles"];

fn boundary_day(grounds: Grounds<'_>, day: Date, rows: &[u32]) -> Option<BoundaryDay> {
    let others = OTHER_ZONES
        .into_iter()
        .filter(|name| *name != grounds.calendar.name())
        .filter_map(|name| Calendar::named(name).ok());
    let calendars = std::iter::once(grounds.calendar.clone()).chain(others);
    let count = |calendar: &Calendar| {
        let (start, end) = (calendar.start(day), calendar.end(day));
        let times = rows.iter().filter_map(|row| grounds.messages.columns.sent_at.get(*row as usize));
        times.filter(|at| (start..end).contains(*at)).count() as u64
    };
    let readings: Vec<(String, u64)> =
        calendars.map(|calendar| (calendar.name().to_owned(), count(&calendar))).collect();
    readings.iter().any(|(_, messages)| *messages > 0).then_some(BoundaryDay { day, readings })
}

fn limitation(calendar: &Calendar, rule: &Rule, last_sent: i64) -> Vec<(Title, Date, Mark)> {
    let last = calendar.day(last_sent);
    let periods = rule.limitations.iter().filter_map(|period| {
        let end = last.checked_add(jiff::Span::new().years(period.years)).ok()?;
        Some((period.text.clone(), end, period.mark))
    });
    periods.collect()
}

fn title(de: String, en: String) -> Title {
    Title { de, en }
}

/// What speaks for the sender, from the logs themselves.
fn counter_evidence(grounds: Grounds<'_>, rows: &[u32]) -> Vec<Title> {
    let messages = grounds.messages;
    let mut found = Vec::new();
    let marks = &grounds.activity.marks;
    let campaigns: BTreeSet<u32> = rows.iter().filter_map(|row| marks.campaign.get(*row as usize)).copied().collect();
    // Mark 0 is "no campaign"; the others count campaigns from 1.
    let of_mark = |mark: &u32| grounds.activity.campaigns.get((*mark as usize).checked_sub(1)?);
    let replies: u64 = campaigns.iter().filter_map(of_mark).map(|campaign| campaign.replies).sum();
    if replies > 0 {
        found.push(title(
            format!("{replies} weitere Nachrichten derselben Inhalte waren Antworten im 24-Stunden-Fenster; sie zählen hier nicht."),
            format!("{replies} more messages of the same contents were replies inside the 24-hour window; they do not count here."),
        ));
    }
    let failed = rows
        .iter()
        .filter(|row| messages.columns.status.get(**row as usize) == Some(&crate::message::Status::Failed))
        .count();
    if failed > 0 {
        found.push(title(
            format!("{failed} der Nachrichten wurden laut Protokoll nicht zugestellt; sie zählen als Versuch mit."),
            format!("{failed} of the messages were not delivered according to the log; they count as attempts."),
        ));
    }
    found
}

/// What the logs cannot show.
fn limits(grounds: Grounds<'_>, rule: &Rule, account: u32, regions: &[Region], rows: &[u32]) -> Vec<Title> {
    let columns = &grounds.messages.columns;
    let count = |test: &dyn Fn(usize) -> bool| rows.iter().filter(|row| test(**row as usize)).count();
    let mut limits = Vec::new();
    let unknown_route = count(&|row| columns.route.get(row) == Some(&Route::Unknown));
    if unknown_route > 0 {
        limits.push(title(
            format!("Bei {unknown_route} Nachrichten nennt weder der Export noch die Falldatei den Sendeweg. Gingen sie über die offizielle Schnittstelle, gilt die Regel für sie nicht."),
            format!("For {unknown_route} messages neither the export nor the case file names the route. If they went through the official interface, the rule does not cover them."),
        ));
    }
    let unknown_platform = count(&|row| columns.platform.get(row) == Some(&Platform::Unknown));
    if unknown_platform > 0 {
        limits.push(title(
            format!("Bei {unknown_platform} Nachrichten nennt der Export den Messenger nicht; die Regel setzt WhatsApp voraus."),
            format!("For {unknown_platform} messages the export does not name the messenger; the rule presupposes WhatsApp."),
        ));
    }
    let guessed_zone = count(&|row| columns.zone.get(row) == Some(&ZoneBasis::Guessed));
    if guessed_zone > 0 {
        limits.push(title(
            format!(
                "Bei {guessed_zone} Nachrichten ist die Zeitzone nicht bekannt; angenommen ist {}.",
                crate::message::DEFAULT_ZONE
            ),
            format!(
                "For {guessed_zone} messages the time zone is not known; {} is assumed.",
                crate::message::DEFAULT_ZONE
            ),
        ));
    }
    if !matches!(rule.trigger, Trigger::FreeFormOutsideWindow {})
        && grounds
            .activity
            .accounts
            .get(account as usize)
            .is_some_and(|account| account.replies_from == crate::detect::Inbound::None)
    {
        limits.push(title(
            "Das Protokoll dieses Absenders enthält keine eingehenden Nachrichten; Antworten sind nicht erkennbar, alle Nachrichten gelten als selbst begonnen.".to_owned(),
            "The log of this sender holds no inbound messages; replies cannot be told, all messages are taken as initiated.".to_owned(),
        ));
    }
    if regions.len() > 1 {
        limits.push(title(
            "Die Region des Absenders ist nicht bekannt; genannt sind die Fassungen aller Regionen.".to_owned(),
            "The sender's region is not known; the versions of all regions are named.".to_owned(),
        ));
    }
    limits
}

/// A rule may weigh more where the same sender also meets another one.
fn link(packs: &[Pack], findings: &mut [Finding]) {
    let rule_of = |finding: &Finding| packs.get(finding.pack).and_then(|pack| pack.rules.get(finding.rule));
    let met: BTreeSet<(u32, String)> =
        findings.iter().filter_map(|finding| Some((finding.account, rule_of(finding)?.id.clone()))).collect();
    for finding in findings {
        let linked = rule_of(finding).and_then(|rule| rule.linked.clone());
        if let Some(linked) = linked
            && met.contains(&(finding.account, linked.rule))
        {
            finding.severity = finding.severity.max(linked.severity);
        }
    }
}

/// Findings by exposed party, rule and country of the recipients.
fn roll_up(grounds: Grounds<'_>, findings: &[Finding]) -> Vec<Exposure> {
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
            recipients: distinct(messages, &rows),
            first_sent: at(rows.first()),
            last_sent: at(rows.last()),
        }
    });
    exposure.collect()
}
