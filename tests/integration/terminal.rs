//! What the program says to people and to pipes, word for word on a small fixed matter; and that it says it anywhere: with
//! a closed pipe, a full disk, no terminal, no standard input, no environment.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::harness::{Ended, Matter, Report, Row};

/// A newsletter to 60, a STOP, a chat, an empty file, a bad row and a picture that is no export.
pub fn small_matter() -> Matter {
    let matter = Matter::new();
    let sends = (0..60).map(|index| {
        format!("m{index:02};2020-02-03T10:00:{index:02}Z;+493023125000;+491713920{index:03};Angebot der Woche;zugestellt;ausgehend\n")
    });
    let rows = "x1;;+493023125000;+491713920099;Hallo;zugestellt;ausgehend\n\
        x2;2020-02-03T12:00:00Z;+491713920001;+493023125000;STOP;;eingehend\n";
    let header = "id;Gesendet am;Absender;Empfänger;Nachricht;Status;Richtung\n";
    matter.write("in/log.csv", header.to_owned() + &sends.collect::<String>() + rows);
    matter.write(
        "in/chat.txt",
        "03.02.20, 09:00 - Nachrichten sind verschlüsselt.\n03.02.20, 09:01 - Anna: Hallo\n\
        03.02.20, 09:02 - Kundendienst: Guten Tag\n",
    );
    matter.write("in/leer.csv", "");
    matter.write("in/bild.csv", b"\x89PNG\r\n\x1a\n\0\x01\x02\x03\x04\x05\x06\x07");
    matter.write(
        "in/case.toml",
        "[matter]\nname = \"Sache Muster\"\ntimezone = \"Europe/Berlin\"\nregion = \"EEA\"\n\
        [[account]]\nid = \"+493023125000\"\nroute = \"unofficial_automation\"\nclient = \"Muster GmbH\"\n",
    );
    matter
}

