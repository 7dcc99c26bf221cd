//! A ledger gives the report of the whole: whatever way a log was cut into exports, and whatever order and grouping they
//! were imported in, every file of the report folder is the one of a single run over all files at once.
//! What the commands of a ledger say and do is tested below that.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Matter, Report, number};

/// A die that is the same everywhere.
pub struct Die(u64);

impl Die {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.roll(at + 1));
        }
    }
}

const TEXTS: [&str; 6] = [
    "Die neue Ausgabe ist da: Seite {n}",
    "Heute im Blatt: das Wetter",
    "Ihr Code lautet {n}",
    "Guten Tag, wie können wir helfen?",
    "Rabatt nur heute, {n} Prozent!",
    "Einladung zum Sommerfest",
];

fn stamp(at: i64) -> String {
    let at = jiff::Timestamp::from_second(at).expect("a time").to_zoned(jiff::tz::TimeZone::UTC);
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A log of some messages as the lines of one kind of export, with what stands above them.
struct Log {
    ending: &'static str,
    head: &'static str,
    lines: Vec<String>,
    /// Chat exports are always read from the beginning: a later one holds the earlier.
    grows: bool,
}

fn number_of(die: &mut Die) -> String {
    format!("49152280{:05}", 10_000 + die.roll(14))
}

/// Records with ids of their own, several for a message, months apart at times.
fn with_ids(die: &mut Die, start: i64, count: usize, short: bool) -> Log {
    let mut lines = Vec::new();
    for message in 0..count {
        let at = start + (message as i64) * 61_000 + die.roll(50_000) as i64;
        let id = if short { format!("{message}") } else { format!("SM0123456789abcdef{message:08}") };
        let text = TEXTS[die.roll(TEXTS.len())].replace("{n}", &die.roll(90).to_string());
        let (to, from) = (number_of(die), 1 + die.roll(2));
        for (step, status) in ["sent", "delivered", "read"].iter().take(1 + die.roll(3)).enumerate() {
            let later = at + (step * die.roll(3_000_000)) as i64;
            let shift = if die.roll(40) == 0 { 3600 } else { 0 };
            lines.push(format!("{id},{} +00:00,+4915228895{from}00,+{to},{status},\"{text}\"", stamp(later + shift)));
        }
        if die.roll(30) == 0 {
            lines.push(format!("{id}x,never,+4915228895{from}00,+{to},sent,\"{text}\""));
        }
    }
    Log { ending: "csv", head: "message id,sent at,from,to,status,body\n", lines, grows: false }
}

/// Records without id and sender; equal ones are messages of their own.
fn without_ids(die: &mut Die, start: i64, count: usize) -> Log {
    let mut lines = Vec::new();
    for message in 0..count {
        let at = start + (message as i64) * 70_000;
        let text = TEXTS[die.roll(TEXTS.len())].replace("{n}", "7");
        let line = format!("{};+{};{text}", stamp(at), number_of(die));
        lines.extend(std::iter::repeat_n(line, 1 + usize::from(die.roll(9) == 0)));
    }
    Log { ending: "csv", head: "sent at;to;body\n", lines, grows: false }
}

/// Webhooks: messages of customers, some of which ask for an end, and what became of the answers.
fn webhooks(die: &mut Die, start: i64, count: usize) -> Log {
    let (mut lines, mut sent) = (Vec::new(), Vec::new());
    let wrap = |inner: String| {
        format!(
            "{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"1\",\"changes\":[{{\"field\":\"messages\",\
             \"value\":{{\"messaging_product\":\"whatsapp\",\"metadata\":{{\"display_phone_number\":\"4915228895456\",\
             \"phone_number_id\":\"2\"}},{inner}}}}}]}}]}}"
        )
    };
    for message in 0..count {
        let (at, to) = (start + (message as i64) * 65_000, number_of(die));
        if die.roll(3) == 0 {
            let body = if die.roll(4) == 0 { "STOP" } else { "Hallo" };
            lines.push(wrap(format!(
                "\"contacts\":[{{\"profile\":{{\"name\":\"M\"}},\"wa_id\":\"{to}\"}}],\"messages\":[{{\"from\":\"{to}\",\
                 \"id\":\"wamid.IN{message:012}\",\"timestamp\":\"{at}\",\"type\":\"text\",\"text\":{{\"body\":\"{body}\"}}}}]"
            )));
        }
        let status = |message: usize, to: &str, status: &str, at: i64| {
            format!(
                "{{\"id\":\"wamid.OUT{message:012}\",\"status\":\"{status}\",\"timestamp\":\"{at}\",\
                 \"recipient_id\":\"{to}\"}}"
            )
        };
        for (step, word) in ["sent", "delivered", "read"].iter().take(1 + die.roll(3)).enumerate() {
            let later = at + (step * die.roll(2_500_000)) as i64;
            let mut told = vec![status(message, &to, word, later)];
            if !sent.is_empty() && die.roll(4) == 0 {
                // One record of two messages, which may well live in different months.
                let (earlier, to): &(usize, String) = &sent[die.roll(sent.len())];
                told.push(status(*earlier, to, "read", later));
            }
            lines.push(wrap(format!("\"statuses\":[{}]", told.join(","))));
        }
        sent.push((message, to));
    }
    Log { ending: "jsonl", head: "", lines, grows: false }
}

fn chat(die: &mut Die, start: i64, count: usize) -> Log {
    let line = |(message, die): (usize, &mut Die)| {
        let at = stamp(start + (message as i64) * 80_000);
        let (date, time) = at.split_at(10);
        let (year, month, day) = (&date[2..4], &date[5..7], &date[8..10]);
        let who = ["Kundendienst", "Miriam Habicht"][die.roll(2)];
        format!("{day}.{month}.{year}, {} - {who}: {}", &time[1..6], TEXTS[die.roll(TEXTS.len())])
    };
    let lines = (0..count).map(|message| line((message, die))).collect();
    Log { ending: "txt", head: "", lines, grows: true }
}

/// Cuts a log into exports that overlap, are out of order and come twice; gives their paths.
fn export(die: &mut Die, log: &Log, name: &str, home: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut write = |folder: &str, file: String, bytes: &[u8]| {
        let path = home.join(folder).join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(&path, bytes).expect("an export");
        paths.push(path);
    };
    let count = log.lines.len();
    for part in 0..1 + die.roll(4) {
        let (start, end) = match part {
            _ if log.grows => (0, 1 + die.roll(count)),
            0 => (0, count),
            _ => {
                let start = die.roll(count);
                (start, (start + 1 + die.roll(count)).min(count))
            }
        };
        let mut lines: Vec<&String> = log.lines[start..end].iter().collect();
        if !log.grows && die.roll(3) == 0 {
            die.shuffle(&mut lines);
        }
        let mut text = log.head.to_owned();
        lines.iter().for_each(|line| writeln!(text, "{line}").expect("a line"));
        // One name in two folders, so that the folder must tell the exports apart.
        let folder = if die.roll(2) == 0 { "in/a" } else { "in/b" };
        let file = format!("{name}-{}.{}", part / (1 + die.roll(2)), log.ending);
        match die.roll(8) {
            0 => {
                let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
                let options = zip::write::SimpleFileOptions::default();
                archive.start_file(&file, options).expect("a member");
                archive.write_all(text.as_bytes()).expect("its bytes");
                let bytes = archive.finish().expect("an archive").into_inner();
                write(folder, format!("{file}.zip"), &bytes);
            }
            1 => {
                write(folder, file.clone(), text.as_bytes());
                write("in/again", format!("{}{file}", die.roll(3)), text.as_bytes());
            }
            _ => write(folder, file, text.as_bytes()),
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

fn run(arguments: &[OsString]) -> u8 {
    let program = std::iter::once(OsString::from("sendeschluss"));
    sendeschluss::cli::run(program.chain(arguments.iter().cloned()))
}

fn all(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    Report { folder: folder.to_owned() }.files()
}

/// Tells where files differ, rather than printing all of them.
#[track_caller]
pub fn assert_same(one: &Path, other: &Path, what: &str) {
    let (one, other) = (files(one), files(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{what}: other files");
    let mut told = String::new();
    for (name, bytes) in &one {
        if Some(bytes) != other.get(name) {
            let (left, right) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&other[name]));
            let line = left.lines().zip(right.lines()).find(|(left, right)| left != right);
            if name.contains("csv") || told.is_empty() {
                let _ = writeln!(told, "{name}: {line:.600?}");
            }
        }
    }
    assert!(told.is_empty(), "{what}\n{told}");
}

/// One log cut up, imported and reported on, against one run over all files.
fn check_case(seed: u64) {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    let mut die = Die::new(seed);
    let start = 1_704_500_000 + die.roll(3_000_000) as i64;
    let count = 10 + die.roll(60);
    let mut logs = vec![
        with_ids(&mut die, start, count, seed.is_multiple_of(3)),
        without_ids(&mut die, start, count),
        webhooks(&mut die, start, count),
        chat(&mut die, start, count),
    ];
    // Not every log has every kind of export.
    die.shuffle(&mut logs);
    logs.truncate(1 + die.roll(4));
    let mut paths: Vec<PathBuf> = Vec::new();
    for (index, log) in logs.iter().enumerate() {
        paths.extend(export(&mut die, log, ["log", "log", "webhooks", "chat"][index], root));
    }
    paths.sort();
    paths.dedup();
    let key = root.join("key").into_os_string();
    let common = |out: &str| {
        let mut words = all(&["--timezone", "Europe/Berlin", "-q", "-o"]);
        words.extend([root.join(out).into_os_string(), "--key".into(), key.clone()]);
        words.extend(all(&["--write", "csv,json", "--with-messages"]));
        words
    };
    let ledger = root.join("ledger").into_os_string();
    let mut order = paths.clone();
    die.shuffle(&mut order);
    // Some come again, alone or with others.
    for _ in 0..die.roll(3) {
        order.push(paths[die.roll(paths.len())].clone());
    }
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + die.roll(rest.len()));
        rest = later;
        let mut words = all(&["import", "-q", "--timezone", "Europe/Berlin", "--ledger"]);
        words.push(ledger.clone());
        words.extend(now.iter().map(|path| path.clone().into_os_string()));
        let code = run(&words);
        assert!(code == 0 || code == 3, "seed {seed}: the import ends in {code}");
        if die.roll(4) == 0 {
            assert_eq!(run(&[all(&["ledger", "compact"]), vec![ledger.clone()]].concat()), 0);
        }
    }
    assert_eq!(run(&[all(&["ledger", "check"]), vec![ledger.clone()]].concat()), 0, "seed {seed}");
    let day = |at: i64| stamp(at)[..10].to_owned();
    let (since, until) = (day(start + die.roll(5_000_000) as i64), day(start + 5_100_000 + die.roll(3_000_000) as i64));
    let periods = [all(&["--since", &since]), all(&["--since", &since, "--until", &until]), all(&["--until", &since])];
    for (name, period) in [("whole", Vec::new()), ("period", periods[die.roll(3)].clone())] {
        let (direct, loaded) = (format!("direct-{name}"), format!("loaded-{name}"));
        let mut words = [all(&["report"]), common(&direct), period.clone()].concat();
        words.extend(paths.iter().map(|path| path.clone().into_os_string()));
        let code = run(&words);
        let words = [all(&["report", "--ledger"]), vec![ledger.clone()], common(&loaded), period].concat();
        assert_eq!(run(&words), code, "seed {seed}, {name}: exit code");
        assert_same(&root.join(&direct), &root.join(&loaded), &format!("seed {seed}, {name}"));
    }
}

/// Seeds of this remainder: each is a log, a way to cut it, and an order of imports.
fn check_cases(remainder: u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, cases) =
        (number("SENDESCHLUSS_LEDGER_FIRST").unwrap_or(0), number("SENDESCHLUSS_LEDGER_CASES").unwrap_or(100));
    for seed in (first..first + cases).filter(|seed| seed % 2 == remainder) {
        check_case(seed);
    }
}

#[test]
fn any_split_in_any_order_gives_the_report_of_the_whole() {
    check_cases(0);
}

// Two tests of one kind, for two cores.
#[test]
fn any_other_split_in_any_order_gives_the_report_of_the_whole() {
    check_cases(1);
}

/// A table of messages with ids, some thousand of them where time is needed to be interrupted.
fn table(first: usize, count: usize, start: i64) -> String {
    table_every(20, first, count, start)
}

fn table_every(seconds: i64, first: usize, count: usize, start: i64) -> String {
    let mut text = String::from("message id,sent at,from,to,status,body\n");
    for message in first..first + count {
        let at = stamp(start + message as i64 * seconds);
        let to = 10_000 + message * 7 % 5000;
        writeln!(text, "SM0123456789abcdef{message:08},{at} +00:00,+491522889500,+49152280{to},sent,Ausgabe {message}")
            .expect("a line");
    }
    text
}

const START: i64 = 1_709_000_000;

#[test]
fn a_file_is_told_as_what_it_is() {
    let matter = Matter::new();
    matter.write("in/one.csv", table(0, 50, START));
    matter.write("in/two.csv", table(40, 50, START));
    let ended = matter.run(&["import", "--ledger", "books", "in/one.csv"]).with_code(0);
    assert!(ended.stdout.contains("new          in/one.csv: 50 records = 50 read + 0 folded"), "{ended}");
    assert!(ended.stdout.contains("50 messages, 50 new, in 2024-02"), "{ended}");
    let ended = matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    assert!(ended.stdout.contains("in/two.csv: 50 records = 40 read + 10 folded"), "{ended}");
    assert!(ended.stdout.contains("1 file is known already"), "{ended}");
    let ended = matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    assert!(ended.stdout.contains("Nothing new."), "{ended}");
    matter.write("in/three.csv", table(40, 50, START));
    let ended = matter.run(&["import", "--ledger", "books", "in/three.csv"]).with_code(0);
    assert!(ended.stdout.contains("new          in/three.csv: 50 records"), "{ended}");
    // By name it comes before the other: from now on that one is the copy, as in one run over both.
    matter.run(&["report", "--ledger", "books", "-o", "from-ledger"]).with_code(0);
    matter.run(&["report", "in/one.csv", "in", "in/three.csv", "-o", "direct"]).with_code(0);
    assert_same(&matter.path("direct"), &matter.path("from-ledger"), "copies");
    // A corrected export under the old name: both count, told apart by their bytes.
    matter.write("in/one.csv", table(0, 60, START));
    let ended = matter.run(&["import", "--ledger", "books", "in/one.csv"]).with_code(0);
    assert!(ended.stdout.contains("new version  in/one.csv"), "{ended}");
    matter.run(&["report", "--ledger", "books", "-o", "corrected"]).with_code(0);
    let inputs = matter.report("corrected").csv("inputs");
    let names: Vec<&str> = inputs.iter().map(|row| row["file"].as_str()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("in/one.csv#")).count(), 2, "{names:?}");
    // The first version is gone: its records stand, without hashes of what cannot be read any more.
    assert!(inputs.iter().any(|row| row["notes"].contains("no longer where it was imported from")), "{inputs:#?}");
    matter.report("corrected").assert_every_record_is_accounted_for();
    let ended = matter.run(&["ledger", "list", "books"]).with_code(0);
    assert!(ended.stdout.contains("2024-02  90 messages in"), "{ended}");
    matter.run(&["ledger", "compact", "books"]).with_code(0);
    matter.run(&["report", "--ledger", "books", "-o", "compacted"]).with_code(0);
    assert_same(&matter.path("corrected"), &matter.path("compacted"), "compaction");
    matter.run(&["ledger", "check", "books"]).with_code(0);
}

