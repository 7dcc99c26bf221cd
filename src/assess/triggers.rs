//! The closed set of triggers: which messages meet each one, file by file.
//! A trigger gives rows with a level and what was measured; law, dates and parties are applied to them in `findings`.
//! Parameters come from the rule; no threshold stands here.

mod abroad;
mod bulk;
mod electoral;
mod forwards;
mod fresh_number;
mod implausible_rate;
mod messaging_limit;
mod opt_in;
mod opt_out;
mod papers;
mod political;
mod promotion;
mod regularity;
mod rented_number;
mod service_window;
mod split;
mod too_frequent;
mod undertakings;
mod warnings;
mod wording;

use std::collections::BTreeMap;

use super::pack::trigger::Length;
use super::pack::{Rule, Trigger};
use super::scene::Scene;
use crate::detect::Counts;
use crate::detect::bursts::{Series, bursts};
use crate::detect::settings::Title;
use crate::message::Platform;

/// Messages of one account that meet a trigger in one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meeting {
    /// The account.
    pub account: u32,
    /// The level, where the trigger tells levels apart.
    pub level: Option<&'static str>,
    /// The messages, by time.
    pub rows: Vec<u32>,
    /// What was measured, in words.
    pub measured: Vec<Title>,
}

/// A rule applied to a scene: which of its messages the rule is about at all.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// The scene.
    pub scene: &'a Scene<'a>,
    /// The rule.
    pub rule: &'a Rule,
    /// Platforms of the rule's pack.
    pub platforms: &'a [Platform],
}

impl Covered<'_> {
    /// Whether the rule is about a row.
    #[must_use]
    pub fn row(&self, row: u32) -> bool {
        self.scene.covers(self.rule, self.platforms, row)
    }

    /// Covered rows that a test says yes to.
    pub fn rows(&self, test: impl Fn(u32) -> bool) -> Vec<u32> {
        self.scene.rows(|row| test(row) && self.row(row))
    }

    /// Covered advertising.
    pub fn advertising(&self) -> Vec<u32> {
        self.rows(|row| self.scene.is_advertising(row))
    }

    /// Splits rows by account and level, and keeps those that the rule covers.
    pub fn meetings(&self, rows: impl IntoIterator<Item = (u32, Option<&'static str>)>) -> Vec<Meeting> {
        let mut groups: BTreeMap<(u32, Option<&'static str>), Vec<u32>> = BTreeMap::new();
        for (row, level) in rows {
            if self.row(row) {
                groups.entry((self.scene.account(row), level)).or_default().push(row);
            }
        }
        let meeting = |((account, level), mut rows): ((u32, Option<&'static str>), Vec<u32>)| {
            rows.sort_unstable_by_key(|row| (self.scene.sent_at(*row), *row));
            rows.dedup();
            Meeting { account, level, rows, measured: Vec::new() }
        };
        groups.into_iter().map(meeting).collect()
    }

    /// Rows that lie in a sliding window in which at least `least` are counted. `rows` stand by time, `keys` are what
    /// is told apart among them; the sweep is that of bursts.
    pub fn in_windows(&self, rows: &[u32], keys: &[u32], window: Length, least: u64, counts: Counts) -> Vec<u32> {
        let times: Vec<i64> = rows.iter().map(|row| self.scene.sent_at(*row)).collect();
        let series = Series { times: &times, recipients: keys, weights: &[] };
        let spans = bursts(series, window.milliseconds, least, counts);
        spans.iter().flat_map(|span| rows.get(span.first..span.end).unwrap_or_default()).copied().collect()
    }

    /// As [`Self::meetings`], without levels.
    pub fn plain(&self, rows: impl IntoIterator<Item = u32>) -> Vec<Meeting> {
        self.meetings(rows.into_iter().map(|row| (row, None)))
    }
}

/// Where a rule's trigger is met, by account and level.
#[must_use]
pub fn measure(covered: Covered<'_>) -> Vec<Meeting> {
    match &covered.rule.trigger {
        Trigger::Bulk { recipients, bursts } => bulk::bulk(covered, *recipients, bursts),
        Trigger::Burst { detector, fresh_within } => bulk::burst(covered, detector, *fresh_within),
        Trigger::PromotionalApiMessage {} => promotion::promotional(covered),
        Trigger::FreshNumber { age, first_contacts } => fresh_number::strangers(covered, *age, *first_contacts),
        Trigger::SplitOverNumbers { within, accounts } => split::over_numbers(covered, *within, *accounts),
        Trigger::MachineRegularity { messages, variation, median_gap } => {
            regularity::machine(covered, *messages, *variation, *median_gap)
        }
        Trigger::RentedNumber { clients } => rented_number::rented(covered, *clients),
        Trigger::FreeFormOutsideWindow {} => service_window::free_form_outside(covered),
        Trigger::NoOptIn {} => opt_in::none(covered),
        Trigger::LateOptIn {} => opt_in::late(covered),
        Trigger::UnprovableOptIn {} => opt_in::unprovable(covered),
        Trigger::OtherChannelOptIn {} => opt_in::other_channel(covered),
        Trigger::StaleOptIn { ages } => opt_in::stale(covered, *ages),
        Trigger::AfterOptOut { grace, grace_business_days } => opt_out::after(covered, *grace, *grace_business_days),
        Trigger::NoStopNotice {} => wording::no_stop_notice(covered),
        Trigger::HiddenSender {} => wording::hidden_sender(covered),
        Trigger::OverMessagingLimit { window } => messaging_limit::over(covered, *window),
        Trigger::ImplausibleRate { per_second, pair_gap } => implausible_rate::over(covered, *per_second, *pair_gap),
        Trigger::TooFrequent { messages, window } => too_frequent::to_one_person(covered, *messages, *window),
        Trigger::BlockedCountry { country } => abroad::blocked_country(covered, country),
        Trigger::PoliticalSender {} => political::on_the_platform(covered),
        Trigger::WentOnAfterWarning { within } => warnings::went_on(covered, *within),
        Trigger::AfterUndertaking {} => undertakings::after_undertaking(covered),
        Trigger::AfterCourtOrder {} => undertakings::after_order(covered),
        Trigger::TransferGap { lacks } => papers::missing(covered, *lacks),
        Trigger::CountryCount { country, recipients } => abroad::country_count(covered, country, *recipients),
        Trigger::NoConsentAbroad { grace_business_days, hours } => {
            abroad::no_consent(covered, *grace_business_days, *hours)
        }
        Trigger::ElectoralMassMessaging { grace } => electoral::mass(covered, *grace),
        Trigger::ForwardFanOut { chats, chats_if_frequent, within } => {
            forwards::fan_out(covered, *chats, *chats_if_frequent, *within)
        }
    }
}
