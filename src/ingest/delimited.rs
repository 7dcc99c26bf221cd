//! Reads delimited exports: finds the layout from a sample, the mapping from `mapping`, and turns rows into messages.
//! Times whose day and month could be swapped are settled over the whole file before any is believed.
//! Walking records and joining batches happen elsewhere.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::batch::{Batch, Draft};
use super::blocks::{BLOCK_BYTES, Hasher};
use super::context::FileContext;
use super::mapping::{Delimited, MapError, Mapping, Role, map};
use super::open::Opened;
use super::records::{self, Field, Shape, split};
use super::scan::{Layout, Source, Walk, scan};
use super::table::Table;
use super::time::{self, DateOrder, OrderEvidence, OrderFinding, Resolution, Zones};
use super::words::Words;
use super::{DateOrderDecision, FileRead};
use crate::message::{Automation, Direction, Form, Place, Platform, Route, ZoneBasis};

/// Records of the sample that are looked at.
const SAMPLE_RECORDS: usize = 1000;
/// Separators that are tried, most usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A recognised delimited file.
#[derive(Debug)]
pub struct Recognised {
    layout: Layout,
    /// Which column holds what.
    pub mapping: Mapping,
}

/// Finds layout and mapping from the sample.
///
/// # Errors
/// When it has no columns of times and recipients.
pub fn recognise(known: &Delimited, opened: &Opened) -> Result<Option<Recognised>, MapError> {
    let Some((layout, rows)) = layout_of(opened) else { return Ok(None) };
    let mapping = map(known, &rows)?;
    let layout = Layout { header: mapping.header, ..layout };
    Ok(Some(Recognised { layout, mapping }))
}

/// The layout and mapping of a table whose rows are known, for text with this delimiter that begins at `skip`.
///
/// # Errors
/// As [`recognise`].
pub fn recognise_rows(
    known: &Delimited,
    rows: &[Vec<String>],
    columns: usize,
    delimiter: u8,
    skip: usize,
) -> Result<Recognised, MapError> {
    let mapping = map(known, rows)?;
    let header = mapping.header;
    let layout = Layout { delimiter, line_end: b'\n', columns, header, skip, block_bytes: BLOCK_BYTES };
    Ok(Recognised { layout, mapping })
}

/// Delimiter and number of columns on which most records of the sample agree.
fn layout_of(opened: &Opened) -> Option<(Layout, Vec<Vec<String>>)> {
    let sample = &opened.sample;
    let line_end =
        if memchr::memchr(b'\n', sample).is_none() && memchr::memchr(b'\r', sample).is_some() { b'\r' } else { b'\n' };
    let mut best: Option<((bool, usize, usize), u8, usize, Vec<Vec<String>>)> = None;
    for delimiter in DELIMITERS {
        let rows = sample_rows(opened, delimiter);
        let Some((columns, agreeing)) = most_usual(&rows) else { continue };
        let agree = agreeing * 10 >= rows.len() * 6;
        let score = (agree && columns > 1, agreeing * columns.min(64), columns);
        if columns > 1 && best.as_ref().is_none_or(|(known, ..)| score > *known) {
            best = Some((score, delimiter, columns, rows));
        }
    }
    let (_, delimiter, columns, rows) = best?;
    let rows = rows.into_iter().filter(|row| row.len() == columns).collect();
    Some((Layout { delimiter, line_end, columns, header: false, skip: opened.bom, block_bytes: BLOCK_BYTES }, rows))
}

fn sample_rows(opened: &Opened, delimiter: u8) -> Vec<Vec<String>> {
    let (mut rows, mut fields, mut spare) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = opened.bom;
    while rows.len() < SAMPLE_RECORDS
        && let Some(found) = split(&opened.sample, at, delimiter, &mut fields)
    {
        let cut_off = !found.terminated && opened.sample.len() >= super::open::SAMPLE_BYTES;
        if cut_off && !rows.is_empty() {
            break;
        }
        if found.shape == Shape::Open {
            // A stray quote: pass over its line only, as the walk will do.
            let rest = opened.sample.get(found.start..).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', rest) else { break };
            at = found.start + end + 1;
            continue;
        }
        let decode = |field: &Field, spare: &mut Vec<u8>| {
            decode(records::bytes(&opened.sample, *field, spare), opened.encoding).into_owned()
        };
        rows.push(fields.iter().map(|field| decode(field, &mut spare)).collect());
        at = found.next;
    }
    rows
}

/// The most usual number of columns, and how many rows have it.
fn most_usual(rows: &[Vec<String>]) -> Option<(usize, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows {
        *counts.entry(row.len()).or_insert(0_usize) += 1;
    }
    counts.into_iter().max_by_key(|(columns, count)| (*count, *columns))
}

