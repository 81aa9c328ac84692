//! Whoever watches the host from outside sees whether its loop comes round, and what waits for it.

use noontide_domain::{Role, Roles};

use super::*;

const TICK: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_scheduler_that_is_stuck_shows_no_sign_of_life_and_one_that_is_idle_does() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    let ticks = host.ticks();
    let last = || ticks.borrow().expect("it has looked");
    let begin = last();
    world.pass(TICK).await;
    assert_eq!(last() - begin, chrono::TimeDelta::seconds(10), "nothing is due, and it looks all the same");
    let stuck = host.core.pass.lock().await;
    world.clock.advance(MINUTE);
    world.clock.asleep(LOOPS - 1).await;
    assert_eq!(last() - begin, chrono::TimeDelta::seconds(10), "somebody should kill it");
    drop(stuck);
    world.clock.asleep(LOOPS).await;
    assert_eq!(last() - begin, chrono::TimeDelta::seconds(70));
}

#[tokio::test]
async fn a_host_without_a_scheduler_shows_by_its_keeper_that_it_lives() {
    let world = World::new();
    let roles: Roles = [Role::Worker].into_iter().collect();
    let settings = Settings { roles, heartbeat: MINUTE, ..Settings::default() };
    let parts = Parts {
        clock: world.clock.clone(),
        ledger: world.ledger.clone(),
        plugins: world.plugins.clone(),
        outlet: world.outlet.clone(),
        settings,
    };
    let host = start(parts, Vec::new()).await.expect("the ledger is there");
    let mut ticks = host.ticks();
    let first = ticks.wait_for(Option::is_some).await.expect("a tick").expect("it has looked");
    // Scheduler, watcher, accountant and pruner are not there.
    world.clock.asleep(LOOPS - 4).await;
    world.clock.advance(TICK);
    let next = ticks.wait_for(|tick| *tick != Some(first)).await.expect("a tick").expect("it has looked");
    assert_eq!(next - first, chrono::TimeDelta::seconds(10), "long before the next heartbeat");
}

#[tokio::test]
async fn what_is_overdue_because_nobody_looked_is_counted_as_late() {
    let world = World::new();
    let host = world.host(vec![minutely("a"), minutely("b")]).await;
    assert_eq!((host.outlook().schedules, host.outlook().late), (2, 0));
    assert_eq!(host.outlook().next, Some(("a".parse().expect("a name"), utc("2026-07-01T08:01:00Z"))));
    let stuck = host.core.pass.lock().await;
    world.clock.advance(MINUTE);
    assert_eq!(host.outlook().late, 2);
    drop(stuck);
    world.ledger.until(|rows| rows.len() == 2).await;
    world.clock.asleep(LOOPS).await;
    assert_eq!(host.outlook().late, 0);
}
