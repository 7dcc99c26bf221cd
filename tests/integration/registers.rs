//! Registers of consent: no column that a format reads may move without the reading changing, and no line is a send.
//! What must be read from each stands beside its made-up export in `tests/data/formats`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sendeschluss::case::Case;
use sendeschluss::ingest::Ingested;
use sendeschluss::ingest::formats::Catalogue;
use sendeschluss::ingest::{Input, NoProgress, Settings, ingest};

use sendeschluss::ingest::proof::Channels;
use sendeschluss::message::Platform;
use serde::Deserialize;

use crate::harness::project;

fn read(file: &Path, formats: Vec<PathBuf>) -> Ingested {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let input = Input { name, path: file.to_owned(), named: true, member: None };
    let settings = Settings { timezone: None, date_order: None, max_unpacked: 1 << 30, threads: 2, formats };
    ingest(&[input], &[], &Case::default(), &settings, &NoProgress).expect("settings that are right")
}

fn reading(file: &Path) -> String {
    let read = read(file, Vec::new());
    let mut text = format!("{} messages, {:?}\n", read.messages.columns.len(), read.inputs[0].ignored_by);
    for consent in &read.consents {
        let who = read.messages.recipients.address.get(consent.recipient as usize);
        let account = &read.messages.accounts[consent.account as usize];
        let account = if account.provisional { "" } else { &account.id };
        let _ = writeln!(text, "{} {who} {account} {} {}", consent.kind.as_str(), consent.at, consent.source);
        let _ = writeln!(text, "  {:?}", consent.proof);
    }
    text
}

#[test]
fn no_column_of_a_register_moves_unnoticed() {
    let catalogue = Catalogue::load().expect("formats that are right");
    let folder = tempfile::tempdir().expect("a folder");
    let mut registers = 0;
    for format in catalogue.delimited().filter(|format| !format.consents.is_empty()) {
        registers += 1;
        let file = project("tests/data/formats").join(format!("{}.csv", format.name));
        let before = reading(&file);
        assert!(before.starts_with("0 messages"), "{}: a register has no sends: {before}", format.name);
        let text = std::fs::read_to_string(&file).expect("the export");
        let (header, rows) = text.split_once('\n').expect("a header line");
        let columns: BTreeSet<&str> = format.consents.iter().flat_map(|consent| consent.header()).collect();
        for column in columns {
            let names: Vec<String> = header
                .split([',', ';'])
                .map(|name| if name.trim_matches('"') == column { format!("{column}Moved") } else { name.to_owned() })
                .collect();
            let separator = if header.contains(';') { ";" } else { "," };
            let moved = folder.path().join(format!("{}.csv", format.name));
            std::fs::write(&moved, format!("{}\n{rows}", names.join(separator))).expect("a file");
            assert_ne!(reading(&moved), before, "{}: `{column}` can move without being noticed", format.name);
        }
    }
    assert_eq!(registers, 3);
}

/// A table, and what must be read from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    name: String,
    table: String,
    /// None where the table is no register.
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    rejected: u64,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize)]
struct Samples {
    register: Vec<Sample>,
}

/// `opt_in +49… 2021-08-01T08:00:00Z`, and behind it what is missing of its proof, whether it was confirmed, whether it is
/// for another channel than WhatsApp.
fn told(read: &Ingested) -> Vec<String> {
    let line = |consent: &sendeschluss::ingest::Consent| {
        let who = read.messages.recipients.address.get(consent.recipient as usize);
        let at = jiff::Timestamp::from_millisecond(consent.at).expect("a time");
        let mut line = format!("{} {who} {at}", consent.kind.as_str());
        let account = &read.messages.accounts[consent.account as usize];
        if !account.provisional {
            line += &format!(" to {}", account.id);
        }
        if consent.kind.as_str() == "opt_in" {
            let missing = consent.proof.missing();
            line += &if missing.is_empty() { " proven".to_owned() } else { format!(" lacks {}", missing.join(" ")) };
            line += if consent.proof.confirmed { ", confirmed" } else { "" };
        }
        line + match consent.proof.channels {
            Channels::NotStated => "",
            Channels::Any => ", any channel",
            Channels::Named(channels) if channels.holds(Platform::Whatsapp) => ", for WhatsApp",
            Channels::Named(_) => ", for another channel",
        }
    };
    read.consents.iter().map(line).collect()
}

#[test]
fn registers_of_any_form_are_known_by_their_headers_and_values() {
    let text = std::fs::read_to_string(project("tests/data/registers.toml")).expect("the samples");
    let samples: Samples = toml::from_str(&text).expect("samples that are right");
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = String::new();
    for sample in samples.register {
        let file = folder.path().join("register.csv");
        std::fs::write(&file, &sample.table).expect("a file");
        let read = read(&file, Vec::new());
        let input = &read.inputs[0];
        let format = sample.format.unwrap_or_else(|| "consent-register".to_owned());
        let notes = input.notes.join("; ");
        let got = told(&read);
        if input.format != format
            || got != sample.says
            || input.rejected != sample.rejected
            || !notes.contains(&sample.note)
        {
            let _ = writeln!(wrong, "{}: {} {got:#?} rejected {} {notes}", sample.name, input.format, input.rejected);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_format_file_of_json_names_the_fields_of_a_proof() {
    let folder = tempfile::tempdir().expect("a folder");
    let format = folder.path().join("mine.toml");
    let toml = r#"
        name = "my-opt-ins"
        title = "opt-ins of my shop"
        source = "the shop"
        confidence = "C"
        kind = "json"
        [recognise]
        keys = ["optIn.at", "optIn.phone"]
        [[record]]
        consent = "opt_in"
        consent_source = "shop"
        [record.fields]
        sent_at = "optIn.at"
        recipient = "optIn.phone"
        channel = "optIn.channels"
        text_version = "optIn.wording"
        obtained_from = "optIn.page"
        reference = ["optIn.ip", "optIn.document"]
        confirmed = "optIn.doubleOptInAt"
    "#;
    std::fs::write(&format, toml).expect("a file");
    let file = folder.path().join("optins.jsonl");
    let lines = [
        r#"{"optIn":{"at":"2021-08-01T08:00:00Z","phone":"+4915112340001","channels":"whatsapp, sms","wording":"v3","page":"/newsletter","ip":"192.0.2.7","doubleOptInAt":"2021-08-01T08:05:00Z"}}"#,
        r#"{"optIn":{"at":"2021-08-02T08:00:00Z","phone":"+4915112340002","channels":"email","page":"/newsletter"}}"#,
    ];
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let read = read(&file, vec![format.clone()]);
    let expected = [
        "opt_in +4915112340001 2021-08-01T08:00:00Z proven, confirmed, for WhatsApp",
        "opt_in +4915112340002 2021-08-02T08:00:00Z lacks text_version proof_ref, for another channel",
    ];
    assert_eq!(told(&read), expected);
    // What proves an opt-in says nothing of a send.
    std::fs::write(&format, toml.replace("consent = \"opt_in\"", "").replace("consent_source = \"shop\"", ""))
        .expect("a file");
    let error = Catalogue::with_user_files(&[format]).expect_err("no opt-in").to_string();
    assert!(error.contains("belongs to a record with `consent`"), "{error}");
}
