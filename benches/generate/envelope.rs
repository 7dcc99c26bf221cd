//! The shape of Meta's Cloud API webhooks, one line each; what they tell is in `webhooks`.

use crate::json::{Json, text};
use crate::numbers;

const BUSINESS_ACCOUNT: &str = "104400000000000";
const PHONE_NUMBER_ID: &str = "104400000000001";

/// A message of a customer.
pub struct Inbound<'a> {
    pub id: &'a str,
    pub at: i64,
    pub number: &'a str,
    pub name: &'a str,
    pub body: &'a str,
    pub forwarded: bool,
}

/// What became of a message of the help desk.
pub struct Status<'a> {
    pub id: &'a str,
    pub status: &'static str,
    pub at: i64,
    pub number: &'a str,
    /// What the sender's own system calls the message: its text stands in no webhook.
    pub callback_data: &'a str,
    pub conversation: &'a str,
    /// Code and title, if it failed.
    pub error: Option<(i64, &'static str)>,
}

pub fn inbound(told: &Inbound) -> String {
    let mut message =
        vec![("from", text(told.number)), ("id", text(told.id)), ("timestamp", text(told.at.to_string()))];
    if told.forwarded {
        let context = Json::Object(vec![("forwarded", Json::Flag(true))]);
        message.push(("context", context));
    }
    message.push(("type", text("text")));
    message.push(("text", Json::Object(vec![("body", text(told.body))])));
    let profile = Json::Object(vec![("name", text(told.name))]);
    let contact = Json::Object(vec![("profile", profile), ("wa_id", text(told.number))]);
    let members = vec![("contacts", Json::List(vec![contact])), ("messages", Json::List(vec![Json::Object(message)]))];
    line("messages", of_number(members))
}

pub fn status(told: &Status) -> String {
    let mut status = vec![
        ("id", text(told.id)),
        ("status", text(told.status)),
        ("timestamp", text(told.at.to_string())),
        ("recipient_id", text(told.number)),
        ("biz_opaque_callback_data", text(told.callback_data)),
    ];
    match told.error {
        Some((code, title)) => status.push(("errors", errors(code, title))),
        None => status.extend(customer_opened(told.conversation)),
    }
    let statuses = Json::List(vec![Json::Object(status)]);
    line("messages", of_number(vec![("statuses", statuses)]))
}

/// A customer switches advertising off (`stop`) or on again (`resume`).
pub fn preference(number: &str, value: &'static str, at: i64) -> String {
    let detail = format!("User requested to {value} marketing messages");
    let preference = Json::Object(vec![
        ("wa_id", text(number)),
        ("detail", text(detail)),
        ("category", text("marketing_messages")),
        ("value", text(value)),
        ("timestamp", Json::Number(at)),
    ]);
    let preferences = Json::List(vec![preference]);
    let value = of_number(vec![("user_preferences", preferences)]);
    line("user_preferences", value)
}

pub fn template_approved(name: &str) -> String {
    let value = Json::Object(vec![
        ("event", text("APPROVED")),
        ("message_template_id", Json::Number(700_112_233)),
        ("message_template_name", text(name)),
        ("message_template_language", text("de")),
        ("reason", text("NONE")),
        ("message_template_category", text("UTILITY")),
    ]);
    line("message_template_status_update", value)
}

/// The value of a change that concerns the help desk's number.
fn of_number(members: Vec<(&'static str, Json)>) -> Json {
    let number = numbers::HELP_DESK.trim_start_matches('+');
    let metadata =
        Json::Object(vec![("display_phone_number", text(number)), ("phone_number_id", text(PHONE_NUMBER_ID))]);
    let mut value = vec![("messaging_product", text("whatsapp")), ("metadata", metadata)];
    value.extend(members);
    Json::Object(value)
}

fn line(field: &str, value: Json) -> String {
    let change = Json::Object(vec![("field", text(field)), ("value", value)]);
    let entry = Json::Object(vec![("id", text(BUSINESS_ACCOUNT)), ("changes", Json::List(vec![change]))]);
    Json::Object(vec![("object", text("whatsapp_business_account")), ("entry", Json::List(vec![entry]))]).compact()
}

fn errors(code: i64, title: &str) -> Json {
    let details = Json::Object(vec![("details", text(format!("{title}.")))]);
    Json::List(vec![Json::Object(vec![
        ("code", Json::Number(code)),
        ("title", text(title)),
        ("message", text(title)),
        ("error_data", details),
    ])])
}

/// That the customer opened the conversation, and what it is billed as.
fn customer_opened(conversation: &str) -> [(&'static str, Json); 2] {
    let origin = Json::Object(vec![("type", text("service"))]);
    let conversation = Json::Object(vec![("id", text(conversation)), ("origin", origin)]);
    let pricing = Json::Object(vec![
        ("billable", Json::Flag(true)),
        ("pricing_model", text("CBP")),
        ("category", text("service")),
    ]);
    [("conversation", conversation), ("pricing", pricing)]
}
