//! Where what was read elsewhere comes together: sources are folded, and their messages laid out for the kernels.
//! A work folder holds what engines wrote and what they are to read, as Parquet, and the tables of all kernels.
//! Folding is that of ingest; only its input was carried.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, BinaryArray, PrimitiveArray, RecordBatch, StringArray};

use super::activity::activity;
use super::rows::{Numbering, OutboundContent, Placed, content_columns, message_columns, outbound_contents};
use super::schema::{CONTENTS, INGESTED, INPUTS, MESSAGES, Stream};
use super::stream::{Out, Taken, read, read_folder};
use super::tables::{Slice, UNSLICED, subjects};
use super::{KernelError, Tables};
use crate::case::Case;
use crate::detect::{Activity, mining, slices};
use crate::ingest::gather::labels;
use crate::ingest::inputs::absolute;
use crate::ingest::{
    Ingested, Input, Labels, Progress, Reading, Settings, Unreadable, Wanted, gather as fold_together,
};
use crate::ledger::carried::{Carried, What};
use crate::message::{Messages, Values, write_parquet};

/// Messages of one file in a work folder.
const FILE_ROWS: usize = 1 << 20;

/// Tells the inputs of a run: `inputs` out.
///
/// # Errors
/// When the stream cannot be written.
pub fn inputs(inputs: &[Input], out: impl Write) -> Result<(), KernelError> {
    let bytes = |input: &Input| std::fs::metadata(&input.path).map_or(0, |meta| meta.len() as i64);
    let mut writer = Out::begin(&INPUTS, out)?;
    let named: Vec<bool> = inputs.iter().map(|input| input.named).collect();
    writer.write(vec![
        Arc::new(StringArray::from_iter_values(inputs.iter().map(|input| &input.name))),
        Arc::new(StringArray::from_iter_values(
            inputs.iter().map(|input| absolute(&input.path).to_string_lossy().into_owned()),
        )),
        Arc::new(arrow_array::BooleanArray::from(named)),
        Arc::new(PrimitiveArray::<arrow_array::types::Int64Type>::from_iter_values(inputs.iter().map(bytes))),
    ])?;
    writer.end()
}

/// Reads inputs: `inputs` in, `ingested` out.
///
/// # Errors
/// When a stream or a setting is not right. A file that cannot be read is told in its account.
pub fn ingest(
    (case, settings): (&Case, &Settings),
    progress: &dyn Progress,
    input: impl Read,
    out: impl Write,
) -> Result<(), KernelError> {
    let reading = Reading::new(case, settings, false)?;
    let mut inputs = Vec::new();
    for batch in read(&INPUTS, input)? {
        let batch = batch?;
        let taken = Taken::new(&INPUTS, &batch);
        let (name, path, named) = (taken.texts("name")?, taken.texts("path")?, taken.truths("named")?);
        inputs.extend((0..taken.rows()).map(|row| Input {
            name: name.value(row).to_owned(),
            path: PathBuf::from(path.value(row)),
            named: named.value(row),
            member: None,
        }));
    }
    let mut writer = Out::begin(&INGESTED, out)?;
    // One after another: what is read of an input lies in memory until it is written.
    for input in inputs {
        for source in reading.read(&[input], (case, settings), Labels::Whole, progress)? {
            let circumstances = reading.circumstances(&source.input.name, case, settings)?;
            let Carried { name, pieces } = Carried::of(source, circumstances)?;
            for (part, (what, body)) in (0_i32..).zip(pieces) {
                writer.write(vec![
                    Arc::new(StringArray::from_iter_values([&name])),
                    Arc::new(PrimitiveArray::<Int32Type>::from_iter_values([part])),
                    Arc::new(StringArray::from_iter_values([what.as_str()])),
                    Arc::new(BinaryArray::from_iter_values([body])),
                ])?;
            }
        }
    }
    writer.end()
}

/// What is gathered, and how it was read.
#[derive(Clone, Copy, Debug)]
pub struct Gather<'a> {
    /// The work folder.
    pub work: &'a Path,
    /// The inputs.
    pub inputs: &'a [Input],
    /// Folders that could not be looked into.
    pub unreadable: &'a [Unreadable],
    /// The case file.
    pub case: &'a Case,
    /// Settings of ingest.
    pub settings: &'a Settings,
    /// What is wanted of the messages.
    pub wanted: Wanted,
}

