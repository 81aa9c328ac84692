//! What is counted.

use std::collections::BTreeMap;

use noontide_domain::Role;
use noontide_domain::ports::{Ledger, Tenant};

use super::*;
use crate::{Ending, Tally};

fn ends(tally: &Tally, schedule: &str) -> Vec<(Ending, u64)> {
    let name: noontide_domain::ScheduleName = schedule.parse().expect("a name");
    tally.schedules.get(&name).map(|ends| ends.seen().collect()).unwrap_or_default()
}

#[tokio::test]
async fn each_end_is_counted_once_for_its_schedule_and_its_handler_and_a_retry_is_no_end() {
    let world = World::new();
    world.plugins.script("mail/send", [failed(), failed(), Outcome::Succeeded { result: None }]);
    let retry = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
    let host = world.host(vec![Schedule { retry, ..minutely("a") }]).await;
    while ends(host.tally(), "a").first() != Some(&(Ending::Succeeded, 1)) {
        world.clock.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    let tally = host.tally();
    let [(handler, handled)] = &tally.handlers.all()[..] else { panic!("one handler") };
    let seen = ends(tally, "a");
    assert_eq!(seen[..2], [(Ending::Succeeded, 1), (Ending::Failed, 1)]);
    assert_eq!((handler.to_string().as_str(), handled.ends.seen().collect::<Vec<_>>()), ("mail/send", seen));
    assert_eq!(handled.outcomes.of("failed").read(), 2, "attempts");
    assert_eq!(handled.ends.failed_in_a_row(), 0);
}

#[tokio::test]
async fn the_start_delay_leaves_out_what_waits_on_purpose() {
    let world = World::new();
    let schedule = Schedule { spread: Some(Duration::from_secs(600)), ..minutely("a") };
    let waits = schedule.delay(utc("2026-07-01T08:01:00Z"));
    assert!(waits > Duration::from_secs(5), "{waits:?}");
    let host = world.host(vec![schedule]).await;
    world.pass(Duration::from_secs(30)).await;
    world.pass(waits).await;
    world.plugins.called(1).await;
    let [(_, delay)] = &host.tally().start_delay.all()[..] else { panic!("one queue") };
    let read = delay.read();
    assert!((read.counts.iter().sum::<u64>(), read.seconds < 1.0) == (1, true), "{read:?}");
}

#[tokio::test]
async fn an_attempt_of_a_host_that_went_away_is_counted_by_who_settles_it() {
    let world = World::new();
    let api = Settings { roles: [Role::Api].into_iter().collect(), ..Settings::default() };
    let waiter = start(world.parts(api), vec![minutely("a")]).await.expect("the ledger is there");
    waiter.fire("a", FireRequest::default()).await.expect("fires");
    let settings = Settings::default();
    let queues = settings.queues.room(&BTreeMap::new());
    let gone = Tenant { host: HostId::new(), lease: settings.lease, places: 1, queues };
    assert_eq!(world.ledger.lease(gone, waiter.now()).await.expect("a ledger").len(), 1);
    let host = start(world.parts(Settings::default()), vec![minutely("a")]).await.expect("the ledger is there");
    while host.tally().rescued.read() == 0 {
        world.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    let handlers = host.tally().handlers.all();
    assert_eq!(handlers[0].1.outcomes.of("abandoned").read(), 1);
    assert_eq!(waiter.tally().rescued.read(), 0);
}
