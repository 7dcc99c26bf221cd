//! The golden matter (`data/matters/golden-2019-2026`): every rule is met at least once, every line of its `findings.csv` is
//! expected with a reason (`tests/data/golden_findings.toml`), and every figure of a finding can be followed to a rule's
//! figure with its source, to the case file, or to records.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use sendeschluss::assess::Pack;
use sendeschluss::assess::pack::Rule;
use sendeschluss::detect::Settings as Detection;
use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Matter, Report, Row, millis, number, project};

const MATTER: &str = "data/matters/golden-2019-2026";

/// The report over the golden matter, made once.
fn report() -> &'static (Matter, Report) {
    static REPORT: OnceLock<(Matter, Report)> = OnceLock::new();
    REPORT.get_or_init(|| {
        let matter = Matter::new();
        let folder = project(MATTER);
        let out = matter.path("report");
        let arguments: Vec<PathBuf> = [
            "report".into(),
            folder.clone(),
            "-o".into(),
            out,
            "--case".into(),
            folder.join("case.toml"),
            "--as-of".into(),
            "2026-11-23".into(),
            "--evidence".into(),
            "all".into(),
            "--write".into(),
            "csv,json".into(),
            "--reveal".into(),
            "--quiet".into(),
        ]
        .to_vec();
        matter.run(&arguments).with_code(0);
        let report = matter.report("report");
        (matter, report)
    })
}

fn packs() -> Vec<Pack> {
    let detection = Detection::load().expect("the data of the build");
    Pack::load_all(&detection.detectors, &[]).expect("the data of the build")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(rename = "finding")]
    findings: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    rule: String,
    subject: String,
    first: String,
    last: String,
    messages: u64,
    severity: String,
    /// Why it must be found, in a sentence.
    why: String,
}

#[test]
fn every_line_of_the_findings_is_expected_with_its_reason() {
    let (_, report) = report();
    report.assert_every_record_is_accounted_for();
    assert!(report.csv("rejects").is_empty(), "{:#?}", report.csv("rejects"));
    let text = std::fs::read_to_string(project("tests/data/golden_findings.toml")).expect("the expectation");
    let expected: Expected = toml::from_str(&text).expect("TOML");
    let key = |line: &Line| {
        let Line { rule, subject, first, last, messages, severity, .. } = line;
        format!("{rule} {subject} {} {} {messages} {severity}", millis(first), millis(last))
    };
    let lines: BTreeSet<String> = expected.findings.iter().map(key).collect();
    assert_eq!(lines.len(), expected.findings.len(), "a line stands there twice");
    for line in &expected.findings {
        assert!(line.why.split_whitespace().count() >= 5, "{}: `{}` is no reason", key(line), line.why);
    }
    let found: BTreeSet<String> = report
        .csv("findings")
        .iter()
        .map(|row| {
            let of = |column: &str| row[column].as_str();
            format!(
                "{} {} {} {} {} {}",
                of("rule"),
                of("subject"),
                millis(of("first_sent")),
                millis(of("last_sent")),
                of("messages"),
                of("severity")
            )
        })
        .collect();
    let missing: Vec<&String> = lines.difference(&found).collect();
    let surplus: Vec<&String> = found.difference(&lines).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "not found: {missing:#?}\nnot expected: {surplus:#?}");
    assert_eq!(report.csv("findings").len(), lines.len());
}

#[test]
fn every_rule_of_every_pack_is_met() {
    let (_, report) = report();
    let met: BTreeSet<String> = report.csv("findings").iter().map(|row| row["rule"].clone()).collect();
    let rules: BTreeSet<String> = packs().iter().flat_map(|pack| &pack.rules).map(|rule| rule.id.clone()).collect();
    let missing: Vec<&String> = rules.difference(&met).collect();
    assert!(missing.is_empty(), "rules that nothing meets: {missing:?}");
}

#[test]
fn mass_sends_stand_side_by_side_before_and_after_7_december_2019() {
    let (_, report) = report();
    let table = report.csv("before_after");
    let all = &table[0];
    assert_eq!((all["account"].as_str(), all["route"].as_str()), ("all", "all"));
    let rented = table.iter().find(|row| row["account"] == "+49301000201").expect("the provider's number");
    // Before: 110, 260 and the 60 until midnight of 6 December; on the day 60; after it 60.
    assert_eq!(
        [
            "before_messages",
            "before_recipients",
            "day_messages",
            "day_recipients",
            "after_messages",
            "after_recipients"
        ]
        .map(|column| number(&rented[column])),
        [430, 260, 60, 60, 60, 60]
    );
    for period in ["before", "day", "after"] {
        let column = format!("{period}_messages");
        let sum: u64 = table[1..].iter().map(|row| number(&row[&column])).sum();
        assert_eq!(number(&all[&column]), sum, "messages of the accounts are those of all");
    }
    let json = report.json("findings.json");
    assert_eq!(json["before_after"].as_array().map(Vec::len), Some(table.len()));
    assert_eq!(json["before_after"][0]["before"]["messages"], number(&all["before_messages"]));
}

