//! Reads the XML of "SMS Backup & Restore" (Android), SMS and MMS, as a stream: attachments may be of any size.
//! The file names no owner; an MMS that names its sender tells who sent it. Calls in such files are no sends.
//! Source: real backups; the numbers of types are Android's own (`Telephony.Sms`, `Telephony.Mms`).

use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::FileRead;
use super::batch::{Batch, Draft};
use super::context::FileContext;
use super::people::Hint;
use super::scan::Source;
use super::time::{self, DateOrder};
use crate::hash::{Sha256, hex};
use crate::message::{Direction, Form, Place, Platform, RecipientKind, Route, Status, ZoneBasis};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "sms-backup-restore";

/// Whether a text is such a backup, 0 to 100.
#[must_use]
pub fn recognise(sample: &str) -> u8 {
    let Some(root) = sample.find("<smses").or_else(|| sample.find("<calls")) else { return 0 };
    let before = sample.get(..root).unwrap_or_default().trim_start_matches('\u{FEFF}').trim();
    if before.is_empty() || before.starts_with("<?xml") || before.starts_with("<!--") { 99 } else { 0 }
}

/// The root element of a backup of messages, and of one of calls.
const ROOTS: [&str; 2] = ["smses", "calls"];
const DRAFT: &str = "draft, not sent";
const CALL: &str = "call";
const NO_ADDRESS: &str = "names no other side";
const NO_KIND: &str = "neither received nor sent by its type";
const NOT_WHOLE: &str = "the backup breaks off or is damaged here";
/// What Android writes where the owner's own number belongs.
const OWN: &str = "insert-address-token";

/// Counts and hashes what the XML reader takes in.
struct Hashing<'s> {
    source: &'s mut dyn Source,
    digest: Sha256,
    bytes: u64,
}

impl std::io::Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Attributes of an element, unescaped; `null` is what the app writes for nothing.
#[derive(Debug, Default)]
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(element: &BytesStart<'_>) -> Result<Self, String> {
        let mut found = Vec::new();
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            // Data of attachments is not needed and may be large.
            if attribute.key.as_ref() != "data" {
                found.push((attribute.key.as_ref().to_owned(), unescape(&attribute.value)));
            }
        }
        Ok(Self(found))
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| *value != "null").unwrap_or_default()
    }
}

/// Resolves references. The app writes characters beyond the first plane as two references to halves of a pair, which
/// is no XML; they are joined here.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut high: Option<u32> = None;
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (plain, tail) = rest.split_at(at);
        if !plain.is_empty() {
            high = None;
        }
        out.push_str(plain);
        let Some((name, after)) =
            tail.get(1..).and_then(|tail| tail.split_once(';')).filter(|(name, _)| name.len() <= 10)
        else {
            out.push('&');
            rest = tail.get(1..).unwrap_or_default();
            continue;
        };
        rest = after;
        let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        });
        match (name, number, high.take()) {
            (_, Some(unit @ 0xD800..=0xDBFF), _) => high = Some(unit),
            (_, Some(low @ 0xDC00..=0xDFFF), Some(unit)) => {
                out.extend(char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)));
            }
            (_, Some(number), _) => out.push(char::from_u32(number).unwrap_or('\u{FFFD}')),
            ("amp", ..) => out.push('&'),
            ("lt", ..) => out.push('<'),
            ("gt", ..) => out.push('>'),
            ("quot", ..) => out.push('"'),
            ("apos", ..) => out.push('\''),
            _ => {
                out.push('&');
                out.push_str(name);
                out.push(';');
            }
        }
    }
    out.push_str(rest);
    out
}

