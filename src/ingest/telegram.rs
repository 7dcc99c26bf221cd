//! Reads Telegram Desktop's machine-readable export, `result.json`: one chat, or a whole account.
//! Here: who the owner is, who the other side, what is no send. The export has no statuses and no lists of recipients.
//! The document itself is taken apart in `export`; it is held in memory while it is read.

mod export;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::FileRead;
use super::batch::{Batch, Draft};
use super::context::FileContext;
use super::delimited::instant;
use super::open::sha256;
use super::people::Hint;
use super::scan::Source;
use super::time::{self, DateOrder};
use crate::message::{Direction, Form, Place, Platform, RecipientKind, Route};
use export::{Chat, Export, Plain};
use serde::Deserialize;

/// Name in `inputs.csv`.
pub const FORMAT: &str = "telegram-desktop";

/// Whether a JSON text is such an export, 0 to 100.
#[must_use]
pub fn recognise(sample: &[u8]) -> u8 {
    let has = |key: &str| memchr::memmem::find(sample, key.as_bytes()).is_some();
    let chats = has("\"messages\"") || has("\"chats\"");
    if !chats || has("\"messaging_product\"") {
        0
    } else if has("\"date_unixtime\"") || has("\"text_entities\"") && has("\"from_id\"") {
        98
    } else if has("\"from_id\"") && has("\"date\"") && has("\"type\"") {
        // Before 2022 messages had no count of seconds.
        85
    } else {
        0
    }
}

/// One message.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: Plain<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Plain<'a>,
    #[serde(borrow, default)]
    date: Plain<'a>,
    #[serde(borrow, default)]
    date_unixtime: Plain<'a>,
    #[serde(borrow, default)]
    from: Plain<'a>,
    #[serde(borrow, default)]
    from_id: Plain<'a>,
    #[serde(borrow, default)]
    text: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    forwarded_from: Option<Plain<'a>>,
}

impl Message<'_> {
    /// What names the author: the id, else the name.
    fn author(&self) -> &str {
        if self.from_id.0.is_empty() { self.from.0.trim() } else { &self.from_id.0 }
    }

    /// The text: one string, or a list of strings and of pieces with a form of their own.
    fn text(&self) -> Cow<'_, str> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Piece {
            Plain(String),
            Formed { text: String },
            Other(serde::de::IgnoredAny),
        }
        let Some(raw) = self.text.map(serde_json::value::RawValue::get) else { return Cow::Borrowed("") };
        if raw.starts_with('[') {
            let pieces: Vec<Piece> = serde_json::from_str(raw).unwrap_or_default();
            let texts = pieces.into_iter().map(|piece| match piece {
                Piece::Plain(text) | Piece::Formed { text } => text,
                Piece::Other(_) => String::new(),
            });
            Cow::Owned(texts.collect())
        } else {
            Cow::Owned(serde_json::from_str(raw).unwrap_or_default())
        }
    }
}

const SERVICE: &str = "service message";
const SAVED: &str = "note to oneself (saved messages)";
const NO_AUTHOR: &str = "names no author";
const CHANNEL_POST: &str = "post of a channel; that the exporter runs it is not said";
const NOT_WHOLE: &str = "the export breaks off or is damaged here";

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let mut raw = Vec::new();
    source.read_to_end(&mut raw)?;
    progress(raw.len() as u64);
    let sha256 = sha256(&raw);
    // Telegram writes UTF-8; what stands before other bytes is read.
    let valid = match std::str::from_utf8(&raw) {
        Ok(text) => text,
        Err(error) => {
            raw.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default()
        }
    };
    let start = if valid.starts_with('\u{FEFF}') { 3 } else { 0 };
    let (export, error) = Export::read(valid.get(start..).unwrap_or_default());
    let mut reader = Reader { file, batch: Batch::new(file), text: &raw, line: 1, counted_to: 0 };
    let owner = owner(file, &export);
    let mut end = start;
    for chat in &export.chats {
        let parties = Parties::of(file, chat, owner.as_deref());
        for message in &chat.messages {
            let place = reader.place(message.get());
            end = (place.offset + u64::from(place.length)) as usize;
            reader.message(place, message.get(), &parties);
        }
    }
    if let Some(error) = error {
        let rest = raw.get(end..).unwrap_or_default();
        let told = if valid.len() < raw.len() { "not valid UTF-8".to_owned() } else { without_place(&error) };
        let place = Place { length: rest.len().min(u32::MAX as usize) as u32, ..reader.place_at(end, 0) };
        reader.batch.reject(place, format!("{NOT_WHOLE}: {told}"), rest);
        reader.batch.broken_off = true;
    }
    let mut batch = reader.batch;
    batch.close();
    let hashed = raw.len() as u64;
    Ok(FileRead { batches: vec![batch], sha256: Some(sha256), hashed, date_order: None })
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line").map_or(text.clone(), |(head, _)| head.to_owned())
}

