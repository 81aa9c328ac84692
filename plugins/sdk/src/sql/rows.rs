//! What a query found.

use std::fmt;

use super::{FromValue, SqlError, Value};

/// What a query found: columns with names, and rows.
#[derive(Clone, PartialEq, Default)]
pub struct Rows {
    names: Vec<String>,
    type_names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'rows> {
    names: &'rows [String],
    values: &'rows [Value],
}

impl Rows {
    /// No row yet; for tests.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        Self { type_names: vec![String::new(); names.len()], names, rows: Vec::new() }
    }

    /// The same with one row more; for tests.
    ///
    /// # Panics
    /// The row is not as wide as the columns.
    #[must_use]
    pub fn with(mut self, row: impl Into<Vec<Value>>) -> Self {
        let row = row.into();
        assert_eq!(row.len(), self.names.len(), "a row as wide as the columns {:?}", self.names);
        self.rows.push(row);
        self
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn of(columns: impl Iterator<Item = (String, String)>, rows: Vec<Vec<Value>>) -> Self {
        let (names, type_names) = columns.unzip();
        Self { names, type_names, rows }
    }

    /// The columns, in the order of the statement.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// The type of each column, as the database calls it.
    pub fn type_names(&self) -> &[String] {
        &self.type_names
    }

    /// The rows, in the order of the database.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row { names: &self.names, values })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The first, if there is one.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }

    /// The one row there must be, as of an aggregate.
    pub fn only(&self) -> Result<Row<'_>, SqlError> {
        match self.rows.len() {
            1 => self.iter().next().ok_or_else(|| SqlError::Mismatch("no row".to_owned())),
            count => Err(SqlError::Mismatch(format!("exactly one row is expected, the statement gave {count}"))),
        }
    }
}

impl<'rows> Row<'rows> {
    /// The value of a column as a Rust type: `i64`, `f64`, `bool`, `String`, `Vec<u8>`, `DateTime<Utc>`, [`Value`], or an
    /// `Option` of one. Upper and lower case of the name count only if two columns differ by nothing else.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, SqlError> {
        let value = self.value(column)?;
        T::from_value(value).ok_or_else(|| {
            let kind = value.kind();
            SqlError::Mismatch(format!("column `{column}`: {} is expected, it is {kind}", T::EXPECTED))
        })
    }

    /// The value of a column as it came.
    pub fn value(&self, column: &str) -> Result<&'rows Value, SqlError> {
        let exact = self.names.iter().position(|name| name == column);
        let position = exact.or_else(|| self.names.iter().position(|name| name.eq_ignore_ascii_case(column)));
        position.and_then(|position| self.values.get(position)).ok_or_else(|| {
            SqlError::Mismatch(format!("there is no column `{column}`, there are: {}", self.names.join(", ")))
        })
    }

    /// All values, in the order of the columns.
    pub fn values(&self) -> &'rows [Value] {
        self.values
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names.iter().zip(self.values)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    #[test]
    fn a_column_that_is_missing_or_of_another_type_is_named() {
        let rows = Rows::new(["id", "Name"]).with(params![1, "a"]);
        let row = rows.only().unwrap();
        assert_eq!(row.get::<String>("name").as_deref(), Ok("a"));
        let missing = row.get::<i64>("nam").unwrap_err().to_string();
        assert_eq!(missing, "there is no column `nam`, there are: id, Name");
        let other = row.get::<Vec<u8>>("id").unwrap_err().to_string();
        assert_eq!(other, "column `id`: bytes is expected, it is an integer");
    }

    #[test]
    fn null_is_an_option_and_nothing_else() {
        let rows = Rows::new(["n"]).with(params![Value::Null]);
        assert_eq!(rows.first().unwrap().get::<Option<i64>>("n"), Ok(None));
        assert!(rows.first().unwrap().get::<i64>("n").is_err());
        assert!(Rows::new(["n"]).only().is_err());
    }
}
