//! The week: outbound messages by weekday and hour. The greater the square, the more messages.
//! Wide, hours run to the right; narrow, they run down, so that the squares stay large enough to tell apart.
//! There is no colour scale: size alone carries the count, and a legend names the classes.

use super::draw::{Fill, GRID, area, line, open, square, text, width_of};
use super::{Size, number};
use crate::case::Language;

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

const NAME: &str = "heat";
/// Sides of the squares by class, as shares of the largest.
const SIDES: [f64; 5] = [0.26, 0.45, 0.64, 0.82, 1.0];

/// Outbound messages by weekday and hour.
#[must_use]
pub fn heat_map(week: &[Vec<u64>], words: &HeatWords<'_>, language: Language, size: Size) -> String {
    let down = size == Size::Narrow;
    let (columns, rows) = if down { (7, 24) } else { (24, 7) };
    let (left, top) = if down { (44.0, 52.0) } else { (104.0, 48.0) };
    let (width, height) = if down { (48.0, 20.0) } else { (35.0, 35.0) };
    let largest = if down { 17.0 } else { 32.0 };
    let (right, bottom) = (left + width * f64::from(columns), top + height * f64::from(rows));
    let limits = class_limits(week.iter().flatten().copied().max().unwrap_or(0));
    let (legend, legend_height) = legend(limits, words, language, (bottom + 34.0, largest, size));
    let mut svg = open(NAME, size, bottom + 34.0 + legend_height, (words.title, words.description));
    let middle = |index: usize, cell: f64| (index as f64 + 0.5) * cell;
    let place = |weekday: usize, hour: usize| {
        let (column, row) = if down { (weekday, hour) } else { (hour, weekday) };
        (left + middle(column, width), top + middle(row, height))
    };
    svg.push_str(&text((if down { 0.0 } else { left }, 18.0), "start", words.hours));
    for hour in 0..24 {
        let label = hour.to_string();
        let (x, y) = place(0, hour);
        let (at, anchor) = if down { ((left - 10.0, y + 5.0), "end") } else { ((x, top - 8.0), "middle") };
        svg.push_str(&text(at, anchor, &label));
    }
    for (weekday, name) in words.weekdays.iter().enumerate() {
        let (x, y) = place(weekday, 0);
        if down {
            let short: String = name.chars().take(2).collect();
            svg.push_str(&text((x, top - 8.0), "middle", &short));
        } else {
            svg.push_str(&text((left - 10.0, y + 5.0), "end", name));
        }
    }
    for index in 0..=rows {
        let y = top + height * f64::from(index);
        svg.push_str(&line("c-grid", GRID, (left, y), (right, y), ""));
    }
    for index in 0..=columns {
        let x = left + width * f64::from(index);
        svg.push_str(&line("c-grid", GRID, (x, top), (x, bottom), ""));
    }
    let mut squares = String::new();
    for (weekday, hours) in week.iter().enumerate().take(7) {
        for (hour, count) in hours.iter().enumerate().take(24) {
            let class = limits.iter().position(|limit| count <= limit);
            if let Some(side) = class.filter(|_| *count > 0).and_then(|class| SIDES.get(class)) {
                squares.push_str(&square(place(weekday, hour), side * largest));
            }
        }
    }
    svg.push_str(&area(&squares, Fill::Solid, NAME, size));
    svg.push_str(&legend);
    svg.push_str("</svg>");
    svg
}

/// The classes with their squares, in as many lines as they need, and how high that is.
fn legend(
    limits: [u64; 5],
    words: &HeatWords<'_>,
    language: Language,
    (top, largest, size): (f64, f64, Size),
) -> (String, f64) {
    let start = if size == Size::Wide { 104.0 } else { 0.0 };
    let mut svg = String::new();
    let (mut x, mut y) = (start, top);
    if size == Size::Wide {
        svg.push_str(&text((start - 10.0, y + 5.0), "end", words.legend));
    } else {
        svg.push_str(&text((0.0, y + 5.0), "start", words.legend));
        y += 30.0;
    }
    let (mut squares, mut least) = (String::new(), 1);
    for (limit, side) in limits.iter().zip(SIDES) {
        if *limit < least {
            continue;
        }
        let range = if *limit == least {
            number(least, language)
        } else {
            format!("{}–{}", number(least, language), number(*limit, language))
        };
        let needed = largest + 10.0 + width_of(&range) + 24.0;
        if x + needed > size.width() && x > start {
            (x, y) = (start, y + largest + 8.0);
        }
        squares.push_str(&square((x + largest / 2.0, y), side * largest));
        svg.push_str(&text((x + largest + 8.0, y + 5.0), "start", &range));
        x += needed;
        least = limit.saturating_add(1);
    }
    svg.push_str(&area(&squares, Fill::Solid, NAME, size));
    (svg, y - top + largest / 2.0 + 6.0)
}

/// Upper limits of the five classes: areas grow with the square of the class.
fn class_limits(highest: u64) -> [u64; 5] {
    [1, 4, 9, 16, 25].map(|share| u64::try_from((u128::from(highest) * share).div_ceil(25)).unwrap_or(highest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_cover_every_count_once() {
        assert_eq!(class_limits(100), [4, 16, 36, 64, 100]);
        assert_eq!(class_limits(2), [1, 1, 1, 2, 2]);
        assert_eq!(class_limits(0), [0; 5]);
        assert_eq!(class_limits(u64::MAX)[4], u64::MAX);
        for size in [Size::Wide, Size::Narrow] {
            let svg = heat_map(&[vec![1, 2]], &HeatWords::default(), Language::En, size);
            assert!(svg.contains(">1<") && svg.contains(">2<") && !svg.contains(">2–"));
        }
    }

    #[test]
    fn words_are_escaped_and_odd_weeks_do_no_harm() {
        let words = HeatWords { weekdays: ["a\"<"; 7], ..HeatWords::default() };
        assert!(heat_map(&[vec![u64::MAX; 30], vec![]], &words, Language::En, Size::Wide).contains("a&quot;&lt;"));
        assert!(heat_map(&[], &words, Language::En, Size::Narrow).ends_with("</svg>"));
    }
}
