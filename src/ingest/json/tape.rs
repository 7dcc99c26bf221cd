//! Takes one JSON value apart into a flat list of tokens that point into its text; nothing is copied.
//! Strict where damage would hide (commas, quotes, line ends in strings), bounded in depth; texts are decoded on demand.
//! What the keys mean is not known here.

use std::borrow::Cow;

/// How deep a value may be nested.
pub const DEEPEST: u32 = 128;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number, as written.
    Number,
    /// A text without escapes.
    Text,
    /// A text with escapes.
    Escaped,
    /// A list; its elements follow.
    List,
    /// An object; its members follow, each a key and a value.
    Object,
    /// A text that is itself JSON; the value in it follows.
    Embedded,
}

/// One value or key.
#[derive(Clone, Copy, Debug)]
struct Token {
    /// First byte in its text, quotes included.
    start: u32,
    /// One past its last byte.
    end: u32,
    /// The token after this one and all that it holds.
    next: u32,
    kind: Kind,
    /// Whether its text is the decoded side text.
    side: bool,
}

/// Why a text is no JSON value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text ends inside the value.
    #[error("it breaks off inside a value")]
    End,
    /// Something stands where it may not; the place counts from the value's start.
    #[error("{1}")]
    At(usize, &'static str),
    /// Told by another reader of JSON.
    #[error("{0}")]
    Told(String),
}

/// The tokens of one value. Kept from value to value, so that reading a file allocates next to nothing.
#[derive(Debug, Default)]
pub struct Tape {
    tokens: Vec<Token>,
    side: String,
}

impl Tape {
    /// Reads the value that begins with the first byte; gives its length. Texts under the keys `embedded` are
    /// read as JSON themselves, where they are.
    ///
    /// # Errors
    /// When the text is no JSON value.
    pub fn read(&mut self, text: &[u8], embedded: &[Box<str>]) -> Result<usize, Fault> {
        self.tokens.clear();
        self.side.clear();
        let mut reader = Reader { text, at: 0, base: 0, side: false, partial: false, cut: false, embedded, tape: self };
        reader.value(0)?;
        Ok(reader.at)
    }

    /// As [`Self::read`], for a text that may break off: what is there of the value is given.
    ///
    /// # Errors
    /// When the text is no JSON value, or breaks off before there is anything.
    pub fn read_beginning(&mut self, text: &[u8], embedded: &[Box<str>]) -> Result<(), Fault> {
        self.tokens.clear();
        self.side.clear();
        let mut reader = Reader { text, at: 0, base: 0, side: false, partial: true, cut: false, embedded, tape: self };
        reader.value(0)
    }

    /// The value as a whole. `text` is the text it was read from.
    #[must_use]
    pub fn root<'t>(&'t self, text: &'t str) -> Node<'t> {
        Node { tape: self, text, index: 0 }
    }
}

/// One value of a tape.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tape: &'t Tape,
    text: &'t str,
    index: u32,
}

