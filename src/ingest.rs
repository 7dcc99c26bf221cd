//! Stage one: files in; messages, consents, rejects and one account of every record out.
//! For each file, records = read + folded + ignored + rejected, and every reject is listed with its place.
//! Here is the order of the work; opening, recognising, reading and folding live in the files below.

pub mod batch;
mod blocks;
mod case_match;
mod chat;
mod compact;
mod conflicts;
mod consent_words;
pub mod containers;
mod context;
pub mod database;
mod delimited;
pub mod echo;
mod encoding;
mod fold;
pub mod formats;
pub mod gather;
pub mod identity;
pub mod inputs;
mod join;
mod json;
mod kinds;
pub mod learn;
mod lines;
pub mod local_contents;
mod mail_log;
pub mod mapping;
mod messenger;
mod meta;
pub mod named_texts;
mod normalise;
mod offsets;
pub mod open;
pub mod people;
pub mod proof;
#[cfg(test)]
mod reader_tests;
pub mod reading;
mod recognise;
#[doc(hidden)]
pub mod records;
mod register;
mod samples;
mod scan;
mod schema_dump;
mod sms_backup;
mod sources;
pub mod table;
pub mod tables;
mod telegram;
pub mod time;
pub mod whole;
mod words;

use std::collections::BTreeMap;
use std::io::Cursor;

use crate::case::Case;
use crate::message::{Messages, Place, Platform, ZoneBasis};

pub use batch::{Consent, ConsentKind, Reject};
pub use blocks::BLOCK_BYTES;
pub use case_match::CaseDoubt;
pub use fold::{FileCounts, FoldedRecord};
pub use gather::{Known, Wanted, gather};
pub use inputs::{Input, InputError, Unreadable};
pub use normalise::{normalise, values, words_of};
pub use reading::{Labels, Reading, SourceRead};

use batch::Batch;
use containers::Content;
use containers::budget::Budget;
use containers::magic::Columnar;
use context::FileContext;
use mapping::{DataError, Found, Mapping, Role};
use offsets::{Offsets, Width};
use open::{Body, Opened, Packing};
use recognise::{Reader, Verdict};
use time::{DateOrder, OrderCounts, ZoneError};

/// How an ambiguous order of day and month was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateOrderDecision {
    /// The order taken.
    pub order: &'static str,
    /// Why.
    pub basis: &'static str,
    /// How many dates spoke for which order; all zero where they were not counted.
    pub counts: OrderCounts,
}

impl DateOrderDecision {
    /// A value over 12 shows it.
    pub const BY_VALUE: &'static str = "a value over 12";
    /// Only this order runs forward.
    pub const BY_MONOTONY: &'static str = "times run forward in this order only";
    /// Two-digit years fit one order only.
    pub const BY_SPAN: &'static str = "years fit in this order only";
    /// Both orders fit.
    pub const UNDECIDED: &'static str = "undecided: both orders fit, day first assumed";
    /// Both orders are needed.
    pub const CONTRADICTORY: &'static str = "contradictory: some dates need the other order";
    /// The provider's documentation fixes it.
    pub const BY_FORMAT: &'static str = "fixed by the format";
    /// The header spells the order out.
    pub const BY_HEADER: &'static str = "spelt out in the header";
    /// The user said so.
    pub const TOLD: &'static str = "told by --date-order";

    /// Whether the reader must be warned.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        ![Self::BY_VALUE, Self::BY_FORMAT, Self::BY_HEADER, Self::TOLD].contains(&self.basis)
    }
}

/// What a reader gives of one file.
#[derive(Debug)]
struct FileRead<'c> {
    batches: Vec<Batch<'c>>,
    sha256: Option<String>,
    hashed: u64,
    date_order: Option<DateOrderDecision>,
}

/// One column of a delimited file, for people.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MappedColumn {
    /// What it holds.
    pub role: &'static str,
    /// Its header, or `column 3`.
    pub column: String,
    /// How it was found.
    pub found: &'static str,
}

