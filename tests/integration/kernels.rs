//! The kernels as an engine calls them: rows are shared out over processes, in any order, and what these give is put together.
//! However that is done, the report has the same bytes as that of one run over the files.
//! The engine here is a few lines; Apache Spark is tested in `integrations/spark`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, new_null_array};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::harness::{Matter, project};

/// Rows, each a batch of its own: an engine that can share them out in every way.
type Rows = Vec<RecordBatch>;

fn single_rows(batches: &[RecordBatch]) -> Rows {
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| batch.slice(row, 1))).collect()
}

fn stream(rows: &[RecordBatch]) -> Vec<u8> {
    let Some(first) = rows.first() else { return Vec::new() };
    let mut writer = StreamWriter::try_new(Vec::new(), &first.schema()).expect("a stream");
    rows.iter().for_each(|row| writer.write(row).expect("a row of this stream"));
    writer.into_inner().expect("a stream")
}

fn run(matter: &Matter, arguments: &[&str], input: &[u8]) -> Output {
    let arguments: Vec<&str> = ["kernel"].iter().chain(arguments).copied().collect();
    let mut command = matter.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let mut out = child.stdout.take().expect("a pipe");
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || {
        // A program that refuses its arguments reads nothing.
        let _ = pipe.write_all(&input);
    });
    let mut stdout = Vec::new();
    out.read_to_end(&mut stdout).expect("output");
    feeder.join().expect("the feeder");
    let rest = child.wait_with_output().expect("the program ends");
    Output { stdout, ..rest }
}

/// What a kernel gives for some rows.
fn kernel(matter: &Matter, arguments: &[&str], rows: &[RecordBatch]) -> Rows {
    let ended = run(matter, arguments, &stream(rows));
    assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    let reader = StreamReader::try_new(ended.stdout.as_slice(), None).expect("a stream");
    single_rows(&reader.map(|batch| batch.expect("a batch")).collect::<Vec<_>>())
}

fn read_folder(folder: &Path) -> Rows {
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let of_file = |path: &std::path::PathBuf| {
        let file = fs::File::open(path).expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
        single_rows(&reader.map(|batch| batch.expect("a batch")).collect::<Vec<_>>())
    };
    files.iter().flat_map(of_file).collect()
}

fn write_folder(folder: &Path, parts: &[Rows]) {
    fs::create_dir_all(folder).expect("a folder");
    for (number, rows) in parts.iter().enumerate() {
        let Some(first) = rows.first() else { continue };
        let file = fs::File::create(folder.join(format!("part-{number}.parquet"))).expect("a file");
        let mut writer = ArrowWriter::try_new(file, first.schema(), None).expect("Parquet");
        rows.iter().for_each(|row| writer.write(row).expect("a row"));
        writer.close().expect("Parquet");
    }
}

fn whole(row: &RecordBatch, name: &str) -> Option<i64> {
    let column = row.column_by_name(name)?;
    if column.is_null(0) {
        return None;
    }
    match column.data_type() {
        DataType::Int32 => Some(i64::from(column.as_primitive::<Int32Type>().value(0))),
        _ => Some(column.as_primitive::<Int64Type>().value(0)),
    }
}

fn is_before(row: &RecordBatch) -> bool {
    row.column_by_name("before").is_some_and(|before| before.as_boolean().value(0))
}

fn without_before(parts: &[Rows]) -> Vec<Rows> {
    parts.iter().map(|rows| rows.iter().filter(|row| !is_before(row)).cloned().collect()).collect()
}

/// All messages of sliced subjects once more, as whole lives.
fn whole_lives(marked: &[Rows]) -> Rows {
    let sliced =
        marked.iter().flatten().filter(|row| !is_before(row) && whole(row, "slice").is_some_and(|slice| slice > 0));
    let as_whole = |row: &RecordBatch| {
        let at = row.schema().index_of("slice").expect("the column");
        let mut columns = row.columns().to_vec();
        columns[at] = Arc::new(Int32Array::from(vec![0]));
        RecordBatch::try_new(row.schema(), columns).expect("a row")
    };
    sliced.map(as_whole).collect()
}

