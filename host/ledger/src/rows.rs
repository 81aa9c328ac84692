//! The rows on disk and the domain's types, joined here and nowhere else.

use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::chain::{Branch, LinkState, Linked};
use noontide_domain::ports::{AttemptRecord, LinkRecord, RunRecord};
use noontide_domain::{
    Cause, Gate, Headers, HostId, Included, ItemCounts, Key, Lease, Link, Order, Outcome, PluginVersion, Priority,
    RetryPolicy, RunId, RunState, Usage, Window,
};
use serde_json::Value;
use uuid::Uuid;

use crate::fault::shape;
use crate::row::Row;

type Found<T> = Result<T, sqlx::Error>;

pub(crate) fn order(row: &Row) -> Found<Order> {
    Ok(Order {
        id: RunId(uuid(row, "id")?),
        key: key(row)?,
        schedule: parsed(row, "schedule")?,
        handler: required(row, "handler")?,
        due_at: instant(row, "due_at")?,
        cause: cause(row)?,
        late: row.try_get("late")?,
        input: json(row, "input")?,
        priority: priority(row)?,
        queue: required(row, "queue")?,
        runs_on: maybe_json("runs_on", row)?.unwrap_or_default(),
        headers: headers(row)?,
        window: window(row)?,
        includes: includes(row)?,
        timezone: required(row, "timezone")?,
        retry: RetryPolicy {
            attempts: row.try_get("max_attempts")?,
            backoff: length(row.try_get("backoff_ms")?),
            cap: length(row.try_get("backoff_cap_ms")?),
        },
        timeout: row.try_get::<Option<i64>>("timeout_ms")?.map(length),
        start_by: maybe_instant(row, "start_by")?,
        expires_at: maybe_instant(row, "expires_at")?,
        trace_id: row.try_get("trace_id")?,
        chain: maybe_run(row, "chain")?,
        origin: maybe_json("origin", row)?,
        terms: maybe_json("terms", row)?,
    })
}

/// The lease that `host` holds.
pub(crate) fn lease(row: &Row, host: HostId) -> Found<Lease> {
    Ok(Lease { run: RunId(uuid(row, "id")?), host, fence: row.try_get("fence")?, attempt: row.try_get("attempt")? })
}

pub(crate) fn record(row: &Row) -> Found<RunRecord> {
    let state = state(row)?;
    let span: (Option<i64>, Option<i64>) = (row.try_get("due_until")?, row.try_get("due_count")?);
    Ok(RunRecord {
        id: RunId(uuid(row, "id")?),
        key: key(row)?,
        schedule: parsed(row, "schedule")?,
        handler: required(row, "handler")?,
        due_at: instant(row, "due_at")?,
        span: match span {
            (Some(until), Some(count)) => Some((from_millis("due_until", until)?, count.unsigned_abs())),
            _ => None,
        },
        state,
        reason: row.try_get::<Option<String>>("reason")?.map(|text| from_json("reason", &text)).transpose()?,
        cause: cause(row)?,
        late: row.try_get("late")?,
        attempt: row.try_get("attempt")?,
        max_attempts: row.try_get("max_attempts")?,
        not_before: (state == RunState::Ready).then(|| instant(row, "not_before")).transpose()?,
        started_at: maybe_instant(row, "started_at")?,
        finished_at: maybe_instant(row, "finished_at")?,
        outcome: row.try_get::<Option<String>>("outcome")?.map(|text| from_json("outcome", &text)).transpose()?,
        plugin: plugin(row)?,
        usage: usage(row)?,
        provenance: maybe_json("provenance", row)?,
        host: host(row)?,
        input: json(row, "input")?,
        priority: priority(row)?,
        queue: required(row, "queue")?,
        runs_on: maybe_json("runs_on", row)?.unwrap_or_default(),
        headers: headers(row)?,
        window: window(row)?,
        includes: includes(row)?,
        items: items(row)?,
        trace_id: row.try_get("trace_id")?,
        chain: maybe_run(row, "chain")?,
        origin: maybe_json("origin", row)?,
        created_at: instant(row, "created_at")?,
    })
}

