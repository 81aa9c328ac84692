//! What `wit/` says, as Rust. `run` and `artifacts` answer at once; the others may have to wait.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: {
        "noontide:plugin/state.load": async,
        "noontide:plugin/state.save": async,
        "noontide:plugin/state.remove": async,
        "noontide:plugin/secrets.get": async,
        "noontide:plugin/sql": async,
        "noontide:plugin/kv": async,
    },
    exports: { default: async },
});

pub(crate) use noontide::plugin::{artifacts, kv, run, secrets, sql, state, types};

/// The version of `noontide:plugin` that this host speaks.
pub(crate) const CONTRACT: &str = "0.1.0";
