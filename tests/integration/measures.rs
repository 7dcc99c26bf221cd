//! The measures beside bursts and campaigns as users meet them: a user's detectors, the files of `csv/`, the case file.
//! Each kernel is held against its definition beside its code; here is that the right messages reach it.

use std::fmt::Write;
use std::process::{Command, Stdio};

use crate::harness::{Matter, Report, Row, millis, number, project};

const HEADER: &str = "message id,sent at,from,to,direction,body\n";

/// A row of a log: id, instant, account, person, whether the person wrote, text.
fn row(log: &mut String, id: &str, at: i64, account: &str, person: u32, inbound: bool, text: &str) {
    let time = jiff::Timestamp::from_millisecond(at).expect("a time");
    let other = format!("+49151777{person:05}");
    let (from, to, way) =
        if inbound { (other.as_str(), account, "inbound") } else { (account, other.as_str(), "outbound") };
    writeln!(log, "{id},{time:.3},{from},{to},{way},{text}").expect("writing memory");
}

const ONE: &str = "+49305550001";
const TWO: &str = "+49305550002";

fn reported(matter: &Matter, inputs: &[&str], options: &[&str]) -> Report {
    let fixed = ["report", "-o", "out", "--write", "csv,json", "--with-messages", "--reveal"];
    matter.run(&[&fixed[..], inputs, options].concat()).with_code(0);
    matter.report("out")
}

fn of<'a>(rows: &'a [Row], column: &str, value: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row[column] == value).collect()
}

#[test]
fn bursts_equal_plain_sql_in_duckdb() {
    // The harness's clean environment would hide the cache; this one is the tester's own.
    let command = Command::new(project("tests/oracle/run"))
        .args(["bursts.py", env!("CARGO_BIN_EXE_sendeschluss"), "24"])
        .stdin(Stdio::null())
        .output();
    let output = match command {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: the oracle cannot be run: {error}"),
    };
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() == Some(77) {
        return eprintln!("{told}");
    }
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(told.lines().filter(|line| line.ends_with("agree")).count(), 24, "{told}");
}

const CASE: &str = "[[account]]\nid = \"+49305550001\"\nclient = \"Verlag\"\nregistered = \"2025-10-01\"\n\
    [[account]]\nid = \"+49305550002\"\nclient = \"Verlag\"\n";

/// Each of two accounts writes to 30 people of its own within a minute, on a day.
fn two_accounts(day: &str) -> String {
    let start = millis(&format!("{day}T10:00:00Z"));
    let mut log = HEADER.to_owned();
    for index in 0..60 {
        let account = if index % 2 == 0 { ONE } else { TWO };
        row(
            &mut log,
            &format!("{day}-{index}"),
            start + i64::from(index) * 900,
            account,
            index,
            false,
            &format!("Text {index}"),
        );
    }
    log
}

#[test]
fn a_users_detectors_are_added_and_count_a_client_together() {
    let matter = Matter::new();
    matter.write("log.csv", two_accounts("2025-10-02"));
    matter.write("case.toml", CASE);
    let detector = |name: &str, scope: &str, threshold: u32| {
        format!(
            "[[detector]]\nname = \"{name}\"\nwindow = \"2w\"\nthreshold = {threshold}\ncounts = \"recipients\"\n\
             over = \"initiated\"\nscope = \"{scope}\"\nmark = \"unconfirmed\"\nsource = \"expert\"\n"
        )
    };
    let file =
        detector("alone", "account", 31) + &detector("client", "client", 60) + &detector("portfolio", "portfolio", 61);
    matter.write("own.toml", file);
    let report = reported(&matter, &["log.csv"], &["--case", "case.toml", "--detectors", "own.toml"]);
    let bursts = report.csv("bursts");
    assert!(of(&bursts, "detector", "alone").is_empty() && of(&bursts, "detector", "portfolio").is_empty());
    let client = of(&bursts, "detector", "client");
    assert_eq!(client.len(), 1);
    assert_eq!(
        [&client[0]["account"], &client[0]["client"], &client[0]["scope"]],
        ["+49305550001 +49305550002", "Verlag", "client"]
    );
    assert_eq!(
        [&client[0]["peak"], &client[0]["robustness"], &client[0]["depends_on"]],
        ["60", "depends on a setting", "threshold+10%"]
    );
    // First contacts of a young account: only the one whose registration the case file states.
    let young = of(&bursts, "detector", "24-first-contacts-of-a-young-account");
    assert_eq!(young.iter().map(|row| row["account"].as_str()).collect::<Vec<_>>(), [ONE]);
    assert_eq!([&young[0]["messages"], &young[0]["over"], &young[0]["robustness"]], ["30", "first_contacts", "robust"]);
    // What was read from the file is on record.
    let manifest = report.text("manifest.json");
    let hash = crate::harness::sha256(&std::fs::read(matter.path("own.toml")).expect("the file"));
    assert!(manifest.contains(&hash), "the manifest names the user's file by its hash");
    let method = report.text("findings.json");
    assert!(method.contains("\"unconfirmed\"") && method.contains("\"expert\""));
}

