//! Advertising after a cease-and-desist undertaking or a court order that the case file names.

use super::{Covered, Meeting};
use crate::assess::scene::is_same_address;
use crate::case::Moment;

/// Advertising of a client after its undertaking, to those whom it covers.
pub fn after_undertaking(covered: Covered<'_>) -> Vec<Meeting> {
    let undertakings = &covered.scene.grounds.case.undertakings;
    after(covered, undertakings.iter().map(|one| (one.client.as_str(), one.date, one.recipients.as_slice())).collect())
}

/// Advertising of a client after a court order, to those whom it covers.
pub fn after_order(covered: Covered<'_>) -> Vec<Meeting> {
    let orders = &covered.scene.grounds.case.orders;
    after(covered, orders.iter().map(|one| (one.client.as_str(), one.date, one.recipients.as_slice())).collect())
}

fn after(covered: Covered<'_>, bounds: Vec<(&str, Moment, &[String])>) -> Vec<Meeting> {
    if bounds.is_empty() {
        return Vec::new();
    }
    let scene = covered.scene;
    let rows = covered.advertising().into_iter().filter(|row| {
        let messages = scene.messages();
        let client = messages.accounts.get(scene.account(*row) as usize).and_then(|account| account.client.as_deref());
        let recipient = messages.recipients.address.get(scene.recipient(*row) as usize);
        bounds.iter().any(|(name, moment, recipients)| {
            client == Some(*name)
                && scene.sent_at(*row) >= scene.instant(*moment)
                && (recipients.is_empty() || recipients.iter().any(|id| is_same_address(id, recipient)))
        })
    });
    covered.plain(rows)
}
