//! Which column of a delimited export holds what: by the names of a known format, by words of headers, by values.
//! Here the evidence of `header` and `shapes` is weighed and each role gets its column; names and words are data.
//! Rows are read elsewhere, with the mapping found here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

mod choice;
mod format;
mod header;
mod known;
mod registers;
mod shapes;

use super::people::{self, Hint};
use super::time::DateOrder;
use crate::message::{Automation, Platform, Route};

use super::formats::Format;
use choice::Choice;
pub use format::Addresses;
pub(super) use header::{folded, plain};
pub use known::{DataError, Delimited};
use shapes::Column;

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Time of the send, date and time in one.
    SentAt,
    /// Date where the time stands apart.
    Date,
    /// Time of day where the date stands apart.
    Time,
    /// The sending identity.
    Sender,
    /// The other side.
    Recipient,
    /// The text.
    Text,
    /// Delivery status.
    Status,
    /// Direction.
    Direction,
    /// The export's own id.
    MessageId,
    /// Name of a campaign or batch.
    Campaign,
    /// Name of a template.
    Template,
    /// Template category.
    Category,
    /// Messenger or channel.
    Channel,
    /// Number of people reached.
    Audience,
}

impl Role {
    /// All roles, in the order in which they choose columns.
    pub const ALL: [Self; 14] = [
        Self::SentAt,
        Self::MessageId,
        Self::Campaign,
        Self::Template,
        Self::Sender,
        Self::Recipient,
        Self::Text,
        Self::Status,
        Self::Direction,
        Self::Date,
        Self::Time,
        Self::Category,
        Self::Channel,
        Self::Audience,
    ];

    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SentAt => "sent_at",
            Self::Date => "date",
            Self::Time => "time",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Text => "text",
            Self::Status => "status",
            Self::Direction => "direction",
            Self::MessageId => "message_id",
            Self::Campaign => "campaign",
            Self::Template => "template",
            Self::Category => "category",
            Self::Channel => "channel",
            Self::Audience => "audience",
        }
    }

    /// Whether its values are words of ours, which tell nothing of any person.
    #[must_use]
    pub const fn is_vocabulary(self) -> bool {
        matches!(self, Self::Status | Self::Direction | Self::Category | Self::Channel)
    }
}

/// How a column was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A known format names it.
    Format,
    /// Its header says so.
    Alias,
    /// Its values have the shape.
    Shape,
    /// Its header is a vague word and nothing better was there.
    Weak,
}

impl Found {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Alias => "header",
            Self::Shape => "shape of values",
            Self::Weak => "vague header",
        }
    }
}

/// Whose the two address columns are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// Who sent and who received, whatever the direction: they change places in messages that come in.
    #[default]
    FromTo,
    /// Our side and the other side, whatever the direction.
    Fixed,
}

/// Which column holds what.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Name of the format.
    pub format: String,
    /// Confidence, 0 to 100.
    pub confidence: u8,
    /// The next best format, and its confidence.
    pub runner_up: Option<(String, u8)>,
    /// Whether there is a header.
    pub header: bool,
    /// Which of the rows given is the header; `None` where there is none.
    pub header_row: Option<usize>,
    /// Which of the rows given is the first record.
    pub first: usize,
    /// Header names, or `column 1` and so on.
    pub names: Vec<String>,
    /// Column of each role, and how it was found.
    pub columns: BTreeMap<Role, (usize, Found)>,
    /// Columns that may hold the send time, the best first; a later one serves where the first is empty.
    pub times: Vec<usize>,
    /// Zone that a header names for the times.
    pub zone: Option<String>,
    /// Order of day and month that a header spells out.
    pub order: Option<DateOrder>,
    /// Whose the address columns are.
    pub sides: Sides,
    /// Platform where neither an address nor a channel column says otherwise.
    pub platform: Platform,
    /// What presses the button.
    pub automation: Automation,
    /// What the format guarantees of its addresses.
    pub hint: Hint,
    /// Route of each platform.
    pub routes: BTreeMap<String, Route>,
    /// The format, where one names the columns: its own words, constants and zone.
    pub known: Option<Arc<Format>>,
    /// What the reader should be told of the choice.
    pub notes: Vec<String>,
}

impl Mapping {
    /// The column of a role.
    #[must_use]
    pub fn column(&self, role: Role) -> Option<usize> {
        self.columns.get(&role).map(|(column, _)| *column)
    }

    /// How the column of a role was found.
    #[must_use]
    pub fn found(&self, role: Role) -> Option<Found> {
        self.columns.get(&role).map(|(_, found)| *found)
    }

