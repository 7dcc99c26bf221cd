//! From raw arguments to checked settings: sizes, zones, days, the case file, the matter's key.
//! Whatever is wrong with them is told before any input is read.
//! Where values came from is settled in `layers`; of the environment only the place of the matter's key is read here.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tempfile::NamedTempFile;

use super::arguments::{DateOrderArgument, InputArguments};
use super::exit::Failure;
use super::memory;
use crate::assess::Calendar;
use crate::case::Case;
use crate::ingest::time::DateOrder;
use crate::ingest::{self, Input, Unreadable, inputs, open};
use crate::message::DEFAULT_ZONE;
use crate::report::evidence::Extent;
use crate::report::manifest::shown_path;
use crate::report::{KEY_BYTES, Shown, UsedFile};

/// More threads than any machine has cores would only starve it.
const MOST_THREADS: usize = 1024;

/// Inputs and settings, checked.
#[derive(Debug)]
pub struct Prepared {
    /// Inputs in order of names.
    pub inputs: Vec<Input>,
    /// Folders that could not be looked into.
    pub unreadable: Vec<Unreadable>,
    /// The case.
    pub case: Case,
    /// Where it came from.
    pub case_file: Option<PathBuf>,
    /// Files of the user that were read so far.
    pub files: Vec<UsedFile>,
    /// Settings of ingest.
    pub ingest: ingest::Settings,
    /// The matter's calendar.
    pub calendar: Calendar,
    /// Standard input, put into a file so that its records can be read again.
    _stdin: Option<NamedTempFile>,
}

/// The files of an earlier report, found again.
#[derive(Debug, Default)]
pub struct Again {
    /// The inputs, under the names they had.
    pub inputs: Vec<Input>,
    /// Those that are nowhere.
    pub unreadable: Vec<Unreadable>,
    /// Where files lie now that were read beside the inputs, each with the row of the manifest.
    pub files: Vec<(PathBuf, UsedFile)>,
}

impl Again {
    /// Where the files of a kind lie now.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        self.files.iter().filter(move |(_, row)| row.kind == kind).map(|(path, _)| path.clone())
    }
}

/// Checks the arguments that all commands with inputs share.
///
/// # Errors
/// Wrong usage or configuration.
pub fn prepare(arguments: &InputArguments) -> Result<Prepared, Failure> {
    prepare_inner(arguments, From::Arguments).map_err(Failure::usage)
}

/// As [`prepare`], with inputs that were listed before; there may be none.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_listed(
    arguments: &InputArguments,
    inputs: Vec<Input>,
    unreadable: Vec<Unreadable>,
) -> Result<Prepared, Failure> {
    prepare_inner(arguments, From::List(inputs, unreadable)).map_err(Failure::usage)
}

/// As [`prepare`], without inputs: they are in a ledger, and so may be the place of the case file.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_ledger(arguments: &InputArguments, case_file: Option<PathBuf>) -> Result<Prepared, Failure> {
    prepare_inner(arguments, From::Ledger(case_file)).map_err(Failure::usage)
}

/// As [`prepare`], with the very files of an earlier report.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_again(arguments: &InputArguments, again: &Again) -> anyhow::Result<Prepared> {
    prepare_inner(arguments, From::Again(again))
}

/// Where inputs come from.
enum From<'a> {
    Arguments,
    List(Vec<Input>, Vec<Unreadable>),
    Again(&'a Again),
    Ledger(Option<PathBuf>),
}

