//! Opens what holds inputs of its own: zip, tar, workbooks, packed and nested in any order, known by their first bytes.
//! Each member is an input `outer.tar.gz!/folder/inner.zip!/chat.txt`; names are only shown, nothing is written to disk.
//! Members are given one at a time, in the archive's order; what they say is for readers.

pub mod budget;
pub mod magic;
mod survey;
mod zipped;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

pub use survey::{Source, What, case_names, survey, telling_name};

use super::inputs;
use super::open::OpenError;
use super::tables::Table;
use budget::Budget;
use magic::{Kind, Packing, head_of, peel, unpacker};

/// Stands between a container's name and that of its member.
pub const SEPARATOR: &str = "!/";
/// Containers within containers.
const DEPTH: usize = 8;
/// Members of one input, over all nesting.
const MEMBERS: usize = 200_000;

/// What a member is.
#[derive(Debug)]
pub enum Content {
    /// A file, and why it is not whole where it is not.
    Bytes {
        /// Its bytes as they lie in the archive, unpacked from the archive alone.
        bytes: Vec<u8>,
        /// What is wrong with the end of them.
        damage: Option<String>,
    },
    /// A sheet of a workbook.
    Sheet(Box<Table>),
    /// It cannot be read.
    Refused(String),
    /// It is no file.
    Ignored(&'static str),
}

/// What is told of a container after its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Name inside the input; empty for the input itself.
    pub name: String,
    /// `container`, or `workbook`.
    pub format: &'static str,
    /// What it is packed in.
    pub packing: &'static str,
    /// Its size and SHA-256, where it is a member itself.
    pub hashed: Option<(u64, String)>,
    /// Why it was not read, or not to its end.
    pub problem: Option<String>,
    /// Things to be told of it.
    pub notes: Vec<String>,
}

/// What is met on the way.
pub enum Event<'e> {
    /// A member, which is read only when asked for.
    Member {
        /// Name inside the input.
        name: &'e str,
        /// Gives what it is.
        load: &'e mut dyn FnMut() -> Content,
    },
    /// The end of a container.
    Container(Container),
}

/// Walks over all members of a file, in the order of the archive. Gives `false`, and no event, where it is no container.
///
/// # Errors
/// When the file cannot be read, or unpacks to more than is allowed; then nothing of it should be used.
pub fn walk(path: &Path, max_unpacked: u64, visit: &mut dyn FnMut(Event<'_>)) -> Result<bool, OpenError> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    // A pipe can be read only once, and that is for the readers.
    if !meta.is_file() {
        return Ok(false);
    }
    let (layers, head) = peel(&head_of(&mut file)?);
    let Some(kind) = Kind::of(&head) else { return Ok(false) };
    file.rewind()?;
    let budget = Budget::new(meta.len(), max_unpacked);
    let mut walker = Walker { budget: &budget, names: HashSet::new(), visit };
    let outcome = walker.container("", kind, &layers, Data::File(file), 1);
    if let Some(reason) = budget.refused() {
        return Err(OpenError::TooLarge { packing: describe(kind, &layers), reason });
    }
    let mut told = outcome?;
    told.hashed = None;
    (walker.visit)(Event::Container(told));
    Ok(true)
}

/// Gives the text of every member that is wanted, as places count in it, by its name inside the file.
///
/// # Errors
/// As [`walk`].
pub fn texts(
    path: &Path,
    max_unpacked: u64,
    wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(&str, Vec<u8>),
) -> Result<(), OpenError> {
    walk(path, max_unpacked, &mut |event| {
        if let Event::Member { name, load } = event
            && wanted(name)
        {
            match load() {
                Content::Bytes { bytes, .. } => {
                    if let Ok(text) = super::open::text_of(bytes, max_unpacked) {
                        take(name, text);
                    }
                }
                Content::Sheet(table) => take(name, table.text),
                Content::Refused(_) | Content::Ignored(_) => {}
            }
        }
    })
    .map(drop)
}

/// The text of one member, as places count in it, by the name that `inputs.csv` has for it behind the input's own name
/// and `!/`. `None` when there is no such member, or none that can be read.
///
/// # Errors
/// As [`walk`].
pub fn member(path: &Path, name: &str, max_unpacked: u64) -> Result<Option<Vec<u8>>, OpenError> {
    let mut found = None;
    texts(path, max_unpacked, &|met| met == name, &mut |_, text| found = Some(text))?;
    Ok(found)
}

/// Where a container's bytes come from.
#[derive(Debug)]
enum Data {
    File(File),
    Memory(Vec<u8>),
}

/// What zip archives and workbooks need.
trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

struct Walker<'w> {
    budget: &'w Budget,
    names: HashSet<String>,
    visit: &'w mut dyn FnMut(Event<'_>),
}

