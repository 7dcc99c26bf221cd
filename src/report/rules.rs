//! What a rule pack says, for people and for programs: one rule with everything that stands in its pack, and the list.
//! Words stand in `data/languages/rules.toml`, the form of a rule in `rule.txt.jinja`; nothing is decided here.
//! The JSON has the same fields; fields are added, never taken away or changed.

use std::sync::Arc;

use jiff::civil::Date;
use minijinja::value::Serde;
use minijinja::{Environment, Error, Value};
use serde::Serialize;

use super::extract::{AmountRow, MarkedText, PackRow, words};
use super::html::amount;
use super::words::{Words, fault, text_with};
use crate::assess::pack::{BasisVersion, Pack, Rule};
use crate::case::Language;
use crate::detect::{Detector, Mark};

const TEMPLATE: &str = include_str!("rule.txt.jinja");
const WORDS: &str = include_str!("../../data/languages/rules.toml");
const REPORT_WORDS: &str = include_str!("../../data/languages/report.toml");

/// Why a rule cannot be told; both mean a damaged build.
#[derive(Debug, thiserror::Error)]
pub enum RuleTextError {
    /// The files of words.
    #[error("words of the rules: {0}")]
    Words(#[from] toml::de::Error),
    /// The template, or a word in it.
    #[error("template of the rules: {0:#}")]
    Template(#[from] Error),
}

/// A line of the list of rules.
#[derive(Clone, Debug, Serialize)]
pub struct RuleLine {
    /// Name.
    pub id: String,
    /// Its pack.
    pub pack: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: &'static str,
    /// First day of sends that it covers.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Kind of its trigger.
    pub trigger: String,
    /// Countries of recipients; none means all.
    pub countries: Vec<String>,
    /// How many of its statements counsel must confirm.
    pub unconfirmed: u64,
}

/// A rule with all that its pack says of it.
#[derive(Clone, Debug, Serialize)]
pub struct RuleView {
    /// Name.
    pub id: String,
    /// Its pack.
    pub pack: PackRow,
    /// Title.
    pub title: String,
    /// What it says, in plain words.
    pub explanation: String,
    /// Who is exposed.
    pub exposed: Vec<&'static str>,
    /// First day of sends that it covers.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// A day on which it is open whether it holds.
    pub boundary_day: Option<Date>,
    /// Messengers.
    pub platforms: Vec<&'static str>,
    /// Routes; none means all.
    pub routes: Vec<&'static str>,
    /// Countries of recipients; none means all.
    pub countries: Vec<String>,
    /// Severity.
    pub severity: &'static str,
    /// Severities of levels.
    pub levels: Vec<LevelView>,
    /// A graver severity where another rule is met too.
    pub linked: Option<LinkedView>,
    /// What is measured.
    pub trigger: TriggerView,
    /// Figures and whose they are.
    pub figures: Vec<MarkedText>,
    /// Clauses that hold on some day of the rule, by date and region.
    pub basis: Vec<BasisView>,
    /// An announcement that belongs to the basis.
    pub announcement: Option<String>,
    /// Amounts.
    pub amounts: Vec<AmountView>,
    /// Limitation periods.
    pub limitation: Vec<LimitationView>,
    /// What counsel should collect.
    pub evidence: Vec<String>,
    /// What the logs cannot show.
    pub limits: Vec<String>,
    /// Keys of sources.
    pub sources: Vec<String>,
    /// How many of the statements above counsel must confirm.
    pub unconfirmed: u64,
}

/// Severity of a level.
#[derive(Clone, Debug, Serialize)]
pub struct LevelView {
    /// Name of the level.
    pub name: String,
    /// Severity.
    pub severity: &'static str,
}

/// A graver severity where the same sender meets another rule.
#[derive(Clone, Debug, Serialize)]
pub struct LinkedView {
    /// The other rule.
    pub rule: String,
    /// The severity then.
    pub severity: &'static str,
}

/// A trigger.
#[derive(Clone, Debug, Serialize)]
pub struct TriggerView {
    /// Its kind, as packs write it.
    pub kind: String,
    /// What it measures, with the rule's figures, in words.
    pub words: String,
    /// Its parameters, as packs write them.
    pub parameters: serde_json::Value,
    /// Detectors that it refers to.
    pub detectors: Vec<DetectorView>,
}

/// A detector that a trigger refers to.
#[derive(Clone, Debug, Serialize)]
pub struct DetectorView {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// Whose figure it is.
    pub mark: &'static str,
    /// Source.
    pub source: String,
}

/// A version of a clause.
#[derive(Clone, Debug, Serialize)]
pub struct BasisView {
    /// Name of the basis.
    pub basis: String,
    /// Regions of the contract with WhatsApp; none means any.
    pub regions: Vec<crate::case::Region>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    #[serde(flatten)]
    /// The clause.
    pub clause: MarkedText,
}

/// An amount with its days.
#[derive(Clone, Debug, Serialize)]
pub struct AmountView {
    #[serde(flatten)]
    /// The range, with case and court.
    pub amount: AmountRow,
    /// First day of sends that it applies to.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Only for clients with fewer employees than this.
    pub fewer_employees_than: Option<u64>,
}

/// A limitation period.
#[derive(Clone, Debug, Serialize)]
pub struct LimitationView {
    #[serde(flatten)]
    /// The period in words.
    pub period: MarkedText,
    /// Years.
    pub years: i32,
    /// Months.
    pub months: i32,
    /// From when it runs.
    pub start: crate::assess::pack::LimitationStart,
}

/// The list of all rules, in the order of the packs.
#[must_use]
pub fn list(packs: &[Pack], language: Language) -> Vec<RuleLine> {
    let line = |pack: &Pack, rule: &Rule| RuleLine {
        id: rule.id.clone(),
        pack: pack.id.clone(),
        title: words(&rule.title, language),
        severity: rule.severity.as_str(),
        from: rule.from,
        to: rule.to,
        trigger: rule.trigger.parts().0,
        countries: rule.countries.clone(),
        unconfirmed: unconfirmed(pack, rule),
    };
    packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| line(pack, rule))).collect()
}

