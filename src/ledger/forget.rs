//! Takes messages out of a ledger for good: those before a day, or those of recipients who asked for it. The parts that
//! hold them are written anew without them; that something was erased, and how much, stays on record, never what.
//! What was erased does not come back: later imports leave it out, recipients known by a digest under the ledger's key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;

use super::account::{StoredAccount, account_json};
use super::counts::added_up;
use super::homes::hash_of;
use super::part::PartRows;
use super::register::{PartRow, Register, SourceRow, from_json};
use super::{Ledger, LedgerError, files};
use crate::hash::{hex, hmac_sha256};
use crate::ingest::whole::Whole;
use crate::ingest::{InputFile, Reading};

/// As what the records are counted of which nothing is left.
const REASON: &str = "erased from the ledger";
/// Bytes of the ledger's own key.
const KEY_BYTES: usize = 32;
/// Fewer digits than these are no telephone number that could be looked for in an excerpt.
const LEAST_DIGITS: usize = 6;

/// What is to be erased.
#[derive(Clone, Copy, Debug)]
pub enum Forget<'a> {
    /// Messages sent before an instant, UTC milliseconds.
    Before(i64),
    /// All messages and consents of these recipients, by their canonical addresses.
    Recipients(&'a [String]),
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Messages, by the name of the source that gave them.
    pub messages: BTreeMap<String, u64>,
    /// Months that were written anew.
    pub months: u64,
}

/// What later imports leave out.
#[derive(Debug, Default)]
pub struct Erasure {
    before: Option<i64>,
    digests: BTreeSet<String>,
    key: Vec<u8>,
}

impl Erasure {
    /// What the register knows of it.
    pub fn load(register: &Register) -> Result<Self, LedgerError> {
        Ok(Self {
            before: register.meta("forgotten before")?.and_then(|text| text.parse().ok()),
            digests: register.erased()?,
            key: register.meta("erasure key")?.map(|text| unhex(&text)).unwrap_or_default(),
        })
    }

    fn is_erased(&self, recipient: &str) -> bool {
        !self.digests.is_empty() && self.digests.contains(&digest(&self.key, recipient))
    }

    /// Leaves out of what was read of a source what is not to come back; its account tells how many records.
    pub fn apply(&self, whole: &mut Whole, account: &mut InputFile) {
        if self.before.is_none() && self.digests.is_empty() {
            return;
        }
        let erased: Vec<bool> = whole.recipients.texts.iter().map(|recipient| self.is_erased(recipient)).collect();
        let is_erased = |recipient: u32| erased.get(recipient as usize).copied().unwrap_or(false);
        let rows = whole.rows.recipient.iter().zip(&whole.rows.sent_at);
        let keep: Vec<bool> = rows
            .map(|(recipient, sent_at)| !is_erased(*recipient) && self.before.is_none_or(|before| *sent_at >= before))
            .collect();
        if keep.contains(&false) {
            ignore(account, whole.drop_rows(&keep));
        }
        whole.consents.retain(|consent| !is_erased(consent.recipient));
        if erased.contains(&true) {
            let recipients = (0_u32..).zip(whole.recipients.texts.iter());
            let names: Vec<String> =
                recipients.filter(|(index, _)| is_erased(*index)).map(|(_, name)| name.to_owned()).collect();
            scrub(whole.rejects.iter_mut().map(|reject| &mut reject.excerpt), &names);
            whole.erase_recipients(&is_erased);
        }
    }
}

fn ignore(account: &mut InputFile, records: u64) {
    if records > 0 {
        account.ignored += records;
        *account.ignored_by.entry(REASON).or_default() += records;
    }
}

fn digest(key: &[u8], recipient: &str) -> String {
    // A key of any length will do, so that this cannot fail.
    hex(&hmac_sha256(key, &[recipient.as_bytes()]))
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len() / 2).filter_map(|at| text.get(at * 2..at * 2 + 2));
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Empties the excerpts of rejected records that hold one of the addresses, by its digits or as it stands.
fn scrub<'e>(excerpts: impl Iterator<Item = &'e mut String>, addresses: &[String]) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut any = false;
    for excerpt in excerpts {
        let own = digits(excerpt);
        let holds = |address: &str| {
            let number = digits(address);
            (number.len() >= LEAST_DIGITS && own.contains(&number)) || excerpt.contains(address)
        };
        if addresses.iter().any(|address| holds(address)) {
            excerpt.clear();
            any = true;
        }
    }
    any
}

/// Records of a source that have rows, and those that have echoes.
#[derive(Debug, Default)]
struct Records {
    rows: BTreeSet<u32>,
    echoes: BTreeSet<u32>,
}

impl Records {
    fn add(&mut self, part: &PartRows) {
        let (rows, _, echoes) = part.in_order();
        self.rows.extend(&rows.record);
        self.echoes.extend(echoes.iter().map(|echo| echo.record));
    }

    fn all(&self) -> u64 {
        self.rows.union(&self.echoes).count() as u64
    }

    fn echoing(&self) -> u64 {
        self.echoes.difference(&self.rows).count() as u64
    }
}

