//! Takes inputs into a ledger: what is new is read, shelved by month and written; then the register commits, once.
//! Whatever order and grouping of imports, the same files end in the same report. Files that are known are not read.
//! How inputs are read is the business of ingest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::account::{StoredAccount, account_json};
use super::counts::{added_up, owners};
use super::forget::Erasure;
use super::homes::{month_name, shelve};
use super::load::differences;
use super::part::PartRows;
use super::register::stamps::{self, Hashed, Stamped};
use super::register::{Argument, SourceRow, StoredConsent};
use super::words::Words;
use super::{Ledger, LedgerError, files};
use crate::case::Case;
use crate::ingest::inputs::{absolute, is_no_export_name};
use crate::ingest::whole::Whole;
use crate::ingest::{FileCounts, Input, InputFile, Labels, Progress, Reading, Settings, SourceRead, Unreadable};

/// Bytes of files that are read in one go; what a file unpacks to comes on top.
const CHUNK_BYTES: u64 = 128 << 20;
/// Whether a file that would be passed over by its ending was named: a circumstance of reading like others.
const NAMED: &str = "named";

/// What is to be imported, and how it is read.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The inputs.
    pub inputs: &'a [Input],
    /// Folders that could not be looked into.
    pub unreadable: &'a [Unreadable],
    /// What the inputs were named by.
    pub arguments: &'a [Argument],
    /// The case file.
    pub case: &'a Case,
    /// Where it was found, if it lay among the inputs.
    pub case_file: Option<&'a str>,
    /// Settings of ingest.
    pub settings: &'a Settings,
    /// Read known files again: the inputs, or when there are none all of the ledger that would be read otherwise now.
    pub again: bool,
    /// Name and version of the program.
    pub program: &'a str,
    /// The time of now, UTC milliseconds.
    pub now: i64,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It was not known.
    New,
    /// Its name is known with other bytes: both count.
    NewVersion,
    /// It is in the ledger already; nothing was read.
    Known,
    /// It was read again, with the settings of now.
    ReadAgain,
    /// Another source has the same bytes: its records are folded into that.
    SameBytes,
    /// It could not be read, and was not known: its account says why.
    Unread,
    /// It cannot be read now; what the ledger holds of it stays.
    UnreadNow,
}

impl What {
    /// In a word for programs and people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::NewVersion => "new version",
            Self::Known => "known",
            Self::ReadAgain => "read again",
            Self::SameBytes => "same bytes",
            Self::Unread => "unread",
            Self::UnreadNow => "unread now",
        }
    }
}

/// One source of an import. records = read + folded + ignored + rejected.
#[derive(Clone, Debug)]
pub struct SourceOutcome {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub what: What,
    /// The source that has the same bytes.
    pub same_as: Option<String>,
    /// Format found.
    pub format: String,
    /// Records in it.
    pub records: u64,
    /// Records that gave a new message.
    pub read: u64,
    /// Records that only told more of a message already known.
    pub folded: u64,
    /// Records that are no send.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Whether it, or a part of it, could not be read.
    pub failed: bool,
    /// Things to be told of it.
    pub notes: Vec<String>,
}

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct ImportOutcome {
    /// Every source in order of names; of known containers without their members.
    pub sources: Vec<SourceOutcome>,
    /// Months that hold messages of what was read.
    pub months: Vec<String>,
    /// Messages in the ledger before.
    pub messages_before: u64,
    /// Messages in the ledger now.
    pub messages: u64,
    /// Whether anything was read.
    pub changed: bool,
}

impl ImportOutcome {
    /// Whether something could not be read, wholly or in part.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.sources.iter().any(|source| source.failed)
    }
}

/// The work of one import.
struct Work<'w> {
    ledger: &'w Ledger,
    import: &'w Import<'w>,
    reading: &'w Reading,
    erasure: Erasure,
    next: u32,
    touched: BTreeSet<i64>,
    /// Sources of this import with what became of them.
    done: Vec<(u32, What)>,
    outcomes: Vec<SourceOutcome>,
}

