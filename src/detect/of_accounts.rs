//! All that is found in whole accounts and clients: their activity, bursts, limit checks, speed and intensity.
//! It looks at nothing but the rows of the clients it is given, so clients may be taken apart and worked on anywhere.
//! What lies across accounts (contents, clusters) is found in `of_contents` and `assemble`.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use super::groups::{self, recipients_of};
use super::intensity;
use super::limits;
use super::measures::{Intense, LimitCheck, LimitScope};
use super::robustness::{self, Readings, Setting};
use super::search::{self, Field, is_outbound, is_whatsapp};
use super::settings::Settings;
use super::slices::Extent;
use super::speed::{self, Step};
use super::track::Track;
use super::{AccountActivity, Burst};
use crate::message::Messages;

/// Messages with what is known of each of them.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The messages.
    pub messages: &'a Messages,
    /// Detectors and thresholds.
    pub settings: &'a Settings,
    /// For each row, whether it was initiated.
    pub initiated: &'a [bool],
    /// The same under a service window that is 10 % longer; `None` where no log holds inbound messages.
    pub initiated_longer: Option<&'a [bool]>,
    /// For each account, when its age begins; see [`search::born`].
    pub born: &'a [(Option<i64>, Option<i64>)],
}

impl Seen<'_> {
    /// A burst with the settings that it depends on.
    pub(super) fn judged(&self, burst: Burst) -> Judged {
        let readings = Readings { messages: self.messages, initiated_longer: self.initiated_longer };
        let detector = self.settings.detectors.get(burst.detector);
        let depends_on = detector.map(|detector| robustness::of_burst(readings, &burst, detector)).unwrap_or_default();
        Judged { burst, depends_on }
    }
}

/// A burst, and the settings it depends on; none when it is robust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The burst.
    pub burst: Burst,
    /// The settings.
    pub depends_on: Vec<Setting>,
}

/// See the module. Lists stand in order of accounts, bursts in none.
#[derive(Clone, Debug, Default)]
pub struct OfAccounts {
    /// One entry for each account, without what the others tell.
    pub accounts: Vec<AccountActivity>,
    /// Bursts of detectors over accounts, clients and portfolios.
    pub bursts: Vec<Judged>,
    /// Limit checks of numbers, then of portfolios.
    pub limits: Vec<LimitCheck>,
    /// Speed profiles that have a step.
    pub speeds: Vec<(u32, Vec<Step>)>,
    /// Stretches of raised intensity.
    pub intensity: Vec<Intense>,
}

/// Finds all of it, or what looks at whole lives. `groups` are the rows of each account by time.
#[must_use]
pub fn of_accounts(seen: Seen<'_>, groups: &[Vec<u32>], extent: Extent) -> OfAccounts {
    let Seen { messages, settings, initiated, born, .. } = seen;
    let accounts = groups.par_iter().map(|rows| account_activity(messages, rows, initiated)).collect();
    let field = Field { messages, accounts: groups, contents: &[], initiated, born, extent };
    let bursts = search::in_accounts(field, settings).into_par_iter().map(|burst| seen.judged(burst)).collect();
    let (speeds, intensity) = rhythms(messages, groups, initiated);
    let limits = match extent {
        Extent::All => limit_checks(seen, groups, &(i64::MIN..=i64::MAX)),
        Extent::WholeLife | Extent::Windows => Vec::new(),
    };
    OfAccounts { accounts, bursts, limits, speeds, intensity }
}

fn account_activity(messages: &Messages, rows: &[u32], initiated: &[bool]) -> AccountActivity {
    let columns = &messages.columns;
    let outbound: Vec<u32> = rows.iter().copied().filter(|row| is_outbound(columns, *row)).collect();
    let at = |row: Option<&u32>| row.and_then(|row| columns.sent_at.get(*row as usize)).copied();
    AccountActivity {
        messages: outbound.len() as u64,
        inbound: (rows.len() - outbound.len()) as u64,
        recipients: recipients_of(messages, &outbound),
        initiated: outbound.iter().filter(|row| initiated.get(**row as usize).copied().unwrap_or(false)).count() as u64,
        first_sent: at(outbound.first()),
        last_sent: at(outbound.last()),
        ..AccountActivity::default()
    }
}

fn rhythms(messages: &Messages, groups: &[Vec<u32>], initiated: &[bool]) -> (Vec<(u32, Vec<Step>)>, Vec<Intense>) {
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
                from_level: stretch.from_level,
                start: time(Some(stretch.first)),
                end: time(stretch.end.checked_sub(1)),
                messages: part.len() as u64,
                recipients: track.recipients_within(part),
            }
        };
        let stretches: Vec<Intense> = intensity::stretches(&track.times).into_iter().map(intense).collect();
        ((account as u32, speed::profile(track.series())), stretches)
    };
    let (mut speeds, intensity): (Vec<_>, Vec<Vec<Intense>>) = groups.par_iter().enumerate().map(of_account).unzip();
    speeds.retain(|(_, steps): &(u32, Vec<Step>)| !steps.is_empty());
    (speeds, intensity.into_iter().flatten().collect())
}

/// Limit checks at the moments in `at_moments`; messages before them still lie in their windows.
#[must_use]
pub fn limit_checks(seen: Seen<'_>, groups: &[Vec<u32>], at_moments: &RangeInclusive<i64>) -> Vec<LimitCheck> {
    let Seen { messages, settings, initiated, .. } = seen;
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
        let judged = judged.start.max(*at_moments.start())..judged.end.min(at_moments.end().saturating_add(1));
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
