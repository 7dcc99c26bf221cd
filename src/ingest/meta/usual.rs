//! Reads a webhook that is written as Meta writes it, forward and once, into places of texts.
//! It refuses whatever is odd in it (keys twice, other kinds of values), so that the general way alone says what that means.
//! What the texts mean is not known here.

use std::borrow::Cow;

use super::{MessageTexts, PreferenceTexts, StatusTexts};
use crate::ingest::json::cursor::{Cursor, Span};
use crate::ingest::json::decode;
use crate::message::Direction;

/// A text that may be missing.
type Slot = Option<Span>;
/// A text in an object of its own: whether its key was seen, whether the object is there, and the text.
type Nested = Option<Option<Span>>;

/// What one webhook holds. Kept from record to record, so that reading allocates next to nothing.
#[derive(Debug, Default)]
pub struct Webhook {
    /// Its changes in order.
    pub changes: Vec<Change>,
    items: Vec<Found>,
    /// Whether it lies on several lines.
    pub lines: bool,
}

/// One change.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    field: Slot,
    display_phone_number: Slot,
    phone_number_id: Slot,
    /// First and last byte of its value.
    value: (u32, u32),
    /// First and one past the last of its items.
    items: (u32, u32),
}

/// One item, with the places of its texts.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    start: u32,
    end: u32,
    /// What it is, with its texts.
    pub parts: Parts,
}

/// The texts of an item.
#[derive(Clone, Copy, Debug)]
pub enum Parts {
    /// Of a status.
    Status(StatusSpans),
    /// Of an inbound message, or of an echo.
    Message(MessageSpans, Direction),
    /// Of a preference.
    Preference(PreferenceSpans),
}

/// As in Meta's reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatusSpans {
    pub id: Slot,
    pub status: Slot,
    pub timestamp: Slot,
    pub recipient_id: Slot,
    pub recipient_user_id: Slot,
    pub recipient_type: Slot,
    pub pricing_category: Nested,
    pub origin: Nested,
}

/// As in Meta's reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageSpans {
    pub id: Slot,
    pub from: Slot,
    pub from_user_id: Slot,
    pub to: Slot,
    pub to_user_id: Slot,
    pub timestamp: Slot,
    pub kind: Slot,
    pub body: Nested,
    pub button: Nested,
    /// Whether it was forwarded, and often: `None` without a context.
    pub forwarded: Option<Option<(bool, bool)>>,
}

/// As in Meta's reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct PreferenceSpans {
    pub wa_id: Slot,
    pub user_id: Slot,
    pub value: Slot,
    pub timestamp: Slot,
}

impl Change {
    /// The name of the field that changed.
    pub fn field<'t>(&self, text: &'t str) -> Cow<'t, str> {
        written(self.field, text)
    }

    /// Its value as it is written.
    pub fn value<'t>(&self, text: &'t str) -> &'t str {
        slice(self.value, text)
    }

    /// The names of the business's number: the number itself, then its id.
    pub fn account<'t>(&self, text: &'t str) -> [Cow<'t, str>; 2] {
        [written(self.display_phone_number, text), written(self.phone_number_id, text)]
    }
}

impl Found {
    /// The item as it is written.
    pub fn raw<'t>(&self, text: &'t str) -> &'t str {
        slice((self.start, self.end), text)
    }
}

fn slice((start, end): (u32, u32), text: &str) -> &str {
    text.get(start as usize..end as usize).unwrap_or("")
}

/// A text without its escapes; the empty text where it is missing.
#[inline(always)]
fn written(span: Slot, text: &str) -> Cow<'_, str> {
    let Some(span) = span else { return Cow::Borrowed("") };
    let inside = slice((span.start, span.end), text);
    if span.escaped { Cow::Owned(decode(inside)) } else { Cow::Borrowed(inside) }
}

/// As [`written`]; `None` without the object around it.
fn nested(span: Nested, text: &str) -> Option<Cow<'_, str>> {
    span.flatten().map(|span| written(Some(span), text))
}

