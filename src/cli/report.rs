//! `sendeschluss report`: files in, report folder out, and a summary on the terminal.
//! The stages are called one after another; nothing is computed here.
//! Exit codes are chosen from what the stages said.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};

use super::arguments::{KindArgument, LanguageArgument, ReportArguments, SeverityArgument};
use super::exit::{self, Failure};
use super::progress::Bar;
use super::settings::{self, prepare};
use super::stats::Stats;
use super::summary;
use crate::assess::{Grounds, Pack, Severity, Wording, assess};
use crate::case::Language;
use crate::detect::{Settings, detect};
use crate::ingest::{ingest, open};
use crate::report::evidence::Extent;
use crate::report::folder::Folder;
use crate::report::{Kind, ReportInput, SettingRow, write};

/// Runs the command.
///
/// # Errors
/// Wrong usage, or a report that cannot be written.
pub fn run(arguments: &ReportArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    let prepared = prepare(&arguments.input)?;
    let calendar = &prepared.calendar;
    let extent = extent(&arguments.evidence).map_err(Failure::usage)?;
    let (since, until) = settings::period(&arguments.since, &arguments.until, calendar).map_err(Failure::usage)?;
    let shown = settings::shown(arguments.reveal, arguments.key.as_deref(), &prepared.case.matter.name)
        .map_err(Failure::usage)?;
    let (detection, detectors) = detection(arguments.detectors.as_deref()).map_err(Failure::usage)?;
    let packs = load_packs(&arguments.rules, &detection.detectors).map_err(Failure::usage)?;
    let wording = Wording::load().map_err(Failure::usage)?;
    // A place that cannot be written is told before the work, not after it.
    drop(Folder::begin(&arguments.output).context("the report cannot be written").map_err(Failure::unwritten)?);

    let bar = Bar::new(&arguments.input.talk);
    let mut stats = Stats::new(arguments.input.talk.stats);
    let mut ingested = ingest(&prepared.inputs, &prepared.unreadable, &prepared.case, &prepared.ingest, &bar)
        .map_err(Failure::usage)?;
    if since.is_some() || until.is_some() {
        ingested.keep_between(since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX));
    }
    stats.done("ingest");
    bar.stage("finding mass sends");
    let activity = detect(&ingested.messages, &detection);
    stats.done("detect");
    bar.stage("assessing");
    let grounds = Grounds {
        messages: &ingested.messages,
        consents: &ingested.consents,
        activity: &activity,
        detectors: &detection.detectors,
        run_gap_ms: detection.run.milliseconds,
        case: &prepared.case,
        packs: &packs,
        wording: &wording,
        calendar,
        as_of: arguments.as_of,
    };
    let assessment = assess(grounds);
    stats.done("assess");
    bar.stage("writing the report");
    let language = language(arguments.lang, prepared.case.matter.language);
    let kinds = arguments.write.iter().map(|kind| match kind {
        KindArgument::Csv => Kind::Csv,
        KindArgument::Json => Kind::Json,
        KindArgument::Html => Kind::Html,
    });
    let kinds: BTreeSet<Kind> = kinds.collect();
    let rows = setting_rows(arguments, calendar.name(), language, &detectors);
    let input = ReportInput {
        program: concat!("sendeschluss ", env!("CARGO_PKG_VERSION")).to_owned(),
        ingested: &ingested,
        detection: &detection,
        activity: &activity,
        case: &prepared.case,
        case_sha256: prepared.case_sha256.clone(),
        packs: &packs,
        assessment: &assessment,
        calendar,
        language,
        shown: &shown,
        evidence: extent,
        max_unpacked: prepared.ingest.max_unpacked,
        settings: &rows,
        write: &kinds,
        with_messages: arguments.with_messages,
    };
    let extract = write(&input, &arguments.output)
        .context("the report cannot be written; an earlier one is untouched")
        .map_err(Failure::unwritten)?;
    stats.done("report");
    bar.finish();
    let bytes = extract.completeness.inputs.iter().map(|row| row.bytes).sum();
    stats.print(bytes, extract.completeness.messages, &mut std::io::stderr().lock())?;
    if !arguments.input.talk.quiet {
        let case_file = prepared.case_file.as_deref();
        summary::report(&extract, &arguments.output, case_file, &arguments.input.talk, out)?;
    }
    Ok(code(arguments, &extract.completeness, &assessment.findings))
}

