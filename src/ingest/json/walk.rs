//! Walks the values of a JSON file of any size, in blocks on all cores, and in constant memory.
//! A unit is one object: a line of JSON Lines, an element of the outermost array, or one of many in a row.
//! What stands in a unit is the caller's business; after damage the walk goes on where units certainly begin again.

use std::borrow::Cow;
use std::io::{self, Read, SeekFrom};
use std::sync::Arc;

use super::tape::Fault;
use crate::ingest::blocks::{Block, Cut, Hasher, run};
use crate::ingest::open::read_up_to;
use crate::ingest::scan::{LONGEST_RECORD, Source};
use crate::message::Place;

/// How the units of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Each on a line of its own: damage costs its line.
    Lines,
    /// In an array or in a row, over as many lines as they like.
    Units,
}

/// Where a unit stands.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Offset of its first byte in the file.
    pub offset: u64,
    /// Its line, counted from the start of the stretch, the first is 1.
    pub line: u32,
}

/// What a walk does with units.
pub struct Walk<'w, A> {
    /// How the units lie.
    pub layout: Layout,
    /// Bytes before the first unit.
    pub skip: usize,
    /// Bytes to read at a time.
    pub block_bytes: usize,
    /// Makes the state for a stretch of the file.
    pub start: &'w (dyn Fn() -> A + Sync),
    /// Closes the state at the end of its stretch, still on the thread that read it.
    pub finish: &'w (dyn Fn(&mut A) + Sync),
    /// Reads the unit that begins with the first of these bytes and gives its length. When it fails it has left the
    /// state as it was.
    pub unit: &'w (dyn Fn(&mut A, At, &[u8]) -> Result<usize, Fault> + Sync),
    /// Takes what is no unit, with the reason, and whether the rest of the file is lost with it. The record number
    /// of the place is not set.
    pub problem: &'w (dyn Fn(&mut A, Place, &[u8], Cow<'static, str>, bool) + Sync),
}

/// A stretch of the file; lines count from its own start.
#[derive(Debug)]
pub struct Stretch<A> {
    /// The state.
    pub state: A,
    /// Lines in it.
    pub lines: u32,
}

/// Reason for a unit past [`LONGEST_RECORD`].
pub const TOO_LONG: &str = "one value of more than 16 MiB";
/// Bytes read one by one after damage before the parallel walk is tried again.
const PATIENCE: u64 = 4 << 20;
/// Bytes read at a time after damage.
const WINDOW: usize = 1 << 20;

/// Finds the layout from the beginning of a file, after its byte-order mark.
#[must_use]
pub fn layout_of(sample: &[u8]) -> Layout {
    let whole = |line: &[u8]| {
        let line = line.trim_ascii().trim_ascii_end();
        let line = line.strip_suffix(b",").unwrap_or(line).trim_ascii_end();
        line.starts_with(b"{") && unit_end(line) == Some(line.len())
    };
    let lines = || sample.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let Some(first) = lines().next() else { return Layout::Units };
    if whole(first) {
        // One line alone may be the first of many values over many lines.
        let all = lines().take(10).collect::<Vec<_>>();
        let last_is_cut = sample.last() != Some(&b'\n');
        let complete = all.len().saturating_sub(usize::from(last_is_cut));
        let damaged = all.iter().take(complete).filter(|line| !whole(line)).count();
        return if damaged * 2 < all.len() { Layout::Lines } else { Layout::Units };
    }
    let starts = first.trim_ascii_start().first() == Some(&b'{');
    // A damaged first line: only where several whole lines follow, which values over many lines do not have.
    let compact = |line: &&[u8]| line.first() == Some(&b'{') && whole(line);
    if starts && lines().skip(1).take(9).filter(compact).count() > 0 && unit_end_before_line(sample) {
        return Layout::Lines;
    }
    Layout::Units
}

/// Whether the first value cannot be one over many lines: it does not parse on as JSON behind its first line.
fn unit_end_before_line(sample: &[u8]) -> bool {
    let start = separators(sample, 0);
    let mut tape = super::tape::Tape::default();
    matches!(tape.read(sample.get(start..).unwrap_or_default(), &[]), Err(Fault::At(..)))
}

/// Passes over what stands between units; gives where the next one begins.
#[must_use]
pub fn separators(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b',' | b'[' | b']' | 0x1E);
    from + rest.iter().position(|byte| !is_between(byte)).unwrap_or(rest.len())
}

