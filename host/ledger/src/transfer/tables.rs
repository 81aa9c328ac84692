//! What is carried: every table with its columns, in the order in which they are written. `state_use` is not: triggers make
//! it of `state`; nor `counted_queue` and `alerting`, which are there to be locked; nor `session`: browsers log in again, tokens of people
//! and programs go on; nor `keyed`: what clients may send twice they send to the host that they know. Nor is what a database computes, such as `begins_by`.

/// How a value is written on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A `uuid` where there is such a type, else 16 bytes.
    Id,
    Bytes,
    Number,
    Text,
    /// A date and time of day for people, which some databases have a type for.
    Date,
}

pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

pub(super) struct Table {
    pub name: &'static str,
    /// Its primary key: the first columns, in whose order the rows are read.
    pub key: usize,
    pub columns: &'static [Column],
    /// Rows read at once: few where one may hold megabytes.
    pub page: i64,
    /// The schema, or a trigger while another table is filled, puts rows there, which those of the stream replace.
    pub anew: bool,
    /// Rows of runs that are gone may still be there.
    pub of_a_run: bool,
    /// A trigger writes it at an insert, so it is written once more.
    pub again: Option<&'static str>,
}

macro_rules! table {
    ($name:literal, $key:literal, $page:ident, $($column:literal $kind:ident),+ $(,)?) => {
        Table {
            name: $name,
            key: $key,
            columns: &[$(Column { name: $column, kind: Kind::$kind }),+],
            page: $page,
            anew: false,
            of_a_run: false,
            again: None,
        }
    };
}

/// Of rows without anything large: some hundred KiB.
const MANY: i64 = 500;
/// Of what may be a few hundred KiB.
const SOME: i64 = 20;
/// Of files.
const ONE: i64 = 1;

