//! Finds out, over a whole column, whether the day or the month comes first in dates like `03/04/2022`.
//! Evidence of blocks read in parallel joins to what one pass would have found.
//! A single value is never decided here, and a column that allows both readings is said to do so.

use std::cmp::Ordering;

use super::{DateOrder, Day, Opened, Separator, open};

/// The orders that evidence is kept for; tracks stand in the same order.
const ORDERS: [DateOrder; 3] = [DateOrder::DayMonth, DateOrder::MonthDay, DateOrder::YearMonthDay];
/// How many times shorter a column must be in one reading than in the other for its length to decide.
const CLEARLY_SHORTER: i64 = 4;

/// The course of the column when it is read in one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Track {
    /// Dates that exist in this order.
    fits: u64,
    /// The first and the last of them in the file, the earliest and the latest in time.
    course: Option<Course>,
    /// Steps from one to the next that go forward, and that go back.
    forward: u64,
    backward: u64,
}

/// Ends of a stretch of times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Course {
    first: i64,
    last: i64,
    earliest: i64,
    latest: i64,
}

impl Track {
    fn see(&mut self, ms: i64) {
        let course = Some(Course { first: ms, last: ms, earliest: ms, latest: ms });
        *self = self.merge(Self { fits: 1, course, forward: 0, backward: 0 });
    }

    fn merge(self, next: Self) -> Self {
        let (course, step) = match (self.course, next.course) {
            (Some(a), Some(b)) => {
                let course = Course {
                    first: a.first,
                    last: b.last,
                    earliest: a.earliest.min(b.earliest),
                    latest: a.latest.max(b.latest),
                };
                (Some(course), b.first.cmp(&a.last))
            }
            (course, None) | (None, course) => (course, Ordering::Equal),
        };
        Self {
            fits: self.fits + next.fits,
            course,
            forward: self.forward + next.forward + u64::from(step.is_gt()),
            backward: self.backward + next.backward + u64::from(step.is_lt()),
        }
    }

    /// Steps against the direction the column mostly takes: panels list the newest first as often as last.
    fn disorder(self) -> u64 {
        self.forward.min(self.backward)
    }

    /// Time from the earliest to the latest.
    fn span(self) -> i64 {
        self.course.map_or(0, |course| course.latest - course.earliest)
    }
}

/// What the fields of one column say about the order of day and month.
///
/// One column must be fed from one file and in file order, because the steps between its values count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderEvidence {
    /// Fields that are no date in any order.
    unreadable: u64,
    /// Dates that are the same with the day or the month first, because their shape says so.
    settled: u64,
    /// Dates whose shape leaves that open.
    open: u64,
    /// Open dates that exist both ways.
    swappable: u64,
    /// Open dates that exist with the day first and not with the month first, the reverse, and neither.
    day_first_only: u64,
    month_first_only: u64,
    year_first_only: u64,
    /// Dates with a two-digit year, in which the year may come first; those among them with dashes.
    short: u64,
    short_dashed: u64,
    /// The column as read in each of [`ORDERS`].
    tracks: [Track; 3],
}

/// How many dates of a column exist only with the day, the month or the year first, and how many both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct OrderCounts {
    /// Only with the day first.
    pub day_first: u64,
    /// Only with the month first.
    pub month_first: u64,
    /// Only with the year first.
    pub year_first: u64,
    /// With the day first and with the month first.
    pub either: u64,
}

/// What a column turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderFinding {
    /// No date leaves its order open: with the day first and with the month first the column reads alike.
    Settled,
    /// Some dates exist in this order only, and none contradicts it.
    ByValue(DateOrder),
    /// All dates exist in both orders, and in this one the column goes back and forth less. A guess, to be told as one.
    ByMonotony(DateOrder),
    /// Two-digit years: in this order the column covers far less time. A guess, to be told as one.
    BySpan(DateOrder),
    /// Nothing tells the orders apart.
    Undecided,
    /// Some dates exist only with the day first and others only with the month first.
    Contradictory {
        /// How many exist only with the day first.
        day_first: u64,
        /// How many exist only with the month first.
        month_first: u64,
    },
}

