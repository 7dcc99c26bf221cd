//! The sources of a report found again, and what was found in them found again with the recorded settings.
//! Inputs lie where they lay or in a folder that is named, and are known by their SHA-256; nothing is written.
//! Which records are then shown, and how, is the business of `trace` and `explain`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::places::Places as Names;
use super::reading::{Hashed, ReadingError, Report};
use crate::assess::{Assessment, Calendar, Grounds, Pack, PackError, UnknownZone, Wording, WordingError, assess};
use crate::case::{Case, Language};
use crate::detect::settings::SettingsError;
use crate::detect::transactional;
use crate::detect::{Activity, Settings, detect};
use crate::ingest::containers::SEPARATOR;
use crate::ingest::inputs::{self, CASE_FILE};
use crate::ingest::time::DateOrder;
use crate::ingest::{self, IngestError, Ingested, Input, Progress, Wanted, ingest_wanted, open};
use crate::message::DEFAULT_ZONE;

/// Why a report's sources cannot be read again.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// The report itself.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// A case file that nobody finds.
    #[error("the case file of the report (SHA-256 {sha256}) is not there{tried}; name it with --case")]
    Case {
        /// Its hash.
        sha256: String,
        /// Where another one lies; empty where none does.
        tried: String,
    },
    /// The recorded settings of detection.
    #[error("manifest.json: the settings of detection cannot be used: {0}")]
    Detection(String),
    /// A recorded setting.
    #[error("manifest.json: setting `{name}`: `{value}` cannot be used")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// The zone of the calendar.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// Ingest could not begin.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Words of the build.
    #[error(transparent)]
    Words(#[from] SettingsError),
    /// A rule pack.
    #[error(transparent)]
    Rules(#[from] PackError),
    /// Words of advertising.
    #[error(transparent)]
    Wording(#[from] WordingError),
    /// A file of the user that nobody finds.
    #[error("the report was made with {file} (SHA-256 {sha256}), which is not there; name it with {option}")]
    Used {
        /// Its path as recorded.
        file: String,
        /// Its hash.
        sha256: String,
        /// The option that names it.
        option: &'static str,
    },
    /// A file that was named.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Where to look, beside what the report says.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// A folder that holds the inputs, where they no longer lie where they lay.
    pub inputs: Option<PathBuf>,
    /// The case file.
    pub case: Option<PathBuf>,
    /// The user's own format files.
    pub formats: Vec<PathBuf>,
    /// The user's own rule packs.
    pub rules: Vec<PathBuf>,
    /// Bound for unpacked sizes, in bytes.
    pub max_unpacked: u64,
    /// Threads.
    pub threads: usize,
}

/// How a source stands against what the manifest says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The same bytes.
    Same,
    /// Other bytes.
    Changed,
    /// Not there, or not readable.
    Missing,
    /// The report could not read it either.
    NeverRead,
}

/// A file that the report was made from.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the manifest says of it.
    pub recorded: Hashed,
    /// Where it lies now.
    pub path: Option<PathBuf>,
    standing: Option<Standing>,
}

impl Source {
    /// How it stands; hashes it when asked for the first time.
    pub fn standing(&mut self) -> Standing {
        if let Some(known) = self.standing {
            return known;
        }
        let standing = match &self.path {
            _ if self.recorded.sha256.is_empty() => Standing::NeverRead,
            None => Standing::Missing,
            Some(path) => match open::sha256_of_file(path).ok() {
                Some(sha256) if sha256 == self.recorded.sha256 => Standing::Same,
                Some(_) => Standing::Changed,
                None => Standing::Missing,
            },
        };
        *self.standing.insert(standing)
    }
}

/// All files that the report was made from, by the names that it has for them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, Source>,
    /// What `inputs.csv` says of files and members: (format, encoding).
    told: BTreeMap<String, (String, String)>,
}

impl Sources {
    /// Looks for them.
    ///
    /// # Errors
    /// When the report is damaged.
    pub fn find(report: &mut Report, elsewhere: Option<&Path>) -> Result<Self, ReadingError> {
        let mut told = BTreeMap::new();
        let there = report.each("inputs", &mut |row| {
            told.insert(row.get("file").to_owned(), (row.get("format").to_owned(), row.get("encoding").to_owned()));
            Ok(())
        })?;
        if !there && let Some(found) = report.findings_json()? {
            let rows = found.pointer("/completeness/inputs").and_then(Value::as_array);
            for row in rows.into_iter().flatten() {
                let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                told.insert(text("file"), (text("format"), text("encoding")));
            }
        }
        let recorded = &report.manifest().inputs;
        let names: BTreeSet<&str> = recorded.iter().map(|input| input.file.as_str()).collect();
        let under = elsewhere.map(Path::to_owned);
        let mut finder = Finder::new(Names { under, report: report.folder().to_owned() });
        let mut files = BTreeMap::new();
        for input in recorded.iter().filter(|input| container_of(&input.file, &names).is_none()) {
            let path = finder.find(input);
            files.insert(input.file.clone(), Source { recorded: input.clone(), path, standing: None });
        }
        Ok(Self { files, told })
    }

