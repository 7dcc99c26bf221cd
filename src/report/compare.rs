//! Two reports side by side: what is new, gone and changed by stable ids, and why: inputs, settings, detectors, rule
//! packs, program. Both are read back as they lie; nothing is measured again.
//! How it is printed is the business of the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use csv::{Terminator, WriterBuilder};
use serde::Serialize;
use serde_json::Value;

use super::reading::{Hashed, Manifest, ReadingError, Report, UsedFile, text_of};

/// A table whose rows are known by some columns in both reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// Name without ending.
    pub table: &'static str,
    /// Columns that make a row's identity; the first is told as its id.
    pub keys: &'static [&'static str],
    /// Member of findings.json with the same rows; empty where it has none.
    pub member: &'static str,
}

/// The tables that are compared, in the order in which they are told.
pub const TABLES: [Keyed; 7] = [
    Keyed { table: FINDINGS, keys: &["finding_id"], member: "findings" },
    Keyed { table: "exposure", keys: &["exposed", "rule", "country", "severity"], member: "exposure" },
    Keyed { table: "campaigns", keys: &["campaign_id"], member: "campaigns" },
    Keyed { table: "runs", keys: &["run_id"], member: "" },
    Keyed { table: "bursts", keys: &["burst_id"], member: "bursts" },
    Keyed { table: "accounts", keys: &["account"], member: "accounts" },
    Keyed {
        table: "account_clusters",
        keys: &["cluster_id", "account_a", "account_b", "link"],
        member: "account_clusters",
    },
];

const FINDINGS: &str = "findings";
/// Columns in the language of the report: between reports in two languages they say nothing.
pub const IN_WORDS: [&str; 10] = [
    "title",
    "basis",
    "limitation",
    "counter_evidence",
    "limits",
    "explanation",
    "figures",
    "measured",
    "amounts",
    "evidence_sample",
];
/// Settings that change no figure, or that stand among the causes under another name.
const NO_CAUSE: [&str; 9] =
    ["inputs", "output", "key", "threads", "write", "case", "detectors", "timestamp-request", "fail-on"];

