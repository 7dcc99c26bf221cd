//! Where records that fold into one message contradict each other: times whole hours apart, two contents under one id.
//! Both are findings about the logs, told before any finding about the sender.
//! Nothing is changed here; folding goes on as if nothing had been seen.

use std::collections::BTreeMap;

use crate::message::{Columns, Conflict, Contents, Contradiction, NO_CONTENT};

const HOUR_MS: i64 = 3_600_000;
/// Zones of the earth lie at most this many hours apart.
const MOST_HOURS: i64 = 26;

/// What the pairs (first row, later row of the same message) contradict each other in, added up by files and shift.
#[must_use]
pub fn conflicts(columns: &Columns, contents: &Contents, pairs: &[(u32, u32)]) -> Vec<Conflict> {
    let mut found: BTreeMap<(Contradiction, u32, u32, i64), Conflict> = BTreeMap::new();
    for (first, again) in pairs {
        let (first, again) = (*first as usize, *again as usize);
        let file = |row: usize| columns.file.get(row).copied().unwrap_or_default();
        let record = |row: usize| columns.record.get(row).copied().unwrap_or_default();
        let mut add = |kind, shift_ms| {
            let files = (file(first), file(again));
            let new = Conflict { kind, files, shift_ms, count: 0, records: (record(first), record(again)) };
            found.entry((kind, files.0, files.1, shift_ms)).or_insert(new).count += 1;
        };
        let shift_ms = columns.sent_at.get(again).zip(columns.sent_at.get(first)).map_or(0, |(later, at)| later - at);
        // A later status has a time of its own: only records of the same status should agree.
        let comparable = columns.status.get(first) == columns.status.get(again);
        if comparable && shift_ms != 0 && shift_ms % HOUR_MS == 0 && shift_ms.abs() <= MOST_HOURS * HOUR_MS {
            add(Contradiction::WholeHours, shift_ms);
        }
        let content = |row: usize| columns.content.get(row).copied().unwrap_or(NO_CONTENT);
        let (one, other) = (content(first), content(again));
        if one != other && one != NO_CONTENT && other != NO_CONTENT && contents.kind(one) == contents.kind(other) {
            add(Contradiction::Contents, 0);
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{ContentKind, Status};

    #[test]
    fn shifts_by_whole_hours_and_second_texts_are_told() {
        let columns = Columns {
            sent_at: vec![0, 7_200_000, 7_200_001, 3_600_000],
            content: vec![1, 1, 2, 0],
            file: vec![0, 1, 1, 2],
            record: vec![1, 5, 6, 7],
            status: vec![Status::Sent, Status::Sent, Status::Sent, Status::Read],
            ..Columns::default()
        };
        let contents = Contents { kind: vec![ContentKind::Text; 3], ..Contents::default() };
        let found = conflicts(&columns, &contents, &[(0, 1), (0, 2), (0, 3)]);
        let told: Vec<_> =
            found.iter().map(|one| (one.kind, one.files, one.shift_ms, one.count, one.records)).collect();
        let expected = [
            (Contradiction::WholeHours, (0, 1), 7_200_000, 1, (1, 5)),
            (Contradiction::Contents, (0, 1), 0, 1, (1, 6)),
        ];
        assert_eq!(told, expected);
    }
}
