//! The sending habit under the law of another day: what of it becomes unlawful from then on, and for how many people.
//! Not the messages move but the point of law: each message is held against the rules of the day it was sent and against
//! those of the day asked for, as the log shows it. Where a habit can move to stands in `plan/moves.rs`, what to collect
//! first in `plan/evidence.rs`; words are the report's.

mod evidence;
mod moves;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use evidence::{Wanted, WantedWhat};
pub use moves::{Destination, Move, Verdict};

use super::Grounds;
use super::law::regions;
use super::pack::{Pack, Rule, Severity};
use super::runs::count_runs;
use super::scene::Scene;
use super::triggers::{Covered, measure};
use crate::detect::groups::recipients_of;
use crate::detect::settings::Title;
use crate::detect::{Inbound, Mark};
use crate::message::{Direction, Platform, Route};

/// How a message stands on the day asked for, compared with the day it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It meets a rule from the day asked for on, and met none when it was sent.
    Newly,
    /// It met a rule when it was sent, and meets one on that day.
    Already,
    /// It met a rule when it was sent, and meets none on that day.
    NoLonger,
    /// It met none and meets none.
    Lawful,
}

impl Standing {
    /// From whether a rule was met when it was sent, and whether one is met on the day asked for.
    #[must_use]
    pub const fn of(on_its_day: bool, then: bool) -> Self {
        match (on_its_day, then) {
            (false, true) => Self::Newly,
            (true, true) => Self::Already,
            (true, false) => Self::NoLonger,
            (false, false) => Self::Lawful,
        }
    }
}

/// How much it is: messages and runs side by side, for a run may be one act in law.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Messages.
    pub messages: u64,
    /// Runs.
    pub runs: u64,
    /// Distinct recipients, each stated audience adding its size.
    pub recipients: u64,
}

/// Opt-ins of some recipients, as the register stands when the day asked for begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptIns {
    /// Distinct recipients, a list or group counted once.
    pub recipients: u64,
    /// Of them, those with an opt-in in force.
    pub opted_in: u64,
    /// Of them, those whose opt-in has all that its proof needs and is for the channel.
    pub provable: u64,
    /// Those who took their consent back.
    pub opted_out: u64,
}

/// A fact for people: the key of its words, and what they are filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Key of the words.
    pub key: &'static str,
    /// What fills their places.
    pub values: Vec<(&'static str, Filling)>,
}

/// What fills a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filling {
    /// A count.
    Count(u64),
    /// A part of a whole, to be shown in per cent.
    Share(u64, u64),
    /// A name or a day.
    Text(String),
}

impl Fact {
    fn of(key: &'static str, counts: &[(&'static str, u64)]) -> Self {
        Self { key, values: counts.iter().map(|(name, count)| (*name, Filling::Count(*count))).collect() }
    }

    fn share(mut self, name: &'static str, part: u64, whole: u64) -> Self {
        self.values.push((name, Filling::Share(part, whole)));
        self
    }

    fn with(mut self, name: &'static str, text: impl ToString) -> Self {
        self.values.push((name, Filling::Text(text.to_string())));
        self
    }
}

/// A rule that some message meets, on its day or on the day asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePlan {
    /// Index of the pack.
    pub pack: usize,
    /// Index of the rule in the pack.
    pub rule: usize,
    /// Gravest severity that is met.
    pub severity: Severity,
    /// Whether it covers the day asked for.
    pub holds: bool,
    /// Whether the day asked for is its boundary day: then it is open whether it holds already.
    pub is_boundary: bool,
    /// What it makes unlawful from the day asked for on.
    pub newly: Reach,
    /// What met it already when it was sent.
    pub already: Reach,
    /// What met it when it was sent and does not on the day asked for.
    pub no_longer: Reach,
    /// All that meets it on the day asked for.
    pub stake: Reach,
    /// Opt-ins of those it would still reach.
    pub opt_ins: OptIns,
    /// Clauses in force on the day asked for, with their marks.
    pub basis: Vec<(Title, Mark)>,
}