/// How messages are laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// Detectors and thresholds.
    pub detection: &'a crate::detect::Settings,
    /// The user's detectors as text.
    pub detectors: Option<&'a str>,
    /// More messages of one subject than this are sliced.
    pub slice_rows: u64,
}

impl Gather<'_> {
    /// What ingest would give on one machine, from what was read elsewhere.
    ///
    /// # Errors
    /// When something of it is damaged or missing, or was read otherwise than it would be now.
    pub fn ingested(&self) -> Result<Ingested, KernelError> {
        let folder = self.work.join("ingested");
        let mismatch = |reason: String| KernelError::mismatch(&folder, reason);
        let reading = Reading::new(self.case, self.settings, false)?;
        let mut sources: BTreeMap<String, BTreeMap<i32, (What, Vec<u8>)>> = BTreeMap::new();
        for batch in read_folder(&INGESTED, &folder)? {
            let taken = Taken::new(&INGESTED, &batch);
            let (source, part) = (taken.texts("source")?, taken.numbers::<Int32Type>("part")?);
            let (what, body) = (taken.texts("what")?, taken.bytes("body")?);
            for row in 0..taken.rows() {
                let word = what.value(row);
                let what = What::ALL.into_iter().find(|what| what.as_str() == word);
                let what = what.ok_or_else(|| mismatch(format!("`{word}` is no piece")))?;
                let pieces = sources.entry(source.value(row).to_owned()).or_default();
                if pieces.insert(part.value(row), (what, body.value(row).to_vec())).is_some() {
                    return Err(mismatch("a source was read twice".to_owned()));
                }
            }
        }
        for input in self.inputs {
            if !sources.contains_key(&input.name) {
                return Err(mismatch(format!("`{}` was not read", input.name)));
            }
        }
        let inputs: BTreeMap<&str, &Input> = self.inputs.iter().map(|input| (input.name.as_str(), input)).collect();
        let names: Vec<&str> = sources.keys().map(String::as_str).collect();
        let labels = labels(&names);
        let mut read = Vec::with_capacity(sources.len());
        for (index, ((name, pieces), label)) in (0_u32..).zip(sources.into_iter().zip(labels)) {
            // Folders may have names like those of containers: the longest beginning that is an input is where it lies.
            let tops = name.rmatch_indices(crate::ingest::containers::SEPARATOR).filter_map(|(end, _)| name.get(..end));
            let input = [name.as_str()].into_iter().chain(tops).find_map(|top| inputs.get(top).copied());
            let input = input.ok_or_else(|| mismatch(format!("`{name}` is none of the inputs")))?;
            let carried = Carried { name: name.clone(), pieces: pieces.into_values().collect() };
            let now = reading.circumstances(&name, self.case, self.settings)?;
            let mut source = carried.into_read(&reading, index, &label, &now)?;
            if self.has_changed(&source.account, input) {
                return Err(mismatch(format!("`{name}` has another size now than when it was read")));
            }
            source.input.path.clone_from(&input.path);
            read.push(source);
        }
        Ok(fold_together(read, self.unreadable, self.case, &reading, self.wanted, None))
    }

    /// Whether a file has other bytes than were read: looked at by its size, for its hash was taken when it was read.
    fn has_changed(&self, account: &crate::ingest::InputFile, input: &Input) -> bool {
        let is_whole = account.name == input.name && !account.sha256.is_empty();
        is_whole && std::fs::metadata(&input.path).is_ok_and(|meta| meta.len() != account.bytes)
    }

    /// Folds, and lays out tables, messages and contents for the kernels.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn lay_out(&self, layout: Layout<'_>) -> Result<u64, KernelError> {
        let Ingested { messages, .. } = self.ingested()?;
        let tables = Tables::of(&messages, layout.detectors, layout.slice_rows);
        let place = self.work.join(TABLES);
        let text = tables.to_json().map_err(|error| KernelError::io(&place)(error.into()))?;
        std::fs::write(&place, text).map_err(KernelError::io(&place))?;
        let placed = placed(&messages, &tables, layout.detection);
        let numbering = Numbering { row: &|row| row, recipient: &|recipient| recipient };
        write_folder(&MESSAGES, &self.work.join("messages"), placed.len(), &["row", "sent_at"], &|range| {
            message_columns(&messages, placed.get(range).unwrap_or_default(), numbering)
        })?;
        let contents = outbound_contents(&messages, &mining::sizes(&messages));
        write_folder(&CONTENTS, &self.work.join("contents"), contents.len(), &["content"], &|range| {
            let some: &[OutboundContent] = contents.get(range).unwrap_or_default();
            content_columns(&messages, some)
        })?;
        Ok(messages.columns.len() as u64)
    }

    /// The activity of the messages that [`Self::ingested`] gave, from what kernels found in them.
    ///
    /// # Errors
    /// When something of it is damaged, missing, or of other messages.
    pub fn activity(
        &self,
        messages: &Messages,
        (detection, detectors): (&crate::detect::Settings, Option<&str>),
    ) -> Result<Activity, KernelError> {
        let place = self.work.join(TABLES);
        let tables = Tables::read(&place)?;
        tables.must_equal(&Tables::of(messages, detectors, tables.slice_rows()), &place)?;
        activity(messages, detection, &tables, self.work)
    }
}