pub(crate) fn attempt(row: &Row) -> Found<AttemptRecord> {
    Ok(AttemptRecord {
        attempt: row.try_get("attempt")?,
        outcome: from_json::<Outcome>("outcome", row.try_get("outcome")?)?,
        plugin: plugin(row)?,
        host: host(row)?,
        started_at: instant(row, "started_at")?,
        finished_at: instant(row, "finished_at")?,
        usage: usage(row)?,
        provenance: maybe_json("provenance", row)?,
    })
}

pub(crate) fn uuid(row: &Row, column: &str) -> Found<Uuid> {
    row.try_get(column)
}

pub(crate) fn instant(row: &Row, column: &str) -> Found<DateTime<Utc>> {
    from_millis(column, row.try_get(column)?)
}

pub(crate) fn maybe_instant(row: &Row, column: &str) -> Found<Option<DateTime<Utc>>> {
    row.try_get::<Option<i64>>(column)?.map(|millis| from_millis(column, millis)).transpose()
}

pub(crate) fn from_millis(column: &str, millis: i64) -> Found<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| shape(column, format!("{millis} is no instant")))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Found<T> {
    serde_json::from_str(text).map_err(|problem| shape(column, problem))
}

pub(crate) fn maybe_json<T: serde::de::DeserializeOwned>(column: &str, row: &Row) -> Found<Option<T>> {
    row.try_get::<Option<&str>>(column)?.map(|text| from_json(column, text)).transpose()
}

pub(crate) fn maybe_run(row: &Row, column: &str) -> Found<Option<RunId>> {
    Ok(row.try_get::<Option<Uuid>>(column)?.map(RunId))
}

/// As JSON text in a column of its own.
pub(crate) fn to_json<T: serde::Serialize>(column: &str, value: &T) -> Found<String> {
    serde_json::to_string(value).map_err(|problem| shape(column, problem))
}

pub(crate) fn key_hash(row: &Row) -> Found<[u8; 16]> {
    row.try_get::<&[u8]>("key_hash")?.try_into().map_err(|problem| shape("key_hash", problem))
}

pub(crate) fn state(row: &Row) -> Found<RunState> {
    state_in("state", row)
}

pub(crate) fn state_in(column: &str, row: &Row) -> Found<RunState> {
    numbered(column, row.try_get(column)?, &RunState::ALL)
}

/// What stands at the place of the number.
pub(crate) fn numbered<T: Copy>(column: &str, number: i64, all: &[T]) -> Found<T> {
    let position = usize::try_from(number).ok();
    position.and_then(|i| all.get(i)).copied().ok_or_else(|| shape(column, number))
}

/// The number of a state on disk: its place in [`RunState::ALL`].
pub(crate) fn state_number(state: RunState) -> i64 {
    match state {
        RunState::Ready => 0,
        RunState::Running => 1,
        RunState::Succeeded => 2,
        RunState::Failed => 3,
        RunState::Cancelled => 4,
        RunState::Skipped => 5,
        RunState::Expired => 6,
    }
}

pub(crate) fn cause_number(cause: Cause) -> i64 {
    match cause {
        Cause::Schedule => 0,
        Cause::Manual => 1,
        Cause::Enqueued => 2,
        Cause::After => 3,
        Cause::Backfill => 4,
    }
}

pub(crate) fn branch_number(branch: Branch) -> i64 {
    match branch {
        Branch::Then => 0,
        Branch::OnFailure => 1,
    }
}

/// The number of a link's state on disk: its place in [`LinkState::ALL`].
pub(crate) fn link_number(state: LinkState) -> i64 {
    match state {
        LinkState::Waiting => 0,
        LinkState::Made => 1,
        LinkState::Unreached => 2,
        LinkState::Succeeded => 3,
        LinkState::Failed => 4,
    }
}

