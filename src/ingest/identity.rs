//! What makes two records tell of one message: the key, from the export's own id or from the message's own parts.
//! Keys of 128 bits are taken as equal messages; whether a key was made from an id stands in its last bit.
//! Which records fold is settled in `fold`.

use xxhash_rust::xxh3::xxh3_128;

use crate::message::Direction;

/// What makes a message the same wherever it is told of. A long id and the recipient name a message in any export; a
/// short id (a row number, say) only together with the account; without an id the message's own parts name it, and `fold`
/// counts repetitions. The recipient always belongs to it: platforms give one id to one call with many recipients.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The export's own id.
    pub message_id: &'a str,
    /// xxh3-64 of the canonical account.
    pub account: u64,
    /// xxh3-64 of the canonical recipient.
    pub recipient: u64,
    /// Direction.
    pub direction: Direction,
    /// UTC milliseconds as the record tells them.
    pub sent_at: i64,
    /// Fingerprint of the content.
    pub content: u128,
}

impl Identity<'_> {
    /// The key; its last bit is set where an id made it.
    #[must_use]
    pub fn key(&self) -> u128 {
        let id = self.message_id.as_bytes();
        let account = if id.len() >= GLOBAL_ID_BYTES { 0 } else { self.account };
        let (tag, at, content) = if id.is_empty() {
            (u64::from(self.direction as u8), self.sent_at as u64, self.content)
        } else {
            (ID_TAG, 0, xxh3_128(id))
        };
        let mut parts = [0_u8; 48];
        let words = [tag, account, self.recipient, at, content as u64, (content >> 64) as u64];
        for (slot, word) in parts.chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        let key = xxh3_128(&parts);
        if id.is_empty() { key & !1 } else { key | 1 }
    }
}

/// Ids of this many bytes or more (UUIDs, `wamid.…`, Twilio SIDs) name one message anywhere.
const GLOBAL_ID_BYTES: usize = 16;
/// Sets keys made from an id apart from keys made of a message's parts.
const ID_TAG: u64 = 7;
/// Whether a key was made of the message's own parts, so that repetitions in one file are separate messages.
#[must_use]
pub fn is_made_of_parts(key: u128) -> bool {
    key & 1 == 0
}
