//! A matter in a folder of its own: files are written into it, the binary runs in it, its report is read back.
//! The environment is the least a program can count on, so no test depends on who runs it or where.
//! CSV, Parquet and hashes are read with other code than the program writes them with, where there is any.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, UInt32Type, UInt64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

/// A row of a CSV file, by column.
pub type Row = BTreeMap<String, String>;

/// A folder with inputs, from which the program is run. Everything goes when it is dropped.
#[derive(Debug)]
pub struct Matter {
    root: tempfile::TempDir,
}

/// A text without the apostrophe that keeps spreadsheets from taking it for a formula.
fn unguarded(text: String) -> String {
    let first =
        |rest: &str| rest.trim_start_matches(['\'', '"', ' ']).starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    match text.strip_prefix('\'') {
        Some(rest) if first(rest) => rest.to_owned(),
        _ => text,
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self::of(output)
    }
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        let ended =
            Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
        // Whatever a test looks at: no input may bring the program down.
        assert!(!ended.stderr.contains("panicked at") && ended.code >= 0, "the program broke down\n{ended}");
        ended
    }

    /// Goes on only when the code is the expected one.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n{self}");
        self
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Matter {
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("matter-").tempdir().expect("a temporary folder");
        fs::create_dir_all(root.path().join("home")).expect("a home");
        Self { root }
    }

    /// A path in the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file, with the folders it lies in.
    pub fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// Itself, with one more file.
    pub fn with(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    /// The binary, to be run in the folder: no input, and no environment but the least.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendeschluss"));
        command.args(arguments);
        let said = |word: &str| arguments.iter().any(|argument| argument.as_ref() == word);
        if arguments.first().is_some_and(|first| first.as_ref() == "report") && !said("--write") {
            // Setting a PDF takes seconds in a build for tests; those that are about it ask for it.
            command.args(["--write", "csv,json,html"]);
        }
        command
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("home/state"))
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Ended {
        Ended::of(self.command(arguments).output().expect("the program starts"))
    }

    pub fn run_command(command: &mut Command) -> Ended {
        Ended::of(command.output().expect("the program starts"))
    }

    /// Runs with bytes on standard input.
    pub fn run_with_input(&self, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // A program that does not want its input may be gone by now.
        let _ = pipe.write_all(input);
        drop(pipe);
        Ended::of(child.wait_with_output().expect("the program ends"))
    }

    /// The report folder of that name.
    pub fn report(&self, name: &str) -> Report {
        Report { folder: self.path(name) }
    }
}

/// A report folder.
#[derive(Debug)]
pub struct Report {
    pub folder: PathBuf,
}

impl Report {
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.folder.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("UTF-8")
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(name)).expect("JSON")
    }

    /// Rows of `csv/<name>.csv`, without its header.
    pub fn csv(&self, name: &str) -> Vec<Row> {
        let bytes = self.bytes(&format!("csv/{name}.csv"));
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows = reader.deserialize().map(|row| row.expect("a row with all its columns"));
        rows.map(|row: Row| row.into_iter().map(|(column, text)| (column, unguarded(text))).collect()).collect()
    }

    /// The account of one input.
    pub fn input(&self, file: &str) -> Row {
        let known = self.csv("inputs");
        let found = known.iter().find(|row| row["file"] == file);
        found.unwrap_or_else(|| panic!("no input {file} in {known:#?}")).clone()
    }

    pub fn rejects(&self, file: &str) -> Vec<Row> {
        self.csv("rejects").into_iter().filter(|row| row["file"] == file).collect()
    }

    /// Every canonical message, from `messages.parquet`.
    pub fn messages(&self) -> Vec<Message> {
        let file = fs::File::open(self.folder.join("messages.parquet")).expect("messages.parquet");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
        let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("a batch")).collect();
        let rows = |batch: &RecordBatch| (0..batch.num_rows()).map(|row| Message::of(batch, row)).collect::<Vec<_>>();
        batches.iter().flat_map(rows).collect()
    }

    /// All files of the report with their bytes, by name.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.folder).expect("inside").to_string_lossy().into_owned();
                    files.insert(name, fs::read(&path).expect("a file"));
                }
            }
        }
        files
    }

    /// The promise for every input: each record has exactly one end, and every reject is listed.
    #[track_caller]
    pub fn assert_every_record_is_accounted_for(&self) {
        let rejects = self.csv("rejects");
        for input in self.csv("inputs") {
            let sum: u64 = ["read", "folded", "ignored", "rejected"].iter().map(|end| number(&input[*end])).sum();
            assert_eq!(number(&input["records"]), sum, "records = read + folded + ignored + rejected: {input:#?}");
            let listed = rejects.iter().filter(|reject| reject["file"] == input["file"]).count();
            assert_eq!(number(&input["rejected"]), listed as u64, "every reject is listed: {input:#?}");
        }
        let files: Vec<String> = self.csv("inputs").into_iter().map(|mut row| row.remove("file").unwrap()).collect();
        for reject in rejects {
            assert!(files.contains(&reject["file"]), "{reject:?} is of no input");
            assert!(!reject["reason"].is_empty(), "{reject:?} has no reason");
        }
    }
}

/// A row of `messages.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub message_id: String,
    pub platform: String,
    pub route: String,
    pub account: String,
    pub direction: String,
    /// UTC milliseconds.
    pub sent_at: i64,
    pub recipient: String,
    pub status: String,
    pub initiated: bool,
    pub campaign_id: String,
    pub run_id: String,
    pub burst_ids: String,
    pub file: String,
    pub record: u64,
    pub line: u64,
    pub offset: u64,
}

impl Message {
    fn of(batch: &RecordBatch, row: usize) -> Self {
        let column = |name: &str| batch.column_by_name(name).expect("the column");
        let text = |name: &str| column(name).as_string::<i32>().value(row).to_owned();
        let whole = |name: &str| u64::from(column(name).as_primitive::<UInt32Type>().value(row));
        Self {
            message_id: text("message_id"),
            platform: text("platform"),
            route: text("route"),
            account: text("account"),
            direction: text("direction"),
            sent_at: column("sent_at").as_primitive::<TimestampMillisecondType>().value(row),
            recipient: text("recipient"),
            status: text("status"),
            initiated: column("initiated").as_boolean().value(row),
            campaign_id: text("campaign_id"),
            run_id: text("run_id"),
            burst_ids: text("burst_ids"),
            file: text("file"),
            record: whole("record"),
            line: whole("line"),
            offset: column("offset").as_primitive::<UInt64Type>().value(row),
        }
    }
}

/// A whole number from a CSV field.
#[track_caller]
pub fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no whole number"))
}

/// UTC milliseconds of an RFC 3339 time.
#[track_caller]
pub fn millis(text: &str) -> i64 {
    let at: jiff::Timestamp = text.parse().unwrap_or_else(|error| panic!("`{text}` is no time: {error}"));
    at.as_millisecond()
}

/// SHA-256 as 64 hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder of the project.
pub fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A folder of the shared sample exports, which lie outside the project; `None`, and a word of it, where they are not.
pub fn samples(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SENDESCHLUSS_SAMPLES").map_or_else(|| project("../shared/samples"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder.canonicalize().expect("a folder that is there"));
    }
    eprintln!("skipped: no sample exports at {}; SENDESCHLUSS_SAMPLES can name their place", folder.display());
    None
}
