//! The API from outside: a real server, real connections, stand-ins behind the doors.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::trigger::{Cron, Trigger};
use noontide_domain::{CatchUp, Overlap, Owner, RetryPolicy, Schedule};
use noontide_engine::{Parts, Settings};
use noontide_testkit::{ManualClock, MemoryLedger, ScriptedPlugins};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Access, Client, ClientError, HostControl, Listen, ReloadReport, WebParts, serve};

const TOKEN: &str = "0123456789abcdef";

struct Nobody;

#[async_trait]
impl HostControl for Nobody {
    async fn reload(&self) -> ReloadReport {
        ReloadReport { problems: vec!["conf/x.toml:1:1: no".into()], schedules: 1 }
    }
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
    fn facts(&self) -> Value {
        json!({ "env": "test" })
    }
}

struct World {
    client: Client,
    url: String,
    parts: WebParts,
    plugins: Arc<ScriptedPlugins>,
    ledger: Arc<MemoryLedger>,
    clock: Arc<ManualClock>,
    stop: CancellationToken,
}

fn nightly() -> Schedule {
    Schedule {
        name: "nightly".parse().expect("a name"),
        description: None,
        owner: Owner::File { path: "conf/x.toml".into(), line: 3 },
        trigger: Trigger::Cron(Cron::parse("0 2 * * *", chrono_tz::UTC).expect("cron")),
        timezone: chrono_tz::UTC,
        handler: "mail/send".parse().expect("a handler"),
        input: json!({}),
        window: None,
        catch_up: CatchUp::default(),
        overlap: Overlap::Skip,
        retry: RetryPolicy::default(),
        timeout: None,
        enabled: true,
    }
}

async fn world(access: Access) -> World {
    let clock = ManualClock::at("2026-07-01T08:00:00Z");
    let ledger = MemoryLedger::new(clock.clone());
    let plugins = ScriptedPlugins::new(clock.clone());
    plugins.add("mail/send");
    let parts =
        Parts { clock: clock.clone(), ledger: ledger.clone(), plugins: plugins.clone(), settings: Settings::default() };
    let engine = noontide_engine::start(parts, vec![nightly()]).await.expect("an engine");
    let parts = WebParts { engine, history: ledger.clone(), host: Arc::new(Nobody), access };
    let stop = CancellationToken::new();
    let any = "127.0.0.1:0".parse().expect("an address");
    let serving = serve(Listen::Tcp(any), parts.clone(), stop.clone()).await.expect("a free port");
    let url = format!("http://{}", serving.address.expect("an address"));
    let client = Client::http(&url, Some(TOKEN.to_owned())).expect("a client");
    World { client, url, parts, plugins, ledger, clock, stop }
}

