//! Files of a ledger: written once, whole and durably, known by their SHA-256, never changed afterwards.
//! A file counts only when the register names it; what it does not name is swept away.
//! What stands in the files is decided in `part` and `words`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use super::LedgerError;
use crate::ingest::open::sha256;

/// Folder of the messages, one below it for each month.
pub const PARTS: &str = "parts";
/// Folder of the tables that the messages of a source point into.
pub const WORDS: &str = "words";

/// A file as the register names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filed {
    /// Its path in the ledger, with `/`.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}

pub(super) fn at(path: &Path) -> impl Fn(std::io::Error) -> LedgerError + '_ {
    move |source| LedgerError::Io { path: path.display().to_string(), source }
}

/// Writes a file under `place` and gives it its name, from what it holds. After this it survives a loss of power.
///
/// # Errors
/// When there is no room, or the folder cannot be written.
pub fn write(ledger: &Path, place: &str, ending: &str, bytes: &[u8]) -> Result<Filed, LedgerError> {
    let folder = ledger.join(place);
    if !folder.is_dir() {
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        // The names of the new folders must last too.
        for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(ledger)) {
            sync_folder(above)?;
        }
    }
    let sha256 = sha256(bytes);
    let name = format!("{}.{ending}", sha256.get(..24).unwrap_or(&sha256));
    let path = folder.join(&name);
    let mut file = NamedTempFile::new_in(&folder).map_err(at(&folder))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(at(&path))?;
    file.persist(&path).map_err(|error| at(&path)(error.error))?;
    sync_folder(&folder)?;
    Ok(Filed { file: format!("{place}/{name}"), sha256, bytes: bytes.len() as u64 })
}

fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// Reads a file.
///
/// # Errors
/// When it is not there, or not of the size that the register names: it was touched from outside.
pub fn read(ledger: &Path, filed: &Filed) -> Result<Vec<u8>, LedgerError> {
    let path = ledger.join(&filed.file);
    let bytes = fs::read(&path).map_err(at(&path))?;
    if bytes.len() as u64 != filed.bytes {
        return Err(LedgerError::Damaged {
            file: path.display().to_string(),
            reason: format!("{} bytes instead of {}", bytes.len(), filed.bytes),
        });
    }
    Ok(bytes)
}

/// Whether a file has the bytes that the register names; what is wrong in words.
#[must_use]
pub fn problem(ledger: &Path, filed: &Filed) -> Option<String> {
    match fs::read(ledger.join(&filed.file)) {
        Ok(bytes) if sha256(&bytes) == filed.sha256 => None,
        Ok(_) => Some("has other bytes than those that were written".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// Removes every file below the two folders that is not among `known`, and gives how many there were.
///
/// # Errors
/// When a folder cannot be looked into, or a file not removed.
pub fn sweep(ledger: &Path, known: &BTreeSet<String>) -> Result<u64, LedgerError> {
    let mut swept = 0;
    for place in [PARTS, WORDS] {
        let folder = ledger.join(place);
        if !folder.is_dir() {
            continue;
        }
        for entry in walkdir::WalkDir::new(&folder).contents_first(true) {
            let entry = entry.map_err(|error| at(&folder)(error.into()))?;
            let path = entry.path();
            let name = path.strip_prefix(ledger).map(crate::ingest::inputs::name).unwrap_or_default();
            if entry.file_type().is_dir() {
                // Only an empty one goes, and it does not matter whether it does.
                let _ = if entry.depth() > 0 { fs::remove_dir(path) } else { Ok(()) };
            } else if !known.contains(&name) {
                fs::remove_file(path).map_err(at(path))?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_bytes_and_strangers_are_swept() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = write(home.path(), "parts/2024-01", "parquet", b"one").expect("a file");
        let gone = write(home.path(), "parts/2024-02", "parquet", b"two").expect("another");
        assert_eq!(read(home.path(), &kept).expect("the bytes"), b"one");
        let known = BTreeSet::from([kept.file.clone()]);
        assert_eq!(sweep(home.path(), &known).expect("it can be swept"), 1);
        assert_eq!(problem(home.path(), &kept), None);
        assert!(problem(home.path(), &gone).is_some());
        assert!(!home.path().join("parts/2024-02").exists());
        fs::write(home.path().join(&kept.file), b"uno").expect("a change");
        assert!(problem(home.path(), &kept).is_some());
        fs::write(home.path().join(&kept.file), b"longer").expect("a change");
        assert!(matches!(read(home.path(), &kept), Err(LedgerError::Damaged { .. })));
    }
}