/// The list as text: one line for each rule, and how many there are.
///
/// # Errors
/// When the words of the build are damaged.
pub fn list_text(lines: &[RuleLine], packs: usize, language: Language) -> Result<String, RuleTextError> {
    let words = load(language)?;
    if lines.is_empty() {
        return Ok(words.say("list_none", &[])? + "\n");
    }
    let count = |key, count: usize| words.counted(key, count as u64);
    let [rules, packs] = [count("rules", lines.len())?, count("packs", packs)?];
    let mut text = words.say("list_head", &[("rules", rules), ("packs", packs)])? + "\n";
    for line in lines {
        let doubt = if line.unconfirmed > 0 { '?' } else { ' ' };
        let severity = words.word("severity", line.severity);
        let days = days(&words, line.from, line.to)?;
        text += &format!("{:<7} {:<9} {severity:<15}{doubt} {days:<24} {}\n", line.id, line.pack, line.title);
    }
    Ok(text)
}

/// A rule with all that its pack says of it.
///
/// # Errors
/// When the words of the build are damaged.
pub fn view(pack: &Pack, rule: &Rule, detectors: &[Detector], language: Language) -> Result<RuleView, RuleTextError> {
    let said = |title: &crate::detect::settings::Title| words(title, language);
    let marked =
        |text: String, mark: Mark, source: &str| MarkedText { text, mark: mark.as_str(), source: source.to_owned() };
    let (kind, parameters) = rule.trigger.parts();
    let named = rule.trigger.detectors();
    let detectors = detectors.iter().filter(|detector| named.contains(&detector.name)).map(|detector| DetectorView {
        name: detector.name.clone(),
        title: said(&detector.title),
        mark: detector.mark.as_str(),
        source: detector.source.clone(),
    });
    let form = load(language)?;
    let form =
        form.known("trigger", &kind).ok_or_else(|| fault(format!("no words for the trigger `{kind}`")))?.to_owned();
    let told = text_with(load(language)?, |environment| {
        let value = Value::from(Serde(&parameters));
        environment.render_str(&form, value)
    })?;
    Ok(RuleView {
        id: rule.id.clone(),
        pack: PackRow { id: pack.id.clone(), title: said(&pack.title), version: pack.version.clone() },
        title: said(&rule.title),
        explanation: said(&rule.explanation),
        exposed: rule.exposed.iter().map(|party| party.as_str()).collect(),
        from: rule.from,
        to: rule.to,
        boundary_day: rule.boundary_day,
        platforms: rule.platforms.as_ref().unwrap_or(&pack.platforms).iter().map(|one| one.as_str()).collect(),
        routes: rule.routes.iter().map(|route| route.as_str()).collect(),
        countries: rule.countries.clone(),
        severity: rule.severity.as_str(),
        levels: rule
            .levels
            .iter()
            .map(|(name, severity)| LevelView { name: name.clone(), severity: severity.as_str() })
            .collect(),
        linked: rule
            .linked
            .as_ref()
            .map(|linked| LinkedView { rule: linked.rule.clone(), severity: linked.severity.as_str() }),
        trigger: TriggerView { kind, words: told, parameters, detectors: detectors.collect() },
        figures: rule.figures.iter().map(|figure| marked(said(&figure.name), figure.mark, &figure.source)).collect(),
        basis: bases(pack, rule)
            .map(|(basis, version)| BasisView {
                basis: basis.to_owned(),
                regions: version.regions.clone(),
                from: version.from,
                to: version.to,
                clause: marked(said(&version.text), version.mark, &version.source),
            })
            .collect(),
        announcement: rule.announcement.as_ref().map(said),
        amounts: rule
            .amounts
            .iter()
            .map(|amount| AmountView {
                amount: AmountRow::of(amount, language),
                from: amount.from,
                to: amount.to,
                fewer_employees_than: amount.fewer_employees_than,
            })
            .collect(),
        limitation: rule
            .limitations
            .iter()
            .map(|period| LimitationView {
                period: marked(said(&period.text), period.mark, &period.source),
                years: period.years,
                months: period.months,
                start: period.start,
            })
            .collect(),
        evidence: rule.evidence.iter().map(said).collect(),
        limits: rule.limits.iter().map(said).collect(),
        sources: rule.sources.clone(),
        unconfirmed: unconfirmed(pack, rule),
    })
}

