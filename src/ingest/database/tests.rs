//! Databases made up by SQL: each reading as a snapshot, each column that is read moved, damage, and evidence.
//! No real database lies in the project.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::*;
use crate::case::Case;
use crate::ingest::reader_tests::{read as read_file, told};

fn make(folder: &Path, name: &str, sql: &str) -> PathBuf {
    let path = folder.join(name);
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch(sql).expect("statements that hold");
    connection.close().expect("closing");
    path
}

const ANDROID: &str = "
CREATE TABLE jid (_id INTEGER PRIMARY KEY, user TEXT, server TEXT, raw_string TEXT);
INSERT INTO jid VALUES (1,'4915100000002','s.whatsapp.net','4915100000002@s.whatsapp.net'),
 (2,'4915100000003','s.whatsapp.net',NULL), (3,'777000777','lid','777000777@lid'),
 (4,'4915100000004','s.whatsapp.net','4915100000004@s.whatsapp.net'), (5,'1700000000','broadcast','1700000000@broadcast'),
 (6,'4915100000001-1','g.us','4915100000001-1@g.us'), (7,'status','broadcast','status@broadcast'),
 (8,'4915100000001','s.whatsapp.net','4915100000001@s.whatsapp.net'), (9,'120363','newsletter','120363@newsletter'),
 (10,'4915100000010','s.whatsapp.net',NULL), (11,'888000888','lid','888000888@lid'),
 (12,'4915100000012','s.whatsapp.net','4915100000012@s.whatsapp.net');
CREATE TABLE jid_map (lid_row_id INTEGER PRIMARY KEY, jid_row_id INTEGER);
INSERT INTO jid_map VALUES (3,4), (11,12);
CREATE TABLE chat (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, subject TEXT);
INSERT INTO chat VALUES (1,1,NULL),(2,2,NULL),(3,3,NULL),(5,5,'Kunden'),(6,6,'Walkers'),(7,7,NULL),(9,9,NULL);
CREATE TABLE message (_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, key_id TEXT, sender_jid_row_id INTEGER,
 status INTEGER, recipient_count INTEGER, timestamp INTEGER, message_type INTEGER, text_data TEXT);
INSERT INTO message VALUES
 (1,1,1,'3EB0000000000000000001',NULL,5,0,1709283600000,0,'Sale today'),
 (2,1,0,'3EB0000000000000000002',NULL,0,0,1709283660000,0,'STOP'),
 (3,2,1,'3EB0000000000000000003',NULL,4,0,1709283700000,1,NULL),
 (4,3,1,'3EB0000000000000000004',NULL,13,0,1709283800000,0,'Hello'),
 (5,5,1,'3EB0000000000000000005',8,4,4,1709283900000,0,'Sale for all'),
 (6,6,1,'3EB0000000000000000006',8,4,7,1709284000000,0,'Tour'),
 (7,6,0,'3EB0000000000000000007',1,0,0,1709284100000,0,'Fine'),
 (8,6,0,'3EB0000000000000000008',11,0,0,1709284150000,0,'Me too'),
 (9,7,0,'3EB0000000000000000009',1,0,0,1709284200000,0,'post'),
 (10,1,0,'3EB000000000000000000A',NULL,6,0,1709284300000,7,NULL),
 (11,1,0,'3EB000000000000000000B',NULL,0,0,1709284400000,0,NULL),
 (12,1,0,'3EB000000000000000000C',NULL,0,0,1709284500000,7,NULL),
 (13,1,0,'3EB000000000000000000D',NULL,0,0,1709284600000,90,NULL),
 (14,2,1,'3EB000000000000000000E',NULL,4,0,1709284700000,0,'Offer'),
 (15,2,0,'3EB000000000000000000F',NULL,0,0,1709284800000,0,NULL),
 (16,2,1,'3EB0000000000000000010',NULL,4,0,NULL,0,'no time'),
 (17,NULL,1,'3EB0000000000000000011',NULL,4,0,1709284900000,0,'nobody'),
 (18,9,0,'3EB0000000000000000012',NULL,0,0,1709285000000,0,'news'),
 (19,1,0,'3EB0000000000000000013',NULL,0,0,1709285100000,0,NULL),
 (20,2,1,'3EB0000000000000000014',NULL,4,0,1709285200000,0,NULL),
 (21,6,0,'3EB0000000000000000015',10,0,0,1709285300000,0,'And me'),
 (22,1,0,'3EB0000000000000000016',NULL,0,0,1709285400000,0,NULL);
