//! More distinct recipients in a moving window than the number, or since 7 October 2025 the client's portfolio, may
//! reach. Only initiated messages count; the limit itself is what the case file says.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::detect::settings::Title;

/// Messages in windows in which the limit was passed.
pub fn over(covered: Covered<'_>, window: Length) -> Vec<Meeting> {
    let scene = covered.scene;
    // Until 6 October 2025 per number, since per portfolio (Meta's documentation of messaging limits).
    let switch = scene.calendar().start(date(2025, 10, 7));
    let mut series: BTreeMap<(bool, u32), (u64, Vec<u32>)> = BTreeMap::new();
    for (account, rows) in scene.rows_of.iter().enumerate() {
        let account = account as u32;
        let id = scene.messages().accounts.get(account as usize).map_or("", |account| account.id.as_str());
        let entry = scene.grounds.entry(id);
        let of_number = entry.and_then(|entry| entry.messaging_limit);
        let of_client = scene.client(account).and_then(|client| client.messaging_limit);
        let client = scene.client_of.get(account as usize).copied().unwrap_or_default();
        for row in rows.iter().copied().filter(|row| scene.is_initiated(*row) && covered.row(*row)) {
            let (key, limit) = match scene.sent_at(row) < switch {
                true => ((false, account), of_number.or(of_client)),
                false => ((true, client), of_client.or(of_number)),
            };
            if let Some(limit) = limit {
                let (least, rows) = series.entry(key).or_insert((limit, Vec::new()));
                *least = (*least).max(limit);
                rows.push(row);
            }
        }
    }
    let mut found = Vec::new();
    let mut highest: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for (limit, rows) in series.values_mut() {
        rows.sort_by_key(|row| (scene.sent_at(*row), *row));
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        let mut start = 0;
        let mut marked = 0;
        for (end, row) in rows.iter().enumerate() {
            *counts.entry(scene.recipient(*row)).or_default() += 1;
            while let Some(oldest) = rows.get(start)
                && scene.sent_at(*row) - scene.sent_at(*oldest) >= window.milliseconds
            {
                let recipient = scene.recipient(*oldest);
                if let Some(count) = counts.get_mut(&recipient) {
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(&recipient);
                    }
                }
                start += 1;
            }
            let reached = counts.len() as u64;
            if reached > *limit {
                found.extend(rows.get(marked.max(start)..=end).unwrap_or_default());
                marked = end + 1;
                let top = highest.entry(scene.account(*row)).or_insert((reached, *limit));
                top.0 = top.0.max(reached);
            }
        }
    }
    let mut meetings = covered.plain(found);
    for meeting in &mut meetings {
        if let Some((reached, limit)) = highest.get(&meeting.account) {
            meeting.measured.push(Title {
                de: format!(
                    "Höchste Zahl verschiedener Empfänger im Fenster: {reached}; Grenze laut Falldatei: {limit}."
                ),
                en: format!(
                    "Most distinct recipients in the window: {reached}; limit according to the case file: {limit}."
                ),
            });
        }
    }
    meetings
}
