//! How the system's allocator treats large pieces of memory.
//! It sets a number and reads nothing; what becomes of large pieces past `--memory` stands in `spill`.
//! What stages hold in memory is their own business.

/// Pieces from this size on are large: taken from the system one by one and given back to it when they are freed, or
/// laid into the file.
///
/// It is where glibc begins by itself; but it moves the bound up to 32 MiB with what a program frees, so columns of a
/// batch that were joined long ago stay in its arenas. With a bound that stays, a report over a million messages needs a
/// third less memory at its peak (`docs/performance.md`).
pub const LARGE: usize = 128 << 10;

/// Tells the system's allocator so. Elsewhere than on glibc there is nothing to tell.
#[allow(clippy::missing_const_for_fn)]
pub fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: mallopt takes two numbers by value, may be called at any time, and answers 0 where it declines.
        #[expect(unsafe_code, reason = "no crate of the standard set offers this call")]
        let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE as i32) };
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_other_files_ask_for_more_than_the_compiler_checks() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let word = ["unsafe", "_code"].concat();
        let asks =
            |entry: &walkdir::DirEntry| std::fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(&word));
        let files = walkdir::WalkDir::new(here).sort_by_file_name().into_iter().filter_map(Result::ok).filter(asks);
        let names: Vec<_> = files.map(|entry| entry.file_name().to_owned()).collect();
        assert_eq!(names, ["allocator.rs", "arena.rs", "spill.rs"]);
    }
}
