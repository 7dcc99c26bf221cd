//! Faster than the platform carries: too many messages of a number in one second, or two to one person too close.
//! Such a log is wrong, or the messages went another way than it says.

use std::collections::HashMap;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::detect::Counts;

/// The window of a rate that is stated by the second.
const SECOND: Length = Length { milliseconds: 1000 };

/// Messages in any sliding second with more than `per_second`, and pairs to one recipient under `pair_gap`.
pub fn over(covered: Covered<'_>, per_second: u64, pair_gap: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut found = Vec::new();
    for rows in &scene.rows_of {
        let rows: Vec<u32> = rows.iter().copied().filter(|row| scene.is_outbound(*row) && covered.row(*row)).collect();
        found.extend(covered.in_windows(&rows, &[], SECOND, per_second.saturating_add(1), Counts::Messages));
        let mut last_to: HashMap<u32, u32> = HashMap::new();
        for row in &rows {
            let at = scene.sent_at(*row);
            if let Some(last) = last_to.insert(scene.recipient(*row), *row)
                && at - scene.sent_at(last) < pair_gap.milliseconds
                && scene.campaign(*row) > 0
                && scene.campaign(*row) == scene.campaign(last)
            {
                found.extend([last, *row]);
            }
        }
    }
    covered.plain(found)
}
