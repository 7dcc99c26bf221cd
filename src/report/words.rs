//! The words of a page or a text in one language, from a file of `data/languages`, and the functions by which templates
//! speak them: `t` a text with its places filled, `count` a number with its noun, `word` the word for a fixed spelling.
//! Which words there are is data; what is said with them is said in the templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Deserialize;

use super::charts::number;
use crate::case::Language;

/// A thing in both languages; that neither can be left out makes their keys the same.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Both<T> {
    pub(crate) de: T,
    pub(crate) en: T,
}

/// A file of words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordsFile {
    pub(crate) text: BTreeMap<String, Both<String>>,
    #[serde(default)]
    pub(crate) count: BTreeMap<String, Both<[String; 2]>>,
    #[serde(default)]
    pub(super) word: BTreeMap<String, BTreeMap<String, Both<String>>>,
}

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(super) language: Language,
    pub(crate) text: BTreeMap<String, String>,
    pub(super) count: BTreeMap<String, [String; 2]>,
    pub(super) word: BTreeMap<String, BTreeMap<String, String>>,
}

impl Words {
    /// The words of a file in a language.
    pub(crate) fn load(file: &str, language: Language) -> Result<Self, toml::de::Error> {
        Ok(Self::of(toml::from_str(file)?, language))
    }

    /// The words of a file that was read, in a language.
    pub(super) fn of(file: WordsFile, language: Language) -> Self {
        fn pick<T>(map: BTreeMap<String, Both<T>>, language: Language) -> BTreeMap<String, T> {
            let one = |both: Both<T>| match language {
                Language::De => both.de,
                Language::En => both.en,
            };
            map.into_iter().map(|(key, both)| (key, one(both))).collect()
        }
        let word = file.word.into_iter().map(|(group, words)| (group, pick(words, language))).collect();
        Self { language, text: pick(file.text, language), count: pick(file.count, language), word }
    }

    /// Adds the words of another file; what stands in both is said as here.
    pub(super) fn and(mut self, other: Self) -> Self {
        fn join<T>(known: &mut BTreeMap<String, T>, more: BTreeMap<String, T>) {
            for (key, value) in more {
                known.entry(key).or_insert(value);
            }
        }
        join(&mut self.text, other.text);
        join(&mut self.count, other.count);
        for (group, words) in other.word {
            join(self.word.entry(group).or_default(), words);
        }
        self
    }

    /// A text with its places filled; every place must be filled, and every value must have its place.
    pub(super) fn say(&self, key: &str, values: &[(&str, String)]) -> Result<String, Error> {
        let text = self.text.get(key).ok_or_else(|| fault(format!("no text `{key}`")))?;
        if let Some((name, _)) = values.iter().find(|(name, _)| !text.contains(&format!("{{{name}}}"))) {
            return Err(fault(format!("text `{key}` has no place `{name}`")));
        }
        fill(text, values).ok_or_else(|| fault(format!("text `{key}` has a place that nothing fills")))
    }

    /// A number with its noun, in the right form.
    pub(crate) fn counted(&self, key: &str, count: u64) -> Result<String, Error> {
        let [one, other] = self.count.get(key).ok_or_else(|| fault(format!("no count `{key}`")))?;
        let form = if count == 1 { one } else { other };
        Ok(form.replace("{n}", &number(count, self.language)))
    }

    /// A number as the language writes it.
    pub(crate) fn number(&self, count: u64) -> String {
        number(count, self.language)
    }

    /// The word for a fixed spelling; the spelling itself where there is none.
    pub(super) fn word<'a>(&'a self, group: &str, key: &'a str) -> &'a str {
        self.known(group, key).unwrap_or(key)
    }

    /// The word for a fixed spelling, if there is one.
    pub(super) fn known(&self, group: &str, key: &str) -> Option<&str> {
        self.word.get(group)?.get(key).map(String::as_str)
    }
}