/// A rule as text.
///
/// # Errors
/// When words or template of the build are damaged.
pub fn text(view: &RuleView, language: Language) -> Result<String, RuleTextError> {
    let rendered = text_with(load(language)?, |environment| {
        add_functions(environment, Arc::new(load(language).map_err(|error| fault(error.to_string()))?));
        environment.add_template("rule", TEMPLATE)?;
        environment.get_template("rule")?.render(Value::from(Serde(view)))
    })?;
    Ok(rendered)
}

/// The words of rules, with those of the report.
fn load(language: Language) -> Result<Words, toml::de::Error> {
    Ok(Words::load(WORDS, language)?.and(Words::load(REPORT_WORDS, language)?))
}

fn add_functions(environment: &mut Environment<'_>, words: Arc<Words>) {
    let of = Arc::clone(&words);
    environment.add_function("days", move |from: Option<String>, to: Option<String>| days(&of, from, to));
    let of = Arc::clone(&words);
    environment.add_function("regions", move |regions: Vec<String>| -> Result<String, Error> {
        let named: Vec<&str> = regions.iter().map(|region| of.word("region", region)).collect();
        if named.is_empty() { of.say("any_region", &[]) } else { Ok(named.join(", ")) }
    });
    let of = Arc::clone(&words);
    environment.add_function("listed", move |group: &str, keys: Vec<String>| -> Result<String, Error> {
        let named: Vec<&str> = keys.iter().map(|key| of.word(group, key)).collect();
        if named.is_empty() { of.say("every", &[]) } else { Ok(named.join(", ")) }
    });
    environment.add_function("range", move |min: &str, max: &str| -> Result<String, Error> {
        let money = |text: &str| amount(text, words.language);
        if min == max { Ok(money(min)) } else { words.say("range", &[("min", money(min)), ("max", money(max))]) }
    });
}

