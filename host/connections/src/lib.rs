//! What handlers reach through the host: SQL databases and Redis, each by the name that the operator gave it.
//!
//! A sandbox lives for one run; a pool of connections has to live longer. So the pools are the host's, and a handler asks for a
//! statement to be run on a connection that was granted to it, within bounds of time, rows and bytes.

mod tables;

pub use tables::{Tables, TextRow};
