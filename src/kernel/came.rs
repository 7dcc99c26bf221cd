//! Contents of a stream, as they come and then numbered from 0 in the order that they have among all; 0 is none.
//! There may be as many texts as messages: they lie one behind another, and nothing is held for each of them apart.
//! What contents have in common is found elsewhere.

use std::collections::BTreeMap;

use arrow_array::types::Int64Type;
use arrow_array::{Array, StringArray};

use super::KernelError;
use super::stream::Taken;
use crate::detect::mining::Size;
use crate::message::{ContentKind, ContentWords, Contents, NO_CONTENT, Texts};

/// Contents as they come, column by column.
#[derive(Debug, Default)]
pub struct Came {
    number: Vec<u32>,
    kind: Vec<ContentKind>,
    fingerprint: Vec<u128>,
    size: Vec<Size>,
    forwarded: Vec<bool>,
    /// Family and tight family, where the stream has them.
    family: Vec<(i64, i64)>,
    texts: Texts,
    /// Whose each text is, by position.
    text_of: Vec<u32>,
    /// What people see, by position.
    words: BTreeMap<u32, ContentWords>,
}

/// Contents with numbers from 0.
#[derive(Debug, Default)]
pub struct Numbered {
    /// The contents.
    pub contents: Contents,
    /// Number of each among all.
    pub numbers: Vec<u32>,
    /// Outbound messages of each, and how many people they could reach.
    pub sizes: Vec<Size>,
    /// Whether one of these is a forward.
    pub forwarded: Vec<bool>,
    /// Family and tight family of each, or -1.
    pub families: Vec<(i64, i64)>,
}

impl Came {
    /// Adds the contents of a batch; rows that `is_content` says no to are none.
    ///
    /// # Errors
    /// When a column is not right.
    pub fn add(&mut self, taken: Taken<'_>, is_content: &dyn Fn(usize) -> bool) -> Result<(), KernelError> {
        let number: Vec<u32> = taken.fitting::<Int64Type, u32>("content")?;
        let kind = taken.words("kind", ContentKind::ALL)?;
        let fingerprint = taken.hashes("fingerprint")?;
        let outbound: Vec<u32> = taken.fitting::<Int64Type, u32>("outbound")?;
        let reached: Vec<u64> = taken.fitting::<Int64Type, u64>("reached")?;
        let forwarded = taken.truths("forwarded")?;
        let (text, name, sample) = (taken.texts("text")?, taken.texts("name")?, taken.texts("sample")?);
        let families = match taken.has("family") {
            true => Some((taken.numbers::<Int64Type>("family")?, taken.numbers::<Int64Type>("tight")?)),
            false => None,
        };
        fn of(texts: &StringArray, row: usize) -> Option<&str> {
            texts.is_valid(row).then(|| texts.value(row))
        }
        let rows = number.into_iter().zip(kind).zip(fingerprint).zip(outbound.into_iter().zip(reached)).enumerate();
        for (row, (((number, kind), fingerprint), size)) in rows.filter(|(row, _)| is_content(*row)) {
            let position = self.number.len() as u32;
            self.number.push(number);
            self.kind.push(kind);
            self.fingerprint.push(fingerprint);
            self.size.push(size);
            self.forwarded.push(forwarded.value(row));
            self.family.extend(families.map(|(family, tight)| (family.value(row), tight.value(row))));
            if let Some(text) = of(text, row) {
                self.texts.push(text);
                self.text_of.push(position);
            }
            if let Some(name) = of(name, row) {
                let (name, sample) = (name.to_owned(), of(sample, row).unwrap_or_default().to_owned());
                let texts = taken.list_of_texts("texts_of_name", row)?;
                self.words.insert(position, ContentWords { name, sample, texts });
            }
        }
        Ok(())
    }

    /// Numbers them. A content that came more than once counts once.
    #[must_use]
    pub fn numbered(self) -> Numbered {
        let mut order: Vec<u32> = (0..self.number.len() as u32).collect();
        let number = |position: &u32| self.number.get(*position as usize).copied().unwrap_or_default();
        order.sort_unstable_by_key(|position| (number(position), *position));
        order.dedup_by_key(|position| number(position));
        let mut local_of = vec![NO_CONTENT; self.number.len()];
        for (local, position) in (1_u32..).zip(&order) {
            if let Some(slot) = local_of.get_mut(*position as usize) {
                *slot = local;
            }
        }
        fn in_order<T: Copy>(none: T, values: &[T], order: &[u32]) -> Vec<T> {
            let values = order.iter().filter_map(|position| values.get(*position as usize).copied());
            std::iter::once(none).chain(values).collect()
        }
        let local = |position: u32| local_of.get(position as usize).copied().unwrap_or(NO_CONTENT);
        let (mut texts, mut text_of) = (self.texts, self.text_of);
        text_of.iter_mut().for_each(|position| *position = local(*position));
        if text_of.contains(&NO_CONTENT) {
            let mut once = Texts::default();
            let kept = texts.iter().zip(&text_of).filter(|(_, content)| **content != NO_CONTENT);
            kept.for_each(|(text, _)| {
                once.push(text);
            });
            texts = once;
            text_of.retain(|content| *content != NO_CONTENT);
        }
        let words = self.words.into_iter().map(|(position, words)| (local(position), words));
        let contents = Contents {
            kind: in_order(ContentKind::default(), &self.kind, &order),
            fingerprint: in_order(0, &self.fingerprint, &order),
            words: words.filter(|(content, _)| *content != NO_CONTENT).collect(),
            texts,
            text_of,
        };
        let families = if self.family.is_empty() {
            vec![(-1, -1); contents.len()]
        } else {
            in_order((-1, -1), &self.family, &order)
        };
        Numbered {
            contents,
            numbers: in_order(NO_CONTENT, &self.number, &order),
            sizes: in_order((0, 0), &self.size, &order),
            forwarded: in_order(false, &self.forwarded, &order),
            families,
        }
    }
}
