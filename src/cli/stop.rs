//! Signals: a clean stop at the next border of a stage, or a moment later wherever the work stands; other reasons at once.
//! All leave everything whole, for whatever is written is written beside its place and put there at once.
//! The exit code is 128 and the number of the signal, as shells have it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::exit::{self, Failure};

/// How long the work may go on to the next border of a stage. Services are given far longer before they are killed.
const GRACE: Duration = Duration::from_secs(5);
/// How often one who sleeps looks up.
const BLINK: Duration = Duration::from_millis(20);
/// Stack of the thread that works: what the main thread of a Linux program has.
const STACK: usize = 8 << 20;
/// Exit code when the work broke down by a fault of the program, as Rust has it.
const BROKEN: u8 = 101;
/// The signals that stop the program.
const SIGNALS: [(i32, &str); 3] = [(SIGHUP, "SIGHUP"), (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")];

/// The signal that came; 0 for none.
static CAME: AtomicI32 = AtomicI32::new(0);
/// Where whoever must end the program at once says so.
static TURNS: Mutex<Option<Sender<Turn>>> = Mutex::new(None);
/// What is to be done by the main thread when the work does not reach a border in time.
static LAST_WORDS: Mutex<Option<Box<dyn FnOnce(&Failure) + Send>>> = Mutex::new(None);

enum Turn {
    Ended(u8),
    Signal,
    AtOnce(Failure),
}

/// Tells the end of the work, also when it broke down.
struct Bell(Sender<Turn>, u8);

impl Drop for Bell {
    fn drop(&mut self) {
        let _ = self.0.send(Turn::Ended(self.1));
    }
}

/// Does the work in a thread of its own and gives its exit code, or that of the signal that stopped it.
pub fn guarded(work: impl FnOnce() -> u8 + Send + 'static) -> u8 {
    let (sender, turns) = channel();
    if let Ok(mut place) = TURNS.lock() {
        *place = Some(sender.clone());
    }
    let ignored = ignored();
    let wanted = SIGNALS.iter().map(|(number, _)| *number).filter(|number| ignored & (1 << (number - 1)) == 0);
    // Without them the system's own way of stopping holds, which leaves everything whole too.
    if let Ok(mut signals) = Signals::new(wanted) {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                CAME.store(signal, Ordering::SeqCst);
                if sender.send(Turn::Signal).is_err() {
                    return;
                }
            }
        });
    }
    let started = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut bell = Bell(sender, BROKEN);
        bell.1 = work();
    });
    if let Err(error) = started {
        tracing::error!("no thread to work in: {error}");
        return exit::UNWRITTEN;
    }
    wait(&turns)
}

fn wait(turns: &Receiver<Turn>) -> u8 {
    match turns.recv() {
        Ok(Turn::Ended(code)) => return code,
        Ok(Turn::Signal) => {}
        Ok(Turn::AtOnce(failure)) => return leave(&failure),
        Err(_) => return BROKEN,
    }
    match turns.recv_timeout(GRACE) {
        Ok(Turn::Ended(code)) => code,
        // Asked twice, or asked and not heard: whoever asks means it.
        Ok(Turn::Signal) | Err(RecvTimeoutError::Timeout) => {
            check().map_or_else(|failure| leave(&failure), |()| BROKEN)
        }
        Ok(Turn::AtOnce(failure)) => leave(&failure),
        Err(RecvTimeoutError::Disconnected) => BROKEN,
    }
}

/// Leaves the work where it stands.
fn leave(failure: &Failure) -> u8 {
    let words = LAST_WORDS.lock().ok().and_then(|mut words| words.take());
    if let Some(words) = words {
        words(failure);
    }
    tracing::error!("{}", failure.message());
    failure.code
}

/// Ends the program wherever the work stands.
pub fn at_once(failure: Failure) {
    if let Ok(place) = TURNS.lock()
        && let Some(turns) = &*place
    {
        // Who has gone already needs no telling.
        let _ = turns.send(Turn::AtOnce(failure));
    }
}

/// Signals that whoever started the program wants ignored, as `nohup` does, as a set of bits.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// A border of a stage: goes on, unless a signal came.
///
/// # Errors
/// When a signal came.
pub fn check() -> Result<(), Failure> {
    let signal = CAME.load(Ordering::SeqCst);
    let Some((number, name)) = SIGNALS.into_iter().find(|(number, _)| *number == signal) else { return Ok(()) };
    let code = exit::SIGNALLED + u8::try_from(number).unwrap_or_default();
    Err(Failure { code, error: anyhow!("stopped by {name}; nothing is left half done") })
}

/// Sleeps, and wakes when a signal comes.
///
/// # Errors
/// When a signal came.
pub fn sleep(time: Duration) -> Result<(), Failure> {
    let until = Instant::now() + time;
    loop {
        check()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(BLINK));
    }
}

/// Leaves what is to be done when the work must be left where it stands; `None` takes it back.
pub fn last_words(words: Option<Box<dyn FnOnce(&Failure) + Send>>) {
    if let Ok(mut place) = LAST_WORDS.lock() {
        *place = words;
    }
}
