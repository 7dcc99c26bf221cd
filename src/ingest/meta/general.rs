//! Meta's objects as serde reads them: whatever JSON allows, with a reason where it is not what Meta writes.
//! What `usual` refuses is read by these; what the texts mean is not known here.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{MessageTexts, PreferenceTexts, StatusTexts};

/// A field that Meta writes as text and some relays as a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Plain<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Plain<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a text or a whole number")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(number.to_string())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Plain::default())
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Plain::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// One of the list `entry`.
#[derive(Deserialize)]
pub struct Entry<'a> {
    #[serde(borrow, default)]
    pub changes: Vec<Change<'a>>,
}

/// One change of an entry.
#[derive(Deserialize)]
pub struct Change<'a> {
    #[serde(borrow, default)]
    pub field: Plain<'a>,
    #[serde(borrow)]
    pub value: &'a RawValue,
}

/// What changed.
#[derive(Deserialize, Default)]
pub struct Value<'a> {
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    #[serde(borrow, default)]
    pub messages: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub statuses: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub message_echoes: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub user_preferences: Vec<&'a RawValue>,
}

/// The business's number.
#[derive(Deserialize, Default)]
pub struct Metadata<'a> {
    #[serde(borrow, default)]
    pub display_phone_number: Plain<'a>,
    #[serde(borrow, default)]
    pub phone_number_id: Plain<'a>,
}

/// An item of `statuses`.
#[derive(Deserialize)]
pub struct StatusItem<'a> {
    #[serde(borrow, default)]
    id: Plain<'a>,
    #[serde(borrow, default)]
    status: Plain<'a>,
    #[serde(borrow, default)]
    timestamp: Plain<'a>,
    #[serde(borrow, default)]
    recipient_id: Plain<'a>,
    #[serde(borrow, default)]
    recipient_user_id: Plain<'a>,
    #[serde(borrow, default)]
    recipient_type: Plain<'a>,
    #[serde(borrow, default)]
    pricing: Option<Pricing<'a>>,
    #[serde(borrow, default)]
    conversation: Option<Conversation<'a>>,
}

#[derive(Deserialize)]
struct Pricing<'a> {
    #[serde(borrow, default)]
    category: Plain<'a>,
}

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    origin: Option<Origin<'a>>,
}

#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Plain<'a>,
}

/// An inbound message or an echo of one sent from the Business App.
#[derive(Deserialize)]
pub struct MessageItem<'a> {
    #[serde(borrow, default)]
    id: Plain<'a>,
    #[serde(borrow, default)]
    from: Plain<'a>,
    #[serde(borrow, default)]
    from_user_id: Plain<'a>,
    #[serde(borrow, default)]
    to: Plain<'a>,
    #[serde(borrow, default)]
    to_user_id: Plain<'a>,
    #[serde(borrow, default)]
    timestamp: Plain<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Plain<'a>,
    #[serde(borrow, default)]
    text: Option<Body<'a>>,
    #[serde(borrow, default)]
    button: Option<Button<'a>>,
    #[serde(borrow, default)]
    context: Option<ForwardContext<'a>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    body: Plain<'a>,
}

#[derive(Deserialize)]
struct Button<'a> {
    #[serde(borrow, default)]
    text: Plain<'a>,
}

#[derive(Deserialize)]
struct ForwardContext<'a> {
    #[serde(default)]
    forwarded: bool,
    #[serde(default)]
    frequently_forwarded: bool,
    #[serde(borrow, default, rename = "from")]
    _from: Plain<'a>,
}

/// An item of `user_preferences`.
#[derive(Deserialize)]
pub struct PreferenceItem<'a> {
    #[serde(borrow, default)]
    wa_id: Plain<'a>,
    #[serde(borrow, default)]
    user_id: Plain<'a>,
    #[serde(borrow, default)]
    value: Plain<'a>,
    #[serde(borrow, default)]
    timestamp: Plain<'a>,
}

impl StatusItem<'_> {
    /// Its texts.
    pub fn texts(&self) -> StatusTexts<'_> {
        let origin = self.conversation.as_ref().and_then(|conversation| conversation.origin.as_ref());
        StatusTexts {
            id: &self.id.0,
            status: &self.status.0,
            timestamp: &self.timestamp.0,
            recipient: [&self.recipient_id.0, &self.recipient_user_id.0],
            recipient_type: &self.recipient_type.0,
            category: self
                .pricing
                .as_ref()
                .map(|pricing| &pricing.category)
                .or(origin.map(|origin| &origin.kind))
                .map(text),
        }
    }
}

impl MessageItem<'_> {
    /// Its texts.
    pub fn texts(&self) -> MessageTexts<'_> {
        let body = self.text.as_ref().map(|text| &text.body).or(self.button.as_ref().map(|button| &button.text));
        let context = self.context.as_ref();
        MessageTexts {
            id: &self.id.0,
            from: [&self.from.0, &self.from_user_id.0],
            to: [&self.to.0, &self.to_user_id.0],
            timestamp: &self.timestamp.0,
            kind: &self.kind.0,
            body: body.map_or("", text),
            forwarded: context.map(|context| (context.forwarded, context.frequently_forwarded)),
        }
    }
}

impl PreferenceItem<'_> {
    /// Its texts.
    pub fn texts(&self) -> PreferenceTexts<'_> {
        PreferenceTexts { person: [&self.wa_id.0, &self.user_id.0], value: &self.value.0, timestamp: &self.timestamp.0 }
    }
}

fn text<'t>(plain: &'t Plain<'_>) -> &'t str {
    &plain.0
}
