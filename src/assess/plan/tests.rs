//! Tests of planning: each standing, the boundary day from both sides, what counts as graver, and where a habit can move.
//! Logs are made up and go through reading and detection; the rules are made up too, so that no pack can move a test.

use std::io::Write;

use super::*;
use crate::assess::{Calendar, Wording};
use crate::case::Case;
use crate::detect::{Settings, detect};
use crate::ingest::{self, Input, NoProgress, ingest};

const PACK: &str = r#"id = "test"
title = { de = "Probe", en = "Test" }
version = "1"
platforms = ["whatsapp", "unknown"]
[[basis]]
id = "clause"
[[basis.version]]
to = "2019-12-31"
text = { de = "alte Fassung", en = "old text" }
mark = "own"
source = "x"
[[basis.version]]
from = "2020-01-01"
text = { de = "neue Fassung", en = "new text" }
mark = "unconfirmed"
source = "x"
"#;

/// A rule on mass sends with some days and a severity.
fn rule(id: &str, severity: &str, more: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\ntitle = {{ de = \"{id}\", en = \"{id}\" }}\nexplanation = {{ de = \"x\", en = \"x\" }}\n\
        exposed = [\"client\"]\nbasis = [\"clause\"]\nseverity = \"{severity}\"\n{more}\n\
        trigger = {{ kind = \"bulk\", recipients = 51, bursts = [] }}\nsources = [\"x\"]\n"
    )
}

/// A mass send to `count` people, one a second from an instant on.
fn mass(at: &str, count: i64) -> String {
    let start: jiff::Timestamp = at.parse().expect("an instant");
    let row = |person: i64| {
        let at = start + jiff::SignedDuration::from_secs(person);
        format!("{at},+493023125000,+49171392{person:04},Unser Angebot der Woche für alle,outbound\n")
    };
    (0..count).map(row).collect()
}

fn planned(log: &str, case: &str, rules: &[String], from: &str) -> Plan {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.csv");
    let mut file = std::fs::File::create(&path).expect("a file");
    write!(file, "sent_at,sender,recipient,text,direction\n{log}").expect("a log");
    let case = Case::parse(case).expect("a case");
    let settings =
        ingest::Settings { timezone: None, date_order: None, max_unpacked: 1 << 30, threads: 1, formats: Vec::new() };
    let input = Input { name: "log.csv".to_owned(), path, named: true, member: None };
    let read = ingest(&[input], &[], &case, &settings, &NoProgress).expect("a reading");
    let detection = Settings::load().expect("the data of the build");
    let activity = detect(&read.messages, &detection);
    let pack = format!("{PACK}{}", rules.concat());
    let packs = [Pack::parse(&pack, &detection.detectors).expect("a pack")];
    let grounds = Grounds {
        messages: &read.messages,
        consents: &read.consents,
        activity: &activity,
        detectors: &detection.detectors,
        run_gap_ms: detection.run.milliseconds,
        case: &case,
        packs: &packs,
        wording: &Wording::load().expect("the data of the build"),
        calendar: &Calendar::named("Europe/Berlin").expect("a zone"),
        as_of: None,
    };
    plan(grounds, from.parse().expect("a day"))
}

fn counts(plan: &Plan) -> [u64; 4] {
    [Standing::Newly, Standing::Already, Standing::NoLonger, Standing::Lawful]
        .map(|standing| plan.by_standing.get(&standing).map_or(0, |reach| reach.messages))
}

#[test]
fn a_message_stands_in_one_of_four_ways() {
    assert_eq!(Standing::of(false, true), Standing::Newly);
    assert_eq!(Standing::of(true, true), Standing::Already);
    assert_eq!(Standing::of(true, false), Standing::NoLonger);
    assert_eq!(Standing::of(false, false), Standing::Lawful);
}

#[test]
fn a_rule_of_tomorrow_makes_the_habit_unlawful_from_its_day_on_and_not_a_day_before() {
    let log = mass("2019-12-02T10:00:00Z", 60);
    let rules = [rule("A", "critical", "from = \"2020-01-01\"\nboundary_day = \"2020-01-01\"")];
    let before = planned(&log, "", &rules, "2019-12-31");
    assert_eq!((counts(&before), before.rules.len()), ([0, 0, 0, 60], 0), "a miss: the rule does not hold yet");
    assert_eq!(before.evidence, []);
    let on = planned(&log, "", &rules, "2020-01-01");
    assert_eq!(counts(&on), [60, 0, 0, 0]);
    assert!(on.rules[0].is_boundary && on.facts.iter().any(|fact| fact.key == "boundary_day"));
    assert_eq!(on.rules[0].stake, Reach { messages: 60, runs: 1, recipients: 60 });
    assert_eq!(on.rules[0].basis[0].0.en, "new text", "the clause is that of the day asked for");
    let after = planned(&log, "", &rules, "2020-01-02");
    assert!(counts(&after) == [60, 0, 0, 0] && !after.rules[0].is_boundary);
    let few = planned(&mass("2019-12-02T10:00:00Z", 50), "", &rules, "2020-01-02");
    assert_eq!((counts(&few), few.rules.len()), ([0, 0, 0, 50], 0), "a miss: the trigger is not met");
}

#[test]
fn the_day_of_each_message_is_that_of_the_calendar() {
    // 30 of the 60 fall on 31 December in Berlin, 30 on 1 January, although all are of December in UTC.
    let log = mass("2019-12-31T22:59:30Z", 60);
    let rules = [rule("A", "critical", "from = \"2020-01-01\"")];
    let plan = planned(&log, "", &rules, "2020-06-01");
    assert_eq!(counts(&plan), [30, 30, 0, 0]);
    assert_eq!((plan.rules[0].newly.messages, plan.rules[0].already.messages), (30, 30));
    assert_eq!(plan.rules[0].stake, Reach { messages: 60, runs: 1, recipients: 60 });
    let plan = planned(&log, "", &rules, "2020-01-01");
    assert!(plan.facts.iter().any(|fact| fact.key == "sent_after"), "half was sent on the day asked for");
}

#[test]
fn what_was_unlawful_before_is_told_and_what_gets_graver_too() {
    let log = mass("2019-12-02T10:00:00Z", 60);
    let rules = [rule("OLD", "medium", "to = \"2019-12-31\""), rule("NEW", "critical", "from = \"2020-01-01\"")];
    let plan = planned(&log, "", &rules, "2020-01-01");
    assert_eq!((counts(&plan), plan.graver.messages), ([0, 60, 0, 0], 60));
    let told: Vec<(usize, u64, u64)> =
        plan.rules.iter().map(|rule| (rule.rule, rule.newly.messages, rule.no_longer.messages)).collect();
    assert_eq!(told, [(1, 60, 0), (0, 0, 60)], "by rule: the new one holds, the old one no longer does");
    let ended = planned(&log, "", &rules[..1], "2020-01-01");
    assert_eq!((counts(&ended), ended.accounts[0].stake.messages), ([0, 0, 60, 0], 0));
    assert_eq!(ended.accounts[0].moves, [], "nothing is at stake, so nothing has to move");
    let info = planned(&log, "", &[rule("I", "info", "")], "2020-01-01");
    assert_eq!((counts(&info), info.rules.len()), ([0, 0, 0, 60], 1), "for information only");
}

fn to(plan: &Plan, to: Destination) -> (Verdict, Vec<&'static str>) {
    let found = plan.accounts[0].moves.iter().find(|one| one.to == to).expect("the way");
    (found.verdict, found.reasons.iter().map(|reason| reason.key).collect())
}

#[test]
fn ways_to_go_on_are_measured() {
    let rules = [rule("A", "critical", "from = \"2020-01-01\"\nroutes = [\"unknown\", \"business_app\"]")];
    let replies: String = (0..20)
        .map(|person| format!("2019-12-03T10:00:{person:02}Z,+49171392{person:04},+493023125000,START,inbound\n"))
        .collect();
    let log = mass("2019-12-02T10:00:00Z", 60) + &replies;
    let plan = planned(&log, "", &rules, "2020-01-01");
    assert_eq!(plan.rules[0].opt_ins, OptIns { recipients: 60, opted_in: 20, provable: 20, opted_out: 0 });
    assert_eq!(to(&plan, Destination::BusinessApi), (Verdict::Partly, vec!["api_opt_ins"]));
    assert_eq!(to(&plan, Destination::ServiceWindow), (Verdict::Partly, vec!["window_replies", "window_wrote_in"]));
    assert_eq!(
        to(&plan, Destination::BusinessAppLists),
        (Verdict::Partly, vec!["lists_size", "lists_bulk", "lists_saved"])
    );
    assert_eq!(to(&plan, Destination::Email).0, Verdict::NotKnown, "no opt-in says for which channels it is");
    let lacking: Vec<(&WantedWhat, u64)> =
        plan.evidence.iter().map(|wanted| (&wanted.what, wanted.recipients)).collect();
    assert_eq!(lacking, [(&WantedWhat::Lacking("prove_route"), 60)]);
    // Before the replies came there was no opt-in; without inbound messages nothing can be told of windows.
    let early = planned(&log, "", &[rule("A", "critical", "from = \"2019-12-01\"")], "2019-12-02");
    assert_eq!(early.rules[0].opt_ins.opted_in, 0);
    let silent = planned(&mass("2019-12-02T10:00:00Z", 300), "", &rules, "2020-01-01");
    assert_eq!(to(&silent, Destination::ServiceWindow), (Verdict::NotKnown, vec!["window_no_inbound"]));
    assert_eq!(to(&silent, Destination::BusinessApi), (Verdict::NotKnown, vec!["api_no_register"]));
    assert_eq!(to(&silent, Destination::BusinessAppLists).0, Verdict::Closed, "300 do not fit a list of 256");
}

#[test]
fn while_the_official_interface_forbids_advertising_it_is_no_way_out() {
    let closed = rule("C", "high", "to = \"2021-06-28\"")
        .replace("bulk\", recipients = 51, bursts = []", "promotional_api_message\"");
    let rules = [rule("A", "critical", "from = \"2020-01-01\"\nroutes = [\"unknown\"]"), closed];
    let log = mass("2019-12-02T10:00:00Z", 60);
    let plan = planned(&log, "", &rules, "2021-06-28");
    assert_eq!(to(&plan, Destination::BusinessApi).0, Verdict::Closed);
    assert!(to(&plan, Destination::BusinessApi).1.contains(&"api_no_advertising"));
    let plan = planned(&log, "", &rules, "2021-06-29");
    assert!(!to(&plan, Destination::BusinessApi).1.contains(&"api_no_advertising"));
}

#[test]
fn an_undertaking_is_told_from_its_day_on() {
    let case = "[[account]]\nid = \"+493023125000\"\nclient = \"Muster GmbH\"\n\
        [[undertaking]]\nclient = \"Muster GmbH\"\ndate = \"2020-02-01\"\n";
    let log = mass("2019-12-02T10:00:00Z", 60);
    let told = |from: &str| {
        let plan = planned(&log, case, &[rule("A", "low", "")], from);
        plan.accounts[0].facts.iter().any(|fact| fact.key == "undertaking_in_force")
    };
    assert!(!told("2020-02-01") && told("2020-02-02"));
    // It covers everybody, so no way is open to advertising; one that covers ten leaves the others.
    let rules = [rule("A", "low", "")];
    let all = planned(&log, case, &rules, "2020-02-02");
    assert!(all.accounts[0].moves.iter().all(|one| one.verdict == Verdict::Closed && one.reasons[0].key == "barred"));
    let ten: Vec<String> = (0..10).map(|person| format!("\"+49 171 392 {person:04}\"")).collect();
    let some = planned(&log, &format!("{case}recipients = [{}]\n", ten.join(", ")), &rules, "2020-02-02");
    let barred = &some.accounts[0].moves[0].reasons[0];
    assert_eq!(barred, &Fact::of("barred", &[("barred", 10), ("recipients", 60)]));
    assert!(some.accounts[0].moves.iter().all(|one| one.verdict != Verdict::Open));
    let before = planned(&log, case, &rules, "2020-02-01");
    assert!(before.accounts[0].moves.iter().all(|one| one.reasons[0].key != "barred"));
}
