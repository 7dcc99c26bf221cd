//! The register: one SQLite database that says which sources, parts and counts there are. Its commit is the one commit
//! point of the ledger. Reading and writing its rows is done here; what they mean, in the modules beside.
//! Texts of messages do not stand in it, but for excerpts of rejected records.

mod declared;
pub mod stamps;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

pub use declared::{StoredConsent, proof_from, proof_words};

use super::files::Filed;
use super::lock::Mode;
use super::{LedgerError, REGISTER, part};
use crate::ingest::FileCounts;
use crate::message::{Conflict, Contradiction};

/// Grows when the tables change.
const VERSION: &str = "1";
/// Memory for pages of the register: an import touches many of them in one transaction.
const CACHE_KIBIBYTES: i64 = 64 * 1024;

/// A source as the register has it.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Its number.
    pub id: u32,
    /// Its name as it was given.
    pub name: String,
    /// SHA-256 of its bytes; empty when it could not be read.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Where it lay, absolute; of a member, the file that it lies in.
    pub path: PathBuf,
    /// For a member of a container, its name inside the file.
    pub member: Option<String>,
    /// The source that is the file which it lies in; itself, for files.
    pub top: u32,
    /// When it was imported, UTC milliseconds.
    pub imported_at: i64,
    /// The program that read it.
    pub program: String,
    /// Rows that are kept of it.
    pub rows: u64,
    /// What of case file and settings it was read with.
    pub circumstances: BTreeMap<String, String>,
    pub(super) account: String,
    pub(super) accounts: Vec<String>,
    pub(super) provisional: Option<u32>,
    pub(super) echoing: u64,
    pub(super) words: Option<Filed>,
}

/// A month as the register has it.
#[derive(Clone, Debug)]
pub struct MonthRow {
    /// As `2024-02`.
    pub month: String,
    /// Messages that live in it.
    pub messages: u64,
    /// Earliest send, UTC milliseconds.
    pub first_sent: Option<i64>,
    /// Latest send, UTC milliseconds.
    pub last_sent: Option<i64>,
    /// Files that hold its messages.
    pub parts: u64,
    /// Their bytes.
    pub bytes: u64,
    pub(super) number: i64,
    pub(super) conflicts: String,
}

/// That something was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenRow {
    /// When, UTC milliseconds.
    pub at: i64,
    /// `before` or `recipient`.
    pub kind: String,
    /// Name of the source; empty where it is not there any more.
    pub source: String,
    /// How many messages.
    pub messages: u64,
}

/// What inputs were named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The path, folder or glob.
    pub text: String,
    /// Where it came from: `flag`, `file` or `environment`.
    pub origin: String,
    /// More of that, for people.
    pub place: String,
}

/// A part as the register has it.
#[derive(Clone, Debug)]
pub struct PartRow {
    pub id: i64,
    pub month: i64,
    pub filed: Filed,
}

/// What folding a month gives for one source.
#[derive(Clone, Debug)]
pub struct CountRow {
    pub source: u32,
    pub counts: FileCounts,
    /// Records of which other months hold messages too, and whether they gave a new one here.
    pub left_out: Vec<(u32, bool)>,
}

/// See the module.
#[derive(Debug)]
pub struct Register {
    connection: Connection,
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, LedgerError> {
    let wrong =
        |error: serde_json::Error| LedgerError::Unwritable { what: "a row of the register", reason: error.to_string() };
    serde_json::to_string(value).map_err(wrong)
}

/// A value that stands in the register as JSON.
pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    let wrong =
        |error: serde_json::Error| LedgerError::Damaged { file: REGISTER.to_owned(), reason: error.to_string() };
    serde_json::from_str(text).map_err(wrong)
}

