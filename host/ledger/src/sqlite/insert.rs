//! insert: the statements of SQLite.

/// Materialized, or each column would have the whole row written as JSON anew.
pub(crate) const INSERT: &str = "\
    WITH new AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    INSERT INTO run (id, key_hash, key_text, schedule, handler, due_at, due_until, due_count, cause, late, input, \
                     window_from, window_to, timezone, max_attempts, backoff_ms, backoff_cap_ms, timeout_ms, trace_id, \
                     state, not_before, host, fence, attempt, lease_until, started_at, finished_at, reason, queued, start_by, \
                     expires_at, priority, queue, headers, includes, chain, origin, terms, runs_on, gate, \
                     created_at) \
    SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
           value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, \
           value ->> 15, value ->> 16, value ->> 17, value ->> 18, value ->> 19, value ->> 20, unhex(value ->> 21), \
           value ->> 22, value ->> 23, value ->> 24, value ->> 25, value ->> 26, value ->> 27, value ->> 28, \
           value ->> 29, value ->> 30, value ->> 31, value ->> 32, value ->> 33, value ->> 34, unhex(value ->> 35), \
           value ->> 36, value ->> 37, value ->> 38, value ->> 39, ?2 \
    FROM new";
