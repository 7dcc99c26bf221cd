//! Checks a ledger: every file against the hash that the register has of it, the register against itself, and the counts
//! of every month against what folding it gives now. Nothing is changed.

use std::path::PathBuf;

use rayon::prelude::*;

use super::files::{self, Filed};
use super::homes::month_name;
use super::register::conflicts_of;
use super::{Ledger, LedgerError, REGISTER};
use crate::ingest::Reading;

/// A file of the ledger that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedFile {
    /// Its path.
    pub file: PathBuf,
    /// What is wrong, in words.
    pub problem: String,
}

/// What checking found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files that were looked at.
    pub files: u64,
    /// Months that were counted again.
    pub months: u64,
    /// What is wrong.
    pub problems: Vec<CheckedFile>,
}

impl Ledger {
    /// Checks everything.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn check(&self, reading: &Reading) -> Result<Checked, LedgerError> {
        let sources = self.register.sources()?;
        let words = sources.iter().filter_map(|source| source.words.clone());
        let filed: Vec<Filed> = self.register.parts(None)?.into_iter().map(|part| part.filed).chain(words).collect();
        let folder = self.folder.as_path();
        let mut problems: Vec<CheckedFile> = filed
            .par_iter()
            .filter_map(|filed| {
                let problem = files::problem(folder, filed)?;
                Some(CheckedFile { file: folder.join(&filed.file), problem })
            })
            .collect();
        let register = |problem| CheckedFile { file: self.folder.join(REGISTER), problem };
        problems.extend(self.register.integrity()?.into_iter().map(register));
        let whole = problems.is_empty();
        let months = self.register.months()?;
        // A damaged file is told once; what would follow from it is not.
        for month in months.iter().filter(|_| whole) {
            let found = self.count_month(month.number, &sources, reading)?;
            let messages: u64 = found.counts.iter().map(|row| row.counts.messages).sum();
            let same = found.span == (month.first_sent, month.last_sent)
                && messages == month.messages
                && found.conflicts == conflicts_of(&month.conflicts)?;
            if !same {
                problems.push(register(format!(
                    "the counts of {} are not those of its messages",
                    month_name(month.number)
                )));
            }
        }
        problems.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(Checked { files: filed.len() as u64, months: months.len() as u64, problems })
    }
}
