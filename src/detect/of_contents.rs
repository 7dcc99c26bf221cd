//! All that is found in whole contents: campaigns with their runs, what is set aside, bursts of one content.
//! It looks at nothing but the rows of the contents it is given, so contents may be taken apart and worked on anywhere.
//! Which contents are one is found in `mining`; order and numbering across contents are those of `assemble`.

use rayon::prelude::*;

use super::campaigns::{self, Campaign, Found, Run, SetAside};
use super::mining::Group;
use super::of_accounts::{Judged, Seen};
use super::regularity;
use super::robustness::{self, Readings, Setting};
use super::search::{self, Field};
use super::slices::Extent;
use super::speed::{self, Step};
use super::track::Track;

/// A campaign with all that is measured of it.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundCampaign {
    /// The campaign; its runs are those below.
    pub campaign: Campaign,
    /// Its runs, each with the share of its gaps that have the most frequent length.
    pub runs: Vec<(Run, Option<f64>)>,
    /// The settings that it depends on; none when it is robust.
    pub depends_on: Vec<Setting>,
    /// Its speed profile.
    pub speed: Vec<Step>,
    /// First message of its content, replies among them: by this, contents of one fingerprint stand in order.
    pub first_row: u32,
}

/// See the module. Nothing stands in any order.
#[derive(Clone, Debug, Default)]
pub struct OfContents {
    /// Campaigns.
    pub campaigns: Vec<FoundCampaign>,
    /// Contents that reached enough recipients and are no campaigns all the same, each with its first message.
    pub set_aside: Vec<(SetAside, u32)>,
    /// Bursts of detectors over one content of an account.
    pub bursts: Vec<Judged>,
}

/// Finds it in contents that `mining` has put together.
#[must_use]
pub fn of_contents(seen: Seen<'_>, contents: &[Group]) -> OfContents {
    let Seen { messages, settings, initiated, born, .. } = seen;
    let field = Field { messages, accounts: &[], contents, initiated, born, extent: Extent::All };
    let bursts = search::in_contents(field, settings).into_par_iter().map(|burst| seen.judged(burst)).collect();
    let mut found = OfContents { bursts, ..OfContents::default() };
    let of_group = |group: &Group| {
        let first_row = group.rows.first().copied().unwrap_or_default();
        Some((campaigns::campaign(messages, group, initiated, settings)?, first_row))
    };
    let of_groups: Vec<(Found, u32)> = contents.par_iter().filter_map(of_group).collect();
    let mut campaigns = Vec::new();
    for (one, first_row) in of_groups {
        match one {
            Found::Campaign(campaign, runs) => campaigns.push((*campaign, runs, first_row)),
            Found::SetAside(aside) => found.set_aside.push((aside, first_row)),
        }
    }
    found.campaigns =
        campaigns.into_par_iter().map(|(campaign, runs, row)| measured(seen, campaign, runs, row)).collect();
    found
}

fn measured(seen: Seen<'_>, campaign: Campaign, runs: Vec<Run>, first_row: u32) -> FoundCampaign {
    let readings = Readings { messages: seen.messages, initiated_longer: seen.initiated_longer };
    let depends_on = robustness::of_campaign(readings, &campaign, &runs, seen.settings);
    let track = Track::new(seen.messages, &campaign.rows);
    let equal_share = |run: &Run| regularity::equal_share(track.times.get(run.rows.clone()).unwrap_or_default());
    let runs = runs.into_iter().map(|run| {
        let share = equal_share(&run);
        (run, share)
    });
    let runs = runs.collect();
    let speed = speed::profile(track.series());
    FoundCampaign { campaign, runs, depends_on, speed, first_row }
}
