//! Checks a report folder against its manifest and `SHA256SUMS`, and inputs against their recorded hashes.
//! Every file that differs is named; where two witnesses contradict each other, both are.
//! Recomputing a report is the command line's work; comparing the two folders is done here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use super::folder::MANIFEST;
use super::manifest::Manifest;
use super::places::Places;
use super::sums::{self, SUMS};
use super::timestamp::{self, ANSWER, Answer, REQUEST};
use crate::ingest::inputs::STDIN;
use crate::ingest::open::{sha256, sha256_of_file};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its hash is the recorded one.
    Same,
    /// Its hash is another.
    Changed,
    /// It or the file that contradicts it was changed.
    Doubtful,
    /// It is in the manifest and not in the folder.
    Missing,
    /// It is in the folder and not in the manifest.
    Unlisted,
    /// An input that lies nowhere it was looked for.
    NotFound,
    /// It could not be read.
    Unreadable,
    /// No hash was recorded, for it could not be read then.
    NoHash,
}

impl State {
    /// Whether this is a difference.
    #[must_use]
    pub const fn differs(self) -> bool {
        matches!(self, Self::Changed | Self::Doubtful | Self::Missing | Self::Unlisted)
    }

    /// Whether nothing could be said for want of the file.
    #[must_use]
    pub const fn unread(self) -> bool {
        matches!(self, Self::NotFound | Self::Unreadable)
    }
}

/// A file and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Its name.
    pub file: String,
    /// What became of it.
    pub state: State,
    /// More of that, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Checked {
    fn new(file: &str, state: State, detail: impl Into<String>) -> Self {
        Self { file: file.to_owned(), state, detail: detail.into() }
    }

    /// Compares a file's hash with what is expected.
    fn hashed(file: &str, found: &io::Result<String>, expected: &str) -> Self {
        match found {
            Ok(hash) if hash == expected => Self::new(file, State::Same, ""),
            Ok(hash) => Self::new(file, State::Changed, format!("recorded {expected}, now {hash}")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::new(file, State::Missing, ""),
            Err(error) => Self::new(file, State::Unreadable, error.to_string()),
        }
    }
}

/// What an answer to the request for a time stamp says of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StampCheck {
    /// Whether the manifest bears it out; see [`State`].
    pub state: State,
    /// What is wrong, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// What the answer says.
    pub answer: Option<Answer>,
    /// Always `not checked`: neither signature nor certificates are looked at.
    pub signature: &'static str,
}

/// A report folder, checked.
#[derive(Clone, Debug)]
pub struct FolderCheck {
    /// The manifest, where it can be read.
    pub manifest: Option<Manifest>,
    /// Every file of the folder, and those that are missing.
    pub outputs: Vec<Checked>,
    /// The time stamp, where there is one.
    pub stamp: Option<StampCheck>,
}

/// Why a folder cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no report.
    #[error("{0} is no report folder: neither manifest.json nor SHA256SUMS can be read there")]
    NoReport(PathBuf),
}

/// Checks a report folder.
///
/// # Errors
/// When it is none.
pub fn folder(folder: &Path) -> Result<FolderCheck, VerifyError> {
    let witnesses = Witnesses::of(folder)?;
    let manifest = witnesses.manifest_check();
    let stands = manifest.state == State::Same;
    let files = witnesses.files(stands);
    let mut outputs: Vec<Checked> = files
        .par_iter()
        .map(|(file, hash)| {
            // A damaged manifest must not lead us out of the folder.
            if Path::new(file).components().any(|part| !matches!(part, Component::Normal(_))) {
                return Checked::new(file, State::Unreadable, "this is no name inside the folder");
            }
            Checked::hashed(file, &sha256_of_file(&folder.join(file)), hash)
        })
        .collect();
    outputs.push(manifest);
    outputs.extend(witnesses.request_check(stands));
    outputs.push(witnesses.sums_check(stands, &files));

    let known: BTreeSet<&str> = outputs.iter().map(|checked| checked.file.as_str()).chain([ANSWER]).collect();
    let (found, mut rest) = files_of(folder);
    let unlisted = found.iter().filter(|file| !known.contains(file.as_str()));
    rest.extend(unlisted.map(|file| Checked::new(file, State::Unlisted, "")));
    outputs.append(&mut rest);
    outputs.sort_by(|left, right| left.file.cmp(&right.file));
    let stamp = stamp(&folder.join(ANSWER), witnesses.bytes.as_deref().unwrap_or_default());
    Ok(FolderCheck { manifest: witnesses.manifest, outputs, stamp })
}

/// What bears witness in a report folder: the manifest, the sums, the request for a time stamp.
struct Witnesses {
    bytes: io::Result<Vec<u8>>,
    /// Hash of the manifest as it lies there.
    hash: String,
    manifest: Option<Manifest>,
    text: io::Result<String>,
    sums: BTreeMap<String, String>,
    /// The request that belongs to the manifest, and the one that lies there.
    request: Vec<u8>,
    request_found: io::Result<Vec<u8>>,
}

