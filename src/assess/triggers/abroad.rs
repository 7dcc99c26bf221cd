//! What depends on the recipient's country: templates that are not delivered there, runs over a national number,
//! consent under foreign law.

use std::collections::{BTreeMap, BTreeSet};

use super::{Covered, Meeting, opt_out};
use crate::message::Category;

fn is_in(covered: Covered<'_>, row: u32, country: &str) -> bool {
    covered.scene.messages().country(row as usize).is_some_and(|code| code == country.as_bytes())
}

/// Marketing templates to a country to which Meta does not deliver them.
pub fn blocked_country(covered: Covered<'_>, country: &str) -> Vec<Meeting> {
    let category = &covered.scene.messages().columns.category;
    let rows = covered.rows(|row| {
        covered.scene.is_outbound(row)
            && category.get(row as usize) == Some(&Category::Marketing)
            && is_in(covered, row, country)
    });
    covered.plain(rows)
}

/// Messages without an opt-in to a country, in runs with more than `recipients` of its people. The law counted those
/// who had not agreed.
pub fn country_count(covered: Covered<'_>, country: &str, recipients: u64) -> Vec<Meeting> {
    let scene = covered.scene;
    let marks = &scene.grounds.activity.marks;
    let mut runs: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in covered.rows(|row| scene.is_outbound(row) && is_in(covered, row, country)) {
        let run = marks.run.get(row as usize).copied().unwrap_or_default();
        if run > 0 && scene.register.opt_in_at(scene.recipient(row), scene.account(row), scene.sent_at(row)).is_none() {
            runs.entry(run).or_default().push(row);
        }
    }
    let over = runs
        .into_values()
        .filter(|rows| rows.iter().map(|row| scene.recipient(*row)).collect::<BTreeSet<_>>().len() as u64 > recipients);
    covered.plain(over.flatten())
}

/// Advertising to the rule's countries: without an opt-in, after an opt-out, or outside the hours.
pub fn no_consent(covered: Covered<'_>, business_days: Option<u32>, hours: Option<[u32; 2]>) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut found = Vec::new();
    for row in covered.advertising() {
        let (recipient, account, at) = (scene.recipient(row), scene.account(row), scene.sent_at(row));
        if scene.register.opt_out_at(recipient, account, at).is_some() {
            if opt_out::refused_for(covered, row, None, business_days).is_some() {
                found.push((row, Some("after_opt_out")));
            }
        } else if scene.register.opt_in_at(recipient, account, at).is_none() {
            found.push((row, Some("no_opt_in")));
        } else if hours.is_some_and(|hours| is_night_everywhere(at, hours)) {
            found.push((row, Some("at_night")));
        }
    }
    covered.meetings(found)
}

/// Whether an instant lies outside the hours in every zone of the United States, from Hawaii to the east coast in
/// summer (UTC−10 to UTC−4).
fn is_night_everywhere(at: i64, [from, to]: [u32; 2]) -> bool {
    (-10..=-4).all(|offset| {
        let hour = (at.div_euclid(3_600_000) + offset).rem_euclid(24);
        !(i64::from(from)..i64::from(to)).contains(&hour)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_is_night_only_where_it_is_night_in_every_zone() {
        let at = |hour: i64| hour * 3_600_000;
        // 09:00 UTC is 05:00 in New York in summer and 23:00 in Honolulu.
        assert!(is_night_everywhere(at(9), [8, 21]));
        // 12:00 UTC is 08:00 in New York.
        assert!(!is_night_everywhere(at(12), [8, 21]));
        // 03:00 UTC is 17:00 in Honolulu.
        assert!(!is_night_everywhere(at(3), [8, 21]));
    }
}
