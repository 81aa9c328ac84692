//! incidents: the statements of MySQL and MariaDB.

/// Until the transaction ends nobody else judges or leases messages. A file has one writer.
pub(crate) const LOCK: &str = "SELECT id FROM alerting WHERE id = 1 FOR UPDATE";

pub(crate) const OF_SUBJECTS: &str = "\
    SELECT incident.body FROM json_table(?1, '$[*]' COLUMNS ( \
        subject VARCHAR(600) CHARACTER SET utf8mb4 PATH '$')) AS chosen \
    STRAIGHT_JOIN incident FORCE INDEX (incident_live) ON incident.subject = chosen.subject WHERE incident.state < 2";

pub(crate) const DUE: &str = "SELECT body FROM incident WHERE state < 2 AND look_at <= ?1 ORDER BY look_at LIMIT ?2";

pub(crate) const WRITE: &str = "\
    INSERT INTO incident (id, subject, state, look_at, ended_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON DUPLICATE KEY UPDATE state = VALUES(state), look_at = VALUES(look_at), ended_at = VALUES(ended_at), \
                            body = VALUES(body)";

pub(crate) const ONE: &str = "SELECT body FROM incident WHERE id = ?1";

pub(crate) const NEXT: &str = "\
    SELECT (SELECT min(seq) FROM notice) AS waits, \
           (SELECT min(look_at) FROM incident WHERE state < 2) AS due";

/// How a listing begins.
pub(crate) const LIST: &str = "SELECT body FROM incident WHERE";
