//! Charts as inline SVG: outbound messages over time, and by weekday and hour. Pure functions of rows and words.
//! They read in greyscale: hatching, size and labels carry the meaning, and no style sheet is needed.
//! Where the words come from and what stands around a chart is not known here.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::extract::DayRow;
use crate::case::Language;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 16.0;
const INK: &str = "#1b2a33";
const MARK: &str = "#8a3b12";
const GRID: &str = "#c3cbd0";
const FONT: &str = "font-family=\"sans-serif\" font-size=\"14\"";
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
    fn around(self, day: Date) -> (Date, Date) {
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
    /// The boundary day.
    pub boundary: &'a str,
    /// The boundary day, where it lies before the chart.
    pub boundary_before: &'a str,
    /// The boundary day, where it lies after the chart.
    pub boundary_after: &'a str,
}

/// Words of the heat map, in the reader's language.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeatWords<'a> {
    /// Short name of the picture.
    pub title: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// Weekdays from Monday on.
    pub weekdays: [&'a str; 7],
    /// What stands above the hours.
    pub hours: &'a str,
    /// What the squares stand for.
    pub legend: &'a str,
}

/// A number as people of a language write it.
#[must_use]
pub fn number(value: u64, language: Language) -> String {
    let separator = match language {
        Language::De => '.',
        Language::En => ',',
    };
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// Outbound messages over time, with the boundary day marked; empty when there is no day to show.
#[must_use]
pub fn timeline(days: &[DayRow], boundary_day: &str, words: &TimelineWords<'_>, language: Language) -> String {
    const TOP: f64 = 62.0;
    const BOTTOM: f64 = 310.0;
    const HEIGHT: f64 = 348.0;
    let unit = Unit::of(days);
    let boundary = boundary_day.parse::<Date>().ok();
    let Some(plot) = Plot::new(days, unit, boundary) else { return String::new() };
    let step = nice_step(plot.highest);
    let top = step * plot.highest.div_ceil(step).max(1);
    let y = |value: u64| BOTTOM - (BOTTOM - TOP) * value as f64 / top as f64;
    let mut svg = open("timeline", HEIGHT, words.title, words.description);
    svg.push_str("<defs><pattern id=\"timeline-hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">");
    svg.push_str(&format!("<rect class=\"c-paper\" width=\"5\" height=\"5\" fill=\"#fff\"/><rect class=\"c-fill\" width=\"1.6\" height=\"5\" fill=\"{INK}\"/></pattern></defs>"));
    for tick in (0..=top).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
        svg.push_str(&line("c-grid", GRID, (LEFT, y(tick)), (WIDTH - RIGHT, y(tick)), ""));
        svg.push_str(&text((LEFT - 8.0, y(tick) + 5.0), "end", &number(tick, language)));
    }
    // Behind the bars: it must not hide those of the day itself.
    if let Some(day) = boundary {
        svg.push_str(&plot.boundary(day, words, (TOP, BOTTOM)));
    }
    let (mut mass, mut other) = (String::new(), String::new());
    for bar in &plot.bars {
        let (from, to) = (plot.x(bar.first), plot.x(bar.end));
        let gap = if to - from > 4.0 { (to - from) * 0.15 } else { 0.0 };
        let (left, width) = (from + gap / 2.0, (to - from - gap).max(1.5));
        if bar.mass > 0 {
            mass.push_str(&block(left, width, BOTTOM, y(bar.mass)));
        }
        if bar.other > 0 {
            other.push_str(&block(left, width, y(bar.mass), y(bar.mass + bar.other)));
        }
    }
    svg.push_str(&format!("<path class=\"c-fill c-line\" d=\"{mass}\" fill=\"{INK}\"/>"));
    svg.push_str(&format!(
        "<path class=\"c-line\" d=\"{other}\" fill=\"url(#timeline-hatch)\" stroke=\"{INK}\" stroke-width=\"0.8\"/>"
    ));
    svg.push_str(&line("c-line", INK, (LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM), ""));
    for (day, label) in plot.ticks() {
        let x = plot.x(day);
        svg.push_str(&line("c-line", INK, (x, BOTTOM), (x, BOTTOM + 6.0), ""));
        // A label that would be cut off at the edge is left out; its tick stays.
        if x < WIDTH - 38.0 {
            svg.push_str(&text((x, BOTTOM + 26.0), "middle", &label));
        }
    }
    svg.push_str(&legend(words));
    svg.push_str(&text((WIDTH - RIGHT, 18.0), "end", words.axis.get(unit.index()).copied().unwrap_or_default()));
    svg.push_str("</svg>");
    svg
}

/// Outbound messages by weekday and hour: the greater the square, the more messages.
#[must_use]
pub fn heat_map(week: &[Vec<u64>], words: &HeatWords<'_>, language: Language) -> String {
    const CELL: f64 = 35.0;
    const SIDES: [f64; 5] = [9.0, 15.0, 21.0, 27.0, 33.0];
    let (left, top) = (104.0, 48.0);
    let highest = week.iter().flatten().copied().max().unwrap_or(0);
    let limits = class_limits(highest);
    let mut svg = open("heat", top + CELL * 7.0 + 64.0, words.title, words.description);
    svg.push_str(&text((left, 18.0), "start", words.hours));
    let middle = |index: usize| (index as f64 + 0.5) * CELL;
    for hour in 0..24 {
        svg.push_str(&text((left + middle(hour), top - 8.0), "middle", &hour.to_string()));
    }
    for line_at in 0..=7_u32 {
        let y = top + CELL * f64::from(line_at);
        svg.push_str(&line("c-grid", GRID, (left, y), (left + CELL * 24.0, y), ""));
    }
    for line_at in 0..=24_u32 {
        let x = left + CELL * f64::from(line_at);
        svg.push_str(&line("c-grid", GRID, (x, top), (x, top + CELL * 7.0), ""));
    }
    let mut squares = String::new();
    for (weekday, hours) in week.iter().enumerate().take(7) {
        for (hour, count) in hours.iter().enumerate().take(24) {
            let class = limits.iter().position(|limit| count <= limit);
            if let Some(side) = class.filter(|_| *count > 0).and_then(|class| SIDES.get(class)) {
                squares.push_str(&square((left + middle(hour), top + middle(weekday)), *side));
            }
        }
    }
    for (weekday, name) in words.weekdays.iter().enumerate() {
        svg.push_str(&text((left - 10.0, top + middle(weekday) + 5.0), "end", name));
    }
    let (mut x, y) = (left, top + CELL * 7.0 + 36.0);
    svg.push_str(&text((left - 10.0, y + 5.0), "end", words.legend));
    let mut least = 1;
    for (limit, side) in limits.iter().zip(SIDES) {
        if *limit >= least {
            let range = if *limit == least {
                number(least, language)
            } else {
                format!("{}–{}", number(least, language), number(*limit, language))
            };
            squares.push_str(&square((x + 18.0, y), side));
            svg.push_str(&text((x + 42.0, y + 5.0), "start", &range));
            x += 64.0 + range.chars().count() as f64 * 8.5;
            least = limit.saturating_add(1);
        }
    }
    svg.push_str(&format!("<path class=\"c-fill\" d=\"{squares}\" fill=\"{INK}\"/></svg>"));
    svg
}

/// Upper limits of the five classes of a heat map: areas grow with the square of the class.
fn class_limits(highest: u64) -> [u64; 5] {
    [1, 4, 9, 16, 25].map(|share| u64::try_from((u128::from(highest) * share).div_ceil(25)).unwrap_or(highest))
}

/// A bar of the timeline.
struct Bar {
    first: Date,
    end: Date,
    mass: u64,
    other: u64,
}

/// The bars and the axis of days that they stand on.
struct Plot {
    bars: Vec<Bar>,
    highest: u64,
    start: Date,
    days: f64,
}

impl Plot {
    fn new(days: &[DayRow], unit: Unit, boundary: Option<Date>) -> Option<Self> {
        let mut bars: BTreeMap<Date, Bar> = BTreeMap::new();
        for row in days {
            let Ok(day) = row.day.parse::<Date>() else { continue };
            let (first, end) = unit.around(day);
            let bar = bars.entry(first).or_insert(Bar { first, end, mass: 0, other: 0 });
            bar.mass = bar.mass.saturating_add(row.mass.min(row.messages));
            bar.other = bar.other.saturating_add(row.messages.saturating_sub(row.mass));
        }
        let mut start = bars.values().next()?.first;
        let mut end = bars.values().next_back()?.end;
        // A boundary day that lies just outside is worth a little room.
        let near = (days_between(start, end) / 4.0).max(14.0);
        if let Some(day) = boundary {
            if day < start && days_between(day, start) <= near {
                start = unit.around(day).0;
            } else if day >= end && days_between(end, day) <= near {
                end = unit.around(day).1;
            }
        }
        let bars: Vec<Bar> = bars.into_values().collect();
        let highest = bars.iter().map(|bar| bar.mass.saturating_add(bar.other)).max().unwrap_or(0).min(u64::MAX / 4);
        Some(Self { bars, highest, start, days: days_between(start, end).max(14.0) })
    }

    fn x(&self, day: Date) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * days_between(self.start, day) / self.days
    }

    /// Days with their labels, at most twelve, at round steps.
    fn ticks(&self) -> Vec<(Date, String)> {
        let last = later(self.start, self.days as i64 - 1);
        let (start, months) = (self.start, self.days / 30.4);
        let step = [1, 2, 7, 14].into_iter().find(|step| self.days / f64::from(*step) <= 11.0);
        let mut ticks = Vec::new();
        if let Some(step) = step {
            let mut day = start;
            while day <= last && ticks.len() < 12 {
                ticks.push((day, day.to_string()));
                day = later(day, i64::from(step));
            }
            return ticks;
        }
        let step = [1_i64, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000]
            .into_iter()
            .find(|step| months / *step as f64 <= 11.0)
            .unwrap_or(60_000);
        let month_number = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month()) - 1;
        let mut month = month_number(start).div_euclid(step) * step;
        while month <= month_number(last) {
            let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12) + 1);
            let day = i16::try_from(year).ok().and_then(|year| Date::new(year, of_year as i8, 1).ok());
            if let Some(day) = day.filter(|day| *day >= start) {
                ticks.push((day, if step >= 12 { format!("{year}") } else { format!("{year}-{of_year:02}") }));
            }
            month += step;
        }
        ticks
    }

    /// The boundary day as a dashed line between two triangles, with its name; at the edge, in words, where it lies outside.
    fn boundary(&self, day: Date, words: &TimelineWords<'_>, (top, bottom): (f64, f64)) -> String {
        let y = top - 16.0;
        if day < self.start {
            return strong((LEFT, y), "start", words.boundary_before);
        }
        let x = self.x(day) + (WIDTH - LEFT - RIGHT) / self.days / 2.0;
        if x > WIDTH - RIGHT {
            return strong((WIDTH - RIGHT, y), "end", words.boundary_after);
        }
        let (anchor, offset) = if x > WIDTH * 0.6 { ("end", -10.0) } else { ("start", 10.0) };
        let triangles = format!(
            "M{left} {}h14l-7 11zM{left} {}h14l-7 -11z",
            short(y - 5.0),
            short(bottom + 12.0),
            left = short(x - 7.0)
        );
        format!(
            "{}<path class=\"c-mark-fill\" d=\"{triangles}\" fill=\"{MARK}\"/>{}",
            line("c-mark", MARK, (x, y), (x, bottom), " stroke-width=\"2\" stroke-dasharray=\"7 4\""),
            strong((x + offset, y + 3.0), anchor, words.boundary),
        )
    }
}

