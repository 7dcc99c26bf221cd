//! Garbage gives a reject with a reason, never a panic, never a lost neighbour; wrong usage gives a clear word
//! and leaves everything as it was. The cases stand in `tests/data/bad_inputs.toml`; here is how they are made and held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use crate::harness::{Ended, Matter, Message, Report, millis, number};

const TABLE: &str = include_str!("../data/bad_inputs.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
    usage: Vec<Usage>,
}

/// A bad file; the head of the table tells what each key means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    group: String,
    name: String,
    #[serde(default = "bad_csv")]
    file: String,
    between: Option<String>,
    #[serde(default)]
    rows: bool,
    text: Option<String>,
    make: Option<String>,
    encode: Option<String>,
    pack: Option<String>,
    cut: Option<i64>,
    append: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    code: i32,
    messages: Option<Vec<String>>,
    #[serde(default)]
    reasons: Vec<String>,
    places: Option<Vec<(u64, u64)>>,
    records: Option<u64>,
    #[serde(default)]
    ignored: u64,
    notes: Option<String>,
    format: Option<String>,
    encoding: Option<String>,
}

fn bad_csv() -> String {
    "bad.csv".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Usage {
    name: String,
    #[serde(default)]
    bare: bool,
    arguments: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    code: i32,
    says: Vec<String>,
}

fn table() -> Table {
    toml::from_str(TABLE).expect("the table of cases")
}

const HEADER: &str = "id;Gesendet am;Absender;Empfänger;Nachricht;Status;Richtung\n";

/// A good row: the `number`-th message of a file whose ids begin with `letter`.
fn row(letter: char, number: u32) -> String {
    let second = number - 1;
    format!(
        "{letter}{number};2019-12-02T10:00:{second:02}Z;+4915123456780;+49151234567{number:02};Hallo;zugestellt;ausgehend\n"
    )
}

fn rows(letter: char) -> String {
    HEADER.to_owned() + &row(letter, 1) + &row(letter, 2) + &row(letter, 3)
}

/// A webhook on one line that tells of the `number`-th message.
fn webhook(number: u32, time: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"4915123456780","phone_number_id":"1"}},"statuses":[{{"id":"B{number}","status":"sent","timestamp":"{time}","recipient_id":"49151234567{number:02}"}}]}}}}]}}]}}"#
    )
}

fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).expect("writing memory");
    encoder.finish().expect("writing memory")
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Content from a builder, or `None` when it made the file itself or cannot make it here.
fn make(builder: &str, path: &Path) -> Option<Vec<u8>> {
    let [good, also] = [webhook(1, "1575280800"), webhook(3, "1575280802")];
    let lines = |trouble: &[u8]| Some([good.as_bytes(), b"\n", trouble, b"\n", also.as_bytes(), b"\n"].concat());
    let text = match builder {
        "only NUL" => return Some(vec![0; 4096]),
        "gzip cut off" => {
            // The text stands last, so that a cut row looks like a whole one with other words.
            let whole: String =
                rows('B').lines().map(|row| row.split(';').take(5).collect::<Vec<_>>().join(";") + "\n").collect();
            let mut packed = gzip(whole.as_bytes(), Compression::none());
            packed.truncate(packed.len() - "lo\n".len() - 8);
            return Some(packed);
        }
        "gzip in two members" => {
            let first = gzip((HEADER.to_owned() + &row('B', 1)).as_bytes(), Compression::fast());
            return Some([first, gzip((row('B', 2) + &row('B', 3)).as_bytes(), Compression::fast())].concat());
        }
        "zstd bomb" => return Some(zstd::encode_all(vec![b'a'; 64 << 20].as_slice(), 1).expect("packing")),
        "gzip bomb" => return Some(gzip(&vec![b'a'; 8 << 20], Compression::fast())),
        "carriage returns alone" => rows('B').replace('\n', "\r"),
        "a line of 100 MB" => {
            let mut text = (HEADER.to_owned() + &row('B', 1)).into_bytes();
            text.resize(text.len() + 100_000_000, b'x');
            text.extend_from_slice(format!("\n{}", row('B', 3)).as_bytes());
            return Some(text);
        }
        "one field in Latin-1" => {
            let latin = row('B', 2).replace("Hallo", "Gr\u{fc}\u{df}e").chars().map(|letter| letter as u8).collect();
            return Some([(HEADER.to_owned() + &row('B', 1)).into_bytes(), latin, row('B', 3).into_bytes()].concat());
        }
        "a mark before UTF-8" => format!("\u{feff}{}", rows('B')),
        "JSON Lines with a bad byte" => return lines(&with_bad_byte()),
        "JSON array with a bad byte" => {
            let parts = [b"[".as_slice(), good.as_bytes(), b",\n", &with_bad_byte(), b",\n", also.as_bytes(), b"]"];
            return Some(parts.concat());
        }
        "JSON Lines with a line cut off" => return lines(webhook(2, "1575280801").get(..150)?.as_bytes()),
        "JSON array cut off" => format!("[{good},\n{},\n{}", webhook(2, "1575280801"), also.get(..150)?),
        "JSON Lines with brackets" => {
            return lines(format!("{{\"entry\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes());
        }
        "JSON Lines with a huge time" => return lines(webhook(2, &"9".repeat(30)).as_bytes()),
        "JSON Lines with a negative time" => return lines(webhook(2, "-5").as_bytes()),
        "JSON Lines with blank lines" => format!("{good}\r\n\r\n\n   \n{}\n{also}", webhook(2, "1575280801")),
        "brackets" => "[".repeat(100_000) + &"]".repeat(100_000),
        "SQLite" => return Some([b"SQLite format 3\0".to_vec(), vec![1; 4096]].concat()),
        "zip" => return Some(b"PK\x03\x04\x14\0\0\0\x08\0".repeat(20)),
        "PDF" => "%PDF-1.7\nx;y\n".to_owned(),
        "PNG" => return Some([b"\x89PNG\r\n\x1a\n".to_vec(), (0..=255).collect()].concat()),
        "link to nowhere" => return symlink("nowhere", path).ok().and(None),
        "links in a circle" => return symlink(path.file_name()?, path).ok().and(None),
        "folder in itself" => {
            fs::create_dir(path).expect("a folder");
            return symlink("..", path.join("up")).ok().and(None);
        }
        "file without rights" => {
            fs::write(path, rows('B')).expect("a file");
            return close(path);
        }
        "folder without rights" => {
            fs::create_dir(path).expect("a folder");
            return close(path);
        }
        other => panic!("no builder is called `{other}`"),
    };
    Some(text.into_bytes())
}

fn with_bad_byte() -> Vec<u8> {
    let whole = webhook(2, "1575280801");
    let (head, tail) = whole.split_at(whole.find("B2").expect("the id"));
    [head.as_bytes(), b"\xff", tail.as_bytes()].concat()
}

fn close(path: &Path) -> Option<Vec<u8>> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o0)).expect("an own file");
    None
}

/// Whether this user reads what may not be read: then such a case cannot be made.
fn reads_everything() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("closed");
    fs::write(&path, "x").expect("a file");
    close(&path);
    fs::read(&path).is_ok()
}

/// The bytes of a case's file; `None` when nothing is to be written any more.
fn content(case: &Case, path: &Path) -> Option<Vec<u8>> {
    let text = match (&case.between, &case.text, &case.make) {
        (Some(between), None, None) => HEADER.to_owned() + &row('B', 1) + between + &row('B', 3),
        (None, Some(text), None) => text.clone(),
        (None, None, Some(builder)) => return make(builder, path),
        (None, None, None) if case.rows => rows('B'),
        _ => panic!("`{}` must say in one way what is in its file", case.name),
    };
    let mut bytes = match case.encode.as_deref() {
        None => text.into_bytes(),
        Some("windows-1252") => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        Some("utf-16le") => utf16(&text, u16::to_le_bytes),
        Some("utf-16be") => utf16(&text, u16::to_be_bytes),
        Some("utf-16le with mark") => utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        Some("utf-16be with mark") => utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        Some(other) => panic!("`{other}` is no encoding"),
    };
    bytes = match case.pack.as_deref() {
        None => bytes,
        Some("gzip") => gzip(&bytes, Compression::fast()),
        Some("zstd") => zstd::encode_all(bytes.as_slice(), 3).expect("packing"),
        Some(other) => panic!("`{other}` is no packing"),
    };
    match case.cut {
        Some(cut @ 0..) => bytes.truncate(bytes.len() - cut as usize),
        Some(kept) => bytes.truncate(kept.unsigned_abs() as usize),
        None => {}
    }
    bytes.extend_from_slice(case.append.as_deref().unwrap_or("").as_bytes());
    Some(bytes)
}

