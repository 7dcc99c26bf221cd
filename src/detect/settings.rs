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
    /// Of the initiated messages, the first one that ever went to each recipient.
    FirstContacts,
    /// Outbound messages that were forwarded ones when they were sent.
    Forwarded,
}

impl Over {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::All => "all",
            Self::FirstContacts => "first_contacts",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Within what they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One account.
    Account,
    /// One content of one account.
    AccountAndContent,
    /// All accounts of one client, on any platform.
    Client,
    /// All WhatsApp numbers of one client: what WhatsApp calls a business portfolio.
    Portfolio,
}

impl Scope {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::AccountAndContent => "account_and_content",
            Self::Client => "client",
            Self::Portfolio => "portfolio",
        }
    }
}

/// From when on an account's age counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeFrom {
    /// The registration that the case file states; an account without one is not looked at.
    #[default]
    Registration,
    /// The registration, else the account's first message in the log.
    FirstSeen,
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
    /// Title for people; the name where it is left out.
    #[serde(default)]
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
    /// Only messages of accounts younger than this, in milliseconds.
    #[serde(default, deserialize_with = "maybe_milliseconds")]
    pub account_age: Option<i64>,
    /// From when on that age counts.
    #[serde(default)]
    pub age_from: AgeFrom,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// WhatsApp's messaging limits: distinct recipients of initiated messages in a moving window.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Length of the moving window.
    #[serde(rename = "window", deserialize_with = "milliseconds")]
    pub window_ms: i64,
    /// Tiers while they counted for each number, ascending.
    pub number_tiers: Vec<u64>,
    /// Tiers since they count for the portfolio, ascending.
    pub portfolio_tiers: Vec<u64>,
    /// The first day (UTC) on which they count for the portfolio.
    pub portfolio_from: jiff::civil::Date,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

impl Limit {
    /// The first instant at which the portfolio counts, UTC milliseconds. The source states no zone; days are UTC's.
    #[must_use]
    pub fn portfolio_from_ms(&self) -> i64 {
        let start = self.portfolio_from.to_zoned(jiff::tz::TimeZone::UTC);
        start.map_or(i64::MAX, |start| start.timestamp().as_millisecond())
    }
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
    /// WhatsApp's messaging limits.
    pub limit: Limit,
    /// Words of notices and of advertising; they come from a file of their own.
    #[serde(skip)]
    pub wording: Wording,
}

/// A user's file: whatever stands in it replaces what is compiled in, detectors by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Overlay {
    #[serde(default, rename = "detector")]
    detectors: Vec<Detector>,
    campaign: Option<CampaignThreshold>,
    run: Option<Span>,
    reply: Option<Span>,
    limit: Option<Limit>,
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
        settings.checked()
    }

    /// These settings with those of a user's file: a detector of a known name replaces it, others are added.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn with_file(mut self, text: &str) -> Result<Self, SettingsError> {
        let overlay: Overlay = toml::from_str(text).map_err(|error| SettingsError(explain(&error)))?;
        twice(&overlay.detectors)?;
        for detector in overlay.detectors {
            match self.detectors.iter_mut().find(|known| known.name == detector.name) {
                Some(known) => *known = detector,
                None => self.detectors.push(detector),
            }
        }
        self.campaign = overlay.campaign.unwrap_or(self.campaign);
        self.run = overlay.run.unwrap_or(self.run);
        self.reply = overlay.reply.unwrap_or(self.reply);
        self.limit = overlay.limit.unwrap_or(self.limit);
        self.checked()
    }

    fn checked(mut self) -> Result<Self, SettingsError> {
        twice(&self.detectors)?;
        for detector in &mut self.detectors {
            let wrong = |what: &str| SettingsError(format!("`{}`: {what}", detector.name));
            if detector.name.trim().is_empty() {
                return Err(SettingsError("a detector without a name".to_owned()));
            }
            if detector.window_ms <= 0 || detector.threshold == 0 || detector.account_age.is_some_and(|age| age <= 0) {
                return Err(wrong("window, threshold and account_age must be positive"));
            }
            for words in [&mut detector.title.de, &mut detector.title.en] {
                if words.is_empty() {
                    words.clone_from(&detector.name);
                }
            }
        }
        let positive = [self.run.milliseconds, self.reply.milliseconds, self.limit.window_ms].iter().all(|ms| *ms > 0);
        if !positive || self.campaign.recipients == 0 {
            return Err(SettingsError("campaign, run, reply and limit need lengths and counts above 0".to_owned()));
        }
        let tiers = [&self.limit.number_tiers, &self.limit.portfolio_tiers];
        if tiers.iter().any(|tiers| tiers.is_empty() || !tiers.is_sorted_by(|one, next| one < next)) {
            return Err(SettingsError("limit: tiers must stand there, from the least to the greatest".to_owned()));
        }
        Ok(self)
    }
}

