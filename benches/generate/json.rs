//! JSON, written and never read: members keep the order they are given in, so the bytes are stable.

use std::fmt::Write;

pub enum Json {
    Number(i64),
    Flag(bool),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

pub fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

pub fn count(value: usize) -> Json {
    Json::Number(value as i64)
}

impl Json {
    /// One line without spaces, as webhooks arrive.
    pub fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    /// Indented by two spaces, so that a change shows line by line in a diff.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(0));
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, depth: Option<usize>) {
        match self {
            // Writing to a String cannot fail.
            Json::Number(value) => drop(write!(out, "{value}")),
            Json::Flag(value) => drop(write!(out, "{value}")),
            Json::Text(value) => write_text(out, value),
            Json::List(items) => {
                let members = items.iter().map(|item| (None, item));
                write_members(out, depth, ['[', ']'], members);
            }
            Json::Object(items) => {
                let members = items.iter().map(|(name, item)| (Some(*name), item));
                write_members(out, depth, ['{', '}'], members);
            }
        }
    }
}

fn write_members<'a>(
    out: &mut String,
    depth: Option<usize>,
    brackets: [char; 2],
    members: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Json)>,
) {
    let empty = members.len() == 0;
    let inner = depth.map(|depth| depth + 1);
    out.push(brackets[0]);
    for (position, (name, value)) in members.enumerate() {
        if position > 0 {
            out.push(',');
        }
        break_line(out, inner);
        if let Some(name) = name {
            write_text(out, name);
            out.push_str(if depth.is_some() { ": " } else { ":" });
        }
        value.write(out, inner);
    }
    if !empty {
        break_line(out, depth);
    }
    out.push(brackets[1]);
}

fn break_line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn write_text(out: &mut String, value: &str) {
    out.push('"');
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ => out.push(letter),
        }
    }
    out.push('"');
}
