//! How the bad files of `tests/data/bad_inputs.toml` are made: texts as they stand there, what is done to their bytes, and
//! builders for what TOML cannot say. What must come of them is held in `bad_inputs`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bad_inputs::Case;

pub const HEADER: &str = "id;Gesendet am;Absender;Empfänger;Nachricht;Status;Richtung\n";

/// The number that sends in all texts of the table; each case's file gets one of its own in its place, as long as this
/// one, so that many bad files can lie in one folder and no message folds into another file's.
pub const SENDER: &str = "4915123456780";

/// A good row: the `number`-th message of a file whose ids begin with `letter`.
pub fn row(letter: char, number: u32) -> String {
    let second = number - 1;
    format!(
        "{letter}{number};2019-12-02T10:00:{second:02}Z;+{SENDER};+49151234567{number:02};Hallo;zugestellt;ausgehend\n"
    )
}

pub fn rows(letter: char) -> String {
    HEADER.to_owned() + &row(letter, 1) + &row(letter, 2) + &row(letter, 3)
}

/// A webhook on one line that tells of the `number`-th message.
fn webhook(number: u32, time: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"{SENDER}","phone_number_id":"1"}},"statuses":[{{"id":"B{number}","status":"sent","timestamp":"{time}","recipient_id":"49151234567{number:02}"}}]}}}}]}}]}}"#
    )
}

fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).expect("writing memory");
    encoder.finish().expect("writing memory")
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Content from a builder, or `None` when it made the file itself or cannot make it here.
fn make(builder: &str, path: &Path, sender: &str) -> Option<Vec<u8>> {
    let row = |number| row('B', number).replace(SENDER, sender);
    let rows = || rows('B').replace(SENDER, sender);
    let webhook = |number, time: &str| webhook(number, time).replace(SENDER, sender);
    let [good, also] = [webhook(1, "1575280800"), webhook(3, "1575280802")];
    let with_bad_byte = || {
        let whole = webhook(2, "1575280801");
        let (head, tail) = whole.split_at(whole.find("B2").expect("the id"));
        [head.as_bytes(), b"\xff", tail.as_bytes()].concat()
    };
    let lines = |trouble: &[u8]| Some([good.as_bytes(), b"\n", trouble, b"\n", also.as_bytes(), b"\n"].concat());
    let text = match builder {
        "only NUL" => return Some(vec![0; 4096]),
        "gzip cut off" => {
            // The text stands last, so that a cut row looks like a whole one with other words.
            let whole: String =
                rows().lines().map(|row| row.split(';').take(5).collect::<Vec<_>>().join(";") + "\n").collect();
            let mut packed = gzip(whole.as_bytes(), Compression::none());
            packed.truncate(packed.len() - "lo\n".len() - 8);
            return Some(packed);
        }
        "gzip in two members" => {
            let first = gzip((HEADER.to_owned() + &row(1)).as_bytes(), Compression::fast());
            return Some([first, gzip((row(2) + &row(3)).as_bytes(), Compression::fast())].concat());
        }
        "zstd bomb" => return Some(zstd::encode_all(vec![b'a'; 64 << 20].as_slice(), 1).expect("packing")),
        "gzip bomb" => return Some(gzip(&vec![b'a'; 8 << 20], Compression::fast())),
        "carriage returns alone" => rows().replace('\n', "\r"),
        "a line of 100 MB" => {
            let mut text = (HEADER.to_owned() + &row(1)).into_bytes();
            text.resize(text.len() + 100_000_000, b'x');
            text.extend_from_slice(format!("\n{}", row(3)).as_bytes());
            return Some(text);
        }
        "one field in Latin-1" => {
            let latin = row(2).replace("Hallo", "Gr\u{fc}\u{df}e").chars().map(|letter| letter as u8).collect();
            return Some([(HEADER.to_owned() + &row(1)).into_bytes(), latin, row(3).into_bytes()].concat());
        }
        "a mark before UTF-8" => format!("\u{feff}{}", rows()),
        "JSON Lines with a bad byte" => return lines(&with_bad_byte()),
        "JSON array with a bad byte" => {
            let parts = [b"[".as_slice(), good.as_bytes(), b",\n", &with_bad_byte(), b",\n", also.as_bytes(), b"]"];
            return Some(parts.concat());
        }
        "JSON Lines with a line cut off" => return lines(webhook(2, "1575280801").get(..150)?.as_bytes()),
        "JSON array cut off" => format!("[{good},\n{},\n{}", webhook(2, "1575280801"), also.get(..150)?),
        "JSON Lines with brackets" => {
            return lines(format!("{{\"entry\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes());
        }
        "JSON Lines with a huge time" => return lines(webhook(2, &"9".repeat(30)).as_bytes()),
        "JSON Lines with a negative time" => return lines(webhook(2, "-5").as_bytes()),
        "JSON Lines with blank lines" => format!("{good}\r\n\r\n\n   \n{}\n{also}", webhook(2, "1575280801")),
        "brackets" => "[".repeat(100_000) + &"]".repeat(100_000),
        "SQLite" => return Some([b"SQLite format 3\0".to_vec(), vec![1; 4096]].concat()),
        "zip" => return Some(b"PK\x03\x04\x14\0\0\0\x08\0".repeat(20)),
        // Two of them in one folder must not be the same file.
        "PDF" => format!("%PDF-1.7\n{sender}\n"),
        "PNG" => return Some([b"\x89PNG\r\n\x1a\n".to_vec(), (0..=255).collect()].concat()),
        "link to nowhere" => return symlink("nowhere", path).ok().and(None),
        "links in a circle" => return symlink(path.file_name()?, path).ok().and(None),
        "folder in itself" => {
            fs::create_dir(path).expect("a folder");
            return symlink("..", path.join("up")).ok().and(None);
        }
        "file without rights" => {
            fs::write(path, rows()).expect("a file");
            return close(path);
        }
        "folder without rights" => {
            fs::create_dir(path).expect("a folder");
            return close(path);
        }
        other => panic!("no builder is called `{other}`"),
    };
    Some(text.into_bytes())
}

fn close(path: &Path) -> Option<Vec<u8>> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o0)).expect("an own file");
    None
}

