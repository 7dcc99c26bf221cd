//! Which outbound messages are replies: those inside the service window that the recipient's last inbound opened.
//! Inbound messages of any file count. The window is one of the business number: an account uses what came to itself,
//! and only where nothing ever came to it, what came to the other accounts of its client.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::message::{Direction, Messages};

/// Whose inbound messages show an account's replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inbound {
    /// Nobody's: no log holds any, and every message is taken as initiated.
    #[default]
    None,
    /// Those of other accounts of its client: exports may name the number differently on either side.
    Client,
    /// Its own.
    Own,
}

impl Inbound {
    /// Word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Client => "client",
            Self::Own => "own",
        }
    }
}

/// Which messages are replies, and by whose inbound messages.
#[derive(Clone, Debug, Default)]
pub struct Replies {
    /// For each account, whose inbound messages count.
    pub inbound: Vec<Inbound>,
    /// For each row, whether it was initiated.
    pub initiated: Vec<bool>,
    /// The same under a service window that is 10 % longer; `None` where no log holds inbound messages.
    pub initiated_longer: Option<Vec<bool>>,
}

impl Replies {
    /// Those of all rows; `groups` are the rows of each account by time.
    #[must_use]
    pub fn of(messages: &Messages, groups: &[Vec<u32>], window_ms: i64) -> Self {
        Self::with(messages, groups, inbound(messages, groups), window_ms)
    }

    /// The same where it is known whose inbound messages count.
    #[must_use]
    pub fn with(messages: &Messages, groups: &[Vec<u32>], inbound: Vec<Inbound>, window_ms: i64) -> Self {
        let initiated = initiated_rows(messages, groups, &inbound, window_ms);
        let longer = window_ms.saturating_add(window_ms / 10);
        let any = inbound.iter().any(|from| *from != Inbound::None);
        let initiated_longer = any.then(|| initiated_rows(messages, groups, &inbound, longer));
        Self { inbound, initiated, initiated_longer }
    }
}

/// For each account, whose inbound messages count. `groups` are the rows of each account by time.
#[must_use]
pub fn inbound(messages: &Messages, groups: &[Vec<u32>]) -> Vec<Inbound> {
    let client = |account: usize| messages.accounts.get(account).and_then(|account| account.client.as_deref());
    let is_inbound = |row: &u32| messages.columns.direction.get(*row as usize) == Some(&Direction::Inbound);
    let own: Vec<bool> = groups.par_iter().map(|rows| rows.iter().any(is_inbound)).collect();
    let mut of_client: BTreeMap<&str, bool> = BTreeMap::new();
    for (account, own) in own.iter().enumerate() {
        if let Some(client) = client(account) {
            *of_client.entry(client).or_default() |= own;
        }
    }
    let of_account = |(account, own): (usize, &bool)| match client(account).and_then(|client| of_client.get(client)) {
        _ if *own => Inbound::Own,
        Some(true) => Inbound::Client,
        _ => Inbound::None,
    };
    own.iter().enumerate().map(of_account).collect()
}

/// For each row of the messages, whether it was initiated. Inbound rows never are.
#[must_use]
pub fn initiated_rows(messages: &Messages, groups: &[Vec<u32>], inbound: &[Inbound], window_ms: i64) -> Vec<bool> {
    let columns = &messages.columns;
    let turn = |row: &u32| Turn {
        at: columns.sent_at.get(*row as usize).copied().unwrap_or_default(),
        recipient: columns.recipient.get(*row as usize).copied().unwrap_or_default(),
        direction: columns.direction.get(*row as usize).copied().unwrap_or_default(),
    };
    let client = |account: usize| messages.accounts.get(account).and_then(|account| account.client.as_deref());
    // What came in to a client, for those of its accounts to which nothing came.
    let mut borrowed: BTreeMap<&str, Vec<Turn>> = BTreeMap::new();
    for (account, _) in inbound.iter().enumerate().filter(|(_, from)| **from == Inbound::Client) {
        if let Some(client) = client(account) {
            borrowed.entry(client).or_default();
        }
    }
    if !borrowed.is_empty() {
        for (account, rows) in groups.iter().enumerate() {
            if let Some(turns) = client(account).and_then(|client| borrowed.get_mut(client)) {
                turns.extend(rows.iter().map(turn).filter(|turn| turn.direction == Direction::Inbound));
            }
        }
        borrowed.par_iter_mut().for_each(|(_, turns)| turns.sort_unstable_by_key(|turn| (turn.at, turn.recipient)));
    }
    let of_groups: Vec<Vec<bool>> = groups
        .par_iter()
        .enumerate()
        .map(|(account, rows)| {
            let turns: Vec<Turn> = rows.iter().map(turn).collect();
            let others = match inbound.get(account) {
                Some(Inbound::Client) => client(account).and_then(|client| borrowed.get(client)),
                _ => None,
            };
            let Some(others) = others else { return initiated(&turns, window_ms) };
            let own = (0..).zip(turns).map(|(position, turn)| (turn, Some(position)));
            let mut all: Vec<(Turn, Option<usize>)> = own.chain(others.iter().map(|turn| (*turn, None))).collect();
            all.sort_by_key(|(turn, _)| turn.at);
            let turns: Vec<Turn> = all.iter().map(|(turn, _)| *turn).collect();
            let mut own = vec![false; rows.len()];
            for ((_, position), mark) in all.iter().zip(initiated(&turns, window_ms)) {
                if let Some(slot) = position.and_then(|position| own.get_mut(position)) {
                    *slot = mark;
                }
            }
            own
        })
        .collect();
    let mut initiated = vec![false; columns.len()];
    for (rows, marks) in groups.iter().zip(of_groups) {
        for (row, mark) in rows.iter().zip(marks) {
            if let Some(slot) = initiated.get_mut(*row as usize) {
                *slot = mark;
            }
        }
    }
    initiated
}