/// What an erasure leaves of a source.
#[derive(Debug, Default)]
struct Left {
    before: Records,
    after: Records,
    rows: u64,
    contents: BTreeSet<u32>,
    recipients: BTreeSet<u32>,
}

impl Left {
    fn add(&mut self, before: &PartRows, after: &PartRows) {
        self.before.add(before);
        self.after.add(after);
        self.rows += after.len() as u64;
        self.contents.extend(&after.columns().content);
        self.recipients.extend(after.rows().filter_map(|(.., at)| after.columns().recipient.get(at)));
    }
}

/// What is to go: rows by source and number in it, and the homes of their messages.
#[derive(Debug, Default)]
struct Doomed {
    rows: BTreeMap<u32, BTreeSet<u32>>,
    homes: BTreeSet<u64>,
}

impl Doomed {
    /// The rows of a month that are to go; `recipients` are those of each source that are.
    fn of(rows: &BTreeMap<u32, PartRows>, what: Forget<'_>, recipients: &BTreeMap<u32, BTreeSet<u32>>) -> Self {
        let earliest = match what {
            Forget::Before(_) => earliest(rows),
            Forget::Recipients(_) => HashMap::new(),
        };
        let mut doomed = Self::default();
        for (source, part) in rows {
            let columns = part.columns();
            for (_, number, at) in part.rows() {
                let (Some(key), Some(recipient)) = (columns.key.get(at), columns.recipient.get(at)) else { continue };
                let goes = match what {
                    Forget::Before(before) => earliest.get(key).is_some_and(|sent_at| *sent_at < before),
                    Forget::Recipients(_) => recipients.get(source).is_some_and(|doomed| doomed.contains(recipient)),
                };
                if goes {
                    doomed.rows.entry(*source).or_default().insert(number);
                    doomed.homes.insert(hash_of(*key));
                }
            }
        }
        doomed
    }

    fn keeps(&self, source: u32, number: u32) -> bool {
        self.rows.get(&source).is_none_or(|rows| !rows.contains(&number))
    }
}

/// When each message of a month was sent, by the earliest record of it.
fn earliest(rows: &BTreeMap<u32, PartRows>) -> HashMap<u128, i64> {
    let mut earliest: HashMap<u128, i64> = HashMap::new();
    for part in rows.values() {
        let (columns, _, echoes) = part.in_order();
        let told = echoes.iter().map(|echo| (echo.row as usize, echo.sent_at));
        for (row, sent_at) in columns.sent_at.iter().copied().enumerate().chain(told) {
            if let Some(key) = columns.key.get(row) {
                let known = earliest.entry(*key).or_insert(sent_at);
                *known = (*known).min(sent_at);
            }
        }
    }
    earliest
}

impl Ledger {
    /// Erases. The ledger is whole before and after, whatever happens in between.
    ///
    /// # Errors
    /// When the ledger is damaged or cannot be written.
    pub fn forget(&mut self, what: Forget<'_>, reading: &Reading, now: i64) -> Result<Forgotten, LedgerError> {
        let transaction = self.register.begin()?;
        let sources = self.register.sources()?;
        let recipients = self.recipients_to_go(&sources, what)?;
        let messages_before = added_up(self.register.counts()?);
        let touched = self.take_out(&sources, what, &recipients)?;
        match what {
            Forget::Recipients(addresses) => self.remember_recipients(&sources, addresses)?,
            Forget::Before(before) => {
                let known = self.register.meta("forgotten before")?.and_then(|text| text.parse::<i64>().ok());
                let latest = known.map_or(before, |known| known.max(before));
                self.register.set_meta("forgotten before", &latest.to_string())?;
            }
        }
        self.count_again(&touched, reading)?;
        let after = added_up(self.register.counts()?);
        let mut forgotten = Forgotten { months: touched.len() as u64, ..Forgotten::default() };
        let kind = if matches!(what, Forget::Before(_)) { "before" } else { "recipient" };
        for source in &sources {
            let had = messages_before.get(&source.id).map_or(0, |counts| counts.messages);
            let has = after.get(&source.id).map_or(0, |counts| counts.messages);
            if had > has {
                self.register.add_forgotten(now, kind, source.id, had - has)?;
                *forgotten.messages.entry(source.name.clone()).or_default() += had - has;
            }
        }
        transaction.commit()?;
        files::sweep(&self.folder, &self.register.files()?)?;
        // Pages that held what was erased are given back too.
        self.register.vacuum()?;
        Ok(forgotten)
    }

    /// For each source the local recipients that are to go.
    fn recipients_to_go(
        &self,
        sources: &[SourceRow],
        what: Forget<'_>,
    ) -> Result<BTreeMap<u32, BTreeSet<u32>>, LedgerError> {
        let mut found = BTreeMap::new();
        let Forget::Recipients(addresses) = what else { return Ok(found) };
        for source in sources {
            let indices = self.words_of(source)?.map(|words| words.find(addresses)).unwrap_or_default();
            if !indices.is_empty() {
                found.insert(source.id, indices);
            }
        }
        Ok(found)
    }

