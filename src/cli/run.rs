//! `sendeschluss run`: the nightly job. Lock, look, report, compare with the last report that was told, tell what is new.
//! Here is the order of the steps; each may end the night at any moment and leaves whole all that was before it.
//! What a report is made from is the business of `report`; what is news, of the library.

mod heartbeat;
mod notify;
mod plan;
mod store;
mod watch;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::civil::Date;

use self::heartbeat::{Heartbeat, Outcome};
use self::notify::notify;
use self::plan::Plan;
use self::store::Newest;
use self::watch::Seen;
use super::arguments::{RunArguments, TalkArguments};
use super::exit::{self, Failure};
use super::layers::Setting;
use super::progress::Bar;
use super::report::{Job, Produced, Recipe, language, name_inputs, reaches, setting_rows};
use super::settings::{self, Prepared, prepare_listed};
use super::stats::Stats;
use super::stop;
use super::summary::plain_line;
use crate::assess::{Calendar, Severity};
use crate::ledger::Ledger;
use crate::lock::{Holder, Lock, LockError};
use crate::report::folder::MANIFEST;
use crate::report::news::{Change, News, Told};
use crate::report::reading::Report;
use crate::report::shelf::{Name, Shelf};

/// Variable that stands in for the clock in tests: an instant, RFC 3339.
pub const NOW: &str = "SENDESCHLUSS_NOW";
/// The lock in the folder of reports.
const LOCK: &str = ".lock";
/// How often one who waits for the lock looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Findings that the terminal lists; all with --verbose.
const SHOWN: usize = 12;

/// Runs the command.
///
/// # Errors
/// Whatever ends a night: usage, a report that cannot be written, a signal, another run.
pub fn run(arguments: &RunArguments, settings: &[Setting], out: &mut dyn Write) -> Result<u8, Failure> {
    let mut beat = Heartbeat::new(now().map_err(Failure::usage)?);
    let mut told = Vec::new();
    // Printed at the end: that nobody reads it must not end the night.
    let mut said = Vec::new();
    // The lock is held until the heartbeat is written.
    let mut held = None;
    let plan = Plan::of(arguments).map_err(Failure::usage);
    let ended = plan.and_then(|plan| {
        let (_, shelf) = held.insert(locked(&plan, beat.started)?);
        leave_last_words(&beat, arguments);
        let night = Night { plan: &plan, settings, shelf, started: beat.started };
        let talk = &arguments.report.input.talk;
        night.pass(&mut beat, &mut told, talk, &mut said)
    });
    stop::last_words(None);
    // Whoever does not get the lock leaves the heartbeat alone: it is that of the run that has it.
    let kept_out = |failure: &Failure| failure.code == exit::BUSY || failure.code > exit::SIGNALLED;
    if held.is_none() && ended.as_ref().is_err_and(kept_out) {
        return ended;
    }
    beat.end(&ended, now().unwrap_or(beat.started));
    tell(arguments, held.as_ref().map(|(_, shelf)| shelf), &mut beat, &told);
    match out.write_all(&said).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::from(error)),
        _ => ended.map(|_| beat.exit_code),
    }
}

/// The clock, or what stands in for it.
fn now() -> anyhow::Result<Timestamp> {
    match std::env::var(NOW) {
        Ok(text) => text.parse().with_context(|| format!("{NOW} is no instant")),
        Err(_) => Ok(Timestamp::now()),
    }
}

/// The folder of reports under lock.
fn locked(plan: &Plan, started: Timestamp) -> Result<(Lock, Shelf), Failure> {
    let shelf = Shelf::open(&plan.reports).context("the reports cannot be written").map_err(Failure::unwritten)?;
    let own =
        Holder { pid: std::process::id(), since: format!("{started:.0}"), command: "sendeschluss run".to_owned() };
    let until = Instant::now() + plan.wait;
    let mut said = false;
    loop {
        match Lock::take(&plan.reports.join(LOCK), &own) {
            Ok(lock) => return Ok((lock, shelf)),
            Err(error @ LockError::Io { .. }) => {
                return Err(Failure::unwritten(anyhow!(error).context("the reports cannot be written")));
            }
            Err(error @ LockError::Held { .. }) if Instant::now() >= until => {
                return Err(Failure { code: exit::BUSY, error: anyhow!(error).context("another run is at work") });
            }
            Err(error @ LockError::Held { .. }) => {
                if !said {
                    tracing::info!("waiting, for {error}");
                    said = true;
                }
            }
        }
        stop::sleep(LOOK_AGAIN)?;
    }
}

