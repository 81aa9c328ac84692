//! The HTTP API: who is let in, and how it refuses.

use std::os::unix::fs::PermissionsExt;

use reqwest::{Method, header};
use serde_json::json;

use super::support::{Place, until};

const TOKEN: &str = "a-token-that-nobody-guesses";

/// Off the environment `local`, with a token.
fn guarded() -> Place {
    let mut place = Place::new();
    std::fs::create_dir(place.path("conf/test")).expect("a folder");
    place.conf("test/host.toml", "[http]\ntoken = { env = \"THE_TOKEN\" }\n");
    place.set_var("NOONTIDE_ENV", "test");
    place.set_var("THE_TOKEN", TOKEN);
    place
}

#[tokio::test]
async fn off_the_local_environment_a_token_is_needed_and_only_the_right_one_opens() {
    let place = guarded();
    let host = place.serve().await;
    let api = host.api();
    for path in ["/status", "/runs", "/schedules", "/plugins"] {
        let response = api.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(response.status(), 401, "{path}");
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE), "{path}");
        assert_eq!(host.api().with_token("not-the-right-token").status(path).await, Some(401), "{path}");
        assert_eq!(host.api().with_token(TOKEN).status(path).await, Some(200), "{path}");
    }
    let (status, _) = api.ask(Method::POST, "/runs", Some(&json!({ "handler": "hello/greet" }))).await;
    assert_eq!(status, 401);
    for probe in ["/livez", "/readyz"] {
        assert_eq!(api.status(probe).await, Some(200), "{probe} needs no token");
    }
    let server = format!("http://{}", host.address());
    assert_eq!(place.noontide(&["status", "--server", &server]).code, 7);
    assert_eq!(place.noontide(&["status", "--server", &server, "--token", TOKEN]).code, 0);
    assert_eq!(place.noontide(&["status"]).code, 0, "the socket's file permission is the login");
    let socket = std::fs::metadata(place.path("data/noontide.sock")).expect("a socket");
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert!(!host.log().contains(TOKEN));
}

#[tokio::test]
async fn off_the_local_environment_the_host_does_not_start_without_a_token() {
    let place = guarded();
    place.conf("test/host.toml", "");
    let said = place.refused();
    assert!(said.code == 3 && said.err.contains("asks for a token"), "{said:?}");
    place.conf("test/host.toml", "[http]\ntoken = { env = \"NOT_SET\" }\n");
    let said = place.refused();
    assert!(said.code == 3 && said.err.contains("NOT_SET"), "{said:?}");
}

#[tokio::test]
async fn without_a_token_names_and_pages_from_elsewhere_are_not_let_in() {
    let place = Place::new();
    let host = place.serve().await;
    let api = host.api();
    for name in ["evil.example", "127.0.0.1.evil.example"] {
        let response = api.request(Method::GET, "/status").header(header::HOST, name).send().await.expect("an answer");
        assert_eq!(response.status(), 403, "Host: {name}");
    }
    let foreign = api.request(Method::GET, "/status").header(header::ORIGIN, "https://evil.example").send().await;
    assert_eq!(foreign.expect("an answer").status(), 403, "a foreign page");
    let form = api.request(Method::POST, "/reload").header(header::CONTENT_TYPE, "text/plain").body("{}").send().await;
    assert_eq!(form.expect("an answer").status(), 415, "what a form of a foreign page could send");
}

#[tokio::test]
async fn refusals_are_problem_details_that_name_the_thing_and_the_next_step() {
    let place = Place::new();
    place.plugin("hello");
    place.schedules("[schedule.hello]\nhandler = \"hello/greet\"\nmanual = true\n");
    let host = place.serve().await;
    let api = host.api();
    let refusals = [
        (Method::GET, "/schedules/helo", None, 404, "did you mean `hello`"),
        (Method::GET, "/runs/nonsense", None, 404, "nonsense"),
        (Method::GET, "/nothing", None, 404, "/nothing"),
        (Method::DELETE, "/status", None, 405, "DELETE"),
        (Method::GET, "/runs?state=done", None, 400, "succeeded"),
        (Method::GET, "/runs?stat=failed", None, 400, "stat"),
        (Method::POST, "/runs", Some(json!({ "handler": "hello/gret" })), 404, "did you mean `greet`"),
        (Method::POST, "/runs", Some(json!({ "handler": "hello", "input": { "name": 5 } })), 422, "/name"),
        (Method::POST, "/runs", Some(json!({ "handler": "hello", "delai": "1s" })), 422, "delai"),
        (Method::POST, "/schedules/hello/fire", Some(json!({ "delay": "soon" })), 400, "delay"),
    ];
    for (method, path, body, status, word) in refusals {
        let mut request = api.request(method.clone(), path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{method} {path}");
        let text = response.text().await.expect("a body");
        let problem: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(problem["status"], status, "{text}");
        assert!(problem["title"].is_string(), "{text}");
        assert!(problem["detail"].as_str().expect("words").contains(word), "`{word}` is not in {text}");
    }
}

#[tokio::test]
async fn a_batch_of_calls_is_taken_whole_or_not_at_all_and_a_key_counts_once() {
    let place = Place::new();
    place.plugin("hello");
    let host = place.serve().await;
    let api = host.api();
    let call = |key: &str, handler: &str| json!({ "handler": handler, "key": key });
    let bad = json!([call("a", "hello/greet"), call("b", "hello/gret")]);
    assert_eq!(api.ask(Method::POST, "/runs", Some(&bad)).await.0, 404);
    assert!(api.list("/runs").await.is_empty(), "nothing of a bad batch is kept");
    let good = json!([call("a", "hello/greet"), call("b", "hello/greet"), call("a", "hello/greet")]);
    let answer = api.post("/runs", good).await;
    assert_eq!(answer["duplicate"], 1);
    assert_eq!(answer["runs"][0], answer["runs"][2], "the same key is the same run");
    until("both have run", async || (api.list("/runs?state=succeeded").await.len() == 2).then_some(())).await;
}

#[tokio::test]
async fn pages_of_runs_hang_together() {
    let place = Place::new();
    place.plugin("noop");
    let host = place.serve().await;
    let api = host.api();
    let calls: Vec<_> = (0..25).map(|_| json!({ "handler": "fixture-noop" })).collect();
    api.post("/runs", json!(calls)).await;
    until("all have run", async || (api.list("/runs?state=succeeded").await.len() == 25).then_some(())).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/runs?limit=10{after}")).await;
        seen.extend(page["items"].as_array().expect("items").iter().map(|run| run["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (25, &sorted), "newest first, each once");
}
