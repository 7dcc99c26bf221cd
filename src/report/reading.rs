//! Reads a report folder back: its manifest, its tables row by row, what findings.json says.
//! A damaged or foreign folder is an error with file and place, never a panic; a file that is not the one the manifest
//! lists is read and told. What is done with what was read is the business of `trace`, `explain` and `compare`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use serde::Deserialize;
use serde_json::Value;

use super::folder::MANIFEST;
use crate::hash::{Sha256, hex};

/// Why a report folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// No manifest there.
    #[error("{0} is no report folder: it holds no manifest.json")]
    NoReport(String),
    /// The operating system said no.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// What it said.
        source: io::Error,
    },
    /// What stands there is not what a report has there.
    #[error("{file}, {place}: {what}")]
    Damaged {
        /// The file.
        file: String,
        /// Line, or line and column.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A file that this needs was not written.
    #[error("{folder} holds no {file}: write the report with --write csv,json")]
    NotWritten {
        /// The folder.
        folder: String,
        /// The file.
        file: String,
    },
    /// Written by another generation of the program.
    #[error("{file}: its schema is `{found}`, and this program reads `{known}…`")]
    Schema {
        /// The file.
        file: String,
        /// What it says.
        found: String,
        /// What is known.
        known: &'static str,
    },
}

/// A setting as the manifest has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Setting {
    /// Name of the option.
    pub name: String,
    /// Its value.
    #[serde(default)]
    pub value: Value,
    /// Where it came from.
    #[serde(default)]
    pub origin: String,
}

impl Setting {
    /// The value as text; empty for none.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(&self.value)
    }
}

/// A rule pack as the manifest has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PackVersion {
    /// Name.
    pub id: String,
    /// Version.
    #[serde(default)]
    pub version: String,
}

/// A file with its hash, as the manifest lists inputs and outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Hashed {
    /// Name.
    pub file: String,
    /// SHA-256 as hex digits; empty where the file could not be read.
    #[serde(default)]
    pub sha256: String,
    /// Bytes.
    #[serde(default)]
    pub bytes: u64,
}

/// A file of the user that was read beside the inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct UsedFile {
    /// `case`, `detectors`, `rules`, `format`, or `own format`.
    pub kind: String,
    /// Its path as given.
    pub file: String,
    /// SHA-256 as hex digits.
    #[serde(default)]
    pub sha256: String,
}

/// What the manifest says. Members that it lacks are empty, and others that it has are passed over, so that reports of
/// earlier and later versions can be read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Version of its schema.
    pub schema: String,
    /// Program and version.
    pub program: String,
    /// Name of the matter.
    pub matter: String,
    /// Settings with their origin.
    pub settings: Vec<Setting>,
    /// Settings of detection as they were used.
    pub detection: Value,
    /// SHA-256 of the case file; empty without one.
    pub case_sha256: String,
    /// Rule packs.
    pub rule_packs: Vec<PackVersion>,
    /// Zone database.
    pub zone_database: String,
    /// Inputs.
    pub inputs: Vec<Hashed>,
    /// Files of the user that were read beside the inputs.
    pub files: Vec<UsedFile>,
    /// Data files that were compiled into the program.
    pub compiled_in: Vec<Hashed>,
    /// Outputs.
    pub outputs: Vec<Hashed>,
}

impl Manifest {
    /// The value of a setting by the name of its option; `None` where it has none.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<String> {
        let found = self.settings.iter().find(|setting| setting.name == name)?;
        Some(found.text()).filter(|text| !text.is_empty())
    }
}

/// A report folder.
#[derive(Debug)]
pub struct Report {
    folder: PathBuf,
    manifest: Manifest,
    altered: BTreeSet<String>,
}

/// A row of a table, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    file: &'r str,
    header: &'r [String],
    record: &'r StringRecord,
}

impl Row<'_> {
    /// The field of a column; empty where the table has no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> &str {
        let position = self.header.iter().position(|name| name == column);
        position.and_then(|position| self.record.get(position)).unwrap_or("")
    }

    /// A whole number.
    ///
    /// # Errors
    /// When the field is none.
    pub fn number(&self, column: &str) -> Result<u64, ReadingError> {
        self.get(column).parse().map_err(|_| self.damaged(format!("`{column}` is no whole number")))
    }

    /// An error about this row.
    #[must_use]
    pub fn damaged(&self, what: String) -> ReadingError {
        let line = self.record.position().map_or(0, csv::Position::line);
        ReadingError::Damaged { file: self.file.to_owned(), place: format!("line {line}"), what }
    }

    /// The names of the columns.
    #[must_use]
    pub const fn header(&self) -> &[String] {
        self.header
    }

    /// All fields by column.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<String, String> {
        self.header.iter().cloned().zip(self.record.iter().map(str::to_owned)).collect()
    }
}

