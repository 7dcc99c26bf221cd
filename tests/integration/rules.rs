//! Every rule of every pack on cases that a lawyer can read (`tests/data/rules/*.toml`): hit, miss and boundary, and the
//! traps of the law. A case becomes exports as text, which go through ingest, detection and assessment.
//! How the exports are written stands here; what must be found stands in the cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::DateTime;
use sendeschluss::assess::{Assessment, Calendar, Finding, Grounds, Pack, Severity, Wording, assess};
use sendeschluss::case::Case;
use sendeschluss::detect::{Settings as Detection, detect};
use sendeschluss::ingest::{Ingested, Input, NoProgress, Settings, ingest};
use serde::Deserialize;

use crate::harness::project;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The rule that its cases are about, where they do not say another.
    #[serde(default)]
    rule: String,
    /// Facts that hold in every case, as in a case file; a case's own take the place of those of the same name.
    #[serde(default)]
    facts: toml::Table,
    #[serde(rename = "case")]
    cases: Vec<RuleCase>,
}

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleCase {
    title: String,
    kind: Kind,
    #[serde(default)]
    rule: String,
    /// Number of the trap it is about.
    #[serde(default)]
    trap: Option<u32>,
    #[serde(default)]
    facts: toml::Table,
    sends: Vec<Sends>,
    #[serde(default)]
    consents: Vec<Said>,
    /// Rules whose findings must be just those of `finds`, beside the rule itself; `all`, or the id of a pack.
    #[serde(default)]
    looks_at: Vec<String>,
    finds: Vec<Found>,
    /// Words that stand nowhere in the findings or in the rules behind them.
    #[serde(default)]
    never: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Hit,
    Miss,
    Boundary,
}

/// A row of sends: one message to each of some people, one after another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sends {
    /// Our number.
    from: String,
    /// People by country and number: `DE 1-51`.
    to: String,
    /// Local time of the first in the matter's zone, or an instant.
    at: String,
    /// Time from one to the next.
    #[serde(default)]
    every: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    channel: String,
    /// Written by the people to us.
    #[serde(default)]
    inbound: bool,
    /// How often the message had been forwarded before.
    #[serde(default)]
    forwarded: Option<u8>,
}

/// A row of the register of consents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    who: String,
    /// `opt-in` or `opt-out`.
    said: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    channel: String,
    /// What of wording, source and proof the register does not hold.
    #[serde(default)]
    lacks: Vec<String>,
    /// When the sign-up was confirmed.
    #[serde(default)]
    confirmed: String,
}

/// A finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    #[serde(default)]
    rule: String,
    messages: u64,
    #[serde(default)]
    recipients: Option<u64>,
    #[serde(default)]
    runs: Option<u64>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    first: Option<String>,
    #[serde(default)]
    last: Option<String>,
    /// `client Muster GmbH`.
    #[serde(default)]
    exposed: Vec<String>,
    /// Words of the clauses cited.
    #[serde(default)]
    basis: Vec<String>,
    /// Words that stand in no clause cited.
    #[serde(default)]
    basis_without: Vec<String>,
    /// `500-3000 EUR violation`, all of them where any is given.
    #[serde(default)]
    amounts: Option<Vec<String>>,
    /// Words that stand in what was measured, in the counter-evidence or in the limits.
    #[serde(default)]
    says: Vec<String>,
    /// Messages on the boundary day by zone: `Europe/Berlin 3`.
    #[serde(default)]
    day: Vec<String>,
}

fn files() -> Vec<(String, File)> {
    let mut paths: Vec<_> = std::fs::read_dir(project("tests/data/rules"))
        .expect("the folder")
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        let file = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, file)
    };
    paths.into_iter().map(read).collect()
}

/// What all cases share.
struct Program {
    detection: Detection,
    packs: Vec<Pack>,
    wording: Wording,
}

impl Program {
    fn load() -> Self {
        let detection = Detection::load().expect("the data of the build");
        let packs = Pack::load_all(&detection.detectors, &[]).expect("the data of the build");
        Self { detection, packs, wording: Wording::load().expect("the data of the build") }
    }

    fn rule(&self, finding: &Finding) -> &str {
        &self.packs[finding.pack].rules[finding.rule].id
    }
}

/// The number of a person: of each country a stretch that nobody has, as far as there is one.
fn number(country: &str, person: u64) -> String {
    let first = match country {
        "DE" => "+4915112340000",
        "AT" => "+436641230000",
        "CH" => "+41791230000",
        "GB" => "+447700900000",
        "US" => "+12125550000",
        "CA" => "+14165550000",
        "BR" => "+5511961230000",
        "FR" => "+33639980000",
        "IN" => "+919812340000",
        other => panic!("no numbers of {other}"),
    };
    let digits: u64 = first[1..].parse().expect("digits");
    format!("+{}", digits + person)
}

