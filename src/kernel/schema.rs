//! The streams of the kernels as data: which columns each has, of what kind, and which may be empty.
//! A stream is checked against this on entry, column by column; columns that are not told here are passed over.
//! What the columns mean is told in docs/kernels.md; who fills them, in the files of the kernels.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Schema as ArrowSchema};
use serde::Serialize;

use super::KernelError;
use crate::detect::mining::BANDS;

/// Version of the contract. Columns are added with a new one, and never change their meaning under an old one.
pub const VERSION: u32 = 1;

/// Kind of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// Yes or no.
    #[serde(rename = "bool")]
    Bool,
    /// Whole number of 8 bits.
    #[serde(rename = "int8")]
    Int8,
    /// Whole number of 16 bits.
    #[serde(rename = "int16")]
    Int16,
    /// Whole number of 32 bits.
    #[serde(rename = "int32")]
    Int32,
    /// Whole number of 64 bits.
    #[serde(rename = "int64")]
    Int64,
    /// Text.
    #[serde(rename = "utf8")]
    Utf8,
    /// Bytes.
    #[serde(rename = "binary")]
    Binary,
    /// List of whole numbers of 64 bits.
    #[serde(rename = "list<int64>")]
    Int64s,
    /// List of numbers, of which some may be missing.
    #[serde(rename = "list<float64>")]
    Float64s,
    /// List of texts.
    #[serde(rename = "list<utf8>")]
    Utf8s,
}

impl Kind {
    /// As errors name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Utf8 => "utf8",
            Self::Binary => "binary",
            Self::Int64s => "list<int64>",
            Self::Float64s => "list<float64>",
            Self::Utf8s => "list<utf8>",
        }
    }

    /// As Arrow has it.
    #[must_use]
    pub fn arrow(self) -> DataType {
        let list = |of: DataType| DataType::List(Arc::new(ArrowField::new("element", of, true)));
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Utf8 => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Int64s => list(DataType::Int64),
            Self::Float64s => list(DataType::Float64),
            Self::Utf8s => list(DataType::Utf8),
        }
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether it may be empty.
    pub nullable: bool,
}

const fn full(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, nullable: false }
}

const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, nullable: true }
}

/// A stream: its name and its columns, those of several lists one after another.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Its name.
    pub name: &'static str,
    lists: &'static [&'static [Field]],
    /// Whether every column may be empty, whatever the lists say: rows of several kinds stand in it.
    mixed: bool,
}

impl Stream {
    /// Its columns, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let mixed = self.mixed;
        self.lists.iter().copied().flatten().map(move |field| Field { nullable: field.nullable || mixed, ..*field })
    }

    /// What is wrong with a value of a column.
    #[must_use]
    pub fn wrong(&self, column: &'static str, reason: &str) -> KernelError {
        KernelError::Value { stream: self.name, column, reason: reason.to_owned() }
    }

    /// As Arrow has it.
    #[must_use]
    pub fn arrow(&self) -> Arc<ArrowSchema> {
        let field = |field: Field| ArrowField::new(field.name, field.kind.arrow(), field.nullable);
        Arc::new(ArrowSchema::new(self.fields().map(field).collect::<Vec<_>>()))
    }
}

const INPUT: &[Field] =
    &[full("name", Kind::Utf8), full("path", Kind::Utf8), full("named", Kind::Bool), full("bytes", Kind::Int64)];

const PIECE: &[Field] =
    &[full("source", Kind::Utf8), full("part", Kind::Int32), full("what", Kind::Utf8), full("body", Kind::Binary)];

const MESSAGE: &[Field] = &[
    full("row", Kind::Int64),
    full("subject", Kind::Int32),
    full("slice", Kind::Int32),
    full("before", Kind::Bool),
    full("account", Kind::Int32),
    full("recipient", Kind::Int64),
    full("reach", Kind::Int64),
    full("audience", Kind::Int64),
    full("sent_at", Kind::Int64),
    full("direction", Kind::Int8),
    full("platform", Kind::Int8),
    full("zone", Kind::Int8),
    full("category", Kind::Int8),
    full("forward_score", Kind::Int16),
    full("content", Kind::Int64),
    full("values", Kind::Int64),
    full("file", Kind::Int32),
    full("key", Kind::Binary),
];

const MARK: &[Field] = &[full("initiated", Kind::Bool), full("initiated_longer", Kind::Bool)];

/// The content's number, which messages point to.
const CONTENT_NUMBER: &[Field] = &[full("content", Kind::Int64)];

