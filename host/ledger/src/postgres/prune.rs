//! prune: the statements of PostgreSQL.

/// While a chain waits for something, a result may still be asked for. What another host is pruning is left to it.
pub(crate) const CHOOSE: &str = "\
    SELECT id, chain FROM run WHERE state >= 2 AND finished_at < $1 \
        AND (chain IS NULL OR NOT EXISTS (SELECT 1 FROM link WHERE link.chain = run.chain AND link.state = 0)) \
    ORDER BY finished_at, id LIMIT $2 FOR UPDATE OF run SKIP LOCKED";

macro_rules! chosen {
    () => {
        "(SELECT value::uuid FROM json_array_elements_text($1::json))"
    };
}

/// Only what lies in no part: a part goes as a whole. Until then nobody is shown what is in it of runs that are gone.
pub(crate) const LOGS: &str = concat!("DELETE FROM log_rest WHERE run_id IN ", chosen!());
pub(crate) const ATTEMPTS: &str = concat!("DELETE FROM attempt_rest WHERE run_id IN ", chosen!());
pub(crate) const ITEMS: &str = concat!("DELETE FROM item WHERE run_id IN ", chosen!());
pub(crate) const ARTIFACTS: &str = concat!("DELETE FROM artifact_rest WHERE run_id IN ", chosen!());
pub(crate) const RUNS: &str = concat!("DELETE FROM run WHERE id IN ", chosen!());

/// An id that is forgotten could be taken again, so it is kept as long as what it brought.
pub(crate) const SUBMISSIONS: &str = "DELETE FROM submission WHERE id = ANY (ARRAY \
    (SELECT id FROM submission WHERE created_at < $1 ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED))";
/// What was sent or dropped, as long ago. What is dead stays until somebody has looked at it.
pub(crate) const MESSAGES: &str = "DELETE FROM message WHERE seq = ANY (ARRAY \
    (SELECT seq FROM message WHERE state IN (2, 4) AND ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Those that ended, or were heard of last, so long ago.
pub(crate) const HOSTS: &str = "DELETE FROM host WHERE id = ANY (ARRAY \
    (SELECT id FROM host WHERE coalesce(ended_at, lease_until) < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Those that open nothing since so long.
pub(crate) const TOKENS: &str = "DELETE FROM token WHERE name = ANY (ARRAY \
    (SELECT name FROM token WHERE revoked_at < $1 ORDER BY name LIMIT $2 FOR UPDATE SKIP LOCKED))";
pub(crate) const SESSIONS: &str = "DELETE FROM session WHERE digest = ANY (ARRAY \
    (SELECT digest FROM session WHERE expires_at < $1 ORDER BY digest LIMIT $2 FOR UPDATE SKIP LOCKED))";
pub(crate) const KEYED: &str = "DELETE FROM keyed WHERE key_hash = ANY (ARRAY \
    (SELECT key_hash FROM keyed WHERE at < $1 ORDER BY key_hash LIMIT $2 FOR UPDATE SKIP LOCKED))";
pub(crate) const AUDIT: &str = "DELETE FROM audit WHERE id = ANY (ARRAY \
    (SELECT id FROM audit WHERE at < $1 ORDER BY at, id LIMIT $2 FOR UPDATE SKIP LOCKED))";
pub(crate) const CHANGES: &str = "DELETE FROM schedule_change WHERE ctid = ANY (ARRAY \
    (SELECT ctid FROM schedule_change WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// Messages about incidents, and incidents that are over; notices that nobody reads, because there are no rules.
pub(crate) const ALERTS: &str = "DELETE FROM alert WHERE seq = ANY (ARRAY \
    (SELECT seq FROM alert WHERE state >= 2 AND ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED))";
pub(crate) const INCIDENTS: &str = "DELETE FROM incident WHERE id = ANY (ARRAY \
    (SELECT id FROM incident WHERE state = 2 AND ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED))";
pub(crate) const NOTICES: &str = "DELETE FROM notice WHERE seq = ANY (ARRAY \
    (SELECT seq FROM notice WHERE at < $1 ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED))";

/// The links of chains without a run. Two hosts that prune two runs of a chain at once each see the other's run: the lock
/// lets the second one look when the first has committed.
pub(crate) const LINKS: &str = concat!(
    "SELECT id FROM link WHERE id IN ",
    chosen!(),
    " ORDER BY id FOR UPDATE; \
     DELETE FROM link WHERE chain IN ",
    chosen!(),
    " AND NOT EXISTS (SELECT 1 FROM run WHERE run.chain = link.chain)"
);
