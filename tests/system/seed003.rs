//! The work of a scheduling framework with a folder of TOML for each environment and its tasks in two tables, by the example
//! data of its own introduction.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Api, Ledger, Place, now_ms, until, within};

/// How long an edit may take, as the introduction promises; hosts look every second.
const PROMISE: Duration = Duration::from_secs(10);

/// The rows of the introduction, word for word except for the function: here it is a handler.
const ROWS: &str = r#"
    INSERT INTO `task` VALUES (1, 'test_interval', '测试interval任务', 'fixture-echo', 'interval', '5', '1,2,3', 1, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 19:13:59');
    INSERT INTO `task` VALUES (2, 'test_date', '测试date任务', 'fixture-echo', 'date', '2020-04-24 18:08:00', '\"guess\",\"hello\"', 0, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 18:08:03');
    INSERT INTO `task` VALUES (3, 'test_cron', '测试cron任务', 'fixture-echo', 'cron', '* * * * *', '4,5,6', 0, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 18:46:15');
"#;

fn place() -> Place {
    let place = Place::new();
    place.plugin("echo");
    place.conf("zone.toml", "timezone = \"Asia/Shanghai\"\n");
    place
}

/// Somebody with a command line of the database.
async fn sql(place: &Place, statement: &str) -> Result<(), String> {
    Ledger::sql(&place.path("data/noontide.db"), statement).await
}

async fn edit(place: &Place, statement: &str) {
    sql(place, statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// A schedule as it stands; `null` if it does not.
async fn standing(api: &Api, name: &str) -> Value {
    api.ask(reqwest::Method::GET, &format!("/schedules/{name}"), None).await.1
}

/// Waits until the schedule looks as wanted; how long that took.
async fn seen(api: &Api, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Duration {
    let begin = Instant::now();
    within(PROMISE, &format!("{name}: {what}"), async || wanted(&standing(api, name).await).then_some(())).await;
    println!("{name}: {what} after {:?}", begin.elapsed());
    begin.elapsed()
}

/// Its runs that have succeeded, newest first.
async fn ran(api: &Api, name: &str) -> Vec<Value> {
    api.list(&format!("/runs?schedule={name}&state=succeeded")).await
}

async fn due_instants(place: &Place, name: &str) -> Vec<i64> {
    place.ledger().await.rows_of(name).await.iter().map(|row| row.due_at).collect()
}

#[tokio::test]
async fn the_rows_of_the_introduction_run_stop_and_run_again_by_plain_sql() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    edit(&place, ROWS).await;
    seen(&api, "test_interval", "stands", |it| it["enabled"] == true && it["timezone"] == "Asia/Shanghai").await;
    for (name, trigger) in [("test_date", "at"), ("test_cron", "cron")] {
        let it = standing(&api, name).await;
        assert_eq!((&it["enabled"], &it["trigger"]["kind"]), (&json!(false), &json!(trigger)));
    }
    let run = until("it runs", async || ran(&api, "test_interval").await.pop()).await;
    let result = &run["result"];
    assert_eq!((&result["task_key"], &result["args"]), (&json!("test_interval"), &json!(["1", "2", "3"])));
    assert_eq!((&result["sub_task_id"], &result["trace_id"]), (&run["id"], &run["trace_id"]));
    assert_eq!(result["trace_id"].as_str().map(str::len), Some(32));

    edit(&place, "UPDATE task SET is_valid = 0 WHERE task_key = 'test_interval'").await;
    seen(&api, "test_interval", "stops", |it| it["enabled"] == false).await;
    let stopped = now_ms();
    edit(&place, "UPDATE task SET is_valid = 1, spec = '4' WHERE task_key = 'test_interval'").await;
    let edited = now_ms();
    seen(&api, "test_interval", "begins again with another spec", |it| it["trigger"]["text"] == "4s").await;
    let again = until("it runs again", async || {
        due_instants(&place, "test_interval").await.into_iter().find(|due| *due > stopped)
    })
    .await;
    assert!(again > edited, "an edit fires nothing by itself");
    assert_eq!((again - place.ledger().await.standing("test_interval").await.anchor) % 4_000, 0, "in its beat");
    host.stop().await;
}

#[tokio::test]
async fn now_is_at_once_and_once_and_the_table_of_executions_tells_of_it() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    edit(&place, ROWS).await;
    edit(&place, "UPDATE task SET is_valid = 1, spec = 'now' WHERE task_key = 'test_date'").await;
    let begin = Instant::now();
    let run = within(PROMISE, "it runs", async || ran(&api, "test_date").await.pop()).await;
    println!("now: succeeded after {:?}", begin.elapsed());
    assert_eq!(run["result"]["args"], json!(["guess", "hello"]));
    let spec = place.ledger().await.text("SELECT spec FROM task WHERE id = 2").await;
    assert!(spec.starts_with("20") && spec.len() >= 19, "it is the instant it was: {spec}");

    let failing = r#"INSERT INTO task (task_key, execute_func, "trigger", spec, args)
                     VALUES ('fails', 'fixture-echo', 'date', 'now', '{"fail":"no paper"}')"#;
    edit(&place, failing).await;
    edit(&place, "UPDATE task SET \"desc\" = 'later' WHERE task_key = 'test_date'").await;
    seen(&api, "test_date", "is described", |it| it["description"] == "later").await;
    let mut ledger = place.ledger().await;
    let execution =
        "SELECT group_concat(task_id || ' ' || status || ' ' || extra || ' ' || trace_id) FROM execute_task";
    let of_now = format!("2 success {{}} {}", run["trace_id"].as_str().expect("an id"));
    assert_eq!(ledger.text(&format!("{execution} WHERE task_id = 2")).await, of_now, "once, whatever else is edited");
    let id = ledger.text("SELECT id FROM execute_task WHERE task_id = 2").await;
    assert_eq!(run["result"]["sub_task_id"], json!(id));
    let failed = until("it fails", async || {
        let query = "SELECT coalesce(max(extra ->> '$.err'), '') FROM execute_task WHERE status = 'fail'";
        Some(place.ledger().await.text(query).await).filter(|words| !words.is_empty())
    })
    .await;
    assert_eq!(failed, "no paper");
    host.stop().await;
}

#[tokio::test]
async fn a_bad_spec_leaves_what_stands_and_is_told_wherever_one_looks() {
    let place = place();
    place.schedules("[schedule.filed]\nhandler = \"fixture-echo\"\ncron = \"0 8 * * *\"\n");
    let host = place.serve().await;
    let api = host.api();
    edit(&place, ROWS).await;
    seen(&api, "test_cron", "stands", |it| it["trigger"]["text"] == "* * * * *").await;
    edit(&place, "UPDATE task SET spec = '* * 32 * *', is_valid = 1 WHERE task_key = 'test_cron'").await;
    let problem = within(PROMISE, "the status names it", async || {
        let problems = api.get("/status").await["problems"].clone();
        problems
            .as_array()?
            .iter()
            .find_map(|problem| Some(problem.as_str()?.to_owned()).filter(|it| it.contains("test_cron")))
    })
    .await;
    assert!(problem.contains("`spec`") && problem.contains("32"), "{problem}");
    let it = standing(&api, "test_cron").await;
    assert_eq!((&it["trigger"]["text"], &it["enabled"]), (&json!("* * * * *"), &json!(false)));
    let told = place.ledger().await.text("SELECT extra ->> '$.error' FROM task WHERE task_key = 'test_cron'").await;
    assert!(problem.ends_with(&told), "{problem} / {told}");
    assert!(host.log().contains("is refused"), "{}", host.log());

    let refused = sql(&place, "UPDATE task SET is_valid = 0 WHERE task_key = 'filed'").await.expect_err("of a file");
    assert!(refused.contains("task `filed` is defined at conf/schedules.toml:1; change it there"), "{refused}");
    let shown = place.ledger().await.text("SELECT \"trigger\" || ' ' || spec FROM task WHERE task_key = 'filed'").await;
    assert_eq!(shown, "cron 0 8 * * *");
    edit(&place, "DELETE FROM task WHERE task_key = 'test_cron'").await;
    seen(&api, "test_cron", "is gone", |it| it["status"] == 404).await;
    host.stop().await;
}

#[tokio::test]
async fn an_edit_of_the_list_itself_is_seen_too_and_one_that_cannot_be_read_hurts_nobody_beside_it() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    for name in ["a", "b"] {
        let put = place.noontide(&["put", name, "--handler", "fixture-echo", "--every", "1h"]);
        assert_eq!(put.code, 0, "{put:?}");
    }
    edit(&place, "UPDATE schedule SET definition = '{\"name\":' WHERE name = 'a'").await;
    edit(&place, "UPDATE schedule SET definition = json_set(definition, '$.description', 'by hand') WHERE name = 'b'")
        .await;
    seen(&api, "b", "is edited by hand", |it| it["description"] == "by hand").await;
    assert_eq!(standing(&api, "a").await["trigger"]["text"], "1h");
    let problems = api.get("/status").await["problems"].to_string();
    assert!(problems.contains("schedule `a`") && problems.contains("cannot be read"), "{problems}");
    host.stop().await;
    let host = place.serve().await;
    assert_eq!(standing(&host.api(), "a").await["trigger"]["text"], "1h", "after a restart, too");
    let problems = host.api().get("/status").await["problems"].to_string();
    assert!(problems.contains("schedule `a`"), "{problems}");
    host.stop().await;
}

/// Ten thousand rows in one statement, while something is due every half second.
#[tokio::test]
async fn ten_thousand_edits_at_once_are_all_seen_and_what_is_due_does_not_wait_for_them() {
    let place = Place::alone();
    place.plugin("echo");
    place.schedules("[schedule.beat]\nhandler = \"fixture-echo\"\nevery = \"500ms\"\n");
    let host = place.serve().await;
    let api = host.api();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                INSERT INTO task (task_key, execute_func, \"trigger\", spec, args)
                SELECT 'bulk_' || i, 'fixture-echo', 'cron', '0 0 1 1 *', '1,2,3' FROM n";
    for (what, statement, spec) in [
        ("added", many, "0 0 1 1 *"),
        ("changed", "UPDATE task SET spec = '0 0 2 2 *' WHERE task_key LIKE 'bulk%'", "0 0 2 2 *"),
    ] {
        edit(&place, statement).await;
        let (begin, asked) = (now_ms(), Instant::now());
        until(&format!("all are {what}"), async || {
            let all = api.get("/status").await["schedules"] == 10_001;
            // Rows are taken in the order of their keys.
            (all && standing(&api, "bulk_9999").await["trigger"]["text"] == spec).then_some(())
        })
        .await;
        let lag = asked.elapsed();
        let rows = place.ledger().await.rows_of("beat").await;
        let late = rows.iter().filter(|row| row.due_at >= begin).filter_map(|row| row.delay_ms()).max();
        println!("10,000 rows {what}: seen after {lag:?}; meanwhile the latest start was {late:?} ms late");
        // What is planned together waits for one part of the edits, not for all of them.
        assert!(late.unwrap_or(0) < 2_000, "{late:?}");
    }
    host.stop().await;
}

#[tokio::test]
async fn the_environment_picks_its_folder_over_what_all_have_in_common_and_an_unknown_one_is_refused_with_the_known() {
    let mut place = Place::new();
    place.conf("host.toml", "http.listen = \"off\"\n");
    place.conf("common.toml", "timezone = \"Asia/Shanghai\"\n[log]\nlevel = \"info\"\n");
    for env in ["local", "test", "online"] {
        std::fs::create_dir_all(place.path("conf").join(env)).expect("a folder");
        place.conf(&format!("{env}/logger.toml"), &format!("[log]\nlevel = \"{env}=debug\"\n"));
    }
    let value = |place: &Place, key: &str| {
        let shown = place.noontide(&["config", "show", "-o", "json"]).json();
        let values = shown.as_array().expect("a list");
        values.iter().find(|value| value["key"] == key).map(|value| value["value"].clone())
    };
    assert_eq!(value(&place, "log.level"), Some(json!("\"local=debug\"")), "local unless somebody says so");
    for env in ["local", "test", "online"] {
        place.set_var("APP_ENV", env);
        assert_eq!(value(&place, "log.level"), Some(json!(format!("\"{env}=debug\""))));
        assert_eq!(value(&place, "timezone"), Some(json!("\"Asia/Shanghai\"")));
    }
    place.set_var("APP_ENV", "staging");
    let refused = place.refused();
    assert_eq!(refused.code, 3, "{refused:?}");
    for known in ["staging", "local", "test", "online"] {
        assert!(refused.err.contains(known), "{known} in {}", refused.err);
    }
}
