//! Makes one whole of what was read of many inputs: duplicates, folding, the period asked for, the case file.
//! Everything that depends on more than one input is settled here, so that inputs may have been read at any time.
//! Reading a single input lives in `reading`; the folding itself in `fold`.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, Reject};
use super::case_match;
use super::context::Context;
use super::fold::{FileCounts, fold};
use super::people::Hint;
use super::reading::{Reading, SourceRead, provisional_names};
use super::{DateOrderDecision, Ingested, Input, InputFile, Unreadable};
use crate::case::Case;
use crate::message::{Conflict, Doubt, Messages, Place, ZoneBasis};

/// What is wanted of the inputs beside all their messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Whether the places of records that only told more of a message are kept.
    pub folded_records: bool,
    /// Keep only messages sent from the first instant on and before the second, UTC milliseconds. The accounts of
    /// records stay whole: they tell what was read, not what was asked for.
    pub period: Option<(i64, i64)>,
}

impl Wanted {
    /// The period between two bounds of which either may be open.
    #[must_use]
    pub fn between(since: Option<i64>, until: Option<i64>) -> Self {
        let bounded = since.is_some() || until.is_some();
        let period = bounded.then(|| (since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX)));
        Self { period, ..Self::default() }
    }
}

/// What is known of inputs whose messages are not all there: only those of some months were loaded.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Counts of each input, one for one.
    pub files: Vec<FileCounts>,
    /// Contradictions over all messages.
    pub conflicts: Vec<Conflict>,
}

/// What folding gives beside the messages.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Counts of each file.
    pub files: Vec<FileCounts>,
    /// Of the records that the counts leave out: file, record, and whether it gave a message that was new.
    pub left_out: Vec<(u32, u32, bool)>,
    /// Contradictions between records of one message.
    pub conflicts: Vec<Conflict>,
}

/// Folds batches for the sake of the counts; records in `elsewhere` (file and record) are left out of them, for not all
/// of their messages are here.
#[must_use]
pub fn count(batches: Vec<Batch<'_>>, files: usize, elsewhere: &BTreeSet<(u32, u32)>) -> Counted {
    let folded = fold(batches, vec![String::new(); files], Wanted::default(), elsewhere);
    Counted { files: folded.files, left_out: folded.left_out, conflicts: folded.messages.conflicts }
}

/// Names that stand for the accounts of records without a sender: shortened as far as they stay different.
#[must_use]
pub fn labels(names: &[&str]) -> Vec<String> {
    let distinct: Vec<&str> = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let short = provisional_names(&distinct);
    let of = |name: &&str| distinct.binary_search(name).ok().and_then(|at| short.get(at)).cloned().unwrap_or_default();
    names.iter().map(of).collect()
}

/// Joins and folds what was read of all inputs, which stand in order of their names. `known` overrides the counts where
/// not all messages are among the batches.
#[must_use]
pub fn gather(
    sources: Vec<SourceRead<'_>>,
    unreadable: &[Unreadable],
    case: &Case,
    reading: &Reading,
    wanted: Wanted,
    known: Option<Known>,
) -> Ingested {
    let mut accounts: Vec<InputFile> = Vec::with_capacity(sources.len());
    let mut inputs: Vec<Input> = Vec::with_capacity(sources.len());
    let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for (index, SourceRead { input, mut account, batches: mut read }) in sources.into_iter().enumerate() {
        if !account.sha256.is_empty() && account.bytes > 0 {
            let first = *first_of.entry(account.sha256.clone()).or_insert(index);
            account.duplicate_of = accounts.get(first).map(|first| first.name.clone());
        }
        if account.duplicate_of.is_some() {
            account.folded = account.records - account.ignored - account.rejected;
            account.notes.push("has the same bytes as another input; every record is folded into it".to_owned());
            read.iter_mut().for_each(Batch::forget_messages);
        }
        batches.append(&mut read);
        accounts.push(account);
        inputs.push(input);
    }
    let mut rejects: Vec<Reject> = batches.iter_mut().flat_map(|batch| std::mem::take(&mut batch.rejects)).collect();
    let names = accounts.iter().map(|account| account.name.clone()).collect();
    let folded = fold(batches, names, wanted, &BTreeSet::new());
    let mut messages = folded.messages;
    let counts = match known {
        Some(known) => {
            messages.conflicts = known.conflicts;
            known.files
        }
        None => folded.files,
    };
    for (account, counts) in accounts.iter_mut().zip(&counts) {
        describe(account, counts);
    }
    for account in accounts.iter_mut().filter(|account| account.zone_basis == ZoneBasis::Guessed) {
        if account.zone_needed > 0 {
            account.notes.push(format!(
                "{} × time without a zone, read as {}; name the zone with --timezone or in the case file",
                account.zone_needed, account.zone
            ));
        }
    }
    let doubt = |account: &InputFile| Doubt {
        zone: account.zone.clone(),
        date_order: account.date_order.is_some_and(|decision: DateOrderDecision| decision.is_guess()),
    };
    messages.doubts = accounts.iter().map(doubt).collect();
    for missing in unreadable {
        let (reject, account) = unread(missing, accounts.len() as u32);
        messages.files.push(missing.name.clone());
        rejects.push(reject);
        accounts.push(account);
    }
    apply_case(&mut messages, case, &reading.context);
    let case_doubts = case_match::doubts(case, &inputs, &messages, &reading.context);
    Ingested {
        messages,
        consents: folded.consents,
        rejects,
        inputs: accounts,
        case_doubts,
        sources: inputs,
        folded_records: folded.records,
    }
}

/// What `inputs.csv` says of the rows of a file.
fn describe(account: &mut InputFile, counts: &FileCounts) {
    account.read = counts.read;
    account.folded += counts.folded;
    account.messages = counts.messages;
    account.zone_needed = counts.zone_needed;
    account.first_sent = counts.first_sent;
    account.last_sent = counts.last_sent;
}

/// The account of what could not be looked into, and its one reject.
fn unread(missing: &Unreadable, index: u32) -> (Reject, InputFile) {
    let reason = format!("cannot be looked into: {}", missing.reason);
    let reject = Reject {
        file: index,
        place: Place { record: 1, line: 1, ..Place::default() },
        reason: reason.clone().into(),
        excerpt: String::new(),
    };
    let account = InputFile {
        name: missing.name.clone(),
        format: "unreadable".to_owned(),
        records: 1,
        rejected: 1,
        failed: true,
        notes: vec![reason],
        ..InputFile::default()
    };
    (reject, account)
}

/// Gives accounts what the case file knows of them.
fn apply_case(messages: &mut Messages, case: &Case, context: &Context) {
    for entry in &case.accounts {
        let Some(address) = context.people.canonical(&entry.id, Hint::Unknown) else { continue };
        let known = messages.accounts.iter_mut().find(|account| account.id == address.text || account.id == entry.id);
        if let Some(account) = known {
            account.client.clone_from(&entry.client);
            account.provider.clone_from(&entry.provider);
            account.owner = entry.owner;
            account.route = entry.route;
            account.registered = entry.registered_ms(case.matter.timezone.as_deref());
        }
    }
    let routes: Vec<_> = messages.accounts.iter().map(|account| account.route).collect();
    if routes.iter().any(Option::is_some) {
        for (route, account) in messages.columns.route.iter_mut().zip(&messages.columns.account) {
            if let Some(Some(stated)) = routes.get(*account as usize) {
                *route = *stated;
            }
        }
    }
}
