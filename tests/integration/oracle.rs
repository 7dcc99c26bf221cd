//! An independent second opinion on replies, bursts, campaigns and runs: the definitions of DESIGN 4 written down again,
//! as plainly as they read and in quadratic time, over random logs. Thresholds come from the same `data/detectors.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use serde::Deserialize;

use crate::harness::{Matter, Message, Report, millis, number, project};

#[derive(Deserialize)]
struct Settings {
    detector: Vec<Detector>,
    campaign: Threshold,
    run: Gap,
    reply: Window,
}

#[derive(Deserialize)]
struct Detector {
    name: String,
    window: String,
    threshold: u64,
    counts: String,
    over: String,
    scope: String,
}

#[derive(Deserialize)]
struct Threshold {
    recipients: u64,
}

#[derive(Deserialize)]
struct Gap {
    gap: String,
}

#[derive(Deserialize)]
struct Window {
    window: String,
}

fn length(text: &str) -> i64 {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit = match &text[digits.len()..] {
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => panic!("`{other}` is no unit"),
    };
    digits.parse::<i64>().expect("a number") * unit
}

/// A die that rolls the same everywhere: xorshift of 64 bits.
struct Die(u64);

impl Die {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// Long enough not to be everyday words, and with nothing in common.
const TEXTS: [&str; 4] = [
    "Am Samstag eröffnet unser Gartenmarkt mit Musik, Kuchen und tausend Rosen, kommen Sie vorbei und bringen Sie Freunde mit!",
    "Neue Brillen zum halben Preis gibt es diesen Monat in jeder Filiale, der Sehtest kostet nichts und dauert zehn Minuten.",
    "Wer bis Freitag Ökostrom bestellt, zahlt zwei Jahre lang denselben Betrag, kündigt monatlich und pflanzt nebenbei einen Baum.",
    "Reisen ans Meer werden günstiger: Flug, Hotel, Frühstück, alles inbegriffen, jetzt buchen unter dem bekannten Anschluss.",
];

/// What a log says of a message, by id: everything the oracle needs that Parquet does not hold.
type Contents = BTreeMap<String, String>;

/// A log with quiet stretches, bursts that straddle every edge, ties, a few texts, and people who write back.
fn log(seed: u64) -> (String, Contents) {
    let mut die = Die(0x9E37_79B9_7F4A_7C15 ^ (seed + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93));
    // Every other log is one newsletter to many: only there can a content reach 257 recipients in 10 minutes.
    let (accounts, people, texts) =
        if seed.is_multiple_of(2) { (1, 1500, 1) } else { (1 + die.below(3), 40 + die.below(600), 1 + die.below(4)) };
    let mut at = millis("2020-03-01T00:00:00Z");
    let mut rows = Vec::new();
    let mut contents = Contents::new();
    // How fast it goes changes now and then: each mood lasts for a number of messages.
    let (mut mood, mut left) = (0, 0);
    for index in 0..900 + die.below(500) {
        if left == 0 {
            (mood, left) = (die.below(6), 20 + die.below(300));
        }
        left -= 1;
        at += match mood {
            0 => 0,
            1 => die.below(3) as i64 * 100,
            // Around one message in 1.2 s lies the threshold of 51 in a minute, around 150 ms that of 100 in 15 s.
            2 => 1000 + die.below(400) as i64,
            3 => 140 + die.below(22) as i64,
            4 => die.below(2) as i64 * 2_400,
            _ => die.below(400) as i64 * 1000,
        };
        if die.below(150) == 0 {
            // Exactly the lengths at which windows open, close and touch.
            at += [15_000, 60_000, 300_000, 600_000, 86_400_000][die.below(5) as usize] + die.below(3) as i64 - 1;
        }
        let (account, person) = (die.below(accounts), die.below(people));
        let inbound = die.below(12) == 0;
        let text = if inbound { "ok danke".to_owned() } else { TEXTS[die.below(texts) as usize].to_owned() };
        let time = jiff::Timestamp::from_millisecond(at).expect("a time");
        let (own, other) = (format!("+4930555{account:04}"), format!("+49151777{person:05}"));
        let (from, to, way) = if inbound { (&other, &own, "inbound") } else { (&own, &other, "outbound") };
        rows.push(format!("N{index},{time:.3},{from},{to},{way},\"{text}\"\n"));
        contents.insert(format!("N{index}"), text);
    }
    // The order of the file must not matter where times differ.
    if seed % 3 == 1 {
        rows.reverse();
    }
    let mut log = String::from("message id,sent at,from,to,direction,body\n");
    rows.iter().for_each(|row| log.write_str(row).expect("writing memory"));
    (log, contents)
}

/// A reply: outbound, inside the window that the recipient's last inbound message to the same account opened.
fn is_initiated(message: &Message, all: &[Message], window: i64) -> bool {
    let opens = |other: &&Message| {
        other.direction == "inbound"
            && other.account == message.account
            && other.recipient == message.recipient
            && other.sent_at <= message.sent_at
            && message.sent_at - other.sent_at < window
    };
    message.direction == "outbound" && !all.iter().any(|other| opens(&other))
}

fn count(messages: &[&Message], counts: &str) -> u64 {
    match counts {
        "messages" => messages.len() as u64,
        _ => messages.iter().map(|message| &message.recipient).collect::<BTreeSet<_>>().len() as u64,
    }
}

/// A burst as `bursts.csv` tells it: detector, account, start, end, messages, recipients, peak, time of the peak.
type Told = (String, String, i64, i64, u64, u64, u64, i64);

/// Bursts of one group, by the words of DESIGN: a hot message is one at which the count over (t − W, t] reaches N; windows
/// of hot messages that touch or overlap merge.
fn bursts(group: &[&Message], detector: &Detector) -> Vec<(Told, Vec<String>)> {
    let window = length(&detector.window);
    let inside = |from: i64, to: i64| -> Vec<&Message> {
        group.iter().copied().filter(|message| message.sent_at > from && message.sent_at <= to).collect()
    };
    let times: BTreeSet<i64> = group.iter().map(|message| message.sent_at).collect();
    let hot: Vec<(i64, u64)> = times
        .iter()
        .map(|at| (*at, count(&inside(at - window, *at), &detector.counts)))
        .filter(|(_, counted)| *counted >= detector.threshold)
        .collect();
    let merged = hot.chunk_by(|(one, _), (next, _)| next - window <= *one);
    merged
        .map(|hot| {
            let members = inside(hot[0].0 - window, hot[hot.len() - 1].0);
            let peak = hot.iter().map(|(_, counted)| *counted).max().expect("a hot message");
            let peak_at = hot.iter().find(|(_, counted)| *counted == peak).expect("the peak").0;
            let at = members.iter().map(|message| message.sent_at);
            let told = (
                detector.name.clone(),
                group[0].account.clone(),
                at.clone().min().expect("a member"),
                at.max().expect("a member"),
                members.len() as u64,
                count(&members, "recipients"),
                peak,
                peak_at,
            );
            (told, members.iter().map(|message| message.message_id.clone()).collect())
        })
        .collect()
}

/// As many recipients as make a campaign within ten minutes, and eight times the mean rate of a day or more.
fn is_rush(group: &[&Message], threshold: u64) -> bool {
    let times = group.iter().map(|message| message.sent_at);
    let span = (times.clone().max().unwrap_or(0) - times.clone().min().unwrap_or(0)).max(86_400_000);
    let mean = group.len() as f64 * 600_000.0 / span as f64;
    let reached = |at: i64| {
        let within: Vec<&Message> =
            group.iter().copied().filter(|message| message.sent_at > at - 600_000 && message.sent_at <= at).collect();
        count(&within, "recipients")
    };
    times.map(reached).any(|reached| reached >= threshold && reached as f64 >= 8.0 * mean)
}

/// All bursts that should be told, each with its members.
fn expected_bursts(messages: &[Message], contents: &Contents, settings: &Settings) -> Vec<(Told, Vec<String>)> {
    let mut expected = Vec::new();
    for detector in &settings.detector {
        let mut groups: BTreeMap<(&str, &str), Vec<&Message>> = BTreeMap::new();
        for message in messages.iter().filter(|message| message.direction == "outbound") {
            if detector.over == "initiated" && !message.initiated {
                continue;
            }
            let content = if detector.scope == "account" { "" } else { contents[&message.message_id].as_str() };
            groups.entry((message.account.as_str(), content)).or_default().push(message);
        }
        expected.extend(groups.values().flat_map(|group| bursts(group, detector)));
    }
    expected.sort();
    expected
}

fn told_bursts(report: &Report, messages: &[Message]) -> Vec<(Told, Vec<String>)> {
    let rows = report.csv("bursts");
    let mut told: Vec<(Told, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let members =
                messages.iter().filter(|message| message.burst_ids.split(' ').any(|id| id == row["burst_id"]));
            let told = (
                row["detector"].clone(),
                row["account"].clone(),
                millis(&row["start"]),
                millis(&row["end"]),
                number(&row["messages"]),
                number(&row["recipients"]),
                number(&row["peak"]),
                millis(&row["peak_at"]),
            );
            (told, members.map(|message| message.message_id.clone()).collect())
        })
        .collect();
    told.sort();
    told
}