/// Who exported: as the export says, as the notes to oneself say, or as the one author of all personal chats.
fn owner(file: &FileContext<'_>, export: &Export<'_>) -> Option<String> {
    if !export.owner.0.is_empty() {
        return Some(format!("user{}", export.owner.0));
    }
    let authors = |chat: &Chat<'_>| -> BTreeSet<String> {
        let read = |raw: &&serde_json::value::RawValue| {
            let message: Message<'_> = serde_json::from_str(raw.get()).ok()?;
            Some(message.author().to_owned()).filter(|author| !author.is_empty() && message.kind.0 == "message")
        };
        chat.messages.iter().filter_map(read).collect()
    };
    let saved = export.chats.iter().filter(|chat| chat.kind.0 == "saved_messages").flat_map(authors).next();
    if saved.is_some() {
        return saved;
    }
    let personal: Vec<BTreeSet<String>> = export
        .chats
        .iter()
        .filter(|chat| matches!(chat.kind.0.as_ref(), "personal_chat" | "bot_chat"))
        .map(authors)
        .filter(|authors| !authors.is_empty())
        .collect();
    if personal.len() >= 2 {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for author in personal.iter().flatten() {
            *counts.entry(author).or_default() += 1;
        }
        // Whoever wrote in two personal chats or more can only be the one who has them all.
        let mut recurring = counts.iter().filter(|(_, count)| **count >= 2);
        if let (Some((author, _)), None) = (recurring.next(), recurring.next()) {
            return Some((*author).to_owned());
        }
    }
    let named = |author: &String| {
        let canonical = file.context.people.canonical(author, Hint::Unknown).map(|address| address.text);
        file.known_accounts.iter().any(|known| known == author || canonical.as_ref() == Some(known))
    };
    export.chats.iter().flat_map(authors).find(named)
}

/// What a chat is to those who write in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Personal,
    Group,
    Channel,
    Saved,
}

/// Who is who in a chat.
struct Parties {
    kind: Kind,
    /// The chat itself as a recipient.
    chat: String,
    authors: BTreeSet<String>,
    owner: Option<String>,
    /// The other person, in a personal chat.
    partner: Option<String>,
}

impl Parties {
    fn of(file: &FileContext<'_>, chat: &Chat<'_>, owner: Option<&str>) -> Self {
        let messages = chat.messages.iter().filter_map(|raw| serde_json::from_str::<Message<'_>>(raw.get()).ok());
        let (mut authors, mut names) = (BTreeSet::new(), BTreeMap::new());
        for message in messages.filter(|message| message.kind.0 == "message" && !message.author().is_empty()) {
            names.entry(message.author().to_owned()).or_insert_with(|| message.from.0.trim().to_owned());
            authors.insert(message.author().to_owned());
        }
        let kind = match chat.kind.0.as_ref() {
            "saved_messages" => Kind::Saved,
            "personal_chat" | "bot_chat" => Kind::Personal,
            kind if kind.ends_with("channel") => Kind::Channel,
            "" if authors.len() <= 2 => Kind::Personal,
            _ => Kind::Group,
        };
        let id = chat.id.0.as_ref();
        let own_name = match (chat.kind.0.as_ref(), id) {
            (_, "") => match chat.name.0.trim() {
                "" => format!("chat {}", file.file_name),
                name => format!("chat {name}"),
            },
            // Telegram's own three words for whom one can write to.
            ("personal_chat" | "bot_chat" | "saved_messages", id) => format!("user{id}"),
            ("private_group", id) => format!("chat{id}"),
            (_, id) => format!("channel{id}"),
        };
        // A personal chat has the other person's number; where an export was changed, their name.
        let partner = (kind == Kind::Personal)
            .then(|| {
                let by_id = authors.iter().find(|author| **author == own_name);
                let by_name = || {
                    names.iter().find(|(_, name)| !name.is_empty() && **name == *chat.name.0).map(|(author, _)| author)
                };
                by_id.or_else(by_name).cloned()
            })
            .flatten();
        let mut owner = owner.map(str::to_owned);
        if owner.is_none() && kind == Kind::Personal {
            let mut others = authors.iter().filter(|author| Some(*author) != partner.as_ref());
            owner = match (others.next(), others.next(), &partner) {
                (Some(other), None, Some(_)) => Some(other.clone()),
                _ => None,
            };
        }
        Self { kind, chat: own_name, authors, owner, partner }
    }

    /// Account, other side and direction of what an author wrote.
    fn of_author<'s>(&'s self, author: &'s str) -> (Option<&'s str>, &'s str, Direction) {
        if self.kind == Kind::Channel {
            return (Some(author), &self.chat, Direction::Outbound);
        }
        let many = self.kind == Kind::Group;
        match self.owner.as_deref() {
            Some(owner) if owner != author => (Some(owner), if many { &self.chat } else { author }, Direction::Inbound),
            _ => {
                // Without a known owner every author is an account: the export does not say whose it is.
                let two = || (self.authors.len() == 2).then(|| self.authors.iter().find(|other| *other != author))?;
                let partner = self.partner.as_ref().filter(|partner| *partner != author);
                let other = if many { None } else { partner.or_else(two) };
                (Some(author), other.unwrap_or(&self.chat), Direction::Outbound)
            }
        }
    }
}

