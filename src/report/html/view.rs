//! What the template sees of the extract: sums for the first screen, findings grouped by their rule, boundary days.
//! Nothing is measured here; groups and counts of rows that the extract holds are all that is made.
//! Tables are in `lists`, charts in `pictures`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::report::charts::DayMark;
use crate::report::extract::{
    BOUNDARY_DAY, BoundaryRow, Completeness, Extract, FindingRow, MarkedText, MethodRow, PackRow, PeriodRow,
};

/// Severities from the gravest.
const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];
/// Findings that are shown in full; the others are lines of a table.
pub const FULL_FINDINGS: usize = 100;
/// From so many findings on, their details are closed at first.
const OPEN_FINDINGS: usize = 12;
/// Parties of the first screen.
const PARTIES: usize = 8;
/// Bytes that the long texts of all full findings may take: names of files, explanations, evidence.
const FULL_SHARE: usize = 600_000;

/// See the module.
#[derive(Serialize)]
pub struct View<'a> {
    schema: &'a str,
    program: &'a str,
    matter: &'a str,
    timezone: &'a str,
    revealed: bool,
    completeness: &'a Completeness,
    adds_up: bool,
    glance: Glance<'a>,
    periods: Vec<&'a PeriodRow>,
    boundaries: Vec<Boundary<'a>>,
    rules: Vec<RuleGroup<'a>>,
    findings: u64,
    full: u64,
    open: bool,
    mass_sends: u64,
    week: &'a [Vec<u64>],
    limits: &'a [String],
    method: &'a [MethodRow],
    packs: &'a [PackRow],
}

/// Exposure at a glance.
#[derive(Serialize)]
struct Glance<'a> {
    rules: u64,
    /// Severities that occur.
    severities: Vec<&'static str>,
    parties: Vec<Party<'a>>,
    /// Parties beyond those shown.
    more: u64,
}

/// An exposed party and its findings by severity.
#[derive(Serialize)]
struct Party<'a> {
    party: &'a str,
    counts: Vec<u64>,
}

/// A boundary day with its letter.
#[derive(Serialize)]
struct Boundary<'a> {
    key: String,
    row: &'a BoundaryRow,
}

/// Findings of one rule, and what they have in common.
#[derive(Serialize)]
struct RuleGroup<'a> {
    rule: &'a str,
    title: &'a str,
    explanation: &'a str,
    figures: &'a [MarkedText],
    /// Findings of the rule, those in the table only included.
    all: u64,
    findings: Vec<&'a FindingRow>,
}

impl<'a> View<'a> {
    /// The view of an extract.
    pub fn new(extract: &'a Extract) -> Self {
        let full = full(extract);
        Self {
            schema: extract.schema,
            program: &extract.program,
            matter: &extract.matter,
            timezone: &extract.timezone,
            revealed: extract.revealed,
            completeness: &extract.completeness,
            adds_up: adds_up(&extract.completeness),
            glance: glance(extract),
            periods: before_and_after(extract),
            boundaries: day_marks(extract)
                .into_iter()
                .zip(&extract.boundaries)
                .map(|(mark, row)| Boundary { key: mark.key, row })
                .collect(),
            rules: by_rule(extract, full),
            findings: extract.findings.len() as u64,
            full: full.len() as u64,
            open: full.len() <= OPEN_FINDINGS,
            mass_sends: (extract.campaigns.len() + extract.bursts.len()) as u64,
            week: &extract.week,
            limits: &extract.limits,
            method: &extract.method,
            packs: &extract.packs,
        }
    }
}

/// Findings that are shown in full: the gravest, as many as the page has room for.
pub fn full(extract: &Extract) -> &[FindingRow] {
    let mut bytes = 0;
    let fits = |row: &&FindingRow| {
        let evidence: usize = row.evidence_sample.iter().map(|row| row.file.len() + row.message_id.len() + 400).sum();
        let texts = [&row.basis, &row.limitation].into_iter().flatten().map(|entry| entry.text.len() + 80);
        let lines = row.counter_evidence.iter().chain(&row.limits).chain(&row.measured).map(|line| line.len() + 20);
        bytes += 2_000 + evidence + texts.sum::<usize>() + lines.sum::<usize>();
        bytes <= FULL_SHARE
    };
    let count = extract.findings.iter().take(FULL_FINDINGS).take_while(fits).count();
    extract.findings.get(..count).unwrap_or_default()
}

/// Mass sends before, on and after the boundary day.
fn before_and_after(extract: &Extract) -> Vec<&PeriodRow> {
    extract.boundary.iter().collect()
}

