//! Reads JSON exports of any size by the formats of the catalogue: recognises, cuts, maps.
//! One object, an array, lines, objects in a row, or one object around a huge list; in constant memory.
//! What a format says is data; Meta's nested webhooks have a reader of their own in `meta`.

pub mod cursor;
mod general;
mod huge;
mod recognise;
mod record;
mod resolve;
mod secrets;
mod shell;
mod tape;
pub mod walk;

use std::borrow::Cow;
use std::sync::Arc;

pub use secrets::masked;
pub use tape::{Fault, decode};

use super::batch::Batch;
use super::blocks::{BLOCK_BYTES, Hasher};
use super::context::FileContext;
use super::formats::Format;
use super::formats::path::Step;
use super::mapping::{MapError, Mapping};
use super::scan::Source;
use super::time::{OrderEvidence, OrderFinding};
use super::{DateOrderDecision, FileRead};
use crate::message::Place;
use recognise::Beginning;
use record::{Documents, State};
use tape::Tape;
use walk::{At, Layout, OPEN_END, Stretch, Walk, layout_of, open_end, separators, unit_end, walk};

/// A recognised JSON file.
#[derive(Debug)]
pub struct Recognised {
    format: Format,
    /// How sure, 0 to 100.
    pub confidence: u8,
    /// The next best format.
    pub runner_up: Option<(String, u8)>,
    /// Which key holds what, where it had to be found out.
    pub mapping: Option<Mapping>,
}

impl Recognised {
    /// Name of the format.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.format.name
    }
}

/// Finds the format from the beginning of a file, after its byte-order mark.
///
/// # Errors
/// When no format fits and no keys hold times and recipients.
pub fn recognise(file: &FileContext<'_>, sample: &[u8]) -> Result<Recognised, MapError> {
    let catalogue = &file.context.catalogue;
    let embedded: Vec<Box<str>> = catalogue.json().flat_map(|format| format.embedded.iter().cloned()).collect();
    let beginning = Beginning::of(sample, &embedded);
    let (best, next) = beginning.best(catalogue);
    if let Some((format, confidence)) = best {
        let runner_up = next.map(|(format, score)| (format.name.clone(), score));
        return Ok(Recognised { format: format.clone(), confidence, runner_up, mapping: None });
    }
    let guess = general::guess(&file.context.delimited, &beginning)?;
    let confidence = guess.mapping.confidence;
    Ok(Recognised { format: guess.format, confidence, runner_up: None, mapping: Some(guess.mapping) })
}

/// Reads the whole file.
///
/// # Errors
/// When reading fails.
pub fn read<'c>(
    file: &FileContext<'c>,
    sample: &[u8],
    bom: usize,
    recognised: &Recognised,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
) -> std::io::Result<FileRead<'c>> {
    read_blocks(file, sample, bom, recognised, source, progress, BLOCK_BYTES)
}