/// What a table is looked up by: its name in `csv/`, its column of ids, and where findings.json has the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdTable {
    /// Letter of its ids.
    pub letter: char,
    /// Name without ending.
    pub table: &'static str,
    /// Column of its ids.
    pub column: &'static str,
    /// Member of findings.json; empty where it has none.
    pub member: &'static str,
}

/// The tables whose rows have ids.
pub const ID_TABLES: [IdTable; 5] = [
    IdTable { letter: 'F', table: "findings", column: "finding_id", member: "findings" },
    IdTable { letter: 'B', table: "bursts", column: "burst_id", member: "bursts" },
    IdTable { letter: 'C', table: "campaigns", column: "campaign_id", member: "campaigns" },
    IdTable { letter: 'R', table: "runs", column: "run_id", member: "" },
    IdTable { letter: 'A', table: "account_clusters", column: "cluster_id", member: "account_clusters" },
];

impl Report {
    /// Opens a folder.
    ///
    /// # Errors
    /// When it holds no manifest, or one that is damaged.
    pub fn open(folder: &Path) -> Result<Self, ReadingError> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            return Err(ReadingError::NoReport(folder.display().to_string()));
        }
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| in_json(&path, &error))?;
        const KNOWN: &str = "sendeschluss-manifest-";
        if !manifest.schema.starts_with(KNOWN) {
            let file = path.display().to_string();
            return Err(ReadingError::Schema { file, found: manifest.schema, known: KNOWN });
        }
        Ok(Self { folder: folder.to_owned(), manifest, altered: BTreeSet::new() })
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its manifest says.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Files that were read so far and are not those that the manifest lists.
    pub fn altered(&self) -> impl Iterator<Item = &str> {
        self.altered.iter().map(String::as_str)
    }

    /// Goes through a table of `csv/`. Gives `false` where the report has none.
    ///
    /// # Errors
    /// When it cannot be read, is no table, or `see` finds fault with a row.
    pub fn each(
        &mut self,
        table: &str,
        see: &mut dyn FnMut(Row<'_>) -> Result<(), ReadingError>,
    ) -> Result<bool, ReadingError> {
        let name = format!("csv/{table}.csv");
        let path = self.folder.join(&name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(at(&path)(error)),
        };
        let shown = path.display().to_string();
        let mut digest = Sha256::new();
        {
            let hashing = Hashing { source: BufReader::with_capacity(1 << 18, file), digest: &mut digest };
            let mut reader = csv::ReaderBuilder::new().from_reader(hashing);
            let header: Vec<String> =
                reader.headers().map_err(|error| in_csv(&shown, error))?.iter().map(str::to_owned).collect();
            let mut record = StringRecord::new();
            while reader.read_record(&mut record).map_err(|error| in_csv(&shown, error))? {
                see(Row { file: &shown, header: &header, record: &record })?;
            }
        }
        self.compare(&name, &hex(&digest.finalize()));
        Ok(true)
    }

    /// The rows of a table by column, those that `keep` says yes to. `None` where the report has no such table.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn rows(
        &mut self,
        table: &str,
        keep: &dyn Fn(&Row<'_>) -> bool,
    ) -> Result<Option<Vec<BTreeMap<String, String>>>, ReadingError> {
        let mut rows = Vec::new();
        let there = self.each(table, &mut |row| {
            if keep(&row) {
                rows.push(row.fields());
            }
            Ok(())
        })?;
        Ok(there.then_some(rows))
    }

    /// What findings.json says; `None` where it was not written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn findings_json(&mut self) -> Result<Option<Value>, ReadingError> {
        const NAME: &str = "findings.json";
        let path = self.folder.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        self.compare(NAME, &hex(&Sha256::digest(&bytes)));
        serde_json::from_slice(&bytes).map(Some).map_err(|error| in_json(&path, &error))
    }

    /// The rows of a table with ids as fields of text: from `csv/`, else from findings.json. `None` where neither has it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn id_rows(&mut self, of: IdTable) -> Result<Option<Vec<BTreeMap<String, String>>>, ReadingError> {
        if let Some(rows) = self.rows(of.table, &|_| true)? {
            return Ok(Some(rows));
        }
        self.member_rows(of.member)
    }

    /// A member of findings.json that is a list, as rows of text; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn member_rows(&mut self, member: &str) -> Result<Option<Vec<BTreeMap<String, String>>>, ReadingError> {
        let Some(Value::Object(mut found)) = self.findings_json()? else { return Ok(None) };
        let Some(Value::Array(rows)) = found.remove(member) else { return Ok(None) };
        let fields = |row: Value| match row {
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), text_of(value))).collect(),
            _ => BTreeMap::new(),
        };
        Ok(Some(rows.into_iter().map(fields).collect()))
    }

    /// All ids of the report, by kind and then in the order of its tables.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn ids(&mut self) -> Result<Vec<String>, ReadingError> {
        let mut ids = Vec::new();
        for of in ID_TABLES {
            let mut own = Vec::new();
            if !self.each(of.table, &mut |row| {
                own.push(row.get(of.column).to_owned());
                Ok(())
            })? {
                let rows = self.id_rows(of)?.unwrap_or_default();
                own.extend(rows.into_iter().filter_map(|mut row| row.remove(of.column)));
            }
            // A cluster has a row for each of its links.
            own.dedup();
            ids.append(&mut own);
        }
        Ok(ids)
    }

    /// Notes whether a file is the one that the manifest lists.
    fn compare(&mut self, name: &str, sha256: &str) {
        let listed = self.manifest.outputs.iter().find(|output| output.file == name);
        if listed.is_none_or(|output| output.sha256 != sha256) {
            self.altered.insert(name.to_owned());
        }
    }
}

