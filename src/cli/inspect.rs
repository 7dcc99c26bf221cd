//! `sendeschluss inspect`: what each file is, how sure, its columns, how zone and date order were settled, its rejects.
//! It reads everything, writes nothing, and shows no contents: of values only their shape.
//! For programs the same as JSON (docs/inspect.md).

use std::io::Write;

use serde::Serialize;

use super::arguments::InspectArguments;
use super::exit::{self, Failure};
use super::progress::Bar;
use super::settings::prepare;
use super::summary::{Paint, plain_line};
use crate::case::Language;
use crate::ingest::time::OrderCounts;
use crate::ingest::{ColumnSeen, InputFile, Reject, ingest, masked};
use crate::report::{InputRow, input_row};

/// Rejects shown for each file.
const SHOWN_REJECTS: usize = 5;

/// The next best format.
#[derive(Debug, Serialize)]
struct RunnerUp {
    format: String,
    confidence: u8,
}

/// One file as programs get it. Fields are added, never taken away or changed.
#[derive(Debug, Serialize)]
struct FileRow {
    #[serde(flatten)]
    row: InputRow,
    runner_up: Option<RunnerUp>,
    /// Every column of a delimited file; `columns` above lists only those that are used.
    mapping: Vec<ColumnSeen>,
    date_order_evidence: Option<OrderEvidence>,
    first_rejects: Vec<RejectRow>,
}

#[derive(Debug, Serialize)]
struct OrderEvidence {
    order: &'static str,
    basis: &'static str,
    guess: bool,
    dates: OrderCounts,
}

#[derive(Debug, Serialize)]
struct RejectRow {
    record: u32,
    line: u32,
    offset: u64,
    reason: String,
    excerpt: String,
}

impl FileRow {
    fn new(index: usize, file: &InputFile, rejects: &[Reject]) -> Self {
        let rejects = rejects.iter().filter(|reject| reject.file as usize == index).take(SHOWN_REJECTS);
        Self {
            row: input_row(file),
            runner_up: file.runner_up.clone().map(|(format, confidence)| RunnerUp { format, confidence }),
            mapping: file.seen.clone(),
            date_order_evidence: file.date_order.map(|decision| OrderEvidence {
                order: decision.order,
                basis: decision.basis,
                guess: decision.is_guess(),
                dates: decision.counts,
            }),
            first_rejects: rejects
                .map(|reject| RejectRow {
                    record: reject.place.record,
                    line: reject.place.line,
                    offset: reject.place.offset,
                    reason: reject.reason.clone().into_owned(),
                    // Personal data stays out of a terminal: excerpts show their shape only.
                    excerpt: masked(&reject.excerpt),
                })
                .collect(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Wrong usage, or an output that cannot be written.
pub fn run(arguments: &InspectArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    let prepared = prepare(&arguments.input)?;
    let bar = Bar::new(&arguments.input.talk);
    let ingested = ingest(&prepared.inputs, &prepared.unreadable, &prepared.case, &prepared.ingest, &bar)
        .map_err(Failure::usage)?;
    bar.finish();
    let inputs = ingested.inputs.iter().enumerate();
    let files: Vec<FileRow> = inputs.map(|(index, file)| FileRow::new(index, file, &ingested.rejects)).collect();
    let doubts = ingested.case_doubts.iter().map(|doubt| doubt.text(Language::En));
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &files).map_err(std::io::Error::from)?;
        writeln!(out)?;
        // No log: a doubt may name an account.
        for doubt in doubts {
            let _ = writeln!(std::io::stderr(), "sendeschluss: {}", plain_line(&doubt));
        }
    } else {
        let paint = Paint::new(&arguments.input.talk);
        for file in &files {
            tell(file, &paint, out)?;
        }
        for doubt in doubts {
            writeln!(out, "{} {}", paint.warn("note"), plain_line(&doubt))?;
        }
    }
    Ok(if files.iter().any(|file| file.row.failed) { exit::UNREAD } else { exit::DONE })
}

/// One file for people.
fn tell(file: &FileRow, paint: &Paint, out: &mut dyn Write) -> std::io::Result<()> {
    let row = &file.row;
    writeln!(out, "{}", paint.bold(&plain_line(&row.file)))?;
    let mut what = format!("{} ({} % sure)", row.format, row.confidence);
    if let Some(next) = &file.runner_up {
        what += &format!(", next {} ({} %)", next.format, next.confidence);
    }
    if !row.encoding.is_empty() {
        what += &format!(", {}", row.encoding);
    }
    writeln!(out, "  format     {what}, packing {}", row.packing)?;
    writeln!(
        out,
        "  records    {} = {} read + {} folded + {} ignored + {} rejected",
        row.records, row.read, row.folded, row.ignored, row.rejected
    )?;
    let span = row.first_sent.as_deref().zip(row.last_sent.as_deref());
    let span = span.map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
    writeln!(out, "  messages   {}{span}", row.messages)?;
    if row.zone_needed > 0 {
        writeln!(
            out,
            "  time zone  {} ({}) for {} messages without an offset",
            row.zone, row.zone_basis, row.zone_needed
        )?;
    } else if row.zone_basis == "record" && !row.columns.is_empty() {
        writeln!(out, "  time zone  {}, named in the header", row.zone)?;
    }
    if let Some(order) = &file.date_order_evidence {
        let counts = order.dates;
        let counted = [
            (counts.day_first, "with the day first only"),
            (counts.month_first, "with the month first only"),
            (counts.year_first, "with the year first only"),
            (counts.either, "either way"),
        ];
        let counted: Vec<String> = counted
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, how)| format!("{count} dates exist {how}"))
            .collect();
        let counted = if counted.is_empty() { String::new() } else { format!(" ({})", counted.join(", ")) };
        writeln!(out, "  dates      {}: {}{counted}", order.order, order.basis)?;
    }
    for column in &file.mapping {
        let examples = if column.examples.is_empty() { "empty".to_owned() } else { column.examples.join(" · ") };
        let found = column.found.map(|found| format!(" by {found}")).unwrap_or_default();
        writeln!(
            out,
            "  column     {:<12}{} from {:?}, {} of {} filled: {}",
            column.role.unwrap_or("-"),
            found,
            column.column,
            column.filled,
            column.looked_at,
            plain_line(&examples)
        )?;
    }
    for (reason, count) in &row.ignored_by {
        writeln!(out, "  ignored    {count} × {reason}")?;
    }
    for note in &row.notes {
        writeln!(out, "  note       {}", plain_line(note))?;
    }
    for reject in &file.first_rejects {
        writeln!(
            out,
            "  {}   record {}, line {}, byte {}: {} [{}]",
            paint.warn("rejected"),
            reject.record,
            reject.line,
            reject.offset,
            reject.reason,
            reject.excerpt
        )?;
    }
    let shown = file.first_rejects.len() as u64;
    if row.rejected > shown {
        writeln!(out, "  {}   … and {} more", paint.warn("rejected"), row.rejected - shown)?;
    }
    writeln!(out)
}
