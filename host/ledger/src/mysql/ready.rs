//! ready: the statements of MySQL and MariaDB.

/// From level to level, a seek each: with the state among what they are grouped by, the index is not read in between.
pub(crate) const LEVELS: &str = "\
    SELECT queued, queue, priority, gate, min(not_before) AS not_before, \
           EXISTS (SELECT 1 FROM run AS late WHERE late.state = 0 AND late.begins_by < ?1) AS expiring \
    FROM run FORCE INDEX (run_ready) WHERE state = 0 GROUP BY state, queued, queue, priority, gate";

macro_rules! in_time {
    ($now:literal) => {
        concat!("run.not_before <= ", $now, " AND (run.begins_by IS NULL OR run.begins_by >= ", $now, ")")
    };
}

/// Runs of plugins of which there is no room for another are passed over: whoever stands behind them is next.
macro_rules! besides {
    ($full:literal) => {
        concat!("NOT json_contains(", $full, ", json_quote(substring_index(run.handler, '/', 1)))")
    };
}

macro_rules! of_level {
    ($columns:literal, $besides:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM run FORCE INDEX (run_ready) WHERE state = 0 AND queued = 0 AND queue = ?1 AND priority = ?2 AND gate = ?5 AND ",
            $besides,
            " ORDER BY not_before, id LIMIT ?4"
        )
    };
}

/// What another host is about to take is passed over.
pub(crate) const OF_LEVEL: &str =
    concat!(of_level!("id, queue, priority, gate, not_before, handler", in_time!("?3")), " FOR UPDATE SKIP LOCKED");
pub(crate) const OF_LEVEL_BESIDES: &str = concat!(
    of_level!("id, queue, priority, gate, not_before, handler", concat!(in_time!("?3"), " AND ", besides!("?6"))),
    " FOR UPDATE SKIP LOCKED"
);
pub(crate) const NEXT_BESIDES: &str = of_level!("not_before", besides!("?3"));

/// Of the queued runs of each schedule, only the first can have its turn: if nothing has begun, and nothing is ready that
/// is not queued; what waits for a later instant is in nobody's way.
macro_rules! in_turn {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT min(id) AS id FROM run FORCE INDEX (run_queued) WHERE state = 0 AND queued = 1 \
                    GROUP BY state, queued, schedule) AS first STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = first.id \
              WHERE json_contains(?1, json_quote(run.queue)) \
                AND run.gate IN (SELECT told.gate FROM json_table(?6, '$[*]' COLUMNS ( \
                                     gate VARCHAR(400) CHARACTER SET utf8mb4 PATH '$')) AS told) AND ",
            besides!("?5"),
            " AND NOT EXISTS (SELECT 1 FROM run AS ahead FORCE INDEX (run_live) \
                              WHERE ahead.state = 1 AND ahead.schedule = run.schedule AND ahead.queued = 0) \
              AND NOT EXISTS (SELECT 1 FROM run AS ahead FORCE INDEX (run_live) \
                              WHERE ahead.state = 0 AND ahead.schedule = run.schedule AND ahead.queued = 0 \
                                AND (ahead.fence > 0 OR ahead.not_before <= ?2))"
        )
    };
}

/// Of each queue no more than there are places; what another host is about to take is passed over.
pub(crate) const IN_TURN: &str = concat!(
    "SELECT run.id, run.queue, run.priority, run.gate, run.not_before, run.handler FROM ( \
     SELECT turn.id, row_number() OVER (PARTITION BY queue ORDER BY priority DESC, not_before, id) AS number FROM (",
    in_turn!("run.id, run.queue, run.priority, run.not_before"),
    " AND ",
    in_time!("?3"),
    ") AS turn) AS numbered STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = numbered.id \
      WHERE numbered.number <= ?4 AND run.state = 0 AND run.queued = 1 FOR UPDATE SKIP LOCKED"
);

pub(crate) const NEXT_IN_TURN: &str = in_turn!("min(run.not_before) AS next");
