//! hosts: the statements of MySQL.

/// Whoever has said that it ends does not come back: what it says late is older.
pub(crate) const ANNOUNCE: &str = "\
    INSERT INTO host (id, name, version, started_at, seen_at, lease_until, skew_ms, roles, queues, labels, \
        plugins, draining, \
                      ended_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
    ON DUPLICATE KEY UPDATE name = VALUES(name), version = VALUES(version), seen_at = VALUES(seen_at), \
        lease_until = VALUES(lease_until), skew_ms = VALUES(skew_ms), \
        roles = VALUES(roles), queues = VALUES(queues), labels = VALUES(labels), plugins = VALUES(plugins), \
        draining = VALUES(draining), lost_at = NULL, \
        ended_at = coalesce(ended_at, VALUES(ended_at))";

/// How a listing begins; its conditions follow.
pub(crate) const HOSTS: &str = "SELECT * FROM host WHERE";
pub(crate) const LIVE: &str = " ended_at IS NULL AND draining = 0 AND lease_until > ";
pub(crate) const DRAINING: &str = " ended_at IS NULL AND draining = 1 AND lease_until > ";
pub(crate) const SILENT: &str = " ended_at IS NULL AND lease_until <= ";
pub(crate) const ENDED: &str = " ended_at IS NOT NULL";
pub(crate) const NOT_ENDED: &str = " ended_at IS NULL";
