//! The door to databases outside.

use std::time::Duration;

use async_trait::async_trait;

use crate::{KvAnswer, KvCommand, KvError, SqlDialect, SqlError, SqlRows, SqlStatement};

/// Databases by the names the operator gave them. Who may use which is asked before; `left` is what the caller has, and a
/// statement that outlives it is stopped, whether or not somebody still waits for the answer.
#[async_trait]
pub trait Connections: Send + Sync {
    /// Which SQL a connection speaks. Asks nobody.
    ///
    /// # Errors
    /// There is no such connection, or it speaks no SQL.
    fn dialect(&self, name: &str) -> Result<SqlDialect, SqlError>;

    /// Reads by one statement, in a transaction that cannot write.
    async fn query(&self, name: &str, statement: SqlStatement, left: Duration) -> Result<SqlRows, SqlError>;

    /// Writes by statements in one transaction: all hold, or none. Gives the rows each has changed.
    async fn execute(&self, name: &str, statements: Vec<SqlStatement>, left: Duration) -> Result<Vec<u64>, SqlError>;

    /// Gives Redis one command.
    async fn kv(&self, name: &str, command: KvCommand, left: Duration) -> Result<KvAnswer, KvError>;
}
