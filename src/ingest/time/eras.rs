//! Years of the Japanese eras, which begin again with each emperor: `令和元年10月4日`, `R1/10/4`.
//! They are turned into years of our era before anything else is read; what no era had is left as it is.
//! Buddhist years need no more than a subtraction and are read in `calendar`.

/// Names and letters of the eras since 1926, the year before each began, and how many years each had.
const ERAS: [(&str, u8, u32, u32); 3] = [("令和", b'r', 2018, 80), ("平成", b'h', 1988, 31), ("昭和", b's', 1925, 64)];

/// The year that a field begins with in a Japanese era, and the bytes it takes, with `年` or the sign behind it.
pub(super) fn leading(field: &str) -> Option<(u32, usize)> {
    by_name(field).or_else(|| by_letter(field.as_bytes()))
}

fn by_name(field: &str) -> Option<(u32, usize)> {
    let (rest, before, years) =
        ERAS.iter().find_map(|(name, _, before, years)| Some((field.strip_prefix(name)?, *before, *years)))?;
    let digits: Vec<char> = rest.chars().take_while(|character| digit(*character).is_some()).take(2).collect();
    let number = digits.iter().filter_map(|character| digit(*character)).fold(0, |sum, digit| sum * 10 + digit);
    // The first year of an era has a word of its own.
    let (number, after) = match rest.strip_prefix('元') {
        Some(after) => (1, after),
        None => (number, rest.get(digits.iter().map(|character| character.len_utf8()).sum::<usize>()..)?),
    };
    let after = after.strip_prefix('年')?;
    (1..=years).contains(&number).then(|| (before + number, field.len() - after.len()))
}

fn by_letter(field: &[u8]) -> Option<(u32, usize)> {
    let [letter, rest @ ..] = field else { return None };
    let (.., before, years) = ERAS.iter().find(|(_, known, ..)| letter.to_ascii_lowercase() == *known)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at_checked(digits)?;
    let number = number.iter().fold(0_u32, |sum, byte| sum * 10 + u32::from(byte - b'0'));
    let fits = (1..=2).contains(&digits) && (1..=*years).contains(&number);
    let goes_on = matches!(after, [b'.' | b'/' | b'-', next, ..] if next.is_ascii_digit());
    (fits && goes_on).then_some((before + number, digits + 2))
}

/// The value of a digit, of the width that Japanese texts use, too.
fn digit(character: char) -> Option<u32> {
    character.to_digit(10).or_else(|| u32::from(character).checked_sub(0xff10).filter(|value| *value < 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eras_give_years_of_ours() {
        assert_eq!(leading("令和元年10月4日").map(|found| found.0), Some(2019));
        assert_eq!(leading("令和５年1月2日").map(|found| found.0), Some(2023));
        assert_eq!(leading("平成31年4月30日").map(|found| found.0), Some(2019));
        assert_eq!(leading("R1/10/4 18:00"), Some((2019, 3)));
        assert_eq!(leading("H31.4.30"), Some((2019, 4)));
        for wrong in ["平成32年1月1日", "R0/1/1", "R1", "Read", "S100/1/1", "2019年"] {
            assert_eq!(leading(wrong), None, "{wrong}");
        }
    }
}
