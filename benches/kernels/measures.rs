//! The measures beside bursts, each on the messages of one account of a seed: what `report` spends beyond finding.
//! Dense and sparse traffic cost the same here, save for intensity, whose levels grow with the contrast.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use sendeschluss::detect::bursts::Series;
use sendeschluss::detect::{clusters, completeness, intensity, limits, regularity, speed};

use crate::bursts::log;

const MESSAGES: usize = 100_000;
const DAY_MS: i64 = 86_400_000;

pub fn bench(criterion: &mut Criterion) {
    let (times, recipients, weights) = log(MESSAGES, 2_000);
    let series = Series { times: &times, recipients: &recipients, weights: &weights };
    let mut group = criterion.benchmark_group("measures");
    group.sample_size(20);
    group.throughput(Throughput::Elements(MESSAGES as u64));
    let tiers = [250, 1_000, 10_000, 100_000];
    group.bench_function("limits", |bencher| {
        bencher.iter(|| limits::reach(black_box(series), DAY_MS, &tiers, i64::MIN..i64::MAX));
    });
    group.bench_function("speed", |bencher| bencher.iter(|| speed::profile(black_box(series))));
    group.bench_function("intensity", |bencher| bencher.iter(|| intensity::stretches(black_box(&times))));
    group.bench_function("regularity", |bencher| bencher.iter(|| regularity::equal_share(black_box(&times))));
    group.bench_function("silences", |bencher| bencher.iter(|| completeness::silences(black_box(&times))));
    group.bench_function("clock jumps", |bencher| bencher.iter(|| completeness::jumps(black_box(&times))));
    group.bench_function("shared recipients", |bencher| {
        let contacts = || {
            let mut contacts: Vec<(u32, u32)> =
                recipients.iter().zip(0_u32..).map(|(one, at)| (*one, at % 30)).collect();
            contacts.sort_unstable();
            contacts.dedup();
            contacts
        };
        let run = |contacts: Vec<(u32, u32)>| clusters::with_shared_recipients(&contacts);
        bencher.iter_batched(contacts, run, BatchSize::LargeInput);
    });
    group.finish();
}
