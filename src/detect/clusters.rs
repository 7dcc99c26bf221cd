//! Account clusters: accounts that send the same contents in lockstep, or that share their recipients.
//! Two accounts are linked by evidence; a cluster is what hangs together by links. Every link is told with its figures.
//! Who stands behind the accounts is not known here, and a client's own numbers may well share customers.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Run, id};
use crate::message::{Direction, Messages};

/// Accounts share their recipients when they have at least so many in common …
pub const SHARED_RECIPIENTS: u64 = 10;
/// … and these are at least one in so many of the recipients of the smaller account.
pub const SHARED_PART: u64 = 2;
/// Of a run or recipient with more accounts than this, each is compared with its neighbours only: the chain holds
/// together all the same, and the work stays in proportion to the messages.
pub const MOST_COMPARED: usize = 16;

/// By what two accounts are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// They sent in the same runs of campaigns.
    Lockstep,
    /// They wrote to the same recipients.
    Recipients,
}

impl Link {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lockstep => "lockstep",
            Self::Recipients => "recipients",
        }
    }
}

/// Two linked accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The accounts, the smaller index first.
    pub accounts: (u32, u32),
    /// By what.
    pub link: Link,
    /// How many runs or recipients they share.
    pub shared: u64,
    /// How many each of them has.
    pub of: (u64, u64),
    /// For lockstep the first shared run, as index into the activity's runs.
    pub run: Option<usize>,
}

/// Accounts that hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// `A-` and 10 hex digits over the ids of its accounts.
    pub id: String,
    /// Its accounts, ascending.
    pub accounts: Vec<u32>,
    /// The links between them, by accounts and kind.
    pub pairs: Vec<Pair>,
}

/// All clusters, by first account. `groups` are the rows of each account.
#[must_use]
pub fn clusters(messages: &Messages, groups: &[Vec<u32>], runs: &[Run]) -> Vec<Cluster> {
    let mut pairs = in_lockstep(runs);
    pairs.extend(with_shared_recipients(&contacts(messages, groups)));
    join(messages, pairs)
}

/// Pairs to compare among the accounts of one run or recipient.
fn compared(accounts: &[u32]) -> impl Iterator<Item = (u32, u32)> + '_ {
    let reach = if accounts.len() > MOST_COMPARED { 1 } else { accounts.len() };
    accounts.iter().enumerate().flat_map(move |(position, one)| {
        let rest = accounts.get(position + 1..).unwrap_or_default();
        rest.iter().take(reach).map(|other| (*one, *other))
    })
}

fn in_lockstep(runs: &[Run]) -> Vec<Pair> {
    let mut of_account: FxHashMap<u32, u64> = FxHashMap::default();
    let mut found: BTreeMap<(u32, u32), (u64, usize)> = BTreeMap::new();
    for (index, run) in runs.iter().enumerate() {
        for account in &run.accounts {
            *of_account.entry(*account).or_default() += 1;
        }
        for pair in compared(&run.accounts) {
            found.entry(pair).or_insert((0, index)).0 += 1;
        }
    }
    let own = |account: u32| of_account.get(&account).copied().unwrap_or(0);
    let pair = |(accounts, (shared, run)): ((u32, u32), (u64, usize))| Pair {
        accounts,
        link: Link::Lockstep,
        shared,
        of: (own(accounts.0), own(accounts.1)),
        run: Some(run),
    };
    found.into_iter().map(pair).collect()
}

/// (recipient, account) of outbound messages, each once, ascending.
fn contacts(messages: &Messages, groups: &[Vec<u32>]) -> Vec<(u32, u32)> {
    if groups.iter().filter(|rows| !rows.is_empty()).count() < 2 {
        return Vec::new();
    }
    let columns = &messages.columns;
    let of_account = |(account, rows): (usize, &Vec<u32>)| {
        let outbound = rows.iter().filter(|row| columns.direction.get(**row as usize) == Some(&Direction::Outbound));
        let recipient = |row: &u32| columns.recipient.get(*row as usize).copied().unwrap_or_default();
        let mut own: Vec<(u32, u32)> = outbound.map(|row| (recipient(row), account as u32)).collect();
        own.sort_unstable();
        own.dedup();
        own
    };
    let mut all: Vec<(u32, u32)> = groups.par_iter().enumerate().flat_map_iter(of_account).collect();
    all.par_sort_unstable();
    all
}

