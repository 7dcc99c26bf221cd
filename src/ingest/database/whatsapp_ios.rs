//! WhatsApp on the iPhone, `ChatStorage.sqlite`: `ZWAMESSAGE` with its chats and members of groups.
//! The numbers of a message's status are not published and are not read. Source: whatsapp-chat-exporter, real backups.
//! Times are seconds since 2001.

use super::table::{Join, Need::May, Need::Must, Row, Select, Want};
use super::{Known, Layout, NO_PARTNER, NO_TIME, Outcome, STATUS_POST, SYSTEM, Send, apple_ms};
use crate::message::{Form, Platform, RecipientKind};

/// See the module.
pub const LAYOUT: Layout = Layout {
    format: "whatsapp-chatstorage",
    marks: &[("ZWAMESSAGE", "ZISFROMME"), ("ZWACHATSESSION", "Z_PK")],
    select: Select {
        table: "ZWAMESSAGE",
        alias: "m",
        joins: &[
            Join("c", "ZWACHATSESSION", "c.Z_PK = m.ZCHATSESSION"),
            Join("g", "ZWAGROUPMEMBER", "g.Z_PK = m.ZGROUPMEMBER"),
        ],
        wants: &[
            Want("id", "m.Z_PK", Must),
            Want("from_me", "m.ZISFROMME", Must),
            Want("date", "m.ZMESSAGEDATE", Must),
            Want("session", "m.ZCHATSESSION", Must),
            Want("text", "m.ZTEXT", May),
            Want("kind", "m.ZMESSAGETYPE", May),
            Want("stanza", "m.ZSTANZAID", May),
            Want("from", "m.ZFROMJID", May),
            Want("to", "m.ZTOJID", May),
            Want("chat", "c.ZCONTACTJID", May),
            Want("partner", "c.ZPARTNERNAME", May),
            Want("member", "g.ZMEMBERJID", May),
        ],
    },
    side: None,
    members: Some((
        Select {
            table: "ZWAGROUPMEMBER",
            alias: "g",
            joins: &[],
            wants: &[Want("chat", "g.ZCHATSESSION", Must), Want("member", "g.ZMEMBERJID", Must)],
        },
        "chat",
    )),
    read,
};

fn read(row: &Row, _: &[Row], known: &Known) -> Outcome {
    // 6: somebody came, went or changed the group; 10: notice of encryption or of a missed call.
    if matches!(row.int("kind"), Some(6 | 10)) {
        return Outcome::Ignored(SYSTEM);
    }
    let outbound = row.int("from_me") == Some(1);
    let names = if outbound { ["chat", "to", "partner"] } else { ["chat", "from", "partner"] };
    let Some(chat) = names.iter().map(|name| row.text(name)).find(|text| !text.is_empty()) else {
        return Outcome::Rejected(NO_PARTNER);
    };
    if chat == "status@broadcast" {
        return Outcome::Ignored(STATUS_POST);
    }
    let Some(at) = apple_ms(row, "date") else { return Outcome::Rejected(NO_TIME) };
    let mut send = Send::new(Platform::Whatsapp, outbound, at);
    send.kind = match chat.rsplit_once('@') {
        Some((_, "g.us")) => RecipientKind::Group,
        Some((_, "broadcast" | "newsletter")) => RecipientKind::BroadcastList,
        Some((_, "s.whatsapp.net" | "lid" | "c.us")) => RecipientKind::Person,
        _ => RecipientKind::Unknown,
    };
    send.recipient = chat.into_owned();
    if matches!(send.kind, RecipientKind::Group | RecipientKind::BroadcastList) {
        if outbound {
            let members = row.int("session").and_then(|session| known.members.get(&session)).map_or(1, Vec::len);
            send.audience = u32::try_from(members).unwrap_or(u32::MAX).max(1);
        } else if row.is_filled("member") {
            send.recipient = row.text("member").into_owned();
            send.kind = RecipientKind::Person;
        }
    }
    send.message_id = row.text("stanza").into_owned();
    send.text = row.text("text").into_owned();
    send.form = Form::FreeForm;
    Outcome::Sends(vec![send])
}