/// The texts of a status.
pub struct StatusRead<'t> {
    plain: [Cow<'t, str>; 6],
    category: Option<Cow<'t, str>>,
}

impl StatusSpans {
    /// Takes its texts out of the webhook's.
    pub fn read<'t>(&self, text: &'t str) -> StatusRead<'t> {
        let of = |span| written(span, text);
        let plain = [
            of(self.id),
            of(self.status),
            of(self.timestamp),
            of(self.recipient_id),
            of(self.recipient_user_id),
            of(self.recipient_type),
        ];
        let category = nested(self.pricing_category, text).or_else(|| nested(self.origin, text));
        StatusRead { plain, category }
    }
}

impl StatusRead<'_> {
    /// Its texts.
    pub fn texts(&self) -> StatusTexts<'_> {
        let [id, status, timestamp, recipient_id, recipient_user_id, recipient_type] = &self.plain;
        StatusTexts {
            id,
            status,
            timestamp,
            recipient: [recipient_id, recipient_user_id],
            recipient_type,
            category: self.category.as_deref(),
        }
    }
}

/// The texts of a message.
pub struct MessageRead<'t> {
    plain: [Cow<'t, str>; 7],
    body: Cow<'t, str>,
    forwarded: Option<(bool, bool)>,
}

impl MessageSpans {
    /// Takes its texts out of the webhook's.
    pub fn read<'t>(&self, text: &'t str) -> MessageRead<'t> {
        let of = |span| written(span, text);
        let plain = [
            of(self.id),
            of(self.from),
            of(self.from_user_id),
            of(self.to),
            of(self.to_user_id),
            of(self.timestamp),
            of(self.kind),
        ];
        let body = nested(self.body, text).or_else(|| nested(self.button, text)).unwrap_or_default();
        MessageRead { plain, body, forwarded: self.forwarded.flatten() }
    }
}

impl MessageRead<'_> {
    /// Its texts.
    pub fn texts(&self) -> MessageTexts<'_> {
        let [id, from, from_user_id, to, to_user_id, timestamp, kind] = &self.plain;
        MessageTexts {
            id,
            from: [from, from_user_id],
            to: [to, to_user_id],
            timestamp,
            kind,
            body: &self.body,
            forwarded: self.forwarded,
        }
    }
}

/// The texts of a preference.
pub struct PreferenceRead<'t> {
    plain: [Cow<'t, str>; 4],
}

impl PreferenceSpans {
    /// Takes its texts out of the webhook's.
    pub fn read<'t>(&self, text: &'t str) -> PreferenceRead<'t> {
        PreferenceRead { plain: [self.wa_id, self.user_id, self.value, self.timestamp].map(|span| written(span, text)) }
    }
}

impl PreferenceRead<'_> {
    /// Its texts.
    pub fn texts(&self) -> PreferenceTexts<'_> {
        let [wa_id, user_id, value, timestamp] = &self.plain;
        PreferenceTexts { person: [wa_id, user_id], value, timestamp }
    }
}

