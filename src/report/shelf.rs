//! The folder in which the reports of the nights stand, each in a folder of its own, with a list of what was new in it.
//! Names carry the day and a running number: the number gives the order, whatever a clock says, and no name comes twice.
//! What stands in a report, and what is new in one, is decided elsewhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::folder::{MANIFEST, partial_prefix};
use super::whole_file;

/// What the name of a report begins with.
const PREFIX: &str = "report-";
/// Where a report is made before it has a name.
const NEXT: &str = ".next";
/// What a report is called while it is removed.
const GOING: &str = ".going-";
/// The file that names the last report that was told.
const TOLD: &str = ".told";
/// Link to the last report.
pub const LATEST: &str = "latest";
/// File with the name of the last report, where the file system knows no links.
const LATEST_FILE: &str = "latest.txt";
/// What was new in the last run; beside each report its own list lies under the report's name.
pub const NEW_FINDINGS: &str = "new-findings.csv";

/// Why the folder of reports cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct ShelfError {
    /// The file or folder.
    path: String,
    /// What the system said.
    source: io::Error,
}

fn at(path: &Path) -> impl Fn(io::Error) -> ShelfError + '_ {
    move |source| ShelfError { path: path.display().to_string(), source }
}

/// The name of a report: the day by the clock of that night, and a number that only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its number, from 1 on.
    pub number: u64,
    /// The day.
    pub day: Date,
}

impl Name {
    /// Reads a name; `None` for any other.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (day, number) = text.strip_prefix(PREFIX)?.rsplit_once('-')?;
        let name = Self { number: number.parse().ok()?, day: day.parse().ok()? };
        // What somebody else named in a like way is not ours.
        (name.to_string() == text).then_some(name)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{PREFIX}{}-{:04}", self.day, self.number)
    }
}

