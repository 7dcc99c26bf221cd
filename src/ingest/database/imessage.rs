//! Apple's Messages, `chat.db` or `sms.db`: iMessage and SMS of an iPhone or a Mac.
//! The text of newer messages may stand in an archive that is not read; they count as messages without a text.
//! Source: columns of a published dump and of forensic tools. Times are seconds or nanoseconds since 2001.

use super::table::{Join, Need::May, Need::Must, Row, Select, Want};
use super::{Known, Layout, NO_PARTNER, NO_TIME, Outcome, SYSTEM, Send, apple_ms};
use crate::message::{Form, Platform, RecipientKind, Route, Status};

/// See the module.
pub const LAYOUT: Layout = Layout {
    format: "imessage-chat-db",
    marks: &[("message", "handle_id"), ("message", "is_from_me"), ("handle", "id")],
    select: Select {
        table: "message",
        alias: "m",
        joins: &[
            Join("h", "handle", "h.ROWID = m.handle_id"),
            Join("j", "chat_message_join", "j.message_id = m.ROWID"),
            Join("c", "chat", "c.ROWID = j.chat_id"),
        ],
        wants: &[
            Want("id", "m.ROWID", Must),
            Want("from_me", "m.is_from_me", Must),
            Want("date", "m.date", Must),
            Want("guid", "m.guid", May),
            Want("text", "m.text", May),
            Want("service", "m.service", May),
            Want("account", "m.account", May),
            Want("own", "m.destination_caller_id", May),
            Want("item_type", "m.item_type", May),
            Want("is_sent", "m.is_sent", May),
            Want("is_delivered", "m.is_delivered", May),
            Want("is_read", "m.is_read", May),
            Want("error", "m.error", May),
            Want("handle", "h.id", May),
            Want("chat_id", "c.ROWID", May),
            Want("chat", "c.chat_identifier", May),
            Want("style", "c.style", May),
        ],
    },
    side: None,
    members: Some((
        Select {
            table: "chat_handle_join",
            alias: "j",
            joins: &[Join("h", "handle", "h.ROWID = j.handle_id")],
            wants: &[Want("chat", "j.chat_id", Must), Want("member", "h.id", Must)],
        },
        "chat",
    )),
    read,
};

/// Style of a chat with more than one other person.
const GROUP: i64 = 43;

fn read(row: &Row, _: &[Row], known: &Known) -> Outcome {
    // Names and pictures of groups, people who came or went.
    if row.int("item_type").is_some_and(|kind| kind != 0) {
        return Outcome::Ignored(SYSTEM);
    }
    let Some(at) = apple_ms(row, "date") else { return Outcome::Rejected(NO_TIME) };
    let outbound = row.int("from_me") == Some(1);
    let group = row.int("style") == Some(GROUP);
    let names = if outbound { ["chat", "handle"] } else { ["handle", "chat"] };
    let Some(other) = names.iter().map(|name| row.text(name)).find(|text| !text.is_empty()) else {
        return Outcome::Rejected(NO_PARTNER);
    };
    let sms = matches!(row.text("service").as_ref(), "SMS" | "MMS" | "RCS");
    let mut send = Send::new(if sms { Platform::Sms } else { Platform::Other }, outbound, at);
    send.route = if sms { Route::Sms } else { Route::Other };
    send.recipient = other.into_owned();
    if group && outbound {
        send.kind = RecipientKind::Group;
        let members = row.int("chat_id").and_then(|chat| known.members.get(&chat)).map_or(1, Vec::len);
        send.audience = u32::try_from(members).unwrap_or(u32::MAX).max(1);
    } else {
        send.kind = RecipientKind::Person;
    }
    // `P:+49…` or `E:name@domain`: how the owner was signed in.
    let account = row.text("account");
    let signed_in = account.split_once(':').map_or(account.as_ref(), |(_, address)| address);
    let own = row.text("own");
    send.account = [own.as_ref(), signed_in].into_iter().find(|text| !text.is_empty()).map(str::to_owned);
    if outbound {
        let is = |name: &str| row.int(name).is_some_and(|value| value != 0);
        send.status = match () {
            () if is("is_read") => Status::Read,
            () if is("is_delivered") => Status::Delivered,
            () if is("error") => Status::Failed,
            () if is("is_sent") => Status::Sent,
            () => Status::Unknown,
        };
    }
    send.message_id = row.text("guid").into_owned();
    send.text = row.text("text").into_owned();
    send.form = Form::FreeForm;
    Outcome::Sends(vec![send])
}
