//! Arguments of `kernel`: the stages as processes, for engines that run them on many machines.
//! What streams they read and write is told in docs/kernels.md; options of reading are those of `report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::settings;
use super::InputArguments;
use crate::kernel::schema::VERSION;

/// What to run.
#[derive(Debug, Subcommand)]
pub enum KernelCommand {
    /// Print the streams and their columns, as JSON
    Schemas,
    /// List the inputs of a run: stream `inputs` on standard output
    Inputs(InputsArguments),
    /// Read inputs: stream `inputs` in, stream `ingested` out
    Ingest(InputsArguments),
    /// Fold what was read into a work folder and lay it out there for the other kernels
    Gather(GatherArguments),
    /// Tell replies from initiated messages: stream `messages` in, stream `marked` out
    Marks(TablesArguments),
    /// Find what lies in whole clients: stream `marked` in, stream `activity` out
    Bursts(TablesArguments),
    /// Find texts that are one: stream `texts` in, stream `edges` out, or with --join stream `assigned`
    Content(ContentArguments),
    /// Find what lies in whole contents: stream `grouped` in, stream `activity` out
    Campaigns(TablesArguments),
}

impl KernelCommand {
    /// The version of the contract that the caller speaks.
    #[must_use]
    pub const fn version(&self) -> u32 {
        match self {
            Self::Schemas => VERSION,
            Self::Inputs(arguments) | Self::Ingest(arguments) => arguments.version.schema,
            Self::Gather(arguments) => arguments.version.schema,
            Self::Marks(arguments) | Self::Bursts(arguments) | Self::Campaigns(arguments) => arguments.version.schema,
            Self::Content(arguments) => arguments.version.schema,
        }
    }
}

/// The version of the contract.
#[derive(Clone, Copy, Debug, Args)]
pub struct VersionArguments {
    /// Version of the contract that the caller speaks
    #[arg(long, value_name = "VERSION", default_value_t = VERSION)]
    pub schema: u32,
}

/// Arguments of kernels that read inputs.
#[derive(Debug, Args)]
pub struct InputsArguments {
    #[command(flatten)]
    /// Inputs and how to read them; kernels that read a stream of inputs take none.
    pub input: InputArguments,
    #[command(flatten)]
    /// Version.
    pub version: VersionArguments,
}

/// Arguments of `kernel gather`.
#[derive(Debug, Args)]
pub struct GatherArguments {
    #[command(flatten)]
    /// Inputs and how they were read.
    pub input: InputArguments,
    #[command(flatten)]
    /// Version.
    pub version: VersionArguments,
    /// Work folder: what was read lies in its folder `ingested`
    #[arg(long, value_name = "DIR")]
    pub work: PathBuf,
    /// File of detectors and thresholds
    #[arg(long, value_name = "FILE")]
    pub detectors: Option<PathBuf>,
    /// Clients with more messages than this are worked on in slices of time
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub slice_rows: u64,
    /// Only messages sent at or after this day or instant
    #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
    pub since: Option<String>,
    /// Only messages sent before the end of this day, or before this instant
    #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
    pub until: Option<String>,
}

/// Arguments of kernels that work on messages.
#[derive(Debug, Args)]
pub struct TablesArguments {
    /// The file tables.json that `kernel gather` wrote
    #[arg(long, value_name = "FILE")]
    pub tables: PathBuf,
    /// Threads; without it, one for each core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    #[command(flatten)]
    /// Version.
    pub version: VersionArguments,
}

/// Arguments of `kernel content`.
#[derive(Debug, Args)]
pub struct ContentArguments {
    /// Join the texts by edges that were found before
    #[arg(long, requires = "tables")]
    pub join: bool,
    /// The file tables.json that `kernel gather` wrote
    #[arg(long, value_name = "FILE")]
    pub tables: Option<PathBuf>,
    /// Threads; without it, one for each core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    #[command(flatten)]
    /// Version.
    pub version: VersionArguments,
}
