//! Runs of a finding. A run may be one act in law, so messages and runs stand side by side.

use std::collections::BTreeSet;

use super::Grounds;

/// Runs that the rows belong to; rows of no campaign are one run as long as no gap is longer than a run allows.
pub fn count_runs(grounds: Grounds<'_>, rows: &[u32]) -> u64 {
    let marks = &grounds.activity.marks;
    let mut runs = BTreeSet::new();
    let mut loose = 0;
    let mut last_loose: Option<i64> = None;
    let mut last_run = 0;
    for row in rows {
        match marks.run.get(*row as usize).copied() {
            // Rows of a run mostly follow one another.
            Some(run) if run > 0 && run == last_run => {}
            Some(run) if run > 0 => {
                last_run = run;
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
