//! Turns documents into messages as a format says: which items there are, of which kind, and what their fields hold.
//! One item is one record. Cutting a file into documents and finding its format happen elsewhere.

use std::borrow::Cow;
use std::cell::Cell;

use super::resolve::{Item, find, items};
use super::secrets::masked;
use super::shell::Shell;
use super::tape::{Fault, Kind, Node, Tape};
use super::walk::At;
use crate::ingest::batch::{Batch, ConsentKind, Draft, Said};
use crate::ingest::context::FileContext;
use crate::ingest::delimited::{UNKNOWN_STATUS, instant, platform_of};
use crate::ingest::formats::path::{Path, Step};
use crate::ingest::formats::schema::{Consent, Role, TimeForm, When};
use crate::ingest::formats::{Condition, Ending, Format, Place as FieldPlace, Record};
use crate::ingest::people::Hint;
use crate::ingest::proof::{Channels, Proof};
use crate::ingest::time::{self, DateOrder};
use crate::message::{
    Automation, Category, Direction, FORWARD_UNKNOWN, Form, Place, Platform, RecipientKind, Route, Status, ZoneBasis,
};

/// Reason for items that no kind of record takes.
pub const NO_SEND: &str = "event that is no send";
/// Reason for documents that hold no item at all.
const NO_ITEM: &str = "document without records";
/// Reason for items that are consents.
pub const CONSENT: &str = "opt-in or opt-out";
/// Note on dates that fit two orders.
pub const SWAPPABLE: &str = "day and month of a date could be swapped, day first assumed";
/// Note on records some of whose recipients could not be read.
const LOST_RECIPIENT: &str = "record names a recipient that could not be read beside others that could";
/// Reason for records whose keys contradict themselves.
const TWICE: &str = "a key that is needed stands twice in one object";

type Reason = Cow<'static, str>;

/// Items of one place in documents, and the kinds of record they can be.
#[derive(Debug)]
struct Group<'f> {
    each: &'f Path,
    kinds: Vec<&'f Record>,
}

/// What a thread carries from document to document.
#[derive(Debug)]
pub struct State<'c> {
    /// What was read.
    pub batch: Batch<'c>,
    /// The tokens of the present document.
    pub tape: Tape,
}

impl State<'_> {
    /// Closes the batch and gives the tokens back: many stretches wait for their turn in memory.
    pub fn close(&mut self) {
        self.batch.close();
        self.tape = Tape::default();
    }
}

/// Reads documents of one format.
#[derive(Debug)]
pub struct Documents<'r, 'c> {
    file: &'r FileContext<'c>,
    format: &'r Format,
    groups: Vec<Group<'r>>,
    order: Option<DateOrder>,
    secrets: &'r [String],
}

/// Where a document stands in its file.
#[derive(Clone, Copy)]
pub enum Where<'w> {
    /// In one piece.
    Plain(At),
    /// Around huge lists that are left out of its text, behind so many line ends.
    Shell(&'w Shell, u32),
}

impl Where<'_> {
    /// Line and offset of a byte of the document; of one in one piece only its first.
    fn of(&self, at: usize) -> (u32, u64) {
        match self {
            Self::Plain(first) => (first.line, first.offset),
            Self::Shell(shell, lines) => (lines + shell.lines_before(at) + 1, shell.offset(at)),
        }
    }
}

/// One send as it stands in an item.
struct Send<'t> {
    sent_at: i64,
    zone: ZoneBasis,
    direction: Direction,
    account: Cow<'t, str>,
    recipient: Cow<'t, str>,
    recipient_kind: RecipientKind,
    platform: Platform,
    route: Route,
    audience: u32,
    status: Status,
    category: Category,
    form: Form,
    message_id: Cow<'t, str>,
    campaign: Cow<'t, str>,
    template: Cow<'t, str>,
    text: Cow<'t, str>,
    forward_score: u8,
}

