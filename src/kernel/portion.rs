//! The rows of a stream as messages on their own, with the way back to the numbers that all messages have.
//! Rows stand in the order of all messages, whatever order they came in; accounts and files keep their numbers.
//! What is found in them is the kernels' business.

use std::collections::BTreeMap;
use std::io::Read;

use arrow_array::Array;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};

use super::came::{Came, Numbered};
use super::rows::Placed;
use super::schema::{GROUPED, MARKED, MESSAGES, Stream};
use super::stream::{Taken, read};
use super::tables::{UNSLICED, WHOLE_LIFE};
use super::{KernelError, Tables};
use crate::detect::Settings;
use crate::detect::of_accounts::Seen;
use crate::message::{Category, Columns, Direction, Messages, Platform, ZoneBasis};

/// Messages of a stream, and what came with them.
#[derive(Debug, Default)]
pub struct Portion {
    /// The messages, numbered from 0.
    pub messages: Messages,
    /// Number of each row among all messages.
    pub rows: Vec<u32>,
    /// Where each row is worked on.
    pub placed: Vec<Placed>,
    /// Number of each recipient among all.
    pub recipients: Vec<u32>,
    /// Number of each content among all.
    pub contents: Vec<u32>,
    /// For each row, whether it was initiated.
    pub initiated: Vec<bool>,
    /// The same under a longer service window.
    pub initiated_longer: Vec<bool>,
    /// Family of each content, as it came, or -1.
    pub families: Vec<(i64, i64)>,
}

/// Rows as they come, before they are put in order.
#[derive(Debug, Default)]
struct Raw {
    columns: Columns,
    /// Number of each row, and where it is worked on.
    placed: Vec<Placed>,
    reach: Vec<u32>,
    initiated: Vec<bool>,
    initiated_longer: Vec<bool>,
}

impl Portion {
    /// Messages, folded: each share of them, that is each slice of a subject, and all that are not sliced. Their contents
    /// stay numbers.
    ///
    /// # Errors
    /// When the stream is not right.
    pub fn of_messages(tables: &Tables, input: impl Read) -> Result<Vec<Self>, KernelError> {
        Raw::read(&MESSAGES, input, &mut |_| Ok(()))?.shares(tables, &MESSAGES)
    }

    /// The same of messages of which replies are known.
    ///
    /// # Errors
    /// When the stream is not right.
    pub fn of_marked(tables: &Tables, input: impl Read) -> Result<Vec<Self>, KernelError> {
        Raw::read(&MARKED, input, &mut |_| Ok(()))?.shares(tables, &MARKED)
    }

    /// Messages of which replies are known, with their contents, all in one.
    ///
    /// # Errors
    /// When the stream is not right, or contents are missing.
    pub fn of_grouped(tables: &Tables, input: impl Read) -> Result<Self, KernelError> {
        let mut contents = Came::default();
        let raw = Raw::read(&GROUPED, input, &mut |taken| {
            let row = taken.numbers::<Int64Type>("row")?;
            contents.add(taken, &|at| row.is_null(at))
        })?;
        let mut portion = raw.in_order(tables, &GROUPED, (0..raw.placed.len() as u32).collect())?;
        portion.take_contents(contents)?;
        Ok(portion)
    }

    /// The portion as detection sees it.
    #[must_use]
    pub fn seen<'a>(&'a self, settings: &'a Settings, born: &'a [(Option<i64>, Option<i64>)]) -> Seen<'a> {
        let (initiated, initiated_longer) = (self.initiated.as_slice(), Some(self.initiated_longer.as_slice()));
        Seen { messages: &self.messages, settings, initiated, initiated_longer, born }
    }

    /// The slice that all rows are of.
    #[must_use]
    pub fn slice(&self) -> i32 {
        self.placed.first().map_or(UNSLICED, |placed| placed.slice)
    }

    /// Takes the contents of the messages.
    fn take_contents(&mut self, came: Came) -> Result<(), KernelError> {
        let Numbered { contents, numbers, families, .. } = came.numbered();
        for content in &mut self.messages.columns.content {
            let local = numbers.binary_search(content);
            let local = local.map_err(|_| GROUPED.wrong("content", "a message came without its content"))?;
            *content = local as u32;
        }
        (self.messages.contents, self.contents, self.families) = (contents, numbers, families);
        Ok(())
    }
}

