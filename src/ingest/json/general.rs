//! JSON of no known format: the keys of its objects are weighed as the columns of an unknown table are.
//! What aliases and shapes mean is data and code of `mapping`; here objects are laid out as rows.

use std::collections::BTreeMap;

use super::recognise::Beginning;
use super::resolve::{Item, items};
use super::tape::{Kind, Node};
use crate::ingest::formats::path::{Origin, Path, Step};
use crate::ingest::formats::schema::{Role, TimeForm};
use crate::ingest::formats::{Format, Place, found};
use crate::ingest::mapping::{Delimited, MapError, Mapping, Role as Column, map};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "json";
/// Objects that are looked at.
const ROWS: usize = 500;
/// How deep values are looked for in an object, and lists of records in a document.
const DEEP: usize = 4;
/// Columns that are looked at.
const COLUMNS: usize = 200;

/// A mapping found, as a format.
#[derive(Debug)]
pub struct Guess {
    /// The format.
    pub format: Format,
    /// Which key holds what, for people.
    pub mapping: Mapping,
}

/// Finds where records lie and what their keys mean.
///
/// # Errors
/// When no keys hold times and recipients.
pub fn guess(known: &Delimited, beginning: &Beginning<'_>) -> Result<Guess, MapError> {
    let documents: Vec<Item<'_>> = beginning.items().collect();
    let mut lists: Vec<Vec<Step>> = vec![Vec::new()];
    documents.iter().take(20).for_each(|document| find_lists(document.node, &mut Vec::new(), &mut lists));
    let mut best: Option<(usize, Guess)> = None;
    let mut first_error = None;
    for steps in lists {
        let twice = std::cell::Cell::new(false);
        let mut rows = Vec::new();
        documents.iter().for_each(|document| items(document, &steps, &twice, &mut rows));
        rows.truncate(ROWS);
        if rows.is_empty() {
            continue;
        }
        match of_rows(known, steps, &rows) {
            Ok(guess) => {
                let better = best.as_ref().is_none_or(|(count, known)| {
                    (guess.mapping.confidence, rows.len()) > (known.mapping.confidence, *count)
                });
                if better {
                    best = Some((rows.len(), guess));
                }
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    match best {
        Some((_, guess)) => Ok(guess),
        None => Err(first_error.unwrap_or_else(|| MapError::NoTime(String::new()))),
    }
}

/// Lists of objects in a document.
fn find_lists(node: Node<'_>, way: &mut Vec<Step>, lists: &mut Vec<Vec<Step>>) {
    if way.len() >= DEEP {
        return;
    }
    for (key, value) in node.members() {
        let Some(key) = key.scalar() else { continue };
        way.push(Step::Key(key.into_owned().into_boxed_str()));
        match value.kind() {
            Kind::Object => find_lists(value, way, lists),
            Kind::List if value.elements().next().is_some_and(|element| element.kind() == Kind::Object) => {
                way.push(Step::Elements);
                if !lists.contains(way) {
                    lists.push(way.clone());
                }
                if let Some(first) = value.elements().next() {
                    find_lists(first, way, lists);
                }
                way.pop();
            }
            _ => {}
        }
        way.pop();
    }
}

fn of_rows(known: &Delimited, each: Vec<Step>, rows: &[Item<'_>]) -> Result<Guess, MapError> {
    let mut paths: Vec<Vec<Step>> = Vec::new();
    let mut cells: Vec<BTreeMap<usize, String>> = Vec::new();
    for row in rows {
        let mut of_row = BTreeMap::new();
        leaves(row.node, &mut Vec::new(), &mut |way, value| {
            let column = paths.iter().position(|path| path == way).or_else(|| {
                (paths.len() < COLUMNS).then(|| {
                    paths.push(way.to_vec());
                    paths.len() - 1
                })
            });
            if let Some(column) = column {
                of_row.insert(column, value);
            }
        });
        cells.push(of_row);
    }
    let mut table = vec![paths.iter().map(|path| name_of(known, path)).collect::<Vec<_>>()];
    table.extend(
        cells
            .into_iter()
            .map(|mut row| (0..paths.len()).map(|column| row.remove(&column).unwrap_or_default()).collect::<Vec<_>>()),
    );
    let mut mapping = map(known, &table)?;
    if !mapping.header {
        return Err(MapError::NoTime(format!("{} keys of unknown names", paths.len())));
    }
    let path_of = |steps: &[Step]| Path { origin: Origin::Item(0), steps: steps.to_vec() };
    let place = |column: usize| {
        let path = path_of(paths.get(column).map_or(&[][..], Vec::as_slice));
        Place { path, time: TimeForm::Auto, zone: None }
    };
    let mut fields: BTreeMap<Role, Vec<Place>> = BTreeMap::new();
    for (column, (index, _)) in &mapping.columns {
        fields.insert(role_of(*column), vec![place(*index)]);
    }
    if !mapping.times.is_empty() {
        fields.insert(Role::SentAt, mapping.times.iter().map(|column| place(*column)).collect());
    }
    mapping.format = FORMAT.to_owned();
    mapping.names = paths.iter().map(|path| path_of(path).to_string()).collect();
    Ok(Guess { format: found(FORMAT, path_of(&each), fields), mapping })
}

/// The header that a value would have in a table: its key, or the key of the object around it where that says more
/// (`from.number` and `to.number`).
fn name_of(known: &Delimited, path: &[Step]) -> String {
    let keys: Vec<&str> = path
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_ref()),
            _ => None,
        })
        .collect();
    let last = keys.last().copied().unwrap_or("");
    let outer = keys.iter().rev().skip(1).find(|key| known.is_alias(key));
    outer.copied().unwrap_or(last).to_owned()
}

fn leaves<'t>(node: Node<'t>, way: &mut Vec<Step>, give: &mut dyn FnMut(&[Step], String)) {
    for (key, value) in node.members() {
        let Some(key) = key.scalar() else { continue };
        way.push(Step::Key(key.into_owned().into_boxed_str()));
        match value.kind() {
            Kind::Object if way.len() < DEEP => leaves(value, way, give),
            Kind::Object => {}
            _ => {
                if let Some(text) = super::resolve::text_of(value) {
                    give(way, text.into_owned());
                }
            }
        }
        way.pop();
    }
}

fn role_of(column: Column) -> Role {
    match column {
        Column::SentAt => Role::SentAt,
        Column::Date => Role::Date,
        Column::Time => Role::Time,
        Column::Sender => Role::Sender,
        Column::Recipient => Role::Recipient,
        Column::Text => Role::Text,
        Column::Status => Role::Status,
        Column::Direction => Role::Direction,
        Column::MessageId => Role::MessageId,
        Column::Campaign => Role::Campaign,
        Column::Template => Role::Template,
        Column::Category => Role::Category,
        Column::Channel => Role::Channel,
        Column::Audience => Role::Audience,
    }
}
