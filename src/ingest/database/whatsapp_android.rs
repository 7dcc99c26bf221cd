//! WhatsApp on Android, `msgstore.db`: the table `message` (since 2021), the table `messages` (before), or both.
//! Sent lists and groups give one message for each receipt. Source: schemas of real databases of 2022 and 2025;
//! numbers of status and kind as forensic tools list them (whapa).

use super::table::{Join, Need::May, Need::Must, Row, Select, Want};
use super::{Known, Layout, NO_PARTNER, NO_TIME, Outcome, STATUS_POST, SYSTEM, Send, jid, unix_ms};
use crate::message::{Form, Platform, RecipientKind, Route, Status};

/// Since 2021.
pub const MESSAGE: Layout = Layout {
    format: "whatsapp-msgstore",
    marks: &[("message", "chat_row_id"), ("chat", "jid_row_id"), ("jid", "server")],
    select: Select {
        table: "message",
        alias: "m",
        joins: &[
            Join("c", "chat", "c._id = m.chat_row_id"),
            Join("cj", "jid", "cj._id = c.jid_row_id"),
            Join("cm", "jid_map", "cm.lid_row_id = cj._id"),
            Join("cn", "jid", "cn._id = cm.jid_row_id"),
            Join("sj", "jid", "sj._id = m.sender_jid_row_id"),
            Join("sm", "jid_map", "sm.lid_row_id = sj._id"),
            Join("sn", "jid", "sn._id = sm.jid_row_id"),
            Join("f", "message_forwarded", "f.message_row_id = m._id"),
            Join("t", "message_template", "t.message_row_id = m._id"),
            Join("p", "premium_message_info", "p.message_row_id = m._id"),
            Join("o", "message_system_opt_out", "o.message_row_id = m._id"),
            Join("y", "message_system", "y.message_row_id = m._id"),
        ],
        wants: &[
            Want("id", "m._id", Must),
            Want("from_me", "m.from_me", Must),
            Want("timestamp", "m.timestamp", Must),
            Want("key_id", "m.key_id", May),
            Want("status", "m.status", May),
            Want("recipient_count", "m.recipient_count", May),
            Want("message_type", "m.message_type", May),
            Want("text_data", "m.text_data", May),
            Want("chat", "cj.raw_string", May),
            Want("chat_user", "cj.user", May),
            Want("chat_server", "cj.server", May),
            Want("chat_of_lid", "cn.raw_string", May),
            Want("sender", "sj.raw_string", May),
            Want("sender_user", "sj.user", May),
            Want("sender_server", "sj.server", May),
            Want("sender_of_lid", "sn.raw_string", May),
            Want("forward_score", "f.forward_score", May),
            Want("template_text", "t.content_text_data", May),
            Want("template_id", "t.template_id", May),
            Want("template_category", "t.category", May),
            Want("template_tag", "t.tag", May),
            Want("campaign_id", "p.campaign_id", May),
            Want("opt_out_category", "o.biz_opt_out_category", May),
            Want("opt_out_action", "o.biz_opt_out_action", May),
            Want("system_action", "y.action_type", May),
        ],
    },
    side: Some((
        Select {
            table: "receipt_user",
            alias: "r",
            joins: &[
                Join("j", "jid", "j._id = r.receipt_user_jid_row_id"),
                Join("l", "jid_map", "l.lid_row_id = j._id"),
                Join("n", "jid", "n._id = l.jid_row_id"),
            ],
            wants: &[
                Want("message", "r.message_row_id", Must),
                Want("receipt", "r.receipt_timestamp", May),
                Want("read", "r.read_timestamp", May),
                Want("played", "r.played_timestamp", May),
                Want("to", "j.raw_string", May),
                Want("to_user", "j.user", May),
                Want("to_server", "j.server", May),
                Want("to_of_lid", "n.raw_string", May),
            ],
        },
        "message",
    )),
    members: None,
    read: read_message,
};

/// Until about 2021.
pub const LEGACY: Layout = Layout {
    format: "whatsapp-msgstore-legacy",
    marks: &[("messages", "key_remote_jid")],
    select: Select {
        table: "messages",
        alias: "m",
        joins: &[],
        wants: &[
            Want("id", "m._id", Must),
            Want("from_me", "m.key_from_me", Must),
            Want("timestamp", "m.timestamp", Must),
            Want("chat", "m.key_remote_jid", Must),
            Want("key_id", "m.key_id", May),
            Want("status", "m.status", May),
            Want("recipient_count", "m.recipient_count", May),
            Want("message_type", "m.media_wa_type", May),
            Want("text_data", "m.data", May),
            Want("remote_resource", "m.remote_resource", May),
            Want("forwarded", "m.forwarded", May),
        ],
    },
    side: None,
    members: None,
    read: read_legacy,
};

fn status(number: Option<i64>) -> Status {
    match number {
        Some(4) => Status::Sent,
        Some(5) => Status::Delivered,
        Some(8 | 13) => Status::Read,
        _ => Status::Unknown,
    }
}

const CALL: &str = "call";
const CHANNEL: &str = "post of a channel that was followed";

/// Kinds of rows that are no send, in both generations.
fn no_send(row: &Row) -> Option<&'static str> {
    match (row.int("message_type"), row.int("status")) {
        (Some(7), _) | (_, Some(6)) => Some(SYSTEM),
        (Some(8 | 10 | 90), _) => Some(CALL),
        _ => None,
    }
}

