//! The tables of the report: names, typed columns with the agreed ones first, and one function for the rows of each.
//! Values are texts in their exact form: RFC 3339 times in UTC, numbers without grouping and with a decimal point.
//! How a dialect of CSV or a workbook writes them is decided by the sinks; columns of our own stand last.

use Kind::{Flag, Number, Text, Time};
use rayon::prelude::*;

use super::evidence::RecordHashes;
use super::extract::Extract;
use super::instants::utc;
use super::{ReportError, ReportInput, measures};
use crate::ingest::ConsentKind;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, ids among it.
    Text,
    /// A number; empty where there is none.
    Number,
    /// An RFC 3339 time in UTC; empty where there is none.
    Time,
    /// `true` or `false`.
    Flag,
}

/// A column: its name and what its values are.
pub type Column = (&'static str, Kind);

/// What takes the rows of a table.
pub trait RowSink: Send {
    /// Takes a row, a text for each column.
    ///
    /// # Errors
    /// When it cannot be written.
    fn row(&mut self, fields: &[&str]) -> Result<(), ReportError>;
}

/// A table of the report.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name, without an ending.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// Gives its rows, in order.
    pub rows: fn(&Source<'_>, &mut dyn RowSink) -> Result<(), ReportError>,
}

const fn table(
    name: &'static str,
    columns: &'static [Column],
    rows: fn(&Source<'_>, &mut dyn RowSink) -> Result<(), ReportError>,
) -> Table {
    Table { name, columns, rows }
}

/// What tables are written from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The stages' results.
    pub input: &'a ReportInput<'a>,
    /// The extract.
    pub extract: &'a Extract,
    /// Hashes of evidence records.
    pub hashes: &'a RecordHashes,
}

/// All tables, in order of name.
pub const TABLES: [Table; 16] = [
    table("account_clusters", measures::ACCOUNT_CLUSTERS_COLUMNS, measures::write_clusters),
    table("accounts", ACCOUNTS_COLUMNS, accounts),
    table("before_after", BEFORE_AFTER_COLUMNS, before_after),
    table("bursts", BURSTS_COLUMNS, bursts),
    table("campaigns", CAMPAIGNS_COLUMNS, campaigns),
    table("consents", CONSENTS_COLUMNS, consents),
    table("evidence", EVIDENCE_COLUMNS, evidence),
    table("exposure", EXPOSURE_COLUMNS, exposure),
    table("findings", FINDINGS_COLUMNS, findings),
    table("inputs", INPUTS_COLUMNS, inputs),
    table("intensity", measures::INTENSITY_COLUMNS, measures::write_intensity),
    table("limit_checks", measures::LIMIT_CHECKS_COLUMNS, measures::write_limit_checks),
    table("rejects", REJECTS_COLUMNS, rejects),
    table("runs", RUNS_COLUMNS, runs),
    table("source_checks", measures::SOURCE_CHECKS_COLUMNS, measures::write_source_checks),
    table("speed", measures::SPEED_COLUMNS, measures::write_speed),
];

macro_rules! row {
    ($sink:expr, $($field:expr),+ $(,)?) => {
        $sink.row(&[$(AsRef::<str>::as_ref(&$field)),+])
    };
}

fn text(value: impl ToString) -> String {
    value.to_string()
}

fn option(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("")
}

const INPUTS_COLUMNS: &[Column] = &[
    ("file", Text),
    ("sha256", Text),
    ("bytes", Number),
    ("format", Text),
    ("confidence", Number),
    ("records", Number),
    ("read", Number),
    ("folded", Number),
    ("ignored", Number),
    ("rejected", Number),
    ("messages", Number),
    ("first_sent", Time),
    ("last_sent", Time),
    ("packing", Text),
    ("encoding", Text),
    ("zone", Text),
    ("zone_basis", Text),
    ("date_order", Text),
    ("notes", Text),
];

fn inputs(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.completeness.inputs {
        row!(
            sink,
            row.file,
            row.sha256,
            text(row.bytes),
            row.format,
            text(row.confidence),
            text(row.records),
            text(row.read),
            text(row.folded),
            text(row.ignored),
            text(row.rejected),
            text(row.messages),
            option(&row.first_sent),
            option(&row.last_sent),
            row.packing,
            row.encoding,
            row.zone,
            row.zone_basis,
            option(&row.date_order),
            row.notes.join("; ")
        )?;
    }
    Ok(())
}

const REJECTS_COLUMNS: &[Column] =
    &[("file", Text), ("record", Number), ("line", Number), ("offset", Number), ("reason", Text), ("excerpt", Text)];

fn rejects(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    let files = &source.input.ingested.messages.files;
    for reject in &source.input.ingested.rejects {
        let place = reject.place;
        let file = files.get(reject.file as usize).map_or("", String::as_str);
        row!(
            sink,
            file,
            text(place.record),
            text(place.line),
            text(place.offset),
            reject.reason,
            source.input.shown.excerpt(&reject.excerpt)
        )?;
    }
    Ok(())
}

const CONSENTS_COLUMNS: &[Column] = &[
    ("recipient", Text),
    ("account", Text),
    ("kind", Text),
    ("at", Time),
    ("source", Text),
    ("file", Text),
    ("record", Number),
    ("line", Number),
    ("offset", Number),
    ("missing", Text),
    ("confirmed", Text),
];

fn consents(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    let messages = &source.input.ingested.messages;
    for consent in &source.input.ingested.consents {
        let account = messages.accounts.get(consent.account as usize).map_or("", |account| account.id.as_str());
        let file = messages.files.get(consent.file as usize).map_or("", String::as_str);
        row!(
            sink,
            source.input.shown.recipient(messages, consent.recipient),
            account,
            consent.kind.as_str(),
            if consent.proof.time { utc(consent.at) } else { String::new() },
            consent.source,
            file,
            text(consent.place.record),
            text(consent.place.line),
            text(consent.place.offset),
            if consent.kind == ConsentKind::OptIn { consent.proof.missing().join(" ") } else { String::new() },
            if consent.proof.confirmed { "yes" } else { "" }
        )?;
    }
    Ok(())
}

const ACCOUNTS_COLUMNS: &[Column] = &[
    ("account", Text),
    ("route", Text),
    ("client", Text),
    ("first_sent", Time),
    ("last_sent", Time),
    ("messages", Number),
    ("recipients", Number),
    ("initiated", Number),
    ("bursts", Number),
    ("campaigns", Number),
    ("inbound", Number),
    ("provider", Text),
    ("replies_from", Text),
];

fn accounts(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.accounts {
        row!(
            sink,
            row.account,
            row.route,
            row.client,
            option(&row.first_sent),
            option(&row.last_sent),
            text(row.messages),
            text(row.recipients),
            text(row.initiated),
            text(row.bursts),
            text(row.campaigns),
            text(row.inbound),
            row.provider,
            row.replies_from
        )?;
    }
    Ok(())
}

const BURSTS_COLUMNS: &[Column] = &[
    ("burst_id", Text),
    ("detector", Text),
    ("account", Text),
    ("start", Time),
    ("end", Time),
    ("messages", Number),
    ("recipients", Number),
    ("peak", Number),
    ("peak_at", Time),
    ("window_ms", Number),
    ("threshold", Number),
    ("counts", Text),
    ("over", Text),
    ("scope", Text),
    ("client", Text),
    ("robustness", Text),
    ("depends_on", Text),
];

fn bursts(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.bursts {
        row!(
            sink,
            row.burst_id,
            row.detector,
            row.account,
            row.start,
            row.end,
            text(row.messages),
            text(row.recipients),
            text(row.peak),
            row.peak_at,
            text(row.window_ms),
            text(row.threshold),
            row.counts,
            row.over,
            row.scope,
            row.client,
            row.robustness,
            row.depends_on.join("; ")
        )?;
    }
    Ok(())
}

const CAMPAIGNS_COLUMNS: &[Column] = &[
    ("campaign_id", Text),
    ("content_kind", Text),
    ("content", Text),
    ("sample", Text),
    ("accounts", Text),
    ("first_sent", Time),
    ("last_sent", Time),
    ("messages", Number),
    ("recipients", Number),
    ("runs", Number),
    ("coordinated", Flag),
    ("drip", Flag),
    ("replies", Number),
    ("template", Text),
    ("texts", Number),
    ("joined_by", Text),
    ("robustness", Text),
    ("depends_on", Text),
    ("agreement", Number),
];

fn campaigns(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.campaigns {
        row!(
            sink,
            row.campaign_id,
            row.content_kind,
            row.content,
            row.sample,
            row.accounts.join(" "),
            row.first_sent,
            row.last_sent,
            text(row.messages),
            text(row.recipients),
            text(row.runs),
            text(row.coordinated),
            text(row.drip),
            text(row.replies),
            row.template,
            text(row.texts),
            row.joined_by,
            row.robustness,
            row.depends_on.join("; "),
            row.agreement.map(text).unwrap_or_default()
        )?;
    }
    Ok(())
}

const RUNS_COLUMNS: &[Column] = &[
    ("run_id", Text),
    ("campaign_id", Text),
    ("start", Time),
    ("end", Time),
    ("accounts", Text),
    ("messages", Number),
    ("recipients", Number),
    ("median_gap_ms", Number),
    ("gap_cv", Number),
    ("gap_equal_share", Number),
];

fn runs(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    let (activity, messages) = (source.input.activity, &source.input.ingested.messages);
    let equal = activity.measures.equal_shares.iter().copied().chain(std::iter::repeat(None));
    for (run, equal) in activity.runs.iter().zip(equal) {
        let campaign = activity.campaigns.get(run.campaign).map_or("", |campaign| campaign.id.as_str());
        let accounts = run.accounts.iter().filter_map(|account| messages.accounts.get(*account as usize));
        let accounts: Vec<&str> = accounts.map(|account| account.id.as_str()).collect();
        row!(
            sink,
            run.id,
            campaign,
            utc(run.start),
            utc(run.end),
            accounts.join(" "),
            text(run.rows.len()),
            text(run.recipients),
            run.median_gap_ms.map(text).unwrap_or_default(),
            run.gap_cv.map(|variation| format!("{variation:.4}")).unwrap_or_default(),
            equal.map(|share| format!("{share:.4}")).unwrap_or_default()
        )?;
    }
    Ok(())
}

const FINDINGS_COLUMNS: &[Column] = &[
    ("finding_id", Text),
    ("rule", Text),
    ("severity", Text),
    ("subject", Text),
    ("exposed", Text),
    ("basis", Text),
    ("first_sent", Time),
    ("last_sent", Time),
    ("messages", Number),
    ("runs", Number),
    ("recipients", Number),
    ("amount_min", Number),
    ("amount_max", Number),
    ("currency", Text),
    ("limitation", Text),
    ("title", Text),
    ("boundary_day", Text),
    ("counter_evidence", Text),
    ("limits", Text),
    ("evidence_rows", Number),
];

fn findings(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.findings {
        let marked = |texts: &[super::extract::MarkedText]| {
            texts.iter().map(|text| format!("{} [{}]", text.text, text.mark)).collect::<Vec<_>>().join("; ")
        };
        let boundary = row.boundary_day.as_ref().map(|boundary| {
            let readings: Vec<String> =
                boundary.readings.iter().map(|(zone, messages)| format!("{zone} {messages}")).collect();
            format!("{}: {}", boundary.day, readings.join(", "))
        });
        row!(
            sink,
            row.finding_id,
            row.rule,
            row.severity,
            row.subject,
            row.exposed.join("; "),
            marked(&row.basis),
            row.first_sent,
            row.last_sent,
            text(row.messages),
            text(row.runs),
            text(row.recipients),
            row.amount_min,
            row.amount_max,
            row.currency,
            marked(&row.limitation),
            row.title,
            option(&boundary),
            row.counter_evidence.join(" "),
            row.limits.join(" "),
            text(row.evidence_rows)
        )?;
    }
    Ok(())
}

const EVIDENCE_COLUMNS: &[Column] = &[
    ("finding_id", Text),
    ("message_id", Text),
    ("sent_at", Time),
    ("account", Text),
    ("recipient", Text),
    ("status", Text),
    ("route", Text),
    ("campaign_id", Text),
    ("file", Text),
    ("record", Number),
    ("line", Number),
    ("offset", Number),
    ("record_sha256", Text),
    ("length", Number),
];

/// Rows of evidence that are made at a time.
const EVIDENCE_BLOCK: usize = 16_384;

fn evidence(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    let input = source.input;
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    // Pseudonyms and hashes of millions of rows: each core makes some of a block, the sink takes them in order.
    let made = |row: &u32| {
        let (at, place) = (*row as usize, columns.place(*row as usize));
        let recipient = columns.recipient.get(at).copied().unwrap_or_default();
        [
            input.shown.message_id(messages, at),
            utc(columns.sent_at.get(at).copied().unwrap_or_default()),
            input.shown.recipient(messages, recipient),
            text(place.record),
            text(place.line),
            text(place.offset),
            source.hashes.get(*row),
            text(place.length),
        ]
    };
    let make = |block: &[u32]| -> Vec<(u32, [String; 8])> {
        block.par_iter().with_min_len(64).map(|row| (*row, made(row))).collect()
    };
    let mut blocks = input.assessment.findings.iter().flat_map(|finding| {
        let rows = input.evidence.of(&finding.rows);
        rows.chunks(EVIDENCE_BLOCK).map(move |block| (finding, block)).collect::<Vec<_>>()
    });
    let mut next = || blocks.next().map(|(finding, block)| (finding, make(block)));
    let mut ready = next();
    while let Some((finding, block)) = ready {
        // While one core writes and hashes a block, the others make the next.
        let rows = block.len() as u64;
        let (written, following) = rayon::join(|| evidence_block(source, sink, &finding.id, block), &mut next);
        written?;
        input.progress.advance(rows);
        ready = following;
    }
    Ok(())
}

fn evidence_block(
    source: &Source<'_>,
    sink: &mut dyn RowSink,
    finding: &str,
    block: Vec<(u32, [String; 8])>,
) -> Result<(), ReportError> {
    let input = source.input;
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    for (row, [message_id, sent_at, recipient, record, line, offset, sha256, length]) in block {
        let at = row as usize;
        let file = columns.file.get(at).and_then(|file| messages.files.get(*file as usize));
        row!(
            sink,
            finding,
            message_id,
            sent_at,
            messages.account(at).map_or("", |account| account.id.as_str()),
            recipient,
            columns.status.get(at).map_or("", |status| status.as_str()),
            columns.route.get(at).map_or("", |route| route.as_str()),
            input.activity.marks.campaign_id(at),
            file.map_or("", String::as_str),
            record,
            line,
            offset,
            sha256,
            length
        )?;
    }
    Ok(())
}

const BEFORE_AFTER_COLUMNS: &[Column] = &[
    ("account", Text),
    ("route", Text),
    ("before_messages", Number),
    ("before_recipients", Number),
    ("before_runs", Number),
    ("day_messages", Number),
    ("day_recipients", Number),
    ("day_runs", Number),
    ("after_messages", Number),
    ("after_recipients", Number),
    ("after_runs", Number),
];

fn before_after(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.before_after {
        let counts = [row.before, row.day, row.after].map(|sent| [sent.messages, sent.recipients, sent.runs].map(text));
        let fields = [row.account.as_str(), row.route].into_iter();
        sink.row(&fields.chain(counts.iter().flatten().map(String::as_str)).collect::<Vec<_>>())?;
    }
    Ok(())
}

const EXPOSURE_COLUMNS: &[Column] = &[
    ("exposed", Text),
    ("rule", Text),
    ("country", Text),
    ("severity", Text),
    ("findings", Number),
    ("messages", Number),
    ("runs", Number),
    ("recipients", Number),
    ("first_sent", Time),
    ("last_sent", Time),
];

fn exposure(source: &Source<'_>, sink: &mut dyn RowSink) -> Result<(), ReportError> {
    for row in &source.extract.exposure {
        row!(
            sink,
            row.exposed,
            row.rule,
            row.country,
            row.severity,
            text(row.findings),
            text(row.messages),
            text(row.runs),
            text(row.recipients),
            row.first_sent,
            row.last_sent
        )?;
    }
    Ok(())
}
