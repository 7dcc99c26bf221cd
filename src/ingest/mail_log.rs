//! Logs of mail servers: what Postfix and Exim share. Every delivery to one recipient is one message.
//! A mail to many recipients is a campaign named by its message id, since such logs hold no text.
//! Lines that are no delivery are ignored, each with its reason.

pub mod exim;
pub mod postfix;

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::batch::{Batch, Draft};
use super::context::FileContext;
use super::people::Hint;
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

/// Text of a line; bytes that are no UTF-8 are read in the file's own encoding.
fn decode<'l>(bytes: &'l [u8], encoding: &'static Encoding) -> Cow<'l, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding.decode_without_bom_handling(bytes).0,
    }
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
