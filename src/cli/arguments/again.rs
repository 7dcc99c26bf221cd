//! Options of the commands that look into a report that is there: `verify`, `trace`, `explain`, `compare`.
//! As clap sees them; nothing is done here.

use std::path::PathBuf;

use clap::Args;

use super::{LanguageArgument, TalkArguments};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The report folder
    pub report: PathBuf,
    /// Folder that holds the inputs; without it, they are looked for where they were
    #[arg(long, value_name = "DIR")]
    pub inputs: Option<PathBuf>,
    /// Make the report again from the inputs with the recorded settings, and compare every byte
    #[arg(long)]
    pub recompute: bool,
    /// File of the matter's key, for --recompute; without it, the key is looked for where report keeps it
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Threads for --recompute; without it, one for each core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Say nothing unless something is wrong
    #[arg(short, long)]
    pub quiet: bool,
}

/// A report that is looked into, and where its sources are.
#[derive(Debug, Args)]
pub struct AgainArguments {
    /// The report folder
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// Folder that holds the inputs, where they no longer lie where they lay
    #[arg(long, value_name = "DIR")]
    pub inputs: Option<PathBuf>,
    /// The report's case file, where it is not found beside the inputs
    #[arg(long, value_name = "FILE")]
    pub case: Option<PathBuf>,
    /// A format file that the report was made with
    #[arg(long, value_name = "FILE")]
    pub format: Vec<PathBuf>,
    /// A rule pack that the report was made with
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// Language of what is said; without it, that of the report
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<LanguageArgument>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Threads; without it, one for each core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    #[command(flatten)]
    /// How the program talks.
    pub talk: TalkArguments,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArguments {
    #[command(flatten)]
    /// The report.
    pub again: AgainArguments,
    /// F-, B-, C-, R- or A- id, or the id of a message
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show the texts in clear; without it only their shape
    #[arg(long)]
    pub reveal: bool,
    /// Print so many records; all are read and compared
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    #[command(flatten)]
    /// The report.
    pub again: AgainArguments,
    /// F-, B-, C-, R- or A- id, or the id of a message
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show the template of a campaign in clear; without it only its shape
    #[arg(long)]
    pub reveal: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The report from before
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The report of now
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Also write the new and changed findings as CSV
    #[arg(long, value_name = "FILE")]
    pub new_findings: Option<PathBuf>,
    /// Language of what is said; without it, that of the new report
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<LanguageArgument>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// How the program talks.
    pub talk: TalkArguments,
}
