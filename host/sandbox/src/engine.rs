//! The wasmtime engine: how guests are compiled, placed in memory and interrupted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::settings::{SandboxError, SandboxSettings};

/// How often a computing guest is interrupted: it yields to the others, and its time is checked.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Guests outside of the permits: `describe` runs one at a time, and a dropped store may still be leaving.
const SPARE: u32 = 4;

/// About what the pool reserves (not uses) of address space; where so much is not to be had (`ulimit -v`, some
/// small boards) guests are placed one by one.
const ADDRESS_SPACE: usize = 1 << 42;

/// Of a slot's memory, so much is cleared by hand when a guest leaves. Giving pages back instead makes every core
/// forget its translations: two calls side by side took 50 µs each that way, and take 25 µs this way (benches/call.rs).
/// The price is that a slot, once used, keeps so much resident.
const KEEP_MEMORY: usize = 2 << 20;
/// As above, for tables.
const KEEP_TABLE: usize = 512 << 10;

/// What the pool holds right now; all zero when no guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// Core instances.
    pub core_instances: u64,
    /// Component instances.
    pub component_instances: u64,
    /// Linear memories.
    pub memories: usize,
    /// Tables.
    pub tables: usize,
    /// Stacks.
    pub stacks: usize,
}

/// The engine, and the words `status` has for it.
pub(crate) struct Machine {
    pub(crate) engine: Engine,
    pub(crate) allocator: String,
    pub(crate) ticker: Ticker,
    /// Whether the steps of guests are counted.
    pub(crate) counts: bool,
}

impl Machine {
    pub(crate) fn new(settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let mut config = config(false);
        match &settings.compile {
            None => config.cache(Some(cache(&settings.cache)?)),
            // What cannot compile has never compiled what it should not.
            Some(_) => config.enable_compiler(false),
        };
        let (engine, allocator) = match pooled(settings, config.clone()) {
            Ok(engine) => (engine, "pooling".to_owned()),
            Err(reason) => {
                tracing::warn!(%reason, "guests are placed on demand, which makes a call about twice as dear");
                (on_demand(&config)?, format!("on-demand ({reason})"))
            }
        };
        let ticker = Ticker::start(engine.weak())?;
        Ok(Self { engine, allocator, ticker, counts: false })
    }

    /// An engine that counts the steps of guests. They are placed one by one: it is for few, and a second pool would be
    /// another reservation.
    pub(crate) fn counting(folder: &Path, apart: bool) -> Result<Self, SandboxError> {
        let mut config = config(true);
        match apart {
            false => config.cache(Some(cache(folder)?)),
            true => config.enable_compiler(false),
        };
        let engine = Engine::new(&config).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let ticker = Ticker::start(engine.weak())?;
        Ok(Self { engine, allocator: "on-demand".to_owned(), ticker, counts: true })
    }

    pub(crate) fn pool_use(&self) -> Option<PoolUse> {
        let metrics = self.engine.pooling_allocator_metrics()?;
        Some(PoolUse {
            core_instances: metrics.core_instances(),
            component_instances: metrics.component_instances(),
            memories: metrics.memories(),
            tables: metrics.tables(),
            stacks: metrics.stacks(),
        })
    }
}

fn pooled(settings: &SandboxSettings, mut config: Config) -> Result<Engine, String> {
    probe(ADDRESS_SPACE)?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
    Engine::new(&config).map_err(|error| format!("{error:#}"))
}

fn on_demand(config: &Config) -> Result<Engine, SandboxError> {
    Engine::new(config).map_err(|error| SandboxError::Engine(format!("{error:#}")))
}

/// How guests are compiled, wherever that is done; code fits an engine only if both have the same.
pub(crate) fn config(counts: bool) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(counts)
        // The plain fiber path; async components are refused by name.
        .concurrency_support(false)
        // Registering it is dear where modules come and go.
        .native_unwind_info(false)
        // Interpreters compiled to wasm recurse deeply; host functions get the difference.
        .max_wasm_stack(1 << 20)
        .async_stack_size(3 << 20);
    config
}

