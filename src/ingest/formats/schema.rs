//! How a format file is written (version 2): keys, their forms, and what may stand in them.
//! Unknown keys and words are errors with their place. What a file means is made of it in `formats`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use crate::ingest::mapping::Addresses;
use crate::ingest::mapping::Role as Column;
use crate::message::{Automation, Category, Direction, Form, Platform, RecipientKind, Route, Status};

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) source: String,
    pub(super) confidence: Confidence,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) secrets: Vec<String>,
    pub(super) recognise: Recognise,
    #[serde(default)]
    pub(super) columns: BTreeMap<Column, Texts>,
    #[serde(default, rename = "consent")]
    pub(super) consents: Vec<TableConsent>,
    #[serde(default, rename = "record")]
    pub(super) records: Vec<Record>,
    #[serde(default)]
    pub(super) constants: Constants,
    #[serde(default)]
    pub(super) words: WordLists,
    #[serde(default)]
    pub(super) routes: BTreeMap<Platform, Route>,
    #[serde(default)]
    pub(super) date_order: Option<Order>,
    #[serde(default)]
    pub(super) sides: Sides,
    #[serde(default)]
    pub(super) stages: BTreeMap<Status, String>,
    #[serde(default)]
    pub(super) ignore: Vec<IgnoredRows>,
    #[serde(default)]
    pub(super) zone: Option<String>,
}

/// How well a format is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Confidence {
    /// A real file or the provider's documentation.
    A,
    /// Two independent integrations.
    B,
    /// One source.
    C,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// JSON documents.
    Json,
    /// A table with a header line.
    Delimited,
}

/// Which part of a date comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Day, month, year.
    #[serde(alias = "dmy", alias = "day_first")]
    DayMonth,
    /// Month, day, year.
    #[serde(alias = "mdy", alias = "month_first")]
    MonthDay,
}

/// Whether the columns of sender and recipient change their meaning with the direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sides {
    /// The sender of an inbound row is the other side.
    #[default]
    Switched,
    /// The sender is our side and the recipient the other side in every row.
    Fixed,
}

/// `[[ignore]]`: rows of a table that are no sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IgnoredRows {
    pub(super) column: String,
    pub(super) values: Texts,
    pub(super) reason: String,
}

/// `[recognise]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recognise {
    #[serde(default)]
    pub(super) keys: Vec<String>,
    #[serde(default)]
    pub(super) any: Vec<Vec<String>>,
    #[serde(default)]
    pub(super) none: Vec<String>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, Texts>,
    #[serde(default)]
    pub(super) header: Vec<String>,
}

/// `[[record]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Where items lie; of several places each is looked at.
    #[serde(default)]
    pub(super) each: Texts,
    #[serde(default)]
    pub(super) when: BTreeMap<String, When>,
    #[serde(default)]
    pub(super) fan_out: Option<String>,
    #[serde(default)]
    pub(super) ignore: Option<String>,
    #[serde(default)]
    pub(super) consent: Option<Consent>,
    #[serde(default)]
    pub(super) consent_source: Option<String>,
    #[serde(default)]
    pub(super) fields: BTreeMap<Role, Field>,
    #[serde(default)]
    pub(super) constants: Constants,
}

/// What a record says of being sent messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Signed up.
    OptIn,
    /// Asked to stop.
    OptOut,
}

/// `[[consent]]` of a table: what each of its lines says of being sent messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableConsent {
    /// Whether it is an opt-in or an opt-out.
    pub(super) kind: ConsentColumn,
    /// Word for reports.
    pub(super) source: String,
    /// Columns of the person: each address that is filled.
    pub(super) recipient: Texts,
    /// Columns of the time; the first that is filled.
    pub(super) at: Texts,
    /// A column without which nothing is said.
    #[serde(default)]
    pub(super) needs: Option<String>,
    /// Column of the account that it was said to.
    #[serde(default)]
    pub(super) account: Option<String>,
    /// Columns of what proves it.
    #[serde(default)]
    pub(super) proof: ProofColumns,
}

