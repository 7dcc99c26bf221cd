//! The program that is told what is new: it gets JSON on standard input, is run without a shell, and has a time limit.
//! What it prints goes to standard error. That it fails is told, and loses nothing: the next night tells again.
//! What stands in the JSON is decided in `heartbeat`.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};

use super::super::stop;

/// How often it is looked whether the program has ended.
const BLINK: Duration = Duration::from_millis(20);

/// Runs the program with the JSON, and waits for it.
///
/// # Errors
/// When it cannot be run, fails, or takes too long.
pub fn notify(command: &[String], json: Vec<u8>, limit: Duration) -> anyhow::Result<()> {
    let Some((program, arguments)) = command.split_first() else { bail!("it names no program") };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(std::io::stderr())
        .spawn()
        .with_context(|| format!("`{program}` cannot be run"))?;
    let pipe = child.stdin.take();
    // A program that does not read must not hold us up, and one that wants nothing is no failure.
    std::thread::spawn(move || pipe.map(|mut pipe| pipe.write_all(&json)));
    let until = Instant::now() + limit;
    loop {
        match child.try_wait().with_context(|| format!("`{program}`"))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{program}` ended with {status}"),
            None => {}
        }
        if let Err(stopped) = stop::check() {
            end(&mut child);
            return Err(stopped.error);
        }
        if Instant::now() >= until {
            end(&mut child);
            return Err(anyhow!("`{program}` took longer than {} s and was ended", limit.as_secs()));
        }
        std::thread::sleep(BLINK);
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself in the same moment.
    let _ = child.kill();
    let _ = child.wait();
}
