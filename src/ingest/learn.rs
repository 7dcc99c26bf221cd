//! Drafts a format file from a table that no known format fits: which column seems to hold what, with the evidence for each
//! guess beside it, for a person to check and complete.
//! The evidence shows shapes only: digits as 9, letters as x. What a format file may say stands in `formats/schema.rs`.

use std::fmt::Write;
use std::path::Path;

use super::ColumnSeen;
use super::delimited;
use super::mapping::{DataError, Delimited, MapError, Role};
use super::open::{self, OpenError};

/// Why no draft could be made.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its columns hold no sends.
    #[error(transparent)]
    Map(#[from] MapError),
    /// A data file of the build is damaged.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Not a table.
    #[error("is no table with columns; formats are drafted from delimited text")]
    NoTable,
    /// A table without names.
    #[error("has no header line, by which a format could recognise it")]
    NoHeader,
    /// Writing into memory failed, which it never does.
    #[error(transparent)]
    Write(#[from] std::fmt::Error),
}

/// A draft of a format file, from a table.
///
/// # Errors
/// When the file is no table with a header, or holds no sends.
pub fn draft(path: &Path, max_unpacked: u64) -> Result<String, LearnError> {
    let known = Delimited::load()?;
    let opened = open::open(path, max_unpacked)?;
    let recognised = delimited::recognise(&known, &opened)?.ok_or(LearnError::NoTable)?;
    let mapping = &recognised.mapping;
    if !mapping.header {
        return Err(LearnError::NoHeader);
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut draft = String::new();
    writeln!(
        draft,
        "# Drafted from {} records of a file. Check every line; what is not certain says so.",
        looked_at(&recognised.columns)
    )?;
    if mapping.format != "delimited" {
        writeln!(draft, "# The file already has the known format `{}`.", mapping.format)?;
    }
    writeln!(draft, "name = {}", quoted(&kebab(&stem)))?;
    writeln!(draft, "title = {}", quoted(&stem))?;
    writeln!(draft, "source = \"drafted from one file\"")?;
    writeln!(draft, "confidence = \"C\"\nkind = \"delimited\"\n")?;
    let named = || recognised.columns.iter().filter(|column| column.role.is_some());
    writeln!(
        draft,
        "# The names that were used must all be there; add more where other exports share these.\n[recognise]"
    )?;
    let header: Vec<String> = named().map(|column| quoted(&column.column)).collect();
    writeln!(draft, "header = [{}]\n\n[columns]", header.join(", "))?;
    for role in Role::ALL {
        // Where the first time is empty, the others serve.
        let columns: Vec<&ColumnSeen> = named().filter(|column| column.role == Some(role.as_str())).collect();
        let Some(first) = columns.first() else { continue };
        columns.iter().try_for_each(|column| writeln!(draft, "# {}", evidence(column)))?;
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.column)).collect();
        match names.len() {
            1 => writeln!(draft, "{} = {}", role.as_str(), quoted(&first.column))?,
            _ => writeln!(draft, "{} = [{}]", role.as_str(), names.join(", "))?,
        }
    }
    let unused: Vec<&ColumnSeen> = recognised.columns.iter().filter(|column| column.role.is_none()).collect();
    if !unused.is_empty() {
        writeln!(draft, "\n# Not used:")?;
        unused.iter().try_for_each(|column| writeln!(draft, "# {}: {}", quoted(&column.column), evidence(column)))?;
    }
    for note in &mapping.notes {
        writeln!(draft, "# Note: {note}")?;
    }
    if let Some(zone) = &mapping.zone {
        writeln!(
            draft,
            "# The header names the zone {zone}; `zone = {}` at the top would say it for all files.",
            quoted(zone)
        )?;
    }
    writeln!(draft, "\n# Where no column says otherwise. Take the sign off what is certain.\n[constants]")?;
    writeln!(draft, "# platform = \"whatsapp\"\n# route = \"business_api\"\n# automation = \"api\"")?;
    if mapping.column(Role::Direction).is_none() {
        writeln!(draft, "# No column tells the direction.\n# direction = \"outbound\"")?;
    }
    Ok(draft)
}

fn looked_at(columns: &[ColumnSeen]) -> u64 {
    columns.iter().map(|column| column.looked_at).max().unwrap_or(0)
}

fn evidence(column: &ColumnSeen) -> String {
    let found = column.found.map(|found| format!("by {found}, ")).unwrap_or_default();
    let examples = if column.examples.is_empty() { "empty".to_owned() } else { column.examples.join(" · ") };
    // A line break would end the comment.
    let examples: String = examples.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{found}filled in {} of {} records: {examples}", column.filled, column.looked_at)
}

/// A text as TOML writes it, which for texts is as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn kebab(text: &str) -> String {
    let folded = super::mapping::folded(text);
    let words: Vec<&str> = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "new-format".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::formats;

    #[test]
    fn a_draft_is_a_format_that_can_be_used_and_shows_no_person() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("Neues Panel.csv");
        let text = "Versanddatum;Kundentelefon;Nachricht;Preis\n04.10.2019 18:00;+491713920001;Hallo Eva;0,07\n\
                    25.10.2019 18:00;+491713920002;Hallo Max;0,07\n";
        std::fs::write(&path, text).expect("a file");
        let draft = draft(&path, 1 << 20).expect("a draft");
        let format = formats::parse("draft.toml", &draft).expect("a format");
        assert_eq!(format.name, "neues-panel");
        assert_eq!(format.columns.get(&Role::Recipient), Some(&vec!["Kundentelefon".to_owned()]));
        for private in ["Eva", "1713920001"] {
            assert!(!draft.contains(private), "{draft}");
        }
    }
}
