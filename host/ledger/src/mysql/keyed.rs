//! keyed: the statements of MySQL and MariaDB.

/// A day later it is free.
pub(crate) const LAPSE: &str = "DELETE FROM keyed WHERE key_hash = ?1 AND at < ?2";
pub(crate) const TAKE: &str = "INSERT IGNORE INTO keyed (key_hash, request, at) VALUES (?1, ?2, ?3)";
/// With a lock: what another request has written meanwhile is seen.
pub(crate) const STANDING: &str =
    "SELECT request, status, media_type, body FROM keyed WHERE key_hash = ?1 LOCK IN SHARE MODE";
pub(crate) const ANSWER: &str = "UPDATE keyed SET status = ?2, media_type = ?3, body = ?4 WHERE key_hash = ?1";
pub(crate) const FREE: &str = "DELETE FROM keyed WHERE key_hash = ?1 AND status IS NULL";
