//! Tokens, sessions, the audit log.

use super::*;

async fn asked(world: &World, token: &str, path: &str) -> u16 {
    let request = reqwest::Client::new().get(format!("{}/api/v1{path}", world.url)).bearer_auth(token);
    request.send().await.expect("an answer").status().as_u16()
}

fn names(list: &Value) -> Vec<(&str, &str)> {
    let items = list["items"].as_array().expect("items").iter();
    items.map(|one| (one["name"].as_str().expect("a name"), one["state"].as_str().expect("a state"))).collect()
}

#[tokio::test]
async fn a_token_is_shown_once_opens_what_its_scope_says_and_ends_when_it_is_taken_back() {
    let world = world(Access::token(TOKEN)).await;
    let made = world.post("/tokens", json!({ "name": "ci", "scope": "operate", "expires": "30d" })).await;
    let token = made["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("noontide_"), "{token}");
    let listed = world.get("/tokens").await;
    assert!(!listed.to_string().contains(&token) && listed["items"][0]["token"].is_null(), "{listed}");
    assert_eq!(
        (names(&listed), &listed["items"][0]["created_by"]),
        (vec![("ci", "good")], &json!("the configured token"))
    );
    assert_eq!((asked(&world, &token, "/status").await, asked(&world, &token, "/tokens").await), (200, 403));
    let client = Client::http(&world.url, Some(token.clone())).expect("a client");
    client.post("/api/v1/schedules/nightly/fire", &json!({})).await.expect("it may fire");
    let (status, words) = refusal(client.delete("/api/v1/schedules/nightly").await);
    assert!(status == 403 && words.contains("`admin`") && words.contains("token ci has `operate`"), "{words}");
    world.client.delete("/api/v1/tokens/ci?reason=leaked").await.expect("taken back");
    let (status, words) = refusal(client.get("/api/v1/status").await);
    assert!(status == 401 && words.contains("taken back"), "{words}");
    assert_eq!(names(&world.get("/tokens").await), [("ci", "revoked")]);
    assert_eq!(refusal(world.client.delete("/api/v1/tokens/ci").await).0, 404);
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_its_last_use_is_noted() {
    let world = world(Access::Tokens).await;
    let socket = tempfile::tempdir().expect("a folder");
    let path = socket.path().join("s");
    let _serving = serve(Listen::Unix(path.clone()), world.parts.clone(), world.stop.clone()).await.expect("a socket");
    let admin = Client::unix(&path).expect("a client");
    let made = admin.post("/api/v1/tokens", &json!({ "name": "short", "scope": "read", "expires": "1h" })).await;
    let token = made.expect("made")["token"].as_str().expect("a token").to_owned();
    assert_eq!(asked(&world, &token, "/status").await, 200);
    let used = async {
        while admin.get("/api/v1/tokens").await.expect("a list")["items"][0]["used_at"].is_null() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, used).await.expect("noted");
    world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(asked(&world, &token, "/status").await, 401);
    assert_eq!(names(&admin.get("/api/v1/tokens").await.expect("a list")), [("short", "expired")]);
    let audit = admin.get("/api/v1/audit?action=token.create").await.expect("a list");
    let who = audit["items"][0]["who"].as_str().expect("a name").to_owned();
    assert!(who.starts_with("user ") && audit["items"][0]["address"].is_null(), "{audit}");
}

#[tokio::test]
async fn what_makes_no_sense_of_a_token_is_refused_in_words() {
    let world = world(Access::token(TOKEN)).await;
    world.post("/tokens", json!({ "name": "ci", "scope": "read" })).await;
    let refusals = [
        (json!({ "name": "ci", "scope": "read" }), 409, "there is a token `ci`"),
        (json!({ "name": "a b", "scope": "read" }), 400, "`name`"),
        (json!({ "name": "x", "scope": "operat" }), 400, "operate"),
        (json!({ "name": "x", "scope": "read", "expires": "soon" }), 400, "`expires`"),
        (json!({ "name": "x", "scope": "read", "expires_at": "2020-01-01T00:00:00Z" }), 400, "passed"),
    ];
    for (body, status, word) in refusals {
        let (found, words) = world.post_refused("/tokens", body).await;
        assert!(found == status && words.contains(word), "{found} {words}");
    }
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_on_logout_and_with_its_token() {
    let world = world(Access::token(TOKEN)).await;
    let made = world.post("/tokens", json!({ "name": "me", "scope": "operate" })).await;
    let token = made["token"].as_str().expect("a token").to_owned();
    let http = reqwest::Client::new();
    let log_in = async || {
        let answer = http.post(format!("{}/login", world.url)).json(&json!({ "token": token })).send().await;
        let answer = answer.expect("an answer");
        let cookie =
            answer.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!((&body["name"], &body["scope"]), (&json!("token me"), &json!("operate")));
        cookie
    };
    let looks = async |cookie: &str| {
        let request = http.get(format!("{}/api/v1/status", world.url)).header("cookie", cookie);
        request.send().await.expect("an answer").status().as_u16()
    };
    let post = |path: &str, cookie: &str| {
        let request = http.post(format!("{}{path}", world.url)).header("cookie", cookie).json(&json!({}));
        request.header("sec-fetch-site", "same-origin").send()
    };
    let (one, two, three) = (log_in().await, log_in().await, log_in().await);
    assert_eq!(post("/api/v1/schedules/nightly/fire", &one).await.expect("an answer").status(), 202);
    assert_eq!(post("/api/v1/reload", &one).await.expect("an answer").status(), 403);
    assert_eq!(post("/logout", &one).await.expect("an answer").status(), 204);
    assert_eq!((looks(&one).await, looks(&two).await), (401, 200));
    world.client.delete("/api/v1/tokens/me").await.expect("taken back");
    assert_eq!((looks(&two).await, looks(&three).await), (401, 401));
    let answer = http.post(format!("{}/login", world.url)).json(&json!({ "token": TOKEN })).send().await;
    let last = answer.expect("an answer").headers()["set-cookie"].to_str().expect("text").to_owned();
    let last = last.split(';').next().expect("a pair");
    world.clock.advance(Duration::from_secs(12 * 3_600 - 1));
    assert_eq!(looks(last).await, 200);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(looks(last).await, 401);
}

#[tokio::test]
async fn each_change_is_in_the_audit_log_with_who_what_and_why_and_nothing_of_its_input() {
    let world = world(Access::token(TOKEN)).await;
    world.post("/schedules/nightly/pause", json!({ "reason": "deploy", "by": "somebody else" })).await;
    assert_eq!(world.get("/schedules/nightly").await["pause"]["by"], "the configured token");
    world.post("/schedules/nightly/resume", json!({ "reason": "done" })).await;
    world
        .post_refused("/schedules/nightly/fire", json!({ "input": { "password": "hunter2" }, "delay": "hunter2" }))
        .await;
    world.post_refused("/schedules/nightli/fire", json!({})).await;
    assert!(world.client.get("/api/v1/status").await.is_ok(), "looking leaves no entry");
    let page = world.get("/audit?limit=2").await;
    let next = page["next"].as_str().expect("another page");
    let rest = world.get(&format!("/audit?limit=10&after={next}")).await;
    let told = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
        (text("action"), text("thing"), text("outcome"), text("reason"))
    };
    let entries: Vec<_> =
        [&page, &rest].iter().flat_map(|page| page["items"].as_array().expect("items")).map(told).collect();
    let row = |action: &str, thing: &str, outcome: &str, reason: &str| {
        (action.to_owned(), thing.to_owned(), outcome.to_owned(), reason.to_owned())
    };
    assert_eq!(
        entries,
        [
            row("schedule.fire", "nightli", "refused", "-"),
            row("schedule.fire", "nightly", "refused", "-"),
            row("schedule.resume", "nightly", "done", "done"),
            row("schedule.pause", "nightly", "done", "deploy"),
        ]
    );
    assert!(!format!("{page}{rest}").contains("hunter2"));
    let of = world.get("/audit?thing=nightly&outcome=done&action=schedule.pause").await;
    assert_eq!(of["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(of["items"][0]["address"], "127.0.0.1");
}
