//! The exhibit of findings: all of them as a table, the gravest in full.
//! A finding has its number in the exhibit, its basis, amounts as ranges, what speaks against it, and its limits.
//! Nothing is assessed here; the words come from the extract.

use super::blocks::{Block, shortened};
use super::parts::{Desk, NAMES, columns};
use crate::report::extract::{AmountRow, FindingRow, MarkedText};

/// The blocks of the exhibit with that number.
pub fn findings(desk: &Desk<'_>, exhibit: &str) -> Vec<Block> {
    let (words, all) = (desk.words, &desk.input.extract.findings);
    let mut blocks = vec![desk.paragraph("findings_intro")];
    if all.is_empty() {
        blocks.push(desk.paragraph("no_finding"));
        return blocks;
    }
    let number = |count: u64| words.number(count);
    blocks.push(desk.table(
        words.text("c_findings"),
        columns![desk, "no_number" 1.0 Words, "finding" 2.0 Code, "severity" 1.2 Words, "rule" 3.0 Words,
            "subject" 2.0 Words, "messages" 1.6 Number, "runs" 0.9 Number, "recipients" 1.5 Number, "period" 2.9 Words],
        all,
        desk.cuts.listed,
        "csv/findings.csv",
        |index, row| {
            vec![
                format!("{exhibit}/{}", index + 1),
                row.finding_id.clone(),
                words.word("severity", row.severity),
                row.title.clone(),
                row.subject.clone(),
                number(row.messages),
                number(row.runs),
                number(row.recipients),
                desk.stretch(&row.first_sent, &row.last_sent),
            ]
        },
    ));
    let full = desk.cuts.full.min(all.len());
    if full < all.len() {
        let counts =
            [("shown", number(full as u64)), ("all", number(all.len() as u64)), ("where", desk.place("findings.json"))];
        let values = counts.each_ref().map(|(name, value)| (*name, value.as_str()));
        blocks.push(Block::Text { text: words.fill("full_note", &values) });
    }
    for (index, row) in all.iter().take(full).enumerate() {
        let n = (index + 1).to_string();
        let title = words.fill("finding_title", &[("exhibit", exhibit), ("n", &n), ("title", &row.title)]);
        blocks.push(Block::Heading { level: 2, text: title });
        blocks.extend(finding(desk, row));
    }
    blocks
}

fn finding(desk: &Desk<'_>, row: &FindingRow) -> Vec<Block> {
    let words = desk.words;
    let one = |key: &str, value: String| (words.text(key), vec![value]);
    let or = |values: Vec<String>, none: &str| if values.is_empty() { vec![words.text(none)] } else { values };
    let marked = |texts: &[MarkedText]| -> Vec<String> {
        let source = |text: &MarkedText| {
            if text.source.is_empty() {
                String::new()
            } else {
                format!(" {}", words.fill("source_is", &[("source", &shortened(&text.source, 240))]))
            }
        };
        let line = |text: &MarkedText| format!("{} [{}]{}", text.text, words.word("mark", text.mark), source(text));
        texts.iter().map(line).collect()
    };
    let counts = [
        ("messages", words.counted("message", row.messages)),
        ("runs", words.counted("run", row.runs)),
        ("recipients", words.counted("recipient", row.recipients)),
    ];
    let counted = words.fill("counts", &counts.each_ref().map(|(name, value)| (*name, value.as_str())));
    let mut rows = vec![
        one("finding", format!("{} · {}", row.finding_id, row.rule)),
        one("severity", words.word("severity", row.severity)),
        one("subject", row.subject.clone()),
        (words.text("exposed"), row.exposed.iter().map(|party| words.party(party)).collect()),
        one("period", desk.between(&row.first_sent, &row.last_sent)),
        one("counted", counted),
    ];
    if !row.measured.is_empty() {
        rows.push((words.text("measured"), row.measured.clone()));
    }
    rows.push((words.text("basis"), or(marked(&row.basis), "no_basis")));
    if let Some(boundary) = &row.boundary_day {
        let readings = boundary.readings.iter().map(|(zone, messages)| {
            words.fill("reading", &[("n", &words.counted("message", *messages)), ("zone", zone)])
        });
        let day = std::iter::once(boundary.day.clone());
        rows.push((words.text("boundary_day"), day.chain(readings).collect()));
    }
    let amounts: Vec<String> = row.amounts.iter().map(|amount| amount_line(desk, amount)).collect();
    rows.push((words.text("amounts"), or(amounts, "no_amount")));
    let mut limitation = marked(&row.limitation);
    if !limitation.is_empty() {
        limitation.push(format!("({})", words.text("limitation_note")));
    }
    rows.push((words.text("limitation"), or(limitation, "no_limitation")));
    rows.push((words.text("counter"), or(row.counter_evidence.clone(), "no_counter")));
    rows.push((words.text("limits_here"), or(row.limits.clone(), "no_limits")));
    if !row.figures.is_empty() {
        rows.push((words.text("figures"), marked(&row.figures)));
    }
    let links: Vec<&str> = row.campaigns.iter().chain(&row.bursts).map(String::as_str).collect();
    if !links.is_empty() {
        let mut text = links.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
        text.extend(words.and_more(links.len(), NAMES).map(|more| format!(" {more}")));
        rows.push((words.text("links"), vec![text]));
    }
    let mut blocks = vec![Block::Text { text: row.explanation.clone() }, Block::Facts { rows }];
    if !row.evidence_sample.is_empty() {
        blocks.push(evidence(desk, row));
    }
    blocks
}

fn evidence(desk: &Desk<'_>, row: &FindingRow) -> Block {
    let words = desk.words;
    let counts = [
        ("id", row.finding_id.clone()),
        ("shown", words.number(row.evidence_sample.len() as u64)),
        ("all", words.number(row.messages)),
        ("where", desk.place("csv/evidence.csv")),
    ];
    let caption = words.fill("c_evidence", &counts.each_ref().map(|(name, value)| (*name, value.as_str())));
    desk.table(
        caption,
        columns![desk, "sent_at" 2.3 Words, "recipient" 1.5 Code, "status" 1.1 Words, "message_id" 2.2 Code,
            "source_place" 3.0 Words],
        &row.evidence_sample,
        usize::MAX,
        "csv/evidence.csv",
        |_, sample| {
            vec![
                format!("{}\n{}", desk.when(&sample.sent_at), sample.sent_at),
                sample.recipient.clone(),
                words.word("status", sample.status),
                shortened(&sample.message_id, 60),
                format!("{}, {}, {}", sample.file, sample.record, sample.line),
            ]
        },
    )
}

fn amount_line(desk: &Desk<'_>, amount: &AmountRow) -> String {
    let words = desk.words;
    let (min, max) = (words.amount(&amount.min), words.amount(&amount.max));
    let values = [("min", min.as_str()), ("max", max.as_str()), ("currency", amount.currency.as_str())];
    let [min, max, currency] = values;
    let range = match (amount.min.is_empty(), amount.max.is_empty()) {
        (false, true) => words.fill("amount_from", &[min, currency]),
        (true, false) => words.fill("amount_to", &[max, currency]),
        _ => words.fill("amount_range", &values),
    };
    let (per, mark) = (words.word("per", amount.per), words.word("mark", amount.mark));
    let values = [("text", amount.text.as_str()), ("range", &range), ("per", &per), ("mark", &mark)];
    let line = words.fill("amount_line", &values);
    if amount.source.is_empty() {
        return line;
    }
    format!("{line} {}", words.fill("source_is", &[("source", &shortened(&amount.source, 240))]))
}
