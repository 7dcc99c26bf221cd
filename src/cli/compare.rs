//! `sendeschluss compare`: two reports, what is new, gone and changed in them, and why.
//! As text in German or English, as JSON, and the new findings as CSV.
//! What differs is found by `report::compare`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;

use anyhow::Context;
use serde_json::Value;

use super::again::json_line;
use super::arguments::{CompareArguments, TalkArguments};
use super::exit::{self, Failure};
use super::summary::{Paint, plain_line};
use super::words::{self, Words};
use crate::report::again::language;
use crate::report::compare::{
    Cause, ChangedRow, Comparison, IN_WORDS, TABLES, TableChange, compare, write_new_findings,
};
use crate::report::reading::{Report, text_of};

/// Rows of each table that are listed; all with --verbose.
const SHOWN_ROWS: usize = 12;
/// Characters of a changed value that are listed.
const SHOWN_CHARACTERS: usize = 80;

/// Runs the command.
///
/// # Errors
/// A folder that is no report, or an output that cannot be written.
pub fn run(arguments: &CompareArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut old = Report::open(&arguments.old).map_err(Failure::usage)?;
    let mut new = Report::open(&arguments.new).map_err(Failure::usage)?;
    let words = Words::load(words::language(arguments.lang, language(&new))).map_err(Failure::usage)?;
    let comparison = compare(&mut old, &mut new).map_err(Failure::usage)?;
    if let Some(path) = &arguments.new_findings {
        let written = File::create(path).map_err(anyhow::Error::from).and_then(|mut file| {
            write_new_findings(&comparison, &mut file)?;
            Ok(file.sync_all()?)
        });
        written.with_context(|| path.display().to_string()).map_err(Failure::unwritten)?;
    }
    if arguments.json {
        json_line(&comparison, out)?;
    } else {
        for (key, report) in [("compare_old", &old), ("compare_new", &new)] {
            let folder = report.folder().display().to_string();
            let values = [("folder", folder.as_str()), ("program", &report.manifest().program)];
            writeln!(out, "{}", plain_line(&words.say(key, &values).map_err(Failure::usage)?))?;
        }
        tell(&comparison, &words, &arguments.talk, out).map_err(Failure::unwritten)?;
    }
    Ok(if comparison.differs() || !comparison.altered_report_files.is_empty() { exit::FINDINGS } else { exit::DONE })
}

fn tell(comparison: &Comparison, words: &Words, talk: &TalkArguments, out: &mut dyn Write) -> anyhow::Result<()> {
    let paint = Paint::new(talk);
    if !comparison.differs() {
        writeln!(out, "{}", words.text("compare_same")?)?;
    } else if comparison.causes.is_empty() {
        writeln!(out, "{}", words.text("no_cause")?)?;
    } else {
        writeln!(out, "{}", paint.bold(&words.text("h_causes")?))?;
        for cause in &comparison.causes {
            writeln!(out, "  - {}", plain_line(&cause_text(cause, words)?))?;
        }
    }
    for change in &comparison.tables {
        let keys = TABLES.iter().find(|of| of.table == change.table).map_or(&[][..], |of| of.keys);
        let table = words.text(&format!("table_{}", change.table))?;
        let counts =
            [change.new.len(), change.gone.len(), change.changed.len()].map(|count| words.number(count as u64));
        let [new, gone, changed] = &counts;
        let same = words.number(change.same);
        let values = [("table", table.as_str()), ("new", new), ("gone", gone), ("changed", changed), ("same", &same)];
        writeln!(out, "{}", paint.bold(&words.say("table_line", &values)?))?;
        rows(change, keys, talk.verbose, words, out)?;
    }
    for table in &comparison.not_compared {
        let table = words.text(&format!("table_{table}"))?;
        writeln!(out, "{}", words.say("not_compared", &[("table", &table)])?)?;
    }
    for file in &comparison.altered_report_files {
        let said = words.say("file_altered", &[("file", &plain_line(file))])?;
        writeln!(out, "{} {said}", paint.warn(&words.text("note")?))?;
    }
    Ok(())
}

/// The rows of a table that differ, the first ones unless all are wanted.
fn rows(change: &TableChange, keys: &[&str], all: bool, words: &Words, out: &mut dyn Write) -> anyhow::Result<()> {
    let (row_new, row_gone, row_changed) =
        (words.text("row_new")?, words.text("row_gone")?, words.text("row_changed")?);
    let whole = |word: &str, row: &BTreeMap<String, String>| format!("{word} {}", row_text(row, keys, words));
    let mut lines: Vec<String> = change.new.iter().map(|row| whole(&row_new, row)).collect();
    lines.extend(change.gone.iter().map(|row| whole(&row_gone, row)));
    lines.extend(change.changed.iter().map(|row| format!("{row_changed} {}", changed_text(row))));
    let shown = if all { lines.len() } else { SHOWN_ROWS.min(lines.len()) };
    for line in lines.iter().take(shown) {
        writeln!(out, "  {}", plain_line(line))?;
    }
    if lines.len() > shown {
        let more = words.counted("more_rows", (lines.len() - shown) as u64)?;
        writeln!(out, "  {}", words.say("row_more", &[("rows", &more)])?)?;
    }
    Ok(())
}

/// A row by its id and what a reader knows it by.
fn row_text(row: &BTreeMap<String, String>, keys: &[&str], words: &Words) -> String {
    const TOLD: [&str; 8] = ["rule", "title", "subject", "detector", "account", "start", "first_sent", "campaign_id"];
    let get = |column: &str| row.get(column).filter(|value| !value.is_empty()).map(|value| short(value));
    let mut parts: Vec<String> = keys.iter().filter_map(|key| get(key)).collect();
    parts.extend(TOLD.iter().filter(|column| !keys.contains(*column)).filter_map(|column| get(column)));
    let count = row.get("messages").and_then(|count| count.parse().ok());
    parts.extend(count.and_then(|count| words.counted("messages", count).ok()));
    parts.join(", ")
}

/// What differs in a row; of columns in words only their names.
fn changed_text(row: &ChangedRow) -> String {
    let (words, values): (Vec<_>, Vec<_>) =
        row.columns.iter().partition(|column| IN_WORDS.contains(&column.column.as_str()));
    let values =
        values.iter().map(|column| format!("{} {} → {}", column.column, short(&column.old), short(&column.new)));
    let words = words.iter().map(|column| column.column.clone());
    format!("{}: {}", row.id, values.chain(words).collect::<Vec<_>>().join("; "))
}

/// A value as far as a line has room.
fn short(value: &str) -> String {
    if value.is_empty() {
        return "–".to_owned();
    }
    let mut short: String = value.chars().take(SHOWN_CHARACTERS).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

/// A cause in words: its members fill the places of its text.
fn cause_text(cause: &Cause, words: &Words) -> anyhow::Result<String> {
    let Value::Object(members) = serde_json::to_value(cause)? else { return Ok(String::new()) };
    let unset = words.text("unset")?;
    let values: Vec<(String, String)> = members
        .iter()
        .map(|(name, value)| {
            let value = text_of(value);
            (name.clone(), if value.is_empty() { unset.clone() } else { value })
        })
        .collect();
    let name = values.iter().find(|(name, _)| name == "cause").map_or("", |(_, value)| value.as_str());
    let places: Vec<(&str, &str)> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    words.say(&format!("cause_{name}"), &places)
}
