//! Every format of the catalogue, read from a made-up export in its real shape, field by field.
//! `tests/data/formats/NAME.EXT` is the export, `NAME.expected.toml` what must be read from it (`NAME.VARIANT.…` for more).
//! A second test moves every mapped field and demands that the reading changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sendeschluss::case::Case;
use sendeschluss::ingest::formats::path::{Origin, Path as JsonPath, Step};
use sendeschluss::ingest::formats::schema::{Kind, When};
use sendeschluss::ingest::formats::{Catalogue, Format};
use sendeschluss::ingest::{Ingested, Input, NoProgress, Settings, ingest};
use sendeschluss::message::{Category, ContentKind, Form, RecipientKind, Status};
use serde::Deserialize;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use crate::harness::project;

/// What must be read from an export.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Name of the format, where it is none of the catalogue: that of a reader in code, or of tables in general.
    #[serde(default)]
    format: Option<String>,
    records: u64,
    #[serde(default)]
    ignored: u64,
    #[serde(default)]
    rejected: u64,
    #[serde(default, rename = "message")]
    messages: Vec<Message>,
    #[serde(default, rename = "consent")]
    consents: Vec<Consent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    sent_at: String,
    direction: String,
    #[serde(default)]
    account: String,
    recipient: String,
    #[serde(default)]
    recipient_kind: Option<RecipientKind>,
    platform: String,
    route: String,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    campaign: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    category: Category,
    #[serde(default = "one")]
    audience: u32,
    #[serde(default)]
    form: Form,
    #[serde(default)]
    automation: Option<String>,
    #[serde(default)]
    forward_score: Option<u8>,
}

const fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    kind: String,
    recipient: String,
    #[serde(default)]
    account: String,
    at: String,
}

/// An export with what is expected of it.
struct Fixture {
    format: String,
    file: PathBuf,
    expected: PathBuf,
}

fn fixtures() -> Vec<Fixture> {
    let folder = project("tests/data/formats");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("the folder").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let exports = files.iter().filter(|file| !file.to_string_lossy().ends_with(".expected.toml"));
    exports
        .map(|file| {
            let expected = file.with_extension("expected.toml");
            assert!(expected.exists(), "{} has no {}", file.display(), expected.display());
            let name = file.file_name().unwrap().to_string_lossy();
            Fixture { format: name.split('.').next().unwrap().to_owned(), file: file.clone(), expected }
        })
        .collect()
}

fn read(file: &Path) -> Ingested {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let input = Input { name, path: file.to_owned(), named: true, member: None };
    let settings =
        Settings { timezone: None, date_order: None, max_unpacked: 1 << 30, threads: 2, formats: Vec::new() };
    ingest(&[input], &[], &Case::default(), &settings, &NoProgress).expect("settings that are right")
}

fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).expect("a time").to_string()
}

/// What a row says of each field.
fn row(ingested: &Ingested, row: usize) -> BTreeMap<&'static str, String> {
    let messages = &ingested.messages;
    let columns = &messages.columns;
    let account = &messages.accounts[columns.account[row] as usize];
    let recipient = columns.recipient[row] as usize;
    BTreeMap::from([
        ("sent_at", time(columns.sent_at[row])),
        ("direction", columns.direction[row].to_string()),
        ("account", if account.provisional { String::new() } else { account.id.clone() }),
        ("recipient", messages.recipients.address.get(recipient).to_owned()),
        ("recipient_kind", messages.recipients.kind[recipient].to_string()),
        ("platform", columns.platform[row].to_string()),
        ("route", columns.route[row].to_string()),
        ("status", columns.status[row].to_string()),
        ("message_id", columns.message_id.get(row).to_owned()),
        ("category", columns.category[row].to_string()),
        ("audience", columns.audience[row].to_string()),
        ("form", columns.form[row].to_string()),
        ("automation", columns.automation[row].to_string()),
        ("forward_score", columns.forward_score[row].to_string()),
        (
            "content",
            content(messages.contents.kind(columns.content[row]), messages.contents.fingerprint(columns.content[row])),
        ),
    ])
}

fn content(kind: ContentKind, fingerprint: u128) -> String {
    if fingerprint == 0 { "none".to_owned() } else { format!("{kind} {fingerprint:032x}") }
}

