//! Memory that lies in a file: the system writes it out and fetches it again, so it need not be resident all at once.
//! The file has no name and goes with the process. What is put here, and when, is decided by `spill` and `memory`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{FallocateFlags, fallocate, fstatfs};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap};

use super::runs::Runs;

/// Pieces begin and end with whole grains: pages of every system the program runs on are at most as large.
const GRAIN: usize = 64 << 10;
/// Pieces from this size on are given back to the disk.
const ERASED: usize = 16 << 20;
/// Addresses kept free for the file, 4 TiB. Neither memory nor room on the disk is needed for them.
const ADDRESSES: usize = 1 << 42;
/// What `statfs` says of a folder that lies in memory itself (`TMPFS_MAGIC` and `RAMFS_MAGIC` of the kernel).
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58F6];

/// Parts that leave memory one after another. What was asked for lately stays longer than if all of it left at once.
pub const TURN: u32 = 16;

/// A file that is mapped as memory, and which parts of it are taken.
#[derive(Debug)]
pub struct Arena {
    file: File,
    base: usize,
    runs: Mutex<Runs>,
    /// From which grain on the next part leaves memory.
    hand: AtomicUsize,
}

/// Grains of a piece of so many bytes.
const fn grains(bytes: usize) -> usize {
    bytes.div_ceil(GRAIN)
}

impl Arena {
    /// A file without a name in a folder.
    ///
    /// # Errors
    /// When none can be made there, when the folder lies in memory itself, or when its file system does not promise room
    /// before it is written to, without which a full disk would end the program.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        if IN_MEMORY.contains(&fstatfs(&file)?.f_type) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this folder lies in memory itself"));
        }
        let grain = GRAIN as u64;
        fallocate(&file, FallocateFlags::empty(), 0, grain)?;
        fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, grain)?;
        let (access, shared) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::NORESERVE);
        // SAFETY: the system chooses addresses that nothing else has, nobody else knows the file, and it is never unmapped.
        #[expect(unsafe_code, reason = "mapping a file cannot be checked by the compiler")]
        let base = unsafe { mmap(std::ptr::null_mut(), ADDRESSES, access, shared, &file, 0) }?;
        Ok(Self {
            file,
            base: base.expose_provenance(),
            runs: Mutex::new(Runs::new(ADDRESSES / GRAIN)),
            hand: AtomicUsize::new(0),
        })
    }

    /// Whether a piece of memory is one of these.
    #[must_use]
    pub fn holds(&self, piece: *mut u8) -> bool {
        piece.addr().wrapping_sub(self.base) < ADDRESSES
    }

    /// A piece of memory, which may hold old bytes; none where the disk has no room, or the addresses are used up.
    #[must_use]
    pub fn take(&self, bytes: usize) -> Option<*mut u8> {
        let length = grains(bytes);
        let start = self.runs.lock().ok()?.take(length)?;
        if !self.promised(start, length) {
            self.erased(start, length);
            return None;
        }
        Some(std::ptr::with_exposed_provenance_mut(self.base + start * GRAIN))
    }

    /// Makes a piece longer or shorter where it lies, and says whether it could.
    #[must_use]
    pub fn resize(&self, piece: *mut u8, from: usize, to: usize) -> bool {
        let start = piece.addr().wrapping_sub(self.base) / GRAIN;
        let (from, to) = (grains(from), grains(to));
        if to <= from {
            self.erased(start + to, from - to);
            return true;
        }
        if !self.runs.lock().is_ok_and(|mut runs| runs.grow(start, from, to)) {
            return false;
        }
        let promised = self.promised(start + from, to - from);
        if !promised {
            self.erased(start + from, to - from);
        }
        promised
    }

    /// Gives a piece back, to the disk too where it is not small.
    pub fn give(&self, piece: *mut u8, bytes: usize) {
        self.erased(piece.addr().wrapping_sub(self.base) / GRAIN, grains(bytes));
    }

    /// Lets the next part of it leave memory, one of [`TURN`], and after the last the first again: the system keeps what
    /// was written, and fetches it again where somebody asks for it.
    pub fn rest(&self) {
        let Some(end) = self.runs.lock().ok().map(|runs| runs.end()) else { return };
        let part = end.div_ceil(TURN as usize);
        let hand = self.hand.load(Ordering::Relaxed);
        let start = if hand < end { hand } else { 0 };
        let next = (start + part).min(end);
        self.hand.store(next, Ordering::Relaxed);
        if start < next {
            let piece = std::ptr::with_exposed_provenance_mut(self.base + start * GRAIN);
            // SAFETY: of a shared mapping of a file only the way to it is taken away; its bytes stay as they are.
            #[expect(unsafe_code, reason = "what the system does with a mapping cannot be checked by the compiler")]
            let _ = unsafe { madvise(piece, (next - start) * GRAIN, Advice::LinuxDontNeed) };
        }
    }

    /// Whether the disk keeps room for these grains. Writing to one for which it has none would end the program.
    fn promised(&self, start: usize, length: usize) -> bool {
        fallocate(&self.file, FallocateFlags::empty(), (start * GRAIN) as u64, (length * GRAIN) as u64).is_ok()
    }

    /// Gives grains back. Those of small pieces are soon taken again, which is quicker while the file still has them.
    fn erased(&self, start: usize, length: usize) {
        if length == 0 {
            return;
        }
        if length * GRAIN >= ERASED {
            let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            // What stays on the disk where this fails is written over when it is taken again.
            let _ = fallocate(&self.file, mode, (start * GRAIN) as u64, (length * GRAIN) as u64);
        }
        if let Ok(mut runs) = self.runs.lock() {
            runs.give(start, length);
        }
    }
}
