//! Rows of one account or campaign as the kernels want them: times, recipients, weights, in order of time.
//! Nothing is counted or found here.

use super::bursts::{Series, distinct_recipients};
use super::groups::pick;
use crate::message::Messages;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// UTC milliseconds.
    pub times: Vec<i64>,
    recipients: Vec<u32>,
    weights: Vec<u32>,
}

impl Track {
    /// Of rows that stand in order of time.
    #[must_use]
    pub fn new(messages: &Messages, rows: &[u32]) -> Self {
        let recipients = pick(&messages.columns.recipient, rows);
        let weights = pick(&messages.recipients.audience, &recipients);
        Self { times: pick(&messages.columns.sent_at, rows), recipients, weights }
    }

    /// For the kernels.
    #[must_use]
    pub fn series(&self) -> Series<'_> {
        Series { times: &self.times, recipients: &self.recipients, weights: &self.weights }
    }

    /// Distinct recipients of a stretch, each stated audience adding its size.
    #[must_use]
    pub fn recipients_within(&self, part: std::ops::Range<usize>) -> u64 {
        distinct_recipients(
            self.recipients.get(part.clone()).unwrap_or_default(),
            self.weights.get(part).unwrap_or_default(),
        )
    }
}
