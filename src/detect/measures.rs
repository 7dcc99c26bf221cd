//! What is measured beside bursts and campaigns, as the stages behind detection see it.
//! Limit check, speed and intensity see initiated messages; completeness sees all; robustness what was found.
//! What each measure computes is defined in its own file; what calls them are `of_accounts` and `of_contents`.

use super::clusters::Cluster;
use super::completeness::SourceCheck;
use super::limits::Reach;
use super::robustness::Setting;
use super::speed::Step;

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
    /// Highest level of the automaton of which this is the stretch, from 1.
    pub level: u8,
    /// Lowest one.
    pub from_level: u8,
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
