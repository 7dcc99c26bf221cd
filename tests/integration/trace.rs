//! `trace`: the records behind every id are those that made it, byte for byte, in sources of every kind; and whatever is
//! no longer as the report says is told, with an exit code for each case.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::archives::{Member as Packed, zip};
use crate::harness::{Ended, Matter, Report, number, project, sha256};
use crate::terminal::small_matter;

/// What `trace --json` prints: the records, and the sum.
fn traced(ended: &Ended) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let sum = lines.pop().expect("a sum");
    assert!(sum["summary"].is_string() && lines.iter().all(|line| line["summary"].is_null()));
    (lines, sum)
}

/// File, record, line, offset and hash of a record.
type Place = (String, u64, u64, u64, String);

fn place(record: &Value) -> Place {
    let text = |name: &str| record[name].as_str().expect("a text").to_owned();
    let whole = |name: &str| record[name].as_u64().expect("a number");
    let member = text("member");
    let file = if member.is_empty() { text("file") } else { format!("{}!/{member}", text("file")) };
    (file, whole("record"), whole("line"), whole("offset"), text("sha256_computed"))
}

/// What evidence.csv lists for a finding.
fn listed(report: &Report, finding: &str) -> BTreeSet<Place> {
    let rows = report.csv("evidence").into_iter().filter(|row| row["finding_id"] == finding);
    rows.map(|row| {
        let whole = |name: &str| number(&row[name]);
        (row["file"].clone(), whole("record"), whole("line"), whole("offset"), row["record_sha256"].clone())
    })
    .collect()
}

/// A matter with the made-up sample exports beside the report.
fn samples(options: &[&str]) -> Matter {
    let matter = Matter::new();
    for entry in fs::read_dir(project("data/samples")).expect("the samples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_owned();
        matter.write(std::path::Path::new("in").join(name), fs::read(&path).expect("a sample"));
    }
    matter.run(&[&["report", "in", "-o", "out", "--lang", "en"], options].concat()).with_code(0);
    matter
}

#[test]
fn every_finding_of_the_samples_is_traced_to_exactly_the_records_that_made_it() {
    let matter = samples(&["--evidence", "all"]);
    let report = matter.report("out");
    let findings = report.csv("findings");
    assert_eq!(findings.len(), 9);
    let mut sources: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for finding in &findings {
        let id = &finding["finding_id"];
        let ended = matter.run(&["trace", "out", id, "--json", "--reveal"]).with_code(0);
        let (records, sum) = traced(&ended);
        assert_eq!((&sum["found_by"], &sum["disagreeing"]), (&Value::from("evidence"), &Value::from(0)), "{id}");
        assert_eq!(records.len() as u64, number(&finding["messages"]), "{id}");
        let places: BTreeSet<Place> = records.iter().map(place).collect();
        assert_eq!(places.len(), records.len(), "{id}: each record once");
        assert_eq!(places, listed(&report, id), "{id}");
        for record in &records {
            let file = record["file"].as_str().expect("a name");
            let bytes =
                sources.entry(file.to_owned()).or_insert_with(|| fs::read(matter.path(file)).expect("the source"));
            let start = record["offset"].as_u64().unwrap() as usize;
            let own = &bytes[start..start + record["length"].as_u64().unwrap() as usize];
            assert_eq!(record["sha256_computed"], sha256(own), "{id}");
            assert_eq!(record["text"], String::from_utf8_lossy(own).as_ref(), "{id}");
        }
    }
}

