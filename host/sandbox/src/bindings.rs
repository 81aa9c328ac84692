//! What `wit/` says, as Rust. `run` and `artifacts` answer at once; `state` and `secrets` may have to wait.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: {
        "noontide:plugin/state.load": async,
        "noontide:plugin/state.save": async,
        "noontide:plugin/state.remove": async,
        "noontide:plugin/secrets.get": async,
    },
    exports: { default: async },
});

pub(crate) use noontide::plugin::{artifacts, run, secrets, state, types};

/// The version of `noontide:plugin` that this host speaks.
pub(crate) const CONTRACT: &str = "0.1.0";
