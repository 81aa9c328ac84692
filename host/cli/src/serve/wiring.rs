//! The rooms, opened in order: ledger, connections, sandbox, engine. Nothing here decides; it hands one thing to the next.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use noontide_config::{Compile, Config, Identity};
use noontide_connections::Databases;
use noontide_domain::alert::ping_sink;
use noontide_domain::ports::{AlertSink, Clock, Connections, Versions};
use noontide_domain::{HostId, Owner, Schedule};
use noontide_engine::{EngineHandle, Parts, Settings};
use noontide_ledger::Opened;
use noontide_sandbox::{CompileApart, Sandbox, SandboxSettings};
use noontide_sinks::Sinks;

use crate::exit::Stop;

/// A sandbox over the plugin folder. Nothing is loaded yet.
///
/// # Errors
/// If its threads or the folder for compiled code cannot be had.
pub fn sandbox(
    config: &Config,
    compiled: &Path,
    clock: Arc<dyn Clock>,
    connections: Option<Arc<Databases>>,
    versions: Option<Arc<dyn Versions>>,
) -> Result<Arc<Sandbox>, Stop> {
    let mut settings = SandboxSettings::new(config.plugins.dir.clone(), compiled, clock);
    settings.grants = config.grants.clone();
    settings.connections = connections.map(|databases| databases as Arc<dyn Connections>);
    settings.egress.extra_roots = config.http_client.ca.clone();
    // The address of the configuration, until the real one is known: a port may be picked at the start.
    settings.egress.own.set(config.http.listen);
    settings.max_concurrent = config.engine.concurrency;
    settings.max_file_size = config.plugins.max_file_size;
    settings.versions = versions;
    settings.keep_versions = config.plugins.keep_versions;
    // A file belongs to one host: nobody else is there to share with.
    settings.share = config.plugins.share && !config.ledger_url.reveal().starts_with("sqlite");
    settings.trust = config.trust.clone();
    settings.compile = compile_apart(config.plugins.compile);
    Sandbox::open(settings).map_err(Stop::failed)
}

/// What tells this program to compile one plugin file and nothing else.
pub const COMPILE_WORKER: &str = "compile-worker";

/// This very program, also where another one has taken its place on disk meanwhile.
pub fn compile_apart(compile: Compile) -> Option<CompileApart> {
    let own = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() };
    let Compile { memory, timeout } = compile;
    Some(CompileApart { program: own.ok()?, args: vec![COMPILE_WORKER.to_owned()], memory, timeout })
}

/// The databases that grants name. None of them is asked yet.
pub fn connections(config: &Config) -> Arc<Databases> {
    let databases = Arc::new(Databases::default());
    databases.follow(&config.connections);
    databases
}

/// The ledger.
///
/// # Errors
/// One line that names the place and the next step.
pub async fn ledger(config: &Config, clock: Arc<dyn Clock>) -> Result<Opened, Stop> {
    noontide_ledger::open(config.ledger_url.reveal(), clock).await.map_err(Stop::failed)
}

/// The engine, with `schedules`.
///
/// # Errors
/// If the ledger cannot take the schedules.
pub async fn engine(
    config: &Config,
    clock: Arc<dyn Clock>,
    ledger: &Opened,
    sandbox: &Arc<Sandbox>,
    schedules: Vec<Schedule>,
) -> Result<EngineHandle, Stop> {
    let engine = config.engine;
    let settings = Settings {
        host: HostId::new(),
        name: name(&config.host),
        roles: config.host.roles.clone(),
        labels: config.host.labels.clone(),
        concurrency: engine.concurrency,
        queues: config.queues.clone(),
        is_shared: ledger.is_shared,
        lease: engine.lease,
        heartbeat: engine.heartbeat,
        poll: engine.poll.unwrap_or(if ledger.is_shared { SHARED_POLL } else { OWN_POLL }),
        retention: engine.retention,
        timezone: config.timezone,
        drain: engine.drain,
    };
    let (plugins, outlet) = (Arc::clone(sandbox), Arc::clone(sandbox));
    let parts = Parts { clock, ledger: Arc::clone(&ledger.ledger), plugins, outlet, settings };
    noontide_engine::start(parts, schedules).await.map_err(Stop::failed)
}

/// The rules and sinks of the configuration, from now on.
pub fn alert(engine: &EngineHandle, sinks: &Arc<Sinks>, config: &Config) {
    sinks.follow(noontide_sinks::Settings {
        sinks: config.sinks.iter().chain(&config.pings).cloned().collect(),
        ca: config.http_client.ca.clone(),
        site: config.http.public_url.clone(),
    });
    let pinged = |schedule: &&Schedule| config.pings.iter().any(|sink| sink.name == ping_sink(&schedule.name));
    engine.ping_of(config.schedules.iter().filter(pinged).map(|schedule| schedule.name.clone()).collect());
    engine.alert_by(config.alert_rules.clone(), Arc::clone(sinks) as Arc<dyn AlertSink>);
}

/// What a host leaves ready that has no place for it, another one begins within a quarter of a second.
const SHARED_POLL: Duration = Duration::from_millis(200);

/// Nobody else leaves anything.
const OWN_POLL: Duration = Duration::from_secs(2);

/// As the operator calls this host, or as the machine is called.
fn name(own: &Identity) -> String {
    if !own.name.is_empty() {
        return own.name.clone();
    }
    let told = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter().find_map(|file| {
        let name = std::fs::read_to_string(file).ok()?.trim().to_owned();
        (!name.is_empty()).then_some(name)
    });
    told.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "unnamed".to_owned())
}

/// The schedules of the configuration, and for those whose table has a mistake what the ledger knows of them from before.
///
/// # Errors
/// If the ledger cannot be read.
pub async fn schedules(config: &Config, ledger: &Opened) -> Result<Vec<Schedule>, Stop> {
    let known = match config.faulty.is_empty() {
        true => Vec::new(),
        false => ledger.history.standings().await.map_err(Stop::failed)?,
    };
    let known = known.into_iter().map(|standing| standing.schedule);
    let known = known.filter(|schedule| matches!(schedule.owner, Owner::File { .. }));
    Ok(with_last_good(config, &known.collect::<Vec<_>>()))
}

/// A schedule whose table has a mistake goes on as `before` has it: a slip of the pen stops nothing.
pub fn with_last_good(config: &Config, before: &[Schedule]) -> Vec<Schedule> {
    let faulty = before.iter().filter(|schedule| config.faulty.contains(schedule.name.as_str()));
    config.schedules.iter().chain(faulty).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_config::LoadRequest;

    #[test]
    fn a_schedule_with_a_mistake_goes_on_as_it_was_and_one_that_left_the_file_is_gone() {
        let conf = tempfile::tempdir().unwrap();
        let written = |text: &str| {
            std::fs::write(conf.path().join("schedules.toml"), text).unwrap();
            noontide_config::load(&LoadRequest { dir: conf.path().to_owned(), ..LoadRequest::default() })
                .unwrap()
                .config
        };
        let good = "[schedule.a]\nhandler = 'p/h'\nevery = '5s'\n[schedule.b]\nhandler = 'p/h'\nevery = '5s'\n";
        let before = with_last_good(&written(good), &[]);
        let after = with_last_good(&written("[schedule.a]\nhandler = 'p/h'\nevery = 'often'\n"), &before);
        assert_eq!(after, before[..1]);
    }
}
