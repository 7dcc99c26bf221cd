//! Stage three: messages in; bursts, campaigns, runs and a mark for every message out.
//! Only outbound messages count; a message inside the recipient's service window is a reply.
//! Here the measures are put together; each is defined in a file of its own below.

pub mod assemble;
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
pub mod of_accounts;
pub mod of_contents;
pub mod peaks;
pub mod regularity;
pub mod replies;
pub mod robustness;
pub mod search;
pub mod settings;
pub mod slices;
pub mod speed;
mod track;
pub mod transactional;

use xxhash_rust::xxh3::xxh3_128;

use assemble::{Parts, assemble};
pub use campaigns::{Campaign, Innocent, Run, SetAside};
pub use measures::Measures;
use of_accounts::{Seen, of_accounts};
use of_contents::of_contents;
pub use replies::Inbound;
use replies::Replies;
pub use settings::{Counts, Detector, Mark, Over, Scope, Settings};

use slices::Extent;

use crate::ingest::{NoProgress, Progress};
use crate::message::{Marks, Messages};

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

/// Steps of detection besides those of content mining, in lengths of its bands: shares of a profile over a million
/// messages of which nine in ten have a text of their own. Where few have, bands are short, and time left is told too long.
const ACCOUNTS: u64 = 8;
const CONTENTS: u64 = 7;

/// Finds everything there is to find in the messages.
#[must_use]
pub fn detect(messages: &Messages, settings: &Settings) -> Activity {
    detect_told(messages, settings, &NoProgress)
}

/// As [`detect`], and tells of the work as it goes on, in steps of about one length.
#[must_use]
pub fn detect_told(messages: &Messages, settings: &Settings, progress: &dyn Progress) -> Activity {
    progress.total(ACCOUNTS + mining::STEPS + CONTENTS);
    let groups = groups::by_account(&messages.columns, messages.accounts.len());
    let Replies { inbound, initiated, initiated_longer } = Replies::of(messages, &groups, settings.reply.milliseconds);
    let born = search::born(messages, &groups);
    let initiated_longer = initiated_longer.as_deref();
    let seen = Seen { messages, settings, initiated: &initiated, initiated_longer, born: &born };
    let of_accounts = of_accounts(seen, &groups, Extent::All);
    progress.advance(ACCOUNTS);
    let of_contents = of_contents(seen, &mining::groups_told(messages, search::least_reach(settings), progress));
    progress.advance(CONTENTS);
    assemble(messages, &groups, Parts { inbound, initiated, of_accounts, of_contents })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct Told {
        total: AtomicU64,
        done: AtomicU64,
    }

    impl Progress for Told {
        fn total(&self, units: u64) {
            self.total.fetch_add(units, Ordering::Relaxed);
        }

        fn advance(&self, units: u64) {
            self.done.fetch_add(units, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_steps_told_are_all_done_in_the_end() {
        let settings = Settings::load().expect("the data of the build");
        let told = Told::default();
        let _ = detect_told(&Messages::default(), &settings, &told);
        assert!(told.total.load(Ordering::Relaxed) > mining::BANDS);
        assert_eq!(told.done.into_inner(), told.total.into_inner());
    }
}
