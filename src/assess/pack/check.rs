//! Whether the parts of a pack fit together: names that refer to something, days in order, one version for each day.
//! Each fault knows where in the file it stands. Keys and words are checked by reading (`pack.rs`).

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use super::{BasisVersion, Pack, Rule};
use crate::case::{nearest, suggestion};
use crate::detect::Detector;

/// Something that is wrong with a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands, from the top of the file: keys, and positions in lists.
    path: Vec<Step>,
    /// What is wrong.
    pub what: String,
}

/// A step into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Key(&'static str),
    Item(usize),
}

/// A fault at its place in the text of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFault {
    /// Line, the first is 1.
    pub line: usize,
    /// Column in characters, the first is 1.
    pub column: usize,
    /// What is wrong, with the nearest right word where there is one.
    pub what: String,
}

/// What is wrong with the text of a user's pack, by its place. `known` are the packs that it would join: a pack of a known
/// id may refer to what stands there.
#[must_use]
pub fn check_text(text: &str, known: &[Pack], detectors: &[Detector]) -> Vec<PlacedFault> {
    let at = |offset: usize, what: String| {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        PlacedFault { line: before.matches('\n').count() + 1, column, what }
    };
    let pack: Pack = match toml::from_str(text) {
        Ok(pack) => pack,
        Err(error) => {
            let hint = suggestion(&error).map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
            let offset = error.span().map_or(0, |span| span.start);
            return vec![at(offset, format!("{}{hint}", error.message()))];
        }
    };
    let tree = DeTable::parse(text).ok();
    let base = known.iter().find(|other| other.id == pack.id);
    let others = known.iter().filter(|other| other.id != pack.id).collect::<Vec<_>>();
    let placed = faults(&pack, base, &others, detectors).into_iter().map(|fault| {
        let offset = tree.as_ref().map_or(0, |tree| offset_of(tree.get_ref(), &fault.path));
        at(offset, fault.what)
    });
    let mut placed: Vec<PlacedFault> = placed.collect();
    placed.sort_by_key(|fault| (fault.line, fault.column));
    placed
}

/// The byte at which the last thing of a path that is there begins.
fn offset_of(tree: &DeTable<'_>, path: &[Step]) -> usize {
    let Some((Step::Key(first), mut rest)) = path.split_first() else { return 0 };
    let Some((key, mut value)) = tree.iter().find(|(key, _)| key.get_ref() == first) else { return 0 };
    let mut offset = key.span().start;
    while let Some((step, further)) = rest.split_first() {
        let next = match (step, value.get_ref()) {
            (Step::Key(name), DeValue::Table(table)) => {
                table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, value)| (key.span().start, value))
            }
            (Step::Item(index), DeValue::Array(items)) => items.get(*index).map(|item| (item.span().start, item)),
            _ => None,
        };
        let Some((start, inner)) = next else { break };
        (offset, value, rest) = (start, inner, further);
    }
    offset
}

/// Everything that does not fit. `base` is the pack that this one changes, `others` those that it stands beside.
pub(super) fn faults(pack: &Pack, base: Option<&Pack>, others: &[&Pack], detectors: &[Detector]) -> Vec<Fault> {
    let mut found = Vec::new();
    for (index, rule) in pack.rules.iter().enumerate() {
        let mut told = |path: &[Step], what: String| {
            let path = [Step::Key("rule"), Step::Item(index)].iter().chain(path).copied().collect();
            found.push(Fault { path, what: format!("rule {}: {what}", rule.id) });
        };
        if pack.rules.iter().take(index).any(|other| other.id == rule.id) {
            told(&[Step::Key("id")], "stands there twice".to_owned());
        }
        if let Some(other) = others.iter().find(|other| other.rule(&rule.id).is_some()) {
            let what =
                format!("stands in the pack `{}` too; to change a rule, write it into a pack of the same id", other.id);
            told(&[Step::Key("id")], what);
        }
        rule_faults(rule, (pack, base), detectors, &mut told);
    }
    for (index, basis) in pack.bases.iter().enumerate() {
        let mut told = |path: &[Step], what: String| {
            let path = [Step::Key("basis"), Step::Item(index)].iter().chain(path).copied().collect();
            found.push(Fault { path, what });
        };
        if pack.bases.iter().take(index).any(|other| other.id == basis.id) {
            told(&[Step::Key("id")], format!("basis `{}` stands there twice", basis.id));
        }
        for (version_index, version) in basis.versions.iter().enumerate() {
            let at = [Step::Key("version"), Step::Item(version_index)];
            if let Some(what) = backwards(version.from, version.to) {
                told(&[at[0], at[1], Step::Key("to")], format!("basis {}: a version {what}", basis.id));
            } else if basis.versions.iter().take(version_index).any(|other| overlap(version, other)) {
                told(&at, format!("basis {}: two versions hold on the same days", basis.id));
            }
        }
    }
    found
}

