//! The localised words of WhatsApp chat exports, read once from `data/formats/whatsapp_chat.toml`.
//! Here: half-day marks, words around dates, notices of the app, media, deleted and edited notes.
//! Not here: where a record begins (`text`) and how a timestamp is put together (`stamp`).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::cursor::{is_mark, is_space, lower};
use super::shapes::blank;
use super::text::{Event, Kind};

const DATA: &str = include_str!("../../../data/formats/whatsapp_chat.toml");

/// The words, ready for use. Empty if the data does not parse, which a test rules out.
pub(super) fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| toml::from_str::<File>(DATA).map(Words::from).unwrap_or_default());
    &WORDS
}

/// The half of the day that a mark such as `PM` or `凌晨` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    None,
    /// Midnight to noon: 12 is 0.
    Am,
    /// Noon to midnight: 12 is 12.
    Pm,
    /// Around midday: 11 and 12 are themselves, 1 is 13.
    Noon,
    /// Evening into night: 12 is 0, 9 is 21, 2 is 2.
    Night,
}

/// A half-day mark as a row of lower-case letters without dots and spaces.
pub(super) struct HalfWord {
    pub letters: Vec<char>,
    pub half: Half,
    /// Its language writes the mark before the time and the year before the month.
    pub year_first: bool,
}

/// The data as it is used. Half-day marks are sorted by their first letter.
#[derive(Default)]
pub(super) struct Words {
    halves: Vec<HalfWord>,
    pub between: Vec<Vec<char>>,
    pub after_date: Vec<Vec<char>>,
    pub after_time: Vec<Vec<char>>,
    pub eras: Vec<(Vec<char>, i16)>,
    omitted: HashSet<String>,
    omitted_tag: HashSet<String>,
    attached_tag: HashSet<String>,
    attached: HashSet<String>,
    deleted: HashSet<String>,
    deleted_by: Vec<Template>,
    /// How they begin.
    deleted_keys: Keys,
    edited: HashSet<String>,
    system: Phrases,
    longest_note: usize,
}

/// A phrase whose `*` stand for names, numbers and titles.
struct Template {
    head: String,
    middle: Vec<String>,
    tail: Option<String>,
}

/// The notices of the app, found by four bytes that each of them has for certain: there are over a thousand, and the
/// export of a busy group is full of texts that may be one.
#[derive(Default)]
struct Phrases {
    list: Vec<(Template, Event)>,
    by_key: HashMap<[u8; 4], Vec<usize>>,
    keys: Keys,
}

/// One bit for the hash of every key, so that most places of a text cost no look-up.
#[derive(Default)]
struct Keys(Vec<u64>);

impl Keys {
    const BITS: usize = 1 << 16;

    fn bit(key: [u8; 4]) -> (usize, u64) {
        // The upper half of the product: the lower one would depend on the first two bytes only.
        let hash = (u32::from_le_bytes(key).wrapping_mul(0x9E37_79B1) >> 16) as usize % Self::BITS;
        (hash / 64, 1 << (hash % 64))
    }

    fn add(&mut self, key: [u8; 4]) {
        self.0.resize(Self::BITS / 64, 0);
        let (word, bit) = Self::bit(key);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn has(&self, key: [u8; 4]) -> bool {
        let (word, bit) = Self::bit(key);
        self.0.get(word).is_some_and(|w| w & bit != 0)
    }
}

impl Phrases {
    fn add(&mut self, phrase: &str, event: Event) {
        let template = Template::new(trim(phrase));
        let mut literals: Vec<&str> = template.middle.iter().map(String::as_str).collect();
        literals.extend([template.head.as_str(), template.tail.as_deref().unwrap_or_default()]);
        let keys = literals.iter().flat_map(|l| l.as_bytes().windows(4)).filter_map(|w| <[u8; 4]>::try_from(w).ok());
        // The key that fewest others have, so that few phrases are tried for nothing.
        let Some(key) = keys.min_by_key(|key| self.by_key.get(key).map_or(0, Vec::len)) else { return };
        self.keys.add(key);
        self.by_key.entry(key).or_default().push(self.list.len());
        self.list.push((template, event));
    }