/// Shares rows out by numbers of theirs; inside a part they stand in an order of no meaning.
fn shared_out(mut rows: Rows, parts: usize, by: &[&str]) -> Vec<Rows> {
    let mut shared = vec![Rows::new(); parts];
    let count = rows.len();
    for at in 0..count {
        rows.swap(at, (at * 7919 + 13) % count);
    }
    for row in rows {
        let key: i64 = by.iter().map(|name| whole(&row, name).expect("a number")).sum();
        shared[key.unsigned_abs() as usize % parts].push(row);
    }
    shared
}

fn kind(word: &str) -> DataType {
    let list = |of| DataType::List(Arc::new(Field::new("item", of, true)));
    match word {
        "bool" => DataType::Boolean,
        "int8" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "utf8" => DataType::Utf8,
        "binary" => DataType::Binary,
        "list<int64>" => list(DataType::Int64),
        "list<float64>" => list(DataType::Float64),
        "list<utf8>" => list(DataType::Utf8),
        other => panic!("`{other}` is no kind"),
    }
}

/// A row of a stream from columns of which some may be missing.
fn row_of(schema: &Arc<Schema>, known: &BTreeMap<String, ArrayRef>) -> RecordBatch {
    let column = |field: &Arc<Field>| match known.get(field.name()) {
        // Lists name their elements otherwise in Parquet: an engine may do as it likes.
        Some(column) => (Field::new(field.name(), column.data_type().clone(), true), Arc::clone(column)),
        None => ((**field).clone(), new_null_array(field.data_type(), 1)),
    };
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = schema.fields().iter().map(column).unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a row")
}

fn columns(row: &RecordBatch) -> BTreeMap<String, ArrayRef> {
    row.schema()
        .fields()
        .iter()
        .zip(row.columns())
        .map(|(field, column)| (field.name().clone(), Arc::clone(column)))
        .collect()
}

/// An engine with so many parts.
struct Engine<'m> {
    matter: &'m Matter,
    contract: Value,
    parts: usize,
    slice_rows: &'m str,
}

