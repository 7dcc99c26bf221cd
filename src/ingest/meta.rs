//! Reads webhooks of Meta's WhatsApp Business Platform: one object, an array, JSON Lines, or objects in a row.
//! One record is one item of `messages`, `statuses`, `message_echoes` or `user_preferences`, or an event without any.
//! Sources: Meta's webhook reference for `messages`, `status`, `user_preferences`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::FileRead;
use super::batch::{Batch, ConsentKind, Draft, Said};
use super::blocks::{BLOCK_BYTES, Block, Cut, Hasher, run};
use super::context::FileContext;
use super::people::Hint;
use super::scan::{LONGEST_RECORD, Source};
use super::time::{self, DateOrder};
use crate::message::{Automation, Category, Direction, Form, Place, Platform, RecipientKind, Route, Status, ZoneBasis};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "meta-cloud-api";

/// A field that Meta writes as text and some relays as a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Plain<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Plain<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Plain<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a text or a whole number")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(number.to_string())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Plain::default())
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Plain::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    field: Plain<'a>,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize, Default)]
struct Value<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    messages: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    statuses: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    message_echoes: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    user_preferences: Vec<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    display_phone_number: Plain<'a>,
    #[serde(borrow, default)]
    phone_number_id: Plain<'a>,
}

impl<'a> Metadata<'a> {
    fn account(&self) -> Option<&str> {
        [&self.display_phone_number, &self.phone_number_id]
            .into_iter()
            .map(|name| name.0.as_ref())
            .find(|name| !name.is_empty())
    }
}

#[derive(Deserialize)]
struct StatusItem<'a> {
    #[serde(borrow, default)]
    id: Plain<'a>,
    #[serde(borrow, default)]
    status: Plain<'a>,
    #[serde(borrow, default)]
    timestamp: Plain<'a>,
    #[serde(borrow, default)]
    recipient_id: Plain<'a>,
    #[serde(borrow, default)]
    recipient_user_id: Plain<'a>,
    #[serde(borrow, default)]
    recipient_type: Plain<'a>,
    #[serde(borrow, default)]
    pricing: Option<Pricing<'a>>,
    #[serde(borrow, default)]
    conversation: Option<Conversation<'a>>,
}

#[derive(Deserialize)]
struct Pricing<'a> {
    #[serde(borrow, default)]
    category: Plain<'a>,
}

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    origin: Option<Origin<'a>>,
}

#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Plain<'a>,
}

/// An inbound message or an echo of one sent from the Business App.
#[derive(Deserialize)]
struct MessageItem<'a> {
    #[serde(borrow, default)]
    id: Plain<'a>,
    #[serde(borrow, default)]
    from: Plain<'a>,
    #[serde(borrow, default)]
    from_user_id: Plain<'a>,
    #[serde(borrow, default)]
    to: Plain<'a>,
    #[serde(borrow, default)]
    to_user_id: Plain<'a>,
    #[serde(borrow, default)]
    timestamp: Plain<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Plain<'a>,
    #[serde(borrow, default)]
    text: Option<Body<'a>>,
    #[serde(borrow, default)]
    button: Option<Button<'a>>,
    #[serde(borrow, default)]
    context: Option<ForwardContext<'a>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    body: Plain<'a>,
}

#[derive(Deserialize)]
struct Button<'a> {
    #[serde(borrow, default)]
    text: Plain<'a>,
}

#[derive(Deserialize)]
struct ForwardContext<'a> {
    #[serde(default)]
    forwarded: bool,
    #[serde(default)]
    frequently_forwarded: bool,
    #[serde(borrow, default, rename = "from")]
    _from: Plain<'a>,
}

#[derive(Deserialize)]
struct PreferenceItem<'a> {
    #[serde(borrow, default)]
    wa_id: Plain<'a>,
    #[serde(borrow, default)]
    user_id: Plain<'a>,
    #[serde(borrow, default)]
    value: Plain<'a>,
    #[serde(borrow, default)]
    timestamp: Plain<'a>,
}

