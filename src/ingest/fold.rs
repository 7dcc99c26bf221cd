//! Joins the batches of all files into `Messages` and folds records that tell of one message.
//! Earliest send time, furthest status; what the first record leaves open, a later one fills in.
//! The order of rows is the order of files and records, so threads and blocks leave no trace.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_128;

use super::batch::{Batch, Consent};
use super::compact::compact;
use super::echo::Echo;
use super::gather::Wanted;
use super::identity::is_made_of_parts;
use super::join::{Entry, join};
use super::kinds::Stated;
use super::local_contents::LocalContents;
use super::people;
use super::samples::{Origins, Samples};
use crate::message::{
    Account, Automation, Category, Columns, ContentKind, Contents, FORWARD_UNKNOWN, Form, Messages, NO_CONTENT, Place,
    Platform, RecipientKind, Recipients, Route, Texts, ZoneBasis,
};

/// Keys are spread over this many parts; each is folded on its own.
const PARTS: usize = 256;
/// Rows whose keys lie beside each other at a time; few in tests, so that theirs are more than one round's.
const ROUND: usize = if cfg!(test) { 8 } else { 1 << 22 };

/// What folding gives.
#[derive(Debug, Default)]
pub struct Folded {
    /// The messages.
    pub messages: Messages,
    /// Opt-ins and opt-outs, in order of file and record.
    pub consents: Vec<Consent>,
    /// Counts of each file, over all messages, whatever period is wanted.
    pub files: Vec<FileCounts>,
    /// Where the records stand that only told more of messages already known, if that is wanted.
    pub records: Vec<FoldedRecord>,
    /// Of the records that the counts leave out: file, record, and whether it gave a message that was new.
    pub left_out: Vec<(u32, u32, bool)>,
}

/// What folding says of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Records that gave a message that was new.
    pub read: u64,
    /// Records that only told more of messages already known.
    pub folded: u64,
    /// Messages whose first record stands in the file.
    pub messages: u64,
    /// Those of them whose time needed the file's zone.
    pub zone_needed: u64,
    /// Earliest send, UTC milliseconds.
    pub first_sent: Option<i64>,
    /// Latest send, UTC milliseconds.
    pub last_sent: Option<i64>,
}

impl FileCounts {
    /// Adds what is known of other messages of the same file.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.folded += other.folded;
        self.messages += other.messages;
        self.zone_needed += other.zone_needed;
        self.first_sent = self.first_sent.min(other.first_sent).or(other.first_sent).or(self.first_sent);
        self.last_sent = self.last_sent.max(other.last_sent);
    }
}

/// A record that only told more of a message already known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldedRecord {
    /// The message's key.
    pub key: u128,
    /// Index of its file.
    pub file: u32,
    /// Where it stands.
    pub place: Place,
}

