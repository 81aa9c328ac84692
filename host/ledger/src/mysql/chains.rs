//! chains: the statements of MySQL and MariaDB.

pub(crate) const LINK: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id WHERE link.id = ?1";

/// Locked: what waits here does not begin before we are done.
pub(crate) const WAITS: &str =
    "SELECT count(*) AS waits FROM link WHERE state = 0 AND chain = ?1 AND path = ?2 FOR UPDATE";

pub(crate) const LINKS: &str = "\
    SELECT link.*, run.state AS run_state FROM link FORCE INDEX (link_chain) LEFT JOIN run ON run.id = link.id \
    WHERE link.chain = ?1 AND link.id > ?2 ORDER BY link.id LIMIT ?3";

pub(crate) const NEXT: &str = "\
    SELECT link.*, run.state AS run_state FROM link FORCE INDEX (link_next) LEFT JOIN run ON run.id = link.id \
    WHERE link.chain = ?1 AND link.id > ?2 AND link.after = ?4 ORDER BY link.id LIMIT ?3";

/// What lies within a path begins with it; `?2` and `?3` are the ends of that range. The path itself is `?4`.
macro_rules! within {
    () => {
        "link.chain = ?1 AND (link.path = ?4 OR (link.path >= ?2 AND link.path < ?3))"
    };
}
macro_rules! runs_within {
    () => {
        concat!(
            "link FORCE INDEX (link_chain) STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = link.id AND link.state = 1 AND ",
            within!()
        )
    };
}

/// Whoever ends or leases a run comes to its links afterwards: so the runs first. A run that goes from ready to running and
/// back between two statements would be missed by both.
pub(crate) const LOCK: &str = concat!(
    "SELECT id FROM run WHERE state < 2 AND id IN (SELECT link.id FROM link WHERE ",
    within!(),
    ") ORDER BY id FOR UPDATE"
);

pub(crate) const UNREACHED: &str = concat!(
    "SELECT id, chain, path, after, branch, waiter, member, handler, errand, missing, 2 AS state, 'cancelled' AS why \
     FROM link WHERE state = 0 AND ",
    within!(),
    " FOR UPDATE; UPDATE link SET state = 2, why = 'cancelled' WHERE state = 0 AND ",
    within!()
);

pub(crate) const CANCEL: &str = concat!(
    "SELECT run.id, 4 AS state, run.chain FROM ",
    runs_within!(),
    " WHERE run.state = 0 FOR UPDATE; UPDATE ",
    runs_within!(),
    " SET run.state = 4, run.finished_at = ?5 WHERE run.state = 0"
);

pub(crate) const ASK: &str = concat!(
    "SELECT run.id FROM ",
    runs_within!(),
    " WHERE run.state = 1 FOR UPDATE; UPDATE ",
    runs_within!(),
    " SET run.cancel_asked = 1 WHERE run.state = 1"
);
