//! Reads JSON forward, each byte once and without allocating: keys, texts, and passing over what nobody asks for.
//! It takes only what is written in the usual way; `None` everywhere means "read this by the general way instead".
//! What it takes is valid JSON in every byte it has passed, except that texts may not be UTF-8.

/// How deep a value that is passed over may be nested.
const DEEPEST: u32 = 48;
/// Digits of a whole number that certainly fits 64 bits.
const SAFE_DIGITS: usize = 19;

/// Where a text stands, without its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Whether there are escapes in it; each is one that JSON knows, and no half of a surrogate pair is alone.
    pub escaped: bool,
}

impl Span {
    fn new(start: usize, end: usize, escaped: bool) -> Self {
        Self { start: start as u32, end: end as u32, escaped }
    }
}

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Whether a line end was passed.
    lines: bool,
}

/// An object or list whose opening sign is passed.
#[derive(Clone, Copy, Debug)]
pub struct Inside {
    /// Whether nothing of it has been read.
    fresh: bool,
}

impl<'b> Cursor<'b> {
    /// At the first byte.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, lines: false }
    }

    /// How many bytes are passed.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether a line end was passed.
    #[must_use]
    pub fn lines(&self) -> bool {
        self.lines
    }

    /// The byte that comes next.
    #[must_use]
    #[inline(always)]
    pub fn next(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    fn blanks(&mut self) {
        while let Some(byte @ (b' ' | b'\n' | b'\t' | b'\r')) = self.next() {
            self.at += 1;
            self.lines |= byte == b'\n';
        }
    }

    #[inline(always)]
    fn pass(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    /// Enters an object.
    #[inline(always)]
    pub fn object(&mut self) -> Option<Inside> {
        self.pass(b'{')?;
        Some(Inside { fresh: true })
    }

    /// Enters a list.
    #[inline(always)]
    pub fn list(&mut self) -> Option<Inside> {
        self.pass(b'[')?;
        Some(Inside { fresh: true })
    }

    /// The next key of an object, without escapes; its value comes next. `Some(None)` at the object's end, which is passed.
    #[inline(always)]
    pub fn key(&mut self, inside: &mut Inside) -> Option<Option<&'b [u8]>> {
        if !self.more(inside, b'}')? {
            return Some(None);
        }
        let key = self.text()?;
        if key.escaped {
            return None;
        }
        self.blanks();
        self.pass(b':')?;
        self.blanks();
        Some(Some(self.bytes.get(key.start as usize..key.end as usize)?))
    }

    /// Whether another element of a list comes next; if not, the list's end is passed.
    #[inline(always)]
    pub fn element(&mut self, inside: &mut Inside) -> Option<bool> {
        self.more(inside, b']')
    }

    #[inline(always)]
    fn more(&mut self, inside: &mut Inside, end: u8) -> Option<bool> {
        self.blanks();
        let next = self.next()?;
        if next == end {
            self.at += 1;
            return Some(false);
        }
        if !std::mem::replace(&mut inside.fresh, false) {
            self.pass(b',')?;
            self.blanks();
        }
        Some(true)
    }

    /// A text.
    #[inline(always)]
    pub fn text(&mut self) -> Option<Span> {
        self.pass(b'"')?;
        let start = self.at;
        let end = plain_end(self.bytes, start)?;
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Some(Span::new(start, end, false));
        }
        self.at = end;
        self.escapes()?;
        Some(Span::new(start, self.at - 1, true))
    }

    /// The rest of a text from its first escape on, with its closing quote.
    #[cold]
    fn escapes(&mut self) -> Option<()> {
        loop {
            match self.next()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => match self.bytes.get(self.at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
                    b'u' => {
                        let unit = self.unit()?;
                        self.at += 6;
                        match unit {
                            0xD800..0xDC00 if self.next() == Some(b'\\') => {
                                let low = self.unit().filter(|low| (0xDC00..0xE000).contains(low));
                                low.map(|_| self.at += 6)?;
                            }
                            0xD800..0xE000 => return None,
                            _ => {}
                        }
                    }
                    _ => return None,
                },
                // A line end or another control character.
                _ => return None,
            }
            self.at = plain_end(self.bytes, self.at)?;
        }
    }

    /// The number of the `\uXXXX` that comes next.
    fn unit(&self) -> Option<u16> {
        let escape = self.bytes.get(self.at..self.at + 6)?.strip_prefix(b"\\u")?;
        escape.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
    }

    /// A text, a whole number as it is written, or `null` as the empty text.
    #[inline(always)]
    pub fn plain(&mut self) -> Option<Span> {
        match self.next()? {
            b'"' => self.text(),
            b'n' => {
                self.word(b"null")?;
                Some(Span::default())
            }
            first @ b'0'..=b'9' => {
                let start = self.at;
                let length = self.digits();
                let written = length <= SAFE_DIGITS && (first != b'0' || length == 1);
                (written && self.at_value_end()).then(|| Span::new(start, self.at, false))
            }
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn truth(&mut self) -> Option<bool> {
        let truth = self.next()? == b't';
        self.word(if truth { b"true" } else { b"false" })?;
        Some(truth)
    }

    /// Passes a word, if it comes next.
    pub fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes.get(self.at..)?.starts_with(word).then(|| self.at += word.len())?;
        self.at_value_end().then_some(())
    }

    fn at_value_end(&self) -> bool {
        matches!(self.next(), Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r'))
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.next() {
            self.at += 1;
        }
        self.at - from
    }

    /// Passes over a value.
    #[inline(always)]
    pub fn skip(&mut self) -> Option<()> {
        if self.next()? == b'"' { self.text().map(|_| ()) } else { self.skip_other(0) }
    }

    fn skip_other(&mut self, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.next()? {
            b'"' => self.text().map(|_| ()),
            b'{' => {
                let mut object = self.object()?;
                while self.more(&mut object, b'}')? {
                    self.text()?;
                    self.blanks();
                    self.pass(b':')?;
                    self.blanks();
                    self.skip_other(depth + 1)?;
                }
                Some(())
            }
            b'[' => {
                let mut list = self.list()?;
                while self.element(&mut list)? {
                    self.skip_other(depth + 1)?;
                }
                Some(())
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Option<()> {
        if self.next()? == b'-' {
            self.at += 1;
        }
        let zero = self.next()? == b'0';
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return None;
        }
        if self.next()? == b'.' {
            self.at += 1;
            (self.digits() > 0).then_some(())?;
        }
        if let b'e' | b'E' = self.next()? {
            self.at += 1;
            if let b'+' | b'-' = self.next()? {
                self.at += 1;
            }
            (self.digits() > 0).then_some(())?;
        }
        self.at_value_end().then_some(())
    }
}

/// Where a text's plain part ends: at the first quote, escape or control character from `at` on.
#[inline(always)]
fn plain_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).map(|found| at + found)
}

/// The high bit of each byte that ends a text's plain part. Of those set only the lowest is certain: a borrow may run
/// on from there.
#[inline(always)]
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero_in(word ^ (ONES * b'"' as u64));
    let escape = zero_in(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | escape | control) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader of everything says: whether the first value is one that is followed by the end of a list.
    fn is_value(text: &str) -> bool {
        serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
    }

    fn skipped(text: &str) -> Option<usize> {
        let closed = format!("{text}]");
        let mut cursor = Cursor::new(closed.as_bytes());
        cursor.skip()?;
        Some(cursor.at())
    }

    #[test]
    fn usual_values_are_passed_over_whole() {
        let values = [
            "1",
            "0",
            "-0",
            "-12.50e+7",
            "\"\"",
            "\"a\"",
            "true",
            "null",
            "[]",
            "{}",
            "[ 1 , [2,{}] ]",
            "{ \"a\" : {\"b\":[false]} , \"c\\n\":\"\\u00e4\\ud83d\\ude00\\/\" }",
            "\"ä€😀, and more than eight bytes\"",
        ];
        for value in values {
            assert_eq!(skipped(value), Some(value.len()), "{value}");
        }
        let refused = [
            "01",
            "-",
            "1.",
            "1e",
            "+1",
            "tru",
            "nul",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"a\nb\"",
            "[1,]",
            "{,}",
            "{\"a\"}",
            "[1 2]",
            "\"open",
            "nullx",
        ];
        for value in refused {
            assert_eq!(skipped(value), None, "{value}");
        }
        assert_eq!(skipped(&"[".repeat(60)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn what_is_passed_over_is_json(text in "([\\[\\]{},:]|\"[a\\\\nu\"]{0,3}\"|-?[0-9.eE+]{1,3}|true|null| |\\\\u00e4|\"[^\"]{0,12}\"){1,8}") {
            if let Some(length) = skipped(&text) && length <= text.len() {
                prop_assert!(is_value(&text[..length]), "{}", &text[..length]);
            }
        }

        #[test]
        fn a_text_ends_where_its_bytes_say(text in "[a-zä\"\\\\\n\u{1}\u{7f}]{0,40}", from in 0_usize..9) {
            let bytes = text.as_bytes();
            let from = from.min(bytes.len());
            let wanted = bytes[from..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).map(|at| at + from);
            prop_assert_eq!(plain_end(bytes, from), wanted);
        }
    }
}
