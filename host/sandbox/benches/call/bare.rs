//! The same call with nothing around it: wasmtime, WASI, and imports that do nothing.

use http::{Request, Response};
use noontide::plugin::{run, types};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable, Val};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreContextMut, UpdateDeadline,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as Code, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

wasmtime::component::bindgen!({ path: "../../wit", world: "plugin", exports: { default: async } });

pub struct Bare {
    engine: Engine,
    plugin: PluginPre<Guest>,
}

struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    nowhere: Nowhere,
}

/// Requests of a guest that makes none.
struct Nowhere;

type Moving = Box<dyn Future<Output = Result<(), Code>> + Send>;

impl WasiHttpHooks for Nowhere {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Moving,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Moving), Code>> + Send> {
        Box::new(std::future::ready(Err(Code::HttpRequestDenied)))
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.nowhere, table: &mut self.table, ctx: &mut self.http }
    }
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
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).expect("linked");
        run::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest).expect("linked");
        types::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest).expect("linked");
        let component = Component::from_binary(&engine, bytes).expect("a component");
        refuse_the_rest(&mut linker, &component, &engine);
        let plugin = PluginPre::new(linker.instantiate_pre(&component).expect("linked")).expect("a plugin");
        Self { engine, plugin }
    }

    pub async fn call(&self) {
        let (wasi, table) = (WasiCtx::builder().build(), ResourceTable::new());
        let guest = Guest { wasi, table, http: WasiHttpCtx::new(), nowhere: Nowhere };
        let mut store = Store::new(&self.engine, guest);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        let plugin = self.plugin.instantiate_async(&mut store).await.expect("an instance");
        let answer = plugin.noontide_plugin_handler().call_run(&mut store, &invocation()).await;
        assert!(answer.expect("no trap").is_ok());
    }
}

/// The SDK imports all of the contract; what is measured calls nothing of the rest.
fn refuse_the_rest(linker: &mut Linker<Guest>, component: &Component, engine: &Engine) {
    for (name, import) in component.component_type().imports(engine) {
        let known = ["types@", "run@"].iter().any(|known| name.contains(&format!("plugin/{known}")));
        let ComponentItem::ComponentInstance(interface) = import.ty else { continue };
        if known || !name.starts_with("noontide:plugin/") {
            continue;
        }
        let mut instance = linker.instance(name).expect("a free name");
        for (function, item) in interface.exports(engine) {
            if matches!(item.ty, ComponentItem::ComponentFunc(_)) {
                let refused = |_: StoreContextMut<'_, Guest>, _, _: &[Val], _: &mut [Val]| {
                    Err(wasmtime::Error::msg("nobody calls this"))
                };
                instance.func_new(function, refused).expect("linked");
            }
        }
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
