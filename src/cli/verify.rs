//! `sendeschluss verify`: says of every output and input of a report whether its hash is still the recorded one, and with
//! `--recompute` makes the report again and compares bytes. Reads only; what is made again lies in a temporary folder.
//! The checks themselves stand in `report/verify.rs`.

use std::io::Write;

use anyhow::{anyhow, bail};
use serde::Serialize;

use super::arguments::{Command, VerifyArguments};
use super::exit::{self, Failure};
use super::formats::own_files;
use super::layers;
use super::progress::Bar;
use super::report::{Job, Recipe};
use super::settings::{self, Again, prepare_again};
use super::stats::Stats;
use super::summary::plain_line;
use crate::ingest::{Input, Unreadable};
use crate::report::Shown;
use crate::report::manifest::{Build, Manifest};
use crate::report::places::Places;
use crate::report::verify::{self, Checked, FolderCheck, InputCheck, StampCheck, State};

/// What `verify` found, as programs get it.
#[derive(Debug, Serialize)]
struct Verdict<'a> {
    report: String,
    program: Option<&'a str>,
    build: Option<&'a Build>,
    /// `same`, `differs` or `unread`.
    result: &'static str,
    outputs: &'a [Checked],
    inputs: &'a [Checked],
    inputs_in_containers: u64,
    time_stamp: Option<&'a StampCheck>,
    recomputed: Option<&'a [Checked]>,
    recompute_problem: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A folder that is no report, or an output that cannot be written.
pub fn run(arguments: &VerifyArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    if let Some(folder) = arguments.inputs.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(Failure::usage(anyhow!("--inputs {}: there is no such folder", folder.display())));
    }
    let folder = verify::folder(&arguments.report).map_err(Failure::usage)?;
    let places = Places { under: arguments.inputs.clone(), report: arguments.report.clone() };
    let own = own_files(&[]).map_err(Failure::usage)?;
    let inputs = folder.manifest.as_ref().map(|manifest| verify::inputs(manifest, &places, &own)).unwrap_or_default();
    let recomputed = arguments.recompute.then(|| match &folder.manifest {
        Some(manifest) => recompute(arguments, manifest, &folder, &inputs),
        None => Err(anyhow!("the manifest cannot be read")),
    });
    let compared = recomputed.as_ref().and_then(|result| result.as_deref().ok());
    let problem = recomputed.as_ref().and_then(|result| result.as_ref().err());
    let problem = problem.map(|error| error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": "));

    let stamp = folder.stamp.as_ref().map(|stamp| stamp.state);
    let files = folder.outputs.iter().chain(&inputs.inputs).chain(compared.unwrap_or_default());
    let states: Vec<State> = files.map(|checked| checked.state).chain(stamp).collect();
    // What differs is certain, whatever else could not be read.
    let (code, result) = if states.iter().any(|state| state.differs()) {
        (exit::FINDINGS, "differs")
    } else if problem.is_some() || states.iter().any(|state| state.unread()) {
        (exit::UNREAD, "unread")
    } else {
        (exit::DONE, "same")
    };
    if arguments.quiet && code == exit::DONE {
        return Ok(code);
    }
    let verdict = Verdict {
        report: arguments.report.display().to_string(),
        program: folder.manifest.as_ref().map(|manifest| manifest.program.as_str()),
        build: folder.manifest.as_ref().map(|manifest| &manifest.build),
        result,
        outputs: &folder.outputs,
        inputs: &inputs.inputs,
        inputs_in_containers: inputs.in_containers,
        time_stamp: folder.stamp.as_ref(),
        recomputed: compared,
        recompute_problem: problem,
    };
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &verdict).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&verdict, out)?;
    }
    Ok(code)
}

/// Makes the report again in a temporary folder, and compares the two.
fn recompute(
    arguments: &VerifyArguments,
    manifest: &Manifest,
    folder: &FolderCheck,
    inputs: &InputCheck,
) -> anyhow::Result<Vec<Checked>> {
    if let Some(gone) = inputs.inputs.iter().find(|checked| checked.state.unread()) {
        bail!("the input {} is not there; --inputs DIR can name the folder that holds the inputs", gone.file);
    }
    if let Some(other) = inputs.inputs.iter().find(|checked| checked.state.differs()) {
        bail!("the input {} is not the one of the report", other.file);
    }
    let Command::Report(mut report) = layers::read_recorded(&manifest.settings)?.command else {
        bail!("the recorded settings are none of a report");
    };
    report.input.threads = arguments.threads;
    report.input.talk.quiet = true;
    let mut again = Again::default();
    for row in manifest.inputs.iter().filter(|row| row.within.is_none()) {
        match inputs.found.get(&row.file) {
            Some(path) => again.inputs.push(Input {
                name: row.file.clone(),
                path: path.clone(),
                named: manifest.named(&row.file),
                member: None,
            }),
            None => again.unreadable.push(Unreadable { name: row.file.clone(), reason: "it is not there".to_owned() }),
        }
    }
    for row in &manifest.files {
        let path = inputs.found.get(&row.file).ok_or_else(|| anyhow!("{} is not there", row.file))?;
        again.files.push((path.clone(), row.clone()));
    }
    let shown = match &manifest.key_check {
        None => Shown::Revealed,
        Some(check) => key(arguments, &manifest.matter, check)?,
    };
    let prepared = prepare_again(&report.input, &again)?;
    let recipe = Recipe::new(&report, &prepared.calendar, Some(&again))?;
    let job = Job {
        arguments: &report,
        prepared: &prepared,
        ledger: None,
        recipe: &recipe,
        shown: &shown,
        reidentify: None,
        settings: &manifest.settings,
    };
    let home = tempfile::Builder::new().prefix("sendeschluss-verify-").tempdir()?;
    let target = home.path().join("report");
    let mut stats = Stats::new(false);
    job.produce(&target, &Bar::new(&report.input.talk), &mut stats).map_err(|failure| failure.error)?;
    Ok(verify::compare(&arguments.report, &target, &folder.outputs))
}

