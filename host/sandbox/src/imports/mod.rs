//! What the host offers to guests: one file for each interface in `wit/`.

mod artifacts;
mod kv;
mod outbox;
mod run;
mod secrets;
mod sql;
mod state;

pub(crate) use artifacts::ArtifactShelf;
pub(crate) use outbox::Tray;
pub(crate) use state::StateBook;

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::Plugin;
use crate::guest::Guest;

/// Everything a guest may import; WASI stands in its denied form.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    crate::egress::add_lookup_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    crate::egress::tell_errors(&mut linker)?;
    Plugin::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    #[cfg(test)]
    crate::next::add_to_linker(&mut linker)?;
    Ok(linker)
}

impl crate::bindings::types::Host for Guest {}
