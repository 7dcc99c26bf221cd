//! The report folder as others read it: its columns, its hashes, its evidence down to the byte, and what it must not tell.
//! Hashes and places are computed again from the files, with no code of the program.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::de::IgnoredAny;

use crate::harness::{Matter, Report, Row, number, sha256};

/// The columns that DESIGN 7 names, first and in this order; and those of the tables beside them.
const COLUMNS: [(&str, &str); 14] = [
    ("account_clusters", "cluster_id, accounts, account_a, account_b, link, shared, of_a, of_b, run_id, campaign_id"),
    ("intensity", "account, level, from_level, start, end, messages, recipients"),
    (
        "limit_checks",
        "scope, subject, accounts, first_sent, last_sent, window_ms, tier, passed_at, highest, highest_at, mark",
    ),
    ("source_checks", "check, account, file, record, other_file, other_record, count, of, from, to, size_ms"),
    ("speed", "of, subject, recipients, shortest_ms, from, to"),
    (
        "inputs",
        "file, sha256, bytes, format, confidence, records, read, folded, ignored, rejected, messages, first_sent, last_sent",
    ),
    ("rejects", "file, record, line, offset, reason, excerpt"),
    ("accounts", "account, route, client, first_sent, last_sent, messages, recipients, initiated, bursts, campaigns"),
    (
        "bursts",
        "burst_id, detector, account, start, end, messages, recipients, peak, peak_at, window_ms, threshold, counts",
    ),
    (
        "campaigns",
        "campaign_id, content_kind, content, sample, accounts, first_sent, last_sent, messages, recipients, runs, coordinated, drip",
    ),
    ("runs", "run_id, campaign_id, start, end, accounts, messages, recipients, median_gap_ms, gap_cv"),
    (
        "findings",
        "finding_id, rule, severity, subject, exposed, basis, first_sent, last_sent, messages, runs, recipients, amount_min, amount_max, currency, limitation, title",
    ),
    (
        "evidence",
        "finding_id, message_id, sent_at, account, recipient, status, route, campaign_id, file, record, line, offset, record_sha256",
    ),
    ("exposure", "exposed, rule, country, severity, findings, messages, runs, recipients, first_sent, last_sent"),
];

/// Messages of each source: enough for a burst and a campaign.
const SENDS: u32 = 60;
/// A recipient's number, in E.164; the source's number tells its recipients from those of the others.
fn recipient(source: u32, index: u32) -> String {
    format!("+49151234{source:02}{index:03}")
}

/// A table of sends, bodies over two lines, each source from a number of its own.
fn table(source: u32, delimiter: char) -> String {
    let mut text = String::from("Nachrichten-ID;Gesendet am;Absender;Empfänger;Nachricht\n");
    for index in 0..SENDS {
        let to = recipient(source, index);
        writeln!(text, "T{source}-{index};2020-02-03T10:00:{index:02}Z;+4930123450{source:02};{to};\"Schöne Grüße,\r\nkauft jetzt!\"")
            .expect("writing memory");
    }
    text.replace(';', &delimiter.to_string())
}

fn webhooks(source: u32) -> String {
    let line = |index: u32| {
        let to = recipient(source, index);
        let at = 1_580_724_000 + index;
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"4930123450{source:02}","phone_number_id":"1"}},"statuses":[{{"id":"W{index}","status":"sent","timestamp":"{at}","recipient_id":"{}"}}]}}}}]}}]}}"#,
            to.trim_start_matches('+')
        ) + "\n"
    };
    (0..SENDS).map(line).collect()
}

fn chat() -> String {
    let line = |index: u32| format!("[03.02.20, 10:00:{:02}] Verlag Grün: Schöne Grüße\nkauft jetzt\n", index / 10);
    // One recipient is no mass send, but 100 messages in 15 seconds stand for themselves. She writes only afterwards:
    // her words before would make all of this a reply.
    (0..2 * SENDS).map(line).collect::<String>() + "[03.02.20, 11:00:00] Kundin: Danke\n"
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writing memory");
    encoder.finish().expect("writing memory")
}

/// How the records of a source end, to find them without the program.
#[derive(Clone, Copy)]
pub enum Records {
    Table,
    Utf16Table,
    Json,
    Chat,
}