#[test]
fn what_evidence_does_not_list_is_found_again() {
    let matter = samples(&["--evidence", "3", "--with-messages", "--reveal"]);
    let report = matter.report("out");
    let messages = report.messages();
    let finding = &report.csv("findings")[1];
    let burst = &report.csv("bursts")[7];
    let (campaign, run) = (&report.csv("campaigns")[2], &report.csv("runs")[2]);
    let cluster = &report.csv("account_clusters")[0];
    let outbound: Vec<_> = messages.iter().filter(|message| message.direction == "outbound").collect();
    let ids = |test: &dyn Fn(&crate::harness::Message) -> bool| -> BTreeSet<(String, u64)> {
        let own = outbound.iter().filter(|message| test(message));
        own.map(|message| (message.file.clone(), message.record)).collect()
    };
    let people = |account: &str| -> BTreeSet<&str> {
        let own = outbound.iter().filter(|message| message.account == cluster[account]);
        own.map(|message| message.recipient.as_str()).collect()
    };
    let (of_a, of_b) = (people("account_a"), people("account_b"));
    let both = |recipient: &str| of_a.contains(recipient) && of_b.contains(recipient);
    let expected = [
        (&burst["burst_id"], ids(&|message| message.burst_ids.split(' ').any(|id| id == burst["burst_id"]))),
        (&campaign["campaign_id"], ids(&|message| message.campaign_id == campaign["campaign_id"] && message.initiated)),
        (&run["run_id"], ids(&|message| message.run_id == run["run_id"])),
        (&cluster["cluster_id"], ids(&|message| both(&message.recipient))),
    ];
    for (id, expected) in expected {
        let (records, sum) = traced(&matter.run(&["trace", "out", id, "--json"]).with_code(0));
        assert_eq!(sum["found_by"], "computed", "{id}");
        let found: BTreeSet<(String, u64)> = records.iter().map(place).map(|place| (place.0, place.1)).collect();
        assert_eq!(found, expected, "{id}");
        assert!(records.iter().all(|record| record["masked"] == true), "{id}");
    }
    let (records, _) = traced(&matter.run(&["trace", "out", &finding["finding_id"], "--json"]).with_code(0));
    assert_eq!(records.len() as u64, number(&finding["messages"]));
    let by_record = records.iter().filter(|record| record["agrees_by"] == "record").count();
    assert!((3..records.len()).contains(&by_record), "most are bound by the hash of their file alone");
}

#[test]
fn a_message_is_traced_to_all_records_that_tell_of_it() {
    let matter = Matter::new();
    let status = |status: &str, at: &str| {
        format!("one-message-of-many-records;{at};+493023125000;+491713920001;Hallo;{status}\n")
    };
    let log =
        ["id;Gesendet am;Absender;Empfänger;Nachricht;Status\n".to_owned(), status("gesendet", "2020-02-03T10:00:00Z")];
    matter.write("log.csv", log.concat() + &status("zugestellt", "2020-02-03T10:00:01Z"));
    matter.write("later.csv", log[0].clone() + &status("gelesen", "2020-02-03T10:00:09Z"));
    matter.run(&["report", "log.csv", "later.csv", "-o", "out"]).with_code(0);
    let ended = matter.run(&["trace", "out", "one-message-of-many-records", "--json", "--reveal"]).with_code(0);
    let (records, sum) = traced(&ended);
    let parts: Vec<&str> = records.iter().map(|record| record["part"].as_str().unwrap()).collect();
    assert_eq!((parts.as_slice(), &sum["messages"]), (["made", "folded", "folded"].as_slice(), &Value::from(1)));
    for word in ["gesendet", "zugestellt", "gelesen"] {
        assert!(records.iter().any(|record| record["text"].as_str().unwrap().contains(word)), "{word}");
    }
    assert!(records.iter().all(|record| record["agrees"] == true && record["agrees_by"] == "file"));
}

#[test]
fn records_are_found_in_sources_of_every_kind() {
    let matter = crate::report_files::reported(&["--reveal"]);
    let packed = crate::report_files::sources();
    // The same again inside an archive, each file under another name so that nothing folds.
    let members: Vec<Packed> = packed.iter().map(|(name, bytes, ..)| Packed::new(name, bytes)).collect();
    matter.write("packed/all.zip", zip(&members));
    matter.write("packed/case.toml", fs::read(matter.path("in/case.toml")).expect("the case"));
    matter.run(&["report", "packed", "-o", "out-packed", "--reveal"]).with_code(0);
    for (out, at_least) in [("out", packed.len()), ("out-packed", packed.len())] {
        let report = matter.report(out);
        let mut files = BTreeSet::new();
        for finding in report.csv("findings") {
            let id = &finding["finding_id"];
            let (records, _) = traced(&matter.run(&["trace", out, id, "--json", "--reveal"]).with_code(0));
            let places: BTreeSet<Place> = records.iter().map(place).collect();
            assert_eq!(places, listed(&report, id), "{out} {id}");
            for record in &records {
                let text = record["text"].as_str().expect("a text");
                assert!(text.contains("Grüße") || text.contains("recipient_id"), "{record}");
                files.insert(place(record).0);
            }
        }
        assert_eq!(files.len(), at_least, "{files:?}");
    }
}

