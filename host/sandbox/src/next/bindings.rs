//! What `tests/data/wit-0.2` says, as Rust.

wasmtime::component::bindgen!({ path: "tests/data/wit-0.2", world: "plugin", exports: { default: async } });
