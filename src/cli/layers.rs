//! Settings in layers: default, settings file, environment, flags, each outweighing the one before, whole values at a time.
//! The options of the command line are the only list of settings: a file or a variable is checked as the flag would be.
//! Where each value came from is kept to the line. What values mean is settled in the commands.

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use self::sources::{Value, read_file, settings_file, variables};
use super::arguments::Arguments;
use crate::ingest::inputs;
use crate::report::{SettingRow, SettingValue};

/// Commands whose options can stand in the file and in the environment.
const CONFIGURED: [&[&str]; 10] = [
    &["report"],
    &["run"],
    &["import"],
    &["inspect"],
    &["plan"],
    &["case", "new"],
    &["config", "show"],
    &["kernel", "inputs"],
    &["kernel", "ingest"],
    &["kernel", "gather"],
];
/// Options that belong to one call, and are no settings.
const OF_ONE_CALL: [&str; 6] = ["help", "version", "config", "json", "origin", "again"];
/// Options that are called as settings and are other things: the day of a plan, and where plans and drafts go. The nightly
/// job has its own words for what it reads and where it writes.
const OTHER_THINGS: [(&[&str], &str); 5] = [
    (&["plan"], "from"),
    (&["plan"], "output"),
    (&["case", "new"], "output"),
    (&["run"], "inputs"),
    (&["run"], "output"),
];
/// What the ids of options begin with that stand in a table of their own.
const TABLES: [&str; 1] = ["run"];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A settings file and the line.
    File(PathBuf, usize),
    /// A variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl Origin {
    /// Its kind, as manifests name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(..) => "file",
            Self::Environment(_) => "environment",
            Self::Flag => "flag",
        }
    }

    /// Where it stands, for people; empty for flags and defaults.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Default | Self::Flag => String::new(),
            Self::File(file, line) => format!("{}:{line}", file.display()),
            Self::Environment(name) => name.clone(),
        }
    }
}

/// A setting with its value and origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name of the option.
    pub name: String,
    /// Its values: none where it is not set.
    pub values: Vec<String>,
    /// Whether it may have several.
    pub many: bool,
    /// Where they came from.
    pub origin: Origin,
}

impl Setting {
    /// As a manifest records it. Of a settings file only the name stands there: where it lies changes no report.
    #[must_use]
    pub fn row(&self) -> SettingRow {
        let value = if self.many {
            SettingValue::Many(self.values.clone())
        } else {
            SettingValue::One(self.values.first().cloned().unwrap_or_default())
        };
        let place = match &self.origin {
            Origin::File(file, line) => {
                format!("{}:{line}", file.file_name().map(Path::new).map(inputs::name).unwrap_or_default())
            }
            other => other.place(),
        };
        SettingRow { name: self.name.clone(), value, origin: self.origin.kind().to_owned(), place }
    }
}

/// What a call asks for.
#[derive(Debug)]
pub struct Call {
    /// The arguments, with what file and environment say.
    pub arguments: Arguments,
    /// Every setting of the command, in order of the options.
    pub settings: Vec<Setting>,
}

/// Why a call cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The command line itself, or help that was asked for.
    #[error(transparent)]
    Clap(#[from] clap::Error),
    /// A settings file that cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A settings file or variable that is not right.
    #[error("{place}: {reason}")]
    Wrong {
        /// File with its line, or variable.
        place: String,
        /// What is wrong.
        reason: String,
    },
}

/// The command line with all commands. A switch can be turned off too, for a file may have turned it on.
#[must_use]
pub fn command() -> Command {
    let switch = |arg: Arg| match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .value_parser(BoolishValueParser::new())
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
            .value_name("true|false")
            .hide_default_value(true)
            .hide_possible_values(true),
        _ => arg,
    };
    let mut command = Arguments::command();
    for path in CONFIGURED {
        command = change(command, path, &|leaf| leaf.mut_args(switch));
    }
    for (path, other) in OTHER_THINGS.into_iter().filter(|(path, _)| *path == ["run"]) {
        command = change(command, path, &|leaf| leaf.mut_arg(other, |arg| arg.hide(true)));
    }
    command
}

/// Changes the command at the end of a path.
fn change(command: Command, path: &[&str], to: &dyn Fn(Command) -> Command) -> Command {
    match path.split_first() {
        Some((first, rest)) => command.mut_subcommand(first, |inner| change(inner, rest, to)),
        None => to(command),
    }
}

/// The command at the end of a path.
fn leaf<'a>(command: &'a Command, path: &[&str]) -> Option<&'a Command> {
    path.iter().try_fold(command, |command, name| command.find_subcommand(name))
}

