//! From a file to a generation: read, trust, sniff, validate, world, compile, describe. Each stage refuses in words that
//! name the next step. A file is hostile until it has passed all of them, and it is never run from where it lies.

mod command;
mod describe;
mod examine;
mod shape;
mod sniff;
mod survey;
mod trust;
mod world;

use std::borrow::Cow;
use std::io::Read;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use noontide_domain::ports::Clock;
use noontide_domain::{Makeup, PluginError, PluginName, PluginVersion, Trust, duration};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use wasmtime::ResourcesRequired;

use self::describe::Described;
pub(crate) use self::examine::Examined;
pub(crate) use self::shape::WIT;
pub(crate) use self::sniff::Kind;
pub(crate) use self::trust::still;
pub use self::trust::{beside, verify_file};
pub(crate) use self::world::Contract;
use self::world::World;
use crate::callee::{Callee, Linkers};
use crate::compiler::{Code, Compiler, Parent};
use crate::engine::Machine;
use crate::journal::harmless;
use crate::registry::Generation;
use crate::settings::{SandboxError, SandboxSettings};

/// Longest reason shown, in bytes.
const MESSAGE: usize = 2 << 10;

/// Why a file is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) stage: Cow<'static, str>,
    pub(crate) message: String,
    /// The name it would have had, if it got so far.
    pub(crate) claims: Option<PluginName>,
}

impl Refusal {
    pub(crate) fn new(stage: &'static str, message: impl Into<String>) -> Self {
        Self { stage: Cow::Borrowed(stage), message: message.into(), claims: None }
    }

    /// As it is shown: one line, whatever names the file has chosen.
    pub(crate) fn into_error(self, sha256: Option<String>, clock: &dyn Clock) -> PluginError {
        let message = harmless(&self.message, MESSAGE).replace('\t', "\\t");
        PluginError { stage: self.stage.into_owned(), message, sha256, at: clock.now() }
    }
}

/// A file's bytes, and their digest in hexadecimal.
pub(crate) struct Content {
    /// The file's name without its ending: what a program is called by.
    stem: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: String,
    /// What lies beside the file as its signature.
    pub(crate) signature: Option<String>,
}

impl Content {
    /// The whole file, up to a size in bytes, and what lies beside it.
    fn read(path: &Path, most: u64) -> Result<Self, Refusal> {
        let cannot = |error: std::io::Error| Refusal::new("read", format!("{}: {error}", path.display()));
        let file = std::fs::File::open(path).map_err(cannot)?;
        let meta = file.metadata().map_err(cannot)?;
        if !meta.is_file() {
            return Err(Refusal::new("read", format!("{} is no regular file", path.display())));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(most)).unwrap_or(0) + 1);
        file.take(most + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > most {
            let cap = duration::bytes(most);
            let words = format!("larger than {cap} — strip it (`wasm-tools strip`), or raise the cap for plugin files");
            return Err(Refusal::new("read", words));
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self::of(&stem, bytes, trust::read(path)))
    }

    /// Bytes, wherever they come from, and what was signed with them.
    pub(crate) fn of(stem: &str, bytes: Vec<u8>, signature: Option<String>) -> Self {
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { stem: stem.to_owned(), bytes, sha256, signature }
    }
}

/// The way of a file into the sandbox; the same for the watched folder and for a single file of the CLI.
pub(crate) struct Loader {
    machine: Arc<Machine>,
    linkers: Linkers,
    guests: Handle,
    clock: Arc<dyn Clock>,
    compiler: Arc<Compiler>,
    trust: ArcSwap<Trust>,
    max_file_size: u64,
    memory_ceiling: u64,
}

/// What a file shows before it is called.
struct Outside {
    makeup: Makeup,
    imports: Vec<String>,
}

/// What a file has let know, what it is called through, and the permits one call takes.
type Taken = (Described, Callee, u32);

impl Loader {
    pub(crate) fn new(machine: Arc<Machine>, guests: Handle, settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let linkers = Linkers::new(&machine).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let clock = Arc::clone(&settings.clock);
        let (max_file_size, memory_ceiling) = (settings.max_file_size, settings.memory_ceiling);
        let compiler = Arc::new(match settings.compile.clone() {
            None => Compiler::Here,
            Some(apart) => Compiler::Apart(Parent::new(apart, &settings.cache, Arc::clone(&clock))?),
        });
        let trust = ArcSwap::from_pointee(settings.trust.clone());
        Ok(Self { machine, linkers, guests, clock, compiler, trust, max_file_size, memory_ceiling })
    }

    /// What files have to prove from now on.
    pub(crate) fn set_trust(&self, trust: Trust) {
        self.trust.store(Arc::new(trust));
    }

    /// What files have to prove right now; another one whenever it was set.
    pub(crate) fn trust(&self) -> Arc<Trust> {
        self.trust.load_full()
    }

    /// Reads the whole file, up to the size cap.
    pub(crate) fn read(&self, path: &Path) -> Result<Content, Refusal> {
        Content::read(path, self.max_file_size)
    }

    /// Where code comes from.
    pub(crate) fn compiler(&self) -> Arc<Compiler> {
        Arc::clone(&self.compiler)
    }

