//! Turns the rows of a delimited export into messages, by the mapping found for its columns.
//! A row that gives no message is rejected with a reason, unless it is plainly none: empty, a total, a header again.
//! Which columns there are, and in which order their dates are written, was settled before.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::in_unicode;
use crate::ingest::batch::{Batch, Draft};
use crate::ingest::context::FileContext;
use crate::ingest::encoding::decode;
use crate::ingest::mapping::{Mapping, Role, Sides};
use crate::ingest::people;
use crate::ingest::records::{self, Field};
use crate::ingest::table::Table;
use crate::ingest::time::{self, DateOrder, Resolution, Zones};
use crate::ingest::words::Words;
use crate::message::{Automation, Direction, Form, Place, Platform, Route, ZoneBasis};

/// Column numbers of the roles, looked up once.
#[derive(Debug)]
pub(super) struct ColumnsOf {
    pub(super) times: Vec<usize>,
    pub(super) date: Option<usize>,
    time: Option<usize>,
    sender: Option<usize>,
    recipient: Option<usize>,
    text: Option<usize>,
    status: Option<usize>,
    direction: Option<usize>,
    message_id: Option<usize>,
    campaign: Option<usize>,
    template: Option<usize>,
    category: Option<usize>,
    channel: Option<usize>,
    audience: Option<usize>,
}

impl ColumnsOf {
    pub(super) fn new(mapping: &Mapping) -> Self {
        Self {
            times: mapping.times.clone(),
            date: mapping.column(Role::Date),
            time: mapping.column(Role::Time),
            sender: mapping.column(Role::Sender),
            recipient: mapping.column(Role::Recipient),
            text: mapping.column(Role::Text),
            status: mapping.column(Role::Status),
            direction: mapping.column(Role::Direction),
            message_id: mapping.column(Role::MessageId),
            campaign: mapping.column(Role::Campaign),
            template: mapping.column(Role::Template),
            category: mapping.column(Role::Category),
            channel: mapping.column(Role::Channel),
            audience: mapping.column(Role::Audience),
        }
    }
}

/// The word a column held last: exports repeat themselves, and comparing is cheaper than looking up.
#[derive(Debug, Default)]
struct LastWord<T> {
    word: Vec<u8>,
    value: Option<T>,
}

impl<T: Copy> LastWord<T> {
    fn get(&mut self, word: &[u8], own: Option<&Words<T>>, words: &Words<T>, encoding: &'static Encoding) -> Option<T> {
        if self.word != word || word.is_empty() {
            self.word.clear();
            self.word.extend_from_slice(word);
            let word = decode(word, encoding);
            self.value = own.and_then(|own| own.get(&word)).or_else(|| words.get(&word));
        }
        self.value
    }
}

/// What a thread carries from row to row.
pub(super) struct RowState<'c> {
    pub(super) batch: Batch<'c>,
    status: LastWord<crate::message::Status>,
    direction: LastWord<Direction>,
    category: LastWord<crate::message::Category>,
    channel: LastWord<Platform>,
    spare: [Vec<u8>; 6],
}

impl<'c> RowState<'c> {
    pub(super) fn new(file: &FileContext<'c>) -> Self {
        Self {
            batch: Batch::new(file),
            status: LastWord { word: Vec::new(), value: None },
            direction: LastWord { word: Vec::new(), value: None },
            category: LastWord { word: Vec::new(), value: None },
            channel: LastWord { word: Vec::new(), value: None },
            spare: Default::default(),
        }
    }
}

/// Turns rows into messages.
pub(super) struct RowReader<'r, 'c> {
    pub(super) file: &'r FileContext<'c>,
    pub(super) mapping: &'r Mapping,
    pub(super) table: Table,
    pub(super) columns: ColumnsOf,
    pub(super) order: DateOrder,
    /// Zone of times without an offset, and who named it.
    pub(super) zones: &'r Zones,
    pub(super) basis: ZoneBasis,
    pub(super) encoding: &'static Encoding,
    pub(super) expected: usize,
    /// The header as it stands in the file; empty where there is none.
    pub(super) header: &'r [u8],
}

