//! Tables of the page: each is built once, and gives its first rows as HTML and all its rows as compact data.
//! The script draws further rows from the data just as `Cell::html` draws the first, so a reader without it sees the same.
//! Text columns name each word once; a table takes rows until its share of the page is spent, and knows how many there are.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::clock::local_text;
use crate::case::Language;
use crate::report::charts::{escape, number, show_deceptive};

/// Rows that stand in the page without its script, and rows of one page with it. The script reads this from the data.
pub const FIRST_ROWS: usize = 50;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The row's own id, to which links lead.
    Id,
    /// Words.
    Text,
    /// A count.
    Number,
    /// A stretch of local time.
    Period,
    /// A severity.
    Severity,
    /// Several words, one under the other.
    Lines,
    /// Words with a note under them.
    Noted,
    /// Words with a number by which they are sorted, and a note.
    Valued,
    /// A template with its slots, and a sample text.
    Content,
}

impl Kind {
    /// Whether equal cells are written once.
    const fn is_named_once(self) -> bool {
        matches!(self, Self::Text | Self::Severity | Self::Lines | Self::Noted | Self::Valued)
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Words, an id or a severity's key.
    Word(String),
    /// A count.
    Number(u64),
    /// First and last second of local time; nothing where there is none.
    Period(Option<(i64, i64)>),
    /// Lines.
    Lines(Vec<String>),
    /// Words and note.
    Noted(String, String),
    /// Number, words, note.
    Valued(i64, String, String),
    /// Label, template, sample.
    Content(String, String, String),
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name of its heading among the words.
    pub heading: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Its class, for widths.
    pub class: &'static str,
}

/// A column of a name, kind and class.
pub const fn column(heading: &'static str, kind: Kind, class: &'static str) -> Column {
    Column { heading, kind, class }
}

/// What cells need to be written.
pub struct Style<'a> {
    /// The reader's language.
    pub language: Language,
    /// Headings of the columns.
    pub headings: Vec<String>,
    /// Words of severities.
    pub severity: &'a dyn Fn(&str) -> String,
    /// The word before a sample text.
    pub sample: &'a str,
    /// Whether an id is shown in full elsewhere, so that its row is a link and not the place itself.
    pub elsewhere: &'a dyn Fn(&str) -> bool,
}

/// A table as the template sees it.
#[derive(Debug, Default, Serialize)]
pub struct Table {
    /// Columns: heading, kind, class.
    pub columns: Vec<(String, Kind, &'static str)>,
    /// First rows as HTML.
    pub body: String,
    /// All rows of the page as data.
    pub data: String,
    /// Rows as HTML.
    pub first: u64,
    /// Rows of the page.
    pub shown: u64,
    /// Rows there are.
    pub all: u64,
    /// Whether a column holds times, so that rows can be chosen by day.
    pub dated: bool,
    /// Whether a column holds severities.
    pub graded: bool,
}

#[derive(Serialize)]
struct ColumnData {
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<serde_json::Value>>,
    values: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct TableData<'a> {
    page: usize,
    all: u64,
    columns: &'a [ColumnData],
}

/// Builds a table from its rows, of which it takes as many as `budget` bytes of data hold.
///
/// # Errors
/// When a cell cannot be written as data, which no cell is known to bring about.
pub fn table(
    columns: &[Column],
    style: &Style<'_>,
    rows: impl ExactSizeIterator<Item = Vec<Cell>>,
    budget: usize,
) -> Result<Table, serde_json::Error> {
    let all = rows.len() as u64;
    let mut data: Vec<ColumnData> = columns
        .iter()
        .map(|column| ColumnData {
            kind: column.kind,
            words: column.kind.is_named_once().then(Vec::new),
            values: Vec::new(),
        })
        .collect();
    let mut known: Vec<HashMap<String, usize>> = columns.iter().map(|_| HashMap::new()).collect();
    let (mut body, mut first, mut shown, mut bytes) = (String::new(), 0, 0, 0);
    for row in rows {
        if bytes > budget {
            break;
        }
        if first < FIRST_ROWS as u64 {
            row_html(&mut body, columns, style, &row);
            first += 1;
        }
        for ((column, known), cell) in data.iter_mut().zip(&mut known).zip(&row) {
            let value = serde_json::to_value(cell.shown())?;
            let Some(words) = &mut column.words else {
                bytes += value.to_string().len() + 1;
                column.values.push(value);
                continue;
            };
            let key = value.to_string();
            let fresh = words.len();
            let index = *known.entry(key).or_insert_with_key(|key| {
                bytes += key.len() + 1;
                words.push(value);
                fresh
            });
            let value = serde_json::Value::from(index);
            bytes += value.to_string().len() + 1;
            column.values.push(value);
        }
        shown += 1;
    }
    let data_text = serde_json::to_string(&TableData { page: FIRST_ROWS, all, columns: &data })?;
    let has = |kind: Kind| columns.iter().any(|column| column.kind == kind);
    Ok(Table {
        columns: columns
            .iter()
            .zip(&style.headings)
            .map(|(column, heading)| (heading.clone(), column.kind, column.class))
            .collect(),
        body,
        data: inert(&data_text),
        first,
        shown,
        all,
        dated: has(Kind::Period),
        graded: has(Kind::Severity),
    })
}

/// Data that no parser of HTML or of scripts takes for anything but data.
pub fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text
}

