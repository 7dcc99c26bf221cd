//! One rule as a pack writes it: what it says, whom it exposes, where its basis stood, what it costs, until when.
//! Every figure carries its mark and its source. What is measured is named by `trigger`, and measured elsewhere.
//! Whether the parts of a pack fit together is checked in `pack.rs`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::trigger::Trigger;
use crate::case::Region;
use crate::detect::Mark;
use crate::detect::settings::Title;
use crate::message::{Platform, Route};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For information.
    Info,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All, from the least.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Who is exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// The business on whose behalf a message goes.
    Client,
    /// The platform that sends it.
    Provider,
    /// Who plans and orders sends for a client.
    Agency,
    /// The party, campaign or person that a political client stands for.
    Candidate,
}

impl Party {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Provider => "provider",
            Self::Agency => "agency",
            Self::Candidate => "candidate",
        }
    }
}

/// A figure and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it is.
    pub name: Title,
    /// Whose it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// From when a limitation period runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitationStart {
    /// From the last send.
    #[default]
    Send,
    /// From the day of knowledge that counsel supplies.
    Knowledge,
    /// From the end of the year of knowledge.
    EndOfYearOfKnowledge,
}

/// A period after which a claim can no longer be enforced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limitation {
    /// The period in words.
    pub text: Title,
    /// Years.
    #[serde(default)]
    pub years: i32,
    /// Months.
    #[serde(default)]
    pub months: i32,
    /// From when.
    #[serde(default)]
    pub start: LimitationStart,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// What an amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each message.
    Message,
    /// Each recipient who claims.
    Recipient,
    /// Each violation, which may be a run.
    Violation,
    /// The whole matter.
    Case,
}

impl Per {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Recipient => "recipient",
            Self::Violation => "violation",
            Self::Case => "case",
        }
    }
}

/// A range of money that a law names or courts have given. Never added to another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// What it is, with case and court.
    pub text: Title,
    /// Least, as a plain decimal number.
    pub min: String,
    /// Greatest.
    pub max: String,
    /// Currency, ISO 4217.
    pub currency: String,
    /// What it is for.
    pub per: Per,
    /// First day of sends that it applies to.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day.
    #[serde(default)]
    pub to: Option<Date>,
    /// Only for clients with fewer employees than this; one whose number the case file does not name may be such a one.
    #[serde(default)]
    pub fewer_employees_than: Option<u64>,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

/// A legal basis over time and region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Name that rules refer to.
    pub id: String,
    /// Its versions.
    #[serde(rename = "version")]
    pub versions: Vec<BasisVersion>,
}

/// A version of a legal basis.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BasisVersion {
    /// Regions of the contract with WhatsApp that it is for; none means that the region does not matter.
    #[serde(default)]
    pub regions: Vec<Region>,
    /// First day.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day.
    #[serde(default)]
    pub to: Option<Date>,
    /// The clause.
    pub text: Title,
    /// Whose figure it is.
    pub mark: Mark,
    /// Source.
    pub source: String,
}

impl BasisVersion {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        holds(self.from, self.to, day)
    }

    /// Whether it is for one of these regions.
    #[must_use]
    pub fn is_for(&self, regions: &[Region]) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|region| regions.contains(region))
    }
}

/// A graver severity where the same sender meets another rule too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    /// The other rule.
    pub rule: String,
    /// The severity then.
    pub severity: Severity,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name.
    pub id: String,
    /// Title.
    pub title: Title,
    /// What it says, in plain words.
    pub explanation: Title,
    /// Who is exposed.
    pub exposed: Vec<Party>,
    /// Names of its legal bases.
    pub basis: Vec<String>,
    /// An announcement that belongs to the basis.
    #[serde(default)]
    pub announcement: Option<Title>,
    /// First day of sends that it covers.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day of sends that it covers.
    #[serde(default)]
    pub to: Option<Date>,
    /// A day on which it is open whether the rule holds yet.
    #[serde(default)]
    pub boundary_day: Option<Date>,
    /// Severity.
    pub severity: Severity,
    /// Severities of the levels that the trigger tells apart.
    #[serde(default)]
    pub levels: BTreeMap<String, Severity>,
    /// Graver where another rule is met too.
    #[serde(default)]
    pub linked: Option<Linked>,
    /// Routes that it covers; none means all.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// Platforms that it covers, where they are others than the pack's.
    #[serde(default)]
    pub platforms: Option<Vec<Platform>>,
    /// Countries of recipients that it covers, ISO 3166-1 alpha-2; none means all.
    #[serde(default)]
    pub countries: Vec<String>,
    /// What it measures.
    pub trigger: Trigger,
    /// What counsel should collect to prove or to rebut it.
    #[serde(default)]
    pub evidence: Vec<Title>,
    /// What the logs cannot show of it.
    #[serde(default)]
    pub limits: Vec<Title>,
    /// Sources.
    pub sources: Vec<String>,
    /// Figures and whose they are.
    #[serde(default, rename = "figure")]
    pub figures: Vec<Figure>,
    /// Amounts.
    #[serde(default, rename = "amount")]
    pub amounts: Vec<Amount>,
    /// Limitation periods.
    #[serde(default, rename = "limitation")]
    pub limitations: Vec<Limitation>,
}

impl Rule {
    /// Whether it covers sends of a day.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        holds(self.from, self.to, day)
    }

    /// Severity of a level, else its own.
    #[must_use]
    pub fn severity_of(&self, level: Option<&str>) -> Severity {
        level.and_then(|level| self.levels.get(level)).copied().unwrap_or(self.severity)
    }
}

/// Whether a day lies between two days that may be open.
#[must_use]
pub fn holds(from: Option<Date>, to: Option<Date>, day: Date) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}
