//! The kernels over whole clients (`marks`, `bursts`) and over whole contents (`campaigns`): streams in, what is found out.
//! They call what detection on one machine calls; a portion of the messages is messages like all.
//! Reading and writing of streams lives in `portion`, `told` and `stream`.

use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::BooleanArray;

use super::portion::Portion;
use super::rows::{Numbering, message_columns};
use super::schema::MARKED;
use super::stream::{Out, PIECE};
use super::told::{self, Found, Numbers, Told};
use super::{KernelError, Tables};
use crate::detect::mining::{self, ALONE, Mined};
use crate::detect::of_accounts::{OfAccounts, Seen, of_accounts};
use crate::detect::of_contents::{OfContents, of_contents};
use crate::detect::replies::Replies;
use crate::detect::{groups, search};

/// Which messages are replies: `messages` in, `marked` out.
///
/// # Errors
/// When a stream is not right.
pub fn marks(tables: &Tables, input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let portion = Portion::of_messages(tables, input)?;
    let settings = tables.settings()?;
    let messages = &portion.messages;
    let groups = groups::by_account(&messages.columns, messages.accounts.len());
    let replies = Replies::of(messages, &groups, settings.reply.milliseconds);
    let longer = replies.initiated_longer.as_ref().unwrap_or(&replies.initiated);
    let of = |numbers: &[u32], at: usize| numbers.get(at).copied().unwrap_or_default();
    let numbering = Numbering {
        row: &|row| of(&portion.rows, row),
        subject: &|row| of(&portion.subjects, row),
        recipient: &|recipient| of(&portion.recipients, recipient as usize),
    };
    let mut writer = Out::begin(&MARKED, out)?;
    for start in (0..portion.rows.len()).step_by(PIECE) {
        let end = (start + PIECE).min(portion.rows.len());
        let mut columns = message_columns(messages, numbering, start..end);
        for marks in [&replies.initiated, longer] {
            let marks = marks.get(start..end).unwrap_or_default();
            columns.push(Arc::new(BooleanArray::from(marks.to_vec())));
        }
        writer.write(columns)?;
    }
    writer.end()
}

/// What is found in whole clients: `marked` in, `activity` out.
///
/// # Errors
/// When a stream is not right.
pub fn bursts(tables: &Tables, input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let portion = Portion::of_marked(tables, input)?;
    let settings = tables.settings()?;
    let messages = &portion.messages;
    let groups = groups::by_account(&messages.columns, messages.accounts.len());
    let born = tables.born();
    let seen = Seen {
        messages,
        settings: &settings,
        initiated: &portion.initiated,
        initiated_longer: Some(&portion.initiated_longer),
        born: &born,
    };
    let OfAccounts { accounts, bursts, limits, speeds, intensity } = of_accounts(seen, &groups);
    let accounts = (0_u32..).zip(accounts).zip(&groups).filter(|(_, rows)| !rows.is_empty());
    let found = accounts
        .map(|((account, activity), _)| Found::Account(account, activity))
        .chain(bursts.into_iter().map(Found::Burst))
        .chain(limits.into_iter().map(Found::Limit))
        .chain(speeds.into_iter().map(|(account, steps)| Found::Speed(account, steps)))
        .chain(intensity.into_iter().map(Found::Intense));
    // Nothing here is found in a content: its number is that of none.
    told::write(told_by(found, Numbers { rows: &portion.rows, contents: &[] }), out)
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
    let seen = Seen {
        messages,
        settings: &settings,
        initiated: &portion.initiated,
        initiated_longer: Some(&portion.initiated_longer),
        born: &born,
    };
    let least = search::least_reach(&settings);
    let mined = Mined::known(&messages.contents, families(&portion, |pair| pair.0), families(&portion, |pair| pair.1));
    let OfContents { campaigns, set_aside, bursts } = of_contents(seen, &mining::groups_of(messages, &mined, least));
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