/// The sources: name, bytes on disk, text as places count in it, and how its records end.
pub fn sources() -> Vec<(&'static str, Vec<u8>, Vec<u8>, Records)> {
    let utf16: Vec<u8> = format!("\u{feff}{}", table(2, ';')).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let marked = format!("\u{feff}{}", table(5, '\t')).into_bytes();
    let big_end: Vec<u8> = table(7, ';').encode_utf16().flat_map(u16::to_be_bytes).collect();
    let same = |name, bytes: Vec<u8>, records| (name, bytes.clone(), bytes, records);
    vec![
        same("in/plain.csv", table(1, ';').into_bytes(), Records::Table),
        same("in/utf-16.csv", utf16, Records::Utf16Table),
        ("in/packed.csv.gz", gzip(table(3, ',').as_bytes()), table(3, ',').into_bytes(), Records::Table),
        same("in/windows-1252.csv", latin(&table(4, ';')), Records::Table),
        same("in/marked.tsv", marked, Records::Table),
        same("in/webhooks.jsonl", webhooks(6).into_bytes(), Records::Json),
        ("in/packed-utf-16.csv.gz", gzip(&big_end), big_end, Records::Utf16Table),
        same("in/chat.txt", chat().into_bytes(), Records::Chat),
        same("in/latin chat.txt", latin(&chat().replace("Verlag", "Laden")), Records::Chat),
    ]
}

const CASE: &str = "[matter]\nname = \"Sache Muster\"\ncountry = \"DE\"\nregion = \"EEA\"\n\
    [[account]]\nid = \"+493012345006\"\nroute = \"unofficial_automation\"\n\
    [[account]]\nid = \"Verlag Grün\"\nclient = \"Verlag GmbH\"\n[[account]]\nid = \"Laden Grün\"\n";

pub fn reported(options: &[&str]) -> Matter {
    let matter = Matter::new();
    for (name, bytes, ..) in sources() {
        matter.write(name, bytes);
    }
    matter.write("in/case.toml", CASE);
    matter.run(&[&["report", "in", "-o", "out", "--with-messages"], options].concat()).with_code(0);
    matter
}

/// The bytes of the record that begins at `offset`, by the rules of its format alone.
fn record(text: &[u8], offset: usize, records: Records) -> &[u8] {
    let rest = &text[offset..];
    let length = match records {
        Records::Table => table_end(rest.iter().map(|byte| u16::from(*byte))),
        Records::Utf16Table => {
            // The great-ended source has no mark; its letters begin with a zero byte.
            let great = text[0] == 0;
            let unit = |pair: &[u8]| if great { [pair[0], pair[1]] } else { [pair[1], pair[0]] };
            table_end(rest.chunks_exact(2).map(|pair| u16::from_be_bytes(unit(pair)))) * 2
        }
        Records::Json => {
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
            values.next().expect("a value").expect("JSON");
            values.byte_offset()
        }
        Records::Chat => rest.windows(2).position(|pair| pair == b"\n[").unwrap_or(rest.len() - 1),
    };
    &rest[..length]
}

/// How many units a row of RFC 4180 has, up to the first line end outside quotes.
fn table_end(units: impl Iterator<Item = u16>) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for unit in units {
        quoted ^= unit == u16::from(b'"');
        if !quoted && (unit == u16::from(b'\n') || unit == u16::from(b'\r')) {
            break;
        }
        count += 1;
    }
    count
}

/// Line number of a place: one more than the line feeds before it.
fn line_of(text: &[u8], offset: usize, records: Records) -> u64 {
    let before = &text[..offset];
    let feeds = match records {
        Records::Utf16Table => before.chunks_exact(2).filter(|pair| matches!(pair, [0, b'\n'] | [b'\n', 0])).count(),
        _ => before.iter().filter(|byte| **byte == b'\n').count(),
    };
    feeds as u64 + 1
}

