//! A lock on a folder by a file in it, which the kernel holds: a crash frees it, and no stale one can stay.
//! The file also says who holds it, for the message to whoever comes second.
//! Waiting is left to those who know how to be interrupted.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Number of the process.
    pub pid: u32,
    /// Since when, RFC 3339.
    pub since: String,
    /// What it does.
    pub command: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "process {} (`{}`, since {})", self.pid, self.command, self.since)
    }
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{path} is held by {}", .holder.as_ref().map_or_else(|| "another process".to_owned(), Holder::to_string))]
    Held {
        /// The file.
        path: String,
        /// Who it is, where the file says so.
        holder: Option<Holder>,
    },
    /// The system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What it said.
        source: io::Error,
    },
}

/// A lock, held until it is dropped or the process ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// When another process holds it, or the file cannot be made.
    pub fn take(path: &Path, own: &Holder) -> Result<Self, LockError> {
        let at = |source| LockError::Io { path: path.display().to_string(), source };
        let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(at)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The holder may be writing its name just now: then it has none yet.
                let _ = file.read_to_string(&mut text);
                return Err(LockError::Held {
                    path: path.display().to_string(),
                    holder: serde_json::from_str(&text).ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(at(source)),
        }
        let mut line = serde_json::to_vec(own).map_err(|error| at(error.into()))?;
        line.push(b'\n');
        file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(at)?;
        file.write_all(&line).map_err(at)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(command: &str) -> Holder {
        Holder { pid: std::process::id(), since: "2026-11-23T03:00:00Z".to_owned(), command: command.to_owned() }
    }

    #[test]
    fn the_second_is_told_who_the_first_is_and_gets_the_lock_after_it() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("lock");
        let first = Lock::take(&path, &holder("a longer name than the other")).expect("the lock");
        let Err(error @ LockError::Held { .. }) = Lock::take(&path, &holder("run")) else { panic!("it is held") };
        assert!(error.to_string().contains("a longer name than the other"), "{error}");
        drop(first);
        let second = Lock::take(&path, &holder("run")).expect("the lock");
        let Err(LockError::Held { holder: Some(found), .. }) = Lock::take(&path, &holder("x")) else { panic!("held") };
        assert_eq!(found, holder("run"), "nothing of the first is left in the file");
        drop(second);
    }

    #[test]
    fn what_stands_in_the_file_makes_no_lock() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("lock");
        std::fs::write(&path, "{\"pid\":1,\"since\":\"x\",\"command\":\"run\"}").expect("a file of a crashed run");
        Lock::take(&path, &holder("run")).expect("the kernel knows of no holder");
    }
}
