//! `plugin dev`: builds, checks and calls a plugin again whenever one of its files changes, until Ctrl-C.
//!
//! An event of the file system says "look", never what changed: what is looked at are names and contents.

mod sources;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use noontide_domain::duration;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::sources::Sources;
use super::project::Folder;
use super::run::{keep, on_ctrl_c};
use super::{build, difference, told, trial};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::{Output, complain};

/// The flags of `plugin dev`.
#[derive(Debug, Args)]
pub struct Dev {
    /// The plugin's folder, the one with the noontide.toml
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    asked: trial::Asked,
}

/// Goes round until Ctrl-C. What goes wrong with a build or a call is told, and the next change is waited for.
///
/// # Errors
/// The folder has no good noontide.toml to begin with, or stdout takes no more.
pub async fn run(global: &Global, asked: Dev) -> Done {
    let mut folder = Folder::open(&asked.folder)?;
    let (stop, output) = (on_ctrl_c(), global.output());
    let mut last = None;
    loop {
        // Before the build: what changes while it runs asks for another one.
        let mut sources = Sources::of(&folder);
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Exit::Ok),
            round = round(global, &asked, &folder, &mut last, &stop) => {
                if let Err(stopped) = round {
                    complain(&stopped.message);
                }
            }
        }
        output.hint(&format!("waiting for a change in {}; Ctrl-C ends it", folder.path.display()));
        tokio::select! {
            () = stop.cancelled() => return Ok(Exit::Ok),
            () = sources.changed() => {}
        }
        match Folder::open(&asked.folder) {
            Ok(read) => folder = read,
            Err(stopped) => complain(&stopped.message),
        }
    }
}

async fn round(
    global: &Global,
    asked: &Dev,
    folder: &Folder,
    last: &mut Option<Value>,
    stop: &CancellationToken,
) -> Result<(), Stop> {
    let (output, begun) = (global.output(), Instant::now());
    build::build(folder, output).await?;
    let loaded = build::look(folder).await?;
    let took = duration::words(begun.elapsed());
    output.hint(&format!("built {} {} in {took}", loaded.version.name, loaded.version.version));
    let tried = asked.asked.try_out(global, &folder.output(), Some(&folder.project), stop).await?;
    if let Some(artifacts) = &asked.asked.artifacts {
        keep(artifacts, &tried.report)?;
    }
    let ended = told::tell(output, &tried);
    if let Some(result) = told::result(&tried.report) {
        compare(output, last.as_ref(), &result);
        *last = Some(result);
    }
    ended.map(|_| ())
}

fn compare(output: Output, last: Option<&Value>, result: &Value) {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    match last {
        None => {}
        Some(last) if last == result => output.hint("the result is as it was before"),
        Some(last) => {
            for line in difference::between(&pretty(last), &pretty(result)).into_iter().flatten() {
                output.hint(&line);
            }
        }
    }
}
