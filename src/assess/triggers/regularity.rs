//! Runs with gaps that no hand makes: nearly equal, or shorter than anybody types.

use super::{Covered, Meeting};
use crate::assess::pack::trigger::Length;
use crate::detect::settings::Title;

/// Messages of runs of at least `messages` whose gaps vary by less than `variation`, or whose median gap is under
/// `median_gap`.
pub fn machine(covered: Covered<'_>, messages: u64, variation: f64, median_gap: Length) -> Vec<Meeting> {
    let activity = covered.scene.grounds.activity;
    let mut rows = Vec::new();
    let (mut least_variation, mut least_gap) = (f64::INFINITY, f64::INFINITY);
    for run in activity.runs.iter().filter(|run| run.rows.len() as u64 >= messages) {
        let even = run.gap_cv.is_some_and(|value| value < variation);
        let quick = run.median_gap_ms.is_some_and(|value| value < median_gap.milliseconds as f64);
        if even || quick {
            let campaign = activity.campaigns.get(run.campaign);
            rows.extend(campaign.and_then(|campaign| campaign.rows.get(run.rows.clone())).unwrap_or_default());
            least_variation = least_variation.min(run.gap_cv.unwrap_or(f64::INFINITY));
            least_gap = least_gap.min(run.median_gap_ms.unwrap_or(f64::INFINITY));
        }
    }
    let mut meetings = covered.plain(rows);
    for meeting in &mut meetings {
        meeting.measured.push(Title {
            de: format!(
                "Kleinster Variationskoeffizient der Abstände {least_variation:.3}, kleinster Median {least_gap} ms."
            ),
            en: format!(
                "Least coefficient of variation of the gaps {least_variation:.3}, least median {least_gap} ms."
            ),
        });
    }
    meetings
}