    /// The first stage is all there is for bytes that are loaded: what they prove may have changed, what they do has not.
    pub(crate) fn trusted_again(&self, trust: &Trust, content: &Content, loaded: &Generation) -> Result<(), Refusal> {
        let signer = trust::signer(trust, content)?;
        trust::pinned(trust, &loaded.version.name, &content.sha256)?;
        loaded.signer.store(signer.map(Arc::new));
        Ok(())
    }

    /// Takes the bytes through all stages. CPU-bound, and must not be called from an async task.
    pub(crate) fn load(&self, content: &Content) -> Result<Generation, Refusal> {
        std::panic::catch_unwind(AssertUnwindSafe(|| self.stages(content))).unwrap_or_else(|_| {
            Err(Refusal::new("compile", "the loader itself broke on this file; see the host's log"))
        })
    }

    fn stages(&self, content: &Content) -> Result<Generation, Refusal> {
        let begun = Instant::now();
        let trust = self.trust();
        let signer = trust::signer(&trust, content)?;
        let kind = Kind::of(&content.bytes)?;
        let (Outside { makeup, imports }, (described, callee, permits)) = self.taken(content, kind, &trust)?;
        trust::pinned(&trust, &described.name, &content.sha256)?;
        Ok(Generation {
            version: PluginVersion { name: described.name, version: described.version, sha256: content.sha256.clone() },
            info: described.info,
            makeup,
            schemas: described.schemas,
            imports,
            callee,
            bytes: content.bytes.as_slice().into(),
            counted: OnceCell::new(),
            permits,
            signer: ArcSwapOption::new(signer.map(Arc::new)),
            loaded_at: self.clock.now(),
            load_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            running: Arc::default(),
        })
    }

    fn taken(&self, content: &Content, kind: Kind, trust: &Trust) -> Result<(Outside, Taken), Refusal> {
        // Were it a program, its name would be known already: one that it may not have spares the compiling.
        let name = command::name(content).and_then(|name| trust::pinned(trust, &name, &content.sha256).map(|()| name));
        let (examined, code) = self.compiler.compile(&self.machine, content, kind, name.is_ok())?;
        let names = &examined.names;
        let outside = Outside { makeup: names.makeup(content.bytes.len() as u64), imports: names.imports.clone() };
        match (examined.world, code) {
            (World::Plugin(contract), Some(code)) => Ok((outside, self.plugin(contract, code)?)),
            (World::Command, Some(code)) => {
                let (callee, permits) = self.command(code)?;
                Ok((outside, (command::describe(content, name?, examined.names), callee, permits)))
            }
            (_, None) => Err(name.err().unwrap_or_else(|| Refusal::new("compile", "it was not compiled"))),
        }
    }

    fn plugin(&self, contract: Contract, code: Code) -> Result<Taken, Refusal> {
        let Code::Component(component) = &code else {
            return Err(Refusal::new("world", "a core module that is no program"));
        };
        let permits = self.ready(&code)?;
        let callee = self.linkers.plugin(contract, component).map_err(|error| {
            let contract = crate::bindings::CONTRACT;
            let advice = format!("rebuild it against noontide:plugin@{contract} (folder wit/ of this release)");
            misfit(&error, &advice)
        })?;
        let described = self.guests.block_on(describe::ask(&self.machine, &callee, Arc::clone(&self.clock)))?;
        Ok((describe::check(described)?, callee, permits))
    }

    fn command(&self, code: Code) -> Result<(Callee, u32), Refusal> {
        let permits = self.ready(&code)?;
        let callee = match &code {
            Code::Component(component) => self.linkers.command(component).map(Callee::Command),
            Code::Module(module) => self.linkers.module(module).map(Callee::Module),
        };
        let callee = callee.map_err(|error| misfit(&error, "rebuild it for wasm32-wasip1, or for wasm32-wasip2"))?;
        Ok((callee, permits))
    }

    /// Makes the memory image now rather than within the first call; how many places of the pool a call fills.
    fn ready(&self, code: &Code) -> Result<u32, Refusal> {
        let (needs, image) = match code {
            Code::Component(code) => (code.resources_required(), code.initialize_copy_on_write_image()),
            Code::Module(code) => (Some(code.resources_required()), code.initialize_copy_on_write_image()),
        };
        image.map_err(|error| Refusal::new("compile", format!("its memory image: {error:#}")))?;
        self.permits(needs)
    }

    /// How many places of the pool a guest fills that needs so much.
    fn permits(&self, needs: Option<ResourcesRequired>) -> Result<u32, Refusal> {
        let Some(needs) = needs else {
            return Err(Refusal::new("compile", "it imports core modules, which no host offers"));
        };
        if let Some(memory) = needs.max_initial_memory_size.filter(|size| *size > self.memory_ceiling) {
            return Err(Refusal::new(
                "compile",
                format!(
                    "it begins with {} of memory, over the host's ceiling of {} — build it with a smaller heap",
                    duration::bytes(memory),
                    duration::bytes(self.memory_ceiling)
                ),
            ));
        }
        let memories = needs.num_memories.div_ceil(crate::limits::MEMORIES_PER_PERMIT);
        Ok(memories.max(needs.num_tables.div_ceil(crate::limits::TABLES_PER_PERMIT)).max(1))
    }
}

fn misfit(error: &wasmtime::Error, advice: &str) -> Refusal {
    Refusal::new("world", format!("what it imports or exports has another shape here: {error:#} — {advice}"))
}
