//! The sandbox as the house sees it: opened, asked, closed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use noontide_domain::plugin::upgrade::{KnownVersion, PluginNews};
use noontide_domain::ports::{Call, Clock, Connections, LedgerError, PluginHost, VersionWish, Versions, WishRefused};
use noontide_domain::{
    Conditions, Grant, GuestClock, HandlerInfo, HandlerRef, Limits, LoadedPlugin, PluginError, PluginName,
    PluginStatus, Report, Trust, Unavailable,
};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::egress::Egress;
use crate::engine::{Machine, PoolUse};
use crate::fuel::Fuel;
use crate::kept::Kept;
use crate::load::{Loader, Refusal};
use crate::registry::{FileEntry, Generation, Registry};
use crate::scan::Scanner;
use crate::settings::{SandboxError, SandboxSettings};
use crate::stopwatch::LONGEST;
use crate::tally::Tally;
use crate::versions::{Archive, Grants};
use crate::watch::{Ask, Watcher, Word};

/// The plugins of a host. Opened once; everything else goes through it.
pub struct Sandbox {
    pub(crate) machine: Arc<Machine>,
    pub(crate) guests: Arc<Guests>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) permits: Arc<Semaphore>,
    /// All permits there are.
    pub(crate) places: u32,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connections: Option<Arc<dyn Connections>>,
    pub(crate) fuel: Fuel,
    pub(crate) kept: Arc<Kept>,
    pub(crate) egress: Arc<Egress>,
    loader: Arc<Loader>,
    grants: Arc<Grants>,
    limits: Limits,
    memory_ceiling: u64,
    versions: Option<Arc<dyn Versions>>,
    asks: Sender<Ask>,
    watcher: Word,
    tally: Arc<Tally>,
}

/// What one call may do, and have.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    pub(crate) grant: Option<Arc<Grant>>,
    pub(crate) limits: Limits,
    pub(crate) clock: GuestClock,
    /// No call takes longer, whoever asks for it.
    longest: Duration,
}

impl Allowed {
    /// The time it has, if its schedule or its handler asks for `asked`.
    pub(crate) fn time(&self, asked: Option<Duration>) -> Duration {
        asked.unwrap_or(self.limits.timeout).min(self.longest).max(Duration::from_millis(1))
    }

    /// The grant under which its instance may serve another call. Where the clock stands still or steps are counted, what an
    /// earlier call left behind would show.
    pub(crate) fn kept(&self) -> Option<&Arc<Grant>> {
        let is_plain = self.clock == GuestClock::Real && self.limits.fuel.is_none();
        self.grant.as_ref().filter(|grant| is_plain && grant.reuse.0.get() > 1)
    }
}

/// The guests' own runtime, away from the scheduler's timers.
pub(crate) struct Guests(Option<Runtime>, Handle);

