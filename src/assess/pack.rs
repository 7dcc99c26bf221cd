//! Rule packs as data: what a rule says, where its legal basis stood by date and region, whose each figure is.
//! Packs are TOML files in `data/rules/`; unknown keys and senseless values are errors.
//! What a trigger measures is code, in `triggers.rs`; here is only its name and parameters.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::case::{Region, explain};
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
}

impl Party {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Provider => "provider",
        }
    }
}

/// What a rule measures: a closed set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// Messages of campaigns to at least so many recipients, and of bursts of these detectors.
    Bulk {
        /// Distinct recipients of one content.
        recipients: u64,
        /// Names of detectors.
        bursts: Vec<String>,
    },
    /// Messages of bursts of one detector.
    Burst {
        /// Name of the detector.
        detector: String,
    },
    /// Free text that an account initiated, where the log shows inbound messages at all.
    FreeFormOutsideWindow {},
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

/// A period after which a claim can no longer be enforced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limitation {
    /// The rule in words.
    pub text: Title,
    /// Years from the send.
    pub years: i32,
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
    /// Regions it is for.
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
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
    /// Graver where another rule is met too.
    #[serde(default)]
    pub linked: Option<Linked>,
    /// Routes that it covers.
    pub routes: Vec<Route>,
    /// What it measures.
    pub trigger: Trigger,
    /// Sources.
    pub sources: Vec<String>,
    /// Figures and whose they are.
    #[serde(default, rename = "figure")]
    pub figures: Vec<Figure>,
    /// Limitation periods.
    #[serde(default, rename = "limitation")]
    pub limitations: Vec<Limitation>,
}

impl Rule {
    /// Whether it covers sends of a day.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// A rule pack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Name.
    pub id: String,
    /// Title.
    pub title: Title,
    /// Version, as a date.
    pub version: String,
    /// Platforms its rules concern.
    pub platforms: Vec<Platform>,
    /// Legal bases.
    #[serde(rename = "basis")]
    pub bases: Vec<Basis>,
    /// Rules.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("rule pack: {0}")]
pub struct PackError(pub String);

/// Compiled-in packs.
const PACKS: [&str; 1] = [include_str!("../../data/rules/whatsapp.toml")];

impl Pack {
    /// The compiled-in packs.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn load_all(detectors: &[crate::detect::Detector]) -> Result<Vec<Self>, PackError> {
        PACKS.iter().map(|text| Self::parse(text, detectors)).collect()
    }

    /// A pack from text.
    ///
    /// # Errors
    /// When it is no TOML of this form, or refers to something that is not there.
    pub fn parse(text: &str, detectors: &[crate::detect::Detector]) -> Result<Self, PackError> {
        let pack: Self = toml::from_str(text).map_err(|error| PackError(explain(&error)))?;
        for rule in &pack.rules {
            let wrong = |what: String| PackError(format!("rule {}: {what}", rule.id));
            if pack.rules.iter().filter(|other| other.id == rule.id).count() > 1 {
                return Err(wrong("stands there twice".to_owned()));
            }
            if let Some(name) = rule.basis.iter().find(|name| !pack.bases.iter().any(|basis| basis.id == **name)) {
                return Err(wrong(format!("there is no basis `{name}`")));
            }
            if let (Some(from), Some(to)) = (rule.from, rule.to)
                && to < from
            {
                return Err(wrong(format!("ends on {to}, before it begins on {from}")));
            }
            if let Some(linked) = &rule.linked
                && !pack.rules.iter().any(|other| other.id == linked.rule)
            {
                return Err(wrong(format!("there is no rule `{}` to be linked with", linked.rule)));
            }
            let names = match &rule.trigger {
                Trigger::Bulk { bursts, .. } => bursts.as_slice(),
                Trigger::Burst { detector } => std::slice::from_ref(detector),
                Trigger::FreeFormOutsideWindow {} => &[],
            };
            if let Some(name) = names.iter().find(|name| !detectors.iter().any(|detector| detector.name == **name)) {
                return Err(wrong(format!("there is no detector `{name}`")));
            }
        }
        for basis in &pack.bases {
            basis.check()?;
        }
        Ok(pack)
    }

    /// The versions of a basis, by name.
    #[must_use]
    pub fn basis(&self, name: &str) -> &[BasisVersion] {
        self.bases.iter().find(|basis| basis.id == name).map_or(&[], |basis| basis.versions.as_slice())
    }
}

impl Basis {
    /// No day of a region may have two versions.
    fn check(&self) -> Result<(), PackError> {
        for (index, one) in self.versions.iter().enumerate() {
            for other in self.versions.iter().skip(index + 1) {
                let same_region = one.regions.iter().any(|region| other.regions.contains(region));
                let apart = |first: &BasisVersion, then: &BasisVersion| {
                    first.to.zip(then.from).is_some_and(|(to, from)| to < from)
                };
                if same_region && !apart(one, other) && !apart(other, one) {
                    return Err(PackError(format!("basis {}: two versions hold on the same days", self.id)));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(change: impl Fn(String) -> String) -> Result<Pack, PackError> {
        let detectors = crate::detect::Settings::load().expect("the data of the build").detectors;
        Pack::parse(&change(PACKS[0].to_owned()), &detectors)
    }

    #[test]
    fn the_shipped_pack_is_right_and_faults_are_told() {
        let pack = parse(|text| text).expect("the data of the build");
        assert_eq!(
            pack.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
            ["R01", "R02", "R04", "R07", "R10"]
        );
        let told = |from: &str, to: &str| parse(|text| text.replacen(from, to, 1)).expect_err("a fault").to_string();
        assert!(told("severity = \"critical\"", "severty = \"critical\"").contains("did you mean `severity`?"));
        assert!(told("over-50-messages-in-1min", "over-50").contains("no detector `over-50`"));
        assert!(told("to = \"2019-12-06\"", "to = \"2017-12-06\"").contains("before it begins"));
        assert!(told("to = \"2021-05-14\"", "to = \"2021-06-14\"").contains("same days"));
    }

    #[test]
    fn the_clause_letter_depends_on_date_and_region() {
        let pack = parse(|text| text).expect("the data of the build");
        let clause = |region: Region, day: &str| {
            let day: Date = day.parse().expect("a day");
            let mut versions = pack
                .basis("bulk-messaging")
                .iter()
                .filter(|version| version.regions.contains(&region) && version.holds_on(day));
            versions.next().map(|version| version.text.en.clone()).unwrap_or_default()
        };
        assert!(clause(Region::Eea, "2019-12-07").contains("24 Apr 2018, acceptable use, (e)"));
        assert!(clause(Region::Eea, "2024-05-01").contains("Messaging Guidelines"));
        assert!(!clause(Region::Eea, "2024-05-01").contains("(e)"));
        assert!(clause(Region::World, "2024-05-01").contains("(e)"));
    }
}