impl Webhook {
    /// Reads the webhook that begins with the first byte and gives its length; `None` when it is to be read by the
    /// general way, of which nothing is decided then.
    pub fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        self.changes.clear();
        self.items.clear();
        if bytes.len() > u32::MAX as usize {
            return None;
        }
        let cursor = &mut Cursor::new(bytes);
        let mut object = cursor.object()?;
        let mut entries = false;
        while let Some(key) = cursor.key(&mut object)? {
            if key == b"entry" {
                once(&mut entries)?;
                let mut list = cursor.list()?;
                while cursor.element(&mut list)? {
                    self.entry(cursor)?;
                }
            } else {
                cursor.skip()?;
            }
        }
        self.lines = cursor.lines();
        (!self.changes.is_empty()).then(|| cursor.at())
    }

    /// The items of a change.
    pub fn items(&self, change: &Change) -> &[Found] {
        self.items.get(change.items.0 as usize..change.items.1 as usize).unwrap_or_default()
    }

    fn entry(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let mut object = cursor.object()?;
        let mut changes = false;
        while let Some(key) = cursor.key(&mut object)? {
            if key == b"changes" {
                once(&mut changes)?;
                let mut list = cursor.list()?;
                while cursor.element(&mut list)? {
                    self.change(cursor)?;
                }
            } else {
                cursor.skip()?;
            }
        }
        Some(())
    }

    fn change(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let first = self.items.len() as u32;
        let mut object = cursor.object()?;
        let (mut field, mut value) = (None, None);
        let mut numbers = [None; 2];
        while let Some(key) = cursor.key(&mut object)? {
            match key {
                b"field" => plain(cursor, &mut field)?,
                b"value" if value.is_some() => return None,
                b"value" => {
                    let start = cursor.at() as u32;
                    numbers = self.value(cursor)?;
                    value = Some((start, cursor.at() as u32));
                }
                _ => cursor.skip()?,
            }
        }
        let [display_phone_number, phone_number_id] = numbers;
        let items = (first, self.items.len() as u32);
        self.changes.push(Change { field, display_phone_number, phone_number_id, value: value?, items });
        Some(())
    }

    fn value(&mut self, cursor: &mut Cursor<'_>) -> Option<[Slot; 2]> {
        let mut object = cursor.object()?;
        let mut seen = [false; 5];
        let [metadata, messages, statuses, echoes, preferences] = &mut seen;
        let mut numbers = [None; 2];
        while let Some(key) = cursor.key(&mut object)? {
            match key {
                b"metadata" => {
                    once(metadata)?;
                    numbers = account(cursor)?;
                }
                b"statuses" => {
                    once(statuses)?;
                    self.list(cursor, |cursor| status(cursor).map(Parts::Status))?;
                }
                b"messages" => {
                    once(messages)?;
                    self.list(cursor, |cursor| message(cursor).map(|parts| Parts::Message(parts, Direction::Inbound)))?;
                }
                b"message_echoes" => {
                    once(echoes)?;
                    self.list(cursor, |cursor| {
                        message(cursor).map(|parts| Parts::Message(parts, Direction::Outbound))
                    })?;
                }
                b"user_preferences" => {
                    once(preferences)?;
                    self.list(cursor, |cursor| preference(cursor).map(Parts::Preference))?;
                }
                _ => cursor.skip()?,
            }
        }
        Some(numbers)
    }

    fn list<'b>(&mut self, cursor: &mut Cursor<'b>, one: impl Fn(&mut Cursor<'b>) -> Option<Parts>) -> Option<()> {
        let mut list = cursor.list()?;
        while cursor.element(&mut list)? {
            let start = cursor.at() as u32;
            let parts = one(cursor)?;
            self.items.push(Found { start, end: cursor.at() as u32, parts });
        }
        Some(())
    }
}

fn once(seen: &mut bool) -> Option<()> {
    (!std::mem::replace(seen, true)).then_some(())
}

/// Reads a text into a place of its own, unless there is one already.
#[inline(always)]
fn plain(cursor: &mut Cursor<'_>, slot: &mut Slot) -> Option<()> {
    slot.is_none().then_some(())?;
    *slot = Some(cursor.plain()?);
    Some(())
}

/// Reads the text of one key of an object, which may be `null`.
fn inner(cursor: &mut Cursor<'_>, name: &[u8], slot: &mut Nested) -> Option<()> {
    slot.is_none().then_some(())?;
    if cursor.next()? == b'n' {
        cursor.word(b"null")?;
        *slot = Some(None);
        return Some(());
    }
    let mut object = cursor.object()?;
    let mut text = None;
    while let Some(key) = cursor.key(&mut object)? {
        if key == name {
            plain(cursor, &mut text)?;
        } else {
            cursor.skip()?;
        }
    }
    *slot = Some(Some(text.unwrap_or_default()));
    Some(())
}

fn account(cursor: &mut Cursor<'_>) -> Option<[Slot; 2]> {
    let mut object = cursor.object()?;
    let (mut number, mut id) = (None, None);
    while let Some(key) = cursor.key(&mut object)? {
        match key {
            b"display_phone_number" => plain(cursor, &mut number)?,
            b"phone_number_id" => plain(cursor, &mut id)?,
            _ => cursor.skip()?,
        }
    }
    Some([number, id])
}

