//! A case file drafted from what was read: the accounts with platform, route, number of messages and days as comments, and
//! every other key commented out beside its explanation. Neither texts nor recipients stand in it.
//! Keys, examples and words are data (`data/languages/case.toml`); what a case file may hold is said in `case.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Deserialize;

use super::words::{Both, Words, WordsFile};
use crate::assess::Calendar;
use crate::case::Language;
use crate::ingest::Ingested;
use crate::ingest::containers::case_names;
use crate::message::{Direction, ZoneBasis, country_text};

const WORDS: &str = include_str!("../../data/languages/case.toml");
const REPORT_WORDS: &str = include_str!("../../data/languages/report.toml");
const RULE_WORDS: &str = include_str!("../../data/languages/rules.toml");
/// Accounts that get a block of their own.
const ACCOUNTS: usize = 500;
/// Inputs that are listed at the head, and files that get a block of their own.
const FILES: usize = 200;

/// Why a case file cannot be drafted; all mean a damaged build.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The file of words.
    #[error("words of the case file: {0}")]
    Words(#[from] toml::de::Error),
    /// A word that is not there.
    #[error("words of the case file: {0:#}")]
    Word(#[from] minijinja::Error),
}

/// The file of words: keys with their explanations beside the words.
#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "block")]
    blocks: Vec<Block>,
    #[serde(flatten)]
    words: WordsFile,
}

/// A block of the case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    name: String,
    means: Both<String>,
    #[serde(rename = "key")]
    keys: Vec<Key>,
}

/// A key with an example of its value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    example: String,
    means: Both<String>,
}

/// What was read of an account.
#[derive(Debug, Default)]
struct Seen {
    platforms: BTreeSet<&'static str>,
    routes: BTreeSet<&'static str>,
    sent: u64,
    /// Of those sent, to addresses that are accounts as well.
    to_accounts: u64,
    received: u64,
    first: Option<i64>,
    last: Option<i64>,
}

impl Seen {
    /// Whether it may as well be a recipient: most of what it sent went to other accounts, as in a chat whose owner is not
    /// known. Persons must not be named, so such an account is not.
    fn may_be_recipient(&self) -> bool {
        self.to_accounts * 2 > self.sent
    }
}

/// The text of a case file for what was read.
///
/// # Errors
/// When the words of the build are damaged.
pub fn draft(
    ingested: &Ingested,
    calendar: &Calendar,
    program: &str,
    language: Language,
) -> Result<String, DraftError> {
    let file: File = toml::from_str(WORDS)?;
    let words = Words::of(file.words, language)
        .and(Words::load(RULE_WORDS, language)?)
        .and(Words::load(REPORT_WORDS, language)?);
    let mut draft = Draft { words: &words, calendar, text: String::new() };
    draft.head(ingested, program)?;
    for block in &file.blocks {
        draft.text.push('\n');
        draft.comment(&format!("--- {} ---", said(&block.means, language)));
        match block.name.as_str() {
            "matter" => draft.matter(block, ingested)?,
            "account" => draft.accounts(block, ingested)?,
            "file" => draft.files(block, ingested)?,
            _ => draft.example(block),
        }
    }
    Ok(draft.text)
}

fn said(both: &Both<String>, language: Language) -> &str {
    match language {
        Language::De => &both.de,
        Language::En => &both.en,
    }
}

/// A case file being written.
struct Draft<'a> {
    words: &'a Words,
    calendar: &'a Calendar,
    text: String,
}