fn write_good(matter: &Matter) {
    matter.write("in/good.csv", rows('G'));
}

/// The good file's messages are all there, as they stand in it.
#[track_caller]
fn assert_good_is_whole(messages: &[Message]) {
    let mut offset = HEADER.len() as u64;
    for (place, message) in (1..).zip(messages.iter().filter(|message| message.file == "in/good.csv")) {
        let expected = Message {
            message_id: format!("G{place}"),
            platform: "unknown".to_owned(),
            route: "unknown".to_owned(),
            account: "+4915123456780".to_owned(),
            direction: "outbound".to_owned(),
            sent_at: millis("2019-12-02T10:00:00Z") + 1000 * (i64::from(place) - 1),
            recipient: format!("+49151234567{place:02}"),
            status: "delivered".to_owned(),
            initiated: true,
            campaign_id: String::new(),
            run_id: String::new(),
            burst_ids: String::new(),
            file: "in/good.csv".to_owned(),
            record: u64::from(place),
            line: u64::from(place) + 1,
            offset,
        };
        assert_eq!(*message, expected);
        offset += row('G', place).len() as u64;
    }
    let found = messages.iter().filter(|message| message.file == "in/good.csv").count();
    assert_eq!(found, 3, "messages of the good file");
}

fn hold(case: &Case) {
    let matter = Matter::new();
    write_good(&matter);
    let name = format!("in/{}", case.file);
    let path = matter.path(&name);
    if case.make.as_deref().is_some_and(|builder| builder.ends_with("without rights")) && reads_everything() {
        eprintln!("skipped, for this user reads everything: {}", case.name);
        return;
    }
    if let Some(bytes) = content(case, &path) {
        matter.write(&name, bytes);
    }
    let mut arguments = vec!["report", "in", "-o", "out", "--reveal", "--with-messages"];
    arguments.extend(case.arguments.iter().map(String::as_str));
    let ended = matter.run(&arguments);
    // Whatever went wrong, the temporary folder must be removable again.
    if path.is_dir() {
        let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o755));
    }
    let ended = ended.with_code(case.code);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let messages = report.messages();
    assert_good_is_whole(&messages);
    assert_case(case, &name, &report, &messages, &ended);
}

