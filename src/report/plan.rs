//! The plan for people and for programs: names for indices, words for facts, one Markdown text and the same as JSON.
//! It is written to standard output or, with its manifest, into a folder; no recipient stands in it, only counts.
//! What the plan says is computed in `assess/plan.rs`; words stand in `data/languages/plan.toml`.

use std::collections::BTreeSet;
use std::path::Path;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::json;

use super::charts::number;
use super::extract::{MarkedText, PackRow, words};
use super::folder::{Folder, FolderError, MANIFEST};
use super::words::{Words, text_with};
use super::{SettingRow, UsedFile};
use crate::assess::plan::{AccountPlan, Fact, Filling, OptIns, Plan, Reach, RulePlan, Standing, WantedWhat};
use crate::assess::{Calendar, Pack};
use crate::case::{Case, Language};
use crate::ingest::Ingested;

/// Version of the schema of `plan.json`.
const SCHEMA: &str = "sendeschluss-plan-1";
const TEMPLATE: &str = include_str!("plan.md.jinja");
const WORDS: &str = include_str!("../../data/languages/plan.toml");
const REPORT_WORDS: &str = include_str!("../../data/languages/report.toml");
/// Accounts that the text tells of; the JSON has all.
const SHOWN_ACCOUNTS: usize = 100;
/// The files of a plan in a folder.
const FILES: [&str; 2] = ["plan.md", "plan.json"];

/// Why a plan cannot be told or written.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The files of words: a damaged build.
    #[error("words of the plan: {0}")]
    Words(#[from] toml::de::Error),
    /// The template, or a word in it: a damaged build.
    #[error("template of the plan: {0:#}")]
    Template(#[from] minijinja::Error),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file in it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A report lies there.
    #[error("{0} holds a report, not a plan; name another folder")]
    Report(String),
}

/// What a plan is told from.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// Name and version of the program.
    pub program: &'a str,
    /// What was read.
    pub ingested: &'a Ingested,
    /// The case file.
    pub case: &'a Case,
    /// The user's own files beside the inputs: case file, detectors, rule packs, formats.
    pub files: &'a [UsedFile],
    /// Rule packs.
    pub packs: &'a [Pack],
    /// The matter's calendar.
    pub calendar: &'a Calendar,
    /// Language.
    pub language: Language,
    /// Settings for the manifest.
    pub settings: &'a [SettingRow],
    /// The plan.
    pub plan: &'a Plan,
}

