//! Short messages for Relativity (RSMF 2.0): a mail whose one attachment is a zip with `rsmf_manifest.json`.
//! Accounts and recipients are participants, each pair of them a conversation, each message an event.
//! The text of an event is the sample of its content, and its custom fields say so: no other text is kept.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Document;
use crate::hash::{Sha256, hex};
use crate::report::ReportError;
use crate::report::base64::encode;

const VERSION: &str = "2.0.0";
/// Longest line of base64 in a mail.
const LINE: usize = 76;

#[derive(Serialize)]
struct Manifest<'a> {
    version: &'static str,
    participants: Vec<Participant<'a>>,
    conversations: Vec<Conversation<'a>>,
    events: Vec<Event<'a>>,
    eventcollectionid: &'a str,
}

#[derive(Serialize)]
struct Participant<'a> {
    id: &'a str,
    display: &'a str,
}

#[derive(Serialize)]
struct Conversation<'a> {
    id: String,
    display: String,
    platform: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    participants: [&'a str; 2],
    custodian: &'a str,
}

#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    body: &'a str,
    participant: &'a str,
    conversation: String,
    timestamp: &'a str,
    direction: &'static str,
    custom: Vec<Custom<'a>>,
}

#[derive(Serialize)]
struct Custom<'a> {
    name: &'static str,
    value: std::borrow::Cow<'a, str>,
}

/// The file for the documents of one account and day.
///
/// # Errors
/// When it cannot be packed.
pub fn file(
    documents: &[&Document],
    samples: &BTreeMap<&str, &str>,
    program: &str,
    report_id: &str,
) -> Result<Vec<u8>, ReportError> {
    let manifest = serde_json::to_vec(&manifest(documents, samples, report_id))?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // A fixed time within: the same report has the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let failed = |error: zip::result::ZipError| std::io::Error::other(error);
    zip.start_file("rsmf_manifest.json", options).map_err(failed)?;
    zip.write_all(&manifest)?;
    let zip = zip.finish().map_err(failed)?.into_inner();
    Ok(mail(documents, &zip, program, report_id).into_bytes())
}

/// A conversation's id; what separates its parts stands in no id.
fn conversation(document: &Document) -> String {
    let digest = Sha256::digest(format!("{}\0{}\0{}", document.platform, document.account, document.recipient));
    format!("V-{}", hex(digest.get(..8).unwrap_or_default()))
}

fn manifest<'a>(documents: &[&'a Document], samples: &BTreeMap<&'a str, &'a str>, report_id: &'a str) -> Manifest<'a> {
    let mut participants = BTreeMap::new();
    let mut conversations = BTreeMap::new();
    for document in documents {
        for id in [document.account.as_str(), document.recipient.as_str()] {
            participants.entry(id).or_insert(Participant { id, display: id });
        }
        let id = conversation(document);
        conversations.entry(id.clone()).or_insert_with(|| Conversation {
            id,
            display: format!("{} – {}", document.account, document.recipient),
            platform: document.platform,
            kind: "direct",
            participants: [&document.account, &document.recipient],
            custodian: &document.account,
        });
    }
    let events = documents.iter().map(|document| {
        let sample = samples.get(document.campaign.as_str()).copied().unwrap_or_default();
        let custom = |name, value: &'a str| Custom { name, value: value.into() };
        let [record, line, offset, length] = document.place;
        let mut fields = vec![
            Custom { name: "Findings", value: document.findings.join("; ").into() },
            custom("Status", document.status),
            custom("Route", document.route),
            custom("Message id", &document.message_id),
            custom("Campaign", &document.campaign),
            custom("Source file", &document.file),
            Custom {
                name: "Source place",
                value: format!("record {record}, line {line}, offset {offset}, length {length}").into(),
            },
            custom("Record SHA-256", &document.sha256),
        ];
        fields.retain(|field| !field.value.is_empty());
        let basis = if sample.is_empty() { "text not kept" } else { "sample of the campaign's content" };
        fields.push(custom("Body", basis));
        Event {
            id: &document.number,
            kind: "message",
            body: sample,
            participant: if document.outgoing { &document.account } else { &document.recipient },
            conversation: conversation(document),
            timestamp: &document.sent_at,
            direction: if document.outgoing { "outgoing" } else { "incoming" },
            custom: fields,
        }
    });
    Manifest {
        version: VERSION,
        participants: participants.into_values().collect(),
        conversations: conversations.into_values().collect(),
        events: events.collect(),
        eventcollectionid: report_id,
    }
}

