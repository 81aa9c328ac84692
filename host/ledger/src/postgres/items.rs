//! items: the statements of PostgreSQL.

/// The question itself locks.
pub(crate) const LOCK: &str = "";

/// Keys that have a row, and whether they are handed over again: their run is over, and they were not executed or come
/// again. Locked, so that nobody else hands them over; in the order of the keys, so that two who want the same ones do not
/// wait for each other. Who waited sees the row as it is now, but not its new run: a run that is not seen goes on.
pub(crate) const KNOWN: &str = "\
    SELECT key_hash, NOT ((status = 1 AND $2 = 0) OR (status = 2 AND $3 = 0) \
                          OR coalesce((SELECT state FROM run WHERE run.id = item.run_id) < 2, true)) AS free \
    FROM item WHERE key_hash IN (SELECT decode(value, 'hex') FROM json_array_elements_text($1::json)) \
    ORDER BY key_hash FOR UPDATE";

/// What a row keeps when it is handed over again: its id, its key, and when it was first seen. A key that was not there a
/// moment ago and is now was handed over by somebody else: a conflict. The ids are in the order of the submission, and the
/// rows come in that of their keys.
pub(crate) const HAND_OVER: &str = "\
    UPDATE item SET schedule = $2, payload = told.payload, status = 0, run_id = told.run_id, runs = runs + 1, error = NULL, \
                    finished_at = NULL, updated_at = $5 \
    FROM (SELECT decode(value ->> 0, 'hex') AS key_hash, value ->> 3 AS payload, (value ->> 4)::uuid AS run_id \
          FROM json_array_elements($1::json) WHERE value ->> 5 = '1') AS told \
    WHERE item.key_hash = told.key_hash; \
    INSERT INTO item (id, key_hash, key_text, schedule, handler, flag, due_at, payload, status, run_id, runs, created_at, \
                      updated_at) \
    SELECT id, key_hash, value ->> 1, $2, $3, $4, (value ->> 2)::bigint, value ->> 3, 0, (value ->> 4)::uuid, 1, $5, $5 \
    FROM (SELECT nextval('item_id_seq') AS id, decode(value ->> 0, 'hex') AS key_hash, value \
          FROM json_array_elements($1::json) WITH ORDINALITY AS told(value, place) \
          WHERE value ->> 5 = '0' ORDER BY place OFFSET 0) AS new \
    ORDER BY key_hash";

pub(crate) const COUNT: &str = "\
    UPDATE run SET items = handed.items \
    FROM (SELECT (value ->> 0)::uuid AS id, (value ->> 1)::bigint AS items FROM json_array_elements($1::json)) AS handed \
    WHERE run.id = handed.id";

pub(crate) const LEFT: &str = "\
    SELECT run_id, key_hash, key_text, payload FROM item \
    WHERE run_id IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND status <> 1 ORDER BY id";

pub(crate) const END_ALL: &str = "\
    UPDATE item SET status = $2, error = $3, finished_at = $4, updated_at = $5 WHERE run_id = $1 AND status <> 1";

pub(crate) const END_EACH: &str = "\
    UPDATE item SET status = CASE WHEN told.error IS NULL THEN 1 ELSE 2 END, error = told.error, finished_at = $3, \
                    updated_at = $4 \
    FROM (SELECT decode(value ->> 0, 'hex') AS key_hash, value ->> 1 AS error FROM json_array_elements($2::json)) AS told \
    WHERE item.key_hash = told.key_hash AND item.run_id = $1";

pub(crate) const RECOUNT: &str = "\
    UPDATE run SET (items_succeeded, items_failed) = \
        (SELECT count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2) FROM item WHERE run_id = $1) \
    WHERE id = $1";

pub(crate) const PAGE: &str = "\
    SELECT id, key_hash, key_text, payload, status, error, runs, finished_at, created_at, updated_at FROM item \
    WHERE run_id = $1 AND id > $2 ORDER BY id LIMIT $3";