impl Draft<'_> {
    /// A line of words. Whatever an export calls itself, it stays within its comment.
    fn comment(&mut self, words: &str) {
        let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
        self.text.push_str("# ");
        self.text.extend(words.chars().map(plain));
        self.text.push('\n');
    }

    /// Keys with their examples, without effect; explained where that is asked for. Those in `stated` are left out.
    fn keys(&mut self, block: &Block, explained: bool, stated: &[&str]) {
        for key in block.keys.iter().filter(|key| !stated.contains(&key.name.as_str())) {
            if explained {
                self.comment(said(&key.means, self.words.language));
            }
            let _ = writeln!(self.text, "#{} = {}", key.name, key.example);
        }
    }

    /// A block without effect.
    fn example(&mut self, block: &Block) {
        let _ = writeln!(self.text, "#[[{}]]", block.name);
        self.keys(block, true, &[]);
    }

    /// A key with a value that holds.
    fn state(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {}", toml::Value::String(value.to_owned()));
    }

    fn span(&self, first: Option<i64>, last: Option<i64>) -> Result<String, DraftError> {
        let Some((first, last)) = first.zip(last) else { return Ok(String::new()) };
        let day = |at: i64| -> Date { self.calendar.day(at) };
        Ok(self.words.say("span", &[("from", day(first).to_string()), ("to", day(last).to_string())])?)
    }

    fn head(&mut self, ingested: &Ingested, program: &str) -> Result<(), DraftError> {
        let words = self.words;
        let inputs = words.counted("inputs", ingested.inputs.len() as u64)?;
        self.comment(&words.say("head", &[("program", program.to_owned()), ("inputs", inputs)])?);
        self.comment(&words.say("how", &[])?);
        self.comment("");
        self.comment(&words.say("inputs", &[])?);
        for input in ingested.inputs.iter().take(FILES) {
            let line = if input.failed && input.messages == 0 {
                words.say("input_failed", &[("file", input.name.clone())])?
            } else {
                let messages = words.counted("message", input.messages)?;
                let span = self.span(input.first_sent, input.last_sent)?;
                let values = [("file", input.name.clone()), ("format", input.format.clone())];
                words.say("input", &[values[0].clone(), values[1].clone(), ("messages", messages), ("span", span)])?
            };
            self.comment(&format!("  {line}"));
        }
        if let Some(more) = ingested.inputs.len().checked_sub(FILES).filter(|more| *more > 0) {
            let inputs = words.counted("inputs", more as u64)?;
            self.comment(&format!("  {}", words.say("more_inputs", &[("inputs", inputs)])?));
        }
        self.comment(&words.say("zone_in", &[("zone", self.calendar.name().to_owned())])?);
        Ok(())
    }

    fn matter(&mut self, block: &Block, ingested: &Ingested) -> Result<(), DraftError> {
        let words = self.words;
        let guessed = ingested.inputs.iter().filter(|input| input.zone_basis == ZoneBasis::Guessed);
        let open: u64 = guessed.map(|input| input.zone_needed).sum();
        self.text.push_str("[matter]\n");
        for key in &block.keys {
            self.comment(said(&key.means, words.language));
            if key.name == "timezone" && open > 0 {
                let messages = words.counted("message", open)?;
                let zone = crate::message::DEFAULT_ZONE.to_owned();
                self.comment(&words.say("zone_open", &[("messages", messages), ("zone", zone)])?);
            }
            match guess_country(ingested).filter(|_| key.name == "country") {
                Some((country, agreeing, known)) => {
                    let count = |count| words.counted("of_accounts", count);
                    let agreeing = ("agreeing", super::charts::number(agreeing, words.language));
                    self.comment(&words.say("country_guess", &[agreeing, ("known", count(known)?)])?);
                    self.state("country", &country);
                }
                None => {
                    let _ = writeln!(self.text, "#{} = {}", key.name, key.example);
                }
            }
        }
        Ok(())
    }

    fn accounts(&mut self, block: &Block, ingested: &Ingested) -> Result<(), DraftError> {
        let words = self.words;
        let seen = seen(ingested);
        let mut accounts: Vec<(&str, &Seen)> = ingested
            .messages
            .accounts
            .iter()
            .zip(&seen)
            .filter(|(account, _)| !account.provisional && !account.id.starts_with('?'))
            .map(|(account, seen)| (account.id.as_str(), seen))
            .collect();
        accounts.sort_by_key(|(id, seen)| (std::cmp::Reverse((seen.sent, seen.received)), *id));
        let all = accounts.len();
        accounts.retain(|(_, seen)| !seen.may_be_recipient());
        if all > accounts.len() {
            let left_out = words.counted("accounts_are", (all - accounts.len()) as u64)?;
            self.comment(&words.say("accounts_chat", &[("accounts", left_out)])?);
        }
        if accounts.is_empty() {
            self.comment(&words.say("accounts_none", &[])?);
            self.example(block);
            return Ok(());
        }
        for (index, (id, seen)) in accounts.iter().take(ACCOUNTS).enumerate() {
            if index > 0 {
                self.text.push('\n');
            }
            let named = |group: &str, keys: &BTreeSet<&'static str>| {
                keys.iter().map(|key| words.word(group, key)).collect::<Vec<_>>().join(", ")
            };
            let about = words.say(
                "account",
                &[
                    ("platforms", named("platform", &seen.platforms)),
                    ("routes", named("route", &seen.routes)),
                    ("sent", words.counted("sent", seen.sent)?),
                    ("received", words.counted("received", seen.received)?),
                    ("span", self.span(seen.first, seen.last)?),
                ],
            )?;
            self.text.push_str("[[account]]\n");
            self.comment(&about);
            self.state("id", id);
            if index > 0 {
                self.comment(&words.say("account_keys", &[])?);
            }
            self.keys(block, index == 0, &["id"]);
        }
        if let Some(more) = accounts.len().checked_sub(ACCOUNTS).filter(|more| *more > 0) {
            let accounts = words.counted("accounts", more as u64)?;
            self.comment(&words.say("accounts_more", &[("accounts", accounts)])?);
        }
        Ok(())
    }

    /// A block for each file that names no sender or no zone; without any, an example.
    fn files(&mut self, block: &Block, ingested: &Ingested) -> Result<(), DraftError> {
        let words = self.words;
        let messages = &ingested.messages;
        let nameless = messages.columns.file.iter().zip(&messages.columns.account).filter(|(_, account)| {
            messages.accounts.get(**account as usize).is_some_and(|account| account.id.starts_with('?'))
        });
        let nameless: BTreeSet<usize> = nameless.map(|(file, _)| *file as usize).collect();
        let mut told: BTreeMap<&str, (bool, u64)> = BTreeMap::new();
        for (index, input) in ingested.inputs.iter().enumerate() {
            let Some(name) = case_names(&input.name).into_iter().next().filter(|name| !name.is_empty()) else {
                continue;
            };
            let open = if input.zone_basis == ZoneBasis::Guessed { input.zone_needed } else { 0 };
            if nameless.contains(&index) || open > 0 {
                let entry = told.entry(name).or_default();
                *entry = (entry.0 || nameless.contains(&index), entry.1 + open);
            }
        }
        if told.is_empty() {
            self.example(block);
        }
        for (index, (name, (nameless, open))) in told.into_iter().take(FILES).enumerate() {
            if index > 0 {
                self.text.push('\n');
            }
            let mut lacks = Vec::new();
            if nameless {
                lacks.push(words.say("file_nameless", &[])?);
            }
            if open > 0 {
                lacks.push(words.say("file_zone", &[("messages", words.counted("message", open)?)])?);
            }
            self.text.push_str("[[file]]\n");
            self.comment(&format!("{name}: {}", lacks.join(", ")));
            self.state("name", name);
            self.keys(block, index == 0, &["name"]);
        }
        Ok(())
    }
}

