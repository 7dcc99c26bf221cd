//! Which column of a delimited export holds what: by the names of a known format, by aliases, by the shape of values.
//! Names and words are data in `data/formats/`; here is only how evidence is weighed.
//! Rows are read elsewhere, with the mapping found here.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::formats::{Catalogue, Format, FormatError};
use super::people::{self, Hint};
use super::time::{self, DateOrder};
use super::words::Words;
use crate::message::{Automation, Category, Direction, Platform, Route, Status};

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
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasFile {
    columns: BTreeMap<Role, Vec<String>>,
    weak: BTreeMap<Role, Vec<String>>,
    words: WordLists,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordLists {
    status: BTreeMap<String, Vec<String>>,
    direction: BTreeMap<String, Vec<String>>,
    category: BTreeMap<String, Vec<String>>,
    channel: BTreeMap<String, Vec<String>>,
}

/// What a format guarantees of its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addresses {
    /// Nothing.
    #[default]
    Unknown,
    /// Full international numbers.
    International,
    /// Names and keys of the platform's own: never numbers, even where they are digits.
    Names,
}

impl Addresses {
    /// What readers of addresses are told.
    #[must_use]
    pub const fn hint(self) -> Hint {
        match self {
            Self::Unknown => Hint::Unknown,
            Self::International => Hint::International,
            Self::Names => Hint::Name,
        }
    }
}

/// The compiled-in knowledge of delimited exports.
#[derive(Debug)]
pub struct Delimited {
    aliases: BTreeMap<Role, Vec<String>>,
    weak: BTreeMap<Role, Vec<String>>,
    formats: Vec<Arc<Format>>,
    /// Words of status columns.
    pub status: Words<Status>,
    /// Words of direction columns.
    pub direction: Words<Direction>,
    /// Words of category columns.
    pub category: Words<Category>,
    /// Words of channel columns.
    pub channel: Words<Platform>,
}

/// A data file of the program that cannot be read: a fault of the build, told rather than hidden.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Not the TOML we expect.
    #[error("{file}: {source}")]
    Toml {
        /// The file.
        file: &'static str,
        /// What the reader said.
        source: Box<toml::de::Error>,
    },
    /// A key that is none of our words.
    #[error("{file}: `{key}` is not a word of ours")]
    Word {
        /// The file.
        file: &'static str,
        /// The key.
        key: String,
    },
    /// A format that is not right.
    #[error(transparent)]
    Format(#[from] FormatError),
}

const ALIASES: &str = "data/formats/delimited.toml";

impl Delimited {
    /// Reads the compiled-in data.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn load() -> Result<Self, DataError> {
        Self::with(&Catalogue::load()?)
    }

    /// As [`Self::load`], with the tables of this catalogue.
    ///
    /// # Errors
    /// When a data file of the build is damaged.
    pub fn with(catalogue: &Catalogue) -> Result<Self, DataError> {
        let toml = |file| move |source| DataError::Toml { file, source: Box::new(source) };
        let file: AliasFile =
            toml::from_str(include_str!("../../data/formats/delimited.toml")).map_err(toml(ALIASES))?;
        let word = |key| DataError::Word { file: ALIASES, key };
        Ok(Self {
            formats: catalogue.delimited().cloned().map(Arc::new).collect(),
            status: Words::new(&file.words.status, Status::from_word).map_err(word)?,
            direction: Words::new(&file.words.direction, Direction::from_word).map_err(word)?,
            category: Words::new(&file.words.category, Category::from_word).map_err(word)?,
            channel: Words::new(&file.words.channel, Platform::from_word).map_err(word)?,
            aliases: file.columns,
            weak: file.weak,
        })
    }

    /// Whether a name is an alias of a column.
    #[must_use]
    pub fn is_alias(&self, name: &str) -> bool {
        let name = plain(name);
        self.aliases.values().flatten().any(|alias| *alias == name)
    }
}

/// How a column was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A known format names it.
    Format,
    /// Its header is an alias.
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

/// Which column holds what.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Name of the format.
    pub format: String,
    /// Confidence, 0 to 100.
    pub confidence: u8,
    /// Whether the first record is a header.
    pub header: bool,
    /// Header names, or `column 1` and so on.
    pub names: Vec<String>,
    /// Column of each role, and how it was found.
    pub columns: BTreeMap<Role, (usize, Found)>,
    /// Columns that may hold the send time, the best first; a later one serves where the first is empty.
    pub times: Vec<usize>,
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

/// Share of a column's values that must have a shape for the column to have it.
const SHARE: f64 = 0.8;
/// Share that suffices where the header already says what the column is.
const SHARE_WITH_ALIAS: f64 = 0.5;