/// Reads arguments, environment and settings file.
///
/// # Errors
/// When one of them is not right.
pub fn read(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Call, LayerError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut command = command();
    let given = command.clone().try_get_matches_from(&arguments)?;
    let Some((path, own)) = CONFIGURED.iter().find_map(|path| Some((*path, inner(&given, path)?))) else {
        return Ok(Call { arguments: Arguments::from_arg_matches(&given)?, settings: Vec::new() });
    };
    let known = known(&command);
    let settable: Vec<Arg> = options_of(&command, path).cloned().collect();
    let variables = variables(environment, &known)?;
    let file = settings_file(own.get_one::<PathBuf>("config"), &variables);
    let lines = file.map(|file| read_file(&file, &known)).transpose()?.unwrap_or_default();
    let Some(options) = leaf(&command, path) else {
        return Ok(Call { arguments: Arguments::from_arg_matches(&given)?, settings: Vec::new() });
    };
    // A file is right or wrong for all commands alike, whichever of its settings this one has.
    for (name, value) in lines.iter().chain(&variables) {
        if let Some((path, arg)) = known.get(name)
            && let Some(options) = leaf(&command, path)
        {
            let wrong = |reason| LayerError::Wrong { place: value.origin.place(), reason };
            check(options, arg, &value.values).map_err(wrong)?;
        }
    }
    let chosen = choose(options, &settable, own, variables, lines)?;
    // What stands on the command line is read as it is; the rest is put under it as defaults.
    let put_under = |arg: Arg, value: &Value| {
        let arg = if is_many(&arg) { arg.num_args(0..) } else { arg };
        arg.default_values(value.values.clone())
    };
    command = change(command, path, &|leaf| {
        let below = chosen.iter().filter(|(_, value)| value.origin != Origin::Flag);
        below.fold(leaf, |leaf, (id, value)| leaf.mut_arg(id, |arg| put_under(arg, value)))
    });
    let given = command.clone().try_get_matches_from(&arguments)?;
    let settings = inner(&given, path).map(|own| settings(&settable, own, &chosen)).unwrap_or_default();
    Ok(Call { arguments: Arguments::from_arg_matches(&given)?, settings })
}

/// The matches at the end of a path; `None` for another command.
fn inner<'a>(matches: &'a ArgMatches, path: &[&str]) -> Option<&'a ArgMatches> {
    path.iter().try_fold(matches, |matches, name| {
        matches.subcommand().filter(|(found, _)| found == name).map(|(_, inner)| inner)
    })
}

/// Name of an option as a setting: that of its flag, behind the table where it has one.
fn name(arg: &Arg) -> String {
    if arg.get_id().as_str().contains('.') {
        return arg.get_id().to_string();
    }
    arg.get_long().map_or_else(|| arg.get_id().as_str().replace('_', "-"), str::to_owned)
}

/// The options of a command that are settings.
fn options_of<'c>(command: &'c Command, path: &'c [&str]) -> impl Iterator<Item = &'c Arg> {
    let is_setting = move |arg: &&Arg| {
        let name = name(arg);
        !OF_ONE_CALL.contains(&name.as_str()) && !OTHER_THINGS.contains(&(path, name.as_str()))
    };
    leaf(command, path).into_iter().flat_map(Command::get_arguments).filter(is_setting)
}

fn is_many(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// All settings that there are, by name: the option, and the first command that has it.
type Known = BTreeMap<String, (&'static [&'static str], Arg)>;

/// All settings that there are, over all commands.
fn known(command: &Command) -> Known {
    let mut known = BTreeMap::new();
    for path in CONFIGURED {
        for arg in options_of(command, path) {
            known.entry(name(arg)).or_insert_with(|| (path, arg.clone()));
        }
    }
    known
}