impl<'r, 'c> Documents<'r, 'c> {
    /// A reader for a file of this format.
    #[must_use]
    pub fn new(file: &'r FileContext<'c>, format: &'r Format, secrets: &'r [String]) -> Self {
        let mut groups: Vec<Group<'r>> = Vec::new();
        for record in &format.records {
            match groups.iter_mut().find(|group| *group.each == record.each) {
                Some(group) => group.kinds.push(record),
                None => groups.push(Group { each: &record.each, kinds: vec![record] }),
            }
        }
        let order = file.context.date_order.or(format.date_order);
        Self { file, format, groups, order, secrets }
    }

    /// Takes the order of day and month that the file itself shows.
    pub fn with_order(&mut self, order: DateOrder) {
        self.order = self.order.or(Some(order));
    }

    /// Reads the items of a document, or of a part of one: the items at the end of what of `each` is left from
    /// `depth` steps on, if its first steps are `within`.
    pub fn read(&self, batch: &mut Batch<'c>, document: &Item<'_>, at: Where<'_>, text: &str, within: Option<&[Step]>) {
        let twice = Cell::new(false);
        let mut found: Vec<(usize, usize, usize, Item<'_>)> = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let steps = match within {
                None => Some(group.each.steps.as_slice()),
                Some(within) => group.each.steps.strip_prefix(within),
            };
            let Some(steps) = steps else { continue };
            let mut of_group = Vec::new();
            items(document, steps, &twice, &mut of_group);
            for item in of_group {
                let (start, end) = item.node.span().unwrap_or((0, text.len()));
                found.push((start, end, index, item));
            }
        }
        if twice.get() {
            let (line, offset) = at.of(0);
            let place = Place { record: batch.records + 1, line, offset, length: text.len() as u32 };
            self.reject(batch, place, TWICE.into(), text);
            return;
        }
        if found.is_empty() {
            // A shell's items are its huge lists'.
            if matches!(at, Where::Plain(_)) {
                batch.ignore(NO_ITEM);
            }
            return;
        }
        if self.groups.len() > 1 {
            found.sort_by_key(|(start, end, group, _)| (*start, std::cmp::Reverse(*end), *group));
        }
        let (first_line, base) = at.of(0);
        let (mut line, mut counted) = (first_line, 0);
        for (index, (start, end, group, item)) in found.iter().enumerate() {
            let between = text.as_bytes().get(counted..*start).unwrap_or_default();
            line += memchr::memchr_iter(b'\n', between).count() as u32;
            counted = counted.max(*start);
            let kinds = self.groups.get(*group).map_or(&[][..], |group| group.kinds.as_slice());
            let twice = Cell::new(false);
            let kind = kinds.iter().find(|kind| kind.when.iter().all(|condition| holds(condition, item, &twice)));
            let Some(kind) = kind else {
                // What only wraps other items is no record of its own.
                let wraps = found.get(index + 1).is_some_and(|(inner, _, other, _)| inner < end && other != group);
                if !wraps {
                    batch.ignore(NO_SEND);
                }
                continue;
            };
            let length = (end - start) as u32;
            let place = match at {
                Where::Plain(_) => Place { record: batch.records + 1, line, offset: base + *start as u64, length },
                Where::Shell(..) => {
                    let (line, offset) = at.of(*start);
                    Place { record: batch.records + 1, line, offset, length }
                }
            };
            let ended = match kind.ending {
                Ending::Ignore(reason) => {
                    batch.ignore(reason);
                    Ok(())
                }
                Ending::Consent(consent, source) => self.consent(batch, place, kind, item, (consent, source), &twice),
                Ending::Message => self.message(batch, place, kind, item, &twice),
            };
            if let Err(reason) = ended {
                self.reject(batch, place, reason, text.get(*start..*end).unwrap_or(""));
            }
        }
    }

    /// Reads one unit of a walk: a document, or an element of a huge list with what stands around it and the way to it.
    ///
    /// # Errors
    /// When it is no JSON value.
    pub fn unit(
        &self,
        state: &mut State<'c>,
        at: At,
        bytes: &[u8],
        within: Option<(Node<'_>, &[Node<'_>], &[Step])>,
    ) -> Result<usize, Fault> {
        let State { batch, tape } = state;
        let length = tape.read(bytes, self.embedded())?;
        let bytes = bytes.get(..length).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            let place = Place { record: batch.records + 1, line: at.line, offset: at.offset, length: length as u32 };
            batch.reject(place, super::NOT_UTF8, &masked(bytes, self.secrets));
            return Ok(length);
        };
        let node = tape.root(text);
        match within {
            None => {
                let item = Item { node, around: Vec::new(), document: node };
                self.read(batch, &item, Where::Plain(at), text, None);
            }
            Some((document, around, way)) => {
                let item = Item { node, around: around.to_vec(), document };
                self.read(batch, &item, Where::Plain(at), text, Some(way));
            }
        }
        Ok(length)
    }

    /// Keys whose texts are JSON themselves.
    #[must_use]
    pub fn embedded(&self) -> &[Box<str>] {
        &self.format.embedded
    }

    /// The ways to the first lists on the way to records: those that can be too large for memory.
    #[must_use]
    pub fn ways(&self) -> Vec<Vec<Step>> {
        let mut ways: Vec<Vec<Step>> = Vec::new();
        for group in &self.groups {
            let steps = &group.each.steps;
            let first = steps.iter().position(|step| !matches!(step, Step::Key(_)));
            if let Some(at) = first.filter(|at| steps.get(*at) == Some(&Step::Elements))
                && let Some(way) = steps.get(..=at)
                && !ways.iter().any(|known| known == way)
            {
                ways.push(way.to_vec());
            }
        }
        ways
    }

    /// Counts what could not be read, its secrets masked.
    pub fn reject(&self, batch: &mut Batch<'c>, place: Place, reason: Reason, text: &str) {
        batch.reject(place, reason, &masked(text.as_bytes(), self.secrets));
    }

    fn consent(
        &self,
        batch: &mut Batch<'c>,
        place: Place,
        record: &Record,
        item: &Item<'_>,
        (consent, source): (Consent, &'static str),
        twice: &Cell<bool>,
    ) -> Result<(), Reason> {
        let parts = match &record.fan_out {
            Some(path) => item.fan_out(path, twice),
            None => vec![item.clone()],
        };
        let hint = hint(record);
        let kind = match consent {
            Consent::OptIn => ConsentKind::OptIn,
            Consent::OptOut => ConsentKind::OptOut,
        };
        let mut all = Vec::new();
        for part in &parts {
            let (at, _) = self.time(batch, record, part, twice)?;
            let of = |role| text(record, role, part, twice);
            let recipient = filled_or(of(Role::Contact), || of(Role::Recipient));
            let account = filled_or(of(Role::Account), || of(Role::Sender));
            if twice.get() {
                return Err(TWICE.into());
            }
            if !batch.knows_recipient(&recipient, hint) {
                return Err("no person".into());
            }
            all.push((at, recipient, account, self.proof(record, part, twice)));
        }
        if all.is_empty() {
            return Err("no person".into());
        }
        for (at, recipient, account, proof) in all {
            let account = Some(account.as_ref()).filter(|account| !account.is_empty());
            batch.consent_with(place, account, Said { recipient: &recipient, hint, at, kind, source }, proof);
        }
        batch.ignore(CONSENT);
        Ok(())
    }

    /// What proves an opt-in: what the format maps of it, else that the log itself holds it.
    fn proof(&self, record: &Record, item: &Item<'_>, twice: &Cell<bool>) -> Proof {
        let filled = |role| !text(record, role, item, twice).is_empty();
        let mapped = Role::PROOF.iter().any(|role| record.fields.contains_key(role));
        let mut proof = if mapped { Proof { time: true, ..Proof::default() } } else { Proof::in_the_log() };
        if mapped {
            proof.text_version = filled(Role::TextVersion);
            proof.source = filled(Role::ObtainedFrom);
            proof.confirmed = filled(Role::Confirmed);
            proof.reference = filled(Role::Reference) || proof.confirmed;
        }
        let known = &self.file.context.delimited;
        let platform = |word: &str| self.format.words.channel.get(word).or_else(|| known.channel_of_consent(word));
        proof.channels = Channels::read(&text(record, Role::Channel, item, twice), known.any_channel(), platform);
        proof
    }

    fn message(
        &self,
        batch: &mut Batch<'c>,
        place: Place,
        record: &Record,
        item: &Item<'_>,
        twice: &Cell<bool>,
    ) -> Result<(), Reason> {
        let Some(path) = &record.fan_out else {
            let send = self.send(batch, record, item, twice)?;
            batch.read();
            self.add(batch, place, record, &send);
            return Ok(());
        };
        let mut sends = Vec::new();
        let mut first = None;
        for part in item.fan_out(path, twice) {
            match self.send(batch, record, &part, twice) {
                Ok(send) => sends.push(send),
                Err(reason) => first = first.or(Some(reason)),
            }
        }
        if sends.is_empty() {
            return Err(first.unwrap_or_else(|| "no recipient".into()));
        }
        if first.is_some() {
            batch.note(LOST_RECIPIENT);
        }
        batch.read();
        for send in &sends {
            self.add(batch, place, record, send);
        }
        Ok(())
    }

    fn add(&self, batch: &mut Batch<'c>, place: Place, record: &Record, send: &Send<'_>) {
        let outbound = send.direction == Direction::Outbound;
        batch.message(
            place,
            &Draft {
                sent_at: send.sent_at,
                zone: send.zone,
                platform: send.platform,
                route: send.route,
                direction: send.direction,
                account: Some(send.account.as_ref()).filter(|account| !account.is_empty()),
                recipient: &send.recipient,
                hint: hint(record),
                recipient_kind: send.recipient_kind,
                audience: send.audience,
                status: send.status,
                message_id: send.message_id.trim(),
                campaign: send.campaign.trim(),
                template: send.template.trim(),
                text: &send.text,
                category: send.category,
                form: send.form,
                automation: record.constants.automation.filter(|_| outbound).unwrap_or(Automation::Unknown),
                forward_score: send.forward_score,
            },
        );
    }

    fn send<'t>(
        &self,
        batch: &mut Batch<'c>,
        record: &Record,
        item: &Item<'t>,
        twice: &Cell<bool>,
    ) -> Result<Send<'t>, Reason> {
        let common = &self.file.context.delimited;
        let own = &self.format.words;
        let constants = &record.constants;
        let (sent_at, zone) = self.time(batch, record, item, twice)?;
        let of = |role| text(record, role, item, twice);
        let word = of(Role::Direction);
        let direction = if word.is_empty() {
            constants.direction.unwrap_or(Direction::Outbound)
        } else {
            let known = own.direction.get(&word).or_else(|| common.direction.get(&word));
            known.ok_or("the direction is none of the known words")?
        };
        let (account, recipient) = match direction {
            Direction::Outbound => (Role::Sender, Role::Recipient),
            Direction::Inbound if record.fields.contains_key(&Role::Sender) => (Role::Recipient, Role::Sender),
            Direction::Inbound => (Role::Account, Role::Recipient),
        };
        let account = filled_or(of(Role::Account), || of(account));
        let recipient = filled_or(of(Role::Contact), || of(recipient));
        if !batch.knows_recipient(&recipient, hint(record)) {
            return Err("no recipient".into());
        }
        let word = of(Role::Channel);
        let channel = own.channel.get(&word).or_else(|| common.channel.get(&word));
        let platform = platform_of(&account)
            .or_else(|| platform_of(&recipient))
            .or(channel)
            .or(constants.platform)
            .unwrap_or(Platform::Unknown);
        let word = of(Role::Status);
        let status = if word.is_empty() {
            constants.status.unwrap_or_default()
        } else {
            own.status.get(&word).or_else(|| common.status.get(&word)).unwrap_or_else(|| {
                batch.note(UNKNOWN_STATUS);
                Status::Unknown
            })
        };
        let word = of(Role::Category);
        let category = own.category.get(&word).or_else(|| common.category.get(&word));
        let word = of(Role::RecipientKind);
        let kind = own.recipient_kind.get(&word).or_else(|| RecipientKind::from_word(&word));
        let (template, body) = (of(Role::Template), of(Role::Text));
        let form = if record.fields.contains_key(&Role::Template) && !template.trim().is_empty() {
            Form::Template
        } else if record.fields.contains_key(&Role::Template) && !body.is_empty() {
            Form::FreeForm
        } else {
            constants.form.unwrap_or_default()
        };
        let send = Send {
            sent_at,
            zone,
            direction,
            account,
            recipient,
            recipient_kind: kind.or(constants.recipient_kind).unwrap_or_default(),
            platform,
            route: self.route(record, platform),
            audience: audience(record, item, twice),
            status,
            category: category.or(constants.category).unwrap_or_default(),
            form,
            message_id: of(Role::MessageId),
            campaign: of(Role::Campaign),
            template,
            text: body,
            forward_score: forward_score(&of(Role::ForwardScore)),
        };
        if twice.get() { Err(TWICE.into()) } else { Ok(send) }
    }

    fn route(&self, record: &Record, platform: Platform) -> Route {
        let stated = self.format.routes.get(&platform).copied();
        stated.unwrap_or_else(|| record.constants.route_on(platform))
    }

    /// The time of an item: the first filled place that may hold it.
    fn time(
        &self,
        batch: &mut Batch<'c>,
        record: &Record,
        item: &Item<'_>,
        twice: &Cell<bool>,
    ) -> Result<(i64, ZoneBasis), Reason> {
        let order = self.order.unwrap_or(DateOrder::DayMonth);
        let told = |error: time::TimeError| Reason::from(format!("time not readable: {error}"));
        let (stamp, place) = match first_filled(record, Role::SentAt, item, twice) {
            Some((node, place)) => (stamp(node, place.time, order).map_err(told)?, place),
            None => {
                let (Some((date, place)), Some((clock, _))) =
                    (first_filled(record, Role::Date, item, twice), first_filled(record, Role::Time, item, twice))
                else {
                    return Err("no time".into());
                };
                let text = |node: Node<'_>| super::resolve::text_of(node).map(Cow::into_owned).unwrap_or_default();
                let day = time::parse_date(text(date).as_bytes(), order).map_err(told)?;
                (day.at(time::parse_time_of_day(text(clock).as_bytes()).map_err(told)?), place)
            }
        };
        if stamp.swappable && self.order.is_none() {
            batch.note(SWAPPABLE);
        }
        match place.zone.as_ref().or(self.format.zone.as_ref()) {
            Some(zone) => Ok(instant(stamp, zone, ZoneBasis::Record, batch)),
            None => Ok(instant(stamp, &self.file.zones, self.file.zone_basis, batch)),
        }
    }
}