#[test]
fn a_report_from_a_ledger_can_be_verified_traced_and_made_again() {
    let matter = Matter::new();
    for (name, bytes) in [("a.csv", table_every(1, 0, 300, START)), ("b.csv", table_every(1, 250, 300, START))] {
        matter.write(format!("in/{name}"), bytes);
        matter.run(&["import", "--ledger", "books", &format!("in/{name}")]).with_code(0);
    }
    matter.run(&["report", "--ledger", "books", "-o", "out"]).with_code(0);
    matter.run(&["verify", "out"]).with_code(0);
    let ended = matter.run(&["verify", "out", "--recompute"]).with_code(0);
    assert!(ended.stdout.contains("are the same to the byte"), "{ended}");
    let bursts = matter.report("out").csv("bursts");
    matter.run(&["trace", "out", &bursts[0]["burst_id"]]).with_code(0);
    let evidence = matter.report("out").csv("evidence");
    assert!(!evidence.is_empty() && evidence.iter().all(|row| row["record_sha256"].len() == 64), "all are hashed");
}

#[test]
fn settings_that_would_read_otherwise_are_told_and_the_files_can_be_read_again() {
    let matter = Matter::new();
    let text = table(0, 40, START).replace(" +00:00", "");
    matter.write("in/a.csv", text);
    matter.run(&["import", "--ledger", "books", "in/a.csv"]).with_code(0);
    let ended = matter.run(&["report", "--ledger", "books", "-o", "out", "--timezone", "Europe/Berlin"]).with_code(2);
    assert!(ended.stderr.contains("timezone was UTC (guessed), and is Europe/Berlin (case)"), "{ended}");
    assert!(ended.stderr.contains("in/a.csv") && ended.stderr.contains("import --again"), "{ended}");
    let ended = matter.run(&["import", "--ledger", "books", "in/a.csv", "--timezone", "Europe/Berlin"]).with_code(2);
    assert!(ended.stderr.contains("timezone"), "{ended}");
    let ended = matter.run(&["import", "--ledger", "books", "--again", "--timezone", "Europe/Berlin"]).with_code(0);
    assert!(ended.stdout.contains("read again   in/a.csv"), "{ended}");
    matter.run(&["report", "--ledger", "books", "-o", "out", "--timezone", "Europe/Berlin"]).with_code(0);
    matter.run(&["report", "in/a.csv", "-o", "direct", "--timezone", "Europe/Berlin"]).with_code(0);
    assert_same(&matter.path("direct"), &matter.path("out"), "read again");
    let again = ["import", "--ledger", "books", "--again", "--timezone", "Europe/Berlin", "in/a.csv"];
    let ended = matter.run(&again).with_code(0);
    assert!(ended.stdout.contains("read again   in/a.csv: 40 records = 40 read"), "{ended}");
    matter.run(&["ledger", "check", "books"]).with_code(0);
    fs::remove_file(matter.path("in/a.csv")).expect("it was there");
    let ended = matter.run(&["import", "--ledger", "books", "--again"]).with_code(3);
    assert!(ended.stderr.contains("`in/a.csv` is not where it was imported from"), "{ended}");
    matter.run(&["report", "--ledger", "books", "-o", "out", "--timezone", "Europe/Berlin"]).with_code(0);
    assert_eq!(number(&matter.report("out").input("in/a.csv")["messages"]), 40, "what was read stays");
}

