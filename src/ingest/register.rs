//! Reads tables that are registers of consent: each line tells of opt-ins and opt-outs, none is a send.
//! Which columns tell what is said by the format, or found by `mapping/registers.rs` where there is no known one.
//! What a consent means for a send is the business of assess.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::Encoding;

use super::FileRead;
use super::batch::{Batch, ConsentKind, Said};
use super::blocks::Hasher;
use super::context::FileContext;
use super::delimited::instant;
use super::encoding::decode;
use super::formats::schema::Consent;
use super::formats::{ConsentKindOf, Format, TableConsent};
use super::mapping::plain;
use super::people::Hint;
use super::proof::{Channels, Proof, UNDATED};
use super::records::{self, Field};
use super::scan::{Layout, Source, Walk, scan};
use super::time::{self, DateOrder};
use crate::message::{Place, ZoneBasis};

/// Reason for lines that tell of consents.
pub const CONSENT: &str = "opt-in or opt-out";
/// Reason for lines of a register that tell of none.
const NOTHING_SAID: &str = "contact without a recorded opt-in or opt-out";

/// Note on refusals without a time.
const UNDATED_REFUSAL: &str = "opt-out without a time, which no message can be held against";

/// One thing that each line may say, with its columns by number.
struct Saying<'f> {
    consent: &'f TableConsent,
    recipients: Vec<usize>,
    at: Vec<usize>,
    needs: Option<usize>,
    told_by: Option<usize>,
    /// What the words of `told_by` mean, as they are written and without case, accents and punctuation.
    words: HashMap<String, Option<ConsentKind>>,
    account: Option<usize>,
    channel: Option<usize>,
    text_version: Vec<usize>,
    obtained_from: Vec<usize>,
    reference: Vec<usize>,
    confirmed: Vec<usize>,
}

/// What one line says of one person.
struct Declared {
    recipient: String,
    account: String,
    at: i64,
    kind: ConsentKind,
    source: &'static str,
    proof: Proof,
}

/// Reads the whole file. `names` are the names of its columns.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    format: &Format,
    names: &[String],
    encoding: &'static Encoding,
    layout: Layout,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    let sayings: Vec<Saying<'_>> = format.consents.iter().filter_map(|consent| saying(consent, names)).collect();
    let lines = Lines { file, format, sayings, encoding, expected: layout.columns };
    let start = || Batch::new(file);
    let record = |batch: &mut Batch<'c>, place: Place, buffer: &[u8], fields: &[Field]| {
        if let Err(reason) = lines.read(batch, place, buffer, fields) {
            let from = fields.first().map_or(0, |field| field.start);
            let raw = buffer.get(from..from + place.length as usize).unwrap_or_default();
            batch.reject(place, reason, raw);
        }
    };
    let problem = |batch: &mut Batch<'c>, place: Place, raw: &[u8], reason: &'static str| {
        batch.reject(place, reason, raw);
    };
    let walk = Walk { start: &start, finish: &Batch::close, record: &record, problem: &problem };
    let mut hasher = Hasher::new(file.context.threads);
    let stretches = scan(source, layout, &walk, &mut hasher, progress)?;
    let (mut records, mut lines) = (0, 0);
    let shifted = stretches.into_iter().map(|stretch| {
        let mut batch = stretch.state;
        batch.shift(records, lines, 0);
        records += stretch.records;
        lines += stretch.lines;
        batch
    });
    let batches = shifted.collect();
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order: None })
}

/// The columns of a saying; `None` where the table lacks one that it cannot do without.
fn saying<'f>(consent: &'f TableConsent, names: &[String]) -> Option<Saying<'f>> {
    let position = |wanted: &String| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let all = |wanted: &[String]| -> Vec<usize> { wanted.iter().filter_map(position).collect() };
    let at = all(&consent.at);
    let needs = consent.needs.as_ref().map(position);
    let told_by = match &consent.kind {
        ConsentKindOf::Always(_) => None,
        ConsentKindOf::Told { column, .. } => Some(position(column)?),
    };
    let recipients = all(&consent.recipients);
    if recipients.is_empty() || needs == Some(None) || (at.is_empty() && told_by.is_none()) {
        return None;
    }
    let proof = &consent.proof;
    Some(Saying {
        consent,
        recipients,
        at,
        needs: needs.flatten(),
        told_by,
        words: words_of(&consent.kind),
        account: consent.account.as_ref().and_then(position),
        channel: proof.channel.as_ref().and_then(position),
        text_version: all(&proof.text_version),
        obtained_from: all(&proof.obtained_from),
        reference: all(&proof.reference),
        confirmed: all(&proof.confirmed),
    })
}

struct Lines<'r, 'c> {
    file: &'r FileContext<'c>,
    format: &'r Format,
    sayings: Vec<Saying<'r>>,
    encoding: &'static Encoding,
    expected: usize,
}

