//! Opens an input: what it is packed in, how its text is encoded, and its SHA-256.
//! Plain files are left to be streamed; packed and UTF-16 files are unfolded into memory, within a bound.
//! Nothing here knows of formats or records.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::Encoding;

use super::containers::budget::{Budget, TooLarge};
use super::containers::magic::{Columnar, LAYERS, fill, unpacker, unread_archive};
use crate::hash::{Sha256, hex};

/// How many bytes of a file are looked at to recognise it.
pub const SAMPLE_BYTES: usize = 1 << 20;

/// Why an input could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system said no.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Unpacked, it would be larger than allowed.
    #[error("{reason}")]
    TooLarge {
        /// What it is packed in.
        packing: &'static str,
        /// Which bound it passes.
        reason: TooLarge,
    },
    /// Not text in any encoding we read.
    #[error("is not text: {0}")]
    Binary(&'static str),
}

pub use super::containers::magic::Packing;

/// Text of an input.
#[derive(Debug)]
pub enum Body {
    /// A plain file, to be read from its start; its hash comes with the reading.
    Stream(File),
    /// The whole text, unpacked, as UTF-8 or bytes of an ASCII-compatible encoding.
    Memory(Vec<u8>),
}

/// An opened input.
#[derive(Debug)]
pub struct Opened {
    /// The first bytes of the text, for recognising it.
    pub sample: Vec<u8>,
    /// The text.
    pub body: Body,
    /// Size of the file as it lies on disk.
    pub bytes: u64,
    /// SHA-256 of the file as it lies on disk, known now unless the body is a stream.
    pub sha256: Option<String>,
    /// Packing.
    pub packing: Packing,
    /// Encoding of fields that are not valid UTF-8.
    pub encoding: &'static Encoding,
    /// Whether the sample itself was not UTF-8, so that the encoding was detected.
    pub encoding_detected: bool,
    /// Bytes of byte-order mark before the text.
    pub bom: usize,
    /// Where unpacking broke off, and why: what stood before is read, what followed is one reject.
    pub damage: Option<(u64, String)>,
    /// For text that was UTF-16, the bytes of its byte-order mark.
    pub utf16_mark: Option<u64>,
}

/// Opens a file.
///
/// # Errors
/// When it cannot be read, unpacked, or is not text.
pub fn open(path: &Path, max_unpacked: u64) -> Result<Opened, OpenError> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(OpenError::Io(io::Error::new(io::ErrorKind::IsADirectory, "is a directory")));
    }
    let mut head = vec![0_u8; SAMPLE_BYTES];
    let filled = read_up_to(&mut file, &mut head)?;
    head.truncate(filled);
    if Packing::of(&head) == Packing::None && !is_utf16(&head) {
        use std::io::Seek;
        if file.seek(io::SeekFrom::Start(0)).is_ok() {
            let bytes = file.metadata()?.len();
            return describe(head, Body::Stream(file), bytes, None, Packing::None);
        }
    }
    // Pipes and packed files: all of it, since it can be read only once or only from the start.
    file.read_to_end(&mut head)?;
    from_memory(head, max_unpacked)
}

/// The text of a packed file, or of a file of columns, as places count in it; `None` for a plain file, whose places are
/// its own.
///
/// # Errors
/// When it cannot be read or unpacked.
pub fn unpacked(path: &Path, max_unpacked: u64) -> Result<Option<Vec<u8>>, OpenError> {
    let mut head = [0_u8; 16];
    let mut file = File::open(path)?;
    let filled = read_up_to(&mut file, &mut head)?;
    let head = head.get(..filled).unwrap_or_default();
    if Packing::of(head) == Packing::None && Columnar::of(head).is_none() {
        return Ok(None);
    }
    let mut raw = head.to_vec();
    file.read_to_end(&mut raw)?;
    text_of(raw, max_unpacked).map(Some)
}

/// The text of bytes as places count in it: unpacked, and of a file of columns its rows as text.
///
/// # Errors
/// When they cannot be unpacked.
pub fn text_of(raw: Vec<u8>, max_unpacked: u64) -> Result<Vec<u8>, OpenError> {
    let packed = raw.len() as u64;
    let (text, ..) = unpack(raw, max_unpacked)?;
    match Columnar::of(&text) {
        Some(kind) => {
            let budget = Budget::new(packed, max_unpacked);
            Ok(super::tables::frames::table(text, kind, &budget).map(|table| table.text).unwrap_or_default())
        }
        None => Ok(text),
    }
}

