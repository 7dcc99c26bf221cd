//! What the environment and the settings file say: each value with its place, checked to be of a setting that there is.
//! Whether a value is one that its option takes, and which of two weighs more, is settled in `layers`.
//! Nothing but our own variables is looked at.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Known, LayerError, Origin, TABLES, is_many};
use crate::case::explain;
use crate::ingest::inputs::STDIN;

/// Name of the settings file.
const FILE: &str = "sendeschluss.toml";
/// What variables begin with.
const PREFIX: &str = "SENDESCHLUSS_";
/// Variables of this name that are no settings: of the build, and of the project's tests.
const NO_SETTINGS: [&str; 3] = ["SENDESCHLUSS_COMMIT", "SENDESCHLUSS_SAMPLES", super::super::run::NOW];
/// Values that a layer gives.
#[derive(Clone, Debug)]
pub struct Value {
    /// As they would stand behind a flag.
    pub values: Vec<OsString>,
    /// Where they came from.
    pub origin: Origin,
}

/// Our variables by name of setting. An empty one counts as not there.
///
/// # Errors
/// When one of ours is no setting.
pub fn variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    known: &Known,
) -> Result<BTreeMap<String, Value>, LayerError> {
    let mut found = BTreeMap::new();
    // In order of names, so that of several wrong ones the same is told every time.
    for (variable_name, value) in environment.into_iter().collect::<BTreeMap<_, _>>() {
        let Some(place) = variable_name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        if NO_SETTINGS.contains(&place) {
            continue;
        }
        // A variable has one mark for the blanks of a name and for the dot behind a table.
        let named = known.keys().find(|name| variable(name) == place).cloned();
        let name =
            named.unwrap_or_else(|| place.get(PREFIX.len()..).unwrap_or_default().to_lowercase().replace('_', "-"));
        // Upper case throughout: on Unix another spelling is another variable, and would be lost.
        let arg = known.get(&name).map(|(_, arg)| arg).filter(|_| variable(&name) == place);
        if arg.is_none() && place != variable("config") {
            let names = known.keys().map(String::as_str).chain(["config"]);
            return Err(LayerError::Wrong {
                place: place.to_owned(),
                reason: format!("there is no setting of this name{}", hint(&name, names, variable)),
            });
        }
        if value.is_empty() {
            continue;
        }
        // Several paths stand in one variable as they do in PATH.
        let is_paths = arg.is_some_and(|arg| is_many(arg) && arg.get_value_hint() == ValueHint::AnyPath);
        let values = if is_paths {
            std::env::split_paths(&value).map(PathBuf::into_os_string).filter(|path| !path.is_empty()).collect()
        } else {
            vec![value]
        };
        found.insert(name, Value { values, origin: Origin::Environment(place.to_owned()) });
    }
    Ok(found)
}

/// The settings file: the one named, else that of the working folder, else that of the user.
#[must_use]
pub fn settings_file(named: Option<&PathBuf>, variables: &BTreeMap<String, Value>) -> Option<PathBuf> {
    let from_variable = variables.get("config").and_then(|value| value.values.first()).map(PathBuf::from);
    if let Some(file) = named.cloned().or(from_variable) {
        return Some(file);
    }
    let of_user = super::super::formats::configuration_folder().map(|folder| folder.join(FILE));
    [Some(PathBuf::from(FILE)), of_user].into_iter().flatten().find(|file| file.exists())
}