CREATE TABLE receipt_user (_id INTEGER PRIMARY KEY, message_row_id INTEGER, receipt_user_jid_row_id INTEGER,
 receipt_timestamp INTEGER, read_timestamp INTEGER, played_timestamp INTEGER);
INSERT INTO receipt_user VALUES (1,5,1,1709283901000,1709283950000,0),(2,5,2,1709283902000,0,0),(3,5,3,0,0,1709283999000),
 (4,6,1,1709284001000,0,0),(5,1,1,1709283601000,1709283602000,0);
CREATE TABLE message_forwarded (message_row_id INTEGER PRIMARY KEY, forward_score INTEGER);
INSERT INTO message_forwarded VALUES (1,127);
CREATE TABLE message_template (message_row_id INTEGER PRIMARY KEY, content_text_data TEXT, template_id TEXT, category TEXT, tag TEXT);
INSERT INTO message_template VALUES (11,'Your parcel','4711','UTILITY','parcel'),(19,NULL,'4712','MARKETING',NULL),
 (22,'Only words',NULL,NULL,NULL);
CREATE TABLE premium_message_info (message_row_id INTEGER PRIMARY KEY, campaign_id STRING);
INSERT INTO premium_message_info VALUES (14,'spring');
CREATE TABLE message_system_opt_out (message_row_id INTEGER PRIMARY KEY, biz_opt_out_category INTEGER, biz_opt_out_action INTEGER);
INSERT INTO message_system_opt_out VALUES (12,NULL,1),(15,1,NULL);
CREATE TABLE message_system (message_row_id INTEGER PRIMARY KEY, action_type INTEGER);
INSERT INTO message_system VALUES (20,9);
";

const LEGACY: &str = "
CREATE TABLE messages (_id INTEGER PRIMARY KEY, key_remote_jid TEXT, key_from_me INTEGER, key_id TEXT, status INTEGER,
 data TEXT, timestamp INTEGER, media_wa_type TEXT, remote_resource TEXT, recipient_count INTEGER, forwarded INTEGER);
INSERT INTO messages VALUES (1,'-1',0,'-1',-1,NULL,0,'0',NULL,0,0),
 (2,'4915100000002@s.whatsapp.net',1,'AAAAAAAAAAAAAAAAAAAA',5,'Sale',1561975200000,'0',NULL,0,1),
 (3,'1561900000@broadcast',1,'AAAAAAAAAAAAAAAAAAAB',4,'Sale',1561975300000,'0','',17,0),
 (4,'4915100000001-1@g.us',0,'AAAAAAAAAAAAAAAAAAAC',0,'Fine',1561975400000,'0','4915100000003@s.whatsapp.net',0,0),
 (5,'4915100000002@s.whatsapp.net',1,'AAAAAAAAAAAAAAAAAAAD',6,NULL,1561975500000,'0',NULL,0,0),
 (6,'4915100000002@s.whatsapp.net',0,'AAAAAAAAAAAAAAAAAAAE',0,NULL,1561975600000,'8',NULL,0,0);
";

const IOS: &str = "
CREATE TABLE ZWACHATSESSION (Z_PK INTEGER PRIMARY KEY, ZCONTACTJID TEXT, ZPARTNERNAME TEXT);
INSERT INTO ZWACHATSESSION VALUES (1,'4915100000002@s.whatsapp.net','Bo'),(2,'4915100000001-1@g.us','Walkers'),
 (3,NULL,'Cleo'),(4,NULL,NULL),(5,'status@broadcast',NULL);
CREATE TABLE ZWAGROUPMEMBER (Z_PK INTEGER PRIMARY KEY, ZCHATSESSION INTEGER, ZMEMBERJID TEXT);
INSERT INTO ZWAGROUPMEMBER VALUES (1,2,'4915100000002@s.whatsapp.net'),(2,2,'4915100000003@s.whatsapp.net'),
 (3,2,'4915100000004@s.whatsapp.net');
CREATE TABLE ZWAMESSAGE (Z_PK INTEGER PRIMARY KEY, ZISFROMME INTEGER, ZMESSAGEDATE TIMESTAMP, ZTEXT TEXT, ZMESSAGETYPE INTEGER,
 ZSTANZAID TEXT, ZCHATSESSION INTEGER, ZGROUPMEMBER INTEGER, ZFROMJID TEXT, ZTOJID TEXT);
