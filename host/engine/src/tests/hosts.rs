//! Several hosts of one ledger, and a host that is cut off from it.

use noontide_domain::ports::{History, HostFilter, HostRecord, Put};
use noontide_domain::{HostState, Labels, Role, Roles};

use super::*;

fn roles(roles: &[Role]) -> Settings {
    Settings { roles: roles.iter().copied().collect::<Roles>(), ..Settings::default() }
}

/// Loops of hosts that only plan, and of those that only work.
const PLANNING: usize = LOOPS - 2;
const WORKING: usize = LOOPS - 4;

impl World {
    /// Without waiting for its loops.
    async fn one(&self, schedules: Vec<Schedule>, settings: Settings) -> EngineHandle {
        let parts = Parts {
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            plugins: self.plugins.clone(),
            outlet: self.outlet.clone(),
            settings: Settings { host: HostId::new(), ..settings },
        };
        start(parts, schedules).await.expect("the ledger is there")
    }

    async fn hosts(&self, state: Option<HostState>) -> Vec<HostRecord> {
        self.ledger.hosts(HostFilter { state, after: None, limit: 9 }).await.expect("reads")
    }

    /// In small steps, as time passes: nobody stands still meanwhile.
    async fn pass_by(&self, time: Duration, loops: usize) {
        let step = Duration::from_secs(1);
        for _ in 0..time.as_secs() {
            self.clock.advance(step);
            self.clock.asleep(loops).await;
        }
    }
}

#[tokio::test]
async fn a_host_says_what_it_is_that_it_drains_and_that_it_ends() {
    let world = World::new();
    let labels: Labels = [("gpu".to_owned(), "true".to_owned())].into_iter().collect();
    let gate = world.plugins.hold("mail/send");
    let settings = Settings { name: "one".to_owned(), labels: labels.clone(), ..Settings::default() };
    let host = world.host_with(vec![minutely("a")], settings).await;
    let said = world.hosts(None).await.remove(0);
    assert_eq!((said.state, &*said.news.name, &said.news.labels), (HostState::Live, "one", &labels));
    assert_eq!((said.news.host, said.news.roles.clone()), (host.status().host, Roles::default()));
    world.clock.advance(MINUTE);
    world.plugins.called(1).await;
    world.clock.asleep(LOOPS).await;
    assert_eq!(world.hosts(None).await[0].news.skew, Some(chrono::TimeDelta::zero()));
    let draining = tokio::spawn(async move { host.drain().await });
    while world.hosts(Some(HostState::Draining)).await.is_empty() {
        tokio::task::yield_now().await;
    }
    gate.open();
    assert_eq!(draining.await.expect("ends"), 0);
    assert_eq!(world.hosts(None).await, []);
    assert_eq!(world.hosts(Some(HostState::Ended)).await.len(), 1);
}

#[tokio::test]
async fn a_host_that_is_gone_without_a_word_is_silent_after_its_lease() {
    let world = World::new();
    world.host(vec![]).await;
    world.ledger.fail_next(usize::MAX);
    world.pass(Duration::from_secs(29)).await;
    assert_eq!(world.hosts(None).await[0].state, HostState::Live);
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(world.hosts(None).await[0].state, HostState::Silent);
}

#[tokio::test]
async fn what_one_host_plans_another_carries_out() {
    let world = World::new();
    let planner = world.one(vec![minutely("a")], roles(&[Role::Scheduler])).await;
    let worker = world.one(vec![minutely("a")], roles(&[Role::Worker])).await;
    world.clock.asleep(PLANNING + WORKING).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 1).await;
    world.clock.asleep(PLANNING + WORKING).await;
    world.clock.advance(Settings::default().poll);
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    assert_eq!((rows.len(), rows[0].host), (1, Some(worker.status().host)));
    assert_eq!((planner.status().held, planner.status().last_tick.is_some()), (0, true));
    assert_eq!(worker.status().last_tick, None, "it plans nothing, so it is not late with it");
}

#[tokio::test]
async fn without_a_scheduler_nothing_is_planned_and_without_a_worker_nothing_begins() {
    let world = World::new();
    let worker = world.one(vec![minutely("a")], roles(&[Role::Worker])).await;
    world.clock.asleep(WORKING).await;
    world.clock.advance(10 * MINUTE);
    world.clock.asleep(WORKING).await;
    assert_eq!(world.ledger.records(), []);
    worker.drain().await;
    let api = world.one(vec![minutely("a")], roles(&[Role::Api])).await;
    api.fire("a", FireRequest::default()).await.expect("fires");
    world.clock.advance(10 * MINUTE);
    let rows = world.ledger.records();
    assert_eq!(rows.iter().map(|row| row.state).collect::<Vec<_>>(), [RunState::Ready], "for a host that works");
    world.host(vec![minutely("a")]).await;
    world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
}

