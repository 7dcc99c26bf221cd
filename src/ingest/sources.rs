//! Reads every source of a run: files one by one in order of names, members as their archive has them, one at a time.
//! What comes out stands in order of names again, whatever the order of reading was.
//! How a single input is read stands in `ingest.rs`; what holds members, in `containers`.

use std::collections::BTreeMap;
use std::path::Path;

use super::batch::Batch;
use super::containers::{Container, Event, Source, What, walk};
use super::context::FileContext;
use super::{InputFile, Progress, Settings, describe_unread, read_input, whole_file_reject};

/// An account and what was read.
pub type Read<'c> = (InputFile, Vec<Batch<'c>>);

/// Reads all sources; `files` holds what readers are told of each.
pub fn read<'c>(
    sources: &[Source],
    files: &[FileContext<'c>],
    settings: &Settings,
    progress: &dyn Progress,
) -> Vec<Read<'c>> {
    let mut read: Vec<Option<Read<'c>>> = Vec::with_capacity(sources.len());
    let mut members: BTreeMap<&Path, BTreeMap<&str, usize>> = BTreeMap::new();
    for (index, (source, file)) in sources.iter().zip(files).enumerate() {
        let mut account = account(source, file);
        read.push(match &source.what {
            What::File => {
                let advance = |bytes| progress.advance(bytes);
                let batches = read_input(&source.input, None, file, settings, &mut account, &advance);
                Some((account, batches))
            }
            What::Container(told) => {
                let batches = read_container(source, told, file, &mut account);
                Some((account, batches))
            }
            What::Member => {
                let name = source.input.member.as_deref().unwrap_or_default();
                members.entry(&source.input.path).or_default().insert(name, index);
                None
            }
        });
    }
    for (path, indices) in members {
        let outcome = walk(path, settings.max_unpacked, &mut |event| {
            let Event::Member { name, load } = event else { return };
            let Some(index) = indices.get(name) else { return };
            let (Some(source), Some(file)) = (sources.get(*index), files.get(*index)) else { return };
            let mut account = account(source, file);
            let batches = read_input(&source.input, Some(load()), file, settings, &mut account, &|_| ());
            if let Some(slot) = read.get_mut(*index) {
                *slot = Some((account, batches));
            }
        });
        // What went wrong on the way stands with the container, which was walked before; only a change since is new.
        drop(outcome);
        progress.advance(std::fs::metadata(path).map_or(0, |meta| meta.len()));
    }
    let whole = read.into_iter().zip(sources.iter().zip(files)).map(|(read, (source, file))| {
        read.unwrap_or_else(|| {
            let mut account = account(source, file);
            let batch =
                whole_file_reject(file, &mut account, "is no longer in its container, which changed meanwhile", b"");
            (account, vec![batch])
        })
    });
    whole.collect()
}

fn account(source: &Source, file: &FileContext<'_>) -> InputFile {
    InputFile {
        name: source.input.name.clone(),
        zone: file.zones.name().to_owned(),
        zone_basis: file.zone_basis,
        packing: "none",
        ..InputFile::default()
    }
}

/// A container has no records of its own; what is wrong with it is one.
fn read_container<'c>(
    source: &Source,
    told: &Container,
    file: &FileContext<'c>,
    account: &mut InputFile,
) -> Vec<Batch<'c>> {
    match &told.hashed {
        Some((bytes, sha256)) => {
            account.bytes = *bytes;
            account.sha256.clone_from(sha256);
        }
        None => describe_unread(&source.input, account),
    }
    told.format.clone_into(&mut account.format);
    account.packing = told.packing;
    account.confidence = 100;
    account.notes.clone_from(&told.notes);
    match &told.problem {
        Some(problem) => vec![whole_file_reject(file, account, problem, b"")],
        None => vec![Batch::new(file)],
    }
}