#[test]
fn every_table_has_the_agreed_columns_first_and_obeys_rfc_4180() {
    let matter = reported(&[]);
    let report = matter.report("out");
    for (name, columns) in COLUMNS {
        let bytes = report.bytes(&format!("csv/{name}.csv"));
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
        let header = reader.headers().expect("a header").clone();
        let first: Vec<&str> = header.iter().take(columns.split(", ").count()).collect();
        assert_eq!(first.join(", "), columns, "{name}.csv");
        // The reader refuses rows of another length; writing them again must give the same bytes.
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(&header).expect("writing memory");
        for row in reader.records() {
            writer.write_record(&row.unwrap_or_else(|error| panic!("{name}.csv: {error}"))).expect("writing memory");
        }
        assert!(writer.into_inner().expect("writing memory") == bytes, "{name}.csv: comma, CRLF, quotes where needed");
        assert!(String::from_utf8(bytes).is_ok_and(|text| !text.starts_with('\u{feff}')), "{name}.csv: plain UTF-8");
    }
    for time in report.csv("bursts").iter().map(|row| &row["start"]) {
        assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "RFC 3339 in UTC: {time}");
    }
}

#[test]
fn evidence_can_be_found_and_hashed_again_in_sources_of_every_kind() {
    let matter = reported(&["--evidence", "all"]);
    let evidence = matter.report("out").csv("evidence");
    for (name, on_disk, text, records) in sources() {
        let rows: Vec<&Row> = evidence.iter().filter(|row| row["file"] == name).collect();
        assert!(rows.len() >= SENDS as usize, "{name} gives {} rows of evidence", rows.len());
        for row in rows {
            let offset = number(&row["offset"]) as usize;
            let bytes = record(&text, offset, records);
            assert_eq!(row["record_sha256"], sha256(bytes), "{row:#?}\n{}", String::from_utf8_lossy(bytes));
            assert_eq!(number(&row["line"]), line_of(&text, offset, records), "{row:#?}");
            assert_eq!(number(&row["length"]), bytes.len() as u64, "{row:#?}");
        }
        let input = matter.report("out").input(name);
        assert_eq!([&input["sha256"], &input["bytes"]], [&sha256(&on_disk), &on_disk.len().to_string()], "{name}");
    }
}

#[test]
fn every_figure_of_a_finding_is_the_number_of_its_records() {
    let matter = reported(&["--evidence", "all"]);
    let report = matter.report("out");
    let (evidence, messages) = (report.csv("evidence"), report.messages());
    for finding in report.csv("findings") {
        let rows: Vec<&Row> = evidence.iter().filter(|row| row["finding_id"] == finding["finding_id"]).collect();
        let distinct = |column: &str| rows.iter().map(|row| &row[column]).collect::<BTreeSet<_>>();
        assert_eq!(number(&finding["messages"]), rows.len() as u64, "{finding:#?}");
        assert_eq!(number(&finding["recipients"]), distinct("recipient").len() as u64, "{finding:#?}");
        assert_eq!(distinct("account"), BTreeSet::from([&finding["subject"]]));
        let places: BTreeSet<(&String, &String)> = rows.iter().map(|row| (&row["file"], &row["record"])).collect();
        assert_eq!(places.len(), rows.len(), "no message twice in one finding");
        let known = |id: &&String| messages.iter().any(|message| message.message_id == **id);
        assert!(distinct("message_id").iter().all(known), "evidence names messages by their ids");
    }
    let ids: BTreeSet<&String> = messages.iter().map(|message| &message.message_id).collect();
    assert_eq!(ids.len(), messages.len(), "every message has an id of its own, equal ones too");
    for run in report.csv("runs") {
        let members = messages.iter().filter(|message| message.run_id == run["run_id"]);
        assert_eq!(number(&run["messages"]), members.count() as u64, "{run:#?}");
    }
    for burst in report.csv("bursts") {
        let members = messages.iter().filter(|message| message.burst_ids.split(' ').any(|id| id == burst["burst_id"]));
        assert_eq!(number(&burst["messages"]), members.count() as u64, "{burst:#?}");
    }
}

