//! Backfills, and schedules that follow another.

use noontide_domain::{Cause, Overlap};

use super::*;
use crate::Backfill;

/// From some minutes before the schedule was first seen to some minutes ahead.
fn asked() -> Backfill {
    let (from, to) = (utc("2026-07-01T07:55:00Z"), utc("2026-07-01T09:00:00Z"));
    Backfill { from, to, overlap: None, limit: None, dry_run: false }
}

fn succeeded(rows: &[noontide_domain::ports::RunRecord]) -> usize {
    rows.iter().filter(|row| row.state == RunState::Succeeded).count()
}

#[tokio::test]
async fn a_backfill_fills_the_holes_and_leaves_what_has_run_alone() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| succeeded(rows) == 1).await;
    let told = host.backfill("a", Backfill { dry_run: true, ..asked() }).await.expect("told");
    assert_eq!((told.due.len(), told.runs.len()), (7, 0), "07:55 to 08:01: what lies ahead is left out");
    assert_eq!(world.ledger.records().len(), 1, "told, not done");

    let done = host.backfill("a", asked()).await.expect("done");
    assert_eq!((done.due.len(), done.runs.len(), done.duplicate), (7, 6, 1));
    let rows = world.ledger.until(|rows| succeeded(rows) == 7).await;
    let filled: Vec<_> = rows.iter().filter(|row| row.cause == Cause::Backfill).map(|row| row.due_at).collect();
    assert_eq!(filled, told.due[..6], "in the order in which they were due");
    assert_eq!(world.plugins.most_at_once(), 1, "one after the other");
    let again = host.backfill("a", asked()).await.expect("done");
    assert_eq!((again.runs.len(), again.duplicate), (0, 7), "nothing is filled twice");
}

#[tokio::test]
async fn a_backfill_runs_what_was_missed_and_the_row_that_says_so_stays() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    world.clock.advance(10 * MINUTE);
    world.ledger.until(|rows| rows.len() == 2 && succeeded(rows) == 1).await;
    let at_once = Backfill { overlap: Some(Overlap::Allow), ..asked() };
    let done = host.backfill("a", Backfill { from: utc("2026-07-01T08:01:00Z"), ..at_once }).await.expect("done");
    assert_eq!((done.runs.len(), done.duplicate), (9, 1), "08:01 to 08:09 were missed, 08:10 ran");
    let rows = world.ledger.until(|rows| succeeded(rows) == 10).await;
    assert!(rows.iter().any(|row| row.reason == Some(SkipReason::Missed)));
}

#[tokio::test]
async fn a_backfill_of_more_than_its_limit_is_refused_and_nothing_of_it_runs() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    let too_many = Backfill { limit: Some(5), ..asked() };
    let refused = host.backfill("a", too_many).await.expect_err("refused").to_string();
    assert!(refused.contains("more than 5") && !refused.contains('\n'), "{refused}");
    let backwards = Backfill { from: too_many.to, to: too_many.from, ..too_many };
    assert!(matches!(host.backfill("a", backwards).await, Err(EngineError::BadSpan(_))));
    world.clock.asleep(LOOPS).await;
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn a_follower_runs_after_each_success_with_the_same_due_instant_and_after_no_failure() {
    let world = World::new();
    world.plugins.script("mail/send", [failed()]);
    world.plugins.add("mail/tell");
    let follower = Schedule {
        trigger: Trigger::After("a".parse().expect("a name")),
        handler: "mail/tell".parse().expect("a handler"),
        ..minutely("b")
    };
    world.host(vec![minutely("a"), follower]).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 1 && rows[0].state == RunState::Failed).await;
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| succeeded(rows) == 2).await;
    let follower = rows.iter().find(|row| row.cause == Cause::After).expect("a run of the follower");
    assert_eq!((rows.len(), follower.due_at), (3, utc("2026-07-01T08:02:00Z")));
    assert_eq!(rows[1].trace_id, follower.trace_id, "one trace");
}

#[tokio::test]
async fn what_queues_up_while_a_run_goes_on_runs_afterwards_in_its_order() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    world.host(vec![Schedule { overlap: Overlap::QueueAll, ..minutely("a") }]).await;
    for begun in 1..=3 {
        world.clock.advance(MINUTE);
        world.ledger.until(|rows| rows.len() == begun).await;
        world.clock.asleep(LOOPS).await;
    }
    assert_eq!(world.plugins.calls().len(), 1);
    gate.open();
    world.ledger.until(|rows| succeeded(rows) == 3).await;
    let due: Vec<_> = world.plugins.calls().iter().map(|call| call.leased.order.due_at).collect();
    assert!(due.is_sorted() && world.plugins.most_at_once() == 1, "{due:?}");
}
