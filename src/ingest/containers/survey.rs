//! Which inputs a run has when containers are opened: every file, every container and every member, in order of names.
//! Members are only listed here; they are read later, one at a time, in the archive's own order.
//! A container that unpacks to more than is allowed is refused here as a whole.

use super::{Container, Event, SEPARATOR, walk};
use crate::ingest::inputs::{self, Input};
use crate::ingest::open::OpenError;

/// One input of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name and file.
    pub input: Input,
    /// What it is.
    pub what: What,
}

/// What an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A file to be read as it lies there.
    File,
    /// A member of a container.
    Member,
    /// A container: it has members and no records.
    Container(Container),
}

/// Opens all containers and lists what they hold.
#[must_use]
pub fn survey(inputs: &[Input], max_unpacked: u64) -> Vec<Source> {
    let mut sources = Vec::with_capacity(inputs.len());
    for input in inputs {
        let file = || Source { input: input.clone(), what: What::File };
        if inputs::is_no_export(input) {
            sources.push(file());
            continue;
        }
        let member = |name: &str, what: What| Source {
            input: Input {
                name: format!("{}{SEPARATOR}{name}", input.name),
                path: input.path.clone(),
                named: false,
                member: Some(name.to_owned()),
            },
            what,
        };
        let mut held = Vec::new();
        let outcome = walk(&input.path, max_unpacked, &mut |event| match event {
            Event::Member { name, .. } => held.push(member(name, What::Member)),
            Event::Container(told) if told.name.is_empty() => {
                held.push(Source { input: input.clone(), what: What::Container(told) });
            }
            Event::Container(told) => held.push(member(&told.name.clone(), What::Container(told))),
        });
        match outcome {
            Ok(true) => sources.append(&mut held),
            // What cannot even be opened is told by the reader.
            Ok(false) | Err(OpenError::Io(_) | OpenError::Binary(_)) => sources.push(file()),
            Err(OpenError::TooLarge { packing, reason }) => {
                let problem = Some(format!("refused: it {reason}"));
                let told = Container { format: "container", packing, problem, ..Container::default() };
                sources.push(Source { input: input.clone(), what: What::Container(told) });
            }
        }
    }
    sources.sort_by(|left, right| left.input.name.cmp(&right.input.name));
    sources
}

/// The name that tells what an input is about: the last part of its own, but for the chats that iOS packs under one
/// name that of what they lie in.
#[must_use]
pub fn telling_name(name: &str) -> String {
    const IOS_CHAT: &str = "_chat.txt";
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let Some(home) = name.strip_suffix(IOS_CHAT).and_then(|home| home.strip_suffix('/')) else { return last(name) };
    match home.strip_suffix('!') {
        Some(archive) => last(archive),
        None if last(home).contains("WhatsApp") => format!("{}.txt", last(home)),
        None => last(name),
    }
}

/// All names that a case file may call an input by, the nearest first: its own, and those of the containers it lies in.
#[must_use]
pub fn case_names(name: &str) -> Vec<&str> {
    let mut names: Vec<&str> = name.split(SEPARATOR).map(|part| part.rsplit('/').next().unwrap_or(part)).collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_of_ios_is_named_by_its_archive() {
        assert_eq!(telling_name("x/WhatsApp Chat - Ada.zip!/_chat.txt"), "WhatsApp Chat - Ada.zip");
        assert_eq!(telling_name("all.zip!/WhatsApp Chat - Dr. Ada/_chat.txt"), "WhatsApp Chat - Dr. Ada.txt");
        assert_eq!(telling_name("exports/_chat.txt"), "_chat.txt");
        assert_eq!(telling_name("all.zip!/a/b.csv"), "b.csv");
        assert_eq!(case_names("d/all.zip!/a/b.xlsx!/Sheet1"), ["Sheet1", "b.xlsx", "all.zip"]);
    }
}
