//! A run of nights: each tells what the last one did not, no night tells a thing twice or loses one, a killed night changes
//! nothing, old reports go, and a report can be checked and made again as any other.
//! Where cron is hard is tested in `cron`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::cron::{matter_with, newsletter, night, settings, with_ledger};
use crate::harness::{Ended, Matter, Report, Row};

fn pass(matter: &Matter) -> Ended {
    Matter::run_command(&mut night(matter))
}

fn beat(matter: &Matter) -> Value {
    serde_json::from_slice(&fs::read(matter.path("beat.json")).expect("a heartbeat")).expect("JSON")
}

/// Every file below the folder of reports, with its bytes and time; links by where they lead.
fn standing(matter: &Matter) -> BTreeMap<PathBuf, (Vec<u8>, Option<SystemTime>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![matter.path("reports")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let about = path.symlink_metadata().expect("a file");
            if about.is_symlink() {
                let to = fs::read_link(&path).expect("a link").to_string_lossy().into_owned();
                found.insert(path, (to.into_bytes(), None));
            } else if about.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                found.insert(path.clone(), (fs::read(&path).expect("a file"), about.modified().ok()));
            }
        }
    }
    found
}

/// Names of the reports, in order.
fn reports(matter: &Matter) -> Vec<String> {
    let names = fs::read_dir(matter.path("reports")).expect("the reports");
    let names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    let mut names: Vec<String> = names.filter(|name| name.starts_with("report-") && !name.ends_with(".csv")).collect();
    names.sort();
    names
}

fn rows(matter: &Matter, file: &str) -> Vec<Row> {
    let bytes = fs::read(matter.path("reports").join(file)).expect("a list");
    csv::Reader::from_reader(bytes.as_slice()).deserialize().map(|row| row.expect("a row")).collect()
}

fn latest(matter: &Matter) -> Report {
    matter.report("reports/latest")
}

/// A second sender's newsletter: other findings than the first.
fn another(day: &str) -> String {
    newsletter(day, 60).replace("+493023125000", "+493023125999").replace("Angebot", "Einladung")
}

#[test]
fn each_night_tells_what_the_last_did_not() {
    let matter = matter_with("notify = [\"/bin/sh\", \"-c\", \"cat >> told.json\"]");
    pass(&matter).with_code(0);
    let first = latest(&matter).csv("findings");
    assert!(!first.is_empty());
    let news = rows(&matter, "new-findings.csv");
    assert!(news.len() == first.len() && news.iter().all(|row| row["change"] == "new"), "at first all is new");
    assert_eq!(beat(&matter)["counts"]["findings_new"], first.len());

    let before = standing(&matter);
    let ended = pass(&matter).with_code(0);
    assert!(ended.stdout.contains("Nothing new"), "{ended}");
    assert_eq!(rows(&matter, "new-findings.csv"), [], "nothing is new");
    let ended = pass(&matter).with_code(0);
    assert!(ended.stdout.contains("Nothing new"), "{ended}");
    let mut after = standing(&matter);
    let mut expected = before;
    // But for the list of the last run, which is empty now.
    for files in [&mut after, &mut expected] {
        files.remove(&matter.path("reports/new-findings.csv"));
    }
    assert_eq!(after, expected, "a night without news changes nothing");
    assert_eq!(beat(&matter)["outcome"], "nothing_new");

    matter.write("in/other.csv", another("2020-02-04"));
    pass(&matter).with_code(0);
    let news = rows(&matter, "new-findings.csv");
    assert!(!news.is_empty() && news.len() < latest(&matter).csv("findings").len(), "{news:#?}");
    assert!(news.iter().all(|row| row["subject"].contains("3023125999")), "{news:#?}");

    matter.write("in/again.csv", newsletter("2020-02-05", 60));
    pass(&matter).with_code(0);
    let news = rows(&matter, "new-findings.csv");
    assert!(news.iter().any(|row| row["change"] == "changed"), "an old finding has grown: {news:#?}");
    assert_eq!(reports(&matter).len(), 3);

    let told = fs::read_to_string(matter.path("told.json")).expect("what was told");
    let told: Vec<Value> =
        serde_json::Deserializer::from_str(&told).into_iter().map(|message| message.expect("JSON")).collect();
    assert_eq!(told.len(), 3, "nobody is called for nothing");
    assert_eq!(told[0]["findings"].as_array().expect("findings").len(), first.len());
    assert_eq!(told[2]["findings"][0]["change"].as_str().map(|change| ["new", "worse"].contains(&change)), Some(true));
    assert_eq!(told[2]["schema"], "sendeschluss-heartbeat-1");
}

