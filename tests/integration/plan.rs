//! `sendeschluss plan` on the sample matter: what changes on 7 December 2019 and on a later day, that the figures are those
//! of the report, that the same inputs give the same bytes, and that no person stands in it.

use serde_json::Value;

use crate::harness::{Matter, number, project};

fn planned(matter: &Matter, more: &[&str]) -> Value {
    let samples = project("data/samples").to_string_lossy().into_owned();
    let arguments = [&["plan", &samples, "--json", "-q"], more].concat();
    serde_json::from_str(&matter.run(&arguments).with_code(0).stdout).expect("JSON")
}

fn rule<'p>(plan: &'p Value, id: &str) -> &'p Value {
    plan["rules"].as_array().expect("rules").iter().find(|rule| rule["id"] == id).unwrap_or(&Value::Null)
}

fn standing(plan: &Value, name: &str) -> u64 {
    let rows = plan["by_standing"].as_array().expect("standings");
    rows.iter().find(|row| row["standing"] == name).and_then(|row| row["messages"].as_u64()).expect("a count")
}

/// How far a way is open to the newsletter's number, and the keys of the reasons.
fn way(plan: &Value, to: &str) -> (String, Vec<String>) {
    let account = plan["accounts"].as_array().expect("accounts").iter().find(|row| row["account"] == "+4915228817386");
    let moves = account.expect("the newsletter")["moves"].as_array().expect("moves");
    let found = moves.iter().find(|one| one["to"] == to).expect("the way");
    let reasons = found["reasons"].as_array().expect("reasons").iter().map(|reason| reason["key"].as_str().unwrap());
    (found["verdict"].as_str().unwrap().to_owned(), reasons.map(str::to_owned).collect())
}

#[test]
fn the_seventh_of_december_changes_the_rule_and_not_whether_there_is_one() {
    let matter = Matter::new();
    let plan = planned(&matter, &["--from", "2019-12-07"]);
    // The figures of the report: R01 after the day, R02 before it.
    let samples = project("data/samples");
    matter.run(&["report".as_ref(), samples.as_os_str(), "-o".as_ref(), "out".as_ref()]).with_code(0);
    let findings = matter.report("out").csv("findings");
    let of = |id: &str| findings.iter().find(|row| row["rule"] == id).expect("the finding");
    let count = |rule: &Value, part: &str, what: &str| rule[part][what].as_u64().expect("a count");
    let (r01, r02) = (rule(&plan, "R01"), rule(&plan, "R02"));
    for what in ["messages", "runs", "recipients"] {
        assert_eq!(count(r01, "already", what), number(&of("R01")[what]), "{what}");
        assert_eq!(count(r01, "newly", what), number(&of("R02")[what]), "{what}");
        assert_eq!(r02["no_longer"][what], r01["newly"][what], "{what}");
    }
    assert_eq!((count(r01, "newly", "messages"), count(r01, "already", "messages")), (7424, 2063));
    assert_eq!((&r01["is_boundary"], &r01["holds"], &r02["holds"]), (&true.into(), &true.into(), &false.into()));
    assert!(r01["basis"][0]["text"].as_str().unwrap().contains("24.04.2018"), "the clause of the day: {r01:#}");
    // The day is not the beginning of the prohibition: all of it met some rule before.
    assert_eq!(["newly", "already", "no_longer", "lawful"].map(|name| standing(&plan, name)), [0, 9491, 0, 163]);
    assert_eq!(plan["graver"]["messages"], 3942);
    let (api, reasons) = way(&plan, "business_api");
    assert!(api == "closed" && reasons.contains(&"api_no_advertising".to_owned()), "{api} {reasons:?}");
    assert_eq!(way(&plan, "business_app_lists").0, "closed");
    assert_eq!(way(&plan, "service_window").0, "partly");
    // The help desk answers within 24 hours: nothing of it is at stake, nothing has to move.
    let desk = plan["accounts"].as_array().unwrap().iter().find(|row| row["account"] == "+4915228895456").unwrap();
    assert!(desk["stake"]["messages"] == 0 && desk["moves"].as_array().unwrap().is_empty(), "{desk:#}");
}

