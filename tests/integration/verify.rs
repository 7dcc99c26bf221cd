//! `verify` on real reports: one changed byte in any file is found and named, a report comes again to the byte from any
//! folder, `sha256sum` agrees, and time stamps of a real authority program are read.
//! What the library's checks do with damaged witnesses is tried at many places of each file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sendeschluss::report::verify::{State, folder};
use serde_json::Value;

use crate::harness::{Ended, Matter, project};

/// The sample matter, copied, with its report.
fn sample_report(options: &[&str]) -> Matter {
    sample_report_of("csv,json,html", options)
}

/// The same with all kinds of files.
fn whole_sample_report(options: &[&str]) -> Matter {
    let all: &[&str] = &["csv", "csv-excel", "json", "html", "xlsx"];
    let kinds = [all, if cfg!(feature = "pdf") { &["pdf"] } else { &[] }].concat().join(",");
    sample_report_of(&kinds, &[&["--load-file", "--with-messages"], options].concat())
}

fn sample_report_of(kinds: &str, options: &[&str]) -> Matter {
    let matter = Matter::new();
    for entry in fs::read_dir(project("data/samples")).expect("the samples") {
        let path = entry.expect("an entry").path();
        matter.write(Path::new("in").join(path.file_name().expect("a name")), fs::read(&path).expect("a sample"));
    }
    let arguments: Vec<&str> =
        ["report", "in", "-o", "out", "-q", "--write", kinds].iter().chain(options).copied().collect();
    matter.run(&arguments).with_code(0);
    matter
}

fn verdict(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{ended}"))
}

/// Files of one part of a verdict that are not as they were, with their state.
fn differing(verdict: &Value, part: &str) -> BTreeMap<String, String> {
    let files = verdict[part].as_array().unwrap_or_else(|| panic!("no {part} in {verdict}"));
    let text = |file: &Value, key: &str| file[key].as_str().expect("a text").to_owned();
    files.iter().map(|file| (text(file, "file"), text(file, "state"))).filter(|(_, state)| state != "same").collect()
}

fn flip(path: &Path, at: usize) -> Vec<u8> {
    let whole = fs::read(path).expect("a file");
    let mut flipped = whole.clone();
    flipped[at] ^= 1;
    fs::write(path, flipped).expect("a file");
    whole
}

#[test]
fn one_changed_byte_in_any_output_is_found_and_named() {
    for options in [&[][..], &["--timestamp-request"]] {
        let matter = if options.is_empty() { whole_sample_report(options) } else { sample_report(options) };
        let report = matter.report("out");
        let files = report.files();
        assert!(files.len() > 15);
        for (name, bytes) in &files {
            let witness = ["manifest.json", "SHA256SUMS", "manifest.tsq"].contains(&name.as_str());
            // Where files bear witness of each other, every kind of place in them matters.
            let places = if witness { 15.min(bytes.len()) } else { 2 - options.len() };
            for place in 0..places {
                let at = (bytes.len() - 1) * place / (places - 1).max(1);
                flip(&report.folder.join(name), at);
                let found = folder(&report.folder).expect("a report").outputs;
                let differs: Vec<(&str, State)> = found
                    .iter()
                    .filter(|checked| checked.state != State::Same)
                    .map(|checked| (checked.file.as_str(), checked.state))
                    .collect();
                assert!(
                    differs.iter().any(|(file, state)| file == name && state.differs()),
                    "{name} at {at}: {differs:?}"
                );
                // Only manifest and sums can leave it open which of the two was changed.
                let others = differs.iter().filter(|(file, _)| file != name);
                assert!(others.clone().all(|(_, state)| *state == State::Doubtful), "{name} at {at}: {differs:?}");
                fs::write(report.folder.join(name), bytes).expect("the file as it was");
            }
        }
        assert_eq!(matter.run(&["verify", "out", "-q"]).with_code(0).stdout, "");
    }
}

#[test]
fn one_changed_byte_in_any_input_is_found_and_named() {
    let matter = sample_report(&[]);
    let mut checked = 0;
    for entry in fs::read_dir(matter.path("in")).expect("the inputs") {
        let path = entry.expect("an entry").path();
        let name = format!("in/{}", path.file_name().expect("a name").to_str().expect("UTF-8"));
        let whole = flip(&path, fs::metadata(&path).expect("a file").len() as usize / 2);
        let ended = matter.run(&["verify", "out", "--json"]).with_code(1);
        let verdict = verdict(&ended);
        assert_eq!(differing(&verdict, "inputs"), BTreeMap::from([(name.clone(), "changed".to_owned())]));
        assert!(differing(&verdict, "outputs").is_empty() && verdict["result"] == "differs", "{ended}");
        let ended = matter.run(&["verify", "out", "--recompute"]).with_code(1);
        assert!(ended.stdout.contains("is not the one of the report") && ended.stdout.contains(&name), "{ended}");
        fs::write(&path, whole).expect("the input as it was");
        checked += 1;
    }
    assert_eq!(checked, 5, "four exports and the case file");
    matter.run(&["verify", "out"]).with_code(0);
}

