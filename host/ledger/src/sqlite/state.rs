//! state: the statements of SQLite.

use crate::columns::order_columns;

/// A file has one writer: nobody has to be kept out.
pub(crate) const LOCK: &str = "";
pub(crate) const READ: &str = "SELECT value, revision FROM state WHERE scope = ?1 AND key = ?2";
pub(crate) const KEYS: &str =
    "SELECT key FROM state WHERE scope = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4";
pub(crate) const SIZE: &str = "SELECT bytes, keys FROM state_use WHERE plugin = ?1";
/// Without a size if it is another plugin's: taking it over frees nothing here.
pub(crate) const THERE: &str = "\
    SELECT revision, CASE WHEN plugin = ?3 THEN length(CAST(key AS BLOB)) + length(CAST(value AS BLOB)) END AS bytes \
    FROM state WHERE scope = ?1 AND key = ?2";
pub(crate) const WRITE: &str = "\
    INSERT INTO state (scope, key, value, revision, plugin) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, revision = excluded.revision, plugin = excluded.plugin";
pub(crate) const REMOVE: &str = "DELETE FROM state WHERE scope = ?1 AND key = ?2";
pub(crate) const HELD: &str =
    concat!("SELECT ", order_columns!(), " FROM run WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3");

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 4] {
    [READ, KEYS, SIZE, THERE]
}
