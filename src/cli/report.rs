//! `sendeschluss report`: files in, report folder out, and a summary on the terminal.
//! The stages are called one after another; nothing is computed here.
//! Exit codes are chosen from what the stages said.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::arguments::{KindArgument, LanguageArgument, ReportArguments, SeverityArgument};
use super::exit::{self, Failure};
use super::kernel;
use super::layers::Setting;
use super::progress::Bar;
use super::settings::{self, Again, Prepared, prepare, prepare_ledger, read_used};
use super::stats::Stats;
use super::stop;
use super::summary::{self, plain_line};
use crate::assess::{Calendar, Grounds, Pack, Severity, Wording, assess};
use crate::case::Language;
use crate::detect::{Settings, detect_told};
use crate::ingest::{Ingested, InputFile, Wanted, ingest_wanted};
use crate::kernel::Gather;
use crate::ledger::{Argument, Ledger, Load, Mode};
#[cfg(feature = "pdf")]
use crate::report::annex::Form;
use crate::report::evidence::Extent;
use crate::report::extract::Extract;
use crate::report::folder::Folder;
use crate::report::manifest::shown_path;
use crate::report::reidentification;
use crate::report::{Kind, ReportInput, SettingRow, SettingValue, Shown, UsedFile, write};

/// Settings that change no byte of a report: manifests leave them out.
const WITHOUT_EFFECT: [&str; 14] = [
    "output",
    "ledger",
    "gathered",
    "wait",
    "threads",
    "memory",
    "quiet",
    "verbose",
    "stats",
    "color",
    "progress",
    "log-format",
    "key",
    "fail-on",
];

/// Runs the command.
///
/// # Errors
/// Wrong usage, or a report that cannot be written.
pub fn run(arguments: &ReportArguments, settings: &[Setting], out: &mut dyn Write) -> Result<u8, Failure> {
    let output = arguments.output.as_deref();
    let output = output.ok_or_else(|| anyhow!("no folder to write: name one with -o DIR, or set `output`"));
    let output = output.map_err(Failure::usage)?;
    let wait = settings::duration(&arguments.wait).map_err(Failure::usage)?;
    let ledger = arguments.ledger.as_deref().map(|folder| Ledger::open(folder, Mode::Read, wait, "report"));
    let ledger = ledger.transpose().map_err(Failure::ledger)?;
    let prepared = match &ledger {
        Some(ledger) => prepare_ledger(&arguments.input, ledger.case_file().map_err(Failure::ledger)?)?,
        None => prepare(&arguments.input)?,
    };
    let recipe = Recipe::new(arguments, &prepared.calendar, None).map_err(Failure::usage)?;
    let shown = settings::shown(arguments.reveal, arguments.key.as_deref(), &prepared.case.matter.name)
        .map_err(Failure::usage)?;
    let pseudonyms = pseudonyms(arguments, &prepared).map_err(Failure::usage)?;
    // A place that cannot be written is told before the work, not after it.
    drop(Folder::begin(output).context("the report cannot be written").map_err(Failure::unwritten)?);

    let bar = Bar::new(&arguments.input.talk);
    let mut stats = Stats::new(arguments.input.talk.stats);
    let mut rows = setting_rows(settings, &prepared, language(arguments.lang, prepared.case.matter.language));
    if let Some(ledger) = &ledger {
        name_inputs(&mut rows, &ledger.arguments().map_err(Failure::ledger)?);
    }
    let reidentify = pseudonyms.as_ref();
    let job = Job {
        arguments,
        prepared: &prepared,
        ledger: ledger.as_ref(),
        recipe: &recipe,
        shown: &shown,
        reidentify,
        settings: &rows,
    };
    let produced = job.produce(output, &bar, &mut stats)?;
    let extract = &produced.extract;
    bar.finish();
    let bytes = extract.completeness.inputs.iter().map(|row| row.bytes).sum();
    stats.print(bytes, extract.completeness.messages, &mut std::io::stderr().lock())?;
    if !arguments.input.talk.quiet {
        let case_file = prepared.case_file.as_deref();
        summary::report(extract, output, case_file, &arguments.input.talk, out)?;
        match &pseudonyms {
            Some(_) => writeln!(out, "Who is who: {}", reidentification::folder(output).display())?,
            None if arguments.reveal => {
                writeln!(out, "No {}: there is no place for the matter's key.", reidentification::FILE)?;
            }
            None => {}
        }
    }
    Ok(code(arguments, &produced))
}