/// As [`open`], for bytes that are already here (a member of an archive, for one).
///
/// # Errors
/// When they cannot be unpacked or are not text.
pub fn from_memory(raw: Vec<u8>, max_unpacked: u64) -> Result<Opened, OpenError> {
    from_damaged(raw, None, max_unpacked)
}

/// As [`from_memory`], for bytes whose end is known to be missing.
///
/// # Errors
/// As [`from_memory`].
pub fn from_damaged(raw: Vec<u8>, broken: Option<String>, max_unpacked: u64) -> Result<Opened, OpenError> {
    let bytes = raw.len() as u64;
    let sha256 = Some(sha256(&raw));
    let (mut text, packing, damage) = unpack(raw, max_unpacked)?;
    let damage = damage.or_else(|| broken.map(|reason| (whole_lines(&mut text), reason)));
    let (text, utf16_mark) = match utf16_encoding(&text) {
        Some(encoding) => {
            let mark = if matches!(text.as_slice(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) { 2 } else { 0 };
            (encoding.decode_with_bom_removal(&text).0.into_owned().into_bytes(), Some(mark))
        }
        None => (text, None),
    };
    let sample = text.get(..text.len().min(SAMPLE_BYTES)).unwrap_or_default().to_vec();
    let mut opened = describe(sample, Body::Memory(text), bytes, sha256, packing)?;
    opened.utf16_mark = utf16_mark;
    opened.damage = damage;
    Ok(opened)
}

/// SHA-256 as hex digits of what is left of a source, and how many bytes that was. It is never held as a whole.
///
/// # Errors
/// When reading fails.
pub fn sha256_of(source: &mut (impl Read + ?Sized)) -> io::Result<(String, u64)> {
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let filled = read_up_to(source, &mut buffer)?;
        digest.update(buffer.get(..filled).unwrap_or_default());
        bytes += filled as u64;
        if filled < buffer.len() {
            return Ok((hex(&digest.finalize()), bytes));
        }
    }
}

/// SHA-256 as hex digits of a file.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of_file(path: &Path) -> io::Result<String> {
    sha256_of(&mut File::open(path)?).map(|(sha256, _)| sha256)
}

/// SHA-256 as hex digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn describe(
    sample: Vec<u8>,
    body: Body,
    bytes: u64,
    sha256: Option<String>,
    packing: Packing,
) -> Result<Opened, OpenError> {
    let bom = if sample.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let nul = memchr::memchr_iter(0, &sample).count();
    if super::database::is_database(&sample) || super::recognise::is_beside_database(&sample) {
        return Ok(Opened {
            sample,
            body,
            bytes,
            sha256,
            packing,
            encoding: encoding_rs::UTF_8,
            encoding_detected: false,
            bom: 0,
            damage: None,
            utf16_mark: None,
        });
    }
    if sample.starts_with(b"PK\x03\x04") {
        return Err(OpenError::Binary("a zip archive, which is read from a file only, not from a pipe"));
    }
    if let Some(reason) = unread_archive(&sample) {
        return Err(OpenError::Binary(reason));
    }
    if sample.starts_with(b"%PDF") {
        return Err(OpenError::Binary("a PDF"));
    }
    let columnar = Columnar::of(&sample).is_some();
    if !columnar && nul * 10 > sample.len() {
        return Err(OpenError::Binary("more than a tenth of its bytes are NUL"));
    }
    let controls = sample.iter().filter(|byte| **byte < 9 || (14..32).contains(*byte) && **byte != 27).count();
    if !columnar && controls * 10 > sample.len() {
        return Err(OpenError::Binary("more than a tenth of its bytes are control characters"));
    }
    let valid = match std::str::from_utf8(&sample) {
        _ if columnar => true,
        Ok(_) => true,
        // A character cut by the end of the sample is no sign of another encoding.
        Err(error) => error.error_len().is_none(),
    };
    let encoding = if valid { encoding_rs::WINDOWS_1252 } else { super::encoding::detect(&sample) };
    Ok(Opened {
        sample,
        body,
        bytes,
        sha256,
        packing,
        encoding,
        encoding_detected: !valid,
        bom,
        damage: None,
        utf16_mark: None,
    })
}

