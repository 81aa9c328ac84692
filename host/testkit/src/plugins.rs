//! Handlers that do what a test wrote down.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use noontide_domain::plugin::upgrade::PluginNews;
use noontide_domain::ports::{Call, Clock, LedgerError, NumberedLine, PluginHost, Speech};
use noontide_domain::{
    Artifact, Granted, HandlerInfo, HandlerRef, ItemOutcome, LoadedPlugin, LogLine, Makeup, Outcome, PluginInfo,
    PluginName, PluginStatus, PluginVersion, Report, StateSize, StateWrite, Unavailable, Usage, Wants, Webhook,
};
use tokio::sync::watch;

/// Plugins without wasm. A handler without a script succeeds at once.
pub struct ScriptedPlugins {
    clock: Arc<dyn Clock>,
    stage: Mutex<Stage>,
    /// Calls begun and calls ended.
    counts: watch::Sender<(usize, usize)>,
}

#[derive(Default)]
struct Stage {
    handlers: BTreeMap<HandlerRef, Part>,
    versions: BTreeMap<String, String>,
    bounded: BTreeMap<PluginName, usize>,
    calls: Vec<Call>,
    running: usize,
    most_at_once: usize,
    rescans: usize,
    news: Vec<PluginNews>,
}

#[derive(Default)]
struct Part {
    script: VecDeque<Step>,
    gate: Option<Gate>,
    is_deaf: bool,
    refusal: Option<String>,
}

/// What one call does.
#[derive(Debug, Clone)]
pub struct Step {
    /// How it ends.
    pub outcome: Outcome,
    /// What it says.
    pub logs: Vec<LogLine>,
    /// What it says of each item.
    pub items: Vec<ItemOutcome>,
    /// What it wants to remember.
    pub state: Vec<StateWrite>,
    /// What it attaches.
    pub artifacts: Vec<Artifact>,
    /// What it wants to have sent.
    pub messages: Vec<Webhook>,
}

impl From<Outcome> for Step {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            logs: Vec::new(),
            items: Vec::new(),
            state: Vec::new(),
            artifacts: Vec::new(),
            messages: Vec::new(),
        }
    }
}

/// Holds calls until it is opened. Opened once, it stays open.
#[derive(Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub(crate) fn shut() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets all calls go on, those that wait and those to come.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn passed(&self) {
        // The sender is in `self`, so it is never gone.
        let _ = self.0.subscribe().wait_for(|is_open| *is_open).await;
    }
}

