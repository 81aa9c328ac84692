//! state: the statements of PostgreSQL.

use crate::columns::order_columns;

/// From here on no other host writes what this plugin remembers.
pub(crate) const LOCK: &str = "\
    INSERT INTO state_use (plugin, bytes, keys) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING; \
    SELECT plugin FROM state_use WHERE plugin = $1 FOR NO KEY UPDATE";
pub(crate) const READ: &str = "SELECT value, revision FROM state WHERE scope = $1 AND key = $2";
pub(crate) const KEYS: &str = "\
    SELECT key FROM state WHERE scope = $1 AND key >= greatest($2 COLLATE \"C\", $3) AND ($3 IS NULL OR key > $3) \
    ORDER BY key LIMIT $4";
pub(crate) const SIZE: &str = "SELECT bytes, keys FROM state_use WHERE plugin = $1";
/// Without a size if it is another plugin's: taking it over frees nothing here.
pub(crate) const THERE: &str = "\
    SELECT revision, CASE WHEN plugin = $3 THEN octet_length(key) + length(value) END AS bytes \
    FROM state WHERE scope = $1 AND key = $2 FOR NO KEY UPDATE";
pub(crate) const WRITE: &str = "\
    INSERT INTO state (scope, key, value, revision, plugin) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, revision = excluded.revision, plugin = excluded.plugin";
pub(crate) const REMOVE: &str = "DELETE FROM state WHERE scope = $1 AND key = $2";
/// Kept until the end is written: or the entries could be written and the end not.
pub(crate) const HELD: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM run WHERE id = $1 AND state + 0 = 1 AND host = $2 AND fence = $3 FOR NO KEY UPDATE"
);