fn read_message(row: &Row, receipts: &[Row], known: &Known) -> Outcome {
    let chat = jid(row, ["chat", "chat_user", "chat_server", "chat_of_lid"]);
    if row.is_filled("opt_out_action") || row.is_filled("opt_out_category") {
        return match unix_ms(row, "timestamp") {
            Some(at) if !chat.is_empty() => Outcome::OptOut { recipient: chat, at },
            Some(_) => Outcome::Rejected(NO_PARTNER),
            None => Outcome::Rejected(NO_TIME),
        };
    }
    if row.is_filled("system_action") {
        return Outcome::Ignored(SYSTEM);
    }
    let sender = jid(row, ["sender", "sender_user", "sender_server", "sender_of_lid"]);
    let template = [row.text("template_tag"), row.text("template_id")].into_iter().find(|text| !text.is_empty());
    let is_template = ["template_text", "template_id", "template_tag"].iter().any(|name| row.is_filled(name));
    let text = [row.text("text_data"), row.text("template_text")].into_iter().find(|text| !text.is_empty());
    let campaign = row.text("campaign_id").into_owned();
    let sends = sends(row, &chat, &sender, known, |send| {
        send.text = text.clone().unwrap_or_default().into_owned();
        send.template = template.clone().unwrap_or_default().into_owned();
        send.category = row.text("template_category").to_lowercase();
        send.campaign.clone_from(&campaign);
        if !campaign.is_empty() {
            // Campaigns with an id are the marketing messages of the Business App.
            send.route = Route::BusinessApp;
        }
        send.form = if is_template { Form::Template } else { Form::FreeForm };
        send.forward_score = row.int("forward_score").unwrap_or(0).clamp(0, 254) as u8;
    });
    let send = match sends {
        Ok(send) => send,
        Err(outcome) => return outcome,
    };
    let many = matches!(send.kind, RecipientKind::Group | RecipientKind::BroadcastList);
    if row.int("from_me") != Some(1) || receipts.is_empty() {
        return Outcome::Sends(vec![send]);
    }
    let mut fanned: Vec<Send> = Vec::new();
    for receipt in receipts {
        let to = jid(receipt, ["to", "to_user", "to_server", "to_of_lid"]);
        let got = if ["read", "played"].iter().any(|name| receipt.int(name).is_some_and(|at| at > 0)) {
            Status::Read
        } else if receipt.int("receipt").is_some_and(|at| at > 0) {
            Status::Delivered
        } else {
            Status::Unknown
        };
        if many && !to.is_empty() {
            fanned.push(Send {
                recipient: to,
                kind: RecipientKind::Person,
                audience: 1,
                status: got.max(send.status.min(Status::Sent)),
                ..send.clone()
            });
        } else if !many {
            // The one recipient's receipt says more than the row.
            return Outcome::Sends(vec![Send { status: got.max(send.status), ..send }]);
        }
    }
    let missing = send.audience.saturating_sub(fanned.len() as u32);
    if fanned.is_empty() {
        return Outcome::Sends(vec![send]);
    }
    if send.kind == RecipientKind::BroadcastList && missing > 0 {
        // Recipients of a list that gave no receipt are known by their number only.
        fanned.push(Send { audience: missing, ..send });
    }
    Outcome::Sends(fanned)
}

fn read_legacy(row: &Row, _: &[Row], known: &Known) -> Outcome {
    let chat = row.text("chat").into_owned();
    if chat == "-1" {
        return Outcome::Ignored("placeholder row");
    }
    let sender = row.text("remote_resource").into_owned();
    let send = sends(row, &chat, &sender, known, |send| {
        send.text = row.text("text_data").into_owned();
        send.form = Form::FreeForm;
        // Bit 0 of `forwarded` marks a forward; the count came with the new table.
        send.forward_score = u8::from(row.int("forwarded").is_some_and(|bits| bits & 1 == 1));
    });
    send.map_or_else(|outcome| outcome, |send| Outcome::Sends(vec![send]))
}

/// What both generations say alike.
fn sends(row: &Row, chat: &str, sender: &str, known: &Known, fill: impl FnOnce(&mut Send)) -> Result<Send, Outcome> {
    if let Some(reason) = no_send(row) {
        return Err(Outcome::Ignored(reason));
    }
    if chat == "status@broadcast" {
        return Err(Outcome::Ignored(STATUS_POST));
    }
    let outbound = row.int("from_me") == Some(1);
    let kind = match chat.rsplit_once('@') {
        Some((_, "g.us")) => RecipientKind::Group,
        Some((_, "broadcast")) => RecipientKind::BroadcastList,
        Some((_, "newsletter")) if !outbound => return Err(Outcome::Ignored(CHANNEL)),
        Some((_, "newsletter")) => RecipientKind::BroadcastList,
        Some(_) => RecipientKind::Person,
        None => return Err(Outcome::Rejected(NO_PARTNER)),
    };
    let Some(at) = unix_ms(row, "timestamp") else { return Err(Outcome::Rejected(NO_TIME)) };
    let mut send = Send::new(Platform::Whatsapp, outbound, at);
    send.account.clone_from(&known.owner);
    send.kind = kind;
    send.recipient = chat.to_owned();
    if !outbound && kind != RecipientKind::Person && !sender.is_empty() {
        // What somebody wrote into a group is theirs: a STOP there is one person's.
        send.recipient = sender.to_owned();
        send.kind = RecipientKind::Person;
    }
    if outbound {
        send.status = status(row.int("status"));
        if kind != RecipientKind::Person {
            send.audience = row.int("recipient_count").unwrap_or(1).clamp(1, i64::from(u32::MAX)) as u32;
        }
    }
    send.message_id = row.text("key_id").into_owned();
    fill(&mut send);
    Ok(send)
}