/// A sending account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPlan {
    /// The account.
    pub account: u32,
    /// Routes of its outbound messages.
    pub routes: BTreeSet<Route>,
    /// Outbound messages.
    pub messages: u64,
    /// Of them, those outside service windows.
    pub initiated: u64,
    /// Distinct recipients of one content in one run, at most.
    pub largest_send: u64,
    /// By standing, over all rules but those that are for information only.
    pub by_standing: BTreeMap<Standing, Reach>,
    /// What meets a rule on the day asked for.
    pub stake: Reach,
    /// Opt-ins of those it would still reach.
    pub opt_ins: OptIns,
    /// What else holds for it on that day.
    pub facts: Vec<Fact>,
    /// Where what is at stake can move to; empty where nothing is.
    pub moves: Vec<Move>,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Day asked for.
    pub from: Date,
    /// First and last outbound send of the habit, UTC milliseconds.
    pub span: Option<(i64, i64)>,
    /// The habit by standing, over all rules but those that are for information only.
    pub by_standing: BTreeMap<Standing, Reach>,
    /// Of what was unlawful already, what meets a graver rule on the day asked for.
    pub graver: Reach,
    /// Rules: what is met on the day asked for first, gravest and widest first.
    pub rules: Vec<RulePlan>,
    /// Accounts, those with most people at stake first.
    pub accounts: Vec<AccountPlan>,
    /// What to collect, in order of effect.
    pub evidence: Vec<Wanted>,
    /// What must be known to read it.
    pub facts: Vec<Fact>,
}

/// A rule that is met, with its rows.
struct Met<'p> {
    of: &'p Rule,
    /// Rows that meet it on the day asked for, ascending by time.
    then: Vec<u32>,
}

/// Holds the habit against the law of a day.
#[must_use]
pub fn plan(grounds: Grounds<'_>, from: Date) -> Plan {
    let scene = Scene::new(grounds);
    let columns = &grounds.messages.columns;
    // The gravest rule of each row, on its day and on the day asked for: 0 for none.
    let (mut on_day, mut then) = (vec![0_u8; columns.len()], vec![0_u8; columns.len()]);
    let mut rules = Vec::new();
    let mut met = Vec::new();
    for (pack_index, pack) in grounds.packs.iter().enumerate() {
        for (rule_index, rule) in pack.rules.iter().enumerate() {
            let found = measure_rule(&scene, pack, rule, from);
            for (row, severity, was, is) in &found {
                let weight = weight(*severity);
                for (marks, holds) in [(&mut on_day, *was), (&mut then, *is)] {
                    if let Some(mark) = marks.get_mut(*row as usize).filter(|_| holds) {
                        *mark = weight.max(*mark);
                    }
                }
            }
            let rule_plan = rule_plan(&scene, (pack_index, pack), (rule_index, rule), from, &found);
            if let Some((rule_plan, rows)) = rule_plan {
                met.push(Met { of: rule, then: rows });
                rules.push(rule_plan);
            }
        }
    }
    rules.sort_by_key(|plan| {
        (std::cmp::Reverse((plan.holds, plan.severity, plan.stake.recipients)), plan.pack, plan.rule)
    });
    let mut outbound = scene.rows(|row| scene.is_outbound(row));
    outbound.sort_by_key(|row| (scene.sent_at(*row), *row));
    let mark = |marks: &[u8], row: u32| marks.get(row as usize).copied().unwrap_or_default();
    let standing = |row: u32| Standing::of(mark(&on_day, row) > 0, mark(&then, row) > 0);
    let graver: Vec<u32> = outbound
        .iter()
        .copied()
        .filter(|row| standing(*row) == Standing::Already && mark(&then, *row) > mark(&on_day, *row))
        .collect();
    let at_stake = |row: u32| mark(&then, row) > 0;
    let mut accounts: Vec<AccountPlan> = (0..grounds.messages.accounts.len() as u32)
        .filter_map(|account| account_plan(&scene, account, from, &standing, &at_stake))
        .collect();
    let id =
        |plan: &AccountPlan| grounds.messages.accounts.get(plan.account as usize).map(|account| account.id.clone());
    accounts.sort_by_cached_key(|plan| (std::cmp::Reverse((plan.stake.recipients, plan.stake.messages)), id(plan)));
    Plan {
        from,
        span: outbound.first().zip(outbound.last()).map(|(first, last)| (scene.sent_at(*first), scene.sent_at(*last))),
        by_standing: by_standing(grounds, &outbound, &standing),
        graver: reach(grounds, &graver),
        evidence: evidence::wanted(&scene, from, &met),
        facts: facts(&scene, from, &outbound, &rules),
        rules,
        accounts,
    }
}

/// Rules for information say something of the log, not of the sender: they make nothing unlawful.
fn weight(severity: Severity) -> u8 {
    Severity::ALL.iter().position(|known| *known == severity).unwrap_or_default() as u8
}

