//! Tables without bytes of their own: sheets of workbooks in four formats, Parquet, Arrow, and our own messages back again.
//! Workbooks are written by hand, part by part, so that nothing of the reader's crate can hide a mistake.

use std::sync::Arc;

use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array, DictionaryArray,
    DurationSecondArray, Float64Array, Int8Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray,
    ListArray, NullArray, RecordBatch, StringArray, StringViewArray, Time32SecondArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::Field;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sendeschluss::ingest::containers::budget::{Budget, DEFAULT_MAX_UNPACKED};
use sendeschluss::ingest::containers::magic::Columnar;
use sendeschluss::ingest::tables::frames;

use crate::archives::{Member, gzip, zip};
use crate::harness::{Matter, Message, Report, millis, number, project, sha256};

/// A workbook of these sheets: name, state, rows.
fn xlsx(sheets: &[(&str, &str, String)], merged: &str) -> Vec<u8> {
    let mut kinds = String::from(
        r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>"#,
    );
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let (mut book, mut relations, mut parts) = (String::new(), String::new(), Vec::new());
    for (index, (name, state, rows)) in sheets.iter().enumerate() {
        let id = index + 1;
        kinds += &format!(
            r#"<Override PartName="/xl/worksheets/sheet{id}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>"#
        );
        book += &format!(r#"<sheet name="{name}" sheetId="{id}" state="{state}" r:id="rId{id}"/>"#);
        relations +=
            &format!(r#"<Relationship Id="rId{id}" Type="{relation}/worksheet" Target="worksheets/sheet{id}.xml"/>"#);
        let merged = if index == 0 { merged } else { "" };
        let sheet = format!(
            r#"<?xml version="1.0"?><worksheet xmlns="{main}"><sheetData>{rows}</sheetData>{merged}</worksheet>"#
        );
        parts.push(Member::new(format!("xl/worksheets/sheet{id}.xml"), sheet.as_bytes()));
    }
    let styles = format!(
        r#"<?xml version="1.0"?><styleSheet xmlns="{main}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="21" applyNumberFormat="1"/></cellXfs></styleSheet>"#
    );
    let mut members = vec![
        Member::new("[Content_Types].xml", (kinds + "</Types>").as_bytes()),
        Member::new(
            "_rels/.rels",
            format!(r#"<?xml version="1.0"?><Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#).as_bytes(),
        ),
        Member::new(
            "xl/workbook.xml",
            format!(r#"<?xml version="1.0"?><workbook xmlns="{main}" xmlns:r="{relation}"><sheets>{book}</sheets></workbook>"#).as_bytes(),
        ),
        Member::new(
            "xl/_rels/workbook.xml.rels",
            format!(r#"<?xml version="1.0"?><Relationships xmlns="{package}">{relations}<Relationship Id="rId99" Type="{relation}/styles" Target="styles.xml"/></Relationships>"#).as_bytes(),
        ),
        Member::new("xl/styles.xml", styles.as_bytes()),
    ];
    members.append(&mut parts);
    zip(&members)
}

/// A row of cells that are written out.
fn row(number: u32, cells: &[String]) -> String {
    let mut xml = format!(r#"<row r="{number}">"#);
    for (column, cell) in cells.iter().enumerate() {
        let name = format!("{}{number}", char::from(b'A' + column as u8));
        xml += &cell.replace("<c", &format!(r#"<c r="{name}""#));
    }
    xml + "</row>"
}

fn text(text: &str) -> String {
    format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn value(style: u32, value: &str) -> String {
    format!(r#"<c s="{style}"><v>{value}</v></c>"#)
}

/// Half past four in the morning of 1 May 2024, and a second later for each row, as a serial number.
fn serial(index: u32) -> String {
    (45_413.0 + f64::from(4 * 3600 + 30 * 60 + index) / 86_400.0).to_string()
}

fn header() -> Vec<String> {
    ["Nr", "Gesendet am", "Absender", "Empfänger", "Nachricht", "Kampagne", "Gelesen"].map(text).to_vec()
}

fn sheet(sends: u32) -> String {
    let mut rows = row(1, &[text("Versandprotokoll"), text("")]) + &row(2, &[text("Stand: 2. Mai 2024")]);
    rows += &row(4, &header());
    for index in 0..sends {
        rows += &row(
            5 + index,
            &[
                value(0, &(1000 + index).to_string()),
                value(1, &serial(index)),
                value(0, "4.930123450E11"),
                value(0, &format!("4.9151234{index:05}E12")),
                text("Kauft jetzt!"),
                if index == 0 { text("Mai") } else { String::from("<c/>") },
                r#"<c t="b"><v>1</v></c>"#.to_owned(),
            ],
        );
    }
    rows
}

fn report_of(matter: &Matter, inputs: &[&str], out: &str, code: i32) -> Report {
    let mut arguments = vec!["report"];
    arguments.extend(inputs);
    arguments.extend(["-o", out, "--reveal", "--with-messages", "--evidence", "all", "--timezone", "Europe/Berlin"]);
    matter.run(&arguments).with_code(code);
    let report = matter.report(out);
    report.assert_every_record_is_accounted_for();
    report
}

#[test]
fn a_sheet_is_read_by_its_header_whatever_stands_above_it() {
    let matter = Matter::new();
    let hidden =
        row(1, &[text("sent_at"), text("recipient")]) + &row(2, &[value(1, "45000.5"), text("+4915123409999")]);
    let broken = row(
        90,
        &[text("1090"), r#"<c t="e"><v>#N/A</v></c>"#.to_owned(), value(0, "493012345000"), text("+4915123409998")],
    );
    let book = xlsx(
        &[("Versand", "visible", sheet(60) + &broken), ("Leer", "visible", String::new()), ("Alt", "hidden", hidden)],
        r#"<mergeCells count="1"><mergeCell ref="F5:F64"/></mergeCells>"#,
    );
    matter.write("in/book.bin", &book);
    let report = report_of(&matter, &["in"], "out", 0);
    let names: Vec<String> = report.csv("inputs").into_iter().map(|mut row| row.remove("file").unwrap()).collect();
    assert_eq!(names, ["in/book.bin", "in/book.bin!/Alt", "in/book.bin!/Versand"]);
    let outer = report.input("in/book.bin");
    assert_eq!(
        (&outer["format"], &outer["records"], &outer["sha256"]),
        (&"workbook".into(), &"0".into(), &sha256(&book))
    );
    let versand = report.input("in/book.bin!/Versand");
    assert_eq!((number(&versand["records"]), number(&versand["read"]), number(&versand["rejected"])), (61, 60, 1));
    let reject = &report.rejects("in/book.bin!/Versand")[0];
    assert_eq!((&reject["record"], &reject["line"]), (&"90".into(), &"90".into()), "{reject:#?}");
    let messages: Vec<Message> = report.messages().into_iter().filter(|m| m.file.ends_with("Versand")).collect();
    assert_eq!(messages.len(), 60);
    for (index, message) in (0_u32..).zip(&messages) {
        assert_eq!(message.sent_at, millis("2024-05-01T02:30:00Z") + i64::from(index) * 1000, "local time of Berlin");
        assert_eq!(message.recipient, format!("+49151234{index:05}"));
        assert_eq!((message.record, message.line), (u64::from(5 + index), u64::from(5 + index)));
    }
    let ended = matter.run(&["inspect", "in/book.bin"]).with_code(0);
    for told in [
        "is a hidden sheet",
        "merged cell",
        "sheet without data",
        "cell with an error value",
        "the header is the 3. filled row",
    ] {
        assert!(ended.stdout.contains(told), "{told}\n{}", ended.stdout);
    }
    // A record is its cells, joined by U+001F.
    let evidence: Vec<_> = report.csv("evidence").into_iter().filter(|row| row["file"].ends_with("Versand")).collect();
    assert!(evidence.len() >= 60);
    for row in evidence {
        let index = number(&row["record"]) - 5;
        let cells = [
            (1000 + index).to_string(),
            format!("2024-05-01T04:30:{index:02}"),
            "493012345000".to_owned(),
            format!("49151234{index:05}"),
            "Kauft jetzt!".to_owned(),
            "Mai".to_owned(),
            "true".to_owned(),
        ];
        assert_eq!(row["record_sha256"], sha256(cells.join("\u{1f}").as_bytes()), "{row:#?}");
    }
}

/// What the small logs of this module all hold.
fn assert_is_the_log(report: &Report, file: &str) {
    let messages: Vec<Message> = report.messages().into_iter().filter(|m| m.file == file).collect();
    assert_eq!(messages.len(), 3, "{file}: {:#?}", report.csv("rejects"));
    for (index, message) in messages.iter().enumerate() {
        assert_eq!(message.sent_at, millis("2024-05-01T08:00:00Z") + index as i64 * 1000, "{file}");
        assert_eq!(message.recipient, format!("+491512340100{index}"), "{file}");
        assert_eq!(message.account, "+493012345001", "{file}");
        assert_eq!(message.status, "delivered", "{file}");
    }
}

#[test]
fn an_old_workbook_is_read_as_the_new_ones() {
    let matter = Matter::new();
    matter.write("log.xls", std::fs::read(project("tests/data/tables/log.xls")).unwrap());
    let report = report_of(&matter, &["log.xls"], "out", 0);
    assert_is_the_log(&report, "log.xls!/Versand");
    assert_eq!(number(&report.input("log.xls!/Alt")["read"]), 1);
    assert_eq!(report.messages().iter().find(|m| m.file == "log.xls!/Versand").unwrap().record, 4);
}

#[test]
fn an_open_document_is_read_as_the_others() {
    let cell = |text: &str| {
        format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#)
    };
    let float = |number: &str| format!(r#"<table:table-cell office:value-type="float" office:value="{number}"/>"#);
    let mut rows = format!("<table:table-row>{}</table:table-row>", cell("Versandprotokoll"));
    let names: String =
        ["Datum", "Uhrzeit", "Absender", "Empfänger", "Nachricht", "Status"].iter().map(|name| cell(name)).collect();
    rows += &format!("<table:table-row>{names}</table:table-row>");
    for index in 0..3 {
        rows += &format!(
            r#"<table:table-row><table:table-cell office:value-type="date" office:date-value="2024-05-01"/><table:table-cell office:value-type="time" office:time-value="PT10H00M0{index}S"/>{}{}{}{}</table:table-row>"#,
            float("493012345001"),
            float(&format!("491512340100{index}")),
            cell("Kauft jetzt!"),
            cell("zugestellt")
        );
    }
    let content = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="Mai">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    let kind = "application/vnd.oasis.opendocument.spreadsheet";
    let manifest = format!(
        r#"<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>"#
    );
    let mut media = Member::new("mimetype", kind.as_bytes());
    (media.method, media.data) = (0, kind.as_bytes().to_vec());
    let book = zip(&[
        media,
        Member::new("content.xml", content.as_bytes()),
        Member::new("META-INF/manifest.xml", manifest.as_bytes()),
    ]);
    let matter = Matter::new();
    matter.write("all.zip", zip(&[Member::new("mai/log.ods", &book)]));
    let report = report_of(&matter, &["all.zip"], "out", 0);
    assert_eq!(report.input("all.zip!/mai/log.ods")["format"], "workbook");
    assert_is_the_log(&report, "all.zip!/mai/log.ods!/Mai");
}

#[test]
fn a_far_corner_and_a_bomb_cost_nothing_and_a_broken_workbook_is_told() {
    let matter = Matter::new();
    let corner = sheet(3) + r#"<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>end</t></is></c></row>"#;
    matter.write("corner.xlsx", xlsx(&[("A", "visible", corner)], ""));
    let whole = xlsx(&[("A", "visible", sheet(3))], "");
    matter.write("broken.xlsx", &whole[..whole.len() / 2]);
    matter.write(
        "letter.bin",
        zip(&[Member::new("[Content_Types].xml", b"<x/>"), Member::new("word/document.xml", b"<x/>")]),
    );
    matter.write("text.xlsx", "sent_at,recipient\n2024-05-01T10:00:00Z,+4915123401000\n");
    let report = report_of(&matter, &["corner.xlsx", "broken.xlsx", "letter.bin", "text.xlsx"], "out", 3);
    assert_eq!(number(&report.input("corner.xlsx!/A")["read"]), 3);
    assert_eq!(number(&report.input("corner.xlsx!/A")["rejected"]), 1);
    assert!(report.rejects("broken.xlsx")[0]["reason"].contains("damaged or cut off"));
    assert!(report.rejects("letter.bin")[0]["reason"].contains("a Word document"));
    assert_eq!(number(&report.input("text.xlsx")["read"]), 1, "a name says nothing");
}

/// The log as columns; with a zone its times are instants.
fn columns(zoned: bool) -> RecordBatch {
    let start = millis(if zoned { "2024-05-01T08:00:00Z" } else { "2024-05-01T10:00:00Z" }) * 1000;
    let times = TimestampMicrosecondArray::from_iter_values((0..3).map(|index| start + index * 1_000_000));
    let all: [(&str, ArrayRef); 6] = [
        ("Status", Arc::new(StringArray::from(vec!["zugestellt"; 3]))),
        ("Empfänger", Arc::new(Int64Array::from(vec![4_915_123_401_000_i64, 4_915_123_401_001, 4_915_123_401_002]))),
        ("Gesendet am", Arc::new(times.with_timezone_opt(zoned.then_some("UTC")))),
        ("Absender", Arc::new(Float64Array::from(vec![493_012_345_001.0; 3]))),
        ("Nachricht", Arc::new(StringViewArray::from(vec!["Kauft\n\"jetzt\"!"; 3]))),
        ("laufend", Arc::new(Int8Array::from(vec![1_i8, 2, 3]))),
    ];
    RecordBatch::try_from_iter_with_nullable(all.map(|(name, array)| (name, array, true))).expect("columns")
}

fn parquet(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("Parquet");
    writer.write(batch).expect("rows");
    writer.close().expect("the end");
    bytes
}

fn arrow_file(batch: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = IpcWriteOptions::default().try_with_compression(compression).expect("options");
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).expect("Arrow");
    // In two batches, as files mostly are.
    writer.write(&batch.slice(0, 1)).expect("rows");
    writer.write(&batch.slice(1, batch.num_rows() - 1)).expect("rows");
    writer.finish().expect("the end");
    drop(writer);
    bytes
}

fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).expect("Arrow");
    writer.write(batch).expect("rows");
    writer.finish().expect("the end");
    drop(writer);
    bytes
}

#[test]
fn parquet_and_arrow_are_read_by_the_same_mapping() {
    let matter = Matter::new();
    for zoned in [true, false] {
        let columns = columns(zoned);
        let plain = parquet(&columns, Compression::UNCOMPRESSED);
        for (name, bytes) in [
            ("log.parquet", plain.clone()),
            ("log.arrow", arrow_file(&columns, None)),
            ("log.stream", arrow_stream(&columns)),
            ("log.gz", gzip(&plain)),
        ] {
            matter.write(name, &bytes);
            let report = report_of(&matter, &[name], "out", 0);
            assert_is_the_log(&report, name);
            let first = &report.messages()[0];
            assert_eq!((first.record, first.line), (1, 1), "{name}");
            assert_eq!(report.input(name)["sha256"], sha256(&bytes));
        }
        matter.write("cut.parquet", &plain[..plain.len() / 2]);
        let report = report_of(&matter, &["cut.parquet"], "out", 3);
        assert_eq!(report.rejects("cut.parquet").len(), 1);
    }
}

#[test]
fn files_of_columns_are_read_however_they_are_packed() {
    let matter = Matter::new();
    let columns = columns(true);
    let packed = [
        ("snappy.parquet", parquet(&columns, Compression::SNAPPY)),
        ("gzip.parquet", parquet(&columns, Compression::GZIP(GzipLevel::default()))),
        ("brotli.parquet", parquet(&columns, Compression::BROTLI(BrotliLevel::default()))),
        ("lz4.parquet", parquet(&columns, Compression::LZ4)),
        ("lz4_raw.parquet", parquet(&columns, Compression::LZ4_RAW)),
        ("zstd.parquet", parquet(&columns, Compression::ZSTD(ZstdLevel::default()))),
        ("lz4.arrow", arrow_file(&columns, Some(CompressionType::LZ4_FRAME))),
        ("zstd.arrow", arrow_file(&columns, Some(CompressionType::ZSTD))),
    ];
    for (name, bytes) in packed {
        matter.write(name, &bytes);
        assert_is_the_log(&report_of(&matter, &[name], "out", 0), name);
    }
}

#[test]
fn every_kind_of_column_becomes_the_text_that_a_person_would_write() {
    let at = millis("2024-05-01T08:00:00Z");
    let texts = || vec![Some("a"), None];
    let dictionary: DictionaryArray<Int8Type> = texts().into_iter().collect();
    let times: Vec<(&str, ArrayRef, &str)> = vec![
        ("second", Arc::new(TimestampSecondArray::from(vec![Some(at / 1000), None])), "2024-05-01T08:00:00"),
        (
            "millisecond",
            Arc::new(TimestampMillisecondArray::from(vec![Some(at + 5), None]).with_timezone("+02:00")),
            "2024-05-01T08:00:00.005Z",
        ),
        (
            "nanosecond",
            Arc::new(TimestampNanosecondArray::from(vec![Some(at * 1_000_000), None])),
            "2024-05-01T08:00:00",
        ),
        ("day", Arc::new(Date32Array::from(vec![Some(19_844), None])), "2024-05-01"),
        ("day64", Arc::new(Date64Array::from(vec![Some(at), None])), "2024-05-01T08:00:00"),
        ("clock", Arc::new(Time32SecondArray::from(vec![Some(3_661), None])), "01:01:01"),
        ("clock64", Arc::new(Time64MicrosecondArray::from(vec![Some(3_661_000_001), None])), "01:01:01.000001"),
    ];
    let values: Vec<(&str, ArrayRef, &str)> = vec![
        ("nothing", Arc::new(NullArray::new(2)), ""),
        ("truth", Arc::new(BooleanArray::from(vec![Some(true), None])), "true"),
        ("whole", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])), "18446744073709551615"),
        ("float", Arc::new(Float64Array::from(vec![Some(4_915_123_401_000.0), None])), "4915123401000"),
        ("half", Arc::new(Float64Array::from(vec![Some(0.5), None])), "0.5"),
        ("large", Arc::new(LargeStringArray::from(texts())), "a"),
        ("view", Arc::new(StringViewArray::from(texts())), "a"),
        ("bytes", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"a"), None])), "a"),
        ("no text", Arc::new(LargeBinaryArray::from_opt_vec(vec![Some(b"\xFF"), None])), ""),
        ("bytes view", Arc::new(BinaryViewArray::from_iter([Some(b"a"), None])), "a"),
        ("dictionary", Arc::new(dictionary), "a"),
    ];
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)]), None]);
    let left_out: Vec<(&str, ArrayRef, &str)> =
        vec![("list", Arc::new(lists), ""), ("span", Arc::new(DurationSecondArray::from(vec![Some(1), None])), "")];
    let all: Vec<_> = times.into_iter().chain(values).chain(left_out).collect();
    let extended = Field::new("marked", arrow_schema::DataType::Int32, true)
        .with_metadata([("ARROW:extension:name".to_owned(), "org.example".to_owned())]);
    let mut fields: Vec<Field> =
        all.iter().map(|(name, array, _)| Field::new(*name, array.data_type().clone(), true)).collect();
    let mut arrays: Vec<ArrayRef> = all.iter().map(|(_, array, _)| Arc::clone(array)).collect();
    fields.push(extended);
    arrays.push(Arc::new(Int32Array::from(vec![1, 2])));
    let columns = RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), arrays).expect("columns");
    let read = all.len() - 2;
    let names: Vec<&str> = all[..read].iter().map(|(name, ..)| *name).collect();
    let first: Vec<&str> = all[..read].iter().map(|(.., text)| *text).collect();
    let expected = [names.join("\u{1F}"), first.join("\u{1F}"), "\u{1F}".repeat(read - 1)].join("\n") + "\n";
    for (kind, bytes) in [
        (Columnar::Parquet, parquet(&columns, Compression::SNAPPY)),
        (Columnar::ArrowFile, arrow_file(&columns, None)),
        (Columnar::ArrowStream, arrow_stream(&columns)),
    ] {
        let budget = Budget::new(bytes.len() as u64, DEFAULT_MAX_UNPACKED);
        let table = frames::table(bytes, kind, &budget).expect("a table");
        assert_eq!(String::from_utf8(table.text).expect("UTF-8"), expected, "{kind:?}");
        assert_eq!(table.rows, [0, 1, 2], "{kind:?}");
        let note = "columns of lists, records or rare types are not read: `list`, `span`, `marked`";
        assert_eq!(table.notes, [note], "{kind:?}");
    }
}

