//! Small forms: amounts of money, lengths of time, strings of style sheets, hashes for the page's policy.
//! Each is a function of its value and the language alone.
//! Times of day are in `clock`.

use minijinja::{Error, Value};

use crate::case::Language;
use crate::report::base64::encode;
use crate::report::charts::{number, show_deceptive};
use crate::report::words::Words;

/// An amount of money as people of a language write it; what is no plain number stays as it is.
pub fn amount(text: &str, language: Language) -> String {
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    match whole.parse() {
        Ok(whole) if parts.is_empty() => number(whole, language),
        Ok(whole) if parts.bytes().all(|digit| digit.is_ascii_digit()) => {
            let point = if language == Language::De { ',' } else { '.' };
            format!("{}{point}{parts}", number(whole, language))
        }
        _ => text.to_owned(),
    }
}

/// A length of time: whole in its largest unit, or in its two largest ones.
pub fn span(milliseconds: u64, words: &Words) -> Result<String, Error> {
    const UNITS: [(u64, &str); 3] = [(3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    const DAY: u64 = 86_400_000;
    if milliseconds >= 2 * DAY {
        let (days, hours) = (milliseconds / DAY, milliseconds % DAY / 3_600_000);
        let rest = if hours > 0 { format!(" {hours} h") } else { String::new() };
        return Ok(format!("{}{rest}", words.counted("day", days)?));
    }
    let fits = UNITS.into_iter().enumerate().find(|(_, (unit, _))| milliseconds >= *unit);
    let Some((index, (unit, name))) = fits else { return Ok(format!("{milliseconds} ms")) };
    let (count, rest) = (milliseconds / unit, milliseconds % unit);
    let next = UNITS.get(index + 1).copied().unwrap_or((1, "ms"));
    Ok(if rest / next.0 == 0 {
        format!("{count} {name}")
    } else {
        format!("{count} {name} {} {}", rest / next.0, next.1)
    })
}

/// Text as a string of a style sheet, in which only letters and digits stand for themselves.
pub fn css_string(text: &str) -> Value {
    let mut quoted = String::from("\"");
    for character in show_deceptive(text).chars() {
        if character.is_ascii_alphanumeric() {
            quoted.push(character);
        } else {
            quoted.push_str(&format!("\\{:06x}", u32::from(character)));
        }
    }
    quoted.push('"');
    Value::from_safe_string(quoted)
}

/// Bytes as base64, which holds nothing that a page would have to escape.
pub fn base64(bytes: &[u8]) -> Value {
    Value::from_safe_string(encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let words = crate::report::html::phrases::load(Language::De).expect("words");
        let text = |milliseconds| span(milliseconds, &words).expect("a form");
        assert_eq!(
            [15_000, 600_000, 86_400_000, 1_500, 0, 61_000].map(text),
            ["15 s", "10 min", "24 h", "1 s 500 ms", "0 ms", "1 min 1 s"]
        );
        assert_eq!([1_586_220_000, 172_800_000, 90_000_000].map(text), ["18 Tage 8 h", "2 Tage", "25 h"]);
    }

    #[test]
    fn amounts_strings_and_hashes() {
        assert_eq!(
            ["1234.50", "250000", "x", "1.a"].map(|text| amount(text, Language::De)),
            ["1.234,50", "250.000", "x", "1.a"]
        );
        assert_eq!(amount("1234.50", Language::En), "1,234.50");
        assert_eq!(css_string("a b\"</style>").to_string(), "\"a\\000020b\\000022\\00003c\\00002fstyle\\00003e\"");
        assert_eq!(
            ["", "f", "fo", "foo"].map(|text| base64(text.as_bytes()).to_string()),
            ["", "Zg==", "Zm8=", "Zm9v"]
        );
    }
}
