//! The catalogue of formats: what `data/formats/*.toml` and a user's own files say of exports, checked and ready for use.
//! How a file is written stands in `formats/schema.rs`; readers follow what is here and know no format by name.
//! WhatsApp's chat words and the aliases of unknown tables are data of their own readers.

mod list;
pub mod path;
pub mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

pub use list::FILES;

use super::mapping::Role as Column;
use super::table::IgnoredRows;
use super::time::{DateOrder, Zones};
use super::words::Words;
use crate::case::explain;
use crate::message::{Category, Direction, Platform, RecipientKind, Route, Status};
use path::{Path, PathError};
use schema::{Confidence, Consent, Constants, Kind, Role, TimeForm, When};

/// Why a format file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct FormatError {
    /// The file.
    pub file: String,
    /// What is wrong, with the place where there is one.
    pub reason: String,
}

/// A condition on a value.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Where the value stands.
    pub path: Path,
    /// What it must be.
    pub when: When,
}

/// One place where a field's value may lie.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where.
    pub path: Path,
    /// How a time there is written.
    pub time: TimeForm,
    /// Zone of a time there without an offset, where the provider guarantees one.
    pub zone: Option<Zones>,
}

/// What becomes of the items of a kind.
#[derive(Clone, Debug)]
pub enum Ending {
    /// Each is a send.
    Message,
    /// They are no sends, for this reason.
    Ignore(&'static str),
    /// Somebody signed up or asked to stop.
    Consent(Consent, &'static str),
}

/// A kind of record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where records lie in a document.
    pub each: Path,
    /// Which items are of this kind.
    pub when: Vec<Condition>,
    /// One message for each of these.
    pub fan_out: Option<Path>,
    /// What becomes of them.
    pub ending: Ending,
    /// Where each field lies.
    pub fields: BTreeMap<Role, Vec<Place>>,
    /// What all of them are.
    pub constants: Constants,
}

/// What each line of a table says of being sent messages.
#[derive(Clone, Debug)]
pub struct TableConsent {
    /// Signed up or asked to stop.
    pub kind: ConsentKindOf,
    /// Word for reports.
    pub source: &'static str,
    /// Header names of the person's addresses; each that is filled.
    pub recipients: Vec<String>,
    /// Header names of the time; the first that is filled.
    pub at: Vec<String>,
    /// Header name without whose value nothing is said.
    pub needs: Option<String>,
    /// Header name of the account that it was said to.
    pub account: Option<String>,
    /// What proves it.
    pub proof: ProofColumns,
    /// Whether an opt-in without a time is one all the same.
    pub may_be_undated: bool,
}

/// Header names of what proves an opt-in.
#[derive(Clone, Debug, Default)]
pub struct ProofColumns {
    /// Of the channels that were agreed to.
    pub channel: Option<String>,
    /// Of the wording or its version.
    pub text_version: Vec<String>,
    /// Of where it was given.
    pub obtained_from: Vec<String>,
    /// Of documents, messages or addresses of the network.
    pub reference: Vec<String>,
    /// Of a second step that confirmed it.
    pub confirmed: Vec<String>,
}

/// How a line tells an opt-in from an opt-out.
#[derive(Clone, Debug)]
pub enum ConsentKindOf {
    /// All lines are the same.
    Always(Consent),
    /// A column tells, by its words.
    Told {
        /// Header name.
        column: String,
        /// Words of opt-ins.
        opt_in: Vec<String>,
        /// Words of opt-outs.
        opt_out: Vec<String>,
        /// Words of neither.
        nothing: Vec<String>,
    },
}

impl TableConsent {
    /// Every header name it needs.
    pub fn header(&self) -> impl Iterator<Item = &str> {
        let told = match &self.kind {
            ConsentKindOf::Told { column, .. } => Some(column),
            ConsentKindOf::Always(_) => None,
        };
        let proof = &self.proof;
        let names = self.at.iter().chain(told).chain(&self.needs).chain(&self.account).chain(&self.recipients);
        let names = names.chain(&proof.channel).chain(&proof.text_version).chain(&proof.obtained_from);
        names.chain(&proof.reference).chain(&proof.confirmed).map(String::as_str)
    }
}

/// How documents of a format are recognised.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// All of these are there.
    pub keys: Vec<Path>,
    /// Of each list one is there.
    pub any: Vec<Vec<Path>>,
    /// None of these is there.
    pub none: Vec<Path>,
    /// These have one of the values.
    pub values: Vec<(Path, Vec<String>)>,
    /// Names that a header line must hold.
    pub header: Vec<String>,
    /// Names that a header line must not hold.
    pub header_none: Vec<String>,
}

