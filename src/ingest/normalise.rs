//! Normalised text: what stays of a text when spelling variants, links, numbers, codes and emoji are taken away.
//! Two messages have the same text content when their normalised texts are equal, byte for byte.
//! Templates with slots are mined elsewhere (`detect/mining`); here is only what one text alone can tell.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::Xxh3;

/// Stands for a link.
const URL: &str = "<url>";
/// Stands for an e-mail address.
const EMAIL: &str = "<email>";
/// Stands for a number, with its separators.
const NUMBER: &str = "<n>";
/// Stands for a date in digits.
const DATE: &str = "<date>";
/// Stands for a time of the day.
const TIME: &str = "<time>";
/// Stands for a mixture of letters and digits: a coupon, an order, a booking.
const CODE: &str = "<code>";
/// Stands for emoji in a row.
const EMOJI: &str = "<emoji>";

/// Writes the normalised form of `text` into `normal`, which is emptied first.
///
/// Unicode NFKC, lower case, white space joined into single blanks; links, e-mail addresses, dates, times, codes,
/// numbers and emoji masked; direction marks, joiners, soft hyphens and variation selectors dropped; letters of other
/// scripts that look like Latin ones read as Latin where the text is Latin (docs/method.md, Content).
pub fn normalise(text: &str, normal: &mut String) {
    normal.clear();
    let plain = plain(text);
    if plain.is_ascii() {
        plain.split_ascii_whitespace().for_each(|word| push_word(word, normal));
    } else {
        plain.split_whitespace().for_each(|word| push_word(word, normal));
    }
}

/// The text in its Unicode normal form, without what nobody sees, every letter in the script it pretends to be.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(is_composed) {
        return Cow::Borrowed(text);
    }
    let mut composed: String =
        text.nfkc().filter(|character| !is_invisible(*character) && !is_loose_mark(*character)).collect();
    if composed.chars().any(is_other_script) {
        composed = without_look_alikes(&composed);
    }
    Cow::Owned(composed)
}

/// Each word as written, beside its normalised form; words of which nothing stays are left out.
pub fn words_of(text: &str, mut each: impl FnMut(&str, &str)) {
    let mut normal = String::new();
    let plain = plain(text);
    let mut see = |word| {
        normal.clear();
        push_word(word, &mut normal);
        if !normal.is_empty() {
            each(word, &normal);
        }
    };
    // The vertical tab is the one blank of ASCII that the quicker splitting does not know.
    if plain.is_ascii() && !plain.as_bytes().contains(&0x0B) {
        plain.split_ascii_whitespace().for_each(see);
    } else {
        plain.split_whitespace().for_each(&mut see);
    }
}

/// Hash of what the masks of links, dates, times, codes and numbers hide, 0 where there is none: messages of one
/// content with different values were filled in for each recipient.
#[must_use]
pub fn values(text: &str) -> u32 {
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b':') {
        return 0;
    }
    let mut hasher = Xxh3::new();
    let mut any = false;
    for word in text.split_whitespace() {
        if word.bytes().any(|byte| byte.is_ascii_digit()) || is_url(word) {
            any = true;
            hasher.update(word.trim_matches(|character: char| !character.is_alphanumeric()).as_bytes());
            hasher.update(b" ");
        }
    }
    if any { (hasher.digest() as u32).max(1) } else { 0 }
}

/// Whether a word is only small and capital letters and marks of which no link, address, date, time, code or number is
/// made: nearly every word is, and of such a word nothing changes but the case.
fn is_ordinary(word: &str) -> bool {
    let opens_link = matches!(word.as_bytes(), [b'w' | b'W', b'w' | b'W', ..]);
    !opens_link && word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_digit() && byte != b':' && byte != b'@')
}

fn push_word(word: &str, normal: &mut String) {
    if is_ordinary(word) {
        if !normal.is_empty() {
            normal.push(' ');
        }
        let body = normal.len();
        normal.push_str(word);
        if let Some(body) = normal.get_mut(body..) {
            body.make_ascii_lowercase();
        }
    } else {
        push_rare_word(word, normal);
    }
}

