//! Walks all records of a delimited file, in parallel where quote parity can be trusted, one by one where not.
//! Every record is given with its place; what is no record is given as a problem with its place.
//! Columns mean nothing here beyond their expected number.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::blocks::{Block, Cut, Hasher, run};
use super::open::read_up_to;
use super::records::{Field, Shape, Split, blank_lines, last_record_end, split};
use crate::message::Place;

/// A source that can be read again from any place.
pub trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

/// Longest record that is read; a longer one is one reject.
pub const LONGEST_RECORD: usize = 16 << 20;

/// How the file is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Column separator.
    pub delimiter: u8,
    /// The byte that ends lines: a line feed, or a carriage return in files that have no line feed.
    pub line_end: u8,
    /// Number of columns.
    pub columns: usize,
    /// Whether the first record is a header.
    pub header: bool,
    /// Bytes before the first record.
    pub skip: usize,
    /// Bytes to read at a time.
    pub block_bytes: usize,
}

/// What a walk does with records.
pub struct Walk<'w, A> {
    /// Makes the state for a stretch of the file.
    pub start: &'w (dyn Fn() -> A + Sync),
    /// Closes the state at the end of its stretch, still on the thread that read it.
    pub finish: &'w (dyn Fn(&mut A) + Sync),
    /// Takes a record.
    pub record: &'w (dyn Fn(&mut A, Place, &[u8], &[Field]) + Sync),
    /// Takes what could not be read as a record, with the reason.
    pub problem: &'w (dyn Fn(&mut A, Place, &[u8], &'static str) + Sync),
}

/// A stretch of the file, its places counted from the stretch's own start, save for offsets.
#[derive(Debug)]
pub struct Stretch<A> {
    /// The state.
    pub state: A,
    /// Records and problems in it.
    pub records: u32,
    /// Lines in it.
    pub lines: u32,
}

/// Reason for a record past [`LONGEST_RECORD`].
pub const TOO_LONG: &str = "longer than 16 MiB without a line end";
/// Reason for a quote that is never closed.
pub const OPEN_QUOTE: &str = "a quote is opened and not closed where the columns would fit";

/// Walks the whole file. Stretches come in the order of the file; their places are shifted by the caller.
///
/// # Errors
/// When reading fails.
pub fn scan<A: Send>(
    source: &mut dyn Source,
    layout: Layout,
    walk: &Walk<'_, A>,
    hasher: &mut Hasher,
    progress: &(dyn Fn(u64) + Sync),
) -> io::Result<Vec<Stretch<A>>> {
    let last_end = |bytes: &[u8]| last_record_end(bytes, layout.line_end);
    let cut = Cut { last_end: &last_end, longest_record: LONGEST_RECORD, block_bytes: layout.block_bytes };
    let mut stretches = Vec::new();
    let mut offset = 0;
    loop {
        source.seek(SeekFrom::Start(offset))?;
        let work = |block: &Block| regular_block(block, layout, walk);
        let mut reader = SourceReader(source);
        let (mut blocks, stop) = run(&mut reader, offset, cut, hasher, progress, &work)?;
        stretches.append(&mut blocks);
        let Some(stop) = stop else { return Ok(stretches) };
        source.seek(SeekFrom::Start(stop))?;
        let (mut stretch, next) = one_by_one(source, stop, layout, walk, hasher, progress)?;
        (walk.finish)(&mut stretch.state);
        stretches.push(stretch);
        match next {
            Some(next) => offset = next,
            None => return Ok(stretches),
        }
    }
}

struct SourceReader<'s>(&'s mut dyn Source);

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Whether a multi-line record may be believed: its quotes are regular and its columns fit. Otherwise a stray
/// quote may have swallowed its neighbours.
fn is_sound(found: &Split, fields: usize, layout: Layout) -> bool {
    match found.shape {
        Shape::Regular => found.inner_lines == 0 || fields == layout.columns,
        Shape::Irregular => found.inner_lines == 0,
        Shape::Open => false,
    }
}

fn line_breaks(found: &Split) -> u32 {
    found.inner_lines + u32::from(found.terminated)
}

