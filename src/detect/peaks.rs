//! What came near: the highest windowed counts that detectors met, also where none reached its threshold.
//! The same messages are counted as in the search for bursts, and by the same sweep; nothing here is a burst.
//! What is said of it is the business of the report.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::bursts::{Moment, Series, sweep};
use super::groups::{self, pick};
use super::mining::{self, Group};
use super::search::{self, Field, counted};
use super::settings::{Detector, Over, Scope, Settings};
use super::slices::Extent;
use super::{Activity, Burst};
use crate::message::{Messages, NO_CONTENT};

/// The highest count of a detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peak {
    /// Index into [`Settings::detectors`].
    pub detector: usize,
    /// Highest count over `(t − W, t]`; 0 where the detector counts none of the messages.
    pub highest: u64,
    /// First moment at which it was reached, UTC milliseconds.
    pub at: Option<i64>,
    /// Messages that the detector counts, of those asked for.
    pub counted: u64,
}

/// What stands beside a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its row.
    pub row: u32,
    /// When it was sent, UTC milliseconds.
    pub at: i64,
    /// The count over the window that ends with it.
    pub count: u64,
}

/// Looks at the messages as detectors see them.
#[derive(Debug)]
pub struct Lookout<'a> {
    messages: &'a Messages,
    settings: &'a Settings,
    initiated: &'a [bool],
    groups: Vec<Vec<u32>>,
    contents: Vec<Group>,
    born: Vec<(Option<i64>, Option<i64>)>,
}

impl<'a> Lookout<'a> {
    /// Orders the messages once for all that is asked.
    #[must_use]
    pub fn new(messages: &'a Messages, settings: &'a Settings, activity: &'a Activity) -> Self {
        let groups = groups::by_account(&messages.columns, messages.accounts.len());
        let contents = mining::groups(messages, search::least_reach(settings));
        let born = search::born(messages, &groups);
        Self { messages, settings, initiated: &activity.marks.initiated, groups, contents, born }
    }

    /// Rows of an account by time.
    #[must_use]
    pub fn rows(&self, account: u32) -> &[u32] {
        self.groups.get(account as usize).map_or(&[], Vec::as_slice)
    }

    /// Contents that could reach enough to be looked at.
    #[must_use]
    pub fn contents(&self) -> &[Group] {
        &self.contents
    }

    /// The highest count of each detector over the messages of an account; of a detector over a client, over those of
    /// all its accounts. With `only`, in windows that hold one of these rows.
    #[must_use]
    pub fn peaks(&self, account: u32, only: Option<&FxHashSet<u32>>) -> Vec<Peak> {
        let at = |row: &u32| self.messages.columns.sent_at.get(*row as usize).copied().unwrap_or_default();
        let peak = |(index, detector): (usize, &Detector)| {
            let mut peak = Peak { detector: index, highest: 0, at: None, counted: 0 };
            for rows in self.series(detector, account) {
                let own = rows.iter().filter(|row| only.is_none_or(|only| only.contains(*row)));
                let times: Vec<i64> = own.map(at).collect();
                peak.counted += times.len() as u64;
                self.sweep(&rows, detector, &mut |moment| {
                    let last = times.partition_point(|time| *time <= moment.at).checked_sub(1);
                    let opens = moment.at.saturating_sub(detector.window_ms);
                    let holds = last.and_then(|last| times.get(last)).is_some_and(|time| *time > opens);
                    if holds && moment.count > peak.highest {
                        (peak.highest, peak.at) = (moment.count, Some(moment.at));
                    }
                });
            }
            peak
        };
        self.settings.detectors.iter().enumerate().map(peak).collect()
    }

    /// The counted messages before and after a burst, each with the count over the window that ends with it.
    #[must_use]
    pub fn beside(&self, burst: &Burst) -> (Option<Neighbour>, Option<Neighbour>) {
        let Some(detector) = self.settings.detectors.get(burst.detector) else { return (None, None) };
        let Some(first) = burst.rows.first() else { return (None, None) };
        let series = self.series(detector, burst.account).into_iter().find(|rows| rows.contains(first));
        let Some(rows) = series else { return (None, None) };
        let start = rows.iter().position(|row| row == first).unwrap_or_default();
        let mut counts = vec![0_u64; rows.len()];
        let mut from = 0;
        self.sweep(&rows, detector, &mut |moment| {
            counts.get_mut(from..moment.end).unwrap_or_default().fill(moment.count);
            from = moment.end;
        });
        let neighbour = |position: Option<usize>| {
            let position = position?;
            let row = *rows.get(position)?;
            let at = self.messages.columns.sent_at.get(row as usize).copied()?;
            Some(Neighbour { row, at, count: counts.get(position).copied()? })
        };
        (neighbour(start.checked_sub(1)), neighbour(Some(start + burst.rows.len())))
    }