impl Cell {
    /// The cell with deceptive characters named.
    fn shown(&self) -> Self {
        let see = |text: &String| show_deceptive(text);
        match self {
            Self::Word(text) => Self::Word(see(text)),
            Self::Lines(lines) => Self::Lines(lines.iter().map(see).collect()),
            Self::Noted(text, note) => Self::Noted(see(text), see(note)),
            Self::Valued(value, text, note) => Self::Valued(*value, see(text), see(note)),
            Self::Content(label, template, sample) => Self::Content(see(label), see(template), see(sample)),
            Self::Number(_) | Self::Period(_) => self.clone(),
        }
    }

    /// The cell's inside.
    fn html(&self, kind: Kind, style: &Style<'_>) -> String {
        let noted = |text: &str, note: &str| {
            let note = if note.is_empty() { String::new() } else { format!("<small>{}</small>", isolated(note)) };
            format!("{}{note}", isolated(text))
        };
        match (self, kind) {
            (Self::Word(id), Kind::Id) if (style.elsewhere)(id) => {
                format!("<a href=\"#{id}\">{id}</a>", id = escape(id))
            }
            (Self::Word(key), Kind::Severity) => {
                format!("<span class=\"sev sev-{}\">{}</span>", escape(key), escape(&(style.severity)(key)))
            }
            (Self::Word(text), _) => isolated(text),
            (Self::Number(count), _) => number(*count, style.language),
            (Self::Period(None), _) => "–".to_owned(),
            (Self::Period(Some((from, to))), _) => {
                let (from, to) = (local_text(*from, style.language), local_text(*to, style.language));
                if from == to { from } else { format!("{from} –<br>{to}") }
            }
            (Self::Lines(lines), _) if lines.is_empty() => "–".to_owned(),
            (Self::Lines(lines), _) => lines.iter().map(|line| isolated(line)).collect::<Vec<_>>().join("<br>"),
            (Self::Noted(text, note) | Self::Valued(_, text, note), _) => noted(text, note),
            (Self::Content(label, template, sample), _) => content(label, template, sample, style.sample),
        }
    }
}

/// Words from data, whose direction of writing does not touch what stands around them.
fn isolated(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { format!("<bdi>{}</bdi>", escape(text)) }
}

fn content(label: &str, template: &str, sample: &str, word: &str) -> String {
    let mut html = format!("<small>{}</small>", isolated(label));
    if !template.is_empty() {
        html.push_str("<div class=\"template\"><bdi>");
        for (index, part) in template.split(' ').enumerate() {
            html.push_str(if index > 0 { " " } else { "" });
            html.push_str(&if part == "*" { "<span class=\"slot\">[…]</span>".to_owned() } else { escape(part) });
        }
        html.push_str("</bdi></div>");
    }
    if !sample.is_empty() {
        let _ = write!(
            html,
            "<details><summary>{}</summary><div class=\"sample\"><bdi>{}</bdi></div></details>",
            escape(word),
            escape(sample)
        );
    }
    html
}

