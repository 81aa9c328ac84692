//! What handlers reach through the host: databases by the names the operator gave them, and what goes over the wire in
//! words of ours.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// A database outside, as `[connection.NAME]` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where it is, and as whom.
    pub url: ConnectionUrl,
    /// What is there.
    pub kind: ConnectionKind,
    /// Connections at a time; who comes when all are taken waits.
    pub max_connections: u32,
    /// The longest a statement or command may take, waiting for a connection included. A run's own end may come sooner.
    pub statement_timeout: Duration,
    /// Rows of one answer.
    pub max_rows: u64,
    /// Bytes of one answer, and of what is sent with one call.
    pub max_bytes: u64,
}

impl Connection {
    /// With the usual bounds: four connections, 30 s, 10,000 rows, 4 MiB.
    pub fn new(url: ConnectionUrl, kind: ConnectionKind) -> Self {
        Self {
            url,
            kind,
            max_connections: 4,
            statement_timeout: Duration::from_secs(30),
            max_rows: 10_000,
            max_bytes: 4 << 20,
        }
    }
}

/// The address of a database. It may hold a password, so it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(String);

impl ConnectionUrl {
    /// An address.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The address with all that is in it. Not for logs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionUrl(…)")
    }
}

/// What is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionKind {
    /// A SQL database.
    Sql(SqlDialect),
    /// Redis.
    Kv,
}

/// Schemes of addresses, and what they lead to.
pub const SCHEMES: [(&str, ConnectionKind); 7] = [
    ("sqlite", ConnectionKind::Sql(SqlDialect::Sqlite)),
    ("postgres", ConnectionKind::Sql(SqlDialect::Postgresql)),
    ("postgresql", ConnectionKind::Sql(SqlDialect::Postgresql)),
    ("mysql", ConnectionKind::Sql(SqlDialect::Mysql)),
    ("mariadb", ConnectionKind::Sql(SqlDialect::Mysql)),
    ("redis", ConnectionKind::Kv),
    ("redis+unix", ConnectionKind::Kv),
];

impl ConnectionKind {
    /// By the scheme of an address; `None` if nothing of ours is there.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        SCHEMES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)).map(|(_, kind)| *kind)
    }
}

/// Which SQL is spoken. MariaDB speaks MySQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlDialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
}

/// How much of a database is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing may change.
    ReadOnly,
    /// Everything the database itself allows.
    ReadWrite,
}

impl Access {
    /// As configuration and wishes write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Access::ReadOnly => "read-only",
            Access::ReadWrite => "read-write",
        }
    }
}

/// A parameter, or one column of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// Up to 64 bits, with a sign.
    Integer(i64),
    /// Binary floating point.
    Float(f64),
    /// Text, and everything that has no kind of its own here, as it is written.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An instant, to the microsecond.
    Instant(DateTime<Utc>),
}

impl SqlValue {
    /// What it counts against a bound, in bytes.
    pub fn size(&self) -> u64 {
        let own = match self {
            SqlValue::Text(text) => text.len(),
            SqlValue::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        // What one value takes in a guest, whatever it is.
        own as u64 + 16
    }
}

/// Exactly one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlStatement {
    /// As its database speaks.
    pub text: String,
    /// Bound, never pasted.
    pub parameters: Vec<SqlValue>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the database calls it.
    pub type_name: String,
}

/// What a query found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SqlRows {
    /// In the order of the statement.
    pub columns: Vec<SqlColumn>,
    /// Each as long as `columns`.
    pub rows: Vec<Vec<SqlValue>>,
}

/// Why a statement gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// There is no such connection, or not for this plugin.
    #[error("there is no such connection")]
    NotGranted,
    /// It would write, or might, where only reading is granted.
    #[error("it is read-only")]
    ReadOnly,
    /// The database said no.
    #[error("{message}{}", if code.is_empty() { String::new() } else { format!(" ({code})") })]
    Refused {
        /// SQLSTATE or number; may be empty.
        code: String,
        /// In the database's words.
        message: String,
    },
    /// Stopped after so long.
    #[error("stopped after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Over a bound; which one, and its value.
    #[error("{0}")]
    TooLarge(String),
    /// Not there, or gone half way.
    #[error("{0}")]
    Unavailable(String),
}

/// One command for Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvCommand {
    /// The key, or the beginning of keys.
    pub key: String,
    /// What to do with it.
    pub verb: KvVerb,
}

/// What to do with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvVerb {
    /// Read it.
    Get,
    /// Write it.
    Set {
        /// Its value from now on.
        value: Vec<u8>,
        /// Gone after so long.
        ttl: Option<Duration>,
        /// Not if it is there.
        if_absent: bool,
    },
    /// Remove it.
    Remove,
    /// Add to the number there.
    Increment(i64),
    /// Let it go after so long.
    Expire(Duration),
    /// Find keys that begin so, at most this many.
    Keys(u32),
}

impl KvVerb {
    /// What it needs.
    pub fn access(&self) -> Access {
        match self {
            KvVerb::Get | KvVerb::Keys(_) => Access::ReadOnly,
            _ => Access::ReadWrite,
        }
    }
}

/// What Redis answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvAnswer {
    /// The value, if the key is there.
    Value(Option<Vec<u8>>),
    /// Whether something has changed.
    Done(bool),
    /// The sum.
    Number(i64),
    /// Keys found.
    Keys {
        /// In no order.
        keys: Vec<String>,
        /// There are more.
        more: bool,
    },
}

/// Why a command gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// There is no such connection, or not for this plugin.
    #[error("there is no such connection")]
    NotGranted,
    /// It would write where only reading is granted.
    #[error("it is read-only")]
    ReadOnly,
    /// Redis said no.
    #[error("{0}")]
    Refused(String),
    /// No answer after so long.
    #[error("no answer after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Over a bound; which one, and its value.
    #[error("{0}")]
    TooLarge(String),
    /// Not there, or gone half way.
    #[error("{0}")]
    Unavailable(String),
}