impl Ledger {
    /// Imports. Nothing of it stands before all of it does.
    ///
    /// # Errors
    /// When a known source would be read otherwise now and is not to be read again, or the ledger cannot be written.
    pub fn import(&mut self, import: &Import<'_>, progress: &dyn Progress) -> Result<ImportOutcome, LedgerError> {
        let reading = Reading::new(import.case, import.settings, false)?;
        let messages_before = self.messages()?;
        let transaction = self.register.begin()?;
        let mut work = Work {
            ledger: self,
            import,
            reading: &reading,
            erasure: Erasure::load(&self.register)?,
            next: self.register.next_source()?,
            touched: BTreeSet::new(),
            done: Vec::new(),
            outcomes: Vec::new(),
        };
        let todo = work.choose()?;
        let changed = !todo.is_empty();
        for chunk in chunks(&todo) {
            let inputs: Vec<Input> = chunk.iter().map(|(input, _)| input.clone()).collect();
            let how = (import.case, import.settings);
            let read = reading.read(&inputs, how, Labels::Whole, progress)?;
            work.take(read, chunk)?;
        }
        let Work { next, touched, done, mut outcomes, .. } = work;
        self.register.remove_empty_parts()?;
        self.count_again(&touched, &reading)?;
        self.register.set_meta("sources", &next.to_string())?;
        self.note_arguments(import)?;
        outcomes.append(&mut self.outcomes(&done)?);
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        transaction.commit()?;
        // What is not named any more goes; a crash before this leaves it to the next opening.
        files::sweep(&self.folder, &self.register.files()?)?;
        let months = touched.iter().map(|month| month_name(*month)).collect();
        Ok(ImportOutcome { sources: outcomes, months, messages_before, messages: self.messages()?, changed })
    }

    fn messages(&self) -> Result<u64, LedgerError> {
        Ok(self.register.months()?.iter().map(|month| month.messages).sum())
    }

    fn note_arguments(&self, import: &Import<'_>) -> Result<(), LedgerError> {
        for argument in import.arguments {
            self.register.add_argument(argument)?;
        }
        for missing in import.unreadable {
            self.register.set_unreadable(&missing.name, &missing.reason)?;
        }
        for (name, _) in self.register.unreadable()? {
            let below = format!("{name}/");
            if import.inputs.iter().any(|input| input.name == name || input.name.starts_with(&below)) {
                self.register.clear_unreadable(&name)?;
            }
        }
        if let Some(found) = import.case_file {
            // Two that differ: neither can be taken without asking.
            let known = self.register.meta("case file")?;
            let same = known.as_deref().is_none_or(|known| known == found);
            self.register.set_meta("case file", if same { found } else { "" })?;
        }
        Ok(())
    }

    /// What became of sources that were read.
    fn outcomes(&self, done: &[(u32, What)]) -> Result<Vec<SourceOutcome>, LedgerError> {
        let sources = self.register.sources()?;
        let counts = added_up(self.register.counts()?);
        let owners = owners(&sources);
        let mut outcomes = Vec::new();
        for (id, what) in done {
            let Some(source) = sources.iter().find(|source| source.id == *id) else { continue };
            let stored: StoredAccount = super::register::from_json(&source.account)?;
            let account = InputFile::from(stored);
            let FileCounts { read, folded, .. } = counts.get(id).copied().unwrap_or_default();
            let owned = owners.contains(id);
            let same_as = sources.iter().find(|other| !owned && other.sha256 == source.sha256);
            outcomes.push(SourceOutcome {
                name: source.name.clone(),
                what: if owned { *what } else { What::SameBytes },
                same_as: same_as.map(|other| other.name.clone()),
                format: account.format,
                records: account.records,
                read,
                folded: if owned {
                    folded + source.echoing
                } else {
                    account.records - account.ignored - account.rejected
                },
                ignored: account.ignored,
                rejected: account.rejected,
                failed: account.failed,
                notes: account.notes,
            });
        }
        Ok(outcomes)
    }
}

