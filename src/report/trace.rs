//! The source records behind a finding, burst, campaign, run, account cluster or message, read again and hashed again.
//! What a finding rests on stands in evidence.csv; all else is found again from the sources with the recorded settings,
//! once their SHA-256 shows that they are the same. How records are printed is the business of the command line.

use std::collections::{BTreeMap, BTreeSet};

use encoding_rs::Encoding;

use super::again::{Again, AgainError, Places, Sources, Standing, read_again};
use super::instants::utc;
use super::message_ids;
use super::reading::{ID_TABLES, ReadingError, Report, Row, nearest};
use super::records::{self, Wanted};
use crate::detect::clusters::{Cluster, Link};
use crate::hash::{Sha256, hex};
use crate::ingest::{FoldedRecord, Progress, masked};
use crate::message::{Direction, Messages};

/// What an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `F-`.
    Finding,
    /// `B-`.
    Burst,
    /// `C-`.
    Campaign,
    /// `R-`.
    Run,
    /// `A-`.
    Cluster,
    /// A message's own id, or `M-` and its key.
    Message,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Finding, Self::Burst, Self::Campaign, Self::Run, Self::Cluster, Self::Message];

    /// Word for programs, and key of the words for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Burst => "burst",
            Self::Campaign => "campaign",
            Self::Run => "run",
            Self::Cluster => "cluster",
            Self::Message => "message",
        }
    }

    /// What the letter of an id stands for.
    #[must_use]
    pub fn of_letter(letter: char) -> Self {
        match letter {
            'F' => Self::Finding,
            'B' => Self::Burst,
            'C' => Self::Campaign,
            'R' => Self::Run,
            'A' => Self::Cluster,
            _ => Self::Message,
        }
    }
}

/// How it is known which records are behind an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Membership {
    /// All of them stand in evidence.csv.
    Evidence,
    /// They were found again from the sources.
    Computed,
    /// Only some stand in evidence.csv, and the sources are no longer what they were.
    Partial,
}

/// What a record is to its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// It gave the message.
    Made,
    /// It told more of it.
    Folded,
}

/// A record as it stands in its source now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The message's id.
    pub message_id: String,
    /// When the message was sent.
    pub sent_at: String,
    /// Its account.
    pub account: String,
    /// What the record is to it.
    pub part: Part,
    /// Input as `inputs.csv` names it.
    pub file: String,
    /// Number of the record.
    pub record: u64,
    /// Line.
    pub line: u64,
    /// Offset, as places count.
    pub offset: u64,
    /// Length in bytes.
    pub length: u32,
    /// The record's SHA-256 in evidence.csv; `None` where it has none, and the hash of the whole file stands for it.
    pub recorded: Option<String>,
    /// Its SHA-256 now; `None` where it cannot be read.
    pub computed: Option<String>,
    /// Whether the record is the one that the report was made from.
    pub agrees: bool,
    /// Its text, where that was asked for.
    pub text: Option<String>,
}

/// What is behind an id.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The id.
    pub id: String,
    /// What it stands for.
    pub kind: Kind,
    /// Its row in the report, by column; empty for messages.
    pub row: BTreeMap<String, String>,
    /// How many messages the report says; `None` where it does not.
    pub expected: Option<u64>,
    /// How the records were found.
    pub membership: Membership,
    /// The records.
    pub records: Vec<Record>,
    /// Inputs that are not what they were.
    pub changed: Vec<String>,
    /// Inputs that are not there.
    pub missing: Vec<String>,
    /// Files of the report that are not those of its manifest.
    pub altered: Vec<String>,
}

impl Trace {
    /// How many messages the records are of.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.records.iter().filter(|record| record.part == Part::Made).count() as u64
    }

    /// How many records are not those that the report was made from.
    #[must_use]
    pub fn disagreeing(&self) -> u64 {
        self.records.iter().filter(|record| !record.agrees).count() as u64
    }

    /// Whether all is as the report says.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let complete = self.expected.is_none_or(|expected| expected == self.messages());
        let untouched = self.changed.is_empty() && self.missing.is_empty() && self.altered.is_empty();
        complete && untouched && self.membership != Membership::Partial && self.disagreeing() == 0
    }
}