#[test]
fn our_own_messages_read_back_as_what_they_were() {
    let matter = Matter::new();
    let mut log = String::from("id;sent_at;from;to;text;direction;status;channel\n");
    for index in 0..60 {
        log += &format!(
            "X-{index:020};2020-02-03T10:00:{index:02}Z;+493012345001;+4915123401{index:03};Kauft jetzt!;outbound;read;whatsapp\n"
        );
    }
    log += "X-back;2020-02-03T11:00:00Z;+4915123401001;+493012345001;Nein danke;inbound;read;whatsapp\n";
    matter.write("log.csv", log);
    let first = report_of(&matter, &["log.csv"], "one", 0);
    matter.write("again/messages.parquet", first.bytes("messages.parquet"));
    let second = report_of(&matter, &["again"], "two", 0);
    let input = second.input("again/messages.parquet");
    assert_eq!((&input["format"], number(&input["read"])), (&"sendeschluss-messages".into(), 61));
    let plain = |report: &Report| -> Vec<Message> {
        let mut messages = report.messages();
        for message in &mut messages {
            message.file.clear();
            (message.record, message.line, message.offset) = (0, 0, 0);
            message.campaign_id.clear();
            message.run_id.clear();
            message.burst_ids.clear();
        }
        messages.sort_by(|one, other| one.message_id.cmp(&other.message_id));
        messages
    };
    assert_eq!(plain(&first), plain(&second));
    let bursts = |report: &Report| report.csv("bursts").iter().map(|row| number(&row["messages"])).collect::<Vec<_>>();
    assert_eq!(bursts(&first), bursts(&second));
    // Seen again beside its source, nothing is counted twice.
    let both = report_of(&matter, &["again", "log.csv"], "both", 0);
    assert_eq!(both.messages().len(), 61);
}
