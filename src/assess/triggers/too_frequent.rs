//! Advertising to one person too often without an answer.

use std::collections::HashMap;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;

/// Advertising of one client to one person, at least `messages` in a moving window in which the person wrote nothing.
pub fn to_one_person(covered: Covered<'_>, messages: u64, window: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    // What counts of a pair, in order of time: advertising, and the person's own messages that clear the count.
    let mut recent: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
    let mut order = scene.rows(|row| !scene.is_outbound(row) || (scene.is_advertising(row) && covered.row(row)));
    order.sort_by_key(|row| (scene.sent_at(*row), *row));
    let mut found = Vec::new();
    for row in order {
        let client = scene.client_of.get(scene.account(row) as usize).copied().unwrap_or_default();
        let sent = recent.entry((client, scene.recipient(row))).or_default();
        if !scene.is_outbound(row) {
            sent.clear();
            continue;
        }
        let at = scene.sent_at(row);
        sent.retain(|earlier| at - scene.sent_at(*earlier) < window.milliseconds);
        sent.push(row);
        if sent.len() as u64 >= messages {
            found.extend(sent.iter().copied());
        }
    }
    covered.plain(found)
}
