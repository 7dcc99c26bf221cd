//! A Concordance load file (DAT): UTF-8 with byte order mark, CRLF, every value between thorns, fields parted by 0x14.
//! The form has no way to write its own signs within a value; how they are replaced is said here, and is what is common.
//! Which documents there are is decided by the module above.

use std::io::{self, Write};

use super::Document;

const QUALIFIER: char = '\u{fe}';
const SEPARATOR: char = '\u{14}';
/// Stands for a line end within a value.
const NEW_LINE: char = '\u{ae}';

const FIELDS: [&str; 22] = [
    "BEGBATES",
    "ENDBATES",
    "CUSTODIAN",
    "FROM",
    "TO",
    "DATESENT",
    "TIMESENT",
    "TIMEZONE",
    "DIRECTION",
    "PLATFORM",
    "ROUTE",
    "STATUS",
    "MESSAGEID",
    "CAMPAIGN",
    "FINDINGS",
    "FILENAME",
    "RECORD",
    "LINE",
    "OFFSET",
    "LENGTH",
    "HASH",
    "NATIVEPATH",
];

/// Writes the load file.
///
/// # Errors
/// When it cannot be written.
pub fn write(documents: &[Document], out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    line(&FIELDS.map(str::to_owned), out)?;
    for document in documents {
        let (from, to) = if document.outgoing {
            (&document.account, &document.recipient)
        } else {
            (&document.recipient, &document.account)
        };
        let (day, time) = document.sent_at.split_once('T').unwrap_or((&document.sent_at, ""));
        let [record, number, offset, length] = document.place.map(|place| place.to_string());
        let fields: [String; 22] = [
            document.number.clone(),
            document.number.clone(),
            document.account.clone(),
            from.clone(),
            to.clone(),
            day.to_owned(),
            time.trim_end_matches('Z').to_owned(),
            "UTC".to_owned(),
            if document.outgoing { "outgoing" } else { "incoming" }.to_owned(),
            document.platform.to_owned(),
            document.route.to_owned(),
            document.status.to_owned(),
            document.message_id.clone(),
            document.campaign.clone(),
            document.findings.join(";"),
            document.file.clone(),
            record,
            number,
            offset,
            length,
            document.sha256.clone(),
            document.native.clone(),
        ];
        line(&fields, out)?;
    }
    Ok(())
}

fn line(fields: &[String], out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(SEPARATOR);
        }
        text.push(QUALIFIER);
        text.push_str(&value(field));
        text.push(QUALIFIER);
    }
    text.push_str("\r\n");
    out.write_all(text.as_bytes())
}

/// A value without the signs of the form: a thorn becomes `th`, the separator a blank, `®` is spelt out.
fn value(field: &str) -> String {
    let field = field.replace("\r\n", "\n");
    let mut text = String::with_capacity(field.len());
    for character in field.chars() {
        match character {
            QUALIFIER => text.push_str("th"),
            SEPARATOR => text.push(' '),
            NEW_LINE => text.push_str("(R)"),
            '\n' | '\r' => text.push(NEW_LINE),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_load_file_reads_back_field_by_field() {
        let documents = [sample(1, 1_575_672_605_250, "+4915112345678"), sample(3, 0, "a\nb")];
        let mut bytes = Vec::new();
        write(&documents, &mut bytes).expect("a load file");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
        let lines: Vec<Vec<&str>> = text
            .strip_suffix("\r\n")
            .expect("a last line end")
            .split("\r\n")
            .map(|line| {
                let inner = line.strip_prefix(QUALIFIER).and_then(|line| line.strip_suffix(QUALIFIER)).expect("thorns");
                inner.split(&format!("{QUALIFIER}{SEPARATOR}{QUALIFIER}")).collect()
            })
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], FIELDS);
        assert!(lines.iter().all(|line| line.len() == FIELDS.len()));
        let of =
            |line: usize, name: &str| lines[line][FIELDS.iter().position(|field| *field == name).expect("a field")];
        assert_eq!(
            (of(1, "BEGBATES"), of(1, "DATESENT"), of(1, "TIMESENT")),
            ("SR-0123456789-0000001", "2019-12-06", "22:50:05.250")
        );
        assert_eq!((of(1, "FROM"), of(1, "TO")), ("+4915112345678", "recipient 1"));
        assert_eq!((of(2, "FROM"), of(2, "TO"), of(2, "DIRECTION")), ("recipient 3", "a®b", "incoming"));
        assert_eq!(of(1, "FILENAME"), "th (R)®\"Ä\".csv");
        assert_eq!((of(1, "FINDINGS"), of(1, "HASH").len()), ("F-0000000001;F-0000000002", 64));
    }
}
