//! `sendeschluss plan`: what of the sending habit becomes unlawful from a day on, for how many people, and where it can go.
//! The stages are called one after another; the plan goes to standard output, or into a folder with its manifest.

use std::io::Write;

use anyhow::Context;

use super::arguments::PlanArguments;
use super::exit::{self, Failure};
use super::layers::Setting;
use super::progress::Bar;
use super::report::{detection, language, load_packs, setting_rows};
use super::settings::{self, prepare};
use super::summary::{plain, plain_line};
use crate::assess::plan::plan;
use crate::assess::{Grounds, Wording};
use crate::detect::detect;
use crate::ingest::{Wanted, ingest_wanted};
use crate::report::plan::{self as told, PlanInput};

/// Runs the command.
///
/// # Errors
/// Wrong usage, or a plan that cannot be written.
pub fn run(arguments: &PlanArguments, settings: &[Setting], out: &mut dyn Write) -> Result<u8, Failure> {
    let prepared = prepare(&arguments.input)?;
    let calendar = &prepared.calendar;
    let (since, until) = settings::period(&arguments.since, &arguments.until, calendar).map_err(Failure::usage)?;
    let mut files = prepared.files.clone();
    let detection = detection(arguments.detectors.as_deref(), None, &mut files).map_err(Failure::usage)?;
    let packs = load_packs(&arguments.rules, &detection.detectors, None, &mut files).map_err(Failure::usage)?;
    let wording = Wording::load().map_err(Failure::usage)?;
    if let Some(folder) = &arguments.output {
        drop(told::begin(folder).context("the plan cannot be written").map_err(Failure::unwritten)?);
    }
    let bar = Bar::new(&arguments.input.talk);
    let ingested = ingest_wanted(
        &prepared.inputs,
        &prepared.unreadable,
        (&prepared.case, &prepared.ingest),
        Wanted::between(since, until),
        &bar,
    )
    .map_err(Failure::usage)?;
    bar.stage("finding mass sends");
    let activity = detect(&ingested.messages, &detection);
    bar.stage("planning");
    let grounds = Grounds {
        messages: &ingested.messages,
        consents: &ingested.consents,
        activity: &activity,
        detectors: &detection.detectors,
        run_gap_ms: detection.run.milliseconds,
        case: &prepared.case,
        packs: &packs,
        wording: &wording,
        calendar,
        as_of: None,
    };
    let plan = plan(grounds, arguments.from);
    bar.finish();
    let language = language(arguments.lang, prepared.case.matter.language);
    let input = PlanInput {
        program: concat!("sendeschluss ", env!("CARGO_PKG_VERSION")),
        ingested: &ingested,
        case: &prepared.case,
        files: &files,
        packs: &packs,
        calendar,
        language,
        settings: &setting_rows(settings, &prepared, language),
        plan: &plan,
    };
    let view = told::view(&input).map_err(Failure::usage)?;
    if let Some(folder) = &arguments.output {
        told::write(&input, &view, folder)
            .context("the plan cannot be written; an earlier one is untouched")
            .map_err(Failure::unwritten)?;
    }
    if arguments.json {
        out.write_all(told::json_text(&view).map_err(std::io::Error::from)?.as_bytes())?;
    } else if let Some(folder) = arguments.output.as_ref().filter(|_| !arguments.input.talk.quiet) {
        writeln!(out, "Plan: {}", plain_line(&folder.display().to_string()))?;
    } else if arguments.output.is_none() {
        out.write_all(plain(&told::text(&view, language).map_err(Failure::usage)?).as_bytes())?;
    }
    Ok(if ingested.inputs.iter().any(|input| input.failed) { exit::UNREAD } else { exit::DONE })
}