#[tokio::test]
async fn what_was_due_before_an_edit_by_a_host_that_does_not_plan_is_decided_all_the_same() {
    let world = World::new();
    let api = world.one(vec![], roles(&[Role::Api])).await;
    let of_the_api = Schedule { owner: Owner::Api, ..minutely("a") };
    assert!(matches!(api.put(of_the_api.clone(), "ops").await, Ok(Put::Created(_))));
    let other = Schedule { owner: Owner::Api, ..minutely("b") };
    api.put(other, "ops").await.expect("put");
    world.clock.advance(MINUTE);
    api.put(Schedule { enabled: false, ..of_the_api }, "ops").await.expect("put");
    let rows = world.ledger.records();
    let fired: Vec<_> = rows.iter().map(|row| (row.schedule.as_ref().expect("one").as_str(), row.due_at)).collect();
    assert_eq!(fired, [("a", utc("2026-07-01T08:01:00Z"))], "and of no other schedule");
}

#[tokio::test]
async fn a_schedule_runs_no_more_often_than_it_may_though_one_host_missed_its_runs() {
    let world = World::new();
    let bounded = Schedule { max_runs: Some(2), ..minutely("a") };
    let first = world.one(vec![bounded.clone()], Settings::default()).await;
    let second = world.one(vec![bounded], Settings::default()).await;
    for _ in 0..5 {
        world.clock.asleep(2 * LOOPS).await;
        world.clock.advance(MINUTE);
    }
    world.clock.asleep(2 * LOOPS).await;
    let rows = world.ledger.until(|rows| rows.iter().all(|row| row.state.is_final())).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!([&first, &second].map(|host| host.status().next_due), [None, None], "both have heard of it");
}

#[tokio::test]
async fn a_host_that_is_cut_off_stops_even_deaf_handlers_before_their_leases_lapse_and_nothing_is_lost() {
    let world = World::new();
    let gate = world.plugins.hold_deaf("mail/send");
    let host = world.host(vec![minutely("a")]).await;
    world.pass_by(Duration::from_secs(30), LOOPS).await;
    world.plugins.called(1).await;
    world.ledger.fail_next(usize::MAX);
    // The last word of the ledger was at most 10 s ago.
    world.pass_by(Duration::from_secs(13), LOOPS).await;
    assert_eq!((world.plugins.most_at_once(), world.plugins.running()), (1, 1), "it may come back yet");
    assert!(host.status().trouble.is_some());
    for _ in 0..17 {
        if world.plugins.running() == 0 {
            break;
        }
        world.pass_by(Duration::from_secs(1), LOOPS).await;
    }
    assert_eq!(world.plugins.running(), 0, "within the lease");
    world.ledger.fail_next(0);
    gate.open();
    let rows = loop {
        world.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
        let rows = world.ledger.records();
        if rows[0].state.is_final() {
            break rows;
        }
    };
    assert_eq!(rows[0].state, RunState::Succeeded, "it was abandoned, not cancelled, and called again");
    assert!(world.plugins.calls().len() >= 2);
    assert_eq!(host.tally().cut_off.read(), 1, "counted once, however often the fence looks");
    assert_eq!(host.status().trouble, None);
}

#[tokio::test]
async fn a_host_alone_lets_its_handlers_go_on_until_their_end_can_be_written() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let alone = Settings { is_shared: false, ..Settings::default() };
    world.one(vec![minutely("a")], alone).await;
    world.clock.asleep(LOOPS - 1).await;
    world.pass_by(Duration::from_secs(30), LOOPS - 1).await;
    world.plugins.called(1).await;
    world.ledger.fail_next(usize::MAX);
    world.pass_by(Duration::from_secs(90), LOOPS - 1).await;
    gate.open();
    world.plugins.ended(1).await;
    world.ledger.fail_next(0);
    while !world.ledger.records()[0].state.is_final() {
        world.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    let row = world.ledger.records().remove(0);
    assert_eq!((row.state, row.attempt), (RunState::Succeeded, 1));
}

#[tokio::test]
async fn a_host_that_stood_still_asks_for_its_leases_before_it_gives_them_up() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    world.host(vec![minutely("a")]).await;
    world.pass(MINUTE).await;
    world.plugins.called(1).await;
    world.pass(60 * MINUTE).await;
    gate.open();
    world.ledger.until(|rows| rows[0].state == RunState::Succeeded).await;
    assert_eq!(world.ledger.records()[0].attempt, 1);
}

#[tokio::test]
async fn trouble_is_over_with_the_first_write_that_succeeds() {
    let world = World::new();
    let host = world.host(vec![]).await;
    assert_eq!(host.status().trouble, None);
    world.ledger.fail_next(usize::MAX);
    world.pass(Duration::from_secs(10)).await;
    let (reason, since) = host.status().trouble.expect("it cannot be written");
    assert!(reason.contains("the test said so") && since == host.now(), "{reason}");
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(host.status().trouble.expect("still").1, since);
    world.ledger.fail_next(0);
    // It is tried each second, not with the next heartbeat.
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(host.status().trouble, None);
}
