//! The canonical messages as a Polars frame, for Parquet and for joins.
//! The schema of `messages.parquet` is written here and nowhere else.
//! Kernels do not come here: they read the columns as slices.

use polars_core::prelude::{
    Column, DataFrame, Int64Chunked, IntoColumn, IntoSeries, NamedFrom, PolarsError, Series, TimeUnit, TimeZone,
};

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
        let start = self.bursts.partition_point(|(marked, _)| (*marked as usize) < row);
        let mut joined = String::new();
        for (_, burst) in self.bursts.iter().skip(start).take_while(|(marked, _)| *marked as usize == row) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(self.burst_ids.get(*burst as usize).map_or("", String::as_str));
        }
        joined
    }
}

fn look_up<'a>(indices: &[u32], ids: &'a [String], row: usize) -> &'a str {
    indices.get(row).and_then(|index| ids.get(*index as usize)).map_or("", String::as_str)
}

/// The rows `range` as a frame with the columns of `messages.parquet`, `recipient` as shown by `show`, `message_id` by `id`.
///
/// # Errors
/// When Polars cannot build the frame.
pub fn frame(
    messages: &Messages,
    marks: &Marks,
    range: std::ops::Range<usize>,
    show: &mut dyn FnMut(u32) -> String,
    id: &dyn Fn(usize) -> String,
) -> Result<DataFrame, PolarsError> {
    let columns = &messages.columns;
    let texts = |name: &str, value: &mut dyn FnMut(usize) -> String| -> Column {
        let values: Vec<String> = range.clone().map(value).collect();
        Series::new(name.into(), values).into_column()
    };
    let words = |name: &str, value: &dyn Fn(usize) -> Option<&'static str>| -> Column {
        let values: Vec<&str> = range.clone().map(|row| value(row).unwrap_or("")).collect();
        Series::new(name.into(), values).into_column()
    };
    fn numbers<T>(name: &str, values: Option<&[T]>) -> Column
    where
        Series: NamedFrom<Vec<T>, [T]>,
        T: Clone,
    {
        Series::new(name.into(), values.unwrap_or(&[]).to_vec()).into_column()
    }
    let rows = range.clone();
    // Not by a cast: that forgets the zone.
    let times = columns.sent_at.get(rows.clone()).unwrap_or(&[]).to_vec();
    let times = Int64Chunked::from_vec("sent_at".into(), times);
    let sent_at = times.into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)).into_series();
    let account_names = |row: usize| messages.account(row).map_or(String::new(), |account| account.id.clone());
    let countries = |row: usize| country_text(&messages.country(row)).to_owned();
    let file_names = |row: usize| {
        columns.file.get(row).and_then(|file| messages.files.get(*file as usize)).cloned().unwrap_or_default()
    };
    DataFrame::new(
        rows.len(),
        vec![
            texts("message_id", &mut |row| id(row)),
            words("platform", &|row| columns.platform.get(row).map(|word| word.as_str())),
            words("route", &|row| columns.route.get(row).map(|word| word.as_str())),
            texts("account", &mut |row| account_names(row)),
            words("direction", &|row| columns.direction.get(row).map(|word| word.as_str())),
            sent_at.into_column(),
            texts("recipient", &mut |row| columns.recipient.get(row).map_or(String::new(), |index| show(*index))),
            texts("country", &mut |row| countries(row)),
            words("status", &|row| columns.status.get(row).map(|word| word.as_str())),
            Series::new("initiated".into(), marks.initiated.get(rows.clone()).unwrap_or(&[]).to_vec()).into_column(),
            texts("campaign_id", &mut |row| marks.campaign_id(row).to_owned()),
            texts("run_id", &mut |row| marks.run_id(row).to_owned()),
            texts("burst_ids", &mut |row| marks.burst_ids(row)),
            texts("file", &mut |row| file_names(row)),
            numbers("record", columns.record.get(rows.clone())),
            numbers("line", columns.line.get(rows.clone())),
            numbers("offset", columns.offset.get(rows)),
        ],
    )
}
