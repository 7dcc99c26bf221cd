//! Reads delimited exports: finds the layout from a sample, the mapping from `mapping`, and turns rows into messages.
//! Times whose day and month could be swapped are settled over the whole file before any is believed.
//! Walking records and joining batches happen elsewhere.

mod layout;
mod rows;

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::batch::Batch;
use super::blocks::Hasher;
use super::context::FileContext;
use super::encoding::decode;
use super::mapping::{Delimited, MapError, Mapping, Role, map};
use super::open::Opened;
use super::records::{self, Field};
use super::scan::{Layout, Source, Walk, scan};
use super::table::Table;
use super::time::{DateOrder, OrderEvidence, OrderFinding, Zones};
use super::{ColumnSeen, DateOrderDecision, FileRead};
use crate::message::{Place, ZoneBasis};

use layout::{layout_of, line_ends};
use rows::{ColumnsOf, RowReader, RowState};
pub use rows::{UNKNOWN_STATUS, instant, platform_of};

/// A recognised delimited file.
#[derive(Debug)]
pub struct Recognised {
    layout: Layout,
    /// Which column holds what.
    pub mapping: Mapping,
    /// Every column with examples, masked.
    pub columns: Vec<ColumnSeen>,
    /// Records and lines before the header, or before the first record where there is none.
    above: (u32, u32),
    /// The header as it stands in the file.
    header: Vec<u8>,
}

/// Finds layout and mapping from the sample.
///
/// # Errors
/// When it has no columns of times and recipients.
pub fn recognise(known: &Delimited, opened: &Opened) -> Result<Option<Recognised>, MapError> {
    let Some((layout, rows)) = layout_of(opened) else { return Ok(None) };
    let mapping = map(known, &rows.cells)?;
    let begin = mapping.header_row.unwrap_or(mapping.first);
    let skip = rows.starts.get(begin).copied().filter(|_| begin > 0).unwrap_or(opened.bom);
    let lines = line_ends(opened.sample.get(opened.bom..skip).unwrap_or_default());
    let end = rows.ends.get(begin).copied().unwrap_or(skip);
    let header = match mapping.header_row {
        Some(_) => opened.sample.get(rows.starts.get(begin).copied().unwrap_or(skip)..end).unwrap_or_default().to_vec(),
        None => Vec::new(),
    };
    let layout = Layout { header: mapping.header, skip, ..layout };
    let columns = seen(&mapping, rows.cells.get(mapping.first..).unwrap_or_default());
    Ok(Some(Recognised { layout, mapping, columns, above: (begin as u32, lines), header }))
}

/// The layout and mapping of a table whose rows are known, for text with this delimiter that begins at `skip`. The header,
/// where there is one, must be the first of them.
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
    if mapping.header_row.is_some_and(|row| row > 0) {
        return Err(MapError::NoTime("a title above the header".to_owned()));
    }
    let header = mapping.header;
    let layout = Layout { delimiter, line_end: b'\n', columns, header, skip, block_bytes: super::blocks::BLOCK_BYTES };
    let columns = seen(&mapping, rows.get(usize::from(header)..).unwrap_or_default());
    Ok(Recognised { layout, mapping, columns, above: (0, 0), header: Vec::new() })
}

/// Different values of a column that are shown, and their length in characters.
const EXAMPLES: usize = 3;
const EXAMPLE_CHARACTERS: usize = 40;

/// What people are shown of each column.
fn seen(mapping: &Mapping, rows: &[Vec<String>]) -> Vec<ColumnSeen> {
    let column = |(at, name): (usize, &String)| {
        let role = mapping.role_of(at);
        let mut examples: Vec<String> = Vec::new();
        let values = || rows.iter().filter_map(|row| row.get(at)).map(|value| value.trim());
        for value in values().filter(|value| !value.is_empty()) {
            let short: String = value.chars().take(EXAMPLE_CHARACTERS).collect();
            let shown = if role.is_some_and(Role::is_vocabulary) { short } else { super::masked(&short) };
            if !examples.contains(&shown) {
                examples.push(shown);
            }
            if examples.len() == EXAMPLES {
                break;
            }
        }
        let other_time = role.is_none() && mapping.times.contains(&at);
        ColumnSeen {
            column: name.clone(),
            role: role.map(Role::as_str).or(other_time.then_some("sent_at")),
            found: role.and_then(|role| mapping.found(role)).map(|found| found.as_str()),
            examples,
            filled: values().filter(|value| !value.is_empty()).count() as u64,
            looked_at: rows.len() as u64,
        }
    };
    mapping.names.iter().enumerate().map(column).collect()
}

