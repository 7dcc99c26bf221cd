//! `sendeschluss rules`: which rules there are, what one says, whether packs of one's own are right, and their JSON Schema.
//! Packs of the user are named with `--rules`, as for `report`. What a rule says is put into words by `report/rules.rs`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::arguments::RulesCommand;
use super::exit::{self, Failure};
use super::report::{language, load_packs};
use super::summary::{plain, plain_line};
use crate::assess::Pack;
use crate::assess::pack::check::check_text;
use crate::assess::pack::schema::SCHEMA;
use crate::case::nearest;
use crate::detect::Settings;
use crate::report::rules;

/// Runs the command.
///
/// # Errors
/// A rule or file that is none, or an output that cannot be written.
pub fn run(command: &RulesCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let detectors = Settings::load().map_err(Failure::usage)?.detectors;
    let packs = |files: &[PathBuf]| load_packs(files, &detectors, None, &mut Vec::new()).map_err(Failure::usage);
    match command {
        RulesCommand::List { talk } => {
            let packs = packs(&talk.rules)?;
            let language = language(talk.lang, None);
            let lines = rules::list(&packs, language);
            if talk.json {
                json(&lines, out)?;
            } else {
                let text = rules::list_text(&lines, packs.len(), language).map_err(Failure::usage)?;
                out.write_all(plain(&text).as_bytes())?;
            }
        }
        RulesCommand::Show { id, talk } => {
            let packs = packs(&talk.rules)?;
            let language = language(talk.lang, None);
            let (pack, rule) = find(&packs, id).map_err(Failure::usage)?;
            let view = rules::view(pack, rule, &detectors, language).map_err(Failure::usage)?;
            if talk.json {
                json(&view, out)?;
            } else {
                let text = rules::text(&view, language).map_err(Failure::usage)?;
                out.write_all(plain(&text).as_bytes())?;
            }
        }
        RulesCommand::Check { files } => return check(files, &packs(&[])?, &detectors, out),
        RulesCommand::Schema => out.write_all(SCHEMA.as_bytes())?,
    }
    Ok(exit::DONE)
}

/// A rule by its id, in whatever case that is written.
fn find<'p>(packs: &'p [Pack], id: &str) -> anyhow::Result<(&'p Pack, &'p crate::assess::pack::Rule)> {
    let all = || packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)));
    all().find(|(_, rule)| rule.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
        let hint = nearest(&id.to_ascii_uppercase(), all().map(|(_, rule)| rule.id.as_str()));
        anyhow!("no rule is called `{id}`{hint}")
    })
}

/// Every fault of every file, with its place; the code says whether there is one.
fn check(
    files: &[PathBuf],
    packs: &[Pack],
    detectors: &[crate::detect::Detector],
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let mut code = exit::DONE;
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string()).map_err(Failure::usage)?;
        let name = plain_line(&file.display().to_string());
        let faults = check_text(&text, packs, detectors);
        if faults.is_empty() {
            writeln!(out, "{name}: right")?;
        }
        for fault in faults {
            code = exit::USAGE;
            writeln!(out, "{name}:{}:{}: {}", fault.line, fault.column, plain_line(&fault.what))?;
        }
    }
    Ok(code)
}

/// Prints something as JSON.
pub fn json(value: &impl serde::Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}
