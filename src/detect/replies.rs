//! Which outbound messages are replies: those inside the service window that the recipient's last inbound opened.
//! An account whose log holds no inbound message cannot show replies; the report says so.
//! One account at a time, ordered by time; nothing else is known here.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::message::Direction;

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
    let mut last_inbound: HashMap<u32, i64, FxBuildHasher> = HashMap::default();
    let mut initiated = Vec::with_capacity(turns.len());
    for instant in turns.chunk_by(|one, next| one.at == next.at) {
        for turn in instant.iter().filter(|turn| turn.direction == Direction::Inbound) {
            last_inbound.insert(turn.recipient, turn.at);
        }
        initiated.extend(instant.iter().map(|turn| {
            let open = last_inbound.get(&turn.recipient).is_some_and(|at| turn.at - at < window_ms);
            turn.direction == Direction::Outbound && !open
        }));
    }
    initiated
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
