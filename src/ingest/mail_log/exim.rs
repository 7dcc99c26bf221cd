//! Exim's main log: arrivals (`<=`), deliveries (`=>`, `->`), failures (`**`) and deferrals (`==`), joined by message id.
//! Times are local unless the log states an offset. Source: Exim's specification, chapter on log files.
//! A mail with more than one delivery counts as one to many.

use hashbrown::HashMap;

use super::super::FileRead;
use super::super::batch::Batch;
use super::super::context::FileContext;
use super::super::delimited::instant;
use super::super::encoding::decode;
use super::super::lines::Lines;
use super::super::scan::Source;
use super::super::time::{self, DateOrder};
use super::{BOOKKEEPING, CONNECTION, DISCARDED, Delivery, NO_LINE, NOTICE, REFUSED, add, after, again, ended, share};
use crate::message::{Place, Status};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "exim-log";

/// Whether a text is such a log, 0 to 100.
#[must_use]
pub fn recognise(sample: &str) -> u8 {
    let own = share(sample, |line| {
        Entry::of(line)
            .is_some_and(|entry| entry.id.is_some() || PHRASES.iter().any(|phrase| entry.said.contains(phrase)))
    });
    if own < 60 { 0 } else { own.min(99) }
}

/// What lines without a message id say.
const PHRASES: [&str; 11] = [
    "authenticator failed",
    "rejected RCPT",
    "rejected MAIL",
    "rejected connection",
    "rejected EHLO",
    "sender verify",
    "SMTP connection from",
    "queue run",
    "exim 4",
    "no host name found",
    "TLS error",
];

/// One line taken apart.
#[derive(Clone, Copy, Debug)]
struct Entry<'l> {
    stamp: &'l str,
    id: Option<&'l str>,
    said: &'l str,
}

impl<'l> Entry<'l> {
    fn of(line: &'l str) -> Option<Self> {
        let shape = line.get(..19)?;
        let fits = shape.bytes().zip(b"dddd-dd-dd dd:dd:dd".iter()).all(|(byte, want)| match want {
            b'd' => byte.is_ascii_digit(),
            _ => byte == *want,
        });
        if !fits {
            return None;
        }
        let rest = line.get(19..)?;
        let fraction = rest
            .strip_prefix('.')
            .map_or(0, |digits| 1 + digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len());
        let mut end = 19 + fraction;
        let mut rest = line.get(end..)?.strip_prefix(' ')?;
        if let Some(offset) = rest.get(..6).filter(|text| text.starts_with(['+', '-']) && text.ends_with(' '))
            && offset.get(1..5).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            end += 6;
            rest = rest.get(6..)?;
        }
        if let Some(pid) = rest.strip_prefix('[')
            && let Some((_, after)) = pid.split_once("] ")
        {
            rest = after;
        }
        let stamp = line.get(..end)?;
        Some(match rest.split_once(' ') {
            Some((id, said)) if is_id(id) => Self { stamp, id: Some(id), said },
            _ => Self { stamp, id: None, said: rest },
        })
    }
}

/// `1tAbCd-000123-AB`, or since 4.97 `1tAbCd-00000000123-ABCD`.
fn is_id(text: &str) -> bool {
    let mut parts = text.split('-');
    let lengths = [parts.next(), parts.next(), parts.next()].map(|part| part.map_or(0, str::len));
    let known = matches!(lengths, [6, 6, 2] | [6, 11, 4]) && parts.next().is_none();
    known && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What is known of one mail.
#[derive(Debug, Default)]
struct Mail {
    from: Option<String>,
    message_id: String,
    subject: String,
}

/// Marks of deliveries.
const MARKS: [&str; 6] = ["=>", "->", ">>", "**", "==", "*>"];

/// Reads the whole log.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    source: &mut dyn Source,
    encoding: &'static encoding_rs::Encoding,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    // A first pass counts the deliveries of each mail: that it went to many shows only at its end.
    let mut deliveries: HashMap<String, u32> = HashMap::new();
    let mut lines = Lines::new(source);
    while let Some(line) = lines.step()? {
        let text = decode(line.bytes, encoding);
        if let Some(Entry { id: Some(id), said, .. }) = Entry::of(&text)
            && ["=> ", "-> ", ">> "].iter().any(|mark| said.starts_with(mark))
        {
            *deliveries.entry_ref(id).or_default() += 1;
        }
    }
    deliveries.retain(|_, count| *count > 1);
    let hash = lines.finish();
    let mut reader = Reader { file, batch: Batch::new(file), mails: HashMap::new(), deliveries };
    again(source, encoding, progress, &mut |place, text| {
        reader.line(Place { record: reader.batch.records + 1, ..place }, text);
    })?;
    Ok(ended(reader.batch, hash))
}