impl Guests {
    fn new() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(cores)
            .thread_name("noontide-guest")
            // Guests that compute hold a worker for a tick each; timers of the others are looked at in between.
            .event_interval(8)
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.1
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which async code must not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Sandbox {
    /// Starts engine, guests' runtime and threads. Nothing is loaded yet: [`PluginHost::rescan`] and
    /// [`Sandbox::start_watching`] do that.
    ///
    /// # Errors
    /// The cache folder is not private, or the engine or a thread does not start.
    pub fn open(settings: SandboxSettings) -> Result<Arc<Self>, SandboxError> {
        crate::settings::private_folder(&settings.cache, &settings.plugins)?;
        let egress = Arc::new(Egress::new(settings.egress.clone())?);
        let machine = Arc::new(Machine::new(&settings)?);
        let guests = Arc::new(Guests::new()?);
        let registry = Arc::new(Registry::new(Arc::clone(&settings.clock)));
        let loader = Arc::new(Loader::new(Arc::clone(&machine), guests.handle().clone(), &settings)?);
        let fuel = Fuel::new(&settings.cache, loader.compiler());
        let (asks, asked) = mpsc::channel();
        let word: Word = Arc::new(Mutex::new("off".to_owned()));
        let grants: Arc<Grants> = Arc::new(ArcSwap::default());
        let versions = settings.versions.clone();
        let archive = settings.versions.map(|store| {
            let (guests, grants, clock) = (guests.handle().clone(), Arc::clone(&grants), Arc::clone(&settings.clock));
            Archive::new(store, guests, grants, clock, settings.keep_versions, settings.share)
        });
        let tally = Arc::<Tally>::default();
        let scanner = Scanner {
            archive,
            folder: settings.plugins,
            loader: Arc::clone(&loader),
            registry: Arc::clone(&registry),
            clock: Arc::clone(&settings.clock),
            tally: Arc::clone(&tally),
            looked: AtomicBool::new(false),
        };
        let watcher = Watcher::new(scanner, asked, asks.clone(), Arc::clone(&word));
        // `describe` runs on the guests' runtime, so the thread keeps it alive to its own end.
        let kept = Arc::clone(&guests);
        std::thread::Builder::new().name("noontide-plugins".to_owned()).spawn(move || {
            watcher.run();
            drop(kept);
        })?;
        let places = u32::try_from(settings.max_concurrent.max(1)).unwrap_or(u32::MAX >> 3);
        let permits = Arc::new(Semaphore::new(places as usize));
        let sandbox = Self {
            machine,
            guests,
            registry,
            permits,
            places,
            clock: settings.clock,
            connections: settings.connections,
            fuel,
            kept: Arc::default(),
            egress,
            loader,
            grants,
            limits: settings.limits,
            memory_ceiling: settings.memory_ceiling,
            versions,
            asks,
            watcher: word,
            tally,
        };
        sandbox.set_grants(settings.grants);
        Ok(Arc::new(sandbox))
    }

    /// What the operator allows from now on; runs that are going on keep what they have.
    pub fn set_grants(&self, grants: BTreeMap<PluginName, Grant>) {
        let grants = grants.into_iter().map(|(name, grant)| (name, Arc::new(grant))).collect();
        self.grants.store(Arc::new(grants));
        self.kept.clear();
    }

    /// What plugin files have to prove from now on. What is loaded is judged again: what is no longer trusted goes.
    pub fn set_trust(&self, trust: Trust) {
        if *self.loader.trust() != trust {
            self.loader.set_trust(trust);
            let _ = self.asks.send(Ask::Hint);
        }
    }

    /// Looks at the plugin folder now and whenever something changes in it, for as long as the sandbox is there.
    pub fn start_watching(&self) {
        let _ = self.asks.send(Ask::Watch);
    }

    /// Counts up whenever what is loaded or refused has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.registry.changes()
    }

    /// Takes one file through all stages of loading, and says what is in it.
    ///
    /// # Errors
    /// The stage that refused it, and why.
    pub async fn inspect_file(&self, path: impl Into<PathBuf>) -> Result<LoadedPlugin, PluginError> {
        self.load_file(path.into()).await.map(|generation| self.shown(&generation))
    }

    /// The same, and the plugin can be called then. The next look at the plugin folder forgets it, unless it lies
    /// there.
    ///
    /// # Errors
    /// The stage that refused it, and why.
    pub async fn load_single(&self, path: impl Into<PathBuf>) -> Result<LoadedPlugin, PluginError> {
        let path = path.into();
        let file = path.file_name().map_or_else(|| path.display().to_string(), |file| file.display().to_string());
        let generation = Arc::new(self.load_file(path).await?);
        let shown = self.shown(&generation);
        let entry = FileEntry { generation: Some(generation), ..FileEntry::default() };
        self.registry.update(|shelf| {
            shelf.files.insert(file, entry);
        });
        Ok(shown)
    }

    /// The way out, for requests of the host's own; they need grants as a guest's do.
    pub fn egress(&self) -> Arc<Egress> {
        Arc::clone(&self.egress)
    }

    /// How guests are placed in memory: `pooling`, or `on-demand (reason)`.
    pub fn allocator(&self) -> String {
        self.machine.allocator.clone()
    }