#[test]
fn a_ledger_says_what_is_wrong_with_a_call() {
    let matter = Matter::new();
    matter.write("in/a.csv", table(0, 3, START));
    matter.write("other/letter.txt", "x");
    for (arguments, code, says) in [
        (&["report", "--ledger", "books", "-o", "out"][..], 2, "books is no ledger"),
        (&["report", "--ledger", "books", "-o", "out", "in/a.csv"], 2, "cannot be used with"),
        (&["import", "in/a.csv"], 2, "--ledger DIR"),
        (&["import", "--ledger", "other", "in/a.csv"], 2, "other holds files that are no ledger"),
        (&["import", "--ledger", "books"], 2, "no input"),
        (&["import", "--ledger", "books", "in/a.csv", "--wait", "soon"], 2, "write 30s, 10m or 1h"),
        (&["ledger", "compact", "nowhere"], 2, "nowhere is no ledger"),
        (&["ledger", "forget", "books"], 2, "nothing to forget"),
    ] {
        let ended = matter.run(arguments).with_code(code);
        assert!(ended.stderr.contains(says), "`{says}` is missing in\n{ended}");
    }
    assert!(!matter.path("nowhere").exists() && matter.path("other/letter.txt").exists());
    // A file that cannot be read has an account too, and gives way to the file when it can be.
    matter.write("in/b.bin", b"\x00\x01\x02garbage");
    let ended = matter.run(&["import", "--ledger", "books", "in"]).with_code(3);
    assert!(ended.stdout.contains("NOT READ"), "{ended}");
    matter.run(&["report", "--ledger", "books", "-o", "out"]).with_code(3);
    matter.run(&["report", "in", "-o", "direct"]).with_code(3);
    assert_same(&matter.path("direct"), &matter.path("out"), "an unread file");
}

