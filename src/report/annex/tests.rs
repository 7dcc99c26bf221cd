//! Tests of the annex as a file: what a reader of PDFs finds in it, with hostile text in every field.
//! Streams are unpacked here by hand; where Poppler or qpdf are installed, they are asked too.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use super::super::extract::{
    AccountRow, AmountRow, BoundaryDayRow, BurstRow, CampaignRow, Completeness, DayRow, EvidenceRow, ExposureRow,
    FindingRow, InputRow, MarkedText, MethodRow, PackRow, PeriodRow,
};
use super::super::folder::MANIFEST;
use super::*;

/// Markup of the typesetter, of HTML and of formulas; characters without a glyph, without width, without meaning.
const HOSTILE: &str = "#panic(\"x\") #import \"@preview/x:1.0.0\" *b* _i_ $x$ [#] \\ // `c` <script> =1+1 \u{202e}\u{0}\u{200b}\u{e001}🔥漢e\u{301}\u{301}";
const AT: &str = "2019-12-06T22:50:05.000Z";

fn hostile() -> Extract {
    let text = || HOSTILE.to_owned();
    let at = || AT.to_owned();
    let marked = || MarkedText { text: text(), mark: "unconfirmed", source: text() };
    let evidence =
        EvidenceRow { message_id: text(), sent_at: at(), recipient: text(), file: text(), ..Default::default() };
    let finding = FindingRow {
        finding_id: "F-0123456789".to_owned(),
        rule: text(),
        severity: "critical",
        subject: text(),
        exposed: vec![text(), "<client of #x> (client)".to_owned()],
        basis: vec![marked()],
        first_sent: at(),
        last_sent: at(),
        messages: 1,
        amounts: vec![AmountRow { text: text(), min: "100".to_owned(), per: "case", ..Default::default() }],
        measured: vec![text()],
        limitation: vec![marked()],
        title: text(),
        explanation: text(),
        boundary_day: Some(BoundaryDayRow { day: text(), readings: vec![(text(), 1)] }),
        counter_evidence: vec![text()],
        limits: vec![text()],
        figures: vec![marked()],
        campaigns: vec![text()],
        evidence_sample: vec![evidence],
        ..Default::default()
    };
    Extract {
        program: text(),
        matter: text(),
        timezone: "Europe/Berlin".to_owned(),
        completeness: Completeness {
            files: 1,
            failed: 1,
            records: 2,
            read: 2,
            first_sent: Some(at()),
            last_sent: Some(at()),
            inputs: vec![InputRow {
                file: text().repeat(3),
                format: text(),
                sha256: "ab".repeat(32),
                failed: true,
                ..Default::default()
            }],
            ..Default::default()
        },
        source_checks: vec![crate::report::measures::SourceCheckRow {
            check: "silent_period",
            account: text(),
            file: text(),
            size_ms: Some(90_061_000),
            ..Default::default()
        }],
        exposure: vec![ExposureRow {
            exposed: text(),
            rule: text(),
            title: text(),
            country: text(),
            first_sent: at(),
            ..Default::default()
        }],
        boundary: vec![PeriodRow { period: "on", messages: 1, ..Default::default() }],
        findings: vec![finding],
        accounts: vec![AccountRow {
            account: text(),
            route: "sms other".to_owned(),
            client: text(),
            ..Default::default()
        }],
        campaigns: vec![CampaignRow {
            campaign_id: text(),
            sample: text().repeat(9),
            drip: true,
            ..Default::default()
        }],
        bursts: vec![BurstRow {
            burst_id: text(),
            detector: text(),
            account: text(),
            start: at(),
            ..Default::default()
        }],
        limit_checks: vec![crate::report::measures::LimitCheckRow {
            scope: "number",
            subject: text(),
            ..Default::default()
        }],
        account_clusters: vec![crate::report::measures::ClusterRow {
            cluster_id: text(),
            account_a: text(),
            ..Default::default()
        }],
        timeline: vec![DayRow { day: "2019-12-07".to_owned(), messages: 5, mass: 4, recipients: 3 }],
        week: vec![vec![1; 24]; 7],
        limits: vec![text()],
        method: vec![MethodRow { name: text(), title: text(), mark: "own", source: text() }],
        packs: vec![PackRow { id: text(), title: text(), version: text() }],
        ..Extract::default()
    }
}

/// A report folder with an annex over some files; its PDFs by name, and the files.
fn annexed(
    extract: &Extract,
    language: Language,
    limit: u64,
    files: &[(&str, Vec<u8>)],
) -> Result<BTreeMap<String, Vec<u8>>, AnnexError> {
    let home = tempfile::tempdir().expect("a folder");
    let target = home.path().join("report");
    let mut folder = Folder::begin(&target)?;
    for (name, bytes) in files {
        folder.write::<AnnexError>(name, |out| Ok(out.write_all(bytes)?))?;
    }
    let calendar = Calendar::named("Europe/Berlin").expect("a zone");
    let outputs = folder.outputs();
    let input = AnnexInput {
        language,
        calendar: &calendar,
        clients: vec![HOSTILE.to_owned()],
        settings: &[],
        extract,
        report_id: identity::report_id(extract),
        digest: identity::findings_sha256(extract).expect("a hash"),
        outputs: &outputs,
        manifest: "{}".to_owned(),
        charts: html::charts(extract, language).expect("charts"),
        exhibit: Exhibit::default(),
        as_of: None,
        limit,
    };
    print_all(&input, &mut folder)?;
    folder.write::<AnnexError>(MANIFEST, |out| Ok(out.write_all(b"{}")?))?;
    folder.finish()?;
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).unwrap_or_default())
    };
    Ok(std::fs::read_dir(&target).expect("the folder").map(read).filter(|(name, _)| name.ends_with(".pdf")).collect())
}