INSERT INTO ZWAMESSAGE VALUES (1,1,730976400.5,'Sale',0,'3A000000000000000001',1,NULL,NULL,'x@s.whatsapp.net'),
 (2,0,730976460,'Thanks',0,'3A000000000000000002',1,NULL,'4915100000002@s.whatsapp.net',NULL),
 (3,1,730976500,'Tour',0,'3A000000000000000003',2,NULL,NULL,NULL),
 (4,0,730976600,'Fine',0,'3A000000000000000004',2,2,'4915100000001-1@g.us',NULL),
 (5,0,730976700,NULL,6,'3A000000000000000005',2,NULL,NULL,NULL),
 (6,1,730976800,'Hello',0,'3A000000000000000006',3,NULL,NULL,NULL),
 (7,1,730976900,'Hi',0,'3A000000000000000007',4,NULL,NULL,'4915100000007@s.whatsapp.net'),
 (8,0,730976950,'Hi',0,'3A000000000000000008',4,NULL,'4915100000008@s.whatsapp.net',NULL),
 (9,1,730977000,'post',0,'3A000000000000000009',5,NULL,NULL,NULL),
 (10,1,0,'no time',0,'3A00000000000000000A',1,NULL,NULL,NULL);
";

const IMESSAGE: &str = "
CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT, service TEXT);
INSERT INTO handle VALUES (1,'+4915100000002','iMessage'),(2,'bo@mail.example','iMessage'),(3,'+4915100000003','SMS');
CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, chat_identifier TEXT, style INTEGER);
INSERT INTO chat VALUES (1,'+4915100000002',45),(2,'chat4711',43);
CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
INSERT INTO chat_message_join VALUES (1,1),(1,2),(2,3),(2,4);
CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER);
INSERT INTO chat_handle_join VALUES (1,1),(2,1),(2,2);
CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, handle_id INTEGER, service TEXT, account TEXT, date INTEGER,
 is_from_me INTEGER, is_sent INTEGER, is_delivered INTEGER, is_read INTEGER, error INTEGER, item_type INTEGER,
 destination_caller_id TEXT);
INSERT INTO message VALUES
 (1,'G-0000-0000-0000-0001','Sale',1,'iMessage','E:ida@mail.example',730976400000000000,1,1,1,0,0,0,NULL),
 (2,'G-0000-0000-0000-0002','Thanks',1,'iMessage','E:ida@mail.example',730976460000000000,0,0,0,0,0,0,'+4915100000001'),
 (3,'G-0000-0000-0000-0003','Tour',0,'iMessage','P:+4915100000001',730976500000000000,1,1,1,1,0,0,NULL),
 (4,'G-0000-0000-0000-0004',NULL,2,'iMessage','P:+4915100000001',730976600000000000,0,0,0,0,0,1,NULL),
 (5,'G-0000-0000-0000-0005','Code',3,'SMS','P:+4915100000001',730976700,1,1,0,0,0,0,NULL),
 (6,'G-0000-0000-0000-0006','Lost',3,'SMS','P:+4915100000001',730976800,1,0,0,0,22,0,NULL);
";

const SIGNAL: &str = "
CREATE TABLE recipient (_id INTEGER PRIMARY KEY, e164 TEXT, phone TEXT, group_id TEXT, aci TEXT, uuid TEXT);
INSERT INTO recipient VALUES (1,'+4915100000001',NULL,NULL,NULL,NULL),(2,'+4915100000002',NULL,NULL,NULL,NULL),
 (3,NULL,NULL,'__signal_group__v2__!ab',NULL,NULL),(4,NULL,'+4915100000004',NULL,NULL,NULL),
 (5,NULL,NULL,NULL,'6c1b3d2e-0000-4000-8000-000000000005',NULL),(6,NULL,NULL,NULL,NULL,'6c1b3d2e-0000-4000-8000-000000000006');
