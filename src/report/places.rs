//! Where the inputs of an earlier report lie now: at the place that was given then, or under another folder.
//! A place is only a guess of where to look; whether the file there is the same one, its hash tells.
//! Nothing is opened here.

use std::path::{Component, Path, PathBuf};

/// Where to look for files by the names a report has for them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The folder that the user named; nothing else is looked at then.
    pub under: Option<PathBuf>,
    /// The report folder: names may count from a folder that it lies in.
    pub report: PathBuf,
}

impl Places {
    /// The file of a name, where there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let written = PathBuf::from(name);
        let unescaped = unescaped(name);
        [Some(written), unescaped].into_iter().flatten().find_map(|path| self.find_path(&path))
    }

    fn find_path(&self, path: &Path) -> Option<PathBuf> {
        let there = |path: PathBuf| path.is_file().then_some(path);
        if let Some(folder) = &self.under {
            // Of the path as given, as much as is there: the folder may be any of those it went through.
            let parts = || path.components().filter(|part| matches!(part, Component::Normal(_)));
            return (0..parts().count())
                .find_map(|passed| there(folder.join(parts().skip(passed).collect::<PathBuf>())));
        }
        if path.is_absolute() {
            return there(path.to_owned());
        }
        let above = self.report.canonicalize().unwrap_or_else(|_| self.report.clone());
        there(path.to_owned()).or_else(|| above.ancestors().skip(1).find_map(|folder| there(folder.join(path))))
    }
}

/// A name with the bytes that are no text put back, where it has such.
fn unescaped(name: &str) -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        if !name.contains("\\x") {
            return None;
        }
        let mut parts = name.split("\\x");
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            match (byte, part.get(2..)) {
                (Some(byte), Some(rest)) => {
                    bytes.push(byte);
                    bytes.extend(rest.as_bytes());
                }
                _ => bytes.extend(format!("\\x{part}").as_bytes()),
            }
        }
        Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_under_another_folder_and_beside_the_report() {
        let home = tempfile::tempdir().expect("a folder");
        let write = |name: &str| {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(&path, "x").expect("a file");
            path
        };
        let (deep, flat, beside) = (write("moved/data/log.csv"), write("moved/log.csv"), write("in/log.csv"));
        std::fs::create_dir(home.path().join("report")).expect("a folder");
        let under = |folder: &str| Places { under: Some(home.path().join(folder)), report: home.path().join("report") };
        assert_eq!(under("moved").find("old/data/log.csv"), Some(deep));
        assert_eq!(under("moved").find("/elsewhere/log.csv"), Some(flat));
        assert_eq!(under("moved").find("other.csv"), None);
        let same = Places { under: None, report: home.path().join("report") };
        assert_eq!(same.find("in/log.csv").map(|path| path.canonicalize().expect("there")), beside.canonicalize().ok());
        assert_eq!(same.find("in/none.csv"), None);
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let odd = home.path().join(std::ffi::OsStr::from_bytes(b"in/m\xFCll.csv"));
            std::fs::write(&odd, "x").expect("a file");
            assert_eq!(same.find(&crate::ingest::inputs::name(Path::new("in/m\\xfcll.csv"))), odd.canonicalize().ok());
        }
    }
}
