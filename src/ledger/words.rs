//! The tables that the messages of one source point into: recipients with their kinds, contents with names and texts.
//! One file for each source, JSON packed with Zstandard; accounts, consents and rejects stand in the register.
//! Nothing here says which source the tables are of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::ingest::batch::Interner;
use crate::ingest::local_contents::LocalContents;
use crate::ingest::named_texts::NamedTexts;
use crate::ingest::whole::{Whole, interned};
use crate::message::{ContentKind, RecipientKind};

/// Level of packing: the tables are read every night and written once.
const LEVEL: i32 = 3;

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    kind: ContentKind,
    fingerprint: (u64, u64),
    name: String,
    sample: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<(u64, String)>,
}

/// Of a content what folding looks at.
#[derive(Debug, Deserialize)]
struct BareContent {
    kind: ContentKind,
    fingerprint: (u64, u64),
}

#[derive(Debug, Deserialize)]
struct BareWords {
    contents: Vec<BareContent>,
}

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub struct Words {
    recipients: Vec<String>,
    kinds: Vec<RecipientKind>,
    /// Without index 0, which is "none" everywhere.
    contents: Vec<Content>,
}

impl Words {
    /// Those of a source.
    #[must_use]
    pub fn of(whole: &Whole) -> Self {
        let contents = &whole.contents;
        let content = |index: usize| {
            let fingerprint = contents.fingerprint.get(index).copied().unwrap_or_default();
            Content {
                kind: contents.kind.get(index).copied().unwrap_or_default(),
                fingerprint: ((fingerprint >> 64) as u64, fingerprint as u64),
                name: contents.name.get(index).to_owned(),
                sample: contents.sample.get(index).to_owned(),
                texts: contents.under_name.get(&(index as u32)).map(|texts| texts.kept().to_vec()).unwrap_or_default(),
            }
        };
        Self {
            recipients: whole.recipients.texts.iter().map(str::to_owned).collect(),
            kinds: whole.kinds.clone(),
            contents: (1..contents.fingerprint.len()).map(content).collect(),
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When they cannot be packed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LedgerError> {
        let wrong = |error: std::io::Error| LedgerError::Unwritable {
            what: "the tables of a source",
            reason: error.to_string(),
        };
        let text = serde_json::to_vec(self).map_err(|error| wrong(error.into()))?;
        zstd::encode_all(text.as_slice(), LEVEL).map_err(wrong)
    }

    /// Reads them back.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn from_bytes(bytes: &[u8], file: &str) -> Result<Self, LedgerError> {
        unpacked(bytes, file)
    }

    /// The contents alone, without names and texts: so much is enough to fold.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn bare_contents(bytes: &[u8], file: &str) -> Result<LocalContents, LedgerError> {
        let words: BareWords = unpacked(bytes, file)?;
        let mut contents = Whole::empty().contents;
        for content in words.contents {
            contents.kind.push(content.kind);
            contents.fingerprint.push(joined(content.fingerprint));
            contents.name.push("");
            contents.sample.push("");
        }
        Ok(contents)
    }

    /// The local recipients that have one of these addresses.
    #[must_use]
    pub fn find(&self, addresses: &[String]) -> BTreeSet<u32> {
        let all = (0_u32..).zip(&self.recipients);
        all.filter(|(_, recipient)| addresses.contains(recipient)).map(|(index, _)| index).collect()
    }

    /// Keeps no trace of the recipients that `erased` says yes to: an empty name stands in their place.
    pub fn erase(&mut self, erased: &dyn Fn(u32) -> bool) {
        for (index, (recipient, kind)) in (0_u32..).zip(self.recipients.iter_mut().zip(&mut self.kinds)) {
            if erased(index) {
                recipient.clear();
                *kind = RecipientKind::Unknown;
            }
        }
    }

    /// Keeps no trace of the texts of contents that `keep` says no to; the tables stay as long as they are.
    pub fn forget_texts(&mut self, keep: &dyn Fn(u32) -> bool) {
        for (index, content) in (1_u32..).zip(&mut self.contents) {
            if !keep(index) {
                content.sample.clear();
                content.name.clear();
                content.texts.clear();
            }
        }
    }

    /// As tables of ingest: recipients, their kinds, contents.
    #[must_use]
    pub fn into_tables(self) -> (Interner, Vec<RecipientKind>, LocalContents) {
        let mut contents = Whole::empty().contents;
        for (index, content) in (1_u32..).zip(self.contents) {
            contents.kind.push(content.kind);
            contents.fingerprint.push(joined(content.fingerprint));
            contents.name.push(&content.name);
            contents.sample.push(&content.sample);
            if !content.texts.is_empty() {
                contents.under_name.insert(index, NamedTexts::restored(content.texts));
            }
        }
        (interned(&self.recipients), self.kinds, contents)
    }
}

fn joined((high, low): (u64, u64)) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

fn unpacked<T: serde::de::DeserializeOwned>(bytes: &[u8], file: &str) -> Result<T, LedgerError> {
    let damaged = |reason: String| LedgerError::Damaged { file: file.to_owned(), reason };
    let text = zstd::decode_all(bytes).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))
}
