//! Reads webhooks of Meta's WhatsApp Business Platform: one object, an array, JSON Lines, or objects in a row.
//! One record is one item of `messages`, `statuses`, `message_echoes` or `user_preferences`, or an event without any.
//! Sources: Meta's webhook reference for `messages`, `status`, `user_preferences`.

mod general;
mod usual;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::FileRead;
use super::batch::{Batch, ConsentKind, Draft, Said};
use super::blocks::{BLOCK_BYTES, Hasher};
use super::context::FileContext;
use super::json::walk::{At, Layout, OPEN_END, Stretch, Walk, layout_of, open_end, unit_end, walk};
use super::json::{Fault, NOT_UTF8, joined, masked};
use super::people::Hint;
use super::scan::Source;
use super::time::{self, DateOrder};
use general::{Change, Entry, MessageItem, PreferenceItem, StatusItem, Value};
use usual::{Found, Parts, Webhook};

use crate::message::{Automation, Category, Direction, Form, Place, Platform, RecipientKind, Route, Status, ZoneBasis};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "meta-cloud-api";

/// The texts of an item of `statuses`; empty where one is missing.
#[derive(Clone, Copy, Debug)]
struct StatusTexts<'t> {
    id: &'t str,
    status: &'t str,
    timestamp: &'t str,
    recipient: [&'t str; 2],
    recipient_type: &'t str,
    /// What the message is priced as, or what its conversation began as.
    category: Option<&'t str>,
}

/// The texts of an inbound message, or of an echo of one sent from the Business App.
#[derive(Clone, Copy, Debug)]
struct MessageTexts<'t> {
    id: &'t str,
    from: [&'t str; 2],
    to: [&'t str; 2],
    timestamp: &'t str,
    kind: &'t str,
    body: &'t str,
    /// Whether it had been forwarded, and often; `None` where nothing is said of it.
    forwarded: Option<(bool, bool)>,
}

/// The texts of an item of `user_preferences`.
#[derive(Clone, Copy, Debug)]
struct PreferenceTexts<'t> {
    person: [&'t str; 2],
    value: &'t str,
    timestamp: &'t str,
}

/// What a thread carries from webhook to webhook.
struct State<'c> {
    batch: Batch<'c>,
    webhook: Webhook,
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
    let secrets = file.context.catalogue.secrets();
    let start = || State { batch: Batch::new(file), webhook: Webhook::default() };
    let layout = layout_of(sample.get(bom..).unwrap_or_default());
    let unit = |state: &mut State<'c>, at: At, bytes: &[u8]| match one_usual(state, at, bytes, &secrets) {
        Some(length) => Ok(length),
        None => one(&mut state.batch, at, bytes, &secrets, layout),
    };
    let problem = |state: &mut State<'c>, place: Place, bytes: &[u8], reason: Cow<'static, str>, lost: bool| {
        let place = Place { record: state.batch.records + 1, ..place };
        state.batch.reject(place, reason, &masked(bytes, &secrets));
        state.batch.broken_off |= lost;
    };
    let finish = |state: &mut State<'c>| {
        state.batch.close();
        state.webhook = Webhook::default();
    };
    let plan = Walk {
        layout,
        skip: bom,
        block_bytes: BLOCK_BYTES,
        start: &start,
        finish: &finish,
        unit: &unit,
        problem: &problem,
    };
    let mut hasher = Hasher::new(file.context.threads);
    let mut stretches = walk(source, 0..u64::MAX, &plan, &mut hasher, progress)?;
    if !stretches.iter().any(|stretch| stretch.state.batch.broken_off)
        && let Some(end) = open_end(source, sample.get(bom..).unwrap_or_default())?
    {
        let mut state = start();
        problem(&mut state, Place { line: 1, offset: end, ..Place::default() }, b"", OPEN_END.into(), true);
        stretches.push(Stretch { state, lines: 0 });
    }
    let batches = stretches.into_iter().map(|Stretch { state, lines }| Stretch { state: state.batch, lines });
    let batches = joined(batches);
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order: None })
}

