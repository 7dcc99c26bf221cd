//! Stage one: files in; messages, consents, rejects and one account of every record out.
//! For each file, records = read + folded + ignored + rejected, and every reject is listed with its place.
//! Here is the order of the work; opening, recognising, reading and folding live in the files below.

pub mod batch;
mod blocks;
mod case_match;
mod chat;
mod conflicts;
mod consent_words;
pub mod containers;
mod context;
pub mod database;
mod delimited;
mod echo;
mod encoding;
mod fold;
pub mod formats;
pub mod inputs;
mod join;
mod json;
pub mod learn;
mod lines;
mod mail_log;
pub mod mapping;
mod messenger;
mod meta;
mod named_texts;
mod normalise;
mod offsets;
pub mod open;
pub mod people;
pub mod proof;
#[cfg(test)]
mod reader_tests;
mod recognise;
#[doc(hidden)]
pub mod records;
mod register;
mod scan;
mod schema_dump;
mod sms_backup;
mod sources;
pub mod table;
pub mod tables;
mod telegram;
pub mod time;
mod words;

use std::collections::BTreeMap;
use std::io::Cursor;

use crate::case::Case;
use crate::message::{DEFAULT_ZONE, Doubt, Messages, Place, Platform, ZoneBasis};

pub use batch::{Consent, ConsentKind, Reject};
pub use blocks::BLOCK_BYTES;
pub use case_match::CaseDoubt;
pub use fold::FoldedRecord;
pub use inputs::{Input, InputError, Unreadable};
pub use normalise::{normalise, values, words_of};

use batch::Batch;
use case_match::entry_of;
use containers::budget::Budget;
use containers::magic::Columnar;
use containers::{Content, survey, telling_name};
use context::{Context, FileContext};
use mapping::{DataError, Found, Mapping, Role};
use offsets::{Offsets, Width};
use open::{Body, Opened, Packing};
use people::{Country, Hint};
use recognise::{Reader, Verdict};
use time::{DateOrder, OrderCounts, ZoneError, Zones};

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
    /// Records that only told more of a message, where [`ingest_with_folded`] read the inputs.
    pub folded_records: Vec<FoldedRecord>,
}

