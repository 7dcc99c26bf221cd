//! One campaign sent from several numbers at about the same time.

use std::collections::BTreeMap;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
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
        let mut hot = vec![false; own.len()];
        let mut senders: BTreeMap<u32, u64> = BTreeMap::new();
        let mut start = 0;
        for (end, row) in own.iter().enumerate() {
            *senders.entry(scene.account(*row)).or_default() += 1;
            while let Some(oldest) = own.get(start)
                && scene.sent_at(*row) - scene.sent_at(*oldest) >= within.milliseconds
            {
                if let Some(count) = senders.get_mut(&scene.account(*oldest)) {
                    *count -= 1;
                    if *count == 0 {
                        senders.remove(&scene.account(*oldest));
                    }
                }
                start += 1;
            }
            if senders.len() as u64 >= accounts {
                // Walk back until what is already marked: each row is marked once.
                for mark in hot.get_mut(start..=end).unwrap_or_default().iter_mut().rev() {
                    if *mark {
                        break;
                    }
                    *mark = true;
                }
            }
        }
        rows.extend(own.iter().zip(hot).filter(|(_, hot)| *hot).map(|(row, _)| *row));
    }
    let mut meetings = covered.plain(rows);
    for meeting in &mut meetings {
        let mut most = 0;
        let campaigns: std::collections::BTreeSet<u32> = meeting.rows.iter().map(|row| scene.campaign(*row)).collect();
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
