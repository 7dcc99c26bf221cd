//! `load/`: the evidence for e-discovery platforms, as a Concordance load file and as short messages (RSMF 2.0).
//! Every message that a finding rests on is one document with a number of its own, the same in both forms and in the
//! sealed twin of a report; how the two forms look is decided in `concordance` and `rsmf`.

mod concordance;
mod rsmf;

use std::collections::BTreeMap;

use super::evidence::RecordHashes;
use super::folder::Folder;
use super::instants::utc;
use super::{ReportError, ReportInput};
use crate::message::Direction;

/// Events of one RSMF file; more of them make reviewing slow.
const MOST_EVENTS: usize = 10_000;
const DAY_MS: i64 = 86_400_000;

/// A message as a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its number.
    pub number: String,
    /// Its row among the messages.
    row: u32,
    /// UTC milliseconds.
    at: i64,
    /// RFC 3339 in UTC.
    pub sent_at: String,
    /// The account.
    pub account: String,
    /// The recipient as the report shows it.
    pub recipient: String,
    /// Whether the account sent it.
    pub outgoing: bool,
    /// Platform.
    pub platform: &'static str,
    /// Route.
    pub route: &'static str,
    /// Status.
    pub status: &'static str,
    /// Id as the report shows it.
    pub message_id: String,
    /// Campaign.
    pub campaign: String,
    /// Findings that rest on it.
    pub findings: Vec<String>,
    /// Source file.
    pub file: String,
    /// Place in it: record, line, offset, length.
    pub place: [u64; 4],
    /// SHA-256 of its record.
    pub sha256: String,
    /// RSMF file that holds it.
    pub native: String,
}

/// Writes the load files.
///
/// # Errors
/// When they cannot be written.
pub fn write(
    input: &ReportInput<'_>,
    report_id: &str,
    hashes: &RecordHashes,
    folder: &mut Folder,
) -> Result<(), ReportError> {
    let mut documents = documents(input, report_id, hashes);
    let samples: BTreeMap<&str, &str> =
        input.activity.campaigns.iter().map(|campaign| (campaign.id.as_str(), campaign.sample.as_str())).collect();
    for (name, rows) in slices(&documents) {
        for row in &rows {
            if let Some(document) = documents.get_mut(*row) {
                document.native.clone_from(&name);
            }
        }
        let slice: Vec<&Document> = rows.iter().filter_map(|row| documents.get(*row)).collect();
        let bytes = rsmf::file(&slice, &samples, &input.program, report_id)?;
        folder.write::<ReportError>(&format!("load/{name}"), |out| Ok(out.write_all(&bytes)?))?;
    }
    folder.write::<ReportError>("load/evidence.dat", |out| Ok(concordance::write(&documents, out)?))
}

/// Every message that findings rest on and list, once, in order of time.
fn documents(input: &ReportInput<'_>, report_id: &str, hashes: &RecordHashes) -> Vec<Document> {
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    let mut findings: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for finding in &input.assessment.findings {
        for row in input.evidence.of(&finding.rows) {
            findings.entry(*row).or_default().push(finding.id.clone());
        }
    }
    let at = |row: u32| columns.sent_at.get(row as usize).copied().unwrap_or_default();
    let mut rows: Vec<(u32, Vec<String>)> = findings.into_iter().collect();
    rows.sort_by_key(|(row, _)| (at(*row), *row));
    let document = |(index, (row, findings)): (usize, (u32, Vec<String>))| {
        let place = columns.place(row as usize);
        let row_index = row as usize;
        let file = columns.file.get(row_index).and_then(|file| messages.files.get(*file as usize));
        let recipient = columns.recipient.get(row_index).copied().unwrap_or_default();
        Document {
            number: format!("{report_id}-{:07}", index + 1),
            row,
            at: at(row),
            sent_at: utc(at(row)),
            account: messages.account(row_index).map(|account| account.id.clone()).unwrap_or_default(),
            recipient: input.shown.recipient(messages, recipient),
            outgoing: columns.direction.get(row_index) == Some(&Direction::Outbound),
            platform: columns.platform.get(row_index).map_or("", |word| word.as_str()),
            route: columns.route.get(row_index).map_or("", |word| word.as_str()),
            status: columns.status.get(row_index).map_or("", |word| word.as_str()),
            message_id: input.shown.message_id(messages, row_index),
            campaign: input.activity.marks.campaign_id(row_index).to_owned(),
            findings,
            file: file.cloned().unwrap_or_default(),
            place: [u64::from(place.record), u64::from(place.line), place.offset, u64::from(place.length)],
            sha256: hashes.get(row),
            native: String::new(),
        }
    };
    rows.into_iter().enumerate().map(document).collect()
}

/// The documents of each RSMF file: one platform, one account, one day in UTC, no more than reviewing bears.
fn slices(documents: &[Document]) -> Vec<(String, Vec<usize>)> {
    let mut groups: BTreeMap<(&str, &str, i64), Vec<usize>> = BTreeMap::new();
    for (index, document) in documents.iter().enumerate() {
        let day = document.at.div_euclid(DAY_MS);
        groups.entry((document.platform, document.account.as_str(), day)).or_default().push(index);
    }
    let mut slices = Vec::new();
    for rows in groups.into_values() {
        for rows in rows.chunks(MOST_EVENTS) {
            let first = rows.first().and_then(|row| documents.get(*row));
            let name = first.map(|document| format!("rsmf/{}.rsmf", document.number)).unwrap_or_default();
            slices.push((name, rows.to_vec()));
        }
    }
    slices
}

#[cfg(test)]
pub(crate) fn sample(number: usize, at: i64, account: &str) -> Document {
    Document {
        number: format!("SR-0123456789-{number:07}"),
        row: number as u32,
        at,
        sent_at: utc(at),
        account: account.to_owned(),
        recipient: format!("recipient {number}"),
        outgoing: !number.is_multiple_of(3),
        platform: "whatsapp",
        route: "business_api",
        status: "delivered",
        message_id: format!("M-{number}"),
        campaign: "C-0123456789".to_owned(),
        findings: vec!["F-0000000001".to_owned(), "F-0000000002".to_owned()],
        file: "þ\u{14}®\r\n\"Ä\".csv".to_owned(),
        place: [1, 2, 3, 4],
        sha256: "ab".repeat(32),
        native: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_has_one_account_one_day_and_a_bound() {
        let mut documents: Vec<Document> = (0..10_003).map(|number| sample(number, 1_000, "+49")).collect();
        documents.push(sample(10_003, DAY_MS - 1, "+49"));
        documents.push(sample(10_004, DAY_MS, "+49"));
        documents.push(sample(10_005, DAY_MS, "+43"));
        let slices = slices(&documents);
        let sizes: Vec<usize> = slices.iter().map(|(_, rows)| rows.len()).collect();
        assert_eq!(sizes, [1, 10_000, 4, 1]);
        assert_eq!(slices[1].0, "rsmf/SR-0123456789-0000000.rsmf");
    }
}
