//! Reads and writes streams of Arrow record batches, and folders of Parquet files that hold the same.
//! Columns are found by name and checked against the schema; a missing or other one is an error that names it.
//! What rows mean is not known here.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray, builder,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::DataType;

use super::KernelError;
use super::schema::Stream;
use crate::message::read_parquet;

/// Rows that are read or written at a time.
pub const PIECE: usize = 1 << 16;

/// The batches of a stream, each checked as it comes.
///
/// # Errors
/// When the stream is damaged, or a column is missing or of another kind.
pub fn read(
    stream: &'static Stream,
    input: impl Read,
) -> Result<impl Iterator<Item = Result<RecordBatch, KernelError>>, KernelError> {
    let reader = StreamReader::try_new(BufReader::with_capacity(1 << 20, input), None)?;
    Ok(reader.map(move |batch| {
        let batch = batch?;
        check(stream, &batch)?;
        Ok(batch)
    }))
}

/// All batches of the Parquet files in a folder, in order of the files' names, checked.
///
/// # Errors
/// When a file is damaged, or a column is missing or of another kind.
pub fn read_folder(stream: &'static Stream, folder: &Path) -> Result<Vec<RecordBatch>, KernelError> {
    let mut batches = Vec::new();
    for path in parquet_files(folder)? {
        let file = File::open(&path).map_err(KernelError::io(&path))?;
        let mut checked = Ok(());
        let read = read_parquet(file, &mut |batch| {
            if checked.is_ok() {
                checked = check(stream, &batch);
                batches.push(batch);
            }
            Ok(())
        });
        let place = || path.display().to_string();
        read.map_err(|error| KernelError::Parquet { place: place(), reason: error.to_string() })?;
        checked?;
    }
    Ok(batches)
}

/// The Parquet files of a folder by name; what engines put beside them is passed over.
fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, KernelError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(KernelError::io(folder))? {
        let path = entry.map_err(KernelError::io(folder))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if !hidden && path.extension().is_some_and(|ending| ending == "parquet") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn check(stream: &'static Stream, batch: &RecordBatch) -> Result<(), KernelError> {
    for field in stream.fields() {
        let wrong = || KernelError::Column { stream: stream.name, column: field.name, kind: field.kind.as_str() };
        let column = batch.column_by_name(field.name).ok_or_else(wrong)?;
        let same = match (column.data_type(), field.kind.arrow()) {
            // Engines name the elements of lists as they like.
            (DataType::List(found), DataType::List(wanted)) => found.data_type() == wanted.data_type(),
            (found, wanted) => *found == wanted,
        };
        if !same {
            return Err(wrong());
        }
        if !field.nullable && column.null_count() > 0 {
            return Err(stream.wrong(field.name, "a value is missing"));
        }
    }
    Ok(())
}

/// The columns of a checked batch.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'b> {
    stream: &'static Stream,
    batch: &'b RecordBatch,
}

impl<'b> Taken<'b> {
    /// Those of a batch of a stream.
    #[must_use]
    pub const fn new(stream: &'static Stream, batch: &'b RecordBatch) -> Self {
        Self { stream, batch }
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is such a column.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.batch.column_by_name(name).is_some()
    }

