//! The loops on a manual clock, with stand-ins behind the doors.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::trigger::{Cron, Every};
use noontide_domain::{HostId, Outcome, Owner, Pause, RetryPolicy, RunState, Schedule, SkipReason, Trigger};
use noontide_testkit::{ManualClock, MemoryLedger, ScriptedOutlet, ScriptedPlugins};

use crate::{EngineError, EngineHandle, FireRequest, Parts, Settings, start};

mod alerts;
mod chains;
mod changes;
mod clock;
mod edits;
mod hosts;
mod levels;
mod limits;
mod outbox;
mod past;
mod property;
mod put;
mod queues;
mod tally;
mod tap;
mod ticks;
mod timetable;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Those that sleep: scheduler, runner, keeper, fence, announcer, rescuer, courier, lookout, watcher, accountant, steward, pruner.
/// Without rules the alerter has nothing to wake for.
const LOOPS: usize = 12;

struct World {
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
    plugins: Arc<ScriptedPlugins>,
    outlet: Arc<ScriptedOutlet>,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::at("2026-07-01T08:00:30Z");
        let ledger = MemoryLedger::new(clock.clone());
        let plugins = ScriptedPlugins::new(clock.clone());
        plugins.add("mail/send");
        Self { clock, ledger, plugins, outlet: ScriptedOutlet::new() }
    }

    async fn host(&self, schedules: Vec<Schedule>) -> EngineHandle {
        self.host_with(schedules, Settings::default()).await
    }

    async fn host_with(&self, schedules: Vec<Schedule>, settings: Settings) -> EngineHandle {
        let host = start(self.parts(settings), schedules).await.expect("the ledger is there");
        self.clock.asleep(LOOPS).await;
        host
    }

    fn parts(&self, settings: Settings) -> Parts {
        Parts {
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            plugins: self.plugins.clone(),
            outlet: self.outlet.clone(),
            settings: Settings { host: HostId::new(), ..settings },
        }
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.clock.asleep(LOOPS).await;
    }
}

fn minutely(name: &str) -> Schedule {
    let trigger = Trigger::Cron(Cron::parse("* * * * *", chrono_tz::UTC).expect("cron"));
    let name = name.parse().expect("a name");
    Schedule {
        owner: Owner::File { path: "conf/x.toml".into(), line: 1 },
        ..Schedule::new(name, trigger, "mail/send".parse().expect("a handler"))
    }
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn failed() -> Outcome {
    Outcome::Failed { message: "no".into(), retryable: true, after: None }
}

#[tokio::test]
async fn a_due_schedule_runs_once_at_its_nominal_instant() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    world.clock.advance(Duration::from_millis(30_250));
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].due_at, utc("2026-07-01T08:01:00Z"));
    assert_eq!(world.plugins.calls().len(), 1);
}

#[tokio::test]
async fn a_host_asleep_for_three_hours_fires_once_on_waking_and_accounts_for_the_rest() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    world.clock.advance(Duration::from_secs(3 * 3_600));
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    let ran: Vec<_> = rows.iter().filter(|row| row.state == RunState::Succeeded).map(|row| row.due_at).collect();
    assert_eq!(ran, [utc("2026-07-01T11:00:00Z")]);
    let skipped: u64 = rows.iter().filter_map(|row| row.span.map(|(_, count)| count)).sum();
    assert_eq!(skipped, 179);
}

#[tokio::test]
async fn a_clock_stepped_back_an_hour_fires_nothing_twice() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    world.pass(MINUTE).await;
    world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    world.clock.set(utc("2026-07-01T07:01:00Z"));
    world.clock.asleep(LOOPS).await;
    world.pass(Duration::from_secs(1_800)).await;
    assert_eq!(world.ledger.records().len(), 1);
}

#[tokio::test]
async fn a_run_in_the_way_leaves_a_row_that_names_it() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    world.host(vec![minutely("a")]).await;
    world.clock.advance(MINUTE);
    world.plugins.called(1).await;
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Skipped)).await;
    assert_eq!(rows[1].reason, Some(SkipReason::Overlap { blocking: rows[0].id }));
    gate.open();
    world.ledger.until(|rows| rows[0].state == RunState::Succeeded).await;
}

