//! The command line as clap sees it: every option once, with its help.
//! Those of whole groups of commands stand in files of their own. What options mean together is settled in the commands.
//! Paths, sizes and days are checked in `settings`.

mod again;
mod kernel;
mod knowledge;
mod ledger;
mod nightly;
mod words;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::settings;
pub use again::{AgainArguments, CompareArguments, ExplainArguments, TraceArguments, VerifyArguments};
pub use kernel::{ContentArguments, GatherArguments, InputsArguments, KernelCommand, TablesArguments};
pub use knowledge::{FormatsCommand, RulesCommand};
pub use ledger::{ImportArguments, LedgerCommand, LedgerTalk};
pub use nightly::{NightlyArguments, RunArguments};
pub use words::{DateOrderArgument, KindArgument, LanguageArgument, LogFormat, SeverityArgument, When};

/// Finds the mass sends in messenger send logs and states what each exposes its sender to.
#[derive(Debug, Parser)]
#[command(name = "sendeschluss", version, about, max_term_width = 100, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "Exit codes: 0 done; 1 findings at or above --fail-on; 2 wrong usage or configuration; \
3 some input could not be read (the report says which); 4 the report or the ledger could not be written. Of verify: 1 something \
differs.\n\
Every option of report and inspect can also stand in sendeschluss.toml and in SENDESCHLUSS_… variables.\n\
Not legal advice: the program measures and cites, counsel concludes.";

const RUN_HELP: &str = "Exit codes: 0 done, or nothing new; 1 a new or worse finding at or above --fail-on; 2 wrong usage or \
configuration; 3 some input could not be read; 4 the report could not be written; 5 another run is at work; 6 the report is \
there, but --notify or --heartbeat failed; 128 and the number of the signal when stopped by one.\n\
Options of its own stand in the table [run] of sendeschluss.toml.";

const TRACE_HELP: &str = "Exit codes: 0 every record is the one of the report; 1 something differs; 2 no such id, or wrong usage; \
3 a source is not there.";

const EXPLAIN_HELP: &str = "Exit codes: 0 all is as the report says; 1 something differs; 2 no such id, or wrong usage; \
3 a source is not there.";