fn assert_case(case: &Case, name: &str, report: &Report, messages: &[Message], ended: &Ended) {
    // A trouble below a folder is told under its own name.
    let inputs: Vec<_> = report.csv("inputs").into_iter().filter(|row| row["file"] != "in/good.csv").collect();
    let [input] = inputs.as_slice() else { panic!("one bad file, but {inputs:#?}") };
    assert!(input["file"].starts_with(name), "{input:#?}");
    let expected = match &case.messages {
        Some(ids) => ids.clone(),
        None if case.between.is_some() => vec!["B1".to_owned(), "B3".to_owned()],
        None if case.rows => vec!["B1".to_owned(), "B2".to_owned(), "B3".to_owned()],
        None => Vec::new(),
    };
    let ids: Vec<&str> = messages
        .iter()
        .filter(|message| message.file != "in/good.csv")
        // An id of our own making stands for "none".
        .map(|message| if message.message_id.starts_with("M-") { "" } else { message.message_id.as_str() })
        .collect();
    assert_eq!(ids, expected, "messages\n{ended}");
    let rejects = report.rejects(&input["file"]);
    assert_eq!(rejects.len(), case.reasons.len(), "rejects: {rejects:#?}");
    for (reject, reason) in rejects.iter().zip(&case.reasons) {
        assert!(reject["reason"].contains(reason.as_str()), "`{reason}` in {reject:#?}");
        assert!(number(&reject["record"]) > 0 && number(&reject["line"]) > 0, "a place in {reject:#?}");
    }
    if let Some(places) = &case.places {
        let found: Vec<_> = rejects.iter().map(|reject| (number(&reject["record"]), number(&reject["line"]))).collect();
        assert_eq!(found, *places, "record and line of rejects");
    }
    let records = case.records.unwrap_or((expected.len() + case.reasons.len()) as u64);
    assert_eq!(number(&input["records"]), records, "records: {input:#?}");
    assert_eq!(number(&input["ignored"]), case.ignored, "ignored: {input:#?}");
    for (column, value) in [("format", &case.format), ("encoding", &case.encoding)] {
        if let Some(value) = value {
            assert_eq!(input[column], *value, "{column}");
        }
    }
    if let Some(note) = &case.notes {
        assert!(input["notes"].contains(note.as_str()), "`{note}` in {input:#?}");
    }
    if case.code == 3 {
        let reason = &case.reasons[0];
        let told = |line: &str| line.contains("READ") && line.contains(name) && line.contains(reason.as_str());
        assert!(ended.stdout.lines().any(told), "the summary says why {name} was not read\n{ended}");
    }
}

/// Holds all cases of some groups, and tells of every one that fails.
fn hold_groups(groups: &[&str]) {
    let cases: Vec<Case> = table().case.into_iter().filter(|case| groups.contains(&case.group.as_str())).collect();
    assert!(!cases.is_empty());
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            eprintln!("--- {}", case.name);
            std::panic::catch_unwind(|| hold(case)).is_err()
        })
        .map(|case| case.name.as_str())
        .collect();
    assert!(failed.is_empty(), "{} of {} cases fail: {failed:#?}", failed.len(), cases.len());
}

#[test]
fn files_with_nothing_in_them_and_files_that_are_no_text() {
    hold_groups(&["empty", "binary"]);
}

#[test]
fn packed_files_that_are_damaged_or_too_large() {
    hold_groups(&["packing"]);
}

#[test]
fn quotes_and_line_ends_out_of_place() {
    hold_groups(&["quotes"]);
}

#[test]
fn rows_and_times_that_say_nothing() {
    hold_groups(&["rows", "times"]);
}

#[test]
fn encodings_that_are_not_utf_8() {
    hold_groups(&["encodings"]);
}

#[test]
fn json_that_is_damaged_or_strange() {
    hold_groups(&["json"]);
}

#[test]
fn files_and_folders_that_cannot_be_read() {
    hold_groups(&["file system"]);
}

#[test]
fn every_case_of_the_table_belongs_to_a_test_and_there_are_enough() {
    let known = ["empty", "binary", "packing", "quotes", "rows", "times", "encodings", "json", "file system"];
    let table = table();
    let groups: BTreeSet<&str> = table.case.iter().map(|case| case.group.as_str()).collect();
    assert_eq!(groups, known.into_iter().collect());
    assert!(table.case.len() >= 80 && table.usage.len() >= 40, "{} and {}", table.case.len(), table.usage.len());
}

