//! Which files need not be hashed again: those of which the file system says the same as when they were hashed.
//! Size and time of change alone would not do, for both can be set; the time of the last change of the inode cannot.
//! A file that changed about when it was hashed is never trusted, and neither is any where the system tells no such time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rusqlite::params;

use super::{Register, bytes_of, path_of};
use crate::ingest::open::sha256_of_file;
use crate::ledger::LedgerError;

/// A file that changed less than this before it was hashed may have changed again within one tick of its clock.
#[cfg(unix)]
const SETTLED_MS: i64 = 2_000;

/// The bytes of a file by their SHA-256, and what the file system said of it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// What the file system says.
    pub stamp: String,
    /// SHA-256 of the bytes.
    pub sha256: String,
}

/// What the file system says of a file, if it says enough and the file had settled by `now` (UTC milliseconds).
#[cfg(unix)]
fn stamp_of(path: &Path, now: i64) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).ok()?;
    let settled = [meta.mtime(), meta.ctime()].into_iter().all(|at| at.saturating_mul(1000) + SETTLED_MS < now);
    let (modified, changed) = ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
    settled.then(|| format!("{} {} {} {modified:?} {changed:?}", meta.dev(), meta.ino(), meta.size()))
}

#[cfg(not(unix))]
fn stamp_of(_: &Path, _: i64) -> Option<String> {
    None
}

/// Hashes of files, `None` for those that cannot be read: the known ones where nothing has changed, else of their bytes.
pub fn hashes(paths: &[PathBuf], known: &BTreeMap<PathBuf, Stamped>, now: i64) -> Vec<Hashed> {
    let hash = |path: &PathBuf| {
        let stamp = stamp_of(path, now);
        if let Some(known) = known.get(path).filter(|known| Some(&known.stamp) == stamp.as_ref()) {
            return Hashed { sha256: Some(known.sha256.clone()), stamp: None };
        }
        let sha256 = sha256_of_file(path).ok();
        // Only what stood still while it was read.
        let stamp = stamp.filter(|stamp| stamp_of(path, now).as_ref() == Some(stamp));
        Hashed { sha256, stamp }
    };
    paths.par_iter().map(hash).collect()
}

/// The hash of a file, and what to remember of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// SHA-256; `None` when the file cannot be read.
    pub sha256: Option<String>,
    /// What the file system said, where that is new and can be relied on.
    pub stamp: Option<String>,
}

impl Register {
    /// What is remembered of files, by their absolute paths.
    pub fn stamps(&self) -> Result<BTreeMap<PathBuf, Stamped>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT path, stamp, sha256 FROM stamps")?;
        let rows = statement
            .query_map([], |row| Ok((path_of(row.get(0)?), Stamped { stamp: row.get(1)?, sha256: row.get(2)? })))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Remembers a file.
    pub fn set_stamp(&self, path: &Path, stamped: &Stamped) -> Result<(), LedgerError> {
        let query = "INSERT OR REPLACE INTO stamps VALUES (?1, ?2, ?3)";
        self.connection.execute(query, params![bytes_of(path), stamped.stamp, stamped.sha256])?;
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// UTC milliseconds, long after any file of these tests was written.
    const LATER: i64 = 10_000_000_000_000;

    fn one(path: &Path, known: &BTreeMap<PathBuf, Stamped>, now: i64) -> Hashed {
        hashes(&[path.to_owned()], known, now).remove(0)
    }

    #[test]
    fn a_file_that_stands_still_is_hashed_once_and_a_change_is_seen() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("log.csv");
        std::fs::write(&path, "one").expect("a file");
        let first = one(&path, &BTreeMap::new(), LATER);
        let (stamp, sha256) = (first.stamp.expect("it had settled"), first.sha256.expect("a hash"));
        // Another hash is remembered on purpose, to see whether it is what comes back.
        let mut known = BTreeMap::new();
        known.insert(path.clone(), Stamped { stamp: stamp.clone(), sha256: "remembered".to_owned() });
        assert_eq!(one(&path, &known, LATER), Hashed { sha256: Some("remembered".to_owned()), stamp: None });
        // The same size and the same time of modification: the inode still tells.
        let modified = std::fs::metadata(&path).and_then(|meta| meta.modified()).expect("a time");
        std::thread::sleep(std::time::Duration::from_millis(30));
        std::fs::write(&path, "two").expect("a file");
        std::fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(modified)).expect("a time");
        let changed = one(&path, &known, LATER);
        assert!(changed.sha256.is_some_and(|now| now != "remembered" && now != sha256));
        assert_ne!(changed.stamp.expect("it had settled"), stamp);
    }

    #[test]
    fn what_changed_just_now_is_never_trusted() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("log.csv");
        std::fs::write(&path, "one").expect("a file");
        let now = jiff::Timestamp::now().as_millisecond();
        assert_eq!(one(&path, &BTreeMap::new(), now).stamp, None);
        assert_eq!(one(&home.path().join("missing"), &BTreeMap::new(), now), Hashed { sha256: None, stamp: None });
    }
}