fn row_html(out: &mut String, columns: &[Column], style: &Style<'_>, row: &[Cell]) {
    let own = row.iter().zip(columns).find_map(|(cell, column)| match cell {
        Cell::Word(id) if column.kind == Kind::Id && !(style.elsewhere)(id) => Some(id),
        _ => None,
    });
    match own {
        Some(id) => {
            let _ = write!(out, "<tr role=\"row\" id=\"{}\">", escape(id));
        }
        None => out.push_str("<tr role=\"row\">"),
    }
    for (index, ((cell, column), heading)) in row.iter().zip(columns).zip(&style.headings).enumerate() {
        let (tag, role) = if index == 0 { ("th scope=\"row\"", "rowheader") } else { ("td", "cell") };
        let class = if column.class.is_empty() { String::new() } else { format!(" class=\"{}\"", column.class) };
        let end = tag.get(..2).unwrap_or(tag);
        let _ = write!(
            out,
            "<{tag} role=\"{role}\"{class} data-label=\"{}\">{}</{end}>",
            escape(heading),
            cell.html(column.kind, style)
        );
    }
    out.push_str("</tr>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style<'a>() -> Style<'a> {
        Style {
            language: Language::En,
            headings: vec!["<Id>".to_owned(), "Text".to_owned(), "Period".to_owned()],
            severity: &|key| key.to_owned(),
            sample: "sample",
            elsewhere: &|id| id == "F-1",
        }
    }

    const COLUMNS: [Column; 3] =
        [column("finding", Kind::Id, "id"), column("rule", Kind::Text, ""), column("period", Kind::Period, "p")];

    fn row(id: &str, text: &str) -> Vec<Cell> {
        vec![Cell::Word(id.to_owned()), Cell::Word(text.to_owned()), Cell::Period(Some((0, 61)))]
    }

    #[test]
    fn first_rows_are_html_and_all_rows_are_data() {
        let rows: Vec<_> = (1..=60).map(|index| row(&format!("F-{index}"), "</script>\u{2028}\u{202e}")).collect();
        let table = table(&COLUMNS, &style(), rows.into_iter(), 1_000_000).expect("a table");
        assert_eq!((table.first, table.shown, table.all), (50, 60, 60));
        assert!(table.body.contains("<a href=\"#F-1\">F-1</a>") && table.body.contains("<tr role=\"row\" id=\"F-2\">"));
        assert!(table.body.contains("1970-01-01 00:00:00 –<br>1970-01-01 00:01:01"));
        assert!(table.body.contains("&lt;/script&gt;") && table.body.contains("data-label=\"&lt;Id&gt;\""));
        assert!(!table.data.contains('<') && table.data.contains("\\u003c/script\\u003e\\u2028⟨U+202E⟩"));
        let data: serde_json::Value = serde_json::from_str(&table.data).expect("data");
        assert_eq!(data["columns"][1]["words"].as_array().map(Vec::len), Some(1));
        assert_eq!(data["columns"][0]["values"].as_array().map(Vec::len), Some(60));
        assert_eq!(data["columns"][2]["values"][59], serde_json::json!([0, 61]));
    }

    #[test]
    fn a_table_ends_where_its_share_of_the_page_is_spent() {
        let rows: Vec<_> = (0..1_000).map(|index| row(&format!("F-{index}"), "text")).collect();
        let table = table(&COLUMNS, &style(), rows.into_iter(), 2_000).expect("a table");
        assert!(table.shown > 50 && table.shown < 200, "{}", table.shown);
        assert_eq!(table.all, 1_000);
        assert!(table.data.len() < 2_500);
    }

    #[test]
    fn templates_show_their_slots() {
        let html = content("text", "Hi * at 5* *", "<b>", "sample");
        assert_eq!(html.matches("[…]").count(), 2);
        assert!(html.contains("Hi <span class=\"slot\">[…]</span> at 5* ") && html.contains("&lt;b&gt;"));
    }
}