impl OrderFinding {
    /// The order to read the column in, where there is one. A settled column reads alike in the order given here.
    #[must_use]
    pub fn order(self) -> Option<DateOrder> {
        match self {
            Self::ByValue(order) | Self::ByMonotony(order) | Self::BySpan(order) => Some(order),
            Self::Settled => Some(DateOrder::DayMonth),
            Self::Undecided | Self::Contradictory { .. } => None,
        }
    }
}

impl OrderEvidence {
    /// Takes one field into account, a date with a time or without.
    pub fn see(&mut self, field: &[u8]) {
        let reading = match open(field) {
            Ok(Opened::Reading(reading)) => reading,
            Ok(Opened::Stamp(stamp)) => {
                self.settled += 1;
                let ms = stamp.instant_ms().unwrap_or(stamp.civil_ms);
                self.tracks.iter_mut().for_each(|track| track.see(ms));
                return;
            }
            Err(_) => {
                self.unreadable += 1;
                return;
            }
        };
        let mut fits = [false; 3];
        let mut swappable = false;
        for ((order, track), fit) in ORDERS.into_iter().zip(&mut self.tracks).zip(&mut fits) {
            if let Ok(stamp) = reading.stamp(order) {
                *fit = true;
                swappable |= stamp.swappable;
                track.see(stamp.instant_ms().unwrap_or(stamp.civil_ms));
            }
        }
        if fits == [false; 3] {
            self.unreadable += 1;
            return;
        }
        if let Some(Day::Open { short: true, separator, .. }) = reading.day {
            self.short += 1;
            self.short_dashed += u64::from(separator == Separator::Dash);
        }
        if !matches!(reading.day, Some(Day::Open { separator: Separator::Dash | Separator::Slash, .. })) {
            self.settled += 1;
            return;
        }
        self.open += 1;
        self.swappable += u64::from(swappable);
        match fits {
            [true, true, _] => {}
            [true, false, _] => self.day_first_only += 1,
            [false, true, _] => self.month_first_only += 1,
            [false, false, _] => self.year_first_only += 1,
        }
    }

    /// The evidence of this stretch of the column joined with that of the stretch after it.
    #[must_use]
    pub fn merge(&self, next: &Self) -> Self {
        let [day, month, year] = self.tracks;
        let [next_day, next_month, next_year] = next.tracks;
        Self {
            unreadable: self.unreadable + next.unreadable,
            settled: self.settled + next.settled,
            open: self.open + next.open,
            swappable: self.swappable + next.swappable,
            day_first_only: self.day_first_only + next.day_first_only,
            month_first_only: self.month_first_only + next.month_first_only,
            year_first_only: self.year_first_only + next.year_first_only,
            short: self.short + next.short,
            short_dashed: self.short_dashed + next.short_dashed,
            tracks: [day.merge(next_day), month.merge(next_month), year.merge(next_year)],
        }
    }

    /// What the column turned out to be.
    ///
    /// A value over 12 decides first; then the order in which the column has fewer steps against its own
    /// direction, if it has strictly fewer. Two-digit years may also come first (`23-03-05`): that order is taken
    /// if every date exists in it and the column covers less than a quarter of the time it covers otherwise. Where dates
    /// with dashes allow it and the time covered does not tell, the column stays undecided.
    #[must_use]
    pub fn decide(&self) -> OrderFinding {
        let [day_first, month_first, year_first] = self.tracks;
        let (day_only, month_only) = (self.day_first_only, self.month_first_only);
        let year_may_lead = self.short > 0 && year_first.fits == self.settled + self.open;
        if day_only > 0 && month_only > 0 || self.year_first_only > 0 && !year_may_lead {
            return OrderFinding::Contradictory { day_first: day_only, month_first: month_only };
        }
        if self.year_first_only > 0 {
            return OrderFinding::ByValue(DateOrder::YearMonthDay);
        }
        let (finding, otherwise) = if self.open == 0 {
            (OrderFinding::Settled, day_first)
        } else if day_only > 0 {
            (OrderFinding::ByValue(DateOrder::DayMonth), day_first)
        } else if month_only > 0 {
            (OrderFinding::ByValue(DateOrder::MonthDay), month_first)
        } else {
            match day_first.disorder().cmp(&month_first.disorder()) {
                Ordering::Less => (OrderFinding::ByMonotony(DateOrder::DayMonth), day_first),
                Ordering::Greater => (OrderFinding::ByMonotony(DateOrder::MonthDay), month_first),
                Ordering::Equal if day_first.span() <= month_first.span() => (OrderFinding::Undecided, day_first),
                Ordering::Equal => (OrderFinding::Undecided, month_first),
            }
        };
        let clearly_shorter = |one: Track, other: Track| one.span().saturating_mul(CLEARLY_SHORTER) < other.span();
        if !year_may_lead || clearly_shorter(otherwise, year_first) {
            finding
        } else if clearly_shorter(year_first, otherwise) {
            OrderFinding::BySpan(DateOrder::YearMonthDay)
        } else if self.short_dashed > 0 {
            OrderFinding::Undecided
        } else {
            finding
        }
    }

