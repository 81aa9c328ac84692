//! What the JSON looks like. Times are RFC 3339 in UTC.

mod event;

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use noontide_domain::chain::Origin;
use noontide_domain::ports::{
    ArtifactRecord, AttemptLogs, AttemptRecord, HostNews, HostRecord, ItemRecord, LedgerStatus, MessageRecord,
    QueueStatus, RunRecord,
};
use noontide_domain::{
    Lang, Limits, Outcome, PluginStatus, PluginVersion, Provenance, QueueName, Queues, SkipReason, Standing,
    Superseding, Usage, WindowLength, duration,
};
use noontide_engine::{EngineStatus, Progress};
use serde_json::{Value, json};

pub(crate) use event::event;

/// With milliseconds only where there are any.
pub(crate) fn time(instant: DateTime<Utc>) -> String {
    let millis = instant.timestamp_subsec_millis() != 0;
    instant.to_rfc3339_opts(if millis { SecondsFormat::Millis } else { SecondsFormat::Secs }, true)
}

fn times(instant: Option<DateTime<Utc>>) -> Value {
    instant.map(time).into()
}

/// A page of a list.
pub(crate) fn list(items: Vec<Value>, next: Option<String>) -> Value {
    json!({ "items": items, "next": next })
}

pub(crate) fn run(run: &RunRecord) -> Value {
    json!({
        "id": run.id.to_string(),
        "key": run.key.hex(),
        "schedule": run.schedule,
        "handler": run.handler.to_string(),
        "due_at": time(run.due_at),
        "due_until": times(run.span.map(|(until, _)| until)),
        "due_count": run.span.map(|(_, count)| count),
        "state": run.state.as_str(),
        "reason": run.reason.as_ref().map(reason),
        "cause": run.cause,
        "late": run.late,
        "attempt": run.attempt,
        "max_attempts": run.max_attempts,
        "not_before": times(run.not_before),
        "started_at": times(run.started_at),
        "finished_at": times(run.finished_at),
        "outcome": run.outcome.as_ref().map(Outcome::as_str),
        "result": result(run.outcome.as_ref()),
        "error": run.outcome.as_ref().and_then(Outcome::message),
        "backtrace": backtrace(run.outcome.as_ref()),
        "plugin": run.plugin.as_ref().map(version),
        "host": run.host.map(|host| host.to_string()),
        "priority": run.priority,
        "queue": run.queue,
        "runs_on": run.runs_on,
        "headers": run.headers,
        "items": run.items,
        "window": run.window.map(|window| json!({ "from": time(window.from), "to": time(window.to) })),
        "includes": run.includes.iter().map(|one| &one.schedule).collect::<Vec<_>>(),
        "input": run.input,
        "usage": usage(&run.usage),
        "provenance": run.provenance.as_ref().map(provenance),
        "trace_id": run.trace_id,
        "chain": chain(run),
        "created_at": time(run.created_at),
    })
}

/// Which chain a run belongs to, and what came before it; `null` if it belongs to none.
pub(crate) fn chain(run: &RunRecord) -> Value {
    let Some(chain) = run.chain else { return Value::Null };
    let origin = run.origin.as_deref();
    json!({
        "id": chain.to_string(),
        "previous": origin.and_then(Origin::previous).map(|run| run.to_string()),
        "group": origin.and_then(Origin::group).map(|group| group.to_string()),
    })
}

/// The kind, the parts, and a sentence.
fn reason(reason: &SkipReason) -> Value {
    let mut shown = serde_json::to_value(reason).unwrap_or_default();
    shown["text"] = reason.to_string().into();
    shown
}

fn result(outcome: Option<&Outcome>) -> Value {
    match outcome {
        Some(Outcome::Succeeded { result: Some(result) }) => result.clone(),
        _ => Value::Null,
    }
}

