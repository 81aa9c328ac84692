//! From a file to a generation: read, sniff, validate, world, compile, describe. Each stage refuses in words that
//! name the next step. A file is hostile until it has passed all of them, and it is never run from where it lies.

mod command;
mod describe;
mod sniff;
mod world;

use std::io::Read;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use noontide_domain::ports::Clock;
use noontide_domain::{PluginError, PluginName, PluginVersion, duration};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use wasmtime::component::Component;
use wasmtime::{Module, ResourcesRequired};

use self::describe::Described;
use self::sniff::Kind;
use self::world::{Names, World};
use crate::callee::{Callee, Linkers};
use crate::engine::Machine;
use crate::registry::Generation;
use crate::settings::{SandboxError, SandboxSettings};

/// Why a file is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) stage: &'static str,
    pub(crate) message: String,
    /// The name it would have had, if it got so far.
    pub(crate) claims: Option<PluginName>,
}

impl Refusal {
    pub(crate) fn new(stage: &'static str, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), claims: None }
    }

    /// As it is shown.
    pub(crate) fn into_error(self, sha256: Option<String>, clock: &dyn Clock) -> PluginError {
        PluginError { stage: self.stage.to_owned(), message: self.message, sha256, at: clock.now() }
    }
}

/// A file's bytes, and their digest in hexadecimal.
pub(crate) struct Content {
    /// The file's name without its ending: what a program is called by.
    stem: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: String,
}

impl Content {
    /// Bytes that come from elsewhere than a file of their own.
    pub(crate) fn of(stem: &str, bytes: Vec<u8>) -> Self {
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { stem: stem.to_owned(), bytes, sha256 }
    }
}

/// The way of a file into the sandbox; the same for the watched folder and for a single file of the CLI.
pub(crate) struct Loader {
    machine: Arc<Machine>,
    linkers: Linkers,
    guests: Handle,
    clock: Arc<dyn Clock>,
    max_file_size: u64,
    memory_ceiling: u64,
}

impl Loader {
    pub(crate) fn new(machine: Arc<Machine>, guests: Handle, settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let linkers = Linkers::new(&machine).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let clock = Arc::clone(&settings.clock);
        let (max_file_size, memory_ceiling) = (settings.max_file_size, settings.memory_ceiling);
        Ok(Self { machine, linkers, guests, clock, max_file_size, memory_ceiling })
    }

    /// Reads the whole file, up to the size cap.
    pub(crate) fn read(&self, path: &Path) -> Result<Content, Refusal> {
        let cannot = |error: std::io::Error| Refusal::new("read", format!("{}: {error}", path.display()));
        let file = std::fs::File::open(path).map_err(cannot)?;
        let meta = file.metadata().map_err(cannot)?;
        if !meta.is_file() {
            return Err(Refusal::new("read", format!("{} is no regular file", path.display())));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(self.max_file_size)).unwrap_or(0) + 1);
        file.take(self.max_file_size + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > self.max_file_size {
            let cap = duration::bytes(self.max_file_size);
            let words = format!("larger than {cap} — strip it (`wasm-tools strip`), or raise the cap for plugin files");
            return Err(Refusal::new("read", words));
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Content::of(&stem, bytes))
    }

    /// Takes the bytes through all stages. CPU-bound, and must not be called from an async task.
    pub(crate) fn load(&self, content: &Content) -> Result<Generation, Refusal> {
        std::panic::catch_unwind(AssertUnwindSafe(|| self.stages(content))).unwrap_or_else(|_| {
            Err(Refusal::new("compile", "the loader itself broke on this file; see the host's log"))
        })
    }

    fn stages(&self, content: &Content) -> Result<Generation, Refusal> {
        let begun = Instant::now();
        let kind = sniff::kind(&content.bytes)?;
        let names = world::survey(&content.bytes, self.machine.engine.get_wasm_features())?;
        let imports = names.imports.clone();
        let world = world::judge(kind, &names)?;
        let makeup = names.makeup(content.bytes.len() as u64);
        let (described, callee, permits) = match (world, kind) {
            (World::Plugin, _) => self.plugin(content)?,
            (World::Command, Kind::Component) => self.command(content, names)?,
            (World::Command, Kind::Module) => self.module(content, names)?,
        };
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
            loaded_at: self.clock.now(),
            load_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            running: Arc::default(),
        })
    }

    fn plugin(&self, content: &Content) -> Result<(Described, Callee, u32), Refusal> {
        let component = self.compile(&content.bytes)?;
        let permits = self.permits(component.resources_required())?;
        let pre = self.linkers.plugin(&component).map_err(|error| {
            let contract = crate::bindings::CONTRACT;
            let advice = format!("rebuild it against noontide:plugin@{contract} (folder wit/ of this release)");
            misfit(&error, &advice)
        })?;
        let described = self.guests.block_on(describe::ask(&self.machine, &pre, Arc::clone(&self.clock)))?;
        Ok((describe::check(described)?, Callee::Plugin(pre), permits))
    }

    fn command(&self, content: &Content, names: Names) -> Result<(Described, Callee, u32), Refusal> {
        let described = command::describe(content, names)?;
        let component = self.compile(&content.bytes)?;
        let permits = self.permits(component.resources_required())?;
        let pre = self.linkers.command(&component);
        let pre = pre.map_err(|error| misfit(&error, "rebuild it for wasm32-wasip2 (WASI 0.2)"))?;
        Ok((described, Callee::Command(pre), permits))
    }

    fn module(&self, content: &Content, names: Names) -> Result<(Described, Callee, u32), Refusal> {
        let described = command::describe(content, names)?;
        let broken = |error: wasmtime::Error| Refusal::new("compile", format!("{error:#}"));
        let module = Module::from_binary(&self.machine.engine, &content.bytes).map_err(broken)?;
        module.initialize_copy_on_write_image().map_err(broken)?;
        let permits = self.permits(Some(module.resources_required()))?;
        let pre = self.linkers.module(&module);
        let pre = pre.map_err(|error| misfit(&error, "rebuild it for wasm32-wasip1, or for wasm32-wasip2"))?;
        Ok((described, Callee::Module(pre), permits))
    }

    fn compile(&self, bytes: &[u8]) -> Result<Component, Refusal> {
        let component = Component::from_binary(&self.machine.engine, bytes)
            .map_err(|error| Refusal::new("compile", format!("{error:#}")))?;
        // Now rather than within the first call.
        component
            .initialize_copy_on_write_image()
            .map_err(|error| Refusal::new("compile", format!("its memory image: {error:#}")))?;
        Ok(component)
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
