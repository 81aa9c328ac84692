//! `artifacts RUN`: the files that a handler attached to its run, listed or written here.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use noontide_domain::{ArtifactName, duration};

use super::show::word;
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, segment};

/// Which run, and which of its files.
#[derive(Debug, Args)]
pub struct Artifacts {
    /// The run's id, or the beginning of it
    id: String,
    /// Write this file; without a name, they are listed
    name: Option<String>,
    /// Write it there; - is stdout [default: its name, in this folder]
    #[arg(long, value_name = "FILE", requires = "name")]
    out: Option<PathBuf>,
    /// Write all files into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "out"])]
    all: Option<PathBuf>,
    /// Write over files that are there already
    #[arg(long)]
    overwrite: bool,
}

/// `artifacts RUN`
///
/// # Errors
/// No such run, or no such file (4); a file is there already (6); the host does not answer (5).
pub async fn run(global: &Global, asked: &Artifacts) -> Done {
    let reach = Reach::to(global)?;
    let id = super::runs::full_id(&reach, &asked.id).await?;
    match (&asked.name, &asked.all) {
        (Some(name), _) => one(global, &reach, &id, name, asked).await,
        (None, Some(folder)) => all(global, &reach, &id, folder, asked.overwrite).await,
        (None, None) => list(global, &reach, &id).await,
    }
}

async fn list(global: &Global, reach: &Reach, id: &str) -> Done {
    let files = reach.list(&format!("/runs/{id}/artifacts")).await?;
    if files.is_empty() {
        global.output().hint("it left no files");
    }
    global.output().list(&files, |files| {
        let mut rows = Rows::of(["name", "media type", "size", "attempt", "sha256"]);
        for file in files {
            let size = duration::bytes(file["bytes"].as_u64().unwrap_or_default());
            rows.push([
                word(file, "name"),
                word(file, "media_type"),
                size,
                word(file, "attempt"),
                word(file, "sha256"),
            ]);
        }
        rows
    })?;
    Ok(Exit::Ok)
}

async fn one(global: &Global, reach: &Reach, id: &str, name: &str, asked: &Artifacts) -> Done {
    let name = named(name)?;
    let target = asked.out.clone().unwrap_or_else(|| name.as_str().into());
    let is_stdout = target.as_os_str() == "-";
    if !is_stdout && !asked.overwrite {
        free(&target)?;
    }
    let content = fetch(reach, id, &name).await?;
    if is_stdout {
        let mut out = io::stdout().lock();
        out.write_all(&content)?;
        out.flush()?;
        return Ok(Exit::Ok);
    }
    write(&target, &content, asked.overwrite)?;
    global.output().hint(&format!("wrote {}, {}", target.display(), duration::bytes(content.len() as u64)));
    Ok(Exit::Ok)
}

/// Nothing is written if one of the files is in the way.
async fn all(global: &Global, reach: &Reach, id: &str, folder: &Path, overwrite: bool) -> Done {
    let files = reach.list(&format!("/runs/{id}/artifacts")).await?;
    let names = files.iter().map(|file| named(&word(file, "name"))).collect::<Result<Vec<_>, _>>()?;
    if !overwrite {
        names.iter().try_for_each(|name| free(&folder.join(name.as_str())))?;
    }
    fs::create_dir_all(folder).map_err(|error| Stop::failed(format!("{}: {error}", folder.display())))?;
    for name in &names {
        write(&folder.join(name.as_str()), &fetch(reach, id, name).await?, overwrite)?;
    }
    global.output().hint(&format!("wrote {} files into {}", names.len(), folder.display()));
    Ok(Exit::Ok)
}

/// What becomes a file here is a file name, whatever the host says.
fn named(text: &str) -> Result<ArtifactName, Stop> {
    text.parse().map_err(|reason| Stop::usage(format!("artifact: {reason}")))
}

async fn fetch(reach: &Reach, id: &str, name: &ArtifactName) -> Result<Vec<u8>, Stop> {
    reach.get_bytes(&format!("/runs/{id}/artifacts/{}", segment(name.as_str()))).await
}

fn free(path: &Path) -> Result<(), Stop> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(in_the_way(path)),
        Err(_) => Ok(()),
    }
}

fn in_the_way(path: &Path) -> Stop {
    Stop::new(Exit::Conflict, format!("{} is there already; --overwrite writes over it", path.display()))
}

/// Writes a file that was not there, or puts a whole one in the place of what was.
///
/// # Errors
/// It is there already; it cannot be written.
pub fn write(path: &Path, content: &[u8], overwrite: bool) -> Result<(), Stop> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => in_the_way(path),
        _ => Stop::failed(format!("{}: {error}", path.display())),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let half = folder.join(format!(".noontide-{}.part", std::process::id()));
    let written = File::create(&half).and_then(|mut file| file.write_all(content)).map_err(failed).and_then(|()| {
        match overwrite {
            true => fs::rename(&half, path),
            // Unlike a rename, it fails if somebody was quicker.
            false => fs::hard_link(&half, path),
        }
        .map_err(failed)
    });
    // After a rename there is nothing to remove.
    let _ = fs::remove_file(&half);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_written_over_only_when_told_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        write(&path, b"one", false).unwrap();
        let refused = write(&path, b"two", false).unwrap_err();
        assert_eq!((refused.exit, fs::read(&path).unwrap()), (Exit::Conflict, b"one".to_vec()));
        write(&path, b"three", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_host_cannot_write_outside_the_folder() {
        for name in ["../x", "/etc/passwd", "a/b", "..", ".bashrc"] {
            assert_eq!(named(name).unwrap_err().exit, Exit::Usage, "{name}");
        }
    }
}
