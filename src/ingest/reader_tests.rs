//! Code readers on made-up files: each reading as a snapshot, and a change of every key that must change the reading.
//! Databases have tests of their own beside their reader.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Ingested, Input, NoProgress, Settings, ingest};
use crate::case::Case;

/// Where fixtures and the readings expected of them lie.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/readers")
}

/// Reads one file.
pub fn read(path: &Path, case: &Case) -> Ingested {
    let input = Input { name: "input".to_owned(), path: path.to_owned(), named: true, member: None };
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let input = Input { name: name.to_owned(), ..input };
    let settings =
        Settings { timezone: None, date_order: None, max_unpacked: 1 << 30, threads: 2, formats: Vec::new() };
    ingest(&[input], &[], case, &settings, &NoProgress).expect("settings that can be used")
}

/// All that a reading gives, as text.
pub fn told(ingested: &Ingested) -> String {
    let mut out = String::new();
    let messages = &ingested.messages;
    let file = &ingested.inputs[0];
    let ends = [file.records, file.read, file.folded, file.ignored, file.rejected];
    writeln!(out, "{} {} {:?} {}", file.format, file.confidence, ends, if file.failed { "failed" } else { "" })
        .unwrap();
    assert_eq!(ends[0], ends[1..].iter().sum::<u64>(), "every record is accounted for");
    for (reason, count) in &file.ignored_by {
        writeln!(out, "ignored {count} × {reason}").unwrap();
    }
    for note in &file.notes {
        writeln!(out, "note {note}").unwrap();
    }
    for reject in &ingested.rejects {
        writeln!(out, "reject {:?} {}", reject.place, reject.reason).unwrap();
    }
    let columns = &messages.columns;
    for row in 0..columns.len() {
        let recipient = columns.recipient[row] as usize;
        let content = columns.content[row] as usize;
        writeln!(
            out,
            "{} {} {} {} {} {:?} -> {:?} {} ×{} {} {} {} {} {} id {:?} {} {:08x}",
            columns.place(row).record,
            jiff::Timestamp::from_millisecond(columns.sent_at[row]).expect("a time"),
            columns.platform[row],
            columns.route[row],
            columns.direction[row],
            messages.accounts[columns.account[row] as usize].id,
            messages.recipients.address.get(recipient),
            messages.recipients.kind[recipient],
            columns.audience[row],
            columns.status[row],
            columns.category[row],
            columns.form[row],
            columns.zone[row],
            columns.forward_score[row],
            columns.message_id.get(row),
            messages.contents.kind[content],
            messages.contents.fingerprint[content] as u32,
        )
        .unwrap();
        if let Some(words) = messages.contents.words.get(&(content as u32)) {
            writeln!(out, "    {:?} {:?}", words.name, words.sample).unwrap();
        }
    }
    for consent in &ingested.consents {
        let (account, recipient) = (consent.account as usize, consent.recipient as usize);
        writeln!(
            out,
            "consent {} {} {:?} {:?} {}",
            consent.kind.as_str(),
            consent.source,
            messages.accounts[account].id,
            messages.recipients.address.get(recipient),
            consent.at
        )
        .unwrap();
    }
    out
}

fn fixture(name: &str) -> Ingested {
    read(&folder().join(name), &Case::default())
}

fn expect(name: &str, told: &str) {
    insta::with_settings!({ snapshot_path => folder(), prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, told);
    });
}

#[test]
fn each_fixture_is_read_as_expected() {
    for name in [
        "telegram-account.json",
        "telegram-chat.json",
        "postfix-2019.log",
        "postfix-iso.log",
        "exim.log",
        "sms-backup.xml",
        "signal.txt",
        "schema.sql",
    ] {
        let ingested = fixture(name);
        expect(name, &told(&ingested));
        // Places are those of the file: the bytes there are the record.
        let text = std::fs::read(folder().join(name)).expect("the fixture");
        for row in 0..ingested.messages.columns.len() {
            let place = ingested.messages.columns.place(row);
            let start = place.offset as usize;
            let line = 1 + text[..start].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(line, place.line as usize, "{name}");
            assert!(start == 0 || !text[start].is_ascii_whitespace(), "{name}: a record begins with its first byte");
            assert!(start + place.length as usize <= text.len(), "{name}");
        }
    }
}