/// Pairs that share enough recipients; `contacts` are (recipient, account), each once, ascending.
#[must_use]
pub fn with_shared_recipients(contacts: &[(u32, u32)]) -> Vec<Pair> {
    let mut of_account: FxHashMap<u32, u64> = FxHashMap::default();
    let mut shared: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    let mut accounts = Vec::new();
    for of_recipient in contacts.chunk_by(|one, next| one.0 == next.0) {
        accounts.clear();
        accounts.extend(of_recipient.iter().map(|(_, account)| *account));
        for account in &accounts {
            *of_account.entry(*account).or_default() += 1;
        }
        for pair in compared(&accounts) {
            *shared.entry(pair).or_default() += 1;
        }
    }
    let own = |account: u32| of_account.get(&account).copied().unwrap_or(0);
    let pair = |(accounts, shared): ((u32, u32), u64)| {
        let of = (own(accounts.0), own(accounts.1));
        let enough = shared >= SHARED_RECIPIENTS && shared * SHARED_PART >= of.0.min(of.1);
        enough.then_some(Pair { accounts, link: Link::Recipients, shared, of, run: None })
    };
    let mut found: Vec<Pair> = shared.into_iter().filter_map(pair).collect();
    found.sort_unstable_by_key(|pair| pair.accounts);
    found
}

fn join(messages: &Messages, mut pairs: Vec<Pair>) -> Vec<Cluster> {
    let mut parent: BTreeMap<u32, u32> = BTreeMap::new();
    for pair in &pairs {
        let (one, other) = (root(&mut parent, pair.accounts.0), root(&mut parent, pair.accounts.1));
        // The smallest account stands for its cluster.
        parent.insert(one.max(other), one.min(other));
    }
    pairs.sort_by_key(|pair| (pair.accounts, pair.link));
    let mut clusters: BTreeMap<u32, Cluster> = BTreeMap::new();
    let known: Vec<u32> = parent.keys().copied().collect();
    for account in known {
        let first = root(&mut parent, account);
        let new = || Cluster { id: String::new(), accounts: Vec::new(), pairs: Vec::new() };
        clusters.entry(first).or_insert_with(new).accounts.push(account);
    }
    for pair in pairs {
        if let Some(cluster) = clusters.get_mut(&root(&mut parent, pair.accounts.0)) {
            cluster.pairs.push(pair);
        }
    }
    let named = |mut cluster: Cluster| {
        let account =
            |account: &u32| messages.accounts.get(*account as usize).map_or("", |account| account.id.as_str());
        let ids: Vec<&[u8]> = cluster.accounts.iter().map(|one| account(one).as_bytes()).collect();
        cluster.id = id("A", &ids);
        cluster
    };
    clusters.into_values().map(named).collect()
}

fn root(parent: &mut BTreeMap<u32, u32>, account: u32) -> u32 {
    let mut at = account;
    while let Some(above) = parent.get(&at).copied().filter(|above| *above != at) {
        at = above;
    }
    // The next search is short.
    parent.insert(account, at);
    parent.entry(at).or_insert(at);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn run(accounts: &[u32]) -> Run {
        Run {
            id: String::new(),
            campaign: 0,
            start: 0,
            end: 0,
            accounts: accounts.to_vec(),
            recipients: 0,
            median_gap_ms: None,
            gap_cv: None,
            rows: 0..0,
        }
    }

    #[test]
    fn runs_link_the_accounts_that_sent_in_them() {
        let found = join(
            &Messages::default(),
            in_lockstep(&[run(&[1, 3]), run(&[2]), run(&[1, 3]), run(&[3, 5]), run(&[7, 8])]),
        );
        assert_eq!(
            found.iter().map(|cluster| cluster.accounts.clone()).collect::<Vec<_>>(),
            [vec![1, 3, 5], vec![7, 8]]
        );
        let pair = &found[0].pairs[0];
        assert_eq!((pair.accounts, pair.shared, pair.of, pair.run), ((1, 3), 2, (2, 3), Some(0)));
    }

    #[test]
    fn many_accounts_of_one_run_hang_together() {
        let many: Vec<u32> = (0..100).collect();
        let pairs = in_lockstep(&[run(&many)]);
        assert_eq!(pairs.len(), 99);
        assert_eq!(join(&Messages::default(), pairs).len(), 1);
    }

    proptest! {
        #[test]
        fn shared_recipients_are_counted(raw in proptest::collection::vec((0_u32..40, 0_u32..5), 0..200)) {
            let contacts: Vec<(u32, u32)> = raw.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            let of = |account: u32| contacts.iter().filter(|one| one.1 == account).map(|one| one.0).collect::<BTreeSet<_>>();
            let mut expected = Vec::new();
            for (one, other) in (0..5).flat_map(|one| (one + 1..5).map(move |other| (one, other))) {
                let (mine, theirs) = (of(one), of(other));
                let shared = mine.intersection(&theirs).count() as u64;
                if shared >= 10 && shared * 2 >= mine.len().min(theirs.len()) as u64 {
                    expected.push(((one, other), shared));
                }
            }
            let found: Vec<_> = with_shared_recipients(&contacts).iter().map(|pair| (pair.accounts, pair.shared)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
