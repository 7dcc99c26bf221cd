//! The compiled-in knowledge of delimited exports, read from `data/formats/`: header names, words, known formats.
//! A damaged data file is a fault of the build and told as one.
//! What the knowledge means for a file is decided in the modules beside this one.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::Role;
use super::header::{Class, Headers, When, folded};
use super::registers::{self, Registers};
use crate::ingest::formats::{Catalogue, Format, FormatError};
use crate::ingest::words::Words;
use crate::message::{Category, Direction, Platform, Status};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasFile {
    columns: BTreeMap<Role, Vec<String>>,
    times: BTreeMap<When, Vec<String>>,
    tokens: BTreeMap<Class, Vec<String>>,
    weak: BTreeMap<Role, Vec<String>>,
    lines: LineWords,
    words: WordLists,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineWords {
    totals: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordLists {
    status: BTreeMap<String, Vec<String>>,
    direction: BTreeMap<String, Vec<String>>,
    category: BTreeMap<String, Vec<String>>,
    channel: BTreeMap<String, Vec<String>>,
}

/// The compiled-in knowledge of delimited exports.
#[derive(Debug)]
pub struct Delimited {
    pub(super) headers: Headers,
    pub(super) weak: BTreeMap<Role, Vec<String>>,
    pub(super) formats: Vec<Arc<Format>>,
    pub(super) registers: Registers,
    /// Words of channels in registers that are none of ours.
    other_channel: HashSet<String>,
    /// First words of lines that add up the lines above them, folded.
    totals: HashSet<String>,
    /// Words of status columns.
    pub status: Words<Status>,
    /// Words of direction columns.
    pub direction: Words<Direction>,
    /// Words of category columns.
    pub category: Words<Category>,
    /// Words of channel columns.
    pub channel: Words<Platform>,
}

/// A data file of the program that cannot be read: a fault of the build, told rather than hidden.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Not the TOML we expect.
    #[error("{file}: {source}")]
    Toml {
        /// The file.
        file: &'static str,
        /// What the reader said.
        source: Box<toml::de::Error>,
    },
    /// A key that is none of our words.
    #[error("{file}: `{key}` is not a word of ours")]
    Word {
        /// The file.
        file: &'static str,
        /// The key.
        key: String,
    },
    /// A format that is not right.
    #[error(transparent)]
    Format(#[from] FormatError),
}

const ALIASES: &str = "data/formats/delimited.toml";
const REGISTERS: &str = "data/formats/registers.toml";

impl Delimited {
    /// Reads the compiled-in data.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn load() -> Result<Self, DataError> {
        Self::with(&Catalogue::load()?)
    }

    /// As [`Self::load`], with the tables of this catalogue.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn with(catalogue: &Catalogue) -> Result<Self, DataError> {
        let toml = |file| move |source| DataError::Toml { file, source: Box::new(source) };
        let file: AliasFile =
            toml::from_str(include_str!("../../../data/formats/delimited.toml")).map_err(toml(ALIASES))?;
        let word = |key| DataError::Word { file: ALIASES, key };
        let registers: registers::File =
            toml::from_str(include_str!("../../../data/formats/registers.toml")).map_err(toml(REGISTERS))?;
        let registers = Registers::new(registers);
        Ok(Self {
            other_channel: registers.words.other_channel.iter().map(|word| folded(word)).collect(),
            registers,
            formats: catalogue.delimited().cloned().map(Arc::new).collect(),
            status: Words::new(&file.words.status, Status::from_word).map_err(word)?,
            direction: Words::new(&file.words.direction, Direction::from_word).map_err(word)?,
            category: Words::new(&file.words.category, Category::from_word).map_err(word)?,
            channel: Words::new(&file.words.channel, Platform::from_word).map_err(word)?,
            headers: Headers::new(&file.columns, &file.times, &file.tokens),
            weak: file.weak,
            totals: file.lines.totals.iter().map(|word| folded(word)).collect(),
        })
    }

    /// Whether a name alone says what a column holds.
    #[must_use]
    pub fn is_alias(&self, name: &str) -> bool {
        self.headers.knows(name)
    }

    /// The platform that a word in a register names as the channel of an opt-in.
    #[must_use]
    pub fn channel_of_consent(&self, word: &str) -> Option<Platform> {
        self.channel.get(word).or_else(|| self.other_channel.contains(&folded(word)).then_some(Platform::Other))
    }

    /// Words in registers for an opt-in to any channel.
    #[must_use]
    pub fn any_channel(&self) -> &[String] {
        &self.registers.words.any_channel
    }

    /// Whether a cell of a register says no.
    #[must_use]
    pub fn says_no(&self, cell: &str) -> bool {
        let folded = folded(cell);
        self.registers.words.no.iter().chain(&self.registers.words.nothing).any(|word| *word == folded)
    }

    /// Whether a line that begins with this cell adds up the lines above it.
    #[must_use]
    pub fn is_total(&self, cell: &str) -> bool {
        folded(cell)
            .split(|character: char| !character.is_alphanumeric())
            .find(|word| !word.is_empty())
            .is_some_and(|word| self.totals.contains(word))
    }
}
