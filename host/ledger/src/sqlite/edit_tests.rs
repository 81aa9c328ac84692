//! What somebody does to the list of schedules with SQL, and what becomes of it.

use noontide_domain::ports::{Edits, Fire, RefusedEdit};
use noontide_domain::trigger::At;
use noontide_domain::{Cause, Key, Order, Owner, Schedule, Standing, Trigger};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::tests::Place;
use super::*;
use chrono::{DateTime, Utc};
use noontide_domain::ports::Claim;
use noontide_domain::{RunId, ScheduleName};

/// A ledger with a schedule of the API, `mine`, and one of a file, `filed`; and somebody with SQL.
struct Desk {
    store: Store,
    sql: SqliteConnection,
    seen: i64,
    _place: Place,
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_782_892_800 + second, 0).expect("an instant")
}

fn name(text: &str) -> ScheduleName {
    text.parse().expect("a name")
}

fn schedule(text: &str) -> Schedule {
    let trigger = Trigger::At(At::new(vec![at(86_400)]));
    Schedule::new(name(text), trigger, "mail/send".parse().expect("a handler"))
}

impl Desk {
    async fn new() -> Self {
        let place = Place::new();
        let (store, sql) = (place.open().await, place.stranger().await);
        let owner = Owner::File { path: "conf/x.toml".to_owned(), line: 3 };
        store.ledger.declare(vec![Schedule { owner, ..schedule("filed") }], at(0)).await.expect("declares");
        store.ledger.put(schedule("mine"), "ops", at(0)).await.expect("puts");
        let mut desk = Self { store, sql, seen: -1, _place: place };
        desk.look(0).await;
        desk
    }

    /// Whether there was something to see, and what.
    async fn look(&mut self, now: i64) -> Edits {
        if self.store.ledger.edited(self.seen).await.expect("looks").is_none() {
            return Edits::default();
        }
        let zone = chrono_tz::Asia::Shanghai;
        let edits = self.store.ledger.take_edits(self.seen, zone, at(now)).await.expect("takes");
        self.seen = edits.revision;
        edits
    }

    async fn sql(&mut self, statement: &str) {
        self.try_sql(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    async fn try_sql(&mut self, statement: &str) -> Result<(), String> {
        let query = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut self.sql).await;
        query.map(drop).map_err(|error| error.to_string())
    }

    async fn standing(&self, schedule: &str) -> Option<Standing> {
        let all = self.store.history.standings().await.expect("reads");
        all.into_iter().find(|standing| standing.schedule.name.as_str() == schedule)
    }

    async fn text(&mut self, query: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut self.sql).await.expect(query)
    }
}