#[tokio::test]
async fn a_failed_attempt_is_called_again_after_its_backoff_with_the_same_key() {
    let world = World::new();
    world.plugins.script("mail/send", [failed(), failed()]);
    let mut schedule = minutely("a");
    schedule.trigger = Trigger::Every(Every { every: Duration::from_secs(86_400), start: None, end: None });
    schedule.retry = RetryPolicy { attempts: 3, backoff: MINUTE, cap: 10 * MINUTE };
    let host = world.host(vec![schedule]).await;
    host.fire("a", FireRequest::default()).await.expect("fired");
    for attempt in 1..=2u32 {
        world.ledger.until(|rows| rows[0].state == RunState::Ready && rows[0].attempt == attempt).await;
        world.clock.asleep(LOOPS).await;
        world.clock.advance(2 * MINUTE);
    }
    let rows = world.ledger.until(|rows| rows[0].state == RunState::Succeeded).await;
    assert_eq!(rows[0].attempt, 3);
    let keys: Vec<_> = world.plugins.calls().iter().map(|call| call.leased.order.key.hash).collect();
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
}

#[tokio::test]
async fn while_the_ledger_is_away_no_handler_starts_and_afterwards_nothing_is_lost() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    world.ledger.fail_next(usize::MAX);
    world.pass(Duration::from_secs(31)).await;
    assert!(world.plugins.calls().is_empty());
    world.ledger.fail_next(0);
    world.clock.advance(Duration::from_secs(5));
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    assert_eq!(rows[0].due_at, utc("2026-07-01T08:01:00Z"));
}

#[tokio::test]
async fn a_paused_schedule_leaves_rows_and_resuming_fires_nothing_by_itself() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    let pause = Pause { since: host.now(), by: "ana".into(), reason: Some("move".into()), until: None };
    host.pause("a", Some(pause)).await.expect("paused");
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| !rows.is_empty()).await;
    assert_eq!(rows[0].reason, Some(SkipReason::Paused { by: "ana".into(), reason: Some("move".into()) }));
    host.pause("a", None).await.expect("resumed");
    world.clock.asleep(LOOPS).await;
    assert!(world.plugins.calls().is_empty());
    world.clock.advance(MINUTE);
    world.plugins.called(1).await;
}

#[tokio::test]
async fn an_edit_fires_nothing_by_itself() {
    let world = World::new();
    let mut schedule = minutely("a");
    schedule.trigger = Trigger::Cron(Cron::parse("0 9 * * *", chrono_tz::UTC).expect("cron"));
    let host = world.host(vec![schedule.clone()]).await;
    schedule.trigger = Trigger::Cron(Cron::parse("0 8 * * *", chrono_tz::UTC).expect("cron"));
    host.declare(vec![schedule]).await.expect("declared");
    world.clock.asleep(LOOPS).await;
    world.pass(MINUTE).await;
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn a_run_that_goes_on_is_told_to_stop() {
    let world = World::new();
    world.plugins.hold("mail/send");
    let host = world.host(vec![minutely("a")]).await;
    let run = host.fire("a", FireRequest::default()).await.expect("fired");
    world.plugins.called(1).await;
    host.cancel(run).await.expect("asked");
    world.ledger.until(|rows| rows[0].state == RunState::Cancelled).await;
}

#[tokio::test]
async fn a_schedule_that_is_busy_refuses_a_fire_by_hand_and_names_the_run() {
    let world = World::new();
    world.plugins.hold("mail/send");
    let host = world.host(vec![minutely("a")]).await;
    let run = host.fire("a", FireRequest::default()).await.expect("fired");
    let refused = host.fire("a", FireRequest::default()).await;
    assert!(matches!(refused, Err(EngineError::Busy { blocking, .. }) if blocking == run), "{refused:?}");
}

#[tokio::test]
async fn a_dead_hosts_run_is_taken_over_after_its_lease_and_the_dead_hosts_result_is_dropped() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    // A host that never beats stands for one that is stopped in the middle of a run.
    let frozen = Settings { heartbeat: Duration::from_secs(1_000_000), ..Settings::default() };
    let first = world.host_with(vec![minutely("a")], frozen).await;
    first.fire("a", FireRequest::default()).await.expect("fired");
    world.plugins.called(1).await;
    let second = world.host(vec![minutely("a")]).await;
    second
        .pause("a", Some(Pause { since: second.now(), by: "test".into(), reason: None, until: None }))
        .await
        .expect("paused");
    for _ in 0..5 {
        world.clock.asleep(2 * LOOPS).await;
        world.clock.advance(Duration::from_secs(11));
    }
    world.plugins.called(2).await;
    gate.open();
    let rows = world.ledger.until(|rows| rows[0].state == RunState::Succeeded).await;
    assert_eq!(rows[0].attempt, 2, "the newer attempt counts");
    world.plugins.ended(2).await;
}

