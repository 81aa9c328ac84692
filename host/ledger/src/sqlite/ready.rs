//! ready: the statements of SQLite.

/// The oldest of the first level that `$beyond` holds.
macro_rules! oldest_of {
    ($beyond:literal, $order:literal) => {
        concat!(
            "(SELECT id FROM run AS next INDEXED BY run_ready WHERE state = 0 AND ",
            $beyond,
            " ORDER BY ",
            $order,
            " LIMIT 1)"
        )
    };
}

/// From the oldest of each level to the oldest of the next one, a seek each: compared as one row, the columns would be
/// looked up by the first alone.
pub(crate) const LEVELS: &str = concat!(
    "WITH RECURSIVE level (queued, queue, priority, gate, not_before) AS ( \
        SELECT * FROM (SELECT queued, queue, priority, gate, not_before FROM run INDEXED BY run_ready WHERE state = 0 \
                       ORDER BY queued, queue, priority, gate, not_before LIMIT 1) \
        UNION ALL \
        SELECT run.queued, run.queue, run.priority, run.gate, run.not_before FROM level CROSS JOIN run ON run.id = coalesce(",
    oldest_of!(
        "queued = level.queued AND queue = level.queue AND priority = level.priority AND gate > level.gate",
        "gate, not_before"
    ),
    ", ",
    oldest_of!(
        "queued = level.queued AND queue = level.queue AND priority > level.priority",
        "priority, gate, not_before"
    ),
    ", ",
    oldest_of!("queued = level.queued AND queue > level.queue", "queue, priority, gate, not_before"),
    ", ",
    oldest_of!("queued > level.queued", "queued, queue, priority, gate, not_before"),
    ")) SELECT *, EXISTS (SELECT 1 FROM run WHERE state = 0 AND begins_by < ?1) AS expiring FROM level"
);

macro_rules! in_time {
    ($now:literal) => {
        concat!("not_before <= ", $now, " AND (begins_by IS NULL OR begins_by >= ", $now, ")")
    };
}

/// Runs of plugins of which there is no room for another are passed over: whoever stands behind them is next.
macro_rules! besides {
    ($full:literal) => {
        concat!("substr(handler, 1, instr(handler || '/', '/') - 1) NOT IN (SELECT value FROM json_each(", $full, "))")
    };
}

macro_rules! of_level {
    ($columns:literal, $besides:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM run INDEXED BY run_ready WHERE state = 0 AND queued = 0 AND queue = ?1 AND priority = ?2 AND gate = ?5 AND ",
            $besides,
            " ORDER BY not_before, id LIMIT ?4"
        )
    };
}

pub(crate) const OF_LEVEL: &str = of_level!("id, queue, priority, gate, not_before, handler", in_time!("?3"));
pub(crate) const OF_LEVEL_BESIDES: &str =
    of_level!("id, queue, priority, gate, not_before, handler", concat!(in_time!("?3"), " AND ", besides!("?6")));
pub(crate) const NEXT_BESIDES: &str = of_level!("not_before", besides!("?3"));

/// Of the queued runs of each schedule, only the first can have its turn: if nothing has begun, and nothing is ready that
/// is not queued; what waits for a later instant is in nobody's way.
macro_rules! in_turn {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT min(id) AS first FROM run INDEXED BY run_queued WHERE state = 0 AND queued = 1 GROUP BY schedule) \
              CROSS JOIN run ON run.id = first \
              WHERE queue IN (SELECT value FROM json_each(?1)) AND gate IN (SELECT value FROM json_each(?6)) AND ",
            besides!("?5"),
            " \
                AND NOT EXISTS (SELECT 1 FROM run AS ahead \
                                WHERE ahead.state < 2 AND ahead.schedule = run.schedule AND ahead.queued = 0 \
                                  AND (ahead.state = 1 OR ahead.fence > 0 OR ahead.not_before <= ?2))"
        )
    };
}

/// Of each queue no more than there are places.
pub(crate) const IN_TURN: &str = concat!(
    "SELECT id, queue, priority, gate, not_before, handler FROM ( \
     SELECT *, row_number() OVER (PARTITION BY queue ORDER BY priority DESC, not_before, id) AS number FROM (",
    in_turn!("id, queue, priority, gate, not_before, handler"),
    " AND ",
    in_time!("?3"),
    ")) WHERE number <= ?4"
);

pub(crate) const NEXT_IN_TURN: &str = in_turn!("min(not_before) AS next");

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 6] {
    [LEVELS, OF_LEVEL, OF_LEVEL_BESIDES, NEXT_BESIDES, IN_TURN, NEXT_IN_TURN]
}
