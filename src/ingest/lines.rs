//! Lines of a source one after another, with the place of each and the hash of all.
//! For logs whose records are single lines and whose meaning hangs on the lines before.
//! It decodes nothing and knows no format.

use std::io::{self, BufRead, BufReader, Read};

use super::scan::{LONGEST_RECORD, Source};
use crate::hash::{Sha256, hex};

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'l> {
    /// Its bytes without the line end.
    pub bytes: &'l [u8],
    /// Offset of its first byte.
    pub offset: u64,
    /// Its number, from 1.
    pub number: u32,
}

/// See the module.
pub struct Lines<'s> {
    source: BufReader<&'s mut dyn Source>,
    digest: Option<Sha256>,
    offset: u64,
    number: u32,
    line: Vec<u8>,
}

impl<'s> Lines<'s> {
    /// Begins where the source stands, which should be its start.
    pub fn new(source: &'s mut dyn Source) -> Self {
        Self { digest: Some(Sha256::new()), ..Self::without_hash(source) }
    }

    /// As [`Self::new`], for a second pass over what was hashed already.
    pub fn without_hash(source: &'s mut dyn Source) -> Self {
        Self { source: BufReader::with_capacity(1 << 18, source), digest: None, offset: 0, number: 0, line: Vec::new() }
    }

    /// The next line; one that is longer than a record may be comes in pieces.
    ///
    /// # Errors
    /// When reading fails.
    pub fn step(&mut self) -> io::Result<Option<Line<'_>>> {
        let start = self.offset;
        self.line.clear();
        let read = (&mut self.source).take(LONGEST_RECORD as u64).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        if let Some(digest) = &mut self.digest {
            digest.update(&self.line);
        }
        self.offset += read as u64;
        self.number += 1;
        let mark = if start == 0 && self.line.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let bytes = self.line.get(mark..).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Ok(Some(Line { bytes, offset: start + mark as u64, number: self.number }))
    }

    /// SHA-256 of what was read, as hex digits and empty on a second pass, and how many bytes that was.
    #[must_use]
    pub fn finish(self) -> (String, u64) {
        (self.digest.map_or_else(String::new, |digest| hex(&digest.finalize())), self.offset)
    }
}