impl Register {
    /// Opens the register, and makes it where there is none and it may be written.
    pub fn open(folder: &Path, mode: Mode) -> Result<Self, LedgerError> {
        let path = folder.join(REGISTER);
        let new = mode == Mode::Write && !path.is_file();
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let writable = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = match Connection::open_with_flags(&path, writable) {
            // A reader writes nothing, but must take back what a process that died left half done.
            Ok(connection) => connection,
            Err(_) if mode == Mode::Read => {
                Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?
            }
            Err(error) => return Err(error.into()),
        };
        // Our own lock keeps readers and writers apart, so that a write-ahead log would bring nothing; and a journal
        // leaves one file, which can be read on a medium that cannot be written.
        connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
        let register = Self { connection };
        if mode == Mode::Write {
            register.connection.pragma_update(None, "synchronous", "EXTRA")?;
            register.connection.pragma_update(None, "secure_delete", "ON")?;
        }
        if new || (mode == Mode::Write && register.is_blank()?) {
            let transaction = register.begin()?;
            register.connection.execute_batch(include_str!("schema.sql"))?;
            register.set_meta("version", VERSION)?;
            register.set_meta("vocabulary", &part::vocabulary())?;
            transaction.commit()?;
        }
        let found = if register.is_blank()? { None } else { register.meta("version")? };
        let words = if found.is_some() { register.meta("vocabulary")? } else { None };
        if found.as_deref() != Some(VERSION) || words.as_deref() != Some(part::vocabulary().as_str()) {
            return Err(LedgerError::Version {
                folder: folder.display().to_string(),
                found: format!("version {}", found.as_deref().unwrap_or("none")),
            });
        }
        Ok(register)
    }

    fn is_blank(&self) -> Result<bool, LedgerError> {
        let query = "SELECT count(*) FROM sqlite_master WHERE name = 'meta'";
        let tables: i64 = self.connection.query_row(query, [], |row| row.get(0))?;
        Ok(tables == 0)
    }

