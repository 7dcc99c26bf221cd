//! Reads webhooks of Meta's WhatsApp Business Platform: one object, an array, JSON Lines, or objects in a row.
//! One record is one item of `messages`, `statuses`, `message_echoes` or `user_preferences`, or an event without any.
//! Sources: Meta's webhook reference for `messages`, `status`, `user_preferences`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
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
    let secrets = file.context.catalogue.secrets();
    let start = || Batch::new(file);
    let layout = layout_of(sample.get(bom..).unwrap_or_default());
    let unit = |batch: &mut Batch<'c>, at: At, bytes: &[u8]| {
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
            batch.reject(place, NOT_UTF8, &masked(bytes, &secrets));
            return Ok(length as usize);
        };
        let value = serde_json::from_str::<&RawValue>(text).map_err(|error| Fault::Told(reason(&error)))?;
        let text = text.as_bytes();
        DocumentReader { batch, base: at.offset, text, line: at.line, counted_to: 0, secrets: &secrets }
            .document(value, 0);
        Ok(length)
    };
    let problem = |batch: &mut Batch<'c>, place: Place, bytes: &[u8], reason: Cow<'static, str>, lost: bool| {
        let place = Place { record: batch.records + 1, ..place };
        batch.reject(place, reason, &masked(bytes, &secrets));
        batch.broken_off |= lost;
    };
    let plan = Walk {
        layout,
        skip: bom,
        block_bytes: BLOCK_BYTES,
        start: &start,
        finish: &Batch::close,
        unit: &unit,
        problem: &problem,
    };
    let mut hasher = Hasher::new(file.context.threads);
    let mut stretches = walk(source, 0..u64::MAX, &plan, &mut hasher, progress)?;
    if !stretches.iter().any(|stretch| stretch.state.broken_off)
        && let Some(end) = open_end(source, sample.get(bom..).unwrap_or_default())?
    {
        let mut state = start();
        problem(&mut state, Place { line: 1, offset: end, ..Place::default() }, b"", OPEN_END.into(), true);
        stretches.push(Stretch { state, lines: 0 });
    }
    let batches = joined(stretches.into_iter());
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order: None })
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
