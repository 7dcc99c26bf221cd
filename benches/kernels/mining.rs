//! Content mining over distinct personalised texts: names and cities in one frame, each text once. Every tenth text is
//! rotated: other synonyms, other order. `cargo bench --bench kernels -- mining`.

use criterion::{BenchmarkId, Criterion, Throughput};
use sendeschluss::detect::mining::groups;
use sendeschluss::ingest::normalise;
use sendeschluss::message::{Account, Category, ContentKind, Direction, Messages};
use xxhash_rust::xxh3::xxh3_128;

use crate::SEED;
use crate::random::Random;

const SYNONYMS: [[&str; 3]; 5] = [
    ["nur heute", "heute nur", "bloß heute"],
    ["gibt es", "bekommen Sie", "erhalten Sie"],
    ["alle Gartenmöbel", "Möbel für draußen", "unsere Liegestühle"],
    ["zum halben Preis", "um die Hälfte günstiger", "für die Hälfte"],
    ["in Ihrer Filiale", "im Laden", "vor Ort"],
];

fn word(random: &mut Random, distinct: i64) -> String {
    let mut number = random.between(0, distinct) as u64;
    let mut word = String::from("W");
    for _ in 0..5 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

/// Messages with as many distinct texts, a second apart, each to somebody else.
pub fn messages(count: usize) -> Messages {
    let mut random = Random::new(SEED);
    let accounts = vec![Account { id: "+1".to_owned(), ..Account::default() }];
    let mut messages = Messages { accounts, ..Messages::default() };
    messages.contents.kind.push(ContentKind::Text);
    messages.contents.fingerprint.push(0);
    let mut normal = String::new();
    for index in 0..count {
        let (name, family) = (word(&mut random, 20_000), word(&mut random, 500_000));
        let text = if index % 10 == 0 {
            let mut places: Vec<&str> = SYNONYMS.iter().map(|place| place[random.between(0, 2) as usize]).collect();
            random.shuffle(&mut places);
            format!("Hallo {name} {family}, {}. Wir freuen uns auf Sie!", places.join(" "))
        } else {
            format!("Guten Tag {name} {family}, Ihr Herbstangebot wartet: 20 Prozent auf alle Schuhe bis Sonntag.")
        };
        normalise(&text, &mut normal);
        let contents = &mut messages.contents;
        contents.kind.push(ContentKind::Text);
        contents.fingerprint.push(xxh3_128(normal.as_bytes()));
        contents.texts.push(&text);
        contents.text_of.push(index as u32 + 1);
        let columns = &mut messages.columns;
        columns.sent_at.push(index as i64 * 1000);
        columns.account.push(0);
        columns.recipient.push(index as u32);
        columns.content.push(index as u32 + 1);
        columns.audience.push(1);
        columns.direction.push(Direction::Outbound);
        columns.category.push(Category::Unknown);
        columns.values.push(0);
        columns.key.push(xxh3_128(&index.to_le_bytes()));
    }
    messages.recipients.audience = vec![1; count];
    messages
}

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mining");
    group.sample_size(10);
    for count in [100_000, 1_000_000] {
        let messages = messages(count);
        group.throughput(Throughput::Elements(count as u64));
        group
            .bench_function(BenchmarkId::from_parameter(count), |bencher| bencher.iter(|| groups(&messages, 51).len()));
    }
    group.finish();
}
