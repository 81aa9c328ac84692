//! What is read of a run: the names are the same in every database.

/// What [`rows::order`](crate::rows::order) reads.
macro_rules! order_columns {
    () => {
        "id, key_hash, key_text, schedule, handler, due_at, cause, late, input, window_from, window_to, timezone, \
         max_attempts, backoff_ms, backoff_cap_ms, timeout_ms, start_by, expires_at, priority, queue, headers, includes, \
         trace_id, chain, origin, terms, runs_on"
    };
}
/// What [`rows::record`](crate::rows::record) reads.
macro_rules! record_columns {
    () => {
        "run.id, key_hash, key_text, schedule, handler, due_at, due_until, due_count, state, reason, cause, late, attempt, \
         max_attempts, not_before, started_at, finished_at, outcome, plugin_name, plugin_version, plugin_sha256, wall_ms, \
         cpu_ms, peak_memory_bytes, fuel, provenance, host, input, priority, queue, headers, window_from, window_to, includes, \
         trace_id, items, items_succeeded, items_failed, chain, origin, runs_on, created_at"
    };
}
pub(crate) use {order_columns, record_columns};
