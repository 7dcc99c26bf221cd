//! Clients with more messages than one process should hold, in slices of time. A slice is given the messages of the longest
//! window before it, and judges only the moments inside: what it finds is what the whole would have found at those moments.
//! What looks at an account's whole life (speed, intensity, first contacts, all its recipients) is not sliced.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::bursts::{self, Span, goes_on};
use super::groups::{self, Subject};
use super::limits;
use super::measures::{LimitCheck, LimitScope};
use super::of_accounts::{Judged, Seen, limit_checks};
use super::search::{Field, each_counted};
use super::settings::{Detector, Over, Scope, Settings};
use crate::message::NO_CONTENT;

/// Which part of what there is to find in accounts is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    All,
    /// What looks at an account's whole life.
    WholeLife,
    /// What looks at one window at a time.
    Windows,
}

impl Extent {
    /// Whether bursts of a detector are part of it.
    #[must_use]
    pub fn holds(self, detector: &Detector) -> bool {
        // Whom an account had never written to before, only its whole life shows.
        let whole_life = detector.over == Over::FirstContacts;
        match self {
            Self::All => true,
            Self::WholeLife => whole_life,
            Self::Windows => !whole_life,
        }
    }
}

/// So much before a slice must be given to it, in milliseconds.
#[must_use]
pub fn overlap_ms(settings: &Settings) -> i64 {
    let of_accounts =
        |detector: &&Detector| detector.scope != Scope::AccountAndContent && Extent::Windows.holds(detector);
    let sliced = settings.detectors.iter().filter(of_accounts);
    sliced.map(|detector| detector.window_ms).chain([settings.limit.window_ms]).max().unwrap_or_default()
}

/// A burst as one slice sees it, without its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hot {
    /// Index of the detector.
    pub detector: usize,
    /// The account, or the first account of the client.
    pub account: u32,
    /// First message, UTC milliseconds.
    pub start: i64,
    /// Last message.
    pub end: i64,
    /// First hot moment.
    pub first_hot: i64,
    /// Last hot moment.
    pub last_hot: i64,
    /// Highest count.
    pub peak: u64,
    /// First moment of the peak.
    pub peak_at: i64,
}

/// What one slice gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfSlice {
    /// Bursts.
    pub hot: Vec<Hot>,
    /// Limit checks.
    pub limits: Vec<LimitCheck>,
}

const SCOPES: [Scope; 3] = [Scope::Account, Scope::Client, Scope::Portfolio];

/// Rows that detectors of a scope look at, subject by subject.
fn subjects<'a>(seen: Seen<'_>, groups: &'a [Vec<u32>], scope: Scope) -> Vec<Subject<'a>> {
    if scope != Scope::Account {
        return groups::by_client(seen.messages, groups);
    }
    (0_u32..).zip(groups).map(|(account, rows)| Subject::of_account(account, rows)).collect()
}

fn field<'a>(seen: Seen<'a>, groups: &'a [Vec<u32>]) -> Field<'a> {
    let Seen { messages, initiated, born, .. } = seen;
    Field { messages, accounts: groups, contents: &[], initiated, born, extent: Extent::Windows }
}

/// What is found at the moments of a slice. `groups` are the rows of each account by time, those before it among them.
#[must_use]
pub fn of_slice(seen: Seen<'_>, groups: &[Vec<u32>], judged: &RangeInclusive<i64>) -> OfSlice {
    let mut hot = Vec::new();
    for scope in SCOPES {
        for subject in subjects(seen, groups, scope).iter().filter(|subject| !subject.rows.is_empty()) {
            each_counted(field(seen, groups), seen.settings, scope, subject, |index, detector, counted| {
                let Detector { window_ms, threshold, counts, .. } = *detector;
                for found in bursts::stretches(counted.series(), window_ms, threshold, counts, judged) {
                    let time = |position: usize| counted.times.get(position).copied().unwrap_or_default();
                    hot.push(Hot {
                        detector: index,
                        account: subject.accounts.first().copied().unwrap_or_default(),
                        start: time(found.span.first),
                        end: time(found.span.end.saturating_sub(1)),
                        first_hot: found.first_hot,
                        last_hot: found.last_hot,
                        peak: found.span.peak,
                        peak_at: found.span.peak_at,
                    });
                }
            });
        }
    }
    OfSlice { hot, limits: limit_checks(seen, groups, judged) }
}