/// Joins and folds. `batches` stand in order of file and place; `files` are the names of the inputs. Records in
/// `elsewhere` (file and record), of which not all messages are among the batches, are left out of the counts.
#[must_use]
pub fn fold(
    mut batches: Vec<Batch<'_>>,
    files: Vec<String>,
    wanted: Wanted,
    elsewhere: &BTreeSet<(u32, u32)>,
) -> Folded {
    let (accounts, account_of) = join_accounts(&batches);
    let (mut recipients, recipient_of) = join_recipients(&batches);
    let stated = wanted.period.map(|_| Stated::of(&batches));
    let (mut contents, content_of, samples) = join_contents(&mut batches);
    let mut columns = Columns::default();
    columns.reserve(batches.iter().map(|batch| batch.rows.len()).sum());
    let (mut consents, mut echoes) = (Vec::new(), Vec::new());
    let mut echoing = vec![0_u64; files.len()];
    for (index, batch) in batches.into_iter().enumerate() {
        let (accounts, recipients, contents) = (account_of.get(index), recipient_of.get(index), content_of.get(index));
        let mut rows = batch.rows;
        renumber(&mut rows.account, accounts);
        renumber(&mut rows.recipient, recipients);
        renumber(&mut rows.content, contents);
        let before = columns.len() as u32;
        columns.append(&rows);
        echoes.extend(batch.echoes.into_iter().map(|mut echo| {
            echo.row += before;
            renumber(std::slice::from_mut(&mut echo.content), contents);
            echo
        }));
        if let Some(echoing) = echoing.get_mut(batch.file as usize) {
            *echoing += batch.echoing;
        }
        consents.extend(batch.consents.into_iter().map(|mut consent| {
            renumber(std::slice::from_mut(&mut consent.account), accounts);
            renumber(std::slice::from_mut(&mut consent.recipient), recipients);
            consent
        }));
    }
    columns.message_id.shrink();
    let Repetitions { pairs: duplicates, ordinals } = find_duplicates(&columns);
    for (row, ordinal) in ordinals {
        if let Some(key) = columns.key.get_mut(row as usize) {
            *key = nth_key(*key, ordinal);
        }
    }
    echoes.par_sort_by_key(|echo| echo.row);
    let conflicts = super::conflicts::conflicts(
        &columns,
        &contents,
        Tellings::new(&duplicates, &echoes).map(|telling| telling.resolve(&columns)),
    );
    let record = |row: usize| FoldedRecord {
        key: columns.key.get(row).copied().unwrap_or_default(),
        file: columns.file.get(row).copied().unwrap_or_default(),
        place: columns.place(row),
    };
    let folded_rows = duplicates.iter().filter(|_| wanted.folded_records);
    let records = folded_rows.map(|(_, again)| record(*again as usize)).collect();
    let mut keep = Vec::new();
    if !duplicates.is_empty() {
        keep = vec![true; columns.len()];
        for (_, again) in &duplicates {
            if let Some(kept) = keep.get_mut(*again as usize) {
                *kept = false;
            }
        }
    }
    let mut replaced = BTreeSet::new();
    for telling in Tellings::new(&duplicates, &echoes) {
        let (first, _, echo) = telling.resolve(&columns);
        if merge(&mut columns, &contents, first as usize, &echo) && wanted.period.is_some() {
            replaced.insert(first);
        }
    }
    let mut counted = Counted::new(files.len(), elsewhere);
    counted.records(&columns, &keep);
    counted.rows(&columns, &keep);
    counted.files.iter_mut().zip(&echoing).for_each(|(file, echoing)| file.folded += echoing);
    if let Some((since, until)) = wanted.period {
        keep.resize(columns.len(), true);
        let within = columns.sent_at.iter().map(|at| (since..until).contains(at));
        keep.iter_mut().zip(within).for_each(|(keep, within)| *keep &= within);
    }
    let tellings = || Tellings::new(&duplicates, &echoes).map(|telling| telling.resolve(&columns));
    let origins = wanted.period.map(|_| Origins::of(&columns, &contents, &keep, &replaced, tellings()));
    if let Some(stated) = stated {
        let tellings = tellings().map(|(first, file, _)| (first, file));
        stated.settle(&mut recipients.kind, &recipient_of, &columns, &keep, &consents, tellings);
    }
    drop(echoes);
    if !keep.is_empty() {
        columns.retain(&keep);
    }
    contents.words = samples.words(&columns, &content_of, origins.as_ref());
    (contents.texts, contents.text_of) = samples.texts(&columns, &content_of, origins.as_ref());
    let recipients = with_audience(recipients, &columns);
    let mut messages = Messages { accounts, recipients, contents, files, columns, conflicts, doubts: Vec::new() };
    if wanted.period.is_some() {
        compact(&mut messages, &mut consents);
    }
    Folded { messages, consents, files: counted.files, records, left_out: counted.left_out }
}

fn renumber(indices: &mut [u32], map: Option<&Vec<u32>>) {
    for index in indices {
        *index = map.and_then(|map| map.get(*index as usize)).copied().unwrap_or(0);
    }
}