/// One column of a delimited file as it is shown: whether or not anything was taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ColumnSeen {
    /// Its header, or `column 3`.
    pub column: String,
    /// What it holds; `None` where it is not used.
    pub role: Option<&'static str>,
    /// How that was found.
    pub found: Option<&'static str>,
    /// The first different values, masked: digits as 9, letters as x. Words of ours stand in clear.
    pub examples: Vec<String>,
    /// Records of the sample in which it is filled.
    pub filled: u64,
    /// Records of the sample.
    pub looked_at: u64,
}

/// A text of which only the shape is shown: digits as 9, letters as x.
#[must_use]
pub fn masked(text: &str) -> String {
    let kept = |character: char| match character {
        _ if character.is_numeric() => '9',
        _ if character.is_alphabetic() => 'x',
        _ if character.is_control() => ' ',
        other => other,
    };
    text.chars().map(kept).collect()
}

/// The account of one input: what it is, and what became of every record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFile {
    /// Name as given.
    pub name: String,
    /// SHA-256 of the file as it lies on disk; empty when it could not be read.
    pub sha256: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// Format found.
    pub format: String,
    /// Confidence, 0 to 100.
    pub confidence: u8,
    /// The next best format, with its confidence.
    pub runner_up: Option<(String, u8)>,
    /// Packing.
    pub packing: &'static str,
    /// Encoding.
    pub encoding: String,
    /// Records in the file.
    pub records: u64,
    /// Records that gave a new message.
    pub read: u64,
    /// Records that told more of a message already known.
    pub folded: u64,
    /// Records that are no send.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Messages whose first record stands in this file.
    pub messages: u64,
    /// Earliest send, UTC milliseconds.
    pub first_sent: Option<i64>,
    /// Latest send, UTC milliseconds.
    pub last_sent: Option<i64>,
    /// Ignored records by reason.
    pub ignored_by: BTreeMap<&'static str, u64>,
    /// Columns, for delimited files.
    pub columns: Vec<MappedColumn>,
    /// Every column of a delimited file, with examples.
    pub seen: Vec<ColumnSeen>,
    /// Zone of times without an offset.
    pub zone: String,
    /// Who named that zone.
    pub zone_basis: ZoneBasis,
    /// Messages whose time needed that zone.
    pub zone_needed: u64,
    /// How an ambiguous order of day and month was settled.
    pub date_order: Option<DateOrderDecision>,
    /// Spellings of addresses that were completed or read as international numbers by a guess, block by block.
    pub guessed_addresses: u64,
    /// Things to be told of the file, in words for people.
    pub notes: Vec<String>,
    /// Whether the file, or a part of it, could not be read.
    pub failed: bool,
    /// Name of an earlier input with the same bytes.
    pub duplicate_of: Option<String>,
}

/// What ingest gives.
#[derive(Debug, Default)]
pub struct Ingested {
    /// The messages.
    pub messages: Messages,
    /// Opt-ins and opt-outs that the exports hold.
    pub consents: Vec<Consent>,
    /// Every rejected record.
    pub rejects: Vec<Reject>,
    /// One account for each input, in order of names.
    pub inputs: Vec<InputFile>,
    /// Where the case file and the inputs do not meet.
    pub case_doubts: Vec<CaseDoubt>,
    /// Where each input lies, containers opened: the first of `inputs`, one for one.
    pub sources: Vec<Input>,
    /// Records that only told more of a message, where [`Wanted::folded_records`] asked for them.
    pub folded_records: Vec<FoldedRecord>,
}

/// Settings of ingest.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Zone of exports that name none, from an option.
    pub timezone: Option<String>,
    /// Order of day and month, from an option.
    pub date_order: Option<DateOrder>,
    /// Bound for unpacked sizes, in bytes.
    pub max_unpacked: u64,
    /// Threads.
    pub threads: usize,
    /// The user's own format files; they go before the known formats.
    pub formats: Vec<std::path::PathBuf>,
}

