//! The case file: what no log knows. Names of the matter, who owns which account, zones, the route a number used.
//! It is read and checked here; each stage takes from it what concerns it.
//! Unknown keys are errors with a suggestion, for a misspelt key would silently change a report.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::message::{Owner, Route};

/// A case file as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The matter itself.
    #[serde(default)]
    pub matter: Matter,
    /// Accounts and whose they are.
    #[serde(default, rename = "account")]
    pub accounts: Vec<AccountEntry>,
    /// Files of which something must be told that they do not tell themselves.
    #[serde(default, rename = "file")]
    pub files: Vec<FileEntry>,
    /// Clients: on whose behalf messages go.
    #[serde(default, rename = "client")]
    pub clients: Vec<ClientEntry>,
    /// Cease-and-desist undertakings.
    #[serde(default, rename = "undertaking")]
    pub undertakings: Vec<Undertaking>,
    /// Court orders.
    #[serde(default, rename = "order")]
    pub orders: Vec<Order>,
    /// Warnings that a sender had: limits, bans, paused templates, warning letters.
    #[serde(default, rename = "warning")]
    pub warnings: Vec<Warning>,
}

/// `[matter]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Matter {
    /// Name of the matter, printed on the report.
    #[serde(default)]
    pub name: String,
    /// Language of the report: `de` or `en`.
    #[serde(default)]
    pub language: Option<Language>,
    /// Zone of exports that name none, and of the calendar days of the report.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Default country of numbers without a calling code, ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: Option<String>,
    /// Whose terms of WhatsApp apply to the sender.
    #[serde(default)]
    pub region: Option<Region>,
    /// Day on which the injured party knew of the sends and the sender: limitation periods may run from it.
    #[serde(default)]
    pub knowledge: Option<Date>,
}

/// Language of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// German.
    De,
    /// English.
    #[default]
    En,
}

impl Language {
    /// The language's code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }
}

/// Region whose version of WhatsApp's terms applies (docs/sources.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum Region {
    /// European Economic Area: contract with WhatsApp Ireland.
    #[serde(rename = "EEA")]
    Eea,
    /// United Kingdom.
    #[serde(rename = "UK")]
    Uk,
    /// Everywhere else: contract with WhatsApp LLC.
    #[serde(rename = "world")]
    World,
}

/// `[[account]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEntry {
    /// The account as it stands in an export: a number, an id, or the author's name in a chat.
    pub id: String,
    /// How it sent.
    #[serde(default)]
    pub route: Option<Route>,
    /// On whose behalf.
    #[serde(default)]
    pub client: Option<String>,
    /// Through which platform.
    #[serde(default)]
    pub provider: Option<String>,
    /// Who owns the number.
    #[serde(default)]
    pub owner: Owner,
    /// Who plans and orders the sends for the client.
    #[serde(default)]
    pub agency: Option<String>,
    /// When the number was registered with the messenger.
    #[serde(default)]
    pub registered: Option<Moment>,
    /// All clients that a rented number served, where it served more than one.
    #[serde(default)]
    pub clients: Vec<String>,
    /// Whether the provider was paid by the message.
    #[serde(default)]
    pub fee_per_message: bool,
    /// The number's messaging limit: recipients in 24 hours.
    #[serde(default)]
    pub messaging_limit: Option<u64>,
}

impl AccountEntry {
    /// The registration as UTC milliseconds, a day from its start in the matter's zone; `None` where it is not stated.
    #[must_use]
    pub fn registered_ms(&self, zone: Option<&str>) -> Option<i64> {
        match self.registered? {
            Moment::Instant(at) => Some(at),
            Moment::Day(day) => {
                let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
                Some(day.to_zoned(zone).ok()?.timestamp().as_millisecond())
            }
        }
    }
}

/// On what a client says that it may advertise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimedBasis {
    /// Consent.
    #[default]
    Consent,
    /// The exception for existing customers.
    Customer,
}

