//! Why a rule takes none, or not all, of some messages: what it is about, in the order in which that is looked at.
//! Platform, route, country and days are those of the pack; what is left over does not meet the rule's trigger.
//! Nothing is judged here: the findings are what `triggers` and `findings` gave.

use super::Grounds;
use super::scene::Scene;

/// How many of some messages get past each question of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Miss {
    /// Index of the pack.
    pub pack: usize,
    /// Index of the rule in the pack.
    pub rule: usize,
    /// Messages that were looked at.
    pub of: u64,
    /// Of these, on a platform of the rule.
    pub platform: u64,
    /// Of those, on one of its routes.
    pub route: u64,
    /// Of those, to one of its countries.
    pub country: u64,
    /// Of those, on one of its days. They do not meet its trigger.
    pub days: u64,
}

/// What each rule makes of messages that stand in none of its findings.
#[must_use]
pub fn misses(grounds: Grounds<'_>, rows: &[u32], taken: &dyn Fn(usize, usize, u32) -> bool) -> Vec<Miss> {
    let scene = Scene::new(grounds);
    let columns = &grounds.messages.columns;
    let mut misses = Vec::new();
    for (pack_index, pack) in grounds.packs.iter().enumerate() {
        for (rule_index, rule) in pack.rules.iter().enumerate() {
            let mut miss = Miss { pack: pack_index, rule: rule_index, ..Miss::default() };
            let platforms = rule.platforms.as_deref().unwrap_or(&pack.platforms);
            for row in rows.iter().copied().filter(|row| !taken(pack_index, rule_index, *row)) {
                miss.of += 1;
                let at = row as usize;
                if !columns.platform.get(at).is_some_and(|platform| platforms.contains(platform)) {
                    continue;
                }
                miss.platform += 1;
                if !rule.routes.is_empty() && !columns.route.get(at).is_some_and(|route| rule.routes.contains(route)) {
                    continue;
                }
                miss.route += 1;
                if !scene.is_in(&rule.countries, at) {
                    continue;
                }
                miss.country += 1;
                miss.days += u64::from(rule.covers(scene.calendar().day(scene.sent_at(row))));
            }
            misses.push(miss);
        }
    }
    misses
}
