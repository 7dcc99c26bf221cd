//! Counts of a finding: distinct recipients, and runs. A run may be one act in law, so both counts stand side by side.

use std::collections::BTreeSet;

use super::Grounds;
use crate::message::Messages;

/// Distinct recipients of some rows, each stated audience adding its size.
pub fn distinct(messages: &Messages, rows: &[u32]) -> u64 {
    let recipients: BTreeSet<u32> =
        rows.iter().filter_map(|row| messages.columns.recipient.get(*row as usize)).copied().collect();
    recipients
        .iter()
        .map(|recipient| messages.recipients.audience.get(*recipient as usize).map_or(1, |size| u64::from(*size)))
        .sum()
}

/// Runs that the rows belong to; rows of no campaign are one run as long as no gap is longer than a run allows.
pub fn count_runs(grounds: Grounds<'_>, rows: &[u32]) -> u64 {
    let marks = &grounds.activity.marks;
    let mut runs = BTreeSet::new();
    let mut loose = 0;
    let mut last_loose: Option<i64> = None;
    for row in rows {
        match marks.run.get(*row as usize).copied() {
            Some(run) if run > 0 => {
                runs.insert(run);
            }
            _ => {
                let at = grounds.messages.columns.sent_at.get(*row as usize).copied().unwrap_or_default();
                if last_loose.is_none_or(|last| at - last > grounds.run_gap_ms) {
                    loose += 1;
                }
                last_loose = Some(at);
            }
        }
    }
    runs.len() as u64 + loose
}