/// The plan as programs get it. Fields are added, never taken away or changed.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    schema: &'static str,
    program: String,
    matter: String,
    language: &'static str,
    timezone: String,
    from: String,
    messages: u64,
    first_sent: Option<String>,
    last_sent: Option<String>,
    by_standing: Vec<StandingRow>,
    graver: ReachRow,
    rules: Vec<RuleRow>,
    accounts: Vec<AccountRow>,
    evidence: Vec<WantedRow>,
    facts: Vec<FactRow>,
    packs: Vec<PackRow>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct ReachRow {
    messages: u64,
    runs: u64,
    recipients: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct StandingRow {
    standing: &'static str,
    #[serde(flatten)]
    reach: ReachRow,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct OptInRow {
    recipients: u64,
    opted_in: u64,
    provable: u64,
    opted_out: u64,
}

#[derive(Clone, Debug, Serialize)]
struct RuleRow {
    id: String,
    pack: String,
    title: String,
    severity: &'static str,
    from: Option<String>,
    to: Option<String>,
    holds: bool,
    begins_later: bool,
    is_boundary: bool,
    newly: ReachRow,
    already: ReachRow,
    no_longer: ReachRow,
    stake: ReachRow,
    opt_ins: OptInRow,
    basis: Vec<MarkedText>,
}

#[derive(Clone, Debug, Serialize)]
struct AccountRow {
    account: String,
    client: String,
    routes: Vec<&'static str>,
    about: String,
    messages: u64,
    initiated: u64,
    replies: u64,
    largest_send: u64,
    by_standing: Vec<StandingRow>,
    stake: ReachRow,
    opt_ins: OptInRow,
    facts: Vec<FactRow>,
    moves: Vec<MoveRow>,
}

#[derive(Clone, Debug, Serialize)]
struct MoveRow {
    to: &'static str,
    verdict: &'static str,
    reasons: Vec<FactRow>,
}

#[derive(Clone, Debug, Serialize)]
struct WantedRow {
    what: String,
    rules: Vec<String>,
    recipients: u64,
    messages: u64,
}

#[derive(Clone, Debug, Serialize)]
struct FactRow {
    key: &'static str,
    values: serde_json::Map<String, serde_json::Value>,
    text: String,
}

/// What the template sees: the view, cut to what the text tells.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: &'a PlanView,
    accounts: &'a [AccountRow],
    more_accounts: usize,
    pack_names: String,
}

/// The plan as programs get it.
///
/// # Errors
/// When the words of the build are damaged.
pub fn view(input: &PlanInput<'_>) -> Result<PlanView, PlanError> {
    let words = &load(input.language)?;
    let plan = input.plan;
    let day = |at: i64| input.calendar.day(at).to_string();
    let facts = |facts: &[Fact]| facts.iter().map(|fact| fact_row(words, fact)).collect::<Result<Vec<_>, _>>();
    let outbound = plan.by_standing.values().map(|reach| reach.messages).sum();
    Ok(PlanView {
        schema: SCHEMA,
        program: input.program.to_owned(),
        matter: input.case.matter.name.clone(),
        language: input.language.as_str(),
        timezone: input.calendar.name().to_owned(),
        from: plan.from.to_string(),
        messages: outbound,
        first_sent: plan.span.map(|(first, _)| day(first)),
        last_sent: plan.span.map(|(_, last)| day(last)),
        by_standing: standings(&plan.by_standing),
        graver: reach(plan.graver),
        rules: plan.rules.iter().filter_map(|rule| rule_row(input, rule)).collect(),
        accounts: plan.accounts.iter().map(|account| account_row(input, words, account)).collect::<Result<_, _>>()?,
        evidence: plan
            .evidence
            .iter()
            .map(|wanted| WantedRow {
                what: match (&wanted.what, input.language) {
                    (WantedWhat::Lacking(key), _) => words.word("lacking", key).to_owned(),
                    (WantedWhat::Asked(german, _), Language::De) => german.clone(),
                    (WantedWhat::Asked(_, english), Language::En) => english.clone(),
                },
                rules: wanted.rules.clone(),
                recipients: wanted.recipients,
                messages: wanted.messages,
            })
            .collect(),
        facts: facts(&plan.facts)?,
        packs: input
            .packs
            .iter()
            .map(|pack| PackRow {
                id: pack.id.clone(),
                title: self::words(&pack.title, input.language),
                version: pack.version.clone(),
            })
            .collect(),
    })
}

/// The plan as Markdown.
///
/// # Errors
/// When words or template of the build are damaged.
pub fn text(view: &PlanView, language: Language) -> Result<String, PlanError> {
    let packs: Vec<String> = view.packs.iter().map(|pack| format!("{} ({})", pack.id, pack.version)).collect();
    let accounts = view.accounts.get(..SHOWN_ACCOUNTS).unwrap_or(&view.accounts);
    let shown =
        Shown { view, accounts, more_accounts: view.accounts.len() - accounts.len(), pack_names: packs.join(", ") };
    let rendered = text_with(load(language)?, |environment| {
        environment.add_template("plan", TEMPLATE)?;
        environment.get_template("plan")?.render(Value::from(Serde(&shown)))
    })?;
    Ok(rendered + "\n")
}

/// The plan as JSON.
///
/// # Errors
/// When it cannot be serialised.
pub fn json_text(view: &PlanView) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(view)? + "\n")
}

