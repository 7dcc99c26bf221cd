//! Which texts went out under a name that the export gives (campaign, batch, template): a few of them, chosen by hash.
//! The choice is a property of the set of texts, so neither order nor the cutting of files leaves a trace.
//! Whether the texts agree is judged in `detect::name`.

use xxhash_rust::xxh3::xxh3_64;

use crate::message::TEXTS_OF_NAME;

/// The texts with the least hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedTexts {
    /// Ascending by hash, each text once, at most [`TEXTS_OF_NAME`].
    least: Vec<(u64, String)>,
    /// Hash of the text seen last: most campaigns have one.
    last: Option<u64>,
}

impl NamedTexts {
    /// Takes a text into account; `cut` makes of it what is kept.
    pub fn see<'t>(&mut self, text: &'t str, cut: impl FnOnce(&'t str) -> &'t str) {
        if text.is_empty() {
            return;
        }
        let hash = xxh3_64(text.as_bytes());
        if self.last != Some(hash) {
            self.last = Some(hash);
            self.insert(hash, || cut(text).to_owned());
        }
    }

    /// Takes over what another saw under the same name.
    pub fn merge(&mut self, other: &Self) {
        other.least.iter().for_each(|(hash, text)| self.insert(*hash, || text.clone()));
    }

    /// The texts with their hashes, as [`Self::restored`] takes them.
    #[must_use]
    pub fn kept(&self) -> &[(u64, String)] {
        &self.least
    }

    /// Texts that were kept, with their hashes, ascending.
    #[must_use]
    pub const fn restored(least: Vec<(u64, String)>) -> Self {
        Self { least, last: None }
    }

    /// The texts.
    #[must_use]
    pub fn into_texts(self) -> Vec<String> {
        self.least.into_iter().map(|(_, text)| text).collect()
    }

    fn insert(&mut self, hash: u64, text: impl FnOnce() -> String) {
        let full = self.least.len() >= TEXTS_OF_NAME;
        if full && self.least.last().is_some_and(|(greatest, _)| hash >= *greatest) {
            return;
        }
        if let Err(at) = self.least.binary_search_by_key(&hash, |(hash, _)| *hash) {
            self.least.insert(at, (hash, text()));
            self.least.truncate(TEXTS_OF_NAME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_and_any_cut_give_the_same_texts(
            texts in proptest::collection::vec("[a-f]{0,2}", 0..60), cut in 0_usize..60,
        ) {
            let of = |texts: &[String]| {
                let mut named = NamedTexts::default();
                texts.iter().for_each(|text| named.see(text, |text| text));
                named
            };
            let (head, tail) = texts.split_at(cut.min(texts.len()));
            let mut joined = of(tail);
            joined.merge(&of(head));
            let whole = of(&texts).into_texts();
            prop_assert_eq!(joined.into_texts(), whole.clone());
            let all: std::collections::BTreeSet<&String> = texts.iter().filter(|text| !text.is_empty()).collect();
            prop_assert_eq!(whole.len(), all.len().min(TEXTS_OF_NAME));
        }
    }
}
