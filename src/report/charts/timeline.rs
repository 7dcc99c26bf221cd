//! The timeline: messages above, distinct recipients below them, and a strip of bursts, on one axis of days.
//! Boundary days run through all three; the great one is named, the others carry a letter for a key beside the chart.
//! Mass sends and other messages differ by hatching, recipients by an outline.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::days::{DayAxis, Unit};
use super::draw::{Fill, GRID, INK, MARK, area, block, line, open, short, strong, text, width_of};
use super::{Size, number};
use crate::case::Language;
use crate::report::extract::DayRow;

/// What the timeline shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeline<'a> {
    /// Days with outbound messages.
    pub days: &'a [DayRow],
    /// Bursts, as first and last second of local time since 1970.
    pub bursts: &'a [(i64, i64)],
    /// Boundary days.
    pub marks: &'a [DayMark],
}

/// A boundary day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayMark {
    /// The day, as ISO writes it.
    pub day: String,
    /// Its letter in the key; empty for the great one, which is named in the chart.
    pub key: String,
}

/// Words of the timeline, in the reader's language.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimelineWords<'a> {
    /// Short name of the picture.
    pub title: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// Messages in campaigns or bursts.
    pub mass: &'a str,
    /// All other outbound messages.
    pub other: &'a str,
    /// What a bar's height is, by unit: day, week, month, year.
    pub axis: [&'a str; 4],
    /// The same for recipients.
    pub recipients: [&'a str; 4],
    /// The strip of bursts.
    pub bursts: &'a str,
    /// The boundary day.
    pub boundary: &'a str,
    /// The boundary day, where it lies before the chart.
    pub boundary_before: &'a str,
    /// The boundary day, where it lies after the chart.
    pub boundary_after: &'a str,
}

const NAME: &str = "timeline";
const RIGHT: f64 = 14.0;
/// Height of the panels.
const MESSAGES: f64 = 190.0;
const RECIPIENTS: f64 = 96.0;
const STRIP: f64 = 18.0;

/// Outbound messages over time; empty when there is no day to show.
#[must_use]
pub fn timeline(chart: &Timeline<'_>, words: &TimelineWords<'_>, language: Language, size: Size) -> String {
    let unit = Unit::of(chart.days);
    let bars = bars(chart.days, unit);
    let (Some(first), Some(last)) = (bars.values().next(), bars.values().next_back()) else { return String::new() };
    let highest = |of: fn(&Bar) -> u64| bars.values().map(of).max().unwrap_or(0).min(u64::MAX / 4);
    let (messages, recipients) = (Scale::new(highest(Bar::messages)), Scale::new(highest(|bar| bar.recipients)));
    let widest =
        [messages, recipients].map(|scale| width_of(&number(scale.top, language))).into_iter().fold(0.0, f64::max);
    let right = size.width() - RIGHT;
    let great = chart.marks.iter().find(|mark| mark.key.is_empty()).and_then(|mark| mark.day.parse().ok());
    let axis = DayAxis::new((first.first, last.end), unit, great, (widest + 14.0, right));

    let (legend, legend_height) = legend(words, size);
    let keys = chart.marks.iter().any(|mark| !mark.key.is_empty());
    let top = legend_height + 48.0 + if keys { 20.0 } else { 0.0 };
    let bottom = top + MESSAGES;
    let (second_top, second_bottom) = (bottom + 40.0, bottom + 40.0 + RECIPIENTS);
    let strip = second_bottom + 36.0;
    let end = if chart.bursts.is_empty() { second_bottom } else { strip + STRIP };
    let mut svg = open(NAME, size, end + 34.0, (words.title, words.description));
    svg.push_str(&legend);
    let word = |words: [&str; 4]| words.get(unit.index()).copied().unwrap_or_default().to_owned();
    svg.push_str(&text((0.0, legend_height + 16.0), "start", &word(words.axis)));
    svg.push_str(&text((0.0, second_top - 14.0), "start", &word(words.recipients)));
    for (scale, bottom, height) in [(messages, bottom, MESSAGES), (recipients, second_bottom, RECIPIENTS)] {
        for tick in (0..=scale.top).step_by(usize::try_from(scale.step).unwrap_or(usize::MAX)) {
            let y = scale.y(tick, bottom, height);
            svg.push_str(&line("c-grid", GRID, (axis.left(), y), (right, y), ""));
            svg.push_str(&text((axis.left() - 8.0, y + 5.0), "end", &number(tick, language)));
        }
    }
    // Behind the bars: a mark must not hide those of the day itself.
    svg.push_str(&marks(chart.marks, &axis, words, (legend_height + 38.0, top, end)));
    let (mut mass, mut other, mut reached) = (String::new(), String::new(), String::new());
    for bar in bars.values() {
        let (from, to) = (axis.x(bar.first), axis.x(bar.end));
        let gap = if to - from > 4.0 { (to - from) * 0.15 } else { 0.0 };
        let (left, width) = (from + gap / 2.0, (to - from - gap).max(1.5));
        let y = |value: u64| messages.y(value, bottom, MESSAGES);
        if bar.mass > 0 {
            mass.push_str(&block(left, width, bottom, y(bar.mass)));
        }
        if bar.other > 0 {
            other.push_str(&block(left, width, y(bar.mass), y(bar.messages())));
        }
        if bar.recipients > 0 {
            reached.push_str(&block(
                left,
                width,
                second_bottom,
                recipients.y(bar.recipients, second_bottom, RECIPIENTS),
            ));
        }
    }
    svg.push_str(&area(&mass, Fill::Solid, NAME, size));
    svg.push_str(&area(&other, Fill::Hatched, NAME, size));
    svg.push_str(&area(&reached, Fill::Open, NAME, size));
    for bottom in [bottom, second_bottom] {
        svg.push_str(&line("c-line", INK, (axis.left(), bottom), (right, bottom), ""));
    }
    if !chart.bursts.is_empty() {
        svg.push_str(&text((0.0, strip - 8.0), "start", words.bursts));
        svg.push_str(&area(&burst_strip(chart.bursts, &axis, strip), Fill::Solid, NAME, size));
        svg.push_str(&line("c-line", INK, (axis.left(), end), (right, end), ""));
    }
    for (day, label) in axis.ticks(language) {
        let x = axis.x(day);
        svg.push_str(&line("c-line", INK, (x, end), (x, end + 5.0), ""));
        // A label that would be cut off at the edge is left out; its tick stays.
        let half = width_of(&label) / 2.0;
        if x + half < size.width() {
            svg.push_str(&text((x.max(half), end + 22.0), "middle", &label));
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A bar of the timeline.
struct Bar {
    first: Date,
    end: Date,
    mass: u64,
    other: u64,
    /// Distinct recipients of the highest day: those of several days cannot be added.
    recipients: u64,
}

impl Bar {
    const fn messages(&self) -> u64 {
        self.mass.saturating_add(self.other)
    }
}

fn bars(days: &[DayRow], unit: Unit) -> BTreeMap<Date, Bar> {
    let mut bars: BTreeMap<Date, Bar> = BTreeMap::new();
    for row in days {
        let Ok(day) = row.day.parse::<Date>() else { continue };
        let (first, end) = unit.around(day);
        let bar = bars.entry(first).or_insert(Bar { first, end, mass: 0, other: 0, recipients: 0 });
        bar.mass = bar.mass.saturating_add(row.mass.min(row.messages));
        bar.other = bar.other.saturating_add(row.messages.saturating_sub(row.mass));
        bar.recipients = bar.recipients.max(row.recipients);
    }
    bars
}

/// The axis of a panel: round steps from nought.
#[derive(Clone, Copy)]
struct Scale {
    step: u64,
    top: u64,
}

impl Scale {
    fn new(highest: u64) -> Self {
        let step = nice_step(highest);
        Self { step, top: step * highest.div_ceil(step).max(1) }
    }

    fn y(self, value: u64, bottom: f64, height: f64) -> f64 {
        bottom - height * value as f64 / self.top as f64
    }
}

/// A round step that gives about four lines.
fn nice_step(highest: u64) -> u64 {
    let mut step = 1_u64;
    while highest / step > 4 {
        // 1, 2, 5, 10, 20, 50 …
        step = if step.to_string().starts_with('2') { step / 2 * 5 } else { step * 2 };
    }
    step
}

/// Boundary days as lines through all panels: the great one dashed between triangles and named, the others dotted.
fn marks(marks: &[DayMark], axis: &DayAxis, words: &TimelineWords<'_>, (name_y, top, end): (f64, f64, f64)) -> String {
    let mut svg = String::new();
    let mut free = f64::NEG_INFINITY;
    for mark in marks {
        let Ok(day) = mark.day.parse::<Date>() else { continue };
        let at = axis.middle(day);
        if !mark.key.is_empty() {
            if let Some(x) = at {
                svg.push_str(&line(
                    "c-mark",
                    MARK,
                    (x, top - 8.0),
                    (x, end),
                    " stroke-width=\"1.2\" stroke-dasharray=\"2 4\"",
                ));
                // Letters of days that stand close together would cover each other; their lines stay.
                if x - free > 14.0 {
                    svg.push_str(&strong((x, top - 12.0), "middle", &mark.key));
                    free = x;
                }
            }
            continue;
        }
        let Some(x) = at else {
            let before = axis.is_before(day);
            let (x, anchor) = if before { (axis.left(), "start") } else { (axis.right(), "end") };
            svg.push_str(&strong(
                (x, name_y),
                anchor,
                if before { words.boundary_before } else { words.boundary_after },
            ));
            continue;
        };
        let room = width_of(words.boundary) * 1.25 + 12.0;
        let (name_x, anchor) = match x {
            x if x + room <= axis.right() => (x + 11.0, "start"),
            x if x >= room => (x - 11.0, "end"),
            // On a narrow chart it fits on neither side: it stands at the edge, over the line.
            _ => (0.0, "start"),
        };
        let left = short(x - 6.0);
        let triangles = format!("M{left} {}h12l-6 10zM{left} {}h12l-6 -10z", short(name_y - 11.0), short(end + 10.0));
        svg.push_str(&line(
            "c-mark",
            MARK,
            (x, name_y - 6.0),
            (x, end),
            " stroke-width=\"2\" stroke-dasharray=\"7 4\"",
        ));
        svg.push_str(&format!("<path class=\"c-mark-fill\" d=\"{triangles}\" fill=\"{MARK}\"/>"));
        svg.push_str(&strong((name_x, name_y), anchor, words.boundary));
    }
    svg
}

/// Bursts as blocks on their strip; those that would cover each other become one.
fn burst_strip(bursts: &[(i64, i64)], axis: &DayAxis, top: f64) -> String {
    let mut places: Vec<(f64, f64)> = bursts
        .iter()
        .map(|(from, to)| (axis.x_of_second(*from), axis.x_of_second(*to).max(axis.x_of_second(*from) + 2.0)))
        .collect();
    places.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut path = String::new();
    let mut open: Option<(f64, f64)> = None;
    for (from, to) in places {
        match &mut open {
            Some((_, until)) if from <= *until + 0.5 => *until = until.max(to),
            _ => {
                path.push_str(&open.map(|(from, to)| block(from, to - from, top + STRIP, top)).unwrap_or_default());
                open = Some((from, to));
            }
        }
    }
    path.push_str(&open.map(|(from, to)| block(from, to - from, top + STRIP, top)).unwrap_or_default());
    path
}

/// What solid and hatched mean, and how high that is.
fn legend(words: &TimelineWords<'_>, size: Size) -> (String, f64) {
    let beside = 34.0 + width_of(words.mass) + 22.0;
    let fits = beside + 34.0 + width_of(words.other) < size.width();
    let (x, y) = if fits { (beside, 0.0) } else { (0.0, 24.0) };
    let key = |(x, y): (f64, f64), fill: Fill, words: &str| {
        area(&block(x, 22.0, y + 18.0, y + 5.0), fill, NAME, size) + &text((x + 30.0, y + 16.0), "start", words)
    };
    (key((0.5, 0.0), Fill::Solid, words.mass) + &key((x + 0.5, y), Fill::Hatched, words.other), y + 26.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str, messages: u64, mass: u64) -> DayRow {
        DayRow { day: day.to_owned(), messages, mass, recipients: messages }
    }

    const WORDS: TimelineWords<'_> = TimelineWords {
        title: "t",
        description: "<script>",
        mass: "mass",
        other: "other",
        axis: ["per day", "per week", "per month", "per year"],
        recipients: ["r", "r", "r", "r"],
        bursts: "bursts",
        boundary: "boundary",
        boundary_before: "before",
        boundary_after: "after",
    };

    fn draw(days: &[DayRow], boundary: &str, size: Size) -> String {
        let marks = [DayMark { day: boundary.to_owned(), key: String::new() }];
        timeline(&Timeline { days, bursts: &[], marks: &marks }, &WORDS, Language::En, size)
    }

    #[test]
    fn the_boundary_day_is_marked_inside_and_named_outside() {
        for size in [Size::Wide, Size::Narrow] {
            let svg = |first: &str, last: &str| draw(&[day(first, 5, 2), day(last, 7, 7)], "2019-12-07", size);
            assert!(svg("2019-12-01", "2019-12-20").contains(">boundary<"));
            assert!(svg("2019-12-10", "2019-12-20").contains(">boundary<"));
            assert!(svg("2021-01-01", "2021-02-01").contains(">before<"));
            assert!(svg("2018-01-01", "2018-02-01").contains(">after<"));
            let weeks = svg("2019-01-01", "2020-12-31");
            assert!(weeks.contains(">per week<") && !weeks.contains(">per day<"));
        }
    }

    #[test]
    fn words_are_escaped_and_odd_rows_do_no_harm() {
        let rows =
            [day("2019-12-07", u64::MAX, 3), day("no day", 1, 1), day("-9999-01-01", 0, 9), day("9999-12-31", 1, 1)];
        let svg = draw(&rows, "2019-12-07", Size::Wide);
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>") && !svg.contains("NaN"));
        assert_eq!(draw(&[], "2019-12-07", Size::Wide), "");
        assert!(draw(&rows[..1], "no day", Size::Narrow).ends_with("</svg>"));
    }

    #[test]
    fn bursts_that_would_cover_each_other_are_one_block() {
        let days = [day("2019-12-01", 5, 5), day("2019-12-31", 5, 5)];
        let at = |day: i64| 1_575_158_400 + day * 86_400;
        let bursts = [(at(3), at(3) + 60), (at(3) + 90, at(3) + 100), (at(9), at(9) + 60)];
        let marks = [DayMark { day: "2019-12-20".to_owned(), key: "A".to_owned() }];
        let chart = Timeline { days: &days, bursts: &bursts, marks: &marks };
        let svg = timeline(&chart, &WORDS, Language::De, Size::Wide);
        let strip =
            svg.split(">bursts</text><path").nth(1).and_then(|rest| rest.split("/>").next()).unwrap_or_default();
        assert_eq!(strip.matches('z').count(), 2);
        assert!(svg.contains(">A</text>"));
    }
}