/// Why ingest could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A data file of the build is damaged.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A zone that is none.
    #[error("time zone `{name}`: {source}")]
    Zone {
        /// The name given.
        name: String,
        /// What is wrong.
        source: ZoneError,
    },
    /// A country that is none.
    #[error("country `{0}` is not known")]
    Country(String),
}

/// Told of the work as it goes on, in units of the stage: bytes of all inputs, steps of detection, rows of evidence.
pub trait Progress: Sync + std::fmt::Debug {
    /// What there is to do in all.
    fn total(&self, units: u64);
    /// More of it was done.
    fn advance(&self, units: u64);
}

/// Tells nobody.
#[derive(Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn total(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}

/// Reads all inputs.
///
/// # Errors
/// When the settings cannot be used; an input that cannot be read is an account of its own, not an error.
pub fn ingest(
    inputs: &[Input],
    unreadable: &[Unreadable],
    case: &Case,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Ingested, IngestError> {
    ingest_wanted(inputs, unreadable, (case, settings), Wanted::default(), progress)
}

/// As [`ingest`], with what else is wanted: the places of folded records, or the messages of a period alone.
///
/// # Errors
/// As [`ingest`].
pub fn ingest_wanted(
    inputs: &[Input],
    unreadable: &[Unreadable],
    (case, settings): (&Case, &Settings),
    wanted: Wanted,
    progress: &dyn Progress,
) -> Result<Ingested, IngestError> {
    let reading = Reading::new(case, settings, wanted.folded_records)?;
    let sources = reading.read(inputs, (case, settings), Labels::Short, progress)?;
    Ok(gather(sources, unreadable, case, &reading, wanted, None))
}

/// Reads one input, or what a container has for it; whatever goes wrong ends as a reject in its account.
fn read_input<'c>(
    input: &Input,
    content: Option<Content>,
    file: &FileContext<'c>,
    settings: &Settings,
    account: &mut InputFile,
    progress: &(dyn Fn(u64) + Sync),
) -> Vec<Batch<'c>> {
    let ignored = |reason: &'static str, account: &mut InputFile| {
        let mut batch = Batch::new(file);
        batch.ignore(reason);
        "no-export".clone_into(&mut account.format);
        account.confidence = 100;
        vec![batch]
    };
    match &content {
        None => {}
        Some(Content::Bytes { bytes, .. }) => {
            (account.bytes, account.sha256) = (bytes.len() as u64, open::sha256(bytes));
        }
        Some(Content::Sheet(table)) => (account.bytes, account.sha256) = tables::hashed(table),
        Some(Content::Ignored(reason)) => return ignored(reason, account),
        Some(Content::Refused(reason)) => return vec![whole_file_reject(file, account, reason, b"")],
    }
    if inputs::is_no_export(input) && !matches!(content, Some(Content::Sheet(_))) {
        if content.is_none() {
            describe_unread(input, account);
        }
        return ignored("a file beside the exports, by its ending", account);
    }
    let named = content.is_none();
    let opened = match content {
        Some(Content::Sheet(table)) => {
            "UTF-8".clone_into(&mut account.encoding);
            return tables::read(file, *table, account, progress);
        }
        Some(Content::Bytes { bytes, damage }) => open::from_damaged(bytes, damage, settings.max_unpacked),
        _ => open::open(&input.path, settings.max_unpacked),
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            if let open::OpenError::TooLarge { packing, .. } = error {
                account.packing = packing;
            }
            if named {
                describe_unread(input, account);
            }
            return vec![whole_file_reject(file, account, &error.to_string(), b"")];
        }
    };
    account.bytes = opened.bytes;
    account.packing = opened.packing.as_str();
    account.encoding = if opened.utf16_mark.is_some() {
        "UTF-16".to_owned()
    } else if opened.encoding_detected {
        account.notes.push(format!("is not UTF-8; read as {}, found from its bytes", opened.encoding.name()));
        opened.encoding.name().to_owned()
    } else {
        "UTF-8".to_owned()
    };
    let (packed, known_sha256, damage) =
        (opened.packing != Packing::None, opened.sha256.clone(), opened.damage.clone());
    let lines = match &opened.body {
        Body::Memory(text) => memchr::memchr_iter(b'\n', text).count() as u32,
        Body::Stream(_) => 0,
    };
    let transcoded = opened.utf16_mark.and_then(|mark| match &opened.body {
        Body::Memory(text) => String::from_utf8(text.clone()).ok().map(|text| (text, Width::Utf16 { mark })),
        Body::Stream(_) => None,
    });
    let read = match Columnar::of(&opened.sample) {
        Some(kind) => read_columnar(opened, kind, file, settings, account, progress),
        None => read_opened(opened, &input.path, file, account, progress),
    };
    let mut batches = match read {
        Ok(read) => {
            if known_sha256.is_none() {
                // What was hashed is what was read: if the file changed meanwhile, its size on disk says another number.
                if read.hashed != account.bytes {
                    account.notes.push(format!(
                        "changed while it was read: {} bytes when opened, {} bytes read",
                        account.bytes, read.hashed
                    ));
                }
                account.bytes = read.hashed;
                account.sha256 = read.sha256.unwrap_or_default();
            }
            account.date_order = read.date_order;
            read.batches
        }
        Err(error) => vec![whole_file_reject(file, account, &format!("reading failed: {error}"), b"")],
    };
    if let Some((text, width)) = transcoded {
        let mut offsets = Offsets::new(&text, width);
        batches.iter_mut().for_each(|batch| batch.move_places(&mut |offset| offsets.of(offset)));
    }
    if let Some(sha256) = known_sha256 {
        account.sha256 = sha256;
    }
    if packed {
        progress(account.bytes);
    }
    if let Some((offset, reason)) = damage {
        let kind = if packed { format!("{} data", account.packing) } else { "the data".to_owned() };
        let told = format!("{kind} is damaged or cut off here: {reason}");
        account.failed = true;
        account.notes.insert(0, format!("not wholly read: {told}; what stood before is read"));
        let records: u32 = batches.iter().map(|batch| batch.records).sum();
        let mut batch = Batch::new(file);
        batch.reject(Place { record: records + 1, line: lines + 1, offset, length: 0 }, told, b"");
        batches.push(batch);
    }
    batches
}

