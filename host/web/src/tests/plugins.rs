//! Plugins.

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
