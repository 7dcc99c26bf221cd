//! A young number that writes to many people who never wrote to it.
//! The age is counted from the registration that the case file names; without one the rule cannot be met.

use std::collections::BTreeSet;

use super::bulk::registered;
use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::detect::settings::Title;

/// First messages to strangers by numbers younger than `age`, where there are at least `first_contacts` of them.
pub fn strangers(covered: Covered<'_>, age: Length, first_contacts: u64) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut found = Vec::new();
    for (account, rows) in scene.rows_of.iter().enumerate() {
        let Some(registered) = registered(covered, account as u32) else { continue };
        let mut met = BTreeSet::new();
        let mut first = Vec::new();
        for row in rows {
            let at = scene.sent_at(*row);
            let new = met.insert(scene.recipient(*row));
            if new && scene.is_outbound(*row) && covered.row(*row) && (0..age.milliseconds).contains(&(at - registered))
            {
                first.push(*row);
            }
        }
        if first.len() as u64 >= first_contacts {
            let count = first.len();
            let mut meetings = covered.plain(first);
            for meeting in &mut meetings {
                meeting.measured.push(Title {
                    de: format!("{count} Erstkontakte in der ersten Zeit der Nummer."),
                    en: format!("{count} first contacts while the number was young."),
                });
            }
            found.extend(meetings);
        }
    }
    found
}
