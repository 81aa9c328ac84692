//! From bytes to code. What an optimiser makes of a file that was made for it can take all of a host's memory and time
//! (wasmtime counts that as no fault of its own), so a host compiles in a process that it can kill, and has itself no
//! compiler at all. Who opens a sandbox without such a process compiles in place.

pub(crate) mod child;
mod limits;
mod parent;

use wasmtime::Module;
use wasmtime::component::Component;

use crate::engine::Machine;
use crate::load::{Content, Examined, Kind, Refusal};
pub(crate) use parent::Parent;

/// Compiled, and not yet linked.
pub(crate) enum Code {
    Component(Component),
    Module(Module),
}

/// Where files are compiled.
pub(crate) enum Compiler {
    /// In this process.
    Here,
    /// In one of its own for each file.
    Apart(Parent),
}

impl Compiler {
    /// Whether this process has no compiler.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self, Compiler::Apart(_))
    }

    /// Examines a file and compiles it; of programs, only where `programs` says so.
    pub(crate) fn compile(
        &self,
        machine: &Machine,
        content: &Content,
        kind: Kind,
        programs: bool,
    ) -> Result<(Examined, Option<Code>), Refusal> {
        match self {
            Compiler::Here => {
                let engine = &machine.engine;
                let examined = Examined::of(&content.bytes, kind, engine.get_wasm_features())?;
                if examined.is_program() && !programs {
                    return Ok((examined, None));
                }
                let code = match kind {
                    Kind::Component => Component::from_binary(engine, &content.bytes).map(Code::Component),
                    Kind::Module => Module::from_binary(engine, &content.bytes).map(Code::Module),
                };
                Ok((examined, Some(code.map_err(|error| broken(&error))?)))
            }
            Compiler::Apart(parent) => parent.compile(machine, content, kind, programs),
        }
    }
}

fn broken(error: &wasmtime::Error) -> Refusal {
    Refusal::new("compile", format!("{error:#}"))
}