#[test]
fn what_nobody_took_is_told_again_until_somebody_does() {
    let matter = matter_with("notify = [\"/bin/sh\", \"-c\", \"cat > told.json; test -e works\"]");
    pass(&matter).with_code(6);
    let told = || -> Value { serde_json::from_slice(&fs::read(matter.path("told.json")).unwrap()).unwrap() };
    let first = told()["findings"].clone();
    assert_eq!(beat(&matter)["notified"], false);
    // A second sender comes while nobody listens: then both are news.
    matter.write("in/other.csv", another("2020-02-04"));
    pass(&matter).with_code(6);
    let both = told()["findings"].as_array().expect("findings").len();
    assert!(both > first.as_array().expect("findings").len());
    pass(&matter).with_code(6);
    assert_eq!(told()["findings"].as_array().expect("findings").len(), both);
    assert_eq!(reports(&matter).len(), 2, "no report is made for it");
    matter.write("works", "");
    pass(&matter).with_code(0);
    assert_eq!(beat(&matter)["notified"], true);
    let ended = pass(&matter).with_code(0);
    assert!(ended.stdout.contains("Nothing new"), "{ended}");
}

#[test]
fn old_reports_go_and_the_last_stays() {
    let matter = matter_with("keep = 2");
    for day in 1..=5 {
        matter.write(format!("in/{day}.csv"), newsletter(&format!("2020-03-0{day}"), 60));
        pass(&matter).with_code(0);
    }
    assert_eq!(reports(&matter), ["report-2020-02-04-0004", "report-2020-02-04-0005"]);
    assert_eq!(fs::read_link(matter.path("reports/latest")).expect("a link"), PathBuf::from("report-2020-02-04-0005"));
    // A night that fails takes nothing away.
    matter.write("detectors.toml", "nonsense = 1\n");
    let text = settings("watch = [\"in\"]\nsettle = \"0s\"\nkeep = 1");
    matter.write("sendeschluss.toml", format!("detectors = \"detectors.toml\"\n{text}"));
    pass(&matter).with_code(2);
    assert_eq!(reports(&matter).len(), 2);
    let beat = beat(&matter);
    assert_eq!((&beat["outcome"], &beat["exit_code"]), (&"failed".into(), &2.into()));
    assert!(beat["message"].as_str().is_some_and(|message| message.contains("detectors.toml")), "{beat}");
}

#[test]
fn a_nightly_report_is_that_of_report_and_can_be_made_again() {
    let matter = matter_with("");
    matter.write("in/other.csv", another("2020-02-04"));
    pass(&matter).with_code(0);
    let arguments = ["report", "in", "-o", "by-hand", "--key", "matter.key", "--write", "csv,json"];
    matter.run(&[&arguments[..], &["--config", "/dev/null"]].concat()).with_code(0);
    let (nightly, by_hand) = (latest(&matter).files(), matter.report("by-hand").files());
    assert_eq!(nightly.keys().collect::<Vec<_>>(), by_hand.keys().collect::<Vec<_>>());
    for (name, bytes) in by_hand.iter().filter(|(name, _)| !["manifest.json", "SHA256SUMS"].contains(&name.as_str())) {
        assert!(nightly[name] == *bytes, "{name} differs");
    }
    matter.run(&["verify", "reports/latest", "--recompute", "--key", "matter.key"]).with_code(0);
}

#[test]
fn a_period_moves_with_the_newest_message() {
    let matter = matter_with("period = \"35d\"");
    matter.write("in/old.csv", another("2019-12-30"));
    matter.write("in/edge.csv", another("2019-12-31"));
    pass(&matter).with_code(0);
    let manifest = latest(&matter).json("manifest.json");
    let rows = manifest["settings"].as_array().expect("settings");
    let since = rows.iter().find(|row| row["name"] == "since").expect("since");
    // 3 February 2020 and the 34 days before it.
    assert_eq!((&since["value"], &since["origin"]), (&"2019-12-31".into(), &"period".into()));
    let first: Vec<String> = latest(&matter).csv("findings").iter().map(|row| row["first_sent"].clone()).collect();
    assert!(first.iter().any(|at| at.starts_with("2019-12-31")), "{first:?}");
    assert!(!first.iter().any(|at| at.starts_with("2019-12-30")), "{first:?}");
    matter.run(&["verify", "reports/latest", "--recompute", "--key", "matter.key"]).with_code(0);
    // One wrong year does not leave everything else out.
    matter.write("in/wrong.csv", newsletter("2099-01-01", 1));
    let ended = pass(&matter).with_code(0);
    assert!(ended.stderr.contains("claim to be of a day to come, up to 2099-01-01"), "{ended}");
    assert!(!latest(&matter).csv("findings").is_empty());
}

#[test]
fn a_night_that_is_killed_at_any_moment_is_made_up_for_by_the_next() {
    let expected = {
        let matter = matter_with("");
        matter.write("matter.key", [7; 32]);
        matter.write("in/other.csv", another("2020-02-04"));
        pass(&matter).with_code(0);
        latest(&matter).files()
    };
    let matter = matter_with("notify = [\"/bin/sh\", \"-c\", \"cat >> told.json\"]");
    matter.write("in/other.csv", another("2020-02-04"));
    matter.write("matter.key", [7; 32]);
    // From before the lock to behind the heartbeat.
    for round in 0..30_u64 {
        let mut command = night(&matter);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        std::thread::sleep(Duration::from_millis(round * 12));
        let _ = child.kill();
        child.wait().expect("the program ends");
        if let Ok(bytes) = fs::read(matter.path("beat.json")) {
            serde_json::from_slice::<Value>(&bytes).expect("a heartbeat is whole");
        }
        for name in reports(matter_or_none(&matter)) {
            let report = matter.report(&format!("reports/{name}"));
            assert!(report.folder.join("manifest.json").is_file(), "{name} is whole or not there");
        }
    }
    pass(&matter).with_code(0);
    for (name, bytes) in &expected {
        assert!(latest(&matter).bytes(name) == *bytes, "{name}");
    }
    let told = fs::read_to_string(matter.path("told.json")).expect("it was told");
    assert!(told.contains("3023125999") && told.contains("\"findings_new\""), "{told}");
    let left: Vec<String> = standing(&matter).keys().map(|path| path.display().to_string()).collect();
    assert!(!left.iter().any(|path| path.contains("/.next") || path.contains("partial")), "{left:?}");
}