pub(crate) fn link(row: &Row) -> Found<Link> {
    let what = match (parsed(row, "handler")?, row.try_get::<Option<u32>>("missing")?) {
        (Some(handler), _) => Linked::Call { handler, errand: maybe_json("errand", row)? },
        (None, Some(missing)) => Linked::Group { missing },
        (None, None) => return Err(shape("missing", "neither a call nor a group")),
    };
    Ok(Link {
        id: RunId(uuid(row, "id")?),
        chain: RunId(uuid(row, "chain")?),
        path: row.try_get("path")?,
        after: maybe_run(row, "after")?,
        branch: numbered("branch", row.try_get("branch")?, &[Branch::Then, Branch::OnFailure])?,
        waiter: maybe_run(row, "waiter")?,
        member: row.try_get("member")?,
        what,
        state: numbered("state", row.try_get("state")?, &LinkState::ALL)?,
        why: row.try_get("why")?,
    })
}

/// A link, and the state of its run.
pub(crate) fn link_record(row: &Row) -> Found<LinkRecord> {
    let run = row.try_get::<Option<i64>>("run_state")?;
    Ok(LinkRecord { link: link(row)?, run: run.map(|run| numbered("run_state", run, &RunState::ALL)).transpose()? })
}

/// In whole milliseconds, as the database keeps lengths.
pub(crate) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// SQLite has no unsigned numbers; none of ours comes near the edge.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn cause(row: &Row) -> Found<Cause> {
    match row.try_get::<i64>("cause")? {
        0 => Ok(Cause::Schedule),
        1 => Ok(Cause::Manual),
        2 => Ok(Cause::Enqueued),
        3 => Ok(Cause::After),
        4 => Ok(Cause::Backfill),
        other => Err(shape("cause", other)),
    }
}

pub(crate) fn key(row: &Row) -> Found<Key> {
    Ok(Key { hash: key_hash(row)?, text: row.try_get("key_text")? })
}

fn window(row: &Row) -> Found<Option<Window>> {
    let ends = (maybe_instant(row, "window_from")?, maybe_instant(row, "window_to")?);
    Ok(match ends {
        (Some(from), Some(to)) => Some(Window { from, to }),
        _ => None,
    })
}

fn includes(row: &Row) -> Found<Vec<Included>> {
    let text: Option<&str> = row.try_get("includes")?;
    text.map_or(Ok(Vec::new()), |text| from_json("includes", text))
}

fn plugin(row: &Row) -> Found<Option<PluginVersion>> {
    let Some(name) = parsed(row, "plugin_name")? else { return Ok(None) };
    Ok(Some(PluginVersion { name, version: row.try_get("plugin_version")?, sha256: row.try_get("plugin_sha256")? }))
}

pub(crate) fn host(row: &Row) -> Found<Option<HostId>> {
    Ok(row.try_get::<Option<Uuid>>("host")?.map(HostId))
}

pub(crate) fn priority(row: &Row) -> Found<Priority> {
    Priority::of_number(row.try_get("priority")?).map_err(|problem| shape("priority", problem))
}

pub(crate) fn gate(row: &Row) -> Found<Gate> {
    row.try_get::<&str>("gate")?.parse().map_err(|problem| shape("gate", problem))
}

fn headers(row: &Row) -> Found<Headers> {
    let text: Option<&str> = row.try_get("headers")?;
    Ok(text.map(|text| from_json("headers", text)).transpose()?.unwrap_or_default())
}

fn usage(row: &Row) -> Found<Usage> {
    let number = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    Ok(Usage {
        wall_ms: number("wall_ms")?,
        cpu_ms: number("cpu_ms")?,
        peak_memory_bytes: number("peak_memory_bytes")?,
        fuel: row.try_get::<Option<i64>>("fuel")?.map(i64::unsigned_abs),
    })
}

fn items(row: &Row) -> Found<Option<ItemCounts>> {
    let number = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    let counts =
        ItemCounts { total: number("items")?, succeeded: number("items_succeeded")?, failed: number("items_failed")? };
    Ok(Some(counts).filter(|counts| counts.total > 0))
}

fn json(row: &Row, column: &str) -> Found<Value> {
    from_json(column, row.try_get(column)?)
}

fn length(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(row: &Row, column: &str) -> Found<Option<T>> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|problem| shape(column, problem))).transpose()
}

pub(crate) fn required<T: std::str::FromStr<Err: std::fmt::Display>>(row: &Row, column: &str) -> Found<T> {
    parsed(row, column)?.ok_or_else(|| shape(column, "missing"))
}
