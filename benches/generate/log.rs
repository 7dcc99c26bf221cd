//! The traffic behind the logs of any size: two hundred accounts that mostly answer single people,
//! and now and then send one text to hundreds. It is drawn message by message in order of time, so
//! memory does not grow with the log.

use crate::random::Random;
use crate::words;

pub const ACCOUNTS: u64 = 200;

/// 2024-01-01T00:00:00Z.
const START_MS: u64 = 1_704_067_200_000;
/// People who wrote lately and may still be answered.
const REMEMBERED: usize = 256;
/// Telephone numbers have seven free digits.
const MOST_PEOPLE: u64 = 10_000_000;

#[derive(Clone, Copy)]
pub struct Message {
    pub index: u64,
    pub at_ms: u64,
    pub account: u64,
    pub person: u64,
    pub inbound: bool,
    pub status: Status,
    /// The number of the campaign, if it is part of one that has a name.
    pub template: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Sent,
    Delivered,
    Read,
    Failed,
    Received,
}

/// One text to many people.
struct Campaign {
    number: u64,
    left: u64,
    /// The first of the accounts that send it, and how many there are.
    account: u64,
    accounts: u64,
    /// The next person, and the step to the one after: visits everybody before anybody twice.
    person: u64,
    step: u64,
    /// Longest pause between two of its messages.
    pause_ms: u64,
    personal: bool,
    text: Vec<u8>,
}

/// What a log is made of.
pub struct Mix {
    /// How many of a thousand messages between single people and accounts come in.
    pub inbound_of_1000: u64,
    pub campaigns: bool,
}

pub struct Traffic {
    random: Random,
    now_ms: u64,
    index: u64,
    total: u64,
    people: u64,
    mix: Mix,
    campaign: Option<Campaign>,
    campaigns: u64,
    until_campaign: u64,
    /// The last people who wrote, with the accounts they wrote to, as a ring.
    wrote: Vec<(u64, u64)>,
}

impl Traffic {
    pub fn new(messages: u64, seed: u64, mix: Mix) -> Traffic {
        Traffic {
            random: Random::new(seed),
            now_ms: START_MS,
            index: 0,
            total: messages,
            people: (messages / 8).clamp(100, MOST_PEOPLE),
            mix,
            campaign: None,
            campaigns: 0,
            until_campaign: 200,
            wrote: Vec::with_capacity(REMEMBERED),
        }
    }

    /// The next message, with its text in `text`; `None` after the last.
    pub fn next(&mut self, text: &mut Vec<u8>) -> Option<Message> {
        if self.index == self.total {
            return None;
        }
        text.clear();
        let message = match self.campaign.take() {
            // The other accounts go on writing while a campaign runs.
            Some(mut campaign) if self.random.chance(3, 4) => {
                let message = self.of_campaign(&mut campaign, text);
                if campaign.left > 0 {
                    self.campaign = Some(campaign);
                }
                message
            }
            waiting => {
                self.campaign = waiting;
                self.single(text)
            }
        };
        self.index += 1;
        self.until_campaign = self.until_campaign.saturating_sub(1);
        if self.mix.campaigns && self.until_campaign == 0 && self.campaign.is_none() {
            self.campaign = Some(self.begin_campaign());
            self.until_campaign = 1_200 + self.random.below(1_600);
        }
        Some(message)
    }

    fn begin_campaign(&mut self) -> Campaign {
        let number = self.campaigns;
        self.campaigns += 1;
        let mut text = Vec::with_capacity(96);
        words::individual(&mut self.random, &mut text);
        let coordinated = number % 8 == 7;
        Campaign {
            number,
            left: (100 + self.random.below(500)).min(self.people),
            account: self.random.below(ACCOUNTS),
            accounts: if coordinated { 3 } else { 1 },
            person: self.random.below(self.people),
            step: coprime_to(self.people),
            pause_ms: 40 << self.random.below(6),
            personal: number % 3 == 2,
            text,
        }
    }

    fn of_campaign(&mut self, campaign: &mut Campaign, text: &mut Vec<u8>) -> Message {
        let turn = self.random.below(campaign.accounts);
        let account = (campaign.account + turn) % ACCOUNTS;
        let person = campaign.person;
        campaign.left -= 1;
        campaign.person = (person + campaign.step) % self.people;
        if campaign.personal {
            text.extend_from_slice(b"Hallo ");
            words::name_of(person.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20, text);
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(&campaign.text);
        self.now_ms += self.random.below(campaign.pause_ms);
        let named = campaign.number % 2 == 1;
        self.message(account, person, false, named.then_some(campaign.number))
    }

    fn single(&mut self, text: &mut Vec<u8>) -> Message {
        words::individual(&mut self.random, text);
        self.now_ms += self.random.below(1_600);
        let inbound = self.random.chance(self.mix.inbound_of_1000, 1_000);
        let answers = !inbound && !self.wrote.is_empty() && self.random.chance(1, 32);
        let (account, person) = if answers {
            *self.random.pick(&self.wrote)
        } else {
            (self.random.below(ACCOUNTS), self.random.below(self.people))
        };
        if inbound {
            if self.wrote.len() < REMEMBERED {
                self.wrote.push((account, person));
            } else {
                let oldest = self.index as usize % REMEMBERED;
                self.wrote[oldest] = (account, person);
            }
        }
        self.message(account, person, inbound, None)
    }

    fn message(&mut self, account: u64, person: u64, inbound: bool, template: Option<u64>) -> Message {
        let status = match self.random.below(64) {
            _ if inbound => Status::Received,
            0..2 => Status::Failed,
            2..6 => Status::Sent,
            6..26 => Status::Delivered,
            _ => Status::Read,
        };
        Message { index: self.index, at_ms: self.now_ms, account, person, inbound, status, template }
    }
}

/// A step that visits all of `people` places before it comes back: it shares no divisor with them.
fn coprime_to(people: u64) -> u64 {
    let shares_none = |step: &u64| {
        let (mut larger, mut smaller) = (*step, people);
        while smaller > 0 {
            (larger, smaller) = (smaller, larger % smaller);
        }
        larger == 1
    };
    (7_919..).find(shares_none).unwrap_or(1)
}
