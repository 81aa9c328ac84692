//! What a loaded file is called through: the contract's handler, or a program's entry.

use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{InstancePre, Linker, Module, Store};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::bindings::exports::noontide::plugin::describe::PluginInfo;
use crate::bindings::types::Invocation;
use crate::bindings::{Plugin, PluginPre};
use crate::classify::Ended;
use crate::engine::Machine;
use crate::guest::Guest;
use crate::load::Contract;
use crate::program;

/// Linked once, instantiated for every call unless the plugin's instances are kept.
pub(crate) enum Callee {
    /// A component that keeps to the contract of `wit/`.
    Plugin(PluginPre<Guest>),
    /// The same, by a next version of it.
    #[cfg(test)]
    Next(crate::next::PluginPre<Guest>),
    /// A component that is a program: `wasi:cli/run`.
    Command(CommandPre<Guest>),
    /// A core module that is a program of WASI preview 1. Run as it is: adapted to a component, all its exit codes would
    /// become 1.
    Module(InstancePre<Guest>),
}

/// What files may import.
pub(crate) struct Linkers {
    component: ComponentLinker<Guest>,
    module: Linker<Guest>,
}

impl Linkers {
    pub(crate) fn new(machine: &Machine) -> wasmtime::Result<Self> {
        let component = crate::imports::linker(&machine.engine)?;
        let mut module = Linker::new(&machine.engine);
        wasmtime_wasi::p1::add_to_linker_async(&mut module, Guest::preview_1)?;
        Ok(Self { component, module })
    }

    pub(crate) fn plugin(&self, contract: Contract, component: &Component) -> wasmtime::Result<Callee> {
        let pre = self.component.instantiate_pre(component)?;
        match contract {
            Contract::V0_1 => PluginPre::new(pre).map(Callee::Plugin),
            #[cfg(test)]
            Contract::V0_2 => crate::next::PluginPre::new(pre).map(Callee::Next),
        }
    }

    pub(crate) fn command(&self, component: &Component) -> wasmtime::Result<CommandPre<Guest>> {
        self.component.instantiate_pre(component).and_then(CommandPre::new)
    }

    pub(crate) fn module(&self, module: &Module) -> wasmtime::Result<InstancePre<Guest>> {
        self.module.instantiate_pre(module)
    }
}

impl Callee {
    /// Whether it is started as a program: it has no `describe`, and is told what to do by arguments and stdin.
    pub(crate) fn is_program(&self) -> bool {
        matches!(self, Callee::Command(_) | Callee::Module(_))
    }

    /// Asks what it is; `None` of a program, which cannot be asked.
    pub(crate) async fn describe(&self, store: &mut Store<Guest>) -> Option<wasmtime::Result<PluginInfo>> {
        match self {
            Callee::Plugin(pre) => Some(match pre.instantiate_async(&mut *store).await {
                Ok(plugin) => plugin.noontide_plugin_describe().call_describe(store).await,
                Err(error) => Err(error),
            }),
            #[cfg(test)]
            Callee::Next(pre) => Some(crate::next::describe(pre, store).await),
            Callee::Command(_) | Callee::Module(_) => None,
        }
    }

    /// A call of the instance that is there, or of a fresh one, which is there then. Programs leave none.
    pub(crate) async fn call(
        &self,
        store: &mut Store<Guest>,
        instance: &mut Option<Plugin>,
        invocation: &Invocation,
    ) -> Ended {
        match self {
            Callee::Plugin(pre) => {
                let plugin = match instance {
                    Some(plugin) => plugin,
                    None => match pre.instantiate_async(&mut *store).await {
                        Ok(plugin) => instance.insert(plugin),
                        Err(error) => return Ended::NoInstance(error),
                    },
                };
                answered(plugin.noontide_plugin_handler().call_run(&mut *store, invocation).await)
            }
            #[cfg(test)]
            Callee::Next(pre) => crate::next::call(pre, store, invocation).await,
            Callee::Command(pre) => match pre.instantiate_async(&mut *store).await {
                Ok(command) => {
                    let ended = command.wasi_cli_run().call_run(&mut *store).await;
                    program::ended(ended.map(|ended| if ended.is_ok() { 0 } else { 1 }), store.data())
                }
                Err(error) => Ended::NoInstance(error),
            },
            Callee::Module(pre) => {
                let instance = match pre.instantiate_async(&mut *store).await {
                    Ok(instance) => instance,
                    Err(error) => return Ended::NoInstance(error),
                };
                let ended = match instance.get_typed_func::<(), ()>(&mut *store, "_start") {
                    Ok(start) => start.call_async(&mut *store, ()).await,
                    Err(error) => Err(error),
                };
                program::ended(ended.map(|()| 0), store.data())
            }
        }
    }
}

fn answered(
    answer: wasmtime::Result<Result<crate::bindings::types::Outcome, crate::bindings::types::Failure>>,
) -> Ended {
    match answer {
        Ok(answer) => Ended::Answered(answer),
        Err(error) => Ended::Broke(error),
    }
}