impl<'c> Lines<'_, 'c> {
    fn read(
        &self,
        batch: &mut Batch<'c>,
        place: Place,
        buffer: &[u8],
        fields: &[Field],
    ) -> Result<(), Cow<'static, str>> {
        records::fit(fields, self.expected)?;
        let cell = |column: usize| -> String {
            let Some(field) = fields.get(column) else { return String::new() };
            let mut spare = Vec::new();
            decode(records::bytes(buffer, *field, &mut spare), self.encoding).trim().to_owned()
        };
        let mut said = Vec::new();
        for saying in &self.sayings {
            if saying.needs.is_some_and(|column| cell(column).is_empty()) {
                continue;
            }
            let Some(kind) = kind_of(saying, &cell)? else { continue };
            let at = saying.at.iter().map(|column| cell(*column)).find(|text| !text.is_empty());
            let mut proof = self.proof(saying, &cell);
            let at = match at {
                Some(text) => {
                    let order = self.file.context.date_order.or(self.format.date_order).unwrap_or(DateOrder::DayMonth);
                    let stamp =
                        time::parse(text.as_bytes(), order).map_err(|error| format!("time not readable: {error}"))?;
                    match &self.format.zone {
                        Some(zone) => instant(stamp, zone, ZoneBasis::Record, batch).0,
                        None => instant(stamp, &self.file.zones, self.file.zone_basis, batch).0,
                    }
                }
                None if kind == ConsentKind::OptIn && saying.consent.may_be_undated => {
                    proof.time = false;
                    UNDATED
                }
                None => {
                    if kind == ConsentKind::OptOut && saying.told_by.is_some() {
                        batch.note(UNDATED_REFUSAL);
                    }
                    continue;
                }
            };
            let account = saying.account.map(&cell).unwrap_or_default();
            let source = saying.consent.source;
            for recipient in saying.recipients.iter().map(|column| cell(*column)).filter(|cell| !cell.is_empty()) {
                said.push(Declared { recipient, account: account.clone(), at, kind, source, proof });
            }
        }
        if said.is_empty() {
            batch.ignore(NOTHING_SAID);
            return Ok(());
        }
        if said.iter().any(|said| !batch.knows_recipient(&said.recipient, Hint::Unknown)) {
            return Err("no person".into());
        }
        for Declared { recipient, account, at, kind, source, proof } in said {
            let account = Some(account.as_str()).filter(|account| !account.is_empty());
            let said = Said { recipient: &recipient, hint: Hint::Unknown, at, kind, source };
            batch.consent_with(place, account, said, proof);
        }
        batch.ignore(CONSENT);
        Ok(())
    }

    /// What stands beside an opt-in that proves it.
    fn proof(&self, saying: &Saying<'_>, cell: &dyn Fn(usize) -> String) -> Proof {
        let filled = |columns: &[usize]| columns.iter().any(|column| !cell(*column).is_empty());
        let known = &self.file.context.delimited;
        let confirmed = saying.confirmed.iter().map(|column| cell(*column)).any(|cell| !known.says_no(&cell));
        let platform = |word: &str| self.format.words.channel.get(word).or_else(|| known.channel_of_consent(word));
        let named = saying.channel.map(cell).unwrap_or_default();
        Proof {
            time: true,
            text_version: filled(&saying.text_version),
            source: filled(&saying.obtained_from),
            reference: filled(&saying.reference) || confirmed,
            confirmed,
            channels: Channels::read(&named, known.any_channel(), platform),
        }
    }
}

/// What a line declares by the word of its column; `None` where it declares nothing.
fn kind_of(saying: &Saying<'_>, cell: &dyn Fn(usize) -> String) -> Result<Option<ConsentKind>, Cow<'static, str>> {
    let Some(column) = saying.told_by else {
        return Ok(match &saying.consent.kind {
            ConsentKindOf::Always(kind) => Some(of(*kind)),
            ConsentKindOf::Told { .. } => None,
        });
    };
    let word = cell(column);
    let known = saying.words.get(&word.to_lowercase()).or_else(|| saying.words.get(&plain(&word)));
    known.copied().ok_or_else(|| "neither an opt-in nor an opt-out: the word is not known".into())
}

/// The words of a column that tells. A word that means two things without its punctuation counts as it is written only.
fn words_of(kind: &ConsentKindOf) -> HashMap<String, Option<ConsentKind>> {
    let ConsentKindOf::Told { opt_in, opt_out, nothing, .. } = kind else { return HashMap::new() };
    let meaning =
        |words: &'_ Vec<String>, means| words.iter().map(move |word| (word.clone(), means)).collect::<Vec<_>>();
    let all = [
        meaning(opt_in, Some(ConsentKind::OptIn)),
        meaning(opt_out, Some(ConsentKind::OptOut)),
        meaning(nothing, None),
    ]
    .concat();
    let mut words: HashMap<String, Option<ConsentKind>> = HashMap::new();
    for (word, means) in &all {
        let alike = all.iter().filter(|(other, _)| plain(other) == plain(word));
        if alike.map(|(_, other)| other).all(|other| other == means) {
            words.insert(plain(word), *means);
        }
    }
    words.extend(all.into_iter().map(|(word, means)| (word.to_lowercase(), means)));
    words
}

fn of(kind: Consent) -> ConsentKind {
    match kind {
        Consent::OptIn => ConsentKind::OptIn,
        Consent::OptOut => ConsentKind::OptOut,
    }
}
