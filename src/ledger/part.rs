//! Messages of one month as Parquet: rows of one or more sources, and what later records tell of them.
//! Each row knows its source, and its number in it, so that the order of records comes back from any number of parts.
//! Which rows belong to a month is decided in `homes`.

use std::collections::BTreeMap;
use std::io::Cursor;

use polars_core::prelude::{Column, DataFrame, IntoColumn, NamedFrom, PolarsError, Series};
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};

use super::LedgerError;
use crate::ingest::echo::Echo;
use crate::ingest::whole::Whole;
use crate::message::{Automation, Category, Columns, Direction, Form, Platform, Route, Status, Texts, ZoneBasis};

/// Rows and echoes of sources.
#[derive(Clone, Debug, Default)]
pub struct PartRows {
    /// Rows with local indices; `file` is the number of the source. An echo has only what it tells.
    columns: Columns,
    /// Number of the row in its source; of an echo that of the row which it tells more of.
    number: Vec<u32>,
    /// 1 for echoes.
    echo: Vec<u8>,
}

impl PartRows {
    /// How many rows and echoes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.number.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.number.is_empty()
    }

    /// Adds rows of a source, and its echoes with those numbers.
    pub fn add(&mut self, source: u32, whole: &Whole, rows: &[u32], echoes: &[u32]) {
        let mut picked = whole.rows.pick(rows);
        picked.file = vec![source; rows.len()];
        self.columns.append(&picked);
        self.number.extend_from_slice(rows);
        self.echo.extend(std::iter::repeat_n(0, rows.len()));
        let echoes: Vec<Echo> = echoes.iter().filter_map(|echo| whole.echoes.get(*echo as usize)).copied().collect();
        self.columns.append(&as_rows(source, &echoes));
        self.number.extend(echoes.iter().map(|echo| echo.row));
        self.echo.extend(std::iter::repeat_n(1, echoes.len()));
    }

    /// Adds all rows of another part.
    pub fn append(&mut self, other: &Self) {
        self.columns.append(&other.columns);
        self.number.extend_from_slice(&other.number);
        self.echo.extend_from_slice(&other.echo);
    }

    /// Keeps the rows that `keep` says yes to by source and number; echoes go with the rows they tell of.
    pub fn retain(&mut self, keep: &dyn Fn(u32, u32) -> bool) {
        let wanted: Vec<bool> =
            self.columns.file.iter().zip(&self.number).map(|(source, number)| keep(*source, *number)).collect();
        self.columns.retain(&wanted);
        let mut at = wanted.iter();
        self.number.retain(|_| at.next().copied().unwrap_or(true));
        let mut at = wanted.iter();
        self.echo.retain(|_| at.next().copied().unwrap_or(true));
    }

    /// Every row that is no echo: its source, its number there, and where it stands in the columns.
    pub fn rows(&self) -> impl Iterator<Item = (u32, u32, usize)> {
        let all = self.columns.file.iter().zip(&self.number).zip(&self.echo).enumerate();
        all.filter(|(_, (_, echo))| **echo == 0).map(|(at, ((source, number), _))| (*source, *number, at))
    }

    /// The columns, with local indices.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Each source's rows and echoes on their own.
    #[must_use]
    pub fn split(self) -> BTreeMap<u32, Self> {
        let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (row, source) in (0_u32..).zip(&self.columns.file) {
            rows.entry(*source).or_default().push(row);
        }
        if rows.len() <= 1 {
            return rows.into_keys().map(|source| (source, self.clone())).collect();
        }
        let of = |rows: &[u32]| Self {
            columns: self.columns.pick(rows),
            number: rows.iter().filter_map(|row| self.number.get(*row as usize).copied()).collect(),
            echo: rows.iter().filter_map(|row| self.echo.get(*row as usize).copied()).collect(),
        };
        rows.into_iter().map(|(source, rows)| (source, of(&rows))).collect()
    }

    /// Of one source alone: its rows in their order, their numbers, and its echoes with the rows they then belong to.
    #[must_use]
    pub fn in_order(&self) -> (Columns, Vec<u32>, Vec<Echo>) {
        let all = || (0_u32..).zip(self.number.iter().copied().zip(self.echo.iter().copied()));
        let mut rows: Vec<(u32, u32)> =
            all().filter(|(_, (_, echo))| *echo == 0).map(|(at, (number, _))| (number, at)).collect();
        rows.sort_unstable();
        let picked: Vec<u32> = rows.iter().map(|(_, at)| *at).collect();
        let echo = |(at, (number, echo)): (u32, (u32, u8))| {
            let row = rows.binary_search_by_key(&number, |(number, _)| *number).ok().filter(|_| echo != 0)?;
            Some(Echo { row: row as u32, ..Echo::of(&self.columns, at as usize, 0) })
        };
        let echoes = all().filter_map(echo).collect();
        (self.columns.pick(&picked), rows.into_iter().map(|(number, _)| number).collect(), echoes)
    }

    /// The numbers of the sources that have rows here, ascending, with how many.
    #[must_use]
    pub fn sources(&self) -> Vec<(u32, u64)> {
        let mut counts = BTreeMap::new();
        for source in &self.columns.file {
            *counts.entry(*source).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    /// The bytes of the Parquet file.
    ///
    /// # Errors
    /// When Polars cannot write it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LedgerError> {
        let write = || -> Result<Vec<u8>, PolarsError> {
            let mut bytes = Vec::new();
            let writer = ParquetWriter::new(&mut bytes);
            // One thread and one order, so that the same rows give the same bytes.
            let writer = writer.with_compression(ParquetCompression::Zstd(None)).set_parallel(false);
            writer.finish(&mut self.frame()?)?;
            Ok(bytes)
        };
        write().map_err(|error| LedgerError::Unwritable { what: "a part of the messages", reason: error.to_string() })
    }

    /// Reads a Parquet file back.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn from_bytes(bytes: Vec<u8>, file: &str) -> Result<Self, LedgerError> {
        let read = || ParquetReader::new(Cursor::new(bytes)).finish().and_then(|frame| Self::of_frame(&frame));
        // A file that brings the reader down is damaged, and no reason to end without a word.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
        let damaged = |reason: String| LedgerError::Damaged { file: file.to_owned(), reason };
        match read {
            Ok(read) => read.map_err(|error| damaged(error.to_string())),
            Err(_) => Err(damaged("it cannot be read as Parquet".to_owned())),
        }
    }

    fn frame(&self) -> Result<DataFrame, PolarsError> {
        let columns = &self.columns;
        let mut all = vec![
            numbers("source", columns.file.clone()),
            numbers("number", self.number.clone()),
            numbers("echo", self.echo.clone()),
            numbers("sent_at", columns.sent_at.clone()),
            numbers("account", columns.account.clone()),
            numbers("recipient", columns.recipient.clone()),
            numbers("content", columns.content.clone()),
            numbers("values", columns.values.clone()),
            numbers("audience", columns.audience.clone()),
            numbers("forward_score", columns.forward_score.clone()),
            numbers("key_high", columns.key.iter().map(|key| (key >> 64) as u64).collect::<Vec<u64>>()),
            numbers("key_low", columns.key.iter().map(|key| *key as u64).collect::<Vec<u64>>()),
            numbers("record", columns.record.clone()),
            numbers("line", columns.line.clone()),
            numbers("offset", columns.offset.clone()),
            numbers("length", columns.length.clone()),
            numbers("message_id", columns.message_id.iter().collect::<Vec<&str>>()),
        ];
        macro_rules! words {
            ($($name:ident),+) => { $(all.push(numbers(stringify!($name), columns.$name.iter().map(|word| *word as u8).collect::<Vec<u8>>()));)+ };
        }
        words!(platform, route, direction, zone, status, category, automation, form);
        DataFrame::new(self.len(), all)
    }

    fn of_frame(frame: &DataFrame) -> Result<Self, PolarsError> {
        let series = |name: &str| frame.column(name).map(|column| column.as_materialized_series().clone());
        let wide =
            |name: &str| -> Result<Vec<u32>, PolarsError> { Ok(series(name)?.u32()?.iter().flatten().collect()) };
        let long =
            |name: &str| -> Result<Vec<u64>, PolarsError> { Ok(series(name)?.u64()?.iter().flatten().collect()) };
        let byte = |name: &str| -> Result<Vec<u8>, PolarsError> { Ok(series(name)?.u8()?.iter().flatten().collect()) };
        fn words<T: Copy + Default>(codes: &[u8], all: &[T]) -> Vec<T> {
            codes.iter().map(|code| all.get(usize::from(*code)).copied().unwrap_or_default()).collect()
        }
        let mut message_id = Texts::default();
        let ids = series("message_id")?;
        ids.str()?.iter().for_each(|id| {
            message_id.push(id.unwrap_or_default());
        });
        let key = long("key_high")?
            .iter()
            .zip(&long("key_low")?)
            .map(|(high, low)| (u128::from(*high) << 64) | u128::from(*low))
            .collect();
        let columns = Columns {
            sent_at: series("sent_at")?.i64()?.iter().flatten().collect(),
            account: wide("account")?,
            recipient: wide("recipient")?,
            content: wide("content")?,
            values: wide("values")?,
            audience: wide("audience")?,
            platform: words(&byte("platform")?, Platform::ALL),
            route: words(&byte("route")?, Route::ALL),
            direction: words(&byte("direction")?, Direction::ALL),
            zone: words(&byte("zone")?, ZoneBasis::ALL),
            status: words(&byte("status")?, Status::ALL),
            category: words(&byte("category")?, Category::ALL),
            automation: words(&byte("automation")?, Automation::ALL),
            form: words(&byte("form")?, Form::ALL),
            forward_score: byte("forward_score")?,
            key,
            file: wide("source")?,
            record: wide("record")?,
            line: wide("line")?,
            offset: long("offset")?,
            length: wide("length")?,
            message_id,
        };
        Ok(Self { columns, number: wide("number")?, echo: byte("echo")? })
    }
}

