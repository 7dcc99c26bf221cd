//! The words of the annex in one language, from `data/languages/annex.toml`.
//! A key that the file lacks is remembered and makes the build a damaged one; no data can bring that about.
//! What is said with the words is decided in `parts`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::AnnexError;
use crate::case::Language;
use crate::report::html::amount;
use crate::report::words;

const WORDS: &str = include_str!("../../../data/languages/annex.toml");

/// The words of one language.
#[derive(Debug)]
pub struct Words {
    known: words::Words,
    missing: RefCell<BTreeSet<String>>,
}

impl Words {
    /// The words of a language.
    ///
    /// # Errors
    /// When the file of the build is damaged.
    pub fn load(language: Language) -> Result<Self, AnnexError> {
        Ok(Self { known: words::Words::load(WORDS, language)?, missing: RefCell::default() })
    }

    /// A text.
    pub fn text(&self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// A text with its places filled; what is filled in is not looked at again.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let text = self.known.text.get(key);
        text.and_then(|text| words::fill(text, values)).unwrap_or_else(|| self.lacks(key.to_owned()))
    }

    /// The word for a fixed spelling; the spelling itself where there is none.
    pub fn word(&self, group: &str, key: &str) -> String {
        self.known.word(group, key).to_owned()
    }

    /// A number with its noun, in the right form.
    pub fn counted(&self, key: &str, count: u64) -> String {
        self.known.counted(key, count).unwrap_or_else(|_| self.lacks(format!("count/{key}")))
    }

    /// How many there are beside those shown; `None` where all are.
    pub fn and_more(&self, all: usize, shown: usize) -> Option<String> {
        let more = all.checked_sub(shown).filter(|more| *more > 0)?;
        Some(self.fill("and_more", &[("n", &self.number(more as u64))]))
    }

    /// A number as people write it.
    pub fn number(&self, count: u64) -> String {
        self.known.number(count)
    }

    /// An amount of money as people write it; what is no plain number stays as it is.
    pub fn amount(&self, text: &str) -> String {
        amount(text, self.known.language)
    }

    fn lacks(&self, key: String) -> String {
        self.missing.borrow_mut().insert(key);
        String::new()
    }

    /// An exposed party, whose role stands in angle brackets where the case file names nobody.
    pub fn party(&self, exposed: &str) -> String {
        for (role, unnamed) in [("client", "unnamed_client"), ("provider", "unnamed_provider")] {
            let bare = exposed.strip_suffix(&format!(" ({role})"));
            let name = bare.unwrap_or(exposed);
            let nobody = name.strip_prefix(&format!("<{role} of ")).and_then(|rest| rest.strip_suffix('>'));
            if let Some(account) = nobody {
                return self.fill(unnamed, &[("account", account)]);
            }
            if let Some(name) = bare {
                return format!("{name} ({})", self.word("party", role));
            }
        }
        exposed.to_owned()
    }

    /// Fails when a key was asked for that the file does not have.
    ///
    /// # Errors
    /// Names the keys.
    pub fn complete(&self) -> Result<(), AnnexError> {
        let missing = self.missing.borrow();
        if missing.is_empty() {
            return Ok(());
        }
        Err(AnnexError::Missing(missing.iter().cloned().collect::<Vec<_>>().join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_places() {
        fn places(text: &str) -> Vec<&str> {
            let mut places: Vec<&str> = text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
            places.sort_unstable();
            places
        }
        let file: words::WordsFile = toml::from_str(WORDS).expect("the words of the build");
        for (key, both) in file.text.iter().chain(file.word.values().flatten()) {
            assert!(!both.de.trim().is_empty() && !both.en.trim().is_empty(), "{key} is empty");
            assert_eq!(places(&both.de), places(&both.en), "{key}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again_and_gaps_are_told() {
        let words = Words::load(Language::De).expect("the words of the build");
        assert_eq!(words.fill("exhibit", &[("number", "{number}")]), "Anlage {number}");
        assert_eq!(words.party("<client of +49> (client)"), "Auftraggeber von +49, in der Falldatei nicht benannt");
        assert_eq!(words.party("Verlag (client)"), "Verlag (Auftraggeber)");
        assert_eq!((words.amount("1234.50"), words.amount("x")), ("1.234,50".to_owned(), "x".to_owned()));
        assert_eq!((words.counted("run", 1), words.counted("run", 2)), ("1 Lauf".to_owned(), "2 Läufen".to_owned()));
        words.complete().expect("nothing is missing");
        words.text("no such text");
        assert!(matches!(words.complete(), Err(AnnexError::Missing(keys)) if keys == "no such text"));
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let words = Words::load(Language::De).expect("the words of the build");
        assert_eq!(words.and_more(12, 12), None);
        assert_eq!(words.and_more(2_500, 12).as_deref(), Some("und 2.488 weitere"));
    }
}
