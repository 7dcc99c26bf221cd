//! What was imported over months and years, on disk: messages by month as Parquet, and a register of every source.
//! An import stands when the register says so, and not before; reading it all back and joining it equals, by the same
//! code, reading all files at once. What stands in a report is decided elsewhere.

mod account;
pub mod carried;
mod check;
mod compaction;
mod counts;
mod files;
mod forget;
mod homes;
mod import;
mod load;
mod lock;
mod part;
mod register;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use check::{Checked, CheckedFile};
pub use compaction::Compacted;
pub use forget::{Forget, Forgotten};
pub use import::{Import, ImportOutcome, SourceOutcome, What};
pub use load::{Difference, Load, Loaded};
pub use lock::{LOCK, Mode};
pub use register::{Argument, ForgottenRow, MonthRow, SourceRow};

use crate::ingest::IngestError;
use lock::Lock;
use register::Register;

/// The register's file.
pub const REGISTER: &str = "ledger.sqlite";

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is none.
    #[error("{0} is no ledger: import something into it first")]
    NoLedger(String),
    /// Something else lies there.
    #[error("{0} holds files that are no ledger; name another folder, or an empty one")]
    OtherFiles(String),
    /// Another process has it.
    #[error("the ledger {folder} is in use {holder}")]
    Locked {
        /// The folder.
        folder: String,
        /// By whom, in words.
        holder: String,
    },
    /// Another version of the program wrote it.
    #[error("the ledger {folder} was written by a version of the program that this one does not understand ({found})")]
    Version {
        /// The folder.
        folder: String,
        /// What stands there.
        found: String,
    },
    /// Sources that would be read otherwise now.
    #[error("{}", differences(.0))]
    Differs(Vec<Difference>),
    /// A source that was to be read again and is not where it was.
    #[error("`{0}` is not where it was imported from, or has other bytes now: it cannot be read again")]
    Gone(String),
    /// A file of the ledger is not what was written.
    #[error("{file}: the ledger is damaged: {reason}; `ledger check` tells what else is")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// What another process read of a source cannot be used here.
    #[error("{name}: what was read of it cannot be used: {reason}")]
    Carried {
        /// The source.
        name: String,
        /// Why.
        reason: String,
    },
    /// Something cannot be put into bytes.
    #[error("{what} cannot be written: {reason}")]
    Unwritable {
        /// What it is.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The operating system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What it said.
        source: std::io::Error,
    },
    /// The register said no.
    #[error("the register of the ledger: {0}")]
    Register(#[from] rusqlite::Error),
    /// An address that is none.
    #[error("`--recipient`: entry {0} is no address")]
    NoAddress(usize),
    /// Settings that cannot be used.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

fn differences(differences: &[Difference]) -> String {
    let told: Vec<String> = differences.iter().map(Difference::text).collect();
    format!(
        "the settings of now would read what the ledger holds otherwise: {}; use the settings of the import, or read \
         the files again with `import --again`",
        told.join("; ")
    )
}

/// A ledger that is open, with its lock held.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    register: Register,
    // Dropped last: the register must be closed before others come in.
    _lock: Lock,
}

impl Ledger {
    /// Opens the ledger in a folder. To change it, the folder is made where there is none, and what an import that was
    /// broken off has left behind is removed. `wait` is how long to wait for others who use it; `purpose` tells them who
    /// is using it now.
    ///
    /// # Errors
    /// When there is no ledger to read, somebody else uses it, or it cannot be opened.
    pub fn open(folder: &Path, mode: Mode, wait: Duration, purpose: &str) -> Result<Self, LedgerError> {
        if mode == Mode::Write {
            Self::make_folder(folder)?;
        } else if !folder.join(REGISTER).is_file() {
            return Err(LedgerError::NoLedger(folder.display().to_string()));
        }
        let lock = Lock::take(folder, mode, wait, purpose)?;
        let register = Register::open(folder, mode)?;
        let ledger = Self { folder: folder.to_owned(), register, _lock: lock };
        if mode == Mode::Write {
            files::sweep(folder, &ledger.register.files()?)?;
        }
        Ok(ledger)
    }

    /// Nothing but a ledger is ever touched.
    fn make_folder(folder: &Path) -> Result<(), LedgerError> {
        std::fs::create_dir_all(folder).map_err(files::at(folder))?;
        if folder.join(REGISTER).is_file() || folder.join(LOCK).is_file() {
            return Ok(());
        }
        let mut entries = std::fs::read_dir(folder).map_err(files::at(folder))?;
        match entries.next() {
            Some(_) => Err(LedgerError::OtherFiles(folder.display().to_string())),
            None => Ok(()),
        }
    }

    /// The sources in order of their names, containers and their members each for itself.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceRow>, LedgerError> {
        self.register.sources()
    }

    /// The months that hold messages.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn months(&self) -> Result<Vec<MonthRow>, LedgerError> {
        self.register.months()
    }

    /// What was erased, the earliest first.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn forgotten(&self) -> Result<Vec<ForgottenRow>, LedgerError> {
        self.register.forgotten()
    }

    /// What inputs were named by, over all imports, in order.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn arguments(&self) -> Result<Vec<Argument>, LedgerError> {
        self.register.arguments()
    }

    /// The case file that imports found among their inputs, where all found the same.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn case_file(&self) -> Result<Option<PathBuf>, LedgerError> {
        Ok(self.register.meta("case file")?.filter(|path| !path.is_empty()).map(PathBuf::from))
    }
}