#[test]
fn two_at_once_wait_or_are_told_who_is_there() {
    let matter = Matter::new();
    matter.write("in/a.csv", table(0, 10, START));
    matter.run(&["import", "--ledger", "books", "in/a.csv"]).with_code(0);
    let lock = fs::OpenOptions::new().read(true).write(true).open(matter.path("books/ledger.lock")).expect("the lock");
    lock.lock().expect("nobody holds it");
    fs::write(matter.path("books/ledger.lock"), "by process 4711: import\n").expect("a holder");
    for arguments in [
        &["import", "--ledger", "books", "in/a.csv"][..],
        &["report", "--ledger", "books", "-o", "out"],
        &["ledger", "list", "books"],
    ] {
        let ended = matter.run(arguments).with_code(4);
        assert!(ended.stderr.contains("in use by process 4711: import"), "{ended}");
    }
    let mut waiting = matter.command(&["import", "--ledger", "books", "in/a.csv", "--wait", "60s"]);
    let mut child = waiting.stdout(Stdio::null()).spawn().expect("it starts");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("its state").is_none(), "it waits");
    drop(lock);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn what_is_erased_does_not_come_back() {
    let matter = Matter::new();
    matter.write("in/a.csv", table(0, 200, START));
    matter.write("in/b.csv", table(150, 200, START));
    matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    let victim = "+4915228010070"; // of message 10
    let texts = |name: &str| {
        let mut found = false;
        for (_, bytes) in files(&matter.path(name)) {
            found |= bytes.windows(victim.len() - 1).any(|window| window == &victim.as_bytes()[1..]);
        }
        found
    };
    matter.run(&["report", "--ledger", "books", "-o", "before", "--reveal", "--with-messages"]).with_code(0);
    assert!(texts("before"));
    let ended = matter.run(&["ledger", "forget", "books", "--recipient", victim]).with_code(0);
    assert!(ended.stdout.contains("Erased: 1 message"), "{ended}");
    assert!(!ended.stdout.contains(&victim[1..]), "it is not said what\n{ended}");
    let ended = matter.run(&["ledger", "list", "books"]).with_code(0);
    assert!(ended.stdout.contains("erased (recipient): 1 message of in/a.csv"), "{ended}");
    // Neither the same files nor others bring it back.
    matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    matter.write("in/c.csv", table(0, 30, START));
    let ended = matter.run(&["import", "--ledger", "books", "in/c.csv"]).with_code(0);
    assert!(ended.stdout.contains("30 records = 0 read + 29 folded + 1 ignored"), "{ended}");
    matter.run(&["report", "--ledger", "books", "-o", "after", "--reveal", "--with-messages"]).with_code(0);
    assert!(!texts("after"), "the number stands nowhere");
    matter.report("after").assert_every_record_is_accounted_for();
    assert_eq!(matter.report("after").messages().len(), 349);
    let ended = matter.run(&["ledger", "forget", "books", "--before", "2024-02-27T03:00:00Z"]).with_code(0);
    let erased = matter.report("after").messages().iter().filter(|one| one.sent_at < 1_709_002_800_000).count();
    assert!(ended.stdout.contains(&format!("Erased: {erased} messages")), "{ended}");
    matter.run(&["ledger", "check", "books"]).with_code(0);
    matter.run(&["report", "--ledger", "books", "-o", "rest"]).with_code(0);
    matter.report("rest").assert_every_record_is_accounted_for();
    // Nothing of it is left in the files of the ledger either.
    for (name, bytes) in files(&matter.path("books")) {
        let text = if name.ends_with(".zst") { zstd::decode_all(bytes.as_slice()).expect("its bytes") } else { bytes };
        assert!(!text.windows(victim.len() - 1).any(|window| window == &victim.as_bytes()[1..]), "{name}");
    }
}