/// The words of the columns that are kept as bytes: a ledger is read only by a program that has the same.
#[must_use]
pub fn vocabulary() -> String {
    macro_rules! all {
        ($($name:ident),+) => { [$(($name::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(","))),+].join(";") };
    }
    all!(Platform, Route, Direction, ZoneBasis, Status, Category, Automation, Form)
}

fn numbers<T, Of: ?Sized>(name: &str, values: T) -> Column
where
    Series: NamedFrom<T, Of>,
{
    Series::new(name.into(), values).into_column()
}

fn as_rows(source: u32, echoes: &[Echo]) -> Columns {
    macro_rules! columns {
        ([$($told:ident),+] [$($silent:ident),+]) => {
            Columns {
                $($told: echoes.iter().map(|echo| echo.$told).collect(),)+
                $($silent: vec![Default::default(); echoes.len()],)+
                file: vec![source; echoes.len()],
                message_id: Texts::default(),
            }
        };
    }
    let mut rows = columns!(
        [sent_at, content, values, audience, platform, route, zone, status, category, automation, form, forward_score, record]
        [account, recipient, direction, key, line, offset, length]
    );
    echoes.iter().for_each(|_| {
        rows.message_id.push("");
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_echoes_come_back_in_the_order_of_records() {
        let mut whole = Whole::empty();
        for row in 0..4_u32 {
            let one = Columns {
                sent_at: vec![i64::from(row) * 10],
                key: vec![u128::from(row) << 70 | 1],
                record: vec![row + 1],
                status: vec![Status::Sent],
                ..as_rows(0, &[Echo::default()])
            };
            whole.rows.append(&one);
        }
        whole.echoes = vec![
            Echo { row: 3, record: 9, status: Status::Read, ..Echo::default() },
            Echo { row: 1, record: 10, status: Status::Failed, ..Echo::default() },
        ];
        let (mut one, mut other) = (PartRows::default(), PartRows::default());
        other.add(7, &whole, &[1, 2], &[1]);
        one.add(7, &whole, &[0, 3], &[0]);
        let mut both = PartRows::default();
        for part in [other, one] {
            let bytes = part.to_bytes().expect("Parquet");
            both.append(&PartRows::from_bytes(bytes, "x").expect("the part"));
        }
        assert_eq!(both.sources(), [(7, 6)]);
        let parts = both.split();
        let (rows, numbers, echoes) = parts[&7].in_order();
        assert_eq!((rows.sent_at, rows.record), (vec![0, 10, 20, 30], vec![1, 2, 3, 4]));
        assert_eq!(rows.key, whole.rows.key);
        assert_eq!(numbers, [0, 1, 2, 3]);
        let told: Vec<_> = echoes.iter().map(|echo| (echo.row, echo.record, echo.status)).collect();
        assert_eq!(told, [(1, 10, Status::Failed), (3, 9, Status::Read)]);
        assert!(PartRows::from_bytes(b"PAR1 is not enough".to_vec(), "x").is_err());
    }
}