/// `[consent.proof]`: columns of a table that hold what proves an opt-in; each stands on record where one is filled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofColumns {
    /// The channels that were agreed to.
    #[serde(default)]
    pub(super) channel: Option<String>,
    /// The wording that was agreed to, or its version.
    #[serde(default)]
    pub(super) text_version: Texts,
    /// Where it was given.
    #[serde(default)]
    pub(super) obtained_from: Texts,
    /// A document, a message or an address of the network.
    #[serde(default)]
    pub(super) reference: Texts,
    /// A second step that confirmed it (double opt-in).
    #[serde(default)]
    pub(super) confirmed: Texts,
}

/// `"opt_in"`, `"opt_out"`, or a column and its words for either.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ConsentColumn {
    /// Every line says the same.
    Always(Consent),
    /// A column tells.
    Told(ConsentWordsOfColumn),
}

/// A column that tells opt-ins from opt-outs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentWordsOfColumn {
    /// Its name.
    pub(super) column: String,
    /// Its words for opt-ins.
    pub(super) opt_in: Vec<String>,
    /// Its words for opt-outs.
    pub(super) opt_out: Vec<String>,
    /// Its words for neither.
    #[serde(default)]
    pub(super) nothing: Vec<String>,
}

/// What a field of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Time of the send.
    SentAt,
    /// Date where the time stands apart.
    Date,
    /// Time of day where the date stands apart.
    Time,
    /// Who sends.
    Sender,
    /// Who receives.
    Recipient,
    /// Our side.
    Account,
    /// The other side.
    Contact,
    /// Person, group or list.
    RecipientKind,
    /// People reached.
    Audience,
    /// Delivery status.
    Status,
    /// Direction.
    Direction,
    /// The export's own id.
    MessageId,
    /// Name of a campaign or batch.
    Campaign,
    /// Name of a template.
    Template,
    /// The text.
    Text,
    /// Template category.
    Category,
    /// Messenger or channel.
    Channel,
    /// How often forwarded.
    ForwardScore,
    /// Of an opt-in: the wording that was agreed to, or its version.
    TextVersion,
    /// Of an opt-in: where it was given.
    ObtainedFrom,
    /// Of an opt-in: a document, a message or an address of the network.
    Reference,
    /// Of an opt-in: a second step that confirmed it (double opt-in).
    Confirmed,
}

impl Role {
    /// What proves an opt-in.
    pub const PROOF: [Self; 4] = [Self::TextVersion, Self::ObtainedFrom, Self::Reference, Self::Confirmed];

    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SentAt => "sent_at",
            Self::Date => "date",
            Self::Time => "time",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Account => "account",
            Self::Contact => "contact",
            Self::RecipientKind => "recipient_kind",
            Self::Audience => "audience",
            Self::Status => "status",
            Self::Direction => "direction",
            Self::MessageId => "message_id",
            Self::Campaign => "campaign",
            Self::Template => "template",
            Self::Text => "text",
            Self::Category => "category",
            Self::Channel => "channel",
            Self::ForwardScore => "forward_score",
            Self::TextVersion => "text_version",
            Self::ObtainedFrom => "obtained_from",
            Self::Reference => "reference",
            Self::Confirmed => "confirmed",
        }
    }
}

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeForm {
    /// Whatever it looks like.
    #[default]
    Auto,
    /// Seconds since 1970.
    UnixS,
    /// Milliseconds since 1970.
    UnixMs,
    /// Microseconds since 1970.
    UnixUs,
    /// Nanoseconds since 1970.
    UnixNs,
    /// Seconds since 2001.
    AppleS,
    /// Nanoseconds since 2001.
    AppleNs,
    /// Two halves of a number, as protobuf writes it: seconds or milliseconds since 1970.
    Long,
}

/// `path` or `{ path = …, time = … }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldTable {
    pub(super) path: Texts,
    #[serde(default)]
    pub(super) time: TimeForm,
    #[serde(default)]
    pub(super) zone: Option<String>,
}