#[test]
fn missing_and_foreign_files_are_told_apart() {
    let matter = sample_report(&[]);
    fs::remove_file(matter.path("out/csv/bursts.csv")).expect("a file");
    matter.write("out/csv/notes.txt", "x");
    let ended = matter.run(&["verify", "out", "--json"]).with_code(1);
    let expected = [("csv/bursts.csv", "missing"), ("csv/notes.txt", "unlisted")];
    let expected = expected.map(|(file, state)| (file.to_owned(), state.to_owned()));
    assert_eq!(differing(&verdict(&ended), "outputs"), BTreeMap::from(expected));
    fs::remove_file(matter.path("out/manifest.json")).expect("a file");
    let ended = matter.run(&["verify", "out", "--json"]).with_code(1);
    assert_eq!(differing(&verdict(&ended), "outputs").len(), 3);
    matter.run(&["verify", "in"]).with_code(2);
    matter.run(&["verify", "nowhere"]).with_code(2);
    // An input that is gone is no difference: nothing can be said of it.
    let matter = sample_report(&[]);
    fs::remove_file(matter.path("in/newsletter-2019.csv")).expect("a file");
    let ended = matter.run(&["verify", "out", "--json", "--recompute"]).with_code(3);
    let verdict = verdict(&ended);
    assert_eq!(differing(&verdict, "inputs")["in/newsletter-2019.csv"], "not-found");
    assert!(verdict["recompute_problem"].as_str().expect("a problem").contains("--inputs DIR"), "{ended}");
}

