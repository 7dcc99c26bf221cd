//! The burst kernel on the messages of one account: dense ones that are hot throughout, sparse ones that never are.
//! Counting messages needs no memory of recipients; counting distinct recipients does.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use sendeschluss::detect::Counts;
use sendeschluss::detect::bursts::{Series, bursts};

use crate::SEED;
use crate::random::Random;

/// The detector "more than 50 in 1 minute".
const WINDOW_MS: i64 = 60_000;
const THRESHOLD: u64 = 51;
/// Longest gap between two messages of a dense log: one minute holds about three thousand.
const DENSE_MS: u64 = 40;
/// And of a sparse one: one minute holds about two.
const SPARSE_MS: u64 = 60_000;

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bursts");
    group.sample_size(20);
    for messages in [100_000_usize, 1_000_000] {
        group.throughput(Throughput::Elements(messages as u64));
        for (density, longest_gap) in [("dense", DENSE_MS), ("sparse", SPARSE_MS)] {
            let (times, recipients, weights) = log(messages, longest_gap);
            let series = Series { times: &times, recipients: &recipients, weights: &weights };
            for counts in [Counts::Messages, Counts::Recipients] {
                let id = BenchmarkId::new(format!("{density}, {}", counts.as_str()), messages);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| bursts(black_box(series), WINDOW_MS, THRESHOLD, counts));
                });
            }
        }
    }
    group.finish();
}

/// Times, recipients and weights of an account with an eighth as many recipients as messages.
pub fn log(messages: usize, longest_gap: u64) -> (Vec<i64>, Vec<u32>, Vec<u32>) {
    let mut random = Random::new(SEED);
    let mut now = 0;
    let mut times = Vec::with_capacity(messages);
    let mut recipients = Vec::with_capacity(messages);
    for _ in 0..messages {
        now += random.below(longest_gap) as i64;
        times.push(now);
        recipients.push(random.below(messages as u64 / 8) as u32);
    }
    (times, recipients, vec![1; messages])
}
