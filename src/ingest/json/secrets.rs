//! Blots out the values of keys that hold secrets before a stretch of text is kept as an excerpt.
//! It works on bytes, so that text that is no JSON is covered as well. Which keys are secret is for formats to say.

use std::borrow::Cow;

/// Bytes of a record that can become an excerpt, with room.
const KEPT: usize = 512;

/// The beginning of a text with every value of a secret key blotted out.
#[must_use]
pub fn masked<'t>(text: &'t [u8], secrets: &[String]) -> Cow<'t, [u8]> {
    let head = text.get(..text.len().min(KEPT)).unwrap_or(text);
    let mut masked = Cow::Borrowed(head);
    for key in secrets.iter().filter(|key| !key.is_empty()) {
        for at in memchr::memmem::find_iter(head, key.as_bytes()) {
            if let Some((start, end)) = value_of(head, at, at + key.len()) {
                masked.to_mut().iter_mut().take(end).skip(start).for_each(|byte| *byte = b'*');
            }
        }
    }
    masked
}

/// Where the value of the key that stands at these bytes lies. The quotes may be escaped: JSON inside a text.
fn value_of(text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    if text.get(..start)?.last() != Some(&b'"') {
        return None;
    }
    let mut at = end;
    let skip = |at: &mut usize, of: &[u8]| {
        while text.get(*at).is_some_and(|byte| of.contains(byte)) {
            *at += 1;
        }
    };
    skip(&mut at, b"\\");
    if text.get(at) != Some(&b'"') {
        return None;
    }
    at += 1;
    skip(&mut at, b" \t\r\n");
    if text.get(at) != Some(&b':') {
        return None;
    }
    at += 1;
    skip(&mut at, b" \t\r\n");
    let opening = at;
    skip(&mut at, b"\\");
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    if text.get(at) == Some(&b'"') {
        let quote = text.get(opening..=at)?;
        let from = at + 1;
        let mut close = from;
        while let Some(found) = memchr::memmem::find(rest(close), quote) {
            close += found;
            // An escaped quote inside a text that is not itself escaped does not end it.
            if quote.len() > 1 || text.get(..close)?.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0 {
                return Some((from, close));
            }
            close += 1;
        }
        return Some((from, text.len()));
    }
    // Numbers, lists, objects: all up to the end of what is kept would be too little only by being too much.
    let length = rest(at).iter().position(|byte| matches!(byte, b',' | b'}' | b'\n')).unwrap_or(rest(at).len());
    let open = rest(at).first().is_some_and(|byte| matches!(byte, b'[' | b'{'));
    Some((at, if open { text.len() } else { at + length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blotted_out_wherever_they_stand() {
        let secrets = ["apikey".to_owned()];
        for (text, wanted) in [
            (r#"{"apikey":"abc","x":1}"#, r#"{"apikey":"***","x":1}"#),
            (r#"{"apikey" : "a\"bc","x":1}"#, r#"{"apikey" : "*****","x":1}"#),
            (r#"{"m":"{\"apikey\":\"abc\",\"x\":1}"}"#, r#"{"m":"{\"apikey\":\"***\",\"x\":1}"}"#),
            (r#"{"apikey":123,"x":1}"#, r#"{"apikey":***,"x":1}"#),
            (r#"{"apikey":"never closed"#, r#"{"apikey":"************"#),
            (r#"{"x":"apikey"}"#, r#"{"x":"apikey"}"#),
        ] {
            assert_eq!(String::from_utf8_lossy(&masked(text.as_bytes(), &secrets)), wanted);
        }
    }
}
