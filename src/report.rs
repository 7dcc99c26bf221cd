//! Stage five: what the stages found in; the report folder out.
//! Everything is first put into one extract; the files are written from it and from the stages' results.
//! The folder appears whole or not at all, and the same input gives the same bytes.

pub mod again;
#[cfg(feature = "pdf")]
pub mod annex;
mod base64;
mod boundaries;
mod build;
pub mod case_draft;
pub mod charts;
pub mod compare;
mod csv_files;
pub mod evidence;
pub mod explain;
pub mod extract;
pub mod folder;
mod guard;
mod html;
mod identity;
mod instants;
mod knowledge;
mod load;
pub mod manifest;
pub mod measures;
mod message_ids;
mod messages;
pub mod near;
pub mod news;
pub mod places;
pub mod plan;
pub mod reading;
pub mod records;
pub mod reidentification;
pub mod rules;
pub mod shelf;
mod shown;
pub mod sums;
mod tables;
pub mod timestamp;
pub mod trace;
pub mod verify;
pub mod whole_file;
pub(crate) mod words;
mod workbook;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::assess::{Assessment, Calendar, Pack};
use crate::case::{Case, Language};
use crate::detect::{Activity, Settings};
use crate::ingest::{Ingested, Progress};
use evidence::Extent;
use extract::Extract;
use folder::{Folder, FolderError, MANIFEST};

pub use build::input_row;
pub use extract::InputRow;
pub use html::{HtmlError, page};
pub use instants::utc;
pub use shown::{KEY_BYTES, Shown};

/// A kind of output that `--write` can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `csv/*.csv`.
    Csv,
    /// `csv-excel/*.csv`.
    #[serde(rename = "csv-excel")]
    CsvExcel,
    /// `findings.json`.
    Json,
    /// `report.html`.
    Html,
    /// `report.pdf`.
    #[cfg(feature = "pdf")]
    Pdf,
    /// `report.xlsx`.
    Xlsx,
}

/// A setting as the manifest records it: its value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingRow {
    /// Name of the option.
    pub name: String,
    /// Its value.
    pub value: SettingValue,
    /// `flag`, `environment`, `file`, `case`, `input folder` or `default`.
    pub origin: String,
    /// The variable, or file and line, where it stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// One value; empty where none is set.
    One(String),
    /// Those of an option that may be given more than once.
    Many(Vec<String>),
}

