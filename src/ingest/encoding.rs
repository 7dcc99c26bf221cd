//! Which encoding a text has that is not UTF-8: found from its bytes, with the old Macintosh one told from Windows-1252.
//! A guess by its nature; the account of the file says so.
//! UTF-16 is recognised where files are opened.

use std::borrow::Cow;

use encoding_rs::{Encoding, MACINTOSH};

/// Bytes as text; those that are no UTF-8 are read in the file's own encoding.
pub fn decode<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> Cow<'b, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding.decode_without_bom_handling(bytes).0,
    }
}

/// The encoding of a sample that is not valid UTF-8.
#[must_use]
pub fn detect(sample: &[u8]) -> &'static Encoding {
    if is_macintosh(sample) {
        return MACINTOSH;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// Old Macintosh files have their accented letters where Windows-1252 has signs that hardly ever stand in words, and few
/// where Windows-1252 has its letters.
fn is_macintosh(sample: &[u8]) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    let (mut mac, mut windows) = (0_usize, 0_usize);
    for (at, byte) in sample.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
        let before = at.checked_sub(1).and_then(|at| sample.get(at));
        let (before, after) = (is_letter(before), is_letter(sample.get(at + 1)));
        match byte {
            _ if !before && !after => {}
            0x80 | 0x81 | 0x83 | 0x86..=0x8A | 0x8C..=0x90 | 0x98..=0x9A | 0x9C..=0x9F => mac += 1,
            // Capitals and signs of the Macintosh lie here too, but not amid words.
            0xC0..=0xFF if before && after => windows += 1,
            _ => {}
        }
    }
    mac > windows * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_macintosh_files_are_told_from_windows() {
        let text = "Empf\u{e4}nger;\u{dc}bersicht;Gr\u{fc}\u{df}e;d\u{e9}j\u{e0}";
        let encode = |encoding: &'static Encoding| -> Vec<u8> {
            (0..=255_u8)
                .map(|byte| (byte, encoding.decode_without_bom_handling(&[byte]).0.into_owned()))
                .fold(text.chars().map(|c| (c, 0_u8)).collect::<Vec<_>>(), |mut all, (byte, shown)| {
                    all.iter_mut().filter(|(c, _)| shown == c.to_string()).for_each(|(_, slot)| *slot = byte);
                    all
                })
                .into_iter()
                .map(|(_, byte)| byte)
                .collect()
        };
        assert_eq!(detect(&encode(MACINTOSH)), MACINTOSH);
        assert_eq!(detect(&encode(encoding_rs::WINDOWS_1252)), encoding_rs::WINDOWS_1252);
    }
}