/// Where the value that begins with the first byte ends, by its brackets and quotes alone.
#[must_use]
pub fn unit_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_u64;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                loop {
                    at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
                    if bytes.get(at) == Some(&b'"') {
                        break;
                    }
                    at += 2;
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return Some(at),
            _ => at += 1,
        }
    }
}

/// One past the last unit that is whole in these bytes, which begin between units.
fn last_unit_end(bytes: &[u8]) -> Option<usize> {
    let (mut last, mut at) = (None, 0);
    loop {
        at = separators(bytes, at);
        let Some(length) = bytes.get(at..).and_then(unit_end) else { return last };
        at += length;
        last = Some(at);
    }
}

/// Where a file ends that begins as an array and does not end as one.
///
/// # Errors
/// When reading fails.
pub fn open_end(source: &mut dyn Source, sample: &[u8]) -> io::Result<Option<u64>> {
    if sample.trim_ascii_start().first() != Some(&b'[') {
        return Ok(None);
    }
    let end = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(end.saturating_sub(256)))?;
    let mut tail = vec![0; 256];
    let filled = read_up_to(&mut SourceReader(source), &mut tail)?;
    let tail = tail.get(..filled).unwrap_or_default().trim_ascii_end();
    Ok(if tail.last() == Some(&b']') || tail.is_empty() { None } else { Some(end) })
}

/// Reason for a file that begins as an array and does not end as one.
pub const OPEN_END: &str = "not valid JSON: the file breaks off inside an array";

/// A source as a plain reader.
pub struct SourceReader<'s>(pub &'s mut dyn Source);

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Walks a part of a file, or all of it. Stretches come in the order of the file.
///
/// # Errors
/// When reading fails.
pub fn walk<A: Send>(
    source: &mut dyn Source,
    range: std::ops::Range<u64>,
    walk: &Walk<'_, A>,
    hasher: &mut Hasher,
    progress: &(dyn Fn(u64) + Sync),
) -> io::Result<Vec<Stretch<A>>> {
    let last_line = |bytes: &[u8]| memchr::memrchr(b'\n', bytes).map(|end| end + 1);
    let last_end: &(dyn Fn(&[u8]) -> Option<usize> + Sync) =
        if walk.layout == Layout::Lines { &last_line } else { &last_unit_end };
    let cut = Cut { last_end, longest_record: LONGEST_RECORD, block_bytes: walk.block_bytes };
    let mut stretches = Vec::new();
    let mut offset = range.start;
    loop {
        source.seek(SeekFrom::Start(offset))?;
        let work = |block: &Block| of_block(block, range.start, walk);
        let mut reader = SourceReader(source).take(range.end.saturating_sub(offset));
        let (mut blocks, stop) = run(&mut reader, offset, cut, hasher, progress, &work)?;
        stretches.append(&mut blocks);
        let Some(stop) = stop else { return Ok(stretches) };
        source.seek(SeekFrom::Start(stop))?;
        let (mut stretch, next) = one_by_one(source, stop..range.end, stop == range.start, walk, hasher, progress)?;
        (walk.finish)(&mut stretch.state);
        stretches.push(stretch);
        match next {
            Some(next) => offset = next,
            None => return Ok(stretches),
        }
    }
}

fn lines_in(bytes: &[u8], from: usize, to: usize) -> u32 {
    memchr::memchr_iter(b'\n', bytes.get(from..to).unwrap_or_default()).count() as u32
}

fn of_block<A>(block: &Block, first: u64, walk: &Walk<'_, A>) -> Result<Stretch<A>, ()> {
    if block.oversized {
        return Err(());
    }
    let text = block.text();
    let mut stretch = Stretch { state: (walk.start)(), lines: 0 };
    let mut at = if block.offset == first { walk.skip.min(text.len()) } else { 0 };
    match walk.layout {
        Layout::Lines => {
            for end in memchr::memchr_iter(b'\n', text).chain(std::iter::once(text.len())) {
                one_line(&mut stretch, block.offset, text, at..end, walk);
                stretch.lines += u32::from(end < text.len());
                at = end + 1;
            }
        }
        Layout::Units => loop {
            let next = separators(text, at);
            stretch.lines += lines_in(text, at, next);
            at = next;
            let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else { break };
            let place = At { offset: block.offset + at as u64, line: stretch.lines + 1 };
            let length = (walk.unit)(&mut stretch.state, place, rest).map_err(|_| ())?;
            stretch.lines += lines_in(text, at, at + length);
            at += length;
        },
    }
    (walk.finish)(&mut stretch.state);
    Ok(stretch)
}