/// What is wrong with one rule, beside its name.
fn rule_faults(
    rule: &Rule,
    (pack, base): (&Pack, Option<&Pack>),
    detectors: &[Detector],
    told: &mut impl FnMut(&[Step], String),
) {
    let has_basis = |name: &str| {
        [Some(pack), base].into_iter().flatten().any(|pack| pack.bases.iter().any(|basis| basis.id == name))
    };
    for (index, name) in rule.basis.iter().enumerate().filter(|(_, name)| !has_basis(name)) {
        told(&[Step::Key("basis"), Step::Item(index)], format!("there is no basis `{name}`"));
    }
    if let Some(what) = backwards(rule.from, rule.to) {
        told(&[Step::Key("to")], what);
    } else if let Some(day) = rule.boundary_day.filter(|day| !rule.covers(*day)) {
        told(&[Step::Key("boundary_day")], format!("the boundary day {day} lies outside its days"));
    }
    if let Some(linked) = &rule.linked
        && ![Some(pack), base].into_iter().flatten().any(|pack| pack.rule(&linked.rule).is_some())
    {
        told(&[Step::Key("linked")], format!("there is no rule `{}` to be linked with", linked.rule));
    }
    let missing = |name: &&String| !detectors.iter().any(|detector| detector.name == **name);
    for name in rule.trigger.detectors().iter().filter(missing) {
        let nearest = nearest(name, detectors.iter().map(|detector| detector.name.as_str()));
        told(&[Step::Key("trigger")], format!("there is no detector `{name}`{nearest}"));
    }
    let levels = rule.trigger.levels();
    for level in rule.levels.keys().filter(|level| !levels.contains(&level.as_str())) {
        told(&[Step::Key("levels")], format!("its trigger has no level `{level}`; it has: {}", levels.join(", ")));
    }
    let is_country = |code: &str| code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    for (index, code) in rule.countries.iter().enumerate().filter(|(_, code)| !is_country(code)) {
        let what = format!("country `{code}` is not two capital letters, as in `DE`");
        told(&[Step::Key("countries"), Step::Item(index)], what);
    }
    for (index, amount) in rule.amounts.iter().enumerate() {
        let at = [Step::Key("amount"), Step::Item(index)];
        let range = amount.min.parse::<f64>().ok().zip(amount.max.parse::<f64>().ok());
        if range.is_none_or(|(least, greatest)| !(0.0..=greatest).contains(&least)) {
            let what = format!("`{}` to `{}` is no range of money", amount.min, amount.max);
            told(&[at[0], at[1], Step::Key("min")], what);
        }
        if let Some(what) = backwards(amount.from, amount.to) {
            told(&[at[0], at[1], Step::Key("to")], format!("an amount {what}"));
        }
    }
    for (index, _) in rule.limitations.iter().enumerate().filter(|(_, period)| period.years <= 0 && period.months <= 0)
    {
        let what = "a limitation period has neither years nor months".to_owned();
        told(&[Step::Key("limitation"), Step::Item(index)], what);
    }
}

/// What is wrong with two days of which the last comes first.
fn backwards(from: Option<Date>, to: Option<Date>) -> Option<String> {
    let (from, to) = from.zip(to).filter(|(from, to)| to < from)?;
    Some(format!("ends on {to}, before it begins on {from}"))
}