/// Size and hash of a file that no reader reads.
fn describe_unread(input: &Input, account: &mut InputFile) {
    account.bytes = std::fs::metadata(&input.path).map_or(0, |meta| meta.len());
    account.sha256 = open::sha256_of_file(&input.path).unwrap_or_default();
}

fn whole_file_reject<'c>(file: &FileContext<'c>, account: &mut InputFile, reason: &str, head: &[u8]) -> Batch<'c> {
    account.failed = true;
    if account.format.is_empty() {
        "unknown".clone_into(&mut account.format);
    }
    account.notes.push(reason.to_owned());
    let mut batch = Batch::new(file);
    batch.reject(Place { record: 1, line: 1, offset: 0, length: 0 }, format!("the whole file: {reason}"), head);
    batch
}

/// Reads a file of columns by its rows.
fn read_columnar<'c>(
    opened: Opened,
    kind: Columnar,
    file: &FileContext<'c>,
    settings: &Settings,
    account: &mut InputFile,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let budget = Budget::new(opened.bytes, settings.max_unpacked);
    let bytes = with_source(opened, |source, _| {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes)?;
        Ok(bytes)
    })?;
    let (sha256, hashed) = (Some(open::sha256(&bytes)), bytes.len() as u64);
    let batches = match tables::frames::table(bytes, kind, &budget) {
        Ok(table) => tables::read(file, table, account, progress),
        Err(reason) => {
            kind.as_str().clone_into(&mut account.format);
            vec![whole_file_reject(file, account, &reason, b"")]
        }
    };
    Ok(FileRead { batches, sha256, hashed, date_order: account.date_order })
}

