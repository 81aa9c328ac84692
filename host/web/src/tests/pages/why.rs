//! What became of an instant.

use super::*;

#[tokio::test]
async fn any_due_instant_is_explained_with_those_around_it() {
    let world = world(Access::Loopback).await;
    let (_, _, html) = page(&world, "/why", "").await;
    assert!(html.contains("Name a schedule") && html.contains(r#"<option value="nightly">"#), "{html}");
    let (_, _, html) = page(&world, "/why?schedule=nightly&at=2026-07-03+02:00", "").await;
    for told in ["upcoming", "will fire in", "Thu 2 Jul 02:00:00 UTC", "Sat 4 Jul 02:00:00 UTC"] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert_eq!(html.matches("aria-current=\"true\"").count(), 1, "{html}");
}

#[tokio::test]
async fn wall_time_is_read_in_the_zone_that_the_page_shows() {
    let world = world(Access::Loopback).await;
    let cookies = "zone=mine; mine=Asia%2FShanghai";
    let (_, _, html) = page(&world, "/why?schedule=nightly&at=2026-07-03+10:00", cookies).await;
    assert!(html.contains("upcoming") && html.contains("Fri 3 Jul 10:00:00 CST"), "{html}");
}

#[tokio::test]
async fn an_instant_that_is_none_leads_to_those_that_are() {
    let world = world(Access::Loopback).await;
    let (_, _, html) = page(&world, "/why?schedule=nightly&at=2026-07-03+03:00", "").await;
    assert!(html.contains("not-due") && html.contains("at=2026-07-03T02%3A00%3A00Z"), "{html}");
    let (status, _, html) = page(&world, "/why?schedule=nihgtly", "").await;
    assert!(status == 404 && html.contains("nightly"), "{html}");
    let (status, _, html) = page(&world, "/why?schedule=nightly&at=yesterday", "").await;
    assert!(status == 400 && html.contains("`at`"), "{html}");
}
