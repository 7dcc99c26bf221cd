//! From raw arguments to checked settings: sizes, zones, days, the case file, the matter's key.
//! Whatever is wrong with them is told before any input is read.
//! The environment gives nothing but the place of the matter's key.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tempfile::NamedTempFile;

use super::arguments::{DateOrderArgument, InputArguments};
use super::exit::Failure;
use crate::assess::Calendar;
use crate::case::Case;
use crate::ingest::time::DateOrder;
use crate::ingest::{self, Input, Unreadable, inputs, open};
use crate::message::DEFAULT_ZONE;
use crate::report::{KEY_BYTES, Shown};

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
    /// SHA-256 of the case file.
    pub case_sha256: String,
    /// Settings of ingest.
    pub ingest: ingest::Settings,
    /// The matter's calendar.
    pub calendar: Calendar,
    /// Standard input, put into a file so that its records can be read again.
    _stdin: Option<NamedTempFile>,
}

/// Checks the arguments that all commands with inputs share.
///
/// # Errors
/// Wrong usage or configuration.
pub fn prepare(arguments: &InputArguments) -> Result<Prepared, Failure> {
    prepare_inner(arguments).map_err(Failure::usage)
}

fn prepare_inner(arguments: &InputArguments) -> anyhow::Result<Prepared> {
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    if !(1..=MOST_THREADS).contains(&threads) {
        bail!("--threads {threads}: a number from 1 to {MOST_THREADS} is needed");
    }
    // Fails only when the pool was built before, as in tests that call the library twice.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    let case_file = match &arguments.case {
        Some(file) => Some(file.clone()),
        None => inputs::case_file(&arguments.inputs)?,
    };
    let (case, case_sha256) = match &case_file {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
            (Case::parse(&text).with_context(|| path.display().to_string())?, open::sha256(text.as_bytes()))
        }
        None => (Case::default(), String::new()),
    };
    let max_unpacked =
        size(&arguments.max_unpacked).with_context(|| format!("--max-unpacked {}", arguments.max_unpacked))?;
    let stdin = match arguments.inputs.iter().filter(|input| input.as_os_str() == inputs::STDIN).count() {
        0 => None,
        1 => Some(spool_stdin(max_unpacked)?),
        _ => bail!("`-` stands there twice, but standard input can be read only once"),
    };
    let (inputs, unreadable) = inputs::list(&arguments.inputs, stdin.as_ref().map(NamedTempFile::path))?;
    if inputs.is_empty() && unreadable.is_empty() {
        bail!("the folders named hold no files");
    }
    let zone = case.matter.timezone.as_deref().or(arguments.timezone.as_deref()).unwrap_or(DEFAULT_ZONE);
    let calendar = Calendar::named(zone)?;
    let date_order = arguments.date_order.map(|order| match order {
        DateOrderArgument::Dmy => DateOrder::DayMonth,
        DateOrderArgument::Mdy => DateOrder::MonthDay,
        DateOrderArgument::Ymd => DateOrder::YearMonthDay,
    });
    let ingest = ingest::Settings {
        timezone: arguments.timezone.clone(),
        date_order,
        max_unpacked,
        threads,
        formats: super::formats::own_files(&arguments.format)?,
    };
    Ok(Prepared { inputs, unreadable, case, case_file, case_sha256, ingest, calendar, _stdin: stdin })
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
    if let Ok(day) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        return Ok(if end_of_day { calendar.end(day) } else { calendar.start(day) });
    }
    let instant: jiff::Timestamp = text.parse().map_err(|_| {
        anyhow!("`{text}` is neither a day (2019-12-07) nor an instant with its offset (2019-12-07T00:00:00+01:00)")
    })?;
    Ok(instant.as_millisecond())
}

/// How recipients are shown: in clear, or under the matter's key, which is made when it is not there.
///
/// # Errors
/// When the key can neither be read nor made.
pub fn shown(reveal: bool, key: Option<&Path>, matter: &str) -> anyhow::Result<Shown> {
    if reveal {
        return Ok(Shown::Revealed);
    }
    let path = match key {
        Some(path) => path.to_owned(),
        None => default_key(matter)?,
    };
    let read = match fs::File::open(&path) {
        Ok(mut file) => {
            let mut key = Vec::new();
            file.read_to_end(&mut key).with_context(|| path.display().to_string())?;
            key
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path)?,
        Err(error) => return Err(error).with_context(|| format!("the matter's key {}", path.display())),
    };
    let key: [u8; KEY_BYTES] =
        read.try_into().map_err(|_| anyhow!("{} is no key of {KEY_BYTES} bytes", path.display()))?;
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
