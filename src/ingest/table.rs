//! What a known table format adds to the reading of its rows: rows that are no sends, stages whose times stand in
//! columns of their own, sides that do not change with the direction.
//! Finding the format is the mapping's work, and turning fields into messages the row reader's.

use super::mapping::Mapping;
use crate::message::Status;

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
    /// Sender and recipient stand for our side and the other side, whatever the direction.
    pub fixed_sides: bool,
    ignore: Vec<(usize, Vec<String>, &'static str)>,
    stages: Vec<(usize, Status)>,
}

impl Table {
    /// What holds for a file of this mapping.
    #[must_use]
    pub fn new(mapping: &Mapping) -> Self {
        let known = mapping.known.as_deref();
        let position = |wanted: &str| mapping.names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let ignore = known.map_or(&[][..], |format| format.ignore.as_slice());
        let stages = known.map_or(&[][..], |format| format.stages.as_slice());
        Self {
            fixed_sides: known.is_some_and(|format| format.fixed_sides),
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

    /// The status of a row: what its column tells, or the furthest stage that is filled, if that is further.
    pub fn status<'v>(&self, told: Status, value: impl Fn(usize) -> Option<&'v [u8]>) -> Status {
        let filled = |column: usize| value(column).is_some_and(|cell| !cell.trim_ascii().is_empty());
        let reached = self.stages.iter().filter(|(column, _)| filled(*column)).map(|(_, status)| *status).max();
        reached.map_or(told, |reached| reached.max(told))
    }
}