/// Whether a JSON text looks like these webhooks, 0 to 100.
#[must_use]
pub fn recognise(sample: &[u8]) -> u8 {
    let head = sample.get(..sample.len().min(1 << 16)).unwrap_or_default();
    let has = |key: &str| memchr::memmem::find(head, key.as_bytes()).is_some();
    if has("\"entry\"") && has("\"changes\"") {
        99
    } else if has("\"messaging_product\"") && (has("\"statuses\"") || has("\"messages\"")) {
        90
    } else if has("\"statuses\"") && has("\"recipient_id\"") {
        80
    } else {
        0
    }
}

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    sample: &[u8],
    bom: usize,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let mut hasher = Hasher::new(file.context.threads);
    let mut batches = Vec::new();
    let mut whole_from = Some(0);
    if is_json_lines(sample.get(bom..).unwrap_or_default()) {
        let last_end = |bytes: &[u8]| memchr::memrchr(b'\n', bytes).map(|end| end + 1);
        let cut = Cut { last_end: &last_end, longest_record: LONGEST_RECORD, block_bytes: BLOCK_BYTES };
        let work =
            |block: &Block| if block.oversized { Err(()) } else { Ok(lines(file, block.offset, block.text(), bom)) };
        let mut reader = Reader(source);
        let (stretches, stop) = run(&mut reader, 0, cut, &mut hasher, progress, &work)?;
        batches = stretches;
        whole_from = stop;
    }
    if let Some(offset) = whole_from {
        // Objects over many lines, or a line too long for a block: the rest is taken into memory.
        source.seek(std::io::SeekFrom::Start(offset))?;
        let mut text = Vec::new();
        source.read_to_end(&mut text)?;
        let text = std::sync::Arc::new(text);
        hasher.update(offset, &text);
        progress(text.len() as u64);
        batches.push(documents(file, offset, &text, if offset == 0 { bom } else { 0 }));
    }
    let (mut records, mut line) = (0, 0);
    let batches = batches.into_iter().map(|(mut batch, lines)| {
        let seen = batch.records;
        batch.shift(records, line, 0);
        batch.close();
        records += seen;
        line += lines;
        batch
    });
    let batches = batches.collect();
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order: None })
}

struct Reader<'s>(&'s mut dyn Source);

impl std::io::Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

/// JSON Lines: one of the first lines is a whole value by itself.
fn is_json_lines(sample: &[u8]) -> bool {
    sample.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(10).any(|line| {
        line.trim_ascii().starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
    })
}

/// A batch and the number of lines it spans.
type Lines<'c> = (Batch<'c>, u32);

fn lines<'c>(file: &FileContext<'c>, offset: u64, block: &[u8], bom: usize) -> Lines<'c> {
    let mut batch = Batch::new(file);
    let mut line = 0;
    let mut start = if offset == 0 { bom } else { 0 };
    for end in memchr::memchr_iter(b'\n', block).chain(std::iter::once(block.len())) {
        let bytes = block.get(start..end).unwrap_or_default();
        let counted = end < block.len();
        if !bytes.trim_ascii().is_empty() {
            let mut reader =
                DocumentReader { batch: &mut batch, base: offset, text: block, line: line + 1, counted_to: start };
            match std::str::from_utf8(bytes) {
                Ok(text) => match serde_json::from_str::<&RawValue>(text.trim()) {
                    Ok(value) => reader.document(value, 0),
                    Err(error) => reader.reject(start, bytes, format!("not valid JSON: {}", reason(&error))),
                },
                Err(_) => reader.reject(start, bytes, "not valid UTF-8".to_owned()),
            }
        }
        line += u32::from(counted);
        start = end + 1;
    }
    (batch, line)
}

