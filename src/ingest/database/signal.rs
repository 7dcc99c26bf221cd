//! Signal on Android, out of a decrypted backup: `message` with `thread` and `recipient`.
//! The kind of a message stands in the lower bits of its type, notices in the upper ones. Source: forensic tools (ALEAPP).
//! Times are milliseconds since 1970.

use super::table::{Join, Need::May, Need::Must, Row, Select, Want};
use super::{Known, Layout, NO_PARTNER, NO_TIME, Outcome, SYSTEM, Send, unix_ms};
use crate::message::{Form, Platform, RecipientKind, Route, Status};

/// See the module.
pub const LAYOUT: Layout = Layout {
    format: "signal-android",
    marks: &[("message", "thread_id"), ("message", "date_sent"), ("thread", "recipient_id"), ("recipient", "_id")],
    select: Select {
        table: "message",
        alias: "m",
        joins: &[
            Join("t", "thread", "t._id = m.thread_id"),
            Join("r", "recipient", "r._id = t.recipient_id"),
            Join("f", "recipient", "f._id = m.from_recipient_id"),
        ],
        wants: &[
            Want("id", "m._id", Must),
            Want("sent", "m.date_sent", Must),
            Want("type", "m.type", Must),
            Want("body", "m.body", May),
            Want("to_number", "r.e164", May),
            Want("to_phone", "r.phone", May),
            Want("to_group", "r.group_id", May),
            Want("to_aci", "r.aci", May),
            Want("to_uuid", "r.uuid", May),
            Want("from_number", "f.e164", May),
            Want("from_phone", "f.phone", May),
            Want("from_aci", "f.aci", May),
            Want("from_uuid", "f.uuid", May),
        ],
    },
    side: None,
    members: None,
    read,
};

/// The bits of a type that say inbox, outbox, sent and so on.
const BASE: i64 = 0x1F;
/// Bits of notices: exchange of keys, changes of groups and timers, end of a session.
const NOTICE: i64 = 0x8000 | 0x1_0000 | 0x2_0000 | 0x4_0000 | 0x40_0000;

fn read(row: &Row, _: &[Row], _: &Known) -> Outcome {
    let Some(kind) = row.int("type") else { return Outcome::Rejected("no type") };
    let outbound = match kind & BASE {
        _ if kind & NOTICE != 0 => return Outcome::Ignored(SYSTEM),
        20 => false,
        21..=26 => true,
        _ => return Outcome::Ignored(SYSTEM),
    };
    let Some(at) = unix_ms(row, "sent") else { return Outcome::Rejected(NO_TIME) };
    let first = |names: &[&str]| names.iter().map(|name| row.text(name)).find(|text| !text.is_empty());
    let thread = first(&["to_number", "to_phone", "to_group", "to_aci", "to_uuid"]);
    let author = first(&["from_number", "from_phone", "from_aci", "from_uuid"]);
    let own = author.clone().filter(|_| outbound);
    let Some(other) = (if outbound { thread } else { author.or(thread) }) else {
        return Outcome::Rejected(NO_PARTNER);
    };
    let mut send = Send::new(Platform::Signal, outbound, at);
    send.route = Route::Other;
    send.kind = if outbound && row.is_filled("to_group") { RecipientKind::Group } else { RecipientKind::Person };
    send.recipient = other.into_owned();
    send.account = own.map(std::borrow::Cow::into_owned);
    if outbound {
        send.status = match kind & BASE {
            21 | 22 => Status::Accepted,
            23 => Status::Sent,
            24 => Status::Failed,
            _ => Status::Unknown,
        };
    }
    send.text = row.text("body").into_owned();
    send.form = Form::FreeForm;
    Outcome::Sends(vec![send])
}
