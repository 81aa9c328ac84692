//! prune: the statements of SQLite.

/// While a chain waits for something, a result may still be asked for.
pub(crate) const CHOOSE: &str = "\
    SELECT id, chain FROM run WHERE state >= 2 AND finished_at < ?1 \
        AND (chain IS NULL OR NOT EXISTS (SELECT 1 FROM link WHERE link.chain = run.chain AND link.state = 0)) \
    ORDER BY finished_at, id LIMIT ?2";

macro_rules! chosen {
    () => {
        "(SELECT unhex(value) FROM json_each(?1))"
    };
}

pub(crate) const LOGS: &str = concat!("DELETE FROM log WHERE run_id IN ", chosen!());
pub(crate) const ATTEMPTS: &str = concat!("DELETE FROM attempt WHERE run_id IN ", chosen!());
pub(crate) const ITEMS: &str = concat!("DELETE FROM item WHERE run_id IN ", chosen!());
pub(crate) const ARTIFACTS: &str = concat!("DELETE FROM artifact WHERE run_id IN ", chosen!());
pub(crate) const RUNS: &str = concat!("DELETE FROM run WHERE id IN ", chosen!());

/// An id that is forgotten could be taken again, so it is kept as long as what it brought.
pub(crate) const SUBMISSIONS: &str = "DELETE FROM submission WHERE id IN \
    (SELECT id FROM submission WHERE created_at < ?1 ORDER BY created_at, id LIMIT ?2)";
/// What was sent or dropped, as long ago. What is dead stays until somebody has looked at it.
pub(crate) const MESSAGES: &str = "DELETE FROM message WHERE seq IN \
    (SELECT seq FROM message WHERE state IN (2, 4) AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)";

/// Those that ended, or were heard of last, so long ago.
pub(crate) const HOSTS: &str = "DELETE FROM host WHERE id IN \
    (SELECT id FROM host WHERE coalesce(ended_at, lease_until) < ?1 LIMIT ?2)";

/// Those that open nothing since so long.
pub(crate) const TOKENS: &str = "DELETE FROM token WHERE name IN \
    (SELECT name FROM token WHERE revoked_at < ?1 LIMIT ?2)";
pub(crate) const SESSIONS: &str = "DELETE FROM session WHERE digest IN \
    (SELECT digest FROM session WHERE expires_at < ?1 LIMIT ?2)";
pub(crate) const KEYED: &str = "DELETE FROM keyed WHERE key_hash IN \
    (SELECT key_hash FROM keyed WHERE at < ?1 LIMIT ?2)";
pub(crate) const AUDIT: &str = "DELETE FROM audit WHERE id IN \
    (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)";
pub(crate) const CHANGES: &str = "DELETE FROM schedule_change WHERE (schedule, number) IN \
    (SELECT schedule, number FROM schedule_change WHERE at < ?1 ORDER BY at LIMIT ?2)";

/// Messages about incidents, and incidents that are over; notices that nobody reads, because there are no rules.
pub(crate) const ALERTS: &str = "DELETE FROM alert WHERE seq IN \
    (SELECT seq FROM alert WHERE state >= 2 AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)";
pub(crate) const INCIDENTS: &str = "DELETE FROM incident WHERE id IN \
    (SELECT id FROM incident WHERE state = 2 AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)";
pub(crate) const NOTICES: &str = "DELETE FROM notice WHERE seq IN \
    (SELECT seq FROM notice WHERE at < ?1 ORDER BY seq LIMIT ?2)";

/// The links of chains without a run.
pub(crate) const LINKS: &str = "\
    DELETE FROM link WHERE chain IN ( \
        SELECT unhex(value) FROM json_each(?1) WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.chain = unhex(value)))";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 12] {
    [CHOOSE, LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, MESSAGES, RUNS, LINKS, SESSIONS, AUDIT, CHANGES]
}
