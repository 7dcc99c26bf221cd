//! What a report says that an earlier one did not: findings that are new, and findings that have grown worse.
//! With a period that moves on, figures of old findings shrink every night; that is no news.
//! Comparing as such is the business of `compare`; who is told, and how, of the command line.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::compare::{self, ChangedRow, Comparison, write_new_findings};
use super::reading::{ReadingError, Report};
use crate::assess::Severity;

/// Figures of a finding that tell of more when they grow.
const COUNTS: [&str; 3] = ["messages", "recipients", "runs"];

/// What a finding is to those who know the earlier report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there.
    New,
    /// It was, with less.
    Worse,
}

/// A finding that is told, with what people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What it is to those who know the earlier report.
    pub change: Change,
    /// Columns of findings.csv.
    #[serde(flatten)]
    pub columns: BTreeMap<&'static str, String>,
}

impl Told {
    /// Of a row of findings.csv.
    fn of(change: Change, row: &BTreeMap<String, String>) -> Self {
        const TOLD: [&str; 10] = [
            "finding_id",
            "rule",
            "severity",
            "title",
            "subject",
            "first_sent",
            "last_sent",
            "messages",
            "recipients",
            "runs",
        ];
        let value = |column: &'static str| (column, row.get(column).cloned().unwrap_or_default());
        Self { change, columns: TOLD.into_iter().map(value).collect() }
    }

    /// A column; empty where there is none.
    #[must_use]
    pub fn get(&self, column: &str) -> &str {
        self.columns.get(column).map_or("", String::as_str)
    }

    /// How severe it is.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        severity(self.get("severity"))
    }
}

/// News of a report.
#[derive(Clone, Debug, Default)]
pub struct News {
    comparison: Comparison,
    /// The findings that are told: new ones first, each kind in the order of the report.
    pub findings: Vec<Told>,
}

impl News {
    /// What a report says that `old` did not; without one, all that it says.
    ///
    /// # Errors
    /// When a report is damaged, or its findings were not written as a table.
    pub fn of(old: Option<&mut Report>, new: &mut Report) -> Result<Self, ReadingError> {
        let mut comparison = match old {
            Some(old) => compare::compare(old, new)?,
            None => compare::with_nothing(new)?,
        };
        if comparison.findings().is_none() {
            let folder = new.folder().display().to_string();
            return Err(ReadingError::NotWritten { folder, file: "csv/findings.csv".to_owned() });
        }
        if let Some(findings) = comparison.findings_mut() {
            findings.changed.retain(is_worse);
        }
        let told = comparison.findings().map(|findings| {
            let new = findings.new.iter().map(|row| Told::of(Change::New, row));
            new.chain(findings.changed.iter().map(|changed| Told::of(Change::Worse, &changed.row))).collect()
        });
        Ok(Self { findings: told.unwrap_or_default(), comparison })
    }

    /// How many findings there are of a change.
    #[must_use]
    pub fn count(&self, change: Change) -> u64 {
        self.findings.iter().filter(|told| told.change == change).count() as u64
    }

    /// The highest severity of what is told.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().filter_map(Told::severity).max()
    }

    /// `new-findings.csv`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> csv::Result<()> {
        write_new_findings(&self.comparison, out)
    }

    /// The heading of `new-findings.csv` without a row: nothing is new.
    ///
    /// # Errors
    /// When the report's findings cannot be read.
    pub fn none(report: &mut Report) -> Result<Self, ReadingError> {
        let mut comparison = compare::with_nothing(report)?;
        if let Some(findings) = comparison.findings_mut() {
            findings.new.clear();
        }
        Ok(Self { comparison, findings: Vec::new() })
    }
}

fn severity(word: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.as_str() == word)
}

/// Whether a finding tells of more than before: severer, over a longer time, or of more.
fn is_worse(changed: &ChangedRow) -> bool {
    changed.columns.iter().any(|column| {
        let (old, new) = (column.old.as_str(), column.new.as_str());
        match column.column.as_str() {
            "severity" => severity(new) > severity(old),
            "last_sent" => new > old,
            "first_sent" => new < old,
            count if COUNTS.contains(&count) => {
                let number = |text: &str| text.parse::<u64>().unwrap_or(0);
                number(new) > number(old)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::ChangedColumn;

    #[test]
    fn only_what_tells_of_more_is_worse() {
        for (column, old, new, worse) in [
            ("severity", "low", "critical", true),
            ("severity", "critical", "high", false),
            ("messages", "9", "10", true),
            ("messages", "10", "9", false),
            ("recipients", "3", "3000", true),
            ("last_sent", "2020-01-01T00:00:00.000Z", "2020-01-02T00:00:00.000Z", true),
            ("first_sent", "2020-01-01T00:00:00.000Z", "2020-01-02T00:00:00.000Z", false),
            ("first_sent", "2020-01-02T00:00:00.000Z", "2020-01-01T00:00:00.000Z", true),
            ("title", "a", "b", false),
            ("evidence_rows", "1", "2", false),
        ] {
            let columns = vec![ChangedColumn { column: column.to_owned(), old: old.to_owned(), new: new.to_owned() }];
            let changed = ChangedRow { id: "F-1".to_owned(), columns, row: BTreeMap::new() };
            assert_eq!(is_worse(&changed), worse, "{column} {old} {new}");
        }
    }
}
