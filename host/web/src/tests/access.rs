//! Who is let in, and what is not taken from anybody.

use super::*;

#[tokio::test]
async fn without_the_token_nobody_is_let_in_but_the_probes_answer() {
    let world = world(Access::token(TOKEN)).await;
    world.get("/status").await;
    for wrong in [None, Some("0123456789abcdeg".to_owned()), Some(String::new())] {
        let client = Client::http(&world.url, wrong).expect("a client");
        assert_eq!(refusal(client.get("/api/v1/status").await).0, 401);
        client.get("/livez").await.expect("a probe");
        client.get("/readyz").await.expect("a probe");
    }
    let nobody = world.raw("/reload").json(&json!({})).send().await.expect("an answer");
    assert_eq!(nobody.headers()["www-authenticate"], "Bearer realm=\"noontide\"");
    assert!(problem(nobody, 401).await.contains("NOONTIDE_TOKEN"));
}

#[tokio::test]
async fn the_scheme_of_the_token_is_read_in_any_case_and_no_other_scheme_is() {
    let world = world(Access::token(TOKEN)).await;
    let shown = async |value: String| {
        world.raw("/reload").header("authorization", value).json(&json!({})).send().await.expect("an answer").status()
    };
    assert_eq!(shown(format!("bearer {TOKEN}")).await, 200);
    assert_eq!(shown(format!("Basic {TOKEN}")).await, 401);
    assert_eq!(shown(TOKEN.to_owned()).await, 401);
}

#[tokio::test]
async fn a_page_from_elsewhere_is_not_let_in_over_loopback() {
    let world = world(Access::Loopback).await;
    let http = reqwest::Client::new();
    let asked =
        |name: &'static str, value: String| http.get(format!("{}/api/v1/status", world.url)).header(name, value).send();
    assert!(
        problem(asked("host", "evil.example".into()).await.expect("an answer"), 403).await.contains("evil.example")
    );
    assert!(
        problem(asked("origin", "http://evil.example".into()).await.expect("an answer"), 403).await.contains("evil")
    );
    assert_eq!(asked("origin", "null".into()).await.expect("an answer").status(), 403);
    assert_eq!(asked("origin", world.url.clone()).await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn what_is_not_json_is_not_taken_by_any_verb() {
    let world = world(Access::Loopback).await;
    let run = world.fire().await;
    let cancel = format!("/runs/{run}/cancel");
    let nightly = |verb| format!("/schedules/nightly/{verb}");
    for path in ["/runs", "/reload", &cancel, &nightly("fire"), &nightly("pause"), &nightly("resume")] {
        let form = world.raw(path).header("content-type", "text/plain").body("{}").send().await.expect("an answer");
        assert!(problem(form, 415).await.contains("`text/plain`"), "{path}");
        let bare = world.raw(path).send().await.expect("an answer");
        assert!(problem(bare, 415).await.contains("application/json"), "{path}");
    }
    let empty = world.raw("/reload").header("content-type", "application/json; charset=utf-8").send().await;
    assert_eq!(empty.expect("an answer").status(), 200);
    let broken = world.raw("/reload").header("content-type", "application/json").body("{").send().await;
    assert!(problem(broken.expect("an answer"), 400).await.contains("line 1"));
}

#[tokio::test]
async fn too_much_is_not_taken_and_batches_may_be_larger() {
    let world = world(Access::Loopback).await;
    let sent = async |path: &str, bytes: usize| {
        let request = world.raw(path).header("content-type", "application/json").body(" ".repeat(bytes) + "[]");
        request.send().await.expect("an answer")
    };
    assert!(problem(sent("/schedules/nightly/fire", 1 << 20).await, 413).await.contains("1 MiB"));
    assert_eq!(sent("/runs", 2 << 20).await.status(), 202);
    assert!(problem(sent("/runs", 16 << 20).await, 413).await.contains("16 MiB"));
}

#[tokio::test]
async fn what_is_not_there_is_refused_like_all_else() {
    let world = world(Access::Loopback).await;
    let http = reqwest::Client::new();
    let get = async |path: &str| http.get(format!("{}{path}", world.url)).send().await.expect("an answer");
    assert!(problem(get("/nothing").await, 404).await.contains("/nothing"));
    assert!(problem(get("/api/v1/nothing").await, 404).await.contains("/api/v1/nothing"));
    assert!(problem(get("/api/v1/schedules/%FF").await, 400).await.contains("path"));
    let delete = http.delete(format!("{}/api/v1/status", world.url)).send().await.expect("an answer");
    assert_eq!(delete.headers()["allow"], "GET,HEAD");
    assert!(problem(delete, 405).await.contains("DELETE"));
}

#[tokio::test]
async fn under_a_path_of_its_own_everything_is_there_a_second_time() {
    let settings = WebSettings { path: "/noontide".to_owned(), ..WebSettings::default() };
    let world = world_with(Access::token(TOKEN), settings).await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let get = |path: &str| http.get(format!("{}{path}", world.url));
    for path in ["/api/v1/status", "/noontide/api/v1/status"] {
        assert_eq!(get(path).send().await.expect("an answer").status(), 401, "{path}");
        assert_eq!(get(path).bearer_auth(TOKEN).send().await.expect("an answer").status(), 200, "{path}");
    }
    for path in ["/livez", "/noontide/livez"] {
        assert_eq!(get(path).send().await.expect("an answer").status(), 200, "{path}");
    }
    let page = get("/noontide/schedules").header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(
        (page.status().as_u16(), &page.headers()["location"]),
        (303, &"/noontide/login?next=%2Fnoontide%2Fschedules".parse().expect("a value"))
    );
    let page =
        get("/noontide/schedules").bearer_auth(TOKEN).send().await.expect("an answer").text().await.expect("text");
    assert!(page.contains(r#"href="/noontide/"#) && !page.contains(r#"href="/schedules"#), "{page}");
}

#[tokio::test]
async fn a_host_that_is_read_only_is_looked_at_and_changed_by_nobody_over_tcp() {
    let settings = WebSettings { read_only: true, ..WebSettings::default() };
    let world = world_with(Access::Loopback, settings).await;
    world.get("/status").await;
    let refused = world.post_refused("/schedules/nightly/fire", json!({})).await;
    assert!(refused.0 == 403 && refused.1.contains("read-only"), "{refused:?}");
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("s");
    let _serving = serve(Listen::Unix(path.clone()), world.parts.clone(), world.stop.clone()).await.expect("a socket");
    let fired = Client::unix(&path).expect("a client").post("/api/v1/schedules/nightly/fire", &json!({})).await;
    assert!(fired.is_ok(), "{fired:?}");
}

#[tokio::test]
async fn each_route_of_the_table_is_there() {
    let world = world(Access::Loopback).await;
    for (method, route, _) in crate::access::TABLE {
        // Those to come.
        if ["/login", "/logout", "/api/v1/tokens", "/api/v1/audit", "/api/v1/runs/{id}/retry"].contains(&route) {
            continue;
        }
        let path = route.replace(['{', '}'], "");
        let method = method.parse().expect("a method");
        let answer = reqwest::Client::new().request(method, format!("{}{path}", world.url)).send().await;
        let answer = answer.expect("an answer");
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("text"));
        assert!(
            status != 405 && !text.contains("there is no GET") && !text.contains("there is no POST"),
            "{route}: {text}"
        );
    }
}
