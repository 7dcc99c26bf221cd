//! Which files are embedded in which PDF, so that none grows beyond the limit of a court's mailbox.
//! Files go in order of name; one that fits nowhere whole is cut into numbered pieces.
//! Sizes are those after compression, estimated from above; the PDFs are set elsewhere.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Files are compressed and cut in blocks of so many bytes.
pub const BLOCK: u64 = 1 << 20;
/// Room that a PDF needs for each embedded file besides its bytes.
const ENTRY: u64 = 4096;

/// A stretch of a file, to be embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which file, by its place in the list.
    pub file: usize,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Number among the pieces of its file; `None` for a whole file.
    pub number: Option<u32>,
}

/// A file that can be embedded.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Bytes.
    pub bytes: u64,
    /// Size of each of its blocks once compressed.
    pub blocks: Vec<u64>,
}

impl Candidate {
    fn packed(&self) -> u64 {
        self.blocks.iter().sum::<u64>() + ENTRY
    }
}

/// The name of a piece.
pub fn piece_name(name: &str, number: Option<u32>) -> String {
    number.map_or_else(|| name.to_owned(), |number| format!("{name}.{number:03}"))
}

/// Whether a name is that of a piece.
pub fn is_piece(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end.len() == 3 && end.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Size of a block once compressed; never less than it will take.
///
/// # Errors
/// When compressing fails.
pub fn packed_size(block: &[u8]) -> io::Result<u64> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(block)?;
    let packed = encoder.finish()?.len() as u64;
    // Other compressors differ by a little.
    Ok(packed + packed / 16 + 64)
}

/// Spreads files over PDFs: the first has `first` bytes of room, each further one `further`.
pub fn spread(files: &[Candidate], first: u64, further: u64) -> Vec<Vec<Piece>> {
    let mut volumes: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut room = first;
    for (file, candidate) in files.iter().enumerate() {
        let whole = Piece { file, start: 0, length: candidate.bytes, number: None };
        if candidate.packed() > room && candidate.packed() <= further {
            volumes.push(Vec::new());
            room = further;
        }
        if candidate.packed() <= room {
            room -= candidate.packed();
            put(&mut volumes, whole);
            continue;
        }
        let (mut start, mut length, mut taken, mut number) = (0, 0, ENTRY, 1);
        for block in &candidate.blocks {
            if taken + block > room {
                if length > 0 {
                    put(&mut volumes, Piece { file, start, length, number: Some(number) });
                    number += 1;
                }
                volumes.push(Vec::new());
                (start, length, taken, room) = (start + length, 0, ENTRY, further);
            }
            taken += block;
            length = (length + BLOCK).min(candidate.bytes - start);
        }
        room = room.saturating_sub(taken);
        put(&mut volumes, Piece { file, start, length, number: Some(number) });
    }
    volumes
}

fn put(volumes: &mut [Vec<Piece>], piece: Piece) {
    if let Some(volume) = volumes.last_mut() {
        volume.push(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(blocks: &[u64], bytes: u64) -> Candidate {
        Candidate { bytes, blocks: blocks.to_vec() }
    }

    #[test]
    fn all_bytes_are_there_once_and_in_order() {
        let files = [candidate(&[100], 500), candidate(&[900_000; 7], 6 * BLOCK + 10), candidate(&[50], 60)];
        for room in [2_000_000, 1_000_000, 10_000_000] {
            let volumes = spread(&files, room / 2, room);
            for (index, file) in files.iter().enumerate() {
                let mut next = 0;
                let pieces: Vec<&Piece> = volumes.iter().flatten().filter(|piece| piece.file == index).collect();
                for (place, piece) in pieces.iter().enumerate() {
                    assert_eq!(piece.start, next, "{room} {piece:?}");
                    let number = (pieces.len() > 1 || piece.number.is_some()).then_some(place as u32 + 1);
                    assert_eq!(piece.number, number);
                    next += piece.length;
                }
                assert_eq!(next, file.bytes, "{room}");
            }
        }
        assert_eq!(spread(&files, 10_000_000, 10_000_000).len(), 1, "one PDF is enough");
        assert_eq!(spread(&files, 1_000_000, 2_000_000).len(), 4);
    }

    #[test]
    fn names_of_pieces() {
        assert_eq!(piece_name("csv_evidence.csv", Some(2)), "csv_evidence.csv.002");
        assert!(is_piece("csv_evidence.csv.002") && !is_piece("csv_evidence.csv"));
        assert!(packed_size(&[7; 1 << 16]).expect("compresses") < 1000);
    }
}
