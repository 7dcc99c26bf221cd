//! Every data file that is compiled into the program, with its SHA-256: detectors, rules, formats, languages.
//! A report depends on them as on its inputs, so the manifest lists them.
//! What stands in them is read by the stages that use them.

use super::manifest::CompiledIn;
use crate::assess::pack::PACKS;
use crate::ingest::formats::FILES;
use crate::ingest::open::sha256;

macro_rules! files {
    ($($name:literal,)*) => { &[$(($name, include_str!(concat!("../../data/", $name))),)*] };
}

/// What is no list elsewhere: one line for each file.
#[rustfmt::skip]
const OTHERS: &[(&str, &str)] = files![
    "detectors.toml",
    "formats/delimited.toml",
    "formats/registers.toml",
    "formats/whatsapp_chat.toml",
    "languages/annex.toml",
    "languages/case.toml",
    "languages/commands.toml",
    "languages/consent_words.toml",
    "languages/plan.toml",
    "languages/report.toml",
    "languages/rules.toml",
    "languages/transactional_words.toml",
    "languages/wording.toml",
    "page/page.css",
    "page/page.html.jinja",
    "page/page.js",
    "schema/rule-pack.schema.json",
];

/// The data files of this build, in order of names.
#[must_use]
pub fn compiled_in() -> Vec<CompiledIn> {
    let formats = FILES.iter().map(|(name, text)| (format!("formats/{name}"), *text));
    let rules = PACKS.iter().map(|(name, text)| (format!("rules/{name}"), *text));
    let others = OTHERS.iter().map(|(name, text)| ((*name).to_owned(), *text));
    let all = formats.chain(rules).chain(others);
    let mut files: Vec<CompiledIn> =
        all.map(|(file, text)| CompiledIn { file, sha256: sha256(text.as_bytes()) }).collect();
    files.sort_by(|left, right| left.file.cmp(&right.file));
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_data_folder_is_listed_once_and_with_its_hash() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let mut found = BTreeSet::new();
        for entry in walkdir::WalkDir::new(&root) {
            let entry = entry.expect("an entry");
            let name = entry.path().strip_prefix(&root).expect("inside").to_string_lossy().into_owned();
            if entry.file_type().is_file() && !name.starts_with("samples/") && !name.starts_with("matters/") {
                found.insert((name, sha256(&std::fs::read(entry.path()).expect("a file"))));
            }
        }
        let listed = compiled_in();
        assert_eq!(listed.len(), found.len());
        assert_eq!(listed.into_iter().map(|row| (row.file, row.sha256)).collect::<BTreeSet<_>>(), found);
    }
}
