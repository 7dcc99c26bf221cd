//! Options of `import` and of the commands of a ledger.
//! As clap sees them; nothing is done here.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::InputArguments;
use crate::cli::settings;

/// Arguments of `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArguments {
    #[command(flatten)]
    /// Inputs.
    pub input: InputArguments,
    /// Folder of the ledger; made when there is none
    #[arg(long, value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// How long to wait for others who use the ledger, as 30s or 10m
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = settings::duration_text)]
    pub wait: String,
    /// Read known files again; without INPUT, all of the ledger that the settings of now would read otherwise
    #[arg(long)]
    pub again: bool,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// What to do with a ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// List its sources and months, and what was erased
    List {
        #[command(flatten)]
        /// The ledger.
        talk: LedgerTalk,
    },
    /// Compare every file with its hash, and the counts of every month with its messages
    Check {
        #[command(flatten)]
        /// The ledger.
        talk: LedgerTalk,
    },
    /// Join the small parts of each month into one
    Compact {
        #[command(flatten)]
        /// The ledger.
        talk: LedgerTalk,
    },
    /// Erase messages for good; only that, when and how many stays on record
    Forget {
        #[command(flatten)]
        /// The ledger.
        talk: LedgerTalk,
        /// Messages sent before this day or instant
        #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
        before: Option<String>,
        /// Messages and consents of this recipient, or of those in a file, one on each line
        #[arg(long, value_name = "NUMBER|FILE")]
        recipient: Vec<String>,
        /// Time zone of the day
        #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = settings::zone_text)]
        timezone: String,
    },
}

/// Which ledger, and how it is told.
#[derive(Debug, Args)]
pub struct LedgerTalk {
    /// Folder of the ledger
    #[arg(value_name = "LEDGER")]
    pub ledger: PathBuf,
    /// How long to wait for others who use the ledger, as 30s or 10m
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = settings::duration_text)]
    pub wait: String,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}