/// Objects in a row or in an array, over as many lines as they like. Damage costs what follows it, not what stands
/// before.
fn documents<'c>(file: &FileContext<'c>, offset: u64, bytes: &[u8], bom: usize) -> Lines<'c> {
    let mut batch = Batch::new(file);
    let (clean, stray) = without_stray_bytes(bytes);
    let text = clean.as_ref();
    let mut reader = DocumentReader { batch: &mut batch, base: offset, text: text.as_bytes(), line: 1, counted_to: 0 };
    let mut at = bom;
    loop {
        let rest = text.get(at..).unwrap_or("");
        let skipped =
            rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || "[,]".contains(c)).len();
        at += skipped;
        let rest = rest.get(skipped..).unwrap_or("");
        if rest.is_empty() {
            break;
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match stream.next() {
            Some(Ok(value)) => {
                let end = at + stream.byte_offset();
                let first_stray = stray.partition_point(|place| *place < at);
                if stray.get(first_stray).is_some_and(|place| *place < end) {
                    reader.reject_value(value.get(), "not valid UTF-8");
                } else {
                    reader.document(value, 0);
                }
                at = end;
            }
            Some(Err(error)) => {
                reader.reject(at, rest.as_bytes(), format!("not valid JSON: {}", reason(&error)));
                reader.batch.broken_off = true;
                break;
            }
            None => break,
        }
    }
    let lines = memchr::memchr_iter(b'\n', bytes).count() as u32;
    (batch, lines)
}

/// The text with bytes that are no UTF-8 shown as `?`, one for one, so that places stay where they are; and their
/// places.
fn without_stray_bytes(bytes: &[u8]) -> (Cow<'_, str>, Vec<usize>) {
    let mut clean = match std::str::from_utf8(bytes) {
        Ok(text) => return (Cow::Borrowed(text), Vec::new()),
        Err(_) => bytes.to_vec(),
    };
    let (mut good, mut places) = (0, Vec::new());
    while let Err(error) = std::str::from_utf8(clean.get(good..).unwrap_or_default()) {
        good += error.valid_up_to();
        let stray = error.error_len().unwrap_or(clean.len() - good);
        clean.iter_mut().skip(good).take(stray).for_each(|byte| *byte = b'?');
        places.push(good);
    }
    (String::from_utf8(clean).map_or(Cow::Borrowed(""), Cow::Owned), places)
}

/// What went wrong, without the reader's own line and column: those count from the record's start.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line").map_or(text.clone(), |(head, _)| head.to_owned())
}

/// Takes documents apart into records.
struct DocumentReader<'r, 'c> {
    batch: &'r mut Batch<'c>,
    /// Offset of `text` in the file.
    base: u64,
    text: &'r [u8],
    /// Line of the place up to which line ends are counted.
    line: u32,
    counted_to: usize,
}

/// How deep webhooks may lie in arrays and named collections.
const DEPTH: usize = 3;

const NO_SEND: &str = "webhook event that is no send";
const SYSTEM: &str = "system message";
const CHANGE: &str = "edit or deletion of a message";
const CONSENT: &str = "opt-in or opt-out";

impl DocumentReader<'_, '_> {
    fn place_of(&mut self, value: &str) -> Place {
        let offset = (value.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        let between = self.text.get(self.counted_to..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u32;
        self.counted_to = self.counted_to.max(offset);
        Place {
            record: self.batch.records + 1,
            line: self.line,
            offset: self.base + offset as u64,
            length: value.len() as u32,
        }
    }

    fn reject(&mut self, start: usize, bytes: &[u8], reason: String) {
        let between = self.text.get(self.counted_to..start).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u32;
        self.counted_to = self.counted_to.max(start);
        let place = Place {
            record: self.batch.records + 1,
            line: self.line,
            offset: self.base + start as u64,
            length: bytes.len() as u32,
        };
        self.batch.reject(place, reason, bytes);
    }

    fn reject_value(&mut self, value: &str, reason: impl Into<Cow<'static, str>>) {
        let place = self.place_of(value);
        self.batch.reject(place, reason, value.as_bytes());
    }

    fn document(&mut self, value: &RawValue, depth: usize) {
        let text = value.get();
        if text.starts_with('[') && depth < DEPTH {
            match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(values) => values.into_iter().for_each(|value| self.document(value, depth + 1)),
                Err(error) => self.reject_value(text, format!("not a list of webhooks: {}", reason(&error))),
            }
            return;
        }
        let Ok(object) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(text) else {
            self.reject_value(text, "not a webhook: no object");
            return;
        };
        if let Some(entries) = object.get("entry") {
            self.entries(entries.get());
        } else if ["statuses", "messages", "message_echoes", "user_preferences"]
            .iter()
            .any(|key| object.contains_key(*key))
        {
            // The On-Premises API and relays give the inner value without its envelope.
            self.value(text);
        } else if !object.is_empty() && depth < DEPTH && object.values().all(|value| value.get().starts_with('{')) {
            // A collection of webhooks by name; in the order of the file.
            let mut values: Vec<&RawValue> = object.into_values().collect();
            values.sort_by_key(|value| value.get().as_ptr() as usize);
            values.into_iter().for_each(|value| self.document(value, depth + 1));
        } else {
            self.reject_value(text, "not a webhook: neither `entry` nor messages or statuses");
        }
    }

    fn entries(&mut self, text: &str) {
        match serde_json::from_str::<Vec<Entry<'_>>>(text) {
            Ok(entries) => {
                let changes: Vec<Change<'_>> = entries.into_iter().flat_map(|entry| entry.changes).collect();
                if changes.is_empty() {
                    self.ignore(text, NO_SEND);
                }
                for change in changes {
                    match change.field.0.as_ref() {
                        "messages" | "smb_message_echoes" | "user_preferences" | "" => self.value(change.value.get()),
                        _ => self.ignore(change.value.get(), NO_SEND),
                    }
                }
            }
            Err(error) => self.reject_value(text, format!("`entry` is not as Meta writes it: {}", reason(&error))),
        }
    }