/// Whether this user reads what may not be read: then such a case cannot be made.
pub fn reads_everything() -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("closed");
    fs::write(&path, "x").expect("a file");
    close(&path);
    fs::read(&path).is_ok()
}

/// The bytes of a case's file, sent by `sender`; `None` when nothing is to be written any more.
pub fn content(case: &Case, path: &Path, sender: &str) -> Option<Vec<u8>> {
    let text = match (&case.between, &case.text, &case.make) {
        (Some(between), None, None) => HEADER.to_owned() + &row('B', 1) + between + &row('B', 3),
        (None, Some(text), None) => text.clone(),
        (None, None, Some(builder)) => return make(builder, path, sender),
        (None, None, None) if case.rows => rows('B'),
        _ => panic!("`{}` must say in one way what is in its file", case.name),
    };
    let text = text.replace(SENDER, sender);
    let mut bytes = match case.encode.as_deref() {
        None => text.into_bytes(),
        Some("windows-1252") => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        Some("utf-16le") => utf16(&text, u16::to_le_bytes),
        Some("utf-16be") => utf16(&text, u16::to_be_bytes),
        Some("utf-16le with mark") => utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        Some("utf-16be with mark") => utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        Some(other) => panic!("`{other}` is no encoding"),
    };
    bytes = match case.pack.as_deref() {
        None => bytes,
        Some("gzip") => gzip(&bytes, Compression::fast()),
        Some("zstd") => zstd::encode_all(bytes.as_slice(), 3).expect("packing"),
        Some(other) => panic!("`{other}` is no packing"),
    };
    match case.cut {
        Some(cut @ 0..) => bytes.truncate(bytes.len() - cut as usize),
        Some(kept) => bytes.truncate(kept.unsigned_abs() as usize),
        None => {}
    }
    bytes.extend_from_slice(case.append.as_deref().unwrap_or("").as_bytes());
    Some(bytes)
}
