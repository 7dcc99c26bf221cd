//! The ledger of a nightly run: what is new goes in, and the report is made of all that is there.
//! What cannot be opened tonight, and places that are gone, are told tonight and stay out of it.
//! Which files are taken is settled in `watch`; how they are kept, in the library.

use std::fs::File;

use super::super::arguments::{ImportArguments, ReportArguments};
use super::super::exit::{self, Failure};
use super::super::import;
use super::super::layers::Setting;
use super::super::progress::Bar;
use super::super::settings::Prepared;
use super::super::summary::plain_line;
use super::heartbeat::Counts;
use super::plan::Plan;
use crate::ledger::{ImportOutcome, Ledger, LedgerError, Mode, What};

/// What others are told the ledger is used for.
const PURPOSE: &str = "run";

/// The newest message, UTC milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newest {
    /// The newest before a bound.
    pub before: Option<i64>,
    /// The newest at or after it.
    pub beyond: Option<i64>,
}

impl Newest {
    /// With one more message.
    #[must_use]
    pub fn with(self, at: i64, bound: i64) -> Self {
        if at < bound {
            Self { before: self.before.max(Some(at)), ..self }
        } else {
            Self { beyond: self.beyond.max(Some(at)), ..self }
        }
    }

    /// That of a ledger. Of each month only the ends are known: where the bound lies between them, its eve counts.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn of(ledger: &Ledger, bound: i64) -> Result<Self, Failure> {
        let mut newest = Self::default();
        for month in ledger.months().map_err(Failure::ledger)? {
            let (Some(first), Some(last)) = (month.first_sent, month.last_sent) else { continue };
            newest = newest.with(last, bound);
            if first < bound && last >= bound {
                newest = newest.with(bound - 1, bound);
            }
        }
        Ok(newest)
    }
}

/// Opens the ledger, where the plan has one.
///
/// # Errors
/// When it cannot be opened, or somebody else has it for longer than is to be waited.
pub fn open(plan: &Plan) -> Result<Option<Ledger>, Failure> {
    let open = |folder| Ledger::open(folder, Mode::Write, plan.wait, PURPOSE);
    plan.report.ledger.as_deref().map(open).transpose().map_err(|error| match error {
        LedgerError::Locked { .. } => Failure { code: exit::BUSY, error: error.into() },
        error => Failure::ledger(error),
    })
}

/// Takes the files in.
///
/// # Errors
/// When they cannot be kept, or would now be read otherwise than before.
pub fn import(
    ledger: &mut Ledger,
    prepared: &mut Prepared,
    report: &ReportArguments,
    settings: &[Setting],
    (bar, counts): (&Bar, &mut Counts),
) -> Result<(), Failure> {
    // The ledger holds what was read. A share that is not there tonight is told tonight.
    prepared.unreadable.clear();
    let before = prepared.inputs.len();
    prepared.inputs.retain(|input| match File::open(&input.path) {
        Ok(_) => true,
        Err(error) => {
            tell(&input.name, &error.to_string());
            false
        }
    });
    counts.unread += (before - prepared.inputs.len()) as u64;
    let arguments = ImportArguments {
        input: report.input.clone(),
        ledger: report.ledger.clone(),
        wait: report.wait.clone(),
        again: false,
        json: false,
    };
    let outcome = import::import(ledger, prepared, &arguments, &import::arguments_of(settings), bar)?;
    counts.files_new = outcome.sources.iter().filter(|source| source.what != What::Known).count() as u64;
    counts.unread += tell_unread(&outcome);
    Ok(())
}

/// Tells which files could not be read, and counts them. What was known before was told before.
fn tell_unread(outcome: &ImportOutcome) -> u64 {
    let told = |what: What| !matches!(what, What::Known | What::SameBytes);
    let unread: Vec<_> = outcome.sources.iter().filter(|source| source.failed && told(source.what)).collect();
    for source in &unread {
        tell(&source.name, &source.notes.join("; "));
    }
    unread.len() as u64
}

/// Tells a file or place that could not be read.
pub fn tell(name: &str, why: &str) {
    tracing::warn!("NOT READ {}: {}", plain_line(name), plain_line(why));
}
