//! The format files that are compiled in: one line for each file of `data/formats`, in order.
//! A test of the catalogue compares this list with the folder.
//! Nothing else stands here, so that lists of two branches join line by line.

macro_rules! files {
    ($($name:literal,)*) => { &[$(($name, include_str!(concat!("../../../data/formats/", $name))),)*] };
}

/// Name and text of each file.
#[rustfmt::skip]
pub const FILES: &[(&str, &str)] = files![
    "alibaba-chatapp.toml",
    "att-gsms-message-usage.toml",
    "bird-channels.toml",
    "bird-sms.toml",
    "bird-whatsapp.toml",
    "brevo-email-events.toml",
    "brevo-sms-events.toml",
    "brevo-transactional-csv.toml",
    "brevo-webhook.toml",
    "brevo-whatsapp-events.toml",
    "chatwoot-messages-table.toml",
    "chatwoot-messages.toml",
    "clickatell-platform.toml",
    "gupshup-enterprise.toml",
    "gupshup-v2.toml",
    "infobip-v1.toml",
    "infobip-v3.toml",
    "interakt-webhook.toml",
    "kaleyra-whatsapp.toml",
    "karix-messages.toml",
    "messagebird-conversations.toml",
    "messagebird-sms.toml",
    "messengerpeople-messages.toml",
    "meta-analytics.toml",
    "otpiq-delivery-report.toml",
    "plivo-rest.toml",
    "respondio-messages.toml",
    "sinch-conversation.toml",
    "sinch-sms-batches.toml",
    "sinch-sms.toml",
    "telnyx-detail-records.toml",
    "telnyx-webhook.toml",
    "twilio-bulkexport.toml",
    "twilio-community-csv.toml",
    "twilio-console-csv.toml",
    "twilio-rest.toml",
    "vonage-reports-messages-inbound.toml",
    "vonage-reports-messages-outbound.toml",
    "vonage-reports-sms-inbound.toml",
    "vonage-reports-sms-outbound.toml",
    "wati-v3-history.toml",
    "wati-webhook.toml",
    "whatsbroadcast-tickets.toml",
    "wolkvox-campaign-status.toml",
    "zoko-webhook.toml",
];
