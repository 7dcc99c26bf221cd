//! Options of `run`: those of the report that it makes, and those of the nightly job alone.
//! As clap sees them; nothing is done here.

use std::path::PathBuf;

use clap::Args;

use super::ReportArguments;
use crate::cli::settings;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    /// The report that each run makes.
    pub report: ReportArguments,
    #[command(flatten)]
    /// What is of the nightly job alone.
    pub nightly: NightlyArguments,
}

/// Options of the nightly job; in a settings file they stand in the table `[run]`, which their ids begin with.
#[derive(Clone, Debug, Args)]
pub struct NightlyArguments {
    /// File, folder or glob that is looked into for exports; may be given more than once
    #[arg(id = "run.watch", long = "watch", value_name = "INPUT")]
    pub watch: Vec<PathBuf>,
    /// Folder in which each report gets a folder of its own, report-YYYY-MM-DD-NNNN
    #[arg(id = "run.reports", long = "reports", value_name = "DIR")]
    pub reports: Option<PathBuf>,
    /// Reports to keep; without it, all
    #[arg(id = "run.keep", long = "keep", value_name = "N")]
    pub keep: Option<std::num::NonZeroU32>,
    /// How far back from the newest message the report goes, as 35d; without it, over everything
    #[arg(id = "run.period", long = "period", value_name = "DAYS", value_parser = settings::days_text)]
    pub period: Option<String>,
    /// A file is taken when it has not changed for so long
    #[arg(id = "run.settle", long = "settle", value_name = "TIME", default_value = "1m", value_parser = settings::duration_text)]
    pub settle: String,
    /// File that tells monitors of the last run: JSON with time, counts and exit code
    #[arg(id = "run.heartbeat", long = "heartbeat", value_name = "FILE")]
    pub heartbeat: Option<PathBuf>,
    /// Program that gets what is new as JSON on standard input; given again for each of its arguments
    #[arg(id = "run.notify", long = "notify", value_name = "COMMAND", allow_hyphen_values = true)]
    pub notify: Vec<String>,
    /// How long that program may take
    #[arg(id = "run.notify-timeout", long = "notify-timeout", value_name = "TIME", default_value = "1m", value_parser = settings::duration_text)]
    pub notify_timeout: String,
}
