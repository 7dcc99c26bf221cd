//! Divides a family of alike texts into the campaigns it holds. Words that change from message to message are names,
//! synonyms, cities: one campaign. Words that stay over a stretch of one account and are gone in the next stretch
//! are another offer in the same frame: two campaigns. The profile of a stretch is how often each word stands in it.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::families::ALONE;
use super::words::{Words, distinct};
use crate::message::{Messages, NO_CONTENT};

/// A pause of an account after which its texts may be of another campaign, in milliseconds.
const PAUSE_MS: i64 = 6 * 3_600_000;
/// Messages from which on a stretch has a profile of its own.
const LEAST_MESSAGES: usize = 8;
/// Messages of which a profile is made at most; of more, every n-th is taken.
const MOST_MESSAGES: usize = 4000;
/// A word in fewer messages than this share is a name or another filling.
const FILLING: f64 = 0.08;
/// Share of the words in which two stretches of one campaign may differ.
const DIFFERENCE: f64 = 0.12;
/// A difference in how often a word stands in two stretches counts from here on.
const LEAST_DIFFERENCE: f64 = 0.25;
/// … and from so many standard errors on.
const STANDARD_ERRORS: f64 = 3.9;
/// Share of a text's words that must be known in a campaign for the text to belong to it.
const COVERAGE: f64 = 0.7;
/// A word comes in blocks when it has at most this share of the runs that chance would give.
const BLOCKS: f64 = 0.3;
/// Runs that chance must give at least, for blocks to be told.
const LEAST_RUNS: f64 = 6.0;

/// How many messages of a stretch have each word.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    counts: HashMap<u32, u32, FxBuildHasher>,
    messages: u32,
    words: u64,
}

impl Profile {
    /// The profile of messages with these contents.
    #[must_use]
    pub fn of(words: &Words, contents: impl ExactSizeIterator<Item = Option<u32>>) -> Self {
        let step = contents.len().div_ceil(MOST_MESSAGES).max(1);
        let mut profile = Self::default();
        for content in contents.step_by(step) {
            let distinct = distinct(words.of_content(content.unwrap_or(NO_CONTENT)));
            profile.messages += 1;
            profile.words += distinct.len() as u64;
            for word in distinct {
                *profile.counts.entry(word).or_default() += 1;
            }
        }
        profile
    }

    fn share(&self, word: u32) -> f64 {
        f64::from(self.counts.get(&word).copied().unwrap_or(0)) / f64::from(self.messages.max(1))
    }

    /// Words in at least this share of the messages.
    #[must_use]
    pub fn above(&self, share: f64) -> Vec<u32> {
        let least = share * f64::from(self.messages);
        self.counts.iter().filter(|(_, count)| f64::from(**count) >= least).map(|(word, _)| *word).collect()
    }

    /// Mean number of words that a message shares with others: all but fillings.
    #[must_use]
    pub fn shared_words(&self) -> f64 {
        let least = (FILLING * f64::from(self.messages)).max(2.0);
        let shared: u64 =
            self.counts.values().filter(|count| f64::from(**count) >= least).map(|count| u64::from(*count)).sum();
        shared as f64 / f64::from(self.messages.max(1))
    }

    /// Mean number of words.
    #[must_use]
    pub fn mean_words(&self) -> f64 {
        self.words as f64 / f64::from(self.messages.max(1))
    }

    fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        self.words += other.words;
        for (word, count) in &other.counts {
            *self.counts.entry(*word).or_default() += count;
        }
    }

    /// Share of the words in which two stretches differ more than chance explains (docs/method.md, Content).
    #[must_use]
    pub fn difference(&self, other: &Self) -> f64 {
        let (mut differing, mut all) = (0.0, 0.0);
        let (own, others) = (f64::from(self.messages.max(1)), f64::from(other.messages.max(1)));
        let theirs = other.counts.keys().filter(|word| !self.counts.contains_key(*word));
        // Sums of floating numbers depend on their order, and the order of a hash map on how it was filled.
        let mut words: Vec<u32> = self.counts.keys().chain(theirs).copied().collect();
        words.sort_unstable();
        for word in words {
            let (left, right) = (self.share(word), other.share(word));
            if left.max(right) < FILLING {
                continue;
            }
            all += left.max(right);
            let pooled = (left * own + right * others) / (own + others);
            let error = (pooled * (1.0 - pooled) * (1.0 / own + 1.0 / others)).sqrt();
            let apart = (left - right).abs();
            if apart >= LEAST_DIFFERENCE && apart >= STANDARD_ERRORS * error {
                differing += apart;
            }
        }
        if all > 0.0 { differing / all } else { 0.0 }
    }

    /// Mean share of the words of messages like `other` that are known here.
    fn coverage(&self, other: &Self) -> f64 {
        let least = (FILLING / 2.0 * f64::from(self.messages)).max(2.0);
        let (mut known, mut all) = (0_u64, 0_u64);
        for (word, count) in &other.counts {
            // What stands in one message of many is a name, here as there.
            if other.messages >= 8 && f64::from(*count) < FILLING * f64::from(other.messages) {
                continue;
            }
            all += u64::from(*count);
            if self.counts.get(word).is_some_and(|own| f64::from(*own) >= least) {
                known += u64::from(*count);
            }
        }
        if all == 0 { 0.0 } else { known as f64 / all as f64 }
    }
}

