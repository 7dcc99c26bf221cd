//! Dates and the time of Berlin, without a time-zone database: the European Union's rule has not
//! changed since 1996, and the samples need no other.

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 86_400;

/// Days since 1970-01-01 of a date in the Gregorian calendar (Hinnant's algorithm).
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Summer time runs from the last Sunday of March, 01:00 UTC, to the last Sunday of October, 01:00 UTC.
fn berlin_offset(utc: i64) -> i64 {
    let (year, _, _) = date_of(utc.div_euclid(DAY));
    let last_sunday = |month: i64| {
        let last_day = days_of(year, month, 31);
        // 1970-01-01 was a Thursday, so this is 0 on a Sunday.
        let weekday = (last_day + 4).rem_euclid(7);
        (last_day - weekday) * DAY + HOUR
    };
    if (last_sunday(3)..last_sunday(10)).contains(&utc) { 2 * HOUR } else { HOUR }
}

/// Unix seconds of a wall time in Berlin. Of the hour that comes twice in October, the first.
pub fn berlin(date: (i64, i64, i64), hour: i64, minute: i64, second: i64) -> i64 {
    let wall = days_of(date.0, date.1, date.2) * DAY + hour * HOUR + minute * MINUTE + second;
    let in_summer = wall - 2 * HOUR;
    if berlin_offset(in_summer) == 2 * HOUR { in_summer } else { wall - HOUR }
}

/// Whether the clocks of Berlin show this wall time twice.
pub fn is_ambiguous(utc: i64) -> bool {
    let offset = berlin_offset(utc);
    offset > berlin_offset(utc + HOUR) || berlin_offset(utc - HOUR) > offset
}

/// The parts of a time: year, month, day, hour, minute, second.
struct Parts(i64, i64, i64, i64, i64, i64);

fn parts(seconds: i64) -> Parts {
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    Parts(year, month, day, of_day / HOUR, of_day / MINUTE % 60, of_day % 60)
}

fn in_berlin(utc: i64) -> Parts {
    parts(utc + berlin_offset(utc))
}

/// `07.12.2019 12:00:05`, as German panels write it.
pub fn german(utc: i64) -> String {
    let Parts(year, month, day, hour, minute, second) = in_berlin(utc);
    format!("{day:02}.{month:02}.{year:04} {hour:02}:{minute:02}:{second:02}")
}

/// `07.12.19, 12:00`, as WhatsApp on a German Android phone writes it.
pub fn chat_time(utc: i64) -> String {
    let Parts(year, month, day, hour, minute, _) = in_berlin(utc);
    format!("{day:02}.{month:02}.{:02}, {hour:02}:{minute:02}", year % 100)
}

/// `2019-12-07`, the day in Berlin.
pub fn local_date(utc: i64) -> String {
    let Parts(year, month, day, ..) = in_berlin(utc);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2019-12-07T12:00:05`, the wall time in Berlin.
pub fn local_time(utc: i64) -> String {
    let Parts(year, month, day, hour, minute, second) = in_berlin(utc);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// `2019-12-07T11:00:05Z`.
pub fn utc_time(utc: i64) -> String {
    let Parts(year, month, day, hour, minute, second) = parts(utc);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
