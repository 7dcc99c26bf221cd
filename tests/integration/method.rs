//! The worked examples of `docs/method.md`, computed again: a page for judges must not say what the program does not do.
//! Each example is a TOML block that names its measure, what goes in, and what must come out.

use std::collections::BTreeSet;
use std::fs;

use sendeschluss::detect::bursts::{Series, bursts, distinct_recipients};
use sendeschluss::detect::campaigns::gaps;
use sendeschluss::detect::completeness::{holes, jumps, silences};
use sendeschluss::detect::replies::{Turn, initiated};
use sendeschluss::detect::robustness::{tenth_less, tenth_more};
use sendeschluss::detect::settings::parse_length;
use sendeschluss::detect::{Counts, clusters, intensity, limits, regularity, speed};
use sendeschluss::message::Direction;
use toml::{Table, Value};

use crate::harness::project;

/// Every measure that must have an example.
const MEASURES: [&str; 14] = [
    "account clusters",
    "burst",
    "clock jumps",
    "distinct recipients",
    "forward",
    "holes in ids",
    "initiated",
    "intensity",
    "limit check",
    "regularity",
    "robustness",
    "run",
    "silent period",
    "speed profile",
];

fn numbers(table: &Table, key: &str) -> Vec<i64> {
    let values = table.get(key).and_then(Value::as_array).unwrap_or_else(|| panic!("no list `{key}` in {table}"));
    values.iter().map(|value| value.as_integer().expect("a whole number")).collect()
}

fn number(table: &Table, key: &str) -> i64 {
    table.get(key).and_then(Value::as_integer).unwrap_or_else(|| panic!("no number `{key}` in {table}"))
}

fn window(table: &Table) -> i64 {
    table.get("window").and_then(Value::as_str).and_then(parse_length).unwrap_or_else(|| panic!("no window in {table}"))
}

/// Letters as recipients.
fn people(table: &Table) -> Vec<u32> {
    let text = table.get("recipients").and_then(Value::as_str).unwrap_or_else(|| panic!("no recipients in {table}"));
    text.split_whitespace().map(|name| u32::from(name.as_bytes()[0])).collect()
}

/// What goes into most kernels: times in milliseconds, recipients, weights.
fn series(table: &Table) -> (Vec<i64>, Vec<u32>, Vec<u32>) {
    let times: Vec<i64> = numbers(table, "seconds").iter().map(|second| second * 1000).collect();
    let recipients = if table.contains_key("recipients") { people(table) } else { vec![0; times.len()] };
    let weights = match table.get("audience") {
        Some(_) => numbers(table, "audience").iter().map(|size| *size as u32).collect(),
        None => vec![1; times.len()],
    };
    (times, recipients, weights)
}

fn value<T: Into<Value>>(rows: Vec<Vec<T>>) -> Value {
    Value::Array(rows.into_iter().map(|row| Value::Array(row.into_iter().map(Into::into).collect())).collect())
}

