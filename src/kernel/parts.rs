//! The kernels over whole clients (`marks`, `bursts`) and over whole contents (`campaigns`): streams in, what is found out.
//! They call what detection on one machine calls; a portion of the messages is messages like all.
//! Reading and writing of streams lives in `portion`, `told` and `stream`.

use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::BooleanArray;

use super::portion::Portion;
use super::rows::{Numbering, Placed, message_columns};
use super::schema::MARKED;
use super::stream::{Out, PIECE};
use super::tables::{Slice, WHOLE_LIFE};
use super::told::{self, Found, Numbers, Told};
use super::{KernelError, Tables};
use crate::detect::mining::{self, ALONE, Mined};
use crate::detect::of_accounts::{OfAccounts, of_accounts};
use crate::detect::of_contents::{OfContents, of_contents};
use crate::detect::replies::Replies;
use crate::detect::slices::{self, Extent, OfSlice};
use crate::detect::{groups, search};

/// Which messages are replies: `messages` in, `marked` out.
///
/// # Errors
/// When a stream is not right.
pub fn marks(tables: &Tables, input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let settings = tables.settings()?;
    let overlap = slices::overlap_ms(&settings);
    let mut writer = Out::begin(&MARKED, out)?;
    for portion in Portion::of_messages(tables, input)? {
        let messages = &portion.messages;
        let groups = groups::by_account(&messages.columns, messages.accounts.len());
        // Of a slice, a part of the inbound messages is not here: whose there are is known of all.
        let replies = Replies::with(messages, &groups, tables.inbound(), settings.reply.milliseconds);
        let longer = replies.initiated_longer.as_ref().unwrap_or(&replies.initiated);
        let numbering = Numbering {
            row: &|row| of(&portion.rows, row),
            recipient: &|recipient| of(&portion.recipients, recipient),
        };
        let placed = known(tables, &portion, overlap)?;
        for placed in placed.chunks(PIECE) {
            let mut columns = message_columns(messages, placed, numbering);
            for marks in [&replies.initiated, longer] {
                let marks = placed.iter().map(|placed| marks.get(placed.row as usize).copied().unwrap_or_default());
                columns.push(Arc::new(BooleanArray::from(marks.collect::<Vec<bool>>())));
            }
            writer.write(columns)?;
        }
    }
    writer.end()
}

fn of(numbers: &[u32], at: u32) -> u32 {
    numbers.get(at as usize).copied().unwrap_or_default()
}

/// The rows of which it is known whether they are replies: of those before a slice, only what the windows of later kernels
/// reach; what stands before these was there to tell.
fn known(tables: &Tables, portion: &Portion, overlap: i64) -> Result<Vec<Placed>, KernelError> {
    let Some(slice) = slice_of(tables, portion)? else { return Ok(portion.placed.clone()) };
    let from = slice.first.saturating_sub(overlap);
    let at = |placed: &Placed| portion.messages.columns.sent_at.get(placed.row as usize).copied().unwrap_or_default();
    Ok(portion.placed.iter().filter(|placed| at(placed) >= from).copied().collect())
}

/// The slice that a portion is; none where it is not sliced, or a whole life.
fn slice_of(tables: &Tables, portion: &Portion) -> Result<Option<Slice>, KernelError> {
    let Some(placed) = portion.placed.first().filter(|placed| placed.slice > WHOLE_LIFE) else { return Ok(None) };
    let slice = tables.slice(placed.subject, placed.slice);
    slice.map(Some).ok_or_else(|| MARKED.wrong("slice", "the tables know no such slice"))
}

/// What is found in whole clients, or slices of them: `marked` in, `activity` out.
///
/// # Errors
/// When a stream is not right.
pub fn bursts(tables: &Tables, input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let settings = tables.settings()?;
    let born = tables.born();
    let mut told = Vec::new();
    for portion in Portion::of_marked(tables, input)? {
        let messages = &portion.messages;
        let groups = groups::by_account(&messages.columns, messages.accounts.len());
        let seen = portion.seen(&settings, &born);
        // Nothing here is found in a content: its number is that of none.
        let numbers = Numbers { rows: &portion.rows, contents: &[] };
        if let Some(slice) = slice_of(tables, &portion)? {
            let OfSlice { hot, limits } = slices::of_slice(seen, &groups, &(slice.first..=slice.last));
            let found = hot.into_iter().map(Found::Hot).chain(limits.into_iter().map(Found::LimitOfSlice));
            told.extend(told_by(found.chain([Found::Slice(slice.subject, slice.slice)]), numbers));
            continue;
        }
        let extent = if portion.slice() == WHOLE_LIFE { Extent::WholeLife } else { Extent::All };
        let OfAccounts { accounts, bursts, limits, speeds, intensity } = of_accounts(seen, &groups, extent);
        let accounts = (0_u32..).zip(accounts).zip(&groups).filter(|(_, rows)| !rows.is_empty());
        let found = accounts
            .map(|((account, activity), _)| Found::Account(account, activity))
            .chain(bursts.into_iter().map(Found::Burst))
            .chain(limits.into_iter().map(Found::Limit))
            .chain(speeds.into_iter().map(|(account, steps)| Found::Speed(account, steps)))
            .chain(intensity.into_iter().map(Found::Intense));
        told.extend(told_by(found, numbers));
    }
    told::write(told, out)
}

/// What is found in whole contents: `grouped` in, `activity` out.
///
/// # Errors
/// When a stream is not right.
pub fn campaigns(tables: &Tables, input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let portion = Portion::of_grouped(tables, input)?;
    let settings = tables.settings()?;
    let messages = &portion.messages;
    let born = tables.born();
    let seen = portion.seen(&settings, &born);
    let least = search::least_reach(&settings);
    let mined = Mined::known(&messages.contents, families(&portion, |pair| pair.0), families(&portion, |pair| pair.1));
    let OfContents { campaigns, set_aside, bursts } =
        of_contents(seen, &mining::groups_of(messages, &mined, &mining::sizes(messages), least));
    let found = campaigns
        .into_iter()
        .map(|campaign| Found::Campaign(Box::new(campaign)))
        .chain(set_aside.into_iter().map(|(aside, first_row)| Found::SetAside(aside, first_row)))
        .chain(bursts.into_iter().map(Found::Burst));
    told::write(told_by(found, Numbers { rows: &portion.rows, contents: &portion.contents }), out)
}

fn told_by(found: impl Iterator<Item = Found>, numbers: Numbers<'_>) -> Vec<Told> {
    found.map(|found| found.told(numbers)).collect()
}

/// Families numbered from 0, in the order of their numbers among all.
fn families(portion: &Portion, of: fn(&(i64, i64)) -> i64) -> Vec<u32> {
    let mut known: Vec<i64> = portion.families.iter().map(of).filter(|family| *family >= 0).collect();
    known.sort_unstable();
    known.dedup();
    let number = |pair| known.binary_search(&of(pair)).map_or(ALONE, |at| at as u32);
    portion.families.iter().map(number).collect()
}
