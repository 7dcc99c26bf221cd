//! `sendeschluss ledger`: what a ledger holds, whether it is whole, its small parts joined, and messages taken out of it.
//! What is done stands in `ledger`; here are arguments and words.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use jiff::Timestamp;
use serde_json::json;

use super::arguments::{LedgerCommand, LedgerTalk};
use super::exit::{self, Failure};
use super::settings;
use super::summary::{counted, grouped, plain_line};
use crate::assess::Calendar;
use crate::case::Case;
use crate::ingest::{self, Reading};
use crate::ledger::{Forget, Ledger, LedgerError, Mode};

/// Runs the command.
///
/// # Errors
/// Wrong usage, a ledger that is in use, or one that cannot be read or written.
pub fn run(command: &LedgerCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        LedgerCommand::List { talk } => list(&open(talk, Mode::Read, "ledger list")?, talk, out),
        LedgerCommand::Check { talk } => check(&open(talk, Mode::Read, "ledger check")?, talk, out),
        LedgerCommand::Compact { talk } => {
            let done = existing(talk, "ledger compact")?.compact().map_err(Failure::ledger)?;
            if talk.json {
                let told = json!({ "months": done.months, "parts_before": done.parts_before, "parts": done.parts,
                    "bytes_before": done.bytes_before, "bytes": done.bytes });
                writeln!(out, "{told:#}")?;
            } else {
                writeln!(
                    out,
                    "{} written anew: {} parts of {} bytes are now {} of {}",
                    counted(done.months, "month", "months"),
                    grouped(done.parts_before),
                    grouped(done.bytes_before),
                    grouped(done.parts),
                    grouped(done.bytes)
                )?;
            }
            Ok(exit::DONE)
        }
        LedgerCommand::Forget { talk, before, recipient, timezone } => {
            forget(talk, before.as_deref(), recipient, timezone, out)
        }
    }
}

fn open(talk: &LedgerTalk, mode: Mode, purpose: &str) -> Result<Ledger, Failure> {
    let wait = settings::duration(&talk.wait).map_err(Failure::usage)?;
    Ledger::open(&talk.ledger, mode, wait, purpose).map_err(Failure::ledger)
}

/// A ledger to be changed, which must be there.
fn existing(talk: &LedgerTalk, purpose: &str) -> Result<Ledger, Failure> {
    if !talk.ledger.join(crate::ledger::REGISTER).is_file() {
        return Err(Failure::ledger(LedgerError::NoLedger(talk.ledger.display().to_string())));
    }
    open(talk, Mode::Write, purpose)
}

/// Readers that read nothing: what is in a ledger was read before.
fn reading() -> Result<Reading, Failure> {
    let settings = ingest::Settings {
        timezone: None,
        date_order: None,
        max_unpacked: 0,
        threads: settings::threads(None).map_err(Failure::usage)?,
        formats: Vec::new(),
    };
    Reading::new(&Case::default(), &settings, false).map_err(Failure::usage)
}

fn time(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map(|at| at.to_string()).unwrap_or_default()
}

fn list(ledger: &Ledger, talk: &LedgerTalk, out: &mut dyn Write) -> Result<u8, Failure> {
    let sources = ledger.sources().map_err(Failure::ledger)?;
    let months = ledger.months().map_err(Failure::ledger)?;
    let forgotten = ledger.forgotten().map_err(Failure::ledger)?;
    if talk.json {
        let sources: Vec<_> = sources
            .iter()
            .map(|source| {
                json!({ "file": source.name, "sha256": source.sha256, "bytes": source.bytes,
                    "path": shown(&source.path), "member": source.member, "rows": source.rows,
                    "imported_at": time(source.imported_at), "program": source.program,
                    "read_with": source.circumstances })
            })
            .collect();
        let months: Vec<_> = months
            .iter()
            .map(|month| {
                json!({ "month": month.month, "messages": month.messages, "parts": month.parts, "bytes": month.bytes,
                    "first_sent": month.first_sent.map(time), "last_sent": month.last_sent.map(time) })
            })
            .collect();
        let forgotten: Vec<_> = forgotten
            .iter()
            .map(|row| json!({ "at": time(row.at), "kind": row.kind, "file": row.source, "messages": row.messages }))
            .collect();
        writeln!(out, "{:#}", json!({ "sources": sources, "months": months, "forgotten": forgotten }))?;
        return Ok(exit::DONE);
    }
    for source in &sources {
        let hash = source.sha256.get(..12).unwrap_or("unread");
        let what = counted(source.rows, "row", "rows");
        writeln!(out, "{}  {hash:<12}  {}: {what}", time(source.imported_at), plain_line(&source.name))?;
    }
    for month in &months {
        writeln!(
            out,
            "{}  {} in {}, {} bytes",
            month.month,
            counted(month.messages, "message", "messages"),
            counted(month.parts, "part", "parts"),
            grouped(month.bytes)
        )?;
    }
    for row in &forgotten {
        let messages = counted(row.messages, "message", "messages");
        writeln!(out, "{}  erased ({}): {messages} of {}", time(row.at), row.kind, plain_line(&row.source))?;
    }
    Ok(exit::DONE)
}

