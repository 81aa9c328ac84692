//! items: the statements of SQLite.

/// Nobody else writes.
pub(crate) const LOCK: &str = "";

/// Keys that have a row, and whether they are handed over again: their run is over, and they were not executed or come
/// again.
pub(crate) const KNOWN: &str = "\
    SELECT key_hash, NOT ((status = 1 AND NOT ?2) OR (status = 2 AND NOT ?3) \
                          OR coalesce((SELECT state FROM run WHERE run.id = item.run_id) < 2, 0)) AS free \
    FROM item WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1))";

/// What a row keeps when it is handed over again: its id, its key, and when it was first seen.
pub(crate) const HAND_OVER: &str = "\
    WITH new AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    INSERT INTO item (key_hash, key_text, schedule, handler, flag, due_at, payload, status, run_id, runs, created_at, \
                      updated_at) \
    SELECT unhex(value ->> 0), value ->> 1, ?2, ?3, ?4, value ->> 2, value ->> 3, 0, unhex(value ->> 4), 1, ?5, ?5 \
    FROM new WHERE 1 \
    ON CONFLICT (key_hash) DO UPDATE SET schedule = excluded.schedule, payload = excluded.payload, status = 0, \
        run_id = excluded.run_id, runs = runs + 1, error = NULL, finished_at = NULL, updated_at = excluded.updated_at";

pub(crate) const COUNT: &str = "\
    UPDATE run SET items = handed.items \
    FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS items FROM json_each(?1)) AS handed WHERE run.id = handed.id";

pub(crate) const LEFT: &str = "\
    SELECT run_id, key_hash, key_text, payload FROM item \
    WHERE run_id IN (SELECT unhex(value) FROM json_each(?1)) AND status <> 1 ORDER BY id";

pub(crate) const END_ALL: &str = "\
    UPDATE item SET status = ?2, error = ?3, finished_at = ?4, updated_at = ?5 WHERE run_id = ?1 AND status <> 1";

pub(crate) const END_EACH: &str = "\
    WITH told AS MATERIALIZED (SELECT unhex(value ->> 0) AS key_hash, value ->> 1 AS error FROM json_each(?2)) \
    UPDATE item SET status = CASE WHEN told.error IS NULL THEN 1 ELSE 2 END, error = told.error, finished_at = ?3, \
                    updated_at = ?4 \
    FROM told WHERE item.key_hash = told.key_hash AND item.run_id = ?1";

pub(crate) const RECOUNT: &str = "\
    UPDATE run SET items_succeeded = (SELECT count(*) FROM item WHERE run_id = run.id AND status = 1), \
                   items_failed = (SELECT count(*) FROM item WHERE run_id = run.id AND status = 2) \
    WHERE id = ?1";

pub(crate) const PAGE: &str = "\
    SELECT id, key_hash, key_text, payload, status, error, runs, finished_at, created_at, updated_at FROM item \
    WHERE run_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 8] {
    [KNOWN, HAND_OVER, COUNT, LEFT, END_ALL, END_EACH, RECOUNT, PAGE]
}
