//! Registers of consent: no column that a format reads may move without the reading changing, and no line is a send.
//! What must be read from each stands beside its made-up export in `tests/data/formats`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use sendeschluss::case::Case;
use sendeschluss::ingest::formats::Catalogue;
use sendeschluss::ingest::{Input, NoProgress, Settings, ingest};

use crate::harness::project;

fn reading(file: &Path) -> String {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let input = Input { name, path: file.to_owned(), named: true, member: None };
    let settings =
        Settings { timezone: None, date_order: None, max_unpacked: 1 << 30, threads: 2, formats: Vec::new() };
    let read = ingest(&[input], &[], &Case::default(), &settings, &NoProgress).expect("settings that are right");
    let mut text = format!("{} messages, {:?}\n", read.messages.columns.len(), read.inputs[0].ignored_by);
    for consent in &read.consents {
        let who = read.messages.recipients.address.get(consent.recipient as usize);
        let _ = writeln!(text, "{} {who} {} {}", consent.kind.as_str(), consent.at, consent.source);
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
