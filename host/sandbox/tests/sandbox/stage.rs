//! What the tests stand on: a folder, a sandbox, a desk, and calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Call, Clock, KeyPage, LedgerError, PluginHost, RunDesk};
use noontide_domain::{
    Cause, Grant, HostId, Key, Lease, Leased, Order, PluginName, PluginStatus, Report, RetryPolicy, RunId, StateScope,
    StateSize,
};
use noontide_sandbox::{Sandbox, SandboxSettings};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;

/// Nothing that a test waits for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "the tests have no cli to read the clock for them")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn sleep_until(&self, _: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn elapsed(&self) -> Duration {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGIN.elapsed()
    }
}

/// The engine's side of a run.
pub struct Desk {
    pub cancel: watch::Sender<bool>,
    pub progress: watch::Sender<u64>,
    pub state: Mutex<BTreeMap<String, (Vec<u8>, u64)>>,
}

impl Desk {
    pub fn new() -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { cancel: watch::Sender::new(false), progress: watch::Sender::new(0), state })
    }
}

#[async_trait]
impl RunDesk for Desk {
    fn is_cancelled(&self) -> bool {
        *self.cancel.borrow()
    }

    async fn cancelled(&self) {
        let mut asked = self.cancel.subscribe();
        if asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn progress(&self, done: u64, _: Option<u64>, _: &str) {
        self.progress.send_replace(done);
    }

    async fn state(&self, scope: StateScope, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        Ok(self.state.lock().expect("no panic").get(&named(scope, key)).cloned())
    }

    async fn state_keys(&self, scope: StateScope, page: KeyPage) -> Result<Vec<String>, LedgerError> {
        let state = self.state.lock().expect("no panic");
        let own = state.keys().filter_map(|name| name.strip_prefix(&named(scope, "")));
        let asked = own.filter(|key| key.starts_with(&page.prefix) && Some(*key) > page.after.as_deref());
        Ok(asked.take(page.limit).map(str::to_owned).collect())
    }

    async fn state_size(&self) -> Result<StateSize, LedgerError> {
        let state = self.state.lock().expect("no panic");
        let bytes = state
            .iter()
            .map(|(name, (value, _))| (name.len() - named(StateScope::Schedule, "").len() + value.len()) as u64);
        Ok(StateSize { bytes: bytes.sum(), keys: state.len() as u64 })
    }
}

/// Under which a desk has an entry.
pub fn named(scope: StateScope, key: &str) -> String {
    match scope {
        StateScope::Schedule => format!("own:{key}"),
        StateScope::Plugin => format!("all:{key}"),
    }
}

/// A sandbox over a plugin folder of its own.
pub struct Stage {
    pub folder: TempDir,
    pub plugins: PathBuf,
    pub sandbox: Arc<Sandbox>,
}

impl Stage {
    pub fn empty() -> Self {
        Self::with(|_| {})
    }

    /// All stages share one cache, so that each guest is compiled once.
    pub fn with(change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let plugins = folder.path().join("plugins");
        std::fs::create_dir(&plugins).expect("a plugin folder");
        let target = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let cache = target.join("sandbox-cache");
        let mut settings = SandboxSettings::new(&plugins, cache, Arc::new(Wall));
        change(&mut settings);
        let sandbox = Sandbox::open(settings).expect("a sandbox");
        Self { folder, plugins, sandbox }
    }

    /// A sandbox that has loaded these fixtures.
    pub async fn of(fixtures: &[&str]) -> Self {
        let stage = Self::empty();
        stage.put_all(fixtures).await;
        stage
    }

    pub async fn put_all(&self, fixtures: &[&str]) {
        for name in fixtures {
            self.put(&format!("{name}.wasm"), &fixture(name));
        }
        self.sandbox.rescan().await;
        for status in self.sandbox.plugins() {
            assert_eq!(status.error, None, "{}", status.file);
        }
    }

    /// As one should: under another name first.
    pub fn put(&self, file: &str, bytes: &[u8]) {
        let on_its_way = self.plugins.join(format!(".{file}.tmp"));
        std::fs::write(&on_its_way, bytes).expect("written");
        std::fs::rename(on_its_way, self.plugins.join(file)).expect("moved");
    }

    pub fn remove(&self, file: &str) {
        std::fs::remove_file(self.plugins.join(file)).expect("removed");
    }

    pub fn status(&self, file: &str) -> Option<PluginStatus> {
        self.sandbox.plugins().into_iter().find(|status| status.file == file)
    }

    /// Waits until `found` says yes to the status of the file.
    pub async fn until(&self, file: &str, found: impl Fn(Option<&PluginStatus>) -> bool) {
        let mut changes = self.sandbox.changes();
        let wait = async {
            while !found(self.status(file).as_ref()) {
                changes.changed().await.expect("the sandbox is there");
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, wait).await;
        assert!(in_time.is_ok(), "{file} is not as awaited: {:?}", self.status(file));
    }

    pub fn grant(&self, plugin: &str, grant: Grant) {
        let name: PluginName = plugin.parse().expect("a name");
        self.sandbox.set_grants(BTreeMap::from([(name, grant)]));
    }

    pub async fn call(&self, handler: &str, input: Value) -> Report {
        self.sandbox.invoke(call(handler, input)).await
    }

    pub async fn call_within(&self, handler: &str, timeout: Duration) -> Report {
        self.sandbox.invoke(timed(handler, timeout)).await
    }
}

pub fn timed(handler: &str, timeout: Duration) -> Call {
    let mut call = call(handler, Value::Object(Default::default()));
    call.leased.order.timeout = Some(timeout);
    call
}

pub fn call(handler: &str, input: Value) -> Call {
    call_at(handler, input, Desk::new(), 1)
}

pub fn call_at(handler: &str, input: Value, desk: Arc<Desk>, attempt: u32) -> Call {
    let id = RunId::new();
    let handler = handler.parse().expect("a handler");
    let order = Order {
        schedule: Some("nightly".parse().expect("a name")),
        input,
        retry: RetryPolicy { attempts: 3, ..RetryPolicy::default() },
        ..Order::new(id, Key::manual(id), handler, Wall.now(), Cause::Manual)
    };
    let lease = Lease { run: id, host: HostId::new(), fence: 1, attempt };
    Call { leased: Leased { order, lease, previous_success: None, items: Default::default(), messages: 0 }, desk }
}

/// The bytes of a fixture.
pub fn fixture(name: &str) -> Vec<u8> {
    guest(&format!("fixtures/{name}.wasm"))
}

/// The bytes of a guest that `make -C plugins` has built.
pub fn guest(file: &str) -> Vec<u8> {
    let dist = std::env::var("NOONTIDE_DIST")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/dist"), PathBuf::from);
    let path = dist.join(file);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error} — run `make -C plugins` and test again", path.display()))
}
