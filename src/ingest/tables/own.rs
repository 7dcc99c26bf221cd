//! Reads `messages.parquet` of an earlier report as what it was: every row is a canonical message already.
//! Recipients may be pseudonyms there; then they stay what they are, and the reader is told.
//! Texts are not kept in a report: the id of the campaign stands for them.

use super::{CELLS, Table};
use crate::ingest::batch::{Batch, Draft};
use crate::ingest::context::FileContext;
use crate::ingest::records::{self, Field, split};
use crate::ingest::time::{self, DateOrder};
use crate::message::{Direction, Place, Platform, Route, Status, ZoneBasis};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "sendeschluss-messages";

/// The columns that make a table ours; more may stand there.
const COLUMNS: [&str; 10] = [
    "message_id",
    "platform",
    "route",
    "account",
    "direction",
    "sent_at",
    "recipient",
    "status",
    "initiated",
    "campaign_id",
];

/// Note on recipients that an earlier report had already hidden.
const PSEUDONYM: &str = "recipient is a pseudonym of the earlier report";

/// Whether the header is that of `messages.parquet`.
pub fn is_ours(sample: &[Vec<String>]) -> bool {
    sample.first().is_some_and(|header| COLUMNS.iter().all(|name| header.iter().any(|cell| cell == name)))
}

/// Reads all rows.
pub fn read<'c>(file: &FileContext<'c>, table: &Table) -> Batch<'c> {
    let mut batch = Batch::new(file);
    let header = table.sample.first().map_or(&[][..], Vec::as_slice);
    let column = |name: &str| header.iter().position(|cell| cell == name);
    let columns = COLUMNS.map(column);
    let mut fields: Vec<Field> = Vec::new();
    let mut at = table.starts.get(1).copied().unwrap_or(table.text.len());
    let mut rows = table.rows.iter().skip(1);
    while let Some(found) = split(&table.text, at, CELLS, &mut fields) {
        at = found.next;
        let row = rows.next().copied().unwrap_or(batch.records + 1);
        let place =
            Place { record: row, line: row, offset: found.start as u64, length: (found.end - found.start) as u32 };
        let values = columns.map(|column| {
            let mut spare = Vec::new();
            let field = column.and_then(|column| fields.get(column)).copied();
            field.map_or_else(String::new, |field| {
                String::from_utf8_lossy(records::bytes(&table.text, field, &mut spare)).into_owned()
            })
        });
        if let Err(reason) = row_of(&mut batch, place, &values) {
            batch.reject(place, reason, table.text.get(found.start..found.end).unwrap_or_default());
        }
    }
    super::readable_excerpts(&mut batch);
    batch.close();
    batch
}

fn row_of(batch: &mut Batch<'_>, place: Place, values: &[String; 10]) -> Result<(), &'static str> {
    let [message_id, platform, route, account, direction, sent_at, recipient, status, _, campaign] = values;
    let stamp = time::parse(sent_at.as_bytes(), DateOrder::YearMonthDay).ok().and_then(|stamp| stamp.instant_ms());
    let sent_at = stamp.ok_or("the time of the send is not readable")?;
    let direction = Direction::from_word(direction).ok_or("the direction is none of the known words")?;
    let hint = crate::ingest::people::Hint::Unknown;
    if !batch.knows_recipient(recipient, hint) {
        return Err("no recipient");
    }
    if recipient.len() == 16 && recipient.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        batch.note(PSEUDONYM);
    }
    batch.read();
    batch.message(
        place,
        &Draft {
            sent_at,
            zone: ZoneBasis::Record,
            platform: Platform::from_word(platform).unwrap_or_default(),
            route: Route::from_word(route).unwrap_or_default(),
            direction,
            account: Some(account.as_str()).filter(|account| !account.is_empty()),
            recipient,
            hint,
            status: Status::from_word(status).unwrap_or_default(),
            message_id,
            campaign,
            ..Draft::default()
        },
    );
    Ok(())
}