fn twice(detectors: &[Detector]) -> Result<(), SettingsError> {
    let mut names: Vec<&str> = detectors.iter().map(|detector| detector.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(SettingsError(format!("`{}` stands there twice", pair.first().unwrap_or(&"")))),
        None => Ok(()),
    }
}

fn maybe_milliseconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    milliseconds(deserializer).map(Some)
}

/// Reads `500ms`, `15s`, `10min`, `24h`, `30d`, `2w`.
fn milliseconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_length(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is no length of time; write 500ms, 15s, 10min, 24h, 30d or 2w"))
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
        "w" => 604_800_000,
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
        assert_eq!(windows, [15_000, 60_000, 600_000, 604_800_000, 60_000]);
        assert_eq!(settings.limit.portfolio_from_ms(), 1_759_795_200_000);
    }

    #[test]
    fn wrong_lengths_and_keys_are_refused() {
        assert_eq!(parse_length("30d"), Some(30 * 86_400_000));
        assert_eq!(parse_length("15"), None);
        assert_eq!(parse_length("99999999999999999d"), None);
        let text = include_str!("../../data/detectors.toml").replace("threshold = 51", "treshold = 51");
        assert!(Settings::parse(&text).expect_err("misspelt").to_string().contains("did you mean `threshold`?"));
    }

    /// A detector as a user writes it.
    const OWN: &str = "[[detector]]\nname = \"own\"\nwindow = \"2w\"\nthreshold = 7\ncounts = \"recipients\"\n\
        over = \"all\"\nscope = \"portfolio\"\nmark = \"unconfirmed\"\nsource = \"expert\"\n";

    #[test]
    fn a_users_file_adds_and_replaces_by_name() {
        let settings = Settings::load().expect("the data of the build");
        let known = settings.detectors.len();
        let more = settings.clone().with_file(OWN).expect("a detector");
        let own = more.detectors.last().expect("the new one");
        assert_eq!((more.detectors.len(), own.window_ms, own.title.de.as_str()), (known + 1, 1_209_600_000, "own"));
        let same = OWN.replace("\"own\"", "\"100-messages-in-15s\"")
            + "[run]\ngap = \"1min\"\nmark = \"own\"\nsource = \"x\"\n";
        let replaced = settings.clone().with_file(&same).expect("a detector");
        assert_eq!((replaced.detectors.len(), replaced.detectors[0].threshold), (known, 7));
        assert_eq!((replaced.run.milliseconds, replaced.campaign), (60_000, settings.campaign));
    }

    #[test]
    fn a_users_file_is_checked_as_ours_is() {
        let told = |from: &str, to: &str| {
            let settings = Settings::load().expect("the data of the build");
            settings.with_file(&OWN.replace(from, to)).expect_err("wrong").to_string()
        };
        assert!(told("threshold", "treshold").contains("did you mean `threshold`?"));
        assert!(told("portfolio", "portfolios").contains("did you mean `portfolio`?"));
        assert!(told("unconfirmed", "unconfirmd").contains("did you mean `unconfirmed`?"));
        assert!(told("2w", "2 weeks").contains("no length of time"));
        assert!(told("= 7", "= 0").contains("must be positive"));
        assert!(told("[[detector]]", "[[detectors]]").contains("did you mean `detector`?"));
        let twice = Settings::load().expect("the data").with_file(&OWN.repeat(2)).expect_err("twice").to_string();
        assert!(twice.contains("stands there twice"), "{twice}");
    }
}
