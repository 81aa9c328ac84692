//! records: the statements of MySQL and MariaDB.

/// A version that nobody keeps has no record. One at a time notes what came of its calls.
pub(crate) const READ: &str = "\
    SELECT standing, coalesce(good, 0) AS good, coalesce(bad, 0) AS bad, coalesce(streak, 0) AS streak, \
    coalesce(recent, 0) AS recent, last_error FROM plugin_version AS one LEFT JOIN plugin_record AS record \
    ON record.plugin = one.plugin AND record.sha256 = one.sha256 AND record.handler = ?3 \
    WHERE one.plugin = ?1 AND one.sha256 = ?2 FOR UPDATE";
pub(crate) const WRITE: &str = "\
    INSERT INTO plugin_record (plugin, sha256, handler, good, bad, streak, recent, last_error) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
    ON DUPLICATE KEY UPDATE good = ?4, bad = ?5, streak = ?6, recent = ?7, last_error = ?8";
pub(crate) const ENDED: &str = "UPDATE plugin_marks SET endings = endings + 1";
