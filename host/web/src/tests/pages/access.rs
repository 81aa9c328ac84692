//! Who may come in, and what they did.

use super::*;

#[tokio::test]
async fn a_token_is_made_on_a_page_and_what_was_done_is_told_on_another() {
    let world = world(Access::Loopback).await;
    let (_, _, html) = page(&world, "/tokens", "").await;
    assert!(html.contains("There is no token yet") && html.contains("plugin-upload"), "{html}");
    world.post("/tokens", json!({ "name": "ci", "scope": "read", "reason": "the build" })).await;
    let (_, _, html) = page(&world, "/tokens", "").await;
    assert!(html.contains("<td>ci</td>") && html.contains(">good</span>") && !html.contains("noontide_"), "{html}");
    let (_, _, html) = page(&world, "/audit", "").await;
    assert!(html.contains("token.create") && html.contains(">done</span>"), "{html}");
    let (_, _, html) = page(&world, "/audit?outcome=refused", "").await;
    assert!(html.contains("Nobody has changed anything that matches"), "{html}");
}

#[tokio::test]
async fn the_page_that_asks_for_a_token_leads_back() {
    let world = world(Access::Loopback).await;
    let (status, _, html) = page(&world, "/login?next=%2Fruns", "").await;
    assert!(status == 200 && html.contains(r#"name="next" value="/runs""#), "{html}");
}
