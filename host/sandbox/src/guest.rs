//! The data of a store: all the host keeps for one guest.

use std::sync::Arc;
use std::time::Instant;

use noontide_domain::ports::{Clock, Connections, RunDesk, Speech};
use noontide_domain::{Grant, Key, Limits, StateSize, TraceParent};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::classify::RESULT;
use crate::effects::Counted;
use crate::egress::{Client, Egress, Sockets, Witness};
use crate::imports::{ArtifactShelf, StateBook, Tray};
use crate::journal::Journal;
use crate::limits::{COMPONENT_HANDLES, HTTP_FIELDS, Meter, RESOURCES, hostcall_fuel};
use crate::output::{Notes, SharedJournal};
use crate::program::Program;
use crate::steady::Steady;
use crate::stopwatch::Stopwatch;

/// One guest, as the host sees it.
pub(crate) struct Guest {
    /// As preview 1 wants it; 0.2 sees the same context through it.
    wasi: WasiP1Ctx,
    pub(crate) meter: Meter,
    pub(crate) watch: Stopwatch,
    pub(crate) journal: SharedJournal,
    /// `None` for a plugin that is asked to describe itself.
    pub(crate) desk: Option<Arc<dyn RunDesk>>,
    pub(crate) grant: Option<Arc<Grant>>,
    pub(crate) connections: Option<Arc<dyn Connections>>,
    pub(crate) state: StateBook,
    pub(crate) state_allows: StateSize,
    pub(crate) tray: Tray,
    pub(crate) egress: Option<Arc<Egress>>,
    pub(crate) artifacts: ArtifactShelf,
    pub(crate) effects: Counted,
    pub(crate) sockets: Sockets,
    client: Client,
    http: WasiHttpCtx,
}

/// What a guest gets from its host.
pub(crate) struct Allowance {
    pub(crate) grant: Option<Arc<Grant>>,
    pub(crate) limits: Limits,
    pub(crate) desk: Option<Arc<dyn RunDesk>>,
    pub(crate) connections: Option<Arc<dyn Connections>>,
    /// `None` for a plugin that is asked to describe itself.
    pub(crate) egress: Option<Arc<Egress>>,
    /// Whose grants they are, for what its log says of them.
    pub(crate) plugin: String,
    pub(crate) deadline: Instant,
    pub(crate) clock: Arc<dyn Clock>,
    /// The key of the fire, and how many messages earlier attempts of the run have left.
    pub(crate) fire: Option<(Key, u32)>,
    /// For programs: what they are started with.
    pub(crate) program: Option<Program>,
    /// In place of time and chance.
    pub(crate) steady: Option<Steady>,
    /// Of whose trace its requests are a part; `None` for a plugin that is asked to describe itself.
    pub(crate) trace: Option<TraceParent>,
}

impl Guest {
    /// # Errors
    /// A granted folder cannot be opened; in words.
    pub(crate) fn new(allowance: Allowance) -> Result<Self, String> {
        let Allowance {
            grant,
            limits,
            desk,
            connections,
            egress,
            plugin,
            deadline,
            clock,
            fire,
            program,
            steady,
            trace,
        } = allowance;
        let mut journal = Journal::new(clock, &limits).heard_by(desk.clone());
        if program.is_some() {
            journal.keep_stdout(RESULT);
        }
        for (name, value) in grant.iter().flat_map(|grant| &grant.env) {
            if grant.iter().any(|grant| grant.env_from.contains_key(name)) {
                journal.keep_variable(name, value);
            }
        }
        let journal = Notes::new(journal);
        hear(&journal, desk.as_ref());
        let effects = Counted::default();
        let witness = Witness::new(&plugin, Arc::clone(&journal), effects.clone());
        let sockets = Sockets::new(egress.clone(), grant.clone(), witness.clone());
        let mut wasi = crate::wasi::context(grant.as_deref(), program, steady.as_ref(), &journal, &sockets)?;
        wasi.ctx().table.set_max_capacity(RESOURCES);
        Ok(Self {
            wasi,
            meter: Meter::new(&limits),
            watch: Stopwatch::new(deadline, desk.clone()),
            journal,
            desk,
            client: Client::new(egress.clone(), grant.clone(), limits, deadline, witness).within(trace),
            http: http_context(),
            sockets,
            grant,
            connections,
            state: StateBook::default(),
            state_allows: StateSize { bytes: limits.state_size, keys: limits.state_keys },
            tray: Tray::new(&limits, fire.as_ref().map(|(key, before)| (key, *before))),
            egress,
            artifacts: ArtifactShelf::new(limits),
            effects,
        })
    }

