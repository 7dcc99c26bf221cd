//! What compressed columns of Arrow say they unpack to: spent before the reader believes it and asks for the memory.
//! Walks the messages of a file or a stream; columns themselves are not read here.

use arrow_ipc::{Block, MessageHeader, RecordBatch, root_as_footer, root_as_message};

use crate::ingest::containers::budget::Budget;

/// Stands before the length of a message.
const CONTINUATION: [u8; 4] = [0xFF; 4];
/// Length of the footer, and the signature.
const TRAILER: usize = 10;

/// Spends what a stream states.
///
/// # Errors
/// When it is too much, or when messages are damaged, in words for people.
pub fn spend_stream(bytes: &[u8], budget: &Budget) -> Result<(), String> {
    let mut rest = bytes;
    while let Some((metadata, after)) = metadata(rest) {
        let message = root_as_message(metadata).map_err(super::frames::damaged)?;
        let length = usize::try_from(message.bodyLength()).map_err(super::frames::damaged)?;
        let (Some(body), Some(next)) = (after.get(..length), after.get(length..)) else { return Err(cut()) };
        spend_message(metadata, body, budget)?;
        rest = next;
    }
    Ok(())
}

/// Spends what a file states.
///
/// # Errors
/// When it is too much, or when the file is damaged, in words for people.
pub fn spend_file(bytes: &[u8], budget: &Budget) -> Result<(), String> {
    let footer = (|| {
        let trailer = bytes.len().checked_sub(TRAILER)?;
        let length = usize::try_from(i32::from_le_bytes(bytes.get(trailer..)?.first_chunk().copied()?)).ok()?;
        bytes.get(trailer.checked_sub(length)?..trailer)
    })();
    let footer = root_as_footer(footer.ok_or_else(cut)?).map_err(super::frames::damaged)?;
    for block in footer.dictionaries().iter().flatten().chain(footer.recordBatches().iter().flatten()) {
        let (message, body) = of_block(bytes, block).ok_or_else(cut)?;
        spend_message(metadata(message).ok_or_else(cut)?.0, body, budget)?;
    }
    Ok(())
}

fn cut() -> String {
    super::frames::damaged("a message ends before its end")
}

/// The message of a block, and its body.
fn of_block<'b>(bytes: &'b [u8], block: &Block) -> Option<(&'b [u8], &'b [u8])> {
    let rest = bytes.get(usize::try_from(block.offset()).ok()?..)?;
    let (message, rest) = rest.split_at_checked(usize::try_from(block.metaDataLength()).ok()?)?;
    Some((message, rest.get(..usize::try_from(block.bodyLength()).ok()?)?))
}

/// The metadata of the message that begins here, and what follows it; nothing where the stream ends.
fn metadata(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = bytes.strip_prefix(&CONTINUATION).unwrap_or(bytes);
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok().filter(|length| *length > 0)?;
    rest.split_at_checked(length)
}

fn spend_message(metadata: &[u8], body: &[u8], budget: &Budget) -> Result<(), String> {
    let message = root_as_message(metadata).map_err(super::frames::damaged)?;
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()),
        _ => None,
    };
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(()) };
    stated(&batch, body).try_for_each(|size| budget.spend(size)).map_err(|refused| refused.to_string())
}

/// The sizes that the compressed buffers of a batch begin with; those that are not packed have a negative one.
fn stated<'b>(batch: &RecordBatch<'b>, body: &'b [u8]) -> impl Iterator<Item = u64> {
    batch.buffers().into_iter().flatten().filter_map(move |buffer| {
        let size = body.get(usize::try_from(buffer.offset()).ok()?..)?.first_chunk().copied()?;
        (buffer.length() > 0).then(|| u64::try_from(i64::from_le_bytes(size)).ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

    use super::super::frames::table;
    use super::*;
    use crate::ingest::containers::budget::DEFAULT_MAX_UNPACKED;
    use crate::ingest::containers::magic::Columnar;

    #[test]
    fn sizes_are_spent_before_memory_is_asked_for() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![7; 10_000]));
        let batch = arrow_array::RecordBatch::try_from_iter([("a", column)]).expect("a batch");
        for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
            let options = || IpcWriteOptions::default().try_with_compression(Some(codec)).expect("options");
            let (mut file, mut stream) = (Vec::new(), Vec::new());
            let mut writer = FileWriter::try_new_with_options(&mut file, &batch.schema(), options()).expect("a file");
            writer.write(&batch).expect("rows");
            writer.finish().expect("the end");
            drop(writer);
            let mut writer =
                StreamWriter::try_new_with_options(&mut stream, &batch.schema(), options()).expect("a stream");
            writer.write(&batch).expect("rows");
            writer.finish().expect("the end");
            drop(writer);
            for (kind, bytes) in [(Columnar::ArrowFile, file), (Columnar::ArrowStream, stream)] {
                let budget = || Budget::new(bytes.len() as u64, DEFAULT_MAX_UNPACKED);
                assert_eq!(table(bytes.clone(), kind, &budget()).expect("a table").rows.len(), 10_001);
                let mut bomb = bytes.clone();
                let stated = 80_000_i64.to_le_bytes();
                let at = bomb.windows(8).position(|window| window == stated).expect("the size");
                bomb[at..at + 8].copy_from_slice(&(1_i64 << 60).to_le_bytes());
                let refused = table(bomb, kind, &budget()).expect_err("too much");
                assert!(refused.contains("--max-unpacked"), "{refused}");
                assert!(table(bytes[..bytes.len() - 20].to_vec(), kind, &budget()).is_err());
            }
        }
    }
}
