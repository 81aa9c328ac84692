//! The API on its two listeners, and what it may ask of the process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use noontide_config::{Http, Loaded};
use noontide_domain::ports::{History, PluginHost};
use noontide_engine::EngineHandle;
use noontide_sandbox::Sandbox;
use noontide_web::{Access, HostControl, Listen, ReloadReport, Serving, WebError, WebParts, serve};
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
    /// Known once the API listens.
    pub address: OnceLock<SocketAddr>,
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

    fn problems(&self) -> Vec<String> {
        self.reloader.problems()
    }

    fn facts(&self) -> Value {
        let plugins = self.sandbox.plugins();
        let count = |is: fn(&noontide_domain::PluginStatus) -> bool| plugins.iter().filter(|plugin| is(plugin)).count();
        let mut facts = self.facts.clone();
        facts["address"] = self.address.get().map(ToString::to_string).into();
        facts["plugins"] = json!({
            "loaded": count(|plugin| plugin.loaded.is_some()),
            "refused": count(|plugin| plugin.error.is_some()),
            "allocator": self.sandbox.allocator(),
            "watcher": self.sandbox.watcher(),
        });
        facts
    }
}

/// The API at work.
pub struct Api {
    listeners: Vec<Serving>,
    stop: CancellationToken,
}

impl Api {
    /// Listens on the socket file, and on TCP unless that is off.
    ///
    /// # Errors
    /// Names the address or file, and the next step.
    pub async fn open(
        http: &Http,
        socket: PathBuf,
        process: &Arc<Process>,
        history: Arc<dyn History>,
    ) -> Result<Self, Stop> {
        let mut api = Self { listeners: Vec::new(), stop: CancellationToken::new() };
        let access = http.token.as_ref().map_or(Access::Loopback, |token| Access::token(token.reveal()));
        let host = Arc::clone(process) as Arc<dyn HostControl>;
        let parts = WebParts { engine: process.engine.clone(), history, host, access };
        let listen = http.listen.map(Listen::Tcp).into_iter().chain([Listen::Unix(socket)]);
        for listen in listen {
            match serve(listen, parts.clone(), api.stop.clone()).await {
                Ok(serving) => api.listeners.push(serving),
                Err(error) => {
                    api.close().await;
                    return Err(refused(&error));
                }
            }
        }
        if let Some(address) = api.listeners.iter().find_map(|listener| listener.address) {
            // Set once: a process opens its API once.
            let _ = process.address.set(address);
        }
        Ok(api)
    }

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