impl Engine<'_> {
    fn schema(&self, stream: &str) -> Arc<Schema> {
        let fields = self.contract["streams"][stream].as_array().expect("a stream").iter();
        let field =
            |field: &Value| Field::new(field["name"].as_str().unwrap(), kind(field["type"].as_str().unwrap()), true);
        Arc::new(Schema::new(fields.map(field).collect::<Vec<_>>()))
    }

    fn bands(&self) -> i64 {
        self.contract["bands"].as_i64().expect("a number")
    }

    /// The whole job up to the report.
    fn work(&self, inputs: &[&str], options: &[&str], work: &str) {
        let matter = self.matter;
        let folder = matter.path(work);
        let with = |before: &[&str], after: &[&str]| -> Vec<String> {
            before.iter().chain(options).chain(after).map(|word| (*word).to_owned()).collect()
        };
        let call = |arguments: &[String], rows: &[RecordBatch]| {
            kernel(matter, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), rows)
        };
        let listed = call(&with(&["inputs"], inputs), &[]);
        let mut of_parts = vec![Rows::new(); self.parts];
        listed.into_iter().enumerate().for_each(|(at, row)| of_parts[at % self.parts].push(row));
        let read = |rows: &Rows| if rows.is_empty() { Rows::new() } else { call(&with(&["ingest"], &[]), rows) };
        write_folder(&folder.join("ingested"), &of_parts.iter().map(read).collect::<Vec<_>>());
        let gather = with(&["gather", "--work", work, "--slice-rows", self.slice_rows], inputs);
        let ended = run(matter, &gather.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let tables = format!("{work}/tables.json");
        let each = |name: &str, parts: &[Rows]| -> Vec<Rows> {
            let arguments = [name, "--tables", &tables];
            parts.iter().filter(|rows| !rows.is_empty()).map(|rows| kernel(matter, &arguments, rows)).collect()
        };
        let messages = shared_out(read_folder(&folder.join("messages")), self.parts, &["subject", "slice"]);
        let marked = each("marks", &messages);
        let once = without_before(&marked);
        write_folder(&folder.join("marks"), &once);
        let mut found = each("bursts", &marked);
        found.extend(each("bursts", &shared_out(whole_lives(&marked), self.parts, &["subject"])));
        write_folder(&folder.join("bursts"), &found);
        let contents = read_folder(&folder.join("contents"));
        let assigned = self.assigned(&contents, &tables);
        let grouped = self.grouped(once.into_iter().flatten().chain(contents), &assigned);
        write_folder(&folder.join("campaigns"), &each("campaigns", &shared_out(grouped, self.parts, &["group"])));
    }

    /// The bands shared out, and the texts joined by what they give.
    fn assigned(&self, contents: &[RecordBatch], tables: &str) -> Rows {
        let texts = self.schema("texts");
        let mut edges = Rows::new();
        for part in 0..self.parts as i64 {
            let (first, end) = (self.bands() * part / self.parts as i64, self.bands() * (part + 1) / self.parts as i64);
            let with_bands = |content: &RecordBatch| {
                let mut known = columns(content);
                known.insert("first_band".to_owned(), Arc::new(Int32Array::from(vec![first as i32])));
                known.insert("end_band".to_owned(), Arc::new(Int32Array::from(vec![end as i32])));
                row_of(&texts, &known)
            };
            edges.extend(kernel(self.matter, &["content"], &contents.iter().map(with_bands).collect::<Vec<_>>()));
        }
        let mut rows: Rows = edges.iter().rev().chain(contents).map(|row| row_of(&texts, &columns(row))).collect();
        rows.reverse();
        kernel(self.matter, &["content", "--join", "--tables", tables], &rows)
    }

    /// Messages and contents with the group of their content; those without are left out.
    fn grouped(&self, rows: impl Iterator<Item = RecordBatch>, assigned: &[RecordBatch]) -> Rows {
        let schema = self.schema("grouped");
        let by_content: BTreeMap<i64, &RecordBatch> =
            assigned.iter().map(|row| (whole(row, "content").expect("a content"), row)).collect();
        let grouped = rows.filter_map(|row| {
            let found = by_content.get(&whole(&row, "content")?)?;
            let mut known = columns(&row);
            known.extend(columns(found));
            Some(row_of(&schema, &known))
        });
        grouped.collect()
    }
}

/// The samples with an overlap, a damaged record, detectors over contents and accounts of one client.
fn matter() -> Matter {
    let matter = Matter::new();
    for entry in fs::read_dir(project("data/samples")).expect("the samples") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
        if !name.ends_with(".md") {
            matter.write(format!("in/{name}"), fs::read(&path).expect("a sample"));
        }
    }
    let text = fs::read_to_string(matter.path("in/newsletter-2019.csv")).expect("the newsletter");
    let half: String = text.lines().take(1500).flat_map(|line| [line, "\n"]).collect();
    matter.write("in/half.csv", format!("{half}damaged,2019-99-99,x\n"));
    // Texts that differ by a name each, from two accounts, without an id: words, families and ordinals have work.
    let mut offers = String::from("Zeit;Absender;Empfänger;Text\n");
    for at in 0..240_u32 {
        let (minute, second) = (at / 60 % 60, at % 60);
        let account = 5_550_000 + at % 2;
        let names = ["Anna", "Bert", "Carla", "Dora", "Emil", "Fritz", "Gerda", "Hans"];
        let name = names[at as usize % names.len()];
        let line = format!(
            "2020-02-03T10:{minute:02}:{second:02}Z;+4930{account};+49151{:07};Hallo {name}, unser Angebot Nummer {at}: zwanzig \
             Prozent auf alle Reisen nach Italien, nur bis Sonntag\n",
            2_000_000 + at * 3
        );
        offers.push_str(&line);
    }
    matter.write("in/angebote.csv", offers);
    matter
}

