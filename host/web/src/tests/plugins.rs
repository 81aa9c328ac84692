//! Plugins.

use noontide_domain::PluginVersion;
use noontide_domain::plugin::upgrade::{PluginNews, VersionStanding};

use super::*;

#[tokio::test]
async fn plugins_are_listed_and_found_by_name_or_file() {
    let world = world(Access::Loopback).await;
    world.plugins.set_version("mail", "2");
    let list = world.get("/plugins").await;
    let plugin = &list["items"][0];
    assert_eq!(
        (&plugin["name"], &plugin["version"], &plugin["file"]),
        (&json!("mail"), &json!("2"), &json!("mail.wasm"))
    );
    assert_eq!((&plugin["handlers"][0]["name"], &plugin["error"]), (&json!("send"), &Value::Null));
    assert_eq!((&plugin["grants"], &plugin["missing"], &plugin["not_wanted"]), (&json!({}), &json!([]), &json!([])));
    assert_eq!(&world.get("/plugins/mail").await, plugin);
    assert_eq!(&world.get("/plugins/mail.wasm").await, plugin);
    let (code, detail) = world.get_refused("/plugins/mial").await;
    assert!(code == 404 && detail.contains("did you mean `mail`"), "{detail}");
}

#[tokio::test]
async fn what_was_decided_about_a_version_is_an_event_and_wishes_about_unknown_ones_are_refused() {
    let world = world(Access::Loopback).await;
    assert_eq!(world.get("/plugins/mail").await["versions"], json!([]));
    for verb in ["approve", "rollback"] {
        let (code, detail) = world.post_refused(&format!("/plugins/mail/{verb}"), json!({})).await;
        assert!(code == 404 && detail.contains("no version of `mail` is known"), "{detail}");
        let (code, detail) = world.post_refused(&format!("/plugins/mail/{verb}"), json!({ "sha": "a" })).await;
        assert!(code == 400 && detail.contains("unknown field `sha`"), "{detail}");
    }
    let mut events = reqwest::get(format!("{}/api/v1/events", world.url)).await.expect("a stream");
    let version = PluginVersion { name: "mail".parse().expect("a name"), version: "2".into(), sha256: "ab".into() };
    let words = "plugin `mail`: 2 (ab) is held: it wants more: env X".to_owned();
    world.plugins.decided(PluginNews { version, standing: VersionStanding::Held, words });
    world.clock.advance(Duration::from_secs(1));
    let mut text = String::new();
    while !text.contains("event: plugin-version") || !text.ends_with("\n\n") {
        let chunk = tokio::time::timeout(SOON, events.chunk()).await.expect("in time");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk").expect("not the end")));
    }
    assert!(text.contains(r#""standing":"held""#) && text.contains("it wants more: env X"), "{text}");
}
