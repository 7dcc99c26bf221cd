//! Splits delimited text into records and fields, with the place of each, as RFC 4180 and the `csv` crate read it.
//! Beside the fields it tells whether a record obeys RFC 4180 to the letter: only then may quote parity be trusted.
//! It decodes nothing and knows no columns.

use memchr::{memchr, memchr_iter, memchr3};

/// The quote of RFC 4180.
pub const QUOTE: u8 = b'"';

/// One field, as a range of the record's buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// First byte, after an opening quote.
    pub start: usize,
    /// One past the last byte, before a closing quote.
    pub end: usize,
    /// Whether doubled quotes stand inside, or text follows the closing quote.
    pub escaped: bool,
}

/// Whether a record has the expected columns; empty ones behind them do no harm.
///
/// # Errors
/// When it has fewer, or more that are filled, in words for people.
pub fn fit(fields: &[Field], expected: usize) -> Result<(), String> {
    let extra = fields.get(expected..).unwrap_or_default();
    if fields.len() < expected || extra.iter().any(|field| field.start != field.end) {
        return Err(format!("{} columns where {expected} are expected", fields.len()));
    }
    Ok(())
}

/// How a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Quotes stand only where RFC 4180 allows them.
    Regular,
    /// Readable, but a quote stands where it should not; quote parity says nothing here.
    Irregular,
    /// A quoted field is still open at the end of the buffer.
    Open,
}

/// One record found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// First byte of the record.
    pub start: usize,
    /// One past its last byte, without the line end.
    pub end: usize,
    /// Where the next record may begin.
    pub next: usize,
    /// How it ended.
    pub shape: Shape,
    /// Line ends inside quoted fields.
    pub inner_lines: u32,
    /// Empty lines passed over before it.
    pub blank_lines: u32,
    /// Whether a line end closed it; without one more bytes could follow.
    pub terminated: bool,
}

/// Passes over empty lines: where the next record begins, and how many lines were empty.
#[must_use]
pub fn blank_lines(buffer: &[u8], from: usize) -> (usize, u32) {
    let (mut at, mut lines) = (from, 0);
    while let Some(byte @ (b'\n' | b'\r')) = buffer.get(at).copied() {
        let pair = byte == b'\r' && buffer.get(at + 1) == Some(&b'\n');
        at += if pair { 2 } else { 1 };
        lines += 1;
    }
    (at, lines)
}

/// Finds the record at or after `from`, writing its fields. `None` when only line ends remain.
pub fn split(buffer: &[u8], from: usize, delimiter: u8, fields: &mut Vec<Field>) -> Option<Split> {
    fields.clear();
    let (start, blank_lines) = blank_lines(buffer, from);
    if start >= buffer.len() {
        return None;
    }
    let mut position = start;
    let mut irregular = false;
    let mut quotes = 0;
    loop {
        let (field, after) = if buffer.get(position) == Some(&QUOTE) {
            match quoted_field(buffer, position, delimiter) {
                Quoted::Closed { field, after, quotes: seen, regular } => {
                    irregular |= !regular;
                    quotes += seen;
                    (field, after)
                }
                Quoted::Open => {
                    let end = buffer.len();
                    let rest = buffer.get(start..end).unwrap_or_default();
                    let inner_lines = memchr_iter(b'\n', rest).count() as u32;
                    return Some(Split {
                        start,
                        end,
                        next: end,
                        shape: Shape::Open,
                        inner_lines,
                        blank_lines,
                        terminated: false,
                    });
                }
            }
        } else {
            let rest = buffer.get(position..).unwrap_or_default();
            let end = memchr3(delimiter, b'\n', b'\r', rest).map_or(buffer.len(), |found| position + found);
            if is_guarded(buffer.get(position..end).unwrap_or_default()) {
                quotes += 2;
            }
            (Field { start: position, end, escaped: false }, end)
        };
        fields.push(field);
        match buffer.get(after).copied() {
            Some(byte) if byte == delimiter => position = after + 1,
            last => {
                let pair = last == Some(b'\r') && buffer.get(after + 1) == Some(&b'\n');
                let next = after + usize::from(last.is_some()) + usize::from(pair);
                let raw = buffer.get(start..after).unwrap_or_default();
                let mut inner_lines = 0;
                if quotes > 0 {
                    inner_lines = memchr_iter(b'\n', raw).count() as u32;
                }
                irregular |= memchr_iter(QUOTE, raw).count() != quotes;
                let shape = if irregular { Shape::Irregular } else { Shape::Regular };
                return Some(Split {
                    start,
                    end: after,
                    next,
                    shape,
                    inner_lines,
                    blank_lines,
                    terminated: last.is_some(),
                });
            }
        }
    }
}

/// Whether an unquoted field is `="…"`, as spreadsheets are told to keep digits: its quotes are in order.
fn is_guarded(field: &[u8]) -> bool {
    matches!(field, [b'=', QUOTE, inside @ .., QUOTE] if memchr(QUOTE, inside).is_none())
}

enum Quoted {
    Closed { field: Field, after: usize, quotes: usize, regular: bool },
    Open,
}