/// A format's own words; they go before the common ones.
#[derive(Clone, Debug, Default)]
pub struct OwnWords {
    /// Of status fields.
    pub status: Words<Status>,
    /// Of direction fields.
    pub direction: Words<Direction>,
    /// Of category fields.
    pub category: Words<Category>,
    /// Of channel fields.
    pub channel: Words<Platform>,
    /// Of fields that tell persons from groups.
    pub recipient_kind: Words<RecipientKind>,
}

/// One format.
#[derive(Clone, Debug)]
pub struct Format {
    /// Name in `inputs.csv`.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Where the shape is known from.
    pub source: String,
    /// How well it is known.
    pub confidence: Confidence,
    /// What kind of file it is.
    pub kind: Kind,
    /// The file it was read from.
    pub file: String,
    /// Keys whose values are never kept.
    pub secrets: Vec<String>,
    /// How it is recognised.
    pub signs: Signs,
    /// The header names of each column, of tables.
    pub columns: BTreeMap<Column, Vec<String>>,
    /// What each line says of being sent messages, of tables that are registers.
    pub consents: Vec<TableConsent>,
    /// Kinds of records, of JSON.
    pub records: Vec<Record>,
    /// Rows of a table that are no sends.
    pub ignore: Vec<IgnoredRows>,
    /// Columns of a table whose being filled shows that a message came so far.
    pub stages: Vec<(Status, String)>,
    /// The columns of sender and recipient of a table stand for our side and the other side, whatever the direction.
    pub fixed_sides: bool,
    /// What all records are.
    pub constants: Constants,
    /// Its own words.
    pub words: OwnWords,
    /// Route of each platform.
    pub routes: BTreeMap<Platform, Route>,
    /// Order of day and month, where the provider guarantees one.
    pub date_order: Option<DateOrder>,
    /// Zone of times without an offset, where the provider guarantees one.
    pub zone: Option<Zones>,
    /// Keys whose texts are JSON themselves.
    pub embedded: Vec<Box<str>>,
}

impl Confidence {
    /// The mark as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }

    /// How sure a file that shows all signs of the format is of it, 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u8 {
        match self {
            Self::A => 99,
            Self::B => 90,
            Self::C => 75,
        }
    }
}

/// All formats, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    formats: Vec<Format>,
}