    fn ignore(&mut self, text: &str, reason: &'static str) {
        let _ = self.place_of(text);
        self.batch.ignore(reason);
    }

    fn value(&mut self, text: &str) {
        let value = match serde_json::from_str::<Value<'_>>(text) {
            Ok(value) => value,
            Err(error) => {
                self.reject_value(text, format!("`value` is not as Meta writes it: {}", reason(&error)));
                return;
            }
        };
        let account = value.metadata.account();
        let mut items: Vec<(&RawValue, Item)> = Vec::new();
        items.extend(value.messages.iter().map(|item| (*item, Item::Inbound)));
        items.extend(value.statuses.iter().map(|item| (*item, Item::Status)));
        items.extend(value.message_echoes.iter().map(|item| (*item, Item::Echo)));
        items.extend(value.user_preferences.iter().map(|item| (*item, Item::Preference)));
        if items.is_empty() {
            self.ignore(text, NO_SEND);
        }
        items.sort_by_key(|(item, _)| item.get().as_ptr() as usize);
        for (item, kind) in items {
            let text = item.get();
            let read = match kind {
                Item::Status => self.status(text, account),
                Item::Inbound => self.message(text, account, Direction::Inbound),
                Item::Echo => self.message(text, account, Direction::Outbound),
                Item::Preference => self.preference(text, account),
            };
            if let Err(reason) = read {
                self.reject_value(text, reason);
            }
        }
    }

    fn status(&mut self, text: &str, account: Option<&str>) -> Result<(), Cow<'static, str>> {
        let item: StatusItem<'_> = serde_json::from_str(text).map_err(|error| reason(&error))?;
        let sent_at = seconds(&item.timestamp)?;
        let recipient = first_filled(&[&item.recipient_id, &item.recipient_user_id]).ok_or("no recipient")?;
        let named = item.pricing.as_ref().map(|pricing| &pricing.category);
        let origin =
            item.conversation.as_ref().and_then(|conversation| conversation.origin.as_ref()).map(|origin| &origin.kind);
        let category = named.or(origin).and_then(|word| self.batch.category(&word.0)).unwrap_or_default();
        let status = match item.status.0.as_ref() {
            "accepted" => Status::Accepted,
            "sent" => Status::Sent,
            "delivered" => Status::Delivered,
            "read" | "played" => Status::Read,
            "failed" => Status::Failed,
            _ => {
                self.batch.note(super::delimited::UNKNOWN_STATUS);
                Status::Unknown
            }
        };
        let place = self.place_of(text);
        self.batch.read();
        self.batch.message(
            place,
            &Draft {
                sent_at,
                account,
                recipient,
                recipient_kind: if item.recipient_type.0 == "group" {
                    RecipientKind::Group
                } else {
                    RecipientKind::Unknown
                },
                status,
                message_id: &item.id.0,
                category,
                form: match category {
                    Category::Marketing | Category::Utility | Category::Authentication => Form::Template,
                    Category::Service => Form::FreeForm,
                    Category::Unknown => Form::Unknown,
                },
                automation: Automation::Api,
                ..draft(Route::BusinessApi)
            },
        );
        Ok(())
    }

    fn message(&mut self, text: &str, account: Option<&str>, direction: Direction) -> Result<(), Cow<'static, str>> {
        let item: MessageItem<'_> = serde_json::from_str(text).map_err(|error| reason(&error))?;
        match item.kind.0.as_ref() {
            "system" | "errors" => {
                self.ignore(text, SYSTEM);
                return Ok(());
            }
            "revoke" | "edit" | "deleted" => {
                self.ignore(text, CHANGE);
                return Ok(());
            }
            _ => {}
        }
        let sent_at = seconds(&item.timestamp)?;
        let outbound = direction == Direction::Outbound;
        let parties = if outbound { [&item.to, &item.to_user_id] } else { [&item.from, &item.from_user_id] };
        let recipient = first_filled(&parties).ok_or("neither a number nor a user id of the other side")?;
        let body = item.text.as_ref().map(|text| &text.body).or(item.button.as_ref().map(|button| &button.text));
        let forward_score =
            item.context.as_ref().map_or(0, |context| match (context.frequently_forwarded, context.forwarded) {
                (true, _) => FREQUENTLY_FORWARDED,
                (_, true) => 1,
                _ => 0,
            });
        let place = self.place_of(text);
        self.batch.read();
        self.batch.message(
            place,
            &Draft {
                sent_at,
                direction,
                account: account.or(Some(item.from.0.as_ref()).filter(|from| outbound && !from.is_empty())),
                recipient,
                status: if outbound { Status::Sent } else { Status::Unknown },
                message_id: &item.id.0,
                text: body.map_or("", |body| body.0.as_ref()),
                form: if outbound { Form::FreeForm } else { Form::Unknown },
                automation: if outbound { Automation::Manual } else { Automation::Unknown },
                forward_score,
                ..draft(if outbound { Route::BusinessApp } else { Route::BusinessApi })
            },
        );
        Ok(())
    }

    fn preference(&mut self, text: &str, account: Option<&str>) -> Result<(), Cow<'static, str>> {
        let item: PreferenceItem<'_> = serde_json::from_str(text).map_err(|error| reason(&error))?;
        let at = seconds(&item.timestamp)?;
        let recipient = first_filled(&[&item.wa_id, &item.user_id]).ok_or("no person")?;
        let kind = match item.value.0.as_ref() {
            "stop" => ConsentKind::OptOut,
            "resume" | "signup" => ConsentKind::OptIn,
            _ => return Err("a preference that is neither stop, resume nor signup".into()),
        };
        let place = self.place_of(text);
        self.batch.consent(
            place,
            account,
            Said { recipient, hint: Hint::International, at, kind, source: "user_preferences" },
        );
        self.batch.ignore(CONSENT);
        Ok(())
    }
}

/// WhatsApp labels a text "forwarded many times" from the fifth forward on (docs/sources.md).
const FREQUENTLY_FORWARDED: u8 = 5;

#[derive(Clone, Copy)]
enum Item {
    Status,
    Inbound,
    Echo,
    Preference,
}

fn draft<'a>(route: Route) -> Draft<'a> {
    Draft {
        zone: ZoneBasis::Record,
        platform: Platform::Whatsapp,
        route,
        hint: Hint::International,
        ..Draft::default()
    }
}

fn first_filled<'a>(candidates: &[&'a Plain<'_>]) -> Option<&'a str> {
    candidates.iter().map(|candidate| candidate.0.as_ref()).find(|text| !text.is_empty())
}

fn seconds(timestamp: &Plain<'_>) -> Result<i64, Cow<'static, str>> {
    if timestamp.0.is_empty() {
        return Err("no time".into());
    }
    let stamp = time::parse(timestamp.0.as_bytes(), DateOrder::DayMonth)
        .map_err(|error| format!("time not readable: {error}"))?;
    stamp.instant_ms().ok_or_else(|| "a time without its offset from UTC".into())
}
