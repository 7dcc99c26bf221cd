//! What the main job promises on real exports and on the sample matter: counts, senders, local times, rules by date.
//! The real exports lie outside the project; without them their tests say so and are skipped.
//! Same input, same bytes: whatever threads, order of files, or number of runs.

use std::fs;

use crate::harness::{Matter, Report, millis, number, project, samples, sha256};

fn report_on(matter: &Matter, inputs: &[&str], code: i32, more: &[&str]) -> Report {
    let mut arguments = vec!["report"];
    arguments.extend(inputs);
    arguments.extend(["-o", "out", "--with-messages"]);
    arguments.extend(more);
    matter.run(&arguments).with_code(code);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    report
}

#[test]
fn the_school_log_is_one_burst_and_one_campaign() {
    let Some(folder) = samples("bulk-sender-logs") else { return };
    let matter = Matter::new();
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &[]);
    let mut messages: Vec<u64> = report
        .csv("inputs")
        .iter()
        .filter(|row| row["file"].ends_with(".csv"))
        .map(|row| number(&row["messages"]))
        .collect();
    messages.sort_unstable();
    assert_eq!(messages, [2, 5, 98]);
    assert!(report.csv("rejects").is_empty());
    let bursts = report.csv("bursts");
    assert_eq!(bursts.len(), 1);
    assert_eq!((bursts[0]["detector"].as_str(), bursts[0]["messages"].as_str()), ("over-50-messages-in-1min", "98"));
    let campaigns = report.csv("campaigns");
    assert_eq!(campaigns.len(), 1);
    assert_eq!((campaigns[0]["messages"].as_str(), campaigns[0]["recipients"].as_str()), ("98", "98"));
}

#[test]
fn chats_are_read_as_their_expected_readings_say() {
    let Some(folder) = samples("whatsapp-export") else { return };
    let mut compared = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let expected = entry.unwrap().path();
        if expected.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        let chat = expected.with_extension("txt");
        let matter = Matter::new();
        let report = report_on(&matter, &[chat.to_str().unwrap()], 0, &[]);
        let ours: Vec<(String, i64, u64)> =
            report.messages().into_iter().map(|message| (message.account, message.sent_at, message.line)).collect();
        let text = fs::read_to_string(&expected).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let theirs: Vec<(String, i64, u64)> = lines
            .filter(|line| line["kind"] != "system")
            .map(|line| {
                // Without a zone the program reads local times as UTC.
                let at = millis(&format!("{}Z", line["timestamp"].as_str().unwrap()));
                (line["author"].as_str().unwrap().to_owned(), at, line["line"].as_u64().unwrap())
            })
            .collect();
        assert_eq!(ours, theirs, "{}", chat.display());
        let input = &report.csv("inputs")[0];
        let ambiguous = chat.to_string_lossy().contains("ambiguous");
        if ambiguous {
            assert!(input["date_order"].starts_with("month first"), "{input:?}");
            assert!(report.text("findings.json").contains("--date-order"), "the guess is told among the limits");
        }
        compared += 1;
    }
    assert_eq!(compared, 7);
}

#[test]
fn webhooks_are_accounted_for_and_statuses_fold() {
    let Some(folder) = samples("meta-cloud-api") else { return };
    let matter = Matter::new();
    let statuses = folder.join("pywa_message_status.json");
    let report = report_on(&matter, &[statuses.to_str().unwrap()], 0, &[]);
    let input = &report.csv("inputs")[0];
    // Six statuses of one id and one of a group message.
    assert_eq!((input["records"].as_str(), input["read"].as_str(), input["folded"].as_str()), ("7", "2", "5"));
    let messages = report.messages();
    assert!(messages.iter().any(|message| message.status == "read"), "{messages:?}");
    let matter = Matter::new();
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &[]);
    assert!(report.csv("rejects").is_empty());
    let consents = report.csv("consents");
    let preferences = consents.iter().filter(|row| row["source"] == "user_preferences");
    assert_eq!(preferences.filter(|row| row["kind"] == "opt_in").count(), 2);
}