    /// The event of the first phrase in the order of the data that fits the whole text.
    fn find(&self, text: &str) -> Option<Event> {
        let mut best: Option<(usize, Event)> = None;
        for window in text.as_bytes().windows(4) {
            let Ok(key) = <[u8; 4]>::try_from(window) else { continue };
            if !self.keys.has(key) {
                continue;
            }
            for &i in self.by_key.get(&key).into_iter().flatten() {
                if best.is_none_or(|(known, _)| i < known)
                    && let Some((template, event)) = self.list.get(i)
                    && template.fits(text)
                {
                    best = Some((i, *event));
                }
            }
        }
        best.map(|(_, event)| event)
    }
}

impl Template {
    fn new(phrase: &str) -> Self {
        let mut parts = phrase.split('*').map(str::to_owned);
        let head = parts.next().unwrap_or_default();
        let mut middle: Vec<String> = parts.collect();
        let tail = middle.pop();
        Self { head, middle, tail }
    }

    fn fits(&self, text: &str) -> bool {
        let Some(mut rest) = text.strip_prefix(self.head.as_str()) else {
            return false;
        };
        let Some(tail) = &self.tail else {
            return rest.is_empty();
        };
        let Some(inner) = rest.strip_suffix(tail.as_str()) else {
            return false;
        };
        rest = inner;
        self.middle.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

impl Words {
    /// The half-day marks that begin with this lower-case letter.
    pub(super) fn halves_from(&self, first: char) -> &[HalfWord] {
        let start = self.halves.partition_point(|h| h.letters.first() < Some(&first));
        let end = self.halves.partition_point(|h| h.letters.first() <= Some(&first));
        self.halves.get(start..end).unwrap_or_default()
    }

    /// What a message stands for if its text is a note of the app and not a person's words.
    /// `bare` allows notes such as `image omitted` that stand without brackets and without a mark before them.
    pub(super) fn note(&self, text: &str, bare: bool) -> Option<Kind> {
        let mut lines = text.split('\n');
        let first = lines.next()?;
        let last = lines.next_back();
        if last.is_none() && self.is_deleted(first) {
            return Some(Kind::Deleted);
        }
        // A caption stands on the lines before (iOS) or after (Android) the note.
        let media = self.is_media(first, bare) || last.is_some_and(|line| self.is_media(line, bare));
        media.then_some(Kind::Media)
    }

    fn is_deleted(&self, line: &str) -> bool {
        let line = trim(line);
        line.as_bytes().first_chunk().is_some_and(|&key| self.deleted_keys.has(key))
            && line.len() <= self.longest_note
            && (self.deleted.contains(line) || self.deleted_by.iter().any(|t| t.fits(line)))
    }

    fn is_media(&self, line: &str, bare: bool) -> bool {
        // The app sets its mark before its own words, so a file name may stand before them.
        let (own, marked) = match line.rfind('\u{200E}') {
            Some(at) => (line.get(at..).unwrap_or_default(), true),
            None => (line, false),
        };
        let line = line.trim_end_matches(blank);
        if line.ends_with('>') {
            return line.rfind('<').and_then(|at| line.get(at + 1..)).is_some_and(|tag| self.is_media_tag(tag));
        }
        if line.ends_with(')') {
            let tag = line.rfind('(').and_then(|at| line.get(at + 1..)).map(trim);
            return tag.is_some_and(|tag| self.attached.contains(trim(tag.trim_end_matches(')'))));
        }
        let own = trim(own);
        (marked || bare) && own.len() <= self.longest_note && self.omitted.contains(own)
    }

    /// `tag` is what follows a `<` up to and with the `>`.
    fn is_media_tag(&self, tag: &str) -> bool {
        let tag = trim(tag.trim_end_matches('>'));
        self.omitted_tag.contains(tag)
            || self.omitted.contains(tag)
            || tag.split_once([':', '：']).is_some_and(|(word, _)| self.attached_tag.contains(trim(word)))
    }

    /// The text without the note that it was edited; none if there is no such note.
    pub(super) fn without_edit_note<'a>(&self, text: &'a str) -> Option<&'a str> {
        let body = text.trim_end_matches(blank).strip_suffix('>')?;
        let at = body.rfind('<')?;
        let note = body.get(at + 1..)?;
        if note.len() > self.longest_note || !self.edited.contains(trim(note)) {
            return None;
        }
        Some(body.get(..at)?.trim_end_matches(blank))
    }