#[test]
fn asked_in_november_the_habit_is_what_was_sent_by_then() {
    let matter = Matter::new();
    let plan = planned(&matter, &["--from", "2019-12-07", "--until", "2019-12-06"]);
    let r01 = rule(&plan, "R01");
    assert_eq!((&r01["newly"]["messages"], &r01["already"]["messages"]), (&7424.into(), &0.into()));
    assert!(plan["facts"].as_array().unwrap().iter().all(|fact| fact["key"] != "sent_after"));
    let early = planned(&matter, &["--from", "2019-12-06", "--until", "2019-12-06"]);
    assert_eq!(rule(&early, "R01"), &Value::Null, "the day before, the rule is met by nothing");
    assert_eq!(rule(&early, "R02")["already"]["messages"], 7424);
}

#[test]
fn since_july_2021_the_official_interface_is_open_to_those_who_opted_in() {
    let plan = planned(&Matter::new(), &["--from", "2021-07-01"]);
    let (api, reasons) = way(&plan, "business_api");
    assert_eq!((api.as_str(), reasons), ("partly", vec!["api_opt_ins".to_owned(), "opted_out".to_owned()]));
    let r01 = rule(&plan, "R01");
    assert_eq!(r01["is_boundary"], false);
    assert!(r01["basis"][0]["text"].as_str().unwrap().contains("04.01.2021"), "{r01:#}");
    let later = planned(&Matter::new(), &["--from", "2024-05-01"]);
    let clause = rule(&later, "R01")["basis"][0]["text"].as_str().unwrap().to_owned();
    assert!(clause.contains("Messaging Guidelines") && !clause.contains("(e)"), "{clause}");
    let recipients: Vec<u64> =
        plan["evidence"].as_array().unwrap().iter().map(|wanted| wanted["recipients"].as_u64().unwrap()).collect();
    assert!(recipients.len() > 3 && recipients.is_sorted_by(|one, next| one >= next), "{recipients:?}");
}

#[test]
fn a_plan_is_the_same_bytes_every_time_and_names_no_person() {
    let matter = Matter::new();
    let log = std::fs::read_to_string(project("data/samples/newsletter-2019.csv")).expect("a sample");
    for name in ["newsletter-2019.csv", "webhooks-2020-01.jsonl", "case.toml"] {
        matter.write(format!("in/{name}"), std::fs::read(project("data/samples").join(name)).expect("a sample"));
    }
    let (one, other) = ("in/newsletter-2019.csv", "in/webhooks-2020-01.jsonl");
    let run = |first: &str, then: &str, threads: &str, folder: &str| {
        let arguments =
            ["plan", first, then, "--case", "in/case.toml", "--from", "2019-12-07", "--threads", threads, "-o", folder];
        matter.run(&arguments).with_code(0);
        matter.report(folder).files()
    };
    let files = run(one, other, "1", "a");
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), ["manifest.json", "plan.json", "plan.md"]);
    assert_eq!(files, run(other, one, "3", "b"));
    assert_eq!(files, run(other, one, "2", "a"), "an earlier plan is replaced");
    let text = String::from_utf8(files["plan.md"].clone()).expect("UTF-8");
    assert!(text.starts_with("# Plan: der Versand nach dem Recht ab 2019-12-07\n") && text.ends_with(".\n"), "{text}");
    let persons = log.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| digits.len() > 10);
    let json = String::from_utf8(files["plan.json"].clone()).expect("UTF-8");
    for person in persons.filter(|digits| !digits.contains("15228817386")) {
        assert!(!text.contains(person) && !json.contains(person), "{person}");
    }
    // A report is never taken for a plan.
    matter.run(&["report", "in", "-o", "report"]).with_code(0);
    let ended = matter.run(&["plan", "in", "--from", "2019-12-07", "-o", "report"]).with_code(4);
    assert!(ended.stderr.contains("holds a report"), "{ended}");
    assert!(matter.path("report/findings.json").is_file());
    matter.run(&["plan", "in", "--from", "yesterday"]).with_code(2);
    matter.run(&["plan", "in"]).with_code(2);
}
