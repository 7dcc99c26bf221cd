//! Every figure can be followed to bytes: evidence names records whose hash anybody can recompute, and the manifest
//! lists every file of the report with its own.

use std::fs;

use crate::harness::{Matter, Report, number, project, sha256};

fn report_on(matter: &Matter, inputs: &[&str], code: i32, more: &[&str]) -> Report {
    let mut arguments = vec!["report"];
    arguments.extend(inputs);
    arguments.extend(["-o", "out", "--with-messages"]);
    arguments.extend(more);
    matter.run(&arguments).with_code(code);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    report
}

#[test]
fn evidence_is_the_bytes_of_the_source() {
    let matter = Matter::new();
    let folder = project("data/samples");
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &[]);
    let rows = report.csv("evidence");
    assert!(rows.len() > 1000);
    for row in rows.iter().step_by(97) {
        let source = fs::read(&row["file"]).unwrap();
        let (start, length) = (number(&row["offset"]) as usize, number(&row["length"]) as usize);
        assert_eq!(sha256(&source[start..start + length]), row["record_sha256"], "{row:?}");
    }
}

#[test]
fn the_manifest_lists_every_file_with_its_hash() {
    let matter = Matter::new();
    let folder = project("data/samples");
    let report = report_on(&matter, &[folder.to_str().unwrap()], 0, &[]);
    let manifest = report.json("manifest.json");
    let mut listed = vec!["manifest.json".to_owned()];
    for output in manifest["outputs"].as_array().unwrap() {
        let name = output["file"].as_str().unwrap();
        let bytes = report.bytes(name);
        assert_eq!(output["sha256"], sha256(&bytes), "{name}");
        assert_eq!(output["bytes"], bytes.len(), "{name}");
        listed.push(name.to_owned());
    }
    listed.sort();
    assert_eq!(listed, report.files().into_keys().collect::<Vec<_>>());
    for input in manifest["inputs"].as_array().unwrap() {
        assert_eq!(input["sha256"], sha256(&fs::read(input["file"].as_str().unwrap()).unwrap()));
    }
}