/// Boundary days for the chart, with letters in order; the great one has none.
pub fn day_marks(extract: &Extract) -> Vec<DayMark> {
    let mut letters = ('A'..='Z').map(String::from).chain((27..).map(|number: u32| number.to_string()));
    let mark = |row: &BoundaryRow| {
        let key = if row.day == BOUNDARY_DAY { String::new() } else { letters.next().unwrap_or_default() };
        DayMark { day: row.day.clone(), key }
    };
    extract.boundaries.iter().map(mark).collect()
}

/// Whether the records of all inputs are accounted for.
pub fn adds_up(sums: &Completeness) -> bool {
    let parts = [sums.read, sums.folded, sums.ignored, sums.rejected];
    parts.into_iter().try_fold(0_u64, u64::checked_add) == Some(sums.records)
}

fn glance(extract: &Extract) -> Glance<'_> {
    let mut parties: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
    let mut all = [0_u64; 5];
    for finding in &extract.findings {
        let Some(severity) = SEVERITIES.iter().position(|severity| *severity == finding.severity) else { continue };
        for party in &finding.exposed {
            let counts = parties.entry(party).or_default();
            if let Some(count) = counts.get_mut(severity) {
                *count += 1;
            }
        }
        if let Some(count) = all.get_mut(severity) {
            *count += 1;
        }
    }
    let occurs: Vec<usize> = (0..5).filter(|index| all.get(*index).is_some_and(|count| *count > 0)).collect();
    let more = parties.len().saturating_sub(PARTIES) as u64;
    let mut parties: Vec<(&str, [u64; 5])> = parties.into_iter().collect();
    // The most exposed first; equal ones by name, as the map gave them.
    parties.sort_by_key(|(_, counts)| std::cmp::Reverse(*counts));
    let occurring = |counts: [u64; 5]| occurs.iter().filter_map(|index| counts.get(*index)).copied().collect();
    let party = |(party, counts)| Party { party, counts: occurring(counts) };
    Glance {
        rules: extract.findings.iter().map(|finding| &finding.rule).collect::<BTreeSet<_>>().len() as u64,
        severities: occurs.iter().filter_map(|index| SEVERITIES.get(*index)).copied().collect(),
        parties: parties.into_iter().take(PARTIES).map(party).collect(),
        more,
    }
}

/// Findings by rule, in the order of the gravest of each.
fn by_rule<'a>(extract: &'a Extract, full: &'a [FindingRow]) -> Vec<RuleGroup<'a>> {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &extract.findings {
        *all.entry(&finding.rule).or_default() += 1;
    }
    let mut groups: Vec<RuleGroup<'a>> = Vec::new();
    for finding in full {
        match groups.iter_mut().find(|group| group.rule == finding.rule) {
            Some(group) => group.findings.push(finding),
            None => groups.push(RuleGroup {
                rule: &finding.rule,
                title: &finding.title,
                explanation: &finding.explanation,
                figures: &finding.figures,
                all: all.get(finding.rule.as_str()).copied().unwrap_or(0),
                findings: vec![finding],
            }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, rule: &str, severity: &'static str, exposed: &[&str]) -> FindingRow {
        FindingRow {
            finding_id: id.to_owned(),
            rule: rule.to_owned(),
            severity,
            exposed: exposed.iter().map(|name| (*name).to_owned()).collect(),
            ..FindingRow::default()
        }
    }

    #[test]
    fn parties_stand_by_what_weighs_on_them_and_findings_by_their_rule() {
        let findings = vec![
            finding("F-1", "R01", "critical", &["a", "b"]),
            finding("F-2", "R02", "high", &["a"]),
            finding("F-3", "R01", "high", &["b"]),
            finding("F-4", "R03", "low", &["c"]),
        ];
        let boundaries = ["2018-01-01", BOUNDARY_DAY, "2020-01-01"]
            .map(|day| BoundaryRow { day: day.to_owned(), ..BoundaryRow::default() })
            .to_vec();
        let extract = Extract { findings, boundaries, ..Extract::default() };
        let view = View::new(&extract);
        assert_eq!(view.glance.severities, ["critical", "high", "low"]);
        let parties: Vec<(&str, Vec<u64>)> =
            view.glance.parties.iter().map(|party| (party.party, party.counts.clone())).collect();
        assert_eq!(parties, [("a", vec![1, 1, 0]), ("b", vec![1, 1, 0]), ("c", vec![0, 0, 1])]);
        let groups: Vec<(&str, usize)> = view.rules.iter().map(|group| (group.rule, group.findings.len())).collect();
        assert_eq!(groups, [("R01", 2), ("R02", 1), ("R03", 1)]);
        let keys: Vec<String> = day_marks(&extract).into_iter().map(|mark| mark.key).collect();
        assert_eq!(keys, ["A", "", "B"]);
        assert!(view.adds_up && view.open);
    }
}