impl SettingValue {
    /// The values that are set.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        };
        texts.iter().map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// A file of the user that was read beside the inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedFile {
    /// `case`, `detectors`, `rules`, `format`, or `own format` for one that lies in the configuration folder.
    pub kind: String,
    /// Its path as given; for one of the configuration folder its name.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}

/// All that a report is written from.
#[derive(Debug)]
pub struct ReportInput<'a> {
    /// Program and version.
    pub program: String,
    /// What ingest gave.
    pub ingested: &'a Ingested,
    /// Settings of detection.
    pub detection: &'a Settings,
    /// What detection gave.
    pub activity: &'a Activity,
    /// The case.
    pub case: &'a Case,
    /// SHA-256 of the case file; empty without one.
    pub case_sha256: String,
    /// Rule packs.
    pub packs: &'a [Pack],
    /// What assessment gave.
    pub assessment: &'a Assessment,
    /// The matter's calendar.
    pub calendar: &'a Calendar,
    /// Language of words for people.
    pub language: Language,
    /// How recipients are shown.
    pub shown: &'a Shown,
    /// How much evidence is listed.
    pub evidence: Extent,
    /// Bound for unpacked sizes, in bytes.
    pub max_unpacked: u64,
    /// Settings with their origin.
    pub settings: &'a [SettingRow],
    /// Files of the user that were read beside the inputs.
    pub files: &'a [UsedFile],
    /// Whether a request for a time stamp is wanted.
    pub timestamp_request: bool,
    /// Outputs wanted.
    pub write: &'a BTreeSet<Kind>,
    /// Whether `messages.parquet` is wanted.
    pub with_messages: bool,
    /// Whether `load/` is wanted.
    pub load_file: bool,
    /// The matter's pseudonyms, for `reidentification.csv` beside a report in clear.
    pub reidentify: Option<&'a Shown>,
    /// How the annex is numbered and split.
    #[cfg(feature = "pdf")]
    pub annex: annex::Form,
    /// Told of the work as it goes on: rows of evidence hashed and written.
    pub progress: &'a dyn Progress,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A CSV file.
    #[error("writing CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A JSON file.
    #[error("writing JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Parquet.
    #[error("writing Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The HTML page.
    #[error("writing HTML: {0}")]
    Html(#[from] HtmlError),
    /// The workbook.
    #[error("writing XLSX: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The PDF.
    #[cfg(feature = "pdf")]
    #[error("writing PDF: {0}")]
    Annex(#[from] annex::AnnexError),
    /// The file system.
    #[error("writing: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes the report folder and gives the extract that it says.
///
/// # Errors
/// When something cannot be written; the folder is then as it was.
pub fn write(input: &ReportInput<'_>, target: &Path) -> Result<Extract, ReportError> {
    // First of all the folder: a place that cannot be written is told before the work, not after it.
    let mut folder = Folder::begin(target)?;
    let extract = build::build(input);
    let messages = &input.ingested.messages;
    // Both dialects are written from one row.
    let csv = [Kind::Csv, Kind::CsvExcel].iter().any(|kind| input.write.contains(kind));
    let times = u64::from(csv) + u64::from(input.write.contains(&Kind::Xlsx));
    if times > 0 || input.load_file {
        let findings = &input.assessment.findings;
        let rows = evidence::listed(findings, input.evidence);
        let written: u64 = findings.iter().map(|finding| input.evidence.of(&finding.rows).len() as u64).sum();
        input.progress.total(rows.len() as u64 + written * times);
        let sources = &input.ingested.sources;
        let hashes = evidence::record_hashes(messages, sources, &rows, input.max_unpacked, input.progress);
        let source = tables::Source { input, extract: &extract, hashes: &hashes };
        for table in tables::TABLES {
            let file = |kind: Kind, dialect: &str| {
                let wanted = input.write.contains(&kind);
                wanted.then(|| folder.create(&format!("{dialect}/{}.csv", table.name))).transpose()
            };
            let (mut exact, mut german) = (file(Kind::Csv, "csv")?, file(Kind::CsvExcel, "csv-excel")?);
            if exact.is_some() || german.is_some() {
                csv_files::write(
                    &table,
                    &source,
                    exact.as_mut().map(|out| out as _),
                    german.as_mut().map(|out| out as _),
                )?;
            }
            exact.into_iter().chain(german).try_for_each(|file| folder.close(file))?;
        }
        if input.load_file {
            load::write(input, &identity::report_id(&extract), &hashes, &mut folder)?;
        }
        if input.write.contains(&Kind::Xlsx) {
            let bytes = workbook::workbook(&source, input.language)?;
            folder.write::<ReportError>("report.xlsx", |out| Ok(out.write_all(&bytes)?))?;
        }
    }
    if input.write.contains(&Kind::Json) {
        folder.write::<ReportError>("findings.json", |out| Ok(identity::write_findings(&extract, out)?))?;
    }
    if input.write.contains(&Kind::Html) {
        let page = html::page(&extract, input.language)?;
        folder.write::<ReportError>("report.html", |out| Ok(out.write_all(page.as_bytes())?))?;
    }
    if input.with_messages {
        let mut out = folder.create("messages.parquet")?;
        messages::write(messages, &input.activity.marks, input.shown, &mut out)?;
        folder.close(out)?;
    }
    #[cfg(feature = "pdf")]
    if input.write.contains(&Kind::Pdf) {
        annex::write(input, &extract, &mut folder)?;
    }
    let text = manifest::manifest(input, &extract, folder.outputs())?;
    folder.write::<ReportError>(MANIFEST, |out| Ok(out.write_all(text.as_bytes())?))?;
    if input.timestamp_request {
        let request = timestamp::request(text.as_bytes());
        folder.write::<ReportError>(timestamp::REQUEST, |out| Ok(out.write_all(&request)?))?;
    }
    let sums = sums::of(&folder.outputs());
    folder.write::<ReportError>(sums::SUMS, |out| Ok(out.write_all(sums.as_bytes())?))?;
    if let Some(pseudonyms) = input.reidentify {
        reidentification::write(&input.ingested.messages, pseudonyms, target)?;
    }
    folder.finish()?;
    Ok(extract)
}
