//! `plugin …`: look into, check and call plugin files, with the sandbox that `serve` has and without a host. Only
//! `plugin list` asks one.

mod check;
mod desk;
mod file;
mod inspect;
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
    /// What a plugin file is made of, offers and wants, beside what the configuration grants
    Inspect(PluginFile),
    /// Whether a plugin file would be taken, what it wants and is not granted, and whether the schedules that call it can
    Check(PluginFile),
    /// Call a handler of a plugin file once: result on stdout, logs on stderr
    Run(run::Run),
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
        Plugin::Inspect(asked) => inspect::run(global, &asked.file).await,
        Plugin::Check(asked) => check::run(global, &asked.file).await,
        Plugin::Run(asked) => run::run(global, asked).await,
        Plugin::List => list::run(global).await,
    }
}