/// Reads the field whose opening quote stands at `open`.
fn quoted_field(buffer: &[u8], open: usize, delimiter: u8) -> Quoted {
    let start = open + 1;
    let mut position = start;
    let mut quotes = 1;
    let mut escaped = false;
    loop {
        let Some(found) = buffer.get(position..).and_then(|rest| memchr(QUOTE, rest)) else { return Quoted::Open };
        let quote = position + found;
        quotes += 1;
        match buffer.get(quote + 1).copied() {
            Some(QUOTE) => {
                quotes += 1;
                escaped = true;
                position = quote + 2;
            }
            None | Some(b'\n' | b'\r') => {
                return Quoted::Closed {
                    field: Field { start, end: quote, escaped },
                    after: quote + 1,
                    quotes,
                    regular: true,
                };
            }
            Some(byte) if byte == delimiter => {
                return Quoted::Closed {
                    field: Field { start, end: quote, escaped },
                    after: quote + 1,
                    quotes,
                    regular: true,
                };
            }
            Some(_) => {
                // Text after the closing quote: the rest is taken as it stands, up to the next delimiter.
                let rest = buffer.get(quote + 1..).unwrap_or_default();
                let after = memchr3(delimiter, b'\n', b'\r', rest).map_or(buffer.len(), |end| quote + 1 + end);
                return Quoted::Closed {
                    field: Field { start, end: after, escaped: true },
                    after,
                    quotes,
                    regular: false,
                };
            }
        }
    }
}

/// The bytes of a field; `spare` is used where quotes must be taken out.
pub fn bytes<'a>(buffer: &'a [u8], field: Field, spare: &'a mut Vec<u8>) -> &'a [u8] {
    let raw = buffer.get(field.start..field.end).unwrap_or_default();
    if !field.escaped {
        return raw;
    }
    spare.clear();
    let mut inside = true;
    let mut rest = raw.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte == QUOTE && inside {
            if rest.peek() == Some(&QUOTE) {
                rest.next();
            } else {
                inside = false;
                continue;
            }
        }
        spare.push(byte);
    }
    spare
}

/// Where the last record of `buffer` ends for certain, given whether its first byte lies inside quotes: one past
/// the last line end that quote parity puts outside. Holds for text that obeys RFC 4180; see [`Shape`].
#[must_use]
pub fn last_record_end(buffer: &[u8], line_end: u8) -> Option<usize> {
    let mut outside = memchr_iter(QUOTE, buffer).count().is_multiple_of(2);
    let mut end = buffer.len();
    loop {
        let head = buffer.get(..end)?;
        let found = memchr::memrchr2(QUOTE, line_end, head)?;
        if head.get(found) == Some(&QUOTE) {
            outside = !outside;
        } else if outside {
            return Some(found + 1);
        }
        end = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours(buffer: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let (mut fields, mut spare, mut records, mut at) = (Vec::new(), Vec::new(), Vec::new(), 0);
        while let Some(found) = split(buffer, at, b',', &mut fields) {
            if found.shape == Shape::Open {
                break;
            }
            records.push(fields.iter().map(|field| bytes(buffer, *field, &mut spare).to_vec()).collect());
            at = found.next;
        }
        records
    }

    fn theirs(buffer: &[u8]) -> (Vec<Vec<Vec<u8>>>, Vec<u64>) {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(buffer);
        let mut positions = Vec::new();
        let records = reader
            .byte_records()
            .map(|record| {
                let record = record.expect("reading memory");
                positions.push(record.position().expect("a record has a position").byte());
                record.iter().map(<[u8]>::to_vec).collect()
            })
            .collect();
        (records, positions)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn fields_are_those_of_the_csv_crate(bytes in "[ab,\"\n\r]{0,40}") {
            let bytes = bytes.into_bytes();
            let mut fields = Vec::new();
            let mut at = 0;
            let mut open = false;
            while let Some(found) = split(&bytes, at, b',', &mut fields) {
                open |= found.shape == Shape::Open;
                at = found.next;
            }
            let ours = ours(&bytes);
            let (theirs, _) = theirs(&bytes);
            // An open quote swallows the rest in the csv crate; we leave it to the caller to recover.
            let compared = if open { theirs.len().saturating_sub(1) } else { theirs.len() };
            prop_assert_eq!(&ours[..], &theirs[..compared]);
        }

        #[test]
        fn parity_finds_true_record_ends_of_regular_text(rows in proptest::collection::vec(
            proptest::collection::vec("[ab,\"\n]{0,6}", 3), 1..12), cut in 0_usize..400) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).expect("writing memory");
            }
            let text = writer.into_inner().expect("writing memory");
            let head = &text[..cut.min(text.len())];
            if let Some(end) = last_record_end(head, b'\n') {
                let (_, mut starts) = theirs(&text);
                starts.push(text.len() as u64);
                prop_assert!(starts.contains(&(end as u64)), "{end} is no record start of {starts:?}");
            }
        }
    }

    #[test]
    fn places_and_lines_are_told() {
        let text = b"\n\na,\"x\ny\"\r\nb,c";
        let mut fields = Vec::new();
        let first = split(text, 0, b',', &mut fields).expect("a record");
        assert_eq!((first.start, first.blank_lines, first.inner_lines), (2, 2, 1));
        assert_eq!(first.shape, Shape::Regular);
        let second = split(text, first.next, b',', &mut fields).expect("a record");
        assert_eq!((&text[second.start..second.end], second.terminated), (&b"b,c"[..], false));
        assert_eq!(split(text, second.next, b',', &mut fields), None);
    }

    #[test]
    fn a_quote_out_of_place_is_irregular() {
        let mut fields = Vec::new();
        let bare = split(b"5\" pipe,x\n", 0, b',', &mut fields).expect("a record");
        assert_eq!(bare.shape, Shape::Irregular);
        let after = split(b"\"a\"b,x\n", 0, b',', &mut fields).expect("a record");
        assert_eq!(after.shape, Shape::Irregular);
        let open = split(b"\"a,x\nb\n", 0, b',', &mut fields).expect("a record");
        assert_eq!(open.shape, Shape::Open);
    }
}
