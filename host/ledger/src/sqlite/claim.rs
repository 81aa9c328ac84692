//! claim: the statements of SQLite.

/// A file has one writer: nobody has to be kept out.
pub(crate) const LOCK: &str = "";

pub(crate) const KEYS: &str =
    "SELECT key_hash, id, state FROM run WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1))";

/// Of the live runs, those that are in the way first: of the queued ones and of the others.
pub(crate) const SCHEDULES: &str = "\
    SELECT wanted.value AS name, live.id, live.state, live.fence, live.not_before, live.queued, \
           schedule.last_success_due, schedule.cursor, schedule.runs, schedule.concurrency \
    FROM json_each(?1) AS wanted LEFT JOIN schedule ON schedule.name = wanted.value \
    LEFT JOIN run AS live ON live.id IN ( \
        (SELECT id FROM run WHERE state < 2 AND schedule = wanted.value AND queued = 0 \
         ORDER BY state DESC, fence = 0, not_before, id LIMIT 1), \
        (SELECT id FROM run WHERE state < 2 AND schedule = wanted.value AND queued = 1 \
         ORDER BY not_before, id LIMIT 1))";

/// All of them, for the policies that count or replace them.
pub(crate) const LIVE: &str = "\
    SELECT schedule AS name, id, state, fence, not_before, queued FROM run \
    WHERE state < 2 AND schedule IN (SELECT value FROM json_each(?1))";

/// An earlier attempt stays in the record; the end is that of the run.
pub(crate) const REPLACE: &str = "\
    UPDATE run SET state = 4, finished_at = ?2, reason = gone.reason \
    FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS reason FROM json_each(?1)) AS gone \
    WHERE run.id = gone.id AND run.state = 0";

pub(crate) const ASK: &str =
    "UPDATE run SET cancel_asked = 1 WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND state = 1";

/// Never back: a slower host may come with an older pass.
pub(crate) const ADVANCE: &str = "\
    UPDATE schedule SET cursor = max(schedule.cursor, coalesce(moved.cursor, schedule.cursor)), \
                        runs = schedule.runs + moved.runs \
    FROM (SELECT value ->> 0 AS name, value ->> 1 AS cursor, value ->> 2 AS runs FROM json_each(?1)) AS moved \
    WHERE schedule.name = moved.name";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 5] {
    [KEYS, SCHEDULES, LIVE, REPLACE, ASK]
}