/// `[[client]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// Name, as accounts give it.
    pub name: String,
    /// Names under which it shows itself in messages.
    #[serde(default)]
    pub known_as: Vec<String>,
    /// Number of employees.
    #[serde(default)]
    pub employees: Option<u64>,
    /// Whether it is a party, a campaign, a candidate, or works for one.
    #[serde(default)]
    pub political: bool,
    /// On what it says that it may advertise.
    #[serde(default)]
    pub claimed_basis: ClaimedBasis,
    /// Messaging limit of all its numbers together.
    #[serde(default)]
    pub messaging_limit: Option<u64>,
    /// Day of the contract with its processor (Art. 28 GDPR).
    #[serde(default)]
    pub processor_agreement: Option<Date>,
    /// Day of the safeguard for transfers to third countries (Art. 46 GDPR).
    #[serde(default)]
    pub transfer_safeguard: Option<Date>,
}

/// `[[undertaking]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Undertaking {
    /// Who gave it.
    pub client: String,
    /// When.
    pub date: Moment,
    /// Whom it covers; nobody named means everybody.
    #[serde(default)]
    pub recipients: Vec<String>,
}

/// `[[order]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Whom it binds.
    pub client: String,
    /// When it was served.
    pub date: Moment,
    /// Court and docket number.
    #[serde(default)]
    pub court: String,
    /// Whom it covers; nobody named means everybody.
    #[serde(default)]
    pub recipients: Vec<String>,
}

/// `[[warning]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// The account it was about; none means all accounts of the client.
    #[serde(default)]
    pub account: Option<String>,
    /// The client it went to.
    #[serde(default)]
    pub client: Option<String>,
    /// When.
    pub date: Moment,
    /// What it was, in words.
    pub what: String,
}

/// A day, or an instant: `"2019-12-01"` or `"2019-12-01T09:30:00+01:00"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A day of the matter's calendar; it counts from its end, so that sends of the day itself are left out.
    Day(Date),
    /// An instant, UTC milliseconds.
    Instant(i64),
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant = || text.parse::<jiff::Timestamp>().ok().map(|at| Self::Instant(at.as_millisecond()));
        text.parse::<Date>().ok().filter(|_| text.len() == 10).map(Self::Day).or_else(instant).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is neither a day, as in 2019-12-01, nor an instant, as in 2019-12-01T09:30:00+01:00"
            ))
        })
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Day(day) => serializer.serialize_str(&day.to_string()),
            Self::Instant(at) => {
                let instant = jiff::Timestamp::from_millisecond(*at).map_err(serde::ser::Error::custom)?;
                serializer.serialize_str(&instant.to_string())
            }
        }
    }
}

/// `[[file]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Glob over the file's name, without its folder.
    pub name: String,
    /// Account of records that name no sender.
    #[serde(default)]
    pub account: Option<String>,
    /// Zone of times without an offset.
    #[serde(default)]
    pub timezone: Option<String>,
}

/// Why a case file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It could not be read.
    #[error("the case file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is not the TOML we expect; the message holds line and column.
    #[error("the case file is not right: {0}")]
    Toml(String),
    /// A value that is none of the allowed ones.
    #[error("the case file is not right: {0}")]
    Value(String),
}