    /// For another call of the same instance: nothing of the last one is left but what the guest itself keeps. Its streams,
    /// folders and variables stay, because its grant is the same.
    pub(crate) fn again(&mut self, allowance: Allowance) {
        let Allowance { grant, limits, desk, connections, egress, plugin, deadline, clock, fire, trace, .. } =
            allowance;
        self.meter.again();
        self.journal.lock().again(clock, &limits, desk.clone());
        hear(&self.journal, desk.as_ref());
        // What was counted went with the last call's report; sockets that are still open count on.
        let _ = self.effects.taken();
        self.sockets.forget();
        let witness = Witness::new(&plugin, Arc::clone(&self.journal), self.effects.clone());
        let client = Client::new(egress.clone(), grant.clone(), limits, deadline, witness).within(trace);
        // Without `..`: whoever adds a field says here what becomes of it.
        let Self {
            wasi: _,
            meter: _,
            watch,
            journal: _,
            desk: former_desk,
            grant: former_grant,
            connections: former_connections,
            state,
            state_allows,
            tray,
            egress: former_egress,
            artifacts,
            effects: _,
            sockets: _,
            client: former_client,
            http,
        } = self;
        *watch = Stopwatch::new(deadline, desk.clone());
        *state = StateBook::default();
        *state_allows = StateSize { bytes: limits.state_size, keys: limits.state_keys };
        *tray = Tray::new(&limits, fire.as_ref().map(|(key, before)| (key, *before)));
        *artifacts = ArtifactShelf::new(limits);
        (*former_client, *http) = (client, WasiHttpCtx::new());
        (*former_desk, *former_grant) = (desk, grant);
        (*former_connections, *former_egress) = (connections, egress);
    }

    /// The side of it that modules of preview 1 call.
    pub(crate) fn preview_1(&mut self) -> &mut WasiP1Ctx {
        &mut self.wasi
    }

    /// A store that is interrupted at each tick, from its very first instruction on.
    pub(crate) fn into_store(self, engine: &Engine) -> Store<Guest> {
        let hostcalls = hostcall_fuel(self.artifacts.largest());
        let fuel = self.meter.fuel();
        let mut store = Store::new(engine, self);
        store.limiter(|guest| &mut guest.meter);
        store.set_hostcall_fuel(hostcalls);
        if let Some(fuel) = fuel {
            store.set_fuel(fuel).expect("who has fuel runs in an engine that counts it");
        }
        store.set_max_component_handles(COMPONENT_HANDLES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            store.data_mut().watch.tick().map_err(wasmtime::Error::new)?;
            // To the back of the queue: a plain yield comes back first (wasmtime #10667).
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }
}

/// Tells the desk where the guest can be heard.
fn hear(journal: &SharedJournal, desk: Option<&Arc<dyn RunDesk>>) {
    if let Some(desk) = desk {
        let speech: Arc<dyn Speech> = journal.clone();
        desk.speaks(Arc::downgrade(&speech));
    }
}

/// Headers that a guest makes are kept in the host, a set for each handle it has.
fn http_context() -> WasiHttpCtx {
    let mut context = WasiHttpCtx::new();
    context.set_field_size_limit(HTTP_FIELDS);
    context
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.client, table: self.wasi.ctx().table, ctx: &mut self.http }
    }
}
