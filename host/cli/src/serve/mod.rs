//! `serve`: the host. Configuration, ledger, sandbox, engine, API, in this order; then it follows changes until it is
//! told to end, lets what goes on end, and closes in the opposite order.

mod api;
mod banner;
mod follow;
mod inbox;
mod lock;
mod logging;
mod notify;
mod reload;
mod signals;
mod watch;
mod wire;
pub mod wiring;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use noontide_config::{Config, Loaded};
use noontide_connections::Databases;
use noontide_domain::Role;
use noontide_domain::ports::{Clock, PluginHost};
use noontide_engine::EngineHandle;
use noontide_ledger::Opened;
use noontide_sandbox::Sandbox;
use noontide_sinks::Sinks;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::args::Global;
use crate::clock::SystemClock;
use crate::conf;
use crate::exit::{Done, Exit, Stop};
use api::{Api, Process, Taken};
use banner::Banner;
use lock::DataFolder;
use logging::LogFiles;
use reload::{Follows, Reloader};
use watch::ConfWatch;
use wire::Outward;

/// The flags of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Write each fire as a line to stdout, also where that is no terminal
    #[arg(long)]
    follow: bool,
    /// What this host does: scheduler, worker, api; in place of `roles` in [host]
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<Role>,
}

/// Serves until it is told to end.
///
/// # Errors
/// The configuration is wrong (3), another host has the data folder or the port (6), a room cannot be opened (1).
pub async fn run(global: &Global, asked: &Serve) -> Done {
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    let mut loaded = conf::load(global)?;
    assign(&mut loaded.config, &asked.roles);
    let logs = logging::begin(&loaded.config.log, global.colorless())?;
    // From here on, not from when the host stands: plugins may take a while, and an edit meanwhile counts.
    let watch = ConfWatch::over(folders(global, &loaded));
    loaded.problems.iter().for_each(|problem| warn!("{problem}"));
    let data = DataFolder::lock(&loaded.config.data_dir)?;
    let (stop, again) = (CancellationToken::new(), Arc::new(Notify::new()));
    signals::listen(stop.clone(), Arc::clone(&again))?;

    let Some(rooms) = Rooms::open(&loaded, &stop).await? else { return Ok(Exit::Ok) };
    let ended = match begin(global, &loaded, &data, &rooms).await {
        Err(refused) => Err(refused),
        Ok(host) => {
            let changes = Changes { watch, again, logs };
            let mut beside = vec![
                spawned(Arc::clone(&host.reloader).follow_plugins()),
                spawned(follow_configuration(Arc::clone(&host.reloader), host.engine.clone(), changes)),
                spawned(notify::follow(host.engine.clone())),
                spawned(inbox::follow(Arc::clone(&host.reloader), host.engine.clone())),
            ];
            if asked.follow || std::io::stdout().is_terminal() {
                beside.push(spawned(follow::follow(host.engine.events(), Arc::clone(&rooms.ledger.history), zone)));
            }
            say(&loaded, &data, &rooms, &host);
            stop.cancelled().await;
            notify::stopping(&host.engine);
            drain(&host.engine).await;
            host.api.close().await;
            Ok(Exit::Ok)
        }
    };
    rooms.connections.close().await;
    rooms.ledger.close().await;
    ended
}

/// The roles of the command line win. A host that does not answer on TCP takes no port.
fn assign(config: &mut Config, asked: &[Role]) {
    if !asked.is_empty() {
        config.host.roles = asked.iter().copied().collect();
    }
    if !config.host.roles.has(Role::Api) {
        config.http.listen = None;
    }
}

/// What the engine stands on.
struct Rooms {
    clock: Arc<dyn Clock>,
    ledger: Opened,
    connections: Arc<Databases>,
    sandbox: Arc<Sandbox>,
    /// How long the first look at the plugin folder took.
    compiled: Duration,
}

