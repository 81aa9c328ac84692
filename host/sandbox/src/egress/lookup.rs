//! `wasi:sockets/ip-name-lookup`, in place of WASI's own: that one answers for every name or for none.

use std::net::IpAddr;
use std::vec;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi::{WasiView, async_trait};

use super::error::EgressError;
use crate::guest::Guest;

/// As wasmtime-wasi names it. If it ever has another name, WASI's own stays in place, and that one says no.
const INTERFACE: &str = "wasi:sockets/ip-name-lookup@0.2.12";

/// Answers to one lookup, once they are there.
enum Lookup {
    Going(AbortOnDropJoinHandle<Result<Vec<IpAddr>, EgressError>>),
    Found(vec::IntoIter<IpAddr>),
    Failed(ErrorCode),
}

#[async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        if let Lookup::Going(going) = self {
            *self = match going.await {
                Ok(found) => Lookup::Found(found.into_iter()),
                Err(error) => Lookup::Failed(code(&error)),
            };
        }
    }
}

type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

/// Puts it in the place of what WASI offers.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut interface = linker.instance(INTERFACE)?;
    interface.resource("resolve-address-stream", ResourceType::host::<Lookup>(), |mut store, index| {
        store.data_mut().ctx().table.delete(Resource::<Lookup>::new_own(index))?;
        Ok(())
    })?;
    interface.func_wrap("resolve-addresses", resolve_addresses)?;
    interface.func_wrap("[method]resolve-address-stream.resolve-next-address", next)?;
    interface.func_wrap("[method]resolve-address-stream.subscribe", ready)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn resolve_addresses(
    mut store: StoreContextMut<'_, Guest>,
    (network, name): (Resource<Network>, String),
) -> Answer<Resource<Lookup>> {
    let guest = store.data_mut();
    guest.ctx().table.get(&network)?;
    let sockets = guest.sockets.clone();
    let going = spawn(async move {
        let found = sockets.look_up(&name).await;
        found.inspect_err(|error| sockets.failed(&name, error))
    });
    Ok((Ok(guest.ctx().table.push(Lookup::Going(going))?),))
}

fn next(mut store: StoreContextMut<'_, Guest>, (lookup,): (Resource<Lookup>,)) -> Answer<Option<IpAddress>> {
    let lookup = store.data_mut().ctx().table.get_mut(&lookup)?;
    Ok((match lookup {
        Lookup::Going(_) => Err(ErrorCode::WouldBlock),
        Lookup::Found(found) => Ok(found.next().map(Into::into)),
        Lookup::Failed(code) => Err(*code),
    },))
}

fn ready(
    mut store: StoreContextMut<'_, Guest>,
    (lookup,): (Resource<Lookup>,),
) -> wasmtime::Result<(Resource<DynPollable>,)> {
    Ok((subscribe(store.data_mut().ctx().table, lookup)?,))
}

fn code(error: &EgressError) -> ErrorCode {
    match error {
        EgressError::Request { .. } => ErrorCode::InvalidArgument,
        EgressError::Name { .. } => ErrorCode::NameUnresolvable,
        _ => ErrorCode::AccessDenied,
    }
}
