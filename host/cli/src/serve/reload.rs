//! New configuration while the host runs. What is wrong changes nothing and is shown; what is right takes effect at once,
//! except for what is laid down at the start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use noontide_config::{Body, Config, Problem, Watch};
use noontide_connections::Databases;
use noontide_domain::ports::PluginHost;
use noontide_domain::tally::Count;
use noontide_domain::{Grant, PluginName, Schedule};
use noontide_engine::EngineHandle;
use noontide_sandbox::Sandbox;
use noontide_sinks::Sinks;
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::logging::{self, Logging};
use super::wiring;
use crate::args::Global;
use crate::conf;

type Grants = BTreeMap<PluginName, Grant>;

/// Takes new configuration into use.
pub struct Reloader {
    global: Global,
    follows: Follows,
    /// One reload at a time.
    good: tokio::sync::Mutex<Good>,
    shown: Mutex<Shown>,
    taken: Notify,
    counts: Reloads,
}

/// How often new configuration was read.
#[derive(Default)]
pub struct Reloads {
    /// And taken into use.
    pub taken: Count,
    /// And was wrong, so that the last good one stayed.
    pub refused: Count,
}

/// The rooms that follow the configuration.
pub struct Follows {
    /// Its schedules.
    pub engine: EngineHandle,
    /// Its grants.
    pub sandbox: Arc<Sandbox>,
    /// Its connections.
    pub connections: Arc<Databases>,
    /// Its log levels.
    pub logs: Arc<Logging>,
    /// Where its alerts go.
    pub sinks: Arc<Sinks>,
}

/// What is in use.
struct Good {
    config: Config,
    schedules: Vec<Schedule>,
}

/// What is wrong, for people.
#[derive(Default)]
struct Shown {
    configuration: Vec<String>,
    parked: Vec<String>,
    inboxes: Vec<String>,
    renewals: Vec<String>,
}

impl Reloader {
    /// Begins with what the host has started with.
    pub fn new(
        global: Global,
        follows: Follows,
        config: Config,
        schedules: Vec<Schedule>,
        problems: &[Problem],
    ) -> Arc<Self> {
        let shown = Shown { configuration: texts(problems), ..Shown::default() };
        let good = tokio::sync::Mutex::new(Good { config, schedules });
        Arc::new(Self {
            global,
            follows,
            good,
            shown: Mutex::new(shown),
            taken: Notify::new(),
            counts: Reloads::default(),
        })
    }

    /// What is wrong right now: with the configuration, with schedules that nobody can carry out, with watched files.
    pub fn problems(&self) -> Vec<String> {
        let shown = self.shown();
        shown.configuration.iter().chain(&shown.parked).chain(&shown.inboxes).chain(&shown.renewals).cloned().collect()
    }

    /// How often new configuration was read since the start.
    pub fn counts(&self) -> &Reloads {
        &self.counts
    }

    /// Where files with payloads arrive.
    pub async fn watches(&self) -> Vec<Watch> {
        self.good.lock().await.config.watches.clone()
    }

    /// What is wrong with the places where files arrive.
    pub fn show_inboxes(&self, problems: Vec<String>) {
        self.shown().inboxes = problems;
    }

    /// Returns when another configuration was taken into use.
    pub async fn taken(&self) {
        self.taken.notified().await;
    }

    /// Reads a schedule of the API with the zone and the calendars in use.
    ///
    /// # Errors
    /// All that is wrong, a line each.
    pub async fn read_schedule(
        &self,
        body: Body<'_>,
        standing: impl FnOnce() -> Vec<Schedule>,
    ) -> Result<Schedule, Vec<String>> {
        self.good.lock().await.config.schedule(body, standing)
    }

