//! The list of runs, and the page of one.

use noontide_domain::{Artifact, LogLine, Outcome};
use noontide_testkit::Step;

use super::*;

fn line(level: &str, message: &str) -> LogLine {
    LogLine {
        at: "2026-07-01T08:00:00.250Z".parse().expect("an instant"),
        level: level.into(),
        source: "log".into(),
        message: message.into(),
        fields: vec![("host".into(), "<b>".into())],
    }
}

fn trapped() -> Step {
    let outcome = Outcome::Trapped { message: "unreachable".into(), backtrace: vec!["0: mail::send".into()] };
    Step { logs: vec![line("info", "begins"), line("error", "no <route>")], ..outcome.into() }
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_several_states_at_once_may_be_asked_for() {
    let world = world(Access::Loopback).await;
    world.plugins.script("mail/send", [trapped()]);
    let failed = world.fire().await;
    world.all_over().await;
    let good = world.fire().await;
    world.post("/runs", json!({ "handler": "mail/send", "at": "2026-07-05T00:00:00Z" })).await;
    world.until(|rows| rows.iter().filter(|row| row.state.is_final()).count() == 2).await;
    let found = async |filter: &str| {
        let (status, _, html) = page(&world, &format!("/runs?{filter}"), "").await;
        assert_eq!(status, 200, "{html}");
        (html.contains(&failed), html.contains(&good), html.contains("state-ready\">ready</span>"))
    };
    assert_eq!(found("").await, (true, true, true));
    assert_eq!(found("state=failed&state=ready").await, (true, false, true));
    assert_eq!(found("state=succeeded,failed&schedule=nightly").await, (true, true, false));
    assert_eq!(found("since=2026-07-02+00:00").await, (false, false, true));
    assert_eq!(found("until=0s").await, (false, false, false));
    let (_, _, html) = page(&world, "/runs", "").await;
    assert!(html.find(&good) < html.find(&failed) && html.contains("unreachable"), "{html}");
}

#[tokio::test]
async fn the_list_of_runs_goes_on_where_the_page_before_ended() {
    let world = world(Access::Loopback).await;
    let calls: Vec<_> = (0..120).map(|_| json!({ "handler": "mail/send" })).collect();
    world.post("/runs", json!(calls)).await;
    world.all_over().await;
    let (mut path, mut seen, mut pages) = ("/runs?state=succeeded".to_owned(), 0, 0);
    loop {
        let (_, _, html) = page(&world, &path, "").await;
        (seen, pages) = (seen + html.matches("<tr>").count() - 1, pages + 1);
        let Some(next) = html.split("href=\"/runs?").nth(1).and_then(|rest| rest.split('"').next()) else { break };
        assert!(next.contains("state=succeeded"), "{next}");
        path = format!("/runs?{}", next.replace("&#38;", "&"));
    }
    assert_eq!((seen, pages), (120, 3));
}

#[tokio::test]
async fn an_id_leads_to_its_run_and_what_is_none_is_told() {
    let world = world(Access::Loopback).await;
    let id = world.fire().await;
    let (status, _, html) = page(&world, &format!("/runs?q={id}"), "").await;
    assert!(status == 200 && html.contains("What happened"), "{html}");
    for (path, word) in
        [("/runs?q=7", "no run&#39;s id"), ("/runs?state=done", "succeeded"), ("/runs?color=red", "color")]
    {
        let (status, _, html) = page(&world, path, "").await;
        assert!(status == 400 && html.contains(word), "{html}");
    }
    let (status, _, html) = page(&world, "/runs/00000000-0000-7000-8000-000000000000", "").await;
    assert!(status == 404 && html.contains("retention"), "{html}");
}

#[tokio::test]
async fn a_run_tells_its_life_what_it_said_and_what_it_left() {
    let world = world(Access::Loopback).await;
    let (name, kind) = ("report.txt".parse().expect("a name"), "text/plain".parse().expect("a media type"));
    let file = Artifact::new(name, kind, *b"all well");
    let end = Outcome::Succeeded { result: Some(json!({ "sent": 7 })) };
    world.plugins.script("mail/send", [trapped(), Step { artifacts: vec![file], ..end.into() }]);
    let retry = json!({ "attempts": 2, "backoff": "0s" });
    let answer = world.post("/runs", json!({ "handler": "mail/send", "input": { "to": "ana" }, "retry": retry })).await;
    let id = answer["runs"][0].as_str().expect("a run");
    world.all_over().await;
    let (_, _, html) = page(&world, &format!("/runs/{id}"), "").await;
    let told = [
        "attempt 1 ends: trapped: unreachable",
        "attempt 2 ends: succeeded",
        "0: mail::send",
        "no &#60;route&#62;",
        "2 of 2 lines",
        "&#34;to&#34;: &#34;ana&#34;",
        "&#34;sent&#34;: 7",
        "artifacts/report.txt",
        "mark-failed",
    ];
    for word in told {
        assert!(html.contains(word), "{word}: {html}");
    }
    assert!(!html.contains("/cancel") && html.contains("&#60;b&#62;"), "{html}");
}

#[tokio::test]
async fn a_run_that_goes_on_shows_its_progress_and_may_be_cancelled() {
    let world = world(Access::Loopback).await;
    world.plugins.hold("mail/send");
    let id = world.fire().await;
    tokio::time::timeout(SOON, world.plugins.called(1)).await.expect("in time");
    world.plugins.calls()[0].desk.progress(3, Some(7), "letters");
    let (_, _, html) = page(&world, &format!("/runs/{id}"), "").await;
    for word in ["letters", "3 of 7", "/cancel", "mark-running"] {
        assert!(html.contains(word), "{word}: {html}");
    }
}

#[tokio::test]
async fn a_log_is_searched_and_read_in_pieces() {
    let world = world(Access::Loopback).await;
    let logs = (0..1_000).map(|number| line("info", &format!("line {number}."))).collect();
    world.plugins.script("mail/send", [Step { logs, ..Outcome::Succeeded { result: None }.into() }]);
    let id = world.fire().await;
    world.all_over().await;
    let piece = async |query: &str| {
        let (status, _, html) = page(&world, &format!("/runs/{id}/log?{query}"), "").await;
        assert_eq!(status, 200, "{html}");
        html
    };
    let html = piece("").await;
    assert!(html.contains("line 999.") && html.contains("line 600.") && !html.contains("line 599."), "{html}");
    assert!(piece("before=600").await.contains("line 599."));
    let html = piece("q=LINE+77.").await;
    assert!(html.contains("line 77.") && html.contains("1 of 1000 lines"), "{html}");
    assert!(piece("level=warn").await.contains("No lines."));
}
