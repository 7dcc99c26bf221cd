//! Boundary days: days inside the period of the messages from which another version of a text, or a rule, applies.
//! Only texts and rules that findings of this report rest on are named, for no other day divides anything in it.
//! Where findings are split is decided in `assess::law`.

use std::collections::{BTreeMap, BTreeSet};

use super::ReportInput;
use super::extract::{BoundaryRow, words};

/// The boundary days, in order.
#[must_use]
pub fn boundaries(input: &ReportInput<'_>) -> Vec<BoundaryRow> {
    let sent = &input.ingested.messages.columns.sent_at;
    let (Some(first), Some(last)) = (sent.iter().min(), sent.iter().max()) else { return Vec::new() };
    let (first, last) = (input.calendar.local(*first).date(), input.calendar.local(*last).date());
    let mut days: BTreeMap<jiff::civil::Date, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for finding in &input.assessment.findings {
        let Some(pack) = input.packs.get(finding.pack) else { continue };
        let Some(rule) = pack.rules.get(finding.rule) else { continue };
        let versions =
            pack.bases.iter().filter(|basis| rule.basis.contains(&basis.id)).flat_map(|basis| &basis.versions);
        let begins = versions
            .filter(|version| finding.basis.iter().any(|clause| clause.text == version.text))
            .map(|version| (version.from, &version.text))
            .chain([(rule.from, &rule.title)]);
        for (day, text) in begins {
            if let Some(day) = day.filter(|day| first < *day && *day <= last) {
                let (texts, rules) = days.entry(day).or_default();
                texts.insert(words(text, input.language));
                rules.insert(rule.id.clone());
            }
        }
    }
    let row = |(day, (texts, rules)): (jiff::civil::Date, (BTreeSet<String>, BTreeSet<String>))| BoundaryRow {
        day: day.to_string(),
        texts: texts.into_iter().collect(),
        rules: rules.into_iter().collect(),
    };
    days.into_iter().map(row).collect()
}