impl Ingested {
    /// Keeps the messages sent from `since` on and before `until` (UTC milliseconds). The accounts of records stay as
    /// they are: they tell what was read, not what was asked for.
    pub fn keep_between(&mut self, since: i64, until: i64) {
        let keep: Vec<bool> = self.messages.columns.sent_at.iter().map(|at| (since..until).contains(at)).collect();
        self.messages.columns.retain(&keep);
    }
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

/// Told of the work as it goes on.
pub trait Progress: Sync {
    /// Bytes of all inputs together.
    fn total(&self, bytes: u64);
    /// More bytes were read.
    fn advance(&self, bytes: u64);
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
    read_all(inputs, unreadable, (case, settings), false, progress)
}

/// Reads all inputs and keeps the places of folded records: several for each message, where a log tells of its statuses.
///
/// # Errors
/// As [`ingest`].
pub fn ingest_with_folded(
    inputs: &[Input],
    unreadable: &[Unreadable],
    case: &Case,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Ingested, IngestError> {
    read_all(inputs, unreadable, (case, settings), true, progress)
}

fn read_all(
    inputs: &[Input],
    unreadable: &[Unreadable],
    (case, settings): (&Case, &Settings),
    keep_folded: bool,
    progress: &dyn Progress,
) -> Result<Ingested, IngestError> {
    let country = match &case.matter.country {
        Some(code) if people::is_country(code) => {
            Some(code.parse::<Country>().map_err(|_| IngestError::Country(code.clone()))?)
        }
        Some(code) => return Err(IngestError::Country(code.clone())),
        None => None,
    };
    let mut context = Context::with_formats(country, settings.date_order, settings.threads, &settings.formats)?;
    context.keep_folded = keep_folded;
    let known_accounts: Vec<String> = case
        .accounts
        .iter()
        .filter_map(|account| context.people.canonical(&account.id, Hint::Unknown))
        .map(|address| address.text)
        .collect();
    progress.total(inputs.iter().filter_map(|input| std::fs::metadata(&input.path).ok()).map(|meta| meta.len()).sum());
    let sources = survey(inputs, settings.max_unpacked);
    let inputs: Vec<Input> = sources.iter().map(|source| source.input.clone()).collect();
    let mut files = Vec::with_capacity(inputs.len());
    for (index, (input, label)) in inputs.iter().zip(provisional_names(&inputs)).enumerate() {
        let (zones, zone_basis) = zone_of(input, case, settings)?;
        let provisional = entry_of(&input.name, case)
            .and_then(|entry| entry.account.as_deref())
            .and_then(|account| context.people.canonical(account, Hint::Unknown))
            .map_or_else(|| format!("?{label}"), |address| address.text);
        files.push(FileContext {
            context: &context,
            index: index as u32,
            provisional,
            file_name: telling_name(&input.name),
            zones,
            zone_basis,
            known_accounts: &known_accounts,
        });
    }
    let mut accounts: Vec<InputFile> = Vec::with_capacity(inputs.len());
    let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut batches = Vec::new();
    for (mut account, read) in sources::read(&sources, &files, settings, progress) {
        if !account.sha256.is_empty() && account.bytes > 0 {
            let first = *first_of.entry(account.sha256.clone()).or_insert(accounts.len());
            account.duplicate_of = accounts.get(first).map(|first| first.name.clone());
        }
        for batch in &read {
            count_batch(&mut account, batch);
        }
        if let Some(decision) = account.date_order.filter(DateOrderDecision::is_guess) {
            let which = if context.date_order.is_none() { "; settle it with --date-order dmy, mdy or ymd" } else { "" };
            account.notes.push(format!("order of day and month is {}, {}{which}", decision.order, decision.basis));
        }
        if account.guessed_addresses > 0 {
            account.notes.push("some numbers lack a + or a country code; they were completed by a guess".to_owned());
        }
        if account.rejected > 0 && account.rejected == account.records && !account.failed {
            account.failed = true;
            account.notes.insert(0, "no record of it could be read".to_owned());
        }
        if account.duplicate_of.is_some() {
            account.folded = account.records - account.ignored - account.rejected;
            account.notes.push("has the same bytes as another input; every record is folded into it".to_owned());
            batches.extend(read.into_iter().map(|mut batch| {
                batch.forget_messages();
                batch
            }));
        } else {
            batches.extend(read);
        }
        accounts.push(account);
    }
    let mut rejects: Vec<Reject> = batches.iter_mut().flat_map(|batch| std::mem::take(&mut batch.rejects)).collect();
    let folded = fold::fold(batches, inputs.iter().map(|input| input.name.clone()).collect(), keep_folded);
    let mut messages = folded.messages;
    for (index, account) in accounts.iter_mut().enumerate() {
        account.read = folded.read.get(index).copied().unwrap_or(0);
        account.folded += folded.folded.get(index).copied().unwrap_or(0);
    }
    describe_rows(&messages, &mut accounts);
    for account in accounts.iter_mut().filter(|account| account.zone_basis == ZoneBasis::Guessed) {
        if account.zone_needed > 0 {
            account.notes.push(format!(
                "{} × time without a zone, read as {}; name the zone with --timezone or in the case file",
                account.zone_needed, account.zone
            ));
        }
    }
    let doubt = |account: &InputFile| Doubt {
        zone: account.zone.clone(),
        date_order: account.date_order.is_some_and(|decision| decision.is_guess()),
    };
    messages.doubts = accounts.iter().map(doubt).collect();
    for missing in unreadable {
        let index = accounts.len() as u32;
        let reason = format!("cannot be looked into: {}", missing.reason);
        rejects.push(Reject {
            file: index,
            place: Place { record: 1, line: 1, ..Place::default() },
            reason: reason.clone().into(),
            excerpt: String::new(),
        });
        messages.files.push(missing.name.clone());
        accounts.push(InputFile {
            name: missing.name.clone(),
            format: "unreadable".to_owned(),
            records: 1,
            rejected: 1,
            failed: true,
            notes: vec![reason],
            ..InputFile::default()
        });
    }
    apply_case(&mut messages, case, &context);
    let case_doubts = case_match::doubts(case, &inputs, &messages, &context);
    let folded_records = folded.records;
    Ok(Ingested {
        messages,
        consents: folded.consents,
        rejects,
        inputs: accounts,
        case_doubts,
        sources: inputs,
        folded_records,
    })
}

fn count_batch(account: &mut InputFile, batch: &Batch<'_>) {
    account.records += u64::from(batch.records);
    if batch.broken_off {
        account.failed = true;
        let reason = batch.rejects.last().map_or("", |reject| reject.reason.as_ref());
        account.notes.insert(0, format!("not wholly read: {reason}; what follows is lost"));
    }
    account.rejected += batch.rejects.len() as u64;
    account.guessed_addresses += batch.guessed_addresses();
    for (reason, count) in &batch.ignored {
        account.ignored += count;
        *account.ignored_by.entry(reason).or_default() += count;
    }
    for (note, count) in &batch.notes {
        // Notes of blocks join into one line for the file.
        let known = account.notes.iter().position(|line| line.ends_with(note));
        let before = known
            .map(|at| account.notes.remove(at))
            .and_then(|line| line.split(' ').next().and_then(|n| n.parse::<u64>().ok()));
        let total = before.unwrap_or(0) + count;
        account.notes.push(format!("{total} × {note}"));
    }
}

/// What `inputs.csv` says of the rows of each file.
fn describe_rows(messages: &Messages, accounts: &mut [InputFile]) {
    let columns = &messages.columns;
    for (row, file) in columns.file.iter().enumerate() {
        let Some(account) = accounts.get_mut(*file as usize) else { continue };
        account.messages += 1;
        if columns.zone.get(row).is_some_and(|zone| *zone != ZoneBasis::Record) {
            account.zone_needed += 1;
        }
        let sent_at = columns.sent_at.get(row).copied();
        account.first_sent = account.first_sent.min(sent_at).or(sent_at);
        account.last_sent = account.last_sent.max(sent_at);
    }
}

/// Names for provisional accounts: the file's name, with as many folders as tell it apart from the others.
fn provisional_names(inputs: &[Input]) -> Vec<String> {
    fn tail(name: &str, parts: usize) -> &str {
        name.rmatch_indices('/').nth(parts - 1).and_then(|(at, _)| name.get(at + 1..)).unwrap_or(name)
    }
    let deepest = inputs.iter().map(|input| input.name.split('/').count()).max().unwrap_or(1);
    let mut names: Vec<Option<String>> = vec![None; inputs.len()];
    for parts in 1..=deepest {
        if names.iter().all(Option::is_some) {
            break;
        }
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        inputs.iter().for_each(|input| *counts.entry(tail(&input.name, parts)).or_default() += 1);
        for (name, input) in names.iter_mut().zip(inputs).filter(|(name, _)| name.is_none()) {
            let own = tail(&input.name, parts);
            *name = (counts.get(own) == Some(&1) || parts == deepest).then(|| own.to_owned());
        }
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

/// Zone of times without an offset: of the file in the case, of the option, of the matter, else the default.
fn zone_of(input: &Input, case: &Case, settings: &Settings) -> Result<(Zones, ZoneBasis), IngestError> {
    let of_file = entry_of(&input.name, case).and_then(|entry| entry.timezone.as_deref());
    let named = of_file.or(settings.timezone.as_deref()).or(case.matter.timezone.as_deref());
    let basis = if named.is_some() { ZoneBasis::Case } else { ZoneBasis::Guessed };
    let name = named.unwrap_or(DEFAULT_ZONE);
    let zones = Zones::named(name).map_err(|source| IngestError::Zone { name: name.to_owned(), source })?;
    Ok((zones, basis))
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
    let hash = std::fs::File::open(&input.path).and_then(|mut file| open::sha256_of(&mut file));
    account.sha256 = hash.map_or_else(|_| String::new(), |(sha256, _)| sha256);
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

/// Gives accounts what the case file knows of them.
fn apply_case(messages: &mut Messages, case: &Case, context: &Context) {
    for entry in &case.accounts {
        let Some(address) = context.people.canonical(&entry.id, Hint::Unknown) else { continue };
        let known = messages.accounts.iter_mut().find(|account| account.id == address.text || account.id == entry.id);
        if let Some(account) = known {
            account.client.clone_from(&entry.client);
            account.provider.clone_from(&entry.provider);
            account.owner = entry.owner;
            account.route = entry.route;
            account.registered = entry.registered_ms(case.matter.timezone.as_deref());
        }
    }
    let routes: Vec<_> = messages.accounts.iter().map(|account| account.route).collect();
    if routes.iter().any(Option::is_some) {
        for (route, account) in messages.columns.route.iter_mut().zip(&messages.columns.account) {
            if let Some(Some(stated)) = routes.get(*account as usize) {
                *route = *stated;
            }
        }
    }
}