fn list(values: Vec<i64>) -> Value {
    Value::Array(values.into_iter().map(Value::Integer).collect())
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// What the program gives for an example.
fn computed(measure: &str, table: &Table) -> Value {
    match measure {
        "burst" | "forward" => {
            let (times, recipients, weights) = series(table);
            let series = Series { times: &times, recipients: &recipients, weights: &weights };
            let by = if table["counts"].as_str() == Some("messages") { Counts::Messages } else { Counts::Recipients };
            let spans = bursts(series, window(table), number(table, "threshold") as u64, by);
            let row = |span: &sendeschluss::detect::bursts::Span| {
                let (start, end) = (times[span.first], times[span.end - 1]);
                vec![start / 1000, end / 1000, (span.end - span.first) as i64, span.peak as i64, span.peak_at / 1000]
            };
            value(spans.iter().map(row).collect())
        }
        "distinct recipients" => {
            let weights: Vec<u32> = numbers(table, "audience").iter().map(|size| *size as u32).collect();
            Value::Integer(distinct_recipients(&people(table), &weights) as i64)
        }
        "initiated" => {
            let inbound: BTreeSet<i64> = numbers(table, "inbound").into_iter().collect();
            let turn = |at: i64| Turn {
                at,
                recipient: 0,
                direction: if inbound.contains(&at) { Direction::Inbound } else { Direction::Outbound },
            };
            let mut turns: Vec<Turn> = inbound.iter().copied().map(turn).collect();
            let outbound = numbers(table, "outbound");
            turns.extend(outbound.iter().map(|at| Turn { direction: Direction::Outbound, ..turn(*at) }));
            turns.sort_by_key(|turn| turn.at);
            let marks = initiated(&turns, window(table));
            list(turns.iter().zip(marks).filter(|(_, mark)| *mark).map(|(turn, _)| turn.at).collect())
        }
        "run" => {
            let times = numbers(table, "seconds");
            let gap = number(table, "gap");
            let runs = times.chunk_by(|one, next| next - one <= gap);
            value(runs.map(<[i64]>::to_vec).collect())
        }
        "regularity" => {
            let (times, ..) = series(table);
            let (median, variation) = gaps(&times);
            let told = [median.map(|gap| gap / 1000.0), variation, regularity::equal_share(&times)];
            Value::Array(told.iter().map(|figure| Value::Float(rounded(figure.expect("gaps")))).collect())
        }
        "limit check" => {
            let (times, recipients, weights) = series(table);
            let series = Series { times: &times, recipients: &recipients, weights: &weights };
            let tiers: Vec<u64> = numbers(table, "tiers").iter().map(|tier| *tier as u64).collect();
            let reach = limits::reach(series, window(table), &tiers, i64::MIN..i64::MAX).expect("messages");
            let passed = reach.passed.iter().filter_map(|(tier, at)| Some(vec![*tier as i64, (*at)? / 1000]));
            let highest = vec![reach.highest as i64, reach.highest_at / 1000];
            value(passed.chain([highest]).collect())
        }
        "speed profile" => {
            let (times, recipients, weights) = series(table);
            let profile = speed::profile(Series { times: &times, recipients: &recipients, weights: &weights });
            let row = |step: &speed::Step| {
                vec![step.recipients as i64, step.shortest_ms / 1000, step.from / 1000, step.to / 1000]
            };
            value(profile.iter().map(row).collect())
        }
        "intensity" => {
            let (times, ..) = series(table);
            let row = |one: &intensity::Stretch| {
                vec![
                    i64::from(one.level),
                    times[one.first] / 1000,
                    times[one.end - 1] / 1000,
                    (one.end - one.first) as i64,
                ]
            };
            value(intensity::stretches(&times).iter().map(row).collect())
        }
        "robustness" => list(vec![tenth_more(number(table, "threshold") as u64) as i64, tenth_less(window(table))]),
        "silent period" => {
            let times: Vec<i64> = numbers(table, "days").iter().map(|day| day * 86_400_000).collect();
            value(silences(&times).iter().map(|at| vec![times[*at] / 86_400_000, times[at + 1] / 86_400_000]).collect())
        }
        "holes in ids" => {
            let numbers = numbers(table, "ranges");
            let ids: Vec<u64> = numbers.chunks(2).flat_map(|range| range[0] as u64..=range[1] as u64).collect();
            value(holes(&ids).iter().map(|at| vec![ids[*at] as i64 + 1, ids[at + 1] as i64 - 1]).collect())
        }
        "clock jumps" => {
            let times: Vec<i64> = numbers(table, "minutes").iter().map(|minute| minute * 60_000).collect();
            value(jumps(&times).iter().map(|at| vec![times[*at] / 60_000, times[at + 1] / 60_000]).collect())
        }
        "account clusters" => {
            let own = numbers(table, "one");
            let other = numbers(table, "other");
            let people =
                |range: &[i64], account: u32| (range[0] as u32..=range[1] as u32).map(move |one| (one, account));
            let mut contacts: Vec<(u32, u32)> = people(&own, 0).chain(people(&other, 1)).collect();
            contacts.sort_unstable();
            let pairs = clusters::with_shared_recipients(&contacts);
            value(pairs.iter().map(|pair| vec![pair.shared as i64, pair.of.0 as i64, pair.of.1 as i64]).collect())
        }
        other => panic!("nobody knows how to compute the example `{other}`"),
    }
}

#[test]
fn every_worked_example_of_the_method_is_what_the_program_computes() {
    let text = fs::read_to_string(project("docs/method.md")).expect("the method");
    let mut seen = BTreeSet::new();
    for block in text.split("```toml\n").skip(1) {
        let block = block.split("```").next().expect("the block");
        if !block.starts_with("example = ") {
            continue;
        }
        let table: Table = toml::from_str(block).unwrap_or_else(|error| panic!("{error}\n{block}"));
        let measure = table["example"].as_str().expect("a name");
        assert_eq!(computed(measure, &table), table["result"], "{block}");
        seen.insert(measure.to_owned());
    }
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), MEASURES, "measures with an example");
}