/// `edits` comes last: while its `host` is 1, rows of `task` are not taken for edits of people.
pub(super) const TABLES: &[Table] = &[
    table!("run", 1, SOME,
        "id" Id, "key_hash" Bytes, "key_text" Text, "state" Number, "schedule" Text, "handler" Text, "due_at" Number,
        "due_until" Number, "due_count" Number, "cause" Number, "late" Number, "input" Text, "window_from" Number,
        "window_to" Number, "timezone" Text, "max_attempts" Number, "backoff_ms" Number, "backoff_cap_ms" Number,
        "timeout_ms" Number, "trace_id" Text, "not_before" Number, "host" Id, "fence" Number, "attempt" Number,
        "lease_until" Number, "cancel_asked" Number, "started_at" Number, "finished_at" Number, "outcome" Text,
        "plugin_name" Text, "plugin_version" Text, "plugin_sha256" Text, "wall_ms" Number, "cpu_ms" Number,
        "peak_memory_bytes" Number, "reason" Text, "created_at" Number, "queued" Number, "start_by" Number,
        "expires_at" Number, "items" Number, "items_succeeded" Number, "items_failed" Number, "priority" Number,
        "queue" Text, "headers" Text, "chain" Id, "origin" Text, "includes" Text, "messages" Number, "provenance" Text,
        "terms" Text, "fuel" Number, "runs_on" Text, "gate" Text),
    Table {
        of_a_run: true,
        ..table!("attempt", 2, SOME,
        "run_id" Id, "fence" Number, "attempt" Number, "outcome" Text, "plugin_name" Text, "plugin_version" Text,
        "plugin_sha256" Text, "started_at" Number, "finished_at" Number, "wall_ms" Number, "cpu_ms" Number,
        "peak_memory_bytes" Number, "host" Id, "provenance" Text, "fuel" Number)
    },
    Table {
        of_a_run: true,
        ..table!("log", 2, SOME,
        "run_id" Id, "fence" Number, "attempt" Number, "lines" Text, "dropped" Number)
    },
    Table {
        of_a_run: true,
        ..table!("artifact", 2, ONE,
        "run_id" Id, "name" Text, "attempt" Number, "media_type" Text, "sha256" Text, "bytes" Number, "content" Bytes)
    },
    table!("item", 1, SOME,
        "id" Number, "key_hash" Bytes, "key_text" Text, "schedule" Text, "handler" Text, "flag" Text, "due_at" Number,
        "payload" Text, "status" Number, "run_id" Id, "runs" Number, "error" Text, "finished_at" Number,
        "created_at" Number, "updated_at" Number),
    table!("link", 1, SOME,
        "id" Id, "chain" Id, "path" Text, "after" Id, "branch" Number, "waiter" Id, "member" Number, "handler" Text,
        "errand" Text, "missing" Number, "state" Number, "why" Text),
    table!("submission", 1, MANY,
        "id" Id, "schedule" Text, "accepted" Number, "duplicate" Number, "out_of_window" Number, "expired" Number,
        "created_at" Number),
    table!("message", 1, SOME,
        "seq" Number, "id" Text, "run_id" Id, "plugin" Text, "trace_id" Text, "state" Number, "attempts" Number,
        "not_before" Number, "give_up_at" Number, "host" Id, "fence" Number, "lease_until" Number, "status" Number,
        "answer" Text, "created_at" Number, "ended_at" Number, "method" Text, "destination" Text, "bytes" Number,
        "url" Text, "headers" Text, "body" Bytes),
    table!("host", 1, SOME,
        "id" Id, "name" Text, "version" Text, "started_at" Number, "seen_at" Number, "lease_until" Number,
        "skew_ms" Number, "roles" Text, "queues" Text, "labels" Text, "plugins" Text, "draining" Number,
        "ended_at" Number, "lost_at" Number),
    table!("notice", 1, SOME, "seq" Number, "at" Number, "subject" Text, "body" Text),
    table!("incident", 1, SOME,
        "id" Id, "subject" Text, "state" Number, "look_at" Number, "ended_at" Number, "body" Text),
    table!("alert", 1, SOME,
        "seq" Number, "id" Text, "incident" Id, "sink" Text, "state" Number, "attempts" Number, "not_before" Number,
        "give_up_at" Number, "host" Id, "fence" Number, "lease_until" Number, "tried_at" Number, "status" Number,
        "answer" Text, "created_at" Number, "ended_at" Number, "body" Text),
    table!("alert_sink", 1, MANY, "sink" Text, "marks" Text, "gone_at" Number),
    table!("token", 1, MANY,
        "name" Text, "digest" Bytes, "scope" Text, "created_by" Text, "created_at" Number, "expires_at" Number,
        "used_at" Number, "revoked_at" Number, "revoked_by" Text),
    table!("audit", 1, MANY,
        "id" Id, "at" Number, "who" Text, "address" Text, "action" Text, "thing" Text, "reason" Text, "status" Number,
        "detail" Text),
    table!("rollup", 5, MANY,
        "schedule" Text, "handler" Text, "since" Number, "state" Number, "reason" Text, "ends" Number, "wall_ms" Number,
        "wall_ms_max" Number),
    Table {
        anew: true,
        ..table!("rollup_mark", 1, ONE, "id" Number, "finished_at" Number, "run_id" Id, "revision" Number)
    },
    table!("rollup_late", 1, MANY, "run_id" Id),
    table!("state", 2, SOME, "scope" Text, "key" Text, "value" Bytes, "revision" Number, "plugin" Text),
    table!("plugin_content", 1, ONE, "sha256" Text, "size" Number, "signature" Text, "content" Bytes),
    table!("plugin_version", 2, SOME,
        "plugin" Text, "sha256" Text, "version" Text, "file" Text, "size" Number, "info" Text, "imports" Text,
        "first_seen" Number, "last_loaded" Number, "standing" Text, "since" Number, "why" Text, "approved_by" Text,
        "approved_at" Number, "replaces" Text),
    table!("plugin_record", 3, MANY,
        "plugin" Text, "sha256" Text, "handler" Text, "good" Number, "bad" Number, "streak" Number, "recent" Number,
        "last_error" Text),
    Table { anew: true, ..table!("plugin_marks", 1, ONE, "id" Number, "decisions" Number, "endings" Number) },
    Table {
        again: Some("revision"),
        ..table!("schedule", 1, MANY,
        "name" Text, "owner" Text, "definition" Text, "anchor" Number, "cursor" Number, "pause" Text,
        "last_success_due" Number, "removed_at" Number, "runs" Number, "taken" Text, "refused" Text, "revision" Number,
        "overdue_since" Number, "concurrency" Number)
    },
    table!("schedule_change", 2, MANY, "schedule" Text, "number" Number, "at" Number, "writer" Text, "body" Text),
    table!("schedule_gone", 1, MANY, "name" Text, "revision" Number),
    table!("task", 1, MANY,
        "id" Number, "task_key" Text, "desc" Text, "execute_func" Text, "trigger" Text, "spec" Text, "args" Text,
        "is_valid" Number, "status" Text, "extra" Text, "create_at" Date, "update_at" Date),
    Table { anew: true, ..table!("task_mark", 1, MANY, "task_key" Text, "id" Number, "place" Text) },
    table!("task_edit", 1, MANY, "task_key" Text, "refused" Text),
    Table { anew: true, ..table!("edits", 1, ONE, "id" Number, "revision" Number, "host" Number) },
];
