//! incidents: the statements of SQLite.

/// Until the transaction ends nobody else judges or leases messages. A file has one writer.
pub(crate) const LOCK: &str = "SELECT id FROM alerting WHERE id = 1";

pub(crate) const OF_SUBJECTS: &str =
    "SELECT body FROM incident WHERE state < 2 AND subject IN (SELECT value FROM json_each(?1))";

pub(crate) const DUE: &str = "SELECT body FROM incident WHERE state < 2 AND look_at <= ?1 ORDER BY look_at LIMIT ?2";

pub(crate) const WRITE: &str = "\
    INSERT INTO incident (id, subject, state, look_at, ended_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, look_at = excluded.look_at, ended_at = excluded.ended_at, \
                                   body = excluded.body";

pub(crate) const ONE: &str = "SELECT body FROM incident WHERE id = ?1";

pub(crate) const NEXT: &str = "\
    SELECT (SELECT min(seq) FROM notice) AS waits, \
           (SELECT min(look_at) FROM incident WHERE state < 2) AS due";

/// How a listing begins.
pub(crate) const LIST: &str = "SELECT body FROM incident WHERE";
