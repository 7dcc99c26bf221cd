//! The closed set of triggers: which messages of the activity each one is met by.
//! A trigger gives rows; law, dates and parties are applied to them in `assess.rs`.
//! One function each; parameters come from the rule.

use std::collections::BTreeSet;

use super::pack::{Rule, Trigger};
use crate::detect::{Activity, Detector};
use crate::message::{Direction, Form, Messages, Platform};

/// Rows that meet a rule's trigger on a route and platform that it covers, ascending.
#[must_use]
pub fn rows(
    rule: &Rule,
    platforms: &[Platform],
    messages: &Messages,
    activity: &Activity,
    detectors: &[Detector],
) -> Vec<u32> {
    let columns = &messages.columns;
    let mut found: Vec<u32> = match &rule.trigger {
        Trigger::Bulk { recipients, bursts } => bulk(activity, detectors, *recipients, bursts),
        Trigger::Burst { detector } => of_bursts(activity, detectors, std::slice::from_ref(detector)),
        Trigger::FreeFormOutsideWindow {} => free_form_outside_window(messages, activity),
    };
    found.retain(|row| {
        let row = *row as usize;
        let on_route = columns.route.get(row).is_some_and(|route| rule.routes.contains(route));
        on_route && columns.platform.get(row).is_some_and(|platform| platforms.contains(platform))
    });
    found.sort_unstable();
    found.dedup();
    found
}

/// Messages of campaigns to at least `recipients`, and of bursts that reach as many.
fn bulk(activity: &Activity, detectors: &[Detector], recipients: u64, bursts: &[String]) -> Vec<u32> {
    let campaigns = activity.campaigns.iter().filter(|campaign| campaign.recipients >= recipients);
    let mut rows: Vec<u32> = campaigns.flat_map(|campaign| campaign.rows.iter().copied()).collect();
    let named = named(detectors, bursts);
    // Many messages to few people are no mass send, however fast they come.
    let bursts =
        activity.bursts.iter().filter(|burst| named.contains(&burst.detector) && burst.recipients >= recipients);
    rows.extend(bursts.flat_map(|burst| burst.rows.iter().copied()));
    rows
}

fn of_bursts(activity: &Activity, detectors: &[Detector], names: &[String]) -> Vec<u32> {
    let named = named(detectors, names);
    let bursts = activity.bursts.iter().filter(|burst| named.contains(&burst.detector));
    bursts.flat_map(|burst| burst.rows.iter().copied()).collect()
}

fn named(detectors: &[Detector], names: &[String]) -> BTreeSet<usize> {
    detectors
        .iter()
        .enumerate()
        .filter(|(_, detector)| names.contains(&detector.name))
        .map(|(index, _)| index)
        .collect()
}

/// Initiated free text. An account without any inbound message in its log cannot show windows and is left out.
fn free_form_outside_window(messages: &Messages, activity: &Activity) -> Vec<u32> {
    let columns = &messages.columns;
    let shows_windows: Vec<bool> =
        activity.accounts.iter().map(|account| account.replies_from != crate::detect::Inbound::None).collect();
    let meets = |row: &usize| {
        let account = columns.account.get(*row).map_or(0, |account| *account as usize);
        columns.form.get(*row) == Some(&Form::FreeForm)
            && columns.direction.get(*row) == Some(&Direction::Outbound)
            && activity.marks.initiated.get(*row) == Some(&true)
            && shows_windows.get(account) == Some(&true)
    };
    (0..columns.len()).filter(meets).map(|row| row as u32).collect()
}
