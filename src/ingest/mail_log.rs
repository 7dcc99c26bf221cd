//! Logs of mail servers: what Postfix and Exim share. Every delivery to one recipient is one message.
//! A mail to many recipients is a campaign named by its message id, since such logs hold no text.
//! Lines that are no delivery are ignored, each with its reason.

pub mod exim;
pub mod postfix;

use encoding_rs::Encoding;

use super::FileRead;
use super::batch::{Batch, Draft};
use super::context::FileContext;
use super::encoding::decode;
use super::lines::{Line, Lines};
use super::people::Hint;
use super::scan::Source;
use crate::message::{Direction, Form, Place, Platform, RecipientKind, Route, Status, ZoneBasis};

const BOOKKEEPING: &str = "bookkeeping of the mail server";
const REFUSED: &str = "incoming mail refused";
const CONNECTION: &str = "connection, login or warning";
const NOTICE: &str = "bounce or notice of the mail server itself";
const HAND_OVER: &str = "handed to a filter on the same host";
const DISCARDED: &str = "discarded, not delivered";
const PROBE: &str = "probe of an address";
const OTHER_PROGRAM: &str = "line of another program";
const NO_LINE: &str = "not a line of a mail log";
const NO_SENDER: &str = "the sender stands in an earlier log; the file itself stands for the account";

/// One delivery to one recipient.
struct Delivery<'d> {
    sent_at: i64,
    zone: ZoneBasis,
    /// Envelope sender, where it is known.
    from: Option<&'d str>,
    to: &'d str,
    status: Status,
    message_id: &'d str,
    /// Whether the mail went to more than one.
    many: bool,
    subject: &'d str,
    /// Whether it ended in a mailbox of this server.
    local: bool,
}

fn add(file: &FileContext<'_>, batch: &mut Batch<'_>, place: Place, delivery: &Delivery<'_>) {
    let own = |address: &str| {
        let canonical = file.context.people.canonical(address, Hint::Unknown);
        canonical.is_some_and(|address| file.known_accounts.contains(&address.text))
    };
    let inbound = match delivery.from {
        // The case file may name whose mailboxes these are; else where the mail ended decides.
        Some(from) if own(from) => false,
        _ if own(delivery.to) => true,
        _ => delivery.local,
    };
    let (account, recipient) = match (inbound, delivery.from) {
        (true, Some(from)) => (Some(delivery.to), from),
        (true, None) => {
            batch.ignore("received, and the sender stands in an earlier log");
            return;
        }
        (false, from) => {
            if from.is_none() {
                batch.note(NO_SENDER);
            }
            (from, delivery.to)
        }
    };
    batch.read();
    batch.message(
        place,
        &Draft {
            sent_at: delivery.sent_at,
            zone: delivery.zone,
            platform: Platform::Email,
            route: Route::Email,
            direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            account,
            recipient,
            recipient_kind: RecipientKind::Person,
            status: if inbound { Status::Unknown } else { delivery.status },
            message_id: delivery.message_id,
            campaign: if delivery.many { delivery.message_id } else { "" },
            text: delivery.subject,
            form: Form::Unknown,
            ..Draft::default()
        },
    );
}

/// Goes over the log's lines that are not blank once more, from its start. The record of a place is left to the reader.
fn again(
    source: &mut dyn Source,
    encoding: &'static Encoding,
    progress: &(dyn Fn(u64) + Sync),
    line: &mut dyn FnMut(Place, &str),
) -> std::io::Result<()> {
    source.seek(std::io::SeekFrom::Start(0))?;
    let mut lines = Lines::without_hash(source);
    while let Some(Line { bytes, offset, number }) = lines.step()? {
        let text = decode(bytes, encoding);
        if text.trim().is_empty() {
            continue;
        }
        line(Place { record: 0, line: number, offset, length: bytes.len() as u32 }, &text);
        progress(bytes.len() as u64 + 1);
    }
    Ok(())
}

/// What a log gave, of which `hash` was taken on the first pass.
fn ended<'c>(mut batch: Batch<'c>, (sha256, hashed): (String, u64)) -> FileRead<'c> {
    batch.close();
    FileRead { batches: vec![batch], sha256: Some(sha256), hashed, date_order: None }
}

/// What stands after `key` up to `end` or the end of the text.
fn after<'l>(text: &'l str, key: &str, end: &[char]) -> Option<&'l str> {
    let start = text.find(key)? + key.len();
    let rest = text.get(start..)?;
    Some(rest.find(end).and_then(|at| rest.get(..at)).unwrap_or(rest))
}

/// Share of the sample's whole lines, 0 to 100, for which `is` holds; 0 where there is none.
fn share(sample: &str, is: impl Fn(&str) -> bool) -> u8 {
    let (mut lines, mut held) = (0_usize, 0_usize);
    for line in sample.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(400) {
        lines += 1;
        held += usize::from(is(line));
    }
    u8::try_from(held * 100 / lines.max(1)).unwrap_or(100)
}
