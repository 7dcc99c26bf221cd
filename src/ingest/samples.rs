//! What people see of contents: their names, one text of each, and a few of the texts under a name.
//! Texts lie in the batches until folding has shown which contents repeat; what nobody will see is not kept.
//! Of a period, only files that told of one of its messages lend their texts, so that nothing else leaves a trace.

use std::collections::{BTreeMap, BTreeSet};

use super::echo::Echo;
use super::join::Entry;
use super::local_contents::LocalContents;
use super::named_texts::NamedTexts;
use crate::message::{Columns, ContentKind, ContentWords, Contents, Direction, NO_CONTENT, Texts};

/// Which files told of each content in a record of one of the messages that are kept.
#[derive(Debug, Default)]
pub struct Origins {
    /// The first such file of each content that a text makes.
    first_of_text: BTreeMap<u32, u32>,
    /// Every such file of contents that have a name: (content, file).
    of_named: BTreeSet<(u32, u32)>,
}

impl Origins {
    /// Looks at the rows that are kept, but for those that took their content from a later record, and at what later
    /// records of kept messages tell: (row of the first record, file, what it tells).
    #[must_use]
    pub fn of(
        columns: &Columns,
        contents: &Contents,
        keep: &[bool],
        replaced: &BTreeSet<u32>,
        tellings: impl Iterator<Item = (u32, u32, Echo)>,
    ) -> Self {
        let mut origins = Self::default();
        let kept = |row: u32| keep.get(row as usize).copied().unwrap_or(true);
        for (row, (content, file)) in (0_u32..).zip(columns.content.iter().zip(&columns.file)) {
            if kept(row) && !replaced.contains(&row) {
                origins.add(contents, *content, *file);
            }
        }
        for (first, file, told) in tellings {
            if kept(first) && columns.content.get(first as usize) == Some(&told.content) {
                origins.add(contents, told.content, file);
            }
        }
        origins
    }

    fn add(&mut self, contents: &Contents, content: u32, file: u32) {
        match contents.kind(content) {
            _ if content == NO_CONTENT => {}
            ContentKind::Text => {
                let first = self.first_of_text.entry(content).or_insert(file);
                *first = (*first).min(file);
            }
            ContentKind::Template | ContentKind::Campaign => {
                self.of_named.insert((content, file));
            }
        }
    }

    fn has(&self, content: u32, file: u32) -> bool {
        self.first_of_text.get(&content) == Some(&file) || self.of_named.contains(&(content, file))
    }
}

/// Names and samples as the batches hold them, until it is known which contents repeat.
#[derive(Debug)]
pub struct Samples {
    tables: Vec<LocalContents>,
    /// File of each table.
    files: Vec<u32>,
    first: Vec<Entry>,
}

impl Samples {
    /// The tables of the batches with their files, and the first entry of each content.
    #[must_use]
    pub const fn new(tables: Vec<LocalContents>, files: Vec<u32>, first: Vec<Entry>) -> Self {
        Self { tables, files, first }
    }

    fn tables<'s>(&'s self, index_of: &'s [Vec<u32>]) -> impl Iterator<Item = (&'s LocalContents, u32, &'s Vec<u32>)> {
        self.tables.iter().zip(&self.files).zip(index_of).map(|((table, file), map)| (table, *file, map))
    }

    /// Words of the contents that have a name, that more than one message has, or one to an audience: nothing else can
    /// be a mass send, and texts that nobody will see are not kept. Without `origins`, every file lends its texts.
    #[must_use]
    pub fn words(
        &self,
        columns: &Columns,
        index_of: &[Vec<u32>],
        origins: Option<&Origins>,
    ) -> BTreeMap<u32, ContentWords> {
        let mut reach = vec![0_u32; self.first.len()];
        for (content, audience) in columns.content.iter().zip(&columns.audience) {
            if let Some(reach) = reach.get_mut(*content as usize) {
                *reach = reach.saturating_add(*audience);
            }
        }
        let repeats = |index: u32| index != NO_CONTENT && reach.get(index as usize).is_some_and(|reach| *reach > 1);
        let mut words = BTreeMap::new();
        for (index, (batch, local)) in self.first.iter().enumerate() {
            let Some(table) = self.tables.get(*batch as usize) else { continue };
            let named = table.kind.get(*local as usize).is_some_and(|kind| *kind != ContentKind::Text);
            if index > 0 && (named || repeats(index as u32)) {
                let name = table.name.get(*local as usize).to_owned();
                let sample = if origins.is_none() { table.sample.get(*local as usize) } else { "" };
                words.insert(index as u32, ContentWords { name, sample: sample.to_owned(), texts: Vec::new() });
            }
        }
        let lends = |index: u32, file: u32| origins.is_none_or(|origins| origins.has(index, file));
        // A named content may have come first from a record without text: the first text that follows is its sample.
        for (table, file, map) in self.tables(index_of) {
            for (local, index) in map.iter().enumerate() {
                if (origins.is_some() || table.kind.get(local).is_some_and(|kind| *kind != ContentKind::Text))
                    && let Some(known) = words.get_mut(index)
                    && known.sample.is_empty()
                    && lends(*index, file)
                {
                    table.sample.get(local).clone_into(&mut known.sample);
                }
            }
        }
        let mut under_name: BTreeMap<u32, NamedTexts> = BTreeMap::new();
        for (table, file, map) in self.tables(index_of) {
            for (local, texts) in &table.under_name {
                if let Some(index) = map.get(*local as usize).filter(|index| lends(**index, file)) {
                    under_name.entry(*index).or_default().merge(texts);
                }
            }
        }
        for (index, texts) in under_name {
            if let Some(known) = words.get_mut(&index) {
                known.texts = texts.into_texts();
            }
        }
        words
    }

    /// One text of each content that a text makes and an outbound message has, with the contents they are of. Tables
    /// are given back one by one, so that the texts never lie in memory twice.
    #[must_use]
    pub fn texts(self, columns: &Columns, index_of: &[Vec<u32>], origins: Option<&Origins>) -> (Texts, Vec<u32>) {
        let mut wanted = vec![false; self.first.len()];
        for (content, direction) in columns.content.iter().zip(&columns.direction) {
            if *direction == Direction::Outbound
                && let Some(wanted) = wanted.get_mut(*content as usize)
            {
                *wanted = true;
            }
        }
        let (mut texts, mut text_of) = (Texts::default(), Vec::new());
        for ((table, file), map) in self.tables.into_iter().zip(self.files).zip(index_of) {
            for (local, index) in map.iter().enumerate() {
                let is_text = table.kind.get(local) == Some(&ContentKind::Text) && *index != NO_CONTENT;
                if is_text
                    && origins.is_none_or(|origins| origins.has(*index, file))
                    && let Some(wanted) = wanted.get_mut(*index as usize)
                    && std::mem::take(wanted)
                {
                    texts.push(table.sample.get(local));
                    text_of.push(*index);
                }
            }
        }
        texts.shrink();
        (texts, text_of)
    }
}
