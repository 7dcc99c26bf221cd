//! Advertising through the official interface while that was forbidden: by its category, or by what it says.

use super::{Covered, Meeting};
use crate::message::Category;

/// Marketing by category, or mass sends whose text uses words of advertising.
pub fn promotional(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let words = &scene.grounds.wording.promotion;
    let promoting = scene.contents_where(|sample| words.found_in(sample));
    let rows = covered.rows(|row| {
        if !scene.is_outbound(row) || !scene.is_initiated(row) {
            return false;
        }
        match scene.messages().columns.category.get(row as usize).copied().unwrap_or_default() {
            Category::Marketing => true,
            Category::Unknown => scene.campaign(row) > 0 && promoting.contains(&scene.content(row)),
            _ => false,
        }
    });
    covered.plain(rows)
}
