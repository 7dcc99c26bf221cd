//! What `trace` and `explain` have in common: opening the report, finding its sources, words, and how errors end.
//! Where sources lie and what is found in them again stands in `report::again`.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::arguments::AgainArguments;
use super::exit::{self, Failure};
use super::settings::{size, threads};
use super::summary::{Paint, plain_line};
use super::words::{self, Words};
use crate::report::again::{AgainError, Places, Sources, language};
use crate::report::reading::Report;
use crate::report::trace::{Kind, TraceError};

/// Bound for unpacked sizes where the report records none.
const MAX_UNPACKED: &str = "64GiB";

/// A report, ready to be looked into.
#[derive(Debug)]
pub struct Prepared {
    /// The report.
    pub report: Report,
    /// Its sources.
    pub sources: Sources,
    /// Where else to look.
    pub places: Places,
    /// Words for people.
    pub words: Words,
}

/// Opens the report and looks for its sources.
///
/// # Errors
/// Wrong usage, or a folder that is no report.
pub fn prepare(arguments: &AgainArguments) -> Result<Prepared, Failure> {
    let threads = threads(arguments.threads).map_err(Failure::usage)?;
    let mut report = Report::open(&arguments.report).map_err(Failure::usage)?;
    let words = Words::load(words::language(arguments.lang, language(&report))).map_err(Failure::usage)?;
    let sources = Sources::find(&mut report, arguments.inputs.as_deref()).map_err(Failure::usage)?;
    let max_unpacked = report.manifest().setting("max-unpacked").unwrap_or_else(|| MAX_UNPACKED.to_owned());
    let places = Places {
        inputs: arguments.inputs.clone(),
        case: arguments.case.clone(),
        formats: super::formats::own_files(&arguments.format).map_err(Failure::usage)?,
        rules: arguments.rules.clone(),
        max_unpacked: size(&max_unpacked).map_err(Failure::usage)?,
        threads,
    };
    Ok(Prepared { report, sources, places, words })
}

/// How an error ends: what is not there is an input that could not be read.
pub fn failure(error: TraceError) -> Failure {
    let unread = match &error {
        TraceError::Again(error) => matches!(error, AgainError::Case { .. } | AgainError::Used { .. }),
        TraceError::NotLookedFor { .. } => true,
        TraceError::Reading(_) | TraceError::Unknown { .. } => false,
    };
    Failure { code: if unread { exit::UNREAD } else { exit::USAGE }, error: error.into() }
}

/// A value as one line of JSON.
///
/// # Errors
/// When printing fails.
pub fn json_line(value: &impl Serialize, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    writeln!(out)
}

/// Words and colours of one run.
#[derive(Debug)]
pub struct Told<'w> {
    /// Words.
    pub words: &'w Words,
    /// Colours.
    pub paint: Paint,
}

impl Told<'_> {
    /// The first line: the id and what it is.
    ///
    /// # Errors
    /// When the words of the build are damaged.
    pub fn headline(&self, kind: Kind, id: &str, row: &BTreeMap<String, String>) -> anyhow::Result<String> {
        let get = |column: &str| row.get(column).map_or("", String::as_str);
        let what = match kind {
            Kind::Finding => [get("rule"), get("title"), get("subject")],
            Kind::Burst => [get("detector"), get("account"), get("start")],
            Kind::Campaign => [get("content_kind"), get("accounts"), get("first_sent")],
            Kind::Run => [get("campaign_id"), get("accounts"), get("start")],
            Kind::Cluster | Kind::Message => ["", "", ""],
        };
        let what: Vec<String> = what.iter().filter(|part| !part.is_empty()).map(|part| plain_line(part)).collect();
        let name = self.words.text(&format!("kind_{}", kind.as_str()))?;
        let what = if what.is_empty() { name } else { format!("{name}: {}", what.join(", ")) };
        Ok(format!("{}  {what}", self.paint.bold(&plain_line(id))))
    }

    /// Inputs and files of the report that are not what they were.
    ///
    /// # Errors
    /// When printing fails.
    pub fn standing(
        &self,
        changed: &[String],
        missing: &[String],
        altered: &[String],
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        for (key, files) in [("source_changed", changed), ("source_missing", missing), ("file_altered", altered)] {
            for file in files {
                let said = self.words.say(key, &[("file", &plain_line(file))])?;
                writeln!(out, "{} {said}", self.paint.warn(&self.words.text("note")?))?;
            }
        }
        Ok(())
    }
}
