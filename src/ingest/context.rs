//! What readers share: addresses, words, zones, options. Loaded once, read by all threads.
//! Nothing here changes while files are read.
//! The case file's own knowledge is applied to accounts after reading, in `ingest.rs`.

use std::path::PathBuf;

use super::consent_words::ConsentWords;
use super::formats::Catalogue;
use super::mapping::{DataError, Delimited};
use super::people::{Country, People};
use super::time::{DateOrder, Zones};
use crate::message::ZoneBasis;

/// See the module.
#[derive(Debug)]
pub struct Context {
    /// Canonical addresses.
    pub people: People,
    /// All formats.
    pub catalogue: Catalogue,
    /// Columns and words of delimited exports.
    pub delimited: Delimited,
    /// STOP and START.
    pub consent_words: ConsentWords,
    /// Day/month order that the user told, for all files.
    pub date_order: Option<DateOrder>,
    /// Threads for reading.
    pub threads: usize,
    /// Whether the places of folded records are kept: then they stay rows until all batches are joined.
    pub keep_folded: bool,
}

impl Context {
    /// Loads the compiled-in data.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn load(country: Option<Country>, date_order: Option<DateOrder>, threads: usize) -> Result<Self, DataError> {
        Self::with_formats(country, date_order, threads, &[])
    }

    /// As [`Self::load`], with the user's own format files.
    ///
    /// # Errors
    /// When one of them is not right, or a data file of the build is damaged.
    pub fn with_formats(
        country: Option<Country>,
        date_order: Option<DateOrder>,
        threads: usize,
        files: &[PathBuf],
    ) -> Result<Self, DataError> {
        let catalogue = Catalogue::with_user_files(files)?;
        Ok(Self {
            people: People::new(country),
            delimited: Delimited::with(&catalogue)?,
            catalogue,
            consent_words: ConsentWords::load()?,
            date_order,
            threads,
            keep_folded: false,
        })
    }
}

/// What a reader is told of the one file it reads.
#[derive(Debug)]
pub struct FileContext<'c> {
    /// Shared knowledge.
    pub context: &'c Context,
    /// Index of the file.
    pub index: u32,
    /// Account of records that name no sender.
    pub provisional: String,
    /// Name of the file without its folder, for formats that put facts into it.
    pub file_name: String,
    /// Zone of times without an offset.
    pub zones: Zones,
    /// Who named that zone.
    pub zone_basis: ZoneBasis,
    /// Authors or addresses that the case file lists as accounts.
    pub known_accounts: &'c [String],
}

#[cfg(test)]
impl<'c> FileContext<'c> {
    /// A file of which nothing is known, for tests.
    pub(crate) fn unknown(context: &'c Context, index: u32) -> Self {
        Self {
            context,
            index,
            provisional: "?x".to_owned(),
            file_name: "x.json".to_owned(),
            zones: Zones::named("UTC").expect("UTC"),
            zone_basis: ZoneBasis::Guessed,
            known_accounts: &[],
        }
    }
}
