//! The made-up world of one seed: whose numbers there are, when things happen, and everything that was said.

use crate::messages::{Line, Truth};
use crate::random::Random;

pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// 2024-05-01T00:00:00Z.
const EPOCH: i64 = 1_714_521_600_000;

pub struct World {
    pub random: Random,
    pub lines: Vec<Line>,
    accounts: u64,
    people: u64,
    campaigns: u32,
}

impl World {
    pub fn new(seed: u64) -> World {
        World { random: Random::new(seed), lines: Vec::new(), accounts: 0, people: 0, campaigns: 0 }
    }

    /// A number that nobody else sends from. Swedish numbers of the range kept for fiction.
    pub fn account(&mut self) -> String {
        self.accounts += 1;
        format!("+4670174{:04}", self.accounts)
    }

    /// People nobody else writes to: invented German mobile numbers.
    pub fn people(&mut self, count: usize) -> Vec<String> {
        let first = self.people;
        self.people += count as u64;
        (first..self.people).map(|person| format!("+491511{person:07}")).collect()
    }

    pub fn next_campaign(&mut self) -> u32 {
        self.campaigns += 1;
        self.campaigns
    }

    /// Some moment of the first two months.
    pub fn moment(&mut self) -> i64 {
        EPOCH + self.random.between(0, 60 * DAY)
    }

    pub fn inbound(&mut self, account: &str, contact: &str, at: i64, body: &str) {
        self.say(account, contact, at, false, "inbound", body);
    }

    pub fn outbound(&mut self, account: &str, contact: &str, at: i64, kind: &'static str, body: &str) {
        self.say(account, contact, at, true, kind, body);
    }

    fn say(&mut self, account: &str, contact: &str, at: i64, outbound: bool, kind: &'static str, body: &str) {
        let truth = Truth { kind, campaign: None };
        let (account, contact, body) = (account.to_owned(), contact.to_owned(), body.to_owned());
        self.lines.push(Line { at, account, contact, outbound, body, truth });
    }
}
