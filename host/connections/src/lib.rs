//! What handlers reach through the host: SQL databases and Redis, each by the name that the operator gave it.
//!
//! A sandbox lives for one run; a pool of connections has to live longer. So the pools are the host's, and a handler asks for a
//! statement to be run on a connection that was granted to it, within bounds of time, rows and bytes.
//!
//! ```text
//! Databases    names -> databases; follows the configuration, keeps what has not changed      databases.rs
//! Database     one SQL database: bounds, and a pool that lives over runs                      database.rs, pool.rs
//!   sql/       how each speaks: read-only transactions, timeouts, values, what is reset       sqlite, postgres, mysql
//!   statement  what a statement begins with, and whether it may be asked at all               statement.rs
//! Redis        one Redis database: the named commands and nothing else                        kv.rs
//! ```
//!
//! No future of a database is dropped half way into a pool: each call is a task of its own. It ends by itself, or its
//! connection is closed.

mod database;
mod databases;
mod fault;
mod kv;
mod pool;
mod sql;
mod statement;

pub use database::Database;
pub use databases::Databases;
