//! Mining as a whole, over made-up messages: what must fall together, what must stay apart, and that neither order nor
//! threads leave a trace.

use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::minhash::mix;
use super::{Group, groups};
use crate::ingest::normalise;
use crate::message::{Account, ContentKind, Messages, RecipientKind, Texts};

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;

/// (account, recipient, time, text)
type Sent = (u32, u32, i64, String);

/// Messages as ingest would give them.
fn messages(sent: &[Sent]) -> Messages {
    let mut messages = Messages::default();
    let contents = &mut messages.contents;
    contents.kind.push(ContentKind::Text);
    contents.fingerprint.push(0);
    let mut normal = String::new();
    for (account, recipient, at, text) in sent {
        normalise(text, &mut normal);
        let fingerprint = xxh3_128(normal.as_bytes());
        let known = contents.fingerprint.iter().position(|known| *known == fingerprint);
        let content = known.unwrap_or_else(|| {
            contents.kind.push(ContentKind::Text);
            contents.fingerprint.push(fingerprint);
            contents.texts.push(text);
            contents.text_of.push(contents.fingerprint.len() as u32 - 1);
            contents.fingerprint.len() - 1
        });
        let columns = &mut messages.columns;
        columns.sent_at.push(*at);
        columns.account.push(*account);
        columns.recipient.push(*recipient);
        columns.content.push(content as u32);
        columns.values.push(crate::ingest::values(text));
        columns.audience.push(1);
        columns.direction.push(crate::message::Direction::Outbound);
        columns.category.push(crate::message::Category::Unknown);
        columns.key.push(xxh3_128(format!("{account} {recipient} {at} {text}").as_bytes()));
    }
    let accounts = sent.iter().map(|one| one.0).max().map_or(0, |most| most + 1);
    messages.accounts = (0..accounts).map(|id| Account { id: format!("+{id}"), ..Account::default() }).collect();
    let recipients = sent.iter().map(|one| one.1).max().map_or(0, |most| most + 1);
    messages.recipients.kind = vec![RecipientKind::Person; recipients as usize];
    messages.recipients.audience = vec![1; recipients as usize];
    let mut address = Texts::default();
    (0..recipients).for_each(|index| {
        address.push(&index.to_string());
    });
    messages.recipients.address = address;
    messages
}

/// Picks by a number that a seed and a counter give.
fn pick<'a>(seed: u64, list: &[&'a str]) -> &'a str {
    list[(mix(seed) % list.len() as u64) as usize]
}

const NAMES: [&str; 12] =
    ["Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hannes", "Ida", "Jonas", "Katharina", "Luca"];

