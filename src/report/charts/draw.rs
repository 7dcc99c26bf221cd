//! The few shapes that the charts are drawn with, as SVG text with every colour in an attribute.
//! Coordinates have at most two decimals, so that drawings stay small and are the same everywhere.
//! What a shape means is the business of the chart.

use super::Size;

/// Ink of bars, lines and text.
pub const INK: &str = "#1b2a33";
/// Ink of the boundary day.
pub const MARK: &str = "#8a3b12";
/// Ink of grid lines.
pub const GRID: &str = "#c3cbd0";
/// Width of an average character of text, for placing what stands beside it.
pub const CHARACTER: f64 = 7.6;

const FONT: &str = "font-family=\"sans-serif\" font-size=\"14\"";

/// Opens a drawing with its name and description, and the pattern `hatch`.
pub fn open(name: &str, size: Size, height: f64, (title, description): (&str, &str)) -> String {
    let id = format!("{name}-{}", size.as_str());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>\
         <defs><pattern id=\"{id}-hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect class=\"c-paper\" width=\"5\" height=\"5\" fill=\"#fff\"/><rect class=\"c-fill\" width=\"1.6\" height=\"5\" fill=\"{INK}\"/></pattern></defs>",
        size.width(),
        short(height),
        escape(title),
        escape(description),
    )
}

/// How an area is filled, which is what tells areas apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// With ink.
    Solid,
    /// Hatched, with an outline.
    Hatched,
    /// With paper, with an outline.
    Open,
}

/// An area of blocks.
pub fn area(path: &str, fill: Fill, name: &str, size: Size) -> String {
    if path.is_empty() {
        return String::new();
    }
    match fill {
        Fill::Solid => format!("<path class=\"c-fill\" d=\"{path}\" fill=\"{INK}\"/>"),
        Fill::Hatched => format!(
            "<path class=\"c-line\" d=\"{path}\" fill=\"url(#{name}-{}-hatch)\" stroke=\"{INK}\" stroke-width=\"0.8\"/>",
            size.as_str()
        ),
        Fill::Open => {
            format!("<path class=\"c-open\" d=\"{path}\" fill=\"#fff\" stroke=\"{INK}\" stroke-width=\"1.2\"/>")
        }
    }
}

/// A line from one point to another.
pub fn line(class: &str, color: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64), more: &str) -> String {
    let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(short);
    format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{color}\"{more}/>")
}

/// Text; `anchor` is `start`, `middle` or `end`.
pub fn text((x, y): (f64, f64), anchor: &str, words: &str) -> String {
    format!(
        "<text class=\"c-text\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"{INK}\" {FONT}>{}</text>",
        short(x),
        short(y),
        escape(words)
    )
}

/// Bold text.
pub fn strong(at: (f64, f64), anchor: &str, words: &str) -> String {
    text(at, anchor, words).replacen("class=\"c-text\"", "class=\"c-text c-strong\" font-weight=\"bold\"", 1)
}

/// A rectangle as a part of a path.
pub fn block(left: f64, width: f64, bottom: f64, top: f64) -> String {
    let [left, width, bottom] = [left, width, bottom].map(short);
    format!("M{left} {bottom}V{}h{width}V{bottom}z", short(top))
}

/// A square around a point, as a part of a path.
pub fn square((x, y): (f64, f64), side: f64) -> String {
    block(x - side / 2.0, side, y + side / 2.0, y - side / 2.0)
}

/// A coordinate with at most two decimals.
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Width that words take, about.
pub fn width_of(words: &str) -> f64 {
    words.chars().count() as f64 * CHARACTER
}

/// Text that is safe between tags and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
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

    #[test]
    fn deceptive_characters_are_named() {
        assert_eq!(show_deceptive("a\u{0}\r\nb\u{2066}\tc\r"), "a⟨U+0000⟩\nb⟨U+2066⟩\tc⟨U+000D⟩");
        assert_eq!(escape("\u{202e}<'"), "⟨U+202E⟩&lt;&#39;");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([1.0, 0.125, 12.5, -0.001].map(short), ["1", "0.12", "12.5", "-0"]);
        assert_eq!(square((10.0, 10.0), 4.0), "M8 12V8h4V12z");
    }
}