/// Fills the places of a text once; what is filled in is not looked at again.
pub(crate) fn fill(text: &str, values: &[(&str, impl AsRef<str>)]) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(values.iter().find(|(known, _)| *known == name)?.1.as_ref());
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// A fault of the words or the template, which means a damaged build.
pub(super) fn fault(what: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

/// A template engine that knows the words: strict about what is not there, each line of control on a line of its own.
///
/// # Errors
/// When the engine does not know its own syntax.
pub(super) fn environment(words: &Arc<Words>) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let of = Arc::clone(words);
    environment.add_filter("num", move |count: u64| number(count, of.language));
    let of = Arc::clone(words);
    environment.add_function("t", move |key: &str, values: Kwargs| -> Result<String, Error> {
        let mut given = Vec::new();
        for name in values.args() {
            let value: Value = values.get(name)?;
            let text = match value.as_usize().filter(|_| value.is_number()) {
                Some(count) => number(count as u64, of.language),
                None => value.to_string(),
            };
            given.push((name, text));
        }
        of.say(key, &given)
    });
    let of = Arc::clone(words);
    environment.add_function("count", move |key: &str, count: u64| of.counted(key, count));
    let of = Arc::clone(words);
    environment.add_function("word", move |group: &str, key: &str| of.word(group, key).to_owned());
    Ok(environment)
}

/// Renders plain text with some words: nothing is escaped, for nothing in a text can be more than text. Templates have the
/// functions above, `mark` for whose figure something is, and the filters `length` and `wrap`.
///
/// # Errors
/// When words or template of the build are damaged.
pub(super) fn text_with(
    words: Words,
    render: impl FnOnce(&mut Environment<'static>) -> Result<String, Error>,
) -> Result<String, Error> {
    let words = Arc::new(words);
    let mut environment = environment(&words)?;
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let of = Arc::clone(&words);
    environment.add_filter("length", move |text: &str| length(&of, text));
    environment.add_filter("wrap", wrapped);
    environment.add_function("mark", move |mark: &str| words.word("mark", mark).to_owned());
    render(&mut environment)
}

/// A length of time as packs write it, in words: `24h` as `24 hours`.
fn length(words: &Words, text: &str) -> Result<String, Error> {
    let (digits, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    match digits.parse() {
        Ok(count) => words.counted(&format!("length_{unit}"), count),
        Err(_) => Ok(text.to_owned()),
    }
}

/// Widest line of a text, in characters.
const WIDTH: usize = 100;

/// A text in lines of at most [`WIDTH`] characters, all but the first indented; it is broken at blanks only.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / 8);
    let mut column = indent;
    for (index, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if index > 0 && column + 1 + length > WIDTH {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_two_files_stand_side_by_side_and_the_first_goes_before() {
        let one = Words::load("[text]\na = { de = \"eins\", en = \"one\" }\n", Language::De).expect("words");
        let other = "[text]\na = { de = \"x\", en = \"x\" }\nb = { de = \"{n} zwei\", en = \"{n} two\" }\n\
            [count]\nd = { de = [\"{n} Tag\", \"{n} Tage\"], en = [\"{n} day\", \"{n} days\"] }\n";
        let words = one.and(Words::load(other, Language::De).expect("words"));
        assert_eq!(words.say("a", &[]).expect("a text"), "eins");
        assert_eq!(words.say("b", &[("n", "2".to_owned())]).expect("a text"), "2 zwei");
        assert_eq!(words.counted("d", 1234).expect("a count"), "1.234 Tage");
        assert!(words.say("b", &[]).is_err() && words.say("a", &[("n", String::new())]).is_err());
    }

    #[test]
    fn lines_break_at_blanks_and_keep_long_words() {
        let text = wrapped(&"word ".repeat(30), 4);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")), "{text}");
        assert_eq!(wrapped(&"x".repeat(200), 2).lines().count(), 1);
    }
}
