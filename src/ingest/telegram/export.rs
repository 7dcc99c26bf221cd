//! Takes Telegram Desktop's `result.json` apart into chats and their messages, as far as the text is whole.
//! Messages stay slices of the text, so that each keeps its place; what stands between them is passed over.
//! What messages mean is said in `telegram.rs`.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A text or number as text; `null` and everything else is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Plain<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self(match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str::<Text<'a>>(raw).map(|text| text.0).unwrap_or_default(),
            Some(b'0'..=b'9' | b'-') => Cow::Borrowed(raw),
            _ => Cow::Borrowed(""),
        }))
    }
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// One chat.
#[derive(Debug, Default)]
pub struct Chat<'a> {
    /// Its name; for a person, theirs.
    pub name: Plain<'a>,
    /// `personal_chat`, `private_supergroup`, ….
    pub kind: Plain<'a>,
    /// Telegram's number of the person, group or channel.
    pub id: Plain<'a>,
    /// Its messages, each as written.
    pub messages: Vec<&'a RawValue>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Export<'a> {
    /// Number of the person who exported, where the export says.
    pub owner: Plain<'a>,
    /// Chats in the order of the file.
    pub chats: Vec<Chat<'a>>,
}

impl<'a> Export<'a> {
    /// Reads as much as is whole; the error tells why the rest could not be read.
    pub fn read(text: &'a str) -> (Self, Option<serde_json::Error>) {
        let mut export = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut read = Top(&mut export).deserialize(&mut deserializer);
        if read.is_ok() {
            read = deserializer.end();
        }
        (export, read.err())
    }
}

/// The whole document: one chat, a list of chats, or an export of an account.
struct Top<'e, 'a>(&'e mut Export<'a>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Top<'_, 'a> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Top<'_, 'a> {
    type Value = ();
    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a chat or a list of chats")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut single = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "chats" | "left_chats" => map.next_value_seed(Chats(self.0))?,
                "personal_information" => {
                    if let Ok(person) = serde_json::from_str::<Person<'a>>(map.next_value::<&'de RawValue>()?.get()) {
                        self.0.owner = person.user_id;
                    }
                }
                "messages" | "name" | "type" | "id" => {
                    let at = *single.get_or_insert_with(|| {
                        self.0.chats.push(Chat::default());
                        self.0.chats.len() - 1
                    });
                    match self.0.chats.get_mut(at) {
                        Some(chat) => field(chat, &key, &mut map)?,
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
    fn visit_seq<S: SeqAccess<'de>>(self, sequence: S) -> Result<(), S::Error> {
        Chats(self.0).visit_seq(sequence)
    }
}

#[derive(serde::Deserialize)]
struct Person<'a> {
    #[serde(borrow, default)]
    user_id: Plain<'a>,
}

/// `{"list": […]}` or `[…]`.
struct Chats<'e, 'a>(&'e mut Export<'a>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Chats<'_, 'a> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Chats<'_, 'a> {
    type Value = ();
    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of chats")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "list" {
                map.next_value_seed(Chats(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<(), S::Error> {
        loop {
            self.0.chats.push(Chat::default());
            let Some(chat) = self.0.chats.last_mut() else { return Ok(()) };
            if sequence.next_element_seed(One(chat))?.is_none() {
                self.0.chats.pop();
                return Ok(());
            }
        }
    }
}

struct One<'e, 'a>(&'e mut Chat<'a>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for One<'_, 'a> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for One<'_, 'a> {
    type Value = ();
    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a chat")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            field(self.0, &key, &mut map)?;
        }
        Ok(())
    }
}

fn field<'de: 'a, 'a, M: MapAccess<'de>>(chat: &mut Chat<'a>, key: &str, map: &mut M) -> Result<(), M::Error> {
    match key {
        "name" => chat.name = map.next_value()?,
        "type" => chat.kind = map.next_value()?,
        "id" => chat.id = map.next_value()?,
        "messages" => map.next_value_seed(Messages(&mut chat.messages))?,
        _ => drop(map.next_value::<IgnoredAny>()?),
    }
    Ok(())
}

struct Messages<'e, 'a>(&'e mut Vec<&'a RawValue>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Messages<'_, 'a> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Messages<'_, 'a> {
    type Value = ();
    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of messages")
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<(), S::Error> {
        while let Some(message) = sequence.next_element::<&'de RawValue>()? {
            self.0.push(message);
        }
        Ok(())
    }
}
