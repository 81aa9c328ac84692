//! `plugin …`: look into, check and call plugin files, with the sandbox that `serve` has and without a host. Only
//! `plugin list` and what is about versions asks one.

mod desk;
mod file;
mod inspect;
mod list;
mod run;
mod versions;

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
    /// The plugins of the host: versions, digests, handlers, last error
    List,
    /// The versions of a plugin that the host knows: what runs, what is held and why, how each has done
    #[command(alias = "show")]
    Versions(versions::Named),
    /// Let a version in that is held, on trial or rolled back
    Approve(versions::Approve),
    /// Go back to the last good version, or to another one; its file need not be there
    Rollback(versions::Rollback),
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
        Plugin::List => list::run(global).await,
        Plugin::Versions(asked) => versions::show(global, &asked).await,
        Plugin::Approve(asked) => versions::approve(global, &asked).await,
        Plugin::Rollback(asked) => versions::roll_back(global, &asked).await,
    }
}
