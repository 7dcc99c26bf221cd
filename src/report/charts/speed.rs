//! The speed profile: the shortest time in which so many distinct recipients were reached, on two logarithmic axes.
//! One line for each account; lines differ by the shape of their marks and by their dashes.
//! There is no threshold in it, and none is drawn.

use super::draw::{CHARACTER, GRID, INK, line, open, short, text, width_of};
use super::{Size, number};
use crate::case::Language;

/// One line of the chart.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Whose it is.
    pub name: String,
    /// (recipients, shortest milliseconds), growing.
    pub points: Vec<(u64, i64)>,
}

/// Words of the speed profile, in the reader's language.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpeedWords<'a> {
    /// Short name of the picture.
    pub title: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// What runs upward.
    pub time: &'a str,
    /// What runs to the right.
    pub recipients: &'a str,
    /// A day, and days.
    pub day: [&'a str; 2],
}

/// Lines that the marks can tell apart.
pub const MOST_SERIES: usize = 5;

const NAME: &str = "speed";
const HEIGHT: f64 = 250.0;
/// Times of the grid, in milliseconds. All that is quicker than the first stands on the floor.
const TIMES: [i64; 9] =
    [1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 864_000_000, 8_640_000_000, 86_400_000_000];
const DASHES: [&str; MOST_SERIES] = [
    "",
    " stroke-dasharray=\"8 4\"",
    " stroke-dasharray=\"2 4\"",
    " stroke-dasharray=\"10 3 2 3\"",
    " stroke-dasharray=\"1 6\"",
];