/// Why an id cannot be traced.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The report or its sources.
    #[error(transparent)]
    Again(#[from] AgainError),
    /// The report.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// No such id.
    #[error("the report has no `{id}`{hint}")]
    Unknown {
        /// The id.
        id: String,
        /// Ids that are near, in words.
        hint: String,
    },
    /// Not to be told, for it would have to be found again and sources are missing.
    #[error("`{id}` stands in no table of the report, and cannot be looked for: not there: {missing}")]
    NotLookedFor {
        /// The id.
        id: String,
        /// Missing sources.
        missing: String,
    },
}

/// An error for an id that is not there, with those that are near.
#[must_use]
pub fn unknown(ids: &[String], id: &str) -> TraceError {
    let near: Vec<String> = nearest(ids, id).into_iter().map(|known| format!("`{known}`")).collect();
    let hint = if near.is_empty() { String::new() } else { format!("; near it: {}", near.join(", ")) };
    TraceError::Unknown { id: id.to_owned(), hint }
}

/// Which texts are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    /// Of the first so many records.
    pub first: usize,
    /// In clear, not only their shape.
    pub reveal: bool,
}

/// Finds the records behind an id and reads them again.
///
/// # Errors
/// When there is no such id, or the report is damaged, or it cannot be found again with what is there.
pub fn trace(
    report: &mut Report,
    sources: &mut Sources,
    places: &Places,
    id: &str,
    texts: Texts,
    progress: &dyn Progress,
) -> Result<Trace, TraceError> {
    let ids = report.ids()?;
    let known = ids.iter().any(|known| known == id);
    let letter = id.chars().next().filter(|_| known).unwrap_or_default();
    let mut kind = Kind::of_letter(letter);
    let row = if known { own_row(report, letter, id)? } else { BTreeMap::new() };
    let expected = match kind {
        Kind::Cluster | Kind::Message => None,
        _ => row.get("messages").and_then(|count| count.parse().ok()),
    };
    let of_evidence = match kind {
        Kind::Finding => evidence(report, &|row| row.get("finding_id") == id)?,
        _ => Vec::new(),
    };
    let mut membership = Membership::Evidence;
    let mut records = of_evidence;
    let whole = kind == Kind::Finding && expected == Some(records.len() as u64);
    if !whole {
        let missing = sources.standing(Standing::Missing);
        if missing.is_empty() && sources.standing(Standing::Changed).is_empty() {
            let again = read_again(report, sources, places, progress)?;
            match members(&again, report, places, id, known.then_some(kind))? {
                Some((found, members)) => {
                    kind = found;
                    membership = Membership::Computed;
                    records = found_again(report, &again, kind, (&members, texts.reveal))?;
                }
                // An id that tells its recipient stands in the report as a digest that only the matter's key makes.
                None => {
                    records = evidence(report, &|row| row.get("message_id") == id)?;
                    if records.is_empty() {
                        return Err(unknown(&[ids, own_ids(&again.ingested.messages)].concat(), id));
                    }
                }
            }
        } else {
            membership = Membership::Partial;
            records = match kind {
                Kind::Finding => records,
                Kind::Campaign => evidence(report, &|row| row.get("campaign_id") == id)?,
                Kind::Message => evidence(report, &|row| row.get("message_id") == id)?,
                _ => Vec::new(),
            };
            if kind == Kind::Message && records.is_empty() {
                return Err(match missing.is_empty() {
                    true => unknown(&ids, id),
                    false => TraceError::NotLookedFor { id: id.to_owned(), missing: missing.join(", ") },
                });
            }
        }
    }
    if membership != Membership::Computed {
        // A message may be the evidence of several findings.
        let mut met = BTreeSet::new();
        records.retain(|record| met.insert((record.file.clone(), record.offset, record.message_id.clone())));
    }
    read_records(sources, &mut records, texts, places.max_unpacked);
    let concerned: BTreeSet<String> = match membership {
        Membership::Evidence => {
            records.iter().filter_map(|record| Some(sources.file_of(&record.file)?.0.to_owned())).collect()
        }
        _ => sources.files().map(|(name, _)| name.to_owned()).collect(),
    };
    let mut of = |standing| {
        let stands_so = |name: &&String| sources.file(name).is_some_and(|source| source.standing() == standing);
        concerned.iter().filter(stands_so).cloned().collect::<Vec<_>>()
    };
    let (changed, missing) = (of(Standing::Changed), of(Standing::Missing));
    let altered = report.altered().map(str::to_owned).collect();
    Ok(Trace { id: id.to_owned(), kind, row, expected, membership, records, changed, missing, altered })
}

