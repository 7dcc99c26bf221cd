//! Sends for which the papers are missing that data protection asks for: a contract with the processor, a safeguard
//! for the transfer into a third country. What is missing is what the case file does not name.

use super::{Covered, Meeting};
use crate::detect::settings::Title;

/// Outbound messages of clients that the case file describes, sent through a provider before there was a contract with
/// it, or before a safeguard for the transfer.
pub fn missing(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let lacks = |row: u32| {
        let account = scene.account(row);
        let Some(client) = scene.client(account) else { return (false, false) };
        let at = scene.sent_at(row);
        let has = |day: Option<jiff::civil::Date>| day.is_some_and(|day| scene.calendar().start(day) <= at);
        let provider =
            scene.messages().accounts.get(account as usize).is_some_and(|account| account.provider.is_some());
        (provider && !has(client.processor_agreement), !has(client.transfer_safeguard))
    };
    let rows = covered.rows(|row| scene.is_outbound(row) && lacks(row) != (false, false));
    let mut meetings = covered.plain(rows);
    for meeting in &mut meetings {
        let contract = meeting.rows.iter().filter(|row| lacks(**row).0).count();
        let safeguard = meeting.rows.iter().filter(|row| lacks(**row).1).count();
        meeting.measured.push(Title {
            de: format!("Ohne genannten Vertrag zur Auftragsverarbeitung: {contract}; ohne genannte Garantie für die Übermittlung: {safeguard}."),
            en: format!("Without a named contract with the processor: {contract}; without a named safeguard for the transfer: {safeguard}."),
        });
    }
    meetings
}
