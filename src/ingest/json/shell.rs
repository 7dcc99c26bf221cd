//! An object too large for memory around a huge list: a first pass keeps all of it but the list, so that the elements
//! can know what stands around them, before them or behind them.
//! It follows brackets, quotes and keys only. The elements are read in a second pass, by `walk`.

use std::io::{self, SeekFrom};
use std::sync::Arc;

use super::walk::SourceReader;
use crate::ingest::blocks::Hasher;
use crate::ingest::open::read_up_to;
use crate::ingest::scan::{LONGEST_RECORD, Source};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;
/// A list of more bytes than this is left out of the shell.
const HUGE: usize = 2 << 20;
/// Deeper objects are no exports.
const DEEPEST: usize = 1000;

/// A list that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Huge {
    /// Which of the ways asked for leads to it.
    pub way: usize,
    /// Offset of the first byte behind its opening bracket.
    pub start: u64,
    /// Offset of its closing bracket, or of the end of the file.
    pub end: u64,
    /// Line ends before its start, counted from the object's.
    pub lines: u32,
    /// Line ends in it.
    pub inner_lines: u32,
    /// Where it would stand in the shell.
    pub at: usize,
}

/// An object without its huge lists.
#[derive(Debug, Default)]
pub struct Shell {
    /// Offset of its first byte in the file.
    pub start: u64,
    /// Its text, each huge list empty.
    pub text: Vec<u8>,
    /// The lists left out, in order.
    pub huge: Vec<Huge>,
    /// Offset of the first byte behind it.
    pub end: u64,
    /// Line ends in it, lists and all.
    pub lines: u32,
    /// Whether the file ended before it did.
    pub cut: bool,
}

impl Shell {
    /// Offset in the file of a byte of the shell.
    #[must_use]
    pub fn offset(&self, at: usize) -> u64 {
        let left_out: u64 = self.huge.iter().filter(|huge| huge.at <= at).map(|huge| huge.end - huge.start).sum();
        self.start + at as u64 + left_out
    }

    /// Line ends before a byte of the shell, lists and all.
    #[must_use]
    pub fn lines_before(&self, at: usize) -> u32 {
        let in_shell = memchr::memchr_iter(b'\n', self.text.get(..at).unwrap_or_default()).count() as u32;
        in_shell + self.huge.iter().filter(|huge| huge.at <= at).map(|huge| huge.inner_lines).sum::<u32>()
    }
}

struct Level {
    object: bool,
    key: Vec<u8>,
    key_expected: bool,
}

struct Scan<'w> {
    ways: &'w [Vec<Box<str>>],
    shell: Shell,
    levels: Vec<Level>,
    in_text: bool,
    escaped: bool,
    in_key: bool,
    /// The list that may become a huge one, with the depth it lies at.
    list: Option<(Huge, usize)>,
    /// Whether the list is being left out.
    left_out: bool,
    done: bool,
}

/// Reads the object at `start` and keeps its shell, if it is too large to be read whole and one of the ways leads to a
/// huge list. The bytes are hashed on the way.
///
/// # Errors
/// When reading fails.
pub fn scan(
    source: &mut dyn Source,
    start: u64,
    ways: &[Vec<Box<str>>],
    hasher: &mut Hasher,
) -> io::Result<Option<Shell>> {
    source.seek(SeekFrom::Start(start))?;
    let mut scan = Scan {
        ways,
        shell: Shell { start, ..Shell::default() },
        levels: Vec::new(),
        in_text: false,
        escaped: false,
        in_key: false,
        list: None,
        left_out: false,
        done: false,
    };
    let mut at = start;
    while !scan.done {
        let mut chunk = vec![0; CHUNK];
        let filled = read_up_to(&mut SourceReader(source), &mut chunk)?;
        chunk.truncate(filled);
        let taken = scan.feed(&chunk, at);
        let small = scan.shell.huge.is_empty() && !scan.left_out;
        hasher.update(at, &Arc::new(chunk));
        at += taken as u64;
        let too_much = scan.shell.text.len() > LONGEST_RECORD + CHUNK + HUGE || scan.levels.len() > DEEPEST;
        if too_much || (scan.done && small) {
            return Ok(None);
        }
        if filled < CHUNK && !scan.done {
            // Broken off inside a list: what stands whole in it can be read all the same.
            if let Some((list, _)) = scan.list
                && !scan.left_out
            {
                scan.shell.text.truncate(list.at);
                scan.left_out = true;
            } else if small {
                return Ok(None);
            }
            scan.shell.cut = true;
            scan.end_list(at);
            break;
        }
    }
    scan.shell.end = at;
    Ok(Some(scan.shell))
}