#[tokio::test]
async fn a_definition_written_with_sql_is_taken_and_does_not_look_back() {
    let mut desk = Desk::new().await;
    desk.sql("UPDATE schedule SET definition = json_set(definition, '$.enabled', json('false')) WHERE name = 'mine'")
        .await;
    let edits = desk.look(9).await;
    assert_eq!(edits.standing.len(), 1);
    assert_eq!((edits.standing[0].schedule.enabled, edits.standing[0].cursor), (false, at(9)));
    assert_eq!(desk.look(10).await, Edits::default());
    desk.sql("UPDATE schedule SET definition = json_set(definition, '$.description', 'x') WHERE name = 'mine'").await;
    assert_eq!(desk.look(20).await.standing[0].cursor, at(9), "when it comes due has not changed");
    assert_eq!(desk.text("SELECT \"desc\" || is_valid FROM task WHERE task_key = 'mine'").await, "x0");
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_reason_and_what_stood_stands_beside_what_is_good() {
    let mut desk = Desk::new().await;
    let before = (desk.standing("mine").await, desk.standing("filed").await);
    desk.sql("UPDATE schedule SET definition = '{' WHERE name = 'mine'").await;
    desk.sql("UPDATE schedule SET definition = replace(definition, 'send', 'other') WHERE name = 'filed'").await;
    desk.sql(
        "INSERT INTO schedule (name, owner, definition, anchor, cursor) SELECT 'copy', 'api', definition, 0, 0 FROM schedule \
         WHERE name = 'filed'; \
         INSERT INTO schedule (name, owner, definition, anchor, cursor) \
         VALUES ('new', 'api', json_set((SELECT taken FROM schedule WHERE name = 'mine'), '$.name', 'new'), 0, 0)",
    )
    .await;
    let edits = desk.look(5).await;
    let reasons: Vec<_> =
        edits.refused.iter().map(|RefusedEdit { schedule, reason }| format!("{schedule}: {reason}")).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].starts_with("copy: `definition` is of `filed`"), "{reasons:?}");
    assert_eq!(reasons[1], "filed: it is defined at conf/x.toml:3; change it there");
    assert!(reasons[2].starts_with("mine: `definition` cannot be read"), "{reasons:?}");
    assert_eq!((desk.standing("mine").await, desk.standing("filed").await), before);
    let new = desk.standing("new").await.expect("what is good is taken");
    assert_eq!((new.cursor, new.runs), (at(5), 0), "nothing looks back");
    desk.sql("UPDATE schedule SET definition = taken WHERE name IN ('mine', 'filed'); DELETE FROM schedule WHERE name = 'copy'")
        .await;
    assert_eq!(desk.look(6).await.refused, []);
}

#[tokio::test]
async fn rows_that_are_deleted_or_removed_are_gone_and_one_that_comes_back_is_read_anew() {
    let mut desk = Desk::new().await;
    desk.store.ledger.put(schedule("other"), "ops", at(0)).await.expect("puts");
    desk.look(1).await;
    desk.sql("DELETE FROM schedule WHERE name = 'other'; UPDATE schedule SET removed_at = 1 WHERE name = 'mine'").await;
    let mut gone = desk.look(2).await.gone;
    gone.sort();
    assert_eq!(gone, [name("mine"), name("other")]);
    assert_eq!(desk.text("SELECT group_concat(task_key) FROM task").await, "filed");
    desk.look(3).await;
    desk.sql("UPDATE schedule SET removed_at = NULL WHERE name = 'mine'").await;
    let back = desk.look(4).await.standing;
    assert_eq!((back.len(), back[0].anchor, back[0].cursor), (1, at(0), at(4)));
}

#[tokio::test]
async fn a_pause_in_whatever_words_is_a_pause() {
    let mut desk = Desk::new().await;
    desk.sql("UPDATE schedule SET pause = 'until monday' WHERE name = 'filed'").await;
    let pause = desk.look(1).await.standing.remove(0).pause.expect("a pause");
    assert_eq!((pause.reason.as_deref(), pause.until), (Some("until monday"), None));
    desk.sql("UPDATE schedule SET pause = NULL WHERE name = 'filed'").await;
    assert_eq!(desk.look(2).await.standing[0].pause, None);
}

#[tokio::test]
async fn a_restored_ledger_is_read_as_a_whole() {
    let mut desk = Desk::new().await;
    desk.store.ledger.put(schedule("later"), "ops", at(0)).await.expect("puts");
    desk.look(1).await;
    desk.sql("DELETE FROM schedule WHERE name = 'later'; DELETE FROM schedule_gone; UPDATE edits SET revision = 1")
        .await;
    let edits = desk.look(2).await;
    assert!(edits.whole);
    assert_eq!(edits.standing.len(), 2);
}

#[tokio::test]
async fn every_schedule_has_a_row_in_task_and_a_host_that_starts_adds_those_that_are_missing() {
    let mut desk = Desk::new().await;
    let row = "SELECT task_key || ' ' || execute_func || ' ' || \"trigger\" || ' ' || spec || ' ' || is_valid || ' ' || extra FROM task WHERE task_key = 'mine'";
    let shown = r#"mine mail/send date 2026-07-02 08:00:00 1 {"delay":0,"timezone":"UTC"}"#;
    assert_eq!(desk.text(row).await, shown);
    desk.sql("UPDATE edits SET host = 1; DELETE FROM task; UPDATE edits SET host = 0").await;
    desk.store.ledger.declare(Vec::new(), at(1)).await.expect("declares");
    assert_eq!(desk.text(row).await, shown);
    assert_eq!(desk.text("SELECT count(*) || '' FROM task").await, "1", "what has left the file has none");
}