/// Changes each of these spellings everywhere in a fixture; every change must change what is read, or reject.
const MOVED: [(&str, &[&str]); 8] = [
    (
        "telegram-account.json",
        &[
            "\"chats\"",
            "\"left_chats\"",
            "\"list\"",
            "\"type\"",
            "\"messages\"",
            "\"date\"",
            "\"date_unixtime\"",
            "\"from_id\"",
            "\"text\"",
            "\"forwarded_from\"",
            "\"id\"",
            "\"message\"",
            "\"service\"",
            "\"personal_chat\"",
            "\"saved_messages\"",
            "\"public_channel\"",
        ],
    ),
    ("telegram-chat.json", &["\"from_id\"", "\"id\"", "\"date\"", "\"text\"", "\"type\""]),
    (
        "postfix-2019.log",
        &[
            " to=<",
            " status=",
            "from=<",
            "nrcpt=",
            "message-id=",
            "header Subject: ",
            "status=sent",
            "status=bounced",
            "status=deferred",
            "postfix/",
            "/lmtp",
            "removed",
            "NOQUEUE: reject",
            "Dec 30 23:50:01",
        ],
    ),
    ("postfix-iso.log", &[" to=<", "from=<", "2024-08-26T01:33:39", "+02:00", "status=sent"]),
    (
        "exim.log",
        &[
            " <= ",
            " => ",
            " -> ",
            " == ",
            " ** ",
            " H=",
            " T=\"",
            " id=",
            " F=<club",
            "+0200",
            ":blackhole:",
            "remote_smtp",
            "news <news",
            "rejected",
            " <= <>",
        ],
    ),
    (
        "sms-backup.xml",
        &[
            " address=",
            " date=",
            " type=",
            " body=",
            " status=",
            " msg_box=",
            " m_id=",
            " sub=",
            " ct=",
            " text=",
            "<sms ",
            "<mms ",
            "</mms",
            "<part ",
            "<addr ",
            "insert-address-token",
            "type=\"137\"",
            "type=\"151\"",
        ],
    ),
    ("signal.txt", &["2024-03-01, 10:00]", "Ida Moor:", "Sale today", ", 10:05]"]),
    ("schema.sql", &["CREATE TABLE", "CREATE INDEX"]),
];

#[test]
fn nothing_that_is_read_may_move_unnoticed() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut covered = 0;
    for (name, spellings) in MOVED {
        let text = std::fs::read_to_string(folder().join(name)).expect("the fixture");
        let path = scratch.path().join(name);
        std::fs::write(&path, &text).expect("writing");
        let before = told(&read(&path, &Case::default()));
        for spelling in spellings {
            // The last letter or digit turns into another: the same length, another word.
            let at = spelling.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap_or(spelling.len() / 2);
            let mut other = spelling.as_bytes().to_vec();
            other[at] = if other[at] == b'9' {
                b'8'
            } else if other[at].is_ascii_digit() {
                b'9'
            } else {
                b'Q'
            };
            let other = String::from_utf8(other).expect("ASCII");
            let moved = text.replace(spelling, &other);
            assert_ne!(moved, text, "{name} has no {spelling:?}");
            std::fs::write(&path, &moved).expect("writing");
            let after = told(&read(&path, &Case::default()));
            assert_ne!(
                without_places(&after),
                without_places(&before),
                "{name}: {spelling:?} moved to {other:?} unnoticed"
            );
            covered += 1;
        }
    }
    assert!(covered > 70);
}

