//! Instants as the machine files write them: RFC 3339 in UTC, always with three decimals.
//! Local times for people are formatted beside them, in the matter's zone.
//! No arithmetic with calendars lives here; see `assess::Calendar`.

/// An instant in RFC 3339, UTC, with milliseconds.
///
/// Years 0 to 9999, which all sends lie in; written by hand because evidence has millions of them. The calendar is that
/// of Howard Hinnant's `civil_from_days`.
#[must_use]
pub fn utc(utc_ms: i64) -> String {
    let (days, of_day) = (utc_ms.div_euclid(DAY_MS), utc_ms.rem_euclid(DAY_MS));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let mut text = String::with_capacity(24);
    for (value, digits, then) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (of_day / 3_600_000, 2, ':'),
        (of_day / 60_000 % 60, 2, ':'),
        (of_day / 1000 % 60, 2, '.'),
        (of_day % 1000, 3, 'Z'),
    ] {
        push_digits(&mut text, value, digits);
        text.push(then);
    }
    text
}

const DAY_MS: i64 = 86_400_000;

fn push_digits(text: &mut String, value: i64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        text.push(char::from(b'0' + digit.unsigned_abs() as u8));
    }
}

/// Local time with its offset, to the second, as `2019-12-06 23:50:05 +01:00`.
#[must_use]
pub fn local(calendar: &crate::assess::Calendar, utc_ms: i64) -> String {
    calendar.local(utc_ms).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_three_decimals_and_a_z() {
        assert_eq!(utc(1_575_672_605_000), "2019-12-06T22:50:05.000Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999Z");
        // Every third day of five centuries, against jiff.
        for day in (-100_000..100_000).step_by(3) {
            let at = day * DAY_MS + day.rem_euclid(DAY_MS);
            let expected =
                jiff::Timestamp::from_millisecond(at).expect("an instant").strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
            assert_eq!(utc(at), expected.to_string());
        }
        let berlin = crate::assess::Calendar::named("Europe/Berlin").expect("a zone");
        assert_eq!(local(&berlin, 1_575_672_605_000), "2019-12-06 23:50:05 +01:00");
    }
}