impl<'c> RowReader<'_, 'c> {
    pub(super) fn record(&self, state: &mut RowState<'c>, place: Place, buffer: &[u8], fields: &[Field]) {
        let raw = buffer.get(place_range(place, fields)).unwrap_or_default();
        if let Err(reason) = self.row(state, place, buffer, fields) {
            match self.no_record(buffer, fields, raw) {
                Some(what) => state.batch.ignore(what),
                None => state.batch.reject(place, reason, raw),
            }
        }
    }

    /// What a row is that gave no message and was never meant to.
    fn no_record(&self, buffer: &[u8], fields: &[Field], raw: &[u8]) -> Option<&'static str> {
        if !self.header.is_empty() && raw.trim_ascii() == self.header.trim_ascii() {
            return Some("header repeated");
        }
        let mut spare = Vec::new();
        let mut cells = fields
            .iter()
            .map(|field| decode(records::bytes(buffer, *field, &mut spare), self.encoding).trim().to_owned());
        let Some(first) = cells.find(|cell| !cell.is_empty()) else { return Some("empty line") };
        let recipient = self.columns.recipient.and_then(|column| fields.get(column));
        let addressed =
            recipient.is_some_and(|field| people::looks_like_address(records::bytes(buffer, *field, &mut Vec::new())));
        (!addressed && self.file.context.delimited.is_total(&first)).then_some("line of totals")
    }

    fn row(
        &self,
        state: &mut RowState<'c>,
        place: Place,
        buffer: &[u8],
        fields: &[Field],
    ) -> Result<(), Cow<'static, str>> {
        records::fit(fields, self.expected)?;
        let RowState { batch, status, direction, category, channel, spare } = state;
        let [spare_sender, spare_recipient, spare_text, spare_id, spare_name, spare_word] = spare;
        let raw = |column: Option<usize>| column.and_then(|column| fields.get(column)).copied();
        let encoding = self.encoding;
        let cell = |column: usize| fields.get(column).and_then(|field| buffer.get(field.start..field.end));
        if let Some(reason) = self.table.ignored(cell) {
            batch.ignore(reason);
            return Ok(());
        }
        let own = self.mapping.known.as_deref().map(|format| &format.words);
        let common = &self.file.context.delimited;
        let constants = self.mapping.known.as_deref().map(|format| format.constants).unwrap_or_default();
        let (sent_at, zone) = self.time(batch, buffer, fields, spare_word)?;
        let direction = match raw(self.columns.direction) {
            Some(field) => {
                let word = records::bytes(buffer, field, spare_word);
                let known = direction.get(word, own.map(|own| &own.direction), &common.direction, encoding);
                known.ok_or("the direction is none of the known words")?
            }
            None => constants.direction.unwrap_or(Direction::Outbound),
        };
        let sender = field_text(buffer, raw(self.columns.sender), spare_sender, encoding);
        let recipient = field_text(buffer, raw(self.columns.recipient), spare_recipient, encoding);
        let (account, other) = match direction {
            Direction::Outbound => (sender.as_ref(), recipient.as_ref()),
            Direction::Inbound if self.table.fixed_sides || self.mapping.sides == Sides::Fixed => {
                (sender.as_ref(), recipient.as_ref())
            }
            Direction::Inbound if self.columns.sender.is_some() => (recipient.as_ref(), sender.as_ref()),
            Direction::Inbound => ("", recipient.as_ref()),
        };
        let hint = self.mapping.hint;
        if !batch.knows_recipient(other, hint) {
            return Err("no recipient".into());
        }
        if people::lost_digits(other) {
            batch.note(LOST_DIGITS);
        }
        let channel = raw(self.columns.channel).and_then(|field| {
            let word = records::bytes(buffer, field, spare_word);
            channel.get(word, own.map(|own| &own.channel), &common.channel, encoding)
        });
        let platform = platform_of(account).or_else(|| platform_of(other)).or(channel).unwrap_or(self.mapping.platform);
        let status_word = raw(self.columns.status).map(|field| records::bytes(buffer, field, spare_word));
        let status = status_word.map_or(constants.status.unwrap_or_default(), |word| {
            let known = status.get(word, own.map(|own| &own.status), &common.status, encoding);
            known.unwrap_or_else(|| {
                if !word.is_empty() {
                    batch.note(UNKNOWN_STATUS);
                }
                crate::message::Status::Unknown
            })
        });
        let category = raw(self.columns.category).and_then(|field| {
            let word = records::bytes(buffer, field, spare_word);
            category.get(word, own.map(|own| &own.category), &common.category, encoding)
        });
        let text = field_text(buffer, raw(self.columns.text), spare_text, encoding);
        let message_id = field_text(buffer, raw(self.columns.message_id), spare_id, encoding);
        let message_id = match people::lost_digits(&message_id) {
            true => {
                batch.note(LOST_ID);
                Cow::Borrowed("")
            }
            false => message_id,
        };
        let campaign = field_text(buffer, raw(self.columns.campaign), spare_name, encoding);
        let template = field_text(buffer, raw(self.columns.template), spare_word, encoding);
        let form = match self.columns.template {
            Some(_) if !template.is_empty() => Form::Template,
            Some(_) if !text.is_empty() => Form::FreeForm,
            _ => constants.form.unwrap_or_default(),
        };
        let audience = raw(self.columns.audience)
            .and_then(|field| std::str::from_utf8(buffer.get(field.start..field.end)?).ok()?.trim().parse().ok());
        batch.read();
        batch.message(
            place,
            &Draft {
                sent_at,
                zone,
                platform,
                route: self.route(platform),
                direction,
                account: Some(account).filter(|account| !account.is_empty()),
                recipient: other,
                hint,
                recipient_kind: constants.recipient_kind.unwrap_or_default(),
                audience: audience.unwrap_or(1),
                status: self.table.status(status, cell),
                message_id: message_id.trim(),
                campaign: campaign.trim(),
                template: template.trim(),
                text: &text,
                category: category.or(constants.category).unwrap_or_default(),
                form,
                automation: if direction == Direction::Outbound {
                    self.mapping.automation
                } else {
                    Automation::Unknown
                },
                ..Draft::default()
            },
        );
        Ok(())
    }

    /// The send time: the first filled column that may hold it.
    fn time(
        &self,
        batch: &mut Batch<'c>,
        buffer: &[u8],
        fields: &[Field],
        spare: &mut Vec<u8>,
    ) -> Result<(i64, ZoneBasis), Cow<'static, str>> {
        let stamp = if let (Some(date), Some(time)) = (self.columns.date, self.columns.time) {
            let (Some(date), Some(time)) = (fields.get(date), fields.get(time)) else { return Err("no time".into()) };
            let day = time::parse_date(&in_unicode(records::bytes(buffer, *date, spare), self.encoding), self.order)
                .map_err(|error| told(&error))?;
            let of_day = time::parse_time_of_day(&in_unicode(records::bytes(buffer, *time, spare), self.encoding))
                .map_err(|error| told(&error))?;
            day.at(of_day)
        } else {
            let filled = self.columns.times.iter().enumerate().find_map(|(rank, column)| {
                let field = fields.get(*column)?;
                (field.start != field.end).then_some((rank, *field))
            });
            let Some((rank, field)) = filled else { return Err("no time".into()) };
            if rank > 0 {
                batch.note(OTHER_TIME);
            }
            let stamp = time::parse(&in_unicode(records::bytes(buffer, field, spare), self.encoding), self.order)
                .map_err(|error| told(&error))?;
            if stamp.shape == time::Shape::DateOnly {
                batch.note(DATE_ONLY);
            }
            stamp
        };
        Ok(instant(stamp, self.zones, self.basis, batch))
    }

    fn route(&self, platform: Platform) -> Route {
        let stated = self.mapping.routes.get(platform.as_str()).copied();
        let constants = || self.mapping.known.as_deref().map(|format| format.constants).unwrap_or_default();
        stated.unwrap_or_else(|| constants().route_on(platform))
    }
}

