//! gates: the statements of MySQL and MariaDB.

macro_rules! queues {
    () => {
        "json_table(?1, '$[*]' COLUMNS (queue VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) AS told"
    };
}

pub(crate) const BOUND: &str = "UPDATE schedule SET concurrency = ?2 WHERE name = ?1 AND NOT (concurrency <=> ?2)";

/// What is under lease counts, too.
pub(crate) const REGATE: &str = "\
    UPDATE run FORCE INDEX (run_live) \
    SET gate = concat(CASE WHEN ?2 THEN concat(schedule, '/') ELSE '' END, coalesce(runs_on, '')) \
    WHERE state IN (0, 1) AND schedule = ?1";

pub(crate) const SCHEDULES: &str = "\
    SELECT schedule.name, schedule.concurrency, \
           (SELECT count(*) FROM run FORCE INDEX (run_live) WHERE run.state = 1 AND run.schedule = schedule.name) AS running \
    FROM json_table(?1, '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) AS told \
    STRAIGHT_JOIN schedule FORCE INDEX (PRIMARY) ON schedule.name = told.name WHERE schedule.concurrency IS NOT NULL";

pub(crate) const QUEUES: &str = "\
    SELECT queue, count(*) AS running FROM run FORCE INDEX (run_lapsing) \
    WHERE state = 1 AND json_contains(?1, json_quote(queue)) GROUP BY queue";

/// One after the other, in the order in which they are told.
pub(crate) const LOCK: &str = concat!(
    "SELECT counted_queue.queue FROM ",
    queues!(),
    " STRAIGHT_JOIN counted_queue FORCE INDEX (PRIMARY) ON counted_queue.queue = told.queue FOR UPDATE"
);
pub(crate) const ADD: &str = concat!(
    "INSERT INTO counted_queue (queue) SELECT told.queue FROM ",
    queues!(),
    " ON DUPLICATE KEY UPDATE queue = VALUES(queue)"
);
