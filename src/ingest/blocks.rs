//! Reads a file once, in blocks that end with a record, hashes it on the way and hands the blocks to all cores.
//! The size of a block is fixed, so the cut never depends on the number of threads.
//! What a record is, the caller says; results come back in the order of the file.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::open::read_up_to;
use crate::hash::{Sha256, hex};

/// Bytes read at a time.
pub const BLOCK_BYTES: usize = 8 << 20;

/// A block: whole records, except that an oversized record fills one alone.
#[derive(Clone, Debug)]
pub struct Block {
    /// Offset of its first byte in the file.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Arc<Vec<u8>>,
    /// How many of `bytes` belong to it.
    pub length: usize,
    /// Whether no record end was found before the bound: the block is the beginning of one huge record.
    pub oversized: bool,
}

impl Block {
    /// The block's own bytes.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Reads a file sequentially, hashing every byte once.
pub struct Hasher {
    sender: Option<SyncSender<(Arc<Vec<u8>>, usize)>>,
    thread: Option<std::thread::JoinHandle<Sha256>>,
    inline: Sha256,
    hashed: u64,
}

impl Hasher {
    /// A hasher on a thread of its own, or inline where only one thread is wanted.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let mut hasher = Self { sender: None, thread: None, inline: Sha256::new(), hashed: 0 };
        if threads > 1 {
            let (sender, receiver): (_, Receiver<(Arc<Vec<u8>>, usize)>) = sync_channel(2);
            let work = move || {
                let mut digest = Sha256::new();
                for (bytes, from) in receiver {
                    digest.update(bytes.get(from..).unwrap_or_default());
                }
                digest
            };
            if let Ok(thread) = std::thread::Builder::new().name("sha256".to_owned()).spawn(work) {
                hasher.sender = Some(sender);
                hasher.thread = Some(thread);
            }
        }
        hasher
    }

    /// Takes bytes that begin at `offset` of the file; those already hashed are passed over.
    pub fn update(&mut self, offset: u64, bytes: &Arc<Vec<u8>>) {
        let from = self.hashed.saturating_sub(offset) as usize;
        if from >= bytes.len() {
            return;
        }
        self.hashed = offset + bytes.len() as u64;
        match &self.sender {
            // The thread ends only after its channel, so sending cannot fail while we hold it.
            Some(sender) => drop(sender.send((Arc::clone(bytes), from))),
            None => self.inline.update(bytes.get(from..).unwrap_or_default()),
        }
    }

    /// The digest as hex, and how many bytes it covers.
    #[must_use]
    pub fn finish(mut self) -> (String, u64) {
        drop(self.sender.take());
        let digest = self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or(self.inline);
        (hex(&digest.finalize()), self.hashed)
    }
}

/// Bounds how many blocks are in memory.
struct Gate {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Gate {
    fn enter(&self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.changed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
    }

    fn leave(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_one();
    }
}

/// How blocks are cut.
#[derive(Clone, Copy)]
pub struct Cut<'c> {
    /// Where the last record of these bytes ends; `None` when none does.
    pub last_end: &'c (dyn Fn(&[u8]) -> Option<usize> + Sync),
    /// A record that does not end within this many bytes makes an oversized block.
    pub longest_record: usize,
    /// Bytes to read at a time.
    pub block_bytes: usize,
}

/// Reads from `offset` to the end and gives `work` every block, on all cores; results in order.
///
/// `work` may ask to stop by returning `Err`; then the blocks before the first such one are given, and its offset.
///
/// # Errors
/// When reading fails.
pub fn run<T: Send>(
    source: &mut (dyn Read + Send),
    offset: u64,
    cut: Cut<'_>,
    hasher: &mut Hasher,
    progress: &(dyn Fn(u64) + Sync),
    work: &(dyn Fn(&Block) -> Result<T, ()> + Sync),
) -> io::Result<(Vec<T>, Option<u64>)> {
    let results: Mutex<Vec<(u64, T)>> = Mutex::new(Vec::new());
    let stopped = AtomicU64::new(u64::MAX);
    let gate = Gate { free: Mutex::new(rayon::current_num_threads() + 2), changed: Condvar::new() };
    let mut outcome = Ok(());
    rayon::in_place_scope(|scope| {
        outcome = read_blocks(source, offset, cut, hasher, &stopped, &mut |block| {
            gate.enter();
            let (gate, results, stopped) = (&gate, &results, &stopped);
            scope.spawn(move |_| {
                // After an earlier stop this block will be read again from the stop on.
                if block.offset < stopped.load(Ordering::Relaxed) {
                    match work(&block) {
                        Ok(result) => {
                            results.lock().unwrap_or_else(PoisonError::into_inner).push((block.offset, result));
                            progress(block.length as u64);
                        }
                        Err(()) => {
                            stopped.fetch_min(block.offset, Ordering::Relaxed);
                        }
                    }
                }
                gate.leave();
            });
        });
    });
    outcome?;
    let stop = stopped.into_inner();
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.retain(|(at, _)| *at < stop);
    results.sort_unstable_by_key(|(at, _)| *at);
    Ok((results.into_iter().map(|(_, result)| result).collect(), (stop != u64::MAX).then_some(stop)))
}

