//! One campaign sent from several numbers at about the same time.

use std::collections::BTreeSet;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::detect::Counts;
use crate::detect::settings::Title;

/// Messages of campaigns of which at least `accounts` numbers sent within a sliding window: all messages that lie in
/// such a window.
pub fn over_numbers(covered: Covered<'_>, within: Length, accounts: u64) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut rows = Vec::new();
    for campaign in
        scene.grounds.activity.campaigns.iter().filter(|campaign| campaign.accounts.len() as u64 >= accounts)
    {
        let own: Vec<u32> = campaign.rows.iter().copied().filter(|row| covered.row(*row)).collect();
        let senders: Vec<u32> = own.iter().map(|row| scene.account(*row)).collect();
        rows.extend(covered.in_windows(&own, &senders, within, accounts, Counts::Recipients));
    }
    let mut meetings = covered.plain(rows);
    for meeting in &mut meetings {
        let mut most = 0;
        let campaigns: BTreeSet<u32> = meeting.rows.iter().map(|row| scene.campaign(*row)).collect();
        for mark in campaigns {
            let campaign = (mark as usize).checked_sub(1).and_then(|index| scene.grounds.activity.campaigns.get(index));
            most = most.max(campaign.map_or(0, |campaign| campaign.accounts.len()));
        }
        meeting.measured.push(Title {
            de: format!("Derselbe Inhalt kam von bis zu {most} Absendern."),
            en: format!("The same content came from up to {most} senders."),
        });
    }
    meetings
}
