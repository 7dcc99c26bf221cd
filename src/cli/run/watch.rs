//! Which of the watched files are taken tonight: those that have settled, looked at once, or twice where that is needed.
//! A file that is still being uploaded waits for the next night and is told; it is not read in half.
//! What is in the files is not looked at here.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::exit::Failure;
use super::super::stop;
use crate::ingest::inputs::{self, Input, InputError, Unreadable};

/// Endings that programs give to files which they have not wholly written.
const UNFINISHED: [&str; 9] = ["part", "partial", "filepart", "tmp", "temp", "crdownload", "download", "upload", "swp"];

/// A file that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: &'static str,
}

/// What the watched places hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Files that are taken, in order of names.
    pub inputs: Vec<Input>,
    /// Files that wait, in order of names.
    pub waiting: Vec<Waiting>,
    /// Places that could not be looked into.
    pub unreadable: Vec<Unreadable>,
}

/// What tells that a file was written to.
type Mark = (u64, Option<SystemTime>);

/// Looks at the watched places. Where files have changed within `settle`, it waits so long once and looks at them again,
/// by a clock that nobody sets.
///
/// # Errors
/// When a pattern is none, or a signal came.
pub fn look(watch: &[PathBuf], settle: Duration) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let mut fresh: Vec<(Input, Mark)> = Vec::new();
    for place in watch {
        let (found, unreadable) = match inputs::list(std::slice::from_ref(place), None) {
            Ok(listed) => listed,
            // A glob that finds nothing tonight is no fault; a place that is gone may be a share that is not mounted.
            Err(InputError::NoMatch(_)) => continue,
            Err(InputError::Missing(name)) => {
                seen.unreadable.push(Unreadable { name, reason: "it is not there".to_owned() });
                continue;
            }
            Err(error) => return Err(Failure::usage(error)),
        };
        seen.unreadable.extend(unreadable);
        for input in found {
            let ending = input.path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            if ending.is_some_and(|ending| UNFINISHED.contains(&ending.as_str())) {
                seen.waiting.push(Waiting { name: input.name, reason: "its ending says that it is not whole yet" });
                continue;
            }
            match mark(&input.path) {
                // Whoever opens a pipe that nobody writes to waits for ever.
                None if input.path.exists() => {
                    seen.unreadable.push(Unreadable { name: input.name, reason: "it is no file".to_owned() });
                }
                // What cannot be asked is left to the reader, which tells why.
                None => seen.inputs.push(input),
                Some(mark) if has_settled(mark, settle) => seen.inputs.push(input),
                Some(mark) => fresh.push((input, mark)),
            }
        }
    }
    if !fresh.is_empty() {
        tracing::info!(files = fresh.len(), seconds = settle.as_secs(), "waiting for files to settle");
        stop::sleep(settle)?;
        for (input, before) in fresh {
            match mark(&input.path) {
                // Renamed or taken back: then it is another file's turn, or nobody's.
                None => seen.waiting.push(Waiting { name: input.name, reason: "it went away while it was looked at" }),
                Some(now) if now == before => seen.inputs.push(input),
                Some(_) => seen.waiting.push(Waiting { name: input.name, reason: "it is still being written" }),
            }
        }
    }
    seen.inputs.sort_by(|left, right| left.name.cmp(&right.name));
    seen.inputs.dedup_by(|second, first| {
        first.named |= second.named && second.name == first.name;
        second.name == first.name
    });
    seen.waiting.sort_by(|left, right| left.name.cmp(&right.name));
    seen.waiting.dedup();
    Ok(seen)
}

fn mark(path: &Path) -> Option<Mark> {
    let about = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some((about.len(), about.modified().ok()))
}

/// Whether a file's time says that nobody has written to it for so long. A time that is still to come says nothing.
fn has_settled((_, modified): Mark, settle: Duration) -> bool {
    let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_some_and(|age| age >= settle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    const SETTLE: Duration = Duration::from_millis(300);

    fn names(seen: &Seen) -> Vec<&str> {
        seen.inputs.iter().map(|input| input.name.rsplit('/').next().unwrap_or_default()).collect()
    }

    fn aged(path: &Path, age: Duration) {
        fs::write(path, "x").expect("a file");
        let then = SystemTime::now() - age;
        File::options().write(true).open(path).expect("the file").set_modified(then).expect("a time");
    }

    #[test]
    fn settled_files_are_taken_at_once_and_unfinished_ones_wait() {
        let home = tempfile::tempdir().expect("a folder");
        aged(&home.path().join("a.csv"), Duration::from_secs(60));
        aged(&home.path().join("b.csv.filepart"), Duration::from_secs(60));
        let seen = look(&[home.path().to_owned()], Duration::from_secs(30)).expect("a look");
        assert_eq!(names(&seen), ["a.csv"]);
        assert_eq!(seen.waiting.len(), 1);
    }

    #[test]
    fn a_fresh_file_is_taken_when_it_stands_still_and_waits_when_it_grows() {
        let home = tempfile::tempdir().expect("a folder");
        let (still, grows) = (home.path().join("still.csv"), home.path().join("grows.csv"));
        fs::write(&still, "x").expect("a file");
        fs::write(&grows, "x").expect("a file");
        // A time that is yet to come, as after a clock was set back, keeps no file out for ever.
        let ahead = home.path().join("ahead.csv");
        fs::write(&ahead, "x").expect("a file");
        let later = SystemTime::now() + Duration::from_secs(86_400);
        File::options().write(true).open(&ahead).expect("the file").set_modified(later).expect("a time");
        let writer = std::thread::spawn(move || {
            std::thread::sleep(SETTLE / 3);
            fs::write(grows, "xx").expect("a longer file");
        });
        let seen = look(&[home.path().to_owned()], SETTLE).expect("a look");
        writer.join().expect("written");
        assert_eq!(names(&seen), ["ahead.csv", "still.csv"]);
        assert!(seen.waiting.iter().all(|waiting| waiting.name.ends_with("grows.csv")));
        assert_eq!(seen.waiting.len(), 1);
    }

    #[test]
    fn places_that_are_gone_are_told_and_empty_ones_are_no_fault() {
        let home = tempfile::tempdir().expect("a folder");
        let watch = [home.path().to_owned(), home.path().join("*.csv"), home.path().join("gone")];
        let seen = look(&watch, SETTLE).expect("a look");
        assert!(seen.inputs.is_empty() && seen.waiting.is_empty());
        assert_eq!(seen.unreadable.len(), 1);
    }

    #[test]
    fn a_file_in_two_places_is_one() {
        let home = tempfile::tempdir().expect("a folder");
        aged(&home.path().join("a.csv"), Duration::from_secs(60));
        let watch = [home.path().to_owned(), home.path().join("*.csv"), home.path().join("a.csv")];
        let seen = look(&watch, Duration::from_secs(30)).expect("a look");
        assert_eq!(names(&seen), ["a.csv"]);
        assert!(seen.inputs.iter().all(|input| input.named));
    }
}
