//! `SHA256SUMS`: the hashes of all files of a report folder, in the form that `sha256sum -c` takes.
//! It covers the manifest too, which cannot hold its own hash.
//! Comparing hashes with files is the business of `verify`.

use std::collections::BTreeMap;

use super::folder::Output;

/// Name of the file in a report folder.
pub const SUMS: &str = "SHA256SUMS";

/// The file's text.
#[must_use]
pub fn text<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let sorted: BTreeMap<&str, &str> = files.into_iter().collect();
    sorted.into_iter().map(|(file, sha256)| format!("{sha256}  {file}\n")).collect()
}

/// The text for the files written so far.
#[must_use]
pub fn of(outputs: &[Output]) -> String {
    text(outputs.iter().map(|output| (output.file.as_str(), output.sha256.as_str())))
}

/// Hash by name of file; `None` where a line is none of this form.
#[must_use]
pub fn parse(text: &str) -> Option<BTreeMap<String, String>> {
    text.lines().map(|line| line.split_once("  ").map(|(hash, file)| (file.to_owned(), hash.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let written = text([("b/c.csv", "22"), ("a.json", "11")]);
        assert_eq!(written, "11  a.json\n22  b/c.csv\n");
        let read = parse(&written).expect("sums");
        assert_eq!(text(read.iter().map(|(file, hash)| (file.as_str(), hash.as_str()))), written);
        assert_eq!(parse("no sums"), None);
    }
}
