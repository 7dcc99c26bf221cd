//! Finds the dated lines of a chat export and decides, shape by shape, how they are to be read.
//! Here: which lines may open a record, day/month order over the whole file, quoted chats told from own lines.
//! Not here: one timestamp (`stamp`), and what a record says (`text`).

use super::super::time::DateOrder;
use super::cursor::{is_mark, is_space};
use super::stamp::{Frame, Header, Shape, Stamp, YearPlace, header};
use super::text::{OrderBasis, ShapeReading};
use super::words::Words;

/// A line that may open a record. There are as many as messages, so it is kept small.
pub(super) struct Head {
    pub start: usize,
    body: u32,
    pub line: u32,
    shape: u16,
    pub stamp: Stamp,
}

impl Head {
    /// Where author or text begin, in bytes from the start.
    pub(super) const fn body(&self) -> usize {
        self.body as usize
    }

    /// Index of its shape.
    pub(super) fn shape(&self) -> usize {
        usize::from(self.shape)
    }

    pub(super) fn rest<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start + self.body()..).unwrap_or_default()
    }

    pub(super) fn first_line<'a>(&self, text: &'a str) -> &'a str {
        self.rest(text).lines().next().unwrap_or_default()
    }
}

/// How well one order fits the dates of a shape.
#[derive(Clone, Copy, Default)]
struct Fit {
    impossible: u32,
    backward: u32,
    latest: i64,
}

const ORDERS: [DateOrder; 3] = [DateOrder::DayMonth, DateOrder::MonthDay, DateOrder::YearMonthDay];

/// What is known of one shape.
pub(super) struct ShapeState {
    pub shape: Shape,
    fits: [Fit; 3],
    lines: u32,
    /// Head of the first line: start, body.
    example: (usize, usize),
    pub order: DateOrder,
    pub basis: OrderBasis,
    pub opens: bool,
    /// Lines whose time does not lie between those of the home shape around them.
    misfits: u32,
}

impl ShapeState {
    pub(super) fn reading<'a>(&self, text: &'a str) -> ShapeReading<'a> {
        let (start, body) = self.example;
        ShapeReading {
            example: text.get(start..body).unwrap_or_default().trim_matches(blank),
            lines: self.lines,
            order: self.order,
            basis: self.basis,
            seconds: self.shape.seconds,
            opens: self.opens,
        }
    }

    fn decide_order(&mut self, told: Option<DateOrder>) {
        let [day, month, year] = self.fits;
        let fewest = day.impossible.min(month.impossible);
        let told = told.filter(|&t| t != DateOrder::YearMonthDay || self.shape.year == YearPlace::Open);
        (self.order, self.basis) = if self.shape.year == YearPlace::First {
            (DateOrder::YearMonthDay, OrderBasis::Shape)
        } else if let Some(told) = told {
            (told, OrderBasis::Told)
        } else if self.shape.year == YearPlace::Open && year.impossible < fewest {
            (DateOrder::YearMonthDay, OrderBasis::ValueOver12)
        } else if day.impossible > month.impossible {
            (DateOrder::MonthDay, OrderBasis::ValueOver12)
        } else if self.shape.separator == '.' {
            (DateOrder::DayMonth, OrderBasis::Shape)
        } else if day.impossible < month.impossible {
            (DateOrder::DayMonth, OrderBasis::ValueOver12)
        } else if month.backward < day.backward {
            (DateOrder::MonthDay, OrderBasis::Monotony)
        } else if day.backward < month.backward {
            (DateOrder::DayMonth, OrderBasis::Monotony)
        } else {
            (DateOrder::DayMonth, OrderBasis::Assumed)
        };
    }
}

/// All dated lines of a text and the shapes they have.
pub(super) struct Scan {
    pub heads: Vec<Head>,
    pub shapes: Vec<ShapeState>,
}

