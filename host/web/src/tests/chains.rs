//! `/chains`, and what calls and runs say of them.

use serde_json::{Value, json};

use super::{Access, world};

fn states(links: &Value) -> Vec<(String, String)> {
    let text = |link: &Value, key: &str| link[key].as_str().unwrap_or_default().to_owned();
    links["items"].as_array().expect("a list").iter().map(|link| (text(link, "path"), text(link, "state"))).collect()
}

#[tokio::test]
async fn a_chain_is_shown_with_what_came_before_and_what_comes_next() {
    let world = world(Access::Loopback).await;
    let gate = world.plugins.hold("mail/send");
    let members =
        json!([{ "handler": "mail/send" }, { "handler": "mail/send", "on-failure": { "handler": "mail/send" } }]);
    let chain = json!({ "group": members, "then": { "handler": "mail/send", "input": { "last": true } } });
    let answer = world.post("/runs", json!([{ "handler": "mail/send" }, chain])).await;
    assert_eq!(answer["runs"].as_array().map(Vec::len), Some(3));
    let id = answer["chains"][1].as_str().expect("a chain").to_owned();
    assert_eq!(answer["chains"][0], Value::Null);
    world.plugins.called(3).await;
    let path = format!("/chains/{id}?limit=2");
    let page = world.get(&path).await;
    let expected = [("", "waiting"), ("group[0]", "running")].map(|(path, state)| (path.to_owned(), state.to_owned()));
    assert_eq!(states(&page), expected);
    assert_eq!((&page["items"][0]["kind"], &page["items"][0]["missing"]), (&json!("group"), &json!(2)));
    let rest = world.get(&format!("/chains/{id}?after={}", page["next"].as_str().expect("more"))).await;
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(3));
    let member = world.get(&format!("/runs/{}", answer["runs"][2].as_str().expect("an id"))).await;
    let shown = &member["chain"];
    assert_eq!((&shown["id"], &shown["path"], &shown["waiter"]), (&json!(id), &json!("group[1]"), &json!(id)));
    assert_eq!(
        (&shown["next"][0]["path"], &shown["next"][0]["on"]),
        (&json!("group[1].on-failure[0]"), &json!("on-failure"))
    );
    gate.open();
    let last =
        |rows: &[noontide_domain::ports::RunRecord]| rows.len() == 4 && rows.iter().all(|row| row.state.is_final());
    world.ledger.until(last).await;
    let of_chain = world.get(&format!("/runs?chain={id}")).await;
    let runs = of_chain["items"].as_array().expect("a list");
    assert_eq!(runs.len(), 3, "and not the call beside it");
    assert_eq!(runs[0]["chain"], json!({ "id": id, "previous": null, "group": id }));
    assert_eq!(runs[1]["chain"], json!({ "id": id, "previous": null, "group": null }));
    let call = world.get(&format!("/runs/{}", answer["runs"][0].as_str().expect("an id"))).await;
    assert_eq!(call["chain"], Value::Null);
}

#[tokio::test]
async fn a_refusal_names_the_path_and_nothing_is_kept() {
    let world = world(Access::Loopback).await;
    world.plugins.refuse_input("mail/strict", Some("`to` is missing"));
    let send = || json!({ "handler": "mail/send" });
    let deep = (0..60).fold(send(), |chain, _| json!({ "handler": "mail/send", "then": chain }));
    let bad = [
        (
            json!({ "handler": "mail/send", "then": [{ "group": [send(), send(), send(), { "handler": "mail/sned" }] }] }),
            404,
            "then[0].group[3].handler",
            "no handler `sned`",
        ),
        (
            json!({ "handler": "mail/send", "on-failure": [{ "handler": "mail/strict" }] }),
            422,
            "on-failure[0].input",
            "`to` is missing",
        ),
        (
            json!({ "handler": "mail/send", "then": [{ "handler": "mail/send", "key": "k" }] }),
            422,
            "then[0].key",
            "takes a key",
        ),
        (json!({ "group": [] }), 422, "group", "it is empty"),
        (
            json!({ "handler": "mail/send", "then": [{ "hander": "x" }] }),
            422,
            "then[0].hander",
            "did you mean `handler`?",
        ),
    ];
    for (chain, status, field, words) in bad {
        let response = world.raw("/runs").json(&json!([send(), chain])).send().await.expect("an answer");
        let code = response.status().as_u16();
        let body: Value = response.json().await.expect("JSON");
        assert_eq!((code, &body["index"], &body["field"]), (status, &json!(1), &json!(field)), "{body}");
        let detail = body["detail"].as_str().expect("a sentence");
        assert!(detail.starts_with("call 1: ") && detail.contains(words), "{detail}");
    }
    let (_, detail) = world.post_refused("/runs", deep).await;
    assert!(detail.contains("too deep") || detail.contains("recursion"), "{detail}");
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn a_chain_taken_back_says_what_was_stopped_and_one_that_is_not_there_is_not_found() {
    let world = world(Access::Loopback).await;
    let chain = json!({ "handler": "mail/send", "delay": "1h", "then": [{ "handler": "mail/send" }, { "handler": "mail/send" }] });
    let id = world.post("/runs", chain).await["chains"][0].as_str().expect("a chain").to_owned();
    let answer = world.post(&format!("/chains/{id}/cancel"), json!({})).await;
    let expected = json!({ "chain": id, "path": "", "cancelled": 1, "asked_to_stop": 0, "unreached": 2 });
    assert_eq!(answer, expected);
    let links = world.get(&format!("/chains/{id}")).await;
    assert_eq!(states(&links)[0].1, "cancelled");
    assert_eq!(links["items"][1]["why"], "cancelled");
    let nobody = noontide_domain::RunId::new();
    let (code, detail) = world.post_refused(&format!("/chains/{nobody}/cancel"), json!({})).await;
    assert!(code == 404 && detail.contains("past the retention"), "{detail}");
}
