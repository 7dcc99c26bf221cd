//! How a run ends: the one place where an exit code is chosen.
//! Codes are those of the README; a reader that went away (a broken pipe) is success.
//! Messages go to standard error, for data alone goes to standard output.

use std::io;

use crate::ledger::LedgerError;

/// Everything went well, and nothing at or above `--fail-on`.
pub const DONE: u8 = 0;
/// Findings at or above `--fail-on`.
pub const FINDINGS: u8 = 1;
/// Wrong usage or configuration.
pub const USAGE: u8 = 2;
/// Some input could not be read; the report is written and says so.
pub const UNREAD: u8 = 3;
/// The report, or the ledger, could not be written; the old one is untouched.
pub const UNWRITTEN: u8 = 4;

/// Another run is at work on the same folder.
pub const BUSY: u8 = 5;
/// The report is written, but those who are to be told could not be.
pub const UNTOLD: u8 = 6;

/// Stopped by a signal: this and its number.
pub const SIGNALLED: u8 = 128;

/// An error with the code it ends in.
#[derive(Debug)]
pub struct Failure {
    /// The code.
    pub code: u8,
    /// What went wrong, with its context.
    pub error: anyhow::Error,
}

impl Failure {
    /// Wrong usage or configuration.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { code: USAGE, error: error.into() }
    }

    /// The report could not be written.
    pub fn unwritten(error: impl Into<anyhow::Error>) -> Self {
        Self { code: UNWRITTEN, error: error.into() }
    }

    /// What a ledger said: a wrong call, a source that is gone, or a ledger that is in use or cannot be written.
    pub fn ledger(error: LedgerError) -> Self {
        let code = match &error {
            LedgerError::NoLedger(_)
            | LedgerError::OtherFiles(_)
            | LedgerError::Version { .. }
            | LedgerError::Differs(_)
            | LedgerError::Carried { .. }
            | LedgerError::NoAddress(_)
            | LedgerError::Ingest(_) => USAGE,
            LedgerError::Gone(_) => UNREAD,
            LedgerError::Locked { .. }
            | LedgerError::Damaged { .. }
            | LedgerError::Unwritable { .. }
            | LedgerError::Io { .. }
            | LedgerError::Register(_) => UNWRITTEN,
        };
        Self { code, error: error.into() }
    }

    /// The error and its causes in one line; a cause that the error already quotes is not said twice.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = String::new();
        for cause in self.error.chain().map(ToString::to_string) {
            if message.is_empty() {
                message = cause;
            } else if !message.contains(&cause) {
                message.push_str(": ");
                message.push_str(&cause);
            }
        }
        message
    }

    /// Whether somebody stopped reading what we print.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        let broken = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        };
        self.error.chain().any(broken)
    }
}

impl From<io::Error> for Failure {
    /// Printing failed.
    fn from(error: io::Error) -> Self {
        Self { code: UNWRITTEN, error: error.into() }
    }
}