#[test]
fn the_manifest_lists_every_file_with_its_hash_and_size() {
    let matter = reported(&[]);
    let report = matter.report("out");
    let manifest = report.json("manifest.json");
    let files = report.files();
    let mut listed = BTreeSet::from(["SHA256SUMS", "manifest.json"].map(str::to_owned));
    for output in manifest["outputs"].as_array().expect("outputs") {
        let name = output["file"].as_str().expect("a name");
        assert_eq!(output["sha256"], sha256(&files[name]), "{name}");
        assert_eq!(output["bytes"], files[name].len(), "{name}");
        assert!(listed.insert(name.to_owned()), "{name} stands there twice");
    }
    assert_eq!(listed, files.into_keys().collect(), "nothing else is in the folder");
    let inputs = manifest["inputs"].as_array().expect("inputs");
    assert_eq!(inputs.len(), sources().len());
    for ((name, on_disk, ..), input) in sorted(sources()).iter().zip(inputs) {
        assert_eq!((input["file"].as_str(), input["sha256"].as_str()), (Some(*name), Some(sha256(on_disk).as_str())));
        assert_eq!(input["bytes"], on_disk.len());
    }
    assert_eq!(manifest["case_sha256"], sha256(CASE.as_bytes()));
    assert_eq!(manifest["counts"]["findings"], report.csv("findings").len());
    assert_eq!(manifest["counts"]["messages"], report.messages().len());
}

fn sorted(
    mut sources: Vec<(&'static str, Vec<u8>, Vec<u8>, Records)>,
) -> Vec<(&'static str, Vec<u8>, Vec<u8>, Records)> {
    sources.sort_by_key(|(name, ..)| *name);
    sources
}

#[test]
fn findings_json_says_what_the_tables_say() {
    let matter = reported(&[]);
    let report = matter.report("out");
    let json = report.json("findings.json");
    for table in ["findings", "bursts", "campaigns", "exposure", "accounts"] {
        let (rows, told) = (report.csv(table), json[table].as_array().expect("a list"));
        assert_eq!(rows.len(), told.len(), "{table}");
        for (row, told) in rows.iter().zip(told) {
            for column in ["finding_id", "burst_id", "campaign_id", "rule", "messages", "recipients"] {
                let Some(value) = row.get(column) else { continue };
                assert_eq!(*value, told[column].as_str().map_or_else(|| told[column].to_string(), str::to_owned));
            }
        }
    }
    assert_eq!(json["completeness"]["files"], report.csv("inputs").len());
}

/// Numbers and names of recipients, as they could stand anywhere in a report.
fn private_words() -> Vec<String> {
    let numbers = (1..8).flat_map(|source| (0..SENDS).map(move |index| recipient(source, index)));
    numbers.map(|number| number[4..].to_owned()).chain(["Kundin".to_owned()]).collect()
}

/// All that a report says, the packed messages unfolded.
fn everything(report: &Report) -> String {
    let files = report.files().into_iter().filter(|(name, _)| !name.ends_with(".parquet"));
    let texts = files.map(|(name, bytes)| String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} is no UTF-8")));
    texts.chain([format!("{:?}", report.messages())]).collect()
}

#[test]
fn recipients_are_pseudonyms_unless_revealed_and_the_ids_stay() {
    let matter = reported(&[]);
    let (prose, bad) = ("Liebe Frau Geheim, bitte um 5 anrufen", "X;gestern;+49301;+4915123499999;Geheim\n");
    matter.write("in/prosa.txt", prose);
    matter.write("in/bad.csv", format!("{}{bad}", table(8, ';').lines().take(1).collect::<String>() + "\n"));
    let words = [private_words(), vec!["Geheim".to_owned(), "5123499999".to_owned()]].concat();
    let open = matter.run(&["report", "in", "-o", "open", "--with-messages", "-v"]).with_code(3);
    matter.run(&["report", "in", "-o", "sealed", "--with-messages", "--reveal"]).with_code(3);
    let text = everything(&matter.report("open")) + &open.stdout + &open.stderr;
    let told: Vec<&String> = words.iter().filter(|word| text.contains(word.as_str())).collect();
    assert!(told.is_empty(), "the report under pseudonyms tells of persons: {told:?}");

    let (open, sealed) = (matter.report("open"), matter.report("sealed"));
    for (table, id) in
        [("findings", "finding_id"), ("bursts", "burst_id"), ("campaigns", "campaign_id"), ("runs", "run_id")]
    {
        let ids = |report: &Report| report.csv(table).into_iter().map(|row| row[id].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&open), ids(&sealed), "{table}");
    }
    // One person, one pseudonym: rows differ in nothing else, and no two persons share one.
    let (hidden, clear) = (open.messages(), sealed.messages());
    assert_eq!(hidden.len(), clear.len());
    let pairs: BTreeSet<(&str, &str)> =
        hidden.iter().zip(&clear).map(|(one, other)| (one.recipient.as_str(), other.recipient.as_str())).collect();
    let of = |pick: fn(&(&str, &str)) -> String| pairs.iter().map(pick).collect::<BTreeSet<_>>().len();
    assert_eq!((of(|pair| pair.0.to_owned()), of(|pair| pair.1.to_owned())), (pairs.len(), pairs.len()));
    assert!(pairs.iter().all(|(hidden, _)| hidden.len() == 16 && hidden.bytes().all(|byte| byte.is_ascii_hexdigit())));
    assert!(pairs.iter().any(|(_, clear)| *clear == recipient(1, 0)));
    for (mut one, other) in hidden.into_iter().zip(clear) {
        one.recipient.clone_from(&other.recipient);
        assert_eq!(one, other);
    }
}