    /// The event that a text of the app tells.
    pub(super) fn event(&self, text: &str) -> Option<Event> {
        // No notice is longer; a text of megabytes would cost the square of its length.
        const LONGEST: usize = 1000;
        let text = trim(text.split('\n').next()?);
        if text.len() > LONGEST { None } else { self.system.find(&plain(text)) }
    }
}

/// Cuts marks, spaces and the full stop off a phrase, which some versions of the app set and others do not.
fn trim(text: &str) -> &str {
    text.trim_start_matches(blank).trim_end_matches(|c| blank(c) || matches!(c, '.' | '。' | '।' | '۔'))
}

/// The text with plain spaces and apostrophes and without marks, for comparison only.
fn plain(text: &str) -> Cow<'_, str> {
    let odd = |c: char| !c.is_ascii() && (is_mark(c) || is_space(c) || c == '’');
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|&c| !is_mark(c));
    Cow::Owned(
        kept.map(|c| {
            if is_space(c) {
                ' '
            } else if c == '’' {
                '\''
            } else {
                c
            }
        })
        .collect(),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    era: Vec<Era>,
    #[serde(default)]
    language: Vec<Language>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Era {
    names: Vec<String>,
    add: i16,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Language {
    #[allow(dead_code, reason = "for the reader of the data")]
    code: String,
    #[allow(dead_code, reason = "for the reader of the data")]
    confidence: String,
    #[allow(dead_code, reason = "for the reader of the data")]
    source: String,
    am: Vec<String>,
    pm: Vec<String>,
    noon: Vec<String>,
    night: Vec<String>,
    year_first: bool,
    between: Vec<String>,
    after_date: Vec<String>,
    after_time: Vec<String>,
    omitted: Vec<String>,
    omitted_tag: Vec<String>,
    attached_tag: Vec<String>,
    attached: Vec<String>,
    deleted: Vec<String>,
    edited: Vec<String>,
    system: Vec<Notice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    event: Event,
    #[allow(dead_code, reason = "for the reader of the data")]
    confidence: String,
    #[allow(dead_code, reason = "for the reader of the data")]
    source: Option<String>,
    phrases: Vec<String>,
}

fn letters(word: &str) -> Vec<char> {
    word.chars().filter(|&c| c != '.' && !is_space(c)).map(lower).collect()
}

/// Adds phrases with either case of their first letter: the two platforms differ in it.
fn fill(set: &mut HashSet<String>, phrases: &[String]) {
    for phrase in phrases {
        let phrase = trim(phrase);
        let mut rest = phrase.chars();
        if let Some(first) = rest.next() {
            set.insert(first.to_lowercase().chain(rest.clone()).collect());
            set.insert(first.to_uppercase().chain(rest).collect());
        }
    }
}

impl From<File> for Words {
    fn from(file: File) -> Self {
        let mut words = Self::default();
        for era in &file.era {
            words.eras.extend(era.names.iter().map(|name| (letters(name), era.add)));
        }
        for language in &file.language {
            words.add(language);
        }
        // `AM` and `PM` before the rarer marks with their letters; a mark must end where a word ends, so none hides another.
        words.halves.sort_by_key(|h| (h.letters.first().copied(), h.letters.len() != 2));
        for list in [&mut words.between, &mut words.after_date, &mut words.after_time] {
            list.sort_by_key(|word| std::cmp::Reverse(word.len()));
        }
        let sets = [&words.omitted, &words.omitted_tag, &words.deleted, &words.edited];
        let starts = words.deleted.iter().chain(words.deleted_by.iter().map(|t| &t.head));
        starts.filter_map(|s| s.as_bytes().first_chunk()).for_each(|&key| words.deleted_keys.add(key));
        words.longest_note = sets.iter().flat_map(|set| set.iter().map(String::len)).max().unwrap_or(0) + 80;
        words
    }
}

impl Words {
    fn add(&mut self, language: &Language) {
        let halves = [
            (&language.am, Half::Am),
            (&language.pm, Half::Pm),
            (&language.noon, Half::Noon),
            (&language.night, Half::Night),
        ];
        for (list, half) in halves {
            for word in list {
                self.halves.push(HalfWord { letters: letters(word), half, year_first: language.year_first });
            }
        }
        self.between.extend(language.between.iter().map(|w| letters(w)));
        self.after_date.extend(language.after_date.iter().map(|w| letters(w)));
        self.after_time.extend(language.after_time.iter().map(|w| letters(w)));
        fill(&mut self.omitted, &language.omitted);
        fill(&mut self.omitted_tag, &language.omitted_tag);
        fill(&mut self.attached_tag, &language.attached_tag);
        fill(&mut self.attached, &language.attached);
        fill(&mut self.edited, &language.edited);
        let (by, whole): (Vec<_>, Vec<_>) = language.deleted.iter().cloned().partition(|p| p.contains('*'));
        fill(&mut self.deleted, &whole);
        self.deleted_by.extend(by.iter().map(|p| Template::new(trim(p))));
        for notice in &language.system {
            for phrase in &notice.phrases {
                self.system.add(phrase, notice.event);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_data_parses_and_is_complete() {
        let file: File = toml::from_str(DATA).unwrap();
        let codes: Vec<&str> = file.language.iter().map(|l| l.code.as_str()).collect();
        let needed = "de en fr es it pt nl pl tr ja ko id ru cs fi hu hr vi zh ar";
        for code in needed.split(' ') {
            let language = file.language.iter().find(|l| l.code == code).unwrap();
            assert!(
                !language.omitted.is_empty() && !language.omitted_tag.is_empty() && !language.deleted.is_empty(),
                "{code}"
            );
            assert!(
                !language.attached.is_empty() && !language.attached_tag.is_empty() && !language.edited.is_empty(),
                "{code}"
            );
            for event in [
                Event::Encrypted,
                Event::GroupCreated,
                Event::Added,
                Event::Left,
                Event::Removed,
                Event::Subject,
                Event::Icon,
                Event::Number,
                Event::Call,
                Event::BroadcastCreated,
                Event::SecurityCode,
            ] {
                assert!(language.system.iter().any(|n| n.event == event), "{code} lacks {event:?}");
            }
        }
        for language in &file.language {
            assert!(matches!(language.confidence.as_str(), "A" | "B" | "C"), "{}", language.code);
            assert!(!language.source.is_empty(), "{}", language.code);
            assert!(
                language.system.iter().all(|n| matches!(n.confidence.as_str(), "A" | "B" | "C")),
                "{}",
                language.code
            );
            // A phrase of wildcards only would take every text for a notice.
            let phrases = language.system.iter().flat_map(|n| &n.phrases);
            assert!(
                phrases.clone().all(|p| p.chars().filter(|&c| c != '*' && c != ' ').count() > 1),
                "{}",
                language.code
            );
        }
        // The quick tests look at four bytes.
        let deleted = file.language.iter().flat_map(|l| &l.deleted);
        assert!(deleted.clone().all(|p| p.split('*').next().is_some_and(|head| head.len() >= 4)));
        let mut unique = codes.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), codes.len());
    }

    #[test]
    fn every_phrase_is_found() {
        let file: File = toml::from_str(DATA).unwrap();
        for phrase in file.language.iter().flat_map(|l| &l.system).flat_map(|n| &n.phrases) {
            let text = phrase.replace('*', " x ");
            assert!(words().event(&text).is_some(), "{phrase}");
        }
        assert_eq!(words().event("left Ana"), None);
    }

    #[test]
    fn phrases_fit_as_a_whole() {
        let phrase = Template::new("* hat den Betreff *geändert");
        assert!(phrase.fits("Ana hat den Betreff von „a“ zu „b“ geändert"));
        assert!(phrase.fits("Ana hat den Betreff geändert"));
        assert!(!phrase.fits("Ana hat den Betreff geändert und mehr"));
        assert!(!Template::new("Left").fits("Left over"));
        assert!(Template::new("*left*").fits("He left it"));
    }

    #[test]
    fn half_days_are_found_by_their_first_letter() {
        let found = |c| words().halves_from(c).iter().map(|h| h.letters.iter().collect::<String>()).collect::<Vec<_>>();
        assert!(found('a').contains(&"am".to_owned()));
        assert!(found('下').contains(&"下午".to_owned()));
        assert!(found('?').is_empty());
    }
}
