//! What the process holds in memory: told by `--stats`, and kept below the bound of `--memory`.
//! Past the bound the program ends by itself and says so, before the system chooses a process to kill.
//! How memory is given back is set in `allocator`; the bound is watched, not planned: stages do not know of it.

use std::sync::Once;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use super::exit::Failure;
use super::settings;
use super::stop;

/// How often the watch looks up. Columns grow by some hundred megabytes in a second.
const BLINK: Duration = Duration::from_millis(20);

/// KiB in use now, where the system tells it.
#[must_use]
pub fn held() -> Option<u64> {
    line("VmRSS:")
}

/// Most KiB that were ever in use, where the system tells it.
#[must_use]
pub fn peak() -> Option<u64> {
    line("VmHWM:")
}

/// A line of this process's status in KiB.
fn line(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Ends the program as soon as it holds more than `--memory` says.
///
/// # Errors
/// When it is no size, or the system does not tell what a process holds.
pub fn watch(bound: &str) -> anyhow::Result<()> {
    let bytes = settings::size(bound).with_context(|| format!("--memory {bound}"))?;
    let within = move || peak().map(|peak| peak.saturating_mul(1024) <= bytes);
    match within() {
        Some(true) => {}
        Some(false) => bail!("--memory {bound}: the program alone needs more"),
        None => bail!("--memory {bound}: this system does not tell what a process holds"),
    }
    let bound = bound.to_owned();
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        std::thread::spawn(move || {
            while within().unwrap_or(true) {
                std::thread::sleep(BLINK);
            }
            stop::at_once(Failure::unwritten(anyhow!(
                "more than {bound} of memory is needed (--memory); nothing is left half done. \
                 A wider bound, a shorter period (--since, --until), fewer inputs or several machines (kernel) may help"
            )));
        });
    });
    Ok(())
}