/// All streams of a PDF, unpacked where they are packed.
fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut streams = Vec::new();
    let mut rest = pdf;
    while let Some(start) = rest.windows(7).position(|bytes| bytes == b"stream\n" || bytes == b"stream\r") {
        let skip = if rest[start + 6] == b'\r' { 8 } else { 7 };
        rest = &rest[start + skip..];
        let end = rest.windows(9).position(|bytes| bytes == b"endstream").expect("an end");
        let mut plain = Vec::new();
        match flate2::read::ZlibDecoder::new(&rest[..end]).read_to_end(&mut plain) {
            Ok(_) => streams.push(plain),
            Err(_) => streams.push(rest[..end].trim_ascii_end().to_vec()),
        }
        rest = &rest[end + 9..];
    }
    streams
}

fn holds(streams: &[Vec<u8>], text: &str) -> bool {
    streams.iter().any(|stream| stream.windows(text.len()).any(|bytes| bytes == text.as_bytes()))
}

/// What a program says of a PDF; `None`, and a word of it, where it is not installed.
fn told(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<String> {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("annex.pdf");
    std::fs::write(&path, pdf).expect("a file");
    let path: &Path = &path;
    let arguments =
        arguments.iter().map(|argument| if *argument == "PDF" { path.as_os_str() } else { argument.as_ref() });
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(_) => {
            eprintln!("left out: {program} is not installed");
            None
        }
    }
}

#[test]
fn hostile_text_stays_text_in_a_pdf_a_3_with_its_files_inside() {
    let files =
        [("csv/findings.csv", b"finding_id\r\nF-1\r\n".repeat(400)), ("findings.json", b"{\"a\": 1}\n".repeat(50))];
    for language in [Language::De, Language::En] {
        let pdfs = annexed(&hostile(), language, 200_000_000, &files).expect("an annex");
        assert_eq!(pdfs.keys().collect::<Vec<_>>(), ["report.pdf"]);
        let pdf = &pdfs["report.pdf"];
        let streams = streams(pdf);
        assert!(
            holds(&streams, "<pdfaid:part>3</pdfaid:part>")
                && holds(&streams, "<pdfaid:conformance>A</pdfaid:conformance>")
        );
        for (name, bytes) in &files {
            assert!(streams.contains(bytes), "{name} is embedded as it is");
            assert!(
                holds(&streams, &attached_name(name)) || holds(std::slice::from_ref(pdf), &attached_name(name)),
                "{name}"
            );
        }
        assert_eq!(
            pdf,
            &annexed(&hostile(), language, 200_000_000, &files).expect("an annex")["report.pdf"],
            "the same bytes"
        );
        if let Some(text) = told("pdftotext", &["-layout", "PDF", "-"], pdf) {
            let flat = text.replace(['\u{200b}', '\n', ' '], "");
            for payload in [
                "#panic(\"x\")",
                "#import\"@preview/x:1.0.0\"",
                "*b*_i_$x$[#]\\//`c`<script>=1+1⟨U+202E⟩⟨U+0000⟩⟨U+200B⟩⟨U+E001⟩⟨U+1F525⟩⟨U+6F22⟩",
            ] {
                assert!(flat.contains(payload), "{payload}\n{text}");
            }
            let page = if language == Language::De { "Seite1von" } else { "Page1of" };
            assert!(flat.contains(page) && flat.contains(&identity::report_id(&hostile())));
        }
        told("qpdf", &["--check", "PDF"], pdf);
    }
}

#[test]
fn an_annex_over_the_limit_is_split_and_numbered() {
    let evidence: Vec<u8> = (0..700_000_u32).flat_map(|row| row.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let files = [("csv/evidence.csv", evidence.clone()), ("findings.json", b"{}\n".to_vec())];
    let limit = 1_900_000;
    let pdfs = annexed(&hostile(), Language::De, limit, &files).expect("an annex");
    assert!(pdfs.len() >= 3 && pdfs.contains_key("report.pdf"), "{:?}", pdfs.keys());
    let mut pieces = Vec::new();
    for (name, pdf) in &pdfs {
        assert!(pdf.len() as u64 <= limit, "{name} has {} bytes", pdf.len());
        let plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
        assert!(name.len() <= 90 && name.chars().all(plain) && name.matches('.').count() == 1, "{name}");
        // Embedded pieces are the only streams that are stretches of the file.
        let found = streams(pdf).into_iter().filter_map(|stream| {
            let at = evidence
                .windows(stream.len().clamp(1, 64))
                .position(|bytes| stream.len() > 4096 && bytes == &stream[..64])?;
            Some((at, stream))
        });
        pieces.extend(found);
    }
    pieces.sort();
    assert_eq!(pieces.into_iter().flat_map(|(_, piece)| piece).collect::<Vec<u8>>(), evidence);
    assert!(matches!(annexed(&hostile(), Language::De, 50_000, &files), Err(AnnexError::TooLarge { .. })));
}

#[test]
fn exhibits_begin_where_they_are_told_to() {
    let exhibit: Exhibit = "B 12".parse().expect("a number");
    assert_eq!((exhibit.nth(0), exhibit.nth(5)), ("B 12".to_owned(), "B 17".to_owned()));
    assert_eq!("7".parse::<Exhibit>().expect("a number").nth(1), "8");
    for wrong in ["", "K", "K 0", "K 1a", "#x 1", "K -1"] {
        assert!(wrong.parse::<Exhibit>().is_err(), "{wrong}");
    }
}
