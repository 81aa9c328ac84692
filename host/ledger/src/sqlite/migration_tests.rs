//! A file that an older noontide wrote goes on.

use noontide_domain::ports::{Fire, Retention, RunFilter};
use noontide_domain::{Cause, HostId, Key, Order, Overlap, QueueRoom, RunState, Schedule, SkipReason, Trigger};
use noontide_testkit::ManualClock;
use sqlx::{ConnectOptions, SqliteConnection};

use super::*;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Tenant};
use noontide_domain::{RunId, ScheduleName};

const START: &str = "2026-07-01T08:00:00Z";

/// As version 1 wrote them: a schedule, and of it a run that is ready, one under lease, one that waits for a retry, one that
/// succeeded and a row for ten instants that were missed.
const ROWS: &str = r#"
    INSERT INTO schedule (name, owner, definition, anchor, cursor, last_success_due)
    VALUES ('nightly', 'file', ?1, 1782892800000, 1782892800000, 1782892700000);
    INSERT INTO run (id, key_hash, key_text, state, schedule, handler, due_at, due_until, due_count, cause, late, input,
                     timezone, max_attempts, backoff_ms, backoff_cap_ms, trace_id, not_before, host, fence, attempt,
                     lease_until, started_at, finished_at, outcome, reason, created_at)
    VALUES
      (x'01970000000070008000000000000001', x'00000000000000000000000000000001', 'a', 0, 'nightly', 'mail/send', 1782892800000,
       NULL, NULL, 0, 0, 'null', 'UTC', 3, 1000, 1000, 'a', 1782892800000, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 0),
      (x'01970000000070008000000000000002', x'00000000000000000000000000000002', 'b', 1, 'nightly', 'mail/send', 1782892790000,
       NULL, NULL, 0, 0, 'null', 'UTC', 3, 1000, 1000, 'b', 1782892790000, x'0a00000000007000800000000000000a', 1, 1, 0, 1782892790000, NULL, NULL, NULL, 0),
      (x'01970000000070008000000000000003', x'00000000000000000000000000000003', 'c', 0, 'nightly', 'mail/send', 1782892780000,
       NULL, NULL, 1, 0, 'null', 'UTC', 3, 1000, 1000, 'c', 1782892800000, NULL, 1, 1, NULL, 1782892780000, 1782892780000,
       '{"kind":"abandoned"}', NULL, 0),
      (x'01970000000070008000000000000004', ?2, 'd', 2, 'nightly', 'mail/send', 1782892700000,
       NULL, NULL, 0, 0, 'null', 'UTC', 3, 1000, 1000, 'd', 1782892700000, NULL, 1, 1, NULL, 1782892700000, 1782892700000,
       '{"kind":"succeeded","result":null}', NULL, 0),
      (x'01970000000070008000000000000005', x'00000000000000000000000000000005', 'e', 5, 'nightly', 'mail/send', 1782892000000,
       1782892540000, 10, 0, 0, 'null', 'UTC', 1, 1000, 1000, 'e', 1782892000000, NULL, 0, 0, NULL, NULL, 1782892600000, NULL,
       '{"kind":"missed"}', 0);
"#;

fn now() -> DateTime<Utc> {
    START.parse().unwrap()
}