fn days_between(first: Date, last: Date) -> f64 {
    last.duration_since(first).as_secs_f64() / 86_400.0
}

fn later(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::SignedDuration::from_hours(days.saturating_mul(24)))
}

/// A round step that gives about four lines.
fn nice_step(highest: u64) -> u64 {
    let mut step = 1_u64;
    while highest / step > 5 {
        // 1, 2, 5, 10, 20, 50 …
        step = if step.to_string().starts_with('2') { step / 2 * 5 } else { step * 2 };
    }
    step
}

fn legend(words: &TimelineWords<'_>) -> String {
    let second = LEFT + 34.0 + words.mass.chars().count() as f64 * 8.0 + 24.0;
    format!(
        "<rect class=\"c-fill\" x=\"{LEFT}\" y=\"6\" width=\"22\" height=\"14\" fill=\"{INK}\"/>{}\
         <rect class=\"c-line\" x=\"{second}\" y=\"6\" width=\"22\" height=\"14\" fill=\"url(#timeline-hatch)\" stroke=\"{INK}\" stroke-width=\"0.8\"/>{}",
        text((LEFT + 30.0, 18.0), "start", words.mass),
        text((second + 30.0, 18.0), "start", words.other),
    )
}

fn open(id: &str, height: f64, title: &str, description: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        escape(title),
        escape(description),
    )
}

