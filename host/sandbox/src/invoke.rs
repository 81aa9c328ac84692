//! One call of a handler: a permit, the generation of this moment, a fresh store, limits, and a report in any case.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Call, Clock, Connections, RunDesk};
use noontide_domain::{Cause, Grant, Item, Key, Leased, Limits, Order, Outcome, Report, Terms, Unavailable, Usage};
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use wasmtime::Store;

use crate::bindings::types as wit;
use crate::classify::{self, Ended};
use crate::egress::Egress;
use crate::engine::Machine;
use crate::guest::{Allowance, Guest};
use crate::items;
use crate::program::Program;
use crate::registry::Generation;
use crate::sandbox::Sandbox;
use crate::stopwatch::{GRACE, LONGEST, Stopped};

/// All that one attempt needs; it moves to the guests' runtime and stays there.
struct Attempt {
    machine: Arc<Machine>,
    generation: Arc<Generation>,
    grant: Option<Arc<Grant>>,
    limits: Limits,
    allowed: Duration,
    invocation: wit::Invocation,
    items: Arc<[Item]>,
    /// The key of the fire, and how many messages it has left so far.
    fire: (Key, u32),
    desk: Arc<dyn RunDesk>,
    connections: Option<Arc<dyn Connections>>,
    egress: Arc<Egress>,
    clock: Arc<dyn Clock>,
    started_at: DateTime<Utc>,
    _place: (OwnedSemaphorePermit, Running),
}

/// Carries out a call. Dropping this future stops the guest.
pub(crate) async fn invoke(sandbox: &Sandbox, call: Call) -> Report {
    let clock = Arc::clone(&sandbox.clock);
    let order = &call.leased.order;
    let found = sandbox.registry.find(&order.handler);
    let found = found.and_then(|(generation, position)| {
        generation.check_input(position, &order.input).map(|()| (generation, position))
    });
    let (generation, position) = match found {
        Ok(found) => found,
        Err(unavailable) => return Report::never_began(not_callable(&unavailable), clock.now()),
    };
    let Some(permit) = permit(&sandbox.permits, generation.permits.min(sandbox.places), &*call.desk).await else {
        return Report::never_began(Outcome::Cancelled, clock.now());
    };
    let started_at = clock.now();
    let (grant, limits) = sandbox.allowance(&generation.version.name);
    let handler = &generation.info.handlers[position];
    let allowed = order.timeout.or(handler.timeout).unwrap_or(limits.timeout).clamp(Duration::from_millis(1), LONGEST);
    let attempt = Attempt {
        machine: Arc::clone(&sandbox.machine),
        invocation: invocation(&call.leased, &handler.name, started_at, allowed),
        items: Arc::clone(&call.leased.items),
        fire: (call.leased.order.key.clone(), call.leased.messages),
        _place: (permit, Running::new(&generation.running)),
        generation: Arc::clone(&generation),
        desk: call.desk,
        connections: sandbox.connections.clone(),
        egress: Arc::clone(&sandbox.egress),
        clock: Arc::clone(&clock),
        grant,
        limits,
        allowed,
        started_at,
    };
    let begun = Instant::now();
    match Owned(sandbox.guests.handle().spawn(attempt.run())).join().await {
        Ok(report) => report,
        Err(error) => {
            tracing::error!(plugin = %generation.version.name, %error, "a call broke in the host");
            let message = "the host broke while it called the handler; see its log".to_owned();
            let outcome = Outcome::Trapped { message, backtrace: Vec::new() };
            let usage = Usage { wall_ms: ms(begun.elapsed()), ..Usage::default() };
            Report {
                started_at,
                plugin: Some(generation.version.clone()),
                usage,
                ..Report::never_began(outcome, clock.now())
            }
        }
    }
}

