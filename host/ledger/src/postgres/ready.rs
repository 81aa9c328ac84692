//! ready: the statements of PostgreSQL.

/// From the oldest of each level to the oldest of the next one, a seek each.
pub(crate) const LEVELS: &str = "\
    WITH RECURSIVE level AS ( \
        (SELECT queued, queue, priority, gate, not_before FROM run WHERE state = 0 \
         ORDER BY queued, queue, priority, gate, not_before, id LIMIT 1) \
        UNION ALL \
        SELECT next.* FROM level CROSS JOIN LATERAL ( \
            SELECT queued, queue, priority, gate, not_before FROM run \
            WHERE state = 0 AND (queued, queue, priority, gate) > (level.queued, level.queue, level.priority, level.gate) \
            ORDER BY queued, queue, priority, gate, not_before, id LIMIT 1) AS next) \
    SELECT *, EXISTS (SELECT 1 FROM run WHERE state = 0 AND begins_by < $1) AS expiring FROM level";

macro_rules! in_time {
    ($now:literal) => {
        concat!("not_before <= ", $now, " AND (begins_by IS NULL OR begins_by >= ", $now, ")")
    };
}

/// Runs of plugins of which there is no room for another are passed over: whoever stands behind them is next.
macro_rules! besides {
    ($full:literal) => {
        concat!("split_part(handler, '/', 1) <> ALL (ARRAY(SELECT json_array_elements_text(", $full, "::json)))")
    };
}

macro_rules! of_level {
    ($columns:literal, $besides:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM run WHERE state = 0 AND queued = 0 AND queue = $1 AND priority = $2 AND gate = $5 AND ",
            $besides,
            " ORDER BY not_before, id LIMIT $4"
        )
    };
}

/// What another host is about to take is passed over.
macro_rules! to_be_taken {
    ($besides:expr) => {
        concat!(of_level!("id, queue, priority, gate, not_before, handler", $besides), " FOR UPDATE SKIP LOCKED")
    };
}

pub(crate) const OF_LEVEL: &str = to_be_taken!(in_time!("$3"));
pub(crate) const OF_LEVEL_BESIDES: &str = to_be_taken!(concat!(in_time!("$3"), " AND ", besides!("$6")));
pub(crate) const NEXT_BESIDES: &str = of_level!("not_before", besides!("$3"));

/// Of the queued runs of each schedule, only the first can have its turn: if nothing has begun, and nothing is ready that
/// is not queued; what waits for a later instant is in nobody's way. From the first of each schedule to that of the next one, a
/// seek each.
macro_rules! in_turn {
    ($columns:literal, $now:literal, $full:literal) => {
        concat!(
            "WITH RECURSIVE first AS ( \
                (SELECT schedule, id FROM run WHERE state = 0 AND queued = 1 ORDER BY schedule, id LIMIT 1) \
                UNION ALL \
                SELECT next.* FROM first CROSS JOIN LATERAL ( \
                    SELECT schedule, id FROM run WHERE state = 0 AND queued = 1 AND schedule > first.schedule \
                    ORDER BY schedule, id LIMIT 1) AS next) \
             SELECT ",
            $columns,
            " FROM first JOIN run ON run.id = first.id \
              WHERE run.state = 0 AND run.queued = 1 AND queue = ANY (ARRAY(SELECT json_array_elements_text($1::json))) \
                AND gate = ANY (ARRAY(SELECT json_array_elements_text($6::json))) AND ",
            besides!($full),
            " AND NOT EXISTS (SELECT 1 FROM run AS ahead \
                              WHERE ahead.state < 2 AND ahead.schedule = run.schedule AND ahead.queued = 0 \
                                AND (ahead.state = 1 OR ahead.fence > 0 OR ahead.not_before <= ",
            $now,
            "))"
        )
    };
}

/// Of each queue no more than there are places.
pub(crate) const IN_TURN: &str = concat!(
    "SELECT id, queue, priority, gate, not_before, handler FROM ( \
     SELECT *, row_number() OVER (PARTITION BY queue ORDER BY priority DESC, not_before, id) AS number FROM (",
    in_turn!("run.id, queue, priority, gate, not_before, handler", "$2", "$5"),
    " AND ",
    in_time!("$3"),
    " FOR UPDATE OF run SKIP LOCKED) AS open) AS numbered WHERE number <= $4"
);

pub(crate) const NEXT_IN_TURN: &str = in_turn!("min(not_before) AS next", "$2", "$5");
