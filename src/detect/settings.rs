//! Detectors and thresholds as data: read, checked, and with whose figure each one is.
//! The kernels take plain numbers from here; the report prints the words.
//! The compiled-in file is `data/detectors.toml`; a user's file has the same form.

use serde::{Deserialize, Serialize};

use super::transactional::Wording;
use crate::case::explain;

/// Whose figure a threshold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Published by the platform.
    Published,
    /// Fixed by law or judgment.
    Law,
    /// Our own choice.
    Own,
    /// Found, but still to be confirmed by counsel.
    Unconfirmed,
}

impl Mark {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Law => "law",
            Self::Own => "own",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Messages.
    Messages,
    /// Distinct recipients, each stated audience adding its size.
    Recipients,
}

impl Counts {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Recipients => "recipients",
        }
    }
}

/// Which messages are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Outbound messages outside the recipient's service window.
    Initiated,
    /// All outbound messages.
    All,
}

/// Within what they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One account.
    Account,
    /// One content of one account.
    AccountAndContent,
}

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

impl Title {
    /// The text in a language.
    #[must_use]
    pub fn in_language(&self, language: crate::case::Language) -> &str {
        match language {
            crate::case::Language::De => &self.de,
            crate::case::Language::En => &self.en,
        }
    }
}

/// A burst detector.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// Name in `bursts.csv`.
    pub name: String,
    /// Title for people.
    pub title: Title,
    /// Length of the sliding window.
    #[serde(rename = "window", deserialize_with = "milliseconds")]
    pub window_ms: i64,
    /// Count from which on a moment is hot.
    pub threshold: u64,
    /// What is counted.
    pub counts: Counts,
    /// Which messages are counted.
    pub over: Over,
    /// Within what.
    pub scope: Scope,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// When one content is a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignThreshold {
    /// Distinct recipients of initiated messages.
    pub recipients: u64,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// A length of time that is a setting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The length.
    #[serde(alias = "gap", rename = "window", deserialize_with = "milliseconds")]
    pub milliseconds: i64,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// All settings of detection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Burst detectors.
    #[serde(rename = "detector")]
    pub detectors: Vec<Detector>,
    /// When one content is a campaign.
    pub campaign: CampaignThreshold,
    /// Longest gap inside a run.
    pub run: Span,
    /// Service window.
    pub reply: Span,
    /// Words of notices and of advertising; they come from a file of their own.
    #[serde(skip)]
    pub wording: Wording,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("detectors: {0}")]
pub struct SettingsError(pub String);

impl Settings {
    /// The compiled-in settings.
    ///
    /// # Errors
    /// When the data file of the build is damaged.
    pub fn load() -> Result<Self, SettingsError> {
        Self::parse(include_str!("../../data/detectors.toml"))
    }

    /// Settings from text.
    ///
    /// # Errors
    /// When it is no TOML of this form, or a value makes no sense.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let mut settings: Self = toml::from_str(text).map_err(|error| SettingsError(explain(&error)))?;
        settings.wording = Wording::load()?;
        for detector in &settings.detectors {
            if detector.window_ms <= 0 || detector.threshold == 0 {
                return Err(SettingsError(format!("`{}`: window and threshold must be positive", detector.name)));
            }
            if settings.detectors.iter().filter(|other| other.name == detector.name).count() > 1 {
                return Err(SettingsError(format!("`{}` stands there twice", detector.name)));
            }
        }
        Ok(settings)
    }
}

/// Reads `15s`, `10min`, `24h`, `30d`.
fn milliseconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_length(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is no length of time; write 500ms, 15s, 10min, 24h or 30d"))
    })
}

/// Milliseconds of a length of time such as `15s`; `None` when it is none.
#[must_use]
pub fn parse_length(text: &str) -> Option<i64> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "min" | "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_detectors_are_right() {
        let settings = Settings::load().expect("the data of the build");
        assert_eq!(settings.campaign.recipients, 51);
        assert_eq!(settings.run.milliseconds, 300_000);
        let windows: Vec<i64> = settings.detectors.iter().map(|detector| detector.window_ms).collect();
        assert_eq!(windows, [15_000, 60_000, 600_000]);
    }

    #[test]
    fn wrong_lengths_and_keys_are_refused() {
        assert_eq!(parse_length("30d"), Some(30 * 86_400_000));
        assert_eq!(parse_length("15"), None);
        assert_eq!(parse_length("99999999999999999d"), None);
        let text = include_str!("../../data/detectors.toml").replace("threshold = 51", "treshold = 51");
        assert!(Settings::parse(&text).expect_err("misspelt").to_string().contains("did you mean `threshold`?"));
    }
}