/// What was read of each account.
fn seen(ingested: &Ingested) -> Vec<Seen> {
    let messages = &ingested.messages;
    let columns = &messages.columns;
    let mut seen: Vec<Seen> = messages.accounts.iter().map(|_| Seen::default()).collect();
    let ids: BTreeSet<&str> = messages.accounts.iter().map(|account| account.id.as_str()).collect();
    let is_account: Vec<bool> = messages.recipients.address.iter().map(|address| ids.contains(address)).collect();
    for (row, account) in columns.account.iter().enumerate() {
        let Some(seen) = seen.get_mut(*account as usize) else { continue };
        seen.platforms.extend(columns.platform.get(row).map(|platform| platform.as_str()));
        if columns.direction.get(row) == Some(&Direction::Inbound) {
            seen.received += 1;
            continue;
        }
        seen.sent += 1;
        let recipient = columns.recipient.get(row).copied().unwrap_or_default() as usize;
        let own = messages.accounts.get(*account as usize).map(|account| account.id.as_str());
        let to_itself = own == Some(messages.recipients.address.get(recipient));
        seen.to_accounts += u64::from(is_account.get(recipient) == Some(&true) && !to_itself);
        seen.routes.extend(columns.route.get(row).map(|route| route.as_str()));
        if let Some(at) = columns.sent_at.get(row).copied() {
            seen.first = Some(seen.first.map_or(at, |first| first.min(at)));
            seen.last = Some(seen.last.map_or(at, |last| last.max(at)));
        }
    }
    seen
}

