//! How this program writes Parquet, one form for `messages.parquet` and for the parts of a ledger, and reads what it carries.
//! Written by one thread, in pieces of one size, so that the same rows give the same bytes.
//! Which columns there are, their own modules say.

use std::io::Write;
use std::ops::Range;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnPath;

/// Rows that are held as a batch at a time.
const PIECE: usize = 1 << 16;
/// Rows of one row group.
const GROUP: usize = 1 << 20;
/// The level of Zstandard.
const LEVEL: i32 = 3;

/// What is known of the values of some columns; the values of all others recur.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Whole numbers that lie close to those of the row before: their differences are written.
    pub close: &'a [&'a str],
    /// Values of which hardly two are equal: they are written as they are.
    pub unlike: &'a [&'a str],
}

/// Reads Parquet that this program or an engine wrote, a batch at a time.
///
/// # Errors
/// When it is damaged, or a batch is not what `see` wants.
pub fn read_parquet(
    input: impl ChunkReader + 'static,
    see: &mut dyn FnMut(RecordBatch) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    let read = || -> Result<(), ParquetError> {
        // What a writer noted of its own types says nothing of ours: Parquet of any writer is read by what it states.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(input, options)?;
        for batch in reader.with_batch_size(PIECE).build()? {
            see(batch?)?;
        }
        Ok(())
    };
    // A file that brings the reader down is damaged, and no reason to end without a word.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    read.unwrap_or_else(|_| Err(ParquetError::General("it cannot be read as Parquet".to_owned())))
}

/// Writes `rows` rows, each stretch of which `batch` makes.
///
/// # Errors
/// When a batch cannot be made, or not be written.
pub fn write_parquet(
    out: impl Write + Send,
    rows: usize,
    values: Values<'_>,
    batch: &mut dyn FnMut(Range<usize>) -> Result<RecordBatch, ParquetError>,
) -> Result<(), ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_max_row_group_row_count(Some(GROUP))
        .set_data_page_row_count_limit(PIECE)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in values.close {
        let column = ColumnPath::from(*name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    for name in values.unlike {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    let first = batch(0..rows.min(PIECE))?;
    let mut writer = ArrowWriter::try_new(out, first.schema(), Some(properties.build()))?;
    writer.write(&first)?;
    drop(first);
    let mut start = PIECE;
    while start < rows {
        writer.write(&batch(start..rows.min(start + PIECE))?)?;
        start += PIECE;
    }
    writer.close()?;
    Ok(())
}