#[test]
fn a_wrong_file_of_detectors_is_wrong_usage() {
    let matter = Matter::new();
    matter.write("log.csv", two_accounts("2025-10-02"));
    matter.write("own.toml", "[[detector]]\nname = \"x\"\nwindow = \"1min\"\ntreshold = 1\n");
    let ended = matter.run(&["report", "log.csv", "-o", "out", "--detectors", "own.toml"]).with_code(2);
    assert!(ended.stderr.contains("own.toml") && ended.stderr.contains("did you mean `threshold`?"), "{ended}");
    matter.run(&["report", "log.csv", "-o", "out", "--detectors", "none.toml"]).with_code(2);
}

#[test]
fn limits_count_numbers_until_october_2025_and_the_portfolio_since() {
    let matter = Matter::new();
    let start = millis("2025-10-06T12:00:00Z");
    let mut log = HEADER.to_owned();
    for index in 0..300_u32 {
        let account = if index % 2 == 0 { ONE } else { TWO };
        row(&mut log, &format!("a{index}"), start + i64::from(index) * 1000, account, index, false, "Angebot");
    }
    // The day after: 10 hours later the window still holds those of the day before.
    for index in 300..360_u32 {
        row(&mut log, &format!("b{index}"), start + 50_400_000 + i64::from(index), ONE, index, false, "Angebot");
    }
    matter.write("log.csv", log);
    matter.write("case.toml", CASE);
    let checks = reported(&matter, &["log.csv"], &["--case", "case.toml"]).csv("limit_checks");
    let told: Vec<[&str; 5]> = checks
        .iter()
        .map(|row| ["scope", "subject", "tier", "passed_at", "highest"].map(|column| row[column].as_str()))
        .collect();
    let expected = [
        ["number", ONE, "250", "", "150"],
        ["number", TWO, "250", "", "150"],
        ["portfolio", "Verlag", "250", "2025-10-07T02:00:00.300Z", "360"],
        ["portfolio", "Verlag", "2000", "", "360"],
    ];
    assert_eq!(told, expected);
}

#[test]
fn speeds_rhythm_and_clusters_of_a_coordinated_campaign() {
    let matter = Matter::new();
    let start = millis("2024-05-01T10:00:00Z");
    let mut log = HEADER.to_owned();
    for index in 0..100_u32 {
        let account = if index % 2 == 0 { ONE } else { TWO };
        row(&mut log, &format!("m{index}"), start + i64::from(index) * 2000, account, index, false, "Jetzt kaufen");
    }
    // A quiet month of single messages, for the automaton to compare with.
    for day in 1..30_u32 {
        row(
            &mut log,
            &format!("q{day}"),
            start + i64::from(day) * 86_400_000,
            ONE,
            day,
            false,
            &format!("Termin {}", "x".repeat(day as usize)),
        );
    }
    matter.write("log.csv", log);
    let report = reported(&matter, &["log.csv"], &[]);
    let campaigns = report.csv("campaigns");
    assert_eq!(campaigns.len(), 1);
    let id = &campaigns[0]["campaign_id"];
    assert_eq!([&campaigns[0]["robustness"], &campaigns[0]["depends_on"]], ["robust", ""]);
    let speed = report.csv("speed");
    let steps: Vec<[&str; 2]> = of(&speed, "subject", id)
        .iter()
        .map(|row| ["recipients", "shortest_ms"].map(|column| row[column].as_str()))
        .collect();
    let expected = [
        ["1", "0"],
        ["2", "2000"],
        ["5", "8000"],
        ["10", "18000"],
        ["20", "38000"],
        ["50", "98000"],
        ["100", "198000"],
    ];
    assert_eq!(steps, expected);
    let runs = report.csv("runs");
    assert_eq!(
        [&runs[0]["median_gap_ms"], &runs[0]["gap_cv"], &runs[0]["gap_equal_share"]],
        ["2000", "0.0000", "1.0000"]
    );
    let intensity = report.csv("intensity");
    let raised = of(&intensity, "from_level", "1");
    assert_eq!([&raised[0]["account"], &raised[0]["messages"]], [ONE, "50"]);
    assert_eq!(millis(&raised[0]["end"]), start + 98 * 2000);
    let clusters = report.csv("account_clusters");
    assert_eq!(clusters.len(), 1);
    let told = ["account_a", "account_b", "link", "shared", "of_a", "of_b", "campaign_id", "run_id"];
    assert_eq!(
        told.map(|column| clusters[0][column].as_str()),
        [ONE, TWO, "lockstep", "1", "1", "1", id, &runs[0]["run_id"]]
    );
    for section in ["source_checks", "limit_checks", "speed", "intensity", "account_clusters"] {
        assert!(report.json("findings.json")[section].is_array(), "{section}");
    }
}