/// A campaign: messages, recipients, its runs as (start, end, messages, recipients, accounts), coordinated.
type Campaign = (u64, u64, Vec<(i64, i64, u64, u64, String)>, bool);

fn expected_campaigns(messages: &[Message], contents: &Contents, settings: &Settings) -> Vec<Campaign> {
    let gap = length(&settings.run.gap);
    let mut groups: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
    for message in messages.iter().filter(|message| message.initiated) {
        groups.entry(contents[&message.message_id].as_str()).or_default().push(message);
    }
    let mut expected = Vec::new();
    let is_mass = |(content, group): &(&&str, &mut Vec<&Message>)| {
        let sent = messages.iter().filter(|message| message.direction == "outbound");
        let sent = sent.filter(|message| contents[&message.message_id] == **content).count();
        // Mostly answers, and never many at once: a ready-made answer.
        let answers = sent - group.len() >= group.len() && !is_rush(group, settings.campaign.recipients);
        count(group, "recipients") >= settings.campaign.recipients && !answers
    };
    for (_, group) in groups.iter_mut().filter(is_mass) {
        group.sort_by_key(|message| message.sent_at);
        let runs: Vec<(i64, i64, u64, u64, String)> = group
            .chunk_by(|one, next| next.sent_at - one.sent_at <= gap)
            .map(|run| {
                let accounts: BTreeSet<&str> = run.iter().map(|message| message.account.as_str()).collect();
                let accounts = accounts.into_iter().collect::<Vec<_>>().join(" ");
                (run[0].sent_at, run[run.len() - 1].sent_at, run.len() as u64, count(run, "recipients"), accounts)
            })
            .collect();
        let coordinated = runs.iter().any(|run| run.4.contains(' '));
        expected.push((group.len() as u64, count(group, "recipients"), runs, coordinated));
    }
    expected.sort();
    expected
}