/// Reads the units of one line; what is none costs the rest of the line.
fn one_line<A>(stretch: &mut Stretch<A>, base: u64, text: &[u8], range: std::ops::Range<usize>, walk: &Walk<'_, A>) {
    let line = text.get(range.clone()).unwrap_or_default();
    let mut at = 0;
    loop {
        at = separators(line, at);
        let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) else { return };
        let place = At { offset: base + (range.start + at) as u64, line: stretch.lines + 1 };
        match (walk.unit)(&mut stretch.state, place, rest) {
            Ok(length) => at += length.max(1),
            Err(fault) => {
                let bytes = rest.trim_ascii_end();
                let place = Place { record: 0, line: place.line, offset: place.offset, length: bytes.len() as u32 };
                (walk.problem)(&mut stretch.state, place, bytes, told(&fault), false);
                return;
            }
        }
    }
}

fn told(fault: &Fault) -> Cow<'static, str> {
    format!("not valid JSON: {fault}").into()
}

/// A part of the file in memory, moved on as it is read.
struct Window {
    bytes: Vec<u8>,
    base: u64,
    end: u64,
    at_end: bool,
}

impl Window {
    /// Drops what stands before `at` and reads more; as much again as is kept, so that long values stay cheap.
    fn fill(&mut self, source: &mut dyn Source, hasher: &mut Hasher, at: usize) -> io::Result<()> {
        self.bytes.drain(..at.min(self.bytes.len()));
        self.base += at as u64;
        let kept = self.bytes.len();
        let left = self.end.saturating_sub(self.base + kept as u64);
        let wanted = (kept.max(WINDOW) as u64).min(left) as usize;
        let mut more = vec![0; wanted];
        let filled = read_up_to(&mut SourceReader(source), &mut more)?;
        more.truncate(filled);
        let from = self.base + kept as u64;
        self.bytes.extend_from_slice(&more);
        hasher.update(from, &Arc::new(more));
        self.at_end = filled < WINDOW;
        Ok(())
    }
}

/// Reads unit by unit, with all that can be wrong; gives where the parallel walk may go on, unless the file ended.
fn one_by_one<A>(
    source: &mut dyn Source,
    range: std::ops::Range<u64>,
    first: bool,
    walk: &Walk<'_, A>,
    hasher: &mut Hasher,
    progress: &(dyn Fn(u64) + Sync),
) -> io::Result<(Stretch<A>, Option<u64>)> {
    let mut window = Window { bytes: Vec::new(), base: range.start, end: range.end, at_end: false };
    let mut stretch = Stretch { state: (walk.start)(), lines: 0 };
    let mut first_key: Option<Vec<u8>> = None;
    window.fill(source, hasher, 0)?;
    let mut at = if first { walk.skip.min(window.bytes.len()) } else { 0 };
    let mut damaged = false;
    loop {
        let next = separators(&window.bytes, at);
        stretch.lines += lines_in(&window.bytes, at, next);
        at = next;
        if at >= window.bytes.len() {
            if window.at_end {
                progress(window.base + window.bytes.len() as u64 - range.start);
                return Ok((stretch, None));
            }
            window.fill(source, hasher, at)?;
            at = 0;
            continue;
        }
        let here = window.base + at as u64;
        if damaged && here - range.start >= PATIENCE {
            progress(here - range.start);
            return Ok((stretch, Some(here)));
        }
        let rest = window.bytes.get(at..).unwrap_or_default();
        let place = At { offset: here, line: stretch.lines + 1 };
        let read = (walk.unit)(&mut stretch.state, place, rest);
        let fault = match read {
            Ok(length) => {
                first_key = first_key_of(rest).or(first_key);
                stretch.lines += lines_in(&window.bytes, at, at + length);
                at += length.max(1);
                continue;
            }
            Err(fault) => fault,
        };
        if !window.at_end && rest.len() <= LONGEST_RECORD {
            // More text tells whether the value only goes on, or where units begin again.
            if fault == Fault::End || rest.len() < WINDOW {
                window.fill(source, hasher, at)?;
                at = 0;
                continue;
            }
        }
        damaged = true;
        let key = first_key_of(rest).or_else(|| first_key.clone());
        let again = match walk.layout {
            Layout::Lines => memchr::memchr(b'\n', rest).map(|end| end + 1),
            Layout::Units => resume(&window.bytes, at, key.as_deref()),
        };
        let reason = if fault == Fault::End && rest.len() > LONGEST_RECORD { TOO_LONG.into() } else { told(&fault) };
        let (length, lost) = match again {
            Some(length) => (length, false),
            None => (rest.len(), true),
        };
        if lost && (!window.at_end || walk.layout == Layout::Lines) {
            // The end of a line too long to be kept, or of a file that shows no unit any more.
            let head = rest.get(..rest.len().min(1 << 10)).unwrap_or_default().to_vec();
            let line = stretch.lines + 1;
            let (mut total, mut found) = (rest.len() as u64, None);
            stretch.lines += lines_in(&window.bytes, at, window.bytes.len());
            while found.is_none() && !window.at_end {
                let skip = window.bytes.len();
                window.fill(source, hasher, skip)?;
                if walk.layout == Layout::Lines {
                    found = memchr::memchr(b'\n', &window.bytes);
                }
                let passed = found.unwrap_or(window.bytes.len());
                total += passed as u64;
                stretch.lines += lines_in(&window.bytes, 0, passed);
            }
            let place = Place { record: 0, line, offset: here, length: u32::try_from(total).unwrap_or(u32::MAX) };
            (walk.problem)(&mut stretch.state, place, &head, reason, walk.layout == Layout::Units);
            at = found.unwrap_or(window.bytes.len());
            continue;
        }
        let bytes = rest.get(..length).unwrap_or_default();
        let place = Place { record: 0, line: place.line, offset: here, length: bytes.trim_ascii_end().len() as u32 };
        (walk.problem)(&mut stretch.state, place, bytes, reason, lost);
        stretch.lines += lines_in(&window.bytes, at, at + length);
        at += length;
    }
}

