//! alerts: the statements of SQLite.

pub(crate) const WRITE: &str = "\
    INSERT INTO alert (id, incident, sink, not_before, give_up_at, created_at, body) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6)";

pub(crate) const GONE_SINKS: &str = "SELECT sink, marks FROM alert_sink";

pub(crate) const COME_BACK: &str = "DELETE FROM alert_sink WHERE sink = ?1";

pub(crate) const GO: &str = "\
    INSERT INTO alert_sink (sink, marks, gone_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (sink) DO UPDATE SET marks = excluded.marks, gone_at = excluded.gone_at";

/// What waits for a sink that is gone.
pub(crate) const STRAND: &str = "UPDATE alert SET state = 3, answer = ?2, ended_at = ?3 WHERE sink = ?1 AND state = 0";

/// What is out of date, because something newer goes to the same sink.
pub(crate) const OUTDATED: &str = "UPDATE alert SET state = 4, ended_at = ?2 WHERE sink = ?1 AND state = 0";

/// What no host has a sink for, in the end.
pub(crate) const GIVE_UP: &str = "\
    UPDATE alert SET state = 3, answer = coalesce(answer, 'no host knows this sink'), ended_at = ?1 \
    WHERE state = 0 AND give_up_at < ?2";

pub(crate) const LATELY: &str = "SELECT sink, count(*) AS tried FROM alert WHERE tried_at > ?1 GROUP BY sink";

/// Of one incident and sink, the one written first. `told`: how many messages about it have arrived there.
pub(crate) const CHOOSE: &str = "\
    SELECT seq, fence, state, attempts, give_up_at, body, \
           (SELECT count(*) FROM alert AS earlier \
            WHERE earlier.incident = alert.incident AND earlier.sink = alert.sink AND earlier.state = 2) AS told \
    FROM alert \
    WHERE sink = ?1 AND (state = 0 AND not_before <= ?2 OR state = 1 AND lease_until <= ?2) \
          AND NOT EXISTS (SELECT 1 FROM alert AS earlier \
              WHERE earlier.incident = alert.incident AND earlier.sink = alert.sink AND earlier.seq < alert.seq \
                AND earlier.state < 2) \
    ORDER BY seq LIMIT ?3";

pub(crate) const TAKE: &str = "\
    UPDATE alert SET state = 1, host = ?1, fence = fence + 1, attempts = attempts + 1, lease_until = ?2, tried_at = ?3 \
    WHERE seq = ?4 AND fence = ?5 AND state < 2";

pub(crate) const NEXT: &str = "\
    SELECT min(due) AS due FROM ( \
        SELECT min(not_before) AS due FROM alert WHERE state = 0 \
        UNION ALL SELECT min(lease_until) FROM alert WHERE state = 1)";

pub(crate) const SENT: &str = "\
    UPDATE alert SET state = 2, lease_until = NULL, status = ?4, answer = ?5, ended_at = ?6 \
    WHERE seq = ?1 AND state = 1 AND host = ?2 AND fence = ?3";

pub(crate) const AGAIN: &str = "\
    UPDATE alert SET state = 0, lease_until = NULL, status = ?4, answer = ?5, not_before = ?6 \
    WHERE seq = ?1 AND state = 1 AND host = ?2 AND fence = ?3";

pub(crate) const DEAD: &str = "\
    UPDATE alert SET state = 3, lease_until = NULL, status = ?4, answer = ?5, ended_at = ?6 \
    WHERE seq = ?1 AND state = 1 AND host = ?2 AND fence = ?3";

/// Nobody was told that it began.
pub(crate) const DROP: &str =
    "UPDATE alert SET state = 4, ended_at = ?2, answer = 'nobody was told that it began' WHERE seq = ?1";

pub(crate) const ONE: &str = "SELECT state, sink FROM alert WHERE seq = ?1";

pub(crate) const RETRY: &str = "\
    UPDATE alert SET state = 0, attempts = 0, not_before = ?2, give_up_at = ?3, ended_at = NULL \
    WHERE seq = ?1 AND state IN (0, 3)";

/// How a listing begins.
pub(crate) const LIST: &str = "\
    SELECT seq, id, incident, sink, state, attempts, not_before, status, answer, created_at, ended_at, body \
    FROM alert WHERE";
