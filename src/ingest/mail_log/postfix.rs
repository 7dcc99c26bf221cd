//! Postfix's mail log: classic syslog, whose times lack year and zone, and the form with ISO 8601 times.
//! Queue ids join the lines of one mail: sender, message id and number of recipients stand in other lines than deliveries.
//! A missing year is inferred by rule (`Years`) and said so; where nothing tells it, deliveries are rejected.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::super::FileRead;
use super::super::batch::Batch;
use super::super::context::FileContext;
use super::super::delimited::{UNKNOWN_STATUS, instant};
use super::super::encoding::decode;
use super::super::lines::Lines;
use super::super::scan::Source;
use super::super::time::{self, DateOrder};
use super::{
    BOOKKEEPING, CONNECTION, DISCARDED, Delivery, HAND_OVER, NO_LINE, NOTICE, OTHER_PROGRAM, PROBE, REFUSED, add,
    after, again, ended, share,
};
use crate::message::{Place, Status};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "postfix-log";

/// Whether a text is such a log, 0 to 100.
#[must_use]
pub fn recognise(sample: &str) -> u8 {
    let logged = share(sample, |line| Header::of(line).is_some());
    let postfix = share(sample, |line| Header::of(line).is_some_and(|header| header.is_postfix()));
    // Other programs may share the log; a few lines of Postfix's own make it one.
    if logged < 60 || postfix < 10 { 0 } else { 60 + postfix * 2 / 5 }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What every line of a syslog begins with.
#[derive(Clone, Copy, Debug)]
struct Header<'l> {
    stamp: &'l str,
    /// Month and day, where the year is missing.
    yearless: Option<(u32, u32)>,
    host: &'l str,
    program: &'l str,
    message: &'l str,
}

impl<'l> Header<'l> {
    fn of(line: &'l str) -> Option<Self> {
        // A priority may stand before all.
        let line = match line.strip_prefix('<') {
            Some(rest) => rest.split_once('>')?.1,
            None => line,
        };
        let mut at = 0;
        let mut token = || {
            let rest = line.get(at..)?;
            let start = at + rest.len() - rest.trim_start_matches(' ').len();
            let rest = line.get(start..)?;
            let end = start + rest.find(' ').unwrap_or(rest.len());
            at = end;
            line.get(start..end).filter(|token| !token.is_empty())
        };
        let first = token()?;
        let (stamp, yearless) = match MONTHS.iter().position(|month| *month == first) {
            Some(month) => {
                let day: u32 = token()?.parse().ok()?;
                let clock = token()?;
                let end = (clock.as_ptr() as usize) - (line.as_ptr() as usize) + clock.len();
                (line.get(..end)?, Some((month as u32 + 1, day)))
            }
            None if first.contains('T') && first.starts_with(|c: char| c.is_ascii_digit()) => (first, None),
            None => return None,
        };
        let host = token()?;
        let rest = line.get(at..)?.trim_start();
        let (tag, message) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
        let program = tag.split_once('[').map_or(tag, |(program, _)| program);
        let plain = !program.is_empty() && !program.contains(' ') && stamp.contains(':');
        plain.then_some(Self { stamp, yearless, host, program, message })
    }

    fn is_postfix(&self) -> bool {
        self.program.starts_with("postfix")
    }

    fn service(&self) -> &'l str {
        self.program.rsplit('/').next().unwrap_or_default()
    }

    /// Queue id and what is said of it.
    fn queued(&self) -> Option<(&'l str, &'l str)> {
        let (id, said) = self.message.split_once(": ")?;
        let whole = (5..=24).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (whole && id != "NOQUEUE" && id.bytes().any(|byte| byte.is_ascii_digit())).then_some((id, said))
    }
}

/// Tells the years of times that lack theirs.
///
/// Time runs forward through a log, so a month that is more than half a year before the last one begins a new year.
/// One date with its year fixes all: of a line that has one, of a message id that begins with 14 digits of a date in the
/// same month (as Postfix and many programs make them), or of the file's own name.
#[derive(Debug, Default)]
struct Years {
    last_month: u32,
    turns: i32,
    votes: BTreeMap<i32, u32>,
    basis: Option<&'static str>,
    first: Option<i32>,
}

const BY_LINES: &str = "year missing, taken from dated lines of the same log";
const BY_IDS: &str = "year missing, taken from dates in message ids";
const BY_NAME: &str = "year missing, taken from the name of the file";
const NO_YEAR: &str =
    "the time has no year, and nothing in the log or its name tells it; put the year into the file's name";

