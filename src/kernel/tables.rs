//! What every kernel must know beside its rows: accounts with their clients, what is doubtful of files, the detectors.
//! One small JSON file goes to wherever kernels run; it also says of which messages it is, so that parts are not mixed up.
//! Clients with very many messages are worked on in slices of time; where these are cut stands here too.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{KernelError, PROGRAM, schema};
use crate::detect::{Inbound, Settings, groups, replies, search};
use crate::ledger::carried::vocabulary;
use crate::message::{Account, Contents, Doubt, Messages};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TableAccount {
    id: String,
    client: Option<String>,
    registered: Option<i64>,
    first_seen: Option<i64>,
    /// Whose inbound messages show its replies.
    replies_from: String,
}

/// A slice of the messages of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The subject.
    pub subject: u32,
    /// Number of the slice, from 1.
    pub slice: i32,
    /// First instant, UTC milliseconds.
    pub first: i64,
    /// Last instant.
    pub last: i64,
}

/// Stands for the slice of messages that are not sliced.
pub const UNSLICED: i32 = -1;
/// Stands for all messages of a sliced subject, to see what looks at whole lives.
pub const WHOLE_LIFE: i32 = 0;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TableDoubt {
    zone: String,
    date_order: bool,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    version: u32,
    program: String,
    vocabulary: String,
    /// Hash of all messages, their order and the accounts.
    messages: String,
    detectors: Option<String>,
    /// More messages of one subject than this are sliced.
    slice_rows: u64,
    slices: Vec<Slice>,
    accounts: Vec<TableAccount>,
    doubts: Vec<TableDoubt>,
}