/// The language that an option asks for, else that of the case file, else English.
pub fn language(argument: Option<LanguageArgument>, of_case: Option<Language>) -> Language {
    match argument {
        Some(LanguageArgument::De) => Language::De,
        Some(LanguageArgument::En) => Language::En,
        None => of_case.unwrap_or_default(),
    }
}

/// The packs of the build, with those of the user.
pub fn load_packs(files: &[std::path::PathBuf], detectors: &[crate::detect::Detector]) -> anyhow::Result<Vec<Pack>> {
    let read = |file: &std::path::PathBuf| {
        std::fs::read_to_string(file).with_context(|| format!("{}: cannot be read", file.display()))
    };
    let texts: Vec<String> = files.iter().map(read).collect::<anyhow::Result<_>>()?;
    Pack::load_all(detectors, &texts).map_err(|error| match files {
        [] => anyhow::anyhow!(error),
        [file] => anyhow::anyhow!("{}: {error}", file.display()),
        _ => anyhow::anyhow!("--rules: {error}"),
    })
}

/// The settings of detection, and the SHA-256 of the user's file; empty without one.
pub fn detection(file: Option<&Path>) -> anyhow::Result<(Settings, String)> {
    let settings = Settings::load()?;
    let Some(path) = file else { return Ok((settings, String::new())) };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let settings = settings.with_file(&text).with_context(|| path.display().to_string())?;
    Ok((settings, open::sha256(text.as_bytes())))
}

fn code(
    arguments: &ReportArguments,
    completeness: &crate::report::extract::Completeness,
    findings: &[crate::assess::Finding],
) -> u8 {
    let limit = arguments.fail_on.map(|severity| match severity {
        SeverityArgument::Info => Severity::Info,
        SeverityArgument::Low => Severity::Low,
        SeverityArgument::Medium => Severity::Medium,
        SeverityArgument::High => Severity::High,
        SeverityArgument::Critical => Severity::Critical,
    });
    // A file that was not read may hide findings: that weighs more than the findings that were seen.
    if completeness.failed > 0 {
        exit::UNREAD
    } else if limit.is_some_and(|limit| findings.iter().any(|finding| finding.severity >= limit)) {
        exit::FINDINGS
    } else {
        exit::DONE
    }
}

fn extent(text: &str) -> anyhow::Result<Extent> {
    if text == "all" {
        return Ok(Extent::All);
    }
    text.parse().map(Extent::First).map_err(|_| anyhow!("--evidence {text}: neither a number nor `all`"))
}

/// Settings for the manifest. Threads, paths and talk do not change a report and are left out.
fn setting_rows(arguments: &ReportArguments, zone: &str, language: Language, detectors: &str) -> Vec<SettingRow> {
    let given = |name, value: &Option<String>| SettingRow {
        name,
        value: value.clone().unwrap_or_default(),
        origin: if value.is_some() { "flag" } else { "default" },
    };
    let row = |name, value: String, is_default: bool| SettingRow {
        name,
        value,
        origin: if is_default { "default" } else { "flag" },
    };
    let date_order = arguments.input.date_order.map(|order| format!("{order:?}").to_lowercase());
    vec![
        given("date-order", &date_order),
        row("detectors", detectors.to_owned(), detectors.is_empty()),
        row("evidence", arguments.evidence.clone(), arguments.evidence == "10000"),
        SettingRow {
            name: "language",
            value: language.as_str().to_owned(),
            origin: if arguments.lang.is_some() { "flag" } else { "case or default" },
        },
        row("reveal", arguments.reveal.to_string(), !arguments.reveal),
        given("since", &arguments.since),
        given("timezone", &arguments.input.timezone),
        given("until", &arguments.until),
        SettingRow { name: "calendar", value: zone.to_owned(), origin: "case, flag or default" },
    ]
}
