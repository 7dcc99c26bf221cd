//! The stages as processes: Arrow streams in, Arrow streams out, so that an engine such as Spark can run them anywhere.
//! Every kernel calls the same functions as a run on one machine; here is only what carries their arguments and results.
//! The contract is `schema`, told in docs/kernels.md; which engine calls, and who prints, is not known here.

mod activity;
mod came;
mod content;
mod gather;
mod parts;
mod portion;
mod rows;
pub mod schema;
mod stream;
mod tables;
mod told;

pub use content::{edges, join};
pub use gather::{Gather, Layout, TABLES, ingest, inputs};
pub use parts::{bursts, campaigns, marks};
pub use tables::Tables;

use std::path::Path;

use crate::ledger::LedgerError;

/// Name and version of the program, as parts that are carried name it.
pub const PROGRAM: &str = concat!("sendeschluss ", env!("CARGO_PKG_VERSION"));

/// Why a kernel cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The caller speaks another version of the contract.
    #[error("the caller speaks version {asked} of the kernels' contract, this program version {}", schema::VERSION)]
    Version {
        /// The version asked for.
        asked: u32,
    },
    /// A column is missing or of another kind.
    #[error("stream `{stream}`: the column `{column}` is missing or no {kind}")]
    Column {
        /// The stream.
        stream: &'static str,
        /// The column.
        column: &'static str,
        /// What it must be.
        kind: &'static str,
    },
    /// A value that cannot stand there.
    #[error("stream `{stream}`, column `{column}`: {reason}")]
    Value {
        /// The stream.
        stream: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What was gathered does not belong together, or not to this run.
    #[error("{place}: {reason}")]
    Mismatch {
        /// The file or folder.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// A stream is damaged.
    #[error("the stream cannot be read or written: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A Parquet file is damaged or cannot be written.
    #[error("{place}: {reason}")]
    Parquet {
        /// The file.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The operating system said no.
    #[error("{place}: {source}")]
    Io {
        /// The file or folder.
        place: String,
        /// What it said.
        source: std::io::Error,
    },
    /// What was read cannot be carried.
    #[error(transparent)]
    Carried(#[from] LedgerError),
    /// Settings that cannot be used.
    #[error(transparent)]
    Ingest(#[from] crate::ingest::IngestError),
    /// Detectors that cannot be used.
    #[error("the detectors: {0}")]
    Detectors(#[from] crate::detect::settings::SettingsError),
}

impl KernelError {
    /// What the operating system said of a place.
    fn io(place: &Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { place: place.display().to_string(), source }
    }

    /// What does not fit at a place.
    fn mismatch(place: &Path, reason: impl Into<String>) -> Self {
        Self::Mismatch { place: place.display().to_string(), reason: reason.into() }
    }
}

/// Refuses a caller that speaks another version.
///
/// # Errors
/// When it does.
pub fn check_version(asked: u32) -> Result<(), KernelError> {
    if asked == schema::VERSION { Ok(()) } else { Err(KernelError::Version { asked }) }
}