/// Finds what the columns hold from the first records of a file.
///
/// # Errors
/// When no column can hold times or recipients.
pub fn map(known: &Delimited, rows: &[Vec<String>]) -> Result<Mapping, MapError> {
    let first = rows.first().map_or(&[][..], Vec::as_slice);
    let header = is_header(known, first);
    let names: Vec<String> = first
        .iter()
        .enumerate()
        .map(|(column, name)| if header { name.trim().to_owned() } else { format!("column {}", column + 1) })
        .collect();
    let body = rows.get(usize::from(header)..).unwrap_or_default();
    if header && let Some(mapping) = by_format(known, &names) {
        return Ok(mapping);
    }
    let columns: Vec<Vec<&str>> = (0..names.len())
        .map(|column| body.iter().filter_map(|row| row.get(column)).map(|field| field.trim()).collect())
        .collect();
    let mut found = BTreeMap::new();
    if header {
        by_alias(known, &names, &columns, &mut found);
    }
    by_shape(known, &names, &columns, &mut found);
    let listed = || match header && has_alias(known, first) {
        // Without one known name the first line may be anybody's words, which belong in no message of ours.
        false => format!("{} columns of unknown names", names.len()),
        true => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    if !found.contains_key(&Role::SentAt) {
        if found.contains_key(&Role::Date) && !found.contains_key(&Role::Time) {
            // A date column alone: its values may hold times after all, else every send is at midnight.
            if let Some(date) = found.remove(&Role::Date) {
                found.insert(Role::SentAt, date);
            }
        } else if !found.contains_key(&Role::Date) {
            return Err(MapError::NoTime(listed()));
        }
    }
    if !found.contains_key(&Role::Recipient) && !weak_recipient(known, &names, &columns, header, &mut found) {
        return Err(MapError::NoRecipient(listed()));
    }
    let confidence = confidence(&found);
    let times = times(known, &names, &columns, &found);
    Ok(Mapping {
        times,
        format: if header { "delimited".to_owned() } else { "delimited-without-header".to_owned() },
        confidence,
        header,
        names,
        columns: found,
        platform: Platform::Unknown,
        automation: Automation::Unknown,
        hint: Hint::Unknown,
        routes: BTreeMap::new(),
        known: None,
    })
}

/// The send time's column, and behind it every other column whose header may mean a send time.
fn times(
    known: &Delimited,
    names: &[String],
    columns: &[Vec<&str>],
    found: &BTreeMap<Role, (usize, Found)>,
) -> Vec<usize> {
    let Some((first, how)) = found.get(&Role::SentAt).copied() else { return Vec::new() };
    let mut times = vec![first];
    if how == Found::Alias {
        let aliases = known.aliases.get(&Role::SentAt).map_or(&[][..], Vec::as_slice);
        for alias in aliases {
            let column = names.iter().position(|name| plain(name) == *alias);
            let fits = |column: &usize| columns.get(*column).is_some_and(|values| fits(known, Role::SentAt, values));
            times.extend(column.filter(|column| !found.values().any(|(taken, _)| taken == column)).filter(fits));
        }
    }
    times
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

/// Whether one of the cells is a column name that we know.
fn has_alias(known: &Delimited, first: &[String]) -> bool {
    first.iter().any(|cell| {
        let name = plain(cell);
        known.aliases.values().flatten().any(|alias| *alias == name)
    })
}

/// A header names columns: none of its cells is a time, an address or a number.
fn is_header(known: &Delimited, first: &[String]) -> bool {
    let aliased = has_alias(known, first);
    let value = |cell: &String| {
        let cell = cell.trim();
        is_time(cell) || people::looks_like_address(cell.as_bytes()) || cell.parse::<f64>().is_ok()
    };
    !first.iter().any(value) && (aliased || first.iter().all(|cell| !cell.trim().is_empty()))
}

fn by_format(known: &Delimited, names: &[String]) -> Option<Mapping> {
    let position = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let fits = |format: &&Arc<Format>| {
        format.signs.header.iter().all(|name| position(name).is_some())
            && !format.signs.header_none.iter().any(|name| position(name).is_some())
    };
    // Of several the one that asks for more.
    let fitting = known.formats.iter().filter(fits);
    let format = fitting.rev().max_by_key(|format| format.signs.header.len() + format.signs.header_none.len())?;
    let first = |names: &Vec<String>| names.iter().find_map(|name| position(name));
    let columns = format.columns.iter().filter_map(|(role, names)| Some((*role, (first(names)?, Found::Format))));
    let times = format.columns.get(&Role::SentAt).map_or(&[][..], Vec::as_slice);
    let times = times.iter().filter_map(|name| position(name)).collect();
    let constants = format.constants;
    Some(Mapping {
        times,
        format: format.name.clone(),
        confidence: format.confidence.percent(),
        header: true,
        names: names.to_vec(),
        columns: columns.collect(),
        platform: constants.platform.unwrap_or_default(),
        automation: constants.automation.unwrap_or_default(),
        hint: constants.addresses.unwrap_or_default().hint(),
        routes: format.routes.iter().map(|(platform, route)| (platform.as_str().to_owned(), *route)).collect(),
        known: Some(Arc::clone(format)),
    })
}

fn by_alias(known: &Delimited, names: &[String], columns: &[Vec<&str>], found: &mut BTreeMap<Role, (usize, Found)>) {
    let plain_names: Vec<String> = names.iter().map(|name| plain(name)).collect();
    for role in Role::ALL {
        let aliases = known.aliases.get(&role).map_or(&[][..], Vec::as_slice);
        for alias in aliases {
            let free = |column: &usize| !found.values().any(|(taken, _)| taken == column);
            let column = plain_names.iter().enumerate().filter(|(_, name)| *name == alias).map(|(column, _)| column);
            let fits = |column: &usize| fits(known, role, columns.get(*column).map_or(&[][..], Vec::as_slice));
            if let Some(column) = column.filter(free).find(fits) {
                found.insert(role, (column, Found::Alias));
                break;
            }
        }
    }
    // Two ways to tell the time: one column of both wins over a pair.
    if found.contains_key(&Role::SentAt) {
        found.remove(&Role::Date);
        found.remove(&Role::Time);
    } else if let (Some((date, _)), true) = (found.get(&Role::Date).copied(), found.contains_key(&Role::Time)) {
        let values = columns.get(date).map_or(&[][..], Vec::as_slice);
        if share(values, |value| is_time(value) && !is_date_only(value)) >= SHARE {
            found.remove(&Role::Time);
            found.remove(&Role::Date);
            found.insert(Role::SentAt, (date, Found::Alias));
        }
    }
}

/// Whether the values do not speak against what the header says.
fn fits(known: &Delimited, role: Role, values: &[&str]) -> bool {
    if values.iter().all(|value| value.is_empty()) {
        return !matches!(role, Role::SentAt | Role::Date | Role::Recipient) || values.is_empty();
    }
    match role {
        Role::SentAt => share(values, has_form_of_time) >= SHARE_WITH_ALIAS,
        Role::Date => share(values, |value| has_form_of_time(value) || is_date_only(value)) >= SHARE_WITH_ALIAS,
        Role::Time => share(values, |value| time::parse_time_of_day(value.as_bytes()).is_ok()) >= SHARE_WITH_ALIAS,
        Role::Status => share(values, |value| known.status.get(value).is_some()) > 0.0,
        Role::Direction => share(values, |value| known.direction.get(value).is_some()) > 0.0,
        Role::Category => share(values, |value| known.category.get(value).is_some()) > 0.0,
        Role::Channel => share(values, |value| known.channel.get(value).is_some()) >= SHARE_WITH_ALIAS,
        Role::Audience => share(values, |value| value.parse::<u32>().is_ok()) >= SHARE,
        _ => true,
    }
}

fn by_shape(known: &Delimited, names: &[String], columns: &[Vec<&str>], found: &mut BTreeMap<Role, (usize, Found)>) {
    let free = |found: &BTreeMap<Role, (usize, Found)>| -> Vec<usize> {
        (0..names.len()).filter(|column| !found.values().any(|(taken, _)| taken == column)).collect()
    };
    let values = |column: usize| columns.get(column).map_or(&[][..], Vec::as_slice);
    if !found.contains_key(&Role::SentAt) && !found.contains_key(&Role::Date) {
        let best = free(found).into_iter().filter(|column| share(values(*column), is_time) >= SHARE);
        // Numbers can be both unix seconds and telephone numbers: stamps with separators win, then order.
        let best =
            best.min_by_key(|column| values(*column).iter().all(|value| value.bytes().all(|b| b.is_ascii_digit())));
        if let Some(column) = best {
            found.insert(Role::SentAt, (column, Found::Shape));
        }
    }
    if !found.contains_key(&Role::Recipient) {
        let address = |value: &str| people::looks_like_address(value.as_bytes()) && !is_date_only(value);
        let candidates: Vec<usize> = free(found)
            .into_iter()
            .filter(|column| share(values(*column), address) >= SHARE && !is_counter(values(*column)))
            .collect();
        let recipient =
            candidates.iter().copied().max_by_key(|column| (distinct(values(*column)), std::cmp::Reverse(*column)));
        if let Some(recipient) = recipient {
            found.insert(Role::Recipient, (recipient, Found::Shape));
            if !found.contains_key(&Role::Sender)
                && let Some(sender) = candidates.into_iter().find(|column| *column != recipient)
            {
                found.insert(Role::Sender, (sender, Found::Shape));
            }
        }
    }
    for (role, is_word) in [
        (Role::Direction, &(|value: &str| known.direction.get(value).is_some()) as &dyn Fn(&str) -> bool),
        (Role::Status, &|value: &str| known.status.get(value).is_some()),
    ] {
        // "sent" and "received" are words of both; a column is a direction only where both sides occur.
        let candidates = free(found).into_iter().filter(|column| share(values(*column), is_word) >= SHARE);
        let mut candidates = candidates.filter(|column| role != Role::Direction || both_sides(known, values(*column)));
        if !found.contains_key(&role)
            && let Some(column) = candidates.next()
        {
            found.insert(role, (column, Found::Shape));
        }
    }
    if !found.contains_key(&Role::Text) {
        let wordy = |value: &str| value.contains(' ') && value.chars().any(char::is_alphabetic) && !is_time(value);
        let candidates = free(found).into_iter().filter(|column| share(values(*column), wordy) >= SHARE_WITH_ALIAS);
        let length = |column: &usize| values(*column).iter().map(|value| value.len()).sum::<usize>();
        if let Some(column) = candidates.max_by_key(length) {
            found.insert(Role::Text, (column, Found::Shape));
        }
    }
}

fn both_sides(known: &Delimited, values: &[&str]) -> bool {
    let sides: HashSet<Direction> = values.iter().filter_map(|value| known.direction.get(value)).collect();
    sides.len() == 2
}

/// Names or keys as recipients, where the export has no addresses.
fn weak_recipient(
    known: &Delimited,
    names: &[String],
    columns: &[Vec<&str>],
    header: bool,
    found: &mut BTreeMap<Role, (usize, Found)>,
) -> bool {
    if !header {
        return false;
    }
    let words = known.weak.get(&Role::Recipient).map_or(&[][..], Vec::as_slice);
    let candidate = names.iter().enumerate().filter_map(|(column, name)| {
        let rank = words.iter().position(|word| tokens(name).any(|token| token == *word))?;
        let free = !found.values().any(|(taken, _)| *taken == column);
        let values = columns.get(column).map_or(&[][..], Vec::as_slice);
        free.then_some((distinct(values), std::cmp::Reverse(rank), std::cmp::Reverse(column)))
    });
    let Some((_, _, std::cmp::Reverse(column))) = candidate.max() else { return false };
    found.insert(Role::Recipient, (column, Found::Weak));
    true
}

/// A header name without case, blanks and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of a header name: `student_name`, `studentName` and `Student Name` are the same two.
fn tokens(name: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = character.is_lowercase();
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

fn share(values: &[&str], test: impl Fn(&str) -> bool) -> f64 {
    let filled = values.iter().filter(|value| !value.is_empty()).count();
    if filled == 0 {
        return 0.0;
    }
    let passed = values.iter().filter(|value| !value.is_empty() && test(value)).count();
    passed as f64 / filled as f64
}

fn distinct(values: &[&str]) -> usize {
    values.iter().collect::<HashSet<_>>().len()
}

/// Row numbers: whole numbers that go up by one, and short enough to be no telephone numbers.
fn is_counter(values: &[&str]) -> bool {
    let numbers: Option<Vec<u64>> = values.iter().map(|value| value.parse().ok()).collect();
    numbers.is_some_and(|numbers| {
        numbers.len() > 1
            && numbers.iter().all(|number| *number < 100_000_000)
            && numbers.iter().zip(numbers.iter().skip(1)).all(|(one, next)| one.checked_add(1) == Some(*next))
    })
}

fn is_time(value: &str) -> bool {
    time::parse(value.as_bytes(), DateOrder::DayMonth).is_ok()
        || time::parse(value.as_bytes(), DateOrder::MonthDay).is_ok()
}

/// A time, or what would be one if its numbers were right: a column of wrong times is still a column of times.
fn has_form_of_time(value: &str) -> bool {
    use time::TimeError::{Ambiguous, Empty, NotATime, Number, Scientific, TooLong};
    match time::parse(value.as_bytes(), DateOrder::DayMonth) {
        Ok(_) => true,
        Err(error) => !matches!(error, Empty | NotATime | TooLong | Number | Scientific | Ambiguous),
    }
}

fn is_date_only(value: &str) -> bool {
    time::parse_date(value.as_bytes(), DateOrder::DayMonth).is_ok()
        || time::parse_date(value.as_bytes(), DateOrder::MonthDay).is_ok()
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
}