fn push_rare_word(word: &str, normal: &mut String) {
    let before = normal.len();
    if before > 0 {
        normal.push(' ');
    }
    let body = normal.len();
    if is_url(word) {
        normal.push_str(URL);
    } else if is_email(word) {
        normal.push_str(EMAIL);
    } else if let Some((lead, mask, trail)) = masked(word) {
        push_characters(lead, normal);
        normal.push_str(mask);
        push_characters(trail, normal);
    } else {
        push_characters(word, normal);
    }
    if normal.len() == body {
        normal.truncate(before);
    }
}

/// A word that is a date, a time or a code: what stands before it, its mask, what stands behind it.
fn masked(word: &str) -> Option<(&str, &'static str, &str)> {
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let inner = |character: char| character.is_ascii_alphanumeric();
    let start = word.find(inner)?;
    let end = word.rfind(inner)? + 1;
    let (lead, rest) = word.split_at_checked(start)?;
    let (body, trail) = rest.split_at_checked(end.checked_sub(start)?)?;
    let mask = if is_time(body) {
        TIME
    } else if is_date(body, trail) {
        DATE
    } else if is_code(body) {
        CODE
    } else {
        return None;
    };
    Some((lead, mask, trail))
}

/// `18:30`, `7:05:59`, `18h30`, `7pm`.
fn is_time(body: &str) -> bool {
    let lower = body.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    if lower.len() < body.len() {
        let suffix = body.get(lower.len()..).unwrap_or("");
        if !suffix.eq_ignore_ascii_case("am") && !suffix.eq_ignore_ascii_case("pm") && suffix != "h" {
            return false;
        }
        if is_below(lower, 24) {
            return true;
        }
    }
    let mut parts = lower.split([':', 'h']);
    let hours = parts.next().is_some_and(|hours| is_below(hours, 25));
    let mut rest = 0;
    hours
        && parts.all(|part| {
            rest += 1;
            part.len() == 2 && is_below(part, 60)
        })
        && (1..=2).contains(&rest)
}

fn is_below(digits: &str, limit: u32) -> bool {
    (1..=2).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.parse::<u32>().is_ok_and(|value| value < limit)
}

/// `2024-05-01`, `1.5.2024`, `01/05/24`, `1.5.` with its last full stop.
fn is_date(body: &str, trail: &str) -> bool {
    for separator in ['.', '/', '-'] {
        if !body.contains(separator) {
            continue;
        }
        let mut parts = body.split(separator);
        let (first, second, third) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next());
        if parts.next().is_some() {
            return false;
        }
        let is_year = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && matches!(part.len(), 2 | 4);
        return match third {
            Some(third) if first.len() == 4 => is_year(first) && is_below(second, 13) && is_below(third, 32),
            Some(third) => is_below(first, 32) && is_below(second, 32) && is_year(third),
            None => separator == '.' && trail.starts_with('.') && is_below(first, 32) && is_below(second, 13),
        };
    }
    false
}

/// Letters and digits in one word, as nobody writes them by hand: `AB12CD`, `X7-K9Q2`, `9f86d081`. Not `10uhr`,
/// `iphone15`: one kind after the other, in lower case.
fn is_code(body: &str) -> bool {
    let mut kinds = (0, 0, 0, 0);
    let mut last = None;
    for byte in body.bytes() {
        let digit = match byte {
            b'0'..=b'9' => true,
            b'a'..=b'z' | b'A'..=b'Z' => false,
            b'-' | b'_' => continue,
            _ => return false,
        };
        kinds.0 += u32::from(digit);
        kinds.1 += u32::from(byte.is_ascii_lowercase());
        kinds.2 += u32::from(byte.is_ascii_uppercase());
        kinds.3 += u32::from(last.is_some_and(|last| last != digit));
        last = Some(digit);
    }
    let (digits, lower, upper, changes) = kinds;
    if digits == 0 || lower + upper < 2 || digits + lower + upper < 5 {
        return false;
    }
    let unit = changes == 1 && body.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    (lower == 0 && !unit) || changes >= 3 || (digits >= 4 && digits + lower + upper >= 10)
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
    matches!(character, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{20E3}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Accents that no letter took: written over Latin text to hide it.
fn is_loose_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36F}')
}

