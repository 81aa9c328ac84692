//! hosts: the statements of SQLite.

/// Whoever has said that it ends does not come back: what it says late is older.
pub(crate) const ANNOUNCE: &str = "\
    INSERT INTO host (id, name, version, started_at, seen_at, lease_until, skew_ms, roles, queues, labels, \
        plugins, draining, \
                      ended_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, \
        seen_at = excluded.seen_at, lease_until = excluded.lease_until, skew_ms = excluded.skew_ms, \
        roles = excluded.roles, queues = excluded.queues, labels = excluded.labels, plugins = excluded.plugins, \
        draining = excluded.draining, lost_at = NULL, \
        ended_at = coalesce(host.ended_at, excluded.ended_at)";

/// How a listing begins; its conditions follow.
pub(crate) const HOSTS: &str = "SELECT * FROM host WHERE";
pub(crate) const LIVE: &str = " ended_at IS NULL AND draining = 0 AND lease_until > ";
pub(crate) const DRAINING: &str = " ended_at IS NULL AND draining = 1 AND lease_until > ";
pub(crate) const SILENT: &str = " ended_at IS NULL AND lease_until <= ";
pub(crate) const ENDED: &str = " ended_at IS NOT NULL";
pub(crate) const NOT_ENDED: &str = " ended_at IS NULL";
