//! SQL databases, each by the name that the operator gave it.

mod error;
mod rows;
mod value;

use std::fmt;

use crate::host::Host;

pub use error::SqlError;
pub use rows::{Row, Rows};
pub use value::{FromValue, Value};

/// A SQL connection of the host. Gotten by [`Call::sql`](crate::Call::sql); whether it is granted shows at the first use.
///
/// ```
/// use noontide_sdk::{Call, Failure, params, sql::{Dialect, Rows}};
///
/// fn late(call: &Call, days: i64) -> Result<Vec<String>, Failure> {
///     let rows = call.sql("shop").query("select name from orders where age > ?", params![days])?;
///     Ok(rows.iter().map(|row| row.get("name")).collect::<Result<_, _>>()?)
/// }
///
/// let call = Call::test()
///     .sql_granted("shop", Dialect::Sqlite)
///     .sql_answer("shop", "from orders", Rows::new(["name"]).with(params!["a lamp"]));
/// assert_eq!(late(&call, 3), Ok(vec!["a lamp".to_owned()]));
/// ```
#[derive(Clone, Copy)]
pub struct Sql<'call> {
    connection: &'call str,
    host: &'call dyn Host,
}

/// Which SQL a connection speaks. MariaDB is [`Dialect::Mysql`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
}

/// One statement with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Exactly one statement.
    pub text: String,
    /// What stands for `?` (SQLite, MySQL) or `$1` (PostgreSQL, SQLite).
    pub parameters: Vec<Value>,
}

impl Statement {
    /// A statement; see [`params!`](crate::params).
    pub fn new(text: impl Into<String>, parameters: impl Into<Vec<Value>>) -> Self {
        Self { text: text.into(), parameters: parameters.into() }
    }
}

impl<'call> Sql<'call> {
    pub(crate) fn of(connection: &'call str, host: &'call dyn Host) -> Self {
        Self { connection, host }
    }

    /// Which SQL to write.
    pub fn dialect(&self) -> Result<Dialect, SqlError> {
        self.host.sql_dialect(self.connection)
    }

    /// Reads, and only reads, whatever is granted: one statement, exactly as wide and long as the database answers, or
    /// [`SqlError::TooLarge`].
    pub fn query(&self, text: &str, parameters: impl Into<Vec<Value>>) -> Result<Rows, SqlError> {
        self.host.sql_query(self.connection, Statement::new(text, parameters))
    }

    /// Writes by one statement; gives how many rows it has changed. Needs a grant to write.
    pub fn execute(&self, text: &str, parameters: impl Into<Vec<Value>>) -> Result<u64, SqlError> {
        Ok(self.execute_all([Statement::new(text, parameters)])?.first().copied().unwrap_or(0))
    }

    /// Writes by several statements in one transaction: all of them hold, or none. Gives how many rows each has changed.
    pub fn execute_all(&self, statements: impl IntoIterator<Item = Statement>) -> Result<Vec<u64>, SqlError> {
        self.host.sql_execute(self.connection, statements.into_iter().collect())
    }
}

impl fmt::Debug for Sql<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sql").field(&self.connection).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, params};

    #[test]
    fn a_connection_that_is_not_granted_says_what_to_write_where() {
        let refused = Call::test().sql("shop").query("select 1", params![]).unwrap_err();
        assert_eq!(refused, SqlError::NotGranted { connection: "shop".into() });
        assert!(refused.to_string().contains("sql = [\"shop\"]"), "{refused}");
    }

    #[test]
    fn a_statement_gets_the_first_answer_whose_words_it_holds() {
        let call = Call::test()
            .sql_granted("shop", Dialect::Postgresql)
            .sql_answer("shop", "from orders", Rows::new(["n"]).with(params![7]))
            .sql_fails("shop", "from nowhere", SqlError::TimedOut { after: std::time::Duration::from_secs(30) });
        let shop = call.sql("shop");
        assert_eq!(shop.dialect(), Ok(Dialect::Postgresql));
        let rows = shop.query("select count(*) as n\n  from  orders where id > $1", params![3_i64]).unwrap();
        assert_eq!(rows.only().unwrap().get::<i64>("n"), Ok(7));
        assert!(matches!(shop.query("select 1 from nowhere", params![]), Err(SqlError::TimedOut { .. })));
        let unknown = shop.query("select 2", params![]).unwrap_err();
        assert!(unknown.to_string().contains("sql_answer"), "{unknown}");
        assert_eq!(call.statements("shop")[0].parameters, params![3]);
    }

    #[test]
    fn writing_needs_a_grant_to_write() {
        let call = Call::test().sql_granted("shop", Dialect::Mysql);
        let shop = call.sql("shop");
        assert_eq!(
            shop.execute("delete from orders", params![]),
            Err(SqlError::ReadOnly { connection: "shop".into() })
        );

        let call = Call::test().sql_writable("shop", Dialect::Mysql).sql_changes("shop", "delete from orders", 4);
        assert_eq!(call.sql("shop").execute("DELETE FROM orders", params![]), Ok(4));
    }
}
