//! The kernel over all contents: which texts are one. Its bands can be shared out; what they give is joined once.
//! Templates are made anew by whoever works on a band: that is cheap beside comparing them.
//! What texts have in common is settled in `detect::mining`.

use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, BooleanArray, PrimitiveArray};

use super::came::{Came, Numbered};
use super::schema::{ASSIGNED, EDGES, TEXTS};
use super::stream::{Out, PIECE, Taken, read};
use super::{KernelError, Tables};
use crate::detect::mining::{ALONE, BANDS, Joint, Similarity, Templated};
use crate::detect::search;

/// What a stream of texts holds.
#[derive(Debug, Default)]
struct Texts {
    numbered: Numbered,
    /// Bands to be worked on.
    bands: Vec<u64>,
    joints: Vec<Joint>,
}

impl Texts {
    fn read(input: impl Read) -> Result<Self, KernelError> {
        let mut texts = Self::default();
        let mut came = Came::default();
        let mut wanted = vec![false; BANDS as usize];
        for batch in read(&TEXTS, input)? {
            let batch = batch?;
            let taken = Taken::new(&TEXTS, &batch);
            let number = taken.numbers::<Int64Type>("content")?;
            came.add(taken, &|row| number.is_valid(row))?;
            texts.add_joints(taken)?;
            want_bands(taken, &mut wanted)?;
        }
        texts.bands = (0..BANDS).zip(wanted).filter(|(_, wanted)| *wanted).map(|(band, _)| band).collect();
        texts.numbered = came.numbered();
        Ok(texts)
    }

    fn add_joints(&mut self, taken: Taken<'_>) -> Result<(), KernelError> {
        let (left, right) = (taken.fitting::<Int64Type, u32>("left")?, taken.fitting::<Int64Type, u32>("right")?);
        let (valid, tight) = (taken.numbers::<Int64Type>("left")?, taken.truths("tight")?);
        for (row, (left, right)) in left.into_iter().zip(right).enumerate().filter(|(row, _)| valid.is_valid(*row)) {
            let similarity = if tight.value(row) { Similarity::Tight } else { Similarity::Loose };
            self.joints.push((left, right, similarity));
        }
        Ok(())
    }
}

/// Marks the bands that the rows of a batch ask for.
fn want_bands(taken: Taken<'_>, wanted: &mut [bool]) -> Result<(), KernelError> {
    let (first, end) = (taken.numbers::<Int32Type>("first_band")?, taken.numbers::<Int32Type>("end_band")?);
    let mut last = None;
    for row in (0..taken.rows()).filter(|row| first.is_valid(*row) && end.is_valid(*row)) {
        // All rows of a stretch ask for the same.
        let asked = (first.value(row), end.value(row));
        if last.replace(asked) == Some(asked) {
            continue;
        }
        let stretch = usize::try_from(asked.0).ok().zip(usize::try_from(asked.1).ok());
        let stretch = stretch.and_then(|(first, end)| wanted.get_mut(first..end));
        let outside = || TEXTS.wrong("end_band", &format!("there are {BANDS} bands"));
        stretch.ok_or_else(outside)?.fill(true);
    }
    Ok(())
}

/// Which templates the wanted bands find alike: `texts` in, `edges` out.
///
/// # Errors
/// When a stream is not right.
pub fn edges(input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let texts = Texts::read(input)?;
    let templated = Templated::of(&texts.numbered.contents, &texts.numbered.sizes);
    let mut writer = Out::begin(&EDGES, out)?;
    for piece in templated.joints(&texts.bands).chunks(PIECE) {
        let end = |of: fn(&Joint) -> u32| {
            Arc::new(PrimitiveArray::<Int64Type>::from_iter_values(piece.iter().map(|joint| i64::from(of(joint)))))
        };
        let tight: Vec<bool> = piece.iter().map(|joint| joint.2 == Similarity::Tight).collect();
        writer.write(vec![end(|joint| joint.0), end(|joint| joint.1), Arc::new(BooleanArray::from(tight))])?;
    }
    writer.end()
}

/// Which contents are one, by the edges of all bands: `texts` in, `assigned` out. Contents that can be part of nothing
/// are left out.
///
/// # Errors
/// When a stream is not right.
pub fn join(tables: &Tables, input: impl Read, out: impl Write) -> Result<(), KernelError> {
    let Texts { numbered, joints, .. } = Texts::read(input)?;
    let Numbered { contents, numbers, sizes, forwarded, .. } = numbered;
    let least = search::least_reach(&tables.settings()?);
    let mined = Templated::of(&contents, &sizes).joined(&joints, least);
    let mut rows: Vec<[i64; 4]> = Vec::new();
    let families = mined.family.iter().zip(&mined.tight);
    for (local, (family, tight)) in families.enumerate().skip(1) {
        let number = i64::from(numbers.get(local).copied().unwrap_or_default());
        let (_, reached) = sizes.get(local).copied().unwrap_or_default();
        if *family != ALONE {
            rows.push([number, i64::from(*family), i64::from(*tight), i64::from(*family) * 2 + 1]);
        } else if reached >= least.max(1) || forwarded.get(local) == Some(&true) {
            rows.push([number, -1, -1, number * 2]);
        }
    }
    let mut writer = Out::begin(&ASSIGNED, out)?;
    for piece in rows.chunks(PIECE) {
        let column = |at: usize| -> arrow_array::ArrayRef {
            let values = piece.iter().map(|row| row.get(at).copied().unwrap_or_default());
            Arc::new(PrimitiveArray::<Int64Type>::from_iter_values(values))
        };
        writer.write((0..4).map(column).collect())?;
    }
    writer.end()
}