#[test]
fn however_rows_are_shared_out_the_report_is_the_same() {
    let matter = matter();
    let report = |name: &str, more: &[&str]| {
        let mut arguments = vec!["report", "in", "-o", name, "--with-messages"];
        arguments.extend(more);
        matter.run(&arguments).with_code(0);
        matter.report(name).files()
    };
    let alone = report("alone", &[]);
    let contract = run(&matter, &["schemas"], &[]);
    let contract: Value = serde_json::from_slice(&contract.stdout).expect("JSON");
    for (parts, slice_rows) in [(1, "1000000"), (3, "700")] {
        let work = format!("work-{parts}");
        let engine = Engine { matter: &matter, contract: contract.clone(), parts, slice_rows };
        engine.work(&["in"], &["--case", "in/case.toml"], &work);
        let gathered = report(&format!("gathered-{parts}"), &["--gathered", &work]);
        assert_eq!(alone.keys().collect::<Vec<_>>(), gathered.keys().collect::<Vec<_>>());
        let differing: Vec<&String> = alone.keys().filter(|name| alone[*name] != gathered[*name]).collect();
        assert!(differing.is_empty(), "{parts} parts: {differing:?} differ");
    }
    let tables: Value =
        serde_json::from_slice(&fs::read(matter.path("work-3/tables.json")).expect("tables")).expect("JSON");
    assert!(tables["slices"].as_array().is_some_and(|slices| slices.len() > 3), "{}", tables["slices"]);
    let told = matter.report("alone");
    let (campaigns, rejects) = (told.csv("campaigns"), told.csv("rejects"));
    assert!(!told.csv("bursts").is_empty() && rejects.iter().any(|reject| reject["file"] == "in/half.csv"));
    assert!(campaigns.iter().any(|campaign| campaign["joined_by"] == "template"), "{campaigns:#?}");

    // What was gathered is of one run only.
    let other = matter.run(&["report", "in", "-o", "other", "--gathered", "work-3", "--since", "2020-01-01"]);
    assert!(other.stderr.contains("gather again"), "{other}");
    let other = matter.run(&["report", "in", "-o", "other", "--gathered", "work-3", "--timezone", "Asia/Tokyo"]);
    assert!(other.code == 2 && other.stderr.contains("it was read with another timezone"), "{other}");
    let lost =
        fs::read_dir(matter.path("work-3/marks")).expect("a folder").next().expect("a part").expect("a part").path();
    fs::remove_file(lost).expect("a file");
    let other = matter.run(&["report", "in", "-o", "other", "--gathered", "work-3"]).with_code(2);
    assert!(other.stderr.contains("a message was not marked"), "{other}");
}

#[test]
fn a_wrong_stream_is_refused_by_the_name_of_its_column() {
    let matter = matter();
    let row = RecordBatch::try_from_iter([("row", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).expect("a row");
    let ended = run(&matter, &["content"], &stream(&[row]));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2));
    assert!(said.contains("stream `texts`: the column `content` is missing or no int64"), "{said}");
    let ended = run(&matter, &["content", "--schema", "7"], &[]);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2));
    assert!(said.contains("version 7"), "{said}");
    let ended = run(&matter, &["content"], b"no stream at all");
    assert_eq!(ended.status.code(), Some(2), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn the_contract_is_told_whole() {
    let matter = Matter::new();
    let contract: Value = serde_json::from_slice(&run(&matter, &["schemas"], &[]).stdout).expect("JSON");
    let told = fs::read_to_string(project("docs/kernels.md")).expect("the page");
    for (stream, fields) in contract["streams"].as_object().expect("streams") {
        assert!(told.contains(&format!("`{stream}`")), "the stream `{stream}` is not told");
        for field in fields.as_array().expect("columns") {
            let column = field["name"].as_str().expect("a name");
            assert!(told.contains(&format!("`{column}`")), "the column `{column}` of `{stream}` is not told");
        }
    }
    for kernel in contract["kernels"].as_object().expect("kernels").keys() {
        assert!(told.contains(&format!("`kernel {kernel}")), "the kernel `{kernel}` is not told");
    }
}