impl ScriptedPlugins {
    /// No handlers yet. Reports carry the times of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, stage: Mutex::default(), counts: watch::Sender::new((0, 0)) })
    }

    /// Offers `handler`, written `plugin/handler`.
    pub fn add(&self, handler: &str) {
        self.stage().handlers.entry(named(handler)).or_default();
    }

    /// Offers `handler` no longer; calls that have begun go on.
    pub fn remove(&self, handler: &str) {
        self.stage().handlers.remove(&named(handler));
    }

    /// The next calls of `handler` do this, one step each; then they succeed again. Adds the handler.
    pub fn script<S: Into<Step>>(&self, handler: &str, steps: impl IntoIterator<Item = S>) {
        let mut stage = self.stage();
        let part = stage.handlers.entry(named(handler)).or_default();
        part.script.extend(steps.into_iter().map(Into::into));
    }

    /// Calls of `handler` that begin from now on wait at the gate; being asked to stop ends them as cancelled. Adds the
    /// handler.
    pub fn hold(&self, handler: &str) -> Gate {
        let gate = Gate::shut();
        self.stage().handlers.entry(named(handler)).or_default().gate = Some(gate.clone());
        gate
    }

    /// The same, and being asked to stop ends nothing.
    pub fn hold_deaf(&self, handler: &str) -> Gate {
        let gate = self.hold(handler);
        self.stage().part(&named(handler)).expect("it was just added").is_deaf = true;
        gate
    }

    /// `check` refuses the input of `handler` with this message (`None`: takes any). Adds the handler.
    pub fn refuse_input(&self, handler: &str, message: Option<&str>) {
        self.stage().handlers.entry(named(handler)).or_default().refusal = message.map(str::to_owned);
    }

    /// The version that calls of `plugin` run on from now on; `1` unless set.
    pub fn set_version(&self, plugin: &str, version: &str) {
        self.stage().versions.insert(plugin.to_owned(), version.to_owned());
    }

    /// Of how many runs at the same time `plugin` is bounded from now on.
    pub fn bound(&self, plugin: &str, most: usize) {
        self.stage().bounded.insert(plugin.parse().expect("a plugin name"), most);
    }

    /// The next review tells this.
    pub fn decided(&self, news: PluginNews) {
        self.stage().news.push(news);
    }

    /// All calls so far, in the order they began.
    pub fn calls(&self) -> Vec<Call> {
        self.stage().calls.clone()
    }

    /// Waits until `count` or more calls have begun.
    pub async fn called(&self, count: usize) {
        let _ = self.counts.subscribe().wait_for(|(begun, _)| *begun >= count).await;
    }

    /// Waits until `count` or more calls have ended.
    pub async fn ended(&self, count: usize) {
        let _ = self.counts.subscribe().wait_for(|(_, ended)| *ended >= count).await;
    }

    /// Calls going on now.
    pub fn running(&self) -> usize {
        self.stage().running
    }

    /// The most calls that ever went on at the same time.
    pub fn most_at_once(&self) -> usize {
        self.stage().most_at_once
    }

    /// How often the plugin folder was looked at.
    pub fn rescans(&self) -> usize {
        self.stage().rescans
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call that begins; gives back what it has to do and what it has to wait for.
    fn begin(&self, call: &Call) -> Option<(Step, Option<Gate>, bool, PluginVersion)> {
        let mut stage = self.stage();
        stage.calls.push(call.clone());
        stage.running += 1;
        stage.most_at_once = stage.most_at_once.max(stage.running);
        self.counts.send_modify(|(begun, _)| *begun += 1);
        let version = stage.version(&call.leased.order.handler);
        let part = stage.part(&call.leased.order.handler)?;
        let step = part.script.pop_front().unwrap_or_else(|| Outcome::Succeeded { result: None }.into());
        Some((step, part.gate.clone(), part.is_deaf, version))
    }

    fn end(&self) {
        self.stage().running -= 1;
        self.counts.send_modify(|(_, ended)| *ended += 1);
    }
}

impl Stage {
    /// `plugin` alone means its only handler.
    fn resolve(&self, handler: &HandlerRef) -> Option<HandlerRef> {
        if self.handlers.contains_key(handler) {
            return Some(handler.clone());
        }
        let mut of_plugin = self.handlers.keys().filter(|known| known.plugin == handler.plugin);
        let only = of_plugin.next().filter(|_| handler.handler.is_none())?;
        of_plugin.next().is_none().then(|| only.clone())
    }

    fn part(&mut self, handler: &HandlerRef) -> Option<&mut Part> {
        let handler = self.resolve(handler)?;
        self.handlers.get_mut(&handler)
    }

    fn version(&self, handler: &HandlerRef) -> PluginVersion {
        let version = self.versions.get(handler.plugin.as_str()).cloned().unwrap_or_else(|| "1".to_owned());
        PluginVersion { name: handler.plugin.clone(), version, sha256: "0".repeat(64) }
    }

    fn missing(&self, handler: &HandlerRef) -> Unavailable {
        let plugin = handler.plugin.to_string();
        let is_loaded = self.handlers.keys().any(|known| known.plugin == handler.plugin);
        match &handler.handler {
            Some(name) if is_loaded => Unavailable::Handler { plugin, handler: name.clone(), hint: String::new() },
            _ => Unavailable::Plugin { plugin, hint: String::new() },
        }
    }
}

#[async_trait]
impl PluginHost for ScriptedPlugins {
    fn check(&self, handler: &HandlerRef, _input: &serde_json::Value) -> Result<HandlerInfo, Unavailable> {
        let mut stage = self.stage();
        let missing = stage.missing(handler);
        let part = stage.part(handler).ok_or(missing)?;
        match &part.refusal {
            Some(message) => Err(Unavailable::Input { handler: handler.to_string(), message: message.clone() }),
            None => Ok(info(handler)),
        }
    }

