//! Tables of other programs, read through the room that keeps connections. Nothing is written.

use std::collections::BTreeMap;
use std::str::FromStr;

use noontide_connections::Tables;
use noontide_domain::excerpt::excerpt;

use crate::exit::Stop;

/// Columns of tables.
///
/// # Errors
/// Failed: the database cannot be reached, or has no such tables; `hint` says what may be wrong.
pub async fn rows(from: &Tables, columns: &[&str], tables: &str, hint: &str) -> Result<Vec<Row>, Stop> {
    let rows = from.rows(columns, tables).await.map_err(|error| Stop::failed(format!("{error}; {hint}")))?;
    let named = |row: Vec<Option<String>>| columns.iter().map(|column| (*column).to_owned()).zip(row).collect();
    Ok(rows.into_iter().map(|row| Row(named(row))).collect())
}

/// A row: text under the name of its column, none for NULL.
#[derive(Debug, Default)]
pub struct Row(pub BTreeMap<String, Option<String>>);

impl Row {
    /// The text; none for NULL.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// The text of a column that has one.
    ///
    /// # Errors
    /// It is NULL.
    pub fn required(&self, column: &str) -> Result<&str, String> {
        self.text(column).ok_or_else(|| format!("{column} is NULL"))
    }

    /// A number; none for NULL.
    ///
    /// # Errors
    /// Quotes what is none.
    pub fn number<T: FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        let read = |text: &str| text.trim().parse().map_err(|_| format!("{column} is `{}`, no number", excerpt(text)));
        self.text(column).map(read).transpose()
    }

    /// A boolean, which SQLite and MariaDB have as a number.
    ///
    /// # Errors
    /// Quotes what is none.
    pub fn flag(&self, column: &str) -> Result<bool, String> {
        match self.required(column)? {
            "1" | "t" | "true" => Ok(true),
            "0" | "f" | "false" => Ok(false),
            other => Err(format!("{column} is `{}`, no boolean", excerpt(other))),
        }
    }
}
