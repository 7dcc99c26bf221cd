//! Faster than the platform carries: too many messages of a number in one second, or two to one person too close.
//! Such a log is wrong, or the messages went another way than it says.

use std::collections::HashMap;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;

/// Messages in any sliding second with more than `per_second`, and pairs to one recipient under `pair_gap`.
pub fn over(covered: Covered<'_>, per_second: u64, pair_gap: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut found = Vec::new();
    for rows in &scene.rows_of {
        let rows: Vec<u32> = rows.iter().copied().filter(|row| scene.is_outbound(*row) && covered.row(*row)).collect();
        let mut start = 0;
        let mut marked = 0;
        let mut last_to: HashMap<u32, u32> = HashMap::new();
        for (end, row) in rows.iter().enumerate() {
            let at = scene.sent_at(*row);
            while rows.get(start).is_some_and(|oldest| at - scene.sent_at(*oldest) >= 1000) {
                start += 1;
            }
            if (end + 1 - start) as u64 > per_second {
                found.extend(rows.get(marked.max(start)..=end).unwrap_or_default());
                marked = end + 1;
            }
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
