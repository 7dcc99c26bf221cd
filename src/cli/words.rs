//! The words of `trace`, `explain` and `compare` in the reader's language.
//! They stand in `data/languages/commands.toml`; how words are looked up is settled in `report::words`.
//! A text may leave out a value that it is given: what is told differs more than what is known.

use anyhow::{Context, anyhow};

use super::arguments::LanguageArgument;
use crate::case::Language;
use crate::report::words;

const WORDS: &str = include_str!("../../data/languages/commands.toml");

/// The words of one language.
#[derive(Debug)]
pub struct Words(words::Words);

impl Words {
    /// Reads them.
    ///
    /// # Errors
    /// When the file of the build is damaged.
    pub fn load(language: Language) -> anyhow::Result<Self> {
        words::Words::load(WORDS, language).map(Self).context("words of the commands")
    }

    /// A text with its places filled. What is filled in is not looked at again.
    ///
    /// # Errors
    /// When there is no such text, or a place that nothing fills.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> anyhow::Result<String> {
        let text = self.0.text.get(key).ok_or_else(|| anyhow!("no text `{key}` among the words of the commands"))?;
        words::fill(text, values).ok_or_else(|| anyhow!("text `{key}` has a place that nothing fills"))
    }

    /// A text without places.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn text(&self, key: &str) -> anyhow::Result<String> {
        self.say(key, &[])
    }

    /// A number with its noun.
    ///
    /// # Errors
    /// When there is no such noun.
    pub fn counted(&self, key: &str, count: u64) -> anyhow::Result<String> {
        Ok(self.0.counted(key, count)?)
    }

    /// A number as the language writes it.
    #[must_use]
    pub fn number(&self, count: u64) -> String {
        self.0.number(count)
    }
}

/// The language that is asked for, else that of the report.
#[must_use]
pub fn language(asked: Option<LanguageArgument>, of_report: Language) -> Language {
    match asked {
        Some(LanguageArgument::De) => Language::De,
        Some(LanguageArgument::En) => Language::En,
        None => of_report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of a text, in order of name.
    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> =
            text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn both_languages_have_the_same_places() {
        let file: words::WordsFile = toml::from_str(WORDS).expect("the data of the build");
        for (key, both) in &file.text {
            assert_eq!(places(&both.de), places(&both.en), "{key}");
            assert!(!both.de.is_empty() && !both.en.is_empty(), "{key}");
        }
        for (key, both) in &file.count {
            assert!(both.de[1].contains("{n}") && both.en[1].contains("{n}"), "{key}");
        }
    }

    #[test]
    fn places_are_filled_once() {
        let words = Words::load(Language::En).expect("the data of the build");
        let said = words.say("file_altered", &[("file", "{file}")]).expect("a text");
        assert_eq!(said, "{file} is not the file that manifest.json lists.");
        assert!(words.say("file_altered", &[]).is_err() && words.text("no such text").is_err());
        assert_eq!(words.counted("messages", 1).expect("a count"), "1 message");
    }
}