CREATE TABLE thread (_id INTEGER PRIMARY KEY, recipient_id INTEGER);
INSERT INTO thread VALUES (1,2),(2,3),(3,4),(4,5),(5,6);
CREATE TABLE message (_id INTEGER PRIMARY KEY, date_sent INTEGER, thread_id INTEGER, from_recipient_id INTEGER, type INTEGER, body TEXT);
INSERT INTO message VALUES (1,1709283600000,1,1,10485783,'Sale'),(2,1709283660000,1,2,10485780,'Thanks'),
 (3,1709283700000,2,1,10485783,'Tour'),(4,1709283800000,3,1,10485784,'Hello'),(5,1709283900000,4,1,10485783,'Hi'),
 (6,1709284000000,5,1,10485783,'Hi'),(7,1709284100000,2,4,10485780,'Fine'),(8,1709284200000,2,5,10485780,'Fine'),
 (9,1709284300000,2,6,10485780,'Fine'),(10,1709284400000,1,2,3,NULL),(11,0,1,1,10485783,'no time');
";

const VIBER: &str = "
CREATE TABLE participants_info (_id INTEGER PRIMARY KEY, number TEXT);
INSERT INTO participants_info VALUES (1,'+4915100000001'),(2,'+4915100000002'),(3,'+4915100000003');
CREATE TABLE participants (_id INTEGER PRIMARY KEY, conversation_id INTEGER, participant_info_id INTEGER);
INSERT INTO participants VALUES (1,1,1),(2,1,2),(3,2,1),(4,2,2),(5,2,3);
CREATE TABLE messages (_id INTEGER PRIMARY KEY, msg_date INTEGER, send_type INTEGER, body TEXT, conversation_id INTEGER, participant_id INTEGER);
INSERT INTO messages VALUES (1,1709283600000,1,'Sale',1,1),(2,1709283660000,0,'Thanks',1,2),(3,1709283700000,1,'Tour',2,3),
 (4,1709283800000,0,'Fine',2,5);
";

const MADE: [(&str, &str, &Layout); 6] = [
    ("android.db", ANDROID, &whatsapp_android::MESSAGE),
    ("legacy.db", LEGACY, &whatsapp_android::LEGACY),
    ("ios.db", IOS, &whatsapp_ios::LAYOUT),
    ("imessage.db", IMESSAGE, &imessage::LAYOUT),
    ("signal.db", SIGNAL, &signal::LAYOUT),
    ("viber.db", VIBER, &viber::LAYOUT),
];

#[test]
fn each_database_is_read_as_expected() {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/readers");
    for (name, sql, _) in MADE {
        let path = make(scratch.path(), name, sql);
        let ingested = read_file(&path, &Case::default());
        insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, told(&ingested));
        });
        // The canonical text holds each record at the place that its messages name.
        let text = records_text(Store::File(&path));
        let bytes = std::fs::read(&path).expect("the database");
        assert_eq!(text, records_text(Store::Bytes(&bytes)), "a copy out of an archive reads alike");
        for row in 0..ingested.messages.columns.len() {
            let place = ingested.messages.columns.place(row);
            let line = &text[place.offset as usize..][..place.length as usize];
            let line = std::str::from_utf8(line).expect("text");
            let first = line.split("} {").next().expect("a row");
            let first = if first.ends_with('}') { first.to_owned() } else { format!("{first}}}") };
            assert!(serde_json::from_str::<serde_json::Value>(&first).is_ok(), "{line}");
            assert_eq!(std::str::from_utf8(&text).expect("text").lines().nth(place.line as usize - 1), Some(line));
        }
        let beside = std::fs::read_dir(scratch.path()).expect("the folder").count();
        let made = MADE.iter().position(|(other, ..)| *other == name).expect("made") + 1;
        assert_eq!(beside, made, "nothing is written beside a database");
    }
}

#[test]
fn no_column_may_move_unnoticed() {
    let mut covered = 0;
    for (name, sql, layout) in MADE {
        let scratch = tempfile::tempdir().expect("a folder");
        let before = told(&read_file(&make(scratch.path(), name, sql), &Case::default()));
        let selects = [Some(layout.select), layout.side.map(|side| side.0), layout.members.map(|members| members.0)];
        for select in selects.into_iter().flatten() {
            let table_of = |alias: &str| {
                let joined = select.joins.iter().find(|join| join.0 == alias).map(|join| join.1);
                joined.unwrap_or(select.table)
            };
            let keys = select.joins.iter().flat_map(|join| join.2.split(" = "));
            for place in select.wants.iter().map(|want| want.1).chain(keys) {
                let (alias, column) = place.split_once('.').expect("alias and column");
                let scratch = tempfile::tempdir().expect("a folder");
                let moved = format!("{sql}\nALTER TABLE {} RENAME COLUMN {column} TO moved;", table_of(alias));
                let after = told(&read_file(&make(scratch.path(), name, &moved), &Case::default()));
                assert_ne!(before, after, "{name}: {place} of {} moved unnoticed", table_of(alias));
                covered += 1;
            }
        }
    }
    assert!(covered > 100, "{covered}");
}