/// Whether two versions of a basis hold in one region on one day.
fn overlap(one: &BasisVersion, other: &BasisVersion) -> bool {
    let same_region = one.is_for(&other.regions) || other.is_for(&one.regions);
    let before =
        |first: &BasisVersion, then: &BasisVersion| first.to.zip(then.from).is_some_and(|(to, from)| to < from);
    same_region && !before(one, other) && !before(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(usize, usize, String)> {
        let detectors = crate::detect::Settings::load().expect("the data of the build").detectors;
        let known = Pack::load_all(&detectors, &[]).expect("the data of the build");
        let faults = check_text(text, &known, &detectors);
        faults.into_iter().map(|fault| (fault.line, fault.column, fault.what)).collect()
    }

    const RIGHT: &str = r#"id = "mine"
title = { de = "Meins", en = "Mine" }
version = "1"
platforms = ["whatsapp"]

[[basis]]
id = "clause"
[[basis.version]]
to = "2020-12-31"
text = { de = "alt", en = "old" }
mark = "own"
source = "x"
[[basis.version]]
from = "2021-01-01"
text = { de = "neu", en = "new" }
mark = "own"
source = "x"

[[rule]]
id = "M1"
title = { de = "Regel", en = "Rule" }
explanation = { de = "…", en = "…" }
exposed = ["client"]
basis = ["clause"]
from = "2020-01-01"
to = "2022-01-01"
severity = "low"
trigger = { kind = "burst", detector = "100-messages-in-15s" }
sources = ["x"]
"#;

    #[test]
    fn a_right_pack_has_no_fault() {
        assert_eq!(told(RIGHT), []);
    }

    #[test]
    fn each_fault_is_told_at_its_line_and_column_with_the_nearest_word() {
        let cases = [
            ("severity = \"low\"", "severty = \"low\"", (27, 1), "did you mean `severity`?"),
            ("severity = \"low\"", "severity = \"lov\"", (27, 12), "did you mean `low`?"),
            ("kind = \"burst\"", "kind = \"brust\"", (28, 20), "did you mean `burst`?"),
            ("100-messages-in-15s", "100-messages-in-15", (28, 1), "did you mean `100-messages-in-15s`?"),
            ("basis = [\"clause\"]", "basis = [\"clauses\"]", (24, 10), "there is no basis `clauses`"),
            (
                "to = \"2022-01-01\"",
                "to = \"2019-01-01\"",
                (26, 1),
                "ends on 2019-01-01, before it begins on 2020-01-01",
            ),
            ("from = \"2021-01-01\"", "from = \"2020-12-31\"", (13, 1), "two versions hold on the same days"),
            ("id = \"M1\"", "id = \"R01\"", (20, 1), "stands in the pack `whatsapp` too"),
            ("to = \"2022-01-01\"", "to = \"2022-01-32\"", (26, 6), ""),
            ("to = \"2022-01-01\"", "boundary_day = \"2019-12-31\"", (26, 1), "lies outside its days"),
        ];
        for (right, wrong, place, words) in cases {
            assert!(RIGHT.contains(right), "{right}");
            let told = told(&RIGHT.replacen(right, wrong, 1));
            let [(line, column, what)] = told.as_slice() else { panic!("{wrong}: {told:?}") };
            assert!((*line, *column) == place && what.contains(words), "{wrong}: {told:?}");
        }
    }

    #[test]
    fn all_faults_are_told_by_their_places_and_a_known_pack_may_be_referred_to() {
        let wrong = RIGHT.replace("[\"clause\"]", "[\"a\", \"b\"]").replace("2022-01-01", "2019-01-01");
        assert_eq!(told(&wrong).iter().map(|fault| fault.0).collect::<Vec<_>>(), [24, 24, 26]);
        let german = RIGHT.replace("id = \"mine\"", "id = \"de\"").replace("[\"clause\"]", "[\"uwg-nuisance\"]");
        assert_eq!(told(&german), []);
    }
}