#[test]
fn the_sample_matter_has_mass_sends_on_both_sides_and_none_in_the_help_desk() {
    let matter = Matter::new();
    let folder = project("data/samples");
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &["--evidence", "all"]);
    let findings = report.csv("findings");
    let of = |rule: &str| findings.iter().filter(|row| row["rule"] == rule).collect::<Vec<_>>();
    let boundary = millis("2019-12-06T23:00:00.000Z");
    let (before, after) = (of("R02"), of("R01"));
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!((before[0]["messages"].as_str(), before[0]["recipients"].as_str()), ("7424", "420"));
    assert!(millis(&before[0]["last_sent"]) < boundary && millis(&after[0]["first_sent"]) >= boundary);
    // 497 on the boundary day in the matter's zone, 1,566 after it.
    assert_eq!(number(&after[0]["messages"]), 497 + 1566);
    assert!(after[0]["boundary_day"].contains("Europe/Berlin 497"), "{}", after[0]["boundary_day"]);
    assert_eq!(before[0]["severity"], "high", "linked with R01");
    for table in ["bursts", "findings"] {
        for row in report.csv(table) {
            let account = row.get("account").or(row.get("subject")).unwrap();
            assert_eq!(account, "+4915228817386", "only the newsletter's number is in {table}");
        }
    }
    // Two sends went on after a STOP.
    let messages = report.messages();
    let account = messages.iter().find(|message| message.message_id == "KW104828").unwrap();
    let stops = report.csv("consents");
    let stop = stops.iter().find(|row| row["recipient"] == account.recipient && row["kind"] == "opt_out").unwrap();
    assert!(millis(&stop["at"]) < account.sent_at);
    assert_eq!(stops.iter().filter(|row| row["source"] == "reply" && row["kind"] == "opt_out").count(), 37);
}

#[test]
fn evidence_is_the_bytes_of_the_source() {
    let matter = Matter::new();
    let folder = project("data/samples");
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &[]);
    let rows = report.csv("evidence");
    assert!(rows.len() > 1000);
    for row in rows.iter().step_by(97) {
        let source = fs::read(&row["file"]).unwrap();
        let (start, length) = (number(&row["offset"]) as usize, number(&row["length"]) as usize);
        assert_eq!(sha256(&source[start..start + length]), row["record_sha256"], "{row:?}");
    }
}

#[test]
fn the_manifest_lists_every_file_with_its_hash() {
    let matter = Matter::new();
    let folder = project("data/samples");
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &[]);
    let manifest = report.json("manifest.json");
    let mut listed = vec!["manifest.json".to_owned()];
    for output in manifest["outputs"].as_array().unwrap() {
        let name = output["file"].as_str().unwrap();
        let bytes = report.bytes(name);
        assert_eq!(output["sha256"], sha256(&bytes), "{name}");
        assert_eq!(output["bytes"], bytes.len(), "{name}");
        listed.push(name.to_owned());
    }
    listed.sort();
    assert_eq!(listed, report.files().into_keys().collect::<Vec<_>>());
    for input in manifest["inputs"].as_array().unwrap() {
        assert_eq!(input["sha256"], sha256(&fs::read(input["file"].as_str().unwrap()).unwrap()));
    }
}

#[test]
fn threads_order_and_repetition_leave_no_trace() {
    let matter = Matter::new();
    let mut log = String::from("id,sent_at,sender,recipient,text\n");
    // More than one block, with quoted line ends and a few stray quotes.
    for row in 0..120_000 {
        let text = match row % 5000 {
            17 => "a 5\" pipe".to_owned(),
            18 => format!("\"open {row}"),
            _ => format!("\"line one of {row},\nline two {}\"", "x".repeat(row % 90)),
        };
        let recipient = format!("+49171{:07}", row * 7919 % 9_999_999);
        let second = row / 7;
        log.push_str(&format!(
            "m{row},2020-01-02T{:02}:{:02}:{:02}Z,+4930{:07},{recipient},{text}\n",
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            row % 3
        ));
    }
    matter.write("in/large.csv", &log);
    matter.write("in/small.csv", "id,sent_at,sender,recipient,text\nx1,2020-01-01T00:00:00Z,+49301,+491711234567,hi\n");
    let run = |name: &str, inputs: [&str; 2], threads: &str| {
        let arguments = ["report", inputs[0], inputs[1], "-o", name, "--threads", threads, "--progress", "never"];
        matter.run(&arguments).with_code(0);
        let mut files = matter.report(name).files();
        files.retain(|file, _| file != "manifest.json");
        files
    };
    let first = run("a", ["in/large.csv", "in/small.csv"], "1");
    assert!(!first["csv/rejects.csv"].is_empty() && first["csv/bursts.csv"].len() > 200);
    for (name, inputs, threads) in [
        ("b", ["in/large.csv", "in/small.csv"], "2"),
        ("c", ["in/small.csv", "in/large.csv"], "8"),
        ("d", ["in/small.csv", "in/large.csv"], "1"),
    ] {
        assert!(run(name, inputs, threads) == first, "{name} differs");
    }
}
