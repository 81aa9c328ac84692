//! One call of a handler: a permit, the generation of this moment, a fresh store (or one that is kept), limits, and a report
//! in any case.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Call, Clock, Connections, RunDesk};
use noontide_domain::{Grant, Item, Key, Limits, Outcome, Report, Terms, TraceParent, Unavailable, Usage};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use wasmtime::Store;

use crate::bindings::Plugin;
use crate::bindings::types as wit;
use crate::callee::Callee;
use crate::classify::{self, Ended};
use crate::egress::Egress;
use crate::engine::Machine;
use crate::fuel::Counting;
use crate::guest::{Allowance, Guest};
use crate::invocation::invocation;
use crate::items;
use crate::kept::{Idle, Kept};
use crate::program::Program;
use crate::quota::Quotas;
use crate::registry::Generation;
use crate::sandbox::{Allowed, Sandbox};
use crate::steady::Steady;
use crate::stopwatch::{GRACE, Stopped};

/// All that one attempt needs; it moves to the guests' runtime and stays there.
struct Attempt {
    machine: Arc<Machine>,
    generation: Arc<Generation>,
    /// In place of the generation's own code, where steps are counted.
    counted: Option<(Arc<Counting>, Arc<Callee>)>,
    allowed: Allowed,
    time: Duration,
    steady: Option<Steady>,
    invocation: wit::Invocation,
    items: Arc<[Item]>,
    /// The key of the fire, and how many messages it has left so far.
    fire: (Key, u32),
    desk: Arc<dyn RunDesk>,
    connections: Option<Arc<dyn Connections>>,
    egress: Arc<Egress>,
    clock: Arc<dyn Clock>,
    started_at: DateTime<Utc>,
    kept: Arc<Kept>,
    _running: Running,
}

/// Where the guest stands.
enum Place {
    /// A fresh one will.
    Free(OwnedSemaphorePermit),
    /// It is there from an earlier call.
    Taken(Box<Idle>),
}

