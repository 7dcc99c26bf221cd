//! The command line as shells and cron meet it: exit codes, standard input, a closed pipe, an environment of nothing.
//! What a report holds is tested elsewhere.

use std::process::Stdio;

use crate::harness::Matter;

const LOG: &str = "id,sent_at,sender,recipient,text\nx1,2020-01-01T00:00:00Z,+493023125000,+491713920001,hi\n";

/// A matter with one mass send: 60 recipients of one text within a minute.
fn mass_send() -> Matter {
    let matter = Matter::new();
    let rows =
        (0..60).map(|row| format!("m{row},2020-01-02T00:00:{row:02}Z,+493023125000,+4917139200{row:02},Angebot\n"));
    matter.write("in/log.csv", format!("id,sent_at,sender,recipient,text\n{}", rows.collect::<String>()));
    matter
}

#[test]
fn findings_end_in_code_one_only_when_asked_for() {
    let matter = mass_send();
    matter.run(&["report", "in", "-o", "out"]).with_code(0);
    matter.run(&["report", "in", "-o", "out", "--fail-on", "critical"]).with_code(1);
    matter.write("small/log.csv", LOG);
    matter.run(&["report", "small", "-o", "out", "--fail-on", "info"]).with_code(0);
}

#[test]
fn standard_input_is_read_when_it_is_named() {
    let matter = Matter::new();
    let ended = matter.run_with_input(&["inspect", "-", "--json"], LOG.as_bytes()).with_code(0);
    let files: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&files[0]["file"], &files[0]["read"]), (&"-".into(), &1.into()));
    let ended = matter.run_with_input(&["report", "-", "-o", "out"], LOG.as_bytes()).with_code(0);
    assert!(ended.stdout.contains("1 message"), "{ended}");
}

#[test]
fn quiet_says_nothing_and_colours_obey() {
    let matter = mass_send();
    let ended = matter.run(&["report", "in", "-o", "out", "-q"]).with_code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    let ended = matter.run(&["report", "in", "-o", "out", "--color", "always"]).with_code(0);
    assert!(ended.stdout.contains('\u{1b}'));
    let ended = Matter::run_command(matter.command(&["report", "in", "-o", "out"]).env("NO_COLOR", "1")).with_code(0);
    assert!(!ended.stdout.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let matter = mass_send();
    let mut child =
        matter.command(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn without_a_home_the_key_must_be_named() {
    let matter = mass_send();
    let bare = |arguments: &[&str]| {
        Matter::run_command(matter.command(arguments).env_remove("HOME").env_remove("XDG_STATE_HOME"))
    };
    let ended = bare(&["report", "in", "-o", "out"]).with_code(2);
    assert!(ended.stderr.contains("--key"), "{ended}");
    bare(&["report", "in", "-o", "out", "--key", "matter.key"]).with_code(0);
    bare(&["report", "in", "-o", "out", "--reveal"]).with_code(0);
}

#[test]
fn ids_are_the_same_in_the_sealed_twin() {
    let matter = mass_send();
    matter.run(&["report", "in", "-o", "open"]).with_code(0);
    matter.run(&["report", "in", "-o", "sealed", "--reveal"]).with_code(0);
    let (open, sealed) = (matter.report("open"), matter.report("sealed"));
    assert_eq!(open.bytes("csv/findings.csv"), sealed.bytes("csv/findings.csv"));
    assert!(!open.text("csv/evidence.csv").contains("+491713920001"));
    assert!(sealed.text("csv/evidence.csv").contains("+491713920001"));
}

#[test]
fn completions_man_page_help_and_version_are_there() {
    let matter = Matter::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(matter.run(&["completions", shell]).with_code(0).stdout.contains("sendeschluss"));
    }
    assert!(matter.run(&["man"]).with_code(0).stdout.contains(".TH sendeschluss"));
    assert!(matter.run(&["report", "--help"]).with_code(0).stdout.contains("--fail-on"));
    assert!(matter.run(&["--version"]).with_code(0).stdout.starts_with("sendeschluss 0."));
    matter.run(&["report"]).with_code(2);
}
