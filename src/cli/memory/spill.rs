//! The allocator of the program: the system's, and for large pieces, once `--memory` asks for it, a file.
//! Stages know nothing of it: to them memory is memory. When large pieces go to the file is decided in `memory`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::allocator::LARGE;
use super::arena::Arena;
pub use super::arena::TURN;

/// The file, once it is open. It stays for the life of the process.
static ARENA: OnceLock<Arena> = OnceLock::new();
/// Whether large pieces go there.
static SPILLS: AtomicBool = AtomicBool::new(false);

/// Opens the file in the first of these folders that can hold it; nothing goes there yet.
///
/// # Errors
/// When none of them can, with what the last one says.
pub fn open(folders: &[PathBuf]) -> io::Result<()> {
    let mut wrong = io::Error::from(io::ErrorKind::NotFound);
    for folder in folders {
        match Arena::open(folder) {
            Ok(arena) => {
                // A second one would be closed again: its addresses are not used by anybody.
                let _ = ARENA.set(arena);
                return Ok(());
            }
            Err(error) => wrong = error,
        }
    }
    Err(wrong)
}

/// From now on large pieces go to the file; says whether they did not before.
pub fn begin() -> bool {
    !SPILLS.swap(true, Ordering::Relaxed)
}

/// Lets the next part of what lies in the file leave memory.
pub fn rest() {
    if let Some(arena) = ARENA.get() {
        arena.rest();
    }
}

/// The allocator of the program.
#[derive(Clone, Copy, Debug)]
pub struct Memory;

impl Memory {
    /// The file, for a piece that belongs there.
    fn wanted(layout: Layout) -> Option<&'static Arena> {
        let large = layout.size() >= LARGE && layout.align() <= 4096 && SPILLS.load(Ordering::Relaxed);
        large.then(|| ARENA.get()).flatten()
    }

    /// The file, for a piece that lies there.
    fn holding(piece: *mut u8) -> Option<&'static Arena> {
        ARENA.get().filter(|arena| arena.holds(piece))
    }
}

// SAFETY: pieces of the arena are distinct, large enough, begin at pages, and stay until they are given back; what lies
// there is told by its address, all others are the system allocator's. Nothing here panics; what the arena itself needs
// are small pieces, which never come from it.
#[expect(unsafe_code, reason = "an allocator gives out memory that the compiler knows nothing of")]
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are handed on.
        Self::wanted(layout)
            .and_then(|arena| arena.take(layout.size()))
            .unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(piece) = Self::wanted(layout).and_then(|arena| arena.take(layout.size())) else {
            // SAFETY: the caller's promises are handed on.
            return unsafe { System.alloc_zeroed(layout) };
        };
        // SAFETY: the piece is as long as was asked for, and nobody else knows it.
        unsafe { piece.write_bytes(0, layout.size()) };
        piece
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        match Self::holding(piece) {
            Some(arena) => arena.give(piece, layout.size()),
            // SAFETY: the caller's promises are handed on, and the piece is not the arena's.
            None => unsafe { System.dealloc(piece, layout) },
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let held = Self::holding(piece);
        if let Some(arena) = held
            && size >= LARGE
            && arena.resize(piece, layout.size(), size)
        {
            return piece;
        }
        // SAFETY: the caller promises a size that is not 0 and does not overflow with this alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if held.is_none() && Self::wanted(wanted).is_none() {
            // SAFETY: the caller's promises are handed on, and the piece is not the arena's.
            return unsafe { System.realloc(piece, layout, size) };
        }
        // SAFETY: the new piece is as long as was asked for; both are at least as long as what is copied and do not
        // overlap, for both are taken.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                piece.copy_to_nonoverlapping(moved, layout.size().min(size));
                self.dealloc(piece, layout);
            }
            moved
        }
    }
}