#[test]
fn sha256sum_accepts_the_sums() {
    let matter = sample_report(&["--timestamp-request", "--with-messages"]);
    let check = || {
        let mut command = Command::new("sha256sum");
        command.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(matter.path("out"));
        command.stdin(Stdio::null()).output()
    };
    let Ok(output) = check() else {
        eprintln!("skipped: sha256sum is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let sums = matter.report("out").text("SHA256SUMS");
    let listed: Vec<&str> = sums.lines().filter_map(|line| line.split_once("  ").map(|(_, file)| file)).collect();
    let mut files: Vec<String> = matter.report("out").files().into_keys().collect();
    files.retain(|file| file != "SHA256SUMS");
    assert_eq!(listed, files);
    flip(&matter.path("out/manifest.json"), 100);
    assert!(!check().expect("it runs").status.success());
}

/// Everything that a report can depend on: containers, packed files, own rules, detectors and formats, bounds of time.
fn rich_matter() -> (Matter, Vec<&'static str>) {
    let matter = Matter::new();
    let rows = |from: usize| -> String {
        let row = |index: usize| {
            let second = index % 60;
            format!("m{index},2020-01-02T00:{:02}:{second:02},+493023125000,+4917139{index:05},Angebot\n", index / 60)
        };
        (from..from + 80).map(row).collect()
    };
    let log = |from: usize| format!("id,sent_at,sender,recipient,text\n{}", rows(from));
    matter.write("in/log.csv", log(0));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(log(100).as_bytes()).expect("packing");
    matter.write("in/log.csv.gz", packed.finish().expect("packing"));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, from) in [("b/one.csv", 200), ("b/two.csv", 300)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(log(from).as_bytes()).expect("a member");
    }
    matter.write("all.zip", zip.finish().expect("a zip").into_inner());
    matter.write("own/notes.md", "A named file is read, whatever its ending.\n");
    matter.write("own/detectors.toml", fs::read(project("data/detectors.toml")).expect("the detectors"));
    matter.write("own/rules.toml", fs::read(project("data/rules/ch.toml")).expect("a pack"));
    let format = fs::read_to_string(project("data/formats/otpiq-delivery-report.toml")).expect("a format");
    matter.write("own/format.toml", format.replace("otpiq-delivery-report", "mine"));
    matter.write("home/.config/sendeschluss/formats/user.toml", format.replace("otpiq-delivery-report", "user"));
    matter.write("own/case.toml", "[matter]\nname = \"Sache Reich\"\n");
    let arguments = vec![
        "report",
        "in/*",
        "all.zip",
        "own/notes.md",
        "-o",
        "out",
        "--case",
        "own/case.toml",
        "--detectors",
        "own/detectors.toml",
        "--rules",
        "own/rules.toml",
        "--format",
        "own/format.toml",
        "--timezone",
        "Europe/Vienna",
        "--since",
        "2020-01-01",
        "--until",
        "2020-12-31",
        "--as-of",
        "2026-01-01",
        "--evidence",
        "20",
        "--write",
        "json,csv",
        "--with-messages",
        "--timestamp-request",
        "--lang",
        "de",
        "--date-order",
        "dmy",
    ];
    (matter, arguments)
}

#[test]
fn a_report_comes_again_to_the_byte_from_any_folder() {
    let matter = whole_sample_report(&["--timestamp-request"]);
    let again = |command: &mut Command| {
        let ended = Matter::run_command(command).with_code(0);
        let verdict = verdict(&ended);
        assert!(verdict["recomputed"].as_array().expect("a list").len() > 15, "{ended}");
        assert!(differing(&verdict, "recomputed").is_empty(), "{ended}");
    };
    again(&mut matter.command(&["verify", "out", "--recompute", "--json"]));
    let (report, elsewhere) = (matter.path("out").display().to_string(), matter.path("home"));
    again(matter.command(&["verify", &report, "--recompute", "--json", "--threads", "1"]).current_dir(&elsewhere));
    // Inputs and report moved apart, so that the report's own place no longer tells.
    fs::create_dir(matter.path("moved")).expect("a folder");
    fs::rename(matter.path("in"), matter.path("moved/exports")).expect("moving");
    let ended = matter.run(&["verify", "out", "--recompute"]).with_code(3);
    assert!(ended.stdout.contains("not found") && ended.stdout.contains("--inputs DIR"), "{ended}");
    // Another file under the longer name must not hide the right one under the shorter.
    matter.write("moved/exports/in/case.toml", "another");
    again(&mut matter.command(&["verify", "out", "--recompute", "--json", "--inputs", "moved/exports"]));
}

#[test]
fn every_setting_is_in_force_when_a_report_comes_again() {
    let (matter, arguments) = rich_matter();
    // The note is no export, and the report says so.
    matter.run(&arguments).with_code(3);
    let manifest = matter.report("out").json("manifest.json");
    let kinds: Vec<&str> =
        manifest["files"].as_array().expect("files").iter().filter_map(|f| f["kind"].as_str()).collect();
    assert_eq!(kinds, ["case", "own format", "format", "detectors", "rules"]);
    assert!(!manifest.to_string().contains("home"), "where the configuration folder lies stands nowhere");
    let ended = matter.run(&["verify", "out", "--recompute", "--json"]).with_code(0);
    assert_eq!(verdict(&ended)["inputs_in_containers"], 2);
    // In clear there is no key to be had.
    let mut clear = arguments.clone();
    clear.push("--reveal");
    matter.run(&clear).with_code(3);
    fs::remove_dir_all(matter.path("home/state")).expect("the keys");
    // What came into the configuration folder since is no part of the report.
    let user = fs::read_to_string(matter.path("home/.config/sendeschluss/formats/user.toml")).expect("a format");
    matter.write("home/.config/sendeschluss/formats/later.toml", user.replace("\"user\"", "\"later\""));
    matter.run(&["verify", "out", "--recompute"]).with_code(0);
    assert!(!matter.path("home/state").exists(), "verify makes no key");
    // A changed file beside the inputs is named as an input is.
    for name in ["own/case.toml", "own/rules.toml", "own/detectors.toml", "own/format.toml", "all.zip"] {
        let whole = flip(&matter.path(name), 20);
        let ended = matter.run(&["verify", "out", "--json"]).with_code(1);
        assert_eq!(differing(&verdict(&ended), "inputs").into_keys().collect::<Vec<_>>(), [name]);
        fs::write(matter.path(name), whole).expect("the file as it was");
    }
}

#[test]
fn without_its_key_a_report_cannot_come_again_and_that_is_told() {
    let matter = sample_report(&["--key", "matter.key"]);
    let ended = matter.run(&["verify", "out", "--recompute"]).with_code(3);
    assert!(ended.stdout.contains("the matter's key is not at") && ended.stdout.contains("--key FILE"), "{ended}");
    assert!(!matter.path("home/state").exists(), "verify makes no key");
    matter.write("other.key", [7; 32]);
    let ended = matter.run(&["verify", "out", "--recompute", "--key", "other.key"]).with_code(3);
    assert!(ended.stdout.contains("another key"), "{ended}");
    matter.run(&["verify", "out", "--recompute", "--key", "matter.key"]).with_code(0);
    let key = fs::read(matter.path("matter.key")).expect("the key");
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!matter.report("out").text("manifest.json").contains(&hex));
}

#[test]
fn a_report_does_not_depend_on_where_the_program_was_called() {
    let reports: Vec<_> = (0..2)
        .map(|_| {
            let (matter, arguments) = rich_matter();
            matter.write("matter.key", [5; 32]);
            let all: Vec<&str> = arguments.iter().copied().chain(["--key", "matter.key"]).collect();
            matter.run(&all).with_code(3);
            matter.report("out").files()
        })
        .collect();
    assert!(reports[0] == reports[1]);
}

