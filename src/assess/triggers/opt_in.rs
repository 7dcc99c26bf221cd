//! Advertising and the opt-ins on record: none, too late, not provable, for another channel, too old.
//! Without any opt-in on record the rules on the kind of an opt-in cannot be met.

use std::collections::BTreeMap;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Ages;
use crate::assess::scene::Paired;
use crate::detect::settings::Title;
use crate::ingest::Consent;

/// Advertising for which no opt-in stands on record before or after it.
pub fn none(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let rows = covered.advertising().into_iter().filter(|row| {
        let (recipient, account, at) = (scene.recipient(*row), scene.account(*row), scene.sent_at(*row));
        // Who opted out had opted in or not: that is another rule's matter.
        scene.register.opt_in_at(recipient, account, at).is_none()
            && scene.register.opt_out_at(recipient, account, at).is_none()
            && scene.register.opt_in_after(recipient, account, at).is_none()
    });
    covered.plain(rows)
}

/// Advertising before the first opt-in.
pub fn late(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let rows = covered.advertising().into_iter().filter(|row| {
        let (recipient, account, at) = (scene.recipient(*row), scene.account(*row), scene.sent_at(*row));
        scene.register.opt_in_at(recipient, account, at).is_none()
            && scene.register.opt_out_at(recipient, account, at).is_none()
            && scene.register.opt_in_after(recipient, account, at).is_some()
    });
    covered.plain(rows)
}

/// The opt-in that a row of advertising rests on.
fn opt_in<'a>(covered: &Covered<'a>, row: u32) -> Option<&'a Consent> {
    let scene = covered.scene;
    scene.register.opt_in_at(scene.recipient(row), scene.account(row), scene.sent_at(row))
}

/// Advertising on an opt-in that lacks what its proof needs.
pub fn unprovable(covered: Covered<'_>) -> Vec<Meeting> {
    let mut missing: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in covered.advertising() {
        let Some(consent) = opt_in(&covered, row) else { continue };
        let lacks = consent.proof.missing();
        if !lacks.is_empty() {
            rows.push(row);
            lacks.iter().for_each(|field| *missing.entry(field).or_default() += 1);
        }
    }
    let mut meetings = covered.plain(rows);
    let fields: Vec<String> = missing.iter().map(|(field, count)| format!("{field}: {count}")).collect();
    for meeting in &mut meetings {
        meeting.measured.push(Title {
            de: format!("Fehlende Angaben über alle betroffenen Nachrichten: {}.", fields.join(", ")),
            en: format!("Missing fields over all messages concerned: {}.", fields.join(", ")),
        });
    }
    meetings
}

/// Advertising on an opt-in that names channels, none of them the one it came by.
pub fn other_channel(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let rows = covered.advertising().into_iter().filter(|row| {
        let platform = scene.messages().columns.platform.get(*row as usize).copied().unwrap_or_default();
        opt_in(&covered, *row).is_some_and(|consent| consent.proof.is_for_another_channel(platform))
    });
    covered.plain(rows)
}

/// Milliseconds of a mean year of 365.25 days.
const YEAR_MS: f64 = 31_557_600_000.0;

/// Advertising on an opt-in that was not used for long: `unused` since the opt-in or the last advertising, or
/// `first_use` a time after the opt-in.
pub fn stale(covered: Covered<'_>, ages: Ages) -> Vec<Meeting> {
    let scene = covered.scene;
    if !scene.register.has_opt_ins() {
        return Vec::new();
    }
    let advertising = covered.advertising();
    let mut found = Vec::new();
    for rows in scene.by_pair(advertising).chunk_by(|one, next| one.pair == next.pair) {
        let mut last_use: Option<i64> = None;
        for Paired { at, row, .. } in rows {
            let at = *at;
            // Of an opt-in without a time nobody can say how old it is.
            if let Some(consent) = opt_in(&covered, *row).filter(|consent| consent.proof.time) {
                let used_before = last_use.filter(|last| *last >= consent.at);
                let gap = (at - used_before.unwrap_or(consent.at)) as f64 / YEAR_MS;
                if gap > ages.unused_years {
                    found.push((*row, Some("unused")));
                } else if used_before.is_none() && gap >= ages.first_use_years {
                    found.push((*row, Some("first_use")));
                }
            }
            last_use = Some(at);
        }
    }
    covered.meetings(found)
}