/// One message as this kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// UTC milliseconds.
    pub at: i64,
    /// The other side.
    pub recipient: u32,
    /// Who wrote.
    pub direction: Direction,
}

/// For each turn of one account, ordered by time, whether the account initiated it. Inbound turns never are.
///
/// An inbound message opens the window at its own instant, so an answer in the same millisecond is a reply; a message
/// exactly one window later is not.
#[must_use]
pub fn initiated(turns: &[Turn], window_ms: i64) -> Vec<bool> {
    if turns.iter().all(|turn| turn.direction == Direction::Outbound) {
        return vec![true; turns.len()];
    }
    // Most people whom a mass send reaches never write: what goes to them is initiated, and need not be sorted.
    let wrote = Wrote::of(turns);
    let mut initiated: Vec<bool> = turns.iter().map(|turn| turn.direction == Direction::Outbound).collect();
    let concerned = turns.iter().zip(0_u32..).filter(|(turn, _)| wrote.contains(turn.recipient));
    let mut concerned: Vec<(u32, u32, Turn)> =
        concerned.map(|(turn, position)| (turn.recipient, position, *turn)).collect();
    concerned.par_sort_unstable_by_key(|(recipient, position, _)| (*recipient, *position));
    for with_one in concerned.chunk_by(|one, next| one.0 == next.0) {
        let mut last_inbound: Option<i64> = None;
        for instant in with_one.chunk_by(|one, next| one.2.at == next.2.at) {
            let inbound = instant.iter().find(|(_, _, turn)| turn.direction == Direction::Inbound);
            last_inbound = inbound.map(|(_, _, turn)| turn.at).or(last_inbound);
            if last_inbound.is_none_or(|at| instant.first().is_some_and(|(_, _, turn)| turn.at - at >= window_ms)) {
                continue;
            }
            for (_, position, _) in instant {
                if let Some(slot) = initiated.get_mut(*position as usize) {
                    *slot = false;
                }
            }
        }
    }
    initiated
}

/// Who ever wrote: one bit for each recipient, which fits a cache where a table of them does not.
struct Wrote(Vec<u64>);

impl Wrote {
    fn of(turns: &[Turn]) -> Self {
        let most = turns.iter().map(|turn| turn.recipient).max().unwrap_or(0);
        let mut bits = vec![0_u64; most as usize / 64 + 1];
        for turn in turns.iter().filter(|turn| turn.direction == Direction::Inbound) {
            if let Some(word) = bits.get_mut(turn.recipient as usize / 64) {
                *word |= 1 << (turn.recipient % 64);
            }
        }
        Self(bits)
    }

    fn contains(&self, recipient: u32) -> bool {
        self.0.get(recipient as usize / 64).is_some_and(|word| word >> (recipient % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn the_window_lasts_a_day_and_is_opened_anew() {
        let turn = |at, recipient, direction| Turn { at, recipient, direction };
        let turns = [
            turn(0, 1, Direction::Outbound),
            turn(10, 1, Direction::Inbound),
            turn(10, 1, Direction::Outbound),
            turn(10, 2, Direction::Outbound),
            turn(DAY + 9, 1, Direction::Outbound),
            turn(DAY + 10, 1, Direction::Outbound),
        ];
        assert_eq!(initiated(&turns, DAY), [true, false, false, true, false, true]);
    }

    #[test]
    fn an_account_without_inbound_uses_its_clients() {
        use crate::message::{Account, Columns};
        let of = |client: Option<&str>| Account { client: client.map(str::to_owned), ..Account::default() };
        let messages = Messages {
            accounts: vec![of(Some("a")), of(Some("a")), of(Some("a")), of(None)],
            columns: Columns {
                sent_at: vec![5, 6, 7, 8, 9, 10],
                account: vec![1, 0, 0, 2, 3, 1],
                recipient: vec![1, 1, 2, 2, 1, 2],
                direction: [true, false, false, true, false, false]
                    .map(|inbound| if inbound { Direction::Inbound } else { Direction::Outbound })
                    .to_vec(),
                ..Columns::default()
            },
            ..Messages::default()
        };
        let groups = crate::detect::groups::by_account(&messages.columns, 4);
        let from = inbound(&messages, &groups);
        assert_eq!(from, [Inbound::Client, Inbound::Own, Inbound::Own, Inbound::None]);
        // Row 1 answers what came to account 1; row 2 was sent before anybody wrote; account 1 has its own inbound, so
        // that what came to account 2 opens no window for it.
        assert_eq!(initiated_rows(&messages, &groups, &from, 100), [false, false, true, false, true, true]);
    }

    proptest! {
        #[test]
        fn it_is_the_definition(raw in proptest::collection::vec((0_i64..50, 0_u32..4, any::<bool>()), 0..60), window in 1_i64..20) {
            let mut turns: Vec<Turn> = raw.into_iter().map(|(at, recipient, inbound)| Turn {
                at, recipient, direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            }).collect();
            turns.sort_by_key(|turn| turn.at);
            let expected: Vec<bool> = turns.iter().map(|turn| turn.direction == Direction::Outbound && !turns.iter().any(|other|
                other.direction == Direction::Inbound && other.recipient == turn.recipient
                && other.at <= turn.at && turn.at - other.at < window)).collect();
            prop_assert_eq!(initiated(&turns, window), expected);
        }
    }
}