/// The first key of an object, with its brace and quotes.
fn first_key_of(unit: &[u8]) -> Option<Vec<u8>> {
    let inside = unit.strip_prefix(b"{")?.trim_ascii_start();
    let key = inside.strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', key)?;
    (key.get(end) == Some(&b'"')).then(|| key.get(..end).unwrap_or_default().to_vec())
}

/// Where the next unit begins behind a damaged one: an object with the same first key, as deep in the line as the
/// damaged one, that is whole.
fn resume(bytes: &[u8], damaged: usize, key: Option<&[u8]>) -> Option<usize> {
    let key = key?;
    let indent = indent_of(bytes, damaged);
    let rest = bytes.get(damaged..)?;
    let mut tape = super::tape::Tape::default();
    let candidates = memchr::memchr_iter(b'{', rest).filter(|at| *at > 0);
    for at in candidates {
        let from = rest.get(at..).unwrap_or_default();
        if first_key_of(from).as_deref() != Some(key) || indent_of(bytes, damaged + at) != indent {
            continue;
        }
        let before = rest.get(..at).unwrap_or_default().trim_ascii_end().last();
        let between = matches!(before, Some(b',' | b'}' | b'[' | b']')) || indent.is_some();
        if between && tape.read(from, &[]).is_ok() {
            return Some(at);
        }
    }
    None
}

