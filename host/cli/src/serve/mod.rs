//! `serve`: the host. Configuration, ledger, sandbox, engine, API, in this order; then it follows changes until it is
//! told to end, lets what goes on end, and closes in the opposite order.

mod api;
mod banner;
mod follow;
mod lock;
mod logging;
mod reload;
mod signals;
mod watch;
pub mod wiring;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use clap::Args;
use noontide_config::Loaded;
use noontide_domain::ports::{Clock, PluginHost};
use noontide_engine::EngineHandle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::args::Global;
use crate::clock::SystemClock;
use crate::conf;
use crate::exit::{Done, Exit};
use api::{Api, Process};
use banner::Banner;
use lock::DataFolder;
use reload::Reloader;
use watch::ConfWatch;

/// The flags of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Write each fire as a line to stdout, also where that is no terminal
    #[arg(long)]
    follow: bool,
}

/// Serves until it is told to end.
///
/// # Errors
/// The configuration is wrong (3), another host has the data folder (6), a room cannot be opened (1).
pub async fn run(global: &Global, asked: &Serve) -> Done {
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    let loaded = conf::load(global)?;
    logging::begin(&loaded.config.log, global.colorless())?;
    // From here on, not from when the host stands: plugins may take a while, and an edit meanwhile counts.
    let watch = ConfWatch::over(folders(global, &loaded));
    loaded.problems.iter().for_each(|problem| warn!("{problem}"));
    let data = DataFolder::lock(&loaded.config.data_dir)?;
    let (stop, again) = (CancellationToken::new(), Arc::new(Notify::new()));
    signals::listen(stop.clone(), Arc::clone(&again))?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ledger = wiring::ledger(&loaded.config, Arc::clone(&clock)).await?;
    let sandbox = wiring::sandbox(&loaded.config, &loaded.config.data_dir.join("compiled"), Arc::clone(&clock))?;
    let begin = Instant::now();
    tokio::select! {
        () = sandbox.rescan() => {}
        () = stop.cancelled() => return Ok(Exit::Ok),
    }
    let compiled = begin.elapsed();
    sandbox.start_watching();

    let schedules = wiring::schedules(&loaded.config, &ledger).await?;
    let engine = wiring::engine(&loaded.config, clock, &ledger, &sandbox, schedules.clone()).await?;
    let config = loaded.config.clone();
    let reloader =
        Reloader::new(global.clone(), engine.clone(), Arc::clone(&sandbox), config, schedules, &loaded.problems);
    reloader.recheck().await;

    let process = Arc::new(Process {
        reloader: Arc::clone(&reloader),
        engine: engine.clone(),
        sandbox: Arc::clone(&sandbox),
        facts: api::facts(&loaded, &data.socket()),
        address: OnceLock::new(),
    });
    let ended = match Api::open(&loaded.config.http, data.socket(), &process, Arc::clone(&ledger.history)).await {
        Err(refused) => {
            engine.drain().await;
            Err(refused)
        }
        Ok(api) => {
            let address = process.address.get().copied();
            data.announce(address)?;
            let mut beside = vec![
                spawned(Arc::clone(&reloader).follow_plugins()),
                spawned(follow_configuration(reloader, watch, again)),
            ];
            if asked.follow || std::io::stdout().is_terminal() {
                beside.push(spawned(follow::follow(engine.events(), zone)));
            }
            let schedules = engine.status().schedules;
            say(&Banner {
                loaded: &loaded,
                schedules,
                plugins: &sandbox.plugins(),
                compiled,
                address,
                socket: data.socket(),
            });
            stop.cancelled().await;
            drain(&engine).await;
            api.close().await;
            Ok(Exit::Ok)
        }
    };
    ledger.close().await;
    ended
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

async fn follow_configuration(reloader: Arc<Reloader>, mut watch: ConfWatch, again: Arc<Notify>) {
    loop {
        tokio::select! {
            () = watch.changed() => reloader.reload().await,
            () = again.notified() => reloader.reload_all().await,
        }
    }
}

fn say(banner: &Banner<'_>) {
    if banner.loaded.config.log.json {
        let address = banner.address.map(|address| address.to_string());
        info!(environment = banner.loaded.env, schedules = banner.schedules, address, "serving");
    } else {
        crate::output::complain(&banner.text());
    }
}