/// The bytes of a field in UTF-8: names of months have accents, and blanks before AM are not always plain ones.
fn in_unicode<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, [u8]> {
    match bytes.is_ascii() {
        true => Cow::Borrowed(bytes),
        false => match decode(bytes, encoding) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
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
    let Recognised { layout, mapping, above, header, .. } = recognised;
    if let Some(register) = mapping.known.as_deref().filter(|known| !known.consents.is_empty()) {
        let mut read =
            super::register::read(file, register, &mapping.names, opened.encoding, *layout, source, progress)?;
        read.batches.iter_mut().for_each(|batch| batch.shift(above.0, above.1, 0));
        read.batches.splice(0..0, titles(file, above.0));
        return Ok(read);
    }
    let known = mapping.known.as_deref();
    let table = Table::new(mapping);
    let columns = ColumnsOf::new(mapping);
    let told = file.context.date_order.map(|order| (order, DateOrderDecision::TOLD));
    let guaranteed = known.and_then(|format| format.date_order).map(|order| (order, DateOrderDecision::BY_FORMAT));
    let stated = guaranteed.or(mapping.order.map(|order| (order, DateOrderDecision::BY_HEADER)));
    let (order, decision) = settle_date_order(source, *layout, &columns, opened.encoding, told.or(stated))?;
    // What the provider guarantees or the header says of the zone holds for every record, as if it stood in each.
    let named = mapping.zone.as_deref().and_then(|zone| Zones::named(zone).ok());
    let own = known.and_then(|format| format.zone.as_ref()).or(named.as_ref());
    let (zones, basis) = own.map_or((&file.zones, file.zone_basis), |zones| (zones, ZoneBasis::Record));
    let expected = layout.columns;
    let reader =
        RowReader { file, mapping, table, columns, order, zones, basis, encoding: opened.encoding, expected, header };
    let start = || RowState::new(file);
    let record = |state: &mut RowState<'c>, place: Place, buffer: &[u8], fields: &[Field]| {
        reader.record(state, place, buffer, fields);
    };
    let problem = |state: &mut RowState<'c>, place: Place, raw: &[u8], reason: &'static str| {
        state.batch.reject(place, reason, raw);
    };
    let walk = Walk { start: &start, finish: &|state| state.batch.close(), record: &record, problem: &problem };
    let mut hasher = Hasher::new(file.context.threads);
    let stretches = scan(source, *layout, &walk, &mut hasher, progress)?;
    let (mut records, mut lines) = *above;
    let mut batches: Vec<Batch<'c>> = titles(file, records).into_iter().collect();
    for stretch in stretches {
        let mut batch = stretch.state.batch;
        batch.shift(records, lines, 0);
        records += stretch.records;
        lines += stretch.lines;
        batches.push(batch);
    }
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order: decision })
}

/// Title lines above the records; none are a batch of their own.
fn titles<'c>(file: &FileContext<'c>, count: u32) -> Option<Batch<'c>> {
    let mut titles = Batch::new(file);
    (0..count).for_each(|_| titles.ignore("title line above the records"));
    titles.close();
    (count > 0).then_some(titles)
}

/// Reads the times alone, where swapping day and month would give other times, and decides over the whole file.
fn settle_date_order(
    source: &mut dyn Source,
    layout: Layout,
    columns: &ColumnsOf,
    encoding: &'static Encoding,
    known: Option<(DateOrder, &'static str)>,
) -> std::io::Result<(DateOrder, Option<DateOrderDecision>)> {
    let Some(column) = columns.date.or_else(|| columns.times.first().copied()) else {
        return Ok((DateOrder::DayMonth, None));
    };
    let start = OrderEvidence::default;
    let record = |evidence: &mut OrderEvidence, _: Place, buffer: &[u8], fields: &[Field]| {
        if let Some(field) = fields.get(column) {
            let mut spare = Vec::new();
            evidence.see(&in_unicode(records::bytes(buffer, *field, &mut spare), encoding));
        }
    };
    let problem = |_: &mut OrderEvidence, _: Place, _: &[u8], _: &'static str| ();
    let walk = Walk { start: &start, finish: &|_| (), record: &record, problem: &problem };
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
    let sampled = joined(stretches);
    if sampled.decide() == OrderFinding::Settled {
        return Ok((known.map_or(DateOrder::DayMonth, |(order, _)| order), None));
    }
    if let Some((order, basis)) = known {
        let decision = DateOrderDecision { order: order_text(order), basis, counts: sampled.counts() };
        return Ok((order, Some(decision)));
    }
    let stretches = scan(source, layout, &walk, &mut Hasher::new(1), &|_| ())?;
    let evidence = joined(stretches);
    let finding = evidence.decide();
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
    Ok((order, Some(DateOrderDecision { order: order_text(order), basis, counts: evidence.counts() })))
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