/// Why two reports differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// Another version of the program.
    Program {
        /// Of the old report.
        old: String,
        /// Of the new one.
        new: String,
    },
    /// Another zone database.
    ZoneDatabase {
        /// Of the old report.
        old: String,
        /// Of the new one.
        new: String,
    },
    /// An input that only the new report has.
    InputAdded {
        /// Its name.
        file: String,
    },
    /// An input that only the old report has.
    InputRemoved {
        /// Its name.
        file: String,
    },
    /// An input with the same bytes under another name.
    InputRenamed {
        /// Its name in the old report.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// An input of the same name with other bytes.
    InputChanged {
        /// Its name.
        file: String,
        /// SHA-256 in the old report.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// The case file.
    CaseFile {
        /// SHA-256 in the old report; empty without one.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// A setting.
    Setting {
        /// Its name.
        name: String,
        /// Value in the old report; empty where it was not set.
        old: String,
        /// And in the new one.
        new: String,
        /// Where the new value came from.
        origin: String,
    },
    /// A detector or threshold.
    Detector {
        /// Its name.
        name: String,
        /// What of it.
        what: String,
        /// In the old report; empty where it had none.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// A rule pack.
    RulePack {
        /// Its name.
        id: String,
        /// Version in the old report; empty where it had none.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// A format file, rule pack or other file of the user.
    UserFile {
        /// What it is.
        kind: String,
        /// Its path.
        file: String,
        /// SHA-256 in the old report; empty where it had none.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// A data file that is compiled into the program.
    CompiledIn {
        /// Its path.
        file: String,
        /// SHA-256 in the old report; empty where it had none.
        old: String,
        /// And in the new one.
        new: String,
    },
}

/// A value that is another one in the new report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedColumn {
    /// Column.
    pub column: String,
    /// In the old report.
    pub old: String,
    /// In the new one.
    pub new: String,
}

/// A row that both reports have and that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedRow {
    /// Its id.
    pub id: String,
    /// What differs.
    pub columns: Vec<ChangedColumn>,
    /// The whole row of the new report.
    pub row: BTreeMap<String, String>,
}

/// What became of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableChange {
    /// Its name.
    pub table: &'static str,
    /// Columns of the new report, in their order.
    #[serde(skip)]
    pub header: Vec<String>,
    /// Rows that only the new report has.
    pub new: Vec<BTreeMap<String, String>>,
    /// Rows that only the old report has.
    pub gone: Vec<BTreeMap<String, String>>,
    /// Rows that differ.
    pub changed: Vec<ChangedRow>,
    /// How many rows are the same.
    pub same: u64,
}

impl TableChange {
    /// Whether anything differs.
    #[must_use]
    pub const fn differs(&self) -> bool {
        !self.new.is_empty() || !self.gone.is_empty() || !self.changed.is_empty()
    }
}

/// Two reports compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Why they differ.
    pub causes: Vec<Cause>,
    /// What differs, table by table.
    pub tables: Vec<TableChange>,
    /// Tables that one of the reports lacks.
    pub not_compared: Vec<&'static str>,
    /// Files of either report that are not those of its manifest.
    pub altered_report_files: Vec<String>,
}

impl Comparison {
    /// Whether anything differs, in what was found or in what it was found from.
    #[must_use]
    pub fn differs(&self) -> bool {
        !self.causes.is_empty() || self.tables.iter().any(TableChange::differs)
    }

    /// What became of the findings.
    #[must_use]
    pub fn findings(&self) -> Option<&TableChange> {
        self.tables.iter().find(|change| change.table == FINDINGS)
    }

    /// What became of the findings, to be cut to what somebody is told.
    pub fn findings_mut(&mut self) -> Option<&mut TableChange> {
        self.tables.iter_mut().find(|change| change.table == FINDINGS)
    }
}

/// Compares two reports.
///
/// # Errors
/// When one of them is damaged.
pub fn compare(old: &mut Report, new: &mut Report) -> Result<Comparison, ReadingError> {
    let causes = causes(old.manifest(), new.manifest());
    let spoken = |report: &Report| super::again::language(report);
    let in_words: &[&str] = if spoken(old) == spoken(new) { &[] } else { &IN_WORDS };
    let mut comparison = Comparison { causes, ..Comparison::default() };
    for of in TABLES {
        // The two forms write lists in their own ways: a table is compared with one of its own form.
        let both = match (csv_rows(old, of)?, csv_rows(new, of)?) {
            (Some(old), Some(new)) => (Some(old), Some(new)),
            (None, None) => (json_rows(old, of)?, json_rows(new, of)?),
            (one, other) => match (json_rows(old, of)?, json_rows(new, of)?) {
                (Some(old), Some(new)) => (Some(old), Some(new)),
                _ => (one, other),
            },
        };
        match both {
            (Some((_, old)), Some(new)) => comparison.tables.push(table(of, old, new, in_words)),
            (None, None) => {}
            _ => comparison.not_compared.push(of.table),
        }
    }
    for report in [old, new] {
        let altered = report.altered().map(|file| format!("{}/{file}", report.folder().display()));
        comparison.altered_report_files.extend(altered);
    }
    Ok(comparison)
}

/// A report without one before it: all its findings are new. Nothing else is told.
///
/// # Errors
/// When it is damaged.
pub fn with_nothing(new: &mut Report) -> Result<Comparison, ReadingError> {
    let mut comparison = Comparison::default();
    for of in TABLES.into_iter().filter(|of| of.table == FINDINGS) {
        let rows = match csv_rows(new, of)? {
            None => json_rows(new, of)?,
            rows => rows,
        };
        comparison.tables.extend(rows.map(|rows| table(of, Vec::new(), rows, &[])));
    }
    Ok(comparison)
}

/// Writes the new findings, and those that have grown worse or changed, with the columns of findings.csv behind what
/// they are: `new` or `changed`, and for changed ones which columns.
///
/// # Errors
/// When it cannot be written.
pub fn write_new_findings(comparison: &Comparison, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let Some(findings) = comparison.findings() else {
        csv.write_record(["change", "changed_columns"])?;
        return Ok(csv.flush()?);
    };
    let first = ["change".to_owned(), "changed_columns".to_owned()];
    csv.write_record(first.iter().chain(&findings.header))?;
    let changed = findings.changed.iter().map(|changed| {
        let columns: Vec<&str> = changed.columns.iter().map(|column| column.column.as_str()).collect();
        ("changed", columns.join(" "), &changed.row)
    });
    for (change, columns, row) in findings.new.iter().map(|row| ("new", String::new(), row)).chain(changed) {
        let value = |column: &String| row.get(column).map_or("", String::as_str);
        csv.write_record([change, &columns].into_iter().chain(findings.header.iter().map(value)))?;
    }
    Ok(csv.flush()?)
}

type Fields = BTreeMap<String, String>;

/// Header and rows of a table; `None` where the report lacks it.
type Rows = Option<(Vec<String>, Vec<Fields>)>;

fn csv_rows(report: &mut Report, of: Keyed) -> Result<Rows, ReadingError> {
    let (mut header, mut rows) = (Vec::new(), Vec::new());
    let there = report.each(of.table, &mut |row| {
        if header.is_empty() {
            header = row.header().to_vec();
        }
        rows.push(row.fields());
        Ok(())
    })?;
    Ok(there.then_some((header, rows)))
}

fn json_rows(report: &mut Report, of: Keyed) -> Result<Rows, ReadingError> {
    if of.member.is_empty() {
        return Ok(None);
    }
    let Some(rows) = report.member_rows(of.member)? else { return Ok(None) };
    let header: BTreeSet<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
    Ok(Some((header.into_iter().cloned().collect(), rows)))
}

fn table(of: Keyed, old: Vec<Fields>, (header, new): (Vec<String>, Vec<Fields>), in_words: &[&str]) -> TableChange {
    let key = |row: &Fields| -> Vec<String> {
        of.keys.iter().map(|column| row.get(*column).cloned().unwrap_or_default()).collect()
    };
    let mut change = TableChange { table: of.table, header, ..TableChange::default() };
    let mut known: BTreeMap<Vec<String>, Fields> = old.iter().map(|row| (key(row), row.clone())).collect();
    for row in new {
        let Some(before) = known.remove(&key(&row)) else {
            change.new.push(row);
            continue;
        };
        let columns: BTreeSet<&String> = before.keys().chain(row.keys()).collect();
        let value = |row: &Fields, column: &String| row.get(column).cloned().unwrap_or_default();
        let columns: Vec<ChangedColumn> = columns
            .into_iter()
            .filter(|column| !in_words.contains(&column.as_str()))
            .map(|column| ChangedColumn {
                column: column.clone(),
                old: value(&before, column),
                new: value(&row, column),
            })
            .filter(|column| column.old != column.new)
            .collect();
        if columns.is_empty() {
            change.same += 1;
        } else {
            let id = of.keys.iter().map(|column| value(&row, &(*column).to_owned())).collect::<Vec<_>>().join(" ");
            change.changed.push(ChangedRow { id, columns, row });
        }
    }
    // In the order of the old report.
    change.gone = old.into_iter().filter(|row| known.contains_key(&key(row))).collect();
    change
}

fn causes(old: &Manifest, new: &Manifest) -> Vec<Cause> {
    let mut causes = Vec::new();
    if old.program != new.program {
        causes.push(Cause::Program { old: old.program.clone(), new: new.program.clone() });
    }
    if old.zone_database != new.zone_database {
        causes.push(Cause::ZoneDatabase { old: old.zone_database.clone(), new: new.zone_database.clone() });
    }
    inputs(&old.inputs, &new.inputs, &mut causes);
    if old.case_sha256 != new.case_sha256 {
        causes.push(Cause::CaseFile { old: old.case_sha256.clone(), new: new.case_sha256.clone() });
    }
    let names: BTreeSet<&str> = old.settings.iter().chain(&new.settings).map(|setting| setting.name.as_str()).collect();
    for name in names.into_iter().filter(|name| !NO_CAUSE.contains(name)) {
        let (before, now) = (old.setting(name).unwrap_or_default(), new.setting(name).unwrap_or_default());
        if before != now {
            let origin = new.settings.iter().find(|setting| setting.name == name);
            let origin = origin.map(|setting| setting.origin.clone()).unwrap_or_default();
            causes.push(Cause::Setting { name: name.to_owned(), old: before, new: now, origin });
        }
    }
    detection(&old.detection, &new.detection, &mut causes);
    let versions = |manifest: &Manifest| -> Vec<(String, String)> {
        manifest.rule_packs.iter().map(|pack| (pack.id.clone(), pack.version.clone())).collect()
    };
    for (id, old, new) in differing(&versions(old), &versions(new)) {
        causes.push(Cause::RulePack { id, old, new });
    }
    let used = |manifest: &Manifest| -> Vec<((String, String), String)> {
        // The case file and the detectors are told already.
        let others = manifest.files.iter().filter(|file| !matches!(file.kind.as_str(), "case" | "detectors"));
        others.map(|UsedFile { kind, file, sha256 }| ((kind.clone(), file.clone()), sha256.clone())).collect()
    };
    for ((kind, file), old, new) in differing(&used(old), &used(new)) {
        causes.push(Cause::UserFile { kind, file, old, new });
    }
    let hashes = |files: &[Hashed]| -> Vec<(String, String)> {
        files.iter().map(|file| (file.file.clone(), file.sha256.clone())).collect()
    };
    // Where one of them lists none, nothing can be told.
    if !old.compiled_in.is_empty() && !new.compiled_in.is_empty() {
        for (file, old, new) in differing(&hashes(&old.compiled_in), &hashes(&new.compiled_in)) {
            causes.push(Cause::CompiledIn { file, old, new });
        }
    }
    causes
}

fn inputs(old: &[Hashed], new: &[Hashed], causes: &mut Vec<Cause>) {
    let by_name = |inputs: &[Hashed]| -> BTreeMap<String, String> {
        inputs.iter().map(|input| (input.file.clone(), input.sha256.clone())).collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let mut added: BTreeMap<&String, &String> = new.iter().filter(|(file, _)| !old.contains_key(*file)).collect();
    for (file, before) in &old {
        let now = new.get(file);
        let renamed = added.iter().find(|(_, sha256)| !before.is_empty() && **sha256 == before).map(|(file, _)| *file);
        match (now, renamed) {
            (Some(now), _) if now != before => {
                causes.push(Cause::InputChanged { file: file.clone(), old: before.clone(), new: now.clone() });
            }
            (Some(_), _) => {}
            (None, Some(name)) => {
                added.remove(name);
                causes.push(Cause::InputRenamed { old: file.clone(), new: name.clone() });
            }
            (None, None) => causes.push(Cause::InputRemoved { file: file.clone() }),
        }
    }
    causes.extend(added.into_keys().map(|file| Cause::InputAdded { file: file.clone() }));
}

/// Detectors by name and member, and the other thresholds.
fn detection(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let members = |value: &Value| -> Vec<((String, String), String)> {
        let Value::Object(all) = value else { return Vec::new() };
        let mut members = Vec::new();
        for (name, value) in all {
            let of: Vec<(String, &Value)> = match value {
                Value::Array(detectors) => {
                    detectors.iter().map(|one| (one.get("name").map(text_of).unwrap_or_default(), one)).collect()
                }
                one => vec![(name.clone(), one)],
            };
            for (name, one) in of {
                let parts = one.as_object().into_iter().flatten().filter(|(part, _)| *part != "name");
                members.extend(parts.map(|(part, value)| ((name.clone(), part.clone()), text_of(value))));
            }
        }
        members
    };
    let (old, new) = (members(old), members(new));
    let names = |members: &[((String, String), String)]| -> BTreeSet<String> {
        members.iter().map(|((name, _), _)| name.clone()).collect()
    };
    let (in_old, in_new) = (names(&old), names(&new));
    for name in in_old.symmetric_difference(&in_new) {
        let told = |there: bool| if there { name.clone() } else { String::new() };
        let (old, new) = (told(in_old.contains(name)), told(in_new.contains(name)));
        causes.push(Cause::Detector { name: name.clone(), what: "detector".to_owned(), old, new });
    }
    for ((name, what), old, new) in differing(&old, &new) {
        if in_old.contains(&name) && in_new.contains(&name) {
            causes.push(Cause::Detector { name, what, old, new });
        }
    }
}

/// What differs between two lists of values by key, with the values; an empty one where a list lacks it.
fn differing<K: Ord + Clone>(old: &[(K, String)], new: &[(K, String)]) -> Vec<(K, String, String)> {
    let (old, new): (BTreeMap<&K, &String>, BTreeMap<&K, &String>) =
        (old.iter().map(|(key, value)| (key, value)).collect(), new.iter().map(|(key, value)| (key, value)).collect());
    let keys: BTreeSet<&K> = old.keys().chain(new.keys()).copied().collect();
    let value = |of: &BTreeMap<&K, &String>, key: &K| of.get(key).map_or_else(String::new, |value| (*value).clone());
    let both = keys.into_iter().map(|key| (key.clone(), value(&old, key), value(&new, key)));
    both.filter(|(_, old, new)| old != new).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(value: Value) -> Manifest {
        serde_json::from_value(value).expect("a manifest")
    }

    #[test]
    fn causes_are_told_one_by_one() {
        let old = manifest(json!({
            "program": "p 1", "case_sha256": "c", "zone_database": "z",
            "settings": [{"name": "since", "value": "", "origin": "default"}, {"name": "threads", "value": "2"}],
            "detection": {"detector": [{"name": "a", "threshold": 5}, {"name": "b", "threshold": 5}], "run": {"window": 9}},
            "rule_packs": [{"id": "de", "version": "1"}],
            "inputs": [{"file": "x", "sha256": "1"}, {"file": "y", "sha256": "2"}, {"file": "z", "sha256": "3"}, {"file": "same", "sha256": "4"}],
            "compiled_in": [{"file": "d", "sha256": "1"}],
        }));
        let new = manifest(json!({
            "program": "p 2", "case_sha256": "", "zone_database": "z",
            "settings": [{"name": "since", "value": ["2020-01-01"], "origin": "flag"}, {"name": "threads", "value": "3"}],
            "detection": {"detector": [{"name": "a", "threshold": 6}, {"name": "c", "threshold": 5}], "run": {"window": 9}},
            "rule_packs": [{"id": "de", "version": "2"}],
            "inputs": [{"file": "x", "sha256": "9"}, {"file": "new", "sha256": "5"}, {"file": "other y", "sha256": "2"}, {"file": "same", "sha256": "4"}],
        }));
        let text = str::to_owned;
        let told = causes(&old, &new);
        let expected = [
            Cause::Program { old: text("p 1"), new: text("p 2") },
            Cause::InputChanged { file: text("x"), old: text("1"), new: text("9") },
            Cause::InputRenamed { old: text("y"), new: text("other y") },
            Cause::InputRemoved { file: text("z") },
            Cause::InputAdded { file: text("new") },
            Cause::CaseFile { old: text("c"), new: text("") },
            Cause::Setting { name: text("since"), old: text(""), new: text("2020-01-01"), origin: text("flag") },
            Cause::Detector { name: text("b"), what: text("detector"), old: text("b"), new: text("") },
            Cause::Detector { name: text("c"), what: text("detector"), old: text(""), new: text("c") },
            Cause::Detector { name: text("a"), what: text("threshold"), old: text("5"), new: text("6") },
            Cause::RulePack { id: text("de"), old: text("1"), new: text("2") },
        ];
        assert_eq!(told, expected);
        assert!(causes(&old, &old).is_empty());
    }

    #[test]
    fn rows_are_new_gone_or_changed_by_their_keys() {
        let row = |id: &str, messages: &str, title: &str| -> Fields {
            [("finding_id", id), ("messages", messages), ("title", title)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        let header: Vec<String> = ["finding_id", "messages", "title"].map(str::to_owned).into();
        let old = vec![row("F-1", "5", "eins"), row("F-2", "5", "zwei"), row("F-3", "5", "drei")];
        let new = vec![row("F-2", "5", "two"), row("F-3", "6", "three"), row("F-4", "7", "=four")];
        let change = table(TABLES[0], old, (header, new), &IN_WORDS);
        let ids = |rows: &[Fields]| rows.iter().map(|row| row["finding_id"].clone()).collect::<Vec<_>>();
        assert_eq!(
            (ids(&change.new), ids(&change.gone), change.same),
            (vec!["F-4".to_owned()], vec!["F-1".to_owned()], 1)
        );
        let [changed] = change.changed.as_slice() else { panic!("one row changed") };
        assert_eq!((changed.id.as_str(), changed.columns.len(), changed.columns[0].new.as_str()), ("F-3", 1, "6"));
        let comparison = Comparison { tables: vec![change], ..Comparison::default() };
        let mut written = Vec::new();
        write_new_findings(&comparison, &mut written).expect("writes");
        assert_eq!(
            String::from_utf8(written).expect("text"),
            "change,changed_columns,finding_id,messages,title\r\nnew,,F-4,7,=four\r\nchanged,messages,F-3,6,three\r\n"
        );
    }
}
