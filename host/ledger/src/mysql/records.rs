//! records: the statements of MySQL and MariaDB.

/// A version that nobody keeps has no record.
pub(crate) const READ: &str = "\
    SELECT standing, coalesce(good, 0) AS good, coalesce(bad, 0) AS bad, coalesce(streak, 0) AS streak, \
    coalesce(recent, 0) AS recent, last_error FROM plugin_version AS one LEFT JOIN plugin_record AS record \
    ON record.plugin = one.plugin AND record.sha256 = one.sha256 AND record.handler = ?3 \
    WHERE one.plugin = ?1 AND one.sha256 = ?2";
pub(crate) const WRITE: &str = "\
    INSERT INTO plugin_record (plugin, sha256, handler, good, bad, streak, recent, last_error) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (plugin, sha256, handler) DO UPDATE SET \
    good = excluded.good, bad = excluded.bad, streak = excluded.streak, recent = excluded.recent, last_error = excluded.last_error";
pub(crate) const ENDED: &str = "UPDATE plugin_marks SET endings = endings + 1";