impl Witnesses {
    fn of(folder: &Path) -> Result<Self, VerifyError> {
        let bytes = fs::read(folder.join(MANIFEST));
        let text = fs::read(folder.join(SUMS)).map(|text| String::from_utf8_lossy(&text).into_owned());
        if bytes.is_err() && text.is_err() {
            return Err(VerifyError::NoReport(folder.to_owned()));
        }
        Ok(Self {
            hash: bytes.as_deref().map(sha256).unwrap_or_default(),
            manifest: bytes.as_deref().ok().and_then(|bytes| Manifest::parse(bytes).ok()),
            sums: text.as_deref().ok().and_then(sums::parse).unwrap_or_default(),
            request: bytes.as_deref().map(timestamp::request).unwrap_or_default(),
            request_found: fs::read(folder.join(REQUEST)),
            bytes,
            text,
        })
    }

    /// Whether manifest and sums agree about the manifest.
    fn agree(&self) -> bool {
        self.sums.get(MANIFEST).is_none_or(|hash| *hash == self.hash)
    }

    /// Where they do not, nobody may tell which was changed; but a request holds the manifest's hash too.
    fn undecided(&self) -> bool {
        !self.agree() && self.manifest.is_some() && self.request_found.is_err()
    }

    fn manifest_check(&self) -> Checked {
        let check = |state, detail: &str| Checked::new(MANIFEST, state, detail);
        if let Err(error) = &self.bytes {
            return Checked::hashed(MANIFEST, &Err(error.kind().into()), "");
        }
        if self.undecided() {
            return check(State::Doubtful, "its hash is not that in SHA256SUMS: one of the two was changed");
        }
        let borne_out = self.request_found.as_ref().is_ok_and(|found| *found == self.request);
        if !self.agree() && !borne_out {
            return check(State::Changed, "its hash is not that in SHA256SUMS");
        }
        match self.manifest {
            Some(_) => check(State::Same, ""),
            None => check(State::Unreadable, "it is no manifest that this version can read"),
        }
    }

    /// The files to be expected, by name: those of the manifest, or of the sums where it cannot be relied on.
    fn files(&self, manifest_stands: bool) -> Vec<(&str, &str)> {
        let own = |file: &str| file == MANIFEST || file == REQUEST;
        match &self.manifest {
            Some(manifest) if manifest_stands || self.sums.is_empty() => {
                let mut files: Vec<(&str, &str)> =
                    manifest.outputs.iter().map(|row| (row.file.as_str(), row.sha256.as_str())).collect();
                files.sort_unstable();
                files
            }
            _ => {
                let rows = self.sums.iter().map(|(file, hash)| (file.as_str(), hash.as_str()));
                rows.filter(|(file, _)| !own(file)).collect()
            }
        }
    }

    fn has_request(&self) -> bool {
        let asked = self.manifest.as_ref().and_then(|manifest| manifest.setting("timestamp-request"));
        let asked = asked.is_some_and(|row| row.value.texts().any(|text| text == "true"));
        asked || self.sums.contains_key(REQUEST) || self.request_found.is_ok()
    }

    fn request_check(&self, manifest_stands: bool) -> Option<Checked> {
        if !self.has_request() {
            return None;
        }
        let own = sha256(&self.request);
        let expected = if manifest_stands { Some(&own) } else { self.sums.get(REQUEST) };
        let found = match &self.request_found {
            Ok(bytes) => Ok(sha256(bytes)),
            Err(error) => Err(error.kind().into()),
        };
        Some(match expected {
            Some(hash) => Checked::hashed(REQUEST, &found, hash),
            None => Checked::new(REQUEST, State::Unlisted, ""),
        })
    }

    fn sums_check(&self, manifest_stands: bool, files: &[(&str, &str)]) -> Checked {
        let check = |state, detail: &str| Checked::new(SUMS, state, detail);
        let text = match &self.text {
            Ok(text) => text,
            Err(error) => return Checked::hashed(SUMS, &Err(error.kind().into()), ""),
        };
        if self.undecided() {
            return check(State::Doubtful, "it has another hash for manifest.json: one of the two was changed");
        }
        let request = sha256(&self.request);
        let mut rows = files.to_vec();
        rows.push((MANIFEST, &self.hash));
        if self.has_request() {
            rows.push((REQUEST, &request));
        }
        if manifest_stands && *text != sums::text(rows) {
            return check(State::Changed, "it is not what belongs to manifest.json");
        }
        check(State::Same, "")
    }
}

/// Names of all files in a folder, with `/`; and what could not be looked into.
fn files_of(folder: &Path) -> (BTreeSet<String>, Vec<Checked>) {
    let (mut files, mut unread) = (BTreeSet::new(), Vec::new());
    // Not the folder itself, which may be reached by a link.
    for entry in walkdir::WalkDir::new(folder).min_depth(1) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => {
                let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                files.insert(super::manifest::shown_path(inside));
            }
            Err(error) => {
                let name = error.path().map(super::manifest::shown_path).unwrap_or_default();
                unread.push(Checked::new(&name, State::Unreadable, error.to_string()));
            }
        }
    }
    (files, unread)
}