/// Buffers of blocks: those that nobody reads any more are filled again, for fresh memory costs more than reading does.
#[derive(Default)]
struct Buffers(Vec<Arc<Vec<u8>>>);

impl Buffers {
    /// A buffer with room for so many bytes, whatever they are.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let free = self.0.iter_mut().position(|buffer| Arc::get_mut(buffer).is_some());
        let free = free.and_then(|at| Arc::try_unwrap(self.0.swap_remove(at)).ok());
        let mut bytes = free.unwrap_or_default();
        bytes.resize(length, 0);
        bytes
    }
}

fn read_blocks(
    source: &mut (dyn Read + Send),
    mut offset: u64,
    cut: Cut<'_>,
    hasher: &mut Hasher,
    stopped: &AtomicU64,
    give: &mut dyn FnMut(Block),
) -> io::Result<()> {
    let mut buffers = Buffers::default();
    let mut carry: Vec<u8> = Vec::new();
    loop {
        if offset >= stopped.load(Ordering::Relaxed) {
            return Ok(());
        }
        let kept = carry.len();
        let mut bytes = buffers.take(kept + cut.block_bytes);
        if let Some(head) = bytes.get_mut(..kept) {
            head.copy_from_slice(&carry);
        }
        let filled = read_up_to(source, bytes.get_mut(kept..).unwrap_or_default())?;
        bytes.truncate(kept + filled);
        let at_end = filled < cut.block_bytes;
        let bytes = Arc::new(bytes);
        hasher.update(offset, &bytes);
        if bytes.is_empty() {
            return Ok(());
        }
        let end = if at_end { Some(bytes.len()) } else { (cut.last_end)(&bytes) };
        let oversized = end.is_none() && bytes.len() >= cut.longest_record;
        match end {
            Some(length) => {
                carry.clear();
                carry.extend_from_slice(bytes.get(length..).unwrap_or_default());
                buffers.0.push(Arc::clone(&bytes));
                give(Block { offset, bytes, length, oversized: false });
                offset += length as u64;
            }
            None if oversized => {
                let length = bytes.len();
                give(Block { offset, bytes, length, oversized: true });
                // Whoever gets an oversized block stops the run there; nothing after it is used.
                return Ok(());
            }
            None => carry = Arc::try_unwrap(bytes).unwrap_or_else(|shared| shared.to_vec()),
        }
        if at_end {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(block_bytes: usize, text: &[u8]) -> (Vec<Vec<u8>>, String) {
        let last_end = |bytes: &[u8]| memchr::memrchr(b'\n', bytes).map(|end| end + 1);
        let cut = Cut { last_end: &last_end, longest_record: 1 << 20, block_bytes };
        let mut hasher = Hasher::new(2);
        let work = |block: &Block| Ok(block.text().to_vec());
        let (blocks, stop) = run(&mut &text[..], 0, cut, &mut hasher, &|_| (), &work).expect("reading memory");
        assert_eq!(stop, None);
        (blocks, hasher.finish().0)
    }

    #[test]
    fn blocks_join_to_the_file_and_end_with_lines() {
        let text: Vec<u8> = (0..500).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
        let digest = hex(&Sha256::digest(&text));
        for block_bytes in [1, 7, 64, 10_000] {
            let (blocks, hash) = lines(block_bytes, &text);
            assert_eq!(blocks.concat(), text);
            assert!(blocks.iter().all(|block| block.ends_with(b"\n")));
            assert_eq!(hash, digest);
        }
    }
}
