//! How persons and excerpts are shown: as keyed pseudonyms and masked, unless the report is the sealed one.
//! HMAC-SHA-256 of the canonical address under the matter's key, first 16 hex digits (docs/method.md).
//! Where the key comes from is the business of the command line; it never enters the report.

use super::message_ids;
use crate::hash::{hex, hmac_sha256};
use crate::message::Messages;

/// Bytes of a matter's key.
pub const KEY_BYTES: usize = 32;
/// Keeps these digests apart from any other use of the key.
const LABEL: &[u8] = b"sendeschluss recipient 1\0";
/// The same for ids of messages.
const ID_LABEL: &[u8] = b"sendeschluss message id 1\0";
/// What is hashed under a key to tell it from others.
const KEY_LABEL: &[u8] = b"sendeschluss key check 1\0";
/// Bytes of a digest that are shown.
const SHOWN_BYTES: usize = 8;

/// How recipients are shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// In clear, for the sealed twin of a report.
    Revealed,
    /// As pseudonyms under this key.
    Pseudonyms([u8; KEY_BYTES]),
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if *self == Self::Revealed { "Revealed" } else { "Pseudonyms(…)" })
    }
}

/// HMAC-SHA-256 under the matter's key, as far as it is shown.
fn keyed(key: &[u8; KEY_BYTES], label: &[u8], text: &[u8]) -> String {
    hex(hmac_sha256(key, &[label, text]).get(..SHOWN_BYTES).unwrap_or_default())
}

impl Shown {
    /// A canonical address as the report shows it.
    #[must_use]
    pub fn address(&self, address: &str) -> String {
        match self {
            Self::Revealed => address.to_owned(),
            Self::Pseudonyms(key) => keyed(key, LABEL, address.as_bytes()),
        }
    }

    /// The id of a row's message; one that tells the recipient stands as `ID-` and a digest under the same key.
    #[must_use]
    pub fn message_id(&self, messages: &Messages, row: usize) -> String {
        let id = messages.message_id(row);
        let Self::Pseudonyms(key) = self else { return id };
        let recipient = messages.columns.recipient.get(row).copied().unwrap_or_default();
        if message_ids::tells(&id, messages.recipients.address.get(recipient as usize)) {
            return format!("ID-{}", keyed(key, ID_LABEL, id.as_bytes()));
        }
        id
    }

    /// Which key this is, without telling anything of it: a digest of its own. `None` where recipients stand in clear.
    #[must_use]
    pub fn key_check(&self) -> Option<String> {
        match self {
            Self::Revealed => None,
            Self::Pseudonyms(key) => Some(keyed(key, KEY_LABEL, &[])),
        }
    }

    /// A recipient by index.
    #[must_use]
    pub fn recipient(&self, messages: &Messages, recipient: u32) -> String {
        self.address(messages.recipients.address.get(recipient as usize))
    }

    /// A piece of a record: its shape stays, its letters and digits do not.
    #[must_use]
    pub fn excerpt(&self, excerpt: &str) -> String {
        let kept = |character: char| match character {
            _ if *self == Self::Revealed && !character.is_control() => character,
            _ if character.is_ascii_digit() || character.is_numeric() => '9',
            _ if character.is_alphabetic() => 'x',
            _ if character.is_control() => ' ',
            other => other,
        };
        excerpt.chars().map(kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_depend_on_the_key_and_reveal_nothing() {
        let one = Shown::Pseudonyms([1; KEY_BYTES]);
        let other = Shown::Pseudonyms([2; KEY_BYTES]);
        let shown = one.address("+491713920000");
        assert_eq!(shown.len(), 16);
        assert_eq!(shown, one.address("+491713920000"));
        assert_ne!(shown, other.address("+491713920000"));
        assert_ne!(shown, one.address("+491713920001"));
        assert_ne!(one.key_check(), other.key_check());
        assert_eq!(Shown::Revealed.key_check(), None);
        assert_eq!(one.excerpt("Max;+49171\t§"), "xxx;+99999 §");
        assert_eq!(Shown::Revealed.address("+491713920000"), "+491713920000");
        assert!(!format!("{one:?}").contains('1'));
    }
}