fn prepare_inner(arguments: &InputArguments, from: From<'_>) -> anyhow::Result<Prepared> {
    let again = if let From::Again(again) = &from { Some(*again) } else { None };
    let must_be_some = matches!(from, From::Arguments | From::Again(_));
    if arguments.inputs.is_empty() && matches!(from, From::Arguments) {
        bail!("no input: name files, folders or globs, or set `inputs` in the settings");
    }
    let threads = threads(arguments.threads)?;
    arguments.memory.as_deref().map_or(Ok(()), memory::watch)?;
    let case_file = match (&arguments.case, &from) {
        (_, From::Again(again)) => again.of("case").next(),
        (Some(file), _) => Some(file.clone()),
        (None, From::Ledger(found)) => found.clone(),
        (None, From::Arguments | From::List(..)) => inputs::case_file(&arguments.inputs)?,
    };
    let mut files = Vec::new();
    let case = match &case_file {
        Some(path) => {
            let text = read_used("case", path, again, &mut files)?;
            Case::parse(&text).with_context(|| path.display().to_string())?
        }
        None => Case::default(),
    };
    let max_unpacked =
        size(&arguments.max_unpacked).with_context(|| format!("--max-unpacked {}", arguments.max_unpacked))?;
    let formats = match again {
        Some(again) => again.of("own format").chain(again.of("format")).collect(),
        None => super::formats::own_files(&arguments.format)?,
    };
    for path in &formats {
        let kind = if arguments.format.contains(path) { "format" } else { "own format" };
        read_used(kind, path, again, &mut files)?;
    }
    let stdin = match arguments.inputs.iter().filter(|input| input.as_os_str() == inputs::STDIN).count() {
        0 => None,
        1 => Some(spool_stdin(max_unpacked)?),
        _ => bail!("`-` stands there twice, but standard input can be read only once"),
    };
    let (inputs, unreadable) = match from {
        From::Again(again) => (again.inputs.clone(), again.unreadable.clone()),
        From::List(inputs, unreadable) => (inputs, unreadable),
        From::Arguments | From::Ledger(_) => inputs::list(&arguments.inputs, stdin.as_ref().map(NamedTempFile::path))?,
    };
    if inputs.is_empty() && unreadable.is_empty() && must_be_some {
        bail!("the folders named hold no files");
    }
    let zone = case.matter.timezone.as_deref().or(arguments.timezone.as_deref()).unwrap_or(DEFAULT_ZONE);
    let calendar = Calendar::named(zone)?;
    let date_order = arguments.date_order.map(|order| match order {
        DateOrderArgument::Dmy => DateOrder::DayMonth,
        DateOrderArgument::Mdy => DateOrder::MonthDay,
        DateOrderArgument::Ymd => DateOrder::YearMonthDay,
    });
    let ingest = ingest::Settings { timezone: arguments.timezone.clone(), date_order, max_unpacked, threads, formats };
    Ok(Prepared { inputs, unreadable, case, case_file, files, ingest, calendar, _stdin: stdin })
}

/// Reads a file of the user as text and notes it with its hash, under the name it has in the report.
///
/// # Errors
/// When it cannot be read.
pub fn read_used(kind: &str, path: &Path, again: Option<&Again>, files: &mut Vec<UsedFile>) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let earlier = again.and_then(|again| again.files.iter().find(|(found, _)| found == path));
    let earlier = earlier.map(|(_, row)| (row.kind.clone(), row.file.clone()));
    let (kind, file) = earlier.unwrap_or_else(|| {
        // Where the configuration folder lies is nobody's business but this user's.
        let shown = if kind == "own format" { path.file_name().map_or(path, Path::new) } else { path };
        (kind.to_owned(), shown_path(shown))
    });
    files.push(UsedFile { kind, file, sha256: open::sha256(&bytes), bytes: bytes.len() as u64 });
    String::from_utf8(bytes).with_context(|| format!("{}: it is no UTF-8 text", path.display()))
}

/// Sets up so many threads; without a number, one for each core.
///
/// # Errors
/// When the number is none that any machine has.
pub fn threads(wanted: Option<usize>) -> anyhow::Result<usize> {
    let threads = wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    if !(1..=MOST_THREADS).contains(&threads) {
        bail!("--threads {threads}: a number from 1 to {MOST_THREADS} is needed");
    }
    // Fails only when the pool was built before, as in tests that call the library twice.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    Ok(threads)
}

/// Standard input has no end that could be known beforehand: it is bounded as what is unpacked is.
fn spool_stdin(limit: u64) -> anyhow::Result<NamedTempFile> {
    let mut file = NamedTempFile::new().context("no room for standard input")?;
    let mut bounded = std::io::stdin().lock().take(limit.saturating_add(1));
    if std::io::copy(&mut bounded, &mut file).context("standard input")? > limit {
        bail!("standard input is longer than {limit} bytes; raise --max-unpacked if that is right");
    }
    file.flush().context("standard input")?;
    Ok(file)
}

