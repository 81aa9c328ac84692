//! `backup` and `restore`: a whole ledger as a file, from any database into any other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use noontide_ledger::Opened;
use tokio::fs::{self, File};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};

use crate::args::Global;
use crate::clock::SystemClock;
use crate::conf;
use crate::exit::{Done, Exit, Stop};
use crate::output::complain;
use crate::progress::Progress;

/// `noontide backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// Where to: a file that is not there yet, or - for stdout. JSON lines, the same for every database
    file: PathBuf,
    /// The ledger to back up, in place of the configured one
    #[arg(long, value_name = "URL", env = "NOONTIDE_LEDGER", hide_env_values = true)]
    ledger: Option<String>,
}

/// `noontide restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// What `backup` wrote, or - for stdin
    file: PathBuf,
    /// The ledger to restore into, in place of the configured one; it has to be empty
    #[arg(long, value_name = "URL", env = "NOONTIDE_LEDGER", hide_env_values = true)]
    ledger: Option<String>,
}

/// Writes the ledger as of one instant; hosts go on meanwhile.
pub async fn backup(global: &Global, flags: &Backup) -> Done {
    let opened = open(global, flags.ledger.as_deref()).await?;
    let progress = Progress::of_bytes(global, "backup", None);
    let rows = match is_stream(&flags.file) {
        true => write(&opened, progress.counted(tokio::io::stdout()), "stdout").await,
        false => write_file(&opened, &progress, &flags.file).await,
    };
    drop(progress);
    opened.close().await;
    say(global, &format!("{} rows in {}", rows?, flags.file.display()));
    Ok(Exit::Ok)
}

/// Writes a backup into an empty ledger: all of it, or nothing.
pub async fn restore(global: &Global, flags: &Restore) -> Done {
    let unreadable = |error| Stop::failed(format!("{}: cannot be read ({error})", flags.file.display()));
    let (source, bytes): (Box<dyn AsyncRead + Unpin + Send>, _) = match is_stream(&flags.file) {
        true => (Box::new(tokio::io::stdin()), None),
        false => {
            let file = File::open(&flags.file).await.map_err(unreadable)?;
            let bytes = file.metadata().await.map_err(unreadable)?.len();
            (Box::new(file), Some(bytes))
        }
    };
    let opened = open(global, flags.ledger.as_deref()).await?;
    let progress = Progress::of_bytes(global, "restore", bytes);
    let rows = opened.import(&mut BufReader::new(progress.counted(source))).await;
    drop(progress);
    opened.close().await;
    let rows = rows.map_err(|error| Stop::failed(format!("{}: {error}", flags.file.display())))?;
    say(global, &format!("{rows} rows restored"));
    Ok(Exit::Ok)
}

async fn open(global: &Global, url: Option<&str>) -> Result<Opened, Stop> {
    let url = match url {
        Some(url) => url.to_owned(),
        None => conf::load(global)?.config.ledger_url.reveal().to_owned(),
    };
    noontide_ledger::open(&url, Arc::new(SystemClock)).await.map_err(Stop::failed)
}

fn is_stream(file: &Path) -> bool {
    file == Path::new("-")
}

/// Whoever finds a file of that name finds a whole backup, and only its owner reads it: states may be secrets.
async fn write_file(opened: &Opened, progress: &Progress, file: &Path) -> Result<u64, Stop> {
    let failed = |error| Stop::failed(format!("{}: cannot be written ({error})", file.display()));
    if fs::try_exists(file).await.map_err(failed)? {
        let advice = "choose another name, or move it away";
        return Err(Stop::new(Exit::Conflict, format!("{}: is there already; {advice}", file.display())));
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut options = File::options();
    #[cfg(unix)]
    options.mode(0o600);
    let made = options.write(true).create(true).truncate(true).open(&part).await.map_err(failed)?;
    let written = write(opened, progress.counted(made), &file.display().to_string()).await;
    match written {
        Ok(rows) => {
            File::open(&part).await.map_err(failed)?.sync_all().await.map_err(failed)?;
            fs::rename(&part, file).await.map_err(failed)?;
            Ok(rows)
        }
        Err(stop) => {
            // What is only a part helps nobody; the failure is what is told.
            let _ = fs::remove_file(&part).await;
            Err(stop)
        }
    }
}

async fn write(opened: &Opened, out: impl AsyncWrite + Unpin + Send, name: &str) -> Result<u64, Stop> {
    let failed = |error: String| Stop::failed(format!("{name}: {error}"));
    let mut out = BufWriter::new(out);
    let rows = opened.export(&mut out).await.map_err(|error| failed(error.to_string()))?;
    out.flush().await.map_err(|error| failed(error.to_string()))?;
    Ok(rows)
}

fn say(global: &Global, words: &str) {
    if !global.quiet {
        complain(words);
    }
}