fn is_utf16(head: &[u8]) -> bool {
    utf16_encoding(head).is_some()
}

/// UTF-16 by its mark, or by every other byte of plain Latin text being NUL.
fn utf16_encoding(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xFF, 0xFE, ..] => return Some(encoding_rs::UTF_16LE),
        [0xFE, 0xFF, ..] => return Some(encoding_rs::UTF_16BE),
        _ if Columnar::of(head).is_some() => return None,
        _ => {}
    }
    let pairs = head.get(..head.len().min(4096)).unwrap_or_default().chunks_exact(2);
    let total = pairs.len();
    let (mut low, mut high) = (0, 0);
    for pair in pairs {
        match pair {
            [letter, 0] if *letter != 0 => low += 1,
            [0, letter] if *letter != 0 => high += 1,
            _ => {}
        }
    }
    if total >= 8 && low * 10 > total * 8 {
        Some(encoding_rs::UTF_16LE)
    } else if total >= 8 && high * 10 > total * 8 {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

/// Unpacked text, its outermost packing, and where it broke off and why.
type Unpacked = (Vec<u8>, Packing, Option<(u64, String)>);

/// Unpacks all layers, as far as it goes. After damage only whole lines are given: half a record would read as a whole
/// one. The place of the damage is where the unpacked text ended.
fn unpack(raw: Vec<u8>, limit: u64) -> Result<Unpacked, OpenError> {
    let outermost = Packing::of(&raw);
    let budget = Budget::new(raw.len() as u64, limit);
    let mut text = raw;
    for _ in 0..LAYERS {
        let packing = Packing::of(&text);
        if packing == Packing::None {
            break;
        }
        let mut inside = Vec::new();
        let read = unpacker(&[packing], Box::new(text.as_slice()), &budget)?.read_to_end(&mut inside);
        if let Some(reason) = budget.refused() {
            return Err(OpenError::TooLarge { packing: outermost.as_str(), reason });
        }
        text = inside;
        if let Err(source) = read {
            let place = whole_lines(&mut text);
            return Ok((text, outermost, Some((place, source.to_string()))));
        }
    }
    Ok((text, outermost, None))
}

/// Cuts off a last line that is not whole, and gives the length before that.
fn whole_lines(text: &mut Vec<u8>) -> u64 {
    let ended = text.len() as u64;
    let end = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    // The line feed of UTF-16 in Intel order has a second byte.
    let wide = end > 0 && utf16_encoding(text) == Some(encoding_rs::UTF_16LE);
    let end = if wide { end + 1 } else { end };
    text.truncate(end);
    ended
}

/// Fills `buffer` as far as the reader gives.
///
/// # Errors
/// When reading fails.
pub fn read_up_to(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let (filled, error) = fill(reader, buffer);
    error.map_or(Ok(filled), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_read_with_and_without_its_mark() {
        let text = "Empfänger;Text\r\n+49;Grüße\r\n";
        let plain: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut marked = vec![0xFF, 0xFE];
        marked.extend(&plain);
        for raw in [plain, marked] {
            let opened = from_memory(raw, 1 << 20).expect("opens");
            assert!(opened.utf16_mark.is_some());
            assert!(matches!(opened.body, Body::Memory(ref body) if body == text.as_bytes()));
        }
    }

    #[test]
    fn a_bomb_is_refused_and_a_cut_file_says_where() {
        let zeros = zstd::encode_all(&vec![b'a'; 1 << 20][..], 3).expect("packs");
        assert!(matches!(from_memory(zeros.clone(), 1000), Err(OpenError::TooLarge { packing: "zstd", .. })));
        let lines = "a,b\n".repeat(100_000);
        let packed = zstd::encode_all(lines.as_bytes(), 3).expect("packs");
        let opened = from_memory(packed[..packed.len() - 4].to_vec(), 1 << 30).expect("opens as far as it goes");
        assert!(opened.damage.is_some());
    }
}