/// `--wait` as clap checks it.
///
/// # Errors
/// When it is no length of time.
pub fn duration_text(text: &str) -> anyhow::Result<String> {
    duration(text).map(|_| text.to_owned())
}

/// A length of time such as `30s`, `10m` or `1h 30m`.
///
/// # Errors
/// When it is none.
pub fn duration(text: &str) -> anyhow::Result<std::time::Duration> {
    let wrong = || anyhow!("not a length of time; write 30s, 10m or 1h");
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    std::time::Duration::try_from(parsed).map_err(|_| wrong())
}

/// `--max-unpacked` as clap checks it.
///
/// # Errors
/// When it is no size.
pub fn size_text(text: &str) -> anyhow::Result<String> {
    size(text).map(|_| text.to_owned())
}

/// `--timezone` as clap checks it.
///
/// # Errors
/// When there is no such zone.
pub fn zone_text(text: &str) -> anyhow::Result<String> {
    Calendar::named(text).map(|_| text.to_owned()).map_err(Into::into)
}

/// `--since` and `--until` as clap checks them.
///
/// # Errors
/// When the text is neither a day nor an instant.
pub fn instant_text(text: &str) -> anyhow::Result<String> {
    instant(text, &Calendar::named(DEFAULT_ZONE)?, false).map(|_| text.to_owned())
}

/// `--evidence` as clap checks it.
///
/// # Errors
/// When it is neither a number nor `all`.
pub fn extent_text(text: &str) -> anyhow::Result<String> {
    extent(text).map(|_| text.to_owned())
}

/// How much evidence is listed.
///
/// # Errors
/// When the text is neither a number nor `all`.
pub fn extent(text: &str) -> anyhow::Result<Extent> {
    if text == "all" {
        return Ok(Extent::All);
    }
    text.parse().map(Extent::First).map_err(|_| anyhow!("neither a number nor `all`"))
}

/// A number of days such as `35d` or `5w`, as clap checks it.
///
/// # Errors
/// When it is none.
pub fn days_text(text: &str) -> anyhow::Result<String> {
    days(text).map(|_| text.to_owned())
}

/// Days of a period such as `35d` or `5w`: one at least.
///
/// # Errors
/// When it is none.
pub fn days(text: &str) -> anyhow::Result<i64> {
    let wrong = || anyhow!("not a number of days; write 35d or 5w");
    let (number, days) = match text.strip_suffix('w') {
        Some(number) => (number, 7),
        None => (text.strip_suffix('d').ok_or_else(wrong)?, 1),
    };
    let number: u32 = number.trim().parse().map_err(|_| wrong())?;
    let days = i64::from(number) * days;
    // A hundred years: more than any log covers, and less than any calendar.
    if (1..=36_525).contains(&days) { Ok(days) } else { Err(wrong()) }
}

/// Bytes of a size such as `512MiB` or `4GB`.
///
/// # Errors
/// When it is none.
pub fn size(text: &str) -> anyhow::Result<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(|| anyhow!("not a size"))?;
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "KiB" | "K" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" | "M" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" | "G" => 1 << 30,
        "TB" => 1_000_000_000_000,
        "TiB" | "T" => 1 << 40,
        _ => bail!("not a size; write 512MiB, 4GiB or 10GB"),
    };
    let number: u64 = number.parse().map_err(|_| anyhow!("not a size; write 512MiB, 4GiB or 10GB"))?;
    number.checked_mul(factor).ok_or_else(|| anyhow!("larger than anything"))
}

/// The instants of `--since` and `--until`.
///
/// # Errors
/// When one is neither a day nor an instant, or there is no time between them.
pub fn period(
    since: &Option<String>,
    until: &Option<String>,
    calendar: &Calendar,
) -> anyhow::Result<(Option<i64>, Option<i64>)> {
    let read = |text: &Option<String>, end| text.as_deref().map(|text| instant(text, calendar, end)).transpose();
    let (since, until) = (read(since, false).context("--since")?, read(until, true).context("--until")?);
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        bail!("--since and --until leave no time between them");
    }
    Ok((since, until))
}