/// Accounts in order of their ids, so that an index says nothing of where they were first seen.
fn join_accounts(batches: &[Batch<'_>]) -> (Vec<Account>, Vec<Vec<u32>>) {
    let tables: Vec<_> = batches.iter().map(Batch::accounts).collect();
    let text = |(batch, local): Entry| tables.get(batch as usize).map_or("", |table| table.texts.get(local as usize));
    let hash = |(batch, local): Entry| tables.get(batch as usize).map_or(0, |table| table.hash(local));
    let length = |batch: usize| tables.get(batch).map_or(0, |table| table.texts.len());
    let mut joined = join(tables.len(), length, hash, |left, right| text(left) == text(right));
    let mut order: Vec<u32> = (0..joined.first.len() as u32).collect();
    let name = |index: &u32| joined.first.get(*index as usize).map_or("", |entry| text(*entry));
    order.sort_by(|left, right| name(left).cmp(name(right)));
    let accounts = order.iter().map(|index| Account {
        id: name(index).to_owned(),
        provisional: name(index).starts_with('?'),
        country: people::country(name(index)).map(people::Country::letters),
        ..Account::default()
    });
    let accounts = accounts.collect();
    let mut rank = vec![0_u32; order.len()];
    for (position, index) in order.iter().enumerate() {
        if let Some(slot) = rank.get_mut(*index as usize) {
            *slot = position as u32;
        }
    }
    joined.index_of.iter_mut().for_each(|map| renumber(map, Some(&rank)));
    (accounts, joined.index_of)
}

fn join_recipients(batches: &[Batch<'_>]) -> (Recipients, Vec<Vec<u32>>) {
    let tables: Vec<_> = batches.iter().map(Batch::recipients).collect();
    let text = |(batch, local): Entry| tables.get(batch as usize).map_or("", |table| table.texts.get(local as usize));
    let hash = |(batch, local): Entry| tables.get(batch as usize).map_or(0, |table| table.hash(local));
    let length = |batch: usize| tables.get(batch).map_or(0, |table| table.texts.len());
    let joined = join(tables.len(), length, hash, |left, right| text(left) == text(right));
    let mut address = Texts::with_capacity(joined.first.len(), joined.first.len() * 14);
    joined.first.iter().for_each(|entry| {
        address.push(text(*entry));
    });
    let country =
        joined.first.par_iter().map(|entry| people::country(text(*entry)).map(people::Country::letters)).collect();
    let mut kind = vec![RecipientKind::Unknown; joined.first.len()];
    for (batch, map) in batches.iter().zip(&joined.index_of) {
        for (local, index) in map.iter().enumerate() {
            let stated = batch.recipient_kind(local as u32);
            if let Some(slot) = kind.get_mut(*index as usize)
                && stated > *slot
            {
                *slot = stated;
            }
        }
    }
    (Recipients { address, kind, country, audience: Vec::new() }, joined.index_of)
}

fn join_contents(batches: &mut [Batch<'_>]) -> (Contents, Vec<Vec<u32>>, Samples) {
    let files: Vec<u32> = batches.iter().map(|batch| batch.file).collect();
    let tables: Vec<LocalContents> = batches.iter_mut().map(|batch| std::mem::take(&mut batch.contents)).collect();
    let fingerprint = |(batch, local): Entry| {
        tables.get(batch as usize).and_then(|table| table.fingerprint.get(local as usize)).copied().unwrap_or(0)
    };
    let mut joined = join(
        tables.len(),
        |batch| tables.get(batch).map_or(0, |table| table.fingerprint.len()),
        |entry| (fingerprint(entry) >> 64) as u64,
        |left, right| fingerprint(left) == fingerprint(right),
    );
    // Local index 0 is "none" in every batch; it must be 0 in the joined table too.
    let none = joined.index_of.first().and_then(|map| map.first()).copied().unwrap_or(0);
    let swap = |index: u32| match index {
        _ if index == none => 0,
        0 => none,
        other => other,
    };
    joined.index_of.par_iter_mut().for_each(|map| map.iter_mut().for_each(|index| *index = swap(*index)));
    if joined.first.is_empty() {
        joined.first.push((0, 0));
    }
    joined.first.swap(0, none as usize);
    let kind =
        |(batch, local): Entry| tables.get(batch as usize).and_then(|table| table.kind.get(local as usize)).copied();
    let contents = Contents {
        kind: joined.first.iter().map(|entry| kind(*entry).unwrap_or_default()).collect(),
        fingerprint: joined.first.iter().map(|entry| fingerprint(*entry)).collect(),
        ..Contents::default()
    };
    (contents, joined.index_of, Samples::new(tables, files, joined.first))
}

/// Rows whose keys are equal.
#[derive(Debug, Default)]
struct Repetitions {
    /// (first row, later row) of one message, ordered by the later row.
    pairs: Vec<(u32, u32)>,
    /// (row, k) for messages without an id that are the k-th of equal ones in their file, k from 2 on.
    ordinals: Vec<(u32, u32)>,
}

/// Key of the k-th of equal messages: each has an identity, and an id, of its own.
fn nth_key(key: u128, ordinal: u32) -> u128 {
    let mut parts = [0_u8; 20];
    let (head, tail) = parts.split_at_mut(16);
    head.copy_from_slice(&key.to_le_bytes());
    tail.copy_from_slice(&ordinal.to_le_bytes());
    xxh3_128(&parts) & !1
}

fn find_duplicates(columns: &Columns) -> Repetitions {
    let part_of = |key: &u128| (key >> 120) as usize % PARTS;
    let rounds = columns.len().div_ceil(ROUND).next_power_of_two().min(PARTS);
    let mut parts: Vec<Part> = (0..PARTS / rounds).map(|_| Part::default()).collect();
    let mut all = Repetitions::default();
    for first in (0..PARTS).step_by(parts.len()) {
        parts.iter_mut().for_each(Part::clear);
        for (key, row) in columns.key.iter().zip(0..) {
            if let Some(part) = part_of(key).checked_sub(first).and_then(|part| parts.get_mut(part)) {
                part.keys.push(*key);
                part.rows.push(row);
            }
        }
        let found: Vec<Repetitions> = parts.par_iter().map(|part| part.repetitions(&columns.file)).collect();
        for mut part in found {
            all.pairs.append(&mut part.pairs);
            all.ordinals.append(&mut part.ordinals);
        }
    }
    all.pairs.par_sort_unstable_by_key(|(_, again)| *again);
    all
}

/// Rows with their keys, which lie here together and not all over memory.
#[derive(Debug, Default)]
struct Part {
    keys: Vec<u128>,
    rows: Vec<u32>,
}

impl Part {
    fn clear(&mut self) {
        self.keys.clear();
        self.rows.clear();
    }

    /// The repetitions among these rows, of which all with equal keys are here.
    fn repetitions(&self, files: &[u32]) -> Repetitions {
        let mut found = Repetitions::default();
        let mut first_of: HashMap<(u128, u32), u32, FxBuildHasher> =
            HashMap::with_capacity_and_hasher(self.rows.len(), FxBuildHasher);
        // The k-th of equal messages in one file is the k-th in another: an overlap folds, a real repetition stays.
        let mut seen_in_file: HashMap<(u128, u32), u32, FxBuildHasher> = HashMap::default();
        for (key, row) in self.keys.iter().copied().zip(&self.rows) {
            let ordinal = if is_made_of_parts(key) {
                let file = files.get(*row as usize).copied().unwrap_or_default();
                let seen = seen_in_file.entry((key, file)).or_insert(0);
                *seen += 1;
                *seen
            } else {
                0
            };
            if ordinal > 1 {
                found.ordinals.push((*row, ordinal));
            }
            let first = *first_of.entry((key, ordinal)).or_insert(*row);
            if first != *row {
                found.pairs.push((first, *row));
            }
        }
        found
    }
}

/// One later record of a message.
#[derive(Clone, Copy, Debug)]
struct Telling<'e> {
    /// Row of the message's first record.
    first: u32,
    /// Row of the later record, or of the message its echo belongs to.
    row: u32,
    echo: Option<&'e Echo>,
}

impl Telling<'_> {
    /// The first record's row, the later record's file, and what it tells.
    fn resolve(&self, columns: &Columns) -> (u32, u32, Echo) {
        let file = columns.file.get(self.row as usize).copied().unwrap_or_default();
        let echo = self.echo.copied().unwrap_or_else(|| Echo::of(columns, self.row as usize, self.first));
        (self.first, file, echo)
    }
}

/// Later records in the order of files and records, whether they lie in rows of their own or in echoes.
struct Tellings<'e> {
    /// (first row, later row), ordered by the later row.
    pairs: &'e [(u32, u32)],
    /// Ordered by their rows, those of one row by record.
    echoes: &'e [Echo],
    /// The pair given last: echoes of its later row belong to its first.
    last: Option<(u32, u32)>,
}

