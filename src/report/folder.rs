//! The report folder: written beside its place and renamed into it whole, so that no reader sees half a report.
//! An earlier report is replaced only when the new one is complete; a folder that is no report is never touched.
//! What stands in the files is decided elsewhere.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::hash::{Sha256, hex};

/// The file by which a folder is known as a report.
pub const MANIFEST: &str = "manifest.json";

/// Why a folder cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The operating system said no.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// Something else lies there.
    #[error("{0} holds files that are no report; name another folder, or empty it")]
    NoReport(String),
}

fn at(path: &Path) -> impl Fn(io::Error) -> FolderError + '_ {
    move |source| FolderError::Io { path: path.display().to_string(), source }
}

/// A file of the report, as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Output {
    /// Path in the folder.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}

/// A folder being written.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    partial: TempDir,
    outputs: Vec<Output>,
    /// Tells other runs that this one is alive.
    _lock: Option<File>,
}

/// How long a folder that nobody holds must lie before it is taken for the rest of a killed run.
const ABANDONED: Duration = Duration::from_secs(60);

/// End of the name of a report that makes room for a new one, where the system cannot exchange the two.
const EARLIER: &str = ".earlier";

/// How the names begin of folders in which a report called `name` is being written, beside its place.
#[must_use]
pub fn partial_prefix(name: &str) -> String {
    format!(".{name}.partial-")
}

/// Removes what killed runs have left. It is in nobody's way, so that a failure to remove it is none.
fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Between two renamings the one whole report may lie under such a name.
        let ours = name.starts_with(prefix) && !name.ends_with(EARLIER);
        let modified = entry.metadata().ok().filter(fs::Metadata::is_dir).and_then(|meta| meta.modified().ok());
        let old = modified.and_then(|at| at.elapsed().ok()).is_some_and(|age| age >= ABANDONED);
        if ours && old && locked(&entry.path()).is_some() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A folder with its kernel lock, which ends with the process however that ends; `None` where it is held or there are none.
fn locked(folder: &Path) -> Option<File> {
    File::open(folder).ok().filter(|folder| folder.try_lock().is_ok())
}

/// Exchanges two folders in one step, so that there is no moment without a report; whether the system can do that.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> bool {
    false
}

impl Folder {
    /// Begins a folder beside `target`.
    ///
    /// # Errors
    /// When something else lies there, or nothing can be written beside it.
    pub fn begin(target: &Path) -> Result<Self, FolderError> {
        if let Ok(mut entries) = fs::read_dir(target) {
            if entries.next().is_some() && !target.join(MANIFEST).is_file() {
                return Err(FolderError::NoReport(target.display().to_string()));
            }
        } else if target.symlink_metadata().is_ok() {
            return Err(FolderError::NoReport(target.display().to_string()));
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(at(&parent))?;
        let name = target.file_name().map_or_else(|| "report".to_owned(), |name| name.to_string_lossy().into_owned());
        let prefix = partial_prefix(&name);
        sweep(&parent, &prefix);
        let partial = tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).map_err(at(&parent))?;
        let lock = locked(partial.path());
        Ok(Self { target: target.to_owned(), partial, outputs: Vec::new(), _lock: lock })
    }

    /// Writes a file, hashing it on the way.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write<E: From<FolderError>>(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut file = self.create(name)?;
        fill(&mut file)?;
        Ok(self.close(file)?)
    }

    /// Begins a file; it belongs to the report once [`Self::close`] has it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self, name: &str) -> Result<OutputFile, FolderError> {
        let path = self.partial.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        let file = File::create(&path).map_err(at(&path))?;
        let out = BufWriter::with_capacity(1 << 18, Hashing { file, digest: Sha256::new(), bytes: 0 });
        Ok(OutputFile { name: name.to_owned(), path, out })
    }

    /// Ends a file, which is then safe on disk.
    ///
    /// # Errors
    /// When the last of it cannot be written.
    pub fn close(&mut self, file: OutputFile) -> Result<(), FolderError> {
        let OutputFile { name, path, out } = file;
        let hashing = out.into_inner().map_err(|error| at(&path)(error.into_error()))?;
        hashing.file.sync_all().map_err(at(&path))?;
        let (sha256, bytes) = (hex(&hashing.digest.finalize()), hashing.bytes);
        self.outputs.push(Output { file: name, sha256, bytes });
        Ok(())
    }

    /// Reads a stretch of a file written before.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read(&self, name: &str, start: u64, length: u64) -> Result<Vec<u8>, FolderError> {
        let path = self.partial.path().join(name);
        let mut file = File::open(&path).map_err(at(&path))?;
        file.seek(SeekFrom::Start(start)).map_err(at(&path))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(at(&path))?;
        Ok(bytes)
    }

    /// The files written so far, by name.
    #[must_use]
    pub fn outputs(&self) -> Vec<Output> {
        let mut outputs = self.outputs.clone();
        outputs.sort_by(|left, right| left.file.cmp(&right.file));
        outputs
    }

    /// Puts the folder into its place; an earlier report there goes only when the new one stands.
    ///
    /// # Errors
    /// When renaming fails; the earlier report is then as it was.
    pub fn finish(self) -> Result<(), FolderError> {
        let Self { target, partial, .. } = self;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A temporary folder is closed to others; a report is as open as any folder.
            fs::set_permissions(partial.path(), fs::Permissions::from_mode(0o755)).map_err(at(partial.path()))?;
        }
        if target.symlink_metadata().is_err() {
            fs::rename(partial.path(), &target).map_err(at(&target))?;
            // The folder has moved: there is nothing left for the guard to remove.
            let _ = partial.keep();
            return Ok(());
        }
        if exchange(partial.path(), &target) {
            // The earlier report stands where the new one was made. Another run may take it away first.
            return match partial.close() {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&target)(error)),
                _ => Ok(()),
            };
        }
        // A name of its own: what a killed run has left must not stand in the way.
        let mut earlier = partial.path().as_os_str().to_owned();
        earlier.push(EARLIER);
        fs::rename(&target, &earlier).map_err(at(&target))?;
        if let Err(error) = fs::rename(partial.path(), &target) {
            fs::rename(&earlier, &target).map_err(at(&target))?;
            return Err(at(&target)(error));
        }
        let _ = partial.keep();
        fs::remove_dir_all(&earlier).map_err(at(Path::new(&earlier)))
    }
}

