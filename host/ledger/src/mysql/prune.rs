//! prune: the statements of MySQL and MariaDB.

/// While a chain waits for something, a result may still be asked for: looked up for each run, where `NOT EXISTS` would gather
/// all chains that wait. What another host is pruning is left to it.
pub(crate) const CHOOSE: &str = "\
    SELECT id, chain FROM run FORCE INDEX (run_over) WHERE state >= 2 AND finished_at < ?1 \
        AND (chain IS NULL OR (SELECT 1 FROM link WHERE link.state = 0 AND link.chain = run.chain LIMIT 1) IS NULL) \
    ORDER BY finished_at, id LIMIT ?2 FOR UPDATE SKIP LOCKED";

macro_rules! of_the_chosen {
    ($table:literal, $index:literal, $id:literal) => {
        concat!(
            "DELETE ",
            $table,
            " FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS chosen STRAIGHT_JOIN ",
            $table,
            " FORCE INDEX (",
            $index,
            ") ON ",
            $table,
            ".",
            $id,
            " = unhex(chosen.id)"
        )
    };
}

pub(crate) const LOGS: &str = of_the_chosen!("log", "PRIMARY", "run_id");
pub(crate) const ATTEMPTS: &str = of_the_chosen!("attempt", "PRIMARY", "run_id");
pub(crate) const ITEMS: &str = of_the_chosen!("item", "item_run", "run_id");
pub(crate) const ARTIFACTS: &str = of_the_chosen!("artifact", "PRIMARY", "run_id");
pub(crate) const RUNS: &str = of_the_chosen!("run", "PRIMARY", "id");

/// An id that is forgotten could be taken again, so it is kept as long as what it brought.
pub(crate) const SUBMISSIONS: &str = "DELETE FROM submission WHERE created_at < ?1 ORDER BY created_at, id LIMIT ?2";
/// What was sent or dropped, as long ago: each in the order of the index. What is dead stays until somebody has looked at it.
pub(crate) const MESSAGES: &str = "\
    DELETE message FROM ( \
        (SELECT seq FROM message FORCE INDEX (message_over) WHERE state = 2 AND ended_at < ?1 \
         ORDER BY ended_at LIMIT ?2 FOR UPDATE SKIP LOCKED) \
        UNION ALL \
        (SELECT seq FROM message FORCE INDEX (message_over) WHERE state = 4 AND ended_at < ?1 \
         ORDER BY ended_at LIMIT ?2 FOR UPDATE SKIP LOCKED)) AS old \
    STRAIGHT_JOIN message FORCE INDEX (PRIMARY) ON message.seq = old.seq";

/// Those that ended, or were heard of last, so long ago.
pub(crate) const HOSTS: &str = "DELETE FROM host WHERE coalesce(ended_at, lease_until) < ?1 ORDER BY id LIMIT ?2";

/// Those that open nothing since so long.
pub(crate) const TOKENS: &str = "DELETE FROM token WHERE revoked_at < ?1 ORDER BY name LIMIT ?2";
pub(crate) const SESSIONS: &str = "DELETE FROM session WHERE expires_at < ?1 ORDER BY expires_at, digest LIMIT ?2";
pub(crate) const KEYED: &str = "DELETE FROM keyed WHERE at < ?1 ORDER BY at, key_hash LIMIT ?2";
pub(crate) const AUDIT: &str = "DELETE FROM audit WHERE at < ?1 ORDER BY at, id LIMIT ?2";
pub(crate) const CHANGES: &str = "DELETE FROM schedule_change WHERE at < ?1 ORDER BY at, schedule, number LIMIT ?2";

/// Messages about incidents, and incidents that are over; notices that nobody reads, because there are no rules.
pub(crate) const ALERTS: &str = "DELETE FROM alert WHERE state >= 2 AND ended_at < ?1 ORDER BY seq LIMIT ?2";
pub(crate) const INCIDENTS: &str = "DELETE FROM incident WHERE state = 2 AND ended_at < ?1 ORDER BY id LIMIT ?2";
pub(crate) const NOTICES: &str = "DELETE FROM notice WHERE at < ?1 ORDER BY seq LIMIT ?2";

/// The links of chains without a run. Two hosts that prune two runs of a chain at once each see the other's run: the lock on
/// what is left lets the second one look when the first has committed.
pub(crate) const LINKS: &str = concat!(
    of_the_chosen!("link", "link_chain", "chain"),
    " WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.chain = link.chain LOCK IN SHARE MODE)"
);