impl<'e> Tellings<'e> {
    fn new(pairs: &'e [(u32, u32)], echoes: &'e [Echo]) -> Self {
        Self { pairs, echoes, last: None }
    }
}

impl<'e> Iterator for Tellings<'e> {
    type Item = Telling<'e>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(((first, again), pairs)) = self.pairs.split_first()
            && self.echoes.first().is_none_or(|echo| *again <= echo.row)
        {
            (self.pairs, self.last) = (pairs, Some((*first, *again)));
            return Some(Telling { first: *first, row: *again, echo: None });
        }
        let (echo, echoes) = self.echoes.split_first()?;
        self.echoes = echoes;
        let first = self.last.filter(|(_, again)| *again == echo.row).map_or(echo.row, |(first, _)| first);
        Some(Telling { first, row: echo.row, echo: Some(echo) })
    }
}

/// Puts what a later record tells into the row of the first; whether the content is now that of the later one.
fn merge(columns: &mut Columns, contents: &Contents, first: usize, told: &Echo) -> bool {
    fn fill<T: Copy + PartialEq>(column: &mut [T], first: usize, other: T, unknown: T) {
        if let Some(slot) = column.get_mut(first)
            && *slot == unknown
        {
            *slot = other;
        }
    }
    fn greater<T: Copy + Ord>(column: &mut [T], first: usize, other: T) {
        if let Some(slot) = column.get_mut(first) {
            *slot = (*slot).max(other);
        }
    }
    if let Some((at, zone)) = columns.sent_at.get_mut(first).zip(columns.zone.get_mut(first))
        && told.sent_at < *at
    {
        (*at, *zone) = (told.sent_at, told.zone);
    }
    greater(&mut columns.status, first, told.status);
    greater(&mut columns.audience, first, told.audience);
    fill(&mut columns.platform, first, told.platform, Platform::Unknown);
    fill(&mut columns.route, first, told.route, Route::Unknown);
    fill(&mut columns.category, first, told.category, Category::Unknown);
    fill(&mut columns.automation, first, told.automation, Automation::Unknown);
    fill(&mut columns.form, first, told.form, Form::Unknown);
    fill(&mut columns.forward_score, first, told.forward_score, FORWARD_UNKNOWN);
    let named = |content: u32| (content != NO_CONTENT, contents.kind(content) != ContentKind::Text);
    if let Some((content, values)) = columns.content.get_mut(first).zip(columns.values.get_mut(first))
        && named(told.content) > named(*content)
    {
        (*content, *values) = (told.content, told.values);
        return true;
    }
    false
}

