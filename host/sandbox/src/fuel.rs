//! `limits.fuel`: cost that is counted step by step, and is the same wherever the work is done. Counting makes all code slower, so
//! plugins that are not counted are compiled without it, and those that are a second time, when they are first called.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::callee::{Callee, Linkers};
use crate::compiler::{Code, Compiler};
use crate::engine::Machine;
use crate::load::{Content, Contract, Kind, Refusal};
use crate::registry::Generation;
use crate::settings::SandboxError;

/// The engine that counts, once somebody needs it.
pub(crate) struct Fuel {
    cache: Box<Path>,
    compiler: Arc<Compiler>,
    counting: Mutex<Option<Arc<Counting>>>,
}

/// An engine that counts, and what is linked to it.
pub(crate) struct Counting {
    pub(crate) machine: Machine,
    compiler: Arc<Compiler>,
    linkers: Linkers,
}

impl Fuel {
    pub(crate) fn new(cache: &Path, compiler: Arc<Compiler>) -> Self {
        Self { cache: cache.into(), compiler, counting: Mutex::default() }
    }

    /// # Errors
    /// The engine does not start.
    pub(crate) fn counting(&self) -> Result<Arc<Counting>, SandboxError> {
        let mut counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counting) = &*counting {
            return Ok(Arc::clone(counting));
        }
        let machine = Machine::counting(&self.cache, self.compiler.is_apart())?;
        let linkers = Linkers::new(&machine).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        Ok(Arc::clone(counting.insert(Arc::new(Counting { machine, compiler: Arc::clone(&self.compiler), linkers }))))
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
                Ok(Err(refusal)) => Err(refusal.message),
                Err(error) => Err(error.to_string()),
            }
        };
        generation.counted.get_or_try_init(compile).await.cloned().map_err(|error| {
            format!("it could not be compiled with its fuel counted: {error} — take `fuel` out of its limits")
        })
    }

    fn compile(&self, generation: &Generation) -> Result<Callee, Refusal> {
        let (name, bytes) = (generation.version.name.as_str(), generation.bytes.to_vec());
        let kind = if matches!(generation.callee, Callee::Module(_)) { Kind::Module } else { Kind::Component };
        let (_, code) = self.compiler.compile(&self.machine, &Content::of(name, bytes, None), kind, true)?;
        let linked = match (&generation.callee, &code) {
            (Callee::Plugin(_), Some(Code::Component(code))) => self.linkers.plugin(Contract::V0_1, code),
            #[cfg(test)]
            (Callee::Next(_), Some(Code::Component(code))) => self.linkers.plugin(Contract::V0_2, code),
            (Callee::Command(_), Some(Code::Component(code))) => self.linkers.command(code).map(Callee::Command),
            (Callee::Module(_), Some(Code::Module(code))) => self.linkers.module(code).map(Callee::Module),
            _ => return Err(Refusal::new("compile", "it is something else than it was")),
        };
        linked.map_err(|error| Refusal::new("compile", format!("{error:#}")))
    }
}
