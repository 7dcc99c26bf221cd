//! The log: events of the stages on standard error, as text for people or as JSON lines for programs.
//! Warnings and errors always; with --verbose also the border of each stage. Names of files, counts and seconds stand
//! in it; message texts, numbers and keys never do. Whoever emits an event answers for that.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::arguments::{LogFormat, TalkArguments};

/// Begins the log of this run; a second call changes nothing.
pub fn begin(talk: Option<&TalkArguments>) {
    let verbose = talk.is_some_and(|talk| talk.verbose);
    let level = if verbose { Level::INFO } else { Level::WARN };
    // A standard error that cannot be written is nobody's business: there is nowhere to tell it.
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .log_internal_errors(false);
    let _ = match talk.map(|talk| talk.log_format) {
        Some(LogFormat::Json) => builder.json().flatten_event(true).with_current_span(false).try_init(),
        Some(LogFormat::Text) | None => builder.event_format(Plain { timed: verbose }).try_init(),
    };
}

/// `sendeschluss: what there is to say`, behind the time where stages are told too.
#[derive(Debug)]
struct Plain {
    timed: bool,
}

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if self.timed {
            write!(out, "{:.3} ", jiff::Timestamp::now())?;
        }
        write!(out, "sendeschluss: ")?;
        context.format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}