#[test]
fn wrong_usage_says_why_and_leaves_an_earlier_report_untouched() {
    let mut failed = Vec::new();
    for usage in table().usage {
        let matter = Matter::new();
        write_good(&matter);
        // The earlier report is a stand-in: what counts is that its bytes stay.
        matter.write("out/manifest.json", "an earlier report");
        matter.write("latin-1.toml", b"[matter]\nname = \"\xfc\"\n");
        for (name, text) in &usage.files {
            matter.write(name, text);
        }
        let mut arguments = if usage.bare { Vec::new() } else { vec!["report", "in", "-o", "out"] };
        arguments.extend(usage.arguments.iter().map(String::as_str));
        let ended = matter.run(&arguments);
        let says_it = usage.says.iter().all(|words| ended.stderr.contains(words.as_str()));
        let untouched = matter.report("out").files().len() == 1
            && matter.report("out").text("manifest.json") == "an earlier report"
            && usage.files.iter().all(|(name, text)| fs::read_to_string(matter.path(name)).ok().as_ref() == Some(text));
        let left_over = fs::read_dir(matter.path(""))
            .unwrap()
            .any(|entry| entry.unwrap().file_name().as_bytes().windows(7).any(|part| part == b"partial"));
        if ended.code != usage.code || !says_it || !ended.stdout.is_empty() || !untouched || left_over {
            eprintln!("--- {}: expected {} and {:?}\n{ended}", usage.name, usage.code, usage.says);
            failed.push(usage.name);
        }
    }
    assert!(failed.is_empty(), "{} cases fail: {failed:#?}", failed.len());
}

#[test]
fn the_same_bytes_under_two_names_are_read_once() {
    let matter = Matter::new();
    write_good(&matter);
    matter.write("in/copy.csv", rows('G'));
    matter.run(&["report", "in", "-o", "out"]).with_code(0);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let ends = |file: &str| {
        let input = report.input(file);
        (number(&input["read"]), number(&input["folded"]), number(&input["messages"]))
    };
    assert_eq!((ends("in/copy.csv"), ends("in/good.csv")), ((3, 0, 3), (0, 3, 0)));
    assert!(report.input("in/good.csv")["notes"].contains("same bytes"));
}

#[test]
fn a_file_named_twice_is_read_once() {
    let matter = Matter::new();
    write_good(&matter);
    // By its name, by its folder, by a pattern: each finds it, and none is wrong usage.
    matter
        .run(&["report", "in/good.csv", "in", "in/good.csv", "in/*.csv", "-o", "out", "--with-messages", "--reveal"])
        .with_code(0);
    let report = matter.report("out");
    assert_eq!(report.csv("inputs").len(), 1);
    assert_good_is_whole(&report.messages());
}

#[test]
fn a_case_file_among_the_exports_is_used_and_is_no_input() {
    let matter = Matter::new();
    write_good(&matter);
    matter.write("in/case.toml", "[matter]\nname = \"Sache Muster\"\n");
    let ended = matter.run(&["report", "in", "-o", "out"]).with_code(0);
    assert!(ended.stdout.contains("Sache Muster") && ended.stdout.contains("Case file: in/case.toml"), "{ended}");
    assert_eq!(matter.report("out").csv("inputs").len(), 1);
}

#[test]
fn names_that_are_no_utf_8_or_hold_a_backslash_stay_apart() {
    let matter = Matter::new();
    write_good(&matter);
    for (index, name) in [b"in/n\xff.csv".as_slice(), b"in/n\xfe.csv", b"in/a\\b.csv", b"in/a/b.csv"].iter().enumerate()
    {
        matter.write(std::ffi::OsStr::from_bytes(name), HEADER.to_owned() + &row('B', index as u32 + 1));
    }
    matter.run(&["report", "in", "-o", "out", "--reveal", "--with-messages"]).with_code(0);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let messages = report.messages();
    assert_good_is_whole(&messages);
    let files: BTreeSet<&str> = messages.iter().map(|message| message.file.as_str()).collect();
    assert_eq!((files.len(), messages.len()), (5, 7), "every file under a name of its own: {files:?}");
}

#[test]
fn names_of_files_and_matters_cannot_steer_the_terminal() {
    let matter = Matter::new();
    write_good(&matter);
    matter.write("in/new\nline \u{1b}[2J.csv", "no table at all");
    matter.write("in/case.toml", "[matter]\nname = \"Sache \\u001b[31mrot\"\n");
    let report = matter.run(&["report", "in", "-o", "out", "-v"]).with_code(3);
    let inspect = matter.run(&["inspect", "in"]).with_code(3);
    for text in [&report.stdout, &report.stderr, &inspect.stdout, &inspect.stderr] {
        assert!(!text.contains('\u{1b}') && !text.contains("new\nline"), "{text:?}");
    }
}
