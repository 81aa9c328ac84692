//! Plugins, and one of them.

use super::*;

#[tokio::test]
async fn plugins_are_listed_with_what_they_offer_and_who_uses_them() {
    let world = world(Access::Loopback).await;
    world.plugins.set_version("mail", "2");
    let (_, _, html) = page(&world, "/plugins", "").await;
    for told in [r#"href="/plugins/mail""#, ">loaded</span>", "2 (000000000000)", "send"] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let (_, _, html) = page(&world, "/plugins/mail", "").await;
    for told in ["mail/send", r#"href="/schedules/nightly""#, "It wants nothing"] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let (status, _, html) = page(&world, "/plugins/mial", "").await;
    assert!(status == 404 && html.contains("did you mean `mail`"), "{html}");
}
