//! Puts what was found in accounts and in contents together: one order, one numbering, a mark for every message.
//! The parts may have been found all at once or apart, in any order: the whole is the same.
//! What is seen only across all messages (clusters of accounts, what the logs tell of themselves) is measured here.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::campaigns::{Campaign, Run, SetAside};
use super::measures::{Measures, SpeedOf};
use super::of_accounts::{Judged, OfAccounts};
use super::of_contents::{FoundCampaign, OfContents};
use super::robustness::Setting;
use super::speed::Step;
use super::{Activity, Burst, Inbound, clusters, completeness, id};
use crate::message::{Marks, Messages};

/// What was found in parts.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// For each account, whose inbound messages count.
    pub inbound: Vec<Inbound>,
    /// For each row, whether it was initiated.
    pub initiated: Vec<bool>,
    /// What was found in accounts.
    pub of_accounts: OfAccounts,
    /// What was found in contents.
    pub of_contents: OfContents,
}

/// The whole. `groups` are the rows of each account by time.
#[must_use]
pub fn assemble(messages: &Messages, groups: &[Vec<u32>], parts: Parts) -> Activity {
    let Parts { inbound, initiated, of_accounts, of_contents } = parts;
    let OfAccounts { mut accounts, bursts, mut limits, mut speeds, mut intensity } = of_accounts;
    for (account, from) in accounts.iter_mut().zip(inbound) {
        account.replies_from = from;
    }
    let (bursts, burst_settings) = in_order(bursts.into_iter().chain(of_contents.bursts).collect());
    let Numbered { mut campaigns, runs, campaign_settings, campaign_speeds, equal_shares } =
        numbered(messages, of_contents.campaigns);
    limits.sort_by(|one, other| {
        let key = |check: &super::measures::LimitCheck| check.scope as u8;
        (key(one), &one.accounts).cmp(&(key(other), &other.accounts))
    });
    speeds.sort_by_key(|(account, _)| *account);
    intensity.sort_by_key(|stretch| (stretch.account, stretch.start));
    let speeds = speeds.into_iter().map(|(account, steps)| (SpeedOf::Account(account), steps));
    let measures = Measures {
        source: completeness::checks(messages, groups),
        limits,
        speeds: speeds.chain(campaign_speeds).collect(),
        intensity,
        clusters: clusters::clusters(messages, groups, &runs),
        burst_settings,
        campaign_settings,
        equal_shares,
    };
    let marks = marks(messages.columns.len(), initiated, &bursts, &campaigns, &runs);
    for campaign in &mut campaigns {
        let in_burst = |row: &u32| marks.bursts.binary_search_by_key(row, |(marked, _)| *marked).is_ok();
        campaign.drip = !campaign.rows.iter().any(in_burst);
    }
    for account in bursts.iter().flat_map(|burst| &burst.accounts) {
        if let Some(account) = accounts.get_mut(*account as usize) {
            account.bursts += 1;
        }
    }
    for account in campaigns.iter().flat_map(|campaign| &campaign.accounts) {
        if let Some(account) = accounts.get_mut(*account as usize) {
            account.campaigns += 1;
        }
    }
    let set_aside = aside_in_order(messages, of_contents.set_aside);
    Activity { bursts, campaigns, runs, set_aside, accounts, marks, measures }
}

/// Bursts by detector, account and time, with the settings each depends on.
fn in_order(mut found: Vec<Judged>) -> (Vec<Burst>, Vec<Vec<Setting>>) {
    found.par_sort_by(|left, right| {
        // The id tells contents apart by what they are, not by where they were first met.
        let key = |burst: &Burst| (burst.detector, burst.account, burst.start);
        let (left, right) = (&left.burst, &right.burst);
        key(left).cmp(&key(right)).then_with(|| left.id.cmp(&right.id)).then_with(|| left.rows.cmp(&right.rows))
    });
    found.into_iter().map(|judged| (judged.burst, judged.depends_on)).unzip()
}