/// Counts of files, with the records whose messages are not all here set aside.
struct Counted<'e> {
    files: Vec<FileCounts>,
    left_out: Vec<(u32, u32, bool)>,
    elsewhere: &'e BTreeSet<(u32, u32)>,
}

impl<'e> Counted<'e> {
    fn new(files: usize, elsewhere: &'e BTreeSet<(u32, u32)>) -> Self {
        Self { files: vec![FileCounts::default(); files], left_out: Vec::new(), elsewhere }
    }

    /// The records that gave a new message and those that only told more of a known one.
    fn records(&mut self, columns: &Columns, keep: &[bool]) {
        let mut row = 0;
        let at = |row: usize| columns.file.get(row).copied().zip(columns.record.get(row).copied());
        while let Some((file, record)) = at(row) {
            let mut new = false;
            let mut next = row;
            while at(next) == Some((file, record)) {
                new |= keep.get(next).copied().unwrap_or(true);
                next += 1;
            }
            if !self.elsewhere.is_empty() && self.elsewhere.contains(&(file, record)) {
                self.left_out.push((file, record, new));
            } else if let Some(counts) = self.files.get_mut(file as usize) {
                let count = if new { &mut counts.read } else { &mut counts.folded };
                *count += 1;
            }
            row = next;
        }
    }

    /// The messages of each file.
    fn rows(&mut self, columns: &Columns, keep: &[bool]) {
        let rows = columns.file.iter().zip(&columns.sent_at).zip(&columns.zone).enumerate();
        for (row, ((file, sent_at), zone)) in rows {
            if !keep.get(row).copied().unwrap_or(true) {
                continue;
            }
            let Some(counts) = self.files.get_mut(*file as usize) else { continue };
            counts.messages += 1;
            counts.zone_needed += u64::from(*zone != ZoneBasis::Record);
            counts.first_sent = Some(counts.first_sent.map_or(*sent_at, |first| first.min(*sent_at)));
            counts.last_sent = counts.last_sent.max(Some(*sent_at));
        }
    }
}