/// Recognises the format and reads with it.
fn read_opened<'c>(
    opened: Opened,
    path: &std::path::Path,
    file: &FileContext<'c>,
    account: &mut InputFile,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let (best, runner_up) = match recognise::recognise(file, &opened) {
        Verdict::Empty => {
            "empty".clone_into(&mut account.format);
            account.confidence = 100;
            account.notes.push("is empty".to_owned());
            return read_nothing(opened, file);
        }
        Verdict::Database => return read_database(opened, path, file, account, progress),
        Verdict::BesideDatabase => {
            "sqlite-log".clone_into(&mut account.format);
            account.confidence = 100;
            let mut read = read_nothing(opened, file)?;
            read.batches.iter_mut().for_each(|batch| batch.ignore("unfinished changes of an SQLite database"));
            return Ok(read);
        }
        Verdict::Unknown(reason) => return unknown(opened, file, account, &reason),
        Verdict::Text(best, runner_up) => (best, runner_up),
    };
    account.format = best.format;
    account.confidence = best.confidence;
    account.runner_up = runner_up;
    let encoding = opened.encoding;
    match best.reader {
        Reader::WhatsappChat => {
            read_whole(opened, file, progress, &|file, text, bytes| chat::read(file, text, bytes, Platform::Whatsapp))
        }
        Reader::SignalText => {
            read_whole(opened, file, progress, &|file, text, bytes| chat::read(file, text, bytes, Platform::Signal))
        }
        Reader::Messenger => read_whole(opened, file, progress, &messenger::read),
        Reader::Meta => {
            let bom = opened.bom;
            let sample = opened.sample.clone();
            with_source(opened, |source, _| meta::read(file, &sample, bom, source, progress))
        }
        Reader::Json(found) => {
            if let Some(mapping) = &found.mapping {
                describe_mapping(mapping, file.provisional.starts_with('?'), account);
            }
            let (bom, sample) = (opened.bom, opened.sample.clone());
            with_source(opened, |source, _| json::read(file, &sample, bom, &found, source, progress))
        }
        Reader::Telegram => with_source(opened, |source, _| telegram::read(file, source, progress)),
        Reader::Postfix => with_source(opened, |source, _| mail_log::postfix::read(file, source, encoding, progress)),
        Reader::Exim => with_source(opened, |source, _| mail_log::exim::read(file, source, encoding, progress)),
        Reader::SmsBackup => with_source(opened, |source, _| sms_backup::read(file, source, progress)),
        Reader::SchemaDump => with_source(opened, |source, _| schema_dump::read(file, source, progress)),
        Reader::Delimited(recognised) => {
            describe_mapping(&recognised.mapping, file.provisional.starts_with('?'), account);
            account.seen.clone_from(&recognised.columns);
            if account.runner_up.is_none() {
                account.runner_up.clone_from(&recognised.mapping.runner_up);
            }
            with_source(opened, |source, opened| delimited::read(file, opened, source, &recognised, progress))
        }
    }
}

/// Reads an SQLite database where it lies; one that came out of an archive from a copy.
fn read_database<'c>(
    opened: Opened,
    path: &std::path::Path,
    file: &FileContext<'c>,
    account: &mut InputFile,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let store = match &opened.body {
        Body::Memory(bytes) => database::Store::Bytes(bytes),
        Body::Stream(_) => {
            account.notes.extend(database::beside(path));
            database::Store::File(path)
        }
    };
    let (format, batch, error) = database::read(file, store);
    account.encoding = "SQLite".to_owned();
    account.confidence = if format.is_empty() { 0 } else { 99 };
    account.format = if format.is_empty() { "sqlite".to_owned() } else { format };
    let read_rows = batch.records > 0;
    let mut read = read_nothing(opened, file)?;
    progress(read.hashed);
    read.batches = vec![batch];
    if let Some(error) = error {
        if read_rows {
            let records: u32 = read.batches.iter().map(|batch| batch.records).sum();
            let place = Place { record: records + 1, line: records + 1, offset: 0, length: 0 };
            for batch in &mut read.batches {
                batch.reject(place, error.to_string(), b"");
                batch.broken_off = true;
            }
        } else {
            read.batches = vec![whole_file_reject(file, account, &error.to_string(), b"")];
        }
    }
    Ok(read)
}

