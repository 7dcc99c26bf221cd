//! What a night leaves for monitors: one small JSON file with time, counts and exit code, written whole after every run
//! that held the lock, also after one that failed. The same JSON, with the findings that are told, goes to `--notify`.
//! It holds names of files and findings, no texts and no recipients.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;

use super::super::exit::{self, Failure};
use super::super::summary::plain;
use crate::report::news::Told;
use crate::report::shelf::{Name, Shelf};
use crate::report::whole_file;

/// Version of its form.
const SCHEMA: &str = "sendeschluss-heartbeat-1";

/// How a night ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not yet, or by an error.
    Failed,
    /// By a signal.
    Stopped,
    /// There is a new report.
    Report,
    /// The last report says it all.
    NothingNew,
}

/// Counts of a night.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files that had settled.
    pub files: u64,
    /// Of these, files that the ledger did not know, with what lies in archives; 0 without a ledger.
    pub files_new: u64,
    /// Files that wait for the next night.
    pub waiting: u64,
    /// Files and places that could not be read tonight.
    pub unread: u64,
    /// Messages in the report.
    pub messages: u64,
    /// Findings in the report.
    pub findings: u64,
    /// Findings that were not in the last report that was told.
    pub findings_new: u64,
    /// Findings that have grown worse since.
    pub findings_worse: u64,
    /// Old reports that were removed.
    pub reports_removed: u64,
}

/// A night, as it is told.
#[derive(Clone, Debug, Serialize)]
pub struct Heartbeat {
    schema: &'static str,
    program: &'static str,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The exit code.
    pub exit_code: u8,
    /// What went wrong; `None` when nothing did.
    pub message: Option<String>,
    /// The report that holds now.
    pub report: Option<PathBuf>,
    /// The list of what is new in it.
    pub new_findings: Option<PathBuf>,
    /// Counts.
    pub counts: Counts,
    /// Whether `--notify` took the news; `None` where it was not called.
    pub notified: Option<bool>,
    /// Name of the report that holds now.
    #[serde(skip)]
    pub name: Option<Name>,
}

/// A heartbeat with the findings that are told.
#[derive(Debug, Serialize)]
struct Message<'a> {
    #[serde(flatten)]
    heartbeat: &'a Heartbeat,
    findings: &'a [Told],
}

impl Heartbeat {
    /// A night that has begun.
    #[must_use]
    pub const fn new(started: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            program: concat!("sendeschluss ", env!("CARGO_PKG_VERSION")),
            started,
            ended: started,
            outcome: Outcome::Failed,
            exit_code: 0,
            message: None,
            report: None,
            new_findings: None,
            counts: Counts {
                files: 0,
                files_new: 0,
                waiting: 0,
                unread: 0,
                messages: 0,
                findings: 0,
                findings_new: 0,
                findings_worse: 0,
                reports_removed: 0,
            },
            notified: None,
            name: None,
        }
    }

    /// Notes the report that holds now.
    pub fn show(&mut self, shelf: &Shelf, name: &Name) {
        self.report = Some(shelf.path(name));
        self.new_findings = Some(shelf.last_list());
        self.name = Some(*name);
    }

    /// Notes how the night ended. What it had made before it failed is not told.
    pub fn end(&mut self, ended: &Result<u8, Failure>, at: Timestamp) {
        match ended {
            Ok(code) => {
                self.ended = at;
                self.exit_code = *code;
            }
            Err(failure) => self.fail(failure, at),
        }
    }

    /// Notes what ended the night before its time.
    pub fn fail(&mut self, failure: &Failure, at: Timestamp) {
        self.ended = at;
        self.exit_code = failure.code;
        self.outcome = if failure.code > exit::SIGNALLED { Outcome::Stopped } else { Outcome::Failed };
        self.message = Some(plain(&failure.message()));
        self.name = None;
    }

    /// Notes that those who are to be told could not be; what weighs more stays.
    pub fn was_not_told(&mut self) {
        if matches!(self.exit_code, exit::DONE | exit::FINDINGS) {
            self.exit_code = exit::UNTOLD;
        }
    }

    /// Writes it into its file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        whole_file::write(file, &text).with_context(|| format!("the heartbeat {} cannot be written", file.display()))
    }

    /// The JSON that `--notify` gets.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn message(&self, findings: &[Told]) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(&Message { heartbeat: self, findings })?;
        text.push(b'\n');
        Ok(text)
    }
}
