//! Viber on Android, `viber_messages`: `messages` with the participants of their conversations.
//! A conversation with more than one other participant is a group of stated size. Source: forensic tools (ALEAPP).
//! Times are milliseconds since 1970.

use super::table::{Join, Need::May, Need::Must, Row, Select, Want};
use super::{Known, Layout, NO_PARTNER, NO_TIME, Outcome, Send, unix_ms};
use crate::message::{Form, Platform, RecipientKind, Route};

/// See the module.
pub const LAYOUT: Layout = Layout {
    format: "viber-android",
    marks: &[("messages", "msg_date"), ("messages", "send_type"), ("participants_info", "number")],
    select: Select {
        table: "messages",
        alias: "m",
        joins: &[
            Join("p", "participants", "p._id = m.participant_id"),
            Join("i", "participants_info", "i._id = p.participant_info_id"),
        ],
        wants: &[
            Want("id", "m._id", Must),
            Want("date", "m.msg_date", Must),
            Want("send_type", "m.send_type", Must),
            Want("conversation", "m.conversation_id", Must),
            Want("body", "m.body", May),
            Want("number", "i.number", May),
        ],
    },
    side: None,
    members: Some((
        Select {
            table: "participants",
            alias: "p",
            joins: &[Join("i", "participants_info", "i._id = p.participant_info_id")],
            wants: &[Want("chat", "p.conversation_id", Must), Want("member", "i.number", Must)],
        },
        "chat",
    )),
    read,
};

fn read(row: &Row, _: &[Row], known: &Known) -> Outcome {
    let outbound = match row.int("send_type") {
        Some(0) => false,
        Some(1) => true,
        _ => return Outcome::Rejected("neither sent nor received"),
    };
    let Some(at) = unix_ms(row, "date") else { return Outcome::Rejected(NO_TIME) };
    let conversation = row.int("conversation").unwrap_or_default();
    let author = row.text("number");
    let members = known.members.get(&conversation).map(Vec::as_slice).unwrap_or_default();
    let others: Vec<&str> = members.iter().map(String::as_str).filter(|member| *member != author).collect();
    let mut send = Send::new(Platform::Viber, outbound, at);
    send.route = Route::Other;
    send.kind = RecipientKind::Person;
    match (outbound, others.as_slice()) {
        (true, [other]) => send.recipient = (*other).to_owned(),
        (true, []) => return Outcome::Rejected(NO_PARTNER),
        (true, many) => {
            send.recipient = format!("viber conversation {conversation}");
            send.kind = RecipientKind::Group;
            send.audience = u32::try_from(many.len()).unwrap_or(u32::MAX);
        }
        (false, _) if author.is_empty() => return Outcome::Rejected(NO_PARTNER),
        (false, _) => send.recipient = author.clone().into_owned(),
    }
    let own = match others.as_slice() {
        _ if outbound => Some(author.as_ref()).filter(|text| !text.is_empty()),
        [other] => Some(*other),
        _ => None,
    };
    send.account = own.map(str::to_owned);
    send.text = row.text("body").into_owned();
    send.form = Form::FreeForm;
    Outcome::Sends(vec![send])
}