/// The folder of reports.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The folder, made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Removes what a run left that was killed: unfinished reports, and lists without their report. Only for whoever holds
    /// the lock.
    ///
    /// # Errors
    /// When the folder cannot be read, or something in it cannot be removed.
    pub fn sweep(&self) -> Result<(), ShelfError> {
        let partial = partial_prefix(NEXT);
        for (name, path) in self.entries()? {
            let of_nobody = list_of(&name).is_some_and(|report| !self.path(&report).join(MANIFEST).is_file());
            if name == NEXT || name.starts_with(GOING) || name.starts_with(&partial) {
                fs::remove_dir_all(&path).map_err(at(&path))?;
            } else if of_nobody {
                fs::remove_file(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }

    /// The reports in the order in which they were made.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn reports(&self) -> Result<Vec<Name>, ShelfError> {
        let entries = self.entries()?.into_iter();
        let whole = entries.filter(|(_, path)| path.join(MANIFEST).is_file());
        let mut names: Vec<Name> = whole.filter_map(|(name, _)| Name::parse(&name)).collect();
        names.sort_by_key(|name| (name.number, name.day));
        Ok(names)
    }

    /// Where a report lies.
    #[must_use]
    pub fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(name.to_string())
    }

    /// Where the list of what was new in a report lies.
    #[must_use]
    pub fn list(&self, name: &Name) -> PathBuf {
        self.folder.join(format!("{name}.{NEW_FINDINGS}"))
    }

    /// Where the list of what was new in the last run lies.
    #[must_use]
    pub fn last_list(&self) -> PathBuf {
        self.folder.join(NEW_FINDINGS)
    }

    /// Where the next report is made.
    #[must_use]
    pub fn next(&self) -> PathBuf {
        self.folder.join(NEXT)
    }

    /// The name that the next report gets on a day.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn name(&self, day: Date) -> Result<Name, ShelfError> {
        // Anything of our names counts, also what is no report: nothing is ever written over.
        let numbers = self.entries()?.into_iter().filter_map(|(name, _)| Name::parse(&name)).map(|name| name.number);
        Ok(Name { number: numbers.max().unwrap_or(0).saturating_add(1), day })
    }

    /// Puts the next report into its place with its list, which goes first: the report's name is the one commit point.
    ///
    /// # Errors
    /// When the system says no; the reports are then as they were.
    pub fn publish(&self, name: &Name, new_findings: &[u8]) -> Result<(), ShelfError> {
        let (list, path) = (self.list(name), self.path(name));
        whole_file::write(&list, new_findings).map_err(at(&list))?;
        fs::rename(self.next(), &path).map_err(at(&path))?;
        whole_file::sync_folder(&self.folder).map_err(at(&self.folder))
    }

    /// Throws the next report away, where there is one: it says nothing that the last one does not say.
    ///
    /// # Errors
    /// When the system says no.
    pub fn discard(&self) -> Result<(), ShelfError> {
        let next = self.next();
        if next.exists() { fs::remove_dir_all(&next).map_err(at(&next)) } else { Ok(()) }
    }

    /// Lets `latest` lead to a report, and `new-findings.csv` say what was new.
    ///
    /// # Errors
    /// When the system says no.
    pub fn point(&self, name: &Name, new_findings: &[u8]) -> Result<(), ShelfError> {
        self.link(&name.to_string())?;
        self.write(NEW_FINDINGS, new_findings)
    }

    fn link(&self, name: &str) -> Result<(), ShelfError> {
        let latest = self.folder.join(LATEST);
        #[cfg(unix)]
        {
            let beside = self.folder.join(format!("{GOING}{LATEST}"));
            let _ = fs::remove_file(&beside);
            if std::os::unix::fs::symlink(name, &beside).is_ok() {
                return fs::rename(&beside, &latest).map_err(at(&latest));
            }
        }
        // Shares of other systems know no links.
        self.write(LATEST_FILE, format!("{name}\n").as_bytes())
    }

    /// Removes the oldest reports with their lists until so many are left, and names them. The last one always stays.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn rotate(&self, keep: usize) -> Result<Vec<Name>, ShelfError> {
        let mut reports = self.reports()?;
        let surplus = reports.len().saturating_sub(keep.max(1));
        reports.truncate(surplus);
        for name in &reports {
            // First out of sight, so that nobody opens half a report.
            let (path, going) = (self.path(name), self.folder.join(format!("{GOING}{name}")));
            fs::rename(&path, &going).map_err(at(&path))?;
            fs::remove_dir_all(&going).map_err(at(&going))?;
            let list = self.list(name);
            match fs::remove_file(&list) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&list)(error)),
                _ => {}
            }
        }
        Ok(reports)
    }

    /// The last report that was told; `None` where none was, or where it is gone.
    #[must_use]
    pub fn told(&self) -> Option<Name> {
        let text = fs::read_to_string(self.folder.join(TOLD)).ok()?;
        Name::parse(text.trim()).filter(|name| self.path(name).join(MANIFEST).is_file())
    }

    /// Notes that a report was told.
    ///
    /// # Errors
    /// When the system says no.
    pub fn set_told(&self, name: &Name) -> Result<(), ShelfError> {
        self.write(TOLD, format!("{name}\n").as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ShelfError> {
        let path = self.folder.join(name);
        // What is right already is left alone: a run without news changes nothing.
        if fs::read(&path).is_ok_and(|earlier| earlier == bytes) {
            return Ok(());
        }
        whole_file::write(&path, bytes).map_err(at(&path))
    }

    /// Names in the folder with their paths; what is no text is nothing of ours.
    fn entries(&self) -> Result<Vec<(String, PathBuf)>, ShelfError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(at(&self.folder))? {
            let entry = entry.map_err(at(&self.folder))?;
            if let Ok(name) = entry.file_name().into_string() {
                found.push((name, entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The report that a list belongs to; `None` for a file that is no list.
fn list_of(name: &str) -> Option<Name> {
    Name::parse(name.strip_suffix(NEW_FINDINGS)?.strip_suffix('.')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    fn shelf(home: &tempfile::TempDir) -> Shelf {
        Shelf::open(&home.path().join("reports")).expect("a shelf")
    }

    fn report(shelf: &Shelf, on: &str) -> Name {
        fs::create_dir_all(shelf.next()).expect("a folder");
        fs::write(shelf.next().join(MANIFEST), on).expect("a manifest");
        let name = shelf.name(day(on)).expect("a name");
        shelf.publish(&name, b"list").expect("a report");
        name
    }

    #[test]
    fn a_clock_that_runs_back_neither_changes_the_order_nor_takes_a_name_twice() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = shelf(&home);
        let made: Vec<String> = ["2026-11-23", "2026-11-23", "2025-01-01", "2026-11-23"]
            .iter()
            .map(|on| report(&shelf, on).to_string())
            .collect();
        let expected =
            ["report-2026-11-23-0001", "report-2026-11-23-0002", "report-2025-01-01-0003", "report-2026-11-23-0004"];
        assert_eq!(made, expected);
        let listed: Vec<String> = shelf.reports().expect("a list").iter().map(Name::to_string).collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn names_of_others_are_no_reports() {
        for text in ["report-2026-11-23", "report-2026-11-23-1", "report-x-0001", "report-2026-13-01-0001", "other"] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
        let long = Name { number: 123_456, day: day("2026-11-23") };
        assert_eq!(Name::parse(&long.to_string()), Some(long));
    }

    #[test]
    fn rotation_removes_the_oldest_and_never_the_last() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = shelf(&home);
        let made: Vec<Name> = (1..=5).map(|_| report(&shelf, "2026-11-23")).collect();
        assert_eq!(shelf.rotate(3).expect("removed"), made[..2]);
        assert_eq!(shelf.reports().expect("a list"), made[2..]);
        assert!(!shelf.list(&made[1]).exists() && shelf.list(&made[2]).exists());
        shelf.rotate(0).expect("removed");
        assert_eq!(shelf.reports().expect("a list"), made[4..]);
        assert_eq!(shelf.name(day("2026-11-23")).expect("a name").number, 6, "numbers go on");
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_reports_stay() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = shelf(&home);
        let stays = report(&shelf, "2026-11-23");
        for left in [".next", "..next.partial-abc", ".going-report-2026-11-22-0001"] {
            fs::create_dir_all(home.path().join("reports").join(left).join("csv")).expect("a folder");
        }
        let orphan = Name { number: 2, day: day("2026-11-24") };
        fs::write(shelf.list(&orphan), b"").expect("a list");
        fs::write(home.path().join("reports/letter.txt"), b"").expect("a letter");
        shelf.sweep().expect("swept");
        let left: Vec<String> = shelf.entries().expect("a list").into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["letter.txt".to_owned(), stays.to_string(), format!("{stays}.{NEW_FINDINGS}")]);
    }

    #[test]
    fn latest_leads_to_the_report_and_told_forgets_what_is_gone() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = shelf(&home);
        let name = report(&shelf, "2026-11-23");
        shelf.point(&name, b"nothing").expect("a link");
        shelf.point(&name, b"news").expect("the link again");
        let latest = home.path().join("reports").join(LATEST);
        assert_eq!(fs::read_to_string(latest.join(MANIFEST)).expect("the manifest"), "2026-11-23");
        assert_eq!(fs::read(shelf.last_list()).expect("the list"), b"news");
        assert_eq!(shelf.told(), None);
        shelf.set_told(&name).expect("a note");
        assert_eq!(shelf.told(), Some(name));
        fs::remove_dir_all(shelf.path(&name)).expect("removed");
        assert_eq!(shelf.told(), None);
    }
}
