//! The parts of the history: where rows come to lie, and how they go.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Retention, Settlement, Tenant};
use noontide_domain::{Cause, HostId, Key, Order, Outcome, QueueRoom, Report, RunId, RunState, Verdict};
use noontide_testkit::servers;
use uuid::Uuid;

use super::tests::{opened, stranger};
use super::*;

/// A week in which nobody ran noontide, counted from 1970.
const WEEK: i64 = 2_800;

fn start() -> DateTime<Utc> {
    "2026-07-01T08:00:00Z".parse().unwrap()
}

/// A run that said a word too many, and was over at that instant.
async fn ended(store: &Store, id: RunId, at: DateTime<Utc>) {
    let order = Order::new(id, Key::manual(id), "mail/send".parse().unwrap(), at, Cause::Enqueued);
    let fire = Fire { order, overlap: Default::default(), not_before: at, fills: None };
    let tenant = Tenant { host: HostId::new(), lease: Duration::from_secs(60), places: 1, queues: QueueRoom::ALL };
    let claim = Claim { fire: vec![fire], ..Claim::default() };
    let Claimed::Leased(leased) = store.ledger.claim(claim, Some(tenant)).await.unwrap().remove(0) else {
        panic!("not leased")
    };
    let report = Report { logs_dropped: 1, ..Report::never_began(Outcome::Succeeded { result: None }, at) };
    let verdict = Verdict::Final { state: RunState::Succeeded, reason: None };
    store.ledger.settle(vec![Settlement::new(leased.lease, verdict, report)]).await.unwrap();
}

async fn rows(connection: &mut PgConnection, table: &str) -> i64 {
    let question = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
}

async fn is_there(connection: &mut PgConnection, table: &str) -> bool {
    let question = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table);
    question.fetch_one(connection).await.unwrap()
}

/// The ids of a week's beginning.
fn id(number: u128) -> RunId {
    let millis = u128::try_from(WEEK * 604_800_000).unwrap();
    RunId(Uuid::from_u128((millis << 80) + number))
}

#[tokio::test]
async fn what_a_run_leaves_lies_in_the_part_of_its_week() {
    let url = servers::postgres_database();
    let (store, mut connection) = (opened(&url).await, stranger(&url).await);
    let run = RunId::new();
    ended(&store, run, start()).await;
    assert_eq!((rows(&mut connection, "log").await, rows(&mut connection, "log_rest").await), (1, 0));
    assert_eq!(store.history.logs(run).await.unwrap().len(), 1);
    ended(&store, id(1), start()).await;
    assert_eq!(rows(&mut connection, "log_rest").await, 1, "for that week there is none");
}

#[tokio::test]
async fn a_part_goes_with_the_last_of_its_runs_and_shows_nothing_of_those_that_went_before() {
    let url = servers::postgres_database();
    let (store, mut connection) = (opened(&url).await, stranger(&url).await);
    sqlx::query("SELECT history_part('log', $1)").bind(WEEK).execute(&mut connection).await.unwrap();
    ended(&store, id(1), start()).await;
    ended(&store, id(2), start() + TimeDelta::days(1)).await;
    let part = format!("log_{WEEK}");
    assert_eq!(rows(&mut connection, &part).await, 2);

    let prune = async |days| {
        let before = start() + TimeDelta::days(days) + TimeDelta::hours(1);
        store.ledger.prune(Retention { before, batch: 10 }).await.unwrap()
    };
    assert_eq!(prune(0).await, 1);
    assert_eq!(store.history.logs(id(1)).await.unwrap().len(), 0);
    assert_eq!(store.history.logs(id(2)).await.unwrap().len(), 1);
    assert!(is_there(&mut connection, &part).await);
    assert_eq!(prune(1).await, 1);
    assert!(!is_there(&mut connection, &part).await);
}

#[tokio::test]
async fn parts_are_made_before_they_are_needed_and_again_when_they_are_gone() {
    let url = servers::postgres_database();
    let (store, mut connection) = (opened(&url).await, stranger(&url).await);
    let parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'artifact'::regclass";
    assert_eq!(number(&mut connection, parts).await, 6, "this week, four more, and the rest");
    let last = "SELECT 'artifact_' || extract(epoch FROM now())::bigint / 604800 + 4";
    let last: String = sqlx::query_scalar(last).fetch_one(&mut connection).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TABLE {last}"))).execute(&mut connection).await.unwrap();
    store.ledger.prune(Retention { before: start(), batch: 10 }).await.unwrap();
    assert!(is_there(&mut connection, &last).await);
    assert_eq!(number(&mut connection, parts).await, 6);
}

async fn number(connection: &mut PgConnection, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
}
