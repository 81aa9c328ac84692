//! links: the statements of PostgreSQL.

pub(crate) const WRITE: &str = "\
    INSERT INTO link (id, chain, path, after, branch, waiter, member, handler, errand, missing, state) \
    SELECT (value ->> 0)::uuid, (value ->> 1)::uuid, value ->> 2, (value ->> 3)::uuid, (value ->> 4)::bigint, \
           (value ->> 5)::uuid, (value ->> 6)::bigint, value ->> 7, value ->> 8, (value ->> 9)::bigint, (value ->> 10)::bigint \
    FROM json_array_elements($1::json) AS new(value)";

/// In the order in which the runs ended.
pub(crate) const ENDS: &str = "\
    SELECT link.*, run.state AS run_state FROM json_array_elements_text($1::json) WITH ORDINALITY AS told(value, place) \
    JOIN link ON link.id = told.value::uuid JOIN run ON run.id = link.id ORDER BY told.place";

/// Locked, so that nobody takes back what is made here. In the order of the ids, in which everybody locks links.
pub(crate) const NEXT: &str = "\
    SELECT link.* FROM json_array_elements($1::json) AS told(value) \
    JOIN link ON link.after = (told.value ->> 0)::uuid AND link.branch = (told.value ->> 1)::bigint \
    WHERE link.state + 0 = 0 AND link.errand IS NOT NULL ORDER BY link.id FOR UPDATE OF link";

pub(crate) const MADE: &str = "\
    UPDATE link SET state = 1, errand = NULL \
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND state + 0 = 0";

/// What lies within a path begins with it, so it is a range of the index.
pub(crate) const UNREACHED: &str = "\
    UPDATE link SET state = 2, why = gone.why \
    FROM (SELECT (value ->> 0)::uuid AS chain, value ->> 1 AS first, value ->> 2 AS last, value ->> 3 AS why \
          FROM json_array_elements($1::json)) AS gone \
    WHERE link.state = 0 AND link.chain = gone.chain AND link.path >= gone.first AND link.path < gone.last";

/// Locked, because two members may end on two hosts at once: who comes second counts on from what the first one wrote.
pub(crate) const GROUPS: &str = "\
    SELECT link.* FROM json_array_elements_text($1::json) AS told(value) JOIN link ON link.id = told.value::uuid \
    WHERE link.state + 0 = 0 ORDER BY link.id FOR UPDATE OF link";

pub(crate) const TALLY: &str = "\
    UPDATE link SET missing = told.missing, state = told.state \
    FROM (SELECT (value ->> 0)::uuid AS id, (value ->> 1)::bigint AS missing, (value ->> 2)::bigint AS state \
          FROM json_array_elements($1::json)) AS told \
    WHERE link.id = told.id AND link.state + 0 = 0";

pub(crate) const DECIDED: &str = "\
    SELECT id, state, outcome, reason FROM run WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))";

pub(crate) const SIZES: &str = "\
    SELECT link.id, coalesce(octet_length(run.outcome), 0) AS bytes \
    FROM link LEFT JOIN run ON run.id = link.id WHERE waiter = $1 AND member IS NOT NULL ORDER BY member";

pub(crate) const RESULTS_OF: &str = "\
    SELECT link.id, run.outcome FROM link LEFT JOIN run ON run.id = link.id \
    WHERE waiter = $1 AND member IS NOT NULL ORDER BY member";
