//! What is special about the file: opening, locks, a full disk, group commit. The rest is in `tests/contract.rs`.

use std::path::PathBuf;
use std::task::{Context, Waker};

use noontide_domain::ports::{Fire, RunFilter};
use noontide_domain::{Cause, Key, Order, RunState};
use noontide_testkit::ManualClock;
use sqlx::{ConnectOptions, SqliteConnection};

use super::*;
use crate::connection::Kind;
use crate::history::listing_statement;
use crate::migrations::KNOWN;
use crate::query::made;
use crate::rollups::newest_statement;
use crate::writer::{Desk, Request};
use async_trait::async_trait;
use noontide_domain::ports::{Claim, LedgerError};
use noontide_domain::{RunId, ScheduleName};

const SOON: Duration = Duration::from_millis(50);

pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("noontide.db")
    }

    pub(super) async fn open(&self) -> Store {
        open(&self.file(), ManualClock::at("2026-07-01T08:00:00Z")).await.unwrap()
    }

    /// Somebody else at the same file.
    pub(super) async fn stranger(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.file()).busy_timeout(BUSY).connect().await.unwrap()
    }

    /// The sentence with which opening fails.
    async fn refusal(&self) -> String {
        refusal(&self.file()).await
    }
}

async fn refusal(path: &Path) -> String {
    match open_patiently(path, ManualClock::at("2026-07-01T08:00:00Z"), SOON).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error.to_string(),
    }
}

fn fires(keys: std::ops::Range<u32>) -> Claim {
    let fire = |key: u32| {
        let id = RunId::new();
        let due_at = "2026-07-01T08:00:00Z".parse().unwrap();
        let key = Key::chosen("mail/send", &key.to_string());
        let order = Order {
            input: serde_json::json!("x".repeat(1_000)),
            ..Order::new(id, key, "mail/send".parse().unwrap(), due_at, Cause::Enqueued)
        };
        Fire { order, overlap: Default::default(), not_before: due_at, fills: None }
    };
    Claim { fire: keys.map(fire).collect(), ..Claim::default() }
}

async fn count(store: &Store) -> usize {
    store.history.runs(RunFilter { limit: 100_000, ..RunFilter::default() }).await.unwrap().len()
}