impl Years {
    fn see(&mut self, month: u32) {
        if self.last_month != 0 {
            if month + 6 < self.last_month {
                self.turns += 1;
            } else if month > self.last_month + 6 {
                self.turns -= 1;
            }
        }
        self.last_month = month;
    }

    fn vote(&mut self, year: i32, basis: &'static str) {
        *self.votes.entry(year - self.turns).or_default() += 1;
        if self.basis != Some(BY_LINES) {
            self.basis = Some(basis);
        }
    }

    fn look(&mut self, header: &Header<'_>) {
        match header.yearless {
            Some((month, _)) => {
                self.see(month);
                let dated = header.queued().and_then(|(_, said)| said.strip_prefix("message-id=<"));
                let digits = dated.and_then(|id| id.get(..14)).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
                if let Some(digits) = digits
                    && digits.get(4..6).and_then(|text| text.parse().ok()) == Some(month)
                    && let Some(year) = year_of(digits)
                    && self.basis != Some(BY_LINES)
                {
                    self.vote(year, BY_IDS);
                }
            }
            None => {
                let month = header.stamp.get(5..7).and_then(|text| text.parse().ok()).filter(|m| (1..=12).contains(m));
                if let (Some(month), Some(year)) = (month, year_of(header.stamp)) {
                    self.see(month);
                    self.vote(year, BY_LINES);
                }
            }
        }
    }

    /// Settles the first year, after the whole log was looked at.
    fn settle(&mut self, file_name: &str) {
        let most = self.votes.iter().max_by_key(|(year, votes)| (**votes, **year)).map(|(year, _)| *year);
        self.first = most.or_else(|| {
            // A rotated log is named after its end.
            let year = year_in_name(file_name)?;
            self.basis = Some(BY_NAME);
            Some(year - self.turns)
        });
        (self.last_month, self.turns) = (0, 0);
    }
}

fn year_of(text: &str) -> Option<i32> {
    text.get(..4)?.parse().ok().filter(|year| (1990..2100).contains(year))
}

fn year_in_name(name: &str) -> Option<i32> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| matches!(digits.len(), 4 | 6 | 8 | 10 | 12 | 14))
        .find_map(year_of)
}

/// What is known of one mail in the queue.
#[derive(Debug, Default)]
struct Mail {
    from: Option<String>,
    message_id: String,
    recipients: u32,
    told: u32,
    subject: String,
}

const UNTOLD: &str = "a mail left the queue with fewer deliveries in this log than it has recipients";

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
    let mut years = Years::default();
    let mut lines = Lines::new(source);
    while let Some(line) = lines.step()? {
        if let Some(header) = Header::of(&decode(line.bytes, encoding)) {
            years.look(&header);
        }
    }
    let hash = lines.finish();
    years.settle(&file.file_name);
    let mut reader = Reader { file, batch: Batch::new(file), years, mails: HashMap::new() };
    again(source, encoding, progress, &mut |place, text| {
        reader.line(Place { record: reader.batch.records + 1, ..place }, text);
    })?;
    Ok(ended(reader.batch, hash))
}

struct Reader<'f, 'c> {
    file: &'f FileContext<'c>,
    batch: Batch<'c>,
    years: Years,
    mails: HashMap<String, Mail>,
}

impl Reader<'_, '_> {
    fn line(&mut self, place: Place, text: &str) {
        let Some(header) = Header::of(text) else {
            self.batch.reject(place, NO_LINE, text.as_bytes());
            return;
        };
        match (header.yearless, header.stamp.get(5..7).and_then(|month| month.parse().ok())) {
            (Some((month, _)), _) | (None, Some(month)) if (1..=12).contains(&month) => self.years.see(month),
            _ => {}
        }
        if !header.is_postfix() {
            self.batch.ignore(OTHER_PROGRAM);
            return;
        }
        let Some((id, said)) = header.queued() else {
            let refused = header.message.contains("reject: ") || header.message.contains("milter-reject");
            self.batch.ignore(if refused { REFUSED } else { CONNECTION });
            return;
        };
        let key = format!("{} {id}", header.host);
        match said.split_once(" status=") {
            Some((head, outcome)) if head.starts_with("to=<") => {
                self.delivery(place, &header, &key, id, (head, outcome))
            }
            _ => {
                self.learn(key, said);
                self.batch.ignore(BOOKKEEPING);
            }
        }
    }

