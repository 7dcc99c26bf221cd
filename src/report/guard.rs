//! Keeps spreadsheets from taking a text for a formula: such a text is written with one apostrophe more in front.
//! The rule can be undone without loss: an apostrophe goes when what follows it would be guarded.
//! Which columns hold texts is not known here, and workbooks need no guard: their cells are typed.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// How strict a guard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Telephone numbers and negative numbers stay as they are: a spreadsheet may read them as numbers, not as formulas.
    Formulas,
    /// They are guarded too, and so are digits that a spreadsheet would round or shorten.
    AllButWords,
}

/// Digits from which on a spreadsheet shows a number in powers of ten.
const LONG: usize = 12;

impl Guard {
    /// The text as it is written.
    #[must_use]
    pub fn apply(self, text: &str) -> Cow<'_, str> {
        if self.wants(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
    }

    fn wants(self, text: &str) -> bool {
        match self {
            Self::Formulas => begins_formula(text) && !is_address(text),
            Self::AllButWords => begins_formula(text) || is_fragile_number(text),
        }
    }
}

/// Whether the first sign that counts is one that makes a formula. White space, quotes, controls and marks without
/// width before it are looked through, for one program or another drops them.
fn begins_formula(text: &str) -> bool {
    for character in text.chars() {
        // Full-width and small forms are what they look like.
        if character.nfkc().next().is_some_and(|plain| matches!(plain, '=' | '+' | '-' | '@')) {
            return true;
        }
        match character {
            '\t' | '\r' | '\n' | '\0' => return true,
            '"' | '\'' | '`' | '´' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' => {}
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {}
            _ if character.is_whitespace() || character.is_control() => {}
            _ => return false,
        }
    }
    false
}

/// Telephone numbers with calling codes, joined by a blank where there are several, and negative whole numbers.
fn is_address(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('-').is_some_and(digits)
        || text.split(' ').all(|part| part.strip_prefix('+').is_some_and(|rest| rest.len() > 4 && digits(rest)))
}

/// Digits that would not come back as they were: leading zeros, and long ones.
fn is_fragile_number(text: &str) -> bool {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte));
    // 12E5 is a number to a spreadsheet, and may be a part of an id.
    let power = text.split_once(['e', 'E']).is_some_and(|(one, other)| {
        [one, other].into_iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    power || number && (text.len() >= LONG || text.len() > 1 && text.starts_with('0'))
}

/// Texts that spreadsheets have been known to take for formulas, and what stays beside them; for tests of every output.
#[cfg(test)]
pub fn corpus() -> Vec<String> {
    let formulas = ["=1+1", "+1+1", "-1+1", "@SUM(1;1)", "=cmd|'/c calc'!A0", "=HYPERLINK(\"http://x.example\";\"x\")"];
    let wide = ["＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "﹦1", "﹢1+2"];
    let before = [
        "",
        "\t",
        "\r",
        "\n",
        "\r\n",
        "\0",
        "\"",
        "'",
        "\u{feff}",
        " ",
        "\u{a0}",
        "\u{200b}",
        "\u{feff}\" ",
        "„",
        "''",
    ];
    let texts = formulas.into_iter().chain(wide);
    texts.flat_map(|text| before.into_iter().map(move |prefix| format!("{prefix}{text}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(written: &str, guard: Guard) -> &str {
        written.strip_prefix('\'').filter(|rest| guard.wants(rest)).unwrap_or(written)
    }

    #[test]
    fn every_formula_is_guarded_and_comes_back() {
        for guard in [Guard::Formulas, Guard::AllButWords] {
            for text in corpus() {
                let written = guard.apply(&text);
                assert!(written.starts_with('\''), "{text:?}");
                assert_eq!(undone(&written, guard), text);
            }
            for text in ["", "Hallo", "'s Gravenhage", "\"Nicht wir\"", "a=b", "2 + 2", "F-0123456789", "wamid.HB"] {
                assert_eq!(guard.apply(text), text);
                assert_eq!(undone(text, guard), text);
            }
        }
    }

    #[test]
    fn numbers_that_are_no_formulas_stay_exact_and_are_text_for_spreadsheets() {
        for text in ["+4915112345678", "+4915112345678 +4915112345679", "-1001234567890"] {
            assert_eq!(Guard::Formulas.apply(text), text);
            assert_eq!(Guard::AllButWords.apply(text), format!("'{text}"));
        }
        for text in ["+1+1", "+49151 =1", "-1-1", "+", "-", "+12"] {
            assert!(Guard::Formulas.apply(text).starts_with('\''), "{text}");
        }
        for (text, guarded) in [("007", true), ("123456789012", true), ("0", false), ("12345", false), ("12E5", true)] {
            assert_eq!(Guard::AllButWords.apply(text).starts_with('\''), guarded, "{text}");
        }
    }
}