impl Scan<'_> {
    /// Takes bytes that begin at `base` of the file; gives how many belong to the object.
    fn feed(&mut self, chunk: &[u8], base: u64) -> usize {
        let (mut at, mut kept) = (0, 0);
        let mut counted = 0;
        while let Some(byte) = chunk.get(at).copied() {
            if self.in_text {
                at = self.text(chunk, at);
                continue;
            }
            at += 1;
            match byte {
                b'"' => {
                    self.in_text = true;
                    if let Some(level) = self.levels.last_mut()
                        && level.key_expected
                    {
                        level.key.clear();
                        level.key_expected = false;
                        self.in_key = true;
                    }
                }
                b'{' => self.levels.push(Level { object: true, key: Vec::new(), key_expected: true }),
                b'[' => {
                    if let Some(way) = self.way() {
                        self.keep(chunk, &mut kept, at);
                        self.count(chunk, &mut counted, at);
                        let place = self.shell.text.len();
                        let lines = self.shell.lines;
                        let start = base + at as u64;
                        let huge = Huge { way, start, end: start, lines, inner_lines: 0, at: place };
                        self.list = Some((huge, self.levels.len()));
                    }
                    self.levels.push(Level { object: false, key: Vec::new(), key_expected: false });
                }
                b'}' | b']' => {
                    self.levels.pop();
                    if self.list.is_some_and(|(_, depth)| depth == self.levels.len()) {
                        self.count(chunk, &mut counted, at - 1);
                        if self.left_out {
                            kept = at - 1;
                        }
                        self.end_list(base + at as u64 - 1);
                    }
                    if self.levels.is_empty() {
                        self.done = true;
                        break;
                    }
                }
                b',' => {
                    if let Some(level) = self.levels.last_mut() {
                        level.key_expected = level.object;
                    }
                }
                _ => {}
            }
        }
        self.keep(chunk, &mut kept, at);
        self.count(chunk, &mut counted, at);
        if let Some((list, _)) = self.list
            && !self.left_out
            && self.shell.text.len() - list.at > HUGE
        {
            self.shell.text.truncate(list.at);
            self.left_out = true;
        }
        at
    }

    fn keep(&mut self, chunk: &[u8], kept: &mut usize, at: usize) {
        if !self.left_out {
            self.shell.text.extend_from_slice(chunk.get(*kept..at).unwrap_or_default());
        }
        *kept = at;
    }

    fn count(&mut self, chunk: &[u8], counted: &mut usize, at: usize) {
        let lines = memchr::memchr_iter(b'\n', chunk.get(*counted..at).unwrap_or_default()).count() as u32;
        self.shell.lines += lines;
        *counted = at;
    }

    fn end_list(&mut self, end: u64) {
        if let Some((list, _)) = self.list.take()
            && self.left_out
        {
            self.shell.huge.push(Huge { end, inner_lines: self.shell.lines - list.lines, ..list });
        }
        self.left_out = false;
    }

    /// Passes over a text; gives where it ends, or the chunk does.
    fn text(&mut self, chunk: &[u8], mut at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            self.key_bytes(chunk.get(at..at + 1).unwrap_or_default());
            at += 1;
        }
        let rest = chunk.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
            self.key_bytes(rest);
            return chunk.len();
        };
        self.key_bytes(rest.get(..found).unwrap_or_default());
        if rest.get(found) == Some(&b'"') {
            self.in_text = false;
            self.in_key = false;
        } else {
            self.escaped = true;
        }
        at + found + 1
    }

    fn key_bytes(&mut self, bytes: &[u8]) {
        if self.in_key
            && let Some(level) = self.levels.last_mut()
            && level.key.len() < 200
        {
            level.key.extend_from_slice(bytes);
        }
    }

    /// The way that leads to the list which begins here.
    fn way(&self) -> Option<usize> {
        if self.list.is_some() || self.levels.iter().any(|level| !level.object) {
            return None;
        }
        self.ways.iter().position(|way| {
            way.len() == self.levels.len()
                && way.iter().zip(&self.levels).all(|(key, level)| key.as_bytes() == level.key.as_slice())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_shell_of_a_huge_object_is_kept_from_both_sides_of_the_list() {
        let elements: Vec<String> = (0..300_000).map(|n| format!("{{\"n\":{n},\"x\":[\"]}}\"]}}")).collect();
        let text = format!(
            "{{\n\"page\": \"a]\\\"[\", \"small\": [1,\n2], \"data\": {{\"list\":[{}]}},\n\"after\":{{\"list\":[1]}}}}\nrest",
            elements.join(",\n")
        );
        let mut hasher = Hasher::new(1);
        let ways = [vec!["small".into()], vec!["data".into(), "list".into()]];
        let shell =
            scan(&mut Cursor::new(text.as_bytes().to_vec()), 0, &ways, &mut hasher).expect("memory").expect("huge");
        assert_eq!(
            String::from_utf8_lossy(&shell.text),
            "{\n\"page\": \"a]\\\"[\", \"small\": [1,\n2], \"data\": {\"list\":[]},\n\"after\":{\"list\":[1]}}"
        );
        let [huge] = shell.huge[..] else { panic!("{:?}", shell.huge) };
        assert_eq!((huge.way, huge.lines), (1, 2));
        assert_eq!(&text.as_bytes()[huge.start as usize..huge.end as usize], elements.join(",\n").as_bytes());
        assert_eq!(huge.inner_lines as usize, elements.len() - 1);
        assert_eq!(&text[shell.end as usize..], "\nrest");
        let after = String::from_utf8_lossy(&shell.text).find("\"after\"").expect("there");
        assert_eq!(shell.offset(after) as usize, text.find("\"after\"").expect("there"));
        assert_eq!(shell.lines_before(after) as usize, 3 + elements.len() - 1);
        let small = scan(&mut Cursor::new(b"{\"small\":[1]}".to_vec()), 0, &ways, &mut Hasher::new(1)).expect("memory");
        assert!(small.is_none());
    }
}
