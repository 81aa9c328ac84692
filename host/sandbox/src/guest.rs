//! The data of a store: all the host keeps for one guest.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use noontide_domain::ports::{Clock, Connections, RunDesk};
use noontide_domain::{Grant, Limits};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::imports::{ArtifactShelf, StateBook};
use crate::journal::Journal;
use crate::limits::{COMPONENT_HANDLES, Meter, RESOURCES, hostcall_fuel};
use crate::output::SharedJournal;
use crate::stopwatch::Stopwatch;

/// One guest, as the host sees it.
pub(crate) struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    pub(crate) meter: Meter,
    pub(crate) watch: Stopwatch,
    pub(crate) journal: SharedJournal,
    /// `None` for a plugin that is asked to describe itself.
    pub(crate) desk: Option<Arc<dyn RunDesk>>,
    pub(crate) grant: Option<Arc<Grant>>,
    pub(crate) connections: Option<Arc<dyn Connections>>,
    pub(crate) state: StateBook,
    pub(crate) artifacts: ArtifactShelf,
}

/// What a guest gets from its host.
pub(crate) struct Allowance {
    pub(crate) grant: Option<Arc<Grant>>,
    pub(crate) limits: Limits,
    pub(crate) desk: Option<Arc<dyn RunDesk>>,
    pub(crate) connections: Option<Arc<dyn Connections>>,
    pub(crate) deadline: Instant,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Guest {
    /// # Errors
    /// A granted folder cannot be opened; in words.
    pub(crate) fn new(allowance: Allowance) -> Result<Self, String> {
        let Allowance { grant, limits, desk, connections, deadline, clock } = allowance;
        let journal = Arc::new(Mutex::new(Journal::new(clock, limits.log_lines)));
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Ok(Self {
            wasi: crate::wasi::context(grant.as_deref(), &journal)?,
            table,
            meter: Meter::new(&limits),
            watch: Stopwatch::new(deadline, desk.clone()),
            journal,
            desk,
            grant,
            connections,
            state: StateBook::default(),
            artifacts: ArtifactShelf::new(limits),
        })
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
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