fn with_audience(mut recipients: Recipients, columns: &Columns) -> Recipients {
    recipients.audience = vec![1; recipients.address.len()];
    for (recipient, audience) in columns.recipient.iter().zip(&columns.audience) {
        if let Some(largest) = recipients.audience.get_mut(*recipient as usize) {
            *largest = (*largest).max(*audience);
        }
    }
    recipients
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::batch::Draft;
    use super::super::context::{Context, FileContext};
    use super::*;
    use crate::message::{Place, Status};

    /// One record: its file, which message it tells of (none: it has no id), when, how far, with which text.
    type Told = (bool, Option<u8>, i64, bool, Option<u8>);

    /// Everything that folding gives, with the records cut into batches at these places.
    fn folded(context: &Context, records: &[Told], cuts: &[usize]) -> String {
        let file = |index: u32| FileContext::unknown(context, index);
        let files = [file(0), file(1)];
        let mut batches = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let mut batch = Batch::new(file);
            for (at, (second, id, minutes, read, text)) in records.iter().enumerate() {
                if usize::from(*second) != index {
                    continue;
                }
                if cuts.contains(&at) {
                    batch.close();
                    batches.push(std::mem::replace(&mut batch, Batch::new(file)));
                }
                let id = id.map(|id| format!("message-number-{id:04}")).unwrap_or_default();
                let text = text.map(|text| ["ja", "nein", "vielleicht"][usize::from(text)]).unwrap_or_default();
                let status = if *read { Status::Read } else { Status::Sent };
                let draft = Draft {
                    sent_at: minutes * 1_800_000,
                    account: Some("+4930123456"),
                    recipient: "+49151123456",
                    message_id: &id,
                    status,
                    text,
                    ..Draft::default()
                };
                batch.read();
                batch.message(Place { record: at as u32 + 1, ..Place::default() }, &draft);
            }
            batch.close();
            batches.push(batch);
        }
        let names = vec!["a".to_owned(), "b".to_owned()];
        let Folded { messages, files, .. } = fold(batches, names, Wanted::default(), &BTreeSet::new());
        let columns = &messages.columns;
        let row = |row: usize| {
            let text = messages.contents.fingerprint[columns.content[row] as usize];
            let id = columns.message_id.get(row);
            (
                columns.key[row],
                columns.file[row],
                columns.record[row],
                columns.sent_at[row],
                columns.status[row],
                text,
                id,
            )
        };
        let rows: Vec<_> = (0..columns.len()).map(row).collect();
        format!("{rows:?} {files:?} {:?} {:?}", messages.conflicts, messages.contents.words.len())
    }

    proptest! {
        #[test]
        fn repetitions_are_those_that_comparing_all_rows_finds(
            rows in proptest::collection::vec((any::<u8>(), 0_u128..3, any::<bool>(), 0_u32..2), 0..60),
        ) {
            let key = |(part, low, made_of_parts, _): &(u8, u128, bool, u32)| {
                u128::from(part % 4) << 126 | low << 1 | u128::from(!made_of_parts)
            };
            let columns = Columns {
                sent_at: vec![0; rows.len()],
                key: rows.iter().map(key).collect(),
                file: rows.iter().map(|(.., file)| *file).collect(),
                ..Columns::default()
            };
            // Of messages without an id, how many equal ones stand before each in its file, itself among them.
            let ordinal = |at: usize| {
                let same = |other: usize| columns.key[other] == columns.key[at] && columns.file[other] == columns.file[at];
                if rows[at].2 { (0..=at).filter(|other| same(*other)).count() as u32 } else { 0 }
            };
            let same = |one: usize, other: usize| columns.key[one] == columns.key[other] && ordinal(one) == ordinal(other);
            let first = |at: usize| (0..at).find(|before| same(*before, at));
            let pairs: Vec<(u32, u32)> =
                (0..rows.len()).filter_map(|at| Some((first(at)? as u32, at as u32))).collect();
            let ordinals: BTreeSet<(u32, u32)> =
                (0..rows.len()).map(|at| (at as u32, ordinal(at))).filter(|(_, ordinal)| *ordinal > 1).collect();
            let found = find_duplicates(&columns);
            prop_assert_eq!(found.pairs, pairs);
            prop_assert_eq!(found.ordinals.into_iter().collect::<BTreeSet<_>>(), ordinals);
        }

        #[test]
        fn where_blocks_are_cut_leaves_no_trace(
            records in proptest::collection::vec(
                (any::<bool>(), proptest::option::weighted(0.8, 0_u8..5), 0_i64..8, any::<bool>(), proptest::option::of(0_u8..3)),
                0..40,
            ),
            cuts in proptest::collection::vec(0_usize..40, 0..8),
        ) {
            static CONTEXT: std::sync::OnceLock<Context> = std::sync::OnceLock::new();
            let context = CONTEXT.get_or_init(|| Context::load(None, None, 2).expect("the data of the build"));
            let every: Vec<usize> = (0..records.len()).collect();
            let record_by_record = folded(context, &records, &every);
            prop_assert_eq!(folded(context, &records, &cuts), record_by_record.clone());
            prop_assert_eq!(folded(context, &records, &[]), record_by_record);
        }
    }
}