impl Work<'_> {
    /// Which inputs are to be read, and as what; what the ledger holds of those that are read again is taken out.
    fn choose(&mut self) -> Result<Vec<(Input, What)>, LedgerError> {
        let Import { case, settings, again, .. } = *self.import;
        let sources = self.ledger.register.sources()?;
        let mut todo = Vec::new();
        let mut differing = Vec::new();
        let whole_ledger = again && self.import.inputs.is_empty();
        let inputs = if whole_ledger { self.differing_files(&sources)? } else { self.import.inputs.to_vec() };
        let hashes = self.hashes(&inputs)?;
        for (input, sha256) in inputs.into_iter().zip(hashes) {
            let of_name = || sources.iter().filter(|source| source.member.is_none() && source.name == input.name);
            let Some(sha256) = sha256 else {
                match of_name().find(|source| !source.sha256.is_empty()) {
                    Some(_) if whole_ledger => {
                        return Err(LedgerError::Gone(input.name));
                    }
                    Some(known) => self.outcomes.push(untouched(known, What::UnreadNow)),
                    None => {
                        of_name().for_each(|source| differing.push((source.id, Vec::new())));
                        todo.push((input, What::Unread));
                    }
                }
                continue;
            };
            // An account of a file that could not be read gives way to the file.
            for unread in of_name().filter(|source| source.sha256.is_empty()) {
                differing.push((unread.id, Vec::new()));
            }
            let Some(known) = of_name().find(|source| source.sha256 == sha256) else {
                if whole_ledger {
                    return Err(LedgerError::Gone(input.name));
                }
                let what = if of_name().any(|source| !source.sha256.is_empty()) { What::NewVersion } else { What::New };
                todo.push((input, what));
                continue;
            };
            let held: Vec<SourceRow> = sources.iter().filter(|source| source.top == known.id).cloned().collect();
            let found = differences(&held, self.reading, case, settings)?;
            let named_now = input.named && known.circumstances.get(NAMED).is_some_and(|named| named == "no");
            let asked = again && !whole_ledger;
            if found.is_empty() && !named_now && !asked {
                self.outcomes.push(untouched(known, What::Known));
            } else if named_now || again {
                differing.push((known.id, Vec::new()));
                todo.push((input, What::ReadAgain));
            } else {
                differing.push((known.id, found));
            }
        }
        let told: Vec<_> = differing.iter().flat_map(|(_, found)| found.clone()).collect();
        if !told.is_empty() {
            return Err(LedgerError::Differs(joined(told)));
        }
        for (top, _) in differing {
            for held in sources.iter().filter(|source| source.top == top) {
                self.touched.extend(self.ledger.register.months_of(held.id)?);
                self.ledger.register.remove_source(held.id)?;
            }
        }
        Ok(todo)
    }

    /// Hashes of the inputs. A file is known by its bytes; those that stand still since they were hashed are not read again,
    /// unless the user asks for it.
    fn hashes(&self, inputs: &[Input]) -> Result<Vec<Option<String>>, LedgerError> {
        let register = &self.ledger.register;
        let paths: Vec<PathBuf> = inputs.iter().map(|input| absolute(&input.path)).collect();
        let known = if self.import.again { BTreeMap::new() } else { register.stamps()? };
        let hashed = stamps::hashes(&paths, &known, self.import.now);
        for (path, hashed) in paths.iter().zip(&hashed) {
            if let Hashed { sha256: Some(sha256), stamp: Some(stamp) } = hashed {
                register.set_stamp(path, &Stamped { stamp: stamp.clone(), sha256: sha256.clone() })?;
            }
        }
        Ok(hashed.into_iter().map(|hashed| hashed.sha256).collect())
    }

    /// The files of the ledger that would be read otherwise now, or hold something that would.
    fn differing_files(&self, sources: &[SourceRow]) -> Result<Vec<Input>, LedgerError> {
        let Import { case, settings, .. } = *self.import;
        let mut differing = BTreeSet::new();
        for source in sources {
            if !differences(std::slice::from_ref(source), self.reading, case, settings)?.is_empty() {
                differing.insert(source.top);
            }
        }
        let tops = sources.iter().filter(|source| source.id == source.top && !source.sha256.is_empty());
        let input = |source: &SourceRow| Input {
            name: source.name.clone(),
            path: source.path.clone(),
            named: source.circumstances.get(NAMED).is_some_and(|named| named == "yes"),
            member: None,
        };
        Ok(tops.filter(|source| differing.contains(&source.id)).map(input).collect())
    }

    /// Writes what was read of some inputs.
    fn take(&mut self, read: Vec<SourceRead<'_>>, chunk: &[(Input, What)]) -> Result<(), LedgerError> {
        let register = &self.ledger.register;
        let what: BTreeMap<&str, What> = chunk.iter().map(|(input, what)| (input.name.as_str(), *what)).collect();
        let first = self.next;
        let mut wholes: Vec<(SourceRow, Whole)> = Vec::new();
        let mut tops: BTreeMap<String, u32> = BTreeMap::new();
        for (number, SourceRead { input, .. }) in (first..).zip(&read) {
            if input.member.is_none() {
                tops.insert(input.name.clone(), number);
            }
        }
        for SourceRead { input, mut account, batches } in read {
            let id = self.next;
            self.next += 1;
            let mut whole = Whole::of(batches);
            self.erasure.apply(&mut whole, &mut account);
            let top_name = top_name(&input);
            let what = what.get(top_name).copied().unwrap_or(What::New);
            self.done.push((id, what));
            let mut circumstances = self.reading.circumstances(&input.name, self.import.case, self.import.settings)?;
            if input.member.is_none() && is_no_export_name(&input.name) {
                circumstances.insert(NAMED.to_owned(), if input.named { "yes" } else { "no" }.to_owned());
            }
            let row = SourceRow {
                id,
                name: input.name.clone(),
                sha256: account.sha256.clone(),
                bytes: account.bytes,
                path: absolute(&input.path),
                member: input.member.clone(),
                top: tops.get(top_name).copied().unwrap_or(id),
                imported_at: self.import.now,
                program: self.import.program.to_owned(),
                rows: (whole.rows.len() + whole.echoes.len()) as u64,
                circumstances,
                account: account_json(&account)?,
                accounts: whole.accounts.texts.iter().map(str::to_owned).collect(),
                provisional: whole.provisional,
                echoing: whole.echoing,
                words: None,
            };
            wholes.push((row, whole));
        }
        // The register must know all of them before it is clear which have the bytes of another.
        for (row, whole) in &wholes {
            register.add_source(row)?;
            register.add_rejects(row.id, &whole.rejects)?;
            register.add_consents(row.id, &consents_of(whole))?;
        }
        let sources = register.sources()?;
        let owners = owners(&sources);
        self.touch_former_owners(&sources, &owners, &wholes)?;
        wholes.retain(|(row, _)| owners.contains(&row.id));
        self.file(&wholes)
    }

    /// Where a source that is new comes by name before the one that had its bytes, that one's months must be counted again.
    fn touch_former_owners(
        &mut self,
        sources: &[SourceRow],
        owners: &BTreeSet<u32>,
        wholes: &[(SourceRow, Whole)],
    ) -> Result<(), LedgerError> {
        let taken: BTreeSet<&str> = wholes.iter().map(|(row, _)| row.sha256.as_str()).collect();
        let former =
            sources.iter().filter(|source| !owners.contains(&source.id) && taken.contains(source.sha256.as_str()));
        for source in former {
            self.touched.extend(self.ledger.register.months_of(source.id)?);
        }
        Ok(())
    }

    /// Writes parts and tables of sources, and registers them.
    fn file(&mut self, wholes: &[(SourceRow, Whole)]) -> Result<(), LedgerError> {
        let (folder, register) = (&self.ledger.folder, &self.ledger.register);
        let shelved = shelve(register, &wholes.iter().map(|(_, whole)| whole).collect::<Vec<_>>())?;
        let mut parts: BTreeMap<i64, PartRows> = BTreeMap::new();
        for ((row, whole), shelved) in wholes.iter().zip(shelved) {
            for (month, (rows, echoes)) in shelved.months {
                parts.entry(month).or_default().add(row.id, whole, &rows, &echoes);
            }
            register.add_spanning(row.id, &shelved.spanning)?;
            if row.rows > 0 {
                let words = files::write(folder, files::WORDS, "json.zst", &Words::of(whole).to_bytes()?)?;
                register.add_source(&SourceRow { words: Some(words), ..row.clone() })?;
            }
        }
        for (month, part) in parts {
            self.ledger.add_part(month, &part)?;
            self.touched.insert(month);
        }
        Ok(())
    }
}

