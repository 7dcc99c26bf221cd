//! Mass sends: campaigns that reach many, and bursts of named detectors.
//! The counting itself is detection's; here only what a rule takes of it.

use std::collections::BTreeSet;

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::case::Moment;
use crate::detect::settings::Title;

/// Messages of campaigns to at least `recipients`, and of bursts of these detectors that reach as many.
pub fn bulk(covered: Covered<'_>, recipients: u64, bursts: &[String]) -> Vec<Meeting> {
    let activity = covered.scene.grounds.activity;
    let campaigns = activity.campaigns.iter().filter(|campaign| campaign.recipients >= recipients);
    let named = detectors(covered, bursts);
    // Many messages to few people are no mass send, however fast they come.
    let bursts =
        activity.bursts.iter().filter(|burst| named.contains(&burst.detector) && burst.recipients >= recipients);
    let rows = campaigns.flat_map(|campaign| campaign.rows.iter().copied());
    covered.plain(rows.chain(bursts.flat_map(|burst| burst.rows.iter().copied())))
}

/// Messages of bursts of one detector; `fresh` where the number's registration is not older than `fresh_within` at the
/// start of the burst.
pub fn burst(covered: Covered<'_>, detector: &str, fresh_within: Option<Length>) -> Vec<Meeting> {
    let scene = covered.scene;
    let named = detectors(covered, &[detector.to_owned()]);
    let bursts = scene.grounds.activity.bursts.iter().filter(|burst| named.contains(&burst.detector));
    let rows = bursts.flat_map(|burst| {
        let age = registered(covered, burst.account).map(|registered| burst.start - registered);
        let fresh = fresh_within.zip(age).is_some_and(|(within, age)| (0..=within.milliseconds).contains(&age));
        burst.rows.iter().map(move |row| (*row, fresh.then_some("fresh")))
    });
    let mut meetings = covered.meetings(rows);
    for meeting in &mut meetings {
        let own = scene.grounds.activity.bursts.iter();
        let own = own.filter(|burst| burst.account == meeting.account && named.contains(&burst.detector));
        if let Some(peak) = own.map(|burst| burst.peak).max() {
            meeting.measured.push(Title {
                de: format!("Höchste Zahl in einem Fenster: {peak}."),
                en: format!("Highest count in a window: {peak}."),
            });
        }
    }
    meetings
}

fn detectors(covered: Covered<'_>, names: &[String]) -> BTreeSet<usize> {
    let all = covered.scene.grounds.detectors.iter().enumerate();
    all.filter(|(_, detector)| names.contains(&detector.name)).map(|(index, _)| index).collect()
}

/// When an account's number was registered, as the case file says; UTC milliseconds. A day counts from its start: the
/// number is then taken to be older than it may be.
pub fn registered(covered: Covered<'_>, account: u32) -> Option<i64> {
    let scene = covered.scene;
    let id = &scene.messages().accounts.get(account as usize)?.id;
    Some(match scene.grounds.entry(id)?.registered? {
        Moment::Day(day) => scene.calendar().start(day),
        Moment::Instant(at) => at,
    })
}