/// What the main thread does when a signal comes and the work is too far from a border.
fn leave_last_words(beat: &Heartbeat, arguments: &RunArguments) {
    let Some(file) = arguments.nightly.heartbeat.clone() else { return };
    let mut beat = beat.clone();
    stop::last_words(Some(Box::new(move |failure| {
        beat.fail(failure, now().unwrap_or(beat.started));
        if let Err(error) = beat.write(&file) {
            tracing::error!("{error:#}");
        }
    })));
}

/// Tells monitors and whoever wants to know; notes that it was told.
fn tell(arguments: &RunArguments, shelf: Option<&Shelf>, beat: &mut Heartbeat, told: &[Told]) {
    let own = &arguments.nightly;
    let write = |beat: &mut Heartbeat| {
        let Some(file) = &own.heartbeat else { return };
        if let Err(error) = beat.write(file) {
            tracing::error!("{error:#}");
            beat.was_not_told();
        }
    };
    write(beat);
    // At the end of a night that was stopped, the machine may be going down.
    let wanted = beat.outcome != Outcome::Stopped && (beat.exit_code != exit::DONE || !told.is_empty());
    if !own.notify.is_empty() && wanted {
        let limit = settings::duration(&own.notify_timeout);
        let json = beat.message(told).map_err(anyhow::Error::from);
        let ended = json.and_then(|json| notify(&own.notify, json, limit?)).context("--notify");
        beat.notified = Some(ended.is_ok());
        if let Err(error) = ended {
            tracing::error!("{}; the next run tells it again", Failure::usage(error).message());
            beat.was_not_told();
        }
        write(beat);
    }
    let (Some(shelf), false, Some(name)) = (shelf, beat.notified == Some(false), &beat.name) else { return };
    if let Err(error) = shelf.set_told(name) {
        tracing::error!("it cannot be noted that the report was told: {error}");
        beat.was_not_told();
    }
}

/// A night that has the lock.
#[derive(Debug)]
struct Night<'a> {
    plan: &'a Plan,
    settings: &'a [Setting],
    shelf: &'a Shelf,
    started: Timestamp,
}

