//! Where handlers live: WebAssembly components, loaded from a folder, called inside limits, swapped while running.
//!
//! ```text
//!   file ──watch──▶ load: read · trust · sniff · validate · world · compile · describe ──▶ registry (one pointer, swapped)
//!                                                                                     │
//!   Call ──invoke──▶ permit · the generation of that moment · a fresh store ──run──▶ classify ──▶ Report
//! ```
//!
//! A [`Sandbox`] is the [`PluginHost`](noontide_domain::ports::PluginHost) of a host. A file in the plugin folder goes
//! through the loader (`load`); what comes out is a *generation* (one loaded state of a plugin) that the registry
//! publishes under the plugin's name. A call takes the generation of its moment and keeps it to the end, so a swap
//! touches no run that is going on, and a bad file touches nothing at all.
//!
//! A generation is called through its `callee`: by the contract's handler, or as a `program` with arguments, stdin and an exit code.
//!
//! A guest has nothing but what the operator's [`Grant`](noontide_domain::Grant) says (`wasi`, `imports`); its memory,
//! time, words, folders and steps are bounded (`limits`, `invoke`, `journal`, `quota`, `fuel`), and in its words there is no
//! secret that it has read (`redact`); its clock and its chance may be those of the run (`steady`), and an instance may serve
//! several calls (`kept`). Whatever a guest does wrong is data ([`Outcome`](noontide_domain::Outcome), made in `classify`),
//! never an error of ours and never a panic.
//!
//! Three kinds of threads: guests run on their own tokio runtime, away from the scheduler's timers; one thread looks
//! at the folder and compiles, one file at a time (`watch`); one thread ticks the epoch that interrupts guests
//! (`engine`).

mod artefacts;
mod bindings;
mod callee;
mod classify;
mod compiler;
mod effects;
mod egress;
mod engine;
mod fuel;
mod guest;
mod imports;
mod invocation;
mod invoke;
mod items;
mod journal;
mod kept;
mod limits;
mod load;
#[cfg(test)]
mod next;
mod outlet;
mod output;
mod program;
mod quota;
mod redact;
mod registry;
mod sandbox;
mod scan;
mod schema;
mod settings;
mod steady;
mod stopwatch;
mod tally;
mod versions;
mod wasi;
mod watch;

pub use egress::{
    Egress, EgressError, EgressSettings, HttpAnswer, HttpMessage, OwnAddresses, Resolver, SystemResolver,
};
pub use engine::PoolUse;
pub use load::{beside as signature_of, verify_file};
pub use sandbox::Sandbox;
pub use settings::{CompileApart, SandboxError, SandboxSettings};
pub use tally::Tally;

/// What a process does that was started to compile one plugin file: it reads stdin, answers on stdout and ends.
pub fn compile_worker() -> std::process::ExitCode {
    compiler::child::main()
}

// The tests of the sandbox from outside stand on the same stage.
#[cfg(test)]
extern crate self as noontide_sandbox;
#[cfg(test)]
#[path = "../tests/sandbox/stage.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests from outside use all of it")]
mod stage;
#[cfg(test)]
#[path = "../tests/sandbox/tiny.rs"]
#[expect(unreachable_pub, reason = "as above")]
mod tiny;
