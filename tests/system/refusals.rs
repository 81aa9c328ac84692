//! Mistakes in the configuration: told with file, line and column before midnight, and one of them stops no other schedule.

use serde_json::Value;

use super::support::{Place, Row, until};

const GOOD: &str = "[schedule.good]\nhandler = \"hello/greet\"\nevery = \"200ms\"\n";

/// `check` names the mistake and ends with 3; `serve` starts all the same, shows it, and runs the good schedule.
async fn told_by_check_and_at_the_start(mistake: &str, words: &[&str]) -> (Vec<Row>, Value) {
    let place = Place::new();
    place.plugin("hello");
    place.schedules(&format!("{mistake}\n{GOOD}"));
    let checked = place.noontide(&["check"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    let host = place.serve().await;
    let status = host.api().get("/status").await;
    let problems = status["problems"].to_string().replace("\\\"", "\"");
    for word in words {
        assert!(checked.out.contains(word), "`{word}` is not in what check says: {checked:?}");
        assert!(problems.contains(word), "`{word}` is not in the status: {problems}");
        assert!(host.log().contains(word), "`{word}` is not in the log");
    }
    let mut ledger = place.ledger().await;
    until("the good schedule runs", async || {
        (ledger.rows_of("good").await.iter().filter(|row| row.succeeded()).count() >= 3).then_some(())
    })
    .await;
    let schedules = host.api().list("/schedules").await;
    let bad = schedules.into_iter().find(|schedule| schedule["name"] == "bad").unwrap_or_default();
    (ledger.rows_of("bad").await, bad)
}

#[tokio::test]
async fn an_unknown_handler_is_found_at_once_with_its_place_and_a_suggestion() {
    let mistake = "[schedule.bad]\nhandler = \"hello/gret\"\nevery   = \"200ms\"\n";
    let words =
        ["schedules.toml:2:11: schedule `bad`", "plugin `hello` has no handler `gret`", "did you mean `greet`?"];
    let (rows, schedule) = told_by_check_and_at_the_start(mistake, &words).await;
    assert!(schedule["problem"].as_str().expect("a problem").contains("gret"), "{schedule}");
    assert!(!rows.is_empty() && rows.iter().all(|row| row.reason["kind"] == "handler-missing"), "{rows:?}");
}

#[tokio::test]
async fn an_unknown_plugin_is_found_at_once_with_its_place_and_a_suggestion() {
    let mistake = "[schedule.bad]\nhandler = \"helo/greet\"\nevery   = \"1h\"\n";
    let words = ["schedules.toml:2:11: schedule `bad`", "no plugin `helo` is loaded", "did you mean `hello`?"];
    told_by_check_and_at_the_start(mistake, &words).await;
}

#[tokio::test]
async fn an_input_of_the_wrong_type_is_found_at_load_not_at_midnight() {
    let mistake = "[schedule.bad]\nhandler = \"hello/greet\"\nevery   = \"200ms\"\ninput   = { name = 5 }\n";
    let words = ["schedules.toml:4:11: schedule `bad`", "input of `hello/greet`", "/name"];
    let (rows, _) = told_by_check_and_at_the_start(mistake, &words).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row.state == 5), "it is never called: {rows:?}");
}

#[tokio::test]
async fn an_expression_that_never_fires_is_refused_and_the_others_go_on() {
    let mistake = "[schedule.bad]\nhandler = \"hello/greet\"\ncron    = \"0 0 30 2 *\"\n";
    let words = ["schedules.toml:3:11: schedule `bad`", "never fires"];
    told_by_check_and_at_the_start(mistake, &words).await;
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_refused_with_the_nearest_one() {
    let mistake = "[schedule.bad]\nhandler = \"hello/greet\"\nevry    = \"1h\"\n";
    told_by_check_and_at_the_start(mistake, &["schedules.toml:3:1: schedule `bad`", "did you mean `every`?"]).await;
}

#[tokio::test]
async fn all_mistakes_of_all_files_come_at_once() {
    let place = Place::new();
    place.plugin("hello");
    place.schedules("[schedule.a]\nhandler = \"hello/greet\"\ncron = \"61 * * * *\"\n[schedule.b]\nevery = \"1h\"\n");
    place.conf("zone.toml", "timezone = \"Asia/Shangai\"\n");
    place.conf("local/more.toml", "[schedule.c]\nhandler = \"hello\"\nevery = \"often\"\n");
    let said = place.noontide(&["check", "-o", "json"]);
    assert_eq!(said.code, 3, "{said:?}");
    for word in ["schedules.toml:3:8", "`handler`", "Asia/Shanghai", "more.toml:3:9"] {
        assert!(said.out.contains(word), "`{word}` is not there: {said:?}");
    }
}

#[tokio::test]
async fn an_unknown_environment_is_refused_with_those_that_there_are() {
    let mut place = Place::new();
    place.set_var("APP_ENV", "staging");
    let said = place.refused();
    assert!(said.code == 3 && said.err.contains("staging") && said.err.contains("local"), "{said:?}");
}

#[tokio::test]
async fn a_mistake_in_the_hosts_own_settings_stops_the_start_with_3() {
    let place = Place::new();
    place.conf("host.toml", "[http]\nlisten = \"everywhere\"\n");
    let said = place.refused();
    assert!(said.code == 3 && said.err.contains("host.toml:2:10"), "{said:?}");
}
