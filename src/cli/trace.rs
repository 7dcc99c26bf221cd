//! `sendeschluss trace`: the source records behind an id, with their hashes then and now.
//! Texts of messages are personal: of them only the shape is shown, unless they are asked for in clear.
//! Which records they are, and whether they agree, is found by `report::trace`.

use std::io::Write;

use serde::Serialize;

use super::again::{Told, failure, json_line, prepare};
use super::arguments::TraceArguments;
use super::exit::{self, Failure};
use super::progress::Bar;
use super::summary::{Paint, plain_line};
use crate::ingest::containers::SEPARATOR;
use crate::report::again::Sources;
use crate::report::trace::{Kind, Membership, Part, Record, Texts, Trace, trace};

/// A record as programs get it: one object on a line. Fields are added, never taken away or changed.
#[derive(Serialize)]
struct RecordRow<'a> {
    id: &'a str,
    message_id: &'a str,
    sent_at: &'a str,
    account: &'a str,
    part: Part,
    file: &'a str,
    member: &'a str,
    record: u64,
    line: u64,
    offset: u64,
    length: u32,
    sha256_recorded: Option<&'a str>,
    sha256_computed: Option<&'a str>,
    agrees: bool,
    agrees_by: &'static str,
    masked: bool,
    text: Option<&'a str>,
}

/// The last line for programs.
#[derive(Serialize)]
struct Sum<'a> {
    summary: &'a str,
    kind: Kind,
    found_by: Membership,
    messages: u64,
    messages_in_report: Option<u64>,
    records: u64,
    records_printed: u64,
    disagreeing: u64,
    changed_inputs: &'a [String],
    missing_inputs: &'a [String],
    altered_report_files: &'a [String],
}

/// Runs the command.
///
/// # Errors
/// An unknown id, a damaged report, sources that are not there.
pub fn run(arguments: &TraceArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut prepared = prepare(&arguments.again)?;
    let bar = Bar::new(&arguments.again.talk);
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let texts = Texts { first: limit, reveal: arguments.reveal };
    let found = trace(&mut prepared.report, &mut prepared.sources, &prepared.places, &arguments.id, texts, &bar);
    bar.finish();
    let found = found.map_err(failure)?;
    if arguments.again.json {
        as_json(&found, &prepared.sources, limit, !arguments.reveal, out)?;
    } else {
        let told = Told { words: &prepared.words, paint: Paint::new(&arguments.again.talk) };
        tell(&found, &told, limit, arguments.reveal, out).map_err(Failure::unwritten)?;
    }
    Ok(if !found.missing.is_empty() {
        exit::UNREAD
    } else if found.agrees() {
        exit::DONE
    } else {
        exit::FINDINGS
    })
}

fn as_json(found: &Trace, sources: &Sources, limit: usize, masked: bool, out: &mut dyn Write) -> std::io::Result<()> {
    for record in found.records.iter().take(limit) {
        let (file, member) = sources.file_of(&record.file).unwrap_or((&record.file, None));
        let row = RecordRow {
            id: &found.id,
            message_id: &record.message_id,
            sent_at: &record.sent_at,
            account: &record.account,
            part: record.part,
            file,
            member: member.unwrap_or_default(),
            record: record.record,
            line: record.line,
            offset: record.offset,
            length: record.length,
            sha256_recorded: record.recorded.as_deref(),
            sha256_computed: record.computed.as_deref(),
            agrees: record.agrees,
            agrees_by: if record.recorded.is_some() { "record" } else { "file" },
            masked,
            text: record.text.as_deref(),
        };
        json_line(&row, out)?;
    }
    let sum = Sum {
        summary: &found.id,
        kind: found.kind,
        found_by: found.membership,
        messages: found.messages(),
        messages_in_report: found.expected,
        records: found.records.len() as u64,
        records_printed: found.records.len().min(limit) as u64,
        disagreeing: found.disagreeing(),
        changed_inputs: &found.changed,
        missing_inputs: &found.missing,
        altered_report_files: &found.altered,
    };
    json_line(&sum, out)
}

/// For people.
fn tell(found: &Trace, told: &Told<'_>, limit: usize, reveal: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let Told { words, paint } = told;
    writeln!(out, "{}", told.headline(found.kind, &found.id, &found.row)?)?;
    let messages = words.counted("messages", found.messages())?;
    let how = match found.membership {
        Membership::Evidence => "trace_evidence",
        Membership::Computed => "trace_computed",
        Membership::Partial => "trace_partial",
    };
    writeln!(out, "  {}", words.say(how, &[("messages", &messages)])?)?;
    if let Some(expected) = found.expected.filter(|expected| *expected != found.messages()) {
        let messages = words.counted("messages", expected)?;
        writeln!(out, "  {}", paint.warn(&words.say("trace_expected", &[("messages", &messages)])?))?;
    }
    let mut file = "";
    for record in found.records.iter().take(limit) {
        if record.file != file {
            file = &record.file;
            writeln!(out, "{}", paint.bold(&plain_line(file)))?;
        }
        tell_record(record, told, out)?;
    }
    if found.records.len() > limit {
        let more = words.counted("more_records", (found.records.len() - limit) as u64)?;
        writeln!(out, "  {}", words.say("trace_more", &[("records", &more)])?)?;
    }
    let mut files: Vec<&str> =
        found.records.iter().map(|record| record.file.split(SEPARATOR).next().unwrap_or_default()).collect();
    files.sort_unstable();
    files.dedup();
    let records = found.records.len() as u64;
    let sum = [
        ("records", words.counted("records", records)?),
        ("files", words.counted("files", files.len() as u64)?),
        ("agree", words.number(records - found.disagreeing())),
        ("disagree", words.number(found.disagreeing())),
    ];
    let sum: Vec<(&str, &str)> = sum.iter().map(|(name, value)| (*name, value.as_str())).collect();
    writeln!(out, "{}", words.say("trace_sum", &sum)?)?;
    told.standing(&found.changed, &found.missing, &found.altered, out)?;
    if !reveal && found.records.iter().any(|record| record.text.is_some()) {
        writeln!(out, "{}", words.text("trace_masked")?)?;
    }
    Ok(())
}

fn tell_record(record: &Record, told: &Told<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let Told { words, paint } = told;
    let bytes = words.counted("bytes", u64::from(record.length))?;
    let (number, line, offset) = (record.record.to_string(), record.line.to_string(), record.offset.to_string());
    let place = [
        ("record", number.as_str()),
        ("line", &line),
        ("offset", &offset),
        ("bytes", &bytes),
        ("sent_at", &record.sent_at),
    ];
    let mut place = words.say("trace_at", &place)?;
    if record.part == Part::Folded {
        place = format!("{place}; {}", words.text("trace_folded")?);
    }
    writeln!(out, "  {place}")?;
    let not_recorded = words.text("trace_not_recorded")?;
    let hash = match (&record.computed, &record.recorded) {
        (None, _) => paint.warn(&words.text("trace_unread")?),
        (Some(computed), recorded) => {
            let key = match (record.agrees, recorded) {
                (true, Some(_)) => "trace_agrees",
                (true, None) => "trace_agrees_file",
                (false, Some(_)) => "trace_disagrees",
                (false, None) => "trace_disagrees_file",
            };
            let recorded = recorded.as_deref().unwrap_or(&not_recorded);
            let said = words.say(key, &[("computed", computed), ("recorded", recorded)])?;
            if record.agrees { said } else { paint.warn(&said) }
        }
    };
    writeln!(out, "    {hash}")?;
    if let Some(text) = &record.text {
        writeln!(out, "    {}", plain_line(text))?;
    }
    Ok(())
}
