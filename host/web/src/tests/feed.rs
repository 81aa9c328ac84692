//! What programs of others read: the calendar and the badges.

use super::*;

async fn text(world: &World, path: &str) -> (String, String) {
    let answer = reqwest::get(format!("{}{path}", world.url)).await.expect("an answer");
    let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
    (kind, answer.text().await.expect("a body"))
}

#[tokio::test]
async fn the_calendar_has_an_event_for_each_due_instant_and_the_same_ids_whenever_it_is_asked() {
    let world = world(Access::Loopback).await;
    let (kind, feed) = text(&world, "/calendar.ics?days=3").await;
    assert_eq!(kind, "text/calendar; charset=utf-8");
    assert!(feed.starts_with("BEGIN:VCALENDAR\r\n") && feed.ends_with("END:VCALENDAR\r\n"), "{feed}");
    let of = |feed: &str, key: &str| -> Vec<String> {
        feed.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect()
    };
    assert_eq!(of(&feed, "DTSTART:"), ["20260702T020000Z", "20260703T020000Z", "20260704T020000Z"]);
    assert!(!feed.contains("RRULE"), "{feed}");
    world.clock.advance(Duration::from_secs(60));
    let (_, later) = text(&world, "/calendar.ics?days=3&schedule=nightly").await;
    assert_eq!(of(&later, "UID:"), of(&feed, "UID:"));
    assert!(of(&feed, "UID:")[0].starts_with("nightly-"), "{feed}");
    world.post("/schedules/nightly/pause", json!({ "until": "2026-07-03T00:00:00Z" })).await;
    let (_, paused) = text(&world, "/calendar.ics?days=3").await;
    assert_eq!(of(&paused, "DTSTART:"), ["20260703T020000Z", "20260704T020000Z"]);
    for (query, status) in [("days=0", 400), ("days=93", 400), ("schedule=nobody", 404), ("dais=3", 400)] {
        let answer = reqwest::get(format!("{}/calendar.ics?{query}", world.url)).await.expect("an answer");
        assert_eq!(answer.status(), status, "{query}");
    }
}

#[tokio::test]
async fn a_badge_tells_how_a_schedule_stands_and_has_nothing_foreign_in_it() {
    let world = world(Access::Loopback).await;
    let word = async |path: &str| text(&world, path).await;
    let (kind, fresh) = word("/badge/nightly.svg").await;
    assert_eq!(kind, "image/svg+xml");
    assert!(fresh.contains("<title>nightly: no run yet</title>") && !fresh.contains("href"), "{fresh}");
    world.fire().await;
    world.all_over().await;
    assert!(word("/badge/nightly.svg").await.1.contains("nightly: succeeded"));
    world.post("/schedules/nightly/pause", json!({})).await;
    assert!(word("/badge/nightly.svg").await.1.contains("nightly: paused"));
    for path in ["/badge/nobody.svg", "/badge/nightly"] {
        let answer = reqwest::get(format!("{}{path}", world.url)).await.expect("an answer");
        problem(answer, 404).await;
    }
}

#[tokio::test]
async fn a_token_in_the_address_opens_feeds_and_nothing_else() {
    let world = world(Access::token(TOKEN)).await;
    let token = async |name: &str, scope: &str| {
        let made = world.post("/tokens", json!({ "name": name, "scope": scope })).await;
        made["token"].as_str().expect("a token").to_owned()
    };
    let (feed, read) = (token("calendar", "feed").await, token("ci", "read").await);
    let status = async |path: String, bearer: Option<&str>| {
        let request = reqwest::Client::new().get(format!("{}{path}", world.url));
        let request = bearer.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.expect("an answer").status().as_u16()
    };
    for path in ["/calendar.ics?days=3&token=", "/badge/nightly.svg?token="] {
        assert_eq!(status(format!("{path}{feed}"), None).await, 200, "{path}");
        for wrong in [read.as_str(), TOKEN, "noontide_x", ""] {
            assert_eq!(status(format!("{path}{wrong}"), None).await, 401, "{path}{wrong}");
        }
    }
    for path in ["/api/v1/status", "/api/v1/schedules", "/metrics", "/", "/openapi.json"] {
        let address = format!("{path}?token={feed}");
        assert!([303, 401].contains(&status(address, None).await), "{path}: a token in the address");
        assert_eq!(status(path.to_owned(), Some(&feed)).await, 403, "{path}: the scope");
    }
    assert_eq!(status("/calendar.ics".to_owned(), Some(&feed)).await, 200);
    assert_eq!(status("/calendar.ics".to_owned(), Some(&read)).await, 200, "who may read reads feeds, too");
    world.client.delete("/api/v1/tokens/calendar").await.expect("taken back");
    assert_eq!(status(format!("/calendar.ics?token={feed}"), None).await, 401);
}