fn is_other_script(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{3FF}' | '\u{400}'..='\u{52F}' | '\u{251}' | '\u{261}' | '\u{13A0}'..='\u{13F5}')
}

/// Reads look-alikes as Latin in a text that is mostly Latin, and in words that mix scripts.
fn without_look_alikes(text: &str) -> String {
    let is_latin = |character: char| character.is_ascii_alphabetic() || matches!(character, '\u{C0}'..='\u{24F}');
    let latin = text.chars().filter(|character| is_latin(*character)).count();
    let other = text.chars().filter(|character| is_other_script(*character)).count();
    let mut folded = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        if latin >= other || word.chars().any(is_latin) {
            folded.extend(word.chars().map(latin_twin));
        } else {
            folded.push_str(word);
        }
    }
    folded
}

/// The Latin letter that a Cyrillic, Greek or phonetic one looks like; other characters stay.
const fn latin_twin(character: char) -> char {
    match character {
        'а' | 'α' | 'ɑ' => 'a',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'с' | 'ϲ' => 'c',
        'С' | 'Ϲ' => 'C',
        'ԁ' => 'd',
        'е' | 'ё' => 'e',
        'Е' | 'Ε' | 'Ё' => 'E',
        'ɡ' => 'g',
        'һ' => 'h',
        'Н' | 'Η' => 'H',
        'і' | 'ι' | 'ї' => 'i',
        'І' | 'Ι' | 'Ї' => 'I',
        'ј' => 'j',
        'Ј' => 'J',
        'к' | 'κ' => 'k',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'о' | 'ο' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ԛ' => 'q',
        'ѕ' => 's',
        'Ѕ' => 'S',
        'т' | 'τ' => 't',
        'Т' | 'Τ' => 'T',
        'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'у' => 'y',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        other => other,
    }
}

fn is_emoji(character: char) -> bool {
    matches!(character, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{2300}'..='\u{23FF}' | '\u{203C}' | '\u{2049}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn dates_times_and_codes_are_masked() {
        for (text, wanted) in [
            ("am 4.10. um 18:30 Uhr", "am <date>. um <time> uhr"),
            ("on 2024-05-01, 7pm", "on <date>, <time>"),
            ("bis 31/12/24!", "bis <date>!"),
            ("Code: AB12-CD34.", "code: <code>."),
            ("#9f86d081 und B2B", "#<code> und b<n>b"),
            ("10Uhr, 20%, iPhone15, 1.234.567", "<n>uhr, <n>%, iphone<n>, <n>"),
            ("19.90 EUR, 12.5 km", "<n> eur, <n> km"),
        ] {
            assert_eq!(normal(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_nobody_sees_does_not_count() {
        let wanted = "ihre bank hat eine neue app";
        assert_eq!(normal("Ihrе Bаnk hаt einе nеuе Арp"), wanted);
        assert_eq!(normal("I\u{200B}hre Ba\u{AD}nk ha\u{2060}t eine ne\u{34F}ue App"), wanted);
        assert_eq!(normal("Ih\u{335}re Ba\u{336}nk hat eine neue App"), wanted);
        assert_eq!(normal("Привет, как дела?"), "привет, как дела?");
    }

    #[test]
    fn values_tell_messages_apart_that_masks_make_equal() {
        assert_eq!(values("Ihr Code lautet: eins"), 0);
        assert_ne!(values("Ihr Code lautet 123456"), values("Ihr Code lautet 654321"));
        assert_eq!(values("20 % auf alles, Anna"), values("20 % auf alles, Ben"));
        assert_ne!(values("siehe https://s.example/abc"), values("siehe https://s.example/abd"));
    }

    proptest! {
        #[test]
        fn ordinary_words_go_the_same_way(words in proptest::collection::vec("[a-zA-Z0-9:@./?!'()\\-wWäß🎉]{1,9}", 1..6)) {
            let (mut short, mut long) = (String::new(), String::new());
            for word in &words {
                push_word(word, &mut short);
                push_rare_word(word, &mut long);
            }
            prop_assert_eq!(short, long);
        }
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
