//! A reading position in one line of a chat export that sees through direction marks and scripts.
//! Here: marks, spaces, digits of all scripts, numbers, and words whose letters may stand apart.
//! Not here: what the numbers and words of a timestamp mean (`stamp`).

/// Direction and order marks, which carry no text.
pub(super) const fn is_mark(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The spaces that exports put where others put a plain one.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{00A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '\u{3000}')
}

/// The value of a decimal digit in the scripts that phones write dates in.
#[inline]
pub(super) fn digit(c: char) -> Option<u16> {
    const ZEROS: [u32; 12] =
        [0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0AE6, 0x0BE6, 0x0C66, 0x0E50, 0x1040, 0x17E0, 0xFF10];
    if c.is_ascii() {
        return c.to_digit(10).and_then(|d| u16::try_from(d).ok());
    }
    ZEROS.iter().find_map(|&zero| {
        let value = u32::from(c).checked_sub(zero)?;
        if value < 10 { u16::try_from(value).ok() } else { None }
    })
}

/// A reading position in one line. Marks are never seen: they may stand anywhere.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    pub at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    /// The next character that is not a mark; the marks before it are left behind.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<char> {
        loop {
            let byte = *self.line.as_bytes().get(self.at)?;
            if byte.is_ascii() {
                return Some(char::from(byte));
            }
            let c = self.line.get(self.at..)?.chars().next()?;
            if !is_mark(c) {
                return Some(c);
            }
            self.at += c.len_utf8();
        }
    }

    #[inline]
    pub(super) fn step(&mut self) {
        if let Some(c) = self.peek() {
            self.at += c.len_utf8();
        }
    }

    #[inline]
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.step();
        }
        found
    }

    /// Passes spaces; true if there was one.
    #[inline]
    pub(super) fn spaces(&mut self) -> bool {
        let mut any = false;
        while self.peek().is_some_and(is_space) {
            self.step();
            any = true;
        }
        any
    }

    /// A number of at most four digits, with the count of its digits.
    #[inline]
    pub(super) fn number(&mut self) -> Option<(u16, u8)> {
        let (mut value, mut count) = (0_u16, 0_u8);
        while let Some(d) = self.peek().and_then(digit) {
            if count == 4 {
                return None;
            }
            value = value * 10 + d;
            count += 1;
            self.step();
        }
        if count == 0 { None } else { Some((value, count)) }
    }

    pub(super) fn two_digits(&mut self) -> Option<u8> {
        match self.number()? {
            (value, 2) => u8::try_from(value).ok(),
            _ => None,
        }
    }

    /// Passes `word`, whose letters may be set apart by dots and spaces (`p. m.` for `pm`). It must end where a word ends.
    pub(super) fn word(&mut self, word: &[char]) -> bool {
        let mut probe = *self;
        for (i, &wanted) in word.iter().enumerate() {
            while i > 0 && probe.peek().is_some_and(|c| c == '.' || is_space(c)) {
                probe.step();
            }
            if probe.peek().is_none_or(|c| lower(c) != wanted) {
                return false;
            }
            probe.step();
        }
        probe.eat('.');
        if probe.peek().is_some_and(char::is_alphabetic) {
            return false;
        }
        *self = probe;
        true
    }

    pub(super) fn any_word(&mut self, words: &[Vec<char>]) -> bool {
        words.iter().any(|w| self.word(w))
    }

    /// True where a word and not a number goes on; the cheap test before any list of words is tried.
    #[inline]
    pub(super) fn at_letter(&mut self) -> bool {
        self.peek().is_some_and(|c| !c.is_ascii_punctuation() && !is_space(c) && digit(c).is_none())
    }
}

/// The lower-case form of a letter, first character only: enough to compare short words.
#[inline]
pub(super) fn lower(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}