/// The key that made the pseudonyms. Unlike `report`, this never makes one.
fn key(arguments: &VerifyArguments, matter: &str, check: &str) -> anyhow::Result<Shown> {
    let path = settings::key_file(arguments.key.as_deref(), matter)?;
    let Some(shown) = settings::read_key(&path)? else {
        bail!(
            "the matter's key is not at {}: without it the pseudonyms cannot be made again; --key FILE can name it",
            path.display()
        );
    };
    if shown.key_check().as_deref() != Some(check) {
        bail!("{} is another key than the one that made the pseudonyms; --key FILE can name it", path.display());
    }
    Ok(shown)
}

fn print(verdict: &Verdict<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "Report: {}", plain_line(&verdict.report))?;
    if let (Some(program), Some(build)) = (verdict.program, verdict.build) {
        let commit = build.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
        writeln!(out, "Written by: {}", plain_line(&format!("{program}, {}{commit}", build.target)))?;
        if *build != Build::own() {
            writeln!(out, "  this program is another build; what it computes again may differ for that reason")?;
        }
    }
    list("Outputs", "have the recorded hash", verdict.outputs, out)?;
    list("Inputs", "have the recorded hash", verdict.inputs, out)?;
    if verdict.inputs_in_containers > 0 {
        let (count, are) =
            (verdict.inputs_in_containers, if verdict.inputs_in_containers == 1 { "lies" } else { "lie" });
        writeln!(out, "  {count} more {are} in containers, and are covered by the hash of the file around them")?;
    }
    stamp(verdict.time_stamp, out)?;
    match (verdict.recomputed, &verdict.recompute_problem) {
        (Some(compared), _) => list("Recomputed", "are the same to the byte", compared, out)?,
        (None, Some(problem)) => writeln!(out, "Recomputed: no; {}", plain_line(problem))?,
        (None, None) => {}
    }
    let result = match verdict.result {
        "differs" => "something differs",
        "unread" => "nothing that could be read differs, but not all could be read",
        _ => "nothing differs",
    };
    writeln!(out, "Result: {result}")
}

/// How many files are as recorded, and each that is not.
fn list(title: &str, are: &str, files: &[Checked], out: &mut dyn Write) -> std::io::Result<()> {
    let same = files.iter().filter(|checked| checked.state == State::Same).count();
    writeln!(out, "{title}: {same} of {} files {are}", files.len())?;
    for checked in files.iter().filter(|checked| checked.state != State::Same) {
        let state = match checked.state {
            State::Same => "same",
            State::Changed => "changed",
            State::Doubtful => "in doubt",
            State::Missing => "missing",
            State::Unlisted => "unlisted",
            State::NotFound => "not found",
            State::Unreadable => "unreadable",
            State::NoHash => "no hash",
        };
        let detail = if checked.detail.is_empty() { String::new() } else { format!(": {}", checked.detail) };
        writeln!(out, "  {state:<10}  {}", plain_line(&format!("{}{detail}", checked.file)))?;
    }
    Ok(())
}

fn stamp(check: Option<&StampCheck>, out: &mut dyn Write) -> std::io::Result<()> {
    let Some(check) = check else { return writeln!(out, "Time stamp: none (there is no manifest.tsr)") };
    if !check.problem.is_empty() {
        writeln!(out, "Time stamp: {}", plain_line(&check.problem))?;
    }
    let Some(answer) = &check.answer else { return Ok(()) };
    match (&answer.stamp, check.state) {
        (Some(stamp), State::Same) => {
            writeln!(out, "Time stamp: {} over this manifest.json, by its own words", plain_line(&stamp.time))?;
        }
        (Some(stamp), _) => writeln!(out, "  time {}", plain_line(&stamp.time))?,
        (None, _) => {}
    }
    writeln!(out, "  status {}", plain_line(&answer.status))?;
    if let Some(stamp) = &answer.stamp {
        writeln!(out, "  signer {}", plain_line(&stamp.signer))?;
        writeln!(out, "  serial {}, policy {}", plain_line(&stamp.serial), plain_line(&stamp.policy))?;
    }
    writeln!(out, "  The signature and the certificates are not checked by this program (docs/verify.md says how).")
}