impl Case {
    /// Reads a case file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has unknown keys or values.
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    /// As [`Self::load`], from text.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let case: Self = toml::from_str(text).map_err(|error| CaseError::Toml(explain(&error)))?;
        if let Some(country) = &case.matter.country
            && !(country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase()))
        {
            return Err(CaseError::Value(format!("country `{country}` is not two capital letters, as in `DE`")));
        }
        case.check_names()?;
        let mut ids: Vec<&str> = case.accounts.iter().map(|account| account.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair.first() == pair.last()) {
            let id = pair.first().copied().unwrap_or("");
            return Err(CaseError::Value(format!("account `{id}` stands there twice")));
        }
        Ok(case)
    }

    /// What is known of a client by its name.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<&ClientEntry> {
        self.clients.iter().find(|client| client.name == name)
    }

    /// Names of all clients, whether they have a table of their own or only accounts, each once, in order.
    #[must_use]
    pub fn client_names(&self) -> BTreeSet<&str> {
        let of_accounts = self.accounts.iter().flat_map(|account| account.client.iter().chain(&account.clients));
        of_accounts.chain(self.clients.iter().map(|client| &client.name)).map(String::as_str).collect()
    }

    /// Undertakings, orders and warnings must be about somebody who is there: a misspelt name would lose them.
    fn check_names(&self) -> Result<(), CaseError> {
        let known = self.client_names();
        for (index, client) in self.clients.iter().enumerate() {
            if self.clients.iter().skip(index + 1).any(|other| other.name == client.name) {
                return Err(CaseError::Value(format!("client `{}` stands there twice", client.name)));
            }
        }
        let named = self.undertakings.iter().map(|undertaking| undertaking.client.as_str());
        let named = named.chain(self.orders.iter().map(|order| order.client.as_str()));
        let named = named.chain(self.warnings.iter().filter_map(|warning| warning.client.as_deref()));
        for name in named {
            if !known.contains(name) {
                let nearest = known
                    .iter()
                    .max_by(|one, other| strsim::jaro_winkler(name, one).total_cmp(&strsim::jaro_winkler(name, other)));
                let hint = nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
                return Err(CaseError::Value(format!(
                    "client `{name}` is named by no [[client]] or [[account]]{hint}"
                )));
            }
        }
        Ok(())
    }
}

/// A TOML error with its place and, for an unknown key or word, the nearest known one.
#[must_use]
pub fn explain(error: &toml::de::Error) -> String {
    let message = error.to_string();
    match suggestion(error) {
        Some(word) => format!("{message}did you mean `{word}`?"),
        None => message.trim_end().to_owned(),
    }
}

/// The nearest known key or word where a TOML error is about an unknown one.
#[must_use]
pub fn suggestion(error: &toml::de::Error) -> Option<&str> {
    let quoted: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
    let (wrong, known) = quoted.split_first().filter(|_| error.message().starts_with("unknown"))?;
    let likeness = known.iter().map(|word| (strsim::jaro_winkler(wrong, word), *word));
    likeness
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .filter(|(likeness, _)| *likeness > 0.7)
        .map(|(_, word)| word)
}

/// The nearest known name as a question; empty where none is near.
#[must_use]
pub fn nearest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> String {
    let likeness = known.map(|name| (strsim::jaro_winkler(wrong, name), name));
    let best = likeness.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(likeness, _)| *likeness > 0.7);
    best.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_place_and_suggestion() {
        let error = Case::parse("[matter]\nname = \"x\"\ntimezon = \"Europe/Berlin\"\n").expect_err("misspelt");
        let text = error.to_string();
        assert!(text.contains("line 3") && text.contains("did you mean `timezone`?"), "{text}");
        let error = Case::parse("[[account]]\nid = \"a\"\nroute = \"busines_api\"\n").expect_err("misspelt");
        assert!(error.to_string().contains("did you mean `business_api`?"), "{error}");
    }

    #[test]
    fn clients_are_known_from_accounts_too() {
        let text = "[[account]]\nid = \"a\"\nclient = \"Two\"\n[[account]]\nid = \"b\"\nclients = [\"One\", \"Two\"]\n\
                    [[client]]\nname = \"Three\"\n";
        let case = Case::parse(text).expect("a case");
        assert_eq!(case.client_names().into_iter().collect::<Vec<_>>(), ["One", "Three", "Two"]);
    }

    #[test]
    fn values_are_checked() {
        assert!(Case::parse("[matter]\ncountry = \"Germany\"").is_err());
        assert!(Case::parse("[[account]]\nid = \"a\"\n[[account]]\nid = \"a\"").is_err());
        assert!(Case::parse("[[account]]\nid = \"a\"\nregistered = \"last week\"").is_err());
        let case =
            Case::parse("[matter]\ntimezone = \"Europe/Berlin\"\n[[account]]\nid = \"a\"\nregistered = \"2019-12-07\"")
                .expect("a case");
        let zone = case.matter.timezone.as_deref();
        assert_eq!(case.accounts[0].registered_ms(zone), Some(1_575_673_200_000));
        assert_eq!(Case::parse("").expect("an empty case"), Case::default());
    }
}