/// All totals are set, not just memories: the first one forgotten becomes the limit.
fn pool(settings: &SandboxSettings) -> PoolingAllocationConfig {
    let guests = u32::try_from(settings.max_concurrent).unwrap_or(u32::MAX / 64).saturating_add(SPARE);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(guests)
        .total_core_instances(guests.saturating_mul(32))
        .total_memories(guests.saturating_mul(crate::limits::MEMORIES_PER_PERMIT))
        .total_tables(guests.saturating_mul(crate::limits::TABLES_PER_PERMIT))
        .total_stacks(guests)
        .table_elements(crate::limits::TABLE_ELEMENTS)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .max_core_instances_per_component(64)
        .max_memories_per_component(8)
        .max_tables_per_component(16)
        .max_memories_per_module(2)
        .max_tables_per_module(4)
        .max_memory_size(usize::try_from(settings.memory_ceiling).unwrap_or(usize::MAX))
        .max_unused_warm_slots(guests)
        .linear_memory_keep_resident(KEEP_MEMORY)
        .table_keep_resident(KEEP_TABLE);
    pool
}

fn cache(folder: &Path) -> Result<Cache, SandboxError> {
    let failed = |reason| SandboxError::Cache { path: folder.to_owned(), reason };
    let mut config = CacheConfig::new();
    // wasmtime takes no relative one; ours are relative wherever the configuration folder is given so.
    config.with_directory(std::path::absolute(folder).map_err(|error| failed(error.to_string()))?);
    Cache::new(config).map_err(|error| failed(format!("{error:#}")))
}

/// Whether so much address space can be reserved; nothing of it is used.
#[cfg(unix)]
fn probe(bytes: usize) -> Result<(), String> {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    #[expect(unsafe_code, reason = "a fresh anonymous mapping that nothing points into, unmapped at once")]
    let reserved = unsafe {
        mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::empty(), flags)
            .and_then(|address| munmap(address, bytes))
    };
    reserved.map_err(|error| format!("{} of address space cannot be reserved: {error}", words(bytes)))
}

#[cfg(not(unix))]
fn probe(_: usize) -> Result<(), String> {
    Err("address space is only probed on unix".to_owned())
}

fn words(bytes: usize) -> String {
    noontide_domain::duration::bytes(bytes as u64)
}

/// Ticks the epoch from an OS thread, because a task could be starved by the very guest it should stop. Sleeps
/// while nothing runs.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    running: AtomicU32,
    parked: AtomicBool,
    over: AtomicBool,
}

/// Held by whoever wants to be interrupted.
pub(crate) struct Ticking(Arc<Shared>);

impl Ticker {
    fn start(engine: EngineWeak) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        let handle: JoinHandle<()> =
            std::thread::Builder::new().name("noontide-epoch".to_owned()).spawn(move || tick(&engine, &state))?;
        Ok(Self { shared, thread: handle.thread().clone() })
    }

    /// The epoch ticks at least while the answer is held.
    pub(crate) fn ticking(&self) -> Ticking {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.parked.swap(false, Ordering::SeqCst) {
            self.thread.unpark();
        }
        Ticking(Arc::clone(&self.shared))
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// After a second without guests the thread parks, so that an idle host does not wake a hundred times a second.
fn tick(engine: &EngineWeak, shared: &Shared) {
    let mut idle = 0;
    while !shared.over.load(Ordering::SeqCst) {
        std::thread::sleep(TICK);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
        drop(engine);
        idle = if shared.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        if idle > 100 {
            idle = 0;
            shared.parked.store(true, Ordering::SeqCst);
            // Looked at after `parked` is visible: whoever begins now either is seen here or unparks.
            while shared.running.load(Ordering::SeqCst) == 0
                && shared.parked.load(Ordering::SeqCst)
                && !shared.over.load(Ordering::SeqCst)
            {
                std::thread::park();
            }
            shared.parked.store(false, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Module, Store, Trap};

    use super::*;

    #[test]
    fn after_an_idle_second_a_loop_is_still_interrupted() {
        let mut config = Config::new();
        config.epoch_interruption(true).concurrency_support(false);
        let engine = Engine::new(&config).expect("an engine");
        let ticker = Ticker::start(engine.weak()).expect("a thread");
        let begun = std::time::Instant::now();
        while !ticker.shared.parked.load(Ordering::SeqCst) {
            assert!(begun.elapsed() < Duration::from_secs(30), "it never parks");
            std::thread::yield_now();
        }
        let _ticking = ticker.ticking();
        let text = "(module (func (export \"run\") (loop (br 0))))";
        let module = Module::new(&engine, wat::parse_str(text).expect("a module")).expect("compiled");
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).expect("an instance");
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").expect("a function");
        let error = run.call(&mut store, ()).expect_err("it never returns by itself");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
    }
}
