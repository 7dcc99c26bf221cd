//! Settings in layers, by a table of every setting (`tests/data/settings.toml`): which value is in force for each way that
//! file, environment and flags can stand together, where it came from, and how errors name their place.
//! What the settings do is tested with the commands they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Ended, Matter, project};

#[derive(Deserialize)]
struct Table {
    row: Vec<Row>,
    wrong: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Row {
    group: String,
    name: String,
    #[serde(default)]
    feature: String,
    file: String,
    environment: String,
    flag: Vec<String>,
    values: [Vec<String>; 3],
}

#[derive(Deserialize)]
struct Wrong {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    says: Vec<String>,
}

fn table() -> Table {
    let text = fs::read_to_string(project("tests/data/settings.toml")).expect("the table");
    let mut table: Table = toml::from_str(&text).expect("a table of this form");
    table.row.retain(|row| cfg!(feature = "pdf") || row.feature != "pdf");
    table
}

fn variable(name: &str) -> String {
    format!("SENDESCHLUSS_{}", name.to_uppercase().replace(['-', '.'], "_"))
}

/// Each setting with its values, its origin and its place.
fn shown(ended: &Ended) -> BTreeMap<String, (Vec<String>, String, String)> {
    let rows: Vec<Value> = serde_json::from_str(&ended.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| {
            let values = row["values"].as_array().expect("a list").iter().map(text).collect();
            (text(&row["name"]), (values, text(&row["origin"]), text(&row["place"])))
        })
        .collect()
}

#[test]
fn the_table_has_every_setting() {
    let matter = Matter::new();
    let ended = matter.run(&["config", "show", "--json"]).with_code(0);
    let listed: BTreeSet<String> = table().row.into_iter().map(|row| row.name).collect();
    assert_eq!(shown(&ended).into_keys().collect::<BTreeSet<_>>(), listed, "one row for each setting");
}

#[test]
fn flags_outweigh_the_environment_and_that_the_file() {
    let matter = Matter::new();
    let defaults = shown(&matter.run(&["config", "show", "--json"]).with_code(0));
    let rows = table().row;
    for group in rows.iter().map(|row| row.group.as_str()).collect::<BTreeSet<_>>() {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.group == group).collect();
        for layers in 0..8 {
            let [file, environment, flag] = [1, 2, 4].map(|bit| layers & bit != 0);
            let text: String = rows.iter().map(|row| format!("{} = {}\n", row.name, row.file)).collect();
            matter.write("conf/settings.toml", if file { text } else { String::new() });
            let mut arguments: Vec<&str> = vec!["config", "show", "--json", "--config", "conf/settings.toml"];
            if flag {
                arguments.extend(rows.iter().flat_map(|row| row.flag.iter().map(String::as_str)));
            }
            let mut command = matter.command(&arguments);
            if environment {
                command.envs(rows.iter().map(|row| (variable(&row.name), &row.environment)));
            }
            let found = shown(&Matter::run_command(&mut command).with_code(0));
            for (index, row) in rows.iter().enumerate() {
                let expected = if flag {
                    (row.values[2].clone(), "flag".to_owned(), String::new())
                } else if environment {
                    (row.values[1].clone(), "environment".to_owned(), variable(&row.name))
                } else if file {
                    (row.values[0].clone(), "file".to_owned(), format!("conf/settings.toml:{}", index + 1))
                } else {
                    defaults[&row.name].clone()
                };
                let what = format!("{} with file {file}, environment {environment}, flag {flag}", row.name);
                assert_eq!(found[&row.name], expected, "{what}");
            }
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_suggestion() {
    for wrong in table().wrong {
        let matter = Matter::new();
        matter.write("log.csv", "");
        if let Some(text) = &wrong.file {
            matter.write("sendeschluss.toml", text);
        }
        for arguments in [&["report", "log.csv", "-o", "out"][..], &["inspect", "log.csv"], &["config", "show"]] {
            let ended = Matter::run_command(matter.command(arguments).envs(&wrong.environment)).with_code(2);
            for part in &wrong.says {
                assert!(ended.stderr.contains(part), "`{part}` is missing in\n{ended}");
            }
        }
        if wrong.file.is_some() {
            let ended = matter.run(&["config", "check", "sendeschluss.toml"]).with_code(2);
            assert!(wrong.says.iter().all(|part| ended.stderr.contains(part)), "{ended}");
        }
    }
}

#[test]
fn the_file_is_the_one_named_or_that_of_the_working_folder_or_that_of_the_user() {
    let matter = Matter::new();
    let lang = |arguments: &[&str], named: Option<&str>| {
        let all: Vec<&str> = ["config", "show", "--json"].iter().chain(arguments).copied().collect();
        let mut command = matter.command(&all);
        command.envs(named.map(|file| ("SENDESCHLUSS_CONFIG", file)));
        let mut found = shown(&Matter::run_command(&mut command).with_code(0));
        let (_, _, place) = found.remove("lang").expect("a setting");
        place
    };
    assert_eq!(lang(&[], None), "");
    let of_user = matter.write("home/.config/sendeschluss/sendeschluss.toml", "lang = \"de\"\n");
    assert_eq!(lang(&[], None), format!("{}:1", of_user.display()));
    matter.write("sendeschluss.toml", "\nlang = \"en\"\n");
    assert_eq!(lang(&[], None), "sendeschluss.toml:2");
    matter.write("named.toml", "\n\nlang = \"de\"\n");
    assert_eq!(lang(&[], Some("named.toml")), "named.toml:3");
    matter.write("other.toml", "\n\n\nlang = \"de\"\n");
    assert_eq!(lang(&["--config", "other.toml"], Some("named.toml")), "other.toml:4");
    assert_eq!(lang(&["--config", "/dev/null"], Some("named.toml")), "");
    // Variables without a value count as not there.
    assert_eq!(lang(&[], Some("")), "sendeschluss.toml:2");
}

#[test]
fn a_weightier_value_puts_away_what_it_excludes() {
    let matter = Matter::new();
    matter.write("sendeschluss.toml", "quiet = true\n");
    let found = shown(&matter.run(&["config", "show", "--json", "-v"]).with_code(0));
    assert_eq!(found["quiet"], (vec!["false".to_owned()], "default".to_owned(), String::new()));
    assert_eq!(found["verbose"].0, ["true"]);
    matter.write("sendeschluss.toml", "quiet = false\nverbose = true\n");
    matter.run(&["config", "show"]).with_code(0);
}

const LOG: &str = "id,sent_at,sender,recipient,text\nx1,2020-01-01T00:00:00,+493023125000,+491713920001,hi\n";

#[test]
fn a_report_needs_no_arguments_where_a_file_has_them_and_tells_the_origins() {
    let matter = Matter::new();
    matter.write("job/exports/log.csv", LOG);
    matter.write("job/settings.toml", "inputs = \"exports\"\noutput = \"report\"\ntimezone = \"Europe/Berlin\"\n");
    let mut command = matter.command(&["report", "--config", "job/settings.toml", "--evidence", "5"]);
    Matter::run_command(command.env("SENDESCHLUSS_LANG", "de")).with_code(0);
    let report = matter.report("job/report");
    assert_eq!(report.csv("inputs")[0]["file"], "job/exports/log.csv");
    let manifest = report.json("manifest.json");
    let origins: BTreeMap<&str, (&str, &str)> = manifest["settings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default();
            (text("name"), (text("origin"), text("place")))
        })
        .collect();
    assert_eq!(origins["inputs"], ("file", "settings.toml:1"));
    assert_eq!(origins["timezone"], ("file", "settings.toml:3"));
    assert_eq!(origins["calendar"], ("file", "settings.toml:3"));
    assert_eq!(origins["lang"], ("environment", "SENDESCHLUSS_LANG"));
    assert_eq!(origins["evidence"], ("flag", ""));
    assert_eq!(origins["reveal"], ("default", ""));
    for without_effect in ["output", "threads", "quiet", "key"] {
        assert!(!origins.contains_key(without_effect), "{without_effect} changes no report");
    }
    matter.run(&["report", "-o", "out"]).with_code(2);
    let ended = matter.run(&["report", "job/exports"]).with_code(2);
    assert!(ended.stderr.contains("no folder to write"), "{ended}");
}

#[test]
fn a_draft_of_a_case_file_never_goes_where_reports_go() {
    let matter = Matter::new();
    matter.write("exports/log.csv", LOG);
    matter.write("sendeschluss.toml", "inputs = \"exports\"\noutput = \"report\"\nlang = \"de\"\n");
    let ended = matter.run(&["case", "new"]).with_code(0);
    assert!(ended.stdout.contains("[matter]") && !matter.path("report").exists(), "{ended}");
}

#[test]
fn what_is_shown_is_a_settings_file() {
    let matter = Matter::new();
    matter.write("rules.toml", "");
    let options = ["--since", "2020-01-01", "--write", "csv,json", "-q", "--lang", "de", "log \"x\".csv"];
    let arguments: Vec<&str> = ["config", "show", "--origin"].into_iter().chain(options).collect();
    let ended = matter.run(&arguments).with_code(0);
    assert!(ended.stdout.lines().any(|line| line.starts_with("since = \"2020-01-01\"") && line.ends_with("# flag")));
    matter.write("again.toml", &ended.stdout);
    assert_eq!(matter.run(&["config", "check", "again.toml"]).with_code(0).stdout, "again.toml: right\n");
    let again = shown(&matter.run(&["config", "show", "--json", "--config", "again.toml"]).with_code(0));
    assert_eq!(again["inputs"].0, ["log \"x\".csv"]);
    assert_eq!(again["write"].0, ["csv", "json"]);
    assert_eq!(again["quiet"].0, ["true"]);
}

#[test]
fn files_that_settings_name_are_checked_too() {
    let matter = Matter::new();
    matter.write("conf/settings.toml", "case = \"case.toml\"\n");
    let ended = matter.run(&["config", "check", "conf/settings.toml"]).with_code(2);
    assert!(ended.stderr.contains("conf/case.toml"), "{ended}");
    matter.write("conf/case.toml", "[matter]\nnaem = \"x\"\n");
    let ended = matter.run(&["config", "check", "conf/settings.toml"]).with_code(2);
    assert!(ended.stderr.contains("did you mean `name`?"), "{ended}");
    matter.write("conf/case.toml", "[matter]\nname = \"x\"\n");
    matter.run(&["config", "check", "conf/settings.toml"]).with_code(0);
}