/// The country that more than half of the accounts with a known country have: it, how many, of how many.
fn guess_country(ingested: &Ingested) -> Option<(String, u64, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let accounts = ingested.messages.accounts.iter().filter(|account| account.country.is_some());
    for account in accounts {
        *counts.entry(country_text(&account.country)).or_default() += 1;
    }
    let known = counts.values().sum();
    let most = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (most.1 * 2 > known).then(|| (most.0.to_owned(), most.1, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{AccountEntry, Case, ClientEntry, FileEntry, Matter, Order, Undertaking, Warning};
    use crate::ingest::InputFile;
    use crate::message::{Account, Messages};

    fn calendar() -> Calendar {
        Calendar::named("Europe/Berlin").expect("a zone")
    }

    fn ingested() -> Ingested {
        let account = |id: &str, country: Option<[u8; 2]>| Account { id: id.to_owned(), country, ..Account::default() };
        let accounts = vec![
            account("+493023125000", Some(*b"DE")),
            account("+493023125001", Some(*b"DE")),
            account("Kunden\n\"dienst\"", None),
            account("?log.csv", None),
        ];
        let input = |name: &str| InputFile { name: name.to_owned(), ..InputFile::default() };
        let mut ingested = Ingested {
            messages: Messages { accounts, ..Messages::default() },
            inputs: vec![input("in/log\n[x].csv"), input("in/a.zip!/b.csv")],
            ..Ingested::default()
        };
        let columns = &mut ingested.messages.columns;
        columns.account = vec![0, 1, 2, 3];
        columns.file = vec![0, 0, 0, 1];
        columns.sent_at = vec![1_575_673_200_000; 4];
        columns.direction = vec![Direction::Outbound; 4];
        ingested
    }

    /// The keys of a type, by its own error for a key that it does not know.
    fn keys_of<T: serde::de::DeserializeOwned>() -> Vec<String> {
        let error = toml::from_str::<T>("\"?\" = 0").err().expect("an unknown key");
        error.message().split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn every_key_of_a_case_file_is_explained() {
        let file: File = toml::from_str(WORDS).expect("the words of the build");
        let blocks = ["matter", "account", "file", "client", "undertaking", "order", "warning"];
        assert_eq!(file.blocks.iter().map(|block| block.name.as_str()).collect::<Vec<_>>(), blocks);
        let mut known = keys_of::<Case>();
        known.sort();
        let mut told = blocks.map(str::to_owned).to_vec();
        told.sort();
        assert_eq!(told, known);
        let typed = [
            keys_of::<Matter>(),
            keys_of::<AccountEntry>(),
            keys_of::<FileEntry>(),
            keys_of::<ClientEntry>(),
            keys_of::<Undertaking>(),
            keys_of::<Order>(),
            keys_of::<Warning>(),
        ];
        for (block, mut typed) in file.blocks.iter().zip(typed) {
            let mut told: Vec<String> = block.keys.iter().map(|key| key.name.clone()).collect();
            told.sort();
            typed.sort();
            assert_eq!(told, typed, "{}", block.name);
        }
    }

    #[test]
    fn a_draft_is_a_case_file_and_stays_one_with_every_comment_taken_away() {
        for language in [Language::De, Language::En] {
            let text = draft(&ingested(), &calendar(), "sendeschluss", language).expect("a draft");
            let case = Case::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(case.matter, Matter { country: Some("DE".to_owned()), ..Matter::default() });
            let ids: Vec<&str> = case.accounts.iter().map(|entry| entry.id.as_str()).collect();
            assert_eq!(ids, ["+493023125000", "+493023125001", "Kunden\n\"dienst\""]);
            assert_eq!(case.files, [FileEntry { name: "b.csv".to_owned(), ..FileEntry::default() }]);
            assert!(case.clients.is_empty() && case.undertakings.is_empty() && case.warnings.is_empty());
            let bare = |line: &str| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
                _ => line.to_owned(),
            };
            let all: String = text.lines().map(|line| bare(line) + "\n").collect();
            let case = Case::parse(&all).unwrap_or_else(|error| panic!("{error}\n{all}"));
            assert_eq!(
                (case.clients.len(), case.undertakings.len(), case.orders.len(), case.warnings.len()),
                (1, 1, 1, 1)
            );
            assert!(case.matter.knowledge.is_some() && case.accounts.iter().all(|entry| entry.client.is_some()));
        }
    }

    #[test]
    fn a_country_is_guessed_from_most_accounts_only() {
        let mut ingested = ingested();
        assert_eq!(guess_country(&ingested), Some(("DE".to_owned(), 2, 2)));
        ingested.messages.accounts[1].country = Some(*b"AT");
        assert_eq!(guess_country(&ingested), None);
        ingested.messages.accounts.clear();
        assert_eq!(guess_country(&ingested), None);
    }
}