impl Catalogue {
    /// Reads the compiled-in formats.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn load() -> Result<Self, FormatError> {
        let formats = FILES.iter().map(|(name, text)| parse(&format!("data/formats/{name}"), text));
        Self::of(formats.collect::<Result<_, _>>()?)
    }

    /// The compiled-in formats and a user's own, which take the place of those with the same name.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn with_user_files(files: &[PathBuf]) -> Result<Self, FormatError> {
        let mut own = Vec::new();
        for path in files {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| FormatError { file: file.clone(), reason: format!("cannot be read: {error}") })?;
            own.push(parse(&file, &text)?);
        }
        let own = Self::of(own)?;
        let mut all = Self::load()?.formats;
        all.retain(|format| own.get(&format.name).is_none());
        all.extend(own.formats);
        Self::of(all)
    }

    fn of(mut formats: Vec<Format>) -> Result<Self, FormatError> {
        formats.sort_by(|one, other| one.name.cmp(&other.name));
        for pair in formats.windows(2) {
            if let [one, other] = pair
                && one.name == other.name
            {
                let reason = format!("the name `{}` stands in {} already", one.name, one.file);
                return Err(FormatError { file: other.file.clone(), reason });
            }
        }
        Ok(Self { formats })
    }

    /// What a format's file says, word for word; `None` where the user's file is gone.
    #[must_use]
    pub fn text(format: &Format) -> Option<String> {
        let built_in = FILES.iter().find(|(name, _)| format.file == format!("data/formats/{name}"));
        built_in.map(|(_, text)| (*text).to_owned()).or_else(|| std::fs::read_to_string(&format.file).ok())
    }

    /// All formats, in order of names.
    pub fn formats(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter()
    }

    /// The format of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Format> {
        self.formats.iter().find(|format| format.name == name)
    }

    /// Formats of JSON documents, in order of names.
    pub fn json(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter().filter(|format| format.kind == Kind::Json)
    }

    /// Formats of tables, in order of names.
    pub fn delimited(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter().filter(|format| format.kind == Kind::Delimited)
    }

    /// Keys whose values are never kept, of all formats and by their usual names.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let usual = USUAL_SECRETS.iter().map(|key| (*key).to_owned());
        let all: BTreeSet<String> =
            self.formats.iter().flat_map(|format| format.secrets.clone()).chain(usual).collect();
        all.into_iter().collect()
    }
}

/// Keys that hold secrets wherever they stand.
const USUAL_SECRETS: [&str; 10] = [
    "apikey",
    "api_key",
    "apiKey",
    "access_token",
    "accessToken",
    "auth_token",
    "authToken",
    "authorization",
    "password",
    "secret",
];

/// Reads one format file.
///
/// # Errors
/// When it is not as the schema says.
pub fn parse(file: &str, text: &str) -> Result<Format, FormatError> {
    let wrong = |reason: String| FormatError { file: file.to_owned(), reason };
    let raw: schema::File = toml::from_str(text).map_err(|error| wrong(explain(&error)))?;
    compile(file, raw).map_err(wrong)
}

fn compile(file: &str, raw: schema::File) -> Result<Format, String> {
    let name = raw.name;
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(kebab) || name.starts_with('-') || name.ends_with('-') {
        return Err(format!("the name `{name}` is not in small letters, digits and hyphens"));
    }
    let mut signs = Signs::default();
    let recognise = raw.recognise;
    match raw.kind {
        Kind::Json => {
            if recognise.keys.is_empty() && recognise.values.is_empty() && recognise.any.is_empty() {
                return Err("`recognise` names no `keys`, `any` or `values`".to_owned());
            }
            let of_tables = [raw.columns.is_empty(), raw.ignore.is_empty(), raw.stages.is_empty()];
            if !recognise.header.is_empty() || of_tables.contains(&false) || raw.sides != schema::Sides::Switched {
                return Err(
                    "`header`, `columns`, `sides`, `stages` and `ignore` belong to tables, not to JSON".to_owned()
                );
            }
            if raw.records.is_empty() {
                return Err("there is no `[[record]]`".to_owned());
            }
            signs.keys = paths(&recognise.keys)?;
            signs.any = recognise.any.iter().map(|list| paths(list)).collect::<Result<_, _>>()?;
            signs.none = paths(&recognise.none)?;
            for (path, values) in recognise.values {
                signs.values.push((parsed(&path)?, values.0));
            }
        }
        Kind::Delimited => {
            if !recognise.keys.is_empty() || !recognise.any.is_empty() || !recognise.values.is_empty() {
                return Err("`keys`, `any` and `values` belong to JSON; tables have `header` and `none`".to_owned());
            }
            if recognise.header.is_empty() || !raw.records.is_empty() {
                return Err("a table needs `recognise.header` and `[columns]`, and has no `[[record]]`".to_owned());
            }
            signs.header = recognise.header;
            signs.header_none = recognise.none;
        }
    }
    let records: Vec<Record> = raw
        .records
        .into_iter()
        .enumerate()
        .map(|(index, record)| {
            of_record(record, raw.constants).map_err(|reason| format!("record {}: {reason}", index + 1))
        })
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    let consents = raw.consents.into_iter().map(of_table_consent).collect::<Result<Vec<_>, String>>()?;
    if raw.kind == Kind::Json && !consents.is_empty() {
        return Err("`[[consent]]` belongs to tables; JSON has `consent` in its `[[record]]`".to_owned());
    }
    let words = OwnWords {
        status: words(&raw.words.status, "status")?,
        direction: words(&raw.words.direction, "direction")?,
        category: words(&raw.words.category, "category")?,
        channel: words(&raw.words.channel, "channel")?,
        recipient_kind: words(&raw.words.recipient_kind, "recipient_kind")?,
    };
    let mut format = Format {
        name,
        title: raw.title,
        source: raw.source,
        confidence: raw.confidence,
        kind: raw.kind,
        file: file.to_owned(),
        secrets: raw.secrets,
        signs,
        columns: raw.columns.into_iter().map(|(column, names)| (column, names.0)).collect(),
        consents,
        records,
        ignore: raw
            .ignore
            .into_iter()
            .map(|rows| IgnoredRows { column: rows.column, values: rows.values.0, reason: kept(&rows.reason) })
            .collect(),
        stages: raw.stages.into_iter().collect(),
        fixed_sides: raw.sides == schema::Sides::Fixed,
        constants: raw.constants,
        words,
        routes: raw.routes,
        date_order: raw.date_order.map(|order| match order {
            schema::Order::DayMonth => DateOrder::DayMonth,
            schema::Order::MonthDay => DateOrder::MonthDay,
        }),
        zone: raw.zone.as_deref().map(zone).transpose()?,
        embedded: Vec::new(),
    };
    let keys: BTreeSet<String> = format.paths().flat_map(Path::embedded_keys).map(str::to_owned).collect();
    format.embedded = keys.into_iter().map(String::into_boxed_str).collect();
    Ok(format)
}

