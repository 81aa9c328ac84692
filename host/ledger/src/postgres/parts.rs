//! parts: the statements of PostgreSQL.

pub(crate) const RENEW: &str = "SELECT history_renew($1)";
