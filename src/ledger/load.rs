//! Reads a ledger back: of a period only the months that it touches, and of everything else what the register knows.
//! What is loaded is joined by the same code that joins files read at once, so that both give the same report.
//! Sources are looked for where they lay; those that are gone or changed are told, and lend no hashes to the evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use rayon::prelude::*;

use super::account::StoredAccount;
use super::counts::{added_up, owners};
use super::part::PartRows;
use super::register::{SourceRow, StoredConsent, conflicts_of, from_json};
use super::{Argument, Ledger, LedgerError};
use crate::case::Case;
use crate::ingest::batch::Interner;
use crate::ingest::gather::labels;
use crate::ingest::whole::{Whole, interned};
use crate::ingest::{
    FileCounts, Ingested, Input, InputFile, Known, Reading, Reject, Settings, SourceRead, Unreadable, Wanted, gather,
    open,
};
use crate::message::{Conflict, Contradiction};

/// What of a ledger is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// First instant and the instant after the last, UTC milliseconds; `None` for everything.
    pub period: Option<(i64, i64)>,
    /// The case file.
    pub case: &'a Case,
    /// Settings of ingest: they must be those with which the sources were imported.
    pub settings: &'a Settings,
}

/// What was read back.
#[derive(Debug)]
pub struct Loaded {
    /// As ingest gives it.
    pub ingested: Ingested,
    /// What the inputs were named by.
    pub arguments: Vec<Argument>,
    /// Months whose messages were read.
    pub months: Vec<String>,
    /// Names of sources that are not where they lay, or have other bytes now; only those are looked for of which
    /// messages were read.
    pub gone: Vec<String>,
}

/// A setting with which sources would now be read otherwise than they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub setting: String,
    /// What it was at the import.
    pub then: String,
    /// What it is now.
    pub now: String,
    /// Names of the sources.
    pub sources: Vec<String>,
}

impl Difference {
    /// In words for people.
    #[must_use]
    pub fn text(&self) -> String {
        let first = self.sources.first().map_or("", String::as_str);
        let more = match self.sources.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{} was {}, and is {} (`{first}`{more})", self.setting, self.then, self.now)
    }
}

/// How sources stand against the settings of now.
pub(super) fn differences(
    sources: &[SourceRow],
    reading: &Reading,
    case: &Case,
    settings: &Settings,
) -> Result<Vec<Difference>, LedgerError> {
    let mut found: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    // What could not be read at all was not read in any way.
    for source in sources.iter().filter(|source| !source.sha256.is_empty()) {
        let now = reading.circumstances(&source.name, case, settings)?;
        for (setting, value) in &now {
            let then = source.circumstances.get(setting).map_or("", String::as_str);
            if then != value {
                let key = (setting.clone(), then.to_owned(), value.clone());
                found.entry(key).or_default().push(source.name.clone());
            }
        }
    }
    let difference = |((setting, then, now), sources)| Difference { setting, then, now, sources };
    Ok(found.into_iter().map(difference).collect())
}

/// Names in outputs: of files that were imported under one name with different bytes, each with its bytes' hash.
fn shown_names(sources: &[SourceRow]) -> BTreeMap<u32, String> {
    let mut versions: BTreeMap<&str, u32> = BTreeMap::new();
    let tops = || sources.iter().filter(|source| source.member.is_none());
    tops().for_each(|source| *versions.entry(&source.name).or_default() += 1);
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    for source in tops() {
        let name = match versions.get(source.name.as_str()) {
            Some(2..) => format!("{}#{}", source.name, source.sha256.get(..12).unwrap_or("unread")),
            _ => source.name.clone(),
        };
        names.insert(source.id, name);
    }
    for source in sources {
        if let Some(member) = &source.member {
            let top = names.get(&source.top).cloned().unwrap_or_default();
            names.insert(source.id, format!("{top}{}{member}", crate::ingest::containers::SEPARATOR));
        }
    }
    names
}

impl Ledger {
    /// Reads back what is wanted.
    ///
    /// # Errors
    /// When a file of the ledger is damaged, or the settings would read the sources otherwise than they were read.
    pub fn load(&self, wanted: &Load<'_>) -> Result<Loaded, LedgerError> {
        let Load { period, case, settings } = *wanted;
        let reading = Reading::new(case, settings, false)?;
        let sources = self.register.sources()?;
        let differing = differences(&sources, &reading, case, settings)?;
        if !differing.is_empty() {
            return Err(LedgerError::Differs(differing));
        }
        let (months, mut rows) = self.rows_within(period, &owners(&sources))?;
        let gone = gone(&sources, &rows);
        let known = period.map(|_| self.known(&sources)).transpose()?;
        let names = shown_names(&sources);
        let labels = labels(&sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>());
        let mut rejects = self.register.rejects()?;
        let mut consents = self.register.consents()?;
        let mut read = Vec::with_capacity(sources.len());
        for (index, (source, label)) in sources.iter().zip(labels).enumerate() {
            let stored: StoredAccount = from_json(&source.account)?;
            let mut account = InputFile::from(stored);
            account.name = names.get(&source.id).cloned().unwrap_or_default();
            let mut input = Input {
                name: account.name.clone(),
                path: source.path.clone(),
                named: false,
                member: source.member.clone(),
            };
            if gone.contains(&source.top) {
                // Nothing lies at no path: its records have no hash then.
                input.path = PathBuf::new();
                account.notes.push(
                    "is no longer where it was imported from, or has other bytes now: the evidence has no hashes of its \
                     records"
                        .to_owned(),
                );
            }
            let own = Own {
                rejects: rejects.remove(&source.id).unwrap_or_default(),
                consents: consents.remove(&source.id).unwrap_or_default(),
                rows: rows.remove(&source.id),
            };
            let mut whole = self.whole(source, own)?;
            whole.rename_provisional(&format!("?{label}"));
            read.push(SourceRead { input, account, batches: vec![whole.into_batch(&reading, index as u32)] });
        }
        let unreadable: Vec<Unreadable> =
            self.register.unreadable()?.into_iter().map(|(name, reason)| Unreadable { name, reason }).collect();
        let wanted = Wanted { period, ..Wanted::default() };
        let gone = sources.iter().filter(|source| source.member.is_none() && gone.contains(&source.id));
        let gone = gone.map(|source| source.name.clone()).collect();
        let ingested = gather(read, &unreadable, case, &reading, wanted, known);
        Ok(Loaded { ingested, arguments: self.register.arguments()?, months, gone })
    }