    async fn invoke(&self, call: Call) -> Report {
        let started_at = self.clock.now();
        let begun = self.begin(&call);
        // Counts the end even if the engine drops the call half way.
        let _end = End(self);
        let Some((step, gate, is_deaf, version)) = begun else {
            let message = self.stage().missing(&call.leased.order.handler).to_string();
            return report(Outcome::Unavailable { message }.into(), None, started_at, started_at);
        };
        // What the script lets it say is said before the gate.
        let said = Arc::new(Said(numbered(&step.logs)));
        let speech: Arc<dyn Speech> = said.clone();
        call.desk.speaks(Arc::downgrade(&speech));
        said.0.iter().for_each(|_| call.desk.said());
        let step = match gate {
            None => step,
            Some(gate) => tokio::select! {
                biased;
                () = gate.passed() => step,
                () = call.desk.cancelled(), if !is_deaf => Outcome::Cancelled.into(),
            },
        };
        call.desk.fell_silent(&numbered(&step.logs));
        report(step, Some(version), started_at, self.clock.now())
    }

    fn bounded(&self) -> BTreeMap<PluginName, usize> {
        self.stage().bounded.clone()
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        let stage = self.stage();
        let mut files: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for handler in stage.handlers.keys() {
            files.entry(&handler.plugin).or_default().push(handler);
        }
        let status = |handlers: Vec<&HandlerRef>| PluginStatus {
            file: format!("{}.wasm", handlers[0].plugin),
            loaded: Some(LoadedPlugin {
                version: stage.version(handlers[0]),
                info: PluginInfo {
                    summary: "scripted".to_owned(),
                    handlers: handlers.into_iter().map(info).collect(),
                    wants: Wants::default(),
                },
                signer: None,
                makeup: Makeup::default(),
                granted: Granted::default(),
                wishes: Vec::new(),
                loaded_at: self.clock.now(),
                load_ms: 0,
                running: stage.running,
            }),
            error: None,
        };
        files.into_values().map(status).collect()
    }

    async fn rescan(&self) {
        self.stage().rescans += 1;
    }

    async fn review(&self) -> Result<Vec<PluginNews>, LedgerError> {
        Ok(std::mem::take(&mut self.stage().news))
    }
}

/// What a call says.
struct Said(Vec<NumberedLine>);

impl Speech for Said {
    fn after(&self, last: u64, most: usize) -> Vec<NumberedLine> {
        self.0.iter().filter(|(number, _)| *number > last).take(most).cloned().collect()
    }
}

fn numbered(lines: &[LogLine]) -> Vec<NumberedLine> {
    (1..).zip(lines.iter().cloned()).collect()
}

struct End<'a>(&'a ScriptedPlugins);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn named(handler: &str) -> HandlerRef {
    handler.parse().expect("a handler such as mail/send")
}

fn info(handler: &HandlerRef) -> HandlerInfo {
    HandlerInfo {
        name: handler.handler.clone().unwrap_or_else(|| handler.plugin.to_string()),
        summary: "scripted".to_owned(),
        input_schema: None,
        example_input: None,
        timeout: None,
    }
}

fn report(
    step: Step,
    plugin: Option<PluginVersion>,
    started_at: chrono::DateTime<chrono::Utc>,
    finished_at: chrono::DateTime<chrono::Utc>,
) -> Report {
    let wall_ms = u64::try_from((finished_at - started_at).num_milliseconds()).unwrap_or_default();
    Report {
        outcome: step.outcome,
        plugin,
        started_at,
        finished_at,
        usage: Usage { wall_ms, ..Usage::default() },
        logs: step.logs,
        logs_dropped: 0,
        items: step.items,
        state: step.state,
        state_allows: StateSize::ENDLESS,
        messages: step.messages,
        artifacts: step.artifacts,
        effects: noontide_domain::Effects::default(),
        terms: None,
    }
}