/// How the annex is numbered and split.
#[cfg(feature = "pdf")]
fn annex(arguments: &ReportArguments) -> anyhow::Result<Form> {
    let limit =
        settings::size(&arguments.bundle_size).with_context(|| format!("--bundle-size {}", arguments.bundle_size))?;
    let exhibit = arguments.exhibit.parse().context("--exhibit")?;
    Ok(Form { exhibit, as_of: arguments.as_of, limit })
}

/// The matter's pseudonyms beside a report in clear, to tell who is who; `None` where there is no place for a key.
fn pseudonyms(arguments: &ReportArguments, prepared: &Prepared) -> anyhow::Result<Option<Shown>> {
    if !arguments.reveal {
        return Ok(None);
    }
    let shown = settings::shown(false, arguments.key.as_deref(), &prepared.case.matter.name);
    if arguments.key.is_some() { shown.map(Some) } else { Ok(shown.ok()) }
}

/// What a report is made by beside its inputs, checked before any of them is read.
#[derive(Debug)]
pub struct Recipe {
    extent: Extent,
    since: Option<i64>,
    until: Option<i64>,
    detection: Settings,
    /// The user's detectors as text.
    detectors: Option<String>,
    packs: Vec<Pack>,
    wording: Wording,
    files: Vec<UsedFile>,
    #[cfg(feature = "pdf")]
    annex: Form,
}

impl Recipe {
    /// Reads and checks it; `again` names the files where an earlier report is made again.
    ///
    /// # Errors
    /// When an option or a file is not right.
    pub fn new(arguments: &ReportArguments, calendar: &Calendar, again: Option<&Again>) -> anyhow::Result<Self> {
        let extent =
            settings::extent(&arguments.evidence).with_context(|| format!("--evidence {}", arguments.evidence))?;
        let (since, until) = settings::period(&arguments.since, &arguments.until, calendar)?;
        let mut files = Vec::new();
        let detectors = again.map_or(arguments.detectors.clone(), |again| again.of("detectors").next());
        let (detection, detectors) = detection_with_text(detectors.as_deref(), again, &mut files)?;
        let rules = again.map_or(arguments.rules.clone(), |again| again.of("rules").collect());
        let packs = load_packs(&rules, &detection.detectors, again, &mut files)?;
        Ok(Self {
            extent,
            since,
            until,
            detection,
            detectors,
            packs,
            wording: Wording::load()?,
            files,
            #[cfg(feature = "pdf")]
            annex: annex(arguments)?,
        })
    }

    /// The same over messages from an instant on, UTC milliseconds.
    #[must_use]
    pub const fn starting(mut self, since: i64) -> Self {
        self.since = Some(since);
        self
    }
}

/// All that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The arguments.
    pub arguments: &'a ReportArguments,
    /// Inputs and case.
    pub prepared: &'a Prepared,
    /// Where the inputs were imported, in the place of those prepared.
    pub ledger: Option<&'a Ledger>,
    /// Detectors, rules and bounds.
    pub recipe: &'a Recipe,
    /// How recipients are shown.
    pub shown: &'a Shown,
    /// The matter's pseudonyms, where `reidentification.csv` is wanted.
    pub reidentify: Option<&'a Shown>,
    /// Settings as the manifest records them.
    pub settings: &'a [SettingRow],
}

/// A report that was written.
#[derive(Debug)]
pub struct Produced {
    /// What it says.
    pub extract: Extract,
    /// The highest severity found.
    pub worst: Option<Severity>,
}

