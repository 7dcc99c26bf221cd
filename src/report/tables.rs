//! The exact machine files: one function for each file of `csv/`, with the agreed columns first.
//! RFC 4180, UTF-8, comma, CRLF, RFC 3339 times in UTC; numbers without grouping.
//! Columns of our own stand after the agreed ones. Values come from the extract or straight from the stages.

use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use super::ReportInput;
use super::evidence::RecordHashes;
use super::extract::Extract;
use super::instants::utc;
use super::measures;
use crate::ingest::ConsentKind;

/// A file of the folder: its name and what writes it.
pub type Table = (&'static str, fn(&Source<'_>, &mut dyn Write) -> csv::Result<()>);

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
    ("account_clusters.csv", measures::write_clusters),
    ("accounts.csv", accounts),
    ("before_after.csv", before_after),
    ("bursts.csv", bursts),
    ("campaigns.csv", campaigns),
    ("consents.csv", consents),
    ("evidence.csv", evidence),
    ("exposure.csv", exposure),
    ("findings.csv", findings),
    ("inputs.csv", inputs),
    ("intensity.csv", measures::write_intensity),
    ("limit_checks.csv", measures::write_limit_checks),
    ("rejects.csv", rejects),
    ("runs.csv", runs),
    ("source_checks.csv", measures::write_source_checks),
    ("speed.csv", measures::write_speed),
];

pub(super) fn writer(out: &mut dyn Write) -> Writer<&mut dyn Write> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out)
}

macro_rules! record {
    ($writer:expr, $($field:expr),+ $(,)?) => {
        $writer.write_record([$(AsRef::<str>::as_ref(&$field)),+])
    };
}

fn text(value: impl ToString) -> String {
    value.to_string()
}

fn option(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("")
}

