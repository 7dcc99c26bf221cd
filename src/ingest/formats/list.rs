//! The format files that are compiled in: one line for each file of `data/formats`, in order.
//! A test of the catalogue compares this list with the folder.
//! Nothing else stands here, so that lists of two branches join line by line.

macro_rules! files {
    ($($name:literal,)*) => { &[$(($name, include_str!(concat!("../../../data/formats/", $name))),)*] };
}

/// Name and text of each file.
#[rustfmt::skip]
pub const FILES: &[(&str, &str)] = files![
    "amazon-ses-events.toml",
    "amazon-ses-sns.toml",
    "baileys.toml",
    "evolution-api-messages.toml",
    "evolution-api.toml",
    "go-whatsapp.toml",
    "imessage-message-table.toml",
    "mailchimp-audience.toml",
    "mailchimp-unsubscribed.toml",
    "mailersend-activity.toml",
    "mailgun-events-api.toml",
    "mailgun-events.toml",
    "mailjet-events.toml",
    "mailtrap-events.toml",
    "mandrill-events.toml",
    "meta-analytics.toml",
    "postal-webhooks.toml",
    "postmark-webhooks.toml",
    "promio-optin-changes.toml",
    "resend-events.toml",
    "sendgrid-events.toml",
    "sparkpost-events.toml",
    "twilio-bulkexport.toml",
    "twilio-console-csv.toml",
    "twilio-rest.toml",
    "unisender-go.toml",
    "viber-bot-api.toml",
    "waha.toml",
    "whatsapp-web-js.toml",
];
