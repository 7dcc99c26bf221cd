//! Finds the format of a JSON file from its first documents: every format is scored, the best wins.
//! What shows a format is data; a file that shows none is looked at by `general`.

use super::record::exists;
use super::resolve::Item;
use super::tape::Tape;
use super::walk::separators;
use crate::ingest::formats::path::Path;
use crate::ingest::formats::{Catalogue, Format, Signs};

/// Documents that are looked at.
const DOCUMENTS: usize = 60;
/// Below this a format is not taken: some documents may fit by accident.
const LEAST: u8 = 20;

/// The first documents of a file, taken apart.
#[derive(Debug)]
pub struct Beginning<'s> {
    documents: Vec<(&'s str, Tape)>,
}

/// A format with how well it fits, 0 to 100.
pub type Scored<'f> = (&'f Format, u8);

impl<'s> Beginning<'s> {
    /// Takes the sample apart. The last document may break off where the sample does.
    #[must_use]
    pub fn of(sample: &'s [u8], embedded: &[Box<str>]) -> Self {
        let mut documents = Vec::new();
        let mut at = separators(sample, 0);
        while documents.len() < DOCUMENTS
            && let Some(rest) = sample.get(at..).filter(|rest| !rest.is_empty())
        {
            let mut tape = Tape::default();
            let length = match tape.read(rest, embedded) {
                Ok(length) => length,
                Err(_) if documents.is_empty() && tape.read_beginning(rest, embedded).is_ok() => rest.len(),
                // Behind damage the next line may be whole.
                Err(_) => match memchr::memchr(b'\n', rest) {
                    Some(end) => {
                        at = separators(sample, at + end + 1);
                        continue;
                    }
                    None => break,
                },
            };
            let valid = |bytes: &'s [u8]| match std::str::from_utf8(bytes) {
                Ok(text) => Some(text),
                Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok(),
            };
            let bytes = rest.get(..length).unwrap_or_default();
            if let Some(text) = valid(bytes).filter(|text| text.len() == length || documents.is_empty()) {
                documents.push((text, tape));
            }
            at = separators(sample, at + length.max(1));
        }
        Self { documents }
    }

    /// The documents, as items.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.documents.iter().map(|(text, tape)| {
            let node = tape.root(text);
            Item { node, around: Vec::new(), document: node }
        })
    }

    /// How well a format fits, 0 to 100.
    #[must_use]
    pub fn score(&self, format: &Format) -> u8 {
        let fitting = self.items().filter(|document| shows(&format.signs, document)).count();
        let share = fitting as f64 / self.documents.len().max(1) as f64;
        (f64::from(format.confidence.percent()) * share).round() as u8
    }

    /// The best format and the one behind it; of equals the one that asks for more, then by name.
    #[must_use]
    pub fn best<'f>(&self, catalogue: &'f Catalogue) -> (Option<Scored<'f>>, Option<Scored<'f>>) {
        let mut all: Vec<Scored<'f>> =
            catalogue.json().map(|format| (format, self.score(format))).filter(|(_, score)| *score >= LEAST).collect();
        all.sort_by_key(|(format, score)| (std::cmp::Reverse(*score), std::cmp::Reverse(asked(&format.signs))));
        (all.first().copied(), all.get(1).copied())
    }
}

/// How much a format asks for.
fn asked(signs: &Signs) -> usize {
    signs.keys.len() + signs.any.len() + signs.none.len() + 2 * signs.values.len()
}

fn shows(signs: &Signs, document: &Item<'_>) -> bool {
    let there = |path: &Path| exists(document.node, &path.steps);
    signs.keys.iter().all(there)
        && signs.any.iter().all(|list| list.iter().any(there))
        && !signs.none.iter().any(there)
        && signs.values.iter().all(|(path, values)| has_value(document, path, values))
}

fn has_value(document: &Item<'_>, path: &Path, values: &[String]) -> bool {
    let twice = std::cell::Cell::new(false);
    super::resolve::find(document.node, &path.steps, &twice, &mut |node| {
        let text = super::resolve::text_of(node)?;
        values.iter().any(|value| *value == text).then_some(())
    })
    .is_some()
}
