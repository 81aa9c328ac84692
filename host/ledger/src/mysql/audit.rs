//! audit: the statements of MySQL and MariaDB.

/// An entry that is there already was written before its answer was lost.
pub(crate) const NOTE: &str = "\
    INSERT IGNORE INTO audit (id, at, who, address, action, thing, reason, status, detail) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// How a listing begins; its conditions follow.
pub(crate) const ENTRIES: &str = "SELECT * FROM audit WHERE";
pub(crate) const DONE: &str = " status < 400";
pub(crate) const REFUSED: &str = " status >= 400";