const COMPARE_HELP: &str = "Exit codes: 0 the same; 1 something differs; 2 no report, or wrong usage.";

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read exports and write the report folder
    Report(ReportArguments),
    /// The nightly job: import what is new, report, tell what the last report did not say
    #[command(after_help = RUN_HELP)]
    Run(Box<RunArguments>),
    /// Tell what each file is, how sure, and what became of its records; changes nothing
    Inspect(InspectArguments),
    /// Take exports into a ledger; overlaps and repeats do no harm
    Import(ImportArguments),
    /// What a ledger holds; check it, join its parts, take messages out of it
    Ledger {
        /// What to do.
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Tell what of the sending habit becomes unlawful from a day on, and where it can go on
    Plan(PlanArguments),
    /// Print the source records behind a finding, burst, campaign, run, account cluster or message
    #[command(after_help = TRACE_HELP)]
    Trace(TraceArguments),
    /// Tell the rule, figures, window, counter-evidence and near misses behind an id
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArguments),
    /// Tell what is new, gone and changed between two reports, and why
    #[command(after_help = COMPARE_HELP)]
    Compare(CompareArguments),
    /// Formats that are known, and formats of your own
    Formats {
        /// What to do.
        #[command(subcommand)]
        command: FormatsCommand,
    },
    /// What the rules say, and rule packs of your own
    Rules {
        /// What to do.
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// The case file: what no log knows
    Case {
        /// What to do.
        #[command(subcommand)]
        command: CaseCommand,
    },
    /// Check a report against its recorded hashes; with --recompute, make it again and compare bytes
    Verify(VerifyArguments),
    /// One stage as a process over Arrow streams, for engines such as Apache Spark
    Kernel {
        /// What to run.
        #[command(subcommand)]
        command: KernelCommand,
    },
    /// Settings: what is in force and where it came from, and whether a settings file is right
    Config {
        /// What to do.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page
    Man {
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
}

impl Command {
    /// How the program is to talk, for commands that can be told.
    #[must_use]
    pub const fn talk(&self) -> Option<&TalkArguments> {
        match self {
            Self::Report(arguments) => Some(&arguments.input.talk),
            Self::Run(arguments) => Some(&arguments.report.input.talk),
            Self::Inspect(arguments) => Some(&arguments.input.talk),
            Self::Import(arguments) => Some(&arguments.input.talk),
            Self::Plan(arguments) => Some(&arguments.input.talk),
            Self::Trace(TraceArguments { again, .. }) | Self::Explain(ExplainArguments { again, .. }) => {
                Some(&again.talk)
            }
            Self::Compare(arguments) => Some(&arguments.talk),
            Self::Case { command: CaseCommand::New(arguments) } => Some(&arguments.input.talk),
            Self::Config { command: ConfigCommand::Show(arguments) } => Some(&arguments.report.input.talk),
            Self::Kernel { command: KernelCommand::Inputs(arguments) | KernelCommand::Ingest(arguments) } => {
                Some(&arguments.input.talk)
            }
            Self::Kernel { command: KernelCommand::Gather(arguments) } => Some(&arguments.input.talk),
            Self::Ledger { .. }
            | Self::Kernel { .. }
            | Self::Formats { .. }
            | Self::Rules { .. }
            | Self::Verify(_)
            | Self::Config { command: ConfigCommand::Check { .. } }
            | Self::Completions { .. }
            | Self::Man { .. } => None,
        }
    }
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting of report as it is in force, in the form of a settings file
    Show(Box<ShowArguments>),
    /// Check a settings file, and the files that it names
    Check {
        /// The file
        file: PathBuf,
    },
}

/// Arguments of `config show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// Say where each value came from: flag, variable, file and line, or default
    #[arg(long)]
    pub origin: bool,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    /// The options whose effect is shown.
    pub report: ReportArguments,
    #[command(flatten)]
    /// Those of the nightly job.
    pub nightly: NightlyArguments,
}

/// What `report` writes when nothing is chosen.
#[cfg(feature = "pdf")]
const DEFAULT_KINDS: &str = "csv,csv-excel,json,html,pdf,xlsx";
/// What `report` writes when nothing is chosen.
#[cfg(not(feature = "pdf"))]
const DEFAULT_KINDS: &str = "csv,csv-excel,json,html,xlsx";

/// What to do with case files.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Write a commented case file from the inputs; one that is there is never overwritten
    New(CaseNewArguments),
}

/// Arguments of `case new`.
#[derive(Debug, Args)]
pub struct CaseNewArguments {
    #[command(flatten)]
    /// Inputs.
    pub input: InputArguments,
    /// File to write, as case.toml; without it, standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Language of the comments
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<LanguageArgument>,
}

/// Inputs and how to read them.
#[derive(Clone, Debug, Args)]
pub struct InputArguments {
    /// Files, folders, globs, or - for standard input
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Settings file; without it, sendeschluss.toml in the working folder, or else in the configuration folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Case file; without it, a case.toml in an input folder is taken
    #[arg(long, value_name = "FILE")]
    pub case: Option<PathBuf>,
    /// Time zone of exports that name none, as Europe/Berlin or +02:00
    #[arg(long, value_name = "ZONE", value_parser = settings::zone_text)]
    pub timezone: Option<String>,
    /// A format file of your own, before the known formats; see formats learn
    #[arg(long, value_name = "FILE")]
    pub format: Vec<PathBuf>,
    /// Order of day and month where an export leaves it open
    #[arg(long, value_name = "ORDER")]
    pub date_order: Option<DateOrderArgument>,
    /// Largest size that an input may unpack to, all that is nested in it together
    #[arg(long, value_name = "SIZE", default_value = "64GiB", value_parser = settings::size_text)]
    pub max_unpacked: String,
    /// Threads; without it, one for each core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Most memory to hold, as 4GiB; what needs more goes to a file without a name under TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = settings::size_text)]
    pub memory: Option<String>,
    #[command(flatten)]
    /// How the program talks.
    pub talk: TalkArguments,
}