impl<'w> Walker<'w> {
    fn container(
        &mut self,
        prefix: &str,
        kind: Kind,
        layers: &[Packing],
        data: Data,
        depth: usize,
    ) -> io::Result<Container> {
        let packing = describe(kind, layers);
        let mut told = Container { name: prefix.to_owned(), format: "container", packing, ..Container::default() };
        let budget = self.budget;
        if kind == Kind::Tar {
            let inner: Box<dyn Read> = match data {
                Data::File(file) => Box::new(BufReader::with_capacity(1 << 16, file)),
                Data::Memory(bytes) => Box::new(Cursor::new(bytes)),
            };
            let stream = unpacker(layers, inner, budget)?;
            self.tar(prefix, stream, depth, &mut told);
            return Ok(told);
        }
        let mut source: Box<dyn ReadSeek> = match data {
            Data::File(file) if layers.is_empty() => Box::new(BufReader::new(file)),
            Data::Memory(bytes) if layers.is_empty() => Box::new(Cursor::new(bytes)),
            data => {
                let inner: Box<dyn Read> = match data {
                    Data::File(file) => Box::new(BufReader::new(file)),
                    Data::Memory(bytes) => Box::new(Cursor::new(bytes)),
                };
                let mut bytes = Vec::new();
                if let Err(error) = unpacker(layers, inner, budget)?.read_to_end(&mut bytes) {
                    told.problem = Some(format!("{packing} data is damaged or cut off: {error}"));
                    return Ok(told);
                }
                Box::new(Cursor::new(bytes))
            }
        };
        if kind == Kind::Compound {
            self.sheets(prefix, source, super::tables::workbook::Kind::Xls, &mut told);
        } else {
            self.zip(prefix, &mut source, depth, &mut told);
        }
        Ok(told)
    }

    fn tar(&mut self, prefix: &str, stream: Box<dyn Read + '_>, depth: usize, told: &mut Container) {
        let mut archive = tar::Archive::new(stream);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => {
                told.problem = Some(format!("the archive cannot be read: {error}"));
                return;
            }
        };
        let mut members = 0_u64;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    told.problem = Some(cut_off(members, &error.to_string()));
                    return;
                }
            };
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
                continue;
            }
            members += 1;
            let Some(name) = self.name(prefix, &entry.path_bytes()) else {
                told.problem = Some(TOO_MANY.to_owned());
                return;
            };
            if kind.is_gnu_sparse() {
                // A hole costs nothing in the archive and everything in memory.
                let size = entry.header().size().unwrap_or(u64::MAX);
                let load = &mut || Content::Refused(format!("is a sparse file of {size} bytes, which is not read"));
                (self.visit)(Event::Member { name: &name, load });
            } else if kind.is_file() || kind.is_contiguous() {
                let size = entry.size();
                self.file(&name, size, &mut entry, depth);
            } else {
                (self.visit)(Event::Member { name: &name, load: &mut || Content::Ignored(LINK) });
            }
            if self.budget.refused().is_some() {
                return;
            }
        }
    }

    /// One file of an archive: a container itself, or a member.
    fn file(&mut self, name: &str, stated: u64, stream: &mut dyn Read, depth: usize) {
        let mut rest = Rest { head: Vec::new(), stream, stated, failed: None };
        if !inputs::is_no_export_name(name) {
            match head_of(rest.stream) {
                Ok(head) => rest.head = head,
                Err(error) => rest.failed = Some(error.to_string()),
            }
            let (layers, head) = peel(&rest.head);
            if let (Some(kind), None) = (Kind::of(&head), &rest.failed) {
                if depth >= DEPTH {
                    let load = &mut || Content::Refused(format!("lies in more than {DEPTH} containers"));
                    (self.visit)(Event::Member { name, load });
                    return;
                }
                let (bytes, damage) = rest.load();
                if self.budget.refused().is_some() {
                    return;
                }
                let hashed = Some((bytes.len() as u64, super::open::sha256(&bytes)));
                let outcome = self.container(name, kind, &layers, Data::Memory(bytes), depth + 1);
                let mut told = outcome.unwrap_or_else(|error| Container {
                    name: name.to_owned(),
                    format: "container",
                    packing: describe(kind, &layers),
                    problem: Some(error.to_string()),
                    ..Container::default()
                });
                told.hashed = hashed;
                told.problem = told.problem.or(damage);
                (self.visit)(Event::Container(told));
                return;
            }
        }
        let load = &mut || {
            let (bytes, damage) = rest.load();
            Content::Bytes { bytes, damage }
        };
        (self.visit)(Event::Member { name, load });
    }

    fn sheets(
        &mut self,
        prefix: &str,
        source: Box<dyn ReadSeek + '_>,
        kind: super::tables::workbook::Kind,
        told: &mut Container,
    ) {
        told.format = "workbook";
        told.packing = kind.as_str();
        let outcome = super::tables::workbook::sheets(source, kind, self.budget, &mut |sheet, content| {
            let Some(name) = self.name(prefix, sheet.as_bytes()) else { return };
            let mut content = Some(content);
            let load = &mut || content.take().unwrap_or(Content::Ignored("was read before"));
            (self.visit)(Event::Member { name: &name, load });
        });
        match outcome {
            Ok(notes) => told.notes = notes,
            Err(reason) => told.problem = Some(reason),
        }
    }

    /// A name for a member that no other has; `None` when there are too many.
    fn name(&mut self, prefix: &str, raw: &[u8]) -> Option<String> {
        if self.names.len() >= MEMBERS {
            return None;
        }
        let own = shown(raw);
        let own = own.strip_prefix("./").unwrap_or(&own);
        let own = if own.is_empty() { "(no name)" } else { own };
        let full = if prefix.is_empty() { own.to_owned() } else { format!("{prefix}{SEPARATOR}{own}") };
        let mut name = full.clone();
        let mut copy = 1;
        while !self.names.insert(name.clone()) {
            copy += 1;
            name = format!("{full}#{copy}");
        }
        Some(name)
    }
}