fn people(text: &str) -> Vec<String> {
    let (country, range) = text.split_once(' ').unwrap_or_else(|| panic!("`{text}` is not like `DE 1-51`"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last): (u64, u64) = (first.parse().expect("a number"), last.parse().expect("a number"));
    (first..=last).map(|person| number(country, person)).collect()
}

/// `10s`, `2min`, `1h`, `250ms` in milliseconds.
fn length(text: &str) -> i64 {
    if text.is_empty() {
        return 0;
    }
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).expect("a unit");
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => panic!("`{other}` is no unit of time"),
    };
    text[..digits].parse::<i64>().expect("a number") * unit
}

/// A local time of the matter, or an instant, as UTC milliseconds.
fn instant(text: &str, zone: &str) -> i64 {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return at.as_millisecond();
    }
    let local: DateTime = text.replace(' ', "T").parse().unwrap_or_else(|error| panic!("`{text}` is no time: {error}"));
    local.in_tz(zone).expect("a zone").timestamp().as_millisecond()
}

fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).expect("a time").to_string()
}

/// The exports of a case: a table of sends, a register, and what only a JSON export can say.
fn exports(case: &RuleCase, zone: &str) -> Vec<(&'static str, String)> {
    let mut table = "Sent at,Sender,Recipient,Direction,Status,Channel,Category,Template,Message\n".to_owned();
    let mut json = String::new();
    let mut rows: Vec<(i64, String)> = Vec::new();
    for send in &case.sends {
        let mut at = instant(&send.at, zone);
        for person in people(&send.to) {
            let (from, to) = if send.inbound { (&person, &send.from) } else { (&send.from, &person) };
            let direction = if send.inbound { "inbound" } else { "outbound" };
            let channel = if send.channel.is_empty() { "whatsapp" } else { &send.channel };
            match send.forwarded {
                None => rows.push((
                    at,
                    format!(
                        "{},{from},{to},{direction},{},{channel},{},{},\"{}\"\n",
                        rfc3339(at),
                        send.status,
                        send.category,
                        send.template,
                        send.text
                    ),
                )),
                Some(score) => {
                    let line = serde_json::json!({
                        "sentAt": rfc3339(at), "from": from, "to": to, "text": send.text, "forwardingScore": score,
                    });
                    let _ = writeln!(json, "{line}");
                }
            }
            at += length(&send.every);
        }
    }
    rows.sort();
    rows.iter().for_each(|(_, row)| table += row);
    let mut register = "Phone,Event,Timestamp,Channel,Consent text,Source,Proof,Double opt-in at\n".to_owned();
    for said in &case.consents {
        let has =
            |field: &str, value: &'static str| if said.lacks.iter().any(|lack| lack == field) { "" } else { value };
        let at = |text: &str| if text.is_empty() { String::new() } else { rfc3339(instant(text, zone)) };
        for person in people(&said.who) {
            let _ = writeln!(
                register,
                "{person},{},{},\"{}\",{},{},{},{}",
                said.said,
                at(&said.at),
                said.channel,
                has("wording", "version 3"),
                has("source", "form"),
                has("proof", "document 17"),
                at(&said.confirmed)
            );
        }
    }
    let mut exports = Vec::new();
    if !rows.is_empty() {
        exports.push(("sends.csv", table));
    }
    if !json.is_empty() {
        exports.push(("forwards.jsonl", json));
    }
    if !case.consents.is_empty() {
        exports.push(("register.csv", register));
    }
    exports
}

/// A format of a user, for the only thing that tables do not say.
const FORWARDS: &str = r#"
name = "forwards"
title = "forwards"
source = "these tests"
confidence = "C"
kind = "json"
[recognise]
keys = ["forwardingScore", "sentAt"]
[[record]]
[record.fields]
sent_at = "sentAt"
sender = "from"
recipient = "to"
text = "text"
forward_score = "forwardingScore"
[record.constants]
platform = "whatsapp"
direction = "outbound"
addresses = "international"
"#;