    /// Writes the months anew that hold what is to go, and gives their numbers.
    fn take_out(
        &self,
        sources: &[SourceRow],
        what: Forget<'_>,
        recipients: &BTreeMap<u32, BTreeSet<u32>>,
    ) -> Result<BTreeSet<i64>, LedgerError> {
        let all: BTreeSet<u32> = sources.iter().map(|source| source.id).collect();
        let mut by_month: BTreeMap<i64, Vec<PartRow>> = BTreeMap::new();
        for part in self.register.parts(None)? {
            by_month.entry(part.month).or_default().push(part);
        }
        let mut doomed: BTreeMap<i64, Doomed> = BTreeMap::new();
        for (month, parts) in &by_month {
            let of_month = Doomed::of(&self.rows_of(parts, &all)?, what, recipients);
            if !of_month.rows.is_empty() {
                doomed.insert(*month, of_month);
            }
        }
        let mut affected: BTreeSet<u32> = recipients.keys().copied().collect();
        affected.extend(doomed.values().flat_map(|doomed| doomed.rows.keys()));
        // A record may have messages in other months too: what is left of it is known when all were seen.
        let mut left: BTreeMap<u32, Left> = affected.iter().map(|source| (*source, Left::default())).collect();
        for (month, parts) in &by_month {
            let mut kept = PartRows::default();
            for (source, rows) in self.rows_of(parts, &all)? {
                let mut rest = rows.clone();
                if let Some(doomed) = doomed.get(month) {
                    rest.retain(&|source, number| doomed.keeps(source, number));
                    kept.append(&rest);
                }
                if let Some(left) = left.get_mut(&source) {
                    left.add(&rows, &rest);
                }
            }
            if let Some(doomed) = doomed.get(month) {
                self.register.remove_homes(&doomed.homes)?;
                self.replace_parts(*month, parts, &kept)?;
            }
        }
        for source in sources {
            if let Some(left) = left.remove(&source.id) {
                self.settle_source(source, &left)?;
            }
        }
        Ok(doomed.into_keys().collect())
    }

    /// Settles account and tables of a source that lost something.
    fn settle_source(&self, source: &SourceRow, left: &Left) -> Result<(), LedgerError> {
        let stored: StoredAccount = from_json(&source.account)?;
        let mut account = InputFile::from(stored);
        ignore(&mut account, left.before.all() - left.after.all());
        let words = match self.words_of(source)? {
            Some(mut words) if left.rows > 0 => {
                words.erase(&|recipient| !left.recipients.contains(&recipient));
                words.forget_texts(&|content| left.contents.contains(&content));
                Some(files::write(&self.folder, files::WORDS, "json.zst", &words.to_bytes()?)?)
            }
            _ => None,
        };
        self.register.add_source(&SourceRow {
            account: account_json(&account)?,
            echoing: left.after.echoing(),
            rows: left.rows,
            words,
            ..source.clone()
        })
    }

    /// Notes the digests of erased recipients, and takes their consents and excerpts out.
    fn remember_recipients(&self, sources: &[SourceRow], addresses: &[String]) -> Result<(), LedgerError> {
        let key = match self.register.meta("erasure key")? {
            Some(known) => unhex(&known),
            None => {
                let key = fresh_key()?;
                self.register.set_meta("erasure key", &hex(&key))?;
                key
            }
        };
        for address in addresses {
            self.register.add_erased(&digest(&key, address))?;
        }
        let (mut rejects, mut consents) = (self.register.rejects()?, self.register.consents()?);
        for source in sources {
            if let Some(mut own) = rejects.remove(&source.id)
                && scrub(own.iter_mut().map(|reject| &mut reject.excerpt), addresses)
            {
                self.register.add_rejects(source.id, &own)?;
            }
            if let Some(mut own) = consents.remove(&source.id) {
                let before = own.len();
                own.retain(|consent| !addresses.contains(&consent.recipient));
                if own.len() < before {
                    self.register.add_consents(source.id, &own)?;
                }
            }
        }
        Ok(())
    }
}

fn fresh_key() -> Result<Vec<u8>, LedgerError> {
    let source = std::path::Path::new("/dev/urandom");
    let mut key = vec![0_u8; KEY_BYTES];
    let read = std::fs::File::open(source).and_then(|mut file| file.read_exact(&mut key));
    read.map_err(files::at(source))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_lose_the_numbers_of_those_who_are_erased() {
        let mut excerpts =
            ["x;+49 151 2345-6789;y".to_owned(), "x;+49151999;y".to_owned(), "mia@example.org".to_owned()];
        let erased = ["+4915123456789".to_owned(), "mia@example.org".to_owned(), "123".to_owned()];
        assert!(scrub(excerpts.iter_mut(), &erased));
        assert_eq!(excerpts, ["", "x;+49151999;y", ""]);
    }

    #[test]
    fn a_key_comes_back_from_its_digits() {
        let key = fresh_key().expect("random bytes");
        assert_eq!(unhex(&hex(&key)), key);
        assert_ne!(digest(&key, "a"), digest(&key, "b"));
    }
}
