//! The case file: what no log knows. Names of the matter, who owns which account, zones, the route a number used.
//! It is read and checked here; each stage takes from it what concerns it.
//! Unknown keys are errors with a suggestion, for a misspelt key would silently change a report.

use std::path::Path;

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
    /// When the number was registered: a day in the matter's zone, or an instant with its offset.
    #[serde(default)]
    pub registered: Option<String>,
}

impl AccountEntry {
    /// The registration as UTC milliseconds; `None` where it is not stated or not to be understood.
    #[must_use]
    pub fn registered_ms(&self, zone: Option<&str>) -> Option<i64> {
        let text = self.registered.as_deref()?;
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(instant.as_millisecond());
        }
        let day: jiff::civil::Date = text.parse().ok()?;
        let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
        Some(day.to_zoned(zone).ok()?.timestamp().as_millisecond())
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
        let mut ids: Vec<&str> = case.accounts.iter().map(|account| account.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair.first() == pair.last()) {
            let id = pair.first().copied().unwrap_or("");
            return Err(CaseError::Value(format!("account `{id}` stands there twice")));
        }
        if let Some(entry) = case
            .accounts
            .iter()
            .find(|entry| entry.registered.is_some() && entry.registered_ms(case.matter.timezone.as_deref()).is_none())
        {
            let text = entry.registered.as_deref().unwrap_or("");
            return Err(CaseError::Value(format!("account `{}`: `{text}` is no day, as in `2019-12-07`", entry.id)));
        }
        Ok(case)
    }
}

/// A TOML error with its place and, for an unknown key or word, the nearest known one.
#[must_use]
pub fn explain(error: &toml::de::Error) -> String {
    let message = error.to_string();
    let quoted: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
    let suggestion = match quoted.split_first() {
        Some((wrong, known)) if error.message().starts_with("unknown") => known
            .iter()
            .map(|word| (strsim::jaro_winkler(wrong, word), *word))
            .max_by(|left, right| left.0.total_cmp(&right.0)),
        _ => None,
    };
    match suggestion {
        Some((similarity, word)) if similarity > 0.7 => format!("{message}did you mean `{word}`?"),
        _ => message.trim_end().to_owned(),
    }
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
