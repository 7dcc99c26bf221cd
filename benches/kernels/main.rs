//! The kernels, one by one: record splitting, time parsing, bursts and the other measures, normalisation, mining.
//! All data comes from seeds, so that two versions of the program are measured on the same bytes.
//! `cargo bench --bench kernels` runs all, `… -- bursts` those with this name, `… -- scaling` a table of growing sizes.

mod bursts;
mod measures;
mod mining;
mod normalise;
mod records;
mod scaling;
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
    // A table over sizes is no benchmark of criterion's: each size runs once, and its memory is told too.
    if std::env::args().any(|argument| argument == "scaling") {
        return scaling::print(&mut std::io::stdout().lock());
    }
    let mut criterion = Criterion::default().configure_from_args();
    records::bench(&mut criterion)?;
    times::bench(&mut criterion);
    bursts::bench(&mut criterion);
    measures::bench(&mut criterion);
    normalise::bench(&mut criterion);
    mining::bench(&mut criterion);
    criterion.final_summary();
    Ok(())
}
