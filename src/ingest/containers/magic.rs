//! What some bytes are, by their first bytes alone: packed, an archive, a workbook, a table of columns.
//! Names and endings say nothing here; what lies inside a zip archive is looked at where it is opened.
//! Nothing is unpacked beyond the head that is looked at.

use std::io::{self, Read};

use super::budget::{Bounded, Budget, Counted};

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not packed.
    None,
    /// gzip, one member or many.
    Gzip,
    /// Zstandard.
    Zstd,
    /// bzip2, one stream or many.
    Bzip2,
}

impl Packing {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// The packing whose signature stands at the head.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            // The block's own signature follows the level, so that text that begins with "BZh" stays text.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// A decoder of this packing over `inner`.
    ///
    /// # Errors
    /// When the decoder cannot be made.
    pub fn decoder<'r>(self, inner: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Self::None => inner,
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(inner)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(inner)?),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(inner)),
        })
    }
}

/// What holds inputs of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A zip archive, or a workbook, which is one too.
    Zip,
    /// A tar archive.
    Tar,
    /// A compound file, as old workbooks are.
    Compound,
}

impl Kind {
    /// The kind of container whose signature stands at the head.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Some(Self::Compound),
            _ if is_tar(head) => Some(Self::Tar),
            _ => None,
        }
    }
}

/// Layers deeper than this are given up: nobody packs a log so often.
pub const LAYERS: usize = 8;
/// Bytes that suffice to know a container.
pub const HEAD: usize = 1024;

/// The packings around some bytes, outermost first, and the head of what they hold.
#[must_use]
pub fn peel(head: &[u8]) -> (Vec<Packing>, Vec<u8>) {
    let mut layers = Vec::new();
    let mut known = head.to_vec();
    while layers.len() < LAYERS {
        let packing = Packing::of(&known);
        if packing == Packing::None {
            break;
        }
        layers.push(packing);
        let budget = Budget::new(0, u64::MAX);
        let Ok(mut decoder) = unpacker(&layers, Box::new(head), &budget) else { break };
        let mut inside = vec![0_u8; HEAD];
        let (filled, _) = fill(&mut *decoder, &mut inside);
        inside.truncate(filled);
        known = inside;
    }
    (layers, known)
}

/// A decoder through all layers; every layer's bytes are counted.
///
/// # Errors
/// When a decoder cannot be made.
pub fn unpacker<'r>(
    layers: &[Packing],
    inner: Box<dyn Read + 'r>,
    budget: &'r Budget,
) -> io::Result<Box<dyn Read + 'r>> {
    layers.iter().try_fold(inner, |inner, packing| {
        let (inner, taken) = Counted::new(inner);
        Ok(Box::new(Bounded::new(packing.decoder(Box::new(inner))?, taken, budget)) as Box<dyn Read + 'r>)
    })
}

/// Fills `buffer` as far as the reader gives, and keeps what it gave before it failed.
pub fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// Reads the head that is needed to know what follows: little, and more where it is packed. What could be read is given
/// with what then went wrong.
pub fn head_of(reader: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let mut head = vec![0_u8; HEAD];
    let (filled, mut failed) = fill(reader, &mut head);
    head.truncate(filled);
    if failed.is_none() && Packing::of(&head) != Packing::None {
        // A block of bzip2 must be there as a whole before it gives its first byte.
        let mut more = vec![0_u8; crate::ingest::open::SAMPLE_BYTES];
        let (filled, error) = fill(reader, &mut more);
        head.extend_from_slice(more.get(..filled).unwrap_or_default());
        failed = error;
    }
    (head, failed)
}

/// A tar header: its checksum holds, in whichever dialect it is written.
fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..512) else { return false };
    let Some(field) = block.get(148..156) else { return false };
    let digits: String =
        field.iter().map(|byte| char::from(*byte)).skip_while(|c| *c == ' ').take_while(char::is_ascii_digit).collect();
    let Ok(stated) = u64::from_str_radix(&digits, 8) else { return false };
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
        .sum();
    stated == sum && block.first().is_some_and(|byte| *byte != 0)
}

/// A file of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columnar {
    /// Parquet.
    Parquet,
    /// Arrow IPC, the file form.
    ArrowFile,
    /// Arrow IPC, the stream form.
    ArrowStream,
}

impl Columnar {
    /// The kind whose signature stands at the head.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', 0, 0, ..] => Some(Self::ArrowFile),
            // Continuation mark, then the length of the schema message: small, and a multiple of eight.
            [0xFF, 0xFF, 0xFF, 0xFF, length, _, 0, 0, ..] if length % 8 == 0 => Some(Self::ArrowStream),
            _ => None,
        }
    }

    /// Name in `inputs.csv`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::ArrowFile => "arrow-file",
            Self::ArrowStream => "arrow-stream",
        }
    }
}

/// Archives that are known but not read.
#[must_use]
pub fn unread_archive(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => {
            Some("a 7-Zip archive, which is not read; unpack it or make it a zip")
        }
        [b'R', b'a', b'r', b'!', 0x1A, 7, ..] => Some("a RAR archive, which is not read; unpack it or make it a zip"),
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Some("packed with xz, which is not read; unpack it first"),
        [0x04, 0x22, 0x4D, 0x18, ..] => Some("packed with lz4, which is not read; unpack it first"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn packings_are_peeled_in_any_order() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"PK\x03\x04 and so on").expect("packs");
        let gzip = gzip.finish().expect("packs");
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip2.write_all(&gzip).expect("packs");
        let all = zstd::encode_all(bzip2.finish().expect("packs").as_slice(), 1).expect("packs");
        let (layers, head) = peel(&all);
        assert_eq!(layers, [Packing::Zstd, Packing::Bzip2, Packing::Gzip]);
        assert_eq!(Kind::of(&head), Some(Kind::Zip));
        assert_eq!(Packing::of(b"BZh9 is the name of a chat"), Packing::None);
    }

    #[test]
    fn a_tar_is_known_by_its_checksum() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_old();
        header.set_size(2);
        builder.append_data(&mut header, "a.txt", &b"ab"[..]).expect("a member");
        let mut bytes = builder.into_inner().expect("an archive");
        assert_eq!(Kind::of(&bytes), Some(Kind::Tar));
        bytes[3] ^= 1;
        assert_eq!(Kind::of(&bytes), None);
        assert_eq!(Kind::of(&[0; 1024]), None);
    }
}