/// An MMS while its parts are read.
struct Mms {
    place: Place,
    attributes: Attributes,
    text: String,
    /// Address and type of everybody concerned.
    people: Vec<(String, String)>,
}

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let hashing = Hashing { source, digest: Sha256::new(), bytes: 0 };
    let mut reader = Reader::from_reader(BufReader::with_capacity(1 << 18, hashing));
    let mut walk = Walk { batch: Batch::new(file), line: 1, open: None, closed: false };
    let mut buffer = Vec::new();
    let mut told = 0;
    loop {
        let start = reader.buffer_position();
        if start >= told + (1 << 20) {
            progress(start - told);
            told = start;
        }
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => {
                let end = Place { record: 0, line: walk.line, offset: start, length: 0 };
                match walk.open.take() {
                    Some(open) => walk.break_off(open.place, "the last MMS is not closed"),
                    None if !walk.closed => walk.break_off(end, "its end is missing"),
                    None => {}
                }
                break;
            }
            Ok(event) => {
                let end = reader.buffer_position();
                walk.event(&event, start, end);
                walk.line += memchr::memchr_iter(b'\n', event.as_bytes()).count() as u32;
            }
            Err(quick_xml::Error::Io(error)) => return Err(std::io::Error::new(error.kind(), error.to_string())),
            Err(error) => {
                let place = Place { record: 0, line: walk.line, offset: start, length: 0 };
                walk.break_off(place, &error.to_string());
                break;
            }
        }
    }
    let mut rest = reader.into_inner();
    std::io::copy(&mut rest, &mut std::io::sink())?;
    let hashing = rest.into_inner();
    progress(hashing.bytes.saturating_sub(told));
    let mut batch = walk.batch;
    batch.close();
    let sha256 = Some(hex(&hashing.digest.finalize()));
    Ok(FileRead { batches: vec![batch], sha256, hashed: hashing.bytes, date_order: None })
}

struct Walk<'c> {
    batch: Batch<'c>,
    line: u32,
    open: Option<Mms>,
    /// Whether the root element came to its end.
    closed: bool,
}