/// Everything that dividing one family looks at.
struct Family<'a> {
    messages: &'a Messages,
    words: &'a Words,
    tight: &'a [u32],
}

impl Family<'_> {
    fn content(&self, row: u32) -> u32 {
        self.messages.columns.content.get(row as usize).copied().unwrap_or(NO_CONTENT)
    }

    fn at(&self, row: u32) -> i64 {
        self.messages.columns.sent_at.get(row as usize).copied().unwrap_or_default()
    }

    fn profile(&self, rows: &[u32]) -> Profile {
        Profile::of(self.words, rows.iter().map(|row| Some(self.content(*row))))
    }

    /// Rows by account, each by time; accounts with few rows are taken together.
    fn by_account(&self, rows: &[u32]) -> Vec<Vec<u32>> {
        let mut of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in rows {
            let account = self.messages.columns.account.get(*row as usize).copied().unwrap_or_default();
            of.entry(account).or_default().push(*row);
        }
        let mut few: Vec<u32> = of.values().filter(|rows| rows.len() < LEAST_MESSAGES).flatten().copied().collect();
        super::order(self.messages, &mut few);
        let mut lists: Vec<Vec<u32>> = of.into_values().filter(|rows| rows.len() >= LEAST_MESSAGES).collect();
        if !few.is_empty() {
            lists.push(few);
        }
        lists
    }

    /// Stretches without a pause; short ones go with the next.
    fn stretches(&self, rows: &[u32]) -> Vec<Vec<u32>> {
        let mut stretches: Vec<Vec<u32>> = Vec::new();
        for part in rows.chunk_by(|one, next| self.at(*next) - self.at(*one) <= PAUSE_MS) {
            match stretches.last_mut() {
                Some(last) if last.len() < LEAST_MESSAGES => last.extend_from_slice(part),
                _ => stretches.push(part.to_vec()),
            }
        }
        if stretches.len() > 1
            && stretches.last().is_some_and(|last| last.len() < LEAST_MESSAGES)
            && let Some(last) = stretches.pop()
            && let Some(before) = stretches.last_mut()
        {
            before.extend(last);
        }
        stretches
    }

    /// Words that stand in some messages one after another and in others not at all.
    fn words_in_blocks(&self, rows: &[u32]) -> Vec<u32> {
        let mut seen: HashMap<u32, (usize, usize, usize), FxBuildHasher> = HashMap::default();
        for (position, row) in rows.iter().enumerate() {
            for word in distinct(self.words.of_content(self.content(*row))) {
                let (count, runs, last) = seen.entry(word).or_default();
                if *count == 0 || *last + 1 != position {
                    *runs += 1;
                }
                *count += 1;
                *last = position;
            }
        }
        let all = rows.len() as f64;
        let in_blocks = seen.iter().filter(|(_, (count, runs, _))| {
            let count = *count as f64;
            let by_chance = count * (all - count + 1.0) / all;
            count >= FILLING * all && by_chance >= LEAST_RUNS && *runs as f64 <= BLOCKS * by_chance
        });
        let mut words: Vec<u32> = in_blocks.map(|(word, _)| *word).collect();
        words.sort_unstable();
        words
    }

    /// Parts of a stretch that hold the same words of those that come in blocks; what is left over in a part of its own.
    fn blocks(&self, rows: Vec<u32>) -> (Vec<Vec<u32>>, Vec<u32>) {
        let blocks = self.words_in_blocks(&rows);
        if blocks.is_empty() {
            return (vec![rows], Vec::new());
        }
        let mut of: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
        for row in rows {
            let own = distinct(self.words.of_content(self.content(row)));
            let signature = own.into_iter().filter(|word| blocks.binary_search(word).is_ok()).collect();
            of.entry(signature).or_default().push(row);
        }
        let (mut parts, mut left) = (Vec::new(), Vec::new());
        for rows in of.into_values() {
            if rows.len() >= LEAST_MESSAGES {
                parts.push(rows);
            } else {
                left.extend(rows);
            }
        }
        (parts, left)
    }

    /// Parts of one block with nearly the same words; parts whose words are known in a bigger part go with it.
    fn parts(&self, rows: Vec<u32>, left: &mut Vec<u32>) -> Vec<Vec<u32>> {
        let mut of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in rows {
            let tight = self.tight.get(self.content(row) as usize).copied().unwrap_or(ALONE);
            of.entry(tight).or_default().push(row);
        }
        if of.len() == 1 {
            return of.into_values().collect();
        }
        let all: usize = of.values().map(Vec::len).sum();
        let mut lists: Vec<Vec<u32>> = of.into_values().collect();
        lists.sort_by(|one, other| {
            other.len().cmp(&one.len()).then_with(|| self.at_first(one).cmp(&self.at_first(other)))
        });
        let (mut parts, mut rest): (Vec<(Profile, Vec<u32>)>, Vec<u32>) = (Vec::new(), Vec::new());
        for rows in lists {
            if rows.len() < LEAST_MESSAGES {
                rest.extend(rows);
                continue;
            }
            let profile = self.profile(&rows);
            match parts.iter_mut().find(|(bigger, _)| bigger.coverage(&profile) >= COVERAGE) {
                Some((bigger, members)) => {
                    bigger.add(&profile);
                    members.extend(rows);
                }
                None => parts.push((profile, rows)),
            }
        }
        if rest.len() * 2 > all || parts.is_empty() {
            // Mostly texts that are hardly alike one by one: rotated so much that only the whole shows it.
            parts.iter_mut().for_each(|(_, rows)| rest.append(rows));
            return vec![rest];
        }
        left.extend(rest);
        parts.into_iter().map(|(_, rows)| rows).collect()
    }

    fn at_first(&self, rows: &[u32]) -> (i64, u128) {
        let row = rows.first().map_or(usize::MAX, |row| *row as usize);
        let columns = &self.messages.columns;
        (columns.sent_at.get(row).copied().unwrap_or_default(), columns.key.get(row).copied().unwrap_or_default())
    }

    /// How well one text fits a profile: share of its words known there, and how often they stand there.
    fn fit(&self, row: u32, profile: &Profile) -> (f64, f64) {
        let words = distinct(self.words.of_content(self.content(row)));
        let least = (FILLING / 2.0 * f64::from(profile.messages)).max(2.0);
        let known =
            words.iter().filter(|word| profile.counts.get(*word).is_some_and(|count| f64::from(*count) >= least));
        let often: f64 = words.iter().map(|word| profile.share(*word)).sum();
        let count = words.len().max(1) as f64;
        (known.count() as f64 / count, often / count)
    }
}

