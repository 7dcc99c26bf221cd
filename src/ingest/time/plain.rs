//! Takes the wrapping off a field and brings it into plain ASCII: quotes, spreadsheet guards, foreign digits,
//! odd blanks, accents, and the signs for the two halves of the day.
//! What the characters mean as a time is not decided here.

use super::TimeError;
use super::eras;

/// Longest field that is read, in bytes. The longest known stamp, JavaScript's, has about 70.
pub(super) const LONGEST: usize = 120;

/// Zeros of the decimal digits that are read: Arabic-Indic, its Persian form, Devanagari, Bengali, Thai, full width.
const ZEROS: [u32; 6] = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0xff10];

/// Words for the halves of the day that are not written in Latin letters.
const HALVES: [(&str, &[u8]); 8] = [
    ("上午", b" am "),
    ("下午", b" pm "),
    ("午前", b" am "),
    ("午後", b" pm "),
    ("오전", b" am "),
    ("오후", b" pm "),
    ("ص", b" am "),
    ("م", b" pm "),
];

/// Takes blanks, quotes, `="…"`, a leading apostrophe and square brackets off both ends.
pub(super) fn unwrap(field: &[u8]) -> &[u8] {
    let mut field = field.trim_ascii();
    loop {
        let inner = match field {
            [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
            [b'[', inner @ .., b']'] if !inner.contains(&b'[') => inner,
            [b'=', inner @ ..] if matches!(inner, [b'"', .., b'"']) => inner,
            [b'\'', inner @ ..] => inner,
            _ => return field,
        };
        field = inner.trim_ascii();
    }
}

/// Writes the field into the buffer as ASCII.
pub(super) fn fold<'b>(field: &[u8], buffer: &'b mut [u8; LONGEST]) -> Result<&'b [u8], TimeError> {
    let mut rest = str::from_utf8(field).map_err(|_| TimeError::NotATime)?;
    let mut free = buffer.iter_mut();
    let mut length = 0;
    let mut put = |byte: u8| -> Result<(), TimeError> {
        *free.next().ok_or(TimeError::TooLong)? = byte;
        length += 1;
        Ok(())
    };
    if let Some((year, taken)) = eras::leading(rest) {
        [year / 1000, year / 100, year / 10, year].iter().try_for_each(|value| put(b'0' + (value % 10) as u8))?;
        // The sign that comes next is kept, so that the parts of the date stay of one kind.
        let sign = rest.as_bytes().get(taken - 1).copied().filter(|sign| matches!(sign, b'/' | b'.'));
        put(sign.unwrap_or(b'-'))?;
        rest = rest.get(taken..).unwrap_or_default();
    }
    // `2019年10月4日`, `2019년 10월 4일`: the signs of the parts stand where we write dashes.
    let mut parts = false;
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        let code = u32::from(character);
        match character {
            '\0'..='\u{7f}' => put(code as u8)?,
            // Blanks that separate, among them those before AM and PM.
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => put(b' ')?,
            // Signs that only steer how a line is shown, and accents that stand alone.
            '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' => {}
            '\u{300}'..='\u{36f}' | 'º' | 'ª' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' => put(b'-')?,
            '،' | '，' => put(b',')?,
            '年' | '月' | '년' | '월' => {
                parts = true;
                put(b'-')?;
                // Korean puts a blank behind each part.
                taken += rest.get(taken..).map_or(0, |after| after.len() - after.trim_start_matches(' ').len());
            }
            '日' | '일' if parts => put(b' ')?,
            '：' => put(b':')?,
            '／' => put(b'/')?,
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'À' | 'Á' | 'Â' | 'Ã' | 'Ä' => put(b'a')?,
            'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => put(b'e')?,
            'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => put(b'i')?,
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' => put(b'o')?,
            'ù' | 'ú' | 'û' | 'ü' | 'Ù' | 'Ú' | 'Û' | 'Ü' => put(b'u')?,
            'ç' | 'Ç' => put(b'c')?,
            _ => {
                if let Some(value) = ZEROS.iter().filter_map(|zero| code.checked_sub(*zero)).find(|value| *value < 10) {
                    put(b'0' + value as u8)?;
                } else {
                    let (word, half) =
                        HALVES.iter().find(|(word, _)| rest.starts_with(word)).ok_or(TimeError::NotATime)?;
                    half.iter().try_for_each(|byte| put(*byte))?;
                    taken = word.len();
                }
            }
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    buffer.get(..length).ok_or(TimeError::TooLong)
}

/// Makes "no known form" more exact where it can be: the field says that there is no time, or it is a number that cannot
/// be one.
pub(super) fn explain(error: TimeError, field: &[u8]) -> TimeError {
    const NOTHING: [&str; 9] = ["-", "--", "na", "n/a", "null", "none", "nan", "nat", "\\n"];
    let mut letters = field.iter().filter(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b',' | b'+' | b'-'));
    let starts_with_digit = field.first().is_some_and(u8::is_ascii_digit);
    if error != TimeError::NotATime {
        error
    } else if NOTHING.iter().any(|word| field.eq_ignore_ascii_case(word.as_bytes())) {
        TimeError::Empty
    } else if field.iter().all(u8::is_ascii_digit) {
        TimeError::Number
    } else if starts_with_digit && matches!(letters.next(), Some(b'e' | b'E')) && letters.next().is_none() {
        TimeError::Scientific
    } else {
        TimeError::NotATime
    }
}