    /// Reads the configuration again. What is wrong with it then is in [`Reloader::problems`].
    pub async fn reload(&self) {
        let mut good = self.good.lock().await;
        let mut loaded = match noontide_config::load(&conf::request(&self.global)) {
            Ok(loaded) => loaded,
            Err(refused) => {
                self.counts.refused.one();
                refused.0.iter().for_each(|problem| error!("{problem}"));
                warn!("the configuration is wrong: the last good one stays");
                self.shown().configuration = texts(&refused.0);
                return;
            }
        };
        loaded.problems.iter().for_each(|problem| warn!("{problem}"));
        keep_grants(&mut loaded.config.grants, &good.config.grants, &loaded.problems);
        keep_watches(&mut loaded.config, &good.config.watches);
        keep_connections(&mut loaded.config, &good.config);
        let schedules = wiring::with_last_good(&loaded.config, &good.schedules);
        if let Err(reason) = self.follows.engine.declare(schedules.clone()).await {
            self.counts.refused.one();
            error!(%reason, "the ledger does not take the schedules: the former ones stay");
            self.shown().configuration = vec![format!("the ledger does not take the schedules: {reason}")];
            return;
        }
        self.follows.engine.read_in(loaded.config.timezone);
        // Whatever is granted is there first, and whatever is there no more has left the grants.
        self.follows.connections.follow(&loaded.config.connections);
        self.follows.sandbox.set_grants(loaded.config.grants.clone());
        self.follows.sandbox.set_trust(loaded.config.trust.clone());
        self.follows.logs.follow(&loaded.config.log);
        self.counts.taken.one();
        wiring::alert(&self.follows.engine, &self.follows.sinks, &loaded.config);
        for setting in laid_down(&good.config, &loaded.config) {
            warn!(setting, "changed, and takes effect with the next start");
        }
        self.shown().configuration = texts(&loaded.problems);
        info!(schedules = schedules.len(), environment = loaded.env, "configuration taken");
        *good = Good { config: loaded.config, schedules };
        self.taken.notify_one();
        self.renew(&good.config).await;
        self.check(&good);
    }

    /// Looks again whether every schedule can be carried out; says what has changed.
    pub async fn recheck(&self) {
        let good = self.good.lock().await;
        self.check(&good);
    }

    /// The same for what clients have put with a named trigger: it says now what the files say now.
    pub async fn renew_all(&self) {
        let good = self.good.lock().await;
        self.renew(&good.config).await;
    }

    async fn renew(&self, config: &Config) {
        let mut problems = Vec::new();
        for standing in self.follows.engine.standings() {
            let former = standing.schedule;
            let Some(asked) = former.asked.clone().filter(|_| !former.named.is_empty()) else { continue };
            let standing = || self.follows.engine.standings().into_iter().map(|standing| standing.schedule).collect();
            let body = Body { name: former.name.as_str(), json: &asked, onto: None };
            let renewed = match config.schedule(body, standing) {
                Ok(schedule) if schedule == former => continue,
                Ok(schedule) => {
                    let by = former.named.first().map_or("a named trigger".to_owned(), |trigger| trigger.place.clone());
                    let replaced = self.follows.engine.replace(former.clone(), schedule, &by).await;
                    replaced.map_err(|error| error.to_string())
                }
                Err(reasons) => Err(reasons.join("; ")),
            };
            // Somebody who put it meanwhile has read the same triggers.
            if let Err(reason) = renewed {
                problems.push(format!("{reason}; the schedule was put and goes on as it was"));
            }
        }
        problems.iter().for_each(|problem| warn!("{problem}"));
        self.shown().renewals = problems;
    }

    fn check(&self, good: &Good) {
        let parked = texts(&conf::parked(&good.config, &good.schedules, &*self.follows.sandbox));
        let mut shown = self.shown();
        parked.iter().filter(|problem| !shown.parked.contains(problem)).for_each(|problem| warn!("{problem}"));
        shown.parked.iter().filter(|was| !parked.contains(was)).for_each(|was| info!("no longer: {was}"));
        shown.parked = parked;
    }

