//! Stage three: messages in; bursts, campaigns, runs and a mark for every message out.
//! Only outbound messages count; a message inside the recipient's service window is a reply.
//! Here the measures are put together; each is defined in a file of its own below.

pub mod bursts;
pub mod campaigns;
pub mod clusters;
pub mod completeness;
pub(crate) mod groups;
pub mod intensity;
pub mod limits;
mod links;
pub mod measures;
pub mod mining;
pub mod name;
pub mod peaks;
pub mod regularity;
pub mod replies;
pub mod robustness;
mod search;
pub mod settings;
pub mod speed;
pub mod transactional;

use std::collections::BTreeSet;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use campaigns::Found;
pub use campaigns::{Campaign, Innocent, Run, SetAside};
pub use measures::Measures;
pub use replies::Inbound;
pub use settings::{Counts, Detector, Mark, Over, Scope, Settings};

use crate::message::{Columns, Direction, Marks, Messages};

/// A burst with its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// `B-` and 10 hex digits.
    pub id: String,
    /// Index into [`Settings::detectors`].
    pub detector: usize,
    /// Account; of a client's burst the first of its accounts.
    pub account: u32,
    /// Accounts that sent in it, ascending.
    pub accounts: Vec<u32>,
    /// Client, for detectors over all accounts of a client.
    pub client: Option<String>,
    /// Content, for detectors over one content; else none.
    pub content: u32,
    /// First message, UTC milliseconds.
    pub start: i64,
    /// Last message, UTC milliseconds.
    pub end: i64,
    /// Distinct recipients, each stated audience adding its size.
    pub recipients: u64,
    /// Highest windowed count.
    pub peak: u64,
    /// First moment of the peak, UTC milliseconds.
    pub peak_at: i64,
    /// Its messages, by time.
    pub rows: Vec<u32>,
}

/// What one account did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountActivity {
    /// Outbound messages.
    pub messages: u64,
    /// Inbound messages.
    pub inbound: u64,
    /// Whose inbound messages showed its replies.
    pub replies_from: Inbound,
    /// Distinct recipients of outbound messages, each stated audience adding its size.
    pub recipients: u64,
    /// Outbound messages outside service windows.
    pub initiated: u64,
    /// First outbound send, UTC milliseconds.
    pub first_sent: Option<i64>,
    /// Last outbound send, UTC milliseconds.
    pub last_sent: Option<i64>,
    /// Bursts.
    pub bursts: u64,
    /// Campaigns it sent in.
    pub campaigns: u64,
}

/// What detection gives.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// Bursts by detector, account and time.
    pub bursts: Vec<Burst>,
    /// Campaigns by first send and id.
    pub campaigns: Vec<Campaign>,
    /// Runs by campaign and time.
    pub runs: Vec<Run>,
    /// Contents that reached enough recipients and are no campaigns all the same.
    pub set_aside: Vec<SetAside>,
    /// One entry for each account of the messages.
    pub accounts: Vec<AccountActivity>,
    /// Marks of single messages.
    pub marks: Marks,
    /// Everything that is measured beside bursts and campaigns.
    pub measures: Measures,
}

/// A stable id: a letter and 10 hex digits of the xxh3-128 of its parts.
#[must_use]
pub fn id(letter: &str, parts: &[&[u8]]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    format!("{letter}-{:010x}", (xxh3_128(&bytes) >> 88) as u64)
}

/// Finds everything there is to find in the messages.
#[must_use]
pub fn detect(messages: &Messages, settings: &Settings) -> Activity {
    let columns = &messages.columns;
    let groups = groups::by_account(columns, messages.accounts.len());
    let inbound = replies::inbound(messages, &groups);
    let initiated = replies::initiated_rows(messages, &groups, &inbound, settings.reply.milliseconds);
    let mut accounts: Vec<AccountActivity> =
        groups.par_iter().map(|rows| account_activity(messages, rows, &initiated)).collect();
    for (account, from) in accounts.iter_mut().zip(&inbound) {
        account.replies_from = *from;
    }
    let least = search::least_reach(settings);
    let contents = mining::groups(messages, least);
    let born = search::born(messages, &groups);
    let field = search::Field { messages, accounts: &groups, contents: &contents, initiated: &initiated, born: &born };
    let mut bursts = search::find(field, settings);
    let (mut campaigns, runs, set_aside) = find_campaigns(messages, settings, &contents, &initiated);
    drop(contents);
    bursts.par_sort_by(|left, right| {
        // The id tells contents apart by what they are, not by where they were first met.
        let key = |burst: &Burst| (burst.detector, burst.account, burst.start);
        key(left).cmp(&key(right)).then_with(|| left.id.cmp(&right.id))
    });
    let measures = measures::measure(messages, settings, &groups, &inbound, &initiated, (&bursts, &campaigns, &runs));
    drop(groups);
    let marks = marks(columns.len(), initiated, &bursts, &campaigns, &runs);
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
    Activity { bursts, campaigns, runs, set_aside, accounts, marks, measures }
}

fn is_outbound(columns: &Columns, row: u32) -> bool {
    columns.direction.get(row as usize) == Some(&Direction::Outbound)
}

fn account_activity(messages: &Messages, rows: &[u32], initiated: &[bool]) -> AccountActivity {
    let columns = &messages.columns;
    let outbound: Vec<u32> = rows.iter().copied().filter(|row| is_outbound(columns, *row)).collect();
    let at = |row: Option<&u32>| row.and_then(|row| columns.sent_at.get(*row as usize)).copied();
    AccountActivity {
        messages: outbound.len() as u64,
        inbound: (rows.len() - outbound.len()) as u64,
        recipients: groups::recipients_of(messages, &outbound),
        replies_from: Inbound::default(),
        initiated: outbound.iter().filter(|row| initiated.get(**row as usize).copied().unwrap_or(false)).count() as u64,
        first_sent: at(outbound.first()),
        last_sent: at(outbound.last()),
        bursts: 0,
        campaigns: 0,
    }
}

fn find_campaigns(
    messages: &Messages,
    settings: &Settings,
    contents: &[mining::Group],
    initiated: &[bool],
) -> (Vec<Campaign>, Vec<Run>, Vec<SetAside>) {
    let (mut found, mut set_aside) = (Vec::new(), Vec::new());
    let of_groups: Vec<Option<Found>> =
        contents.par_iter().map(|group| campaigns::campaign(messages, group, initiated, settings)).collect();
    for of_group in of_groups.into_iter().flatten() {
        match of_group {
            Found::Campaign(campaign, runs) => found.push((*campaign, runs)),
            Found::SetAside(aside) => set_aside.push(aside),
        }
    }
    found.sort_by(|(left, _), (right, _)| (left.first_sent, &left.id).cmp(&(right.first_sent, &right.id)));
    let (mut campaigns, mut runs) = (Vec::<Campaign>::with_capacity(found.len()), Vec::new());
    let mut ids = BTreeSet::new();
    for (index, (mut campaign, mut own)) in found.into_iter().enumerate() {
        // Two offers in one frame may have the same words in most of their texts.
        while !ids.insert(campaign.id.clone()) {
            campaign.id = id("C", &[campaign.id.as_bytes(), &campaign.first_sent.to_le_bytes()]);
            own.iter_mut().for_each(|run| run.id = id("R", &[campaign.id.as_bytes(), &run.start.to_le_bytes()]));
        }
        campaign.runs = runs.len()..runs.len() + own.len();
        own.iter_mut().for_each(|run| run.campaign = index);
        runs.append(&mut own);
        campaigns.push(campaign);
    }
    (campaigns, runs, set_aside)
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
