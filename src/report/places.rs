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
    /// Every file that a name may mean, the likeliest first.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<PathBuf> {
        let paths = [Some(PathBuf::from(name)), unescaped(name)].into_iter().flatten();
        let mut found: Vec<PathBuf> = paths.flat_map(|path| self.around(&path)).collect();
        found.retain(|path| path.is_file());
        found
    }

    fn around(&self, path: &Path) -> Vec<PathBuf> {
        if let Some(folder) = &self.under {
            // Of the path as given, as much as is there: the folder may be any of those it went through.
            let parts = || path.components().filter(|part| matches!(part, Component::Normal(_)));
            return (0..parts().count()).map(|passed| folder.join(parts().skip(passed).collect::<PathBuf>())).collect();
        }
        let mut all = vec![path.to_owned()];
        if path.is_relative() {
            let above = self.report.canonicalize().unwrap_or_else(|_| self.report.clone());
            all.extend(above.ancestors().skip(1).map(|folder| folder.join(path)));
        }
        all
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
        assert_eq!(under("moved").find("old/data/log.csv"), [deep, flat.clone()]);
        assert_eq!(under("moved").find("/elsewhere/log.csv"), [flat]);
        assert!(under("moved").find("other.csv").is_empty());
        let same = Places { under: None, report: home.path().join("report") };
        let above = |path: PathBuf| vec![path.canonicalize().expect("there")];
        assert_eq!(same.find("in/log.csv"), above(beside));
        assert!(same.find("in/none.csv").is_empty());
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let odd = home.path().join(std::ffi::OsStr::from_bytes(b"in/m\xFCll.csv"));
            std::fs::write(&odd, "x").expect("a file");
            assert_eq!(same.find("in/m\\xfcll.csv"), above(odd));
        }
    }
}