impl Tables {
    /// Those of folded messages, and of the user's detectors as text; subjects with more than `slice_rows` messages are
    /// sliced.
    #[must_use]
    pub fn of(messages: &Messages, detectors: Option<&str>, slice_rows: u64) -> Self {
        let groups = groups::by_account(&messages.columns, messages.accounts.len());
        let born = search::born(messages, &groups);
        let inbound = replies::inbound(messages, &groups);
        let account = |((account, (registered, first_seen)), from): ((&Account, _), &Inbound)| TableAccount {
            id: account.id.clone(),
            client: account.client.clone(),
            registered,
            first_seen,
            replies_from: from.as_str().to_owned(),
        };
        let doubt = |doubt: &Doubt| TableDoubt { zone: doubt.zone.clone(), date_order: doubt.date_order };
        Self {
            version: schema::VERSION,
            program: PROGRAM.to_owned(),
            vocabulary: vocabulary(),
            messages: digest(messages),
            detectors: detectors.map(str::to_owned),
            slice_rows,
            slices: slices(messages, slice_rows),
            accounts: messages.accounts.iter().zip(born).zip(&inbound).map(account).collect(),
            doubts: messages.doubts.iter().map(doubt).collect(),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or another program wrote it.
    pub fn read(path: &Path) -> Result<Self, KernelError> {
        let text = std::fs::read(path).map_err(KernelError::io(path))?;
        let mismatch = |reason: String| KernelError::mismatch(path, reason);
        let tables: Self = serde_json::from_slice(&text).map_err(|error| mismatch(error.to_string()))?;
        if (tables.version, tables.program.as_str()) != (schema::VERSION, PROGRAM) || tables.vocabulary != vocabulary()
        {
            return Err(mismatch(format!("it was written by {}, and this is {PROGRAM}", tables.program)));
        }
        Ok(tables)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When it cannot be put into JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Whether these are of the same messages and detectors; else in what they differ.
    ///
    /// # Errors
    /// When they are not.
    pub fn must_equal(&self, other: &Self, place: &Path) -> Result<(), KernelError> {
        let differing = match () {
            () if self == other => return Ok(()),
            () if self.detectors != other.detectors => "detectors",
            () if self.doubts != other.doubts => "settings of the inputs",
            () if self.accounts != other.accounts => "accounts",
            () => "messages",
        };
        let reason =
            format!("it was gathered with other {differing}; gather again with the inputs and options of this run");
        Err(KernelError::mismatch(place, reason))
    }

    /// The detectors.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn settings(&self) -> Result<Settings, KernelError> {
        let settings = Settings::load()?;
        Ok(match &self.detectors {
            Some(text) => settings.with_file(text)?,
            None => settings,
        })
    }

    /// Messages without rows.
    #[must_use]
    pub fn empty(&self) -> Messages {
        let account = |account: &TableAccount| Account {
            id: account.id.clone(),
            client: account.client.clone(),
            registered: account.registered,
            ..Account::default()
        };
        let doubt = |doubt: &TableDoubt| Doubt { zone: doubt.zone.clone(), date_order: doubt.date_order };
        let none = Contents {
            fingerprint: vec![0],
            kind: vec![crate::message::ContentKind::default()],
            ..Contents::default()
        };
        Messages {
            accounts: self.accounts.iter().map(account).collect(),
            doubts: self.doubts.iter().map(doubt).collect(),
            contents: none,
            ..Messages::default()
        }
    }

    /// More messages of one subject than this are sliced.
    #[must_use]
    pub const fn slice_rows(&self) -> u64 {
        self.slice_rows
    }

    /// The slices, by subject and time.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// A slice.
    #[must_use]
    pub fn slice(&self, subject: u32, slice: i32) -> Option<Slice> {
        self.slices.iter().find(|known| (known.subject, known.slice) == (subject, slice)).copied()
    }

    /// For each account, whose inbound messages show its replies.
    #[must_use]
    pub fn inbound(&self) -> Vec<Inbound> {
        let all = [Inbound::None, Inbound::Client, Inbound::Own];
        let of = |account: &TableAccount| all.into_iter().find(|from| from.as_str() == account.replies_from);
        self.accounts.iter().map(|account| of(account).unwrap_or_default()).collect()
    }

    /// For each account, when its age begins.
    #[must_use]
    pub fn born(&self) -> Vec<(Option<i64>, Option<i64>)> {
        self.accounts.iter().map(|account| (account.registered, account.first_seen)).collect()
    }
}

/// For each account the one that stands for its client: the first of them.
#[must_use]
pub fn subjects(messages: &Messages) -> Vec<u32> {
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    let mut subjects = Vec::with_capacity(messages.accounts.len());
    for (index, account) in (0_u32..).zip(&messages.accounts) {
        subjects.push(account.client.as_deref().map_or(index, |client| *first.entry(client).or_insert(index)));
    }
    subjects
}

/// Slices of about the same size, cut between instants, of subjects with more messages than that.
fn slices(messages: &Messages, slice_rows: u64) -> Vec<Slice> {
    let subjects = subjects(messages);
    let subject = |account: &u32| subjects.get(*account as usize).copied().unwrap_or(*account);
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    for account in &messages.columns.account {
        *counts.entry(subject(account)).or_default() += 1;
    }
    let mut found = Vec::new();
    for (large, count) in counts.into_iter().filter(|(_, count)| *count > slice_rows.max(1)) {
        let own = messages.columns.account.iter().zip(&messages.columns.sent_at);
        let mut times: Vec<i64> = own.filter(|(account, _)| subject(account) == large).map(|(_, at)| *at).collect();
        times.sort_unstable();
        let parts = count.div_ceil(slice_rows.max(1)) as usize;
        let mut cuts: Vec<i64> = (1..parts).filter_map(|part| times.get(times.len() * part / parts)).copied().collect();
        cuts.dedup();
        let firsts = [i64::MIN].into_iter().chain(cuts.iter().copied());
        let lasts = cuts.iter().map(|cut| cut - 1).chain([i64::MAX]);
        found.extend((1..).zip(firsts.zip(lasts)).map(|(slice, (first, last))| Slice {
            subject: large,
            slice,
            first,
            last,
        }));
    }
    found
}

fn digest(messages: &Messages) -> String {
    let mut hash = Xxh3::new();
    let columns = &messages.columns;
    for (key, sent_at) in columns.key.iter().zip(&columns.sent_at) {
        hash.update(&key.to_le_bytes());
        hash.update(&sent_at.to_le_bytes());
    }
    for account in &messages.accounts {
        hash.update(account.id.as_bytes());
        hash.update(&[0]);
    }
    format!("{:032x}", hash.digest128())
}