#[test]
fn what_the_logs_tell_of_themselves_stands_before_the_findings() {
    let matter = Matter::new();
    let start = millis("2024-05-01T10:00:00Z");
    let (mut one, mut other) = (HEADER.to_owned(), HEADER.to_owned());
    for index in 0..40_u32 {
        // Numbers 120 to 124 are missing; the ids are too short to be told apart without account and recipient.
        let number = 100 + index + if index >= 20 { 5 } else { 0 };
        let day = i64::from(index / 4) * 86_400_000 + if index >= 36 { 20 * 86_400_000 } else { 0 };
        row(&mut one, &format!("M{number}"), start + day + i64::from(index) * 61_000, ONE, index, false, "Guten Tag");
        // A second export under other ids, two hours later: another zone.
        let id = format!("{index}a0f3-4c1d-9e2b-7d6c5b4a39");
        row(&mut other, &id, start + day + i64::from(index) * 61_000 + 7_200_000, ONE, index, false, "Guten Tag");
    }
    // One long id with two texts, and with times three hours apart.
    let id = "wamid.0123456789abcdef";
    row(&mut one, id, start + 40 * 86_400_000, ONE, 900, false, "Erste Fassung");
    row(&mut other, id, start + 40 * 86_400_000 + 10_800_000, ONE, 900, false, "Andere Worte");
    matter.write("in/one.csv", one);
    matter.write("in/other.csv", other);
    let report = reported(&matter, &["in"], &[]);
    let checks = report.csv("source_checks");
    let holes = of(&checks, "check", "missing_ids");
    assert_eq!(
        holes.iter().map(|row| [&row["count"], &row["record"], &row["other_record"]]).collect::<Vec<_>>(),
        [["5", "20", "21"]]
    );
    let contents = of(&checks, "check", "two_contents");
    assert_eq!(
        [&contents[0]["file"], &contents[0]["other_file"], &contents[0]["record"]],
        ["in/one.csv", "in/other.csv", "41"]
    );
    let shifts: Vec<&str> = of(&checks, "check", "shifted_hours").iter().map(|row| row["size_ms"].as_str()).collect();
    assert_eq!(shifts, ["7200000", "10800000"], "by the pair of records first met");
    let silent = of(&checks, "check", "silent_period");
    assert!(silent.iter().any(|row| number(&row["size_ms"]) > 20 * 86_400_000 && row["account"] == ONE), "{silent:#?}");
    let text = report.text("findings.json");
    assert!(text.find("\"source_checks\"") < text.find("\"findings\""), "before findings");
}

#[test]
fn a_burst_that_needs_a_guessed_zone_says_so() {
    let matter = Matter::new();
    let start = millis("2024-05-01T10:00:00Z");
    let mut sure = HEADER.to_owned();
    let mut guessed = HEADER.to_owned();
    for index in 0..80_u32 {
        let log = if index % 2 == 0 { &mut sure } else { &mut guessed };
        row(
            log,
            &format!("m{index}"),
            start + i64::from(index) * 100,
            ONE,
            index,
            false,
            &format!("Text {}", "x".repeat(index as usize)),
        );
    }
    matter.write("in/sure.csv", sure);
    matter.write("in/guessed.csv", guessed.replace('Z', ""));
    let bursts = reported(&matter, &["in"], &[]).csv("bursts");
    assert_eq!(bursts.len(), 1);
    assert_eq!(
        [&bursts[0]["robustness"], &bursts[0]["depends_on"]],
        ["depends on a setting", "zone:in/guessed.csv; zone:all guessed"]
    );
    let bursts = reported(&matter, &["in"], &["--timezone", "UTC"]).csv("bursts");
    assert_eq!([&bursts[0]["robustness"], &bursts[0]["depends_on"]], ["robust", ""]);
}

#[test]
fn inbound_of_the_same_client_shows_replies_where_an_account_has_none() {
    let matter = Matter::new();
    let start = millis("2024-05-01T10:00:00Z");
    let (mut sent, mut received) = (HEADER.to_owned(), HEADER.to_owned());
    for index in 0..10_u32 {
        row(&mut received, &format!("r{index}"), start + i64::from(index), TWO, index, true, "Frage");
        row(&mut sent, &format!("s{index}"), start + 60_000 + i64::from(index), ONE, index + 5, false, "Antwort");
    }
    matter.write("in/sent.csv", sent);
    matter.write("in/received.csv", received);
    matter.write("case.toml", CASE);
    let told = |report: &Report| {
        let accounts = report.csv("accounts");
        let own = of(&accounts, "account", ONE)[0];
        (own["initiated"].clone(), own["replies_from"].clone())
    };
    let alone = reported(&matter, &["in"], &[]);
    assert_eq!(told(&alone), ("10".to_owned(), "none".to_owned()));
    let together = reported(&matter, &["in"], &["--case", "case.toml"]);
    assert_eq!(told(&together), ("5".to_owned(), "client".to_owned()));
    assert_eq!(of(&together.csv("accounts"), "account", TWO)[0]["replies_from"], "own");
}
