//! What a page of the annex is made of, as the template reads it: headings, texts, facts, lists, tables, charts.
//! Here texts are also made fit for paper: characters without a glyph are named, long words get places to break.
//! What the blocks say is decided in `parts`.

use serde::Serialize;
use serde_json::Value;

use super::press::has_glyph;
use crate::report::charts::is_deceptive;

/// A piece of a part.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A heading below the part's own.
    Heading { level: u8, text: String },
    /// A paragraph.
    Text { text: String },
    /// A paragraph that must not be overlooked.
    Notice { title: String, text: String },
    /// Names and what stands for them; several lines where there are several values.
    Facts { rows: Vec<(String, Vec<String>)> },
    /// Points.
    List { items: Vec<String> },
    /// A table.
    Table(Table),
    /// A chart by its place among the charts.
    Chart { index: usize, alt: String },
    /// The list of exhibits with their pages.
    Contents { title: String },
}

/// A table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// What is said below it, where not all rows are printed.
    pub cut: String,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Its header.
    pub name: String,
    /// Its share of the width.
    pub width: f32,
    /// How its cells are set.
    pub style: Style,
}

/// How cells are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Words.
    Words,
    /// Numbers, to the right.
    Number,
    /// Ids and hashes.
    Code,
}

/// A part with a number of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// `Anlage K 1`.
    pub exhibit: String,
    /// Its title.
    pub title: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// Language code.
    pub lang: String,
    /// Title among the PDF's properties.
    pub title: String,
    /// First exhibit, large on the cover.
    pub exhibit: String,
    /// Line above the title.
    pub kicker: String,
    /// Title on the cover.
    pub headline: String,
    /// Matter.
    pub matter: String,
    /// Foot of every page, left: report id, part, hash snippet.
    pub foot: String,
    /// The words around page numbers.
    pub page: String,
    /// See `page`.
    pub of: String,
    /// Cover.
    pub cover: Vec<Block>,
    /// Parts.
    pub parts: Vec<Part>,
}

/// Longest run without a place to break.
const RUN: usize = 16;
/// Words of at most so many characters stay as they are.
const WORD: usize = 18;
const BREAK: char = '\u{200b}';

/// Makes all texts of a document fit for paper. The top of the document has titles, which are never broken.
pub fn fit(value: &mut Value, top: bool) {
    match value {
        Value::String(text) if top => *text = printable(text),
        Value::String(text) => *text = with_breaks(&printable(text)),
        Value::Array(values) => values.iter_mut().for_each(|value| fit(value, false)),
        Value::Object(values) => values.values_mut().for_each(|value| fit(value, top && value.is_string())),
        _ => {}
    }
}

/// A text with every character that cannot be printed named by its number.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push('\n'),
            '\r' => {}
            '\t' => shown.push(' '),
            // Marks that only choose the colour of the character before them.
            '\u{fe0e}' | '\u{fe0f}' => {}
            _ if is_deceptive(character) || is_unseen(character) || !has_glyph(character) => {
                shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// Characters without width: they would hide in the text.
const fn is_unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn with_breaks(text: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    for word in text.split_inclusive([' ', '\n']) {
        // Whole hashes have a column that is wide enough, and are copied.
        let hash = word.trim_end().len() == 64 && word.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit());
        if hash || word.chars().count() <= WORD {
            broken.push_str(word);
            continue;
        }
        let mut run = 0;
        for character in word.chars() {
            broken.push(character);
            run += 1;
            if run >= RUN || (run > 2 && "/_-.,@:;=&?+".contains(character)) {
                broken.push(BREAK);
                run = 0;
            }
        }
    }
    broken
}

/// The beginning of a text of at most so many characters.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_glyph_or_hides_is_named() {
        assert_eq!(printable("Grüße — Привет"), "Grüße — Привет");
        assert_eq!(printable("a\u{202e}b\u{200b}c\r\n"), "a⟨U+202E⟩b⟨U+200B⟩c\n");
        assert_eq!(printable("🔥\u{fe0f} \u{e000}"), "⟨U+1F525⟩ ⟨U+E000⟩");
        assert!("⟨⟩…–·".chars().all(has_glyph));
        assert!(!has_glyph('漢'));
    }

    #[test]
    fn long_words_can_be_broken_and_hashes_stay_whole() {
        assert_eq!(with_breaks(&"a".repeat(20)), format!("{}\u{200b}{}", "a".repeat(16), "aaaa"));
        assert_eq!(with_breaks("anlagen/verlag_unterland.csv"), "anlagen/\u{200b}verlag_\u{200b}unterland.\u{200b}csv");
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(with_breaks(&hash), hash);
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äö üx", 3), "äö…");
    }
}
