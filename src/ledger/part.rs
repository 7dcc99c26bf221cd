//! Messages of one month as Parquet: rows of one or more sources, and what later records tell of them.
//! Each row knows its source, and its number in it, so that the order of records comes back from any number of parts.
//! Which rows belong to a month is decided in `homes`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::errors::ParquetError;

use super::LedgerError;
use crate::ingest::echo::Echo;
use crate::ingest::whole::Whole;
use crate::message::{
    Automation, Category, Columns, Direction, Form, Platform, Route, Status, Texts, Values, ZoneBasis, read_parquet,
    write_parquet,
};

/// Places and times grow with the rows of a source; keys are hashes.
const VALUES: Values<'static> = Values {
    close: &["source", "number", "sent_at", "record", "line", "offset", "length"],
    unlike: &["key_high", "key_low", "message_id"],
};

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
    /// When they cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LedgerError> {
        let mut bytes = Vec::new();
        let written = write_parquet(&mut bytes, self.len(), VALUES, &mut |range| self.batch(&range));
        let unwritable =
            |error: ParquetError| LedgerError::Unwritable { what: "a part of the messages", reason: error.to_string() };
        written.map_err(unwritable)?;
        Ok(bytes)
    }

    /// Reads a Parquet file back.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn from_bytes(bytes: Vec<u8>, file: &str) -> Result<Self, LedgerError> {
        let mut part = Self::default();
        let read = read_parquet(Bytes::from(bytes), &mut |batch| part.add_batch(&batch));
        read.map_err(|error| LedgerError::Damaged { file: file.to_owned(), reason: error.to_string() })?;
        Ok(part)
    }

    fn batch(&self, range: &Range<usize>) -> Result<RecordBatch, ParquetError> {
        let columns = &self.columns;
        fn numbers<Of: ArrowPrimitiveType>(values: &[Of::Native], range: &Range<usize>) -> ArrayRef {
            let values = values.get(range.clone()).unwrap_or_default();
            Arc::new(PrimitiveArray::<Of>::from_iter_values(values.iter().copied()))
        }
        let wide = |values: &[u32]| numbers::<UInt32Type>(values, range);
        let byte = |values: &[u8]| numbers::<UInt8Type>(values, range);
        let keys = |half: fn(u128) -> u64| -> ArrayRef {
            let keys = columns.key.get(range.clone()).unwrap_or_default();
            Arc::new(PrimitiveArray::<UInt64Type>::from_iter_values(keys.iter().map(|key| half(*key))))
        };
        let ids = StringArray::from_iter_values(range.clone().map(|row| columns.message_id.get(row)));
        let mut all = vec![
            ("source", wide(&columns.file)),
            ("number", wide(&self.number)),
            ("echo", byte(&self.echo)),
            ("sent_at", numbers::<Int64Type>(&columns.sent_at, range)),
            ("account", wide(&columns.account)),
            ("recipient", wide(&columns.recipient)),
            ("content", wide(&columns.content)),
            ("values", wide(&columns.values)),
            ("audience", wide(&columns.audience)),
            ("forward_score", byte(&columns.forward_score)),
            ("key_high", keys(|key| (key >> 64) as u64)),
            ("key_low", keys(|key| key as u64)),
            ("record", wide(&columns.record)),
            ("line", wide(&columns.line)),
            ("offset", numbers::<UInt64Type>(&columns.offset, range)),
            ("length", wide(&columns.length)),
            ("message_id", Arc::new(ids)),
        ];
        macro_rules! words {
            ($($name:ident),+) => {$(
                let codes = columns.$name.get(range.clone()).unwrap_or_default().iter().map(|word| *word as u8);
                all.push((stringify!($name), Arc::new(PrimitiveArray::<UInt8Type>::from_iter_values(codes))));
            )+};
        }
        words!(platform, route, direction, zone, status, category, automation, form);
        Ok(RecordBatch::try_from_iter(all)?)
    }

    /// Adds the rows of a batch, by the names of its columns.
    fn add_batch(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        fn column<'b, Of: ArrowPrimitiveType>(
            batch: &'b RecordBatch,
            name: &str,
        ) -> Result<&'b [Of::Native], ParquetError> {
            let array = batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<Of>());
            let whole = array.filter(|array| array.null_count() == 0);
            whole.map(|array| &**array.values()).ok_or_else(|| amiss(name))
        }
        fn wide<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b [u32], ParquetError> {
            column::<UInt32Type>(batch, name)
        }
        let columns = &mut self.columns;
        macro_rules! numbers {
            ($kind:ty: $($name:ident),+) => {
                $(columns.$name.extend_from_slice(column::<$kind>(batch, stringify!($name))?);)+
            };
        }
        macro_rules! words {
            ($($name:ident: $kind:ident),+) => {$(
                let codes = column::<UInt8Type>(batch, stringify!($name))?;
                columns.$name.extend(codes.iter().map(|code| $kind::ALL.get(usize::from(*code)).copied().unwrap_or_default()));
            )+};
        }
        numbers!(Int64Type: sent_at);
        numbers!(UInt32Type: account, recipient, content, values, audience, record, line, length);
        numbers!(UInt64Type: offset);
        numbers!(UInt8Type: forward_score);
        words!(platform: Platform, route: Route, direction: Direction, zone: ZoneBasis, status: Status);
        words!(category: Category, automation: Automation, form: Form);
        columns.file.extend_from_slice(wide(batch, "source")?);
        let low = column::<UInt64Type>(batch, "key_low")?;
        let keys = column::<UInt64Type>(batch, "key_high")?.iter().zip(low);
        columns.key.extend(keys.map(|(high, low)| (u128::from(*high) << 64) | u128::from(*low)));
        let ids = batch.column_by_name("message_id").and_then(|array| array.as_string_opt::<i32>());
        for id in ids.ok_or_else(|| amiss("message_id"))? {
            columns.message_id.push(id.unwrap_or_default());
        }
        self.number.extend_from_slice(wide(batch, "number")?);
        self.echo.extend_from_slice(column::<UInt8Type>(batch, "echo")?);
        Ok(())
    }
}