impl Walk<'_> {
    fn break_off(&mut self, place: Place, reason: &str) {
        let place = Place { record: self.batch.records + 1, ..place };
        self.batch.reject(place, format!("{NOT_WHOLE}: {reason}"), b"");
        self.batch.broken_off = true;
    }

    fn event(&mut self, event: &Event<'_>, start: u64, end: u64) {
        let (element, empty) = match event {
            Event::Empty(element) => {
                self.closed |= ROOTS.contains(&element.name().as_ref());
                (element, true)
            }
            Event::Start(element) => (element, false),
            Event::End(element) => {
                self.closed |= ROOTS.contains(&element.name().as_ref());
                if element.name().as_ref() == "mms"
                    && let Some(mut mms) = self.open.take()
                {
                    mms.place.length = u32::try_from(end - mms.place.offset).unwrap_or(u32::MAX);
                    self.mms(&mms);
                }
                return;
            }
            _ => return,
        };
        let place = Place {
            record: self.batch.records + 1,
            line: self.line,
            offset: start,
            length: u32::try_from(end - start).unwrap_or(u32::MAX),
        };
        let attributes = match Attributes::of(element) {
            Ok(attributes) => attributes,
            Err(error) => {
                if matches!(element.name().as_ref(), "sms" | "mms" | "call") {
                    self.batch.reject(place, format!("attributes not readable: {error}"), element.as_bytes());
                }
                return;
            }
        };
        match element.name().as_ref() {
            "sms" => self.sms(place, &attributes),
            "call" => self.batch.ignore(CALL),
            "mms" => {
                let mms = Mms { place, attributes, text: String::new(), people: Vec::new() };
                if empty {
                    self.mms(&mms);
                } else {
                    self.open = Some(mms);
                }
            }
            "part" => {
                if let Some(mms) = &mut self.open
                    && attributes.get("ct").starts_with("text/plain")
                {
                    mms.text.push_str(attributes.get("text"));
                }
            }
            "addr" => {
                if let Some(mms) = &mut self.open {
                    mms.people.push((attributes.get("address").to_owned(), attributes.get("type").to_owned()));
                }
            }
            _ => {}
        }
    }

    fn sms(&mut self, place: Place, attributes: &Attributes) {
        let (direction, status) = match attributes.get("type") {
            "1" => (Direction::Inbound, Status::Unknown),
            "2" => (Direction::Outbound, delivery(attributes.get("status"))),
            "3" => return self.batch.ignore(DRAFT),
            "4" | "6" => (Direction::Outbound, Status::Accepted),
            "5" => (Direction::Outbound, Status::Failed),
            _ => return self.batch.reject(place, NO_KIND, &shown(attributes)),
        };
        let address = attributes.get("address").to_owned();
        self.send(place, attributes, direction, status, None, &[address], attributes.get("body"));
    }

    fn mms(&mut self, mms: &Mms) {
        let (direction, status) = match mms.attributes.get("msg_box") {
            "1" => (Direction::Inbound, Status::Unknown),
            "2" => (Direction::Outbound, Status::Sent),
            "3" => return self.batch.ignore(DRAFT),
            "4" => (Direction::Outbound, Status::Accepted),
            "5" => (Direction::Outbound, Status::Failed),
            _ => return self.batch.reject(mms.place, NO_KIND, &shown(&mms.attributes)),
        };
        // PduHeaders: 137 from, 151 to, 130 copy, 129 blind copy.
        let of = |types: &[&str]| -> Vec<String> {
            let wanted = mms
                .people
                .iter()
                .filter(|(address, kind)| types.contains(&kind.as_str()) && !address.is_empty() && address != OWN);
            wanted.map(|(address, _)| address.clone()).collect()
        };
        let from = of(&["137"]);
        let listed: Vec<String> = mms.attributes.get("address").split('~').map(str::to_owned).collect();
        let (account, others) = match direction {
            Direction::Outbound => (from.first().map(String::as_str), of(&["151", "130", "129"])),
            Direction::Inbound => (None, from.clone()),
        };
        let others = match others.as_slice() {
            [] if direction == Direction::Inbound => listed.get(..1).unwrap_or_default().to_vec(),
            [] => listed,
            _ => others,
        };
        let subject = mms.attributes.get("sub");
        let text = if mms.text.is_empty() { subject } else { &mms.text };
        self.send(mms.place, &mms.attributes, direction, status, account, &others, text);
    }

    #[allow(clippy::too_many_arguments)]
    fn send(
        &mut self,
        place: Place,
        attributes: &Attributes,
        direction: Direction,
        status: Status,
        account: Option<&str>,
        others: &[String],
        text: &str,
    ) {
        // Some versions wrote seconds; the size of the number tells.
        let stamp = time::parse(attributes.get("date").as_bytes(), DateOrder::DayMonth);
        let sent_at = match stamp.map(|stamp| stamp.instant_ms()) {
            Ok(Some(sent_at)) => sent_at,
            Ok(None) => return self.batch.reject(place, "time not readable: no count", &shown(attributes)),
            Err(error) => {
                return self.batch.reject(place, format!("time not readable: {error}"), &shown(attributes));
            }
        };
        let known: Vec<&String> =
            others.iter().filter(|other| self.batch.knows_recipient(other, Hint::Unknown)).collect();
        if known.is_empty() {
            return self.batch.reject(place, NO_ADDRESS, &shown(attributes));
        }
        self.batch.read();
        for recipient in known {
            self.batch.message(
                place,
                &Draft {
                    sent_at,
                    zone: ZoneBasis::Record,
                    platform: Platform::Sms,
                    route: Route::Sms,
                    direction,
                    account,
                    recipient,
                    recipient_kind: RecipientKind::Unknown,
                    status,
                    message_id: attributes.get("m_id"),
                    text,
                    form: Form::FreeForm,
                    ..Draft::default()
                },
            );
        }
    }
}

/// Android's status of a sent SMS, after the delivery report.
fn delivery(word: &str) -> Status {
    match word {
        "0" => Status::Delivered,
        "64" | "128" => Status::Failed,
        _ => Status::Sent,
    }
}

/// What a reject shows of an element.
fn shown(attributes: &Attributes) -> Vec<u8> {
    let text: Vec<String> = attributes.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
    text.join(" ").into_bytes()
}
