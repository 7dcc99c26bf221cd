//! Reads messages out of SQLite databases that messengers keep on telephones; never writes a byte beside them.
//! A record is one row of the table of messages. Its place counts in the canonical text of the database: one line of
//! JSON for each record, in order of the key, written by `records_text`, and that line is what `record_sha256` hashes.

mod imessage;
mod signal;
mod table;
mod viber;
mod whatsapp_android;
mod whatsapp_ios;

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::batch::{Batch, ConsentKind, Draft, Said};
use super::context::FileContext;
use super::people::Hint;
use crate::message::{
    Automation, Category, Direction, FORWARD_UNKNOWN, Form, Place, Platform, RecipientKind, Route, Status, ZoneBasis,
};
use table::{Prepared, Row, Schema, Select};

/// First bytes of every SQLite database.
pub const MAGIC: &[u8] = b"SQLite format 3\0";

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Damaged, encrypted, or of an odd kind.
    #[error("the SQLite database cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// It could not be put where SQLite can open it.
    #[error("the SQLite database cannot be opened: {0}")]
    Io(#[from] std::io::Error),
    /// A known table lacks what makes it readable.
    #[error("the table `{table}` has no column `{column}`; this version of the application is not known")]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// No known application.
    #[error("an SQLite database of no known application; its tables are {0}")]
    Unknown(String),
}