impl Format {
    /// Every path of the format.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let signs = self.signs.keys.iter().chain(self.signs.any.iter().flatten()).chain(&self.signs.none);
        let signs = signs.chain(self.signs.values.iter().map(|(path, _)| path));
        let records = self.records.iter().flat_map(|record| {
            let fields = record.fields.values().flatten().map(|place| &place.path);
            let when = record.when.iter().map(|condition| &condition.path);
            fields.chain(when).chain(&record.fan_out).chain([&record.each])
        });
        signs.chain(records)
    }
}

fn of_table_consent(raw: schema::TableConsent) -> Result<TableConsent, String> {
    if raw.at.0.is_empty() || raw.recipient.0.is_empty() {
        return Err("`[[consent]]` has no `at` or no `recipient`".to_owned());
    }
    let kind = match raw.kind {
        schema::ConsentColumn::Always(kind) => ConsentKindOf::Always(kind),
        schema::ConsentColumn::Told(told) => {
            let schema::ConsentWordsOfColumn { column, opt_in, opt_out, nothing } = told;
            ConsentKindOf::Told { column, opt_in, opt_out, nothing }
        }
    };
    let proof = ProofColumns {
        channel: raw.proof.channel,
        text_version: raw.proof.text_version.0,
        obtained_from: raw.proof.obtained_from.0,
        reference: raw.proof.reference.0,
        confirmed: raw.proof.confirmed.0,
    };
    Ok(TableConsent {
        kind,
        source: kept(&raw.source),
        recipients: raw.recipient.0,
        at: raw.at.0,
        needs: raw.needs,
        account: raw.account,
        proof,
        may_be_undated: false,
    })
}

/// A table of no known format whose lines are such consents.
#[must_use]
pub fn register(name: &str, consents: Vec<TableConsent>, date_order: Option<DateOrder>, zone: Option<Zones>) -> Format {
    let format = found(name, Path::item(), BTreeMap::new());
    Format { kind: Kind::Delimited, records: Vec::new(), consents, date_order, zone, ..format }
}

