//! claim: the statements of MySQL and MariaDB.

macro_rules! told {
    ($columns:literal) => {
        concat!("json_table(?1, '$[*]' COLUMNS (", $columns, ")) AS told")
    };
}
macro_rules! names {
    () => {
        told!("name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$'")
    };
}

/// One after the other, in the order in which they are told.
pub(crate) const LOCK: &str = concat!(
    "SELECT schedule.name FROM ",
    names!(),
    " STRAIGHT_JOIN schedule FORCE INDEX (PRIMARY) ON schedule.name = told.name FOR UPDATE"
);

pub(crate) const KEYS: &str = concat!(
    "SELECT key_hash, id, state FROM ",
    told!("hex CHAR(32) PATH '$'"),
    " STRAIGHT_JOIN run FORCE INDEX (run_key) ON run.key_hash = unhex(told.hex)"
);

/// The first of the live runs of the schedule that is told.
macro_rules! first {
    ($state:literal, $queued:literal, $order:literal) => {
        concat!(
            "(SELECT run.id FROM run FORCE INDEX (run_live) WHERE run.state = ",
            $state,
            " AND run.schedule = told.name AND run.queued = ",
            $queued,
            " ORDER BY ",
            $order,
            " LIMIT 1)"
        )
    };
}

/// Of the live runs, those that are in the way first: of the queued ones and of the others. What runs is not queued.
pub(crate) const SCHEDULES: &str = concat!(
    "SELECT wanted.name, live.id, live.state, live.fence, live.not_before, live.queued, \
            schedule.last_success_due, schedule.cursor, schedule.runs, schedule.concurrency \
     FROM (SELECT told.name, coalesce(",
    first!("1", "0", "run.not_before, run.id"),
    ", ",
    first!("0", "0", "run.fence = 0, run.not_before, run.id"),
    ") AS id FROM ",
    names!(),
    " UNION ALL SELECT told.name, ",
    first!("0", "1", "run.not_before, run.id"),
    " FROM ",
    names!(),
    ") AS wanted LEFT JOIN schedule ON schedule.name = wanted.name LEFT JOIN run AS live ON live.id = wanted.id"
);

/// All of them, for the policies that count or replace them; they stay as they are until that is written.
pub(crate) const LIVE: &str = concat!(
    "SELECT run.schedule AS name, run.id, run.state, run.fence, run.not_before, run.queued FROM ",
    names!(),
    " STRAIGHT_JOIN (SELECT 1 AS state UNION ALL SELECT 0) AS live \
      STRAIGHT_JOIN run FORCE INDEX (run_live) ON run.state = live.state AND run.schedule = told.name FOR UPDATE"
);

/// An earlier attempt stays in the record; the end is that of the run.
pub(crate) const REPLACE: &str = concat!(
    "UPDATE ",
    told!("hex CHAR(32) PATH '$[0]', reason LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]'"),
    " STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(told.hex) SET run.state = 4, run.finished_at = ?2, run.reason = told.reason \
      WHERE run.state = 0"
);

pub(crate) const ASK: &str = concat!(
    "UPDATE ",
    told!("hex CHAR(32) PATH '$'"),
    " STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(told.hex) SET run.cancel_asked = 1 WHERE run.state = 1"
);

/// Never back: a slower host may come with an older pass.
pub(crate) const ADVANCE: &str = concat!(
    "UPDATE ",
    told!("name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[0]', at BIGINT PATH '$[1]', runs BIGINT PATH '$[2]'"),
    " STRAIGHT_JOIN schedule FORCE INDEX (PRIMARY) ON schedule.name = told.name \
      SET schedule.\"cursor\" = greatest(schedule.\"cursor\", coalesce(told.at, schedule.\"cursor\")), \
          schedule.runs = schedule.runs + told.runs"
);
