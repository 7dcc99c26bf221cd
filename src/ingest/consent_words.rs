//! Replies that mean "stop" or "start": whole messages that consist of one of the listed words.
//! The words are data (`data/languages/consent_words.toml`).
//! What a reply does to a recipient's consent over time is the business of assess.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::Deserialize;

use super::batch::ConsentKind;
use super::mapping::DataError;

const FILE: &str = "data/languages/consent_words.toml";
/// No listed phrase is longer than this, in bytes.
const LONGEST: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    stop: BTreeMap<String, Vec<String>>,
    start: BTreeMap<String, Vec<String>>,
}

/// The words of all languages.
#[derive(Debug)]
pub struct ConsentWords {
    meaning: HashMap<String, ConsentKind, FxBuildHasher>,
}

impl ConsentWords {
    /// Reads the compiled-in lists.
    ///
    /// # Errors
    /// When the data file of the build is damaged.
    pub fn load() -> Result<Self, DataError> {
        let lists: Lists = toml::from_str(include_str!("../../data/languages/consent_words.toml"))
            .map_err(|source| DataError::Toml { file: FILE, source: Box::new(source) })?;
        let mut meaning = HashMap::default();
        for (words, kind) in [(lists.start, ConsentKind::OptIn), (lists.stop, ConsentKind::OptOut)] {
            meaning.extend(words.into_values().flatten().map(|word| (word.to_lowercase(), kind)));
        }
        Ok(Self { meaning })
    }

    /// What a whole message means, if it is one of the words.
    #[must_use]
    pub fn meaning(&self, message: &str) -> Option<ConsentKind> {
        let word = message.trim_matches(|character: char| !character.is_alphanumeric());
        if word.is_empty() || word.len() > LONGEST {
            return None;
        }
        let joined = word.split_whitespace().collect::<Vec<_>>().join(" ");
        self.meaning.get(joined.to_lowercase().as_str()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_messages_count() {
        let words = ConsentWords::load().expect("the data of the build");
        for stop in ["STOP", "Stopp!", " abmelden ", "Newsletter  abbestellen.", "🛑 stop", "Désabonner"] {
            assert_eq!(words.meaning(stop), Some(ConsentKind::OptOut), "{stop}");
        }
        assert_eq!(words.meaning("Start"), Some(ConsentKind::OptIn));
        for other in ["Please stop by tomorrow", "", "!!!", "Nicht stoppen"] {
            assert_eq!(words.meaning(other), None, "{other}");
        }
    }
}