#[tokio::test]
async fn what_a_heartbeat_hears_of_an_attempt_that_is_over_stops_no_newer_one() {
    let world = World::new();
    world.plugins.script("mail/send", [Outcome::RunAgain { after: Duration::ZERO }]);
    let first = world.plugins.hold("mail/send");
    let host = world.host(vec![minutely("a")]).await;
    host.fire("a", FireRequest::default()).await.expect("fired");
    world.plugins.called(1).await;
    let answer = world.ledger.hold_heartbeat();
    world.clock.advance(Duration::from_secs(11));
    world.ledger.heartbeat_waits().await;
    let second = world.plugins.hold("mail/send");
    first.open();
    world.plugins.called(2).await;
    answer.open();
    world.clock.asleep(LOOPS).await;
    second.open();
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state.is_final())).await;
    assert_eq!((rows[0].state, world.plugins.calls().len()), (RunState::Succeeded, 2));
}

#[tokio::test]
async fn draining_waits_for_what_goes_on_and_gives_back_what_has_not_begun() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let one_place = Settings { concurrency: 1, ..Settings::default() };
    let host = world.host_with(vec![minutely("a"), minutely("b")], one_place).await;
    host.fire("a", FireRequest::default()).await.expect("fired");
    host.fire("b", FireRequest::default()).await.expect("fired");
    world.plugins.called(1).await;
    let draining = tokio::spawn({
        let host = host.clone();
        async move { host.drain().await }
    });
    world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Ready && row.attempt == 0)).await;
    assert!(matches!(host.fire("a", FireRequest::default()).await, Err(EngineError::Stopping)));
    gate.open();
    assert_eq!(draining.await.expect("drained"), 0);
    let states: Vec<_> = world.ledger.records().iter().map(|row| row.state).collect();
    assert!(states.contains(&RunState::Succeeded) && states.contains(&RunState::Ready), "{states:?}");
}

#[tokio::test]
async fn no_more_handlers_run_at_the_same_time_than_there_are_places() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let three = Settings { concurrency: 3, ..Settings::default() };
    let host = world.host_with((0..20).map(|i| minutely(&format!("s{i}"))).collect(), three).await;
    for i in 0..20 {
        host.fire(&format!("s{i}"), FireRequest::default()).await.expect("fired");
    }
    world.plugins.called(3).await;
    assert_eq!(world.plugins.running(), 3);
    gate.open();
    world.ledger.until(|rows| rows.iter().filter(|row| row.state == RunState::Succeeded).count() == 20).await;
    assert_eq!(world.plugins.most_at_once(), 3);
}

#[tokio::test]
async fn a_missing_handler_parks_its_schedule_and_the_schedule_beside_it_runs() {
    let world = World::new();
    let mut parked = minutely("parked");
    parked.handler = "mail/sendd".parse().expect("a handler");
    world.host(vec![parked, minutely("a")]).await;
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    let parked = rows.iter().find(|row| row.state == RunState::Skipped).expect("a row for the parked one");
    assert!(matches!(&parked.reason, Some(SkipReason::HandlerMissing { .. })), "{parked:?}");
    world.clock.asleep(LOOPS).await;
    world.plugins.add("mail/sendd");
    world.clock.advance(MINUTE);
    world
        .ledger
        .until(|rows| {
            rows.iter().any(|row| row.state == RunState::Succeeded && row.handler.to_string() == "mail/sendd")
        })
        .await;
}
