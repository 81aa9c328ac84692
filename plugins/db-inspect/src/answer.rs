//! Reading what a server answered, and why it did not.

use noontide_sdk::sql::{Row, SqlError, Value};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This database is not there for us, and asking again would not help.
    Closed(String),
    /// This database is not there now.
    Away(String),
    /// This statement was refused; the next one may be answered.
    Refused(String),
    /// The answer was over a bound of the connection, such as its time.
    Unanswered(String),
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        let said = error.to_string();
        match error {
            SqlError::NotGranted { .. } => Self::Closed(said),
            SqlError::Unavailable(_) => Self::Away(said),
            SqlError::Refused { message, .. } => Self::Refused(message),
            _ => Self::Unanswered(said),
        }
    }
}

impl Trouble {
    pub fn reason(&self) -> &str {
        match self {
            Self::Closed(reason) | Self::Away(reason) | Self::Refused(reason) | Self::Unanswered(reason) => reason,
        }
    }
}

/// Columns as checks read them: what is not there is empty, and numbers are numbers however a server writes them.
pub trait Reads {
    /// As text; empty where it is null or there is no such column.
    fn text(&self, column: &str) -> String;

    /// As a number, if it is one.
    fn number(&self, column: &str) -> Option<f64>;

    /// Whether a yes-or-no column says yes.
    fn is_true(&self, column: &str) -> bool {
        matches!(self.text(column).to_lowercase().as_str(), "1" | "t" | "true" | "on" | "yes")
    }
}

impl Reads for Row<'_> {
    fn text(&self, column: &str) -> String {
        match self.get(column) {
            Ok(Value::Text(text)) => text.trim().to_owned(),
            // MariaDB calls some of its own texts bytes.
            Ok(Value::Bytes(bytes)) => String::from_utf8_lossy(&bytes).trim().to_owned(),
            Ok(Value::Integer(number)) => number.to_string(),
            Ok(Value::Float(number)) => number.to_string(),
            Ok(Value::Boolean(yes)) => yes.to_string(),
            Ok(Value::Instant(at)) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            Ok(Value::Null) | Err(_) => String::new(),
        }
    }

    fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use noontide_sdk::params;
    use noontide_sdk::sql::Rows;

    use super::*;

    #[test]
    fn a_row_is_read_whatever_its_case_and_form() {
        let rows = Rows::new(["SUBJECT", "value", "flag", "gone"]).with(params![" a ", "12.50", 1, None::<i64>]);
        let row = rows.first().unwrap();
        assert_eq!((row.text("subject"), row.number("value")), ("a".to_owned(), Some(12.5)));
        assert_eq!((row.is_true("flag"), row.text("gone"), row.number("gone")), (true, String::new(), None));
        assert_eq!(row.text("no such"), "");
    }
}