/// Of each option of the command the value that weighs most, by id. What excludes a weightier value falls away.
fn choose(
    options: &Command,
    settable: &[Arg],
    given: &ArgMatches,
    variables: BTreeMap<String, Value>,
    lines: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, LayerError> {
    let mut chosen = BTreeMap::new();
    for arg in settable {
        let (id, name) = (arg.get_id().as_str(), name(arg));
        let value = if given.value_source(id) == Some(ValueSource::CommandLine) {
            let values = given.get_raw(id).into_iter().flatten().map(ToOwned::to_owned).collect();
            Some(Value { values, origin: Origin::Flag })
        } else {
            variables.get(&name).or_else(|| lines.get(&name)).cloned()
        };
        if let Some(value) = value {
            chosen.insert(id.to_owned(), value);
        }
    }
    let weight = |origin: &Origin| match origin {
        Origin::Default => 0,
        Origin::File(..) => 1,
        Origin::Environment(_) => 2,
        Origin::Flag => 3,
    };
    let off = |value: &Value| value.values.iter().all(|value| value == "false");
    let mut dropped = BTreeSet::new();
    for arg in options.get_arguments() {
        for other in options.get_arg_conflicts_with(arg) {
            let ids = (arg.get_id().as_str(), other.get_id().as_str());
            let (Some(one), Some(two)) = (chosen.get(ids.0), chosen.get(ids.1)) else { continue };
            if off(one) || off(two) {
                continue;
            }
            match weight(&one.origin).cmp(&weight(&two.origin)) {
                std::cmp::Ordering::Less => dropped.insert(ids.0.to_owned()),
                std::cmp::Ordering::Greater => dropped.insert(ids.1.to_owned()),
                // Of two flags clap has told already.
                std::cmp::Ordering::Equal => {
                    return Err(LayerError::Wrong {
                        place: one.origin.place(),
                        reason: format!("`{}` excludes `{}` ({})", name(arg), name(other), two.origin.place()),
                    });
                }
            };
        }
    }
    chosen.retain(|id, _| !dropped.contains(id));
    Ok(chosen)
}

/// Whether an option takes these values; what is wrong with them in one line.
fn check(options: &Command, arg: &Arg, values: &[OsString]) -> Result<(), String> {
    let long = arg.get_long();
    // As flags, for clap takes defaults on trust.
    let arguments = values.iter().map(|value| match long {
        Some(long) => {
            let mut flag = OsString::from(format!("--{long}="));
            flag.push(value);
            flag
        }
        None => value.clone(),
    });
    let ends_flags = long.is_none().then(|| OsString::from("--"));
    let probe = options.clone().no_binary_name(true);
    let Err(error) = probe.try_get_matches_from(ends_flags.into_iter().chain(arguments)) else { return Ok(()) };
    let text = error.to_string();
    let lines =
        text.lines().map(str::trim).take_while(|line| !line.starts_with("For more") && !line.starts_with("Usage"));
    let words: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let words = words.join(" ");
    Err(words.strip_prefix("error: ").unwrap_or(&words).to_owned())
}

/// Every setting of a command as it is in force.
fn settings(settable: &[Arg], given: &ArgMatches, chosen: &BTreeMap<String, Value>) -> Vec<Setting> {
    let one = |arg: &Arg| {
        let id = arg.get_id().as_str();
        let switch = given.try_get_one::<bool>(id).ok().flatten();
        let values = match switch {
            Some(switch) => vec![switch.to_string()],
            None => {
                let raw = given.get_raw(id).into_iter().flatten();
                raw.map(|value| inputs::name(Path::new(value))).collect()
            }
        };
        let origin = chosen.get(id).map_or(Origin::Default, |value| value.origin.clone());
        Setting { name: name(arg), values, many: is_many(arg), origin }
    };
    settable.iter().map(one).collect()
}

/// Reads a settings file alone, and gives the call of `report` that it would make.
///
/// # Errors
/// When it is not right.
pub fn read_file_alone(file: &Path) -> Result<Call, LayerError> {
    let mut arguments: Vec<OsString> = ["sendeschluss", "report", "--config"].map(OsString::from).into();
    arguments.push(file.into());
    read(arguments, [])
}

/// The call of `report` that recorded settings make; rows of origin `case` and `input folder` come again by themselves.
///
/// # Errors
/// When this program does not take one of them.
pub fn read_recorded(rows: &[SettingRow]) -> Result<Arguments, LayerError> {
    let command = command();
    let known = known(&command);
    let mut arguments: Vec<OsString> = ["sendeschluss", "report"].map(OsString::from).into();
    for row in rows.iter().filter(|row| !matches!(row.origin.as_str(), "case" | "input folder")) {
        // Inputs are no option, and their files are found by name.
        let Some(arg) = known.get(&row.name).map(|(_, arg)| arg).filter(|arg| arg.get_long().is_some()) else {
            if row.name == "inputs" || row.name == "calendar" {
                continue;
            }
            return Err(LayerError::Wrong {
                place: row.name.clone(),
                reason: "this version of the program has no such setting".to_owned(),
            });
        };
        arguments.extend(row.value.texts().map(|text| format!("--{}={text}", name(arg)).into()));
    }
    Ok(Arguments::from_arg_matches(&command.try_get_matches_from(arguments)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_has_one_shape_in_all_commands() {
        let command = command();
        let known = known(&command);
        for path in CONFIGURED {
            for arg in options_of(&command, path) {
                let first = &known[&name(arg)].1;
                assert_eq!(
                    (is_many(arg), arg.get_value_hint()),
                    (is_many(first), first.get_value_hint()),
                    "{path:?} {arg}"
                );
            }
        }
        assert!(known.contains_key("inputs") && known.contains_key("with-messages") && !known.contains_key("config"));
    }
}