/// Writes the plan into a folder that appears whole; an earlier plan there is replaced, anything else stays.
///
/// # Errors
/// When the folder cannot be written, or holds something else.
pub fn write(input: &PlanInput<'_>, view: &PlanView, target: &Path) -> Result<(), PlanError> {
    let mut folder = begin(target)?;
    let texts = [text(view, input.language)?, json_text(view)?];
    for (name, text) in FILES.into_iter().zip(texts) {
        folder.write(name, |out| Ok::<_, PlanError>(out.write_all(text.as_bytes())?))?;
    }
    let inputs = input.ingested.inputs.iter();
    let manifest = json!({
        "schema": "sendeschluss-plan-manifest-1",
        "program": input.program,
        "matter": input.case.matter.name,
        "from": view.from,
        "settings": input.settings,
        "files": input.files,
        "rule_packs": view.packs,
        "inputs": inputs
            .map(|file| json!({ "file": file.name, "sha256": file.sha256, "bytes": file.bytes }))
            .collect::<Vec<_>>(),
        "outputs": folder.outputs(),
    });
    let manifest = serde_json::to_string_pretty(&manifest)? + "\n";
    folder.write(MANIFEST, |out| Ok::<_, PlanError>(out.write_all(manifest.as_bytes())?))?;
    Ok(folder.finish()?)
}

/// Begins the folder of a plan, so that a place that cannot be written is told before the work.
///
/// # Errors
/// When the folder cannot be written, or holds something else.
pub fn begin(target: &Path) -> Result<Folder, PlanError> {
    if target.join(MANIFEST).is_file() && !target.join("plan.json").is_file() {
        return Err(PlanError::Report(target.display().to_string()));
    }
    Ok(Folder::begin(target)?)
}

/// The words of the plan, with those of the report.
fn load(language: Language) -> Result<Words, toml::de::Error> {
    Ok(Words::load(WORDS, language)?.and(Words::load(REPORT_WORDS, language)?))
}

fn reach(reach: Reach) -> ReachRow {
    ReachRow { messages: reach.messages, runs: reach.runs, recipients: reach.recipients }
}

fn opt_ins(of: OptIns) -> OptInRow {
    OptInRow { recipients: of.recipients, opted_in: of.opted_in, provable: of.provable, opted_out: of.opted_out }
}

fn standings(by_standing: &std::collections::BTreeMap<Standing, Reach>) -> Vec<StandingRow> {
    let word = |standing: &Standing| match standing {
        Standing::Newly => "newly",
        Standing::Already => "already",
        Standing::NoLonger => "no_longer",
        Standing::Lawful => "lawful",
    };
    by_standing.iter().map(|(standing, of)| StandingRow { standing: word(standing), reach: reach(*of) }).collect()
}

fn rule_row(input: &PlanInput<'_>, plan: &RulePlan) -> Option<RuleRow> {
    let pack = input.packs.get(plan.pack)?;
    let rule = pack.rules.get(plan.rule)?;
    let clause = |(text, mark): &(crate::detect::settings::Title, crate::detect::Mark)| MarkedText {
        text: words(text, input.language),
        mark: mark.as_str(),
        source: String::new(),
    };
    Some(RuleRow {
        id: rule.id.clone(),
        pack: pack.id.clone(),
        title: words(&rule.title, input.language),
        severity: plan.severity.as_str(),
        from: rule.from.map(|day| day.to_string()),
        to: rule.to.map(|day| day.to_string()),
        holds: plan.holds,
        begins_later: rule.from.is_some_and(|from| from > input.plan.from),
        is_boundary: plan.is_boundary,
        newly: reach(plan.newly),
        already: reach(plan.already),
        no_longer: reach(plan.no_longer),
        stake: reach(plan.stake),
        opt_ins: opt_ins(plan.opt_ins),
        basis: plan.basis.iter().map(clause).collect(),
    })
}

