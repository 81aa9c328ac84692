//! A larger schedule that comes and goes while the engine runs.

use super::*;

fn larger(cron: &str) -> Schedule {
    let trigger = Trigger::Cron(Cron::parse(cron, chrono_tz::UTC).expect("cron"));
    let small = vec!["small".parse().expect("a name")];
    Schedule { trigger, owner: Owner::Api, includes: small.clone(), supersedes: small, ..minutely("large") }
}

#[tokio::test]
async fn the_smaller_one_gives_way_ahead_of_time_and_fires_again_when_the_larger_is_removed() {
    let world = World::new();
    let host = world.host(vec![minutely("small")]).await;
    host.put(larger("0 20 1 7 *"), "ops").await.expect("put");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.len() == 1).await;
    let reason = SkipReason::Superseded { by: "large".parse().expect("a name"), at: utc("2026-07-01T20:00:00Z") };
    assert_eq!((rows[0].state, rows[0].reason.clone()), (RunState::Skipped, Some(reason)));
    // Another day's larger one is in nobody's way.
    host.put(larger("0 20 2 7 *"), "ops").await.expect("put");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 2 && rows[1].state == RunState::Succeeded).await;
    host.put(larger("0 20 1 7 *"), "ops").await.expect("put");
    host.remove("large", false, "ops").await.expect("removed");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 3 && rows[2].state == RunState::Succeeded).await;
}

#[tokio::test]
async fn a_fire_by_hand_takes_nobodys_place_and_is_told_what_it_includes() {
    let world = World::new();
    let host = world.host(vec![minutely("small")]).await;
    host.put(larger("0 20 1 8 *"), "ops").await.expect("put");
    host.fire("large", FireRequest::default()).await.expect("fires");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.len() == 2 && rows.iter().all(|row| row.state.is_final())).await;
    assert!(rows.iter().all(|row| row.state == RunState::Succeeded), "{rows:?}");
    let names: Vec<_> = rows[0].includes.iter().map(|one| one.schedule.as_str()).collect();
    assert_eq!(names, ["small"]);
}
