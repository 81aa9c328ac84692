//! parts: the statements of MySQL.

/// There are none.
pub(crate) const RENEW: &str = "";
