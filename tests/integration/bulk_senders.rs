//! Logs of home-made bulk senders are read without a format of their own; what cannot be read says so.
//! The logs and what must come of them stand in `tests/data/bulk_senders.toml`.

use serde::Deserialize;

use crate::harness::{Matter, millis};

const TABLE: &str = include_str!("../data/bulk_senders.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    log: Vec<Log>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    name: String,
    csv: String,
    #[serde(default)]
    messages: Vec<[String; 3]>,
    refused: Option<String>,
}

#[test]
fn logs_of_bulk_senders_are_read_by_their_columns_alone() {
    let Table { log: logs } = toml::from_str(TABLE).expect("the table");
    let matter = Matter::new();
    for log in &logs {
        matter.write(format!("logs/{}", log.name), log.csv.trim_start());
    }
    let arguments = ["report", "logs", "-o", "out", "--with-messages", "--reveal", "--timezone", "UTC"];
    matter.run(&arguments).with_code(3);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let all = report.messages();
    for log in &logs {
        let file = format!("logs/{}", log.name);
        let of_file = all.iter().filter(|message| message.file == file);
        let found: Vec<(i64, &str, &str)> =
            of_file.map(|message| (message.sent_at, message.recipient.as_str(), message.status.as_str())).collect();
        let expected: Vec<(i64, &str, &str)> =
            log.messages.iter().map(|[at, who, status]| (millis(at), who.as_str(), status.as_str())).collect();
        assert_eq!(found, expected, "{file}");
        let reasons: Vec<String> = report.rejects(&file).into_iter().map(|reject| reject["reason"].clone()).collect();
        match &log.refused {
            Some(wanted) => assert!(reasons.len() == 1 && reasons[0].contains(wanted), "{file}: {reasons:?}"),
            None => assert!(reasons.is_empty(), "{file}: {reasons:?}"),
        }
    }
}
