//! How every kernel of detection grows from 10^5 to 10^7 messages: seconds, nanoseconds per n·log2 n, peak memory.
//! One account holds all messages and windows last 30 days, the worst case. `cargo bench --bench kernels -- scaling`.

use std::fs;
use std::io::{self, Write};
use std::time::Instant;

use sendeschluss::detect::bursts::{Series, bursts};
use sendeschluss::detect::mining::groups;
use sendeschluss::detect::replies::{Turn, initiated};
use sendeschluss::detect::{Counts, Settings, clusters, completeness, detect, intensity, limits, regularity, speed};
use sendeschluss::message::{
    Account, Columns, ContentKind, Contents, Direction, Messages, RecipientKind, Recipients, Texts,
};

use crate::bursts::log;

const SIZES: [usize; 5] = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
const MONTH_MS: i64 = 30 * 86_400_000;
/// Mean gap of a log that grows longer instead of denser.
const PACE_MS: u64 = 10_000;
/// Contents of the whole job; each is a campaign.
const CONTENTS: usize = 100;

/// Prints the table.
///
/// # Errors
/// When nothing can be printed.
pub fn print(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| kernel | messages | found | seconds | ns per n log2 n | peak MiB above before |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for messages in SIZES {
        // Half a year of traffic, so that a window of 30 days holds a sixth of all.
        let longest_gap = 2 * 6 * MONTH_MS as u64 / messages as u64;
        let (times, recipients, weights) = log(messages, longest_gap);
        let series = Series { times: &times, recipients: &recipients, weights: &weights };
        let threshold = messages as u64 / 10;
        let mut told = |name: &str, work: &mut dyn FnMut() -> usize| measure(out, name, messages, work);
        told("bursts, messages, 30 d", &mut || bursts(series, MONTH_MS, threshold, Counts::Messages).len())?;
        told("bursts, recipients, 30 d", &mut || bursts(series, MONTH_MS, threshold / 8, Counts::Recipients).len())?;
        told("limit check, 30 d", &mut || {
            limits::reach(series, MONTH_MS, &[250, 1_000, 10_000, 100_000], i64::MIN..i64::MAX)
                .map_or(0, |one| one.passed.len())
        })?;
        told("speed profile", &mut || speed::profile(series).len())?;
        told("intensity", &mut || intensity::stretches(&times).len())?;
        told("regularity", &mut || usize::from(regularity::equal_share(&times).is_some()))?;
        let direction = |at: usize| if at.is_multiple_of(9) { Direction::Inbound } else { Direction::Outbound };
        let turn = |(at, (time, recipient)): (usize, (&i64, &u32))| Turn {
            at: *time,
            recipient: *recipient,
            direction: direction(at),
        };
        let turns: Vec<Turn> = times.iter().zip(&recipients).enumerate().map(turn).collect();
        told("replies", &mut || initiated(&turns, 86_400_000).len())?;
        drop(turns);
        told("silences and clock jumps", &mut || {
            completeness::silences(&times).len() + completeness::jumps(&times).len()
        })?;
        let ids: Vec<u64> = (0..messages as u64).filter(|id| id % 9 > 0).collect();
        told("holes in ids", &mut || completeness::holes(&ids).len())?;
        drop(ids);
        told("shared recipients, 30 accounts", &mut || {
            let mut contacts: Vec<(u32, u32)> =
                recipients.iter().zip(0_u32..).map(|(one, at)| (*one, at % 30)).collect();
            contacts.sort_unstable();
            contacts.dedup();
            clusters::with_shared_recipients(&contacts).len()
        })?;
        let (whole, settings) = (one_account(&times, &recipients), Settings::load().map_err(io::Error::other)?);
        // Settings count in minutes: at another pace other things are found, and runs are what the work follows.
        told("all of detect, half a year", &mut || detect(&whole, &settings).runs.len())?;
        drop(whole);
        let (times, recipients, _) = log(messages, 2 * PACE_MS);
        let whole = one_account(&times, &recipients);
        told("all of detect, same pace", &mut || detect(&whole, &settings).runs.len())?;
        drop((whole, times, recipients));
        let personal = crate::mining::messages(messages);
        told("content mining, every text its own", &mut || groups(&personal, 51).len())?;
    }
    Ok(())
}

fn measure(out: &mut dyn Write, name: &str, messages: usize, work: &mut dyn FnMut() -> usize) -> io::Result<()> {
    // "5" sets the peak back to what is in use now; where that is not allowed the peak is that of all before.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = status("VmRSS:");
    // Small sizes are over before the clock is fine enough: the best of several rounds counts.
    let rounds = (2_000_000 / messages).clamp(1, 10);
    let (mut seconds, mut found) = (f64::INFINITY, 0);
    for _ in 0..rounds {
        let start = Instant::now();
        found = work();
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    let peak = status("VmHWM:").saturating_sub(before) / 1024;
    let cost = seconds * 1e9 / (messages as f64 * (messages as f64).log2());
    writeln!(out, "| {name} | {messages} | {found} | {seconds:.3} | {cost:.2} | {peak} |")?;
    out.flush()
}

/// A line of this process's status, in KiB.
fn status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn one_account(times: &[i64], recipients: &[u32]) -> Messages {
    let rows = times.len();
    let people = recipients.iter().max().map_or(0, |most| *most as usize + 1);
    let mut ids = Texts::with_capacity(rows, 0);
    (0..rows).for_each(|_| {
        ids.push("");
    });
    let mut address = Texts::with_capacity(people, people * 8);
    (0..people).for_each(|person| {
        address.push(&person.to_string());
    });
    Messages {
        accounts: vec![Account { id: "account".to_owned(), ..Account::default() }],
        recipients: Recipients {
            address,
            kind: vec![RecipientKind::default(); people],
            country: vec![None; people],
            audience: vec![1; people],
        },
        contents: Contents {
            kind: vec![ContentKind::default(); CONTENTS + 1],
            fingerprint: (0..=CONTENTS as u128).map(|content| content << 90).collect(),
            ..Contents::default()
        },
        files: vec!["log".to_owned()],
        columns: Columns {
            sent_at: times.to_vec(),
            account: vec![0; rows],
            recipient: recipients.to_vec(),
            content: (0..rows).map(|row| (row % CONTENTS) as u32 + 1).collect(),
            audience: vec![1; rows],
            platform: vec![Default::default(); rows],
            route: vec![Default::default(); rows],
            direction: vec![Direction::Outbound; rows],
            zone: vec![Default::default(); rows],
            status: vec![Default::default(); rows],
            category: vec![Default::default(); rows],
            automation: vec![Default::default(); rows],
            form: vec![Default::default(); rows],
            values: vec![0; rows],
            forward_score: vec![255; rows],
            key: (0..rows as u128).map(|row| row << 8).collect(),
            file: vec![0; rows],
            record: (1..=rows as u32).collect(),
            line: (1..=rows as u32).collect(),
            offset: vec![0; rows],
            length: vec![0; rows],
            message_id: ids,
        },
        ..Messages::default()
    }
}
