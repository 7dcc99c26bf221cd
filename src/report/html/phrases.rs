//! What only the page says: headings, what a run said in English, exposed parties with their roles.
//! The words stand in `data/languages/report.toml`; how words are loaded and filled is in `report::words`.

use std::collections::BTreeMap;

use minijinja::Error;

use crate::case::Language;
use crate::report::charts::number;
use crate::report::words::Words;

const WORDS: &str = include_str!("../../../data/languages/report.toml");

/// Roles of exposed parties, as findings write them in brackets.
const PARTIES: [&str; 4] = ["client", "provider", "agency", "candidate"];

/// The words of the page.
pub fn load(language: Language) -> Result<Words, toml::de::Error> {
    Words::load(WORDS, language)
}

impl Words {
    /// A text as a heading: with a capital letter.
    pub(in crate::report) fn heading(&self, key: &str) -> Result<String, Error> {
        let text = self.say(key, &[])?;
        let mut characters = text.chars();
        Ok(characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default())
    }

    /// The texts whose names begin with a prefix.
    pub(in crate::report) fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.text
            .iter()
            .filter(move |(key, _)| key.starts_with(prefix))
            .map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// All words of a group, by their fixed spelling.
    pub(in crate::report) fn group(&self, group: &str) -> Option<&BTreeMap<String, String>> {
        self.word.get(group)
    }

    /// The forms for one and for many, without a number.
    pub(in crate::report) fn forms(&self, key: &str) -> Option<[&str; 2]> {
        self.count.get(key).map(|forms| forms.each_ref().map(String::as_str))
    }

    /// What the program said in English words, in the reader's language; `None` where that is not known.
    pub(in crate::report) fn said(&self, text: &str) -> Option<String> {
        if let Some(known) = self.known("said", text) {
            return Some(known.to_owned());
        }
        if let Some((count, rest)) = text.split_once(" × ") {
            let count = count.parse().ok()?;
            return Some(format!("{} × {}", number(count, self.language), self.known("said", rest)?));
        }
        let (order, basis) = text.split_once(": ")?;
        Some(format!("{}: {}", self.known("said", order)?, self.known("said", basis)?))
    }

    /// An exposed party, whose role stands in angle brackets where the case file names nobody.
    pub(in crate::report) fn party(&self, exposed: &str) -> Result<String, Error> {
        for role in PARTIES {
            let suffix = format!(" ({role})");
            let bare = exposed.strip_suffix(suffix.as_str());
            let name = bare.unwrap_or(exposed);
            let unnamed = name.strip_prefix(format!("<{role} of ").as_str()).and_then(|rest| rest.strip_suffix('>'));
            if let Some(account) = unnamed {
                return self.say(&format!("unnamed_{role}"), &[("account", account.to_owned())]);
            }
            if let Some(name) = bare {
                let role = self.word("party", role).to_owned();
                return self.say("with_role", &[("name", name.to_owned()), ("role", role)]);
            }
        }
        Ok(exposed.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::words::WordsFile;

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        fn places(text: &str) -> Vec<&str> {
            let mut places: Vec<&str> = text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
            places.sort_unstable();
            places
        }
        // That a key has both languages and no third one is already settled by the type.
        let file: WordsFile = toml::from_str(WORDS).expect("the words of the build");
        let texts = file.text.iter().chain(file.word.values().flatten()).map(|(key, both)| (key, &both.de, &both.en));
        let forms =
            file.count.iter().flat_map(|(key, both)| both.de.iter().zip(&both.en).map(move |(de, en)| (key, de, en)));
        for (key, de, en) in texts.chain(forms) {
            assert!(!de.trim().is_empty() && !en.trim().is_empty(), "{key} is empty");
            assert_eq!(places(de), places(en), "{key}");
        }
        let (de, en) = (load(Language::De).expect("German"), load(Language::En).expect("English"));
        assert!(
            de.text.keys().eq(en.text.keys())
                && de.count.keys().eq(en.count.keys())
                && de.word.keys().eq(en.word.keys())
        );
    }

    #[test]
    fn words_have_number_party_and_origin() {
        let (de, en) = (load(Language::De).expect("German"), load(Language::En).expect("English"));
        assert_eq!(de.counted("message", 1).expect("a form"), "1 Nachricht");
        assert_eq!(de.counted("message", 1_234).expect("a form"), "1.234 Nachrichten");
        assert_eq!(en.counted("message", 0).expect("a form"), "0 messages");
        assert_eq!(de.party("Verlag (client)").expect("a party"), "Verlag (Auftraggeber)");
        assert_eq!(
            de.party("<client of +49> (client)").expect("a party"),
            "Auftraggeber von +49, in der Falldatei nicht benannt"
        );
        assert_eq!(en.party("<provider of {a}>").expect("a party"), "provider of {a}, not named in the case file");
        assert_eq!(
            de.said("1234 × status word not known, read as unknown").as_deref(),
            Some("1.234 × Statuswort nicht bekannt, als unbekannt gelesen")
        );
        assert_eq!(de.said("day first: a value over 12").as_deref(), Some("Tag zuerst: ein Wert über 12 zeigt es"));
        assert_eq!(de.said("cannot be looked into: no such file"), None);
        assert!(
            en.say("js_all", &[]).is_err()
                && en.say("lead", &[("n", String::new())]).is_err()
                && en.say("no such", &[]).is_err()
        );
    }
}
