//! `sendeschluss rules`: the list, one rule in words, checks of packs with their places, and the schema; and
//! `sendeschluss case new`: a draft that reads back and tells no person.

use crate::harness::{Matter, project};

#[test]
fn rules_are_listed_and_shown_in_both_languages_and_as_json() {
    let matter = Matter::new();
    let list = matter.run(&["rules", "list"]).with_code(0).stdout;
    assert!(list.starts_with("36 rules in 8 packs.") && list.contains("\nR16 "), "{list}");
    let json = matter.run(&["rules", "list", "--json"]).with_code(0).stdout;
    let lines: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(lines.as_array().expect("a list").len(), list.lines().count() - 1);
    let shown = matter.run(&["rules", "show", "r02", "--lang", "de"]).with_code(0).stdout;
    for words in [
        "Massenversand vor dem 7. Dezember 2019",
        "Sendetage: 2018-04-24 bis 2019-12-06",
        "mindestens 51 verschiedene Empfänger",
        "eigene Annahme",
        "vom Anwalt zu bestätigen",
        "Kalifornien 4 Jahre",
        "hoch, wenn derselbe Absender auch R01 erfüllt",
    ] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
    let json = matter.run(&["rules", "show", "R29-US", "--json"]).with_code(0).stdout;
    let rule: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&rule["trigger"]["kind"], &rule["trigger"]["parameters"]["hours"][1]),
        (&"no_consent_abroad".into(), &21.into())
    );
    let ended = matter.run(&["rules", "show", "R29-UZ"]).with_code(2);
    assert!(
        ended.stderr.contains("did you mean `R29-US`?") || ended.stderr.contains("did you mean `R29-UK`?"),
        "{ended}"
    );
}

#[test]
fn a_pack_of_the_user_is_checked_with_places_and_shown() {
    let matter = Matter::new();
    let right = std::fs::read_to_string(project("data/rules/at.toml")).expect("a pack");
    matter.write("right.toml", right.replace("recipients = 50 }", "recipients = 20 }"));
    let ended = matter.run(&["rules", "check", "right.toml"]).with_code(0);
    assert_eq!(ended.stdout, "right.toml: right\n");
    let shown = matter.run(&["rules", "show", "R28", "--rules", "right.toml"]).with_code(0).stdout;
    assert!(shown.contains("more than 20 recipients in AT"), "{shown}");
    matter.write("wrong.toml", right.replacen("severity =", "severety =", 1));
    let line = right.lines().position(|line| line.starts_with("severity =")).expect("a severity") + 1;
    let ended = matter.run(&["rules", "check", "right.toml", "wrong.toml"]).with_code(2);
    assert!(ended.stdout.contains(&format!("wrong.toml:{line}:1: unknown field `severety`")), "{ended}");
    assert!(ended.stdout.contains("did you mean `severity`?") && ended.stdout.contains("right.toml: right"), "{ended}");
    matter.run(&["rules", "check", "nowhere.toml"]).with_code(2);
}

#[test]
fn the_schema_is_printed_as_it_is_published() {
    let printed = Matter::new().run(&["rules", "schema"]).with_code(0).stdout;
    let published = std::fs::read_to_string(project("data/schema/rule-pack.schema.json")).expect("the schema");
    assert_eq!(printed, published);
}

#[test]
fn a_drafted_case_file_is_read_back_names_no_person_and_overwrites_nothing() {
    let matter = Matter::new();
    for name in ["newsletter-2019.csv", "webhooks-2020-01.jsonl", "WhatsApp Chat mit Kundendienst Unterland.txt"] {
        matter.write(format!("in/{name}"), std::fs::read(project("data/samples").join(name)).expect("a sample"));
    }
    matter.run(&["case", "new", "in", "-o", "in/case.toml", "--lang", "de"]).with_code(0);
    let text = std::fs::read_to_string(matter.path("in/case.toml")).expect("the draft");
    let case = sendeschluss::case::Case::parse(&text).expect("a case file");
    let ids: Vec<&str> = case.accounts.iter().map(|account| account.id.as_str()).collect();
    assert_eq!(ids, ["+4915228817386", "+4915228895456"]);
    assert_eq!(case.matter.country.as_deref(), Some("DE"));
    assert!(text.contains("9.494 gesendet, 131 empfangen, 2019-10-01 bis 2019-12-20"), "{text}");
    assert!(text.contains("2 Konten sind zugleich Empfänger"), "{text}");
    // The sealed twin names the recipients in clear.
    matter.run(&["report", "in", "-o", "out", "--reveal", "--evidence", "all"]).with_code(0);
    let report = matter.report("out");
    for row in report.csv("evidence") {
        assert!(!text.contains(&row["recipient"]), "{} stands in the draft", row["recipient"]);
    }
    for private in ["STOP", "Miriam", "Guten Morgen"] {
        assert!(!text.contains(private), "{private}");
    }
    let ended = matter.run(&["case", "new", "in", "-o", "in/case.toml"]).with_code(4);
    assert!(ended.stderr.contains("is not overwritten"), "{ended}");
    assert_eq!(std::fs::read_to_string(matter.path("in/case.toml")).expect("the draft"), text);
    let ended = matter.run(&["case", "new", "in", "--case", "in/case.toml"]).with_code(0);
    assert!(ended.stdout.starts_with("# Case file") && ended.stderr.contains("does not repeat"), "{ended}");
}
