//! Options of the commands that show what the program knows: formats and rules.
//! As clap sees them; nothing is done here.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::LanguageArgument;

/// What to do with formats.
#[derive(Debug, Subcommand)]
pub enum FormatsCommand {
    /// List the known formats with their confidence: A documented, B two sources, C one
    List,
    /// Print what a format's file says
    Show {
        /// Name of the format
        name: String,
    },
    /// Check format files of your own
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Draft a format file from an unknown table, with the evidence for each guess
    Learn {
        /// The table
        file: PathBuf,
    },
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules of all packs
    List {
        #[command(flatten)]
        /// How to tell them.
        talk: RuleTalk,
    },
    /// Print all that a pack says of a rule
    Show {
        /// Id of the rule, as R01
        id: String,
        #[command(flatten)]
        /// How to tell it.
        talk: RuleTalk,
    },
    /// Check rule packs of your own; every fault is told with its line and column
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of rule packs, for editors
    Schema,
}

/// How rules are told.
#[derive(Debug, Args)]
pub struct RuleTalk {
    /// Language
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<LanguageArgument>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// A rule pack that replaces or adds rules; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
}
