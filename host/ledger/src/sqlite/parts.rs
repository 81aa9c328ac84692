//! parts: the statements of SQLite.

/// There are none.
pub(crate) const RENEW: &str = "";