fn content_of(kind: ContentKind, name: &str) -> String {
    let mut normal = name.to_owned();
    if kind == ContentKind::Text {
        sendeschluss::ingest::normalise(name, &mut normal);
    }
    content(kind, xxh3_128(normal.as_bytes()) ^ (kind as u128))
}

/// Where reading and expectation differ.
fn differences(fixture: &Fixture) -> Vec<String> {
    let mut told = Vec::new();
    let text = std::fs::read_to_string(&fixture.expected).expect("the expectation");
    let expected: Expected = match toml::from_str(&text) {
        Ok(expected) => expected,
        Err(error) => return vec![format!("{}: {error}", fixture.expected.display())],
    };
    let ingested = read(&fixture.file);
    let input = &ingested.inputs[0];
    let mut compare = |what: &str, got: String, wanted: String| {
        if got != wanted {
            told.push(format!("{what}: got `{got}`, expected `{wanted}`"));
        }
    };
    compare("format", input.format.clone(), expected.format.clone().unwrap_or_else(|| fixture.format.clone()));
    compare("records", input.records.to_string(), expected.records.to_string());
    compare("ignored", input.ignored.to_string(), expected.ignored.to_string());
    compare("rejected", input.rejected.to_string(), expected.rejected.to_string());
    compare(
        "account of records",
        (input.read + input.folded + input.ignored + input.rejected).to_string(),
        input.records.to_string(),
    );
    compare("messages", ingested.messages.columns.len().to_string(), expected.messages.len().to_string());
    for (index, wanted) in expected.messages.iter().enumerate() {
        if index >= ingested.messages.columns.len() {
            break;
        }
        let got = row(&ingested, index);
        let mut field = |name: &'static str, wanted: &str| {
            compare(&format!("message {} {name}", index + 1), got[name].clone(), wanted.to_owned());
        };
        field(
            "sent_at",
            &wanted.sent_at.parse::<jiff::Timestamp>().map_or(wanted.sent_at.clone(), |at| at.to_string()),
        );
        field("direction", &wanted.direction);
        field("account", &wanted.account);
        field("recipient", &wanted.recipient);
        field("platform", &wanted.platform);
        field("route", &wanted.route);
        field("status", wanted.status.as_str());
        field("message_id", &wanted.message_id);
        field("category", wanted.category.as_str());
        field("audience", &wanted.audience.to_string());
        field("form", wanted.form.as_str());
        if let Some(kind) = wanted.recipient_kind {
            field("recipient_kind", kind.as_str());
        }
        if let Some(automation) = &wanted.automation {
            field("automation", automation);
        }
        if let Some(score) = wanted.forward_score {
            field("forward_score", &score.to_string());
        }
        // Of contents only their fingerprints are kept: a campaign goes before a template, a template before a text.
        if !wanted.campaign.is_empty() {
            field("content", &content_of(ContentKind::Campaign, &wanted.campaign));
        } else if !wanted.template.is_empty() {
            field("content", &content_of(ContentKind::Template, &wanted.template));
        } else if let Some(text) = &wanted.text {
            field("content", &content_of(ContentKind::Text, text));
        } else if !got["content"].starts_with("text") {
            field("content", "none");
        }
    }
    compare("consents", ingested.consents.len().to_string(), expected.consents.len().to_string());
    for (index, (got, wanted)) in ingested.consents.iter().zip(&expected.consents).enumerate() {
        let mut field = |name: &str, got: &str, wanted: &str| {
            compare(&format!("consent {} {name}", index + 1), got.to_owned(), wanted.to_owned());
        };
        let account = &ingested.messages.accounts[got.account as usize];
        field("kind", got.kind.as_str(), &wanted.kind);
        field("recipient", ingested.messages.recipients.address.get(got.recipient as usize), &wanted.recipient);
        field("account", if account.provisional { "" } else { &account.id }, &wanted.account);
        field(
            "at",
            &time(got.at),
            &wanted.at.parse::<jiff::Timestamp>().map_or(wanted.at.clone(), |at| at.to_string()),
        );
    }
    if !told.is_empty() {
        let notes = input.notes.iter().map(|note| format!("note: {note}"));
        let rejects = ingested
            .rejects
            .iter()
            .take(5)
            .map(|reject| format!("reject of record {}: {}", reject.place.record, reject.reason));
        let ignored = input.ignored_by.iter().map(|(reason, count)| format!("ignored {count} × {reason}"));
        let next = input.runner_up.iter().map(|(name, score)| format!("next best format {name} ({score})"));
        told.extend(notes.chain(rejects).chain(ignored).chain(next).collect::<Vec<_>>());
    }
    told
}

