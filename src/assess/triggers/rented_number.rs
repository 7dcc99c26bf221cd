//! A provider's own number that several clients used, or that was paid by the message: as the case file says.

use super::{Covered, Meeting};
use crate::detect::settings::Title;
use crate::message::Owner;

/// Outbound messages of numbers that a provider owns and rents out.
pub fn rented(covered: Covered<'_>, clients: u64) -> Vec<Meeting> {
    let scene = covered.scene;
    let rented: Vec<Option<u64>> = scene
        .messages()
        .accounts
        .iter()
        .map(|account| {
            let entry = scene.grounds.entry(&account.id)?;
            let served = entry.clients.len() as u64;
            (entry.owner == Owner::Provider && (served >= clients || entry.fee_per_message)).then_some(served)
        })
        .collect();
    let is_rented = |row: u32| rented.get(scene.account(row) as usize).is_some_and(Option::is_some);
    let mut meetings = covered.plain(covered.rows(|row| scene.is_outbound(row) && is_rented(row)));
    for meeting in &mut meetings {
        let served = rented.get(meeting.account as usize).copied().flatten().unwrap_or_default();
        meeting.measured.push(Title {
            de: format!("Laut Falldatei nutzten {served} Kunden diese Nummer des Anbieters."),
            en: format!("According to the case file {served} clients used this number of the provider."),
        });
    }
    meetings
}