#[tokio::test]
async fn what_a_file_defines_is_refused_by_sql_with_its_place() {
    let mut desk = Desk::new().await;
    for statement in [
        "UPDATE task SET is_valid = 0 WHERE task_key = 'filed'",
        "DELETE FROM task WHERE task_key = 'filed'",
        "REPLACE INTO task (task_key, execute_func, \"trigger\", spec) VALUES ('filed', 'a', 'cron', '* * * * *')",
    ] {
        let refused = desk.try_sql(statement).await.expect_err(statement);
        assert!(refused.contains("task `filed` is defined at conf/x.toml:3"), "{statement}: {refused}");
    }
    let renamed = desk.try_sql("UPDATE task SET task_key = 'x' WHERE task_key = 'mine'").await.expect_err("renamed");
    assert!(renamed.contains("a task keeps its key"), "{renamed}");
    assert_eq!(desk.look(1).await, Edits::default());
}

#[tokio::test]
async fn a_row_of_task_makes_changes_and_ends_a_schedule() {
    let mut desk = Desk::new().await;
    desk.sql("INSERT INTO task VALUES (1, 'test_interval', '测试', 'mail/send', 'interval', '5', '1,2,3', 1, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 19:13:59')").await;
    let made = desk.look(1).await.standing.remove(0);
    assert_eq!(
        (made.schedule.owner.clone(), made.schedule.timezone, made.cursor),
        (Owner::Api, chrono_tz::Asia::Shanghai, at(1))
    );
    assert_eq!(made.schedule.input, serde_json::json!({ "args": ["1", "2", "3"] }));
    desk.sql("UPDATE task SET is_valid = 0 WHERE id = 1").await;
    assert!(!desk.look(2).await.standing[0].schedule.enabled);
    desk.sql("UPDATE task SET is_valid = 1 WHERE id = 1").await;
    let valid = desk.look(3).await.standing.remove(0);
    assert_eq!((valid.schedule, valid.cursor), (made.schedule, at(3)), "it fires nothing by itself");
    desk.sql("DELETE FROM task WHERE id = 1").await;
    assert_eq!(desk.look(4).await.gone, [name("test_interval")]);
    desk.sql("DELETE FROM task WHERE task_key = 'mine'").await;
    assert_eq!(desk.look(5).await.gone, [name("mine")]);
    assert_eq!(
        desk.text("SELECT group_concat(known) FROM (SELECT task_key || id AS known FROM task_mark ORDER BY 1)").await,
        "filed1000001,mine1000002,test_interval1"
    );
}