fn amiss(column: &str) -> ParquetError {
    ParquetError::General(format!("the column `{column}` is missing or of another kind"))
}

/// The words of the columns that are kept as bytes: a ledger is read only by a program that has the same.
#[must_use]
pub fn vocabulary() -> String {
    macro_rules! all {
        ($($name:ident),+) => { [$(($name::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(","))),+].join(";") };
    }
    all!(Platform, Route, Direction, ZoneBasis, Status, Category, Automation, Form)
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

    /// Written from five records of fiction when texts were kept as views, and every column could hold nothing.
    #[test]
    fn a_part_of_another_writer_is_read() {
        let bytes = include_bytes!("../../tests/data/ledger/part_of_view_strings.parquet").to_vec();
        let part = PartRows::from_bytes(bytes.clone(), "x").expect("the part");
        let columns = part.columns();
        assert_eq!((&part.number[..], &part.echo[..]), (&[0, 1, 2, 3, 0][..], &[0, 0, 0, 0, 1][..]));
        assert_eq!(columns.message_id.iter().collect::<Vec<_>>(), ["X-10", "X-11", "X-12", "X-back", ""]);
        assert_eq!((columns.sent_at[3], columns.line[3], columns.offset[3]), (1_714_561_200_000, 6, 415));
        assert_eq!(columns.key[0], 0xb722_9863_19fc_3960_b8ed_88ee_52e8_b5db);
        assert_eq!((columns.status[0], columns.status[4]), (Status::Read, Status::ALL[3]));
        let written = part.to_bytes().expect("Parquet");
        let again = PartRows::from_bytes(written.clone(), "x").expect("the part");
        assert_eq!(format!("{again:?}"), format!("{part:?}"));
        assert_eq!(again.to_bytes().expect("Parquet"), written);
        for cut in [8, bytes.len() / 2, bytes.len() - 9] {
            assert!(PartRows::from_bytes(bytes[..cut].to_vec(), "x").is_err());
        }
        let mut spoilt = 0;
        for at in (4..bytes.len()).step_by(97) {
            let mut changed = bytes.clone();
            changed[at] ^= 0xFF;
            spoilt += usize::from(PartRows::from_bytes(changed, "x").is_err());
        }
        assert!(spoilt > 0);
    }
}
