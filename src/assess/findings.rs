//! Findings: one rule met by one account over one stretch of time, with its law, its amounts and its limits.
//! Rows come from triggers; clauses from `law`; words on what speaks for the sender from `words`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::law::{Bases, by_law, regions};
use super::pack::{Amount, LimitationStart, Pack, Party, Rule, Severity};
use super::runs::count_runs;
use super::scene::Scene;
use super::triggers::Meeting;
use super::{Calendar, Grounds, words};
use crate::detect::groups::recipients_of;
use crate::detect::settings::Title;
use crate::detect::{Mark, id};

/// How many of a finding's messages fall on a boundary day, by the zone in which the day is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryDay {
    /// The day.
    pub day: Date,
    /// (zone, messages).
    pub readings: Vec<(String, u64)>,
}

/// A clause in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The clause in words.
    pub text: Title,
    /// Whose it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// When a claim can no longer be enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitationEnd {
    /// The period in words.
    pub text: Title,
    /// Its last day; `None` where it runs from a knowledge that the case file does not date.
    pub end: Option<Date>,
    /// Whether it was over on the day as of which the report stands; `None` where that cannot be told.
    pub over: Option<bool>,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
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
    /// Level of the trigger, where it tells levels apart.
    pub level: Option<&'static str>,
    /// Severity, after levels and links.
    pub severity: Severity,
    /// Account.
    pub account: u32,
    /// Exposed parties by name; a role in angle brackets where the case file names nobody.
    pub exposed: Vec<(Party, String)>,
    /// Clauses in force.
    pub basis: Vec<Clause>,
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
    /// Amounts that apply to sends of this stretch; the first one stands in `findings.csv`. Never to be added up.
    pub amounts: Vec<Amount>,
    /// Limitation.
    pub limitation: Vec<LimitationEnd>,
    /// What was measured.
    pub measured: Vec<Title>,
    /// What speaks for the sender.
    pub counter_evidence: Vec<Title>,
    /// What the logs cannot show.
    pub limits: Vec<Title>,
    /// Its messages, ascending by time.
    pub rows: Vec<u32>,
}

/// The findings of one meeting: one for each stretch with one state of the law.
pub fn of_meeting(scene: &Scene<'_>, pack: (usize, &Pack), rule: (usize, &Rule), mut meeting: Meeting) -> Vec<Finding> {
    let regions = regions(scene.grounds, meeting.account);
    let rows = std::mem::take(&mut meeting.rows);
    by_law(scene.grounds, pack.1, rule.1, &regions, rows)
        .into_iter()
        .map(|(bases, rows)| finding(scene, pack, rule, &meeting, &bases, regions.len() > 1, rows))
        .collect()
}

fn finding(
    scene: &Scene<'_>,
    (pack_index, pack): (usize, &Pack),
    (rule_index, rule): (usize, &Rule),
    meeting: &Meeting,
    bases: &Bases<'_>,
    region_is_open: bool,
    rows: Vec<u32>,
) -> Finding {
    let grounds = scene.grounds;
    let sent_at = |row: Option<&u32>| row.map_or(0, |row| scene.sent_at(*row));
    let (first_sent, last_sent) = (sent_at(rows.first()), sent_at(rows.last()));
    let subject = grounds.messages.accounts.get(meeting.account as usize).map_or("", |account| account.id.as_str());
    let clause = |version: &&super::pack::BasisVersion| Clause {
        text: version.text.clone(),
        mark: version.mark,
        source: version.source.clone(),
    };
    let mut basis: Vec<Clause> = bases.iter().map(clause).collect();
    if let Some(announcement) = &rule.announcement {
        let source = rule.sources.join(", ");
        basis.push(Clause { text: announcement.clone(), mark: Mark::Published, source });
    }
    let segment = bases.first().and_then(|version| version.from).map_or_else(String::new, |from| from.to_string());
    let mut parts = vec![pack.id.as_bytes(), rule.id.as_bytes(), subject.as_bytes(), segment.as_bytes()];
    parts.extend(meeting.level.map(str::as_bytes));
    let (first_day, last_day) = (grounds.calendar.day(first_sent), grounds.calendar.day(last_sent));
    let employees = scene.client(meeting.account).and_then(|client| client.employees);
    let applies = |amount: &&Amount| {
        amount.from.is_none_or(|from| from <= last_day)
            && amount.to.is_none_or(|to| first_day <= to)
            && amount.fewer_employees_than.zip(employees).is_none_or(|(bound, employees)| employees < bound)
    };
    Finding {
        id: id("F", &parts),
        pack: pack_index,
        rule: rule_index,
        level: meeting.level,
        severity: rule.severity_of(meeting.level),
        account: meeting.account,
        exposed: rule
            .exposed
            .iter()
            .map(|party| (*party, exposed(grounds, *party, meeting.account, subject)))
            .collect(),
        basis,
        first_sent,
        last_sent,
        runs: count_runs(grounds, &rows),
        recipients: recipients_of(grounds.messages, &rows),
        boundary_day: rule.boundary_day.and_then(|day| boundary_day(grounds, day, &rows)),
        amounts: rule.amounts.iter().filter(applies).cloned().collect(),
        limitation: limitation(grounds, rule, last_sent),
        measured: meeting.measured.clone(),
        counter_evidence: words::counter_evidence(scene, &rows),
        limits: words::limits(scene, rule, meeting.account, region_is_open, bases, &rows),
        rows,
    }
}

/// The name of an exposed party.
fn exposed(grounds: Grounds<'_>, party: Party, account: u32, subject: &str) -> String {
    let known = grounds.messages.accounts.get(account as usize);
    let named = match party {
        Party::Client | Party::Candidate => known.and_then(|account| account.client.clone()),
        Party::Provider => known.and_then(|account| account.provider.clone()),
        Party::Agency => known.and_then(|account| grounds.entry(&account.id)).and_then(|entry| entry.agency.clone()),
    };
    named.unwrap_or_else(|| format!("<{} of {subject}>", party.as_str()))
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

/// The end of each limitation period. What runs from knowledge is open until counsel dates it.
fn limitation(grounds: Grounds<'_>, rule: &Rule, last_sent: i64) -> Vec<LimitationEnd> {
    let last = grounds.calendar.day(last_sent);
    // Nobody can know of a send before it is made.
    let knowledge = grounds.case.matter.knowledge.map(|day| day.max(last));
    let end = |period: &super::pack::Limitation| {
        let start = match period.start {
            LimitationStart::Send => last,
            LimitationStart::Knowledge => knowledge?,
            LimitationStart::EndOfYearOfKnowledge => Date::new(knowledge?.year(), 12, 31).ok()?,
        };
        start.checked_add(jiff::Span::new().years(period.years).months(period.months)).ok()
    };
    let periods = rule.limitations.iter().map(|period| {
        let end = end(period);
        LimitationEnd {
            text: period.text.clone(),
            end,
            over: end.zip(grounds.as_of).map(|(end, as_of)| end < as_of),
            mark: period.mark,
            source: period.source.clone(),
        }
    });
    periods.collect()
}

/// A rule may weigh more where the same sender also meets another one.
pub fn link(packs: &[Pack], findings: &mut [Finding]) {
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