fn read_blocks<'c>(
    file: &FileContext<'c>,
    sample: &[u8],
    bom: usize,
    recognised: &Recognised,
    source: &mut dyn Source,
    progress: &(dyn Fn(u64) + Sync),
    block_bytes: usize,
) -> std::io::Result<FileRead<'c>> {
    let format = &recognised.format;
    let (sample_with_mark, sample) = (sample, sample.get(bom..).unwrap_or_default());
    let secrets = file.context.catalogue.secrets();
    let mut documents = Documents::new(file, format, &secrets);
    let date_order = settle_order(file, format, sample, &mut documents);
    let start = || State { batch: Batch::new(file), tape: Tape::default() };
    let unit = |state: &mut State<'c>, at: At, bytes: &[u8]| documents.unit(state, at, bytes, None);
    let problem = |state: &mut State<'c>, place: Place, bytes: &[u8], reason: Cow<'static, str>, lost: bool| {
        let place = Place { record: state.batch.records + 1, ..place };
        state.batch.reject(place, reason, &masked(bytes, &secrets));
        state.batch.broken_off |= lost;
    };
    let layout = layout_of(sample);
    let plan =
        Walk { layout, skip: bom, block_bytes, start: &start, finish: &State::close, unit: &unit, problem: &problem };
    let mut hasher = Hasher::new(file.context.threads);
    let mut stretches = Vec::new();
    let mut from = 0;
    let first = separators(sample, 0);
    let rest = sample.get(first..).unwrap_or_default();
    if rest.first() == Some(&b'{') && layout == Layout::Units && unit_end(rest).is_none() {
        // An object larger than the sample: perhaps one around a list that is too large for memory.
        let ways = documents.ways();
        let keys: Vec<Vec<Box<str>>> = ways.iter().map(|way| keys_of(way)).collect();
        let before = sample_with_mark.get(..bom + first).unwrap_or_default();
        hasher.update(0, &Arc::new(before.to_vec()));
        if let Some(shell) = shell::scan(source, before.len() as u64, &keys, &mut hasher)? {
            let lines = memchr::memchr_iter(b'\n', before).count() as u32;
            let plan = huge::Plan { file, documents: &documents, ways: &ways, walk: &plan, lines };
            stretches = huge::read(&plan, &shell, source, &mut hasher, progress)?;
            from = shell.end;
        }
    }
    let plan = Walk { skip: if from == 0 { bom } else { 0 }, ..plan };
    stretches.extend(walk(source, from..u64::MAX, &plan, &mut hasher, progress)?);
    if !stretches.iter().any(|stretch| stretch.state.batch.broken_off)
        && let Some(end) = open_end(source, sample)?
    {
        let mut state = start();
        problem(&mut state, Place { line: 1, offset: end, ..Place::default() }, b"", OPEN_END.into(), true);
        stretches.push(Stretch { state, lines: 0 });
    }
    let batches = stretches.into_iter().map(|Stretch { state, lines }| Stretch { state: state.batch, lines });
    let batches = joined(batches);
    let (sha256, hashed) = hasher.finish();
    Ok(FileRead { batches, sha256: Some(sha256), hashed, date_order })
}

/// The keys before the first list of a way.
fn keys_of(way: &[Step]) -> Vec<Box<str>> {
    let keys = way.iter().map_while(|step| match step {
        Step::Key(key) => Some(key.clone()),
        _ => None,
    });
    keys.collect()
}

/// Reason for values that are no text.
pub const NOT_UTF8: &str = "not valid UTF-8";

/// Batches with their places counted from the start of the file.
pub fn joined<'c>(stretches: impl Iterator<Item = Stretch<Batch<'c>>>) -> Vec<Batch<'c>> {
    let (mut records, mut lines) = (0, 0);
    let shifted = stretches.map(|stretch| {
        let mut batch = stretch.state;
        let seen = batch.records;
        batch.shift(records, lines, 0);
        batch.close();
        records += seen;
        lines += stretch.lines;
        batch
    });
    shifted.collect()
}

