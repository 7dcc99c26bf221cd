//! Reads tables that are registers of consent: each line tells of opt-ins and opt-outs, none is a send.
//! Which columns tell what is said by the format; tables without a known format are never taken for registers.
//! What a consent means for a send is the business of assess.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::FileRead;
use super::batch::{Batch, ConsentKind, Said};
use super::blocks::Hasher;
use super::context::FileContext;
use super::delimited::instant;
use super::encoding::decode;
use super::formats::schema::Consent;
use super::formats::{ConsentKindOf, Format, TableConsent};
use super::people::Hint;
use super::records::{self, Field};
use super::scan::{Layout, Source, Walk, scan};
use super::time::{self, DateOrder};
use crate::message::{Place, ZoneBasis};

/// Reason for lines that tell of consents.
pub const CONSENT: &str = "opt-in or opt-out";
/// Reason for lines of a register that tell of none.
const NOTHING_SAID: &str = "contact without a recorded opt-in or opt-out";

/// One thing that each line may say, with its columns by number.
struct Saying<'f> {
    consent: &'f TableConsent,
    recipient: usize,
    at: Vec<usize>,
    needs: Option<usize>,
    told_by: Option<usize>,
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
    let position = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let at: Vec<usize> = consent.at.iter().filter_map(|name| position(name)).collect();
    let needs = consent.needs.as_deref().map(position);
    let told_by = match &consent.kind {
        ConsentKindOf::Always(_) => None,
        ConsentKindOf::Told { column, .. } => Some(position(column)?),
    };
    let recipient = position(&consent.recipient)?;
    (!at.is_empty() && needs != Some(None)).then(|| Saying { consent, recipient, at, needs: needs.flatten(), told_by })
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
            let Some(at) = saying.at.iter().map(|column| cell(*column)).find(|text| !text.is_empty()) else { continue };
            let kind = match &saying.consent.kind {
                ConsentKindOf::Always(kind) => *kind,
                ConsentKindOf::Told { opt_in, opt_out, .. } => {
                    let word = saying.told_by.map(&cell).unwrap_or_default();
                    let known = |words: &[String]| words.iter().any(|known| known.eq_ignore_ascii_case(&word));
                    match (known(opt_in), known(opt_out)) {
                        (true, _) => Consent::OptIn,
                        (_, true) => Consent::OptOut,
                        _ => return Err("neither an opt-in nor an opt-out: the word is not known".into()),
                    }
                }
            };
            let kind = match kind {
                Consent::OptIn => ConsentKind::OptIn,
                Consent::OptOut => ConsentKind::OptOut,
            };
            let order = self.file.context.date_order.or(self.format.date_order).unwrap_or(DateOrder::DayMonth);
            let stamp = time::parse(at.as_bytes(), order).map_err(|error| format!("time not readable: {error}"))?;
            let (at, _) = match &self.format.zone {
                Some(zone) => instant(stamp, zone, ZoneBasis::Record, batch),
                None => instant(stamp, &self.file.zones, self.file.zone_basis, batch),
            };
            said.push((cell(saying.recipient), at, kind, saying.consent.source));
        }
        if said.is_empty() {
            batch.ignore(NOTHING_SAID);
            return Ok(());
        }
        if said.iter().any(|(recipient, ..)| !batch.knows_recipient(recipient, Hint::Unknown)) {
            return Err("no person".into());
        }
        for (recipient, at, kind, source) in said {
            batch.consent(place, None, Said { recipient: &recipient, hint: Hint::Unknown, at, kind, source });
        }
        batch.ignore(CONSENT);
        Ok(())
    }
}
