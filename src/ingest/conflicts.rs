//! Where records that fold into one message contradict each other: times whole hours apart, two contents under one id.
//! Both are findings about the logs, told before any finding about the sender.
//! Nothing is changed here; folding goes on as if nothing had been seen.

use std::collections::BTreeMap;

use super::echo::Echo;
use crate::message::{Columns, Conflict, Contents, Contradiction, NO_CONTENT};

const HOUR_MS: i64 = 3_600_000;
/// Zones of the earth lie at most this many hours apart.
const MOST_HOURS: i64 = 26;

/// What the records of one message contradict each other in, added up by files and shift. `tellings` are the row of a
/// message as its first record gave it, the file of a later record, and what that tells.
#[must_use]
pub fn conflicts(
    columns: &Columns,
    contents: &Contents,
    tellings: impl Iterator<Item = (u32, u32, Echo)>,
) -> Vec<Conflict> {
    let mut found: BTreeMap<(Contradiction, u32, u32, i64), Conflict> = BTreeMap::new();
    for (first, file, echo) in tellings {
        let first = Echo::of(columns, first as usize, first);
        let mut add = |kind, shift_ms| {
            let files = (columns.file.get(first.row as usize).copied().unwrap_or_default(), file);
            let new = Conflict { kind, files, shift_ms, count: 0, records: (first.record, echo.record) };
            let known = found.entry((kind, files.0, files.1, shift_ms)).or_insert(new);
            known.count += 1;
            // Echoes come message by message: the pair that is told is the one with the earliest second record.
            if (new.records.1, new.records.0) < (known.records.1, known.records.0) {
                known.records = new.records;
            }
        };
        let shift_ms = echo.sent_at - first.sent_at;
        // A later status has a time of its own: only records of the same status should agree.
        let comparable = first.status == echo.status;
        if comparable && shift_ms != 0 && shift_ms % HOUR_MS == 0 && shift_ms.abs() <= MOST_HOURS * HOUR_MS {
            add(Contradiction::WholeHours, shift_ms);
        }
        let (one, other) = (first.content, echo.content);
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
        let tellings = [(0, 1, 1), (0, 1, 2), (0, 2, 3)];
        let tellings = tellings.map(|(first, file, again)| (first, file, Echo::of(&columns, again, first)));
        let found = conflicts(&columns, &contents, tellings.into_iter());
        let told: Vec<_> =
            found.iter().map(|one| (one.kind, one.files, one.shift_ms, one.count, one.records)).collect();
        let expected = [
            (Contradiction::WholeHours, (0, 1), 7_200_000, 1, (1, 5)),
            (Contradiction::Contents, (0, 1), 0, 1, (1, 6)),
        ];
        assert_eq!(told, expected);
    }
}
