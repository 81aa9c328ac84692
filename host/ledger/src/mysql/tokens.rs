//! tokens: the statements of MySQL and MariaDB.

/// A name that was taken back is free.
pub(crate) const FREE: &str = "DELETE FROM token WHERE name = ?1 AND revoked_at IS NOT NULL";
pub(crate) const ADD: &str = "\
    INSERT IGNORE INTO token (name, digest, scope, created_by, created_at, expires_at, used_at, revoked_at, revoked_by) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
pub(crate) const TOKEN: &str = "SELECT * FROM token WHERE digest = ?1";
pub(crate) const TOKENS: &str = "SELECT * FROM token ORDER BY name";
pub(crate) const REVOKE: &str =
    "UPDATE token SET revoked_at = ?2, revoked_by = ?3 WHERE name = ?1 AND revoked_at IS NULL";
pub(crate) const REVOKE_SESSIONS: &str =
    "DELETE FROM session WHERE token IN (SELECT digest FROM token WHERE name = ?1)";
/// Never back: hosts tell of it in any order.
pub(crate) const USED: &str = "UPDATE token SET used_at = ?2 WHERE digest = ?1 AND (used_at IS NULL OR used_at < ?2)";

pub(crate) const OPEN_SESSION: &str = "INSERT INTO session (digest, token, expires_at) VALUES (?1, ?2, ?3)";
pub(crate) const SESSION: &str = "SELECT digest, token, expires_at FROM session WHERE digest = ?1";
pub(crate) const CLOSE_SESSION: &str = "DELETE FROM session WHERE digest = ?1";