/// Gives `work` the text as something that can be read from any place.
fn with_source<T>(
    mut opened: Opened,
    work: impl FnOnce(&mut dyn scan::Source, &Opened) -> std::io::Result<T>,
) -> std::io::Result<T> {
    match std::mem::replace(&mut opened.body, Body::Memory(Vec::new())) {
        Body::Stream(mut stream) => work(&mut stream, &opened),
        Body::Memory(text) => work(&mut Cursor::new(text), &opened),
    }
}

fn read_nothing<'c>(opened: Opened, file: &FileContext<'c>) -> std::io::Result<FileRead<'c>> {
    with_source(opened, |source, _| {
        let (sha256, hashed) = open::sha256_of(source)?;
        Ok(FileRead { batches: vec![Batch::new(file)], sha256: Some(sha256), hashed, date_order: None })
    })
}

fn unknown<'c>(
    opened: Opened,
    file: &FileContext<'c>,
    account: &mut InputFile,
    reason: &str,
) -> std::io::Result<FileRead<'c>> {
    let head = opened.sample.get(..opened.sample.len().min(80)).unwrap_or_default().to_vec();
    let mut read = read_nothing(opened, file)?;
    read.batches = vec![whole_file_reject(file, account, reason, &head)];
    Ok(read)
}

/// Reads with a reader that wants the whole text at once.
fn read_whole<'c>(
    opened: Opened,
    file: &FileContext<'c>,
    progress: &(dyn Fn(u64) + Sync),
    reader: &dyn Fn(&FileContext<'c>, &str, u64) -> FileRead<'c>,
) -> std::io::Result<FileRead<'c>> {
    let (detected, encoding) = (opened.encoding_detected, opened.encoding);
    let raw = with_source(opened, |source, _| {
        let mut raw = Vec::new();
        source.read_to_end(&mut raw)?;
        Ok(raw)
    })?;
    let sha256 = open::sha256(&raw);
    progress(raw.len() as u64);
    let text = encoding::decode(&raw, encoding);
    let mut read = reader(file, &text, raw.len() as u64);
    read.sha256 = Some(sha256);
    if detected && encoding.is_single_byte() {
        let mut offsets = Offsets::new(&text, Width::OneByte);
        for batch in &mut read.batches {
            batch.move_places(&mut |offset| offsets.of(offset));
        }
    }
    Ok(read)
}

fn describe_mapping(mapping: &Mapping, provisional: bool, account: &mut InputFile) {
    if let Some(zone) = &mapping.zone {
        account.zone.clone_from(zone);
        account.zone_basis = ZoneBasis::Record;
    }
    account.notes.extend(mapping.notes.iter().cloned());
    account.format.clone_from(&mapping.format);
    account.confidence = mapping.confidence;
    let column = |role: &Role| {
        let (column, found) = mapping.columns.get(role)?;
        Some(MappedColumn { role: role.as_str(), column: mapping.names.get(*column)?.clone(), found: found.as_str() })
    };
    account.columns = Role::ALL.iter().filter_map(column).collect();
    if let Some(register) = mapping.known.as_ref().filter(|known| !known.consents.is_empty()) {
        // A register has no sends to tell of.
        let columns = register.consents.iter().flat_map(|consent| consent.header());
        let names: std::collections::BTreeSet<String> = columns.map(str::to_owned).collect();
        let named = |column| MappedColumn { role: "consent", column, found: Found::Format.as_str() };
        account.columns = names.into_iter().map(named).collect();
        return;
    }
    if mapping.found(Role::Recipient) == Some(Found::Weak) {
        account
            .notes
            .push("recipients are names or keys, not addresses: two people of one name count as one".to_owned());
    }
    if mapping.column(Role::Sender).is_none() && provisional {
        account
            .notes
            .push("names no sender; the file itself stands for the account until the case file names one".to_owned());
    }
    if mapping.column(Role::Direction).is_none() {
        account.notes.push("states no direction; every record is taken as sent".to_owned());
    }
}
