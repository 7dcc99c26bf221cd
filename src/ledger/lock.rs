//! Who may use a ledger now: one import alone, or any number of reports. The lock is the kernel's own, so that it goes
//! with the process that held it, however that ended.
//! Who holds it stands in the lock file for people only; nothing is decided by it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::LedgerError;

/// The file that is locked.
pub const LOCK: &str = "ledger.lock";
/// How long it takes until a free lock is seen.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// For what a ledger is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To look: others may look too.
    Read,
    /// To change it: nobody else may have it open.
    Write,
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    mode: Mode,
}

impl Lock {
    /// Takes the lock of the ledger in a folder; waits for it as long as told. `purpose` is told to others who want it.
    ///
    /// # Errors
    /// When another process holds it for longer, or the file cannot be opened.
    pub fn take(folder: &Path, mode: Mode, wait: Duration, purpose: &str) -> Result<Self, LedgerError> {
        let path = folder.join(LOCK);
        let failed = |source| LedgerError::Io { path: path.display().to_string(), source };
        let writable =
            OpenOptions::new().read(true).write(true).create(mode == Mode::Write).truncate(false).open(&path);
        let (mut file, writable) = match (writable, mode) {
            (Ok(file), _) => (file, true),
            // On a medium that can only be read, others can only read too; still they are asked.
            (Err(_), Mode::Read) => (File::open(&path).map_err(failed)?, false),
            (Err(error), Mode::Write) => return Err(failed(error)),
        };
        let until = Instant::now() + wait;
        loop {
            let taken = match mode {
                Mode::Read => file.try_lock_shared(),
                Mode::Write => file.try_lock(),
            };
            match taken {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOOK_AGAIN),
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let read = file.rewind().and_then(|()| file.read_to_string(&mut holder));
                    let holder = holder.trim();
                    let holder = match read {
                        Ok(_) if !holder.is_empty() => holder.to_owned(),
                        _ => "by a report that is being made from it".to_owned(),
                    };
                    return Err(LedgerError::Locked { folder: folder.display().to_string(), holder });
                }
            }
        }
        let mut lock = Self { file, mode };
        if writable {
            // What stands there is of somebody who is gone. It is told, not relied on: failing to write it is no error.
            let _ = lock.name_holder(purpose);
        }
        Ok(lock)
    }

    fn name_holder(&mut self, purpose: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        if self.mode == Mode::Write {
            self.file.rewind()?;
            writeln!(self.file, "by process {}: {purpose}", std::process::id())?;
        }
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.mode == Mode::Write {
            let _ = self.file.set_len(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_may_change_and_many_may_look() {
        let home = tempfile::tempdir().expect("a folder");
        let take = |mode| Lock::take(home.path(), mode, Duration::ZERO, "import");
        let writer = take(Mode::Write).expect("a free lock");
        let Err(LedgerError::Locked { holder, .. }) = take(Mode::Read) else { unreachable!("it is held") };
        assert!(holder.contains(&std::process::id().to_string()), "{holder}");
        drop(writer);
        let (one, two) = (take(Mode::Read).expect("the first"), take(Mode::Read).expect("the second"));
        assert!(matches!(take(Mode::Write), Err(LedgerError::Locked { .. })));
        drop((one, two));
        let later = std::thread::scope(|scope| {
            let held = take(Mode::Write).expect("a free lock");
            let waiting =
                scope.spawn(|| Lock::take(home.path(), Mode::Write, Duration::from_secs(20), "import").is_ok());
            std::thread::sleep(Duration::from_millis(120));
            drop(held);
            waiting.join().expect("it ends")
        });
        assert!(later, "who waits gets the lock when it is free");
    }
}
