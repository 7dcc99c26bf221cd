//! What every kernel must know beside its rows: accounts with their clients, what is doubtful of files, the detectors.
//! One small JSON file goes to wherever kernels run; it also says of which messages it is, so that parts are not mixed up.
//! Rows themselves come in streams.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{KernelError, PROGRAM, schema};
use crate::detect::{Settings, groups, search};
use crate::ledger::carried::vocabulary;
use crate::message::{Account, Contents, Doubt, Messages};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TableAccount {
    id: String,
    client: Option<String>,
    registered: Option<i64>,
    first_seen: Option<i64>,
}

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
    accounts: Vec<TableAccount>,
    doubts: Vec<TableDoubt>,
}

impl Tables {
    /// Those of folded messages, and of the user's detectors as text.
    #[must_use]
    pub fn of(messages: &Messages, detectors: Option<&str>) -> Self {
        let groups = groups::by_account(&messages.columns, messages.accounts.len());
        let born = search::born(messages, &groups);
        let account = |(account, (registered, first_seen)): (&Account, (Option<i64>, Option<i64>))| TableAccount {
            id: account.id.clone(),
            client: account.client.clone(),
            registered,
            first_seen,
        };
        let doubt = |doubt: &Doubt| TableDoubt { zone: doubt.zone.clone(), date_order: doubt.date_order };
        Self {
            version: schema::VERSION,
            program: PROGRAM.to_owned(),
            vocabulary: vocabulary(),
            messages: digest(messages),
            detectors: detectors.map(str::to_owned),
            accounts: messages.accounts.iter().zip(born).map(account).collect(),
            doubts: messages.doubts.iter().map(doubt).collect(),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or another program wrote it.
    pub fn read(path: &Path) -> Result<Self, KernelError> {
        let place = || path.display().to_string();
        let text = std::fs::read(path).map_err(|source| KernelError::Io { place: place(), source })?;
        let mismatch = |reason: String| KernelError::Mismatch { place: place(), reason };
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
        Err(KernelError::Mismatch { place: place.display().to_string(), reason })
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