#[test]
fn a_file_with_both_generations_folds_what_stands_in_both() {
    let scratch = tempfile::tempdir().expect("a folder");
    let both = format!(
        "{ANDROID}{LEGACY}
        INSERT INTO message VALUES (40,1,1,'AAAAAAAAAAAAAAAAAAAA',NULL,13,0,1561975200000,0,'Sale');"
    );
    let ingested = read_file(&make(scratch.path(), "both.db", &both), &Case::default());
    let file = &ingested.inputs[0];
    assert_eq!(file.format, "whatsapp-msgstore+whatsapp-msgstore-legacy");
    assert_eq!(file.folded, 1);
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let scratch = tempfile::tempdir().expect("a folder");
    let many: String = (100..2100)
        .map(|id| {
            format!("INSERT INTO message VALUES ({id},1,1,'K{id:020}',NULL,4,0,1709283600000,0,'{}');", "x".repeat(60))
        })
        .collect();
    let whole =
        std::fs::read(make(scratch.path(), "whole.db", &format!("BEGIN;{ANDROID}{many}COMMIT;"))).expect("bytes");
    let path = scratch.path().join("cut.db");
    for cut in (16..whole.len()).step_by(whole.len() / 23) {
        std::fs::write(&path, &whole[..cut]).expect("writing");
        let ingested = read_file(&path, &Case::default());
        assert!(ingested.inputs[0].failed && ingested.inputs[0].rejected > 0, "cut at {cut}");
    }
    for at in (100..whole.len()).step_by(4096) {
        let mut bytes = whole.clone();
        bytes[at..].iter_mut().take(300).for_each(|byte| *byte = 0x5A);
        std::fs::write(&path, &bytes).expect("writing");
        let file = &read_file(&path, &Case::default()).inputs[0];
        assert_eq!(file.records, file.read + file.folded + file.ignored + file.rejected, "struck at {at}");
    }
    std::fs::write(&path, [MAGIC, &[0x11; 5000]].concat()).expect("writing");
    assert!(read_file(&path, &Case::default()).inputs[0].failed);
}

#[test]
fn unknown_databases_name_their_tables_and_contacts_are_no_sends() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = make(scratch.path(), "other.db", "CREATE TABLE invoices (id); CREATE TABLE customers (id);");
    let ingested = read_file(&path, &Case::default());
    assert!(ingested.rejects[0].reason.contains("`customers`, `invoices`"), "{:?}", ingested.rejects);
    let contacts =
        "CREATE TABLE wa_contacts (jid TEXT, number TEXT); INSERT INTO wa_contacts VALUES ('a','1'),('b','2');";
    let file = read_file(&make(scratch.path(), "wa.db", contacts), &Case::default()).inputs[0].clone();
    assert_eq!((file.format.as_str(), file.records, file.ignored, file.failed), ("whatsapp-contacts", 2, 2, false));
}

#[test]
fn a_log_of_changes_beside_a_database_is_told_and_left_alone() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = make(scratch.path(), "msgstore.db", ANDROID);
    let log = scratch.path().join("msgstore.db-wal");
    std::fs::write(&log, [&[0x37, 0x7F, 0x06, 0x82][..], &[0; 60]].concat()).expect("writing");
    let before = std::fs::read(&path).expect("bytes");
    let ingested = read_file(&path, &Case::default());
    assert!(ingested.inputs[0].notes.iter().any(|note| note.contains("-wal")), "{:?}", ingested.inputs[0].notes);
    assert_eq!(std::fs::read(&path).expect("bytes"), before);
    assert_eq!(std::fs::read_dir(scratch.path()).expect("the folder").count(), 2);
    let file = read_file(&log, &Case::default()).inputs[0].clone();
    assert_eq!((file.format.as_str(), file.ignored, file.failed), ("sqlite-log", 1, false));
}