/// Where a database lies.
#[derive(Clone, Copy, Debug)]
pub enum Store<'s> {
    /// In a file of its own.
    File(&'s Path),
    /// In memory, out of an archive.
    Bytes(&'s [u8]),
}

/// One application's table of messages.
struct Layout {
    /// Name in `inputs.csv`.
    format: &'static str,
    /// Table and column that only this application has.
    marks: &'static [(&'static str, &'static str)],
    /// Its messages.
    select: Select,
    /// Rows that tell more of a message, many to one, with the name of the column that holds its key.
    side: Option<(Select, &'static str)>,
    /// Members of chats: an address each under the name `member`, and the name of the column that holds the chat's key.
    members: Option<(Select, &'static str)>,
    /// What a row means.
    read: fn(&Row, &[Row], &Known) -> Outcome,
}

/// What is known of a database before its rows are read.
#[derive(Debug, Default)]
struct Known {
    members: BTreeMap<i64, Vec<String>>,
    /// The owner's own address, where one stands in the rows.
    owner: Option<String>,
}

/// What a row means.
#[derive(Debug)]
enum Outcome {
    Sends(Vec<Send>),
    OptOut { account: Option<String>, recipient: String, at: i64 },
    Ignored(&'static str),
    Rejected(&'static str),
}

/// One message as a table tells it.
#[derive(Clone, Debug)]
struct Send {
    at: i64,
    platform: Platform,
    route: Route,
    direction: Direction,
    account: Option<String>,
    recipient: String,
    kind: RecipientKind,
    audience: u32,
    status: Status,
    message_id: String,
    campaign: String,
    template: String,
    category: String,
    text: String,
    form: Form,
    forward_score: u8,
}

impl Send {
    fn new(platform: Platform, outbound: bool, at: i64) -> Self {
        Self {
            at,
            platform,
            route: Route::Unknown,
            direction: if outbound { Direction::Outbound } else { Direction::Inbound },
            account: None,
            recipient: String::new(),
            kind: RecipientKind::Unknown,
            audience: 1,
            status: Status::Unknown,
            message_id: String::new(),
            campaign: String::new(),
            template: String::new(),
            category: String::new(),
            text: String::new(),
            form: Form::Unknown,
            forward_score: FORWARD_UNKNOWN,
        }
    }
}

const LAYOUTS: [&Layout; 6] = [
    &whatsapp_android::MESSAGE,
    &whatsapp_android::LEGACY,
    &whatsapp_ios::LAYOUT,
    &imessage::LAYOUT,
    &signal::LAYOUT,
    &viber::LAYOUT,
];

/// WhatsApp's book of contacts on Android, `wa.db`.
const CONTACTS: (&str, &str) = ("wa_contacts", "jid");
/// Its name in `inputs.csv`.
const CONTACTS_FORMAT: &str = "whatsapp-contacts";

const NO_TIME: &str = "no time";
const NO_PARTNER: &str = "names no other side";
const SYSTEM: &str = "notice of the app";
const STATUS_POST: &str = "status post, sent to nobody in particular";

/// A database open for reading, and the file that holds it where it came out of an archive.
struct Open {
    connection: Connection,
    _held: Option<tempfile::NamedTempFile>,
}

fn open(store: Store<'_>) -> Result<Open, DatabaseError> {
    let held = match store {
        Store::File(_) => None,
        Store::Bytes(bytes) => {
            let mut file = tempfile::NamedTempFile::new()?;
            std::io::Write::write_all(&mut file, bytes)?;
            Some(file)
        }
    };
    let path = match (&held, store) {
        (Some(file), _) => file.path(),
        (None, Store::File(path)) => path,
        (None, Store::Bytes(_)) => Path::new(""),
    };
    // `immutable`: no lock, no journal is looked for or played back, nothing is written beside evidence.
    let path = std::path::absolute(path)?;
    let mut uri = String::from(if cfg!(windows) { "file:///" } else { "file:" });
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.execute_batch("PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = 0;")?;
    Ok(Open { connection, _held: held })
}

/// Canonical text of a database: what places of its records count in. Empty for a database of no known application.
#[must_use]
pub fn records_text(store: Store<'_>) -> Vec<u8> {
    let mut text = String::new();
    let Ok(open) = open(store) else { return Vec::new() };
    // Damage ends the text where it ended the reading.
    let _ = walk(&open.connection, &mut |line, _| {
        text.push_str(line);
        text.push('\n');
    });
    text.into_bytes()
}

/// Whether bytes begin a database.
#[must_use]
pub fn is_database(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Whether a file begins as a database.
#[must_use]
pub fn is_database_file(path: &Path) -> bool {
    let mut head = [0_u8; MAGIC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    read.is_ok() && is_database(&head)
}

/// Gives each record's canonical line and meaning, in order; returns the formats found.
fn walk(
    connection: &Connection,
    each: &mut dyn FnMut(&str, Outcome),
) -> Result<Vec<&'static str>, (Vec<&'static str>, DatabaseError)> {
    let schema = Schema::of(connection).map_err(|error| (Vec::new(), error))?;
    let mut formats = Vec::new();
    for layout in LAYOUTS {
        if layout.marks.iter().all(|(table, column)| schema.has(table, column)) {
            formats.push(layout.format);
            walk_layout(connection, &schema, layout, each).map_err(|error| (formats.clone(), error))?;
        }
    }
    if formats.is_empty() && schema.has(CONTACTS.0, CONTACTS.1) {
        formats.push(CONTACTS_FORMAT);
        let count: Result<i64, _> = connection.query_row("SELECT count(*) FROM wa_contacts", [], |row| row.get(0));
        let count = count.map_err(|error| (formats.clone(), error.into()))?;
        (0..count).for_each(|_| each("", Outcome::Ignored("contact, no send")));
    }
    if formats.is_empty() {
        let mut tables: Vec<&str> = schema.tables().filter(|name| !name.starts_with("sqlite_")).collect();
        let more = tables.len().saturating_sub(SHOWN_TABLES);
        tables.truncate(SHOWN_TABLES);
        let mut told = tables.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        if more > 0 {
            told.push_str(&format!(" and {more} more"));
        }
        return Err((formats, DatabaseError::Unknown(if told.is_empty() { "none".to_owned() } else { told })));
    }
    Ok(formats)
}

/// So many tables of an unknown database are named.
const SHOWN_TABLES: usize = 12;

fn walk_layout(
    connection: &Connection,
    schema: &Schema,
    layout: &Layout,
    each: &mut dyn FnMut(&str, Outcome),
) -> Result<(), DatabaseError> {
    let mut known = Known::default();
    if let Some((select, column)) = &layout.members
        && let Ok(mut prepared) = Prepared::new(connection, schema, select)
    {
        let mut cursor = prepared.cursor()?;
        while let Some(row) = cursor.step()? {
            let member = row.text("member");
            if let Some(chat) = row.int(column).filter(|_| !member.is_empty()) {
                known.members.entry(chat).or_default().push(member.into_owned());
            }
        }
    }
    let mut prepared = Prepared::new(connection, schema, &layout.select)?;
    let key = layout.select.wants.first().map_or("id", |want| want.0);
    known.owner = owner(&mut prepared)?;
    let mut side = match &layout.side {
        Some((select, column)) => Prepared::new(connection, schema, select).ok().map(|prepared| (prepared, *column)),
        None => None,
    };
    let mut side = match &mut side {
        Some((prepared, column)) => Some((prepared.cursor()?, *column)),
        None => None,
    };
    let mut cursor = prepared.cursor()?;
    let mut last = None;
    let mut line = String::new();
    while let Some(row) = cursor.step()? {
        let id = row.int(key);
        // A key that joined twice is one record.
        if id.is_some() && id == last {
            continue;
        }
        last = id;
        let told = match (&mut side, id) {
            (Some((cursor, column)), Some(id)) => cursor.with_key(column, id)?,
            _ => Vec::new(),
        };
        line.clear();
        row.write_canonical(&mut line);
        for row in &told {
            line.push(' ');
            row.write_canonical(&mut line);
        }
        each(&line, (layout.read)(&row, &told, &known));
    }
    Ok(())
}

/// The address that own messages name as their sender, where all name the same.
fn owner(prepared: &mut Prepared<'_>) -> Result<Option<String>, DatabaseError> {
    if !prepared.asks("sender") {
        return Ok(None);
    }
    let mut cursor = prepared.cursor()?;
    let mut found: Option<String> = None;
    while let Some(row) = cursor.step()? {
        if row.int("from_me") != Some(1) {
            continue;
        }
        let own = jid(&row, ["sender", "sender_user", "sender_server", "sender_of_lid"]);
        if own.is_empty() || own.ends_with("@g.us") || own.ends_with("broadcast") {
            continue;
        }
        match &found {
            Some(known) if *known != own => return Ok(None),
            Some(_) => {}
            None => found = Some(own),
        }
    }
    Ok(found)
}

/// A JID of a row: the number behind a LID, else the JID as written, else made of its parts.
fn jid(row: &Row, [raw, user, server, of_lid]: [&str; 4]) -> String {
    let behind = row.text(of_lid);
    if !behind.is_empty() {
        return behind.into_owned();
    }
    let whole = row.text(raw);
    if !whole.is_empty() {
        return whole.into_owned();
    }
    let (user, server) = (row.text(user), row.text(server));
    if user.is_empty() || server.is_empty() { String::new() } else { format!("{user}@{server}") }
}

/// Reads a database into a batch: its format, its rows, and the reason where it could not be read to its end.
pub fn read<'c>(file: &FileContext<'c>, store: Store<'_>) -> (String, Batch<'c>, Option<DatabaseError>) {
    let mut batch = Batch::new(file);
    let mut offset = 0_u64;
    let walked = open(store).map_err(|error| (Vec::new(), error)).and_then(|open| {
        walk(&open.connection, &mut |line, outcome| {
            let place = Place { record: batch.records + 1, line: batch.records + 1, offset, length: line.len() as u32 };
            offset += line.len() as u64 + 1;
            add(&mut batch, place, line, outcome);
        })
    });
    let (formats, error) = match walked {
        Ok(formats) => (formats, None),
        Err((formats, error)) => (formats, Some(error)),
    };
    batch.close();
    (formats.join("+"), batch, error)
}

fn add(batch: &mut Batch<'_>, place: Place, line: &str, outcome: Outcome) {
    match outcome {
        Outcome::Ignored(reason) => batch.ignore(reason),
        Outcome::Rejected(reason) => batch.reject(place, reason, line.as_bytes()),
        Outcome::OptOut { account, recipient, at } => {
            let said = Said {
                recipient: &recipient,
                hint: Hint::International,
                at,
                kind: ConsentKind::OptOut,
                source: "message_system_opt_out",
            };
            batch.note(OPT_OUT_NUMBERS);
            batch.consent(place, account.as_deref(), said);
            batch.ignore("opt-in or opt-out");
        }
        Outcome::Sends(sends) => {
            batch.read();
            for send in sends {
                let category = batch.category(&send.category).unwrap_or(Category::Unknown);
                batch.message(
                    place,
                    &Draft {
                        sent_at: send.at,
                        zone: ZoneBasis::Record,
                        platform: send.platform,
                        route: send.route,
                        direction: send.direction,
                        account: send.account.as_deref(),
                        recipient: &send.recipient,
                        hint: Hint::Unknown,
                        recipient_kind: send.kind,
                        audience: send.audience,
                        status: send.status,
                        message_id: &send.message_id,
                        campaign: &send.campaign,
                        template: &send.template,
                        text: &send.text,
                        category,
                        form: send.form,
                        automation: Automation::Unknown,
                        forward_score: send.forward_score,
                    },
                );
            }
        }
    }
}

/// Note on opt-out events: the numbers of their actions are nowhere published.
const OPT_OUT_NUMBERS: &str =
    "event on marketing messages read as an opt-out; which of its numbers says resume is not published";

/// What lies beside a database and is not read with it.
#[must_use]
pub fn beside(path: &Path) -> Option<String> {
    let mut told = None;
    for ending in ["-wal", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        if std::fs::metadata(&name).is_ok_and(|meta| meta.len() > 0) {
            told = Some(format!(
                "a log of unfinished changes (`…{ending}`) lies beside it and is not read: the newest rows may be missing"
            ));
        }
    }
    told
}

/// Seconds or nanoseconds since 2001, as Apple counts, in milliseconds since 1970.
fn apple_ms(row: &Row, name: &str) -> Option<i64> {
    /// 2001-01-01 in milliseconds since 1970.
    const EPOCH: i64 = 978_307_200_000;
    /// No date in seconds is as great, none in nanoseconds as small.
    const NANOS_FROM: f64 = 1e14;
    let count = row.real(name).filter(|count| count.is_finite() && *count != 0.0)?;
    match row.int(name) {
        Some(nanos) if count.abs() >= NANOS_FROM => nanos.div_euclid(1_000_000).checked_add(EPOCH),
        _ => ((count * 1000.0).round() as i64).checked_add(EPOCH),
    }
}

/// A count of milliseconds that is a time of messengers.
fn unix_ms(row: &Row, name: &str) -> Option<i64> {
    row.int(name).filter(|ms| (978_307_200_000..4_133_980_800_000).contains(ms))
}

#[cfg(test)]
mod tests;
