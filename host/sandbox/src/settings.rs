//! What a sandbox is opened with, and why it could not be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use noontide_domain::plugin::upgrade::KEEP_VERSIONS;
use noontide_domain::ports::{Clock, Connections, Versions};
use noontide_domain::{Grant, Limits, PluginName, Trust};

use crate::egress::EgressSettings;

/// What a [`Sandbox`](crate::Sandbox) is opened with.
#[derive(Clone)]
pub struct SandboxSettings {
    /// The plugin folder. It may appear later; until then its absence is shown.
    pub plugins: PathBuf,
    /// For compiled code, which is trusted when it is read back: private (0700), and outside the plugin folder.
    pub cache: PathBuf,
    /// What the operator allows each plugin.
    pub grants: BTreeMap<PluginName, Grant>,
    /// For plugins without a grant.
    pub limits: Limits,
    /// Guests at a time; more calls wait.
    pub max_concurrent: usize,
    /// Larger files are refused, in bytes.
    pub max_file_size: u64,
    /// No grant reaches above, in bytes.
    pub memory_ceiling: u64,
    /// For what is shown to people; deadlines are kept on the machine's steady clock.
    pub clock: Arc<dyn Clock>,
    /// What plugin files have to prove.
    pub trust: Trust,
    /// Where files are compiled; without it, in this process, where nothing bounds what a file makes of it.
    pub compile: Option<CompileApart>,
    /// Databases that grants name; without them every grant of one is void.
    pub connections: Option<Arc<dyn Connections>>,
    /// The way out to the network, as far as grants reach.
    pub egress: EgressSettings,
    /// Where the versions of plugins are kept and decided about; without it what the folder holds is what runs.
    pub versions: Option<Arc<dyn Versions>>,
    /// So many versions of each plugin are kept there.
    pub keep_versions: usize,
    /// Hosts that share a ledger have one plugin folder: what is dropped on one is fetched by the others, what is removed from
    /// one goes on all, and a new version begins on all of them at one instant.
    pub share: bool,
}

impl SandboxSettings {
    /// Settings with the usual sizes: 64 guests at a time, files of 64 MiB, 512 MiB of memory at most.
    pub fn new(plugins: impl Into<PathBuf>, cache: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            plugins: plugins.into(),
            cache: cache.into(),
            grants: BTreeMap::new(),
            limits: Limits::default(),
            max_concurrent: 64,
            max_file_size: 64 << 20,
            memory_ceiling: 512 << 20,
            clock,
            trust: Trust::default(),
            compile: None,
            connections: None,
            egress: EgressSettings::default(),
            versions: None,
            keep_versions: KEEP_VERSIONS,
            share: false,
        }
    }
}

/// A process of its own for each file that is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileApart {
    /// A program that calls [`compile_worker`](crate::compile_worker) when it is started with `args`.
    pub program: PathBuf,
    /// What tells it so.
    pub args: Vec<String>,
    /// What it may take of memory, in bytes.
    pub memory: u64,
    /// What it may take of time.
    pub timeout: Duration,
}

/// Why a sandbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The folder for compiled code cannot be used.
    #[error("cache folder {path}: {reason}")]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A file with certificates cannot be used.
    #[error("certificates {path}: {reason}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// wasmtime refused its configuration.
    #[error("the WebAssembly engine did not start: {0}")]
    Engine(String),
    /// A thread could not be started.
    #[error("no thread for the sandbox: {0}")]
    Thread(#[from] std::io::Error),
}

/// Makes the cache folder (0700), or makes sure that nobody else can write compiled code into it.
pub(crate) fn private_folder(cache: &Path, plugins: &Path) -> Result<(), SandboxError> {
    let refuse = |reason: String| SandboxError::Cache { path: cache.to_owned(), reason };
    make(cache).map_err(|error| refuse(format!("cannot be made: {error} — make it, or set another folder")))?;
    let real = cache.canonicalize().map_err(|error| refuse(error.to_string()))?;
    if plugins.canonicalize().is_ok_and(|plugins| real.starts_with(plugins)) {
        return Err(refuse("lies within the plugin folder, where others put files — set another folder".to_owned()));
    }
    is_private(&real).map_err(refuse)
}

#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn is_private(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(folder).map_err(|error| error.to_string())?;
    if !meta.is_dir() {
        return Err("is no folder — remove it, or set another one".to_owned());
    }
    if meta.mode() & 0o022 != 0 {
        return Err(format!(
            "others may write there, and what lies there is run as native code — chmod 700 {}",
            folder.display()
        ));
    }
    let own = rustix::process::geteuid().as_raw();
    if meta.uid() != own {
        return Err(format!("belongs to user {}, the host runs as {own} — set another folder", meta.uid()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> Result<(), String> {
    Ok(())
}
