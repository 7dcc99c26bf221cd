//! The charts of the page with their words: each drawn wide for a desk and narrow for a telephone.
//! How they are drawn is in `charts`; where they stand, in the template.

use minijinja::Error;
use serde::Serialize;

use super::clock::Clock;
use super::view::day_marks;
use crate::report::charts::{
    self, HeatWords, Series, Size, SpeedWords, Timeline, TimelineWords, Unit, heat_map, number,
};
use crate::report::extract::{BOUNDARY_DAY, DayRow, Extract};
use crate::report::words::Words;

/// Charts as SVG; empty where there is nothing to draw.
#[derive(Debug, Default, Serialize)]
pub struct Pictures {
    /// What a bar of the timeline stands for: name of a text.
    pub unit: &'static str,
    /// Messages and recipients over time.
    pub timeline: Drawn,
    /// The week.
    pub week: Drawn,
    /// Speed profiles.
    pub speed: Drawn,
}

/// A chart in both sizes.
#[derive(Debug, Default, Serialize)]
pub struct Drawn {
    wide: String,
    narrow: String,
}

impl Drawn {
    fn new(draw: impl Fn(Size) -> String) -> Self {
        Self { wide: draw(Size::Wide), narrow: draw(Size::Narrow) }
    }
}

impl Pictures {
    /// Draws what the extract has numbers for.
    pub fn new(extract: &Extract, words: &Words, clock: &Clock) -> Result<Self, Error> {
        let unit = Unit::of(&extract.timeline).index();
        Ok(Self {
            unit: ["unit_day", "unit_week", "unit_month", "unit_year"].get(unit).copied().unwrap_or_default(),
            timeline: timeline(extract, words, clock)?,
            week: week(extract, words)?,
            speed: speed(extract, words)?,
        })
    }

    /// The wide drawings: timeline, week, speed.
    #[cfg(feature = "pdf")]
    #[must_use]
    pub fn for_paper(self) -> Vec<String> {
        [self.timeline, self.week, self.speed].map(|drawn| drawn.wide).into()
    }
}

fn timeline(extract: &Extract, words: &Words, clock: &Clock) -> Result<Drawn, Error> {
    let text = |key: &str| words.say(key, &[]);
    let day = |row: Option<&DayRow>| row.map(|row| clock.day(&row.day)).unwrap_or_default();
    let sum = |count: fn(&DayRow) -> u64| extract.timeline.iter().map(count).fold(0, u64::saturating_add);
    let description = words.say(
        "timeline_desc",
        &[
            ("messages", words.counted("message", sum(|row| row.messages))?),
            ("days", words.counted("on_days", extract.timeline.len() as u64)?),
            ("from", day(extract.timeline.first())),
            ("to", day(extract.timeline.last())),
            ("mass", number(sum(|row| row.mass), words.language)),
            (
                "recipients",
                number(extract.timeline.iter().map(|row| row.recipients).max().unwrap_or(0), words.language),
            ),
            ("bursts", words.counted("burst", extract.bursts.len() as u64)?),
        ],
    )?;
    let [title, mass, other] = [text("timeline_title")?, text("timeline_mass")?, text("timeline_other")?];
    let [boundary, before, after] = [text("mark_boundary")?, text("mark_before")?, text("mark_after")?];
    let axis = [text("axis_day")?, text("axis_week")?, text("axis_month")?, text("axis_year")?];
    let recipients = [text("reach_day")?, text("reach_week")?, text("reach_month")?, text("reach_year")?];
    let strip = words.counted("burst", extract.bursts.len() as u64)?;
    let timeline_words = TimelineWords {
        title: &title,
        description: &description,
        mass: &mass,
        other: &other,
        axis: axis.each_ref().map(String::as_str),
        recipients: recipients.each_ref().map(String::as_str),
        bursts: &strip,
        boundary: &boundary,
        boundary_before: &before,
        boundary_after: &after,
    };
    let bursts: Vec<(i64, i64)> = extract
        .bursts
        .iter()
        .filter_map(|burst| Some((clock.seconds(&burst.start)?, clock.seconds(&burst.end)?)))
        .collect();
    let mut marks = day_marks(extract);
    if marks.iter().all(|mark| mark.day != BOUNDARY_DAY) {
        marks.push(charts::DayMark { day: BOUNDARY_DAY.to_owned(), key: String::new() });
    }
    let chart = Timeline { days: &extract.timeline, bursts: &bursts, marks: &marks };
    Ok(Drawn::new(|size| charts::timeline(&chart, &timeline_words, words.language, size)))
}

fn week(extract: &Extract, words: &Words) -> Result<Drawn, Error> {
    let cells = extract
        .week
        .iter()
        .enumerate()
        .flat_map(|(weekday, hours)| hours.iter().enumerate().map(move |(hour, count)| (*count, weekday, hour)));
    // The first of the greatest cells.
    let highest = cells.max_by_key(|(count, weekday, hour)| (*count, std::cmp::Reverse((*weekday, *hour))));
    let Some((count, weekday, hour)) = highest.filter(|(count, ..)| *count > 0) else { return Ok(Drawn::default()) };
    let weekdays = ["0", "1", "2", "3", "4", "5", "6"].map(|key| words.word("weekday", key));
    let description = words.say(
        "heat_desc",
        &[
            ("weekday", weekdays.get(weekday).copied().unwrap_or_default().to_owned()),
            ("hour", hour.to_string()),
            ("messages", words.counted("message", count)?),
        ],
    )?;
    let (title, legend) = (words.say("heat_title", &[])?, words.say("heat_legend", &[])?);
    let hours = words.say("heat_hours", &[("zone", extract.timezone.clone())])?;
    let heat_words = HeatWords { title: &title, description: &description, weekdays, hours: &hours, legend: &legend };
    Ok(Drawn::new(|size| heat_map(&extract.week, &heat_words, words.language, size)))
}

/// Profiles of the accounts that reached most, as many as the chart can tell apart.
fn speed(extract: &Extract, words: &Words) -> Result<Drawn, Error> {
    let mut series: Vec<Series> = Vec::new();
    for row in extract.speed.iter().filter(|row| row.of == "account") {
        let point = (row.recipients, row.shortest_ms);
        // The rows of an account stand together.
        match series.last_mut().filter(|one| one.name == row.subject) {
            Some(one) => one.points.push(point),
            None => series.push(Series { name: row.subject.clone(), points: vec![point] }),
        }
    }
    // A stable sort: accounts of one reach stay in order of their names.
    series.sort_by_key(|one| std::cmp::Reverse(one.points.last().map(|point| point.0)));
    series.retain(|one| one.points.len() > 1);
    let text = |key: &str| words.say(key, &[]);
    let (title, time, recipients) = (text("speed_title")?, text("speed_time")?, text("speed_recipients")?);
    let description = words.say("speed_desc", &[("accounts", words.counted("account", series.len() as u64)?)])?;
    let days = words.forms("unit_day").unwrap_or_default();
    let speed_words =
        SpeedWords { title: &title, description: &description, time: &time, recipients: &recipients, day: days };
    Ok(Drawn::new(|size| charts::speed(&series, &speed_words, words.language, size)))
}
