//! Where the case file and the inputs do not meet: entries that match nothing, patterns that are none, one account twice.
//! Each would otherwise pass in silence and leave a report without what counsel meant to tell it.
//! What matching entries do is applied in `ingest.rs`.

use super::containers::case_names;
use super::context::Context;
use super::inputs::Input;
use super::people::Hint;
use crate::case::{Case, FileEntry, Language};
use crate::message::Messages;

/// Something of the case file that has no effect, or not the one meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseDoubt {
    /// `[[file]]` with a pattern that cannot be read.
    BadPattern {
        /// The pattern.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `[[file]]` that matches no input.
    NoFile(String),
    /// `[[file]]` whose inputs are all taken by entries before it.
    Shadowed(String),
    /// `[[account]]` that no message has.
    NoAccount(String),
    /// Two `[[account]]` that are one.
    SameAccount(String, String),
}

impl CaseDoubt {
    /// The doubt in words for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::BadPattern { name, reason }, Language::De) => {
                format!("Falldatei: [[file]] `{name}` ist kein Muster ({reason}); der Eintrag wirkt nicht.")
            }
            (Self::BadPattern { name, reason }, Language::En) => {
                format!("Case file: [[file]] `{name}` is not a pattern ({reason}); the entry has no effect.")
            }
            (Self::NoFile(name), Language::De) => format!("Falldatei: [[file]] `{name}` trifft auf keine Eingabe zu."),
            (Self::NoFile(name), Language::En) => format!("Case file: [[file]] `{name}` matches no input."),
            (Self::Shadowed(name), Language::De) => {
                format!(
                    "Falldatei: [[file]] `{name}` wirkt nicht; frühere Einträge treffen auf alle seine Eingaben zu."
                )
            }
            (Self::Shadowed(name), Language::En) => {
                format!("Case file: [[file]] `{name}` has no effect; earlier entries match all its inputs.")
            }
            (Self::NoAccount(id), Language::De) => {
                format!("Falldatei: [[account]] `{id}` kommt in keiner Nachricht vor.")
            }
            (Self::NoAccount(id), Language::En) => {
                format!("Case file: no message has the account of [[account]] `{id}`.")
            }
            (Self::SameAccount(one, other), Language::De) => {
                format!("Falldatei: `{one}` und `{other}` sind dasselbe Konto; es gilt der spätere Eintrag.")
            }
            (Self::SameAccount(one, other), Language::En) => {
                format!("Case file: `{one}` and `{other}` are one account; the later entry holds.")
            }
        }
    }
}

fn matches(entry: &FileEntry, file_name: &str) -> bool {
    entry.name == file_name
        || globset::Glob::new(&entry.name).is_ok_and(|glob| glob.compile_matcher().is_match(file_name))
}

/// What the case file tells of an input, or of a container that it lies in; the nearest holds.
pub(super) fn entry_of<'c>(name: &str, case: &'c Case) -> Option<&'c FileEntry> {
    case_names(name).into_iter().find_map(|name| case.files.iter().find(|entry| matches(entry, name)))
}

/// Everything of the case file that does not meet the inputs.
pub(super) fn doubts(case: &Case, inputs: &[Input], messages: &Messages, context: &Context) -> Vec<CaseDoubt> {
    let mut doubts = Vec::new();
    let names: Vec<&str> = inputs.iter().flat_map(|input| case_names(&input.name)).collect();
    let taken: Vec<&FileEntry> = inputs.iter().filter_map(|input| entry_of(&input.name, case)).collect();
    for entry in &case.files {
        let name = || entry.name.clone();
        if let (Err(error), false) = (globset::Glob::new(&entry.name), names.contains(&entry.name.as_str())) {
            doubts.push(CaseDoubt::BadPattern { name: name(), reason: error.kind().to_string() });
        } else if !names.iter().any(|file| matches(entry, file)) {
            doubts.push(CaseDoubt::NoFile(name()));
        } else if !taken.iter().any(|first| std::ptr::eq(*first, entry)) {
            doubts.push(CaseDoubt::Shadowed(name()));
        }
    }
    let canonical = |id: &str| context.people.canonical(id, Hint::Unknown).map(|address| address.text);
    let known: Vec<(&str, Option<String>)> =
        case.accounts.iter().map(|entry| (entry.id.as_str(), canonical(&entry.id))).collect();
    for (at, (id, address)) in known.iter().enumerate() {
        if let Some((earlier, _)) = known.iter().take(at).find(|(_, other)| other.is_some() && other == address) {
            doubts.push(CaseDoubt::SameAccount((*earlier).to_owned(), (*id).to_owned()));
        }
        let is_account = |account: &str| account == *id || address.as_deref() == Some(account);
        let is_told = case.files.iter().any(|entry| {
            entry.account.as_deref().is_some_and(|account| account == *id || canonical(account) == *address)
        });
        if !messages.accounts.iter().any(|account| is_account(&account.id)) && !is_told {
            doubts.push(CaseDoubt::NoAccount((*id).to_owned()));
        }
    }
    doubts
}
