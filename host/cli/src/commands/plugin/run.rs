//! `plugin run`: call a handler once, in the sandbox, with the grants the configuration has for it.

use std::path::{Path, PathBuf};

use clap::Args;
use noontide_domain::Report;
use tokio_util::sync::CancellationToken;

use super::project::Folder;
use super::{told, trial};
use crate::args::Global;
use crate::commands::artifacts;
use crate::exit::{Done, Exit, Stop};

/// The flags of `plugin run`.
#[derive(Debug, Args)]
pub struct Run {
    /// A .wasm file, or the folder of a plugin that is built
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    file: PathBuf,
    #[command(flatten)]
    asked: trial::Asked,
}

/// Calls the handler and shows what became of it.
///
/// # Errors
/// The file is refused; no such handler; the input does not fit.
pub async fn run(global: &Global, asked: Run) -> Done {
    let folder = asked.file.is_dir().then(|| Folder::open(&asked.file)).transpose()?;
    let file = folder.as_ref().map_or_else(|| asked.file.clone(), Folder::output);
    if folder.is_some() && !file.exists() {
        let message = "is not built yet: noontide plugin build";
        return Err(Stop::new(Exit::NotFound, format!("{} {message}", file.display())));
    }
    let project = folder.as_ref().map(|folder| &folder.project);
    let tried = asked.asked.try_out(global, &file, project, &on_ctrl_c()).await?;
    if let Some(folder) = &asked.asked.artifacts {
        keep(folder, &tried.report)?;
    }
    told::tell(global.output(), &tried)
}

/// Is cancelled by Ctrl-C.
pub fn on_ctrl_c() -> CancellationToken {
    let asked = CancellationToken::new();
    let cancel = asked.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
    });
    asked
}

/// Writes the files that a call attached into a folder.
///
/// # Errors
/// It cannot be written, or a file is there already.
pub fn keep(folder: &Path, report: &Report) -> Result<(), Stop> {
    std::fs::create_dir_all(folder).map_err(|error| Stop::failed(format!("{}: {error}", folder.display())))?;
    report
        .artifacts
        .iter()
        .try_for_each(|file| artifacts::write(&folder.join(file.name.as_str()), &file.content, false))
}
