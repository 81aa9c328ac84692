//! `init [DIR]`: a folder that works, to be made one's own.

mod example;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::args::Global;
use crate::exit::{Done, Exit, Stop};

/// `noontide init`
#[derive(Debug, Args)]
pub struct Init {
    /// The folder; it is made if it is not there
    #[arg(default_value = ".")]
    folder: PathBuf,
}

/// Writes the files and says what comes next.
///
/// # Errors
/// One of the files is there (6), or the folder cannot be written (1).
pub fn run(global: &Global, asked: &Init) -> Done {
    let folder = &asked.folder;
    let files = example::files();
    free(folder, &files)?;
    for (name, content) in &files {
        write(&folder.join(name), content)?;
    }
    let output = global.output();
    if !example::has_plugin() {
        output.hint("this noontide was built without the plugin `hello`, which the schedules call: take one from the release, or make it");
        output.hint("  noontide plugin new hello --dir hello && noontide plugin build hello --to plugins");
    }
    let next = next(folder);
    let shown = next.join("\n");
    let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
    let value = json!({ "folder": folder.display().to_string(), "files": names, "next": next });
    output.thing(&value, || format!("made {}\n\n{}", names.join("\n     "), shown))?;
    Ok(Exit::Ok)
}

/// Nothing is written over, and nothing is written if something would be.
fn free(folder: &Path, files: &[(&str, &[u8])]) -> Result<(), Stop> {
    let there: Vec<_> = files.iter().map(|(name, _)| folder.join(name)).filter(|path| path.exists()).collect();
    match there.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            let message = format!(
                "{}{more} is there; nothing was written: take another folder, `noontide init DIR`",
                first.display()
            );
            Err(Stop::new(Exit::Conflict, message))
        }
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), Stop> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(content));
    written.map_err(|error| Stop::failed(format!("{}: {error}", path.display())))
}

fn next(folder: &Path) -> Vec<String> {
    let enter = (folder != Path::new(".")).then(|| format!("cd {}", folder.display()));
    enter.into_iter().chain(["noontide check", "noontide serve"].map(str::to_owned)).collect()
}