const CONTENT: &[Field] = &[
    full("kind", Kind::Int8),
    full("fingerprint", Kind::Binary),
    full("outbound", Kind::Int64),
    full("reached", Kind::Int64),
    full("forwarded", Kind::Bool),
    may("text", Kind::Utf8),
    may("name", Kind::Utf8),
    may("sample", Kind::Utf8),
    may("texts_of_name", Kind::Utf8s),
];

const BAND: &[Field] = &[may("first_band", Kind::Int32), may("end_band", Kind::Int32)];

const EDGE: &[Field] = &[full("left", Kind::Int64), full("right", Kind::Int64), full("tight", Kind::Bool)];

const FAMILY: &[Field] = &[full("family", Kind::Int64), full("tight", Kind::Int64), full("group", Kind::Int64)];

const TOLD: &[Field] = &[
    full("what", Kind::Utf8),
    full("id", Kind::Utf8),
    may("account", Kind::Int32),
    full("accounts", Kind::Int64s),
    may("client", Kind::Utf8),
    may("detector", Kind::Int32),
    may("content", Kind::Int64),
    may("start", Kind::Int64),
    may("end", Kind::Int64),
    may("messages", Kind::Int64),
    may("recipients", Kind::Int64),
    may("peak", Kind::Int64),
    may("peak_at", Kind::Int64),
    full("rows", Kind::Int64s),
    full("beside", Kind::Int64s),
    full("numbers", Kind::Int64s),
    full("runs", Kind::Int64s),
    full("fractions", Kind::Float64s),
    full("depends_on", Kind::Utf8s),
    full("texts", Kind::Utf8s),
];

macro_rules! streams {
    ($($(#[$meta:meta])* $constant:ident = $name:literal: [$($list:expr),+] $($mixed:ident)?;)+) => {
        $($(#[$meta])* pub const $constant: Stream =
            Stream { name: $name, lists: &[$($list),+], mixed: streams!(@ $($mixed)?) };)+
        /// All streams.
        pub const STREAMS: &[&Stream] = &[$(&$constant),+];
    };
    (@) => { false };
    (@ mixed) => { true };
}

streams! {
    /// Inputs to be read.
    INPUTS = "inputs": [INPUT];
    /// What was read of sources, in pieces.
    INGESTED = "ingested": [PIECE];
    /// Messages, folded.
    MESSAGES = "messages": [MESSAGE];
    /// Messages with what is known of replies.
    MARKED = "marked": [MESSAGE, MARK];
    /// Contents that an outbound message has.
    CONTENTS = "contents": [CONTENT_NUMBER, CONTENT];
    /// Contents with the bands to be worked on, or with the edges that the bands gave.
    TEXTS = "texts": [CONTENT_NUMBER, CONTENT, BAND, EDGE] mixed;
    /// Pairs of templates that are alike.
    EDGES = "edges": [EDGE];
    /// Which contents belong together.
    ASSIGNED = "assigned": [CONTENT_NUMBER, FAMILY];
    /// Messages and contents that belong together.
    GROUPED = "grouped": [MESSAGE, MARK, CONTENT, FAMILY] mixed;
    /// What was found.
    ACTIVITY = "activity": [TOLD];
    /// What is known of replies, by row: the columns of `marked` that a report reads.
    MARKS = "marks": [&[full("row", Kind::Int64)], MARK];
}

/// What a kernel reads and writes.
#[derive(Clone, Copy, Debug, Serialize)]
struct Ends {
    reads: &'static str,
    writes: &'static str,
}

#[derive(Debug, Serialize)]
struct Contract {
    version: u32,
    program: &'static str,
    /// How many bands `content` has to share out.
    bands: u64,
    streams: std::collections::BTreeMap<&'static str, Vec<Field>>,
    kernels: std::collections::BTreeMap<&'static str, Ends>,
}

/// The contract as JSON, for programs.
///
/// # Errors
/// When it cannot be put into JSON.
pub fn contract() -> serde_json::Result<String> {
    let ends = |reads: Stream, writes: Stream| Ends { reads: reads.name, writes: writes.name };
    let kernels = [
        ("ingest", ends(INPUTS, INGESTED)),
        ("marks", ends(MESSAGES, MARKED)),
        ("bursts", ends(MARKED, ACTIVITY)),
        ("content", ends(TEXTS, EDGES)),
        ("content --join", ends(TEXTS, ASSIGNED)),
        ("campaigns", ends(GROUPED, ACTIVITY)),
    ];
    let streams = STREAMS.iter().map(|stream| (stream.name, stream.fields().collect()));
    serde_json::to_string_pretty(&Contract {
        version: VERSION,
        program: super::PROGRAM,
        bands: BANDS,
        streams: streams.collect(),
        kernels: kernels.into_iter().collect(),
    })
}