struct Reader<'f, 'c> {
    file: &'f FileContext<'c>,
    batch: Batch<'c>,
    mails: HashMap<String, Mail>,
    deliveries: HashMap<String, u32>,
}

impl Reader<'_, '_> {
    fn line(&mut self, place: Place, text: &str) {
        let Some(entry) = Entry::of(text) else {
            self.batch.reject(place, NO_LINE, text.as_bytes());
            return;
        };
        let Some(id) = entry.id else {
            let refused = entry.said.contains("rejected ") || entry.said.contains("verify fail");
            self.batch.ignore(if refused { REFUSED } else { CONNECTION });
            return;
        };
        match entry.said.split_once(' ') {
            Some(("<=", rest)) => {
                self.arrival(id, rest);
                self.batch.ignore(BOOKKEEPING);
            }
            Some((mark, rest)) if MARKS.contains(&mark) => self.delivery(place, &entry, id, mark, rest),
            _ => {
                if entry.said.starts_with("Completed") {
                    self.mails.remove(id);
                }
                self.batch.ignore(BOOKKEEPING);
            }
        }
    }

    fn arrival(&mut self, id: &str, rest: &str) {
        let from = rest.split(' ').next().unwrap_or_default();
        let from = from.trim_start_matches('<').trim_end_matches('>');
        let subject = after(rest, " T=\"", &[]).and_then(|tail| {
            // The subject ends at the first quote that no backslash guards.
            let mut guarded = false;
            let end = tail.char_indices().find(|(_, c)| {
                let closes = *c == '"' && !guarded;
                guarded = *c == '\\' && !guarded;
                closes
            });
            end.and_then(|(at, _)| tail.get(..at))
        });
        let mail = Mail {
            from: Some(from.to_owned()),
            message_id: after(rest, " id=", &[' ']).unwrap_or_default().to_owned(),
            subject: subject.unwrap_or_default().replace("\\\"", "\""),
        };
        self.mails.insert(id.to_owned(), mail);
    }

    fn delivery(&mut self, place: Place, entry: &Entry<'_>, id: &str, mark: &str, rest: &str) {
        let unknown = Mail::default();
        let mail = self.mails.get(id).unwrap_or(&unknown);
        // `F=<…>` or `P=<…>` name the sender in the line itself, where the log is set so.
        let stated = after(rest, " F=<", &['>']).or_else(|| after(rest, " P=<", &['>']));
        let from = stated.or(mail.from.as_deref());
        let first = rest.split(' ').next().unwrap_or_default();
        let angled = after(rest, " <", &['>']).filter(|address| address.contains('@'));
        // A local part, a file or a command stands before the address that led to it.
        let to = if first.contains('@') { first } else { angled.unwrap_or(first) };
        let to = to.trim_start_matches('<').trim_end_matches([':', '>']);
        let remote = rest.contains(" H=") || after(rest, " T=", &[' ', ':']).is_some_and(|name| name.contains("smtp"));
        if from.is_some_and(str::is_empty) {
            self.batch.ignore(NOTICE);
            return;
        }
        if first.starts_with(":blackhole:") || first == "/dev/null" || mark == "*>" {
            self.batch.ignore(DISCARDED);
            return;
        }
        let status = match mark {
            "**" => Status::Failed,
            "==" => Status::Accepted,
            _ if remote => Status::Sent,
            _ => Status::Delivered,
        };
        let stamp = match time::parse(entry.stamp.as_bytes(), DateOrder::DayMonth) {
            Ok(stamp) => stamp,
            Err(error) => {
                self.batch.reject(place, format!("time not readable: {error}"), rest.as_bytes());
                return;
            }
        };
        if !to.contains('@') {
            self.batch.reject(place, "names no recipient", rest.as_bytes());
            return;
        }
        let (sent_at, zone) = instant(stamp, &self.file.zones, self.file.zone_basis, &mut self.batch);
        let message_id = if mail.message_id.is_empty() { id } else { &mail.message_id };
        let delivery = Delivery {
            sent_at,
            zone,
            from,
            to,
            status,
            message_id,
            many: self.deliveries.contains_key(id),
            subject: &mail.subject,
            local: !remote && !matches!(mark, "**" | "=="),
        };
        add(self.file, &mut self.batch, place, &delivery);
    }
}
