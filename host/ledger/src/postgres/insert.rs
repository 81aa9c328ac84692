//! insert: the statements of PostgreSQL.

pub(crate) const INSERT: &str = "\
    INSERT INTO run (id, key_hash, key_text, schedule, handler, due_at, due_until, due_count, cause, late, input, \
                     window_from, window_to, timezone, max_attempts, backoff_ms, backoff_cap_ms, timeout_ms, trace_id, \
                     state, not_before, host, fence, attempt, lease_until, started_at, finished_at, reason, queued, start_by, \
                     expires_at, priority, queue, headers, includes, chain, origin, terms, runs_on, gate, \
                     created_at) \
    SELECT (value ->> 0)::uuid, decode(value ->> 1, 'hex'), value ->> 2, value ->> 3, value ->> 4, (value ->> 5)::bigint, \
           (value ->> 6)::bigint, (value ->> 7)::bigint, (value ->> 8)::bigint, (value ->> 9)::bigint, value ->> 10, \
           (value ->> 11)::bigint, (value ->> 12)::bigint, value ->> 13, (value ->> 14)::bigint, (value ->> 15)::bigint, \
           (value ->> 16)::bigint, (value ->> 17)::bigint, value ->> 18, (value ->> 19)::bigint, (value ->> 20)::bigint, \
           (value ->> 21)::uuid, (value ->> 22)::bigint, (value ->> 23)::bigint, (value ->> 24)::bigint, \
           (value ->> 25)::bigint, (value ->> 26)::bigint, value ->> 27, (value ->> 28)::bigint, (value ->> 29)::bigint, \
           (value ->> 30)::bigint, (value ->> 31)::bigint, value ->> 32, value ->> 33, value ->> 34, (value ->> 35)::uuid, \
           value ->> 36, value ->> 37, value ->> 38, value ->> 39, $2 \
    FROM jsonb_array_elements($1::jsonb) AS value";