    /// All files, by name.
    pub fn files(&mut self) -> impl Iterator<Item = (&str, &mut Source)> {
        self.files.iter_mut().map(|(name, source)| (name.as_str(), source))
    }

    /// Names of the files that stand so.
    pub fn standing(&mut self, standing: Standing) -> Vec<String> {
        let all = self.files.iter_mut();
        all.filter_map(|(name, source)| (source.standing() == standing).then(|| name.clone())).collect()
    }

    /// The file that an input is or lies in, with the member's name inside.
    #[must_use]
    pub fn file_of<'n>(&self, name: &'n str) -> Option<(&'n str, Option<&'n str>)> {
        if self.files.contains_key(name) {
            return Some((name, None));
        }
        let mut cuts = name.match_indices(SEPARATOR);
        cuts.find_map(|(at, _)| {
            let (file, member) = (name.get(..at)?, name.get(at + SEPARATOR.len()..)?);
            self.files.contains_key(file).then_some((file, Some(member)))
        })
    }

    /// A file by its name.
    pub fn file(&mut self, name: &str) -> Option<&mut Source> {
        self.files.get_mut(name)
    }

    /// An input as it can be read now; `None` when its file is not there.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<Input> {
        let (file, member) = self.file_of(name)?;
        let path = self.files.get(file)?.path.clone()?;
        Some(Input { name: name.to_owned(), path, named: false, member: member.map(str::to_owned) })
    }

    /// The encoding that the report names for an input.
    #[must_use]
    pub fn encoding(&self, name: &str) -> &str {
        self.told.get(name).map_or("", |(_, encoding)| encoding.as_str())
    }

    /// The files as ingest lists them.
    fn inputs(&self) -> Vec<Input> {
        let input = |(name, source): (&String, &Source)| Input {
            name: name.clone(),
            path: source.path.clone().unwrap_or_else(|| PathBuf::from(name)),
            // Only a file that the user named is read in spite of its ending.
            named: inputs::is_no_export_name(name)
                && self.told.get(name).is_some_and(|(format, _)| format != "no-export"),
            member: None,
        };
        self.files.iter().map(input).collect()
    }
}

/// The input that another one lies in.
fn container_of<'n>(name: &'n str, names: &BTreeSet<&str>) -> Option<&'n str> {
    name.match_indices(SEPARATOR).find_map(|(at, _)| name.get(..at).filter(|outer| names.contains(outer)))
}

/// Finds inputs: by their names, and of several files that a name may mean the one with the recorded bytes; in a folder
/// that the user named also by their bytes alone.
struct Finder {
    places: Names,
    /// Files of that folder, listed when a name finds nothing there.
    by_size: Option<BTreeMap<u64, Vec<PathBuf>>>,
}

impl Finder {
    const fn new(places: Names) -> Self {
        Self { places, by_size: None }
    }

    fn find(&mut self, input: &Hashed) -> Option<PathBuf> {
        let named = self.places.find(&input.file);
        let Some(folder) = &self.places.under else {
            // One file alone is hashed when somebody asks how it stands.
            let same = if named.len() > 1 { named.iter().find(|path| is(path, input)) } else { None };
            return same.or_else(|| named.first()).cloned();
        };
        if let Some(found) = named.iter().find(|path| is(path, input)) {
            return Some(found.clone());
        }
        let by_size = self.by_size.get_or_insert_with(|| files_by_size(folder));
        let sized = by_size.get(&input.bytes).map_or(&[][..], Vec::as_slice);
        sized.iter().find(|path| is(path, input)).or_else(|| named.first()).cloned()
    }
}

/// Whether a file has the bytes of an input.
fn is(path: &Path, input: &Hashed) -> bool {
    open::sha256_of_file(path).is_ok_and(|sha256| sha256 == input.sha256)
}

fn files_by_size(folder: &Path) -> BTreeMap<u64, Vec<PathBuf>> {
    let mut by_size: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    let files = walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    for entry in files.filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
        let size = entry.metadata().map_or(0, |meta| meta.len());
        by_size.entry(size).or_default().push(entry.into_path());
    }
    by_size
}