/// First instant of `--since` or end of `--until`: a day in the calendar, or an instant with its offset.
///
/// # Errors
/// When it is neither.
pub fn instant(text: &str, calendar: &Calendar, end_of_day: bool) -> anyhow::Result<i64> {
    calendar.moment(text, end_of_day).ok_or_else(|| {
        anyhow!("`{text}` is neither a day (2019-12-07) nor an instant with its offset (2019-12-07T00:00:00+01:00)")
    })
}

/// How recipients are shown: in clear, or under the matter's key, which is made when it is not there.
///
/// # Errors
/// When the key can neither be read nor made.
pub fn shown(reveal: bool, key: Option<&Path>, matter: &str) -> anyhow::Result<Shown> {
    if reveal {
        return Ok(Shown::Revealed);
    }
    let path = key_file(key, matter)?;
    match read_key(&path)? {
        Some(shown) => Ok(shown),
        None => key_of(&path, make_key(&path)?),
    }
}

/// Where the matter's key is, or would be made.
///
/// # Errors
/// When there is no home to keep it in.
pub fn key_file(key: Option<&Path>, matter: &str) -> anyhow::Result<PathBuf> {
    key.map_or_else(|| default_key(matter), |path| Ok(path.to_owned()))
}

/// Pseudonyms under the key in a file; `None` where the file is not there.
///
/// # Errors
/// When it cannot be read, or is no key.
pub fn read_key(path: &Path) -> anyhow::Result<Option<Shown>> {
    match fs::read(path) {
        Ok(key) => key_of(path, key).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("the matter's key {}", path.display())),
    }
}

fn key_of(path: &Path, bytes: Vec<u8>) -> anyhow::Result<Shown> {
    let key: [u8; KEY_BYTES] =
        bytes.try_into().map_err(|_| anyhow!("{} is no key of {KEY_BYTES} bytes", path.display()))?;
    Ok(Shown::Pseudonyms(key))
}

/// The key lies outside report and inputs: whoever has it can tell the persons behind pseudonyms.
fn default_key(matter: &str) -> anyhow::Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = || {
        std::env::var_os("HOME").filter(|path| !path.is_empty()).map(|home| PathBuf::from(home).join(".local/state"))
    };
    let folder = state.or_else(home).ok_or_else(|| {
        anyhow!("no place for the matter's key: HOME is not set; name a file with --key, or use --reveal")
    })?;
    let digest = open::sha256(matter.as_bytes());
    let name = digest.get(..16).unwrap_or("matter");
    Ok(folder.join("sendeschluss/keys").join(format!("{name}.key")))
}

fn make_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || {
        format!("the matter's key cannot be made at {}; name another file with --key, or use --reveal", path.display())
    };
    let mut key = vec![0_u8; KEY_BYTES];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut key)).with_context(failed)?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(failed)?;
    // Whole or not at all: a second run beside this one must find either no key or the key.
    let mut file = NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(&key).with_context(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        Err(_) => fs::read(path).with_context(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_days_are_read() {
        assert_eq!(size("4GiB").expect("a size"), 4 << 30);
        assert_eq!(size("1000").expect("a size"), 1000);
        assert!(size("4 parsecs").is_err());
        assert!(size("99999999TiB").is_err());
        let berlin = Calendar::named("Europe/Berlin").expect("a zone");
        let start = instant("2019-12-07", &berlin, false).expect("a day");
        assert_eq!(instant("2019-12-07T00:00:00+01:00", &berlin, false).expect("an instant"), start);
        assert_eq!(instant("2019-12-07", &berlin, true).expect("a day") - start, 86_400_000);
        assert!(instant("yesterday", &berlin, false).is_err());
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("keys/matter.key");
        let first = shown(false, Some(&path), "x").expect("a key");
        assert_eq!(shown(false, Some(&path), "x").expect("the key"), first);
        fs::write(&path, b"short").expect("a file");
        assert!(shown(false, Some(&path), "x").is_err());
        assert_eq!(shown(true, None, "x").expect("no key is needed"), Shown::Revealed);
    }
}
