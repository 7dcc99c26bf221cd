//! What a known table format adds to the reading of its rows: own words before the common ones, rows that are no
//! sends, stages whose times stand in columns of their own, sides that do not change with the direction, constants.
//! Finding the format is the mapping's work, and turning fields into messages the row reader's.

use super::formats::Format;
use super::mapping::{Delimited, Mapping};
use super::words::Words;
use crate::message::{Category, Direction, Form, Platform, Route, Status};

/// The words of a table's columns.
#[derive(Debug)]
pub struct TableWords {
    /// Of the status column.
    pub status: Words<Status>,
    /// Of the direction column.
    pub direction: Words<Direction>,
    /// Of the category column.
    pub category: Words<Category>,
    /// Of the channel column.
    pub channel: Words<Platform>,
}

/// Rows of a table that are no sends.
#[derive(Clone, Debug)]
pub struct IgnoredRows {
    /// Header name of the column that shows it.
    pub column: String,
    /// Values that show it.
    pub values: Vec<String>,
    /// Why, in words for people.
    pub reason: &'static str,
}

/// See the module.
#[derive(Debug)]
pub struct Table {
    /// The format's own words over the common ones.
    pub words: TableWords,
    /// Sender and recipient stand for our side and the other side, whatever the direction.
    pub fixed_sides: bool,
    /// Direction of every row, where no column tells it.
    pub direction: Direction,
    status: Status,
    category: Category,
    form: Form,
    route: Option<(Platform, Route)>,
    ignore: Vec<(usize, Vec<String>, &'static str)>,
    stages: Vec<(usize, Status)>,
}

impl Table {
    /// What holds for a file of this mapping.
    #[must_use]
    pub fn new(common: &Delimited, mapping: &Mapping) -> Self {
        let known = mapping.known.as_deref();
        let own = |format: &Format| TableWords {
            status: common.status.under(&format.words.status),
            direction: common.direction.under(&format.words.direction),
            category: common.category.under(&format.words.category),
            channel: common.channel.under(&format.words.channel),
        };
        let words = known.map_or_else(
            || TableWords {
                status: common.status.clone(),
                direction: common.direction.clone(),
                category: common.category.clone(),
                channel: common.channel.clone(),
            },
            own,
        );
        let position = |wanted: &str| mapping.names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let constants = known.map(|format| format.constants).unwrap_or_default();
        let ignore = known.map_or(&[][..], |format| format.ignore.as_slice());
        let stages = known.map_or(&[][..], |format| format.stages.as_slice());
        Self {
            words,
            fixed_sides: known.is_some_and(|format| format.fixed_sides),
            direction: constants.direction.unwrap_or_default(),
            status: constants.status.unwrap_or_default(),
            category: constants.category.unwrap_or_default(),
            form: constants.form.unwrap_or_default(),
            route: constants.route.map(|route| (constants.platform.unwrap_or_default(), route)),
            ignore: ignore
                .iter()
                .filter_map(|rows| Some((position(&rows.column)?, rows.values.clone(), rows.reason)))
                .collect(),
            stages: stages.iter().filter_map(|(status, column)| Some((position(column)?, *status))).collect(),
        }
    }

    /// Why a row is no send, if it is none. `value` gives the text of a column.
    pub fn ignored<'v>(&self, value: impl Fn(usize) -> Option<&'v [u8]>) -> Option<&'static str> {
        let shows = |column: usize, values: &[String]| {
            let cell = value(column).map(<[u8]>::trim_ascii);
            cell.is_some_and(|cell| values.iter().any(|wanted| wanted.as_bytes() == cell))
        };
        self.ignore.iter().find(|(column, values, _)| shows(*column, values)).map(|(_, _, reason)| *reason)
    }

    /// The status that a row's own status column, its stages and the constants tell, the furthest of them.
    pub fn status<'v>(&self, told: Status, value: impl Fn(usize) -> Option<&'v [u8]>) -> Status {
        let filled = |column: usize| value(column).is_some_and(|cell| !cell.trim_ascii().is_empty());
        let reached = self.stages.iter().filter(|(column, _)| filled(*column)).map(|(_, status)| *status).max();
        let told = if told == Status::Unknown { self.status } else { told };
        reached.map_or(told, |reached| reached.max(told))
    }

    /// The category of a row.
    #[must_use]
    pub fn category(&self, told: Option<Category>) -> Category {
        told.unwrap_or(self.category)
    }

    /// Template or free text, where the row does not tell.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The route of every row on this platform, where the format names one.
    #[must_use]
    pub fn route(&self, platform: Platform) -> Option<Route> {
        self.route.filter(|(of, _)| *of == Platform::Unknown || *of == platform).map(|(_, route)| route)
    }
}