/// The blanks between a line's start and the place, where nothing else stands there.
fn indent_of(bytes: &[u8], at: usize) -> Option<usize> {
    let head = bytes.get(..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', head).map_or(0, |end| end + 1);
    let between = head.get(start..).unwrap_or_default();
    between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'[' | b',')).then_some(between.len())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::tape::Tape;
    use super::*;

    type Seen = Vec<(u64, u32, String)>;

    fn seen(text: &[u8], layout: Layout, block_bytes: usize) -> Seen {
        struct State {
            units: Vec<(u64, u32, String)>,
            tape: Tape,
        }
        let start = || State { units: Vec::new(), tape: Tape::default() };
        let unit = |state: &mut State, at: At, bytes: &[u8]| {
            let length = state.tape.read(bytes, &[])?;
            state.units.push((at.offset, at.line, String::from_utf8_lossy(&bytes[..length]).into_owned()));
            Ok(length)
        };
        let problem = |state: &mut State, place: Place, _: &[u8], _: Cow<'static, str>, lost: bool| {
            state.units.push((place.offset, place.line, format!("! {} {lost}", place.length)));
        };
        let skip = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let plan = Walk { layout, skip, block_bytes, start: &start, finish: &|_| (), unit: &unit, problem: &problem };
        let mut hasher = Hasher::new(2);
        let stretches =
            walk(&mut Cursor::new(text.to_vec()), 0..text.len() as u64, &plan, &mut hasher, &|_| ()).expect("memory");
        let (_, hashed) = hasher.finish();
        assert_eq!(hashed, text.len() as u64, "every byte is hashed");
        let mut lines = 0;
        let mut all = Vec::new();
        for stretch in stretches {
            all.extend(stretch.state.units.into_iter().map(|(at, line, unit)| (at, line + lines, unit)));
            lines += stretch.lines;
        }
        all
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1".to_owned()),
            Just("null".to_owned()),
            "[a-z{}\\[\\],: ]{0,6}".prop_map(|text| format!("\"{text}\"")),
            Just(r#""\"}]\\""#.to_owned()),
            Just(r#""\u007d ä\n""#.to_owned()),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(|all| format!("[{}]", all.join(", "))),
                proptest::collection::vec(inner, 0..3).prop_map(|all| {
                    let members: Vec<String> =
                        all.iter().enumerate().map(|(at, value)| format!("\"k{at}\":{value}")).collect();
                    format!("{{{}}}", members.join(",\r\n "))
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn small_blocks_give_what_one_block_gives(
            values in proptest::collection::vec(value(), 1..8),
            block in 1_usize..39,
            array in any::<bool>(),
            mark in any::<bool>(),
        ) {
            let units: Vec<String> = values.iter().map(|value| format!("{{\"v\": {value}}}")).collect();
            let mut text = if mark { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
            let joined = if array { format!("[\r\n{}\r\n]\n", units.join(",\r\n")) } else { units.join("\n") };
            text.extend(joined.as_bytes());
            let whole = seen(&text, Layout::Units, 1 << 20);
            prop_assert_eq!(whole.len(), units.len());
            prop_assert!(whole.iter().zip(&units).all(|(seen, unit)| seen.2 == *unit));
            for (offset, line, unit) in &whole {
                let at = *offset as usize;
                prop_assert_eq!(&text[at..at + unit.len()], unit.as_bytes());
                prop_assert_eq!(*line as usize, 1 + text[..at].iter().filter(|byte| **byte == b'\n').count());
            }
            prop_assert_eq!(seen(&text, Layout::Units, block), whole);
        }
    }

    #[test]
    fn layouts_are_told_apart() {
        let of = |text: &str| layout_of(text.as_bytes());
        assert_eq!(of("{\"a\":1}\n{\"a\":2}\n"), Layout::Lines);
        assert_eq!(of("{\"a\":1,\n{\"a\":2}\n{\"a\":3}\n"), Layout::Lines);
        assert_eq!(of("{\n \"a\":[\n{\"b\":1},\n{\"b\":2}\n]}\n"), Layout::Units);
        assert_eq!(of("[\n{\"a\":1},\n{\"a\":2}\n]\n"), Layout::Units);
        assert_eq!(of("[{\"a\":1},{\"a\":2}]"), Layout::Units);
        assert_eq!(of("{\"a\":1}{\"a\":2}"), Layout::Units);
    }

    #[test]
    fn a_damaged_line_costs_itself() {
        let text = b"{\"a\":1}\n{\"a\":\n{\"a\":3}\n\xFF\n{\"a\":4}";
        let all = seen(text, Layout::Lines, 7);
        let told: Vec<&str> = all.iter().map(|(.., unit)| unit.as_str()).collect();
        assert_eq!(told, ["{\"a\":1}", "! 5 false", "{\"a\":3}", "! 1 false", "{\"a\":4}"]);
        assert_eq!(all.iter().map(|(_, line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn damage_in_an_array_costs_one_element() {
        let elements: Vec<String> = (0..50).map(|n| format!("  {{\"id\": {n}, \"x\": {{\"id\": 7}}}}")).collect();
        let mut text = format!("[\n{}\n]", elements.join(",\n"));
        text = text.replace("{\"id\": 20,", "{\"id\": \"20,");
        for block in [11, 100, 1 << 20] {
            let all = seen(text.as_bytes(), Layout::Units, block);
            let bad: Vec<_> = all.iter().filter(|(.., unit)| unit.starts_with('!')).collect();
            assert_eq!((all.len(), bad.len()), (50, 1), "{block}");
            assert_eq!(bad[0].1, 22);
        }
        let cut = &text.as_bytes()[..text.len() - 8];
        let all = seen(cut, Layout::Units, 100);
        assert!(all.last().is_some_and(|(.., unit)| unit.starts_with('!') && unit.ends_with("true")));
    }

    #[test]
    fn a_huge_line_is_one_problem() {
        let mut text = b"{\"a\":1}\n{\"a\":\"".to_vec();
        text.extend(std::iter::repeat_n(b'x', LONGEST_RECORD + 3_000_000));
        text.extend(b"\"}\n{\"a\":2}\n");
        let all = seen(&text, Layout::Lines, 1 << 20);
        assert_eq!(all.len(), 3);
        assert_eq!((all[2].1, all[2].2.as_str()), (3, "{\"a\":2}"));
    }
}