/// Note on records whose status word is none of ours.
pub const UNKNOWN_STATUS: &str = "status word not known, read as unknown";
/// Note on records whose send time was empty, so that another time column served.
pub const OTHER_TIME: &str = "send time empty, another time column of the record taken";
/// Note on times without a time of day.
pub const DATE_ONLY: &str = "date without a time of day, taken as midnight";
/// Note on recipients that a spreadsheet has cut down.
pub const LOST_DIGITS: &str = "recipient lost digits in a spreadsheet (as 4.91E+11); several people may count as one";
/// Note on ids that a spreadsheet has cut down.
pub const LOST_ID: &str = "message id lost digits in a spreadsheet and is not used";
/// Note on times that a clock change skips.
pub const IN_GAP: &str = "local time does not exist (clock change), moved forward by the gap";
/// Note on times that a clock change repeats.
pub const IN_FOLD: &str = "local time exists twice (clock change), the earlier taken";

fn told(error: &time::TimeError) -> Cow<'static, str> {
    format!("time not readable: {error}").into()
}

/// The instant of a stamp, and how its offset was known; gaps and folds are noted.
pub fn instant(stamp: time::Stamp, zones: &Zones, basis: ZoneBasis, batch: &mut Batch<'_>) -> (i64, ZoneBasis) {
    if let Some(instant) = stamp.instant_ms() {
        return (instant, ZoneBasis::Record);
    }
    let (instant, resolution) = zones.resolve(stamp.civil_ms);
    match resolution {
        Resolution::Exact => {}
        Resolution::Gap => batch.note(IN_GAP),
        Resolution::Fold => batch.note(IN_FOLD),
    }
    (instant, basis)
}

fn field_text<'a>(
    buffer: &'a [u8],
    field: Option<Field>,
    spare: &'a mut Vec<u8>,
    encoding: &'static Encoding,
) -> Cow<'a, str> {
    field.map_or(Cow::Borrowed(""), |field| decode(records::bytes(buffer, field, spare), encoding))
}

fn place_range(place: Place, fields: &[Field]) -> std::ops::Range<usize> {
    // The fields of one record lie in one buffer; an opening quote may stand one byte before the first.
    let start = fields.first().map_or(0, |field| field.start);
    start..start + place.length as usize
}

/// The platform that an address names.
pub fn platform_of(address: &str) -> Option<Platform> {
    let sign = memchr::memchr2(b':', b'@', address.as_bytes())?;
    let (head, tail) = address.split_at_checked(sign)?;
    if head.eq_ignore_ascii_case("whatsapp") {
        return Some(Platform::Whatsapp);
    }
    if head.eq_ignore_ascii_case("messenger") {
        return Some(Platform::Messenger);
    }
    let (_, domain) = tail.split_once('@')?;
    match domain {
        "s.whatsapp.net" | "c.us" | "g.us" | "lid" | "broadcast" | "newsletter" => Some(Platform::Whatsapp),
        _ if domain.contains('.') => Some(Platform::Email),
        _ => None,
    }
}
