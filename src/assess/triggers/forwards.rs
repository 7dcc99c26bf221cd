//! One content forwarded to more chats at once than the app allows.

use std::collections::BTreeMap;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::detect::Counts;
use crate::message::{FORWARD_UNKNOWN, NO_CONTENT};

/// From this score on WhatsApp calls a message forwarded many times.
const FREQUENT: u8 = 5;

/// Forwarded messages of one account and content, in sliding windows with more recipients than allowed.
pub fn fan_out(covered: Covered<'_>, chats: u64, chats_if_frequent: u64, within: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    let columns = &scene.messages().columns;
    let score = |row: u32| columns.forward_score.get(row as usize).copied().unwrap_or(FORWARD_UNKNOWN);
    let content = |row: u32| columns.content.get(row as usize).copied().unwrap_or(NO_CONTENT);
    let mut groups: BTreeMap<(u32, u32, bool), Vec<u32>> = BTreeMap::new();
    let forwarded = |row: u32| score(row) > 0 && score(row) != FORWARD_UNKNOWN && content(row) != NO_CONTENT;
    for row in covered.rows(|row| scene.is_outbound(row) && forwarded(row)) {
        groups.entry((scene.account(row), content(row), score(row) >= FREQUENT)).or_default().push(row);
    }
    let mut found = Vec::new();
    for ((_, _, frequent), mut rows) in groups {
        let allowed = if frequent { chats_if_frequent } else { chats };
        rows.sort_by_key(|row| (scene.sent_at(*row), *row));
        let chats: Vec<u32> = rows.iter().map(|row| scene.recipient(*row)).collect();
        found.extend(covered.in_windows(&rows, &chats, within, allowed.saturating_add(1), Counts::Recipients));
    }
    covered.plain(found)
}
