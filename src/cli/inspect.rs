//! `sendeschluss inspect`: what each file is, how sure, its columns, and what became of its records.
//! It reads everything and writes nothing.
//! For programs the same as JSON.

use std::io::Write;

use super::arguments::InspectArguments;
use super::exit::{self, Failure};
use super::progress::Bar;
use super::settings::prepare;
use super::summary::{Paint, plain_line};
use crate::ingest::ingest;
use crate::report::{Shown, input_row};

/// Rejects shown for each file.
const SHOWN_REJECTS: usize = 5;

/// One input as programs get it.
#[derive(serde::Serialize)]
struct Inspected<'r, R: serde::Serialize> {
    #[serde(flatten)]
    row: &'r R,
    runner_up: Option<&'r (String, u8)>,
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
    let rows: Vec<_> = ingested.inputs.iter().map(input_row).collect();
    if arguments.json {
        let inputs = rows.iter().zip(&ingested.inputs);
        let inspected: Vec<_> =
            inputs.map(|(row, input)| Inspected { row, runner_up: input.runner_up.as_ref() }).collect();
        serde_json::to_writer_pretty(&mut *out, &inspected).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        let paint = Paint::new(&arguments.input.talk);
        // Personal data stays out of a terminal: excerpts show their shape only.
        let masked = Shown::Pseudonyms([0; crate::report::KEY_BYTES]);
        for (index, row) in rows.iter().enumerate() {
            writeln!(out, "{}", paint.bold(&plain_line(&row.file)))?;
            writeln!(
                out,
                "  format     {} ({} % sure), {}, packing {}",
                row.format, row.confidence, row.encoding, row.packing
            )?;
            if let Some(second) = ingested.inputs.get(index).and_then(|input| input.runner_up.as_ref()) {
                writeln!(out, "  runner-up  {} ({} % sure)", second.0, second.1)?;
            }
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
            }
            if let Some(order) = &row.date_order {
                writeln!(out, "  dates      {order}")?;
            }
            for column in &row.columns {
                writeln!(out, "  column     {:<12} from {:?}, by {}", column.role, column.column, column.found)?;
            }
            for (reason, count) in &row.ignored_by {
                writeln!(out, "  ignored    {count} × {reason}")?;
            }
            for note in &row.notes {
                writeln!(out, "  note       {}", plain_line(note))?;
            }
            let rejects: Vec<_> = ingested.rejects.iter().filter(|reject| reject.file as usize == index).collect();
            for reject in rejects.iter().take(SHOWN_REJECTS) {
                writeln!(
                    out,
                    "  {}   record {}, line {}, byte {}: {} [{}]",
                    paint.warn("rejected"),
                    reject.place.record,
                    reject.place.line,
                    reject.place.offset,
                    reject.reason,
                    masked.excerpt(&reject.excerpt)
                )?;
            }
            if rejects.len() > SHOWN_REJECTS {
                writeln!(out, "  {}   … and {} more", paint.warn("rejected"), rejects.len() - SHOWN_REJECTS)?;
            }
            writeln!(out)?;
        }
    }
    Ok(if rows.iter().any(|row| row.failed) { exit::UNREAD } else { exit::DONE })
}
