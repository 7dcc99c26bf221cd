//! Mass sends that went on after a warning that the case file names.

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::assess::scene::is_same_address;
use crate::detect::settings::Title;

/// Messages of campaigns within a time after a warning to their account or client.
pub fn went_on(covered: Covered<'_>, within: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    let case = scene.grounds.case;
    let warned_at = |row: u32| {
        let account = scene.messages().accounts.get(scene.account(row) as usize)?;
        let own = case.warnings.iter().filter(|warning| {
            let of_account = warning.account.as_ref().is_none_or(|id| is_same_address(id, &account.id));
            let of_client = warning.client.as_ref().is_none_or(|name| account.client.as_ref() == Some(name));
            of_account && of_client && (warning.account.is_some() || warning.client.is_some())
        });
        own.map(|warning| (scene.instant(warning.date), warning.what.as_str()))
            .filter(|(at, _)| (0..=within.milliseconds).contains(&(scene.sent_at(row) - at)))
            .max()
    };
    let rows = covered.rows(|row| scene.is_outbound(row) && scene.campaign(row) > 0 && warned_at(row).is_some());
    let mut meetings = covered.plain(rows);
    for meeting in &mut meetings {
        if let Some((_, what)) = meeting.rows.first().and_then(|row| warned_at(*row)) {
            meeting.measured.push(Title { de: format!("Warnung: {what}"), en: format!("Warning: {what}") });
        }
    }
    meetings
}
