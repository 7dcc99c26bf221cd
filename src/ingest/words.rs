//! Foreign words of status, direction, category and channel columns, mapped onto our own.
//! The words are data (`data/formats/delimited.toml`); here is only the look-up.
//! A word that stands nowhere is told as such, never guessed.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

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
        Self { meaning: pairs.map(|(word, value)| (word.to_lowercase().into_boxed_str(), value)).collect() }
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
                meaning.insert(word.to_lowercase().into_boxed_str(), value);
            }
        }
        Ok(Self { meaning })
    }

    /// What a field means; blanks around it and its case do not matter.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<T> {
        let field = field.trim();
        if let Some(value) = self.meaning.get(field) {
            return Some(*value);
        }
        self.meaning.get(field.to_lowercase().as_str()).copied()
    }
}