/// Whether a tool is there; a word of it where it is not.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("version").stdin(Stdio::null()).output().is_ok();
    if !found {
        eprintln!("skipped: {tool} is not installed");
    }
    found
}

/// A time-stamping authority of our own in a folder.
struct Authority(PathBuf);

impl Authority {
    fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder");
        let text = "[req]\ndistinguished_name = dn\nx509_extensions = ext\nprompt = no\nstring_mask = utf8only\nutf8 = yes\n\
            [dn]\nC = DE\nO = Muster TSA\nCN = Zeitstempel Ä\n[ext]\nbasicConstraints = CA:FALSE\n\
            extendedKeyUsage = critical,timeStamping\n[tsa]\ndefault_tsa = own\n[own]\nserial = serial\n\
            crypto_device = builtin\nsigner_cert = cert.pem\ncerts = cert.pem\nsigner_key = key.pem\nsigner_digest = sha256\n\
            default_policy = 1.2.3.4.1\ndigests = sha256, sha512\naccuracy = secs:1\nordering = yes\ntsa_name = yes\n\
            ess_cert_id_chain = no\ness_cert_id_alg = sha256\n";
        fs::write(folder.join("tsa.cnf"), text).expect("a file");
        fs::write(folder.join("serial"), "2A\n").expect("a file");
        let own = Self(folder);
        own.openssl(&[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30",
        ]);
        own
    }

    fn openssl(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("openssl");
        command.args(arguments).current_dir(&self.0).env("OPENSSL_CONF", "tsa.cnf").stdin(Stdio::null());
        let output = command.output().expect("openssl starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

#[test]
fn a_request_is_one_for_openssl_and_its_answer_is_read() {
    if !has("openssl") {
        return;
    }
    let matter = sample_report(&["--timestamp-request"]);
    let authority = Authority::new(matter.path("tsa"));
    let query = authority.openssl(&["ts", "-query", "-in", "../out/manifest.tsq", "-text"]);
    assert!(query.contains("Hash Algorithm: sha256") && query.contains("Certificate required: yes"), "{query}");
    authority.openssl(&["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "../out/manifest.tsq", "-out", "a.tsr"]);
    fs::copy(matter.path("tsa/a.tsr"), matter.path("out/manifest.tsr")).expect("the answer");
    let ended = matter.run(&["verify", "out"]).with_code(0);
    for part in ["Zeitstempel Ä", "O=Muster TSA", "status granted", "policy 1.2.3.4.1", "serial 2", "not checked"] {
        assert!(ended.stdout.contains(part), "`{part}` is missing in\n{ended}");
    }
    let stamp = verdict(&matter.run(&["verify", "out", "--json"]).with_code(0))["time_stamp"].clone();
    assert_eq!((&stamp["state"], &stamp["signature"]), (&"same".into(), &"not checked".into()));
    let told = stamp["answer"]["stamp"]["time"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    assert!((told.as_second() - jiff::Timestamp::now().as_second()).abs() < 600);
    // The bare token, without the authority's decision around it.
    authority.openssl(&["ts", "-reply", "-in", "a.tsr", "-token_out", "-out", "a.token"]);
    fs::copy(matter.path("tsa/a.token"), matter.path("out/manifest.tsr")).expect("the token");
    matter.run(&["verify", "out", "-q"]).with_code(0);
    // An answer over something else, one that was refused, and one that is damaged.
    authority.openssl(&["ts", "-query", "-data", "tsa.cnf", "-sha512", "-out", "other.tsq"]);
    authority.openssl(&["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "other.tsq", "-out", "other.tsr"]);
    fs::copy(matter.path("tsa/other.tsr"), matter.path("out/manifest.tsr")).expect("the answer");
    let ended = matter.run(&["verify", "out"]).with_code(1);
    assert!(ended.stdout.contains("stamps something else"), "{ended}");
    authority.openssl(&["ts", "-query", "-data", "tsa.cnf", "-sha384", "-out", "no.tsq"]);
    authority.openssl(&["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "no.tsq", "-out", "no.tsr"]);
    fs::copy(matter.path("tsa/no.tsr"), matter.path("out/manifest.tsr")).expect("the answer");
    let ended = matter.run(&["verify", "out"]).with_code(1);
    assert!(ended.stdout.contains("did not grant") && ended.stdout.contains("status rejected"), "{ended}");
    let whole = fs::read(matter.path("tsa/a.tsr")).expect("the answer");
    matter.write("out/manifest.tsr", &whole[..whole.len() - 1]);
    let ended = matter.run(&["verify", "out"]).with_code(1);
    assert!(ended.stdout.contains("ends within an element"), "{ended}");
}