/// What slices found, put together: the same as if there had been none. `groups` are all rows of each account by time.
#[must_use]
pub fn joined(seen: Seen<'_>, groups: &[Vec<u32>], slices: OfSlice) -> (Vec<Judged>, Vec<LimitCheck>) {
    let OfSlice { mut hot, limits } = slices;
    hot.sort_unstable_by_key(|hot| (hot.detector, hot.account, hot.first_hot));
    let window = |hot: &Hot| seen.settings.detectors.get(hot.detector).map_or(0, |detector| detector.window_ms);
    let mut whole: Vec<Hot> = Vec::new();
    for next in hot {
        match whole.last_mut() {
            Some(last)
                if (last.detector, last.account) == (next.detector, next.account)
                    && goes_on(last.last_hot, next.first_hot, window(&next)) =>
            {
                (last.end, last.last_hot) = (next.end, next.last_hot);
                if next.peak > last.peak {
                    (last.peak, last.peak_at) = (next.peak, next.peak_at);
                }
            }
            _ => whole.push(next),
        }
    }
    let mut found = Vec::new();
    for scope in SCOPES {
        for subject in subjects(seen, groups, scope) {
            let account = subject.accounts.first().copied().unwrap_or_default();
            if !whole.iter().any(|hot| hot.account == account) {
                continue;
            }
            each_counted(field(seen, groups), seen.settings, scope, &subject, |index, detector, counted| {
                for hot in whole.iter().filter(|hot| (hot.detector, hot.account) == (index, account)) {
                    // Messages of one instant are inside a burst together, so times say where it begins and ends.
                    let span = Span {
                        first: counted.times.partition_point(|at| *at < hot.start),
                        end: counted.times.partition_point(|at| *at <= hot.end),
                        peak: hot.peak,
                        peak_at: hot.peak_at,
                    };
                    let burst = counted.burst(seen.messages, &subject, NO_CONTENT, (index, detector), span);
                    found.push(seen.judged(burst));
                }
            });
        }
    }
    (found, joined_limits(seen.settings, limits))
}