#[test]
fn the_summary_tells_first_what_was_read_and_then_what_was_found() {
    let ended = small_matter().run(&["report", "in", "-o", "out"]).with_code(3);
    assert_eq!(ended.stderr, "", "no word of trouble that is not in the summary");
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn the_summary_speaks_german_where_the_case_or_the_user_does() {
    let ended = small_matter().run(&["report", "in", "-o", "out", "--lang", "de", "-v"]).with_code(3);
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn inspect_tells_of_each_file_what_it_is_and_shows_no_contents() {
    let matter = small_matter();
    let ended = matter.run(&["inspect", "in"]).with_code(3);
    for private in ["Hallo", "STOP", "Angebot", "1713920099"] {
        assert!(!ended.stdout.contains(private), "{private} in\n{ended}");
    }
    insta::assert_snapshot!(ended.stdout);
    let left: Vec<_> = std::fs::read_dir(matter.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "inspect changes nothing: {left:?}");
}

#[test]
fn inspect_as_json_adds_up_and_agrees_with_the_report() {
    let matter = small_matter();
    matter.run(&["report", "in", "-o", "out"]).with_code(3);
    let ended = matter.run(&["inspect", "in", "--json"]).with_code(3);
    let told: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let told = told.as_array().expect("a list of files");
    let rows = matter.report("out").csv("inputs");
    assert_eq!(told.len(), rows.len());
    for (file, row) in told.iter().zip(rows) {
        let count = |end: &str| file[end].as_u64().expect("a count");
        let ends: u64 = ["read", "folded", "ignored", "rejected"].into_iter().map(count).sum();
        assert_eq!(count("records"), ends, "{file:#}");
        let ignored: u64 = file["ignored_by"].as_object().expect("reasons").values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(count("ignored"), ignored, "ignored records by reason: {file:#}");
        for column in
            ["file", "sha256", "bytes", "format", "records", "read", "folded", "ignored", "rejected", "messages"]
        {
            let told = file[column].as_str().map_or_else(|| file[column].to_string(), str::to_owned);
            assert_eq!(told, row[column], "{column} of {file:#}");
        }
        assert_eq!(file["failed"], row["file"] == "in/bild.csv");
    }
}

#[test]
fn a_closed_pipe_is_success_for_every_command() {
    let matter = small_matter();
    // Without the picture, so that nothing but the pipe can end in another code.
    std::fs::remove_file(matter.path("in/bild.csv")).unwrap();
    for arguments in [
        &["report", "in", "-o", "out"][..],
        &["inspect", "in"],
        &["inspect", "in", "--json"],
        &["man"],
        &["completions", "zsh"],
    ] {
        let mut command = matter.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("the program ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!((ended.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
    assert!(matter.report("out").json("findings.json")["findings"].is_array(), "the report is whole all the same");
}

#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("a full disk"));
    let matter = Matter::new();
    let ended = Matter::run_command(matter.command(&["man"]).stdout(full()));
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.stderr.contains("No space left"), "{ended}");
}

#[test]
fn cron_needs_no_terminal_no_standard_input_and_no_environment() {
    let matter = small_matter();
    let program = env!("CARGO_BIN_EXE_sendeschluss");
    // A shell closes what a program cannot close for its child.
    let script = format!("exec '{program}' report in -o out --key matter.key -q <&-");
    let run = |script: &str| {
        let mut shell = Command::new("/bin/sh");
        Matter::run_command(shell.args(["-c", script]).current_dir(matter.path("")).env_clear())
    };
    let ended = run(&script).with_code(3);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "cron mails what is said, so nothing is");
    assert!(!matter.report("out").csv("findings").is_empty());
    let ended = run(&format!("exec '{program}' report in -o out --key matter.key >&- 2>&-")).with_code(3);
    assert_eq!(ended.stdout, "");
}

#[test]
fn colour_and_progress_come_when_told_and_never_carry_meaning() {
    let matter = small_matter();
    let plain = matter.run(&["report", "in", "-o", "out"]).with_code(3);
    let painted = matter.run(&["report", "in", "-o", "out", "--color", "always", "--progress", "always"]).with_code(3);
    assert!(painted.stdout.contains('\u{1b}') && !plain.stdout.contains('\u{1b}'));
    let mut bare = painted.stdout.clone();
    while let Some(start) = bare.find('\u{1b}') {
        let end = start + bare[start..].find('m').expect("the end of a colour");
        bare.replace_range(start..=end, "");
    }
    assert_eq!(bare, plain.stdout, "without its colours the text is the same");
    assert_eq!(plain.stderr, "", "no bar where there is no terminal");
    let never = Matter::run_command(matter.command(&["inspect", "in", "--color", "never"]).env("CLICOLOR_FORCE", "1"));
    assert!(!never.stdout.contains('\u{1b}'));
}

/// Reports on the small log alone, without the case beside it, whose zone would overrule the option.
fn reported(matter: &Matter, options: &[&str]) -> (Report, Ended) {
    let arguments = [&["report", "in/log.csv", "-o", "out", "--with-messages", "--reveal"], options].concat();
    let ended = matter.run(&arguments).with_code(0);
    (matter.report("out"), ended)
}

#[test]
fn a_period_keeps_its_first_instant_and_not_its_last() {
    let matter = small_matter();
    let (report, _) = reported(&matter, &["--since", "2020-02-03T10:00:10Z", "--until", "2020-02-03T11:00:20+01:00"]);
    let ids: Vec<String> = report.messages().into_iter().map(|message| message.message_id).collect();
    let expected: Vec<String> = (10..20).map(|index| format!("m{index}")).collect();
    assert_eq!(ids, expected);
    report.assert_every_record_is_accounted_for();
    // A whole day is meant to its end, in the matter's calendar.
    let (report, _) =
        reported(&matter, &["--since", "2020-02-03", "--until", "2020-02-03", "--timezone", "America/Los_Angeles"]);
    assert_eq!(report.messages().len(), 61, "10:00 in UTC is 02:00 of that day there");
    let (report, ended) = reported(&matter, &["--since", "2020-02-04"]);
    assert!(report.messages().is_empty() && ended.stdout.contains("No finding"), "{ended}");
}

#[test]
fn evidence_is_cut_where_it_is_told_and_the_figures_stay() {
    let matter = small_matter();
    for (option, rows) in [("7", 7), ("0", 0), ("all", 60)] {
        let (report, _) = reported(&matter, &["--evidence", option]);
        let finding = &report.csv("findings")[0];
        let own = |row: &&Row| row["finding_id"] == finding["finding_id"];
        assert_eq!(report.csv("evidence").iter().filter(own).count(), rows);
        assert_eq!(finding["messages"], "60");
        assert_eq!(finding["evidence_rows"], rows.to_string());
    }
}

#[test]
fn a_zone_can_be_a_name_or_an_offset() {
    let matter = Matter::new();
    let row = |time: &str| format!("id,sent_at,from,to\nz1,{time},+493023125000,+491713920001\n");
    matter.write("log.csv", row("2020-07-01 12:00:00"));
    for (zone, first) in [
        ("Europe/Berlin", "2020-07-01T10:00:00.000Z"),
        ("+05:30", "2020-07-01T06:30:00.000Z"),
        ("UTC", "2020-07-01T12:00:00.000Z"),
    ] {
        matter.run(&["report", "log.csv", "-o", "out", "--timezone", zone]).with_code(0);
        let input = matter.report("out").input("log.csv");
        assert_eq!((input["first_sent"].as_str(), input["zone"].as_str()), (first, zone));
        assert_eq!(input["zone_basis"], "case", "somebody named it");
    }
    // An offset in the record itself is not overruled.
    matter.write("log.csv", row("2020-07-01T12:00:00-03:00"));
    matter.run(&["report", "log.csv", "-o", "out", "--timezone", "Europe/Berlin"]).with_code(0);
    assert_eq!(matter.report("out").input("log.csv")["first_sent"], "2020-07-01T15:00:00.000Z");
}
