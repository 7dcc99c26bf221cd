//! Activity from what kernels found elsewhere: it is put together by the same code that puts together what was found here.
//! Marks and findings lie as Parquet in a work folder. That nothing is missing or there twice is checked.
//! What lies across accounts is measured while it is put together.

use std::path::Path;

use arrow_array::types::Int64Type;

use super::KernelError;
use super::schema::MARKS;
use super::stream::{Taken, read_folder};
use super::told::{Found, read_activity};
use crate::detect::assemble::{Parts, assemble};
use crate::detect::{Activity, groups, replies};
use crate::message::Messages;

/// The activity of messages, from a work folder.
///
/// # Errors
/// When something of it is damaged, missing, or of other messages.
pub fn activity(messages: &Messages, work: &Path) -> Result<Activity, KernelError> {
    let groups = groups::by_account(&messages.columns, messages.accounts.len());
    let mut parts = Parts {
        inbound: replies::inbound(messages, &groups),
        initiated: initiated(messages.columns.len(), &work.join("marks"))?,
        ..Parts::default()
    };
    parts.of_accounts.accounts = vec![Default::default(); messages.accounts.len()];
    let mut told = vec![false; messages.accounts.len()];
    let mut numbers = Vec::new();
    for folder in ["bursts", "campaigns"].map(|name| work.join(name)) {
        let mismatch =
            |reason: &str| KernelError::Mismatch { place: folder.display().to_string(), reason: reason.to_owned() };
        for found in read_activity(&folder)? {
            match found {
                Found::Account(account, activity) => {
                    let slot = parts.of_accounts.accounts.get_mut(account as usize).zip(told.get_mut(account as usize));
                    let (slot, told) = slot.ok_or_else(|| mismatch("an account is not known"))?;
                    if std::mem::replace(told, true) {
                        return Err(mismatch("an account was worked on twice: its rows lay in two partitions"));
                    }
                    *slot = activity;
                }
                Found::Burst(judged) if folder.ends_with("bursts") => parts.of_accounts.bursts.push(judged),
                Found::Burst(judged) => parts.of_contents.bursts.push(judged),
                Found::Limit(check) => numbers.push(check),
                Found::Speed(account, steps) => parts.of_accounts.speeds.push((account, steps)),
                Found::Intense(stretch) => parts.of_accounts.intensity.push(stretch),
                Found::Campaign(found) => parts.of_contents.campaigns.push(*found),
                Found::SetAside(aside, first_row) => parts.of_contents.set_aside.push((aside, first_row)),
            }
        }
    }
    parts.of_accounts.limits = numbers;
    if groups.iter().zip(&told).any(|(rows, told)| !rows.is_empty() && !told) {
        let (place, reason) = (work.join("bursts").display().to_string(), "an account was not worked on".to_owned());
        return Err(KernelError::Mismatch { place, reason });
    }
    Ok(assemble(messages, &groups, parts))
}

/// For each row, whether it was initiated.
fn initiated(rows: usize, folder: &Path) -> Result<Vec<bool>, KernelError> {
    let mismatch =
        |reason: &str| KernelError::Mismatch { place: folder.display().to_string(), reason: reason.to_owned() };
    let mut initiated: Vec<Option<bool>> = vec![None; rows];
    for batch in read_folder(&MARKS, folder)? {
        let taken = Taken::new(&MARKS, &batch);
        let (row, mark) = (taken.numbers::<Int64Type>("row")?, taken.truths("initiated")?);
        for (at, row) in row.values().iter().enumerate() {
            let slot = usize::try_from(*row).ok().and_then(|row| initiated.get_mut(row));
            let slot = slot.ok_or_else(|| mismatch("a mark is of no message"))?;
            if slot.replace(mark.value(at)).is_some() {
                return Err(mismatch("a message was marked twice"));
            }
        }
    }
    initiated.into_iter().collect::<Option<_>>().ok_or_else(|| mismatch("a message was not marked"))
}
