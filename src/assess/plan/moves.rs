//! Where an account's habit can move to, and what in the log says so: the official interface with templates and opt-ins,
//! answers inside the service window, lists of the Business App, e-mail.
//! Figures are those of the rules and detectors that hold on the day asked for; none stands here.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::super::pack::{Rule, Trigger};
use super::super::scene::{Scene, is_same_address};
use super::{AccountPlan, Fact};
use crate::detect::{Counts, Inbound, Scope};
use crate::ingest::proof::Channels;
use crate::message::{Platform, Route};

/// A way to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// The official interface: templates, to people who opted in.
    BusinessApi,
    /// Answers within 24 hours of the recipient's own message.
    ServiceWindow,
    /// Broadcast lists of the Business App.
    BusinessAppLists,
    /// E-mail.
    Email,
}

impl Destination {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessApi => "business_api",
            Self::ServiceWindow => "service_window",
            Self::BusinessAppLists => "business_app_lists",
            Self::Email => "email",
        }
    }
}

/// How far a way is open to what is at stake, by what the log shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// For all of it.
    Open,
    /// For a part of it.
    Partly,
    /// For none of it.
    Closed,
    /// It goes that way already.
    There,
    /// The log cannot tell.
    NotKnown,
}

impl Verdict {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Partly => "partly",
            Self::Closed => "closed",
            Self::There => "there",
            Self::NotKnown => "not_known",
        }
    }

    /// By how many of how many it is open for.
    const fn share(part: u64, all: u64) -> Self {
        if part == 0 {
            Self::Closed
        } else if part < all {
            Self::Partly
        } else {
            Self::Open
        }
    }
}

/// A way to go on, with how far it is open and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where to.
    pub to: Destination,
    /// How far.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Fact>,
}

/// All four ways for what an account has at stake.
pub(super) fn moves(scene: &Scene<'_>, plan: &AccountPlan, from: Date, stake: &[u32]) -> Vec<Move> {
    let mut moves = vec![
        business_api(scene, plan, from, stake),
        service_window(scene, plan, stake),
        business_app_lists(scene, plan, from),
        email(scene, plan, from, stake),
    ];
    let barred = barred(scene, plan.account, from, stake);
    for one in moves.iter_mut().filter(|_| barred > 0) {
        one.reasons.insert(0, Fact::of("barred", &[("barred", barred), ("recipients", plan.opt_ins.recipients)]));
        one.verdict = match one.verdict {
            _ if barred == plan.opt_ins.recipients => Verdict::Closed,
            Verdict::Open => Verdict::Partly,
            verdict => verdict,
        };
    }
    moves
}

/// How many people may get no advertising of an account's client by any way, for an undertaking or a court order that is in
/// force on the day asked for covers them; of those who got advertising.
fn barred(scene: &Scene<'_>, account: u32, from: Date, stake: &[u32]) -> u64 {
    let client = scene.messages().accounts.get(account as usize).and_then(|account| account.client.as_deref());
    let at = scene.calendar().start(from);
    let case = scene.grounds.case;
    let undertakings = case.undertakings.iter().map(|one| (one.client.as_str(), one.date, &one.recipients));
    let orders = case.orders.iter().map(|one| (one.client.as_str(), one.date, &one.recipients));
    let in_force: Vec<&Vec<String>> = undertakings
        .chain(orders)
        .filter(|(name, date, _)| Some(*name) == client && scene.instant(*date) <= at)
        .map(|(.., recipients)| recipients)
        .collect();
    if in_force.is_empty() {
        return 0;
    }
    let advertising = stake.iter().filter(|row| scene.is_advertising(**row));
    let people: BTreeSet<u32> = advertising.map(|row| scene.recipient(*row)).collect();
    let covered = |person: &&u32| {
        let address = scene.messages().recipients.address.get(**person as usize);
        in_force.iter().any(|named| named.is_empty() || named.iter().any(|one| is_same_address(one, address)))
    };
    people.iter().filter(covered).count() as u64
}

/// Rules of all packs that cover the day asked for.
fn rules_on<'a>(scene: &Scene<'a>, from: Date) -> impl Iterator<Item = &'a Rule> {
    scene.grounds.packs.iter().flat_map(|pack| &pack.rules).filter(move |rule| rule.covers(from))
}

fn business_api(scene: &Scene<'_>, plan: &AccountPlan, from: Date, stake: &[u32]) -> Move {
    let routes = &scene.messages().columns.route;
    let there = stake.iter().all(|row| routes.get(*row as usize) == Some(&Route::BusinessApi));
    let mut reasons = Vec::new();
    let mut verdict = if there {
        reasons.push(Fact::of("api_there", &[]));
        Verdict::There
    } else if !scene.register.has_opt_ins() {
        reasons.push(Fact::of("api_no_register", &[("recipients", plan.opt_ins.recipients)]));
        Verdict::NotKnown
    } else {
        let (provable, all) = (plan.opt_ins.provable, plan.opt_ins.recipients);
        reasons.push(Fact::of("api_opt_ins", &[("provable", provable), ("recipients", all)]));
        Verdict::share(provable, all)
    };
    if plan.opt_ins.opted_out > 0 {
        reasons.push(Fact::of("opted_out", &[("recipients", plan.opt_ins.opted_out)]));
    }
    let closed = |rule: &&Rule| matches!(rule.trigger, Trigger::PromotionalApiMessage {});
    let advertising = stake.iter().filter(|row| scene.is_advertising(**row)).count() as u64;
    if let Some(rule) = rules_on(scene, from).find(closed).filter(|_| advertising > 0) {
        let fact = Fact::of("api_no_advertising", &[("advertising", advertising), ("messages", plan.stake.messages)]);
        let until = rule.to.map(|day| day.to_string()).unwrap_or_default();
        reasons.push(fact.with("rule", &rule.id).with("until", until));
        if !there {
            verdict = if advertising == plan.stake.messages { Verdict::Closed } else { verdict.max(Verdict::Partly) };
        }
    }
    let political = |rule: &&Rule| matches!(rule.trigger, Trigger::PoliticalSender {});
    if scene.client(plan.account).is_some_and(|client| client.political)
        && let Some(rule) = rules_on(scene, from).find(political)
    {
        reasons.push(Fact::of("api_no_politics", &[]).with("rule", &rule.id));
        verdict = Verdict::Closed;
    }
    Move { to: Destination::BusinessApi, verdict, reasons }
}

