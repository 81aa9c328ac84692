//! Schedules as data: put, run, kept over a restart, removed; those of files are left to their files.

use reqwest::Method;
use serde_json::json;

use super::support::{Place, until};

/// Runs of it that ended well.
async fn ran(place: &Place, schedule: &str) -> usize {
    place.ledger().await.rows_of(schedule).await.iter().filter(|row| row.succeeded()).count()
}

async fn runs_again(place: &Place, schedule: &str) {
    let before = ran(place, schedule).await;
    until("it runs", async || (ran(place, schedule).await > before).then_some(())).await;
}

#[tokio::test]
async fn a_schedule_that_was_put_runs_stands_after_a_restart_and_is_gone_when_removed() {
    let place = Place::new();
    place.plugin("hello");
    let host = place.serve().await;
    let asked = ["put", "ticks", "--handler", "hello", "--every", "1s", "--input", r#"{"name":"you"}"#, "-o", "json"];
    let created = place.noontide(&asked).json();
    assert_eq!((&created["owner"], &created["problem"]), (&json!("api"), &json!(null)));
    until("it runs", async || (ran(&place, "ticks").await > 0).then_some(())).await;

    let anchor = place.ledger().await.standing("ticks").await.anchor;
    let cursor = place.ledger().await.standing("ticks").await.cursor;
    let (status, again) = host.api().ask(Method::PUT, "/schedules/ticks", Some(&created["definition"])).await;
    assert_eq!((status, &again["definition"]), (200, &created["definition"]));
    let standing = place.ledger().await.standing("ticks").await;
    assert_eq!(standing.anchor, anchor, "the cadence is kept");
    assert_eq!((standing.cursor - cursor) % 1_000, 0, "the cadence is kept");
    host.stop().await;

    let host = place.serve().await;
    runs_again(&place, "ticks").await;
    assert_eq!(place.ledger().await.standing("ticks").await.anchor, anchor);
    let (status, patched) =
        host.api().ask(Method::PATCH, "/schedules/ticks", Some(&json!({ "every": null, "manual": true }))).await;
    assert_eq!(
        (status, &patched["trigger"]["kind"], &patched["input"]),
        (200, &json!("manual"), &json!({ "name": "you" }))
    );

    assert_eq!(place.noontide(&["rm", "ticks"]).code, 0);
    assert_eq!(place.noontide(&["show", "ticks"]).code, 4);
    assert_eq!(place.noontide(&["rm", "ticks"]).code, 4);
    let history = place.noontide(&["runs", "--schedule", "ticks", "-o", "json"]).json();
    assert!(history.as_array().is_some_and(|runs| !runs.is_empty()), "history stays: {history}");
    host.stop().await;
    let host = place.serve().await;
    assert_eq!(host.api().status("/schedules/ticks").await, Some(404), "it stays gone");
    host.stop().await;
}

#[tokio::test]
async fn what_a_file_defines_is_refused_with_its_place_and_a_file_takes_over_what_was_put() {
    let place = Place::new();
    place.plugin("hello");
    place.schedules("[schedule.filed]\nhandler = \"hello\"\nmanual = true\n");
    let host = place.serve().await;
    for asked in [&["put", "filed", "--handler", "hello", "--every", "1s"][..], &["rm", "filed"]] {
        let said = place.noontide(asked);
        assert!(said.code == 6 && said.err.contains("schedules.toml:1"), "{said:?}");
    }
    let said =
        place.noontide_reading(&["put", "mine", "-f", "-"], "handler = 'hello'\nmanual = true\nenabled = false\n");
    assert_eq!(said.code, 0, "{said:?}");
    place.schedules("[schedule.mine]\nhandler = \"hello\"\nmanual = true\n");
    until("the file owns it", async || {
        let owner = host.api().get("/schedules/mine").await["owner"].clone();
        owner.as_str().is_some_and(|owner| owner.starts_with("file:")).then_some(())
    })
    .await;
    assert!(host.log().contains("takes it over"), "{}", host.log());
    host.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_schedule_is_told_at_once_and_nothing_stands() {
    let place = Place::new();
    place.plugin("hello");
    let host = place.serve().await;
    let said = place.noontide(&["put", "bad", "--cron", "61 * * * *", "--timezone", "Europe/Berlni"]);
    assert_eq!(said.code, 2);
    for wanted in ["`handler`", "`cron`", "Europe/Berlin"] {
        assert!(said.err.contains(wanted), "{wanted} in {}", said.err);
    }
    let said = place.noontide(&["put", "bad", "--handler", "hello", "--every", "1h", "--input", r#"{"name":7}"#]);
    assert!(said.code == 2 && said.err.contains("name"), "{said:?}");
    assert_eq!(host.api().status("/schedules/bad").await, Some(404));
    let early = place.noontide(&["put", "early", "--handler", "later/on", "--every", "1h"]);
    assert!(early.code == 0 && early.err.contains("cannot run yet"), "{early:?}");
    host.stop().await;
}

#[tokio::test]
async fn a_named_trigger_changes_all_who_name_it_and_fires_nothing() {
    let place = Place::new();
    place.plugin("noop");
    let schedules = "[schedule.of-a-file]\nhandler = \"fixture-noop/run\"\ntrigger = \"nightly\"\n";
    let with = |cron: &str| place.schedules(&format!("{schedules}[trigger.nightly]\ncron = \"{cron}\"\n"));
    with("0 2 * * *");
    let host = place.serve().await;
    let api = host.api();
    let body = json!({ "handler": "fixture-noop/run", "trigger": "nightly" });
    let (status, put) = api.ask(Method::PUT, "/schedules/of-the-api", Some(&body)).await;
    assert_eq!((status, &put["trigger"]["named"][0]["name"]), (201, &json!("nightly")), "{put}");
    let shown = place.noontide(&["show", "of-a-file"]);
    assert!(shown.out.contains("conf/schedules.toml:4"), "{shown:?}");
    with("30 3 * * *");
    for name in ["of-a-file", "of-the-api"] {
        until("it says what the file says", async || {
            let text = api.get(&format!("/schedules/{name}")).await["trigger"]["text"].to_string();
            text.contains("30 3 * * *").then_some(())
        })
        .await;
    }
    assert!(api.list("/runs").await.is_empty(), "nothing fires because of it");
    place.schedules("");
    until("that it has left is told", async || {
        let problems = api.get("/status").await["problems"].to_string();
        problems.contains("schedule `of-the-api`: no [trigger.nightly]").then_some(())
    })
    .await;
    let text = api.get("/schedules/of-the-api").await["trigger"]["text"].to_string();
    assert!(text.contains("30 3 * * *"), "it goes on as it was: {text}");
    host.stop().await;
}

#[tokio::test]
async fn some_keys_are_set_and_what_others_follow_is_removed_by_force_only() {
    let place = Place::new();
    place.plugin("noop");
    let host = place.serve().await;
    assert_eq!(place.noontide(&["put", "first", "--handler", "fixture-noop/run", "--every", "1h"]).code, 0);
    let set =
        place.noontide(&["set", "first", "every=2h", "retry.attempts=3", "description=每两小时", "-o", "json"]).json();
    assert_eq!((&set["definition"]["every"], &set["retry"]["attempts"]), (&json!("2h"), &json!(3)), "{set}");
    let unset = place.noontide(&["set", "first", "retry=", "-o", "json"]).json();
    assert_eq!(unset["retry"]["attempts"], json!(1));
    let wrong = place.noontide(&["set", "first", "every=often"]);
    assert!(wrong.code == 2 && wrong.err.contains("`every`"), "{wrong:?}");
    assert_eq!(place.noontide(&["set", "nobody", "every=1h"]).code, 4);
    let follows = json!({ "handler": "fixture-noop/run", "after": "first" });
    assert_eq!(host.api().ask(Method::PUT, "/schedules/second", Some(&follows)).await.0, 201);
    let refused = place.noontide(&["rm", "first"]);
    assert!(refused.code == 6 && refused.err.contains("followed by `second`"), "{refused:?}");
    assert_eq!(place.noontide(&["rm", "first", "--force"]).code, 0);
    assert_eq!(place.noontide(&["show", "first"]).code, 4);
    host.stop().await;
}
