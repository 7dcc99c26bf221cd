//! The path language of format files: where in a document a value stands.
//! `a.b`, `a[0]`, `a[]`, `a.*`, `text{}.b`, `"key-with.dots"`, `../x`, `/x`, and `.` for the item itself.
//! Here paths are parsed and written; `json::resolve` follows them.

use std::fmt;

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At the item, or as many enclosing objects further out.
    Item(usize),
    /// At the document.
    Document,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of an object; on a list, of its first element.
    Key(Box<str>),
    /// An element of a list.
    Index(usize),
    /// Every element of a list.
    Elements,
    /// Every value of an object that is used as a list.
    Members,
    /// The value inside a text that is itself JSON.
    Embedded,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Where it begins.
    pub origin: Origin,
    /// What follows.
    pub steps: Vec<Step>,
}

/// Why a path is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no path: {reason}")]
pub struct PathError {
    /// The path as written.
    pub path: String,
    /// What is wrong.
    pub reason: &'static str,
}

impl Path {
    /// The item itself.
    #[must_use]
    pub fn item() -> Self {
        Self { origin: Origin::Item(0), steps: Vec::new() }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// When it is not written as the module says.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let wrong = |reason| PathError { path: path.to_owned(), reason };
        let (mut rest, mut up) = (path, 0);
        let origin = if let Some(after) = rest.strip_prefix('/') {
            rest = after;
            Origin::Document
        } else {
            while let Some(after) = rest.strip_prefix("..").filter(|after| after.is_empty() || after.starts_with('/')) {
                rest = after.strip_prefix('/').unwrap_or(after);
                up += 1;
            }
            Origin::Item(up)
        };
        let mut steps = Vec::new();
        if rest == "." || rest.is_empty() {
            return Ok(Self { origin, steps });
        }
        let mut key_expected = true;
        while let Some(first) = rest.chars().next() {
            match first {
                '.' if !key_expected => {
                    rest = rest.get(1..).unwrap_or("");
                    key_expected = true;
                    if rest.is_empty() {
                        return Err(wrong("it ends with a dot"));
                    }
                }
                '[' => {
                    let (inside, after) =
                        rest.get(1..).and_then(|rest| rest.split_once(']')).ok_or_else(|| wrong("`[` without `]`"))?;
                    steps.push(match inside {
                        "" => Step::Elements,
                        number => Step::Index(number.parse().map_err(|_| wrong("no number between `[` and `]`"))?),
                    });
                    rest = after;
                    key_expected = false;
                }
                '{' => {
                    rest = rest.strip_prefix("{}").ok_or_else(|| wrong("`{` without `}`"))?;
                    steps.push(Step::Embedded);
                    key_expected = false;
                }
                _ if !key_expected => return Err(wrong("a dot, `[` or `{}` must stand between keys")),
                '"' => {
                    let (key, after) = rest
                        .get(1..)
                        .and_then(|rest| rest.split_once('"'))
                        .filter(|(key, _)| !key.is_empty())
                        .ok_or_else(|| wrong("a quote is not closed, or nothing stands in it"))?;
                    steps.push(Step::Key(key.into()));
                    rest = after;
                    key_expected = false;
                }
                '.' => return Err(wrong("two dots in a row, or one at the start")),
                _ => {
                    let end = rest.find(['.', '[', '{', ']', '}', '"', '/']).unwrap_or(rest.len());
                    let (key, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                    if key.is_empty() || key.trim() != key || after.starts_with([']', '}', '"', '/']) {
                        return Err(wrong("a key with such characters must stand in quotes"));
                    }
                    steps.push(if key == "*" { Step::Members } else { Step::Key(key.into()) });
                    rest = after;
                    key_expected = false;
                }
            }
        }
        Ok(Self { origin, steps })
    }

    /// Keys whose texts must be read as JSON for this path.
    pub fn embedded_keys(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().zip(self.steps.iter().skip(1)).filter_map(|pair| match pair {
            (Step::Key(key), Step::Embedded) => Some(key.as_ref()),
            _ => None,
        })
    }

    /// The last key, for people.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_ref()),
            _ => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Document => formatter.write_str("/")?,
            Origin::Item(up) => (0..up).try_for_each(|_| formatter.write_str("../"))?,
        }
        if self.steps.is_empty() {
            return formatter.write_str(".");
        }
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 && matches!(step, Step::Key(_) | Step::Members) {
                formatter.write_str(".")?;
            }
            match step {
                Step::Key(key) if key.contains(['.', '[', '{', ']', '}', '/', '-']) => write!(formatter, "\"{key}\"")?,
                Step::Key(key) => formatter.write_str(key)?,
                Step::Index(number) => write!(formatter, "[{number}]")?,
                Step::Elements => formatter.write_str("[]")?,
                Step::Members => formatter.write_str("*")?,
                Step::Embedded => formatter.write_str("{}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back_as_written() {
        for path in [
            "a.b",
            "a[0].b",
            "../x",
            "../../x.y",
            "/x",
            "Message{}.mail.source",
            "\"event-data\".recipient",
            "messages.*",
            "entry[].changes[].value.statuses[]",
            "a[][0]",
            ".",
            "..",
            "[].a",
        ] {
            let parsed = Path::parse(path).expect(path);
            let written = parsed.to_string();
            assert_eq!(Path::parse(&written).expect("reads"), parsed, "{path} {written}");
        }
        assert_eq!(Path::parse("../a").expect("a path").origin, Origin::Item(1));
        assert_eq!(Path::parse("").expect("a path"), Path::item());
        for path in ["a..b", "a.", ".a", "a[", "a[x]", "a{", "\"a", "a b\"c", " a", "a/b"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }
}