impl<'t> Node<'t> {
    fn token(&self) -> Option<&'t Token> {
        self.tape.tokens.get(self.index as usize)
    }

    fn at(&self, index: u32) -> Self {
        Self { index, ..*self }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.token().map_or(Kind::Null, |token| token.kind)
    }

    /// Its place in the text that was read, as bytes; `None` inside a text that is itself JSON.
    #[must_use]
    pub fn span(&self) -> Option<(usize, usize)> {
        self.token().filter(|token| !token.side).map(|token| (token.start as usize, token.end as usize))
    }

    /// As it is written.
    #[must_use]
    pub fn raw(&self) -> &'t str {
        let Some(token) = self.token() else { return "" };
        let text = if token.side { self.tape.side.as_str() } else { self.text };
        text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    /// A text, number or truth value as text; `None` for `null`, lists and objects.
    #[must_use]
    pub fn scalar(&self) -> Option<Cow<'t, str>> {
        match self.kind() {
            Kind::Null | Kind::List | Kind::Object => None,
            Kind::True | Kind::False | Kind::Number => Some(Cow::Borrowed(self.raw())),
            Kind::Text => Some(Cow::Borrowed(inner(self.raw()))),
            Kind::Escaped => Some(Cow::Owned(decode(inner(self.raw())))),
            Kind::Embedded => {
                let inside = inner(self.raw());
                Some(if inside.contains('\\') { Cow::Owned(decode(inside)) } else { Cow::Borrowed(inside) })
            }
        }
    }

    /// Whether anything is there: not `null`, no empty text, list or object.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        match self.kind() {
            Kind::Null => false,
            Kind::Text | Kind::Escaped => !inner(self.raw()).is_empty(),
            Kind::List | Kind::Object => self.token().is_some_and(|token| token.next > self.index + 1),
            _ => true,
        }
    }

    /// The value inside a text that is itself JSON.
    #[must_use]
    pub fn embedded(&self) -> Option<Self> {
        (self.kind() == Kind::Embedded).then(|| self.at(self.index + 1))
    }

    /// The member of this name; of several the first, and whether there are several.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<(Self, bool)> {
        let mut found: Option<Self> = None;
        for (key, value) in self.members() {
            if key.is(name) {
                match found {
                    Some(first) => return Some((first, true)),
                    None => found = Some(value),
                }
            }
        }
        found.map(|value| (value, false))
    }

    fn is(&self, name: &str) -> bool {
        match self.kind() {
            Kind::Text => inner(self.raw()) == name,
            _ => self.scalar().is_some_and(|text| text == name),
        }
    }

    /// Keys and values of an object.
    pub fn members(&self) -> impl Iterator<Item = (Self, Self)> + use<'t> {
        let object = self.kind() == Kind::Object;
        let end = self.token().filter(|_| object).map_or(0, |token| token.next);
        let mut next = self.index + 1;
        let node = *self;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let (key, value) = (node.at(next), node.at(next + 1));
            next = value.token()?.next;
            Some((key, value))
        })
    }

    /// Elements of a list.
    pub fn elements(&self) -> impl Iterator<Item = Self> + use<'t> {
        let list = self.kind() == Kind::List;
        let end = self.token().filter(|_| list).map_or(0, |token| token.next);
        let mut next = self.index + 1;
        let node = *self;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let element = node.at(next);
            next = element.token()?.next;
            Some(element)
        })
    }
}

fn inner(quoted: &str) -> &str {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("")
}

/// Takes escapes out; half a surrogate pair becomes U+FFFD.
#[must_use]
pub fn decode(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(rest.get(..at).unwrap_or(""));
        let mut after = rest.get(at + 1..).unwrap_or("").chars();
        let plain = match after.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{C}',
            Some('u') => {
                let (character, used) = unicode(rest.get(at..).unwrap_or(""));
                text.push(character);
                rest = rest.get(at + used..).unwrap_or("");
                continue;
            }
            Some(other) => other,
            None => break,
        };
        text.push(plain);
        rest = after.as_str();
    }
    text.push_str(rest);
    text
}

