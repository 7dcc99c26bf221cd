//! The nightly run where cron is hard: no environment, no terminal, a clock set back, files half there, a second instance,
//! signals. What it says and how it ends stands in `tests/data/cron.toml`, and the same in the table of docs/cron.md.
//! What a run does in a good night is tested in `nightly`.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use crate::harness::{Ended, Matter, project};

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    case: String,
    message: String,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    silent: bool,
    code: i32,
}

fn table() -> Vec<Case> {
    let text = fs::read_to_string(project("tests/data/cron.toml")).expect("the table");
    toml::from_str::<Table>(&text).expect("a table of this form").case
}

/// The day of the nights of these tests.
const NIGHT: &str = "2020-02-04T02:00:00Z";

/// A log of a newsletter to so many.
pub fn newsletter(day: &str, recipients: usize) -> String {
    let row = |index: usize| {
        format!(
            "{day}-{index};{day}T10:{:02}:{:02}Z;+493023125000;+4917139{index:05};Angebot\n",
            index / 60,
            index % 60
        )
    };
    "id;Gesendet am;Absender;Empfänger;Nachricht\n".to_owned() + &(0..recipients).map(row).collect::<String>()
}

thread_local! {
    /// Whether the nights of this test have a ledger.
    static LEDGER: Cell<bool> = const { Cell::new(false) };
}

/// From here on the nights of this test have a ledger.
pub fn with_ledger() {
    LEDGER.set(true);
}

/// Settings of a night that wants little: what `more` says is added to the table `[run]`.
pub fn settings(more: &str) -> String {
    let ledger = if LEDGER.get() { "ledger = \"ledger\"\n" } else { "" };
    format!(
        "{ledger}key = \"matter.key\"\nwrite = [\"csv\", \"json\"]\n[run]\nreports = \"reports\"\n\
         heartbeat = \"beat.json\"\n{more}\n"
    )
}

/// A matter with one log and settings that watch it; files need not settle.
pub fn matter_with(more: &str) -> Matter {
    let matter = Matter::new();
    matter.write("in/log.csv", newsletter("2020-02-03", 60));
    matter.write("sendeschluss.toml", settings(&format!("watch = [\"in\"]\nsettle = \"0s\"\n{more}")));
    matter
}

/// The command of a night: `run`, at the hour of these tests.
pub fn night(matter: &Matter) -> Command {
    let mut command = matter.command(&["run"]);
    command.env("SENDESCHLUSS_NOW", NIGHT);
    command
}

fn pass(matter: &Matter) -> Ended {
    Matter::run_command(&mut night(matter))
}

/// Runs by a shell, which can close what a program cannot close for its child.
fn by_shell(matter: &Matter, line: &str) -> Ended {
    let program = env!("CARGO_BIN_EXE_sendeschluss");
    let line = line.replace("PROGRAM", program);
    Matter::run_command(Command::new("/bin/sh").args(["-c", &line]).current_dir(matter.path("")).env_clear())
}

fn started(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

fn ended(child: Child) -> Ended {
    Ended::from(child.wait_with_output().expect("the program ends"))
}

/// Waits until something is the case, ten seconds at most.
fn until(what: &str, is: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not happen within ten seconds");
}

/// A pipe, open for writing as soon as somebody reads it. Without waiting in the system, which would wait for ever.
fn opened_for(pipe: &Path) -> File {
    const O_NONBLOCK: i32 = 0o4000;
    let open = || File::options().write(true).custom_flags(O_NONBLOCK).open(pipe);
    let mut opened = open();
    for _ in 0..1000 {
        if let Ok(file) = opened {
            return file;
        }
        std::thread::sleep(Duration::from_millis(10));
        opened = open();
    }
    panic!("nobody reads {}", pipe.display());
}

fn signal(name: &str, child: &Child) {
    let status = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {}", child.id())]).status();
    assert!(status.expect("a shell").success());
}

/// A night that waits for its files to settle, and is sent a signal then.
fn signalled(name: &str) -> Ended {
    let matter = Matter::new();
    matter.write("in/log.csv", newsletter("2020-02-03", 60));
    matter.write("sendeschluss.toml", settings("watch = [\"in\"]\nsettle = \"1h\""));
    // Who runs the tests may ignore signals, as in the background; that would be kept.
    let mut command = Command::new("/usr/bin/env");
    command.args(["-i", "--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_sendeschluss"), "run"]);
    command.current_dir(matter.path("")).stdin(Stdio::null());
    let child = started(command);
    until("the lock", || fs::read_to_string(matter.path("reports/.lock")).is_ok_and(|text| text.ends_with('\n')));
    signal(name, &child);
    let ended = ended(child);
    let beat: serde_json::Value = serde_json::from_slice(&fs::read(matter.path("beat.json")).expect("a beat")).unwrap();
    assert_eq!((&beat["outcome"], &beat["exit_code"]), (&"stopped".into(), &ended.code.into()));
    // The next night is as if there had been none.
    matter.write("sendeschluss.toml", settings("watch = [\"in\"]\nsettle = \"0s\""));
    pass(&matter).with_code(0);
    ended
}