/// All that a reading gives, as text to be compared.
fn reading(ingested: &Ingested) -> String {
    let mut text = String::new();
    for index in 0..ingested.messages.columns.len() {
        let content = ingested.messages.columns.content[index];
        let sample = ingested.messages.contents.words.get(&content).map_or("", |words| words.sample.as_str());
        let _ = writeln!(text, "{:?} {sample}", row(ingested, index));
    }
    for consent in &ingested.consents {
        let recipient = ingested.messages.recipients.address.get(consent.recipient as usize);
        let account = &ingested.messages.accounts[consent.account as usize].id;
        let _ = writeln!(text, "{} {recipient} {account} {} {}", consent.kind.as_str(), consent.at, consent.source);
        let _ = writeln!(text, "  {:?}", consent.proof);
    }
    let input = &ingested.inputs[0];
    let _ = writeln!(text, "{} {} {} {:?}", input.format, input.records, input.rejected, input.ignored_by);
    text
}

#[test]
fn every_format_reads_its_export_as_expected() {
    let mut told = String::new();
    for fixture in fixtures() {
        for difference in differences(&fixture) {
            let _ = writeln!(told, "{}: {difference}", fixture.file.file_name().unwrap().to_string_lossy());
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn every_format_has_an_export() {
    let names: BTreeSet<String> = fixtures().into_iter().map(|fixture| fixture.format).collect();
    let catalogue = Catalogue::load().expect("formats that are right");
    let missing: Vec<&str> =
        catalogue.formats().map(|format| format.name.as_str()).filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "no fixture for {missing:?}");
}

#[test]
fn no_mapped_field_moves_unnoticed() {
    let catalogue = Catalogue::load().expect("formats that are right");
    let folder = tempfile::tempdir().expect("a folder");
    let mut told = String::new();
    // A field of a rare record may stand in one of several exports of a format.
    let mut noticed: BTreeMap<(String, String), bool> = BTreeMap::new();
    for fixture in fixtures() {
        let Some(format) = catalogue.get(&fixture.format) else {
            let expected = std::fs::read_to_string(&fixture.expected).expect("the expectation");
            if toml::from_str::<Expected>(&expected).is_ok_and(|expected| expected.format.is_some()) {
                continue;
            }
            let _ = writeln!(told, "{}: there is no such format", fixture.format);
            continue;
        };
        let name = fixture.file.file_name().unwrap().to_string_lossy().into_owned();
        let before = reading(&read(&fixture.file));
        let text = std::fs::read_to_string(&fixture.file).expect("text");
        let mut try_one = |what: String, changed: String| {
            let file = folder.path().join(&name);
            std::fs::write(&file, changed).expect("a file");
            *noticed.entry((format.name.clone(), what)).or_default() |= reading(&read(&file)) != before;
        };
        match format.kind {
            Kind::Delimited => moved_headers(format, &text, &mut try_one),
            Kind::Json => moved_keys(format, &text, &mut try_one),
        }
    }
    for ((format, what), noticed) in noticed {
        if !noticed {
            let _ = writeln!(told, "{format}: {what} can move without being noticed");
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

/// The export with one header renamed, for each header of each column.
fn moved_headers(format: &Format, text: &str, try_one: &mut dyn FnMut(String, String)) {
    let end = text.find('\n').expect("a header line");
    let (header, rest) = text.split_at(end);
    for (column, names) in &format.columns {
        for name in names {
            let found = header.to_lowercase().match_indices(&name.to_lowercase()).map(|(at, _)| at).collect::<Vec<_>>();
            let edge = |at: usize| !header[at..].chars().next().is_some_and(char::is_alphanumeric);
            let whole = found.into_iter().find(|at| {
                let end = at + name.len();
                (*at == 0 || !header[..*at].chars().next_back().is_some_and(char::is_alphanumeric))
                    && (end >= header.len() || edge(end))
            });
            let what = format!("column `{name}` ({})", column.as_str());
            match whole {
                Some(at) => {
                    try_one(what, format!("{}Moved{}{rest}", &header[..at], &header[at + name.len()..]));
                }
                None => try_one(what, text.to_owned()),
            }
        }
    }
}

/// The export with one key renamed, for each path of each kind of record.
fn moved_keys(format: &Format, text: &str, try_one: &mut dyn FnMut(String, String)) {
    let text = text.trim_start_matches('\u{FEFF}');
    let documents: Vec<Value> =
        serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().expect("JSON");
    for (number, record) in format.records.iter().enumerate() {
        let mut paths: BTreeMap<String, Vec<Step>> = BTreeMap::new();
        let mut add = |what: String, base: &[Step], path: &JsonPath| {
            if let Some(steps) = absolute(base, path) {
                paths.insert(format!("record {} {what} `{path}`", number + 1), steps);
            }
        };
        let each = record.each.steps.as_slice();
        add("each".to_owned(), &[], &record.each);
        let mut base = each.to_vec();
        if let Some(path) = &record.fan_out {
            base.extend(path.steps.iter().cloned());
            add("fan_out".to_owned(), each, path);
        }
        for (role, places) in &record.fields {
            for place in places {
                match (&record.fan_out, place.path.origin) {
                    // From a part, `..` leads to the record.
                    (Some(_), Origin::Item(up)) if up > 0 => {
                        let path = JsonPath { origin: Origin::Item(up - 1), steps: place.path.steps.clone() };
                        add(role.as_str().to_owned(), each, &path);
                    }
                    _ => add(role.as_str().to_owned(), &base, &place.path),
                }
            }
        }
        for condition in &record.when {
            if condition.when != When::Absent {
                add("when".to_owned(), each, &condition.path);
            }
        }
        for (what, steps) in paths {
            let mut changed = documents.clone();
            for document in &mut changed {
                match document {
                    Value::Array(elements) => elements.iter_mut().for_each(|element| rename(element, &steps)),
                    document => rename(document, &steps),
                }
            }
            let lines: Vec<String> = changed.iter().map(Value::to_string).collect();
            try_one(what, lines.join("\n"));
        }
    }
}

/// The steps of a path from the document on, up to its last key.
fn absolute(base: &[Step], path: &JsonPath) -> Option<Vec<Step>> {
    let mut steps = match path.origin {
        Origin::Document => Vec::new(),
        Origin::Item(up) => {
            let mut steps = base.to_vec();
            for _ in 0..up {
                match steps.pop()? {
                    Step::Elements | Step::Index(_) | Step::Embedded => {
                        steps.pop();
                    }
                    Step::Key(_) | Step::Members => {}
                }
            }
            steps
        }
    };
    steps.extend(path.steps.iter().cloned());
    while !matches!(steps.last(), Some(Step::Key(_))) {
        steps.pop()?;
    }
    Some(steps)
}

/// Renames the last key of the steps wherever they lead.
fn rename(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    match (step, value) {
        (Step::Key(_), Value::Array(elements)) => {
            if let Some(first) = elements.first_mut() {
                rename(first, steps);
            }
        }
        (Step::Key(key), Value::Object(object)) if rest.is_empty() => {
            if let Some(moved) = object.remove(key.as_ref()) {
                object.insert(format!("{key}Moved"), moved);
            }
        }
        (Step::Key(key), Value::Object(object)) => {
            if let Some(value) = object.get_mut(key.as_ref()) {
                rename(value, rest);
            }
        }
        (Step::Index(index), Value::Array(elements)) => {
            if let Some(element) = elements.get_mut(*index) {
                rename(element, rest);
            }
        }
        (Step::Elements, Value::Array(elements)) => elements.iter_mut().for_each(|element| rename(element, rest)),
        (Step::Members, Value::Object(object)) => object.values_mut().for_each(|value| rename(value, rest)),
        (Step::Embedded, value @ Value::String(_)) => {
            let inner = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(mut inner) = inner {
                rename(&mut inner, rest);
                *value = Value::String(inner.to_string());
            }
        }
        _ => {}
    }
}