impl Raw {
    /// The messages of a stream; `beside` sees every batch for what else stands in it.
    fn read(
        stream: &'static Stream,
        input: impl Read,
        beside: &mut dyn FnMut(Taken<'_>) -> Result<(), KernelError>,
    ) -> Result<Self, KernelError> {
        let mut raw = Self::default();
        for batch in read(stream, input)? {
            let batch = batch?;
            let taken = Taken::new(stream, &batch);
            beside(taken)?;
            raw.add(taken)?;
        }
        Ok(raw)
    }

    /// Each slice of a subject, and all that are not sliced.
    fn shares(&self, tables: &Tables, stream: &'static Stream) -> Result<Vec<Portion>, KernelError> {
        let mut shares: BTreeMap<(i32, u32), Vec<u32>> = BTreeMap::new();
        for (at, placed) in (0_u32..).zip(&self.placed) {
            // Subjects that are not sliced see each other's rows and mind their own.
            let subject = if placed.slice > WHOLE_LIFE { placed.subject } else { 0 };
            shares.entry((placed.slice, subject)).or_default().push(at);
        }
        shares.into_values().map(|share| self.in_order(tables, stream, share)).collect()
    }

    /// Adds the messages of a batch; rows that are none have no number.
    fn add(&mut self, taken: Taken<'_>) -> Result<(), KernelError> {
        let number = taken.numbers::<Int64Type>("row")?;
        let keep: Vec<bool> = (0..number.len()).map(|at| number.is_valid(at)).collect();
        let mut columns = Columns {
            sent_at: taken.numbers::<Int64Type>("sent_at")?.values().to_vec(),
            account: taken.fitting::<Int32Type, u32>("account")?,
            recipient: taken.fitting::<Int64Type, u32>("recipient")?,
            content: taken.fitting::<Int64Type, u32>("content")?,
            values: taken.fitting::<Int64Type, u32>("values")?,
            audience: taken.fitting::<Int64Type, u32>("audience")?,
            platform: taken.words("platform", Platform::ALL)?,
            direction: taken.words("direction", Direction::ALL)?,
            zone: taken.words("zone", ZoneBasis::ALL)?,
            category: taken.words("category", Category::ALL)?,
            forward_score: taken.fitting::<Int16Type, u8>("forward_score")?,
            key: taken.hashes("key")?,
            file: taken.fitting::<Int32Type, u32>("file")?,
            ..Columns::default()
        };
        columns.retain(&keep);
        self.columns.append(&columns);
        fn kept<T: Copy>(values: Vec<T>, keep: &[bool]) -> impl Iterator<Item = T> {
            values.into_iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| value)
        }
        let (row, subject) = (taken.fitting::<Int64Type, u32>("row")?, taken.fitting::<Int32Type, u32>("subject")?);
        let (slice, before) = (taken.numbers::<Int32Type>("slice")?.values(), taken.truths("before")?.values());
        let placed = row.into_iter().zip(subject).zip(slice.iter().zip(before));
        let placed = placed.map(|((row, subject), (slice, before))| Placed { row, subject, slice: *slice, before });
        self.placed.extend(kept(placed.collect(), &keep));
        self.reach.extend(kept(taken.fitting::<Int64Type, u32>("reach")?, &keep));
        if taken.has("initiated") {
            let truths = |name| Ok::<_, KernelError>(taken.truths(name)?.values().iter().collect::<Vec<bool>>());
            self.initiated.extend(kept(truths("initiated")?, &keep));
            self.initiated_longer.extend(kept(truths("initiated_longer")?, &keep));
        }
        Ok(())
    }

    /// Some of the rows, in the order of all messages.
    fn in_order(&self, tables: &Tables, stream: &'static Stream, mut order: Vec<u32>) -> Result<Portion, KernelError> {
        order.sort_unstable_by_key(|at| self.placed.get(*at as usize).map(|placed| placed.row));
        fn at<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
            order.iter().filter_map(|at| values.get(*at as usize)).copied().collect()
        }
        let mut placed = at(&self.placed, &order);
        let rows: Vec<u32> = placed.iter().map(|placed| placed.row).collect();
        (0_u32..).zip(&mut placed).for_each(|(local, placed)| placed.row = local);
        if rows.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(stream.wrong("row", "a message came twice"));
        }
        let mut messages = tables.empty();
        messages.columns = self.columns.pick(&order);
        if messages.columns.account.iter().any(|account| *account as usize >= messages.accounts.len()) {
            return Err(stream.wrong("account", "the tables know no such account"));
        }
        let mut recipients = messages.columns.recipient.clone();
        recipients.sort_unstable();
        recipients.dedup();
        messages.recipients.audience = vec![1; recipients.len()];
        let reach = at(&self.reach, &order);
        for (recipient, reach) in messages.columns.recipient.iter_mut().zip(reach) {
            let local = recipients.binary_search(recipient).unwrap_or_default();
            *recipient = local as u32;
            if let Some(slot) = messages.recipients.audience.get_mut(local) {
                *slot = reach;
            }
        }
        Ok(Portion {
            placed,
            initiated: at(&self.initiated, &order),
            initiated_longer: at(&self.initiated_longer, &order),
            messages,
            rows,
            recipients,
            ..Portion::default()
        })
    }
}