fn shown(path: &Path) -> String {
    crate::report::manifest::shown_path(path)
}

fn check(ledger: &Ledger, talk: &LedgerTalk, out: &mut dyn Write) -> Result<u8, Failure> {
    let found = ledger.check(&reading()?).map_err(Failure::ledger)?;
    if talk.json {
        let problems: Vec<_> =
            found.problems.iter().map(|one| json!({ "file": shown(&one.file), "problem": one.problem })).collect();
        writeln!(out, "{:#}", json!({ "files": found.files, "months": found.months, "problems": problems }))?;
    } else {
        for one in &found.problems {
            writeln!(out, "{}: {}", plain_line(&shown(&one.file)), plain_line(&one.problem))?;
        }
        let whole = if found.problems.is_empty() { "all is as it was written" } else { "the ledger is damaged" };
        let files = counted(found.files, "file", "files");
        writeln!(out, "{files} and {}: {whole}", counted(found.months, "month", "months"))?;
    }
    Ok(if found.problems.is_empty() { exit::DONE } else { exit::FINDINGS })
}

fn forget(
    talk: &LedgerTalk,
    before: Option<&str>,
    recipients: &[String],
    timezone: &str,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let reading = reading()?;
    let addresses = addresses(recipients, &reading).map_err(Failure::usage)?;
    let before = before.map(|day| {
        let calendar = Calendar::named(timezone)?;
        settings::instant(day, &calendar, false).context("--before")
    });
    let before = before.transpose().map_err(Failure::usage)?;
    if before.is_none() && addresses.is_empty() {
        return Err(Failure::usage(anyhow!(
            "nothing to forget: name a day with --before, or somebody with --recipient"
        )));
    }
    let mut ledger = existing(talk, "ledger forget")?;
    let now = Timestamp::now().as_millisecond();
    let wanted = [before.map(Forget::Before), (!addresses.is_empty()).then_some(Forget::Recipients(&addresses))];
    let mut told = Vec::new();
    for what in wanted.into_iter().flatten() {
        let forgotten = ledger.forget(what, &reading, now).map_err(Failure::ledger)?;
        told.extend(forgotten.messages);
    }
    let messages: u64 = told.iter().map(|(_, messages)| messages).sum();
    if talk.json {
        let sources: Vec<_> = told.iter().map(|(file, count)| json!({ "file": file, "messages": count })).collect();
        writeln!(out, "{:#}", json!({ "messages": messages, "sources": sources }))?;
    } else {
        for (source, messages) in &told {
            writeln!(out, "{}: {}", plain_line(source), counted(*messages, "message", "messages"))?;
        }
        writeln!(out, "Erased: {}", counted(messages, "message", "messages"))?;
    }
    Ok(exit::DONE)
}

/// The addresses that are named, each by itself or line by line in a file. Which of them is none is told by its place.
fn addresses(named: &[String], reading: &Reading) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    for text in named {
        match std::fs::read_to_string(text) {
            Ok(lines) => texts.extend(lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => texts.push(text.clone()),
            Err(error) => bail!("--recipient: the file cannot be read: {error}"),
        }
    }
    let address =
        |(at, text): (usize, &String)| reading.address(text).ok_or_else(|| LedgerError::NoAddress(at + 1).into());
    texts.iter().enumerate().map(address).collect()
}