/// What a report was written from, as far as detection.
#[derive(Debug)]
pub struct Again {
    /// The case.
    pub case: Case,
    /// The matter's calendar.
    pub calendar: Calendar,
    /// What ingest gives.
    pub ingested: Ingested,
    /// Settings of detection.
    pub detection: Settings,
    /// What detection gives.
    pub activity: Activity,
}

/// Reads the sources again and finds in them what there is to find, with the settings that the manifest records.
///
/// # Errors
/// When the case file is not there, or the recorded settings cannot be used.
pub fn read_again(
    report: &Report,
    sources: &Sources,
    places: &Places,
    progress: &dyn Progress,
) -> Result<Again, AgainError> {
    let manifest = report.manifest();
    let case = case_file(report, sources, places)?;
    let zone = case.matter.timezone.clone().or_else(|| manifest.setting("calendar"));
    let zone = zone.or_else(|| manifest.setting("timezone")).unwrap_or_else(|| DEFAULT_ZONE.to_owned());
    let calendar = Calendar::named(&zone)?;
    let detection = detection(manifest.detection.clone())?;
    let settings = ingest::Settings {
        timezone: manifest.setting("timezone"),
        date_order: manifest.setting("date-order").map(|order| date_order(&order)).transpose()?,
        max_unpacked: places.max_unpacked,
        threads: places.threads,
        formats: used_files(report, &["format", "own format"], &places.formats, "--format")?,
    };
    let moment = |name: &'static str, end| match manifest.setting(name) {
        None => Ok(None),
        Some(value) => match calendar.moment(&value, end) {
            Some(moment) => Ok(Some(moment)),
            None => Err(AgainError::Setting { name, value }),
        },
    };
    let (since, until) = (moment("since", false)?, moment("until", true)?);
    let wanted = Wanted { folded_records: true, ..Wanted::between(since, until) };
    let ingested = ingest_wanted(&sources.inputs(), &[], (&case, &settings), wanted, progress)?;
    let activity = detect(&ingested.messages, &detection);
    Ok(Again { case, calendar, ingested, detection, activity })
}

/// What assessment adds.
#[derive(Debug)]
pub struct Assessed {
    /// Rule packs.
    pub packs: Vec<Pack>,
    /// Findings.
    pub assessment: Assessment,
}

impl Again {
    /// Assesses what was found, by the packs of this build and those of the user.
    ///
    /// # Errors
    /// When a pack cannot be used.
    pub fn assess(&self, report: &Report, places: &Places) -> Result<Assessed, AgainError> {
        let read = |path: &PathBuf| {
            let failed = |source| AgainError::Io { path: path.display().to_string(), source };
            fs::read_to_string(path).map_err(failed)
        };
        let files = used_files(report, &["rules"], &places.rules, "--rules")?;
        let texts: Vec<String> = files.iter().map(read).collect::<Result<_, _>>()?;
        let packs = Pack::load_all(&self.detection.detectors, &texts)?;
        let wording = Wording::load()?;
        let as_of = report.manifest().setting("as-of").and_then(|day| day.parse().ok());
        let assessment = assess(self.grounds(&packs, &wording, as_of));
        Ok(Assessed { packs, assessment })
    }

    /// What assessment looks at.
    #[must_use]
    pub const fn grounds<'a>(
        &'a self,
        packs: &'a [Pack],
        wording: &'a Wording,
        as_of: Option<jiff::civil::Date>,
    ) -> Grounds<'a> {
        Grounds {
            messages: &self.ingested.messages,
            consents: self.ingested.consents.as_slice(),
            activity: &self.activity,
            detectors: self.detection.detectors.as_slice(),
            run_gap_ms: self.detection.run.milliseconds,
            case: &self.case,
            packs,
            wording,
            calendar: &self.calendar,
            as_of,
        }
    }
}

/// The language in which the report was written.
#[must_use]
pub fn language(report: &Report) -> Language {
    match report.manifest().setting("language").or_else(|| report.manifest().setting("lang")).as_deref() {
        Some("de") => Language::De,
        _ => Language::En,
    }
}

fn date_order(word: &str) -> Result<DateOrder, AgainError> {
    match word {
        "dmy" => Ok(DateOrder::DayMonth),
        "mdy" => Ok(DateOrder::MonthDay),
        "ymd" => Ok(DateOrder::YearMonthDay),
        other => Err(AgainError::Setting { name: "date-order", value: other.to_owned() }),
    }
}

