//! Stage four: activity, consents, case and rule packs in; findings and the exposure roll-up out.
//! The law of the day of sending applies: rows of one rule are split where the rule or its basis changes.
//! Here the order of the work; triggers measure, `findings` applies law, `words` says what speaks for and what is open.

mod calendar;
mod findings;
mod law;
mod misses;
pub mod pack;
pub mod plan;
mod register;
mod roll_up;
mod runs;
mod scene;
mod triggers;
mod wording;
mod words;

pub use calendar::{Calendar, UnknownZone};
pub use findings::{BoundaryDay, Clause, Finding, LimitationEnd};
pub use misses::{Miss, misses};
pub use pack::{Pack, PackError, Party, Severity};
pub use register::Register;
pub use roll_up::{BeforeAfter, Exposure, Sent};
pub use wording::{Phrases, Wording, WordingError};

use jiff::civil::Date;
use rayon::prelude::*;

use crate::case::{AccountEntry, Case};
use crate::detect::{Activity, Detector};
use crate::ingest::Consent;
use crate::message::Messages;
use pack::Rule;
use scene::Scene;
use triggers::Covered;

/// What assessment gives.
#[derive(Clone, Debug, Default)]
pub struct Assessment {
    /// Findings, gravest first, then by rule, account and time.
    pub findings: Vec<Finding>,
    /// The roll-up.
    pub exposure: Vec<Exposure>,
    /// Mass sends before and after 7 December 2019, side by side.
    pub before_after: Vec<BeforeAfter>,
}

/// What the stages before found, and what applies to it.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// Messages.
    pub messages: &'a Messages,
    /// Opt-ins and opt-outs.
    pub consents: &'a [Consent],
    /// Activity.
    pub activity: &'a Activity,
    /// Detectors that the activity was found with.
    pub detectors: &'a [Detector],
    /// Longest gap inside a run, in milliseconds.
    pub run_gap_ms: i64,
    /// The case file.
    pub case: &'a Case,
    /// Rule packs.
    pub packs: &'a [Pack],
    /// Words by which texts are known.
    pub wording: &'a Wording,
    /// The matter's calendar.
    pub calendar: &'a Calendar,
    /// The day as of which limitation is told; none tells the ends of the periods only.
    pub as_of: Option<Date>,
}

impl<'a> Grounds<'a> {
    /// What the case file says of an account.
    #[must_use]
    pub fn entry(&self, account: &str) -> Option<&'a AccountEntry> {
        self.case.accounts.iter().find(|entry| scene::is_same_address(&entry.id, account))
    }
}

/// Assesses the activity.
#[must_use]
pub fn assess<'a>(grounds: Grounds<'a>) -> Assessment {
    let scene = Scene::new(grounds);
    let rules_of = |(index, pack): (usize, &'a Pack)| {
        pack.rules.iter().enumerate().map(move |(rule_index, rule)| ((index, pack), (rule_index, rule)))
    };
    let rules: Vec<_> = grounds.packs.iter().enumerate().flat_map(rules_of).collect();
    let of_rule = |(pack, rule): &((usize, &Pack), (usize, &Rule))| -> Vec<Finding> {
        let covered = Covered { scene: &scene, rule: rule.1, platforms: &pack.1.platforms };
        let meetings = triggers::measure(covered).into_par_iter();
        meetings.flat_map_iter(|meeting| findings::of_meeting(&scene, *pack, *rule, meeting)).collect()
    };
    let mut findings: Vec<Finding> = rules.par_iter().flat_map_iter(of_rule).collect();
    findings::link(grounds.packs, &mut findings);
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| {
            (
                std::cmp::Reverse(finding.severity),
                finding.pack,
                finding.rule,
                finding.account,
                finding.first_sent,
                finding.level,
            )
        };
        key(left).cmp(&key(right))
    });
    let exposure = roll_up::roll_up(grounds, &findings);
    Assessment { findings, exposure, before_after: roll_up::before_after(grounds) }
}
