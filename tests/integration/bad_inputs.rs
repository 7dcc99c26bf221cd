//! Garbage gives a reject with a reason, never a panic, never a lost neighbour; wrong usage gives a clear word
//! and leaves everything as it was. The cases stand in `tests/data/bad_inputs.toml`; here is how they are made and held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use serde::Deserialize;

use crate::bad_files::{HEADER, content, reads_everything, row, rows};
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
pub struct Case {
    group: String,
    pub name: String,
    #[serde(default = "bad_csv")]
    file: String,
    pub between: Option<String>,
    #[serde(default)]
    pub rows: bool,
    pub text: Option<String>,
    pub make: Option<String>,
    pub encode: Option<String>,
    pub pack: Option<String>,
    pub cut: Option<i64>,
    pub append: Option<String>,
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

/// Makes some cases' files side by side, reports on all of them at once, and holds each to what the table says. Only cases
/// that end in one code and need the same options go together. Gives the names of those that fail.
fn hold<'c>(cases: &[&'c Case]) -> Vec<&'c str> {
    let matter = Matter::new();
    write_good(&matter);
    let mut made = Vec::new();
    for (index, case) in (0..).zip(cases) {
        let name = format!("in/{index}/{}", case.file);
        let path = matter.path(&name);
        if case.make.as_deref().is_some_and(|builder| builder.ends_with("without rights")) && reads_everything() {
            eprintln!("skipped, for this user reads everything: {}", case.name);
            continue;
        }
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        if let Some(bytes) = content(case, &path, &format!("491512345{}", 6000 + index)) {
            matter.write(&name, bytes);
        }
        made.push((*case, name));
    }
    let Some(first) = cases.first() else { return Vec::new() };
    let mut arguments = vec!["report", "in", "-o", "out", "--reveal", "--with-messages"];
    arguments.extend(first.arguments.iter().map(String::as_str));
    let ended = matter.run(&arguments);
    for path in made.iter().map(|(_, name)| matter.path(name)).filter(|path| path.is_dir()) {
        // Whatever went wrong, the temporary folder must be removable again.
        let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o755));
    }
    let ended = ended.with_code(first.code);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let messages = report.messages();
    assert_good_is_whole(&messages);
    assert_eq!(report.csv("inputs").len(), made.len() + 1, "every file is an input, and nothing else");
    let fails = |(case, name): &&(&Case, String)| {
        eprintln!("--- {}", case.name);
        std::panic::catch_unwind(|| assert_case(case, name, &report, &messages, &ended)).is_err()
    };
    made.iter().filter(fails).map(|(case, _)| case.name.as_str()).collect()
}

fn assert_case(case: &Case, name: &str, report: &Report, messages: &[Message], ended: &Ended) {
    // A trouble below a folder is told under its own name.
    let inputs: Vec<_> = report.csv("inputs").into_iter().filter(|row| row["file"].starts_with(name)).collect();
    let [input] = inputs.as_slice() else { panic!("one input {name}, but {inputs:#?}") };
    let expected = match &case.messages {
        Some(ids) => ids.clone(),
        None if case.between.is_some() => vec!["B1".to_owned(), "B3".to_owned()],
        None if case.rows => vec!["B1".to_owned(), "B2".to_owned(), "B3".to_owned()],
        None => Vec::new(),
    };
    let ids: Vec<&str> = messages
        .iter()
        .filter(|message| message.file == input["file"])
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
    let told = report.json("findings.json")["completeness"]["inputs"].clone();
    let told = told.as_array().expect("inputs").iter().find(|told| told["file"] == input["file"]).expect("the input");
    assert_eq!(told["failed"], case.code == 3, "whether {name} was read: {told:#}");
    if case.code == 3 {
        let reason = &case.reasons[0];
        let told = |line: &str| line.contains("READ") && line.contains(name) && line.contains(reason.as_str());
        assert!(ended.stdout.lines().any(told), "the summary says why {name} was not read\n{ended}");
    }
}

/// Holds all cases of some groups, and tells of every one that fails.
fn hold_groups(groups: &[&str]) {
    let table = table();
    let mut together: BTreeMap<(i32, &[String]), Vec<&Case>> = BTreeMap::new();
    for case in table.case.iter().filter(|case| groups.contains(&case.group.as_str())) {
        together.entry((case.code, &case.arguments)).or_default().push(case);
    }
    assert!(!together.is_empty());
    let failed: Vec<&str> = together.values().flat_map(|cases| hold(cases)).collect();
    assert!(failed.is_empty(), "{} cases fail: {failed:#?}", failed.len());
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
fn the_same_statuses_under_two_names_are_accounted_for_once() {
    let matter = Matter::new();
    let log = include_str!("../../data/samples/webhooks-2020-01.jsonl");
    matter.write("in/a.jsonl", log);
    matter.run(&["report", "in", "-o", "one"]).with_code(0);
    matter.write("in/b.jsonl", log);
    matter.run(&["report", "in", "-o", "two"]).with_code(0);
    let (one, two) = (matter.report("one"), matter.report("two"));
    two.assert_every_record_is_accounted_for();
    let first = |report: &Report| {
        let input = report.input("in/a.jsonl");
        ["records", "read", "folded", "messages"].map(|column| number(&input[column]))
    };
    assert_eq!(first(&one), first(&two));
    let again = two.input("in/b.jsonl");
    assert_eq!((number(&again["read"]), number(&again["messages"])), (0, 0));
    assert!(number(&again["folded"]) > 0);
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