/// The case file of the report, known by its hash: the one that is named, the one recorded, else one beside the inputs.
fn case_file(report: &Report, sources: &Sources, places: &Places) -> Result<Case, AgainError> {
    let wanted = &report.manifest().case_sha256;
    if wanted.is_empty() {
        return Ok(Case::default());
    }
    let mut paths: Vec<PathBuf> = places.case.iter().cloned().collect();
    paths
        .extend(report.manifest().files.iter().filter(|file| file.kind == "case").map(|file| file.file.clone().into()));
    let located = sources.files.values().filter_map(|source| source.path.as_deref());
    let homes = located.chain(sources.files.keys().map(Path::new)).flat_map(|path| path.ancestors().skip(1));
    let folders: BTreeSet<PathBuf> = homes.map(Path::to_owned).chain(places.inputs.clone()).collect();
    paths.extend(folders.into_iter().rev().map(|folder| folder.join(CASE_FILE)));
    let mut tried = String::new();
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if open::sha256(text.as_bytes()) == *wanted {
            let parsed = Case::parse(&text);
            return parsed.map_err(|error| AgainError::Case { sha256: wanted.clone(), tried: format!(": {error}") });
        }
        if tried.is_empty() {
            tried = format!(" ({} is another one)", path.display());
        }
    }
    Err(AgainError::Case { sha256: wanted.clone(), tried })
}

/// The user's own files of some kinds: those that the manifest lists, where it lists any, known by their hashes.
fn used_files(
    report: &Report,
    kinds: &[&str],
    named: &[PathBuf],
    option: &'static str,
) -> Result<Vec<PathBuf>, AgainError> {
    let manifest = report.manifest();
    if manifest.files.is_empty() {
        return Ok(named.to_vec());
    }
    let recorded = manifest.files.iter().filter(|file| kinds.contains(&file.kind.as_str()));
    let find = |file: &super::reading::UsedFile| {
        let mut paths = std::iter::once(PathBuf::from(&file.file)).chain(named.iter().cloned());
        let found = paths.find(|path| open::sha256_of_file(path).is_ok_and(|sha256| sha256 == file.sha256));
        found.ok_or_else(|| AgainError::Used { file: file.file.clone(), sha256: file.sha256.clone(), option })
    };
    recorded.map(find).collect()
}

/// Settings of detection as the manifest has them: lengths of time stand there in milliseconds.
fn detection(mut recorded: Value) -> Result<Settings, AgainError> {
    fn as_written(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|_, value| !value.is_null());
                for (name, value) in members.iter_mut() {
                    if matches!(name.as_str(), "window" | "gap" | "account_age")
                        && let Some(milliseconds) = value.as_i64()
                    {
                        *value = Value::String(format!("{milliseconds}ms"));
                    }
                    as_written(value);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(as_written),
            _ => {}
        }
    }
    as_written(&mut recorded);
    let mut settings: Settings =
        serde_json::from_value(recorded).map_err(|error| AgainError::Detection(error.to_string()))?;
    settings.wording = transactional::Wording::load()?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_settings_of_detection_are_those_that_were_used() {
        let settings = Settings::load().expect("the data of the build");
        let recorded = serde_json::to_value(&settings).expect("JSON");
        assert_eq!(detection(recorded).expect("they can be used"), settings);
        assert!(detection(Value::Null).is_err());
    }

    #[test]
    fn members_lie_in_the_outermost_input_that_holds_them() {
        let names = BTreeSet::from(["d!/a.zip", "d!/a.zip!/b.zip"]);
        assert_eq!(container_of("d!/a.zip", &names), None);
        assert_eq!(container_of("d!/a.zip!/b.zip!/c.csv", &names), Some("d!/a.zip"));
    }

    #[test]
    fn inputs_are_found_elsewhere_by_name_or_by_bytes() {
        let home = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(&path, text).expect("a file");
            path
        };
        let (same, renamed, other) =
            (write("in/log.csv", "one"), write("x/renamed.csv", "two"), write("two.csv", "six"));
        let hashed = |file: &str, text: &str| Hashed {
            file: file.to_owned(),
            sha256: open::sha256(text.as_bytes()),
            bytes: text.len() as u64,
        };
        let places = Names { under: Some(home.path().to_owned()), report: home.path().join("report") };
        let mut elsewhere = Finder::new(places);
        assert_eq!(elsewhere.find(&hashed("/far/away/in/log.csv", "one")), Some(same));
        assert_eq!(elsewhere.find(&hashed("two.csv", "two")), Some(renamed));
        assert_eq!(elsewhere.find(&hashed("far/two.csv", "ten")), Some(other), "changed, but there");
        assert_eq!(elsewhere.find(&hashed("three.csv", "three")), None);
    }
}
