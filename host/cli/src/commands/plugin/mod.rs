//! `plugin …`: make, build, look into, check and call plugins, with the sandbox that `serve` has and without a host. Only
//! `plugin list` and what is about versions asks one.

mod build;
mod check;
mod desk;
mod dev;
mod difference;
mod file;
mod inspect;
mod keys;
mod lacking;
mod list;
mod new;
mod project;
mod run;
mod state_file;
mod templates;
mod told;
mod trial;
mod versions;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Global;
use crate::exit::Done;
pub use file::cache_folder;

/// What may be asked about plugins.
#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Make a folder with a new plugin that builds and runs; needs no network
    New(new::New),
    /// Build a plugin's folder, check what it made, and put it where it is wanted
    Build(build::Build),
    /// Build, check and call a plugin again whenever one of its files changes
    Dev(Box<dev::Dev>),
    /// What a plugin file is made of, offers and wants, beside what the configuration grants
    Inspect(PluginFile),
    /// Whether a plugin file would be taken, what it wants and is not granted, and whether the schedules that call it can
    Check(PluginFile),
    /// Call a handler of a plugin once: result on stdout, log and figures on stderr
    Run(Box<run::Run>),
    /// Make a pair of keys for signing plugin files; those of minisign do as well
    Keygen(keys::Keygen),
    /// Sign a plugin file: FILE.minisig, beside it
    Sign(keys::Sign),
    /// Whether a plugin file is signed by a key, or by one the configuration trusts
    Verify(keys::Verify),
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
/// The file is refused or the build fails (1), the input or handler is wrong (2, 4), a tool is missing (4), the host does not
/// answer (5), a folder is in the way (6).
pub async fn run(global: &Global, plugin: Plugin) -> Done {
    match plugin {
        Plugin::New(asked) => new::run(global, &asked),
        Plugin::Build(asked) => build::run(global, &asked).await,
        Plugin::Dev(asked) => dev::run(global, *asked).await,
        Plugin::Inspect(asked) => inspect::run(global, &asked.file).await,
        Plugin::Check(asked) => check::run(global, &asked.file).await,
        Plugin::Run(asked) => run::run(global, *asked).await,
        Plugin::Keygen(asked) => keys::keygen(global, &asked),
        Plugin::Sign(asked) => keys::sign(global, &asked),
        Plugin::Verify(asked) => keys::verify(global, &asked),
        Plugin::List => list::run(global).await,
        Plugin::Versions(asked) => versions::show(global, &asked).await,
        Plugin::Approve(asked) => versions::approve(global, &asked).await,
        Plugin::Rollback(asked) => versions::roll_back(global, &asked).await,
    }
}