/// Rotated: five places with choices, sentences in another order.
fn rotated(seed: u64) -> String {
    let at = |place: u64, list: &[&'static str]| pick(seed * 31 + place, list);
    let mut middle = [
        format!(
            "{} {} dreißig Prozent auf {}.",
            at(1, &["Nur heute", "Heute nur", "Bloß heute"]),
            at(2, &["gibt es", "bekommst du", "erhältst du"]),
            at(3, &["Gartenmöbel", "Möbel für draußen", "alle Liegestühle"])
        ),
        format!(
            "{} in der Filiale {}.",
            at(4, &["Komm vorbei", "Besuche uns", "Wir warten"]),
            at(5, &["Berlin", "Hamburg", "Köln"])
        ),
        format!("{} {} an.", at(6, &["Bestelle", "Reserviere"]), at(7, &["bequem im Netz", "online", "von zu Hause"])),
    ];
    let last = middle.len() - 1;
    middle.swap((mix(seed + 9) % 3) as usize, last);
    format!(
        "{} {} {} {}",
        at(8, &["Hallo", "Hi", "Servus", "Moin"]),
        at(9, &NAMES),
        middle.join(" "),
        at(10, &["Bis bald!", "Wir freuen uns!", "Dein Team"])
    )
}

fn sizes(groups: &[Group], least: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = groups.iter().map(|group| group.rows.len()).filter(|size| *size >= least).collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn names_and_cities_are_slots() {
    let sent: Vec<Sent> = (0..60)
        .map(|index| {
            let name = pick(u64::from(index), &NAMES);
            (
                0,
                index,
                i64::from(index) * MINUTE,
                format!(
                    "Hallo {name}, unser Herbstverkauf beginnt: {}9,90 Euro für jedes Paar Schuhe in deiner Nähe.",
                    index % 7
                ),
            )
        })
        .collect();
    let found = groups(&messages(&sent), 51);
    assert_eq!(sizes(&found, 51), [60]);
    let text = found.iter().find(|group| group.rows.len() == 60).and_then(|group| group.text.clone()).expect("a text");
    assert_eq!(text.template, "Hallo * unser Herbstverkauf beginnt: * Euro für jedes Paar Schuhe in deiner Nähe.");
}

#[test]
fn rotated_texts_are_one() {
    for count in [51, 200] {
        let sent: Vec<Sent> =
            (0..count).map(|index| (index % 3, index, i64::from(index) * MINUTE, rotated(u64::from(index)))).collect();
        assert_eq!(sizes(&groups(&messages(&sent), 51), 51), [count as usize]);
    }
}

#[test]
fn offers_in_one_frame_stay_apart() {
    let offers =
        ["zwanzig Prozent auf alle Schuhe", "zwei Pizzen zum Preis von einer", "eine Tasche geschenkt zum Einkauf"];
    for (gap, name) in [(7 * DAY, "weekly"), (2 * 60 * MINUTE, "the same day")] {
        let mut sent: Vec<Sent> = Vec::new();
        for (edition, offer) in offers.iter().enumerate() {
            sent.extend((0..60).map(|index| {
                let who = pick(u64::from(index) + edition as u64 * 100, &NAMES);
                (
                    0,
                    index,
                    edition as i64 * gap + i64::from(index) * MINUTE,
                    format!("Hi {who}, diese Woche für dich: {offer}. Zeig das an der Kasse, dein Kaufhaus am Markt"),
                )
            }));
        }
        assert_eq!(sizes(&groups(&messages(&sent), 51), 51), [60, 60, 60], "{name}");
    }
}

#[test]
fn odd_texts_do_no_harm() {
    let long = "sehr langer Text ".repeat(500);
    let texts = ["", "x", "eins zwei", "🎉🎉🎉", "<n> <n> <n> <n>", "! ! ! ! ?", long.as_str(), "\u{200B}\u{AD}"];
    let sent: Vec<Sent> =
        (0..80).map(|index| (0, index, i64::from(index), texts[index as usize % texts.len()].to_owned())).collect();
    let found = groups(&messages(&sent), 5);
    assert!(found.iter().all(|group| group.rows.len() <= 20), "nothing joins");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn neither_order_nor_threads_leave_a_trace(seed in 0_u64..1000) {
        let mut sent: Vec<Sent> = (0..70_u32)
            .map(|index| (index % 2, index, i64::from(index / 3) * MINUTE, rotated(u64::from(index) + seed)))
            .collect();
        sent.extend((0..70_u32).map(|index| (1, index, DAY * 9 + i64::from(index), format!("Guten Tag {}, die Wahl am Sonntag entscheidet über unsere Schulen, bitte kommen Sie.", pick(seed + u64::from(index), &NAMES)))));
        let told = |sent: &[Sent], threads: usize| {
            let messages = messages(sent);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let found = pool.install(|| groups(&messages, 51));
            let tell = |group: &Group| {
                let keys: Vec<u128> = group.rows.iter().map(|row| messages.columns.key[*row as usize]).collect();
                let text = group.text.as_ref().map(|text| (text.fingerprint, text.texts, text.words.to_bits()));
                (messages.contents.fingerprint(group.content), keys, text)
            };
            found.iter().map(tell).collect::<Vec<_>>()
        };
        let expected = told(&sent, 1);
        prop_assert_eq!(&told(&sent, 4), &expected);
        let mut shuffled = sent.clone();
        shuffled.sort_by_key(|one| mix(seed ^ u64::from(one.1) << 8 ^ one.2 as u64));
        prop_assert_eq!(told(&shuffled, 2), expected);
    }
}

/// Rows of the table in `docs/method.md` that begins with these column names.
fn table(columns: &str) -> Vec<Vec<String>> {
    let method = include_str!("../../../docs/method.md");
    let start = method.find(columns).expect("the table");
    let rows = method[start..].lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn the_method_s_examples_of_similarity_hold() {
    let rows = table("| A | B | shared | all | J |");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let set =
            |text: &str| super::words::distinct(&text.split(' ').filter_map(super::words::number).collect::<Vec<_>>());
        let (left, right) = (set(&row[0]), set(&row[1]));
        let shared = super::minhash::shared(&left, &right);
        assert_eq!(shared.to_string(), row[2]);
        assert_eq!((left.len() + right.len() - shared).to_string(), row[3]);
        assert_eq!(super::minhash::jaccard(&left, &right).to_string(), row[4]);
    }
}

#[test]
fn the_method_s_examples_of_frames_hold() {
    let rows = table("| words in both | words only in the first |");
    assert_eq!(rows.len(), 3);
    for row in rows {
        let count = |cell: usize| row[cell].parse::<usize>().expect("a number");
        let (both, first, second) = (count(0), count(1), count(2));
        let letter = |index: usize| char::from(b'a' + index as u8);
        let word = |stem: &str, index: usize| format!("{stem}{}{}", letter(index / 26), letter(index % 26));
        let list = |stem: &str, count: usize| (0..count).map(|index| word(stem, index)).collect::<Vec<_>>().join(" ");
        let mut sent: Vec<Sent> = Vec::new();
        for (edition, (stem, own)) in [("erst", first), ("zweit", second)].into_iter().enumerate() {
            sent.extend((0..60_u32).map(|index| {
                let text = format!("{} {}", list("beide", both), list(stem, own));
                (edition as u32, index, i64::from(index) * MINUTE + edition as i64 * DAY, text)
            }));
        }
        let messages = messages(&sent);
        let words = super::words::Words::of(&messages.contents);
        let profile = |rows: std::ops::Range<usize>| {
            super::Profile::of(&words, messages.columns.content[rows].iter().map(|content| Some(*content)))
        };
        let difference = profile(0..60).difference(&profile(60..120));
        let expected: f64 = row[3].parse().expect("a number");
        assert!((difference - expected).abs() < 1e-9, "{row:?}: {difference}");
        let expected: usize = row[4].parse().expect("a number");
        assert_eq!(sizes(&groups(&messages, 51), 51).len(), expected, "{row:?}");
    }
}
