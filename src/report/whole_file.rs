//! A small file that is written beside its place and put there whole: a reader finds the old one or the new one.
//! What stands in it is decided elsewhere; folders are the business of `folder`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a file so that it is there wholly or not at all, and is on the disk when this returns.
///
/// # Errors
/// When the system says no; an earlier file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is closed to others; this one is for monitors and mail programs.
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Brings the names in a folder to the disk.
///
/// # Errors
/// When the system says no.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_over() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("beat.json");
        write(&path, b"one").expect("a file");
        write(&path, b"two").expect("the same file");
        assert_eq!(std::fs::read(&path).expect("the file"), b"two");
        assert_eq!(std::fs::read_dir(home.path()).expect("the folder").count(), 1);
        assert!(write(&home.path().join("nowhere/beat.json"), b"x").is_err());
    }
}