fn mail(documents: &[&Document], zip: &[u8], program: &str, report_id: &str) -> String {
    let (first, last) = (documents.first(), documents.last());
    let begin = first.map_or("", |document| document.sent_at.as_str());
    let end = last.map_or("", |document| document.sent_at.as_str());
    let number = first.map_or("", |document| document.number.as_str());
    let account = first.map_or("", |document| document.account.as_str());
    let platform = first.map_or("", |document| document.platform);
    let date = end.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let boundary = format!("=_{number}");
    let mut mail = String::new();
    let mut header = |name: &str, value: &str| mail.push_str(&format!("{name}: {value}\r\n"));
    header("Date", &date.to_string());
    header("From", &format!("{} <evidence@invalid.invalid>", word(account)));
    header("Subject", &word(&format!("{platform} {account} {}", begin.get(..10).unwrap_or_default())));
    header("Message-ID", &format!("<{number}@invalid.invalid>"));
    header("MIME-Version", "1.0");
    header("X-RSMF-Version", VERSION);
    header("X-RSMF-Generator", &word(program));
    header("X-RSMF-BeginDate", begin);
    header("X-RSMF-EndDate", end);
    header("X-RSMF-EventCount", &documents.len().to_string());
    header("X-RSMF-AttachmentCount", "0");
    header("X-RSMF-Application", platform);
    header("X-RSMF-Custodian", &word(account));
    header("X-RSMF-EventCollectionID", report_id);
    header("Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
    let text: String = documents
        .iter()
        .map(|document| {
            let (from, to) = if document.outgoing {
                (&document.account, &document.recipient)
            } else {
                (&document.recipient, &document.account)
            };
            format!("{} {} {from} -> {to}\r\n", document.number, document.sent_at)
        })
        .collect();
    let mut part = |headers: &str, bytes: &[u8]| {
        mail.push_str(&format!("\r\n--{boundary}\r\n{headers}\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
        lines(&encode(bytes), &mut mail);
    };
    part("Content-Type: text/plain; charset=utf-8", text.as_bytes());
    part(
        "Content-Type: application/zip; name=\"rsmf.zip\"\r\nContent-Disposition: attachment; filename=\"rsmf.zip\"",
        zip,
    );
    mail.push_str(&format!("\r\n--{boundary}--\r\n"));
    mail
}

fn lines(text: &str, mail: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        mail.push_str(line);
        mail.push_str("\r\n");
        rest = after;
    }
}

/// A word of a header: as it is where it is plain, else encoded (RFC 2047) in pieces that fit a line.
fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_./+@".contains(&byte);
    if text.bytes().all(plain) && text.len() <= LINE && text.trim() == text {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().take(200).collect();
    let pieces = characters.chunks(10).map(|piece| {
        let piece: String = piece.iter().collect();
        format!("=?utf-8?B?{}?=", encode(piece.as_bytes()))
    });
    pieces.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::sample;
    use super::*;
    use crate::report::base64::decode;

    #[test]
    fn the_mail_opens_and_its_manifest_holds_together() {
        let documents: Vec<Document> =
            (1..=4).map(|number| sample(number, number as i64 * 1_000, "Bäckerei „Süß“\r\nX: y")).collect();
        let documents: Vec<&Document> = documents.iter().collect();
        let samples = BTreeMap::from([("C-0123456789", "Hallo\r\n--=_SR-0123456789-0000001--")]);
        let bytes = file(&documents, &samples, "sendeschluss 0.1.0", "SR-0123456789").expect("a file");
        assert_eq!(bytes, file(&documents, &samples, "sendeschluss 0.1.0", "SR-0123456789").expect("a file"));
        let mail = String::from_utf8(bytes).expect("plain text");
        assert!(mail.is_ascii() && !mail.replace("\r\n", "").contains(['\r', '\n']));
        assert!(mail.split("\r\n").all(|line| line.len() <= 200));
        let (head, body) = mail.split_once("\r\n\r\n").expect("a head");
        for line in [
            "X-RSMF-Version: 2.0.0",
            "X-RSMF-EventCount: 4",
            "X-RSMF-BeginDate: 1970-01-01T00:00:01.000Z",
            "Date: Thu, 01 Jan 1970 00:00:04 +0000",
        ] {
            assert!(head.split("\r\n").any(|header| header == line), "{line}\n{head}");
        }
        assert!(!head.contains("X: y"), "a name cannot add a header");
        let parts: Vec<&str> = body.split("--=_SR-0123456789-0000001").collect();
        assert_eq!((parts.len(), parts[3]), (4, "--\r\n"));
        assert!(parts[2].contains("Content-Disposition: attachment; filename=\"rsmf.zip\""));
        let packed = parts[2].split_once("\r\n\r\n").expect("a part").1.replace("\r\n", "");
        let mut zip =
            zip::ZipArchive::new(Cursor::new(decode(packed.trim_end_matches('=').as_bytes()))).expect("a zip");
        assert_eq!(zip.len(), 1);
        let mut text = String::new();
        zip.by_name("rsmf_manifest.json").expect("the manifest").read_to_string(&mut text).expect("its text");
        let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let ids = |list: &str| -> Vec<&str> {
            manifest[list].as_array().expect("a list").iter().map(|item| item["id"].as_str().expect("an id")).collect()
        };
        assert_eq!(
            (manifest["version"].as_str(), ids("participants").len(), ids("conversations").len()),
            (Some("2.0.0"), 5, 4)
        );
        for event in manifest["events"].as_array().expect("events") {
            assert!(ids("participants").contains(&event["participant"].as_str().expect("a participant")));
            assert!(ids("conversations").contains(&event["conversation"].as_str().expect("a conversation")));
            assert!(event["timestamp"].as_str().expect("a time").parse::<jiff::Timestamp>().is_ok());
        }
        assert_eq!(manifest["events"][2]["direction"], "incoming");
        assert_eq!(manifest["events"][0]["body"], "Hallo\r\n--=_SR-0123456789-0000001--");
    }
}