    /// What a column holds, if anything.
    #[must_use]
    pub fn role_of(&self, column: usize) -> Option<Role> {
        self.columns.iter().find(|(_, (taken, _))| *taken == column).map(|(role, _)| *role)
    }
}

/// Why no mapping was found, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// No column of times.
    #[error("no column holds times of sends; its columns are: {0}")]
    NoTime(String),
    /// No column of recipients.
    #[error("no column holds recipients; its columns are: {0}")]
    NoRecipient(String),
}

/// Rows that are looked at for a header.
const HEADER_SEARCH: usize = 25;

/// Finds what the columns hold from the first records of a file.
///
/// # Errors
/// When no column can hold times or recipients.
pub fn map(known: &Delimited, rows: &[Vec<String>]) -> Result<Mapping, MapError> {
    let width = usual_width(rows);
    let (header, first) = header_row(known, rows, width);
    let head = rows.get(header.unwrap_or(first)).map_or(&[][..], Vec::as_slice);
    let names: Vec<String> = (0..width.max(if header.is_some() { head.len() } else { 0 }))
        .map(|column| {
            match head.get(column).map(|name| name.trim()).filter(|name| header.is_some() && !name.is_empty()) {
                Some(name) => name.trim_matches('"').to_owned(),
                None => format!("column {}", column + 1),
            }
        })
        .collect();
    if header.is_some()
        && let Some(mapping) = format::by_format(&known.formats, &names)
    {
        return Ok(Mapping {
            header_row: header,
            first,
            runner_up: format::nearest(&known.formats, &names),
            ..mapping
        });
    }
    let body: Vec<&Vec<String>> = rows.iter().skip(first).filter(|row| row.len() == width).collect();
    let columns: Vec<Column<'_>> = (0..names.len())
        .map(|column| Column::new(body.iter().filter_map(|row| row.get(column)).map(|field| field.trim()).collect()))
        .collect();
    if header.is_some()
        && let Some(mapping) = registers::mapping(known, &names, &columns)
    {
        return Ok(Mapping { header_row: header, first, ..mapping });
    }
    let mut choice = Choice::new(known, &names, &columns, header.is_some());
    if header.is_some() {
        choice.times_by_header();
        choice.roles_by_header();
    }
    choice.by_shape();
    let listed = || match header.is_some() && names.iter().any(|name| known.headers.knows(name)) {
        // Without one known name the first line may be anybody's words, which belong in no message of ours.
        false => format!("{} columns of unknown names", names.len()),
        true => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    if !choice.found.contains_key(&Role::SentAt) && !choice.found.contains_key(&Role::Date) {
        return Err(MapError::NoTime(listed()));
    }
    if !choice.found.contains_key(&Role::Recipient) && !choice.weak_recipient() {
        return Err(MapError::NoRecipient(listed()));
    }
    let times = choice.times();
    let sides = choice.sides();
    let (zone, order) = choice.said_of_times();
    let (found, notes) = (choice.found, choice.notes);
    Ok(Mapping {
        confidence: confidence(&found),
        runner_up: if header.is_some() { format::nearest(&known.formats, &names) } else { None },
        format: if header.is_some() { "delimited".to_owned() } else { "delimited-without-header".to_owned() },
        header: header.is_some(),
        header_row: header,
        first,
        columns: found,
        times,
        zone,
        order,
        sides,
        notes,
        names,
        ..Mapping::default()
    })
}

/// The number of cells that most rows have.
fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.len()).or_insert(0_usize) += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// Which row is the header, and which the first record. Titles may stand above a header; they are no records of ours.
fn header_row(known: &Delimited, rows: &[Vec<String>], width: usize) -> (Option<usize>, usize) {
    let is_value = |cell: &String| {
        let cell = cell.trim();
        shapes::is_time(cell) || people::looks_like_address(cell.as_bytes()) || cell.parse::<f64>().is_ok()
    };
    let filled = |row: &[String]| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let hits = |row: &[String]| row.iter().filter(|cell| known.headers.knows(cell.trim())).count();
    let searched = || rows.iter().enumerate().take(HEADER_SEARCH);
    // A header may lack names at its end, or have one more than rows that end without a delimiter.
    let near = |row: &&Vec<String>| row.len() > 1 && row.len().abs_diff(width) <= 1;
    let best = searched()
        .filter(|(_, row)| near(row) && !row.iter().any(is_value))
        .map(|(at, row)| (hits(row), std::cmp::Reverse(at)))
        .max();
    if let Some((hits, std::cmp::Reverse(at))) = best
        && hits >= 2
    {
        return (Some(at), at + 1);
    }
    let first =
        searched().find(|(_, row)| row.len() == width && (width < 3 || filled(row) > 1)).map_or(0, |(at, _)| at);
    let row = rows.get(first).map_or(&[][..], Vec::as_slice);
    let named = hits(row) > 0 || filled(row) == row.len();
    if !row.iter().any(is_value) && named { (Some(first), first + 1) } else { (None, first) }
}

