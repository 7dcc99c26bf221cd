//! Rule packs as data: read, checked, joined with those of the user.
//! Packs are TOML files in `data/rules/`; unknown keys and senseless values are errors. What a rule is made of stands in
//! `pack/rule.rs`, what it can measure in `pack/trigger.rs`, what must fit together in `pack/check.rs`.

pub mod check;
pub mod rule;
pub mod schema;
pub mod trigger;

use serde::{Deserialize, Serialize};

pub use rule::{Amount, Basis, BasisVersion, Limitation, LimitationStart, Party, Per, Rule, Severity};
pub use trigger::Trigger;

use crate::case::explain;
use crate::detect::Detector;
use crate::detect::settings::Title;
use crate::message::Platform;

/// A rule pack.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
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
    #[serde(default, rename = "basis")]
    pub bases: Vec<Basis>,
    /// Rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("rule pack: {0}")]
pub struct PackError(pub String);

macro_rules! packs {
    ($($name:literal,)*) => { &[$(($name, include_str!(concat!("../../data/rules/", $name))),)*] };
}

/// Name and text of each compiled-in pack, in the order in which findings name them.
#[rustfmt::skip]
pub(crate) const PACKS: &[(&str, &str)] = packs![
    "whatsapp.toml",
    "de.toml",
    "eu.toml",
    "at.toml",
    "ch.toml",
    "uk.toml",
    "us.toml",
    "br.toml",
];

impl Pack {
    /// The compiled-in packs, with those of the user: a pack of a known id replaces and adds rules and bases by their
    /// ids, a pack of a new id stands beside the others.
    ///
    /// # Errors
    /// When a pack cannot be used, or two packs hold a rule of one id.
    pub fn load_all(detectors: &[Detector], user: &[String]) -> Result<Vec<Self>, PackError> {
        let mut packs = Vec::new();
        for (_, text) in PACKS {
            packs.push(Self::parse_alone(text)?);
        }
        for text in user {
            let own = Self::parse_alone(text)?;
            match packs.iter_mut().find(|pack| pack.id == own.id) {
                Some(pack) => pack.take(own),
                None => packs.push(own),
            }
        }
        for pack in &packs {
            pack.check(detectors)?;
            for rule in &pack.rules {
                let elsewhere = packs.iter().filter(|other| other.id != pack.id);
                if let Some(other) = elsewhere.into_iter().find(|other| other.rule(&rule.id).is_some()) {
                    return Err(PackError(format!(
                        "rule {} stands in the packs `{}` and `{}`; to change a rule, write it into a pack of the same id",
                        rule.id, pack.id, other.id
                    )));
                }
            }
        }
        Ok(packs)
    }

    /// A pack from text, checked.
    ///
    /// # Errors
    /// When it is no TOML of this form, or refers to something that is not there.
    pub fn parse(text: &str, detectors: &[Detector]) -> Result<Self, PackError> {
        let pack = Self::parse_alone(text)?;
        pack.check(detectors)?;
        Ok(pack)
    }

    fn parse_alone(text: &str) -> Result<Self, PackError> {
        toml::from_str(text).map_err(|error| PackError(explain(&error)))
    }

    /// Takes over what a user's pack of the same id says otherwise or besides.
    fn take(&mut self, own: Self) {
        self.version = format!("{} with {}", self.version, own.version);
        for basis in own.bases {
            self.bases.retain(|known| known.id != basis.id);
            self.bases.push(basis);
        }
        for rule in own.rules {
            match self.rules.iter_mut().find(|known| known.id == rule.id) {
                Some(known) => *known = rule,
                None => self.rules.push(rule),
            }
        }
    }

    /// A rule by its id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The versions of a basis, by name.
    #[must_use]
    pub fn basis(&self, name: &str) -> &[BasisVersion] {
        self.bases.iter().find(|basis| basis.id == name).map_or(&[], |basis| basis.versions.as_slice())
    }

    fn check(&self, detectors: &[Detector]) -> Result<(), PackError> {
        check::faults(self, None, &[], detectors).into_iter().next().map_or(Ok(()), |fault| Err(PackError(fault.what)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::case::Region;

    fn parse(change: impl Fn(String) -> String) -> Result<Pack, PackError> {
        let detectors = crate::detect::Settings::load().expect("the data of the build").detectors;
        Pack::parse(&change(PACKS[0].1.to_owned()), &detectors)
    }

    #[test]
    fn the_shipped_pack_is_right_and_faults_are_told() {
        let pack = parse(|text| text).expect("the data of the build");
        assert_eq!(
            pack.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
            [
                "R01", "R02", "R04", "R07", "R10", "R03", "R05", "R06", "R08", "R09", "R19", "R20", "R22", "R23",
                "R24", "R31"
            ]
        );
        let told = |from: &str, to: &str| parse(|text| text.replacen(from, to, 1)).expect_err("a fault").to_string();
        assert!(told("severity = \"critical\"", "severty = \"critical\"").contains("did you mean `severity`?"));
        assert!(told("over-50-messages-in-1min", "over-50").contains("no detector `over-50`"));
        assert!(told("to = \"2019-12-06\"", "to = \"2017-12-06\"").contains("before it begins"));
        assert!(told("to = \"2021-05-14\"", "to = \"2021-06-14\"").contains("same days"));
    }

    #[test]
    fn all_packs_are_right_and_hold_thirty_rules_and_one_more() {
        let detectors = crate::detect::Settings::load().expect("the data of the build").detectors;
        let packs = Pack::load_all(&detectors, &[]).expect("the data of the build");
        for number in 1..=31 {
            let id = format!("R{number:02}");
            let found = packs.iter().flat_map(|pack| &pack.rules).any(|rule| rule.id.split('-').next() == Some(&id));
            assert!(found, "{id} stands in no pack");
        }
        for rule in packs.iter().flat_map(|pack| &pack.rules) {
            assert!(
                !rule.figures.is_empty() && !rule.limitations.is_empty(),
                "{} lacks figures or limitation",
                rule.id
            );
            let words = format!("{:?}", rule).to_lowercase();
            assert!(!words.contains("§ 20 uwg") && !words.contains("§ 7a uwg"), "{} cites a rule on calls", rule.id);
        }
    }

    #[test]
    fn a_pack_of_the_user_changes_rules_and_adds_them() {
        let detectors = crate::detect::Settings::load().expect("the data of the build").detectors;
        let text = PACKS[3].1.replace("recipients = 50 }", "recipients = 20 }");
        let packs = Pack::load_all(&detectors, &[text]).expect("a pack of the user");
        let rule = packs.iter().find_map(|pack| pack.rule("R28")).expect("the rule");
        assert_eq!(rule.trigger, Trigger::CountryCount { country: "AT".to_owned(), recipients: 20 });
        let elsewhere = PACKS[3].1.replace("id = \"at\"", "id = \"mine\"");
        let told = Pack::load_all(&detectors, &[elsewhere]).expect_err("twice").to_string();
        assert!(told.contains("R28 stands in the packs `at` and `mine`"), "{told}");
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
