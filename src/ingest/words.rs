//! Foreign words of status, direction, category and channel columns, mapped onto our own.
//! The words are data (`data/formats/delimited.toml`); here is only the look-up.
//! A word that stands nowhere is told as such, never guessed.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::mapping::folded;

/// Words of one column, in lower case, and what each means.
#[derive(Clone, Debug)]
pub struct Words<T> {
    meaning: HashMap<Box<str>, T, FxBuildHasher>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { meaning: HashMap::default() }
    }
}

impl<T: Copy> Words<T> {
    /// Lists of words keyed by what they mean.
    #[must_use]
    pub fn of(lists: &BTreeMap<T, Vec<String>>) -> Self {
        let pairs = lists.iter().flat_map(|(value, words)| words.iter().map(move |word| (word, *value)));
        Self { meaning: pairs.map(|(word, value)| (word_key(word).into_boxed_str(), value)).collect() }
    }

    /// Reads lists of words keyed by our own word; keys that `own` does not know are given back as the error.
    ///
    /// # Errors
    /// The first key that is not one of our own words.
    pub fn new(lists: &BTreeMap<String, Vec<String>>, own: impl Fn(&str) -> Option<T>) -> Result<Self, String> {
        let mut meaning = HashMap::default();
        for (key, words) in lists {
            let value = own(key).ok_or_else(|| key.clone())?;
            for word in words {
                meaning.insert(word_key(word).into_boxed_str(), value);
            }
        }
        Ok(Self { meaning })
    }

    /// What a field means; case, accents, hyphens, underscores, and blanks around it do not matter.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<T> {
        let field = field.trim();
        if let Some(value) = self.meaning.get(field) {
            return Some(*value);
        }
        // Long fields are texts: they need no folding to be no word of ours.
        if field.len() > LONGEST_WORD {
            return None;
        }
        self.meaning.get(word_key(field).as_str()).copied()
    }
}

/// Longest field that can be a word of ours, in bytes.
const LONGEST_WORD: usize = 64;

/// A word as it is looked up; a word of signs alone (`-`) stands for itself, and a number keeps its sign.
fn word_key(word: &str) -> String {
    if word.trim().parse::<i64>().is_ok() {
        return word.trim().to_owned();
    }
    let folded = folded(word.trim().trim_end_matches(['.', '!']));
    let parts: Vec<&str> = folded.split([' ', '_', '-', '\u{a0}']).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { word.trim().to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_joints_do_not_matter() {
        let lists = BTreeMap::from([(
            "failed".to_owned(),
            vec!["nicht zugestellt".to_owned(), "Échoué".to_owned(), "-".to_owned()],
        )]);
        let words = Words::new(&lists, |key| (key == "failed").then_some(1)).expect("known keys");
        for word in ["NICHT_ZUGESTELLT", " Nicht-Zugestellt ", "echoue", "ÉCHOUÉ", "-"] {
            assert_eq!(words.get(word), Some(1), "{word}");
        }
        assert_eq!(words.get("zugestellt"), None);
    }
}