fn backtrace(outcome: Option<&Outcome>) -> Value {
    match outcome {
        Some(Outcome::Trapped { backtrace, .. }) => json!(backtrace),
        _ => Value::Null,
    }
}

pub(crate) fn version(version: &PluginVersion) -> Value {
    json!({ "name": version.name, "version": version.version, "sha256": version.sha256 })
}

fn usage(usage: &Usage) -> Value {
    json!(usage)
}

pub(crate) fn attempt(attempt: &AttemptRecord) -> Value {
    json!({
        "attempt": attempt.attempt,
        "outcome": attempt.outcome.as_str(),
        "error": attempt.outcome.message(),
        "backtrace": backtrace(Some(&attempt.outcome)),
        "plugin": attempt.plugin.as_ref().map(version),
        "host": attempt.host.map(|host| host.to_string()),
        "started_at": time(attempt.started_at),
        "finished_at": time(attempt.finished_at),
        "usage": usage(&attempt.usage),
        "provenance": attempt.provenance.as_ref().map(provenance),
    })
}

/// What held while an attempt ran, and what it did outside.
fn provenance(provenance: &Provenance) -> Value {
    let Provenance { terms, effects } = provenance;
    json!({
        "contract": terms.contract,
        "limits": limits(&terms.limits),
        "grant_digest": terms.grant,
        "effects": {
            "hosts": effects.hosts,
            "secrets": effects.secrets,
            "sql": effects.sql,
            "kv": effects.kv,
            "state_read": effects.state_read,
            "state_written": effects.state_written,
            "outbox": effects.outbox,
        },
    })
}

/// As the domain writes them, with the words of the API.
fn limits(limits: &Limits) -> Value {
    let Ok(Value::Object(fields)) = serde_json::to_value(limits) else { return Value::Null };
    let named = |name: String| if name == "timeout" { "timeout_ms".to_owned() } else { name.replace('-', "_") };
    fields.into_iter().map(|(name, value)| (named(name), value)).collect()
}

pub(crate) fn item(item: &ItemRecord) -> Value {
    json!({
        "id": item.id,
        "key": item.key.hex(),
        "text": item.key.text,
        // The ledger keeps what it was handed: JSON.
        "payload": serde_json::from_str::<Value>(&item.payload).unwrap_or_default(),
        "status": item.status.as_str(),
        "error": item.error,
        "runs": item.runs,
        "finished_at": times(item.finished_at),
        "created_at": time(item.created_at),
        "updated_at": time(item.updated_at),
    })
}

pub(crate) fn artifact(file: &ArtifactRecord) -> Value {
    json!({
        "name": file.name.as_str(),
        "media_type": file.media_type.as_str(),
        "bytes": file.bytes,
        "sha256": file.sha256,
        "attempt": file.attempt,
    })
}

/// Where to and what became of it; what is in it stays in the ledger.
pub(crate) fn message(message: &MessageRecord) -> Value {
    json!({
        "id": message.id.to_string(),
        "run": message.run.to_string(),
        "plugin": message.plugin,
        "state": message.state.as_str(),
        "method": message.method,
        "destination": message.destination,
        "bytes": message.bytes,
        "attempts": message.attempts,
        "not_before": times(message.not_before),
        "status": message.status,
        "answer": message.answer,
        "created_at": time(message.created_at),
        "ended_at": times(message.ended_at),
    })
}

pub(crate) fn progress(progress: &Progress) -> Value {
    json!({ "done": progress.done, "total": progress.total, "note": progress.note })
}

pub(crate) fn logs(logs: &AttemptLogs) -> Value {
    let lines: Vec<_> = logs
        .lines
        .iter()
        .map(|line| {
            json!({
                "at": time(line.at),
                "level": line.level,
                "source": line.source,
                "message": line.message,
                "fields": line.fields,
            })
        })
        .collect();
    json!({ "attempt": logs.attempt, "lines": lines, "dropped": logs.dropped })
}

