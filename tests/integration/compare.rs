//! `compare`: what is new, gone and changed between two reports, and why, down to the input or setting.

use std::fs;

use serde_json::Value;

use crate::harness::{Ended, Matter};
use crate::terminal::small_matter;

fn told(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// The small matter with a report, and the same with a picture less, so that all of it is read.
fn matter() -> Matter {
    let matter = small_matter();
    fs::remove_file(matter.path("in/bild.csv")).unwrap();
    matter.run(&["report", "in", "-o", "old", "--lang", "en"]).with_code(0);
    matter
}

fn causes(told: &Value) -> Vec<&str> {
    told["causes"].as_array().expect("causes").iter().map(|cause| cause["cause"].as_str().expect("a word")).collect()
}

/// (new, gone, changed, same) rows of a table.
fn counts(told: &Value, table: &str) -> [u64; 4] {
    let found = told["tables"].as_array().expect("tables").iter().find(|change| change["table"] == table);
    let found = found.expect("the table");
    let length = |member: &str| found[member].as_array().expect("rows").len() as u64;
    [length("new"), length("gone"), length("changed"), found["same"].as_u64().expect("a count")]
}

#[test]
fn a_second_run_is_the_same_and_every_difference_has_its_cause() {
    let matter = matter();
    let report = |options: &[&str]| {
        matter.run(&[&["report", "in", "-o", "new", "--lang", "en"], options].concat()).with_code(0);
    };
    let compare = |code: i32| told(&matter.run(&["compare", "old", "new", "--json"]).with_code(code));
    report(&[]);
    let same = compare(0);
    assert!(causes(&same).is_empty());
    assert_eq!(counts(&same, "findings"), [0, 0, 0, 3]);

    // A campaign more, in a file more.
    let log = fs::read_to_string(matter.path("in/log.csv")).unwrap();
    let more = log.replace("2020-02-03T10", "2020-03-03T10").replace("Angebot der Woche", "Einladung zum Sommerfest");
    matter.write("in/more.csv", more.replace("\nm", "\nn").replace("x1;", "y1;").replace("x2;", "y2;"));
    report(&[]);
    let grown = compare(1);
    assert_eq!(causes(&grown), ["input_added"]);
    assert_eq!((counts(&grown, "campaigns"), counts(&grown, "findings")), ([1, 0, 0, 1], [1, 0, 3, 0]));
    assert_eq!(grown["tables"][0]["new"][0]["rule"], "R16", "to one who had written STOP in February");
    let changed = &grown["tables"][0]["changed"][0]["columns"];
    let column = |name: &str| changed.as_array().unwrap().iter().find(|one| one["column"] == name).cloned();
    let messages = column("messages").expect("the count differs");
    assert_eq!((&messages["old"], &messages["new"]), (&Value::from("60"), &Value::from("120")));

    // One byte, a name, a period, a detector.
    fs::remove_file(matter.path("in/more.csv")).unwrap();
    matter.write("in/log.csv", log.replacen("Woche", "Wache", 1));
    fs::rename(matter.path("in/chat.txt"), matter.path("in/chat zwei.txt")).unwrap();
    matter.write("own.toml", "[campaign]\nrecipients = 61\nmark = \"own\"\nsource = \"test\"\n");
    report(&["--until", "2020-02-04", "--detectors", "own.toml"]);
    let ended = matter.run(&["compare", "old", "new", "--new-findings", "new.csv"]).with_code(1);
    insta::assert_snapshot!(
        "compare_says",
        ended.stdout.replace(concat!("sendeschluss ", env!("CARGO_PKG_VERSION")), "sendeschluss")
    );
    let other = compare(1);
    for cause in ["input_changed", "input_renamed", "setting", "detector"] {
        assert!(causes(&other).contains(&cause), "{cause} in {other:#}");
    }
    assert_eq!(counts(&other, "campaigns"), [0, 1, 0, 0]);
    let written = fs::read_to_string(matter.path("new.csv")).unwrap();
    assert!(written.starts_with("change,changed_columns,finding_id,rule,"), "{written}");
}

#[test]
fn reports_in_two_languages_and_of_less_kinds_are_compared_by_what_they_share() {
    let matter = matter();
    matter.run(&["report", "in", "-o", "new", "--lang", "de", "--write", "json"]).with_code(0);
    let ended = matter.run(&["compare", "old", "new", "--lang", "de"]).with_code(1);
    assert!(ended.stdout.contains("Einstellung lang"), "{ended}");
    assert!(ended.stdout.contains("Läufe: nicht verglichen"), "{ended}");
    let error = matter.run(&["compare", "old", "in"]).with_code(2);
    assert!(error.stderr.contains("in is no report folder"), "{error}");
}
