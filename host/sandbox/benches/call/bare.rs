//! The same call with nothing around it: wasmtime, WASI, and imports that do nothing.

use noontide::plugin::{kv, run, secrets, sql, state, types};
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

wasmtime::component::bindgen!({ path: "../../wit", world: "plugin", exports: { default: async } });

pub struct Bare {
    engine: Engine,
    plugin: PluginPre<Guest>,
}

struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl Bare {
    pub fn new(bytes: &[u8], keep_resident: usize) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_memories(128).total_stacks(64).max_memory_size(512 << 20);
        pool.linear_memory_keep_resident(keep_resident).table_keep_resident(keep_resident.min(128 << 10));
        let mut config = Config::new();
        config.epoch_interruption(true).concurrency_support(false).native_unwind_info(false);
        config.max_wasm_stack(1 << 20).async_stack_size(3 << 20);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).expect("an engine");
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("linked");
        Plugin::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest).expect("linked");
        let component = Component::from_binary(&engine, bytes).expect("a component");
        let plugin = PluginPre::new(linker.instantiate_pre(&component).expect("linked")).expect("a plugin");
        Self { engine, plugin }
    }

    pub async fn call(&self) {
        let guest = Guest { wasi: WasiCtx::builder().build(), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, guest);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        let plugin = self.plugin.instantiate_async(&mut store).await.expect("an instance");
        let answer = plugin.noontide_plugin_handler().call_run(&mut store, &invocation()).await;
        assert!(answer.expect("no trap").is_ok());
    }
}

fn invocation() -> types::Invocation {
    types::Invocation {
        run_id: "018f0000-0000-7000-8000-000000000000".to_owned(),
        fire_key: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        schedule: None,
        handler: "run".to_owned(),
        attempt: 1,
        max_attempts: 1,
        due_at: 0,
        fired_at: 0,
        deadline: Some(30_000),
        previous_success: None,
        window: None,
        timezone: "UTC".to_owned(),
        cause: types::Cause::Enqueued,
        trace_parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        input: "{}".to_owned(),
        items: Vec::new(),
        extra: Vec::new(),
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl types::Host for Guest {}

impl run::Host for Guest {
    fn log(&mut self, _: run::Level, _: String, _: Vec<(String, String)>) {}
    fn progress(&mut self, _: u64, _: Option<u64>, _: String) {}
    fn is_cancelled(&mut self) -> bool {
        false
    }
    fn time_left(&mut self) -> Option<u64> {
        None
    }
}

impl state::Host for Guest {
    fn load(&mut self, _: String) -> Result<Option<state::Entry>, state::StateError> {
        Ok(None)
    }
    fn save(&mut self, _: String, _: Vec<u8>, _: Option<u64>) -> Result<u64, state::StateError> {
        Ok(1)
    }
    fn remove(&mut self, _: String) -> Result<(), state::StateError> {
        Ok(())
    }
}

impl secrets::Host for Guest {
    fn get(&mut self, _: String) -> Result<String, secrets::SecretError> {
        Err(secrets::SecretError::NotGranted)
    }
}

impl sql::Host for Guest {
    fn dialect(&mut self, _: String) -> Result<sql::SqlDialect, sql::SqlError> {
        Err(sql::SqlError::NotGranted)
    }
    fn query(&mut self, _: String, _: sql::Statement) -> Result<sql::Rows, sql::SqlError> {
        Err(sql::SqlError::NotGranted)
    }
    fn execute(&mut self, _: String, _: Vec<sql::Statement>) -> Result<Vec<u64>, sql::SqlError> {
        Err(sql::SqlError::NotGranted)
    }
}

impl kv::Host for Guest {
    fn get(&mut self, _: String, _: String) -> Result<Option<Vec<u8>>, kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
    fn set(&mut self, _: String, _: String, _: Vec<u8>, _: Option<u64>) -> Result<(), kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
    fn set_if_absent(&mut self, _: String, _: String, _: Vec<u8>, _: Option<u64>) -> Result<bool, kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
    fn remove(&mut self, _: String, _: String) -> Result<bool, kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
    fn increment(&mut self, _: String, _: String, _: i64) -> Result<i64, kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
    fn expire(&mut self, _: String, _: String, _: u64) -> Result<bool, kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
    fn keys(&mut self, _: String, _: String, _: u32) -> Result<kv::KeyList, kv::KvError> {
        Err(kv::KvError::NotGranted)
    }
}