/// The larger fire that takes its place.
pub(crate) fn superseding(superseding: &Superseding) -> Value {
    json!({ "by": superseding.by, "at": time(superseding.at) })
}

/// `problem` is why its handler cannot be called now.
pub(crate) fn schedule(
    standing: &Standing,
    problem: Option<String>,
    last_run: Option<&RunRecord>,
    now: DateTime<Utc>,
) -> Value {
    let schedule = &standing.schedule;
    let pause = standing.pause.as_ref().filter(|pause| pause.covers(now)).map(|pause| {
        json!({ "since": time(pause.since), "by": pause.by, "reason": pause.reason, "until": times(pause.until) })
    });
    json!({
        "name": schedule.name,
        "description": schedule.description,
        "owner": schedule.owner.to_string(),
        "trigger": { "kind": schedule.trigger.kind(), "text": schedule.trigger.text(), "named": schedule.named },
        "state": state(standing, problem.is_some(), now),
        "words": schedule.trigger.words(Lang::En),
        "notes": schedule.trigger.notes(Lang::En),
        "timezone": schedule.timezone.name(),
        "handler": schedule.handler.to_string(),
        "problem": problem,
        "input": schedule.input,
        "priority": schedule.priority,
        "queue": schedule.queue,
        "runs_on": schedule.runs_on,
        "headers": schedule.headers,
        "window": schedule.window.map(WindowLength::text),
        "includes": schedule.includes,
        "supersedes": schedule.supersedes,
        "overlap": schedule.overlap,
        "concurrency": schedule.concurrency,
        "catch_up": {
            "mode": schedule.catch_up.mode,
            "within": duration::words(schedule.catch_up.within),
            "limit": schedule.catch_up.limit,
        },
        "retry": {
            "attempts": schedule.retry.attempts,
            "backoff": duration::words(schedule.retry.backoff),
            "cap": duration::words(schedule.retry.cap),
        },
        "timeout": schedule.timeout.map(duration::words),
        "grant": schedule.terms.as_ref().map(|terms| &terms.grant).filter(|grant| !grant.is_nothing()),
        "clock": schedule.terms.as_ref().and_then(|terms| terms.clock),
        "start_deadline": schedule.start_deadline.map(duration::words),
        "expires": schedule.expires.map(duration::words),
        "max_runs": schedule.max_runs,
        "runs": standing.runs,
        "jitter": schedule.jitter.map(duration::words),
        "spread": schedule.spread.map(duration::words),
        "expect_within": schedule.expect_within.map(duration::words),
        "overdue_since": times(standing.overdue_since(now)),
        "enabled": schedule.enabled,
        "definition": schedule.asked,
        "pause": pause,
        "next_due": times(standing.next_due()),
        "last_run": last_run.map(run),
    })
}

/// How a schedule stands, in a word; what keeps it from running comes first.
pub(crate) fn state(standing: &Standing, parked: bool, now: DateTime<Utc>) -> &'static str {
    match () {
        () if !standing.schedule.enabled => "disabled",
        () if standing.is_done() => "done",
        () if standing.pause.as_ref().is_some_and(|pause| pause.covers(now)) => "paused",
        () if parked => "parked",
        () => "active",
    }
}