/// The speed profiles of at most five accounts; empty when there is none.
#[must_use]
pub fn speed(series: &[Series], words: &SpeedWords<'_>, language: Language, size: Size) -> String {
    let series = series.get(..MOST_SERIES).unwrap_or(series);
    let points = || series.iter().flat_map(|line| line.points.iter());
    let most = points().map(|point| point.0).max().unwrap_or(0);
    if most < 2 {
        return String::new();
    }
    let longest = points().map(|point| point.1).max().unwrap_or(0);
    let last = TIMES.iter().position(|time| *time >= longest).unwrap_or(TIMES.len() - 1).max(2);
    let times = TIMES.get(..=last).unwrap_or(&TIMES);
    let labels: Vec<String> = times.iter().map(|time| time_text(*time, words)).collect();
    let left = labels.iter().map(|label| width_of(label)).fold(0.0, f64::max) + 14.0;
    let (legend, legend_height) = legend(series, size);
    let (top, bottom) = (legend_height + 32.0, legend_height + 32.0 + HEIGHT);
    let right = size.width() - 24.0;
    let decades = (most as f64).log10().ceil().max(1.0);
    let x = |recipients: u64| left + (right - left) * (recipients.max(1) as f64).log10() / decades;
    // The highest line stands at the greatest time of the grid, the floor one step below one second.
    let ceiling = *times.last().unwrap_or(&1_000) as f64;
    let span = (ceiling / 500.0).log10();
    let y = |time: i64| bottom - HEIGHT * ((time.max(500) as f64) / 500.0).log10() / span;
    let mut svg = open(NAME, size, bottom + 52.0, (words.title, words.description));
    svg.push_str(&legend);
    svg.push_str(&text((0.0, legend_height + 14.0), "start", words.time));
    for (time, label) in times.iter().zip(&labels) {
        svg.push_str(&line("c-grid", GRID, (left, y(*time)), (right, y(*time)), ""));
        svg.push_str(&text((left - 8.0, y(*time) + 5.0), "end", label));
    }
    for tick in (0..=decades as u32).filter_map(|power| 10_u64.checked_pow(power)) {
        svg.push_str(&line("c-grid", GRID, (x(tick), top), (x(tick), bottom), ""));
        svg.push_str(&text((x(tick), bottom + 20.0), "middle", &number(tick, language)));
    }
    svg.push_str(&line("c-line", INK, (left, bottom), (right, bottom), ""));
    svg.push_str(&text((left - 8.0, bottom + 5.0), "end", "< 1 s"));
    svg.push_str(&text((right, bottom + 42.0), "end", words.recipients));
    for (index, one) in series.iter().enumerate() {
        let points: Vec<(f64, f64)> = one.points.iter().map(|(recipients, time)| (x(*recipients), y(*time))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{} {}", short(*x), short(*y))).collect();
        svg.push_str(&format!(
            "<path class=\"c-line\" d=\"M{}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"1.6\"{}/>",
            path.join("L"),
            DASHES.get(index).copied().unwrap_or_default()
        ));
        svg.push_str(&shapes(&points, index));
    }
    svg.push_str("</svg>");
    svg
}

/// The marks of a line: every line has a shape of its own.
fn shapes(points: &[(f64, f64)], index: usize) -> String {
    let mut path = String::new();
    for (x, y) in points {
        let at = |dx: f64, dy: f64| format!("{} {}", short(x + dx), short(y + dy));
        path.push_str(&match index {
            0 => format!("M{}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", at(-4.5, 0.0)),
            1 => format!("M{}h9v9h-9z", at(-4.5, -4.5)),
            2 => format!("M{}l5.5 9.5h-11z", at(0.0, -5.5)),
            3 => format!("M{}l6 6l-6 6l-6 -6z", at(0.0, -6.0)),
            _ => format!("M{}l9 9M{}l9 -9", at(-4.5, -4.5), at(-4.5, 4.5)),
        });
    }
    if index.is_multiple_of(2) {
        format!("<path class=\"c-fill c-line\" d=\"{path}\" fill=\"{INK}\" stroke=\"{INK}\"/>")
    } else {
        format!("<path class=\"c-open\" d=\"{path}\" fill=\"#fff\" stroke=\"{INK}\" stroke-width=\"1.6\"/>")
    }
}

/// Whose line is which, one under the other where they do not fit, and how high that is.
fn legend(series: &[Series], size: Size) -> (String, f64) {
    let (mut x, mut y) = (0.0, 0.0);
    let mut svg = String::new();
    let most = ((size.width() - 50.0) / CHARACTER) as usize;
    for (index, one) in series.iter().enumerate() {
        let mut name: String = one.name.chars().take(most).collect();
        if name.len() < one.name.len() {
            name.push('…');
        }
        let needed = 44.0 + width_of(&name) + 20.0;
        if x > 0.0 && x + needed > size.width() {
            (x, y) = (0.0, y + 24.0);
        }
        let dash = DASHES.get(index).copied().unwrap_or_default();
        svg.push_str(&line(
            "c-line",
            INK,
            (x, y + 12.0),
            (x + 34.0, y + 12.0),
            &format!(" stroke-width=\"1.6\"{dash}"),
        ));
        svg.push_str(&shapes(&[(x + 17.0, y + 12.0)], index));
        svg.push_str(&text((x + 42.0, y + 17.0), "start", &name));
        x += needed;
    }
    (svg, y + 26.0)
}

/// A round time in its largest unit.
fn time_text(milliseconds: i64, words: &SpeedWords<'_>) -> String {
    let days = milliseconds / 86_400_000;
    match milliseconds {
        ..60_000 => format!("{} s", milliseconds / 1_000),
        60_000..3_600_000 => format!("{} min", milliseconds / 60_000),
        3_600_000..86_400_000 => format!("{} h", milliseconds / 3_600_000),
        _ => format!("{days} {}", words.day.get(usize::from(days != 1)).copied().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: SpeedWords<'_> =
        SpeedWords { title: "t", description: "d", time: "time", recipients: "n", day: ["Tag", "Tage"] };

    #[test]
    fn every_line_has_its_own_shape_and_odd_points_do_no_harm() {
        let one = |name: &str| Series { name: name.to_owned(), points: vec![(1, 0), (10, 1_500), (1_000, 9_000_000)] };
        let series: Vec<Series> = (0..7).map(|index| one(&format!("<{index}>"))).collect();
        for size in [Size::Wide, Size::Narrow] {
            let svg = speed(&series, &WORDS, Language::De, size);
            assert!(svg.contains("&lt;4&gt;") && !svg.contains("&lt;5&gt;") && svg.contains(">1.000<"));
            assert!(svg.contains(">10 h<") && !svg.contains(">10 Tage<") && !svg.contains("NaN"));
        }
        assert_eq!(speed(&[], &WORDS, Language::De, Size::Wide), "");
        assert_eq!(
            speed(&[Series { name: String::new(), points: vec![(1, 0)] }], &WORDS, Language::De, Size::Wide),
            ""
        );
        let odd = [Series { name: "x".repeat(500), points: vec![(u64::MAX, i64::MAX), (0, -5)] }];
        assert!(speed(&odd, &WORDS, Language::En, Size::Wide).ends_with("</svg>"));
    }

    #[test]
    fn times_are_written_in_their_largest_unit() {
        let texts = TIMES.map(|time| time_text(time, &WORDS));
        assert_eq!(texts, ["1 s", "10 s", "1 min", "10 min", "1 h", "10 h", "10 Tage", "100 Tage", "1000 Tage"]);
        assert_eq!(time_text(86_400_000, &WORDS), "1 Tag");
    }
}