fn status(cursor: &mut Cursor<'_>) -> Option<StatusSpans> {
    let mut object = cursor.object()?;
    let mut spans = StatusSpans::default();
    let mut conversation = false;
    while let Some(key) = cursor.key(&mut object)? {
        match key {
            b"id" => plain(cursor, &mut spans.id)?,
            b"status" => plain(cursor, &mut spans.status)?,
            b"timestamp" => plain(cursor, &mut spans.timestamp)?,
            b"recipient_id" => plain(cursor, &mut spans.recipient_id)?,
            b"recipient_user_id" => plain(cursor, &mut spans.recipient_user_id)?,
            b"recipient_type" => plain(cursor, &mut spans.recipient_type)?,
            b"pricing" => inner(cursor, b"category", &mut spans.pricing_category)?,
            b"conversation" => {
                once(&mut conversation)?;
                origin(cursor, &mut spans.origin)?;
            }
            _ => cursor.skip()?,
        }
    }
    Some(spans)
}

fn origin(cursor: &mut Cursor<'_>, slot: &mut Nested) -> Option<()> {
    if cursor.next()? == b'n' {
        return cursor.word(b"null");
    }
    let mut object = cursor.object()?;
    while let Some(key) = cursor.key(&mut object)? {
        if key == b"origin" {
            inner(cursor, b"type", slot)?;
        } else {
            cursor.skip()?;
        }
    }
    Some(())
}

fn message(cursor: &mut Cursor<'_>) -> Option<MessageSpans> {
    let mut object = cursor.object()?;
    let mut spans = MessageSpans::default();
    while let Some(key) = cursor.key(&mut object)? {
        match key {
            b"id" => plain(cursor, &mut spans.id)?,
            b"from" => plain(cursor, &mut spans.from)?,
            b"from_user_id" => plain(cursor, &mut spans.from_user_id)?,
            b"to" => plain(cursor, &mut spans.to)?,
            b"to_user_id" => plain(cursor, &mut spans.to_user_id)?,
            b"timestamp" => plain(cursor, &mut spans.timestamp)?,
            b"type" => plain(cursor, &mut spans.kind)?,
            b"text" => inner(cursor, b"body", &mut spans.body)?,
            b"button" => inner(cursor, b"text", &mut spans.button)?,
            b"context" => context(cursor, &mut spans.forwarded)?,
            _ => cursor.skip()?,
        }
    }
    Some(spans)
}

fn context(cursor: &mut Cursor<'_>, slot: &mut Option<Option<(bool, bool)>>) -> Option<()> {
    slot.is_none().then_some(())?;
    if cursor.next()? == b'n' {
        cursor.word(b"null")?;
        *slot = Some(None);
        return Some(());
    }
    let mut object = cursor.object()?;
    let (mut forwarded, mut frequently, mut from) = (None, None, None);
    while let Some(key) = cursor.key(&mut object)? {
        match key {
            b"forwarded" if forwarded.is_none() => forwarded = Some(cursor.truth()?),
            b"frequently_forwarded" if frequently.is_none() => frequently = Some(cursor.truth()?),
            b"forwarded" | b"frequently_forwarded" => return None,
            b"from" => plain(cursor, &mut from)?,
            _ => cursor.skip()?,
        }
    }
    *slot = Some(Some((forwarded.unwrap_or(false), frequently.unwrap_or(false))));
    Some(())
}

fn preference(cursor: &mut Cursor<'_>) -> Option<PreferenceSpans> {
    let mut object = cursor.object()?;
    let mut spans = PreferenceSpans::default();
    while let Some(key) = cursor.key(&mut object)? {
        match key {
            b"wa_id" => plain(cursor, &mut spans.wa_id)?,
            b"user_id" => plain(cursor, &mut spans.user_id)?,
            b"value" => plain(cursor, &mut spans.value)?,
            b"timestamp" => plain(cursor, &mut spans.timestamp)?,
            _ => cursor.skip()?,
        }
    }
    Some(spans)
}