fn confidence(found: &BTreeMap<Role, (usize, Found)>) -> u8 {
    let of = |role: Role| {
        found.get(&role).map_or(0, |(_, found)| match found {
            Found::Format => 99,
            Found::Alias => 90,
            Found::Shape => 70,
            Found::Weak => 40,
        })
    };
    let time = of(Role::SentAt).max(of(Role::Date));
    time.min(of(Role::Recipient))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(text: &str, delimiter: char) -> Result<Mapping, MapError> {
        let rows: Vec<Vec<String>> =
            text.lines().map(|line| line.split(delimiter).map(str::to_owned).collect()).collect();
        map(&Delimited::load().expect("the data of the build"), &rows)
    }

    fn column(mapping: &Mapping, role: Role) -> Option<&str> {
        mapping.column(role).map(|column| mapping.names[column].as_str())
    }

    #[test]
    fn german_headers_are_known() {
        let mapping = mapped(
            "Nachrichten-ID;Gesendet am;Absender;Empfänger;Nachricht;Status;Richtung\n\
             7;04.10.2019 18:00:01;+4917139200;+4917139201;Hallo;zugestellt;ausgehend",
            ';',
        )
        .expect("a mapping");
        assert_eq!(column(&mapping, Role::SentAt), Some("Gesendet am"));
        assert_eq!(column(&mapping, Role::Recipient), Some("Empfänger"));
        assert_eq!(column(&mapping, Role::Direction), Some("Richtung"));
        assert_eq!(mapping.confidence, 90);
    }

    #[test]
    fn values_show_the_columns_of_a_file_without_header() {
        let mapping = mapped(
            "2024-12-19T19:09:20.061Z,920000000001,i am busy,Success\n2024-12-19T19:09:47.016Z,920000000001,i am busy,Success",
            ',',
        )
        .expect("a mapping");
        assert!(!mapping.header);
        assert_eq!(mapping.column(Role::SentAt), Some(0));
        assert_eq!(mapping.column(Role::Recipient), Some(1));
        assert_eq!(mapping.column(Role::Text), Some(2));
        assert_eq!(mapping.column(Role::Status), Some(3));
    }

    #[test]
    fn names_serve_as_recipients_only_where_nothing_better_is() {
        let mapping = mapped(
            "date_time,teacher_name,roll_no,student_name,message_text\n\
             2026-03-23 21:11:45,Admin,20001,Eva,x y\n2026-03-23 21:11:45,Admin,20002,Max,x y",
            ',',
        )
        .expect("a mapping");
        assert_eq!(column(&mapping, Role::Recipient), Some("student_name"));
        assert_eq!(mapping.found(Role::Recipient), Some(Found::Weak));
    }

    #[test]
    fn a_table_without_times_is_no_send_log() {
        assert!(matches!(mapped("phone,name\n+491713920000,Eva", ','), Err(MapError::NoTime(_))));
    }

    #[test]
    fn the_time_of_sending_wins_over_other_times_and_addresses_over_names() {
        let mapping = mapped(
            "Zugestellt am;Erstellt am;Empfänger;Kundentelefon;Uhrzeit;Versanddatum;Preis (EUR)\n\
             04.10.2019 18:00:09;04.10.2019 17:00:09;Eva;+491713920000;18:00:01;04.10.2019;0,07\n\
             04.10.2019 18:00:09;04.10.2019 17:00:09;Max;+491713920001;18:00:02;04.10.2019;0,07",
            ';',
        )
        .expect("a mapping");
        assert_eq!(column(&mapping, Role::Date), Some("Versanddatum"));
        assert_eq!(column(&mapping, Role::Time), Some("Uhrzeit"));
        assert_eq!(column(&mapping, Role::Recipient), Some("Kundentelefon"));
    }

    #[test]
    fn titles_above_the_header_are_passed_over_and_its_zone_is_taken() {
        let mapping = mapped(
            "Nachrichtenbericht,,\nZeitraum 01.10.2019 - 31.10.2019,,\nPhone,Sent At (UTC),Body\n+491713920000,2019-10-04 18:00:01,x",
            ',',
        )
        .expect("a mapping");
        assert_eq!((mapping.header_row, mapping.first), (Some(2), 3));
        assert_eq!(mapping.zone.as_deref(), Some("UTC"));
    }
}