pub(crate) fn plugin(status: &PluginStatus) -> Value {
    let loaded = status.loaded.as_ref();
    let handlers: Vec<_> = loaded
        .iter()
        .flat_map(|loaded| &loaded.info.handlers)
        .map(|handler| {
            json!({
                "name": handler.name,
                "summary": handler.summary,
                "input_schema": handler.input_schema,
                "example_input": handler.example_input,
                "timeout": handler.timeout.map(duration::words),
            })
        })
        .collect();
    json!({
        "file": status.file,
        "name": loaded.map(|loaded| &loaded.version.name),
        "version": loaded.map(|loaded| &loaded.version.version),
        "sha256": loaded.map(|loaded| &loaded.version.sha256),
        "summary": loaded.map(|loaded| &loaded.info.summary),
        "handlers": handlers,
        "contract": loaded.map(|loaded| &loaded.makeup.contract),
        "imports": loaded.map(|loaded| &loaded.makeup.imports),
        "exports": loaded.map(|loaded| &loaded.makeup.exports),
        "bytes": loaded.map(|loaded| loaded.makeup.bytes),
        "wants": loaded.map(|loaded| &loaded.info.wants),
        "signer": loaded.and_then(|loaded| loaded.signer.as_ref()),
        "grants": loaded.map(|loaded| &loaded.granted),
        "missing": loaded.map(|loaded| loaded.wishes.iter().filter(|wish| wish.is_missing()).collect::<Vec<_>>()),
        "not_wanted": loaded.map(|loaded| loaded.wishes.iter().filter(|wish| !wish.is_wanted()).collect::<Vec<_>>()),
        "loaded_at": times(loaded.map(|loaded| loaded.loaded_at)),
        "load_ms": loaded.map(|loaded| loaded.load_ms),
        "running": loaded.map(|loaded| loaded.running),
        "error": status.error.as_ref().map(|error| {
            json!({ "stage": error.stage, "message": error.message, "sha256": error.sha256, "at": time(error.at) })
        }),
    })
}

/// Queues that have something in them, and those that this host knows.
fn queues(ledger: &LedgerStatus, known: &Queues) -> Value {
    let empty = |queue: &QueueName| QueueStatus { queue: queue.clone(), ready: 0, running: 0, waiting_since: None };
    let mut all: BTreeMap<_, _> = known.named.keys().map(|name| (name, empty(name))).collect();
    all.extend(ledger.queues.iter().map(|one| (&one.queue, one.clone())));
    let shown = all.into_values().map(|one| {
        json!({
            "queue": one.queue,
            "ready": one.ready,
            "running": one.running,
            "waiting_since": times(one.waiting_since),
            "concurrency": known.limit(&one.queue),
            "total": known.totals.get(&one.queue),
            "taken_here": known.taken.as_ref().is_none_or(|taken| taken.contains(&one.queue)),
        })
    });
    shown.collect()
}

/// A host of the ledger.
pub(crate) fn host(host: &HostRecord) -> Value {
    let news = &host.news;
    json!({
        "id": news.host.to_string(),
        "name": news.name,
        "state": host.state.as_str(),
        "version": news.version,
        "started_at": time(news.started_at),
        "seen_at": time(host.seen_at),
        "ended_at": times(host.ended_at),
        "clock_skew_ms": news.skew.map(|skew| skew.num_milliseconds()),
        "clock_skewed": news.skew.is_some_and(|skew| skew.abs() > HostNews::SKEWED),
        "roles": news.roles,
        "queues": news.queues,
        "labels": news.labels,
        "plugins": news.plugins,
    })
}

pub(crate) fn status(engine: &EngineStatus, ledger: &LedgerStatus, known: &Queues, problems: Vec<String>) -> Value {
    json!({
        "host": engine.host.to_string(),
        "started_at": time(engine.started_at),
        "now": time(engine.now),
        "name": engine.name,
        "roles": engine.roles,
        "clock_skew_ms": engine.skew.map(|skew| skew.num_milliseconds()),
        "clock_skewed": engine.skewed,
        "ledger_trouble": engine.trouble.as_ref().map(|(reason, since)| json!({ "reason": reason, "since": time(*since) })),
        "last_tick": times(engine.last_tick),
        "next_due": times(engine.next_due),
        "schedules": engine.schedules,
        "places": { "all": engine.places, "free": engine.free_places, "held_runs": engine.held },
        "stopping": engine.stopping,
        "ledger": { "kind": ledger.kind, "schema": ledger.schema, "ready": ledger.ready, "running": ledger.running },
        "queues": queues(ledger, known),
        "problems": problems,
    })
}