/// What a settings file says, by name of setting.
///
/// # Errors
/// When it cannot be read or is not right.
pub fn read_file(file: &Path, known: &Known) -> Result<BTreeMap<String, Value>, LayerError> {
    let shown = file.display().to_string();
    let text =
        std::fs::read_to_string(file).map_err(|source| LayerError::Unreadable { file: shown.clone(), source })?;
    let table = DeTable::parse(&text)
        .map_err(|error| LayerError::Wrong { place: shown.clone(), reason: explain(&error).trim_end().to_owned() })?;
    let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let mut found = BTreeMap::new();
    for Line { start, table, key, value } in lines(table.get_ref()) {
        let line = line_of(start);
        let wrong = |reason: String| LayerError::Wrong { place: format!("{shown}:{line}"), reason };
        let name = &table.map_or_else(|| key.to_owned(), |table| format!("{table}.{key}"));
        let Some((_, arg)) = known.get(name) else { return Err(wrong(unknown(table, key, known))) };
        let mut values = match value.get_ref() {
            DeValue::Array(_) if !is_many(arg) => return Err(wrong(format!("`{name}` takes one value, not a list"))),
            DeValue::Array(values) => {
                let texts: Option<Vec<String>> = values.iter().map(|value| text_of(value.get_ref())).collect();
                texts.ok_or_else(|| wrong(format!("`{name}` takes a list of texts")))?
            }
            value => {
                let what = if is_many(arg) { "a text, or a list of texts" } else { "one value" };
                vec![text_of(value).ok_or_else(|| wrong(format!("`{name}` takes {what}")))?]
            }
        };
        if arg.get_value_hint() == ValueHint::AnyPath {
            // Paths count from where the file lies, wherever the program is called.
            let home = file.parent().unwrap_or(Path::new(""));
            for path in &mut values {
                if path != STDIN {
                    *path = home.join(&*path).to_string_lossy().into_owned();
                }
            }
        }
        let values = values.into_iter().map(OsString::from).collect();
        found.insert(name.to_owned(), Value { values, origin: Origin::File(file.to_owned(), line) });
    }
    Ok(found)
}

/// A key of the file with its value.
struct Line<'f> {
    start: usize,
    table: Option<&'static str>,
    key: &'f str,
    value: &'f Spanned<DeValue<'f>>,
}

/// The keys in their order, those of our tables among them.
fn lines<'f>(file: &'f DeTable<'f>) -> Vec<Line<'f>> {
    let mut lines = Vec::new();
    for (key, value) in file {
        let table = TABLES.into_iter().find(|table| key.get_ref() == table);
        match (table, value.get_ref()) {
            (Some(_), DeValue::Table(inner)) => lines.extend(inner.iter().map(|(key, value)| Line {
                start: key.span().start,
                table,
                key: key.get_ref(),
                value,
            })),
            _ => lines.push(Line { start: key.span().start, table: None, key: key.get_ref(), value }),
        }
    }
    lines.sort_by_key(|line| line.start);
    lines
}

/// What is wrong with a key that is no setting where it stands.
fn unknown(table: Option<&str>, key: &str, known: &Known) -> String {
    let like = key.replace('_', "-");
    match table {
        None => {
            let of_table = TABLES.into_iter().find(|table| known.contains_key(&format!("{table}.{like}")));
            match of_table {
                Some(table) => format!("`{key}` is no setting; it stands in the table [{table}]"),
                None => {
                    let above = known.keys().map(String::as_str).filter(|name| !name.contains('.'));
                    let near = hint(&like, above, str::to_owned);
                    format!("`{key}` is no setting{near}")
                }
            }
        }
        Some(table) if known.contains_key(&like) => {
            format!("`{key}` is no setting of [{table}]; it stands above all tables")
        }
        Some(table) => {
            let own = known.keys().filter_map(|name| name.strip_prefix(table)?.strip_prefix('.'));
            format!("`{key}` is no setting of [{table}]{}", hint(&like, own, str::to_owned))
        }
    }
}

/// A plain value as it would stand behind a flag.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(at) => Some(at.to_string()),
        DeValue::Float(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// ` did you mean …?`, where one of the names is near.
fn hint<'a>(wrong: &str, known: impl Iterator<Item = &'a str>, shown: impl Fn(&str) -> String) -> String {
    let near = known.map(|name| (strsim::jaro_winkler(wrong, name), name));
    match near.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((likeness, name)) if likeness > 0.7 => format!("; did you mean `{}`?", shown(name)),
        _ => String::new(),
    }
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace(['-', '.'], "_").to_uppercase())
}