/// What stands behind a role: each place where the value may lie, in order.
#[derive(Debug, Default)]
pub(super) struct Field(pub(super) Vec<FieldTable>);

/// One text or several.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(pub(super) Vec<String>);

/// What a condition asks of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// There, and neither `null` nor empty.
    Present,
    /// Not there, `null` or empty.
    Absent,
    /// One of these.
    OneOf(Vec<String>),
}

/// Words that every record of a kind has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constants {
    /// Platform where no address and no channel says otherwise.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// Route on that platform.
    #[serde(default)]
    pub route: Option<Route>,
    /// Direction where no field says it.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// What presses the button.
    #[serde(default)]
    pub automation: Option<Automation>,
    /// What is guaranteed of addresses.
    #[serde(default)]
    pub addresses: Option<Addresses>,
    /// Status where no field says it.
    #[serde(default)]
    pub status: Option<Status>,
    /// Category where no field says it.
    #[serde(default)]
    pub category: Option<Category>,
    /// Template or free text.
    #[serde(default)]
    pub form: Option<Form>,
    /// Person, group or list.
    #[serde(default)]
    pub recipient_kind: Option<RecipientKind>,
}

impl Constants {
    /// The route of a message on a platform: the stated one where it is for that platform, else what the platform says.
    #[must_use]
    pub fn route_on(&self, platform: Platform) -> Route {
        let stated = self.route.filter(|_| self.platform.is_none_or(|of| of == platform));
        stated.unwrap_or(match platform {
            Platform::Sms => Route::Sms,
            Platform::Email => Route::Email,
            Platform::Telegram => Route::Telegram,
            Platform::Messenger | Platform::Viber | Platform::Signal | Platform::Other => Route::Other,
            Platform::Unknown | Platform::Whatsapp => Route::Unknown,
        })
    }

    /// These, and where they say nothing the others.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            platform: self.platform.or(other.platform),
            route: self.route.or(other.route),
            direction: self.direction.or(other.direction),
            automation: self.automation.or(other.automation),
            addresses: self.addresses.or(other.addresses),
            status: self.status.or(other.status),
            category: self.category.or(other.category),
            form: self.form.or(other.form),
            recipient_kind: self.recipient_kind.or(other.recipient_kind),
        }
    }
}

/// `[words.…]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordLists {
    #[serde(default)]
    pub(super) status: BTreeMap<Status, Vec<String>>,
    #[serde(default)]
    pub(super) direction: BTreeMap<Direction, Vec<String>>,
    #[serde(default)]
    pub(super) category: BTreeMap<Category, Vec<String>>,
    #[serde(default)]
    pub(super) channel: BTreeMap<Platform, Vec<String>>,
    #[serde(default)]
    pub(super) recipient_kind: BTreeMap<RecipientKind, Vec<String>>,
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Texts;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or a list of texts")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Texts, E> {
                Ok(Texts(vec![value.to_string()]))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Texts, E> {
                Ok(Texts(vec![value.to_string()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(Texts(mut one)) = list.next_element()? {
                    texts.append(&mut one);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = When;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("`present`, `absent` or a list of values")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<When, E> {
                match text {
                    "present" => Ok(When::Present),
                    "absent" => Ok(When::Absent),
                    _ => Err(E::unknown_variant(text, &["present", "absent"])),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<When, A::Error> {
                let mut texts = Vec::new();
                while let Some(Texts(mut one)) = list.next_element()? {
                    texts.append(&mut one);
                }
                Ok(When::OneOf(texts))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Field;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a path, a list of paths, or a table with `path`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Field, E> {
                let path = Texts(vec![text.to_owned()]);
                Ok(Field(vec![FieldTable { path, time: TimeForm::Auto, zone: None }]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field, A::Error> {
                let mut all = Vec::new();
                while let Some(Field(mut one)) = list.next_element()? {
                    all.append(&mut one);
                }
                Ok(Field(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field, A::Error> {
                Ok(Field(vec![FieldTable::deserialize(MapAccessDeserializer::new(map))?]))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