/// What the answer of an authority says of the manifest.
fn stamp(path: &Path, manifest: &[u8]) -> Option<StampCheck> {
    let check = |state, problem: &str, answer| {
        Some(StampCheck { state, problem: problem.to_owned(), answer, signature: "not checked" })
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return check(State::Unreadable, &error.to_string(), None),
    };
    let answer = match timestamp::answer(&bytes) {
        Ok(answer) => answer,
        Err(error) => return check(State::Changed, &error.to_string(), None),
    };
    let over = answer.stamp.as_ref().map(|stamp| stamp.is_over(manifest));
    let (state, problem) = match over {
        _ if !answer.granted => (State::Changed, "the authority did not grant it"),
        None => (State::Changed, "it holds no stamp"),
        Some(None) => (State::Unreadable, "its hash algorithm is not known here"),
        Some(Some(false)) => (State::Changed, "it stamps something else than this manifest.json"),
        Some(Some(true)) => (State::Same, ""),
    };
    check(state, problem, Some(answer))
}

/// Inputs, and files that were read beside them, compared with their recorded hashes.
#[derive(Clone, Debug, Default)]
pub struct InputCheck {
    /// Files on disk.
    pub inputs: Vec<Checked>,
    /// Inputs inside containers: the hash of the container covers them.
    pub in_containers: u64,
    /// Where each file lies that was found, by its name in the manifest.
    pub found: BTreeMap<String, PathBuf>,
}

/// Finds the inputs of a report and hashes them again. `own_formats` are the files of the configuration folder.
#[must_use]
pub fn inputs(manifest: &Manifest, places: &Places, own_formats: &[PathBuf]) -> InputCheck {
    let held = manifest.inputs.iter().filter(|row| row.within.is_some()).count();
    let rows = manifest.inputs.iter().filter(|row| row.within.is_none());
    let mut wanted: Vec<(&str, &str, bool)> = rows.map(|row| (row.file.as_str(), row.sha256.as_str(), false)).collect();
    let rows = manifest.files.iter();
    wanted.extend(rows.map(|row| (row.file.as_str(), row.sha256.as_str(), row.kind == "own format")));
    wanted.sort_unstable();
    wanted.dedup();
    let check = |(file, hash, own): &(&str, &str, bool)| {
        let own_file = |path: &&PathBuf| path.file_name().is_some_and(|name| name == *file);
        let found = if *own { own_formats.iter().filter(own_file).cloned().collect() } else { places.find(file) };
        check_input(file, hash, found)
    };
    let checked: Vec<(Checked, Option<PathBuf>)> = wanted.par_iter().map(check).collect();
    let mut all = InputCheck { in_containers: held as u64, ..InputCheck::default() };
    for (checked, path) in checked {
        if let Some(path) = path {
            all.found.insert(checked.file.clone(), path);
        }
        all.inputs.push(checked);
    }
    all
}

/// Of the places where a file may lie, the one with the right bytes; else the likeliest, and what is wrong with it.
fn check_input(file: &str, hash: &str, places: Vec<PathBuf>) -> (Checked, Option<PathBuf>) {
    if hash.is_empty() {
        return (Checked::new(file, State::NoHash, "it could not be read then"), places.into_iter().next());
    }
    let mut first = None;
    for path in places {
        let mut checked = Checked::hashed(file, &sha256_of_file(&path), hash);
        if checked.state == State::Same {
            return (checked, Some(path));
        }
        if path.as_os_str() != file {
            checked.detail = format!("{} ({})", checked.detail, path.display());
        }
        first.get_or_insert((checked, Some(path)));
    }
    first.unwrap_or_else(|| {
        let why = if file == STDIN { "it came from standard input, which is not kept" } else { "" };
        (Checked::new(file, State::NotFound, why), None)
    })
}

/// Compares a report with one that was computed again, byte for byte.
#[must_use]
pub fn compare(earlier: &Path, again: &Path, known: &[Checked]) -> Vec<Checked> {
    let mut names: BTreeSet<String> = files_of(again).0;
    // What never belonged to the report cannot come again.
    names.extend(known.iter().filter(|checked| checked.state != State::Unlisted).map(|checked| checked.file.clone()));
    names
        .par_iter()
        .map(|name| match (sha256_of_file(&again.join(name)), sha256_of_file(&earlier.join(name))) {
            (Ok(again), Ok(earlier)) if again == earlier => Checked::new(name, State::Same, ""),
            (Ok(_), Ok(_)) => Checked::new(name, State::Changed, "other bytes"),
            (Err(_), _) => Checked::new(name, State::Missing, "it does not come again"),
            (Ok(_), Err(_)) => Checked::new(name, State::Unlisted, "it comes only now"),
        })
        .collect()
}
