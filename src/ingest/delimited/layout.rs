//! How a delimited file is laid out: its delimiter, its line ends, its number of columns, and the rows of a sample.
//! Found from the sample alone, by what most of its rows agree on.
//! What the rows mean is for the mapping.

use crate::ingest::blocks::BLOCK_BYTES;
use crate::ingest::encoding::decode;
use crate::ingest::open::{Opened, SAMPLE_BYTES};
use crate::ingest::records::{self, Field, Shape, split};
use crate::ingest::scan::Layout;

/// Records of the sample that are looked at.
const SAMPLE_RECORDS: usize = 1000;
/// Separators that are tried, most usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The first rows of a file, and where each begins in the sample.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) cells: Vec<Vec<String>>,
    pub(super) starts: Vec<usize>,
    pub(super) ends: Vec<usize>,
}

/// Delimiter and number of columns on which most records of the sample agree.
pub(super) fn layout_of(opened: &Opened) -> Option<(Layout, Rows)> {
    let sample = &opened.sample;
    let line_end =
        if memchr::memchr(b'\n', sample).is_none() && memchr::memchr(b'\r', sample).is_some() { b'\r' } else { b'\n' };
    let stated = stated_delimiter(sample.get(opened.bom..).unwrap_or_default());
    let mut best: Option<((bool, usize, usize), u8, usize, Rows)> = None;
    for delimiter in DELIMITERS.into_iter().filter(|delimiter| stated.is_none_or(|stated| stated == *delimiter)) {
        let rows = sample_rows(opened, delimiter);
        let Some((columns, agreeing)) = most_usual(&rows.cells) else { continue };
        let agree = agreeing * 10 >= rows.cells.len() * 6;
        let score = (agree && columns > 1, agreeing * columns.min(64), columns);
        if columns > 1 && best.as_ref().is_none_or(|(known, ..)| score > *known) {
            best = Some((score, delimiter, columns, rows));
        }
    }
    let (_, delimiter, columns, rows) = best?;
    Some((Layout { delimiter, line_end, columns, header: false, skip: opened.bom, block_bytes: BLOCK_BYTES }, rows))
}

/// The delimiter that a first line `sep=;` tells spreadsheets.
fn stated_delimiter(text: &[u8]) -> Option<u8> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let (head, rest) = text.split_at_checked(4)?;
    let delimiter = rest.first().copied().filter(|_| head.eq_ignore_ascii_case(b"sep="))?;
    DELIMITERS.contains(&delimiter).then_some(delimiter)
}

fn sample_rows(opened: &Opened, delimiter: u8) -> Rows {
    let (mut rows, mut fields, mut spare) = (Rows::default(), Vec::new(), Vec::new());
    let mut at = opened.bom;
    while rows.cells.len() < SAMPLE_RECORDS
        && let Some(found) = split(&opened.sample, at, delimiter, &mut fields)
    {
        let cut_off = !found.terminated && opened.sample.len() >= SAMPLE_BYTES;
        if cut_off && !rows.cells.is_empty() {
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
        rows.cells.push(fields.iter().map(|field| decode(field, &mut spare)).collect());
        rows.starts.push(found.start);
        rows.ends.push(found.end);
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

/// Lines that end in a text, whatever ends them.
pub(super) fn line_ends(text: &[u8]) -> u32 {
    let lone =
        text.iter().zip(text.iter().skip(1).chain([&0])).filter(|(byte, next)| **byte == b'\r' && **next != b'\n');
    (memchr::memchr_iter(b'\n', text).count() + lone.count()) as u32
}