#[test]
fn a_second_run_replaces_the_report_whole() {
    let matter = reported(&[]);
    let first = matter.report("out").files();
    // What an earlier version might have left must not stay beside the new files.
    matter.write("out/csv/old.csv", "left over");
    matter.run(&["report", "in", "-o", "out", "--write", "json"]).with_code(0);
    let names: Vec<String> = matter.report("out").files().into_keys().collect();
    assert_eq!(names, ["SHA256SUMS", "findings.json", "manifest.json"]);
    matter.run(&["report", "in", "-o", "out", "--with-messages"]).with_code(0);
    assert!(matter.report("out").files() == first, "and the first run comes again to the byte");
    let entries = fs::read_dir(matter.path("")).expect("the folder");
    let names: BTreeSet<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["home", "in", "out"].map(str::to_owned).into(), "nothing is left over beside it");
}

#[test]
fn a_report_of_which_a_file_cannot_be_read_is_written_and_says_so() {
    let matter = reported(&[]);
    matter.write("in/letter.csv", b"%PDF-1.7");
    matter.run(&["report", "in", "-o", "out"]).with_code(3);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    assert!(report.csv("findings").len() > 1);
    for file in ["findings.json", "report.html"] {
        assert!(report.text(file).contains("letter.csv"), "{file} names the file");
    }
}

#[test]
fn the_page_stands_alone_and_words_from_files_cannot_become_markup() {
    let matter = reported(&[]);
    let evil = "<img src=x onerror=alert(1)>";
    let rows = (0..60)
        .map(|index| format!("E{index};2020-02-03T10:00:{index:02}Z;{evil};{};{evil}</script>\n", recipient(9, index)));
    matter.write(
        "in/<img src=x onerror=alert(2)>.csv",
        "id;Gesendet am;Absender;Empfänger;Nachricht\n".to_owned() + &rows.collect::<String>(),
    );
    matter.write("in/case.toml", "[matter]\nname = \"</title><script>alert(3)</script>\"\n");
    for language in ["de", "en"] {
        matter.run(&["report", "in", "-o", "out", "--lang", language]).with_code(0);
        let page = matter.report("out").text("report.html");
        assert!(page.starts_with("<!DOCTYPE html>") || page.starts_with("<!doctype html>"), "a page");
        assert!(page.contains(&format!("lang=\"{language}\"")));
        // The one address that a page of SVG needs is a name, not a place to fetch from; patterns lie in the page.
        let rest = page.replace("http://www.w3.org/2000/svg", "").replace("url(#", "");
        for fetched in ["http://", "https://", "@import", "url(", "<iframe", "<object", "<img", "<script>alert"] {
            assert!(!rest.contains(fetched), "{fetched} in the page");
        }
        let tags = rest.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or(tag));
        for tag in tags {
            assert!(!tag.contains(" src=") && !tag.contains(" onerror="), "<{tag}>");
            assert!(!tag.contains("href=") || tag.contains("href=\"#"), "<{tag}> leads outside");
        }
        assert!(rest.contains("&lt;img"), "the words themselves are shown");
    }
}