/// Reads a webhook as Meta writes it; `None` leaves everything as it was.
fn one_usual(state: &mut State<'_>, at: At, bytes: &[u8], secrets: &[String]) -> Option<usize> {
    let State { batch, webhook } = state;
    let length = webhook.read(bytes)?;
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let mut reader = DocumentReader::new(batch, at, text, secrets);
    if !webhook.lines {
        reader.counted_to = text.len();
    }
    reader.webhook(text, webhook);
    Some(length)
}

/// Reads a document of any kind.
fn one(batch: &mut Batch<'_>, at: At, bytes: &[u8], secrets: &[String], layout: Layout) -> Result<usize, Fault> {
    let length = match unit_end(bytes) {
        Some(length) => length,
        // The last number or word of a file has no end of its own.
        None if bytes.first().is_some_and(|byte| !b"{[\"".contains(byte)) => bytes.len(),
        None if layout == Layout::Units => return Err(Fault::End),
        None => bytes.len(),
    };
    let bytes = bytes.get(..length).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        let length = bytes.len() as u32;
        let place = Place { record: batch.records + 1, line: at.line, offset: at.offset, length };
        batch.reject(place, NOT_UTF8, &masked(bytes, secrets));
        return Ok(length as usize);
    };
    let value = serde_json::from_str::<&RawValue>(text).map_err(|error| Fault::Told(reason(&error)))?;
    DocumentReader::new(batch, at, text, secrets).document(value, 0);
    Ok(length)
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
    secrets: &'r [String],
}

/// How deep webhooks may lie in arrays and named collections.
const DEPTH: usize = 3;

const NO_SEND: &str = "webhook event that is no send";
const SYSTEM: &str = "system message";
const CHANGE: &str = "edit or deletion of a message";
const CONSENT: &str = "opt-in or opt-out";