fn regular_block<A>(block: &Block, layout: Layout, walk: &Walk<'_, A>) -> Result<Stretch<A>, ()> {
    if block.oversized {
        return Err(());
    }
    let text = block.text();
    let mut stretch = Stretch { state: (walk.start)(), records: 0, lines: 0 };
    let mut fields = Vec::with_capacity(layout.columns);
    let mut at = if block.offset == 0 { layout.skip } else { 0 };
    let mut header = layout.header && block.offset == 0;
    while let Some(found) = split(text, at, layout.delimiter, &mut fields) {
        if found.shape != Shape::Regular
            || !is_sound(&found, fields.len(), layout)
            || found.end - found.start > LONGEST_RECORD
        {
            return Err(());
        }
        stretch.lines += found.blank_lines;
        if header {
            header = false;
        } else {
            stretch.records += 1;
            let place = place(&stretch, block.offset, &found);
            (walk.record)(&mut stretch.state, place, text, &fields);
        }
        stretch.lines += line_breaks(&found);
        at = found.next;
    }
    stretch.lines += blank_lines(text, at).1;
    (walk.finish)(&mut stretch.state);
    Ok(stretch)
}

fn place<A>(stretch: &Stretch<A>, base: u64, found: &Split) -> Place {
    Place {
        record: stretch.records,
        line: stretch.lines + 1,
        offset: base + found.start as u64,
        length: (found.end - found.start) as u32,
    }
}

/// Bytes read one by one before the parallel walk is tried again.
const PATIENCE: u64 = 4 << 20;

/// Reads from `from` record by record; gives where the parallel walk may go on, unless the file ended.
fn one_by_one<A>(
    source: &mut dyn Source,
    from: u64,
    layout: Layout,
    walk: &Walk<'_, A>,
    hasher: &mut Hasher,
    progress: &(dyn Fn(u64) + Sync),
) -> io::Result<(Stretch<A>, Option<u64>)> {
    let mut window =
        Window { bytes: Arc::new(Vec::new()), base: from, at_end: false, chunk: layout.block_bytes.min(1 << 20) };
    let mut stretch = Stretch { state: (walk.start)(), records: 0, lines: 0 };
    let mut fields = Vec::new();
    let mut at = 0;
    let mut header = layout.header && from == 0;
    if from == 0 {
        window.fill(source, hasher, 0)?;
        at = layout.skip;
    }
    loop {
        let bytes = Arc::clone(&window.bytes);
        let found = split(&bytes, at, layout.delimiter, &mut fields);
        let long = found.is_some_and(|found| bytes.len() - found.start > LONGEST_RECORD);
        // A record that touches the end of the window may go on behind it; so may a carriage return.
        let may_go_on = found.is_none_or(|found| !found.terminated || found.next == bytes.len());
        if may_go_on && !window.at_end && !long {
            drop(bytes);
            window.fill(source, hasher, at)?;
            at = 0;
            continue;
        }
        let Some(found) = found else {
            progress(window.base + window.bytes.len() as u64 - from);
            return Ok((stretch, None));
        };
        stretch.lines += found.blank_lines;
        let raw = bytes.get(found.start..found.end).unwrap_or_default();
        if is_sound(&found, fields.len(), layout) && found.end - found.start <= LONGEST_RECORD {
            if header {
                header = false;
            } else {
                stretch.records += 1;
                let place = place(&stretch, window.base, &found);
                (walk.record)(&mut stretch.state, place, &bytes, &fields);
            }
            stretch.lines += line_breaks(&found);
            at = found.next;
        } else {
            // Give up this line only: what follows it may be whole.
            stretch.records += 1;
            let ending = memchr::memchr2(b'\n', layout.line_end, raw);
            let reason = if ending.is_none() && raw.len() > LONGEST_RECORD { TOO_LONG } else { OPEN_QUOTE };
            let length = ending.unwrap_or(raw.len());
            let mut place = place(&stretch, window.base, &found);
            place.length = length as u32;
            (walk.problem)(&mut stretch.state, place, raw.get(..length).unwrap_or_default(), reason);
            header = false;
            drop(bytes);
            at = found.start + length;
            if ending.is_none() {
                at = window.skip_line(source, hasher, at, layout.line_end)?;
            } else {
                at += 1;
            }
            stretch.lines += 1;
        }
        let next = window.base + at as u64;
        if next - from > PATIENCE {
            progress(next - from);
            return Ok((stretch, Some(next)));
        }
    }
}

/// The part of the file that is being read one by one.
struct Window {
    bytes: Arc<Vec<u8>>,
    base: u64,
    at_end: bool,
    chunk: usize,
}