/// Holds the lock as another process would.
fn hold(path: &Path) -> File {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut file = File::create(path).expect("a lock file");
    file.lock().expect("the lock");
    let line = "{\"pid\":4711,\"since\":\"2020-02-04T02:00:00Z\",\"command\":\"sendeschluss run\"}\n";
    file.write_all(line.as_bytes()).expect("written");
    file
}

/// Lets the case happen.
fn happen(name: &str) -> Ended {
    match name {
        "bare" => by_shell(&matter_with(""), "exec PROGRAM run -q <&-"),
        "closed" => by_shell(&matter_with(""), "exec PROGRAM run <&- >&- 2>&-"),
        "pipe" => {
            let matter = matter_with("");
            let mut child = started(night(&matter));
            drop((child.stdout.take(), child.stderr.take()));
            let ended = ended(child);
            assert!(matter.path("reports/latest/findings.json").is_file());
            ended
        }
        "elsewhere" => {
            let matter = Matter::new();
            matter.write("in/log.csv", newsletter("2020-02-03", 60));
            matter.write("sendeschluss.toml", settings("watch = [\"in\", \"in/*.csv\"]\nsettle = \"0s\""));
            let mut command = matter.command(&["run", "--config"]);
            command.arg(matter.path("sendeschluss.toml")).current_dir("/");
            Matter::run_command(&mut command)
        }
        "locale" => {
            let matter = matter_with("");
            matter.write("in/März.csv", newsletter("2020-02-02", 3));
            matter.write(Path::new(std::ffi::OsStr::from_bytes(b"in/M\xe4rz.csv")), newsletter("2020-02-01", 3));
            pass(&matter)
        }
        "no-home" | "home-read-only" => {
            let matter = matter_with("");
            let text = settings("watch = [\"in\"]\nsettle = \"0s\"").replace("key = ", "# key = ");
            matter.write("sendeschluss.toml", text);
            let mut command = night(&matter);
            command.env_remove("XDG_STATE_HOME").env_remove("HOME");
            if name == "home-read-only" {
                // Not even root can write here.
                command.env("HOME", "/proc");
            }
            Matter::run_command(&mut command)
        }
        "memory" => pass(&matter_with("").with(
            "sendeschluss.toml",
            &format!("memory = \"1MiB\"\n{}", settings("watch = [\"in\"]\nsettle = \"0s\"")),
        )),
        "wrong-setting" => pass(&matter_with("").with("sendeschluss.toml", &settings("wach = [\"in\"]"))),
        "reports-unwritable" => {
            let text = settings("watch = [\"in\"]").replace("\"reports\"", "\"/proc/reports\"");
            pass(&matter_with("").with("sendeschluss.toml", &text))
        }
        "clock-back" => {
            let matter = matter_with("");
            pass(&matter).with_code(0);
            matter.write("in/more.csv", newsletter("2020-02-04", 60));
            let ended = Matter::run_command(night(&matter).env("SENDESCHLUSS_NOW", "2019-01-01T02:00:00Z"));
            assert!(matter.path("reports/report-2020-02-04-0001/manifest.json").is_file(), "the earlier one is whole");
            ended
        }
        "two" => {
            let matter = matter_with("");
            let _held = hold(&matter.path("reports/.lock"));
            let ended = pass(&matter);
            assert!(!matter.path("beat.json").exists(), "the heartbeat is that of the other run");
            ended
        }
        "two-wait" => {
            let text = format!("wait = \"1m\"\n{}", settings("watch = [\"in\"]\nsettle = \"0s\""));
            let matter = matter_with("").with("sendeschluss.toml", &text);
            let held = hold(&matter.path("reports/.lock"));
            let child = started(night(&matter));
            std::thread::sleep(Duration::from_millis(300));
            assert!(!matter.path("reports/.next").exists(), "it waits");
            drop(held);
            ended(child)
        }
        "stale-lock" => {
            let matter = matter_with("");
            drop(hold(&matter.path("reports/.lock")));
            pass(&matter)
        }
        "half-uploaded" => {
            let matter = Matter::new();
            matter.write("in/log.csv", newsletter("2020-02-03", 60));
            let an_hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
            let log = File::options().write(true).open(matter.path("in/log.csv")).expect("the log");
            log.set_modified(an_hour_ago).expect("a time");
            matter.write("in/slow.csv", "id;");
            matter.write("sendeschluss.toml", settings("watch = [\"in\"]\nsettle = \"2s\""));
            let child = started(night(&matter));
            until("the lock", || matter.path("reports/.lock").exists());
            std::thread::sleep(Duration::from_millis(500));
            matter.write("in/slow.csv", "id;Gesendet");
            ended(child)
        }
        "part" => {
            let matter = matter_with("");
            matter.write("in/log.csv.filepart", newsletter("2020-02-04", 60));
            pass(&matter)
        }
        "went-away" => {
            let matter = Matter::new();
            matter.write("in/gone.csv", newsletter("2020-02-03", 60));
            matter.write("sendeschluss.toml", settings("watch = [\"in\"]\nsettle = \"2s\""));
            let child = started(night(&matter));
            until("the lock", || matter.path("reports/.lock").exists());
            std::thread::sleep(Duration::from_millis(500));
            fs::remove_file(matter.path("in/gone.csv")).expect("removed");
            ended(child)
        }
        "removed" => {
            // The case file is read between the look and the exports: as a pipe it holds the night up at that place.
            let matter = matter_with("");
            matter.write("in/gone.csv", newsletter("2020-02-04", 60));
            let made = Command::new("mkfifo").arg(matter.path("case.fifo")).status();
            assert!(made.expect("mkfifo").success());
            let mut command = matter.command(&["run", "--case", "case.fifo"]);
            command.env("SENDESCHLUSS_NOW", NIGHT);
            let child = started(command);
            let mut case = opened_for(&matter.path("case.fifo"));
            fs::remove_file(matter.path("in/gone.csv")).expect("removed");
            case.write_all(b"[matter]\nname = \"Muster\"\n").expect("written");
            drop(case);
            ended(child)
        }
        "no-export" => {
            let matter = matter_with("");
            matter.write("in/bild.csv", b"\x89PNG\r\n\x1a\n\0\x01\x02\x03\x04\x05\x06\x07");
            pass(&matter)
        }
        "missing-place" => {
            pass(&matter_with("").with("sendeschluss.toml", &settings("watch = [\"in\", \"share\"]\nsettle = \"0s\"")))
        }
        "fifo" => {
            let matter = matter_with("");
            let made = Command::new("mkfifo").arg(matter.path("pipe.csv")).status();
            assert!(made.expect("mkfifo").success());
            pass(&matter.with("sendeschluss.toml", &settings("watch = [\"in\", \"pipe.csv\"]\nsettle = \"0s\"")))
        }
        "standard-input" => pass(&matter_with("").with("sendeschluss.toml", &settings("watch = [\"-\"]"))),
        "empty" => {
            let matter = Matter::new();
            fs::create_dir(matter.path("in")).expect("a folder");
            pass(&matter.with("sendeschluss.toml", &settings("watch = [\"in\", \"in/*.csv\"]")))
        }
        "nothing-new" => {
            let matter = matter_with("");
            pass(&matter).with_code(0);
            pass(&matter)
        }
        "finding" => pass(&matter_with("").with(
            "sendeschluss.toml",
            &format!("fail-on = \"info\"\n{}", settings("watch = [\"in\"]\nsettle = \"0s\"")),
        )),
        "notify-fails" => pass(&matter_with("notify = [\"/bin/false\"]")),
        "notify-missing" => pass(&matter_with("notify = [\"/nowhere/tell\"]")),
        "notify-slow" => pass(&matter_with("notify = [\"/bin/sleep\", \"60\"]\nnotify-timeout = \"1s\"")),
        "heartbeat-unwritable" => {
            let text = settings("watch = [\"in\"]\nsettle = \"0s\"").replace("beat.json", "/proc/heartbeat.json");
            pass(&matter_with("").with("sendeschluss.toml", &text))
        }
        "terminated" => signalled("TERM"),
        "interrupted" => signalled("INT"),
        "hung-up" => signalled("HUP"),
        "nohup" => {
            let matter = Matter::new();
            matter.write("in/log.csv", newsletter("2020-02-03", 60));
            matter.write("sendeschluss.toml", settings("watch = [\"in\"]\nsettle = \"1s\""));
            let line = format!("trap '' HUP; exec {} run", env!("CARGO_BIN_EXE_sendeschluss"));
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &line]).current_dir(matter.path("")).env_clear().stdin(Stdio::null());
            let child = started(shell);
            until("the lock", || matter.path("reports/.lock").exists());
            signal("HUP", &child);
            ended(child)
        }
        other => panic!("no test knows how the case `{other}` happens"),
    }
}