/// How the program talks.
#[derive(Clone, Debug, Args)]
pub struct TalkArguments {
    /// Say nothing unless something is wrong
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more: each file and what became of it
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Print what each stage took, and the peak of memory
    #[arg(long)]
    pub stats: bool,
    /// Colours; NO_COLOR turns them off too
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Progress bar
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub progress: When,
    /// Form of the log on standard error; -v tells the stages in it too
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// Arguments of `report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArguments {
    #[command(flatten)]
    /// Inputs.
    pub input: InputArguments,
    /// Folder to write; an earlier report there is replaced when the new one is complete
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Report over all that was imported into this ledger, in the place of inputs
    #[arg(long, value_name = "DIR", conflicts_with = "inputs")]
    pub ledger: Option<PathBuf>,
    /// How long to wait for others who use the ledger, as 30s or 10m
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = settings::duration_text)]
    pub wait: String,
    /// Take what kernels have read and found in the inputs from this work folder, rather than the inputs themselves
    #[arg(long, value_name = "DIR", conflicts_with = "ledger")]
    pub gathered: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "KINDS", value_delimiter = ',', default_value = DEFAULT_KINDS)]
    pub write: Vec<KindArgument>,
    /// Number of the first exhibit in report.pdf
    #[cfg(feature = "pdf")]
    #[arg(long, value_name = "NUMBER", default_value = "K 1")]
    pub exhibit: String,
    /// Largest size of a PDF; what does not fit goes into further, numbered ones
    #[cfg(feature = "pdf")]
    #[arg(long, value_name = "SIZE", default_value = "200MB", value_parser = settings::size_text)]
    pub bundle_size: String,
    /// Also write every canonical message to messages.parquet
    #[arg(long)]
    pub with_messages: bool,
    /// Also write a request for a time stamp over the manifest (RFC 3161); nothing is sent
    #[arg(long)]
    pub timestamp_request: bool,
    /// Also write the evidence to load/: a Concordance load file and RSMF 2.0
    #[arg(long)]
    pub load_file: bool,
    /// File of detectors and thresholds: adds to the compiled-in ones, or replaces them by name
    #[arg(long, value_name = "FILE")]
    pub detectors: Option<PathBuf>,
    /// How many messages of each finding evidence.csv lists
    #[arg(long, value_name = "N|all", default_value = "10000", value_parser = settings::extent_text)]
    pub evidence: String,
    /// Only messages sent at or after this day or instant
    #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
    pub since: Option<String>,
    /// Only messages sent before the end of this day, or before this instant
    #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
    pub until: Option<String>,
    /// Language of the report
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<LanguageArgument>,
    /// Show recipients in clear: the sealed twin, with the same ids; reidentification.csv in a folder beside it
    #[arg(long)]
    pub reveal: bool,
    /// File of the matter's key for pseudonyms; made when it is not there
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Day as of which limitation is told: which periods were over by then
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<jiff::civil::Date>,
    /// A rule pack that replaces or adds rules; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// End with exit code 1 when there is a finding of this severity or above
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<SeverityArgument>,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    #[command(flatten)]
    /// Inputs.
    pub input: InputArguments,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    /// Inputs.
    pub input: InputArguments,
    /// First day of the law asked for, as 2019-12-07
    #[arg(long, value_name = "DATE")]
    pub from: jiff::civil::Date,
    /// Folder to write plan.md and plan.json to; without it, standard output
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Print as JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// The habit: only messages sent at or after this day or instant
    #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
    pub since: Option<String>,
    /// The habit: only messages sent before the end of this day, or before this instant
    #[arg(long, value_name = "DATE", value_parser = settings::instant_text)]
    pub until: Option<String>,
    /// Language of the plan
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<LanguageArgument>,
    /// File of detectors and thresholds, as for report
    #[arg(long, value_name = "FILE")]
    pub detectors: Option<PathBuf>,
    /// A rule pack that replaces or adds rules; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
}