/// The matter, whose folder of reports may not be there yet.
fn matter_or_none(matter: &Matter) -> &Matter {
    fs::create_dir_all(matter.path("reports")).expect("a folder");
    matter
}

#[test]
fn the_order_of_nights_does_not_matter_to_the_last_report() {
    let files = [
        ("a.csv", newsletter("2020-02-03", 60)),
        ("b.csv", another("2020-02-04")),
        ("c.csv", newsletter("2020-02-05", 70)),
    ];
    let ends: Vec<BTreeMap<String, Vec<u8>>> = [[0, 1, 2], [2, 1, 0], [1, 2, 0]]
        .iter()
        .map(|order| {
            let matter = Matter::new();
            matter.write("matter.key", [7; 32]);
            matter.write("sendeschluss.toml", settings("watch = [\"in\"]\nsettle = \"0s\""));
            for index in order {
                let (name, text) = &files[*index];
                matter.write(format!("in/{name}"), text);
                pass(&matter).with_code(0);
            }
            latest(&matter).files()
        })
        .collect();
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn with_a_ledger_a_night_reads_what_is_new_and_loses_nothing_that_is_gone() {
    with_ledger();
    let matter = matter_with("");
    matter.write("matter.key", [7; 32]);
    pass(&matter).with_code(0);
    assert_eq!(beat(&matter)["counts"]["files_new"], 1);
    matter.write("in/other.csv", another("2020-02-04"));
    // The same messages once more, and a part of them.
    matter.write("in/copy.csv", newsletter("2020-02-03", 60));
    matter.write("in/part.csv", newsletter("2020-02-03", 31));
    let ended = pass(&matter).with_code(0);
    assert!(ended.stdout.contains("Imported: 3 new"), "{ended}");
    let arguments = ["report", "in", "-o", "by-hand", "--key", "matter.key", "--write", "csv,json"];
    matter.run(&[&arguments[..], &["--config", "/dev/null"]].concat()).with_code(0);
    let (nightly, by_hand) = (latest(&matter).files(), matter.report("by-hand").files());
    for (name, bytes) in by_hand.iter().filter(|(name, _)| !["manifest.json", "SHA256SUMS"].contains(&name.as_str())) {
        assert!(nightly[name] == *bytes, "{name} differs from a report over the files");
    }
    matter.run(&["verify", "reports/latest", "--recompute", "--key", "matter.key"]).with_code(0);
    let ended = pass(&matter).with_code(0);
    assert!(ended.stdout.contains("Imported: 0 new") && ended.stdout.contains("Nothing new"), "{ended}");
    // Whoever drops exports clears them away: what was imported counts on.
    let before = latest(&matter).bytes("csv/findings.csv");
    fs::remove_dir_all(matter.path("in")).expect("removed");
    fs::create_dir(matter.path("in")).expect("a folder");
    pass(&matter).with_code(0);
    assert_eq!(rows(&matter, "new-findings.csv"), [], "that a file is gone is no news");
    assert!(latest(&matter).bytes("csv/findings.csv") == before, "no finding is lost");
    let ended = pass(&matter).with_code(0);
    assert!(ended.stdout.contains("Nothing new"), "{ended}");
}

#[test]
fn with_a_ledger_a_period_moves_too() {
    with_ledger();
    let matter = matter_with("period = \"35d\"");
    matter.write("in/old.csv", another("2019-12-30"));
    matter.write("in/edge.csv", another("2019-12-31"));
    pass(&matter).with_code(0);
    let first: Vec<String> = latest(&matter).csv("findings").iter().map(|row| row["first_sent"].clone()).collect();
    assert!(first.iter().any(|at| at.starts_with("2019-12-31")), "{first:?}");
    assert!(!first.iter().any(|at| at.starts_with("2019-12-30")), "{first:?}");
    matter.run(&["verify", "reports/latest", "--recompute", "--key", "matter.key"]).with_code(0);
    // A night later the first day has moved on; that a finding shrinks is no news.
    matter.write("in/next.csv", newsletter("2020-02-04", 3));
    pass(&matter).with_code(0);
    assert!(!latest(&matter).csv("findings").iter().any(|row| row["first_sent"].starts_with("2019")));
}

#[test]
fn with_a_ledger_a_night_that_is_killed_is_made_up_for_too() {
    with_ledger();
    a_night_that_is_killed_at_any_moment_is_made_up_for_by_the_next();
}
