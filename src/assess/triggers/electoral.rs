//! Mass messages of political senders to people who did not agree, or who unsubscribed.

use super::{Covered, Meeting, opt_out};
use crate::assess::pack::trigger::Length;

/// Campaigns of clients that the case file calls political, to people without an opt-in, or after an opt-out.
pub fn mass(covered: Covered<'_>, grace: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut found = Vec::new();
    let political = |row: u32| scene.client(scene.account(row)).is_some_and(|client| client.political);
    for row in covered.rows(|row| scene.is_outbound(row) && scene.campaign(row) > 0 && political(row)) {
        let (recipient, account, at) = (scene.recipient(row), scene.account(row), scene.sent_at(row));
        if scene.register.opt_out_at(recipient, account, at).is_some() {
            if opt_out::refused_for(covered, row, Some(grace), None).is_some() {
                found.push((row, Some("after_opt_out")));
            }
        } else if scene.register.opt_in_at(recipient, account, at).is_none() {
            found.push((row, Some("no_consent")));
        }
    }
    covered.meetings(found)
}
