//! Which files a run reads: files, folders, globs and standard input, each once, in one order.
//! The order is that of the names, so that it does not matter how the user lists them.
//! Nothing is opened here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Name in every output: the path as given, with `/`.
    pub name: String,
    /// The file. Standard input is put into one before it is listed.
    pub path: PathBuf,
    /// Whether the user named this very file, rather than a folder or glob that holds it.
    pub named: bool,
    /// For a member of a container, its name inside the file.
    pub member: Option<String>,
}

/// Why the inputs could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Nothing there.
    #[error("`{0}` does not exist")]
    Missing(String),
    /// A glob that finds nothing.
    #[error("`{0}` matches no file")]
    NoMatch(String),
    /// Two folders with a case file each.
    #[error("`{0}` is the second case file among the inputs; name the one that holds with --case")]
    TwoCases(String),
    /// A glob that is none.
    #[error("`{pattern}` is not a pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: globset::Error,
    },
}

/// A file or folder that could not be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Name of standard input.
pub const STDIN: &str = "-";
/// File that holds the case, where a folder of exports has one.
pub const CASE_FILE: &str = "case.toml";

/// Where a file lies, whatever folder later runs are called from.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Lists the inputs. Folders are walked; hidden files, and case files among the exports, are passed over. `stdin` is the
/// file that standard input was put into, where `-` is among the arguments.
///
/// # Errors
/// When an argument names nothing.
pub fn list(arguments: &[PathBuf], stdin: Option<&Path>) -> Result<(Vec<Input>, Vec<Unreadable>), InputError> {
    let mut found: BTreeMap<PathBuf, Input> = BTreeMap::new();
    let mut unreadable = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        if let (STDIN, Some(path)) = (text.as_ref(), stdin) {
            found.insert(
                PathBuf::from(STDIN),
                Input { name: STDIN.to_owned(), path: path.to_owned(), named: true, member: None },
            );
        } else if argument.is_dir() {
            walk(argument, &|_| true, &mut found, &mut unreadable);
        } else if argument.symlink_metadata().is_ok() {
            add(argument, true, &mut found);
        } else if text.contains(['*', '?', '[', '{']) {
            let mut matched = BTreeMap::new();
            glob(&text, &mut matched, &mut unreadable)?;
            for input in matched.values() {
                add(&input.path, false, &mut found);
            }
            if matched.is_empty() {
                return Err(InputError::NoMatch(text.into_owned()));
            }
        } else {
            return Err(InputError::Missing(text.into_owned()));
        }
    }
    let mut inputs: Vec<Input> = found.into_values().collect();
    inputs.sort_by(|left, right| left.name.cmp(&right.name));
    unreadable.sort_by(|left: &Unreadable, right| left.name.cmp(&right.name));
    unreadable.dedup_by(|left, right| left.name == right.name);
    Ok((inputs, unreadable))
}

/// The case file that lies in one of the folders named.
///
/// # Errors
/// When more than one does: which of them holds cannot be guessed.
pub fn case_file(arguments: &[PathBuf]) -> Result<Option<PathBuf>, InputError> {
    let folders = arguments.iter().filter(|argument| argument.is_dir());
    let mut files = folders.map(|folder| folder.join(CASE_FILE)).filter(|file| file.is_file());
    let first = files.next();
    match files.next() {
        Some(second) => Err(InputError::TwoCases(second.display().to_string())),
        None => Ok(first),
    }
}

/// A path as outputs show it: two paths never have one name, even where their bytes are no text.
#[must_use]
pub fn name(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let mut name = String::new();
        for part in path.as_os_str().as_bytes().utf8_chunks() {
            name.push_str(part.valid());
            part.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02x}")));
        }
        name
    }
    #[cfg(not(unix))]
    path.to_string_lossy().replace('\\', "/")
}

fn add(path: &Path, named: bool, found: &mut BTreeMap<PathBuf, Input>) {
    let input = found.entry(path.to_owned()).or_insert_with(|| Input {
        name: name(path),
        path: path.to_owned(),
        named,
        member: None,
    });
    input.named |= named;
}

fn walk(
    folder: &Path,
    wanted: &dyn Fn(&Path) -> bool,
    found: &mut BTreeMap<PathBuf, Input>,
    unreadable: &mut Vec<Unreadable>,
) {
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    for entry in walkdir::WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !hidden(entry))
    {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                if entry.file_name() != CASE_FILE && wanted(entry.path()) {
                    add(entry.path(), false, found);
                }
            }
            Ok(_) => {}
            Err(error) => {
                let name = name(error.path().unwrap_or(folder));
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                unreadable.push(Unreadable { name, reason });
            }
        }
    }
}

fn glob(
    pattern: &str,
    found: &mut BTreeMap<PathBuf, Input>,
    unreadable: &mut Vec<Unreadable>,
) -> Result<(), InputError> {
    let wrong = |source| InputError::Pattern { pattern: pattern.to_owned(), source };
    let matcher = globset::GlobBuilder::new(pattern).literal_separator(true).build().map_err(wrong)?.compile_matcher();
    // Walk from the last folder that is written out.
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let (root, prefix) = if fixed.as_os_str().is_empty() { (PathBuf::from("."), true) } else { (fixed, false) };
    let wanted = |path: &Path| matcher.is_match(if prefix { path.strip_prefix(".").unwrap_or(path) } else { path });
    walk(&root, &wanted, found, unreadable);
    Ok(())
}

/// Endings of files that lie beside exports but are none: papers, pictures, code.
const NO_EXPORTS: [&str; 21] = [
    "md", "html", "htm", "pdf", "doc", "docx", "rtf", "jpg", "jpeg", "png", "gif", "webp", "mp4", "opus", "mp3", "vcf",
    "toml", "py", "sh", "ini", "yaml",
];

/// Whether a file in a folder is passed over by its ending; one that the user named is always read.
#[must_use]
pub fn is_no_export(input: &Input) -> bool {
    !input.named && is_no_export_name(input.member.as_deref().unwrap_or(&input.name))
        || input.member.as_deref().is_some_and(is_hidden)
}

/// Whether a name's ending is that of no export.
#[must_use]
pub fn is_no_export_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| NO_EXPORTS.contains(&ending.as_str()))
}

/// Whether a member of a container is one that a folder would keep hidden: what macOS and desktops put beside files.
fn is_hidden(member: &str) -> bool {
    member.split('/').any(|part| part == "__MACOSX" || part.starts_with('.') && !matches!(part, "." | ".."))
}