fn joined_limits(settings: &Settings, limits: Vec<LimitCheck>) -> Vec<LimitCheck> {
    let mut of: BTreeMap<(bool, Vec<u32>), Vec<LimitCheck>> = BTreeMap::new();
    for check in limits {
        of.entry((check.scope == LimitScope::Portfolio, check.accounts.clone())).or_default().push(check);
    }
    let joined = of.into_values().filter_map(|mut checks| {
        checks.sort_unstable_by_key(|check| check.reach.from);
        let reaches: Vec<limits::Reach> = checks.iter().map(|check| check.reach.clone()).collect();
        let first = checks.into_iter().next()?;
        let tiers = match first.scope {
            LimitScope::Number => &settings.limit.number_tiers,
            LimitScope::Portfolio => &settings.limit.portfolio_tiers,
        };
        Some(LimitCheck { reach: limits::joined(&reaches, tiers)?, ..first })
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::of_accounts::of_accounts;
    use super::super::search;
    use super::*;
    use crate::message::{Account, Columns, Contents, Direction, Messages, Platform, Recipients};

    const MINUTE: i64 = 60_000;

    /// Messages of three accounts, the first two of one client, by account, minutes since the last, recipient.
    fn messages(told: &[(u32, i64, u32)]) -> Messages {
        let account = |index: usize| Account {
            id: format!("account {index}"),
            client: (index < 2).then(|| "client".to_owned()),
            ..Account::default()
        };
        let mut now = 0;
        let mut times = Vec::new();
        for (_, gap, _) in told {
            now += gap * MINUTE;
            times.push(now);
        }
        Messages {
            accounts: (0..3).map(account).collect(),
            recipients: Recipients {
                audience: (0..60).map(|person| 1 + person / 50).collect(),
                ..Recipients::default()
            },
            contents: Contents { fingerprint: vec![0], ..Contents::default() },
            columns: Columns {
                sent_at: times,
                account: told.iter().map(|one| one.0).collect(),
                recipient: told.iter().map(|one| one.2).collect(),
                platform: vec![Platform::Whatsapp; told.len()],
                direction: vec![Direction::Outbound; told.len()],
                content: vec![0; told.len()],
                ..Columns::default()
            },
            ..Messages::default()
        }
    }

    fn settings() -> Settings {
        let text = "[[detector]]\nname = \"ten\"\nwindow = \"20m\"\nthreshold = 10\ncounts = \"recipients\"\nover = \"all\"\n\
                    scope = \"account\"\ntitle = { de = \"zehn\", en = \"ten\" }\nmark = \"own\"\nsource = \"test\"\n\n\
                    [[detector]]\nname = \"twelve\"\nwindow = \"30m\"\nthreshold = 12\ncounts = \"messages\"\nover = \"initiated\"\n\
                    scope = \"client\"\ntitle = { de = \"zwölf\", en = \"twelve\" }\nmark = \"own\"\nsource = \"test\"\n";
        let settings = Settings::load().expect("the data of the build");
        settings.with_file(text).unwrap_or_else(|error| panic!("{error}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn slices_put_together_are_the_whole(
            told in proptest::collection::vec((0_u32..3, prop_oneof![4 => 0_i64..4, 1 => 5_i64..3_000], 0_u32..60), 1..120),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..5),
        ) {
            let messages = messages(&told);
            let settings = settings();
            let groups = groups::by_account(&messages.columns, 3);
            let initiated: Vec<bool> = (0..told.len()).map(|row| row % 7 != 3).collect();
            let born = search::born(&messages, &groups);
            let seen = Seen { messages: &messages, settings: &settings, initiated: &initiated, initiated_longer: None, born: &born };
            let whole = of_accounts(seen, &groups, Extent::All);

            let overlap = overlap_ms(&settings);
            let times = &messages.columns.sent_at;
            let mut bounds: Vec<i64> = cuts.iter().map(|cut| *cut.get(times)).chain([i64::MIN, i64::MAX]).collect();
            bounds.sort_unstable();
            bounds.dedup();
            let mut slices = OfSlice::default();
            for pair in bounds.windows(2) {
                let given = pair[0].saturating_sub(overlap)..pair[1];
                let own: Vec<Vec<u32>> = groups.iter().map(|rows| {
                    rows.iter().copied().filter(|row| given.contains(&messages.columns.sent_at[*row as usize])).collect()
                }).collect();
                let OfSlice { hot, limits } = of_slice(seen, &own, &(pair[0]..=pair[1] - 1));
                slices.hot.extend(hot);
                slices.limits.extend(limits);
            }
            slices.hot.reverse();
            let (mut bursts, limits) = joined(seen, &groups, slices);
            let life = of_accounts(seen, &groups, Extent::WholeLife);
            bursts.extend(life.bursts);
            let sorted = |mut bursts: Vec<Judged>| {
                bursts.sort_by(|one, other| (one.burst.detector, &one.burst.id).cmp(&(other.burst.detector, &other.burst.id)));
                bursts
            };
            prop_assert_eq!(sorted(bursts), sorted(whole.bursts));
            prop_assert_eq!(limits, whole.limits);
            prop_assert_eq!((life.accounts, life.speeds, life.intensity), (whole.accounts, whole.speeds, whole.intensity));
        }
    }
}