    /// The rows that a detector counts together, of an account.
    fn series(&self, detector: &Detector, account: u32) -> Vec<Vec<u32>> {
        let field = Field {
            messages: self.messages,
            accounts: &self.groups,
            contents: &self.contents,
            initiated: self.initiated,
            born: &self.born,
            extent: Extent::All,
        };
        let own = |row: &u32| self.messages.columns.account.get(*row as usize) == Some(&account);
        let of_content = |rows: &[u32]| {
            let rows: Vec<u32> = rows.iter().copied().filter(own).collect();
            counted(field, &rows, detector)
        };
        let found: Vec<Vec<u32>> = match (detector.scope, detector.over) {
            (Scope::Account, _) => vec![counted(field, self.rows(account), detector)],
            (Scope::Client | Scope::Portfolio, _) => {
                let clients = groups::by_client(self.messages, &self.groups);
                let own = clients.iter().find(|subject| subject.accounts.contains(&account));
                own.map(|subject| counted(field, &subject.rows, detector)).into_iter().collect()
            }
            (Scope::AccountAndContent, Over::Forwarded) => {
                let forwards = search::forwards(&self.messages.columns);
                forwards.iter().map(|(_, rows)| of_content(rows)).collect()
            }
            (Scope::AccountAndContent, _) => {
                let known = self.contents.iter().filter(|group| group.content != NO_CONTENT);
                let mut found: Vec<Vec<u32>> = known.map(|group| of_content(&group.rows)).collect();
                // Contents that cannot reach enough are not even looked at in the search: here they are, text by text.
                let met: FxHashSet<u32> = self.contents.iter().flat_map(|group| group.rows.iter().copied()).collect();
                let mut others: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
                for row in self.rows(account).iter().filter(|row| !met.contains(*row)) {
                    let content = self.messages.columns.content.get(*row as usize).copied().unwrap_or(NO_CONTENT);
                    if content != NO_CONTENT {
                        others.entry(content).or_default().push(*row);
                    }
                }
                found.extend(others.values().map(|rows| of_content(rows)));
                found
            }
        };
        found.into_iter().filter(|rows| !rows.is_empty()).collect()
    }

    fn sweep(&self, rows: &[u32], detector: &Detector, see: &mut dyn FnMut(Moment)) {
        let times = pick(&self.messages.columns.sent_at, rows);
        let recipients = pick(&self.messages.columns.recipient, rows);
        let weights = pick(&self.messages.recipients.audience, &recipients);
        let series = Series { times: &times, recipients: &recipients, weights: &weights };
        sweep(series, detector.window_ms, detector.counts, see);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::detect;
    use crate::message::{Account, Columns, Contents, Direction, Recipients};

    /// So many messages of one account to as many people, at these times.
    fn messages(times: &[i64]) -> Messages {
        Messages {
            accounts: vec![Account { id: "a".to_owned(), ..Account::default() }],
            recipients: Recipients { audience: vec![1; times.len()], ..Recipients::default() },
            contents: Contents { fingerprint: vec![0], kind: vec![Default::default()], ..Contents::default() },
            columns: Columns {
                sent_at: times.to_vec(),
                account: vec![0; times.len()],
                recipient: (0..times.len() as u32).collect(),
                content: vec![0; times.len()],
                audience: vec![1; times.len()],
                direction: vec![Direction::Outbound; times.len()],
                ..Columns::default()
            },
            ..Messages::default()
        }
    }

    #[test]
    fn peaks_and_neighbours_are_those_of_the_definition() {
        let settings = Settings::load().expect("the data of the build");
        // One an hour before, 60 in 30 seconds, one two minutes after.
        let times: Vec<i64> = [0].into_iter().chain((0..60).map(|n| 3_600_000 + n * 500)).chain([3_750_000]).collect();
        let messages = messages(&times);
        let activity = detect(&messages, &settings);
        let [burst] = activity.bursts.as_slice() else { panic!("one burst, but {:?}", activity.bursts) };
        let lookout = Lookout::new(&messages, &settings, &activity);
        let peaks = lookout.peaks(0, None);
        // 15 seconds hold 30 of them; a minute all 60.
        assert_eq!((peaks[0].highest, peaks[0].at, peaks[0].counted), (30, Some(3_614_500), 62));
        assert_eq!((peaks[1].highest, peaks[1].at), (burst.peak, Some(burst.peak_at)));
        assert_eq!((peaks[2].highest, peaks[2].at), (0, None), "no content is known");
        let (before, after) = lookout.beside(burst);
        assert_eq!(before, Some(Neighbour { row: 0, at: 0, count: 1 }));
        assert_eq!(after, Some(Neighbour { row: 61, at: 3_750_000, count: 1 }));
        let around = |row: u32| {
            let peak = lookout.peaks(0, Some(&FxHashSet::from_iter([row]))).swap_remove(1);
            (peak.highest, peak.at, peak.counted)
        };
        assert_eq!(around(0), (1, Some(0), 1));
        assert_eq!(around(1), (60, Some(3_629_500), 1));
        assert_eq!(around(61), (1, Some(3_750_000), 1));
    }
}
