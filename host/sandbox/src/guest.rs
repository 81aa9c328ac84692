//! The data of a store: all the host keeps for one guest.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use noontide_domain::ports::{Clock, Connections, RunDesk};
use noontide_domain::{Grant, Key, Limits, StateSize};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::classify::RESULT;
use crate::effects::Counted;
use crate::egress::{Egress, Outlet, Sockets, Witness};
use crate::imports::{ArtifactShelf, StateBook, Tray};
use crate::journal::Journal;
use crate::limits::{COMPONENT_HANDLES, Meter, RESOURCES, hostcall_fuel};
use crate::output::SharedJournal;
use crate::program::Program;
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
    outlet: Outlet,
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
}

impl Guest {
    /// # Errors
    /// A granted folder cannot be opened; in words.
    pub(crate) fn new(allowance: Allowance) -> Result<Self, String> {
        let Allowance { grant, limits, desk, connections, egress, plugin, deadline, clock, fire, program } = allowance;
        let mut journal = Journal::new(clock, limits.log_lines);
        if program.is_some() {
            journal.keep_stdout(RESULT);
        }
        for (name, value) in grant.iter().flat_map(|grant| &grant.env) {
            if grant.iter().any(|grant| grant.env_from.contains_key(name)) {
                journal.keep_variable(name, value);
            }
        }
        let journal = Arc::new(Mutex::new(journal));
        let effects = Counted::default();
        let witness = Witness::new(&plugin, Arc::clone(&journal), effects.clone());
        let sockets = Sockets::new(egress.clone(), grant.clone(), witness.clone());
        let mut wasi = crate::wasi::context(grant.as_deref(), program, &journal, &sockets)?;
        wasi.ctx().table.set_max_capacity(RESOURCES);
        Ok(Self {
            wasi,
            meter: Meter::new(&limits),
            watch: Stopwatch::new(deadline, desk.clone()),
            journal,
            desk,
            outlet: Outlet::new(egress.clone(), grant.clone(), limits, deadline, witness),
            http: WasiHttpCtx::new(),
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

    /// The side of it that modules of preview 1 call.
    pub(crate) fn preview_1(&mut self) -> &mut WasiP1Ctx {
        &mut self.wasi
    }

    /// A store that is interrupted at each tick, from its very first instruction on.
    pub(crate) fn into_store(self, engine: &Engine) -> Store<Guest> {
        let fuel = hostcall_fuel(self.artifacts.largest());
        let mut store = Store::new(engine, self);
        store.limiter(|guest| &mut guest.meter);
        store.set_hostcall_fuel(fuel);
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

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outlet, table: self.wasi.ctx().table, ctx: &mut self.http }
    }
}