/// Whether a condition holds of an item.
pub fn holds(condition: &Condition, item: &Item<'_>, twice: &Cell<bool>) -> bool {
    match &condition.when {
        When::Present => item.filled(&condition.path, twice).is_some(),
        When::Absent => item.filled(&condition.path, twice).is_none(),
        When::OneOf(values) => {
            item.text(&condition.path, twice).is_some_and(|text| values.iter().any(|value| *value == text))
        }
    }
}

/// Every time of a document's messages, as it is written; for deciding the order of day and month.
pub fn times(format: &Format, document: &Item<'_>, see: &mut dyn FnMut(&str)) {
    let twice = Cell::new(false);
    for record in format.records.iter().filter(|record| matches!(record.ending, Ending::Message)) {
        let mut found = Vec::new();
        items(document, &record.each.steps, &twice, &mut found);
        for item in found.iter().filter(|item| record.when.iter().all(|condition| holds(condition, item, &twice))) {
            let role = if record.fields.contains_key(&Role::SentAt) { Role::SentAt } else { Role::Date };
            if let Some((node, place)) = first_filled(record, role, item, &twice)
                && place.time == TimeForm::Auto
                && let Some(text) = super::resolve::text_of(node)
            {
                see(&text);
            }
        }
    }
}

fn hint(record: &Record) -> Hint {
    record.constants.addresses.unwrap_or_default().hint()
}

