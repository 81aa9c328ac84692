//! What `wit/` says, as Rust. `run`, `artifacts` and `outbox` answer at once; the others may have to wait.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: {
        "noontide:plugin/state": async,
        "noontide:plugin/secrets.get": async,
        "noontide:plugin/sql": async,
        "noontide:plugin/kv": async,
    },
    exports: { default: async },
});

pub(crate) use noontide::plugin::{artifacts, kv, outbox, run, secrets, sql, state, types};

/// The version of `noontide:plugin` that this host speaks.
pub(crate) const CONTRACT: &str = "0.1.0";