/// Carries out a call. Dropping this future stops the guest.
pub(crate) async fn invoke(sandbox: &Sandbox, call: Call) -> Report {
    let clock = Arc::clone(&sandbox.clock);
    let order = &call.leased.order;
    let found = sandbox.registry.find_for(order);
    let found = found.and_then(|(generation, position)| {
        generation.check_input(position, &order.input).map(|()| (generation, position))
    });
    let (generation, position) = match found {
        Ok(found) => found,
        Err(unavailable) => return Report::never_began(not_callable(&unavailable), clock.now()),
    };
    let Some((place, allowed)) = place(sandbox, &generation, &call).await else {
        return Report::never_began(Outcome::Cancelled, clock.now());
    };
    let counted = match counted(sandbox, &generation, &allowed).await {
        Ok(counted) => counted,
        Err(message) => return Report::never_began(Outcome::Unavailable { message }, clock.now()),
    };
    let started_at = clock.now();
    let handler = &generation.info.handlers[position];
    let time = allowed.time(order.timeout.or(handler.timeout));
    let attempt = Attempt {
        machine: Arc::clone(&sandbox.machine),
        invocation: invocation(&call.leased, &handler.name, started_at, time),
        items: Arc::clone(&call.leased.items),
        fire: (call.leased.order.key.clone(), call.leased.messages),
        _running: Running::new(&generation.running),
        generation: Arc::clone(&generation),
        steady: Steady::of(allowed.clock, order),
        desk: call.desk,
        connections: sandbox.connections.clone(),
        egress: Arc::clone(&sandbox.egress),
        clock: Arc::clone(&clock),
        kept: Arc::clone(&sandbox.kept),
        counted,
        allowed,
        time,
        started_at,
    };
    let begun = Instant::now();
    // In a box, because the runtime would move it several times before it begins.
    match Owned(sandbox.guests.handle().spawn(Box::pin(attempt.run(place)))).join().await {
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

/// A place, and what is allowed there at that moment: an instance that is kept for just this, or room for a fresh one.
/// `None` if the run was asked to stop before there was one.
async fn place(sandbox: &Sandbox, generation: &Arc<Generation>, call: &Call) -> Option<(Place, Allowed)> {
    let name = &generation.version.name;
    let terms = call.leased.order.terms.as_deref();
    let allowed = sandbox.allowance(name, terms);
    let kept = allowed.kept().and_then(|grant| sandbox.kept.take(generation, grant));
    if let Some(idle) = kept {
        return Some((Place::Taken(Box::new(idle)), allowed));
    }
    let permit = permit(sandbox, generation.permits.min(sandbox.places), &*call.desk).await?;
    // What changed meanwhile counts.
    Some((Place::Free(permit), sandbox.allowance(name, terms)))
}

/// What a plugin is called through that has its steps counted.
async fn counted(
    sandbox: &Sandbox,
    generation: &Arc<Generation>,
    allowed: &Allowed,
) -> Result<Option<(Arc<Counting>, Arc<Callee>)>, String> {
    if allowed.limits.fuel.is_none() {
        return Ok(None);
    }
    let counting = sandbox.fuel.counting().map_err(|error| error.to_string())?;
    let callee = counting.callee(generation).await?;
    Ok(Some((counting, callee)))
}

impl Attempt {
    async fn run(self, place: Place) -> Report {
        let begun = Instant::now();
        let quotas = Quotas::of(self.allowed.grant.as_deref());
        if let Some(over) = quotas.over().await {
            return self.refused(classify::over_quota(over));
        }
        let _ticking = self.machine().ticker.ticking();
        let allowance = self.allowance(begun + self.time);
        // Who is bound first goes last: whoever comes next finds the place in the pool.
        let (permit, calls, mut store, mut instance) = match place {
            Place::Free(permit) => match Guest::new(allowance) {
                Ok(guest) => (permit, 0, guest.into_store(&self.machine().engine), None),
                Err(message) => return self.refused(Outcome::Unavailable { message }),
            },
            Place::Taken(idle) => {
                let Idle { mut store, plugin, permit, calls, .. } = *idle;
                store.data_mut().again(allowance);
                store.set_epoch_deadline(1);
                (permit, calls, store, Some(plugin))
            }
        };
        let ended = self.until_the_end(&mut store, &mut instance, &quotas, begun + self.time).await;
        let answered = matches!(ended, Ended::Answered(_));
        let report = self.report(ended, &mut store, begun);
        if answered && let Some(plugin) = instance {
            self.keep(permit, calls + 1, store, plugin);
        }
        report
    }

    fn machine(&self) -> &Machine {
        self.counted.as_ref().map_or(&*self.machine, |(counting, _)| &counting.machine)
    }

    fn callee(&self) -> &Callee {
        self.counted.as_ref().map_or(&self.generation.callee, |(_, callee)| callee)
    }

    fn allowance(&self, deadline: Instant) -> Allowance {
        let program = self.generation.callee.is_program().then(|| {
            let name = self.generation.version.name.as_str();
            Program::of(name, self.allowed.grant.as_deref(), &self.invocation)
        });
        Allowance {
            grant: self.allowed.grant.clone(),
            program,
            limits: self.allowed.limits,
            desk: Some(Arc::clone(&self.desk)),
            connections: self.connections.clone(),
            egress: Some(Arc::clone(&self.egress)),
            plugin: self.generation.version.name.to_string(),
            fire: Some(self.fire.clone()),
            deadline,
            clock: Arc::clone(&self.clock),
            steady: self.steady.clone(),
            trace: TraceParent::parse(&self.invocation.trace_parent),
        }
    }

    /// The end of an attempt whose guest was not there.
    fn refused(&self, outcome: Outcome) -> Report {
        let report = Report::never_began(outcome, self.clock.now());
        Report { started_at: self.started_at, plugin: Some(self.generation.version.clone()), ..report }
    }

    /// The call itself against its deadline, against a request to stop and against its quotas. Each yield of a computing guest
    /// comes by here; one that computes without the timer being looked after is stopped by its own stopwatch.
    async fn until_the_end(
        &self,
        store: &mut Store<Guest>,
        instance: &mut Option<Plugin>,
        quotas: &Quotas,
        deadline: Instant,
    ) -> Ended {
        let call = self.callee().call(store, instance, &self.invocation);
        let asked = async {
            self.desk.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            ended = call => ended,
            () = tokio::time::sleep_until(deadline.into()) => Ended::Stopped(Stopped::TimedOut),
            () = asked => Ended::Stopped(Stopped::Cancelled),
            over = quotas.watch() => Ended::OverQuota(over),
        }
    }

    /// For the next call, if it may have one: a guest that came to its end, that nobody asked to stop and that wanted no more
    /// memory than there was.
    fn keep(&self, permit: OwnedSemaphorePermit, calls: u32, store: Store<Guest>, plugin: Plugin) {
        let Some(grant) = self.allowed.kept().filter(|grant| calls < grant.reuse.0.get()) else { return };
        let guest = store.data();
        if self.generation.callee.is_program() || guest.meter.denied().is_some() || guest.watch.is_cancelled() {
            return;
        }
        let (generation, grant) = (Arc::clone(&self.generation), Arc::clone(grant));
        self.kept.keep(Idle { store, plugin, permit, generation, grant, calls }, &Handle::current());
    }

    /// What holds while it runs.
    fn terms(&self) -> Terms {
        Terms {
            contract: self.generation.makeup.contract.clone(),
            limits: Limits { timeout: self.time, ..self.allowed.limits },
            grant: self.allowed.grant.as_deref().and_then(Grant::digest),
        }
    }

    fn report(&self, ended: Ended, store: &mut Store<Guest>, begun: Instant) -> Report {
        // Not asked of an engine that counts no steps: its refusal is dearer than the whole report.
        let left = store.data().meter.fuel().and_then(|_| store.get_fuel().ok()).unwrap_or_default();
        let guest = store.data_mut();
        let shared = Arc::clone(&guest.journal);
        let journal = || shared.lock();
        let (outcome, items) = match ended {
            Ended::Answered(Ok(wit::Outcome::Items(said))) if !self.items.is_empty() => {
                items::judge(&self.items, &said, journal().redactor())
            }
            ended => (classify::outcome(ended, guest, self.time), Vec::new()),
        };
        // Compiled code writes down what it used when it calls or ends, not wherever it is stopped.
        let counted = !matches!(outcome, Outcome::TimedOut { .. } | Outcome::Cancelled | Outcome::OverQuota { .. });
        let usage = Usage {
            wall_ms: ms(begun.elapsed()),
            cpu_ms: guest.watch.cpu_ms(),
            peak_memory_bytes: guest.meter.peak(),
            fuel: guest.meter.fuel().filter(|_| counted).map(|fuel| fuel.saturating_sub(left)),
        };
        let (said, logs_dropped) = journal().close();
        self.desk.fell_silent(&said);
        // Some names are the guest's own.
        let effects = guest.effects.taken().renamed(|name| journal().redactor().owned(name));
        let mut report = Report {
            state: guest.state.take_writes(),
            state_allows: guest.state_allows,
            messages: guest.tray.take_messages(),
            artifacts: guest.artifacts.take_files(),
            effects,
            terms: Some(self.terms()),
            items,
            outcome,
            plugin: Some(self.generation.version.clone()),
            started_at: self.started_at,
            finished_at: self.clock.now(),
            usage,
            logs: said.into_iter().map(|(_, line)| line).collect(),
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

/// Waits for room in the pool; `None` if the run was asked to stop before there was any.
async fn permit(sandbox: &Sandbox, count: u32, desk: &dyn RunDesk) -> Option<OwnedSemaphorePermit> {
    let permits = &sandbox.permits;
    if let Ok(permit) = Arc::clone(permits).try_acquire_many_owned(count) {
        return Some(permit);
    }
    let _waiting = sandbox.kept.make_room(count);
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
