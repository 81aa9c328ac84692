//! Databases by name. It follows the configuration: what has not changed keeps its connections.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::ports::Connections;
use noontide_domain::{
    Connection, ConnectionKind, ConnectionName, KvAnswer, KvCommand, KvError, SqlDialect, SqlError, SqlRows,
    SqlStatement,
};

use crate::database::Database;
use crate::kv::Redis;

/// All databases of a host.
#[derive(Default)]
pub struct Databases {
    entries: RwLock<BTreeMap<String, Entry>>,
}

#[derive(Clone)]
enum Entry {
    Sql(Arc<Database>),
    Kv(Arc<Redis>),
    /// Its address cannot be read.
    Faulty(Connection, String),
}

impl Databases {
    /// Makes the databases those of `connections`. What is there as before keeps its connections; what has left or changed
    /// is closed as soon as nobody uses it. Call it within the runtime that the connections shall belong to.
    pub fn follow(&self, connections: &BTreeMap<ConnectionName, Connection>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *entries);
        for (name, connection) in connections {
            let kept = before.remove(name.as_str()).filter(|entry| entry.connection() == connection);
            let entry = kept.unwrap_or_else(|| Entry::open(connection.clone()));
            if let Entry::Faulty(_, reason) = &entry {
                tracing::warn!(connection = %name, "{reason}");
            }
            entries.insert(name.as_str().to_owned(), entry);
        }
    }

    /// Of each SQL database, by name: how many connections statements use right now, and how many they may.
    pub fn in_use(&self) -> Vec<(String, u32, u32)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let in_use = |(name, entry): (&String, &Entry)| match entry {
            Entry::Sql(database) => {
                let (in_use, most) = database.in_use();
                Some((name.clone(), in_use, most))
            }
            Entry::Kv(_) | Entry::Faulty(..) => None,
        };
        entries.iter().filter_map(in_use).collect()
    }

    /// Closes what is idle.
    pub async fn close(&self) {
        let entries = std::mem::take(&mut *self.entries.write().unwrap_or_else(PoisonError::into_inner));
        for entry in entries.into_values() {
            if let Entry::Sql(database) = entry {
                database.close().await;
            }
        }
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn sql(&self, name: &str) -> Result<Arc<Database>, SqlError> {
        match self.entry(name) {
            Some(Entry::Sql(database)) => Ok(database),
            Some(Entry::Faulty(_, reason)) => Err(SqlError::Unavailable(reason)),
            _ => Err(SqlError::Unavailable(missing(name, "SQL"))),
        }
    }

    fn redis(&self, name: &str) -> Result<Arc<Redis>, KvError> {
        match self.entry(name) {
            Some(Entry::Kv(redis)) => Ok(redis),
            Some(Entry::Faulty(_, reason)) => Err(KvError::Unavailable(reason)),
            _ => Err(KvError::Unavailable(missing(name, "Redis"))),
        }
    }
}

/// What is granted was there when the grant was read.
fn missing(name: &str, what: &str) -> String {
    format!("there is no {what} database [connection.{name}], or its table has a mistake: see `noontide check`")
}

impl Entry {
    fn open(connection: Connection) -> Self {
        let faulty = |reason: String| Entry::Faulty(connection.clone(), format!("its url cannot be used: {reason}"));
        match connection.kind {
            ConnectionKind::Sql(_) => Database::open(connection.clone())
                .map_or_else(|error| faulty(error.to_string()), |database| Entry::Sql(Arc::new(database))),
            ConnectionKind::Kv => Redis::open(connection.clone())
                .map_or_else(|error| faulty(error.to_string()), |redis| Entry::Kv(Arc::new(redis))),
        }
    }

    fn connection(&self) -> &Connection {
        match self {
            Entry::Sql(database) => database.connection(),
            Entry::Kv(redis) => &redis.connection,
            Entry::Faulty(connection, _) => connection,
        }
    }
}

#[async_trait]
impl Connections for Databases {
    fn dialect(&self, name: &str) -> Result<SqlDialect, SqlError> {
        self.sql(name).map(|database| database.dialect())
    }

    async fn query(&self, name: &str, statement: SqlStatement, left: Duration) -> Result<SqlRows, SqlError> {
        self.sql(name)?.query(statement, left).await
    }

    async fn execute(&self, name: &str, statements: Vec<SqlStatement>, left: Duration) -> Result<Vec<u64>, SqlError> {
        self.sql(name)?.execute(statements, left).await
    }

    async fn kv(&self, name: &str, command: KvCommand, left: Duration) -> Result<KvAnswer, KvError> {
        self.redis(name)?.command(&command, left).await
    }
}