/// A value of findings.json or of a setting as a table would have it.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text_of).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// The ids nearest to one that is not there, the nearest first.
#[must_use]
pub fn nearest<'i>(ids: &'i [String], id: &str) -> Vec<&'i str> {
    const SHOWN: usize = 3;
    let mut near: Vec<(f64, &str)> = ids
        .iter()
        .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &id.to_lowercase()), known.as_str()))
        .filter(|(likeness, _)| *likeness > 0.9)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    near.into_iter().take(SHOWN).map(|(_, known)| known).collect()
}

fn at(path: &Path) -> impl Fn(io::Error) -> ReadingError + '_ {
    move |source| ReadingError::Io { file: path.display().to_string(), source }
}

fn in_json(path: &Path, error: &serde_json::Error) -> ReadingError {
    let what = error.to_string();
    // The place is told before it; serde_json tells it behind as well.
    let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
    let place = format!("line {}, column {}", error.line(), error.column());
    ReadingError::Damaged { file: path.display().to_string(), place, what }
}

fn in_csv(file: &str, error: csv::Error) -> ReadingError {
    let line = error.position().map_or(0, csv::Position::line);
    let what = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => ReadingError::Io { file: file.to_owned(), source },
        _ => ReadingError::Damaged { file: file.to_owned(), place: format!("line {line}"), what },
    }
}

struct Hashing<'h, R> {
    source: R,
    digest: &'h mut Sha256,
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = self.source.read(buffer)?;
        self.digest.update(buffer.get(..filled).unwrap_or_default());
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("csv")).expect("a folder in it");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        folder
    }

    const LEAST: &str = r#"{"schema": "sendeschluss-manifest-9", "something": ["new"], "settings": [{"name": "since", "value": "", "origin": "default"}, {"name": "threads", "value": 4}]}"#;

    #[test]
    fn manifests_of_other_versions_are_read_and_altered_files_told() {
        let folder = folder(&[("manifest.json", LEAST), ("csv/bursts.csv", "burst_id,peak\r\nB-1,70\r\n")]);
        let mut report = Report::open(folder.path()).expect("a report");
        assert_eq!(
            (report.manifest().setting("since"), report.manifest().setting("threads")),
            (None, Some("4".to_owned()))
        );
        assert_eq!(report.ids().expect("ids"), ["B-1"]);
        assert_eq!(report.altered().collect::<Vec<_>>(), ["csv/bursts.csv"]);
        let rows = report.rows("bursts", &|row| row.number("peak").is_ok_and(|peak| peak > 60)).expect("a table");
        assert_eq!(rows.expect("it is there").len(), 1);
        assert!(report.rows("runs", &|_| true).expect("no fault").is_none());
    }

    #[test]
    fn damage_is_told_with_file_and_place() {
        let told = |files: &[(&str, &str)]| {
            let folder = folder(files);
            let error = Report::open(folder.path()).and_then(|mut report| {
                report.each("bursts", &mut |row| row.number("peak").map(drop))?;
                report.findings_json()
            });
            error.expect_err("damage").to_string().replace(&folder.path().display().to_string(), "out")
        };
        assert_eq!(told(&[]), "out is no report folder: it holds no manifest.json");
        assert!(told(&[("manifest.json", "{\n  \"schema\": ")]).starts_with("out/manifest.json, line 2, column "));
        assert!(told(&[("manifest.json", "{}")]).contains("its schema is ``"));
        let with = |name, text| told(&[("manifest.json", LEAST), (name, text)]);
        assert_eq!(with("csv/bursts.csv", "peak\n1\nx\n"), "out/csv/bursts.csv, line 3: `peak` is no whole number");
        assert!(with("csv/bursts.csv", "peak,a\n1\n").starts_with("out/csv/bursts.csv, line 2: "));
        assert!(with("csv/bursts.csv", "peak\n\u{0}").contains("line 2"));
        assert!(with("findings.json", "[1,").starts_with("out/findings.json, line 1, column 3: "));
    }

    #[test]
    fn near_ids_are_suggested() {
        let ids = ["F-088deeb7b9", "F-7a53857b68", "B-088deeb7b9"].map(str::to_owned);
        assert_eq!(nearest(&ids, "F-088deeb7b8").first(), Some(&"F-088deeb7b9"));
        assert!(nearest(&ids, "wamid.HBgM").is_empty());
    }
}
