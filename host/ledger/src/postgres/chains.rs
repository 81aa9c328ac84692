//! chains: the statements of PostgreSQL.

pub(crate) const LINK: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id WHERE link.id = $1";

/// Locked: what waits here does not begin before we are done.
pub(crate) const WAITS: &str = "\
    SELECT count(*) > 0 AS waits FROM \
        (SELECT id FROM link WHERE state = 0 AND chain = $1 AND path = $2 FOR UPDATE) AS first";

pub(crate) const LINKS: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id \
    WHERE link.chain = $1 AND link.id > $2 ORDER BY link.id LIMIT $3";

pub(crate) const NEXT: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id \
    WHERE link.chain = $1 AND link.id > $2 AND link.after = $4 ORDER BY link.id LIMIT $3";

/// What lies within a path begins with it; `$2` and `$3` are the ends of that range. The path itself is `$4`.
macro_rules! within {
    () => {
        "link.chain = $1 AND (link.path = $4 OR (link.path >= $2 AND link.path < $3))"
    };
}

/// Whoever ends or leases a run comes to its links afterwards: so the runs first. A run that goes from ready to running and
/// back between two statements would be missed by both.
pub(crate) const LOCK: &str = concat!(
    "SELECT id FROM run WHERE state + 0 < 2 AND id IN (SELECT link.id FROM link WHERE ",
    within!(),
    ") ORDER BY id FOR UPDATE"
);

pub(crate) const UNREACHED: &str =
    concat!("UPDATE link SET state = 2, why = 'cancelled' WHERE link.state = 0 AND ", within!(), " RETURNING *");

pub(crate) const CANCEL: &str = concat!(
    "UPDATE run SET state = 4, finished_at = $5 WHERE state + 0 = 0 AND id IN (SELECT link.id FROM link WHERE ",
    within!(),
    ") RETURNING id, state, chain"
);

pub(crate) const ASK: &str = concat!(
    "UPDATE run SET cancel_asked = 1 WHERE state + 0 = 1 AND id IN (SELECT link.id FROM link WHERE ",
    within!(),
    ") RETURNING id"
);