    /// How changes in the folder are noticed: `inotify`, `poll (reason)`, or `off` before watching.
    pub fn watcher(&self) -> String {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the pool holds; `None` when guests are placed on demand.
    pub fn pool_use(&self) -> Option<PoolUse> {
        self.machine.pool_use()
    }

    /// What the looks at the plugin folder have counted.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Instances that wait for another call of their plugin.
    pub fn kept(&self) -> usize {
        self.kept.count()
    }

    /// The grant of a plugin as the terms leave it, and its limits, cut to the host's ceiling.
    pub(crate) fn allowance(&self, plugin: &PluginName, terms: Option<&Conditions>) -> Allowed {
        let granted = self.grants.load().get(plugin).cloned();
        let mut limits = granted.as_ref().map_or(self.limits, |grant| grant.limits);
        let clock = granted.as_ref().map(|grant| grant.clock).unwrap_or_default();
        let narrowing = terms.map(|terms| &terms.grant).filter(|narrowing| !narrowing.is_nothing());
        let grant = match narrowing {
            None => granted,
            Some(narrowing) => {
                limits = narrowing.limits.over(limits);
                granted.map(|grant| Arc::new(grant.narrowed(narrowing)))
            }
        };
        limits.memory = limits.memory.min(self.memory_ceiling);
        let longest = narrowing.and_then(|narrowing| narrowing.limits.timeout).unwrap_or(LONGEST).min(LONGEST);
        Allowed { grant, limits, clock: terms.and_then(|terms| terms.clock).unwrap_or(clock), longest }
    }

    fn shown(&self, generation: &Generation) -> LoadedPlugin {
        generation.shown(self.grants.load().get(&generation.version.name).map(Arc::as_ref))
    }

    async fn load_file(&self, path: PathBuf) -> Result<Generation, PluginError> {
        let (loader, clock) = (Arc::clone(&self.loader), Arc::clone(&self.clock));
        let load = move || load(&loader, &path, &*clock);
        match self.guests.handle().spawn_blocking(load).await {
            Ok(loaded) => loaded,
            Err(error) => Err(Refusal::new("read", error.to_string()).into_error(None, &*self.clock)),
        }
    }
}

fn load(loader: &Loader, path: &Path, clock: &dyn Clock) -> Result<Generation, PluginError> {
    let content = loader.read(path).map_err(|refusal| refusal.into_error(None, clock))?;
    loader.load(&content).map_err(|refusal| refusal.into_error(Some(content.sha256.clone()), clock))
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.asks.send(Ask::Stop);
    }
}

#[async_trait]
impl PluginHost for Sandbox {
    fn check(&self, handler: &HandlerRef, input: &serde_json::Value) -> Result<HandlerInfo, Unavailable> {
        self.registry.check(handler, input)
    }

    async fn invoke(&self, call: Call) -> Report {
        crate::invoke::invoke(self, call).await
    }

    fn bounded(&self) -> BTreeMap<PluginName, usize> {
        let bound = |(name, grant): (&PluginName, &Arc<Grant>)| Some((name.clone(), grant.limits.concurrency?));
        let mut bounded: BTreeMap<_, _> = self.grants.load().iter().filter_map(bound).collect();
        bounded.extend(self.registry.lacking().into_iter().map(|plugin| (plugin, 0)));
        bounded
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        self.registry.shown(&self.grants.load())
    }

    async fn rescan(&self) {
        let (answer, answered) = oneshot::channel();
        if self.asks.send(Ask::Rescan(answer)).is_ok() {
            let _ = answered.await;
        }
    }

    async fn review(&self) -> Result<Vec<PluginNews>, LedgerError> {
        let (answer, answered) = oneshot::channel();
        match self.versions.is_some() && self.asks.send(Ask::Review(answer)).is_ok() {
            true => answered.await.unwrap_or_else(|_| Ok(Vec::new())),
            false => Ok(Vec::new()),
        }
    }

    async fn versions(&self, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, LedgerError> {
        match &self.versions {
            Some(versions) => versions.versions(plugin).await,
            None => Ok(Vec::new()),
        }
    }

    async fn decide(&self, wish: VersionWish) -> Result<PluginNews, WishRefused> {
        let gone = || LedgerError::Unavailable("the host is shutting down".to_owned());
        let (answer, answered) = oneshot::channel();
        self.asks.send(Ask::Decide(wish, answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}