/// Days between two days that may be open, in words.
fn days<D: ToString>(words: &Words, from: Option<D>, to: Option<D>) -> Result<String, Error> {
    let (from, to) = (from.map(|day| day.to_string()), to.map(|day| day.to_string()));
    match (from, to) {
        (None, None) => words.say("days_all", &[]),
        (Some(from), None) => words.say("days_from", &[("from", from)]),
        (None, Some(to)) => words.say("days_to", &[("to", to)]),
        (Some(from), Some(to)) => words.say("days_from_to", &[("from", from), ("to", to)]),
    }
}

/// The versions of a rule's bases that hold on some day of the rule, with the name of the basis.
fn bases<'p>(pack: &'p Pack, rule: &'p Rule) -> impl Iterator<Item = (&'p str, &'p BasisVersion)> {
    let versions =
        rule.basis.iter().flat_map(|name| pack.basis(name).iter().map(move |version| (name.as_str(), version)));
    versions.filter(|(_, version)| {
        let begins_in_time = version.from.zip(rule.to).is_none_or(|(from, to)| from <= to);
        let ends_in_time = version.to.zip(rule.from).is_none_or(|(to, from)| from <= to);
        begins_in_time && ends_in_time
    })
}

/// How many statements of a rule counsel must confirm.
fn unconfirmed(pack: &Pack, rule: &Rule) -> u64 {
    let marks = rule.figures.iter().map(|figure| figure.mark);
    let marks = marks.chain(bases(pack, rule).map(|(_, version)| version.mark));
    let marks = marks.chain(rule.amounts.iter().map(|amount| amount.mark));
    let marks = marks.chain(rule.limitations.iter().map(|period| period.mark));
    marks.filter(|mark| *mark == Mark::Unconfirmed).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> (Vec<Pack>, Vec<Detector>) {
        let detectors = crate::detect::Settings::load().expect("the data of the build").detectors;
        (Pack::load_all(&detectors, &[]).expect("the data of the build"), detectors)
    }

    #[test]
    fn every_rule_can_be_told_in_both_languages_with_every_figure() {
        let (packs, detectors) = shipped();
        for pack in &packs {
            for rule in &pack.rules {
                for language in [Language::De, Language::En] {
                    let view = view(pack, rule, &detectors, language).expect("a view");
                    let told = text(&view, language).expect("a text");
                    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
                    for figure in &view.figures {
                        assert!(flat.contains(&figure.text) && flat.contains(&figure.source), "{}: {told}", rule.id);
                    }
                    for text in view.evidence.iter().chain(&view.limits).chain([&view.explanation, &view.trigger.words])
                    {
                        assert!(flat.contains(text.as_str()), "{}: {text} in {told}", rule.id);
                    }
                    assert!(!told.contains("{{") && !told.contains("\n\n\n"), "{told}");
                }
            }
        }
    }

    #[test]
    fn unconfirmed_statements_say_so_and_bases_are_those_of_the_days_of_the_rule() {
        let (packs, detectors) = shipped();
        let (pack, rule) = packs.iter().find_map(|pack| pack.rule("R02").map(|rule| (pack, rule))).expect("R02");
        let view = view(pack, rule, &detectors, Language::En).expect("a view");
        let own = [&view.figures, &view.basis.iter().map(|version| version.clause.clone()).collect()];
        let own = own.into_iter().flatten().chain(view.limitation.iter().map(|period| &period.period));
        let unconfirmed = own.filter(|text| text.mark == "unconfirmed").count() as u64;
        assert!(view.unconfirmed == unconfirmed && unconfirmed > 0, "{unconfirmed}");
        assert!(view.basis.iter().all(|version| !version.clause.text.contains("Guidelines")));
        let told = text(&view, Language::En).expect("a text");
        assert!(
            told.contains("to be confirmed by counsel")
                && told.contains(&format!("{unconfirmed} statements of this rule")),
            "{told}"
        );
    }

    #[test]
    fn words_of_rules_have_one_key_for_each_spelling_of_the_code() {
        let words = load(Language::De).expect("words");
        for platform in crate::message::Platform::ALL {
            assert!(words.known("platform", platform.as_str()).is_some(), "{platform}");
        }
        for route in crate::message::Route::ALL {
            assert!(words.known("route", route.as_str()).is_some(), "{route}");
        }
        for kind in crate::assess::pack::schema::trigger_kinds() {
            assert!(words.known("trigger", &kind).is_some(), "{kind}");
        }
    }
}
