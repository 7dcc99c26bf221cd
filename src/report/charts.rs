//! Charts as inline SVG, for the page and for the PDF: messages and recipients over time, the week, the speed profile.
//! Pure functions of rows and words. They read in greyscale: hatching, shape, size and labels carry the meaning, every
//! colour stands in an attribute, and a style sheet may restyle the classes but is not needed. What stands around a chart
//! is not known here.

mod days;
mod draw;
mod heat;
mod speed;
mod timeline;

pub use days::Unit;
pub use draw::{escape, is_deceptive, show_deceptive};
pub use heat::{HeatWords, heat_map};
pub use speed::{Series, SpeedWords, speed};
pub use timeline::{DayMark, Timeline, TimelineWords, timeline};

use crate::case::Language;

/// How wide a chart is drawn. Text has one size in both, so that a chart is read on a telephone too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For a desk's screen and for paper: 960 units.
    Wide,
    /// For a telephone: 400 units.
    Narrow,
}

impl Size {
    /// Width in units of the drawing.
    #[must_use]
    pub const fn width(self) -> f64 {
        match self {
            Self::Wide => 960.0,
            Self::Narrow => 400.0,
        }
    }

    /// Ending of the ids in a drawing, for both sizes may stand on one page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
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

/// A day as people of a language write it: `07.12.2019`; in English as ISO writes it, which no one reads the wrong way.
#[must_use]
pub fn day_text(day: jiff::civil::Date, language: Language) -> String {
    match language {
        Language::De => format!("{:02}.{:02}.{:04}", day.day(), day.month(), day.year()),
        Language::En => day.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_written_by_language() {
        assert_eq!(number(1_234_567, Language::De), "1.234.567");
        assert_eq!(number(1_234, Language::En), "1,234");
        assert_eq!(number(999, Language::De), "999");
        assert_eq!(number(0, Language::En), "0");
        let day = jiff::civil::date(2019, 12, 7);
        assert_eq!([Language::De, Language::En].map(|language| day_text(day, language)), ["07.12.2019", "2019-12-07"]);
    }
}
