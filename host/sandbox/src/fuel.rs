//! `limits.fuel`: cost that is counted step by step, and is the same wherever the work is done. Counting makes all code slower, so
//! plugins that are not counted are compiled without it, and those that are a second time, when they are first called.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Module;
use wasmtime::component::Component;

use crate::callee::{Callee, Linkers};
use crate::engine::Machine;
use crate::registry::Generation;
use crate::settings::SandboxError;

/// The engine that counts, once somebody needs it.
pub(crate) struct Fuel {
    cache: Box<Path>,
    counting: Mutex<Option<Arc<Counting>>>,
}

/// An engine that counts, and what is linked to it.
pub(crate) struct Counting {
    pub(crate) machine: Machine,
    linkers: Linkers,
}

impl Fuel {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { cache: cache.into(), counting: Mutex::default() }
    }

    /// # Errors
    /// The engine does not start.
    pub(crate) fn counting(&self) -> Result<Arc<Counting>, SandboxError> {
        let mut counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counting) = &*counting {
            return Ok(Arc::clone(counting));
        }
        let machine = Machine::counting(&self.cache)?;
        let linkers = Linkers::new(&machine).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        Ok(Arc::clone(counting.insert(Arc::new(Counting { machine, linkers }))))
    }
}

impl Counting {
    /// The generation's code with counting in it; compiled with the first call, off the guests' threads.
    ///
    /// # Errors
    /// In words.
    pub(crate) async fn callee(self: &Arc<Self>, generation: &Arc<Generation>) -> Result<Arc<Callee>, String> {
        let compile = || async {
            let (counting, held) = (Arc::clone(self), Arc::clone(generation));
            let compiled = tokio::task::spawn_blocking(move || counting.compile(&held)).await;
            match compiled {
                Ok(Ok(callee)) => Ok(Arc::new(callee)),
                Ok(Err(error)) => Err(format!("{error:#}")),
                Err(error) => Err(error.to_string()),
            }
        };
        generation.counted.get_or_try_init(compile).await.cloned().map_err(|error| {
            format!("it could not be compiled with its fuel counted: {error} — take `fuel` out of its limits")
        })
    }

    fn compile(&self, generation: &Generation) -> wasmtime::Result<Callee> {
        let (engine, bytes) = (&self.machine.engine, &generation.bytes);
        Ok(match &generation.callee {
            Callee::Plugin(_) => Callee::Plugin(self.linkers.plugin(&Component::from_binary(engine, bytes)?)?),
            Callee::Command(_) => Callee::Command(self.linkers.command(&Component::from_binary(engine, bytes)?)?),
            Callee::Module(_) => Callee::Module(self.linkers.module(&Module::from_binary(engine, bytes)?)?),
        })
    }
}