fn decode<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding.decode_without_bom_handling(bytes).0,
    }
}

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    opened: &Opened,
    source: &mut dyn Source,
    recognised: &Recognised,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let Recognised { layout, mapping } = recognised;
    if let Some(register) = mapping.known.as_deref().filter(|known| !known.consents.is_empty()) {
        return super::register::read(file, register, &mapping.names, opened.encoding, *layout, source, progress);
    }
    let columns = ColumnsOf::new(mapping);
    let guaranteed = mapping.known.as_deref().and_then(|format| format.date_order);
    let (order, decision) = match file.context.date_order.or(guaranteed) {
        Some(told) => (told, None),
        None => settle_date_order(source, *layout, &columns)?,
    };
    let reader = RowReader {
        file,
        mapping,
        table: Table::new(mapping),
        columns,
        order,
        encoding: opened.encoding,
        expected: layout.columns,
    };
    let start = || RowState::new(file);
    let record = |state: &mut RowState<'c>, place: Place, buffer: &[u8], fields: &[Field]| {
        reader.record(state, place, buffer, fields);
    };
    let problem = |state: &mut RowState<'c>, place: Place, raw: &[u8], reason: &'static str| {
        state.batch.reject(place, reason, raw);
    };
    let walk = Walk { start: &start, record: &record, problem: &problem };
    let mut hasher = Hasher::new(file.context.threads);
    let stretches = scan(source, *layout, &walk, &mut hasher, progress)?;
    let (mut records, mut lines) = (0, 0);
    let mut batches = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let mut batch = stretch.state.batch;
        batch.shift(records, lines, 0);
        batch.close();
        records += stretch.records;
        lines += stretch.lines;
        batches.push(batch);
    }
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order: decision })
}

/// Reads the times alone, where swapping day and month would give other times, and decides over the whole file.
fn settle_date_order(
    source: &mut dyn Source,
    layout: Layout,
    columns: &ColumnsOf,
) -> std::io::Result<(DateOrder, Option<DateOrderDecision>)> {
    let Some(column) = columns.date.or_else(|| columns.times.first().copied()) else {
        return Ok((DateOrder::DayMonth, None));
    };
    let start = OrderEvidence::default;
    let record = |evidence: &mut OrderEvidence, _: Place, buffer: &[u8], fields: &[Field]| {
        if let Some(field) = fields.get(column) {
            let mut spare = Vec::new();
            evidence.see(records::bytes(buffer, *field, &mut spare));
        }
    };
    let problem = |_: &mut OrderEvidence, _: Place, _: &[u8], _: &'static str| ();
    let walk = Walk { start: &start, record: &record, problem: &problem };
    // The sample first: stamps that settle their own order need no walk over the whole file.
    let mut sample = vec![0_u8; 1 << 16];
    source.seek(std::io::SeekFrom::Start(0))?;
    let filled = super::open::read_up_to(&mut AsRead(source), &mut sample)?;
    sample.truncate(filled);
    let mut head = std::io::Cursor::new(sample);
    let stretches = scan(&mut head, layout, &walk, &mut Hasher::new(1), &|_| ())?;
    let joined = |stretches: Vec<super::scan::Stretch<OrderEvidence>>| {
        stretches.into_iter().fold(OrderEvidence::default(), |evidence, stretch| evidence.merge(&stretch.state))
    };
    if joined(stretches).decide() == OrderFinding::Settled {
        return Ok((DateOrder::DayMonth, None));
    }
    let stretches = scan(source, layout, &walk, &mut Hasher::new(1), &|_| ())?;
    let finding = joined(stretches).decide();
    let order = match finding {
        OrderFinding::Contradictory { day_first, month_first } if month_first > day_first => DateOrder::MonthDay,
        finding => finding.order().unwrap_or(DateOrder::DayMonth),
    };
    let basis = match finding {
        OrderFinding::Settled => return Ok((order, None)),
        OrderFinding::ByValue(_) => DateOrderDecision::BY_VALUE,
        OrderFinding::ByMonotony(_) => DateOrderDecision::BY_MONOTONY,
        OrderFinding::BySpan(_) => DateOrderDecision::BY_SPAN,
        OrderFinding::Undecided => DateOrderDecision::UNDECIDED,
        OrderFinding::Contradictory { .. } => DateOrderDecision::CONTRADICTORY,
    };
    Ok((order, Some(DateOrderDecision { order: order_text(order), basis })))
}

/// Words for an order of day and month.
#[must_use]
pub fn order_text(order: DateOrder) -> &'static str {
    match order {
        DateOrder::DayMonth => "day first",
        DateOrder::MonthDay => "month first",
        DateOrder::YearMonthDay => "year first",
    }
}

struct AsRead<'s>(&'s mut dyn Source);