fn text<'t>(record: &Record, role: Role, item: &Item<'t>, twice: &Cell<bool>) -> Cow<'t, str> {
    let places = record.fields.get(&role).map_or(&[][..], Vec::as_slice);
    places.iter().find_map(|place| item.text(&place.path, twice)).unwrap_or(Cow::Borrowed(""))
}

fn filled_or<'t>(first: Cow<'t, str>, other: impl FnOnce() -> Cow<'t, str>) -> Cow<'t, str> {
    if first.is_empty() { other() } else { first }
}

fn first_filled<'t, 'f>(
    record: &'f Record,
    role: Role,
    item: &Item<'t>,
    twice: &Cell<bool>,
) -> Option<(Node<'t>, &'f FieldPlace)> {
    let places = record.fields.get(&role)?;
    places.iter().find_map(|place| Some((item.filled(&place.path, twice)?, place)))
}

/// People reached: a number, or the length of a list.
fn audience(record: &Record, item: &Item<'_>, twice: &Cell<bool>) -> u32 {
    let Some((node, _)) = first_filled(record, Role::Audience, item, twice) else { return 1 };
    match node.kind() {
        Kind::List => u32::try_from(node.elements().count()).unwrap_or(u32::MAX),
        _ => node.scalar().and_then(|text| text.trim().parse().ok()).unwrap_or(1),
    }
}

