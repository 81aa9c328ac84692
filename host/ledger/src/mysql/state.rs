//! state: the statements of MySQL and MariaDB.

use crate::columns::order_columns;

/// The row of sums is made if it is not there: what is not there keeps nobody out.
pub(crate) const LOCK: &str =
    "INSERT INTO state_use (plugin, bytes, \"keys\") VALUES (?1, 0, 0) ON DUPLICATE KEY UPDATE bytes = bytes";
pub(crate) const READ: &str = "SELECT value, revision FROM state WHERE scope = ?1 AND \"key\" = ?2";
pub(crate) const KEYS: &str = "\
    SELECT \"key\" FROM state WHERE scope = ?1 AND \"key\" >= ?2 AND (?3 IS NULL OR \"key\" > ?3) \
    ORDER BY \"key\" LIMIT ?4";
pub(crate) const SIZE: &str = "SELECT bytes, \"keys\" FROM state_use WHERE plugin = ?1";
/// Without a size if it is another plugin's: taking it over frees nothing here.
pub(crate) const THERE: &str = "\
    SELECT revision, CASE WHEN plugin = ?3 THEN length(\"key\") + length(value) END AS bytes \
    FROM state WHERE scope = ?1 AND \"key\" = ?2 FOR UPDATE";
pub(crate) const WRITE: &str = "\
    INSERT INTO state (scope, \"key\", value, revision, plugin) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON DUPLICATE KEY UPDATE value = ?3, revision = ?4, plugin = ?5";
pub(crate) const REMOVE: &str = "DELETE FROM state WHERE scope = ?1 AND \"key\" = ?2";
pub(crate) const HELD: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM run WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3 FOR UPDATE"
);
