//! The axis of days: which stretch it covers, what one bar of it stands for, and where its ticks stand.
//! Days are those of the matter's calendar, as the rows name them.
//! What is drawn over the axis is not known here.

use jiff::civil::Date;

use super::day_text;
use crate::case::Language;
use crate::report::extract::DayRow;

/// No chart has more bars than this.
const MOST_BARS: f64 = 400.0;

/// What one bar of the timeline stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A calendar day.
    Day,
    /// A week from Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl Unit {
    /// The finest unit that needs no more than 400 bars.
    #[must_use]
    pub fn of(days: &[DayRow]) -> Self {
        let dates = || days.iter().filter_map(|row| row.day.parse::<Date>().ok());
        match (dates().min(), dates().max()) {
            (Some(first), Some(last)) => Self::for_span(days_between(first, last) + 1.0),
            _ => Self::Day,
        }
    }

    fn for_span(days: f64) -> Self {
        match days {
            days if days <= MOST_BARS => Self::Day,
            days if days <= MOST_BARS * 7.0 => Self::Week,
            days if days <= MOST_BARS * 30.0 => Self::Month,
            _ => Self::Year,
        }
    }

    /// Its place in lists of words: day, week, month, year.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 2,
            Self::Year => 3,
        }
    }

    /// First day of the unit that a day lies in, and the day after its last.
    pub fn around(self, day: Date) -> (Date, Date) {
        let (first, last) = match self {
            Self::Day => (day, day),
            Self::Week => {
                let from_monday = i64::from(day.weekday().to_monday_zero_offset());
                (later(day, -from_monday), later(day, 6 - from_monday))
            }
            Self::Month => (day.first_of_month(), day.last_of_month()),
            Self::Year => (day.first_of_year(), day.last_of_year()),
        };
        (first, last.tomorrow().unwrap_or(last))
    }
}

/// Days from left to right.
#[derive(Clone, Copy, Debug)]
pub struct DayAxis {
    start: Date,
    days: f64,
    left: f64,
    right: f64,
}

impl DayAxis {
    /// An axis over days `start..end`, and over a boundary day that lies a little way outside, for it is worth the room.
    pub fn new(
        (mut start, mut end): (Date, Date),
        unit: Unit,
        boundary: Option<Date>,
        (left, right): (f64, f64),
    ) -> Self {
        let near = (days_between(start, end) / 4.0).max(14.0);
        if let Some(day) = boundary {
            if day < start && days_between(day, start) <= near {
                start = unit.around(day).0;
            } else if day >= end && days_between(end, day) <= near {
                end = unit.around(day).1;
            }
        }
        Self { start, days: days_between(start, end).max(14.0), left, right }
    }

    /// Where a day begins.
    pub fn x(&self, day: Date) -> f64 {
        self.at(days_between(self.start, day))
    }

    /// Where an instant lies, given as seconds of local time since 1970.
    pub fn x_of_second(&self, second: i64) -> f64 {
        self.at(second as f64 / 86_400.0 - days_between(jiff::civil::date(1970, 1, 1), self.start))
    }

    fn at(&self, days: f64) -> f64 {
        self.left + (self.right - self.left) * days / self.days
    }

    /// The middle of a day, where it lies on the axis.
    pub fn middle(&self, day: Date) -> Option<f64> {
        let x = self.x(day) + self.at(0.5) - self.left;
        (self.left..=self.right).contains(&x).then_some(x)
    }

    /// Its left end.
    pub const fn left(&self) -> f64 {
        self.left
    }

    /// Its right end.
    pub const fn right(&self) -> f64 {
        self.right
    }

    /// Whether a day lies before the axis.
    pub fn is_before(&self, day: Date) -> bool {
        day < self.start
    }

    /// Days with their labels, at round steps and no more than fit.
    pub fn ticks(&self, language: Language) -> Vec<(Date, String)> {
        let most = ((self.right - self.left) / 76.0).clamp(3.0, 11.0);
        let last = later(self.start, self.days as i64 - 1);
        let (start, months) = (self.start, self.days / 30.4);
        let step = [1, 2, 7, 14].into_iter().find(|step| self.days / f64::from(*step) <= most);
        let mut ticks = Vec::new();
        if let Some(step) = step {
            let mut day = start;
            while day <= last && ticks.len() < 12 {
                ticks.push((day, day_text(day, language)));
                day = later(day, i64::from(step));
            }
            return ticks;
        }
        let step = [1_i64, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000]
            .into_iter()
            .find(|step| months / *step as f64 <= most)
            .unwrap_or(60_000);
        let month_number = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month()) - 1;
        let mut month = month_number(start).div_euclid(step) * step;
        while month <= month_number(last) {
            let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12) + 1);
            let day = i16::try_from(year).ok().and_then(|year| Date::new(year, of_year as i8, 1).ok());
            if let Some(day) = day.filter(|day| *day >= start) {
                let label = match language {
                    _ if step >= 12 => format!("{year}"),
                    Language::De => format!("{of_year:02}.{year}"),
                    Language::En => format!("{year}-{of_year:02}"),
                };
                ticks.push((day, label));
            }
            month += step;
        }
        ticks
    }
}

/// Days from one to another.
pub fn days_between(first: Date, last: Date) -> f64 {
    last.duration_since(first).as_secs_f64() / 86_400.0
}

fn later(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::SignedDuration::from_hours(days.saturating_mul(24)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_spans_are_told_by_week_month_or_year() {
        let row = |day: &str| DayRow { day: day.to_owned(), ..DayRow::default() };
        let unit = |last: &str| Unit::of(&[row("2019-01-01"), row(last)]);
        assert_eq!(unit("2020-02-04"), Unit::Day);
        assert_eq!(unit("2020-02-05"), Unit::Week);
        assert_eq!(unit("2029-01-01"), Unit::Month);
        assert_eq!(unit("2129-01-01"), Unit::Year);
        assert_eq!(Unit::of(&[]), Unit::Day);
    }

    #[test]
    fn instants_and_days_share_the_axis() {
        let days = [jiff::civil::date(2019, 12, 1), jiff::civil::date(2019, 12, 21)];
        let axis = DayAxis::new((days[0], days[1]), Unit::Day, None, (100.0, 300.0));
        assert!((axis.x(jiff::civil::date(2019, 12, 7)) - 160.0).abs() < 1e-9);
        // 7 December 2019, 12:00.
        assert!((axis.x_of_second(1_575_720_000) - 165.0).abs() < 1e-6);
        assert_eq!(axis.middle(jiff::civil::date(2020, 12, 7)), None);
        assert!(axis.ticks(Language::De).iter().any(|(_, label)| label == "15.12.2019"));
    }
}