/// The campaigns of one family, each as rows by time. `rows` are by time.
#[must_use]
pub fn divide(messages: &Messages, words: &Words, tight: &[u32], rows: Vec<u32>) -> Vec<Vec<u32>> {
    let family = Family { messages, words, tight };
    let (mut solid, mut left) = (Vec::new(), Vec::new());
    for rows in family.by_account(&rows) {
        for stretch in family.stretches(&rows) {
            let (blocks, rest) = family.blocks(stretch);
            left.extend(rest);
            for block in blocks {
                solid.extend(family.parts(block, &mut left));
            }
        }
    }
    let mut units: Vec<(Profile, Vec<u32>)> = solid.into_iter().map(|rows| (family.profile(&rows), rows)).collect();
    units.sort_by(|(_, one), (_, other)| {
        other.len().cmp(&one.len()).then_with(|| family.at_first(one).cmp(&family.at_first(other)))
    });
    let mut found: Vec<(Profile, Vec<u32>)> = Vec::new();
    for (profile, rows) in units {
        let differences = found.iter().map(|(other, _)| other.difference(&profile));
        let nearest = differences.enumerate().min_by(|(_, one), (_, other)| one.total_cmp(other));
        match nearest.filter(|(_, difference)| *difference <= DIFFERENCE).and_then(|(at, _)| found.get_mut(at)) {
            Some((all, members)) => {
                all.add(&profile);
                members.extend(rows);
            }
            None => found.push((profile, rows)),
        }
    }
    let mut unfit: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in left {
        let fits = found.iter().enumerate().map(|(at, (profile, _))| (at, family.fit(row, profile)));
        let best = fits
            .filter(|(_, (known, _))| *known >= COVERAGE)
            .max_by(|(_, one), (_, other)| one.1.total_cmp(&other.1).then_with(|| one.0.total_cmp(&other.0)));
        match best.and_then(|(at, _)| found.get_mut(at)) {
            Some((_, members)) => members.push(row),
            None => unfit.entry(family.content(row)).or_default().push(row),
        }
    }
    let mut lists: Vec<Vec<u32>> = found.into_iter().map(|(_, rows)| rows).chain(unfit.into_values()).collect();
    lists.iter_mut().for_each(|rows| super::order(messages, rows));
    lists.sort_by_key(|rows| family.at_first(rows));
    lists
}
