//! `plugin …`: look into, check and call plugin files, with the sandbox that `serve` has and without a host. Only
//! `plugin list` asks one.

mod desk;
mod file;
mod inspect;
mod keys;
mod list;
mod run;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Global;
use crate::exit::Done;
pub use file::cache_folder;

/// What may be asked about plugins.
#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// What a plugin file offers and wants
    Inspect(PluginFile),
    /// Whether a plugin file would be taken
    Check(PluginFile),
    /// Call a handler of a plugin file once: result on stdout, logs on stderr
    Run(run::Run),
    /// Make a pair of keys for signing plugin files; those of minisign do as well
    Keygen(keys::Keygen),
    /// Sign a plugin file: FILE.minisig, beside it
    Sign(keys::Sign),
    /// Whether a plugin file is signed by a key, or by one the configuration trusts
    Verify(keys::Verify),
    /// The plugins of the host: versions, digests, handlers, last error
    List,
}

/// A plugin file.
#[derive(Debug, Args)]
pub struct PluginFile {
    /// The component, a .wasm file
    file: PathBuf,
}

/// Does what is asked.
///
/// # Errors
/// The file is refused (1), the input or handler is wrong (2, 4), the host does not answer (5).
pub async fn run(global: &Global, plugin: Plugin) -> Done {
    match plugin {
        Plugin::Inspect(asked) => inspect::inspect(global, &asked.file).await,
        Plugin::Check(asked) => inspect::check(global, &asked.file).await,
        Plugin::Run(asked) => run::run(global, asked).await,
        Plugin::Keygen(asked) => keys::keygen(global, &asked),
        Plugin::Sign(asked) => keys::sign(global, &asked),
        Plugin::Verify(asked) => keys::verify(global, &asked),
        Plugin::List => list::run(global).await,
    }
}
