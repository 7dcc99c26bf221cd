//! Says of an opened file what it is: every reader tells how sure it is, the surest wins, the next is its runner-up.
//! Judged by magic, shape and keys of the first bytes, never by the file's name.
//! How the winner reads is its own matter; `ingest.rs` starts it.

use super::context::FileContext;
use super::delimited::{self, Recognised};
use super::open::{Opened, Packing};
use super::{chat, database, json, mail_log, messenger, meta, schema_dump, sms_backup, telegram};

/// Who is to read a file.
#[derive(Debug)]
pub enum Reader {
    /// WhatsApp's chat export.
    WhatsappChat,
    /// Chat text of Signal.
    SignalText,
    /// Webhooks of Meta's platform.
    Meta,
    /// JSON by a format of the catalogue, or by keys and values.
    Json(Box<json::Recognised>),
    /// Downloads of Facebook Messenger and Instagram.
    Messenger,
    /// Telegram Desktop's `result.json`.
    Telegram,
    /// Postfix's mail log.
    Postfix,
    /// Exim's main log.
    Exim,
    /// SMS Backup & Restore.
    SmsBackup,
    /// SQL text.
    SchemaDump,
    /// A table with columns.
    Delimited(Box<Recognised>),
}

/// One reader's word on a file.
#[derive(Debug)]
pub struct Candidate {
    /// Name of the format.
    pub format: String,
    /// How sure, 1 to 100.
    pub confidence: u8,
    /// Who would read it.
    pub reader: Reader,
}

/// What a file is.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing stands in it.
    Empty,
    /// An SQLite database; what is in it shows when it is opened.
    Database,
    /// A file that SQLite keeps beside a database.
    BesideDatabase,
    /// Text that a reader knows.
    Text(Candidate, Option<RunnerUp>),
    /// Text that no reader knows, and why.
    Unknown(String),
}

/// The format that came second.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RunnerUp {
    /// Its name.
    pub format: String,
    /// How sure it was, 1 to 100.
    pub confidence: u8,
}

/// From here on a reader that knows its format by more than columns goes before any table.
const CERTAIN: u8 = 50;
/// How much of the sample is looked at as text.
const TEXT_BYTES: usize = 1 << 16;

/// Whether bytes begin a file that SQLite keeps beside a database: a write-ahead log or a rollback journal.
#[must_use]
pub fn is_beside_database(head: &[u8]) -> bool {
    matches!(head, [0x37, 0x7F, 0x06, 0x82 | 0x83, ..] | [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7, ..])
}

/// Judges a file.
#[must_use]
pub fn recognise(file: &FileContext<'_>, opened: &Opened) -> Verdict {
    if database::is_database(&opened.sample) {
        return Verdict::Database;
    }
    if is_beside_database(&opened.sample) && opened.packing == Packing::None {
        return Verdict::BesideDatabase;
    }
    let sample = opened.sample.get(opened.bom..).unwrap_or_default();
    let start = sample.trim_ascii_start();
    if start.is_empty() {
        return Verdict::Empty;
    }
    let text = String::from_utf8_lossy(sample.get(..sample.len().min(TEXT_BYTES)).unwrap_or_default());
    let said =
        |reader: Reader, format: &str, confidence: u8| Candidate { format: format.to_owned(), confidence, reader };
    let whatsapp = chat::text::recognise(&text);
    let signal = chat::recognise_signal(&text).min(whatsapp);
    let mut candidates = vec![
        said(Reader::SignalText, chat::SIGNAL_FORMAT, signal),
        // Both write the same frame; the form of Signal's times decides.
        said(Reader::WhatsappChat, chat::FORMAT, if signal > 0 { whatsapp / 2 } else { whatsapp }),
    ];
    let mut next_of_json = None;
    let json = matches!(start.first(), Some(b'{' | b'[')) && whatsapp < CERTAIN;
    let mut reason = "neither a chat, nor JSON, nor a table with columns".to_owned();
    if json {
        candidates.push(said(Reader::Messenger, messenger::FORMAT, messenger::recognise(sample)));
        candidates.push(said(Reader::Telegram, telegram::FORMAT, telegram::recognise(sample)));
        candidates.push(said(Reader::Meta, meta::FORMAT, meta::recognise(sample)));
        match json::recognise(file, sample) {
            Ok(found) => {
                if let Some((format, confidence)) = &found.runner_up {
                    next_of_json = Some((*confidence, format.clone()));
                }
                let (format, confidence) = (found.name().to_owned(), found.confidence);
                candidates.push(Candidate { format, confidence, reader: Reader::Json(Box::new(found)) });
            }
            Err(error) => reason = format!("JSON of a shape that no known format has: {error}"),
        }
    } else {
        candidates.push(said(Reader::SmsBackup, sms_backup::FORMAT, sms_backup::recognise(&text)));
        candidates.push(said(Reader::SchemaDump, schema_dump::FORMAT, schema_dump::recognise(&text)));
        candidates.push(said(Reader::Postfix, mail_log::postfix::FORMAT, mail_log::postfix::recognise(&text)));
        candidates.push(said(Reader::Exim, mail_log::exim::FORMAT, mail_log::exim::recognise(&text)));
    }
    // A chat that is not certain is a table or nothing.
    let doubtful = |candidate: &Candidate| {
        matches!(candidate.reader, Reader::WhatsappChat | Reader::SignalText) && candidate.confidence < CERTAIN
    };
    let mut second = candidates
        .iter()
        .filter(|one| doubtful(one))
        .map(|one| (one.confidence, one.format.clone()))
        .max()
        .max(next_of_json);
    candidates.retain(|candidate| candidate.confidence > 0 && !doubtful(candidate));
    if !json {
        match delimited::recognise(&file.context.delimited, opened) {
            Ok(Some(recognised)) => {
                let (format, confidence) = (recognised.mapping.format.clone(), recognised.mapping.confidence);
                candidates.push(Candidate { format, confidence, reader: Reader::Delimited(Box::new(recognised)) });
            }
            Ok(None) => {}
            Err(error) => reason = error.to_string(),
        }
    }
    // What is known by more than columns or keys goes before what was guessed from them; of equals, a reader of code.
    let rank = |candidate: &Candidate| {
        let guessed = match &candidate.reader {
            Reader::Delimited(_) => true,
            Reader::Json(found) => found.mapping.is_some(),
            _ => false,
        };
        let by_code = !matches!(candidate.reader, Reader::Delimited(_) | Reader::Json(_));
        (!guessed && candidate.confidence >= CERTAIN, candidate.confidence, by_code)
    };
    candidates.sort_by(|left, right| rank(right).cmp(&rank(left)).then_with(|| left.format.cmp(&right.format)));
    let mut candidates = candidates.into_iter();
    let Some(best) = candidates.next() else { return Verdict::Unknown(reason) };
    if let Some(next) = candidates.next() {
        second = second.max(Some((next.confidence, next.format)));
    }
    let runner_up = second.filter(|(confidence, format)| *confidence > 0 && *format != best.format);
    Verdict::Text(best, runner_up.map(|(confidence, format)| RunnerUp { format, confidence }))
}