impl Attempt {
    async fn run(self) -> Report {
        let begun = Instant::now();
        let _ticking = self.machine.ticker.ticking();
        let program = self.generation.callee.is_program().then(|| {
            let name = self.generation.version.name.as_str();
            Program::of(name, self.grant.as_deref(), &self.invocation)
        });
        let guest = Guest::new(Allowance {
            grant: self.grant.clone(),
            program,
            limits: self.limits,
            desk: Some(Arc::clone(&self.desk)),
            connections: self.connections.clone(),
            egress: Some(Arc::clone(&self.egress)),
            plugin: self.generation.version.name.to_string(),
            fire: Some(self.fire.clone()),
            deadline: begun + self.allowed,
            clock: Arc::clone(&self.clock),
        });
        let guest = match guest {
            Ok(guest) => guest,
            Err(message) => {
                let report = Report::never_began(Outcome::Unavailable { message }, self.clock.now());
                return Report { started_at: self.started_at, plugin: Some(self.generation.version.clone()), ..report };
            }
        };
        let mut store = guest.into_store(&self.machine.engine);
        let ended = self.until_the_end(&mut store, begun + self.allowed).await;
        // The store goes before the permit: whoever comes next finds its place in the pool.
        self.report(ended, store.into_data(), begun)
    }

    /// The call itself against its deadline and against a request to stop. Each yield of a computing guest comes by
    /// here; one that computes without the timer being looked after is stopped by its own stopwatch.
    async fn until_the_end(&self, store: &mut Store<Guest>, deadline: Instant) -> Ended {
        let call = self.generation.callee.call(store, &self.invocation);
        let asked = async {
            self.desk.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            ended = call => ended,
            () = tokio::time::sleep_until(deadline.into()) => Ended::Stopped(Stopped::TimedOut),
            () = asked => Ended::Stopped(Stopped::Cancelled),
        }
    }

    /// What holds while it runs.
    fn terms(&self) -> Terms {
        Terms {
            contract: self.generation.makeup.contract.clone(),
            limits: Limits { timeout: self.allowed, ..self.limits },
            grant: self.grant.as_deref().and_then(Grant::digest),
        }
    }

    fn report(&self, ended: Ended, guest: Guest, begun: Instant) -> Report {
        let journal = || guest.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, items) = match ended {
            Ended::Answered(Ok(wit::Outcome::Items(said))) if !self.items.is_empty() => {
                items::judge(&self.items, &said, journal().redactor())
            }
            ended => (classify::outcome(ended, &guest, self.allowed), Vec::new()),
        };
        let usage =
            Usage { wall_ms: ms(begun.elapsed()), cpu_ms: guest.watch.cpu_ms(), peak_memory_bytes: guest.meter.peak() };
        let (logs, logs_dropped) = journal().close();
        // Some names are the guest's own.
        let effects = guest.effects.taken().renamed(|name| journal().redactor().owned(name));
        let mut report = Report {
            state: guest.state.into_writes(),
            state_allows: guest.state_allows,
            messages: guest.tray.into_messages(),
            artifacts: guest.artifacts.into_files(),
            effects,
            terms: Some(self.terms()),
            items,
            outcome,
            plugin: Some(self.generation.version.clone()),
            started_at: self.started_at,
            finished_at: self.clock.now(),
            usage,
            logs,
            logs_dropped,
        };
        // After a failure nothing has happened; unless the handler told its items apart, and some of them have.
        if !report.keeps_state() {
            report.state.clear();
            report.messages.clear();
        }
        if !report.keeps_artifacts() {
            report.artifacts.clear();
        }
        report
    }
}

/// Waits for a place; `None` if the run was asked to stop before there was one.
async fn permit(permits: &Arc<Semaphore>, count: u32, desk: &dyn RunDesk) -> Option<OwnedSemaphorePermit> {
    if let Ok(permit) = Arc::clone(permits).try_acquire_many_owned(count) {
        return Some(permit);
    }
    tokio::select! {
        biased;
        permit = Arc::clone(permits).acquire_many_owned(count) => permit.ok(),
        () = desk.cancelled() => None,
    }
}

