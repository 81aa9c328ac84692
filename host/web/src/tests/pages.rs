//! The dashboard, as a browser asks for it.

mod access;
mod alerts;
mod hosts;
mod plugins;
mod runs;
mod why;

use super::*;

async fn page(world: &World, path: &str, cookies: &str) -> (reqwest::StatusCode, reqwest::header::HeaderMap, String) {
    let http = reqwest::Client::new();
    let answer = http.get(format!("{}{path}", world.url)).header("cookie", cookies).send().await.expect("an answer");
    (answer.status(), answer.headers().clone(), answer.text().await.expect("a text"))
}

#[tokio::test]
async fn schedules_are_listed_in_words_in_the_zone_the_reader_chose() {
    let world = world(Access::Loopback).await;
    let (status, _, html) = page(&world, "/schedules", "").await;
    assert_eq!(status, 200);
    assert!(html.contains(">nightly</a>") && html.contains("Thu 2 Jul 02:00:00 UTC"), "{html}");
    let (_, _, html) = page(&world, "/schedules", "zone=mine; mine=Asia%2FShanghai; theme=dark").await;
    assert!(html.contains("Thu 2 Jul 10:00:00 CST") && html.contains(r#"data-theme="dark""#), "{html}");
    let (_, _, html) = page(&world, "/schedules?q=nothing-of-that", "").await;
    assert!(html.contains("No schedule matches."), "{html}");
}

#[tokio::test]
async fn a_page_asks_for_nothing_foreign_and_runs_nothing_inline() {
    let world = world(Access::Loopback).await;
    let (_, headers, html) = page(&world, "/schedules", "").await;
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let links = html.split(['"']).filter(|text| text.contains("//"));
    assert_eq!(links.filter(|link| !link.starts_with("http://www.w3.org/")).count(), 0, "{html}");
    assert!(!html.contains(" style=") && !html.contains(" onclick="), "{html}");
    for link in html.split('"').filter(|text| text.starts_with("/assets/")) {
        let (status, headers, _) = page(&world, link, "").await;
        assert_eq!((status.as_u16(), &headers["x-content-type-options"] == "nosniff"), (200, true), "{link}");
        assert!(headers["cache-control"].to_str().expect("text").contains("immutable"), "{link}");
    }
}

#[tokio::test]
async fn what_a_reader_mistypes_in_the_address_is_a_page_that_says_so() {
    let world = world(Access::Loopback).await;
    let (status, headers, html) = page(&world, "/schedules?colour=blue", "").await;
    assert_eq!((status.as_u16(), headers["content-type"].to_str().ok()), (400, Some("text/html; charset=utf-8")));
    assert!(html.contains("colour"), "{html}");
}

#[tokio::test]
async fn what_is_now_is_told_on_the_first_page() {
    let world = world(Access::Loopback).await;
    let (status, _, html) = page(&world, "/", "").await;
    assert_eq!(status, 200);
    for words in
        ["Nothing runs at the moment.", "Nothing failed in the last 24 hours.", "conf/x.toml:1:1: no", ">nightly</a>"]
    {
        assert!(html.contains(words), "{words}: {html}");
    }
    let message = "the relay said 550\nand more".to_owned();
    let error = noontide_domain::Outcome::Failed { message, retryable: false, after: None };
    world.plugins.script("mail/send", [error]);
    world.fire().await;
    world.ledger.until(|runs| runs.iter().any(|run| run.state == noontide_domain::RunState::Failed)).await;
    let (_, _, html) = page(&world, "/", "").await;
    assert!(html.contains("the relay said 550") && html.contains("1 failed"), "{html}");
}

#[tokio::test]
async fn a_row_of_a_schedule_tells_how_its_last_runs_went() {
    let world = world(Access::Loopback).await;
    let (_, _, html) = page(&world, "/schedules", "").await;
    assert!(html.contains("no run yet") && html.contains("conf/x.toml:3"), "{html}");
    world.fire().await;
    world.ledger.until(|runs| runs.iter().any(|run| run.state == noontide_domain::RunState::Succeeded)).await;
    let (_, _, html) = page(&world, "/schedules?sort=due&owner=file:conf", "").await;
    assert!(html.contains("the last 1: 1 succeeded") && html.contains(r#"class="mark-succeeded""#), "{html}");
    let (_, _, html) = page(&world, "/schedules?last=failed", "").await;
    assert!(html.contains("No schedule matches."), "{html}");
}

#[tokio::test]
async fn a_schedule_has_a_page_with_a_form_for_its_input() {
    let world = world(Access::Loopback).await;
    let (status, _, html) = page(&world, "/schedules/nightly", "").await;
    assert_eq!(status, 200);
    for words in ["It has not run yet.", "conf/x.toml:3", "Thu 2 Jul 02:00:00 UTC", "1 planned", r#"name="input""#] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("Remove…"), "a file owns it: {html}");
    world.fire().await;
    world.ledger.until(|runs| runs.iter().any(|run| run.state == noontide_domain::RunState::Succeeded)).await;
    let (_, _, html) = page(&world, "/schedules/nightly", "").await;
    assert!(html.contains("1 succeeded") && html.contains("median 0 ms"), "{html}");
    let (status, _, html) = page(&world, "/schedules/nightli", "").await;
    assert!(status == 404 && html.contains("nightly"), "{html}");
}

#[tokio::test]
async fn a_schedules_page_tells_what_was_changed_of_it_and_by_whom() {
    let world = world(Access::Loopback).await;
    let (_, _, html) = page(&world, "/schedules/nightly", "").await;
    assert!(html.contains("Nobody has changed it since it was first seen."), "{html}");
    let edited = noontide_domain::Schedule { input: json!({ "to": "<ops>" }), ..nightly() };
    world.parts.engine.declare(vec![edited]).await.expect("declares");
    let (_, _, html) = page(&world, "/schedules/nightly", "").await;
    for words in ["input.to", "<ins>&#60;ops&#62;</ins>", r#"by <span class="mono">conf/x.toml:3</span>"#] {
        assert!(html.contains(words), "{words}: {html}");
    }
}