/// Name of the file that an input is or lies in.
fn top_name(input: &Input) -> &str {
    let Some(member) = &input.member else { return &input.name };
    let end = input.name.len().checked_sub(member.len() + crate::ingest::containers::SEPARATOR.len());
    end.and_then(|end| input.name.get(..end)).unwrap_or(&input.name)
}

fn untouched(source: &SourceRow, what: What) -> SourceOutcome {
    SourceOutcome {
        name: source.name.clone(),
        what,
        same_as: None,
        format: String::new(),
        records: 0,
        read: 0,
        folded: 0,
        ignored: 0,
        rejected: 0,
        failed: what == What::UnreadNow,
        notes: Vec::new(),
    }
}

fn joined(found: Vec<super::Difference>) -> Vec<super::Difference> {
    let mut by_setting: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for one in found {
        by_setting.entry((one.setting, one.then, one.now)).or_default().extend(one.sources);
    }
    let one = |((setting, then, now), sources)| super::Difference { setting, then, now, sources };
    by_setting.into_iter().map(one).collect()
}

/// The consents of what was read of a source, with their recipients by address.
pub(super) fn consents_of(whole: &Whole) -> Vec<StoredConsent> {
    let stored = |consent: &crate::ingest::Consent| StoredConsent {
        consent: consent.clone(),
        recipient: whole.recipients.texts.get(consent.recipient as usize).to_owned(),
        kind: whole.kinds.get(consent.recipient as usize).copied().unwrap_or_default(),
    };
    whole.consents.iter().map(stored).collect()
}

/// Inputs that are read together: as many as keep memory in bounds.
fn chunks(todo: &[(Input, What)]) -> Vec<&[(Input, What)]> {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, (input, _)) in todo.iter().enumerate() {
        let own = size(&input.path);
        if at > start && bytes + own > CHUNK_BYTES {
            chunks.extend(todo.get(start..at));
            (start, bytes) = (at, 0);
        }
        bytes += own;
    }
    chunks.extend(todo.get(start..).filter(|rest| !rest.is_empty()));
    chunks
}