struct Reader<'r, 'c> {
    file: &'r FileContext<'c>,
    batch: Batch<'c>,
    text: &'r [u8],
    /// Line of the place up to which line ends are counted.
    line: u32,
    counted_to: usize,
}

impl Reader<'_, '_> {
    fn place(&mut self, value: &str) -> Place {
        let offset = (value.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        self.place_at(offset, value.len())
    }

    fn place_at(&mut self, offset: usize, length: usize) -> Place {
        let between = self.text.get(self.counted_to..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u32;
        self.counted_to = self.counted_to.max(offset);
        Place { record: self.batch.records + 1, line: self.line, offset: offset as u64, length: length as u32 }
    }

    fn message(&mut self, place: Place, raw: &str, parties: &Parties) {
        let message: Message<'_> = match serde_json::from_str(raw) {
            Ok(message) => message,
            Err(error) => {
                self.batch.reject(place, format!("not a message: {}", without_place(&error)), raw.as_bytes());
                return;
            }
        };
        match message.kind.0.as_ref() {
            "message" => {}
            "service" => return self.batch.ignore(SERVICE),
            "unsupported" => return self.batch.ignore("message of a kind that Telegram did not export"),
            _ => return self.batch.reject(place, "neither a message nor a service message", raw.as_bytes()),
        }
        if parties.kind == Kind::Saved {
            return self.batch.ignore(SAVED);
        }
        // Channels may leave out who posts.
        let author = match message.author() {
            "" if parties.kind == Kind::Channel => &parties.chat,
            author => author,
        };
        if author.is_empty() {
            return self.batch.reject(place, NO_AUTHOR, raw.as_bytes());
        }
        // The count is an instant; the local time beside it has no zone.
        let counted = &message.date_unixtime.0;
        let field = if counted.is_empty() { &message.date.0 } else { counted };
        let stamp = match time::parse(field.as_bytes(), DateOrder::DayMonth) {
            Ok(stamp) => stamp,
            Err(error) => {
                return self.batch.reject(place, format!("time not readable: {error}"), raw.as_bytes());
            }
        };
        let (sent_at, zone) = instant(stamp, &self.file.zones, self.file.zone_basis, &mut self.batch);
        let (account, recipient, direction) = parties.of_author(author);
        let text = message.text();
        if parties.kind == Kind::Channel {
            self.batch.note(CHANNEL_POST);
        }
        self.batch.read();
        self.batch.message(
            place,
            &Draft {
                sent_at,
                zone,
                platform: Platform::Telegram,
                route: Route::Telegram,
                direction,
                account,
                recipient,
                recipient_kind: match parties.kind {
                    Kind::Group => RecipientKind::Group,
                    Kind::Channel => RecipientKind::BroadcastList,
                    Kind::Personal | Kind::Saved => RecipientKind::Person,
                },
                message_id: &message.id.0,
                text: &text,
                form: Form::FreeForm,
                forward_score: u8::from(message.forwarded_from.is_some()),
                ..Draft::default()
            },
        );
    }
}