impl Night<'_> {
    /// All steps but the telling; gives the exit code.
    fn pass(
        &self,
        beat: &mut Heartbeat,
        told: &mut Vec<Told>,
        talk: &TalkArguments,
        out: &mut dyn Write,
    ) -> Result<u8, Failure> {
        let shelf = self.shelf;
        shelf.sweep().context("the reports cannot be written").map_err(Failure::unwritten)?;
        let seen = self.look(beat, talk, out)?;
        let mut prepared = prepare_listed(&self.plan.report.input, seen.inputs, seen.unreadable)?;
        let ledger = self.import(&mut prepared, beat, talk, out)?;
        stop::check()?;
        let today = prepared.calendar.day(self.started.as_millisecond());
        let last = self.last(today)?;
        // Where there is nothing to read, the last report stands as it is.
        let is_empty = match &ledger {
            Some(ledger) => ledger.sources().map_err(Failure::ledger)?.is_empty(),
            None => prepared.inputs.is_empty() && prepared.unreadable.is_empty(),
        };
        let produced = if is_empty { None } else { Some(self.produce(&prepared, ledger.as_ref(), today, talk)?) };
        stop::check()?;
        if let Some(produced) = &produced {
            beat.counts.messages = produced.extract.completeness.messages;
            beat.counts.findings = produced.extract.findings.len() as u64;
        }
        let same = last.filter(|last| produced.is_none() || self.is_same(last));
        if same.is_some() {
            shelf.discard().map_err(Failure::unwritten)?;
        }
        if (same.is_some() || produced.is_none()) && shelf.told() == last {
            self.nothing_new(last, beat, talk, out)?;
            return Ok(if beat.counts.unread > 0 { exit::UNREAD } else { exit::DONE });
        }
        if ledger.is_none() {
            tell_unread(&prepared, produced.as_ref(), beat);
        }
        let worst = self.publish(same, today, (beat, told), talk, out)?;
        Ok(if beat.counts.unread > 0 {
            exit::UNREAD
        } else if reaches(self.plan.report.fail_on, worst) {
            exit::FINDINGS
        } else {
            exit::DONE
        })
    }

    /// Looks at the watched places, and tells what waits and what is gone.
    fn look(&self, beat: &mut Heartbeat, talk: &TalkArguments, out: &mut dyn Write) -> Result<Seen, Failure> {
        let seen = watch::look(&self.plan.watch, self.plan.settle)?;
        beat.counts.files = seen.inputs.len() as u64;
        beat.counts.waiting = seen.waiting.len() as u64;
        beat.counts.unread = seen.unreadable.len() as u64;
        if !talk.quiet {
            writeln!(out, "Files: {} settled, {} waiting", seen.inputs.len(), seen.waiting.len())?;
            for waiting in &seen.waiting {
                writeln!(out, "  WAITS {}: {}", plain_line(&waiting.name), waiting.reason)?;
            }
        }
        for place in &seen.unreadable {
            store::tell(&place.name, &place.reason);
        }
        stop::check()?;
        Ok(seen)
    }

    /// The last report. A clock that it is ahead of is told.
    fn last(&self, today: Date) -> Result<Option<Name>, Failure> {
        let last = self.shelf.reports().map_err(Failure::unwritten)?.last().copied();
        if let Some(Name { day, .. }) = last.filter(|last| last.day > today) {
            tracing::warn!(
                "the clock says {today}, but the last report is of {day}; is it right? The numbers of the reports give \
                 their order"
            );
        }
        Ok(last)
    }

    /// Takes what is new into the ledger, where there is to be one.
    fn import(
        &self,
        prepared: &mut Prepared,
        beat: &mut Heartbeat,
        talk: &TalkArguments,
        out: &mut dyn Write,
    ) -> Result<Option<Ledger>, Failure> {
        let Some(mut ledger) = store::open(self.plan)? else { return Ok(None) };
        let bar = Bar::new(talk);
        let settings = self.plan.settings(self.settings);
        store::import(&mut ledger, prepared, &self.plan.report, &settings, (&bar, &mut beat.counts))?;
        bar.finish();
        if !talk.quiet {
            writeln!(out, "Imported: {} new", beat.counts.files_new)?;
        }
        Ok(Some(ledger))
    }

    /// Puts the report of tonight into its place with what is new in it, and removes old ones; gives the worst of the
    /// news. A report that stands already was never told: a run was killed, or nobody took the news.
    fn publish(
        &self,
        stands: Option<Name>,
        today: Date,
        (beat, told): (&mut Heartbeat, &mut Vec<Told>),
        talk: &TalkArguments,
        out: &mut dyn Write,
    ) -> Result<Option<Severity>, Failure> {
        let shelf = self.shelf;
        let news = self.news(&stands.map_or_else(|| shelf.next(), |name| shelf.path(&name)))?;
        let list = csv(&news)?;
        let name = match stands {
            Some(name) => name,
            None => {
                let name = shelf.name(today).map_err(Failure::unwritten)?;
                shelf.publish(&name, &list).map_err(Failure::unwritten)?;
                name
            }
        };
        shelf.point(&name, &list).map_err(Failure::unwritten)?;
        let removed = self.plan.keep.map(|keep| shelf.rotate(keep)).transpose().map_err(Failure::unwritten)?;
        let removed = removed.unwrap_or_default();
        beat.outcome = Outcome::Report;
        beat.show(shelf, &name);
        beat.counts.findings_new = news.count(Change::New);
        beat.counts.findings_worse = news.count(Change::Worse);
        beat.counts.reports_removed = removed.len() as u64;
        if !talk.quiet {
            writeln!(out, "Report: {}", shelf.path(&name).display())?;
            print(&news, talk, out)?;
            writeln!(out, "What is new: {}", shelf.last_list().display())?;
            for name in removed {
                writeln!(out, "Removed: {name}")?;
            }
        }
        let worst = news.worst();
        *told = news.findings;
        Ok(worst)
    }

    /// The report of tonight, where the next one is made.
    fn produce(
        &self,
        prepared: &Prepared,
        ledger: Option<&Ledger>,
        today: Date,
        talk: &TalkArguments,
    ) -> Result<Produced, Failure> {
        let arguments = &self.plan.report;
        let mut recipe = Recipe::new(arguments, &prepared.calendar, None).map_err(Failure::usage)?;
        let matter = &prepared.case.matter;
        let shown = settings::shown(false, arguments.key.as_deref(), &matter.name).map_err(Failure::usage)?;
        let (bar, mut stats) = (Bar::new(talk), Stats::new(talk.stats));
        let language = language(arguments.lang, matter.language);
        let mut rows = setting_rows(&self.plan.settings(self.settings), prepared, language);
        if let Some(ledger) = ledger {
            name_inputs(&mut rows, &ledger.arguments().map_err(Failure::ledger)?);
        }
        let job =
            Job { arguments, prepared, ledger, recipe: &recipe, shown: &shown, reidentify: None, settings: &rows };
        if let Some(days) = self.plan.days {
            // Where the period begins is known when the newest message is; only then can it be cut.
            let bound = prepared.calendar.end(today);
            let newest = match ledger {
                Some(ledger) => Newest::of(ledger, bound)?,
                None => {
                    let times = job.read(&bar, &mut stats)?.messages.columns.sent_at;
                    times.into_iter().fold(Newest::default(), |newest, at| newest.with(at, bound))
                }
            };
            if let Some(day) = self.first_day(days, newest, &prepared.calendar) {
                recipe = recipe.starting(prepared.calendar.start(day));
                self.plan.note_first_day(day, &mut rows);
            }
        }
        let job =
            Job { arguments, prepared, ledger, recipe: &recipe, shown: &shown, reidentify: None, settings: &rows };
        let produced = job.produce(&self.shelf.next(), &bar, &mut stats)?;
        bar.finish();
        let bytes = produced.extract.completeness.inputs.iter().map(|row| row.bytes).sum();
        stats.print(bytes, produced.extract.completeness.messages, &mut std::io::stderr().lock())?;
        Ok(produced)
    }

    /// The first day of the period, counted back from `--as-of`, or else from the newest message; `None` where `--since`
    /// is later. A message that claims to be of a day after today is told and not counted from: one wrong year would leave
    /// everything else out.
    fn first_day(&self, days: i64, newest: Newest, calendar: &Calendar) -> Option<Date> {
        if let Some(beyond) = newest.beyond {
            let day = calendar.day(beyond);
            tracing::warn!(
                "some messages claim to be of a day to come, up to {day}; the period is not counted from them"
            );
        }
        let newest = newest.before.or(newest.beyond);
        let anchor = self.plan.report.as_of.or_else(|| newest.map(|at| calendar.day(at)))?;
        let first = jiff::Span::new().try_days(days - 1).and_then(|back| anchor.checked_sub(back)).ok()?;
        let start = calendar.start(first);
        let set = self.plan.report.since.as_deref().and_then(|text| calendar.moment(text, false));
        set.is_none_or(|set| set < start).then_some(first)
    }

    /// Whether the report of tonight is that of another night to the byte: the manifest has the hash of every file.
    fn is_same(&self, last: &Name) -> bool {
        let manifest = |folder: std::path::PathBuf| std::fs::read(folder.join(MANIFEST)).ok();
        let tonight = manifest(self.shelf.next());
        tonight.is_some() && tonight == manifest(self.shelf.path(last))
    }

    /// What a report says that the last one that was told did not.
    fn news(&self, folder: &Path) -> Result<News, Failure> {
        let mut next = Report::open(folder).map_err(Failure::unwritten)?;
        let told = self.shelf.told().map(|told| Report::open(&self.shelf.path(&told))).transpose();
        let news = told.and_then(|mut told| News::of(told.as_mut(), &mut next));
        news.or_else(|error| {
            // Better to tell all of it again than to tell nothing.
            tracing::warn!("the last report cannot be compared with ({error}); everything counts as new");
            News::of(None, &mut next)
        })
        .map_err(Failure::unwritten)
    }

    /// Ends a night in which the last report says it all.
    fn nothing_new(
        &self,
        last: Option<Name>,
        beat: &mut Heartbeat,
        talk: &TalkArguments,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        beat.outcome = Outcome::NothingNew;
        if let Some(last) = last {
            let mut report = Report::open(&self.shelf.path(&last)).map_err(Failure::unwritten)?;
            let none = csv(&News::none(&mut report).map_err(Failure::unwritten)?)?;
            self.shelf.point(&last, &none).map_err(Failure::unwritten)?;
            beat.show(self.shelf, &last);
        }
        if !talk.quiet {
            match last {
                Some(last) => {
                    writeln!(out, "Nothing new. The last report holds: {}", self.shelf.path(&last).display())?
                }
                None => writeln!(out, "Nothing new, and no report yet.")?,
            }
        }
        Ok(())
    }
}

/// Tells which files of a new report could not be read; places that are gone were told before.
fn tell_unread(prepared: &Prepared, produced: Option<&Produced>, beat: &mut Heartbeat) {
    let inputs = produced.into_iter().flat_map(|produced| &produced.extract.completeness.inputs);
    let is_place = |file: &str| prepared.unreadable.iter().any(|place| place.name == file);
    for input in inputs.filter(|input| input.failed && !is_place(&input.file)) {
        store::tell(&input.file, &input.notes.join("; "));
        beat.counts.unread += 1;
    }
}

fn csv(news: &News) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    news.write(&mut bytes).map_err(Failure::unwritten)?;
    Ok(bytes)
}

fn print(news: &News, talk: &TalkArguments, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "Findings: {} new, {} worse", news.count(Change::New), news.count(Change::Worse))?;
    let shown = if talk.verbose { usize::MAX } else { SHOWN };
    for told in news.findings.iter().take(shown) {
        let change = match told.change {
            Change::New => "NEW  ",
            Change::Worse => "WORSE",
        };
        let line = ["severity", "rule", "finding_id", "title"].map(|column| told.get(column)).join(" ");
        writeln!(out, "  {change} {}", plain_line(&line))?;
    }
    match news.findings.len().saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more"),
    }
}