fn account_row(input: &PlanInput<'_>, words: &Words, plan: &AccountPlan) -> Result<AccountRow, minijinja::Error> {
    let messages = &input.ingested.messages;
    let known = messages.accounts.get(plan.account as usize);
    let routes: BTreeSet<&'static str> = plan.routes.iter().map(|route| route.as_str()).collect();
    let account = known.map(|account| account.id.clone()).unwrap_or_default();
    let client = known.and_then(|account| account.client.clone()).unwrap_or_default();
    let named: Vec<&str> = routes.iter().map(|route| words.word("route", route)).collect();
    let for_client =
        if client.is_empty() { String::new() } else { words.say("account_client", &[("client", client.clone())])? };
    let about = [("client", for_client), ("routes", named.join(", "))];
    let facts = |facts: &[Fact]| facts.iter().map(|fact| fact_row(words, fact)).collect::<Result<Vec<_>, _>>();
    let moves = plan.moves.iter().map(|one| {
        let reasons = facts(&one.reasons)?;
        Ok(MoveRow { to: one.to.as_str(), verdict: one.verdict.as_str(), reasons })
    });
    Ok(AccountRow {
        about: words.say("account", &about)?,
        account,
        client,
        routes: routes.into_iter().collect(),
        messages: plan.messages,
        initiated: plan.initiated,
        replies: plan.messages - plan.initiated,
        largest_send: plan.largest_send,
        by_standing: standings(&plan.by_standing),
        stake: reach(plan.stake),
        opt_ins: opt_ins(plan.opt_ins),
        facts: facts(&plan.facts)?,
        moves: moves.collect::<Result<_, minijinja::Error>>()?,
    })
}

/// A share in per cent with one decimal, as people of a language write it.
fn percent(part: u64, whole: u64, language: Language) -> String {
    let thousandths = (part * 1000 + whole / 2).checked_div(whole).unwrap_or_default();
    let point = if language == Language::De { ',' } else { '.' };
    format!("{}{point}{}", thousandths / 10, thousandths % 10)
}

/// A fact in words, with its figures beside.
fn fact_row(words: &Words, fact: &Fact) -> Result<FactRow, minijinja::Error> {
    let filled = fact.values.iter().map(|(name, filling)| {
        let shown = match filling {
            Filling::Count(count) => number(*count, words.language),
            Filling::Share(part, whole) => percent(*part, *whole, words.language),
            Filling::Text(text) => text.clone(),
        };
        (*name, shown)
    });
    let filled: Vec<(&str, String)> = filled.collect();
    let values = fact.values.iter().map(|(name, filling)| {
        let value = match filling {
            Filling::Count(count) => json!(count),
            Filling::Share(part, whole) => json!([part, whole]),
            Filling::Text(text) => json!(text),
        };
        ((*name).to_owned(), value)
    });
    Ok(FactRow { key: fact.key, values: values.collect(), text: words.say(fact.key, &filled)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_and_every_lack_has_its_words() {
        let sources = [
            include_str!("../assess/plan.rs"),
            include_str!("../assess/plan/moves.rs"),
            include_str!("../assess/plan/evidence.rs"),
        ];
        let keys = |call: &str| -> BTreeSet<&str> {
            let calls = sources.iter().flat_map(|source| source.split(call).skip(1));
            calls.filter_map(|rest| rest.split('"').next()).collect()
        };
        for language in [Language::De, Language::En] {
            let words = load(language).expect("words");
            let (facts, lacks) = (keys("Fact::of(\""), keys("Lacking(\""));
            assert!(facts.len() > 20 && lacks.len() == 4, "{facts:?} {lacks:?}");
            assert!(facts.iter().all(|key| words.text.contains_key(*key)), "{facts:?}");
            assert!(lacks.iter().all(|key| words.known("lacking", key).is_some()), "{lacks:?}");
        }
    }

    #[test]
    fn shares_have_one_decimal() {
        assert_eq!(percent(7, 9494, Language::De), "0,1");
        assert_eq!((percent(2, 3, Language::En), percent(1, 1, Language::En)), ("66.7".to_owned(), "100.0".to_owned()));
        assert_eq!(percent(0, 0, Language::En), "0.0");
    }
}
