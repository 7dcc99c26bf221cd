//! The kernels, one by one: record splitting, time parsing, the burst kernel, normalisation, mining.
//! All data comes from seeds, so that two versions of the program are measured on the same bytes.
//! `cargo bench --bench kernels` runs all; `cargo bench --bench kernels -- bursts` those with this name.

mod bursts;
mod mining;
mod normalise;
mod records;
mod times;

#[allow(dead_code, reason = "the generator dates its samples with more than is needed here")]
#[path = "../generate/calendar.rs"]
mod calendar;
#[path = "../generate/log.rs"]
mod log;
#[allow(dead_code, reason = "the generator draws its samples with more than is needed here")]
#[path = "../generate/random.rs"]
mod random;
#[allow(dead_code, reason = "of the shapes only the CSV is needed here")]
#[path = "../generate/shapes.rs"]
mod shapes;
#[path = "../generate/words.rs"]
mod words;

use criterion::Criterion;

/// The seed of all data.
const SEED: u64 = 7;

fn main() -> std::io::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    records::bench(&mut criterion)?;
    times::bench(&mut criterion);
    bursts::bench(&mut criterion);
    normalise::bench(&mut criterion);
    mining::bench(&mut criterion);
    criterion.final_summary();
    Ok(())
}
