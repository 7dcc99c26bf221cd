//! The same inputs and settings give the same bytes, whatever the threads, the order of files, or the number of runs.
//! Two reports can be compared only where nothing but their inputs and settings makes them differ (DESIGN 7).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use crate::harness::{Matter, number, project};

pub type Files = BTreeMap<String, Vec<u8>>;

/// Tells which files differ, rather than printing megabytes.
#[track_caller]
pub fn assert_same(one: &Files, other: &Files, what: &str) {
    let names: Vec<&String> = one.keys().collect();
    assert_eq!(names, other.keys().collect::<Vec<_>>(), "{what}: other files");
    let differing: Vec<&&String> = names.iter().filter(|name| one.get(**name) != other.get(**name)).collect();
    assert!(differing.is_empty(), "{what}: {differing:?} differ");
}

#[test]
fn a_report_does_not_depend_on_threads_order_or_repetition() {
    let matter = Matter::new();
    let mut names = Vec::new();
    for entry in fs::read_dir(project("data/samples")).expect("the samples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
        matter.write(format!("in/{name}"), fs::read(&path).expect("a sample"));
        if name != "case.toml" && !name.ends_with(".md") {
            names.push(format!("in/{name}"));
        }
    }
    names.sort();
    // One message more than once, so that folding over files has something to decide.
    let text = fs::read_to_string(matter.path("in/newsletter-2019.csv")).expect("the newsletter");
    let half: String = text.lines().take(4000).flat_map(|line| [line, "\n"]).collect();
    matter.write("in/half.csv", half);
    names.push("in/half.csv".to_owned());
    let report = |threads: &str, inputs: &[String]| {
        let mut arguments =
            vec!["report", "-o", "out", "--with-messages", "--case", "in/case.toml", "--threads", threads];
        arguments.extend(inputs.iter().map(String::as_str));
        let ended = matter.run(&arguments).with_code(0);
        (matter.report("out").files(), ended.stdout)
    };
    let (first, said) = report("2", &names);
    assert!(first.contains_key("csv/bursts.csv") && first.contains_key("findings.json"));
    let backwards: Vec<String> = names.iter().rev().cloned().collect();
    for (threads, inputs, what) in [
        ("1", &names, "one thread"),
        ("8", &names, "eight threads"),
        ("2", &backwards, "another order"),
        ("2", &names, "once more"),
    ] {
        let (files, words) = report(threads, inputs);
        assert_same(&first, &files, what);
        assert_eq!(said, words, "{what}");
    }
}

/// About 40 MB of a table with bodies over many lines and, here and there, a quote that is never closed.
fn large_table() -> String {
    let mut text = String::from("message id,sent at,from,to,status,body\n");
    let mut state = 7_u64;
    for row in 0_u64.. {
        // A linear congruence is enough of a die here, and the same everywhere.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let die = state >> 40;
        let (hour, minute, second) = (row / 3600 % 24, row / 60 % 60, row % 60);
        let day = 1 + row / 86_400;
        let to = 4_915_200_000_000 + die % 20_000;
        write!(text, "M{row},2024-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z,+4915123456780,+{to},sent,").unwrap();
        match die % 5000 {
            0 => text.push_str("\"nie geschlossen"),
            1 => text.push_str("Rohr 5\" lang"),
            _ => {
                let body = "Zeile mit \"\"Zitat\"\", und Komma\n".repeat(die as usize % 9);
                write!(text, "\"Ausgabe {}\n{body}\"", die % 3).unwrap();
            }
        }
        text.push('\n');
        if text.len() > 40 << 20 {
            break;
        }
    }
    text
}

#[test]
fn a_file_of_many_blocks_with_stray_quotes_gives_the_same_for_one_thread_and_two() {
    let matter = Matter::new();
    matter.write("large.csv", large_table());
    let report = |threads: &str| {
        let arguments =
            ["report", "large.csv", "-o", "out", "--write", "csv", "--evidence", "100", "--threads", threads];
        matter.run(&arguments).with_code(0);
        matter.report("out").files()
    };
    let one = report("1");
    assert_same(&one, &report("2"), "two threads");
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    // The quotes are there, and cost their own lines only.
    let rejected = number(&report.input("large.csv")["rejected"]);
    assert!(rejected > 10 && number(&report.input("large.csv")["read"]) > 100_000, "{rejected} rejected");
    assert!(report.csv("rejects").iter().all(|reject| reject["reason"].contains("quote")));
    assert!(!report.csv("bursts").is_empty());
}

/// A log in which every measure has something to say: two accounts in lockstep, quiet days, numbered ids with holes,
/// people who write back, many messages of one instant.
fn busy_log() -> (&'static str, Vec<String>) {
    let mut rows = Vec::new();
    let start = crate::harness::millis("2025-10-05T08:00:00Z");
    for index in 0_i64..2400 {
        let number = if index % 90 > 85 { continue } else { index };
        let day = index / 200 * if index >= 2200 { 9 } else { 1 };
        let at = start + day * 86_400_000 + index % 200 * 200 / 3000 * 3000;
        let time = jiff::Timestamp::from_millisecond(at).expect("a time");
        let (own, other) = (format!("+4930555000{}", index % 3), format!("+49151777{:05}", index * 7 % 600));
        let inbound = index % 37 == 0;
        let (from, to, way) = if inbound { (&other, &own, "inbound") } else { (&own, &other, "outbound") };
        // Equal texts are equal to the letter: which of several spellings is the sample depends on the order of records.
        rows.push(format!(
            "M{number},{time:.3},{from},{to},{way},Angebot {}\n",
            ["eins", "zwei"][(index / 400 % 2) as usize]
        ));
    }
    ("message id,sent at,from,to,direction,body\n", rows)
}

#[test]
fn every_measure_is_the_same_for_any_threads_and_any_order_of_records() {
    let matter = Matter::new();
    let (header, mut rows) = busy_log();
    let report = |rows: &[String], threads: &str| {
        matter.write("log.csv", header.to_owned() + &rows.concat());
        let arguments = ["report", "log.csv", "-o", "out", "--write", "csv,json", "--threads", threads, "--reveal"];
        matter.run(&arguments).with_code(0);
        matter.report("out").files()
    };
    let first = report(&rows, "2");
    for name in
        ["account_clusters", "bursts", "campaigns", "intensity", "limit_checks", "runs", "source_checks", "speed"]
    {
        let lines = first[&format!("csv/{name}.csv")].iter().filter(|byte| **byte == b'\n').count();
        assert!(lines > 1, "{name}.csv has nothing to compare");
    }
    assert_same(&first, &report(&rows, "1"), "one thread");
    assert_same(&first, &report(&rows, "8"), "eight threads");
    // Whatever names records and files by place must differ; what was found must not.
    let found = |files: Files| -> Files {
        let places =
            ["inputs", "rejects", "evidence", "source_checks", "consents"].map(|name| format!("csv/{name}.csv"));
        files.into_iter().filter(|(name, _)| name.starts_with("csv/") && !places.contains(name)).collect()
    };
    let mut die = 7_u64;
    for index in (1..rows.len()).rev() {
        die = die.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(index, (die >> 33) as usize % (index + 1));
    }
    assert_same(&found(first), &found(report(&rows, "2")), "records in another order");
}