fn status<T>(answer: Result<T, ClientError>) -> (u16, String) {
    match answer {
        Err(ClientError::Refused { status, detail }) => (status, detail),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[tokio::test]
async fn a_schedule_is_fired_and_its_run_is_shown_with_its_result() {
    let world = world(Access::Loopback).await;
    let fired = world.client.post("/api/v1/schedules/nightly/fire", &json!({})).await.expect("fired");
    let run = fired["run"].as_str().expect("a run").to_owned();
    world.ledger.until(|rows| rows.iter().any(|row| row.state.is_final())).await;
    let shown = world.client.get(&format!("/api/v1/runs/{run}")).await.expect("a run");
    assert_eq!(
        (&shown["state"], &shown["schedule"], &shown["attempt"]),
        (&json!("succeeded"), &json!("nightly"), &json!(1))
    );
    assert_eq!(shown["cause"], "manual");
    let schedule = world.client.get("/api/v1/schedules/nightly?count=2").await.expect("a schedule");
    assert_eq!(schedule["next"], json!(["2026-07-02T02:00:00Z", "2026-07-03T02:00:00Z"]));
    assert_eq!(schedule["owner"], "file:conf/x.toml:3");
    assert_eq!(schedule["last_run"]["id"], json!(run));
    let list = world.client.get("/api/v1/schedules").await.expect("a list");
    assert_eq!(list["items"][0]["words"], "at 02:00, UTC time");
    world.client.get(&format!("/api/v1/runs/{run}/logs")).await.expect("logs");
}

#[tokio::test]
async fn refusals_name_the_thing_and_carry_the_right_status() {
    let world = world(Access::Loopback).await;
    let client = &world.client;
    let (code, detail) = status(client.get("/api/v1/schedules/nightli").await);
    assert_eq!(code, 404);
    assert!(detail.contains("did you mean `nightly`"), "{detail}");
    assert_eq!(status(client.get("/api/v1/nothing").await).0, 404);
    assert_eq!(status(client.get("/api/v1/runs/019a0000-0000-7000-8000-000000000000").await).0, 404);
    assert_eq!(status(client.get("/api/v1/runs?limit=0").await).0, 400);
    assert_eq!(status(client.get("/api/v1/runs?stat=ready").await).0, 400);
    let (code, detail) = status(client.get("/api/v1/runs?state=done").await);
    assert!(code == 400 && detail.contains("succeeded"), "{detail}");
    let fire = "/api/v1/schedules/nightly/fire";
    assert_eq!(status(client.post(fire, &json!({"inptu": 1})).await).0, 400);
    assert_eq!(status(client.post(fire, &json!({"delay": "1h", "at": "2026-08-01T00:00:00Z"})).await).0, 400);
    world.plugins.refuse_input("mail/send", Some("`to` is missing"));
    let (code, detail) = status(client.post(fire, &json!({})).await);
    assert!(code == 422 && detail.contains("`to` is missing"), "{detail}");
    world.plugins.refuse_input("mail/send", None);
    world.plugins.hold("mail/send");
    client.post(fire, &json!({})).await.expect("fired");
    assert_eq!(status(client.post(fire, &json!({})).await).0, 409);
    assert_eq!(status(client.post("/api/v1/status", &json!({})).await).0, 405);
}

#[tokio::test]
async fn what_is_not_json_or_too_much_is_not_taken() {
    let world = world(Access::Loopback).await;
    let http = reqwest::Client::new();
    let fire = format!("{}/api/v1/schedules/nightly/fire", world.url);
    let form = http.post(&fire).header("content-type", "text/plain").body("{}").send().await.expect("an answer");
    assert_eq!(form.status(), 415);
    assert_eq!(form.headers()["content-type"], "application/problem+json");
    let large = http.post(&fire).header("content-type", "application/json").body("x".repeat(2 << 20));
    assert_eq!(large.send().await.expect("an answer").status(), 413);
    let broken = http.post(&fire).header("content-type", "application/json").body("{");
    assert_eq!(broken.send().await.expect("an answer").status(), 400);
}

#[tokio::test]
async fn without_the_token_nobody_is_let_in_but_the_probes_answer() {
    let world = world(Access::token(TOKEN)).await;
    world.client.get("/api/v1/status").await.expect("the right token");
    for wrong in [None, Some("0123456789abcdeg".to_owned()), Some(String::new())] {
        let client = Client::http(&world.url, wrong).expect("a client");
        assert_eq!(status(client.get("/api/v1/status").await).0, 401);
        client.get("/livez").await.expect("a probe");
        client.get("/readyz").await.expect("a probe");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_is_not_let_in_over_loopback() {
    let world = world(Access::Loopback).await;
    let http = reqwest::Client::new();
    let asked =
        |name: &'static str, value: String| http.get(format!("{}/api/v1/status", world.url)).header(name, value).send();
    assert_eq!(asked("host", "evil.example".into()).await.expect("an answer").status(), 403);
    assert_eq!(asked("origin", "http://evil.example".into()).await.expect("an answer").status(), 403);
    assert_eq!(asked("origin", world.url.clone()).await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn pages_of_runs_hold_each_run_once_newest_first() {
    let world = world(Access::Loopback).await;
    let calls: Vec<_> = (0..250).map(|_| json!({ "handler": "mail/send" })).collect();
    let answer = world.client.post("/api/v1/runs", &json!(calls)).await.expect("enqueued");
    let mut wanted: Vec<_> = answer["runs"].as_array().expect("runs").iter().map(ToString::to_string).collect();
    wanted.sort();
    wanted.reverse();
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.client.get(&format!("/api/v1/runs?limit=100{after}")).await.expect("a page");
        found.extend(page["items"].as_array().expect("items").iter().map(|run| run["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_chosen_key_makes_a_second_call_a_duplicate() {
    let world = world(Access::Loopback).await;
    let call = json!({ "handler": "mail/send", "key": "invoice-7", "delay": "1h" });
    let first = world.client.post("/api/v1/runs", &call).await.expect("enqueued");
    let second = world.client.post("/api/v1/runs", &call).await.expect("enqueued");
    assert_eq!(first["duplicate"], 0);
    assert_eq!((&second["duplicate"], &second["runs"]), (&json!(1), &first["runs"]));
    let run = first["runs"][0].as_str().expect("a run");
    let cancelled = world.client.post(&format!("/api/v1/runs/{run}/cancel"), &json!({})).await.expect("cancelled");
    assert_eq!(cancelled["answer"], "cancelled");
    assert_eq!(status(world.client.post(&format!("/api/v1/runs/{run}/cancel"), &json!({})).await).0, 409);
}

#[tokio::test]
async fn pausing_shows_who_and_why_until_it_is_resumed() {
    let world = world(Access::Loopback).await;
    let path = "/api/v1/schedules/nightly";
    let body = json!({ "reason": "move", "by": "ana" });
    world.client.post(&format!("{path}/pause"), &body).await.expect("paused");
    let shown = world.client.get(path).await.expect("a schedule");
    assert_eq!((&shown["pause"]["by"], &shown["pause"]["reason"]), (&json!("ana"), &json!("move")));
    let past = json!({ "until": "2020-01-01T00:00:00Z" });
    assert_eq!(status(world.client.post(&format!("{path}/pause"), &past).await).0, 400);
    world.client.post(&format!("{path}/resume"), &json!({})).await.expect("resumed");
    assert_eq!(world.client.get(path).await.expect("a schedule")["pause"], Value::Null);
}

#[tokio::test]
async fn events_tell_how_a_run_ended_and_end_when_the_host_stops() {
    let world = world(Access::Loopback).await;
    let mut events = reqwest::get(format!("{}/api/v1/events", world.url)).await.expect("a stream");
    world.client.post("/api/v1/schedules/nightly/fire", &json!({})).await.expect("fired");
    let mut text = String::new();
    while !text.contains("event: run-finished") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), events.chunk()).await.expect("in time");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk").expect("not the end")));
    }
    assert!(text.contains("event: run-started"), "{text}");
    world.stop.cancel();
    let end = async { while events.chunk().await.ok().flatten().is_some() {} };
    tokio::time::timeout(Duration::from_secs(20), end).await.expect("the stream ends");
}

#[tokio::test]
async fn a_host_whose_scheduler_is_stuck_is_not_ready() {
    let world = world(Access::Loopback).await;
    world.clock.asleep(5).await;
    world.client.get("/readyz").await.expect("ready");
    // The scheduler holds on to a ledger that does not answer: its last look gets old.
    world.ledger.fail_next(usize::MAX);
    world.parts.engine.drain().await;
    let (code, detail) = status(world.client.get("/readyz").await);
    assert!(code == 503 && detail.contains("shutting down"), "{detail}");
    world.clock.advance(Duration::from_secs(120));
    let (code, detail) = status(world.client.get("/livez").await);
    assert!(code == 503 && detail.contains("120 s ago"), "{detail}");
}

#[tokio::test]
async fn the_socket_file_is_the_login_and_an_old_one_is_no_obstacle() {
    let world = world(Access::token(TOKEN)).await;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("noontide.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("an old socket"));
    let stop = CancellationToken::new();
    let serving = serve(Listen::Unix(path.clone()), world.parts.clone(), stop.clone()).await.expect("a socket");
    let client = Client::unix(&path).expect("a client");
    assert_eq!(client.get("/api/v1/status").await.expect("a status")["env"], "test");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let second = serve(Listen::Unix(path.clone()), world.parts.clone(), stop.clone()).await;
    assert!(second.expect_err("taken").to_string().contains("another noontide answers there"));
    stop.cancel();
    serving.stopped().await;
    let gone = client.get("/api/v1/status").await.expect_err("nobody");
    assert!(gone.to_string().contains("noontide serve"), "{gone}");
}

#[tokio::test]
async fn a_port_in_use_is_told_with_the_next_step() {
    let world = world(Access::Loopback).await;
    let taken = world.url.trim_start_matches("http://").parse().expect("an address");
    let refused = serve(Listen::Tcp(taken), world.parts.clone(), world.stop.clone()).await.expect_err("taken");
    let text = refused.to_string();
    assert!(text.contains(&taken.to_string()) && text.contains("[http] listen"), "{text}");
}