    /// Follows the sandbox: each change of what is loaded is a reason to look again.
    pub async fn follow_plugins(self: Arc<Self>) {
        let mut changes = self.follows.sandbox.changes();
        while changes.changed().await.is_ok() {
            self.recheck().await;
        }
    }

    /// Also looks at the plugin folder now.
    pub async fn reload_all(&self) {
        self.follows.sandbox.rescan().await;
        self.reload().await;
    }

    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A plugin whose table has a mistake keeps what it was granted: a slip of the pen takes nothing away.
fn keep_grants(new: &mut Grants, good: &Grants, problems: &[Problem]) {
    let faulty = problems.iter().filter_map(Problem::plugin).filter_map(|name| name.parse().ok());
    for (name, grant) in faulty.filter_map(|name| good.get_key_value::<PluginName>(&name)) {
        new.insert(name.clone(), grant.clone());
    }
}

/// A schedule whose table has a mistake goes on as it was, and so do the files for it.
fn keep_watches(new: &mut Config, good: &[Watch]) {
    let faulty = good.iter().filter(|watch| new.faulty.contains(watch.schedule.as_str()));
    new.watches.extend(faulty.cloned());
}

/// Likewise a connection: statements go on as they did.
fn keep_connections(new: &mut Config, good: &Config) {
    let kept = good.connections.iter().filter(|(name, _)| new.faulty_connections.contains(name.as_str()));
    new.connections.extend(kept.map(|(name, connection)| (name.clone(), connection.clone())));
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// Settings that differ and are read at the start only.
fn laid_down(old: &Config, new: &Config) -> Vec<&'static str> {
    let differs = [
        ("ledger", old.ledger_url != new.ledger_url),
        ("plugins", old.plugins != new.plugins),
        ("http", old.http != new.http),
        ("http-client", old.http_client != new.http_client),
        ("data", old.data_dir != new.data_dir),
        ("engine", old.engine != new.engine),
        ("queue", old.queues != new.queues),
        ("log", logging::opened(&old.log) != logging::opened(&new.log)),
        ("metrics", old.per_schedule != new.per_schedule),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_config::LoadRequest;

    #[test]
    fn a_slip_in_a_plugins_table_takes_none_of_its_grants_away() {
        let conf = tempfile::tempdir().unwrap();
        let written = |text: &str| {
            std::fs::write(conf.path().join("a.toml"), text).unwrap();
            noontide_config::load(&LoadRequest { dir: conf.path().to_owned(), ..LoadRequest::default() }).unwrap()
        };
        let good = written("[plugin.a]\nfolders = { '/x' = '/x' }\n[plugin.b]\n").config.grants;
        let mut slipped = written("[plugin.a]\nfolder = { '/x' = '/x' }\n");
        keep_grants(&mut slipped.config.grants, &good, &slipped.problems);
        let a: PluginName = "a".parse().unwrap();
        assert_eq!(slipped.config.grants.keys().collect::<Vec<_>>(), [&a], "b left the file");
        assert_eq!(slipped.config.grants[&a], good[&a]);
    }

    #[test]
    fn a_slip_in_a_connections_table_takes_it_from_nobody() {
        let conf = tempfile::tempdir().unwrap();
        let written = |text: &str| {
            std::fs::write(conf.path().join("a.toml"), text).unwrap();
            noontide_config::load(&LoadRequest { dir: conf.path().to_owned(), ..LoadRequest::default() }).unwrap()
        };
        let grant = "[plugin.a]\nsql = ['shop']\n";
        let good = written(&format!("{grant}[connection.shop]\nurl = 'postgres://db/shop'\n")).config;
        let mut slipped = written(&format!("{grant}[connection.shop]\nurl = 'postgres://db/shop'\nmax-row = 1\n"));
        assert_eq!(slipped.problems.len(), 1, "the grant of it is right: {:?}", slipped.problems);
        keep_connections(&mut slipped.config, &good);
        assert_eq!(slipped.config.connections, good.connections);
    }
}
