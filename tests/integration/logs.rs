//! The log: lines for people or JSON for programs, silent unless asked or unless something is wrong, and never with a text,
//! a number or a key of the matter in it.
//! What commands print as their result is tested in `terminal`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::cron::{newsletter, settings};
use crate::harness::{Ended, Matter, project};

/// Words of the log itself: its keys, and names of formats.
const OWN: [&str; 2] = ["timestamp", "whatsapp"];

/// Every run of seven or more digits, and every word of eight or more letters, in the files of a folder of exports.
fn contents(folder: &std::path::Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut numbers, mut words) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(folder).expect("the samples") {
        let path = entry.expect("an entry").path();
        // The case file is no export: the program is told of its files, which its names repeat.
        if path.is_dir() || path.extension().is_some_and(|ending| ending == "toml" || ending == "md") {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 7);
        numbers.extend(digits.map(str::to_owned));
        let long = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= 8);
        words.extend(long.map(str::to_owned));
    }
    (numbers, words)
}

fn json_lines(ended: &Ended) -> Vec<Value> {
    ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

#[test]
fn no_text_and_no_number_of_the_samples_reaches_the_log() {
    let samples = project("data/samples");
    let (numbers, words) = contents(&samples);
    let entries = fs::read_dir(&samples).expect("the samples");
    let names: String = entries.map(|entry| entry.expect("an entry").path().display().to_string()).collect();
    assert!(numbers.len() > 400 && words.len() > 20, "the samples have contents to look for");
    for format in ["text", "json"] {
        let matter = Matter::new();
        let samples = samples.to_str().expect("a path");
        let arguments = ["report", samples, "-o", "out", "-v", "--log-format", format, "--write", "csv"];
        let report = matter.run(&arguments).with_code(0);
        matter.write("sendeschluss.toml", settings("settle = \"0s\""));
        let night = matter.run(&["run", "--watch", samples, "-v", "--log-format", format]).with_code(0);
        for ended in [report, night] {
            let log = &ended.stderr;
            assert!(log.lines().count() > 6, "stages and files are told\n{log}");
            let key = fs::read(matter.path("matter.key")).unwrap_or_default();
            let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(key.is_empty() || !log.contains(&key));
            for number in &numbers {
                assert!(!log.contains(number.as_str()), "{number} in\n{log}");
            }
            // Words of file names and of our own stand in texts of the samples too.
            let named = |word: &str| names.contains(word) || OWN.contains(&word);
            let told: Vec<&String> = words.iter().filter(|word| log.contains(*word) && !named(word)).collect();
            assert!(told.is_empty(), "{told:?} in\n{log}");
        }
    }
}

#[test]
fn json_lines_have_time_level_and_counts() {
    let matter = Matter::new();
    matter.write("in/log.csv", newsletter("2020-02-03", 60));
    let ended = matter.run(&["report", "in", "-o", "out", "-v", "--log-format", "json"]).with_code(0);
    let lines = json_lines(&ended);
    for line in &lines {
        line["timestamp"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339");
        assert_eq!(line["level"], "INFO", "{line}");
    }
    let read = lines.iter().find(|line| line["message"] == "read").expect("the file is told");
    assert_eq!((&read["file"], &read["records"], &read["read"]), (&"in/log.csv".into(), &60.into(), &60.into()));
    let stages: Vec<&str> = lines.iter().filter_map(|line| line["stage"].as_str()).collect();
    assert_eq!(stages, ["ingest", "detect", "assess", "report"]);
}

#[test]
fn errors_are_events_too_and_quiet_is_quiet() {
    let matter = Matter::new();
    matter.write("in/log.csv", newsletter("2020-02-03", 60));
    matter.write("taken/letter.txt", "x");
    let ended = matter.run(&["report", "in", "-o", "taken", "-q", "--log-format", "json"]).with_code(4);
    let lines = json_lines(&ended);
    assert!(lines.len() == 1 && lines[0]["level"] == "ERROR", "{ended}");
    assert!(lines[0]["message"].as_str().is_some_and(|message| message.contains("no report")), "{ended}");
    let ended = matter.run(&["report", "in", "-o", "taken", "-q"]).with_code(4);
    assert!(ended.stderr.starts_with("sendeschluss: the report cannot be written"), "{ended}");
    let ended = matter.run(&["report", "in", "-o", "out", "-q", "--log-format", "json"]).with_code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    let ended = matter.run(&["report", "in", "-o", "out"]).with_code(0);
    assert_eq!(ended.stderr, "", "stages are told when they are asked for");
}
