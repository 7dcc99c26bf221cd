//! Calls every measure beside bursts and campaigns, each on the messages that it is defined over.
//! Limit check, speed and intensity see initiated messages; completeness sees all; robustness what was found.
//! What each measure computes is defined in its own file.

use rayon::prelude::*;

use super::bursts::{Series, distinct_recipients};
use super::clusters::{self, Cluster};
use super::completeness::{self, SourceCheck};
use super::groups::{self, pick};
use super::limits::{self, Reach};
use super::replies::{self, Inbound};
use super::robustness::{self, Readings, Setting};
use super::search::is_whatsapp;
use super::settings::Settings;
use super::speed::{self, Step};
use super::{Burst, Campaign, Run, intensity, regularity};
use crate::message::Messages;

/// What a limit was counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// One number.
    Number,
    /// All WhatsApp numbers of one client.
    Portfolio,
}

impl LimitScope {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Portfolio => "portfolio",
        }
    }
}

/// What one number or portfolio reached against the messaging limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitCheck {
    /// Number or portfolio.
    pub scope: LimitScope,
    /// Client, where the case file names one.
    pub client: Option<String>,
    /// Accounts, ascending.
    pub accounts: Vec<u32>,
    /// What it reached.
    pub reach: Reach,
}

/// Whose speed it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeedOf {
    /// An account.
    Account(u32),
    /// A campaign, as index into the activity's.
    Campaign(usize),
}

/// A stretch of raised intensity of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intense {
    /// Account.
    pub account: u32,
    /// Level of the automaton, from 1.
    pub level: u8,
    /// First message, UTC milliseconds.
    pub start: i64,
    /// Last message.
    pub end: i64,
    /// Messages.
    pub messages: u64,
    /// Distinct recipients, each stated audience adding its size.
    pub recipients: u64,
}

/// All measures.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// What the logs tell of themselves.
    pub source: Vec<SourceCheck>,
    /// Limit checks: numbers first, then portfolios, each by account.
    pub limits: Vec<LimitCheck>,
    /// Speed profiles: accounts first, then campaigns.
    pub speeds: Vec<(SpeedOf, Vec<Step>)>,
    /// Stretches of raised intensity by account, start and level.
    pub intensity: Vec<Intense>,
    /// Clusters of accounts.
    pub clusters: Vec<Cluster>,
    /// For each burst, the settings it depends on; empty when it is robust.
    pub burst_settings: Vec<Vec<Setting>>,
    /// And for each campaign.
    pub campaign_settings: Vec<Vec<Setting>>,
    /// For each run, the share of its gaps that have the most frequent length.
    pub equal_shares: Vec<Option<f64>>,
}

/// Measures everything. `groups` are the rows of each account by time.
#[must_use]
pub fn measure(
    messages: &Messages,
    settings: &Settings,
    groups: &[Vec<u32>],
    inbound: &[Inbound],
    initiated: &[bool],
    (bursts, campaigns, runs): (&[Burst], &[Campaign], &[Run]),
) -> Measures {
    let longer = inbound.iter().any(|from| *from != Inbound::None).then(|| {
        let window_ms = settings.reply.milliseconds;
        replies::initiated_rows(messages, groups, inbound, window_ms.saturating_add(window_ms / 10))
    });
    let readings = Readings { messages, initiated_longer: longer.as_deref() };
    let of_burst = |burst: &Burst| {
        let detector = settings.detectors.get(burst.detector);
        detector.map(|detector| robustness::of_burst(readings, burst, detector)).unwrap_or_default()
    };
    let of_campaign = |campaign: &Campaign| {
        let own = runs.get(campaign.runs.clone()).unwrap_or_default();
        robustness::of_campaign(readings, campaign, own, settings)
    };
    let equal_share = |run: &Run| {
        let rows = campaigns.get(run.campaign).and_then(|campaign| campaign.rows.get(run.rows.clone()));
        regularity::equal_share(&pick(&messages.columns.sent_at, rows.unwrap_or_default()))
    };
    let (speeds, intensity) = rhythms(messages, groups, initiated, campaigns);
    Measures {
        source: completeness::checks(messages, groups),
        limits: limit_checks(messages, settings, groups, initiated),
        speeds,
        intensity,
        clusters: clusters::clusters(messages, groups, runs),
        burst_settings: bursts.par_iter().map(of_burst).collect(),
        campaign_settings: campaigns.par_iter().map(of_campaign).collect(),
        equal_shares: runs.par_iter().map(equal_share).collect(),
    }
}

