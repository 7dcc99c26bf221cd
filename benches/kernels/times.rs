//! Reading time stamps: the shapes that fill most columns, one that takes the patient reader, and the time zone.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sendeschluss::ingest::time::{DateOrder, Zones, parse};

/// Enough that no branch predictor learns them by heart.
const STAMPS: u32 = 4_096;
/// 2019-10-01T00:00:00Z, in seconds.
const START: u32 = 1_569_888_000;
/// Between two stamps, in seconds: all hours and minutes come up, and 57 days are passed.
const STEP: u32 = 1_201;

/// Writes a moment, given in seconds since 1970, in some shape.
type Write = fn(u32) -> String;

pub fn bench(criterion: &mut Criterion) {
    let shapes: [(&str, Write); 6] = [
        ("ISO", |at| format!("2019-{}T{}Z", month_and_day(at, '-'), clock(at))),
        ("ISO with milliseconds", |at| format!("2019-{}T{}.{:03}Z", month_and_day(at, '-'), clock(at), at % 1000)),
        ("day first", |at| {
            let (month, day) = date(at);
            format!("{day:02}.{month:02}.2019 {}", clock(at))
        }),
        ("unix seconds", |at| at.to_string()),
        ("unix milliseconds", |at| format!("{at}{:03}", at % 1000)),
        ("month by name", |at| {
            let (month, day) = date(at);
            format!("{day} {} 2019 {}", ["Oct", "Nov"].get(month as usize - 10).unwrap_or(&"Oct"), clock(at))
        }),
    ];
    let mut group = criterion.benchmark_group("times");
    group.throughput(Throughput::Elements(u64::from(STAMPS)));
    for (name, write) in shapes {
        let stamps: Vec<String> = (0..STAMPS).map(|number| write(START + number * STEP)).collect();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let read =
                    stamps.iter().filter_map(|stamp| parse(black_box(stamp.as_bytes()), DateOrder::DayMonth).ok());
                read.map(|stamp| stamp.civil_ms).fold(0, i64::wrapping_add)
            });
        });
    }
    // No zone of the database, no benchmark: the database is compiled in, so this does not happen.
    if let Ok(berlin) = Zones::named("Europe/Berlin") {
        let civil: Vec<i64> = (0..STAMPS).map(|number| i64::from(START + number * STEP) * 1000).collect();
        group.bench_function("local time to instant", |bencher| {
            bencher.iter(|| {
                let instants = civil.iter().map(|at| berlin.resolve(black_box(*at)).0);
                instants.fold(0, i64::wrapping_add)
            });
        });
    }
    group.finish();
}

/// Month and day of a moment in October or November 2019.
fn date(at: u32) -> (u32, u32) {
    let day = (at - START) / 86_400;
    if day < 31 { (10, day + 1) } else { (11, day - 30) }
}

fn month_and_day(at: u32, separator: char) -> String {
    let (month, day) = date(at);
    format!("{month:02}{separator}{day:02}")
}

fn clock(at: u32) -> String {
    format!("{:02}:{:02}:{:02}", at / 3_600 % 24, at / 60 % 60, at % 60)
}