    /// Takes from a line that is no delivery what deliveries need.
    fn learn(&mut self, key: String, said: &str) {
        if said == "removed" {
            if self.mails.remove(&key).is_some_and(|mail| mail.told < mail.recipients) {
                self.batch.note(UNTOLD);
            }
            return;
        }
        if let Some(id) = said.strip_prefix("message-id=") {
            let id = id.trim().trim_start_matches('<').trim_end_matches('>');
            self.mails.entry(key).or_default().message_id = id.to_owned();
        } else if let Some(rest) = said.strip_prefix("from=<") {
            let mail = self.mails.entry(key).or_default();
            mail.from = rest.split_once('>').map(|(from, _)| from.to_owned());
            if let Some(recipients) = after(rest, "nrcpt=", &[' ', ',']).and_then(|text| text.parse().ok()) {
                // After a deferral only those still waiting are counted.
                mail.recipients = mail.recipients.max(recipients);
            }
        } else if let Some((_, rest)) = said.split_once("header Subject: ") {
            // `header_checks` with WARN or INFO, which many turn on for their own statistics.
            let subject = rest.split_once("; from=<").map_or(rest, |(head, _)| head);
            let subject = subject.rsplit_once(" from ").map_or(subject, |(subject, _)| subject);
            self.mails.entry(key).or_default().subject = subject.to_owned();
        }
    }

    fn delivery(&mut self, place: Place, header: &Header<'_>, key: &str, id: &str, (head, outcome): (&str, &str)) {
        let to = after(head, "to=<", &['>']).unwrap_or_default();
        let relay = after(head, " relay=", &[',']).unwrap_or_default();
        let word = outcome.split([' ', '(']).next().unwrap_or_default();
        let unknown = Mail::default();
        let mail = match self.mails.get_mut(key) {
            Some(mail) => {
                mail.told += 1;
                &*mail
            }
            None => &unknown,
        };
        let service = header.service();
        let loopback = ["127.0.0.1", "localhost", "::1"].iter().any(|host| relay.contains(host));
        let filter = ["spam", "filter", "amavis"].iter().any(|name| relay.contains(name));
        let local = matches!(service, "local" | "virtual" | "lmtp" | "pipe");
        let no_send = match word {
            "deliverable" | "undeliverable" => Some(PROBE),
            _ if mail.from.as_deref().is_some_and(|from| from.is_empty() || from.starts_with("double-bounce@")) => {
                Some(NOTICE)
            }
            "sent" if service == "discard" || service == "error" => Some(DISCARDED),
            "sent" if service == "pipe" && filter => Some(HAND_OVER),
            "sent" if loopback && outcome.contains("queued as") => Some(HAND_OVER),
            _ => None,
        };
        if let Some(reason) = no_send {
            self.batch.ignore(reason);
            return;
        }
        let status = match word {
            "sent" if local => Status::Delivered,
            "sent" => Status::Sent,
            "deferred" => Status::Accepted,
            "bounced" | "expired" => Status::Failed,
            _ => {
                self.batch.note(UNKNOWN_STATUS);
                Status::Unknown
            }
        };
        let year = match (header.yearless, self.years.first) {
            (Some(_), None) => {
                self.batch.reject(place, NO_YEAR, head.as_bytes());
                return;
            }
            (Some(_), Some(first)) => {
                if let Some(basis) = self.years.basis {
                    self.batch.note(basis);
                }
                first + self.years.turns
            }
            (None, _) => 0,
        };
        let read = time::parse_yearless(header.stamp.as_bytes(), DateOrder::DayMonth, year.unsigned_abs());
        let stamp = match read {
            Ok(stamp) => stamp,
            Err(error) => {
                self.batch.reject(place, format!("time not readable: {error}"), head.as_bytes());
                return;
            }
        };
        if !self.batch.knows_recipient(to, super::Hint::Unknown) {
            self.batch.reject(place, "names no recipient", head.as_bytes());
            return;
        }
        let (sent_at, zone) = instant(stamp, &self.file.zones, self.file.zone_basis, &mut self.batch);
        let message_id = if mail.message_id.is_empty() { id } else { &mail.message_id };
        let delivery = Delivery {
            sent_at,
            zone,
            from: mail.from.as_deref(),
            to,
            status,
            message_id,
            many: mail.recipients > 1,
            subject: &mail.subject,
            local,
        };
        add(self.file, &mut self.batch, place, &delivery);
    }
}