/// Decides on the order of day and month from the first documents, where neither the user nor the format has.
fn settle_order(
    file: &FileContext<'_>,
    format: &Format,
    sample: &[u8],
    documents: &mut Documents<'_, '_>,
) -> Option<DateOrderDecision> {
    if file.context.date_order.is_some() || format.date_order.is_some() {
        return None;
    }
    let mut evidence = OrderEvidence::default();
    for document in Beginning::of(sample, &format.embedded).items() {
        record::times(format, &document, &mut |text| evidence.see(text.as_bytes()));
    }
    let (order, basis) = match evidence.decide() {
        OrderFinding::Settled | OrderFinding::Contradictory { .. } | OrderFinding::Undecided => return None,
        OrderFinding::ByValue(order) => (order, DateOrderDecision::BY_VALUE),
        OrderFinding::ByMonotony(order) => (order, DateOrderDecision::BY_MONOTONY),
        OrderFinding::BySpan(order) => (order, DateOrderDecision::BY_SPAN),
    };
    documents.with_order(order);
    Some(DateOrderDecision { order: super::delimited::order_text(order), basis, counts: evidence.counts() })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::Cursor;

    use super::super::context::Context;
    use super::super::formats;
    use super::*;

    fn file(context: &Context) -> FileContext<'_> {
        FileContext::unknown(context, 0)
    }

    /// Every end of every record, with its place.
    fn told(batches: &[Batch<'_>]) -> Vec<String> {
        let mut all = Vec::new();
        for batch in batches {
            let rows = &batch.rows;
            for row in 0..rows.sent_at.len() {
                all.push((
                    rows.offset[row],
                    format!(
                        "{} line {} at {} of {}: {} {} {}",
                        rows.record[row],
                        rows.line[row],
                        rows.offset[row],
                        rows.length[row],
                        rows.sent_at[row],
                        rows.message_id.get(row),
                        rows.direction[row]
                    ),
                ));
            }
            for reject in &batch.rejects {
                let place = reject.place;
                all.push((
                    place.offset,
                    format!(
                        "{} line {} at {}: {} {}",
                        place.record, place.line, place.offset, reject.reason, reject.excerpt
                    ),
                ));
            }
            for (reason, count) in &batch.ignored {
                all.push((u64::MAX, format!("{count} × {reason}")));
            }
        }
        all.sort();
        all.into_iter().map(|(_, line)| line).collect()
    }

    fn read_as(format: &Format, text: &[u8], block_bytes: usize) -> (Vec<String>, u32) {
        let context = Context::load(None, None, 2).expect("the data of the build");
        let file = file(&context);
        let recognised = Recognised { format: format.clone(), confidence: 99, runner_up: None, mapping: None };
        let bom = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let sample = text[..text.len().min(1 << 20)].to_vec();
        let mut source = Cursor::new(text.to_vec());
        let read = read_blocks(&file, &sample, bom, &recognised, &mut source, &|_| (), block_bytes).expect("memory");
        assert_eq!(read.hashed, text.len() as u64);
        assert_eq!(read.sha256, Some(crate::hash::hex(&crate::hash::Sha256::digest(text))));
        (told(&read.batches), read.batches.iter().map(|batch| batch.records).sum())
    }

    fn format(records: &str) -> Format {
        let head = "name = \"x\"\ntitle = \"x\"\nsource = \"x\"\nconfidence = \"A\"\nkind = \"json\"\nsecrets = [\"apikey\"]\n[recognise]\nkeys = [\"x\"]\n";
        formats::parse("x.toml", &format!("{head}{records}")).expect("a format")
    }

    const NESTED: &str = r#"
        [[record]]
        each = "page.items[]"
        when = { "kind" = ["sent"] }
        fan_out = "to.list[]"
        [record.fields]
        sent_at = ["at", { path = "../at", time = "unix_ms" }, "../../../day"]
        recipient = "phone"
        sender = "/owner"
        message_id = "../id"
        [[record]]
        each = "page.items[]"
        when = { "kind" = [1, true], "note" = "absent" }
        ignore = "a note"
    "#;

    #[test]
    fn parts_items_and_what_stands_around_them_are_found() {
        let text = r#"{"owner":"+4915112345678","day":"2024-03-01T00:00:00Z","page":{"items":[
            {"kind":"sent","id":"a","at":1700000000123,"to":{"list":[{"phone":"+491713920001","at":"2024-01-01T10:00:00Z"},{"phone":"+491713920002"}]}},
            {"kind":"sent","id":"b","at":null,"to":{"list":[{"phone":491713920003}]}},
            {"kind":true,"id":"c"},{"kind":1,"note":"x"},{"kind":"other","apikey":"topsecret"},
            {"kind":"sent","id":"d","apikey":"topsecret","to":{"list":[]}},
            {"kind":"sent","id":"e","id":"f","to":{"list":[{"phone":"+491713920001","at":"2024-01-01T10:00:00Z"}]}}]}}"#;
        let (told, records) = read_as(&format(NESTED), text.as_bytes(), 1 << 20);
        assert_eq!(records, 7);
        let all = told.join("\n");
        assert!(all.contains(": 1704103200000 a outbound") && all.contains(": 1700000000123 a outbound"), "{all}");
        assert!(all.contains(": 1709251200000 b outbound"), "{all}");
        assert!(all.contains("1 × a note") && all.contains("2 × event that is no send"), "{all}");
        assert!(all.contains("6 line 5 at ") && all.contains("no recipient") && !all.contains("topsecret"), "{all}");
        assert!(all.contains("7 line 6 at ") && all.contains(TWICE_TOLD), "{all}");
    }

    const TWICE_TOLD: &str = "stands twice";

    #[test]
    fn any_size_of_block_gives_the_same_records_at_the_same_places() {
        let records =
            "[[record]]\neach = \"m[]\"\n[record.fields]\nsent_at = \"t\"\nrecipient = \"r\"\nmessage_id = \"../b\"\n";
        let format = format(records);
        let mut units = Vec::new();
        for n in 0..40 {
            let odd = ["}]", "\\\"{[", "\\\\", "ä€\\u20ac", ",\\n"][n % 5];
            units.push(format!("{{\"b\":\"{odd}{n}\",\r\n\"m\":[{{\"t\":17000000{n:02},\"r\":\"+4917139200{n:02}\"}},\n{{\"t\":\"x\"}}]}}"));
        }
        for text in [
            format!("\u{FEFF}[{}\n]", units.join(",\n")),
            units.join("\n\n"),
            units.iter().map(|unit| unit.replace(['\r', '\n'], "") + "\r\n").collect(),
        ] {
            let whole = read_as(&format, text.as_bytes(), 1 << 20);
            assert_eq!(whole.1, 80);
            for block in [1, 2, 3, 7, 13, 39, 200] {
                assert_eq!(read_as(&format, text.as_bytes(), block), whole, "{block}");
            }
        }
    }

    #[test]
    fn a_huge_object_is_read_as_a_small_one_is() {
        let records = "[[record]]\neach = \"data.list[]\"\n[record.fields]\nsent_at = \"t\"\nrecipient = \"r\"\nmessage_id = \"../id\"\naccount = \"/who\"\n[[record]]\neach = \"more[]\"\nignore = \"more\"\n";
        let format = format(records);
        let mut list = String::new();
        for n in 0..90_000 {
            let _ = write!(
                list,
                "{}{{\"t\":{},\"r\":\"+49171{:07}\"}}",
                if n > 0 { ",\n" } else { "" },
                1_700_000_000 + n,
                n
            );
        }
        let text = format!(
            "\n{{\"more\":[1,2],\n\"data\":{{\"list\":[{list}],\"id\":\"Z\"}},\"who\":\"+4915112345678\"}}\n{{\"more\":[3]}}"
        );
        let (told, records) = read_as(&format, text.as_bytes(), 1 << 16);
        assert_eq!(records, 90_003);
        let last = text.rfind("{\"t\"").expect("there");
        let lines = text[..last].matches('\n').count() + 1;
        let wanted = format!(
            "90002 line {lines} at {last} of {}: 1700089999000 Z outbound",
            "{\"t\":1700089999,\"r\":\"+491710089999\"}".len()
        );
        assert!(told.contains(&wanted), "{wanted}\n{}", told[told.len() - 5..].join("\n"));
        // Cut off: all whole elements are there, and the rest is told.
        let (told, records) = read_as(&format, &text.as_bytes()[..last + 10], 1 << 16);
        assert_eq!(records, 90_002);
        assert!(told.iter().any(|line| line.contains("not valid JSON")), "{}", told[told.len() - 5..].join("\n"));
    }

    #[test]
    fn json_of_no_known_format_is_read_by_its_keys() {
        let text = br#"{"total":2,"rows":[{"id":"a1","Gesendet am":"2024-05-01T10:00:00Z","to":{"number":"+491713920001","name":"Eva"},"Nachricht":"Hallo du","status":"delivered"},
            {"id":"a2","Gesendet am":"2024-05-01T10:00:01Z","to":{"number":"+491713920002","name":"Max"},"Nachricht":"Hallo du","status":"sent"}]}"#;
        let context = Context::load(None, None, 2).expect("the data of the build");
        let file = file(&context);
        let found = recognise(&file, text).expect("keys that say enough");
        assert_eq!((found.name(), found.confidence), ("json", 90));
        let read = read(&file, text, 0, &found, &mut Cursor::new(text.to_vec()), &|_| ()).expect("memory");
        assert_eq!(read.batches.iter().map(|batch| batch.rows.sent_at.len()).sum::<usize>(), 2);
        assert!(recognise(&file, b"{\"hello\":[1,2,3]}").is_err());
        assert!(recognise(&file, b"[[[[[").is_err());
    }
}