fn line(class: &str, color: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64), more: &str) -> String {
    let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(short);
    format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{color}\"{more}/>")
}

fn text((x, y): (f64, f64), anchor: &str, words: &str) -> String {
    format!(
        "<text class=\"c-text\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"{INK}\" {FONT}>{}</text>",
        short(x),
        short(y),
        escape(words)
    )
}

fn strong((x, y): (f64, f64), anchor: &str, words: &str) -> String {
    text((x, y), anchor, words).replacen("class=\"c-text\"", "class=\"c-text c-strong\" font-weight=\"bold\"", 1)
}

/// A rectangle as a part of a path.
fn block(left: f64, width: f64, bottom: f64, top: f64) -> String {
    let [left, width, bottom] = [left, width, bottom].map(short);
    format!("M{left} {bottom}V{}h{width}V{bottom}z", short(top))
}

fn square((x, y): (f64, f64), side: f64) -> String {
    block(x - side / 2.0, side, y + side / 2.0, y - side / 2.0)
}

/// A coordinate with at most two decimals.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text that is safe between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in show_deceptive(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Characters that can make a text look like another one: controls, and marks that turn the direction of writing.
#[must_use]
pub const fn is_deceptive(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with its deceptive characters named; a carriage return before a line end goes without a word.
#[must_use]
pub fn show_deceptive(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        if is_deceptive(character) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
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
        boundary: "boundary",
        boundary_before: "before",
        boundary_after: "after",
    };

    #[test]
    fn numbers_are_grouped_by_language() {
        assert_eq!(number(1_234_567, Language::De), "1.234.567");
        assert_eq!(number(1_234, Language::En), "1,234");
        assert_eq!(number(999, Language::De), "999");
        assert_eq!(number(0, Language::En), "0");
    }

    #[test]
    fn long_spans_are_told_by_week_month_or_year() {
        let unit = |last: &str| Unit::of(&[day("2019-01-01", 1, 0), day(last, 1, 0)]);
        assert_eq!(unit("2020-02-04"), Unit::Day);
        assert_eq!(unit("2020-02-05"), Unit::Week);
        assert_eq!(unit("2029-01-01"), Unit::Month);
        assert_eq!(unit("2129-01-01"), Unit::Year);
        assert_eq!(Unit::of(&[]), Unit::Day);
        let svg = timeline(&[day("2019-01-01", 5, 2), day("2020-12-31", 7, 7)], "2019-12-07", &WORDS, Language::En);
        assert!(svg.contains(">per week<") && !svg.contains(">per day<"));
    }

    #[test]
    fn the_boundary_day_is_marked_inside_and_named_outside() {
        let svg = |first: &str, last: &str| {
            timeline(&[day(first, 5, 2), day(last, 7, 7)], "2019-12-07", &WORDS, Language::En)
        };
        assert!(svg("2019-12-01", "2019-12-20").contains(">boundary<"));
        assert!(svg("2019-12-10", "2019-12-20").contains(">boundary<"));
        assert!(svg("2021-01-01", "2021-02-01").contains(">before<"));
        assert!(svg("2018-01-01", "2018-02-01").contains(">after<"));
    }

    #[test]
    fn words_are_escaped_and_odd_rows_do_no_harm() {
        let rows =
            [day("2019-12-07", u64::MAX, 3), day("no day", 1, 1), day("-9999-01-01", 0, 9), day("9999-12-31", 1, 1)];
        let svg = timeline(&rows, "2019-12-07", &WORDS, Language::De);
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>") && !svg.contains("NaN"));
        assert_eq!(timeline(&[], "2019-12-07", &WORDS, Language::De), "");
        assert!(timeline(&rows[..1], "no day", &WORDS, Language::De).ends_with("</svg>"));
        let words = HeatWords { weekdays: ["a\"<"; 7], ..HeatWords::default() };
        assert!(heat_map(&[vec![u64::MAX; 30], vec![]], &words, Language::En).contains("a&quot;&lt;"));
        assert!(heat_map(&[], &words, Language::En).ends_with("</svg>"));
    }

    #[test]
    fn classes_of_the_heat_map_cover_every_count_once() {
        assert_eq!(class_limits(100), [4, 16, 36, 64, 100]);
        assert_eq!(class_limits(2), [1, 1, 1, 2, 2]);
        assert_eq!(class_limits(0), [0; 5]);
        assert_eq!(class_limits(u64::MAX)[4], u64::MAX);
        let svg = heat_map(&[vec![1, 2]], &HeatWords::default(), Language::En);
        assert!(svg.contains(">1<") && svg.contains(">2<") && !svg.contains(">2–"));
    }

    #[test]
    fn deceptive_characters_are_named() {
        assert_eq!(show_deceptive("a\u{0}\r\nb\u{2066}\tc\r"), "a⟨U+0000⟩\nb⟨U+2066⟩\tc⟨U+000D⟩");
        assert_eq!(escape("\u{202e}<"), "⟨U+202E⟩&lt;");
    }
}