/// Where each message is worked on: those of sliced subjects in their slice, and before every slice whose windows, and the
/// service windows of the messages in these, reach back to them.
fn placed(messages: &Messages, tables: &Tables, settings: &crate::detect::Settings) -> Vec<Placed> {
    let subject_of = subjects(messages);
    let longer = settings.reply.milliseconds.saturating_add(settings.reply.milliseconds / 10);
    let reach = slices::overlap_ms(settings).saturating_add(longer);
    let mut of_subject: BTreeMap<u32, Vec<Slice>> = BTreeMap::new();
    tables.slices().iter().for_each(|slice| of_subject.entry(slice.subject).or_default().push(*slice));
    let mut placed = Vec::with_capacity(messages.columns.len());
    for (row, (account, at)) in (0_u32..).zip(messages.columns.account.iter().zip(&messages.columns.sent_at)) {
        let subject = subject_of.get(*account as usize).copied().unwrap_or(*account);
        let Some(slices) = of_subject.get(&subject) else {
            placed.push(Placed { row, subject, slice: UNSLICED, before: false });
            continue;
        };
        let given = |slice: &&Slice| slice.last >= *at && slice.first.saturating_sub(reach) <= *at;
        placed.extend(slices.iter().filter(given).map(|slice| Placed {
            row,
            subject,
            slice: slice.slice,
            before: *at < slice.first,
        }));
    }
    placed
}

/// Name of the tables in a work folder.
pub const TABLES: &str = "tables.json";

/// Writes rows as Parquet files of one size, which take the place of those of before.
fn write_folder(
    stream: &'static Stream,
    folder: &Path,
    rows: usize,
    close: &[&str],
    columns: &dyn Fn(std::ops::Range<usize>) -> Vec<ArrayRef>,
) -> Result<(), KernelError> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(KernelError::io(folder))?;
    }
    std::fs::create_dir_all(folder).map_err(KernelError::io(folder))?;
    let values = Values { close, unlike: &["key", "fingerprint", "text"] };
    let files = rows.div_ceil(FILE_ROWS).max(1);
    for file in 0..files {
        let path = folder.join(format!("part-{file:05}.parquet"));
        let start = file * FILE_ROWS;
        let count = rows.saturating_sub(start).min(FILE_ROWS);
        let out = File::create(&path).map_err(KernelError::io(&path))?;
        write_parquet(BufWriter::new(out), count, values, &mut |range| {
            let batch = RecordBatch::try_new(stream.arrow(), columns(start + range.start..start + range.end));
            Ok(batch?)
        })
        .map_err(|error| KernelError::Parquet { place: path.display().to_string(), reason: error.to_string() })?;
    }
    Ok(())
}