fn without_places(told: &str) -> String {
    told.lines().map(|line| line.split_once("} ").map_or(line, |(_, reason)| reason)).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_cut_off_is_read_as_far_as_it_goes() {
    let scratch = tempfile::tempdir().expect("a folder");
    for name in ["telegram-account.json", "sms-backup.xml", "exim.log", "postfix-iso.log"] {
        let text = std::fs::read(folder().join(name)).expect("the fixture");
        let path = scratch.path().join(name);
        for cut in (1..text.len()).step_by(37) {
            std::fs::write(&path, &text[..cut]).expect("writing");
            let ingested = read(&path, &Case::default());
            let account = &ingested.inputs[0];
            assert_eq!(
                account.records,
                account.read + account.folded + account.ignored + account.rejected,
                "{name} {cut}"
            );
            if cut > text.len() * 3 / 4 && cut + 8 < text.len() && !name.ends_with("log") {
                assert!(account.read > 0 && account.rejected > 0 && account.failed, "{name} cut at {cut}: {account:?}");
            }
        }
    }
}

#[test]
fn a_classic_log_without_any_sign_of_its_year_is_not_read_into_a_year() {
    let scratch = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(folder().join("postfix-2019.log")).expect("the fixture");
    let path = scratch.path().join("maillog");
    std::fs::write(&path, &text).expect("writing");
    let ingested = read(&path, &Case::default());
    assert_eq!(ingested.messages.columns.len(), 0);
    assert!(ingested.rejects.iter().all(|reject| reject.reason.contains("no year")), "{:?}", ingested.rejects);
    // A message id that begins with a date in the month of its line tells the year of all lines.
    let dated = text.replace("<reply-77@", "<20230101002000.77@");
    std::fs::write(&path, dated).expect("writing");
    let sent: Vec<i64> = read(&path, &Case::default()).messages.columns.sent_at;
    assert_eq!(jiff::Timestamp::from_millisecond(sent[0]).unwrap().to_string(), "2022-12-30T23:50:01Z");
    assert_eq!(jiff::Timestamp::from_millisecond(*sent.last().unwrap()).unwrap().to_string(), "2023-01-01T00:24:01Z");
}

#[test]
fn an_account_export_says_whose_it_is() {
    let scratch = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(folder().join("telegram-account.json")).expect("the fixture");
    let path = scratch.path().join("result.json");
    std::fs::write(&path, text.replace("\"user_id\": 7001", "\"user_id\": 7002")).expect("writing");
    let directions: Vec<&str> =
        read(&path, &Case::default()).messages.columns.direction.iter().map(|direction| direction.as_str()).collect();
    assert_eq!(directions, ["inbound", "outbound", "inbound", "outbound", "outbound"], "seen by the other");
}

#[test]
fn a_case_that_knows_the_owner_settles_a_single_chat_and_a_mailbox() {
    let case: Case =
        toml::from_str("[[account]]\nid = \"user7002\"\n[[account]]\nid = \"ana@mail.example\"\n").expect("a case");
    let chat = read(&folder().join("telegram-chat.json"), &case);
    let directions: Vec<&str> = chat.messages.columns.direction.iter().map(|direction| direction.as_str()).collect();
    assert_eq!(directions, ["inbound", "outbound"], "seen from the other side");
    let mail = read(&folder().join("exim.log"), &case);
    assert_eq!(mail.messages.columns.direction[0].as_str(), "inbound", "the recipient is ours");
}

#[test]
fn samples_are_named_rightly_and_accounted_for() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let samples = std::env::var_os("SENDESCHLUSS_SAMPLES").map_or(samples, PathBuf::from);
    for (name, format, ends) in [
        ("telegram/chat-miner_test_batch_export.json", "telegram-desktop", [2, 2, 0, 0, 0]),
        ("telegram/chat-miner_test_single_export.json", "telegram-desktop", [2, 2, 0, 0, 0]),
        ("telegram/telegram-export-md_result.json", "telegram-desktop", [14, 11, 0, 2, 1]),
        ("telegram/tg-parser_personal_chat.json", "telegram-desktop", [5, 4, 0, 1, 0]),
        ("telegram/tg-parser_supergroup_with_topics.json", "telegram-desktop", [7, 4, 0, 3, 0]),
        ("email-mta-logs/exim-logs.log", "exim-log", [12, 0, 0, 12, 0]),
        ("email-mta-logs/postfix-logs.log", "postfix-log", [7, 0, 0, 7, 0]),
        ("android-sms-backup/sms_backup_and_restore_sms.xml", "sms-backup-restore", [9, 9, 0, 0, 0]),
        ("signal/chat-miner_test_export.txt", "signal-text", [2, 2, 0, 0, 0]),
        ("whatsapp-msgstore/dllsystem_msgstore_synthetic.db", "whatsapp-msgstore", [9, 9, 0, 0, 0]),
        ("whatsapp-msgstore/msgstore_2025_empty_real_schema.db", "whatsapp-msgstore", [0, 0, 0, 0, 0]),
        ("whatsapp-msgstore/msgstore_2025_schema_only.sql", "sql-dump", [0; 5]),
        ("whatsapp-msgstore/msgstore_2022_schema_only.sql", "sql-dump", [0; 5]),
        ("whatsapp-msgstore/wa_schema_only.sql", "sql-dump", [0; 5]),
    ] {
        let path = samples.join(name);
        if !path.exists() {
            continue;
        }
        let ingested = read(&path, &Case::default());
        let file = &ingested.inputs[0];
        assert_eq!(file.format, format, "{name}");
        let found = [file.records, file.read, file.folded, file.ignored, file.rejected];
        if format == "sql-dump" {
            assert!(found[0] > 0 && found[0] == found[3], "{name}: {found:?}");
        } else {
            assert_eq!(found, ends, "{name}: {:?} {:?}", file.notes, ingested.rejects);
        }
    }
}