fn told_campaigns(report: &Report) -> Vec<Campaign> {
    let runs = report.csv("runs");
    let mut told: Vec<Campaign> = report
        .csv("campaigns")
        .iter()
        .map(|row| {
            let own = runs.iter().filter(|run| run["campaign_id"] == row["campaign_id"]);
            let run = |run: &crate::harness::Row| {
                let (messages, recipients) = (number(&run["messages"]), number(&run["recipients"]));
                (millis(&run["start"]), millis(&run["end"]), messages, recipients, run["accounts"].clone())
            };
            let coordinated = row["coordinated"] == "true";
            (number(&row["messages"]), number(&row["recipients"]), own.map(run).collect(), coordinated)
        })
        .collect();
    told.sort();
    told
}

#[test]
fn random_logs_give_what_the_definitions_say() {
    let text = fs::read_to_string(project("data/detectors.toml")).expect("the detectors");
    let mut settings: Settings = toml::from_str(&text).expect("the detectors");
    // No registration and no forward stands in these logs; `measures.rs` asks the detectors that look at them.
    settings.detector.retain(|detector| ["initiated", "all"].contains(&detector.over.as_str()));
    let reply_window = length(&settings.reply.window);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..20 {
        let (log, contents) = log(seed);
        let matter = Matter::new();
        matter.write("log.csv", &log);
        let options = ["--write", "csv", "--with-messages", "--reveal", "--evidence", "0"];
        matter.run(&[&["report", "log.csv", "-o", "out"], &options[..]].concat()).with_code(0);
        let report = matter.report("out");
        let messages = report.messages();
        assert_eq!(messages.len(), contents.len(), "log {seed}: every row is a message");
        for message in &messages {
            let expected = is_initiated(message, &messages, reply_window);
            assert_eq!(message.initiated, expected, "log {seed}: whether this was initiated: {message:#?}");
        }
        let (told, expected) = (told_bursts(&report, &messages), expected_bursts(&messages, &contents, &settings));
        assert_eq!(told.len(), expected.len(), "log {seed}: how many bursts\n{told:#?}\n{expected:#?}");
        for ((told, mut members), (expected, mut others)) in told.into_iter().zip(expected) {
            assert_eq!(told, expected, "log {seed}");
            members.sort();
            others.sort();
            assert_eq!(members, others, "log {seed}: members of {told:?}");
            *found.entry(told.0).or_default() += 1;
        }
        let told = told_campaigns(&report);
        assert_eq!(told, expected_campaigns(&messages, &contents, &settings), "log {seed}");
        *found.entry("campaigns".to_owned()).or_default() += told.len();
        *found.entry("coordinated".to_owned()).or_default() += told.iter().filter(|campaign| campaign.3).count();
    }
    // An oracle that is never asked agrees with everything.
    eprintln!("{found:?}");
    assert!(found.len() == settings.detector.len() + 2 && found.values().all(|count| *count >= 5), "{found:?}");
}