/// Rows as the kernels want them.
struct Track {
    times: Vec<i64>,
    recipients: Vec<u32>,
    weights: Vec<u32>,
}

impl Track {
    fn new(messages: &Messages, rows: &[u32]) -> Self {
        let recipients = pick(&messages.columns.recipient, rows);
        let weights = pick(&messages.recipients.audience, &recipients);
        Self { times: pick(&messages.columns.sent_at, rows), recipients, weights }
    }

    fn series(&self) -> Series<'_> {
        Series { times: &self.times, recipients: &self.recipients, weights: &self.weights }
    }
}

fn rhythms(
    messages: &Messages,
    groups: &[Vec<u32>],
    initiated: &[bool],
    campaigns: &[Campaign],
) -> (Vec<(SpeedOf, Vec<Step>)>, Vec<Intense>) {
    let of_account = |(account, rows): (usize, &Vec<u32>)| {
        let own = |row: &u32| initiated.get(*row as usize).copied().unwrap_or(false);
        let rows: Vec<u32> = rows.iter().copied().filter(own).collect();
        let track = Track::new(messages, &rows);
        let intense = |stretch: intensity::Stretch| {
            let part = stretch.first..stretch.end;
            let time = |position: Option<usize>| {
                position.and_then(|position| track.times.get(position)).copied().unwrap_or_default()
            };
            Intense {
                account: account as u32,
                level: stretch.level,
                start: time(Some(stretch.first)),
                end: time(stretch.end.checked_sub(1)),
                messages: part.len() as u64,
                recipients: distinct_recipients(
                    track.recipients.get(part.clone()).unwrap_or_default(),
                    track.weights.get(part).unwrap_or_default(),
                ),
            }
        };
        let stretches: Vec<Intense> = intensity::stretches(&track.times).into_iter().map(intense).collect();
        ((SpeedOf::Account(account as u32), speed::profile(track.series())), stretches)
    };
    let (mut speeds, intensity): (Vec<_>, Vec<Vec<Intense>>) = groups.par_iter().enumerate().map(of_account).unzip();
    let of_campaign = |(index, campaign): (usize, &Campaign)| {
        (SpeedOf::Campaign(index), speed::profile(Track::new(messages, &campaign.rows).series()))
    };
    speeds.par_extend(campaigns.par_iter().enumerate().map(of_campaign));
    speeds.retain(|(_, steps)| !steps.is_empty());
    (speeds, intensity.into_iter().flatten().collect())
}

fn limit_checks(messages: &Messages, settings: &Settings, groups: &[Vec<u32>], initiated: &[bool]) -> Vec<LimitCheck> {
    let columns = &messages.columns;
    let limit = &settings.limit;
    let cut = limit.portfolio_from_ms();
    let counts = |row: &u32| {
        let platform = columns.platform.get(*row as usize).copied().unwrap_or_default();
        is_whatsapp(platform) && initiated.get(*row as usize).copied().unwrap_or(false)
    };
    let at = |row: &u32| columns.sent_at.get(*row as usize).copied().unwrap_or_default();
    let of = |rows: &[u32], scope: LimitScope| {
        let (tiers, judged, seen) = match scope {
            LimitScope::Number => (&limit.number_tiers, i64::MIN..cut, i64::MIN..cut),
            // The first windows of the portfolio reach back over the day of the change.
            LimitScope::Portfolio => {
                (&limit.portfolio_tiers, cut..i64::MAX, cut.saturating_sub(limit.window_ms)..i64::MAX)
            }
        };
        let rows: Vec<u32> = rows.iter().copied().filter(|row| seen.contains(&at(row)) && counts(row)).collect();
        limits::reach(Track::new(messages, &rows).series(), limit.window_ms, tiers, judged)
    };
    let number = |(account, rows): (usize, &Vec<u32>)| {
        let client = messages.accounts.get(account).and_then(|account| account.client.clone());
        let reach = of(rows, LimitScope::Number)?;
        Some(LimitCheck { scope: LimitScope::Number, client, accounts: vec![account as u32], reach })
    };
    let mut checks: Vec<LimitCheck> = groups.par_iter().enumerate().filter_map(number).collect();
    if columns.sent_at.iter().any(|at| *at >= cut) {
        let portfolio = |subject: &groups::Subject<'_>| {
            let reach = of(&subject.rows, LimitScope::Portfolio)?;
            let (client, accounts) = (subject.client.clone(), subject.accounts.clone());
            Some(LimitCheck { scope: LimitScope::Portfolio, client, accounts, reach })
        };
        checks.par_extend(groups::by_client(messages, groups).par_iter().filter_map(portfolio));
    }
    checks
}
