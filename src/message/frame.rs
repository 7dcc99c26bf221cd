//! The canonical messages as an Arrow batch, for Parquet.
//! The schema of `messages.parquet` is written here and nowhere else.
//! Kernels do not come here: they read the columns as slices.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow_schema::ArrowError;

use super::{Messages, country_text};

/// What detection says of single messages; row by row beside the columns.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Whether the message was outside the recipient's service window. Inbound messages are never initiated.
    pub initiated: Vec<bool>,
    /// Id of the campaign, empty for none.
    pub campaign: Vec<u32>,
    /// Id of the run inside the campaign, empty for none.
    pub run: Vec<u32>,
    /// Ids that `campaign` points at; index 0 is the empty id.
    pub campaign_ids: Vec<String>,
    /// Ids that `run` points at; index 0 is the empty id.
    pub run_ids: Vec<String>,
    /// Burst ids of the rows that lie in bursts: (row, burst index), ordered.
    pub bursts: Vec<(u32, u32)>,
    /// Ids that the second half of `bursts` points at.
    pub burst_ids: Vec<String>,
}

impl Marks {
    /// Campaign id of a row, empty for none.
    #[must_use]
    pub fn campaign_id(&self, row: usize) -> &str {
        look_up(&self.campaign, &self.campaign_ids, row)
    }

    /// Run id of a row, empty for none.
    #[must_use]
    pub fn run_id(&self, row: usize) -> &str {
        look_up(&self.run, &self.run_ids, row)
    }

    /// Burst ids of a row, joined by a blank.
    #[must_use]
    pub fn burst_ids(&self, row: usize) -> String {
        let mut joined = String::new();
        for burst in self.bursts_of(row) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(self.burst_ids.get(burst as usize).map_or("", String::as_str));
        }
        joined
    }

    /// Ids of the bursts that hold one of some rows, ascending.
    #[must_use]
    pub fn bursts_with(&self, rows: &[u32]) -> Vec<String> {
        distinct(rows.iter().flat_map(|row| self.bursts_of(*row as usize)).collect(), &self.burst_ids)
    }

    /// Ids of the campaigns that hold one of some rows, ascending.
    #[must_use]
    pub fn campaigns_with(&self, rows: &[u32]) -> Vec<String> {
        let campaign = |row: &u32| self.campaign.get(*row as usize).copied().filter(|campaign| *campaign != 0);
        distinct(rows.iter().filter_map(campaign).collect(), &self.campaign_ids)
    }

    fn bursts_of(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        let start = self.bursts.partition_point(|(marked, _)| (*marked as usize) < row);
        let own = self.bursts.iter().skip(start).take_while(move |(marked, _)| *marked as usize == row);
        own.map(|(_, burst)| *burst)
    }
}

/// The different ones of these ids, ascending.
fn distinct(mut indices: Vec<u32>, ids: &[String]) -> Vec<String> {
    indices.sort_unstable();
    indices.dedup();
    let mut ids: Vec<String> = indices.iter().filter_map(|index| ids.get(*index as usize)).cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn look_up<'a>(indices: &[u32], ids: &'a [String], row: usize) -> &'a str {
    indices.get(row).and_then(|index| ids.get(*index as usize)).map_or("", String::as_str)
}

/// The rows `range` as a batch with the columns of `messages.parquet`, `recipient` as shown by `show`, `message_id` by `id`.
///
/// # Errors
/// When the columns are not all of one length.
pub fn frame(
    messages: &Messages,
    marks: &Marks,
    range: std::ops::Range<usize>,
    show: &mut dyn FnMut(u32) -> String,
    id: &dyn Fn(usize) -> String,
) -> Result<RecordBatch, ArrowError> {
    let columns = &messages.columns;
    let texts = |value: &mut dyn FnMut(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(range.clone().map(value)))
    };
    fn words<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(values))
    }
    fn part<T: Clone>(column: &[T], range: &std::ops::Range<usize>) -> Vec<T> {
        column.get(range.clone()).unwrap_or_default().to_vec()
    }
    macro_rules! spelt {
        ($name:ident) => {
            words(columns.$name.get(range.clone()).unwrap_or_default().iter().map(|word| word.as_str()))
        };
    }
    let rows = || range.clone();
    let sent_at = TimestampMillisecondArray::new(part(&columns.sent_at, &range).into(), None).with_timezone("UTC");
    let account = |row: usize| messages.account(row).map_or("", |account| account.id.as_str());
    let file = |row: usize| {
        columns.file.get(row).and_then(|file| messages.files.get(*file as usize)).map_or("", String::as_str)
    };
    let all: [(&str, ArrayRef); 17] = [
        ("message_id", texts(&mut |row| id(row))),
        ("platform", spelt!(platform)),
        ("route", spelt!(route)),
        ("account", words(rows().map(account))),
        ("direction", spelt!(direction)),
        ("sent_at", Arc::new(sent_at)),
        ("recipient", texts(&mut |row| columns.recipient.get(row).map_or(String::new(), |index| show(*index)))),
        ("country", texts(&mut |row| country_text(&messages.country(row)).to_owned())),
        ("status", spelt!(status)),
        ("initiated", Arc::new(BooleanArray::from(part(&marks.initiated, &range)))),
        ("campaign_id", words(rows().map(|row| marks.campaign_id(row)))),
        ("run_id", words(rows().map(|row| marks.run_id(row)))),
        ("burst_ids", texts(&mut |row| marks.burst_ids(row))),
        ("file", words(rows().map(file))),
        ("record", Arc::new(UInt32Array::from(part(&columns.record, &range)))),
        ("line", Arc::new(UInt32Array::from(part(&columns.line, &range)))),
        ("offset", Arc::new(UInt64Array::from(part(&columns.offset, &range)))),
    ];
    // No value is ever missing; that columns may hold none is what readers know of this file.
    RecordBatch::try_from_iter_with_nullable(all.map(|(name, array)| (name, array, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_one_of_some_rows_is_told_once_and_in_order() {
        let id = |text: &str| text.to_owned();
        let marks = Marks {
            campaign: vec![0, 2, 1, 2],
            campaign_ids: ["", "C-b", "C-a"].map(id).to_vec(),
            bursts: vec![(1, 0), (1, 2), (2, 1), (3, 0)],
            burst_ids: ["B-z", "B-y", "B-x"].map(id).to_vec(),
            ..Marks::default()
        };
        assert_eq!(marks.campaigns_with(&[0, 1, 2, 3]), ["C-a", "C-b"]);
        assert_eq!(marks.campaigns_with(&[0]), [""; 0]);
        assert_eq!(marks.bursts_with(&[3, 1]), ["B-x", "B-z"]);
        assert_eq!(marks.bursts_with(&[0]), [""; 0]);
        assert_eq!((marks.burst_ids(1), marks.burst_ids(0)), (id("B-z B-x"), id("")));
    }
}