/// Lets cases happen; what did not end as the table says.
fn wrong(cases: &[Case]) -> String {
    let mut wrong = String::new();
    for case in cases {
        let ended = happen(&case.name);
        let said = |part: &&String| ended.stdout.contains(*part) || ended.stderr.contains(*part);
        let missing: Vec<&String> = case.says.iter().filter(|part| !said(part)).collect();
        let loud = case.silent && !(ended.stdout.is_empty() && ended.stderr.is_empty());
        if ended.code != case.code || !missing.is_empty() || loud {
            wrong += &format!("\n{}: code {} expected, missing {missing:?}\n{ended}", case.name, case.code);
        }
    }
    wrong
}

#[test]
fn every_case_ends_as_the_table_says() {
    let cases = table();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "each case once");
    assert_eq!(wrong(&cases), "");
}

#[test]
fn every_case_ends_so_with_a_ledger_too() {
    with_ledger();
    let mut cases = table();
    // It has nothing to do with a ledger, but for the number of the line.
    cases.retain(|case| case.name != "wrong-setting");
    assert_eq!(wrong(&cases), "");
}

#[test]
fn a_ledger_that_somebody_else_uses_is_waited_for_as_the_lock_is() {
    with_ledger();
    let matter = matter_with("");
    pass(&matter).with_code(0);
    let held = File::options().write(true).open(matter.path("ledger/ledger.lock")).expect("the ledger's lock");
    held.lock().expect("the lock");
    let ended = pass(&matter).with_code(5);
    assert!(ended.stderr.contains("ledger is in use"), "{ended}");
    let mut command = matter.command(&["run", "--wait", "1m"]);
    command.env("SENDESCHLUSS_NOW", NIGHT);
    let child = started(command);
    std::thread::sleep(Duration::from_millis(300));
    drop(held);
    self::ended(child).with_code(0);
}

#[test]
fn the_guides_have_the_same_table() {
    let guide = fs::read_to_string(project("docs/cron.md")).expect("the guide");
    for case in table() {
        let row = format!("| {} | {} | {} |", case.case, case.message, case.code);
        assert!(guide.contains(&row), "docs/cron.md lacks\n{row}");
    }
}