fn forward_score(word: &str) -> u8 {
    match word {
        "" => FORWARD_UNKNOWN,
        "true" => 1,
        "false" => 0,
        number => number.trim().parse::<u64>().map_or(FORWARD_UNKNOWN, |score| score.min(254) as u8),
    }
}

/// One time as it is written.
fn stamp(node: Node<'_>, form: TimeForm, order: DateOrder) -> Result<time::Stamp, time::TimeError> {
    if node.kind() == Kind::Object || form == TimeForm::Long {
        let number = long(node).ok_or(time::TimeError::NotATime)?;
        return time::parse(number.to_string().as_bytes(), order);
    }
    let text = super::resolve::text_of(node).ok_or(time::TimeError::NotATime)?;
    let (epoch_s, per_second) = match form {
        TimeForm::Auto | TimeForm::Long => return time::parse(text.as_bytes(), order),
        TimeForm::UnixS => (0, 1),
        TimeForm::UnixMs => (0, 1_000),
        TimeForm::UnixUs => (0, 1_000_000),
        TimeForm::UnixNs => (0, 1_000_000_000),
        TimeForm::AppleS => (APPLE_EPOCH_S, 1),
        TimeForm::AppleNs => (APPLE_EPOCH_S, 1_000_000_000),
    };
    let ms = count_ms(text.trim(), per_second).ok_or(time::TimeError::Number)? + epoch_s * 1000;
    // A zero is what programs write where they know no time.
    if !(1..LATEST_MS).contains(&ms) {
        return Err(time::TimeError::Number);
    }
    let shape = match form {
        TimeForm::UnixMs => time::Shape::UnixMillis,
        TimeForm::UnixUs => time::Shape::UnixMicros,
        TimeForm::UnixNs => time::Shape::UnixNanos,
        TimeForm::AppleS => time::Shape::AppleSeconds,
        TimeForm::AppleNs => time::Shape::AppleNanos,
        _ => time::Shape::UnixSeconds,
    };
    Ok(time::Stamp { civil_ms: ms, offset_seconds: Some(0), shape, swappable: false, digits: 3 })
}