/// The row of an id in the report's tables.
///
/// # Errors
/// When the report is damaged.
pub fn own_row(report: &mut Report, letter: char, id: &str) -> Result<BTreeMap<String, String>, ReadingError> {
    let Some(of) = ID_TABLES.into_iter().find(|of| of.letter == letter) else { return Ok(BTreeMap::new()) };
    let rows = report.id_rows(of)?.unwrap_or_default();
    Ok(rows.into_iter().find(|row| row.get(of.column).is_some_and(|own| own == id)).unwrap_or_default())
}

/// Lines of evidence.csv.
fn evidence(report: &mut Report, keep: &dyn Fn(&Row<'_>) -> bool) -> Result<Vec<Record>, ReadingError> {
    let mut records = Vec::new();
    report.each("evidence", &mut |row| {
        if keep(&row) {
            let length = row.number("length")?;
            records.push(Record {
                message_id: row.get("message_id").to_owned(),
                sent_at: row.get("sent_at").to_owned(),
                account: row.get("account").to_owned(),
                part: Part::Made,
                file: row.get("file").to_owned(),
                record: row.number("record")?,
                line: row.number("line")?,
                offset: row.number("offset")?,
                length: u32::try_from(length).map_err(|_| row.damaged(format!("a record of {length} bytes")))?,
                recorded: Some(row.get("record_sha256").to_owned()).filter(|hash| !hash.is_empty()),
                computed: None,
                agrees: false,
                text: None,
            });
        }
        Ok(())
    })?;
    Ok(records)
}

/// Members of an id, ascending by time.
fn members(
    again: &Again,
    report: &Report,
    places: &Places,
    id: &str,
    kind: Option<Kind>,
) -> Result<Option<(Kind, Vec<u32>)>, AgainError> {
    let activity = &again.activity;
    let is = |wanted| kind.is_none_or(|kind| kind == wanted);
    if is(Kind::Burst)
        && let Some(burst) = activity.bursts.iter().find(|burst| burst.id == id)
    {
        return Ok(Some((Kind::Burst, burst.rows.clone())));
    }
    if is(Kind::Campaign)
        && let Some(campaign) = activity.campaigns.iter().find(|campaign| campaign.id == id)
    {
        return Ok(Some((Kind::Campaign, campaign.rows.clone())));
    }
    if is(Kind::Run)
        && let Some(run) = activity.runs.iter().find(|run| run.id == id)
    {
        let rows = activity.campaigns.get(run.campaign).and_then(|campaign| campaign.rows.get(run.rows.clone()));
        return Ok(Some((Kind::Run, rows.unwrap_or_default().to_vec())));
    }
    if is(Kind::Cluster)
        && let Some(cluster) = activity.measures.clusters.iter().find(|cluster| cluster.id == id)
    {
        return Ok(Some((Kind::Cluster, of_cluster(again, cluster))));
    }
    if is(Kind::Finding) && id.starts_with("F-") {
        let assessed = again.assess(report, places)?;
        if let Some(finding) = assessed.assessment.findings.into_iter().find(|finding| finding.id == id) {
            return Ok(Some((Kind::Finding, finding.rows)));
        }
    }
    let rows = if is(Kind::Message) { of_message(&again.ingested.messages, id) } else { Vec::new() };
    Ok((!rows.is_empty()).then_some((Kind::Message, rows)))
}

/// Rows of a message by its own id, or by its key.
#[must_use]
pub fn of_message(messages: &Messages, id: &str) -> Vec<u32> {
    const KEY_DIGITS: usize = 16;
    let key = id.strip_prefix("M-").filter(|digits| digits.len() == KEY_DIGITS);
    let key = key.and_then(|digits| u64::from_str_radix(digits, KEY_DIGITS as u32).ok());
    let columns = &messages.columns;
    let own = |row: usize| columns.message_id.get(row) == id;
    let by_key = |row: usize| key.is_some() && columns.key.get(row).map(|own| (own >> 64) as u64) == key;
    (0..columns.len()).filter(|row| own(*row) || by_key(*row)).map(|row| row as u32).collect()
}

/// What links the accounts of a cluster: the messages of the runs that they share, and those to people they share.
fn of_cluster(again: &Again, cluster: &Cluster) -> Vec<u32> {
    let (activity, columns) = (&again.activity, &again.ingested.messages.columns);
    let mut rows = BTreeSet::new();
    if cluster.pairs.iter().any(|pair| pair.link == Link::Lockstep) {
        let shared = |run: &&crate::detect::Run| {
            run.accounts.iter().filter(|account| cluster.accounts.contains(account)).count() > 1
        };
        for run in activity.runs.iter().filter(shared) {
            let own = activity.campaigns.get(run.campaign).and_then(|campaign| campaign.rows.get(run.rows.clone()));
            let in_cluster = |row: &&u32| {
                columns.account.get(**row as usize).is_some_and(|account| cluster.accounts.contains(account))
            };
            rows.extend(own.unwrap_or_default().iter().filter(in_cluster).copied());
        }
    }
    let linked = |account: u32| {
        let by_people = cluster.pairs.iter().filter(|pair| pair.link == Link::Recipients);
        by_people.clone().any(|pair| pair.accounts.0 == account || pair.accounts.1 == account)
    };
    let linked: BTreeSet<u32> = cluster.accounts.iter().copied().filter(|account| linked(*account)).collect();
    let mut writers: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let all = columns.account.iter().zip(&columns.recipient).zip(&columns.direction).zip(0_u32..);
    let sent =
        all.filter(|(((account, _), direction), _)| **direction == Direction::Outbound && linked.contains(account));
    let sent: Vec<(u32, u32, u32)> = sent.map(|(((account, recipient), _), row)| (*account, *recipient, row)).collect();
    for (account, recipient, _) in &sent {
        writers.entry(*recipient).or_default().insert(*account);
    }
    let shared = |recipient: &u32| writers.get(recipient).is_some_and(|accounts| accounts.len() > 1);
    rows.extend(sent.iter().filter(|(_, recipient, _)| shared(recipient)).map(|(_, _, row)| *row));
    let mut rows: Vec<u32> = rows.into_iter().collect();
    rows.sort_by_key(|row| (columns.sent_at.get(*row as usize).copied(), *row));
    rows
}

/// The id of a row's message as a terminal may show it: one that tells the recipient stands as its key, which can be
/// traced as well.
#[must_use]
pub fn shown_id(messages: &Messages, row: u32, reveal: bool) -> String {
    let id = messages.message_id(row as usize);
    let recipient = messages.columns.recipient.get(row as usize).copied().unwrap_or_default();
    if reveal || !message_ids::tells(&id, messages.recipients.address.get(recipient as usize)) {
        return id;
    }
    let key = messages.columns.key.get(row as usize).copied().unwrap_or_default();
    format!("M-{:016x}", (key >> 64) as u64)
}

fn own_ids(messages: &Messages) -> Vec<String> {
    let mut ids: Vec<String> = (0..messages.columns.len() as u32).map(|row| shown_id(messages, row, false)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Records of rows that were found again, with the hashes that evidence.csv has for them. Of a single message all
/// records are given, those that were folded into it too.
fn found_again(
    report: &mut Report,
    again: &Again,
    kind: Kind,
    (rows, reveal): (&[u32], bool),
) -> Result<Vec<Record>, ReadingError> {
    let messages = &again.ingested.messages;
    let columns = &messages.columns;
    let file_name = |file: u32| messages.files.get(file as usize).cloned().unwrap_or_default();
    let of = |row: u32, part, file: u32, place: crate::message::Place| Record {
        message_id: shown_id(messages, row, reveal),
        sent_at: utc(columns.sent_at.get(row as usize).copied().unwrap_or_default()),
        account: messages.account(row as usize).map(|account| account.id.clone()).unwrap_or_default(),
        part,
        file: file_name(file),
        record: u64::from(place.record),
        line: u64::from(place.line),
        offset: place.offset,
        length: place.length,
        recorded: None,
        computed: None,
        agrees: false,
        text: None,
    };
    let mut folded: BTreeMap<u128, Vec<FoldedRecord>> = BTreeMap::new();
    if kind == Kind::Message {
        let keys: BTreeSet<u128> = rows.iter().filter_map(|row| columns.key.get(*row as usize)).copied().collect();
        for record in again.ingested.folded_records.iter().filter(|record| keys.contains(&record.key)) {
            folded.entry(record.key).or_default().push(*record);
        }
    }
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        let file = columns.file.get(*row as usize).copied().unwrap_or_default();
        records.push(of(*row, Part::Made, file, columns.place(*row as usize)));
        let key = columns.key.get(*row as usize).copied().unwrap_or_default();
        let more = folded.get(&key).into_iter().flatten();
        records.extend(more.map(|record| of(*row, Part::Folded, record.file, record.place)));
    }
    let mut at: BTreeMap<(String, u64), Vec<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        at.entry((record.file.clone(), record.offset)).or_default().push(index);
    }
    report.each("evidence", &mut |row| {
        let hash = row.get("record_sha256");
        let place = (row.get("file").to_owned(), row.number("offset")?);
        for index in at.get(&place).into_iter().flatten() {
            if let Some(record) = records.get_mut(*index).filter(|_| !hash.is_empty()) {
                record.recorded = Some(hash.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(records)
}

/// Reads records again, hashes them, and says of each whether it is the one of the report.
fn read_records(sources: &mut Sources, records: &mut [Record], texts: Texts, max_unpacked: u64) {
    let mut wanted: BTreeMap<&str, Vec<Wanted>> = BTreeMap::new();
    for (number, record) in records.iter().enumerate() {
        let one = Wanted { number: number as u32, offset: record.offset, length: record.length };
        wanted.entry(&record.file).or_default().push(one);
    }
    let inputs: Vec<_> = wanted.into_iter().filter_map(|(file, wanted)| Some((sources.input(file)?, wanted))).collect();
    let wanted = inputs.iter().map(|(input, wanted)| (input, wanted.clone())).collect();
    let see = |number: u32, bytes: &[u8]| {
        let shown = (number as usize) < texts.first;
        let encoding = || records.get(number as usize).map_or("", |record| sources.encoding(&record.file));
        let text = shown.then(|| decoded(bytes, encoding()));
        (hex(&Sha256::digest(bytes)), text.map(|text| if texts.reveal { text } else { masked(&text) }))
    };
    let seen = records::read_again(wanted, max_unpacked, &see);
    for (number, (computed, text)) in seen {
        if let Some(record) = records.get_mut(number as usize) {
            (record.computed, record.text) = (Some(computed), text);
        }
    }
    for record in records {
        record.agrees = match (&record.recorded, &record.computed) {
            (_, None) => false,
            (Some(recorded), Some(computed)) => recorded == computed,
            // Nobody noted the hash of this record alone; that of the whole file binds it as well.
            (None, Some(_)) => {
                let file = sources.file_of(&record.file).map(|(file, _)| file.to_owned());
                let source = file.and_then(|file| sources.file(&file));
                source.is_some_and(|source| source.standing() == Standing::Same)
            }
        };
    }
}

/// Bytes of a record as text. What is of no encoding is shown by replacement characters.
fn decoded(bytes: &[u8], encoding: &str) -> String {
    let encoding = match encoding {
        "UTF-16" if bytes.first() == Some(&0) => encoding_rs::UTF_16BE,
        "UTF-16" => encoding_rs::UTF_16LE,
        // Records of a file are mostly UTF-8 where the file is told to be; single ones need not be.
        label => match std::str::from_utf8(bytes) {
            Ok(_) => encoding_rs::UTF_8,
            Err(_) => Encoding::for_label(label.as_bytes())
                .filter(|encoding| *encoding != encoding_rs::UTF_8)
                .unwrap_or(encoding_rs::WINDOWS_1252),
        },
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_in_the_encoding_of_their_file() {
        assert_eq!(decoded("Grüße".as_bytes(), "UTF-8"), "Grüße");
        assert_eq!(decoded(b"Gr\xFC\xDFe", "windows-1252"), "Grüße");
        assert_eq!(decoded(b"G\0\xFC\0", "UTF-16"), "Gü");
        assert_eq!(decoded(b"\0G\0\xFC", "UTF-16"), "Gü");
        assert_eq!(decoded("Grüße".as_bytes(), "SQLite"), "Grüße");
    }
}