impl Job<'_> {
    /// Runs all stages and writes the folder.
    ///
    /// # Errors
    /// When the stages cannot run, or the folder cannot be written.
    pub fn produce(&self, target: &Path, bar: &Bar, stats: &mut Stats) -> Result<Produced, Failure> {
        let ingested = self.read(bar, stats)?;
        self.write(ingested, target, bar, stats)
    }

    /// The first stage alone: reads the inputs, or what was imported of them.
    ///
    /// # Errors
    /// When it cannot run.
    pub fn read(&self, bar: &Bar, stats: &mut Stats) -> Result<Ingested, Failure> {
        let Self { prepared, recipe, .. } = *self;
        let wanted = Wanted::between(recipe.since, recipe.until);
        let ingested = match self.ledger {
            None if let Some(gather) = self.gather() => gather.ingested().map_err(kernel::failure)?,
            Some(ledger) => {
                let load = Load { period: wanted.period, case: &prepared.case, settings: &prepared.ingest };
                let loaded = ledger.load(&load).map_err(Failure::ledger)?;
                tracing::info!(months = loaded.months.len(), sources = loaded.ingested.inputs.len(), "loaded");
                loaded.ingested
            }
            None => {
                let how = (&prepared.case, &prepared.ingest);
                let read = ingest_wanted(&prepared.inputs, &prepared.unreadable, how, wanted, bar);
                let ingested = read.map_err(Failure::usage)?;
                for input in &ingested.inputs {
                    let InputFile { name, format, records, read, folded, ignored, rejected, .. } = input;
                    tracing::info!(file = %plain_line(name), format, records, read, folded, ignored, rejected, "read");
                }
                ingested
            }
        };
        stats.done("ingest");
        stop::check()?;
        Ok(ingested)
    }

    /// What kernels have read and found, where the report is made of that.
    fn gather(&self) -> Option<Gather<'_>> {
        let Self { arguments, prepared, recipe, .. } = *self;
        let work = arguments.gathered.as_deref()?;
        Some(kernel::gather_of(prepared, work, Wanted::between(recipe.since, recipe.until)))
    }

    /// All stages behind the first, and the folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    fn write(&self, ingested: Ingested, target: &Path, bar: &Bar, stats: &mut Stats) -> Result<Produced, Failure> {
        let Self { arguments, prepared, recipe, .. } = *self;
        let calendar = &prepared.calendar;
        bar.stage("finding mass sends");
        let activity = match self.gather() {
            Some(gather) => {
                let how = (&recipe.detection, recipe.detectors.as_deref());
                gather.activity(&ingested.messages, how).map_err(kernel::failure)?
            }
            None => detect_told(&ingested.messages, &recipe.detection, bar),
        };
        stats.done("detect");
        stop::check()?;
        bar.stage("assessing");
        let grounds = Grounds {
            messages: &ingested.messages,
            consents: &ingested.consents,
            activity: &activity,
            detectors: &recipe.detection.detectors,
            run_gap_ms: recipe.detection.run.milliseconds,
            case: &prepared.case,
            packs: &recipe.packs,
            wording: &recipe.wording,
            calendar,
            as_of: arguments.as_of,
        };
        let assessment = assess(grounds);
        stats.done("assess");
        stop::check()?;
        bar.stage("writing the report");
        let kinds = arguments.write.iter().map(|kind| match kind {
            KindArgument::Csv => Kind::Csv,
            KindArgument::CsvExcel => Kind::CsvExcel,
            KindArgument::Xlsx => Kind::Xlsx,
            KindArgument::Json => Kind::Json,
            KindArgument::Html => Kind::Html,
            #[cfg(feature = "pdf")]
            KindArgument::Pdf => Kind::Pdf,
        });
        let kinds: BTreeSet<Kind> = kinds.collect();
        let files: Vec<UsedFile> = prepared.files.iter().chain(&recipe.files).cloned().collect();
        let case_file = files.iter().find(|file| file.kind == "case");
        let input = ReportInput {
            program: concat!("sendeschluss ", env!("CARGO_PKG_VERSION")).to_owned(),
            ingested: &ingested,
            detection: &recipe.detection,
            activity: &activity,
            case: &prepared.case,
            case_sha256: case_file.map(|file| file.sha256.clone()).unwrap_or_default(),
            packs: &recipe.packs,
            assessment: &assessment,
            calendar,
            language: language(arguments.lang, prepared.case.matter.language),
            shown: self.shown,
            evidence: recipe.extent,
            max_unpacked: prepared.ingest.max_unpacked,
            settings: self.settings,
            files: &files,
            timestamp_request: arguments.timestamp_request,
            write: &kinds,
            with_messages: arguments.with_messages,
            load_file: arguments.load_file,
            reidentify: self.reidentify,
            #[cfg(feature = "pdf")]
            annex: recipe.annex.clone(),
            progress: bar,
        };
        let extract = write(&input, target)
            .context("the report cannot be written; an earlier one is untouched")
            .map_err(Failure::unwritten)?;
        stats.done("report");
        Ok(Produced { extract, worst: assessment.findings.iter().map(|finding| finding.severity).max() })
    }
}

/// The language that an option asks for, else that of the case file, else English.
pub fn language(argument: Option<LanguageArgument>, of_case: Option<Language>) -> Language {
    match argument {
        Some(LanguageArgument::De) => Language::De,
        Some(LanguageArgument::En) => Language::En,
        None => of_case.unwrap_or_default(),
    }
}

