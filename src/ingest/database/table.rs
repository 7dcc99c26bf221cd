//! Reads rows of known tables whatever the version of their application: columns that a version lacks read as nothing.
//! Here is what is asked for (`Select`), what came back (`Row`) and its canonical text, over which a record is hashed.
//! What the columns mean is said in the files beside this one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Rows, Statement};

use super::DatabaseError;

/// Tables of a database with their columns, all in the spelling of the schema.
#[derive(Debug, Default)]
pub struct Schema(BTreeMap<String, BTreeSet<String>>);

impl Schema {
    /// Asks the database.
    ///
    /// # Errors
    /// When its schema cannot be read.
    pub fn of(connection: &Connection) -> Result<Self, DatabaseError> {
        let mut tables = BTreeMap::new();
        let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
        let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        for name in names {
            // Virtual tables of modules that are not here cannot be asked; they hold no messages.
            let found = columns.query_map([&name], |row| row.get(0)).and_then(Iterator::collect);
            tables.insert(name, found.unwrap_or_default());
        }
        Ok(Self(tables))
    }

    /// Whether a table has a column.
    #[must_use]
    pub fn has(&self, table: &str, column: &str) -> bool {
        self.0.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Names of the tables.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A column asked for: the name it gets here, where it stands (`m.status`), and whether nothing can be read without.
#[derive(Clone, Copy, Debug)]
pub struct Want(pub &'static str, pub &'static str, pub Need);

/// Whether a column must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Without it the table cannot be read.
    Must,
    /// Some versions lack it.
    May,
}

/// A table joined by a key of its own, so that it adds at most one row: alias, table, `its.column = known.column`.
#[derive(Clone, Copy, Debug)]
pub struct Join(pub &'static str, pub &'static str, pub &'static str);

/// What is asked of one table.
#[derive(Clone, Copy, Debug)]
pub struct Select {
    /// The table that holds the records.
    pub table: &'static str,
    /// Its alias.
    pub alias: &'static str,
    /// Tables beside it, in an order in which each knows the ones before.
    pub joins: &'static [Join],
    /// The columns; the first is the key by which rows are ordered.
    pub wants: &'static [Want],
}

impl Select {
    /// The SQL text and the names of its columns, for the version at hand.
    ///
    /// # Errors
    /// When a necessary column is missing.
    pub fn build(&self, schema: &Schema) -> Result<(String, Vec<&'static str>), DatabaseError> {
        let mut known: Vec<(&str, &str)> = vec![(self.alias, self.table)];
        let mut from = format!("\"{}\" AS {}", self.table, self.alias);
        let has = |known: &[(&str, &str)], place: &str| {
            let Some((alias, column)) = place.split_once('.') else { return false };
            known.iter().any(|(name, table)| *name == alias && schema.has(table, column))
        };
        for Join(alias, table, on) in self.joins {
            known.push((alias, table));
            let there = on.split_once(" = ").is_some_and(|(left, right)| has(&known, left) && has(&known, right));
            if there {
                from.push_str(&format!(" LEFT JOIN \"{table}\" AS {alias} ON {on}"));
            } else {
                known.pop();
            }
        }
        let (mut columns, mut names) = (Vec::new(), Vec::new());
        for Want(name, place, need) in self.wants {
            if has(&known, place) {
                columns.push(*place);
                names.push(*name);
            } else if *need == Need::Must {
                let column = place.split_once('.').map_or(*place, |(_, column)| column);
                return Err(DatabaseError::Column { table: self.table, column });
            }
        }
        let order = columns.first().copied().unwrap_or("rowid");
        Ok((format!("SELECT {} FROM {from} ORDER BY {order}", columns.join(", ")), names))
    }
}

/// One row, by the names that the `Select` gave its columns.
#[derive(Clone, Debug, Default)]
pub struct Row(pub Vec<(&'static str, Value)>);

impl Row {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A whole number.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Integer(number) => Some(*number),
            Value::Real(number) if number.is_finite() => Some(*number as i64),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A number with decimals.
    #[must_use]
    pub fn real(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Integer(number) => Some(*number as f64),
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// A text; empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> Cow<'_, str> {
        match self.value(name) {
            Some(Value::Text(text)) => Cow::Borrowed(text),
            Some(Value::Integer(number)) => Cow::Owned(number.to_string()),
            Some(Value::Real(number)) => Cow::Owned(number.to_string()),
            _ => Cow::Borrowed(""),
        }
    }

    /// Whether the column is there and holds something.
    #[must_use]
    pub fn is_filled(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| *value != Value::Null)
    }

    /// Appends the row as a JSON object: columns in the order of the `Select`, empty ones left out, blobs as hex digits.
    pub fn write_canonical(&self, line: &mut String) {
        line.push('{');
        let mut first = true;
        for (name, value) in &self.0 {
            let text = match value {
                Value::Null => continue,
                Value::Integer(number) => number.to_string(),
                Value::Real(number) => format!("{number:?}"),
                Value::Text(text) => serde_json::Value::String(text.clone()).to_string(),
                Value::Blob(bytes) => format!("\"{}\"", crate::hash::hex(bytes)),
            };
            if !first {
                line.push(',');
            }
            first = false;
            line.push('"');
            line.push_str(name);
            line.push_str("\":");
            line.push_str(&text);
        }
        line.push('}');
    }
}

/// A prepared `Select`.
#[derive(Debug)]
pub struct Prepared<'c> {
    statement: Statement<'c>,
    names: Vec<&'static str>,
}

impl<'c> Prepared<'c> {
    /// Prepares a `Select` for the version at hand.
    ///
    /// # Errors
    /// When a necessary column is missing, or the database is damaged.
    pub fn new(connection: &'c Connection, schema: &Schema, select: &Select) -> Result<Self, DatabaseError> {
        let (sql, names) = select.build(schema)?;
        Ok(Self { statement: connection.prepare(&sql)?, names })
    }

    /// Whether a column of this name is there.
    #[must_use]
    pub fn asks(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// Begins to read.
    ///
    /// # Errors
    /// When the database is damaged.
    pub fn cursor(&mut self) -> Result<Cursor<'_>, DatabaseError> {
        Ok(Cursor { rows: self.statement.query([])?, names: &self.names, next: None })
    }
}

/// Rows of a `Select`, one after another.
pub struct Cursor<'p> {
    rows: Rows<'p>,
    names: &'p [&'static str],
    next: Option<Row>,
}

impl Cursor<'_> {
    /// The next row.
    ///
    /// # Errors
    /// When the database is damaged.
    pub fn step(&mut self) -> Result<Option<Row>, DatabaseError> {
        if let Some(row) = self.next.take() {
            return Ok(Some(row));
        }
        let Some(row) = self.rows.next()? else { return Ok(None) };
        let mut values = Vec::with_capacity(self.names.len());
        for (index, name) in self.names.iter().enumerate() {
            // Text that is no UTF-8 is shown with marks in its place rather than losing the row.
            let value = match row.get_ref(index)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            };
            values.push((*name, value));
        }
        Ok(Some(Row(values)))
    }

    /// All rows whose key is `key`, given that keys are asked for in ascending order.
    ///
    /// # Errors
    /// When the database is damaged.
    pub fn with_key(&mut self, name: &str, key: i64) -> Result<Vec<Row>, DatabaseError> {
        let mut found = Vec::new();
        while let Some(row) = self.step()? {
            match row.int(name) {
                Some(other) if other > key => {
                    self.next = Some(row);
                    break;
                }
                Some(other) if other == key => found.push(row),
                _ => {}
            }
        }
        Ok(found)
    }
}