#[tokio::test]
async fn a_bad_spec_changes_nothing_and_is_told_in_extra_until_a_good_one_comes() {
    let mut desk = Desk::new().await;
    let before = desk.standing("mine").await;
    desk.sql("UPDATE task SET \"trigger\" = 'cron', spec = '61 * * * *' WHERE task_key = 'mine'").await;
    let edits = desk.look(1).await;
    assert_eq!((edits.refused.len(), edits.standing.len()), (1, 0));
    assert!(edits.refused[0].reason.starts_with("`spec`: "), "{edits:?}");
    assert_eq!(desk.standing("mine").await, before);
    let told = desk.text("SELECT extra ->> '$.error' FROM task WHERE task_key = 'mine'").await;
    assert_eq!(told, edits.refused[0].reason);
    desk.sql("UPDATE task SET spec = '0 8 * * *' WHERE task_key = 'mine'").await;
    let edits = desk.look(2).await;
    assert_eq!((edits.refused.len(), edits.standing[0].cursor), (0, at(2)));
    assert_eq!(desk.text("SELECT extra FROM task WHERE task_key = 'mine'").await, r#"{"delay":0,"timezone":"UTC"}"#);
}

#[tokio::test]
async fn what_a_host_writes_stands_in_the_row_and_is_no_edit() {
    let mut desk = Desk::new().await;
    desk.sql("UPDATE task SET \"trigger\" = 'cron', spec = 'nonsense' WHERE task_key = 'mine'").await;
    desk.look(1).await;
    let put = Schedule { enabled: false, ..schedule("mine") };
    desk.store.ledger.put(put.clone(), "ops", at(2)).await.expect("puts");
    let edits = desk.look(3).await;
    assert_eq!((&edits.standing[0].schedule, edits.refused.len()), (&put, 0), "who wrote last wins");
    assert_eq!(desk.text("SELECT spec || is_valid FROM task WHERE task_key = 'mine'").await, "2026-07-02 08:00:000");
    assert_eq!(desk.look(4).await, Edits::default());
}

#[tokio::test]
async fn now_is_due_at_once_and_becomes_the_instant_it_was() {
    let mut desk = Desk::new().await;
    desk.sql(
        "INSERT INTO task (task_key, execute_func, \"trigger\", spec) VALUES ('once', 'mail/send', 'date', 'now')",
    )
    .await;
    let standing = desk.look(7).await.standing.remove(0);
    assert_eq!(standing.next_due(), Some(at(7)));
    assert_eq!(desk.text("SELECT spec FROM task WHERE task_key = 'once'").await, "2026-07-01 16:00:07");
    desk.sql("UPDATE task SET \"desc\" = 'x' WHERE task_key = 'once'").await;
    assert_eq!(desk.look(8).await.standing[0].schedule.trigger, Trigger::At(At::new(vec![at(7)])), "not again");
}

#[tokio::test]
async fn a_task_is_doing_while_a_run_of_it_goes_on() {
    let mut desk = Desk::new().await;
    let (id, status) = (RunId::new(), "SELECT status FROM task WHERE task_key = 'mine'");
    let order = Order::new(id, Key::manual(id), "mail/send".parse().expect("a handler"), at(0), Cause::Manual);
    let order = Order { schedule: Some(name("mine")), ..order };
    let fire = Fire { order, overlap: Default::default(), not_before: at(0), fills: None };
    let claim = Claim { fire: vec![fire], ..Claim::default() };
    desk.store.ledger.claim(claim, None).await.expect("claims");
    desk.sql("UPDATE run SET state = 1, fence = 1, lease_until = 1").await;
    desk.look(1).await;
    assert_eq!(desk.text(status).await, "doing");
    assert_eq!(desk.look(2).await, Edits::default(), "it is written");
    desk.sql("UPDATE run SET state = 2").await;
    desk.look(3).await;
    assert_eq!(desk.text(status).await, "ready");
}

#[tokio::test]
async fn views_do_not_suffer_from_a_definition_that_is_no_json() {
    let mut desk = Desk::new().await;
    desk.sql("UPDATE schedule SET definition = '{' WHERE name = 'mine'").await;
    desk.sql(
        "INSERT INTO item (key_hash, key_text, schedule, handler, flag, due_at, payload, status, run_id, runs, created_at, \
         updated_at) VALUES (x'00', 'k', 'mine', 'mail/send', 'f', 0, '{}', 0, x'00', 1, 0, 0)",
    )
    .await;
    assert_eq!(desk.text("SELECT task_name FROM celery_timer").await, "mine");
}

#[tokio::test]
async fn a_look_that_finds_nothing_scans_nothing() {
    let mut desk = Desk::new().await;
    let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", edits::NEWEST)));
    let plan = plan.fetch_all(&mut desk.sql).await.expect("a plan");
    let details: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
    let scans: Vec<_> = details.iter().filter(|step| step.starts_with("SCAN") && !step.contains("INDEX")).collect();
    assert_eq!(scans, ["SCAN edits"], "{details:#?}");
}
