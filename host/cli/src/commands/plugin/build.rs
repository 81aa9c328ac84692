//! `plugin build`: runs the build of a plugin's folder, and looks at what it made as a host would.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Args;
use noontide_domain::{LoadedPlugin, duration};
use serde_json::json;

use super::{file, project::Folder};
use crate::args::Global;
use crate::commands::artifacts;
use crate::exit::{Done, Exit, Stop};
use crate::output::Output;
use crate::progress::Progress;

/// The flags of `plugin build`.
#[derive(Debug, Args)]
pub struct Build {
    /// The plugin's folder, the one with the noontide.toml
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Put the plugin there as NAME.wasm, such as into the plugin folder of a host
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Builds, checks, and puts the file where it is wanted.
///
/// # Errors
/// A tool is missing (4), the build failed or made what no host takes (1).
pub async fn run(global: &Global, asked: &Build) -> Done {
    let folder = Folder::open(&asked.folder)?;
    let output = global.output();
    build(&folder, output).await?;
    let progress = Progress::open(global, "compiling as a host does");
    let (made, loaded) = (folder.output(), look(&folder).await?);
    drop(progress);
    let content = std::fs::read(&made).map_err(|error| Stop::failed(format!("{}: {error}", made.display())))?;
    let put = asked.to.as_deref().map(|to| put(&folder, to, &content)).transpose()?;
    let version = &loaded.version;
    let value = json!({
        "file": put.as_ref().unwrap_or(&made), "name": version.name, "version": version.version, "sha256": version.sha256,
        "bytes": content.len(),
    });
    output.thing(&value, || {
        let place = put.as_ref().unwrap_or(&made).display();
        format!("{place}: ok, {} {}, {}", version.name, version.version, duration::bytes(content.len() as u64))
    })?;
    Ok(Exit::Ok)
}

/// Runs the build. All it says goes to stderr.
///
/// # Errors
/// A tool is missing, or it ended badly.
pub async fn build(folder: &Folder, output: Output) -> Result<(), Stop> {
    if let Some(missing) = folder.missing().into_iter().next() {
        return Err(Stop::new(Exit::NotFound, missing));
    }
    let [name, arguments @ ..] = &folder.project.command[..] else { return Ok(()) };
    let program = folder.program(name).ok_or_else(|| {
        Stop::new(
            Exit::NotFound,
            format!("{name} is missing: `command` in noontide.toml names it, and it is not on PATH"),
        )
    })?;
    let line = folder.project.command.join(" ");
    output.hint(&format!("$ {line}"));
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).current_dir(&folder.path).stdin(Stdio::null()).stdout(std::io::stderr()).kill_on_drop(true);
    match command.status().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Stop::failed(format!("the build failed: `{line}` ended with {status}"))),
        Err(error) => Err(Stop::failed(format!("`{line}` did not start: {error}"))),
    }
}

/// Takes what was built through all stages of loading.
///
/// # Errors
/// It is not there, a host would refuse it, or it has another name than its folder says.
pub async fn look(folder: &Folder) -> Result<LoadedPlugin, Stop> {
    let made = folder.output();
    if !made.exists() {
        let said = "the build ended well and did not make it: `output` in noontide.toml says where it is";
        return Err(Stop::failed(format!("{}: {said}", made.display())));
    }
    let sandbox = file::sandbox(Default::default())?;
    let loaded = sandbox.inspect_file(&made).await.map_err(|error| file::refused(&made, &error))?;
    let (named, wanted) = (&loaded.version.name, &folder.project.name);
    if named != wanted {
        let remedy = "grants and schedules go by the name it has for itself: make the two the same";
        return Err(Stop::failed(format!(
            "{}: it is called `{named}`, and noontide.toml says `{wanted}`; {remedy}",
            made.display()
        )));
    }
    Ok(loaded)
}

/// Whoever looks sees the old file or the new one, never half of it.
fn put(folder: &Folder, to: &Path, content: &[u8]) -> Result<PathBuf, Stop> {
    let file = to.join(format!("{}.wasm", folder.project.name));
    if !to.is_dir() {
        return Err(Stop::new(Exit::NotFound, format!("--to: {} is no folder", to.display())));
    }
    artifacts::write(&file, content, true)?;
    Ok(file)
}