fn not_callable(unavailable: &Unavailable) -> Outcome {
    let message = unavailable.to_string();
    match unavailable {
        Unavailable::Input { .. } => Outcome::Failed { message, retryable: false, after: None },
        Unavailable::Plugin { .. } | Unavailable::Handler { .. } => Outcome::Unavailable { message },
    }
}

fn invocation(leased: &Leased, handler: &str, now: DateTime<Utc>, allowed: Duration) -> wit::Invocation {
    let order = &leased.order;
    let millis = DateTime::timestamp_millis;
    wit::Invocation {
        run_id: order.id.to_string(),
        fire_key: order.key.hex(),
        schedule: order.schedule.as_ref().map(ToString::to_string),
        handler: handler.to_owned(),
        attempt: leased.lease.attempt,
        max_attempts: order.retry.attempts,
        due_at: millis(&order.due_at),
        fired_at: millis(&now),
        deadline: i64::try_from(allowed.as_millis()).ok().map(|allowed| millis(&now) + allowed),
        previous_success: leased.previous_success.as_ref().map(millis),
        window: order.window.map(|window| wit::Window { from: millis(&window.from), to: millis(&window.to) }),
        timezone: order.timezone.name().to_owned(),
        cause: match order.cause {
            Cause::Schedule | Cause::After => wit::Cause::Schedule,
            Cause::Manual => wit::Cause::Manual,
            Cause::Enqueued => wit::Cause::Enqueued,
            Cause::Backfill => wit::Cause::Backfill,
        },
        trace_parent: trace_parent(leased),
        input: order.input.to_string(),
        items: leased.items.iter().map(item).collect(),
        extra: extra(order),
    }
}

/// What the contract has no word for: a record or an enum that grows would turn away the plugins that are there. Headers are
/// told apart by their beginning.
fn extra(order: &Order) -> Vec<(String, String)> {
    let cause = (order.cause == Cause::After).then(|| ("cause".to_owned(), "after".to_owned()));
    let headers = order.headers.iter().map(|(name, text)| (format!("header.{name}"), text.to_owned()));
    let chain = order.chain.map(|chain| ("chain".to_owned(), chain.to_string()));
    let told = order.origin.iter().flat_map(|origin| origin.told());
    cause.into_iter().chain(headers).chain(includes(order)).chain(chain).chain(told).collect()
}

fn includes(order: &Order) -> Vec<(String, String)> {
    if order.includes.is_empty() {
        return Vec::new();
    }
    let names: Vec<_> = order.includes.iter().map(|one| one.schedule.as_str()).collect();
    let inputs: Map<_, _> = order.includes.iter().map(|one| (one.schedule.to_string(), one.input.clone())).collect();
    vec![
        ("includes".to_owned(), json!(names).to_string()),
        ("included-inputs".to_owned(), Value::Object(inputs).to_string()),
    ]
}

fn item(item: &Item) -> wit::Item {
    wit::Item { key: item.key.hex(), payload: item.payload.clone() }
}

/// The run's trace, and a span of its own for this attempt: random as the run's id is, and the same if asked again.
fn trace_parent(leased: &Leased) -> String {
    let (_, random) = leased.order.id.0.as_u64_pair();
    let span = random ^ u64::from(leased.lease.attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("00-{}-{:016x}-01", leased.order.trace_id, span.max(1))
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Counts as running while it is held.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A spawned call that goes when its caller goes.
struct Owned(JoinHandle<Report>);

impl Owned {
    async fn join(mut self) -> Result<Report, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use noontide_domain::{Headers, RunId};

    use super::*;

    #[test]
    fn headers_are_handed_over_beside_what_the_contract_has_no_word_for() {
        let id = RunId::new();
        let handler = "mail/send".parse().expect("a handler");
        let headers = Headers::new([("tenant".to_owned(), "acme".to_owned())].into()).expect("headers");
        let order = Order { headers, ..Order::new(id, Key::manual(id), handler, DateTime::UNIX_EPOCH, Cause::After) };
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(extra(&order), [pair("cause", "after"), pair("header.tenant", "acme")]);
    }
}