/// Outbound rows that meet a rule's trigger: with the severity of the level, whether the rule held on their day, and
/// whether it holds on the day asked for.
fn measure_rule(scene: &Scene<'_>, pack: &Pack, rule: &Rule, from: Date) -> Vec<(u32, Severity, bool, bool)> {
    let is = rule.covers(from);
    let mut found = Vec::new();
    for meeting in measure(Covered { scene, rule, platforms: &pack.platforms }) {
        let severity = rule.severity_of(meeting.level);
        for row in meeting.rows.into_iter().filter(|row| scene.is_outbound(*row)) {
            let was = rule.covers(scene.calendar().day(scene.sent_at(row)));
            if was || is {
                found.push((row, severity, was, is));
            }
        }
    }
    // A message that meets two levels of a rule counts once, under the graver.
    found.sort_unstable_by_key(|(row, severity, ..)| (*row, std::cmp::Reverse(*severity)));
    found.dedup_by_key(|(row, ..)| *row);
    found
}

fn rule_plan(
    scene: &Scene<'_>,
    (pack_index, pack): (usize, &Pack),
    (rule_index, rule): (usize, &Rule),
    from: Date,
    found: &[(u32, Severity, bool, bool)],
) -> Option<(RulePlan, Vec<u32>)> {
    let severity = found.iter().map(|(_, severity, ..)| *severity).max()?;
    let rows = |wanted: Standing| -> Vec<u32> {
        let own = found.iter().filter(|(_, _, was, is)| Standing::of(*was, *is) == wanted);
        let mut rows: Vec<u32> = own.map(|(row, ..)| *row).collect();
        rows.sort_unstable_by_key(|row| (scene.sent_at(*row), *row));
        rows
    };
    let grounds = scene.grounds;
    let (newly, already) = (rows(Standing::Newly), rows(Standing::Already));
    let mut then: Vec<u32> = newly.iter().chain(&already).copied().collect();
    then.sort_unstable_by_key(|row| (scene.sent_at(*row), *row));
    let plan = RulePlan {
        pack: pack_index,
        rule: rule_index,
        severity,
        holds: rule.covers(from),
        is_boundary: rule.boundary_day == Some(from),
        newly: reach(grounds, &newly),
        already: reach(grounds, &already),
        no_longer: reach(grounds, &rows(Standing::NoLonger)),
        stake: reach(grounds, &then),
        opt_ins: opt_ins(scene, from, &then),
        basis: basis(scene, pack, rule, from, &then),
    };
    Some((plan, then))
}

/// Clauses that hold on the day asked for, in the regions of the accounts concerned.
fn basis(scene: &Scene<'_>, pack: &Pack, rule: &Rule, from: Date, rows: &[u32]) -> Vec<(Title, Mark)> {
    if rows.is_empty() {
        return Vec::new();
    }
    let accounts: BTreeSet<u32> = rows.iter().map(|row| scene.account(*row)).collect();
    let regions: Vec<_> = accounts.into_iter().flat_map(|account| regions(scene.grounds, account)).collect();
    let versions = rule.basis.iter().flat_map(|name| pack.basis(name));
    let versions = versions.filter(|version| version.is_for(&regions) && version.holds_on(from));
    let mut clauses: Vec<(Title, Mark)> = versions.map(|version| (version.text.clone(), version.mark)).collect();
    clauses.extend(rule.announcement.iter().map(|announcement| (announcement.clone(), Mark::Published)));
    clauses
}

fn reach(grounds: Grounds<'_>, rows: &[u32]) -> Reach {
    Reach {
        messages: rows.len() as u64,
        runs: count_runs(grounds, rows),
        recipients: recipients_of(grounds.messages, rows),
    }
}

/// Rows, by time, told apart by standing.
fn by_standing(grounds: Grounds<'_>, rows: &[u32], standing: &dyn Fn(u32) -> Standing) -> BTreeMap<Standing, Reach> {
    let all = [Standing::Newly, Standing::Already, Standing::NoLonger, Standing::Lawful];
    let of = |wanted: Standing| -> Vec<u32> { rows.iter().copied().filter(|row| standing(*row) == wanted).collect() };
    all.into_iter().map(|standing| (standing, reach(grounds, &of(standing)))).collect()
}

/// Opt-ins of the recipients of some rows. Who was written to by several accounts counts as opted in only where each of
/// them may rely on it.
fn opt_ins(scene: &Scene<'_>, from: Date, rows: &[u32]) -> OptIns {
    let at = scene.calendar().start(from);
    let platforms = &scene.messages().columns.platform;
    let pair = |row: &u32| {
        let platform = platforms.get(*row as usize).copied().unwrap_or_default();
        (scene.recipient(*row), scene.account(*row), platform)
    };
    let mut pairs: Vec<(u32, u32, Platform)> = rows.iter().map(pair).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut people: BTreeMap<u32, (bool, bool, bool)> = BTreeMap::new();
    for (recipient, account, platform) in pairs {
        let consent = scene.register.opt_in_at(recipient, account, at);
        let provable = consent.is_some_and(|consent| {
            consent.proof.missing().is_empty() && !consent.proof.is_for_another_channel(platform)
        });
        let refused = scene.register.opt_out_at(recipient, account, at).is_some();
        let person = people.entry(recipient).or_insert((true, true, false));
        *person = (person.0 && consent.is_some(), person.1 && provable, person.2 || refused);
    }
    let count = |test: fn(&(bool, bool, bool)) -> bool| people.values().filter(|person| test(person)).count() as u64;
    OptIns {
        recipients: people.len() as u64,
        opted_in: count(|person| person.0),
        provable: count(|person| person.1),
        opted_out: count(|person| person.2),
    }
}

