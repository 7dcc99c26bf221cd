//! Activity from what kernels found elsewhere: it is put together by the same code that puts together what was found here.
//! Marks and findings lie as Parquet in a work folder. That nothing is missing or there twice is checked.
//! What lies across accounts is measured while it is put together.

use std::collections::BTreeSet;
use std::path::Path;

use arrow_array::types::Int64Type;

use super::schema::MARKS;
use super::stream::{Taken, read_folder};
use super::told::{Found, read_activity};
use super::{KernelError, Tables};
use crate::detect::assemble::{Parts, assemble};
use crate::detect::of_accounts::Seen;
use crate::detect::slices::{self, OfSlice};
use crate::detect::{Activity, Settings, groups};
use crate::message::Messages;

/// The activity of messages, from a work folder; the tables are those of the messages.
///
/// # Errors
/// When something of it is damaged, missing, or of other messages.
pub fn activity(
    messages: &Messages,
    settings: &Settings,
    tables: &Tables,
    work: &Path,
) -> Result<Activity, KernelError> {
    let groups = groups::by_account(&messages.columns, messages.accounts.len());
    let (initiated, initiated_longer) = marks(messages.columns.len(), &work.join("marks"))?;
    let mut parts = Parts { inbound: tables.inbound(), ..Parts::default() };
    let mut missing: BTreeSet<(u32, i32)> = tables.slices().iter().map(|slice| (slice.subject, slice.slice)).collect();
    let mut sliced = OfSlice::default();
    parts.of_accounts.accounts = vec![Default::default(); messages.accounts.len()];
    let mut told = vec![false; messages.accounts.len()];
    for folder in ["bursts", "campaigns"].map(|name| work.join(name)) {
        let mismatch = |reason: &str| KernelError::mismatch(&folder, reason);
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
                Found::Limit(check) => parts.of_accounts.limits.push(check),
                Found::LimitOfSlice(check) => sliced.limits.push(check),
                Found::Hot(hot) => sliced.hot.push(hot),
                Found::Slice(subject, slice) => {
                    if !missing.remove(&(subject, slice)) {
                        return Err(mismatch("a slice was worked on twice: its rows lay in two partitions"));
                    }
                }
                Found::Speed(account, steps) => parts.of_accounts.speeds.push((account, steps)),
                Found::Intense(stretch) => parts.of_accounts.intensity.push(stretch),
                Found::Campaign(found) => parts.of_contents.campaigns.push(*found),
                Found::SetAside(aside, first_row) => parts.of_contents.set_aside.push((aside, first_row)),
            }
        }
    }
    if !missing.is_empty() {
        return Err(KernelError::mismatch(&work.join("bursts"), "a slice was not worked on"));
    }
    let born = tables.born();
    let initiated_longer = Some(initiated_longer.as_slice());
    let seen = Seen { messages, settings, initiated: &initiated, initiated_longer, born: &born };
    let (mut bursts, mut limits) = slices::joined(seen, &groups, sliced);
    parts.of_accounts.bursts.append(&mut bursts);
    parts.of_accounts.limits.append(&mut limits);
    parts.initiated = initiated;
    if groups.iter().zip(&told).any(|(rows, told)| !rows.is_empty() && !told) {
        return Err(KernelError::mismatch(&work.join("bursts"), "an account was not worked on"));
    }
    Ok(assemble(messages, &groups, parts))
}

/// For each row, whether it was initiated, also under a longer service window.
fn marks(rows: usize, folder: &Path) -> Result<(Vec<bool>, Vec<bool>), KernelError> {
    let mismatch = |reason: &str| KernelError::mismatch(folder, reason);
    let mut marks: Vec<Option<(bool, bool)>> = vec![None; rows];
    for batch in read_folder(&MARKS, folder)? {
        let taken = Taken::new(&MARKS, &batch);
        let row = taken.numbers::<Int64Type>("row")?;
        let (initiated, longer) = (taken.truths("initiated")?, taken.truths("initiated_longer")?);
        for (at, row) in row.values().iter().enumerate() {
            let slot = usize::try_from(*row).ok().and_then(|row| marks.get_mut(row));
            let slot = slot.ok_or_else(|| mismatch("a mark is of no message"))?;
            if slot.replace((initiated.value(at), longer.value(at))).is_some() {
                return Err(mismatch("a message was marked twice"));
            }
        }
    }
    let marks: Option<Vec<(bool, bool)>> = marks.into_iter().collect();
    Ok(marks.ok_or_else(|| mismatch("a message was not marked"))?.into_iter().unzip())
}