impl std::io::Read for AsRead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Column numbers of the roles, looked up once.
#[derive(Debug)]
struct ColumnsOf {
    times: Vec<usize>,
    date: Option<usize>,
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
    fn new(mapping: &Mapping) -> Self {
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
struct RowState<'c> {
    batch: Batch<'c>,
    status: LastWord<crate::message::Status>,
    direction: LastWord<Direction>,
    category: LastWord<crate::message::Category>,
    channel: LastWord<Platform>,
    spare: [Vec<u8>; 6],
}

impl<'c> RowState<'c> {
    fn new(file: &FileContext<'c>) -> Self {
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
struct RowReader<'r, 'c> {
    file: &'r FileContext<'c>,
    mapping: &'r Mapping,
    table: Table,
    columns: ColumnsOf,
    order: DateOrder,
    encoding: &'static Encoding,
    expected: usize,
}

impl<'c> RowReader<'_, 'c> {
    fn record(&self, state: &mut RowState<'c>, place: Place, buffer: &[u8], fields: &[Field]) {
        let raw = buffer.get(place_range(place, fields)).unwrap_or_default();
        if let Err(reason) = self.row(state, place, buffer, fields) {
            state.batch.reject(place, reason, raw);
        }
    }

    fn row(
        &self,
        state: &mut RowState<'c>,
        place: Place,
        buffer: &[u8],
        fields: &[Field],
    ) -> Result<(), Cow<'static, str>> {
        let extra = fields.get(self.expected..).unwrap_or_default();
        if fields.len() < self.expected || extra.iter().any(|field| field.start != field.end) {
            return Err(format!("{} columns where {} are expected", fields.len(), self.expected).into());
        }
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
        let constants = self.mapping.known.as_deref().map(|format| format.constants).unwrap_or_default();
        let (sent_at, zone) = self.time(batch, buffer, fields, spare_word)?;
        let direction = match raw(self.columns.direction) {
            Some(field) => {
                let word = records::bytes(buffer, field, spare_word);
                let known = direction.get(
                    word,
                    own.map(|own| &own.direction),
                    &self.file.context.delimited.direction,
                    encoding,
                );
                known.ok_or("the direction is none of the known words")?
            }
            None => constants.direction.unwrap_or(Direction::Outbound),
        };
        let sender = field_text(buffer, raw(self.columns.sender), spare_sender, encoding);
        let recipient = field_text(buffer, raw(self.columns.recipient), spare_recipient, encoding);
        let (account, other) = match direction {
            Direction::Outbound => (sender.as_ref(), recipient.as_ref()),
            Direction::Inbound if self.table.fixed_sides => (sender.as_ref(), recipient.as_ref()),
            Direction::Inbound if self.columns.sender.is_some() => (recipient.as_ref(), sender.as_ref()),
            Direction::Inbound => ("", recipient.as_ref()),
        };
        let hint = self.mapping.hint;
        if !batch.knows_recipient(other, hint) {
            return Err("no recipient".into());
        }
        let channel = raw(self.columns.channel).and_then(|field| {
            let word = records::bytes(buffer, field, spare_word);
            channel.get(word, own.map(|own| &own.channel), &self.file.context.delimited.channel, encoding)
        });
        let platform = platform_of(account).or_else(|| platform_of(other)).or(channel).unwrap_or(self.mapping.platform);
        let status_word = raw(self.columns.status).map(|field| records::bytes(buffer, field, spare_word));
        let status = status_word.map_or(constants.status.unwrap_or_default(), |word| {
            let known = status.get(word, own.map(|own| &own.status), &self.file.context.delimited.status, encoding);
            known.unwrap_or_else(|| {
                if !word.is_empty() {
                    batch.note(UNKNOWN_STATUS);
                }
                crate::message::Status::Unknown
            })
        });
        let category = raw(self.columns.category).and_then(|field| {
            let word = records::bytes(buffer, field, spare_word);
            category.get(word, own.map(|own| &own.category), &self.file.context.delimited.category, encoding)
        });
        let text = field_text(buffer, raw(self.columns.text), spare_text, encoding);
        let message_id = field_text(buffer, raw(self.columns.message_id), spare_id, encoding);
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
            let day =
                time::parse_date(records::bytes(buffer, *date, spare), self.order).map_err(|error| told(&error))?;
            let of_day = time::parse_time_of_day(records::bytes(buffer, *time, spare)).map_err(|error| told(&error))?;
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
            time::parse(records::bytes(buffer, field, spare), self.order).map_err(|error| told(&error))?
        };
        match self.mapping.known.as_deref().and_then(|format| format.zone.as_ref()) {
            Some(zone) => Ok(instant(stamp, zone, ZoneBasis::Record, batch)),
            None => Ok(instant(stamp, &self.file.zones, self.file.zone_basis, batch)),
        }
    }

    fn route(&self, platform: Platform) -> Route {
        if let Some(route) = self.mapping.routes.get(platform.as_str()) {
            return *route;
        }
        let constants = self.mapping.known.as_deref().map(|format| format.constants).unwrap_or_default();
        if let Some(route) = constants.route.filter(|_| constants.platform.is_none_or(|of| of == platform)) {
            return route;
        }
        match platform {
            Platform::Sms => Route::Sms,
            Platform::Email => Route::Email,
            Platform::Telegram => Route::Telegram,
            Platform::Messenger | Platform::Viber | Platform::Signal | Platform::Other => Route::Other,
            Platform::Unknown | Platform::Whatsapp => Route::Unknown,
        }
    }
}

/// Note on records whose status word is none of ours.
pub const UNKNOWN_STATUS: &str = "status word not known, read as unknown";
/// Note on records whose send time was empty, so that another time column served.
pub const OTHER_TIME: &str = "send time empty, another time column of the record taken";
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