fn name() -> ScheduleName {
    "nightly".parse().unwrap()
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

async fn version_1(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    schema::migrator(1).run_direct(None, &mut connection, false).await.unwrap();
    let owner = noontide_domain::Owner::File { path: "jobs.toml".to_owned(), line: 1 };
    let schedule = Schedule { owner, ..Schedule::new(name(), Trigger::Manual, "mail/send".parse().unwrap()) };
    let definition = serde_json::to_string(&schedule).unwrap();
    let key = Key::occurrence(&name(), at(1_782_892_700_000)).hex();
    let rows = ROWS.replace("?1", &format!("'{definition}'")).replace("?2", &format!("x'{key}'"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

fn fire(cause: Cause, key: Key, due_at: DateTime<Utc>, overlap: Overlap) -> Fire {
    let order =
        Order { schedule: Some(name()), ..Order::new(RunId::new(), key, "mail/send".parse().unwrap(), due_at, cause) };
    Fire { order, overlap, not_before: due_at, fills: None }
}

#[tokio::test]
async fn a_file_of_version_1_is_brought_up_to_date_and_reads_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noontide.db");
    version_1(&path).await;
    assert_eq!(at(1_782_892_800_000), now());
    let store = open(&path, ManualClock::at(START)).await.unwrap();
    assert_eq!(store.schema, crate::migrations::KNOWN);
    let standing = store.history.standings().await.unwrap().remove(0);
    assert_eq!((standing.runs, standing.last_success), (0, Some(at(1_782_892_700_000))));
    let rows = store.history.runs(RunFilter { limit: 9, ..RunFilter::default() }).await.unwrap();
    let states: Vec<_> = rows.iter().rev().map(|row| row.state).collect();
    let expected = [RunState::Ready, RunState::Running, RunState::Ready, RunState::Succeeded, RunState::Skipped];
    assert_eq!(states, expected);
    let within_the_span = store.history.occurrence(&name(), at(1_782_892_300_000)).await.unwrap();
    assert_eq!(within_the_span[0].reason, Some(SkipReason::Missed));
    assert_eq!(store.history.occurrence(&name(), at(1_782_892_700_000)).await.unwrap()[0].state, RunState::Succeeded);
    let by_hand = store.history.occurrence(&name(), at(1_782_892_780_000)).await.unwrap();
    assert_eq!(by_hand[0].cause, Cause::Manual);
    assert_eq!(store.history.status().await.unwrap().ready, 2);
}

#[tokio::test]
async fn the_runs_of_version_1_go_on_and_new_ones_queue_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noontide.db");
    version_1(&path).await;
    let store = open(&path, ManualClock::at(START)).await.unwrap();
    let ledger = &store.ledger;
    let key = Key::occurrence(&name(), now());
    let queued = fire(Cause::Schedule, key.clone(), now(), Overlap::QueueAll);
    let run = queued.order.id;
    let backfill = Fire {
        fills: Some(Key::occurrence(&name(), at(1_782_892_700_000))),
        ..fire(Cause::Backfill, Key::backfill(&name(), at(1_782_892_700_000)), now(), Overlap::Allow)
    };
    let claim = Claim { fire: vec![queued, backfill], ..Claim::default() };
    let claimed = ledger.claim(claim, None).await.unwrap();
    assert_eq!(claimed[0], Claimed::Queued { run, cancel: Vec::new() });
    assert!(matches!(claimed[1], Claimed::Duplicate(_)), "what succeeded then is not run again");
    let tenant = Tenant { host: HostId::new(), lease: Duration::from_secs(30), places: 9, queues: QueueRoom::ALL };
    let leased = ledger.lease(tenant, now()).await.unwrap();
    assert_eq!(leased.iter().map(|one| one.lease.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.history.standings().await.unwrap()[0].runs, 1);
    let retention = Retention { before: now() + chrono::TimeDelta::days(1), batch: 9 };
    assert_eq!(ledger.prune(retention).await.unwrap(), 2);
}

/// As version 8 wrote them: what a schedule remembers, what a handler does, and what a schedule did that is forgotten.
const STATE: &str = r#"
    INSERT INTO state (scope, key, value, revision) VALUES
      ('schedule:nightly', 'ä', x'3132', 3), ('schedule:nightly', 'b', x'', 1),
      ('handler:mail/send', 'c', x'313233', 1), ('handler:other', 'd', x'31', 1), ('schedule:gone', 'e', x'31', 1);
"#;

#[tokio::test]
async fn what_was_remembered_before_counts_for_the_plugin_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noontide.db");
    version_1(&path).await;
    let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    schema::migrator(8).run_direct(None, &mut connection, false).await.unwrap();
    sqlx::raw_sql(STATE).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let store = open(&path, ManualClock::at(START)).await.unwrap();
    let size = async |plugin: &str| {
        let size = store.ledger.state_size(&plugin.parse().unwrap()).await.unwrap();
        (size.bytes, size.keys)
    };
    assert_eq!((size("mail").await, size("other").await, size("nobody").await), ((9, 3), (2, 1), (0, 0)));
    assert_eq!(store.ledger.state("schedule:nightly", "ä").await.unwrap(), Some((b"12".to_vec(), 3)));
    let mut stranger = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query("DELETE FROM state WHERE key = 'c'").execute(&mut stranger).await.unwrap();
    assert_eq!(size("mail").await, (5, 2), "whoever removes an entry, the sum is right");
}
