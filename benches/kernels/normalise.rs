//! Normalising texts: ASCII and plain German take short ways; signs that Unicode may have to compose take the long one.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sendeschluss::ingest::normalise;

const ASCII: &str = "Dear customer, your order 4711 of 24.12.2019 has left our house and is on its way to you. \
    Follow it at https://example.com/track?id=4711 or write to service@example.com with any question.";
const GERMAN: &str = "Guten Tag, für Ihre Bestellung 4711 vom 24.12.2019 fehlt uns noch die Hausnummer. Könnten Sie \
    die Adresse prüfen und uns bis Freitag, 18:00 Uhr, schreiben? Viele Grüße aus dem Büro, Ihre Möbelhändler.";
const EMOJI: &str = "Liebe Leserin, lieber Leser! 🎄🎄 Das Weihnachts-Abo ist da: 3 Monate für 19,90 € statt 59,70 €, \
    gültig bis 24.12.2019 um 18:00 Uhr. Grüße aus der Straße der Einheit 7 → www.example.de/abo ❤️";
/// Words of one text after another, as ingest meets them: 100 texts are one round.
const TEXTS: usize = 100;

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("normalise");
    for (name, text) in [("ASCII", ASCII), ("German", GERMAN), ("German with emoji", EMOJI)] {
        group.throughput(Throughput::Bytes((text.len() * TEXTS) as u64));
        group.bench_function(name, |bencher| {
            let mut normal = String::new();
            bencher.iter(|| {
                let lengths = (0..TEXTS).map(|_| {
                    normalise(black_box(text), &mut normal);
                    normal.len()
                });
                lengths.sum::<usize>()
            });
        });
    }
    group.finish();
}