/// Facts of the file and of the case as a case file.
fn case_of(file: &File, case: &RuleCase) -> Case {
    let mut facts = file.facts.clone();
    facts.extend(case.facts.clone());
    let matter = facts.entry("matter").or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(matter) = matter {
        for (key, value) in [("timezone", "Europe/Berlin"), ("country", "DE"), ("region", "EEA")] {
            matter.entry(key).or_insert_with(|| toml::Value::String(value.to_owned()));
        }
        // A word in quotes without anything in it says that nobody knows.
        matter.retain(|_, value| value.as_str() != Some(""));
    }
    let text = toml::to_string(&facts).expect("TOML");
    Case::parse(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", case.title))
}

struct Outcome {
    ingested: Ingested,
    assessment: Assessment,
}

fn assessed(program: &Program, file: &File, rule_case: &RuleCase) -> Outcome {
    let case = case_of(file, rule_case);
    let zone = case.matter.timezone.clone().expect("a zone");
    let folder = tempfile::tempdir().expect("a folder");
    let format = folder.path().join("forwards.toml");
    std::fs::write(&format, FORWARDS).expect("a file");
    let input = |(name, text): (&str, String)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        Input { name: name.to_owned(), path, named: true, member: None }
    };
    let inputs: Vec<Input> = exports(rule_case, &zone).into_iter().map(input).collect();
    let settings =
        Settings { timezone: None, date_order: None, max_unpacked: 1 << 30, threads: 2, formats: vec![format] };
    let ingested = ingest(&inputs, &[], &case, &settings, &NoProgress).expect("settings that are right");
    for input in &ingested.inputs {
        assert_eq!(input.rejected, 0, "{}: {:#?}", rule_case.title, ingested.rejects);
        let format = match input.name.as_str() {
            "sends.csv" => "delimited",
            "forwards.jsonl" => "forwards",
            _ => "consent-register",
        };
        assert_eq!(input.format, format, "{}: {:#?}", rule_case.title, input);
    }
    let activity = detect(&ingested.messages, &program.detection);
    let calendar = Calendar::named(&zone).expect("a zone");
    let assessment = assess(Grounds {
        messages: &ingested.messages,
        consents: &ingested.consents,
        activity: &activity,
        detectors: &program.detection.detectors,
        run_gap_ms: program.detection.run.milliseconds,
        case: &case,
        packs: &program.packs,
        wording: &program.wording,
        calendar: &calendar,
        as_of: None,
    });
    Outcome { ingested, assessment }
}

/// Where a finding is not what the case says.
fn differences(program: &Program, outcome: &Outcome, found: &Finding, wanted: &Found, zone: &str) -> Vec<String> {
    let mut told = Vec::new();
    let mut check = |what: &str, got: String, wanted: Option<String>| {
        if let Some(wanted) = wanted
            && got != wanted
        {
            told.push(format!("{what}: {got}, not {wanted}"));
        }
    };
    let rule = &program.packs[found.pack].rules[found.rule];
    let messages = &outcome.ingested.messages;
    check("rule", rule.id.clone(), Some(wanted.rule.clone()));
    check("messages", found.rows.len().to_string(), Some(wanted.messages.to_string()));
    check("recipients", found.recipients.to_string(), wanted.recipients.map(|count| count.to_string()));
    check("runs", found.runs.to_string(), wanted.runs.map(|count| count.to_string()));
    check("severity", found.severity.as_str().to_owned(), wanted.severity.map(|severity| severity.as_str().to_owned()));
    check("level", found.level.unwrap_or("").to_owned(), wanted.level.clone());
    check("account", messages.accounts[found.account as usize].id.clone(), wanted.account.clone());
    check("first", rfc3339(found.first_sent), wanted.first.as_ref().map(|at| rfc3339(instant(at, zone))));
    check("last", rfc3339(found.last_sent), wanted.last.as_ref().map(|at| rfc3339(instant(at, zone))));
    if !wanted.exposed.is_empty() {
        let exposed: Vec<String> =
            found.exposed.iter().map(|(party, name)| format!("{} {name}", party.as_str())).collect();
        check("exposed", format!("{exposed:?}"), Some(format!("{:?}", wanted.exposed)));
    }
    if let Some(amounts) = &wanted.amounts {
        let got: Vec<String> = found
            .amounts
            .iter()
            .map(|amount| format!("{}-{} {} {}", amount.min, amount.max, amount.currency, amount.per.as_str()))
            .collect();
        check("amounts", format!("{got:?}"), Some(format!("{amounts:?}")));
    }
    if !wanted.day.is_empty() {
        let readings = found.boundary_day.iter().flat_map(|day| &day.readings);
        let got: Vec<String> = readings.map(|(zone, count)| format!("{zone} {count}")).collect();
        check("boundary day", format!("{got:?}"), Some(format!("{:?}", wanted.day)));
    }
    let basis: Vec<&str> = found.basis.iter().map(|clause| clause.text.en.as_str()).collect();
    let basis = basis.join("; ");
    for words in &wanted.basis {
        if !basis.contains(words) {
            told.push(format!("`{words}` does not stand in its basis: {basis}"));
        }
    }
    for words in &wanted.basis_without {
        if basis.contains(words) {
            told.push(format!("`{words}` stands in its basis: {basis}"));
        }
    }
    let words = [&found.measured, &found.counter_evidence, &found.limits];
    let words: Vec<&str> = words.into_iter().flatten().map(|title| title.en.as_str()).collect();
    for wanted in &wanted.says {
        if !words.iter().any(|text| text.contains(wanted)) {
            told.push(format!("nothing says `{wanted}`: {words:#?}"));
        }
    }
    told
}