async fn assert_sound(place: &Place) {
    let mut stranger = place.stranger().await;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut stranger).await.unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart() {
    let place = Place::new();
    let store = place.open().await;
    store.ledger.claim(fires(0..3), None).await.unwrap();
    store.closer.close().await;
    assert!(matches!(store.ledger.claim(fires(3..4), None).await, Err(LedgerError::Unavailable(_))));
    assert_eq!(count(&place.open().await).await, 3);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_both_versions_are_named() {
    let place = Place::new();
    place.open().await.closer.close().await;
    let mut stranger = place.stranger().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'newer', 1, x'00', 0)";
    sqlx::query(newer).execute(&mut stranger).await.unwrap();
    let sentence = place.refusal().await;
    let versions = format!("its schema has version 9999, this noontide knows up to {}", KNOWN);
    assert!(sentence.contains(&versions), "{sentence}");
    assert!(sentence.contains("noontide.db"), "{sentence}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused() {
    let place = Place::new();
    std::fs::write(place.file(), "a file where a folder should be").unwrap();
    let sentence = refusal(&place.file().join("noontide.db")).await;
    assert!(sentence.contains("its folder cannot be created"), "{sentence}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_refused() {
    // Even for root nothing can be created here.
    let sentence = refusal(Path::new("/proc/self/noontide.db")).await;
    assert!(sentence.contains("cannot be written") && sentence.contains("/proc/self/noontide.db"), "{sentence}");
}

#[tokio::test]
async fn a_file_that_can_only_be_read_is_refused() {
    let place = Place::new();
    place.open().await.closer.close().await;
    let reading = SqliteConnectOptions::new().filename(place.file()).read_only(true);
    let Err(error) = schema::prepare(&place.file(), &reading).await else { panic!("it was taken") };
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused() {
    let place = Place::new();
    std::fs::write(place.file(), "this is a diary. ".repeat(100)).unwrap();
    let sentence = place.refusal().await;
    assert!(sentence.contains("not a SQLite database"), "{sentence}");
}

#[tokio::test]
async fn a_file_that_somebody_keeps_locked_is_refused() {
    let place = Place::new();
    place.open().await.closer.close().await;
    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    let sentence = place.refusal().await;
    assert!(sentence.contains("another process keeps it locked"), "{sentence}");
    sqlx::query("ROLLBACK").execute(&mut stranger).await.unwrap();
    place.open().await;
}

#[tokio::test]
async fn two_processes_write_the_same_file_without_losing_anything() {
    let place = Place::new();
    let stores = [place.open().await, place.open().await];
    let writers = [0, 1].map(|i| {
        let ledger = Arc::clone(&stores[i].ledger);
        tokio::spawn(async move {
            for part in 0..50 {
                // Every second key is wanted by both.
                let from = part * 10 + i as u32 * 5;
                ledger.claim(fires(from..from + 10), None).await.expect("nobody is told that it is locked");
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(count(&stores[0]).await, 505);
    assert_sound(&place).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_its_call_carried_out_and_nothing_open() {
    let place = Place::new();
    let store = place.open().await;
    for key in 0..100 {
        let mut call = store.ledger.claim(fires(key..key + 1), None);
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    store.ledger.claim(fires(100..101), None).await.unwrap();
    assert_eq!(count(&store).await, 101);
    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.expect("no transaction is left open");
    sqlx::query("ROLLBACK").execute(&mut stranger).await.unwrap();
    assert_sound(&place).await;
}

#[tokio::test]
async fn a_call_that_fails_takes_no_other_with_it() {
    let place = Place::new();
    let store = place.open().await;
    let mut wrong = fires(100..102);
    wrong.fire[1].order.id = wrong.fire[0].order.id;
    // All are waiting before the writer first looks: one group.
    let (one, other, last) = tokio::join!(
        store.ledger.claim(fires(0..5), None),
        store.ledger.claim(wrong, None),
        store.ledger.claim(fires(5..10), None),
    );
    assert!(one.is_ok() && last.is_ok());
    assert!(matches!(other, Err(LedgerError::Broken(_))));
    assert_eq!(count(&store).await, 10);
}

/// A setting of the writer's own connection.
struct Setting(&'static str);

#[async_trait]
impl Request for Setting {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        made(self.0.to_owned()).run(desk).await.map(drop)
    }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_writes_nothing_and_passes() {
    let place = Place::new();
    let store = place.open().await;
    store.ledger.claim(fires(0..10), None).await.unwrap();
    let writer = store.closer.inbox();
    // No page more than there are.
    writer.ask(Setting("PRAGMA max_page_count = 1")).await.unwrap();
    for _ in 0..3 {
        let error = store.ledger.claim(fires(10..500), None).await.unwrap_err();
        assert!(matches!(&error, LedgerError::Unavailable(words) if words.contains("disk is full")), "{error}");
        assert_eq!(count(&store).await, 10);
    }
    writer.ask(Setting("PRAGMA max_page_count = 1000000")).await.unwrap();
    store.ledger.claim(fires(10..500), None).await.unwrap();
    assert_eq!(count(&store).await, 500);
    assert_sound(&place).await;
}

#[tokio::test]
async fn a_call_that_finds_the_file_locked_is_unavailable_and_the_next_goes_on() {
    let place = Place::new();
    let clock = ManualClock::at("2026-07-01T08:00:00Z");
    let store = open_patiently(&place.file(), clock, SOON).await.unwrap();
    let mut stranger = place.stranger().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger).await.unwrap();
    let error = store.ledger.claim(fires(0..1), None).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Unavailable(words) if words.contains("locked")), "{error}");
    assert_eq!(count(&store).await, 0, "readers do not wait");
    sqlx::query("ROLLBACK").execute(&mut stranger).await.unwrap();
    store.ledger.claim(fires(0..1), None).await.unwrap();
}

#[tokio::test]
async fn no_question_reads_the_whole_history() {
    let place = Place::new();
    let _store = place.open().await;
    let mut stranger = place.stranger().await;
    let nightly: Option<ScheduleName> = Some("nightly".parse().unwrap());
    let listing =
        |(schedule, state)| listing_statement(Kind::Sqlite, &RunFilter { schedule, state, ..RunFilter::default() });
    let mut questions = lease::statements().map(str::to_owned).to_vec();
    questions.extend(again::statements().map(str::to_owned));
    questions.extend(gates::statements().map(str::to_owned));
    questions.extend(ready::statements().map(str::to_owned));
    questions.extend(settle::statements().map(str::to_owned));
    questions.extend(artifacts::statements().map(str::to_owned));
    questions.extend(claim::statements().map(str::to_owned));
    questions.extend(prune::statements().map(str::to_owned));
    questions.extend(items::statements().map(str::to_owned));
    questions.extend(links::statements().map(str::to_owned));
    questions.extend(chains::statements().map(str::to_owned));
    questions.extend(state::statements().map(str::to_owned));
    questions.extend(outbox::statements().map(str::to_owned));
    questions.extend(submissions::statements().map(str::to_owned));
    questions.extend(history::statements().map(str::to_owned));
    questions.extend(versions::statements().map(str::to_owned));
    questions.extend(rollups::statements().map(str::to_owned));
    questions.push(newest_statement(Kind::Sqlite));
    let live = [RunState::Ready, RunState::Running, RunState::Failed].map(|state| (None, Some(state)));
    questions.extend(live.map(listing));
    questions.extend([(nightly.clone(), None), (nightly, Some(RunState::Failed))].map(listing));
    for question in questions {
        let plan =
            sqlx::query_as::<_, (i64, i64, i64, String)>(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}")));
        let steps: Vec<_> = plan.fetch_all(&mut stranger).await.unwrap().into_iter().map(|(.., step)| step).collect();
        let is_scan = |step: &String| {
            step == "SCAN run"
                || step.starts_with("SCAN artifact")
                || step.starts_with("SCAN item")
                || step.starts_with("SCAN link")
                || step.starts_with("SCAN state")
                || (step.starts_with("SCAN message") && !step.contains("message_"))
                || (step.starts_with("SCAN run USING") && !step.contains("run_"))
        };
        assert!(!steps.iter().any(is_scan), "{question}: {steps:?}");
    }
}

#[tokio::test]
async fn a_lease_seeks_what_is_next_and_passes_nothing_by() {
    let place = Place::new();
    let _store = place.open().await;
    let mut stranger = place.stranger().await;
    let wanted = [
        [
            "(queued=? AND queue=? AND priority=? AND gate>?)",
            "(queued=? AND queue=? AND priority>?)",
            "(queued=? AND queue>?)",
            "(queued>?)",
        ]
        .as_slice(),
        &["(queued=? AND queue=? AND priority=? AND gate=? AND not_before<?)"],
    ];
    for (question, wanted) in ready::statements().iter().zip(wanted) {
        let plan =
            sqlx::query_as::<_, (i64, i64, i64, String)>(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}")));
        let steps: Vec<_> = plan.fetch_all(&mut stranger).await.unwrap().into_iter().map(|(.., step)| step).collect();
        for seek in wanted {
            assert!(steps.iter().any(|step| step.ends_with(&format!("run_ready {seek}"))), "{seek}: {steps:?}");
        }
    }
}
