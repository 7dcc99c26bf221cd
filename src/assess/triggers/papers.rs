//! Sends for which a paper is missing that data protection asks for: a contract with the processor, or a safeguard for the
//! transfer into a third country. What is missing is what the case file does not name.

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Paper;
use crate::detect::settings::Title;

/// Outbound messages of clients that the case file describes: through a provider before there was a contract with it, or
/// before a safeguard for the transfer.
pub fn missing(covered: Covered<'_>, paper: Paper) -> Vec<Meeting> {
    let scene = covered.scene;
    let lacks = |row: u32| {
        let account = scene.account(row);
        let Some(client) = scene.client(account) else { return false };
        let known = scene.messages().accounts.get(account as usize);
        let (asked, day) = match paper {
            Paper::ProcessorAgreement => {
                (known.is_some_and(|account| account.provider.is_some()), client.processor_agreement)
            }
            Paper::TransferSafeguard => (true, client.transfer_safeguard),
        };
        asked && day.is_none_or(|day| scene.sent_at(row) < scene.calendar().start(day))
    };
    let mut meetings = covered.plain(covered.rows(|row| scene.is_outbound(row) && lacks(row)));
    for meeting in &mut meetings {
        let day = scene.client(meeting.account).and_then(|client| match paper {
            Paper::ProcessorAgreement => client.processor_agreement,
            Paper::TransferSafeguard => client.transfer_safeguard,
        });
        let (de, en) = match paper {
            Paper::ProcessorAgreement => ("Vertrag mit dem Auftragsverarbeiter", "contract with the processor"),
            Paper::TransferSafeguard => ("Garantie für die Übermittlung", "safeguard for the transfer"),
        };
        meeting.measured.push(match day {
            Some(day) => Title {
                de: format!("{de}: laut Falldatei erst seit {day}."),
                en: format!("{en}: according to the case file only since {day}."),
            },
            None => Title {
                de: format!("{de}: in der Falldatei nicht genannt."),
                en: format!("{en}: not named in the case file."),
            },
        });
    }
    meetings
}