/// By what contents stand in order: what they are, then when their first message was sent.
fn order_key(messages: &Messages, content: u32, first_row: u32) -> (u128, i64, u128) {
    let columns = &messages.columns;
    let row = first_row as usize;
    let sent_at = columns.sent_at.get(row).copied().unwrap_or_default();
    (messages.contents.fingerprint(content), sent_at, columns.key.get(row).copied().unwrap_or_default())
}

fn aside_in_order(messages: &Messages, mut found: Vec<(SetAside, u32)>) -> Vec<SetAside> {
    found.sort_by_key(|(aside, first_row)| order_key(messages, aside.content, *first_row));
    found.into_iter().map(|(aside, _)| aside).collect()
}

/// Campaigns by first send and id, with their runs, and what is measured of either.
#[derive(Default)]
struct Numbered {
    campaigns: Vec<Campaign>,
    runs: Vec<Run>,
    campaign_settings: Vec<Vec<Setting>>,
    campaign_speeds: Vec<(SpeedOf, Vec<Step>)>,
    equal_shares: Vec<Option<f64>>,
}

fn numbered(messages: &Messages, mut found: Vec<FoundCampaign>) -> Numbered {
    found.sort_by(|left, right| {
        let (one, other) = (&left.campaign, &right.campaign);
        let order = |found: &FoundCampaign| order_key(messages, found.campaign.content, found.first_row);
        (one.first_sent, &one.id).cmp(&(other.first_sent, &other.id)).then_with(|| order(left).cmp(&order(right)))
    });
    let mut all = Numbered::default();
    let mut ids = BTreeSet::new();
    for (index, FoundCampaign { mut campaign, mut runs, depends_on, speed, .. }) in found.into_iter().enumerate() {
        // Two offers in one frame may have the same words in most of their texts.
        while !ids.insert(campaign.id.clone()) {
            campaign.id = id("C", &[campaign.id.as_bytes(), &campaign.first_sent.to_le_bytes()]);
            for (run, _) in &mut runs {
                run.id = id("R", &[campaign.id.as_bytes(), &run.start.to_le_bytes()]);
            }
        }
        campaign.runs = all.runs.len()..all.runs.len() + runs.len();
        for (mut run, share) in runs {
            run.campaign = index;
            all.runs.push(run);
            all.equal_shares.push(share);
        }
        all.campaign_settings.push(depends_on);
        if !speed.is_empty() {
            all.campaign_speeds.push((SpeedOf::Campaign(index), speed));
        }
        all.campaigns.push(campaign);
    }
    all
}

fn marks(rows: usize, initiated: Vec<bool>, bursts: &[Burst], campaigns: &[Campaign], runs: &[Run]) -> Marks {
    let mut marks = Marks {
        initiated,
        campaign: vec![0; rows],
        run: vec![0; rows],
        campaign_ids: vec![String::new()],
        run_ids: vec![String::new()],
        bursts: Vec::new(),
        burst_ids: bursts.iter().map(|burst| burst.id.clone()).collect(),
    };
    for campaign in campaigns {
        let index = marks.campaign_ids.len() as u32;
        marks.campaign_ids.push(campaign.id.clone());
        set(&mut marks.campaign, &campaign.rows, index);
        set(&mut marks.campaign, &campaign.beside, index);
        for run in runs.get(campaign.runs.clone()).unwrap_or_default() {
            let index = marks.run_ids.len() as u32;
            marks.run_ids.push(run.id.clone());
            set(&mut marks.run, campaign.rows.get(run.rows.clone()).unwrap_or_default(), index);
        }
    }
    let members =
        bursts.iter().enumerate().flat_map(|(index, burst)| burst.rows.iter().map(move |row| (*row, index as u32)));
    marks.bursts = members.collect();
    marks.bursts.par_sort_unstable();
    marks
}

fn set(column: &mut [u32], rows: &[u32], value: u32) {
    for row in rows {
        if let Some(slot) = column.get_mut(*row as usize) {
            *slot = value;
        }
    }
}