const LINK: &str = "a link or device in an archive, not a file";
const TOO_MANY: &str = "holds more than 200000 members; what follows is not read";

fn cut_off(members: u64, error: &str) -> String {
    format!("the archive is damaged or cut off after {members} members, which are read: {error}")
}

/// A name as outputs show it: one line of text, whatever bytes it is made of.
fn shown(raw: &[u8]) -> String {
    let mut name = String::new();
    for part in raw.utf8_chunks() {
        for character in part.valid().chars() {
            if character.is_control() {
                name.extend(character.escape_unicode());
            } else {
                name.push(if character == '\\' { '/' } else { character });
            }
        }
        part.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02x}")));
    }
    name
}

/// A file of an archive, its head already read.
struct Rest<'r> {
    head: Vec<u8>,
    stream: &'r mut dyn Read,
    stated: u64,
    failed: Option<String>,
}

impl Rest<'_> {
    /// All of it, and what is wrong with its end.
    fn load(&mut self) -> (Vec<u8>, Option<String>) {
        let mut bytes = std::mem::take(&mut self.head);
        if self.failed.is_none()
            && let Err(error) = self.stream.read_to_end(&mut bytes)
        {
            self.failed = Some(error.to_string());
        }
        let read = bytes.len() as u64;
        if self.failed.is_none() && read != self.stated {
            let stated = self.stated;
            self.failed = Some(if read < stated {
                format!("only {read} of the {stated} bytes that the archive states are there")
            } else {
                format!("it goes on behind the {stated} bytes that the archive states")
            });
        }
        (bytes, self.failed.take())
    }
}

/// Word for reports.
fn describe(kind: Kind, layers: &[Packing]) -> &'static str {
    match (kind, layers) {
        (Kind::Zip, []) => "zip",
        (Kind::Tar, []) => "tar",
        (Kind::Compound, []) => "compound",
        (Kind::Tar, [Packing::Gzip]) => "tar.gz",
        (Kind::Tar, [Packing::Bzip2]) => "tar.bz2",
        (Kind::Tar, [Packing::Zstd]) => "tar.zst",
        (Kind::Zip, [_, ..]) => "packed zip",
        (Kind::Tar, [_, ..]) => "packed tar",
        (Kind::Compound, [_, ..]) => "packed compound",
    }
}
