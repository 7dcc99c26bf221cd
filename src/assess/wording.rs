//! Words by which a text is known as advertising, or as one that says how to object.
//! The lists are data in `data/languages/wording.toml`; they are compared with the normalised text, word by word.
//! A text that uses other words is not recognised: that is a limit, and the report says so.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::case::explain;
use crate::ingest::normalise;

/// The lists.
#[derive(Debug)]
pub struct Wording {
    /// Words of advertising.
    pub promotion: Phrases,
    /// Words on how to object.
    pub stop_notice: Phrases,
}

/// Phrases in normal form, each between blanks.
#[derive(Debug)]
pub struct Phrases(Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    promotion: BTreeMap<String, Vec<String>>,
    stop_notice: BTreeMap<String, Vec<String>>,
}

/// Why the lists cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("words of advertising: {0}")]
pub struct WordingError(String);

impl Wording {
    /// The compiled-in lists.
    ///
    /// # Errors
    /// When the data file of the build is damaged.
    pub fn load() -> Result<Self, WordingError> {
        let text = include_str!("../../data/languages/wording.toml");
        let file: File = toml::from_str(text).map_err(|error| WordingError(explain(&error)))?;
        Ok(Self { promotion: Phrases::new(file.promotion), stop_notice: Phrases::new(file.stop_notice) })
    }
}

impl Phrases {
    fn new(languages: BTreeMap<String, Vec<String>>) -> Self {
        Self::of(languages.values().flatten())
    }

    /// Phrases as people write them.
    #[must_use]
    pub fn of<'a>(written: impl IntoIterator<Item = &'a String>) -> Self {
        let mut phrases: Vec<String> = written.into_iter().map(|phrase| words(phrase)).collect();
        phrases.retain(|phrase| !phrase.trim().is_empty());
        phrases.sort_unstable();
        phrases.dedup();
        Self(phrases)
    }

    /// Whether one of the phrases stands in a text.
    #[must_use]
    pub fn found_in(&self, text: &str) -> bool {
        let text = words(text);
        self.0.iter().any(|phrase| text.contains(phrase.as_str()))
    }
}

/// The words of a text in normal form, each between blanks.
fn words(text: &str) -> String {
    let mut normal = String::new();
    normalise(text, &mut normal);
    let mut words = String::with_capacity(normal.len() + 2);
    for word in normal.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push(' ');
        words.push_str(word);
    }
    words.push(' ');
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_found_whatever_their_case_and_punctuation() {
        let wording = Wording::load().expect("the data of the build");
        assert!(wording.stop_notice.found_in("Zum ABMELDEN: antworte mit \"STOP\"."));
        assert!(wording.stop_notice.found_in("opt-out any time"));
        assert!(!wording.stop_notice.found_in("Wir stoppen nie"));
        assert!(wording.promotion.found_in("Nur heute: 20 Prozent auf alles"));
        assert!(!wording.promotion.found_in("Die Sitzung beginnt um acht"));
    }
}
