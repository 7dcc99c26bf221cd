//! `sendeschluss import`: takes exports into a ledger; what is known is not read again, overlaps and repeats do no harm.
//! It tells of each file what it was and what became of its records. What is done stands in `ledger`.

use std::io::Write;

use anyhow::anyhow;
use serde::Serialize;

use super::arguments::{ImportArguments, TalkArguments};
use super::exit::{self, Failure};
use super::layers::Setting;
use super::progress::Bar;
use super::settings::{self, Prepared, prepare, prepare_ledger};
use super::summary::{Paint, counted, grouped, plain_line};
use crate::ledger::{Argument, Import, ImportOutcome, Ledger, Mode, SourceOutcome, What};
use crate::report::manifest::shown_path;

/// One source as programs get it. Fields are added, never taken away or changed.
#[derive(Debug, Serialize)]
struct SourceRow<'a> {
    file: &'a str,
    what: &'static str,
    same_as: Option<&'a str>,
    format: &'a str,
    records: u64,
    read: u64,
    folded: u64,
    ignored: u64,
    rejected: u64,
    failed: bool,
    notes: &'a [String],
}

/// An import as programs get it.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    ledger: String,
    changed: bool,
    messages_before: u64,
    messages: u64,
    months: &'a [String],
    sources: Vec<SourceRow<'a>>,
}

/// Runs the command.
///
/// # Errors
/// Wrong usage, a ledger that is in use, or one that cannot be written.
pub fn run(arguments: &ImportArguments, settings: &[Setting], out: &mut dyn Write) -> Result<u8, Failure> {
    let folder = arguments.ledger.as_deref();
    let folder = folder.ok_or_else(|| anyhow!("no ledger: name its folder with --ledger DIR, or set `ledger`"));
    let folder = folder.map_err(Failure::usage)?;
    let wait = settings::duration(&arguments.wait).map_err(Failure::usage)?;
    let open = || Ledger::open(folder, Mode::Write, wait, "import").map_err(Failure::ledger);
    let (prepared, mut ledger) = if arguments.again && arguments.input.inputs.is_empty() {
        let ledger = open()?;
        (prepare_ledger(&arguments.input, ledger.case_file().map_err(Failure::ledger)?)?, ledger)
    } else {
        // What is wrong with the call is told before anything is made.
        (prepare(&arguments.input)?, open()?)
    };
    let bar = Bar::new(&arguments.input.talk);
    let given = arguments_of(settings);
    let outcome = import(&mut ledger, &prepared, arguments, &given, &bar)?;
    bar.finish();
    if arguments.json {
        let sources = outcome.sources.iter().map(row).collect();
        let told = Outcome {
            ledger: shown_path(folder),
            changed: outcome.changed,
            messages_before: outcome.messages_before,
            messages: outcome.messages,
            months: &outcome.months,
            sources,
        };
        serde_json::to_writer_pretty(&mut *out, &told).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        tell(&outcome, &shown_path(folder), &arguments.input.talk, out)?;
    }
    Ok(if outcome.failed() || !prepared.unreadable.is_empty() { exit::UNREAD } else { exit::DONE })
}

/// Imports what was prepared into a ledger that is open.
///
/// # Errors
/// As [`Ledger::import`].
pub fn import(
    ledger: &mut Ledger,
    prepared: &Prepared,
    arguments: &ImportArguments,
    given: &[Argument],
    bar: &Bar,
) -> Result<ImportOutcome, Failure> {
    let found = prepared.case_file.as_deref().filter(|_| arguments.input.case.is_none()).map(shown_path);
    let import = Import {
        inputs: &prepared.inputs,
        unreadable: &prepared.unreadable,
        arguments: given,
        case: &prepared.case,
        case_file: found.as_deref(),
        settings: &prepared.ingest,
        again: arguments.again,
        program: concat!("sendeschluss ", env!("CARGO_PKG_VERSION")),
        now: jiff::Timestamp::now().as_millisecond(),
    };
    ledger.import(&import, bar).map_err(Failure::ledger)
}

/// What the inputs were named by, as a manifest would record it.
pub fn arguments_of(settings: &[Setting]) -> Vec<Argument> {
    let inputs = settings.iter().filter(|setting| setting.name == "inputs");
    let argument = |setting: &Setting| {
        let row = setting.row();
        let texts: Vec<String> = row.value.texts().map(str::to_owned).collect();
        let (origin, place) = (row.origin, row.place);
        texts.into_iter().map(move |text| Argument { text, origin: origin.clone(), place: place.clone() })
    };
    inputs.flat_map(argument).collect()
}

fn row(source: &SourceOutcome) -> SourceRow<'_> {
    SourceRow {
        file: &source.name,
        what: source.what.as_str(),
        same_as: source.same_as.as_deref(),
        format: &source.format,
        records: source.records,
        read: source.read,
        folded: source.folded,
        ignored: source.ignored,
        rejected: source.rejected,
        failed: source.failed,
        notes: &source.notes,
    }
}

fn tell(outcome: &ImportOutcome, folder: &str, talk: &TalkArguments, out: &mut dyn Write) -> std::io::Result<()> {
    let paint = Paint::new(talk);
    for source in &outcome.sources {
        // Quiet is quiet unless something is wrong.
        if (talk.quiet && !source.failed) || (source.what == What::Known && !talk.verbose && !source.failed) {
            continue;
        }
        let mut line = format!("{:<11}  {}", source.what.as_str(), plain_line(&source.name));
        if let Some(other) = &source.same_as {
            line.push_str(&format!(" (as {})", plain_line(other)));
        }
        if !matches!(source.what, What::Known | What::UnreadNow) {
            line.push_str(&format!(
                ": {} = {} read + {} folded + {} ignored + {} rejected",
                counted(source.records, "record", "records"),
                grouped(source.read),
                grouped(source.folded),
                grouped(source.ignored),
                grouped(source.rejected)
            ));
        }
        writeln!(out, "{line}")?;
        if source.failed {
            let why = if source.notes.is_empty() { "cannot be read now".to_owned() } else { source.notes.join("; ") };
            writeln!(out, "  {}: {}", paint.warn("NOT READ"), plain_line(&why))?;
        }
    }
    if talk.quiet {
        return Ok(());
    }
    let known = outcome.sources.iter().filter(|source| source.what == What::Known).count() as u64;
    if known > 0 {
        writeln!(out, "{} known already, and not read again", counted(known, "file is", "files are"))?;
    }
    if !outcome.changed {
        writeln!(out, "Nothing new.")?;
    }
    let months = match outcome.months.as_slice() {
        [] => String::new(),
        months => format!(", in {}", months.join(", ")),
    };
    let new = outcome.messages.saturating_sub(outcome.messages_before);
    writeln!(
        out,
        "Ledger: {folder}, {}, {} new{months}",
        counted(outcome.messages, "message", "messages"),
        grouped(new)
    )
}