impl<'r, 'c> DocumentReader<'r, 'c> {
    fn new(batch: &'r mut Batch<'c>, at: At, text: &'r str, secrets: &'r [String]) -> Self {
        Self { batch, base: at.offset, text: text.as_bytes(), line: at.line, counted_to: 0, secrets }
    }
}

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

    fn reject_value(&mut self, value: &str, reason: impl Into<Cow<'static, str>>) {
        let place = self.place_of(value);
        self.batch.reject(place, reason, &masked(value.as_bytes(), self.secrets));
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
                    if holds_items(&change.field.0) {
                        self.value(change.value.get());
                    } else {
                        self.ignore(change.value.get(), NO_SEND);
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
        let account = first_filled(&[&value.metadata.display_phone_number.0, &value.metadata.phone_number_id.0]);
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
                Item::Status => {
                    parsed::<StatusItem<'_>>(text).and_then(|item| self.status(text, account, &item.texts()))
                }
                Item::Inbound => parsed::<MessageItem<'_>>(text)
                    .and_then(|item| self.message(text, account, Direction::Inbound, &item.texts())),
                Item::Echo => parsed::<MessageItem<'_>>(text)
                    .and_then(|item| self.message(text, account, Direction::Outbound, &item.texts())),
                Item::Preference => {
                    parsed::<PreferenceItem<'_>>(text).and_then(|item| self.preference(text, account, &item.texts()))
                }
            };
            if let Err(reason) = read {
                self.reject_value(text, reason);
            }
        }
    }

    /// The items of a webhook as Meta writes it.
    fn webhook(&mut self, text: &str, webhook: &Webhook) {
        for change in &webhook.changes {
            let value = change.value(text);
            if !holds_items(&change.field(text)) {
                self.ignore(value, NO_SEND);
                continue;
            }
            let [number, id] = change.account(text);
            let account = first_filled(&[&number, &id]);
            let items = webhook.items(change);
            if items.is_empty() {
                self.ignore(value, NO_SEND);
            }
            for item in items {
                let raw = item.raw(text);
                if let Err(reason) = self.found(text, raw, account, item) {
                    self.reject_value(raw, reason);
                }
            }
        }
    }

    fn found(&mut self, text: &str, raw: &str, account: Option<&str>, item: &Found) -> Result<(), Cow<'static, str>> {
        match &item.parts {
            Parts::Status(spans) => self.status(raw, account, &spans.read(text).texts()),
            Parts::Message(spans, direction) => self.message(raw, account, *direction, &spans.read(text).texts()),
            Parts::Preference(spans) => self.preference(raw, account, &spans.read(text).texts()),
        }
    }

    fn status(&mut self, text: &str, account: Option<&str>, item: &StatusTexts<'_>) -> Result<(), Cow<'static, str>> {
        let sent_at = seconds(item.timestamp)?;
        let recipient = first_filled(&item.recipient).ok_or("no recipient")?;
        let category = item.category.and_then(|word| self.batch.category(word)).unwrap_or_default();
        let status = match item.status {
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
                recipient_kind: if item.recipient_type == "group" {
                    RecipientKind::Group
                } else {
                    RecipientKind::Unknown
                },
                status,
                message_id: item.id,
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

    fn message(
        &mut self,
        text: &str,
        account: Option<&str>,
        direction: Direction,
        item: &MessageTexts<'_>,
    ) -> Result<(), Cow<'static, str>> {
        match item.kind {
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
        let sent_at = seconds(item.timestamp)?;
        let outbound = direction == Direction::Outbound;
        let parties = if outbound { &item.to } else { &item.from };
        let recipient = first_filled(parties).ok_or("neither a number nor a user id of the other side")?;
        let forward_score = match item.forwarded {
            Some((_, true)) => FREQUENTLY_FORWARDED,
            Some((true, _)) => 1,
            _ => 0,
        };
        let place = self.place_of(text);
        self.batch.read();
        self.batch.message(
            place,
            &Draft {
                sent_at,
                direction,
                account: account.or(item.from.first().copied().filter(|from| outbound && !from.is_empty())),
                recipient,
                status: if outbound { Status::Sent } else { Status::Unknown },
                message_id: item.id,
                text: item.body,
                form: if outbound { Form::FreeForm } else { Form::Unknown },
                automation: if outbound { Automation::Manual } else { Automation::Unknown },
                forward_score,
                ..draft(if outbound { Route::BusinessApp } else { Route::BusinessApi })
            },
        );
        Ok(())
    }

    fn preference(
        &mut self,
        text: &str,
        account: Option<&str>,
        item: &PreferenceTexts<'_>,
    ) -> Result<(), Cow<'static, str>> {
        let at = seconds(item.timestamp)?;
        let recipient = first_filled(&item.person).ok_or("no person")?;
        let kind = match item.value {
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

/// Whether a change of this field tells of messages.
fn holds_items(field: &str) -> bool {
    matches!(field, "messages" | "smb_message_echoes" | "user_preferences" | "")
}

fn parsed<'t, T: serde::Deserialize<'t>>(text: &'t str) -> Result<T, Cow<'static, str>> {
    serde_json::from_str(text).map_err(|error| reason(&error).into())
}

fn first_filled<'a>(candidates: &[&'a str]) -> Option<&'a str> {
    candidates.iter().copied().find(|text| !text.is_empty())
}

fn seconds(timestamp: &str) -> Result<i64, Cow<'static, str>> {
    if timestamp.is_empty() {
        return Err("no time".into());
    }
    let stamp = time::parse(timestamp.as_bytes(), DateOrder::DayMonth)
        .map_err(|error| format!("time not readable: {error}"))?;
    stamp.instant_ms().ok_or_else(|| "a time without its offset from UTC".into())
}

#[cfg(test)]
mod tests;