/// The packs of the build, with those of the user.
pub fn load_packs(
    paths: &[PathBuf],
    detectors: &[crate::detect::Detector],
    again: Option<&Again>,
    files: &mut Vec<UsedFile>,
) -> anyhow::Result<Vec<Pack>> {
    let texts = paths.iter().map(|path| read_used("rules", path, again, files).context("cannot be read"));
    let texts: Vec<String> = texts.collect::<anyhow::Result<_>>()?;
    Pack::load_all(detectors, &texts).map_err(|error| match paths {
        [] => anyhow!(error),
        [file] => anyhow!("{}: {error}", file.display()),
        _ => anyhow!("--rules: {error}"),
    })
}

/// The settings of detection, with the user's file where there is one.
pub fn detection(path: Option<&Path>, again: Option<&Again>, files: &mut Vec<UsedFile>) -> anyhow::Result<Settings> {
    detection_with_text(path, again, files).map(|(settings, _)| settings)
}

/// As [`detection`], with the text of the user's file.
pub fn detection_with_text(
    path: Option<&Path>,
    again: Option<&Again>,
    files: &mut Vec<UsedFile>,
) -> anyhow::Result<(Settings, Option<String>)> {
    let settings = Settings::load()?;
    let Some(path) = path else { return Ok((settings, None)) };
    let text = read_used("detectors", path, again, files)?;
    let settings = settings.with_file(&text).with_context(|| path.display().to_string())?;
    Ok((settings, Some(text)))
}

/// Whether the worst of some findings is at or above `--fail-on`.
pub fn reaches(fail_on: Option<SeverityArgument>, worst: Option<Severity>) -> bool {
    let limit = fail_on.map(|severity| match severity {
        SeverityArgument::Info => Severity::Info,
        SeverityArgument::Low => Severity::Low,
        SeverityArgument::Medium => Severity::Medium,
        SeverityArgument::High => Severity::High,
        SeverityArgument::Critical => Severity::Critical,
    });
    limit.zip(worst).is_some_and(|(limit, worst)| worst >= limit)
}

fn code(arguments: &ReportArguments, produced: &Produced) -> u8 {
    // A file that was not read may hide findings: that weighs more than the findings that were seen.
    if produced.extract.completeness.failed > 0 {
        exit::UNREAD
    } else if reaches(arguments.fail_on, produced.worst) {
        exit::FINDINGS
    } else {
        exit::DONE
    }
}

/// Puts what the inputs of a ledger were named by into the row that would have named them in one run over all.
pub fn name_inputs(rows: &mut [SettingRow], arguments: &[Argument]) {
    let first = arguments.iter().map(|argument| (&argument.origin, &argument.place)).min();
    for row in rows.iter_mut().filter(|row| row.name == "inputs") {
        row.value = SettingValue::Many(arguments.iter().map(|argument| argument.text.clone()).collect());
        if let Some((origin, place)) = first {
            (row.origin, row.place) = (origin.clone(), place.clone());
        }
    }
}

/// Settings for the manifest: all that can change a report, with what the case file and the inputs settle.
pub fn setting_rows(settings: &[Setting], prepared: &Prepared, language: Language) -> Vec<SettingRow> {
    let matter = &prepared.case.matter;
    // Those of a table of its own say how a report is come by, not what it is.
    let recorded = settings
        .iter()
        .filter(|setting| !WITHOUT_EFFECT.contains(&setting.name.as_str()) && !setting.name.contains('.'));
    let mut rows: Vec<SettingRow> = recorded.map(Setting::row).collect();
    for row in &mut rows {
        let unset = row.origin == "default";
        let settle = |row: &mut SettingRow, value: String, origin: &str| {
            row.value = SettingValue::One(value);
            origin.clone_into(&mut row.origin);
        };
        match (row.name.as_str(), &prepared.case_file) {
            ("lang", _) if unset => {
                settle(row, language.as_str().to_owned(), if matter.language.is_some() { "case" } else { "default" });
            }
            ("case", Some(file)) if unset => settle(row, shown_path(file), "input folder"),
            // Their order changes nothing, so it must not make a manifest differ.
            ("inputs" | "write", _) => {
                if let SettingValue::Many(values) = &mut row.value {
                    values.sort();
                    values.dedup();
                }
            }
            _ => {}
        }
    }
    let zone = rows.iter().find(|row| row.name == "timezone");
    let (origin, place) = match zone {
        _ if matter.timezone.is_some() => ("case".to_owned(), String::new()),
        Some(row) => (row.origin.clone(), row.place.clone()),
        None => ("default".to_owned(), String::new()),
    };
    let value = SettingValue::One(prepared.calendar.name().to_owned());
    rows.push(SettingRow { name: "calendar".to_owned(), value, origin, place });
    rows.sort_by(|left, right| left.name.cmp(&right.name));
    rows
}