impl Scan {
    pub(super) fn of(text: &str, words: &Words) -> Self {
        let mut scan = Self { heads: Vec::new(), shapes: Vec::new() };
        let mut start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        let mut line = 1_u32;
        while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
            let end = rest.find('\n').unwrap_or(rest.len());
            let content = rest.get(..end).unwrap_or_default().trim_end_matches('\r');
            if may_open(content)
                && let Some(found) = header(content, words)
                && (found.shape.frame != Frame::Bare
                    || split_author(content.get(found.body..).unwrap_or_default()).is_some())
            {
                scan.add(start, line, &found);
            }
            start += end + 1;
            line = line.saturating_add(1);
        }
        scan
    }

    fn add(&mut self, start: usize, line: u32, found: &Header) {
        let known = self.shapes.iter().position(|s| s.shape == found.shape);
        let shape = known.unwrap_or(self.shapes.len());
        let (Ok(body), Ok(index)) = (u32::try_from(found.body), u16::try_from(shape)) else { return };
        if known.is_none() {
            self.shapes.push(ShapeState {
                shape: found.shape,
                fits: [Fit::default(); 3],
                lines: 0,
                example: (start, start + found.body),
                order: DateOrder::DayMonth,
                basis: OrderBasis::Assumed,
                opens: false,
                misfits: 0,
            });
        }
        if let Some(state) = self.shapes.get_mut(shape) {
            state.lines = state.lines.saturating_add(1);
            // Where the year has its place the other orders need no test.
            let open = match found.shape.year {
                YearPlace::First => 0,
                YearPlace::Last => 2,
                YearPlace::Open => 3,
            };
            for (fit, order) in state.fits.iter_mut().zip(ORDERS).take(open) {
                if let Some(ms) = found.stamp.plausible_ms(order) {
                    fit.backward += u32::from(ms < fit.latest);
                    fit.latest = ms;
                } else {
                    fit.impossible += 1;
                }
            }
        }
        self.heads.push(Head { start, body, line, shape: index, stamp: found.stamp });
    }

    pub(super) fn decide_orders(&mut self, told: Option<DateOrder>) {
        for shape in &mut self.shapes {
            shape.decide_order(told);
        }
    }

    /// Decides which shapes are the file's own. An export begins with a record, so the first shape is. Lines of
    /// another shape may come from a second export put behind the first, or from a chat that somebody pasted into a
    /// message, or from a list of dates: the latter two tell of another time than the messages around them.
    pub(super) fn decide_shapes(&mut self) {
        let home = self.shapes.iter().position(|s| s.shape.frame != Frame::Bare).unwrap_or(0);
        if self.shapes.len() > 1 {
            self.count_misfits(home);
        }
        let home_lines = self.shapes.get(home).map_or(0, |s| s.lines);
        let home_last = self.heads.iter().rfind(|h| h.shape() == home).map_or(0, |h| h.start);
        for (i, state) in self.shapes.iter_mut().enumerate() {
            let many = state.lines >= 20 || state.lines.saturating_mul(2) >= home_lines;
            let takes_over = state.example.0 > home_last && many;
            state.opens = i == home || state.misfits.saturating_mul(2) < state.lines || takes_over;
        }
    }

    /// Counts the lines whose time does not lie between the home lines before and after them.
    fn count_misfits(&mut self, home: usize) {
        // One side may give minutes only.
        const SLACK: i64 = 59_999;
        let time = |head: &Head, shapes: &[ShapeState]| head.stamp.civil_ms(shapes.get(head.shape())?.order).ok();
        let mut fits = vec![false; self.heads.len()];
        let mut before = None;
        for (head, fit) in self.heads.iter().zip(&mut fits) {
            let ms = time(head, &self.shapes);
            if head.shape() == home {
                before = ms.or(before);
            } else {
                *fit = ms.zip(before).is_some_and(|(ms, before)| ms.saturating_add(SLACK) >= before);
            }
        }
        let mut after = None;
        for (head, fit) in self.heads.iter().zip(&mut fits).rev() {
            let ms = time(head, &self.shapes);
            if head.shape() == home {
                after = ms.or(after);
            } else {
                *fit &= ms.zip(after).is_some_and(|(ms, after)| ms.saturating_sub(SLACK) <= after);
            }
        }
        for (head, fit) in self.heads.iter().zip(fits) {
            if let Some(state) = self.shapes.get_mut(head.shape()) {
                state.misfits += u32::from(!fit);
            }
        }
    }
}

/// Marks, spaces and line ends: what no record is made of.
pub(super) const fn blank(c: char) -> bool {
    is_mark(c) || is_space(c) || matches!(c, '\r' | '\n')
}

/// The cheap test that most continuation lines fail.
fn may_open(line: &str) -> bool {
    match line.as_bytes().first() {
        Some(b'[' | b'0'..=b'9' | 0x80..) => true,
        Some(_) | None => false,
    }
}

/// Splits `author: text` at the first colon with a space or nothing behind it on the first line.
pub(super) fn split_author(body: &str) -> Option<(&str, &str)> {
    let line = body.find('\n').and_then(|end| body.get(..end)).unwrap_or(body);
    line.match_indices(':').find_map(|(at, _)| {
        let behind = body.get(at + 1..)?;
        let said = match behind.chars().next() {
            Some(c) if is_space(c) => behind.strip_prefix(c)?,
            Some(c) if !is_mark(c) && !matches!(c, '\r' | '\n') => return None,
            _ => behind,
        };
        let author = body.get(..at)?.trim_matches(blank);
        (!author.is_empty()).then_some((author, said))
    })
}