fn service_window(scene: &Scene<'_>, plan: &AccountPlan, stake: &[u32]) -> Move {
    let to = Destination::ServiceWindow;
    let own = scene.grounds.activity.accounts.get(plan.account as usize);
    if own.is_none_or(|own| own.replies_from == Inbound::None) {
        return Move { to, verdict: Verdict::NotKnown, reasons: vec![Fact::of("window_no_inbound", &[])] };
    }
    let client = scene.client_of.get(plan.account as usize);
    let of_client = scene.rows_of.iter().zip(&scene.client_of).filter(|(_, other)| Some(*other) == client);
    let rows = of_client.flat_map(|(rows, _)| rows).filter(|row| !scene.is_outbound(**row));
    let wrote: BTreeSet<u32> = rows.map(|row| scene.recipient(*row)).collect();
    let people: BTreeSet<u32> = stake.iter().map(|row| scene.recipient(*row)).collect();
    let wrote_in = people.intersection(&wrote).count() as u64;
    let replies = plan.messages - plan.initiated;
    let reasons = vec![
        Fact::of("window_replies", &[("replies", replies), ("messages", plan.messages)]).share(
            "percent",
            replies,
            plan.messages,
        ),
        Fact::of("window_wrote_in", &[("wrote", wrote_in), ("recipients", people.len() as u64)]),
    ];
    Move { to, verdict: Verdict::share(wrote_in, people.len() as u64), reasons }
}

fn business_app_lists(scene: &Scene<'_>, plan: &AccountPlan, from: Date) -> Move {
    let to = Destination::BusinessAppLists;
    // The size of a list is the figure of the detector that asks for more recipients of one content than it holds.
    let list = scene
        .grounds
        .detectors
        .iter()
        .find(|detector| detector.scope == Scope::AccountAndContent && detector.counts == Counts::Recipients);
    let Some(size) = list.map(|detector| detector.threshold.saturating_sub(1)).filter(|size| *size > 0) else {
        return Move { to, verdict: Verdict::NotKnown, reasons: Vec::new() };
    };
    let bulk = rules_on(scene, from).filter_map(|rule| match rule.trigger {
        Trigger::Bulk { recipients, .. } if rule.routes.is_empty() || rule.routes.contains(&Route::BusinessApp) => {
            Some((recipients, rule))
        }
        _ => None,
    });
    let bulk = bulk.min_by_key(|(recipients, _)| *recipients);
    let largest = plan.largest_send;
    let mut reasons = vec![Fact::of("lists_size", &[("largest", largest), ("size", size)])];
    let verdict = match bulk {
        _ if largest > size => {
            reasons.push(Fact::of("lists_many", &[("lists", largest.div_ceil(size))]));
            Verdict::Closed
        }
        Some((threshold, rule)) if largest >= threshold => {
            reasons.push(Fact::of("lists_bulk", &[("threshold", threshold)]).with("rule", &rule.id));
            Verdict::Partly
        }
        _ => Verdict::Open,
    };
    reasons.push(Fact::of("lists_saved", &[]));
    Move { to, verdict, reasons }
}

fn email(scene: &Scene<'_>, plan: &AccountPlan, from: Date, stake: &[u32]) -> Move {
    let to = Destination::Email;
    let columns = &scene.messages().columns;
    if stake.iter().all(|row| columns.platform.get(*row as usize) == Some(&Platform::Email)) {
        return Move { to, verdict: Verdict::There, reasons: vec![Fact::of("email_not_measured", &[])] };
    }
    let at = scene.calendar().start(from);
    let people: BTreeSet<(u32, u32)> = stake.iter().map(|row| (scene.recipient(*row), scene.account(*row))).collect();
    let (mut named, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for (recipient, account) in people {
        let Some(consent) = scene.register.opt_in_at(recipient, account, at) else { continue };
        if consent.proof.channels == Channels::NotStated {
            silent.insert(recipient);
        } else if !consent.proof.is_for_another_channel(Platform::Email) {
            named.insert(recipient);
        }
    }
    let all = plan.opt_ins.recipients;
    let mut reasons = Vec::new();
    let verdict = if scene.register.has_opt_ins() {
        let named = named.len() as u64;
        reasons.push(Fact::of("email_opt_ins", &[("named", named), ("recipients", all)]));
        if !silent.is_empty() {
            reasons.push(Fact::of("email_silent", &[("silent", silent.len() as u64)]));
        }
        match Verdict::share(named, all) {
            Verdict::Closed if !silent.is_empty() => Verdict::NotKnown,
            verdict => verdict,
        }
    } else {
        reasons.push(Fact::of("email_no_register", &[]));
        Verdict::NotKnown
    };
    reasons.push(Fact::of("email_not_measured", &[]));
    Move { to, verdict, reasons }
}