fn inputs(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "file",
        "sha256",
        "bytes",
        "format",
        "confidence",
        "records",
        "read",
        "folded",
        "ignored",
        "rejected",
        "messages",
        "first_sent",
        "last_sent",
        "packing",
        "encoding",
        "zone",
        "zone_basis",
        "date_order",
        "notes"
    )?;
    for row in &source.extract.completeness.inputs {
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn rejects(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(csv, "file", "record", "line", "offset", "reason", "excerpt")?;
    let files = &source.input.ingested.messages.files;
    for reject in &source.input.ingested.rejects {
        let place = reject.place;
        let file = files.get(reject.file as usize).map_or("", String::as_str);
        record!(
            csv,
            file,
            text(place.record),
            text(place.line),
            text(place.offset),
            reject.reason,
            source.input.shown.excerpt(&reject.excerpt)
        )?;
    }
    Ok(csv.flush()?)
}

fn consents(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "recipient",
        "account",
        "kind",
        "at",
        "source",
        "file",
        "record",
        "line",
        "offset",
        "missing",
        "confirmed"
    )?;
    let messages = &source.input.ingested.messages;
    for consent in &source.input.ingested.consents {
        let account = messages.accounts.get(consent.account as usize).map_or("", |account| account.id.as_str());
        let file = messages.files.get(consent.file as usize).map_or("", String::as_str);
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn accounts(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "account",
        "route",
        "client",
        "first_sent",
        "last_sent",
        "messages",
        "recipients",
        "initiated",
        "bursts",
        "campaigns",
        "inbound",
        "provider",
        "replies_from"
    )?;
    for row in &source.extract.accounts {
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn bursts(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "burst_id",
        "detector",
        "account",
        "start",
        "end",
        "messages",
        "recipients",
        "peak",
        "peak_at",
        "window_ms",
        "threshold",
        "counts",
        "over",
        "scope",
        "client",
        "robustness",
        "depends_on"
    )?;
    for row in &source.extract.bursts {
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn campaigns(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "campaign_id",
        "content_kind",
        "content",
        "sample",
        "accounts",
        "first_sent",
        "last_sent",
        "messages",
        "recipients",
        "runs",
        "coordinated",
        "drip",
        "replies",
        "template",
        "texts",
        "joined_by",
        "robustness",
        "depends_on",
        "agreement"
    )?;
    for row in &source.extract.campaigns {
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn runs(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "run_id",
        "campaign_id",
        "start",
        "end",
        "accounts",
        "messages",
        "recipients",
        "median_gap_ms",
        "gap_cv",
        "gap_equal_share"
    )?;
    let (activity, messages) = (source.input.activity, &source.input.ingested.messages);
    let equal = activity.measures.equal_shares.iter().copied().chain(std::iter::repeat(None));
    for (run, equal) in activity.runs.iter().zip(equal) {
        let campaign = activity.campaigns.get(run.campaign).map_or("", |campaign| campaign.id.as_str());
        let accounts = run.accounts.iter().filter_map(|account| messages.accounts.get(*account as usize));
        let accounts: Vec<&str> = accounts.map(|account| account.id.as_str()).collect();
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn findings(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "finding_id",
        "rule",
        "severity",
        "subject",
        "exposed",
        "basis",
        "first_sent",
        "last_sent",
        "messages",
        "runs",
        "recipients",
        "amount_min",
        "amount_max",
        "currency",
        "limitation",
        "title",
        "boundary_day",
        "counter_evidence",
        "limits",
        "evidence_rows"
    )?;
    for row in &source.extract.findings {
        let marked = |texts: &[super::extract::MarkedText]| {
            texts.iter().map(|text| format!("{} [{}]", text.text, text.mark)).collect::<Vec<_>>().join("; ")
        };
        let boundary = row.boundary_day.as_ref().map(|boundary| {
            let readings: Vec<String> =
                boundary.readings.iter().map(|(zone, messages)| format!("{zone} {messages}")).collect();
            format!("{}: {}", boundary.day, readings.join(", "))
        });
        record!(
            csv,
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
    Ok(csv.flush()?)
}

fn evidence(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "finding_id",
        "message_id",
        "sent_at",
        "account",
        "recipient",
        "status",
        "route",
        "campaign_id",
        "file",
        "record",
        "line",
        "offset",
        "record_sha256",
        "length"
    )?;
    let input = source.input;
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    for finding in &input.assessment.findings {
        for row in input.evidence.of(&finding.rows) {
            let at = *row as usize;
            let place = columns.place(at);
            let recipient = columns.recipient.get(at).copied().unwrap_or_default();
            let file = columns.file.get(at).and_then(|file| messages.files.get(*file as usize));
            record!(
                csv,
                finding.id,
                messages.message_id(at),
                utc(columns.sent_at.get(at).copied().unwrap_or_default()),
                messages.account(at).map_or("", |account| account.id.as_str()),
                input.shown.recipient(messages, recipient),
                columns.status.get(at).map_or("", |status| status.as_str()),
                columns.route.get(at).map_or("", |route| route.as_str()),
                input.activity.marks.campaign_id(at),
                file.map_or("", String::as_str),
                text(place.record),
                text(place.line),
                text(place.offset),
                source.hashes.get(*row),
                text(place.length)
            )?;
        }
    }
    Ok(csv.flush()?)
}

fn before_after(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    let mut header = vec!["account".to_owned(), "route".to_owned()];
    for period in ["before", "day", "after"] {
        header.extend(["messages", "recipients", "runs"].map(|counted| format!("{period}_{counted}")));
    }
    csv.write_record(&header)?;
    for row in &source.extract.before_after {
        let mut line = vec![row.account.clone(), row.route.to_owned()];
        for sent in [row.before, row.day, row.after] {
            line.extend([text(sent.messages), text(sent.recipients), text(sent.runs)]);
        }
        csv.write_record(&line)?;
    }
    Ok(csv.flush()?)
}

fn exposure(source: &Source<'_>, out: &mut dyn Write) -> csv::Result<()> {
    let mut csv = writer(out);
    record!(
        csv,
        "exposed",
        "rule",
        "country",
        "severity",
        "findings",
        "messages",
        "runs",
        "recipients",
        "first_sent",
        "last_sent"
    )?;
    for row in &source.extract.exposure {
        record!(
            csv,
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
    Ok(csv.flush()?)
}
