//! Databases that answer by script.

use std::collections::BTreeMap;

use super::TestCall;
use crate::sql::{Dialect, Rows, SqlError, Statement};

/// A database of a test: what it answers, and what it was asked.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) dialect: Dialect,
    pub(super) writable: bool,
    answers: Vec<(String, Result<Answer, SqlError>)>,
    asked: Vec<Statement>,
}

#[derive(Debug, Clone)]
enum Answer {
    Rows(Rows),
    Changes(u64),
}

pub(super) type Scripts = BTreeMap<String, Script>;

/// What its databases answer.
impl TestCall {
    /// A SQL connection that is granted for reading.
    #[must_use]
    pub fn sql_granted(self, connection: &str, dialect: Dialect) -> Self {
        self.sql_script(connection, dialect, false)
    }

    /// A SQL connection that is granted for reading and writing.
    #[must_use]
    pub fn sql_writable(self, connection: &str, dialect: Dialect) -> Self {
        self.sql_script(connection, dialect, true)
    }

    /// A query that holds these words finds these rows. Case and white space do not count; of several that fit, the first
    /// that was given answers.
    ///
    /// # Panics
    /// The connection is not granted.
    #[must_use]
    pub fn sql_answer(self, connection: &str, words: &str, rows: Rows) -> Self {
        self.sql_scripted(connection, words, Ok(Answer::Rows(rows)))
    }

    /// A statement of `execute` that holds these words changes so many rows.
    ///
    /// # Panics
    /// The connection is not granted.
    #[must_use]
    pub fn sql_changes(self, connection: &str, words: &str, rows: u64) -> Self {
        self.sql_scripted(connection, words, Ok(Answer::Changes(rows)))
    }

    /// A statement that holds these words fails.
    ///
    /// # Panics
    /// The connection is not granted.
    #[must_use]
    pub fn sql_fails(self, connection: &str, words: &str, error: SqlError) -> Self {
        self.sql_scripted(connection, words, Err(error))
    }

    /// The statements that a connection was asked, in order.
    pub fn statements(&self, connection: &str) -> Vec<Statement> {
        self.recording.sql.borrow().get(connection).map(|script| script.asked.clone()).unwrap_or_default()
    }

    fn sql_script(self, connection: &str, dialect: Dialect, writable: bool) -> Self {
        let script = Script { dialect, writable, answers: Vec::new(), asked: Vec::new() };
        self.recording.sql.borrow_mut().insert(connection.to_owned(), script);
        self
    }

    fn sql_scripted(self, connection: &str, words: &str, answer: Result<Answer, SqlError>) -> Self {
        let mut scripts = self.recording.sql.borrow_mut();
        let Some(script) = scripts.get_mut(connection) else { panic!("connection `{connection}` is not granted") };
        script.answers.push((folded(words), answer));
        drop(scripts);
        self
    }
}

impl Script {
    pub(super) fn query(&mut self, statement: Statement) -> Result<Rows, SqlError> {
        match self.answer(statement)? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Changes(_) => Err(no_answer("this is a query, and the script has changes for it")),
        }
    }

    pub(super) fn execute(&mut self, statements: Vec<Statement>) -> Result<Vec<u64>, SqlError> {
        statements.into_iter().map(|statement| self.changes(statement)).collect()
    }

    fn changes(&mut self, statement: Statement) -> Result<u64, SqlError> {
        match self.answer(statement)? {
            Answer::Changes(rows) => Ok(rows),
            Answer::Rows(_) => Err(no_answer("this is no query, and the script has rows for it")),
        }
    }

    fn answer(&mut self, statement: Statement) -> Result<Answer, SqlError> {
        let text = folded(&statement.text);
        self.asked.push(statement);
        let fitting = self.answers.iter().find(|(words, _)| text.contains(words.as_str()));
        fitting.map_or_else(|| Err(no_answer(&text)), |(_, answer)| answer.clone())
    }
}

fn no_answer(to: &str) -> SqlError {
    let message = format!("the test has no answer (`sql_answer`, `sql_changes`, `sql_fails`) to: {to}");
    SqlError::Refused { code: String::new(), message }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