/// One kind of record for each place where its items may lie.
fn of_record(raw: schema::Record, constants: Constants) -> Result<Vec<Record>, String> {
    let ending = match (raw.ignore, raw.consent) {
        (Some(_), Some(_)) => return Err("`ignore` and `consent` exclude each other".to_owned()),
        (Some(reason), None) => Ending::Ignore(kept(&reason)),
        (None, Some(consent)) => Ending::Consent(consent, kept(raw.consent_source.as_deref().unwrap_or("export"))),
        (None, None) => Ending::Message,
    };
    let mut fields = BTreeMap::new();
    for (role, field) in raw.fields {
        let mut places = Vec::new();
        for table in field.0 {
            let is_time = matches!(role, Role::SentAt | Role::Date | Role::Time);
            if !is_time && (table.time != TimeForm::Auto || table.zone.is_some()) {
                return Err(format!("`time` and `zone` are for times, not for `{}`", role.as_str()));
            }
            let zone = table.zone.as_deref().map(zone).transpose()?;
            for path in paths(&table.path.0)? {
                places.push(Place { path, time: table.time, zone: zone.clone() });
            }
        }
        if places.is_empty() {
            return Err(format!("`{}` has no path", role.as_str()));
        }
        fields.insert(role, places);
    }
    let has = |roles: &[Role]| roles.iter().any(|role| fields.contains_key(role));
    let needs_parties = !matches!(ending, Ending::Ignore(_));
    if !matches!(ending, Ending::Consent(..)) && has(&Role::PROOF) {
        return Err("what proves an opt-in belongs to a record with `consent`".to_owned());
    }
    if needs_parties && !has(&[Role::SentAt, Role::Date]) {
        return Err("`fields` has no `sent_at`".to_owned());
    }
    if needs_parties && !has(&[Role::Recipient, Role::Contact]) {
        return Err("`fields` has neither `recipient` nor `contact`".to_owned());
    }
    if !needs_parties && (!fields.is_empty() || raw.fan_out.is_some()) {
        return Err("what is ignored needs no `fields` and no `fan_out`".to_owned());
    }
    let places = if raw.each.0.is_empty() { vec![Path::item()] } else { paths(&raw.each.0)? };
    if places.iter().any(|each| each.origin != path::Origin::Item(0)) {
        return Err("`each` begins at the document, without `/` or `../`".to_owned());
    }
    let when = raw.when.into_iter().map(|(path, when)| Ok(Condition { path: parsed(&path)?, when }));
    let record = Record {
        each: Path::item(),
        when: when.collect::<Result<_, String>>()?,
        fan_out: raw.fan_out.as_deref().map(parsed).transpose()?,
        ending,
        fields,
        constants: raw.constants.or(constants),
    };
    Ok(places.into_iter().map(|each| Record { each, ..record.clone() }).collect())
}

fn zone(name: &str) -> Result<Zones, String> {
    Zones::named(name).map_err(|error| error.to_string())
}

fn parsed(path: &str) -> Result<Path, String> {
    Path::parse(path).map_err(|error: PathError| error.to_string())
}

fn paths(texts: &[String]) -> Result<Vec<Path>, String> {
    texts.iter().map(|text| parsed(text)).collect()
}

fn words<T: Copy + Ord>(lists: &BTreeMap<T, Vec<String>>, of: &str) -> Result<Words<T>, String> {
    let mut seen = BTreeSet::new();
    for word in lists.values().flatten() {
        if !seen.insert(word.to_lowercase()) {
            return Err(format!("the word `{word}` stands twice in `words.{of}`"));
        }
    }
    Ok(Words::of(lists))
}

/// A reason for as long as the program runs: accounts of records are keyed by reasons that never go away.
fn kept(text: &str) -> &'static str {
    static KEPT: OnceLock<Mutex<BTreeSet<&'static str>>> = OnceLock::new();
    let mut kept = KEPT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    kept.insert(text);
    text
}

