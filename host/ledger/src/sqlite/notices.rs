//! notices: the statements of SQLite.

/// That all is well again is written only where something is not over: a notice that nobody has judged yet, an incident.
pub(crate) const WRITE: &str = "\
    INSERT INTO notice (at, subject, body) \
    SELECT told.value ->> 0, told.value ->> 1, told.value ->> 2 FROM json_each(?1) AS told \
    WHERE told.value ->> 3 = 0 OR EXISTS (SELECT 1 FROM notice AS waiting WHERE waiting.subject = told.value ->> 1) \
          OR EXISTS (SELECT 1 FROM incident WHERE incident.state < 2 AND incident.subject = told.value ->> 1) \
    ORDER BY told.key";

pub(crate) const READ: &str = "SELECT seq, body FROM notice ORDER BY seq LIMIT ?1";

/// By their numbers: one with a lower number may be committed later.
pub(crate) const FORGET: &str = "DELETE FROM notice WHERE seq IN (SELECT value FROM json_each(?1))";

/// Those that went away lately: of older ones nobody has to be told any more.
pub(crate) const LOST: &str = "\
    UPDATE host SET lost_at = ?1 \
    WHERE ended_at IS NULL AND lost_at IS NULL AND lease_until <= ?1 AND lease_until > ?2 RETURNING name, seen_at";

pub(crate) const PRESENT: &str = "SELECT name FROM host WHERE ended_at IS NULL AND lease_until > ?1";

/// Whether it is worth while to look closer.
pub(crate) const ANY_LOST: &str = "\
    SELECT (SELECT count(*) FROM host \
            WHERE ended_at IS NULL AND lost_at IS NULL AND lease_until <= ?1 AND lease_until > ?2) AS lost, \
           (SELECT count(*) FROM incident WHERE state < 2 AND subject >= 'host/' AND subject < 'host0') AS known";

pub(crate) const KNOWN_LOST: &str =
    "SELECT body FROM incident WHERE state < 2 AND subject >= 'host/' AND subject < 'host0'";

pub(crate) const SENDER: &str = "SELECT plugin, destination FROM message WHERE id = ?1";
