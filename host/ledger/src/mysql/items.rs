//! items: the statements of MySQL and MariaDB.

/// The rows of keys.
macro_rules! told {
    () => {
        "json_table(?1, '$[*]' COLUMNS (key_hash CHAR(32) PATH '$')) AS told \
         STRAIGHT_JOIN item FORCE INDEX (item_key) ON item.key_hash = unhex(told.key_hash)"
    };
}

/// Nobody else hands these over before we are done.
pub(crate) const LOCK: &str = concat!("SELECT item.id FROM ", told!(), " FOR UPDATE");

/// Keys that have a row, and whether they are handed over again: their run is over, and they were not executed or come
/// again.
pub(crate) const KNOWN: &str = concat!(
    "SELECT item.key_hash, NOT ((status = 1 AND ?2 = 0) OR (status = 2 AND ?3 = 0) \
                                OR coalesce((SELECT state FROM run WHERE run.id = item.run_id) < 2, 0)) AS free FROM ",
    told!()
);

/// In the order of the columns that are bound.
macro_rules! handed_over {
    () => {
        "json_table(?1, '$[*]' COLUMNS ( \
            key_hash CHAR(32) PATH '$[0]', key_text LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]', due_at BIGINT PATH '$[2]', \
            payload LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]', run_id CHAR(32) PATH '$[4]', was_known BIGINT PATH '$[5]')) \
         AS told"
    };
}

/// What a row keeps when it is handed over again: its id, its key, and when it was first seen. A key that was not there a
/// moment ago and is now was handed over by somebody else: a conflict.
pub(crate) const HAND_OVER: &str = concat!(
    "UPDATE ",
    handed_over!(),
    " STRAIGHT_JOIN item FORCE INDEX (item_key) ON item.key_hash = unhex(told.key_hash) \
     SET item.schedule = ?2, item.payload = told.payload, item.status = 0, item.run_id = unhex(told.run_id), \
         item.runs = item.runs + 1, item.error = NULL, item.finished_at = NULL, item.updated_at = ?5 \
     WHERE told.was_known = 1; \
     INSERT INTO item (key_hash, key_text, schedule, handler, flag, due_at, payload, status, run_id, runs, created_at, \
                       updated_at) \
     SELECT unhex(told.key_hash), told.key_text, ?2, ?3, ?4, told.due_at, told.payload, 0, unhex(told.run_id), 1, ?5, ?5 FROM ",
    handed_over!(),
    " WHERE told.was_known = 0"
);

pub(crate) const COUNT: &str = "\
    UPDATE json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$[0]', items BIGINT PATH '$[1]')) AS handed \
    STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(handed.id) SET run.items = handed.items";

pub(crate) const LEFT: &str = "\
    SELECT item.run_id, key_hash, key_text, payload FROM json_table(?1, '$[*]' COLUMNS (run_id CHAR(32) PATH '$')) AS told \
    STRAIGHT_JOIN item FORCE INDEX (item_run) ON item.run_id = unhex(told.run_id) WHERE status <> 1 ORDER BY item.id";

pub(crate) const END_ALL: &str = "\
    UPDATE item SET status = ?2, error = ?3, finished_at = ?4, updated_at = ?5 WHERE run_id = ?1 AND status <> 1";

pub(crate) const END_EACH: &str = "\
    UPDATE json_table(?2, '$[*]' COLUMNS ( \
        key_hash CHAR(32) PATH '$[0]', error LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]')) AS told \
    STRAIGHT_JOIN item FORCE INDEX (item_key) ON item.key_hash = unhex(told.key_hash) \
    SET item.status = CASE WHEN told.error IS NULL THEN 1 ELSE 2 END, item.error = told.error, item.finished_at = ?3, \
        item.updated_at = ?4 \
    WHERE item.run_id = ?1";

pub(crate) const RECOUNT: &str = "\
    UPDATE run SET items_succeeded = (SELECT count(*) FROM item WHERE run_id = ?1 AND status = 1), \
                   items_failed = (SELECT count(*) FROM item WHERE run_id = ?1 AND status = 2) \
    WHERE id = ?1";

pub(crate) const PAGE: &str = "\
    SELECT id, key_hash, key_text, payload, status, error, runs, finished_at, created_at, updated_at FROM item \
    WHERE run_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
