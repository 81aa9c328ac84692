//! records: the statements of PostgreSQL.

/// A version that nobody keeps has no record. One that is there is written as it is: so it is locked, and read as the last host
/// left it.
pub(crate) const READ: &str = "\
    INSERT INTO plugin_record AS record (plugin, sha256, handler, good, bad, streak, recent) \
    SELECT plugin, sha256, $3, 0, 0, 0, 0 FROM plugin_version WHERE plugin = $1 AND sha256 = $2 \
    ON CONFLICT (plugin, sha256, handler) DO UPDATE SET good = record.good \
    RETURNING good, bad, streak, recent, last_error, \
              (SELECT standing FROM plugin_version WHERE plugin = $1 AND sha256 = $2) AS standing";
pub(crate) const WRITE: &str = "\
    INSERT INTO plugin_record (plugin, sha256, handler, good, bad, streak, recent, last_error) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (plugin, sha256, handler) DO UPDATE SET \
    good = excluded.good, bad = excluded.bad, streak = excluded.streak, recent = excluded.recent, last_error = excluded.last_error";
pub(crate) const ENDED: &str = "UPDATE plugin_marks SET endings = endings + 1";