/// A file of the folder being written, hashed on the way.
#[derive(Debug)]
pub struct OutputFile {
    name: String,
    path: PathBuf,
    out: BufWriter<Hashing>,
}

impl Write for OutputFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.out.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[derive(Debug)]
struct Hashing {
    file: File,
    digest: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.digest.update(buffer.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(target: &Path, text: &str) -> Result<(), FolderError> {
        let mut folder = Folder::begin(target)?;
        folder.write::<FolderError>(MANIFEST, |out| out.write_all(text.as_bytes()).map_err(at(Path::new("x"))))?;
        folder.finish()
    }

    #[test]
    fn a_report_is_replaced_whole_and_nothing_else_is_touched() {
        let home = tempfile::tempdir().expect("a folder");
        let target = home.path().join("deep/report");
        write(&target, "one").expect("a first report");
        write(&target, "two").expect("a second report");
        assert_eq!(fs::read_to_string(target.join(MANIFEST)).expect("the manifest"), "two");
        assert_eq!(fs::read_dir(home.path().join("deep")).expect("the parent").count(), 1, "nothing is left over");
        let other = home.path().join("letters");
        fs::create_dir(&other).expect("a folder");
        fs::write(other.join("letter.txt"), "x").expect("a file");
        assert!(matches!(write(&other, "three"), Err(FolderError::NoReport(_))));
        assert!(other.join("letter.txt").exists());
    }

    #[test]
    fn what_killed_runs_leave_is_in_nobodys_way_and_goes() {
        let home = tempfile::tempdir().expect("a folder");
        let target = home.path().join("report");
        write(&target, "one").expect("a report");
        let leave = |name: &str, age: Duration| {
            let left = home.path().join(name);
            fs::create_dir(&left).expect("a folder");
            fs::write(left.join(MANIFEST), "half").expect("a file");
            let then = std::time::SystemTime::now() - age;
            File::open(&left).and_then(|folder| folder.set_modified(then)).expect("a time");
            left
        };
        // What was left between two renamings may be the only whole report.
        let earlier = leave(".report.partial-e.earlier", ABANDONED * 2);
        let (old, fresh) = (leave(".report.partial-a", ABANDONED * 2), leave(".report.partial-b", Duration::ZERO));
        let (alive, others) = (leave(".report.partial-c", ABANDONED * 2), leave(".other.partial-d", ABANDONED * 2));
        let lock = locked(&alive).expect("a free lock");
        write(&target, "two").expect("nothing stands in the way");
        assert_eq!(fs::read_to_string(target.join(MANIFEST)).expect("the manifest"), "two");
        assert!(!old.exists() && fresh.exists() && alive.exists() && others.exists() && earlier.exists());
        drop(lock);
    }

    #[test]
    fn an_unfinished_report_leaves_no_trace() {
        let home = tempfile::tempdir().expect("a folder");
        let target = home.path().join("report");
        write(&target, "one").expect("a report");
        drop(Folder::begin(&target).expect("a second one begins"));
        assert_eq!(fs::read_to_string(target.join(MANIFEST)).expect("the manifest"), "one");
        assert_eq!(fs::read_dir(home.path()).expect("the parent").count(), 1);
    }
}
