//! Joins the small parts of each month into one: nightly imports leave one a night, and every file costs an opening.
//! The rows stay what they are, so no report changes.
//! What is old goes when the register has committed.

use std::collections::{BTreeMap, BTreeSet};

use super::homes::month_name;
use super::part::PartRows;
use super::register::PartRow;
use super::{Ledger, LedgerError, files};

/// What compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Months that were written anew.
    pub months: u64,
    /// Parts before.
    pub parts_before: u64,
    /// Parts now.
    pub parts: u64,
    /// Bytes of parts before.
    pub bytes_before: u64,
    /// Bytes of parts now.
    pub bytes: u64,
}

impl Ledger {
    /// Joins the parts of every month that has more than one.
    ///
    /// # Errors
    /// When the ledger is damaged or cannot be written.
    pub fn compact(&mut self) -> Result<Compacted, LedgerError> {
        let transaction = self.register.begin()?;
        let live: BTreeSet<u32> = self.register.sources()?.iter().map(|source| source.id).collect();
        let parts = self.register.parts(None)?;
        let mut done = Compacted {
            parts_before: parts.len() as u64,
            bytes_before: parts.iter().map(|part| part.filed.bytes).sum(),
            ..Compacted::default()
        };
        let mut by_month: BTreeMap<i64, Vec<PartRow>> = BTreeMap::new();
        for part in parts {
            by_month.entry(part.month).or_default().push(part);
        }
        for (month, parts) in by_month.into_iter().filter(|(_, parts)| parts.len() > 1) {
            let mut joined = PartRows::default();
            for rows in self.rows_of(&parts, &live)?.values() {
                joined.append(rows);
            }
            self.replace_parts(month, &parts, &joined)?;
            done.months += 1;
        }
        let parts = self.register.parts(None)?;
        (done.parts, done.bytes) = (parts.len() as u64, parts.iter().map(|part| part.filed.bytes).sum());
        transaction.commit()?;
        files::sweep(&self.folder, &self.register.files()?)?;
        Ok(done)
    }

    /// Puts one part in the place of others; none where no row is left.
    pub(super) fn replace_parts(&self, month: i64, parts: &[PartRow], rows: &PartRows) -> Result<(), LedgerError> {
        for part in parts {
            self.register.remove_part(part.id)?;
        }
        if rows.is_empty() { Ok(()) } else { self.add_part(month, rows) }
    }

    /// Writes a part and registers it.
    pub(super) fn add_part(&self, month: i64, rows: &PartRows) -> Result<(), LedgerError> {
        let place = format!("{}/{}", files::PARTS, month_name(month));
        let filed = files::write(&self.folder, &place, "parquet", &rows.to_bytes()?)?;
        self.register.add_part(month, &filed, &rows.sources())
    }
}
