//! Progress on a terminal: a bar with rate and time left while inputs are read, one with time left while mass sends
//! are found and the report is written, a line for other stages.
//! Elsewhere nothing is drawn. Whether a terminal is there never decides what is read.
//! All of it goes to standard error.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::{TalkArguments, When};
use crate::ingest;

/// The first stage; what it tells of are bytes.
const READING: &str = "reading";

/// The bar, drawn or not.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar as the arguments and the terminal want it.
    #[must_use]
    pub fn new(talk: &TalkArguments) -> Self {
        let drawn = match talk.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::stderr().is_terminal() && !talk.quiet,
        };
        let target = if drawn { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        bar.set_message(READING);
        let bar = Self(bar);
        bar.draw("{msg:12} {bar:32} {bytes:>10} of {total_bytes} at {bytes_per_sec}, {eta} left");
        bar
    }

    /// Shows that a stage is at work; a bar with the time left when the stage tells how long it is.
    pub fn stage(&self, name: &'static str) {
        self.0.set_message(name);
        self.draw("{spinner} {msg} ({elapsed})");
        self.0.enable_steady_tick(Duration::from_millis(200));
    }

    fn draw(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl ingest::Progress for Bar {
    fn total(&self, units: u64) {
        if self.0.message() != READING {
            self.draw("{msg} {bar:32} {percent}% ({elapsed}), {eta} left");
            self.0.reset();
        }
        self.0.set_length(units);
    }

    fn advance(&self, units: u64) {
        self.0.inc(units);
    }
}
