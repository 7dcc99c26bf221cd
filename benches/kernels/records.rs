//! Splitting a delimited text into records and fields, and finding where a block's last record ends.
//! The `csv` crate reads the same bytes as a yardstick; it tells neither shape nor length of a record.

use std::hint::black_box;
use std::io;

use criterion::{Criterion, Throughput};
use sendeschluss::ingest::BLOCK_BYTES;
use sendeschluss::ingest::records::{Field, last_record_end, split};

use crate::{SEED, shapes};

/// About 13 MB: more than one block, and more than a core's cache.
const MESSAGES: u64 = 80_000;

pub fn bench(criterion: &mut Criterion) -> io::Result<()> {
    let mut text = Vec::new();
    shapes::csv(MESSAGES, SEED, &mut text)?;
    let mut group = criterion.benchmark_group("records");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("split", |bencher| bencher.iter(|| split_all(black_box(&text))));
    group.bench_function("csv crate", |bencher| bencher.iter(|| read_all(black_box(&text))));

    let block = text.get(..BLOCK_BYTES).unwrap_or(&text);
    group.throughput(Throughput::Bytes(block.len() as u64));
    group.bench_function("end of block", |bencher| bencher.iter(|| last_record_end(black_box(block), b'\n')));
    group.finish();
    Ok(())
}

/// Records and fields of a text.
fn split_all(text: &[u8]) -> (usize, usize) {
    let mut fields: Vec<Field> = Vec::new();
    let (mut at, mut records, mut all_fields) = (0, 0, 0);
    while let Some(found) = split(text, at, b',', &mut fields) {
        records += 1;
        all_fields += fields.len();
        at = found.next;
    }
    (records, all_fields)
}

/// The same by the `csv` crate.
fn read_all(text: &[u8]) -> (usize, usize) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut record = csv::ByteRecord::new();
    let (mut records, mut fields) = (0, 0);
    while let Ok(true) = reader.read_byte_record(&mut record) {
        records += 1;
        fields += record.len();
    }
    (records, fields)
}