/// Where the findings of a case are not what it says.
fn told(program: &Program, file: &File, case: &RuleCase) -> Vec<String> {
    let outcome = assessed(program, file, case);
    let zone = case_of(file, case).matter.timezone.expect("a zone");
    let own = rule_of(file, case);
    let looked_at = |finding: &&Finding| {
        let (rule, pack) = (program.rule(finding), program.packs[finding.pack].id.as_str());
        rule == own || case.looks_at.iter().any(|name| name == "all" || name == rule || name == pack)
    };
    let mut found: Vec<&Finding> = outcome.assessment.findings.iter().filter(looked_at).collect();
    found.sort_by_key(|finding| (finding.pack, finding.rule, finding.first_sent, finding.account, finding.level));
    let mut told = Vec::new();
    if found.len() != case.finds.len() {
        let words = |finding: &&Finding| {
            let account = &outcome.ingested.messages.accounts[finding.account as usize].id;
            let (rule, level) = (program.rule(finding), finding.level.unwrap_or(""));
            let (count, at) = (finding.rows.len(), rfc3339(finding.first_sent));
            format!("{rule} {level} of {account}: {count} messages from {at} {:?}", finding.severity)
        };
        let all: Vec<String> = found.iter().map(words).collect();
        told.push(format!("{} findings, not {}: {all:#?}", found.len(), case.finds.len()));
    }
    for (found, wanted) in found.iter().zip(&case.finds) {
        let rule = if wanted.rule.is_empty() { own.clone() } else { wanted.rule.clone() };
        let told_of = differences(program, &outcome, found, &Found { rule, ..wanted.clone() }, &zone);
        told.extend(told_of.into_iter().map(|what| format!("{}: {what}", program.rule(found))));
    }
    let everything = format!("{:?}", outcome.assessment.findings);
    let behind: BTreeSet<(usize, usize)> =
        outcome.assessment.findings.iter().map(|finding| (finding.pack, finding.rule)).collect();
    let rules =
        behind.iter().map(|(pack, rule)| format!("{:?}", program.packs[*pack].rules[*rule])).collect::<String>();
    for words in &case.never {
        if everything.contains(words.as_str()) || rules.contains(words.as_str()) {
            told.push(format!("`{words}` stands in it"));
        }
    }
    told
}

fn rule_of(file: &File, case: &RuleCase) -> String {
    if case.rule.is_empty() { file.rule.clone() } else { case.rule.clone() }
}

#[test]
fn every_case_of_every_rule_finds_what_it_says() {
    let program = Program::load();
    let mut wrong = String::new();
    for (name, file) in files() {
        for case in &file.cases {
            for what in told(&program, &file, case) {
                let _ = writeln!(wrong, "{name}, \"{}\": {what}", case.title);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_of_every_pack_has_a_hit_a_miss_and_a_boundary() {
    let program = Program::load();
    let mut cases: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    let mut traps = BTreeSet::new();
    for (_, file) in files() {
        for case in &file.cases {
            cases.entry(rule_of(&file, case)).or_default().push(case.kind);
            traps.extend(case.trap);
        }
    }
    let rules: BTreeSet<String> =
        program.packs.iter().flat_map(|pack| &pack.rules).map(|rule| rule.id.clone()).collect();
    let mut lacking = Vec::new();
    for rule in &rules {
        let kinds = cases.remove(rule).unwrap_or_default();
        for kind in [Kind::Hit, Kind::Miss, Kind::Boundary] {
            if !kinds.contains(&kind) {
                lacking.push(format!("{rule} has no {kind:?}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
    let unknown: Vec<&String> = cases.keys().collect();
    assert!(unknown.is_empty(), "cases of rules that stand in no pack: {unknown:?}");
    assert_eq!(traps, (1..=8).collect(), "each of the eight traps has a case");
}