/// The numbers that stand in a text, without what groups their digits.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut current = String::new();
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let next_is_digit = letters.get(at + 1).is_some_and(char::is_ascii_digit);
        match letter {
            digit if digit.is_ascii_digit() => current.push(*digit),
            // A comma groups; a point is that of a fraction.
            ',' if !current.is_empty() && next_is_digit => {}
            '.' if !current.is_empty() && next_is_digit => current.push('.'),
            _ => {
                if !current.is_empty() {
                    found.insert(std::mem::take(&mut current));
                }
            }
        }
    }
    if !current.is_empty() {
        found.insert(current);
    }
    found
}

fn texts<'v>(finding: &'v Value, key: &str) -> Vec<&'v str> {
    finding[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Keys of `docs/sources.md`, as lines like `| S12, S13 | …` give them.
fn known_sources() -> BTreeSet<String> {
    let text = std::fs::read_to_string(project("docs/sources.md")).expect("the sources");
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells.flat_map(|cell| cell.split(", ")).filter(|key| key.starts_with('S')).map(str::to_owned).collect()
}

/// Whether a source is a key of `docs/sources.md`, or says openly that it is none.
fn is_source(source: &str, known: &BTreeSet<String>) -> bool {
    let words = source.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let keys: Vec<&str> = words
        .filter(|word| word.starts_with('S') && word.chars().nth(1).is_some_and(|letter| letter.is_ascii_digit()))
        .collect();
    let open = ["own choice", "own assumption", "from memory"].iter().any(|words| source.contains(words));
    keys.iter().all(|key| known.contains(*key)) && (open || !keys.is_empty())
}

#[test]
fn every_figure_of_every_rule_has_a_mark_and_a_source() {
    let known = known_sources();
    assert!(known.len() > 50, "{known:?}");
    let mut wrong = Vec::new();
    for pack in packs() {
        for rule in &pack.rules {
            let figures = rule.figures.iter().map(|figure| figure.source.as_str());
            let amounts = rule.amounts.iter().map(|amount| amount.source.as_str());
            let periods = rule.limitations.iter().map(|period| period.source.as_str());
            let bases = rule.basis.iter().flat_map(|name| pack.basis(name)).map(|version| version.source.as_str());
            for source in figures.chain(amounts).chain(periods).chain(bases) {
                if !is_source(source, &known) {
                    wrong.push(format!("{}: `{source}`", rule.id));
                }
            }
            if rule.sources.is_empty() || !rule.sources.iter().all(|source| is_source(source, &known)) {
                wrong.push(format!("{}: {:?}", rule.id, rule.sources));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Numbers that records of a finding give: counts of its lines of evidence, its campaigns, bursts and runs, and what the
/// register says of its people.
fn of_records(finding: &Value, evidence: &[Row], tables: &Tables) -> BTreeSet<String> {
    let mut counts: BTreeSet<u64> = BTreeSet::from([evidence.len() as u64]);
    let people: BTreeSet<&str> = evidence.iter().map(|row| row["recipient"].as_str()).collect();
    counts.insert(people.len() as u64);
    let mut by: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in evidence {
        for column in ["status", "route"] {
            *by.entry((column, row[column].as_str())).or_default() += 1;
        }
    }
    counts.extend(by.values());
    let ids = |key: &str| -> BTreeSet<String> { texts(finding, key).into_iter().map(str::to_owned).collect() };
    let (campaigns, bursts) = (ids("campaigns"), ids("bursts"));
    let mut fractions = BTreeSet::new();
    for row in tables.campaigns.iter().filter(|row| campaigns.contains(&row["campaign_id"])) {
        counts.extend([
            number(&row["replies"]),
            row["accounts"].split([' ', ';']).filter(|id| !id.is_empty()).count() as u64,
        ]);
    }
    counts.extend(tables.bursts.iter().filter(|row| bursts.contains(&row["burst_id"])).map(|row| number(&row["peak"])));
    for row in tables.runs.iter().filter(|row| campaigns.contains(&row["campaign_id"])) {
        fractions.insert(row["median_gap_ms"].trim_end_matches(".0").to_owned());
        if let Ok(cv) = row["gap_cv"].parse::<f64>() {
            fractions.insert(format!("{cv:.3}"));
        }
    }
    // What the register said last of each person when the message went out.
    let mut opted_in = 0;
    let mut confirmed = 0;
    let mut missing: BTreeMap<&str, u64> = BTreeMap::new();
    for row in evidence {
        let mut said: Vec<&Row> = tables
            .consents
            .iter()
            .filter(|consent| consent["recipient"] == row["recipient"] && consent["at"] <= row["sent_at"])
            .collect();
        said.sort_by(|one, other| one["at"].cmp(&other["at"]));
        let Some(last) = said.last().filter(|last| last["kind"] == "opt_in") else { continue };
        opted_in += 1;
        confirmed += u64::from(last["confirmed"] == "yes");
        last["missing"].split(' ').for_each(|field| *missing.entry(field).or_default() += 1);
    }
    counts.extend([opted_in, confirmed]);
    counts.extend(missing.values());
    counts.iter().map(u64::to_string).chain(fractions).collect()
}

struct Tables {
    campaigns: Vec<Row>,
    bursts: Vec<Row>,
    runs: Vec<Row>,
    consents: Vec<Row>,
}

#[test]
fn every_figure_of_every_finding_leads_to_a_rule_the_case_or_records() {
    let (_, report) = report();
    let packs = packs();
    let json = report.json("findings.json");
    let all_evidence = report.csv("evidence");
    let tables = Tables {
        campaigns: report.csv("campaigns"),
        bursts: report.csv("bursts"),
        runs: report.csv("runs"),
        consents: report.csv("consents"),
    };
    let case = std::fs::read_to_string(project(MATTER).join("case.toml")).expect("the case file");
    let detectors = std::fs::read_to_string(project("data/detectors.toml")).expect("the detectors");
    let of_settings: BTreeSet<String> = numbers(&detectors).into_iter().chain(numbers(&case)).collect();
    let mut wrong = Vec::new();
    for finding in json["findings"].as_array().expect("findings") {
        let text = |key: &str| finding[key].as_str().expect("a text");
        let id = text("finding_id");
        let mut tell = |what: String| wrong.push(format!("{} of {} ({id}): {what}", text("rule"), text("subject")));
        let (pack, rule): (&Pack, &Rule) =
            packs.iter().find_map(|pack| Some((pack, pack.rule(text("rule"))?))).expect("a rule of a pack");
        // Messages are records: each line of evidence has its place and its hash.
        let evidence: Vec<Row> = all_evidence.iter().filter(|row| row["finding_id"] == id).cloned().collect();
        if evidence.len() as u64 != finding["messages"].as_u64().expect("a count") {
            tell(format!("{} messages and {} lines of evidence", finding["messages"], evidence.len()));
        }
        if evidence.iter().any(|row| row["file"].is_empty() || row["record_sha256"].len() != 64) {
            tell("a line of evidence without its record".to_owned());
        }
        let people: BTreeSet<&str> = evidence.iter().map(|row| row["recipient"].as_str()).collect();
        if people.len() as u64 != finding["recipients"].as_u64().expect("a count") {
            tell(format!("{} recipients, {} in the evidence", finding["recipients"], people.len()));
        }
        let times: BTreeSet<&str> = evidence.iter().map(|row| row["sent_at"].as_str()).collect();
        if times.first() != Some(&text("first_sent")) || times.last() != Some(&text("last_sent")) {
            tell("first or last send is that of no record".to_owned());
        }
        // Amounts, clauses, periods and figures are those of the rule, with their sources.
        for amount in finding["amounts"].as_array().expect("amounts") {
            let known = rule.amounts.iter().find(|known| {
                known.text.en == amount["text"] && known.min == amount["min"] && known.max == amount["max"]
            });
            if known.is_none_or(|known| amount["source"] != known.source.as_str() || known.source.is_empty()) {
                tell(format!("amount {amount} is none of the rule's"));
            }
        }
        for clause in finding["basis"].as_array().expect("clauses") {
            let versions = rule.basis.iter().flat_map(|name| pack.basis(name));
            let known = versions
                .into_iter()
                .any(|version| version.text.en == clause["text"] && clause["source"] == version.source.as_str());
            let announced = rule.announcement.as_ref().is_some_and(|announced| announced.en == clause["text"]);
            if !known && !announced {
                tell(format!("clause {clause} is none of the rule's"));
            }
        }
        for period in finding["limitation"].as_array().expect("periods") {
            let words = period["text"].as_str().expect("words");
            let known = rule
                .limitations
                .iter()
                .any(|known| words.starts_with(known.text.en.as_str()) && period["source"] == known.source.as_str());
            if !known {
                tell(format!("period {period} is none of the rule's"));
            }
        }
        for figure in finding["figures"].as_array().expect("figures") {
            if figure["source"].as_str().is_none_or(str::is_empty) || figure["mark"].as_str().is_none_or(str::is_empty)
            {
                tell(format!("figure {figure} has no mark or source"));
            }
        }
        // Every number in words.
        let own = toml::to_string(rule).expect("TOML");
        let allowed: BTreeSet<String> = numbers(&own)
            .into_iter()
            .chain(of_records(finding, &evidence, &tables))
            .chain(of_settings.clone())
            .collect();
        for key in ["measured", "counter_evidence", "limits"] {
            for words in texts(finding, key) {
                for number in numbers(words).difference(&allowed) {
                    tell(format!("{number} in \"{words}\" leads nowhere"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