    /// The rows of the months that a period touches, by source, and the names of these months.
    fn rows_within(
        &self,
        period: Option<(i64, i64)>,
        owners: &BTreeSet<u32>,
    ) -> Result<(Vec<String>, BTreeMap<u32, PartRows>), LedgerError> {
        let mut names = Vec::new();
        let mut parts = Vec::new();
        for month in self.register.months()? {
            let (first, last) = (month.first_sent.unwrap_or(i64::MAX), month.last_sent.unwrap_or(i64::MIN));
            if period.is_none_or(|(since, until)| last >= since && first < until) {
                parts.append(&mut self.register.parts(Some(month.number))?);
                names.push(month.month);
            }
        }
        Ok((names, self.rows_of(&parts, owners)?))
    }

    /// What was read of a source, as far as it is wanted.
    fn whole(&self, source: &SourceRow, own: Own) -> Result<Whole, LedgerError> {
        let mut whole = Whole::empty();
        whole.accounts = interned(&source.accounts);
        whole.provisional = source.provisional;
        whole.echoing = source.echoing;
        whole.rejects = own.rejects;
        if let Some(rows) = own.rows {
            if let Some(words) = self.words_of(source)? {
                (whole.recipients, whole.kinds, whole.contents) = words.into_tables();
            }
            (whole.rows, _, whole.echoes) = rows.in_order();
        }
        add_consents(&mut whole, own.consents);
        Ok(whole)
    }

    /// What the register knows of all messages, whichever were read.
    fn known(&self, sources: &[SourceRow]) -> Result<Known, LedgerError> {
        let counts = added_up(self.register.counts()?);
        let owners = owners(sources);
        let files = sources.iter().map(|source| {
            let mut counts = counts.get(&source.id).copied().unwrap_or_default();
            // Of a file with the same bytes as another nothing is folded but the whole.
            counts.folded += if owners.contains(&source.id) { source.echoing } else { 0 };
            counts
        });
        let files: Vec<FileCounts> = files.collect();
        let index: BTreeMap<u32, u32> = sources.iter().map(|source| source.id).zip(0..).collect();
        let mut conflicts: BTreeMap<(Contradiction, u32, u32, i64), Conflict> = BTreeMap::new();
        for month in self.register.months()? {
            for mut one in conflicts_of(&month.conflicts)? {
                let of = |file: u32| index.get(&file).copied().unwrap_or_default();
                one.files = (of(one.files.0), of(one.files.1));
                let key = (one.kind, one.files.0, one.files.1, one.shift_ms);
                let known = conflicts.entry(key).or_insert(Conflict { count: 0, ..one });
                known.count += one.count;
                if (one.records.1, one.records.0) < (known.records.1, known.records.0) {
                    known.records = one.records;
                }
            }
        }
        Ok(Known { files, conflicts: conflicts.into_values().collect() })
    }
}

/// What the register and the parts have of one source.
struct Own {
    rejects: Vec<Reject>,
    consents: Vec<StoredConsent>,
    rows: Option<PartRows>,
}

/// Puts consents into what was read of a source, whose table of recipients may not have been.
pub(super) fn add_consents(whole: &mut Whole, consents: Vec<StoredConsent>) {
    if consents.is_empty() {
        return;
    }
    let mut known: HashMap<String, u32> = whole.recipients.texts.iter().map(str::to_owned).zip(0..).collect();
    let recipients: &mut Interner = &mut whole.recipients;
    for StoredConsent { mut consent, recipient, kind } in consents {
        consent.recipient = match known.get(&recipient) {
            Some(index) => *index,
            None => {
                let index = recipients.texts.len() as u32;
                recipients.append(&recipient);
                whole.kinds.push(kind);
                known.insert(recipient, index);
                index
            }
        };
        whole.consents.push(consent);
    }
}

/// The files of which messages were read that are not there any more, or have other bytes.
fn gone(sources: &[SourceRow], rows: &BTreeMap<u32, PartRows>) -> BTreeSet<u32> {
    let needed: BTreeSet<u32> =
        sources.iter().filter(|source| rows.contains_key(&source.id)).map(|source| source.top).collect();
    let tops: Vec<&SourceRow> = sources.iter().filter(|source| needed.contains(&source.id)).collect();
    let is_there = |source: &SourceRow| {
        let size = std::fs::metadata(&source.path).is_ok_and(|meta| meta.len() == source.bytes);
        size && open::sha256_of_file(&source.path).is_ok_and(|sha256| sha256 == source.sha256)
    };
    tops.par_iter().filter(|source| !is_there(source)).map(|source| source.id).collect()
}