    fn column(&self, name: &'static str) -> Result<&'b ArrayRef, KernelError> {
        self.batch.column_by_name(name).ok_or_else(|| self.wrong(name))
    }

    fn wrong(&self, column: &'static str) -> KernelError {
        KernelError::Column { stream: self.stream.name, column, kind: "column of the kind that is told" }
    }

    /// A column of numbers.
    ///
    /// # Errors
    /// When it is none.
    pub fn numbers<Of: ArrowPrimitiveType>(&self, name: &'static str) -> Result<&'b PrimitiveArray<Of>, KernelError> {
        self.column(name)?.as_primitive_opt::<Of>().ok_or_else(|| self.wrong(name))
    }

    /// A column of numbers that must fit into another kind of number.
    ///
    /// # Errors
    /// When it is none, or one does not fit.
    pub fn fitting<Of: ArrowPrimitiveType, To: TryFrom<Of::Native>>(
        &self,
        name: &'static str,
    ) -> Result<Vec<To>, KernelError> {
        let fit =
            |value: Of::Native| To::try_from(value).map_err(|_| self.stream.wrong(name, "a number is out of bounds"));
        self.numbers::<Of>(name)?.values().iter().map(|value| fit(*value)).collect()
    }

    /// A column of words of the message, which stand as numbers.
    ///
    /// # Errors
    /// When it is none, or one stands for no word.
    pub fn words<Word: Copy>(&self, name: &'static str, all: &[Word]) -> Result<Vec<Word>, KernelError> {
        let word = |code: &i8| usize::try_from(*code).ok().and_then(|code| all.get(code)).copied();
        let unknown = || self.stream.wrong(name, "a number stands for no word");
        let codes = self.numbers::<arrow_array::types::Int8Type>(name)?;
        codes.values().iter().map(|code| word(code).ok_or_else(unknown)).collect()
    }

    /// A column of yes and no.
    ///
    /// # Errors
    /// When it is none.
    pub fn truths(&self, name: &'static str) -> Result<&'b BooleanArray, KernelError> {
        self.column(name)?.as_boolean_opt().ok_or_else(|| self.wrong(name))
    }

    /// A column of texts.
    ///
    /// # Errors
    /// When it is none.
    pub fn texts(&self, name: &'static str) -> Result<&'b StringArray, KernelError> {
        self.column(name)?.as_string_opt::<i32>().ok_or_else(|| self.wrong(name))
    }

    /// A column of bytes.
    ///
    /// # Errors
    /// When it is none.
    pub fn bytes(&self, name: &'static str) -> Result<&'b BinaryArray, KernelError> {
        self.column(name)?.as_binary_opt::<i32>().ok_or_else(|| self.wrong(name))
    }

    /// A column of hashes of 128 bits; 0 where there is none.
    ///
    /// # Errors
    /// When it is none.
    pub fn hashes(&self, name: &'static str) -> Result<Vec<u128>, KernelError> {
        let hash = |bytes: Option<&[u8]>| {
            // Where rows of several kinds stand in one stream, some have none.
            let Some(bytes) = bytes else { return Ok(0) };
            let bytes: Option<[u8; 16]> = bytes.try_into().ok();
            bytes.map(u128::from_be_bytes).ok_or_else(|| self.stream.wrong(name, "a hash has not 16 bytes"))
        };
        self.bytes(name)?.iter().map(hash).collect()
    }

    fn list(&self, name: &'static str, row: usize) -> Result<ArrayRef, KernelError> {
        let lists: &ListArray = self.column(name)?.as_list_opt::<i32>().ok_or_else(|| self.wrong(name))?;
        Ok(if lists.is_null(row) { lists.values().slice(0, 0) } else { lists.value(row) })
    }

    /// The numbers of a list, those that are missing as `None`.
    ///
    /// # Errors
    /// When it is no list of numbers.
    pub fn list_of_numbers<Of: ArrowPrimitiveType>(
        &self,
        name: &'static str,
        row: usize,
    ) -> Result<Vec<Option<Of::Native>>, KernelError> {
        let list = self.list(name, row)?;
        Ok(list.as_primitive_opt::<Of>().ok_or_else(|| self.wrong(name))?.iter().collect())
    }

    /// The texts of a list.
    ///
    /// # Errors
    /// When it is no list of texts.
    pub fn list_of_texts(&self, name: &'static str, row: usize) -> Result<Vec<String>, KernelError> {
        let list = self.list(name, row)?;
        let texts = list.as_string_opt::<i32>().ok_or_else(|| self.wrong(name))?;
        Ok(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
    }
}

/// A stream that is being written.
pub struct Out<W: Write> {
    stream: &'static Stream,
    writer: StreamWriter<BufWriter<W>>,
}

impl<W: Write> Out<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(stream: &'static Stream, out: W) -> Result<Self, KernelError> {
        Ok(Self { stream, writer: StreamWriter::try_new_buffered(out, &stream.arrow())? })
    }

    /// Writes rows, column by column in the order of the schema.
    ///
    /// # Errors
    /// When they cannot be written, or are not those of the schema.
    pub fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), KernelError> {
        self.writer.write(&RecordBatch::try_new(self.stream.arrow(), columns)?)?;
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> Result<(), KernelError> {
        self.writer.finish()?;
        Ok(self.writer.flush()?)
    }
}

/// Hashes of 128 bits, the highest byte first.
#[must_use]
pub fn hashes(values: impl Iterator<Item = u128>) -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(values.map(u128::to_be_bytes)))
}

/// Lists of whole numbers.
#[must_use]
pub fn lists(values: impl Iterator<Item = Vec<i64>>) -> ArrayRef {
    let mut lists =
        builder::ListBuilder::new(PrimitiveArray::<Int64Type>::builder(0)).with_field(element(DataType::Int64));
    for list in values {
        lists.values().append_slice(&list);
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// Lists of numbers of which some may be missing.
#[must_use]
pub fn lists_of_fractions(values: impl Iterator<Item = Vec<Option<f64>>>) -> ArrayRef {
    let mut lists =
        builder::ListBuilder::new(PrimitiveArray::<Float64Type>::builder(0)).with_field(element(DataType::Float64));
    for list in values {
        list.into_iter().for_each(|value| lists.values().append_option(value));
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// Lists of texts.
#[must_use]
pub fn lists_of_texts(values: impl Iterator<Item = Vec<String>>) -> ArrayRef {
    let mut lists = builder::ListBuilder::new(builder::StringBuilder::new()).with_field(element(DataType::Utf8));
    for list in values {
        list.iter().for_each(|text| lists.values().append_value(text));
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn element(kind: DataType) -> arrow_schema::Field {
    arrow_schema::Field::new("element", kind, true)
}
