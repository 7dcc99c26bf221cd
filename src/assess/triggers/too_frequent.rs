//! Advertising to one person too often without an answer.

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::assess::scene::Paired;

/// Advertising of one client to one person, at least `messages` in a moving window in which the person wrote nothing.
pub fn to_one_person(covered: Covered<'_>, messages: u64, window: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    // What counts of a pair, in order of time: advertising, and the person's own messages that clear the count.
    let order = scene.rows(|row| !scene.is_outbound(row) || (scene.is_advertising(row) && covered.row(row)));
    let mut found = Vec::new();
    let mut sent: Vec<Paired> = Vec::new();
    for rows in scene.by_pair(order).chunk_by(|one, next| one.pair == next.pair) {
        sent.clear();
        for paired in rows {
            if !scene.is_outbound(paired.row) {
                sent.clear();
                continue;
            }
            sent.retain(|earlier| paired.at - earlier.at < window.milliseconds);
            sent.push(*paired);
            if sent.len() as u64 >= messages {
                found.extend(sent.iter().map(|paired| paired.row));
            }
        }
    }
    covered.plain(found)
}
