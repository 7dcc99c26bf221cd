//! What to collect first: what the rules at stake ask for, and what the log itself lacks, by the number of people for whom
//! it could make the difference.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::scene::Scene;
use super::super::words::needs_register;
use super::{Met, OptIns, opt_ins, reach};
use crate::detect::Inbound;
use crate::detect::settings::Title;
use crate::message::Route;

/// Something to collect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub what: WantedWhat,
    /// Ids of the rules for which it matters.
    pub rules: Vec<String>,
    /// Distinct recipients for whom it could make the difference.
    pub recipients: u64,
    /// Messages.
    pub messages: u64,
}

/// What is to be collected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantedWhat {
    /// What the log or the register lacks: the key of its words.
    Lacking(&'static str),
    /// What a rule asks for, in its own words: German, English.
    Asked(String, String),
}

/// Everything that rules met on the day asked for make worth collecting.
pub(super) fn wanted(scene: &Scene<'_>, from: Date, met: &[Met<'_>]) -> Vec<Wanted> {
    let mut items: BTreeMap<WantedWhat, (Vec<String>, Vec<u32>)> = BTreeMap::new();
    let mut want = |what: WantedWhat, rule: &str, rows: &[u32]| {
        if !rows.is_empty() {
            let (rules, all) = items.entry(what).or_default();
            rules.push(rule.to_owned());
            all.extend_from_slice(rows);
        }
    };
    for one in met {
        let id = one.of.id.as_str();
        for Title { de, en } in &one.of.evidence {
            want(WantedWhat::Asked(de.clone(), en.clone()), id, &one.then);
        }
        if needs_register(&one.of.trigger) {
            want(
                WantedWhat::Lacking("find_opt_ins"),
                id,
                &without(scene, from, &one.then, |known| known.opted_in == 0),
            );
        }
        let unproved = |known: &OptIns| known.opted_in > 0 && known.provable == 0;
        want(WantedWhat::Lacking("complete_proof"), id, &without(scene, from, &one.then, unproved));
        let routes = &scene.messages().columns.route;
        let routeless = |row: &&u32| routes.get(**row as usize) == Some(&Route::Unknown);
        if !one.of.routes.is_empty() {
            let rows: Vec<u32> = one.then.iter().filter(routeless).copied().collect();
            want(WantedWhat::Lacking("prove_route"), id, &rows);
        }
        let accounts = &scene.grounds.activity.accounts;
        let no_inbound = |row: &&u32| {
            accounts.get(scene.account(**row) as usize).is_some_and(|own| own.replies_from == Inbound::None)
        };
        let rows: Vec<u32> = one.then.iter().filter(no_inbound).copied().collect();
        want(WantedWhat::Lacking("inbound_messages"), id, &rows);
    }
    let mut wanted: Vec<Wanted> = items
        .into_iter()
        .map(|(what, (mut rules, mut rows))| {
            rules.sort();
            rules.dedup();
            rows.sort_unstable();
            rows.dedup();
            let reach = reach(scene.grounds, &rows);
            Wanted { what, rules, recipients: reach.recipients, messages: reach.messages }
        })
        .collect();
    wanted.sort_by(|one, other| {
        let key = |wanted: &Wanted| (wanted.recipients, wanted.messages);
        key(other).cmp(&key(one)).then_with(|| one.what.cmp(&other.what))
    });
    wanted
}

/// Rows to people whose opt-in lacks something.
fn without(scene: &Scene<'_>, from: Date, rows: &[u32], lacks: impl Fn(&OptIns) -> bool) -> Vec<u32> {
    let mut known: BTreeMap<(u32, u32), bool> = BTreeMap::new();
    let mut test = |row: u32| {
        let key = (scene.recipient(row), scene.account(row));
        *known.entry(key).or_insert_with(|| lacks(&opt_ins(scene, from, &[row])))
    };
    rows.iter().copied().filter(|row| test(*row)).collect()
}