#[test]
fn whatever_is_no_longer_as_it_was_is_told() {
    let matter = small_matter();
    matter.run(&["report", "in", "-o", "out"]).with_code(3);
    let report = matter.report("out");
    let finding = report.csv("findings")[0]["finding_id"].clone();
    let burst = report.csv("bursts")[0]["burst_id"].clone();
    let log = fs::read(matter.path("in/log.csv")).expect("the log");
    let trace = |id: &str, options: &[&str]| matter.run(&[&["trace", "out", id, "--limit", "1"], options].concat());

    // One byte in a record that stands in evidence.csv.
    let mut flipped = log.clone();
    let at = flipped.windows(7).position(|part| part == b"Angebot").expect("a text");
    flipped[at] = b'Z';
    matter.write("in/log.csv", &flipped);
    let ended = trace(&finding, &[]).with_code(1);
    assert!(
        ended.stdout.contains("DIFFERS: SHA-256") && ended.stdout.contains("59 as in the report, 1 not"),
        "{ended}"
    );
    assert!(ended.stdout.contains("in/log.csv is no longer that of the report"), "{ended}");
    // What would have to be found again cannot be.
    let ended = trace(&burst, &[]).with_code(1);
    assert!(ended.stdout.contains("the sources are not what they were"), "{ended}");

    // Moved and renamed, the bytes are known all the same.
    fs::remove_file(matter.path("in/log.csv")).unwrap();
    let ended = trace(&finding, &[]).with_code(3);
    assert!(ended.stdout.contains("in/log.csv is not there"), "{ended}");
    trace("m07", &[]).with_code(3);
    for name in ["in/bild.csv", "in/chat.txt", "in/leer.csv"] {
        matter.write(std::path::Path::new("away").join(name), fs::read(matter.path(name)).unwrap());
    }
    matter.write("away/sent/other name.csv", &log);
    trace(&finding, &["--inputs", "away"]).with_code(0);
    trace(&burst, &["--inputs", "away"]).with_code(0);
    trace("m07", &["--inputs", "away", "--json"]).with_code(0);
    fs::rename(matter.path("in/case.toml"), matter.path("moved.toml")).unwrap();
    let ended = trace(&burst, &["--inputs", "away"]).with_code(3);
    assert!(ended.stderr.contains("--case"), "{ended}");
    trace(&burst, &["--inputs", "away", "--case", "moved.toml"]).with_code(0);

    // The report itself.
    let near = format!("{}0", &finding[..11]);
    let near = if near == finding { format!("{}1", &finding[..11]) } else { near };
    let ended = trace(&near, &["--inputs", "away", "--case", "moved.toml"]).with_code(2);
    assert!(ended.stderr.contains(&format!("near it: `{finding}`")), "{ended}");
    let evidence = report.text("csv/evidence.csv");
    matter.write("out/csv/evidence.csv", evidence.replacen("m00", "mOO", 1));
    let ended = trace(&finding, &["--inputs", "away"]).with_code(1);
    assert!(ended.stdout.contains("csv/evidence.csv is not the file that manifest.json lists"), "{ended}");
    matter.write("out/manifest.json", "{");
    let ended = trace(&finding, &[]).with_code(2);
    assert!(ended.stderr.contains("out/manifest.json, line 1, column"), "{ended}");
}

#[test]
fn what_trace_says_shows_shapes_and_no_contents() {
    let matter = small_matter();
    matter.run(&["report", "in", "-o", "out"]).with_code(3);
    let report = matter.report("out");
    let finding = report.csv("findings")[0]["finding_id"].clone();
    let ended = matter.run(&["trace", "out", &finding, "--limit", "2"]).with_code(0);
    for private in ["Angebot", "1713920"] {
        assert!(!ended.stdout.contains(private), "{private} in\n{ended}");
    }
    insta::assert_snapshot!(ended.stdout);
    let run = report.csv("runs")[0]["run_id"].clone();
    let ended = matter.run(&["trace", "out", &run, "--limit", "1", "--lang", "de", "--reveal"]).with_code(0);
    insta::assert_snapshot!("what_trace_says_in_german_and_clear", ended.stdout);
}
