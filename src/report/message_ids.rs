//! Whether the id of a message tells its recipient: WhatsApp's ids hold the number in base64, others in clear.
//! Only what an id would give away is decided here; how it is then masked is the business of `shown`.

use super::base64;

/// Digits at the end of a number by which it is known: without calling code and trunk prefix.
const TAIL: usize = 8;
/// Digits other than 0 among them.
const FILLED: usize = 5;
/// Digits of a telephone number at most (ITU-T E.164), and of one without its calling code as most have it.
const LONGEST: usize = 15;
const NATIONAL: usize = 10;
/// Digits that a number has at least.
const LEAST: usize = 7;
/// Letters that a name or the local part of an address has at least, for shorter ones stand in any id by chance.
const LEAST_LETTERS: usize = 5;
/// Digits of base64 that can hold a number.
const RUN: usize = 10;

/// Whether an id holds its recipient's address, in clear or in base64.
#[must_use]
pub fn tells(id: &str, address: &str) -> bool {
    let digits: Vec<u8> = address.bytes().filter(u8::is_ascii_digit).collect();
    if digits.len() >= LEAST {
        return digits_tell(id.as_bytes(), tail_of(&digits));
    }
    let name = address.split('@').next().unwrap_or_default().to_lowercase();
    name.chars().count() >= LEAST_LETTERS && words_tell(id, &name)
}

/// The digits by which a number is known: the last ones, and as many before them as it takes to have some that are no zeros,
/// for zeros stand in many a counter too.
fn tail_of(digits: &[u8]) -> &[u8] {
    // A telephone number may stand without its calling code; the number of a group never stands in part.
    let most = if digits.len() <= LONGEST { NATIONAL } else { digits.len() };
    let (first, last) = (digits.len().saturating_sub(most), digits.len().saturating_sub(TAIL));
    let filled = |from: &usize| digits.iter().skip(*from).filter(|digit| **digit != b'0').count() >= FILLED;
    let from = (first..=last).rev().find(filled).unwrap_or(first);
    digits.get(from..).unwrap_or_default()
}

fn digits_tell(id: &[u8], tail: &[u8]) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(tail.len()).any(|window| window == tail);
    let joined: Vec<u8> = id.iter().copied().filter(|byte| !b" -()./+".contains(byte)).collect();
    holds(&joined) || decoded(id).any(|bytes| holds(&bytes))
}

fn words_tell(id: &str, name: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(name);
    holds(id) || decoded(id.as_bytes()).any(|bytes| holds(&String::from_utf8_lossy(&bytes)))
}

/// Every run of base64 in an id, read from each of its four possible beginnings.
fn decoded(id: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let runs = id.split(|byte| base64::value(*byte).is_none()).filter(|run| run.len() >= RUN);
    runs.flat_map(|run| (0..4).filter_map(|start| run.get(start..)).map(base64::decode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_clear_and_in_base64() {
        let number = "+491713920000";
        let mut inside = vec![0x1d, 0x0c];
        inside.extend(b"491713920000");
        inside.extend([0x15, 0x02, 0x00, 0x11, 0x18]);
        inside.extend(b"3EB0C767D097B7C7");
        for start in ["wamid.", "x", "gw-"] {
            assert!(tells(&format!("{start}{}", base64::encode(&inside)), number), "{start}");
        }
        for id in ["false_491713920000@c.us_3EB0", "0171-392 00 00", "(0171) 3920000/7"] {
            assert!(tells(id, number), "{id}");
        }
        for id in [
            "KW107530",
            "3EB0C767D097B7C7",
            "wamid.HBgMNDkxNTEyMzQ1Njc4OTAVAgARGBI",
            "SM00000000000000000000000000000000",
            "",
        ] {
            assert!(!tells(id, number), "{id}");
        }
        assert!(tells("wamid.HBgMNDkxNzEzOTIwMDAwFQIAERgSM0VCMEM3NjdEMDk3QjdDNwA=", "491713920000@s.whatsapp.net"));
    }

    #[test]
    fn counters_are_no_numbers() {
        // Zeros of a counter beside zeros of a number, and a counter that runs beside the numbers.
        assert!(!tells("ed13552752d2cf040000000000004a6a", "120363040004000000@g.us"));
        assert!(!tells("7bf8827b467f63610000000000003eb8", "120363041000000000@g.us"));
        assert!(tells("x-120363041000000000-1", "120363041000000000@g.us"));
        assert!(!tells("m00000123", "+4915100000123") && tells("m5100000123", "+4915100000123"));
        assert!(tells("0176-0000 0001", "+4917600000001"));
        assert_eq!(tail_of(b"00000000000").len(), NATIONAL);
    }

    #[test]
    fn names_and_addresses_are_found() {
        assert!(tells("bounce+Max.Muster=example.de@mail.example", "max.muster@example.de"));
        assert!(tells(&base64::encode(b"to:Lieselotte"), "Lieselotte"));
        assert!(!tells("abc-max-1", "Max") && !tells("2019-1", "lieselotte"));
    }
}
