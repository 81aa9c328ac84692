//! Values that know where they were written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In a file; line and column from 1.
    File { path: Arc<PathBuf>, line: usize, column: usize },
    /// In a variable of the environment, or on the command line: its name.
    Outside(String),
}

impl Default for Place {
    fn default() -> Self {
        Place::Outside("configuration".to_owned())
    }
}

impl Place {
    /// The folder that relative paths are relative to.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Place::File { path, .. } => path.parent(),
            Place::Outside(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Place::Outside(name) => f.write_str(name),
        }
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// A TOML value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// As written.
    Datetime(String),
    /// As written: a number that neither an `i64` nor JSON can carry.
    Unreadable(String),
    Array(Vec<Node>),
    Table(Table),
}

/// A table: for each key its place and its value.
pub(crate) type Table = BTreeMap<String, (Place, Node)>;

impl Value {
    /// With its article, for sentences.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Datetime(_) => "a date",
            Value::Unreadable(_) => "a number that nothing can work with",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Lays `upper` over `lower`: tables merge by key, anything else replaces.
pub(crate) fn lay_over(lower: &mut Table, upper: Table) {
    for (key, (place, node)) in upper {
        match (lower.get_mut(&key), node) {
            (Some((_, Node { value: Value::Table(below), .. })), Node { value: Value::Table(above), .. }) => {
                lay_over(below, above);
            }
            (_, node) => {
                lower.insert(key, (place, node));
            }
        }
    }
}

impl Node {
    /// The same value, as if written at `place`.
    pub(crate) fn at(self, place: &Place) -> Node {
        let value = match self.value {
            Value::Array(nodes) => Value::Array(nodes.into_iter().map(|node| node.at(place)).collect()),
            Value::Table(table) => {
                Value::Table(table.into_iter().map(|(key, (_, node))| (key, (place.clone(), node.at(place)))).collect())
            }
            plain => plain,
        };
        Node { place: place.clone(), value }
    }
}

/// A text with its lines, so that an offset becomes line and column.
pub(crate) struct Source<'a> {
    path: Arc<PathBuf>,
    text: &'a str,
    /// Where each line begins. Every key asks for its place: counting from the top each time would make a file of a
    /// thousand schedules a matter of seconds.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(path: &Path, text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
        Self { path: Arc::new(path.to_owned()), text, lines }
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        let column = self.text.get(start..offset).unwrap_or_default().chars().count() + 1;
        Place::File { path: Arc::clone(&self.path), line, column }
    }

    pub(crate) fn table(&self, table: &DeTable<'_>) -> Table {
        let read = table.iter();
        read.map(|(key, node)| (key.get_ref().to_string(), (self.place(key.span().start), self.node(node)))).collect()
    }

    fn node(&self, node: &Spanned<DeValue<'_>>) -> Node {
        let unreadable = |digits: &str| Value::Unreadable(digits.to_owned());
        let value = match node.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(value) => Value::Datetime(value.to_string()),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or_else(|_| unreadable(digits.as_str()), Value::Integer),
            DeValue::Float(digits) => match digits.as_str().parse::<f64>() {
                Ok(value) if value.is_finite() => Value::Float(value),
                _ => unreadable(digits.as_str()),
            },
            DeValue::Array(nodes) => Value::Array(nodes.iter().map(|node| self.node(node)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { place: self.place(node.span().start), value }
    }
}