    /// How many dates speak for which order.
    #[must_use]
    pub fn counts(&self) -> OrderCounts {
        OrderCounts {
            day_first: self.day_first_only,
            month_first: self.month_first_only,
            year_first: self.year_first_only,
            either: self.open.saturating_sub(self.day_first_only + self.month_first_only + self.year_first_only),
        }
    }

    /// Fields that are no date in any order.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Dates that exist with the day first and with the month first.
    #[must_use]
    pub fn swappable(&self) -> u64 {
        self.swappable
    }

    /// Steps back in time, from one field to the next, when the column is read in the given order.
    #[must_use]
    pub fn backward_steps(&self, order: DateOrder) -> u64 {
        let place = ORDERS.iter().position(|known| *known == order);
        place.and_then(|place| self.tracks.get(place)).map_or(0, |track| track.backward)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    fn column(fields: &[&str]) -> OrderEvidence {
        let mut evidence = OrderEvidence::default();
        fields.iter().for_each(|field| evidence.see(field.as_bytes()));
        evidence
    }

    fn finding(fields: &[&str]) -> OrderFinding {
        column(fields).decide()
    }

    use DateOrder::{DayMonth, MonthDay, YearMonthDay};
    use OrderFinding::*;

    #[test]
    fn a_value_over_twelve_decides() {
        assert_eq!(finding(&["03/04/2022 10:00", "13/04/2022 09:00"]), ByValue(DayMonth));
        assert_eq!(finding(&["03/04/2022 10:00", "03/14/2022 09:00"]), ByValue(MonthDay));
        assert_eq!(finding(&["31/12/23 10:00", "31/12/23 10:01"]), ByValue(DayMonth));
        assert_eq!(finding(&["12/31/23 10:00 PM", "1/1/24 10:01 AM"]), ByValue(MonthDay));
    }

    #[test]
    fn otherwise_the_steadier_reading_does() {
        let ascending = ["11/03/2022 10:00", "12/03/2022 10:00", "01/04/2022 10:00", "02/04/2022 10:00"];
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(finding(&ascending), ByMonotony(DayMonth));
        assert_eq!(finding(&descending), ByMonotony(DayMonth));
        assert_eq!(column(&ascending).backward_steps(MonthDay), 1);
        assert_eq!(finding(&["03/11/2022", "03/12/2022", "04/01/2022", "04/02/2022"]), ByMonotony(MonthDay));
    }

    #[test]
    fn columns_without_evidence_stay_undecided() {
        assert_eq!(finding(&["03/04/2022 10:00", "03/04/2022 10:05"]), Undecided);
        assert_eq!(finding(&["03/04/2022 10:00"]).order(), None);
        assert_eq!(column(&["03/04/2022 10:00", "nonsense"]).swappable(), 1);
        assert_eq!(column(&["03/04/2022 10:00", "nonsense", "31/31/2022"]).unreadable(), 2);
    }

    #[test]
    fn contradictions_are_told() {
        let found = finding(&["13/04/2022", "04/13/2022", "14/04/2022", "01/02/2022"]);
        assert_eq!(found, Contradictory { day_first: 2, month_first: 1 });
        assert_eq!(found.order(), None);
    }

    #[test]
    fn shapes_that_settle_the_order_need_no_evidence() {
        assert_eq!(finding(&[]), Settled);
        assert_eq!(finding(&["2022-04-03 10:00", "03.04.2022 10:00", "1521472262", "3 Apr 2022"]), Settled);
        assert_eq!(finding(&["03.04.22 10:00", "04.04.22 10:00"]), Settled);
    }

    #[test]
    fn two_digit_years_may_come_first() {
        // A month of days: with the year last, they would cover thirty years.
        assert_eq!(finding(&["23-03-01 10:00", "23-03-17 10:00", "23-03-31 10:00"]), BySpan(YearMonthDay));
        assert_eq!(finding(&["24. 1. 02. 10:00", "24. 1. 17. 10:00", "24. 1. 31. 10:00"]), BySpan(YearMonthDay));
        assert_eq!(finding(&["01/03/23 10:00", "17/03/23 10:00", "31/03/23 10:00"]), ByValue(DayMonth));
        assert_eq!(finding(&["01-03-23 10:00", "17-03-23 10:00", "31-03-23 10:00"]), ByValue(DayMonth));
        // One day, in dashes: 23 March 2031 or 31 March 2023.
        assert_eq!(finding(&["23-03-31 10:00", "23-03-31 10:05"]), Undecided);
        assert_eq!(finding(&["99-12-31 10:00", "99-12-30 10:00"]), ByValue(YearMonthDay));
        assert_eq!(finding(&["99-12-31 10:00", "31-12-1999 10:00"]), Contradictory { day_first: 1, month_first: 0 });
    }

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![
            (1..=31, 1..=12, 2020..2024, 0..24).prop_map(|(d, m, y, h)| format!("{d:02}/{m:02}/{y} {h:02}:00")),
            (1..=12, 1..=31, 2020..2024, 0..24).prop_map(|(m, d, y, h)| format!("{m}/{d}/{y} {h}:00")),
            (1..=12, 1..=12, 20..24).prop_map(|(a, b, c)| format!("{a:02}-{b:02}-{c:02}")),
            (1..=28, 1..=12, 20..24).prop_map(|(d, m, y)| format!("{d:02}.{m:02}.{y:02}")),
            (1..=28).prop_map(|d| format!("2022-03-{d:02} 10:00:00Z")),
            Just("nonsense".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn blocks_join_to_the_whole(fields in prop::collection::vec(field(), 0..40), cuts in (0_usize..=40, 0_usize..=40)) {
            let texts: Vec<&str> = fields.iter().map(String::as_str).collect();
            let (a, b) = (cuts.0.min(cuts.1).min(texts.len()), cuts.0.max(cuts.1).min(texts.len()));
            let (one, two, three) = (column(&texts[..a]), column(&texts[a..b]), column(&texts[b..]));
            let whole = column(&texts);
            prop_assert_eq!(one.merge(&two).merge(&three), whole);
            prop_assert_eq!(one.merge(&two.merge(&three)), whole);
            prop_assert_eq!(OrderEvidence::default().merge(&whole), whole);
            prop_assert_eq!(whole.merge(&OrderEvidence::default()), whole);
        }

        #[test]
        fn a_sorted_column_is_never_read_the_wrong_way(
            starts in 0_i64..1_000_000_000, steps in prop::collection::vec(0_i64..5_000_000, 1..60), month_first in any::<bool>(),
        ) {
            let mut second = 1_400_000_000 + starts;
            let mut evidence = OrderEvidence::default();
            for step in steps {
                second += step;
                let time = jiff::Timestamp::from_second(second).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
                let form = if month_first { "%m/%d/%Y %H:%M:%S" } else { "%d/%m/%Y %H:%M:%S" };
                evidence.see(time.strftime(form).to_string().as_bytes());
            }
            let right = if month_first { DateOrder::MonthDay } else { DateOrder::DayMonth };
            prop_assert_eq!(evidence.backward_steps(right), 0);
            if let Some(order) = evidence.decide().order() {
                prop_assert_eq!(order, right);
            }
        }
    }
}
