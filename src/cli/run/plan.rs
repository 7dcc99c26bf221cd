//! What a night is to do, checked before anything is done: what is watched, where reports go, what is kept.
//! The manifest of a nightly report is that of `report` over the same files with the same settings; here its rows are made
//! so. Values as such are read in `settings`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use jiff::civil::Date;

use super::super::arguments::{KindArgument, ReportArguments, RunArguments};
use super::super::layers::Setting;
use super::super::settings::{days, duration};
use crate::ingest::inputs::STDIN;
use crate::report::{SettingRow, SettingValue};

/// What the manifest calls the origin of a day that the period gives.
const PERIOD: &str = "period";

/// What a night is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The report, with the watched places as inputs.
    pub report: ReportArguments,
    /// What is watched.
    pub watch: Vec<PathBuf>,
    /// The folder of reports.
    pub reports: PathBuf,
    /// Reports to keep.
    pub keep: Option<usize>,
    /// Days of the period.
    pub days: Option<i64>,
    /// How long a file must stand still.
    pub settle: Duration,
    /// How long to wait for the lock.
    pub wait: Duration,
}

impl Plan {
    /// Checks the arguments.
    ///
    /// # Errors
    /// When something is missing, or does not go with a nightly job.
    pub fn of(arguments: &RunArguments) -> anyhow::Result<Self> {
        let own = &arguments.nightly;
        let mut report = arguments.report.clone();
        if !report.input.inputs.is_empty() || report.output.is_some() {
            bail!(
                "run has no inputs and no --output: name what is read with --watch, and where reports go with --reports"
            );
        }
        if report.reveal {
            bail!("run writes no report in clear: without --reveal, or with --reveal=false");
        }
        if !report.write.iter().any(|kind| matches!(kind, KindArgument::Csv | KindArgument::Json)) {
            bail!("what is new is found in csv or json: add one of them to --write");
        }
        if own.watch.is_empty() {
            bail!("nothing to look at: name files, folders or globs with --watch, or set `watch` in [run]");
        }
        if own.watch.iter().any(|place| place.as_os_str() == STDIN) {
            bail!("standard input cannot be watched: name a file, a folder or a glob instead of `-`");
        }
        let reports = own.reports.clone();
        let reports = reports
            .ok_or_else(|| anyhow!("no folder of reports: name one with --reports, or set `reports` in [run]"))?;
        report.input.inputs.clone_from(&own.watch);
        Ok(Self {
            wait: duration(&report.wait).context("--wait")?,
            report,
            watch: own.watch.clone(),
            reports,
            keep: own.keep.map(|keep| usize::try_from(keep.get())).transpose()?,
            days: own.period.as_deref().map(days).transpose().context("--period")?,
            settle: duration(&own.settle).context("--settle")?,
        })
    }

    /// The settings as those of `report` over the same files.
    #[must_use]
    pub fn settings(&self, settings: &[Setting]) -> Vec<Setting> {
        let mut settings = settings.to_vec();
        for setting in settings.iter_mut().filter(|setting| setting.name == "run.watch") {
            "inputs".clone_into(&mut setting.name);
        }
        settings
    }

    /// Notes in the rows of the manifest the day that the period gives, as if it had been named.
    pub fn note_first_day(&self, day: Date, rows: &mut [SettingRow]) {
        for row in rows.iter_mut().filter(|row| row.name == "since") {
            row.value = SettingValue::One(day.to_string());
            PERIOD.clone_into(&mut row.origin);
            row.place.clear();
        }
    }
}