    /// Begins the one transaction of a change; dropped without a commit, it has not been.
    pub fn begin(&self) -> Result<Transaction<'_>, LedgerError> {
        Ok(Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?)
    }

    /// Gives back room, and with it what was erased.
    pub fn vacuum(&self) -> Result<(), LedgerError> {
        Ok(self.connection.execute_batch("VACUUM")?)
    }

    /// What is wrong with the database itself.
    pub fn integrity(&self) -> Result<Vec<String>, LedgerError> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let rows: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(rows.into_iter().filter(|row| row != "ok").collect())
    }

    pub fn meta(&self, name: &str) -> Result<Option<String>, LedgerError> {
        let query = "SELECT value FROM meta WHERE name = ?1";
        Ok(self.connection.query_row(query, [name], |row| row.get(0)).optional()?)
    }

    pub fn set_meta(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", [name, value])?;
        Ok(())
    }

    pub fn arguments(&self) -> Result<Vec<Argument>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT text, origin, place FROM arguments ORDER BY text")?;
        let row = |row: &Row<'_>| Ok(Argument { text: row.get(0)?, origin: row.get(1)?, place: row.get(2)? });
        let rows = statement.query_map([], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Of one argument that came from several places, the first by name is kept: no order of imports leaves a trace.
    pub fn add_argument(&self, argument: &Argument) -> Result<(), LedgerError> {
        let query = "INSERT INTO arguments VALUES (?1, ?2, ?3) ON CONFLICT (text) DO UPDATE SET origin = excluded.origin, \
                     place = excluded.place WHERE (excluded.origin, excluded.place) < (origin, place)";
        self.connection.execute(query, [&argument.text, &argument.origin, &argument.place])?;
        Ok(())
    }

    pub fn unreadable(&self) -> Result<Vec<(String, String)>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT name, reason FROM unreadable ORDER BY name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn set_unreadable(&self, name: &str, reason: &str) -> Result<(), LedgerError> {
        self.connection.execute("INSERT OR REPLACE INTO unreadable VALUES (?1, ?2)", [name, reason])?;
        Ok(())
    }

    pub fn clear_unreadable(&self, name: &str) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM unreadable WHERE name = ?1", [name])?;
        Ok(())
    }

    /// All sources, in order of names and hashes.
    pub fn sources(&self) -> Result<Vec<SourceRow>, LedgerError> {
        let query = "SELECT id, name, sha256, bytes, path, member, top, imported_at, program, account, circumstances, \
                     accounts, provisional, echoing, rows, words, words_sha256, words_bytes FROM sources";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let texts: (String, String, String) = (row.get(9)?, row.get(10)?, row.get(11)?);
            let file: Option<String> = row.get(15)?;
            let words = match file {
                Some(file) => Some(Filed { file, sha256: row.get(16)?, bytes: row.get::<_, i64>(17)? as u64 }),
                None => None,
            };
            let source = SourceRow {
                id: row.get(0)?,
                name: row.get(1)?,
                sha256: row.get(2)?,
                bytes: row.get::<_, i64>(3)? as u64,
                path: path_of(row.get(4)?),
                member: row.get(5)?,
                top: row.get(6)?,
                imported_at: row.get(7)?,
                program: row.get(8)?,
                rows: row.get::<_, i64>(14)? as u64,
                circumstances: BTreeMap::new(),
                account: String::new(),
                accounts: Vec::new(),
                provisional: row.get(12)?,
                echoing: row.get::<_, i64>(13)? as u64,
                words,
            };
            Ok((source, texts))
        })?;
        let mut sources = Vec::new();
        for row in rows {
            let (source, (account, circumstances, accounts)) = row?;
            sources.push(SourceRow {
                account,
                circumstances: from_json(&circumstances)?,
                accounts: from_json(&accounts)?,
                ..source
            });
        }
        // A name stands before its continuations, and versions of one name by their bytes.
        sources.sort_by(|one: &SourceRow, other: &SourceRow| {
            (&one.name, &one.sha256, one.id).cmp(&(&other.name, &other.sha256, other.id))
        });
        Ok(sources)
    }

    /// The number that the next source gets.
    pub fn next_source(&self) -> Result<u32, LedgerError> {
        // Counted in `meta`, so that the number of a source that went is never used again.
        Ok(self.meta("sources")?.and_then(|text| text.parse().ok()).unwrap_or(1))
    }

    pub fn add_source(&self, source: &SourceRow) -> Result<(), LedgerError> {
        let words = source.words.as_ref();
        self.connection.execute(
            "INSERT OR REPLACE INTO sources VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
            params![
                source.id,
                source.name,
                source.sha256,
                source.bytes as i64,
                bytes_of(&source.path),
                source.member,
                source.top,
                source.imported_at,
                source.program,
                source.account,
                json(&source.circumstances)?,
                json(&source.accounts)?,
                source.provisional,
                source.echoing as i64,
                source.rows as i64,
                words.map(|words| &words.file),
                words.map(|words| &words.sha256),
                words.map(|words| words.bytes as i64),
            ],
        )?;
        Ok(())
    }

    /// Removes a source with all that is its own; its rows in parts are then nobody's.
    pub fn remove_source(&self, id: u32) -> Result<(), LedgerError> {
        for table in ["rejects", "consents", "part_sources", "spanning", "counts"] {
            self.connection.execute(&format!("DELETE FROM {table} WHERE source = ?1"), [id])?;
        }
        self.connection.execute("DELETE FROM sources WHERE id = ?1", [id])?;
        Ok(())
    }

    pub fn add_part(&self, month: i64, filed: &Filed, sources: &[(u32, u64)]) -> Result<(), LedgerError> {
        let query = "INSERT INTO parts (month, file, sha256, bytes) VALUES (?1,?2,?3,?4)";
        self.connection.execute(query, params![month, filed.file, filed.sha256, filed.bytes as i64])?;
        let part = self.connection.last_insert_rowid();
        let mut insert = self.connection.prepare("INSERT INTO part_sources VALUES (?1,?2,?3)")?;
        for (source, rows) in sources {
            insert.execute(params![part, source, *rows as i64])?;
        }
        Ok(())
    }

    pub fn remove_part(&self, id: i64) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM part_sources WHERE part = ?1", [id])?;
        self.connection.execute("DELETE FROM parts WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Removes the parts that hold rows of no source.
    pub fn remove_empty_parts(&self) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM parts WHERE id NOT IN (SELECT part FROM part_sources)", [])?;
        Ok(())
    }

    /// Parts of a month, or all, in the order in which they were written.
    pub fn parts(&self, month: Option<i64>) -> Result<Vec<PartRow>, LedgerError> {
        let query = "SELECT id, month, file, sha256, bytes FROM parts WHERE ?1 IS NULL OR month = ?1 ORDER BY id";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([month], |row| {
            let filed = Filed { file: row.get(2)?, sha256: row.get(3)?, bytes: row.get::<_, i64>(4)? as u64 };
            Ok(PartRow { id: row.get(0)?, month: row.get(1)?, filed })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The months in which a source has rows.
    pub fn months_of(&self, source: u32) -> Result<Vec<i64>, LedgerError> {
        let query = "SELECT DISTINCT month FROM parts JOIN part_sources ON part = id WHERE source = ?1 ORDER BY month";
        let mut statement = self.connection.prepare(query)?;
        Ok(statement.query_map([source], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Paths of every file that the register names.
    pub fn files(&self) -> Result<BTreeSet<String>, LedgerError> {
        let query = "SELECT file FROM parts UNION SELECT words FROM sources WHERE words IS NOT NULL";
        let mut statement = self.connection.prepare(query)?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Gives each hash, which stand in ascending order, the month where it lives: that it has, or else the one beside it.
    pub fn settle_homes(&self, wanted: &mut [(u64, i64)]) -> Result<(), LedgerError> {
        let mut known = self.connection.prepare("SELECT month FROM homes WHERE hash = ?1")?;
        let mut insert = self.connection.prepare("INSERT INTO homes VALUES (?1, ?2)")?;
        for (hash, month) in wanted {
            match known.query_row([*hash as i64], |row| row.get(0)).optional()? {
                Some(home) => *month = home,
                None => {
                    insert.execute(params![*hash as i64, *month])?;
                }
            }
        }
        Ok(())
    }

    pub fn remove_homes(&self, hashes: &BTreeSet<u64>) -> Result<(), LedgerError> {
        let mut delete = self.connection.prepare("DELETE FROM homes WHERE hash = ?1")?;
        for hash in hashes {
            delete.execute([*hash as i64])?;
        }
        Ok(())
    }

    pub fn add_spanning(&self, source: u32, records: &BTreeSet<u32>) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM spanning WHERE source = ?1", [source])?;
        let mut insert = self.connection.prepare("INSERT INTO spanning VALUES (?1, ?2)")?;
        for record in records {
            insert.execute([source, *record])?;
        }
        Ok(())
    }

    /// Records whose messages live in several months: (source, record).
    pub fn spanning(&self) -> Result<BTreeSet<(u32, u32)>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT source, record FROM spanning")?;
        Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
    }

    /// Puts what folding a month gave in the place of what stood there. Files of conflicts are numbers of sources.
    pub fn set_month(
        &self,
        month: i64,
        span: (Option<i64>, Option<i64>),
        counts: &[CountRow],
        conflicts: &[Conflict],
    ) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM counts WHERE month = ?1", [month])?;
        let messages: u64 = counts.iter().map(|row| row.counts.messages).sum();
        let conflicts: Vec<_> = conflicts
            .iter()
            .map(|one| (one.kind == Contradiction::WholeHours, one.files, one.shift_ms, one.count, one.records))
            .collect();
        self.connection.execute(
            "INSERT OR REPLACE INTO months VALUES (?1,?2,?3,?4,?5)",
            params![month, span.0, span.1, messages as i64, json(&conflicts)?],
        )?;
        let mut insert = self.connection.prepare("INSERT INTO counts VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")?;
        for CountRow { source, counts, left_out } in counts {
            let FileCounts { read, folded, messages, zone_needed, first_sent, last_sent } = counts;
            insert.execute(params![
                month,
                source,
                *read as i64,
                *folded as i64,
                *messages as i64,
                *zone_needed as i64,
                first_sent,
                last_sent,
                json(left_out)?
            ])?;
        }
        Ok(())
    }

    pub fn remove_month(&self, month: i64) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM counts WHERE month = ?1", [month])?;
        self.connection.execute("DELETE FROM months WHERE month = ?1", [month])?;
        Ok(())
    }

    pub fn months(&self) -> Result<Vec<MonthRow>, LedgerError> {
        let query = "SELECT month, messages, first_sent, last_sent, conflicts, \
                     (SELECT count(*) FROM parts WHERE parts.month = months.month), \
                     (SELECT coalesce(sum(bytes), 0) FROM parts WHERE parts.month = months.month) \
                     FROM months ORDER BY month";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let number: i64 = row.get(0)?;
            Ok(MonthRow {
                month: super::homes::month_name(number),
                messages: row.get::<_, i64>(1)? as u64,
                first_sent: row.get(2)?,
                last_sent: row.get(3)?,
                parts: row.get::<_, i64>(5)? as u64,
                bytes: row.get::<_, i64>(6)? as u64,
                number,
                conflicts: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What folding the months gave, over all of them.
    pub fn counts(&self) -> Result<Vec<CountRow>, LedgerError> {
        let query = "SELECT source, read, folded, messages, zone_needed, first_sent, last_sent, left_out FROM counts";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let number = |at: usize| row.get::<_, i64>(at).map(|number| number as u64);
            let counts = FileCounts {
                read: number(1)?,
                folded: number(2)?,
                messages: number(3)?,
                zone_needed: number(4)?,
                first_sent: row.get(5)?,
                last_sent: row.get(6)?,
            };
            Ok((row.get(0)?, counts, row.get::<_, String>(7)?))
        })?;
        let mut all = Vec::new();
        for row in rows {
            let (source, counts, left_out) = row?;
            all.push(CountRow { source, counts, left_out: from_json(&left_out)? });
        }
        Ok(all)
    }

    pub fn add_forgotten(&self, at: i64, kind: &str, source: u32, messages: u64) -> Result<(), LedgerError> {
        let query = "INSERT INTO forgotten (at, kind, source, messages) VALUES (?1,?2,?3,?4)";
        self.connection.execute(query, params![at, kind, source, messages as i64])?;
        Ok(())
    }

    pub fn forgotten(&self) -> Result<Vec<ForgottenRow>, LedgerError> {
        let query = "SELECT at, kind, coalesce(name, ''), messages FROM forgotten LEFT JOIN sources ON source = sources.id \
                     ORDER BY forgotten.id";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let messages = row.get::<_, i64>(3)? as u64;
            Ok(ForgottenRow { at: row.get(0)?, kind: row.get(1)?, source: row.get(2)?, messages })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn add_erased(&self, mac: &str) -> Result<(), LedgerError> {
        self.connection.execute("INSERT OR IGNORE INTO erased VALUES (?1)", [mac])?;
        Ok(())
    }

    pub fn erased(&self) -> Result<BTreeSet<String>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT mac FROM erased")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

/// Contradictions of a month as the register has them; files are numbers of sources.
pub fn conflicts_of(text: &str) -> Result<Vec<Conflict>, LedgerError> {
    let rows: Vec<(bool, (u32, u32), i64, u64, (u32, u32))> = from_json(text)?;
    let conflict = |(hours, files, shift_ms, count, records)| Conflict {
        kind: if hours { Contradiction::WholeHours } else { Contradiction::Contents },
        files,
        shift_ms,
        count,
        records,
    };
    Ok(rows.into_iter().map(conflict).collect())
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_first_home_and_a_broken_off_change_leaves_none() {
        let home = tempfile::tempdir().expect("a folder");
        let register = Register::open(home.path(), Mode::Write).expect("a register");
        let mut wanted = [(7, 100), (u64::MAX, 101)];
        let transaction = register.begin().expect("a transaction");
        register.settle_homes(&mut wanted).expect("homes");
        transaction.commit().expect("a commit");
        let mut again = [(7, 200), (8, 200), (u64::MAX, 200)];
        let transaction = register.begin().expect("a transaction");
        register.settle_homes(&mut again).expect("homes");
        assert_eq!(again, [(7, 100), (8, 200), (u64::MAX, 101)]);
        drop(transaction);
        let mut last = [(8, 300)];
        register.settle_homes(&mut last).expect("homes");
        assert_eq!(last, [(8, 300)]);
    }
}
