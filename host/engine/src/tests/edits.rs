//! What others change on the list of schedules while this host runs.

use tokio::sync::broadcast::Receiver;

use super::*;
use crate::{Event, Happening};

/// As long as an edit may take to be seen.
const LOOK: Duration = Duration::from_secs(1);

fn of_the_api(name: &str) -> Schedule {
    Schedule { owner: Owner::Api, ..minutely(name) }
}

fn names(host: &EngineHandle) -> Vec<String> {
    host.standings().into_iter().map(|standing| standing.schedule.name.to_string()).collect()
}

fn happenings(events: &mut Receiver<Event>) -> Vec<Happening> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.happening).collect()
}

impl World {
    /// Two hosts of one ledger; both sleep.
    async fn two_hosts(&self) -> (EngineHandle, EngineHandle) {
        let first = self.host(Vec::new()).await;
        let second = self.host(Vec::new()).await;
        self.clock.asleep(2 * LOOPS).await;
        (first, second)
    }

    async fn pass_of_two(&self, time: Duration) {
        self.clock.advance(time);
        self.clock.asleep(2 * LOOPS).await;
    }
}

#[tokio::test]
async fn what_one_host_puts_pauses_and_removes_another_sees_at_its_next_look() {
    let world = World::new();
    let (first, second) = world.two_hosts().await;
    first.put(of_the_api("a"), "ops").await.expect("put");
    world.pass_of_two(LOOK).await;
    assert_eq!(second.standings(), first.standings());
    let pause = Pause { since: first.now(), by: "ana".into(), reason: None, until: None };
    first.pause("a", Some(pause.clone())).await.expect("paused");
    world.pass_of_two(LOOK).await;
    assert_eq!(second.find("a").and_then(|standing| standing.pause), Some(pause));
    first.remove("a", false, "ops").await.expect("removed");
    world.pass_of_two(LOOK).await;
    assert!(second.standings().is_empty());
    assert!(world.ledger.records().is_empty(), "no edit fires anything by itself");
}

#[tokio::test]
async fn what_a_host_has_done_itself_it_tells_once() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    let mut events = host.events();
    host.put(of_the_api("a"), "ops").await.expect("put");
    world.pass(LOOK).await;
    assert_eq!(happenings(&mut events), [Happening::SchedulesChanged]);
}

#[tokio::test]
async fn what_was_due_before_an_edit_is_seen_fires_by_the_former_definition_and_nothing_looks_back() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    world.pass(LOOK).await;
    let every_second = Trigger::Every(Every { every: Duration::from_secs(1), start: None, end: None });
    let edited = Schedule { trigger: every_second, ..of_the_api("a") };
    world.ledger.edit_by_hand(&edited.name, Ok(edited.clone()));
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    assert_eq!((rows.len(), rows[0].due_at), (1, utc("2026-07-01T08:01:00Z")), "{rows:?}");
    world.clock.asleep(LOOPS).await;
    assert_eq!(host.find("a").map(|standing| (standing.schedule, standing.cursor)), Some((edited, host.now())));
}

#[tokio::test]
async fn an_edit_that_cannot_be_read_is_told_of_once_and_leaves_what_stands_until_a_good_one_comes() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    host.put(of_the_api("b"), "ops").await.expect("put");
    world.pass(LOOK).await;
    let mut events = host.events();
    let name = "a".parse().expect("a name");
    world.ledger.edit_by_hand(&name, Err("no cron".to_owned()));
    for _ in 0..3 {
        world.pass(LOOK).await;
    }
    let refused = Happening::EditRefused { schedule: "a".to_owned(), reason: "no cron".to_owned() };
    assert_eq!(happenings(&mut events), [refused]);
    assert_eq!((host.refused().len(), names(&host)), (1, vec!["a".to_owned(), "b".to_owned()]));
    world.ledger.edit_by_hand(&name, Ok(Schedule { trigger: Trigger::Manual, ..of_the_api("a") }));
    world.pass(LOOK).await;
    assert_eq!(happenings(&mut events), [Happening::SchedulesChanged]);
    assert_eq!(host.find("a").map(|standing| standing.schedule.trigger), Some(Trigger::Manual));
    assert!(host.refused().is_empty());
}

#[tokio::test]
async fn what_was_refused_before_a_restart_is_refused_after_it() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    host.drain().await;
    world.ledger.edit_by_hand(&"a".parse().expect("a name"), Err("no cron".to_owned()));
    for _ in 0..2 {
        let host = world.host(Vec::new()).await;
        assert_eq!((host.refused().len(), names(&host).len()), (1, 1));
        host.drain().await;
    }
}

#[tokio::test]
async fn what_was_written_while_no_host_was_there_stands_before_anything_is_planned() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    host.drain().await;
    let off = Schedule { enabled: false, ..of_the_api("a") };
    world.ledger.edit_by_hand(&off.name, Ok(off.clone()));
    world.clock.set(utc("2026-07-01T09:00:30Z"));
    let host = world.host(Vec::new()).await;
    assert_eq!(host.find("a").map(|standing| standing.schedule), Some(off));
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn many_edits_come_in_parts_and_all_of_them_come() {
    let world = World::new();
    let (first, second) = world.two_hosts().await;
    first.declare((0..1_203).map(|i| minutely(&format!("s{i}"))).collect()).await.expect("declared");
    world.pass_of_two(LOOK).await;
    assert_eq!(second.status().schedules, 1_203);
}

#[tokio::test]
async fn of_two_hosts_one_tells_of_an_overdue_schedule_and_after_a_restart_nobody_does_again() {
    let world = World::new();
    let late = Schedule { expect_within: Some(3 * MINUTE), trigger: Trigger::Manual, ..of_the_api("a") };
    let (first, second) = world.two_hosts().await;
    let (mut heard, mut heard_too) = (first.events(), second.events());
    first.put(late, "ops").await.expect("put");
    world.pass_of_two(LOOK).await;
    for _ in 0..8 {
        world.pass_of_two(MINUTE).await;
    }
    let is_overdue = |happening: &Happening| matches!(happening, Happening::Overdue { .. });
    let mut told = happenings(&mut heard);
    told.extend(happenings(&mut heard_too));
    assert_eq!(told.iter().filter(|happening| is_overdue(happening)).count(), 1, "{told:?}");
    let third = world.host(Vec::new()).await;
    let mut heard = third.events();
    for _ in 0..3 {
        world.clock.advance(MINUTE);
        world.clock.asleep(3 * LOOPS).await;
    }
    assert_eq!(happenings(&mut heard).iter().filter(|happening| is_overdue(happening)).count(), 0);
}
