//! The network as a guest sees it: what is granted and where it may lead, and nothing else. A real component, real
//! servers on loopback, and a resolver that answers by script.

mod bounds;
mod forbidden;
mod own_requests;
mod reached;
mod server;
mod sockets;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use noontide_domain::{Grant, HttpGrant, Outcome, Report, TcpGrant};
use noontide_sandbox::{Resolver, SandboxSettings};
use serde_json::{Value, json};

use crate::stage::Stage;
use server::Server;

const PLUGIN: &str = "fixture-egress";

/// Names and what they lead to: each answer once, and the last for ever.
#[derive(Default)]
struct Script {
    names: Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn name(&self, name: &str, answers: &[&str]) {
        let parse = |answer: &&str| answer.split_whitespace().map(|ip| ip.parse().expect("an address")).collect();
        self.names.lock().expect("no panic").insert(name.to_owned(), answers.iter().map(parse).collect());
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

#[async_trait]
impl Resolver for Script {
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.lock().expect("no panic").push(name.to_owned());
        let mut names = self.names.lock().expect("no panic");
        let answers = names.get_mut(name).ok_or_else(|| std::io::Error::other("no such name in the script"))?;
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(answer.unwrap_or_default())
    }
}

/// A sandbox with the fixture, and names of the test's own.
struct Net {
    stage: Stage,
    script: Arc<Script>,
}

impl Net {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let script = Arc::new(Script::default());
        let resolver = Arc::clone(&script) as Arc<dyn Resolver>;
        let stage = Stage::with(|settings| {
            settings.egress.resolver = resolver;
            change(settings);
        });
        stage.put_all(&["egress"]).await;
        Self { stage, script }
    }

    fn own(&self, addresses: &[SocketAddr]) {
        self.stage.sandbox.egress().own().set(addresses.iter().copied());
    }

    fn grant(&self, grant: Grant) {
        self.stage.grant(PLUGIN, grant);
    }

    async fn attempts(&self, attempts: Vec<Value>) -> (Vec<Value>, Report) {
        let report = self.stage.call(PLUGIN, json!({ "attempts": attempts })).await;
        let Outcome::Succeeded { result: Some(Value::Array(answers)) } = &report.outcome else { panic!("{report:?}") };
        (answers.clone(), report)
    }

    async fn get(&self, url: &str) -> (Value, Report) {
        let (mut answers, report) = self.attempts(vec![get(url)]).await;
        (answers.remove(0), report)
    }
}

fn get(url: &str) -> Value {
    json!({ "http": { "url": url } })
}

/// Grants as they are written: an origin, and after it the addresses that are lifted.
fn http(grants: &[&str]) -> Grant {
    let read = |text: &&str| {
        let mut words = text.split(' ');
        let mut grant: HttpGrant = words.next().unwrap_or_default().parse().expect("a grant");
        grant.addresses = words.map(|rule| rule.parse().expect("a rule")).collect();
        grant
    };
    Grant { http: grants.iter().map(read).collect(), ..Grant::default() }
}

fn tcp(grants: &[&str]) -> Grant {
    let read = |text: &&str| {
        let mut words = text.split(' ');
        let mut grant: TcpGrant = words.next().unwrap_or_default().parse().expect("a grant");
        grant.addresses = words.map(|rule| rule.parse().expect("a rule")).collect();
        grant
    };
    Grant { tcp: grants.iter().map(read).collect(), ..Grant::default() }
}

/// The lines that the host wrote into the run's log.
fn remarks(report: &Report) -> Vec<&str> {
    report.logs.iter().filter(|line| line.source == "host").map(|line| line.message.as_str()).collect()
}