#[test]
fn a_damaged_ledger_is_told() {
    let matter = Matter::new();
    matter.write("in/a.csv", table(0, 10, START));
    matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    let part = files(&matter.path("books")).into_keys().find(|name| name.ends_with(".parquet")).expect("a part");
    let path = matter.path("books").join(part);
    let mut bytes = fs::read(&path).expect("its bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&path, &bytes).expect("a change");
    let ended = matter.run(&["ledger", "check", "books"]).with_code(1);
    assert!(ended.stdout.contains("has other bytes than those that were written"), "{ended}");
    fs::write(&path, b"short").expect("a change");
    let ended = matter.run(&["report", "--ledger", "books", "-o", "out"]).with_code(4);
    assert!(ended.stderr.contains("the ledger is damaged"), "{ended}");
}

/// Starts a command and ends it after a while by SIGKILL; whether it was still at work.
fn kill_after(command: &mut Command, wait: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    std::thread::sleep(wait);
    let at_work = child.try_wait().expect("its state").is_none();
    // It may have ended in between.
    let _ = child.kill();
    child.wait().expect("it ends");
    at_work
}

#[test]
fn killed_at_any_moment_a_ledger_loses_nothing() {
    let kills: usize = std::env::var("SENDESCHLUSS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let matter = Matter::new();
    let mut die = Die::new(kills as u64);
    let mut names = Vec::new();
    let registered = || {
        let ended = matter.run(&["ledger", "list", "books", "--json"]).with_code(0);
        let told: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let sources = told["sources"].as_array().expect("a list").iter();
        sources.map(|source| source["file"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    matter.write("in/000.csv", table(0, 400, START));
    names.push("in/000.csv".to_owned());
    let begun = Instant::now();
    matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    let whole = begun.elapsed();
    let begun = Instant::now();
    matter.run(&["report", "--ledger", "books", "-o", "out"]).with_code(0);
    let whole_report = begun.elapsed();
    let mut hit = 0;
    for round in 1..=kills {
        let before = registered();
        if round.is_multiple_of(2) {
            // Small enough to go on for hundreds of rounds, and over a month's end now and then.
            let name = format!("in/{round:03}.csv");
            matter.write(&name, table(round * 150, 400, START + (round as i64 % 5) * 700_000));
            names.push(name);
            let wait = whole.mul_f64(die.roll(1200) as f64 / 1000.0);
            hit += usize::from(kill_after(&mut matter.command(&["import", "--ledger", "books", "in"]), wait));
        } else {
            let wait = whole_report.mul_f64(die.roll(1200) as f64 / 1000.0);
            let mut command = matter.command(&["report", "--ledger", "books", "-o", "out"]);
            hit += usize::from(kill_after(&mut command, wait));
            matter.run(&["verify", "out", "-q"]).with_code(0);
        }
        let after = registered();
        assert!(before.iter().all(|name| after.contains(name)), "round {round}: {before:?} {after:?}");
        matter.run(&["ledger", "check", "books"]).with_code(0);
    }
    eprintln!("{hit} of {kills} kills met the program at work");
    assert!(hit > 0, "no kill met the program at work");
    matter.run(&["import", "--ledger", "books", "in"]).with_code(0);
    matter.run(&["report", "--ledger", "books", "-o", "out"]).with_code(0);
    matter.run(&["report", "in", "-o", "direct"]).with_code(0);
    assert_same(&matter.path("direct"), &matter.path("out"), "after all kills");
    let left = files(&matter.path("books")).into_keys().filter(|name| name.contains(".tmp")).count();
    assert_eq!(left, 0, "nothing is left behind");
}

/// A small file system that is mounted as long as this lives.
struct Mounted(PathBuf);

impl Mounted {
    fn new(place: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&place).expect("a folder");
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&place).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(place))
    }

    fn remount(&self, options: &str) -> bool {
        let options = format!("remount,{options}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.0).output();
        done.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_full_or_read_only_disk_leaves_the_ledger_whole() {
    let matter = Matter::new();
    let Some(disk) = Mounted::new(matter.path("disk"), "700k") else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    matter.write("in/a.csv", table(0, 200, START));
    matter.run(&["import", "--ledger", "disk/books", "in/a.csv"]).with_code(0);
    matter.write("in/b.csv", table(100, 30_000, START));
    let ended = matter.run(&["import", "--ledger", "disk/books", "in/b.csv"]).with_code(4);
    assert!(!ended.stderr.is_empty(), "{ended}");
    matter.run(&["ledger", "check", "disk/books"]).with_code(0);
    matter.run(&["report", "--ledger", "disk/books", "-o", "out"]).with_code(0);
    assert_eq!(number(&matter.report("out").input("in/a.csv")["messages"]), 200);
    assert!(disk.remount("size=64m"));
    matter.run(&["import", "--ledger", "disk/books", "in/b.csv"]).with_code(0);
    assert!(disk.remount("ro"));
    // It can be looked at, and is not changed.
    matter.run(&["report", "--ledger", "disk/books", "-o", "out"]).with_code(0);
    matter.run(&["report", "in/a.csv", "in/b.csv", "-o", "direct"]).with_code(0);
    assert_same(&matter.path("direct"), &matter.path("out"), "a medium that can only be read");
    matter.write("in/c.csv", table(0, 3, START));
    matter.run(&["import", "--ledger", "disk/books", "in/c.csv"]).with_code(4);
}
