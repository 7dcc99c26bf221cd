//! Joins the batches of all files into `Messages` and folds records that tell of one message.
//! Earliest send time, furthest status; what the first record leaves open, a later one fills in.
//! The order of rows is the order of files and records, so threads and blocks leave no trace.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_128;

use super::batch::{Batch, Consent, LocalContents, is_made_of_parts};
use super::echo::Echo;
use super::join::{Entry, join};
use super::named_texts::NamedTexts;
use super::people;
use crate::message::{
    Account, Automation, Category, Columns, ContentKind, ContentWords, Contents, Direction, FORWARD_UNKNOWN, Form,
    Messages, NO_CONTENT, Place, Platform, RecipientKind, Recipients, Route, Texts,
};

/// Keys are spread over this many parts; each is folded on its own.
const PARTS: usize = 256;

/// What folding gives.
#[derive(Debug, Default)]
pub struct Folded {
    /// The messages.
    pub messages: Messages,
    /// Opt-ins and opt-outs, in order of file and record.
    pub consents: Vec<Consent>,
    /// For each file, how many records gave a message that was new.
    pub read: Vec<u64>,
    /// For each file, how many records only told more of messages already known.
    pub folded: Vec<u64>,
    /// Where those records stand, if that is wanted.
    pub records: Vec<FoldedRecord>,
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

/// Joins and folds. `batches` stand in order of file and place; `files` are the names of the inputs; `keep_records` keeps
/// the places of the records that were folded.
#[must_use]
pub fn fold(mut batches: Vec<Batch<'_>>, files: Vec<String>, keep_records: bool) -> Folded {
    let (accounts, account_of) = join_accounts(&batches);
    let (recipients, recipient_of) = join_recipients(&batches);
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
    echoes.sort_by_key(|echo| echo.row);
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
    let wanted = duplicates.iter().filter(|_| keep_records);
    let records = wanted.map(|(_, again)| record(*again as usize)).collect();
    let mut keep = Vec::new();
    if !duplicates.is_empty() {
        keep = vec![true; columns.len()];
        for (_, again) in &duplicates {
            if let Some(kept) = keep.get_mut(*again as usize) {
                *kept = false;
            }
        }
    }
    for telling in Tellings::new(&duplicates, &echoes) {
        let (first, _, echo) = telling.resolve(&columns);
        merge(&mut columns, &contents, first as usize, &echo);
    }
    drop(echoes);
    let (read, mut folded) = count_records(&columns, &keep, files.len());
    folded.iter_mut().zip(&echoing).for_each(|(folded, echoing)| *folded += echoing);
    if !keep.is_empty() {
        columns.retain(&keep);
    }
    contents.words = samples.words(&columns, &content_of);
    (contents.texts, contents.text_of) = samples.texts(&columns, &content_of);
    let recipients = with_audience(recipients, &columns);
    let messages = Messages { accounts, recipients, contents, files, columns, conflicts, doubts: Vec::new() };
    Folded { messages, consents, read, folded, records }
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
    (contents, joined.index_of, Samples { tables, first: joined.first })
}

/// Names and samples as the batches hold them, until it is known which contents repeat.
struct Samples {
    tables: Vec<LocalContents>,
    first: Vec<Entry>,
}

impl Samples {
    /// Words of the contents that have a name, that more than one message has, or one to an audience: nothing else can
    /// be a mass send, and texts that nobody will see are not kept.
    fn words(&self, columns: &Columns, index_of: &[Vec<u32>]) -> BTreeMap<u32, ContentWords> {
        let mut reach = vec![0_u32; self.first.len()];
        for (content, audience) in columns.content.iter().zip(&columns.audience) {
            if let Some(reach) = reach.get_mut(*content as usize) {
                *reach = reach.saturating_add(*audience);
            }
        }
        let repeats = |index: u32| index != NO_CONTENT && reach.get(index as usize).is_some_and(|reach| *reach > 1);
        let mut words = BTreeMap::new();
        for (index, (batch, local)) in self.first.iter().enumerate() {
            let Some(table) = self.tables.get(*batch as usize) else { continue };
            let named = table.kind.get(*local as usize).is_some_and(|kind| *kind != ContentKind::Text);
            if index > 0 && (named || repeats(index as u32)) {
                let (name, sample) =
                    (table.name.get(*local as usize).to_owned(), table.sample.get(*local as usize).to_owned());
                words.insert(index as u32, ContentWords { name, sample, texts: Vec::new() });
            }
        }
        // A named content may have come first from a record without text: the first text that follows is its sample.
        for (table, map) in self.tables.iter().zip(index_of) {
            for (local, index) in map.iter().enumerate() {
                if table.kind.get(local).is_some_and(|kind| *kind != ContentKind::Text)
                    && let Some(known) = words.get_mut(index)
                    && known.sample.is_empty()
                {
                    table.sample.get(local).clone_into(&mut known.sample);
                }
            }
        }
        let mut under_name: BTreeMap<u32, NamedTexts> = BTreeMap::new();
        for (table, map) in self.tables.iter().zip(index_of) {
            for (local, texts) in &table.under_name {
                if let Some(index) = map.get(*local as usize) {
                    under_name.entry(*index).or_default().merge(texts);
                }
            }
        }
        for (index, texts) in under_name {
            if let Some(known) = words.get_mut(&index) {
                known.texts = texts.into_texts();
            }
        }
        words
    }
}

impl Samples {
    /// One text of each content that a text makes and an outbound message has, with the contents they are of. Tables
    /// are given back one by one, so that the texts never lie in memory twice.
    fn texts(self, columns: &Columns, index_of: &[Vec<u32>]) -> (Texts, Vec<u32>) {
        let mut sent = vec![false; self.first.len()];
        for (content, direction) in columns.content.iter().zip(&columns.direction) {
            if *direction == Direction::Outbound
                && let Some(sent) = sent.get_mut(*content as usize)
            {
                *sent = true;
            }
        }
        let (mut texts, mut text_of) = (Texts::default(), Vec::new());
        for (batch, (table, map)) in self.tables.into_iter().zip(index_of).enumerate() {
            for (local, index) in map.iter().enumerate() {
                let is_first = self.first.get(*index as usize) == Some(&(batch as u32, local as u32));
                let is_text = table.kind.get(local) == Some(&ContentKind::Text) && *index != NO_CONTENT;
                if is_first && is_text && sent.get(*index as usize) == Some(&true) {
                    texts.push(table.sample.get(local));
                    text_of.push(*index);
                }
            }
        }
        texts.shrink();
        (texts, text_of)
    }
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
    let mut parts: Vec<Vec<u32>> = (0..PARTS).map(|_| Vec::with_capacity(columns.len() / PARTS + 16)).collect();
    for (row, key) in columns.key.iter().enumerate() {
        if let Some(part) = parts.get_mut(part_of(key)) {
            part.push(row as u32);
        }
    }
    let found: Vec<Repetitions> = parts.par_iter().map(|rows| repetitions_of_part(columns, rows)).collect();
    let mut all = Repetitions::default();
    for mut part in found {
        all.pairs.append(&mut part.pairs);
        all.ordinals.append(&mut part.ordinals);
    }
    all.pairs.par_sort_unstable_by_key(|(_, again)| *again);
    all
}

fn repetitions_of_part(columns: &Columns, rows: &[u32]) -> Repetitions {
    let mut found = Repetitions::default();
    let mut first_of: HashMap<(u128, u32), u32, FxBuildHasher> =
        HashMap::with_capacity_and_hasher(rows.len(), FxBuildHasher);
    // The k-th of equal messages in one file is the k-th in another: an overlap folds, a real repetition stays.
    let mut seen_in_file: HashMap<(u128, u32), u32, FxBuildHasher> = HashMap::default();
    for row in rows {
        let key = columns.key.get(*row as usize).copied().unwrap_or_default();
        let ordinal = if is_made_of_parts(key) {
            let file = columns.file.get(*row as usize).copied().unwrap_or_default();
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

fn merge(columns: &mut Columns, contents: &Contents, first: usize, told: &Echo) {
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
    }
}

/// Counts, for each file, the records that gave a new message and those that only told more of a known one.
fn count_records(columns: &Columns, keep: &[bool], files: usize) -> (Vec<u64>, Vec<u64>) {
    let (mut read, mut folded) = (vec![0_u64; files], vec![0_u64; files]);
    let mut row = 0;
    while row < columns.len() {
        let record = (columns.file.get(row).copied(), columns.record.get(row).copied());
        let mut new = false;
        let mut next = row;
        while next < columns.len() && (columns.file.get(next).copied(), columns.record.get(next).copied()) == record {
            new |= keep.get(next).copied().unwrap_or(true);
            next += 1;
        }
        let counters = if new { &mut read } else { &mut folded };
        if let Some(count) = record.0.and_then(|file| counters.get_mut(file as usize)) {
            *count += 1;
        }
        row = next;
    }
    (read, folded)
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
    use super::super::time::Zones;
    use super::*;
    use crate::message::{Place, Status, ZoneBasis};

    /// One record: its file, which message it tells of (none: it has no id), when, how far, with which text.
    type Told = (bool, Option<u8>, i64, bool, Option<u8>);

    /// Everything that folding gives, with the records cut into batches at these places.
    fn folded(context: &Context, records: &[Told], cuts: &[usize]) -> String {
        let file = |index: u32| FileContext {
            context,
            index,
            provisional: "?x".to_owned(),
            file_name: "x.json".to_owned(),
            zones: Zones::named("UTC").expect("UTC"),
            zone_basis: ZoneBasis::Guessed,
            known_accounts: &[],
        };
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
        let Folded { messages, read, folded, .. } = fold(batches, vec!["a".to_owned(), "b".to_owned()], false);
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
        format!("{rows:?} {read:?} {folded:?} {:?} {:?}", messages.conflicts, messages.contents.words.len())
    }

    proptest! {
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
