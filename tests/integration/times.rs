//! Columns of times as delimited exports hold them, read by the library: instants, notes, decisions (tests/data/times.toml).
//! What single stamps mean is tested beside the reader; here a whole file is read as a user would hand it over.
//! No process is started.

use serde::Deserialize;

use sendeschluss::case::Case;
use sendeschluss::ingest::time::DateOrder;
use sendeschluss::ingest::{Input, NoProgress, Settings, ingest};

use crate::harness::{millis, project};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    column: Vec<Column>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    zone: Option<String>,
    order: Option<String>,
    header: Option<String>,
    times: Vec<String>,
    instants: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
}

#[test]
fn columns_of_times_are_read_as_the_table_says() {
    let text = std::fs::read_to_string(project("tests/data/times.toml")).expect("the table");
    let columns: Columns = toml::from_str(&text).expect("the table's form");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.csv");
    let mut wrong = Vec::new();
    for column in columns.column {
        let header = column.header.as_deref().unwrap_or("Sent at");
        let rows = column.times.iter().enumerate();
        let rows: String = rows.map(|(row, time)| format!("m{row};{time};+491713920001;Hallo\n")).collect();
        std::fs::write(&path, format!("Message ID;{header};Recipient;Text\n{rows}")).expect("a file");
        let mut case = Case::default();
        case.matter.timezone = column.zone.clone();
        let order = column.order.as_deref().map(|order| match order {
            "mdy" => DateOrder::MonthDay,
            "ymd" => DateOrder::YearMonthDay,
            _ => DateOrder::DayMonth,
        });
        let settings =
            Settings { timezone: None, date_order: order, max_unpacked: 1 << 30, threads: 1, formats: Vec::new() };
        let input = Input { name: "log.csv".to_owned(), path: path.clone(), named: true, member: None };
        let ingested = ingest(&[input], &[], &case, &settings, &NoProgress).expect("settings that can be used");
        let messages = &ingested.messages.columns;
        let found: Vec<Option<i64>> = (0..column.times.len())
            .map(|row| {
                let at = (0..messages.len()).find(|at| messages.record[*at] as usize == row + 1)?;
                Some(messages.sent_at[at])
            })
            .collect();
        let expected: Vec<Option<i64>> =
            column.instants.iter().map(|instant| (instant != "rejected").then(|| millis(instant))).collect();
        let notes = &ingested.inputs[0].notes;
        let told = column.notes.iter().all(|part| notes.iter().any(|note| note.contains(part)));
        if found != expected || !told {
            wrong.push(format!("{}: {found:?} where {expected:?} is right; notes {notes:?}", column.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
