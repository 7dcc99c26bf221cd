//! `explain`: the rule with its figures, the window with what stands beside it, and how near other thresholds came, in
//! words and as JSON; and what it still says when the sources are gone.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::harness::{Ended, Matter};
use crate::terminal::small_matter;

fn told(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// What is said, without the words of rules: these change with the rules.
fn without_rules(ended: &Ended) -> String {
    let (mut kept, mut in_rules) = (String::new(), false);
    for line in ended.stdout.lines() {
        in_rules = line.starts_with(' ') && (in_rules || line.starts_with("  - R"));
        if !in_rules {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

/// 60 messages in a minute, a pause of an hour, and 45 more with another text; one answer in between.
fn near_misses() -> Matter {
    let matter = Matter::new();
    let mut log = "id;sent_at;from;to;text;direction\n".to_owned();
    let mut send = |id: String, at: String, to: u32, text: &str| {
        writeln!(log, "{id};{at};+493023125000;+491713920{to:03};{text};outbound").expect("writing memory");
    };
    for n in 0..60 {
        send(
            format!("a{n:02}"),
            format!("2020-02-03T10:00:{n:02}Z"),
            n,
            "Unser großes Angebot der Woche für alle Leser",
        );
    }
    for n in 0..45 {
        let text = "Heute Abend beginnt der neue Kurs im Gemeindehaus";
        send(format!("b{n:02}"), format!("2020-02-03T11:00:{n:02}Z"), n, text);
    }
    send("c0".to_owned(), "2020-02-03T12:00:30Z".to_owned(), 7, "Gern, das richten wir ein");
    log += "in;2020-02-03T12:00:00Z;+491713920007;+493023125000;Bitte einen Platz;inbound\n";
    matter.write("log.csv", log);
    matter.run(&["report", "log.csv", "-o", "out", "--lang", "en", "--write", "csv"]).with_code(0);
    matter
}

#[test]
fn distances_to_thresholds_are_those_of_the_log() {
    let matter = near_misses();
    let explain = |id: &str| told(&matter.run(&["explain", "out", id, "--json"]).with_code(0));
    let report = matter.report("out");
    let burst = &report.csv("bursts")[0];
    let window = explain(&burst["burst_id"]);
    let after = &window["burst"]["after"];
    assert_eq!((&after["message_id"], &after["apart_ms"]), (&Value::from("b00"), &Value::from(3_541_000)));
    assert_eq!((&after["count"], &window["burst"]["before"]), (&Value::from(1), &Value::Null));
    let of_detector = |told: &Value, name: &str| {
        let near = told.as_array().expect("detectors").iter().find(|near| near["detector"] == name);
        let near = near.expect("the detector").clone();
        ["highest", "threshold", "missing"].map(|member| near[member].as_u64().expect("a number"))
    };
    assert_eq!(of_detector(&window["detectors"], "over-50-messages-in-1min"), [60, 51, 0]);
    assert_eq!(of_detector(&window["detectors"], "100-messages-in-15s"), [15, 100, 85]);
    assert_eq!(of_detector(&window["detectors"], "over-256-recipients-of-one-content-in-10min"), [60, 257, 197]);
    let nearest = &window["contents"][0];
    assert_eq!((&nearest["recipients"], &nearest["why"]), (&Value::from(45), &Value::from("too few")));

    let message = &explain("b44")["messages"][0];
    assert_eq!(of_detector(&message["detectors"], "over-50-messages-in-1min"), [45, 51, 6]);
    assert_eq!((&message["content"]["recipients"], &message["initiated"]), (&Value::from(45), &Value::from(true)));
    assert!(message["last_inbound"].is_null() && message["campaign"] == "" && message["findings"][0].is_null());
    let reply = &explain("c0")["messages"][0];
    assert_eq!(
        (&reply["initiated"], &reply["last_inbound"]),
        (&Value::from(false), &Value::from("2020-02-03T12:00:00.000Z"))
    );
    let campaign = explain(&report.csv("campaigns")[0]["campaign_id"]);
    assert_eq!(
        (&campaign["campaign"]["threshold"], &campaign["campaign"]["mark"]),
        (&Value::from(51), &Value::from("law"))
    );
    assert!(!campaign["campaign"]["template"].as_str().expect("a text").contains("Angebot"), "only its shape");

    let said = |id: &str| without_rules(&matter.run(&["explain", "out", id]).with_code(0));
    insta::assert_snapshot!("explain_a_burst", said(&burst["burst_id"]));
    insta::assert_snapshot!("explain_a_message", said("b44"));
    let run = &report.csv("runs")[0]["run_id"];
    let german = matter.run(&["explain", "out", run, "--lang", "de", "--reveal"]).with_code(0);
    insta::assert_snapshot!("explain_a_run_in_german", without_rules(&german));
}

#[test]
fn a_finding_is_told_with_its_rule_and_without_its_sources_as_the_report_has_it() {
    let matter = small_matter();
    matter.run(&["report", "in", "-o", "out"]).with_code(3);
    let finding = matter.report("out").csv("findings")[0]["finding_id"].clone();
    let whole = matter.run(&["explain", "out", &finding]).with_code(0);
    let headings: Vec<&str> = whole.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    insta::assert_snapshot!("explain_a_finding", headings.join("\n"));
    let rule = [
        "[published]",
        "Severity critical",
        "60 messages to 60 recipients in 1 run",
        "R16 Advertising after an opt-out: trigger not met",
    ];
    for said in rule {
        assert!(whole.stdout.contains(said), "{said} in\n{whole}");
    }
    let german = told(&matter.run(&["explain", "out", &finding, "--lang", "de", "--json"]).with_code(0));
    assert!(german["finding"]["title"].as_str().expect("a title").starts_with("Massenversand"));

    fs::rename(matter.path("in"), matter.path("away")).unwrap();
    let ended = matter.run(&["explain", "out", &finding]).with_code(3);
    for said in ["What the rule says", "Figures of the rule", "windows and near misses cannot be shown", "is not there"]
    {
        assert!(ended.stdout.contains(said), "{said} in\n{ended}");
    }
    let same = told(&matter.run(&["explain", "out", &finding, "--inputs", "away", "--json"]).with_code(0));
    assert_eq!((&same["computed"], &same["same"]), (&Value::from(true), &Value::from(true)));
    matter.run(&["explain", "out", "F-0000000000", "--inputs", "away"]).with_code(2);
}
