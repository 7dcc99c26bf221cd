//! Normalised text: what stays of a text when spelling variants, links, numbers and emoji are taken away.
//! Two messages have the same text content when their normalised texts are equal, byte for byte.
//! Templates with slots are mined elsewhere; here is only what one text alone can tell.

use unicode_normalization::UnicodeNormalization;

/// Stands for a link.
const URL: &str = "<url>";
/// Stands for an e-mail address.
const EMAIL: &str = "<email>";
/// Stands for a number, with its separators.
const NUMBER: &str = "<n>";
/// Stands for emoji in a row.
const EMOJI: &str = "<emoji>";

/// Writes the normalised form of `text` into `normal`, which is emptied first.
///
/// Unicode NFKC, lower case, white space joined into single blanks; links, e-mail addresses, numbers and
/// emoji masked; direction marks, joiners and variation selectors dropped (docs/method.md, Content).
pub fn normalise(text: &str, normal: &mut String) {
    normal.clear();
    if text.is_ascii() {
        text.split_ascii_whitespace().for_each(|word| push_word(word, normal));
    } else if text.chars().all(is_composed) {
        text.split_whitespace().for_each(|word| push_word(word, normal));
    } else {
        let composed: String = text.nfkc().filter(|character| !is_invisible(*character)).collect();
        composed.split_whitespace().for_each(|word| push_word(word, normal));
    }
}

fn push_word(word: &str, normal: &mut String) {
    let before = normal.len();
    if before > 0 {
        normal.push(' ');
    }
    let body = normal.len();
    if is_url(word) {
        normal.push_str(URL);
    } else if is_email(word) {
        normal.push_str(EMAIL);
    } else {
        push_characters(word, normal);
    }
    if normal.len() == body {
        normal.truncate(before);
    }
}

fn push_characters(word: &str, normal: &mut String) {
    let mut characters = word.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        if character.is_ascii_digit() {
            // Separators between digits belong to the number: 1.234,50 and 18:30 are one mask each.
            while let Some((position, next)) = characters.peek().copied() {
                let inner = matches!(next, '.' | ',' | ':' | '/' | '-')
                    && word.get(position + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                if !next.is_ascii_digit() && !inner {
                    break;
                }
                characters.next();
            }
            normal.push_str(NUMBER);
        } else if character.is_ascii() {
            normal.push(character.to_ascii_lowercase());
        } else if is_emoji(character) {
            if start == 0 && normal.ends_with("<emoji> ") {
                normal.truncate(normal.len() - 1);
            } else if !normal.ends_with(EMOJI) {
                normal.push_str(EMOJI);
            }
        } else if character.is_numeric() {
            if !normal.ends_with(NUMBER) {
                normal.push_str(NUMBER);
            }
        } else if character == 'ß' {
            normal.push_str("ss");
        } else {
            normal.extend(character.to_lowercase());
        }
    }
}

fn is_url(word: &str) -> bool {
    let opens = |prefix: &str| word.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    opens("http://") || opens("https://") || opens("www.") || word.contains("://")
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.trim_end_matches(|c: char| !c.is_alphanumeric()).contains('.')
    })
}

/// Characters that NFKC leaves as they are wherever they stand beside each other: the letters of European languages
/// and the usual punctuation. Composing is twenty times the work of everything else here.
const fn is_composed(character: char) -> bool {
    matches!(character, '\0'..='\x7F'
        | '\u{C0}'..='\u{131}' | '\u{134}'..='\u{13E}' | '\u{141}'..='\u{148}' | '\u{14A}'..='\u{17E}'
        | '\u{A1}'..='\u{A7}' | '\u{AB}' | '\u{BB}' | '\u{BF}'
        | '\u{2012}'..='\u{2015}' | '\u{2018}'..='\u{201E}' | '\u{20AC}'
        | '\u{1F300}'..='\u{1F5FF}' | '\u{1F600}'..='\u{1F64F}')
}

/// Characters without a picture of their own: they differ between apps, not between texts.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{20E3}' | '\u{E0020}'..='\u{E007F}')
}

fn is_emoji(character: char) -> bool {
    matches!(character, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{2300}'..='\u{23FF}' | '\u{203C}' | '\u{2049}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        let mut normal = String::new();
        normalise(text, &mut normal);
        normal
    }

    #[test]
    fn variants_of_one_text_become_equal() {
        let wanted = "hallo <email> jetzt <n> eur sparen: <url>";
        assert_eq!(normal("Hallo  max@example.de\njetzt 19,90 EUR sparen: https://example.de/a?b=1"), wanted);
        assert_eq!(normal("HALLO eva@example.org jetzt 1.234,50 EUR\tsparen: www.example.de"), wanted);
    }

    #[test]
    fn emoji_in_a_row_are_one_mask_and_marks_vanish() {
        assert_eq!(normal("Neu 🎉🎉 ❤️!"), normal("neu 🎁 ❤!"));
        assert_eq!(normal("\u{200E}Straße"), "strasse");
        assert_eq!(normal("ﬁn ４２"), "fin <n>");
    }

    #[test]
    fn the_short_way_is_the_long_way() {
        for character in (0..=0x1_FFFF).filter_map(char::from_u32).filter(|character| is_composed(*character)) {
            for neighbour in ['a', 'ä', '\u{17E}', '\u{201C}', '\u{1F600}'] {
                let pair: String = [neighbour, character, neighbour].into_iter().collect();
                assert_eq!(pair.nfkc().collect::<String>(), pair, "U+{:04X}", character as u32);
                assert!(!is_invisible(character));
            }
        }
    }

    #[test]
    fn different_words_stay_different() {
        assert_ne!(normal("Ihr Termin am 4.10."), normal("Ihr Termin im 4.10."));
        assert_eq!(normal(""), "");
        assert_eq!(normal(" \u{200D} "), "");
    }
}