/// The character of `\uXXXX` or of two of them that make a pair, and how many bytes it takes.
fn unicode(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6).filter(|escape| escape.starts_with("\\u"))?;
        u16::from_str_radix(escape.get(2..)?, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, text.len()) };
    if let Some(second) = unit(6)
        && (0xD800..0xDC00).contains(&first)
        && let Some(Ok(pair)) = char::decode_utf16([first, second]).next()
    {
        return (pair, 12);
    }
    (char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

struct Reader<'r> {
    text: &'r [u8],
    at: usize,
    /// Added to every place: where the text begins in the side text.
    base: u32,
    side: bool,
    /// Whether a text that breaks off is given as far as it goes.
    partial: bool,
    /// Whether it broke off.
    cut: bool,
    embedded: &'r [Box<str>],
    tape: &'r mut Tape,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    fn fault<T>(&self, reason: &'static str) -> Result<T, Fault> {
        Err(if self.at >= self.text.len() { Fault::End } else { Fault::At(self.at, reason) })
    }

    fn push(&mut self, start: usize, kind: Kind) -> usize {
        let index = self.tape.tokens.len();
        let (start, end) = (self.base + start as u32, self.base + self.at as u32);
        self.tape.tokens.push(Token { start, end, next: index as u32 + 1, kind, side: self.side });
        index
    }

    fn close(&mut self, index: usize) {
        let (end, next) = (self.base + self.at as u32, self.tape.tokens.len() as u32);
        if let Some(token) = self.tape.tokens.get_mut(index) {
            token.end = end;
            token.next = next;
        }
    }

    fn value(&mut self, depth: u32) -> Result<(), Fault> {
        let start = self.at;
        match self.text.get(start) {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => {
                let kind = self.string()?;
                self.push(start, kind);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            _ => self.fault("no value where one must stand"),
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<(), Fault> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        if !rest.starts_with(word) {
            return if word.starts_with(rest) { Err(Fault::End) } else { self.fault("a word that is none of JSON's") };
        }
        self.at += word.len();
        self.push(start, kind);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while let Some(b'0'..=b'9') = reader.text.get(reader.at) {
                reader.at += 1;
            }
            reader.at > from
        };
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let zero = self.text.get(self.at) == Some(&b'0');
        let from = self.at;
        if !digits(self) || (zero && self.at > from + 1) {
            return self.fault("a number that is not written as JSON writes numbers");
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !digits(self) {
                return self.fault("a number without digits behind its point");
            }
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            if !digits(self) {
                return self.fault("a number without digits in its exponent");
            }
        }
        self.push(start, Kind::Number);
        Ok(())
    }

    /// Passes over a text; the place is at its opening quote.
    fn string(&mut self) -> Result<Kind, Fault> {
        self.at += 1;
        let mut kind = Kind::Text;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
                self.at = self.text.len();
                return Err(Fault::End);
            };
            self.at += found;
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(kind);
                }
                Some(b'\\') => {
                    kind = Kind::Escaped;
                    match self.text.get(self.at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
                        Some(b'u') => {
                            let digits = self.text.get(self.at + 2..self.at + 6);
                            match digits {
                                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => self.at += 6,
                                Some(_) => return self.fault("an escape without its four digits"),
                                None => return Err(Fault::End),
                            }
                        }
                        Some(_) => return self.fault("an escape that JSON does not know"),
                        None => return Err(Fault::End),
                    }
                }
                _ => return self.fault("a line end inside a text"),
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), Fault> {
        let reason = "neither a comma nor the end of the object behind a member";
        self.items(depth, Kind::Object, b'}', reason, |reader| reader.member(depth))
    }

    fn list(&mut self, depth: u32) -> Result<(), Fault> {
        let reason = "neither a comma nor the end of the list behind an element";
        self.items(depth, Kind::List, b']', reason, |reader| {
            reader.blanks();
            reader.value(depth + 1)
        })
    }

    /// What stands between an opening sign and `end`, with commas between; `one` reads one of them.
    fn items(
        &mut self,
        depth: u32,
        kind: Kind,
        end: u8,
        reason: &'static str,
        one: impl Fn(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let index = self.open(depth, kind)?;
        self.blanks();
        if self.text.get(self.at) == Some(&end) {
            self.at += 1;
            self.close(index);
            return Ok(());
        }
        loop {
            let before = self.tape.tokens.len();
            match one(self) {
                Err(Fault::End) if self.partial => {
                    self.tape.tokens.truncate(before);
                    self.cut = true;
                }
                read => read?,
            }
            if self.cut {
                break;
            }
            self.blanks();
            match self.text.get(self.at) {
                Some(b',') => self.at += 1,
                Some(sign) if *sign == end => {
                    self.at += 1;
                    break;
                }
                None if self.partial => {
                    self.cut = true;
                    break;
                }
                _ => return self.fault(reason),
            }
        }
        self.close(index);
        Ok(())
    }

    fn member(&mut self, depth: u32) -> Result<(), Fault> {
        self.blanks();
        if self.text.get(self.at) != Some(&b'"') {
            return self.fault("no key where one must stand");
        }
        let start = self.at;
        let kind = self.string()?;
        let key = self.push(start, kind);
        self.blanks();
        if self.text.get(self.at) != Some(&b':') {
            return self.fault("no colon behind a key");
        }
        self.at += 1;
        self.blanks();
        if !self.embedded.is_empty() && self.text.get(self.at) == Some(&b'"') && self.names_embedded(start, key) {
            return self.embed(depth);
        }
        self.value(depth + 1)
    }

    fn names_embedded(&self, start: usize, key: usize) -> bool {
        let length = self.tape.tokens.get(key).map_or(0, |token| (token.end - token.start) as usize);
        let name = self.text.get(start + 1..(start + length).saturating_sub(1)).unwrap_or_default();
        self.embedded.iter().any(|embedded| embedded.as_bytes() == name)
    }

    /// A text that may be JSON itself: its value becomes part of the tape.
    fn embed(&mut self, depth: u32) -> Result<(), Fault> {
        let start = self.at;
        let kind = self.string()?;
        let index = self.push(start, kind);
        let raw = self.text.get(start + 1..self.at - 1).unwrap_or_default();
        let Ok(raw) = std::str::from_utf8(raw) else { return Ok(()) };
        let text = decode(raw);
        if !text.trim_start().starts_with(['{', '[']) {
            return Ok(());
        }
        let tokens = self.tape.tokens.len();
        let side = self.tape.side.len();
        self.tape.side.push_str(&text);
        let mut reader = Reader {
            text: text.as_bytes(),
            at: 0,
            base: side as u32,
            side: true,
            partial: false,
            cut: false,
            embedded: self.embedded,
            tape: self.tape,
        };
        reader.blanks();
        let read = reader.value(depth + 1);
        reader.blanks();
        let whole = read.is_ok() && reader.at == reader.text.len();
        if whole {
            let next = self.tape.tokens.len() as u32;
            if let Some(token) = self.tape.tokens.get_mut(index) {
                token.kind = Kind::Embedded;
                token.next = next;
            }
        } else {
            self.tape.tokens.truncate(tokens);
            self.tape.side.truncate(side);
        }
        Ok(())
    }

    fn open(&mut self, depth: u32, kind: Kind) -> Result<usize, Fault> {
        if depth >= DEEPEST {
            return Err(Fault::At(self.at, "nested more than 128 deep"));
        }
        let start = self.at;
        self.at += 1;
        Ok(self.push(start, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> Result<usize, Fault> {
        Tape::default().read(text.as_bytes(), &[])
    }

    #[test]
    fn values_are_taken_apart_and_texts_decoded() {
        let text = r#"{"a":[1,{"b":"x\n\ud83d\ude00\ud800y"},null],"c":-1.5e3,"\u0064":true} rest"#;
        let mut tape = Tape::default();
        assert_eq!(tape.read(text.as_bytes(), &[]), Ok(text.len() - 5));
        let root = tape.root(text);
        let list = root.member("a").expect("a").0;
        let b = list.elements().nth(1).and_then(|object| object.member("b")).expect("b").0;
        assert_eq!(b.scalar().as_deref(), Some("x\n😀\u{FFFD}y"));
        assert_eq!(root.member("c").and_then(|(node, _)| node.scalar()).as_deref(), Some("-1.5e3"));
        assert_eq!(root.member("d").and_then(|(node, _)| node.scalar()).as_deref(), Some("true"));
        assert_eq!(list.elements().count(), 3);
    }

    #[test]
    fn serde_json_and_we_agree_on_what_is_json() {
        for text in [
            "{}",
            "[]",
            "[1,2]",
            "{\"a\":}",
            "{\"a\" 1}",
            "[1 2]",
            "[01]",
            "[1.]",
            "[1e]",
            "[-]",
            "tru",
            "[true,]",
            "{,}",
            "\"a",
            "[\"\\x\"]",
            "[\"\\u12g4\"]",
            "{\"a\":1,}",
            "[nul]",
            "0",
            "-0.0",
            "[\"a\nb\"]",
            "{\"a\":1 \"b\":2}",
            "nulls",
        ] {
            let ours = length(text).is_ok_and(|length| length == text.len());
            assert_eq!(ours, serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(matches!(length(&deep), Err(Fault::At(..))));
    }

    #[test]
    fn a_text_that_holds_json_is_read_where_asked() {
        let text = r#"{"Message":"{\"mail\":{\"to\":[\"a\"]}}","other":"{}"}"#;
        let mut tape = Tape::default();
        tape.read(text.as_bytes(), &["Message".into()]).expect("JSON");
        let message = tape.root(text).member("Message").expect("there").0;
        let to = message.embedded().and_then(|node| node.member("mail")).and_then(|(mail, _)| mail.member("to"));
        assert_eq!(to.and_then(|(to, _)| to.elements().next()).and_then(|to| to.scalar()).as_deref(), Some("a"));
        assert_eq!(tape.root(text).member("other").expect("there").0.kind(), Kind::Text);
        // What only looks like JSON stays a text.
        let text = r#"{"Message":"{not json","x":1}"#;
        tape.read(text.as_bytes(), &["Message".into()]).expect("JSON");
        assert_eq!(tape.root(text).member("x").and_then(|(x, _)| x.scalar()).as_deref(), Some("1"));
    }

    #[test]
    fn the_beginning_of_a_value_shows_what_is_there() {
        let text = r#"{"page":1,"messages":[{"a":1},{"a":2,"b":"unfini"#;
        let mut tape = Tape::default();
        tape.read_beginning(text.as_bytes(), &[]).expect("a beginning");
        let messages = tape.root(text).member("messages").expect("there").0;
        assert_eq!(messages.elements().count(), 2);
        assert!(tape.read(text.as_bytes(), &[]) == Err(Fault::End));
    }
}