/// A format that is found in a document rather than in a file: fields by role, for items at `each`.
#[must_use]
pub fn found(name: &str, each: Path, fields: BTreeMap<Role, Vec<Place>>) -> Format {
    let record = Record {
        each,
        when: Vec::new(),
        fan_out: None,
        ending: Ending::Message,
        fields,
        constants: Constants::default(),
    };
    Format {
        name: name.to_owned(),
        title: name.to_owned(),
        source: String::new(),
        confidence: Confidence::C,
        kind: Kind::Json,
        file: String::new(),
        secrets: Vec::new(),
        signs: Signs::default(),
        columns: BTreeMap::new(),
        consents: Vec::new(),
        records: vec![record],
        ignore: Vec::new(),
        stages: Vec::new(),
        fixed_sides: false,
        constants: Constants::default(),
        words: OwnWords::default(),
        routes: BTreeMap::new(),
        date_order: None,
        zone: None,
        embedded: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_compiled_in_and_right() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/formats");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .filter(|name| !OF_OTHER_READERS.contains(&name.as_str()))
            .collect();
        there.sort();
        let mut listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(listed, there, "src/ingest/formats/list.rs and data/formats differ");
        let catalogue = Catalogue::load().expect("formats that are right");
        assert_eq!(catalogue.formats().count(), listed.len());
    }

    /// Data of readers that have a form of their own.
    const OF_OTHER_READERS: [&str; 3] = ["delimited.toml", "registers.toml", "whatsapp_chat.toml"];

    const SOUND: &str = r#"
        name = "x-y"
        title = "x"
        source = "x"
        confidence = "B"
        kind = "json"
        [recognise]
        keys = ["a"]
        [[record]]
        when = { "kind" = ["sent", 1, true], "error" = "absent" }
        [record.fields]
        sent_at = ["at", { path = "Message{}.t", time = "unix_ms" }]
        recipient = { path = ["to", "To"] }
        [words.status]
        sent = ["raus"]
    "#;

    #[test]
    fn a_sound_file_is_read() {
        let format = parse("x.toml", SOUND).expect("sound");
        assert_eq!(format.embedded, ["Message".into()]);
        let record = &format.records[0];
        assert_eq!(record.fields[&Role::SentAt].len(), 2);
        assert_eq!(record.fields[&Role::Recipient].len(), 2);
        assert_eq!(record.when[1].when, When::OneOf(vec!["sent".into(), "1".into(), "true".into()]));
    }

    #[test]
    fn what_is_misspelt_is_told_with_its_place_and_the_right_word() {
        for (good, bad, wanted) in [
            ("recipient = {", "recipent = {", "did you mean `recipient`?"),
            ("[words.status]", "[words.statuss]", "did you mean `status`?"),
            ("sent = [", "sentt = [", "did you mean `sent`?"),
            ("time = \"unix_ms\"", "time = \"unix_m\"", "did you mean `unix_ms`?"),
            ("\"absent\"", "\"abset\"", "did you mean `absent`?"),
            ("path = [\"to\"", "pathh = [\"to\"", "did you mean `path`?"),
            ("[\"at\"", "[\"at..\"", "`at..` is no path"),
            ("name = \"x-y\"", "name = \"X y\"", "small letters"),
            ("confidence = \"B\"", "confidence = \"D\"", "line 5"),
            ("recipient = ", "text = ", "neither `recipient` nor `contact`"),
            ("[\"raus\"]", "[\"raus\", \"Raus\"]", "twice"),
        ] {
            let text = SOUND.replace(good, bad);
            assert_ne!(text, SOUND, "{good}");
            let error = parse("x.toml", &text).expect_err(bad).to_string();
            assert!(error.contains(wanted) && error.starts_with("x.toml: "), "{bad}: {error}");
        }
    }

    #[test]
    fn two_formats_of_one_name_are_an_error() {
        let one = parse("one.toml", SOUND).expect("sound");
        let other = parse("two.toml", SOUND).expect("sound");
        let error = Catalogue::of(vec![one, other]).expect_err("twice").to_string();
        assert!(error.contains("two.toml") && error.contains("one.toml"), "{error}");
    }
}