impl Window {
    /// Drops what stands before `keep_from` and reads on.
    fn fill(&mut self, source: &mut dyn Source, hasher: &mut Hasher, keep_from: usize) -> io::Result<()> {
        let mut bytes = self.bytes.get(keep_from..).unwrap_or_default().to_vec();
        self.base += keep_from as u64;
        let kept = bytes.len();
        // Growing with what is kept makes a long record cost its length, not its square.
        let wanted = self.chunk.max(kept);
        bytes.resize(kept + wanted, 0);
        let filled = read_up_to(&mut SourceReader(source), bytes.get_mut(kept..).unwrap_or_default())?;
        bytes.truncate(kept + filled);
        self.at_end = filled < wanted;
        self.bytes = Arc::new(bytes);
        hasher.update(self.base, &self.bytes);
        Ok(())
    }

    /// Passes over everything up to and with the next line end; gives the place after it in the window.
    fn skip_line(
        &mut self,
        source: &mut dyn Source,
        hasher: &mut Hasher,
        from: usize,
        line_end: u8,
    ) -> io::Result<usize> {
        let mut at = from;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            if let Some(found) = memchr::memchr2(b'\n', line_end, rest) {
                return Ok(at + found + 1);
            }
            at = self.bytes.len();
            if self.at_end {
                return Ok(at);
            }
            self.fill(source, hasher, at)?;
            at = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::records;
    use proptest::prelude::*;
    use std::io::Cursor;

    type Seen = Vec<(u32, u32, u64, u32, Result<Vec<Vec<u8>>, &'static str>)>;

    fn walk(text: &[u8], block_bytes: usize, columns: usize) -> Seen {
        let layout = Layout { delimiter: b',', line_end: b'\n', columns, header: false, skip: 0, block_bytes };
        let record = |seen: &mut Seen, place: Place, buffer: &[u8], fields: &[Field]| {
            let mut spare = Vec::new();
            let values = fields.iter().map(|field| records::bytes(buffer, *field, &mut spare).to_vec()).collect();
            seen.push((place.record, place.line, place.offset, place.length, Ok(values)));
        };
        let problem = |seen: &mut Seen, place: Place, _: &[u8], reason: &'static str| {
            seen.push((place.record, place.line, place.offset, place.length, Err(reason)));
        };
        let walk = Walk { start: &Seen::new, finish: &|_| (), record: &record, problem: &problem };
        let mut hasher = Hasher::new(1);
        let mut source = Cursor::new(text.to_vec());
        let stretches = scan(&mut source, layout, &walk, &mut hasher, &|_| ()).expect("reading memory");
        assert_eq!(hasher.finish().1, text.len() as u64, "every byte is hashed once");
        let (mut all, mut records, mut lines) = (Vec::new(), 0, 0);
        for stretch in stretches {
            all.extend(stretch.state.into_iter().map(|(record, line, offset, length, values)| {
                (record + records, line + lines, offset, length, values)
            }));
            records += stretch.records;
            lines += stretch.lines;
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn blocks_of_any_size_give_what_one_block_gives(
            text in "([ab]{0,3}(,|\"|\n|\r\n|,\"x\"|\"\")){0,30}", block_bytes in 1_usize..40
        ) {
            let text = text.into_bytes();
            prop_assert_eq!(walk(&text, block_bytes, 2), walk(&text, 4096, 2));
        }
    }

    #[test]
    fn a_lone_quote_costs_its_own_line_only() {
        let seen = walk(b"a,b\nc,\"d\ne,f\ng,h\n", 1 << 20, 2);
        let summary: Vec<_> = seen.iter().map(|(record, line, .., values)| (*record, *line, values.is_ok())).collect();
        assert_eq!(summary, [(1, 1, true), (2, 2, false), (3, 3, true), (4, 4, true)]);
    }

    #[test]
    fn a_huge_line_is_one_problem_and_its_neighbours_survive() {
        let mut text = b"a,b\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', LONGEST_RECORD + 5_000_000));
        text.extend(b"\nc,d\n");
        let seen = walk(&text, 1 << 20, 2);
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[1].4, Err(TOO_LONG));
        assert_eq!((seen[2].0, seen[2].1, seen[2].4.is_ok()), (3, 3, true));
    }
}