fn account_plan(
    scene: &Scene<'_>,
    account: u32,
    from: Date,
    standing: &dyn Fn(u32) -> Standing,
    at_stake: &dyn Fn(u32) -> bool,
) -> Option<AccountPlan> {
    let grounds = scene.grounds;
    let rows: Vec<u32> =
        scene.rows_of.get(account as usize)?.iter().copied().filter(|row| scene.is_outbound(*row)).collect();
    if rows.is_empty() {
        return None;
    }
    let stake: Vec<u32> = rows.iter().copied().filter(|row| at_stake(*row)).collect();
    let mut sends: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for row in &rows {
        if let Some(run) = grounds.activity.marks.run.get(*row as usize).copied().filter(|run| *run > 0) {
            sends.entry(run).or_default().insert(scene.recipient(*row));
        }
    }
    let mut plan = AccountPlan {
        account,
        routes: rows.iter().filter_map(|row| scene.messages().columns.route.get(*row as usize)).copied().collect(),
        messages: rows.len() as u64,
        initiated: rows.iter().filter(|row| scene.is_initiated(**row)).count() as u64,
        largest_send: sends.values().map(|people| people.len() as u64).max().unwrap_or_default(),
        by_standing: by_standing(grounds, &rows, standing),
        stake: reach(grounds, &stake),
        opt_ins: opt_ins(scene, from, &stake),
        facts: account_facts(scene, account, from),
        moves: Vec::new(),
    };
    if !stake.is_empty() {
        plan.moves = moves::moves(scene, &plan, from, &stake);
    }
    Some(plan)
}

/// What holds for an account on the day asked for, whatever it sends.
fn account_facts(scene: &Scene<'_>, account: u32, from: Date) -> Vec<Fact> {
    let client = scene.messages().accounts.get(account as usize).and_then(|account| account.client.as_deref());
    let case = scene.grounds.case;
    let at = scene.calendar().start(from);
    let mut facts = Vec::new();
    for undertaking in case.undertakings.iter().filter(|one| Some(one.client.as_str()) == client) {
        let since = scene.instant(undertaking.date);
        if since <= at {
            let day = scene.calendar().day(since.saturating_sub(1));
            facts.push(Fact::of("undertaking_in_force", &[]).with("day", day));
        }
    }
    for order in case.orders.iter().filter(|one| Some(one.client.as_str()) == client) {
        let since = scene.instant(order.date);
        if since <= at {
            let day = scene.calendar().day(since.saturating_sub(1));
            facts.push(Fact::of("order_in_force", &[]).with("day", day));
        }
    }
    if scene.grounds.activity.accounts.get(account as usize).is_some_and(|own| own.replies_from == Inbound::None) {
        facts.push(Fact::of("no_inbound", &[]));
    }
    facts
}

/// What must be known to read the plan.
fn facts(scene: &Scene<'_>, from: Date, outbound: &[u32], rules: &[RulePlan]) -> Vec<Fact> {
    let mut facts = Vec::new();
    let start = scene.calendar().start(from);
    let after = outbound.iter().filter(|row| scene.sent_at(**row) >= start).count() as u64;
    if after > 0 {
        facts.push(Fact::of("sent_after", &[("messages", after)]).with("from", from));
    }
    if rules.iter().any(|rule| rule.is_boundary) {
        facts.push(Fact::of("boundary_day", &[]).with("from", from));
    }
    if !scene.register.has_opt_ins() {
        facts.push(Fact::of("no_register", &[]));
    }
    let columns = &scene.messages().columns;
    let unknown = |row: &&u32| columns.route.get(**row as usize) == Some(&Route::Unknown);
    let unknown = outbound.iter().filter(unknown).count() as u64;
    if unknown > 0 {
        facts.push(Fact::of("route_unknown", &[("messages", unknown)]));
    }
    let inbound = columns.direction.iter().filter(|direction| **direction == Direction::Inbound).count() as u64;
    if inbound == 0 && !outbound.is_empty() {
        facts.push(Fact::of("no_inbound_at_all", &[]));
    }
    facts.push(Fact::of("as_sent", &[]));
    facts
}

#[cfg(test)]
mod tests;