impl Rooms {
    /// Ledger and sandbox, with all plugins loaded. `None` if the host was told to end meanwhile.
    async fn open(loaded: &Loaded, stop: &CancellationToken) -> Result<Option<Self>, Stop> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ledger = wiring::ledger(&loaded.config, Arc::clone(&clock)).await?;
        // Before anything is recorded: plugins are looked at first of all.
        ledger.ledger.heed(!loaded.config.alert_rules.is_empty());
        let connections = wiring::connections(&loaded.config);
        let compiled = loaded.config.data_dir.join("compiled");
        let (databases, versions) = (Some(Arc::clone(&connections)), Some(Arc::clone(&ledger.versions)));
        let sandbox = wiring::sandbox(&loaded.config, &compiled, Arc::clone(&clock), databases, versions)?;
        let begin = Instant::now();
        tokio::select! {
            () = sandbox.rescan() => {}
            () = stop.cancelled() => return Ok(None),
        }
        let compiled = begin.elapsed();
        sandbox.start_watching();
        Ok(Some(Self { clock, ledger, connections, sandbox, compiled }))
    }
}

/// What serves.
struct Host {
    engine: EngineHandle,
    reloader: Arc<Reloader>,
    api: Api,
    address: Option<SocketAddr>,
}

/// The engine, and the API over it. The API's places are taken first: a port in use ends the host before it claims
/// anything, and not after it has begun to run things.
async fn begin(global: &Global, loaded: &Loaded, data: &DataFolder, rooms: &Rooms) -> Result<Host, Stop> {
    let Rooms { clock, ledger, connections, sandbox, .. } = rooms;
    let taken = Taken::take(&loaded.config.http, data.socket()).await?;
    let address = taken.address();
    sandbox.egress().own().set(address);
    let schedules = wiring::schedules(&loaded.config, ledger).await?;
    let engine = wiring::engine(&loaded.config, Arc::clone(clock), ledger, sandbox, schedules.clone()).await?;
    let config = loaded.config.clone();
    let sinks = Sinks::new(Arc::clone(clock), Arc::new(Outward(Arc::clone(sandbox))));
    wiring::alert(&engine, &sinks, &config);
    let follows =
        Follows { engine: engine.clone(), sandbox: Arc::clone(sandbox), connections: Arc::clone(connections), sinks };
    let reloader = Reloader::new(global.clone(), follows, config, schedules, &loaded.problems);
    reloader.recheck().await;
    reloader.renew_all().await;
    let process = Arc::new(Process {
        reloader: Arc::clone(&reloader),
        engine: engine.clone(),
        sandbox: Arc::clone(sandbox),
        facts: api::facts(loaded, &data.socket()),
        address,
    });
    let api = taken.open(&process, Arc::clone(&ledger.history));
    if let Err(refused) = data.announce(address) {
        engine.drain().await;
        api.close().await;
        return Err(refused);
    }
    Ok(Host { engine, reloader, api, address })
}

async fn drain(engine: &EngineHandle) {
    match engine.drain().await {
        0 => info!("ended"),
        left => warn!(runs = left, "left to their leases"),
    }
}

fn spawned(work: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(work))
}

fn folders(global: &Global, loaded: &Loaded) -> Vec<PathBuf> {
    let of_env = loaded.env_dir.clone().unwrap_or_else(|| global.conf.join(&loaded.env));
    vec![global.conf.clone(), of_env]
}

/// What asks for the configuration to be read again, and what is opened again then.
struct Changes {
    watch: ConfWatch,
    /// SIGHUP.
    again: Arc<Notify>,
    logs: LogFiles,
}

async fn follow_configuration(reloader: Arc<Reloader>, engine: EngineHandle, mut changes: Changes) {
    loop {
        tokio::select! {
            () = changes.watch.changed() => reloader.reload().await,
            () = changes.again.notified() => {
                notify::reloading();
                changes.logs.reopen();
                reloader.reload_all().await;
                notify::ready_again(&engine);
            }
        }
    }
}

fn say(loaded: &Loaded, data: &DataFolder, rooms: &Rooms, host: &Host) {
    let schedules = host.engine.status().schedules;
    if loaded.config.log.json {
        let address = host.address.map(|address| address.to_string());
        info!(environment = loaded.env, schedules, address, "serving");
        return;
    }
    let plugins = rooms.sandbox.plugins();
    let banner = Banner {
        loaded,
        schedules,
        plugins: &plugins,
        compiled: rooms.compiled,
        address: host.address,
        socket: data.socket(),
    };
    crate::output::complain(&banner.text());
}