/// Seconds from 1970 to 2001, where Apple begins to count.
const APPLE_EPOCH_S: i64 = 978_307_200;
/// The end of the year 2100.
const LATEST_MS: i64 = 4_133_980_800_000;

/// A count of units, with or without decimals, in milliseconds.
fn count_ms(text: &str, per_second: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || whole < 0 {
        return None;
    }
    if per_second == 1 {
        let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
        return whole.checked_mul(1000)?.checked_add(digits.parse().ok()?);
    }
    Some(if per_second == 1000 { whole } else { whole / (per_second / 1000) })
}

/// `{"low": …, "high": …, "unsigned": …}`, as JavaScript writes a number of 64 bits; or the number itself.
fn long(node: Node<'_>) -> Option<i64> {
    if node.kind() != Kind::Object {
        return super::resolve::text_of(node)?.parse().ok();
    }
    let part = |name: &str| node.member(name).and_then(|(value, _)| value.scalar()?.parse::<i64>().ok());
    let (low, high) = (part("low")?, part("high")?);
    Some((high << 32) | i64::from(low as u32))
}

/// Whether a value is there at all, for recognising.
pub fn exists(node: Node<'_>, steps: &[Step]) -> bool {
    find(node, steps, &Cell::new(false), &mut |_| Some(())).is_some()
}
