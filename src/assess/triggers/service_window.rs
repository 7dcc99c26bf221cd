//! Free text outside the service window.

use super::{Covered, Meeting};
use crate::detect::Inbound;

/// Initiated free text. An account without any inbound message in its log cannot show windows and is left out.
pub fn free_form_outside(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let accounts = &scene.grounds.activity.accounts;
    let shows_windows = |row: u32| {
        accounts.get(scene.account(row) as usize).is_some_and(|account| account.replies_from != Inbound::None)
    };
    let rows = covered.rows(|row| {
        scene.is_outbound(row) && scene.is_free_form(row) == Some(true) && scene.is_initiated(row) && shows_windows(row)
    });
    covered.plain(rows)
}
