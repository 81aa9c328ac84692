//! The API on its two listeners, and what it may ask of the process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use noontide_config::{Body, Http, Loaded};
use noontide_domain::Schedule;
use noontide_domain::ports::{History, PluginHost, RefusedEdit};
use noontide_engine::EngineHandle;
use noontide_sandbox::Sandbox;
use noontide_web::{Access, Bound, HostControl, Listen, ReloadReport, Serving, WebError, WebParts, WebSettings, bind};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::reload::Reloader;
use crate::exit::{Exit, Stop};

/// The process around the engine.
pub struct Process {
    /// Reads configuration again.
    pub reloader: Arc<Reloader>,
    /// For counting schedules.
    pub engine: EngineHandle,
    /// For facts about plugins.
    pub sandbox: Arc<Sandbox>,
    /// What does not change: version, folders, environment.
    pub facts: Value,
    /// The API on TCP.
    pub address: Option<SocketAddr>,
}

/// What does not change while the host lives.
pub fn facts(loaded: &Loaded, socket: &std::path::Path) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "wasmtime": env!("NOONTIDE_WASMTIME"),
        "tzdata": chrono_tz::IANA_TZDB_VERSION,
        "pid": std::process::id(),
        "environment": loaded.env,
        "data": loaded.config.data_dir.display().to_string(),
        "socket": socket.display().to_string(),
    })
}

#[async_trait]
impl HostControl for Process {
    async fn reload(&self) -> ReloadReport {
        self.reloader.reload_all().await;
        ReloadReport { problems: self.problems(), schedules: self.engine.status().schedules }
    }

    async fn read_schedule(&self, name: &str, json: &Value, onto: Option<&Value>) -> Result<Schedule, Vec<String>> {
        let standing = || self.engine.standings().into_iter().map(|standing| standing.schedule).collect();
        self.reloader.read_schedule(Body { name, json, onto }, standing).await
    }

    fn problems(&self) -> Vec<String> {
        let refused = self.engine.refused().into_iter().map(|RefusedEdit { schedule, reason }| {
            format!("schedule `{schedule}`: the edit of its row in the ledger is refused: {reason}")
        });
        self.reloader.problems().into_iter().chain(refused).collect()
    }

    fn facts(&self) -> Value {
        let plugins = self.sandbox.plugins();
        let count = |is: fn(&noontide_domain::PluginStatus) -> bool| plugins.iter().filter(|plugin| is(plugin)).count();
        let mut facts = self.facts.clone();
        facts["address"] = self.address.as_ref().map(ToString::to_string).into();
        facts["plugins"] = json!({
            "loaded": count(|plugin| plugin.loaded.is_some()),
            "refused": count(|plugin| plugin.error.is_some()),
            "allocator": self.sandbox.allocator(),
            "watcher": self.sandbox.watcher(),
        });
        facts
    }
}

/// The API's places, taken; nobody is answered yet.
pub struct Taken {
    listeners: Vec<Bound>,
    access: Access,
}

impl Taken {
    /// Takes the socket file, and the TCP address unless that is off.
    ///
    /// # Errors
    /// Names the address or file, and the next step; a port in use is a conflict (6).
    pub async fn take(http: &Http, socket: PathBuf) -> Result<Self, Stop> {
        let access = http.token.as_ref().map_or(Access::Loopback, |token| Access::token(token.reveal()));
        let mut listeners = Vec::new();
        for listen in http.listen.map(Listen::Tcp).into_iter().chain([Listen::Unix(socket)]) {
            listeners.push(bind(listen, &access).await.map_err(|error| refused(&error))?);
        }
        Ok(Self { listeners, access })
    }

    /// The TCP address, with the real port.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listeners.iter().find_map(Bound::address)
    }

    /// Answers from now on.
    pub fn open(self, process: &Arc<Process>, history: Arc<dyn History>) -> Api {
        let host = Arc::clone(process) as Arc<dyn HostControl>;
        let parts = WebParts {
            engine: process.engine.clone(),
            history,
            host,
            access: self.access,
            settings: WebSettings::default(),
        };
        let stop = CancellationToken::new();
        let serve = |bound: Bound| bound.serve(parts.clone(), stop.clone());
        Api { listeners: self.listeners.into_iter().map(serve).collect(), stop }
    }
}

/// The API at work.
pub struct Api {
    listeners: Vec<Serving>,
    stop: CancellationToken,
}

impl Api {
    /// Lets answers that are under way end, for a moment.
    pub async fn close(self) {
        self.stop.cancel();
        for listener in self.listeners {
            listener.stopped().await;
        }
    }
}

fn refused(error: &WebError) -> Stop {
    let exit = match error {
        WebError::Tcp { reason, .. } if reason.kind() == std::io::ErrorKind::AddrInUse => Exit::Conflict,
        _ => Exit::Failed,
    };
    Stop::new(exit, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_a_conflict_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let http = Http { listen: first.local_addr().ok(), token: None };
        let stop = Taken::take(&http, folder.path().join("s")).await.err().unwrap();
        assert_eq!(stop.exit, Exit::Conflict);
        assert!(stop.message.contains(&first.local_addr().unwrap().to_string()), "{}", stop.message);
    }
}
