//! Political senders on the official interface.

use super::{Covered, Meeting};

/// Outbound messages of clients that the case file calls political.
pub fn on_the_platform(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let political = |row: u32| scene.client(scene.account(row)).is_some_and(|client| client.political);
    covered.plain(covered.rows(|row| scene.is_outbound(row) && political(row)))
}
