//! What the process holds in memory: told by `--stats`, and kept below the bound of `--memory`.
//! Past a part of the bound large pieces of memory go to a file (`spill`); what cannot go there, and would not fit, ends
//! the program with a message before the system chooses a process to kill. Stages do not know of it.

mod allocator;
#[cfg(target_os = "linux")]
mod arena;
#[cfg(target_os = "linux")]
mod runs;
#[cfg(target_os = "linux")]
mod spill;

use std::sync::Once;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use super::exit::Failure;
use super::settings;
use super::stop;

pub use allocator::give_memory_back;
#[cfg(target_os = "linux")]
pub use spill::Memory;

/// How often the watch looks up. Columns grow by some hundred megabytes in a second.
const BLINK: Duration = Duration::from_millis(20);
/// The same once pieces lie in a file: what was written there before comes in again by gigabytes in a second.
const SHORT_BLINK: Duration = Duration::from_millis(2);

/// What comes in while parts leave, in bytes (`docs/performance.md`).
const COMES_IN: u64 = 128 << 20;

/// Figures of this process's status, in bytes.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// All that is in memory.
    resident: u64,
    /// The part of it that is in no file, and so cannot leave.
    own: u64,
    /// The most that ever was in memory.
    most: u64,
}

impl Held {
    /// Now, where the system tells it.
    fn now() -> Option<Self> {
        let status = status()?;
        let bytes = |name| kibibytes(&status, name).map(|figure| figure.saturating_mul(1024));
        Some(Self { resident: bytes("VmRSS:")?, own: bytes("RssAnon:")?, most: bytes("VmHWM:")? })
    }
}

/// KiB in use now, where the system tells it.
#[must_use]
pub fn held() -> Option<u64> {
    kibibytes(&status()?, "VmRSS:")
}

/// Most KiB that were ever in use, where the system tells it.
#[must_use]
pub fn peak() -> Option<u64> {
    kibibytes(&status()?, "VmHWM:")
}

fn status() -> Option<String> {
    std::fs::read_to_string("/proc/self/status").ok()
}

/// A line of a process's status in KiB.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Keeps the program below what `--memory` says: past a quarter of it large pieces go to a file, and what lies there
/// leaves memory before the bound is reached. What is too much all the same ends the program.
///
/// # Errors
/// When it is no size, or the system does not tell what a process holds.
pub fn watch(bound: &str) -> anyhow::Result<()> {
    let bytes = settings::size(bound).with_context(|| format!("--memory {bound}"))?;
    match Held::now() {
        Some(held) if held.most <= bytes => {}
        Some(_) => bail!("--memory {bound}: the program alone needs more"),
        None => bail!("--memory {bound}: this system does not tell what a process holds"),
    }
    let bound = bound.to_owned();
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let spills = can_spill();
        std::thread::spawn(move || {
            let mut blink = BLINK;
            let mut left = 0;
            loop {
                match Held::now().map_or(Next::Wait, |held| held.next(bytes, spills)) {
                    Next::Wait => left = 0,
                    Next::Spill => {
                        blink = SHORT_BLINK;
                        left = 0;
                        spill();
                    }
                    Next::Rest => {
                        blink = SHORT_BLINK;
                        spill();
                        // Part by part without a pause, until there is room, or all of it has had to leave.
                        if rest(&mut left) {
                            continue;
                        }
                    }
                    Next::End => break,
                }
                std::thread::sleep(blink);
            }
            stop::at_once(Failure::unwritten(anyhow!(
                "more than {bound} of memory is needed (--memory); nothing is left half done. \
                 A wider bound, a shorter period (--since, --until), fewer inputs or several machines (kernel) may help"
            )));
        });
    });
    Ok(())
}

/// What a moment asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Wait,
    /// Large pieces go to the file from now on.
    Spill,
    /// What lies in the file leaves memory.
    Rest,
    /// There is no way to stay within the bound.
    End,
}

impl Held {
    fn next(self, bound: u64, spills: bool) -> Next {
        let shared = self.resident.saturating_sub(self.own);
        match spills {
            // Nothing leaves, so what was too much between two looks counts too.
            false if self.most > bound => Next::End,
            true if self.own > bound => Next::End,
            true if shared > resting(bound - self.own) => Next::Rest,
            true if self.resident > bound / 4 => Next::Spill,
            _ => Next::Wait,
        }
    }
}

/// How much of what lies in the file may be resident, of the room beside the program's own memory. The rest is for what
/// comes in until the next look, and while parts leave: that is about as much whatever the bound is.
fn resting(room: u64) -> u64 {
    (room / 8 * 7).saturating_sub(COMES_IN).max(room / 2)
}

/// Sends large pieces to the file from now on.
fn spill() {
    #[cfg(target_os = "linux")]
    if spill::begin() {
        tracing::info!("large pieces of memory go to a file from here on (--memory)");
    }
}

/// Lets a part of what lies in the file leave memory, counts it, and says whether others are left.
fn rest(left: &mut u32) -> bool {
    #[cfg(target_os = "linux")]
    {
        spill::rest();
        *left = (*left + 1) % spill::TURN;
    }
    *left != 0
}

/// Opens the file for large pieces of memory, and says so where that cannot be.
fn can_spill() -> bool {
    #[cfg(target_os = "linux")]
    {
        // Many systems keep the first in memory, and the second on a disk for just this.
        let usual = || vec!["/tmp".into(), "/var/tmp".into()];
        let folders = std::env::var_os("TMPDIR").map_or_else(usual, |folder| vec![folder.into()]);
        match spill::open(&folders) {
            Ok(()) => return true,
            Err(error) => tracing::warn!(
                "--memory: no folder for temporary files can take what does not fit ({error}); TMPDIR names another"
            ),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_bound_is_used_almost_whole() {
        assert_eq!(resting(100 << 20), 50 << 20);
        assert_eq!(resting(1 << 30), (768 << 20));
        assert_eq!(resting(8 << 30), (7 << 30) - (128 << 20));
    }

    #[test]
    fn each_moment_asks_for_what_keeps_the_bound() {
        let next = |resident, own, spills| Held { resident, own, most: resident }.next(1000, spills);
        assert_eq!(next(250, 200, true), Next::Wait);
        assert_eq!(next(251, 200, true), Next::Spill);
        // 600 are free beside the program's own 400.
        assert_eq!(next(700, 400, true), Next::Spill);
        assert_eq!(next(701, 400, true), Next::Rest);
        assert_eq!(next(1000, 1000, true), Next::Spill);
        assert_eq!(next(1001, 1001, true), Next::End);
        // Without a file nothing can leave.
        assert_eq!(next(1000, 400, false), Next::Wait);
        assert_eq!(next(1001, 400, false), Next::End);
        assert_eq!(Held { resident: 600, own: 400, most: 1001 }.next(1000, false), Next::End);
        assert_eq!(Held { resident: 600, own: 400, most: 1001 }.next(1000, true), Next::Spill);
    }
}
