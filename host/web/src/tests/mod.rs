//! The API from outside: a real server, real connections, stand-ins behind the doors.

mod access;
mod alerts;
mod artifacts;
mod attacks;
mod chains;
mod document;
mod events;
mod feed;
mod follow;
mod host;
mod hosts;
mod many;
mod metrics;
mod occurrences;
mod outbox;
mod pages;
mod plugins;
mod put;
mod runs;
mod schedules;
mod server;
mod simulate;
mod timetable;
mod tokens;
mod traces;
mod twice;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::ports::RunRecord;
use noontide_domain::trigger::{Cron, Every, Trigger};
use noontide_domain::{Owner, Schedule};
use noontide_engine::{Parts, Settings};
use noontide_testkit::{ManualClock, MemoryLedger, ScriptedOutlet, ScriptedPlugins};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Access, Client, ClientError, Figures, HostControl, Listen, Register, ReloadReport, WebParts, WebSettings, serve,
};

const TOKEN: &str = "0123456789abcdef";

/// Nothing here takes nearly so long; what does is a failure.
const SOON: Duration = Duration::from_secs(20);

struct Nobody;

#[async_trait]
impl HostControl for Nobody {
    async fn reload(&self) -> ReloadReport {
        ReloadReport { problems: self.problems(), schedules: 1 }
    }
    /// A stand-in: `handler` and `every` in seconds.
    async fn read_schedule(&self, name: &str, json: &Value, onto: Option<&Value>) -> Result<Schedule, Vec<String>> {
        let mut asked = onto.cloned().unwrap_or_else(|| json!({}));
        for (key, value) in json.as_object().ok_or_else(|| vec!["no object".to_owned()])? {
            asked[key] = value.clone();
        }
        let read = |key: &str| asked[key].as_str().ok_or_else(|| format!("no `{key}`"));
        match (read("handler"), asked["every"].as_u64().ok_or_else(|| "no `every`".to_owned())) {
            (Ok(handler), Ok(seconds)) => {
                let every = Every { every: Duration::from_secs(seconds), start: None, end: None };
                let (name, handler) = (name.parse().expect("a name"), handler.parse().expect("a handler"));
                let schedule = Schedule::new(name, Trigger::Every(every), handler);
                Ok(Schedule { input: json!({}), asked: Some(asked), ..schedule })
            }
            (handler, every) => Err(handler.err().into_iter().chain(every.err()).collect()),
        }
    }
    fn problems(&self) -> Vec<String> {
        vec!["conf/x.toml:1:1: no".into()]
    }
    fn facts(&self) -> Value {
        json!({ "env": "test" })
    }
    fn figures(&self) -> Figures {
        Figures::default()
    }
}

struct World {
    client: Client,
    url: String,
    parts: WebParts,
    plugins: Arc<ScriptedPlugins>,
    outlet: Arc<ScriptedOutlet>,
    ledger: Arc<MemoryLedger>,
    clock: Arc<ManualClock>,
    stop: CancellationToken,
}

fn nightly() -> Schedule {
    let trigger = Trigger::Cron(Cron::parse("0 2 * * *", chrono_tz::UTC).expect("cron"));
    let name = "nightly".parse().expect("a name");
    Schedule {
        owner: Owner::File { path: "conf/x.toml".into(), line: 3 },
        input: json!({}),
        ..Schedule::new(name, trigger, "mail/send".parse().expect("a handler"))
    }
}

async fn world(access: Access) -> World {
    world_with(access, WebSettings::default()).await
}

async fn world_with(access: Access, settings: WebSettings) -> World {
    let clock = ManualClock::at("2026-07-01T08:00:00Z");
    let ledger = MemoryLedger::new(clock.clone());
    let plugins = ScriptedPlugins::new(clock.clone());
    plugins.add("mail/send");
    let outlet = ScriptedOutlet::new();
    let parts = Parts {
        clock: clock.clone(),
        ledger: ledger.clone(),
        plugins: plugins.clone(),
        outlet: outlet.clone(),
        settings: Settings::default(),
    };
    let register = Register::open(ledger.clone());
    let engine = noontide_engine::start(parts, vec![nightly()]).await.expect("an engine");
    let parts = WebParts {
        engine,
        history: ledger.clone(),
        host: Arc::new(Nobody),
        access,
        register,
        settings,
        requests: Arc::default(),
    };
    let stop = CancellationToken::new();
    let serving = serve(Listen::Tcp(any_port()), parts.clone(), stop.clone()).await.expect("a free port");
    let url = format!("http://{}", serving.address.expect("an address"));
    let client = Client::http(&url, Some(TOKEN.to_owned())).expect("a client");
    World { client, url, parts, plugins, outlet, ledger, clock, stop }
}

fn any_port() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

impl World {
    /// What the API answers to a GET that must work.
    async fn get(&self, path: &str) -> Value {
        self.client.get(&format!("/api/v1{path}")).await.expect(path)
    }

    /// What the API answers to a POST that must work.
    async fn post(&self, path: &str, body: Value) -> Value {
        self.client.post(&format!("/api/v1{path}"), &body).await.expect(path)
    }

    /// Fires the schedule; the run's id.
    async fn fire(&self) -> String {
        let fired = self.post("/schedules/nightly/fire", json!({})).await;
        fired["run"].as_str().expect("a run").to_owned()
    }

    /// A POST as anybody could send it.
    fn raw(&self, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().post(format!("{}/api/v1{path}", self.url))
    }

    async fn until(&self, wanted: impl Fn(&[RunRecord]) -> bool) {
        tokio::time::timeout(SOON, self.ledger.until(wanted)).await.expect("in time");
    }

    async fn all_over(&self) {
        self.until(|rows| rows.iter().all(|row| row.state.is_final())).await;
    }

    /// Status and sentence of a GET that is refused.
    async fn get_refused(&self, path: &str) -> (u16, String) {
        refusal(self.client.get(&format!("/api/v1{path}")).await)
    }

    /// Status and sentence of a POST that is refused.
    async fn post_refused(&self, path: &str, body: Value) -> (u16, String) {
        refusal(self.client.post(&format!("/api/v1{path}"), &body).await)
    }
}

fn refusal<T>(answer: Result<T, ClientError>) -> (u16, String) {
    match answer {
        Err(ClientError::Refused { status, detail }) => (status, detail),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

/// It is a refusal as RFC 9457 has it; its sentence.
async fn problem(response: reqwest::Response, status: u16) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!((&body["status"], &body["type"]), (&json!(status), &json!("about:blank")));
    assert!(body["title"].is_string(), "{body}");
    body["detail"].as_str().expect("a sentence").to_owned()
}
