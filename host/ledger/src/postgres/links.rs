//! links: the statements of PostgreSQL.

pub(crate) const WRITE: &str = "\
    WITH new AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    INSERT INTO link (id, chain, path, after, branch, waiter, member, handler, errand, missing, state) \
    SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, unhex(value ->> 3), value ->> 4, unhex(value ->> 5), \
           value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10 \
    FROM new";

/// In the order in which the runs ended.
pub(crate) const ENDS: &str = "\
    SELECT link.*, run.state AS run_state FROM json_each(?1) AS told \
    CROSS JOIN link ON link.id = unhex(told.value) CROSS JOIN run ON run.id = link.id ORDER BY told.key";

pub(crate) const NEXT: &str = "\
    SELECT link.* FROM json_each(?1) AS told \
    CROSS JOIN link ON link.after = unhex(told.value ->> 0) AND link.branch = told.value ->> 1 \
    WHERE link.state = 0 AND link.errand IS NOT NULL ORDER BY told.key, link.id";

pub(crate) const MADE: &str = "\
    UPDATE link SET state = 1, errand = NULL WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND state = 0";

/// What lies within a path begins with it, so it is a range of the index.
pub(crate) const UNREACHED: &str = "\
    UPDATE link SET state = 2, why = gone.why \
    FROM (SELECT unhex(value ->> 0) AS chain, value ->> 1 AS first, value ->> 2 AS last, value ->> 3 AS why \
          FROM json_each(?1)) AS gone \
    WHERE link.state = 0 AND link.chain = gone.chain AND link.path >= gone.first AND link.path < gone.last";

pub(crate) const GROUPS: &str = "\
    SELECT link.* FROM json_each(?1) AS told CROSS JOIN link ON link.id = unhex(told.value) \
    WHERE link.state = 0 ORDER BY told.key";

pub(crate) const TALLY: &str = "\
    UPDATE link SET missing = told.missing, state = told.state \
    FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS missing, value ->> 2 AS state FROM json_each(?1)) AS told \
    WHERE link.id = told.id AND link.state = 0";

pub(crate) const DECIDED: &str = "\
    SELECT id, state, outcome, reason FROM run WHERE id IN (SELECT unhex(value) FROM json_each(?1))";

pub(crate) const SIZES: &str = "\
    SELECT link.id, coalesce(length(CAST(run.outcome AS BLOB)), 0) AS bytes \
    FROM link LEFT JOIN run ON run.id = link.id WHERE waiter = ?1 AND member IS NOT NULL ORDER BY member";

pub(crate) const RESULTS_OF: &str = "\
    SELECT link.id, run.outcome FROM link LEFT JOIN run ON run.id = link.id \
    WHERE waiter = ?1 AND member IS NOT NULL ORDER BY member";
